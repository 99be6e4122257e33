//! Mentions: of pages, databases, people, dates, emojis, and links shown as cards.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Run, linked, whole};
use crate::model::{NotionId, type_of};
use crate::restore::{Degree, Notes, Target, Targets};

/// The mention in `run`, or the text that it showed.
pub(super) fn write(
    run: &Value,
    styles: Map<String, Value>,
    about: NotionId,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Run {
    let mention = run.get("mention").unwrap_or(&Value::Null);
    let kind = type_of(mention);
    let inner = mention.get(kind).unwrap_or(&Value::Null);
    let shown = run.get("plain_text").and_then(Value::as_str);
    let shown = shown.unwrap_or_default().to_string();
    let id = inner.get("id").and_then(Value::as_str);
    let id = id.and_then(|id| id.parse::<NotionId>().ok());
    let made = |inner: Value| json!({"type": "mention", "mention": {"type": kind, kind: inner}});
    let text = |content: String, styles| Run::Text {
        content,
        link: None,
        styles,
    };
    let what = format!("mention of type '{kind}'");
    match (kind, id) {
        ("page" | "database", Some(id)) => match targets.find(id) {
            Target::Made(new) => whole(made(json!({ "id": new })), styles),
            Target::Same(id) => whole(made(json!({ "id": id })), styles),
            Target::Later(_) => {
                notes.later.push(id);
                text(named(shown), styles)
            }
            Target::Gone => {
                let why = "what it names is not part of this restore and cannot be reached";
                notes.lose(about, what, why, Degree::StandIn);
                text(named(shown), styles)
            }
        },
        ("user", Some(id)) => match targets.user(id) {
            Some(new) => whole(made(json!({ "id": new })), styles),
            None => {
                let why = "this person is not in the target workspace";
                notes.lose(about, what, why, Degree::StandIn);
                // The text has the name as it was shown, also of those who are gone.
                let name = match shown.is_empty() {
                    true => format!("@{}", targets.user_name(id)),
                    false => shown.to_string(),
                };
                text(name, styles)
            }
        },
        ("custom_emoji", Some(id)) => {
            let name = inner.get("name").and_then(Value::as_str);
            let name = name.unwrap_or_else(|| shown.trim_matches(':'));
            match targets.emoji(id, name) {
                Some(new) => whole(made(json!({ "id": new })), styles),
                None => {
                    let why = "the target workspace does not have this emoji";
                    notes.lose(about, what, why, Degree::StandIn);
                    text(format!(":{name}:"), styles)
                }
            }
        }
        ("link_preview" | "link_mention", _) => {
            let url = ["url", "href"].into_iter().find_map(|key| inner.get(key));
            let url = url.or_else(|| run.get("href")).and_then(Value::as_str);
            let title = inner.get("title").and_then(Value::as_str);
            let texts = [Some(shown.as_str()), title, url];
            let content = texts.into_iter().flatten().find(|text| !text.is_empty());
            let why = "the API cannot create it; it is a link now";
            notes.lose(about, what, why, Degree::Detail);
            let content = content.unwrap_or_default().to_string();
            linked(content, url, styles, targets, notes)
        }
        _ => {
            let kept = match kind {
                "date" => date(inner),
                "template_mention" => template(inner),
                _ => None,
            };
            match kept {
                Some(kept) => whole(made(kept), styles),
                None => {
                    let why = "this version does not know how to write it";
                    notes.lose(about, what, why, Degree::StandIn);
                    let href = run.get("href").and_then(Value::as_str);
                    linked(shown, href, styles, targets, notes)
                }
            }
        }
    }
}

/// A title to show where there is none.
fn named(shown: String) -> String {
    if shown.is_empty() {
        "Untitled".into()
    } else {
        shown
    }
}

fn template(inner: &Value) -> Option<Value> {
    let kind = type_of(inner);
    let value = inner.get(kind)?.as_str()?;
    let known = matches!(
        (kind, value),
        ("template_mention_date", "today" | "now") | ("template_mention_user", "me")
    );
    known.then(|| json!({"type": kind, kind: value}))
}

/// A date as requests take it: with a time zone, times are local to it and have no
/// offset (section 6 of the API digest). `None` when it has no start.
pub fn date(read: &Value) -> Option<Value> {
    let text = |key: &str| read.get(key).and_then(Value::as_str);
    let zone = text("time_zone");
    let mut out = json!({ "start": local(text("start")?, zone) });
    if let Some(end) = text("end") {
        out["end"] = json!(local(end, zone));
    }
    if let Some(zone) = zone {
        out["time_zone"] = json!(zone);
    }
    Some(out)
}

/// A time with an offset as the clocks of the zone show it.
fn local(time: &str, zone: Option<&str>) -> String {
    let instant = zone.and_then(|zone| time.parse::<Timestamp>().ok()?.in_tz(zone).ok());
    match instant {
        Some(there) => there
            .datetime()
            .strftime("%Y-%m-%dT%H:%M:%S%.3f")
            .to_string(),
        None => time.to_string(),
    }
}

//! What stands where something was that the API cannot create.

use serde_json::{Map, Value, json};

use super::draft::New;
use crate::model::{NotionId, title_of};
use crate::restore::body::Node;
use crate::restore::{Degree, Notes, Ref, Target, Targets, rich_text};

/// Paragraphs with this text, as many as it takes.
pub fn paragraphs(runs: Vec<Value>) -> Vec<New> {
    let of_piece = |piece: Vec<Value>| {
        let payload = Map::from_iter([("rich_text".to_string(), json!(piece))]);
        ("paragraph", payload)
    };
    let mut pieces = rich_text::pieces(runs);
    if pieces.is_empty() {
        pieces.push(Vec::new());
    }
    pieces.into_iter().map(of_piece).collect()
}

/// Callouts with this text, marked as not the original.
pub fn callouts(runs: Vec<Value>) -> Vec<New> {
    let mut out = paragraphs(runs);
    for (kind, payload) in &mut out {
        *kind = "callout";
        payload.insert("icon".into(), json!({"type": "emoji", "emoji": "⚠️"}));
    }
    out
}

/// A block that the API does not give out, or that this version does not know.
pub fn unsupported(node: &Node, id: NotionId, notes: &mut Notes) -> Vec<New> {
    let told = node.payload().get("block_type").and_then(Value::as_str);
    let kind = told.unwrap_or(node.kind());
    let why = "the API cannot create it";
    notes.lose(id, format!("{kind} block"), why, Degree::StandIn);
    let mut text = format!("Here was a block of type '{kind}', which cannot be restored.");
    let found = found_text(&node.block);
    if !found.is_empty() {
        text = format!("{text}\n{found}");
    }
    callouts(rich_text::plain(&text))
}

/// Every text in an object that this version does not understand, a line each.
pub fn found_text(object: &Value) -> String {
    let mut lines = Vec::new();
    search(object, &mut lines);
    lines.join("\n")
}

/// JSON of a snapshot is at most 128 levels deep (serde_json's limit), so this may recurse.
fn search(value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            let texts = items
                .iter()
                .filter_map(|item| item.get("plain_text")?.as_str());
            let line: String = texts.collect();
            if line.is_empty() {
                items.iter().for_each(|item| search(item, lines));
            } else {
                lines.push(line);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                match field.as_str() {
                    Some(text) if is_text(key) && !text.is_empty() => lines.push(text.into()),
                    _ => search(field, lines),
                }
            }
        }
        _ => {}
    }
}

/// Keys under which a person finds something to read.
fn is_text(key: &str) -> bool {
    matches!(
        key,
        "title" | "text" | "name" | "description" | "caption" | "expression" | "url" | "content"
    )
}

/// A block that leads to a page, database or comment.
pub fn link_to_page(
    payload: &Value,
    id: NotionId,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Vec<New> {
    let named = ["page_id", "database_id", "comment_id"].into_iter();
    let named = named.filter_map(|key| Some((key, payload.get(key)?.as_str()?.parse().ok()?)));
    let Some((key, old)) = named.into_iter().next() else {
        let why = "this version does not know what it leads to";
        notes.lose(id, "link to a page", why, Degree::StandIn);
        return callouts(rich_text::plain("Here was a link whose target is unknown."));
    };
    let new = match targets.find(old) {
        Target::Made(made) => Ref::from(made),
        Target::Same(same) => Ref::from(same),
        Target::Later(_) | Target::Gone => {
            if key != "comment_id" && targets.find(old) != Target::Gone {
                notes.later.push(old);
            }
            let why = "what it leads to is not part of this restore and cannot be reached";
            notes.lose(id, "link to a page", why, Degree::StandIn);
            let what = key.trim_end_matches("_id");
            let url = format!("https://www.notion.so/{:032x}", old.bits());
            return paragraphs(rich_text::plain(&format!("Link to a {what}: {url}")));
        }
    };
    if key == "database_id" && targets.is_inline(old) {
        let why = "the API links no databases that stand inside a page; it is a mention now";
        notes.lose(id, "link to a database", why, Degree::Detail);
        return mention("database", new);
    }
    let payload = json!({"type": key, key: new});
    vec![("link_to_page", object(payload))]
}

/// A child page or database inside another block, or one that is not on this page.
pub fn nested(node: &Node, id: NotionId, targets: &dyn Targets, notes: &mut Notes) -> Vec<New> {
    let kind = node.kind().trim_start_matches("child_").to_string();
    let new = match targets.find(id) {
        Target::Made(made) => Ref::from(made),
        Target::Same(same) => Ref::from(same),
        Target::Later(_) | Target::Gone => {
            if targets.find(id) != Target::Gone {
                notes.later.push(id);
            }
            let why = "it is not part of this restore and cannot be reached";
            notes.lose(id, format!("{kind} in its place"), why, Degree::StandIn);
            let text = format!("Here was the {kind} '{}'.", title_of(&node.block));
            return callouts(rich_text::plain(&text));
        }
    };
    let why = "the API creates it only at the first level of its page; here is a link to it";
    notes.lose(id, format!("{kind} in its place"), why, Degree::Detail);
    if kind == "database" && targets.is_inline(id) {
        return mention("database", new);
    }
    let key = format!("{kind}_id");
    vec![("link_to_page", object(json!({"type": key, key: new})))]
}

/// A linked database inside another block: it is made at the page's end.
pub fn nested_view(node: &Node, id: NotionId, notes: &mut Notes) -> Vec<New> {
    let why = "the API creates it only at the first level of a page; it is at the page's end";
    notes.lose(id, "linked database in its place", why, Degree::StandIn);
    let title = title_of(&node.block);
    let text = format!("Here was the linked database '{title}'. It is at the end of this page.");
    callouts(rich_text::plain(&text))
}

/// A reference to a synced block of which there is neither the original nor a copy.
pub fn lost_copy(id: NotionId, notes: &mut Notes) -> Vec<New> {
    let why = "its original is not part of this restore, and its content is not in the backup";
    notes.lose(id, "synced block", why, Degree::StandIn);
    let text = "Here was a synced block whose original could not be read.";
    callouts(rich_text::plain(text))
}

/// The notes of a meeting, without its sections.
pub fn meeting(
    payload: &Value,
    id: NotionId,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Vec<New> {
    let why = "the API cannot create meeting notes; they are a toggle with copied text";
    notes.lose(id, "meeting notes", why, Degree::StandIn);
    let title = payload.get("title").unwrap_or(&Value::Null);
    let mut runs = rich_text::write(title, id, targets, notes);
    if runs.is_empty() {
        runs = rich_text::plain("Meeting notes");
    }
    runs.extend(facts(payload, id, targets, notes));
    let mut out = paragraphs(runs);
    for (kind, _) in &mut out {
        *kind = "toggle";
    }
    out
}

/// When a meeting was, and who came.
fn facts(payload: &Value, id: NotionId, targets: &dyn Targets, notes: &mut Notes) -> Vec<Value> {
    let mut runs = Vec::new();
    let space = || json!({"type": "text", "text": {"content": " "}});
    let times = ["calendar_event", "recording"].into_iter();
    let times = times.filter_map(|key| payload.get(key)).find_map(|event| {
        let start = event.get("start_time")?.as_str()?;
        Some(json!({"start": start, "end": event.get("end_time")}))
    });
    if let Some(date) = times {
        runs.push(space());
        runs.push(json!({"type": "mention", "mention": {"type": "date", "date": date}}));
    }
    let people = payload.pointer("/calendar_event/attendees");
    for person in people.and_then(Value::as_array).into_iter().flatten() {
        let Some(user) = person.as_str().or_else(|| person.get("id")?.as_str()) else {
            continue;
        };
        runs.push(space());
        runs.push(json!({"type": "mention", "mention": {"type": "user", "user": {"id": user}}}));
    }
    rich_text::write(&json!(runs), id, targets, notes)
}

fn mention(kind: &str, id: Ref) -> Vec<New> {
    let mention = json!({"type": "mention", "mention": {"type": kind, kind: {"id": id}}});
    paragraphs(vec![mention])
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

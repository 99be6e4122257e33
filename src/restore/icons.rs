//! Icons and covers as requests take them (section 3.8 of the API digest).
//!
//! Hosted images are uploaded again for pages, databases and data sources; callouts
//! take no upload, so there an emoji stands in. A custom emoji that the target does
//! not have must never be sent: Notion answers well and sets none.

use serde_json::{Value, json};

use super::{Degree, Notes, Targets, Upload, rich_text};
use crate::model::{NotionId, id_of, type_of};
use crate::notion::Doubt;

/// Colours of Notion's own icons (section 3.8 of the API digest).
const COLORS: &[&str] = &[
    "gray",
    "lightgray",
    "brown",
    "yellow",
    "orange",
    "green",
    "blue",
    "purple",
    "pink",
    "red",
];

/// What a callout shows where its icon cannot be had.
const STAND_IN: &str = "\u{1f539}";

/// The icon of a page, database or data source; `None` where it has none, or none that
/// can come back.
pub fn icon(
    icon: &Value,
    owner: NotionId,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Option<Value> {
    let mut lose = |why: String, degree| notes.lose(owner, "icon", why, degree);
    let lost = match type_of(icon) {
        "custom_emoji" => {
            if let Some(known) = custom(icon, targets) {
                return Some(known);
            }
            let emoji = &icon["custom_emoji"];
            let name = emoji["name"].as_str().unwrap_or_default();
            let file = emoji["url"].as_str().zip(id_of(emoji));
            if let Some(Upload::File {
                id: upload,
                wrapped: None,
                ..
            }) = file.map(|(url, id)| targets.file(id, url))
            {
                let why = format!(
                    "the workspace has no custom emoji ':{name}:', so its picture is the icon"
                );
                lose(why, Degree::StandIn);
                return Some(json!({"type": "file_upload", "file_upload": {"id": upload}}));
            }
            lose(no_emoji(name), Degree::StandIn);
            return Some(stand_in());
        }
        "file" => match hosted(icon, owner, targets)? {
            Ok(upload) => return Some(upload),
            Err(lost) => lost,
        },
        _ if icon.is_null() => return None,
        _ => match plain(icon) {
            Ok((icon, None)) => return Some(icon),
            Ok((icon, Some(why))) => {
                lose(why, Degree::Detail);
                return Some(icon);
            }
            Err(lost) => lost,
        },
    };
    notes.lose(owner, lost.what("icon"), lost.why, Degree::Missing);
    None
}

/// A picture that cannot come back.
struct Lost {
    /// Its name or address; empty where it has none.
    name: String,
    why: String,
}

impl Lost {
    fn unnamed(why: String) -> Lost {
        let name = String::new();
        Lost { name, why }
    }

    /// What it was, with its name.
    fn what(&self, kind: &str) -> String {
        match self.name.is_empty() {
            true => kind.to_owned(),
            false => format!("{kind} '{}'", self.name),
        }
    }
}

/// The icon of a callout. Where it has none nothing is sent, and Notion sets its own
/// (section 4.1 of the API digest).
pub fn callout(
    icon: &Value,
    owner: NotionId,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Option<Value> {
    let mut lose = |why: String, degree| notes.lose(owner, "icon", why, degree);
    let lost = match type_of(icon) {
        _ if icon.is_null() => {
            let why = "the API cannot make a callout without an icon";
            lose(why.into(), Degree::Detail);
            return None;
        }
        "custom_emoji" => match custom(icon, targets) {
            Some(known) => return Some(known),
            None => {
                let name = icon["custom_emoji"]["name"].as_str().unwrap_or_default();
                Lost::unnamed(no_emoji(name))
            }
        },
        "file" => {
            let why = "the API takes no uploaded image as the icon of a callout";
            Lost::unnamed(why.into())
        }
        _ => match plain(icon) {
            Ok((icon, None)) => return Some(icon),
            Ok((icon, Some(why))) => {
                lose(why, Degree::Detail);
                return Some(icon);
            }
            Err(lost) => lost,
        },
    };
    notes.lose(owner, lost.what("icon"), lost.why, Degree::StandIn);
    Some(stand_in())
}

/// The cover of a page, or of a database that is not inline.
pub fn cover(
    cover: &Value,
    owner: NotionId,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Option<Value> {
    let made = match type_of(cover) {
        _ if cover.is_null() => return None,
        "file" => hosted(cover, owner, targets)?,
        "external" => plain(cover).map(|(cover, _)| cover),
        kind => Err(Lost::unnamed(format!(
            "the API cannot set one of type '{kind}'"
        ))),
    };
    match made {
        Ok(cover) => Some(cover),
        Err(lost) => {
            notes.lose(owner, lost.what("cover"), lost.why, Degree::Missing);
            None
        }
    }
}

/// The cover of a database as the API gives it: inline ones refuse covers (section 3.8
/// of the API digest).
pub fn database_cover(
    database: &Value,
    owner: NotionId,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Option<Value> {
    let its = database.get("cover").unwrap_or(&Value::Null);
    if !its.is_null() && database["is_inline"] == true {
        let why = "the API refuses covers of inline databases";
        notes.lose(owner, "cover", why, Degree::Missing);
        return None;
    }
    cover(its, owner, targets, notes)
}

/// The custom emoji that the target workspace has.
fn custom(icon: &Value, targets: &dyn Targets) -> Option<Value> {
    let emoji = icon.get("custom_emoji")?;
    let name = emoji.get("name").and_then(Value::as_str);
    let id = targets.emoji(id_of(emoji)?, name.unwrap_or_default())?;
    Some(json!({"type": "custom_emoji", "custom_emoji": {"id": id}}))
}

fn no_emoji(name: &str) -> String {
    format!("the workspace has no custom emoji ':{name}:', and the API cannot add one")
}

fn stand_in() -> Value {
    json!({"type": "emoji", "emoji": STAND_IN})
}

/// An icon that is written as it is read, with what is lost of it; or why it cannot be.
fn plain(icon: &Value) -> Result<(Value, Option<String>), Lost> {
    let kind = type_of(icon);
    let text = |pointer: &str| {
        let text = icon.pointer(pointer).and_then(Value::as_str);
        text.filter(|text| !text.is_empty())
            .ok_or_else(|| Lost::unnamed(format!("the original does not say which {kind}")))
    };
    match kind {
        "emoji" => Ok((json!({"type": kind, "emoji": text("/emoji")?}), None)),
        "external" => {
            let url = text("/external/url")?;
            if Doubt::of(url) == Doubt::Refused {
                return Err(Lost {
                    name: url.to_owned(),
                    why: rich_text::refused(url),
                });
            }
            Ok((json!({"type": kind, "external": {"url": url}}), None))
        }
        "icon" => {
            let mut made = json!({"type": kind, "icon": {"name": text("/icon/name")?}});
            let mut lost = None;
            match icon.pointer("/icon/color").and_then(Value::as_str) {
                Some(color) if COLORS.contains(&color) => made["icon"]["color"] = json!(color),
                Some(color) => lost = Some(format!("the API cannot set its colour '{color}'")),
                None => {}
            }
            Ok((made, lost))
        }
        kind => Err(Lost::unnamed(format!(
            "the API cannot set one of type '{kind}'"
        ))),
    }
}

/// A hosted image, uploaded again; `None` where it names no file.
fn hosted(image: &Value, owner: NotionId, targets: &dyn Targets) -> Option<Result<Value, Lost>> {
    let url = image.get("file")?.get("url")?.as_str()?;
    Some(match targets.file(owner, url) {
        Upload::File {
            id, wrapped: None, ..
        } => Ok(json!({"type": "file_upload", "file_upload": {"id": id}})),
        Upload::File { name, .. } => {
            let why = "the API takes no image of this type".to_owned();
            Err(Lost { name, why })
        }
        Upload::Lost { name, why } => Err(Lost { name, why }),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixed::{Fixed, assert_fits, id};
    use super::super::{Loss, PendingId};
    use super::*;

    type Translate = fn(&Value, NotionId, &dyn Targets, &mut Notes) -> Option<Value>;

    fn run(translate: Translate, image: Value) -> (Option<Value>, Vec<Degree>) {
        let targets = Fixed {
            emojis: [(id(1), id(11))].into(),
            ..Fixed::default()
        };
        let mut notes = Notes::default();
        let made = translate(&image, id(5), &targets, &mut notes);
        assert!(notes.losses.iter().all(|loss: &Loss| loss.id == id(5)));
        let degrees = notes.losses.iter().map(|loss| loss.degree).collect();
        (made, degrees)
    }

    fn file(url: &str) -> Value {
        json!({"type": "file", "file": {"url": url, "expiry_time": "2026-01-01T00:00:00.000Z"}})
    }

    fn emoji(number: u128, url: &str) -> Value {
        json!({"type": "custom_emoji", "custom_emoji": {"id": id(number), "name": "party", "url": url}})
    }

    fn upload(url: &str) -> Value {
        json!({"type": "file_upload", "file_upload": {"id": PendingId::named(url)}})
    }

    #[test]
    fn icons_follow_the_table() {
        let smile = json!({"type": "emoji", "emoji": "🙂"});
        let known = json!({"type": "custom_emoji", "custom_emoji": {"id": id(11)}});
        let native =
            |color: &str| json!({"type": "icon", "icon": {"name": "star", "color": color}});
        let external = json!({"type": "external", "external": {"url": "https://e/i.png"}});
        let long = json!({"type": "external", "external": {"url": format!("https://e/{}", "x".repeat(2000))}});
        let uncoloured = json!({"type": "icon", "icon": {"name": "star"}});
        let odd = json!({"type": "hologram", "hologram": {}});
        let none: Vec<Degree> = vec![];
        for (read, page, in_callout) in [
            (
                smile.clone(),
                (Some(smile.clone()), none.clone()),
                (Some(smile), none.clone()),
            ),
            (
                emoji(1, "https://e/p.png"),
                (Some(known.clone()), none.clone()),
                (Some(known), none.clone()),
            ),
            (
                emoji(2, "https://e/p.png"),
                (Some(upload("https://e/p.png")), vec![Degree::StandIn]),
                (Some(stand_in()), vec![Degree::StandIn]),
            ),
            (
                emoji(2, "https://e/lost/p.png"),
                (Some(stand_in()), vec![Degree::StandIn]),
                (Some(stand_in()), vec![Degree::StandIn]),
            ),
            (
                native("pink"),
                (Some(native("pink")), none.clone()),
                (Some(native("pink")), none.clone()),
            ),
            (
                native("mauve"),
                (Some(uncoloured.clone()), vec![Degree::Detail]),
                (Some(uncoloured), vec![Degree::Detail]),
            ),
            (
                external.clone(),
                (Some(external.clone()), none.clone()),
                (Some(external), none.clone()),
            ),
            (
                long,
                (None, vec![Degree::Missing]),
                (Some(stand_in()), vec![Degree::StandIn]),
            ),
            (
                file("https://s/a.png"),
                (Some(upload("https://s/a.png")), none.clone()),
                (Some(stand_in()), vec![Degree::StandIn]),
            ),
            (
                file("https://s/lost/a.png"),
                (None, vec![Degree::Missing]),
                (Some(stand_in()), vec![Degree::StandIn]),
            ),
            (
                file("https://s/wrapped/a.xyz"),
                (None, vec![Degree::Missing]),
                (Some(stand_in()), vec![Degree::StandIn]),
            ),
            (
                odd,
                (None, vec![Degree::Missing]),
                (Some(stand_in()), vec![Degree::StandIn]),
            ),
            (Value::Null, (None, none), (None, vec![Degree::Detail])),
        ] {
            let (made, degrees) = run(icon, read.clone());
            if let Some(made) = &made {
                assert_fits("PageIconRequest", made);
            }
            assert_eq!((made, degrees), page, "{read}");
            assert_eq!(run(callout, read.clone()), in_callout, "{read}");
        }
    }

    #[test]
    fn covers_are_external_or_uploaded_and_not_for_inline_databases() {
        let external = json!({"type": "external", "external": {"url": "https://e/c.jpg"}});
        assert_eq!(
            run(cover, external.clone()),
            (Some(external.clone()), vec![])
        );
        let (made, degrees) = run(cover, file("https://s/c.jpg"));
        assert_eq!(
            (made.as_ref(), degrees),
            (Some(&upload("https://s/c.jpg")), vec![])
        );
        assert_fits("PageCoverRequest", &made.unwrap());
        for lost in [
            file("https://s/lost/c.jpg"),
            json!({"type": "video"}),
            json!({"type": "emoji", "emoji": "x"}),
        ] {
            assert_eq!(run(cover, lost), (None, vec![Degree::Missing]));
        }
        assert_eq!(run(cover, Value::Null), (None, vec![]));
        let inline = json!({"is_inline": true, "cover": external});
        assert_eq!(run(database_cover, inline), (None, vec![Degree::Missing]));
        let whole = json!({"is_inline": false, "cover": external});
        assert_eq!(run(database_cover, whole), (Some(external), vec![]));
        assert_eq!(
            run(database_cover, json!({"is_inline": true})),
            (None, vec![])
        );
    }
}

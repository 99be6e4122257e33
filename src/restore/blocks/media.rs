//! Images, videos, audio, PDFs, files, and the pages that bookmarks and embeds show.

use serde_json::{Map, Value, json};

use super::draft::New;
use super::stand_in::{self, paragraphs};
use crate::model::{NotionId, type_of};
use crate::notion::Doubt;
use crate::restore::pending::Known;
use crate::restore::{Degree, Notes, Targets, Upload, rich_text};

/// The most bytes of a file's name (section 1.5 of the API digest).
const NAME: usize = 900;

/// A block that shows a file: one that is uploaded again, or one from elsewhere.
pub fn file(
    kind: &'static str,
    payload: &Value,
    id: NotionId,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Vec<New> {
    let url = |of: &str| payload.get(of).and_then(|it| it.get("url")?.as_str());
    let own_name = payload.get("name").and_then(Value::as_str);
    let own_name = own_name.filter(|name| kind == "file" && !name.is_empty());
    match (type_of(payload), url("file"), url("external")) {
        ("file", Some(url), _) => match targets.file(id, url) {
            Upload::File {
                id: upload,
                name,
                wrapped,
            } => {
                let kind = if wrapped.is_some() { "file" } else { kind };
                let mut out = Map::new();
                out.insert("type".into(), json!("file_upload"));
                out.insert("file_upload".into(), json!({ "id": upload }));
                if kind == "file" {
                    // The same bytes may be shown under several names.
                    let name = own_name.filter(|_| wrapped.is_none()).unwrap_or(&name);
                    out.insert("name".into(), json!(named(name)));
                }
                let Some(original) = wrapped else {
                    return captioned(kind, out, payload, id, targets, notes);
                };
                let why = "the API refuses this type of file; it is a file with another name now";
                notes.lose(id, format!("file '{original}'"), why, Degree::StandIn);
                let told = format!("Original name: {original}");
                let read = payload.get("caption").and_then(Value::as_array);
                let mut runs = read.cloned().unwrap_or_default();
                if !runs.is_empty() {
                    runs.extend(rich_text::plain("\n"));
                }
                runs.extend(rich_text::plain(&told));
                let with_name = json!({ "caption": runs });
                captioned(kind, out, &with_name, id, targets, notes)
            }
            Upload::Lost { name, why } => {
                let told = format!("The {kind} '{name}' could not be restored: {why}.");
                let what = named_block(kind, &name);
                instead(what, told, why, payload, id, targets, notes)
            }
        },
        ("external", _, Some(url)) if !url.is_empty() && fits(url) => {
            let mut out = Map::new();
            out.insert("type".into(), json!("external"));
            out.insert("external".into(), json!({ "url": url }));
            if let Some(name) = own_name {
                out.insert("name".into(), json!(named(name)));
            }
            captioned(kind, out, payload, id, targets, notes)
        }
        (_, _, url) => {
            let url = url.unwrap_or_default();
            let (told, why) = unusable(kind, url);
            let what = named_block(kind, url);
            instead(what, told, why, payload, id, targets, notes)
        }
    }
}

/// A bookmark or an embed.
pub fn page(
    kind: &'static str,
    payload: &Value,
    id: NotionId,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Vec<New> {
    let read = payload.get("url").and_then(Value::as_str);
    let url = rich_text::link(read.unwrap_or_default(), targets, notes);
    if url.is_empty() || !fits(&url.filled(&Known::new())) {
        let url = url.as_str().or(read).unwrap_or_default();
        let (told, why) = unusable(kind, url);
        let what = named_block(kind, url);
        return instead(what, told, why, payload, id, targets, notes);
    }
    let out = Map::from_iter([("url".to_string(), json!(url))]);
    captioned(kind, out, payload, id, targets, notes)
}

/// Whether the API may take an address.
fn fits(url: &str) -> bool {
    Doubt::of(url) != Doubt::Refused
}

/// A block in losses, with the file or address that it shows.
fn named_block(kind: &str, shows: &str) -> String {
    match shows.is_empty() {
        true => format!("{kind} block"),
        false => format!("{kind} block '{shows}'"),
    }
}

fn unusable(kind: &str, url: &str) -> (String, String) {
    if url.is_empty() {
        let told = format!("Here was a block of type {kind} that led nowhere.");
        (told, "the API takes none without a URL".into())
    } else {
        let told =
            format!("Here was a block of type {kind} with a URL that the API refuses: {url}");
        (told, rich_text::refused(url))
    }
}

/// The name, cut to what the API takes.
fn named(name: &str) -> &str {
    let ends = name
        .char_indices()
        .map(|(at, character)| at + character.len_utf8());
    let end = ends.take_while(|end| *end <= NAME).last().unwrap_or(0);
    name.get(..end).unwrap_or_default()
}

fn captioned(
    kind: &'static str,
    mut out: Map<String, Value>,
    payload: &Value,
    id: NotionId,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Vec<New> {
    let after = caption(payload, &mut out, id, targets, notes);
    let mut all = vec![(kind, out)];
    all.extend(after);
    all
}

/// A stand-in that also has the caption.
fn instead(
    what: String,
    told: String,
    why: String,
    payload: &Value,
    id: NotionId,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Vec<New> {
    notes.lose(id, what, why, Degree::StandIn);
    let mut runs = rich_text::plain(&told);
    let read = payload.get("caption").unwrap_or(&Value::Null);
    let written = rich_text::write(read, id, targets, notes);
    if !written.is_empty() {
        runs.extend(rich_text::plain("\n"));
        runs.extend(written);
    }
    stand_in::callouts(runs)
}

/// Writes a caption. What is too long for one is in the paragraphs that it gives back.
pub fn caption(
    payload: &Value,
    out: &mut Map<String, Value>,
    id: NotionId,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Vec<New> {
    let runs = payload.get("caption").unwrap_or(&Value::Null);
    let mut pieces = rich_text::pieces(rich_text::write(runs, id, targets, notes)).into_iter();
    if let Some(first) = pieces.next() {
        out.insert("caption".into(), json!(first));
    }
    let rest: Vec<Value> = pieces.flatten().collect();
    if rest.is_empty() {
        return Vec::new();
    }
    let why = "the API takes no caption as long as this; the rest is below it";
    notes.lose(id, "caption", why, Degree::Detail);
    paragraphs(rest)
}

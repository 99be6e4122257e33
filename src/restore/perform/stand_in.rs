//! What takes the place of a block that the API refuses.
//!
//! A stand-in is as near to the block as can be hoped to pass: a file for media of the
//! wrong type, a bookmark for media elsewhere, a plain row for a row of a table, and for
//! everything else a paragraph that names the type and has all of its words and links.

use serde_json::{Map, Value, json};

use super::text::{RUNS, runs, words};

/// How the text of a stand-in begins; the type follows.
const MARK: &str = "Not restored as ";

const MEDIA: [&str; 5] = ["image", "video", "pdf", "audio", "file"];

/// The type of a block of a request, also where the key `type` is left out.
pub(super) fn kind(block: &Value) -> &str {
    let keys = block.as_object().into_iter().flatten();
    let named = block["type"].as_str();
    named
        .or_else(|| {
            keys.map(|(key, _)| key.as_str())
                .find(|key| *key != "object")
        })
        .unwrap_or_default()
}

/// What is under the key named by its type.
pub(super) fn payload(block: &Value) -> &Value {
    block.get(kind(block)).unwrap_or(&Value::Null)
}

/// The blocks inside, as a request has them.
pub(super) fn children(block: &Value) -> &[Value] {
    let inside = payload(block)["children"].as_array();
    inside.map(Vec::as_slice).unwrap_or_default()
}

/// Whether a block, of a request or of Notion, is what [`stand_in`] makes in the end.
pub(super) fn is_stand_in(block: &Value) -> bool {
    kind(block) == "paragraph" && words(&payload(block)["rich_text"]).starts_with(MARK)
}

/// Whether a block that Notion has is a stand-in, of any sort, for one of this type.
pub(super) fn stands_for(found: &Value, wanted: &str) -> bool {
    let said = match kind(found) {
        "paragraph" => words(&payload(found)["rich_text"]),
        "bookmark" | "file" => words(&payload(found)["caption"]),
        _ => return false,
    };
    said.strip_prefix(MARK)
        .is_some_and(|rest| rest.starts_with(wanted))
}

/// Whether this is the stand-in before the last: it was counted as a loss already.
pub(super) fn is_counted(block: &Value) -> bool {
    words(&payload(block)["caption"]).starts_with(MARK)
}

/// What to send in the place of a refused block; `None` when it is the simplest already,
/// or is not a block of its own: a column, a row whose words alone are refused.
pub(super) fn stand_in(block: &Value) -> Option<Value> {
    let (kind, payload) = (kind(block), payload(block));
    match kind {
        _ if is_stand_in(block) => None,
        "column" => None,
        "table_row" => plain_row(payload),
        "image" | "video" | "pdf" | "audio" if payload["file_upload"]["id"].is_string() => {
            let upload = &payload["file_upload"];
            Some(json!({"type": "file", "file": {
                "type": "file_upload", "file_upload": upload, "caption": marked(kind, payload)}}))
        }
        kind if MEDIA.contains(&kind) && payload["external"]["url"].is_string() => {
            let url = &payload["external"]["url"];
            Some(
                json!({"type": "bookmark", "bookmark": {"url": url, "caption": marked(kind, payload)}}),
            )
        }
        _ => Some(paragraph(block)),
    }
}

/// What has the place of a block whose file cannot be attached: a paragraph that names
/// the file and keeps the caption.
pub(super) fn without_file(block: &Value, name: &str, why: &str) -> Value {
    let (kind, payload) = (kind(block), payload(block));
    let named = match name {
        "" => why.to_owned(),
        name => format!("'{name}': {why}"),
    };
    let mut told = runs(&format!("{MARK}{kind}: {named}"));
    let caption = payload["caption"].as_array().cloned().unwrap_or_default();
    if !caption.is_empty() {
        told.extend(runs("\n"));
        let plain = runs(&words(&payload["caption"]));
        match told.len() + caption.len() <= RUNS {
            true => told.extend(caption),
            false => told.extend(plain),
        }
    }
    told.truncate(RUNS);
    json!({"type": "paragraph", "paragraph": {"rich_text": told}})
}

/// The caption of a stand-in before the last, with the caption that was there.
fn marked(kind: &str, payload: &Value) -> Vec<Value> {
    let caption = words(&payload["caption"]);
    let gap = if caption.is_empty() { "" } else { ": " };
    runs(&format!("{MARK}{kind}{gap}{caption}"))
}

/// A row with the words of its cells; `None` when that is what it has.
fn plain_row(payload: &Value) -> Option<Value> {
    let cells = payload["cells"].as_array()?;
    let plain: Vec<Value> = cells.iter().map(|cell| json!(runs(&words(cell)))).collect();
    (plain != *cells).then(|| json!({"type": "table_row", "table_row": {"cells": plain}}))
}

/// A paragraph that names the type and has every word.
fn paragraph(block: &Value) -> Value {
    let (kind, own) = (kind(block), payload(block));
    let named = match is_counted(block) {
        // Its caption names the type that it stands for.
        true => words(&own["caption"]),
        false => format!("{MARK}{kind}: {}", said(block).join(" ")),
    };
    let mut text = named.trim_end_matches([' ', ':']).to_owned();
    if is_counted(block)
        && let Some(link) = link(own)
    {
        text.push_str(&format!(" {link}"));
    }
    let mut inside = Vec::new();
    let nested = children(block);
    if matches!(kind, "table" | "column_list" | "tab") {
        for line in lines(nested) {
            text.push('\n');
            text.push_str(&line);
        }
    } else {
        inside.extend(nested.iter().cloned());
    }
    let runs = runs(&text);
    let mut parts = runs.chunks(RUNS);
    let first = parts.next().unwrap_or_default();
    // A text of this length comes from a table or columns, so nothing else is inside.
    inside.extend(parts.map(|part| json!({"type": "paragraph", "paragraph": {"rich_text": part}})));
    let mut payload = Map::new();
    payload.insert("rich_text".into(), json!(first));
    if !inside.is_empty() {
        payload.insert("children".into(), inside.into());
    }
    json!({"type": "paragraph", "paragraph": payload})
}

/// The words of each block, at any depth of one request, in order.
fn lines(blocks: &[Value]) -> Vec<String> {
    let mut lines = Vec::new();
    for block in blocks {
        let said = said(block).join(" ");
        if !said.is_empty() {
            lines.push(said);
        }
        // A request nests four levels at most (section 4.4 of the API digest).
        lines.extend(self::lines(children(block)));
    }
    lines
}

/// The words of one block, without what is inside.
fn said(block: &Value) -> Vec<String> {
    let payload = payload(block);
    let mut said = Vec::new();
    for key in ["title", "name", "expression"] {
        said.extend(payload[key].as_str().map(str::to_owned));
    }
    said.push(words(&payload["rich_text"]));
    let cells = payload["cells"].as_array().into_iter().flatten();
    let cells: Vec<String> = cells.map(words).collect();
    said.push(cells.join(" | "));
    said.push(words(&payload["caption"]));
    said.extend(link(payload));
    said.retain(|text| !text.trim().is_empty());
    said
}

/// What the block leads to.
fn link(payload: &Value) -> Option<String> {
    let url = payload["url"]
        .as_str()
        .or_else(|| payload["external"]["url"].as_str());
    if let Some(url) = url {
        return Some(url.to_owned());
    }
    let ids = [
        &payload["page_id"],
        &payload["database_id"],
        &payload["synced_from"]["block_id"],
    ];
    let id = ids.into_iter().find_map(Value::as_str)?;
    Some(format!("https://www.notion.so/{}", id.replace('-', "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(block: &Value) -> String {
        words(&block["paragraph"]["rich_text"])
    }

    fn rich(text: &str) -> Value {
        json!([{"text": {"content": text}}])
    }

    #[test]
    fn media_of_the_wrong_type_become_files_and_then_words() {
        let image = json!({"type": "image", "image": {"type": "file_upload",
            "file_upload": {"id": "u"}, "caption": rich("a cat")}});
        let file = stand_in(&image).unwrap();
        assert_eq!(file["file"]["file_upload"]["id"], "u");
        assert_eq!(
            words(&file["file"]["caption"]),
            "Not restored as image: a cat"
        );
        assert!(is_counted(&file) && stands_for(&file, "image"));
        let paragraph = stand_in(&file).unwrap();
        assert_eq!(text(&paragraph), "Not restored as image: a cat");
        assert_eq!(stand_in(&paragraph), None);
    }

    #[test]
    fn links_stay() {
        let video = json!({"video": {"type": "external", "external": {"url": "https://v"}}});
        let bookmark = stand_in(&video).unwrap();
        assert_eq!(bookmark["bookmark"]["url"], "https://v");
        let paragraph = stand_in(&bookmark).unwrap();
        assert_eq!(text(&paragraph), "Not restored as video https://v");
        let embed = json!({"embed": {"url": "https://e", "caption": rich("c")}});
        assert_eq!(
            text(&stand_in(&embed).unwrap()),
            "Not restored as embed: c https://e"
        );
        assert!(stands_for(&stand_in(&embed).unwrap(), "embed"));
        assert!(!stands_for(&stand_in(&embed).unwrap(), "image"));
    }

    #[test]
    fn what_is_inside_stays_inside_and_tables_keep_their_words() {
        let toggle = json!({"toggle": {"rich_text": rich("t"), "children": [{"divider": {}}]}});
        let made = stand_in(&toggle).unwrap();
        assert_eq!(text(&made), "Not restored as toggle: t");
        assert_eq!(children(&made), [json!({"divider": {}})]);
        let row = |a: &str, b: &str| json!({"table_row": {"cells": [rich(a), rich(b)]}});
        let table =
            json!({"table": {"table_width": 2, "children": [row("a", "b"), row("c", "d")]}});
        let made = stand_in(&table).unwrap();
        assert_eq!(text(&made), "Not restored as table\na | b\nc | d");
        assert!(children(&made).is_empty());
        let columns = json!({"column_list": {"children": [
            {"column": {"children": [toggle, {"paragraph": {"rich_text": rich("p")}}]}}]}});
        assert_eq!(
            text(&stand_in(&columns).unwrap()),
            "Not restored as column_list\nt\np"
        );
    }

    #[test]
    fn a_row_becomes_plain_once() {
        let bold = json!([{"text": {"content": "a"}, "annotations": {"bold": true}}]);
        let row = json!({"table_row": {"cells": [bold]}});
        let plain = stand_in(&row).unwrap();
        assert_eq!(plain["table_row"]["cells"][0], json!(runs("a")));
        assert_eq!(stand_in(&plain), None);
    }

    #[test]
    fn a_long_text_overflows_into_paragraphs() {
        let long = "x".repeat(2000 * 150);
        let table = json!({"table": {"children": [{"table_row": {"cells": [rich(&long)]}}]}});
        let made = stand_in(&table).unwrap();
        assert_eq!(
            made["paragraph"]["rich_text"].as_array().unwrap().len(),
            100
        );
        let rest = words(&children(&made)[0]["paragraph"]["rich_text"]);
        assert!((text(&made) + &rest).ends_with(&long));
    }
}

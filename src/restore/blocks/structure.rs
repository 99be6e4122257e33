//! Rules on what may be inside what, and blocks that only exist together with others.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::draft::{At, Draft, Forest};
use super::draft::{New, empty_text};
use crate::model::NotionId;
use crate::restore::body::{self, Body, Node};
use crate::restore::{Degree, Notes, PendingId, rich_text};

/// The part of a synced block whose original is on the same page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synced {
    /// It is created as the original `id`, with the children of the block at `at`.
    Original {
        /// The block that has the children.
        at: body::At,
        /// The old id of the original.
        id: NotionId,
    },
    /// It is created as a reference.
    Reference {
        /// To what the original becomes.
        to: PendingId,
    },
}

/// The parts of synced blocks that have their original on this page, and the tokens that
/// are thereby named. All copies are alike, so the first in reading order becomes the
/// original: the others can then be created after it.
pub fn synced(body: &Body) -> (HashMap<body::At, Synced>, HashSet<PendingId>) {
    let mut originals = HashMap::new();
    let mut seen = Vec::new();
    let mut todo: Vec<body::At> = body.top.iter().rev().copied().collect();
    while let Some(at) = todo.pop() {
        let Some(node) = body.nodes.get(at) else {
            continue;
        };
        if node.kind() == "synced_block" {
            let from = &node.payload()["synced_from"];
            let from_id = from["block_id"].as_str().and_then(|it| it.parse().ok());
            match (from.is_null(), node.id(), from_id) {
                (true, Some(id), _) => {
                    originals.entry(id).or_insert(at);
                    seen.push((at, id, true));
                }
                (false, _, Some(from)) => {
                    seen.push((at, from, false));
                    // What a reference shows stands elsewhere.
                    continue;
                }
                _ => continue,
            }
        }
        todo.extend(node.children.iter().rev());
    }
    let referenced: HashSet<NotionId> = seen
        .iter()
        .filter(|(_, id, is_original)| !is_original && originals.contains_key(id))
        .map(|(_, id, _)| *id)
        .collect();
    let mut parts = HashMap::new();
    let mut there = HashSet::new();
    for (at, id, _) in seen {
        let Some(original) = originals.get(&id).filter(|_| referenced.contains(&id)) else {
            continue;
        };
        let to = PendingId::of(id);
        let part = match there.insert(id) {
            true => Synced::Original { at: *original, id },
            false => Synced::Reference { to },
        };
        parts.insert(at, part);
    }
    let locals = referenced.into_iter().map(PendingId::of).collect();
    (parts, locals)
}

/// Whether a created block of this type takes children (section 4.1 of the API digest);
/// headings only when they fold.
pub fn holds_children(kind: &str) -> bool {
    matches!(
        kind,
        "paragraph"
            | "heading_1"
            | "heading_2"
            | "heading_3"
            | "heading_4"
            | "bulleted_list_item"
            | "numbered_list_item"
            | "to_do"
            | "toggle"
            | "quote"
            | "callout"
            | "tab"
            | "column_list"
            | "column"
            | "table"
            | "synced_block"
    )
}

/// Whether the block holds the notes of a meeting.
pub fn is_meeting(kind: &str) -> bool {
    matches!(kind, "meeting_notes" | "transcription")
}

/// The heading of a meeting's section, when `child` is one.
pub fn section(meeting: &Node, child: &Node) -> Option<New> {
    let children = meeting.payload().get("children")?;
    let sections = [
        ("summary_block_id", "Summary"),
        ("notes_block_id", "Notes"),
        ("transcript_block_id", "Transcript"),
    ];
    let id = child.id()?;
    let (_, title) = sections.into_iter().find(|(key, _)| {
        let named = children.get(key).and_then(Value::as_str);
        named.and_then(|named| named.parse().ok()) == Some(id)
    })?;
    let mut payload = Map::new();
    payload.insert("rich_text".into(), json!(rich_text::plain(title)));
    Some(("heading_3", payload))
}

/// Whether a section's block has no text of its own, only blocks below it.
pub fn only_groups(section: &Node) -> bool {
    let text = section.payload().get("rich_text").and_then(Value::as_array);
    text.is_none_or(Vec::is_empty) && !section.children.is_empty()
}

/// Adds what the API insists on: two columns in columns, a row in a table, a paragraph in
/// tabs. Columns may be empty (section 7.3 of the API digest).
pub fn complete(forest: &mut Forest, notes: &mut Notes) {
    let mut at = 0;
    while let Some(draft) = forest.drafts.get(at) {
        let (kind, count, about) = (draft.kind, draft.children.len(), draft.about);
        match kind {
            "column_list" => {
                for _ in count..2 {
                    add(forest, at, "column", Map::new());
                }
                if count < 2 {
                    let why = "the API takes no fewer than two; an empty one was added";
                    notes.lose(about, "columns", why, Degree::Detail);
                }
            }
            "tab" if count == 0 => add(forest, at, "paragraph", empty_text()),
            "table" if count == 0 => {
                let width = draft.payload.get("table_width").and_then(Value::as_u64);
                let cells = vec![json!([]); width.unwrap_or(1) as usize];
                let row = Map::from_iter([("cells".to_string(), json!(cells))]);
                add(forest, at, "table_row", row);
                let why = "the API takes no table without rows; an empty one was added";
                notes.lose(about, "table", why, Degree::Detail);
            }
            _ => {}
        }
        at += 1;
    }
}

fn add(forest: &mut Forest, parent: At, kind: &'static str, payload: Map<String, Value>) {
    let at = forest.drafts.len();
    if let Some(parent) = forest.drafts.get_mut(parent) {
        parent.children.push(at);
        let number = parent.children.len();
        let token = PendingId::named(&format!("piece {number} in {}", parent.token));
        let about = parent.about;
        forest.drafts.push(Draft {
            kind,
            payload,
            children: Vec::new(),
            token,
            about,
            needed: false,
            refers: false,
        });
    }
}

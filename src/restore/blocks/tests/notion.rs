//! A small Notion that holds blocks: it knows the limits and the nesting of sections 1.5
//! and 4.4 of the API digest, answers only first-level ids, and panics at what the API
//! refuses.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::super::{BodyStep, Position};
use crate::model::NotionId;
use crate::restore::pending::{Known, filled, pending};
use crate::restore::{PendingId, rich_text};

const GENERIC: &[&str] = &[
    "heading_1",
    "heading_2",
    "heading_3",
    "heading_4",
    "paragraph",
    "bulleted_list_item",
    "numbered_list_item",
    "quote",
    "to_do",
    "toggle",
    "callout",
    "synced_block",
];
const LEAVES: &[&str] = &[
    "embed",
    "bookmark",
    "image",
    "video",
    "pdf",
    "file",
    "audio",
    "code",
    "equation",
    "divider",
    "breadcrumb",
    "table_of_contents",
    "link_to_page",
];

/// A block that is there.
pub struct Held {
    pub kind: String,
    pub payload: Value,
    pub children: Vec<NotionId>,
}

pub struct Notion {
    pub page: NotionId,
    pub held: HashMap<NotionId, Held>,
    /// What pending ids have become.
    pub known: Known,
    /// Requests, to read or to write.
    pub requests: usize,
    next: u128,
}

impl Notion {
    pub fn new(page: PendingId) -> Notion {
        let mut notion = Notion {
            page: NotionId::from_bits(1),
            held: HashMap::new(),
            known: Known::new(),
            requests: 0,
            next: 1,
        };
        let root = notion.hold("page", json!({}));
        notion.page = root;
        notion.known.insert(page, root.to_string());
        notion
    }

    fn hold(&mut self, kind: &str, payload: Value) -> NotionId {
        self.next += 1;
        let id = NotionId::from_bits(self.next);
        let kind = kind.to_string();
        let children = Vec::new();
        self.held.insert(
            id,
            Held {
                kind,
                payload,
                children,
            },
        );
        id
    }

    /// Something outside the page that has this id.
    pub fn knows(&mut self, token: PendingId) -> NotionId {
        let id = self.hold("outside", json!({}));
        self.known.insert(token, id.to_string());
        id
    }

    /// A child page at the end of the page.
    pub fn child_page(&mut self, token: PendingId) {
        let id = self.knows(token);
        self.held.get_mut(&id).unwrap().kind = "child_page".into();
        let page = self.page;
        self.held.get_mut(&page).unwrap().children.push(id);
    }

    pub fn id_of(&self, token: PendingId) -> NotionId {
        let id = self.known.get(&token);
        id.unwrap_or_else(|| panic!("{token} is needed before it is known"))
            .parse()
            .unwrap()
    }

    pub fn run(&mut self, steps: &[BodyStep]) {
        for step in steps {
            match step {
                BodyStep::Append {
                    parent,
                    position,
                    children,
                    makes,
                    about,
                } => {
                    self.requests += 1;
                    assert_eq!(children.len(), makes.len());
                    assert!(!about.is_empty());
                    let made = self.append(self.id_of(*parent), *position, children.clone());
                    for (id, token) in made.iter().zip(makes) {
                        let old = self.known.insert(*token, id.to_string());
                        assert_eq!(old, None, "{token} is made twice");
                    }
                }
                BodyStep::Learn { parent, makes } => {
                    self.requests += 1;
                    let children = self.held[&self.id_of(*parent)].children.clone();
                    assert_eq!(children.len(), makes.len(), "what is learnt");
                    assert!(children.len() <= 100, "one page of a list");
                    for (id, token) in children.iter().zip(makes) {
                        self.known.insert(*token, id.to_string());
                    }
                }
                BodyStep::Linked { .. } => {}
                BodyStep::Remove { block } => {
                    let (id, page) = (self.id_of(*block), self.page);
                    let held = self.held.get_mut(&page).unwrap();
                    held.children.retain(|child| *child != id);
                }
            }
        }
    }

    /// An append, or the children of a create request.
    pub fn append(
        &mut self,
        parent: NotionId,
        position: Position,
        children: Vec<Value>,
    ) -> Vec<NotionId> {
        let body = json!({ "children": children });
        let mut missing = Vec::new();
        pending(&body, &mut missing);
        missing.retain(|id| !self.known.contains_key(id));
        assert_eq!(missing, [], "named before they are made: {body}");
        let body = filled(&body, &self.known);
        let length = body.to_string().len();
        let count = body["children"].as_array().unwrap().len();
        assert!((1..=100).contains(&count), "{count} first-level blocks");
        assert!(length <= 500_000 || count == 1, "{length} bytes");
        let mut blocks = 0;
        let inside = self.held[&parent].kind.clone();
        let width = self.held[&parent].payload["table_width"].as_u64();
        for child in body["children"].as_array().unwrap() {
            check(child, &inside, 0, width, &mut blocks);
        }
        assert!(blocks <= 1000, "{blocks} blocks");
        assert!(takes(&self.held[&parent]), "{inside} takes no blocks");
        let made: Vec<NotionId> = body["children"]
            .as_array()
            .unwrap()
            .iter()
            .map(|child| self.make(child))
            .collect();
        let anchor = match position {
            Position::After(token) => Some(self.id_of(token)),
            _ => None,
        };
        let siblings = &mut self.held.get_mut(&parent).unwrap().children;
        let at = match (position, anchor) {
            (Position::Start, _) => 0,
            (_, Some(anchor)) => 1 + siblings.iter().position(|it| *it == anchor).unwrap(),
            _ => siblings.len(),
        };
        siblings.splice(at..at, made.iter().copied());
        made
    }

    fn make(&mut self, block: &Value) -> NotionId {
        let kind = block["type"].as_str().unwrap();
        let mut payload = block[kind].clone();
        let children = payload.as_object_mut().unwrap().remove("children");
        if let Some(from) = payload.pointer("/synced_from/block_id") {
            let from: NotionId = from.as_str().unwrap().parse().unwrap();
            let original = &self.held[&from];
            let is_original = original.kind == "synced_block"
                && original.payload["synced_from"].is_null()
                || original.kind == "outside";
            assert!(is_original, "a reference to {}", original.kind);
        }
        let id = self.hold(kind, payload);
        let made: Vec<NotionId> = children
            .iter()
            .flat_map(|children| children.as_array().unwrap())
            .map(|child| self.make(child))
            .collect();
        self.held.get_mut(&id).unwrap().children = made;
        id
    }

    /// Every block below the page in reading order: depth, type, text.
    pub fn outline(&self) -> Vec<(usize, String, String)> {
        let mut out = Vec::new();
        let mut todo: Vec<(usize, NotionId)> = vec![(0, self.page)];
        while let Some((depth, id)) = todo.pop() {
            let held = &self.held[&id];
            if depth > 0 {
                out.push((depth - 1, held.kind.clone(), words(&held.payload)));
            }
            let below = held.children.iter().rev();
            todo.extend(below.map(|child| (depth + 1, *child)));
        }
        out
    }
}

/// The text of a block, cells parted by bars.
pub fn words(payload: &Value) -> String {
    let runs = |runs: &Value| -> String {
        let runs = runs.as_array().into_iter().flatten();
        runs.filter_map(|run| run.pointer("/text/content")?.as_str())
            .collect()
    };
    match payload["cells"].as_array() {
        Some(cells) => cells.iter().map(runs).collect::<Vec<_>>().join("|"),
        None => runs(&payload["rich_text"]) + &runs(&payload["caption"]),
    }
}

fn takes(held: &Held) -> bool {
    match held.kind.as_str() {
        "page" | "column_list" | "column" | "table" | "tab" => true,
        kind if kind.starts_with("heading") => held.payload["is_toggleable"] == true,
        "synced_block" => held.payload["synced_from"].is_null(),
        kind => GENERIC.contains(&kind),
    }
}

/// The nesting of section 4.4; `level` counts from the top array, a column list's own
/// blocks being one deeper.
fn check(block: &Value, inside: &str, level: usize, width: Option<u64>, blocks: &mut usize) {
    *blocks += 1;
    let kind = block["type"].as_str().unwrap();
    let payload = &block[kind];
    let none = Vec::new();
    let children = payload["children"].as_array().unwrap_or(&none);
    assert!(children.len() <= 100, "{} children", children.len());
    let nested = |next: usize, blocks: &mut usize| {
        let width = payload["table_width"].as_u64();
        for child in children {
            check(child, kind, next, width, blocks);
        }
    };
    let allowed = match inside {
        "column_list" => kind == "column",
        "tab" => kind == "paragraph",
        "table" => kind == "table_row",
        _ => !matches!(kind, "column" | "table_row"),
    };
    assert!(allowed, "{kind} in {inside}");
    assert!(
        payload.get("icon").is_none() || kind == "callout" || inside == "tab",
        "icon of {kind}"
    );
    texts(payload);
    match kind {
        "column_list" => {
            assert_eq!(level, 0, "column_list at level {level}");
            assert!(children.len() >= 2, "columns");
            nested(0, blocks);
        }
        "column" => {
            nested(1, blocks);
        }
        "tab" => {
            assert!(level <= 1 && !children.is_empty(), "tab at level {level}");
            nested(level + 1, blocks);
        }
        "table" => {
            assert!(level <= 1 && !children.is_empty(), "table at level {level}");
            nested(level + 1, blocks);
        }
        "table_row" => {
            let cells = payload["cells"].as_array().unwrap();
            assert_eq!(Some(cells.len() as u64), width, "cells");
        }
        kind if GENERIC.contains(&kind) => {
            assert!(level < 2 || children.is_empty(), "too deep");
            if !children.is_empty() {
                let toggles = payload["is_toggleable"] == true;
                assert!(toggles || !kind.starts_with("heading"), "static heading");
                let original = payload.get("synced_from").is_none_or(Value::is_null);
                assert!(original, "a reference with children");
            }
            nested(level + 1, blocks);
        }
        kind => assert!(LEAVES.contains(&kind) && children.is_empty(), "{kind}"),
    }
}

fn texts(payload: &Value) {
    let cells = payload["cells"].as_array().into_iter().flatten();
    let arrays = [&payload["rich_text"], &payload["caption"]];
    for runs in arrays.into_iter().chain(cells).filter_map(Value::as_array) {
        assert!(runs.len() <= 100, "{} runs", runs.len());
        for run in runs {
            let content = run["text"]["content"].as_str().unwrap_or_default();
            assert!(rich_text::units(content) <= 2000);
        }
    }
}

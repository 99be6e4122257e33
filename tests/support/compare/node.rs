//! The picture that two workspaces are compared by: a tree of nodes, the same shape
//! for both sides.
//!
//! Everything that has an id of its own is a node: pages, blocks, databases, data
//! sources, columns, views, discussions, comments. Its fields are JSON in which a few
//! markers stand for what only the comparison can tell to be equal:
//!
//! * `{"$id": id}` something in the workspace, equal through the old-to-new map;
//! * `{"$user": id}` somebody, `{"$emoji": id}` a custom emoji;
//! * `{"$rich": [pieces]}` rich text, `{"$set": [..]}` a list whose order is secondary;
//! * on the expected side also `{"$any": [..]}` and `{"$whatever": true}`.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use serde_json::{Value, json};

use super::super::workspace::model::Id;

/// What may stand where the original cannot be made.
#[derive(Clone, Debug, Default)]
pub struct StandIn {
    /// The types that it may have; empty for any.
    pub kinds: Vec<&'static str>,
    /// What must be readable in it or below it.
    pub texts: Vec<String>,
    /// Old ids of what it must name.
    pub names: Vec<Id>,
    /// Nothing at all may stand there, too.
    pub optional: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Node {
    pub id: Option<Id>,
    /// `page`, `database`, `linked database`, `data source`, `property`, `view`,
    /// `discussion`, `comment`, or a block's type.
    pub kind: String,
    /// What a path calls it.
    pub name: String,
    pub fields: BTreeMap<String, Value>,
    pub parts: BTreeMap<&'static str, Vec<Node>>,
    pub stands_in: Option<StandIn>,
    /// Was nested in a block and is expected at its page's end, in any order.
    pub lifted: bool,
    /// May come back as several neighbours of its type.
    pub splits: bool,
    /// Columns whose values may stand as text in the body: they cannot be written.
    pub told: Vec<String>,
    /// Where a row belongs among the others.
    pub key: (i64, i64),
    /// Equal for nodes whose texts are equal all the way down.
    pub print: u64,
}

pub fn whatever() -> Value {
    json!({"$whatever": true})
}

pub fn any(alternatives: Vec<Value>) -> Value {
    json!({"$any": alternatives})
}

pub fn reference(id: Id) -> Value {
    json!({"$id": id})
}

/// The id that a marker holds.
pub fn marked(value: &Value, marker: &str) -> Option<Id> {
    value.get(marker)?.as_str()?.parse().ok()
}

impl Node {
    pub fn new(id: Option<Id>, kind: &str, name: &str) -> Node {
        Node {
            id,
            kind: kind.to_string(),
            name: name.to_string(),
            ..Node::default()
        }
    }

    pub fn set(&mut self, field: &str, value: Value) {
        self.fields.insert(field.to_string(), value);
    }

    pub fn part(&self, name: &str) -> &[Node] {
        self.parts.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether it is an object of its own in the body of a page.
    pub fn is_object(&self) -> bool {
        matches!(self.kind.as_str(), "page" | "database" | "linked database")
    }

    /// What a path says about it.
    pub fn label(&self) -> String {
        let name: String = self.name.chars().take(40).collect();
        match name.is_empty() {
            true => self.kind.clone(),
            false => format!("{} {name:?}", self.kind),
        }
    }

    /// Every text in it and below it.
    pub fn whole_text(&self) -> String {
        let mut text = String::new();
        let mut open = vec![self];
        while let Some(node) = open.pop() {
            text.push_str(&node.name);
            text.push('\n');
            for value in node.fields.values() {
                texts(value, &mut text);
            }
            open.extend(node.parts.values().flatten().rev());
        }
        text
    }

    /// Everything that its fields name, and those below it.
    pub fn names(&self) -> Vec<Id> {
        let mut ids = Vec::new();
        let mut open = vec![self];
        while let Some(node) = open.pop() {
            for value in node.fields.values() {
                let mut values = vec![value];
                while let Some(value) = values.pop() {
                    ids.extend(marked(value, "$id"));
                    match value {
                        Value::Array(items) => values.extend(items),
                        Value::Object(map) => values.extend(map.values()),
                        _ => {}
                    }
                }
            }
            open.extend(node.parts.values().flatten());
        }
        ids
    }

    /// Works out the prints of the whole tree.
    pub fn seal(&mut self) {
        let mut hasher = DefaultHasher::new();
        self.kind.hash(&mut hasher);
        for (field, value) in &self.fields {
            let settings = ["made", "author", "icon", "cover", "display_name"];
            if settings.contains(&field.as_str()) || field.starts_with("unique_id") {
                continue;
            }
            field.hash(&mut hasher);
            let mut text = String::new();
            texts(value, &mut text);
            text.hash(&mut hasher);
        }
        for (part, nodes) in &mut self.parts {
            part.hash(&mut hasher);
            for node in nodes {
                node.seal();
                if !matches!(*part, "comments" | "template" | "wiki") {
                    node.print.hash(&mut hasher);
                }
            }
        }
        self.print = hasher.finish();
    }
}

/// The strings of a value that are text for people, in order; rich text without seams.
fn texts(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => {
            out.push_str(text);
            out.push('\n');
        }
        Value::Number(number) => out.push_str(&format!("{number}\n")),
        Value::Bool(flag) => out.push_str(&format!("{flag}\n")),
        Value::Array(items) => items.iter().for_each(|item| texts(item, out)),
        Value::Object(map) => {
            if let Some(Value::Array(pieces)) = map.get("$rich") {
                for piece in pieces {
                    out.push_str(piece["text"].as_str().unwrap_or(""));
                }
                out.push('\n');
                return;
            }
            let opaque = ["$id", "$user", "$emoji", "$whatever", "$any"];
            if opaque.iter().any(|marker| map.contains_key(*marker)) {
                return;
            }
            map.values().for_each(|value| texts(value, out));
        }
        Value::Null => {}
    }
}

impl Node {
    /// Adds the text and the children of a neighbour that continues this block.
    pub fn append(&mut self, next: Node) {
        for (field, more) in next.fields {
            let mine = self.fields.get_mut(&field);
            if let Some(Value::Array(mine)) = mine.and_then(|it| it.get_mut("$rich"))
                && let Some(Value::Array(more)) = more.get("$rich")
            {
                mine.extend(more.iter().cloned());
            }
        }
        for (part, more) in next.parts {
            self.parts.entry(part).or_default().extend(more);
        }
    }
}

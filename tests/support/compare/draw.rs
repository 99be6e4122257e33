//! Pages, blocks, comments and files as nodes: what a dump would see of them.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use serde_json::{Map, Value, json};

use super::super::workspace::model::*;
use super::super::workspace::{MINUTE, Workspace, plain, text};
use super::node::{Node, reference};
use super::rich;

/// A workspace being drawn.
pub struct Drawing<'a> {
    pub ws: &'a Workspace,
    /// Relations as seen from the other side: row and column, and who points there.
    pub incoming: BTreeMap<(Id, String), Vec<Id>>,
    /// Open comments by where they hang, in time order.
    comments: BTreeMap<Id, Vec<&'a Comment>>,
}

/// The writable fields of each type (section 4.1) beside its children, with what they
/// are when nothing is said.
fn fields_of(kind: &str) -> Option<Vec<(&'static str, Value)>> {
    let rich = || ("rich_text", json!([]));
    let color = || ("color", json!("default"));
    let caption = || ("caption", json!([]));
    Some(match kind {
        "paragraph" | "callout" => vec![rich(), color(), ("icon", Value::Null)],
        "bulleted_list_item" | "toggle" | "quote" => vec![rich(), color()],
        "numbered_list_item" => vec![
            rich(),
            color(),
            ("list_start_index", Value::Null),
            ("list_format", Value::Null),
        ],
        "heading_1" | "heading_2" | "heading_3" | "heading_4" => {
            vec![rich(), color(), ("is_toggleable", json!(false))]
        }
        "to_do" => vec![rich(), color(), ("checked", json!(false))],
        "code" => vec![rich(), caption(), ("language", json!("plain text"))],
        "equation" => vec![("expression", json!(""))],
        "divider" | "breadcrumb" | "tab" | "column_list" => vec![],
        "table_of_contents" => vec![color()],
        "column" => vec![("width_ratio", Value::Null)],
        "table" => vec![
            ("table_width", Value::Null),
            ("has_column_header", json!(false)),
            ("has_row_header", json!(false)),
        ],
        "table_row" => vec![("cells", json!([]))],
        "synced_block" => vec![("synced_from", Value::Null)],
        "template" => vec![rich()],
        "bookmark" | "embed" => vec![("url", json!("")), caption()],
        "link_preview" => vec![("url", json!(""))],
        "image" | "video" | "pdf" | "audio" => vec![caption()],
        "file" => vec![caption(), ("name", Value::Null)],
        _ => return None,
    })
}

impl<'a> Drawing<'a> {
    pub fn new(ws: &'a Workspace) -> Drawing<'a> {
        let mut drawing = Drawing {
            ws,
            incoming: BTreeMap::new(),
            comments: BTreeMap::new(),
        };
        for comment in ws.comments.iter().filter(|it| !it.resolved) {
            if let Parent::Page(on) | Parent::Block(on) = comment.on {
                drawing.comments.entry(on).or_default().push(comment);
            }
        }
        for all in drawing.comments.values_mut() {
            all.sort_by_key(|it| it.stamps.created / MINUTE);
        }
        drawing.mirror();
        drawing
    }

    /// A page, row or template with everything in it.
    pub fn page(&self, id: Id) -> Node {
        let Some(page) = self.ws.pages.get(&id) else {
            return Node::default();
        };
        let mut node = Node::new(Some(id), "page", &page.title);
        let title = match page.values.get("title") {
            Some(title) => title.clone(),
            None => text::rich(&page.title),
        };
        node.set("title", rich::draw(&title));
        node.set("icon", self.icon(&page.icon));
        node.set("cover", self.icon(&page.cover));
        node.set("is_locked", json!(page.is_locked));
        node.set("is_archived", json!(page.is_archived));
        node.set("made", made(&page.stamps));
        if let Parent::DataSource(source) = page.parent {
            self.values(&mut node, page, source);
        }
        node.parts.insert("body", self.body(id));
        self.comments(&mut node, id);
        node
    }

    /// The children of a page or block.
    fn body(&self, parent: Id) -> Vec<Node> {
        let children = self.ws.visible_children(parent).unwrap_or_default();
        children.into_iter().map(|id| self.child(id)).collect()
    }

    fn child(&self, id: Id) -> Node {
        if self.ws.pages.contains_key(&id) {
            return self.page(id);
        }
        if self.ws.databases.contains_key(&id) {
            return self.database(id);
        }
        if let Some(block) = self.ws.blocks.get(&id) {
            let mut node = self.block(id, &block.kind, &block.payload);
            node.set("made", made(&block.stamps));
            // A synced reference shows the children of another block.
            if self.ws.synced_original(id).is_none() {
                let children = &block.children;
                let seen = self.ws.visible_children(id).unwrap_or_default();
                let seen = children.iter().filter(|child| seen.contains(child));
                let body = seen.map(|child| self.child(*child)).collect();
                node.parts.insert("body", body);
            }
            self.comments(&mut node, id);
            return node;
        }
        let generated = self.ws.generated_block(id);
        let page = generated.and_then(|(page, at)| Some((self.ws.pages.get(&page)?, at)));
        match page {
            Some((page, at)) => {
                let (kind, payload) = plain::content(page, at);
                let mut node = self.block(id, kind, &payload);
                node.set("made", made(&page.stamps));
                node
            }
            None => Node::default(),
        }
    }

    fn block(&self, id: Id, kind: &str, payload: &Value) -> Node {
        let name = text::plain_text(&payload["rich_text"]);
        let mut node = Node::new(Some(id), kind, &name);
        if kind == "link_to_page" {
            let key = payload["type"].as_str().unwrap_or("");
            node.set("to", json!({"$id": payload[key]}));
            node.set("as", json!(key));
            return node;
        }
        let Some(fields) = fields_of(kind) else {
            node.set("payload", self.unknown(payload));
            return node;
        };
        for (field, default) in fields {
            let value = payload.get(field).filter(|value| !value.is_null());
            let value = value.cloned().unwrap_or(default);
            let value = match field {
                "rich_text" | "caption" => rich::draw(&value),
                "cells" => value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(rich::draw)
                    .collect(),
                "icon" => self.icon(&value),
                "url" => rich::link(value.as_str().unwrap_or("")),
                "synced_from" if value.is_object() => json!({"$id": value["block_id"]}),
                _ => value,
            };
            node.set(field, value);
        }
        if matches!(kind, "image" | "video" | "pdf" | "audio" | "file") {
            node.set("content", self.file(payload));
        }
        node
    }

    /// The payload of a block that no table knows.
    fn unknown(&self, value: &Value) -> Value {
        match value {
            Value::Array(items) if items.iter().any(|it| it.get("plain_text").is_some()) => {
                rich::draw(value)
            }
            Value::Array(items) => items.iter().map(|it| self.unknown(it)).collect(),
            Value::Object(map) => {
                let drawn = map.iter().map(|(key, it)| (key.clone(), self.unknown(it)));
                Value::Object(drawn.collect())
            }
            Value::String(text) => self.named(text),
            other => other.clone(),
        }
    }

    /// A string of a payload or setting: an id as a marker, any other as it is.
    pub fn named(&self, text: &str) -> Value {
        match text.parse::<Id>() {
            Ok(id) if self.ws.user(id).is_some() => json!({"$user": id}),
            Ok(id) => reference(id),
            Err(_) => json!(text),
        }
    }

    /// An icon or cover.
    pub fn icon(&self, icon: &Value) -> Value {
        match icon["type"].as_str() {
            Some("emoji") => json!({"emoji": icon["emoji"]}),
            Some("custom_emoji") => json!({"$emoji": icon["custom_emoji"]["$emoji"]}),
            Some("icon") => json!({"native": icon["icon"]}),
            Some("file" | "external") => self.file(icon),
            _ => icon.clone(),
        }
    }

    /// A file by its content, or where it lies outside.
    pub fn file(&self, value: &Value) -> Value {
        if let Some(url) = value["external"]["url"].as_str() {
            return json!({"external": rich::link(url)});
        }
        let key = value["file"]["$asset"].as_str().unwrap_or("");
        match self.ws.assets.get(key) {
            Some(asset) => json!({"stored": content(asset), "file_name": asset.file_name}),
            None => json!({"missing": key}),
        }
    }

    /// The open discussions on exactly this page or block.
    pub fn comments(&self, node: &mut Node, on: Id) {
        let mut threads: Vec<Node> = Vec::new();
        for comment in self.comments.get(&on).into_iter().flatten() {
            let drawn = self.comment(comment);
            let id = Some(comment.discussion);
            let at = threads.iter().position(|thread| thread.id == id);
            let at = at.unwrap_or_else(|| {
                threads.push(Node::new(id, "discussion", ""));
                threads.len() - 1
            });
            threads[at].parts.entry("comments").or_default().push(drawn);
        }
        if !threads.is_empty() {
            node.parts.insert("comments", threads);
        }
    }

    fn comment(&self, comment: &Comment) -> Node {
        let words = text::plain_text(&comment.rich_text);
        let mut node = Node::new(Some(comment.id), "comment", &words);
        node.set("text", rich::draw(&comment.rich_text));
        node.set("display_name", comment.display_name.clone());
        let author = self.ws.user(comment.stamps.created_by);
        let author = author.filter(|user| !user.deleted);
        node.set("author", json!({"name": author.map(|user| &user.name)}));
        node.set("made", made(&comment.stamps));
        let attachments = comment.attachments.iter().map(|it| {
            let mut file = self.file(it);
            file["category"] = it["category"].clone();
            file
        });
        node.set("attachments", attachments.collect());
        node
    }
}

/// Who made something and when; only exact copies have it.
pub fn made(stamps: &Stamps) -> Value {
    json!({"created": stamps.created, "edited": stamps.edited,
           "by": {"$user": stamps.created_by}, "edited_by": {"$user": stamps.edited_by}})
}

/// A file's content, short.
pub fn content(asset: &Asset) -> Value {
    let mut hasher = DefaultHasher::new();
    asset.content.hash(&mut hasher);
    json!(format!(
        "{} bytes {:016x}",
        asset.content.len(),
        hasher.finish()
    ))
}

/// The keys of an object whose value is one.
pub fn map_of(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

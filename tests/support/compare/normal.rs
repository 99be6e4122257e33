//! The picture of an original turned into that of its restored copy: which nodes there
//! are, of which type, and where (section 8 of the API digest).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::workspace::model::*;
use super::super::workspace::{MINUTE, Workspace};
use super::expect::{Comments, Expect, Lost};
use super::node::{Node, StandIn, any, whatever};
use super::normal_values::creatable;
use super::rich;
use super::walk::each_node;

/// Turns the picture of an original into that of its restored copy.
pub struct Normal<'a> {
    pub original: &'a Workspace,
    pub restored: &'a Workspace,
    pub expect: &'a Expect,
    /// Old ids of everything that is restored.
    pub scope: BTreeSet<Id>,
    /// Old users to new ones.
    pub users: BTreeMap<Id, Id>,
    /// Templates and databases of wikis, which may end up anywhere.
    pub loose: Vec<Node>,
}

impl<'a> Normal<'a> {
    pub fn new(original: &'a Workspace, restored: &'a Workspace, expect: &'a Expect) -> Self {
        let mut users = BTreeMap::new();
        for user in original.users.iter() {
            let same = restored.user(user.id).filter(|it| !it.deleted);
            let by_mail = restored.users.iter().find(|it| {
                let person = matches!(it.kind, UserKind::Person { .. });
                person && it.kind == user.kind && !it.guest && !it.deleted && !user.deleted
            });
            if let Some(found) = same.or(by_mail) {
                users.insert(user.id, found.id);
            }
        }
        Normal {
            original,
            restored,
            expect,
            scope: BTreeSet::new(),
            users,
            loose: Vec::new(),
        }
    }

    pub fn forgives(&self, lost: Lost) -> bool {
        self.expect.lost.contains(&lost)
    }

    /// The whole list of top-level nodes.
    pub fn apply(&mut self, roots: &mut [Node]) {
        let mut loose = Vec::new();
        let mut free = Vec::new();
        for root in roots.iter_mut() {
            each_node(root, &mut |node| self.shape(node, &mut free));
        }
        while let Some(mut root) = free.pop() {
            each_node(&mut root, &mut |node| self.shape(node, &mut free));
            loose.push(root);
        }
        for root in roots.iter_mut().chain(loose.iter_mut()) {
            each_node(root, &mut |node| self.rows(node));
            self.lift(root);
        }
        for root in roots.iter_mut().chain(loose.iter_mut()) {
            each_node(root, &mut |node| {
                self.scope.extend(node.id);
            });
        }
        for root in roots.iter_mut().chain(loose.iter_mut()) {
            each_node(root, &mut |node| self.fields(node));
        }
        self.loose = loose;
    }

    /// What the node is, and which parts it has.
    fn shape(&self, node: &mut Node, loose: &mut Vec<Node>) {
        if self.forgives(Lost::TimesAndAuthors) {
            let made = node.fields.remove("made");
            self.row_keys(node, made.as_ref());
        }
        self.block(node);
        match node.kind.as_str() {
            "data source" => {
                self.source(node, loose);
                self.add_names(node);
            }
            "database" | "linked database" | "view" if self.forgives(Lost::ViewDetails) => {
                // Section 2.6: such layouts cannot even be read.
                let readable = |view: &Node| view.fields["type"] != "feed";
                if let Some(views) = node.parts.get_mut("view") {
                    views.retain(readable);
                }
                if node.kind == "view" {
                    self.show_names(node);
                }
            }
            "view" => self.show_names(node),
            "comment" if self.forgives(Lost::TimesAndAuthors) => {
                let shown = node.fields["display_name"]["resolved_name"].clone();
                let name = node.fields.remove("author").map(|it| it["name"].clone());
                let names: Vec<Value> = [Some(shown), name]
                    .into_iter()
                    .flatten()
                    .filter(|name| !name.is_null())
                    .map(|name| json!({"type": whatever(), "resolved_name": name}))
                    .collect();
                node.set("display_name", any(names));
            }
            _ => {}
        }
        let comments = match self.expect.comments {
            Comments::None => false,
            Comments::Pages => node.is_object(),
            Comments::All => true,
        };
        if !comments && node.kind != "discussion" {
            node.parts.remove("comments");
        }
    }

    /// Blocks that cannot be created.
    fn block(&self, node: &mut Node) {
        let texts = || -> Vec<String> {
            let text = node.whole_text();
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            lines.map(str::to_string).collect()
        };
        // What people read below it.
        let inner = || -> Vec<String> {
            let mut words = Vec::new();
            let mut open: Vec<&Node> = node.part("body").iter().collect();
            while let Some(node) = open.pop() {
                words.extend(node.fields.values().flat_map(all_words));
                open.extend(node.part("body"));
            }
            words.retain(|text| !text.trim().is_empty());
            words
        };
        match node.kind.as_str() {
            "link_preview" if self.forgives(Lost::LinkPreviews) => {
                let url = node.fields["url"].as_str().unwrap_or("").to_string();
                node.stands_in = Some(StandIn {
                    kinds: vec!["bookmark", "embed"],
                    texts: vec![url],
                    ..StandIn::default()
                });
            }
            "meeting_notes" | "transcription" if self.forgives(Lost::MeetingNotes) => {
                let mut texts = inner();
                texts.push(rich::words(&node.fields["payload"]["title"]));
                node.stands_in = Some(StandIn {
                    kinds: vec!["toggle", "heading_1", "heading_2", "heading_3"],
                    texts,
                    ..StandIn::default()
                });
            }
            "template" if self.forgives(Lost::TemplateButtons) => {
                node.kind = "toggle".into();
                node.set("color", json!("default"));
            }
            "numbered_list_item" if self.forgives(Lost::ListStarts) => {
                node.set("list_start_index", Value::Null);
                node.set("list_format", Value::Null);
            }
            "unsupported" if self.forgives(Lost::UnsupportedBlocks) => {
                node.stands_in = Some(StandIn {
                    kinds: vec!["callout"],
                    texts: texts(),
                    ..StandIn::default()
                });
            }
            kind if node.fields.contains_key("payload")
                && self.forgives(Lost::UnsupportedBlocks) =>
            {
                let mut texts = inner();
                texts.push(kind.to_string());
                texts.extend(all_words(&node.fields["payload"]));
                node.stands_in = Some(StandIn {
                    kinds: vec!["callout"],
                    texts,
                    ..StandIn::default()
                });
            }
            _ => {}
        }
    }

    /// What a data source cannot have, and what becomes of what is beside its rows.
    fn source(&self, node: &mut Node, loose: &mut Vec<Node>) {
        if self.forgives(Lost::ComputedValues)
            && let Some(columns) = node.parts.get_mut("property")
        {
            for column in columns.iter_mut() {
                if !creatable(&column.fields["type"]) {
                    column.stands_in = Some(StandIn {
                        optional: true,
                        ..StandIn::default()
                    });
                }
            }
        }
        if self.forgives(Lost::TemplatesAndWikis) {
            for part in ["template", "wiki"] {
                for mut object in node.parts.remove(part).unwrap_or_default() {
                    object.fields.remove("is_default");
                    // A page in a page has a title and nothing else.
                    if object.fields.remove("template").is_some() {
                        let columns = object.fields.keys();
                        let columns = columns.filter_map(|field| field.split_once(" \""));
                        let columns = columns.map(|(_, name)| name.trim_end_matches('"'));
                        object.told = columns.map(str::to_string).collect();
                        object.fields.retain(|field, _| !field.ends_with('"'));
                    }
                    loose.push(object);
                }
            }
        }
    }

    fn rows(&self, node: &mut Node) {
        if let Some(rows) = node
            .parts
            .get_mut("row")
            .filter(|_| self.forgives(Lost::RowOrder))
        {
            rows.sort_by_key(|row| row.key);
            if self.forgives(Lost::UniqueIdGaps) {
                close_gaps(rows);
            }
        }
    }

    /// Rows are made in the order of their numbers, then of their making.
    fn row_keys(&self, node: &mut Node, made: Option<&Value>) {
        if node.kind != "page" || !self.forgives(Lost::RowOrder) {
            return;
        }
        let number = unique_number(node).unwrap_or(i64::MAX);
        let created = made.and_then(|made| made["created"].as_i64()).unwrap_or(0);
        node.key = (number, created / MINUTE);
    }

    /// Pages and databases out of blocks, to the end of their page, in their order.
    fn lift(&self, root: &mut Node) {
        if !self.forgives(Lost::NestedObjects) {
            return;
        }
        each_node(root, &mut |node| {
            if node.kind != "page" {
                return;
            }
            let mut lifted = Vec::new();
            for block in node.parts.get_mut("body").into_iter().flatten() {
                if !block.is_object() {
                    take_objects(block, &mut lifted);
                }
            }
            node.parts.entry("body").or_default().extend(lifted);
        });
    }
}

/// The rich texts in a payload.
fn all_words(payload: &Value) -> Vec<String> {
    if payload.get("$rich").is_some() {
        return vec![rich::words(payload)];
    }
    match payload {
        Value::Array(items) => items.iter().flat_map(all_words).collect(),
        Value::Object(map) => map.values().flat_map(all_words).collect(),
        _ => Vec::new(),
    }
}

fn unique_number(row: &Node) -> Option<i64> {
    let mut values = row.fields.iter();
    let found = values.find(|(field, _)| field.starts_with("unique_id \""));
    found.and_then(|(_, value)| value["number"].as_i64())
}

/// Numbers come out the same only where none is missing.
fn close_gaps(rows: &mut [Node]) {
    let numbers: Vec<Option<i64>> = rows.iter().map(unique_number).collect();
    let whole = (1..).zip(&numbers).all(|(at, number)| *number == Some(at));
    if !whole {
        for row in rows {
            for (field, value) in &mut row.fields {
                if field.starts_with("unique_id \"") {
                    *value = whatever();
                }
            }
        }
    }
}

/// Takes pages and databases out of a block; a link to each stays in its place.
fn take_objects(block: &mut Node, lifted: &mut Vec<Node>) {
    for child in block.parts.get_mut("body").into_iter().flatten() {
        if !child.is_object() {
            take_objects(child, lifted);
            continue;
        }
        let inline = child.fields.get("is_inline") == Some(&json!(true));
        let mut link = Node::new(None, "link_to_page", &child.name);
        match (inline, child.kind.as_str()) {
            (_, "linked database") => link.stands_in = Some(StandIn::default()),
            // Inline databases cannot be linked to (section 4.1): a mention does it.
            (true, _) => {
                link.stands_in = Some(StandIn {
                    names: child.id.into_iter().collect(),
                    ..StandIn::default()
                });
            }
            (false, kind) => {
                link.set("to", json!({"$id": child.id}));
                let key = if kind == "page" {
                    "page_id"
                } else {
                    "database_id"
                };
                link.set("as", json!(key));
            }
        }
        let mut object = std::mem::replace(child, link);
        object.lifted = true;
        lifted.push(object);
    }
}

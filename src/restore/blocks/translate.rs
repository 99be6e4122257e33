//! Every block of a page becomes blocks that the API can create, in the same order and
//! below the same parents. A stack of what is still to do takes the place of recursion.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use serde_json::{Map, Value, json};

use super::draft::{At, Draft, Forest, Item, New, empty_text};
use super::structure::{self, Synced};
use super::{Place, payload, stand_in, table};
use crate::model::NotionId;
use crate::restore::body::{self, Body, Node};
use crate::restore::{Degree, Notes, PendingId, Ref, Target, Targets};

/// A translated page, or a part of it.
pub struct Done {
    /// The blocks to be.
    pub forest: Forest,
    /// What is lost.
    pub notes: Notes,
    /// Blocks whose text must be written again later.
    pub rewrite: Vec<NotionId>,
    /// Linked databases that stood inside other blocks.
    pub nested: Vec<NotionId>,
    /// Ids that blocks of this page name and other blocks of this page make.
    pub locals: HashSet<PendingId>,
}

impl Done {
    /// A linked database can only be made after a block. Where it is the first of several,
    /// an empty paragraph holds its place; the paragraph's id.
    pub fn hold_first(&mut self) -> Option<PendingId> {
        let (Item::Linked(id), at) = *self.forest.top.first()? else {
            return None;
        };
        let alone = |(item, _): &(Item, usize)| matches!(item, Item::Linked(_));
        if self.forest.top.iter().all(alone) {
            return None;
        }
        let token = PendingId::named(&format!("place of {id}"));
        let draft = self.forest.drafts.len();
        self.forest.drafts.push(Draft {
            kind: "paragraph",
            payload: empty_text(),
            children: Vec::new(),
            token,
            about: id,
            needed: true,
            refers: false,
        });
        self.forest.top.insert(0, (Item::Block(draft), at));
        Some(token)
    }
}

/// A child page or database that keeps its own place at the page's first level.
pub fn child(node: &Node, place: &dyn Fn(NotionId) -> Place) -> Option<Item> {
    let id = node.id()?;
    let is_child = matches!(node.kind(), "child_page" | "child_database");
    match is_child.then(|| place(id))? {
        Place::Here => Some(Item::Anchor(id)),
        Place::Linked => Some(Item::Linked(id)),
        Place::Elsewhere => None,
    }
}

/// Whether child pages or databases are on the page before its blocks.
pub fn anchored(body: &Body, place: &dyn Fn(NotionId) -> Place) -> bool {
    let mut nodes = body.nodes.iter();
    nodes.any(|node| matches!(child(node, place), Some(Item::Anchor(_))))
}

enum Todo {
    /// A block as read, for below this draft; for the first level with `None`.
    Read(body::At, Option<At>),
    /// A block that is none of the original's.
    Extra(New, NotionId, Option<At>),
}

struct Walk<'a> {
    body: &'a Body,
    place: &'a dyn Fn(NotionId) -> Place,
    targets: &'a dyn Targets,
    synced: HashMap<body::At, Synced>,
    used: HashSet<PendingId>,
    /// Where in [`Body::top`] the walk is.
    top: usize,
    todo: Vec<Todo>,
    done: Done,
}

/// Translates the blocks of `range` of the page's first level.
pub fn translate(
    body: &Body,
    page: NotionId,
    range: Range<usize>,
    place: &dyn Fn(NotionId) -> Place,
    targets: &dyn Targets,
) -> Done {
    let (synced, locals) = structure::synced(body);
    let mut walk = Walk {
        body,
        place,
        targets,
        synced,
        used: HashSet::new(),
        top: 0,
        todo: Vec::new(),
        done: Done {
            forest: Forest::default(),
            notes: Notes::default(),
            rewrite: Vec::new(),
            nested: Vec::new(),
            locals,
        },
    };
    for top in range {
        walk.top = top;
        walk.todo
            .extend(body.top.get(top).map(|at| Todo::Read(*at, None)));
        while let Some(todo) = walk.todo.pop() {
            match todo {
                Todo::Read(at, below) => walk.block(at, below, page),
                Todo::Extra((kind, payload), about, below) => {
                    walk.piece(kind, payload, about, below);
                }
            }
        }
    }
    structure::complete(&mut walk.done.forest, &mut walk.done.notes);
    walk.done
}

impl Walk<'_> {
    fn block(&mut self, at: body::At, below: Option<At>, page: NotionId) {
        let Some(node) = self.body.nodes.get(at) else {
            return;
        };
        let id = node.id().unwrap_or(page);
        let inside = self.kind_of(below);
        match node.kind() {
            "child_page" | "child_database" => self.child(node, id, below),
            "synced_block" => self.synced(at, node, id, below),
            "column" if inside != "column_list" => {
                let why = "a column outside of columns; its blocks are there without it";
                self.lose(id, "column", why, Degree::Detail);
                self.below(&node.children, below);
            }
            kind => {
                let later = self.done.notes.later.len();
                let notes = &mut self.done.notes;
                let new = match (inside, kind) {
                    ("table", "table_row") => {
                        let width = self.width(below);
                        table::row(node, id, width, self.targets, &mut self.done.notes)
                    }
                    ("table", _) => {
                        let width = self.width(below);
                        table::stray(node, id, width, &mut self.done.notes)
                    }
                    (_, "table_row") => table::outside(node, id, self.targets, notes),
                    (_, "table") => table::table(self.body, node),
                    _ => payload::write(node, id, inside == "tab", self.targets, notes),
                };
                let is_later = self.done.notes.later.len() > later;
                self.place_all(node, id, new, below, is_later);
            }
        }
    }

    /// Adds what a block became, and queues its children.
    fn place_all(
        &mut self,
        node: &Node,
        id: NotionId,
        new: Vec<New>,
        below: Option<At>,
        is_later: bool,
    ) {
        let first = new.first().map_or("", |(kind, _)| kind);
        let below = self.room(below, first, id);
        let mut last = None;
        for (at, (kind, payload)) in new.into_iter().enumerate() {
            last = Some(match at {
                0 => self.own(kind, payload, id, below, is_later),
                _ => self.piece(kind, payload, id, below),
            });
        }
        if is_later {
            self.done.rewrite.push(id);
        }
        if node.children.is_empty() {
            return;
        }
        match last {
            Some(last) if self.holds(last, id) => {
                if structure::is_meeting(node.kind()) {
                    self.meeting(node, last);
                } else {
                    self.below(&node.children, Some(last));
                }
            }
            _ => {
                let why = "the API puts no blocks into it; they follow it";
                self.lose(id, format!("{} block", node.kind()), why, Degree::Detail);
                self.below(&node.children, below);
            }
        }
    }

    /// A child page or database: its own place, or a link where it cannot be.
    fn child(&mut self, node: &Node, id: NotionId, below: Option<At>) {
        let item = child(node, self.place);
        if let (Some(item), None) = (item, below) {
            self.done.forest.top.push((item, self.top));
            return;
        }
        let is_later = matches!(self.targets.find(id), Target::Later(_));
        let notes = &mut self.done.notes;
        let new = match item {
            Some(Item::Linked(_)) => {
                self.done.nested.push(id);
                stand_in::nested_view(node, id, notes)
            }
            _ => stand_in::nested(node, id, self.targets, notes),
        };
        // The database or page has its own id; this is only a block that leads to it.
        let below = self.room(below, "", id);
        for (kind, payload) in new {
            let at = self.piece(kind, payload, id, below);
            if let Some(draft) = self.done.forest.drafts.get_mut(at) {
                draft.needed = is_later;
            }
        }
    }

    fn synced(&mut self, at: body::At, node: &Node, id: NotionId, below: Option<At>) {
        let below = self.room(below, "synced_block", id);
        let from = node.payload().pointer("/synced_from/block_id");
        let from = from.and_then(Value::as_str).and_then(|it| it.parse().ok());
        let reference = |to: Ref| {
            let from = json!({"type": "block_id", "block_id": to});
            Map::from_iter([("synced_from".to_string(), from)])
        };
        let original = || Map::from_iter([("synced_from".to_string(), Value::Null)]);
        if let Some(synced) = self.synced.get(&at) {
            match *synced {
                Synced::Original { at, id } => {
                    let made = self.own("synced_block", original(), id, below, true);
                    if let Some(node) = self.body.nodes.get(at) {
                        self.below(&node.children, Some(made));
                    }
                }
                Synced::Reference { to } => {
                    let made = self.own("synced_block", reference(to.into()), id, below, false);
                    if let Some(draft) = self.done.forest.drafts.get_mut(made) {
                        draft.refers = true;
                    }
                }
            }
            return;
        }
        let mut later = false;
        let known = from.and_then(|from: NotionId| match self.targets.find(from) {
            Target::Made(made) => Some(Ref::from(made)),
            Target::Same(id) => Some(Ref::from(id)),
            Target::Later(_) => {
                self.done.notes.later.push(from);
                later = true;
                None
            }
            Target::Gone => None,
        });
        if let Some(known) = known {
            self.own("synced_block", reference(known), id, below, false);
            return;
        }
        let is_reference = !node.payload()["synced_from"].is_null();
        if is_reference && node.children.is_empty() {
            let notes = &mut self.done.notes;
            let new = stand_in::lost_copy(id, notes);
            self.place_all(node, id, new, below, later);
            return;
        }
        if is_reference {
            let why = "its original is not part of this restore; here is a copy of its content";
            self.lose(id, "synced block", why, Degree::StandIn);
        }
        let made = self.own("synced_block", original(), id, below, later);
        self.below(&node.children, Some(made));
    }

    /// The sections of a meeting's notes, each below a heading.
    fn meeting(&mut self, node: &Node, toggle: At) {
        for at in node.children.iter().rev() {
            let Some(child) = self.body.nodes.get(*at) else {
                continue;
            };
            let section = structure::section(node, child);
            match child.id() {
                Some(_) if section.is_some() && structure::only_groups(child) => {
                    self.below(&child.children, Some(toggle));
                }
                _ => self.todo.push(Todo::Read(*at, Some(toggle))),
            }
            if let (Some(section), Some(id)) = (section, child.id()) {
                self.todo.push(Todo::Extra(section, id, Some(toggle)));
            }
        }
    }

    fn below(&mut self, children: &[body::At], below: Option<At>) {
        let reads = children.iter().rev().map(|at| Todo::Read(*at, below));
        self.todo.extend(reads);
    }

    /// Where a block of this type goes that was read inside `below`: columns hold only
    /// columns, and tabs only paragraphs.
    fn room(&mut self, below: Option<At>, kind: &str, id: NotionId) -> Option<At> {
        match self.kind_of(below) {
            "column_list" if kind != "column" => Some(self.piece("column", Map::new(), id, below)),
            "tab" if kind != "paragraph" => Some(self.piece("paragraph", empty_text(), id, below)),
            _ => below,
        }
    }

    fn kind_of(&self, at: Option<At>) -> &'static str {
        let draft = at.and_then(|at| self.done.forest.drafts.get(at));
        draft.map_or("", |draft| draft.kind)
    }

    fn width(&self, table: Option<At>) -> usize {
        let table = table.and_then(|at| self.done.forest.drafts.get(at));
        let width = table.and_then(|table| table.payload.get("table_width")?.as_u64());
        width.map_or(1, |width| width as usize)
    }

    /// Whether children can go into the draft. A heading with children folds.
    fn holds(&mut self, at: At, id: NotionId) -> bool {
        let Some(draft) = self.done.forest.drafts.get_mut(at) else {
            return false;
        };
        if draft.kind.starts_with("heading_") && !draft.payload.contains_key("is_toggleable") {
            draft.payload.insert("is_toggleable".into(), json!(true));
            let why = "it holds blocks, which only toggle headings do";
            self.lose(id, "heading", why, Degree::Detail);
            return true;
        }
        structure::holds_children(draft.kind)
    }

    fn lose(&mut self, id: NotionId, what: impl Into<String>, why: &str, degree: Degree) {
        self.done.notes.lose(id, what, why, degree);
    }

    /// A draft that is what the old block becomes.
    fn own(
        &mut self,
        kind: &'static str,
        payload: Map<String, Value>,
        id: NotionId,
        below: Option<At>,
        needed: bool,
    ) -> At {
        let token = PendingId::of(id);
        if self.used.contains(&token) {
            return self.piece(kind, payload, id, below);
        }
        let needed = needed || self.targets.is_needed(id);
        self.push(kind, payload, id, below, token, needed)
    }

    /// A draft beside it.
    fn piece(
        &mut self,
        kind: &'static str,
        payload: Map<String, Value>,
        id: NotionId,
        below: Option<At>,
    ) -> At {
        let number = self.done.forest.drafts.len();
        let token = PendingId::named(&format!("piece {} {number} of {id}", self.top));
        self.push(kind, payload, id, below, token, false)
    }

    fn push(
        &mut self,
        kind: &'static str,
        payload: Map<String, Value>,
        about: NotionId,
        below: Option<At>,
        token: PendingId,
        needed: bool,
    ) -> At {
        self.used.insert(token);
        let drafts = &mut self.done.forest.drafts;
        let at = drafts.len();
        drafts.push(Draft {
            kind,
            payload,
            children: Vec::new(),
            token,
            about,
            needed,
            refers: false,
        });
        match below.and_then(|below| drafts.get_mut(below)) {
            Some(parent) => parent.children.push(at),
            None => self.done.forest.top.push((Item::Block(at), self.top)),
        }
        at
    }
}

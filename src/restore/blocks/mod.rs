//! From the blocks of a page as they were read to the requests that write them again.
//!
//! Two stages: [`translate`] turns every block into blocks that the API can create, and
//! [`fit`] and [`deal`] put those into as few append requests as the limits of section
//! 4.4 of the API digest allow. Only the first level of an append answers its ids, so a
//! block whose id is needed, or that has more below it than one request may nest, is
//! written at the first level and what is below it follows with its id.

mod deal;
mod draft;
mod fit;
mod media;
mod payload;
mod stand_in;
mod structure;
mod table;
#[cfg(test)]
mod tests;
mod translate;

use serde_json::{Map, Value, json};

use super::pending::pending;
use super::{Body, Degree, Notes, PendingId, Targets};
use crate::model::NotionId;

use draft::Item;
use fit::Fit;

/// Where a child page or database that a page shows is, for a restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On this page, made before the blocks.
    Here,
    /// On this page: a view of a database that is elsewhere, made after the blocks.
    Linked,
    /// Not on this page.
    Elsewhere,
}

/// Where new blocks go among those that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// After all others.
    End,
    /// Before all others.
    Start,
    /// After this block, page or database.
    After(PendingId),
}

impl Position {
    /// The value of `position` in a request; `None` for the default.
    pub fn json(self) -> Option<Value> {
        match self {
            Position::End => None,
            Position::Start => Some(json!({"type": "start"})),
            Position::After(token) => {
                Some(json!({"type": "after_block", "after_block": {"id": token}}))
            }
        }
    }
}

/// The blocks that go into a page's create request.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// The request's `children`: at most 100, and 1,000 with all that is in them.
    pub children: Vec<Value>,
    /// How many of [`Body::top`] they are.
    pub taken: usize,
    /// What they lose.
    pub notes: Notes,
    /// How many blocks they are in all.
    pub blocks: u64,
}

/// A step in writing a page's blocks. Each may need the ids that those before it make.
#[derive(Clone, Debug, PartialEq)]
pub enum BodyStep {
    /// Appends blocks.
    Append {
        /// The page or block that gets them.
        parent: PendingId,
        /// Where among the parent's children.
        position: Position,
        /// The request's `children`: at most 100, and 1,000 with all that is in them.
        children: Vec<Value>,
        /// What the answered ids are known as, one for each of `children`.
        makes: Vec<PendingId>,
        /// The old ids of the blocks that `children` come from, for messages.
        about: Vec<NotionId>,
    },
    /// Lists the children of a block to learn their ids.
    Learn {
        /// The block: it has just been created, inside another.
        parent: PendingId,
        /// What its children are known as, in order.
        makes: Vec<PendingId>,
    },
    /// What held the first place for a linked database goes once that is made.
    Remove {
        /// The block.
        block: PendingId,
    },
    /// Here stood a linked database. It becomes known as [`PendingId::of`] its old id.
    Linked {
        /// The old id of the linked database.
        database: NotionId,
        /// The block, page or (linked) database that it stood after; at the page's end
        /// for `None`.
        after: Option<PendingId>,
    },
}

/// How a page's blocks are written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BodyPlan {
    /// In order.
    pub steps: Vec<BodyStep>,
    /// What is lost.
    pub notes: Notes,
    /// How many blocks will be created.
    pub blocks: u64,
    /// The old ids of blocks whose text names what is restored only later: their text
    /// is written again with [`rewrite`] then.
    pub rewrite: Vec<NotionId>,
}

/// The first run of a page as `children` of its create request.
///
/// `None` when there is nothing before the first child page or database, when the id of
/// one of these blocks is needed, when one names what is not made yet, or when not all
/// of them fit although child pages or databases will come after them.
pub fn opening(
    body: &Body,
    page: NotionId,
    place: &dyn Fn(NotionId) -> Place,
    targets: &dyn Targets,
) -> Option<Opening> {
    let anchored = translate::anchored(body, place);
    let ends_run = |at: &usize| {
        let node = body.nodes.get(*at);
        node.is_some_and(|node| translate::child(node, place).is_some())
    };
    let end = body.top.iter().position(ends_run);
    let ending = end.and_then(|end| body.nodes.get(*body.top.get(end)?));
    let known = match ending.and_then(|node| translate::child(node, place)) {
        // It is put after the block before it, whose id must be known then.
        Some(Item::Linked(_)) if anchored => return None,
        Some(Item::Linked(_)) => end.unwrap_or(0).saturating_sub(1),
        _ => end.unwrap_or(body.top.len()),
    };
    if known == 0 {
        return None;
    }
    let done = translate::translate(body, page, 0..known, place, targets);
    let fit = Fit::new(&done.forest);
    let (children, items) = deal::first(&done.forest, &fit)?;
    let taken = match done.forest.top.get(items) {
        None => known,
        // A block that became several may not be torn apart.
        Some((_, place)) => *place,
    };
    if taken == 0 || (taken < known && anchored) {
        return None;
    }
    if taken == known {
        let blocks = done.forest.drafts.len() as u64;
        let notes = done.notes;
        return (items == done.forest.top.len()).then_some(Opening {
            children,
            taken,
            notes,
            blocks,
        });
    }
    // Only what is said about the blocks that are taken.
    let done = translate::translate(body, page, 0..taken, place, targets);
    let children = children.into_iter().take(done.forest.top.len()).collect();
    Some(Opening {
        children,
        taken,
        notes: done.notes,
        blocks: done.forest.drafts.len() as u64,
    })
}

/// The steps for all blocks but the first `taken` of the page's first level, which
/// [`opening`] took (0 when there was none).
pub fn rest(
    body: &Body,
    page: NotionId,
    taken: usize,
    place: &dyn Fn(NotionId) -> Place,
    targets: &dyn Targets,
) -> BodyPlan {
    let range = taken.min(body.top.len())..body.top.len();
    let mut done = translate::translate(body, page, range, place, targets);
    let holder = done.hold_first();
    let fit = Fit::new(&done.forest);
    let anchored = translate::anchored(body, place);
    let mut steps = Vec::new();
    let mut deal = deal::Deal::new(&done.forest, &fit, &done.locals, &mut steps);
    // Without child pages or databases on the page, all goes to its end.
    let mut position = match (anchored, taken) {
        (true, 0) => Position::Start,
        _ => Position::End,
    };
    let mut last = None;
    let mut linked = Vec::new();
    let mut run = Vec::new();
    let own = PendingId::of(page);
    for (item, _) in &done.forest.top {
        match *item {
            Item::Block(at) => {
                run.push(at);
                last = done.forest.drafts.get(at).map(|draft| draft.token);
            }
            Item::Anchor(id) => {
                deal.run(own, position, std::mem::take(&mut run));
                position = Position::After(PendingId::of(id));
                last = Some(PendingId::of(id));
            }
            Item::Linked(id) => {
                linked.push(BodyStep::Linked {
                    database: id,
                    after: last,
                });
                last = last.map(|_| PendingId::of(id));
            }
        }
    }
    deal.run(own, position, run);
    steps.extend(linked);
    steps.extend(done.nested.iter().map(|id| BodyStep::Linked {
        database: *id,
        after: None,
    }));
    steps.extend(holder.map(|block| BodyStep::Remove { block }));
    BodyPlan {
        steps,
        notes: done.notes,
        blocks: done.forest.drafts.len() as u64 - u64::from(holder.is_some()),
        rewrite: done.rewrite,
    }
}

/// The body of a `PATCH /blocks/{id}` that writes a block's text again, now that what it
/// names is made; `None` when nothing changes. Its losses are those that writing it
/// first told already; only what is still to come is noted.
pub fn rewrite(
    body: &Body,
    block: NotionId,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Option<Value> {
    let mut nodes = body.nodes.iter();
    let at = nodes.position(|node| node.id() == Some(block))?;
    let node = body.nodes.get(at)?;
    let mut told = Notes::default();
    let table = || body.nodes.iter().find(|it| it.children.contains(&at));
    let written = match table().filter(|_| node.kind() == "table_row") {
        Some(table) => table::row(node, block, table::width(body, table), targets, &mut told),
        None => {
            let mut alone = Body::default();
            alone.push(None, node.block.clone());
            let done = translate::translate(&alone, block, 0..1, &|_| Place::Elsewhere, targets);
            told = done.notes;
            let drafts = done.forest.drafts.into_iter();
            drafts.map(|draft| (draft.kind, draft.payload)).collect()
        }
    };
    notes.later.extend(told.later);
    let mut written = written.into_iter();
    let (kind, payload) = written.next()?;
    if written.next().is_some() {
        let why = "the text is too long to be written again with its new links";
        notes.lose(block, "links", why, Degree::Detail);
        return None;
    }
    let text: Map<String, Value> = payload
        .into_iter()
        .filter(|(key, _)| matches!(key.as_str(), "rich_text" | "caption" | "cells" | "url"))
        .collect();
    let text = Value::Object(text);
    let mut found = Vec::new();
    pending(&text, &mut found);
    (!found.is_empty()).then(|| json!({ kind: text }))
}

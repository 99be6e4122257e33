//! The blocks that the requests for the pages did not take, and text that is written
//! again because it names what came later.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::moment::Moment;
use super::{Error, Part, PendingId, Planner, Under, Unwritten};
use crate::model::NotionId;
use crate::notion::Method;
use crate::restore::blocks::{self, BodyPlan, BodyStep};
use crate::restore::body::Body;
use crate::restore::loss::Notes;
use crate::restore::original::PageData;
use crate::restore::targets::Target;

impl Planner<'_> {
    /// Writes the bodies. A page that refers to a synced block of another one waits until
    /// that one is written, unless both wait for each other.
    pub(super) fn write_bodies(&mut self) -> Result<(), Error> {
        let mut todo: VecDeque<Unwritten> = std::mem::take(&mut self.bodies).into();
        // How many pages in a row had to wait.
        let mut waited = 0;
        while let Some(unwritten) = todo.pop_front() {
            let may_wait = waited < todo.len() + 1;
            match self.write_body(&unwritten, may_wait)? {
                Written::Whole => waited = 0,
                Written::Upto(taken) => {
                    waited = 0;
                    todo.push_back(Unwritten { taken, ..unwritten });
                }
                Written::Nothing => {
                    waited += 1;
                    todo.push_back(unwritten);
                }
            }
        }
        Ok(())
    }

    /// Writes one body, as far as it need not wait.
    fn write_body(&mut self, unwritten: &Unwritten, may_wait: bool) -> Result<Written, Error> {
        let page = unwritten.page;
        let mut data = self.unwritten(unwritten);
        let mut planned = self.rest(&data, unwritten);
        let waits_for = |id: &NotionId| {
            let there = self.original.facts.blocks.get(id);
            there.is_some_and(|there| *there != page)
                && self.original.facts.originals.contains(id)
                && matches!(self.target(*id), Target::Later(_))
        };
        let mut written = Written::Whole;
        if planned.notes.later.iter().any(waits_for) {
            if may_wait {
                return Ok(Written::Nothing);
            }
            // Pages that wait for each other: what comes before the first reference goes
            // first. Where there are child pages, its place would be lost.
            let upto = first_referring(&data.body, &waits_for);
            let grows = data
                .body
                .top
                .iter()
                .filter_map(|at| data.body.nodes.get(*at));
            let mut anchors = grows.filter(|node| node.kind().starts_with("child_"));
            if upto > unwritten.taken && anchors.next().is_none() {
                data.body.top.truncate(upto);
                planned = self.rest(&data, unwritten);
                written = Written::Upto(upto);
            }
        }
        self.planned.totals.blocks += planned.blocks;
        let lane = PendingId::of(page);
        for step in planned.steps {
            match step {
                BodyStep::Append {
                    parent,
                    position,
                    children,
                    makes,
                    about,
                } => {
                    let count = children.len().try_into().unwrap_or(u32::MAX);
                    let before = self.one_more(parent, count);
                    for (child, token) in children.iter().zip(&makes) {
                        let kind = child["type"].as_str().unwrap_or_default();
                        let inside = child[kind]["children"].as_array().map_or(0, Vec::len);
                        self.held
                            .insert(*token, inside.try_into().unwrap_or(u32::MAX));
                    }
                    let mut body = json!({ "children": children });
                    if let Some(position) = position.json() {
                        body["position"] = position;
                    }
                    let path = Planner::path("blocks", parent).then("/children");
                    let about = about.first().copied().unwrap_or(page);
                    let learns = results(&makes);
                    self.call_after(
                        Part::Body,
                        about,
                        lane,
                        before,
                        (Method::Patch, path, body),
                        learns,
                    )?;
                }
                BodyStep::Learn { parent, makes } => {
                    let path = Planner::path("blocks", parent).then("/children?page_size=100");
                    let call = (Method::Get, path, Value::Null);
                    self.call(Part::Body, page, lane, call, results(&makes))?;
                }
                BodyStep::Remove { block } => self.holders.push((page, block)),
                BodyStep::Linked { database, after } => {
                    self.linked_after.insert(database, after);
                }
            }
        }
        for block in planned.rewrite {
            self.rewrites.push((page, block));
        }
        self.note(planned.notes);
        Ok(written)
    }

    /// The steps for what is left of a body.
    fn rest(&self, data: &PageData, unwritten: &Unwritten) -> BodyPlan {
        let page = unwritten.page;
        let moment = Moment {
            planner: self,
            files: &data.files,
        };
        let place = |id: NotionId| self.place(page, id);
        blocks::rest(&data.body, page, unwritten.taken, &place, &moment)
    }

    /// Writes text again that names what was made after it.
    pub(super) fn rewrite(&mut self) -> Result<(), Error> {
        for (page, under, names) in std::mem::take(&mut self.again) {
            let data = self.load(page);
            let mut properties = self.texts(page, &data, under);
            properties.retain(|name, _| names.contains(name));
            if !properties.is_empty() {
                let properties = match under {
                    Under::Source(source) => self.keyed(source, properties, Vec::new()),
                    _ => Value::Object(properties),
                };
                let path = Planner::path("pages", PendingId::of(page));
                let call = (Method::Patch, path, json!({ "properties": properties }));
                self.call(Part::Relation, page, PendingId::of(page), call, Vec::new())?;
            }
        }
        for database in std::mem::take(&mut self.again_databases) {
            let Ok(data) = self.original.database(database) else {
                continue;
            };
            let body = self.database_texts(database, &data.container, &mut Notes::default());
            let path = Planner::path("databases", PendingId::of(database));
            let call = (Method::Patch, path, Value::Object(body));
            self.call(
                Part::Relation,
                database,
                PendingId::of(database),
                call,
                Vec::new(),
            )?;
        }
        let mut by_page: std::collections::BTreeMap<NotionId, Vec<NotionId>> = Default::default();
        for (page, block) in std::mem::take(&mut self.rewrites) {
            by_page.entry(page).or_default().push(block);
        }
        for (page, blocks) in by_page {
            let data = self.load(page);
            for block in blocks {
                let mut notes = Notes::default();
                let body = {
                    let moment = Moment {
                        planner: self,
                        files: &data.files,
                    };
                    blocks::rewrite(&data.body, block, &moment, &mut notes)
                };
                if let Some(body) = body {
                    let path = Planner::path("blocks", PendingId::of(block));
                    let call = (Method::Patch, path, body);
                    self.call(Part::Relation, block, PendingId::of(page), call, Vec::new())?;
                }
            }
        }
        Ok(())
    }
}

/// How far a body is written.
enum Written {
    /// To its end.
    Whole,
    /// So many of its first-level blocks.
    Upto(usize),
    /// It waits.
    Nothing,
}

/// The place of the first first-level block that is, or holds, a reference to a synced
/// block of `which`.
fn first_referring(body: &Body, which: &dyn Fn(&NotionId) -> bool) -> usize {
    let refers = |at: &usize| {
        let mut todo = vec![*at];
        while let Some(node) = todo.pop().and_then(|at| body.nodes.get(at)) {
            let from = node.payload()["synced_from"]["block_id"].as_str();
            if from
                .and_then(|id| id.parse().ok())
                .is_some_and(|id| which(&id))
            {
                return true;
            }
            todo.extend(&node.children);
        }
        false
    };
    let first = body.top.iter().position(refers);
    first.unwrap_or(body.top.len())
}

/// Where an answer lists the ids of new blocks.
fn results(makes: &[PendingId]) -> Vec<(String, PendingId)> {
    let indexed = makes.iter().enumerate();
    indexed
        .map(|(at, token)| (format!("/results/{at}/id"), *token))
        .collect()
}

//! The blocks that the requests for the pages did not take, and text that is written
//! again because it names what came later.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::moment::Moment;
use super::{Error, Part, Planner, Token, Unwritten};
use crate::model::NotionId;
use crate::notion::Method;
use crate::restore::blocks::{self, BodyStep};
use crate::restore::loss::Notes;

impl Planner<'_> {
    /// Writes the bodies. A page that refers to a synced block of another one waits until
    /// that one is written, unless both wait for each other.
    pub(super) fn write_bodies(&mut self) -> Result<(), Error> {
        let mut todo: VecDeque<Unwritten> = std::mem::take(&mut self.bodies).into();
        // How many pages in a row had to wait.
        let mut waited = 0;
        while let Some(unwritten) = todo.pop_front() {
            let may_wait = waited < todo.len() + 1;
            if self.write_body(&unwritten, may_wait)? {
                waited = 0;
            } else {
                waited += 1;
                todo.push_back(unwritten);
            }
        }
        Ok(())
    }

    /// Writes one body; false when it should wait.
    fn write_body(&mut self, unwritten: &Unwritten, may_wait: bool) -> Result<bool, Error> {
        let page = unwritten.page;
        let data = self.unwritten(unwritten);
        let planned = {
            let moment = Moment {
                planner: self,
                files: &data.files,
                needed: &[],
            };
            let place = |id: NotionId| self.place(page, id);
            blocks::rest(&data.body, page, unwritten.taken, &place, &moment)
        };
        let waits_for = |id: &NotionId| {
            let there = self.original.facts.blocks.get(id);
            there.is_some_and(|there| *there != page) && self.original.facts.originals.contains(id)
        };
        if may_wait && planned.notes.later.iter().any(waits_for) {
            return Ok(false);
        }
        self.planned.totals.blocks += planned.blocks;
        let lane = Token::of(page);
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
                    let path = format!("/v1/blocks/{parent}/children");
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
                    let path = format!("/v1/blocks/{parent}/children?page_size=100");
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
        Ok(true)
    }

    /// Writes text again that names what was made after it.
    pub(super) fn rewrite(&mut self) -> Result<(), Error> {
        for (page, under, names) in std::mem::take(&mut self.again) {
            let data = self.load(page);
            let mut properties = self.texts(page, &data, under);
            properties.retain(|name, _| names.contains(name));
            if !properties.is_empty() {
                let path = format!("/v1/pages/{}", Token::of(page));
                let call = (Method::Patch, path, json!({ "properties": properties }));
                self.call(Part::Relation, page, Token::of(page), call, Vec::new())?;
            }
        }
        for database in std::mem::take(&mut self.again_databases) {
            let Ok(data) = self.original.database(database) else {
                continue;
            };
            let body = self.database_texts(database, &data.container, &mut Notes::default());
            let path = format!("/v1/databases/{}", Token::of(database));
            let call = (Method::Patch, path, Value::Object(body));
            self.call(
                Part::Relation,
                database,
                Token::of(database),
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
                        needed: &[],
                    };
                    blocks::rewrite(&data.body, block, &moment, &mut notes)
                };
                if let Some(body) = body {
                    let path = format!("/v1/blocks/{}", Token::of(block));
                    let call = (Method::Patch, path, body);
                    self.call(Part::Relation, block, Token::of(page), call, Vec::new())?;
                }
            }
        }
        Ok(())
    }
}

/// Where an answer lists the ids of new blocks.
fn results(makes: &[Token]) -> Vec<(String, Token)> {
    let indexed = makes.iter().enumerate();
    indexed
        .map(|(at, token)| (format!("/results/{at}/id"), *token))
        .collect()
}

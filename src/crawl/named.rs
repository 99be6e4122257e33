//! The rounds after the first walk: what was only named, moved, or is missing.
//!
//! Search is not exhaustive, listings hide what is not shared, and timestamps do not
//! tell everything. So after the walk the crawl looks at what does not fit together
//! and reads on, until everything fits or has been asked for once.

use std::collections::{BTreeSet, HashSet};

use super::Error;
use super::context::Crawl;
use super::failed::Failed;
use super::ledger::{Line, Status};
use super::look_up::Named;
use super::node::{Around, Content, Node};
use super::walk::Work;
use crate::model::{How, Kind, NotionId, Parent, in_trash, parent_of, type_of};

/// Why something that is named is left out.
const OUTSIDE: &str = "it is outside the given roots";

impl<'c> Crawl<'c> {
    /// What is still to be done after a round; nothing when everything fits.
    pub fn next_round(&'c self) -> Result<Vec<Work>, Error> {
        self.orphans()?;
        self.below_trash()?;
        let mut works = self.refresh();
        if works.is_empty() {
            works = self.missing();
        }
        if works.is_empty() {
            works = self.unknown();
        }
        Ok(works)
    }

    /// Pages that no list shows: the page they live in must have changed unnoticed.
    fn orphans(&self) -> Result<(), Error> {
        let mut lonely = Vec::new();
        {
            let found = self.found();
            let shown: HashSet<NotionId> = found
                .slots
                .values()
                .flatten()
                .map(|(child, _)| *child)
                .collect();
            for (id, node) in &found.nodes {
                let inside = match node.parent {
                    Parent::Page(_) | Parent::Block(_) => true,
                    Parent::Workspace | Parent::Unknown => false,
                    // No list shows rows, but their database must be known.
                    parent => self
                        .database_of(parent)
                        .is_none_or(|it| !found.nodes.contains_key(&it)),
                };
                let template = found.templates.contains_key(id);
                if inside && node.is_there() && !template && !shown.contains(id) {
                    lonely.push((*id, node.parent));
                }
            }
        }
        lonely.sort_unstable_by_key(|(id, _)| *id);
        for (id, parent) in lonely {
            let kept = self.found().nodes.get(&id).is_some_and(Node::is_base);
            let before = self.base.nodes.get(&id).and_then(|node| node.above);
            let same = self.base.parents.get(&id) == Some(&parent.id());
            let carried = |id: NotionId| self.found().nodes.get(&id).is_some_and(Node::is_base);
            let around = match (parent, before) {
                (Parent::Page(page), _) => Around::Page(page),
                (Parent::Block(_), Some(before)) if same && carried(before) => Around::Page(before),
                (Parent::Block(_), None) if same && kept => Around::Nothing,
                (Parent::Block(block), _) => self.around_block(block)?,
                (parent, _) => match self.database_of(parent) {
                    Some(database) => Around::Page(database),
                    None => Around::Nothing,
                },
            };
            let mut found = self.found();
            found.around.insert(id, around);
            let Around::Page(owner) = around else {
                if let Parent::DataSource(source, _) = parent
                    && !(kept && same)
                {
                    let named = found.references.entry(source).or_default();
                    named.insert((How::ParentSource, id));
                }
                continue;
            };
            match found.nodes.get(&owner) {
                Some(node) if node.is_base() && before != Some(owner) => {
                    found.stale.insert(owner);
                }
                // Search knows what is inside and not the page around it.
                None if !(self.options.roots.contains(&id) || (kept && same)) => {
                    let named = found.references.entry(owner).or_default();
                    named.insert((How::Parent, id));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What lies in something that is in the trash is in the trash as well, though Notion
    /// does not say so of each.
    fn below_trash(&self) -> Result<(), Error> {
        loop {
            let trashed: Vec<(NotionId, Kind)> = {
                let found = self.found();
                let gone = |id: NotionId| {
                    let content = found.nodes.get(&id).map(|node| &node.content);
                    matches!(content, Some(Content::Missing(Status::Trashed, _)))
                };
                let there = found.nodes.iter().filter(|(_, node)| node.is_there());
                let inside = there.filter(|(id, node)| match node.parent {
                    Parent::Page(above) | Parent::Database(above) => gone(above),
                    Parent::Block(_) => match found.around.get(id) {
                        Some(Around::Page(page)) => gone(*page),
                        around => around == Some(&Around::Trash),
                    },
                    Parent::DataSource(source, _) => {
                        self.database_of(node.parent).is_some_and(gone)
                            || self
                                .listing
                                .get(source)
                                .is_some_and(|listed| listed.trashed)
                    }
                    Parent::Workspace | Parent::Unknown => false,
                });
                inside.map(|(id, node)| (*id, node.kind)).collect()
            };
            if trashed.is_empty() {
                return Ok(());
            }
            for (id, kind) in trashed {
                self.lost(id, kind, Failed::Trashed)?;
            }
        }
    }

    /// Whether something above is in the trash, by asking from parent to parent.
    pub fn lies_in_trash(&self, parent: Parent) -> Result<bool, Error> {
        let mut seen = HashSet::new();
        let mut at = parent;
        loop {
            let answer = match at {
                Parent::Page(id) => self.api.page(id),
                Parent::Block(id) => self.api.block(id),
                Parent::Database(id) => self.api.database(id),
                Parent::DataSource(..) => match self.database_of(at) {
                    Some(id) => self.api.database(id),
                    None => return Ok(false),
                },
                Parent::Workspace | Parent::Unknown => return Ok(false),
            };
            match answer.map_err(Failed::from) {
                Ok(answer) if in_trash(&answer) => return Ok(true),
                Ok(answer) => at = parent_of(&answer),
                Err(Failed::Fatal(error)) => return Err(error),
                Err(_) => return Ok(false),
            }
            if !seen.insert(at) {
                return Ok(false);
            }
        }
    }

    /// What is around a block, by asking from block to block (section 9.1 of the API digest).
    pub(super) fn around_block(&self, block: NotionId) -> Result<Around, Error> {
        if let Some(known) = self.found().around.get(&block) {
            return Ok(*known);
        }
        let mut seen = HashSet::new();
        let mut at = block;
        let around = loop {
            if self.found().nodes.contains_key(&at) {
                break Around::Page(at);
            }
            if !seen.insert(at) {
                break Around::Nothing;
            }
            match self.api.block(at).map_err(Failed::from) {
                Ok(answer) if in_trash(&answer) => break Around::Trash,
                // Pages and databases answer as blocks as well.
                Ok(answer) if matches!(type_of(&answer), "child_page" | "child_database") => {
                    break Around::Page(at);
                }
                Ok(answer) => match parent_of(&answer) {
                    Parent::Page(page) => break Around::Page(page),
                    Parent::Block(above) => at = above,
                    _ => break Around::Nothing,
                },
                Err(Failed::Fatal(error)) => return Err(error),
                // A climb that cannot go on ends in a root of its own.
                Err(_) => break Around::Nothing,
            }
        };
        self.found().around.insert(block, around);
        Ok(around)
    }

    /// Carried-over pages that were found to have changed; each is read again once.
    fn refresh(&self) -> Vec<Work> {
        let mut found = self.found();
        let stale: BTreeSet<NotionId> = std::mem::take(&mut found.stale);
        let mut works = Vec::new();
        for id in stale {
            if found.nodes.get(&id).is_some_and(|node| node.is_base()) && found.refreshed.insert(id)
            {
                works.push(Work::Again(id));
            }
        }
        works
    }

    /// Nodes of the base that this run has not met.
    fn missing(&self) -> Vec<Work> {
        let found = self.found();
        let mut missing: Vec<NotionId> = self.base.nodes.keys().copied().collect();
        missing.retain(|id| !found.claimed.contains(id));
        drop(found);
        missing.sort_unstable();
        let works = missing.into_iter().filter_map(|id| {
            if !self.is_inside(id) {
                self.leave_out(id);
                return None;
            }
            self.work_in_base(id)
        });
        works.collect()
    }

    /// With given roots: whether something alive may still be below one of them.
    fn is_inside(&self, id: NotionId) -> bool {
        if self.options.roots.is_empty() || self.options.roots.contains(&id) {
            return true;
        }
        let Some(listed) = self.listing.get(id) else {
            return true;
        };
        let found = self.found();
        let there = |id: NotionId| found.nodes.get(&id).is_some_and(|node| node.is_there());
        match listed.parent {
            Parent::Workspace => false,
            // A block's page is not known here; the page itself is asked for.
            Parent::Block(_) | Parent::Unknown => true,
            parent => parent.id().is_some_and(there),
        }
    }

    fn leave_out(&self, id: NotionId) {
        let kind = self
            .base
            .nodes
            .get(&id)
            .map_or(Kind::Page, |node| node.kind);
        let reason = "it was moved out of the given roots";
        let mut found = self.found();
        found.claimed.insert(id);
        found
            .loose
            .push(Line::new(id, kind, Status::Excluded, reason));
    }

    /// What was named by something read in this run and is known from nowhere else.
    fn unknown(&self) -> Vec<Work> {
        let mut found = self.found();
        let noted: HashSet<NotionId> = found
            .lines
            .values()
            .flatten()
            .chain(&self.base.lines)
            .filter(|line| line.status == Status::Captured)
            .map(|line| line.id)
            .collect();
        let mut todo: Vec<(NotionId, How)> = found
            .references
            .iter()
            .filter(|(id, _)| !found.nodes.contains_key(id) && !noted.contains(id))
            .filter_map(|(id, named)| Some((*id, named.first()?.0)))
            .filter(|(_, how)| *how != How::Person)
            .collect();
        todo.retain(|(id, _)| found.asked.insert(*id));
        todo.sort_unstable();
        todo.into_iter()
            .map(|(id, how)| Work::Named(id, how))
            .collect()
    }

    /// Asks what became of something that was only named.
    pub fn named(&'c self, id: NotionId, how: How) -> Result<Vec<Work>, Error> {
        if let Some(work) = self.work_for(id) {
            // Listed, but not below the given roots.
            if !self.options.roots.is_empty() {
                self.name_line(id, work.kind(), Status::Excluded, OUTSIDE);
                return Ok(Vec::new());
            }
            return Ok(vec![work]);
        }
        match self.look_up(id, how) {
            Ok(Named::Alive(work)) if self.options.roots.is_empty() => return Ok(vec![work]),
            Ok(Named::Alive(work)) => self.name_line(id, work.kind(), Status::Excluded, OUTSIDE),
            // An object of its own, so that what lies in it is known to be lost.
            Ok(Named::Trashed(kind)) => return self.lost(id, kind, Failed::Trashed),
            Ok(Named::Outside(kind)) => self.name_line(id, kind, Status::Excluded, OUTSIDE),
            Ok(Named::Part(kind)) => self.name_line(id, kind, Status::Captured, ""),
            Err((kind, failed)) => match failed.recoverable() {
                Ok((status, reason)) => self.name_line(id, kind, status, &reason),
                Err(Failed::Fatal(error)) => return Err(error),
                Err(_) => {}
            },
        }
        Ok(Vec::new())
    }

    fn name_line(&self, id: NotionId, kind: Kind, status: Status, reason: &str) {
        let mut line = Line::new(id, kind, status, reason);
        let mut found = self.found();
        for (how, owner) in found.references.get(&id).into_iter().flatten() {
            line.found.insert(*how);
            line.owners.insert(*owner);
        }
        found.loose.push(line);
    }
}

//! The account of a crawl: the ledger, the counts, the problems.

use std::collections::{BTreeMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::assemble::Layout;
use super::context::Crawl;
use super::ledger::{Ledger, Line, Status};
use super::node::{Content, Found, Node};
use crate::model::{How, Kind, NotionId, Parent};
use crate::repo::{ObjectId, SnapshotId};

/// How long a lost object stays in the ledger; Notion empties the trash after as long
/// (section 7.2 of the API digest).
const REMEMBER: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How many problems a summary names; the ledger has them all.
const PROBLEMS: usize = 100;

/// A finished crawl.
#[derive(Debug)]
pub struct Crawled {
    /// The root tree.
    pub tree: ObjectId,
    /// The snapshot that unchanged pages were carried over from.
    pub parent: Option<SnapshotId>,
    /// Pages and databases in the previous snapshot.
    pub before: u64,
    /// How many of those are not in the tree.
    pub gone: u64,
    /// Whether not one page or database could be seen, readable or not.
    pub nothing_seen: bool,
    /// Objects by kind.
    pub counts: BTreeMap<String, u64>,
    /// Objects by how they ended.
    pub ledger: BTreeMap<String, u64>,
    /// Whether nothing is missing that should be there.
    pub complete: bool,
    /// What could not be read and why, the first hundred.
    pub problems: Vec<String>,
    /// When each page and database in the tree was last read.
    pub reads: BTreeMap<NotionId, Timestamp>,
}

impl Crawl<'_> {
    /// The base's lines that still hold: about parts of what is carried over, and about
    /// what was lost not long ago.
    pub fn carried_lines(&self) -> Vec<Line> {
        let found = self.found();
        let now = self.api.now();
        let carried = |id: &NotionId| found.nodes.get(id).is_some_and(Node::is_base);
        let there = |id: &NotionId| found.nodes.contains_key(id);
        let lines = self.base.lines.iter().filter_map(|line| {
            let node = matches!(line.kind, Kind::Page | Kind::Database) && line.place.is_empty();
            if node && there(&line.id) {
                return None;
            }
            if let Some(line) = still_owned(line, carried) {
                return Some(line);
            }
            let recent = line
                .since
                .is_some_and(|since| now.duration_since(since) < REMEMBER);
            recent.then(|| {
                let mut line = line.clone();
                line.owners.clear();
                line
            })
        });
        lines.collect()
    }

    /// Writes the ledger, and counts how the objects ended.
    pub fn ledger(&self, layout: &Layout, carried: Vec<Line>) -> (Ledger, BTreeMap<String, u64>) {
        let found = self.found();
        let mut ledger = Ledger::default();
        let mut fresh: HashSet<(NotionId, Kind)> = HashSet::new();
        for (id, node) in &found.nodes {
            if !node.is_base() {
                fresh.insert((*id, node.kind));
            }
            ledger.add(self.node_line(*id, node, layout, &found));
        }
        for (owner, lines) in &found.lines {
            let read = |node: &Node| matches!(node.content, Content::Read(_));
            if found.nodes.get(owner).is_some_and(read) {
                for line in lines {
                    fresh.insert((line.id, line.kind));
                    ledger.add(line.clone());
                }
            }
        }
        let known: HashSet<(NotionId, Kind)> = self
            .base
            .lines
            .iter()
            .map(|line| (line.id, line.kind))
            .collect();
        for line in &found.loose {
            if !known.contains(&(line.id, line.kind)) {
                fresh.insert((line.id, line.kind));
            }
            ledger.add(line.clone());
        }
        carried.into_iter().for_each(|line| ledger.add(line));
        let mut counts = BTreeMap::new();
        for line in ledger.lines() {
            let word = match line.status {
                Status::Captured if !fresh.contains(&(line.id, line.kind)) => "unchanged",
                status => status.word(),
            };
            *counts.entry(word.to_string()).or_insert(0) += 1;
        }
        (ledger, counts)
    }

    fn node_line(&self, id: NotionId, node: &Node, layout: &Layout, found: &Found) -> Line {
        let mut line = match &node.content {
            Content::Missing(status, reason) => Line::new(id, node.kind, *status, reason.clone()),
            Content::Read(_) | Content::Base => Line::new(id, node.kind, Status::Captured, ""),
        };
        line.parent = node.reported;
        let shown_by = layout.shown_by.get(&id);
        let ways = [
            (How::Root, self.options.roots.contains(&id)),
            (How::Search, node.searched),
            (
                How::Child,
                shown_by.is_some() && !matches!(node.parent, Parent::DataSource(..)),
            ),
            (How::Row, matches!(node.parent, Parent::DataSource(..))),
            (How::Template, found.templates.contains_key(&id)),
        ];
        line.found
            .extend(ways.into_iter().filter(|(_, met)| *met).map(|(way, _)| way));
        if line.found.is_empty() || !node.is_there() {
            for (how, owner) in found.references.get(&id).into_iter().flatten() {
                line.found.insert(*how);
                line.owners.insert(*owner);
            }
            if let Some(named) = self.base.named.get(&id) {
                let carried = |id: &NotionId| found.nodes.get(id).is_some_and(Node::is_base);
                if let Some(named) = still_owned(named, carried) {
                    line.found.extend(named.found);
                    line.owners.extend(named.owners);
                }
            }
        }
        if !node.is_there() {
            line.owners.extend(shown_by.into_iter().flatten());
            line.since = match self.base.missed.get(&id) {
                Some(since) => Some(*since),
                None if self.base.nodes.contains_key(&id) => {
                    Timestamp::from_second(self.api.now().as_second()).ok()
                }
                None => None,
            };
        }
        line
    }

    pub fn result(&self, tree: ObjectId, ledger: &Ledger, ended: BTreeMap<String, u64>) -> Crawled {
        let found = self.found();
        let losses = || ledger.lines().filter(|line| line.status.is_loss());
        let problems = losses().take(PROBLEMS).map(describe);
        let there = found.nodes.iter().filter(|(_, node)| node.is_there());
        let is_there = |id: &&NotionId| found.nodes.get(*id).is_some_and(Node::is_there);
        let gone = self.base.nodes.keys().filter(|id| !is_there(id));
        Crawled {
            tree,
            parent: self.base.snapshot.as_ref().map(|(id, _)| id.clone()),
            before: self.base.nodes.len() as u64,
            gone: gone.count() as u64,
            nothing_seen: !found.nodes.values().any(is_seen),
            counts: ledger.contents(),
            ledger: ended,
            complete: losses().next().is_none(),
            problems: problems.collect(),
            reads: there
                .filter_map(|(id, node)| Some((*id, node.read?)))
                .collect(),
        }
    }
}

/// Whether a page or database is shared, as far as can be told: what is in the trash, gone
/// or outside the roots is not.
fn is_seen(node: &Node) -> bool {
    match &node.content {
        Content::Read(_) | Content::Base => true,
        Content::Missing(status, _) => status.is_loss() || *status == Status::Unsupported,
    }
}

fn describe(line: &Line) -> String {
    let kind = match line.kind {
        Kind::Page => "page",
        Kind::Database => "database",
        Kind::DataSource => "data source",
        Kind::View => "view",
        Kind::Block => "block",
        Kind::Comment => "comments of",
        Kind::User => "user",
        Kind::CustomEmoji => "emoji",
        Kind::File => "file of",
        Kind::Property => "property of",
    };
    let place = if line.place.is_empty() {
        String::new()
    } else {
        format!(" {}", line.place)
    };
    let owner = line.owners.first().filter(|owner| **owner != line.id);
    let within = owner
        .map(|owner| format!(" in {owner}"))
        .unwrap_or_default();
    format!(
        "{kind} {}{place}{within}: {}: {}",
        line.id,
        line.status.word(),
        line.reason
    )
}

/// Whether a carried-over line still holds: somebody who names it was carried over too.
fn still_owned(line: &Line, carried: impl Fn(&NotionId) -> bool) -> Option<Line> {
    let mut line = line.clone();
    line.owners.retain(|owner| carried(owner));
    (!line.owners.is_empty()).then_some(line)
}

//! The previous snapshot of the same workspace and roots, as something to compare with.
//!
//! Only an index is in memory: which pages and databases the snapshot holds, where,
//! and how old they are. The trees themselves are read again when one is carried over.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use rayon::prelude::*;
use serde_json::Value;

use super::Error;
use super::body::{Body, Slot};
use super::ledger::{self, Line, Status};
use crate::model::{How, Kind, NotionId};
use crate::repo::{self, Entry, EntryKind, ObjectId, Repository, Snapshot, SnapshotId, Tree};

/// The directory for what has no place in the tree of pages (contract C8).
pub const RESERVED: &str = ".notion-backup";

/// The greatest JSON file that is read back into memory, in bytes. A page's listing of
/// ten thousand long blocks stays far below it.
pub const JSON_LIMIT: u64 = 512 << 20;

/// How many trees are read at once.
const PORTION: usize = 1024;

/// A page or database of the previous snapshot.
#[derive(Clone, Copy, Debug)]
pub struct BaseNode {
    /// Page or database.
    pub kind: Kind,
    /// Its directory.
    pub tree: ObjectId,
    /// The page or database around it; `None` at the top.
    pub above: Option<NotionId>,
    /// For a template, its data source.
    pub template_of: Option<NotionId>,
    /// `last_edited_time`.
    pub edited: Option<Timestamp>,
}

/// The index of the previous snapshot.
#[derive(Default)]
pub struct BaseIndex {
    /// The snapshot, if there is one.
    pub snapshot: Option<(SnapshotId, Snapshot)>,
    /// Its pages and databases, stand-ins left out.
    pub nodes: HashMap<NotionId, BaseNode>,
    /// The nodes directly below each.
    pub children: HashMap<NotionId, Vec<NotionId>>,
    /// Those that a list shows, and that do not merely say where they live.
    pub shown: HashSet<NotionId>,
    /// Whether a part of the ledger is lost: then nothing can be carried over with confidence.
    pub ledger_lost: bool,
    /// Those of which the repository has lost something: they are read anew.
    pub broken: HashSet<NotionId>,
    /// Those that were only named: how, and by whom.
    pub named: HashMap<NotionId, Line>,
    /// The parent that Notion reported for each page and database.
    pub parents: HashMap<NotionId, Option<NotionId>>,
    /// The ledger's lines about everything that is no node of its own.
    pub lines: Vec<Line>,
    /// When each lost object was first missed.
    pub missed: HashMap<NotionId, Timestamp>,
    /// What must be read again because something of it is missing.
    pub lossy: HashSet<NotionId>,
    /// The database of each data source.
    pub sources: HashMap<NotionId, NotionId>,
    /// The data sources of each database, with their times.
    pub databases: HashMap<NotionId, Vec<(NotionId, Option<Timestamp>)>>,
    /// The template pages of each data source.
    pub templates: HashMap<NotionId, Vec<NotionId>>,
    /// The files of the reserved directory, without the ledger.
    pub reserved: BTreeMap<String, Entry>,
}

/// A directory to look into: whose pages lie in it.
struct Step {
    tree: ObjectId,
    name: Option<NotionId>,
    above: Option<NotionId>,
    template_of: Option<NotionId>,
}

impl BaseIndex {
    /// Reads the trees and the ledger of a snapshot.
    pub fn load(repo: &Repository, id: SnapshotId, snapshot: Snapshot) -> Result<BaseIndex, Error> {
        let mut index = BaseIndex::default();
        let mut level = Vec::new();
        let root = unless_damaged(repo.tree(snapshot.tree))?;
        let Some(root) = root else {
            return Ok(index);
        };
        for entry in root.entries {
            if entry.name == RESERVED {
                index.load_reserved(repo, entry.id, &mut level)?;
            } else if let Some(step) = step(&entry, None, None) {
                level.push(step);
            }
        }
        // A stack of our own, taken in portions: neither depth nor breadth fills memory.
        while !level.is_empty() {
            let portion = level.split_off(level.len().saturating_sub(PORTION));
            let looks: Vec<Look> = portion
                .into_par_iter()
                .map(|step| look(repo, step))
                .collect::<Result<_, _>>()?;
            for Look { step, tree, whole } in looks {
                let owner = tree.map_or(step.above, |tree| index.take(step, tree, &mut level));
                index.broken.extend(owner.filter(|_| !whole));
            }
        }
        index.snapshot = Some((id, snapshot));
        Ok(index)
    }

    fn load_reserved(
        &mut self,
        repo: &Repository,
        tree: ObjectId,
        level: &mut Vec<Step>,
    ) -> Result<(), Error> {
        let reserved = unless_damaged(repo.tree(tree))?;
        self.ledger_lost |= reserved.is_none();
        for entry in reserved.unwrap_or_default().entries {
            match (entry.kind, entry.name.as_str()) {
                (EntryKind::Directory, "ledger") => {
                    let shards = unless_damaged(repo.tree(entry.id))?;
                    self.ledger_lost |= shards.is_none();
                    for file in shards.unwrap_or_default().entries {
                        let shard = unless_damaged(repo.read(file.id, JSON_LIMIT))?;
                        self.ledger_lost |= shard.is_none();
                        ledger::parse(&shard.unwrap_or_default())
                            .for_each(|line| self.take_line(line));
                    }
                }
                (EntryKind::Directory, "templates") => {
                    let sources = unless_damaged(repo.tree(entry.id))?.unwrap_or_default();
                    for source in sources.entries {
                        let Ok(of) = source.name.parse::<NotionId>() else {
                            continue;
                        };
                        let pages = unless_damaged(repo.tree(source.id))?.unwrap_or_default();
                        for page in pages.entries {
                            level.extend(step(&page, None, Some(of)));
                        }
                    }
                }
                (EntryKind::File, _) => {
                    self.reserved.insert(entry.name.clone(), entry);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn take_line(&mut self, line: Line) {
        if line.status.is_loss() {
            self.lossy.insert(line.id);
            self.lossy.extend(&line.owners);
        }
        if let Some(since) = line.since {
            self.missed.entry(line.id).or_insert(since);
        }
        match line.kind {
            Kind::Page | Kind::Database if line.place.is_empty() => {
                self.parents.insert(line.id, line.parent);
                if line.found.contains(&How::Child) {
                    self.shown.insert(line.id);
                }
                if line.status == Status::Captured {
                    if !line.owners.is_empty() {
                        self.named.insert(line.id, line);
                    }
                    return;
                }
            }
            Kind::DataSource => {
                if let Some(database) = line.parent
                    && line.place.is_empty()
                    && line.status == Status::Captured
                {
                    self.sources.insert(line.id, database);
                    self.databases
                        .entry(database)
                        .or_default()
                        .push((line.id, line.edited));
                }
            }
            _ => {}
        }
        self.lines.push(line);
    }

    /// Takes a directory in and returns whose it is.
    fn take(&mut self, step: Step, tree: Tree, level: &mut Vec<Step>) -> Option<NotionId> {
        let file = |name: &str| tree.entries.iter().find(|entry| entry.name == name);
        let own = match (
            file("unavailable.json"),
            file("page.json"),
            file("database.json"),
        ) {
            // A stand-in is nothing to carry over, but what lies in it may be.
            (Some(_), _, _) => None,
            (_, Some(page), _) => Some((Kind::Page, page.modified)),
            (_, _, Some(database)) => Some((Kind::Database, database.modified)),
            _ => None,
        };
        let mut above = step.above;
        if let (Some((kind, edited)), Some(id)) = (own, step.name) {
            let node = BaseNode {
                kind,
                tree: step.tree,
                above,
                template_of: step.template_of,
                edited,
            };
            self.nodes.insert(id, node);
            if let Some(source) = step.template_of {
                self.templates.entry(source).or_default().push(id);
            }
            if let Some(above) = above {
                self.children.entry(above).or_default().push(id);
            }
            above = Some(id);
        }
        level.extend(
            tree.entries
                .iter()
                .filter_map(|entry| self::step(entry, above, None)),
        );
        above
    }

    /// A node that can be carried over.
    pub fn whole(&self, id: NotionId) -> Option<&BaseNode> {
        let node = self.nodes.get(&id);
        node.filter(|_| !self.broken.contains(&id))
    }

    /// Whether the snapshot's run could not list people.
    pub fn people_unlisted(&self) -> bool {
        let mut lines = self.lines.iter();
        lines.any(|line| line.kind == Kind::User && line.place == "listing")
    }

    /// When the snapshot's run began.
    pub fn started(&self) -> Option<Timestamp> {
        self.snapshot.as_ref().map(|(_, snapshot)| snapshot.started)
    }

    /// The body of a node: its directories without those of the nodes below it. Those in a
    /// database are its rows, for which the listings keep no place.
    pub fn body(&self, repo: &Repository, id: NotionId) -> Result<Body, Error> {
        let mut body = Body::new(id);
        let Some(node) = self.nodes.get(&id) else {
            return Ok(body);
        };
        let mut todo = vec![(node.tree, 0u32)];
        while let Some((tree, position)) = todo.pop() {
            for entry in repo.tree(tree)?.entries {
                let name = entry.name.parse::<NotionId>();
                match (entry.kind, name) {
                    (EntryKind::File, _) => {
                        if let Some(directory) = body.directories.get_mut(position as usize) {
                            directory.files.push(entry);
                        }
                    }
                    (EntryKind::Directory, Ok(_)) if node.kind == Kind::Database => {}
                    (EntryKind::Directory, Ok(name)) => match self.nodes.get(&name) {
                        Some(below) if below.above == Some(id) && below.tree == entry.id => {
                            body.slots.push(Slot {
                                id: name,
                                kind: below.kind,
                                directory: position,
                                title: String::new(),
                            });
                        }
                        _ => {
                            let next = body.directory(position, name);
                            todo.push((entry.id, next));
                        }
                    },
                    (EntryKind::Directory, Err(_)) => {}
                }
            }
        }
        Ok(body)
    }

    /// The list of a block inside a node, empty when there is none.
    pub fn blocks(
        &self,
        repo: &Repository,
        id: NotionId,
        block: NotionId,
    ) -> Result<Vec<Value>, Error> {
        let body = match self.body(repo, id) {
            Err(Error::Repo(error)) if error.is_damage() => return Ok(Vec::new()),
            body => body?,
        };
        let mut directories = body.directories.iter().skip(1);
        let own = directories.find(|directory| directory.name == block);
        let mut files = own.into_iter().flat_map(|own| &own.files);
        let Some(list) = files.find(|file| file.name == "blocks.json") else {
            return Ok(Vec::new());
        };
        let content = unless_damaged(repo.read(list.id, JSON_LIMIT))?;
        Ok(content
            .and_then(|content| serde_json::from_slice(&content).ok())
            .unwrap_or_default())
    }

    /// A JSON file in the own directory of a node, if it is there.
    pub fn sidecar(
        &self,
        repo: &Repository,
        id: NotionId,
        name: &str,
    ) -> Result<Option<Value>, Error> {
        let Some(node) = self.nodes.get(&id) else {
            return Ok(None);
        };
        let tree = unless_damaged(repo.tree(node.tree))?.unwrap_or_default();
        let Some(entry) = tree.entries.iter().find(|entry| entry.name == name) else {
            return Ok(None);
        };
        let content = unless_damaged(repo.read(entry.id, JSON_LIMIT))?;
        Ok(content.and_then(|content| serde_json::from_slice(&content).ok()))
    }
}

/// A directory as it was found.
struct Look {
    step: Step,
    tree: Option<Tree>,
    /// Whether it and all files in it are there.
    whole: bool,
}

fn look(repo: &Repository, step: Step) -> Result<Look, Error> {
    let Some(tree) = unless_damaged(repo.tree(step.tree))? else {
        return Ok(Look {
            step,
            tree: None,
            whole: false,
        });
    };
    let mut whole = true;
    for entry in tree
        .entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::File)
    {
        whole &= repo.has(entry.id)?;
    }
    Ok(Look {
        step,
        tree: Some(tree),
        whole,
    })
}

/// What was read, or `None` where the repository has lost it.
pub fn unless_damaged<T>(read: Result<T, repo::Error>) -> Result<Option<T>, Error> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.is_damage() => {
            log::warn!("the previous snapshot is damaged: {error}");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn step(entry: &Entry, above: Option<NotionId>, template_of: Option<NotionId>) -> Option<Step> {
    let name = entry.name.parse().ok()?;
    (entry.kind == EntryKind::Directory).then_some(Step {
        tree: entry.id,
        name: Some(name),
        above,
        template_of,
    })
}

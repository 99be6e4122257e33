//! Writing the tree of a snapshot once more, without what the repository has lost.
//!
//! The new tree is as good as any: a page whose own file is gone leaves a stand-in, no
//! list names what is not there, and the ledger says of every page that lost something
//! that it failed. So the next dump, which builds on this tree, reads just those again,
//! and finds the rest where it was. Only where something is lost that belongs to no
//! page must it read everything again.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Value, json};

use super::Error;
use super::base::{JSON_LIMIT, RESERVED};
use super::ledger::{self, Ledger, Line, Status};
use crate::model::{Kind, NotionId, stand_in};
use crate::repo::{Entry, EntryKind, ObjectId, Repository, Stored, Tree};

/// What ledgers, stand-ins and lists of files say of what is gone.
const REASON: &str = "lost from the repository";

/// A tree without what is lost.
#[derive(Debug)]
pub struct Mended {
    /// The root.
    pub tree: ObjectId,
    /// Files and directories that were left out; one for a directory with all below it.
    pub dropped: u64,
    /// Whether the next dump must read everything again.
    pub reread: bool,
    /// Objects by kind.
    pub counts: BTreeMap<String, u64>,
    /// Objects by how they ended.
    pub ledger: BTreeMap<String, u64>,
}

/// Writes the tree at `root`, which itself is there, without the objects that are
/// `lost`. Only directories for which `tainted` is true lead to any; the others are
/// taken as they are.
pub fn mend(
    repo: &Repository,
    root: ObjectId,
    lost: &dyn Fn(&ObjectId) -> bool,
    tainted: &dyn Fn(&ObjectId) -> bool,
) -> Result<Mended, Error> {
    let mut mending = Mending {
        repo,
        lost,
        tainted,
        hit: BTreeMap::new(),
        directories: false,
        reread: false,
        dropped: 0,
    };
    let mut root = mending.rebuild(root)?;
    let ledger = mending.ledger(&mut root)?;
    mending.content(&mut root)?;
    Ok(Mended {
        tree: mending.put(root)?,
        dropped: mending.dropped,
        reread: mending.reread,
        counts: ledger.contents(),
        ledger: ledger.endings(),
    })
}

struct Mending<'a> {
    repo: &'a Repository,
    lost: &'a dyn Fn(&ObjectId) -> bool,
    tainted: &'a dyn Fn(&ObjectId) -> bool,
    /// Pages and databases that lost something.
    hit: BTreeMap<NotionId, Kind>,
    /// Whether a directory is gone, so that pages below it may be.
    directories: bool,
    reread: bool,
    dropped: u64,
}

/// A directory being written again.
struct Open {
    name: String,
    /// The page or database that it is, or is in.
    owner: Option<(NotionId, Kind)>,
    entries: Vec<Entry>,
    /// Directories in it that are still to be written.
    todo: Vec<Entry>,
}

impl Mending<'_> {
    /// Writes all directories below the root again; returns what is in the root.
    fn rebuild(&mut self, root: ObjectId) -> Result<Vec<Entry>, Error> {
        let mut stack = vec![self.open(String::new(), root, None, 0)?];
        loop {
            let Some(top) = stack.last_mut() else {
                return Ok(Vec::new());
            };
            if let Some(entry) = top.todo.pop() {
                let owner = top.owner;
                let depth = stack.len();
                stack.push(self.open(entry.name, entry.id, owner, depth)?);
                continue;
            }
            let Some(done) = stack.pop() else {
                return Ok(Vec::new());
            };
            let Some(above) = stack.last_mut() else {
                return Ok(done.entries);
            };
            let tree = self.put(done.entries)?;
            above.entries.push(directory(done.name, tree));
        }
    }

    fn open(
        &mut self,
        name: String,
        id: ObjectId,
        above: Option<(NotionId, Kind)>,
        depth: usize,
    ) -> Result<Open, Error> {
        let tree = self.repo.tree(id)?;
        let own = match (tree.get("page.json"), tree.get("database.json")) {
            (Some(_), _) => Some(Kind::Page),
            (_, Some(_)) => Some(Kind::Database),
            _ => None,
        };
        let own = name.parse().ok().zip(own);
        let owner = own.or(above);
        let known = tree.get("unavailable.json").is_some();
        let mut open = Open {
            name,
            owner,
            entries: Vec::new(),
            todo: Vec::new(),
        };
        let mut attachments = false;
        for entry in tree.entries {
            if !(self.lost)(&entry.id) {
                if entry.kind == EntryKind::Directory && (self.tainted)(&entry.id) {
                    open.todo.push(entry);
                } else {
                    open.entries.push(entry);
                }
                continue;
            }
            self.dropped += 1;
            self.hit.extend(owner);
            match (entry.kind, entry.name.as_str()) {
                (EntryKind::Directory, below) => {
                    self.directories = true;
                    self.reread |= below.parse::<NotionId>().is_err();
                    self.reread |= owner.is_none() && depth > 0;
                }
                (EntryKind::File, "page.json" | "database.json") => {
                    // The list that shows it is read again too.
                    self.hit.extend(above);
                    // A template is in no list of a page.
                    self.reread |= above.is_none() && depth > 1;
                    if let Some((id, kind)) = own {
                        let value = stand_in(kind, id, "");
                        open.entries
                            .push(file(&entry.name, self.repo.put_json(&value)?));
                        if !known {
                            let why = json!({"status": Status::Failed, "reason": REASON});
                            let stored = self.repo.put_json(&why)?;
                            open.entries.push(file("unavailable.json", stored));
                        }
                    }
                }
                (EntryKind::File, name) => {
                    attachments |= name.ends_with(".bin");
                    // The list of what is at the top is written anew.
                    self.reread |= owner.is_none() && !(depth == 0 && name == "content.json");
                }
            }
        }
        if attachments {
            self.unlist(&mut open.entries)?;
        }
        Ok(open)
    }

    /// Takes lost attachments out of `files.json`: they are places without bytes now.
    fn unlist(&self, entries: &mut [Entry]) -> Result<(), Error> {
        let Some(entry) = entries.iter_mut().find(|entry| entry.name == "files.json") else {
            return Ok(());
        };
        let content = self.repo.read(entry.id, JSON_LIMIT)?;
        let Ok(mut rows) = serde_json::from_slice::<Vec<Value>>(&content) else {
            return Ok(());
        };
        for row in rows.iter_mut().filter_map(Value::as_object_mut) {
            let id = row.get("sha256").and_then(Value::as_str);
            if id
                .and_then(|id| id.parse().ok())
                .is_some_and(|id| (self.lost)(&id))
            {
                for key in ["content_type", "size", "sha256", "file"] {
                    row.remove(key);
                }
                row.insert("status".to_string(), Status::Failed.word().into());
                row.insert("reason".to_string(), REASON.into());
            }
        }
        let stored = self.repo.put_json(&Value::Array(rows))?;
        (entry.id, entry.size) = (stored.id, stored.size);
        Ok(())
    }

    /// Writes in the ledger what is no longer there.
    fn ledger(&mut self, root: &mut Vec<Entry>) -> Result<Ledger, Error> {
        let mut reserved = take_directory(self.repo, root, RESERVED)?;
        let mut lines = Vec::new();
        for entry in take_directory(self.repo, &mut reserved, "ledger")? {
            lines.extend(ledger::parse(&self.repo.read(entry.id, JSON_LIMIT)?));
        }
        let present = match self.directories {
            true => Some(self.present(root.iter().chain(&reserved))?),
            false => None,
        };
        let absent = |id: &NotionId| present.as_ref().is_some_and(|there| !there.contains(id));
        let mut ledger = Ledger::default();
        for mut line in lines {
            if line.status == Status::Captured {
                let whole = line.place.is_empty();
                let gone = match line.kind {
                    Kind::Page | Kind::Database if whole => {
                        self.hit.remove(&line.id).is_some() || absent(&line.id)
                    }
                    Kind::DataSource => line.parent.as_ref().is_some_and(absent),
                    _ => !line.owners.is_empty() && line.owners.iter().all(absent),
                };
                if gone {
                    line.status = Status::Failed;
                    line.reason = REASON.to_string();
                }
            }
            ledger.add(line);
        }
        for (id, kind) in &self.hit {
            ledger.add(Line::new(*id, *kind, Status::Failed, REASON));
        }
        let mut files = Vec::new();
        for (name, content) in ledger.files()? {
            files.push(file(&name, self.repo.put(&content)?));
        }
        reserved.push(directory("ledger".to_string(), self.put(files)?));
        root.push(directory(RESERVED.to_string(), self.put(reserved)?));
        Ok(ledger)
    }

    /// The pages and databases that are in these directories with their content.
    fn present<'e>(
        &self,
        entries: impl Iterator<Item = &'e Entry>,
    ) -> Result<HashSet<NotionId>, Error> {
        let mut present = HashSet::new();
        let directory = |entry: &Entry| entry.kind == EntryKind::Directory;
        let mut todo: Vec<Entry> = entries.filter(|entry| directory(entry)).cloned().collect();
        while let Some(entry) = todo.pop() {
            let tree = self.repo.tree(entry.id)?;
            let own = tree.get("page.json").or(tree.get("database.json"));
            if let Ok(id) = entry.name.parse()
                && own.is_some()
                && tree.get("unavailable.json").is_none()
            {
                present.insert(id);
            }
            todo.extend(tree.entries.into_iter().filter(directory));
        }
        Ok(present)
    }

    /// Lists what is at the top anew.
    fn content(&self, root: &mut Vec<Entry>) -> Result<(), Error> {
        root.retain(|entry| entry.name != "content.json");
        root.sort_by(|a, b| a.name.cmp(&b.name));
        let mut list = Vec::new();
        for entry in root.iter() {
            let Ok(id) = entry.name.parse::<NotionId>() else {
                continue;
            };
            let database = self.repo.tree(entry.id)?.get("database.json").is_some();
            let object = if database { "database" } else { "page" };
            list.push(json!({"id": id, "object": object, "parent": {"page_id": "/"}}));
        }
        root.push(file(
            "content.json",
            self.repo.put_json(&Value::Array(list))?,
        ));
        Ok(())
    }

    fn put(&self, entries: Vec<Entry>) -> Result<ObjectId, Error> {
        Ok(self.repo.put_tree(&Tree { entries })?)
    }
}

/// Takes a directory out of a list; returns what is in it, nothing if there is none.
fn take_directory(
    repo: &Repository,
    entries: &mut Vec<Entry>,
    name: &str,
) -> Result<Vec<Entry>, Error> {
    match entries.iter().position(|entry| entry.name == name) {
        Some(at) => Ok(repo.tree(entries.remove(at).id)?.entries),
        None => Ok(Vec::new()),
    }
}

fn directory(name: String, id: ObjectId) -> Entry {
    Entry {
        id,
        kind: EntryKind::Directory,
        modified: None,
        name,
        size: 0,
    }
}

fn file(name: &str, stored: Stored) -> Entry {
    Entry {
        id: stored.id,
        kind: EntryKind::File,
        modified: None,
        name: name.to_string(),
        size: stored.size,
    }
}

//! Finding one's way in a snapshot: paths, ids, titles.
//!
//! A snapshot's tree holds ids and fixed file names only, so what a person knows, a
//! title, is read from the JSON beside them. All walks here are iterative: a workspace
//! may be nested as deep as it likes.

use std::collections::{HashSet, VecDeque};

use serde_json::Value;

use super::error::Error;
use crate::model::{self, NotionId};
use crate::repo::{Entry, EntryKind, ObjectId, Repository, Tree};

/// The largest JSON file that is read whole, in bytes. The first-level blocks of one
/// page are in its file, each a few hundred bytes.
pub const JSON_LIMIT: u64 = 512 * 1024 * 1024;

/// The files that say what a directory is, in the order in which they are looked for.
const FACES: [&str; 3] = ["page.json", "database.json", "blocks.json"];

/// One place in a snapshot.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its path from the snapshot's root, without a slash at either end; empty: the root.
    pub path: String,
    /// What is there.
    pub kind: EntryKind,
    /// The object that holds it.
    pub id: ObjectId,
    /// Bytes, for a file.
    pub size: u64,
    /// When Notion says it was last edited, for a file.
    pub modified: Option<jiff::Timestamp>,
}

impl Place {
    /// The snapshot's root.
    pub fn root(tree: ObjectId) -> Place {
        Place {
            path: String::new(),
            kind: EntryKind::Directory,
            id: tree,
            size: 0,
            modified: None,
        }
    }

    fn below(&self, entry: &Entry) -> Place {
        let path = if self.path.is_empty() {
            entry.name.clone()
        } else {
            format!("{}/{}", self.path, entry.name)
        };
        Place {
            path,
            kind: entry.kind,
            id: entry.id,
            size: entry.size,
            modified: entry.modified,
        }
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// What a directory or file is, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Face {
    /// `page`, `row`, `database`, `block`, `directory` or `file`.
    pub kind: &'static str,
    /// The title; empty when there is none, as for blocks and files.
    pub title: String,
    /// `last_edited_time` as Notion wrote it.
    pub edited: Option<String>,
    /// Why this is a stand-in for something that could not be read.
    pub unavailable: Option<String>,
}

/// The place that `text` names: a path, or the id or link of a page, database or block.
pub fn find(repo: &Repository, root: ObjectId, text: &str) -> Result<Place, Error> {
    // A path may begin with an id, so a path is tried first.
    if let Some(place) = by_path(repo, root, text)? {
        return Ok(place);
    }
    let missing = || {
        Error::failed(format!("the snapshot has no '{text}'"))
            .hint("`ls SNAPSHOT --recursive` lists all that it has")
    };
    let id = NotionId::from_user(text).map_err(|_| missing())?;
    by_id(repo, root, id)?.ok_or_else(missing)
}

fn by_path(repo: &Repository, root: ObjectId, path: &str) -> Result<Option<Place>, Error> {
    let mut place = Place::root(root);
    for name in path.split('/').filter(|name| !name.is_empty()) {
        if place.kind != EntryKind::Directory {
            return Ok(None);
        }
        let tree = repo.tree(place.id)?;
        // Ids may be typed without dashes.
        let entry = tree.get(name).or_else(|| {
            let id: NotionId = name.parse().ok()?;
            tree.get(&id.to_string())
        });
        match entry {
            Some(entry) => place = place.below(entry),
            None => return Ok(None),
        }
    }
    Ok(Some(place))
}

/// The directory of an object, searched level by level, so that the nearest to the
/// root is found.
fn by_id(repo: &Repository, root: ObjectId, id: NotionId) -> Result<Option<Place>, Error> {
    let name = id.to_string();
    let mut queue = VecDeque::from([Place::root(root)]);
    // A directory may be in many places; what is not below it once is not below it ever.
    let mut seen = HashSet::new();
    while let Some(place) = queue.pop_front() {
        if !seen.insert(place.id) {
            continue;
        }
        let tree = repo.tree(place.id)?;
        if let Some(entry) = tree.get(&name) {
            return Ok(Some(place.below(entry)));
        }
        queue.extend(directories(&tree).map(|entry| place.below(entry)));
    }
    Ok(None)
}

fn directories(tree: &Tree) -> impl DoubleEndedIterator<Item = &Entry> {
    tree.entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::Directory)
}

/// Calls `each` with every place below `place`, parents before what is in them;
/// without `recursive`, with its direct entries only.
pub fn walk(
    repo: &Repository,
    place: &Place,
    recursive: bool,
    each: &mut dyn FnMut(&Place) -> Result<(), Error>,
) -> Result<(), Error> {
    if place.kind == EntryKind::File {
        return each(place);
    }
    let entries = |place: &Place| -> Result<Vec<Place>, Error> {
        let tree = repo.tree(place.id)?;
        Ok(tree
            .entries
            .iter()
            .rev()
            .map(|entry| place.below(entry))
            .collect())
    };
    let mut stack = entries(place)?;
    while let Some(place) = stack.pop() {
        each(&place)?;
        if recursive && place.kind == EntryKind::Directory {
            stack.extend(entries(&place)?);
        }
    }
    Ok(())
}

/// The file that holds a directory's own JSON, if it is the directory of an object.
pub fn own_file(repo: &Repository, place: &Place) -> Result<Option<Place>, Error> {
    let tree = repo.tree(place.id)?;
    Ok(FACES
        .iter()
        .find_map(|name| tree.get(name))
        .map(|entry| place.below(entry)))
}

/// What a place is. A file's content is not looked at.
pub fn face(repo: &Repository, place: &Place) -> Result<Face, Error> {
    if place.kind == EntryKind::File {
        return Ok(Face {
            kind: "file",
            title: String::new(),
            edited: place.modified.map(|time| time.to_string()),
            unavailable: None,
        });
    }
    let tree = repo.tree(place.id)?;
    let mut face = Face {
        kind: "directory",
        title: String::new(),
        edited: None,
        unavailable: None,
    };
    let own = FACES
        .iter()
        .find_map(|&name| tree.get(name).map(|entry| (name, entry)));
    let Some((name, entry)) = own else {
        return Ok(face);
    };
    face.edited = entry.modified.map(|time| time.to_string());
    if name == "blocks.json" {
        face.kind = "block";
        return Ok(face);
    }
    let object = json(repo, entry)?;
    face.title = model::title_of(&object);
    face.kind = match (name, model::parent_of(&object)) {
        ("database.json", _) => "database",
        (_, model::Parent::Database(_) | model::Parent::DataSource(..)) => "row",
        _ => "page",
    };
    if let Some(edited) = object.get("last_edited_time").and_then(Value::as_str) {
        face.edited = Some(edited.to_owned());
    }
    if let Some(entry) = tree.get("unavailable.json") {
        let why = json(repo, entry)?;
        let reason = why.get("reason").and_then(Value::as_str);
        face.unavailable = Some(reason.unwrap_or("it could not be read").to_owned());
    }
    Ok(face)
}

fn json(repo: &Repository, entry: &Entry) -> Result<Value, Error> {
    let bytes = repo.read(entry.id, JSON_LIMIT)?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Error::failed(format!(
            "'{}' in the snapshot (object {}) is not JSON: {error}",
            entry.name, entry.id
        ))
    })
}

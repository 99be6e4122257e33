//! Trees: one directory of a snapshot each.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Error, ObjectId, Repository};

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// Content.
    File,
    /// Another tree.
    Directory,
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name: see [`is_safe_name`].
    pub name: String,
    /// Whether it is a file or a directory.
    pub kind: EntryKind,
    /// The object that holds the content, or the tree.
    pub id: ObjectId,
    /// Bytes of content; 0 for a directory.
    pub size: u64,
    /// When Notion says it was last edited; files only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<Timestamp>,
}

/// One directory of a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    /// Sorted by name, in byte order; no name comes twice.
    pub entries: Vec<Entry>,
}

impl Tree {
    /// The entry with this name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries
            .binary_search_by(|entry| entry.name.as_str().cmp(name))
            .ok()
            .and_then(|index| self.entries.get(index))
    }
}

/// Whether a name can be one component of a path anywhere: not empty, not `.` or
/// `..`, at most 255 bytes, without `/`, `\` and control characters.
pub fn is_safe_name(_name: &str) -> bool {
    todo!()
}

impl Repository {
    /// Stores a directory; the entries may come in any order.
    pub fn put_tree(&self, _tree: &Tree) -> Result<ObjectId, Error> {
        todo!()
    }

    /// Reads a directory, verified.
    pub fn tree(&self, _id: ObjectId) -> Result<Tree, Error> {
        todo!()
    }
}

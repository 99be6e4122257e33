//! Trees: one directory of a snapshot each, stored as an object.
//!
//! A tree names files and further trees by their hashes, so one hash stands for
//! everything below it, and two snapshots share what did not change.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Error, ObjectId, Repository, to_json};

/// The longest tree in bytes of JSON: room for a million rows in one database.
const LIMIT: u64 = 256 << 20;

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
// The fields are in the order of their names, because that is how they are stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The object that holds the content, or the tree.
    pub id: ObjectId,
    /// Whether it is a file or a directory.
    pub kind: EntryKind,
    /// When Notion says it was last edited; files only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<Timestamp>,
    /// Its name: see [`is_safe_name`].
    pub name: String,
    /// Bytes of content; 0 for a directory.
    pub size: u64,
}

/// One directory of a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    /// Sorted by name, in byte order; no name comes twice. In a tree that was
    /// read it is so; [`Repository::put_tree`] sorts.
    pub entries: Vec<Entry>,
}

impl Tree {
    /// The entry with this name, in a sorted tree.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries
            .binary_search_by(|entry| entry.name.as_str().cmp(name))
            .ok()
            .and_then(|index| self.entries.get(index))
    }

    /// What the format does not allow, if anything.
    fn fault(&self) -> Option<String> {
        for pair in self.entries.windows(2) {
            if let [first, second] = pair
                && first.name >= second.name
            {
                return Some(format!(
                    "the names {:?} and {:?} are not in order",
                    first.name, second.name
                ));
            }
        }
        self.entries
            .iter()
            .find(|entry| !is_safe_name(&entry.name))
            .map(|entry| format!("the name {:?} is not allowed", entry.name))
    }
}

/// Whether a name can be one component of a path anywhere: not empty, not `.` or
/// `..`, at most 255 bytes, without `/`, `\` and control characters.
pub fn is_safe_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..")
        && name.len() <= 255
        && !name.contains(|c: char| matches!(c, '/' | '\\') || c.is_control())
}

impl Repository {
    /// Stores a directory; the entries may come in any order. A name that comes
    /// twice or is not safe is [`Error::Invalid`].
    pub fn put_tree(&self, tree: &Tree) -> Result<ObjectId, Error> {
        let sorted = tree.entries.is_sorted_by(|a, b| a.name <= b.name);
        let content = if sorted {
            encode(tree)?
        } else {
            let mut tree = tree.clone();
            tree.entries.sort_by(|a, b| a.name.cmp(&b.name));
            encode(&tree)?
        };
        Ok(self.put(&content)?.id)
    }

    /// Reads a directory, verified.
    pub fn tree(&self, id: ObjectId) -> Result<Tree, Error> {
        let content = self.read(id, LIMIT)?;
        let tree: Tree = serde_json::from_slice(&content)
            .map_err(|error| self.damaged(&id.path(), format_args!("not a directory: {error}")))?;
        match tree.fault() {
            Some(fault) => Err(self.damaged(&id.path(), fault)),
            None => Ok(tree),
        }
    }
}

fn encode(tree: &Tree) -> Result<Vec<u8>, Error> {
    let invalid = |reason: String| Error::Invalid {
        what: "a directory".to_string(),
        reason,
    };
    if let Some(fault) = tree.fault() {
        return Err(invalid(fault));
    }
    let content = to_json(tree, "a directory")?;
    if content.len() as u64 > LIMIT {
        return Err(invalid(format!(
            "its {} entries take more than {LIMIT} bytes",
            tree.entries.len()
        )));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Memory;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn entry(name: &str) -> Entry {
        Entry {
            id: ObjectId::of(b"abc"),
            kind: EntryKind::File,
            modified: None,
            name: name.to_string(),
            size: 3,
        }
    }

    fn repository() -> Repository {
        Repository::create(Arc::new(Memory::new())).unwrap()
    }

    #[test]
    fn a_tree_is_canonical_json_whatever_the_order() {
        let repository = repository();
        let mut dated = entry("b");
        dated.modified = Some("2025-11-23T10:20:00.000Z".parse().unwrap());
        let tree = Tree {
            entries: vec![
                dated.clone(),
                Entry {
                    kind: EntryKind::Directory,
                    size: 0,
                    ..entry("a")
                },
            ],
        };
        let id = repository.put_tree(&tree).unwrap();
        let abc = ObjectId::of(b"abc");
        let expected = format!(
            concat!(
                r#"{{"entries":[{{"id":"{0}","kind":"directory","name":"a","size":0}},"#,
                r#"{{"id":"{0}","kind":"file","modified":"2025-11-23T10:20:00Z","name":"b","size":3}}]}}"#
            ),
            abc
        );
        assert_eq!(
            String::from_utf8(repository.read(id, 1000).unwrap()).unwrap(),
            expected
        );
        let read = repository.tree(id).unwrap();
        assert_eq!(read.get("b"), Some(&dated));
        assert_eq!(read.get("c"), None);
        let turned = Tree {
            entries: tree.entries.into_iter().rev().collect(),
        };
        assert_eq!(repository.put_tree(&turned).unwrap(), id);
    }

    #[test]
    fn no_tree_with_a_dangerous_or_double_name_is_written_or_read() {
        let repository = repository();
        let long = "x".repeat(256);
        for name in [
            "", ".", "..", "a/b", "a\\b", "a\0b", "a\nb", "\u{85}", &long,
        ] {
            let tree = Tree {
                entries: vec![entry(name)],
            };
            let error = repository.put_tree(&tree).unwrap_err();
            assert!(matches!(error, Error::Invalid { .. }), "{name:?}: {error}");
            let json = serde_json::to_vec(&tree).unwrap();
            let id = repository.put(&json).unwrap().id;
            let error = repository.tree(id).unwrap_err();
            assert!(matches!(error, Error::Damaged { .. }), "{name:?}: {error}");
        }
        for names in [["a", "a"], ["b", "a"]] {
            let tree = Tree {
                entries: names.map(entry).to_vec(),
            };
            let json = serde_json::to_vec(&tree).unwrap();
            let id = repository.put(&json).unwrap().id;
            assert!(repository.tree(id).is_err(), "{names:?}");
        }
        let twice = Tree {
            entries: vec![entry("a"), entry("a")],
        };
        assert!(repository.put_tree(&twice).is_err());
    }

    proptest! {
        #[test]
        fn names_that_pass_stay_in_their_directory(name in ".{0,20}") {
            if is_safe_name(&name) {
                let joined = std::path::Path::new("/base").join(&name);
                prop_assert_eq!(joined.parent(), Some(std::path::Path::new("/base")));
                prop_assert!(!joined.ends_with(".."));
            }
        }

        #[test]
        fn any_json_is_read_as_a_tree_or_refused(text in "(\\{\"entries\":\\[)?[\\[\\]{}\":,a-f0-9 ]{0,80}") {
            let repository = repository();
            let id = repository.put(text.as_bytes()).unwrap().id;
            // The property is that this returns at all.
            let _ = repository.tree(id);
        }
    }
}

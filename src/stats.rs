//! How much is in a repository, and which snapshot brought it.
//!
//! An object counts for the oldest snapshot that names it, so the sum of what the
//! snapshots added is what the repository holds for them. An object that no snapshot
//! names any more, or not yet, is not counted.

use std::collections::{HashMap, HashSet};

use crate::repo::{EntryKind, Error, ObjectId, Repository, SnapshotId};

/// Objects, with their bytes before and after compression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many.
    pub objects: u64,
    /// Their content.
    pub raw_bytes: u64,
    /// Their files on the disk.
    pub stored_bytes: u64,
}

impl std::ops::AddAssign for Amount {
    fn add_assign(&mut self, other: Amount) {
        // The sizes are what a directory claims, which may be anything.
        self.objects = self.objects.saturating_add(other.objects);
        self.raw_bytes = self.raw_bytes.saturating_add(other.raw_bytes);
        self.stored_bytes = self.stored_bytes.saturating_add(other.stored_bytes);
    }
}

/// How much is in a repository.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// What each snapshot added to those before it, oldest first.
    pub added: Vec<(SnapshotId, Amount)>,
    /// All of it.
    pub total: Amount,
}

/// Counts the objects that snapshots name. Fails when a directory is missing or
/// damaged.
pub fn stats(repo: &Repository) -> Result<Stats, Error> {
    let mut stats = Stats::default();
    let stored = stored_sizes(repo)?;
    let mut seen: HashSet<ObjectId> = HashSet::new();
    for (name, snapshot) in repo.snapshots()? {
        let mut added = Amount::default();
        let mut stack = vec![snapshot.tree];
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            let tree = repo.tree(id)?;
            // A tree is stored as compact JSON, so this is its length whatever the order of keys.
            let length = serde_json::to_vec(&tree).map_or(0, |json| json.len() as u64);
            added += amount(&stored, id, length);
            for entry in &tree.entries {
                match entry.kind {
                    EntryKind::Directory => stack.push(entry.id),
                    EntryKind::File => {
                        if seen.insert(entry.id) {
                            added += amount(&stored, entry.id, entry.size);
                        }
                    }
                }
            }
        }
        stats.total += added;
        stats.added.push((name, added));
    }
    Ok(stats)
}

/// The lengths of all objects' files.
fn stored_sizes(repo: &Repository) -> Result<HashMap<ObjectId, u64>, Error> {
    let mut sizes = HashMap::new();
    for first in 0..=u8::MAX {
        sizes.extend(repo.object_folder(first)?.objects);
    }
    Ok(sizes)
}

fn amount(stored: &HashMap<ObjectId, u64>, id: ObjectId, raw_bytes: u64) -> Amount {
    Amount {
        objects: 1,
        raw_bytes,
        // One that is missing takes no room; `check` is there to say so.
        stored_bytes: stored.get(&id).copied().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Entry, Memory, Snapshot, Source, Tree};
    use jiff::Timestamp;
    use serde_json::Value;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    /// Saves a snapshot that holds these contents, as files of one directory.
    fn save(repo: &Repository, contents: &[&str], second: i64) -> u64 {
        let entries = contents.iter().enumerate().map(|(index, content)| {
            let stored = repo.put(content.as_bytes()).unwrap();
            Entry {
                name: index.to_string(),
                kind: EntryKind::File,
                id: stored.id,
                size: stored.size,
                modified: None,
            }
        });
        let tree = repo
            .put_tree(&Tree {
                entries: entries.collect(),
            })
            .unwrap();
        let time = Timestamp::from_second(second).unwrap();
        repo.save_snapshot(&Snapshot {
            version: Snapshot::VERSION,
            features: Vec::new(),
            started: time,
            finished: time,
            source: Source::default(),
            tree,
            parent: None,
            tags: Vec::new(),
            host: String::new(),
            program: String::new(),
            complete: true,
            counts: BTreeMap::new(),
            ledger: BTreeMap::new(),
            options: Value::Null,
            repaired: None,
        })
        .unwrap();
        repo.copy(tree, &mut std::io::sink()).unwrap()
    }

    #[test]
    fn an_object_counts_for_the_oldest_snapshot_that_names_it() {
        let repo = Repository::create(Arc::new(Memory::new())).unwrap();
        let first = save(&repo, &["one", "twin", "twin"], 0);
        let second = save(&repo, &["one", "three"], 60);
        save(&repo, &["one", "three"], 120);
        repo.put(b"named by nobody").unwrap();

        let stats = stats(&repo).unwrap();
        let added: Vec<(u64, u64)> = stats
            .added
            .iter()
            .map(|(_, amount)| (amount.objects, amount.raw_bytes))
            .collect();
        assert_eq!(added, [(3, 3 + 4 + first), (2, 5 + second), (0, 0)]);
        assert_eq!(stats.total.objects, 5);
        let on_disk: u64 = (0..=u8::MAX)
            .flat_map(|first| repo.object_folder(first).unwrap().objects)
            .filter(|&(id, _)| id != ObjectId::of(b"named by nobody"))
            .map(|(_, size)| size)
            .sum();
        assert_eq!(stats.total.stored_bytes, on_disk);
    }
}

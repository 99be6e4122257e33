//! Is a repository sound?
//!
//! Everything that a snapshot names must be there, directories must be readable, and,
//! when asked, every byte must be what was written. Nothing is changed and no lock is
//! needed: what a running dump adds is not named by any snapshot yet. Damage does not
//! end a check. The objects in trouble are collected first; then a second walk says
//! which snapshots and paths need them, because that is what a person wants to know.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::sync::Mutex;

use rayon::prelude::*;

use crate::repo::{Entry, EntryKind, Error, ObjectId, Repository, Snapshot, SnapshotId};
use crate::report::{Counter, Phase, Report};

/// How many paths a finding names; one damaged object may be needed in many places.
const NAMED_PLACES: usize = 5;

/// What a check found.
#[derive(Debug, Default)]
pub struct Checked {
    /// Snapshots that were looked at, unreadable ones included.
    pub snapshots: u64,
    /// Different objects that they name.
    pub objects: u64,
    /// Bytes that were read and compared with their hash.
    pub read_bytes: u64,
    /// Everything that is not as it should be.
    pub findings: Vec<Finding>,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The object; none when a snapshot itself cannot be read.
    pub object: Option<ObjectId>,
    /// What is wrong, with the file's name.
    pub message: String,
    /// The snapshots that need it.
    pub snapshots: Vec<SnapshotId>,
    /// Where in those snapshots it belongs: the first few paths.
    pub paths: Vec<String>,
}

/// Checks all snapshots of a repository. With `read_data` every object is read and
/// compared with its hash, otherwise directories only.
///
/// Fails only when the repository cannot be looked at.
pub fn check(repo: &Repository, read_data: bool, report: &dyn Report) -> Result<Checked, Error> {
    report.phase(Phase::Checking);
    let snapshots = repo.all_snapshots()?;
    let mut checked = Checked {
        snapshots: (snapshots.whole.len() + snapshots.damaged.len()) as u64,
        ..Checked::default()
    };
    for (id, error) in &snapshots.damaged {
        report.problem(&format!("snapshot {id} cannot be read: {error}"));
        checked.findings.push(Finding {
            object: None,
            message: error.to_string(),
            snapshots: vec![id.clone()],
            paths: Vec::new(),
        });
    }

    let troubles = Troubles {
        found: Mutex::default(),
        report,
    };
    let files = directories(repo, &snapshots.whole, &troubles, &mut checked.objects);
    report.expect(checked.objects);
    report.add(Counter::Objects, checked.objects - files.len() as u64);
    checked.read_bytes = files
        .par_iter()
        .map(|&(id, size)| {
            let read = if read_data {
                content(repo, id, size)
            } else {
                presence(repo, id)
            };
            report.add(Counter::Objects, 1);
            match read {
                Ok(bytes) => {
                    report.add(Counter::ObjectBytes, bytes);
                    bytes
                }
                Err(message) => {
                    troubles.add(id, message);
                    0
                }
            }
        })
        .sum();

    let troubles = troubles.into_found();
    if !troubles.is_empty() {
        checked
            .findings
            .extend(place(repo, &snapshots.whole, &troubles));
    }
    Ok(checked)
}

/// Objects in trouble, each with what is wrong with it.
struct Troubles<'a> {
    found: Mutex<BTreeMap<ObjectId, String>>,
    report: &'a dyn Report,
}

impl Troubles<'_> {
    fn add(&self, id: ObjectId, message: String) {
        self.report.problem(&message);
        self.found
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .insert(id, message);
    }

    fn into_found(self) -> BTreeMap<ObjectId, String> {
        self.found
            .into_inner()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Reads every directory of every snapshot once, counts the different objects, and
/// gives the files with their sizes.
fn directories(
    repo: &Repository,
    snapshots: &[(SnapshotId, Snapshot)],
    troubles: &Troubles<'_>,
    objects: &mut u64,
) -> Vec<(ObjectId, u64)> {
    let mut trees = HashSet::new();
    let mut others = HashSet::new();
    let mut files = Vec::new();
    for (_, snapshot) in snapshots {
        let mut stack = vec![snapshot.tree];
        while let Some(id) = stack.pop() {
            if !trees.insert(id) {
                continue;
            }
            match repo.tree(id) {
                Ok(tree) => {
                    for entry in &tree.entries {
                        match entry.kind {
                            EntryKind::Directory => stack.push(entry.id),
                            EntryKind::File => {
                                if others.insert(entry.id) {
                                    files.push((entry.id, entry.size));
                                }
                            }
                        }
                    }
                }
                Err(error) => troubles.add(id, error.to_string()),
            }
        }
    }
    *objects = (trees.len() + others.len()) as u64;
    files
}

fn presence(repo: &Repository, id: ObjectId) -> Result<u64, String> {
    match repo.has(id) {
        Ok(true) => Ok(0),
        Ok(false) => Err(format!("object {id} is missing")),
        Err(error) => Err(error.to_string()),
    }
}

fn content(repo: &Repository, id: ObjectId, size: u64) -> Result<u64, String> {
    match repo.copy(id, &mut io::sink()) {
        Ok(bytes) if bytes == size => Ok(bytes),
        Ok(bytes) => Err(format!(
            "object {id} has {bytes} bytes, but its directory says {size}"
        )),
        Err(error) => Err(error.to_string()),
    }
}

/// Says for each object in trouble which snapshots need it, and where.
fn place(
    repo: &Repository,
    snapshots: &[(SnapshotId, Snapshot)],
    troubles: &BTreeMap<ObjectId, String>,
) -> Vec<Finding> {
    let mut findings: BTreeMap<ObjectId, Finding> = troubles
        .iter()
        .map(|(&id, message)| {
            let finding = Finding {
                object: Some(id),
                message: message.clone(),
                snapshots: Vec::new(),
                paths: Vec::new(),
            };
            (id, finding)
        })
        .collect();
    for (name, snapshot) in snapshots {
        // A directory met twice in one snapshot has its troubles noted already.
        let mut seen = HashSet::new();
        let mut stack = vec![(String::from("/"), snapshot.tree)];
        let mut note = |path: &str, id: ObjectId| {
            if let Some(finding) = findings.get_mut(&id) {
                if finding.snapshots.last() != Some(name) {
                    finding.snapshots.push(name.clone());
                }
                if finding.paths.len() < NAMED_PLACES && !finding.paths.iter().any(|p| p == path) {
                    finding.paths.push(path.to_owned());
                }
            }
        };
        note("/", snapshot.tree);
        while let Some((path, id)) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            // What cannot be read is in trouble itself.
            let Ok(tree) = repo.tree(id) else { continue };
            for Entry { name, kind, id, .. } in &tree.entries {
                let path = format!("{}/{name}", path.trim_end_matches('/'));
                note(&path, *id);
                if *kind == EntryKind::Directory {
                    stack.push((path, *id));
                }
            }
        }
    }
    findings.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Memory, Source, Tree};
    use crate::report::Silent;
    use jiff::Timestamp;
    use serde_json::Value;
    use std::sync::Arc;

    fn file(name: &str, id: ObjectId, size: u64) -> Entry {
        Entry {
            name: name.to_owned(),
            kind: EntryKind::File,
            id,
            size,
            modified: None,
        }
    }

    /// A repository with one snapshot of one directory, which holds these files.
    fn repo(files: Vec<Entry>) -> Repository {
        let repo = Repository::create(Arc::new(Memory::new())).unwrap();
        let good = repo.put(b"good").unwrap();
        let mut entries = vec![file("good.json", good.id, good.size)];
        entries.extend(files);
        let inner = repo.put_tree(&Tree { entries }).unwrap();
        let root = Tree {
            entries: vec![Entry {
                name: "page".to_owned(),
                kind: EntryKind::Directory,
                id: inner,
                size: 0,
                modified: None,
            }],
        };
        let tree = repo.put_tree(&root).unwrap();
        repo.save_snapshot(&Snapshot {
            version: Snapshot::VERSION,
            features: Vec::new(),
            started: Timestamp::UNIX_EPOCH,
            finished: Timestamp::UNIX_EPOCH,
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
        })
        .unwrap();
        repo
    }

    #[test]
    fn a_sound_repository_has_no_findings() {
        let repo = repo(Vec::new());
        for (read_data, bytes) in [(false, 0), (true, 4)] {
            let checked = check(&repo, read_data, &Silent).unwrap();
            assert_eq!(checked.findings, []);
            assert_eq!((checked.snapshots, checked.objects), (1, 3));
            assert_eq!(checked.read_bytes, bytes);
        }
    }

    #[test]
    fn a_missing_object_is_found_with_its_place() {
        let gone = ObjectId::of(b"never stored");
        let repo = repo(vec![file("lost.bin", gone, 12)]);
        for read_data in [false, true] {
            let checked = check(&repo, read_data, &Silent).unwrap();
            let [finding] = checked.findings.as_slice() else {
                panic!("{:?}", checked.findings);
            };
            assert_eq!(finding.object, Some(gone));
            assert_eq!(finding.paths, ["/page/lost.bin"]);
            assert_eq!(finding.snapshots.len(), 1);
        }
    }

    #[test]
    fn a_size_that_lies_is_found_when_data_is_read() {
        let id = ObjectId::of(b"good");
        let repo = repo(vec![file("other.json", ObjectId::of(b"more"), 9)]);
        repo.put(b"more").unwrap();
        let checked = check(&repo, true, &Silent).unwrap();
        assert_eq!(checked.findings.len(), 1);
        assert_ne!(checked.findings[0].object, Some(id));
        assert!(checked.findings[0].message.contains("4 bytes"));
        assert_eq!(check(&repo, false, &Silent).unwrap().findings, []);
    }
}

//! What is left when any one operation fails, is torn, or is the last one.
//!
//! The same small dump is run once for every operation that it makes and every
//! way that operation can go wrong. Afterwards the old snapshot must be whole,
//! the new one whole or absent, and the next run must succeed.

use std::io::{ErrorKind, Write};
use std::sync::Arc;

use super::{
    Entry, EntryKind, Error, Failing, Fault, Memory, ObjectId, Operation, Repository, Snapshot,
    SnapshotId, Tree,
};

const FAULTS: [Fault; 5] = [
    Fault::Refuse(ErrorKind::StorageFull),
    Fault::Refuse(ErrorKind::PermissionDenied),
    Fault::Tear(ErrorKind::StorageFull),
    Fault::Deny(ErrorKind::TimedOut),
    Fault::Kill,
];

fn file(name: &str, id: ObjectId) -> Entry {
    Entry {
        id,
        kind: EntryKind::File,
        modified: None,
        name: name.to_string(),
        size: 0,
    }
}

/// A dump in small: one object put, one streamed, one shared with other runs.
fn dump(repository: &Repository, number: u8) -> Result<SnapshotId, Error> {
    let put = repository.put(&[number; 1000])?.id;
    let mut writer = repository.writer()?;
    writer
        .write_all(&[number, 1, 2, 3])
        .map_err(|source| Error::Io {
            action: "write",
            place: "an attachment".to_string(),
            source,
        })?;
    let streamed = writer.finish()?.id;
    let shared = repository.put(b"shared")?.id;
    let tree = repository.put_tree(&Tree {
        entries: vec![file("a", put), file("b", streamed), file("c", shared)],
    })?;
    repository.save_snapshot(&Snapshot {
        version: Snapshot::VERSION,
        features: Vec::new(),
        started: "2025-11-23T10:00:00Z".parse().unwrap(),
        finished: format!("2025-11-23T10:00:{number:02}Z").parse().unwrap(),
        source: Default::default(),
        tree,
        parent: None,
        tags: Vec::new(),
        host: String::new(),
        program: String::new(),
        complete: true,
        counts: Default::default(),
        ledger: Default::default(),
        options: Default::default(),
        repaired: None,
    })
}

/// How many snapshots there are; all of them must be whole.
fn whole_snapshots(files: &Memory) -> usize {
    let repository = Repository::open(Arc::new(files.clone())).unwrap();
    let all = repository.all_snapshots().unwrap();
    assert!(all.damaged.is_empty(), "{:?}", all.damaged);
    assert!(all.others.is_empty(), "{:?}", all.others);
    for (_, snapshot) in &all.whole {
        for entry in repository.tree(snapshot.tree).unwrap().entries {
            repository.read(entry.id, 10_000).unwrap();
        }
    }
    // No object under its name is ever half there, named by a snapshot or not.
    for first in 0..=u8::MAX {
        for (id, _) in repository.object_folder(first).unwrap().objects {
            repository.read(id, 10_000).unwrap();
        }
    }
    all.whole.len()
}

/// Files with one finished dump in them, behind a decorator that does not fail yet.
fn prepared() -> (Memory, Failing) {
    let memory = Memory::new();
    let failing = Failing::new(Arc::new(memory.clone()));
    let repository = Repository::create(Arc::new(memory.clone())).unwrap();
    dump(&repository, 1).unwrap();
    (memory, failing)
}

fn operations_of_a_dump() -> Vec<Operation> {
    let (_, failing) = prepared();
    let repository = Repository::open(Arc::new(failing.clone())).unwrap();
    failing.clear();
    dump(&repository, 2).unwrap();
    failing.operations()
}

#[test]
fn whatever_operation_fails_the_repository_stays_whole() {
    let count = operations_of_a_dump().len();
    assert!(count > 20);
    for number in 0..count {
        for fault in FAULTS {
            let (memory, failing) = prepared();
            let repository = Repository::open(Arc::new(failing.clone())).unwrap();
            failing.clear();
            failing.fail_at(number, fault);
            let result = dump(&repository, 2);
            assert!(failing.operations().len() > number);
            if let Err(error) = &result {
                assert!(!error.is_damage(), "{number} {fault:?}: {error}");
            }
            let saved = whole_snapshots(&memory);
            assert!(saved == 2 || saved == 1 && result.is_err());

            // A power cut at this moment leaves the first snapshot, and the
            // second one when it was reported as saved.
            let left = whole_snapshots(&memory.after_power_cut());
            assert!(left == 2 || left == 1 && result.is_err());

            failing.clear();
            dump(&repository, 3).unwrap();
            assert_eq!(whole_snapshots(&memory), saved + 1);
            assert_eq!(whole_snapshots(&memory.after_power_cut()), saved + 1);
        }
    }
}

#[test]
fn an_interrupted_creation_is_made_good_by_the_next_try() {
    let failing = Failing::new(Arc::new(Memory::new()));
    drop(Repository::create(Arc::new(failing.clone())).unwrap());
    for number in 0..failing.operations().len() {
        for fault in FAULTS {
            let memory = Memory::new();
            let failing = Failing::new(Arc::new(memory.clone()));
            failing.fail_at(number, fault);
            let first = Repository::open_or_create(Arc::new(failing.clone()));
            failing.clear();
            let repository = Repository::open_or_create(Arc::new(failing)).unwrap();
            if let Ok(first) = first {
                assert_eq!(first.id(), repository.id());
            }
            dump(&repository, 1).unwrap();
            assert_eq!(whole_snapshots(&memory), 1);
        }
    }
}

#[test]
fn content_is_durable_before_its_name_and_names_before_the_snapshot() {
    let operations = operations_of_a_dump();
    let position = |verb: &str, path: &str| {
        operations
            .iter()
            .position(|done| done.verb == verb && done.path == path)
            .unwrap_or_else(|| panic!("no {verb} of '{path}'"))
    };
    for pair in operations.windows(2) {
        if pair[1].verb == "publish" {
            assert_eq!(pair[0].verb, "sync", "just before {}", pair[1].path);
        }
    }
    let snapshot = operations
        .iter()
        .position(|done| done.verb == "publish" && done.path.starts_with("snapshots/"))
        .unwrap();
    let last = operations.len() - 1;
    assert_eq!(operations[last - 2].verb, "publish");
    assert_eq!(last - 2, snapshot);
    assert_eq!(operations[last - 1].path, "snapshots");
    assert_eq!(operations[last - 1].verb, "sync_folder");
    let published: Vec<_> = operations
        .iter()
        .enumerate()
        .filter(|(_, done)| done.verb == "publish" && done.path.starts_with("objects/"))
        .collect();
    assert_eq!(
        published.len(),
        3,
        "two files and the tree; the shared one is there"
    );
    for (at, done) in published {
        let folder = done.path.rsplit_once('/').unwrap().0;
        let synced = position("sync_folder", folder);
        assert!(at < synced && synced < snapshot, "{}", done.path);
    }
    let shared = ObjectId::of(b"shared").folder();
    assert!(
        position("sync_folder", &shared) < snapshot,
        "another may have died before that"
    );
}

#[test]
fn a_failed_flush_is_done_again() {
    let memory = Memory::new();
    let failing = Failing::new(Arc::new(memory.clone()));
    let repository = Repository::create(Arc::new(failing.clone())).unwrap();
    let id = repository.put(b"abc").unwrap().id;
    failing.clear();
    failing.fail_at(0, Fault::Refuse(ErrorKind::StorageFull));
    assert!(repository.flush().unwrap_err().is_full());
    repository.flush().unwrap();
    assert!(memory.after_power_cut().content(&id.path()).is_some());
}

use super::*;
use crate::repo::{Disk, Failing, Fault, Memory};
use LockKind::{Exclusive, Shared};

fn now() -> Timestamp {
    "2025-11-23T10:00:00Z".parse().unwrap()
}

#[test]
fn shared_locks_coexist_and_an_exclusive_one_is_alone() {
    let folder = tempfile::tempdir().unwrap();
    let on_disk: Arc<dyn Files> = Arc::new(Disk::new(folder.path()));
    let in_memory: Arc<dyn Files> = Arc::new(Memory::new());
    for files in [on_disk, in_memory] {
        let repository = Repository::create(files.clone()).unwrap();
        let first = repository.lock(Shared, "dump", now()).unwrap();
        let second = repository.lock(Shared, "dump", now()).unwrap();
        let error = repository.lock(Exclusive, "prune", now()).err().unwrap();
        let message = error.to_string();
        assert!(error.is_locked());
        assert!(message.contains("locked by dump (process "), "{message}");
        assert!(
            message.ends_with("since 2025-11-23T10:00:00Z; shared lock)"),
            "{message}"
        );
        drop((first, second));
        let alone = repository.lock(Exclusive, "prune", now()).unwrap();
        assert!(repository.lock(Shared, "dump", now()).is_err());
        assert!(repository.lock(Exclusive, "prune", now()).is_err());
        drop(alone);
        assert_eq!(files.list(LOCKS).unwrap(), [], "nothing is left behind");
    }
}

#[test]
fn the_lock_of_a_dead_process_of_this_machine_is_removed() {
    let memory = Memory::new();
    let failing = Failing::new(Arc::new(memory.clone()));
    let repository = Repository::create(Arc::new(failing.clone())).unwrap();
    let guard = repository.lock(Exclusive, "prune", now()).unwrap();
    failing.clear();
    failing.fail_at(0, Fault::Kill);
    drop(guard);
    assert_eq!(memory.list(LOCKS).unwrap().len(), 1);
    failing.clear();
    drop(repository.lock(Exclusive, "prune", now()).unwrap());
    assert_eq!(memory.list(LOCKS).unwrap(), []);
}

#[test]
fn the_lock_of_another_machine_or_of_nobody_knows_whom_counts() {
    let memory = Memory::new();
    let repository = Repository::create(Arc::new(memory.clone())).unwrap();
    let far = br#"{"command":"prune","host":"far-away","kind":"exclusive","pid":7}"#;
    memory.overwrite("locks/a.json", far);
    let error = repository.lock(Shared, "dump", now()).err().unwrap();
    assert_eq!(
        error.to_string(),
        "'memory:locks/a.json' is locked by prune (process 7 on far-away; exclusive lock)"
    );
    // Another machine that happens to have our name.
    let namesake = format!(
        r#"{{"command":"prune","host":"{}","kind":"exclusive","machine":"?","pid":7}}"#,
        host()
    );
    if machine().is_some() {
        memory.overwrite("locks/a.json", namesake.as_bytes());
        assert!(repository.lock(Shared, "dump", now()).is_err());
    }
    memory.overwrite("locks/a.json", b"{");
    assert!(repository.lock(Shared, "dump", now()).is_err());
    memory.remove("locks/a.json").unwrap();
    memory.overwrite("locks/.tmp-1", b"");
    assert!(repository.lock(Exclusive, "prune", now()).is_ok());
}

#[test]
fn the_lock_of_another_machine_ends_with_its_heartbeat() {
    let memory = Memory::new();
    let repository = Repository::create(Arc::new(memory.clone())).unwrap();
    let far = |heartbeat: &str| {
        format!(r#"{{"command":"dump","host":"far-away","kind":"exclusive","pid":7{heartbeat}}}"#)
    };
    let minutes = jiff::SignedDuration::from_mins;
    memory.overwrite("locks/a.json", far(r#","heartbeat":60"#).as_bytes());
    memory.age("locks/a.json", minutes(29));
    assert!(repository.lock(Shared, "dump", now()).is_err());
    assert_eq!(repository.locks().unwrap()[0].holder, Holder::Unknown);
    memory.age("locks/a.json", minutes(2));
    assert_eq!(repository.locks().unwrap()[0].holder, Holder::Gone);
    assert_eq!(
        memory.list(LOCKS).unwrap().len(),
        1,
        "looking leaves nothing"
    );
    drop(repository.lock(Exclusive, "prune", now()).unwrap());
    assert_eq!(memory.list(LOCKS).unwrap(), []);

    // One that was never touched cannot be judged by its age.
    memory.overwrite("locks/a.json", far("").as_bytes());
    memory.age("locks/a.json", minutes(60 * 24 * 365));
    assert!(repository.lock(Shared, "dump", now()).is_err());
}

#[test]
fn a_lock_says_that_it_is_touched_and_touching_makes_it_new() {
    let folder = tempfile::tempdir().unwrap();
    let on_disk: Arc<dyn Files> = Arc::new(Disk::new(folder.path()));
    let in_memory: Arc<dyn Files> = Arc::new(Memory::new());
    for files in [on_disk, in_memory] {
        let repository = Repository::create(files.clone()).unwrap();
        let guard = repository.lock(Shared, "dump", now()).unwrap();
        let note: Note =
            serde_json::from_slice(&repository.load(&guard.path, LIMIT).unwrap()).unwrap();
        assert_eq!(note.heartbeat, Some(60));
        guard.check().unwrap();
        let held = files.hold("locks/other.json", b"{}").unwrap();
        let before = files.modified("locks/other.json").unwrap();
        held.beat().unwrap();
        assert!(files.modified("locks/other.json").unwrap() >= before);
    }
    // On a disk the time is really set: an old file becomes a new one.
    let path = folder.path().join("old");
    std::fs::write(&path, b"").unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH)
        .unwrap();
    let disk = Disk::new(folder.path());
    assert_eq!(disk.modified("old").unwrap(), Timestamp::UNIX_EPOCH);
    disk.try_lock("old").unwrap().unwrap().beat().unwrap();
    assert!(disk.modified("old").unwrap() > now());
}

#[test]
fn a_lock_that_was_taken_away_is_noticed() {
    let memory = Memory::new();
    let repository = Repository::create(Arc::new(memory.clone())).unwrap();
    let guard = repository.lock(Shared, "dump", now()).unwrap();
    repository.remove_lock(&guard.path).unwrap();
    assert!(matches!(guard.check(), Err(Error::LockLost { .. })));
}

#[test]
fn nothing_but_a_lock_is_removed_as_a_lock() {
    let memory = Memory::new();
    let repository = Repository::create(Arc::new(memory.clone())).unwrap();
    for path in [
        "config.json",
        "snapshots/20260101T000000Z-01234567.json",
        "locks",
        "locks/",
        "locks/x",
        "locks/../config.json",
        "locks/a/b.json",
        "/locks/a.json",
        "",
    ] {
        if !path.is_empty() && !path.ends_with('/') {
            memory.overwrite(path, b"x");
        }
        let error = repository.remove_lock(path).unwrap_err();
        assert!(matches!(error, Error::Invalid { .. }), "{path}: {error}");
    }
    assert_eq!(memory.content("config.json").unwrap(), b"x");
}

#[test]
fn locks_can_be_looked_at_and_taken_away() {
    let memory = Memory::new();
    let repository = Repository::create(Arc::new(memory.clone())).unwrap();
    assert!(repository.locks().unwrap().is_empty());
    let far = br#"{"command":"dump","host":"far-away","kind":"shared","pid":7,"time":"2025-01-01T00:00:00Z"}"#;
    memory.overwrite("locks/far.json", far);
    let own = serde_json::to_vec(&Note::own(Shared, "check", now())).unwrap();
    memory.overwrite("locks/dead.json", &own);
    memory.overwrite("locks/torn.json", b"{\"comm");
    let later = "2025-11-23T11:00:00Z".parse().unwrap();
    let held = Note::own(Shared, "dump", later);
    let _held = memory.hold("locks/held.json", &serde_json::to_vec(&held).unwrap());
    let found = repository.locks().unwrap();
    let seen: Vec<_> = found
        .iter()
        .map(|lock| (lock.path.as_str(), lock.command.as_str(), lock.holder))
        .collect();
    assert_eq!(
        seen,
        [
            ("locks/torn.json", "an unknown command", Holder::Unknown),
            ("locks/far.json", "dump", Holder::Unknown),
            ("locks/dead.json", "check", Holder::Gone),
            ("locks/held.json", "dump", Holder::Running),
        ]
    );
    for lock in found {
        repository.remove_lock(&lock.path).unwrap();
        repository.remove_lock(&lock.path).unwrap();
    }
    assert!(repository.locks().unwrap().is_empty());
}

#[test]
fn on_a_full_disk_who_makes_room_gets_a_lock_and_who_fills_it_none() {
    let memory = Memory::new();
    let failing = Failing::new(Arc::new(memory.clone()));
    let repository = Repository::create(Arc::new(failing.clone())).unwrap();
    let lock = |kind| {
        failing.clear();
        // The folder is there, the note does not fit.
        failing.fail_at(1, Fault::Refuse(ErrorKind::StorageFull));
        repository.lock(kind, "prune", now())
    };
    let alone = lock(Exclusive).unwrap();
    let other = Repository::open(Arc::new(memory.clone())).unwrap();
    assert!(other.lock(Shared, "dump", now()).is_err());
    drop(alone);
    assert_eq!(memory.list(LOCKS).unwrap(), []);
    assert!(lock(Shared).err().unwrap().is_full());
}

#[test]
fn of_many_who_come_at_once_at_most_one_is_alone() {
    use rayon::prelude::*;
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::create(Arc::new(Disk::new(folder.path()))).unwrap();
    let alone = std::sync::atomic::AtomicU32::new(0);
    (0..200).into_par_iter().for_each(|_| {
        use std::sync::atomic::Ordering::SeqCst;
        if let Ok(guard) = repository.lock(Exclusive, "prune", now()) {
            assert_eq!(alone.fetch_add(1, SeqCst), 0);
            std::thread::yield_now();
            alone.fetch_sub(1, SeqCst);
            drop(guard);
        }
    });
}

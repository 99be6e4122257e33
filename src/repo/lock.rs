//! Locks: who works in a repository.
//!
//! Writers only add, so any number of them may work at once; each says so with a
//! shared lock. Removing needs the repository alone. A lock is a file that says
//! whose it is, and the operating system's lock on that file says whether they
//! still live: on the same machine a file that nobody holds is left from a crash
//! and is removed. What a machine far away does cannot be known, so its lock
//! counts until it is taken away by hand.
//!
//! Everybody puts up their own lock before they look for others, so of two who
//! come at the same moment at least one sees the other. Both may give up; never
//! do both go on.

use std::io::ErrorKind;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::files::{Files, Held};
use super::{Error, Repository, to_json};

/// The folder of all locks.
const LOCKS: &str = "locks";
/// The longest lock file in bytes.
const LIMIT: u64 = 64 * 1024;

/// How much of a repository a lock claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LockKind {
    /// Adds to it; any number may at once.
    Shared,
    /// Removes from it; nobody else may hold a lock.
    Exclusive,
}

/// What a lock file says of its holder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Note {
    pub command: String,
    pub host: String,
    pub kind: LockKind,
    pub pid: u32,
    #[serde(default)]
    pub time: Option<Timestamp>,
}

impl Note {
    /// A note about this process.
    pub(super) fn own(kind: LockKind, command: &str, time: Option<Timestamp>) -> Note {
        Note {
            command: command.to_string(),
            host: host(),
            kind,
            pid: std::process::id(),
            time,
        }
    }

    /// The error for somebody who meets this lock.
    pub(super) fn refusal(self, place: String) -> Error {
        Error::Locked {
            place,
            host: self.host,
            pid: self.pid,
            command: self.command,
            since: self.time,
        }
    }

    /// What is assumed of a holder whose note cannot be read.
    pub(super) fn unknown() -> Note {
        Note {
            command: "an unknown command".to_string(),
            host: "unknown".to_string(),
            kind: LockKind::Exclusive,
            pid: 0,
            time: None,
        }
    }
}

/// This machine's name.
pub fn host() -> String {
    #[cfg(unix)]
    {
        rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned()
    }
    #[cfg(not(unix))]
    {
        "localhost".to_string()
    }
}

/// A lock, held until this is dropped or the process ends, however it does.
#[must_use = "the lock is released when this is dropped"]
pub struct LockGuard {
    files: Arc<dyn Files>,
    path: String,
    kind: LockKind,
    _held: Box<dyn Held>,
}

impl LockGuard {
    /// Fails unless this lock gives leave to remove from the repository.
    pub(super) fn may_remove(&self, what: &str) -> Result<(), Error> {
        match self.kind {
            LockKind::Exclusive => Ok(()),
            LockKind::Shared => Err(Error::Invalid {
                what: what.to_string(),
                reason: "removing needs an exclusive lock".to_string(),
            }),
        }
    }
}

impl Drop for LockGuard {
    fn drop(&mut self) {
        // If this fails the file is stale from now on, and the next one removes it.
        let _ = self.files.remove(&self.path);
    }
}

impl Repository {
    /// Claims the repository, or says with [`Error::Locked`] who holds it. Never
    /// waits. `command` and `now` are what others will be told.
    pub fn lock(&self, kind: LockKind, command: &str, now: Timestamp) -> Result<LockGuard, Error> {
        self.files
            .create_folder(LOCKS)
            .map_err(self.io("create", LOCKS))?;
        let path = format!("{LOCKS}/{}.json", uuid::Uuid::new_v4());
        let note = Note::own(kind, command, Some(now));
        let held = self
            .files
            .hold(&path, &to_json(&note, "a lock")?)
            .map_err(self.io("write", &path))?;
        let guard = LockGuard {
            files: self.files.clone(),
            path,
            kind,
            _held: held,
        };
        for other in self.list(LOCKS)? {
            let path = format!("{LOCKS}/{}", other.name);
            if other.folder || path == guard.path || !path.ends_with(".json") {
                continue;
            }
            if let Some(theirs) = self.living(&path, &note.host)?
                && (kind == LockKind::Exclusive || theirs.kind == LockKind::Exclusive)
            {
                return Err(theirs.refusal(self.place(&path)));
            }
        }
        Ok(guard)
    }

    /// What another's lock says, unless they are gone; then their file goes as well.
    fn living(&self, path: &str, host: &str) -> Result<Option<Note>, Error> {
        let note = match self.load(path, LIMIT) {
            Ok(content) => serde_json::from_slice(&content).unwrap_or_else(|_| Note::unknown()),
            Err(Error::Missing { .. }) => return Ok(None),
            Err(Error::Damaged { .. }) => Note::unknown(),
            Err(error) => return Err(error),
        };
        if note.host != host {
            return Ok(Some(note));
        }
        match self.files.is_held(path) {
            Ok(true) => return Ok(Some(note)),
            Ok(false) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.io("look at", path)(error)),
        }
        match self.files.remove(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(self.io("remove the stale lock", path)(error))
            }
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
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
                message.ends_with("since 2025-11-23T10:00:00Z)"),
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
            "'memory:locks/a.json' is locked by prune (process 7 on far-away)"
        );
        memory.overwrite("locks/a.json", b"{");
        assert!(repository.lock(Shared, "dump", now()).is_err());
        memory.remove("locks/a.json").unwrap();
        memory.overwrite("locks/.tmp-1", b"");
        assert!(repository.lock(Exclusive, "prune", now()).is_ok());
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
}

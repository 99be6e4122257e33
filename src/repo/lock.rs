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
use super::{Error, ObjectId, Repository, to_json};

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

impl LockKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            LockKind::Shared => "shared",
            LockKind::Exclusive => "exclusive",
        }
    }
}

/// What a lock file says of its holder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Note {
    pub command: String,
    pub host: String,
    pub kind: LockKind,
    /// Tells machines of the same name apart, where the system has such a thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    pub pid: u32,
    #[serde(default)]
    pub time: Option<Timestamp>,
}

impl Note {
    /// A note about this process.
    pub(super) fn own(kind: LockKind, command: &str, now: Timestamp) -> Note {
        Note {
            command: command.to_string(),
            host: host(),
            kind,
            machine: machine(),
            pid: std::process::id(),
            time: Some(now),
        }
    }

    /// The error for somebody who meets this lock.
    pub(super) fn refusal(self, place: String, kind: Option<LockKind>) -> Error {
        Error::Locked {
            place: place.into(),
            host: self.host.into(),
            pid: self.pid,
            command: self.command.into(),
            since: self.time,
            kind,
        }
    }

    /// Whether the process that wrote this runs, or ran, on this machine.
    fn is_of_here(&self) -> bool {
        let other = self.machine.is_some() && machine().is_some() && self.machine != machine();
        self.host == host() && !other
    }

    /// What is assumed of a holder whose note cannot be read.
    pub(super) fn unknown() -> Note {
        Note {
            command: "an unknown command".to_string(),
            host: "unknown".to_string(),
            kind: LockKind::Exclusive,
            machine: None,
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

/// What tells this machine from others of the same name: a hash of systemd's machine
/// id, which is not to be given away itself (machine-id(5)).
fn machine() -> Option<String> {
    let id = std::fs::read_to_string("/etc/machine-id").ok()?;
    let id = id.trim();
    let mut hash = ObjectId::of(format!("notion-backup {id}").as_bytes()).to_string();
    hash.truncate(16);
    (!id.is_empty()).then_some(hash)
}

/// Whether the holder of a lock still works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// It runs on this machine.
    Running,
    /// It ran on this machine and is gone.
    Gone,
    /// It is, or was, on another machine, or the lock cannot be read.
    Unknown,
}

/// A lock as found by somebody who looks.
#[derive(Clone, Debug)]
pub struct LockFound {
    /// Its file.
    pub path: String,
    /// How much it claims. One that cannot be read counts as exclusive.
    pub kind: LockKind,
    /// What its holder does.
    pub command: String,
    /// The holder's machine; `unknown` when it left no note.
    pub host: String,
    /// The holder's process id; 0 when it left no note.
    pub pid: u32,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Whether it still works.
    pub holder: Holder,
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
        let note = Note::own(kind, command, now);
        let note = to_json(&note, "a lock")?;
        let held = match self.files.hold(&path, &note) {
            // Who makes room must not need any: an empty lock counts like one that
            // cannot be read, as exclusive.
            Err(error) if error.kind() == ErrorKind::StorageFull && kind == LockKind::Exclusive => {
                self.files.hold(&path, b"")
            }
            held => held,
        };
        let held = held.map_err(self.io("write", &path))?;
        let guard = LockGuard {
            files: self.files.clone(),
            path,
            kind,
            _held: held,
        };
        for path in self.lock_paths()? {
            if path == guard.path {
                continue;
            }
            let Some((theirs, holder)) = self.look_at_lock(&path)? else {
                continue;
            };
            if holder == Holder::Gone {
                self.remove_lock(&path)?;
            } else if kind == LockKind::Exclusive || theirs.kind == LockKind::Exclusive {
                let kind = Some(theirs.kind);
                return Err(theirs.refusal(self.place(&path), kind));
            }
        }
        Ok(guard)
    }

    /// All locks that there are, oldest first; those of unknown age come before.
    pub fn locks(&self) -> Result<Vec<LockFound>, Error> {
        let mut found = Vec::new();
        for path in self.lock_paths()? {
            if let Some((note, holder)) = self.look_at_lock(&path)? {
                found.push(LockFound {
                    path,
                    kind: note.kind,
                    command: note.command,
                    host: note.host,
                    pid: note.pid,
                    since: note.time,
                    holder,
                });
            }
        }
        found.sort_by(|a, b| (a.since, &a.path).cmp(&(b.since, &b.path)));
        Ok(found)
    }

    /// Takes a lock away. Nothing then keeps others from what its holder, if there still
    /// is one, relies on.
    pub fn remove_lock(&self, path: &str) -> Result<(), Error> {
        match self.files.remove(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(self.io("remove the lock", path)(error))
            }
            _ => Ok(()),
        }
    }

    fn lock_paths(&self) -> Result<Vec<String>, Error> {
        let locks = self.list(LOCKS)?.into_iter();
        let locks = locks.filter(|entry| !entry.folder && entry.name.ends_with(".json"));
        Ok(locks
            .map(|entry| format!("{LOCKS}/{}", entry.name))
            .collect())
    }

    /// What a lock says, and whether its holder works; `None` when it is gone already.
    fn look_at_lock(&self, path: &str) -> Result<Option<(Note, Holder)>, Error> {
        let unreadable = || Ok(Some((Note::unknown(), Holder::Unknown)));
        let note: Note = match self.load(path, LIMIT) {
            Ok(content) => match serde_json::from_slice(&content) {
                Ok(note) => note,
                Err(_) => return unreadable(),
            },
            Err(Error::Missing { .. }) => return Ok(None),
            Err(Error::Damaged { .. }) => return unreadable(),
            Err(error) => return Err(error),
        };
        if !note.is_of_here() {
            return Ok(Some((note, Holder::Unknown)));
        }
        match self.files.is_held(path) {
            Ok(true) => Ok(Some((note, Holder::Running))),
            Ok(false) => Ok(Some((note, Holder::Gone))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.io("look at", path)(error)),
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
}

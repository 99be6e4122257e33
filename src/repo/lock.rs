//! Locks: who works in a repository.
//!
//! Writers only add, so any number of them may work at once; each says so with a
//! shared lock. Removing needs the repository alone. A lock is a file that says
//! whose it is, and the operating system's lock on that file says whether they
//! still live: on the same machine a file that nobody holds is left from a crash
//! and is removed. A machine far away shows that it lives by its heartbeat: the time
//! of the file, which it keeps new. Compared with a file of our own in the same place,
//! that needs no two clocks that agree.
//!
//! Everybody puts up their own lock before they look for others, so of two who
//! come at the same moment at least one sees the other. Both may give up; never
//! do both go on.

use std::io::{self, ErrorKind};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::files::Files;
use super::heartbeat::{BEAT, Heartbeat, SILENCE};
use super::tree::is_safe_name;
use super::{Error, ObjectId, Repository, to_json};
use crate::fsio::TEMPORARY;

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
    /// How often the file is touched, in seconds. A lock without it is never touched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<u32>,
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
            heartbeat: None,
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
            heartbeat: None,
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
    /// It ran on this machine and is gone; or on another one, and has given no sign of life
    /// for half an hour.
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
    heartbeat: Heartbeat,
}

impl LockGuard {
    /// Fails unless this lock gives leave to remove from the repository.
    pub(super) fn may_remove(&self, what: &str) -> Result<(), Error> {
        match self.kind {
            LockKind::Exclusive => self.is_kept(),
            LockKind::Shared => Err(Error::Invalid {
                what: what.to_string(),
                reason: "removing needs an exclusive lock".to_string(),
            }),
        }
    }
}

impl LockGuard {
    /// Fails with [`Error::LockLost`] when others may take this lock for dead, as after a
    /// long sleep of the machine. Costs no access to the disk.
    pub(super) fn is_kept(&self) -> Result<(), Error> {
        match self.heartbeat.is_late() {
            true => Err(self.lost()),
            false => Ok(()),
        }
    }

    /// Fails with [`Error::LockLost`] when this lock was given up or taken away: what was
    /// stored under it may be gone, so no snapshot must name it.
    pub fn check(&self) -> Result<(), Error> {
        self.is_kept()?;
        match self.files.size(&self.path) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(self.lost()),
            Err(source) => Err(Error::Io {
                action: "look at",
                place: self.files.place(&self.path),
                source,
            }),
        }
    }

    fn lost(&self) -> Error {
        Error::LockLost {
            place: self.files.place(&self.path).into(),
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
        let note = Note {
            heartbeat: u32::try_from(BEAT.as_secs()).ok(),
            ..Note::own(kind, command, now)
        };
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
        let heartbeat = Heartbeat::start(held).map_err(|error| {
            // Nobody else needs to meet it. If it stays, nobody holds it.
            let _ = self.files.remove(&path);
            self.io("begin to refresh", &path)(error)
        })?;
        let guard = LockGuard {
            files: self.files.clone(),
            path,
            kind,
            heartbeat,
        };
        // Only looked at where a lock of another machine is met.
        let now = || self.files.modified(&guard.path);
        for path in self.lock_paths()? {
            if path == guard.path {
                continue;
            }
            let Some((theirs, holder)) = self.look_at_lock(&path, &now)? else {
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
        let now = || self.time_of_new_file();
        for path in self.lock_paths()? {
            if let Some((note, holder)) = self.look_at_lock(&path, &now)? {
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
    /// is one, relies on. `path` is one that [`Repository::locks`] told; any other is
    /// [`Error::Invalid`], and nothing is removed.
    pub fn remove_lock(&self, path: &str) -> Result<(), Error> {
        if !is_lock_path(path) {
            return Err(Error::Invalid {
                what: "the removal of a lock".to_string(),
                reason: format!("{path:?} is not the file of one"),
            });
        }
        match self.files.remove(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(self.io("remove the lock", path)(error))
            }
            _ => Ok(()),
        }
    }

    /// The time of the file system: of a file that is made for it and removed again.
    fn time_of_new_file(&self) -> io::Result<Timestamp> {
        let path = format!("{LOCKS}/{TEMPORARY}{}", uuid::Uuid::new_v4());
        let held = self.files.hold(&path, b"")?;
        let time = self.files.modified(&path);
        drop(held);
        self.files.remove(&path)?;
        time
    }

    fn lock_paths(&self) -> Result<Vec<String>, Error> {
        let locks = self.list(LOCKS)?.into_iter();
        let paths = locks
            .filter(|entry| !entry.folder)
            .map(|entry| format!("{LOCKS}/{}", entry.name));
        Ok(paths.filter(|path| is_lock_path(path)).collect())
    }

    /// What a lock says, and whether its holder works; `None` when it is gone already. `now`
    /// tells the time of the file system.
    fn look_at_lock(
        &self,
        path: &str,
        now: &dyn Fn() -> io::Result<Timestamp>,
    ) -> Result<Option<(Note, Holder)>, Error> {
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
            let touched = match note.heartbeat.map(|_| self.files.modified(path)) {
                Some(Err(error)) if error.kind() == ErrorKind::NotFound => return Ok(None),
                // What cannot be found out is no reason to go on.
                Some(touched) => touched.ok(),
                None => None,
            };
            let silent = touched
                .and_then(|touched| Some(now().ok()?.duration_since(touched)))
                .is_some_and(|silent| silent > SILENCE);
            let holder = if silent {
                Holder::Gone
            } else {
                Holder::Unknown
            };
            return Ok(Some((note, holder)));
        }
        match self.files.is_held(path) {
            Ok(true) => Ok(Some((note, Holder::Running))),
            Ok(false) => Ok(Some((note, Holder::Gone))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.io("look at", path)(error)),
        }
    }
}

/// Whether this is a path that a lock can have: a file right in the folder of locks.
fn is_lock_path(path: &str) -> bool {
    let name = path
        .strip_prefix(LOCKS)
        .and_then(|rest| rest.strip_prefix('/'));
    name.is_some_and(|name| is_safe_name(name) && name.ends_with(".json"))
}

#[cfg(test)]
mod tests;

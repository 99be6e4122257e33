//! State: what a command must remember to be continued after an interruption.
//!
//! A group of state files is a folder that one process holds at a time. In it are
//! append-only logs and small files that are replaced in one step. State is not
//! part of any snapshot; losing it costs time, not content.

use std::io::{ErrorKind, Read};
use std::sync::Arc;

use jiff::Timestamp;

use super::files::{Files, Held, LogFile, Publish};
use super::lock::{LockKind, Note};
use super::tree::is_safe_name;
use super::{Error, Repository, to_json};

/// The folder of all state.
const STATE: &str = "state";
/// The file of each group that its holder locks.
const LOCK: &str = "lock";
/// The longest replaceable file, in bytes.
const LIMIT: u64 = 256 << 20;
/// The longest lock file that is looked at, in bytes.
const LOCK_LIMIT: u64 = 64 * 1024;

/// One group of state files, held by this process until this is dropped.
pub struct State {
    /// A view of the same files, for its errors and its care in writing.
    repository: Repository,
    folder: String,
    _held: Box<dyn Held>,
}

/// An append-only file of a [`State`]. Shared by threads.
///
/// A process that dies leaves what was appended, the last piece perhaps in part:
/// whoever reads a log must be able to tell.
pub struct Log {
    files: Arc<dyn Files>,
    path: String,
    file: Box<dyn LogFile>,
}

impl Repository {
    /// Takes `state/<group>/` for this process, making it when it does not exist;
    /// [`Error::Locked`] when another process holds it. `command` and `now` are what
    /// others will be told.
    pub fn state(&self, group: &str, command: &str, now: Timestamp) -> Result<State, Error> {
        check_name(group)?;
        let folder = format!("{STATE}/{group}");
        self.files
            .create_folder(&folder)
            .map_err(self.io("create", &folder))?;
        let path = format!("{folder}/{LOCK}");
        let held = self.files.try_lock(&path).map_err(self.io("lock", &path))?;
        let Some(held) = held else {
            let content = self.load(&path, LOCK_LIMIT).unwrap_or_default();
            let note: Note = serde_json::from_slice(&content).unwrap_or_else(|_| Note::unknown());
            return Err(note.refusal(self.place(&path), None));
        };
        let note = Note::own(LockKind::Exclusive, command, now);
        // Only for the message that others get, so it need not succeed.
        let _ = held.note(&to_json(&note, "a lock")?);
        Ok(State {
            repository: Repository {
                files: self.files.clone(),
                id: self.id.clone(),
                new: false,
                touched: Default::default(),
            },
            folder,
            _held: held,
        })
    }

    /// Removes a group with all that is in it; [`Error::Locked`] when another process holds
    /// it. `command` and `now` are what others are told meanwhile.
    pub fn remove_state(&self, group: &str, command: &str, now: Timestamp) -> Result<(), Error> {
        let state = self.state(group, command, now)?;
        for entry in self.list(&state.folder)? {
            if entry.name != LOCK {
                state.remove(&entry.name)?;
            }
        }
        let lock = format!("{}/{LOCK}", state.folder);
        self.files.remove(&lock).map_err(self.io("remove", &lock))?;
        let folder = state.folder.clone();
        drop(state);
        match self.files.remove_folder(&folder) {
            // Somebody has taken the group again, or removed it.
            Err(error)
                if !matches!(
                    error.kind(),
                    ErrorKind::DirectoryNotEmpty | ErrorKind::NotFound
                ) =>
            {
                Err(self.io("remove", &folder)(error))
            }
            _ => Ok(()),
        }
    }

    /// Opens a file of a group for reading without holding the group: what is read may
    /// be changing. `None` when it does not exist.
    pub fn read_state(
        &self,
        group: &str,
        name: &str,
    ) -> Result<Option<Box<dyn Read + Send>>, Error> {
        check_name(group)?;
        check_name(name)?;
        let path = format!("{STATE}/{group}/{name}");
        match self.files.open(&path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.io("open", &path)(error)),
        }
    }

    /// The names of all groups of state, sorted.
    pub fn state_groups(&self) -> Result<Vec<String>, Error> {
        let mut groups: Vec<_> = self
            .list(STATE)?
            .into_iter()
            .filter(|entry| entry.folder)
            .map(|entry| entry.name)
            .collect();
        groups.sort();
        Ok(groups)
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    if is_safe_name(name) && name != LOCK && !name.starts_with('.') {
        return Ok(());
    }
    Err(Error::Invalid {
        what: "state".to_string(),
        reason: format!("{name:?} cannot be its name"),
    })
}

impl State {
    fn path(&self, name: &str) -> Result<String, Error> {
        check_name(name)?;
        Ok(format!("{}/{name}", self.folder))
    }

    /// Opens an append-only file, making it when it does not exist. Open it once:
    /// two handles do not know of each other's appends.
    pub fn log(&self, name: &str) -> Result<Log, Error> {
        let path = self.path(name)?;
        let repository = &self.repository;
        let old = repository
            .files
            .size(&path)
            .map_err(repository.io("look at", &path))?;
        let file = repository
            .files
            .log(&path)
            .map_err(repository.io("open", &path))?;
        if old.is_none() {
            self.sync_folders()?;
        }
        Ok(Log {
            files: repository.files.clone(),
            path,
            file,
        })
    }

    /// An empty log without a name, which vanishes with the process, however that ends:
    /// for what must not stay on the disk.
    pub fn scratch(&self) -> Result<Log, Error> {
        const NAME: &str = "scratch";
        self.remove(NAME)?;
        let log = self.log(NAME)?;
        self.remove(NAME)?;
        Ok(log)
    }

    /// What was stored under this name, if anything.
    pub fn load(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        match self.repository.load(&self.path(name)?, LIMIT) {
            Ok(content) => Ok(Some(content)),
            Err(Error::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Stores a small file (at most 256 MiB) in one step, durably.
    pub fn store(&self, name: &str, content: &[u8]) -> Result<(), Error> {
        let path = self.path(name)?;
        if content.len() as u64 > LIMIT {
            return Err(Error::Invalid {
                what: path,
                reason: format!("it is longer than {LIMIT} bytes"),
            });
        }
        self.repository.write(&path, content, Publish::Replace)?;
        self.sync_folders()
    }

    /// Removes a file or log; one that is not there is fine.
    pub fn remove(&self, name: &str) -> Result<(), Error> {
        let path = self.path(name)?;
        match self.repository.files.remove(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(self.repository.io("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }

    fn sync_folders(&self) -> Result<(), Error> {
        for folder in [self.folder.as_str(), STATE, ""] {
            self.repository.sync_folder(folder)?;
        }
        Ok(())
    }
}

#[allow(clippy::len_without_is_empty)] // Nobody asks whether a log is empty.
impl Log {
    fn io(&self, action: &'static str) -> impl FnOnce(std::io::Error) -> Error + '_ {
        move |source| Error::Io {
            action,
            place: self.files.place(&self.path),
            source,
        }
    }

    /// Adds bytes at the end and returns their offset.
    pub fn append(&self, bytes: &[u8]) -> Result<u64, Error> {
        self.file.append(bytes).map_err(self.io("append to"))
    }

    /// Reads exactly `len` bytes at `offset`; [`Error::Damaged`] when there are fewer.
    pub fn read_at(&self, offset: u64, len: u32) -> Result<Vec<u8>, Error> {
        let short = || Error::Damaged {
            place: self.files.place(&self.path),
            reason: format!("it ends before byte {}", offset.saturating_add(len.into())),
        };
        // Before room for it is made.
        if offset.saturating_add(len.into()) > self.len() {
            return Err(short());
        }
        let mut bytes = vec![0; len as usize];
        let count = self
            .file
            .read_at(offset, &mut bytes)
            .map_err(self.io("read"))?;
        if count < bytes.len() {
            return Err(short());
        }
        Ok(bytes)
    }

    /// The length in bytes.
    pub fn len(&self) -> u64 {
        self.file.size()
    }

    /// Cuts the log to `len` bytes; it never grows by this.
    pub fn truncate(&self, len: u64) -> Result<(), Error> {
        self.file.truncate(len).map_err(self.io("cut"))
    }

    /// Makes everything appended so far last through a power cut.
    pub fn sync(&self) -> Result<(), Error> {
        self.file.sync().map_err(self.io("make durable"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Disk, Memory};

    fn now() -> Timestamp {
        "2025-11-23T10:00:00Z".parse().unwrap()
    }

    fn both(test: impl Fn(Arc<dyn Files>)) {
        let folder = tempfile::tempdir().unwrap();
        test(Arc::new(Disk::new(folder.path())));
        test(Arc::new(Memory::new()));
    }

    #[test]
    fn one_process_at_a_time_holds_a_group() {
        both(|files| {
            let repository = Repository::create(files.clone()).unwrap();
            let state = repository.state("crawl", "dump", now()).unwrap();
            let other = Repository::open(files.clone()).unwrap();
            let error = other.state("crawl", "dump", now()).err().unwrap();
            assert!(error.is_locked());
            let pid = std::process::id();
            let message = error.to_string();
            assert!(
                message.contains(&format!("locked by dump (process {pid} on ")),
                "{message}"
            );
            assert!(
                message.ends_with("since 2025-11-23T10:00:00Z; state lock)"),
                "{message}"
            );
            other.state("restore", "dump", now()).unwrap();
            assert!(other.read_state("crawl", "seen").unwrap().is_none());
            state.store("seen", b"1").unwrap();
            let mut seen = String::new();
            let mut file = other.read_state("crawl", "seen").unwrap().unwrap();
            file.read_to_string(&mut seen).unwrap();
            assert_eq!(seen, "1", "reading needs no lock");
            drop(state);
            other.state("crawl", "dump", now()).unwrap();
            assert_eq!(repository.state_groups().unwrap(), ["crawl", "restore"]);
        });
    }

    #[test]
    fn a_log_is_found_again_as_it_was_left() {
        both(|files| {
            let repository = Repository::create(files).unwrap();
            let state = repository.state("crawl", "dump", now()).unwrap();
            let log = state.log("pages").unwrap();
            assert_eq!(log.append(b"one\n").unwrap(), 0);
            assert_eq!(log.append(b"two\n").unwrap(), 4);
            log.append(b"tor").unwrap();
            log.sync().unwrap();
            drop(log);
            let log = state.log("pages").unwrap();
            assert_eq!(log.len(), 11);
            log.truncate(8).unwrap();
            log.truncate(100).unwrap();
            assert_eq!(log.append(b"three\n").unwrap(), 8);
            assert_eq!(log.read_at(4, 10).unwrap(), b"two\nthree\n");
            for (offset, len) in [(5, 10), (15, 1), (u64::MAX, u32::MAX)] {
                let error = log.read_at(offset, len).unwrap_err();
                assert!(error.is_damage(), "{error}");
            }
            state.remove("pages").unwrap();
            state.remove("pages").unwrap();
            assert_eq!(state.log("pages").unwrap().len(), 0);
        });
    }

    #[test]
    fn threads_append_each_in_one_piece() {
        use rayon::prelude::*;
        both(|files| {
            let repository = Repository::create(files).unwrap();
            let log = repository
                .state("crawl", "dump", now())
                .unwrap()
                .log("pages")
                .unwrap();
            (0..100_u8).into_par_iter().for_each(|number| {
                let offset = log.append(&[number; 50]).unwrap();
                assert_eq!(log.read_at(offset, 50).unwrap(), [number; 50]);
            });
            assert_eq!(log.len(), 5000);
        });
    }

    #[test]
    fn small_files_and_synced_logs_last() {
        let files = Memory::new();
        let repository = Repository::create(Arc::new(files.clone())).unwrap();
        let state = repository.state("crawl", "dump", now()).unwrap();
        assert_eq!(state.load("seen").unwrap(), None);
        state.store("seen", b"1").unwrap();
        state.store("seen", b"2").unwrap();
        assert_eq!(state.load("seen").unwrap().unwrap(), b"2");
        let left = files.after_power_cut();
        assert_eq!(left.content("state/crawl/seen").unwrap(), b"2");

        let log = repository
            .state("restore", "dump", now())
            .unwrap()
            .log("journal")
            .unwrap();
        log.append(b"intent\n").unwrap();
        log.sync().unwrap();
        log.append(b"done\n").unwrap();
        let left = files.after_power_cut();
        assert_eq!(left.content("state/restore/journal").unwrap(), b"intent\n");
    }

    #[test]
    fn no_name_leads_out_of_the_group() {
        let repository = Repository::create(Arc::new(Memory::new())).unwrap();
        assert!(repository.state("../x", "dump", now()).is_err());
        let state = repository.state("crawl", "dump", now()).unwrap();
        for name in ["", "lock", "..", "a/b", ".tmp-1"] {
            assert!(state.store(name, b"").is_err(), "{name}");
            assert!(state.log(name).is_err(), "{name}");
        }
    }
}

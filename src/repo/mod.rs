//! The store: a folder of backups that knows nothing of Notion.
//!
//! Content lives in immutable objects named by their hash, directories are
//! objects too, and a snapshot is one small file that names a root directory.
//! Whatever is written goes objects first, then trees, then the snapshot, and
//! each file is whole and durable before it has its name. So at any time, also
//! after `kill -9` or with a full disk, everything that a snapshot names is
//! there, and readers need no lock. `docs/format.md` is the specification.
//!
//! - [`Repository`]: opening and making one (here), and its methods by subject:
//!   `object.rs` and `read.rs`, `tree.rs`, `snapshot.rs` and `find.rs`, `lock.rs`,
//!   `state.rs`, `remove.rs`;
//! - [`Files`]: what it needs of a file system, with [`Disk`], [`Memory`], and
//!   [`Failing`] for tests.

mod anchor;
mod disk;
mod error;
mod failing;
mod files;
mod find;
mod heartbeat;
mod lock;
mod memory;
mod object;
mod read;
mod remove;
mod snapshot;
mod state;
mod tree;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod crash_tests;

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, ErrorKind, Read};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

pub use anchor::anchor;
pub use disk::Disk;
pub use error::Error;
pub use failing::{Failing, Fault, Operation};
pub use files::{Files, Held, Listed, LogFile, NewFile, Publish};
pub use find::Picked;
pub use lock::{Holder, LockFound, LockGuard, LockKind, host};
pub use memory::Memory;
pub use object::{ObjectFolder, ObjectId, ObjectIdError, ObjectWriter, Stored};
pub use remove::{Sweep, is_unfinished};
pub use snapshot::{Repaired, Snapshot, SnapshotId, Snapshots, Source};
pub use state::{Log, State};
pub use tree::{Entry, EntryKind, Tree, is_safe_name};

use crate::fsio::TEMPORARY;

/// The file that makes a folder a repository.
const CONFIG: &str = "config.json";
/// What `format` says in it.
const FORMAT: &str = "notion-backup";
/// The layout of files that this program knows.
const VERSION: u32 = 1;
/// No file of ours of this kind comes near this many bytes.
const CONFIG_LIMIT: u64 = 64 * 1024;

/// A folder of backups. Shared by threads.
pub struct Repository {
    files: Arc<dyn Files>,
    id: String,
    /// Whether this process made it.
    new: bool,
    /// Folders with names that a power cut could still take.
    touched: Mutex<BTreeSet<String>>,
}

impl fmt::Debug for Repository {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Repository({})", self.files.place(""))
    }
}

#[derive(Serialize, Deserialize)]
struct Config {
    format: String,
    version: u32,
    id: String,
}

impl Repository {
    /// Makes a repository in an empty or missing folder. The folder around it must exist.
    ///
    /// Refuses one that has anything else in it, so that a mistyped path does not
    /// scatter objects over somebody's home.
    pub fn create(files: Arc<dyn Files>) -> Result<Repository, Error> {
        let repository = Repository {
            files,
            id: uuid::Uuid::new_v4().to_string(),
            new: true,
            touched: Mutex::default(),
        };
        repository.refuse_if_unfit()?;
        repository
            .files
            .create_folder("")
            .map_err(repository.io("create", ""))?;
        repository.refuse_if_not_empty()?;
        let config = Config {
            format: FORMAT.to_string(),
            version: VERSION,
            id: repository.id.clone(),
        };
        let mut content = to_json(&config, "the configuration")?;
        content.push(b'\n');
        repository.write(CONFIG, &content, Publish::New)?;
        repository.sync_folder("")?;
        Ok(repository)
    }

    /// Whether a repository can be made in this folder, as far as a look can tell:
    /// [`Error::NotEmpty`] when there is something in it, [`Error::NoFolder`] when the
    /// folder around it does not exist. Nothing is written.
    pub fn check_vacant(files: Arc<dyn Files>) -> Result<(), Error> {
        let repository = Repository {
            files,
            id: String::new(),
            new: false,
            touched: Mutex::default(),
        };
        repository.refuse_if_unfit()?;
        repository.refuse_if_not_empty()
    }

    /// A missing folder above is a typing error, or a disk that is not mounted.
    fn refuse_if_unfit(&self) -> Result<(), Error> {
        match self.files.has_place().map_err(self.io("look at", ""))? {
            true => Ok(()),
            false => Err(Error::NoFolder {
                place: self.files.place(""),
            }),
        }
    }

    fn refuse_if_not_empty(&self) -> Result<(), Error> {
        // A freshly made file system has that folder at its top.
        let taken = |entry: &Listed| entry.name != "lost+found";
        if self.list("")?.iter().any(taken) {
            return Err(Error::NotEmpty {
                place: self.files.place(""),
            });
        }
        Ok(())
    }

    /// Opens the repository in this folder.
    pub fn open(files: Arc<dyn Files>) -> Result<Repository, Error> {
        let mut repository = Repository {
            files,
            id: String::new(),
            new: false,
            touched: Mutex::default(),
        };
        let place = repository.files.place(CONFIG);
        let content = match repository.load(CONFIG, CONFIG_LIMIT) {
            Ok(content) => content,
            Err(Error::Missing { .. }) => {
                return Err(Error::NotARepository {
                    place: repository.files.place(""),
                });
            }
            Err(error) => return Err(error),
        };
        repository.id = parse_config(&content, &place)?.id;
        Ok(repository)
    }

    /// Opens the repository in this folder, making it on first use.
    pub fn open_or_create(files: Arc<dyn Files>) -> Result<Repository, Error> {
        match Repository::open(files.clone()) {
            Err(Error::NotARepository { .. }) => {}
            result => return result,
        }
        match Repository::create(files.clone()) {
            // Another process was quicker.
            Err(Error::NotEmpty { place }) => match Repository::open(files) {
                Err(Error::NotARepository { .. }) => Err(Error::NotEmpty { place }),
                result => result,
            },
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::AlreadyExists => {
                Repository::open(files)
            }
            result => result,
        }
    }

    /// Whether it was made just now, by this process: people should hear of that.
    pub fn is_new(&self) -> bool {
        self.new
    }

    /// The repository's own id, a UUID.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How to name a file of this repository, or with `""` itself, to a person.
    pub fn place(&self, path: &str) -> String {
        self.files.place(path)
    }

    /// Reads `config.json` again, to see whether it is still what it should be.
    pub fn check_config(&self) -> Result<(), Error> {
        let content = self.load(CONFIG, CONFIG_LIMIT)?;
        let config = parse_config(&content, &self.files.place(CONFIG))?;
        if config.id == self.id {
            Ok(())
        } else {
            Err(self.damaged(CONFIG, "its id changed while this program ran"))
        }
    }

    /// Makes everything stored so far last through a power cut.
    ///
    /// Content is durable before it gets its name; this makes the names durable,
    /// once a folder however many files it got.
    pub fn flush(&self) -> Result<(), Error> {
        let folders =
            std::mem::take(&mut *self.touched.lock().unwrap_or_else(PoisonError::into_inner));
        let mut result = Ok(());
        for folder in folders {
            if result.is_ok() {
                result = self.sync_folder(&folder);
            }
            if result.is_err() {
                // Not done, so the next flush must do it.
                self.touch(&folder);
            }
        }
        result
    }

    /// Notes that names in this folder are not durable yet.
    fn touch(&self, folder: &str) {
        let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        if !touched.contains(folder) {
            touched.insert(folder.to_string());
        }
    }

    fn sync_folder(&self, folder: &str) -> Result<(), Error> {
        self.files
            .sync_folder(folder)
            .map_err(self.io("make durable", folder))
    }

    /// Turns the system's error about a path into ours.
    fn io<'a>(
        &'a self,
        action: &'static str,
        path: &'a str,
    ) -> impl FnOnce(io::Error) -> Error + 'a {
        move |source| Error::Io {
            action,
            place: self.files.place(path),
            source,
        }
    }

    fn damaged(&self, path: &str, reason: impl ToString) -> Error {
        Error::Damaged {
            place: self.files.place(path),
            reason: reason.to_string(),
        }
    }

    /// What is in a folder, without leftovers of interrupted writes; nothing when
    /// the folder does not exist.
    fn list(&self, folder: &str) -> Result<Vec<Listed>, Error> {
        let mut found = match self.files.list(folder) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(self.io("list", folder)(error)),
        };
        found.retain(|entry| !entry.name.starts_with(TEMPORARY));
        Ok(found)
    }

    /// Reads a small file whole.
    fn load(&self, path: &str, limit: u64) -> Result<Vec<u8>, Error> {
        let file = self
            .files
            .open(path)
            .map_err(|source| match source.kind() {
                ErrorKind::NotFound => Error::Missing {
                    place: self.files.place(path),
                },
                _ => self.io("open", path)(source),
            })?;
        let mut content = Vec::new();
        file.take(limit.saturating_add(1))
            .read_to_end(&mut content)
            .map_err(self.io("read", path))?;
        if content.len() as u64 > limit {
            return Err(self.damaged(path, format_args!("longer than {limit} bytes")));
        }
        Ok(content)
    }

    /// Writes a small file in one step: durable content first, then the name. The
    /// name is durable when its folder has been synced. The folder must exist.
    fn write(&self, path: &str, content: &[u8], how: Publish) -> Result<(), Error> {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let write = || {
            let mut file = self.files.begin(folder)?;
            file.write_all(content)?;
            file.sync()?;
            file.publish(path, how)
        };
        write().map_err(self.io("write", path))
    }
}

fn parse_config(content: &[u8], place: &str) -> Result<Config, Error> {
    let config: Config = serde_json::from_slice(content).map_err(|error| Error::Damaged {
        place: place.to_string(),
        reason: format!("not a repository's configuration: {error}"),
    })?;
    if config.format != FORMAT {
        return Err(Error::NotARepository {
            place: place.trim_end_matches(CONFIG).to_string(),
        });
    }
    if config.version != VERSION {
        return Err(Error::Newer {
            place: place.to_string(),
            needs: format!("format version {}", config.version),
        });
    }
    Ok(config)
}

/// JSON of our own types; it fails only when a map has keys that are no text.
fn to_json<T: Serialize>(value: &T, what: &str) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::Invalid {
        what: what.to_string(),
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_and_opened_again() {
        let files = Arc::new(Memory::new());
        let made = Repository::create(files.clone()).unwrap();
        let opened = Repository::open(files.clone()).unwrap();
        assert_eq!(made.id(), opened.id());
        assert_eq!(made.id().len(), 36);
        opened.check_config().unwrap();
        let config: serde_json::Value =
            serde_json::from_slice(&files.content(CONFIG).unwrap()).unwrap();
        assert_eq!(config["format"], "notion-backup");
        assert_eq!(config["version"], 1);
        assert!(matches!(
            Repository::create(files.clone()),
            Err(Error::NotEmpty { .. })
        ));
        let again = Repository::open_or_create(files).unwrap();
        assert_eq!(made.id(), again.id());
    }

    #[test]
    fn a_folder_with_anything_else_is_left_alone() {
        let files = Arc::new(Memory::new());
        files.overwrite("photo.jpg", b"x");
        assert!(matches!(
            Repository::open_or_create(files.clone()),
            Err(Error::NotEmpty { .. })
        ));
        assert_eq!(files.paths(), ["photo.jpg"]);
    }

    #[test]
    fn an_interrupted_creation_and_a_fresh_disk_do_not_stand_in_the_way() {
        let files = Arc::new(Memory::new());
        files.create_folder("lost+found").unwrap();
        files.overwrite(".tmp-abc", b"{");
        Repository::open_or_create(files).unwrap();
    }

    #[test]
    fn what_is_no_repository_is_told_from_what_is_damaged_or_newer() {
        let open = |config: &[u8]| {
            let files = Arc::new(Memory::new());
            files.overwrite(CONFIG, config);
            Repository::open(files).unwrap_err()
        };
        let missing = Repository::open(Arc::new(Memory::new())).unwrap_err();
        assert!(matches!(missing, Error::NotARepository { .. }));
        let foreign = open(br#"{"format":"other","version":1,"id":"x"}"#);
        assert!(matches!(foreign, Error::NotARepository { .. }));
        assert!(matches!(open(b""), Error::Damaged { .. }));
        assert!(matches!(open(&[b' '; 70_000]), Error::Damaged { .. }));
        let newer = open(br#"{"format":"notion-backup","version":2,"id":"x"}"#);
        assert_eq!(
            newer.to_string(),
            "'memory:config.json' needs format version 2, so a newer notion-backup must read it"
        );
    }

    #[test]
    fn the_systems_reasons_can_be_told_apart() {
        let memory = Arc::new(Memory::new());
        let failing = Failing::new(memory);
        let repository = Repository::create(Arc::new(failing.clone())).unwrap();
        let fail = |kind| {
            failing.clear();
            failing.fail_at(2, Fault::Refuse(kind));
            repository.put(b"x").unwrap_err()
        };
        assert!(fail(ErrorKind::StorageFull).is_full());
        assert!(fail(ErrorKind::ReadOnlyFilesystem).is_read_only());
        assert!(fail(ErrorKind::PermissionDenied).is_denied());
    }
}

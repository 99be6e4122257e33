//! The store: a folder of backups that knows nothing of Notion.

mod error;
mod files;
mod lock;
mod object;
mod snapshot;
mod state;
mod tree;

use std::path::PathBuf;
use std::sync::Arc;

pub use error::Error;
pub use files::{Files, Held, Listed, LogFile, NewFile, Publish, TEMPORARY};
pub use lock::{LockGuard, LockKind};
pub use object::{ObjectId, ObjectIdError, ObjectWriter, Stored};
pub use snapshot::{Snapshot, SnapshotId, Snapshots, Source};
pub use state::{Log, State};
pub use tree::{Entry, EntryKind, Tree, is_safe_name};

/// A repository's files on the machine's disk.
pub struct Disk {}

impl Disk {
    /// The files below this folder, which need not exist yet.
    pub fn new(_root: impl Into<PathBuf>) -> Disk {
        todo!()
    }
}

/// A repository's files in memory, for tests.
pub struct Memory {}

impl Memory {
    /// No files yet.
    pub fn new() -> Memory {
        todo!()
    }
}

/// A folder of backups. Shared by threads.
pub struct Repository {}

impl Repository {
    /// Makes a repository in an empty or missing folder.
    pub fn create(_files: Arc<dyn Files>) -> Result<Repository, Error> {
        todo!()
    }

    /// Opens the repository in this folder.
    pub fn open(_files: Arc<dyn Files>) -> Result<Repository, Error> {
        todo!()
    }

    /// Opens the repository in this folder, making it on first use.
    pub fn open_or_create(_files: Arc<dyn Files>) -> Result<Repository, Error> {
        todo!()
    }

    /// The repository's own id.
    pub fn id(&self) -> &str {
        todo!()
    }

    /// Makes everything stored so far last through a power cut.
    pub fn flush(&self) -> Result<(), Error> {
        todo!()
    }
}

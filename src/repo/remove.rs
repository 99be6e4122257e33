//! Removing what no snapshot needs. What that is, is decided elsewhere; here is how.
//!
//! That a snapshot is gone must last before the first of its objects goes, or a power
//! cut could bring back a snapshot without them. A [`Sweep`] sees to that before it
//! removes anything.

use std::io::ErrorKind;

use super::{Error, LockGuard, ObjectId, Repository};
use crate::fsio::TEMPORARY;

/// Leave to remove objects, given by an exclusive lock.
pub struct Sweep<'a> {
    repository: &'a Repository,
    _lock: &'a LockGuard,
}

impl Repository {
    /// Begins to remove objects. The lock must be an exclusive one.
    pub fn sweep<'a>(&'a self, lock: &'a LockGuard) -> Result<Sweep<'a>, Error> {
        lock.may_remove("the removal of objects")?;
        self.sync_snapshots()?;
        Ok(Sweep {
            repository: self,
            _lock: lock,
        })
    }

    /// Unfinished files that lie directly in `objects/` and `snapshots/`, with their
    /// lengths in bytes: of running commands, or left from a crash. Those beside the
    /// objects are in [`ObjectFolder::others`](super::ObjectFolder::others).
    pub fn unfinished(&self) -> Result<Vec<(String, u64)>, Error> {
        let mut found = Vec::new();
        for folder in [super::object::OBJECTS, super::snapshot::SNAPSHOTS] {
            let listed = match self.files.list(folder) {
                Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
                listed => listed.map_err(self.io("list", folder))?,
            };
            let unfinished = listed
                .into_iter()
                .filter(|entry| !entry.folder && entry.name.starts_with(TEMPORARY));
            found.extend(unfinished.map(|entry| (format!("{folder}/{}", entry.name), entry.size)));
        }
        Ok(found)
    }
}

/// Whether a path in a repository is that of an unfinished file.
pub fn is_unfinished(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with(TEMPORARY)
}

impl Sweep<'_> {
    /// Removes an object; one that is gone already is fine.
    pub fn object(&self, id: ObjectId) -> Result<(), Error> {
        self.remove(&id.path())
    }

    /// Removes an unfinished file. Any other path is [`Error::Invalid`].
    pub fn unfinished(&self, path: &str) -> Result<(), Error> {
        if !is_unfinished(path) {
            return Err(Error::Invalid {
                what: "the removal of a file".to_string(),
                reason: format!("'{path}' is no unfinished file"),
            });
        }
        self.remove(path)
    }

    fn remove(&self, path: &str) -> Result<(), Error> {
        match self.repository.files.remove(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(self.repository.io("remove", path)(error))
            }
            _ => Ok(()),
        }
    }
}

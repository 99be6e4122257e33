//! Removing what no snapshot needs. What that is, is decided elsewhere; here is how.
//!
//! That a snapshot is gone must last before the first of its objects goes, or a power
//! cut could bring back a snapshot without them. A [`Sweep`] sees to that before it
//! removes anything.

use std::io::{self, ErrorKind};

use super::object::SET_ASIDE;
use super::{Error, LockGuard, ObjectId, Publish, Repository};
use crate::fsio::TEMPORARY;

/// Leave to remove objects, given by an exclusive lock.
pub struct Sweep<'a> {
    repository: &'a Repository,
    lock: &'a LockGuard,
}

impl Repository {
    /// Begins to remove objects. The lock must be an exclusive one.
    pub fn sweep<'a>(&'a self, lock: &'a LockGuard) -> Result<Sweep<'a>, Error> {
        lock.may_remove("the removal of objects")?;
        self.sync_snapshots()?;
        Ok(Sweep {
            repository: self,
            lock,
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

impl Repository {
    /// Where the file of a damaged object is set aside.
    pub fn set_aside_path(&self, id: ObjectId) -> String {
        let path = id.path();
        format!("{}{SET_ASIDE}", path.trim_end_matches(".zst"))
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

    /// Removes a file that is unfinished or was set aside. Any other path is
    /// [`Error::Invalid`].
    pub fn leftover(&self, path: &str) -> Result<(), Error> {
        if !is_unfinished(path) && !path.ends_with(SET_ASIDE) {
            return Err(Error::Invalid {
                what: "the removal of a file".to_string(),
                reason: format!("'{path}' is neither unfinished nor set aside"),
            });
        }
        self.remove(path)
    }

    /// Gives the file of an object another name, so that the content can be stored again.
    /// Does nothing when the object turns out to be whole or not to be there.
    ///
    /// Only what is certainly no longer the object is set aside: trouble with reading
    /// is an error.
    pub fn set_aside(&self, id: ObjectId) -> Result<bool, Error> {
        let repository = self.repository;
        match repository.copy(id, &mut io::sink()) {
            Ok(_) | Err(Error::Missing { .. }) => return Ok(false),
            Err(error) if error.is_damage() => {}
            Err(error) => return Err(error),
        }
        let (from, to) = (id.path(), repository.set_aside_path(id));
        let folder = id.folder();
        let copy = || {
            let mut source = repository.files.open(&from)?;
            let mut target = repository.files.begin(&folder)?;
            io::copy(&mut source, &mut target)?;
            target.sync()?;
            target.publish(&to, Publish::Replace)
        };
        copy().map_err(repository.io("set aside", &from))?;
        repository.sync_folder(&folder)?;
        self.remove(&from)?;
        Ok(true)
    }

    fn remove(&self, path: &str) -> Result<(), Error> {
        self.lock.is_kept()?;
        match self.repository.files.remove(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(self.repository.io("remove", path)(error))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{LockKind, Memory};
    use std::sync::Arc;

    #[test]
    fn a_damaged_object_is_set_aside_and_can_be_stored_again() {
        let files = Memory::new();
        let repository = Repository::create(Arc::new(files.clone())).unwrap();
        let content = vec![7; 100_000];
        let id = repository.put(&content).unwrap().id;
        let mut bytes = files.content(&id.path()).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        files.overwrite(&id.path(), &bytes);
        assert!(
            !repository.put(&content).unwrap().new,
            "its header is right"
        );

        let now = "2025-11-23T10:00:00Z".parse().unwrap();
        let lock = repository.lock(LockKind::Exclusive, "check", now).unwrap();
        let sweep = repository.sweep(&lock).unwrap();
        assert!(sweep.set_aside(id).unwrap());
        assert!(!sweep.set_aside(id).unwrap(), "it is gone");
        assert!(!repository.has(id).unwrap());
        let aside = repository.set_aside_path(id);
        assert_eq!(files.content(&aside).unwrap(), bytes);
        let folder = repository.object_folder(id.bytes()[0]).unwrap();
        assert_eq!(folder.set_aside, [(id, bytes.len() as u64)]);
        assert!(folder.objects.is_empty() && folder.others.is_empty());

        assert!(repository.put(&content).unwrap().new);
        assert!(!sweep.set_aside(id).unwrap(), "it is whole");
        assert_eq!(repository.read(id, 100_000).unwrap(), content);
        sweep.leftover(&aside).unwrap();
        assert!(sweep.leftover(&id.path()).is_err());
    }
}

//! A snapshot's tree as a source.

use std::io::{self, Read, Seek, SeekFrom};

use super::{Item, Place, Source, SourceError};
use crate::repo::{self, EntryKind, ObjectId, Repository};

/// The tree of one snapshot.
pub struct SnapshotSource<'r> {
    repo: &'r Repository,
    tree: ObjectId,
}

impl<'r> SnapshotSource<'r> {
    /// The tree with this root directory.
    pub fn new(repo: &'r Repository, tree: ObjectId) -> SnapshotSource<'r> {
        SnapshotSource { repo, tree }
    }

    fn object(place: &Place) -> Result<ObjectId, SourceError> {
        match place {
            Place::Object(id) => Ok(*id),
            Place::Below(names) => Err(SourceError::Folder {
                path: names.join("/"),
                source: std::io::ErrorKind::NotFound.into(),
            }),
        }
    }
}

impl Source for SnapshotSource<'_> {
    fn root(&self) -> Place {
        Place::Object(self.tree)
    }

    fn list(&self, directory: &Place) -> Result<Vec<Item>, SourceError> {
        let tree = self.repo.tree(Self::object(directory)?)?;
        let items = tree.entries.into_iter().map(|entry| Item {
            name: entry.name,
            folder: entry.kind == EntryKind::Directory,
            size: entry.size,
            place: Place::Object(entry.id),
        });
        Ok(items.collect())
    }

    fn read(&self, file: &Place, limit: u64) -> Result<Vec<u8>, SourceError> {
        Ok(self.repo.read(Self::object(file)?, limit)?)
    }

    /// Reading an object compares its content with its name, which is the hash.
    fn measure(&self, file: &Place) -> Result<(u64, String), SourceError> {
        let id = Self::object(file)?;
        let size = self.repo.copy(id, &mut io::sink())?;
        Ok((size, id.to_string()))
    }

    /// Only the last byte settles whether an object is what it should be, so it is copied
    /// to a nameless file first.
    fn open(&self, file: &Place) -> Result<Box<dyn Read + Send>, SourceError> {
        let id = Self::object(file)?;
        let sink = |source| SourceError::Repository(repo::Error::Sink { id, source });
        let mut copy = tempfile::tempfile().map_err(sink)?;
        self.repo.copy(id, &mut copy)?;
        copy.seek(SeekFrom::Start(0)).map_err(sink)?;
        Ok(Box::new(copy))
    }
}

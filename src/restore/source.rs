//! Where the original is read from: a snapshot of a repository, or a folder with the
//! same layout, as `extract` and other tools write it.

mod folder;
mod snapshot;

use std::io::{self, Read};

use sha2::{Digest, Sha256};

use crate::repo::{self, ObjectId};

pub use folder::FolderSource;
pub use snapshot::SnapshotSource;

/// How much of a file is read at once, in bytes.
const PIECE: usize = 64 * 1024;

/// A file or directory of a source, as its listing named it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// An object of a repository.
    Object(ObjectId),
    /// The names that lead there from the folder that is the root.
    Below(Vec<String>),
}

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// Whether it is a directory.
    pub folder: bool,
    /// Its length in bytes; 0 for directories.
    pub size: u64,
    /// How to open it.
    pub place: Place,
}

/// Why the original cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The repository cannot give it.
    #[error(transparent)]
    Repository(#[from] repo::Error),
    /// The folder cannot give it.
    #[error("cannot read '{path}': {source}")]
    Folder {
        /// The file or directory.
        path: String,
        /// The system's reason.
        source: io::Error,
    },
}

/// Directories and files of an original.
pub trait Source: Send + Sync {
    /// The root directory.
    fn root(&self) -> Place;

    /// What is in a directory, sorted by name.
    fn list(&self, directory: &Place) -> Result<Vec<Item>, SourceError>;

    /// The content of a file of at most `limit` bytes.
    fn read(&self, file: &Place, limit: u64) -> Result<Vec<u8>, SourceError>;

    /// Opens a file of any length. What is read from it is whole and as it was stored.
    fn open(&self, file: &Place) -> Result<Box<dyn Read + Send>, SourceError>;

    /// Reads a file to its end: its length in bytes and the SHA-256 of its content, in
    /// hexadecimal digits. Fails where it is missing or damaged.
    fn measure(&self, file: &Place) -> Result<(u64, String), SourceError> {
        let mut content = self.open(file)?;
        let mut hash = Sha256::new();
        let mut piece = vec![0; PIECE];
        let mut size = 0;
        loop {
            let read = match content.read(&mut piece) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => {
                    let path = match file {
                        Place::Below(names) => names.join("/"),
                        Place::Object(id) => format!("object {id}"),
                    };
                    return Err(SourceError::Folder { path, source });
                }
            };
            if read == 0 {
                let hash: [u8; 32] = hash.finalize().into();
                let digits = hash.iter().map(|byte| format!("{byte:02x}"));
                return Ok((size, digits.collect()));
            }
            hash.update(piece.get(..read).unwrap_or_default());
            size += read as u64;
        }
    }

    /// The entry at a path from the root on, such as `/<page id>/<sha256>.bin`; `None`
    /// when there is none.
    fn find(&self, path: &str) -> Result<Option<Item>, SourceError> {
        let mut names = path.split('/').filter(|name| !name.is_empty()).peekable();
        let mut here = self.root();
        while let Some(name) = names.next() {
            let items = self.list(&here)?;
            let Some(item) = items.into_iter().find(|item| item.name == name) else {
                return Ok(None);
            };
            if names.peek().is_none() {
                return Ok(Some(item));
            }
            if !item.folder {
                return Ok(None);
            }
            here = item.place;
        }
        Ok(None)
    }
}

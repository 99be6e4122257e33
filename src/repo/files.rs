//! The few things that a repository asks of a file system.
//!
//! All paths are relative to the repository, with `/` between components. The
//! repository's promises rest on the contract of these methods, so it is spelt
//! out here, and one suite of tests (`conformance.rs`) runs against every
//! implementation: [`Disk`](super::Disk) and [`Memory`](super::Memory).
//! [`Failing`](super::Failing) wraps either and makes chosen operations fail.
//!
//! Durability has two halves, as on a real disk. The *content* of a file lasts
//! after [`NewFile::sync`] or [`LogFile::sync`]; its *name* lasts after
//! [`Files::sync_folder`] on the folder that holds it. Before that a power cut
//! may take it away. A process that merely dies takes nothing away that was
//! published or appended.

use std::io::{self, Read, Write};

use jiff::Timestamp;

/// One thing in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name, without the folder.
    pub name: String,
    /// Its length in bytes; 0 for a folder.
    pub size: u64,
    /// Whether it is a folder.
    pub folder: bool,
}

/// What [`NewFile::publish`] does when the name is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publish {
    /// Fails with [`io::ErrorKind::AlreadyExists`] and leaves the old file as it is.
    New,
    /// Replaces the old file in one step: a reader sees the old or the new one, whole.
    Replace,
}

/// A folder that a repository lives in. Shared by threads.
///
/// Errors are plain [`io::Error`]s; the repository adds which file it was.
pub trait Files: Send + Sync {
    /// How to name `path` to a person.
    fn place(&self, path: &str) -> String;

    /// What is in `folder` (`""` is the repository itself), in no order. Complete,
    /// or an error; a missing folder is `NotFound`. Files that were begun and not
    /// published may be listed, under names with the prefix [`TEMPORARY`](crate::fsio::TEMPORARY).
    fn list(&self, folder: &str) -> io::Result<Vec<Listed>>;

    /// When a file was last written or, by [`Held::beat`], shown to be in use: by the clock of
    /// the file system, which may be another machine's. A missing file is `NotFound`.
    fn modified(&self, path: &str) -> io::Result<Timestamp>;

    /// Opens a file for reading from its start. A missing one is `NotFound`.
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>>;

    /// The length of a file in bytes, or `None` when it does not exist.
    fn size(&self, path: &str) -> io::Result<Option<u64>>;

    /// Makes `folder` and the folders above it, for the owner alone. One that exists is fine.
    /// What lies above the repository itself is never made: without it, this is `NotFound`.
    fn create_folder(&self, folder: &str) -> io::Result<()>;

    /// Whether the folder that the repository itself lies in, or would lie in, exists.
    fn has_place(&self) -> io::Result<bool>;

    /// Begins a file that no reader sees until it is published. `near` is the
    /// folder that it will be published in, or another one of the same file
    /// system; it must exist. Dropping the handle discards the file.
    fn begin(&self, near: &str) -> io::Result<Box<dyn NewFile>>;

    /// Makes the names in `folder` last through a power cut.
    fn sync_folder(&self, folder: &str) -> io::Result<()>;

    /// Removes a file. A missing one is `NotFound`.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Removes a folder that is empty. A missing one is `NotFound`.
    fn remove_folder(&self, folder: &str) -> io::Result<()>;

    /// Opens an append-only file, making it when it does not exist. Its folder must exist.
    fn log(&self, path: &str) -> io::Result<Box<dyn LogFile>>;

    /// Takes the lock of the file at `path`, making an empty one when it does
    /// not exist, or `None` when another handle, in this process or another on
    /// this machine, holds it. Dropping the handle, or the end of the process
    /// however it comes, releases the lock; the file stays.
    fn try_lock(&self, path: &str) -> io::Result<Option<Box<dyn Held>>>;

    /// Publishes a new file with this content whose lock is held from before it
    /// is visible. `AlreadyExists` when the name is taken.
    fn hold(&self, path: &str, content: &[u8]) -> io::Result<Box<dyn Held>>;

    /// Whether somebody on this machine holds the lock of the file at `path`.
    /// `true` where the file system cannot tell; a missing file is `NotFound`.
    fn is_held(&self, path: &str) -> io::Result<bool>;
}

/// A file being written, not yet visible.
pub trait NewFile: Write + Send {
    /// Makes the content written so far last through a power cut.
    fn sync(&mut self) -> io::Result<()>;

    /// Gives the file its name. Its folder must exist. On an error nothing is
    /// published and the file is discarded.
    fn publish(self: Box<Self>, path: &str, how: Publish) -> io::Result<()>;
}

/// An append-only file. Shared by threads: appends come one after the other,
/// each in one piece.
pub trait LogFile: Send + Sync {
    /// Adds `bytes` at the end and returns the offset of the first one. When it
    /// fails, a part of `bytes` may be there, and the next append comes after it
    /// or over it: the reader must be able to tell.
    fn append(&self, bytes: &[u8]) -> io::Result<u64>;

    /// Reads up to `buffer.len()` bytes at `offset`; fewer only at the end.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// The length in bytes.
    fn size(&self) -> u64;

    /// Cuts the file to `size` bytes; it never grows by this.
    fn truncate(&self, size: u64) -> io::Result<()>;

    /// Makes everything appended so far last through a power cut.
    fn sync(&self) -> io::Result<()>;
}

/// A lock that is held until this is dropped.
pub trait Held: Send + Sync {
    /// Replaces what the locked file says about its holder. Best effort: readers
    /// must cope with a torn note.
    fn note(&self, content: &[u8]) -> io::Result<()>;

    /// Sets the time of the locked file to now, by the clock of the file system.
    fn beat(&self) -> io::Result<()>;
}

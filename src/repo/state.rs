//! State: what a command must remember to be continued after an interruption.

use super::{Error, Repository};

/// One group of state files, held by this process alone.
pub struct State {}

/// An append-only file of a [`State`]. Shared by threads.
pub struct Log {}

impl Repository {
    /// Takes `state/<group>/` for this process, making it when it does not exist.
    pub fn state(&self, _group: &str) -> Result<State, Error> {
        todo!()
    }
}

impl State {
    /// Opens an append-only file, making it when it does not exist.
    pub fn log(&self, _name: &str) -> Result<Log, Error> {
        todo!()
    }

    /// What was stored under this name, if anything.
    pub fn load(&self, _name: &str) -> Result<Option<Vec<u8>>, Error> {
        todo!()
    }

    /// Stores a small file in one step, durably.
    pub fn store(&self, _name: &str, _content: &[u8]) -> Result<(), Error> {
        todo!()
    }

    /// Removes a file or log; one that is not there is fine.
    pub fn remove(&self, _name: &str) -> Result<(), Error> {
        todo!()
    }
}

#[allow(clippy::len_without_is_empty)]
impl Log {
    /// Adds bytes at the end and returns their offset.
    pub fn append(&self, _bytes: &[u8]) -> Result<u64, Error> {
        todo!()
    }

    /// Reads exactly `len` bytes at `offset`.
    pub fn read_at(&self, _offset: u64, _len: u32) -> Result<Vec<u8>, Error> {
        todo!()
    }

    /// The length in bytes.
    pub fn len(&self) -> u64 {
        todo!()
    }

    /// Cuts the log to `len` bytes.
    pub fn truncate(&self, _len: u64) -> Result<(), Error> {
        todo!()
    }

    /// Makes everything appended so far last through a power cut.
    pub fn sync(&self) -> Result<(), Error> {
        todo!()
    }
}

impl State {
    /// scratch
    pub fn scratch(&self) -> Result<Log, Error> {
        self.log("scratch")
    }
}

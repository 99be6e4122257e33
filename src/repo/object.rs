//! Objects: immutable files named by the SHA-256 of what they hold.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{Error, Repository};

/// The SHA-256 of an object's uncompressed content, which is its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId([u8; 32]);

/// A text that is not the name of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of an object: give 64 lower-case hexadecimal digits")]
pub struct ObjectIdError;

impl ObjectId {
    /// The id of this content.
    pub fn of(_content: &[u8]) -> ObjectId {
        todo!()
    }

    /// The hash's bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for ObjectId {
    type Err = ObjectIdError;

    fn from_str(_text: &str) -> Result<ObjectId, ObjectIdError> {
        todo!()
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(out, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl Serialize for ObjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ObjectId, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What came of storing content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its name.
    pub id: ObjectId,
    /// Its uncompressed length in bytes.
    pub size: u64,
    /// Whether it was not there before.
    pub new: bool,
}

/// An object being written in pieces; see [`Repository::writer`].
pub struct ObjectWriter<'a> {
    _repository: &'a Repository,
}

impl ObjectWriter<'_> {
    /// Ends the object and stores it.
    pub fn finish(self) -> Result<Stored, Error> {
        todo!()
    }
}

impl Write for ObjectWriter<'_> {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        todo!()
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Repository {
    /// Stores content and returns its id. What is there already is not written again.
    pub fn put(&self, _content: &[u8]) -> Result<Stored, Error> {
        todo!()
    }

    /// Stores JSON canonically: compact, keys sorted.
    pub fn put_json(&self, _value: &Value) -> Result<Stored, Error> {
        todo!()
    }

    /// Begins an object whose content comes in pieces and never is in memory whole.
    pub fn writer(&self) -> Result<ObjectWriter<'_>, Error> {
        todo!()
    }

    /// Reads an object of at most `limit` bytes, verified.
    pub fn read(&self, _id: ObjectId, _limit: u64) -> Result<Vec<u8>, Error> {
        todo!()
    }

    /// Copies an object's content, verified at the end, and returns its length in bytes.
    pub fn copy(&self, _id: ObjectId, _into: &mut dyn Write) -> Result<u64, Error> {
        todo!()
    }

    /// Whether an object is there; its content is not looked at.
    pub fn has(&self, _id: ObjectId) -> Result<bool, Error> {
        todo!()
    }
}

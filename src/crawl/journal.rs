//! What this crawl has read so far, on disk as soon as it is known.
//!
//! The journal is a file of JSON lines in the repository's state directory. It serves
//! twice: the bodies of pages wait there, instead of in memory, until the tree is
//! assembled; and a run that was interrupted is continued, because the next one finds
//! in it what need not be read again. A torn last line is the mark of a kill and is
//! cut off. Every object that a record names is on disk before the record is.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Error;
use super::body::Record;
use super::options::Depth;
use crate::model::NotionId;
use crate::repo::{Log, State};

/// The journal's name in the state directory.
pub const NAME: &str = "crawl.jsonl";

/// The first line: what kind of run the journal belongs to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Header {
    version: u32,
    depth: Depth,
    full: bool,
}

/// The version of the journal's form; one of another version is thrown away.
const VERSION: u32 = 1;

/// Where a record is, and what is asked of it most.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Offset in bytes.
    pub offset: u64,
    /// Length in bytes.
    pub length: u32,
    /// `last_edited_time` when it was read.
    pub edited: Option<Timestamp>,
    /// When it was read.
    pub read: Timestamp,
}

/// The journal of a running crawl.
pub struct Journal {
    log: Log,
}

impl Journal {
    /// Opens the journal of an interrupted run, or begins a new one. Returns the whole
    /// records of the interrupted run that are good enough for this one.
    pub fn open(
        state: &State,
        depth: Depth,
        full: bool,
    ) -> Result<(Journal, HashMap<NotionId, Place>), Error> {
        let header = Header {
            version: VERSION,
            depth,
            full,
        };
        let mut records = HashMap::new();
        let content = state.load(NAME)?.unwrap_or_default();
        let mut lines = content.split_inclusive(|&byte| byte == b'\n');
        let known: Option<Header> = lines
            .next()
            .and_then(|line| serde_json::from_slice(line).ok());
        let fits = known.is_some_and(|known| {
            known.version == VERSION && known.depth.covers(depth) && (known.full || !full)
        });
        let log = state.log(NAME)?;
        if !fits {
            log.truncate(0)?;
            let mut line = serde_json::to_vec(&header)?;
            line.push(b'\n');
            log.append(&line)?;
            return Ok((Journal { log }, records));
        }
        let mut offset = content
            .iter()
            .position(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        for line in lines {
            let Ok(record) = serde_json::from_slice::<Record>(line) else {
                break;
            };
            if line.last() != Some(&b'\n') {
                break;
            }
            let place = Place {
                offset: offset as u64,
                length: line.len() as u32,
                edited: record.edited,
                read: record.read,
            };
            if record.is_whole() {
                records.insert(record.id, place);
            } else {
                records.remove(&record.id);
            }
            offset += line.len();
        }
        log.truncate(offset as u64)?;
        Ok((Journal { log }, records))
    }

    /// Writes a record down.
    pub fn append(&self, record: &Record) -> Result<Place, Error> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        let length = u32::try_from(line.len())
            .map_err(|_| Error::Inconsistent(format!("{} is too large to be noted", record.id)))?;
        let offset = self.log.append(&line)?;
        Ok(Place {
            offset,
            length,
            edited: record.edited,
            read: record.read,
        })
    }

    /// Reads a record back.
    pub fn read(&self, place: Place) -> Result<Record, Error> {
        let line = self.log.read_at(place.offset, place.length)?;
        serde_json::from_slice(&line).map_err(|error| {
            Error::Inconsistent(format!("the crawl's journal is damaged: {error}"))
        })
    }
}

/// Removes the journal of a finished crawl, once its snapshot is saved.
pub fn forget_journal(state: &State) -> Result<(), crate::repo::Error> {
    state.remove(NAME)
}

//! What the listings said: search, and the rows of every data source.
//!
//! Cursors die when a client takes its time, so a listing is drained at once and its
//! objects wait in a scratch file, not in memory; only what decisions need is kept:
//! the kind, the parent, the time. The scratch file has no name in the repository and
//! vanishes with the process, because the objects in it still carry signed URLs.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard};

use jiff::Timestamp;
use serde_json::Value;

use super::Error;
use crate::model::{Kind, NotionId, Parent, edited, id_of, in_trash, kind_of, parent_of};
use crate::repo::Log;

/// What is kept in memory of a listed object.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// Page or data source.
    pub kind: Kind,
    /// Its parent; for a data source, the parent of its database.
    pub parent: Parent,
    /// The database of a data source.
    pub database: Option<NotionId>,
    /// `last_edited_time`.
    pub edited: Option<Timestamp>,
    /// When the answer came that held it.
    pub seen: Timestamp,
    /// Whether it lies in the trash.
    pub trashed: bool,
    /// Whether search listed it, rather than a query or a call for it alone.
    pub searched: bool,
    offset: u64,
    length: u32,
}

/// Everything listed so far.
pub struct Listing {
    scratch: Log,
    objects: Mutex<Objects>,
}

#[derive(Default)]
struct Objects {
    listed: HashMap<NotionId, Listed>,
    sources: HashMap<NotionId, BTreeSet<NotionId>>,
}

impl Listing {
    /// An empty listing that spools to `scratch`.
    pub fn new(scratch: Log) -> Listing {
        Listing {
            scratch,
            objects: Mutex::default(),
        }
    }

    fn objects(&self) -> MutexGuard<'_, Objects> {
        self.objects
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Takes in a page or data source. Of two readings the later edit stays. Returns
    /// `None` for what is neither, or has no id.
    pub fn add(
        &self,
        object: &Value,
        seen: Timestamp,
        searched: bool,
    ) -> Result<Option<NotionId>, Error> {
        let (Some(id), Some(kind)) = (id_of(object), kind_of(object)) else {
            return Ok(None);
        };
        let edited = edited(object);
        if let Some(known) = self.objects().listed.get_mut(&id) {
            known.searched |= searched;
            if known.edited >= edited && known.trashed == in_trash(object) {
                return Ok(Some(id));
            }
        }
        let (parent, database) = match (kind, parent_of(object)) {
            (Kind::DataSource, parent) => {
                let above = object
                    .get("database_parent")
                    .cloned()
                    .unwrap_or(Value::Null);
                (
                    parent_of(&serde_json::json!({ "parent": above })),
                    parent.id(),
                )
            }
            (_, parent) => (parent, None),
        };
        let line = serde_json::to_vec(object)?;
        let length = u32::try_from(line.len())
            .map_err(|_| Error::Inconsistent(format!("{id} is larger than 4 GiB")))?;
        let offset = self.scratch.append(&line)?;
        let trashed = in_trash(object);
        let listed = Listed {
            kind,
            parent,
            database,
            edited,
            seen,
            trashed,
            searched,
            offset,
            length,
        };
        let mut objects = self.objects();
        if let Some(database) = database
            && !trashed
        {
            objects.sources.entry(database).or_default().insert(id);
        }
        objects.listed.insert(id, listed);
        Ok(Some(id))
    }

    /// What is known of `id`.
    pub fn get(&self, id: NotionId) -> Option<Listed> {
        self.objects().listed.get(&id).copied()
    }

    /// The whole object, as Notion answered it, signed URLs included.
    pub fn object(&self, listed: Listed) -> Result<Value, Error> {
        let line = self.scratch.read_at(listed.offset, listed.length)?;
        serde_json::from_slice(&line)
            .map_err(|error| Error::Inconsistent(format!("the scratch file is damaged: {error}")))
    }

    /// The listed data sources of a database, sorted.
    pub fn sources(&self, database: NotionId) -> Vec<NotionId> {
        let objects = self.objects();
        objects
            .sources
            .get(&database)
            .into_iter()
            .flatten()
            .copied()
            .collect()
    }

    /// All ids, sorted, with what is known of them.
    pub fn all(&self) -> Vec<(NotionId, Listed)> {
        let mut all: Vec<_> = self
            .objects()
            .listed
            .iter()
            .map(|(id, it)| (*id, *it))
            .collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        all
    }

    /// How many objects are listed.
    pub fn len(&self) -> usize {
        self.objects().listed.len()
    }
}

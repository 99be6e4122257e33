//! What the listings said: search, and the rows of every data source.
//!
//! Cursors die when a client takes its time, so a listing is drained at once and its
//! objects wait in a scratch file, not in memory; only what decisions need is kept:
//! the kind, the parent, the time. The scratch file has no name in the repository and
//! vanishes with the process, because the objects in it still carry signed URLs.

use std::cmp::Ordering;
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

impl Objects {
    /// Whether a reading is newer than what is known. Search having listed an object is
    /// known from then on.
    fn is_news(&mut self, id: NotionId, listed: &mut Listed) -> bool {
        let Some(known) = self.listed.get_mut(&id) else {
            return true;
        };
        known.searched |= listed.searched;
        listed.searched = known.searched;
        // Neither the trash nor a move need move the time of the edit.
        let same = known.trashed == listed.trashed
            && known.parent == listed.parent
            && known.database == listed.database;
        match listed.edited.cmp(&known.edited) {
            Ordering::Greater => true,
            Ordering::Equal => !same && listed.seen >= known.seen,
            Ordering::Less => false,
        }
    }

    /// Takes a reading in, unless another worker has brought a newer one meanwhile.
    fn insert(&mut self, id: NotionId, mut listed: Listed) {
        if !self.is_news(id, &mut listed) {
            return;
        }
        let before = self.listed.insert(id, listed);
        if let Some(database) = before.and_then(|before| before.database)
            && let Some(sources) = self.sources.get_mut(&database)
        {
            sources.remove(&id);
        }
        if let Some(database) = listed.database
            && !listed.trashed
        {
            self.sources.entry(database).or_default().insert(id);
        }
    }
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

    /// Takes in a page or data source. Of two readings the newer one stays. Returns
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
        let (parent, database) = match (kind, parent_of(object)) {
            (Kind::DataSource, own) => {
                let database = match own {
                    Parent::Database(database) => Some(database),
                    // One that is synchronised from another names both.
                    Parent::DataSource(_, database) => database,
                    _ => None,
                };
                let above = object
                    .get("database_parent")
                    .cloned()
                    .unwrap_or(Value::Null);
                (parent_of(&serde_json::json!({ "parent": above })), database)
            }
            (_, parent) => (parent, None),
        };
        let mut listed = Listed {
            kind,
            parent,
            database,
            edited: edited(object),
            seen,
            trashed: in_trash(object),
            searched,
            offset: 0,
            length: 0,
        };
        // Most objects that come twice are as they were, and need not be written again.
        if !self.objects().is_news(id, &mut listed) {
            return Ok(Some(id));
        }
        let line = serde_json::to_vec(object)?;
        listed.length = u32::try_from(line.len())
            .map_err(|_| Error::Inconsistent(format!("{id} is larger than 4 GiB")))?;
        listed.offset = self.scratch.append(&line)?;
        self.objects().insert(id, listed);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Memory, Repository};
    use serde_json::json;
    use std::sync::Arc;

    fn listing() -> Listing {
        let repo = Repository::create(Arc::new(Memory::new())).unwrap();
        let state = repo.state("g", "dump", Timestamp::UNIX_EPOCH).unwrap();
        Listing::new(state.scratch().unwrap())
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn page(edited: i64, trashed: bool, title: &str) -> Value {
        json!({"object": "page", "id": NotionId::from_bits(1), "title": title, "in_trash": trashed,
               "last_edited_time": at(edited), "parent": {"type": "workspace", "workspace": true}})
    }

    fn known(listing: &Listing) -> (Value, Listed) {
        let listed = listing.get(NotionId::from_bits(1)).unwrap();
        (listing.object(listed).unwrap()["title"].clone(), listed)
    }

    #[test]
    fn an_older_reading_never_takes_the_place_of_a_newer_one() {
        let listing = listing();
        listing.add(&page(60, true, "new"), at(100), false).unwrap();
        // A search that lags behind: not in the trash yet, and listed later.
        listing.add(&page(0, false, "old"), at(110), true).unwrap();
        let (title, listed) = known(&listing);
        assert_eq!(title, "new");
        assert!(listed.trashed);
        assert!(listed.searched, "search did list it");
        listing
            .add(&page(120, false, "newest"), at(130), false)
            .unwrap();
        let (title, listed) = known(&listing);
        assert_eq!(title, "newest");
        assert!(!listed.trashed && listed.searched);
    }

    #[test]
    fn a_reading_that_waited_for_the_disk_is_compared_with_what_came_meanwhile() {
        let listing = listing();
        listing
            .add(&page(60, false, "new"), at(100), false)
            .unwrap();
        let newer = listing.get(NotionId::from_bits(1)).unwrap();
        let older = Listed {
            edited: Some(at(0)),
            trashed: true,
            ..newer
        };
        listing.objects().insert(NotionId::from_bits(1), older);
        assert_eq!(known(&listing).1.edited, Some(at(60)));
        assert!(!known(&listing).1.trashed);
    }

    #[test]
    fn what_moves_without_an_edit_is_known_as_it_was_seen_last() {
        let listing = listing();
        let source = |database: u128| {
            json!({"object": "data_source", "id": NotionId::from_bits(1), "title": "s",
                   "last_edited_time": at(60),
                   "parent": {"type": "database_id", "database_id": NotionId::from_bits(database)}})
        };
        listing.add(&source(7), at(100), false).unwrap();
        listing.add(&source(8), at(110), false).unwrap();
        listing.add(&source(7), at(90), false).unwrap();
        assert_eq!(known(&listing).1.database, Some(NotionId::from_bits(8)));
        assert_eq!(listing.sources(NotionId::from_bits(7)), []);
        assert_eq!(
            listing.sources(NotionId::from_bits(8)),
            [NotionId::from_bits(1)]
        );
    }
}

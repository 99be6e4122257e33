//! One page's (or database's) own part of the tree, without the pages below it.
//!
//! Pages come and go below an unchanged page. So what belongs to a page itself, its
//! files and the directories of its blocks, is kept apart from the *slots*: the places
//! where the page shows a child page or database. The two are joined when the whole
//! tree is assembled. Directories refer to the one above them by position, so that
//! blocks nested a thousand deep cost no more than flat ones.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{How, Kind, NotionId, Reference};
use crate::repo::{Entry, EntryKind, Stored};

use super::ledger::Line;

/// A directory of a body: of the page itself, or of one of its blocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Directory {
    /// Position of the directory above; a directory comes after the one above it.
    #[serde(rename = "w")]
    pub within: u32,
    /// Whose directory it is.
    #[serde(rename = "n")]
    pub name: NotionId,
    /// The files in it.
    #[serde(rename = "f")]
    pub files: Vec<Entry>,
}

/// A place where a page shows a child page or a child database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// The child.
    pub id: NotionId,
    /// Page or database.
    pub kind: Kind,
    /// Position of the directory whose listing shows it.
    #[serde(rename = "d")]
    pub directory: u32,
    /// The title that the block shows.
    #[serde(rename = "t")]
    pub title: String,
}

/// The own part of a page or database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// The first one is the page's own.
    pub directories: Vec<Directory>,
    /// Where its children stand, in document order.
    pub slots: Vec<Slot>,
}

impl Body {
    /// A body with nothing in it.
    pub fn new(id: NotionId) -> Body {
        Body {
            directories: vec![Directory {
                within: 0,
                name: id,
                files: Vec::new(),
            }],
            slots: Vec::new(),
        }
    }

    /// Adds the directory of `name` and gives its position.
    pub fn directory(&mut self, within: u32, name: NotionId) -> u32 {
        self.directories.push(Directory {
            within,
            name,
            files: Vec::new(),
        });
        self.directories.len() as u32 - 1
    }

    /// Whether `name` is the directory at `position` or one above it.
    pub fn encloses(&self, position: u32, name: NotionId) -> bool {
        let mut at = position as usize;
        while let Some(directory) = self.directories.get(at) {
            if directory.name == name {
                return true;
            }
            if at == 0 {
                break;
            }
            at = directory.within as usize;
        }
        false
    }

    /// Adds a file to the directory at `position`; a file of that name is replaced.
    pub fn file(&mut self, position: u32, name: &str, stored: Stored, modified: Option<Timestamp>) {
        let entry = Entry {
            name: name.to_string(),
            kind: EntryKind::File,
            id: stored.id,
            size: stored.size,
            modified,
        };
        if let Some(directory) = self.directories.get_mut(position as usize) {
            directory.files.retain(|file| file.name != name);
            directory.files.push(entry);
        }
    }
}

/// What reading one page or database brought to light, as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The page or database.
    pub id: NotionId,
    /// Page or database.
    pub kind: Kind,
    /// The parent's id, as Notion reports it.
    pub parent: Option<NotionId>,
    /// `last_edited_time` as it was before the content was read.
    pub edited: Option<Timestamp>,
    /// When that was.
    pub read: Timestamp,
    /// Its part of the tree.
    pub body: Body,
    /// What it names.
    pub references: Vec<Reference>,
    /// Ledger lines about its parts; all are owned by it.
    pub lines: Vec<Line>,
    /// The data sources of a database, in order.
    pub sources: Vec<NotionId>,
    /// The templates of a database: data source and page.
    pub templates: Vec<(NotionId, NotionId)>,
    /// Whether its comments are missing because the token may not read any.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uncommented: bool,
}

impl Record {
    /// An empty record.
    pub fn new(id: NotionId, kind: Kind, read: Timestamp) -> Record {
        Record {
            id,
            kind,
            parent: None,
            edited: None,
            read,
            body: Body::new(id),
            references: Vec::new(),
            lines: Vec::new(),
            sources: Vec::new(),
            templates: Vec::new(),
            uncommented: false,
        }
    }

    /// Adds a line about a part of the object.
    pub fn line(&mut self, line: Line) {
        self.lines.push(line.within(self.id));
    }

    /// Adds what `object` names.
    pub fn refer(&mut self, references: impl IntoIterator<Item = Reference>) {
        self.references.extend(references);
    }

    /// Whether anything of it should be read again by the next run.
    pub fn is_whole(&self) -> bool {
        !self.lines.iter().any(|line| line.status.is_loss())
    }

    /// Sorts and de-duplicates the references, once all are there.
    pub fn finish(mut self) -> Record {
        self.references.sort_unstable();
        self.references.dedup();
        // The object itself, and people only once.
        self.references
            .retain(|Reference(id, how)| *id != self.id || *how == How::Person);
        self
    }
}

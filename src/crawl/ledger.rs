//! The ledger: every object that was ever named, and how it ended.
//!
//! It is part of the tree, in `/.notion-backup/ledger/`, sixteen files of JSON lines
//! by the first digit of the id, so that a change to one object touches one of them.
//! A line holds nothing that differs between two runs over the same state: whether
//! an object was read or carried over is counted in the snapshot, not written here.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::left_out::LEFT_OUT_FILES;
use crate::model::{How, Kind, NotionId};

/// How an object ended in a crawl.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In the snapshot.
    Captured,
    /// In Notion's trash; its content cannot be read there (section 2.4 of the API digest).
    Trashed,
    /// Gone, or not shared with the token: Notion does not say which.
    NotShared,
    /// Something the API does not give out.
    Unsupported,
    /// Left out because the user asked for it.
    Excluded,
    /// Only a part of it could be read.
    Truncated,
    /// It should have been readable and was not.
    Failed,
}

impl Status {
    /// The word used in files, counts and messages.
    pub fn word(self) -> &'static str {
        match self {
            Status::Captured => "captured",
            Status::Trashed => "trashed",
            Status::NotShared => "not_shared",
            Status::Unsupported => "unsupported",
            Status::Excluded => "excluded",
            Status::Truncated => "truncated",
            Status::Failed => "failed",
        }
    }

    /// Whether what an earlier snapshot has of it is kept: it cannot be read, and nothing
    /// says that it is gone.
    pub fn keeps_earlier(self) -> bool {
        self.is_loss() || self == Status::Unsupported
    }

    /// Whether it makes a backup incomplete: something that should be there is missing.
    pub fn is_loss(self) -> bool {
        matches!(self, Status::Truncated | Status::Failed)
    }
}

/// One line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The object; for a file, a property or comments, the object they hang on.
    pub id: NotionId,
    /// What it is.
    pub kind: Kind,
    /// How it ended.
    pub status: Status,
    /// Which part of the object: a JSON pointer, a property's name. Empty for the whole.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// Why it ended so, unless it was captured.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The ways on which it was met.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub found: BTreeSet<How>,
    /// The pages and databases that name it.
    #[serde(rename = "in", default, skip_serializing_if = "BTreeSet::is_empty")]
    pub owners: BTreeSet<NotionId>,
    /// The id of the parent that Notion reports; absent at the top of the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<NotionId>,
    /// A data source's `last_edited_time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<Timestamp>,
    /// When a lost object was first missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

impl Line {
    /// A line without any of the optional parts.
    pub fn new(id: NotionId, kind: Kind, status: Status, reason: impl Into<String>) -> Line {
        Line {
            id,
            kind,
            status,
            place: String::new(),
            reason: reason.into(),
            found: BTreeSet::new(),
            owners: BTreeSet::new(),
            parent: None,
            edited: None,
            since: None,
        }
    }

    /// The line with another way on which the object was met.
    pub fn found(mut self, how: How) -> Line {
        self.found.insert(how);
        self
    }

    /// The line as part of the page or database `owner`.
    pub fn within(mut self, owner: NotionId) -> Line {
        self.owners.insert(owner);
        self
    }

    /// The line for one part of the object.
    pub fn at(mut self, place: impl Into<String>) -> Line {
        self.place = place.into();
        self
    }
}

/// All lines of one crawl. Lines about the same thing are merged: the owners and the
/// ways are united, and the worse status stays.
#[derive(Debug, Default)]
pub struct Ledger {
    lines: BTreeMap<(NotionId, Kind, String), Line>,
}

impl Ledger {
    /// Adds a line.
    pub fn add(&mut self, line: Line) {
        let key = (line.id, line.kind, line.place.clone());
        match self.lines.get_mut(&key) {
            None => {
                self.lines.insert(key, line);
            }
            Some(known) => {
                known.found.extend(&line.found);
                known.owners.extend(&line.owners);
                if line.status > known.status {
                    known.status = line.status;
                    known.reason = line.reason;
                }
            }
        }
    }

    /// The lines, by id.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.values()
    }

    /// What is in the snapshot, by kind.
    pub fn contents(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for line in self.lines().filter(|line| line.status == Status::Captured) {
            let name = match line.kind {
                Kind::Page if line.found.contains(&How::Row) => "rows",
                Kind::Page => "pages",
                Kind::Database => "databases",
                Kind::DataSource => "data_sources",
                Kind::View => "views",
                Kind::User => "guests",
                Kind::CustomEmoji => "custom_emojis",
                Kind::Block | Kind::Comment | Kind::File | Kind::Property => continue,
            };
            *counts.entry(name.to_string()).or_insert(0) += 1;
        }
        let excluded = |line: &&Line| line.kind == Kind::File && line.status == Status::Excluded;
        let left_out = self.lines().filter(excluded).count() as u64;
        if left_out > 0 {
            counts.insert(LEFT_OUT_FILES.to_string(), left_out);
        }
        counts
    }

    /// How many objects ended how.
    pub fn endings(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for line in self.lines() {
            *counts.entry(line.status.word().to_string()).or_insert(0) += 1;
        }
        counts
    }

    /// The ledger's files: name and content, without those that would be empty.
    pub fn files(&self) -> Result<BTreeMap<String, Vec<u8>>, serde_json::Error> {
        let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for line in self.lines() {
            let digit = line.id.bits() >> 124;
            let file = files.entry(format!("{digit:x}.jsonl")).or_default();
            serde_json::to_writer(&mut *file, line)?;
            file.push(b'\n');
        }
        Ok(files)
    }
}

/// Reads one of the ledger's files. Lines that a newer version wrote in another way are
/// skipped: the objects they are about are then simply met as new.
pub fn parse(content: &[u8]) -> impl Iterator<Item = Line> {
    content
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .filter_map(|line| serde_json::from_slice(line).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_about_one_thing_are_united_and_the_worse_status_stays() {
        let id = NotionId::from_bits(0xa << 124);
        let mut ledger = Ledger::default();
        ledger.add(
            Line::new(id, Kind::Page, Status::Failed, "HTTP 500")
                .found(How::Search)
                .within(NotionId::from_bits(1)),
        );
        ledger.add(
            Line::new(id, Kind::Page, Status::Captured, "")
                .found(How::Child)
                .within(NotionId::from_bits(2)),
        );
        ledger.add(Line::new(id, Kind::File, Status::Captured, "").at("/icon/file"));
        let files = ledger.files().unwrap();
        assert_eq!(files.keys().collect::<Vec<_>>(), ["a.jsonl"]);
        let read: Vec<Line> = parse(&files["a.jsonl"]).collect();
        assert_eq!(read, ledger.lines().cloned().collect::<Vec<_>>());
        assert_eq!(read.len(), 2);
        assert_eq!(
            (read[0].status, read[0].reason.as_str()),
            (Status::Failed, "HTTP 500")
        );
        assert_eq!((read[0].found.len(), read[0].owners.len()), (2, 2));
    }
}

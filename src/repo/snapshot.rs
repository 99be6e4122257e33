//! Snapshots: one state of a workspace each, a small JSON file that names a tree.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Error, ObjectId, Repository};

/// The name of a snapshot: `<YYYYMMDDTHHMMSSZ>-<8 hexadecimal digits>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SnapshotId(String);

impl TryFrom<String> for SnapshotId {
    type Error = String;
    fn try_from(_text: String) -> Result<SnapshotId, String> {
        todo!()
    }
}

impl From<SnapshotId> for String {
    fn from(id: SnapshotId) -> String {
        id.0
    }
}

impl fmt::Display for SnapshotId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Where a snapshot's content comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Notion's id of the workspace, or of the bot where the API names none.
    pub workspace_id: String,
    /// The workspace's name for people.
    pub workspace_name: String,
    /// What the dump was limited to, sorted; empty when it took everything.
    pub roots: Vec<String>,
}

/// One state of a workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The format version that a reader must know at least; see [`Snapshot::VERSION`].
    pub version: u32,
    /// Named features that a reader must know to read this snapshot rightly.
    #[serde(default)]
    pub features: Vec<String>,
    /// When the dump began.
    pub started: Timestamp,
    /// When it ended; the name of the snapshot says this time.
    pub finished: Timestamp,
    /// Where the content comes from.
    pub source: Source,
    /// The root directory.
    pub tree: ObjectId,
    /// The snapshot that unchanged pages were carried over from.
    #[serde(default)]
    pub parent: Option<SnapshotId>,
    /// Labels given by the user.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The machine that wrote it.
    #[serde(default)]
    pub host: String,
    /// The program that wrote it, with its version.
    #[serde(default)]
    pub program: String,
    /// Whether everything that should be in it is.
    pub complete: bool,
    /// What is in it, for example `pages`; the last word of a name is its unit.
    #[serde(default)]
    pub counts: BTreeMap<String, u64>,
    /// How many objects ended how, by the ledger's words.
    #[serde(default)]
    pub ledger: BTreeMap<String, u64>,
    /// The options of the dump that shape the content.
    #[serde(default)]
    pub options: Value,
}

impl Snapshot {
    /// The version that this program writes, and the newest that it reads.
    pub const VERSION: u32 = 1;
}

/// All snapshots of a repository, oldest first.
#[derive(Debug, Default)]
pub struct Snapshots {
    /// Those that can be read.
    pub whole: Vec<(SnapshotId, Snapshot)>,
    /// Those that cannot, with the reason.
    pub damaged: Vec<(SnapshotId, Error)>,
}

impl Repository {
    /// Makes everything stored so far durable, then saves a snapshot of it.
    pub fn save_snapshot(&self, _snapshot: &Snapshot) -> Result<SnapshotId, Error> {
        todo!()
    }

    /// All snapshots that can be read, oldest first.
    pub fn snapshots(&self) -> Result<Vec<(SnapshotId, Snapshot)>, Error> {
        todo!()
    }

    /// All snapshots, the unreadable ones apart.
    pub fn all_snapshots(&self) -> Result<Snapshots, Error> {
        todo!()
    }

    /// The snapshot with this name.
    pub fn snapshot(&self, _id: &SnapshotId) -> Result<Snapshot, Error> {
        todo!()
    }

    /// The snapshot that a person means: `latest`, a prefix of its name or of its
    /// eight digits, or a time, which means the newest at or before it.
    pub fn find_snapshot(&self, _text: &str) -> Result<(SnapshotId, Snapshot), Error> {
        todo!()
    }
}

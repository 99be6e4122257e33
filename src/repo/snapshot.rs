//! Snapshots: one state of a workspace each, a small JSON file that names a tree.
//!
//! The file's name carries the time and the first digits of its own hash, so that
//! names sort by age, never clash, and show damage. A snapshot says which version
//! of the format and which named features a reader must know; one that asks for
//! more than this program knows is refused instead of being half understood.

use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Error, LockGuard, ObjectId, Publish, Repository, to_json};

/// The folder of all snapshots.
pub(super) const SNAPSHOTS: &str = "snapshots";
const SECOND: SignedDuration = SignedDuration::from_secs(1);
const MINUTE: SignedDuration = SignedDuration::from_secs(60);
/// The longest snapshot in bytes; a real one has about a thousand.
const LIMIT: u64 = 4 << 20;
/// The named features that this program knows.
const FEATURES: &[&str] = &[];
/// How times are written in names, always in UTC.
const TIME: &str = "%Y%m%dT%H%M%SZ";
/// How many characters that takes.
const TIME_LENGTH: usize = 16;
/// How many hexadecimal digits of the file's hash follow.
const DIGITS: usize = 8;

/// The name of a snapshot: `<YYYYMMDDTHHMMSSZ>-<8 hexadecimal digits>`. Names
/// sort by time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SnapshotId(String);

impl SnapshotId {
    fn new(time: Timestamp, content: &[u8]) -> SnapshotId {
        let mut hash = ObjectId::of(content).to_string();
        hash.truncate(DIGITS);
        SnapshotId(format!("{}-{hash}", time.strftime(TIME)))
    }

    /// The time in the name: when the dump ended, to the second, or a time after the
    /// latest snapshot before it, where that has this time or a later one.
    pub fn time(&self) -> Timestamp {
        // Names are checked when they are made.
        parse_time(&self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The eight digits of the hash, which people type for short.
    pub fn short(&self) -> &str {
        self.0.get(TIME_LENGTH + 1..).unwrap_or(&self.0)
    }

    fn path(&self) -> String {
        format!("{SNAPSHOTS}/{self}.json")
    }
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.saturating_add(by).unwrap_or(time)
}

fn parse_time(name: &str) -> Option<Timestamp> {
    let time = DateTime::strptime(TIME, name.get(..TIME_LENGTH)?).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

impl TryFrom<String> for SnapshotId {
    type Error = String;

    fn try_from(text: String) -> Result<SnapshotId, String> {
        let digits = text
            .get(TIME_LENGTH..)
            .and_then(|rest| rest.strip_prefix('-'));
        let fine = digits.is_some_and(|digits| {
            digits.len() == DIGITS
                && digits
                    .bytes()
                    .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        });
        // Written back, to refuse other spellings of the same time.
        match parse_time(&text) {
            Some(time) if fine && text.starts_with(&time.strftime(TIME).to_string()) => {
                Ok(SnapshotId(text))
            }
            _ => Err(format!("'{text}' is not the name of a snapshot")),
        }
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
    /// When it ended; the name of the snapshot says this time, to the second.
    pub finished: Timestamp,
    /// Where the content comes from.
    pub source: Source,
    /// The root directory.
    pub tree: ObjectId,
    /// The snapshot that unchanged pages were carried over from. It may be gone
    /// since; nothing of this one depends on it.
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
    /// Set where this is what could be saved of a damaged snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repaired: Option<Repaired>,
}

/// What a repair says of the snapshot that it has written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repaired {
    /// The damaged snapshot.
    pub of: SnapshotId,
    /// When that was.
    pub time: Timestamp,
    /// How many files and directories could not be read and were left out; one for a
    /// directory with all that was in it.
    pub dropped: u64,
    /// Whether something is gone that a dump builds on, so that the next one must read
    /// everything again.
    pub reread: bool,
}

impl Snapshot {
    /// The version that this program writes, and the newest that it reads.
    pub const VERSION: u32 = 1;
}

/// What every version of the format has, looked at before anything else.
#[derive(Deserialize)]
struct Needs {
    version: u32,
    #[serde(default)]
    features: Vec<String>,
}

impl Needs {
    /// What is needed that this program does not know.
    fn unknown(&self) -> Option<String> {
        if self.version > Snapshot::VERSION {
            return Some(format!("format version {}", self.version));
        }
        self.features
            .iter()
            .find(|feature| !FEATURES.contains(&feature.as_str()))
            .map(|feature| format!("feature {feature:?}"))
    }
}

/// All snapshots of a repository, oldest first.
#[derive(Debug, Default)]
pub struct Snapshots {
    /// Those that can be read.
    pub whole: Vec<(SnapshotId, Snapshot)>,
    /// Those that cannot, with the reason.
    pub damaged: Vec<(SnapshotId, Error)>,
    /// Paths of files among them that have no snapshot's name.
    pub others: Vec<String>,
}

impl Repository {
    /// Makes everything stored so far durable, then saves a snapshot of it.
    ///
    /// The tree must be stored already; a snapshot that names what is not there
    /// is refused.
    pub fn save_snapshot(&self, snapshot: &Snapshot) -> Result<SnapshotId, Error> {
        let invalid = |reason: String| Error::Invalid {
            what: "a snapshot".to_string(),
            reason,
        };
        let needs = Needs {
            version: snapshot.version,
            features: snapshot.features.clone(),
        };
        if let Some(unknown) = needs.unknown() {
            return Err(invalid(format!("it asks for {unknown}")));
        }
        if !self.has(snapshot.tree)? {
            return Err(invalid(format!(
                "its root directory {} is not stored",
                snapshot.tree
            )));
        }
        // By way of a value, whose keys are sorted.
        let value = serde_json::to_value(snapshot).map_err(|error| invalid(error.to_string()))?;
        let mut content = to_json(&value, "a snapshot")?;
        content.push(b'\n');
        if content.len() as u64 > LIMIT {
            return Err(invalid(format!("it is longer than {LIMIT} bytes")));
        }
        let id = self.free_name(snapshot, &content)?;

        self.flush()?;
        self.files
            .create_folder(SNAPSHOTS)
            .map_err(self.io("create", SNAPSHOTS))?;
        match self.write(&id.path(), &content, Publish::New) {
            // The name holds the hash, so it is the same snapshot, saved before.
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::AlreadyExists => {}
            result => result?,
        }
        self.sync_folder(SNAPSHOTS)?;
        self.sync_folder("")?;
        Ok(id)
    }

    /// A name for this snapshot: with the time when it ended, or, where there is one with
    /// that time or a later one, with a time after the latest. So the names sort in the
    /// order in which dumps ended, also within one second and after a clock was set back:
    /// the latest is always the one that was saved last. Only a repaired one stands beside
    /// the one that it was made from.
    fn free_name(&self, snapshot: &Snapshot, content: &[u8]) -> Result<SnapshotId, Error> {
        let (names, _) = self.snapshot_names()?;
        let mut time = snapshot.finished;
        match (&snapshot.repaired, names.last()) {
            (Some(repaired), _) => time = time.max(later(repaired.of.time(), SECOND)),
            (None, Some(newest)) if newest.time().as_second() > time.as_second() => {
                if self
                    .load(&newest.path(), LIMIT)
                    .is_ok_and(|it| it == content)
                {
                    return Ok(newest.clone());
                }
                let ahead = newest.time().duration_since(time);
                // A repair may have to put something between.
                time = later(newest.time(), if ahead > MINUTE { MINUTE } else { SECOND });
            }
            (None, _) => {}
        }
        for name in &names {
            if name.time().as_second() == time.as_second() {
                if name.short() == SnapshotId::new(time, content).short() {
                    break;
                }
                time = later(time, SECOND);
            }
        }
        Ok(SnapshotId::new(time, content))
    }

    /// All snapshots that can be read, oldest first.
    pub fn snapshots(&self) -> Result<Vec<(SnapshotId, Snapshot)>, Error> {
        Ok(self.all_snapshots()?.whole)
    }

    /// All snapshots, the unreadable ones apart.
    pub fn all_snapshots(&self) -> Result<Snapshots, Error> {
        let (names, others) = self.snapshot_names()?;
        let mut found = Snapshots {
            others,
            ..Snapshots::default()
        };
        for id in names {
            match self.snapshot(&id) {
                Ok(snapshot) => found.whole.push((id, snapshot)),
                // Forgotten by another process since the folder was read.
                Err(Error::Missing { .. }) => {}
                Err(error) => found.damaged.push((id, error)),
            }
        }
        Ok(found)
    }

    /// The snapshot with this name.
    pub fn snapshot(&self, id: &SnapshotId) -> Result<Snapshot, Error> {
        let path = id.path();
        let content = self.load(&path, LIMIT)?;
        let needs: Needs = serde_json::from_slice(&content)
            .map_err(|error| self.damaged(&path, format_args!("not a snapshot: {error}")))?;
        if let Some(needs) = needs.unknown() {
            return Err(Error::Newer {
                place: self.place(&path),
                needs,
            });
        }
        let found = SnapshotId::new(id.time(), &content);
        if found != *id {
            return Err(self.damaged(
                &path,
                format_args!(
                    "its content hashes to {}, not as its name says",
                    found.short()
                ),
            ));
        }
        serde_json::from_slice(&content)
            .map_err(|error| self.damaged(&path, format_args!("not a snapshot: {error}")))
    }

    /// Removes the files of these snapshots, durably; one that is gone already is fine.
    /// Their objects stay. The lock must be an exclusive one.
    pub fn remove_snapshots(&self, lock: &LockGuard, ids: &[SnapshotId]) -> Result<(), Error> {
        lock.may_remove("the removal of a snapshot")?;
        for id in ids {
            let path = id.path();
            match self.files.remove(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(self.io("remove", &path)(error));
                }
                _ => {}
            }
        }
        self.sync_snapshots()
    }

    /// Makes it last that snapshots were removed: before their objects are.
    pub(super) fn sync_snapshots(&self) -> Result<(), Error> {
        match self.files.sync_folder(SNAPSHOTS) {
            // No snapshot was ever saved.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            result => result.map_err(self.io("make durable", SNAPSHOTS)),
        }
    }

    /// The names of all snapshots, oldest first, and the paths of other files there.
    pub(super) fn snapshot_names(&self) -> Result<(Vec<SnapshotId>, Vec<String>), Error> {
        let mut names = Vec::new();
        let mut others = Vec::new();
        for entry in self.list(SNAPSHOTS)? {
            let name = entry.name.strip_suffix(".json").unwrap_or_default();
            match SnapshotId::try_from(name.to_string()) {
                Ok(id) if !entry.folder => names.push(id),
                _ => others.push(format!("{SNAPSHOTS}/{}", entry.name)),
            }
        }
        names.sort();
        others.sort();
        Ok((names, others))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Memory, Tree};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn snapshot(repository: &Repository, finished: &str) -> Snapshot {
        Snapshot {
            version: Snapshot::VERSION,
            features: Vec::new(),
            started: "2025-01-01T00:00:00Z".parse().unwrap(),
            finished: finished.parse().unwrap(),
            source: Source::default(),
            tree: repository.put_tree(&Tree::default()).unwrap(),
            parent: None,
            tags: Vec::new(),
            host: "here".to_string(),
            program: "test".to_string(),
            complete: true,
            counts: BTreeMap::from([("pages".to_string(), 2)]),
            ledger: BTreeMap::new(),
            options: Value::Null,
            repaired: None,
        }
    }

    fn repository() -> (Memory, Repository) {
        let files = Memory::new();
        let repository = Repository::create(Arc::new(files.clone())).unwrap();
        (files, repository)
    }

    #[test]
    fn snapshots_of_one_second_keep_their_order() {
        let (_, repository) = repository();
        let mut saved = Vec::new();
        for number in 0..8 {
            let finished = format!("2025-11-23T10:00:00.{number}Z");
            let snapshot = snapshot(&repository, &finished);
            saved.push((repository.save_snapshot(&snapshot).unwrap(), snapshot));
        }
        assert_eq!(repository.snapshots().unwrap(), saved);
        assert_eq!(repository.find_snapshot("latest").unwrap(), saved[7]);
    }

    #[test]
    fn the_latest_is_the_one_saved_last_whatever_the_clock_said() {
        let (_, repository) = repository();
        let mut saved = Vec::new();
        for finished in [
            "2026-01-01T00:00:00Z",
            // Set forward, put right, lost with the battery, and right again.
            "2031-05-05T05:05:05Z",
            "2026-01-03T00:00:00Z",
            "1970-01-01T00:00:09Z",
            "2026-01-04T00:00:00Z",
        ] {
            let snapshot = snapshot(&repository, finished);
            let id = repository.save_snapshot(&snapshot).unwrap();
            assert_eq!(repository.save_snapshot(&snapshot).unwrap(), id, "once");
            saved.push((id, snapshot));
            assert_eq!(repository.snapshots().unwrap(), saved);
        }
        assert_eq!(saved[4].0.time().to_string(), "2031-05-05T05:08:05Z");
        // A repaired one stands beside the damaged one.
        let mut repaired = snapshot(&repository, "2026-01-03T00:00:01Z");
        repaired.repaired = Some(Repaired {
            of: saved[2].0.clone(),
            time: Timestamp::UNIX_EPOCH,
            dropped: 1,
            reread: false,
        });
        repository.save_snapshot(&repaired).unwrap();
        assert_eq!(repository.find_snapshot("latest").unwrap(), saved[4]);
    }

    #[test]
    fn saved_snapshots_come_back_oldest_first() {
        let (files, repository) = repository();
        let mut later = snapshot(&repository, "2025-11-23T10:00:00.9Z");
        let earlier = snapshot(&repository, "2025-11-22T10:00:00Z");
        let earlier_id = repository.save_snapshot(&earlier).unwrap();
        let later_id = repository.save_snapshot(&later).unwrap();
        assert!(later_id.as_str().starts_with("20251123T100000Z-"));
        assert_eq!(later_id.time().to_string(), "2025-11-23T10:00:00Z");
        let bytes = files.content(&later_id.path()).unwrap();
        assert!(
            ObjectId::of(&bytes)
                .to_string()
                .starts_with(later_id.short())
        );
        assert_eq!(
            repository.snapshots().unwrap(),
            [(earlier_id, earlier), (later_id.clone(), later.clone())]
        );
        assert_eq!(repository.save_snapshot(&later).unwrap(), later_id);
        later.parent = Some(later_id.clone());
        assert_ne!(repository.save_snapshot(&later).unwrap(), later_id);
        assert_eq!(repository.snapshots().unwrap().len(), 3);
    }

    #[test]
    fn names_are_checked() {
        for name in [
            "",
            "20251122T100000Z",
            "20251122T100000Z-aaaa111",
            "20251122T100000Z-AAAA1111",
            "20251122T100000Z_aaaa1111",
            "20251322T100000Z-aaaa1111",
            "../51122T100000Z-aaaa1111",
            "20251122T10000éZ-aaaa111",
        ] {
            assert!(SnapshotId::try_from(name.to_string()).is_err(), "{name}");
        }
    }

    #[test]
    fn newer_and_damaged_snapshots_are_told_apart_and_stop_nobody() {
        let (files, repository) = repository();
        let good = snapshot(&repository, "2025-11-23T10:00:00Z");
        let id = repository.save_snapshot(&good).unwrap();
        let bytes = files.content(&id.path()).unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        for (name, content, message) in [
            (
                "20251123T100001Z-00000000",
                text.replace("\"version\":1", "\"version\":2"),
                "needs format version 2, so a newer notion-backup must read it",
            ),
            (
                "20251123T100002Z-00000000",
                text.replace("\"features\":[]", "\"features\":[\"packs\"]"),
                "needs feature \"packs\", so a newer notion-backup must read it",
            ),
            (
                "20251123T100003Z-00000000",
                text.replace("here", "hexe"),
                "not as its name says",
            ),
            ("20251123T100004Z-00000000", String::new(), "not a snapshot"),
        ] {
            let path = format!("snapshots/{name}.json");
            files.overwrite(&path, content.as_bytes());
            let error = repository.find_snapshot(name).unwrap_err();
            assert!(error.to_string().contains(message), "{name}: {error}");
        }
        files.overwrite("snapshots/notes.txt", b"");
        files.overwrite("snapshots/.tmp-1", b"");
        let all = repository.all_snapshots().unwrap();
        assert_eq!(all.whole, [(id, good)]);
        assert_eq!(all.damaged.len(), 4);
        assert_eq!(all.others, ["snapshots/notes.txt"]);
    }

    #[test]
    fn a_snapshot_of_nothing_stored_is_refused() {
        let (_, repository) = repository();
        let mut lost = snapshot(&repository, "2025-11-23T10:00:00Z");
        lost.tree = ObjectId::of(b"never stored");
        let error = repository.save_snapshot(&lost).unwrap_err();
        assert!(matches!(error, Error::Invalid { .. }), "{error}");
        let mut strange = snapshot(&repository, "2025-11-23T10:00:00Z");
        strange.features = vec!["packs".to_string()];
        assert!(repository.save_snapshot(&strange).is_err());
        assert!(repository.snapshots().unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in ".{0,40}") {
            let (files, repository) = repository();
            files.overwrite("snapshots/20251123T100003Z-00000000.json", &bytes);
            prop_assert!(repository.snapshots().unwrap().is_empty());
            prop_assert!(repository.find_snapshot(&text).is_err());
            let _ = SnapshotId::try_from(text);
        }
    }
}

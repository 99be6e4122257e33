//! Taking a backup: from a token and a repository to a saved snapshot.
//!
//! A dump finds the previous snapshot of the same workspace and roots, crawls against
//! it, looks whether suspiciously much is gone, and only then saves the snapshot. What
//! it needs between runs is in `state/<group>/`: the journal of an unfinished crawl, and
//! when each page was last read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::clock::Clock;
use crate::crawl::recheck::is_past;
use crate::crawl::{self, Before, LeftOut, Tools};
use crate::model::NotionId;
use crate::notion::{self, Notion};
use crate::repo::{self, LockKind, ObjectId, Repository, Snapshot, SnapshotId, Source, State};
use crate::report::{Phase, Report};
use crate::stop::{Stop, StopReason};

/// The file in the state directory that says when each page was last read.
const READS: &str = "reads.json";

/// What to back up, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is read.
    pub crawl: crawl::Options,
    /// No snapshot is saved when more than this percentage of pages is gone.
    pub max_shrink_percent: Option<u8>,
    /// Tags of the snapshot.
    pub tags: Vec<String>,
    /// The machine's name, for the snapshot.
    pub host: String,
}

/// A dump to do.
pub struct Job<'j> {
    /// The client.
    pub notion: &'j Notion,
    /// What [`whoami`] said, if it was asked already.
    pub me: Option<Value>,
    /// Where the snapshot goes.
    pub repo: &'j Repository,
    /// What to back up, and how.
    pub options: &'j Options,
    /// The machine's time, for locks.
    pub clock: &'j dyn Clock,
    /// Raised to end the run early.
    pub stop: &'j Stop,
    /// Who listens.
    pub report: &'j dyn Report,
}

/// What a dump did.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The snapshot; `None` when the run was stopped early.
    pub snapshot: Option<SnapshotId>,
    /// Whether nothing is missing that should be there.
    pub complete: bool,
    /// Why the run was stopped early; the next one continues it.
    pub stopped: Option<StopReason>,
    /// The workspace's name.
    pub workspace: String,
    /// Objects by kind.
    pub counts: BTreeMap<String, u64>,
    /// Objects by how they ended.
    pub ledger: BTreeMap<String, u64>,
    /// What could not be read and why, the first hundred.
    pub problems: Vec<String>,
    /// When the page that was read longest ago was last read.
    pub oldest_read: Option<Timestamp>,
    /// What is not in it because it was asked to be left out.
    pub left_out: Vec<LeftOut>,
    /// What has gone since the previous snapshot; `None` when there is none.
    pub gone: Option<Gone>,
}

/// What has gone from one snapshot to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// The snapshot before.
    pub since: SnapshotId,
    /// Pages, rows and databases in it.
    pub before: u64,
    /// How many of these are not in the new one.
    pub gone: u64,
}

/// What ends a dump without a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Reading the workspace failed as a whole.
    #[error(transparent)]
    Crawl(#[from] crawl::Error),
    /// The repository cannot be read or written.
    #[error(transparent)]
    Repo(#[from] repo::Error),
    /// Notion did not say who we are.
    #[error(transparent)]
    Notion(Box<notion::Error>),
    /// Suspiciously much is gone.
    #[error(
        "{now} pages and databases are left of the {before} in snapshot {than}: more than {percent} % are gone, \
         so no snapshot was saved"
    )]
    Shrunk {
        /// The snapshot that is compared with.
        than: SnapshotId,
        /// Pages and databases in it.
        before: u64,
        /// Pages and databases that there are now.
        now: u64,
        /// The limit.
        percent: u8,
    },
    /// There were pages, and now there are none at all.
    #[error(
        "{NOTHING_SHARED}, and snapshot {than} has {before} pages and databases, so no snapshot was saved"
    )]
    NothingShared {
        /// The snapshot before.
        than: SnapshotId,
        /// Pages and databases in it.
        before: u64,
    },
}

/// What a dump says that sees no page.
const NOTHING_SHARED: &str = "nothing is shared with this connection";
/// How pages are shared with a connection.
pub const HOW_TO_SHARE: &str = "in Notion, open each page to back up and add the connection under ••• > Connections; what is below \
     the page is shared with it";

/// Asks Notion whose token this is, for a [`Job`].
pub fn whoami(notion: &Notion, report: &dyn Report) -> Result<Value, Error> {
    report.phase(Phase::Connecting);
    notion.me().map_err(Box::new).map_err(Error::Notion)
}

/// Backs the workspace up.
///
/// Objects that cannot be read do not end a dump; they are in the summary. Errors are
/// what concerns all: the token, the network as a whole, the repository, the guard.
pub fn dump(job: Job<'_>) -> Result<Summary, Error> {
    let Job {
        notion,
        me,
        repo,
        options,
        clock,
        stop,
        report,
    } = job;
    let now = clock.now();
    let lock = repo.lock(LockKind::Shared, "dump", now)?;
    let me = match me.map_or_else(|| whoami(notion, report), Ok) {
        Err(Error::Notion(error)) if error.kind == notion::Kind::Stopped => {
            return Ok(stopped(stop, ""));
        }
        me => me?,
    };
    // By Notion's clock, like all that is compared with it.
    let started = notion.now();
    let (workspace_id, workspace_name) = workspace_of(&me);
    let mut wanted = options.crawl.clone();
    wanted.roots.sort_unstable();
    wanted.roots.dedup();
    let source = Source {
        workspace_id: workspace_id.to_string(),
        workspace_name: workspace_name.clone(),
        roots: wanted.roots.iter().map(NotionId::to_string).collect(),
    };
    let state = repo.state(&group(&source), "dump", now)?;
    let mut earlier = earlier(repo, &source)?;
    let anchor = repo::anchor(earlier.iter()).cloned();
    let parent = earlier.pop();
    let previous = parent.clone();
    let before = Before {
        reads: reads_of(load_reads(&state)?, parent.as_ref()),
        snapshot: parent,
    };
    let tools = Tools {
        api: notion,
        repo,
        state: &state,
        stop,
        report,
    };
    let crawled = match crawl::crawl(&tools, &wanted, me, workspace_id, before) {
        Err(crawl::Error::Stopped) => return Ok(stopped(stop, &workspace_name)),
        crawled => crawled?,
    };
    let mut snapshot = Snapshot {
        version: Snapshot::VERSION,
        features: Vec::new(),
        started,
        finished: finished(&crawled.reads, notion.now()),
        source,
        tree: crawled.tree,
        parent: crawled.parent.clone(),
        tags: options.tags.clone(),
        host: options.host.clone(),
        program: concat!("notion-backup ", env!("CARGO_PKG_VERSION")).to_string(),
        complete: crawled.complete,
        counts: crawled.counts,
        ledger: crawled.ledger,
        options: serde_json::to_value(wanted.depth()).map_err(crawl::Error::from)?,
        repaired: None,
    };
    guard(
        &snapshot,
        crawled.nothing_seen,
        previous.as_ref(),
        anchor.as_ref(),
        options.max_shrink_percent,
    )?;
    let mut problems = crawled.problems;
    if crawled.nothing_seen {
        snapshot.complete = false;
        problems.insert(0, format!("{NOTHING_SHARED}: {HOW_TO_SHARE}"));
    }
    // Where others could remove what this run has stored, nothing must name it.
    lock.check()?;
    let id = repo.save_snapshot(&snapshot)?;
    save_reads(&state, &crawled.reads)?;
    crawl::forget_journal(&state)?;
    drop(lock);
    Ok(Summary {
        snapshot: Some(id),
        complete: snapshot.complete,
        stopped: None,
        workspace: workspace_name,
        oldest_read: crawled.reads.values().min().copied(),
        left_out: crawl::left_out(&snapshot),
        gone: previous.map(|(since, _)| Gone {
            since,
            before: crawled.before,
            gone: crawled.gone,
        }),
        counts: snapshot.counts,
        ledger: snapshot.ledger,
        problems,
    })
}

fn stopped(stop: &Stop, workspace: &str) -> Summary {
    Summary {
        snapshot: None,
        complete: false,
        stopped: Some(stop.reason().unwrap_or(StopReason::Interrupted)),
        workspace: workspace.to_string(),
        counts: BTreeMap::new(),
        ledger: BTreeMap::new(),
        problems: Vec::new(),
        oldest_read: None,
        left_out: Vec::new(),
        gone: None,
    }
}

/// The workspace's id and name. A token that does not tell the id (section 3.5 of the API
/// digest makes it optional) is known by its bot user, which is as stable.
pub fn workspace_of(me: &Value) -> (NotionId, String) {
    let id = |value: &Value| value.as_str()?.parse::<NotionId>().ok();
    let workspace = id(&me["bot"]["workspace_id"]).or_else(|| id(&me["id"]));
    let name = me["bot"]["workspace_name"].as_str().unwrap_or_default();
    (
        workspace.unwrap_or(NotionId::from_bits(0)),
        name.to_string(),
    )
}

/// The name of the state directory of a workspace and roots.
fn group(source: &Source) -> String {
    let key = format!("{}\n{}", source.workspace_id, source.roots.join("\n"));
    let mut name = ObjectId::of(key.as_bytes()).to_string();
    name.truncate(16);
    name
}

/// The snapshots of a source, oldest first.
fn earlier(repo: &Repository, source: &Source) -> Result<Vec<(SnapshotId, Snapshot)>, repo::Error> {
    let mut snapshots = repo.snapshots()?;
    snapshots.retain(|(_, snapshot)| {
        snapshot.source.workspace_id == source.workspace_id && snapshot.source.roots == source.roots
    });
    Ok(snapshots)
}

fn load_reads(state: &State) -> Result<BTreeMap<NotionId, Timestamp>, repo::Error> {
    // Without it, or with one that cannot be read, everything counts as read long ago.
    let content = state.load(READS)?.unwrap_or_default();
    Ok(serde_json::from_slice(&content).unwrap_or_default())
}

/// What the state says of the previous snapshot. What was read after that ended was read
/// for a later one, which has been forgotten since, or by a clock that was wrong: it tells
/// nothing of what is in this one.
fn reads_of(
    mut reads: BTreeMap<NotionId, Timestamp>,
    previous: Option<&(SnapshotId, Snapshot)>,
) -> BTreeMap<NotionId, Timestamp> {
    reads.retain(|_, read| previous.is_some_and(|(_, snapshot)| *read <= snapshot.finished));
    reads
}

/// When a run has ended: not before anything in its snapshot was read, or [`reads_of`]
/// would not believe it. Two runs within one second could have it otherwise.
fn finished(reads: &BTreeMap<NotionId, Timestamp>, now: Timestamp) -> Timestamp {
    let reads = reads.values().filter(|read| is_past(**read, now));
    reads.copied().fold(now, Ord::max)
}

fn save_reads(state: &State, reads: &BTreeMap<NotionId, Timestamp>) -> Result<(), Error> {
    let content = serde_json::to_vec(reads).map_err(crawl::Error::from)?;
    Ok(state.store(READS, &content)?)
}

/// Refuses a snapshot that lacks suspiciously much of what there was.
///
/// Where nothing is left of the previous snapshot, that is so without a limit as well. A
/// limit compares with the anchor: a snapshot that lacked much itself must not become the
/// measure of the next.
fn guard(
    new: &Snapshot,
    nothing_seen: bool,
    previous: Option<&(SnapshotId, Snapshot)>,
    anchor: Option<&(SnapshotId, Snapshot)>,
    percent: Option<u8>,
) -> Result<(), Error> {
    let now = new.pages();
    if let Some((than, snapshot)) = previous
        && nothing_seen
        && snapshot.pages() > 0
        && percent != Some(100)
    {
        return Err(Error::NothingShared {
            than: than.clone(),
            before: snapshot.pages(),
        });
    }
    if let (Some((than, snapshot)), Some(percent)) = (anchor, percent) {
        let before = snapshot.pages();
        let gone = before.saturating_sub(now);
        if gone * 100 > before * u64::from(percent) {
            return Err(Error::Shrunk {
                than: than.clone(),
                before,
                now,
                percent,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_run_ends_after_all_that_it_has_read_but_not_in_another_year() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let reads = |seconds: &[i64]| {
            let ids = (0..).map(NotionId::from_bits);
            ids.zip(seconds.iter().map(|it| at(*it))).collect()
        };
        let now = at(1_000_000_000);
        assert_eq!(finished(&reads(&[]), now), now);
        assert_eq!(finished(&reads(&[999_999_999, 5]), now), now);
        let just_before = reads(&[5, 1_000_000_001, 1_000_000_000]);
        assert_eq!(finished(&just_before, now), at(1_000_000_001));
        let of_a_wrong_clock = reads(&[1_400_000_000, 1_000_000_001]);
        assert_eq!(finished(&of_a_wrong_clock, now), at(1_000_000_001));
    }

    #[test]
    fn a_token_without_a_workspace_id_is_known_by_its_bot() {
        let id = NotionId::from_bits(7);
        let named = json!({"id": NotionId::from_bits(1), "bot": {"workspace_id": id, "workspace_name": "W"}});
        assert_eq!(workspace_of(&named), (id, "W".to_string()));
        assert_eq!(
            workspace_of(&json!({"id": id, "bot": {}})),
            (id, String::new())
        );
    }

    #[test]
    fn groups_differ_by_workspace_and_by_roots() {
        let source = |workspace: &str, roots: &[&str]| Source {
            workspace_id: workspace.to_string(),
            workspace_name: "renamed at will".to_string(),
            roots: roots.iter().map(ToString::to_string).collect(),
        };
        let groups = [
            group(&source("w", &[])),
            group(&source("v", &[])),
            group(&source("w", &["a"])),
            group(&source("w", &["a", "b"])),
        ];
        let distinct: std::collections::BTreeSet<_> = groups.iter().collect();
        assert_eq!(distinct.len(), 4);
        assert!(groups.iter().all(|group| group.len() == 16));
    }
}

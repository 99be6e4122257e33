//! One crawl from its first listing to the finished tree.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Error;
use super::assemble::{Layout, still_owned};
use super::base::BaseIndex;
use super::failed::collect;
use super::journal::{Journal, Place};
use super::ledger::{Ledger, Line, Status};
use super::listing::Listing;
use super::node::{Content, Found, Node};
use super::options::{Depth, Options};
use super::recheck::due;
use crate::clock::Clock;
use crate::model::{How, Kind, NotionId, Parent};
use crate::notion::{self, Notion};
use crate::repo::{ObjectId, Repository, Snapshot, SnapshotId, State};
use crate::report::{Counter, Phase, Report};
use crate::stop::Stop;

/// The place of the ledger line that says that the token lacks a capability.
pub const CAPABILITY: &str = "capability";

/// How long a lost object stays in the ledger; Notion empties the trash after as long
/// (section 7.2 of the API digest).
const REMEMBER: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How many problems a summary names; the ledger has them all.
const PROBLEMS: usize = 100;

/// What a crawl works with.
pub struct Tools<'c> {
    /// The API.
    pub api: &'c Notion,
    /// The store.
    pub repo: &'c Repository,
    /// The state directory of this workspace and these roots.
    pub state: &'c State,
    /// Time.
    pub clock: &'c dyn Clock,
    /// Raised to end the run early.
    pub stop: &'c Stop,
    /// Who listens.
    pub report: &'c dyn Report,
}

/// What is known from before.
#[derive(Default)]
pub struct Before {
    /// The latest snapshot of the same workspace and roots.
    pub snapshot: Option<(SnapshotId, Snapshot)>,
    /// When each page and database was last read.
    pub reads: BTreeMap<NotionId, Timestamp>,
}

/// A finished crawl.
#[derive(Debug)]
pub struct Crawled {
    /// The root tree.
    pub tree: ObjectId,
    /// Pages and databases in the tree.
    pub present: u64,
    /// Pages and databases in the previous snapshot.
    pub before: u64,
    /// Objects by kind.
    pub counts: BTreeMap<String, u64>,
    /// Objects by how they ended.
    pub ledger: BTreeMap<String, u64>,
    /// Whether nothing is missing that should be there.
    pub complete: bool,
    /// What could not be read and why, the first hundred.
    pub problems: Vec<String>,
    /// When each page and database in the tree was last read.
    pub reads: BTreeMap<NotionId, Timestamp>,
}

/// A running crawl; the workers share it.
pub struct Crawl<'c> {
    pub(super) api: &'c Notion,
    pub(super) repo: &'c Repository,
    pub(super) options: &'c Options,
    pub(super) clock: &'c dyn Clock,
    pub(super) stop: &'c Stop,
    pub(super) report: &'c dyn Report,
    pub(super) workspace_id: NotionId,
    pub(super) base: BaseIndex,
    pub(super) reads: BTreeMap<NotionId, Timestamp>,
    pub(super) listing: Listing,
    pub(super) journal: Journal,
    /// What an interrupted run has read.
    pub(super) resumed: HashMap<NotionId, Place>,
    /// What is read again because it was read too long ago.
    pub(super) due: HashSet<NotionId>,
    /// Whether nothing may be carried over.
    pub(super) everything: bool,
    pub(super) comments_denied: AtomicBool,
    /// Whether the API refused to list archived rows.
    pub(super) no_archive: AtomicBool,
    pub(super) fatal: Mutex<Option<Error>>,
    found: Mutex<Found>,
}

/// Reads the workspace into the repository. The caller saves the snapshot, and keeps
/// the journal until it has.
///
/// `me` is the answer to [`Notion::me`], `workspace_id` the workspace that it names.
pub fn crawl(
    tools: &Tools<'_>,
    options: &Options,
    me: Value,
    workspace_id: NotionId,
    before: Before,
) -> Result<Crawled, Error> {
    let jobs = options.jobs.max(1);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .thread_name(|n| format!("crawl-{n}"))
        .build()?;
    let report = tools.report;
    report.phase(Phase::Comparing);
    let (base, covered) = match before.snapshot {
        None => (BaseIndex::default(), false),
        Some((id, snapshot)) => {
            let depth = serde_json::from_value::<Depth>(snapshot.options.clone()).ok();
            let covered = depth.is_some_and(|depth| depth.covers(options.depth()));
            (
                pool.install(|| BaseIndex::load(tools.repo, id, snapshot))?,
                covered,
            )
        }
    };
    let (journal, resumed) = Journal::open(tools.state, options.depth(), options.full)?;
    let mut crawl = Crawl {
        api: tools.api,
        repo: tools.repo,
        options,
        clock: tools.clock,
        stop: tools.stop,
        report,
        workspace_id,
        due: HashSet::new(),
        everything: options.full || !covered || base.ledger_lost,
        reads: before.reads,
        base,
        listing: Listing::new(tools.state.scratch()?),
        journal,
        resumed,
        comments_denied: AtomicBool::new(false),
        no_archive: AtomicBool::new(false),
        fatal: Mutex::default(),
        found: Mutex::default(),
    };
    crawl.plan_rechecks();
    report.phase(Phase::Listing);
    crawl.search()?;
    let workspace = crawl.list_workspace(me)?;
    crawl.probe_comments()?;
    report.phase(Phase::Reading);
    report.expect(crawl.listing.len() as u64);
    let crawl = crawl;
    let mut works = crawl.first_round()?;
    while !works.is_empty() {
        crawl.run(&pool, works)?;
        works = crawl.next_round()?;
    }
    let carried = crawl.carried_lines();
    let reserved = crawl.store_workspace(&pool, workspace, &carried)?;
    report.phase(Phase::Saving);
    let layout = crawl.layout();
    let (ledger, counts) = crawl.ledger(&layout, carried);
    let tree = pool.install(|| crawl.assemble(&layout, reserved, &ledger))?;
    Ok(crawl.result(tree, &ledger, counts))
}

impl<'c> Crawl<'c> {
    /// What the workers have found out. Never held across a request.
    pub(super) fn found(&self) -> MutexGuard<'_, Found> {
        self.found
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn plan_rechecks(&mut self) {
        let Some(last) = self.base.started() else {
            return;
        };
        let now = self.clock.now();
        let interval = Duration::try_from(now.duration_since(last)).unwrap_or_default();
        let units = self
            .base
            .nodes
            .keys()
            .map(|id| (self.reads.get(id).copied(), *id))
            .collect();
        self.due = due(units, now, interval, self.options.recheck_after_days)
            .into_iter()
            .collect();
    }

    fn search(&self) -> Result<(), Error> {
        let mut trouble = None;
        let end = self.api.search(&mut |objects| {
            let seen = self.clock.now();
            self.report
                .add(Counter::ListedObjects, objects.len() as u64);
            for object in objects {
                if let Err(error) = self.listing.add(&object, seen, true) {
                    trouble = Some(error);
                    return Err(notion::Error::local("the scratch file cannot be written"));
                }
            }
            Ok(())
        });
        if let Some(error) = trouble {
            return Err(error);
        }
        // Search is never complete (section 2.2 of the API digest), so a listing that was
        // cut off is no loss by itself: the walk finds the rest.
        if let notion::End::Incomplete(reason) = end.map_err(stopped)? {
            log::info!("search was cut off: {reason}");
        }
        self.check_stop()
    }

    /// If the last run could not read comments, tries once whether this one can: then all
    /// pages are read again for them.
    fn probe_comments(&mut self) -> Result<(), Error> {
        let denied = |line: &Line| line.kind == Kind::Comment && line.place == CAPABILITY;
        if self.options.comments == super::Comments::None || !self.base.lines.iter().any(denied) {
            return Ok(());
        }
        let Some(page) = self
            .listing
            .all()
            .iter()
            .find(|(_, it)| it.kind == Kind::Page)
            .copied()
        else {
            return Ok(());
        };
        match collect(|each| self.api.comments(page.0, each)) {
            Err(error) if error.kind == notion::Kind::Restricted => self.deny_comments(&error),
            Err(error) if error.kind == notion::Kind::Stopped => return Err(Error::Stopped),
            _ => self.everything = true,
        }
        Ok(())
    }

    /// The base's lines that still hold: about parts of what is carried over, and about
    /// what was lost not long ago.
    fn carried_lines(&self) -> Vec<Line> {
        let found = self.found();
        let now = self.clock.now();
        let carried = |id: &NotionId| found.nodes.get(id).is_some_and(Node::is_base);
        let there = |id: &NotionId| found.nodes.contains_key(id);
        let lines = self.base.lines.iter().filter_map(|line| {
            let node = matches!(line.kind, Kind::Page | Kind::Database) && line.place.is_empty();
            if node && there(&line.id) {
                return None;
            }
            if let Some(line) = still_owned(line, carried) {
                return Some(line);
            }
            let recent = line
                .since
                .is_some_and(|since| now.duration_since(since) < REMEMBER);
            recent.then(|| {
                let mut line = line.clone();
                line.owners.clear();
                line
            })
        });
        lines.collect()
    }

    /// Writes the ledger, and counts how the objects ended.
    fn ledger(&self, layout: &Layout, carried: Vec<Line>) -> (Ledger, BTreeMap<String, u64>) {
        let found = self.found();
        let mut ledger = Ledger::default();
        let mut fresh: HashSet<(NotionId, Kind)> = HashSet::new();
        for (id, node) in &found.nodes {
            if !node.is_base() {
                fresh.insert((*id, node.kind));
            }
            ledger.add(self.node_line(*id, node, layout, &found));
        }
        for (owner, lines) in &found.lines {
            let read = |node: &Node| matches!(node.content, Content::Read(_));
            if found.nodes.get(owner).is_some_and(read) {
                for line in lines {
                    fresh.insert((line.id, line.kind));
                    ledger.add(line.clone());
                }
            }
        }
        let known: HashSet<(NotionId, Kind)> = self
            .base
            .lines
            .iter()
            .map(|line| (line.id, line.kind))
            .collect();
        for line in &found.loose {
            if !known.contains(&(line.id, line.kind)) {
                fresh.insert((line.id, line.kind));
            }
            ledger.add(line.clone());
        }
        carried.into_iter().for_each(|line| ledger.add(line));
        let mut counts = BTreeMap::new();
        for line in ledger.lines() {
            let word = match line.status {
                Status::Captured if !fresh.contains(&(line.id, line.kind)) => "unchanged",
                status => status.word(),
            };
            *counts.entry(word.to_string()).or_insert(0) += 1;
        }
        (ledger, counts)
    }

    fn node_line(&self, id: NotionId, node: &Node, layout: &Layout, found: &Found) -> Line {
        let mut line = match &node.content {
            Content::Missing(status, reason) => Line::new(id, node.kind, *status, reason.clone()),
            Content::Read(_) | Content::Base => Line::new(id, node.kind, Status::Captured, ""),
        };
        line.parent = node.reported;
        let shown_by = layout.shown_by.get(&id);
        let ways = [
            (How::Root, self.options.roots.contains(&id)),
            (How::Search, node.searched),
            (
                How::Child,
                shown_by.is_some() && !matches!(node.parent, Parent::DataSource(..)),
            ),
            (How::Row, matches!(node.parent, Parent::DataSource(..))),
            (How::Template, found.templates.contains_key(&id)),
        ];
        line.found
            .extend(ways.into_iter().filter(|(_, met)| *met).map(|(way, _)| way));
        if line.found.is_empty() || !node.is_there() {
            for (how, owner) in found.references.get(&id).into_iter().flatten() {
                line.found.insert(*how);
                line.owners.insert(*owner);
            }
            if let Some(named) = self.base.named.get(&id) {
                let carried = |id: &NotionId| found.nodes.get(id).is_some_and(Node::is_base);
                if let Some(named) = still_owned(named, carried) {
                    line.found.extend(named.found);
                    line.owners.extend(named.owners);
                }
            }
        }
        if !node.is_there() {
            line.owners.extend(shown_by.into_iter().flatten());
            let before = self
                .base
                .lines
                .iter()
                .find(|line| line.id == id && line.since.is_some());
            line.since = match before {
                Some(before) => before.since,
                None if self.base.nodes.contains_key(&id) => {
                    Timestamp::from_second(self.clock.now().as_second()).ok()
                }
                None => None,
            };
        }
        line
    }

    fn result(&self, tree: ObjectId, ledger: &Ledger, ended: BTreeMap<String, u64>) -> Crawled {
        let found = self.found();
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for line in ledger
            .lines()
            .filter(|line| line.status == Status::Captured)
        {
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
        let losses = || ledger.lines().filter(|line| line.status.is_loss());
        let problems = losses().take(PROBLEMS).map(describe);
        let there = found.nodes.iter().filter(|(_, node)| node.is_there());
        Crawled {
            tree,
            present: there.clone().count() as u64,
            before: self.base.nodes.len() as u64,
            counts,
            ledger: ended,
            complete: losses().next().is_none(),
            problems: problems.collect(),
            reads: there
                .filter_map(|(id, node)| Some((*id, node.read?)))
                .collect(),
        }
    }
}

fn stopped(error: notion::Error) -> Error {
    if error.kind == notion::Kind::Stopped {
        Error::Stopped
    } else {
        error.into()
    }
}

fn describe(line: &Line) -> String {
    let kind = match line.kind {
        Kind::Page => "page",
        Kind::Database => "database",
        Kind::DataSource => "data source",
        Kind::View => "view",
        Kind::Block => "block",
        Kind::Comment => "comments of",
        Kind::User => "user",
        Kind::CustomEmoji => "emoji",
        Kind::File => "file of",
        Kind::Property => "property of",
    };
    let place = if line.place.is_empty() {
        String::new()
    } else {
        format!(" {}", line.place)
    };
    let owner = line.owners.first().filter(|owner| **owner != line.id);
    let within = owner
        .map(|owner| format!(" in {owner}"))
        .unwrap_or_default();
    format!(
        "{kind} {}{place}{within}: {}: {}",
        line.id,
        line.status.word(),
        line.reason
    )
}

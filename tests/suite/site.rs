//! A workspace, a repository, and dumps from one into the other, without the terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use notion_backup::clock::{Clock, ManualClock};
use notion_backup::crawl::ledger::{self, Line};
use notion_backup::crawl::{self, Comments};
use notion_backup::dump::{self, Options, Summary};
use notion_backup::model::{Kind, NotionId};
use notion_backup::notion::{Notion, Settings, Token};
use notion_backup::repo::{EntryKind, Files, Memory, ObjectId, Repository, Snapshot, SnapshotId};
use notion_backup::report::{Counter, Report, Silent};
use notion_backup::stop::{Stop, StopReason};
use serde_json::Value;

use crate::support::{FakeNotion, Workspace};

/// A Notion and a repository.
pub struct Site {
    pub fake: FakeNotion,
    pub files: Arc<Memory>,
    pub options: Options,
}

/// A clock that does something whenever somebody sleeps on it.
pub struct OnSleep<F>(pub ManualClock, pub F);

impl<F: Fn() + Send + Sync> Clock for OnSleep<F> {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration, stop: &Stop) {
        self.0.sleep(time, stop);
        (self.1)();
    }
}

/// Everything in a snapshot's tree: path to content.
pub type Tree = BTreeMap<String, Vec<u8>>;

impl Site {
    pub fn new(workspace: Workspace) -> Site {
        Site {
            fake: FakeNotion::start(workspace),
            files: Arc::new(Memory::new()),
            options: options(),
        }
    }

    /// Another repository for the same Notion.
    pub fn elsewhere(&self) -> Site {
        Site {
            fake: self.fake.clone(),
            files: Arc::new(Memory::new()),
            options: self.options.clone(),
        }
    }

    pub fn repo(&self) -> Repository {
        let files: Arc<dyn Files> = self.files.clone();
        Repository::open_or_create(files).expect("the repository opens")
    }

    /// Dumps at the workspace's own time.
    pub fn dump(&self) -> Summary {
        self.try_dump().expect("the dump succeeds")
    }

    pub fn try_dump(&self) -> Result<Summary, dump::Error> {
        self.dump_with(&self.options, &Stop::new(), Arc::new(Silent))
    }

    pub fn dump_with(
        &self,
        options: &Options,
        stop: &Stop,
        report: Arc<dyn Report>,
    ) -> Result<Summary, dump::Error> {
        self.dump_through(self.files.clone(), options, stop, report)
    }

    /// Dumps into any files.
    pub fn dump_through(
        &self,
        files: Arc<dyn Files>,
        options: &Options,
        stop: &Stop,
        report: Arc<dyn Report>,
    ) -> Result<Summary, dump::Error> {
        let tools = (files, Arc::new(self.clock()) as Arc<dyn Clock>);
        self.run(tools, options, stop, report)
    }

    /// Dumps by another clock.
    pub fn dump_on(&self, clock: Arc<dyn Clock>) -> Result<Summary, dump::Error> {
        let tools = (self.files.clone() as Arc<dyn Files>, clock);
        self.run(tools, &self.options, &Stop::new(), Arc::new(Silent))
    }

    /// A clock that shows the workspace's time.
    pub fn clock(&self) -> ManualClock {
        let now = self.fake.look(|ws| ws.now);
        ManualClock::at(Timestamp::from_millisecond(now).expect("a time"))
    }

    /// Dumps into any files, by any clock.
    pub fn run(
        &self,
        (files, clock): (Arc<dyn Files>, Arc<dyn Clock>),
        options: &Options,
        stop: &Stop,
        report: Arc<dyn Report>,
    ) -> Result<Summary, dump::Error> {
        let settings = Settings {
            token: Token::new(self.fake.token().to_string()).expect("a token"),
            api_url: self.fake.url(),
            requests_per_minute: None,
        };
        let notion = Notion::connect(&settings, clock.clone(), stop.clone(), report.clone())
            .expect("the client starts");
        let now = clock.now();
        let repo = Repository::open_or_create(files)?;
        let result = dump::dump(dump::Job {
            notion: &notion,
            me: None,
            repo: &repo,
            options,
            clock: &*clock,
            stop,
            report: &*report,
        });
        // The waits took time; and no two snapshots are of the same second.
        let waited = clock.now().as_second() - now.as_second();
        self.fake.edit(|ws| ws.advance_seconds(waited + 1));
        result
    }

    pub fn latest(&self) -> (SnapshotId, Snapshot) {
        self.repo()
            .find_snapshot("latest")
            .expect("there is a snapshot")
    }

    /// The files of the latest snapshot, with their paths.
    pub fn tree(&self) -> Tree {
        self.tree_of(self.latest().1.tree)
    }

    /// The files below any root directory, with their paths.
    pub fn tree_of(&self, root: ObjectId) -> Tree {
        let repo = self.repo();
        let mut files = Tree::new();
        let mut todo = vec![(String::new(), root)];
        while let Some((path, tree)) = todo.pop() {
            for entry in repo.tree(tree).expect("the tree is there").entries {
                let path = format!("{path}/{}", entry.name);
                match entry.kind {
                    EntryKind::Directory => todo.push((path, entry.id)),
                    EntryKind::File => {
                        let content = repo.read(entry.id, 1 << 30).expect("the file is there");
                        assert_eq!(content.len() as u64, entry.size, "{path}");
                        assert!(files.insert(path, content).is_none());
                    }
                }
            }
        }
        files
    }

    /// The ledger of the latest snapshot.
    pub fn ledger(&self) -> Vec<Line> {
        let tree = self.tree();
        let shards = tree
            .iter()
            .filter(|(path, _)| path.starts_with("/.notion-backup/ledger/"));
        shards
            .flat_map(|(_, content)| ledger::parse(content).collect::<Vec<_>>())
            .collect()
    }

    /// The line about a whole object.
    pub fn line(&self, id: NotionId, kind: Kind) -> Option<Line> {
        let mut lines = self.ledger().into_iter();
        lines.find(|line| line.id == id && line.kind == kind && line.place.is_empty())
    }

    /// All object files of the repository.
    pub fn objects(&self) -> BTreeSet<String> {
        self.files
            .paths()
            .into_iter()
            .filter(|path| path.starts_with("objects/"))
            .collect()
    }

    /// Requests by endpoint since the last call, sorted.
    pub fn requests(&self) -> BTreeMap<String, u64> {
        let counts = self.fake.counts();
        self.fake.clear_requests();
        counts
    }
}

/// Options as the command line has them by default.
pub fn options() -> Options {
    let crawl = crawl::Options {
        roots: Vec::new(),
        full: false,
        recheck_after_days: 30,
        files: true,
        max_file_size: None,
        comments: Comments::Pages,
        jobs: 4,
    };
    Options {
        crawl,
        max_shrink_percent: None,
        tags: Vec::new(),
        host: "test".to_string(),
    }
}

/// The one file whose path ends like this, as JSON.
pub fn json_at(tree: &Tree, end: &str) -> Value {
    let mut found = tree.iter().filter(|(path, _)| path.ends_with(end));
    let (path, content) = found
        .next()
        .unwrap_or_else(|| panic!("no file ends with {end}"));
    assert!(found.next().is_none(), "several files end with {end}");
    serde_json::from_slice(content).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Compares two trees file by file, so that a difference is named.
pub fn assert_same_tree(a: &Tree, b: &Tree) {
    for (path, content) in a {
        let other = b.get(path).unwrap_or_else(|| panic!("only one has {path}"));
        if content != other {
            let (a, b) = (
                String::from_utf8_lossy(content),
                String::from_utf8_lossy(other),
            );
            let line = a.lines().zip(b.lines()).find(|(a, b)| a != b);
            panic!("{path} differs: {line:?}");
        }
    }
    let more: Vec<_> = b
        .keys()
        .filter(|path| !a.contains_key(*path))
        .take(3)
        .collect();
    assert!(more.is_empty(), "only the other has {more:?}");
}

/// Asks the run to stop after so many pages.
pub struct StopAfter {
    pages: u64,
    stop: Stop,
    seen: AtomicU64,
}

impl StopAfter {
    pub fn new(pages: u64, stop: &Stop) -> StopAfter {
        StopAfter {
            pages,
            stop: stop.clone(),
            seen: AtomicU64::new(0),
        }
    }

    /// How many pages have been read.
    pub fn seen(&self) -> u64 {
        self.seen.load(Ordering::SeqCst)
    }
}

impl Report for StopAfter {
    fn add(&self, counter: Counter, amount: u64) {
        if counter == Counter::ReadPages
            && self.seen.fetch_add(amount, Ordering::SeqCst) + amount == self.pages
        {
            self.stop.raise(StopReason::Interrupted);
        }
    }
}

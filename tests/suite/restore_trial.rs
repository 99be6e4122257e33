//! A small workspace with one of everything that a restore writes in its own way, dumped
//! once, and restores of it that are disturbed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use jiff::Timestamp;
use notion_backup::clock::{Clock, ManualClock};
use notion_backup::crawl::Comments;
use notion_backup::model::NotionId;
use notion_backup::notion::{Notion, Settings, Token};
use notion_backup::repo::{Files, Memory, Repository};
use notion_backup::report::{Report, Silent};
use notion_backup::restore::{self, Error, Job, Preview, SnapshotSource, Summary, Undo, Undone};
use notion_backup::stop::Stop;
use serde_json::json;

use crate::site::Site;
use crate::support::compare::{Difference, Expect, compare};
use crate::support::workspace::build::property;
use crate::support::workspace::model::{Linked, Parent};
use crate::support::workspace::text::rich;
use crate::support::{FakeNotion, Workspace};

/// Pages in pages, blocks in blocks deeper than a request nests, a database with two
/// sources, relations, rows, views of all sorts, comments in threads, a file used twice,
/// a page with a lock and a row in the archive.
pub fn small() -> Workspace {
    let mut ws = Workspace::new(7);
    let home = ws.page(Parent::Workspace, "Home");
    ws.set_icon(home, json!({"type": "emoji", "emoji": "🏠"}));
    let first = ws.paragraph(home, "first");
    let file = ws.file("plan.pdf", "application/pdf", b"the plan");
    ws.block(home, "pdf", file.clone());
    let mut deep = ws.toggle(home, "level 0");
    for level in 1..6 {
        deep = ws.toggle(deep, &format!("level {level}"));
    }
    ws.paragraph(deep, "the bottom");
    let below = ws.page(Parent::Page(home), "Below");
    ws.block(below, "pdf", file);
    ws.paragraph(below, "twin");
    ws.paragraph(below, "twin");
    ws.paragraph(home, "between");
    let columns = vec![
        property("Name", "title", json!({})),
        property("Amount", "number", json!({"format": "euro"})),
    ];
    let (tasks, source) = ws.database(Parent::Page(home), "Tasks", columns);
    ws.data_source(tasks, "More tasks", vec![]);
    let (_, people) = ws.database(Parent::Page(home), "People", vec![]);
    let (there, back) = ("r%3Ato", "r%3Afrom");
    for (on, other, id, mirror, name, called) in [
        (source, people, there, back, "Who", "Does"),
        (people, source, back, there, "Does", "Who"),
    ] {
        let Some(Parent::Database(database)) = ws.parent_of(other) else {
            panic!("a source is in a database");
        };
        let config = json!({"database_id": database, "data_source_id": other, "type": "dual_property",
            "dual_property": {"synced_property_id": mirror, "synced_property_name": called}});
        let mut column = property(name, "relation", config);
        column.id = id.into();
        let on = ws.data_sources.get_mut(&on).expect("the source");
        on.schema.push(column);
    }
    let ada = ws.row(people, "Ada");
    for number in 0..3 {
        let row = ws.row(source, &format!("Task {number}"));
        ws.value(row, "Amount", json!(number));
        ws.value(row, "Who", json!([{"id": ada}]));
    }
    let all: Vec<_> = ws.data_sources[&source].rows.clone();
    ws.value(
        ada,
        "Does",
        all.iter().map(|id| json!({"id": id})).collect(),
    );
    ws.row(source, "Task 1");
    let archived = ws.row(source, "Old task");
    ws.pages.get_mut(&archived).expect("the row").is_archived = true;
    ws.view(tasks, Some(source), "As a list", "list", json!({}));
    let widget = ws.view(tasks, Some(source), "Widget", "table", json!({}));
    let rows = json!({"configuration": {"type": "dashboard", "rows": [{"id": "row-1", "height": 300,
        "widgets": [{"id": "widget-1", "view_id": widget, "width": 2}]}]}});
    let dashboard = ws.view(tasks, None, "All of it", "dashboard", rows);
    let widget = ws.views.get_mut(&widget).expect("the widget");
    widget
        .settings
        .insert("dashboard_view_id".into(), json!(dashboard));
    let linked = ws.linked_view(Parent::Page(home), source, Linked::EmptyDataSources);
    ws.name("linked", linked);
    let words = ws.comment(Parent::Page(home), None, rich("What of it?"));
    let discussion = ws.comments.iter().find(|it| it.id == words);
    let discussion = discussion.expect("the comment").discussion;
    ws.advance_minutes(1);
    ws.comment(Parent::Page(home), Some(discussion), rich("All of it."));
    ws.comment(Parent::Block(first), None, rich("First what?"));
    let locked = ws.page(Parent::Workspace, "Locked");
    ws.paragraph(locked, "for good");
    ws.pages.get_mut(&locked).expect("the page").is_locked = true;
    // The whole of it refers to what comes later.
    let mention = json!([{"type": "mention", "mention": {"type": "page", "page": {"id": locked}},
        "plain_text": "Locked", "href": null,
        "annotations": crate::support::workspace::text::plain()}]);
    ws.rich_block(home, "paragraph", mention);
    ws.advance_minutes(10);
    ws
}

/// A workspace, what was dumped of it, and the page to restore it below.
pub struct Dumped {
    pub original: Workspace,
    pub before: Workspace,
    pub root: NotionId,
    files: Memory,
}

impl Dumped {
    pub fn of(workspace: Workspace) -> Dumped {
        let original = workspace.clone();
        let mut site = Site::new(workspace);
        site.options.crawl.comments = Comments::Blocks;
        site.dump();
        let root = site.fake.edit(|ws| {
            ws.advance_minutes(10);
            let root = ws.page(Parent::Workspace, "Restored here");
            ws.advance_minutes(10);
            root
        });
        Dumped {
            original,
            before: site.fake.look(Workspace::clone),
            root,
            files: site.files.after_power_cut(),
        }
    }

    /// The small workspace.
    pub fn small() -> &'static Dumped {
        static SMALL: OnceLock<Dumped> = OnceLock::new();
        SMALL.get_or_init(|| Dumped::of(small()))
    }

    /// A Notion and a repository as they are before the restore.
    pub fn trial(&self) -> Trial<'_> {
        self.at(&self.before, self.files.after_power_cut())
    }

    /// A Notion and a repository as they were at some moment.
    pub fn at(&self, workspace: &Workspace, files: Memory) -> Trial<'_> {
        let fake = FakeNotion::start(workspace.clone());
        let now = Timestamp::from_millisecond(workspace.now).expect("a time");
        Trial {
            dumped: self,
            fake,
            files: Arc::new(files),
            clock: Arc::new(ManualClock::at(now)),
            stop: Stop::new(),
            only: Vec::new(),
            jobs: 4,
            report: Arc::new(Silent),
        }
    }
}

/// Everything in a folder that nobody else knows of.
pub fn copy(files: &Memory) -> Memory {
    let copy = Memory::new();
    for path in files.paths() {
        copy.overwrite(&path, &files.content(&path).unwrap_or_default());
    }
    copy
}

/// One restore, disturbed.
pub struct Trial<'d> {
    pub dumped: &'d Dumped,
    pub fake: FakeNotion,
    pub files: Arc<Memory>,
    pub clock: Arc<ManualClock>,
    pub stop: Stop,
    pub only: Vec<String>,
    pub jobs: usize,
    pub report: Arc<dyn Report>,
}

impl Trial<'_> {
    pub fn repo(&self) -> Repository {
        let files: Arc<dyn Files> = self.files.clone();
        Repository::open(files).expect("the repository opens")
    }

    fn notion(&self) -> Notion {
        let settings = Settings {
            token: Token::new(self.fake.token().to_string()).expect("a token"),
            api_url: self.fake.url(),
            requests_per_minute: None,
        };
        let (clock, stop) = (self.clock.clone(), self.stop.clone());
        Notion::connect(&settings, clock, stop, self.report.clone()).expect("the client starts")
    }

    fn job<R>(&self, run: impl FnOnce(&Job<'_>) -> Result<R, Error>) -> Result<R, Error> {
        let repo = self.repo();
        let (id, snapshot) = repo.find_snapshot("latest").expect("there is a snapshot");
        run(&Job {
            notion: &self.notion(),
            repo: &repo,
            source: &SnapshotSource::new(&repo, snapshot.tree),
            from: id.to_string(),
            root: self.dumped.root,
            only: self.only.clone(),
            jobs: self.jobs,
            clock: self.clock.as_ref() as &dyn Clock,
            report: self.report.as_ref(),
        })
    }

    pub fn restore(&self) -> Result<Summary, Error> {
        self.job(restore::restore)
    }

    pub fn preview(&self) -> Result<Preview, Error> {
        self.job(restore::preview)
    }

    pub fn resume(&self) -> Result<Summary, Error> {
        self.job(restore::resume)
    }

    /// Goes on after a kill: a plan of which nothing was sent is made anew.
    pub fn go_on(&self) -> Summary {
        match self.resume() {
            Err(Error::NothingToResume { .. }) => self.restore().expect("it starts"),
            summary => summary.expect("it goes on"),
        }
    }

    pub fn undo(&self, journal: &str) -> Result<Undone, Error> {
        restore::undo(&Undo {
            notion: &self.notion(),
            repo: &self.repo(),
            journal,
            clock: self.clock.as_ref(),
        })
    }

    /// The names of all journals.
    pub fn journals(&self) -> Vec<String> {
        let names = self.repo().state_groups().expect("the folder can be read");
        let mut names = names.into_iter();
        names
            .by_ref()
            .filter(|it| it.starts_with("restore-"))
            .collect()
    }

    /// What the judge finds.
    pub fn differences(&self) -> Vec<Difference> {
        let restored = self.fake.look(Workspace::clone);
        let mut found = compare(
            &self.dumped.original,
            &restored,
            self.dumped.root,
            &Expect::restored(),
        );
        found.retain(|it| !it.weak);
        found
    }

    /// Fails unless everything is there, and nothing twice.
    pub fn assert_restored(&self, summary: &Summary, about: &str) {
        assert!(summary.early.is_none(), "{about}: {:?}", summary.early);
        assert!(!summary.has_losses(), "{about}: {:?}", summary.losses);
        assert_eq!(summary.steps_done, summary.steps, "{about}");
        self.assert_same(about);
    }

    /// Fails unless the judge finds nothing.
    pub fn assert_same(&self, about: &str) {
        let found = self.differences();
        let text: Vec<String> = found.iter().take(20).map(ToString::to_string).collect();
        assert!(found.is_empty(), "{about}: {}", text.join("\n"));
        let violations = self.fake.violations();
        assert!(violations.is_empty(), "{about}: {violations:?}");
    }
}

/// Does something with each case, two at a time; how often it failed.
pub fn each<C: Send>(cases: impl IntoIterator<Item = C>, run: impl Fn(C) + Sync) -> usize {
    let cases: Vec<C> = cases.into_iter().collect();
    let todo = Mutex::new(cases.into_iter());
    let wrong = AtomicUsize::new(0);
    let next = || todo.lock().expect("no panic here").next();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(case) = next() {
                    let ran = catch_unwind(AssertUnwindSafe(|| run(case)));
                    wrong.fetch_add(usize::from(ran.is_err()), Ordering::SeqCst);
                }
            });
        }
    });
    wrong.load(Ordering::SeqCst)
}

//! A dumped workspace, a page to restore it below, and restores of the one to the other,
//! without the terminal.

use std::sync::Arc;

use notion_backup::clock::ManualClock;
use notion_backup::crawl::Comments;
use notion_backup::model::NotionId;
use notion_backup::notion::{Notion, Settings, Token};
use notion_backup::report::Silent;
use notion_backup::restore::{
    self, Degree, Error, Job, Loss, Preview, SnapshotSource, Source, Summary,
};
use notion_backup::stop::Stop;

use crate::site::Site;
use crate::support::compare::{Difference, Expect, assert_same, compare};
use crate::support::fake_notion::Logged;
use crate::support::workspace::model::{Id, Parent, UserKind};
use crate::support::{FakeNotion, Workspace};

/// A page of this workspace, made after the dump, to restore into.
pub fn scratch(fake: &FakeNotion) -> NotionId {
    fake.edit(|ws| {
        let page = ws.page(Parent::Workspace, "Restored here");
        ws.name("scratch", page);
        page
    })
}

/// A workspace of other people, of whom every second shares the e-mail address of one of
/// `original`, with none of its emojis and nothing in it.
pub fn foreign(original: &Workspace, seed: u64) -> Workspace {
    let mut other = Workspace::new(seed);
    other.name = "Elsewhere".to_owned();
    let people: Vec<(String, String)> = original
        .users
        .iter()
        .filter_map(|user| match &user.kind {
            UserKind::Person { email } => Some((user.name.clone(), email.clone())),
            _ => None,
        })
        .collect();
    for (name, email) in people.iter().step_by(2) {
        let known = other
            .users
            .iter()
            .any(|it| matches!(&it.kind, UserKind::Person { email: one } if one == email));
        if !known {
            other.person(name, email);
        }
    }
    other.add_emoji("unlike any other", b"another emoji");
    other
}

/// What is restored, into what, and how.
pub struct Restorer {
    /// Where the snapshot is, and the journals.
    pub site: Site,
    /// The workspace as it was dumped.
    pub original: Workspace,
    /// What is restored into.
    pub target: FakeNotion,
    /// The page there.
    pub root: NotionId,
    /// Parts to restore; empty for all.
    pub only: Vec<String>,
    pub jobs: usize,
    /// The restores' time.
    pub clock: Arc<ManualClock>,
    pub stop: Stop,
}

impl Restorer {
    /// Dumps a workspace, with all comments, to be restored into itself.
    pub fn home(workspace: Workspace) -> Restorer {
        let (site, original) = dumped(workspace);
        let target = site.fake.clone();
        Restorer::to(site, original, target)
    }

    /// Dumps a workspace, with all comments, to be restored into [another](foreign).
    pub fn abroad(workspace: Workspace) -> Restorer {
        let (site, original) = dumped(workspace);
        let target = FakeNotion::start(foreign(&original, 4711));
        Restorer::to(site, original, target)
    }

    /// What was dumped, to be restored into this Notion.
    pub fn to(site: Site, original: Workspace, target: FakeNotion) -> Restorer {
        let root = scratch(&target);
        target.clear_requests();
        let clock = Arc::new(
            Site {
                fake: target.clone(),
                ..site.elsewhere()
            }
            .clock(),
        );
        Restorer {
            site,
            original,
            target,
            root,
            only: Vec::new(),
            jobs: 4,
            clock,
            stop: Stop::new(),
        }
    }

    /// The copy, dumped, to be restored into a third workspace and judged by the original.
    pub fn again(&self) -> Restorer {
        let mut site = Site {
            fake: self.target.clone(),
            ..self.site.elsewhere()
        };
        site.options.crawl.roots = vec![self.root];
        site.dump();
        let third = FakeNotion::start(foreign(&self.original, 4712));
        let mut again = Restorer::to(site, self.original.clone(), third);
        let children = self.target.look(|ws| ws.visible_children(self.root));
        let children = children.expect("the page is there").into_iter();
        again.only = children.map(|id| id.to_string()).collect();
        again
    }

    /// The same with so many requests at once.
    pub fn jobs(mut self, jobs: usize) -> Restorer {
        self.jobs = jobs;
        self
    }

    /// The same with these parts alone.
    pub fn only(mut self, only: &[&str]) -> Restorer {
        self.only = only.iter().map(ToString::to_string).collect();
        self
    }

    /// Does something with a job that restores from `source`.
    pub fn from<R>(&self, source: &dyn Source, from: &str, run: impl FnOnce(&Job) -> R) -> R {
        let settings = Settings {
            token: Token::new(self.target.token().to_string()).expect("a token"),
            api_url: self.target.url(),
            requests_per_minute: None,
        };
        let (clock, stop) = (self.clock.clone(), self.stop.clone());
        let notion = Notion::connect(&settings, clock, stop, Arc::new(Silent));
        run(&Job {
            notion: &notion.expect("the client starts"),
            repo: &self.site.repo(),
            source,
            from: from.to_string(),
            root: self.root,
            only: self.only.clone(),
            jobs: self.jobs,
            clock: &*self.clock,
            report: &Silent,
        })
    }

    /// Does something with a job that restores the latest snapshot.
    pub fn job<R>(&self, run: impl FnOnce(&Job) -> R) -> R {
        let (id, snapshot) = self.site.latest();
        let repo = self.site.repo();
        let source = SnapshotSource::new(&repo, snapshot.tree);
        self.from(&source, &id.to_string(), run)
    }

    pub fn preview(&self) -> Preview {
        self.job(restore::preview).expect("the preview succeeds")
    }

    pub fn try_restore(&self) -> Result<Summary, Error> {
        self.job(restore::restore)
    }

    /// Restores to the end, without a request that breaks the rules of the API.
    pub fn restore(&self) -> Summary {
        let summary = self.try_restore().expect("the restore succeeds");
        self.completed(&summary);
        summary
    }

    /// Fails unless the restore came to its end and broke no rule.
    pub fn completed(&self, summary: &Summary) {
        assert!(summary.early.is_none(), "{:?}", summary.early);
        assert_eq!(summary.steps_done, summary.steps);
        assert_eq!(self.target.violations(), Vec::<String>::new());
    }

    /// The workspace that was restored into, as it is now.
    pub fn restored(&self) -> Workspace {
        self.target.look(Workspace::clone)
    }

    /// Judges what was restored.
    pub fn judge(&self, expect: &Expect) {
        assert_same(&self.original, &self.restored(), self.root, expect);
    }

    /// What the judge finds, order of related rows apart.
    pub fn differences(&self) -> Vec<Difference> {
        let expect = Expect::restored();
        let mut found = compare(&self.original, &self.restored(), self.root, &expect);
        found.retain(|it| !it.weak);
        found
    }

    /// Restores and judges everything.
    pub fn prove(&self) -> Summary {
        let summary = self.restore();
        self.judge(&Expect::restored());
        summary
    }

    /// The writes that came in, each with its method.
    pub fn writes(&self) -> Vec<Logged> {
        let mut writes = self.target.requests();
        writes.retain(|it| it.method != "GET");
        writes
    }

    /// What was made of an object of the original with this title, below the page.
    ///
    /// # Panics
    /// Unless there is just one.
    pub fn made(&self, title: &str) -> Id {
        self.target.look(|ws| {
            let same = ws.id == self.original.id;
            let mut found = ws.pages.values().filter(|page| {
                let before = same && self.original.pages.contains_key(&page.id);
                !before && page.title == title
            });
            let page = found.next().map(|page| page.id);
            assert!(found.next().is_none(), "several are called {title}");
            page.unwrap_or_else(|| panic!("nothing is called {title}"))
        })
    }
}

fn dumped(workspace: Workspace) -> (Site, Workspace) {
    let original = workspace.clone();
    let mut site = Site::new(workspace);
    site.options.crawl.comments = Comments::Blocks;
    site.dump();
    (site, original)
}

/// Losses of more than details, as text.
pub fn serious(losses: &[Loss]) -> Vec<String> {
    let serious = losses.iter().filter(|it| it.degree != Degree::Detail);
    serious.map(|it| format!("{it:?}")).collect()
}

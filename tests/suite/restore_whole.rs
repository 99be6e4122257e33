//! Whole restores: a workspace is dumped and put below a page of a Notion in memory.

use std::sync::Arc;

use notion_backup::clock::Clock;
use notion_backup::crawl::Comments;
use notion_backup::model::NotionId;
use notion_backup::notion::{Notion, Settings, Token};
use notion_backup::report::Silent;
use notion_backup::restore::{self, Error, Job, SnapshotSource, Summary};
use notion_backup::stop::Stop;

use crate::site::Site;
use crate::support::compare::{Expect, assert_same};
use crate::support::workspace::model::Parent;
use crate::support::{FakeNotion, Workspace};

/// A page of this workspace, made after the dump, to restore into.
pub fn scratch(fake: &FakeNotion) -> NotionId {
    fake.edit(|ws| {
        let page = ws.page(Parent::Workspace, "Restored here");
        ws.name("scratch", page);
        page
    })
}

/// Restores the latest snapshot of a site into a Notion, below `root`.
pub fn restore_into(site: &Site, target: &FakeNotion, root: NotionId) -> Result<Summary, Error> {
    let repo = site.repo();
    let (id, snapshot) = site.latest();
    let clock = Arc::new(site.clock());
    let settings = Settings {
        token: Token::new(target.token().to_string()).unwrap(),
        api_url: target.url(),
        requests_per_minute: None,
    };
    let stop = Stop::new();
    let notion = Notion::connect(&settings, clock.clone(), stop.clone(), Arc::new(Silent)).unwrap();
    restore::restore(&Job {
        notion: &notion,
        repo: &repo,
        source: &SnapshotSource::new(&repo, snapshot.tree),
        from: id.to_string(),
        root,
        only: Vec::new(),
        jobs: 4,
        clock: clock.as_ref() as &dyn Clock,
        stop: &stop,
        report: &Silent,
    })
}

#[test]
fn first_light() {
    for ws in [Workspace::plain(5, 3), Workspace::everything(1)] {
        let original = ws.clone();
        let mut site = Site::new(ws);
        site.options.comments = Comments::Blocks;
        site.dump();
        let root = scratch(&site.fake);
        site.fake.clear_requests();
        let summary = restore_into(&site, &site.fake, root).unwrap();
        assert!(summary.early.is_none(), "{:?}", summary.early);
        assert_eq!(site.fake.violations(), Vec::<String>::new());
        let restored = site.fake.look(Workspace::clone);
        assert_same(&original, &restored, root, &Expect::restored());
    }
}

//! The dumps after the first: what is unchanged costs the listings alone, and what
//! changed is noticed, whether or not a timestamp says so.

use std::collections::BTreeSet;
use std::sync::Arc;

use notion_backup::crawl::Comments;
use notion_backup::crawl::ledger::Status;
use notion_backup::dump;
use notion_backup::model::{Kind, NotionId};
use notion_backup::repo::{Files, ObjectId};
use notion_backup::stop::{Stop, StopReason};
use serde_json::{Value, json};

use crate::site::{Site, StopAfter, assert_same_tree, json_at};
use crate::support::Workspace;
use crate::support::workspace::model::Parent;
use crate::support::workspace::text;

/// What every dump asks for, whatever changed.
const LISTINGS: [&str; 5] = [
    "GET /v1/users/me",
    "GET /v1/users",
    "GET /v1/custom_emojis",
    "POST /v1/search",
    "POST /v1/data_sources/{id}/query",
];

/// A site whose first dump is done and whose workspace has come to rest.
pub fn rested(workspace: Workspace) -> Site {
    let site = Site::new(workspace);
    site.fake.edit(|ws| ws.advance_minutes(10));
    site.dump();
    site.requests();
    site.fake.edit(|ws| ws.advance_minutes(10));
    site
}

fn get(site: &Site, name: &str) -> NotionId {
    site.fake.look(|ws| ws.get(name))
}

/// The requests of a dump that are no listings.
pub fn beyond_listings(site: &Site) -> Vec<String> {
    let mut paths: Vec<String> = site
        .fake
        .requests()
        .iter()
        .map(|it| format!("{} {}", it.method, it.path))
        .filter(|path| !LISTINGS.iter().any(|listing| path == listing))
        .filter(|path| !(path.starts_with("POST /v1/data_sources/") && path.ends_with("/query")))
        .collect();
    paths.sort();
    paths
}

/// Small: a page with two pages below, one of them in a toggle, and a database with rows.
pub fn small() -> Workspace {
    let mut ws = Workspace::new(3);
    let home = ws.page(Parent::Workspace, "Home");
    ws.name("home", home);
    let line = ws.paragraph(home, "a line");
    ws.name("line", line);
    let child = ws.page(Parent::Page(home), "Child");
    ws.name("child", child);
    ws.paragraph(child, "in the child");
    let toggle = ws.toggle(home, "open me");
    ws.name("toggle", toggle);
    let hidden = ws.page(Parent::Block(toggle), "In a toggle");
    ws.name("in toggle", hidden);
    let other = ws.page(Parent::Workspace, "Other");
    ws.name("other", other);
    let database = ws.container(Parent::Page(home), "Tasks");
    ws.name("database", database);
    let source = ws.data_source(database, "Tasks", Vec::new());
    ws.name("source", source);
    for number in 0..3 {
        let row = ws.row(source, &format!("Row {number}"));
        ws.name(&format!("row {number}"), row);
    }
    ws
}

#[test]
fn an_unchanged_workspace_costs_the_listings_and_one_snapshot_file() {
    for comments in [Comments::None, Comments::Pages, Comments::Blocks] {
        let mut site = Site::new(Workspace::everything(7));
        site.options.crawl.comments = comments;
        site.dump();
        let (objects, first, tree) = (site.objects(), site.latest(), site.tree());
        site.requests();
        let summary = site.dump();
        // What search never shows has to be asked for one by one.
        let unlisted: BTreeSet<String> = site.fake.look(|ws| {
            let pages = ws.pages.values().filter(|page| page.omitted_by_search);
            let pages = pages.map(|page| format!("GET /v1/pages/{}", page.id));
            let sources = ws.data_sources.values();
            let sources = sources.filter(|source| ws.databases[&source.database].omitted_by_search);
            let sources = sources.map(|source| format!("GET /v1/data_sources/{}", source.id));
            pages.chain(sources).collect()
        });
        let beyond: BTreeSet<String> = beyond_listings(&site).into_iter().collect();
        let extra: Vec<_> = beyond.difference(&unlisted).collect();
        assert!(extra.is_empty(), "{comments:?}: {extra:?}");
        assert_same_tree(&tree, &site.tree());
        assert!(site.objects() == objects, "objects were added");
        let second = site.latest();
        assert_ne!(second.0, first.0);
        assert_eq!(second.1.tree, first.1.tree);
        assert_eq!(second.1.parent, Some(first.0));
        assert_eq!(summary.ledger.get("captured"), None);
        assert!(summary.ledger["unchanged"] > 50);
    }
}

#[test]
fn a_page_that_is_only_mentioned_is_captured_and_stays() {
    let mut ws = small();
    let hidden = ws.page(Parent::Workspace, "Hidden");
    ws.set_shared(hidden, Some(false));
    let known = ws.page(Parent::Page(hidden), "Known from a mention");
    ws.set_shared(known, Some(true));
    ws.pages.get_mut(&known).unwrap().omitted_by_search = true;
    let (home, mention) = (ws.get("home"), text::mention_page(known, "Known"));
    ws.rich_block(home, "paragraph", Value::Array(vec![mention]));
    let site = rested(ws);
    let line = site.line(known, Kind::Page).unwrap();
    assert_eq!(line.status, Status::Captured);
    assert!(line.owners.contains(&home));
    let (objects, tree) = (site.objects(), site.tree());
    site.dump();
    assert_same_tree(&tree, &site.tree());
    assert!(site.objects() == objects, "objects were added");
    assert_eq!(beyond_listings(&site), [format!("GET /v1/pages/{known}")]);
}

#[test]
fn what_the_repository_has_lost_is_fetched_again() {
    let site = rested(Workspace::everything(7));
    let whole = site.tree();
    let objects: Vec<String> = site.objects().into_iter().collect();
    for keep in 2..9 {
        let files: Arc<dyn Files> = site.files.clone();
        for path in objects.iter().step_by(keep) {
            let _ = files.remove(path);
        }
        site.dump();
        assert_same_tree(&whole, &site.tree());
    }
}

#[test]
fn guests_are_asked_for_again_when_only_the_list_of_people_is_lost() {
    let site = rested(Workspace::everything(7));
    let whole = site.tree();
    let object = ObjectId::of(&whole["/.notion-backup/users.json"]).to_string();
    let files: Arc<dyn Files> = site.files.clone();
    files
        .remove(&format!("objects/{}/{object}.zst", &object[..2]))
        .unwrap();
    site.dump();
    assert_same_tree(&whole, &site.tree());
}

#[test]
fn an_edit_costs_one_page() {
    let site = rested(small());
    let (child, line) = (get(&site, "child"), get(&site, "line"));
    site.fake.edit(|ws| ws.set_text(line, "another line"));
    let before = site.objects().len();
    site.dump();
    let home = get(&site, "home");
    let toggle = get(&site, "toggle");
    assert_eq!(
        beyond_listings(&site),
        [
            format!("GET /v1/blocks/{home}/children"),
            format!("GET /v1/blocks/{toggle}/children"),
            "GET /v1/comments".to_string(),
        ]
    );
    let page = json_at(&site.tree(), &format!("{home}/page.json"));
    assert_eq!(
        page["children"][0]["paragraph"]["rich_text"][0]["plain_text"],
        "another line"
    );
    // page.json, its tree, and the root's tree.
    assert_eq!(site.objects().len(), before + 3);
    assert!(
        site.tree()
            .contains_key(&format!("/{home}/{child}/page.json"))
    );
}

#[test]
fn a_row_that_is_gone_costs_one_question() {
    let site = rested(small());
    let row = get(&site, "row 1");
    site.fake.edit(|ws| ws.set_trashed(row, true));
    site.dump();
    assert_eq!(beyond_listings(&site), [format!("GET /v1/pages/{row}")]);
    let status = site.line(row, Kind::Page).map(|line| line.status);
    assert_eq!(status, Some(Status::Trashed));
    let name = format!("/{row}/");
    let kept = site.tree().into_keys().find(|path| path.contains(&name));
    assert_eq!(kept, None);
}

#[test]
fn a_second_edit_within_the_same_minute_is_seen() {
    let site = Site::new(small());
    site.fake.edit(|ws| ws.advance_minutes(10));
    let line = get(&site, "line");
    site.fake.edit(|ws| {
        ws.set_text(line, "first");
        ws.advance_seconds(10);
    });
    site.dump();
    site.fake.edit(|ws| {
        ws.set_text(line, "second");
        ws.advance_minutes(10);
    });
    site.dump();
    let page = json_at(&site.tree(), &format!("{}/page.json", get(&site, "home")));
    assert_eq!(
        page["children"][0]["paragraph"]["rich_text"][0]["plain_text"],
        "second"
    );
}

#[test]
fn what_moves_no_timestamp_is_found_by_a_full_dump_and_in_turn() {
    let silent = |ws: &mut Workspace| {
        let (line, child) = (ws.get("line"), ws.get("child"));
        ws.set_text_by_api(line, "changed by a bot");
        ws.set_icon(child, json!({"type": "emoji", "emoji": "🌱"}));
        ws.say(Parent::Page(child), "a remark");
    };
    let seen = |site: &Site| {
        let tree = site.tree();
        let home = json_at(&tree, &format!("{}/page.json", get(site, "home")));
        let child = json_at(&tree, &format!("{}/page.json", get(site, "child")));
        let text = &home["children"][0]["paragraph"]["rich_text"][0]["plain_text"];
        let comments = tree.keys().any(|path| path.ends_with("/comments.json"));
        (
            text == "changed by a bot",
            child["icon"]["emoji"] == "🌱",
            comments,
        )
    };

    let mut full = rested(small());
    full.fake.edit(silent);
    full.dump();
    // The icon comes with the listing, but the page is carried over as it was.
    assert_eq!(seen(&full), (false, false, false));
    full.options.crawl.full = true;
    full.dump();
    assert_eq!(seen(&full), (true, true, true));

    let turn = rested(small());
    turn.fake.edit(silent);
    for _ in 0..30 {
        turn.fake.edit(|ws| ws.advance_minutes(24 * 60));
        turn.dump();
    }
    assert_eq!(seen(&turn), (true, true, true));

    let mut never = rested(small());
    never.options.crawl.recheck_after_days = 0;
    never.fake.edit(silent);
    never.fake.edit(|ws| ws.advance_minutes(400 * 24 * 60));
    never.dump();
    assert_eq!(seen(&never), (false, false, false));
}

#[test]
fn daily_runs_read_about_the_same_number_of_pages_again() {
    let site = rested(Workspace::plain(300, 1));
    let mut reads = Vec::new();
    for _ in 0..35 {
        site.fake.edit(|ws| ws.advance_minutes(24 * 60));
        let summary = site.dump();
        let counts = site.requests();
        reads.push(
            counts
                .get("GET /v1/blocks/{id}/children")
                .copied()
                .unwrap_or(0),
        );
        let now = site.fake.look(|ws| ws.now);
        let oldest = summary.oldest_read.unwrap().as_millisecond();
        assert!(now - oldest <= 30 * 24 * 3600 * 1000);
    }
    assert!(
        reads.iter().all(|count| (9..=12).contains(count)),
        "{reads:?}"
    );
}

#[test]
fn new_moved_trashed_and_withdrawn_pages_are_noticed_without_any_timestamp() {
    let site = rested(small());
    let [home, other, child, toggle] =
        ["home", "other", "child", "toggle"].map(|name| get(&site, name));
    let below = |path: &str| site.tree().keys().any(|known| known.starts_with(path));
    assert!(below(&format!("/{home}/{child}/")));

    site.fake
        .edit(|ws| ws.move_page(child, Parent::Page(other)));
    site.dump();
    assert!(below(&format!("/{other}/{child}/page.json")));
    assert!(!below(&format!("/{home}/{child}/")));

    site.fake
        .edit(|ws| ws.move_page(child, Parent::Block(toggle)));
    site.dump();
    assert!(below(&format!("/{home}/{toggle}/{child}/page.json")));

    let fresh = site
        .fake
        .edit(|ws| ws.page(Parent::Block(toggle), "New in the toggle"));
    site.dump();
    assert!(below(&format!("/{home}/{toggle}/{fresh}/page.json")));

    site.fake.edit(|ws| ws.set_trashed(child, true));
    site.dump();
    assert!(!below(&format!("/{home}/{toggle}/{child}/")));
    let line = site.line(child, Kind::Page).unwrap();
    assert_eq!((line.status, line.since.is_some()), (Status::Trashed, true));

    let row = get(&site, "row 1");
    site.fake.edit(|ws| {
        ws.set_shared(other, Some(false));
        ws.delete_page(row);
    });
    let summary = site.dump();
    assert!(summary.complete);
    for gone in [other, row] {
        assert_eq!(
            site.line(gone, Kind::Page).unwrap().status,
            Status::NotShared
        );
        assert!(!below(&format!("/{gone}/")));
    }

    // At rest again: remembered for a while, but nothing is asked or written any more.
    site.fake.edit(|ws| ws.advance_minutes(10));
    site.dump();
    site.requests();
    let objects = site.objects();
    site.dump();
    assert_eq!(beyond_listings(&site), Vec::<String>::new());
    assert_eq!(site.objects(), objects);
}

#[test]
fn wider_options_read_again_what_narrower_ones_left_out() {
    let mut site = Site::new(Workspace::everything(7));
    site.options.crawl.files = false;
    site.options.crawl.comments = Comments::None;
    site.dump();
    let stored = |site: &Site, end: &str| site.tree().keys().any(|path| path.ends_with(end));
    assert!(!stored(&site, ".bin") && !stored(&site, "/comments.json"));
    let excluded = |site: &Site| {
        site.ledger()
            .iter()
            .filter(|line| line.status == Status::Excluded)
            .count()
    };
    assert!(excluded(&site) > 5);
    site.options.crawl.files = true;
    site.options.crawl.comments = Comments::Pages;
    site.dump();
    assert!(stored(&site, ".bin") && stored(&site, "/comments.json"));
    assert_eq!(excluded(&site), 0);

    site.options.crawl.max_file_size = Some(3);
    site.options.crawl.full = true;
    site.dump();
    assert!(excluded(&site) > 5);
}

#[test]
fn attachments_that_are_there_are_not_fetched_again() {
    let site = rested(Workspace::everything(7));
    let home = get(&site, "home");
    site.fake.edit(|ws| ws.append_text(home, "one more line"));
    site.fake.edit(|ws| {
        let pages: Vec<NotionId> = ws.pages.keys().copied().collect();
        pages.into_iter().for_each(|page| ws.touch_page(page));
    });
    site.dump();
    assert_eq!(site.fake.downloads().len(), 0);
}

#[test]
fn a_workspace_that_shrinks_too_much_is_not_saved() {
    let mut site = rested(small());
    site.options.max_shrink_percent = Some(20);
    site.fake.edit(|ws| {
        let (other, child) = (ws.get("other"), ws.get("child"));
        ws.set_trashed(other, true);
        ws.set_trashed(child, true);
    });
    let first = site.latest().0;
    // Eight pages and databases were there, six are left.
    match site.try_dump() {
        Err(dump::Error::Shrunk {
            before: 8,
            now: 6,
            percent: 20,
            than,
        }) => assert_eq!(than, first),
        other => panic!("{other:?}"),
    }
    assert_eq!(site.latest().0, first);
    site.options.max_shrink_percent = Some(25);
    site.dump();
    assert_ne!(site.latest().0, first);
}

#[test]
fn what_an_interrupted_dump_has_read_is_not_read_again() {
    for pages in [1, 5, 20, 60] {
        let mut site = Site::new(Workspace::everything(7));
        site.options.crawl.jobs = 2;
        let stop = Stop::new();
        let report = Arc::new(StopAfter::new(pages, &stop));
        let summary = site
            .dump_with(&site.options, &stop, report.clone())
            .unwrap();
        assert_eq!(summary.snapshot, None);
        assert_eq!(summary.stopped, Some(StopReason::Interrupted));
        assert!(site.repo().snapshots().unwrap().is_empty());
        let whole = site.fake.look(|ws| ws.pages.len() as u64);
        assert!(report.seen() < whole / 2 + pages);
        let first: BTreeSet<String> = beyond_listings(&site).into_iter().collect();
        let answered: BTreeSet<String> = first
            .into_iter()
            .filter(|path| path.ends_with("/children"))
            .collect();
        site.requests();
        site.dump();
        let again: BTreeSet<String> = beyond_listings(&site).into_iter().collect();
        // Only the pages that were in the workers' hands may be read twice.
        let twice = answered.intersection(&again).count();
        assert!(
            twice <= 12,
            "{twice} of {} lists were read twice",
            answered.len()
        );
        let whole = site.elsewhere();
        whole.dump();
        assert_same_tree(&site.tree(), &whole.tree());
        // And the run after that has nothing to write.
        let objects = site.objects();
        site.dump();
        assert_same_tree(&site.tree(), &whole.tree());
        assert!(site.objects() == objects, "objects were added");
    }
}

#[test]
fn the_same_workspace_always_gives_the_same_tree() {
    let first = Site::new(Workspace::everything(7));
    first.dump();
    for jobs in [1, 3, 8] {
        let mut site = first.elsewhere();
        site.options.crawl.jobs = jobs;
        site.fake.set(|switches| {
            switches.short_pages = (jobs > 1).then_some(jobs as u64);
            switches.search_repeats = jobs > 1;
            switches.gzip = jobs != 3;
        });
        site.dump();
        assert_same_tree(&first.tree(), &site.tree());
    }
}

#[test]
fn a_text_with_mentions_of_many_kinds_of_absent_people_does_not_disturb() {
    let site = rested(small());
    let (home, nobody) = site.fake.edit(|ws| (ws.get("home"), ws.chance.id()));
    site.fake.edit(|ws| {
        let mention = text::mention_user(nobody, "Nobody");
        ws.rich_block(home, "paragraph", Value::Array(vec![mention]));
        ws.touch_page(home);
    });
    assert!(site.dump().complete);
    assert_eq!(
        site.line(nobody, Kind::User).unwrap().status,
        Status::NotShared
    );
}

//! What one object shows or names of another: links and mentions, whatever kind of object
//! they lead to; databases that show another one's rows; synced copies.

use std::collections::BTreeSet;

use notion_backup::crawl::ledger::Status;
use notion_backup::model::{Kind, NotionId};
use serde_json::{Value, json};

use crate::dump_again::{rested, small};
use crate::site::{Site, json_at};
use crate::support::Workspace;
use crate::support::fake_notion::{Fault, What};
use crate::support::workspace::model::{Linked, Parent};

fn get(site: &Site, name: &str) -> NotionId {
    site.fake.look(|ws| ws.get(name))
}

/// A text that links to an id, as Notion answers links into the same workspace.
fn link(id: NotionId) -> Value {
    let text = json!({"type": "text", "text": {"content": "there", "link": {"url": format!("/{:032x}", id.bits())}},
                      "plain_text": "there", "href": format!("/{:032x}", id.bits())});
    json!({"rich_text": [text], "color": "default"})
}

fn mention(kind: &str, id: NotionId) -> Value {
    let text = json!({"type": "mention", "mention": {"type": kind, kind: {"id": id}},
                      "plain_text": "there", "href": null});
    json!({"rich_text": [text], "color": "default"})
}

fn link_to_page(key: &str, id: NotionId) -> Value {
    json!({"type": key, key: id})
}

/// Whether the tree has a file that ends like this.
fn has(site: &Site, end: &str) -> bool {
    site.tree().keys().any(|path| path.ends_with(end))
}

/// The requests whose path has the id in it.
fn asked(site: &Site, id: NotionId) -> Vec<String> {
    let requests = site.fake.requests();
    let about = requests
        .iter()
        .filter(|it| it.path.contains(&id.to_string()));
    about
        .map(|it| format!("{} {} {}", it.method, it.path, it.status))
        .collect()
}

/// What search does not show and no list shows either, so that a link alone leads to it:
/// a page, and a database with a row, both in a page that search leaves out too.
fn hidden(ws: &mut Workspace) -> (NotionId, NotionId, NotionId) {
    let page = ws.page(Parent::Workspace, "Hidden page");
    ws.paragraph(page, "hidden text");
    let database = ws.container(Parent::Workspace, "Hidden database");
    let source = ws.data_source(database, "Hidden source", Vec::new());
    let row = ws.row(source, "Hidden row");
    for id in [page, row] {
        if let Some(page) = ws.pages.get_mut(&id) {
            page.omitted_by_search = true;
        }
    }
    if let Some(database) = ws.databases.get_mut(&database) {
        database.omitted_by_search = true;
    }
    (page, database, source)
}

#[test]
fn whatever_a_link_or_mention_leads_to_is_found_as_what_it_is() {
    // How it is named, what it is, and the most requests that tell its kind wrongly.
    type Named = (&'static str, fn(NotionId) -> Value);
    let ways: [Named; 5] = [
        ("paragraph", link),
        ("paragraph", |id| mention("database", id)),
        ("paragraph", |id| mention("page", id)),
        ("link_to_page", |id| link_to_page("page_id", id)),
        ("link_to_page", |id| link_to_page("database_id", id)),
    ];
    for (number, (kind, payload)) in ways.into_iter().enumerate() {
        for what in ["page", "database", "source"] {
            // A mention of a page is never one of a data source.
            if what == "source" && number == 2 {
                continue;
            }
            let mut ws = small();
            let (page, database, source) = hidden(&mut ws);
            let other = ws.get("other");
            let id = match what {
                "page" => page,
                "database" => database,
                _ => source,
            };
            ws.block(other, kind, payload(id));
            ws.advance_minutes(10);
            let site = Site::new(ws);
            for _ in 0..2 {
                let summary = site.dump();
                let case = format!("way {number} to a {what}");
                assert!(summary.complete, "{case}: {:?}", summary.problems);
                let (id, kind, file) = match what {
                    "page" => (page, Kind::Page, "page.json"),
                    _ => (database, Kind::Database, "database.json"),
                };
                assert!(has(&site, &format!("/{id}/{file}")), "{case}");
                let line = site.line(id, kind).unwrap();
                assert_eq!(line.status, Status::Captured, "{case}");
                let wrong = asked(&site, id);
                let wrong: BTreeSet<&String> = wrong
                    .iter()
                    .filter(|it| it.ends_with(" 400") || it.ends_with(" 404"))
                    .collect();
                assert!(wrong.len() <= 1, "{case}: {wrong:?}");
                site.fake.clear_requests();
            }
        }
    }
}

#[test]
fn a_link_to_a_block_finds_the_page_around_it() {
    // A block of a page that is known, and one of a page that nothing else names.
    for known in [true, false] {
        let mut ws = small();
        let (hidden, _, _) = hidden(&mut ws);
        let toggle = ws.toggle(hidden, "in the hidden page");
        let deep = ws.paragraph(toggle, "deep in it");
        let block = if known { ws.get("line") } else { deep };
        let other = ws.get("other");
        ws.block(other, "paragraph", link(block));
        ws.advance_minutes(10);
        let site = Site::new(ws);
        for _ in 0..2 {
            let summary = site.dump();
            assert!(summary.complete, "{:?}", summary.problems);
            let line = site.line(block, Kind::Block).unwrap();
            assert_eq!(line.status, Status::Captured);
            assert_eq!(site.line(block, Kind::Page), None);
            assert_eq!(has(&site, &format!("/{hidden}/page.json")), !known);
        }
    }
}

#[test]
fn a_linked_view_that_is_only_named_is_found() {
    for answers in [
        Linked::EmptyDataSources,
        Linked::NotFound,
        Linked::BadRequest,
    ] {
        for (kind, payload) in [
            ("paragraph", mention as fn(&str, NotionId) -> Value),
            ("link_to_page", |_, id| link_to_page("database_id", id)),
        ] {
            let mut ws = small();
            let (hidden, _, _) = hidden(&mut ws);
            let source = ws.get("source");
            let linked = ws.linked_view(Parent::Page(hidden), source, answers);
            let other = ws.get("other");
            ws.block(other, kind, payload("database", linked));
            ws.advance_minutes(10);
            let site = Site::new(ws);
            let summary = site.dump();
            assert!(summary.complete, "{answers:?}: {:?}", summary.problems);
            let line = site.line(linked, Kind::Database).unwrap();
            assert_eq!(line.status, Status::Captured, "{answers:?} {kind}");
            assert!(has(&site, &format!("/{linked}/views.json")));
        }
    }
}

#[test]
fn what_is_not_shared_costs_two_requests_and_is_no_failure() {
    let mut ws = small();
    let secret = ws.page(Parent::Workspace, "Secret");
    if let Some(page) = ws.pages.get_mut(&secret) {
        page.shared = Some(false);
    }
    let other = ws.get("other");
    ws.block(other, "paragraph", link(secret));
    // No id of Notion's: the variant is another one than that of a UUID.
    let nonsense: NotionId = "12345678-1234-1234-1234-123456789abc".parse().unwrap();
    ws.block(other, "paragraph", link(nonsense));
    ws.advance_minutes(10);
    let site = Site::new(ws);
    for _ in 0..2 {
        let summary = site.dump();
        assert!(summary.complete, "{:?}", summary.problems);
        for id in [secret, nonsense] {
            let line = site.line(id, Kind::Page).unwrap();
            assert_eq!(line.status, Status::NotShared, "{}", line.reason);
            assert!(asked(&site, id).len() <= 2, "{:?}", asked(&site, id));
        }
        site.fake.clear_requests();
    }
}

#[test]
fn outside_the_given_roots_the_ledger_says_what_each_is() {
    let mut ws = small();
    let (page, database, _) = hidden(&mut ws);
    let (home, other) = (ws.get("home"), ws.get("other"));
    let block = ws.paragraph(other, "outside");
    for id in [page, database, block] {
        ws.block(home, "paragraph", link(id));
    }
    ws.advance_minutes(10);
    let mut site = Site::new(ws);
    site.options.crawl.roots = vec![home];
    let summary = site.dump();
    assert!(summary.complete, "{:?}", summary.problems);
    let status = |id, kind| site.line(id, kind).map(|line| line.status);
    assert_eq!(status(page, Kind::Page), Some(Status::Excluded));
    assert_eq!(status(database, Kind::Database), Some(Status::Excluded));
    assert_eq!(status(block, Kind::Block), Some(Status::Excluded));
    assert!(!has(&site, &format!("/{database}/database.json")));
}

#[test]
fn a_root_may_be_anything_that_leads_to_a_page_or_database() {
    let mut ws = small();
    let (page, database, source) = hidden(&mut ws);
    let view = ws.view(database, Some(source), "A view", "table", json!({}));
    let block = ws.paragraph(page, "a block");
    ws.advance_minutes(10);
    let site = Site::new(ws);
    for (root, wrong) in [(page, 0), (database, 1), (source, 1), (view, 2)] {
        let mut site = site.elsewhere();
        site.fake.clear_requests();
        site.options.crawl.roots = vec![root];
        let summary = site.dump();
        assert!(summary.complete, "{:?}", summary.problems);
        let refused = asked(&site, root);
        let refused = refused.iter().filter(|it| !it.ends_with(" 200"));
        assert_eq!(refused.count(), wrong);
        if root != page {
            assert!(has(&site, &format!("/{database}/database.json")));
        }
    }
    let mut site = site.elsewhere();
    site.options.crawl.roots = vec![block];
    let text = site.try_dump().unwrap_err().to_string();
    assert!(text.contains("is a block"), "{text}");
}

#[test]
fn a_page_that_became_a_database_and_a_database_that_became_a_page_are_read_as_such() {
    let site = rested(small());
    let (child, database) = (get(&site, "child"), get(&site, "database"));
    site.fake.edit(|ws| {
        let home = ws.get("home");
        let row = |ws: &mut Workspace, id: NotionId| {
            ws.pages.remove(&id);
            ws.databases.remove(&id);
        };
        // The same ids, the other kinds.
        let mut container = ws.databases[&database].clone();
        row(ws, child);
        row(ws, database);
        let source = ws.get("source");
        let rows: Vec<NotionId> = ws.data_sources[&source].rows.clone();
        rows.iter().for_each(|id| drop(ws.pages.remove(id)));
        ws.data_sources.remove(&source);
        let page = ws.bare_page(database, Parent::Page(home), "Was a database");
        ws.pages.insert(database, page);
        container.id = child;
        container.data_sources.clear();
        container.views.clear();
        ws.databases.insert(child, container);
        ws.advance_minutes(10);
    });
    // Nothing says that the page around them has changed.
    let summary = site.dump();
    assert!(summary.complete, "{:?}", summary.problems);
    let line = site.line(child, Kind::Database).unwrap();
    assert_eq!(line.status, Status::Captured);
    let line = site.line(database, Kind::Page).unwrap();
    assert_eq!(line.status, Status::Captured);
}

/// Two containers that name the data source of the first as their own.
fn two_containers(other_first: bool) -> (Site, NotionId) {
    let mut ws = small();
    let (home, other, source) = (ws.get("home"), ws.get("other"), ws.get("source"));
    let mut linked = ws.linked_view(
        Parent::Page(if other_first { other } else { home }),
        source,
        Linked::EmptyDataSources,
    );
    // Both orders of ids are tried, since nothing may depend on it.
    let database = ws.get("database");
    if (linked < database) != other_first {
        let id = NotionId::from_bits(match other_first {
            true => database.bits() - (1 << 100),
            false => database.bits() + (1 << 100),
        });
        let mut moved = ws.databases.remove(&linked).expect("it is there");
        moved.id = id;
        for view in &moved.views {
            ws.views.get_mut(view).expect("its view").database = id;
        }
        for page in ws.pages.values_mut() {
            page.body.listed.iter_mut().for_each(|child| {
                if *child == linked {
                    *child = id;
                }
            });
        }
        ws.databases.insert(id, moved);
        linked = id;
    }
    if let Some(database) = ws.databases.get_mut(&linked) {
        database.data_sources.push(source);
    }
    ws.advance_minutes(10);
    (Site::new(ws), linked)
}

#[test]
fn rows_lie_in_the_database_that_their_data_source_names() {
    for other_first in [false, true] {
        let (site, linked) = two_containers(other_first);
        let database = get(&site, "database");
        for pass in 0..3 {
            let summary = site.dump();
            assert!(summary.complete, "{:?}", summary.problems);
            let tree = site.tree();
            for name in ["row 0", "row 1", "row 2"] {
                let row = get(&site, name);
                let end = format!("/{row}/page.json");
                let places: Vec<&String> =
                    tree.keys().filter(|path| path.ends_with(&end)).collect();
                assert_eq!(places.len(), 1, "{places:?}");
                let inside = format!("/{database}/{row}/page.json");
                assert!(places[0].ends_with(&inside), "{places:?}");
            }
            let sources = |id| json_at(&tree, &format!("/{id}/data_sources.json"));
            assert_eq!(sources(database).as_array().map(Vec::len), Some(1));
            assert_eq!(sources(linked), json!([]));
            let views = json_at(&tree, &format!("/{linked}/views.json"));
            assert_eq!(views[0]["data_source_id"], get(&site, "source").to_string());
            let line = site.line(get(&site, "source"), Kind::DataSource).unwrap();
            assert_eq!(line.parent, Some(database));
            // One reads the original again, one the linked view's page.
            site.fake.edit(|ws| {
                let name = if pass == 0 { "home" } else { "other" };
                let page = ws.get(name);
                ws.touch_page(page);
                ws.advance_minutes(10);
            });
        }
        let queries = site.fake.count("POST /v1/data_sources");
        assert_eq!(queries, 3 * 2, "each data source is queried once a dump");
    }
}

#[test]
fn a_linked_database_as_a_root_does_not_take_the_rows() {
    let (mut site, linked) = two_containers(true);
    site.options.crawl.roots = vec![get(&site, "other")];
    let summary = site.dump();
    assert!(summary.complete, "{:?}", summary.problems);
    assert!(has(&site, &format!("/{linked}/views.json")));
    assert!(!has(&site, &format!("/{}/page.json", get(&site, "row 0"))));
}

/// A page with a synced original and one with a copy of it: the two pages, the original
/// and the copy.
struct Synced {
    site: Site,
    pages: [NotionId; 2],
    original: NotionId,
    copy: NotionId,
}

fn synced() -> Synced {
    let mut ws = small();
    let pages = [ws.get("home"), ws.get("other")];
    let original = ws.block(pages[0], "synced_block", json!({"synced_from": null}));
    let toggle = ws.toggle(original, "a toggle in it");
    ws.paragraph(toggle, "deep in it");
    ws.paragraph(original, "shown twice");
    let from = json!({"synced_from": {"type": "block_id", "block_id": original}});
    let copy = ws.block(pages[1], "synced_block", from);
    ws.advance_minutes(10);
    Synced {
        site: Site::new(ws),
        pages,
        original,
        copy,
    }
}

fn refuse_children(site: &Site, id: NotionId, status: u16) {
    let path = format!("/v1/blocks/{id}/children");
    let fault = Fault::on("GET", &path, What::status(status));
    site.fake.faults().push(fault.times(usize::MAX));
}

#[test]
fn a_synced_copy_that_cannot_be_read_is_read_at_its_original() {
    for status in [400, 403, 404, 500] {
        for root in [false, true] {
            let Synced {
                mut site,
                pages,
                original,
                copy,
            } = synced();
            if root {
                site.options.crawl.roots = vec![pages[1]];
            }
            let calm = site.elsewhere();
            assert!(calm.dump().complete);
            refuse_children(&site, copy, status);
            let summary = site.dump();
            assert!(summary.complete, "{status} {root}: {:?}", summary.problems);
            let blocks = |site: &Site| json_at(&site.tree(), &format!("/{copy}/blocks.json"));
            assert_eq!(blocks(&site), blocks(&calm), "{status} {root}");
            assert_eq!(blocks(&site).as_array().map(Vec::len), Some(2));
            let line = site.line(original, Kind::Block).unwrap();
            assert_eq!(line.status, Status::Captured);
        }
    }
}

#[test]
fn a_synced_copy_that_is_unreadable_in_both_places_is_reported() {
    for (own, at_original, status) in [
        (404, 404, Status::NotShared),
        (404, 500, Status::Failed),
        (500, 404, Status::Failed),
        (403, 400, Status::Failed),
    ] {
        for root in [false, true] {
            let Synced {
                mut site,
                pages,
                original,
                copy,
            } = synced();
            if root {
                site.options.crawl.roots = vec![pages[1]];
            }
            refuse_children(&site, copy, own);
            refuse_children(&site, original, at_original);
            site.dump();
            let line = site.line(copy, Kind::Block).unwrap();
            assert_eq!(line.status, status, "{own} {at_original} {root}");
            assert!(line.reason.contains(&own.to_string()), "{}", line.reason);
            assert!(line.reason.contains(&original.to_string()));
            assert!(line.owners.contains(&pages[1]));
        }
    }
}

#[test]
fn a_synced_copy_without_any_list_keeps_what_an_earlier_dump_read() {
    let Synced {
        site,
        pages,
        original,
        copy,
    } = synced();
    site.dump();
    let before = json_at(&site.tree(), &format!("/{copy}/blocks.json"));
    refuse_children(&site, copy, 403);
    refuse_children(&site, original, 403);
    site.fake.edit(|ws| {
        ws.touch_page(pages[1]);
        ws.advance_minutes(10);
    });
    let summary = site.dump();
    assert!(!summary.complete);
    let after = json_at(&site.tree(), &format!("/{copy}/blocks.json"));
    assert_eq!(before, after);
}

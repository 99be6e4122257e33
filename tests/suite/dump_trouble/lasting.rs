//! Trouble with one object that lasts for a whole dump.

use super::*;
use crate::dump_again::{rested, small};
use crate::site::json_at;
use crate::support::workspace::model::{Linked, Parent};
use notion_backup::model::{Kind, NotionId};
use serde_json::json;

fn get(site: &Site, name: &str) -> NotionId {
    site.fake.look(|ws| ws.get(name))
}

#[test]
fn a_page_that_cannot_be_read_costs_itself_alone() {
    for status in [500, 400, 403] {
        let site = Site::new(small());
        let calm = undisturbed(&site);
        let home = get(&site, "home");
        let path = format!("/v1/blocks/{home}/children");
        site.fake.faults().push(lasting("GET", &path, status));
        let summary = site.dump();
        assert_incomplete(&site, &summary, &home.to_string());
        let line = site.line(home, Kind::Page).unwrap();
        assert_eq!(line.status, Status::Failed);
        assert!(line.reason.contains(&status.to_string()), "{}", line.reason);
        // Its children, met through search, are there, and it says what it is.
        let tree = site.tree();
        let page = json_at(&tree, &format!("/{home}/page.json"));
        assert_eq!(page["children"], json!([]));
        let why = json_at(&tree, &format!("/{home}/unavailable.json"));
        assert_eq!(why["status"], "failed");
        for name in ["child", "in toggle", "row 1", "other"] {
            let path = format!("/{}/page.json", get(&site, name));
            assert!(tree.keys().any(|known| known.ends_with(&path)), "{name}");
        }
        assert_recovers(&site, &calm);
    }
}

#[test]
fn what_is_below_a_page_that_failed_is_not_read_again() {
    let site = Site::new(small());
    site.fake.edit(|ws| ws.advance_minutes(10));
    let home = get(&site, "home");
    let path = format!("/v1/blocks/{home}/children");
    site.fake.faults().push(lasting("GET", &path, 500));
    site.dump();
    site.fake.faults().clear();
    site.fake.edit(|ws| ws.advance_minutes(10));
    site.requests();
    site.dump();
    let read: Vec<String> = crate::dump_again::beyond_listings(&site)
        .into_iter()
        .filter(|path| path.ends_with("/children"))
        .collect();
    let toggle = get(&site, "toggle");
    let mut expected = [home, toggle].map(|id| format!("GET /v1/blocks/{id}/children"));
    expected.sort();
    assert_eq!(read, expected);
}

#[test]
fn a_page_that_fails_keeps_what_an_earlier_dump_read() {
    let site = rested(small());
    let home = get(&site, "home");
    let before = site.tree();
    let line = get(&site, "line");
    site.fake.edit(|ws| ws.set_text(line, "newer"));
    let path = format!("/v1/blocks/{home}/children");
    site.fake.faults().push(lasting("GET", &path, 500));
    let summary = site.dump();
    assert_incomplete(&site, &summary, &home.to_string());
    assert!(
        summary.problems[0].contains("kept as it was"),
        "{:?}",
        summary.problems
    );
    assert_eq!(difference(&before, &site.tree()), BTreeSet::new());
    // And once more, for the failure is now in the earlier snapshot.
    site.fake.edit(|ws| ws.advance_minutes(10));
    let summary = site.dump();
    assert_incomplete(&site, &summary, &home.to_string());
    assert_eq!(difference(&before, &site.tree()), BTreeSet::new());
    site.fake.faults().clear();
    let calm = undisturbed(&site);
    assert_recovers(&site, &calm);
}

#[test]
fn a_nested_list_that_cannot_be_read_is_named() {
    let site = Site::new(small());
    let calm = undisturbed(&site);
    let toggle = get(&site, "toggle");
    let path = format!("/v1/blocks/{toggle}/children");
    site.fake.faults().push(lasting("GET", &path, 500));
    let summary = site.dump();
    assert_incomplete(&site, &summary, &toggle.to_string());
    let tree = site.tree();
    let hidden = format!("/{}/page.json", get(&site, "in toggle"));
    assert!(tree.keys().any(|path| path.ends_with(&hidden)));
    assert_recovers(&site, &calm);
}

/// A part of the workspace that fails: the request, what the problem names, and the
/// files that lack something for it.
struct Part {
    method: &'static str,
    path: &'static str,
    named: &'static str,
    lacking: &'static [&'static str],
}

/// Puts ids in the place of `<names>`.
fn with_ids(site: &Site, text: &str) -> String {
    let mut out = String::new();
    for (position, piece) in text.split(['<', '>']).enumerate() {
        match position % 2 {
            0 => out.push_str(piece),
            _ => out.push_str(&get(site, piece).to_string()),
        }
    }
    out
}

const PARTS: &[Part] = &[
    Part {
        method: "GET",
        path: "/v1/pages/<crowded row>/properties/*",
        named: "property of <crowded row>",
        lacking: &["/<crowded row>/properties.json"],
    },
    Part {
        method: "GET",
        path: "/v1/views",
        named: "<projects>",
        // A linked view of which nothing can be read gets a stand-in.
        lacking: &[
            "/views.json",
            "/container.json",
            "/data_sources.json",
            "/unavailable.json",
        ],
    },
    Part {
        method: "GET",
        path: "/v1/views/*",
        named: "view",
        lacking: &[
            "/views.json",
            "/container.json",
            "/data_sources.json",
            "/unavailable.json",
        ],
    },
    Part {
        method: "GET",
        path: "/v1/data_sources/<projects source>/templates",
        named: "<projects source>",
        lacking: &["/<projects>/templates.json", ""],
    },
    Part {
        method: "GET",
        path: "/v1/comments",
        named: "comments of",
        lacking: &["/comments.json", "/files.json", ".bin", "/users.json"],
    },
    Part {
        method: "GET",
        path: "/v1/custom_emojis",
        named: "emoji",
        lacking: &[
            "/.notion-backup/custom_emojis.json",
            "/.notion-backup/files.json",
            ".bin",
        ],
    },
    Part {
        method: "GET",
        path: "/v1/users",
        named: "user",
        lacking: &["/.notion-backup/users.json"],
    },
    Part {
        method: "GET",
        path: "/v1/users/<guest>",
        named: "<guest>",
        lacking: &["/.notion-backup/users.json"],
    },
];

#[test]
fn a_part_that_cannot_be_read_costs_itself_alone() {
    for part in PARTS {
        let site = everything();
        site.fake.edit(|ws| ws.advance_minutes(10));
        let calm = undisturbed(&site);
        let path = with_ids(&site, part.path);
        site.fake.faults().push(lasting(part.method, &path, 500));
        let summary = site.dump();
        assert_incomplete(&site, &summary, &with_ids(&site, part.named));
        let lacking: Vec<String> = part
            .lacking
            .iter()
            .map(|end| with_ids(&site, end))
            .collect();
        let others: Vec<String> = difference(&calm, &site.tree())
            .into_iter()
            .filter(|path| !lacking.iter().any(|end| path.ends_with(end.as_str())))
            .collect();
        assert!(others.is_empty(), "{path} also costs {others:?}");
        assert_recovers(&site, &calm);
    }
}

#[test]
fn a_part_that_cannot_be_read_any_more_is_kept_as_it_was() {
    for part in PARTS {
        let mut site = everything();
        site.fake.edit(|ws| ws.advance_minutes(10));
        site.dump();
        let before = site.tree();
        let path = with_ids(&site, part.path);
        site.fake.faults().push(lasting(part.method, &path, 500));
        site.options.crawl.full = true;
        let summary = site.dump();
        assert_incomplete(&site, &summary, &with_ids(&site, part.named));
        let lost = difference(&before, &site.tree());
        assert!(lost.is_empty(), "{path} costs what was there: {lost:?}");
        site.options.crawl.full = false;
        assert_recovers(&site, &before);
    }
}

#[test]
fn rows_that_cannot_be_listed_are_not_taken_for_deleted() {
    let site = rested(small());
    let source = get(&site, "source");
    // Search knows none of them, so that the query alone could tell.
    site.fake.edit(|ws| {
        for name in ["row 0", "row 1", "row 2"] {
            let row = ws.get(name);
            if let Some(page) = ws.pages.get_mut(&row) {
                page.omitted_by_search = true;
            }
        }
    });
    let before = site.tree();
    let path = format!("/v1/data_sources/{source}/query");
    site.fake.faults().push(lasting("POST", &path, 500));
    let summary = site.dump();
    assert_incomplete(&site, &summary, &source.to_string());
    assert_eq!(difference(&before, &site.tree()), BTreeSet::new());
    for name in ["row 0", "row 1", "row 2"] {
        let line = site.line(get(&site, name), Kind::Page).unwrap();
        assert_eq!(
            (line.status, line.since),
            (Status::Captured, None),
            "{name}"
        );
    }
    assert_recovers(&site, &before);
}

#[test]
fn a_database_that_cannot_be_read_keeps_its_rows() {
    let site = Site::new(small());
    let calm = undisturbed(&site);
    let database = get(&site, "database");
    let path = format!("/v1/databases/{database}");
    site.fake.faults().push(lasting("GET", &path, 500));
    let summary = site.dump();
    assert_incomplete(&site, &summary, &database.to_string());
    let tree = site.tree();
    for name in ["row 0", "row 1", "row 2"] {
        let path = format!("/{}/page.json", get(&site, name));
        assert!(tree.keys().any(|known| known.ends_with(&path)), "{name}");
    }
    assert_recovers(&site, &calm);

    let site = rested(small());
    let before = site.tree();
    site.fake.faults().push(lasting("GET", &path, 500));
    site.fake.edit(|ws| ws.advance_minutes(31 * 24 * 60));
    let summary = site.dump();
    assert_incomplete(&site, &summary, &database.to_string());
    assert_eq!(difference(&before, &site.tree()), BTreeSet::new());
    assert_recovers(&site, &before);
}

#[test]
fn a_linked_view_that_fails_is_not_taken_for_one_that_is_not_shared() {
    for path in ["/v1/views", "/v1/views/*"] {
        let site = Site::new(small());
        let linked = site.fake.edit(|ws| {
            let (other, source) = (ws.get("other"), ws.get("source"));
            let linked = ws.linked_view(Parent::Page(other), source, Linked::NotFound);
            ws.advance_minutes(10);
            linked
        });
        let calm = undisturbed(&site);
        site.fake.faults().push(lasting("GET", path, 500));
        site.dump();
        let lost = losses(&site);
        assert!(
            lost.iter()
                .any(|line| line.id == linked || line.owners.contains(&linked)),
            "{path}: {lost:?}"
        );
        assert_recovers(&site, &calm);
    }
}

#[test]
fn a_page_that_is_only_named_and_fails_is_asked_for_again() {
    let site = Site::new(small());
    let secret = site.fake.edit(|ws| {
        let hidden = ws.page(Parent::Workspace, "Secret");
        if let Some(page) = ws.pages.get_mut(&hidden) {
            page.omitted_by_search = true;
        }
        let target = json!({"type": "page_id", "page_id": hidden});
        let other = ws.get("other");
        ws.block(other, "link_to_page", target);
        ws.advance_minutes(10);
        hidden
    });
    let calm = undisturbed(&site);
    site.fake
        .faults()
        .push(lasting("GET", &format!("/v1/pages/{secret}"), 500));
    let summary = site.dump();
    assert_incomplete(&site, &summary, &secret.to_string());
    assert_recovers(&site, &calm);
}

//! A file host that answers with something else than the file.

use super::*;
use crate::dump_again::small;
use crate::site::json_at;
use crate::support::fake_notion::http::Outgoing;
use crate::support::workspace::model::Id;
use notion_backup::model::Kind;
use notion_backup::repo::{Entry, EntryKind, ObjectId, Repository, Tree as Directory};
use serde_json::{Value, json};

const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and so on";
const PAGE: &[u8] = b"<!DOCTYPE html><html><title>Sign in</title></html>";

/// A page with one file; its id, the block's, and the path at the file host.
fn with_file(kind: &str, name: &str, content_type: &str, content: &[u8]) -> (Site, Id, Id, String) {
    let site = Site::new(small());
    let (page, block, key) = site.fake.edit(|ws| {
        let page = ws.get("other");
        let key = ws.asset(name, content_type, content);
        let mut file = json!({"type": "file", "file": {"$asset": key}, "caption": []});
        if kind == "file" {
            file["name"] = name.into();
        }
        let block = ws.block(page, kind, file);
        ws.advance_minutes(10);
        (page, block, key)
    });
    (site, page, block, format!("/secure/{key}"))
}

fn row(site: &Site, page: Id) -> Value {
    json_at(&site.tree(), &format!("{page}/files.json"))[0].clone()
}

fn instead(status: u16, headers: &[(&str, &str)], body: &[u8]) -> What {
    let headers = headers.iter();
    What::Instead(Outgoing {
        status,
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect(),
        body: body.to_vec(),
    })
}

/// Answers with status 200 or 206 that are not the picture.
fn wrong() -> Vec<What> {
    let html = ("content-type", "text/html; charset=utf-8");
    let png = ("content-type", "image/png");
    let error = b"<?xml version=\"1.0\"?><Error><Code>SlowDown</Code></Error>";
    let gzip = [png, ("content-encoding", "gzip")];
    let part = format!("bytes 0-9/{}", PICTURE.len());
    vec![
        instead(200, &[html], PAGE),
        instead(200, &[png], PAGE),
        instead(200, &[], PAGE),
        instead(200, &[html], b""),
        instead(200, &[("content-type", "application/xml")], error),
        instead(
            200,
            &[("content-type", "application/json")],
            b"{\"message\":\"no\"}",
        ),
        instead(200, &[("content-type", "text/plain")], b"Too busy"),
        instead(
            200,
            &gzip,
            &[
                0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            ],
        ),
        instead(200, &[png, ("content-encoding", "br")], PICTURE),
        instead(206, &[png, ("content-range", &part)], &PICTURE[..10]),
    ]
}

#[test]
fn what_is_not_the_file_is_asked_for_again() {
    for (number, what) in wrong().into_iter().enumerate() {
        let (site, page, _, path) = with_file("image", "a.png", "image/png", PICTURE);
        site.fake
            .faults()
            .push(Fault::on("GET", &path, what).times(2));
        let summary = site.dump();
        assert!(summary.complete, "{number}: {:?}", summary.problems);
        let row = row(&site, page);
        assert_eq!(row["sha256"], ObjectId::of(PICTURE).to_string(), "{number}");
        assert_eq!(row["content_type"], "image/png");
    }
}

#[test]
fn what_stays_wrong_is_reported_and_never_stored() {
    for (number, what) in wrong().into_iter().enumerate() {
        let (site, page, block, path) = with_file("image", "a.png", "image/png", PICTURE);
        let calm = undisturbed(&site);
        let fault = Fault::on("GET", &path, what.clone()).times(usize::MAX);
        site.fake.faults().push(fault);
        for _ in 0..2 {
            let summary = site.dump();
            assert_incomplete(&site, &summary, &block.to_string());
            let row = row(&site, page);
            assert_eq!(row["status"], "failed", "{number}");
            assert!(row["sha256"].is_null(), "{number}");
            let reason = row["reason"].as_str().unwrap();
            assert!(!reason.is_empty(), "{number}");
            let tree = site.tree();
            assert!(!tree.keys().any(|path| path.ends_with(".bin")), "{number}");
        }
        assert!(site.fake.downloads().len() < 30, "{number}");
        assert_recovers(&site, &calm);
    }
}

#[test]
fn a_file_is_kept_when_something_else_comes_in_its_turn() {
    let (mut site, page, block, path) = with_file("image", "a.png", "image/png", PICTURE);
    site.dump();
    site.options.crawl.full = true;
    let html = instead(200, &[("content-type", "text/html")], PAGE);
    site.fake
        .faults()
        .push(Fault::on("GET", &path, html).times(usize::MAX));
    let summary = site.dump();
    assert_incomplete(&site, &summary, &block.to_string());
    let row = row(&site, page);
    assert_eq!(row["sha256"], ObjectId::of(PICTURE).to_string());
}

#[test]
fn pages_and_texts_that_people_attach_are_files_like_others() {
    for (name, content_type, content) in [
        ("page.html", "text/html", PAGE),
        (
            "drawing.svg",
            "image/svg+xml",
            b"<svg viewBox=\"0 0 1 1\"/>".as_slice(),
        ),
        ("notes.txt", "text/plain", b"words"),
        ("table.xls", "application/vnd.ms-excel", PAGE),
        ("README", "application/octet-stream", PAGE),
        ("data.json", "application/json", b"{\"a\": 1}"),
        ("some.thing", "text/html", PAGE),
        ("empty.txt", "text/plain", b""),
    ] {
        let (site, page, _, _) = with_file("file", name, content_type, content);
        let summary = site.dump();
        assert!(summary.complete, "{name}: {:?}", summary.problems);
        let row = row(&site, page);
        assert_eq!(row["sha256"], ObjectId::of(content).to_string(), "{name}");
    }
    let (site, ..) = with_file(
        "image",
        "a.svg",
        "image/svg+xml",
        b"<?xml version=\"1.0\"?><svg/>",
    );
    assert!(site.dump().complete);
}

/// Writes the latest snapshot again as an earlier version might have: with these bytes as
/// the file of this page.
fn store_as_file(site: &Site, page: Id, content: &[u8]) {
    let repo = site.repo();
    let (_, mut snapshot) = site.latest();
    let stored = repo.put(content).unwrap();
    let name = format!("{}.bin", stored.id);
    let mut rows = json_at(&site.tree(), &format!("{page}/files.json"));
    rows[0]["sha256"] = stored.id.to_string().into();
    rows[0]["size"] = stored.size.into();
    rows[0]["file"] = name.clone().into();
    let rows = repo.put_json(&rows).unwrap();
    let change = |entries: &mut Vec<Entry>| {
        for entry in entries.iter_mut() {
            if entry.name == "files.json" {
                (entry.id, entry.size) = (rows.id, rows.size);
            } else if entry.name.ends_with(".bin") {
                entry.name.clone_from(&name);
                (entry.id, entry.size) = (stored.id, stored.size);
            }
        }
    };
    snapshot.tree = with_changed(&repo, snapshot.tree, &page.to_string(), &change);
    snapshot.finished += std::time::Duration::from_secs(1);
    repo.save_snapshot(&snapshot).unwrap();
    repo.flush().unwrap();
    site.fake.edit(|ws| ws.advance_seconds(5));
}

/// A tree in which the files of the directory of this name are changed.
fn with_changed(
    repo: &Repository,
    tree: ObjectId,
    name: &str,
    change: &dyn Fn(&mut Vec<Entry>),
) -> ObjectId {
    let mut entries = repo.tree(tree).unwrap().entries;
    for entry in &mut entries {
        if entry.kind != EntryKind::Directory {
            continue;
        }
        if entry.name == name {
            let mut below = repo.tree(entry.id).unwrap().entries;
            change(&mut below);
            entry.id = repo.put_tree(&Directory { entries: below }).unwrap();
        } else {
            entry.id = with_changed(repo, entry.id, name, change);
        }
    }
    repo.put_tree(&Directory { entries }).unwrap()
}

#[test]
fn what_an_earlier_version_stored_in_place_of_a_file_is_not_trusted() {
    let (site, page, _, _) = with_file("image", "a.png", "image/png", PICTURE);
    site.dump();
    let calm = site.tree();
    store_as_file(&site, page, PAGE);
    assert_eq!(row(&site, page)["sha256"], ObjectId::of(PAGE).to_string());
    site.fake.edit(|ws| {
        let page = ws.get("other");
        ws.touch_page(page);
        ws.advance_minutes(10);
    });
    let summary = site.dump();
    assert!(summary.complete, "{:?}", summary.problems);
    let row = row(&site, page);
    assert_eq!(row["sha256"], calm_row(&calm, page)["sha256"]);
}

fn calm_row(tree: &Tree, page: Id) -> Value {
    json_at(tree, &format!("{page}/files.json"))[0].clone()
}

#[test]
fn what_an_earlier_version_stored_in_place_of_a_file_is_not_kept_for_want_of_it() {
    let (site, page, block, path) = with_file("image", "a.png", "image/png", PICTURE);
    site.dump();
    store_as_file(&site, page, PAGE);
    site.fake.faults().push(lasting("GET", &path, 500));
    site.fake.edit(|ws| {
        let page = ws.get("other");
        ws.touch_page(page);
        ws.advance_minutes(10);
    });
    let summary = site.dump();
    assert_incomplete(&site, &summary, &block.to_string());
    let row = row(&site, page);
    assert!(row["sha256"].is_null(), "{row}");
    let line = losses(&site)
        .into_iter()
        .find(|line| line.kind == Kind::File);
    assert!(line.is_some());
}

#[test]
fn a_page_that_is_read_again_in_its_turn_has_its_files_read_again() {
    // A file that nothing tells from the right one but itself.
    let half = &PICTURE[..PICTURE.len() / 2];
    let (site, page, _, _) = with_file("image", "a.png", "image/png", PICTURE);
    site.dump();
    store_as_file(&site, page, half);
    site.fake.edit(|ws| ws.advance_minutes(10));
    site.dump();
    assert_eq!(row(&site, page)["sha256"], ObjectId::of(half).to_string());
    for _ in 0..31 {
        site.fake.edit(|ws| ws.advance_minutes(24 * 60));
        assert!(site.dump().complete);
    }
    assert_eq!(
        row(&site, page)["sha256"],
        ObjectId::of(PICTURE).to_string()
    );
}

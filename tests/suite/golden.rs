//! Repositories that earlier programs have written, one for each version of the format:
//! every later program must list, check and extract them, and dump into them.
//!
//! They are in `tests/data`, whose README says how they are made. They are never
//! written again: what they hold is a promise.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notion_backup::check::{CheckOptions, ReadData, check, repair};
use notion_backup::extract::extract;
use notion_backup::repo::{Disk, Files, LockKind, ObjectId, Repository, SnapshotId};
use notion_backup::report::Silent;
use notion_backup::stop::Stop;
use serde_json::{Value, json};

use crate::site::Site;
use crate::support::Workspace;
use crate::support::workspace::ids::{Chance, Form};
use crate::support::workspace::model::Parent;
use crate::support::workspace::text;

/// What is known of a golden repository.
struct Golden {
    folder: &'static str,
    /// Its snapshots, oldest first, each with the number of files in it and the hash of
    /// all their paths and content (see [`digest`]).
    snapshots: &'static [(&'static str, usize, &'static str)],
}

const GOLDEN: &[Golden] = &[Golden {
    folder: "v1",
    snapshots: &[
        (
            "20261101T101000Z-2234ed77",
            29,
            "eae1b3cfb16322dea197f862c2448e4806d51a34b832150547f8d60ba8ff58d4",
        ),
        (
            "20261102T102001Z-4df9747a",
            28,
            "c5e1a4e3b006d8b48cbfc16acd53e2e461a9daaecc6dde9ac00be22f0557b068",
        ),
        (
            "20261102T102002Z-8bf76369",
            27,
            "28d91df9076f19febf8562d2ef767905bffdd0e861f9432f61b8353707290908",
        ),
    ],
}];

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// The files below a folder, with their paths from there.
pub fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut todo = vec![folder.to_path_buf()];
    while let Some(here) = todo.pop() {
        for entry in std::fs::read_dir(&here).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
                found.insert(name.to_string(), std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// A hash of paths and content: each path, a line feed, the content's length, a line
/// feed, the content.
fn digest(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut all = Vec::new();
    for (path, content) in files {
        all.extend_from_slice(format!("{path}\n{}\n", content.len()).as_bytes());
        all.extend_from_slice(content);
    }
    ObjectId::of(&all).to_string()
}

fn open(golden: &Golden) -> Repository {
    let files = Disk::new(data().join(golden.folder));
    Repository::open(Arc::new(files)).unwrap()
}

fn everything() -> CheckOptions {
    CheckOptions {
        read: ReadData::All,
        stop: Stop::new(),
    }
}

#[test]
fn no_golden_repository_is_forgotten() {
    let mut folders: Vec<String> = std::fs::read_dir(data())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let known: Vec<&str> = GOLDEN.iter().map(|golden| golden.folder).collect();
    assert_eq!(folders, known, "what is in tests/data must be tested here");
}

#[test]
fn a_golden_repository_is_listed_checked_and_extracted() {
    for golden in GOLDEN {
        let repo = open(golden);
        let before = files_below(&data().join(golden.folder));
        let found = check(&repo, &everything(), &Silent);
        assert_eq!(found.findings, [], "{}", golden.folder);
        let all = repo.snapshots().unwrap();
        let names: Vec<&str> = all.iter().map(|(id, _)| id.as_str()).collect();
        let known: Vec<&str> = golden.snapshots.iter().map(|it| it.0).collect();
        assert_eq!(names, known, "{}", golden.folder);
        for ((id, snapshot), (_, count, hash)) in all.iter().zip(golden.snapshots) {
            let folder = tempfile::tempdir().unwrap();
            let out = folder.path().join("out");
            let done = extract(&repo, snapshot.tree, &out, &Silent).unwrap();
            assert!(done.lost.is_empty(), "{id}");
            let files = files_below(&out);
            assert_eq!(
                (files.len(), digest(&files).as_str()),
                (*count, *hash),
                "{id}"
            );
        }
        assert_eq!(
            files_below(&data().join(golden.folder)),
            before,
            "readers write nothing"
        );
    }
}

#[test]
fn what_a_golden_snapshot_says_is_understood() {
    let all = open(&GOLDEN[0]).snapshots().unwrap();
    let [(first, one), (second, two), (_, three)] = &all[..] else {
        panic!("{all:?}");
    };
    assert_eq!(one.source.workspace_name, "Acme");
    assert_eq!(
        (one.complete, one.parent.as_ref(), &one.repaired),
        (true, None, &None)
    );
    assert_eq!(one.counts["pages"], 3);
    assert_eq!(
        (two.tags.as_slice(), two.parent.as_ref()),
        (&["second".to_string()][..], Some(first))
    );
    let repaired = three.repaired.as_ref().unwrap();
    assert_eq!(
        (&repaired.of, repaired.dropped, repaired.reread),
        (second, 1, false)
    );
    assert!(!three.complete);
}

#[test]
fn a_golden_repository_is_continued() {
    for golden in GOLDEN {
        let mut site = Site::new(workspace());
        site.fake.edit(edit);
        site.fake.edit(|ws| ws.advance_minutes(60));
        for (path, content) in files_below(&data().join(golden.folder)) {
            site.files.overwrite(&path, &content);
        }
        let before = site.repo().snapshots().unwrap();
        // The times of reading are not part of a repository's promises.
        site.options.crawl.recheck_after_days = 0;
        site.fake.edit(|ws| {
            let plans = ws.get("plans");
            ws.append_text(plans, "written after the golden age");
        });
        let summary = site.dump();
        assert!(summary.complete, "{:?}", summary.problems);
        let (id, snapshot) = site.latest();
        let (parent, _) = before.last().unwrap();
        assert_eq!(snapshot.parent.as_ref(), Some(parent), "{}", golden.folder);
        assert_eq!(summary.snapshot, Some(id));
        let read = site.fake.requests();
        let asked = |name: &str| {
            let id = site.fake.look(|ws| ws.get(name));
            let path = format!("blocks/{id}/children");
            read.iter().any(|it| it.path.contains(&path))
        };
        assert!(!asked("home"), "what did not change is carried over");
        assert!(asked("plans"), "it changed");
        assert!(asked("child"), "the repaired snapshot has lost its picture");
        assert!(check(&site.repo(), &everything(), &Silent).is_sound());
        let after = site.repo().snapshots().unwrap();
        assert_eq!(after[..before.len()], before);
    }
}

/// A small workspace with one of each thing that has a file of its own in a tree.
fn workspace() -> Workspace {
    // The ids are in the stored repositories.
    let mut chance = Chance::new(1_000_003);
    chance.set_form(Form::Version(4));
    let mut ws = Workspace::by(chance);
    ws.person("Ada", "ada@example.com");
    ws.add_emoji("party", b"the picture of an emoji");
    let home = ws.page(Parent::Workspace, "Home");
    ws.name("home", home);
    ws.paragraph(home, "the first line");
    let toggle = ws.toggle(home, "open me");
    ws.paragraph(toggle, "inside");
    ws.toggle(home, "nothing in here");
    let child = ws.page(Parent::Block(toggle), "Child");
    ws.name("child", child);
    ws.paragraph(child, "in the child");
    let mut picture = ws.file("picture.png", "image/png", b"the bytes of a picture");
    picture["caption"] = json!([]);
    ws.block(child, "image", picture);
    ws.comment(Parent::Page(child), None, text::rich("well said"));
    let (database, source) = ws.database(Parent::Page(home), "Tasks", Vec::new());
    ws.name("database", database);
    let row = ws.row(source, "Task 1");
    ws.name("row", row);
    ws.row(source, "Task 2");
    ws.template(source, "New task", true);
    let plans = ws.page(Parent::Workspace, "Plans");
    ws.name("plans", plans);
    ws.paragraph(plans, "to be changed");
    ws.advance_minutes(10);
    ws
}

/// What happens between the first and the second snapshot.
fn edit(ws: &mut Workspace) {
    ws.advance_minutes(60 * 24);
    let (plans, row) = (ws.get("plans"), ws.get("row"));
    ws.append_text(plans, "changed");
    ws.set_trashed(row, true);
    ws.advance_minutes(10);
}

/// Writes `tests/data/v1`, which must not be there. To be run once for each version of
/// the format, by hand:
///
/// ```sh
/// cargo test --test suite -- --ignored --nocapture write_the_golden_repository
/// ```
///
/// It prints what [`GOLDEN`] must say of it.
#[expect(clippy::print_stderr, reason = "it is run by hand, to be read")]
#[test]
#[ignore = "writes into the source tree, once for each version of the format"]
fn write_the_golden_repository() {
    let target = data().join("v1");
    assert!(
        !target.exists(),
        "a golden repository is never written again"
    );
    let mut site = Site::new(workspace());
    assert!(site.dump().complete);
    site.fake.edit(edit);
    site.options.tags = vec!["second".to_string()];
    assert!(site.dump().complete);
    let picture = ObjectId::of(b"the bytes of a picture").to_string();
    let path = format!("objects/{}/{picture}.zst", &picture[..2]);
    let content = site.files.content(&path).unwrap();
    site.files.remove(&path).unwrap();
    let repo = site.repo();
    let now = "2026-11-03T00:00:00Z".parse().unwrap();
    let lock = repo.lock(LockKind::Exclusive, "check", now).unwrap();
    let done = repair::repair(&repo, &lock, &everything(), now, &Silent).unwrap();
    drop(lock);
    // The first one is as well off without it.
    let [first, _] = &done.written[..] else {
        panic!("{done:?}");
    };
    site.files
        .remove(&format!("snapshots/{}.json", first.id))
        .unwrap();
    site.files.overwrite(&path, &content);
    let lock = repo.lock(LockKind::Exclusive, "prune", now).unwrap();
    let plan = notion_backup::gc::plan(&repo, &[], &Stop::new(), &Silent).unwrap();
    notion_backup::gc::sweep(&repo, &lock, &plan, &Stop::new(), &Silent).unwrap();
    drop(lock);
    for path in site.files.paths() {
        if path.starts_with("state/") || path.starts_with("locks/") {
            continue;
        }
        let file = target.join(&path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, site.files.content(&path).unwrap()).unwrap();
    }
    let mut lines: Vec<Value> = Vec::new();
    for (id, snapshot) in repo.snapshots().unwrap() {
        lines.push(described(&repo, &id, snapshot.tree));
    }
    for line in lines {
        eprintln!("{line}");
    }
}

fn described(repo: &Repository, id: &SnapshotId, tree: ObjectId) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    extract(repo, tree, &out, &Silent).unwrap();
    let files = files_below(&out);
    json!([id, files.len(), digest(&files)])
}

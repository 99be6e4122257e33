//! Repositories made by somebody who means harm: reading them neither leaves the
//! folder, nor panics, nor takes memory without bound.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use notion_backup::model::NotionId;
use notion_backup::repo::{Disk, Entry, EntryKind, ObjectId, Repository, Snapshot, Source, Tree};
use serde_json::{Value, json};

use super::{REPO, below};
use crate::program::{Program, Ran};
use crate::support::{FakeNotion, Workspace};

struct Hostile {
    program: Program,
    repo: Repository,
}

impl Hostile {
    fn new() -> Hostile {
        let program = Program::new();
        let files = Arc::new(Disk::new(program.home().join(REPO)));
        Hostile {
            repo: Repository::create(files).unwrap(),
            program,
        }
    }

    /// A directory that the program itself would refuse to write.
    fn raw(&self, entries: &Value) -> ObjectId {
        self.repo.put_json(&json!({"entries": entries})).unwrap().id
    }

    fn folder(&self, entries: Vec<Entry>) -> ObjectId {
        self.repo.put_tree(&Tree { entries }).unwrap()
    }

    fn snapshot(&self, tree: ObjectId) {
        let time: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let snapshot = Snapshot {
            version: Snapshot::VERSION,
            features: Vec::new(),
            started: time,
            finished: time,
            source: Source::default(),
            tree,
            parent: None,
            tags: Vec::new(),
            host: String::new(),
            program: String::new(),
            complete: true,
            counts: BTreeMap::new(),
            ledger: BTreeMap::new(),
            options: Value::Null,
            repaired: None,
        };
        self.repo.save_snapshot(&snapshot).unwrap();
    }

    /// Runs a command that must end as commands end, in 2 GiB of address space.
    fn run(&self, line: &str) -> Ran {
        let bin = assert_cmd::cargo::cargo_bin!("notion-backup");
        let line = format!("ulimit -v 2097152; exec {} -r {REPO} {line}", bin.display());
        let mut command = assert_cmd::Command::new("sh");
        command
            .args(["-c", &line])
            .env("RAYON_NUM_THREADS", "2")
            .current_dir(self.program.home());
        let ran = Ran::from(&mut command);
        assert!(matches!(ran.code, 0 | 1), "{line}: {}", ran.all());
        assert!(!ran.all().contains("panicked"), "{line}: {}", ran.all());
        ran
    }

    fn run_all(&self, place: &str) -> BTreeMap<String, Ran> {
        [
            "snapshots".to_owned(),
            "ls latest".to_owned(),
            "ls latest -R".to_owned(),
            format!("ls latest {place}"),
            format!("cat latest {place}"),
            "check".to_owned(),
            "check --read-data".to_owned(),
            "stats".to_owned(),
            "extract latest out".to_owned(),
        ]
        .into_iter()
        .map(|line| {
            let ran = self.run(&line);
            (line, ran)
        })
        .collect()
    }
}

fn entry(name: &str, kind: EntryKind, id: ObjectId, size: u64) -> Entry {
    Entry {
        id,
        kind,
        modified: None,
        name: name.to_owned(),
        size,
    }
}

#[test]
fn names_that_lead_out_are_damage() {
    for name in [
        "..",
        ".",
        "",
        "../evil",
        "/tmp/evil",
        "a\\b",
        "a\0b",
        "a\u{1b}b",
    ] {
        let hostile = Hostile::new();
        let file = hostile.repo.put(b"evil").unwrap().id;
        let evil = hostile.raw(&json!([
            {"id": file, "kind": "file", "name": name, "size": 4}
        ]));
        let fine = entry("fine.json", EntryKind::File, file, 4);
        let below_it = entry("below", EntryKind::Directory, evil, 0);
        hostile.snapshot(hostile.folder(vec![below_it, fine]));
        let ran = hostile.run_all("below");
        for line in ["check", "extract latest out", "ls latest -R", "stats"] {
            assert_eq!(ran[line].code, 1, "{name:?} {line}: {}", ran[line].all());
        }
        let out = hostile.program.home().join("out");
        assert_eq!(below(&out), [out.join("fine.json")], "{name:?}");
        assert_eq!(
            std::fs::read_dir(hostile.program.home()).unwrap().count(),
            2
        );
    }
}

#[test]
fn nesting_without_measure_overflows_nothing() {
    let hostile = Hostile::new();
    let mut tree = hostile.folder(Vec::new());
    for _ in 0..1_000 {
        tree = hostile.folder(vec![entry("d", EntryKind::Directory, tree, 0)]);
    }
    hostile.snapshot(tree);
    let place = "d/".repeat(900);
    for (line, ran) in hostile.run_all(&place) {
        if !line.starts_with("cat") {
            assert_eq!(ran.code, 0, "{line}: {}", ran.all());
        }
    }

    // JSON that is nested far deeper than any parser's stack.
    let hostile = Hostile::new();
    let deep = "[".repeat(1 << 20);
    let page = hostile.repo.put(deep.as_bytes()).unwrap();
    let page = entry("page.json", EntryKind::File, page.id, page.size);
    let inner = hostile.folder(vec![page]);
    hostile.snapshot(hostile.folder(vec![entry("p", EntryKind::Directory, inner, 0)]));
    assert_eq!(hostile.run_all("p")["ls latest"].code, 1);
}

#[test]
fn a_directory_that_is_everywhere_is_searched_once() {
    let hostile = Hostile::new();
    let mut tree = hostile.folder(Vec::new());
    for _ in 0..64 {
        tree = hostile.folder(vec![
            entry("a", EntryKind::Directory, tree, 0),
            entry("b", EntryKind::Directory, tree, 0),
        ]);
    }
    hostile.snapshot(tree);
    // 2^64 paths, 65 directories. `ls -R` and `extract` say each path, so they have no end.
    let nowhere = NotionId::from_bits(7);
    assert_eq!(hostile.run(&format!("ls latest {nowhere}")).code, 1);
    assert_eq!(hostile.run(&format!("cat latest {nowhere}")).code, 1);
    assert_eq!(hostile.run("check --read-data").code, 0);
    assert_eq!(hostile.run("stats").code, 0);
}

#[test]
fn sizes_and_times_that_lie_are_not_believed() {
    let hostile = Hostile::new();
    let files = [
        "9999-12-30T22:00:00Z",
        "-009999-01-02T01:59:59Z",
        "1970-01-01T00:00:00Z",
    ]
    .iter()
    .enumerate()
    .map(|(index, time)| {
        let content = format!("file {index}");
        let mut file = entry(
            &format!("{index}.json"),
            EntryKind::File,
            hostile.repo.put(content.as_bytes()).unwrap().id,
            u64::MAX,
        );
        file.modified = Some(time.parse().unwrap());
        file
    });
    hostile.snapshot(hostile.folder(files.collect()));
    let ran = hostile.run_all("0.json");
    for (line, ran) in &ran {
        assert_eq!(ran.code, 0, "{line}: {}", ran.all());
    }
    assert!(
        ran["check"].stdout.contains("sound"),
        "{}",
        ran["check"].all()
    );
    for index in 0..3 {
        let path = hostile.program.home().join(format!("out/{index}.json"));
        assert_eq!(
            std::fs::read_to_string(path).unwrap(),
            format!("file {index}")
        );
    }
}

#[test]
fn a_bomb_goes_off_in_no_command() {
    let hostile = Hostile::new();
    let mut bomb = hostile.repo.writer().unwrap();
    let spaces = vec![b' '; 1 << 20];
    for _ in 0..600 {
        bomb.write_all(&spaces).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    let inner = hostile.folder(vec![entry("page.json", EntryKind::File, bomb.id, 1)]);
    hostile.snapshot(hostile.folder(vec![
        // More than a tree may have, and more than a page may have.
        entry("a", EntryKind::Directory, bomb.id, 0),
        entry("p", EntryKind::Directory, inner, 0),
    ]));
    for line in ["ls latest", "ls latest p", "ls latest a", "check", "stats"] {
        hostile.run(line);
    }
    assert_eq!(hostile.run("ls latest").code, 1);
    let ran = hostile.run("check --read-data");
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stdout.contains("larger than"), "{}", ran.stdout);
}

#[cfg(unix)]
#[test]
fn a_link_in_a_repository_does_not_make_a_dump_write_elsewhere() {
    let program = Program::new();
    let fake = FakeNotion::start(Workspace::plain(3, 1));
    assert_eq!(super::dump(&program, &fake, "").code, 0);
    let group = std::fs::read_dir(program.home().join("backups/state"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    for name in ["lock", "crawl.jsonl"] {
        let precious = program.home().join("precious");
        std::fs::write(&precious, "precious").unwrap();
        let path = group.join(name);
        let _ = std::fs::remove_file(&path);
        std::os::unix::fs::symlink(&precious, &path).unwrap();
        let ran = super::dump(&program, &fake, "");
        assert_eq!(ran.code, 1, "{name}: {}", ran.all());
        assert_eq!(std::fs::read_to_string(&precious).unwrap(), "precious");
        std::fs::remove_file(&path).unwrap();
    }
    assert_eq!(super::dump(&program, &fake, "").code, 0);
}

use super::*;
use crate::check::ReadData;
use crate::crawl::ledger::{self, Ledger, Line, Status};
use crate::model::{Kind, NotionId};
use crate::repo::{
    Entry, EntryKind, Failing, Fault as FileFault, Files, LockKind, Memory, ObjectId, Source, Tree,
};
use crate::report::Silent;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;

const NOW: &str = "2026-02-01T00:00:00Z";

fn page(number: u128) -> NotionId {
    NotionId::from_bits(number)
}

fn file(repo: &Repository, name: &str, content: &[u8]) -> Entry {
    let stored = repo.put(content).unwrap();
    Entry {
        id: stored.id,
        kind: EntryKind::File,
        modified: None,
        name: name.to_string(),
        size: stored.size,
    }
}

fn folder(repo: &Repository, name: impl ToString, entries: Vec<Entry>) -> Entry {
    Entry {
        id: repo.put_tree(&Tree { entries }).unwrap(),
        kind: EntryKind::Directory,
        modified: None,
        name: name.to_string(),
        size: 0,
    }
}

const ATTACHMENT: &[u8] = b"bytes of an attachment";

/// Page 1 with an attachment and, in the block 9 in it, page 2; page 3 beside it. The
/// second snapshot differs in page 3.
fn save(repo: &Repository, day: u8) -> SnapshotId {
    let id = ObjectId::of(ATTACHMENT);
    let bin = format!("{id}.bin");
    let rows =
        json!([{"place": "x", "url": "u", "name": "n", "sha256": id, "file": bin, "size": 22}]);
    let second = folder(
        repo,
        page(2),
        vec![file(repo, "page.json", b"{\"page\":2}")],
    );
    let block = folder(
        repo,
        page(9),
        vec![file(repo, "blocks.json", b"[9]"), second],
    );
    let first = vec![
        file(repo, "page.json", b"{\"page\":1}"),
        file(repo, "files.json", &serde_json::to_vec(&rows).unwrap()),
        file(repo, &bin, ATTACHMENT),
        block,
    ];
    let third = format!("{{\"page\":3,\"day\":{day}}}");
    let third = vec![file(repo, "page.json", third.as_bytes())];
    let mut ledger = Ledger::default();
    for number in 1..=3 {
        ledger.add(Line::new(page(number), Kind::Page, Status::Captured, ""));
    }
    let files = ledger.files().unwrap().into_iter();
    let shards = files
        .map(|(name, content)| file(repo, &name, &content))
        .collect();
    let ledger = folder(repo, "ledger", shards);
    let root = folder(
        repo,
        "",
        vec![
            folder(repo, page(1), first),
            folder(repo, page(3), third),
            file(repo, "content.json", b"[]"),
            folder(
                repo,
                ".notion-backup",
                vec![ledger, file(repo, "users.json", b"[1]")],
            ),
        ],
    );
    let finished = format!("2026-01-{day:02}T00:00:00Z").parse().unwrap();
    let snapshot = Snapshot {
        version: Snapshot::VERSION,
        features: Vec::new(),
        started: finished,
        finished,
        source: Source::default(),
        tree: root.id,
        parent: None,
        tags: vec!["nightly".to_string()],
        host: String::new(),
        program: String::new(),
        complete: true,
        counts: BTreeMap::from([("pages".to_string(), 3)]),
        ledger: BTreeMap::from([("captured".to_string(), 3)]),
        options: Value::Null,
        repaired: None,
    };
    repo.save_snapshot(&snapshot).unwrap()
}

fn prepared() -> (Memory, Repository, [SnapshotId; 2]) {
    let memory = Memory::new();
    let repo = Repository::create(Arc::new(memory.clone())).unwrap();
    let ids = [save(&repo, 1), save(&repo, 2)];
    (memory, repo, ids)
}

fn path(content: &[u8]) -> String {
    let id = ObjectId::of(content).to_string();
    format!("objects/{}/{id}.zst", &id[..2])
}

fn flip(memory: &Memory, path: &str) {
    let mut bytes = memory.content(path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    memory.overwrite(path, &bytes);
}

fn run(repo: &Repository) -> Result<Repair, Error> {
    let lock = repo.lock(LockKind::Exclusive, "check --repair", NOW.parse().unwrap())?;
    let options = CheckOptions {
        read: ReadData::All,
        ..CheckOptions::default()
    };
    repair(repo, &lock, &options, NOW.parse().unwrap(), &Silent)
}

/// All files of a snapshot, by path.
fn files(repo: &Repository, id: &SnapshotId) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut todo = vec![(String::new(), repo.snapshot(id).unwrap().tree)];
    while let Some((path, tree)) = todo.pop() {
        for entry in repo.tree(tree).unwrap().entries {
            let path = format!("{path}/{}", entry.name);
            match entry.kind {
                EntryKind::Directory => todo.push((path, entry.id)),
                EntryKind::File => {
                    let content = repo.read(entry.id, 10_000).unwrap();
                    assert_eq!(content.len() as u64, entry.size, "{path}");
                    found.insert(path, content);
                }
            }
        }
    }
    found
}

fn failed(files: &BTreeMap<String, Vec<u8>>) -> Vec<NotionId> {
    let shards = files.iter().filter(|(path, _)| path.contains("/ledger/"));
    let lines = shards.flat_map(|(_, content)| ledger::parse(content));
    let failed = lines.filter(|line| line.status == Status::Failed);
    failed.map(|line| line.id).collect()
}

fn names(files: &BTreeMap<String, Vec<u8>>) -> Vec<&str> {
    files.keys().map(String::as_str).collect()
}

#[test]
fn a_sound_repository_is_left_as_it_is() {
    let (memory, repo, _) = prepared();
    let before = memory.paths();
    let done = run(&repo).unwrap();
    assert!(done.written.is_empty() && done.before.is_empty() && done.beyond.is_empty());
    assert_eq!((done.set_aside, memory.paths()), (0, before));
}

#[test]
fn a_lost_attachment_is_taken_off_the_list() {
    let (memory, repo, ids) = prepared();
    flip(&memory, &path(ATTACHMENT));
    let done = run(&repo).unwrap();
    assert_eq!((done.set_aside, done.written.len()), (1, 2));
    assert_eq!(done.findings.damaged_snapshots, ids);
    for (written, of) in done.written.iter().zip(&ids) {
        assert_eq!((&written.of, written.dropped), (of, 1));
        let (old, new) = (
            repo.snapshot(of).unwrap(),
            repo.snapshot(&written.id).unwrap(),
        );
        assert!(!new.complete);
        assert_eq!(new.tags, ["nightly", "repaired"]);
        assert_eq!(new.finished, old.finished + SignedDuration::from_secs(1));
        let repaired = new.repaired.unwrap();
        assert_eq!(
            (repaired.of, repaired.dropped, repaired.reread),
            (of.clone(), 1, false)
        );
        assert_eq!(new.counts["pages"], 2);
        assert_eq!((new.ledger["captured"], new.ledger["failed"]), (2, 1));
        let files = files(&repo, &written.id);
        let rows: Value =
            serde_json::from_slice(&files[&format!("/{}/files.json", page(1))]).unwrap();
        assert_eq!(
            rows,
            json!([{"place": "x", "url": "u", "name": "n", "status": "failed", "reason": "lost from the repository"}])
        );
        assert!(!names(&files).iter().any(|path| path.ends_with(".bin")));
        assert_eq!(failed(&files), [page(1)]);
    }
    // The old ones are there still, and seen to.
    let again = run(&repo).unwrap();
    assert_eq!((again.before, again.written), (ids.to_vec(), vec![]));
    // Stored again, they are whole again.
    repo.put(ATTACHMENT).unwrap();
    assert!(run(&repo).unwrap().findings.is_sound());
}

#[test]
fn a_lost_page_leaves_a_stand_in_and_what_is_below_it() {
    let (memory, repo, ids) = prepared();
    memory.remove(&path(b"{\"page\":1}")).unwrap();
    let done = run(&repo).unwrap();
    let files = files(&repo, &done.written[1].id);
    let at = |path: &str| -> Value {
        serde_json::from_slice(&files[&format!("/{}/{path}", page(1))]).unwrap()
    };
    assert_eq!(at("page.json")["id"], page(1).to_string());
    assert_eq!(at("unavailable.json")["reason"], "lost from the repository");
    assert_eq!(
        at(&format!("{}/{}/page.json", page(9), page(2))),
        json!({"page": 2})
    );
    assert_eq!(failed(&files), [page(1)]);
    let content: Value = serde_json::from_slice(&files["/content.json"]).unwrap();
    assert_eq!(content.as_array().unwrap().len(), 2);
    assert_eq!(
        content[0],
        json!({"id": page(1), "object": "page", "parent": {"page_id": "/"}})
    );
    assert_eq!(done.written[1].of, ids[1]);
}

#[test]
fn a_lost_directory_takes_its_pages_with_it_and_says_so() {
    let (memory, repo, _) = prepared();
    let snapshot = repo.snapshots().unwrap().remove(0).1;
    let root = repo.tree(snapshot.tree).unwrap();
    let first = repo
        .tree(root.get(&page(1).to_string()).unwrap().id)
        .unwrap();
    let block = first.get(&page(9).to_string()).unwrap().id.to_string();
    memory.overwrite(&format!("objects/{}/{block}.zst", &block[..2]), b"garbage");
    let done = run(&repo).unwrap();
    let files = files(&repo, &done.written[0].id);
    assert!(
        !names(&files)
            .iter()
            .any(|path| path.contains(&page(9).to_string()))
    );
    // The page that had the block, and the page that was in it.
    assert_eq!(failed(&files), [page(1), page(2)]);
    assert!(
        !repo
            .snapshot(&done.written[0].id)
            .unwrap()
            .repaired
            .unwrap()
            .reread
    );
}

#[test]
fn what_belongs_to_no_page_makes_the_next_dump_read_everything() {
    for lost in [&b"[1]"[..], b"ledger", b"[]"] {
        let (memory, repo, ids) = prepared();
        let path = match lost {
            b"ledger" => {
                let files = files(&repo, &ids[0]);
                let shard = files.iter().find(|(path, _)| path.contains("/ledger/"));
                path(shard.unwrap().1)
            }
            content => path(content),
        };
        memory.remove(&path).unwrap();
        let done = run(&repo).unwrap();
        let new = repo.snapshot(&done.written[0].id).unwrap();
        // The list of what is at the top is simply written anew.
        assert_eq!(new.repaired.unwrap().reread, lost != b"[]");
        files(&repo, &done.written[0].id);
    }
}

#[test]
fn a_snapshot_without_a_root_or_without_itself_is_beyond_repair() {
    let (memory, repo, ids) = prepared();
    let root = repo.snapshot(&ids[0]).unwrap().tree.to_string();
    memory
        .remove(&format!("objects/{}/{root}.zst", &root[..2]))
        .unwrap();
    memory.overwrite(&format!("snapshots/{}.json", ids[1]), b"{}");
    let done = run(&repo).unwrap();
    assert_eq!((done.beyond, done.written), (ids.to_vec(), vec![]));
}

/// The same files once more.
fn copy_of(memory: &Memory) -> Memory {
    let copy = Memory::new();
    for path in memory.paths() {
        copy.overwrite(&path, &memory.content(&path).unwrap());
    }
    copy
}

/// A repository with damage, whose files can be made to fail.
fn damaged() -> (Memory, Failing, Repository) {
    let (memory, _, _) = prepared();
    flip(&memory, &path(ATTACHMENT));
    let memory = copy_of(&memory);
    let failing = Failing::new(Arc::new(memory.clone()));
    let repo = Repository::open(Arc::new(failing.clone())).unwrap();
    failing.clear();
    (memory, failing, repo)
}

#[test]
fn what_may_pass_is_not_taken_for_loss() {
    let (_, failing, repo) = damaged();
    run(&repo).unwrap();
    let operations = failing.operations();
    let first_write = operations
        .iter()
        .position(|it| it.path.ends_with(".damaged"));
    let mut refused = 0;
    for number in 0..first_write.unwrap() {
        let (memory, failing, repo) = damaged();
        let before = memory.paths();
        failing.fail_at(number, FileFault::Refuse(ErrorKind::PermissionDenied));
        match run(&repo) {
            Err(Error::Unreadable(_)) => refused += 1,
            Err(Error::Repo(error)) => assert!(error.is_denied(), "{error}"),
            // That concerned the configuration, or was asked twice.
            Ok(done) => assert_eq!((done.set_aside, done.written.len()), (1, 2), "{number}"),
            Err(other) => panic!("{number}: {other}"),
        }
        let unchanged = memory.paths() == before;
        let repaired = memory.paths().iter().any(|path| path.ends_with(".damaged"));
        assert!(unchanged || repaired, "{number}: all or nothing");
        assert!(repo.snapshots().unwrap().len() != 3, "{number}");
    }
    assert!(refused > 30, "{refused}");
}

#[test]
fn a_repair_that_is_cut_off_is_finished_by_the_next() {
    let (_, failing, repo) = damaged();
    run(&repo).unwrap();
    for number in 0..failing.operations().len() {
        let (memory, failing, repo) = damaged();
        failing.fail_at(number, FileFault::Kill);
        let _ = run(&repo);
        failing.clear();
        let done = run(&repo).unwrap();
        assert_eq!(done.written.len() + done.before.len(), 2, "{number}");
        let all = repo.all_snapshots().unwrap();
        assert!(all.damaged.is_empty());
        let repaired = all.whole.iter().filter(|(_, it)| it.repaired.is_some());
        let repaired: Vec<_> = repaired.map(|(id, _)| id).collect();
        assert_eq!(repaired.len(), 2, "{number}");
        for id in repaired {
            files(&repo, id);
        }
        // Nothing is lost of what was there, damaged or not.
        assert!(memory.paths().iter().any(|path| path.ends_with(".damaged")));
        repo.put(ATTACHMENT).unwrap();
        assert!(run(&repo).unwrap().findings.is_sound());
    }
}

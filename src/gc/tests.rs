use super::*;
use crate::repo::{Entry, Failing, Fault, Files, LockKind, Memory, Snapshot, Source, Tree};
use crate::report::Silent;
use std::io::ErrorKind;
use std::sync::Arc;

const NOW: &str = "2026-02-01T00:00:00Z";

fn entry(kind: EntryKind, name: &str, id: ObjectId) -> Entry {
    Entry {
        id,
        kind,
        modified: None,
        name: name.to_string(),
        size: 0,
    }
}

/// A snapshot whose `/page/page.json` is its own and whose `/shared/blocks.json` is in all.
fn save(repo: &Repository, day: u8) -> SnapshotId {
    let file = |name: &str, content: &str| {
        entry(
            EntryKind::File,
            name,
            repo.put(content.as_bytes()).unwrap().id,
        )
    };
    let folder = |name: &str, entries| {
        entry(
            EntryKind::Directory,
            name,
            repo.put_tree(&Tree { entries }).unwrap(),
        )
    };
    let page = folder("page", vec![file("page.json", &format!("day {day}"))]);
    let shared = folder("shared", vec![file("blocks.json", "shared")]);
    let finished = format!("2026-01-{day:02}T00:00:00Z").parse().unwrap();
    let snapshot = Snapshot {
        version: Snapshot::VERSION,
        features: Vec::new(),
        started: finished,
        finished,
        source: Source::default(),
        tree: folder("", vec![page, shared]).id,
        parent: None,
        tags: Vec::new(),
        host: String::new(),
        program: String::new(),
        complete: true,
        counts: Default::default(),
        ledger: Default::default(),
        options: Default::default(),
        repaired: None,
    };
    repo.save_snapshot(&snapshot).unwrap()
}

fn journal(group: &str, ids: &[ObjectId]) -> (String, Vec<u8>) {
    let mut text = String::from("{\"version\":1}\n");
    for id in ids {
        text.push_str(&format!(
            "{{\"body\":{{\"directories\":[{{\"f\":[{{\"id\":\"{id}\",\"kind\":\"file\"}}]}}]}}}}\n"
        ));
    }
    (format!("state/{group}/crawl.jsonl"), text.into_bytes())
}

/// Two snapshots; the objects of a third that is forgotten; the journal of an
/// interrupted crawl; and unfinished files.
fn prepared() -> (Memory, Failing) {
    let memory = Memory::new();
    let failing = Failing::new(Arc::new(memory.clone()));
    let repo = Repository::create(Arc::new(memory.clone())).unwrap();
    let ids = [1, 2, 3].map(|day| save(&repo, day));
    let read = repo.put(b"read by an interrupted crawl").unwrap().id;
    repo.put(b"nobody's").unwrap();
    repo.flush().unwrap();
    let (path, content) = journal("g", &[read]);
    memory.overwrite(&path, &content);
    for path in ["objects/.tmp-a", "objects/00/.tmp-b", "snapshots/.tmp-c"] {
        memory.overwrite(path, b"half");
    }
    memory.overwrite("objects/00/README", b"not ours");
    memory
        .remove(&format!("snapshots/{}.json", ids[1]))
        .unwrap();
    (memory, failing)
}

fn open(files: impl Files + 'static) -> Repository {
    Repository::open(Arc::new(files)).unwrap()
}

fn planned(repo: &Repository) -> Result<Plan, Error> {
    plan(repo, &[], &Stop::new(), &Silent)
}

fn prune(repo: &Repository) -> Result<Plan, Error> {
    let lock = repo.lock(LockKind::Exclusive, "prune", NOW.parse().unwrap())?;
    let plan = planned(repo)?;
    sweep(repo, &lock, &plan, &Stop::new(), &Silent)?;
    Ok(plan)
}

/// All snapshots must be whole. Returns how many there are.
fn whole(memory: &Memory) -> usize {
    let repo = open(memory.clone());
    let all = repo.all_snapshots().unwrap();
    assert!(all.damaged.is_empty() && all.others.is_empty());
    for (_, snapshot) in &all.whole {
        for folder in repo.tree(snapshot.tree).unwrap().entries {
            for file in repo.tree(folder.id).unwrap().entries {
                repo.read(file.id, 100).unwrap();
            }
        }
    }
    all.whole.len()
}

fn objects(memory: &Memory) -> Vec<String> {
    let mut paths = memory.paths();
    paths.retain(|path| path.starts_with("objects/"));
    paths
}

#[test]
fn what_nothing_needs_goes_and_all_else_stays() {
    let (memory, _) = prepared();
    let repo = open(memory.clone());
    let before = objects(&memory);
    let plan = planned(&repo).unwrap();
    assert_eq!(objects(&memory), before, "a plan removes nothing");
    // Of the second day: its page, the page's directory and the root; and nobody's.
    assert_eq!(plan.objects.len(), 4);
    assert_eq!(plan.leftovers.len(), 3);
    assert_eq!((plan.snapshots, plan.interrupted), (2, 1));
    // Two roots, two pages with directories, one shared with directory, one journalled.
    assert_eq!(plan.kept_objects, 9);
    assert_eq!(plan.missing_objects, 0);
    let size = |path: &String| memory.content(path).unwrap().len() as u64;
    assert_eq!(prune(&repo).unwrap(), plan);
    let left = objects(&memory);
    let gone: u64 = plan.freed_bytes();
    assert_eq!(left.len(), 9 + 1, "and what is not ours");
    assert_eq!(
        left.iter()
            .filter(|path| path.ends_with(".zst"))
            .map(size)
            .sum::<u64>(),
        plan.kept_bytes
    );
    assert!(gone > 12 + 4 * 10);
    assert_eq!(whole(&memory), 2);
    assert!(
        repo.has(ObjectId::of(b"read by an interrupted crawl"))
            .unwrap()
    );
    assert!(memory.content("objects/00/README").is_some());
    let again = prune(&repo).unwrap();
    assert_eq!((again.objects.len(), again.freed_bytes()), (0, 0));
}

#[test]
fn snapshots_that_are_about_to_be_forgotten_need_nothing() {
    let (memory, _) = prepared();
    let repo = open(memory);
    let first = repo.snapshots().unwrap()[0].0.clone();
    let plan = plan(&repo, &[first], &Stop::new(), &Silent).unwrap();
    assert_eq!((plan.objects.len(), plan.snapshots), (7, 1));
}

#[test]
fn nothing_is_removed_while_something_that_may_need_it_cannot_be_read() {
    type Harm = fn(&Memory, &Snapshot, &SnapshotId);
    let harms: [(&str, Harm); 6] = [
        ("is damaged: not a snapshot", |files, _, id| {
            files.overwrite(&format!("snapshots/{id}.json"), b"{");
        }),
        ("needs format version 9", |files, _, id| {
            files.overwrite(&format!("snapshots/{id}.json"), br#"{"version":9}"#);
        }),
        ("may be a snapshot", |files, _, _| {
            files.overwrite("snapshots/old-copy.json", b"{}");
        }),
        ("is missing", |files, snapshot, _| {
            let root = snapshot.tree.to_string();
            files
                .remove(&format!("objects/{}/{root}.zst", &root[..2]))
                .unwrap();
        }),
        ("cannot be decompressed", |files, snapshot, _| {
            let root = snapshot.tree.to_string();
            files.overwrite(&format!("objects/{}/{root}.zst", &root[..2]), b"garbage");
        }),
        ("version 2 of a crawl's journal", |files, _, _| {
            files.overwrite("state/h/crawl.jsonl", b"{\"version\":2}\n");
        }),
    ];
    for (message, harm) in harms {
        let (memory, _) = prepared();
        let repo = open(memory.clone());
        let (id, snapshot) = repo.snapshots().unwrap().remove(0);
        harm(&memory, &snapshot, &id);
        let before = memory.paths();
        let error = prune(&repo).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
        assert!(error.contains("nothing was removed"), "{error}");
        assert_eq!(memory.paths(), before, "{message}");
    }
}

#[test]
fn a_page_that_is_missing_is_counted_and_stops_nobody() {
    let (memory, _) = prepared();
    let id = ObjectId::of(b"day 1").to_string();
    memory
        .remove(&format!("objects/{}/{id}.zst", &id[..2]))
        .unwrap();
    let plan = prune(&open(memory)).unwrap();
    assert_eq!((plan.missing_objects, plan.objects.len()), (1, 4));
}

#[test]
fn a_running_dump_and_a_prune_keep_each_other_out() {
    let (memory, _) = prepared();
    let repo = open(memory.clone());
    let now = NOW.parse().unwrap();
    let dump = repo.lock(LockKind::Shared, "dump", now).unwrap();
    let before = objects(&memory);
    let error = prune(&repo).unwrap_err();
    assert!(matches!(error, Error::Repo(error) if error.is_locked()));
    let plan = planned(&repo).unwrap();
    assert!(sweep(&repo, &dump, &plan, &Stop::new(), &Silent).is_err());
    assert_eq!(objects(&memory), before);
    drop(dump);
    let _prune = repo.lock(LockKind::Exclusive, "prune", now).unwrap();
    assert!(repo.lock(LockKind::Shared, "dump", now).is_err());
}

#[test]
fn whatever_operation_fails_every_snapshot_is_whole_and_the_next_run_finishes() {
    let (memory, failing) = prepared();
    prune(&open(failing.clone())).unwrap();
    let (count, clean) = (failing.operations().len(), objects(&memory));
    assert!(count > 280, "{count}");
    for number in 0..count {
        for fault in [
            Fault::Refuse(ErrorKind::PermissionDenied),
            Fault::Deny(ErrorKind::TimedOut),
            Fault::Kill,
        ] {
            let (memory, failing) = prepared();
            failing.fail_at(number, fault);
            let result = Repository::open(Arc::new(failing.clone()))
                .map_err(Error::from)
                .and_then(|repo| prune(&repo));
            assert!(failing.operations().len() > number);
            let done = result.is_ok();
            assert_eq!(whole(&memory), 2, "{number} {fault:?}");
            failing.clear();
            prune(&open(failing)).unwrap();
            assert_eq!(objects(&memory), clean, "{number} {fault:?} {done}");
        }
    }
}

#[test]
fn a_power_cut_brings_back_no_snapshot_without_its_objects() {
    // Killed between the removal of a snapshot and the moment that made it last.
    let (memory, failing) = prepared();
    let repo = open(failing.clone());
    assert_eq!(
        memory
            .after_power_cut()
            .paths()
            .iter()
            .filter(|path| path.starts_with("snapshots/"))
            .count(),
        3
    );
    failing.clear();
    prune(&repo).unwrap();
    let operations = failing.operations();
    let first = operations
        .iter()
        .position(|it| it.verb == "remove")
        .unwrap();
    assert!(
        operations[..first]
            .iter()
            .any(|it| (it.verb, it.path.as_str()) == ("sync_folder", "snapshots"))
    );
    assert_eq!(whole(&memory.after_power_cut()), 2);
}

#[test]
fn a_stop_ends_it_between_two_objects() {
    let (memory, _) = prepared();
    let repo = open(memory.clone());
    let lock = repo
        .lock(LockKind::Exclusive, "prune", NOW.parse().unwrap())
        .unwrap();
    let plan = planned(&repo).unwrap();
    let stop = Stop::new();
    stop.raise(crate::stop::StopReason::Interrupted);
    let before = objects(&memory).len();
    assert!(matches!(
        sweep(&repo, &lock, &plan, &stop, &Silent),
        Err(Error::Stopped)
    ));
    assert_eq!(objects(&memory).len(), before - 1);
    assert!(matches!(
        super::plan(&repo, &[], &stop, &Silent),
        Err(Error::Stopped)
    ));
}

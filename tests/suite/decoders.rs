//! Whatever bytes a disk or a network hands out: each decoder is fed noise and valid
//! input with changes, and must end with a value or an error. Each has its one place
//! here; `PROPTEST_CASES=100000 cargo test --test suite -- decoders` runs them for long.

mod answers;
mod limits;
mod trees;

use std::sync::Arc;

use jiff::Timestamp;
use notion_backup::crawl::{self, ledger};
use notion_backup::gc;
use notion_backup::model::NotionId;
use notion_backup::repo::{LockKind, Memory, ObjectId, Repository};
use notion_backup::report::Silent;
use notion_backup::restore::journal::{self, DoneLine, Head, Journal, VERSION};
use notion_backup::restore::plan::Planned;
use notion_backup::restore::{Checkpoint, Loss, PendingId, Step, Totals};
use notion_backup::stop::Stop;
use proptest::prelude::*;
use serde_json::json;

use crate::dump_random::dice;

/// Values that decoders have stumbled over elsewhere.
const WORDS: [&str; 16] = [
    "null",
    "-1",
    "1e999",
    "18446744073709551616",
    "\"\"",
    "[]",
    "{}",
    "\"\\ud800\"",
    "\u{0}",
    "\n",
    "\"../../x\"",
    "\"9999-12-31T23:59:59.999999999Z\"",
    "\"-009999-01-01T00:00:00Z\"",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "\u{feff}",
    ",",
];

/// One change; positions are taken modulo the length.
#[derive(Clone, Debug)]
enum Change {
    Flip(usize, u8),
    Set(usize, u8),
    Cut(usize),
    Drop(usize, usize),
    Repeat(usize, usize, usize),
    Word(usize, usize),
    /// Replaces a JSON scalar around here.
    Value(usize, usize),
    Nest(usize),
}

fn change() -> impl Strategy<Value = Change> {
    use Change::*;
    let at = any::<usize>;
    prop_oneof![
        1 => (at(), 0..8u8).prop_map(|(at, bit)| Flip(at, bit)),
        1 => (at(), any::<u8>()).prop_map(|(at, byte)| Set(at, byte)),
        1 => at().prop_map(Cut),
        1 => (at(), 1..40usize).prop_map(|(at, len)| Drop(at, len)),
        1 => (at(), 1..60usize, at()).prop_map(|(from, len, to)| Repeat(from, len, to)),
        1 => (at(), 0..WORDS.len()).prop_map(|(at, word)| Word(at, word)),
        4 => (at(), 0..WORDS.len()).prop_map(|(at, word)| Value(at, word)),
        1 => at().prop_map(Nest),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    let size = bytes.len().max(1);
    let clip = |at: usize| (at % size).min(bytes.len());
    match *change {
        Change::Flip(at, bit) => {
            if let Some(byte) = bytes.get_mut(at % size) {
                *byte ^= 1 << bit;
            }
        }
        Change::Set(at, to) => {
            if let Some(byte) = bytes.get_mut(at % size) {
                *byte = to;
            }
        }
        Change::Cut(at) => bytes.truncate(at % size),
        Change::Drop(at, len) => {
            let from = clip(at);
            bytes.drain(from..(from + len).min(bytes.len()));
        }
        Change::Repeat(at, len, to) => {
            let (from, to) = (clip(at), clip(to));
            let piece = bytes[from..(from + len).min(bytes.len())].to_vec();
            bytes.splice(to..to, piece);
        }
        Change::Word(at, word) => {
            let at = clip(at);
            bytes.splice(at..at, WORDS[word].bytes());
        }
        Change::Value(at, word) => {
            let at = clip(at);
            let is_end = |byte: &u8| b",}]\n".contains(byte);
            let colon = bytes[at..].iter().position(|byte| *byte == b':');
            let Some(from) = colon.map(|colon| at + colon + 1) else {
                return;
            };
            let to = bytes[from..]
                .iter()
                .position(is_end)
                .map_or(bytes.len(), |to| from + to);
            bytes.splice(from..to, WORDS[word].bytes());
        }
        Change::Nest(at) => {
            let at = clip(at);
            bytes.splice(at..at, std::iter::repeat_n(b'[', 100_000));
        }
    }
}

/// Noise, or one of the valid inputs with a few changes: which, and which changes.
#[derive(Clone, Debug)]
enum Input {
    Noise(Vec<u8>),
    Changed(usize, Vec<Change>),
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..300).prop_map(Input::Noise),
        6 => (any::<usize>(), prop::collection::vec(change(), 1..5))
            .prop_map(|(which, changes)| Input::Changed(which, changes)),
    ]
}

impl Input {
    fn bytes<T: AsRef<[u8]>>(&self, valid: &[T]) -> Vec<u8> {
        match self {
            Input::Noise(noise) => noise.clone(),
            Input::Changed(which, changes) => {
                let mut bytes = valid[which % valid.len()].as_ref().to_vec();
                for change in changes {
                    apply(&mut bytes, change);
                }
                bytes
            }
        }
    }
}

/// `few` for decoders that take a whole dump; more with `PROPTEST_CASES`.
fn config(few: u32) -> ProptestConfig {
    ProptestConfig {
        cases: match std::env::var_os("PROPTEST_CASES") {
            Some(_) => ProptestConfig::default().cases,
            None => few,
        },
        rng_seed: dice(),
        failure_persistence: None,
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    }
}

fn now() -> Timestamp {
    "2026-02-01T00:00:00Z".parse().unwrap()
}

fn repository() -> (Memory, Repository) {
    let files = Memory::new();
    let repo = Repository::create(Arc::new(files.clone())).unwrap();
    (files, repo)
}

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn snapshot() -> String {
    json!({
        "version": 1, "features": [], "started": "2026-01-01T00:00:00Z",
        "finished": "2026-01-01T00:00:09Z",
        "source": {"workspace_id": "w", "workspace_name": "W", "roots": ["a"]},
        "tree": ID, "parent": "20260101T000000Z-01234567", "tags": ["t"], "host": "h",
        "program": "p", "complete": true, "counts": {"pages": 3}, "ledger": {"captured": 3},
        "options": {"comments": "pages", "files": true, "max_file_size": null},
        "repaired": {"of": "20260101T000000Z-01234567", "time": "2026-01-01T00:00:00Z",
                     "dropped": 1, "reread": true},
    })
    .to_string()
}

fn crawl_journal() -> String {
    let header = json!({"version": 1, "full": false,
        "depth": {"comments": "pages", "files": true, "max_file_size": null}});
    let record = json!({"body": {"directories": [{"f": [{"id": ID, "kind": "file"}]}]}});
    format!("{header}\n{record}\n{record}\n")
}

/// A valid restore's journal: the plan, and what was done.
fn restore_journal() -> (String, Memory) {
    let (files, repo) = repository();
    let root = NotionId::from_bits(1);
    let head = Head {
        version: VERSION,
        root,
        root_title: "Root".to_string(),
        from: "20260101T000000Z-01234567".to_string(),
        only: vec![NotionId::from_bits(2)],
        planned: now(),
    };
    let id = PendingId::of(NotionId::from_bits(3));
    let step = |action| -> Step {
        serde_json::from_value(json!({
            "part": "skeleton", "about": NotionId::from_bits(3), "lane": id, "before": 2,
            "action": action, "learns": [{"at": "/id", "id": id}],
        }))
        .unwrap()
    };
    let mut journal = Journal::create(&repo, head).unwrap();
    journal
        .plan(step(json!({"call": {"method": "POST", "path": "/pages",
            "body": {"parent": {"page_id": id}}}})))
        .unwrap();
    journal
        .plan(step(
            json!({"upload": {"path": format!("/x/{ID}.bin"), "size": 5,
            "name": "a.txt", "content_type": "text/plain"}}),
        ))
        .unwrap();
    let planned = Planned {
        totals: Totals::default(),
        left_out: Vec::new(),
        losses: Vec::new(),
    };
    journal.end_plan(planned).unwrap();
    let loss: Loss = serde_json::from_value(json!({"id": root, "degree": "missing",
        "what": "w", "why": "y"}))
    .unwrap_or_else(|error| panic!("{error}"));
    for line in [
        DoneLine::Begin { step: 0, at: now() },
        DoneLine::End {
            step: 0,
            at: now(),
            ids: [(id, "x".to_string())].into(),
            losses: vec![loss.clone()],
            short: true,
        },
        DoneLine::Made {
            step: 1,
            made: Checkpoint {
                ids: vec![Some(root), None],
                left: vec!["icon".into()],
                ..Checkpoint::default()
            },
        },
        DoneLine::Failed {
            step: 1,
            loss: Some(loss),
        },
        DoneLine::Complete { at: now() },
    ] {
        journal.note(&line).unwrap();
    }
    (journal.name().to_string(), files)
}

fn read_restore_journal(repo: &Repository, name: &str) {
    let root = NotionId::from_bits(1);
    let _ = journal::is_unfinished(repo, name, root, Some("x"));
    let _ = journal::is_unfinished(repo, name, root, None);
    let Ok(journal) = Journal::open(repo, name, "restore", now()) else {
        return;
    };
    for number in 0..journal.steps().min(20) {
        if let Ok(step) = journal.step(number) {
            step.needs();
        }
    }
    let _ = journal.step(u32::MAX);
    if let Ok(progress) = journal.progress() {
        // What was cut off does not come back.
        let again = journal.progress().unwrap();
        assert_eq!(progress.begun, again.begun);
        assert_eq!(progress.ids, again.ids);
    }
}

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn config_json(input in input()) {
        let valid = [format!(r#"{{"format":"notion-backup","version":1,"id":"{ID}"}}"#)];
        let files = Memory::new();
        files.overwrite("config.json", &input.bytes(&valid));
        if let Ok(repo) = Repository::open(Arc::new(files)) {
            repo.check_config().unwrap();
        }
    }

    #[test]
    fn a_snapshot(input in input()) {
        let (files, repo) = repository();
        let bytes = input.bytes(&[snapshot()]);
        let digits = ObjectId::of(&bytes).to_string();
        files.overwrite(&format!("snapshots/20260101T000009Z-{}.json", &digits[..8]), &bytes);
        files.overwrite("snapshots/20260101T000009Z-00000000.json", &bytes);
        let found = repo.all_snapshots().unwrap();
        assert_eq!(found.whole.len() + found.damaged.len(), 2);
        assert!(!found.damaged.is_empty(), "one has not the hash of its name");
        let _ = repo.find_snapshot("latest");
        let _ = gc::plan(&repo, &[], &Stop::new(), &Silent);
        for (_, snapshot) in &found.whole {
            // What can be read can be written.
            serde_json::to_vec(snapshot).unwrap();
        }
    }

    #[test]
    fn a_tree(input in input()) {
        let (_, repo) = repository();
        let valid = [json!({"entries": [
            {"id": ID, "kind": "dir", "name": "a", "size": 0},
            {"id": ID, "kind": "file", "modified": "2026-01-01T00:00:00Z", "name": "b.json", "size": 9},
        ]}).to_string()];
        let id = repo.put(&input.bytes(&valid)).unwrap().id;
        if let Ok(tree) = repo.tree(id) {
            for entry in tree.entries {
                assert!(notion_backup::repo::is_safe_name(&entry.name));
            }
        }
    }

    #[test]
    fn an_object(input in input(), limit in 0u64..3000) {
        let (files, repo) = repository();
        let content: Vec<u8> = (0..2000u32).flat_map(|it| (it / 7).to_le_bytes()).collect();
        let id = repo.put(&content).unwrap().id;
        let path = format!("objects/{}/{id}.zst", &id.to_string()[..2]);
        let frame = files.content(&path).unwrap();
        files.overwrite(&path, &input.bytes(&[frame]));
        if let Ok(read) = repo.read(id, limit) {
            assert!(read == content && limit >= 8000, "only what its name says");
        }
        if let Ok(count) = repo.copy(id, &mut std::io::sink()) {
            assert_eq!(count, 8000);
        }
        // And it can be stored again, or is there.
        repo.put(&content).unwrap();
    }

    #[test]
    fn a_lock(input in input()) {
        let (files, repo) = repository();
        let valid = [json!({"command": "dump", "host": notion_backup::repo::host(),
            "kind": "shared", "machine": "m", "pid": 7, "time": "2026-01-01T00:00:00Z"}).to_string()];
        let bytes = input.bytes(&valid);
        files.overwrite("locks/a.json", &bytes);
        files.overwrite("state/g/lock", &bytes);
        assert!(repo.locks().unwrap().len() <= 1);
        let _ = repo.lock(LockKind::Shared, "dump", now());
        let held = repo.state("g", "dump", now());
        assert!(held.is_ok());
    }

    #[test]
    fn the_journal_of_a_crawl(input in input()) {
        let (files, repo) = repository();
        files.overwrite("state/g/crawl.jsonl", &input.bytes(&[crawl_journal()]));
        let _ = crawl::journal_objects(&repo, "g", &mut |_, _| {});
        let _ = gc::plan(&repo, &[], &Stop::new(), &Silent);
    }

    #[test]
    fn a_ledger(input in input()) {
        let line = json!({"id": NotionId::from_bits(7), "kind": "page", "status": "captured",
            "reason": "", "place": "", "found": ["search"], "owners": [NotionId::from_bits(8)]});
        let bytes = input.bytes(&[format!("{line}\n{line}\n")]);
        let mut ledger = ledger::Ledger::default();
        for line in ledger::parse(&bytes) {
            ledger.add(line);
        }
        ledger.files().unwrap();
    }

    #[test]
    fn the_plan_of_a_restore(input in input()) {
        let (name, files) = restore_journal();
        let path = format!("state/{name}/plan.jsonl");
        let valid = files.content(&path).unwrap();
        files.overwrite(&path, &input.bytes(&[valid]));
        read_restore_journal(&Repository::open(Arc::new(files)).unwrap(), &name);
    }

    #[test]
    fn what_a_restore_has_done(input in input()) {
        let (name, files) = restore_journal();
        let path = format!("state/{name}/done.jsonl");
        let valid = files.content(&path).unwrap();
        files.overwrite(&path, &input.bytes(&[valid]));
        read_restore_journal(&Repository::open(Arc::new(files)).unwrap(), &name);
    }
}

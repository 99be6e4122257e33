//! The program as the keeper of a repository: forget, prune, unlock, repair.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use notion_backup::repo::{
    Disk, Entry, EntryKind, LockKind, Repository, Snapshot, SnapshotId, Source, Tree,
};
use serde_json::Value;

use crate::program::{Program, Ran};

const REPO: &str = "backups";

fn folder(program: &Program) -> PathBuf {
    program.home().join(REPO)
}

fn repository(program: &Program) -> Repository {
    Repository::open_or_create(Arc::new(Disk::new(folder(program)))).unwrap()
}

/// A snapshot of that time with one page of this content.
pub fn save(repo: &Repository, finished: &str, content: &str, complete: bool) -> SnapshotId {
    let stored = repo.put(content.as_bytes()).unwrap();
    let tree = Tree {
        entries: vec![Entry {
            id: stored.id,
            kind: EntryKind::File,
            modified: None,
            name: "page.json".to_string(),
            size: stored.size,
        }],
    };
    let snapshot = Snapshot {
        version: Snapshot::VERSION,
        features: Vec::new(),
        started: finished.parse().unwrap(),
        finished: finished.parse().unwrap(),
        source: Source {
            workspace_id: "w".to_string(),
            workspace_name: "Acme".to_string(),
            roots: Vec::new(),
        },
        tree: repo.put_tree(&tree).unwrap(),
        parent: None,
        tags: Vec::new(),
        host: "here".to_string(),
        program: "test".to_string(),
        complete,
        counts: Default::default(),
        ledger: Default::default(),
        options: Default::default(),
        repaired: None,
    };
    repo.save_snapshot(&snapshot).unwrap()
}

/// Snapshots of ten days in a row, oldest first.
fn ten_days(program: &Program) -> Vec<SnapshotId> {
    let repo = repository(program);
    (1..=10)
        .map(|day| {
            save(
                &repo,
                &format!("2026-01-{day:02}T03:00:00Z"),
                &format!("page {day}"),
                true,
            )
        })
        .collect()
}

fn run(program: &Program, line: &str) -> Ran {
    program.run(&format!("-r {REPO} {line}"))
}

fn done(program: &Program, line: &str) -> Ran {
    let ran = run(program, line);
    assert_eq!(ran.code, 0, "{line}: {}", ran.all());
    ran
}

fn left(program: &Program) -> Vec<SnapshotId> {
    let all = repository(program).snapshots().unwrap();
    all.into_iter().map(|(id, _)| id).collect()
}

#[test]
fn a_rule_says_what_is_kept_and_why_before_it_is_done() {
    let program = Program::new();
    let ids = ten_days(&program);
    let line = "forget --keep-last 1 --keep-daily 3 --keep-weekly 2";
    let dry = done(&program, &format!("{line} --dry-run"));
    assert_eq!(left(&program), ids, "nothing is done");
    // 10 January 2026 is a Saturday; its week begins on the 5th.
    for (day, words) in [
        (10, "keep    last, daily, weekly"),
        (9, "keep    daily"),
        (8, "keep    daily"),
        (4, "keep    weekly"),
        (5, "remove"),
    ] {
        let line = dry
            .stdout
            .lines()
            .find(|it| it.starts_with(ids[day - 1].as_str()));
        assert!(line.unwrap().ends_with(words), "{day}: {}", dry.stdout);
    }
    assert!(dry.stdout.starts_with("workspace Acme\n"), "{}", dry.stdout);
    assert!(
        dry.stdout.ends_with("6 snapshots would be forgotten\n"),
        "{}",
        dry.stdout
    );

    let messages = done(&program, &format!("{line} --json")).messages();
    let decisions: Vec<&Value> = messages
        .iter()
        .filter(|it| it["message_type"] == "decision")
        .collect();
    assert_eq!(decisions.len(), 10);
    assert_eq!(
        decisions[9]["reasons"],
        serde_json::json!(["last", "daily", "weekly"])
    );
    assert_eq!(decisions[0]["keep"], false);
    let summary = messages.last().unwrap();
    assert_eq!(
        (&summary["kept"], &summary["removed"]),
        (&4.into(), &6.into())
    );
    assert_eq!(summary["removed_snapshots"][0], ids[0].as_str());
    assert_eq!(
        left(&program),
        [3, 7, 8, 9].map(|at: usize| ids[at].clone())
    );
    assert!(done(&program, "check").stdout.contains("\nsound: "));
    assert!(done(&program, line).stdout.ends_with("nothing to forget\n"));
}

#[test]
fn named_snapshots_are_forgotten_but_never_the_last_complete_one() {
    let program = Program::new();
    let ids = ten_days(&program);
    done(&program, &format!("forget {} {}", ids[0], ids[1].short()));
    assert_eq!(left(&program), ids[2..]);
    let all: Vec<&str> = ids[2..].iter().map(SnapshotId::as_str).collect();
    let ran = run(&program, &format!("forget {}", all.join(" ")));
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(
        ran.stderr.contains("last complete one of workspace Acme"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("--unsafe-allow-remove-all"),
        "{}",
        ran.stderr
    );
    assert_eq!(left(&program), ids[2..], "all or nothing");
    done(
        &program,
        &format!("forget --unsafe-allow-remove-all {}", all.join(" ")),
    );
    assert!(left(&program).is_empty());
}

#[test]
fn without_a_rule_nothing_is_forgotten() {
    let program = Program::new();
    let ids = ten_days(&program);
    for line in [
        "forget",
        "forget --keep-last 0",
        "forget --tag x",
        "forget latest --keep-last 1",
        "forget --group-by nonsense --keep-last 1",
    ] {
        let ran = run(&program, line);
        assert_eq!(ran.code, 2, "{line}: {}", ran.all());
        assert!(ran.stderr.contains("\nhint: "), "{line}: {}", ran.stderr);
    }
    assert_eq!(left(&program), ids);
}

#[test]
fn a_repository_in_use_is_left_alone() {
    let program = Program::new();
    let ids = ten_days(&program);
    let dump = repository(&program)
        .lock(LockKind::Shared, "dump", Timestamp::now())
        .unwrap();
    let ran = run(&program, "forget --keep-last 1");
    assert_eq!(ran.code, 11, "{}", ran.all());
    assert!(
        ran.stderr.contains("locked by dump (process"),
        "{}",
        ran.stderr
    );
    assert_eq!(left(&program), ids);
    done(&program, "forget --keep-last 1 --dry-run");
    drop(dump);
    done(&program, "forget --keep-last 1 --quiet");
    assert_eq!(left(&program), ids[9..]);
}

#[test]
fn a_snapshot_that_cannot_be_read_stays_and_is_told() {
    let program = Program::new();
    let ids = ten_days(&program);
    let damaged = folder(&program).join(format!("snapshots/{}.json", ids[0]));
    std::fs::write(&damaged, b"{").unwrap();
    let ran = run(&program, "forget --keep-last 1 --json");
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(ran.messages()[0]["message_type"], "problem");
    assert_eq!(ran.messages().last().unwrap()["damaged"], 1);
    assert!(damaged.exists());
    done(&program, &format!("forget {}", ids[0]));
    assert!(!damaged.exists());
}

/// All files of the repository below `part`, with their sizes in bytes.
fn files_in(program: &Program, part: &str) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    let mut folders = vec![folder(program).join(part)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let size = path.metadata().unwrap().len();
                found.push((path, size));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn prune_frees_what_it_said_it_would() {
    let program = Program::new();
    let ids = ten_days(&program);
    assert!(
        done(&program, "prune")
            .stdout
            .starts_with("nothing to remove")
    );
    done(&program, "forget --keep-last 3");
    let left_over = folder(&program).join("objects/.tmp-dead");
    std::fs::write(&left_over, b"12345").unwrap();
    let bytes = |program: &Program| {
        files_in(program, "objects")
            .iter()
            .map(|it| it.1)
            .sum::<u64>()
    };
    let before = bytes(&program);
    let would = done(&program, "prune --dry-run --json")
        .messages()
        .pop()
        .unwrap();
    assert_eq!(bytes(&program), before, "nothing is done");
    // Of each snapshot one page and one directory.
    assert_eq!(
        (&would["removed_objects"], &would["kept_objects"]),
        (&14.into(), &6.into())
    );
    assert_eq!(
        (&would["leftover_files"], &would["dry_run"]),
        (&1.into(), &true.into())
    );
    let did = done(&program, "prune --json").messages().pop().unwrap();
    for field in [
        "removed_objects",
        "freed_bytes",
        "kept_bytes",
        "leftover_files",
    ] {
        assert_eq!(would[field], did[field], "{field}");
    }
    assert_eq!(did["dry_run"], false);
    assert_eq!(
        bytes(&program),
        before - did["freed_bytes"].as_u64().unwrap()
    );
    assert_eq!(bytes(&program), did["kept_bytes"].as_u64().unwrap());
    assert!(!left_over.exists());
    assert_eq!(left(&program), ids[7..]);
    assert!(
        done(&program, "check --read-data")
            .stdout
            .starts_with("sound: ")
    );
}

#[test]
fn forget_can_prune_at_once() {
    let program = Program::new();
    ten_days(&program);
    let would = done(&program, "forget --keep-last 1 --prune --dry-run");
    assert!(
        would
            .stdout
            .contains("18 objects and 0 leftover files would be removed"),
        "{}",
        would.stdout
    );
    assert_eq!(files_in(&program, "objects").len(), 20);
    let did = done(&program, "forget --keep-last 1 --prune --json")
        .messages()
        .pop()
        .unwrap();
    assert_eq!(did["prune"]["removed_objects"], 18);
    assert_eq!(files_in(&program, "objects").len(), 2);
    assert!(files_in(&program, "locks").is_empty());
    done(&program, "check --read-data");
}

#[test]
fn prune_refuses_while_somebody_works_and_while_something_cannot_be_read() {
    let program = Program::new();
    let ids = ten_days(&program);
    done(&program, "forget --keep-last 3");
    let before = files_in(&program, "objects");
    let dump = repository(&program)
        .lock(LockKind::Shared, "dump", Timestamp::now())
        .unwrap();
    let ran = run(&program, "prune");
    assert_eq!(ran.code, 11, "{}", ran.all());
    drop(dump);
    let path = folder(&program).join(format!("snapshots/{}.json", ids[8]));
    let content = std::fs::read(&path).unwrap();
    std::fs::write(&path, &content[1..]).unwrap();
    let ran = run(&program, "prune");
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stderr.contains("nothing was removed"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains(&format!("forget {}", ids[8])),
        "{}",
        ran.stderr
    );
    assert_eq!(files_in(&program, "objects"), before);
    std::fs::write(&path, &content).unwrap();
    done(&program, "prune");
    assert_eq!(files_in(&program, "objects").len(), 6);
}

#[test]
fn unlock_removes_what_is_stale_and_names_the_rest() {
    let program = Program::new();
    ten_days(&program);
    assert_eq!(done(&program, "unlock").stdout, "nothing is locked\n");
    let locks = folder(&program).join("locks");
    let running = repository(&program)
        .lock(LockKind::Shared, "dump", Timestamp::now())
        .unwrap();
    let text = std::fs::read_to_string(&files_in(&program, "locks")[0].0).unwrap();
    let write = |name: &str, text: &str| std::fs::write(locks.join(name), text).unwrap();
    // Nobody holds the file: its process is dead.
    write(
        "dead.json",
        &text.replace("dump", "prune").replace("shared", "exclusive"),
    );
    let far = r#"{"command":"forget","host":"far-away","kind":"exclusive","pid":7,"time":"2026-01-01T12:00:00Z"}"#;
    write("far.json", far);
    let ran = run(&program, "prune");
    assert_eq!(ran.code, 11, "{}", ran.all());
    write(
        "dead.json",
        &text.replace("dump", "prune").replace("shared", "exclusive"),
    );

    let ran = done(&program, "unlock");
    let pid = std::process::id();
    for words in [
        "left: exclusive lock of forget (process 7 on far-away, since 2026-01-01 12:00 UTC), which may be running",
        &format!("left: shared lock of dump (process {pid} on "),
        "removed: exclusive lock of prune",
        "1 lock removed, 2 left",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    assert!(ran.stderr.contains("unlock --remove-all"), "{}", ran.stderr);
    assert_eq!(files_in(&program, "locks").len(), 2);

    let messages = done(&program, "unlock --remove-all --json").messages();
    assert_eq!(messages.len(), 3);
    assert_eq!(
        (&messages[0]["holder"], &messages[0]["pid"]),
        (&"unknown".into(), &7.into())
    );
    assert_eq!(
        (&messages[1]["holder"], &messages[1]["removed"]),
        (&"running".into(), &true.into())
    );
    assert_eq!(
        (&messages[2]["removed"], &messages[2]["left"]),
        (&2.into(), &0.into())
    );
    assert!(files_in(&program, "locks").is_empty());
    // Its holder does not mind that its lock is gone.
    drop(running);
    done(&program, "prune");
}

/// Changes one bit of a page that only the last of the ten days has.
fn damage(program: &Program) -> PathBuf {
    let (path, _) = files_in(program, "objects")
        .into_iter()
        .find(|(path, _)| {
            let content = std::fs::read(path).unwrap();
            String::from_utf8_lossy(&content).contains("page 10")
        })
        .unwrap();
    let mut content = std::fs::read(&path).unwrap();
    *content.last_mut().unwrap() ^= 1;
    std::fs::write(&path, content).unwrap();
    path
}

#[test]
fn a_part_of_the_content_can_be_read_each_day() {
    let program = Program::new();
    ten_days(&program);
    damage(&program);
    assert_eq!(
        run(&program, "check").code,
        0,
        "it is there, and its size is right"
    );
    let mut objects = 0;
    let mut found = 0;
    for part in 1..=3 {
        let ran = run(
            &program,
            &format!("check --read-data-subset {part}/3 --json"),
        );
        let summary = ran.messages().pop().unwrap();
        objects += summary["read_objects"].as_u64().unwrap();
        found += summary["errors"].as_u64().unwrap();
    }
    // What is damaged is not counted as read.
    assert_eq!((objects, found), (9, 1));
    assert_eq!(run(&program, "check --read-data-subset 100%").code, 1);
    for part in ["4/3", "0%", "some"] {
        let ran = run(&program, &format!("check --read-data-subset {part}"));
        assert_eq!(ran.code, 2, "{}", ran.all());
    }
}

#[test]
fn a_repair_saves_what_is_left_beside_the_damaged_snapshot() {
    let program = Program::new();
    let ids = ten_days(&program);
    assert!(
        done(&program, "check --repair")
            .stdout
            .ends_with("nothing to repair\n")
    );
    let path = damage(&program);
    let dump = repository(&program)
        .lock(LockKind::Shared, "dump", Timestamp::now())
        .unwrap();
    assert_eq!(run(&program, "check --read-data --repair").code, 11);
    drop(dump);

    let ran = run(&program, "check --read-data --repair --json");
    assert_eq!(ran.code, 1, "{}", ran.all());
    let messages = ran.messages();
    let repaired = messages
        .iter()
        .find(|it| it["message_type"] == "repaired")
        .unwrap();
    assert_eq!(
        (&repaired["status"], &repaired["dropped"]),
        (&"repaired".into(), &1.into())
    );
    assert_eq!(repaired["snapshot"], ids[9].as_str());
    let summary = messages.last().unwrap();
    assert_eq!(
        (&summary["repaired"], &summary["set_aside"]),
        (&1.into(), &1.into())
    );
    assert!(!path.exists() && path.with_extension("damaged").exists());

    let new = repaired["new"].as_str().unwrap();
    let listed = done(&program, "snapshots").stdout;
    let line = listed.lines().find(|it| it.starts_with(new)).unwrap();
    assert!(line.contains("repaired"), "{line}");
    assert_eq!(
        left(&program).last().unwrap().as_str(),
        new,
        "it is the latest"
    );
    let again = run(&program, "check --read-data --repair");
    assert_eq!(again.code, 1);
    assert!(
        again.stdout.contains("has been repaired before"),
        "{}",
        again.stdout
    );
    assert!(again.stderr.contains("`forget`"), "{}", again.stderr);

    done(&program, &format!("forget {}", ids[9]));
    done(&program, "check --read-data");
    done(&program, "prune");
    assert!(!path.with_extension("damaged").exists());
    done(&program, "check --read-data");
}

/// A journal of a restore that was planned and, if `end` says so, over at this time.
fn journal(folder: &std::path::Path, name: &str, time: &str, end: &str) {
    let folder = folder.join("state").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let head = serde_json::json!({"head": {
        "version": 1, "root": "0123abcd-4567-89ef-0123-456789abcdef", "root_title": "Secret plans",
        "from": "x", "only": [], "planned": time,
    }});
    std::fs::write(folder.join("plan.jsonl"), format!("{head}\n")).unwrap();
    let begin = serde_json::json!({"begin": {"step": 0, "at": time}});
    let lines = match end {
        "planned" => String::new(),
        "begun" => format!("{begin}\n"),
        end => format!("{begin}\n{}\n", serde_json::json!({end: {"at": time}})),
    };
    std::fs::write(folder.join("done.jsonl"), lines).unwrap();
    std::fs::write(folder.join("report.json"), "{}").unwrap();
    std::fs::write(folder.join("lock"), "").unwrap();
}

#[test]
fn journals_of_restores_that_ended_long_ago_are_removed_wherever_they_are() {
    let program = Program::new();
    ten_days(&program);
    let recent = Timestamp::now().to_string();
    let old = "2026-01-01T00:00:00Z";
    let places = [
        folder(&program),
        program.home().join(".local/state/notion-backup"),
        program.home().join(".cache/notion-backup/plakar/restores"),
    ];
    for place in &places[1..] {
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        Repository::create(Arc::new(Disk::new(place))).unwrap();
    }
    for place in &places {
        journal(place, "restore-20260101T000000Z-00000001", old, "complete");
        journal(place, "restore-20260101T000000Z-00000002", old, "undone");
        journal(place, "restore-20260101T000000Z-00000003", old, "planned");
        journal(place, "restore-20260101T000000Z-00000004", old, "begun");
        journal(
            place,
            "restore-20260101T000000Z-00000005",
            &recent,
            "complete",
        );
        std::fs::create_dir_all(place.join("state/0123456789abcdef")).unwrap();
    }
    let names = |place: &PathBuf| {
        let listed = std::fs::read_dir(place.join("state")).unwrap();
        let names = listed.map(|it| it.unwrap().file_name().into_string().unwrap());
        names.collect::<std::collections::BTreeSet<String>>()
    };
    let dry = done(&program, "prune --dry-run --json")
        .messages()
        .pop()
        .unwrap();
    assert_eq!(dry["removed_journals"], 9);
    assert_eq!(names(&places[0]).len(), 6, "nothing is done");
    let said = done(&program, "prune").stdout;
    assert!(
        said.contains("9 journals of restores that ended long ago removed"),
        "{said}"
    );
    for place in &places {
        let left = [
            "0123456789abcdef",
            "restore-20260101T000000Z-00000004",
            "restore-20260101T000000Z-00000005",
        ];
        assert_eq!(
            names(place),
            left.map(ToOwned::to_owned).into(),
            "{}",
            place.display()
        );
    }
    assert!(!done(&program, "prune").stdout.contains("journal"));
}

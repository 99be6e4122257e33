//! Several programs at one repository: who comes second is let in or told why not.
//! The first is held by SIGSTOP in the middle of its work, so it is certainly there.

use std::process::{Child, Command, Stdio};

use crate::cli_care::save;
use crate::program::{Program, Ran};
use crate::support::workspace::model::Parent;
use crate::support::{FakeNotion, Workspace};

const REPO: &str = "backups";

fn command(program: &Program, fake: &FakeNotion, line: &str) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("notion-backup"));
    command
        .env("NOTION_API_TOKEN", fake.token())
        .env("NOTION_API_URL", fake.url())
        .env("XDG_CONFIG_HOME", program.home())
        .current_dir(program.home())
        .args(["-r", REPO])
        .args(line.split_whitespace())
        .stdin(Stdio::null());
    command
}

fn run(program: &Program, fake: &FakeNotion, line: &str) -> Ran {
    Ran::from(&mut assert_cmd::Command::from_std(command(
        program, fake, line,
    )))
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args([name, &id]).status().unwrap();
    assert!(sent.success());
}

/// Starts a command and stops it once `due`; `None` when it was quicker.
fn hold(mut command: Command, mut due: impl FnMut() -> bool) -> Option<Child> {
    let child = command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = child.spawn().unwrap();
    while !due() {
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        std::thread::yield_now();
    }
    if child.try_wait().unwrap().is_some() {
        return None;
    }
    signal(&child, "-STOP");
    Some(child)
}

fn let_go(mut child: Child) -> Option<i32> {
    signal(&child, "-CONT");
    child.wait().unwrap().code()
}

fn assert_locked(ran: &Ran, words: &str) {
    assert_eq!(ran.code, 11, "{}", ran.all());
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
    assert!(ran.stderr.contains("\nhint: "), "{}", ran.stderr);
}

#[test]
fn beside_a_dump_others_may_dump_other_roots_and_read_but_not_remove() {
    let mut ws = Workspace::plain(40, 2);
    let page = ws.page(Parent::Workspace, "Apart");
    ws.paragraph(page, "text");
    ws.advance_minutes(10);
    let fake = FakeNotion::start(ws);
    let program = Program::new();
    assert_eq!(run(&program, &fake, "dump").code, 0);
    fake.clear_requests();
    let dump = command(&program, &fake, "dump --full --jobs 1");
    let held = hold(dump, || fake.count("") >= 15).expect("it takes longer");

    for line in ["dump", "dump --full"] {
        assert_locked(&run(&program, &fake, line), "locked by dump (process ");
    }
    for line in ["prune", "forget --keep-last 1", "check --repair"] {
        assert_locked(&run(&program, &fake, line), "locked by dump (process ");
    }
    let apart = run(&program, &fake, &format!("dump --root {page}"));
    assert_eq!(apart.code, 0, "{}", apart.all());
    for line in [
        "check --read-data",
        "snapshots",
        "ls latest",
        "prune --dry-run",
    ] {
        let ran = run(&program, &fake, line);
        assert_eq!(ran.code, 0, "{line}: {}", ran.all());
    }

    assert_eq!(let_go(held), Some(0));
    let ran = run(&program, &fake, "snapshots --json");
    assert_eq!(ran.messages().len(), 3 + 1);
    assert_eq!(run(&program, &fake, "check --read-data").code, 0);
    assert_eq!(run(&program, &fake, "prune").code, 0);
    assert_eq!(run(&program, &fake, "check --read-data").code, 0);
}

#[test]
fn beside_a_prune_nobody_writes_and_everybody_reads() {
    let mut ws = Workspace::plain(3, 1);
    ws.advance_minutes(10);
    let fake = FakeNotion::start(ws);
    for attempt in 0..50 {
        let program = Program::new();
        assert_eq!(run(&program, &fake, "dump").code, 0);
        let folder = program.home().join(REPO);
        let disk = notion_backup::repo::Disk::new(&folder);
        let repo = notion_backup::repo::Repository::open(std::sync::Arc::new(disk)).unwrap();
        for number in 0..60 {
            let time = format!("2026-01-{:02}T{:02}:00:00Z", number / 24 + 1, number % 24);
            save(&repo, &time, &format!("page {number}"), true);
        }
        let locks = folder.join("locks");
        let prune = command(&program, &fake, "forget --keep-last 1 --prune --quiet");
        let there = || {
            std::fs::read_dir(&locks).is_ok_and(|mut it| {
                it.any(|lock| {
                    lock.is_ok_and(|lock| lock.file_name().to_string_lossy().ends_with(".json"))
                })
            })
        };
        let Some(held) = hold(prune, there) else {
            assert!(attempt < 49, "it is always quicker");
            continue;
        };
        // It may have come to its end just before it was stopped, with its lock gone.
        if !there() {
            let_go(held);
            assert!(attempt < 49, "it is always quicker");
            continue;
        }
        let words = "locked by forget (process ";
        for line in ["dump", "prune", "forget --keep-last 2", "check --repair"] {
            assert_locked(&run(&program, &fake, line), words);
        }
        assert_eq!(run(&program, &fake, "snapshots").code, 0);
        assert_eq!(let_go(held), Some(0));
        assert_eq!(run(&program, &fake, "dump").code, 0);
        assert_eq!(run(&program, &fake, "check --read-data").code, 0);
        return;
    }
}

#[test]
fn two_first_dumps_that_start_at_once_make_one_repository() {
    let mut ws = Workspace::plain(10, 1);
    let pages = [1, 2].map(|number| ws.page(Parent::Workspace, &format!("Root {number}")));
    ws.advance_minutes(10);
    let fake = FakeNotion::start(ws);
    let program = Program::new();
    let children = pages.map(|page| {
        command(&program, &fake, &format!("dump --quiet --root {page}"))
            .spawn()
            .unwrap()
    });
    for mut child in children {
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    assert_eq!(
        run(&program, &fake, "snapshots --json").messages().len(),
        2 + 1
    );
    assert_eq!(run(&program, &fake, "check --read-data").code, 0);
}

//! Files of 3 GiB where small ones should be: no command holds them in memory. The
//! program gets 2 GiB of address space, so one that did would be aborted.

use std::path::Path;

use crate::program::{Program, Ran};
use crate::support::{FakeNotion, Workspace};

const REPO: &str = "backups";
const HUGE: u64 = 3 << 30;

/// Runs a command that must end as commands end.
fn run(program: &Program, fake: &FakeNotion, line: &str) -> Ran {
    let bin = assert_cmd::cargo::cargo_bin!("notion-backup");
    let script = format!("ulimit -v 2097152; exec {} -r {REPO} {line}", bin.display());
    let mut command = assert_cmd::Command::new("sh");
    command
        .args(["-c", &script])
        .env("RAYON_NUM_THREADS", "2")
        .env("NOTION_API_TOKEN", fake.token())
        .env("NOTION_API_URL", fake.url())
        .env("XDG_CONFIG_HOME", program.home())
        .current_dir(program.home());
    let ran = Ran::from(&mut command);
    assert!((0..=23).contains(&ran.code), "{line}: {}", ran.all());
    assert!(!ran.all().contains("panicked"), "{line}: {}", ran.all());
    ran
}

/// Makes a file that is all zeros, takes no room, and has the beginning `head`.
fn blow_up(path: &Path, head: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, head).unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(HUGE).unwrap();
}

/// The first file whose path ends so.
fn find(folder: &Path, end: &str) -> std::path::PathBuf {
    let mut todo = vec![folder.to_owned()];
    while let Some(here) = todo.pop() {
        for entry in std::fs::read_dir(here).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if path.to_str().unwrap().ends_with(end) {
                return path;
            }
        }
    }
    panic!("no file ends with {end}");
}

#[cfg(target_os = "linux")]
#[test]
fn no_file_is_read_whole_because_it_is_there() {
    let mut ws = Workspace::plain(4, 1);
    let root = ws.page(crate::support::workspace::model::Parent::Workspace, "Root");
    ws.advance_minutes(10);
    let fake = FakeNotion::start(ws);
    let program = Program::new();
    let first = run(&program, &fake, "dump");
    assert_eq!(first.code, 0, "{}", first.all());
    let repo = program.home().join(REPO);
    let sound = || {
        let ran = run(&program, &fake, "check --read-data");
        assert_eq!(ran.code, 0, "{}", ran.all());
    };
    let restored = |path: &Path, lines: &[&str], head: &[u8]| -> Vec<Ran> {
        let old = std::fs::read(path).ok();
        blow_up(path, head);
        let ran = lines
            .iter()
            .map(|line| run(&program, &fake, line))
            .collect();
        match old {
            Some(old) => std::fs::write(path, old).unwrap(),
            None => std::fs::remove_file(path).unwrap_or_default(),
        }
        ran
    };

    let state = find(&repo, "/reads.json").parent().unwrap().to_owned();
    let journal = state.join("crawl.jsonl");
    // A dump continues where a journal is, and this one is all one line without an end.
    for head in [&b""[..], b"{\"version\":1,\"depth\":{\"comments\":\"pages\",\"files\":true,\"max_file_size\":null},\"full\":false}\n"] {
        let ran = restored(&journal, &["prune", "check", "dump"], head);
        assert_eq!(ran[2].code, 0, "{}", ran[2].all());
        assert!(!journal.exists());
        sound();
    }
    let restore = format!("restore latest --root-id {root} --dry-run");
    let group = repo.join("state/restore-20260101T000000Z-01234567");
    std::fs::create_dir_all(&group).unwrap();
    let head = format!(
        "{{\"head\":{{\"version\":1,\"root\":\"{root}\",\"root_title\":\"\",\"from\":\"x\",\"only\":[],\"planned\":\"2026-01-01T00:00:00Z\"}}}}\n"
    );
    restored(
        &group.join("plan.jsonl"),
        &[&restore, "check"],
        head.as_bytes(),
    );
    std::fs::write(group.join("plan.jsonl"), &head).unwrap();
    let resume = format!("restore latest --root-id {root} --resume");
    restored(&group.join("done.jsonl"), &[&restore, &resume], b"");
    std::fs::remove_dir_all(&group).unwrap();

    for name in ["/reads.json", "/config.json"] {
        restored(&find(&repo, name), &["check", "dump", "prune"], b"{");
        sound();
    }
    let lock = repo.join("locks/huge.json");
    for ran in restored(&lock, &["dump", "prune", "forget --keep-last 1"], b"{") {
        assert_eq!(ran.code, 11, "{}", ran.all());
    }
    sound();
    let page = find(&repo.join("objects"), ".zst");
    let head = std::fs::read(&page).unwrap();
    restored(
        &page,
        &[
            "check --read-data",
            "ls latest -R",
            "extract latest out",
            "dump --full",
        ],
        &head,
    );
    let snapshot = find(&repo.join("snapshots"), ".json");
    for ran in restored(
        &snapshot,
        &["snapshots", "check", "forget --keep-last 1"],
        b"{",
    ) {
        assert_eq!(ran.code, 1, "{}", ran.all());
    }
    sound();
}

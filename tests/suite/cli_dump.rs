//! The program against a whole Notion in memory: dump, look, check, extract.

use std::process::Stdio;
use std::sync::Arc;

use jiff::Timestamp;
use notion_backup::model::NotionId;
use notion_backup::repo::{Disk, LockKind, Repository};

use crate::program::{Program, Ran};
use crate::support::fake_notion::{Fault, Regime, What};
use crate::support::workspace::model::Parent;
use crate::support::{FakeNotion, Workspace};

const REPO: &str = "backups";

fn dump(program: &Program, fake: &FakeNotion, more: &str) -> Ran {
    Ran::from(
        program
            .command()
            .env("NOTION_API_TOKEN", fake.token())
            .env("NOTION_API_URL", fake.url())
            .env("NOTION_BACKUP_REPO", REPO)
            .arg("dump")
            .args(more.split_whitespace()),
    )
}

fn read(program: &Program, line: &str) -> Ran {
    let ran = program.run(&format!("-r {REPO} {line}"));
    assert_eq!(ran.code, 0, "{line}: {}", ran.all());
    ran
}

fn titled(title: &str) -> (FakeNotion, NotionId) {
    let mut workspace = Workspace::new(1);
    let page = workspace.page(Parent::Workspace, title);
    workspace.paragraph(page, "hello");
    (FakeNotion::start(workspace), page)
}

#[test]
fn a_backup_can_be_listed_read_checked_and_written_out() {
    let program = Program::new();
    let (fake, page) = titled("Plans");
    let ran = dump(&program, &fake, "--tag nightly");
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stdout.contains("is complete"), "{}", ran.stdout);

    let snapshots = read(&program, "snapshots");
    for word in ["complete", "nightly", "1 snapshot"] {
        assert!(snapshots.stdout.contains(word), "{}", snapshots.stdout);
    }
    let listed = read(&program, "ls latest");
    let line = format!("{page}  Plans");
    assert!(listed.stdout.contains(&line), "{}", listed.stdout);
    let whole = read(&program, "ls latest --recursive");
    assert!(whole.stdout.contains(&format!("{page}/page.json")));

    let undashed = page.to_string().replace('-', "");
    for place in [
        format!("{page}/page.json"),
        format!("/{page}/page.json"),
        undashed.clone(),
        format!("https://www.notion.so/Plans-{undashed}"),
    ] {
        let cat = read(&program, &format!("cat latest {place}"));
        let json: serde_json::Value = serde_json::from_str(&cat.stdout).unwrap();
        assert_eq!(json["id"], page.to_string(), "{place}");
    }

    for line in ["check", "check --read-data"] {
        assert!(read(&program, line).stdout.starts_with("sound: "), "{line}");
    }
    assert!(read(&program, "stats").stdout.contains("all"));
    read(&program, "extract latest out");
    let written = program.home().join(format!("out/{page}/page.json"));
    let cat = read(&program, &format!("cat latest {page}"));
    assert_eq!(std::fs::read_to_string(written).unwrap(), cat.stdout);
}

#[test]
fn a_quiet_complete_dump_writes_nothing() {
    let program = Program::new();
    let (fake, _) = titled("Plans");
    // The first one says that it made a repository.
    assert_eq!(dump(&program, &fake, "").code, 0);
    let ran = dump(&program, &fake, "--quiet");
    assert_eq!((ran.code, ran.all().as_str()), (0, ""));
}

#[test]
fn json_messages_end_with_the_summary() {
    let program = Program::new();
    let (fake, page) = titled("Plans");
    let messages = dump(&program, &fake, "--json").messages();
    let summary = messages.last().unwrap();
    assert_eq!(summary["message_type"], "summary");
    assert_eq!(summary["complete"], true);
    assert_eq!(summary["code"], 0);
    assert_eq!(summary["counts"]["pages"], 1);
    assert!(messages.iter().any(|it| it["message_type"] == "status"));

    for line in [
        "snapshots",
        "ls latest",
        "check",
        "stats",
        "extract latest out",
    ] {
        let messages = read(&program, &format!("{line} --json")).messages();
        assert_eq!(
            messages.last().unwrap()["message_type"],
            "summary",
            "{line}"
        );
    }
    let entries = read(&program, "ls latest --json").messages();
    let entry = entries
        .iter()
        .find(|it| it["name"] == page.to_string())
        .unwrap();
    assert_eq!(
        (&entry["kind"], &entry["title"]),
        (&"page".into(), &"Plans".into())
    );
}

#[test]
fn a_title_cannot_forge_a_line() {
    let program = Program::new();
    let (fake, page) = titled("one\npage  2026-01-01 00:00  \u{1b}[31mtwo");
    assert_eq!(dump(&program, &fake, "").code, 0);
    let listed = read(&program, "ls latest").stdout;
    let lines = listed.lines().filter(|line| line.starts_with("page "));
    assert_eq!(lines.count(), 1, "{listed}");
    assert!(listed.contains(&format!("{page}  one\\npage")), "{listed}");
}

#[test]
fn a_title_is_whole_in_json_and_short_in_a_table() {
    let program = Program::new();
    let title = "é".repeat(300);
    let (fake, _) = titled(&title);
    assert_eq!(dump(&program, &fake, "").code, 0);
    let table = read(&program, "ls latest").stdout;
    assert!(table.contains("é…") && !table.contains(&title), "{table}");
    let messages = read(&program, "ls latest --json").messages();
    assert!(messages.iter().any(|it| it["title"] == title));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let program = Program::new();
    let fake = FakeNotion::start(Workspace::everything(3));
    dump(&program, &fake, "--no-files");
    // `sh` waits for the reader's first line, then closes the pipe.
    let line = "(notion-backup -r backups ls latest -R --json; echo $? >code) | head -1 >/dev/null; \
                cat code";
    let bin = std::path::Path::new(assert_cmd::cargo::cargo_bin!("notion-backup"));
    let path = format!(
        "{}:{}",
        bin.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let output = std::process::Command::new("sh")
        .args(["-c", line])
        .env("PATH", path)
        .current_dir(program.home())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "0\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_repository_in_use_ends_with_11_and_says_by_whom() {
    let program = Program::new();
    let (fake, _) = titled("Plans");
    assert_eq!(dump(&program, &fake, "").code, 0);
    let repo = Repository::open(Arc::new(Disk::new(program.home().join(REPO)))).unwrap();
    let held = repo
        .lock(LockKind::Exclusive, "prune", Timestamp::now())
        .unwrap();
    let ran = dump(&program, &fake, "");
    assert_eq!(ran.code, 11, "{}", ran.all());
    assert!(ran.stderr.contains("prune"), "{}", ran.stderr);
    assert!(ran.stderr.contains("\nhint: "), "{}", ran.stderr);
    // Readers need no lock.
    read(&program, "check");
    drop(held);
    assert_eq!(dump(&program, &fake, "").code, 0);
}

#[test]
fn much_less_than_before_is_not_saved() {
    let program = Program::new();
    let mut workspace = Workspace::new(1);
    let pages: Vec<_> = (0..4)
        .map(|number| workspace.page(Parent::Workspace, &number.to_string()))
        .collect();
    let fake = FakeNotion::start(workspace);
    assert_eq!(dump(&program, &fake, "").code, 0);
    fake.edit(|workspace| {
        for page in &pages[..3] {
            workspace.set_trashed(*page, true);
        }
    });
    let ran = dump(&program, &fake, "--max-shrink 50");
    assert_eq!(ran.code, 22, "{}", ran.all());
    assert!(ran.stderr.contains("--max-shrink"), "{}", ran.stderr);
    let count = |program: &Program| {
        let messages = read(program, "snapshots --json").messages();
        messages.last().unwrap()["snapshots"].clone()
    };
    assert_eq!(count(&program), 1);
    assert_eq!(dump(&program, &fake, "--max-shrink 80").code, 0);
    assert_eq!(count(&program), 2);
}

#[test]
fn a_missing_capability_is_named() {
    let program = Program::new();
    let (fake, _) = titled("Plans");
    fake.set(|switches| switches.capabilities.read_content = false);
    let ran = dump(&program, &fake, "");
    assert_eq!(ran.code, 20, "{}", ran.all());
    assert!(ran.stderr.contains("Read content"), "{}", ran.stderr);
}

#[test]
fn an_interrupted_dump_says_how_to_go_on_and_does() {
    let program = Program::new();
    let fake = FakeNotion::start(Workspace::plain(20, 2));
    let hour = std::time::Duration::from_secs(3600);
    fake.limit(Regime::Window {
        requests: 8,
        window: hour,
    });
    let child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("notion-backup"))
        .args([
            "dump",
            "-r",
            REPO,
            "--token",
            fake.token(),
            "--api-url",
            &fake.url(),
        ])
        .current_dir(program.home())
        .env("XDG_CONFIG_HOME", program.home())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It has all that it will get, and waits for the rest of the hour.
    while fake.limited() == 0 {
        std::thread::yield_now();
    }
    let pid = child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status();
    assert!(sent.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(21), "{said}");
    assert!(said.contains("run the same command again"), "{said}");
    assert!(said.contains("once more to stop at once"), "{said}");

    fake.limit(Regime::Off);
    let ran = dump(&program, &fake, "");
    assert_eq!(ran.code, 0, "{}", ran.all());
}

#[test]
fn what_cannot_be_read_is_told_and_ends_with_3() {
    let program = Program::new();
    let (fake, page) = titled("Plans");
    let path = format!("/v1/blocks/{page}/children");
    fake.faults()
        .push(Fault::on("GET", &path, What::status(400)).times(1000));
    let ran = dump(&program, &fake, "");
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(ran.stderr.contains(&page.to_string()), "{}", ran.stderr);
    assert!(ran.stderr.contains("NOT complete"), "{}", ran.stderr);
    let listed = read(&program, "snapshots").stdout;
    assert!(listed.contains("incomplete"), "{listed}");
}

#[test]
fn a_refused_token_ends_with_20_and_is_not_shown() {
    let program = Program::new();
    let (fake, _) = titled("Plans");
    let ran = Ran::from(
        program
            .command()
            .args(["dump", "-vvv", "-r", REPO, "--token", "ntn_wrongtoken"])
            .args(["--api-url", &fake.url()]),
    );
    assert_eq!(ran.code, 20, "{}", ran.all());
    assert!(ran.stderr.contains("401"), "{}", ran.stderr);
    assert!(ran.stderr.contains("\nhint: "), "{}", ran.stderr);
    assert!(!ran.all().contains("wrongtoken"), "{}", ran.all());
}

#[test]
fn the_token_is_in_no_output_and_no_file() {
    let program = Program::new();
    let fake = FakeNotion::start(Workspace::everything(3));
    let ran = dump(&program, &fake, "-vvv");
    assert!(matches!(ran.code, 0 | 3), "{}", ran.all());
    assert!(!ran.all().contains(fake.token()));
    read(&program, "extract latest out");
    let token = fake.token().as_bytes();
    let mut folders = vec![program.home().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let content = std::fs::read(&path).unwrap();
                let found = content.windows(token.len()).any(|window| window == token);
                assert!(!found, "{}", path.display());
            }
        }
    }
}

#[test]
fn a_snapshot_name_must_fit_one() {
    let program = Program::new();
    let (fake, _) = titled("Plans");
    assert_eq!(dump(&program, &fake, "").code, 0);
    assert_eq!(dump(&program, &fake, "--full").code, 0);
    let ids: Vec<String> = read(&program, "snapshots --json")
        .messages()
        .iter()
        .filter_map(|it| Some(it["id"].as_str()?.to_owned()))
        .collect();
    assert_eq!(ids.len(), 2);
    // Both begin with this century.
    for (name, word) in [("20", "more than one"), ("nothing-like-it", "no snapshot")] {
        let ran = program.run(&format!("-r {REPO} ls {name}"));
        assert_eq!(ran.code, 1, "{}", ran.all());
        assert!(ran.stderr.contains(word), "{}", ran.stderr);
        assert!(ran.stderr.contains("\nhint: "), "{}", ran.stderr);
    }
    read(&program, &format!("ls {}", ids[0]));
    let unknown = program.run(&format!("-r {REPO} cat latest no/such/file"));
    assert_eq!(unknown.code, 1);
}

#[test]
fn damage_is_found_and_named() {
    let program = Program::new();
    let (fake, page) = titled("Plans");
    assert_eq!(dump(&program, &fake, "").code, 0);
    let entries = read(&program, &format!("ls latest {page}/page.json --json")).messages();
    let id = entries[0]["object"].as_str().unwrap();
    let path = program
        .home()
        .join(format!("{REPO}/objects/{}/{id}.zst", &id[..2]));
    let mut content = std::fs::read(&path).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    std::fs::write(&path, content).unwrap();

    let ran = program.run(&format!("-r {REPO} check --read-data"));
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stdout.contains(id), "{}", ran.stdout);
    assert!(
        ran.stdout.contains(&format!("/{page}/page.json")),
        "{}",
        ran.stdout
    );
    let ran = program.run(&format!("-r {REPO} extract latest out"));
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(
        !program
            .home()
            .join(format!("out/{page}/page.json"))
            .exists()
    );
    assert!(program.home().join("out/content.json").exists());

    std::fs::remove_file(&path).unwrap();
    let ran = program.run(&format!("-r {REPO} check"));
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stdout.contains("is missing"), "{}", ran.stdout);
}

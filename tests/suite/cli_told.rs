//! What a user is told of a backup: that nothing is shared, that much is gone, that a
//! repository is new, and what was left out on purpose.

use notion_backup::model::NotionId;

use crate::program::{Program, Ran};
use crate::support::workspace::model::Parent;
use crate::support::{FakeNotion, Workspace};

const REPO: &str = "backups";

fn pages(count: usize) -> (FakeNotion, Vec<NotionId>) {
    let mut workspace = Workspace::new(1);
    let ids = (0..count)
        .map(|number| workspace.page(Parent::Workspace, &number.to_string()))
        .collect();
    (FakeNotion::start(workspace), ids)
}

fn trash(fake: &FakeNotion, pages: &[NotionId]) {
    fake.edit(|workspace| {
        for page in pages {
            workspace.set_trashed(*page, true);
        }
    });
}

fn program(program: &Program, fake: &FakeNotion, line: &str) -> Ran {
    Ran::from(
        program
            .command()
            .env("NOTION_API_TOKEN", fake.token())
            .env("NOTION_API_URL", fake.url())
            .args(line.split_whitespace()),
    )
}

fn dump(at: &Program, fake: &FakeNotion, more: &str) -> Ran {
    program(at, fake, &format!("dump -r {REPO} {more}"))
}

/// The ids of all snapshots, oldest first.
fn snapshots(at: &Program) -> Vec<String> {
    let messages = at.run(&format!("-r {REPO} snapshots --json")).messages();
    let ids = messages.iter().filter_map(|it| it["id"].as_str());
    ids.map(ToOwned::to_owned).collect()
}

#[test]
fn a_dump_that_sees_no_page_says_how_to_share_and_is_not_complete() {
    for more in ["", "--quiet"] {
        let at = Program::new();
        let (fake, _) = pages(0);
        let ran = dump(&at, &fake, more);
        assert_eq!(ran.code, 3, "{}", ran.all());
        for words in [
            "nothing is shared with this connection",
            "••• > Connections",
        ] {
            assert!(ran.stderr.contains(words), "{}", ran.stderr);
        }
        assert!(!ran.stdout.contains("is complete"), "{}", ran.stdout);
    }
    let at = Program::new();
    let (fake, _) = pages(0);
    let messages = dump(&at, &fake, "--json").messages();
    let summary = messages.last().unwrap();
    assert_eq!(
        (&summary["code"], &summary["complete"]),
        (&3.into(), &false.into())
    );
    let problem = summary["problems"][0].as_str().unwrap();
    assert!(problem.contains("nothing is shared"), "{problem}");
}

#[test]
fn pages_that_cannot_be_read_are_not_taken_for_pages_that_are_not_shared() {
    use crate::support::fake_notion::{Fault, What};

    let at = Program::new();
    let (fake, pages) = pages(1);
    let path = format!("/v1/blocks/{}/children", pages[0]);
    fake.faults()
        .push(Fault::on("GET", &path, What::status(400)).times(1000));
    let ran = dump(&at, &fake, "");
    assert!(!ran.all().contains("nothing is shared"), "{}", ran.all());
}

#[test]
fn when_everything_is_gone_nothing_is_saved_unless_that_is_asked_for() {
    let at = Program::new();
    let (fake, pages) = pages(3);
    assert_eq!(dump(&at, &fake, "").code, 0);
    trash(&fake, &pages);
    for more in ["", "--max-shrink 99", "--quiet"] {
        let ran = dump(&at, &fake, more);
        assert_eq!(ran.code, 22, "{more}: {}", ran.all());
        assert_eq!(snapshots(&at).len(), 1, "{more}");
    }
    let ran = dump(&at, &fake, "");
    for words in [
        "nothing is shared with this connection",
        "3 pages",
        "--max-shrink 100",
        "••• > Connections",
    ] {
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    let ran = dump(&at, &fake, "--max-shrink 100");
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert_eq!(snapshots(&at).len(), 2);
    // It was accepted, so the next one has nothing to lose.
    assert_eq!(dump(&at, &fake, "").code, 3);
}

#[test]
fn a_shrunk_snapshot_is_not_the_measure_of_the_next() {
    let at = Program::new();
    let (fake, pages) = pages(10);
    assert_eq!(dump(&at, &fake, "").code, 0);
    trash(&fake, &pages);
    assert_eq!(dump(&at, &fake, "--max-shrink 100").code, 3);
    fake.edit(|workspace| {
        for page in &pages[..4] {
            workspace.set_trashed(*page, false);
        }
    });
    // Four of ten: more than half is gone, though the last snapshot was empty.
    let ran = dump(&at, &fake, "--max-shrink 50");
    assert_eq!(ran.code, 22, "{}", ran.all());
    assert!(
        ran.stderr
            .contains("4 pages and databases are left of the 10"),
        "{}",
        ran.stderr
    );
    let first = snapshots(&at).remove(0);
    assert!(ran.stderr.contains(&first), "{}", ran.stderr);
    assert_eq!(dump(&at, &fake, "--max-shrink 60").code, 0);
}

#[test]
fn forget_keeps_the_last_complete_snapshot_with_pages() {
    let at = Program::new();
    let (fake, pages) = pages(2);
    assert_eq!(dump(&at, &fake, "").code, 0);
    trash(&fake, &pages);
    for _ in 0..3 {
        assert_eq!(dump(&at, &fake, "--max-shrink 100 --full").code, 3);
    }
    let all = snapshots(&at);
    assert_eq!(all.len(), 4);
    let forget = |line: &str| at.run(&format!("-r {REPO} forget {line}"));
    let ran = forget("--keep-last 1");
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(snapshots(&at), [all[0].clone(), all[3].clone()]);
    let ran = forget(&all[0]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(
        ran.stderr.contains("last complete one with pages"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("--unsafe-allow-remove-all"),
        "{}",
        ran.stderr
    );
    assert_eq!(forget(&all[3]).code, 0);
    assert_eq!(snapshots(&at), [all[0].clone()]);
    assert_eq!(
        forget(&format!("--unsafe-allow-remove-all {}", all[0])).code,
        0
    );
}

#[test]
fn the_summary_counts_what_is_gone() {
    let at = Program::new();
    let (fake, pages) = pages(5);
    let first = dump(&at, &fake, "");
    assert!(!first.stdout.contains("\ngone "), "{}", first.stdout);
    let id = snapshots(&at).remove(0);
    let none = dump(&at, &fake, "").stdout;
    let line = format!("gone         none of the 5 pages, rows and databases in snapshot {id}");
    assert!(none.contains(&line), "{none}");
    trash(&fake, &pages[..2]);
    let messages = dump(&at, &fake, "--json").messages();
    let gone = &messages.last().unwrap()["gone"];
    assert_eq!((&gone["before"], &gone["gone"]), (&5.into(), &2.into()));
    assert_eq!(gone["since"], snapshots(&at)[1]);
}

#[test]
fn a_new_repository_is_told_and_only_asked_for_ones_are_made() {
    let (fake, _) = pages(1);
    for more in ["", "--quiet", "--json"] {
        let at = Program::new();
        let ran = dump(&at, &fake, more);
        assert_eq!(ran.code, 0, "{}", ran.all());
        let told = format!("created a new repository at {REPO}\n");
        assert!(ran.stderr.contains(&told), "{more}: {}", ran.stderr);
        let again = dump(&at, &fake, more);
        assert!(
            !again.stderr.contains("created"),
            "{more}: {}",
            again.stderr
        );
    }
    let at = Program::new();
    let ran = dump(&at, &fake, "--existing");
    assert_eq!(ran.code, 10, "{}", ran.all());
    at.configure("[dump]\nexisting = true\n");
    assert_eq!(dump(&at, &fake, "").code, 10);
    assert!(!at.home().join(REPO).exists());
    at.configure("");
    assert_eq!(dump(&at, &fake, "").code, 0);
    assert_eq!(dump(&at, &fake, "--existing").code, 0);
}

#[test]
fn folders_above_a_repository_are_not_made() {
    let (fake, _) = pages(1);
    let at = Program::new();
    std::fs::create_dir(at.home().join("tree")).unwrap();
    for line in [
        "dump -r mnt/disk/backups",
        "restore --root-id 0123abcd456789ef0123456789abcdef --from-dir tree -r mnt/disk/backups",
    ] {
        let ran = program(&at, &fake, line);
        assert_eq!(ran.code, 10, "{line}: {}", ran.all());
        assert!(ran.stderr.contains("does not exist"), "{}", ran.stderr);
        assert!(ran.stderr.contains("mkdir -p"), "{}", ran.stderr);
        assert!(!at.home().join("mnt").exists(), "{line}");
    }
    assert!(fake.requests().is_empty(), "nothing was asked");
    // One level is made, also where the path ends with a slash.
    assert_eq!(program(&at, &fake, "dump -r new/").code, 0);
}

#[test]
fn an_undo_makes_no_repository() {
    let (fake, _) = pages(1);
    let at = Program::new();
    let ran = program(&at, &fake, "restore undo restore-20260101T000000Z-01234567");
    assert_eq!(ran.code, 10, "{}", ran.all());
    assert!(!at.home().join(".local").exists());
}

#[test]
fn what_is_left_out_on_purpose_is_told_everywhere() {
    let mut workspace = Workspace::new(1);
    let root = workspace.page(Parent::Workspace, "Root");
    workspace.paragraph(root, "hello");
    let other = workspace.page(Parent::Workspace, "Target");
    let fake = FakeNotion::start(workspace);
    for (options, short, words, what) in [
        ("--no-files", "without attachments", "--no-files", "files"),
        (
            "--max-file-size 20M",
            "without large attachments",
            "20.00 MiB",
            "large_files",
        ),
        (
            "--comments none",
            "without comments",
            "--comments none",
            "comments",
        ),
        (&format!("--root {root}"), "(only ", "--root", "other_pages"),
    ] {
        let at = Program::new();
        let ran = dump(&at, &fake, options);
        assert_eq!(ran.code, 0, "{}", ran.all());
        let line = ran.stdout.lines().find(|line| line.starts_with("left out"));
        assert!(
            line.is_some_and(|line| line.contains(words)),
            "{}",
            ran.stdout
        );
        assert!(
            ran.stdout.contains("is complete but for what was left out"),
            "{}",
            ran.stdout
        );

        let listed = at.run(&format!("-r {REPO} snapshots"));
        assert!(listed.stdout.contains(short), "{}", listed.stdout);
        let messages = at.run(&format!("-r {REPO} snapshots --json")).messages();
        assert_eq!(messages[0]["left_out"][0]["what"], what, "{messages:?}");

        let id = messages[0]["id"].as_str().unwrap();
        let file = at.home().join(format!("{REPO}/snapshots/{id}.json"));
        let file: serde_json::Value =
            serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let said = match what {
            "files" => file["options"]["files"] == false,
            "large_files" => file["options"]["max_file_size"] == 20 * 1024 * 1024,
            "comments" => file["options"]["comments"] == "none",
            _ => file["source"]["roots"][0] == root.to_string(),
        };
        assert!(said, "{file}");

        let restored = format!("restore -r {REPO} --root-id {other} --only {root} --dry-run");
        let ran = program(&at, &fake, &restored);
        assert_eq!(ran.code, 0, "{}", ran.all());
        assert!(
            ran.stderr.contains("note: the snapshot was made without "),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
        let ran = program(&at, &fake, &format!("{restored} --json"));
        let messages = ran.messages();
        let lacks = messages.last().unwrap()["lacks"].to_string();
        assert!(lacks.contains(words), "{lacks}");
    }
    // Nothing is said where nothing was left out.
    let at = Program::new();
    let ran = dump(&at, &fake, "");
    assert!(!ran.stdout.contains("left out"), "{}", ran.stdout);
}

#[test]
fn attachments_that_were_left_out_are_counted_from_dump_to_dump() {
    let fake = FakeNotion::start(Workspace::everything(3));
    let at = Program::new();
    let count = |ran: &Ran| {
        let messages = ran.messages();
        messages.last().unwrap()["left_out"][0]["count"]
            .as_u64()
            .unwrap()
    };
    let first = count(&dump(&at, &fake, "--no-files --json"));
    assert!(first > 3, "{first}");
    assert_eq!(count(&dump(&at, &fake, "--no-files --json")), first);
    // Of one byte each file is too large; those that cannot be had are not left out.
    let other = Program::new();
    let large = count(&dump(&other, &fake, "--max-file-size 1B --json"));
    assert!((1..=first).contains(&large), "{large} of {first}");
}

#[test]
fn a_size_needs_a_unit() {
    let at = Program::new();
    let (fake, _) = pages(1);
    for size in ["20", "1.5", "1000000"] {
        let ran = dump(&at, &fake, &format!("--max-file-size {size}"));
        assert_eq!(ran.code, 2, "{size}: {}", ran.all());
        assert!(ran.stderr.contains("no unit"), "{size}: {}", ran.stderr);
    }
    at.configure("[dump]\nmax-file-size = 20\n");
    let ran = dump(&at, &fake, "");
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("no unit"), "{}", ran.stderr);
}

#[test]
fn a_personal_token_that_cannot_list_people_is_no_news_every_night() {
    let at = Program::new();
    let (fake, _) = pages(1);
    fake.set(|switches| switches.capabilities.personal = true);
    let first = dump(&at, &fake, "");
    assert_eq!(first.code, 0, "{}", first.all());
    assert!(!first.all().contains("cannot be listed"), "{}", first.all());
    let ran = dump(&at, &fake, "--quiet");
    assert_eq!((ran.code, ran.all().as_str()), (0, ""));
    // A capability that somebody can switch on is told.
    fake.set(|switches| {
        switches.capabilities.personal = false;
        switches.capabilities.users = false;
    });
    let ran = dump(&at, &fake, "--full");
    assert!(ran.stderr.contains("cannot be listed"), "{}", ran.stderr);
}

#[test]
fn a_configuration_that_cannot_be_read_is_a_warning_where_it_is_not_needed() {
    let at = Program::new();
    let (fake, _) = pages(1);
    // A folder in its place cannot be read by anybody, not even by root.
    let place = at.home().join("xdg/notion-backup/config.toml");
    std::fs::create_dir_all(&place).unwrap();
    let ran = dump(&at, &fake, "");
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(
        ran.stderr
            .contains("warning: cannot read the configuration file"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("config.toml"), "{}", ran.stderr);
    // Without a repository it is needed, and the error is about the file.
    let ran = program(&at, &fake, "dump");
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(
        ran.stderr
            .contains("error: cannot read the configuration file"),
        "{}",
        ran.stderr
    );
    let ran = at.run(&format!("dump -r {REPO}"));
    assert_eq!(ran.code, 2, "{}", ran.all());
    // One that was named must be readable.
    let ran = dump(&at, &fake, &format!("--config {}", place.display()));
    assert_eq!(ran.code, 2, "{}", ran.all());
    // What is wrong in a file that can be read stays an error.
    std::fs::remove_dir(&place).unwrap();
    at.configure("colour = 1\n");
    assert_eq!(dump(&at, &fake, "").code, 2);
}

#[test]
fn quotation_marks_around_a_token_are_named() {
    let at = Program::new();
    for token in ["\"ntn_x\"", "'ntn_x'", "\u{201c}ntn_x\u{201d}"] {
        let mut command = at.command();
        let ran = Ran::from(command.args(["dump", "-r", REPO, "--token", token]));
        assert_eq!(ran.code, 20, "{}", ran.all());
        assert!(ran.stderr.contains("quotation marks"), "{}", ran.stderr);
    }
}

//! `restore` as its user meets it: what goes wrong is told, with a code and with advice.

mod endings;

use notion_backup::model::NotionId;
use serde_json::{Value, json};

use crate::program::{Program, Ran};
use crate::restore_trial::small;
use crate::support::compare::{Expect, compare};
use crate::support::fake_notion::{Fault, What};
use crate::support::workspace::model::Parent;
use crate::support::{FakeNotion, Workspace};

/// A dumped workspace, and the page to restore it below.
struct Desk {
    program: Program,
    fake: FakeNotion,
    original: Workspace,
    root: NotionId,
}

impl Desk {
    fn new() -> Desk {
        let mut ws = small();
        let now = jiff::Timestamp::now().as_millisecond();
        ws.rest_until(now);
        let original = ws.clone();
        let program = Program::new();
        let fake = FakeNotion::start(ws);
        let root = fake.edit(|ws| {
            ws.now = now;
            let root = ws.page(Parent::Workspace, "Restored \u{1b}[31mhere");
            ws.set_shared(root, Some(false));
            root
        });
        let desk = Desk {
            program,
            fake,
            original,
            root,
        };
        let ran = desk.run("dump --comments blocks");
        assert_eq!(ran.code, 0, "{}", ran.all());
        desk.fake.edit(|ws| ws.set_shared(root, None));
        desk.fake.clear_requests();
        desk
    }

    fn run(&self, line: &str) -> Ran {
        let line = line.replace("ROOT", &self.root.to_string());
        let mut command = self.program.command();
        command
            .env("NOTION_API_TOKEN", self.fake.token())
            .env("NOTION_API_URL", self.fake.url())
            .env("NOTION_BACKUP_REPO", "backups")
            .args(line.split_whitespace());
        Ran::from(&mut command)
    }

    /// A command that must end with this code, this message and this hint, and write nothing.
    fn refused(&self, line: &str, code: i32, message: &str, hint: &str) {
        self.fake.clear_requests();
        let ran = self.run(line);
        assert_eq!(ran.code, code, "{line}: {}", ran.all());
        let said = &ran.stderr;
        assert!(said.contains(message), "{line}: {message}: {said}");
        assert!(
            said.contains("hint: ") && said.contains(hint),
            "{line}: {hint}: {said}"
        );
        let writes = self.fake.requests();
        let mut writes = writes.iter().filter(|it| it.method != "GET");
        assert!(writes.next().is_none(), "{line}: something was written");
    }

    /// Damages the snapshot: the page with this title is in it no more.
    fn damaged(&self, title: &str) -> NotionId {
        let page = self.fake.look(|ws| {
            let mut pages = ws.pages.values();
            pages.find(|page| page.title == title).unwrap().id
        });
        let ran = self.run(&format!("cat latest {page}"));
        let object = notion_backup::repo::ObjectId::of(ran.stdout.as_bytes()).to_string();
        let objects = self.program.home().join("backups/objects");
        std::fs::remove_file(objects.join(format!("{}/{object}.zst", &object[..2]))).unwrap();
        page
    }

    fn assert_restored(&self) {
        let restored = self.fake.look(Workspace::clone);
        let mut found = compare(&self.original, &restored, self.root, &Expect::restored());
        found.retain(|it| !it.weak);
        assert!(found.is_empty(), "{found:#?}");
    }

    fn journals(&self) -> Vec<String> {
        let folder = self.program.home().join("backups/state");
        let names = std::fs::read_dir(folder).unwrap();
        let names = names.map(|it| it.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("restore-")).collect()
    }
}

#[test]
fn what_a_damaged_snapshot_still_has_comes_back_and_the_rest_is_named() {
    let desk = Desk::new();
    let below = desk.damaged("Below");
    let ran = desk.run("restore --root-id ROOT --json");
    assert_eq!(ran.code, 23, "{}", ran.all());
    let messages = ran.messages();
    let below = below.to_string();
    let named = messages.iter().any(|it| {
        it["message_type"] == "loss" && it["degree"] == "missing" && it["id"] == below.as_str()
    });
    assert!(named, "{messages:#?}");
    let restored = desk.fake.look(Workspace::clone);
    let differences = compare(&desk.original, &restored, desk.root, &Expect::restored());
    let other: Vec<_> = differences
        .iter()
        .filter(|it| !it.weak && !it.to_string().contains("Below"))
        .collect();
    assert!(!differences.is_empty() && other.is_empty(), "{other:#?}");
}

#[test]
fn a_page_to_restore_below_that_will_not_do_is_refused() {
    let desk = Desk::new();
    let (home, database, block, gone, hidden) = desk.fake.edit(|ws| {
        let page = |ws: &Workspace, title: &str| {
            ws.pages.values().find(|it| it.title == title).unwrap().id
        };
        let home = page(ws, "Home");
        let (database, _) = ws.database(Parent::Workspace, "new", vec![]);
        let block = ws.paragraph(home, "new");
        let gone = ws.page(Parent::Workspace, "gone");
        ws.set_trashed(gone, true);
        let hidden = ws.page(Parent::Workspace, "hidden");
        ws.set_shared(hidden, Some(false));
        (home, database, block, gone, hidden)
    });
    let nobody = "00000000000000000000000000000001";
    for (id, code, message, hint) in [
        (
            format!("{home} --only {home}"),
            2,
            "is itself part of what is to be restored",
            "make a new one",
        ),
        (
            database.to_string(),
            1,
            "is a database, not a page",
            "id or the link of a page",
        ),
        (
            block.to_string(),
            1,
            "is a block, not a page",
            "id or the link of a page",
        ),
        (
            gone.to_string(),
            1,
            "is in the trash",
            "id or the link of a page",
        ),
        (
            hidden.to_string(),
            1,
            "does not exist or is not shared",
            "Connections",
        ),
        (
            nobody.to_owned(),
            1,
            "does not exist or is not shared",
            "Connections",
        ),
    ] {
        for more in ["", " --dry-run"] {
            desk.refused(
                &format!("restore --root-id {id}{more}"),
                code,
                message,
                hint,
            );
        }
    }
    let ran = desk.run("restore");
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("--root-id"), "{}", ran.stderr);
    assert_eq!(desk.journals(), [""; 0]);
}

#[test]
fn what_is_not_there_to_be_restored_is_refused() {
    let desk = Desk::new();
    let empty = desk.program.home().join("empty");
    std::fs::create_dir(&empty).unwrap();
    for (line, message, hint) in [
        (
            "restore --root-id ROOT --resume",
            "no unfinished restore",
            "without --resume",
        ),
        (
            "restore --root-id ROOT --only 00000000000000000000000000000001",
            "nothing in the backup is",
            "ls --recursive",
        ),
        (
            "restore --root-id ROOT --only nonsense",
            "nothing in the backup is",
            "ls --recursive",
        ),
        ("restore --root-id ROOT 1234", "1234", "`snapshots` lists"),
        (
            "restore --root-id ROOT --from-dir empty",
            "no page and no database",
            "extract",
        ),
        (
            "restore undo restore-1",
            "no restore with the journal",
            "state/restore-",
        ),
    ] {
        desk.refused(line, 1, message, hint);
    }
    let ran = desk.run("restore --root-id ROOT --from-dir missing");
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stderr.contains("missing"), "{}", ran.stderr);
}

#[test]
fn a_token_that_may_not_write_is_told_what_it_lacks() {
    let desk = Desk::new();
    desk.fake.set(|it| it.capabilities.insert_content = false);
    let ran = desk.run("restore --root-id ROOT");
    assert_eq!(ran.code, 20, "{}", ran.all());
    assert!(ran.stderr.contains("\"Insert content\""), "{}", ran.stderr);
    assert!(ran.stderr.contains("--resume"), "{}", ran.stderr);
    desk.fake.set(|it| {
        it.capabilities.insert_content = true;
        it.capabilities.update_content = false;
    });
    let ran = desk.run("restore --root-id ROOT --resume");
    assert_eq!(ran.code, 20, "{}", ran.all());
    assert!(ran.stderr.contains("\"Update content\""), "{}", ran.stderr);
    let ran = desk.run(&format!("restore undo {}", desk.journals()[0]));
    assert_eq!(ran.code, 20, "{}", ran.all());
    assert!(ran.stderr.contains("\"Update content\""), "{}", ran.stderr);
    desk.fake.set(|it| it.capabilities.update_content = true);
    let ran = desk.run("restore --root-id ROOT --resume");
    assert_eq!(ran.code, 0, "{}", ran.all());
    desk.assert_restored();
}

#[test]
fn comments_that_may_not_be_written_are_one_loss() {
    let desk = Desk::new();
    desk.fake.set(|it| it.capabilities.insert_comments = false);
    let ran = desk.run("restore --root-id ROOT --json --jobs 1");
    assert_eq!(ran.code, 23, "{}", ran.all());
    let losses: Vec<Value> = ran.messages();
    let losses: Vec<_> = losses
        .iter()
        .filter(|it| it["message_type"] == "loss" && it["degree"] != "detail")
        .collect();
    assert_eq!(losses.len(), 1, "{losses:?}");
    assert_eq!(losses[0]["what"], "3 comments");
    let why = losses[0]["why"].as_str().unwrap();
    assert!(why.contains("insert comment"), "{why}");
    assert_eq!(desk.fake.count("POST /v1/comments"), 1);
}

#[test]
fn a_full_workspace_ends_it_and_it_goes_on_when_there_is_room() {
    let desk = Desk::new();
    let full = Fault::on("POST", "/v1/pages", What::block_limit()).after(3);
    desk.fake.faults().push(full.times(usize::MAX));
    let ran = desk.run("restore --root-id ROOT --json");
    assert_eq!(ran.code, 21, "{}", ran.all());
    let summary = ran.messages().pop().unwrap();
    assert_eq!(summary["complete"], json!(false));
    assert!(summary["why"].as_str().unwrap().contains("block limit"));
    let ran = desk.run("restore --root-id ROOT");
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stderr.contains("is not finished"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--resume"), "{}", ran.stderr);
    let ran = desk.run("restore --root-id ROOT --resume");
    assert_eq!(ran.code, 21, "{}", ran.all());
    assert!(
        ran.stderr.contains("stopped before the end, after "),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("Free plan"), "{}", ran.stderr);
    desk.fake.faults().clear();
    let ran = desk.run("-r ./backups restore --root-id ROOT --resume");
    assert_eq!(ran.code, 0, "{}", ran.all());
    desk.assert_restored();
    desk.refused(
        "restore --root-id ROOT --resume",
        1,
        "no unfinished restore",
        "without",
    );
    // All that was made goes, by the name that was told.
    let line = ran
        .stdout
        .lines()
        .find(|line| line.starts_with("undo "))
        .unwrap();
    let undo = line.split_once("notion-backup ").unwrap().1;
    assert!(undo.starts_with("-r ./backups "), "as it was named: {undo}");
    let ran = desk.run(undo);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stdout.contains("2 top-level objects"), "{}", ran.stdout);
    let left = desk.fake.look(|ws| {
        let root = desk.root.to_string().parse().unwrap();
        ws.visible_children(root).unwrap().len()
    });
    assert_eq!(left, 0);
}

#[test]
fn a_token_that_is_revoked_on_the_way_is_no_loss() {
    let desk = Desk::new();
    let revoked = Fault::on("*", "*", What::status(401)).after(12);
    desk.fake.faults().push(revoked.times(usize::MAX));
    let ran = desk.run("restore --root-id ROOT");
    assert_eq!(ran.code, 20, "{}", ran.all());
    assert!(
        ran.stderr.contains("copy the token again"),
        "{}",
        ran.stderr
    );
    desk.fake.faults().clear();
    let ran = desk.run("restore --root-id ROOT --resume --deadline 1h");
    assert_eq!(ran.code, 0, "{}", ran.all());
    desk.assert_restored();
}

#[test]
fn a_dry_run_tells_and_writes_nothing() {
    let desk = Desk::new();
    let ran = desk.run("restore --root-id ROOT --dry-run --requests-per-minute 60");
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(
        ran.stdout.contains("at 60 requests a minute"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("3 pages"), "{}", ran.stdout);
    assert!(!ran.all().contains('\u{1b}'), "titles are made safe");
    assert_eq!(desk.fake.count("POST") + desk.fake.count("PATCH"), 0);
    assert_eq!(desk.journals(), [""; 0]);
    let ran = desk.run("restore --root-id ROOT --dry-run --json");
    let summary = ran.messages().pop().unwrap();
    assert_eq!(summary["totals"]["pages"], 3);
    assert_eq!(summary["requests_per_minute"], 180);
}

#[test]
fn the_token_is_in_no_journal_and_in_no_output() {
    let desk = Desk::new();
    let ran = desk.run("restore --root-id ROOT -vvv");
    assert_eq!(ran.code, 0, "{}", ran.all());
    let secret = desk.fake.token();
    assert!(!ran.all().contains(secret));
    let folder = desk
        .program
        .home()
        .join("backups/state")
        .join(&desk.journals()[0]);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let content = String::from_utf8(std::fs::read(&path).unwrap()).unwrap();
        assert!(!content.contains(secret), "{}", path.display());
        names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
    }
    names.sort();
    assert_eq!(names, ["done.jsonl", "lock", "plan.jsonl", "report.json"]);
}

#[cfg(unix)]
#[test]
fn killed_at_random_it_goes_on() {
    use crate::support::workspace::ids::Chance;
    use std::process::{Command, Stdio};
    use std::time::Duration;

    let mut chance = Chance::new(11);
    let mut killed = 0;
    for _ in 0..3 {
        let desk = Desk::new();
        let after = 4 + chance.below(36);
        for resume in [None, Some("--resume")] {
            let mut command = Command::new(assert_cmd::cargo::cargo_bin!("notion-backup"));
            command
                .args(["restore", "--quiet", "--root-id", &desk.root.to_string()])
                .args(resume)
                .env("NOTION_API_TOKEN", desk.fake.token())
                .env("NOTION_API_URL", desk.fake.url())
                .env("NOTION_BACKUP_REPO", "backups")
                .env("XDG_CONFIG_HOME", desk.program.home())
                .current_dir(desk.program.home())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            desk.fake.clear_requests();
            desk.fake.faults().stall_after(after as usize);
            let mut child = command.spawn().unwrap();
            while desk.fake.count("") < after && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_micros(200));
            }
            child.kill().unwrap();
            killed += usize::from(child.wait().unwrap().code().is_none());
            desk.fake.faults().clear();
        }
        let ran = desk.run("restore --root-id ROOT --resume");
        let ran = match ran.stderr.contains("no unfinished restore") {
            // Killed before the first write, or ended before the kill.
            true if desk.fake.look(|ws| {
                let root = desk.root.to_string().parse().unwrap();
                ws.visible_children(root).unwrap().is_empty()
            }) =>
            {
                desk.run("restore --root-id ROOT")
            }
            _ => ran,
        };
        assert!(
            ran.code == 0 || ran.stderr.contains("no unfinished"),
            "{}",
            ran.all()
        );
        desk.assert_restored();
    }
    assert!(killed >= 4, "only {killed} of 6 were killed");
}

//! Restores to Notion, judged element by element, and the ways from and to this program.

use std::path::Path;

use notion_backup::model::NotionId;

use super::Plakar;
use super::backups::extract;
use crate::program::{Program, Ran};
use crate::restorer::{foreign, scratch};
use crate::support::compare::{Expect, assert_same};
use crate::support::{FakeNotion, Workspace};

/// Restores; Plakar says by its exit code, and in one line, that Notion does not take
/// everything.
fn restore(plakar: &Plakar, target: &FakeNotion, what: &str) -> NotionId {
    let root = scratch(target);
    let to = format!("notion://{root}");
    let token = format!("token={}", target.token());
    let url = format!("api_url={}", target.url());
    let line = ["restore", "-to", &to, "-o", &token, "-o", &url, what];
    let store = plakar.path("k");
    let ran = plakar.run(&[&["at", &store], &line[..]].concat());
    let whole = !ran.stdout.contains("plakar: ");
    assert_eq!(ran.code == 0, whole, "{}", ran.all());
    assert_eq!(target.violations(), Vec::<String>::new());
    root
}

fn judge(original: &Workspace, target: &FakeNotion, root: NotionId, expect: &Expect) {
    assert_same(original, &target.look(Workspace::clone), root, expect);
}

#[test]
fn everything_comes_back_and_undo_takes_it_away() {
    let original = Workspace::everything(1);
    let fake = FakeNotion::start(original.clone());
    let Some(plakar) = Plakar::new(&fake) else {
        return;
    };
    let id = plakar.backup(&["@ws"]);
    // The page to restore below must not be in the snapshot.
    let root = scratch(&fake);
    plakar.names("destination", "target", &[&format!("rootID={root}")]);
    let said = plakar.refuses(&["restore", "-to", "@target", &id]);
    assert!(said.contains("5 could not be restored, the first: property 'Verification'"));
    judge(&original, &fake, root, &Expect::restored());

    let journals = plakar.path("x/notion-backup/plakar/restores");
    let report = said.split("the report is ").nth(1).unwrap();
    let report = report.lines().next().unwrap();
    assert!(Path::new(report).is_file(), "{report}");
    let name = report.split('/').rev().nth(1).unwrap();
    let program = Program::new();
    let mut undo = program.command();
    undo.args(["-r", &journals, "restore", "undo", name])
        .env("NOTION_API_TOKEN", fake.token())
        .env("NOTION_API_URL", fake.url());
    let ran = Ran::from(&mut undo);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let left = fake.look(|ws| ws.visible_children(root));
    assert_eq!(left, Some(Vec::new()));
}

#[test]
fn everything_comes_back_in_another_workspace_also_in_part() {
    let original = Workspace::everything(1);
    let fake = FakeNotion::start(original.clone());
    let Some(plakar) = Plakar::new(&fake) else {
        return;
    };
    let id = plakar.backup(&["@ws"]);
    let elsewhere = || FakeNotion::start(foreign(&original, 4711));
    let target = elsewhere();
    let root = restore(&plakar, &target, &id);
    judge(&original, &target, root, &Expect::restored());

    let part = original.get("awkward");
    let listed = plakar.at(&["ls", "-recursive", &format!("{id}:/")]);
    let mut paths = listed.split_whitespace();
    let end = format!("{part}/page.json");
    let path = paths.find(|it| it.ends_with(&end)).expect("it is there");
    let path = path.trim_end_matches("/page.json").trim_start_matches('/');
    // Of a part, people are known by their ids alone.
    let root = restore(&plakar, &fake, &format!("{id}:/{path}"));
    judge(&original, &fake, root, &Expect::restored().only(&[part]));
}

#[test]
fn the_page_to_restore_below_may_be_in_the_snapshot() {
    let original = Workspace::plain(3, 2);
    let fake = FakeNotion::start(original.clone());
    let Some(plakar) = Plakar::new(&fake) else {
        return;
    };
    let root = scratch(&fake);
    let id = plakar.backup(&["@ws"]);
    plakar.names("destination", "target", &[&format!("rootID={root}")]);
    let store = plakar.path("k");
    let ran = plakar.run(&["at", &store, "restore", "-to", "@target", &id]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    judge(&original, &fake, root, &Expect::restored());
}

#[test]
fn a_dump_comes_back_by_way_of_plakar() {
    let original = Workspace::everything(1);
    let fake = FakeNotion::start(original.clone());
    let Some(plakar) = Plakar::new(&fake) else {
        return;
    };
    let program = Program::new();
    let folder = program.home().join("extracted");
    extract(&program, &fake, &folder);
    let id = plakar.backup(&[&format!("fs:{}", folder.display())]);
    assert_eq!(plakar.content(&id), super::content(&folder));
    let target = FakeNotion::start(foreign(&original, 4711));
    let root = restore(&plakar, &target, &id);
    judge(&original, &target, root, &Expect::restored());
}

#[test]
fn a_folder_that_plakar_restored_is_restored_to_notion_without_it() {
    let original = Workspace::everything(1);
    let fake = FakeNotion::start(original.clone());
    let Some(plakar) = Plakar::new(&fake) else {
        return;
    };
    let id = plakar.backup(&["@ws"]);
    let folder = plakar.path("out");
    plakar.at(&["restore", "-to", &folder, &id]);
    let target = FakeNotion::start(foreign(&original, 4711));
    let root = scratch(&target);
    let program = Program::new();
    let mut restore = program.command();
    restore
        .args(["restore", "--from-dir", &folder, "--root-id"])
        .arg(root.to_string())
        .env("NOTION_API_TOKEN", target.token())
        .env("NOTION_API_URL", target.url());
    let ran = Ran::from(&mut restore);
    // Not everything can be made by the API.
    assert_eq!(ran.code, 23, "{}", ran.all());
    judge(&original, &target, root, &Expect::restored());
}

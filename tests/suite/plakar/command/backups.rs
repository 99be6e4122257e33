//! Backups: what is in them, and what they cost.

use std::path::Path;

use serde_json::Value;

use super::{Plakar, bodies, content};
use crate::program::{Program, Ran};
use crate::support::{FakeNotion, Workspace};

fn workspace() -> FakeNotion {
    FakeNotion::start(Workspace::everything(1))
}

/// Dumps without Plakar, and writes the snapshot to a folder.
pub(super) fn extract(program: &Program, fake: &FakeNotion, folder: &Path) {
    let mut dump = program.command();
    dump.args(["-r", "repo", "dump", "--comments", "blocks"])
        .env("NOTION_API_TOKEN", fake.token())
        .env("NOTION_API_URL", fake.url());
    let ran = Ran::from(&mut dump);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let ran = program.run(&format!("-r repo extract latest {}", folder.display()));
    assert_eq!(ran.code, 0, "{}", ran.all());
}

#[test]
fn a_snapshot_is_what_a_dump_is_and_can_be_looked_into() {
    let fake = workspace();
    let Some(plakar) = Plakar::new(&fake) else {
        return;
    };
    let program = Program::new();
    let folder = program.home().join("extracted");
    extract(&program, &fake, &folder);
    let wanted = content(&folder);
    let id = plakar.backup(&["@ws"]);
    assert_eq!(plakar.content(&id), wanted);
    let home = fake.look(|ws| ws.get("home")).to_string();
    let listed = plakar.at(&["ls", &format!("{id}:/")]);
    assert!(listed.contains(&home), "{listed}");
    let list = plakar.at(&["cat", &format!("{id}:/content.json")]);
    assert_eq!(list.as_bytes(), wanted["content.json"]);
    let page = plakar.at(&["cat", &format!("{id}:/{home}/page.json")]);
    let page: Value = serde_json::from_str(&page).unwrap();
    assert_eq!(page["id"], home);
}

#[test]
fn what_did_not_change_is_not_read_again_unless_the_cache_is_off() {
    let fake = workspace();
    let Some(plakar) = Plakar::new(&fake) else {
        return;
    };
    let first = plakar.content(&plakar.backup(&["@ws"]));
    let all = bodies(&fake);
    assert!(all > 100, "{all}");

    fake.clear_requests();
    assert_eq!(plakar.content(&plakar.backup(&["@ws"])), first);
    let counts = fake.counts();
    assert_eq!(bodies(&fake), 0, "{counts:?}");
    assert_eq!(fake.count("GET /v1/comments"), 0, "{counts:?}");

    fake.clear_requests();
    let id = plakar.backup(&["-o", "cache=off", "@ws"]);
    assert_eq!(plakar.content(&id), first);
    assert_eq!(bodies(&fake), all);

    // Plakar's own memory is no part of it.
    fake.clear_requests();
    let id = plakar.backup(&["-cache", "no", "@ws"]);
    assert_eq!(plakar.content(&id), first);
    assert_eq!(bodies(&fake), 0, "{:?}", fake.requests());
}

#[test]
fn one_edit_costs_the_page_that_it_is_on() {
    let fake = workspace();
    let Some(plakar) = Plakar::new(&fake) else {
        return;
    };
    let before = plakar.content(&plakar.backup(&["@ws"]));
    let home = fake.edit(|ws| {
        ws.advance_minutes(10);
        let paragraph = ws.get("a paragraph");
        ws.set_text(paragraph, "Welcome back.");
        ws.get("home")
    });
    fake.clear_requests();
    let after = plakar.content(&plakar.backup(&["@ws"]));
    let asked: Vec<_> = fake
        .requests()
        .into_iter()
        .filter(|it| it.path.ends_with("/children"))
        .collect();
    assert!(!asked.is_empty());
    for request in asked {
        let id = request.path.split('/').nth(3).unwrap().parse().unwrap();
        let page = fake.look(|ws| ws.page_of(id));
        assert_eq!(page, Some(home), "{}", request.path);
    }
    let changed: Vec<&String> = after
        .keys()
        .filter(|path| before.get(*path) != after.get(*path))
        .collect();
    let page = format!("{home}/page.json");
    assert_eq!(changed, [&page]);
    assert!(String::from_utf8_lossy(&after[&page]).contains("Welcome back."));
    assert_eq!(before.len(), after.len());
}

#[test]
fn it_does_not_matter_how_many_files_are_opened_at_once() {
    let fake = workspace();
    let Some(plakar) = Plakar::new(&fake) else {
        return;
    };
    let store = plakar.path("k");
    let mut contents = Vec::new();
    for number in ["1", "8"] {
        // Everything is opened, whatever was there before.
        let args = ["-concurrency", number, "at", &store, "backup"];
        let said = plakar.does(&[&args[..], &["-cache", "no", "@ws"]].concat());
        assert!(said.contains("backup completed without errors"), "{said}");
        let id = plakar.snapshots().remove(0);
        contents.push(plakar.content(&id));
    }
    assert_eq!(plakar.snapshots().len(), 2);
    assert!(contents[0].len() > 200 && contents[0] == contents[1]);
}

#[test]
fn an_encrypted_store_shows_nothing_and_gives_everything_back() {
    let fake = workspace();
    let Some(plakar) = Plakar::new(&fake) else {
        return;
    };
    let store = plakar.path("e");
    let run = |passphrase: &str, args: &[&str]| {
        let mut command = plakar.command(&[&["at", &store], args].concat());
        command.env("PLAKAR_PASSPHRASE", passphrase);
        Ran::from(&mut assert_cmd::Command::from_std(command))
    };
    let good = "Corr3ct horse, battery; staple!";
    for args in [&["create"][..], &["backup", "@ws"], &["ls"]] {
        let ran = run(good, args);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.all());
    }
    assert_eq!(run("Wr0ng horse, battery; staple!", &["ls"]).code, 77);
    let out = plakar.path("out");
    let id = run(good, &["ls"]).stdout;
    let id = id.split_whitespace().nth(1).unwrap().to_owned();
    run(good, &["restore", "-to", &out, &id]);
    let files = content(Path::new(&out));
    let plain = plakar.content(&plakar.backup(&["@ws"]));
    assert_eq!(files, plain);
}

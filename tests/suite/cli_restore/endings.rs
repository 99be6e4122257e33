//! How a restore ends: with nothing, with a part, or with everything.

use serde_json::{Value, json};

use super::Desk;
use crate::program::{Program, Ran};
use crate::support::fake_notion::{Fault, What};
use crate::support::workspace::model::Parent;
use crate::support::{FakeNotion, Workspace};

const NOTHING: &str = "nothing was restored";

/// Every request with this method and path is refused as invalid.
fn refuse(fake: &FakeNotion, method: &str, path: &str) {
    let fault = Fault::on(method, path, What::status(400));
    fake.faults().push(fault.times(usize::MAX));
}

fn summary(ran: &Ran) -> Value {
    let summary = ran.messages().pop().expect("a summary");
    assert_eq!(summary["message_type"], "summary", "{}", ran.all());
    assert_eq!(summary["code"], ran.code, "{}", ran.all());
    summary
}

/// What is below the page to restore below.
fn found(desk: &Desk) -> usize {
    let children = desk.fake.look(|ws| ws.visible_children(desk.root));
    children.unwrap().len()
}

/// Restores as people read it, then as programs do: each must say that nothing came back.
fn comes_to_nothing(desk: &Desk, line: &str) {
    let ran = desk.run(line);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stdout.contains(NOTHING), "{}", ran.all());
    assert!(!ran.stdout.contains("undo "), "{}", ran.all());
    let ran = desk.run(&format!("{line} --quiet"));
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stdout.contains(NOTHING), "{}", ran.all());
    let ran = desk.run(&format!("{line} --json"));
    assert_eq!(ran.code, 1, "{}", ran.all());
    let summary = summary(&ran);
    assert_eq!(summary["nothing"], true);
    assert_eq!(summary["complete"], true);
    let report = summary["report"].as_str().expect("a report");
    let report = std::fs::read(desk.program.home().join(report)).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["nothing"], true);
    assert_eq!(found(desk), 0);
}

#[test]
fn where_every_write_is_refused_nothing_was_restored() {
    let desk = Desk::new();
    // Files are uploaded, but nothing shows them: that is nothing for the user.
    refuse(&desk.fake, "POST", "/v1/pages");
    refuse(&desk.fake, "POST", "/v1/databases");
    comes_to_nothing(&desk, "restore --root-id ROOT");
    assert!(desk.fake.count("POST /v1/file_uploads") > 0);
}

#[test]
fn where_the_only_page_is_damaged_nothing_was_restored() {
    let desk = Desk::new();
    let page = desk.damaged("Locked");
    for more in ["", " --json"] {
        let ran = desk.run(&format!("restore --root-id ROOT --only {page}{more}"));
        assert_eq!(ran.code, 1, "{}", ran.all());
        assert!(ran.all().contains(NOTHING), "{}", ran.all());
        assert!(ran.all().contains("cannot be read"), "{}", ran.all());
        assert!(ran.all().contains(&page.to_string()), "{}", ran.all());
    }
    assert_eq!(found(&desk), 0);
}

#[test]
fn where_the_snapshot_has_the_target_page_alone_nothing_was_restored() {
    let mut ws = Workspace::new(5);
    let root = ws.page(Parent::Workspace, "Restored here");
    ws.rest_until(jiff::Timestamp::now().as_millisecond());
    let desk = Desk {
        program: Program::new(),
        original: ws.clone(),
        fake: FakeNotion::start(ws),
        root,
    };
    assert_eq!(desk.run("dump").code, 0);
    comes_to_nothing(&desk, "restore --root-id ROOT");
}

#[test]
fn where_the_snapshot_is_empty_nothing_was_restored() {
    let mut ws = Workspace::new(5);
    ws.rest_until(jiff::Timestamp::now().as_millisecond());
    let program = Program::new();
    let fake = FakeNotion::start(ws.clone());
    let mut desk = Desk {
        program,
        fake,
        original: ws,
        root: "00000000000000000000000000000001".parse().unwrap(),
    };
    let ran = desk.run("dump");
    assert_eq!(ran.code, 3, "{}", ran.all());
    desk.root = desk
        .fake
        .edit(|ws| ws.page(Parent::Workspace, "Restored here"));
    for more in ["", " --quiet", " --json"] {
        let ran = desk.run(&format!("restore --root-id ROOT{more}"));
        assert_eq!(ran.code, 1, "{}", ran.all());
        assert!(ran.all().contains(NOTHING), "{}", ran.all());
        assert!(
            ran.all().contains("no page and no database"),
            "{}",
            ran.all()
        );
    }
    assert_eq!(found(&desk), 0);
}

#[test]
fn where_something_came_back_but_not_all_the_code_is_23() {
    let desk = Desk::new();
    refuse(&desk.fake, "POST", "/v1/databases");
    let ran = desk.run("restore --root-id ROOT");
    assert_eq!(ran.code, 23, "{}", ran.all());
    assert!(ran.stdout.contains("but NOT all of it"), "{}", ran.all());
    assert!(!ran.all().contains(NOTHING), "{}", ran.all());
    assert!(found(&desk) > 0);
    let ran = desk.run("restore --root-id ROOT --json");
    assert_eq!(ran.code, 23, "{}", ran.all());
    assert_eq!(summary(&ran)["nothing"], false);
}

#[test]
fn where_all_came_back_the_code_is_0() {
    let desk = Desk::new();
    let ran = desk.run("restore --root-id ROOT --json");
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(summary(&ran)["nothing"], false);
    desk.assert_restored();
}

#[test]
fn an_early_end_keeps_its_code_and_says_whether_anything_is_there() {
    let desk = Desk::new();
    desk.fake.set(|it| it.capabilities.insert_content = false);
    let ran = desk.run("restore --root-id ROOT");
    assert_eq!(ran.code, 20, "{}", ran.all());
    assert!(
        ran.stderr.contains("nothing was restored so far"),
        "{}",
        ran.all()
    );
    let ran = desk.run("restore --root-id ROOT --resume --json");
    assert_eq!(ran.code, 20, "{}", ran.all());
    let told = summary(&ran);
    assert_eq!(told["nothing"], true);
    assert_eq!(told["complete"], false);
    desk.fake.set(|it| it.capabilities.insert_content = true);
    let full = Fault::on("POST", "/v1/pages", What::block_limit()).after(2);
    desk.fake.faults().push(full.times(usize::MAX));
    let ran = desk.run("restore --root-id ROOT --resume --json");
    assert_eq!(ran.code, 21, "{}", ran.all());
    assert_eq!(summary(&ran)["nothing"], json!(false));
    assert!(found(&desk) > 0);
    desk.fake.faults().clear();
    // What earlier runs made counts: this one alone makes the rest.
    let ran = desk.run("restore --root-id ROOT --resume --json");
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(summary(&ran)["nothing"], false);
    desk.assert_restored();
}

//! Backups in which something goes wrong.

use std::time::Duration;

use super::{Plakar, bodies};
use crate::support::fake_notion::{Fault, What};
use crate::support::workspace::model::Parent;
use crate::support::{FakeNotion, Workspace};

fn until(reached: impl Fn() -> bool) {
    for _ in 0..30_000 {
        if reached() {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("it never came to that");
}

#[test]
fn a_notion_that_is_busy_or_fails_for_a_while_changes_nothing() {
    let fake = FakeNotion::start(Workspace::plain(30, 2));
    let Some(plakar) = Plakar::new(&fake) else {
        return;
    };
    let calm = plakar.content(&plakar.backup(&["-o", "cache=off", "@ws"]));
    let trouble = [
        What::rate_limited(1),
        What::overloaded(1),
        What::status(500),
        What::status(503),
        What::HtmlBadGateway,
        What::HangUp,
    ];
    for (number, what) in trouble.into_iter().enumerate() {
        let fault = Fault::on("GET", "/v1/blocks/*/children", what);
        fake.faults().push(fault.after(4 * number));
    }
    let id = plakar.backup(&["-o", "cache=off", "@ws"]);
    assert_eq!(fake.faults().left(), 0);
    assert_eq!(plakar.content(&id), calm);
}

#[test]
fn a_page_that_is_withdrawn_meanwhile_is_an_error_where_it_would_be() {
    let fake = FakeNotion::start(Workspace::new(1));
    let (open, withdrawn) = fake.edit(|ws| {
        let open = ws.page(Parent::Workspace, "Open");
        let withdrawn = ws.page(Parent::Page(open), "Withdrawn");
        ws.paragraph(withdrawn, "secret");
        (open, withdrawn)
    });
    let Some(plakar) = Plakar::new(&fake) else {
        return;
    };
    // It was still listed.
    for path in ["pages", "blocks"] {
        for below in ["", "/children"] {
            let path = format!("/v1/{path}/{withdrawn}{below}");
            let gone = Fault::on("GET", &path, What::status(404));
            fake.faults().push(gone.times(usize::MAX));
        }
    }
    for round in 1..=2 {
        let said = plakar.at(&["backup", "@ws"]);
        assert!(said.contains("backup completed with 1 error"), "{said}");
        let snapshots = plakar.snapshots();
        assert_eq!(snapshots.len(), round);
        let errors = plakar.at(&["info", "-errors", &snapshots[0]]);
        let place = format!("/{open}/{withdrawn}/page.json: ");
        assert!(errors.starts_with(&place), "{errors}");
        assert!(errors.contains("not_shared") && errors.lines().count() == 1);
        let files = plakar.content(&snapshots[0]);
        assert!(files.contains_key(&format!("{open}/page.json")));
    }
}

#[test]
fn what_cannot_be_begun_is_refused_in_one_line_and_leaves_no_snapshot() {
    let fake = FakeNotion::start(Workspace::plain(3, 2));
    let Some(plakar) = Plakar::new(&fake) else {
        return;
    };
    let nobody = format!("root={}", fake.look(|ws| ws.id));
    for (option, reason) in [
        ("token=ntn_wrong", "API token is invalid"),
        ("commments=none", "there is no option 'commments'"),
        ("cache=here", "give an absolute path"),
        (&nobody, "not shared with this token"),
    ] {
        let said = plakar.refuses(&["backup", "-o", option, "@ws"]);
        assert!(said.contains(reason), "{option}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(!said.contains(fake.token()));
    }
    assert!(plakar.snapshots().is_empty());
}

#[test]
fn when_plakar_is_killed_the_connector_ends_and_the_next_backup_goes_on() {
    const PAGES: u32 = 400;
    let fake = FakeNotion::start(Workspace::plain(PAGES, 2));
    let Some(plakar) = Plakar::new(&fake) else {
        return;
    };
    for half in [150, 300] {
        fake.edit(|ws| ws.advance_minutes(10));
        // So that it cannot be quicker than the kill.
        let stall = Fault::on("GET", "/v1/blocks/*", What::Stall).after(150);
        fake.faults().push(stall.times(usize::MAX));
        let mut child = plakar.start();
        until(|| bodies(&fake) >= half);
        let plugins = below(child.id());
        assert_eq!(plugins.len(), 1, "{plugins:?}");
        child.kill().unwrap();
        child.wait().unwrap();
        until(|| !plugins.iter().any(|pid| is_running(*pid)));
        fake.faults().clear();
        assert!(bodies(&fake) < u64::from(PAGES), "it was over");
        assert!(plakar.snapshots().is_empty());
    }
    let before = bodies(&fake);
    let files = plakar.content(&plakar.backup(&["@ws"]));
    let pages = files.keys().filter(|it| it.ends_with("/page.json"));
    assert_eq!(pages.count(), PAGES as usize);
    let after = bodies(&fake) - before;
    assert!(after < u64::from(PAGES), "it began anew: {after}");
}

/// The connectors that a process has started.
fn below(parent: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap();
    let pids = entries.filter_map(|it| it.unwrap().file_name().to_str()?.parse().ok());
    let children = pids.filter(|pid| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        status.contains(&format!("\nPPid:\t{parent}\n")) && line.ends_with("plakar\0importer\0")
    });
    children.collect()
}

/// Whether a process has not ended. One that has, and that nobody has asked about, may be
/// listed still.
fn is_running(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
    status.is_ok_and(|it| !it.contains("State:\tZ"))
}

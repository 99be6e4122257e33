//! Times as people type them: in the zone in which they are shown, and never a guess where
//! something is removed.

use std::sync::Arc;

use notion_backup::repo::{Disk, Repository, SnapshotId};

use crate::cli_care::save;
use crate::program::{Program, Ran};

const REPO: &str = "backups";
/// Central Europe, written so that no list of zones is needed.
const PARIS: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
const INDIA: &str = "IST-5:30";

/// A repository with snapshots that ended at these times.
fn saved(times: &[&str]) -> (Program, Vec<SnapshotId>) {
    let program = Program::new();
    let repo = Repository::create(Arc::new(Disk::new(program.home().join(REPO)))).unwrap();
    let ids = times.iter().map(|time| save(&repo, time, time, true));
    let ids = ids.collect();
    (program, ids)
}

fn run(program: &Program, zone: &str, words: &[&str]) -> Ran {
    let mut command = program.command();
    Ran::from(command.env("TZ", zone).args(["-r", REPO]).args(words))
}

#[test]
fn a_time_is_typed_as_it_is_shown_in_every_zone() {
    // The first is of the 22nd in London, and of the 23rd further east.
    let (program, ids) = saved(&["2025-11-22T23:30:00Z", "2025-11-23T10:00:00Z"]);
    for (zone, first, second) in [
        ("UTC0", "2025-11-22 23:30 UTC", "2025-11-23 10:00 UTC"),
        (PARIS, "2025-11-23 00:30 +01:00", "2025-11-23 11:00 +01:00"),
        (INDIA, "2025-11-23 05:00 +05:30", "2025-11-23 15:30 +05:30"),
    ] {
        let listed = run(&program, zone, &["snapshots"]).stdout;
        for (time, id) in [(first, &ids[0]), (second, &ids[1])] {
            let line = listed.lines().find(|line| line.starts_with(id.as_str()));
            assert!(line.unwrap().contains(time), "{zone}: {listed}");
            // With the zone and without it.
            for typed in [time, &time[..16], &time[..16].replace(' ', "T")] {
                let ran = run(&program, zone, &["ls", typed]);
                assert_eq!(ran.code, 0, "{zone} {typed}: {}", ran.all());
                assert!(
                    ran.stderr.contains(id.as_str()),
                    "{zone} {typed}: {}",
                    ran.stderr
                );
            }
        }
        // A day is the day of that zone.
        let ran = run(&program, zone, &["ls", "2025-11-23"]);
        assert!(
            ran.stderr.contains(ids[1].as_str()),
            "{zone}: {}",
            ran.stderr
        );
        let ran = run(&program, zone, &["ls", "2025-11-22"]);
        match zone {
            "UTC0" => assert!(ran.stderr.contains(ids[0].as_str()), "{}", ran.stderr),
            _ => {
                assert_eq!(ran.code, 1, "{zone}: {}", ran.all());
                assert!(ran.stderr.contains("first one after it"), "{}", ran.stderr);
            }
        }
    }
}

#[test]
fn seconds_are_shown_and_taken_where_two_share_a_minute() {
    let (program, ids) = saved(&[
        "2025-11-23T10:00:05Z",
        "2025-11-23T10:00:50Z",
        "2025-11-23T10:01:00Z",
    ]);
    let listed = run(&program, PARIS, &["snapshots"]).stdout;
    for time in ["11:00:05 +01:00", "11:00:50 +01:00", "11:01 +01:00"] {
        assert!(listed.contains(time), "{listed}");
    }
    for (typed, id) in [
        ("2025-11-23 11:00", &ids[1]),
        ("2025-11-23 11:00:05", &ids[0]),
        ("2025-11-23 11:00:50", &ids[1]),
    ] {
        let ran = run(&program, PARIS, &["ls", typed]);
        assert!(ran.stderr.contains(id.as_str()), "{typed}: {}", ran.all());
    }
}

#[test]
fn every_command_says_which_snapshot_a_time_or_latest_is() {
    let (program, ids) = saved(&["2025-11-22T23:30:00Z", "2025-11-23T10:00:00Z"]);
    let told = format!("snapshot {} of 2025-11-23 11:00:00 +01:00\n", ids[1]);
    for words in [
        &["ls", "latest"][..],
        &["ls", "2025-11-23"],
        &["cat", "latest", "page.json"],
        &["cat", "latest", "page.json", "--json"],
        // On a slow machine it would show its progress, too.
        &["extract", "2025-11-23 11:00", "out", "--no-progress"],
    ] {
        let ran = run(&program, PARIS, words);
        assert_eq!((ran.code, &ran.stderr), (0, &told), "{words:?}");
    }
    // By an id, nothing is to be told.
    let ran = run(&program, PARIS, &["ls", ids[1].short()]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let ran = run(&program, PARIS, &["ls", "latest", "--quiet"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    for words in [
        &["ls", "latest", "--json"][..],
        &["extract", "latest", "more", "--json"],
    ] {
        let ran = run(&program, PARIS, words);
        assert_eq!(
            ran.messages().last().unwrap()["snapshot"],
            ids[1].as_str(),
            "{words:?}"
        );
    }
}

#[test]
fn only_ids_are_forgotten() {
    let (program, ids) = saved(&[
        "2025-11-22T23:30:00Z",
        "2025-11-23T10:00:00Z",
        "2025-11-24T10:00:00Z",
    ]);
    let all = || {
        let listed = run(&program, "UTC0", &["snapshots"]).stdout;
        ids.iter().filter(|id| listed.contains(id.as_str())).count()
    };
    for (typed, meant) in [
        ("2025-11-23 00:30", Some(0)),
        ("2025-11-23", Some(1)),
        ("2025-11-23 11:00 +01:00", Some(1)),
        ("2025-11-22T23:30:00Z", Some(0)),
        ("latest", Some(2)),
        // The beginning of an id that is a day in UTC: in Paris that is another one.
        ("20251122", Some(0)),
        ("20251123T1000", Some(1)),
        ("2025-11-25", None),
    ] {
        let ran = run(&program, PARIS, &["forget", typed]);
        assert_eq!(ran.code, 2, "{typed}: {}", ran.all());
        assert!(
            ran.stderr.contains("by their ids"),
            "{typed}: {}",
            ran.stderr
        );
        if let Some(meant) = meant {
            let advice = format!("forget {}\n", ids[meant]);
            assert!(ran.stderr.ends_with(&advice), "{typed}: {}", ran.stderr);
        }
        assert_eq!(all(), 3, "{typed}");
    }
    let ran = run(
        &program,
        PARIS,
        &["forget", ids[0].as_str(), ids[1].short()],
    );
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(all(), 1);
}

#[test]
fn nights_in_which_clocks_are_changed_are_not_guessed() {
    // 02:30 came twice.
    let (program, ids) = saved(&["2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z"]);
    let ran = run(&program, PARIS, &["ls", "2025-10-26 02:30"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stderr.contains("more than one"), "{}", ran.stderr);
    for (typed, id) in [
        ("2025-10-26 02:30 +02:00", &ids[0]),
        ("2025-10-26 02:30 +01:00", &ids[1]),
    ] {
        let ran = run(&program, PARIS, &["ls", typed]);
        assert!(ran.stderr.contains(id.as_str()), "{typed}: {}", ran.all());
    }
    let ran = run(&program, PARIS, &["ls", "2026-03-29 02:30"]);
    assert!(ran.stderr.contains("set forward"), "{}", ran.stderr);
}

#[test]
fn what_is_stored_is_utc_whatever_the_zone() {
    use crate::support::workspace::model::Parent;
    use crate::support::{FakeNotion, Workspace};

    let program = Program::new();
    let mut workspace = Workspace::new(1);
    workspace.page(Parent::Workspace, "Plans");
    let fake = FakeNotion::start(workspace);
    let mut command = program.command();
    command
        .env("TZ", INDIA)
        .env("NOTION_API_TOKEN", fake.token());
    command
        .env("NOTION_API_URL", fake.url())
        .args(["dump", "-r", REPO]);
    assert_eq!(Ran::from(&mut command).code, 0);
    let messages = run(&program, INDIA, &["snapshots", "--json"]).messages();
    let snapshot = &messages[0];
    let id = snapshot["id"].as_str().unwrap();
    let file = program.home().join(format!("{REPO}/snapshots/{id}.json"));
    let content: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    for time in ["started", "finished"] {
        let text = content[time].as_str().unwrap();
        assert!(text.ends_with('Z'), "{time}: {text}");
        assert_eq!(snapshot[time], text);
    }
    let finished = content["finished"].as_str().unwrap();
    let digits: String = finished[..19]
        .chars()
        .filter(|it| !['-', ':'].contains(it))
        .collect();
    assert!(id.starts_with(&digits), "{id} {finished}");
}

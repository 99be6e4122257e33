//! `restore undo` takes back what a restore has made, all of it and nothing else.

use std::collections::BTreeSet;

use notion_backup::clock::Clock;
use notion_backup::restore::Error;

use crate::restore_trial::{Dumped, Trial, each};
use crate::support::fake_notion::{Fault, What};
use crate::support::workspace::model::{Id, Parent};

/// What is to be seen under the page, and everything in Notion that is not in the trash.
fn state(trial: &Trial<'_>) -> (Vec<Id>, BTreeSet<Id>) {
    trial.fake.look(|ws| {
        let root = trial.dumped.root.to_string().parse().unwrap();
        let all = ws
            .pages
            .keys()
            .chain(ws.databases.keys())
            .chain(ws.blocks.keys());
        let there = all.copied().filter(|id| !ws.is_trashed(*id)).collect();
        (ws.visible_children(root).unwrap(), there)
    })
}

#[test]
fn everything_that_was_made_is_in_the_trash_and_nothing_else() {
    let trial = Dumped::small().trial();
    // The page has something of its own, as like to what is restored as can be.
    trial.fake.edit(|ws| {
        let root = trial.dumped.root.to_string().parse().unwrap();
        let twin = ws.page(Parent::Page(root), "Home");
        ws.paragraph(twin, "first");
        ws.paragraph(root, "a word before");
    });
    let before = state(&trial);
    let summary = trial.restore().unwrap();
    let after = state(&trial);
    assert!(after.1.len() > before.1.len() + 20);
    let undone = trial.undo(&summary.journal).unwrap();
    assert_eq!(
        (undone.trashed, undone.gone),
        (2, 0),
        "two pages at the top"
    );
    assert!(state(&trial) == before);

    trial.fake.clear_requests();
    let again = trial.undo(&summary.journal).unwrap();
    assert_eq!((again.trashed, again.gone), (0, 2));
    assert_eq!(trial.fake.count("POST"), 0);
    assert!(state(&trial) == before);
    // And then it may be restored again.
    trial.clock.advance(std::time::Duration::from_secs(60));
    let summary = trial.restore().unwrap();
    assert!(summary.early.is_none() && !summary.has_losses());
    assert!(state(&trial).1.len() == after.1.len());
}

#[test]
fn an_interrupted_restore_can_be_taken_back_too() {
    let wrong = each(0..41, |number| {
        for what in [What::HangUpAfterCommit, What::HangUp] {
            let trial = Dumped::small().trial();
            let before = state(&trial);
            let about = format!("{what:?} at request {number}");
            let faults = trial.fake.faults();
            faults.push(Fault::on("*", "*", what).after(number));
            faults.push(
                Fault::on("*", "*", What::HangUp)
                    .after(number)
                    .times(usize::MAX),
            );
            let _ = trial.restore();
            trial.fake.faults().clear();
            for name in trial.journals() {
                trial.fake.clear_requests();
                trial.undo(&name).unwrap();
                assert_eq!(
                    trial.fake.count("POST /v1/pages"),
                    0,
                    "{about}: nothing is made"
                );
                assert_eq!(trial.fake.count("POST /v1/databases"), 0, "{about}");
            }
            assert!(state(&trial) == before, "{about}");
            assert!(trial.resume().is_err(), "{about}: what is undone is over");
        }
    });
    assert_eq!(wrong, 0);
}

#[test]
fn a_resumed_restore_can_be_taken_back_too() {
    let trial = Dumped::small().trial();
    let before = state(&trial);
    let faults = trial.fake.faults();
    faults.push(
        Fault::on("*", "*", What::HangUp)
            .after(20)
            .times(usize::MAX),
    );
    assert!(trial.restore().unwrap().early.is_some());
    trial.fake.faults().clear();
    let summary = trial.resume().unwrap();
    assert!(summary.early.is_none());
    trial.undo(&summary.journal).unwrap();
    assert!(state(&trial) == before);
    assert!(trial.undo("restore-20000101T000000Z-00000000").is_err());
}

#[test]
fn an_undo_that_is_interrupted_is_run_again() {
    for what in [
        What::HangUpAfterCommit,
        What::UnavailableAfterCommit,
        What::HangUp,
    ] {
        let trial = Dumped::small().trial();
        let before = state(&trial);
        let summary = trial.restore().unwrap();
        let faults = trial.fake.faults();
        faults.push(Fault::on("DELETE", "*", what.clone()));
        faults.push(Fault::on("*", "*", What::HangUp).after(1).times(60));
        let first = trial.undo(&summary.journal);
        trial.fake.faults().clear();
        let second = trial.undo(&summary.journal).unwrap();
        assert!(first.is_err(), "{what:?}: {first:?}");
        assert_eq!(second.trashed + second.gone, 2, "{what:?}");
        assert!(state(&trial) == before, "{what:?}");
    }
}

#[test]
fn a_linked_database_below_the_page_goes_too() {
    let mut trial = Dumped::small().trial();
    let linked = trial.dumped.original.get("linked");
    trial.only = vec![linked.to_string()];
    let before = state(&trial);
    let summary = trial.restore().unwrap();
    assert_eq!(state(&trial).1.len(), before.1.len() + 1);
    let undone = trial.undo(&summary.journal).unwrap();
    assert_eq!((undone.trashed, undone.gone), (1, 0));
    assert!(state(&trial) == before);
}

/// A journal that the program wrote before plans were of version 2: of three pages one was
/// made, of one the answer was lost, and one was made after it.
const PLAN_1: &str = include_str!("restore_undo/journal_version_1/plan.jsonl");
const DONE_1: &str = include_str!("restore_undo/journal_version_1/done.jsonl");

#[test]
fn a_restore_of_an_older_version_is_not_resumed_and_can_be_undone() {
    let trial = Dumped::small().trial();
    let before = state(&trial);
    let root = trial.dumped.root;
    let made: Vec<Id> = trial.fake.edit(|ws| {
        let root = root.to_string().parse().unwrap();
        let titles = ["Page two", "Page three", "Page one"];
        titles
            .map(|title| ws.page(Parent::Page(root), title))
            .into()
    });
    let from = trial.repo().find_snapshot("latest").unwrap().0.to_string();
    let now = trial.clock.now().to_string();
    let told = |text: &str| {
        text.replace("62884310-951a-45ba-a379-8982959140e4", &root.to_string())
            .replace("20261101T101000Z-bb3cc295", &from)
            .replace("eb68f814-d94f-457d-9ab1-9379730deaed", &made[0].to_string())
            .replace("b3996f6b-2833-4fb2-aa85-380a46ff3e93", &made[2].to_string())
            .replace("2026-11-01T10:10:01Z", &now)
    };
    let name = "restore-20261101T101001Z-4b36d286";
    for (file, text) in [("plan.jsonl", PLAN_1), ("done.jsonl", DONE_1)] {
        let path = format!("state/{name}/{file}");
        trial.files.overwrite(&path, told(text).as_bytes());
    }
    trial.fake.clear_requests();
    for refused in [trial.resume(), trial.restore()] {
        let error = refused.unwrap_err();
        assert!(matches!(error, Error::OldJournal { .. }), "{error}");
        assert!(error.to_string().contains("older version"), "{error}");
    }
    assert_eq!(trial.fake.count("POST"), 0);
    let undone = trial.undo(name).unwrap();
    assert_eq!((undone.trashed, undone.gone), (3, 0));
    assert!(state(&trial) == before);
    // Then it may be restored again.
    let summary = trial.restore().unwrap();
    trial.assert_restored(&summary, "after an undo of the older version");
}

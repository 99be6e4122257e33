use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::notion::Method;
use crate::repo::{Memory, Repository};
use crate::restore::journal::{Head, VERSION};
use crate::restore::plan::Planned;
use crate::restore::{Bytes, Learn, Template, Text};

fn now() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

fn pending_id(name: &str) -> PendingId {
    PendingId::named(name)
}

/// A step of this part, in this lane, with this path and body, that makes these.
fn step(part: Part, lane: &str, path: impl Into<Text>, body: Value, makes: &[&str]) -> Step {
    let learns = makes.iter().map(|name| Learn {
        at: "/id".into(),
        id: pending_id(name),
    });
    Step {
        part,
        about: NotionId::from_bits(1),
        lane: pending_id(lane),
        before: None,
        action: Action::Call(Template {
            method: Method::Post,
            path: path.into(),
            body,
        }),
        learns: learns.collect(),
        stand_ins: Vec::new(),
        spare: None,
    }
}

fn page(lane: &str, under: &str, makes: &str) -> Step {
    let parent = json!({"parent": {"page_id": pending_id(under)}});
    step(Part::Skeleton, lane, "/v1/pages", parent, &[makes])
}

fn upload(makes: &str) -> Step {
    let bytes = Bytes {
        path: "/a".into(),
        size: 1,
        name: "a".into(),
        content_type: "text/plain".into(),
    };
    Step {
        action: Action::Upload(bytes),
        ..step(Part::File, makes, "", Value::Null, &[makes])
    }
}

fn board(steps: &[Step], progress: &Progress) -> Board {
    let repo = Repository::open_or_create(Arc::new(Memory::new())).unwrap();
    let head = Head {
        version: VERSION,
        root: NotionId::from_bits(1),
        root_title: String::new(),
        from: String::new(),
        only: Vec::new(),
        planned: now(),
    };
    let mut journal = Journal::create(&repo, head).unwrap();
    for step in steps {
        journal.plan(step.clone()).unwrap();
    }
    journal.end_plan(Planned::default()).unwrap();
    Board::new(&journal, progress).unwrap()
}

fn new(steps: &[Step]) -> Board {
    board(steps, &Progress::default())
}

/// All that can be begun now.
fn picks(board: &mut Board) -> Vec<u32> {
    let mut found = Vec::new();
    while let Pick::Step(number) = board.pick() {
        found.push(number);
    }
    found
}

fn id(number: u128) -> String {
    NotionId::from_bits(number).to_string()
}

fn finish(board: &mut Board, number: u32, step: &Step) {
    let made = step.learns.iter();
    let ids = made.map(|learn| (learn.id, id(1000 + u128::from(number))));
    board.end(number, step, ids.collect(), now());
    board.release(number);
}

#[test]
fn one_step_of_a_lane_at_a_time_in_order() {
    let steps = [
        page("root", "x", "a"),
        page("root", "x", "b"),
        page("other", "x", "c"),
    ];
    let mut board = new(&steps);
    board.known.insert(pending_id("x"), id(1));
    assert_eq!(picks(&mut board), [0, 2]);
    assert!(matches!(board.pick(), Pick::Wait));
    finish(&mut board, 0, &steps[0]);
    assert_eq!(picks(&mut board), [1]);
    for number in [1, 2] {
        finish(&mut board, number, &steps[number as usize]);
    }
    assert!(matches!(board.pick(), Pick::Nothing));
    assert_eq!(board.finished(), 3);
}

#[test]
fn a_step_waits_for_all_that_it_names() {
    let body =
        json!({"parent": {"page_id": pending_id("a")}, "children": [{"mention": pending_id("b")}]});
    let steps = [
        page("one", "root", "a"),
        page("two", "root", "b"),
        step(Part::Body, "three", "/v1/pages", body, &[]),
    ];
    let mut board = new(&steps);
    board.known.insert(pending_id("root"), id(1));
    assert_eq!(picks(&mut board), [0, 1]);
    finish(&mut board, 0, &steps[0]);
    assert_eq!(picks(&mut board), [0_u32; 0], "not before b is there");
    finish(&mut board, 1, &steps[1]);
    assert_eq!(picks(&mut board), [2]);
}

#[test]
fn what_it_only_mentions_may_fail_what_it_is_in_may_not() {
    let body =
        json!({"parent": {"page_id": pending_id("a")}, "children": [{"mention": pending_id("b")}]});
    let inside = json!({"parent": {"page_id": pending_id("b")}});
    let steps = [
        page("one", "root", "a"),
        page("two", "root", "b"),
        step(Part::Body, "three", "/v1/pages", body, &[]),
        step(Part::Body, "four", "/v1/pages", inside, &["c"]),
        step(
            Part::View,
            "five",
            Text::from("/v1/pages/").id(pending_id("c")),
            Value::Null,
            &[],
        ),
    ];
    let mut board = new(&steps);
    board.known.insert(pending_id("root"), id(1));
    assert_eq!(picks(&mut board), [0, 1]);
    finish(&mut board, 0, &steps[0]);
    board.fail(1, &steps[1]);
    board.release(1);
    assert_eq!(picks(&mut board), [2, 3]);
    assert_eq!(board.never_made(2), None);
    assert_eq!(board.never_made(3), Some(pending_id("b")));
    board.fail(3, &steps[3]);
    board.release(3);
    assert_eq!(picks(&mut board), [4]);
    assert_eq!(board.never_made(4), Some(pending_id("c")), "and so on");
}

#[test]
fn columns_come_one_after_the_other_and_before_what_follows() {
    let change = |lane: &str| step(Part::Schema, lane, "/v1/data_sources/x", Value::Null, &[]);
    let steps = [
        page("one", "root", "a"),
        change("two"),
        change("three"),
        page("four", "root", "b"),
    ];
    let mut board = new(&steps);
    board.known.insert(pending_id("root"), id(1));
    assert_eq!(picks(&mut board), [0, 1]);
    finish(&mut board, 0, &steps[0]);
    assert_eq!(picks(&mut board), [0_u32; 0]);
    finish(&mut board, 1, &steps[1]);
    assert_eq!(picks(&mut board), [2]);
    finish(&mut board, 2, &steps[2]);
    assert_eq!(picks(&mut board), [3]);
}

#[test]
fn what_locks_comes_last_and_one_by_one() {
    let state = |lane: &str| step(Part::State, lane, "/v1/pages/x", Value::Null, &[]);
    let steps = [page("one", "root", "a"), state("two"), state("three")];
    let mut board = new(&steps);
    board.known.insert(pending_id("root"), id(1));
    assert_eq!(picks(&mut board), [0]);
    finish(&mut board, 0, &steps[0]);
    assert_eq!(picks(&mut board), [1]);
    finish(&mut board, 1, &steps[1]);
    assert_eq!(picks(&mut board), [2]);
}

#[test]
fn an_earlier_run_is_taken_up() {
    let steps = [
        page("one", "root", "a"),
        page("one", "root", "b"),
        page("one", "b", "c"),
        page("one", "a", "d"),
    ];
    let progress = Progress {
        begun: (0..4).map(|number| (number, now())).collect(),
        ended: [(0, now())].into(),
        failed: [1].into(),
        ids: [(pending_id("a"), id(5))].into(),
        ..Progress::default()
    };
    let mut board = board(&steps, &progress);
    assert_eq!(board.finished(), 2);
    assert!(board.taken.contains(&NotionId::from_bits(5)));
    assert!(!board.reckons(0) || board.begun(2).is_some());
    assert_eq!(picks(&mut board), [2]);
    assert_eq!(board.never_made(2), Some(pending_id("b")));
    board.fail(2, &steps[2]);
    board.release(2);
    assert_eq!(picks(&mut board), [3]);
    assert_eq!(board.never_made(3), None);
}

#[test]
fn counts_are_uncertain_once_something_is_left_out() {
    let steps = [
        page("a", "a", "b"),
        page("a", "a", "c"),
        page("d", "d", "e"),
    ];
    let mut board = new(&steps);
    board.known.insert(pending_id("a"), id(1));
    board.known.insert(pending_id("d"), id(2));
    assert!(board.reckons(1));
    board.fail(0, &steps[0]);
    assert!(!board.reckons(1));
    assert!(board.reckons(2));
}

#[test]
fn nothing_is_begun_once_it_is_to_end() {
    let mut board = new(&[page("one", "root", "a")]);
    board.known.insert(pending_id("root"), id(1));
    board.early = Some(Failure::Stopped);
    assert!(matches!(board.pick(), Pick::Nothing));
}

#[test]
fn uploads_are_known_until_they_are_attached_and_after() {
    let attach = json!({"parent": {"page_id": pending_id("root")}, "file": pending_id("file")});
    let steps = [
        upload("file"),
        step(Part::Body, "one", "/v1/pages", attach, &[]),
    ];
    let mut board = new(&steps);
    board.known.insert(pending_id("root"), id(1));
    assert_eq!(picks(&mut board), [0]);
    finish(&mut board, 0, &steps[0]);
    let made = NotionId::from_bits(1000);
    assert_eq!(
        board.unattached(&steps[1], now()),
        [0_u32; 0],
        "it is fresh"
    );
    assert_eq!(board.unattached(&steps[1], Timestamp::MAX), [0]);
    assert_eq!(board.uploads_of(&steps[1], made), [0]);
    assert_eq!(
        board.uploads_of(&steps[1], NotionId::from_bits(9)),
        [0_u32; 0]
    );
    finish(&mut board, 1, &steps[1]);
    assert_eq!(board.unattached(&steps[1], Timestamp::MAX), [0_u32; 0]);
    assert_eq!(board.uploads_of(&steps[1], made), [0]);
}

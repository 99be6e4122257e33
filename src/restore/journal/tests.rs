use std::io::ErrorKind;
use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::notion::Method;
use crate::repo::{Failing, Fault, Files, Memory};
use crate::restore::{Action, Degree, Part, Template};

const DAY: &str = "2026-11-23T10:00:00Z";

fn at(second: i64) -> Timestamp {
    let day: Timestamp = DAY.parse().unwrap();
    day + jiff::SignedDuration::from_secs(second)
}

fn head() -> Head {
    Head {
        version: VERSION,
        root: NotionId::from_bits(1),
        root_title: "Restored here".into(),
        from: "snapshot".into(),
        only: Vec::new(),
        planned: at(0),
    }
}

fn step(number: u128) -> Step {
    Step {
        part: Part::Skeleton,
        about: NotionId::from_bits(number),
        lane: PendingId::named("root"),
        before: None,
        action: Action::Call(Template {
            method: Method::Post,
            path: "/v1/pages".into(),
            body: json!({"number": number}),
        }),
        learns: Vec::new(),
        stand_ins: Vec::new(),
        spare: None,
    }
}

fn loss() -> Loss {
    Loss {
        id: NotionId::from_bits(2),
        page: None,
        on: String::new(),
        what: "row".into(),
        why: "no".into(),
        degree: Degree::Missing,
    }
}

fn begin(step: u32) -> DoneLine {
    DoneLine::Begin {
        step,
        at: at(i64::from(step) + 1),
    }
}

fn end(step: u32) -> DoneLine {
    DoneLine::End {
        step,
        at: at(100),
        ids: BTreeMap::from([(PendingId::named(&step.to_string()), format!("id {step}"))]),
        losses: Vec::new(),
        short: false,
    }
}

fn open_repo(files: &Memory) -> Repository {
    let files: Arc<dyn Files> = Arc::new(files.clone());
    Repository::open_or_create(files).unwrap()
}

/// A journal of three steps that has noted these lines.
fn journal(files: &Memory, lines: &[DoneLine]) -> String {
    let repo = open_repo(files);
    let mut journal = Journal::create(&repo, head()).unwrap();
    for number in 0..3 {
        journal.plan(step(number)).unwrap();
    }
    journal.end_plan(Planned::default()).unwrap();
    for line in lines {
        journal.note(line).unwrap();
    }
    journal.name().to_owned()
}

fn open(files: &Memory, name: &str) -> Result<Journal, Error> {
    Journal::open(&open_repo(files), name, "test", at(0))
}

fn is_open(files: &Memory, name: &str) -> bool {
    is_unfinished(&open_repo(files), name, head().root, None).unwrap()
}

fn path(name: &str, file: &str) -> String {
    format!("state/{name}/{file}")
}

/// Changes a file of a journal as damage does.
fn damage(files: &Memory, name: &str, file: &str, change: impl FnOnce(String) -> String) {
    let path = path(name, file);
    let old = String::from_utf8(files.content(&path).unwrap()).unwrap();
    files.overwrite(&path, change(old).as_bytes());
}

#[test]
fn what_was_noted_is_read_again() {
    let files = Memory::new();
    let failed = DoneLine::Failed {
        step: 1,
        loss: Some(loss()),
    };
    let name = journal(&files, &[begin(0), end(0), begin(1), failed, begin(2)]);
    let journal = open(&files, &name).unwrap();
    assert_eq!(journal.head, head());
    assert_eq!(journal.steps(), 3);
    assert_eq!(journal.step(2).unwrap(), step(2));
    assert!(journal.ending.is_some());
    let progress = journal.progress().unwrap();
    assert_eq!(progress.ended.keys().collect::<Vec<_>>(), [&0]);
    assert_eq!(progress.failed, [1].into());
    assert_eq!(progress.begun[&2], at(3));
    assert_eq!(progress.ids[&PendingId::named("0")], "id 0");
    assert_eq!(progress.losses, [loss()]);
    assert!(!progress.over);
    drop(journal);
    assert!(is_open(&files, &name));
    // People copy paths.
    let by_path = format!("/backups/state/{name}/");
    assert_eq!(open(&files, &by_path).unwrap().name(), name);
    assert!(matches!(
        open(&files, "restore-x"),
        Err(Error::NoJournal { .. })
    ));
    assert!(matches!(
        open(&files, "crawl"),
        Err(Error::NoJournal { .. })
    ));
}

#[test]
fn what_is_over_or_not_begun_is_not_unfinished() {
    for lines in [
        vec![],
        vec![begin(0), DoneLine::Complete { at: at(9) }],
        vec![begin(0), DoneLine::Undone { at: at(9) }],
    ] {
        let files = Memory::new();
        let name = journal(&files, &lines);
        assert!(!is_open(&files, &name), "{lines:?}");
        let over = open(&files, &name).unwrap().progress().unwrap().over;
        assert_eq!(over, !lines.is_empty());
    }
    let files = Memory::new();
    let name = journal(&files, &[begin(0)]);
    let repo = open_repo(&files);
    let of = |root, from| is_unfinished(&repo, &name, root, from).unwrap();
    assert!(of(head().root, Some("snapshot")));
    assert!(!of(head().root, Some("another snapshot")));
    assert!(!of(NotionId::from_bits(7), None));
    assert!(!is_unfinished(&repo, "restore-none", head().root, None).unwrap());
}

#[test]
fn half_a_line_at_the_end_was_never_noted() {
    let files = Memory::new();
    let name = journal(&files, &[begin(0), end(0), begin(1)]);
    let whole = files.content(&path(&name, DONE)).unwrap();
    let line = serde_json::to_string(&end(1)).unwrap();
    for length in 1..=line.len() {
        damage(&files, &name, DONE, |_| {
            String::from_utf8(whole.clone()).unwrap() + &line[..length]
        });
        assert!(is_open(&files, &name));
        let journal = open(&files, &name).unwrap();
        let progress = journal.progress().unwrap();
        assert!(!progress.ended.contains_key(&1) && progress.begun.contains_key(&1));
        assert!(!progress.begun.contains_key(&2));
        // The next line is a line of its own.
        journal.note(&end(1)).unwrap();
        assert!(journal.progress().unwrap().ended.contains_key(&1));
    }
    // A first line of which only half is there: nothing was sent.
    damage(&files, &name, DONE, |_| "{\"begin\":{\"st".into());
    assert!(!is_open(&files, &name));
}

#[test]
fn a_damaged_line_costs_a_look_and_no_certainty() {
    let files = Memory::new();
    let name = journal(&files, &[begin(0), end(0), begin(1), end(1)]);
    let second = serde_json::to_string(&end(0)).unwrap();
    damage(&files, &name, DONE, |old| old.replace(&second, "\0\0\0"));
    assert!(is_open(&files, &name));
    let journal = open(&files, &name).unwrap();
    let progress = journal.progress().unwrap();
    // What follows is still known; what has no end may have been sent.
    assert!(progress.ended.contains_key(&1) && !progress.ended.contains_key(&0));
    assert_eq!(progress.begun[&0], at(1));
    assert_eq!(progress.begun[&2], head().planned);
    drop(journal);
    damage(&files, &name, DONE, |_| "nonsense\n".into());
    assert!(is_open(&files, &name));
}

#[test]
fn a_plan_without_its_end_is_made_anew() {
    let files = Memory::new();
    let repo = open_repo(&files);
    let mut half = Journal::create(&repo, head()).unwrap();
    half.plan(step(0)).unwrap();
    let name = half.name().to_owned();
    drop(half);
    assert!(!is_open(&files, &name));
    assert!(open(&files, &name).unwrap().ending.is_none());
    // An end that is half written is none.
    damage(&files, &name, PLAN, |old| old + "{\"end\":{\"tot");
    assert!(open(&files, &name).unwrap().ending.is_none());
    assert!(!is_open(&files, &name));
    // Not even its first line.
    damage(&files, &name, PLAN, |_| "{\"he".into());
    assert!(!is_open(&files, &name));
    assert!(matches!(open(&files, &name), Err(Error::NoJournal { .. })));
}

#[test]
fn a_damaged_plan_of_which_something_was_sent_is_refused() {
    for keep in 1..5 {
        let files = Memory::new();
        let name = journal(&files, &[begin(0)]);
        damage(&files, &name, PLAN, |old| {
            let lines = old.lines().enumerate();
            let lines = lines.map(|(at, line)| if at == keep { "{}" } else { line });
            lines.map(|line| format!("{line}\n")).collect()
        });
        let opened = open(&files, &name);
        assert!(
            matches!(opened, Err(Error::JournalDamaged { .. })),
            "{keep}"
        );
    }
}

#[test]
fn the_journal_of_a_newer_program_is_left_alone() {
    let files = Memory::new();
    let name = journal(&files, &[begin(0)]);
    damage(&files, &name, PLAN, |old| {
        old.replacen("\"version\":2", "\"version\":3,\"new\":[]", 1)
    });
    let newer = |error: Error| matches!(error, Error::Repo(repo::Error::Newer { .. }));
    assert!(newer(open(&files, &name).err().unwrap()));
    let repo = open_repo(&files);
    assert!(newer(
        is_unfinished(&repo, &name, head().root, None).unwrap_err()
    ));
}

#[test]
fn a_line_without_end_is_not_read_into_memory() {
    let files = Memory::new();
    let name = journal(&files, &[begin(0)]);
    let long = vec![b'x'; LINE_LIMIT as usize + (1 << 20)];
    files.overwrite(&path(&name, DONE), &long);
    let error = open(&files, &name).unwrap().progress().unwrap_err();
    assert!(error.to_string().contains("longer than"), "{error}");
}

#[test]
fn the_plan_lasts_before_a_beginning_and_a_beginning_before_a_request() {
    let files = Memory::new();
    let repo = open_repo(&files);
    let mut journal = Journal::create(&repo, head()).unwrap();
    journal.plan(step(0)).unwrap();
    journal.end_plan(Planned::default()).unwrap();
    let name = journal.name().to_owned();
    let left = files.after_power_cut();
    assert!(open(&left, &name).unwrap().ending.is_some());
    journal.note(&begin(0)).unwrap();
    let left = files.after_power_cut();
    let progress = open(&left, &name).unwrap().progress().unwrap();
    assert!(progress.begun.contains_key(&0));
}

#[test]
fn two_restores_in_one_second_have_two_journals() {
    let files = Memory::new();
    let first = journal(&files, &[begin(0)]);
    let second = journal(&files, &[]);
    assert_ne!(first, second);
    assert_eq!(
        Journal::names(&open_repo(&files)).unwrap(),
        [first.clone(), second]
    );
    assert!(is_open(&files, &first));
}

/// A restore of two steps: what it noted before something failed.
fn restore(repo: &Repository, noted: &mut Vec<&'static str>) -> Result<(), Error> {
    let mut journal = Journal::create(repo, head())?;
    journal.plan(step(1))?;
    journal.plan(step(2))?;
    journal.end_plan(Planned::default())?;
    noted.push("plan");
    let made = PendingId::named("made");
    let end = |step, id: &str| DoneLine::End {
        step,
        at: at(3),
        ids: [(made, id.to_owned())].into(),
        losses: Vec::new(),
        short: false,
    };
    for (word, line) in [
        ("begin 0", DoneLine::Begin { step: 0, at: at(1) }),
        ("end 0", end(0, "a")),
        ("begin 1", DoneLine::Begin { step: 1, at: at(2) }),
        ("end 1", end(1, "b")),
        ("complete", DoneLine::Complete { at: at(4) }),
    ] {
        journal.note(&line)?;
        noted.push(word);
    }
    Ok(())
}

/// What a continued restore learns, and that it can be ended.
fn assert_continues(files: &Memory, noted: &[&str], lasting: bool, when: &str) {
    let has = |word: &str| noted.contains(&word);
    let repo = Repository::open(Arc::new(files.clone())).unwrap();
    for name in Journal::names(&repo).unwrap() {
        let unfinished = is_unfinished(&repo, &name, NotionId::from_bits(1), None).unwrap();
        let journal = match Journal::open(&repo, &name, "restore", at(9)) {
            Ok(journal) => journal,
            // It never was a plan, so nothing was sent.
            Err(error) => {
                assert!(!has("begin 0"), "{when}: {error}");
                continue;
            }
        };
        let progress = journal.progress().unwrap();
        for (number, begun, ended) in [(0, "begin 0", "end 0"), (1, "begin 1", "end 1")] {
            // A beginning lasts before anything is sent; an end may be lost with the power.
            assert!(
                !has(begun) || progress.begun.contains_key(&number),
                "{when}"
            );
            assert!(
                lasting || !has(ended) || progress.ended.contains_key(&number),
                "{when}"
            );
        }
        assert!(has("begin 1") || !progress.ended.contains_key(&1), "{when}");
        assert!(
            !has("begin 0") || has("complete") || unfinished || progress.over,
            "{when}"
        );
        if has("begin 0") {
            assert_eq!(journal.steps(), 2, "{when}");
            assert_eq!(journal.step(1).unwrap(), step(2), "{when}");
        }
        journal.note(&DoneLine::Complete { at: at(10) }).unwrap();
        assert!(journal.progress().unwrap().over, "{when}");
    }
    // And another one can be begun.
    restore(&repo, &mut Vec::new()).unwrap();
}

#[test]
fn whatever_operation_fails_what_was_sent_is_known() {
    let count = {
        let failing = Failing::new(Arc::new(Memory::new()));
        let repo = Repository::create(Arc::new(failing.clone())).unwrap();
        failing.clear();
        restore(&repo, &mut Vec::new()).unwrap();
        failing.operations().len()
    };
    assert!(count > 20, "{count}");
    for number in 0..count {
        for fault in [
            Fault::Refuse(ErrorKind::StorageFull),
            Fault::Tear(ErrorKind::StorageFull),
            Fault::Refuse(ErrorKind::PermissionDenied),
            Fault::Deny(ErrorKind::TimedOut),
            Fault::Kill,
        ] {
            let memory = Memory::new();
            let failing = Failing::new(Arc::new(memory.clone()));
            let repo = Repository::create(Arc::new(failing.clone())).unwrap();
            failing.clear();
            failing.fail_at(number, fault);
            let mut noted = Vec::new();
            // Where it fails without being told, it goes on.
            let _ = restore(&repo, &mut noted);
            let when = format!("{number} {fault:?} {noted:?}");
            assert_continues(&memory.after_power_cut(), &noted, true, &when);
            assert_continues(&memory, &noted, false, &when);
        }
    }
}

use super::*;
use crate::repo::{Failing, Fault, Files, LockKind, Memory, Source, Tree};
use std::io::ErrorKind;
use std::sync::Arc;

const NOW: &str = "2026-02-01T00:00:00Z";

fn repository() -> (Memory, Repository) {
    let files = Memory::new();
    let repository = Repository::create(Arc::new(files.clone())).unwrap();
    (files, repository)
}

/// A snapshot: when it was made, of which workspace, whether complete, its tag.
fn save(
    repository: &Repository,
    finished: &str,
    workspace: &str,
    complete: bool,
    tag: &str,
) -> SnapshotId {
    let tags = [tag]
        .into_iter()
        .filter(|tag| !tag.is_empty())
        .map(ToString::to_string);
    let snapshot = Snapshot {
        version: Snapshot::VERSION,
        features: Vec::new(),
        started: finished.parse().unwrap(),
        finished: finished.parse().unwrap(),
        source: Source {
            workspace_id: workspace.to_string(),
            workspace_name: String::new(),
            roots: Vec::new(),
        },
        tree: repository.put_tree(&Tree::default()).unwrap(),
        parent: None,
        tags: tags.collect(),
        host: String::new(),
        program: String::new(),
        complete,
        counts: Default::default(),
        ledger: Default::default(),
        options: Default::default(),
        repaired: None,
    };
    repository.save_snapshot(&snapshot).unwrap()
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn last(count: u32) -> Choice {
    only(count, &[])
}

fn only(count: u32, tags: &[&str]) -> Choice {
    Choice::Policy {
        policy: Policy {
            last: count,
            ..Policy::default()
        },
        group_by: GroupBy::default(),
        only: tags.iter().map(|tag| TagList::parse(tag)).collect(),
    }
}

fn named(ids: &[&SnapshotId]) -> Choice {
    Choice::Named(ids.iter().map(|id| (*id).clone()).collect())
}

fn removed(repository: &Repository, choice: &Choice) -> Vec<SnapshotId> {
    plan(repository, choice, false, now()).unwrap().removed()
}

#[test]
fn a_policy_counts_each_workspace_apart() {
    let (_, repository) = repository();
    let a1 = save(&repository, "2026-01-01T00:00:00Z", "a", true, "");
    let b1 = save(&repository, "2026-01-02T00:00:00Z", "b", true, "");
    let a2 = save(&repository, "2026-01-03T00:00:00Z", "a", true, "");
    let b2 = save(&repository, "2026-01-04T00:00:00Z", "b", true, "");
    let plan = plan(&repository, &last(1), false, now()).unwrap();
    assert_eq!(plan.removed(), [a1.clone(), b1.clone()]);
    assert_eq!(plan.kept(), 2);
    assert_eq!(plan.groups.len(), 2);
    assert_eq!(plan.groups[0][1].reasons, [Reason::Last]);

    let together = Choice::Policy {
        policy: Policy {
            last: 1,
            ..Policy::default()
        },
        group_by: GroupBy {
            workspace: false,
            ..GroupBy::default()
        },
        only: Vec::new(),
    };
    // Of workspace a the newest stays all the same.
    let plan = super::plan(&repository, &together, false, now()).unwrap();
    assert_eq!(plan.removed(), [a1.clone(), b1.clone()]);
    let kept: Vec<_> = plan.groups[0].iter().filter(|it| it.is_kept()).collect();
    assert_eq!(kept[0].id, a2);
    assert_eq!(kept[0].reasons, [Reason::LastComplete]);
    let forced = super::plan(&repository, &together, true, now()).unwrap();
    assert_eq!(forced.removed(), [a1, b1, a2]);
    assert_eq!(forced.groups[0].last().unwrap().id, b2);
}

#[test]
fn the_last_complete_one_stays_whatever_the_policy_says() {
    let (_, repository) = repository();
    let old = save(&repository, "2026-01-01T00:00:00Z", "a", true, "");
    let complete = save(&repository, "2026-01-02T00:00:00Z", "a", true, "");
    save(&repository, "2026-01-03T00:00:00Z", "a", false, "");
    save(&repository, "2026-01-04T00:00:00Z", "a", false, "");
    let plan = plan(&repository, &last(1), false, now()).unwrap();
    assert!(plan.removed().contains(&old));
    let kept: Vec<_> = plan.groups[0].iter().filter(|it| it.is_kept()).collect();
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[0].id, complete);
    assert_eq!(kept[0].reasons, [Reason::LastComplete]);
    let forced = super::plan(&repository, &last(1), true, now()).unwrap();
    assert!(forced.removed().contains(&complete));
}

#[test]
fn where_none_is_complete_the_newest_stays() {
    let (_, repository) = repository();
    let first = save(&repository, "2026-01-01T00:00:00Z", "a", false, "x");
    let second = save(&repository, "2026-01-02T00:00:00Z", "a", false, "x");
    let none = Choice::Policy {
        policy: Policy {
            tags: vec![TagList::parse("y")],
            ..Policy::default()
        },
        group_by: GroupBy::default(),
        only: Vec::new(),
    };
    assert_eq!(removed(&repository, &none), std::slice::from_ref(&first));
    let error = plan(&repository, &named(&[&first, &second]), false, now()).unwrap_err();
    assert!(
        matches!(&error, Error::Last { id, .. } if *id == second),
        "{error}"
    );
}

#[test]
fn a_filter_by_tag_leaves_the_others_out_of_it() {
    let (_, repository) = repository();
    let nightly = save(&repository, "2026-01-01T00:00:00Z", "a", true, "nightly");
    save(&repository, "2026-01-02T00:00:00Z", "a", true, "manual");
    save(&repository, "2026-01-03T00:00:00Z", "a", true, "nightly");
    let plan = plan(&repository, &only(1, &["nightly"]), false, now()).unwrap();
    assert_eq!(plan.removed(), [nightly]);
    assert_eq!(plan.kept(), 1, "what is filtered out is not even looked at");
}

#[test]
fn named_ones_go_unless_one_is_the_last() {
    let (files, repository) = repository();
    let first = save(&repository, "2026-01-01T00:00:00Z", "a", true, "");
    let second = save(&repository, "2026-01-02T00:00:00Z", "a", true, "");
    save(&repository, "2026-01-03T00:00:00Z", "a", false, "");
    assert_eq!(
        removed(&repository, &named(&[&first])),
        std::slice::from_ref(&first)
    );
    assert_eq!(
        removed(&repository, &named(&[&second])),
        std::slice::from_ref(&second)
    );
    let error = plan(&repository, &named(&[&first, &second]), false, now()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "snapshot {second} is the last complete one of workspace a, so nothing was forgotten"
        )
    );
    plan(&repository, &named(&[&first, &second]), true, now()).unwrap();

    // One that cannot be read can be named, and no policy touches it.
    files.overwrite(&format!("snapshots/{first}.json"), b"?");
    let plan = plan(&repository, &last(1), false, now()).unwrap();
    assert!(!plan.removed().contains(&first));
    assert_eq!(plan.unreadable.len(), 1);
    assert_eq!(removed(&repository, &named(&[&first])), [first]);
}

/// Snapshots of one workspace and a plan that keeps the last two.
fn prepared() -> (Memory, Failing, Vec<SnapshotId>) {
    let memory = Memory::new();
    let failing = Failing::new(Arc::new(memory.clone()));
    let repository = Repository::create(Arc::new(memory.clone())).unwrap();
    let ids = (1..=5)
        .map(|day| {
            save(
                &repository,
                &format!("2026-01-0{day}T00:00:00Z"),
                "a",
                true,
                "",
            )
        })
        .collect();
    (memory, failing, ids)
}

/// Returns how many snapshots could not be read, which are left alone.
fn forget(files: Arc<dyn Files>) -> Result<usize, Error> {
    let repository = Repository::open(files)?;
    let lock = repository.lock(LockKind::Exclusive, "forget", NOW.parse().unwrap())?;
    let plan = plan(&repository, &last(2), false, now())?;
    carry_out(&repository, &lock, &plan)?;
    Ok(plan.unreadable.len())
}

#[test]
fn whatever_operation_fails_what_is_kept_is_whole_and_the_next_run_finishes() {
    let (_, failing, _) = prepared();
    forget(Arc::new(failing.clone())).unwrap();
    let count = failing.operations().len();
    assert!(count > 10, "{count}");
    for number in 0..count {
        for fault in [
            Fault::Refuse(ErrorKind::PermissionDenied),
            Fault::Deny(ErrorKind::TimedOut),
            Fault::Kill,
        ] {
            let (memory, failing, ids) = prepared();
            failing.fail_at(number, fault);
            let result = forget(Arc::new(failing.clone()));
            assert!(failing.operations().len() > number);
            for memory in [memory.clone(), memory.after_power_cut()] {
                let repository = Repository::open(Arc::new(memory)).unwrap();
                let all = repository.all_snapshots().unwrap();
                assert!(all.damaged.is_empty());
                let left: Vec<_> = all.whole.into_iter().map(|(id, _)| id).collect();
                assert!(left.ends_with(&ids[3..]), "{number} {fault:?}");
                if matches!(result, Ok(0)) {
                    assert_eq!(left, ids[3..], "{number} {fault:?}: done is done");
                }
            }
            failing.clear();
            forget(Arc::new(failing)).unwrap();
            let left = memory
                .paths()
                .iter()
                .filter(|it| it.starts_with("snapshots/"))
                .count();
            assert_eq!(left, 2);
        }
    }
}

#[test]
fn nothing_is_removed_under_a_shared_lock() {
    let (_, repository) = repository();
    let id = save(&repository, "2026-01-01T00:00:00Z", "a", true, "");
    let lock = repository
        .lock(LockKind::Shared, "dump", NOW.parse().unwrap())
        .unwrap();
    assert!(repository.remove_snapshots(&lock, &[id]).is_err());
    assert_eq!(repository.snapshots().unwrap().len(), 1);
}

#[test]
fn snapshots_dated_in_the_future_come_into_no_rule_and_stay() {
    let (_, repository) = repository();
    let old = save(&repository, "2026-01-29T00:00:00Z", "a", true, "");
    let new = save(&repository, "2026-01-31T00:00:00Z", "a", true, "");
    // Two clocks that differ a little are no reason.
    let now_or_so = save(&repository, "2026-02-01T00:05:00Z", "a", true, "");
    let future = save(&repository, "2031-01-01T00:00:00Z", "a", true, "");
    for choice in [
        last(1),
        Choice::Policy {
            policy: Policy {
                within: Some(jiff::Span::new().hours(1)),
                ..Policy::default()
            },
            group_by: GroupBy::default(),
            only: Vec::new(),
        },
    ] {
        let plan = plan(&repository, &choice, false, now()).unwrap();
        assert_eq!(plan.removed(), [old.clone(), new.clone()]);
        let reasons = |id: &SnapshotId| {
            let mut decisions = plan.groups.iter().flatten();
            decisions.find(|it| it.id == *id).unwrap().reasons.clone()
        };
        assert_eq!(reasons(&future), [Reason::Future]);
        assert!(!reasons(&now_or_so).contains(&Reason::Future));
    }
    // By its id it goes, as long as another complete one is left that is the last.
    let newest = save(&repository, "2026-02-01T00:06:00Z", "a", true, "");
    assert!(newest > future, "names sort in the order of saving");
    assert_eq!(removed(&repository, &named(&[&future])), [future]);
}

#[test]
fn the_last_complete_one_with_pages_stays_whatever_comes_after_it() {
    let (_, repository) = repository();
    let save_with = |finished: &str, complete: bool, pages: u64| {
        let id = save(&repository, finished, "a", complete, "");
        let mut snapshot = repository.snapshot(&id).unwrap();
        let lock = repository.lock(LockKind::Exclusive, "test", now()).unwrap();
        repository.remove_snapshots(&lock, &[id]).unwrap();
        snapshot.counts = [("pages".to_string(), pages)].into();
        repository.save_snapshot(&snapshot).unwrap()
    };
    let older = save_with("2026-01-01T00:00:00Z", true, 7);
    let with_pages = save_with("2026-01-02T00:00:00Z", true, 5);
    let broken = save_with("2026-01-03T00:00:00Z", false, 6);
    let empty = save_with("2026-01-04T00:00:00Z", true, 0);
    assert_eq!(
        removed(&repository, &last(1)),
        [older.clone(), broken.clone()]
    );
    let error = plan(&repository, &named(&[&older, &with_pages]), false, now()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "snapshot {with_pages} is the last complete one with pages of workspace a, so nothing was forgotten"
        )
    );
    // By their ids, one complete one with pages must be left, whichever.
    for rest in [&older, &with_pages] {
        let named = named(&[rest, &empty, &broken]);
        assert_eq!(removed(&repository, &named).len(), 3);
    }
}

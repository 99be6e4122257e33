//! Random workspaces: dumped, restored, judged; and the copy once more.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::restorer::Restorer;
use crate::support::Workspace;
use crate::support::workspace::MINUTE;

/// How many seeds every run tries; `RESTORE_SEEDS` asks for more, `RESTORE_FROM_SEED` for
/// others.
const SEEDS: u64 = 8;

/// Does the same with every seed; fails at the end, when one did.
fn each_seed(run: impl Fn(u64)) {
    let asked = |name: &str| std::env::var(name).ok()?.parse().ok();
    let first = asked("RESTORE_FROM_SEED").unwrap_or(0);
    let seeds = first..first + asked("RESTORE_SEEDS").unwrap_or(SEEDS);
    let failed: Vec<u64> = seeds
        .filter(|seed| {
            let failed = catch_unwind(AssertUnwindSafe(|| run(*seed))).is_err();
            if failed {
                eprintln!("that was seed {seed}");
            }
            failed
        })
        .collect();
    assert!(failed.is_empty(), "seeds {failed:?} fail");
}

#[test]
fn random_workspaces_come_back_at_home() {
    each_seed(|seed| drop(Restorer::home(Workspace::random(seed)).prove()));
}

#[test]
fn random_workspaces_come_back_abroad() {
    each_seed(|seed| drop(Restorer::abroad(Workspace::random(seed)).prove()));
}

#[test]
fn the_copy_of_a_copy_is_still_the_same() {
    each_seed(|seed| {
        let first = Restorer::abroad(Workspace::random(seed));
        // So that the first copy, too, says what was made before what.
        first.target.set(|it| it.post_time = MINUTE);
        first.prove();
        first.again().prove();
    });
}

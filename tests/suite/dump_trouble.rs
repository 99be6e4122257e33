//! A dump while Notion fails: what passes is waited out and leaves no trace; what
//! lasts costs what it hits and nothing else, and is said.

mod access;
mod endless;
mod files;
mod lasting;
mod limits;
mod passing;
mod permanent;
mod wrong_bytes;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use notion_backup::crawl::ledger::{Line, Status};
use notion_backup::dump::Summary;
use notion_backup::report::{Counter, Report};

use crate::site::{Site, Tree};
use crate::support::Workspace;
use crate::support::fake_notion::{Fault, What};

/// The tree of a dump that nothing disturbed.
fn undisturbed(site: &Site) -> Tree {
    let other = site.elsewhere();
    let summary = other.dump();
    assert!(summary.complete, "{:?}", summary.problems);
    site.requests();
    other.tree()
}

/// A fault that lasts.
fn lasting(method: &str, path: &str, status: u16) -> Fault {
    Fault::on(method, path, What::status(status)).times(usize::MAX)
}

/// Does something once, when a counter reaches a number.
pub struct When<F> {
    counter: Counter,
    at: u64,
    seen: AtomicU64,
    act: F,
}

pub fn when<F: Fn() + Send + Sync>(counter: Counter, at: u64, act: F) -> When<F> {
    When {
        counter,
        at,
        seen: AtomicU64::new(0),
        act,
    }
}

impl<F: Fn() + Send + Sync> Report for When<F> {
    fn add(&self, counter: Counter, amount: u64) {
        if counter != self.counter {
            return;
        }
        let before = self.seen.fetch_add(amount, Ordering::SeqCst);
        if before < self.at && before + amount >= self.at {
            (self.act)();
        }
    }
}

/// The lines of the ledger that make the snapshot incomplete.
fn losses(site: &Site) -> Vec<Line> {
    let mut lines = site.ledger();
    lines.retain(|line| line.status.is_loss());
    lines
}

/// A dump in which something failed: it says so everywhere, and names it.
fn assert_incomplete(site: &Site, summary: &Summary, named: &str) {
    assert!(!summary.complete);
    assert!(!site.latest().1.complete);
    let problems = &summary.problems;
    assert!(
        problems.iter().any(|problem| problem.contains(named)),
        "{named} is not in {problems:?}"
    );
    let failed = summary.ledger.get(Status::Failed.word());
    let truncated = summary.ledger.get(Status::Truncated.word());
    assert!(failed.or(truncated).is_some(), "{:?}", summary.ledger);
}

/// The files that two trees do not share, ledger apart.
fn difference(a: &Tree, b: &Tree) -> BTreeSet<String> {
    let differs = |path: &&String| a.get(*path) != b.get(*path);
    let paths = a.keys().chain(b.keys()).filter(differs);
    paths
        .filter(|path| !path.starts_with("/.notion-backup/ledger/"))
        .cloned()
        .collect()
}

/// After the trouble is over, the next dump has everything.
fn assert_recovers(site: &Site, undisturbed: &Tree) {
    site.fake.faults().clear();
    site.fake.edit(|ws| ws.advance_minutes(10));
    let summary = site.dump();
    assert!(summary.complete, "{:?}", summary.problems);
    assert_eq!(losses(site), []);
    let difference = difference(&site.tree(), undisturbed);
    assert!(difference.is_empty(), "{difference:?}");
}

fn everything() -> Site {
    Site::new(Workspace::everything(7))
}

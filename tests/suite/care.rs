//! Dumps and the care for what they leave: prune beside interrupted dumps, repair and
//! the dump that heals.

use std::sync::Arc;

use jiff::Timestamp;
use notion_backup::check::{CheckOptions, Findings, check};
use notion_backup::gc;
use notion_backup::repo::LockKind;
use notion_backup::report::Silent;
use notion_backup::stop::Stop;

use crate::site::{Site, StopAfter, assert_same_tree};
use crate::support::Workspace;

fn now() -> Timestamp {
    "2026-02-01T00:00:00Z".parse().unwrap()
}

fn prune(site: &Site) -> gc::Plan {
    let repo = site.repo();
    let lock = repo.lock(LockKind::Exclusive, "prune", now()).unwrap();
    let plan = gc::plan(&repo, &[], &Stop::new(), &Silent).unwrap();
    gc::sweep(&repo, &lock, &plan, &Stop::new(), &Silent).unwrap();
    plan
}

fn checked(site: &Site) -> Findings {
    let options = CheckOptions {
        read_data: true,
        stop: Stop::new(),
    };
    check(&site.repo(), &options, &Silent)
}

#[test]
fn a_prune_takes_nothing_from_an_interrupted_dump() {
    let mut site = Site::new(Workspace::everything(7));
    site.options.jobs = 2;
    let stop = Stop::new();
    let report = Arc::new(StopAfter::new(60, &stop));
    let summary = site.dump_with(&site.options, &stop, report).unwrap();
    assert_eq!(summary.snapshot, None);
    let read = site.objects();
    assert!(read.len() > 60, "{}", read.len());
    let requests = || {
        let requests: u64 = site.requests().values().sum();
        requests
    };
    requests();
    let plan = prune(&site);
    assert_eq!((plan.interrupted, plan.snapshots), (1, 0));
    // What a page's reading had stored before the page was done is nobody's.
    assert!(plan.objects.len() < 20, "{:?}", plan.objects.len());

    let undisturbed = site.elsewhere();
    site.dump();
    let continued = requests();
    undisturbed.dump();
    let whole = requests();
    assert!(continued < whole * 3 / 4, "{continued} of {whole}");
    assert_same_tree(&site.tree(), &undisturbed.tree());
    assert!(checked(&site).is_sound());

    // Now nothing but the snapshot needs anything.
    assert_eq!(prune(&site).interrupted, 0);
    assert_eq!(site.objects(), undisturbed.objects());
    assert!(checked(&site).is_sound());
}

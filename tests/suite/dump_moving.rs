//! Edits while a dump runs: it sees some of them and not others, and that must cost
//! nothing but the order in which they are seen.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use notion_backup::model::NotionId;
use notion_backup::report::{Counter, Report};
use notion_backup::stop::Stop;
use proptest::prelude::*;

use crate::dump_again::small;
use crate::dump_random::{
    self, Edit, apply, assert_as_good_as_a_first, check, check_lists, places, readable,
};
use crate::site::{Site, StopAfter};
use crate::support::fake_notion::{Fault, What};
use crate::support::workspace::model::Parent;
use crate::support::{FakeNotion, Workspace};

/// Edits the workspace after so many requests each.
struct Busy {
    fake: FakeNotion,
    requests: AtomicU64,
    edits: Mutex<Vec<(u64, Edit)>>,
}

impl Busy {
    fn new(site: &Site, mut edits: Vec<(u64, Edit)>) -> Arc<Busy> {
        edits.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        Arc::new(Busy {
            fake: site.fake.clone(),
            requests: AtomicU64::new(0),
            edits: Mutex::new(edits),
        })
    }
}

impl Report for Busy {
    fn add(&self, counter: Counter, amount: u64) {
        if counter != Counter::Requests {
            return;
        }
        let now = self.requests.fetch_add(amount, Ordering::SeqCst);
        let mut edits = self.edits.lock().unwrap();
        while let Some((_, edit)) = edits.pop_if(|(at, _)| *at <= now) {
            self.fake.edit(|ws| {
                apply(ws, &edit);
            });
        }
    }
}

/// After a dump during which there were edits: what could be read before and after is
/// in the tree once, or the ledger says why not; no list shows what is not there.
fn check_busy(site: &Site, before: &BTreeSet<NotionId>) {
    let tree = site.tree();
    let there = places(&tree);
    check_lists(&tree);
    let known: BTreeSet<NotionId> = site.ledger().iter().map(|line| line.id).collect();
    let after = site.fake.look(readable);
    for id in before.intersection(&after) {
        assert!(
            there.contains_key(id) || known.contains(id),
            "{id} is lost without a word"
        );
    }
}

/// A dump with these edits on the way, then one at rest.
fn run(site: &Site, edits: Vec<(u64, Edit)>) {
    let before = site.fake.look(readable);
    let busy = Busy::new(site, edits);
    site.dump_with(&site.options, &Stop::new(), busy).unwrap();
    check_busy(site, &before);
    // Long enough for Notion's minutes to pass.
    site.fake.edit(|ws| ws.advance_minutes(10));
    site.dump();
    check(site);
}

fn moves() -> impl Strategy<Value = Vec<(u64, Edit)>> {
    prop::collection::vec((0u64..60, dump_random::edit()), 1..12)
}

/// What search leaves out, and what moves no timestamp, may come to light later.
fn without_hiding(edits: Vec<(u64, Edit)>) -> Vec<(u64, Edit)> {
    let mut edits = edits;
    edits.retain(|(_, edit)| !matches!(edit, Edit::HideFromSearch(..)));
    edits
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: dump_random::cases(),
        rng_seed: dump_random::dice(),
        failure_persistence: None,
        max_shrink_iters: 60,
        ..ProptestConfig::default()
    })]

    #[test]
    fn edits_during_a_first_dump_lose_nothing(seed in 0u64..1000, edits in moves()) {
        let site = Site::new(dump_random::start(seed));
        run(&site, without_hiding(edits));
    }

    #[test]
    fn edits_during_a_later_dump_lose_nothing(
        seed in 0u64..1000,
        first in moves(),
        second in moves(),
    ) {
        let site = Site::new(dump_random::start(seed));
        site.dump();
        run(&site, without_hiding(first));
        run(&site, without_hiding(second));
    }

    #[test]
    fn edits_between_an_interruption_and_its_continuation_lose_nothing(
        seed in 0u64..1000,
        pages in 1u64..20,
        first in moves(),
        second in moves(),
    ) {
        let mut site = Site::new(dump_random::start(seed));
        site.options.crawl.recheck_after_days = 0;
        site.dump();
        edit_at_rest(&site, first);
        let stop = Stop::new();
        let report = Arc::new(StopAfter::new(pages, &stop));
        site.dump_with(&site.options, &stop, report).unwrap();
        edit_at_rest(&site, second);
        site.dump();
        check(&site);
        assert_as_good_as_a_first(&mut site);
    }

    #[test]
    fn what_fails_for_a_while_loses_nothing(
        seed in 0u64..1000,
        picks in prop::collection::vec((any::<u16>(), 0usize..5), 1..4),
        edits in moves(),
        first in any::<bool>(),
    ) {
        let mut site = Site::new(dump_random::start(seed));
        site.options.crawl.recheck_after_days = 0;
        if first {
            site.dump();
        }
        edit_at_rest(&site, edits);
        for (number, kind) in picks {
            if let Some(path) = site.fake.look(|ws| some_path(ws, number, kind)) {
                let fault = Fault::on("*", &path, What::status(500)).times(usize::MAX);
                site.fake.faults().push(fault);
            }
        }
        let before = site.fake.look(readable);
        for _ in 0..2 {
            site.dump();
            check_busy(&site, &before);
            site.fake.edit(|ws| ws.advance_minutes(10));
        }
        site.fake.faults().clear();
        let summary = site.dump();
        assert!(summary.complete, "{:?}", summary.problems);
        check(&site);
        assert_as_good_as_a_first(&mut site);
    }
}

fn edit_at_rest(site: &Site, edits: Vec<(u64, Edit)>) {
    site.fake.edit(|ws| {
        for (_, edit) in without_hiding(edits) {
            apply(ws, &edit);
        }
    });
}

/// A request for something that is there.
fn some_path(ws: &Workspace, number: u16, kind: usize) -> Option<String> {
    let sorted = |ids: Vec<NotionId>| {
        let ids: BTreeSet<NotionId> = ids.into_iter().collect();
        let number = usize::from(number) % ids.len().max(1);
        ids.into_iter().nth(number)
    };
    let id = match kind {
        0 | 1 => sorted(ws.pages.keys().copied().collect()),
        2 => sorted(ws.blocks.keys().copied().collect()),
        3 => sorted(ws.databases.keys().copied().collect()),
        _ => sorted(ws.data_sources.keys().copied().collect()),
    }?;
    Some(match kind {
        0 => format!("/v1/pages/{id}"),
        1 | 2 => format!("/v1/blocks/{id}/children"),
        3 => format!("/v1/databases/{id}"),
        _ => format!("/v1/data_sources/{id}/query"),
    })
}

#[test]
fn two_pages_that_are_moved_into_each_other_in_mid_run_are_both_there() {
    // At every moment of the run, one after the other.
    for at in 0..40 {
        let mut site = Site::new(small());
        site.options.crawl.jobs = 1;
        let [child, other] = site
            .fake
            .look(|ws| ["child", "other"].map(|name| ws.get(name)));
        let before = site.fake.look(readable);
        let fake = site.fake.clone();
        let hook = crate::dump_trouble::when(Counter::Requests, at + 1, move || {
            fake.edit(|ws| {
                ws.move_page(other, Parent::Page(child));
                ws.move_page(child, Parent::Workspace);
            });
        });
        site.dump_with(&site.options, &Stop::new(), Arc::new(hook))
            .unwrap();
        check_busy(&site, &before);
        let fake = site.fake.clone();
        let hook = crate::dump_trouble::when(Counter::Requests, at + 1, move || {
            fake.edit(|ws| {
                ws.move_page(other, Parent::Workspace);
                ws.move_page(child, Parent::Page(other));
                ws.touch_page(child);
                ws.touch_page(other);
            });
        });
        site.dump_with(&site.options, &Stop::new(), Arc::new(hook))
            .unwrap();
        check_busy(&site, &before);
        site.fake.edit(|ws| ws.advance_minutes(10));
        site.dump();
        check(&site);
    }
}

#[test]
fn a_page_that_is_deleted_or_hidden_in_mid_run_is_accounted_for() {
    type Change = fn(&mut Workspace, NotionId);
    let changes: [Change; 4] = [
        |ws, id| ws.delete_page(id),
        |ws, id| ws.set_trashed(id, true),
        |ws, id| ws.set_shared(id, Some(false)),
        |ws, id| {
            ws.set_trashed(id, true);
            ws.set_trashed(id, false);
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        for at in (0..40).step_by(3) {
            for name in ["child", "in toggle", "row 1", "other"] {
                let mut site = Site::new(small());
                site.options.crawl.jobs = 1;
                let id = site.fake.look(|ws| ws.get(name));
                let fake = site.fake.clone();
                let hook = crate::dump_trouble::when(Counter::Requests, at + 1, move || {
                    fake.edit(|ws| change(ws, id));
                });
                let summary = site
                    .dump_with(&site.options, &Stop::new(), Arc::new(hook))
                    .unwrap();
                let tree = site.tree();
                check_lists(&tree);
                let there = places(&tree).contains_key(&id);
                let line = site.ledger().into_iter().find(|line| line.id == id);
                let when = format!("change {number} of {name} at {at}: {line:?}");
                assert!(there || line.is_some() || at < 3, "{when}");
                // Something that went away is no failure of the dump.
                assert!(summary.complete, "{when}: {:?}", summary.problems);
                site.fake.edit(|ws| ws.advance_minutes(10));
                assert!(site.dump().complete, "{when}");
                check(&site);
            }
        }
    }
}

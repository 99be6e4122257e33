//! Clocks that are wrong: set forward, set back, set while a dump runs. Where answers tell
//! the time, it makes no difference; where they do not, nothing that was edited is missed
//! for long, and the latest snapshot is the one that was saved last.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use notion_backup::check::{CheckOptions, ReadData, check};
use notion_backup::clock::{Clock, ManualClock};
use notion_backup::forget::policy::Policy;
use notion_backup::forget::{self, Choice, GroupBy};
use notion_backup::repo::LockKind;
use notion_backup::report::Silent;
use notion_backup::stop::Stop;

use crate::dump_again::small;
use crate::site::{Site, StopAfter, assert_same_tree};

const DAY: i64 = 86_400;
const YEAR: i64 = 365 * DAY;

/// The workspace's time and so many seconds.
fn off_by(site: &Site, seconds: i64) -> Arc<dyn Clock> {
    let now = site.clock().now();
    Arc::new(ManualClock::at(now + SignedDuration::from_secs(seconds)))
}

/// A workspace whose answers do not tell the time, so that the machine's clock has to do.
fn undated() -> Site {
    let site = Site::new(small());
    site.fake.set(|switches| switches.date = false);
    site
}

fn assert_sound(site: &Site) {
    let options = CheckOptions {
        read: ReadData::All,
        ..CheckOptions::default()
    };
    let found = check(&site.repo(), &options, &Silent);
    assert!(found.is_sound(), "{:?}", found.findings);
}

fn assert_up_to_date(site: &Site) {
    let calm = site.elsewhere();
    calm.dump();
    assert_same_tree(&calm.tree(), &site.tree());
    assert_sound(site);
}

#[test]
fn where_answers_tell_the_time_the_clock_makes_no_difference() {
    for wrong in [5 * YEAR, -20 * YEAR, 3600, -3600, 5, -5] {
        let site = Site::new(small());
        site.fake.edit(|ws| {
            ws.advance_minutes(10);
            let line = ws.get("line");
            ws.set_text(line, "one");
        });
        site.dump_on(off_by(&site, wrong)).unwrap();
        let off = site.clock().now() - site.latest().1.started;
        assert!(
            off.total(jiff::Unit::Second).unwrap().abs() <= 1.0,
            "{wrong}: {off}"
        );
        // Within the minute in which the page was read, so that its time stays.
        site.fake.edit(|ws| {
            let line = ws.get("line");
            ws.set_text(line, "two");
            ws.advance_minutes(10);
        });
        site.dump_on(off_by(&site, wrong)).unwrap();
        assert_up_to_date(&site);
        site.fake.edit(|ws| ws.advance_minutes(10));
        site.dump_on(off_by(&site, wrong)).unwrap();
        site.fake.clear_requests();
        site.dump_on(off_by(&site, wrong)).unwrap();
        let counts = site.requests();
        let body = "GET /v1/blocks/{id}/children";
        assert_eq!(counts.get(body), None, "{wrong}: {counts:?}");
    }
}

#[test]
fn an_edit_without_a_sign_is_found_however_wrong_the_clock_was() {
    for wrong in [5 * YEAR, -20 * YEAR, 3600, -3600] {
        let site = undated();
        site.fake.edit(|ws| ws.advance_minutes(10));
        site.dump();
        site.dump_on(off_by(&site, wrong)).unwrap();
        site.fake.edit(|ws| {
            let line = ws.get("line");
            ws.set_text_by_api(line, "silently");
            // As long as a page may go unread.
            ws.advance_minutes(31 * 24 * 60);
        });
        let before = site.latest().0;
        site.dump();
        assert!(
            site.latest().0 > before,
            "{wrong}: the latest is not the last"
        );
        assert_up_to_date(&site);
    }
}

#[test]
fn each_dump_builds_on_the_one_before_it_whatever_the_clock_says() {
    let site = undated();
    let mut last = None;
    for (number, wrong) in [0, 5 * YEAR, 0, -40 * YEAR, -1, 60, 0, -DAY]
        .into_iter()
        .enumerate()
    {
        site.fake.edit(|ws| {
            let line = ws.get("line");
            ws.set_text(line, &format!("edit {number}"));
            ws.advance_minutes(10);
        });
        let clock = off_by(&site, wrong);
        let summary = site.dump_on(clock.clone()).unwrap();
        let (id, snapshot) = site.latest();
        assert_eq!(Some(&id), summary.snapshot.as_ref(), "{wrong}");
        assert_eq!(snapshot.parent, last, "{wrong}");
        assert_eq!(
            snapshot.finished,
            clock.now(),
            "it says what the clock said"
        );
        assert_up_to_date(&site);
        last = Some(id);
    }
    // A rule goes by those times, in the order of saving: the days that there were.
    let policy = Policy {
        daily: 7,
        ..Policy::default()
    };
    let choice = Choice::Policy {
        policy,
        group_by: GroupBy::default(),
        only: Vec::new(),
    };
    let plan = forget::plan(&site.repo(), &choice, false, site.clock().now()).unwrap();
    let kept = |wrong: usize| plan.groups[0][wrong].is_kept();
    assert_eq!((kept(7), kept(6)), (true, true), "yesterday and today");
    assert!(
        kept(3) && kept(1),
        "the days of the wrong clock count as days"
    );
    assert!(!kept(5), "only one of a day");
}

#[test]
fn a_snapshot_that_was_forgotten_leaves_no_belief_in_what_it_read() {
    let site = undated();
    site.fake.edit(|ws| {
        ws.advance_minutes(10);
        let line = ws.get("line");
        ws.set_text(line, "one");
    });
    site.dump();
    site.fake.edit(|ws| {
        // Within the same minute, so that the page's time stays; and one without a sign.
        let (line, other) = (ws.get("line"), ws.get("other"));
        ws.set_text(line, "two");
        ws.append_text(other, "more");
        ws.advance_minutes(10);
    });
    let first = site.latest().0;
    site.dump();
    let second = site.latest().0;
    let repo = site.repo();
    let lock = repo
        .lock(LockKind::Exclusive, "forget", Timestamp::UNIX_EPOCH)
        .unwrap();
    repo.remove_snapshots(&lock, &[second]).unwrap();
    drop(lock);
    site.dump();
    assert_eq!(site.latest().1.parent, Some(first));
    assert_up_to_date(&site);
}

/// A clock that jumps each time somebody looks.
struct Jumping {
    base: ManualClock,
    looks: AtomicI64,
}

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        let looks = self.looks.fetch_add(1, Ordering::SeqCst);
        let seconds = [0, YEAR, -YEAR, 7, -7, -50 * YEAR][(looks / 3 % 6) as usize];
        self.base.now() + SignedDuration::from_secs(seconds)
    }

    fn elapsed(&self) -> Duration {
        self.base.elapsed()
    }

    fn sleep(&self, time: Duration, stop: &Stop) {
        self.base.sleep(time, stop);
    }
}

#[test]
fn a_clock_that_is_set_while_a_dump_runs_spoils_nothing() {
    let mut site = undated();
    site.options.crawl.jobs = 1;
    for round in 0..6 {
        site.fake.edit(|ws| {
            let line = ws.get("line");
            ws.set_text(line, &format!("round {round}"));
            if round % 2 == 0 {
                ws.advance_minutes(10);
            }
        });
        let clock = Jumping {
            base: site.clock(),
            looks: AtomicI64::new(round),
        };
        let summary = site.dump_on(Arc::new(clock)).unwrap();
        assert_eq!(Some(site.latest().0), summary.snapshot, "{round}");
        assert!(summary.complete);
        assert_up_to_date(&site);
    }
    site.dump();
    assert_up_to_date(&site);
}

#[test]
fn what_an_interrupted_dump_read_by_a_wrong_clock_is_looked_at_again() {
    for wrong in [3600, YEAR, -YEAR] {
        let mut site = undated();
        site.options.crawl.jobs = 1;
        site.fake.edit(|ws| {
            ws.advance_minutes(10);
            for name in ["line", "other"] {
                let id = ws.get(name);
                ws.touch_page(ws.page_of(id).unwrap_or(id));
            }
        });
        let stop = Stop::new();
        let report = Arc::new(StopAfter::new(6, &stop));
        let tools = (site.files.clone() as _, off_by(&site, wrong));
        let options = site.options.clone();
        let summary = site.run(tools, &options, &stop, report).unwrap();
        assert_eq!(summary.snapshot, None, "{wrong}");
        site.fake.edit(|ws| {
            let (line, other) = (ws.get("line"), ws.get("other"));
            ws.set_text(line, "in the same minute");
            ws.append_text(other, "in the same minute");
            ws.advance_minutes(10);
        });
        site.dump();
        assert_up_to_date(&site);
    }
}

#[test]
fn locks_do_not_go_by_the_clock() {
    let site = undated();
    site.dump();
    let repo = site.repo();
    for time in ["1970-01-01T00:00:00Z", "2999-01-01T00:00:00Z"] {
        let time: Timestamp = time.parse().unwrap();
        let held = repo.lock(LockKind::Exclusive, "prune", time).unwrap();
        assert!(site.try_dump().is_err(), "however old it looks");
        drop(held);
        assert!(site.dump().complete);
    }
}

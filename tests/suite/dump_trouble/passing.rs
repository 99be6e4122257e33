//! Trouble that passes.

use std::time::Duration;

use super::*;
use crate::dump_again::small;
use crate::site::assert_same_tree;
use crate::support::fake_notion::Tell;

/// Every way to fail from which a client can recover by itself.
fn passing() -> Vec<What> {
    let wait = |seconds, tell| What::Wait {
        seconds,
        tell,
        reason: "public_api_space_request_rate_limit",
        overload: false,
    };
    vec![
        wait(7, Tell::Header),
        wait(7, Tell::Body),
        wait(900, Tell::Both),
        wait(1, Tell::Neither),
        What::overloaded(30),
        What::status(500),
        What::HtmlBadGateway,
        What::status(503),
        What::reduce_page_size(),
        What::status(504),
        What::status(409),
        What::rendering_timeout(),
        What::HangUp,
        What::HangUpAfterCommit,
        What::CutBody(0),
        What::CutBody(40),
        What::Garbage,
        What::Slow(Duration::from_millis(20)),
    ]
}

#[test]
fn each_passing_failure_of_each_endpoint_leaves_no_trace() {
    let mut site = Site::new(Workspace::everything(3));
    site.options.crawl.comments = notion_backup::crawl::Comments::Pages;
    let calm = undisturbed(&site);
    let endpoints = [
        ("GET", "/v1/users/me"),
        ("GET", "/v1/users"),
        ("GET", "/v1/users/*"),
        ("GET", "/v1/custom_emojis"),
        ("POST", "/v1/search"),
        ("GET", "/v1/pages/*"),
        ("GET", "/v1/pages/*/properties/*"),
        ("GET", "/v1/databases/*"),
        ("GET", "/v1/data_sources/*"),
        ("GET", "/v1/data_sources/*/templates"),
        ("POST", "/v1/data_sources/*/query"),
        ("GET", "/v1/views"),
        ("GET", "/v1/views/*"),
        ("GET", "/v1/blocks/*/children"),
        ("GET", "/v1/comments"),
    ];
    for what in passing() {
        let other = site.elsewhere();
        for (method, path) in endpoints {
            // Where two patterns fit, four in a row: a client that gives up after three
            // loses something.
            let fault = Fault::on(method, path, what.clone());
            other.fake.faults().push(fault.times(2));
        }
        let summary = other.dump();
        assert!(summary.complete, "{what:?}: {:?}", summary.problems);
        if !matches!(what, What::Slow(_)) {
            assert_eq!(other.fake.faults().left(), 0, "{what:?}");
        }
        assert_same_tree(&calm, &other.tree());
    }
}

#[test]
fn bad_weather_leaves_no_trace() {
    let site = everything();
    let calm = undisturbed(&site);
    for seed in 0..3 {
        let mut other = site.elsewhere();
        other.options.crawl.jobs = 2 + seed as usize;
        other.fake.faults().weather(seed, 80, passing());
        let summary = other.dump();
        assert!(summary.complete, "{seed}: {:?}", summary.problems);
        other.fake.faults().clear();
        assert_same_tree(&calm, &other.tree());
    }
}

#[test]
fn a_wait_without_bound_is_waited_and_costs_one_request_a_worker() {
    let site = Site::new(small());
    let calm = undisturbed(&site);
    let day = What::rate_limited(24 * 3600);
    for position in [0, 3, 9] {
        let other = site.elsewhere();
        let fault = Fault::on("*", "/v1/*", day.clone());
        other.fake.faults().push(fault.after(position).times(1));
        assert!(other.dump().complete);
        assert_same_tree(&calm, &other.tree());
    }
    let least: u64 = site.requests().values().sum();
    assert!(least > 0);
}

#[test]
fn an_incremental_dump_in_bad_weather_is_as_good_as_in_fair() {
    let site = everything();
    site.dump();
    site.fake.edit(|ws| {
        ws.advance_minutes(10);
        let (line, row) = (ws.get("a paragraph"), ws.get("full row"));
        ws.set_text(line, "changed");
        ws.touch_page(row);
        let gone = ws.get("with none icon");
        ws.set_trashed(gone, true);
        ws.advance_minutes(10);
    });
    site.fake.faults().weather(9, 80, passing());
    let summary = site.dump();
    assert!(summary.complete, "{:?}", summary.problems);
    site.fake.faults().clear();
    let other = site.elsewhere();
    other.dump();
    assert_eq!(difference(&site.tree(), &other.tree()), BTreeSet::new());
}

//! What a token may not see, and what it may no longer see.

use std::sync::Arc;

use super::*;
use crate::dump_again::beyond_listings;
use notion_backup::crawl;
use notion_backup::dump;
use notion_backup::model::Kind;
use notion_backup::notion;
use notion_backup::stop::{Stop, StopReason};

#[test]
fn without_the_comments_capability_one_request_says_so_for_all() {
    let mut site = everything();
    site.options.crawl.jobs = 1;
    site.fake.edit(|ws| ws.advance_minutes(10));
    let calm = undisturbed(&site);
    site.fake
        .set(|switches| switches.capabilities.read_comments = false);
    for _ in 0..2 {
        site.requests();
        let summary = site.dump();
        assert_incomplete(&site, &summary, "comments");
        assert_eq!(summary.problems.len(), 1, "{:?}", summary.problems);
        assert_eq!(site.fake.count("GET /v1/comments"), 1);
        site.fake.edit(|ws| ws.advance_minutes(10));
    }
    site.fake
        .set(|switches| switches.capabilities.read_comments = true);
    assert_recovers(&site, &calm);
    site.requests();
    site.dump();
    assert_eq!(site.fake.count("GET /v1/comments"), 0, "they are read once");
}

#[test]
fn comments_are_read_when_the_capability_comes_between_an_interruption_and_its_continuation() {
    let mut site = everything();
    site.options.crawl.jobs = 1;
    site.fake.edit(|ws| ws.advance_minutes(10));
    let calm = undisturbed(&site);
    site.fake
        .set(|switches| switches.capabilities.read_comments = false);
    let stop = Stop::new();
    let raised = stop.clone();
    let hook = when(Counter::ReadPages, 120, move || {
        raised.raise(StopReason::Interrupted)
    });
    let summary = site
        .dump_with(&site.options, &stop, Arc::new(hook))
        .unwrap();
    assert_eq!(summary.snapshot, None);
    site.fake
        .set(|switches| switches.capabilities.read_comments = true);
    assert_recovers(&site, &calm);

    // Without the capability, the continuation reads nothing twice, and says it again.
    let mut site = everything();
    site.options.crawl.jobs = 1;
    site.fake.edit(|ws| ws.advance_minutes(10));
    site.fake
        .set(|switches| switches.capabilities.read_comments = false);
    let stop = Stop::new();
    let raised = stop.clone();
    let hook = when(Counter::ReadPages, 120, move || {
        raised.raise(StopReason::Interrupted)
    });
    site.dump_with(&site.options, &stop, Arc::new(hook))
        .unwrap();
    let before: BTreeSet<String> = beyond_listings(&site).into_iter().collect();
    site.requests();
    let summary = site.dump();
    assert_incomplete(&site, &summary, "comments");
    let again: BTreeSet<String> = beyond_listings(&site).into_iter().collect();
    let twice = before
        .intersection(&again)
        .filter(|path| path.ends_with("/children"));
    assert!(twice.count() <= 2);
}

#[test]
fn without_the_user_capability_everything_else_is_there() {
    for personal in [false, true] {
        let site = everything();
        site.fake.edit(|ws| ws.advance_minutes(10));
        let calm = undisturbed(&site);
        site.fake.set(|switches| {
            if personal {
                switches.capabilities.personal = true;
            } else {
                switches.capabilities.users = false;
            }
        });
        let summary = site.dump();
        // It is no fault of the run, and it is in the ledger.
        assert!(summary.complete, "{:?}", summary.problems);
        let mut lines = site.ledger();
        lines.retain(|line| line.kind == Kind::User && line.place == "listing");
        assert_eq!(lines.len(), 1);
        assert!(!lines[0].reason.is_empty());
        let others: Vec<String> = difference(&calm, &site.tree())
            .into_iter()
            .filter(|path| {
                !["users.json", "workspace.json"]
                    .iter()
                    .any(|end| path.ends_with(end))
            })
            .collect();
        assert_eq!(others, Vec::<String>::new());
        // At rest it costs no more than otherwise.
        site.fake.edit(|ws| ws.advance_minutes(10));
        site.requests();
        site.dump();
        assert_eq!(site.fake.count("GET /v1/blocks"), 0);
        site.fake.set(|switches| {
            switches.capabilities.personal = false;
            switches.capabilities.users = true;
        });
        assert_recovers(&site, &calm);
    }
}

fn notion_error(result: Result<dump::Summary, dump::Error>) -> notion::Error {
    match result {
        Err(dump::Error::Notion(error) | dump::Error::Crawl(crawl::Error::Notion(error))) => *error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_the_content_capability_a_dump_ends_at_once() {
    let site = everything();
    site.fake
        .set(|switches| switches.capabilities.read_content = false);
    let error = notion_error(site.try_dump());
    assert_eq!(error.kind, notion::Kind::Restricted);
    let sent: u64 = site.requests().values().sum();
    assert!(sent <= 5, "{sent} requests");
    assert!(site.repo().snapshots().unwrap().is_empty());
}

#[test]
fn a_token_that_is_revoked_ends_the_dump_and_loses_nothing() {
    let site = everything();
    site.fake.edit(|ws| ws.advance_minutes(10));
    let calm = undisturbed(&site);
    let revoked = lasting("*", "/v1/*", 401).after(200);
    site.fake.faults().push(revoked);
    let error = notion_error(site.try_dump());
    assert_eq!(error.kind, notion::Kind::Unauthorized);
    assert!(site.repo().snapshots().unwrap().is_empty());
    let sent = site.fake.requests();
    assert!(sent.len() < 300, "{} requests", sent.len());
    let read: BTreeSet<String> = sent
        .iter()
        .filter(|request| request.status == 200 && request.path.ends_with("/children"))
        .map(|request| request.path.clone())
        .collect();
    assert!(read.len() > 20);
    site.requests();
    assert_recovers(&site, &calm);
    let again = site.fake.requests();
    let again = again
        .iter()
        .filter(|request| read.contains(&request.path))
        .count();
    assert!(
        again <= 12,
        "{again} of {} lists were read twice",
        read.len()
    );
}

#[test]
fn objects_that_are_forbidden_cost_themselves_alone_however_many() {
    let site = everything();
    site.fake.edit(|ws| ws.advance_minutes(10));
    let calm = undisturbed(&site);
    site.fake
        .faults()
        .push(lasting("*", "/v1/*", 403).after(200));
    let summary = site.dump();
    assert_incomplete(&site, &summary, "restricted_resource");
    assert_recovers(&site, &calm);
}

#[test]
fn a_blocked_token_ends_the_dump() {
    let site = everything();
    let blocked = Fault::on("*", "/v1/*", What::blocked())
        .after(100)
        .times(usize::MAX);
    site.fake.faults().push(blocked);
    let error = notion_error(site.try_dump());
    assert_eq!(error.kind, notion::Kind::Blocked);
    let sent: u64 = site.requests().values().sum();
    assert!(sent < 120, "{sent} requests");
}

/// A site whose last dump could not read comments, and the lasting failures of the next
/// one's question whether it can.
fn without_comments() -> (Site, Tree) {
    let mut site = everything();
    site.options.crawl.jobs = 1;
    site.fake.edit(|ws| ws.advance_minutes(10));
    let calm = undisturbed(&site);
    site.fake
        .set(|switches| switches.capabilities.read_comments = false);
    site.dump();
    site.fake.edit(|ws| ws.advance_minutes(10));
    (site, calm)
}

#[test]
fn a_question_for_comments_that_fails_is_not_taken_for_a_yes() {
    for status in [400, 403, 404, 500] {
        let (site, calm) = without_comments();
        site.requests();
        site.fake
            .faults()
            .push(lasting("GET", "/v1/comments", status));
        let summary = site.dump();
        assert_incomplete(&site, &summary, "comments");
        let read = site.fake.count("GET /v1/blocks");
        assert_eq!(read, 0, "{status}: everything was read again");
        // So the one after it asks again, and then everything is there.
        site.fake
            .set(|switches| switches.capabilities.read_comments = true);
        assert_recovers(&site, &calm);
    }
}

#[test]
fn a_page_whose_comments_are_refused_says_nothing_of_the_others() {
    for status in [400, 403, 404] {
        let (site, calm) = without_comments();
        site.fake
            .set(|switches| switches.capabilities.read_comments = true);
        // The first page that is asked for its comments.
        let fault = Fault::on("GET", "/v1/comments", What::status(status));
        site.fake.faults().push(fault);
        let summary = site.dump();
        assert!(summary.complete, "{status}: {:?}", summary.problems);
        assert_eq!(difference(&site.tree(), &calm), BTreeSet::new());

        let other = site.elsewhere();
        let fault = Fault::on("GET", "/v1/comments", What::status(status));
        other.fake.faults().push(fault);
        let summary = other.dump();
        let of_all = losses(&other).into_iter();
        let of_all: Vec<Line> = of_all.filter(|line| line.place == "capability").collect();
        assert_eq!(of_all, [], "{:?}", summary.problems);
        assert!(other.fake.count("GET /v1/comments") > 10);
        assert_recovers(&other, &calm);
    }
}

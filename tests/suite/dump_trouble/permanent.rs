//! Permanent answers about single objects: they cost that object alone, they are no
//! sign of an outage, and what the API does not support is no failure of the run.

use super::*;
use crate::dump_again::small;
use crate::site::json_at;
use crate::support::fake_notion::Refusal;
use crate::support::workspace::model::Parent;
use notion_backup::crawl::{self, Comments};
use notion_backup::dump;
use notion_backup::model::{Kind, NotionId};
use serde_json::json;

const AI_BLOCK: &str = "Block type ai_block is not supported via the API.";

/// A refusal that lasts.
fn refusal(method: &str, path: &str, what: Refusal) -> Fault {
    Fault::on(method, path, What::Refuse(what)).times(usize::MAX)
}

fn unsupported(method: &str, path: &str) -> Fault {
    refusal(method, path, Refusal::validation(AI_BLOCK))
}

/// A workspace of so many pages at the top, each with a line, and their ids, sorted.
fn pages(count: usize) -> (Site, Vec<NotionId>) {
    let mut ws = Workspace::new(11);
    let mut ids: Vec<NotionId> = (0..count)
        .map(|number| {
            let page = ws.page(Parent::Workspace, &format!("Page {number}"));
            ws.paragraph(page, "a line");
            page
        })
        .collect();
    ids.sort_unstable();
    ws.advance_minutes(10);
    (Site::new(ws), ids)
}

fn fail(site: &Site, ids: &[NotionId], what: impl Fn(usize) -> What) {
    for (number, id) in ids.iter().enumerate() {
        let path = format!("/v1/blocks/{id}/children");
        let fault = Fault::on("GET", &path, what(number));
        site.fake.faults().push(fault.times(usize::MAX));
    }
}

fn edit(site: &Site, ids: &[NotionId]) {
    site.fake.edit(|ws| {
        for id in ids {
            ws.touch_page(*id);
        }
        ws.advance_minutes(10);
    });
}

#[test]
fn thirty_pages_that_the_api_does_not_support_stop_no_dump_and_fail_none() {
    let (site, ids) = pages(30);
    fail(&site, &ids, |_| What::Refuse(Refusal::validation(AI_BLOCK)));
    for _ in 0..3 {
        let summary = site.dump();
        assert!(summary.complete, "{:?}", summary.problems);
        assert_eq!(summary.ledger[Status::Unsupported.word()], 30);
        for id in &ids {
            let line = site.line(*id, Kind::Page).unwrap();
            assert_eq!(line.status, Status::Unsupported);
            assert!(line.reason.contains("ai_block"), "{}", line.reason);
            let why = json_at(&site.tree(), &format!("/{id}/unavailable.json"));
            assert_eq!(why["status"], "unsupported");
        }
        edit(&site, &ids);
    }
    site.fake.faults().clear();
    assert!(site.dump().complete);
    let line = site.line(ids[0], Kind::Page).unwrap();
    assert_eq!(line.status, Status::Captured);
}

#[test]
fn thirty_pages_that_the_api_no_longer_supports_keep_what_was_read() {
    let (site, ids) = pages(30);
    site.dump();
    let before = site.tree();
    fail(&site, &ids, |_| What::Refuse(Refusal::validation(AI_BLOCK)));
    for _ in 0..2 {
        edit(&site, &ids);
        let summary = site.dump();
        assert!(summary.complete, "{:?}", summary.problems);
        assert_eq!(difference(&before, &site.tree()), BTreeSet::new());
        let line = site.line(ids[0], Kind::Page).unwrap();
        assert_eq!(line.status, Status::Unsupported);
        assert!(line.reason.contains("kept as it was"), "{}", line.reason);
    }
}

#[test]
fn permanent_refusals_of_many_objects_are_no_outage() {
    let refusals = [
        (400, "validation_error"),
        (403, "restricted_resource"),
        (404, "object_not_found"),
        (409, "conflict_error"),
        (410, "gone"),
        (422, "validation_error"),
    ];
    let (site, ids) = pages(40);
    let mixed = |number: usize| {
        let (status, code) = refusals[number % refusals.len()];
        What::Refuse(Refusal::new(status, code, "this one, for ever"))
    };
    fail(&site, &ids, mixed);
    for _ in 0..2 {
        let summary = site.dump();
        assert_incomplete(&site, &summary, &ids[0].to_string());
        assert_eq!(summary.ledger[Status::Failed.word()], 40);
        edit(&site, &ids);
    }
    // The same for those that an earlier dump has.
    let calm = undisturbed(&site_without_faults(&site));
    site.dump();
    fail(&site, &ids, mixed);
    for _ in 0..2 {
        edit(&site, &ids);
        let summary = site.dump();
        assert_incomplete(&site, &summary, &ids[0].to_string());
        assert_eq!(summary.ledger[Status::Failed.word()], 40);
        assert_eq!(difference(&calm, &site.tree()), BTreeSet::new());
    }
}

fn site_without_faults(site: &Site) -> Site {
    site.fake.faults().clear();
    site.elsewhere()
}

/// A site where no request but those for blocks is made for a page, so that nothing
/// succeeds between two that fail.
fn blocks_alone(count: usize) -> (Site, Vec<NotionId>) {
    let (mut site, ids) = pages(count);
    site.options.crawl.comments = Comments::None;
    site.options.crawl.jobs = 1;
    (site, ids)
}

#[test]
fn each_unanswered_page_counts_once_and_the_end_names_its_cause() {
    let (site, ids) = blocks_alone(24);
    site.dump();
    fail(&site, &ids, |_| What::status(502));
    for _ in 0..2 {
        edit(&site, &ids);
        let summary = site.dump();
        assert_incomplete(&site, &summary, &ids[0].to_string());
    }
    let (site, ids) = blocks_alone(26);
    site.dump();
    fail(&site, &ids, |_| What::status(502));
    edit(&site, &ids);
    let text = site.try_dump().unwrap_err().to_string();
    assert!(text.contains("502") && text.contains("25"), "{text}");
}

#[test]
fn pages_that_are_carried_over_between_those_that_fail_are_successes() {
    let (mut site, ids) = pages(60);
    site.options.crawl.jobs = 1;
    site.dump();
    let failing: Vec<NotionId> = ids.iter().copied().step_by(2).collect();
    fail(&site, &failing, |_| What::status(502));
    edit(&site, &failing);
    let summary = site.dump();
    assert_incomplete(&site, &summary, &failing[0].to_string());
    assert_eq!(summary.ledger[Status::Failed.word()], 30);
}

#[test]
fn the_end_of_a_dump_names_a_page_and_why_it_failed() {
    // Comments are read, so that Notion as a whole is there: only blocks are not.
    let (mut site, ids) = pages(26);
    site.options.crawl.jobs = 1;
    fail(&site, &ids, |_| What::status(504));
    let error = site.try_dump().unwrap_err();
    let dump::Error::Crawl(crawl::Error::Outage { count, ref last }) = error else {
        panic!("{error:?}");
    };
    assert_eq!(count, 25);
    assert!(last.contains("504"), "{last}");
    assert!(
        ids.iter().any(|id| last.contains(&id.to_string())),
        "{last}"
    );
}

#[test]
fn the_children_of_an_unsupported_block_are_unsupported_whatever_the_words() {
    for words in [AI_BLOCK, "This block cannot be listed."] {
        let mut ws = small();
        let other = ws.get("other");
        let payload = json!({"block_type": "ai_block"});
        let block = ws.block(other, "unsupported", payload);
        ws.paragraph(block, "hidden");
        ws.advance_minutes(10);
        let site = Site::new(ws);
        let path = format!("/v1/blocks/{block}/children");
        site.fake
            .faults()
            .push(refusal("GET", &path, Refusal::validation(words)));
        for _ in 0..2 {
            let summary = site.dump();
            assert!(summary.complete, "{:?}", summary.problems);
            let line = site.line(block, Kind::Block).unwrap();
            assert_eq!(line.status, Status::Unsupported);
            site.fake.edit(|ws| {
                ws.touch_page(other);
                ws.advance_minutes(10);
            });
        }
    }
}

#[test]
fn a_nested_list_that_the_api_no_longer_supports_keeps_what_was_read() {
    let site = Site::new(small());
    site.fake.edit(|ws| ws.advance_minutes(10));
    site.dump();
    let before = site.tree();
    let (home, toggle) = site.fake.look(|ws| (ws.get("home"), ws.get("toggle")));
    let path = format!("/v1/blocks/{toggle}/children");
    site.fake.faults().push(unsupported("GET", &path));
    for _ in 0..2 {
        edit(&site, &[home]);
        let summary = site.dump();
        assert!(summary.complete, "{:?}", summary.problems);
        let blocks = |tree: &Tree| json_at(tree, &format!("/{toggle}/blocks.json"));
        assert_eq!(blocks(&before), blocks(&site.tree()));
        let line = site.line(toggle, Kind::Block).unwrap();
        assert_eq!(line.status, Status::Unsupported);
    }
}

#[test]
fn what_the_api_does_not_support_is_unsupported_at_every_route() {
    let site = everything();
    let named = |name: &str| site.fake.look(|ws| ws.get(name));
    let (row, database, source) = (
        named("crowded row"),
        named("projects"),
        named("projects source"),
    );
    let routes = [
        ("GET", format!("/v1/pages/{row}/properties/*")),
        ("GET", "/v1/comments".to_string()),
        ("GET", "/v1/views".to_string()),
        ("GET", "/v1/views/*".to_string()),
        ("GET", format!("/v1/databases/{database}")),
        ("GET", format!("/v1/data_sources/{source}/templates")),
        ("POST", format!("/v1/data_sources/{source}/query")),
        ("GET", "/v1/pages/*".to_string()),
        ("GET", "/v1/custom_emojis".to_string()),
        ("GET", "/v1/users/*".to_string()),
    ];
    for (method, path) in routes {
        let mut site = site.elsewhere();
        site.options.crawl.full = true;
        site.fake.edit(|ws| ws.advance_minutes(10));
        site.dump();
        let before = site.tree();
        site.fake.faults().push(unsupported(method, &path));
        if path == "/v1/users/*" {
            // Who the token belongs to is asked at the same route.
            let me = Fault::on("GET", "/v1/users/me", What::Slow(Default::default()));
            site.fake.faults().clear();
            site.fake.faults().push(me.times(usize::MAX));
            site.fake.faults().push(unsupported(method, &path));
        }
        let summary = site.dump();
        site.fake.faults().clear();
        let archived_alone = path.ends_with("/query");
        assert!(
            summary.complete || archived_alone,
            "{path}: {:?}",
            summary.problems
        );
        let lost = difference(&before, &site.tree());
        assert!(lost.is_empty(), "{path} costs what was there: {lost:?}");
    }
}

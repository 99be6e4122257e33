//! Listings that have no end, and answers that are not Notion's.

use super::*;
use crate::dump_again::{rested, small};
use crate::support::fake_notion::http::Outgoing;
use notion_backup::model::{Kind, NotionId};
use serde_json::{Value, json};

fn get(site: &Site, name: &str) -> NotionId {
    site.fake.look(|ws| ws.get(name))
}

fn answer(body: &Value) -> What {
    let body = body.to_string().into_bytes();
    What::Instead(Outgoing::new(200, "application/json", body))
}

/// Pages of a listing that lead nowhere.
fn endless() -> [Value; 3] {
    let list = |more: bool, cursor: Value| {
        json!({"object": "list", "results": [], "templates": [], "has_more": more,
            "next_cursor": cursor, "type": "block", "block": {}})
    };
    [
        list(true, Value::Null),
        list(true, "again".into()),
        list(true, "".into()),
    ]
}

#[test]
fn a_listing_without_end_costs_its_object_alone() {
    let parts = [
        ("GET", "/v1/blocks/<home>/children", "home"),
        ("GET", "/v1/blocks/<toggle>/children", "toggle"),
        ("POST", "/v1/data_sources/<source>/query", "source"),
        ("GET", "/v1/data_sources/<source>/templates", "source"),
    ];
    for page in endless() {
        for (method, path, named) in parts {
            let site = Site::new(small());
            let calm = undisturbed(&site);
            let named = get(&site, named).to_string();
            let (start, rest) = path.split_once('<').unwrap();
            let path = format!("{start}{named}{}", rest.split_once('>').unwrap().1);
            let fault = Fault::on(method, &path, answer(&page)).times(usize::MAX);
            site.fake.faults().push(fault);
            let summary = site.dump();
            assert_incomplete(&site, &summary, &named);
            // The others are there.
            let tree = site.tree();
            for name in ["home", "other"] {
                let page = format!("/{}/page.json", get(&site, name));
                assert!(tree.keys().any(|path| path.ends_with(&page)), "{name}");
            }
            assert_recovers(&site, &calm);
        }
    }
}

#[test]
fn a_listing_without_end_takes_nothing_away_that_was_read_before() {
    for (name, page) in ["home", "toggle"].iter().zip(endless()) {
        let site = rested(small());
        let before = site.tree();
        let id = get(&site, name);
        let path = format!("/v1/blocks/{id}/children");
        let fault = Fault::on("GET", &path, answer(&page)).times(usize::MAX);
        site.fake.faults().push(fault);
        site.fake.edit(|ws| {
            let home = ws.get("home");
            ws.touch_page(home);
            ws.advance_minutes(10);
        });
        let summary = site.dump();
        assert_incomplete(&site, &summary, &id.to_string());
        let lost: Vec<String> = before
            .keys()
            .filter(|path| !site.tree().contains_key(*path))
            .cloned()
            .collect();
        assert_eq!(lost, Vec::<String>::new(), "{name}");
        let home = format!("{}/page.json", get(&site, "home"));
        let children = |tree: &Tree| crate::site::json_at(tree, &home)["children"].clone();
        assert_eq!(children(&before), children(&site.tree()), "{name}");
    }
}

#[test]
fn a_search_without_end_makes_a_snapshot_incomplete() {
    for page in endless() {
        let site = rested(small());
        let fault = Fault::on("POST", "/v1/search", answer(&page)).times(usize::MAX);
        site.fake.faults().push(fault);
        let summary = site.dump();
        assert_incomplete(&site, &summary, "search");
        assert_eq!(summary.counts.get("pages"), Some(&4), "{summary:?}");
    }
}

#[test]
fn a_challenge_of_the_network_edge_leaves_no_trace() {
    let site = everything();
    let calm = undisturbed(&site);
    let other = site.elsewhere();
    for path in [
        "/v1/users/me",
        "/v1/comments",
        "/v1/users",
        "/v1/blocks/*/children",
    ] {
        let fault = Fault::on("GET", path, What::challenge()).times(3);
        other.fake.faults().push(fault);
    }
    other
        .fake
        .faults()
        .push(Fault::on("POST", "/v1/search", What::challenge()).times(3));
    let summary = other.dump();
    assert!(summary.complete, "{:?}", summary.problems);
    crate::site::assert_same_tree(&calm, &other.tree());
}

#[test]
fn a_lasting_challenge_is_no_missing_capability() {
    let mut site = everything();
    site.options.crawl.jobs = 1;
    let fault = Fault::on("GET", "/v1/comments", What::challenge()).times(8);
    site.fake.faults().push(fault.after(3));
    let summary = site.dump();
    // One page's comments, and not those of all: 6 requests for one, 2 for the next.
    assert_incomplete(&site, &summary, "comments");
    let lines: Vec<Line> = losses(&site);
    assert!(
        lines.iter().all(|line| line.place != "capability"),
        "{lines:?}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.reason.contains("the network before Notion"))
    );
    assert!(lines.iter().all(|line| line.kind == Kind::Comment));
}

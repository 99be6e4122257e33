//! Attachments that cannot be had at once, or not at all.

use std::sync::Arc;

use super::*;
use crate::dump_again::small;
use crate::site::{OnSleep, assert_same_tree, json_at};
use crate::support::fake_notion::Refusal;
use crate::support::workspace::model::Id;
use notion_backup::model::Kind;
use notion_backup::repo::ObjectId;
use notion_backup::stop::Stop;
use serde_json::{Value, json};

/// A page with one large attachment; its id, the block's, and the asset's key.
fn with_file(content: &[u8]) -> (Site, Id, Id, String) {
    let site = Site::new(small());
    let (page, block, key) = site.fake.edit(|ws| {
        let page = ws.get("other");
        let key = ws.asset("large.bin", "application/octet-stream", content);
        let file =
            json!({"type": "file", "file": {"$asset": key}, "caption": [], "name": "large.bin"});
        let block = ws.block(page, "file", file);
        ws.advance_minutes(10);
        (page, block, key)
    });
    (site, page, block, key)
}

fn content(length: usize, salt: u64) -> Vec<u8> {
    let mut chance = crate::support::workspace::ids::Chance::new(salt);
    (0..length).map(|_| chance.next() as u8).collect()
}

fn row(site: &Site, page: Id) -> Value {
    json_at(&site.tree(), &format!("{page}/files.json"))[0].clone()
}

fn assert_stored(site: &Site, page: Id, content: &[u8]) {
    let row = row(site, page);
    assert_eq!(row["sha256"], ObjectId::of(content).to_string(), "{row}");
    let file = row["file"].as_str().unwrap();
    let tree = site.tree();
    let stored = tree.iter().find(|(path, _)| path.ends_with(file)).unwrap();
    assert!(stored.1 == content);
}

#[test]
fn passing_trouble_at_the_file_host_leaves_no_trace() {
    let site = everything();
    let calm = undisturbed(&site);
    let refuse = |status| What::Refuse(Refusal::new(status, "", "made to fail"));
    for what in [
        refuse(500),
        refuse(503),
        refuse(429),
        refuse(408),
        What::HangUp,
        What::CutBody(0),
        What::CutBody(3),
        What::CutBody(1000),
    ] {
        let other = site.elsewhere();
        for path in ["/secure/*", "/public/*"] {
            other
                .fake
                .faults()
                .push(Fault::on("GET", path, what.clone()).times(3));
        }
        let summary = other.dump();
        assert!(summary.complete, "{what:?}: {:?}", summary.problems);
        assert_same_tree(&calm, &other.tree());
    }
    let other = site.elsewhere();
    other.fake.set(|switches| switches.not_ready_once = true);
    assert!(other.dump().complete);
    assert_same_tree(&calm, &other.tree());
}

#[test]
fn a_cut_download_goes_on_where_it_was_cut() {
    let bytes = content(300_000, 1);
    let (site, page, _, _) = with_file(&bytes);
    for length in [1, 65_536, 100_000, 299_999] {
        let cut = Fault::on("GET", "/secure/*", What::CutBody(length));
        site.fake.faults().push(cut);
    }
    assert!(site.dump().complete);
    assert_stored(&site, page, &bytes);
    let ranges: Vec<_> = site
        .fake
        .downloads()
        .into_iter()
        .filter_map(|it| it.range)
        .collect();
    assert!(!ranges.is_empty(), "none was continued");
}

#[test]
fn a_file_that_changes_while_it_is_read_is_never_mixed() {
    for (old, new) in [
        (300_000, 300_000),
        (300_000, 200_000),
        (300_000, 50),
        (200_000, 300_000),
    ] {
        let (old, new) = (content(old, 1), content(new, 2));
        let (site, page, _, key) = with_file(&old);
        site.fake
            .faults()
            .push(Fault::on("GET", "/secure/*", What::CutBody(100_000)));
        let fake = site.fake.clone();
        let replacement = new.clone();
        // The change comes between the first part and the rest.
        let clock = OnSleep(site.clock(), move || {
            fake.edit(|ws| ws.replace_asset(&key, &replacement));
        });
        let summary = site.dump_on(Arc::new(clock)).unwrap();
        assert!(summary.complete, "{:?}", summary.problems);
        assert_stored(&site, page, &new);
    }
}

#[test]
fn an_expired_address_is_renewed() {
    // Every address is good for less than a download needs.
    for lifetime in [0, 1_000, 29_000] {
        let site = everything();
        let calm = undisturbed(&site);
        site.fake
            .set(|switches| switches.url_lifetime = lifetime.max(1));
        if lifetime == 0 {
            site.fake.set(|switches| switches.url_lifetime = 3_600_000);
        }
        // And those of the listings are refused.
        let fake = site.fake.clone();
        let hook = when(Counter::Files, 3, move || fake.expire_urls());
        let options = site.options.clone();
        let summary = site
            .dump_with(&options, &Stop::new(), Arc::new(hook))
            .unwrap();
        assert!(summary.complete, "{lifetime}: {:?}", summary.problems);
        assert_same_tree(&calm, &site.tree());
    }
}

#[test]
fn a_file_that_cannot_be_had_is_named_and_costs_itself_alone() {
    let bytes = content(1000, 1);
    for status in [500, 403, 404, 418] {
        let (site, page, block, key) = with_file(&bytes);
        let calm = undisturbed(&site);
        let path = format!("/secure/{key}");
        let refusal = What::Refuse(Refusal::new(status, "", "made to fail"));
        site.fake
            .faults()
            .push(Fault::on("GET", &path, refusal).times(usize::MAX));
        let summary = site.dump();
        assert_incomplete(&site, &summary, &block.to_string());
        let row = row(&site, page);
        assert_eq!(row["status"], "failed");
        assert_eq!(row["name"], "large.bin");
        assert!(row["sha256"].is_null() && !row["reason"].as_str().unwrap().is_empty());
        let lost = losses(&site);
        assert_eq!(
            (lost.len(), lost[0].kind, lost[0].id),
            (1, Kind::File, block)
        );
        let others = difference(&calm, &site.tree());
        assert!(
            others.iter().all(|path| path.contains(&page.to_string())),
            "{others:?}"
        );
        assert_recovers(&site, &calm);
    }
}

#[test]
fn a_file_that_was_had_before_is_kept() {
    let bytes = content(1000, 1);
    let (mut site, page, block, key) = with_file(&bytes);
    site.dump();
    site.options.crawl.full = true;
    let path = format!("/secure/{key}");
    site.fake.faults().push(lasting("GET", &path, 500));
    let summary = site.dump();
    assert_incomplete(&site, &summary, &block.to_string());
    assert_stored(&site, page, &bytes);
}

#[test]
fn an_address_that_is_none_ends_no_dump() {
    let weird = [
        "attachment:12345678-1234-4234-8234-123456789abc:plan.pdf",
        "http://",
        "https://no such host.invalid/x",
        "",
        "file:///etc/passwd",
        "https://127.0.0.1:1/secret.bin?X-Amz-Signature=abcdef0123456789",
        "http://[::1/x?X-Amz-Signature=abcdef0123456789",
        "bad scheme://x/?X-Amz-Signature=abcdef0123456789",
    ];
    for url in weird {
        let site = Site::new(small());
        let block = site.fake.edit(|ws| {
            let page = ws.get("other");
            let file = json!({"type": "file", "caption": [], "name": "plan.pdf",
                "file": {"url": url, "expiry_time": "2026-11-01T11:00:00.000Z"}});
            ws.block(page, "file", file)
        });
        let summary = site
            .try_dump()
            .unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_incomplete(&site, &summary, &block.to_string());
        for (path, content) in site.tree() {
            let text = String::from_utf8_lossy(&content).into_owned();
            assert!(
                !text.contains("abcdef0123456789"),
                "the signature is in {path}"
            );
        }
    }
}

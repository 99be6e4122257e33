//! A Notion in trouble: refusals, outages, cut answers. Whatever passes by itself leaves
//! no trace in the snapshot; whatever stays is named, and read again by the next dump.

use notion_backup::crawl::ledger::Status;
use notion_backup::dump;
use notion_backup::model::{Kind, NotionId};
use notion_backup::notion;
use notion_backup::report::{Counter, Report};
use notion_backup::stop::Stop;
use serde_json::{Value, json};

use crate::site::{Site, assert_same_tree, json_at};
use crate::support::fake_notion::{Fault, Refusal, Tell, What};
use crate::support::workspace::model::Parent;
use crate::support::{FakeNotion, Workspace};

/// More often than any retry.
const FOR_EVER: usize = 1_000_000;

fn everything() -> Site {
    let site = Site::new(Workspace::everything(7));
    site.fake.edit(|ws| ws.advance_minutes(10));
    site
}

fn get(site: &Site, name: &str) -> NotionId {
    site.fake.look(|ws| ws.get(name))
}

fn children(id: NotionId) -> String {
    format!("/v1/blocks/{id}/children")
}

#[test]
fn what_passes_leaves_no_trace() {
    let site = everything();
    site.dump();
    let quiet = site.tree();
    let wait = |seconds, tell| What::Wait {
        seconds,
        tell,
        reason: "public_api_space_request_rate_limit",
        overload: false,
    };
    let troubles = [
        ("429, header", wait(5, Tell::Header)),
        ("429, body", wait(5, Tell::Body)),
        ("429, minutes", wait(400, Tell::Both)),
        ("429, silent", wait(1, Tell::Neither)),
        ("529", What::overloaded(3)),
        ("409", What::status(409)),
        ("500", What::status(500)),
        ("502", What::HtmlBadGateway),
        ("503", What::status(503)),
        ("504", What::status(504)),
        ("400 that asks to retry", What::rendering_timeout()),
        ("hang up", What::HangUp),
        ("hang up late", What::HangUpAfterCommit),
        ("cut", What::CutBody(40)),
        ("garbage", What::Garbage),
    ];
    for (name, trouble) in troubles {
        let other = site.elsewhere();
        for endpoint in [
            "/v1/search",
            "/v1/users*",
            "/v1/data_sources/*",
            "/v1/blocks/*",
        ] {
            other
                .fake
                .faults()
                .push(Fault::on("*", endpoint, trouble.clone()).after(1).times(2));
        }
        for path in [
            "/v1/comments*",
            "/v1/views*",
            "/v1/pages/*",
            "/v1/databases/*",
        ] {
            other
                .fake
                .faults()
                .push(Fault::on("GET", path, trouble.clone()).times(2));
        }
        let summary = other.dump();
        assert_eq!(summary.problems, Vec::<String>::new(), "{name}");
        assert_eq!(other.fake.faults().left(), 0, "{name}");
        assert_same_tree(&quiet, &other.tree());
    }
}

#[test]
fn bad_weather_leaves_no_trace() {
    let site = everything();
    site.dump();
    let quiet = site.tree();
    for seed in 0..4 {
        let other = site.elsewhere();
        let faults = vec![
            What::rate_limited(2),
            What::status(500),
            What::HtmlBadGateway,
            What::HangUp,
            What::CutBody(100),
        ];
        other.fake.faults().weather(seed, 80, faults);
        let summary = other.dump();
        other.fake.faults().clear();
        assert_eq!(summary.problems, Vec::<String>::new());
        assert_same_tree(&quiet, &other.tree());
    }
}

#[test]
fn a_page_that_stays_unreadable_ends_no_dump_and_is_read_by_the_next() {
    let site = everything();
    let page = get(&site, "many children");
    let fault = Fault::on("GET", &children(page), What::status(500)).times(FOR_EVER);
    site.fake.faults().push(fault);
    let summary = site.dump();
    assert!(!summary.complete);
    assert!(
        summary
            .problems
            .iter()
            .any(|it| it.contains(&page.to_string()))
    );
    let line = site.line(page, Kind::Page).unwrap();
    assert_eq!(line.status, Status::Failed);
    assert!(line.reason.contains("500"), "{}", line.reason);
    // What the listing said of it is kept all the same.
    let tree = site.tree();
    let stored = json_at(&tree, &format!("{page}/page.json"));
    assert_eq!(stored["children"], json!([]));
    assert_eq!(
        stored["properties"]["title"]["title"][0]["plain_text"],
        "Many children"
    );
    let why = json_at(&tree, &format!("{page}/unavailable.json"));
    assert_eq!(why["status"], "failed");

    site.fake.faults().clear();
    assert!(site.dump().complete);
    let whole = site.elsewhere();
    whole.dump();
    assert_same_tree(&whole.tree(), &site.tree());
}

#[test]
fn a_page_that_was_readable_once_keeps_its_earlier_content() {
    let site = everything();
    site.dump();
    let page = get(&site, "many children");
    let before = json_at(&site.tree(), &format!("{page}/page.json"));
    site.fake.edit(|ws| ws.append_text(page, "later"));
    site.fake.edit(|ws| ws.advance_minutes(10));
    let fault = Fault::on("GET", &children(page), What::status(502)).times(FOR_EVER);
    site.fake.faults().push(fault);
    let summary = site.dump();
    assert!(!summary.complete);
    assert_eq!(json_at(&site.tree(), &format!("{page}/page.json")), before);
    assert!(
        site.line(page, Kind::Page)
            .unwrap()
            .reason
            .contains("kept as it was")
    );

    site.fake.faults().clear();
    assert!(site.dump().complete);
    let after = json_at(&site.tree(), &format!("{page}/page.json"));
    let count = |page: &Value| page["children"].as_array().unwrap().len();
    assert_eq!(count(&after), count(&before) + 1);
}

#[test]
fn parts_that_stay_unreadable_are_named_and_read_by_the_next_dump() {
    let parts = [
        ("GET", "/v1/comments*", Kind::Comment),
        ("GET", "/v1/pages/*/properties/*", Kind::Property),
        ("GET", "/v1/views*", Kind::View),
        ("GET", "/secure/*", Kind::File),
    ];
    for (method, path, kind) in parts {
        let site = everything();
        site.fake
            .faults()
            .push(Fault::on(method, path, What::status(500)).times(FOR_EVER));
        let summary = site.dump();
        assert!(!summary.complete, "{path}");
        let lost: Vec<_> = site
            .ledger()
            .into_iter()
            .filter(|line| line.status == Status::Failed)
            .collect();
        // A linked view of which no view can be read is not known to be a database at all.
        let expected = |it: Kind| it == kind || (kind == Kind::View && it == Kind::Database);
        assert!(
            !lost.is_empty() && lost.iter().all(|line| expected(line.kind)),
            "{lost:?}"
        );
        site.fake.faults().clear();
        assert!(site.dump().complete, "{path}");
        let whole = site.elsewhere();
        whole.dump();
        assert_same_tree(&whole.tree(), &site.tree());
    }
}

#[test]
fn rows_that_cannot_be_listed_are_kept_and_not_taken_for_deleted() {
    let site = everything();
    site.dump();
    let (before, pages) = (site.tree(), site.latest().1.counts);
    let queries = "/v1/data_sources/*/query";
    site.fake
        .faults()
        .push(Fault::on("POST", queries, What::status(500)).times(FOR_EVER));
    let summary = site.dump();
    assert!(!summary.complete);
    assert_eq!(
        (summary.counts["rows"], summary.counts["pages"]),
        (pages["rows"], pages["pages"])
    );
    let rows = |path: &&String| path.ends_with("/page.json");
    let tree = site.tree();
    assert_eq!(
        tree.keys().filter(rows).collect::<Vec<_>>(),
        before.keys().filter(rows).collect::<Vec<_>>()
    );
    site.fake.faults().clear();
    assert!(site.dump().complete);
    assert_same_tree(&before, &site.tree());
}

#[test]
fn urls_that_expire_in_the_middle_are_signed_again() {
    let site = everything();
    site.dump();
    let quiet = site.tree();
    let other = site.elsewhere();
    let mut options = other.options.clone();
    options.jobs = 1;
    let report = std::sync::Arc::new(Expire(other.fake.clone()));
    let summary = other.dump_with(&options, &Stop::new(), report).unwrap();
    assert_eq!(summary.problems, Vec::<String>::new());
    assert!(
        other
            .fake
            .downloads()
            .iter()
            .any(|download| download.status == 403)
    );
    assert_same_tree(&quiet, &other.tree());
    let other = site.elsewhere();
    other.fake.set(|switches| switches.not_ready_once = true);
    other
        .fake
        .faults()
        .push(Fault::on("GET", "/secure/*", What::CutBody(60)).times(5));
    assert!(other.dump().complete);
    assert_same_tree(&quiet, &other.tree());
}

#[test]
fn an_outage_ends_the_dump_early_and_the_next_one_goes_on() {
    let site = everything();
    let fault = Fault::on("GET", "/v1/blocks/*", What::status(503))
        .after(60)
        .times(FOR_EVER);
    site.fake.faults().push(fault);
    let error = site.try_dump().unwrap_err();
    assert!(error.to_string().contains("times in a row"), "{error}");
    // Twenty-five pages of six tries each, and what was on the way at the end.
    assert!(site.fake.count("GET /v1/blocks") < 60 + 40 * 6);
    assert!(site.repo().snapshots().unwrap().is_empty());
    site.fake.faults().clear();
    site.requests();
    assert!(site.dump().complete);
    let whole = site.elsewhere();
    let first = site.requests()["GET /v1/blocks/{id}/children"];
    whole.dump();
    assert!(first <= whole.requests()["GET /v1/blocks/{id}/children"] - 30);
    assert_same_tree(&whole.tree(), &site.tree());
}

#[test]
fn a_token_revoked_in_the_middle_is_said_and_what_was_read_is_kept() {
    let site = everything();
    let fault = Fault::on("GET", "/v1/blocks/*", What::status(401))
        .after(60)
        .times(FOR_EVER);
    site.fake.faults().push(fault);
    match site.try_dump().unwrap_err() {
        dump::Error::Crawl(notion_backup::crawl::Error::Notion(error)) => {
            assert_eq!(error.kind, notion::Kind::Unauthorized);
        }
        other => panic!("{other}"),
    }
    site.fake.faults().clear();
    site.requests();
    assert!(site.dump().complete);
    let second = site.requests()["GET /v1/blocks/{id}/children"];
    let whole = site.elsewhere();
    whole.dump();
    assert!(second <= whole.requests()["GET /v1/blocks/{id}/children"] - 30);
}

#[test]
fn missing_capabilities_are_told_once_and_made_up_for_when_granted() {
    let site = everything();
    site.fake
        .set(|switches| switches.capabilities.read_comments = false);
    let summary = site.dump();
    assert!(!summary.complete);
    assert_eq!(summary.problems.len(), 1, "{:?}", summary.problems);
    assert!(site.fake.count("GET /v1/comments") <= site.options.jobs as u64);
    site.requests();
    site.fake.edit(|ws| ws.advance_minutes(10));
    site.dump();
    assert_eq!(site.fake.count("GET /v1/comments"), 1);
    assert_eq!(site.fake.count("GET /v1/blocks"), 0);
    site.fake
        .set(|switches| switches.capabilities.read_comments = true);
    assert!(site.dump().complete);
    let whole = site.elsewhere();
    whole.dump();
    assert_same_tree(&whole.tree(), &site.tree());

    // Who may not see people, or may not list them, gets everything else.
    for personal in [false, true] {
        let other = site.elsewhere();
        other.fake.set(|switches| {
            switches.capabilities.users = personal;
            switches.capabilities.personal = personal;
        });
        assert!(other.dump().complete);
        let known: Vec<_> = other
            .ledger()
            .into_iter()
            .filter(|it| it.place == "listing")
            .collect();
        assert_eq!(known.len(), 1, "{known:?}");
        assert_ne!(known[0].status, Status::Captured);
    }
}

#[test]
fn without_the_capability_to_read_nothing_is_saved() {
    let site = everything();
    site.fake
        .set(|switches| switches.capabilities.read_content = false);
    match site.try_dump().unwrap_err() {
        dump::Error::Crawl(notion_backup::crawl::Error::Notion(error)) => {
            assert_eq!(error.kind, notion::Kind::Restricted);
        }
        other => panic!("{other}"),
    }
    assert!(site.repo().snapshots().unwrap().is_empty());
}

#[test]
fn rows_past_the_cap_are_reached_by_windows() {
    let mut ws = Workspace::new(9);
    let home = ws.page(Parent::Workspace, "Home");
    let database = ws.container(Parent::Page(home), "Many");
    let source = ws.data_source(database, "Many", Vec::new());
    for number in 0..230 {
        ws.row(source, &format!("Row {number}"));
        if number % 20 == 0 {
            ws.advance_minutes(1);
        }
    }
    ws.advance_minutes(10);
    let site = Site::new(ws);
    site.fake.set(|switches| switches.query_cap = 50);
    let summary = site.dump();
    assert!(summary.complete, "{:?}", summary.problems);
    assert_eq!(summary.counts["rows"], 230);

    let other = site.elsewhere();
    other.fake.set(|switches| switches.query_cap = 10);
    other.fake.edit(|ws| {
        for page in ws.pages.values_mut() {
            page.omitted_by_search = true;
        }
    });
    let summary = other.dump();
    assert!(
        !summary.complete,
        "a minute that holds more rows than the cap cannot be listed"
    );
    assert!(
        other
            .ledger()
            .iter()
            .any(|line| line.status == Status::Truncated)
    );

    let third = site.elsewhere();
    third.fake.set(|switches| {
        switches.query_cap = 10_000;
        switches.refuse_is_archived = true;
    });
    assert!(third.dump().complete);
}

#[test]
fn cursors_that_die_in_the_middle_lose_nothing() {
    let site = everything();
    site.dump();
    let quiet = site.tree();
    let other = site.elsewhere();
    for skip in [1, 2] {
        // The second page of the first walk, and that of the walk from the start again.
        other
            .fake
            .faults()
            .push(Fault::on("POST", "/v1/search", dead()).after(skip));
    }
    other
        .fake
        .faults()
        .push(Fault::on("POST", "/v1/data_sources/*/query", dead()).after(1));
    let summary = other.dump();
    assert_eq!(summary.problems, Vec::<String>::new());
    assert_eq!(other.fake.faults().left(), 0);
    assert_same_tree(&quiet, &other.tree());
}

/// What Notion says of a cursor that it has forgotten.
fn dead() -> What {
    What::Refuse(Refusal::validation("The start_cursor provided is invalid."))
}

/// Lets every URL given out so far expire as soon as a file has been fetched.
struct Expire(FakeNotion);

impl Report for Expire {
    fn add(&self, counter: Counter, _amount: u64) {
        if counter == Counter::Files {
            self.0.expire_urls();
        }
    }
}

//! Listings: pages, cursors, caps, omissions, truncation (section 11, rows 1 to 7).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::client::{Client, id, ids};
use super::everything;
use crate::support::workspace::model::Parent;
use crate::support::{FakeNotion, Workspace};

fn titles(results: &[Value]) -> Vec<String> {
    let title = |page: &Value| {
        let all = page["properties"].as_object()?.values();
        let mut titles = all.filter(|it| it["type"] == "title");
        Some(
            titles.next()?["title"][0]["plain_text"]
                .as_str()?
                .to_string(),
        )
    };
    results.iter().filter_map(title).collect()
}

#[test]
fn children_come_a_hundred_at_a_time_in_document_order() {
    let (fake, client) = everything();
    let page = fake.look(|ws| ws.get("many children"));
    let first = client.get(&format!("/blocks/{page}/children"));
    assert_eq!(first["type"], "block");
    assert_eq!(first["block"], json!({}));
    assert_eq!(first["results"].as_array().map(Vec::len), Some(100));
    assert_eq!(first["has_more"], true);
    assert!(first.get("request_status").is_none());
    let all = client.list(&format!("/blocks/{page}/children"));
    assert_eq!(all.len(), 251);
    for (number, block) in all[..250].iter().enumerate() {
        let text = &block["paragraph"]["rich_text"][0]["plain_text"];
        assert_eq!(*text, json!(format!("child {number}")));
    }
    assert!(all.iter().all(|block| block.get("children").is_none()));
}

#[test]
fn short_pages_lose_and_repeat_nothing() {
    let (fake, client) = everything();
    let page = fake.look(|ws| ws.get("many children"));
    let whole = ids(&client.list(&format!("/blocks/{page}/children")));
    let (mut short, mut empty) = (false, false);
    for seed in 0..20 {
        fake.set(|it| it.short_pages = Some(seed));
        fake.clear_requests();
        assert_eq!(
            ids(&client.list(&format!("/blocks/{page}/children"))),
            whole
        );
        short |= fake.count("GET /v1/blocks") > 3;
        let first = client.get(&format!("/blocks/{page}/children"));
        assert_eq!(first["has_more"], true);
        empty |= first["results"] == json!([]);
    }
    assert!(short && empty);
}

#[test]
fn a_cursor_serves_its_listing_alone_and_expires() {
    let (fake, client) = everything();
    let (page, other) = fake.look(|ws| (ws.get("many children"), ws.get("every block")));
    let first = client.get(&format!("/blocks/{page}/children"));
    let cursor = first["next_cursor"].as_str().unwrap().to_string();
    let of = |page| format!("/blocks/{page}/children?start_cursor={cursor}");
    assert_eq!(client.send("GET", &of(page), None).status, 200);
    assert_eq!(client.send("GET", &of(other), None).status, 400);
    fake.expire_cursors();
    let late = client.send("GET", &of(page), None);
    assert_eq!(
        (late.status, late.json()["code"].clone()),
        (400, json!("validation_error"))
    );
    let null = client.send(
        "GET",
        &format!("/blocks/{page}/children?start_cursor=null"),
        None,
    );
    assert_eq!(null.status, 400);
}

#[test]
fn page_size_has_its_limit() {
    let (_fake, client) = everything();
    let answer = client.post("/search", json!({"page_size": 101}));
    assert_eq!(answer.status, 400);
    let message = answer.json()["message"].to_string();
    assert!(message.contains("page_size should be ≤ `100`"), "{message}");
}

#[test]
fn search_lists_full_objects_latest_first_and_leaves_some_out() {
    let (fake, client) = everything();
    let (all, cut) = client.query("/search", json!({}));
    assert!(!cut);
    let times: Vec<&str> = all
        .iter()
        .map(|it| it["last_edited_time"].as_str().unwrap())
        .collect();
    assert!(times.windows(2).all(|pair| pair[0] >= pair[1]));
    let found: BTreeSet<String> = ids(&all).into_iter().collect();
    assert_eq!(found.len(), all.len());
    fake.look(|ws| {
        let knows = |name: &str| found.contains(&ws.get(name).to_string());
        for name in [
            "home",
            "in toggle",
            "shared child",
            "row in page in row",
            "projects source",
        ] {
            assert!(knows(name), "{name}");
        }
        for name in [
            "search omits",
            "unshared target",
            "hidden parent",
            "trashed page",
            "below trash",
            "withdrawn child",
            "linked",
            "projects",
            "New project",
        ] {
            assert!(!knows(name), "{name}");
        }
    });
    let (pages, _) = client.query(
        "/search",
        json!({"filter": {"property": "object", "value": "page"}}),
    );
    let (sources, _) = client.query(
        "/search",
        json!({"filter": {"property": "object", "value": "data_source"}}),
    );
    assert_eq!(pages.len() + sources.len(), all.len());
    assert!(
        sources
            .iter()
            .all(|it| it["object"] == "data_source" && it["properties"].is_object())
    );
    let (trash, _) = client.query("/search", json!({"filter": {"in_trash": true}}));
    assert!(titles(&trash).contains(&"In the trash".to_string()));
    let (some, _) = client.query("/search", json!({"query": "EVERY t"}));
    assert_eq!(titles(&some), ["Every text"]);
}

#[test]
fn search_may_lag_and_repeat_itself() {
    let (fake, client) = everything();
    let home = fake.look(|ws| ws.get("home"));
    let before = client.get(&format!("/pages/{home}"))["last_edited_time"].clone();
    fake.set(|it| it.search_lag = 5 * 60_000);
    let new = fake.edit(|ws| {
        ws.set_title(home, "New home");
        ws.page(Parent::Workspace, "Brand new")
    });
    let (all, _) = client.query("/search", json!({}));
    assert!(!ids(&all).contains(&new.to_string()));
    let shown = all.iter().find(|it| id(it) == home.to_string()).unwrap();
    assert_eq!(shown["last_edited_time"], before);
    fake.edit(|ws| ws.advance_minutes(6));
    let (all, _) = client.query("/search", json!({}));
    assert!(ids(&all).contains(&new.to_string()));

    fake.set(|it| it.search_repeats = true);
    let (repeated, _) = client.query("/search", json!({}));
    let once: BTreeSet<String> = ids(&repeated).into_iter().collect();
    assert_eq!(once, ids(&all).into_iter().collect());
    assert!(repeated.len() > once.len());
}

#[test]
fn a_query_past_the_cap_says_so_on_its_last_page_and_a_window_starts_afresh() {
    let (fake, client) = everything();
    fake.set(|it| it.query_cap = 50);
    let tasks = fake.look(|ws| ws.get("tasks source"));
    let path = format!("/data_sources/{tasks}/query");
    let sorts = json!([{"timestamp": "created_time", "direction": "ascending"}]);
    let first = client
        .post(&path, json!({"page_size": 30, "sorts": sorts}))
        .json();
    assert_eq!(first["has_more"], true);
    assert!(first.get("request_status").is_none());
    let (rows, cut) = client.query(&path, json!({"page_size": 30, "sorts": sorts}));
    assert_eq!((rows.len(), cut), (50, true));
    let mut seen: BTreeSet<String> = ids(&rows).into_iter().collect();
    let mut last = rows.last().unwrap()["created_time"].clone();
    loop {
        let filter = json!({"timestamp": "created_time", "created_time": {"on_or_after": last}});
        let (rows, cut) = client.query(&path, json!({"filter": filter, "sorts": sorts}));
        last = rows.last().unwrap()["created_time"].clone();
        seen.extend(ids(&rows));
        if !cut {
            break;
        }
    }
    assert_eq!(seen.len(), 130);
}

#[test]
fn archived_rows_come_on_demand_and_trashed_ones_never() {
    let (fake, client) = everything();
    let source = fake.look(|ws| ws.get("projects source"));
    let path = format!("/data_sources/{source}/query");
    let (rows, _) = client.query(&path, json!({}));
    let (archived, _) = client.query(&path, json!({"is_archived": true}));
    assert_eq!(titles(&archived), ["archived row"]);
    let all: Vec<String> = [titles(&rows), titles(&archived)].concat();
    assert!(!titles(&rows).contains(&"archived row".to_string()));
    assert!(!all.contains(&"trashed row".to_string()));
    assert!(!all.contains(&"New project".to_string()));
    assert_eq!(client.post(&path, json!({"in_trash": true})).status, 400);
    fake.set(|it| it.refuse_is_archived = true);
    assert_eq!(client.post(&path, json!({"is_archived": true})).status, 400);
}

#[test]
fn filters_by_time_can_be_joined() {
    let (fake, client) = everything();
    let (tasks, row) = fake.edit(|ws| {
        let tasks = ws.get("tasks source");
        let row = ws.data_sources[&tasks].rows[5];
        ws.touch_page(row);
        (tasks, row)
    });
    let now = fake.look(|ws| crate::support::fake_notion::render::minute_time(ws.now));
    let filter = json!({"and": [
        {"timestamp": "last_edited_time", "last_edited_time": {"on_or_after": now}},
        {"timestamp": "created_time", "created_time": {"before": now}},
    ]});
    let path = format!("/data_sources/{tasks}/query");
    let (rows, _) = client.query(&path, json!({"filter": filter}));
    assert_eq!(ids(&rows), [row.to_string()]);
}

#[test]
fn a_wiki_mixes_pages_and_data_sources() {
    let (fake, client) = everything();
    let wiki = fake.look(|ws| ws.get("wiki source"));
    let path = format!("/data_sources/{wiki}/query");
    let (all, _) = client.query(&path, json!({}));
    let sources = |all: &[Value]| {
        all.iter()
            .filter(|it| it["object"] == "data_source")
            .count()
    };
    assert_eq!((all.len(), sources(&all)), (3, 1));
    let (pages, _) = client.query(&path, json!({"result_type": "page"}));
    assert_eq!((pages.len(), sources(&pages)), (2, 0));
}

#[test]
fn long_values_are_cut_on_the_page_and_whole_at_the_property() {
    let (fake, client) = everything();
    let row = fake.look(|ws| ws.get("crowded row"));
    let page = client.get(&format!("/pages/{row}"));
    let properties = &page["properties"];
    let count = |value: &Value| value.as_array().map_or(0, Vec::len);
    assert_eq!(count(&properties["Tasks"]["relation"]), 25);
    assert_eq!(properties["Tasks"]["has_more"], true);
    assert_eq!(count(&properties["Team"]["people"]), 25);
    let notes = properties["Notes"]["rich_text"].as_array().unwrap();
    let mentions = notes.iter().filter(|it| it["type"] == "mention").count();
    // Mentions come whole (section 10.1).
    assert_eq!((mentions, notes.len()), (30, 120));
    assert_eq!(count(&properties["Each hour"]["rollup"]["array"]), 25);

    let of = |name: &str| {
        let id = properties[name]["id"].as_str().unwrap();
        format!("/pages/{row}/properties/{id}")
    };
    // 121 stored, one of them unshared and therefore invisible.
    assert_eq!(client.list(&of("Tasks")).len(), 120);
    assert_eq!(client.list(&of("Team")).len(), 40);
    assert_eq!(client.list(&of("Notes")).len(), 120);
    assert_eq!(client.list(&of("Project")).len(), 60);
    let first = client.get(&of("Each hour"));
    assert_eq!(first["property_item"]["rollup"]["type"], "incomplete");
    let last = client.get(&format!(
        "{}?start_cursor={}",
        of("Each hour"),
        first["next_cursor"].as_str().unwrap()
    ));
    assert_eq!(last["property_item"]["rollup"]["type"], "array");
    assert_eq!(count(&first["results"]) + count(&last["results"]), 120);
    assert_eq!(client.get(&of("Budget"))["object"], "property_item");
    let twice = of("Tasks").replace('%', "%25");
    assert_eq!(client.send("GET", &twice, None).status, 404);
}

#[test]
fn templates_and_emojis_have_shapes_of_their_own() {
    let (fake, client) = everything();
    let source = fake.look(|ws| ws.get("projects source"));
    let templates = client.get(&format!("/data_sources/{source}/templates"));
    assert!(templates.get("results").is_none() && templates.get("object").is_none());
    assert_eq!(templates["templates"][0]["name"], "New project");
    let body = client.list(&format!(
        "/blocks/{}/children",
        id(&templates["templates"][0])
    ));
    assert_eq!(body[0]["type"], "toggle");
    let emojis = client.get("/custom_emojis?name=party");
    assert_eq!(emojis["results"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_deep_workspace_can_be_walked_to_its_bottom() {
    let fake = FakeNotion::start(Workspace::deep(300));
    let client = Client::new(&fake);
    let mut at = fake.look(|ws| ws.get("top").to_string());
    let mut levels = 0;
    loop {
        let children = client.list(&format!("/blocks/{at}/children"));
        match children.iter().find(|it| it["type"] == "child_page") {
            Some(page) => at = id(page),
            None => break,
        }
        levels += 1;
    }
    assert_eq!(
        (levels, at),
        (299, fake.look(|ws| ws.get("bottom").to_string()))
    );
}

#[test]
fn generated_pages_have_blocks_that_can_be_asked_for_singly() {
    let fake = FakeNotion::start(Workspace::plain(250, 130));
    let client = Client::new(&fake);
    let (all, _) = client.query("/search", json!({}));
    assert_eq!(all.len(), 250);
    let top = all
        .iter()
        .find(|it| it["parent"]["type"] == "workspace")
        .unwrap();
    let blocks = client.list(&format!("/blocks/{}/children", id(top)));
    let pages = blocks
        .iter()
        .filter(|it| it["type"] == "child_page")
        .count();
    assert_eq!(blocks.len() - pages, 130);
    let alone = client.get(&format!("/blocks/{}", id(&blocks[129])));
    assert_eq!(alone["type"], blocks[129]["type"]);
    assert_eq!(
        client
            .send("GET", &format!("/blocks/{}", id(&blocks[0])), None)
            .status,
        200
    );
    let before = client.list(&format!("/blocks/{}/children", id(top)));
    fake.edit(|ws| ws.rewrite_generated(id(top).parse().unwrap()));
    assert_ne!(
        client.list(&format!("/blocks/{}/children", id(top)))[0],
        before[0]
    );
}

#[test]
fn the_fast_way_of_listing_generated_blocks_says_the_same_as_the_slow_one() {
    let fake = FakeNotion::start(Workspace::plain(101, 130));
    let client = Client::new(&fake);
    let page = crate::support::workspace::ids::generated(0, 0);
    let ask = |path: &str| {
        let mut answer = client.get(path);
        answer["request_id"].take();
        answer
    };
    let path = format!("/blocks/{page}/children");
    let fast = ask(&path);
    let rest = format!(
        "{path}?page_size=50&start_cursor={}",
        fast["next_cursor"].as_str().unwrap()
    );
    let fast = [fast, ask(&rest)];
    fake.set(|it| it.validate_answers = true);
    assert_eq!(fast, [ask(&path), ask(&rest)]);
    assert_eq!(fake.violations(), Vec::<String>::new());
    fake.set(|it| it.validate_answers = false);
    fake.edit(|ws| ws.set_trashed(page, true));
    assert_eq!(client.get_status(&path), 404);
}

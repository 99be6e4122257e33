//! Writing: what is made, what is refused, and what is silently left out (section 7;
//! section 11, rows 9 to 12 and 15 to 18).

use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Answer, Client, id, ids};
use super::everything;
use crate::support::FakeNotion;
use crate::support::fake_notion::{Fault, What};

fn strict() -> (FakeNotion, Client) {
    let (fake, client) = everything();
    fake.set(|it| it.validate_answers = true);
    (fake, client)
}

fn paragraph(words: &str) -> Value {
    json!({"paragraph": {"rich_text": [{"text": {"content": words}}]}})
}

fn patch(client: &Client, path: &str, body: Value) -> Answer {
    client.send("PATCH", path, Some(&body))
}

fn append(client: &Client, parent: &str, children: Value) -> Answer {
    patch(
        client,
        &format!("/blocks/{parent}/children"),
        json!({"children": children}),
    )
}

fn ok(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}

fn new_page(client: &Client, fake: &FakeNotion, body: Value) -> Value {
    let mut body = body;
    body["parent"] = json!({"page_id": fake.look(|ws| ws.get("home"))});
    ok(&client.post("/pages", body))
}

fn titled(words: &str) -> Value {
    json!({"title": {"title": [{"text": {"content": words}}]}})
}

#[test]
fn append_makes_the_tree_and_answers_with_its_first_level() {
    let (fake, client) = strict();
    let page = id(&new_page(
        &client,
        &fake,
        json!({"properties": titled("Target")}),
    ));
    let nested = json!([
        {"toggle": {"rich_text": [{"text": {"content": "a"}}], "children": [
            {"bulleted_list_item": {"rich_text": [], "children": [paragraph("leaf")]}},
            {"table": {"table_width": 1, "children": [{"table_row": {"cells": [[]]}}]}}]}},
        {"column_list": {"children": [
            {"column": {"width_ratio": 0.5, "children": [
                {"quote": {"rich_text": [], "children": [paragraph("in a quote in a column")]}}]}},
            {"column": {"children": [{"divider": {}}]}}]}},
        {"tab": {"children": [{"paragraph": {"rich_text": [], "icon": {"emoji": "1️⃣"},
                                             "children": [paragraph("in a tab")]}}]}},
    ]);
    let answer = ok(&append(&client, &page, nested));
    let first = answer["results"].as_array().unwrap();
    let kinds: Vec<&Value> = first.iter().map(|it| &it["type"]).collect();
    assert_eq!(kinds, ["toggle", "column_list", "tab"]);
    assert!(first.iter().all(|it| it["has_children"] == true));
    let toggle = client.list(&format!("/blocks/{}/children", id(&first[0])));
    assert_eq!(
        (&toggle[0]["type"], &toggle[1]["type"]),
        (&json!("bulleted_list_item"), &json!("table"))
    );
    let leaf = client.list(&format!("/blocks/{}/children", id(&toggle[0])));
    assert_eq!(leaf[0]["paragraph"]["rich_text"][0]["plain_text"], "leaf");
    assert_eq!(leaf[0]["created_by"]["id"], json!(fake.look(|ws| ws.bot)));

    let after = json!({"children": [paragraph("between")],
        "position": {"type": "after_block", "after_block": {"id": id(&first[0])}}});
    ok(&patch(&client, &format!("/blocks/{page}/children"), after));
    let start = json!({"children": [paragraph("first")], "position": {"type": "start"}});
    ok(&patch(&client, &format!("/blocks/{page}/children"), start));
    let kinds: Vec<String> = client
        .list(&format!("/blocks/{page}/children"))
        .iter()
        .map(|it| it["type"].as_str().unwrap().to_string())
        .collect();
    assert_eq!(
        kinds,
        ["paragraph", "toggle", "paragraph", "column_list", "tab"]
    );
    assert_eq!(fake.violations(), Vec::<String>::new());
}

#[test]
fn append_refuses_all_that_the_original_refuses() {
    let (fake, client) = strict();
    // Some of these do not fit the schema either; here the server itself must refuse.
    fake.set(|it| it.validate_requests = false);
    let page = id(&new_page(
        &client,
        &fake,
        json!({"properties": titled("Target")}),
    ));
    let deep = |kind: &str| {
        json!([{"toggle": {"rich_text": [], "children": [
            {"toggle": {"rich_text": [], "children": [{kind: {"rich_text": [], "children": [paragraph("x")]}}]}}]}}])
    };
    let many: Vec<Value> = (0..101).map(|_| paragraph("x")).collect();
    let hundred: Vec<Value> = (0..100).map(|_| paragraph("x")).collect();
    let crowd: Vec<Value> = (0..10)
        .map(|_| json!({"toggle": {"rich_text": [], "children": hundred}}))
        .collect();
    let row = |cells: usize| json!({"table_row": {"cells": vec![json!([]); cells]}});
    let column = json!({"column": {"children": [paragraph("x")]}});
    let runs: Vec<Value> = (0..101)
        .map(|_| json!({"text": {"content": "x"}}))
        .collect();
    let callout = |icon: Value| json!([{"callout": {"rich_text": [], "icon": icon}}]);
    let cases = [
        ("101 children", json!(many)),
        ("1,010 blocks", json!(crowd)),
        ("three levels", deep("toggle")),
        (
            "a list of one column",
            json!([{"column_list": {"children": [column]}}]),
        ),
        (
            "an empty column",
            json!([{"column_list": {"children": [column, {"column": {"children": []}}]}}]),
        ),
        (
            "a column list in a toggle",
            json!([{"toggle": {"rich_text": [], "children": [{"column_list": {"children": [column, column]}}]}}]),
        ),
        (
            "a table without rows",
            json!([{"table": {"table_width": 1, "children": []}}]),
        ),
        (
            "a row too wide",
            json!([{"table": {"table_width": 1, "children": [row(2)]}}]),
        ),
        ("a row outside a table", json!([row(1)])),
        (
            "children of a static heading",
            json!([{"heading_1": {"rich_text": [], "children": [paragraph("x")]}}]),
        ),
        (
            "children of code",
            json!([{"code": {"rich_text": [], "language": "rust", "children": [paragraph("x")]}}]),
        ),
        (
            "an unknown language",
            json!([{"code": {"rich_text": [], "language": "klingon"}}]),
        ),
        ("a child page", json!([{"child_page": {"title": "x"}}])),
        (
            "a child database",
            json!([{"child_database": {"title": "x"}}]),
        ),
        (
            "a link preview",
            json!([{"link_preview": {"url": "https://example.com"}}]),
        ),
        (
            "an unsupported block",
            json!([{"unsupported": {"block_type": "form"}}]),
        ),
        ("meeting notes", json!([{"meeting_notes": {}}])),
        ("a template", json!([{"template": {"rich_text": []}}])),
        (
            "an uploaded callout icon",
            callout(json!({"type": "file_upload", "file_upload": {"id": page}})),
        ),
        (
            "a paragraph with an icon",
            json!([{"paragraph": {"rich_text": [], "icon": {"emoji": "x"}}}]),
        ),
        ("101 runs", json!([{"paragraph": {"rich_text": runs}}])),
        ("a long text", json!([paragraph(&"x".repeat(2001))])),
        (
            "a long text in UTF-16",
            json!([paragraph(&"🦀".repeat(1001))]),
        ),
        (
            "a link mention",
            json!([{"paragraph": {"rich_text": [{"mention": {"link_mention": {"href": "https://example.com"}}}]}}]),
        ),
        (
            "an unknown color",
            json!([{"toggle": {"rich_text": [], "color": "octarine"}}]),
        ),
        (
            "a file that Notion holds",
            json!([{"image": {"file": {"url": "https://example.com/x.png"}}}]),
        ),
        ("two types", json!([{"divider": {}, "breadcrumb": {}}])),
        (
            "a tab of headings",
            json!([{"tab": {"children": [{"heading_1": {"rich_text": []}}]}}]),
        ),
        (
            "a reference to no original",
            json!([{"synced_block": {"synced_from": {"block_id": fake.look(|ws| ws.get("a paragraph"))}}}]),
        ),
    ];
    for (name, children) in cases {
        let answer = append(&client, &page, children);
        assert_eq!(answer.status, 400, "{name}: {}", answer.json());
        assert_eq!(answer.json()["code"], "validation_error", "{name}");
    }
    let long = append(&client, &page, json!([paragraph(&"x".repeat(2001))])).json();
    let words = "body failed validation: body.children[0].paragraph.rich_text[0].text.content.length \
                 should be ≤ `2000`, instead was `2001`.";
    assert_eq!(long["message"], words);
    let big = json!([paragraph(&"x".repeat(1)), {"equation": {"expression": "y".repeat(600_000)}}]);
    assert_eq!(append(&client, &page, big).status, 400);
    let lost = json!([{"link_to_page": {"page_id": fake.look(|ws| ws.get("nowhere"))}}]);
    assert_eq!(append(&client, &page, lost).status, 404);
    let old = json!({"children": [], "after": page});
    assert_eq!(
        patch(&client, &format!("/blocks/{page}/children"), old).status,
        400
    );
    assert_eq!(
        client.list(&format!("/blocks/{page}/children")),
        Vec::<Value>::new()
    );
}

#[test]
fn requests_that_do_not_fit_the_schema_are_refused_and_remembered() {
    let (fake, client) = strict();
    if !fake.validates_requests() {
        return;
    }
    let page = fake.look(|ws| ws.get("home")).to_string();
    let answer = append(
        &client,
        &page,
        json!([{"paragraph": {"rich_text": [], "invented": 1}}]),
    );
    assert_eq!(answer.status, 400);
    assert_eq!(fake.violations().len(), 1);
}

#[test]
fn rich_text_comes_back_normalised() {
    let (fake, client) = strict();
    let page = fake.look(|ws| ws.get("home")).to_string();
    let bold = json!({"text": {"content": "b"}, "annotations": {"bold": true}});
    let runs = json!([
        {"text": {"content": "a"}}, {"text": {"content": "a"}}, bold,
        {"text": {"content": "l", "link": {"url": "https://example.com"}}},
        {"text": {"content": ""}},
    ]);
    let made = ok(&append(
        &client,
        &page,
        json!([{"paragraph": {"rich_text": runs}}]),
    ));
    let runs = made["results"][0]["paragraph"]["rich_text"]
        .as_array()
        .unwrap();
    let words: Vec<&Value> = runs.iter().map(|it| &it["plain_text"]).collect();
    assert_eq!(words, ["aa", "b", "l"]);
    assert_eq!(runs[2]["href"], "https://example.com/");
    assert_eq!(runs[1]["annotations"]["bold"], true);
    assert_eq!(runs[0]["annotations"]["color"], "default");
}

#[test]
fn icons_change_on_the_way_back() {
    let (fake, client) = strict();
    let (party, nobody) = fake.look(|ws| (ws.get("party"), ws.get("nowhere")));
    let icon = |icon: Value| {
        new_page(
            &client,
            &fake,
            json!({"properties": titled("x"), "icon": icon}),
        )["icon"]
            .clone()
    };
    let party = icon(json!({"type": "custom_emoji", "custom_emoji": {"id": party}}));
    assert_eq!(party["custom_emoji"]["name"], "party");
    assert_eq!(
        icon(json!({"type": "custom_emoji", "custom_emoji": {"id": nobody}})),
        Value::Null
    );
    let url = "https://www.notion.so/icons/pizza_red.svg";
    let native = icon(json!({"type": "external", "external": {"url": url}}));
    assert_eq!(
        native,
        json!({"type": "icon", "icon": {"name": "pizza", "color": "red"}})
    );
    let home = fake.look(|ws| ws.get("home")).to_string();
    let bulb = ok(&append(
        &client,
        &home,
        json!([{"callout": {"rich_text": []}}]),
    ));
    assert_eq!(bulb["results"][0]["callout"]["icon"]["emoji"], "💡");
}

#[test]
fn rows_take_every_value_and_ignore_unknown_names() {
    let (fake, client) = strict();
    let (source, bob, tasks) = fake.look(|ws| {
        let tasks = ws.data_sources[&ws.get("tasks source")].rows.clone();
        (ws.get("projects source"), ws.get("bob"), tasks)
    });
    let row = |properties: Value| {
        client.post(
            "/pages",
            json!({"parent": {"data_source_id": source}, "properties": properties}),
        )
    };
    let made = ok(&row(json!({
        "Project": {"title": [{"text": {"content": "New"}}]},
        "Budget": {"number": 3.5}, "Size": {"select": {"name": "Medium"}},
        "Tags": {"multi_select": [{"name": "C"}]}, "Stage": {"status": {"name": "Now"}},
        "When": {"date": {"start": "2026-01-01"}}, "Team": {"people": [{"id": bob}]},
        "Done?": {"checkbox": true}, "Link": {"url": "https://example.com"},
        "Tasks": {"relation": [{"id": tasks[0]}, {"id": tasks[1]}]},
        "Attachments": {"files": [{"name": "x", "external": {"url": "https://example.com/x"}}]},
        "No such property": {"number": 1},
    })));
    let values = &made["properties"];
    assert_eq!(values["Budget"]["number"], 3.5);
    assert_eq!(values["Size"]["select"]["name"], "Medium");
    assert_eq!(values["Number"]["unique_id"]["number"], 8);
    assert_eq!(values["Team"]["people"][0]["name"], "Bob");
    assert!(values.get("No such property").is_none());
    let schema = client.get(&format!("/data_sources/{source}"));
    assert!(
        schema["properties"]["Size"]["select"]
            .to_string()
            .contains("Medium")
    );
    // The other side of the relation follows, both ways.
    let back =
        |task| client.get(&format!("/pages/{task}"))["properties"]["Project"]["relation"].clone();
    assert!(back(tasks[0]).to_string().contains(&id(&made)));
    let cleared = json!({"properties": {"Tasks": {"relation": [{"id": tasks[1]}]}}});
    ok(&patch(&client, &format!("/pages/{}", id(&made)), cleared));
    assert!(!back(tasks[0]).to_string().contains(&id(&made)));
    assert!(back(tasks[1]).to_string().contains(&id(&made)));

    fake.set(|it| it.validate_requests = false);
    for (name, properties) in [
        (
            "a status that is not there",
            json!({"Stage": {"status": {"name": "Never"}}}),
        ),
        ("a comma", json!({"Size": {"select": {"name": "a,b"}}})),
        ("a wrong type", json!({"Budget": {"rich_text": []}})),
        ("a computed value", json!({"Late": {"formula": {}}})),
        (
            "101 relations",
            json!({"Tasks": {"relation": vec![json!({"id": tasks[0]}); 101]}}),
        ),
        (
            "a long number",
            json!({"Phone": {"phone_number": "1".repeat(201)}}),
        ),
    ] {
        assert_eq!(row(properties).status, 400, "{name}");
    }
    assert_eq!(fake.violations(), Vec::<String>::new());
}

#[test]
fn pages_are_made_placed_changed_trashed_and_moved() {
    let (fake, client) = strict();
    let home = fake.look(|ws| ws.get("home"));
    let page = new_page(
        &client,
        &fake,
        json!({
        "properties": titled("Made"), "children": [paragraph("one"), paragraph("two")],
        "position": {"type": "page_start"}}),
    );
    assert!(page.get("children").is_none());
    let own = id(&page);
    assert_eq!(
        id(&client.list(&format!("/blocks/{home}/children"))[0]),
        own
    );
    assert_eq!(client.list(&format!("/blocks/{own}/children")).len(), 2);
    let top = client.post(
        "/pages",
        json!({"parent": {"workspace": true}, "properties": titled("x")}),
    );
    assert_eq!(top.status, 400);
    let both = fake.look(|ws| ws.get("two sources"));
    let two = client.post(
        "/pages",
        json!({"parent": {"database_id": both}, "properties": {}}),
    );
    let reason = &two.json()["additional_data"]["error_type"];
    assert_eq!(*reason, "multiple_data_sources_for_database");

    let change = json!({"properties": titled("Renamed"), "is_locked": true, "icon": {"type": "emoji", "emoji": "🔒"}});
    fake.edit(|ws| ws.advance_minutes(2));
    let changed = ok(&patch(&client, &format!("/pages/{own}"), change));
    assert_eq!(changed["is_locked"], true);
    assert!(changed["last_edited_time"].as_str() > page["last_edited_time"].as_str());
    let same = client.post(
        &format!("/pages/{own}/move"),
        json!({"parent": {"page_id": home}}),
    );
    assert_eq!(same.status, 400);
    let other = fake.look(|ws| ws.get("awkward"));
    let moved = client.post(
        &format!("/pages/{own}/move"),
        json!({"parent": {"page_id": other}}),
    );
    assert_eq!(ok(&moved)["parent"]["page_id"], json!(other));
    let trashed = ok(&patch(
        &client,
        &format!("/pages/{own}"),
        json!({"in_trash": true}),
    ));
    assert_eq!(trashed["in_trash"], true);
    assert_eq!(append(&client, &own, json!([paragraph("x")])).status, 400);
    ok(&patch(
        &client,
        &format!("/pages/{own}"),
        json!({"in_trash": false}),
    ));
    ok(&append(&client, &own, json!([paragraph("x")])));
    assert_eq!(fake.violations(), Vec::<String>::new());
}

#[test]
fn blocks_keep_their_type_and_what_is_not_said() {
    let (fake, client) = strict();
    let page = fake.look(|ws| ws.get("home")).to_string();
    let made = ok(&append(
        &client,
        &page,
        json!([
        {"to_do": {"rich_text": [{"text": {"content": "x"}}], "checked": true}}]),
    ));
    let block = id(&made["results"][0]);
    let path = format!("/blocks/{block}");
    let changed = ok(&patch(&client, &path, json!({"to_do": {"color": "red"}})));
    let to_do = &changed["to_do"];
    assert_eq!(
        (&to_do["color"], &to_do["checked"]),
        (&json!("red"), &json!(true))
    );
    assert_eq!(to_do["rich_text"][0]["plain_text"], "x");
    assert_eq!(
        patch(&client, &path, json!({"toggle": {"rich_text": []}})).status,
        400
    );
    let gone = client.send("DELETE", &path, None);
    assert_eq!(ok(&gone)["in_trash"], true);
    assert_eq!(client.send("DELETE", &path, None).status, 400);
    assert!(!ids(&client.list(&format!("/blocks/{page}/children"))).contains(&block));
    ok(&patch(&client, &path, json!({"in_trash": false})));
    assert!(ids(&client.list(&format!("/blocks/{page}/children"))).contains(&block));
}

#[test]
fn a_database_comes_with_a_view_and_a_two_way_relation_with_its_mirror() {
    let (fake, client) = strict();
    let (home, tasks) = fake.look(|ws| (ws.get("home"), ws.get("tasks source")));
    let made = ok(&client.post("/databases", json!({
        "parent": {"type": "page_id", "page_id": home},
        "title": [{"text": {"content": "Made"}}], "is_inline": true,
        "initial_data_source": {"properties": {
            "Name": {"title": {}},
            "Stage": {"status": {"options": [{"name": "Later", "group": "To-do"},
                                             {"name": "Shipped", "color": "green", "group": "Complete"}]}},
            "Kind": {"select": {"options": [{"name": "A", "color": "red"}]}},
            "Work": {"relation": {"data_source_id": tasks,
                                  "dual_property": {"synced_property_name": "Made for"}}},
            "Hours": {"rollup": {"function": "sum", "relation_property_name": "Work",
                                 "rollup_property_name": "Hours"}},
            "Twice": {"formula": {"expression": "prop(\"Hours\") * 2"}},
            "Push": {"button": {}},
        }}})));
    let views = client.list(&format!("/views?database_id={}", id(&made)));
    let view = client.get(&format!("/views/{}", id(&views[0])));
    assert_eq!(
        (&view["name"], &view["type"]),
        (&json!("Default view"), &json!("table"))
    );
    let source = made["data_sources"][0]["id"].as_str().unwrap().to_string();
    let schema = client.get(&format!("/data_sources/{source}"))["properties"].clone();
    assert!(schema.get("Push").is_none());
    assert_eq!(schema["Name"]["id"], "title");
    assert_eq!(
        schema["Stage"]["status"]["groups"][2]["option_ids"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let mirror = client.get(&format!("/data_sources/{tasks}"))["properties"]["Made for"].clone();
    assert_eq!(mirror["relation"]["data_source_id"], json!(source));
    assert_eq!(
        mirror["id"],
        schema["Work"]["relation"]["dual_property"]["synced_property_id"]
    );

    let change = json!({"properties": {
        "Kind": {"name": "Sort", "select": {"options": [{"name": "B"}]}},
        "Twice": null, "New": {"number": {"format": "dollar"}}}});
    let changed =
        ok(&patch(&client, &format!("/data_sources/{source}"), change))["properties"].clone();
    assert_eq!(
        changed["Sort"]["select"]["options"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert!(changed.get("Twice").is_none() && changed.get("Kind").is_none());
    assert_eq!(changed["New"]["number"]["format"], "dollar");

    let second = ok(&client.post("/data_sources", json!({
        "parent": {"type": "database_id", "database_id": id(&made)}, "properties": {"Name": {"title": {}}},
        "title": [{"text": {"content": "Second"}}]})));
    let database = client.get(&format!("/databases/{}", id(&made)));
    assert_eq!(
        ids(database["data_sources"].as_array().unwrap()),
        [source, id(&second)]
    );
    let awkward = fake.look(|ws| ws.get("awkward"));
    let to = json!({"parent": {"type": "page_id", "page_id": awkward}, "is_locked": true});
    let moved = ok(&patch(&client, &format!("/databases/{}", id(&made)), to));
    assert_eq!(moved["parent"]["page_id"], json!(awkward));
    assert_eq!(fake.violations(), Vec::<String>::new());
}

#[test]
fn views_are_tabs_linked_blocks_or_widgets() {
    let (fake, client) = strict();
    let [home, projects, source] =
        fake.look(|ws| ["home", "projects", "projects source"].map(|name| ws.get(name)));
    let create = |body: Value| {
        let mut whole = json!({"data_source_id": source, "name": "V", "type": "table"});
        for (key, value) in body.as_object().unwrap() {
            whole[key] = value.clone();
        }
        client.post("/views", whole)
    };
    let tab = ok(&create(
        json!({"database_id": projects, "position": {"type": "start"}}),
    ));
    let views = ids(&client.list(&format!("/views?database_id={projects}")));
    assert_eq!(views[0], id(&tab));
    let anchor = fake.look(|ws| ws.get("a paragraph"));
    let linked = ok(&create(
        json!({"create_database": {"parent": {"type": "page_id", "page_id": home},
        "position": {"type": "after_block", "block_id": anchor}}}),
    ));
    let children = client.list(&format!("/blocks/{home}/children"));
    assert_eq!(children[1]["type"], "child_database");
    assert_eq!(linked["parent"]["database_id"], children[1]["id"]);
    let board = ok(&create(
        json!({"database_id": projects, "type": "dashboard"}),
    ));
    ok(&create(
        json!({"view_id": id(&board), "placement": {"type": "new_row"}}),
    ));
    let board = client.get(&format!("/views/{}", id(&board)));
    assert_eq!(
        board["configuration"]["rows"][0]["widgets"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    fake.set(|it| it.validate_requests = false);
    let read_only = json!({"database_id": projects, "configuration":
        {"type": "table", "properties": [{"property_id": "title", "property_name": "x"}]}});
    assert_eq!(create(read_only).status, 400);
    assert_eq!(
        create(json!({"database_id": projects, "type": "feed"})).status,
        400
    );
    assert_eq!(create(json!({})).status, 400);

    let path = format!("/views/{}", id(&tab));
    let renamed = ok(&patch(&client, &path, json!({"name": "W", "filter": null})));
    assert_eq!(renamed["name"], "W");
    assert_eq!(patch(&client, &path, json!({"type": "board"})).status, 400);
    ok(&client.send("DELETE", &path, None));
    assert_eq!(client.send("GET", &path, None).status, 404);
    let last = format!("/views/{}", id(&linked));
    assert_eq!(client.send("DELETE", &last, None).status, 400);
}

#[test]
fn comments_are_the_bots_and_start_or_join_discussions() {
    let (fake, client) = strict();
    let [page, block, discussion, old] = fake.look(|ws| {
        let old = ws
            .comments
            .iter()
            .find(|it| it.discussion == ws.get("discussion"))
            .unwrap()
            .id;
        [
            ws.get("commented"),
            ws.get("commented block"),
            ws.get("discussion"),
            old,
        ]
    });
    let say = |mut body: Value| {
        body["rich_text"] = json!([{"text": {"content": "hi"}}]);
        client.post("/comments", body)
    };
    let made = ok(&say(json!({"parent": {"block_id": block},
        "display_name": {"type": "custom", "custom": {"name": "Ada (2024)"}}})));
    assert_eq!(made["display_name"]["resolved_name"], "Ada (2024)");
    assert_eq!(made["created_by"]["id"], json!(fake.look(|ws| ws.bot)));
    let reply = ok(&say(json!({"discussion_id": made["discussion_id"]})));
    assert_eq!(reply["parent"]["block_id"], json!(block));
    ok(&say(json!({"discussion_id": discussion})));
    assert_eq!(client.list(&format!("/comments?block_id={page}")).len(), 6);
    let both = json!({"discussion_id": discussion, "parent": {"page_id": page}});
    fake.set(|it| it.validate_requests = false);
    assert_eq!(say(both).status, 400);
    ok(&client.send("DELETE", &format!("/comments/{}", id(&reply)), None));
    assert_eq!(
        client
            .send("DELETE", &format!("/comments/{old}"), None)
            .status,
        403
    );
    fake.set(|it| it.capabilities.insert_comments = false);
    assert_eq!(say(json!({"parent": {"page_id": page}})).status, 403);
}

#[test]
fn uploads_are_attached_within_the_hour_and_then_as_often_as_wanted() {
    let (fake, client) = strict();
    let page = fake.look(|ws| ws.get("home")).to_string();
    let create = |name: &str| {
        client.post(
            "/file_uploads",
            json!({"mode": "single_part", "filename": name}),
        )
    };
    assert_eq!(create("virus.exe").status, 400);
    let upload = ok(&create("x.png"));
    assert_eq!(upload["status"], "pending");
    let own = id(&upload);
    let image = |id: &str| json!([{"image": {"type": "file_upload", "file_upload": {"id": id}}}]);
    assert_eq!(append(&client, &page, image(&own)).status, 400);
    let sent = client.upload(&own, None, "image/png", b"bytes of x");
    assert_eq!(ok(&sent)["status"], "uploaded");
    fake.edit(|ws| ws.advance_minutes(59));
    for _ in 0..2 {
        let made = ok(&append(&client, &page, image(&own)));
        let image = &made["results"][0]["image"];
        assert_eq!(image["type"], "file");
        let url = image["file"]["url"].as_str().unwrap();
        assert_eq!(client.download("GET", url, &[]).body, b"bytes of x");
        fake.edit(|ws| ws.advance_minutes(120));
    }
    let pdf = json!([{"pdf": {"type": "file_upload", "file_upload": {"id": own}}}]);
    assert_eq!(append(&client, &page, pdf).status, 400);

    let late = id(&ok(&create("late.png")));
    ok(&client.upload(&late, None, "image/png", b"late"));
    fake.edit(|ws| ws.advance_minutes(60));
    assert_eq!(append(&client, &page, image(&late)).status, 400);
    assert_eq!(
        client.get(&format!("/file_uploads/{late}"))["status"],
        "expired"
    );

    let parts = ok(&client.post(
        "/file_uploads",
        json!({"mode": "multi_part", "filename": "big.mp4", "number_of_parts": 2}),
    ));
    let own = id(&parts);
    let complete = || client.post(&format!("/file_uploads/{own}/complete"), json!({}));
    ok(&client.upload(&own, Some(2), "video/mp4", b"the end"));
    assert_eq!(complete().status, 400);
    assert_eq!(
        client
            .upload(&own, Some(1), "video/mp4", b"too small")
            .status,
        400
    );
    ok(&client.upload(&own, Some(1), "video/mp4", &vec![7; 5 * 1024 * 1024]));
    assert_eq!(ok(&complete())["status"], "uploaded");
    assert_eq!(fake.violations(), Vec::<String>::new());
}

#[test]
fn a_write_may_be_done_and_its_answer_lost() {
    let (fake, client) = strict();
    let page = fake.look(|ws| ws.get("home"));
    let children = || client.list(&format!("/blocks/{page}/children"));
    let before = children().len();
    fake.faults().push(Fault::on(
        "PATCH",
        "/v1/blocks/*",
        What::UnavailableAfterCommit,
    ));
    let answer = append(
        &client,
        &page.to_string(),
        json!([paragraph("a"), paragraph("b")]),
    );
    assert_eq!(answer.status, 503);
    let additional = answer.json()["additional_data"].clone();
    assert_eq!(additional["committed_resource_id"], json!(page));
    let made: Vec<Value> = ids(&children()[before..])
        .into_iter()
        .map(Value::from)
        .collect();
    assert_eq!(additional["committed_child_ids"], json!(made));
    fake.faults()
        .push(Fault::on("POST", "/v1/pages", What::HangUpAfterCommit));
    let body = json!({"parent": {"page_id": page}, "properties": titled("Lost answer")});
    assert!(client.try_send("POST", "/pages", Some(&body)).is_none());
    let lost = children().last().unwrap().clone();
    assert_eq!(lost["child_page"]["title"], "Lost answer");
    fake.faults()
        .push(Fault::on("POST", "/v1/pages", What::HangUp));
    assert!(client.try_send("POST", "/pages", Some(&body)).is_none());
    assert_eq!(id(children().last().unwrap()), id(&lost));
}

#[test]
fn two_appends_to_one_parent_collide() {
    let (fake, client) = strict();
    fake.set(|it| it.append_time = Duration::from_millis(300));
    let page = fake.look(|ws| ws.get("home")).to_string();
    let both = std::thread::scope(|scope| {
        let append = || append(&Client::new(&fake), &page, json!([paragraph("x")])).status;
        let threads = [scope.spawn(append), scope.spawn(append)];
        threads.map(|thread| thread.join().unwrap())
    });
    assert_eq!(
        both.iter().filter(|status| **status == 200).count(),
        1,
        "{both:?}"
    );
    assert!(both.contains(&409));
    ok(&append(&client, &page, json!([paragraph("x")])));
}

#[test]
fn writing_needs_its_capabilities_and_unbuilt_endpoints_say_so() {
    let (fake, client) = strict();
    let page = fake.look(|ws| ws.get("home")).to_string();
    fake.set(|it| it.capabilities.update_content = false);
    assert_eq!(
        patch(
            &client,
            &format!("/pages/{page}"),
            json!({"is_locked": true})
        )
        .status,
        403
    );
    fake.set(|it| it.capabilities.read_content = false);
    let made = ok(&append(&client, &page, json!([paragraph("x")])));
    let keys: Vec<&String> = made["results"][0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "object"]);
    fake.set(|it| it.capabilities.insert_content = false);
    assert_eq!(append(&client, &page, json!([paragraph("x")])).status, 403);
    for (method, path) in [
        ("PATCH", "/pages/x/markdown"),
        ("POST", "/blocks/meeting_notes"),
    ] {
        let answer = client.send(method, path, Some(&json!({})));
        assert_eq!(answer.json()["code"], "invalid_request_url", "{path}");
    }
}

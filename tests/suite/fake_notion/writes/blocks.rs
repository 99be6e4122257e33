//! Appending and changing blocks (section 7.3; section 11, rows 9, 17 and 18).

use serde_json::{Value, json};

use super::super::client::{id, ids};
use super::{append, new_page, ok, paragraph, patch, strict, titled};

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
    let big = json!([paragraph("x"), {"equation": {"expression": "y".repeat(600_000)}}]);
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

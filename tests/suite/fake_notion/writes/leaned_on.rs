//! Rules that restores lean on, each from the API digest (sections 4.1, 5, 7.1 to 7.7).

use serde_json::{Value, json};

use super::super::client::{Client, id};
use super::{new_page, ok, paragraph, patch, strict, titled};
use crate::support::FakeNotion;

fn text(words: &str) -> Value {
    json!([{"text": {"content": words}}])
}

/// A database with these columns on the home page: its id and its source's.
fn database(client: &Client, fake: &FakeNotion, columns: Value) -> (String, String) {
    let home = fake.look(|ws| ws.get("home"));
    let body = json!({"parent": {"type": "page_id", "page_id": home}, "title": text("Made"),
                      "initial_data_source": {"properties": columns}});
    let made = ok(&client.post("/databases", body));
    let source = made["data_sources"][0]["id"].as_str().unwrap().to_string();
    (id(&made), source)
}

fn schema(client: &Client, source: &str) -> Value {
    client.get(&format!("/data_sources/{source}"))["properties"].clone()
}

#[test]
fn the_ends_of_a_page_and_of_its_blocks_have_their_own_names() {
    let (fake, client) = strict();
    let page = id(&new_page(
        &client,
        &fake,
        json!({"properties": titled("Ends")}),
    ));
    let path = format!("/blocks/{page}/children");
    for (end, status) in [
        ("start", 200),
        ("end", 200),
        ("page_start", 400),
        ("page_end", 400),
    ] {
        let body = json!({"children": [paragraph("x")], "position": {"type": end}});
        assert_eq!(patch(&client, &path, body).status, status, "{end}");
    }
    for (end, status) in [
        ("page_start", 200),
        ("page_end", 200),
        ("start", 400),
        ("end", 400),
    ] {
        let body = json!({"parent": {"page_id": page}, "properties": titled("In it"),
                          "position": {"type": end}});
        assert_eq!(client.post("/pages", body).status, status, "{end}");
    }
    // Behind a child page, whose block has the page's id.
    let listed = client.list(&path);
    let child = listed.iter().find(|it| it["type"] == "child_page").unwrap();
    let after = json!({"type": "after_block", "after_block": {"id": child["id"]}});
    let body = json!({"children": [paragraph("behind")], "position": after});
    ok(&patch(&client, &path, body));
    let at = listed
        .iter()
        .position(|it| it["id"] == child["id"])
        .unwrap();
    let behind = client.list(&path)[at + 1].clone();
    assert_eq!(behind["paragraph"]["rich_text"][0]["plain_text"], "behind");
}

#[test]
fn some_blocks_change_their_colour_only_with_their_text() {
    let (fake, client) = strict();
    let kinds = [
        "toggle",
        "quote",
        "heading_2",
        "bulleted_list_item",
        "numbered_list_item",
    ];
    let children: Vec<Value> = kinds
        .iter()
        .map(|kind| json!({*kind: {"rich_text": text("x")}}))
        .chain([paragraph("x"), json!({"to_do": {"rich_text": text("x")}})])
        .collect();
    let page = id(&new_page(
        &client,
        &fake,
        json!({"properties": titled("Colours"),
                                                   "children": children}),
    ));
    for block in client.list(&format!("/blocks/{page}/children")) {
        let kind = block["type"].as_str().unwrap();
        let path = format!("/blocks/{}", id(&block));
        let alone = patch(&client, &path, json!({kind: {"color": "red"}})).status;
        let expected = if kinds.contains(&kind) { 400 } else { 200 };
        assert_eq!(alone, expected, "{kind}");
        let both = json!({kind: {"color": "blue", "rich_text": text("y")}});
        let both = ok(&patch(&client, &path, both));
        assert_eq!(both[kind]["color"], "blue");
        assert_eq!(both[kind]["rich_text"][0]["plain_text"], "y");
    }
}

#[test]
fn a_two_way_relation_has_one_mirror_whatever_is_done_to_it() {
    let (fake, client) = strict();
    let (_, target) = database(
        &client,
        &fake,
        json!({"Title": {"title": {}}, "Hours": {"number": {}}}),
    );
    let relation = json!({"relation": {"data_source_id": target, "dual_property": {}}});
    let (_, source) = database(&client, &fake, json!({"Work": relation}));
    let rollup = json!({"properties": {"Sum": {"rollup": {"function": "sum",
        "relation_property_name": "Work", "rollup_property_name": "Hours"}}}});
    ok(&patch(&client, &format!("/data_sources/{source}"), rollup));
    let mirrors = |client: &Client| -> Vec<String> {
        let schema = schema(client, &target);
        let all = schema.as_object().unwrap().iter();
        all.filter(|(_, it)| it["type"] == "relation")
            .map(|(name, _)| name.clone())
            .collect()
    };
    assert_eq!(mirrors(&client), ["Related to Made (Work)"]);
    // Renamed from its own side: the first side and the rollup show it.
    let path = format!("/data_sources/{target}");
    let names = json!({"properties": {"Related to Made (Work)": {"name": "For"},
                                      "Hours": {"name": "Effort"}}});
    ok(&patch(&client, &path, names));
    let own = schema(&client, &source);
    let dual = &own["Work"]["relation"]["dual_property"];
    assert_eq!(dual["synced_property_name"], "For");
    assert_eq!(own["Sum"]["rollup"]["rollup_property_name"], "Effort");
    // Written again, it is not made again.
    let again = json!({"properties": {"Work": {"name": "Labour", "relation":
        {"data_source_id": target, "dual_property": {"synced_property_name": "Of"}}}}});
    ok(&patch(&client, &format!("/data_sources/{source}"), again));
    assert_eq!(mirrors(&client), ["Of"]);
    let mirror = schema(&client, &target)["Of"]["relation"]["dual_property"].clone();
    assert_eq!(mirror["synced_property_name"], "Labour");
    let sum = schema(&client, &source)["Sum"]["rollup"].clone();
    assert_eq!(sum["relation_property_name"], "Labour");
    // Two mirrors cannot have one name.
    let other = json!({"properties": {"Other": {"relation":
        {"data_source_id": target, "dual_property": {"synced_property_name": "Of"}}}}});
    let refused = patch(&client, &format!("/data_sources/{source}"), other);
    assert_eq!(refused.status, 400);
    // One-way, it has none.
    let single = json!({"properties": {"Labour": {"relation":
        {"data_source_id": target, "single_property": {}}}}});
    ok(&patch(&client, &format!("/data_sources/{source}"), single));
    assert_eq!(mirrors(&client), Vec::<String>::new());
}

#[test]
fn formulas_come_after_what_they_name() {
    let (fake, client) = strict();
    let (_, source) = database(&client, &fake, json!({"Name": {"title": {}}}));
    let path = format!("/data_sources/{source}");
    let formula =
        json!({"properties": {"Twice": {"formula": {"expression": "prop(\"Hours\") * 2"}}}});
    assert_eq!(patch(&client, &path, formula.clone()).status, 400);
    ok(&patch(
        &client,
        &path,
        json!({"properties": {"Hours": {"number": {}}}}),
    ));
    ok(&patch(&client, &path, formula));
}

#[test]
fn views_take_a_place_only_where_they_have_one() {
    let (fake, client) = strict();
    let (database, source) = database(&client, &fake, json!({"Name": {"title": {}}}));
    let home = fake.look(|ws| ws.get("home"));
    let send = |more: Value| {
        let mut body = json!({"data_source_id": source, "name": "V", "type": "table"});
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        client.post("/views", body)
    };
    let start = json!({"type": "start"});
    let here = json!({"parent": {"type": "page_id", "page_id": home}});
    let first = send(json!({"database_id": database, "position": start}));
    let first = ok(&first);
    let tabs = client.list(&format!("/views?database_id={database}"));
    assert_eq!(tabs[0]["id"], first["id"]);
    assert_eq!(
        send(json!({"create_database": here, "position": start})).status,
        400
    );
    let row = json!({"type": "new_row"});
    assert_eq!(
        send(json!({"database_id": database, "placement": row})).status,
        400
    );
    let mut there = here.clone();
    there["position"] = json!({"type": "start"});
    assert_eq!(send(json!({"create_database": there})).status, 400);
    for (index, status) in [(-1, 400), (0, 200), (2, 200)] {
        let frozen = json!({"type": "table", "frozen_column_index": index});
        let answer = send(json!({"database_id": database, "configuration": frozen}));
        assert_eq!(answer.status, status, "{index}");
    }
}

#[test]
fn attachments_of_comments_say_what_they_are() {
    let (fake, client) = strict();
    let page = id(&new_page(
        &client,
        &fake,
        json!({"properties": titled("Talk")}),
    ));
    let upload = ok(&client.post("/file_uploads", json!({"filename": "shot.png"})));
    let upload = id(&upload);
    assert_eq!(
        client.upload(&upload, None, "image/png", b"png").status,
        200
    );
    let send = |attachment: Value| {
        client.post(
            "/comments",
            json!({"parent": {"page_id": page}, "rich_text": text("x"),
            "attachments": [attachment],
            "display_name": {"type": "custom", "custom": {"name": "Bob"}}}),
        )
    };
    let nested = json!({"type": "file", "file_upload_id": upload});
    assert_eq!(send(nested).status, 400);
    let made = ok(&send(
        json!({"type": "file_upload", "file_upload_id": upload}),
    ));
    assert_eq!(made["attachments"][0]["category"], "image");
    assert_eq!(made["display_name"]["resolved_name"], "Bob");
    let listed = client.list("/file_uploads?status=uploaded");
    assert!(listed.iter().any(|it| it["id"] == json!(upload)));
}

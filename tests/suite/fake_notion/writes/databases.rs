//! Databases, data sources and views (sections 5, 7.4 and 7.5).

use serde_json::{Value, json};

use super::super::client::{id, ids};
use super::{ok, patch, strict};

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

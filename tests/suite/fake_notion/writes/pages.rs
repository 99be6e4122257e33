//! Pages, rows, comments and uploads (sections 6, 7.1, 7.2, 7.6 and 7.7).

use serde_json::{Value, json};

use super::super::client::id;
use super::{append, new_page, ok, paragraph, patch, strict, titled};

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

//! What the API refuses costs that thing and nothing else.

use notion_backup::model::NotionId;
use notion_backup::notion::Method;
use notion_backup::restore::perform::{Done, Failure};
use notion_backup::restore::{Action, Bytes, Checkpoints, Degree};
use serde_json::{Value, json};

use super::stage::*;
use crate::support::fake_notion::{Fault, What};
use crate::support::workspace::model::Id;

/// What was lost: which part, and how much.
fn lost(done: &Done) -> Vec<(&str, Degree)> {
    let losses = done.losses.iter();
    losses
        .map(|loss| (loss.what.as_str(), loss.degree))
        .collect()
}

fn append(stage: &Stage, children: Value) -> Result<Done, Failure> {
    let root = stage.get("root");
    let path = format!("/v1/blocks/{root}/children");
    stage.perform(
        &call(Method::Patch, path, json!({"children": children})),
        None,
    )
}

/// Type and text of the blocks that an answer names, as the workspace has them.
fn texts(stage: &Stage, done: &Done) -> Vec<(String, String)> {
    let ids = done.answer["results"].as_array().unwrap().iter();
    let ids = ids.map(|block| block["id"].as_str().unwrap().parse::<Id>().unwrap());
    stage.fake.look(|ws| {
        ids.map(|id| {
            let block = &ws.blocks[&id];
            let runs = block.payload["rich_text"].as_array().into_iter().flatten();
            let words = runs.filter_map(|run| run["plain_text"].as_str());
            (block.kind.to_string(), words.collect())
        })
        .collect()
    })
}

fn wants(text: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = text.iter();
    pairs
        .map(|(kind, words)| (kind.to_string(), words.to_string()))
        .collect()
}

#[test]
fn a_block_that_is_named_becomes_a_stand_in_in_its_place() {
    let stage = Stage::new();
    let long = "x".repeat(1001);
    let toggle = json!({"type": "toggle", "toggle": {"rich_text": rich("t"), "children": [
        paragraph("in"), {"type": "equation", "equation": {"expression": long}}]}});
    let done = append(&stage, json!([paragraph("a"), toggle, paragraph("b")])).unwrap();
    assert_eq!(lost(&done), [("equation block", Degree::StandIn)]);
    let kinds = [("paragraph", "a"), ("toggle", "t"), ("paragraph", "b")];
    assert_eq!(texts(&stage, &done), wants(&kinds));
    let toggle: Id = done.answer["results"][1]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    stage.fake.look(|ws| {
        let inside: Vec<_> = ws.blocks[&toggle]
            .children
            .iter()
            .map(|id| &ws.blocks[id])
            .collect();
        assert_eq!(inside.len(), 2);
        let words = inside[1].payload["rich_text"][0]["plain_text"]
            .as_str()
            .unwrap();
        assert_eq!(words, format!("Not restored as equation: {long}"));
    });
}

#[test]
fn a_block_that_nobody_names_is_found_by_halving() {
    let stage = Stage::new();
    let mut children: Vec<Value> = (0..9).map(|at| paragraph(&at.to_string())).collect();
    // Refused by a message without a path.
    children[5] =
        json!({"type": "bookmark", "bookmark": {"url": "https://a.example/b", "caption": []}});
    let root = stage.get("root");
    let path = format!("/v1/blocks/{root}/children");
    let refuse = || Fault::on("PATCH", &path, What::status(400));
    // Nine, 0-3, 4-8, 4-5, 4, 5: that one alone, and then its stand-in.
    for skip in [0, 1, 1, 1] {
        stage.fake.faults().push(refuse().after(skip));
    }
    let done = append(&stage, json!(children)).unwrap();
    assert_eq!(stage.fake.faults().left(), 0);
    let texts = texts(&stage, &done);
    assert_eq!(texts.len(), 9);
    for (at, (_, words)) in texts.iter().enumerate() {
        let own = words == &at.to_string();
        assert!(
            own || at == 5 || words.starts_with("Not restored as"),
            "{texts:?}"
        );
    }
    assert_eq!(lost(&done).len(), 1);
    assert_eq!(lost(&done)[0].1, Degree::StandIn);
    let order = stage
        .fake
        .look(|ws| ws.raw_children(root).unwrap().1.to_vec());
    let made: Vec<Id> = done.answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| block["id"].as_str().unwrap().parse().unwrap())
        .collect();
    assert_eq!(order[order.len() - 9..], made);
}

#[test]
fn what_is_inside_a_refused_block_follows_by_itself() {
    let stage = Stage::new();
    let toggle = json!({"type": "toggle", "toggle": {"rich_text": rich("t"), "children": [
        paragraph("a"), paragraph("b")]}});
    let path = format!("/v1/blocks/{}/children", stage.get("root"));
    let refused = Fault::on("PATCH", &path, What::status(400));
    stage.fake.faults().push(refused);
    let done = append(&stage, json!([toggle])).unwrap();
    assert!(done.losses.is_empty());
    assert_eq!(texts(&stage, &done), wants(&[("toggle", "t")]));
    let made = done.answer["results"][0]["id"].as_str().unwrap();
    let made: Id = made.parse().unwrap();
    assert_eq!(stage.fake.look(|ws| ws.blocks[&made].children.len()), 2);
}

#[test]
fn a_view_and_a_comment_come_without_their_extras() {
    let stage = Stage::new();
    let (root, database, source) = (
        stage.get("root"),
        stage.get("database"),
        stage.get("source"),
    );
    let view = json!({"database_id": database, "data_source_id": source, "name": "V",
        "type": "calendar", "configuration": {"type": "calendar", "show_weekends": true}});
    stage.fake.set(|it| it.validate_requests = false);
    let done = stage
        .perform(&call(Method::Post, "/v1/views", view), None)
        .unwrap();
    assert_eq!(lost(&done), [("configuration", Degree::Detail)]);
    let comment = json!({"parent": {"page_id": root}, "rich_text": rich("c"),
        "display_name": {"type": "custom", "custom": {"name": "Ada"}}});
    let refused = Fault::on("POST", "/v1/comments", What::status(400));
    stage.fake.faults().push(refused);
    let done = stage
        .perform(&call(Method::Post, "/v1/comments", comment), None)
        .unwrap();
    assert_eq!(lost(&done), [("display_name", Degree::Detail)]);
}

#[test]
fn media_of_the_wrong_type_become_files() {
    let mut stage = Stage::new();
    stage.files.insert("/a".into(), vec![1, 2, 3]);
    let bytes = Bytes {
        path: "/a".into(),
        size: 3,
        name: "a.pdf".into(),
        content_type: "application/pdf".into(),
    };
    let up = step(Action::Upload(bytes.clone()));
    let mut so_far = Checkpoints::new(&[], &|_| {});
    let upload = stage
        .with(|performer| performer.upload(&up, &bytes, &mut so_far))
        .unwrap();
    let id = &upload.answer["id"];
    let video = json!({"type": "video", "video": {"type": "file_upload", "file_upload": {"id": id}, "caption": rich("c")}});
    let done = append(&stage, json!([video])).unwrap();
    assert_eq!(lost(&done), [("video block", Degree::StandIn)]);
    assert_eq!(texts(&stage, &done)[0].0, "file");
    assert_eq!(stage.fake.look(|ws| ws.assets.len()), 1);
}

#[test]
fn a_target_that_is_not_there_costs_the_mention() {
    let stage = Stage::new();
    let gone = NotionId::from_bits(0xdead << 64 | 0x4 << 76 | 0x8 << 60);
    let mention = json!({"type": "mention", "mention": {"type": "page", "page": {"id": gone}}, "plain_text": "Old"});
    let text = json!({"type": "paragraph", "paragraph": {"rich_text": [mention]}});
    let link =
        json!({"type": "link_to_page", "link_to_page": {"type": "page_id", "page_id": gone}});
    let done = append(&stage, json!([text, link, paragraph("p")])).unwrap();
    let texts = texts(&stage, &done);
    assert_eq!(texts.len(), 3);
    assert_eq!(texts[2], ("paragraph".into(), "p".into()));
    assert!(!lost(&done).is_empty());
}

#[test]
fn a_page_comes_without_what_is_wrong_with_it() {
    let stage = Stage::new();
    let root = stage.get("root");
    let gone = NotionId::from_bits(0xdead << 64 | 0x4 << 76 | 0x8 << 60);
    let upload = json!({"type": "file_upload", "file_upload": {"id": gone}});
    let body = json!({"parent": {"page_id": root}, "properties": {"title": {"title": rich("P")}},
        "icon": {"type": "emoji", "emoji": "🎈"},
        "cover": {"type": "external", "external": {"url": "x".repeat(2001)}},
        "children": [paragraph("a"), {"equation": {"expression": "x".repeat(1001)}}]});
    let page = call(Method::Post, "/v1/pages", body);
    let done = stage.perform(&page, None).unwrap();
    let id: Id = done.answer["id"].as_str().unwrap().parse().unwrap();
    stage.fake.look(|ws| {
        let page = &ws.pages[&id];
        assert_eq!(page.title, "P");
        assert_eq!(page.icon["emoji"], "🎈");
        assert_eq!(page.body.listed.len(), 2);
    });
    assert!(
        lost(&done).contains(&("equation block", Degree::StandIn)),
        "{:?}",
        lost(&done)
    );
    let mut body = page.body.clone();
    body["icon"] = upload;
    body["children"] = json!([]);
    let failure = stage.perform(&call(Method::Post, "/v1/pages", body), None);
    assert!(
        matches!(failure, Err(Failure::Upload(id, _)) if id == gone),
        "{failure:?}"
    );
}

#[test]
fn a_row_keeps_the_values_that_nobody_minds() {
    let stage = Stage::new();
    let source = stage.get("source");
    let schema = json!({"properties": {"Due": {"date": {}}, "Count": {"number": {}}, "Done": {"checkbox": {}}}});
    let path = format!("/v1/data_sources/{source}");
    stage
        .perform(&call(Method::Patch, path, schema), None)
        .unwrap();
    let body = json!({"parent": {"data_source_id": source}, "properties": {
        "Name": {"title": rich("R")}, "Due": {"date": {"start": "2026-11-01"}},
        "Count": {"number": 7}, "Done": {"checkbox": true}}});
    let row = call(Method::Post, "/v1/pages", body);
    // Refused without a word why: the row comes bare, then value after value; one of
    // them is refused again.
    stage
        .fake
        .faults()
        .push(Fault::on("POST", "/v1/pages", What::status(400)));
    stage
        .fake
        .faults()
        .push(Fault::on("PATCH", "/v1/pages/*", What::status(400)).after(1));
    let done = stage.perform(&row, None).unwrap();
    assert_eq!(stage.fake.faults().left(), 0);
    assert_eq!(lost(&done), [("property 'Done'", Degree::Missing)]);
    let id: Id = done.answer["id"].as_str().unwrap().parse().unwrap();
    stage.fake.look(|ws| {
        let values = ws.pages[&id].values.values().cloned().collect::<Vec<_>>();
        assert!(values.contains(&json!(7)), "{values:?}");
        assert!(!values.contains(&json!(true)));
        assert!(values.iter().any(|it| it["start"] == "2026-11-01"));
    });
}

#[test]
fn a_column_that_is_refused_costs_that_column() {
    let stage = Stage::new();
    let root = stage.get("root");
    let body = json!({"parent": {"type": "page_id", "page_id": root}, "title": rich("D"),
        "initial_data_source": {"properties": {
            "Name": {"title": {}}, "Count": {"select": {"options": [{"name": "a,b"}]}}, "Due": {"date": {}}}}});
    stage.fake.set(|it| it.validate_requests = false);
    let done = stage
        .perform(&call(Method::Post, "/v1/databases", body), None)
        .unwrap();
    assert_eq!(lost(&done), [("property 'Count'", Degree::Missing)]);
    let source: Id = done.answer["data_sources"][0]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let columns = stage.fake.look(|ws| {
        let columns = ws.data_sources[&source].schema.iter();
        columns.map(|it| it.name.clone()).collect::<Vec<_>>()
    });
    assert_eq!(columns, ["Name", "Due"].map(str::to_owned));
}

#[test]
fn a_parent_that_is_gone_fails_the_step_alone() {
    let stage = Stage::new();
    let gone = NotionId::from_bits(0xdead << 64 | 0x4 << 76 | 0x8 << 60);
    let path = format!("/v1/blocks/{gone}/children");
    let children = json!({"children": [paragraph("a"), paragraph("b")]});
    let failure = stage
        .perform(&call(Method::Patch, path, children), None)
        .unwrap_err();
    assert!(matches!(failure, Failure::Step { .. }), "{failure}");
    assert!(failure.to_string().contains(&gone.to_string()), "{failure}");
    assert_eq!(stage.fake.count("PATCH"), 1);
    let page = json!({"parent": {"page_id": gone}, "properties": {"title": {"title": rich("P")}}, "icon": {"type": "emoji", "emoji": "🎈"}});
    let failure = stage
        .perform(&call(Method::Post, "/v1/pages", page), None)
        .unwrap_err();
    assert!(matches!(failure, Failure::Step { .. }), "{failure}");
    assert_eq!(stage.fake.count("POST"), 1);
}

#[test]
fn an_anchor_that_is_gone_costs_the_place() {
    let stage = Stage::new();
    let root = stage.get("root");
    let gone = NotionId::from_bits(0xdead << 64 | 0x4 << 76 | 0x8 << 60);
    let body = json!({"children": [paragraph("a")],
        "position": {"type": "after_block", "after_block": {"id": gone}}});
    let path = format!("/v1/blocks/{root}/children");
    let done = stage
        .perform(&call(Method::Patch, path, body), None)
        .unwrap();
    assert_eq!(
        lost(&done),
        [("place among the blocks of the page", Degree::Detail)]
    );
    assert_eq!(texts(&stage, &done), wants(&[("paragraph", "a")]));
}

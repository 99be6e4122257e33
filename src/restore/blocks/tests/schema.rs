//! Everything that is sent, against Notion's own types where the file is there.

use std::collections::BTreeSet;

use super::*;
use crate::restore::Upload;
use crate::restore::fixed::assert_fits;

#[test]
fn all_requests_fit_the_published_types() {
    let (body, targets) = everything();
    let plan = rest(&body, id(PAGE), 0, &nowhere, &targets);
    let mut kinds = BTreeSet::new();
    for step in &plan.steps {
        let BodyStep::Append {
            children, position, ..
        } = step
        else {
            continue;
        };
        for child in children {
            let mut request = json!({"children": [child]});
            if let Some(position) = position.json() {
                request["position"] = position;
            }
            assert_fits("ReqAppend", &request);
            kinds.insert(child["type"].as_str().unwrap().to_string());
        }
    }
    assert!(kinds.len() >= 26, "{kinds:?}");
}

/// Every type of block, with all fields.
fn everything() -> (Body, Answers) {
    let mut targets = Answers::default().made(0xa).same(0xb);
    targets.users.insert(id(0xc), id(0xcc));
    targets.emojis.insert(id(0xd), id(0xdd));
    let upload = Upload::File {
        id: PendingId::named("upload"),
        name: "a.png".into(),
        wrapped: None,
    };
    targets.files.insert("https://s/f".into(), upload);
    let mention = |kind: &str, inner: Value| {
        json!({"type": "mention", "mention": {"type": kind, kind: inner}, "plain_text": "p",
               "annotations": {"bold": true, "color": "red"}})
    };
    let runs = json!([
        rich("text")[0],
        {"type": "text", "text": {"content": "link", "link": {"url": "https://e.example/"}}},
        {"type": "equation", "equation": {"expression": "x"}},
        mention("page", json!({"id": id(0xa)})),
        mention("database", json!({"id": id(0xb)})),
        mention("user", json!({"id": id(0xc)})),
        mention("custom_emoji", json!({"id": id(0xd), "name": "n"})),
        mention("date", json!({"start": "2026-07-01T10:00:00.000Z", "end": null, "time_zone": "Europe/Berlin"})),
        mention("template_mention", json!({"type": "template_mention_user", "template_mention_user": "me"})),
        mention("link_preview", json!({"url": "https://e.example/"})),
        mention("hologram", json!({})),
    ]);
    let mut body = Body::default();
    let mut bits = 100;
    let mut add = |body: &mut Body, below: Option<usize>, kind: &str, payload: Value| {
        bits += 1;
        body.push(below, block(bits, kind, payload))
    };
    let rich_text = json!({"rich_text": runs, "color": "red_background", "checked": true,
                           "is_toggleable": true, "language": "rust", "caption": runs,
                           "icon": {"type": "emoji", "emoji": "🦀"}});
    for kind in [
        "paragraph",
        "heading_1",
        "heading_2",
        "heading_3",
        "heading_4",
        "bulleted_list_item",
        "numbered_list_item",
        "to_do",
        "toggle",
        "quote",
        "callout",
        "code",
        "template",
        "hologram",
        "meeting_notes",
    ] {
        let top = add(&mut body, None, kind, rich_text.clone());
        if kind != "code" {
            let inner = add(&mut body, Some(top), "toggle", rich_text.clone());
            add(&mut body, Some(inner), "quote", rich_text.clone());
        }
    }
    let file = json!({"type": "file", "file": {"url": "https://s/f", "expiry_time": "x"}, "caption": runs});
    let external = json!({"type": "external", "external": {"url": "https://e.example/a.png"}, "caption": runs});
    for kind in ["image", "video", "pdf", "audio", "file"] {
        add(&mut body, None, kind, file.clone());
        add(&mut body, None, kind, external.clone());
    }
    for kind in ["bookmark", "embed", "link_preview"] {
        add(
            &mut body,
            None,
            kind,
            json!({"url": "https://e.example/", "caption": runs}),
        );
    }
    for (kind, payload) in [
        ("equation", json!({"expression": "x"})),
        ("divider", json!({})),
        ("breadcrumb", json!({})),
        ("table_of_contents", json!({"color": "gray"})),
        (
            "link_to_page",
            json!({"type": "page_id", "page_id": id(0xa)}),
        ),
        (
            "link_to_page",
            json!({"type": "database_id", "database_id": id(0xb)}),
        ),
        ("synced_block", json!({"synced_from": null})),
        (
            "synced_block",
            json!({"synced_from": {"type": "block_id", "block_id": id(0xa)}}),
        ),
        ("column_list", json!({})),
        ("unsupported", json!({"block_type": "button"})),
    ] {
        add(&mut body, None, kind, payload);
    }
    for below in [None, Some(0)] {
        let table = add(
            &mut body,
            below,
            "table",
            json!({"table_width": 1, "has_row_header": true}),
        );
        add(
            &mut body,
            Some(table),
            "table_row",
            json!({"cells": [runs, []]}),
        );
        let tab = add(&mut body, below, "tab", json!({}));
        add(&mut body, Some(tab), "paragraph", rich_text.clone());
        let list = add(&mut body, below, "column_list", json!({}));
        for _ in 0..2 {
            let column = add(&mut body, Some(list), "column", json!({"width_ratio": 0.5}));
            let inner = add(&mut body, Some(column), "toggle", rich_text.clone());
            add(&mut body, Some(inner), "quote", rich_text.clone());
        }
    }
    (body, targets)
}

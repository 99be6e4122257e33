use super::*;
use crate::restore::{Degree, Upload};

/// `{kind: payload}` as it is sent.
fn sent(kind: &str, payload: Value) -> Value {
    json!({"type": kind, kind: payload})
}

fn runs(text: &str) -> Value {
    json!(crate::restore::rich_text::plain(text))
}

/// All that a person can read in a sent block.
fn all_text(block: &Value) -> String {
    let payload = &block[block["type"].as_str().unwrap()];
    format!("{}{}", notion::words(payload), payload["url"])
}

fn degrees(notes: &Notes) -> Vec<Degree> {
    notes.losses.iter().map(|loss| loss.degree).collect()
}

#[test]
fn every_field_that_can_be_written_is_written() {
    let targets = Answers::default().made(0xa).made(0xb).made(0xc);
    let token = |bits| PendingId::of(id(bits));
    let red = json!({"rich_text": rich("x"), "color": "red"});
    let red_sent = json!({"rich_text": runs("x"), "color": "red"});
    let mut cases: Vec<(&str, Value, Value)> = [
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
    ]
    .into_iter()
    .map(|kind| (kind, red.clone(), red_sent.clone()))
    .collect();
    let url = "https://e.example/a.png";
    let external = json!({"type": "external", "external": {"url": url}, "caption": rich("c"), "name": "a.png"});
    let mut as_sent = json!({"type": "external", "external": {"url": url}, "caption": runs("c")});
    for kind in ["image", "video", "pdf", "audio"] {
        cases.push((kind, external.clone(), as_sent.clone()));
    }
    as_sent["name"] = json!("a.png");
    let page = json!({"url": "https://e.example/", "caption": rich("c")});
    let page_sent = json!({"url": "https://e.example/", "caption": runs("c")});
    let emoji = json!({"type": "emoji", "emoji": "🦀"});
    cases.extend([
        ("file", external, as_sent),
        ("bookmark", page.clone(), page_sent.clone()),
        ("embed", page, page_sent),
        (
            "to_do",
            json!({"rich_text": [], "checked": true, "color": "default"}),
            json!({"rich_text": [], "checked": true}),
        ),
        (
            "heading_4",
            json!({"rich_text": [], "is_toggleable": true}),
            json!({"rich_text": [], "is_toggleable": true}),
        ),
        (
            "callout",
            json!({"rich_text": rich("x"), "icon": emoji, "color": "gray_background"}),
            json!({"rich_text": runs("x"), "icon": emoji, "color": "gray_background"}),
        ),
        (
            "code",
            json!({"rich_text": rich("x"), "caption": rich("c"), "language": "java/c/c++/c#"}),
            json!({"rich_text": runs("x"), "caption": runs("c"), "language": "java/c/c++/c#"}),
        ),
        (
            "equation",
            json!({"expression": "e=mc^2"}),
            json!({"expression": "e=mc^2"}),
        ),
        ("divider", json!({}), json!({})),
        ("breadcrumb", json!({}), json!({})),
        (
            "table_of_contents",
            json!({"color": "gray"}),
            json!({"color": "gray"}),
        ),
        (
            "link_to_page",
            json!({"type": "page_id", "page_id": id(0xa)}),
            json!({"type": "page_id", "page_id": token(0xa)}),
        ),
        (
            "link_to_page",
            json!({"type": "comment_id", "comment_id": id(0xb)}),
            json!({"type": "comment_id", "comment_id": token(0xb)}),
        ),
        (
            "synced_block",
            json!({"synced_from": {"type": "block_id", "block_id": id(0xc)}}),
            json!({"synced_from": {"type": "block_id", "block_id": token(0xc)}}),
        ),
        (
            "synced_block",
            json!({"synced_from": null}),
            json!({"synced_from": null}),
        ),
    ]);
    for (kind, read, written) in cases {
        let (out, notes) = one(block(7, kind, read), &targets);
        assert_eq!(out, [sent(kind, written)], "{kind}");
        assert_eq!(notes, Notes::default(), "{kind}");
    }
}

#[test]
fn containers_are_sent_with_what_they_must_have() {
    let mut body = Body::default();
    let list = body.push(None, block(1, "column_list", json!({})));
    for (bits, ratio) in [(2, 0.3), (3, 0.7)] {
        body.push(
            Some(list),
            block(bits, "column", json!({"width_ratio": ratio})),
        );
    }
    let tab = body.push(None, block(4, "tab", json!({})));
    let mut label = text(5, "paragraph", "label");
    label["paragraph"]["icon"] = json!({"type": "emoji", "emoji": "🦀"});
    let label = body.push(Some(tab), label);
    body.push(Some(label), text(6, "quote", "inside"));
    let table = json!({"table_width": 2, "has_column_header": true, "has_row_header": false});
    let table = body.push(None, block(8, "table", table));
    body.push(
        Some(table),
        block(9, "table_row", json!({"cells": [rich("a")]})),
    );
    let three = json!({"cells": [rich("a"), rich("b"), rich("c")]});
    body.push(Some(table), block(10, "table_row", three));
    let (plan, _) = write_all(&body, &Answers::default());
    let BodyStep::Append { children, .. } = &plan.steps[0] else {
        panic!("{:?}", plan.steps)
    };
    assert_eq!(
        children,
        &[
            sent(
                "column_list",
                json!({"children": [
                sent("column", json!({"width_ratio": 0.3, "children": []})),
                sent("column", json!({"width_ratio": 0.7, "children": []}))]})
            ),
            sent(
                "tab",
                json!({"children": [
                sent("paragraph", json!({"rich_text": runs("label"), "icon": {"type": "emoji", "emoji": "🦀"},
                    "children": [sent("quote", json!({"rich_text": runs("inside")}))]}))]})
            ),
            // As wide as its widest row.
            sent(
                "table",
                json!({"table_width": 3, "has_column_header": true, "children": [
                sent("table_row", json!({"cells": [runs("a"), [], []]})),
                sent("table_row", json!({"cells": [runs("a"), runs("b"), runs("c")]}))]})
            ),
        ]
    );
    assert_eq!(plan.notes, Notes::default());
}

#[test]
fn what_cannot_be_created_leaves_a_stand_in_with_its_text() {
    let targets = Answers::default().later(0xd);
    let long = format!("https://e.example/{}", "x".repeat(2000));
    for (kind, read, becomes, words) in [
        (
            "link_preview",
            json!({"url": "https://e.example/x"}),
            "bookmark",
            "https://e.example/x",
        ),
        (
            "template",
            json!({"rich_text": rich("Add a day")}),
            "toggle",
            "Add a day",
        ),
        (
            "unsupported",
            json!({"block_type": "button"}),
            "callout",
            "button",
        ),
        (
            "hologram",
            json!({"title": "Deep", "x": [{"plain_text": "shine"}]}),
            "callout",
            "shine",
        ),
        (
            "bookmark",
            json!({"url": long, "caption": rich("cap")}),
            "callout",
            &long,
        ),
        ("embed", json!({"url": ""}), "callout", "embed"),
        (
            "equation",
            json!({"expression": "y".repeat(1001)}),
            "code",
            "yyy",
        ),
        (
            "link_to_page",
            json!({"type": "page_id", "page_id": id(0xe)}),
            "paragraph",
            "0e",
        ),
        (
            "link_to_page",
            json!({"type": "x", "x": 1}),
            "callout",
            "unknown",
        ),
        (
            "link_to_page",
            json!({"type": "comment_id", "comment_id": id(0xd)}),
            "paragraph",
            "0d",
        ),
        (
            "synced_block",
            json!({"synced_from": {"block_id": id(0xe)}}),
            "callout",
            "synced",
        ),
        (
            "table_row",
            json!({"cells": [rich("a"), rich("b")]}),
            "paragraph",
            "b",
        ),
        (
            "image",
            json!({"type": "file", "file": {"url": "https://s/gone"}, "caption": rich("cap")}),
            "callout",
            "gone.bin",
        ),
        (
            "pdf",
            json!({"type": "external", "external": {"url": long}}),
            "callout",
            &long,
        ),
        ("video", json!({"type": "beam"}), "callout", "video"),
        (
            "meeting_notes",
            json!({"title": rich("Weekly")}),
            "toggle",
            "Weekly",
        ),
    ] {
        let (out, notes) = one(block(7, kind, read.clone()), &targets);
        assert_eq!(out[0]["type"], becomes, "{kind}: {out:?}");
        let told: String = out.iter().map(all_text).collect();
        assert!(told.contains(words), "{kind}: {told}");
        if read["caption"].is_array() {
            assert!(told.contains("cap"), "{kind}: {told}");
        }
        assert_eq!(degrees(&notes), [Degree::StandIn], "{kind}");
        assert_eq!(notes.losses[0].id, id(7));
    }
}

#[test]
fn details_that_cannot_be_set_are_told() {
    let targets = Answers::default();
    for (kind, read) in [
        (
            "numbered_list_item",
            json!({"rich_text": [], "list_start_index": 3}),
        ),
        (
            "numbered_list_item",
            json!({"rich_text": [], "list_format": "roman"}),
        ),
        ("callout", json!({"rich_text": [], "icon": null})),
        ("code", json!({"rich_text": [], "language": "klingon"})),
        ("paragraph", json!({"rich_text": [], "color": "octarine"})),
        ("column_list", json!({})),
        ("table", json!({"table_width": 2})),
    ] {
        let (out, notes) = one(block(7, kind, read), &targets);
        assert_eq!(out[0]["type"], kind);
        assert_eq!(degrees(&notes), [Degree::Detail], "{kind}");
    }
}

#[test]
fn long_texts_become_several_blocks() {
    let styles = |at: usize| json!({"bold": at.is_multiple_of(2)});
    let many: Vec<Value> = (0..250)
        .map(|at| json!({"type": "text", "text": {"content": format!("{at},")}, "annotations": styles(at)}))
        .collect();
    for kind in ["code", "quote", "toggle"] {
        let mut body = Body::default();
        let payload = json!({"rich_text": many, "language": "rust", "caption": rich("c")});
        let top = body.push(None, block(7, kind, payload));
        if kind != "code" {
            body.push(Some(top), text(8, "paragraph", "below"));
        }
        let (plan, notion) = write_all(&body, &Answers::default());
        let found = notion.outline();
        let all: String = found.iter().map(|(_, _, text)| text.as_str()).collect();
        let told: String = (0..250).map(|at| format!("{at},")).collect();
        let end = if kind == "code" { "c" } else { "below" };
        assert_eq!(all, told + end);
        assert_eq!(found.iter().filter(|(_, it, _)| it == kind).count(), 3);
        assert_eq!(degrees(&plan.notes), [Degree::Detail]);
        let first = &notion.held[&notion.id_of(PendingId::of(id(7)))];
        assert!(notion::words(&first.payload).starts_with("0,"));
    }
    let mut body = Body::default();
    let table = body.push(None, block(1, "table", json!({"table_width": 2})));
    body.push(
        Some(table),
        block(2, "table_row", json!({"cells": [rich("a"), many]})),
    );
    let (plan, notion) = write_all(&body, &Answers::default());
    assert_eq!(notion.outline().len(), 1 + 3);
    assert_eq!(degrees(&plan.notes), [Degree::Detail]);
    let (out, notes) = one(
        block(
            7,
            "image",
            json!({"type": "external", "external": {"url": "https://e.example/a.png"}, "caption": many}),
        ),
        &Answers::default(),
    );
    assert_eq!(out.len(), 3);
    assert_eq!(degrees(&notes), [Degree::Detail]);
}

#[test]
fn stored_files_are_uploaded_again() {
    let mut targets = Answers::default();
    let upload = |wrapped: Option<&str>| Upload::File {
        id: PendingId::named("upload"),
        name: "a.png".into(),
        wrapped: wrapped.map(Into::into),
    };
    targets.files.insert("https://s/plain".into(), upload(None));
    targets
        .files
        .insert("https://s/odd".into(), upload(Some("a.dwg")));
    let read = |url: &str| json!({"type": "file", "file": {"url": url}, "caption": rich("c")});
    let id = json!({"id": PendingId::named("upload")});
    let (out, notes) = one(block(7, "image", read("https://s/plain")), &targets);
    let written = json!({"type": "file_upload", "file_upload": id, "caption": runs("c")});
    assert_eq!(out, [sent("image", written.clone())]);
    assert_eq!(notes, Notes::default());
    let (out, _) = one(block(7, "file", read("https://s/plain")), &targets);
    let mut named = written;
    named["name"] = json!("a.png");
    assert_eq!(out, [sent("file", named)]);
    let (out, notes) = one(block(7, "video", read("https://s/odd")), &targets);
    assert_eq!(out[0]["type"], "file");
    assert_eq!(out[0]["file"]["caption"], runs("c\nOriginal name: a.dwg"));
    assert_eq!(degrees(&notes), [Degree::StandIn]);
}

#[test]
fn meeting_notes_keep_their_sections_below_headings() {
    let mut body = Body::default();
    let notes = json!({"title": rich("Weekly"), "children": {"summary_block_id": id(2), "transcript_block_id": id(3), "notes_block_id": id(6)},
                       "calendar_event": {"start_time": "2026-02-02T10:00:00.000Z", "attendees": [id(9)]}});
    let meeting = body.push(None, block(1, "meeting_notes", notes));
    let summary = body.push(Some(meeting), block(2, "section", json!({})));
    body.push(Some(summary), text(4, "paragraph", "short"));
    let transcript = body.push(Some(meeting), text(3, "paragraph", "said"));
    body.push(Some(transcript), text(5, "paragraph", "and more"));
    // A toggle without text stands for a section that the original only names.
    let own = body.push(Some(meeting), text(6, "toggle", ""));
    body.nodes[own].block["toggle"]["rich_text"] = json!([]);
    body.push(Some(own), text(7, "paragraph", "mine"));
    let (plan, notion) = write_all(&body, &Answers::default());
    let line = |depth: usize, kind: &str, text: &str| (depth, kind.to_string(), text.to_string());
    assert_eq!(
        notion.outline(),
        [
            line(0, "toggle", "Weekly  @Ada"),
            line(1, "heading_3", "Summary"),
            line(1, "paragraph", "short"),
            line(1, "heading_3", "Transcript"),
            line(1, "paragraph", "said"),
            line(2, "paragraph", "and more"),
            line(1, "heading_3", "Notes"),
            line(1, "paragraph", "mine"),
        ]
    );
    assert_eq!(degrees(&plan.notes), [Degree::StandIn, Degree::StandIn]);
}

#[test]
fn blocks_in_blocks_that_take_none_are_not_lost() {
    let mut body = Body::default();
    let code = body.push(
        None,
        block(1, "code", json!({"rich_text": rich("c"), "language": "c"})),
    );
    body.push(Some(code), text(2, "paragraph", "p"));
    let heading = body.push(None, text(3, "heading_1", "h"));
    body.push(Some(heading), text(4, "paragraph", "q"));
    let stray = body.push(None, block(5, "column", json!({})));
    body.push(Some(stray), text(6, "paragraph", "r"));
    let list = body.push(None, block(7, "column_list", json!({})));
    body.push(Some(list), text(8, "paragraph", "s"));
    let table = body.push(None, block(9, "table", json!({"table_width": 1})));
    body.push(Some(table), block(10, "unsupported", json!({"title": "t"})));
    let (plan, notion) = write_all(&body, &Answers::default());
    let all: String = notion
        .outline()
        .into_iter()
        .map(|(_, _, text)| text)
        .collect();
    assert_eq!(all, "cphqrst");
    assert_eq!(plan.notes.losses.len(), 5);
}

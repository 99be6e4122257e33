mod kinds;
mod least;
mod notion;
mod openings;
mod random;
mod schema;
mod sharing;

use serde_json::{Value, json};

use super::*;
use crate::restore::testing::Answers;
use notion::Notion;

/// The id of the page in all tests.
pub const PAGE: u128 = 0xf00d;

pub fn id(bits: u128) -> NotionId {
    NotionId::from_bits(bits)
}

/// A block as it is read.
pub fn block(bits: u128, kind: &str, payload: Value) -> Value {
    json!({"object": "block", "id": id(bits), "type": kind, kind: payload, "has_children": false,
           "created_time": "2026-01-01T00:00:00.000Z", "in_trash": false})
}

pub fn rich(text: &str) -> Value {
    json!([{"type": "text", "text": {"content": text, "link": null}, "plain_text": text, "href": null,
            "annotations": {"bold": false, "italic": false, "strikethrough": false, "underline": false,
                            "code": false, "color": "default"}}])
}

pub fn text(bits: u128, kind: &str, content: &str) -> Value {
    block(
        bits,
        kind,
        json!({"rich_text": rich(content), "color": "default"}),
    )
}

pub fn nowhere(_: NotionId) -> Place {
    Place::Here
}

/// All of a page, into an empty one.
pub fn write_all(body: &Body, targets: &Answers) -> (BodyPlan, Notion) {
    let plan = rest(body, id(PAGE), 0, &nowhere, targets);
    let mut notion = Notion::new(PendingId::of(id(PAGE)));
    for target in targets.targets.values() {
        if let super::super::Target::Made(made) = target {
            notion.knows(*made);
        }
    }
    for upload in targets.files.values() {
        if let super::super::Upload::File { id, .. } = upload {
            notion.knows(*id);
        }
    }
    notion.run(&plan.steps);
    (plan, notion)
}

/// What one block becomes, at the first level of an otherwise empty page.
pub fn one(block: Value, targets: &Answers) -> (Vec<Value>, Notes) {
    let mut body = Body::default();
    body.push(None, block);
    let (plan, _) = write_all(&body, targets);
    let mut all = Vec::new();
    for step in plan.steps {
        if let BodyStep::Append { children, .. } = step {
            all.extend(children);
        }
    }
    (all, plan.notes)
}

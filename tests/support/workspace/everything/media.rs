//! Files in every place that can hold one, links in their stead, and comments.

use serde_json::{Value, json};

use super::super::Workspace;
use super::super::model::*;
use super::super::text::{rich, run};

/// Names: `media`, `an image`, `with file icon`, `commented`, `commented block`, `discussion`.
pub fn add(ws: &mut Workspace, home: Id) {
    let page = ws.page(Parent::Page(home), "Media");
    ws.name("media", page);
    for (kind, name, content_type) in [
        ("image", "picture.png", "image/png"),
        ("video", "film.mp4", "video/mp4"),
        ("pdf", "paper.pdf", "application/pdf"),
        ("audio", "song.mp3", "audio/mpeg"),
        ("file", "data & more.zip", "application/zip"),
    ] {
        let mut stored = ws.file(name, content_type, &bytes(kind, 5_000));
        let mut external = json!({"type": "external", "external":
                                  {"url": format!("https://example.com/{kind}/x.bin?size=1")}});
        for payload in [&mut stored, &mut external] {
            payload["caption"] = rich("seen from afar");
            if kind == "file" {
                payload["name"] = json!(name);
            }
        }
        let block = ws.block(page, kind, stored);
        ws.name(&format!("stored {kind}"), block);
        ws.block(page, kind, external);
    }
    // The same bytes in two places, and an empty file.
    for name in ["copy.png", "copy of copy.png"] {
        let mut twin = ws.file(name, "image/png", b"the same bytes");
        twin["caption"] = json!([]);
        ws.block(page, "image", twin);
    }
    let mut empty = ws.file("empty.txt", "text/plain", b"");
    empty["caption"] = json!([]);
    empty["name"] = json!("empty.txt");
    ws.block(page, "file", empty);
    icons_and_covers(ws, page);
    comments(ws, page);
}

/// Bytes that do not repeat.
fn bytes(word: &str, length: usize) -> Vec<u8> {
    let mut chance =
        super::super::ids::Chance::new(word.len() as u64 + u64::from(word.as_bytes()[0]));
    (0..length).map(|_| chance.next() as u8).collect()
}

fn icons_and_covers(ws: &mut Workspace, page: Id) {
    let party = ws.get("party");
    let icon_file = ws.file("icon.png", "image/png", b"page icon");
    let cover_file = ws.file("cover.jpg", "image/jpeg", b"page cover");
    let external = |name: &str| json!({"type": "external", "external": {"url": format!("https://example.com/{name}")}});
    let kinds: [(&str, Value, Value); 6] = [
        (
            "emoji",
            json!({"type": "emoji", "emoji": "👩🏽‍🚀"}),
            Value::Null,
        ),
        (
            "custom emoji",
            json!({"type": "custom_emoji", "custom_emoji": {"$emoji": party}}),
            external("c.jpg"),
        ),
        (
            "native",
            json!({"type": "icon", "icon": {"name": "bolt", "color": "blue"}}),
            Value::Null,
        ),
        ("external", external("i.svg"), external("d.jpg")),
        ("file", icon_file, cover_file),
        ("none", Value::Null, Value::Null),
    ];
    for (name, icon, cover) in kinds {
        let id = ws.page(Parent::Page(page), &format!("Icon: {name}"));
        ws.name(&format!("with {name} icon"), id);
        if let Some(page) = ws.pages.get_mut(&id) {
            page.icon = icon;
            page.cover = cover;
        }
    }
}

fn comments(ws: &mut Workspace, media: Id) {
    let page = ws.page(Parent::Page(media), "Commented");
    ws.name("commented", page);
    let block = ws.paragraph(page, "A much discussed line.");
    ws.name("commented block", block);
    let first = ws.say(Parent::Page(page), "On the page.");
    let discussion = ws
        .comments
        .iter()
        .find(|comment| comment.id == first)
        .map(|comment| comment.discussion);
    if let Some(discussion) = discussion {
        ws.name("discussion", discussion);
    }
    ws.advance_minutes(1);
    ws.comment(Parent::Page(page), discussion, rich("A reply."));
    let mut attachments = Vec::new();
    for (category, name) in [
        ("image", "shot.png"),
        ("audio", "memo.mp3"),
        ("pdf", "a.pdf"),
        ("video", "v.mp4"),
        ("productivity", "sheet.xlsx"),
    ] {
        let key = ws.asset(name, "application/octet-stream", category.as_bytes());
        attachments.push(json!({"category": category, "file": {"$asset": key}}));
    }
    // At most three a comment (section 1.5).
    for chunk in attachments.chunks(3) {
        ws.comment(Parent::Page(page), None, rich("See attached."));
        if let Some(comment) = ws.comments.last_mut() {
            comment.attachments = chunk.to_vec();
        }
    }
    let guest = ws.get("guest");
    ws.comment(Parent::Page(page), None, json!([run("From outside.")]));
    if let Some(comment) = ws.comments.last_mut() {
        comment.stamps.created_by = guest;
        comment.display_name = json!({"type": "custom", "resolved_name": "Somebody else"});
    }
    ws.say(Parent::Block(block), "On the block.");
    ws.say(Parent::Block(block), "Also on the block.");
    ws.say(Parent::Page(page), "Settled.");
    if let Some(comment) = ws.comments.last_mut() {
        comment.resolved = true;
    }
    let crowded = ws.page(Parent::Page(media), "Crowded");
    ws.name("crowded", crowded);
    for number in 0..130 {
        ws.say(Parent::Page(crowded), &format!("Opinion {number}"));
    }
}

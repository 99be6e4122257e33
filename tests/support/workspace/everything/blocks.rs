//! A page with a block of every type (section 4.1) and text of every kind (3.9).

use serde_json::{Value, json};

use super::super::Workspace;
use super::super::model::*;
use super::super::text::*;

/// The colours of text and blocks.
const COLORS: [&str; 10] = [
    "default", "gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red",
];

/// Names: `every block`, `every text`, `in toggle`, `in column`, `empty toggle`,
/// `synced original`, `synced reference`, `meeting notes`, `meeting notes listed`.
pub fn add(ws: &mut Workspace, home: Id) {
    let page = ws.page(Parent::Page(home), "Every block");
    ws.name("every block", page);
    every_text(ws, home);
    headings_and_lists(ws, page);
    boxes(ws, page);
    columns_and_tables(ws, page);
    synced(ws, page, home);
    links(ws, page);
    meetings(ws, page);
    for kind in ["form", "button", "drive"] {
        ws.block(page, "unsupported", json!({"block_type": kind}));
    }
}

/// Every kind of rich text, every annotation, every colour.
fn every_text(ws: &mut Workspace, home: Id) {
    let page = ws.page(Parent::Page(home), "Every text");
    ws.name("every text", page);
    let (bob, guest, gone) = (ws.get("bob"), ws.get("guest"), ws.get("deleted user"));
    let (party, tasks) = (ws.get("party"), ws.get("tasks"));
    let mut runs = vec![
        run("plain, "),
        styled("bold", &["bold"], "default"),
        styled(
            "all",
            &["bold", "italic", "strikethrough", "underline", "code"],
            "red",
        ),
        link("link", "https://example.com/?q=a%20b"),
        link(
            "to a block",
            &format!(
                "https://www.notion.so/{:032x}#{:032x}",
                home.bits(),
                bob.bits()
            ),
        ),
        equation("e = mc^2"),
        mention_user(bob, "Bob"),
        mention_user(guest, "Gus"),
        mention_user(gone, "Gone"),
        mention_page(home, "Home"),
        mention_database(tasks, "Tasks"),
        mention_date("2026-03-01", None, None),
        mention_date(
            "2026-03-01T10:00:00.000+01:00",
            Some("2026-03-02T10:00:00.000+01:00"),
            None,
        ),
        mention_date("2026-03-01T10:00:00.000", None, Some("Europe/Berlin")),
        mention_emoji(party, "party"),
        mention(
            json!({"type": "template_mention", "template_mention":
                   {"type": "template_mention_date", "template_mention_date": "today"}}),
            "@Today",
            None,
        ),
        mention(
            json!({"type": "template_mention", "template_mention":
                   {"type": "template_mention_user", "template_mention_user": "me"}}),
            "@Me",
            None,
        ),
        mention(
            json!({"type": "link_preview", "link_preview": {"url": "https://example.com/pr/1"}}),
            "https://example.com/pr/1",
            Some("https://example.com/pr/1"),
        ),
        mention(
            json!({"type": "link_mention", "link_mention": {"href": "https://example.com/a",
                   "title": "An article", "link_provider": "Example", "height": 120}}),
            "https://example.com/a",
            Some("https://example.com/a"),
        ),
    ];
    for color in COLORS {
        runs.push(styled(color, &[], color));
        if color != "default" {
            runs.push(styled("behind", &[], &format!("{color}_background")));
        }
    }
    ws.rich_block(page, "paragraph", json!(runs));
    ws.paragraph(page, "");
    for color in COLORS {
        let block = json!({"rich_text": rich("coloured"), "color": color});
        ws.block(page, "paragraph", block);
    }
}

fn headings_and_lists(ws: &mut Workspace, page: Id) {
    for level in 1..=4 {
        let kind = format!("heading_{level}");
        let heading = |toggles: bool| json!({"rich_text": rich("A heading"), "color": "default", "is_toggleable": toggles});
        ws.block(page, &kind, heading(false));
        let open = ws.block(page, &kind, heading(true));
        ws.paragraph(open, "inside the heading");
    }
    let mut under = page;
    for level in 0..4 {
        under = ws.rich_block(under, "bulleted_list_item", rich(&format!("level {level}")));
    }
    ws.block(
        page,
        "numbered_list_item",
        json!({"rich_text": rich("from five"), "color": "default",
               "list_start_index": 5, "list_format": "roman"}),
    );
    let item = ws.rich_block(page, "numbered_list_item", rich("next"));
    ws.rich_block(item, "numbered_list_item", rich("below"));
    for checked in [true, false] {
        let done = json!({"rich_text": rich("do it"), "color": "default", "checked": checked});
        let done = ws.block(page, "to_do", done);
        ws.paragraph(done, "how");
    }
    let toggle = ws.toggle(page, "open me");
    ws.name("a toggle", toggle);
    ws.paragraph(toggle, "inside");
    let inner = ws.page(Parent::Block(toggle), "In a toggle");
    ws.name("in toggle", inner);
    ws.paragraph(inner, "a page in a toggle");
    let empty = ws.toggle(page, "nothing inside");
    ws.name("empty toggle", empty);
    let quote = ws.rich_block(page, "quote", rich("said"));
    ws.paragraph(quote, "who said it");
}

fn boxes(ws: &mut Workspace, page: Id) {
    let party = ws.get("party");
    let file = ws.file("callout.png", "image/png", b"callout icon");
    let icons = [
        Value::Null,
        json!({"type": "emoji", "emoji": "💡"}),
        json!({"type": "custom_emoji", "custom_emoji": {"$emoji": party}}),
        json!({"type": "icon", "icon": {"name": "pizza", "color": "red"}}),
        json!({"type": "external", "external": {"url": "https://example.com/icon.png"}}),
        file,
    ];
    for icon in icons {
        let callout =
            json!({"rich_text": rich("mind this"), "color": "gray_background", "icon": icon});
        let callout = ws.block(page, "callout", callout);
        ws.paragraph(callout, "and this");
    }
    let code = json!({"rich_text": rich("fn main() {}"), "caption": rich("the least"), "language": "rust"});
    ws.block(page, "code", code);
    // More than 2,000 characters take several runs.
    let long: Vec<Value> = (0..3).map(|_| run(&"x = 1\n".repeat(330))).collect();
    let code = json!({"rich_text": long, "caption": [], "language": "plain text"});
    ws.block(page, "code", code);
    ws.block(page, "equation", json!({"expression": "\\int_0^1 x\\,dx"}));
    ws.block(page, "divider", json!({}));
    ws.block(page, "breadcrumb", json!({}));
    ws.block(page, "table_of_contents", json!({"color": "gray"}));
    let template = ws.block(
        page,
        "template",
        json!({"rich_text": rich("Add a standup")}),
    );
    ws.paragraph(template, "yesterday, today, blockers");
    let tabs = ws.block(page, "tab", json!({}));
    for (label, icon) in [
        ("One", json!({"type": "emoji", "emoji": "1️⃣"})),
        ("Two", Value::Null),
    ] {
        let tab = json!({"rich_text": rich(label), "color": "default", "icon": icon});
        let tab = ws.block(tabs, "paragraph", tab);
        ws.paragraph(tab, "in the tab");
    }
}

fn columns_and_tables(ws: &mut Workspace, page: Id) {
    let list = ws.block(page, "column_list", json!({}));
    for ratio in [0.3, 0.7] {
        let column = ws.block(list, "column", json!({"width_ratio": ratio}));
        ws.paragraph(column, "in a column");
        if ratio < 0.5 {
            let inner = ws.page(Parent::Block(column), "In a column");
            ws.name("in column", inner);
        } else {
            let nested = ws.block(column, "column_list", json!({}));
            for _ in 0..2 {
                let column = ws.block(nested, "column", json!({}));
                ws.paragraph(column, "columns in a column");
            }
        }
    }
    for rows in [2, 150] {
        let table = json!({"table_width": 3, "has_column_header": true, "has_row_header": false});
        let table = ws.block(page, "table", table);
        for row in 0..rows {
            let cells = json!({"cells": [rich(&format!("row {row}")), [], [run("a"), styled("b", &["bold"], "blue")]]});
            ws.block(table, "table_row", cells);
        }
    }
}

fn synced(ws: &mut Workspace, page: Id, home: Id) {
    let original = ws.block(page, "synced_block", json!({"synced_from": null}));
    ws.name("synced original", original);
    ws.paragraph(original, "the same everywhere");
    let toggle = ws.toggle(original, "nested in the original");
    ws.paragraph(toggle, "deeper");
    let from = |id: Id| json!({"synced_from": {"type": "block_id", "block_id": id}});
    let elsewhere = ws.page(Parent::Page(home), "Uses a synced block");
    let reference = ws.block(elsewhere, "synced_block", from(original));
    ws.name("synced reference", reference);
    // One whose original lies where the connection cannot see.
    let hidden = ws.page(Parent::Workspace, "Hidden original");
    ws.set_shared(hidden, Some(false));
    let unseen = ws.block(hidden, "synced_block", json!({"synced_from": null}));
    ws.paragraph(unseen, "never seen");
    let lost = ws.block(elsewhere, "synced_block", from(unseen));
    ws.name("synced from hidden", lost);
}

fn links(ws: &mut Workspace, page: Id) {
    let (home, tasks) = (ws.get("home"), ws.get("tasks"));
    let comment = ws.say(Parent::Page(page), "Linked from a block.");
    for target in [
        json!({"type": "page_id", "page_id": home}),
        json!({"type": "database_id", "database_id": tasks}),
        json!({"type": "comment_id", "comment_id": comment}),
    ] {
        ws.block(page, "link_to_page", target);
    }
    let url = "https://example.com/a?b=c#d";
    ws.block(
        page,
        "bookmark",
        json!({"url": url, "caption": rich("read later")}),
    );
    ws.block(page, "embed", json!({"url": url, "caption": []}));
    ws.block(page, "link_preview", json!({"url": url}));
}

/// Two ways to hold the notes of a meeting: named only, and listed as children too.
fn meetings(ws: &mut Workspace, page: Id) {
    for (name, hides) in [("meeting notes", true), ("meeting notes listed", false)] {
        let block = ws.block(page, "meeting_notes", json!({}));
        ws.name(name, block);
        let mut sections = Vec::new();
        for section in ["summary", "notes", "transcript"] {
            let id = ws.paragraph(block, section);
            ws.paragraph(id, &format!("the {section} of the meeting"));
            sections.push(id);
        }
        let attendee = ws.get("bob");
        if let Some(block) = ws.blocks.get_mut(&block) {
            block.hides_children = hides;
            block.payload = json!({
                "title": rich("Weekly"), "status": "notes_ready",
                "children": {"summary_block_id": sections[0], "notes_block_id": sections[1],
                             "transcript_block_id": sections[2]},
                "calendar_event": {"start_time": "2026-02-02T10:00:00.000Z",
                                   "end_time": "2026-02-02T11:00:00.000Z", "attendees": [attendee]},
                "recording": {"start_time": "2026-02-02T10:00:00.000Z"},
            });
        }
    }
}

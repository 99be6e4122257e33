//! What breaks backups: hostile titles, long lists, holes in the tree, things that
//! are newer than any documentation.

use serde_json::{Map, Value, json};

use super::super::Workspace;
use super::super::model::*;
use super::super::text::*;

/// Titles that must not become anything but text.
pub const TITLES: [&str; 12] = [
    "../../../etc/passwd",
    "..",
    "/",
    "NUL\0byte",
    "\u{202e}gpj.exe",
    "\u{200f}right to left\u{200f}",
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "",
    "CON",
    "line\nbreak\ttab",
    "👩‍👩‍👧‍👦 \u{0301}\u{feff}",
    "trailing dot. ",
];

/// Names: `awkward`, `many children`, `many runs`, `long run`, `hidden parent`,
/// `shared child`, `search omits`, `search omits inside`, `dead mention`,
/// `unshared target`, `trashed page`, `below trash`, `withdrawn child`,
/// `unknown block`, `unknown icon`, `agent page`, `extra keys`.
pub fn add(ws: &mut Workspace, home: Id) {
    let page = ws.page(Parent::Page(home), "Awkward");
    ws.name("awkward", page);
    for title in TITLES {
        let id = ws.page(Parent::Page(page), title);
        ws.paragraph(id, title);
    }
    ws.page(Parent::Page(page), &"long ".repeat(400));
    for _ in 0..2 {
        ws.page(Parent::Page(page), "Same title twice");
    }
    long_lists(ws, page);
    holes(ws, page);
    newer_than_this(ws, page);
}

fn long_lists(ws: &mut Workspace, page: Id) {
    let many = ws.page(Parent::Page(page), "Many children");
    ws.name("many children", many);
    for number in 0..250 {
        ws.paragraph(many, &format!("child {number}"));
    }
    let toggle = ws.toggle(many, "many more");
    for number in 0..101 {
        ws.paragraph(toggle, &format!("grandchild {number}"));
    }
    let exact = ws.page(Parent::Page(page), "Exactly a hundred");
    for number in 0..100 {
        ws.paragraph(exact, &format!("{number}"));
    }
    // Reads may return more rich-text items than writes may send (section 1.5).
    let runs: Vec<Value> = (0..120)
        .map(|number| {
            if number % 2 == 0 {
                run(&format!("{number} "))
            } else {
                styled("odd ", &["italic"], "default")
            }
        })
        .collect();
    let many = ws.rich_block(page, "paragraph", json!(runs));
    ws.name("many runs", many);
    let long = ws.paragraph(page, &"ß🦀".repeat(666));
    ws.name("long run", long);
    let full: Vec<Value> = (0..5).map(|_| run(&"y".repeat(2000))).collect();
    ws.rich_block(page, "quote", json!(full));
}

fn holes(ws: &mut Workspace, page: Id) {
    let hidden = ws.page(Parent::Workspace, "Hidden parent");
    ws.name("hidden parent", hidden);
    ws.set_shared(hidden, Some(false));
    let shared = ws.page(Parent::Page(hidden), "Shared, its parent is not");
    ws.name("shared child", shared);
    ws.set_shared(shared, Some(true));
    ws.paragraph(shared, "a root of its own");
    let unshared = ws.page(Parent::Page(hidden), "Unshared");
    ws.name("unshared target", unshared);

    let omitted = ws.page(Parent::Page(page), "Search omits this");
    ws.name("search omits", omitted);
    let inside = ws.page(Parent::Page(omitted), "And this inside");
    ws.name("search omits inside", inside);
    for id in [omitted, inside] {
        if let Some(page) = ws.pages.get_mut(&id) {
            page.omitted_by_search = true;
        }
        ws.paragraph(id, "found by walking only");
    }

    let mut dead = mention_page(unshared, "Unshared");
    dead["annotations"]["bold"] = json!(true);
    let dead = ws.rich_block(page, "paragraph", json!([run("see "), dead]));
    ws.name("dead mention", dead);
    // A link to something that never existed.
    let nowhere = ws.chance.id();
    ws.name("nowhere", nowhere);
    let target = json!({"type": "page_id", "page_id": nowhere});
    ws.block(page, "link_to_page", target);

    let trashed = ws.page(Parent::Page(page), "In the trash");
    ws.name("trashed page", trashed);
    let below = ws.page(Parent::Page(trashed), "Below the trash");
    ws.name("below trash", below);
    ws.paragraph(trashed, "gone");
    ws.set_trashed(trashed, true);
    let bin = ws.paragraph(page, "a trashed line");
    ws.set_trashed(bin, true);
    let withdrawn = ws.page(Parent::Page(page), "Access withdrawn");
    ws.name("withdrawn child", withdrawn);
    ws.set_shared(withdrawn, Some(false));
    // Blocks by people who are not in the users' list.
    let (guest, gone) = (ws.get("guest"), ws.get("deleted user"));
    for (by, words) in [(guest, "by a guest"), (gone, "by somebody gone")] {
        let block = ws.paragraph(page, words);
        if let Some(block) = ws.blocks.get_mut(&block) {
            block.stamps.created_by = by;
            block.stamps.edited_by = by;
        }
    }
}

fn extra() -> Map<String, Value> {
    let mut extra = Map::new();
    extra.insert(
        "brand_new_key".into(),
        json!({"nested": [1, 2.5, null, "text"]}),
    );
    extra
}

/// No schema describes these; they are marked as odd, one by one.
fn newer_than_this(ws: &mut Workspace, page: Id) {
    let hologram = json!({"depth": 3, "layers": [{"rich_text": rich("kept as it is")}],
                          "precise": 0.1});
    let unknown = ws.block(page, "hologram", hologram);
    ws.name("unknown block", unknown);
    ws.paragraph(unknown, "inside the unknown");
    let strange = mention(
        json!({"type": "telepathy", "telepathy": {"thought": "hm"}}),
        "hm",
        None,
    );
    let kind = json!({"type": "sticker", "sticker": {"id": 7}, "annotations": plain(),
                      "plain_text": "🩹", "href": null});
    let strange = ws.rich_block(page, "paragraph", json!([strange, kind]));
    ws.name("unknown mention", strange);

    let icon = ws.page(Parent::Page(page), "Unknown icon");
    ws.name("unknown icon", icon);
    ws.set_icon(icon, json!({"type": "lottie", "lottie": {"frames": 12}}));
    let agent = ws.page(Parent::Workspace, "Made by an agent");
    ws.name("agent page", agent);
    let agent_id = ws.chance.id();
    if let Some(page) = ws.pages.get_mut(&agent) {
        let parent = json!({"type": "agent_id", "agent_id": agent_id});
        page.extra.insert("parent".into(), parent);
    }
    let keys = ws.page(Parent::Page(page), "Extra keys");
    ws.name("extra keys", keys);
    let line = ws.paragraph(keys, "a block with extra keys");
    if let Some(page) = ws.pages.get_mut(&keys) {
        page.extra = extra();
        page.is_locked = true;
        page.public_url = Some("https://acme.notion.site/extra".into());
    }
    if let Some(block) = ws.blocks.get_mut(&line) {
        block.extra = extra();
        block.payload["from_the_future"] = json!({"kept": true});
    }
    ws.odd.extend([unknown, strange, icon]);
}

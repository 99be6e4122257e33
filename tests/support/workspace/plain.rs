//! A large, dull workspace that costs little memory: for benchmarks.
//!
//! Every hundredth page is a section at the top; the 99 that follow are its child
//! pages. Bodies are computed from the page's number at each read and never stored.

use serde_json::{Value, json};

use super::ids::{self, mix};
use super::model::*;
use super::{MINUTE, Workspace, text};

/// Pages from one section to the next.
const SECTION: u32 = 100;

impl Workspace {
    /// `pages` pages of `blocks_per_page` generated blocks each.
    pub fn plain(pages: u32, blocks_per_page: u32) -> Workspace {
        let mut ws = Workspace::new(1);
        ws.pages.reserve(pages as usize);
        for number in 0..pages {
            let id = ids::generated(number, 0);
            let section = ids::generated(number / SECTION * SECTION, 0);
            let parent = if id == section {
                Parent::Workspace
            } else {
                Parent::Page(section)
            };
            let mut page = ws.bare_page(id, parent, &format!("Page {number}"));
            page.body.generated = blocks_per_page;
            // Spread over the past, so that listings have an order to keep.
            let time = ws.now - i64::from(number % 50_000) * MINUTE;
            page.stamps.created = time;
            page.stamps.edited = time;
            page.stamps.edited_before = time;
            ws.pages.insert(id, page);
            if let (Parent::Page(_), Some(page)) = (parent, ws.pages.get_mut(&section)) {
                page.body.listed.push(id);
            }
        }
        ws
    }
}

/// What a generated block says, and a number that decides its details.
pub fn words(page: &Page, position: u32) -> (String, u64) {
    const WORDS: [&str; 12] = [
        "harbour", "ledger", "violet", "engine", "meadow", "signal", "copper", "winter", "anchor",
        "paper", "orchid", "bridge",
    ];
    let mut seed = mix(page.id.bits() as u64 ^ u64::from(position) << 17);
    if position == 0 {
        seed ^= u64::from(page.revision);
    }
    let count = 6 + (seed % 30) as usize;
    let mut words = format!("{position}.{}", page.revision * u32::from(position == 0));
    for step in 0..count {
        let pick = mix(seed.wrapping_add(step as u64)) as usize % WORDS.len();
        words.push(' ');
        words.push_str(WORDS[pick]);
    }
    (words, seed)
}

/// The type of a generated block, and what its payload holds besides the text.
pub fn shape(position: u32, seed: u64) -> (&'static str, Value) {
    match position % 10 {
        0 => (
            "heading_2",
            json!({"color": "default", "is_toggleable": false}),
        ),
        3 => (
            "to_do",
            json!({"color": "default", "checked": seed & 1 == 0}),
        ),
        5 | 6 => ("bulleted_list_item", json!({"color": "default"})),
        8 => ("code", json!({"caption": [], "language": "plain text"})),
        _ => ("paragraph", json!({"color": "default", "icon": null})),
    }
}

/// The type and payload of a generated block.
pub fn content(page: &Page, position: u32) -> (&'static str, Value) {
    let (words, seed) = words(page, position);
    let (kind, mut payload) = shape(position, seed);
    payload["rich_text"] = text::rich(&words);
    (kind, payload)
}

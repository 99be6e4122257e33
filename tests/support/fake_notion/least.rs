//! The fewest requests that a complete first dump needs, counted from the workspace.
//!
//! Listings by the hundred; one request for each hundred children of each page and of
//! each block that has any; a `GET` only for what no listing shows in full.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::super::workspace::Workspace;
use super::super::workspace::model::*;
use super::switches::Switches;
use super::values::SHOWN;
use super::{query, search};

/// Which comments the dump asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comments {
    None,
    Pages,
    Blocks,
}

/// Requests by kind; `Display` prints a table with the sum.
#[derive(Clone, Debug, Default)]
pub struct Least {
    pub rows: Vec<(&'static str, u64)>,
}

impl Least {
    pub fn total(&self) -> u64 {
        self.rows.iter().map(|(_, count)| count).sum()
    }

    /// The part that a dump needs when nothing changed: the listings, and what no
    /// listing names.
    pub fn unchanged(&self) -> u64 {
        [
            "GET users/me",
            "GET users",
            "GET custom_emojis",
            "POST search",
            "POST data_sources/{id}/query",
            "GET pages/{id}: in no listing",
            "GET data_sources/{id}: not in search",
        ]
        .iter()
        .map(|kind| self.of(kind))
        .sum()
    }

    pub fn of(&self, kind: &str) -> u64 {
        self.rows
            .iter()
            .filter(|(name, _)| *name == kind)
            .map(|(_, count)| count)
            .sum()
    }
}

impl fmt::Display for Least {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, count) in &self.rows {
            writeln!(out, "{count:>9}  {kind}")?;
        }
        write!(out, "{:>9}  in all", self.total())
    }
}

/// Pages of a listing: at least one request.
fn listing(count: usize) -> u64 {
    count.div_ceil(100).max(1) as u64
}

/// A query past the cap starts over with a window for each capful, whose first page
/// overlaps the one before by a few rows.
fn query_pages(count: usize, cap: usize) -> u64 {
    let full = count.saturating_sub(1) / cap;
    let rest = count - full * cap;
    full as u64 * cap.div_ceil(100) as u64 + listing(rest)
}

/// What the dump reads of pages: everything visible that is not in the trash.
fn read_pages(ws: &Workspace) -> Vec<&Page> {
    ws.pages
        .values()
        .filter(|page| ws.can_see(page.id) && !ws.is_trashed(page.id))
        .collect()
}

/// Counts for this workspace.
pub fn count(ws: &Workspace, switches: &Switches, comments: Comments) -> Least {
    let pages = read_pages(ws);
    let databases: Vec<&Database> = ws
        .databases
        .values()
        .filter(|database| ws.can_see(database.id) && !ws.is_trashed(database.id))
        .collect();
    let sources: Vec<&DataSource> = ws
        .data_sources
        .values()
        .filter(|source| ws.can_see(source.id) && !ws.is_trashed(source.id))
        .collect();
    let mut least = Least::default();
    let mut add = |kind, count| least.rows.push((kind, count));

    add("GET users/me", 1);
    if switches.capabilities.users {
        let listed = ws.users.iter().filter(|it| !it.guest && !it.deleted);
        if !switches.capabilities.personal {
            add("GET users", listing(listed.count()));
        }
        add(
            "GET users/{id}: not listed",
            strangers(ws, switches, &pages),
        );
    }
    add("GET custom_emojis", listing(ws.emojis.len()));
    let known = pages
        .iter()
        .filter(|page| search::knows(ws, page.id))
        .count()
        + sources
            .iter()
            .filter(|source| search::knows(ws, source.id))
            .count();
    add("POST search", listing(known));
    let rows: BTreeSet<Id> = sources
        .iter()
        .flat_map(|source| source.rows.iter().copied())
        .collect();
    let unlisted = pages
        .iter()
        .filter(|page| !search::knows(ws, page.id) && !rows.contains(&page.id));
    add("GET pages/{id}: in no listing", unlisted.count() as u64);
    add("GET databases/{id}", databases.len() as u64);
    let unlisted = sources
        .iter()
        .filter(|source| !search::knows(ws, source.id));
    add(
        "GET data_sources/{id}: not in search",
        unlisted.count() as u64,
    );
    let mut queries = 0;
    for source in &sources {
        for archived in [false, true] {
            let count = query::members(ws, source, archived).len();
            queries += query_pages(count, switches.query_cap);
        }
    }
    add("POST data_sources/{id}/query", queries);
    let templates = sources.iter().map(|source| listing(source.templates.len()));
    add("GET data_sources/{id}/templates", templates.sum());
    let listings = databases.iter().map(|it| listing(it.views.len()));
    add("GET views", listings.sum());
    let views = databases.iter().map(|it| it.views.len() as u64);
    add("GET views/{id}", views.sum());

    let mut blocks: u64 = pages.iter().map(|it| u64::from(it.body.generated)).sum();
    let bodies = pages
        .iter()
        .map(|page| listing(ws.visible_children(page.id).unwrap_or_default().len()));
    let bodies = bodies.sum();
    add("GET blocks/{id}/children: pages", bodies);
    let (mut nested, mut hidden) = (0, 0);
    for block in ws.blocks.values() {
        if !ws.can_see(block.id) || ws.is_trashed(block.id) {
            continue;
        }
        let seen = ws.visible_children(block.id).unwrap_or_default().len();
        if ws.has_children(block.id) {
            nested += listing(seen);
        } else if block.hides_children {
            hidden += 1;
        }
        blocks += 1;
    }
    add("GET blocks/{id}/children: blocks", nested);
    // Meeting notes name the blocks that hold their text instead of listing them.
    if hidden > 0 {
        let sections = ws.blocks.values().filter(|it| it.hides_children);
        let named: u64 = sections.map(|it| it.children.len() as u64).sum();
        add("GET blocks/{id}: sections of meeting notes", named);
    }
    match comments {
        Comments::None => {}
        Comments::Pages => add("GET comments: pages", page_comments(ws, &pages)),
        Comments::Blocks => {
            add("GET comments: pages", page_comments(ws, &pages));
            add("GET comments: blocks", blocks);
        }
    }
    add("GET pages/{id}/properties/{id}", property_items(ws, &pages));
    add(
        "references to what is not shared",
        dead_references(ws, &pages),
    );
    least
}

/// The fewest requests for one page's body and the comments on the page.
pub fn body(ws: &Workspace, page: Id) -> u64 {
    let mut count = page_comments(ws, &[&ws.pages[&page]]);
    let mut todo = vec![page];
    while let Some(id) = todo.pop() {
        let seen = ws.visible_children(id).unwrap_or_default();
        count += listing(seen.len());
        let blocks = seen.iter().filter(|id| ws.blocks.contains_key(id));
        todo.extend(blocks.filter(|id| ws.has_children(**id)));
    }
    count
}

fn page_comments(ws: &Workspace, pages: &[&Page]) -> u64 {
    pages
        .iter()
        .map(|page| {
            let on = |comment: &&Comment| comment.on == Parent::Page(page.id) && !comment.resolved;
            match ws.comments.is_empty() {
                true => 1,
                false => listing(ws.comments.iter().filter(on).count()),
            }
        })
        .sum()
}

/// Pages of complete values, where the page object shows the signs of truncation
/// (section 2.3).
fn property_items(ws: &Workspace, pages: &[&Page]) -> u64 {
    let mut count = 0;
    for page in pages {
        let source = match page.parent {
            Parent::DataSource(id) => ws.data_sources.get(&id),
            _ => None,
        };
        for (id, value) in &page.values {
            let kind = source
                .and_then(|source| source.schema.iter().find(|it| it.id == *id))
                .map_or("title", |property| property.kind.as_str());
            let all = value.as_array().map_or(0, Vec::len);
            count += match kind {
                "relation" => {
                    let seen = visible(ws, value);
                    if seen > SHOWN { listing(seen) } else { 0 }
                }
                "people" if all >= SHOWN => listing(all),
                "title" | "rich_text" if mentions(value) >= SHOWN => listing(all),
                "rollup" => match value["array"].as_array().map_or(0, Vec::len) {
                    all if all >= SHOWN => listing(all),
                    _ => 0,
                },
                _ => 0,
            };
        }
    }
    count
}

fn visible(ws: &Workspace, relation: &Value) -> usize {
    relation
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item["id"].as_str()?.parse().ok())
        .filter(|id| ws.can_see(*id))
        .count()
}

fn mentions(rich_text: &Value) -> usize {
    rich_text
        .as_array()
        .into_iter()
        .flatten()
        .filter(|item| matches!(item["mention"]["type"].as_str(), Some("page" | "user")))
        .count()
}

/// Calls `see` with every object of a payload, at any depth.
fn walk(value: &Value, see: &mut dyn FnMut(&serde_json::Map<String, Value>)) {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(map) => {
                see(map);
                open.extend(map.values());
            }
            _ => {}
        }
    }
}

/// Every stored payload that a dump sees.
fn payloads<'a>(ws: &'a Workspace, pages: &[&'a Page]) -> Vec<&'a Value> {
    let mut seen: Vec<&Value> = Vec::new();
    for page in pages {
        seen.extend(page.values.values());
    }
    for block in ws.blocks.values() {
        if ws.can_see(block.id) && !ws.is_trashed(block.id) {
            seen.push(&block.payload);
        }
    }
    seen
}

/// Users that the list does not show, each asked for once.
fn strangers(ws: &Workspace, switches: &Switches, pages: &[&Page]) -> u64 {
    let mut named: BTreeSet<Id> = BTreeSet::new();
    let mut note = |stamps: &Stamps| {
        named.insert(stamps.created_by);
        named.insert(stamps.edited_by);
    };
    pages.iter().for_each(|page| note(&page.stamps));
    for block in ws.blocks.values() {
        if ws.can_see(block.id) && !ws.is_trashed(block.id) {
            note(&block.stamps);
        }
    }
    for view in ws.views.values().filter(|view| ws.can_see(view.database)) {
        note(&view.stamps);
    }
    for comment in ws.comments.iter().filter(|comment| !comment.resolved) {
        named.insert(comment.stamps.created_by);
    }
    for payload in payloads(ws, pages) {
        walk(payload, &mut |map| {
            if map.get("object").is_some_and(|object| object == "user")
                && let Some(Ok(id)) = map.get("id").and_then(Value::as_str).map(str::parse)
            {
                named.insert(id);
            }
        });
    }
    let listed = |id: &Id| {
        !switches.capabilities.personal
            && ws
                .user(*id)
                .is_some_and(|user| !user.guest && !user.deleted)
    };
    named
        .iter()
        .filter(|id| !listed(id) && **id != ws.bot)
        .count() as u64
}

/// Pages and databases that are named but cannot be seen: asking once is how one
/// knows (section 9.1). Includes the unseen parents of visible objects.
fn dead_references(ws: &Workspace, pages: &[&Page]) -> u64 {
    let mut dead: BTreeSet<Id> = BTreeSet::new();
    for page in pages {
        if let Parent::Page(up) | Parent::Block(up) | Parent::DataSource(up) = page.parent
            && !ws.can_see(up)
        {
            dead.insert(up);
        }
    }
    for payload in payloads(ws, pages) {
        walk(payload, &mut |map| {
            for key in ["page", "database"] {
                let id = map.get("mention").and_then(|it| it[key]["id"].as_str());
                if let Some(Ok(id)) = id.map(str::parse::<Id>)
                    && !ws.can_see(id)
                {
                    dead.insert(id);
                }
            }
            for key in ["page_id", "database_id", "block_id"] {
                let id = map.get(key).and_then(Value::as_str);
                if let Some(Ok(id)) = id.map(str::parse::<Id>)
                    && !ws.can_see(id)
                {
                    dead.insert(id);
                }
            }
        });
    }
    dead.len() as u64
}

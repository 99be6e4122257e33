//! Random edits with dumps between them: whatever happened, every dump has everything
//! that can be read exactly once, and a full dump is as good as a first one.

use std::collections::{BTreeMap, BTreeSet};

use notion_backup::model::NotionId;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

use crate::site::{Site, Tree, assert_same_tree};
use crate::support::Workspace;
use crate::support::workspace::model::Parent;

/// One edit. The numbers choose among what is there.
#[derive(Clone, Debug)]
pub enum Edit {
    /// A page in a page, a toggle, or at the top.
    Page(u16),
    /// A toggle in a page or a toggle.
    Toggle(u16),
    /// A database in a page or a toggle.
    Database(u16),
    Row(u16),
    /// A page goes to another page, toggle, data source, or to the top.
    Move(u16, u16),
    Trash(u16, bool),
    /// A block, for good.
    DeleteBlock(u16),
    DeletePage(u16),
    Share(u16, Option<bool>),
    Type(u16),
    /// An edit by another bot: no timestamp moves.
    TypeSilently(u16),
    Comment(u16),
    Icon(u16),
    Mention(u16, u16),
    HideFromSearch(u16, bool),
    Wait(u8),
}

pub fn edit() -> impl Strategy<Value = Edit> {
    use Edit::*;
    let number = any::<u16>;
    prop_oneof![
        3 => number().prop_map(Page),
        2 => number().prop_map(Toggle),
        1 => number().prop_map(Database),
        2 => number().prop_map(Row),
        4 => (number(), number()).prop_map(|(what, to)| Move(what, to)),
        2 => (number(), any::<bool>()).prop_map(|(what, yes)| Trash(what, yes)),
        1 => number().prop_map(DeleteBlock),
        1 => number().prop_map(DeletePage),
        2 => (number(), any::<Option<bool>>()).prop_map(|(what, to)| Share(what, to)),
        2 => number().prop_map(Type),
        2 => number().prop_map(TypeSilently),
        1 => number().prop_map(Comment),
        1 => number().prop_map(Icon),
        1 => (number(), number()).prop_map(|(what, to)| Mention(what, to)),
        1 => (number(), any::<bool>()).prop_map(|(what, yes)| HideFromSearch(what, yes)),
        2 => (0u8..5).prop_map(Wait),
    ]
}

pub fn edits() -> impl Strategy<Value = Vec<Vec<Edit>>> {
    prop::collection::vec(prop::collection::vec(edit(), 1..6), 1..6)
}

/// Everything that an edit may choose from, in a fixed order.
fn pages(ws: &Workspace) -> Vec<NotionId> {
    let mut ids: Vec<_> = ws.pages.keys().copied().collect();
    ids.sort_unstable();
    ids
}

fn blocks(ws: &Workspace, kind: &str) -> Vec<NotionId> {
    let blocks = ws.blocks.values().filter(|block| block.kind == kind);
    let mut ids: Vec<_> = blocks.map(|block| block.id).collect();
    ids.sort_unstable();
    ids
}

fn pick(ids: &[NotionId], number: u16) -> Option<NotionId> {
    ids.get(usize::from(number) % ids.len().max(1)).copied()
}

/// A page or a toggle.
fn holder(ws: &Workspace, number: u16) -> Option<NotionId> {
    let mut ids = pages(ws);
    ids.extend(blocks(ws, "toggle"));
    pick(&ids, number)
}

fn as_parent(ws: &Workspace, id: NotionId) -> Parent {
    if ws.pages.contains_key(&id) {
        Parent::Page(id)
    } else {
        Parent::Block(id)
    }
}

/// Whether `id` is `above` or lies below it: nothing can be moved into itself.
fn lies_in(ws: &Workspace, id: NotionId, above: NotionId) -> bool {
    let mut at = id;
    loop {
        if at == above {
            return true;
        }
        match ws.parent_of(at) {
            Some(
                Parent::Page(up)
                | Parent::Block(up)
                | Parent::Database(up)
                | Parent::DataSource(up),
            ) => at = up,
            Some(Parent::Workspace) | None => return false,
        }
    }
}

pub fn apply(ws: &mut Workspace, edit: &Edit) -> Option<()> {
    let sources = |ws: &Workspace| {
        let mut ids: Vec<_> = ws.data_sources.keys().copied().collect();
        ids.sort_unstable();
        ids
    };
    match *edit {
        Edit::Page(at) => {
            let parent = match at % 7 {
                0 => Parent::Workspace,
                _ => as_parent(ws, holder(ws, at / 7)?),
            };
            let id = ws.page(parent, &format!("Page {at}"));
            ws.paragraph(id, "its text");
        }
        Edit::Toggle(at) => {
            let under = holder(ws, at)?;
            ws.toggle(under, "a toggle");
            let page = ws.page_of(under)?;
            ws.touch_page(page);
        }
        Edit::Database(at) => {
            let parent = as_parent(ws, holder(ws, at)?);
            ws.database(parent, "A database", Vec::new());
        }
        Edit::Row(at) => {
            let source = pick(&sources(ws), at)?;
            ws.row(source, &format!("Row {at}"));
        }
        Edit::Move(what, to) => {
            let page = pick(&pages(ws), what)?;
            let target = match to % 5 {
                0 => Parent::Workspace,
                1 => Parent::DataSource(pick(&sources(ws), to / 5)?),
                _ => as_parent(ws, holder(ws, to / 5)?),
            };
            if let Parent::Page(up) | Parent::Block(up) | Parent::DataSource(up) = target
                && lies_in(ws, up, page)
            {
                return None;
            }
            ws.move_page(page, target);
        }
        Edit::Trash(what, yes) => {
            let mut ids = pages(ws);
            ids.extend(ws.databases.keys().copied().collect::<BTreeSet<_>>());
            ids.extend(blocks(ws, "toggle"));
            let id = pick(&ids, what)?;
            ws.set_trashed(id, yes);
            // A block is part of its page's text.
            if ws.blocks.contains_key(&id) {
                let page = ws.page_of(id)?;
                ws.touch_page(page);
            }
        }
        Edit::DeleteBlock(what) => {
            let block = pick(&blocks(ws, "paragraph"), what)?;
            ws.delete_block(block);
        }
        Edit::DeletePage(what) => {
            // Only leaves: what a deleted page held would be gone as well.
            let leaves: Vec<_> = pages(ws)
                .into_iter()
                .filter(|page| {
                    let below = ws.pages[page].body.listed.iter();
                    below
                        .clone()
                        .all(|id| ws.blocks.get(id).is_some_and(|it| it.children.is_empty()))
                })
                .collect();
            ws.delete_page(pick(&leaves, what)?);
        }
        Edit::Share(what, to) => {
            let mut ids = pages(ws);
            ids.extend(ws.databases.keys().copied().collect::<BTreeSet<_>>());
            ws.set_shared(pick(&ids, what)?, to);
        }
        Edit::Type(what) => {
            let block = pick(&blocks(ws, "paragraph"), what)?;
            ws.set_text(block, &format!("typed {what}"));
        }
        Edit::TypeSilently(what) => {
            let block = pick(&blocks(ws, "paragraph"), what)?;
            ws.set_text_by_api(block, &format!("written {what}"));
        }
        Edit::Comment(what) => {
            let page = pick(&pages(ws), what)?;
            ws.say(Parent::Page(page), "a remark");
        }
        Edit::Icon(what) => {
            let page = pick(&pages(ws), what)?;
            ws.set_icon(page, json!({"type": "emoji", "emoji": "🌱"}));
        }
        Edit::Mention(what, to) => {
            let (page, target) = (pick(&pages(ws), what)?, pick(&pages(ws), to)?);
            ws.block(
                page,
                "link_to_page",
                json!({"type": "page_id", "page_id": target}),
            );
            ws.touch_page(page);
        }
        Edit::HideFromSearch(what, yes) => {
            let page = pick(&pages(ws), what)?;
            ws.pages.get_mut(&page)?.omitted_by_search = yes;
        }
        Edit::Wait(minutes) => ws.advance_minutes(i64::from(minutes)),
    }
    Some(())
}

/// A small workspace with something of each.
pub fn start(seed: u64) -> Workspace {
    let mut ws = Workspace::new(seed);
    for name in ["one", "two", "three"] {
        let top = ws.page(Parent::Workspace, name);
        ws.paragraph(top, "text");
        let toggle = ws.toggle(top, "open");
        ws.paragraph(toggle, "inside");
        let inside = ws.page(Parent::Block(toggle), "In the toggle");
        ws.page(Parent::Page(inside), "Below it");
        let (_, source) = ws.database(Parent::Page(top), "Things", Vec::new());
        for number in 0..3 {
            let row = ws.row(source, &format!("Thing {number}"));
            ws.paragraph(row, "about it");
        }
    }
    ws.advance_minutes(60);
    ws
}

/// The pages and databases that can be read.
pub fn readable(ws: &Workspace) -> BTreeSet<NotionId> {
    let ids = ws.pages.keys().chain(ws.databases.keys()).copied();
    ids.filter(|id| ws.can_see(*id) && !ws.is_trashed(*id))
        .collect()
}

/// Those of them to which a way leads from something that search knows: down through
/// lists and rows, up to the parent, and by a link.
pub fn reachable(ws: &Workspace) -> BTreeSet<NotionId> {
    let readable = readable(ws);
    let mut todo: Vec<NotionId> = readable.iter().copied().collect();
    todo.retain(|id| ws.pages.get(id).is_none_or(|page| !page.omitted_by_search));
    let mut reached = BTreeSet::new();
    while let Some(id) = todo.pop() {
        if !readable.contains(&id) || !reached.insert(id) {
            continue;
        }
        let mut lists = vec![id];
        while let Some(list) = lists.pop() {
            for child in ws.visible_children(list).unwrap_or_default() {
                match ws.blocks.get(&child) {
                    None => todo.push(child),
                    Some(block) => {
                        let link = block.payload["page_id"].as_str();
                        todo.extend(link.map(|id| id.parse::<NotionId>().unwrap()));
                        lists.push(child);
                    }
                }
            }
        }
        let sources = ws.databases.get(&id).into_iter();
        let sources = sources.flat_map(|database| &database.data_sources);
        todo.extend(sources.flat_map(|source| ws.data_sources[source].rows.iter().copied()));
        match ws.parent_of(id) {
            Some(Parent::Page(up) | Parent::Block(up)) => todo.extend(ws.page_of(up)),
            Some(Parent::DataSource(up)) => todo.push(ws.data_sources[&up].database),
            _ => {}
        }
    }
    reached
}

/// The directories of real pages and databases by id; each may stand in one place only.
pub fn places(tree: &Tree) -> BTreeMap<NotionId, String> {
    let mut found = BTreeMap::new();
    for path in tree.keys() {
        for name in ["page.json", "database.json"] {
            let Some(directory) = path.strip_suffix(&format!("/{name}")) else {
                continue;
            };
            if tree.contains_key(&format!("{directory}/unavailable.json")) {
                continue;
            }
            let id = directory.rsplit('/').next().unwrap().parse().unwrap();
            let before = found.insert(id, directory.to_string());
            assert_eq!(before, None, "{id} stands twice, also at {directory}");
        }
    }
    found
}

fn json(tree: &Tree, path: &str) -> Value {
    let content = tree.get(path).unwrap_or_else(|| panic!("no {path}"));
    serde_json::from_slice(content).unwrap()
}

/// Contracts C4 and C6 for every list in the tree.
pub fn check_lists(tree: &Tree) {
    for path in tree.keys() {
        let (directory, list) = if let Some(directory) = path.strip_suffix("/page.json") {
            (directory, json(tree, path)["children"].clone())
        } else if let Some(directory) = path.strip_suffix("/blocks.json") {
            (directory, json(tree, path))
        } else {
            continue;
        };
        for block in list.as_array().unwrap() {
            let below = format!("{directory}/{}", block["id"].as_str().unwrap());
            let file = match block["type"].as_str().unwrap() {
                "child_page" => "page.json",
                "child_database" => "database.json",
                "toggle" => "blocks.json",
                _ if block["has_children"] == true => "blocks.json",
                _ => continue,
            };
            assert!(
                tree.contains_key(&format!("{below}/{file}")),
                "{below}/{file}"
            );
        }
    }
}

/// Where something lies in the workspace and in the tree, for a failure's message.
fn describe(ws: &Workspace, id: NotionId, place: Option<&String>) -> String {
    let mut line = format!("{id} at {place:?}:");
    let mut at = id;
    loop {
        let (kind, trashed, shared) = match (ws.pages.get(&at), ws.databases.get(&at)) {
            (Some(page), _) => ("page", page.in_trash, page.shared),
            (_, Some(database)) => ("database", database.in_trash, database.shared),
            _ => (
                "block",
                ws.blocks.get(&at).is_some_and(|it| it.in_trash),
                None,
            ),
        };
        line += &format!(" {kind} (in trash {trashed}, shared {shared:?}) in");
        match ws.parent_of(at) {
            Some(
                Parent::Page(up)
                | Parent::Block(up)
                | Parent::Database(up)
                | Parent::DataSource(up),
            ) => at = up,
            up => return line + &format!(" {up:?}"),
        }
    }
}

/// What any dump must have reached.
pub fn check(site: &Site) {
    let tree = site.tree();
    let places = places(&tree);
    let there: BTreeSet<NotionId> = places.keys().copied().collect();
    site.fake.look(|ws| {
        let (expected, readable) = (reachable(ws), readable(ws));
        let describe = |ids: BTreeSet<NotionId>| -> Vec<String> {
            ids.into_iter()
                .map(|id| describe(ws, id, places.get(&id)))
                .collect()
        };
        let missing = describe(expected.difference(&there).copied().collect());
        assert!(missing.is_empty(), "not in the tree: {missing:#?}");
        let more = describe(there.difference(&readable).copied().collect());
        assert!(
            more.is_empty(),
            "in the tree, yet nobody can read it: {more:#?}"
        );
    });
    check_lists(&tree);
}

/// More with `PROPTEST_CASES`.
pub fn cases() -> u32 {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default().cases,
        None => 32,
    }
}

/// The same histories each time, so that a run tells of the change and not of the dice;
/// others each time with `PROPTEST_CASES`.
pub fn dice() -> RngSeed {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => RngSeed::Random,
        None => RngSeed::Fixed(2026),
    }
}

/// After a full dump, the tree is that of a first one.
pub fn assert_as_good_as_a_first(site: &mut Site) {
    site.options.crawl.full = true;
    site.dump();
    check(site);
    let (reachable, readable) = site.fake.look(|ws| (reachable(ws), readable(ws)));
    if reachable != readable {
        // What no way leads to is known to those alone who knew it before.
        return;
    }
    let fresh = site.elsewhere();
    fresh.dump();
    let (mut full, mut first) = (site.tree(), fresh.tree());
    // What is gone is remembered by those who knew it.
    full.retain(|path, _| !path.starts_with("/.notion-backup/ledger/"));
    first.retain(|path, _| !path.starts_with("/.notion-backup/ledger/"));
    assert_same_tree(&full, &first);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        rng_seed: dice(),
        // What fails is printed with its edits, which are enough to repeat it.
        failure_persistence: None,
        max_shrink_iters: 60,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_is_edited_nothing_is_lost(seed in 0u64..1000, steps in edits()) {
        let mut site = Site::new(start(seed));
        site.options.crawl.recheck_after_days = 0;
        site.dump();
        check(&site);
        for step in &steps {
            site.fake.edit(|ws| {
                for edit in step {
                    apply(ws, edit);
                }
                // What search leaves out comes to light through the page around it.
                let hidden = ws.pages.values().filter(|page| page.omitted_by_search);
                let parents: Vec<_> = hidden.map(|page| page.parent).collect();
                for parent in parents {
                    if let Parent::Page(up) | Parent::Block(up) = parent
                        && let Some(page) = ws.page_of(up)
                    {
                        ws.touch_page(page);
                    }
                }
            });
            site.dump();
            check(&site);
        }
        assert_as_good_as_a_first(&mut site);
    }
}

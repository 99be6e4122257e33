//! Restores from a folder: an extracted snapshot, and the tree of Plakar's own connector.

use std::fs;
use std::path::Path;

use notion_backup::extract::extract;
use notion_backup::report::Silent;
use notion_backup::restore::{self, FolderSource};
use serde_json::{Value, json};

use super::plans::steps;
use crate::restorer::Restorer;
use crate::support::Workspace;
use crate::support::compare::{Expect, assert_same};
use crate::support::workspace::model::{Id, Parent};
use crate::support::workspace::text::{plain_text, rich};

#[test]
fn an_extracted_snapshot_gives_the_same_plan_and_comes_back() {
    let restorer = Restorer::home(Workspace::everything(1));
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("tree");
    let (_, snapshot) = restorer.site.latest();
    extract(&restorer.site.repo(), snapshot.tree, &target, &Silent).unwrap();
    let source = FolderSource::new(&target);
    let survey = restorer.preview().survey;
    let stored = restorer.job(|job| steps(job.source, &survey));
    assert!(stored == steps(&source, &survey));
    let summary = restorer
        .from(&source, "a folder", restore::restore)
        .unwrap();
    restorer.completed(&summary);
    assert_same(
        &restorer.original,
        &restorer.restored(),
        restorer.root,
        &Expect::restored(),
    );
}

fn id(number: u64) -> String {
    format!("0000{number:04x}-0000-4000-8000-000000000000")
}

fn write(root: &Path, path: &str, content: &[u8]) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn write_json(root: &Path, path: &str, content: &Value) {
    write(root, path, content.to_string().as_bytes());
}

/// An object as version 2022-06-28 gives it.
fn block(number: u64, kind: &str, payload: Value, has_children: bool) -> Value {
    json!({"object": "block", "id": id(number), "type": kind, kind: payload,
        "has_children": has_children, "archived": false, "in_trash": false,
        "parent": {"type": "page_id", "page_id": id(1)},
        "created_time": "2024-01-01T10:00:00.000Z", "last_edited_time": "2024-01-01T10:00:00.000Z"})
}

fn page(number: u64, title: &str, parent: Value, children: Value) -> Value {
    json!({"object": "page", "id": id(number), "parent": parent, "archived": false,
        "in_trash": false, "icon": null, "cover": null, "is_locked": false,
        "created_time": format!("2024-01-01T10:{:02}:00.000Z", 59 - number % 60),
        "last_edited_time": "2024-01-02T10:00:00.000Z", "public_url": null,
        "url": "https://www.notion.so/x",
        "properties": {"title": {"id": "title", "type": "title", "title": rich(title)}},
        "children": children})
}

fn text(words: &str) -> Value {
    json!({"rich_text": rich(words), "color": "default"})
}

/// A page with a toggle that has no list, a list in an item, an image, a missing page, a
/// database with rows, all as Plakar's connector writes it into `root`, below `at`.
fn tree(root: &Path, at: &str) {
    let top = json!({"type": "workspace", "workspace": true});
    let hosted = json!({"type": "file", "caption": [], "file": {"url": "https://s3.example/x?sig=1", "expiry_time": "2024-01-01T11:00:00.000Z"}});
    let outside = json!({"type": "external", "caption": [], "external": {"url": "https://example.com/out.png"}});
    let children = json!([
        block(10, "paragraph", text("first"), false),
        block(11, "toggle", text("a toggle without its list"), false),
        block(12, "bulleted_list_item", text("with children"), true),
        block(13, "image", hosted, false),
        block(14, "image", outside, false),
        block(2, "child_page", json!({"title": "Below"}), true),
        block(3, "child_page", json!({"title": "Not there"}), false),
        block(4, "child_database", json!({"title": "Rows"}), false),
        block(15, "paragraph", text("last"), false),
    ]);
    write_json(
        root,
        &format!("{at}page.json"),
        &page(1, "Old page", top, children),
    );
    let inner = json!([block(20, "paragraph", text("inside"), false)]);
    write_json(root, &format!("{at}{}/blocks.json", id(12)), &inner);
    write(
        root,
        &format!("{at}{}.jpg", id(13)),
        b"\x89PNG\r\n\x1a\nthe picture",
    );
    let up = json!({"type": "page_id", "page_id": id(1)});
    let words = json!([block(21, "paragraph", text("below it"), false)]);
    write_json(
        root,
        &format!("{at}{}/page.json", id(2)),
        &page(2, "Below", up.clone(), words),
    );
    let database = json!({"object": "database", "id": id(4), "title": rich("Rows"), "description": [],
        "parent": up, "archived": false, "in_trash": false, "is_inline": false, "icon": null, "cover": null,
        "created_time": "2024-01-01T10:00:00.000Z", "last_edited_time": "2024-01-01T10:00:00.000Z",
        "properties": {
            "Name": {"id": "title", "name": "Name", "type": "title", "title": {}},
            "Size": {"id": "s", "name": "Size", "type": "number", "number": {"format": "number"}},
            "Kind": {"id": "k", "name": "Kind", "type": "select", "select": {"options": [{"id": "1", "name": "Big", "color": "red"}]}}}});
    write_json(root, &format!("{at}{}/database.json", id(4)), &database);
    for (number, title) in [(30, "Younger"), (31, "Older")] {
        let mut row = page(
            number,
            title,
            json!({"type": "database_id", "database_id": id(4)}),
            json!([]),
        );
        row["properties"] = json!({
            "Name": {"id": "title", "type": "title", "title": rich(title)},
            "Size": {"id": "s", "type": "number", "number": number},
            "Kind": {"id": "k", "type": "select", "select": {"id": "1", "name": "Big", "color": "red"}}});
        write_json(
            root,
            &format!("{at}{}/{}/page.json", id(4), id(number)),
            &row,
        );
    }
}

/// What is below a page: the type and the words of each child.
fn shown(ws: &Workspace, under: Id) -> Vec<String> {
    let children = ws.visible_children(under).unwrap().into_iter();
    let shown = children.map(|id| {
        if let Some(page) = ws.pages.get(&id) {
            return format!("page {}", page.title);
        }
        if let Some(database) = ws.databases.get(&id) {
            return format!("database {}", database.title);
        }
        let block = &ws.blocks[&id];
        format!("{} {}", block.kind, plain_text(&block.payload["rich_text"]))
    });
    shown.collect()
}

/// By hand, from rules D2 to D8 of the connector's contract.
fn look(restorer: &Restorer) {
    let ws = restorer.restored();
    let top = restorer.made("Old page");
    assert_eq!(ws.pages[&top].parent, Parent::Page(restorer.root));
    let blocks = shown(&ws, top);
    assert_eq!(
        blocks[..5],
        [
            "paragraph first",
            "toggle a toggle without its list",
            "bulleted_list_item with children",
            "image ",
            "image "
        ]
    );
    assert_eq!(blocks[5], "page Below");
    assert!(blocks[6].contains("Not there"), "{blocks:?}");
    assert_eq!(blocks[7..], ["database Rows", "paragraph last"]);
    let children = ws.visible_children(top).unwrap();
    assert_eq!(shown(&ws, children[1]), Vec::<String>::new());
    assert_eq!(shown(&ws, children[2]), ["paragraph inside"]);
    let picture = ws
        .assets
        .values()
        .find(|it| it.content.ends_with(b"the picture"));
    assert_eq!(
        picture.unwrap().content_type,
        "image/png",
        "not what the name says"
    );
    assert_eq!(
        ws.blocks[&children[4]].payload["external"]["url"],
        "https://example.com/out.png"
    );
    assert_eq!(shown(&ws, children[5]), ["paragraph below it"]);
    // Rows come by their time of creation.
    let source = ws.databases[&children[7]].data_sources[0];
    let source = &ws.data_sources[&source];
    let titles: Vec<&str> = source
        .rows
        .iter()
        .map(|row| ws.pages[row].title.as_str())
        .collect();
    assert_eq!(titles, ["Older", "Younger"]);
    let sizes: Vec<Value> = source
        .rows
        .iter()
        .map(|row| ws.pages[row].values[&ws.property_of(*row, "Size").id].clone())
        .collect();
    assert_eq!(sizes, [json!(31), json!(30)]);
}

#[test]
fn a_tree_of_plakars_own_connector_comes_back() {
    let content = json!([{"id": id(1), "object": "page", "parent": {"page_id": "/"}}]);
    let at = format!("{}/", id(1));
    // With its list of the top level, without one, and with one that is no JSON.
    for list in [Some(content.to_string()), None, Some("[".to_owned())] {
        let folder = tempfile::tempdir().unwrap();
        tree(folder.path(), &at);
        if let Some(list) = list {
            write(folder.path(), "content.json", list.as_bytes());
        }
        restore_folder(folder.path());
    }
}

#[test]
fn a_subtree_of_it_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    tree(folder.path(), "");
    restore_folder(folder.path());
}

fn restore_folder(folder: &Path) {
    let restorer = Restorer::home(Workspace::new(51));
    let source = FolderSource::new(folder);
    let summary = restorer
        .from(&source, "a folder", restore::restore)
        .unwrap();
    restorer.completed(&summary);
    look(&restorer);
}

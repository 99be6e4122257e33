//! A snapshot as Plakar's own connector makes it: API version 2022-06-28, no file of ours,
//! modes and sizes of 0, directories that nobody sent, and holes (D1 to D8 in section 8.6
//! of the connector digest). Written by hand from section 8 of the digest, and so is what
//! must come of it.

use notion_backup::model::NotionId;
use serde_json::{Value, json};

use super::restoring::{Tree, part, restore};
use super::wire::run;
use crate::program::Program;
use crate::restorer::scratch;
use crate::support::workspace::model::Id;
use crate::support::workspace::text;
use crate::support::{FakeNotion, Workspace};

/// The smallest picture, whatever its file is called.
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\0\0\0;";

/// The ids of the snapshot: `id(7)` ends in 7.
fn id(number: u32) -> String {
    NotionId::from_bits(0x1234_5678_0000_4000_8000_0000_0000_0000 + u128::from(number)).to_string()
}

fn runs(words: &str) -> Value {
    json!([{"type": "text", "text": {"content": words, "link": null},
        "annotations": {"bold": false, "italic": false, "strikethrough": false,
            "underline": false, "code": false, "color": "default"},
        "plain_text": words, "href": null}])
}

/// A block, as the answer to "retrieve block children" has it.
fn block(number: u32, kind: &str, has_children: bool, payload: Value) -> Value {
    json!({"object": "block", "id": id(number), "type": kind, "has_children": has_children,
        "archived": false, "in_trash": false,
        "parent": {"type": "page_id", "page_id": id(1)},
        "created_time": "2024-01-01T10:00:00.000Z", "last_edited_time": "2024-01-01T10:00:00.000Z",
        "created_by": {"object": "user", "id": id(900)},
        "last_edited_by": {"object": "user", "id": id(900)},
        kind: payload})
}

fn said(number: u32, kind: &str, has_children: bool, words: &str) -> Value {
    let payload = json!({"rich_text": runs(words), "color": "default"});
    block(number, kind, has_children, payload)
}

fn page(number: u32, parent: Value, made: &str, properties: Value, children: Value) -> Value {
    json!({"object": "page", "id": id(number), "parent": parent, "archived": false,
        "in_trash": false, "cover": null, "icon": null, "properties": properties,
        "created_time": made, "last_edited_time": made, "is_locked": false,
        "created_by": {"object": "user", "id": id(900)},
        "last_edited_by": {"object": "user", "id": id(900)},
        "url": format!("https://www.notion.so/{number}"), "public_url": null,
        "children": children})
}

fn titled(number: u32, parent: Value, title: &str, children: Value) -> Value {
    let properties = json!({"title": {"id": "title", "type": "title", "title": runs(title)}});
    page(
        number,
        parent,
        "2024-01-01T10:00:00.000Z",
        properties,
        children,
    )
}

fn database(number: u32, parent: Value, title: &str, properties: Value) -> Value {
    json!({"object": "database", "id": id(number), "parent": parent, "archived": false,
        "in_trash": false, "cover": null, "icon": null, "title": runs(title),
        "description": [], "is_inline": false, "properties": properties,
        "created_time": "2024-01-01T10:00:00.000Z", "last_edited_time": "2024-01-01T10:00:00.000Z",
        "created_by": {"object": "user", "id": id(900)},
        "last_edited_by": {"object": "user", "id": id(900)},
        "url": format!("https://www.notion.so/{number}"), "public_url": null})
}

fn below(number: u32) -> Value {
    json!({"type": "page_id", "page_id": id(number)})
}

/// A task: its parent is the database, and its place a directory below it.
fn task(number: u32, made: &str, title: &str, done: bool, book: Value) -> Value {
    let properties = json!({
        "Task": {"id": "title", "type": "title", "title": runs(title)},
        "Done": {"id": "%3Ab", "type": "checkbox", "checkbox": done},
        "Book": {"id": "%3Ac", "type": "relation", "relation": book, "has_more": false},
        "Made": {"id": "%3Ad", "type": "created_time", "created_time": made},
        "Twice": {"id": "%3Ae", "type": "formula", "formula": {"type": "number", "number": 2}}});
    let parent = json!({"type": "database_id", "database_id": id(5)});
    page(
        number,
        parent,
        made,
        properties,
        json!([said(number + 50, "paragraph", false, "inside")]),
    )
}

/// All files, parents after children where their connector does so. Page 1, "Journal", has
/// one of everything; 5 is a database of tasks in it; 8 a database of books at the top.
fn snapshot() -> Tree {
    let at = |path: &[u32], name: &str| {
        let names = path.iter().map(|it| format!("/{}", id(*it)));
        format!("{}/{name}", names.collect::<String>())
    };
    let journal = json!([
        said(10, "paragraph", false, "first"),
        said(11, "toggle", true, "open me"),
        said(12, "bulleted_list_item", true, "an item"),
        block(
            13,
            "image",
            false,
            json!({"caption": runs("ours"), "type": "file",
            "file": {"url": "https://prod-files-secure.s3.us-west-2.amazonaws.com/a/b/cat.png?X-Amz-Expires=3600",
                "expiry_time": "2024-01-01T11:00:00.000Z"}})
        ),
        block(
            14,
            "image",
            false,
            json!({"caption": [], "type": "external",
            "external": {"url": "https://example.com/far.png"}})
        ),
        block(
            15,
            "pdf",
            false,
            json!({"caption": [], "type": "file",
            "file": {"url": "https://prod-files-secure.s3.us-west-2.amazonaws.com/a/b/lost.pdf",
                "expiry_time": "2024-01-01T11:00:00.000Z"}})
        ),
        block(16, "column_list", true, json!({})),
        block(2, "child_page", false, json!({"title": "Chapter"})),
        block(5, "child_database", false, json!({"title": "Tasks"})),
        block(3, "child_page", false, json!({"title": "Never read"})),
        block(
            17,
            "paragraph",
            false,
            json!({"color": "default", "rich_text": [
            {"type": "mention", "mention": {"type": "page", "page": {"id": id(2)}},
                "annotations": {"bold": false, "italic": false, "strikethrough": false,
                    "underline": false, "code": false, "color": "default"},
                "plain_text": "Chapter", "href": format!("https://www.notion.so/{}", id(2))}]})
        ),
        block(
            18,
            "to_do",
            false,
            json!({"rich_text": runs("last"), "checked": true,
            "color": "default"})
        ),
    ]);
    let tasks = json!({
        "Task": {"id": "title", "name": "Task", "type": "title", "title": {}},
        "Done": {"id": "%3Ab", "name": "Done", "type": "checkbox", "checkbox": {}},
        "Book": {"id": "%3Ac", "name": "Book", "type": "relation", "relation":
            {"database_id": id(8), "type": "single_property", "single_property": {}}},
        "Made": {"id": "%3Ad", "name": "Made", "type": "created_time", "created_time": {}},
        "Twice": {"id": "%3Ae", "name": "Twice", "type": "formula", "formula":
            {"expression": "1 + 1"}}});
    let title =
        |name: &str| json!({name: {"id": "title", "name": name, "type": "title", "title": {}}});
    let book = |number, made, name: &str| {
        let properties = json!({"Name": {"id": "title", "type": "title", "title": runs(name)}});
        let parent = json!({"type": "database_id", "database_id": id(8)});
        page(number, parent, made, properties, json!([]))
    };
    let files: Vec<(String, Value)> = vec![
        (
            at(&[1], "page.json"),
            titled(
                1,
                json!({"type": "workspace", "workspace": true}),
                "Journal",
                journal,
            ),
        ),
        (
            at(&[1, 11], "blocks.json"),
            json!([
                said(20, "paragraph", false, "inside"),
                block(4, "child_page", false, json!({"title": "Nested"}))
            ]),
        ),
        (
            at(&[1, 11, 4], "page.json"),
            titled(
                4,
                json!({"type": "block_id", "block_id": id(11)}),
                "Nested",
                json!([said(21, "paragraph", false, "deep")]),
            ),
        ),
        (
            at(&[1, 12], "blocks.json"),
            json!([said(22, "bulleted_list_item", false, "a lower item")]),
        ),
        (
            at(&[1, 16], "blocks.json"),
            json!([
                block(23, "column", true, json!({})),
                block(24, "column", true, json!({}))
            ]),
        ),
        (
            at(&[1, 16, 23], "blocks.json"),
            json!([said(25, "paragraph", false, "left")]),
        ),
        (
            at(&[1, 16, 24], "blocks.json"),
            json!([said(26, "quote", false, "right")]),
        ),
        (
            at(&[1, 2], "page.json"),
            titled(2, below(1), "Chapter", json!([])),
        ),
        (
            at(&[1, 5], "database.json"),
            database(5, below(1), "Tasks", tasks),
        ),
        (
            at(&[1, 5, 6], "page.json"),
            task(
                6,
                "2024-03-03T10:00:00.000Z",
                "later",
                true,
                json!([{"id": id(9)}]),
            ),
        ),
        (
            at(&[1, 5, 7], "page.json"),
            task(7, "2024-02-02T10:00:00.000Z", "earlier", false, json!([])),
        ),
        (
            at(&[8], "database.json"),
            database(
                8,
                json!({"type": "workspace", "workspace": true}),
                "Books",
                title("Name"),
            ),
        ),
        (
            at(&[8, 9], "page.json"),
            book(9, "2024-01-05T10:00:00.000Z", "Emma"),
        ),
    ];
    let mut tree: Tree = vec![("/".to_owned(), None)];
    for (path, content) in files {
        tree.push((path, Some(content.to_string().into_bytes())));
    }
    tree.push((at(&[1], &format!("{}.jpg", id(13))), Some(GIF.to_vec())));
    // A page that could not be read left its directory; and there is what nobody knows.
    tree.push((format!("/{}/{}", id(1), id(3)), None));
    tree.push((at(&[1], "notes.txt"), Some(b"?".to_vec())));
    let top = json!([
        {"id": id(8), "object": "database", "parent": {"page_id": "/"}},
        {"id": id(1), "object": "page", "parent": {"page_id": "/"}}]);
    tree.push((
        "/content.json".to_owned(),
        Some(top.to_string().into_bytes()),
    ));
    tree
}

/// What is below a page or block, one line an object, two spaces a level.
fn outline(ws: &Workspace, under: Id) -> Vec<String> {
    let mut lines = Vec::new();
    let mut todo = vec![(under, 0)];
    while let Some((at, depth)) = todo.pop() {
        let indent = "  ".repeat(depth);
        if at != under {
            lines.push(format!("{indent}{}", line(ws, at)));
        }
        let mut below = ws.visible_children(at).unwrap_or_default();
        for source in ws.databases.get(&at).iter().flat_map(|it| &it.data_sources) {
            below.extend(&ws.data_sources[source].rows);
        }
        todo.extend(
            below
                .into_iter()
                .rev()
                .map(|id| (id, depth + usize::from(at != under))),
        );
    }
    lines
}

fn line(ws: &Workspace, at: Id) -> String {
    if let Some(page) = ws.pages.get(&at) {
        let mut line = format!("page {}", page.title);
        if let crate::support::workspace::model::Parent::DataSource(source) = page.parent {
            for property in &ws.data_sources[&source].schema {
                let shown = match property.kind.as_str() {
                    "checkbox" => page.values.get(&property.id).map(ToString::to_string),
                    "relation" => page.values.get(&property.id).map(|it| titles(ws, it)),
                    _ => None,
                };
                if let Some(shown) = shown {
                    line.push_str(&format!(", {}: {shown}", property.name));
                }
            }
        }
        return line;
    }
    if let Some(database) = ws.databases.get(&at) {
        let mut columns: Vec<String> = database
            .data_sources
            .iter()
            .flat_map(|source| &ws.data_sources[source].schema)
            .map(|it| format!("{} {}", it.name, it.kind))
            .collect();
        columns.sort();
        return format!("database {}: {}", database.title, columns.join(", "));
    }
    let block = &ws.blocks[&at];
    let payload = &block.payload;
    let mut line = block.kind.to_string();
    for run in payload["rich_text"].as_array().into_iter().flatten() {
        let page = run["mention"]["page"]["id"].as_str();
        match page {
            Some(page) => line.push_str(&format!(" -> {}", ws.pages[&page.parse().unwrap()].title)),
            None => line.push_str(&format!(" {}", text::plain_text(&json!([run])))),
        }
    }
    if payload["checked"] == true {
        line.push_str(" (done)");
    }
    if let Some(asset) = payload["file"]["$asset"].as_str() {
        let asset = &ws.assets[asset];
        line.push_str(&format!(" {} {}", asset.content_type, asset.content.len()));
    }
    if let Some(url) = payload["external"]["url"].as_str() {
        line.push_str(&format!(" {url}"));
    }
    if let Some(page) = payload["page_id"].as_str() {
        line.push_str(&format!(" -> {}", ws.pages[&page.parse().unwrap()].title));
    }
    line
}

fn titles(ws: &Workspace, related: &Value) -> String {
    let ids = related.as_array().into_iter().flatten();
    let titles = ids.map(|it| {
        let id = it["id"].as_str().unwrap().parse().unwrap();
        ws.pages[&id].title.clone()
    });
    titles.collect::<Vec<_>>().join(" and ")
}

/// Restores such a tree into an empty workspace: what is there, and how the call ended.
fn restored(tree: &Tree) -> (Vec<String>, Vec<(String, String)>, String) {
    run(async {
        let target = FakeNotion::start(Workspace::new(7));
        let root = scratch(&target);
        let program = Program::new();
        let (failed, end) = restore(&program, &target, root, tree).await;
        assert_eq!(target.violations(), Vec::<String>::new());
        let end = end.map(|it| it.message().to_owned()).unwrap_or_default();
        (target.look(|ws| outline(ws, root)), failed, end)
    })
}

/// What a restore of [`snapshot`] brings: rows by their time, a nested page at the end with
/// a link in its place, a note where something is missing.
const WHOLE: &str = "\
page Journal
  paragraph first
  toggle open me
    paragraph inside
    link_to_page -> Nested
  bulleted_list_item an item
    bulleted_list_item a lower item
  image image/gif 14
  image https://example.com/far.png
  callout PDF
  column_list
    column
      paragraph left
    column
      quote right
  page Chapter
  database Tasks: Book relation, Done checkbox, Made created_time, Task title, Twice formula
    page earlier
      paragraph inside
    page later, Done: true, Book: Emma
      paragraph inside
  callout NEVER READ
  paragraph -> Chapter
  to_do last (done)
  page Nested
    paragraph deep
database Books: Name title
  page Emma";

/// Judges an outline; the texts of notes need only name what is missing.
fn assert_outline(lines: &[String], wanted: &str) {
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let wanted: Vec<&str> = wanted.lines().collect();
    assert_eq!(lines.len(), wanted.len(), "{lines:#?}");
    for (line, wanted) in lines.into_iter().zip(wanted) {
        match wanted.trim() {
            "callout PDF" => assert!(line.contains("lost.pdf"), "{line}"),
            "callout NEVER READ" => assert!(line.contains("Never read"), "{line}"),
            _ => assert_eq!(line, wanted),
        }
    }
}

#[test]
fn their_snapshot_comes_back() {
    let (lines, failed, end) = restored(&snapshot());
    assert_outline(&lines, WHOLE);
    // What their connector did not read is not a failure of the restore.
    assert_eq!((failed.as_slice(), end.as_str()), (&[][..], ""));
}

#[test]
fn a_broken_list_of_the_top_level_changes_nothing() {
    // What they write when nothing is at the top (8.2), and nothing at all (D2).
    for content in [Some("["), None] {
        let mut tree = snapshot();
        tree.retain(|(path, _)| path != "/content.json");
        if let Some(content) = content {
            tree.push(("/content.json".to_owned(), Some(content.into())));
        }
        assert_outline(&restored(&tree).0, WHOLE);
    }
}

#[test]
fn a_part_of_their_snapshot_comes_back() {
    let place = |path: &[u32]| {
        let names = path.iter().map(|it| format!("/{}", id(*it)));
        names.collect::<String>()
    };
    // What its relation leads to is not in it: the column goes, and the values stay to read.
    let (lines, _, end) = restored(&part(&snapshot(), &place(&[1, 5])));
    let wanted = format!(
        "\
database Tasks: Done checkbox, Made created_time, Task title, Twice formula
  page earlier
    paragraph inside
  page later, Done: true
    paragraph Book: https://www.notion.so/{}
    paragraph inside",
        id(9).replace('-', "")
    );
    assert_outline(&lines, &wanted);
    assert!(end.contains("Book"), "{end}");

    // A block's directory, without the page that the block is on: the page in it.
    let (lines, _, _) = restored(&part(&snapshot(), &place(&[1, 11])));
    assert_outline(&lines, "page Nested\n  paragraph deep");
}

#[test]
fn a_page_that_was_not_read_whole_costs_itself_alone() {
    let mut tree = snapshot();
    let chapter = format!("/{}/{}/page.json", id(1), id(2));
    let mut files = tree.iter_mut().filter(|(path, _)| *path == chapter);
    files.next().unwrap().1 = Some(Vec::new());
    let (lines, failed, end) = restored(&tree);
    assert_eq!(lines.len(), WHOLE.lines().count());
    let changed = lines
        .iter()
        .zip(WHOLE.lines())
        .filter(|(line, wanted)| line != wanted && !line.contains("callout"));
    // The mention leads nowhere now.
    let changed: Vec<_> = changed.map(|(line, _)| line.trim()).collect();
    assert_eq!(changed, ["paragraph Chapter"]);
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0].0, chapter);
    assert!(end.contains("1 could not be restored"), "{end}");
}

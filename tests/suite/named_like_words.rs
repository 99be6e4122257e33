//! Properties that are named like words of the API come out of a dump and a restore as
//! they are: a key means something only where the API puts it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::restorer::Restorer;
use crate::site::{Site, json_at};
use crate::support::Workspace;
use crate::support::workspace::build::property;
use crate::support::workspace::model::{Id, Parent};
use crate::support::workspace::text::rich;

/// Words that mean something to a reader or writer of Notion's objects.
const WORDS: [&str; 40] = [
    "annotations",
    "archived",
    "avatar_url",
    "children",
    "content",
    "created_by",
    "custom_emoji",
    "data_source_id",
    "database_id",
    "email",
    "expiry_time",
    "external",
    "file",
    "file_upload",
    "files",
    "filter",
    "formula",
    "has_more",
    "href",
    "icon",
    "id",
    "in_trash",
    "mention",
    "next_cursor",
    "object",
    "page_id",
    "parent",
    "plain_text",
    "position",
    "properties",
    "quick_filters",
    "relation",
    "request_id",
    "results",
    "rich_text",
    "synced_from",
    "text",
    "title",
    "type",
    "url",
];

/// A kind of property that a person may fill, and a value of it.
fn value(at: usize) -> (&'static str, Value, Value) {
    let plain = json!({});
    match at % 7 {
        0 => ("rich_text", plain, rich("some words")),
        1 => ("number", json!({"format": "number"}), json!(at)),
        2 => (
            "url",
            plain,
            json!("https://example.com/?X-Amz-Signature=1&X-Amz-Expires=2#x"),
        ),
        3 => ("checkbox", plain, json!(true)),
        4 => (
            "date",
            plain,
            json!({"start": "2026-03-01", "end": null, "time_zone": null}),
        ),
        5 => ("email", plain, json!("a@example.com")),
        _ => {
            let option = json!({"id": "o1", "name": "url", "color": "red", "description": null});
            let chosen = json!({"id": "o1", "name": "url", "color": "red"});
            ("select", json!({"options": [option]}), chosen)
        }
    }
}

/// A database with a property for each word, a row with all values and a file, and a view.
fn workspace() -> (Workspace, Id) {
    let mut ws = Workspace::new(77);
    let home = ws.page(Parent::Workspace, "Home");
    let words = WORDS.iter().enumerate();
    let mut columns: Vec<_> = words
        .map(|(at, word)| {
            let (kind, config, _) = value(at);
            property(word, kind, config)
        })
        .collect();
    columns.push(property("name", "files", json!({})));
    let (database, source) = ws.database(Parent::Page(home), "Words", columns);
    let row = ws.row(source, "A row");
    for (at, word) in WORDS.iter().enumerate() {
        ws.value(row, word, value(at).2);
    }
    let file = ws.file("a.txt", "text/plain", b"a file");
    ws.value(row, "name", json!([file_entry("a.txt", file)]));
    let quick = [("url", "number"), ("expiry_time", "number")];
    let quick: Map<String, Value> = quick
        .into_iter()
        .map(|(word, kind)| (word.to_owned(), json!({kind: {"is_not_empty": true}})))
        .collect();
    let settings = json!({"quick_filters": quick});
    ws.view(database, Some(source), "All", "table", settings);
    (ws, row)
}

fn file_entry(name: &str, file: Value) -> Value {
    let mut entry = file;
    entry["name"] = json!(name);
    entry
}

fn keys(object: &Value) -> BTreeSet<&str> {
    let fields = object.as_object().expect("an object");
    fields.keys().map(String::as_str).collect()
}

#[test]
fn a_property_named_like_a_word_is_in_the_schema_the_rows_and_the_views() {
    let (ws, row) = workspace();
    let site = Site::new(ws);
    let summary = site.dump();
    assert!(summary.complete, "{:?}", summary.problems);
    let tree = site.tree();
    let mut names: BTreeSet<&str> = WORDS.into_iter().collect();
    names.extend(["Name", "name"]);
    let schema = &json_at(&tree, "/data_sources.json")[0]["properties"];
    assert_eq!(keys(schema), names);
    let stored = json_at(&tree, &format!("/{row}/page.json"));
    assert_eq!(keys(&stored["properties"]), names);
    for (at, word) in WORDS.iter().enumerate() {
        let (kind, _, value) = value(at);
        assert_eq!(schema[word]["type"], kind, "{word}");
        let stored = &stored["properties"][word];
        assert_eq!(stored["type"], kind, "{word}");
        if kind != "rich_text" {
            assert_eq!(stored[kind], value, "{word}");
        }
    }
    let views = json_at(&tree, "/views.json");
    let quick = views.as_array().into_iter().flatten();
    let quick: Vec<&Value> = quick.filter(|it| it["name"] == "All").collect();
    assert_eq!(
        keys(&quick[0]["quick_filters"]),
        ["expiry_time", "url"].into_iter().collect()
    );
    // The file in the property `name` is found, named and stored.
    let files = json_at(&tree, &format!("/{row}/files.json"));
    assert_eq!(files[0]["name"], "a.txt");
    assert!(files[0]["sha256"].is_string());
}

#[test]
fn a_property_named_like_a_word_comes_back() {
    let (ws, _) = workspace();
    Restorer::home(ws.clone()).prove();
    Restorer::abroad(ws).prove();
}

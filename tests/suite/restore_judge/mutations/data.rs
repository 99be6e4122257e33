//! Changes to databases, rows, views, files and comments.

use serde_json::{Map, Value, json};

use super::{block, few, finds, page};
use crate::support::Workspace;
use crate::support::compare::{Expect, compare};
use crate::support::workspace::model::*;
use crate::support::workspace::text::*;

fn column<'a>(ws: &'a mut Workspace, source: Id, name: &str) -> &'a mut Property {
    let source = ws.data_sources.get_mut(&source).expect("a data source");
    let column = source.schema.iter_mut().find(|it| it.name == name);
    column.expect("a column")
}

fn value(ws: &mut Workspace, row: Id, name: &str) -> Value {
    let id = ws.property_of(row, name).id.clone();
    ws.pages[&row].values[&id].clone()
}

#[test]
fn in_databases() {
    let copy = few();
    let (projects, source) = (copy.at("projects"), copy.at("projects source"));
    let tasks = copy.at("tasks source");
    let finds = |place: &str, change: &dyn Fn(&mut Workspace)| finds(&copy, place, change);
    fn database(ws: &mut Workspace, id: Id) -> &mut Database {
        ws.databases.get_mut(&id).expect("a database")
    }
    finds("title", &|ws| database(ws, projects).title = "P".into());
    finds("description", &|ws| {
        database(ws, projects).description = json!([])
    });
    finds("is_locked", &|ws| database(ws, projects).is_locked = false);
    finds("icon", &|ws| database(ws, projects).icon = Value::Null);
    finds("cover", &|ws| database(ws, projects).cover = Value::Null);
    finds("is_inline", &|ws| {
        database(ws, copy.at("inline database")).is_inline = false
    });
    finds("lost", &|ws| {
        let second = copy.at("second source");
        ws.set_trashed(second, true);
    });
    finds("title", &|ws| {
        let second = copy.at("second source");
        ws.data_sources.get_mut(&second).expect("a source").title = "2".into();
    });
    let options = |ws: &mut Workspace, name: &str| -> Vec<Value> {
        let options = &column(ws, source, name).config["options"];
        options.as_array().expect("options").clone()
    };
    for name in ["Size", "Tags", "Stage"] {
        for (place, key, value) in [
            ("color", "color", json!("brown")),
            ("name", "name", json!("Elephant")),
            ("description", "description", json!("very")),
        ] {
            finds(place, &|ws| {
                column(ws, source, name).config["options"][0][key] = value.clone();
            });
        }
        finds("options", &|ws| {
            let mut options = options(ws, name);
            options.reverse();
            column(ws, source, name).config["options"] = json!(options);
        });
        finds("options", &|ws| {
            let mut options = options(ws, name);
            options.pop();
            column(ws, source, name).config["options"] = json!(options);
        });
    }
    finds("option groups", &|ws| {
        let groups = &mut column(ws, source, "Stage").config["groups"];
        groups[0]["option_ids"] = json!(["later", "now"]);
        groups[1]["option_ids"] = json!([]);
    });
    finds("format", &|ws| {
        column(ws, source, "Budget").config = json!({"format": "yen"})
    });
    finds("prefix", &|ws| {
        column(ws, source, "Number").config = json!({"prefix": "X"})
    });
    finds("description", &|ws| {
        column(ws, source, "Notes").description = None
    });
    finds("expression", &|ws| {
        column(ws, source, "Late").config = json!({"expression": "1"})
    });
    finds("function", &|ws| {
        column(ws, source, "All hours").config["function"] = json!("max")
    });
    finds("of", &|ws| {
        column(ws, source, "All hours").config["rollup_property_name"] = json!("Task");
    });
    finds("to", &|ws| {
        column(ws, source, "Related").config["data_source_id"] = json!(tasks)
    });
    finds("mirror", &|ws| {
        let config = &mut column(ws, source, "Tasks").config;
        *config =
            json!({"type": "single_property", "single_property": {}, "data_source_id": tasks});
    });
    finds("mirror", &|ws| {
        let config = &mut column(ws, source, "Tasks").config;
        config["dual_property"]["synced_property_name"] = json!("Related to Projects");
    });
    finds("lost", &|ws| {
        column(ws, source, "Phone").name = "Telephone".into()
    });
    finds("surplus", &|ws| {
        column(ws, source, "Phone").name = "Telephone".into()
    });
    finds("type", &|ws| {
        column(ws, source, "Phone").kind = "email".into()
    });
    finds("is_default", &|ws| {
        let source = ws.data_sources.get_mut(&source).expect("a source");
        source.templates[0].is_default = false;
    });
}

#[test]
fn in_rows() {
    let copy = few();
    let (row, source) = (copy.at("full row"), copy.at("projects source"));
    let finds = |place: &str, change: &dyn Fn(&mut Workspace)| finds(&copy, place, change);
    let values = [
        ("Notes", rich("other")),
        ("Budget", json!(1234.57)),
        (
            "Size",
            json!({"id": "large", "name": "Large", "color": "red"}),
        ),
        ("Size", Value::Null),
        (
            "Tags",
            json!([{"id": "c", "name": "C", "color": "default"}]),
        ),
        (
            "Stage",
            json!({"id": "later", "name": "Later", "color": "gray"}),
        ),
        (
            "When",
            json!({"start": "2026-05-01", "end": null, "time_zone": null}),
        ),
        (
            "Team",
            json!([{"object": "user", "id": copy.original.get("guest")}]),
        ),
        ("Done?", json!(false)),
        ("Link", Value::Null),
        ("Mail", json!("bob@example.com")),
        ("Phone", json!("+1")),
        ("Number", json!({"prefix": "PRJ", "number": 8})),
        ("Late", json!({"type": "boolean", "boolean": true})),
    ];
    for (name, new) in values {
        finds(&format!("{name:?}"), &|ws| ws.value(row, name, new.clone()));
    }
    let place = copy.at("newer source");
    let placed = copy.restored.data_sources[&place].rows[0];
    finds("\"Where\"", &|ws| {
        let nowhere = json!({"lat": 52.5, "lon": 13.5, "name": "Berlin"});
        ws.value(placed, "Where", nowhere);
    });
    finds("title", &|ws| ws.value(row, "Project", rich("Other row")));
    finds("\"Attachments\"", &|ws| {
        let mut files = value(ws, row, "Attachments");
        files[0]["name"] = json!("other.pdf");
        ws.value(row, "Attachments", files);
    });
    finds("\"Attachments\"", &|ws| {
        let file = ws.file("plan.pdf", "application/pdf", b"another plan");
        let mut files = value(ws, row, "Attachments");
        files[0]["file"] = file["file"].clone();
        ws.value(row, "Attachments", files);
    });
    let crowded = copy.at("crowded row");
    finds("what is related", &|ws| {
        let mut related = value(ws, crowded, "Tasks");
        related.as_array_mut().expect("a list").remove(6);
        ws.value(crowded, "Tasks", related);
    });
    finds("what is related", &|ws| {
        let mut related = value(ws, crowded, "Tasks");
        related[0] = json!({"id": row});
        ws.value(crowded, "Tasks", related);
    });
    // The order of related rows is a weaker matter, but it is seen.
    let mut turned = copy.restored.clone();
    let mut related = value(&mut turned, row, "Tasks");
    related.as_array_mut().expect("a list").reverse();
    turned.value(row, "Tasks", related);
    let found = compare(&copy.original, &turned, copy.under, &Expect::exact());
    assert!(found.len() == 1 && found[0].weak, "{found:?}");

    finds("order of rows", &|ws| {
        let source = ws.data_sources.get_mut(&source).expect("a source");
        source.rows.swap(0, 1);
    });
    finds("order of rows", &|ws| {
        let tasks = copy.at("tasks source");
        let source = ws.data_sources.get_mut(&tasks).expect("a source");
        source.rows.swap(2, 18);
    });
    finds("lost", &|ws| ws.set_trashed(copy.at("empty row"), true));
    finds("surplus", &|ws| {
        ws.row(source, "One more");
    });
    finds("is_archived", &|ws| {
        page(ws, copy.at("archived row")).is_archived = false
    });
    finds("rich_text", &|ws| {
        let line = ws.pages[&row].body.listed[0];
        ws.set_text(line, "another body");
    });
    finds("rich_text", &|ws| {
        let template = copy.at("New project");
        let line = ws.pages[&template].body.listed[0];
        ws.set_text(line, "Another list");
    });
    finds("lost", &|ws| ws.delete_page(copy.at("page in row")));
}

#[test]
fn in_views() {
    let copy = few();
    let projects = copy.at("projects");
    let finds = |place: &str, change: &dyn Fn(&mut Workspace)| finds(&copy, place, change);
    fn settings(ws: &mut Workspace, id: Id) -> &mut Map<String, Value> {
        &mut ws.views.get_mut(&id).expect("a view").settings
    }
    finds("lost", &|ws| {
        let board = copy.at("board view");
        let database = ws.databases.get_mut(&projects).expect("a database");
        database.views.retain(|view| *view != board);
    });
    finds("surplus", &|ws| {
        ws.view(projects, None, "Default view", "table", json!({}));
    });
    finds("order", &|ws| {
        let database = ws.databases.get_mut(&projects).expect("a database");
        database.views.swap(3, 4);
    });
    for kind in [
        "table", "board", "list", "calendar", "timeline", "gallery", "form", "chart", "map",
    ] {
        let view = copy.at(&format!("{kind} view"));
        finds("/ name", &|ws| {
            ws.views.get_mut(&view).expect("a view").name = "B".into()
        });
        finds("/ type", &|ws| {
            ws.views.get_mut(&view).expect("a view").kind = "x".into()
        });
        for key in ["filter", "sorts", "quick_filters", "configuration"] {
            finds(&format!("/ {key}"), &|ws| {
                settings(ws, view).remove(key);
            });
        }
    }
    let table = copy.at("table view");
    finds("filter", &|ws| {
        settings(ws, table)["filter"]["and"][0]["status"]["does_not_equal"] = json!("Now");
    });
    finds("property", &|ws| {
        settings(ws, table)["sorts"][0]["property"] = json!("Budget")
    });
    finds("property_id", &|ws| {
        let id = ws.data_sources[&copy.at("projects source")].schema[3]
            .id
            .clone();
        settings(ws, table)["configuration"]["properties"][0]["property_id"] = json!(id);
    });
    finds("width", &|ws| {
        settings(ws, table)["configuration"]["properties"][0]["width"] = json!(241);
    });
    finds("source", &|ws| {
        ws.views.get_mut(&table).expect("a view").data_source = Some(copy.at("tasks source"));
    });
    finds("lost", &|ws| {
        let dashboard = copy.at("dashboard view");
        settings(ws, dashboard)["configuration"]["rows"] = json!([]);
    });
    finds("type", &|ws| {
        let linked = copy.at("linked");
        ws.databases.get_mut(&linked).expect("a database").linked = None;
    });
    finds("source", &|ws| {
        let linked = copy.at("linked");
        let view = ws.databases[&linked].views[0];
        ws.views.get_mut(&view).expect("a view").data_source = Some(copy.at("tasks source"));
    });
}

#[test]
fn in_files_and_comments() {
    let copy = few();
    let finds = |place: &str, change: &dyn Fn(&mut Workspace)| finds(&copy, place, change);
    for kind in ["image", "video", "pdf", "audio", "file"] {
        let id = copy.at(&format!("stored {kind}"));
        finds("content", &|ws| {
            let other = ws.file("picture.png", "image/png", b"other bytes");
            block(ws, id).payload["file"] = other["file"].clone();
        });
        finds("caption", &|ws| {
            block(ws, id).payload["caption"] = json!([])
        });
        finds("content", &|ws| {
            let page = copy.at("media");
            let at = ws.pages[&page].body.listed.iter().position(|it| *it == id);
            let outside = ws.pages[&page].body.listed[at.expect("a place") + 1];
            block(ws, outside).payload["external"] = json!({"url": "https://example.com/x"});
        });
    }
    finds("/ name", &|ws| {
        block(ws, copy.at("stored file")).payload["name"] = json!("x.zip")
    });
    let iconed = copy.at("with file icon");
    finds("icon", &|ws| {
        let other = ws.file("icon.png", "image/png", b"other icon");
        page(ws, iconed).icon = other;
    });
    finds("cover", &|ws| {
        let other = ws.file("cover.jpg", "image/jpeg", b"other cover");
        page(ws, iconed).cover = other;
    });
    finds("uploaded more than once", &|ws| {
        for _ in 0..2 {
            ws.asset("picture.png", "image/png", b"the same");
        }
    });
    let on = Parent::Page(copy.at("commented"));
    let block_on = Parent::Block(copy.at("commented block"));
    let comment = |ws: &mut Workspace, words: &str, change: &dyn Fn(&mut Comment)| {
        let found = ws
            .comments
            .iter_mut()
            .find(|it| (it.on == on || it.on == block_on) && plain_text(&it.rich_text) == words);
        change(found.expect("a comment"));
    };
    finds("comment", &|ws| {
        comment(ws, "A reply.", &|it| it.rich_text = rich("Another."))
    });
    finds("display_name", &|ws| {
        comment(ws, "On the page.", &|it| {
            it.display_name["resolved_name"] = json!("Backup")
        });
    });
    finds("lost", &|ws| {
        comment(ws, "A reply.", &|it| it.resolved = true)
    });
    finds("lost", &|ws| {
        let discussion = ws.chance.id();
        comment(ws, "A reply.", &|it| it.discussion = discussion);
    });
    finds("lost", &|ws| comment(ws, "On the block.", &|it| it.on = on));
    finds("surplus", &|ws| {
        ws.say(on, "Nobody said that.");
    });
    finds("attachments", &|ws| {
        comment(ws, "See attached.", &|it| drop(it.attachments.pop()));
    });
    finds("attachments", &|ws| {
        comment(ws, "See attached.", &|it| it.attachments.swap(0, 1));
    });
    finds("text", &|ws| {
        let crowded = Parent::Page(copy.at("crowded"));
        let mut all = ws.comments.iter_mut().filter(|it| it.on == crowded);
        let (first, second) = (all.nth(5).expect("one"), all.next().expect("another"));
        std::mem::swap(&mut first.rich_text, &mut second.rich_text);
    });
}

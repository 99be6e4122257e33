//! Single changes to an exact copy of everything: the judge must name each.

use serde_json::{Map, Value, json};

use super::{Copied, copied};
use crate::support::Workspace;
use crate::support::compare::{Expect, compare};
use crate::support::workspace::model::*;
use crate::support::workspace::text::*;

/// One of everything, but not a hundred of anything.
fn few() -> Copied {
    let mut ws = Workspace::everything(1);
    let crowded = Parent::Page(ws.get("crowded"));
    let mut kept = 0;
    ws.comments.retain(|comment| {
        kept += usize::from(comment.on == crowded);
        comment.on != crowded || kept < 8
    });
    let many = ws.get("many children");
    let children = ws.pages[&many].body.listed.clone();
    page(&mut ws, many).body.listed.truncate(8);
    for block in &children[8..] {
        ws.blocks.remove(block);
    }
    let tasks = ws.get("tasks source");
    let rows = ws.data_sources[&tasks].rows.clone();
    for row in &rows[20..] {
        ws.delete_page(*row);
    }
    let tables: Vec<Id> = ws
        .blocks
        .values()
        .filter(|it| it.children.len() > 100)
        .map(|it| it.id)
        .collect();
    for table in tables {
        block(&mut ws, table).children.truncate(5);
    }
    copied(ws)
}

/// Makes one change to one copy, and looks whether the judge says so at that place.
fn finds(copy: &Copied, place: &str, change: impl FnOnce(&mut Workspace)) {
    let mut restored = copy.restored.clone();
    change(&mut restored);
    for expect in [Expect::exact()] {
        let found = compare(&copy.original, &restored, copy.under, &expect);
        let text: Vec<String> = found
            .iter()
            .map(|it| format!("{}: {}", it.path, it.what))
            .collect();
        assert!(
            text.iter().any(|it| it.contains(place)),
            "{place:?} is overlooked; found {text:#?}"
        );
        // Whoever is related shows in both columns.
        let few = found.len() < 20 || place == "mirror";
        assert!(few, "one change, {} differences: {text:#?}", found.len());
    }
}

/// The first block of that type below a page of the copy.
fn first(ws: &Workspace, page: Id, kind: &str) -> Id {
    let mut open = vec![page];
    while let Some(id) = open.pop() {
        if ws.blocks.get(&id).is_some_and(|block| block.kind == kind) {
            return id;
        }
        let mut children = ws.visible_children(id).unwrap_or_default();
        children.reverse();
        open.extend(children.into_iter().filter(|it| ws.blocks.contains_key(it)));
    }
    panic!("no {kind} in {page}");
}

fn block(ws: &mut Workspace, id: Id) -> &mut Block {
    ws.blocks.get_mut(&id).expect("a block")
}

fn page(ws: &mut Workspace, id: Id) -> &mut Page {
    ws.pages.get_mut(&id).expect("a page")
}

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
fn in_blocks() {
    let copy = few();
    let (all, home) = (copy.new("every block"), copy.new("home"));
    let finds = |place: &str, change: &dyn Fn(&mut Workspace)| finds(&copy, place, change);
    let payloads: [(&str, &str, Value); 22] = [
        ("heading_1", "is_toggleable", json!(true)),
        ("heading_4", "color", json!("red")),
        ("bulleted_list_item", "color", json!("red_background")),
        ("bulleted_list_item", "rich_text", rich("other")),
        ("numbered_list_item", "list_start_index", json!(6)),
        ("numbered_list_item", "list_format", json!("letters")),
        ("to_do", "checked", json!(false)),
        (
            "toggle",
            "rich_text",
            json!([styled("open me", &["bold"], "default")]),
        ),
        (
            "quote",
            "rich_text",
            json!([link("said", "https://example.com/")]),
        ),
        ("callout", "icon", json!({"type": "emoji", "emoji": "🔥"})),
        ("code", "language", json!("go")),
        ("code", "caption", rich("the most")),
        ("equation", "expression", json!("1")),
        ("table_of_contents", "color", json!("default")),
        ("template", "rich_text", rich("Add a sitdown")),
        ("column", "width_ratio", json!(0.4)),
        ("table", "has_column_header", json!(false)),
        ("table", "has_row_header", json!(true)),
        ("table_row", "cells", json!([rich("row 0"), [], []])),
        ("bookmark", "url", json!("https://example.com/other")),
        ("embed", "caption", rich("new")),
        ("link_preview", "url", json!("https://example.com/other")),
    ];
    for (kind, field, value) in payloads {
        let place = format!("/ {field}");
        finds(&place, &|ws| {
            let id = first(ws, all, kind);
            block(ws, id).payload[field] = value.clone();
        });
    }
    finds("unsupported", &|ws| {
        let id = first(ws, all, "unsupported");
        block(ws, id).payload = json!({"block_type": "poll"});
    });
    finds("lost", &|ws| {
        let id = first(ws, all, "divider");
        ws.delete_block(id);
    });
    finds("lost", &|ws| {
        let id = first(ws, all, "table_row");
        ws.delete_block(id);
    });
    finds("surplus", &|ws| {
        ws.paragraph(all, "nobody wrote this");
    });
    finds("surplus", &|ws| {
        let toggle = first(ws, all, "toggle");
        ws.block(toggle, "divider", json!({}));
    });
    // Neighbours in the wrong order, at the top and deep down.
    finds("order", &|ws| {
        let many = copy.new("many children");
        page(ws, many).body.listed.swap(5, 6);
    });
    finds("order", &|ws| {
        let table = first(ws, all, "table");
        block(ws, table).children.swap(0, 1);
    });
    finds("type", &|ws| {
        let id = first(ws, all, "quote");
        block(ws, id).kind = "toggle".into();
    });
    finds("to", &|ws| {
        let id = first(ws, all, "link_to_page");
        block(ws, id).payload = json!({"type": "page_id", "page_id": all});
    });
    finds("synced_from", &|ws| {
        let id = copy.new("synced reference");
        block(ws, id).payload = json!({"synced_from": null});
    });
    finds("icon", &|ws| {
        let tab = first(ws, all, "tab");
        let label = ws.blocks[&tab].children[0];
        block(ws, label).payload["icon"] = Value::Null;
    });
    finds("lost", &|ws| {
        let inner = copy.new("in toggle");
        ws.delete_page(inner);
    });
    finds("place", &|ws| {
        let inner = copy.new("in toggle");
        ws.move_page(inner, Parent::Page(all));
    });
    finds("is_locked", &|ws| {
        page(ws, copy.new("extra keys")).is_locked = false
    });
    finds("is_archived", &|ws| page(ws, home).is_archived = true);
    finds("title", &|ws| ws.set_title(home, "House"));
    finds("icon", &|ws| {
        ws.set_icon(home, json!({"type": "emoji", "emoji": "🏚️"}))
    });
    finds("cover", &|ws| {
        page(ws, copy.new("with external icon")).cover = Value::Null
    });
}

#[test]
fn in_rich_text() {
    let copy = few();
    let text = copy.new("every text");
    let line = copy.restored.pages[&text].body.listed[0];
    let runs = copy.restored.blocks[&line].payload["rich_text"].clone();
    let all = runs.as_array().expect("runs");
    // The same line alone: what it names lies elsewhere then.
    let mut alone = Workspace::new(2);
    let page = alone.page(Parent::Workspace, "Alone");
    alone.rich_block(page, "paragraph", runs.clone());
    alone.users = copy.original.users.clone();
    alone.emojis = copy.original.emojis.clone();
    let alone = copied(alone);
    let (line_alone, _) = alone
        .restored
        .blocks
        .iter()
        .find(|(id, _)| alone.map.values().any(|new| new == *id))
        .expect("a line");
    // Each run in turn: gone, in another style.
    for at in 0..all.len() {
        for change in ["gone", "bold", "color"] {
            let mut runs = all.clone();
            match change {
                "gone" => drop(runs.remove(at)),
                "bold" => {
                    let bold = runs[at]["annotations"]["bold"] == true;
                    runs[at]["annotations"]["bold"] = json!(!bold);
                }
                _ => runs[at]["annotations"]["color"] = json!("pink_background"),
            }
            if change == "color" && all[at]["annotations"]["color"] == "pink_background" {
                continue;
            }
            finds(&alone, "rich_text", |ws| {
                block(ws, *line_alone).payload["rich_text"] = json!(runs);
            });
        }
    }
    let other = copy.new("every block");
    let find = |kind: &str| {
        let at = all.iter().position(|it| it["mention"]["type"] == kind);
        at.expect("a mention")
    };
    let changes = [
        (
            find("user"),
            json!({"type": "user", "user": {"id": copy.original.owner}}),
        ),
        (find("page"), json!({"type": "page", "page": {"id": other}})),
        (
            find("database"),
            json!({"type": "database", "database": {"id": copy.new("wiki")}}),
        ),
        (
            find("date"),
            json!({"type": "date", "date": {"start": "2026-03-02"}}),
        ),
        (
            find("custom_emoji"),
            json!({"type": "custom_emoji", "custom_emoji": {"$emoji": copy.original.get("parrot")}}),
        ),
    ];
    for (at, mention) in changes {
        finds(&copy, "rich_text", |ws| {
            block(ws, line).payload["rich_text"][at]["mention"] = mention;
        });
    }
    // Old targets instead of new ones.
    let was = copy.original.get("every text");
    let was = copy.original.pages[&was].body.listed[0];
    let was = copy.original.blocks[&was].payload.clone();
    finds(&copy, "rich_text", |ws| block(ws, line).payload = was);
    finds(&copy, "rich_text", |ws| {
        let at = all
            .iter()
            .position(|it| it["href"].as_str().is_some_and(|it| it.contains('#')));
        let href = format!("https://www.notion.so/{:032x}", copy.new("home").bits());
        let run = link("to a block", &href);
        block(ws, line).payload["rich_text"][at.expect("a link")] = run;
    });
    // How a text is cut is no difference, nor are addresses without their slash.
    let mut cut = copy.restored.clone();
    let mut runs = all.clone();
    runs.splice(0..1, [run("pla"), run("in, ")]);
    block(&mut cut, line).payload["rich_text"] = json!(runs);
    assert!(compare(&copy.original, &cut, copy.under, &Expect::exact()).is_empty());
}

#[test]
fn in_databases() {
    let copy = few();
    let (projects, source) = (copy.new("projects"), copy.new("projects source"));
    let tasks = copy.new("tasks source");
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
        database(ws, copy.new("inline database")).is_inline = false
    });
    finds("lost", &|ws| {
        let second = copy.new("second source");
        ws.set_trashed(second, true);
    });
    finds("title", &|ws| {
        let second = copy.new("second source");
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
    let (row, source) = (copy.new("full row"), copy.new("projects source"));
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
    let place = copy.new("newer source");
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
    let crowded = copy.new("crowded row");
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
        let tasks = copy.new("tasks source");
        let source = ws.data_sources.get_mut(&tasks).expect("a source");
        source.rows.swap(2, 18);
    });
    finds("lost", &|ws| ws.set_trashed(copy.new("empty row"), true));
    finds("surplus", &|ws| {
        ws.row(source, "One more");
    });
    finds("is_archived", &|ws| {
        page(ws, copy.new("archived row")).is_archived = false
    });
    finds("rich_text", &|ws| {
        let line = ws.pages[&row].body.listed[0];
        ws.set_text(line, "another body");
    });
    finds("rich_text", &|ws| {
        let template = copy.new("New project");
        let line = ws.pages[&template].body.listed[0];
        ws.set_text(line, "Another list");
    });
    finds("lost", &|ws| ws.delete_page(copy.new("page in row")));
}

#[test]
fn in_views() {
    let copy = few();
    let projects = copy.new("projects");
    let finds = |place: &str, change: &dyn Fn(&mut Workspace)| finds(&copy, place, change);
    fn settings(ws: &mut Workspace, id: Id) -> &mut Map<String, Value> {
        &mut ws.views.get_mut(&id).expect("a view").settings
    }
    finds("lost", &|ws| {
        let board = copy.new("board view");
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
        let view = copy.new(&format!("{kind} view"));
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
    let table = copy.new("table view");
    finds("filter", &|ws| {
        settings(ws, table)["filter"]["and"][0]["status"]["does_not_equal"] = json!("Now");
    });
    finds("property", &|ws| {
        settings(ws, table)["sorts"][0]["property"] = json!("Budget")
    });
    finds("property_id", &|ws| {
        let id = ws.data_sources[&copy.new("projects source")].schema[3]
            .id
            .clone();
        settings(ws, table)["configuration"]["properties"][0]["property_id"] = json!(id);
    });
    finds("width", &|ws| {
        settings(ws, table)["configuration"]["properties"][0]["width"] = json!(241);
    });
    finds("source", &|ws| {
        ws.views.get_mut(&table).expect("a view").data_source = Some(copy.new("tasks source"));
    });
    finds("lost", &|ws| {
        let dashboard = copy.new("dashboard view");
        settings(ws, dashboard)["configuration"]["rows"] = json!([]);
    });
    finds("type", &|ws| {
        let linked = copy.new("linked");
        ws.databases.get_mut(&linked).expect("a database").linked = None;
    });
    finds("source", &|ws| {
        let linked = copy.new("linked");
        let view = ws.databases[&linked].views[0];
        ws.views.get_mut(&view).expect("a view").data_source = Some(copy.new("tasks source"));
    });
}

#[test]
fn in_files_and_comments() {
    let copy = few();
    let finds = |place: &str, change: &dyn Fn(&mut Workspace)| finds(&copy, place, change);
    for kind in ["image", "video", "pdf", "audio", "file"] {
        let id = copy.new(&format!("stored {kind}"));
        finds("content", &|ws| {
            let other = ws.file("picture.png", "image/png", b"other bytes");
            block(ws, id).payload["file"] = other["file"].clone();
        });
        finds("caption", &|ws| {
            block(ws, id).payload["caption"] = json!([])
        });
        finds("content", &|ws| {
            let page = copy.new("media");
            let at = ws.pages[&page].body.listed.iter().position(|it| *it == id);
            let outside = ws.pages[&page].body.listed[at.expect("a place") + 1];
            block(ws, outside).payload["external"] = json!({"url": "https://example.com/x"});
        });
    }
    finds("/ name", &|ws| {
        block(ws, copy.new("stored file")).payload["name"] = json!("x.zip")
    });
    let iconed = copy.new("with file icon");
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
    let on = Parent::Page(copy.new("commented"));
    let block_on = Parent::Block(copy.new("commented block"));
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
        let crowded = Parent::Page(copy.new("crowded"));
        let mut all = ws.comments.iter_mut().filter(|it| it.on == crowded);
        let (first, second) = (all.nth(5).expect("one"), all.next().expect("another"));
        std::mem::swap(&mut first.rich_text, &mut second.rich_text);
    });
}

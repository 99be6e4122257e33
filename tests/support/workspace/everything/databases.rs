//! Databases: every type of property, several sources in one, linked views, a wiki,
//! databases where nobody expects them (sections 2.5 and 5).

use serde_json::{Value, json};

use super::super::Workspace;
use super::super::build::property;
use super::super::model::*;
use super::super::text::rich;

/// A select option; its id is its name in small letters.
fn option(name: &str, color: &str) -> Value {
    json!({"id": name.to_lowercase(), "name": name, "color": color, "description": null})
}

fn options(names: &[(&str, &str)]) -> Value {
    let options: Vec<Value> = names.iter().map(|(n, c)| option(n, c)).collect();
    json!({"options": options})
}

/// The columns of "Projects" that need no other source.
fn columns() -> Vec<Property> {
    let mut status = options(&[("Later", "gray"), ("Now", "blue"), ("Shipped", "green")]);
    status["groups"] = json!([
        {"id": "g-todo", "name": "To-do", "color": "gray", "option_ids": ["later"]},
        {"id": "g-doing", "name": "In progress", "color": "blue", "option_ids": ["now"]},
        {"id": "g-done", "name": "Complete", "color": "green", "option_ids": ["shipped"]},
    ]);
    let mut columns = vec![
        property("Project", "title", json!({})),
        property("Notes", "rich_text", json!({})),
        property("Budget", "number", json!({"format": "euro"})),
        property(
            "Size",
            "select",
            options(&[("Small", "green"), ("Large", "red")]),
        ),
        property(
            "Tags",
            "multi_select",
            options(&[("A, B", "pink"), ("C", "default")]),
        ),
        property("Stage", "status", status),
        property("When", "date", json!({})),
        property("Team", "people", json!({})),
        property("Attachments", "files", json!({})),
        property("Done?", "checkbox", json!({})),
        property("Link", "url", json!({})),
        property("Mail", "email", json!({})),
        property("Phone", "phone_number", json!({})),
        property("Made", "created_time", json!({})),
        property("Made by", "created_by", json!({})),
        property("Touched", "last_edited_time", json!({})),
        property("Touched by", "last_edited_by", json!({})),
        property("Number", "unique_id", json!({"prefix": "PRJ"})),
        property(
            "Late",
            "formula",
            json!({"expression": "prop(\"When\") < now()"}),
        ),
    ];
    if let Some(notes) = columns.get_mut(1) {
        notes.description = Some("What to know, with \u{1b}[31mcolour".into());
    }
    columns
}

/// Names: `projects` and `projects source`, `tasks` and `tasks source`, `two sources`,
/// `second source`, `wiki`, `wiki source`, `newer source`, `linked`, `inline database`,
/// `empty database`, `synced source`, `database in toggle`.
pub fn add(ws: &mut Workspace, home: Id) {
    let (projects, source) = ws.database(Parent::Page(home), "Projects", columns());
    ws.name("projects", projects);
    ws.name("projects source", source);
    if let Some(database) = ws.databases.get_mut(&projects) {
        database.description = rich("What we do");
        database.icon = json!({"type": "emoji", "emoji": "📐"});
        let cover = json!({"url": "https://example.com/projects.jpg"});
        database.cover = json!({"type": "external", "external": cover});
        database.is_locked = true;
    }
    let tasks_columns = vec![
        property("Task", "title", json!({})),
        property("Hours", "number", json!({"format": "number"})),
    ];
    let (tasks, tasks_source) = ws.database(Parent::Page(home), "Tasks", tasks_columns);
    ws.name("tasks", tasks);
    ws.name("tasks source", tasks_source);
    relate(ws, projects, source, tasks, tasks_source);
    templates(ws, source);
    odd_places(ws, home);
    wiki(ws);
    newer(ws, home);
}

/// The id of a source's property.
pub fn id_of(ws: &Workspace, source: Id, name: &str) -> String {
    ws.data_sources[&source]
        .schema
        .iter()
        .find(|property| property.name == name)
        .map(|property| property.id.clone())
        .unwrap_or_default()
}

fn relate(ws: &mut Workspace, projects: Id, source: Id, tasks: Id, tasks_source: Id) {
    let there = "r%3Ato".to_string();
    let back = "r%3Afrom".to_string();
    let relation = |database: Id, source: Id, id: &str, name: &str| {
        json!({"database_id": database, "data_source_id": source, "type": "dual_property",
               "dual_property": {"synced_property_id": id, "synced_property_name": name}})
    };
    let mut tasks_column = property(
        "Tasks",
        "relation",
        relation(tasks, tasks_source, &back, "Project"),
    );
    tasks_column.id = there.clone();
    let mut project_column = property(
        "Project",
        "relation",
        relation(projects, source, &there, "Tasks"),
    );
    project_column.id = back;
    let single = json!({"database_id": projects, "data_source_id": source,
                        "type": "single_property", "single_property": {}});
    let mut related = property("Related", "relation", single);
    related.id = "r%3Aone".into();
    let hours = id_of(ws, tasks_source, "Hours");
    let rollup = |name: &str, id: &str, function: &str| {
        let config = json!({"function": function, "relation_property_id": there,
                            "relation_property_name": "Tasks", "rollup_property_id": hours,
                            "rollup_property_name": "Hours"});
        let mut column = property(name, "rollup", config);
        column.id = id.into();
        column
    };
    let rollups = [
        rollup("All hours", "u%3Asum", "sum"),
        rollup("Each hour", "u%3Aall", "show_original"),
        rollup("Unsupported", "u%3Auni", "show_unique"),
    ];
    if let Some(source) = ws.data_sources.get_mut(&source) {
        source.schema.push(tasks_column);
        source.schema.push(related);
        source.schema.extend(rollups);
    }
    if let Some(source) = ws.data_sources.get_mut(&tasks_source) {
        source.schema.push(project_column);
    }
}

fn templates(ws: &mut Workspace, source: Id) {
    for (name, is_default) in [("New project", true), ("Small project", false)] {
        let template = ws.template(source, name, is_default);
        ws.name(name, template);
        let toggle = ws.toggle(template, "Checklist");
        ws.paragraph(toggle, "first things first");
    }
}

fn odd_places(ws: &mut Workspace, home: Id) {
    // Two sources behind one block.
    let both = ws.container(Parent::Page(home), "Two sources");
    ws.name("two sources", both);
    for name in ["First source", "Second source"] {
        let source = ws.data_source(both, name, vec![]);
        ws.name(&name.to_lowercase(), source);
        ws.view(both, Some(source), name, "table", json!({}));
        for row in 0..3 {
            ws.row(source, &format!("{name} row {row}"));
        }
    }
    let projects = ws.get("projects source");
    for (name, answers) in [
        ("linked", Linked::EmptyDataSources),
        ("linked, not found", Linked::NotFound),
        ("linked, refused", Linked::BadRequest),
    ] {
        let linked = ws.linked_view(Parent::Page(home), projects, answers);
        ws.name(name, linked);
    }
    let (inline, source) = ws.database(Parent::Page(home), "Inline", vec![]);
    ws.name("inline database", inline);
    ws.row(source, "only row");
    if let Some(database) = ws.databases.get_mut(&inline) {
        database.is_inline = true;
    }
    let (empty, _) = ws.database(Parent::Page(home), "", vec![]);
    ws.name("empty database", empty);
    let toggle = ws.toggle(home, "holds a database");
    let (inside, source) = ws.database(Parent::Block(toggle), "In a toggle", vec![]);
    ws.name("database in toggle", inside);
    ws.row(source, "row in the toggle's database");
    let (_, synced) = ws.database(Parent::Page(home), "From elsewhere", vec![]);
    ws.name("synced source", synced);
    let outside = ws.chance.id();
    if let Some(source) = ws.data_sources.get_mut(&synced) {
        source.synced_from = Some(outside);
    }
    let (omitted, source) = ws.database(Parent::Page(home), "Search omits this database", vec![]);
    ws.name("omitted database", omitted);
    ws.row(source, "row of an omitted database");
    if let Some(database) = ws.databases.get_mut(&omitted) {
        database.omitted_by_search = true;
    }
    let (trashed, source) = ws.database(Parent::Page(home), "Trashed database", vec![]);
    ws.name("trashed database", trashed);
    ws.row(source, "row in the trash");
    ws.set_trashed(trashed, true);
    let (top, _) = ws.database(Parent::Workspace, "At the top", vec![]);
    ws.name("top database", top);
    let extra = &mut ws.databases.get_mut(&top).map(|it| &mut it.extra);
    if let Some(extra) = extra {
        extra.insert("database_type".into(), json!("tasks"));
        extra.insert("brand_new_key".into(), json!([1]));
    }
}

/// Queries of a wiki mix its pages with the sources of its databases.
fn wiki(ws: &mut Workspace) {
    let columns = vec![
        property("Page", "title", json!({})),
        property("Owner", "people", json!({})),
        property("Verification", "verification", json!({})),
    ];
    let (wiki, source) = ws.database(Parent::Workspace, "Wiki", columns);
    ws.name("wiki", wiki);
    ws.name("wiki source", source);
    // Verification columns are in no response type.
    ws.odd.insert(source);
    let verified = ws.row(source, "Verified page");
    let owner = ws.owner;
    ws.value(
        verified,
        "Verification",
        json!({"state": "verified", "verified_by": {"object": "user", "id": owner},
               "date": {"start": "2026-01-01T00:00:00.000Z", "end": null, "time_zone": null}}),
    );
    let page = ws.row(source, "Page with a child");
    ws.page(Parent::Page(page), "Child of a wiki page");
    let (inner, inner_source) = ws.database(Parent::Database(wiki), "Database in the wiki", vec![]);
    ws.name("wiki database", inner);
    ws.row(inner_source, "row in the wiki's database");
    if let Some(source) = ws.data_sources.get_mut(&source) {
        source.wiki_databases.push(inner);
    }
}

/// Columns that the response types do not know.
fn newer(ws: &mut Workspace, home: Id) {
    let columns = vec![
        property("Go", "button", json!({})),
        property("Where", "place", json!({})),
        property("Beam", "teleport", json!({"range": 12, "units": ["m"]})),
        property("Seen", "last_visited_time", json!({})),
    ];
    let (database, source) = ws.database(Parent::Page(home), "Newer columns", columns);
    ws.name("newer database", database);
    ws.name("newer source", source);
    ws.odd.insert(source);
    for number in 0..2 {
        let row = ws.row(source, &format!("row {number}"));
        ws.value(row, "Beam", json!({"to": [number, 0.1]}));
        ws.value(row, "Seen", json!("2026-02-03T04:05:00.000Z"));
        if number == 0 {
            let place = json!({"lat": 52.5, "lon": 13.4, "name": "Berlin", "address": null});
            ws.value(row, "Where", place);
        }
        ws.odd.insert(row);
    }
}

//! Rows with every value, values past every truncation, archived rows, and rows in
//! pages in rows.

use serde_json::{Value, json};

use super::super::Workspace;
use super::super::model::*;
use super::super::text::*;
use super::people::group;

/// Names: `full row`, `empty row`, `crowded row`, `archived row`, `trashed row`,
/// `row with page`, `page in row`, `row in page in row`, `row by somebody gone`.
pub fn add(ws: &mut Workspace) {
    let (projects, tasks) = (ws.get("projects source"), ws.get("tasks source"));
    let mut all_tasks = Vec::new();
    for number in 0..130 {
        if number % 7 == 0 {
            ws.advance_minutes(1);
        }
        let task = ws.row(tasks, &format!("Task {number}"));
        ws.value(task, "Hours", json!(f64::from(number) + 0.5));
        all_tasks.push(task);
    }
    full(ws, projects, &all_tasks);
    let empty = ws.row(projects, "");
    ws.name("empty row", empty);
    crowded(ws, projects, &all_tasks);
    for (name, archived) in [("archived row", true), ("trashed row", false)] {
        let row = ws.row(projects, name);
        ws.name(name, row);
        ws.paragraph(row, name);
        if archived {
            if let Some(page) = ws.pages.get_mut(&row) {
                page.is_archived = true;
            }
        } else {
            ws.set_trashed(row, true);
        }
    }
    nested(ws, projects);
    let row = ws.row(projects, "Made by somebody gone");
    ws.name("row by somebody gone", row);
    let gone = ws.get("deleted user");
    if let Some(page) = ws.pages.get_mut(&row) {
        page.stamps.created_by = gone;
    }
}

fn full(ws: &mut Workspace, projects: Id, tasks: &[Id]) {
    let row = ws.row(projects, "Full row");
    ws.name("full row", row);
    let (bob, guest) = (ws.get("bob"), ws.get("guest"));
    let group = group(ws);
    let mut file = ws.file("plan.pdf", "application/pdf", b"the plan");
    file["name"] = json!("plan.pdf");
    let files = json!([
        file,
        {"type": "external", "name": "site", "external": {"url": "https://example.com/site"}},
    ]);
    let hours: Vec<Value> = [0.5, 1.5]
        .iter()
        .map(|hours| json!({"type": "number", "number": hours}))
        .collect();
    let values = [
        (
            "Notes",
            json!([
                run("some "),
                styled("notes", &["bold"], "default"),
                equation("x^2")
            ]),
        ),
        ("Budget", json!(1234.56)),
        (
            "Size",
            json!({"id": "small", "name": "Small", "color": "green"}),
        ),
        (
            "Tags",
            json!([{"id": "a, b", "name": "A, B", "color": "pink"},
                        {"id": "c", "name": "C", "color": "default"}]),
        ),
        (
            "Stage",
            json!({"id": "now", "name": "Now", "color": "blue"}),
        ),
        (
            "When",
            json!({"start": "2026-05-01", "end": "2026-05-03", "time_zone": null}),
        ),
        (
            "Team",
            json!([{"object": "user", "id": bob}, {"object": "user", "id": guest}, group]),
        ),
        ("Attachments", files),
        ("Done?", json!(true)),
        ("Link", json!("https://example.com/")),
        ("Mail", json!("ada@example.com")),
        ("Phone", json!("+49 30 123456")),
        ("Number", json!({"prefix": "PRJ", "number": 7})),
        ("Late", json!({"type": "boolean", "boolean": false})),
        ("Tasks", json!([{"id": tasks[0]}, {"id": tasks[1]}])),
        (
            "All hours",
            json!({"type": "number", "number": 2.0, "function": "sum"}),
        ),
        (
            "Each hour",
            json!({"type": "array", "array": hours, "function": "show_original"}),
        ),
        (
            "Unsupported",
            json!({"type": "unsupported", "unsupported": {}, "function": "show_unique"}),
        ),
    ];
    for (name, value) in values {
        ws.value(row, name, value);
    }
    ws.paragraph(row, "the body of a row");
}

/// More than a page object shows, and more than one page of the property endpoint.
fn crowded(ws: &mut Workspace, projects: Id, tasks: &[Id]) {
    let row = ws.row(projects, "Crowded row");
    ws.name("crowded row", row);
    let unshared = ws.page(Parent::Workspace, "Unshared relation target");
    ws.set_shared(unshared, Some(false));
    let mut relation: Vec<Value> = tasks[..120].iter().map(|id| json!({"id": id})).collect();
    relation.insert(3, json!({"id": unshared}));
    ws.value(row, "Tasks", json!(relation));
    let people: Vec<Value> = ws
        .users
        .iter()
        .filter(|user| !user.deleted)
        .take(40)
        .map(|user| json!({"object": "user", "id": user.id}))
        .collect();
    ws.value(row, "Team", json!(people));
    let bob = ws.get("bob");
    let mut notes = Vec::new();
    let mut title = Vec::new();
    for (number, task) in tasks.iter().enumerate().take(30) {
        notes.push(run(&format!("{number}: ")));
        notes.push(mention_user(bob, "Bob"));
        title.push(mention_page(*task, &format!("Task {number}")));
        title.push(run(" "));
    }
    for _ in 0..60 {
        notes.push(run("on and on "));
    }
    ws.value(row, "Notes", json!(notes));
    ws.value(row, "Project", json!(title));
    let hours: Vec<Value> = (0..120)
        .map(|number| json!({"type": "number", "number": f64::from(number) + 0.5}))
        .collect();
    let rollup = json!({"type": "array", "array": hours, "function": "show_original"});
    ws.value(row, "Each hour", rollup);
    // Exactly the limit: nothing is missing, but a reader cannot know.
    let exact = ws.row(projects, "Exactly twenty-five");
    ws.name("exact row", exact);
    ws.value(exact, "Team", json!(people[..25]));
    ws.value(exact, "Tasks", json!(relation[4..29]));
}

fn nested(ws: &mut Workspace, projects: Id) {
    let row = ws.row(projects, "Row with a page");
    ws.name("row with page", row);
    let page = ws.page(Parent::Page(row), "Page in a row");
    ws.name("page in row", page);
    let (_, inner) = ws.database(Parent::Page(page), "Database in a page in a row", vec![]);
    let inner_row = ws.row(inner, "Row in a page in a row");
    ws.name("row in page in row", inner_row);
    let last = ws.page(Parent::Page(inner_row), "Page in that row");
    ws.paragraph(last, "far down");
}

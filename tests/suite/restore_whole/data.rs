//! Databases: numbers, relations, options, states and titles.

use serde_json::{Value, json};

use crate::restorer::Restorer;
use crate::support::Workspace;
use crate::support::workspace::build::property;
use crate::support::workspace::model::{Id, Parent};

fn prove_both(ws: &Workspace) {
    Restorer::home(ws.clone()).prove();
    Restorer::abroad(ws.clone()).prove();
}

fn number_of(ws: &Workspace, row: Id) -> Value {
    ws.pages[&row].values[&ws.property_of(row, "Number").id].clone()
}

#[test]
fn numbers_without_gaps_come_out_the_same() {
    let mut ws = Workspace::new(41);
    let home = ws.page(Parent::Workspace, "Home");
    let columns = vec![property("Number", "unique_id", json!({"prefix": "T"}))];
    let (_, source) = ws.database(Parent::Page(home), "Numbered", columns);
    let numbers = [3, 1, 12, 5, 4, 2, 10, 9, 6, 11, 8, 7];
    for number in numbers {
        ws.advance_minutes(1);
        let row = ws.row(source, &format!("Row {number}"));
        ws.value(row, "Number", json!({"prefix": "T", "number": number}));
    }
    for jobs in [1, 8] {
        let restorer = Restorer::abroad(ws.clone()).jobs(jobs);
        restorer.prove();
        for number in numbers {
            let row = restorer.made(&format!("Row {number}"));
            let value = number_of(&restorer.restored(), row);
            assert_eq!(value["number"], json!(number));
        }
    }
}

/// Two databases with a two-way relation, and one that relates to itself.
fn related(rows: usize) -> Workspace {
    let mut ws = Workspace::new(42);
    let home = ws.page(Parent::Workspace, "Home");
    let (ours, source) = ws.database(Parent::Page(home), "Ours", vec![]);
    let (theirs, other) = ws.database(Parent::Page(home), "Theirs", vec![]);
    let dual = |database: Id, source: Id, id: &str, name: &str| {
        json!({"database_id": database, "data_source_id": source, "type": "dual_property",
               "dual_property": {"synced_property_id": id, "synced_property_name": name}})
    };
    let column = |name: &str, id: &str, config: Value| {
        let mut column = property(name, "relation", config);
        column.id = id.to_owned();
        column
    };
    let single = json!({"database_id": ours, "data_source_id": source,
        "type": "single_property", "single_property": {}});
    let schema = &mut ws.data_sources.get_mut(&source).unwrap().schema;
    schema.push(column(
        "Parts",
        "parts",
        dual(theirs, other, "whole", "Whole"),
    ));
    schema.push(column("Self", "self", single));
    let schema = &mut ws.data_sources.get_mut(&other).unwrap().schema;
    schema.push(column(
        "Whole",
        "whole",
        dual(ours, source, "parts", "Parts"),
    ));
    let whole = ws.row(source, "The whole");
    let parts: Vec<Id> = (0..rows)
        .map(|at| ws.row(other, &format!("Part {at}")))
        .collect();
    let ids = |all: &[Id]| -> Value { all.iter().map(|id| json!({"id": id})).collect() };
    ws.value(whole, "Parts", ids(&parts));
    ws.value(whole, "Self", ids(&[whole]));
    for part in &parts {
        ws.value(*part, "Whole", ids(&[whole]));
    }
    ws
}

#[test]
fn relations_of_more_than_a_hundred_come_from_the_other_side() {
    let ws = related(130);
    for restorer in [Restorer::home(ws.clone()), Restorer::abroad(ws)] {
        let summary = restorer.prove();
        assert_eq!(
            crate::restorer::serious(&summary.losses),
            Vec::<String>::new()
        );
        let whole = restorer.made("The whole");
        let count = restorer.target.look(|ws| {
            let id = &ws.property_of(whole, "Parts").id;
            ws.pages[&whole].values[id].as_array().unwrap().len()
        });
        assert_eq!(count, 130);
    }
}

#[test]
fn small_relations_and_self_relations_come_back() {
    prove_both(&related(3));
}

#[test]
fn more_than_a_hundred_options_keep_their_order_and_colours() {
    let mut ws = Workspace::new(43);
    let home = ws.page(Parent::Workspace, "Home");
    let colors = ["red", "blue", "default"];
    let options: Vec<Value> = (0..140)
        .map(|at| json!({"id": format!("o{at}"), "name": format!("Option {at}"), "color": colors[at % 3], "description": null}))
        .collect();
    let columns = vec![property("Pick", "select", json!({"options": options}))];
    let (_, source) = ws.database(Parent::Page(home), "Choices", columns);
    for at in [0, 99, 100, 139] {
        let row = ws.row(source, &format!("Row {at}"));
        ws.value(row, "Pick", options[at].clone());
    }
    let restorer = Restorer::abroad(ws);
    let summary = restorer.restore();
    for at in [0, 99, 100, 139] {
        let row = restorer.made(&format!("Row {at}"));
        let name = restorer.target.look(|ws| {
            let column = ws.property_of(row, "Pick");
            let value = &ws.pages[&row].values[&column.id];
            let option = column.config["options"].as_array().unwrap().iter();
            let option = option.filter(|it| it["id"] == value["id"] || it["name"] == value["name"]);
            option.map(|it| it["name"].clone()).next()
        });
        assert_eq!(
            name,
            Some(json!(format!("Option {at}"))),
            "{:?}",
            summary.losses
        );
    }
}

#[test]
fn states_and_titles_of_all_kinds_come_back() {
    let mut ws = Workspace::new(44);
    let home = ws.page(Parent::Workspace, "Home");
    let (locked, source) = ws.database(Parent::Page(home), "Same", vec![]);
    ws.databases.get_mut(&locked).unwrap().is_locked = true;
    for title in ["Same", "Same", "", ""] {
        for parent in [Parent::Page(home), Parent::Workspace] {
            let page = ws.page(parent, title);
            ws.paragraph(page, "text");
        }
        ws.advance_minutes(1);
        let row = ws.row(source, title);
        ws.paragraph(row, "in a row");
    }
    ws.row(source, "Archived");
    for (at, title) in ["Locked", "Archived page", "Both"].into_iter().enumerate() {
        let page = ws.page(Parent::Page(home), title);
        let below = ws.page(Parent::Page(page), &format!("Below {title}"));
        ws.paragraph(below, "text");
        let page = ws.pages.get_mut(&page).unwrap();
        page.is_locked = at != 1;
        page.is_archived = at != 0;
    }
    let archived = ws
        .pages
        .values_mut()
        .find(|it| it.title == "Archived")
        .unwrap();
    archived.is_archived = true;
    prove_both(&ws);
}

#[test]
fn the_view_that_comes_with_a_database_is_used_or_goes() {
    let mut ws = Workspace::new(45);
    let home = ws.page(Parent::Workspace, "Home");
    for (title, kind) in [("Tables", "table"), ("Lists", "list")] {
        let (database, source) = ws.database(Parent::Page(home), title, vec![]);
        let first = ws.databases[&database].views[0];
        let first = ws.views.get_mut(&first).unwrap();
        first.kind = kind.to_owned();
        first.name = "Mine".to_owned();
        ws.view(database, Some(source), "More", "gallery", json!({}));
    }
    let restorer = Restorer::abroad(ws);
    let summary = restorer.prove();
    assert_eq!(summary.totals.views, 4);
    let counts = restorer.target.counts();
    assert_eq!(counts["POST /v1/views"], 3);
    assert_eq!(counts["PATCH /v1/views/{id}"], 1);
    assert_eq!(counts["DELETE /v1/views/{id}"], 1);
}

//! Columns that do not come back as they were: formulas that Notion refuses, prefixes that
//! are in use, people who are not there.

use notion_backup::restore::Degree;
use serde_json::{Value, json};

use crate::restorer::Restorer;
use crate::support::Workspace;
use crate::support::workspace::build::property;
use crate::support::workspace::model::{Id, Parent, Property};

/// The column of the copy with this name, and what a row has in it.
fn column(ws: &Workspace, row: Id, name: &str) -> (Property, Value) {
    let column = ws.property_of(row, name).clone();
    let value = ws.pages[&row].values.get(&column.id);
    (column.clone(), value.cloned().unwrap_or_default())
}

/// A mark as answers have it, for a column of the data source.
fn mark(ws: &Workspace, source: Id, name: &str) -> String {
    let column = ws.data_sources[&source]
        .schema
        .iter()
        .find(|it| it.name == name);
    let id = &column.unwrap().id;
    format!("{{{{notion:block_property:{id}:{source}:{}}}}}", ws.id)
}

fn formula(name: &str, expression: &str) -> Property {
    let mut column = property(name, "formula", json!({"expression": expression}));
    column.id = format!("formula{name}");
    column
}

/// Plain formulas, formulas in formulas, and formulas that Notion refuses.
fn formulas() -> (Workspace, Id) {
    let mut ws = Workspace::new(61);
    let home = ws.page(Parent::Workspace, "Home");
    let columns = vec![
        property("Price", "number", json!({"format": "number"})),
        property("Type", "rich_text", json!({})),
        property("When", "date", json!({})),
    ];
    let (database, source) = ws.database(Parent::Page(home), "Sums", columns);
    ws.name("database", database);
    let price = mark(&ws, source, "Price");
    let mut add = |name: &str, expression: String| {
        let column = formula(name, &expression);
        let schema = &mut ws.data_sources.get_mut(&source).unwrap().schema;
        schema.push(column);
    };
    add("Twice", format!("={price} * 2"));
    let twice = mark(&ws, source, "Twice");
    let mut add = |name: &str, expression: String| {
        let schema = &mut ws.data_sources.get_mut(&source).unwrap().schema;
        schema.push(formula(name, &expression));
    };
    add("More", format!("{twice} + 1"));
    // Values of related pages are refused.
    add(
        "Score",
        "prop(\"Type\").map(current.prop(\"Price\")).sum()".to_owned(),
    );
    add("Soon", "prop(\"Type\").first().prop(\"When\")".to_owned());
    add("Word", "prop(\"Type\").first().prop(\"Type\")".to_owned());
    add("Good", "prop(\"Type\").first().prop(\"Good\")".to_owned());
    for (at, title) in ["Row one", "Row two"].into_iter().enumerate() {
        let row = ws.row(source, title);
        ws.value(row, "Price", json!(at + 1));
        ws.value(
            row,
            "Twice",
            json!({"type": "number", "number": 2 * at + 2}),
        );
        ws.value(row, "More", json!({"type": "number", "number": 2 * at + 3}));
        ws.value(
            row,
            "Score",
            json!({"type": "number", "number": 7.5 + at as f64}),
        );
        let date = json!({"start": "2026-05-01", "end": null, "time_zone": null});
        ws.value(row, "Soon", json!({"type": "date", "date": date}));
        ws.value(
            row,
            "Word",
            json!({"type": "string", "string": format!("word {at}")}),
        );
        ws.value(row, "Good", json!({"type": "boolean", "boolean": at == 0}));
    }
    (ws, source)
}

#[test]
fn formulas_come_back_and_refused_ones_are_plain_columns_with_their_values() {
    let (mut ws, source) = formulas();
    let database = ws.databases.values().next().unwrap().id;
    let score = ws.data_sources[&source]
        .schema
        .iter()
        .find(|it| it.name == "Score");
    let score = score.unwrap().id.clone();
    let sorts = json!([{"property": score, "direction": "ascending"}]);
    ws.view(
        database,
        Some(source),
        "By score",
        "table",
        json!({"sorts": sorts}),
    );
    for restorer in [Restorer::home(ws.clone()), Restorer::abroad(ws.clone())] {
        let summary = restorer.restore();
        restorer.completed(&summary);
        let copy = restorer.restored();
        for (at, title) in ["Row one", "Row two"].into_iter().enumerate() {
            let row = restorer.made(title);
            let Parent::DataSource(new) = copy.pages[&row].parent else {
                panic!("{title} is no row")
            };
            let price = mark(&copy, new, "Price");
            let text = |name: &str| column(&copy, row, name).0.config["expression"].clone();
            assert_eq!(text("Twice"), json!(format!("{price} * 2")));
            assert_eq!(text("More"), json!(format!("({price} * 2) + 1")));
            let plain = |name: &str| {
                let (column, value) = column(&copy, row, name);
                (column.kind, value)
            };
            assert_eq!(
                plain("Score"),
                ("number".to_owned(), json!(7.5 + at as f64))
            );
            let (kind, value) = plain("Soon");
            assert_eq!(
                (kind.as_str(), &value["start"]),
                ("date", &json!("2026-05-01"))
            );
            let (kind, value) = plain("Word");
            assert_eq!(kind, "rich_text");
            assert_eq!(value[0]["plain_text"], format!("word {at}"));
            let (kind, value) = plain("Good");
            assert_eq!(kind, "checkbox");
            assert_eq!(value == true, at == 0);
            // Nothing of it is in the body of the row.
            assert!(copy.raw_children(row).is_none_or(|(_, it)| it.is_empty()));
        }
        for name in ["Score", "Soon", "Word", "Good"] {
            let what = format!("property '{name}'");
            let mut losses = summary.losses.iter().filter(|loss| loss.what == what);
            let loss = losses.next().unwrap();
            assert_eq!(loss.degree, Degree::StandIn);
            assert!(loss.why.contains("Type error with formula"), "{}", loss.why);
            assert!(loss.why.contains("prop(\"Type\")"), "{}", loss.why);
            assert_eq!(losses.next(), None);
        }
        // All at once, the four that are refused and the two that are not one by one, and
        // the plain columns at once.
        let changes = restorer
            .writes()
            .into_iter()
            .filter(|it| it.method == "PATCH" && it.path.starts_with("/v1/data_sources/"));
        assert_eq!(changes.count(), 1 + 6 + 1);
    }
}

#[test]
fn one_refused_formula_does_not_take_the_others_with_it() {
    let mut ws = Workspace::new(62);
    let home = ws.page(Parent::Workspace, "Home");
    let columns = vec![
        property("Name", "title", json!({})),
        formula("Good", "1 + 1"),
        formula("Bad", "prop(\"Name\").first().prop(\"Name\")"),
    ];
    let (_, source) = ws.database(Parent::Page(home), "Sums", columns);
    let row = ws.row(source, "Row one");
    ws.value(
        row,
        "Bad",
        json!({"type": "unsupported", "unsupported": {}}),
    );
    let restorer = Restorer::home(ws);
    let summary = restorer.restore();
    let copy = restorer.restored();
    let row = restorer.made("Row one");
    assert_eq!(column(&copy, row, "Good").0.kind, "formula");
    let (bad, value) = column(&copy, row, "Bad");
    assert_eq!(bad.kind, "rich_text");
    assert!(value.as_array().is_none_or(Vec::is_empty));
    let loss = summary
        .losses
        .iter()
        .find(|loss| loss.what == "property 'Bad'");
    assert!(loss.unwrap().why.contains("'unsupported'"));
}

#[test]
fn a_prefix_that_is_in_use_is_left_out() {
    let mut ws = Workspace::new(63);
    let home = ws.page(Parent::Workspace, "Home");
    let columns = vec![property("Number", "unique_id", json!({"prefix": "TASK"}))];
    let (_, source) = ws.database(Parent::Page(home), "Numbered", columns);
    for (at, title) in ["First", "Second"].into_iter().enumerate() {
        let row = ws.row(source, title);
        ws.value(row, "Number", json!({"prefix": "TASK", "number": at + 1}));
    }
    for (restorer, prefix, requests) in [
        (Restorer::home(ws.clone()), Value::Null, 2),
        (Restorer::abroad(ws.clone()), json!("TASK"), 1),
    ] {
        restorer.target.set(|it| it.unique_prefixes = true);
        let summary = restorer.restore();
        restorer.completed(&summary);
        let copy = restorer.restored();
        for title in ["First", "Second"] {
            let row = restorer.made(title);
            assert_eq!(column(&copy, row, "Number").0.config["prefix"], prefix);
        }
        let writes = restorer.writes();
        let databases = writes.iter().filter(|it| it.path == "/v1/databases");
        assert_eq!(databases.count(), requests);
        let what = "prefix 'TASK' of property 'Number'";
        let told = summary.losses.iter().any(|loss| loss.what == what);
        assert_eq!(told, prefix.is_null());
    }
}

#[test]
fn names_of_people_who_are_not_there_stand_in_a_column_beside() {
    let mut ws = Workspace::new(64);
    let home = ws.page(Parent::Workspace, "Home");
    let people = ["Ada", "Bob", "Cy"].map(|name| ws.person(name, &format!("{name}@example.com")));
    let columns = vec![
        property("Owner", "people", json!({})),
        property("Owner (names)", "number", json!({})),
        property("Nobody", "people", json!({})),
    ];
    let (_, source) = ws.database(Parent::Page(home), "Tasks", columns);
    let user = |id: Id| json!({"object": "user", "id": id});
    for (title, owners) in [
        ("Known", vec![people[0]]),
        ("Unknown", vec![people[1]]),
        ("Both", vec![people[1], people[0]]),
        ("None", vec![]),
    ] {
        let row = ws.row(source, title);
        let owners: Vec<Value> = owners.into_iter().map(user).collect();
        ws.value(row, "Owner", json!(owners));
    }
    let restorer = Restorer::abroad(ws);
    restorer.target.edit(|ws| {
        ws.users
            .retain(|user| !["Ada", "Bob", "Cy"].contains(&user.name.as_str()));
        ws.person("Ada", "ada@example.com");
    });
    let summary = restorer.restore();
    restorer.completed(&summary);
    let copy = restorer.restored();
    for (title, there, names) in [
        ("Known", 1, "Ada"),
        ("Unknown", 0, "Bob"),
        ("Both", 1, "Bob, Ada"),
        ("None", 0, ""),
    ] {
        let row = restorer.made(title);
        let people = column(&copy, row, "Owner").1;
        assert_eq!(people.as_array().map_or(0, Vec::len), there, "{title}");
        let (column, text) = column(&copy, row, "Owner (names 2)");
        assert_eq!(column.kind, "rich_text");
        let runs = text.as_array().into_iter().flatten();
        let text: String = runs.filter_map(|run| run["plain_text"].as_str()).collect();
        assert_eq!(text, names, "{title}");
        assert!(
            copy.raw_children(row).is_none_or(|(_, it)| it.is_empty()),
            "{title}"
        );
    }
    let told: Vec<&str> = summary
        .losses
        .iter()
        .filter(|loss| loss.what == "property 'Owner'")
        .map(|loss| loss.why.as_str())
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("Bob") && told[0].contains("'Owner (names 2)'"));
    assert!(
        !summary
            .losses
            .iter()
            .any(|loss| loss.what == "property 'Nobody'")
    );
}

#[test]
fn empty_columns_stay_empty() {
    let mut ws = Workspace::new(65);
    let home = ws.page(Parent::Workspace, "Home");
    let list = ws.block(home, "column_list", json!({}));
    for words in ["text", ""] {
        let column = ws.block(list, "column", json!({}));
        if !words.is_empty() {
            ws.paragraph(column, words);
        }
    }
    for restorer in [Restorer::home(ws.clone()), Restorer::abroad(ws.clone())] {
        restorer.prove();
    }
}

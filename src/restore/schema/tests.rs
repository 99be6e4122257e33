//! Every row of the table of property schemas (section 5 of the API digest).

use super::super::fixed::{Fixed, assert_fits, id};
use super::super::pending::{Known, filled};
use super::*;
use crate::restore::Text;

const ONE: u128 = 0x101;
const TWO: u128 = 0x202;

fn source(number: u128, properties: Value) -> Value {
    let mut properties = properties;
    for (name, property) in properties.as_object_mut().unwrap() {
        property["name"] = json!(name);
        if property.get("id").is_none() {
            property["id"] = json!(format!("id-{name}"));
        }
    }
    json!({"object": "data_source", "id": id(number), "properties": properties,
           "parent": {"type": "database_id", "database_id": id(number + 1)}})
}

fn property(kind: &str, config: Value) -> Value {
    json!({"type": kind, "description": null, kind: config})
}

fn made(sources: &[Value], targets: &Fixed) -> Schemas {
    let made = schemas(sources, targets);
    for properties in made.initial.values() {
        assert_fits(
            "ReqCreateDatabase",
            &json!({"parent": {"type": "page_id", "page_id": id(1)},
                    "initial_data_source": {"properties": properties}}),
        );
    }
    for change in &made.changes {
        assert_fits("ReqUpdateDataSource", &change.body());
    }
    made
}

fn losses(made: &Schemas) -> Vec<(String, Degree)> {
    let losses = made.notes.losses.iter();
    losses.map(|it| (it.what.clone(), it.degree)).collect()
}

/// One plain property: what creates it, and what is lost.
fn plain(read: Value) -> (Option<Value>, Vec<Degree>) {
    let title = property("title", json!({}));
    let source = source(ONE, json!({"T": title, "P": read}));
    let made = made(&[source], &Fixed::default());
    assert!(made.changes.is_empty());
    let created = made.initial[&id(ONE)].get("P").cloned();
    assert_eq!(made.creates(id(ONE), "P"), created.is_some());
    let degrees = made.notes.losses.iter().map(|loss| loss.degree);
    (created, degrees.collect())
}

#[test]
fn plain_properties_follow_the_table() {
    use Degree::{Detail, Missing};
    for kind in "rich_text url email phone_number checkbox date people files place".split(' ') {
        let expected = json!({"type": kind, kind: {}});
        let (created, lost) = plain(property(kind, json!({})));
        assert_eq!((created, lost), (Some(expected), vec![]), "{kind}");
    }
    for kind in [
        "created_time",
        "created_by",
        "last_edited_time",
        "last_edited_by",
    ] {
        let expected = json!({"type": kind, kind: {}});
        let (created, lost) = plain(property(kind, json!({})));
        assert_eq!((created, lost), (Some(expected), vec![Detail]), "{kind}");
    }
    for kind in [
        "button",
        "verification",
        "location",
        "last_visited_time",
        "teleport",
    ] {
        let (created, lost) = plain(property(kind, json!({"x": 1})));
        assert_eq!((created, lost), (None, vec![Missing]), "{kind}");
    }
    for (kind, read, written, lost) in [
        (
            "number",
            json!({"format": "euro"}),
            json!({"format": "euro"}),
            vec![],
        ),
        ("number", json!({"format": "gold"}), json!({}), vec![Detail]),
        ("number", json!({}), json!({}), vec![]),
        (
            "unique_id",
            json!({"prefix": "PRJ"}),
            json!({"prefix": "PRJ"}),
            vec![Detail],
        ),
        (
            "unique_id",
            json!({"prefix": null}),
            json!({}),
            vec![Detail],
        ),
    ] {
        let expected = json!({"type": kind, kind: written});
        assert_eq!(plain(property(kind, read)), (Some(expected), lost));
    }
}

#[test]
fn titles_and_descriptions_come_back() {
    let mut title = property("title", json!({}));
    title["description"] = json!("what it is called");
    let with = source(ONE, json!({"Title": title}));
    let without = source(TWO, json!({}));
    let made = made(&[with, without], &Fixed::default());
    assert_eq!(
        json!(made.initial[&id(ONE)]),
        json!({"Title": {"type": "title", "title": {}, "description": "what it is called"}})
    );
    assert_eq!(
        json!(made.initial[&id(TWO)]),
        json!({"Name": {"title": {}}})
    );
}

#[test]
fn options_keep_order_colour_and_description_and_lose_commas() {
    let options = json!([
        {"id": "1", "name": "Z", "color": "red", "description": "last letter"},
        {"id": "2", "name": "A, B", "color": "mauve", "description": null},
        {"id": "3", "name": "z", "color": "blue"},
    ]);
    for kind in ["select", "multi_select"] {
        let (created, lost) = plain(property(kind, json!({"options": options})));
        let expected = json!([
            {"name": "Z", "color": "red", "description": "last letter"},
            {"name": "A\u{201a} B"},
        ]);
        assert_eq!(created.unwrap()[kind]["options"], expected);
        assert_eq!(lost, [Degree::StandIn, Degree::Detail, Degree::Missing]);
    }
    let many: Vec<Value> = (0..103)
        .map(|at| json!({"name": format!("o{at}")}))
        .collect();
    let (created, lost) = plain(property("select", json!({"options": many})));
    let written = &created.unwrap()["select"]["options"];
    assert_eq!(written.as_array().unwrap().len(), 100);
    assert_eq!(written[99], json!({"name": "o99"}));
    assert_eq!(lost, [Degree::Detail]);
    let (_, lost) = plain(property("status", json!({"options": many})));
    assert_eq!(lost, [Degree::Missing]);
}

#[test]
fn statuses_keep_the_groups_of_their_options() {
    let option = |name: &str| json!({"id": name, "name": name, "color": "default"});
    let group = |name: &str, color: &str, ids: Value| json!({"id": name, "name": name, "color": color, "option_ids": ids});
    let read = json!({
        "options": [option("d"), option("a"), option("b"), option("x")],
        "groups": [group("To-do", "gray", json!(["a"])), group("In progress", "blue", json!(["b"])),
                   group("Complete", "green", json!(["d"]))],
    });
    let (created, lost) = plain(property("status", read.clone()));
    let colour = "default";
    assert_eq!(
        created.unwrap()["status"]["options"],
        json!([{"name": "d", "color": colour, "group": "Complete"},
               {"name": "a", "color": colour, "group": "To-do"},
               {"name": "b", "color": colour, "group": "In progress"},
               {"name": "x", "color": colour}])
    );
    assert_eq!(lost, []);

    let mut renamed = read;
    renamed["groups"] = json!([
        group("Open", "gray", json!(["a"])),
        group("Doing", "pink", json!(["b"])),
        group("Closed", "green", json!(["d"])),
    ]);
    let (created, lost) = plain(property("status", renamed));
    let groups: Vec<Value> = created.unwrap()["status"]["options"]
        .as_array()
        .unwrap()
        .iter()
        .map(|option| option["group"].clone())
        .collect();
    assert_eq!(
        groups,
        [
            json!("Complete"),
            json!("To-do"),
            json!("In progress"),
            Value::Null
        ]
    );
    assert_eq!(lost, [Degree::Detail; 4]);
    let (created, _) = plain(property("status", json!({"options": []})));
    assert_eq!(created.unwrap()["status"], json!({}));
}

fn relation(to: u128, mirror: Option<(&str, &str)>) -> Value {
    let config = match mirror {
        None => json!({"data_source_id": id(to), "database_id": id(to + 1),
                       "type": "single_property", "single_property": {}}),
        Some((other, name)) => json!({"data_source_id": id(to), "database_id": id(to + 1),
            "type": "dual_property",
            "dual_property": {"synced_property_id": other, "synced_property_name": name}}),
    };
    property("relation", config)
}

#[test]
fn a_two_way_relation_is_made_from_one_side_and_its_mirror_renamed() {
    let mut tasks = relation(TWO, Some(("a:b", "Project")));
    tasks["id"] = json!("t~/1");
    let mut project = relation(ONE, Some(("t~/1", "Tasks")));
    project["id"] = json!("a%3Ab");
    project["description"] = json!("where it belongs");
    let sources = [
        source(
            TWO,
            json!({"T": property("title", json!({})), "Project": project}),
        ),
        source(
            ONE,
            json!({"T": property("title", json!({})), "Tasks/~": tasks}),
        ),
    ];
    let made = made(&sources, &Fixed::default());
    let undescribed = ("property 'Project'".to_string(), Degree::Detail);
    assert_eq!(losses(&made), [undescribed]);
    let project = PendingId::property(id(TWO), "Project");
    let expected = [
        Change {
            source: id(ONE),
            properties: json!({"Tasks/~": {"type": "relation", "relation": {
                "type": "dual_property", "data_source_id": PendingId::of(id(TWO)), "dual_property": {}}}})
            .as_object()
            .unwrap()
            .clone(),
            learns: vec![
                Learn {
                    at: "/properties/Tasks~1~0/id".into(),
                    id: PendingId::property(id(ONE), "Tasks/~"),
                },
                Learn {
                    at: "/properties/Tasks~1~0/relation/dual_property/synced_property_id".into(),
                    id: project,
                },
            ],
            stand_ins: vec![],
            renames: Vec::new(),
            about: vec!["Tasks/~".into()],
        },
        Change {
            source: id(TWO),
            properties: Map::new(),
            renames: vec![(project, "Project".into())],
            learns: vec![Learn {
                at: "/properties/Project/id".into(),
                id: project,
            }],
            stand_ins: vec![],
            about: vec!["Project".into()],
        },
    ];
    assert_eq!(made.changes, expected);
    assert!(made.writes(id(ONE), "Tasks/~") && !made.writes(id(TWO), "Project"));
    assert!(made.writes(id(ONE), "T"));
    assert_eq!(
        made.other_side(id(ONE), "Tasks/~"),
        Some((id(TWO), "Project"))
    );
    assert_eq!(
        made.other_side(id(TWO), "Project"),
        Some((id(ONE), "Tasks/~"))
    );
    let known = Known::from([(project, "x%3A".to_string())]);
    assert_eq!(
        filled(&made.changes[1].body(), &known),
        json!({"properties": {"x%3A": {"name": "Project"}}})
    );
}

#[test]
fn a_relation_of_a_source_to_itself_has_two_sides_or_one() {
    let mut parent = relation(ONE, Some(("sub", "Sub")));
    parent["id"] = json!("parent");
    let mut sub = relation(ONE, Some(("parent", "Parent")));
    sub["id"] = json!("sub");
    let mut alike = relation(ONE, Some(("alike", "Alike")));
    alike["id"] = json!("alike");
    let all = json!({"Parent": parent, "Sub": sub, "Alike": alike});
    let made = made(&[source(ONE, all)], &Fixed::default());
    let names: Vec<_> = made.changes.iter().map(|it| it.about.clone()).collect();
    assert_eq!(names, [vec!["Alike", "Parent"], vec!["Sub"]]);
    let first = &made.changes[0].properties;
    assert_eq!(first["Alike"]["relation"]["type"], "single_property");
    assert_eq!(first["Parent"]["relation"]["type"], "dual_property");
    assert_eq!(
        losses(&made),
        [("property 'Alike'".to_string(), Degree::Detail)]
    );
    assert!(made.writes(id(ONE), "Alike") && !made.writes(id(ONE), "Sub"));
}

#[test]
fn relations_out_of_what_is_restored_go_one_way_or_are_lost() {
    let (there, nowhere) = (0x303, 0x404);
    let targets = Fixed {
        same: [id(there)].into(),
        gone: [id(nowhere)].into(),
        ..Fixed::default()
    };
    let properties = json!({
        "Out": relation(there, Some(("x", "Back"))),
        "One": relation(there, None),
        "Lost": relation(nowhere, None),
        "Odd": property("relation", json!({})),
        "Half": relation(TWO, Some(("missing", "Missing"))),
        "Sum": property("rollup", json!({"function": "sum", "relation_property_name": "Out",
            "relation_property_id": "id-Out", "rollup_property_name": "Hours", "rollup_property_id": "h"})),
        "No sum": property("rollup", json!({"function": "sum", "relation_property_name": "Lost",
            "relation_property_id": "id-Lost", "rollup_property_name": "Hours", "rollup_property_id": "h"})),
    });
    let made = made(&[source(ONE, properties), source(TWO, json!({}))], &targets);
    assert_eq!(made.changes.len(), 2);
    let first = &made.changes[0].properties;
    for (name, to) in [
        ("Out", json!(id(there))),
        ("One", json!(id(there))),
        ("Half", json!(PendingId::of(id(TWO)))),
    ] {
        assert_eq!(
            first[name]["relation"],
            json!({"type": "single_property", "data_source_id": to, "single_property": {}}),
        );
    }
    assert_eq!(first.len(), 3);
    assert_eq!(
        json!(made.changes[1].properties),
        json!({"Sum": {"type": "rollup", "rollup": {"function": "sum",
               "relation_property_name": "Out", "rollup_property_name": "Hours"}}})
    );
    let mut lost = losses(&made);
    lost.sort();
    let named = |name: &str, degree| (format!("property '{name}'"), degree);
    assert_eq!(
        lost,
        [
            named("Half", Degree::Detail),
            named("Lost", Degree::Missing),
            named("No sum", Degree::Missing),
            named("Odd", Degree::Missing),
            named("Out", Degree::Detail),
        ]
    );
}

#[test]
fn rollups_and_formulas_come_after_what_they_use_one_change_a_level() {
    let formula = |text: &str| property("formula", json!({"expression": text}));
    let rollup = |relation: &str, rolled: &str, function: &str| {
        property(
            "rollup",
            json!({"function": function, "relation_property_name": relation,
            "relation_property_id": format!("id-{relation}"), "rollup_property_name": "stale name",
            "rollup_property_id": format!("id-{rolled}")}),
        )
    };
    let one = source(
        ONE,
        json!({
            "T": property("title", json!({})),
            "Tasks": relation(TWO, Some(("id-Project", "Project"))),
            "Hours": rollup("Tasks", "Twice", "sum"),
            "All": formula("prop(\"Hours\") + 1"),
            "Deep": formula("prop(\"Tasks\").map(current.prop(\"Back\"))"),
            "Go": property("button", json!({})),
            "Uses": formula("prop(\"Go\")"),
            "Uses again": formula("prop(\"Uses\")"),
            "Strange": rollup("Tasks", "T2", "guess"),
        }),
    );
    let two = source(
        TWO,
        json!({
            "T2": property("title", json!({})),
            "N": property("number", json!({})),
            "Project": relation(ONE, Some(("id-Tasks", "Tasks"))),
            "Twice": formula("prop(\"N\") * 2"),
            "Back": rollup("Project", "All", "max"),
        }),
    );
    let made = made(&[one, two], &Fixed::default());
    let order: Vec<(NotionId, Vec<String>)> = made
        .changes
        .iter()
        .map(|it| (it.source, it.about.clone()))
        .collect();
    let step = |number, names: &[&str]| {
        let names = names.iter().map(|name| name.to_string());
        (id(number), names.collect::<Vec<_>>())
    };
    assert_eq!(
        order,
        [
            step(ONE, &["Tasks"]),
            step(TWO, &["Twice"]),
            step(ONE, &["Strange", "Hours"]),
            step(TWO, &["Project"]),
            step(ONE, &["All"]),
            step(TWO, &["Back"]),
            step(ONE, &["Deep"]),
        ]
    );
    assert_eq!(
        made.changes[2].properties["Hours"]["rollup"],
        json!({"function": "sum", "relation_property_name": "Tasks", "rollup_property_name": "Twice"})
    );
    let strange = &made.changes[2].properties["Strange"]["rollup"]["function"];
    assert_eq!(strange, "show_original");
    // What uses a column that cannot be made is a plain one, with its values.
    for name in ["Uses", "Uses again"] {
        let plain = Some(&Results::Plain("rich_text"));
        assert_eq!(made.results(id(ONE), name), plain);
        let config = json!({"type": "rich_text", "rich_text": {}});
        assert_eq!(made.initial[&id(ONE)][name], config);
    }
    let losses = losses(&made);
    let lost = |name: &str, degree| (format!("property '{name}'"), degree);
    for loss in [
        lost("Go", Degree::Missing),
        lost("Uses", Degree::StandIn),
        lost("Uses again", Degree::StandIn),
    ] {
        assert!(losses.contains(&loss), "{loss:?}");
    }
    assert!(
        losses
            .iter()
            .all(|it| it.1 != Degree::Missing || it.0 == "property 'Go'")
    );
}

#[test]
fn a_formula_is_sent_with_what_it_becomes_where_it_is_refused() {
    let formula = |text: &str| property("formula", json!({"expression": text}));
    let one = source(
        ONE,
        json!({
            "T": property("title", json!({})),
            "N": property("number", json!({})),
            "Twice": formula("=prop(\"N\") * 2"),
            "More": formula("prop(\"Twice\") + 1"),
            "Long": formula(&format!("prop(\"Twice\") + \"{}\"", "x".repeat(60_000))),
            "After": formula("length(prop(\"Long\"))"),
            "Unknown": {"type": "formula", "id": "u", "formula": {}},
        }),
    );
    let targets = Fixed {
        workspace: Some(id(0xee)),
        results: [
            ("Twice", vec!["number"]),
            ("More", vec!["date", "unsupported"]),
            ("Long", vec!["boolean"]),
            ("After", vec!["number", "string"]),
        ]
        .into(),
        ..Fixed::default()
    };
    let made = made(&[one], &targets);
    let mark = |name: &str| {
        Text::from("{{notion:block_property:")
            .id(PendingId::property(id(ONE), name))
            .then(":")
            .id(PendingId::of(id(ONE)))
            .then(&format!(":{}}}}}", id(0xee)))
            .filled(&Known::new())
    };
    // One request: none waits for another, as none uses another any more.
    assert_eq!(made.changes.len(), 1);
    let text = |name: &str| {
        let made = &made.changes[0].properties[name]["formula"]["expression"];
        filled(made, &Known::new())
    };
    assert_eq!(text("Twice"), json!(format!("{} * 2", mark("N"))));
    assert_eq!(text("More"), json!(format!("({} * 2) + 1", mark("N"))));
    // What is a plain column from the start is named as one.
    assert_eq!(text("After"), json!(format!("length({})", mark("Long"))));
    assert_eq!(
        made.results(id(ONE), "Long"),
        Some(&Results::Plain("checkbox"))
    );
    assert_eq!(
        made.results(id(ONE), "Unknown"),
        Some(&Results::Plain("rich_text"))
    );
    assert_eq!(made.initial[&id(ONE)]["Long"]["type"], "checkbox");
    let kinds: Vec<(&str, &str)> = made.changes[0]
        .stand_ins
        .iter()
        .map(|it| (it.name.as_str(), it.config["type"].as_str().unwrap()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("After", "rich_text"),
            ("More", "date"),
            ("Twice", "number")
        ]
    );
    let why = &made.changes[0].stand_ins[1].why;
    assert!(why.contains("formula was: (prop(\"N\") * 2) + 1"), "{why}");
    assert!(why.contains("'unsupported'"), "{why}");
    let learned: Vec<&str> = made.changes[0]
        .learns
        .iter()
        .map(|it| it.at.as_str())
        .collect();
    assert!(learned.contains(&"/stand_ins/Twice"), "{learned:?}");
}

#[test]
fn people_who_are_not_there_get_a_column_for_their_names() {
    let one = source(
        ONE,
        json!({
            "T": property("title", json!({})),
            "Owner": property("people", json!({})),
            "owner (Names)": property("number", json!({})),
            "Team": property("people", json!({})),
        }),
    );
    let targets = Fixed {
        absent: ["Owner"].into(),
        ..Fixed::default()
    };
    let made = made(&[one], &targets);
    // Notion's own column has the first name already.
    let name = "Owner (names 2)";
    assert_eq!(made.names(id(ONE), "Owner"), Some(name));
    assert_eq!(made.names(id(ONE), "Team"), None);
    assert!(made.creates(id(ONE), name));
    assert_eq!(made.initial[&id(ONE)][name]["type"], "rich_text");
    assert_eq!(made.initial[&id(ONE)].len(), 5);
    let why = &made.notes.losses[0].why;
    assert!(why.contains("Ada") && why.contains(name), "{why}");
}

#[test]
fn circles_and_nonsense_end() {
    let formula = |text: &str| property("formula", json!({"expression": text}));
    let all = json!({
        "A": formula("prop(\"B\")"), "B": formula("prop(\"A\")"), "C": formula("prop(\"C\")"),
        "D": formula("current.prop(\"D\")"), "E": {"type": "formula"}, "F": {"type": "rollup"},
        "G": {"type": 7}, "H": 7,
    });
    let made = made(
        &[
            source(ONE, json!({})),
            json!({"id": id(TWO), "properties": 3}),
            json!(1),
            json!({"id": id(3), "properties": {"x": 1}}),
        ],
        &Fixed::default(),
    );
    assert_eq!(made.initial.len(), 3);
    let mut odd = source(ONE, json!({}));
    odd["properties"] = all;
    odd["parent"] = json!({"type": "data_source_id", "data_source_id": id(9)});
    let made = schemas(&[odd], &Fixed::default());
    for name in ["A", "B", "C", "D"] {
        assert!(made.creates(id(ONE), name), "{name}");
    }
    let synced = ("synced database".to_string(), Degree::Detail);
    assert!(losses(&made).contains(&synced));
}

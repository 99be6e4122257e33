//! Every type of view and every field of it (sections 2.6 and 7.5 of the API digest).

use super::super::Text;
use super::super::fixed::{Fixed, assert_fits, id};
use super::super::pending::fields;
use super::super::schema::schemas;
use super::*;

const SOURCE: u128 = 0x50;

fn targets() -> Fixed {
    Fixed {
        users: [(id(1), id(11))].into(),
        gone: [id(0x66)].into(),
        same: [id(0x77)].into(),
        absent: ["Owner"].into(),
        results: [("Old", vec!["number"])].into(),
        ..Fixed::default()
    }
}

fn source() -> Value {
    let property = |id: &str, kind: &str| json!({"id": id, "type": kind, kind: {}});
    let status = json!({"id": "st", "type": "status", "status": {"options": [{"name": "Done"}]}});
    json!({"id": id(SOURCE), "properties": {
        "Name": property("title", "title"),
        "When": property("%5C%5ChhE", "date"),
        "Size": property("sz", "select"),
        "Stage": status,
        "Sum": property("su", "number"),
        "Where": property("pl", "place"),
        "Go": property("go", "button"),
        "Who": property("who", "people"),
        "Owner": property("own", "people"),
        "Score": {"id": "sc", "type": "formula", "formula": {"expression": "1"}},
        "Old": {"id": "old", "type": "formula", "formula": {}},
        "Rel": {"id": "rel", "type": "relation", "relation": {
            "type": "single_property", "data_source_id": id(0x51), "single_property": {}}},
        "Roll": {"id": "roll", "type": "rollup", "rollup": {"function": "show_original",
            "relation_property_id": "rel", "rollup_property_name": "X"}},
    }})
}

fn token(name: &str) -> Value {
    json!(PendingId::property(id(SOURCE), name))
}

fn all(list: &Value) -> (Vec<View>, Notes) {
    let source = source();
    let find = |of: NotionId| (of == id(SOURCE)).then_some(&source);
    let schemas = schemas(std::slice::from_ref(&source), &targets());
    let mut notes = Notes::default();
    let made = views(list, &find, &schemas, &targets(), &mut notes);
    for create in made.iter().flat_map(|view| {
        let place = |mut create: Value| {
            create["database_id"] = json!(id(2));
            create
        };
        let widgets = view.widgets.iter().map(|widget| widget.create.clone());
        widgets.chain([place(view.create.clone())])
    }) {
        fits(create);
    }
    (made, notes)
}

/// The types of view requests say nothing about filters and sorts, those of queries do.
fn fits(mut create: Value) {
    let fields = create.as_object_mut().unwrap();
    fields.remove("quick_filters");
    let mut query = json!({});
    for (from, to) in [("filter", "filter"), ("sorts", "sorts")] {
        if let Some(part) = fields.remove(from) {
            query[to] = part;
        }
    }
    assert_fits("ReqQuery", &query);
    assert_fits("ReqCreateView", &create);
}

fn view(kind: &str, more: Value) -> Value {
    let mut view = json!({"object": "view", "id": id(3), "name": "V", "type": kind,
        "data_source_id": id(SOURCE), "filter": null, "sorts": null, "quick_filters": null,
        "configuration": null, "parent": {"type": "database_id", "database_id": id(4)},
        "created_time": "2026-01-01T00:00:00.000Z", "url": "https://www.notion.so/x"});
    for (key, part) in more.as_object().unwrap() {
        view[key] = part.clone();
    }
    view
}

/// One part of a view: what is sent, and how many losses there are.
fn part(kind: &str, key: &str, read: Value) -> (Value, usize) {
    let (made, notes) = all(&json!([view(kind, json!({key: read}))]));
    assert!(
        notes.losses.iter().all(|loss| loss.id == id(3)
            && loss.what == "view 'V'"
            && loss.degree == Degree::Detail)
    );
    (made[0].create[key].clone(), notes.losses.len())
}

#[test]
fn filters_name_what_is_there() {
    let (when, size, stage) = (token("When"), token("Size"), token("Stage"));
    let same = |read: Value| (read.clone(), read, 0);
    for (read, written, lost) in [
        (
            json!({"and": [
                {"property": r"\\hhE", "date": {"past_week": {}}, "type": "date"},
                {"or": [{"property": "Size", "select": {"equals": ["A, B", "C"]}},
                        {"property": "go", "checkbox": {"equals": true}},
                        {"timestamp": "created_time", "created_time": {"past_week": {}}}]}]}),
            json!({"and": [
                {"property": when, "date": {"past_week": {}}},
                {"or": [{"property": size, "select": {"equals": ["A\u{201a} B", "C"]}},
                        {"timestamp": "created_time", "created_time": {"past_week": {}}}]}]}),
            1,
        ),
        (
            json!({"property": "st", "property_name": "Stage", "status": {"does_not_equal": "Done"}}),
            json!({"property": stage, "status": {"does_not_equal": "Done"}}),
            0,
        ),
        (
            json!({"or": [{"property": "go", "checkbox": {"equals": true}}]}),
            Value::Null,
            1,
        ),
        (
            json!({"property": "sz", "teleport": {"equals": 1}}),
            Value::Null,
            1,
        ),
        (
            json!({"property": "who", "people": {"contains": id(1)}}),
            json!({"property": token("Who"), "people": {"contains": id(11)}}),
            0,
        ),
        (
            json!({"property": "who", "people": {"contains": id(2)}}),
            Value::Null,
            1,
        ),
        (
            json!({"property": "who", "people": {"contains": "me"}}),
            json!({"property": token("Who"), "people": {"contains": "me"}}),
            0,
        ),
        (
            json!({"property": "rel", "relation": {"contains": id(9)}}),
            json!({"property": token("Rel"), "relation": {"contains": PendingId::of(id(9))}}),
            0,
        ),
        (
            json!({"property": "rel", "relation": {"contains": id(0x77)}}),
            json!({"property": token("Rel"), "relation": {"contains": id(0x77)}}),
            0,
        ),
        (
            json!({"property": "rel", "relation": {"contains": id(0x66)}}),
            Value::Null,
            1,
        ),
        (
            json!({"property": "rel", "relation": {"is_empty": true}}),
            json!({"property": token("Rel"), "relation": {"is_empty": true}}),
            0,
        ),
        (
            json!({"property": "roll", "rollup": {"any": {"relation": {"contains": id(9)}}}}),
            json!({"property": token("Roll"), "rollup": {"any": {"relation": {"contains": PendingId::of(id(9))}}}}),
            0,
        ),
        (
            json!({"property": "roll", "rollup": {"number": {"equals": 1}}}),
            json!({"property": token("Roll"), "rollup": {"number": {"equals": 1}}}),
            0,
        ),
        same(json!({"timestamp": "last_edited_time", "last_edited_time": {"next_week": {}}})),
    ] {
        assert_eq!(
            part("table", "filter", read.clone()),
            (written, lost),
            "{read}"
        );
    }
}

#[test]
fn sorts_and_quick_filters_name_what_is_there() {
    let read = json!([
        {"property": "When", "direction": "descending"},
        {"property": "go", "direction": "ascending"},
        {"timestamp": "created_time", "direction": "ascending"}]);
    let written = json!([
        {"property": token("When"), "direction": "descending"},
        {"timestamp": "created_time", "direction": "ascending"}]);
    assert_eq!(part("list", "sorts", read), (written, 1));
    let read = json!({"Size": {"select": {"equals": "A, B"}}, "When": {}, "Go": {},
                      "who": {"people": {"contains": id(2)}}});
    let of = |name: &str| Text::from(PendingId::property(id(SOURCE), name));
    let written = fields(vec![
        (of("Size"), json!({"select": {"equals": "A\u{201a} B"}})),
        (of("When"), json!({})),
    ]);
    assert_eq!(part("list", "quick_filters", read), (written, 2));
}

#[test]
fn configurations_are_written_field_by_field() {
    let (title, when, size, stage) = (token("Name"), token("When"), token("Size"), token("Stage"));
    let (sum, rel) = (token("Sum"), token("Rel"));
    let properties = json!([
        {"property_id": "title", "property_name": "Name", "visible": true, "width": 240, "wrap": true},
        {"property_id": "%5C%5ChhE", "visible": false, "date_format": "relative", "time_format": "24_hour", "width": 3},
        {"property_id": "go", "visible": true},
        {"property_id": "st", "status_show_as": "checkbox", "card_property_width_mode": "inline", "brand_new": 1},
    ]);
    let columns = json!([
        {"property_id": title, "visible": true, "width": 240, "wrap": true},
        {"property_id": when, "visible": false, "date_format": "relative", "time_format": "24_hour", "width": 32},
        {"property_id": stage, "status_show_as": "checkbox", "card_property_width_mode": "inline"},
    ]);
    let group = json!({"type": "select", "property_id": "sz", "property_name": "Size",
                       "sort": {"type": "manual"}, "hide_empty_groups": true});
    let grouped = json!({"type": "select", "property_id": size, "sort": {"type": "manual"}, "hide_empty_groups": true});
    let lost_group = json!({"type": "checkbox", "property_id": "go", "sort": {"type": "manual"}});
    let status = json!({"type": "status", "property_id": "st", "group_by": "option", "sort": {"type": "ascending"}});
    let by_status = json!({"type": "status", "property_id": stage, "group_by": "option", "sort": {"type": "ascending"}});
    for (kind, read, written, lost) in [
        (
            "table",
            json!({"type": "table", "properties": properties, "group_by": group, "wrap_cells": true,
                   "frozen_column_index": -1, "show_vertical_lines": false, "view_range": "week",
                   "subtasks": {"property_id": "rel", "display_mode": "show", "filter_scope": "parents",
                                "toggle_column_id": "title"}}),
            json!({"type": "table", "properties": columns, "group_by": grouped, "wrap_cells": true,
                   "show_vertical_lines": false,
                   "subtasks": {"property_id": rel, "display_mode": "show", "filter_scope": "parents",
                                "toggle_column_id": title}}),
            1,
        ),
        (
            "table",
            json!({"type": "table", "group_by": lost_group, "frozen_column_index": 2, "properties": null}),
            json!({"type": "table", "frozen_column_index": 2}),
            1,
        ),
        (
            "board",
            json!({"type": "board", "group_by": status, "sub_group_by": group, "card_layout": "compact",
                   "cover": {"type": "page_content_first"}, "cover_size": "medium", "cover_aspect": null}),
            json!({"type": "board", "group_by": by_status, "sub_group_by": grouped, "card_layout": "compact",
                   "cover": {"type": "page_content"}, "cover_size": "medium"}),
            0,
        ),
        (
            "board",
            json!({"type": "board", "group_by": lost_group}),
            Value::Null,
            2,
        ),
        (
            "board",
            json!({"type": "board", "group_by": {"type": "teleport", "property_id": "sz", "sort": {"type": "manual"}}}),
            Value::Null,
            2,
        ),
        (
            "list",
            json!({"type": "list", "properties": []}),
            json!({"type": "list", "properties": []}),
            0,
        ),
        (
            "calendar",
            json!({"type": "calendar", "date_property_id": "%5C%5ChhE", "date_property_name": "When",
                   "view_range": "month", "show_weekends": true}),
            json!({"type": "calendar", "date_property_id": when, "view_range": "month", "show_weekends": true}),
            0,
        ),
        (
            "calendar",
            json!({"type": "calendar", "date_property_id": "gone"}),
            Value::Null,
            2,
        ),
        (
            "timeline",
            json!({"type": "timeline", "date_property_id": "%5C%5ChhE", "end_date_property_id": "go",
                   "show_table": true, "table_properties": properties, "color_by": false,
                   "arrows_by": {"property_id": null},
                   "preference": {"zoom_level": "month", "center_timestamp": 1_750_000_000_000_u64}}),
            json!({"type": "timeline", "date_property_id": when, "show_table": true, "table_properties": columns,
                   "color_by": false, "arrows_by": {},
                   "preference": {"zoom_level": "month", "center_timestamp": 1_750_000_000_000_u64}}),
            2,
        ),
        (
            "gallery",
            json!({"type": "gallery", "cover": {"type": "property", "property_id": "go"}, "cover_size": "large"}),
            json!({"type": "gallery", "cover_size": "large"}),
            1,
        ),
        (
            "form",
            json!({"type": "form", "is_form_closed": false, "anonymous_submissions": true, "submission_permissions": "none"}),
            json!({"type": "form", "is_form_closed": false, "anonymous_submissions": true, "submission_permissions": "none"}),
            1,
        ),
        (
            "chart",
            json!({"type": "chart", "chart_type": "bar", "x_axis": group,
                   "y_axis": {"aggregator": "sum", "property_id": "su"}, "value": {"aggregator": "count"},
                   "x_axis_property_id": "sz", "y_axis_property_id": null, "stack_by": status,
                   "sort": "x_ascending", "height": "large", "caption": "c", "y_axis_min": 0, "cumulative": true,
                   "reference_lines": [{"id": "l1", "value": 10, "label": "goal", "color": "red", "dash_style": "dash"}]}),
            json!({"type": "chart", "chart_type": "bar", "x_axis": grouped,
                   "y_axis": {"aggregator": "sum", "property_id": sum}, "value": {"aggregator": "count"},
                   "x_axis_property_id": size, "stack_by": by_status, "sort": "x_ascending", "height": "large",
                   "caption": "c", "y_axis_min": 0, "cumulative": true,
                   "reference_lines": [{"value": 10, "label": "goal", "color": "red", "dash_style": "dash"}]}),
            0,
        ),
        ("chart", json!({"type": "chart"}), Value::Null, 1),
        (
            "map",
            json!({"type": "map", "height": "small", "map_by": "pl"}),
            json!({"type": "map", "height": "small", "map_by": token("Where")}),
            0,
        ),
    ] {
        assert_eq!(part(kind, "configuration", read), (written, lost), "{kind}");
    }
}

#[test]
fn formula_groups_are_nested() {
    let group = |property: Value| {
        json!({"type": "formula", "property_id": property, "hide_empty_groups": true,
               "group_by": {"type": "date", "group_by": "month", "start_day_of_week": 1, "sort": {"type": "manual"}}})
    };
    let read = json!({"type": "table", "group_by": group(json!("su"))});
    let written = json!({"type": "table", "group_by": group(token("Sum"))});
    assert_eq!(part("table", "configuration", read), (written, 0));
}

#[test]
fn a_view_of_what_is_not_restored_keeps_its_ids_or_is_lost() {
    let filter = json!({"property": "x%3Ay", "checkbox": {"equals": true}});
    let out = view(
        "table",
        json!({"data_source_id": id(0x77), "filter": filter}),
    );
    let (made, notes) = all(&json!([out]));
    assert_eq!(made[0].create["data_source_id"], json!(id(0x77)));
    assert_eq!(made[0].create["filter"], filter);
    assert!(notes.losses.is_empty());
    let lost = json!([
        view("table", json!({"data_source_id": id(0x66)})),
        view("table", json!({"data_source_id": null})),
        view("feed", json!({})),
        {"object": "view", "id": id(3)},
        7,
    ]);
    let (made, notes) = all(&lost);
    assert_eq!(made, []);
    let degrees: Vec<Degree> = notes.losses.iter().map(|loss| loss.degree).collect();
    assert_eq!(degrees, [Degree::Missing; 4]);
}

#[test]
fn dashboards_are_filled_row_by_row() {
    let widget = |number: u128, kind: &str| {
        view(
            kind,
            json!({"id": id(number), "name": format!("w{number}"), "dashboard_view_id": id(3)}),
        )
    };
    let row = |widgets: &[u128]| {
        let widgets: Vec<Value> = widgets
            .iter()
            .map(|it| json!({"id": "w", "view_id": id(*it), "width": 2}))
            .collect();
        json!({"id": "r", "height": 300, "widgets": widgets})
    };
    let rows = json!({"type": "dashboard", "rows": [row(&[0x31, 0x32]), row(&[0x39]), row(&[0x33, 0x34])]});
    let dashboard = view(
        "dashboard",
        json!({"data_source_id": null, "configuration": rows}),
    );
    let (made, notes) = all(&json!([
        view("table", json!({"id": id(8)})),
        dashboard,
        widget(0x35, "list"),
        widget(0x34, "list"),
        widget(0x33, "feed"),
        widget(0x32, "list"),
        widget(0x31, "list"),
    ]));
    let tabs: Vec<NotionId> = made.iter().map(|view| view.old).collect();
    assert_eq!(tabs, [id(8), id(3)]);
    assert_eq!(
        made[1].create,
        json!({"data_source_id": PendingId::of(id(SOURCE)), "name": "V", "type": "dashboard"})
    );
    let placed: Vec<(NotionId, Value)> = made[1]
        .widgets
        .iter()
        .map(|widget| (widget.old, widget.create["placement"].clone()))
        .collect();
    let new = json!({"type": "new_row"});
    assert_eq!(
        placed,
        [
            (id(0x31), new.clone()),
            (id(0x32), json!({"type": "existing_row", "row_index": 0})),
            (id(0x34), new.clone()),
            (id(0x35), new),
        ]
    );
    assert!(
        made[1]
            .widgets
            .iter()
            .all(|it| it.create["view_id"] == json!(PendingId::of(id(3))))
    );
    let lost: Vec<(NotionId, Degree)> = notes.losses.iter().map(|it| (it.id, it.degree)).collect();
    use Degree::{Detail, Missing};
    assert_eq!(
        lost,
        [(id(3), Detail), (id(0x39), Missing), (id(0x33), Missing)]
    );

    let many: Vec<u128> = (0x100..0x106).collect();
    let rows = json!({"rows": (0..4).map(|_| row(&[])).chain([row(&many)]).collect::<Vec<_>>()});
    let mut list = vec![view("dashboard", json!({"configuration": rows}))];
    list.extend((0x100..0x110).map(|number| widget(number, "list")));
    let (made, notes) = all(&json!(list));
    assert_eq!(made[0].widgets.len(), 12);
    assert_eq!(notes.losses.len(), 1 + 4);
    let (made, notes) = all(&json!([view("dashboard", json!({"data_source_id": null}))]));
    assert_eq!((made.len(), notes.losses.len()), (0, 1));
}

#[test]
fn a_view_that_goes_by_a_formula_has_a_spare_one_that_does_not() {
    let (score, size, stage) = (token("Score"), token("Size"), token("Stage"));
    let by_formula = json!({"property": "sc", "formula": {"number": {"equals": 1}}});
    let by_size = json!({"property": "sz", "select": {"equals": "A"}});
    let read = json!({
        "filter": {"and": [by_formula, by_size]},
        "sorts": [{"property": "sc", "direction": "ascending"}, {"property": "st", "direction": "descending"}],
        "quick_filters": {"sc": {"formula": {"number": {"equals": 2}}}, "sz": {"select": {"equals": "A"}}},
        "configuration": {"type": "table", "group_by": {"type": "formula", "property_id": "sc", "hide_empty_groups": true,
                "group_by": {"type": "checkbox", "sort": {"type": "manual"}}},
            "properties": [{"property_id": "sc", "visible": true}]},
    });
    let (made, notes) = all(&json!([view("table", read)]));
    let create = &made[0].create;
    assert_eq!(create["filter"]["and"].as_array().unwrap().len(), 2);
    assert_eq!(create["sorts"][0]["property"], json!(score));
    assert!(create["configuration"]["group_by"].is_object());
    assert_eq!(notes, Notes::default());
    let spare = made[0].spare.as_ref().unwrap();
    let left = json!({"and": [{"property": size, "select": {"equals": "A"}}]});
    assert_eq!(spare.body["filter"], left);
    assert_eq!(
        spare.body["sorts"],
        json!([{"property": stage, "direction": "descending"}])
    );
    assert_eq!(
        spare.body["quick_filters"],
        fields(vec![(
            Text::from(PendingId::property(id(SOURCE), "Size")),
            json!({"select": {"equals": "A"}})
        )])
    );
    // It is still shown, which takes no knowledge of its type.
    assert_eq!(
        spare.body["configuration"],
        json!({"type": "table", "properties": [{"property_id": score, "visible": true}]})
    );
    assert_eq!(
        spare.lost,
        [
            "a filter by the formula 'Score'",
            "a sort by the formula 'Score'",
            "a quick filter by the formula 'Score'",
            "'group_by' by the formula 'Score'",
        ]
    );
    let (made, _) = all(&json!([view("table", json!({"filter": by_size}))]));
    assert_eq!(made[0].spare, None);
}

#[test]
fn a_formula_that_is_a_plain_column_is_filtered_as_one() {
    let old = token("Old");
    let by = |kind: &str| json!({"property": "old", "formula": {kind: {"is_not_empty": true}}});
    let (written, lost) = part("table", "filter", by("number"));
    assert_eq!(
        written,
        json!({"property": old, "number": {"is_not_empty": true}})
    );
    assert_eq!(lost, 0);
    let (written, lost) = part("table", "filter", by("string"));
    assert_eq!((written, lost), (Value::Null, 1));
    let group = json!({"type": "table", "group_by": {"type": "formula", "property_id": "old"}});
    let (written, lost) = part("table", "configuration", group);
    assert_eq!((written, lost), (json!({"type": "table"}), 1));
}

#[test]
fn names_of_people_are_shown_beside_them() {
    let list = json!({"type": "list", "properties": [
        {"property_id": "own", "visible": true, "width": 200}, {"property_id": "who", "visible": false}]});
    let (written, lost) = part("list", "configuration", list);
    let shown: Vec<(&Value, bool)> = written["properties"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["property_id"], it["visible"] == true))
        .collect();
    let tokens = [token("Owner"), token("Owner (names)"), token("Who")];
    assert_eq!(
        shown,
        [(&tokens[0], true), (&tokens[1], true), (&tokens[2], false)]
    );
    assert_eq!(lost, 0);
}

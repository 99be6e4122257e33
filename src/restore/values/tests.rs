//! Every row of the table of property values (section 6 of the API digest).

use super::super::PendingId;
use super::super::fixed::{Fixed, assert_fits, id};
use super::super::schema::schemas;
use super::*;

fn targets() -> Fixed {
    Fixed {
        users: [(id(1), id(11)), (id(2), id(12))].into(),
        gone: [id(0x66)].into(),
        same: [id(0x77)].into(),
        later: [id(0x88)].into(),
        ..Fixed::default()
    }
}

/// The values of a row with one property besides.
fn run(kind: &str, config: Value, value: Value, complete: Value) -> Values {
    let source =
        json!({"id": id(0x50), "properties": {"P": {"id": "p", "type": kind, kind: config}}});
    let page = json!({"id": id(5), "properties": {"P": {"id": "p", "type": kind, kind: value}}});
    let schemas = schemas(std::slice::from_ref(&source), &targets());
    let made = values(&page, &complete, &source, &schemas, &targets());
    assert_fits(
        "ReqCreatePage",
        &json!({"parent": {"data_source_id": id(1)}, "properties": made.properties}),
    );
    assert!(made.notes.losses.iter().all(|loss| loss.id == id(5)));
    made
}

fn of(kind: &str, config: Value, value: Value) -> (Value, Vec<Degree>, Vec<String>) {
    let made = run(kind, config, value, Value::Null);
    let written = made.properties.get("P").map(|it| it[kind].clone());
    (written.unwrap_or(Value::Null), degrees(&made), told(&made))
}

fn degrees(made: &Values) -> Vec<Degree> {
    made.notes.losses.iter().map(|loss| loss.degree).collect()
}

fn told(made: &Values) -> Vec<String> {
    let texts = made.overflow.iter();
    texts
        .map(|it| crate::model::plain_text(&json!(it.text)))
        .collect()
}

fn run_of(text: &str) -> Value {
    json!({"type": "text", "text": {"content": text, "link": null}, "plain_text": text, "href": null,
           "annotations": {"bold": false, "italic": false, "strikethrough": false, "underline": false,
                           "code": false, "color": "default"}})
}

#[test]
fn plain_values_are_written_as_they_are_and_empty_ones_not_at_all() {
    for (kind, value) in [
        ("number", json!(1234.56)),
        ("number", json!(0)),
        ("checkbox", json!(true)),
        ("url", json!("https://example.com/")),
        ("email", json!("ada@example.com")),
        ("phone_number", json!("+49 30 123456")),
        ("date", json!({"start": "2026-05-01"})),
    ] {
        assert_eq!(
            of(kind, json!({}), value.clone()),
            (value, vec![], vec![]),
            "{kind}"
        );
    }
    for kind in "title rich_text number checkbox url email phone_number select multi_select \
        status date people files place relation formula rollup created_time unique_id"
        .split_whitespace()
    {
        for value in [json!(null), json!([]), json!(false), json!("")] {
            let made = run(kind, json!({}), value, Value::Null);
            assert!(
                made.properties.is_empty() && made.overflow.is_empty(),
                "{kind}"
            );
        }
    }
}

#[test]
fn texts_that_are_too_long_stand_in_the_body() {
    for (kind, limit) in [("url", 2000), ("email", 200), ("phone_number", 200)] {
        let fits = json!("ü".repeat(limit));
        assert_eq!(of(kind, json!({}), fits.clone()).0, fits);
        let long = "x".repeat(limit + 1);
        let (written, lost, told) = of(kind, json!({}), json!(long));
        assert_eq!(
            (written, lost, told),
            (Value::Null, vec![Degree::StandIn], vec![long])
        );
    }
}

#[test]
fn texts_come_from_the_complete_value_and_keep_everything() {
    let styled = |at: usize| {
        let mut run = run_of(&format!("{at} "));
        run["annotations"]["bold"] = json!(at.is_multiple_of(2));
        run
    };
    let items: Vec<Value> = (0..130)
        .map(|at| json!({"object": "property_item", "type": "rich_text", "rich_text": styled(at)}))
        .collect();
    let complete = json!({"P": {"head": {}, "items": items}});
    let made = run("rich_text", json!({}), json!([run_of("0")]), complete);
    let written = made.properties["P"]["rich_text"].as_array().unwrap();
    assert_eq!(written.len(), 100);
    assert_eq!(degrees(&made), [Degree::StandIn]);
    let whole: String = (0..130).map(|at| format!("{at} ")).collect();
    assert_eq!(told(&made), [whole]);
    assert_eq!(made.overflow[0].text.len(), 130);
}

#[test]
fn a_text_that_names_something_to_come_is_written_again() {
    let mention = |page: u128| {
        json!([{"type": "mention", "mention": {"type": "page", "page": {"id": id(page)}},
                "plain_text": "there", "annotations": {}}])
    };
    let made = run("title", json!({}), mention(0x88), Value::Null);
    assert_eq!(made.again, ["P"]);
    let made = run("title", json!({}), mention(0x99), Value::Null);
    assert!(made.again.is_empty());
    assert_eq!(
        made.properties["P"]["title"][0]["mention"]["page"]["id"],
        json!(PendingId::of(id(0x99)))
    );
}

#[test]
fn options_are_named_and_those_beyond_the_hundredth_made() {
    let config: Vec<Value> = (0..102)
        .map(|at| json!({"id": at.to_string(), "name": format!("o,{at}"), "color": "pink"}))
        .collect();
    let config = json!({"options": config});
    let value =
        |at: usize| json!({"id": at.to_string(), "name": format!("o,{at}"), "color": "pink"});
    let first = json!({"name": "o\u{201a}99"});
    let beyond = json!({"name": "o\u{201a}100", "color": "pink"});
    assert_eq!(of("select", config.clone(), value(99)).0, first);
    assert_eq!(of("select", config.clone(), value(100)).0, beyond);
    let unknown = json!({"name": "new", "color": "mauve"});
    assert_eq!(
        of("select", config.clone(), unknown).0,
        json!({"name": "new"})
    );
    let both = json!([value(100), value(99)]);
    assert_eq!(
        of("multi_select", config.clone(), both).0,
        json!([beyond, first])
    );
    assert_eq!(of("status", config.clone(), value(99)).0, first);
    assert_eq!(
        of("status", config.clone(), value(101)),
        (
            Value::Null,
            vec![Degree::StandIn],
            vec!["o,101".to_string()]
        )
    );
    let many: Vec<Value> = (0..101).map(value).collect();
    let (written, lost, told) = of("multi_select", config, json!(many));
    assert_eq!(written.as_array().unwrap().len(), 100);
    assert_eq!(
        (lost, told),
        (vec![Degree::StandIn], vec!["o,100".to_string()])
    );
}

#[test]
fn dates_with_a_zone_have_no_offset() {
    let date = |start: &str, end: Option<&str>, zone: Option<&str>| json!({"start": start, "end": end, "time_zone": zone});
    for (read, written, lost) in [
        (
            date("2026-05-01", Some("2026-05-03"), None),
            json!({"start": "2026-05-01", "end": "2026-05-03"}),
            0,
        ),
        (
            date("2026-05-01T10:00:00.000+02:00", None, None),
            json!({"start": "2026-05-01T10:00:00.000+02:00"}),
            0,
        ),
        (
            date(
                "2026-05-01T10:00:00.000-04:00",
                None,
                Some("America/New_York"),
            ),
            json!({"start": "2026-05-01T10:00:00.000", "time_zone": "America/New_York"}),
            0,
        ),
        (
            date("2026-05-01T10:00:00.000+01:00", None, Some("Mars/Olympus")),
            json!({"start": "2026-05-01T10:00:00.000+01:00"}),
            1,
        ),
    ] {
        let (made, degrees, _) = of("date", json!({}), read);
        assert_eq!((made, degrees.len()), (written, lost));
    }
}

#[test]
fn people_who_are_not_there_are_named() {
    let user = |number: u128| json!({"object": "user", "id": id(number)});
    let group = json!({"object": "group", "id": id(9), "name": "Design"});
    let read = json!([user(2), user(3), group, user(1)]);
    let there = |number: u128| json!({"object": "user", "id": id(number)});
    assert_eq!(
        of("people", json!({}), read),
        (
            json!([there(12), there(11)]),
            vec![Degree::StandIn],
            vec!["user 3, Design".to_string()]
        )
    );
    let items: Vec<Value> = (0..101).map(|_| json!({"people": user(1)})).collect();
    let complete = json!({"P": {"head": null, "items": items}});
    let made = run("people", json!({}), json!([user(1)]), complete);
    assert_eq!(
        made.properties["P"]["people"].as_array().unwrap().len(),
        100
    );
    assert_eq!(told(&made), ["user 1"]);
}

#[test]
fn files_are_uploaded_linked_or_named() {
    let hosted =
        |name: &str, url: &str| json!({"name": name, "type": "file", "file": {"url": url}});
    let link = json!({"name": "site", "type": "external", "external": {"url": "https://e/site"}});
    let long = json!({"name": "long", "type": "external", "external": {"url": "u".repeat(2001)}});
    let read = json!([
        hosted("plan.pdf", "https://s/1"),
        link,
        hosted("gone.pdf", "https://s/lost/x"),
        hosted("run.exe", "https://s/wrapped/run.exe"),
        long,
        {"name": "?", "type": "hologram"},
    ]);
    let (written, lost, told) = of("files", json!({}), read);
    let upload = |url: &str, name: &str| json!({"type": "file_upload", "file_upload": {"id": PendingId::named(url)}, "name": name});
    assert_eq!(
        written,
        json!([
            upload("https://s/1", "plan.pdf"),
            link,
            upload("https://s/wrapped/run.exe", "run.exe (run.exe.txt)"),
        ])
    );
    use Degree::{Detail, Missing};
    assert_eq!(lost, [Detail, Missing, Missing, Missing]);
    assert!(
        told[0].starts_with("gone.pdf (it was not stored)\nlong uuu"),
        "{told:?}"
    );
    let many: Vec<Value> = (0..101).map(|_| hosted("f", "https://s/f")).collect();
    let (written, lost, told) = of("files", json!({}), json!(many));
    assert_eq!(written.as_array().unwrap().len(), 100);
    assert_eq!(
        (lost.len(), told),
        (1, vec!["f (a request takes 100 files)".to_string()])
    );
}

#[test]
fn places_need_both_coordinates() {
    let read = json!({"lat": 52.5, "lon": 13.4, "name": "Berlin", "address": null, "new": 1});
    let written = json!({"lat": 52.5, "lon": 13.4, "name": "Berlin"});
    assert_eq!(of("place", json!({}), read).0, written);
    assert_eq!(of("place", json!({}), json!({"lat": 52.5})).0, Value::Null);
}

#[test]
fn relations_wait_for_rows_to_come_and_drop_what_is_gone() {
    let config =
        json!({"data_source_id": id(0x51), "type": "single_property", "single_property": {}});
    let to =
        |pages: &[u128]| -> Value { pages.iter().map(|page| json!({"id": id(*page)})).collect() };
    let (written, lost, _) = of("relation", config.clone(), to(&[9, 0x66, 0x77]));
    assert_eq!(
        written,
        json!([{"id": PendingId::of(id(9))}, {"id": id(0x77)}])
    );
    assert_eq!(lost, [Degree::Missing]);
    let made = run(
        "relation",
        config.clone(),
        to(&[9, 0x88, 0x66]),
        Value::Null,
    );
    assert!(made.properties.is_empty());
    assert_eq!(made.relations, [("P".to_string(), vec![id(9), id(0x88)])]);
    let items: Vec<Value> = (0x100..0x165)
        .map(|page| json!({"relation": {"id": id(page)}}))
        .collect();
    let complete = json!({"P": {"head": {}, "items": items}});
    let made = run("relation", config.clone(), to(&[0x100]), complete);
    assert_eq!(made.relations[0].1.len(), 101);
    // A dual relation's mirror is written by the other side.
    let dual = |source: u128, other: &str, of: u128| {
        json!({"id": id(of), "properties": {"P": {"id": format!("p{of}"), "type": "relation", "relation": {
            "data_source_id": id(source), "type": "dual_property",
            "dual_property": {"synced_property_id": other, "synced_property_name": "P"}}}}})
    };
    let sources = [dual(0x61, "p97", 0x60), dual(0x60, "p96", 0x61)];
    let schemas = schemas(&sources, &targets());
    let page =
        json!({"id": id(5), "properties": {"P": {"type": "relation", "relation": to(&[9])}}});
    let wrote = |source: &Value| {
        values(&page, &Value::Null, source, &schemas, &targets())
            .properties
            .len()
    };
    assert_eq!((wrote(&sources[0]), wrote(&sources[1])), (1, 0));
}

#[test]
fn what_has_no_property_stands_in_the_body() {
    let gone =
        json!({"data_source_id": id(0x66), "type": "single_property", "single_property": {}});
    for (kind, config, value, expected) in [
        (
            "relation",
            gone,
            json!([{"id": id(0xab)}]),
            "https://www.notion.so/000000000000000000000000000000ab",
        ),
        (
            "teleport",
            json!({}),
            json!({"to": [1, 0.5]}),
            r#"{"to":[1,0.5]}"#,
        ),
        (
            "last_visited_time",
            json!({}),
            json!("2026-02-03T04:05:00.000Z"),
            "2026-02-03T04:05:00.000Z",
        ),
        (
            "verification",
            json!({}),
            json!({"state": "verified", "date": {"start": "2026-01-01", "end": "2026-02-01"}}),
            "verified 2026-01-01 → 2026-02-01",
        ),
        (
            "rollup",
            json!({}),
            json!({"type": "array", "array": [{"type": "select", "select": {"name": "a"}}, {"type": "number", "number": 3}]}),
            "a, 3",
        ),
    ] {
        let (written, lost, told) = of(kind, config, value);
        assert_eq!((written, lost), (Value::Null, vec![]), "{kind}");
        assert_eq!(told, [expected], "{kind}");
    }
    for (kind, value) in [
        ("button", json!({})),
        ("verification", json!({"state": "unverified", "date": null})),
        ("rollup", json!({"type": "unsupported", "unsupported": {}})),
    ] {
        assert_eq!(
            of(kind, json!({}), value),
            (Value::Null, vec![], vec![]),
            "{kind}"
        );
    }
}

#[test]
fn values_that_do_not_fit_the_schema_are_never_sent() {
    let source = json!({"id": id(0x50), "properties": {"P": {"type": "number", "number": {}}}});
    let schemas = schemas(std::slice::from_ref(&source), &Fixed::default());
    let page = json!({"id": id(5), "properties": {
        "P": {"type": "email", "email": "a@example.com"}, "Q": {"type": "url", "url": "https://e"},
        "R": 7, "S": {"type": "people", "has_more": true}}});
    let made = values(&page, &Value::Null, &source, &schemas, &Fixed::default());
    assert!(made.properties.is_empty());
    assert_eq!(told(&made), ["a@example.com", "https://e"]);
    let cut = json!({"id": id(5), "properties": {"P": {"type": "number", "number": 1, "has_more": true}}});
    let made = values(&cut, &Value::Null, &source, &schemas, &Fixed::default());
    assert_eq!(degrees(&made), [Degree::Missing]);
}

#[test]
fn results_of_formulas_are_for_the_plain_column_in_their_place() {
    let source = |expression: Value| {
        json!({"id": id(0x50), "properties": {
            "T": {"id": "title", "type": "title", "title": {}},
            "F": {"id": "f", "type": "formula", "formula": expression}}})
    };
    let date = json!({"start": "2026-05-01", "end": null, "time_zone": null});
    let result = |kind: &str, value: Value| json!({"type": kind, kind: value});
    for (results, value, kind, written) in [
        (
            vec!["number"],
            result("number", json!(2.5)),
            "number",
            json!(2.5),
        ),
        (
            vec!["number"],
            result("number", json!(null)),
            "number",
            json!(null),
        ),
        (
            vec!["boolean"],
            result("boolean", json!(true)),
            "checkbox",
            json!(true),
        ),
        (
            vec!["boolean"],
            result("boolean", json!(false)),
            "checkbox",
            json!(null),
        ),
        (
            vec!["date"],
            result("date", date),
            "date",
            json!({"start": "2026-05-01"}),
        ),
        (
            vec!["date"],
            result("unsupported", json!({})),
            "date",
            json!(null),
        ),
        (
            vec!["string"],
            result("string", json!("so")),
            "rich_text",
            json!(rich_text::plain("so")),
        ),
        (
            vec!["string", "number"],
            result("number", json!(7)),
            "rich_text",
            json!(rich_text::plain("7")),
        ),
    ] {
        let targets = Fixed {
            results: [("F", results)].into(),
            ..targets()
        };
        let page = json!({"id": id(5), "properties": {"F": {"id": "f", "type": "formula", "formula": value}}});
        // Not sent from the start: under its name.
        let unknown = source(json!({}));
        let schema = schemas(std::slice::from_ref(&unknown), &targets);
        let made = values(&page, &Value::Null, &unknown, &schema, &targets);
        let found = made.properties.get("F").map(|it| it[kind].clone());
        assert_eq!(found.unwrap_or_default(), written, "{value}");
        assert!(made.results.is_empty() && made.overflow.is_empty());
        // Sent: for what it becomes if Notion refuses it.
        let sent = source(json!({"expression": "1"}));
        let schema = schemas(std::slice::from_ref(&sent), &targets);
        let made = values(&page, &Value::Null, &sent, &schema, &targets);
        assert!(made.properties.is_empty() && made.overflow.is_empty());
        let found: Vec<Value> = made.results.iter().map(|it| it.2[kind].clone()).collect();
        match written.is_null() {
            true => assert!(found.is_empty()),
            false => assert_eq!(found, [written]),
        }
        assert!(made.results.iter().all(|it| it.0 == "F"));
    }
}

#[test]
fn names_of_people_stand_in_their_own_column_in_every_row() {
    let user = |number: u128| json!({"object": "user", "id": id(number)});
    let source =
        json!({"id": id(0x50), "properties": {"P": {"id": "p", "type": "people", "people": {}}}});
    let targets = Fixed {
        absent: ["P"].into(),
        ..targets()
    };
    let schema = schemas(std::slice::from_ref(&source), &targets);
    for (people, written, names) in [
        (json!([user(1), user(3)]), 1, Some("user 1, user 3")),
        (json!([user(3)]), 0, Some("user 3")),
        (json!([user(2)]), 1, Some("user 2")),
        (json!([]), 0, None),
    ] {
        let page = json!({"id": id(5), "properties": {"P": {"id": "p", "type": "people", "people": people}}});
        let made = values(&page, &Value::Null, &source, &schema, &targets);
        let there = made
            .properties
            .get("P")
            .map_or(0, |it| it["people"].as_array().unwrap().len());
        assert_eq!(there, written);
        let shown = made.properties.get("P (names)").map(|it| &it["rich_text"]);
        assert_eq!(shown.map(crate::model::plain_text).as_deref(), names);
        assert!(made.overflow.is_empty() && made.notes.losses.is_empty());
    }
}

#[test]
fn what_cannot_be_read_is_told_and_stands_in_the_body() {
    for (kind, value, text) in [
        (
            "place",
            json!({"lat": null, "lon": null, "name": "Home", "address": "Main St 1"}),
            "Home, Main St 1",
        ),
        ("place", json!({"name": "Home"}), "Home"),
        ("place", json!({"lat": 1}), r#"{"lat":1}"#),
        ("date", json!({"start": "soon"}), r#"{"start":"soon"}"#),
        (
            "date",
            json!({"start": "2026-13-01", "end": "2026-12-01"}),
            r#"{"end":"2026-12-01","start":"2026-13-01"}"#,
        ),
        (
            "date",
            json!({"start": null, "end": "2026-12-01"}),
            r#"{"end":"2026-12-01","start":null}"#,
        ),
        ("date", json!("2026-12-01"), "2026-12-01"),
        ("number", json!("seven"), "seven"),
        ("select", json!("a"), "a"),
        ("checkbox", json!("yes"), "yes"),
        ("url", json!({"url": "x"}), r#"{"url":"x"}"#),
        ("files", json!({"name": "x"}), r#"{"name":"x"}"#),
    ] {
        let (written, lost, told) = of(kind, json!({}), value);
        assert_eq!(
            (written, lost),
            (Value::Null, vec![Degree::StandIn]),
            "{kind}"
        );
        assert_eq!(told, [text], "{kind}");
    }
    // All forms in which dates come.
    for start in [
        "2026-05-01",
        "2026-05-01T10:00:00.000+01:00",
        "2026-05-01T10:00:00.000Z",
        "2026-05-01T10:00:00",
    ] {
        let date = json!({"start": start});
        assert_eq!(of("date", json!({}), date.clone()), (date, vec![], vec![]));
    }
}

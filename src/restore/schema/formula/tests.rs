use super::*;
use crate::restore::fixed::{Fixed, id};
use crate::restore::pending::Known;

const OWN: u128 = 0x101;
const OTHER: u128 = 0x202;

fn key(name: &str) -> Key {
    (id(OWN), name.to_owned())
}

fn find(source: Option<NotionId>, text: &str, by: ByWhat) -> Option<Key> {
    let name = match (source.map_or(OWN, |it| it.bits()), text, by) {
        (OWN, "a%3A", ByWhat::Id) => "A \"b\"",
        (OWN, "t", ByWhat::Id) | (OWN, "Twice", ByWhat::Name) => "Twice",
        (OWN, "Ü", ByWhat::Name) => "Ü",
        (OTHER, "x", ByWhat::Id) => "X",
        _ => return None,
    };
    Some((source.unwrap_or(id(OWN)), name.to_owned()))
}

fn taken_apart(expression: &str) -> Vec<Part> {
    let targets = Fixed {
        users: [(id(1), id(11))].into(),
        ..Fixed::default()
    };
    parts(expression, &find, &targets)
}

/// A mark as answers have it.
fn mark(property: &str, source: u128) -> String {
    format!(
        "{{{{notion:block_property:{property}:{}:{}}}}}",
        id(source),
        id(0xff)
    )
}

/// A mark as it is sent.
fn sent(source: u128, name: &str) -> String {
    Text::from("{{notion:block_property:")
        .id(PendingId::property(id(source), name))
        .then(":")
        .id(PendingId::of(id(source)))
        .then(&format!(":{}}}}}", id(0xee)))
        .filled(&Known::new())
}

#[test]
fn references_are_written_as_marks_with_what_the_ids_become() {
    for own in [OWN, 0] {
        let text = format!(
            "={}.map(current.{}) + prop(\"Ü\") ",
            mark("a%3A", own),
            mark("x", OTHER)
        );
        let parts = taken_apart(&text);
        let marks = (sent(OWN, "A \"b\""), sent(OTHER, "X"), sent(OWN, "Ü"));
        assert_eq!(
            written(&key("F"), &parts, Some(id(0xee))).filled(&Known::new()),
            format!("{}.map(current.{}) + {} ", marks.0, marks.1, marks.2)
        );
        // Nobody knows the workspace: by name, which Notion takes, too.
        let by_name = r#"prop("A \"b\"").map(current.prop("X")) + prop("Ü") "#;
        assert_eq!(written(&key("F"), &parts, None), by_name.into());
        assert_eq!(shown(&parts), by_name);
        let other_rows: Vec<bool> = parts
            .iter()
            .filter_map(|part| match part {
                Part::Property { other_row, .. } => Some(*other_row),
                _ => None,
            })
            .collect();
        assert_eq!(other_rows, [false, true, false]);
    }
}

#[test]
fn every_recorded_formula_is_taken_apart_and_comes_back_with_the_same_words() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/recordings");
    let Ok(lines) = std::fs::read_to_string(format!("{folder}/ultimate-notion.jsonl")) else {
        return;
    };
    let mut marks = 0;
    for line in lines.lines() {
        let exchange: serde_json::Value = serde_json::from_str(line).unwrap();
        let mut open = vec![&exchange["response"]];
        while let Some(value) = open.pop() {
            if let Some(expression) = value.pointer("/formula/expression") {
                let expression = expression.as_str().unwrap();
                let any = |source: Option<NotionId>, text: &str, by: ByWhat| {
                    assert_eq!(by, ByWhat::Id);
                    Some((source.unwrap(), text.to_owned()))
                };
                let parts = parts(expression, &any, &Fixed::default());
                // With the old ids in the place of tokens it is what was read.
                let mut again = String::new();
                for part in &parts {
                    match part {
                        Part::Property { key, other_row } => {
                            assert!(!other_row);
                            marks += 1;
                            again.push_str(&format!("{PROPERTY}{}:{}", key.1, key.0));
                        }
                        Part::Text(text) => again.push_str(text),
                        other => panic!("{other:?} in {expression}"),
                    }
                }
                let mut expected = String::new();
                let mut rest = expression.trim_start_matches('=');
                while let Some(at) = rest.find("}}") {
                    let (mark, after) = rest.split_at(at);
                    expected.push_str(mark.rsplit_once(':').unwrap().0);
                    rest = &after[2..];
                }
                expected.push_str(rest);
                assert_eq!(again, expected);
            }
            match value {
                serde_json::Value::Array(items) => open.extend(items),
                serde_json::Value::Object(fields) => open.extend(fields.values()),
                _ => {}
            }
        }
    }
    assert!(marks >= 352, "{marks} references were recorded");
}

#[test]
fn what_looks_like_a_reference_in_a_text_or_a_comment_is_none() {
    for text in [
        r#""prop(" + "x""#,
        r#""a \" prop(\"Ü\")""#,
        r#"/* prop("Ü") "#,
        r#"myprop("Ü")"#,
        r#"prop("Ü"#,
        r#""never ends"#,
    ] {
        assert_eq!(taken_apart(text), [Part::Text(text.to_owned())], "{text}");
    }
    let around = taken_apart(r#"/* don't " */prop("Ü" )/**/"#);
    assert_eq!(keys(&around), [key("Ü")].into());
    assert_eq!(taken_apart(""), []);
    assert_eq!(taken_apart(" ="), []);
}

#[test]
fn people_are_translated_and_what_is_not_restored_stays() {
    let (known, gone) = (id(1), id(2));
    let parts = taken_apart(&format!(
        "{{{{notion:user:{known}}}}} {{{{notion:user:{known}:x}}}} {{{{notion:user:{gone}}}}}{{{{notion:"
    ));
    let new = id(11);
    assert_eq!(
        parts,
        [
            Part::Text(format!(
                "{{{{notion:user:{new}}}}} {{{{notion:user:{new}:x}}}} "
            )),
            Part::Unknown(format!("{{{{notion:user:{gone}}}}}")),
            Part::Unknown("{{notion:".to_owned()),
        ]
    );
    let unknown = mark("q", OWN);
    assert_eq!(taken_apart(&unknown), [Part::Unknown(unknown)]);
    let foreign = taken_apart("current.prop(\"N\")");
    assert_eq!(foreign.last(), Some(&Part::Foreign("N".to_owned())));
}

/// The formulas of one data source by name, inlined.
fn all_inlined(formulas: &[(&str, &str)], name: &str) -> Result<String, Refused> {
    let by_name = |source: Option<NotionId>, text: &str, _: ByWhat| {
        Some((source.unwrap_or(id(OWN)), text.to_owned()))
    };
    let taken: Vec<(Key, Vec<Part>)> = formulas
        .iter()
        .map(|(name, text)| (key(name), parts(text, &by_name, &Fixed::default())))
        .collect();
    let formula = |key: &Key| {
        let found = taken.iter().find(|(it, _)| it == key);
        found.map(|(_, parts)| parts.as_slice())
    };
    inlined(&key(name), &formula).map(|parts| shown(&parts))
}

#[test]
fn a_formula_in_a_formula_is_replaced_by_its_text_in_parentheses() {
    let formulas = [
        ("One", "=prop(\"N\") + 1"),
        ("Two", "prop(\"One\") * prop(\"One\")"),
        ("Three", "prop(\"Two\") - current.prop(\"One\")"),
    ];
    let text = |name: &str| all_inlined(&formulas, name).unwrap();
    assert_eq!(text("One"), "prop(\"N\") + 1");
    assert_eq!(text("Two"), "(prop(\"N\") + 1) * (prop(\"N\") + 1)");
    // Of another row it stays: here it would have this row's value.
    assert_eq!(
        text("Three"),
        "((prop(\"N\") + 1) * (prop(\"N\") + 1)) - current.prop(\"One\")"
    );
}

#[test]
fn circles_and_what_grows_without_end_are_refused() {
    let circle = [
        ("A", "prop(\"B\")"),
        ("B", "1 + prop(\"A\")"),
        ("C", "prop(\"C\")"),
    ];
    for (name, over) in [("A", "A"), ("B", "B"), ("C", "C")] {
        let refused = Err(Refused::Circle(over.to_owned()));
        assert_eq!(all_inlined(&circle, name), refused);
    }
    // Each doubles the one before: 2 to the 60th, if nothing ended it.
    let texts: Vec<(String, String)> = (0..60)
        .map(|at| {
            (
                format!("F{}", at + 1),
                format!("prop(\"F{at}\") + prop(\"F{at}\")"),
            )
        })
        .collect();
    let texts: Vec<(&str, &str)> = texts
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    assert_eq!(all_inlined(&texts, "F60"), Err(Refused::Long));
    assert!(all_inlined(&texts, "F5").is_ok());
}

//! The texts of formulas.
//!
//! The API reads and writes `prop("Name")`, and shows as `{{notion:block_property:...}}`
//! what it cannot say so. Such a mark holds the property's id, the id of its data source
//! (zeros for the formula's own) and the workspace's, all of the original; here it is
//! written by name again, which both sides understand.

use crate::model::NotionId;
use crate::restore::Targets;

/// Begins a mark for a property.
const PROPERTY: &str = "{{notion:block_property:";
/// Begins any mark.
const MARK: &str = "{{notion:";
/// Begins a mark for a person.
const USER: &str = "{{notion:user:";

/// A formula as it is sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Formula {
    /// Its text.
    pub(super) text: String,
    /// Names that it takes from its own data source.
    pub(super) own: Vec<String>,
    /// Names that it takes from rows of other data sources (`current.prop("Name")`).
    pub(super) foreign: Vec<String>,
    /// Marks that could not be translated.
    pub(super) unknown: Vec<String>,
}

/// Translates a formula. `name` finds a property by id: in the formula's own data
/// source for `None`.
pub(super) fn translate(
    expression: &str,
    name: impl Fn(Option<NotionId>, &str) -> Option<String>,
    targets: &dyn Targets,
) -> Formula {
    let mut text = String::new();
    let mut unknown = Vec::new();
    let mut rest = expression;
    while let Some((before, from)) = rest.find(MARK).map(|at| rest.split_at(at)) {
        text.push_str(before);
        let end = from.find("}}").map_or(from.len(), |at| at + 2);
        let (mark, after) = from.split_at(end);
        match property(mark, &name).or_else(|| person(mark, targets)) {
            Some(written) => text.push_str(&written),
            None => {
                text.push_str(mark);
                unknown.push(mark.to_string());
            }
        }
        rest = after;
    }
    text.push_str(rest);
    let (own, foreign) = names(&text);
    Formula {
        text,
        own,
        foreign,
        unknown,
    }
}

/// `prop("Name")` for a mark of a property.
fn property(mark: &str, name: impl Fn(Option<NotionId>, &str) -> Option<String>) -> Option<String> {
    let inner = mark.strip_prefix(PROPERTY)?.strip_suffix("}}")?;
    let mut parts = inner.split(':');
    let id = parts.next()?;
    let source = parts.next().and_then(|part| part.parse::<NotionId>().ok());
    let source = source.filter(|source| source.bits() != 0);
    let name = name(source, id)?;
    let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
    Some(format!("prop(\"{quoted}\")"))
}

/// The mark of the same person in the target workspace.
fn person(mark: &str, targets: &dyn Targets) -> Option<String> {
    let inner = mark.strip_prefix(USER)?.strip_suffix("}}")?;
    let (id, rest) = inner
        .split_once(':')
        .map_or((inner, None), |(id, rest)| (id, Some(rest)));
    let new = targets.user(id.parse().ok()?)?;
    Some(match rest {
        Some(rest) => format!("{USER}{new}:{rest}}}}}"),
        None => format!("{USER}{new}}}}}"),
    })
}

/// The names in `prop("...")`: those of the own data source, and those that follow a
/// point and so belong to another row.
fn names(text: &str) -> (Vec<String>, Vec<String>) {
    const PROP: &str = "prop(\"";
    let (mut own, mut foreign) = (Vec::new(), Vec::new());
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(PROP)) {
        let start = from + at + PROP.len();
        let before = text.get(..from + at).unwrap_or_default().trim_end();
        let mut name = String::new();
        let mut length = 0;
        let mut chars = text.get(start..).unwrap_or_default().chars();
        while let Some(letter) = chars.next() {
            length += letter.len_utf8();
            match letter {
                '"' => break,
                '\\' => {
                    if let Some(letter) = chars.next() {
                        length += letter.len_utf8();
                        name.push(letter);
                    }
                }
                letter => name.push(letter),
            }
        }
        from = start + length;
        match before.ends_with('.') {
            true => foreign.push(name),
            false => own.push(name),
        }
    }
    (own, foreign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restore::fixed::{Fixed, id};

    fn translated(expression: &str) -> Formula {
        let name = |source: Option<NotionId>, property: &str| match (source, property) {
            (None, "a%3A") => Some("A \"b\"".to_string()),
            (Some(source), "x") if source == id(7) => Some("X".to_string()),
            _ => None,
        };
        let targets = Fixed {
            users: [(id(1), id(11))].into(),
            ..Fixed::default()
        };
        translate(expression, name, &targets)
    }

    #[test]
    fn marks_are_written_by_name() {
        let zero = id(0);
        let formula = translated(&format!(
            "{{{{notion:block_property:a%3A:{zero}:{0}}}}}.map(current.{{{{notion:block_property:x:{1}:{0}}}}}) + prop(\"Ü\")",
            id(99),
            id(7)
        ));
        assert_eq!(
            formula.text,
            r#"prop("A \"b\"").map(current.prop("X")) + prop("Ü")"#
        );
        assert_eq!(formula.own, ["A \"b\"", "Ü"]);
        assert_eq!(formula.foreign, ["X"]);
        assert!(formula.unknown.is_empty());
    }

    #[test]
    fn people_are_translated_and_unknown_marks_stay_and_are_told() {
        let (known, gone) = (id(1), id(2));
        let formula = translated(&format!(
            "{{{{notion:user:{known}}}}} {{{{notion:user:{known}:x}}}} {{{{notion:user:{gone}}}}} {{{{notion:block_property:q:w}}}} {{{{notion:"
        ));
        let new = id(11);
        assert!(
            formula.text.starts_with(&format!(
                "{{{{notion:user:{new}}}}} {{{{notion:user:{new}:x}}}} "
            )),
            "{}",
            formula.text
        );
        assert_eq!(
            formula.unknown,
            [
                format!("{{{{notion:user:{gone}}}}}"),
                "{{notion:block_property:q:w}}".to_string(),
                "{{notion:".to_string()
            ]
        );
    }

    #[test]
    fn a_name_that_does_not_end_is_no_end() {
        let formula = translated(r#"prop("A\"#);
        assert_eq!(formula.own, ["A"]);
        assert_eq!(translated("").text, "");
    }
}

//! The texts of formulas.
//!
//! Answers have every reference as a mark, `{{notion:block_property:<property>:<data
//! source>:<workspace>}}` (section 5 of the API digest); older snapshots may have
//! `prop("Name")`. Both are taken. What is sent has marks with the new ids, because
//! Notion silently reads some uses of `prop` as empty lists. A formula that uses another
//! formula is refused, so the other one's text is put in its place, in parentheses.

use std::collections::BTreeSet;

use crate::model::NotionId;
use crate::restore::{PendingId, Targets, Text};

/// Begins a mark for a property.
const PROPERTY: &str = "{{notion:block_property:";
/// Begins any mark.
const MARK: &str = "{{notion:";
/// Begins a mark for a person.
const USER: &str = "{{notion:user:";
/// Begins a reference by name.
const PROP: &str = "prop(\"";
/// The longest formula that is sent, in bytes. The longest that a recording shows as
/// accepted has 3,930; no limit is published. It also ends formulas that use each other
/// over and over.
pub(super) const LONGEST: usize = 50_000;

/// A property: its data source and name.
pub(super) type Key = (NotionId, String);

/// A part of a formula's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What is sent as it is.
    Text(String),
    /// A property of a data source that is restored.
    Property {
        /// Which one.
        key: Key,
        /// Whether it follows a point, and so belongs to another row.
        other_row: bool,
    },
    /// A name of a property that belongs to another row: of which data source is not said.
    Foreign(String),
    /// A mark for something that is not restored.
    Unknown(String),
}

/// Finds a property of a data source (of the formula's own, for `None`) by its id or name.
pub(super) type Find<'f> = dyn Fn(Option<NotionId>, &str, ByWhat) -> Option<Key> + 'f;

/// Why a formula cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It uses itself, over this property.
    Circle(String),
    /// It is too long with the texts of the formulas that it uses.
    Long,
}

/// Takes a formula's text apart. `find` finds a property: by id or name, in this data
/// source, which is the formula's own for `None`.
pub(super) fn parts(expression: &str, find: &Find<'_>, targets: &dyn Targets) -> Vec<Part> {
    let trimmed = expression.trim_start();
    let mut rest = trimmed.strip_prefix('=').unwrap_or(trimmed);
    let mut parts = Vec::new();
    let mut text = String::new();
    while let Some(first) = rest.chars().next() {
        let other_row = text.trim_end().ends_with('.');
        let length;
        let mut part = None;
        if rest.starts_with(MARK) {
            length = rest.find("}}").map_or(rest.len(), |at| at + 2);
            let mark = rest.get(..length).unwrap_or(rest);
            match person(mark, targets) {
                Some(person) => text.push_str(&person),
                None => {
                    let key = property(mark).and_then(|(source, id)| find(source, id, ByWhat::Id));
                    part = Some(match key {
                        Some(key) => Part::Property { key, other_row },
                        None => Part::Unknown(mark.to_owned()),
                    });
                }
            }
        } else if let Some((name, end)) = named(rest)
            && !text.ends_with(char::is_alphanumeric)
        {
            length = end;
            let written = rest.get(..length).unwrap_or(rest);
            let key = find(None, &name, ByWhat::Name).filter(|_| !other_row);
            part = Some(match key {
                Some(key) => Part::Property { key, other_row },
                None if other_row => Part::Foreign(name),
                None => Part::Unknown(written.to_owned()),
            });
        } else {
            // A text or a comment is one piece: what looks like a reference in it is none.
            length = match first {
                '"' => quoted(rest),
                '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
                _ => first.len_utf8(),
            };
            text.push_str(rest.get(..length).unwrap_or(rest));
        }
        if let Some(part) = part {
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut text)));
            }
            parts.push(part);
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    parts
}

/// By what a property is referred to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByWhat {
    /// Its id, encoded or not.
    Id,
    /// Its name.
    Name,
}

/// Puts the texts of other formulas in the place of references to them. `formula` has
/// the parts of a property that is a formula and is to be replaced.
pub(super) fn inlined<'f>(
    key: &Key,
    formula: &dyn Fn(&Key) -> Option<&'f [Part]>,
) -> Result<Vec<Part>, Refused> {
    let mut out = Vec::new();
    let mut length = 0;
    // The formulas around the current place, each with what is left of it.
    let mut open: Vec<(Key, &[Part])> = vec![(key.clone(), formula(key).unwrap_or_default())];
    while let Some((around, left)) = open.pop() {
        let Some((part, left)) = left.split_first() else {
            if !open.is_empty() {
                out.push(Part::Text(")".to_owned()));
            }
            continue;
        };
        open.push((around, left));
        if let Part::Property {
            key,
            other_row: false,
        } = part
            && let Some(inner) = formula(key)
        {
            if open.iter().any(|(around, _)| around == key) {
                return Err(Refused::Circle(key.1.clone()));
            }
            out.push(Part::Text("(".to_owned()));
            open.push((key.clone(), inner));
        } else {
            out.push(part.clone());
        }
        length += match part {
            Part::Text(text) | Part::Foreign(text) | Part::Unknown(text) => text.len(),
            // Three ids and what is around them.
            Part::Property { .. } => 140,
        };
        if length > LONGEST {
            return Err(Refused::Long);
        }
    }
    Ok(out)
}

/// The text of the formula `own` as it is sent. Without `workspace`, references are
/// written by name, and always those to itself, which has no id yet.
pub(super) fn written(own: &Key, parts: &[Part], workspace: Option<NotionId>) -> Text {
    let mut text = Text::default();
    for part in parts {
        text = match (part, workspace) {
            (Part::Property { key, .. }, Some(workspace)) if key != own => text
                .then(PROPERTY)
                .id(PendingId::property(key.0, &key.1))
                .then(":")
                .id(PendingId::of(key.0))
                .then(":")
                .id(workspace)
                .then("}}"),
            (part, _) => text.then(&part.shown()),
        };
    }
    text
}

/// The text as people read it: references by name.
pub(super) fn shown(parts: &[Part]) -> String {
    parts.iter().map(Part::shown).collect()
}

/// The properties that are referred to.
pub(super) fn keys(parts: &[Part]) -> BTreeSet<Key> {
    let keys = parts.iter().filter_map(|part| match part {
        Part::Property { key, .. } => Some(key.clone()),
        _ => None,
    });
    keys.collect()
}

impl Part {
    /// The reference, where it is to a property that is not restored.
    pub(super) fn unknown_property(&self) -> Option<&str> {
        match self {
            Part::Unknown(text) if !text.starts_with(MARK) || text.starts_with(PROPERTY) => {
                Some(text)
            }
            _ => None,
        }
    }

    fn shown(&self) -> String {
        match self {
            Part::Text(text) | Part::Unknown(text) => text.clone(),
            Part::Property { key: (_, name), .. } | Part::Foreign(name) => {
                let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
                format!("{PROP}{quoted}\")")
            }
        }
    }
}

/// The data source and id in a mark of a property. Some marks have zeros for the
/// formula's own data source.
fn property(mark: &str) -> Option<(Option<NotionId>, &str)> {
    let inner = mark.strip_prefix(PROPERTY)?.strip_suffix("}}")?;
    let mut parts = inner.split(':');
    let id = parts.next()?;
    let source = parts.next().and_then(|part| part.parse::<NotionId>().ok());
    Some((source.filter(|source| source.bits() != 0), id))
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

/// The name in a `prop("…")` that a text begins with, and where that ends.
fn named(text: &str) -> Option<(String, usize)> {
    let start = PROP.len() - 1;
    let quoted_name = text.get(start..).filter(|_| text.starts_with(PROP))?;
    let end = start + quoted(quoted_name);
    let inner = text.get(start + 1..end)?.strip_suffix('"')?;
    let after = text.get(end..)?;
    let space = after.len() - after.trim_start().len();
    after.trim_start().strip_prefix(')')?;
    let mut name = String::new();
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        name.push(match letter {
            '\\' => letters.next()?,
            letter => letter,
        });
    }
    Some((name, end + space + 1))
}

/// How long the text in quotes is that a text begins with.
fn quoted(text: &str) -> usize {
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return at + 1,
            '\\' => {
                letters.next();
            }
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests;

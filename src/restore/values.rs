//! The values of a row, as the request that creates it takes them.
//!
//! What may be written is written (section 6 of the API digest): computed values come by
//! themselves, read-only and unknown ones are never sent. A value that does not fit, or
//! whose property cannot be made, is handed back as text, so that it can be put where
//! people read it: nothing that was readable disappears.

mod files;
mod said;

use serde_json::{Map, Value, json};

use super::rich_text::{self, RUNS, units};
use super::schema::{MOST_OPTIONS, Results, Schemas, option_made_by_value, writable_option};
use super::{Degree, Notes, PendingId, Target, Targets};
use crate::model::{NotionId, id_of, type_of};
use said::said;

/// Most users, options, files or related pages in one value (section 1.5 of the API
/// digest).
pub const MOST_ITEMS: usize = 100;

/// Longest e-mail address or phone number, in UTF-16 units (section 1.5 of the API
/// digest).
const ADDRESS: usize = 200;

/// The values of a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    /// For the request that creates the row.
    pub properties: Map<String, Value>,
    /// Relations to write when all rows are there, with the old ids of their pages in
    /// order: those that name a row still to come, and those over [`MOST_ITEMS`]. They
    /// are not in `properties`.
    pub relations: Vec<(String, Vec<NotionId>)>,
    /// Properties in `properties` whose text names something that is restored later.
    pub again: Vec<String>,
    /// Values of formulas, by name: what Notion may refuse, and the key and value that
    /// are for the plain column in its place. They are not in `properties`.
    pub results: Vec<(String, PendingId, Value)>,
    /// What is not in `properties`, for the top of the row's body.
    pub overflow: Vec<Overflow>,
    /// What does not come back as it was.
    pub notes: Notes,
}

/// A value that stands in the body of its row.
#[derive(Clone, Debug, PartialEq)]
pub struct Overflow {
    /// The property's name.
    pub property: String,
    /// The value, in any number of runs: see [`rich_text::pieces`].
    pub text: Vec<Value>,
}

/// The values of `page`, a row of the data source `source` (an item of
/// `data_sources.json`). `complete` is the row's `properties.json`, or null.
pub fn values(
    page: &Value,
    complete: &Value,
    source: &Value,
    schemas: &Schemas,
    targets: &dyn Targets,
) -> Values {
    let mut row = Row {
        id: id_of(page).unwrap_or(NotionId::from_bits(0)),
        targets,
        made: Values::default(),
    };
    let properties = page.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        let kind = type_of(property);
        let column = source.get("properties").and_then(|all| all.get(name));
        let column = column.filter(|column| type_of(column) == kind);
        let value = whole(property, kind, complete.get(name));
        let there = id_of(source).is_some_and(|source| schemas.creates(source, name));
        let Some(column) = column.filter(|_| there) else {
            row.tell(name, said(kind, &value, targets));
            continue;
        };
        let source = id_of(source).unwrap_or(NotionId::from_bits(0));
        let more = property.get("has_more") == Some(&json!(true));
        if more && complete.get(name).is_none() {
            let why = "the snapshot has its first references only";
            row.lose(name, why, Degree::Missing);
        }
        match kind {
            "relation" if schemas.writes(source, name) => row.relation(name, &value),
            "relation" => {}
            "people" => row.people(name, &value, schemas.names(source, name)),
            "formula" => row.result(name, &value, schemas.results(source, name)),
            _ => row.value(name, kind, &value, column.get(kind).unwrap_or(&Value::Null)),
        }
    }
    row.made
}

/// The old ids of the pages that a relation of a row names, in order. `complete` is the
/// row's `properties.json`, or null.
pub fn related(page: &Value, complete: &Value, name: &str) -> Vec<NotionId> {
    let property = &page["properties"][name];
    let value = whole(property, "relation", complete.get(name));
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(id_of)
        .collect()
}

/// The value of a property, completed where the page object has only its beginning.
fn whole(property: &Value, kind: &str, complete: Option<&Value>) -> Value {
    let items = complete.and_then(|complete| complete.get("items")?.as_array());
    match (kind, items) {
        ("title" | "rich_text" | "people" | "relation", Some(items)) => items
            .iter()
            .filter_map(|item| item.get(kind))
            .cloned()
            .collect(),
        _ => property.get(kind).cloned().unwrap_or(Value::Null),
    }
}

struct Row<'a> {
    id: NotionId,
    targets: &'a dyn Targets,
    made: Values,
}

impl Row<'_> {
    fn lose(&mut self, name: &str, why: impl Into<String>, degree: Degree) {
        let what = format!("property '{name}'");
        self.made.notes.lose(self.id, what, why, degree);
    }

    fn set(&mut self, name: &str, kind: &str, value: Value) {
        let property = json!({"type": kind, kind: value});
        self.made.properties.insert(name.into(), property);
    }

    /// Hands a text back for the body.
    fn tell(&mut self, name: &str, text: String) {
        if !text.is_empty() {
            self.overflow(name, rich_text::plain(&text));
        }
    }

    fn overflow(&mut self, name: &str, text: Vec<Value>) {
        let property = name.to_string();
        self.made.overflow.push(Overflow { property, text });
    }

    /// A value that does not fit its property.
    fn move_to_body(&mut self, name: &str, text: String, why: &str) {
        self.lose(
            name,
            format!("{why}: it stands in the body"),
            Degree::StandIn,
        );
        self.tell(name, text);
    }

    fn value(&mut self, name: &str, kind: &str, value: &Value, config: &Value) {
        match kind {
            "title" | "rich_text" => self.text(name, kind, value),
            "number" if value.is_number() => self.set(name, kind, value.clone()),
            "checkbox" if *value == json!(true) => self.set(name, kind, value.clone()),
            "url" if value.is_string() => self.short(name, kind, value, rich_text::URL),
            "email" | "phone_number" if value.is_string() => self.short(name, kind, value, ADDRESS),
            "select" if value.is_object() => self.set(name, kind, option(value, config)),
            "multi_select" if value.is_array() => {
                let all = value.as_array().map(Vec::as_slice).unwrap_or_default();
                let (fit, rest) = all.split_at(all.len().min(MOST_ITEMS));
                if !rest.is_empty() {
                    let text = said(kind, &json!(rest), self.targets);
                    let why =
                        format!("a request takes {MOST_ITEMS} options, the rest does not fit");
                    self.move_to_body(name, text, &why);
                }
                if !fit.is_empty() {
                    let options = fit.iter().map(|it| option(it, config));
                    self.set(name, kind, options.collect());
                }
            }
            "status" if value.is_object() => self.status(name, value, config),
            "date" if value.is_object() => self.date(name, value),
            "files" if value.is_array() => self.files(name, value),
            "place" if value.is_object() => match place(value) {
                Some(place) => self.set(name, kind, place),
                None => {
                    let why = "the API takes no place without latitude and longitude";
                    self.move_to_body(name, said::place(value), why);
                }
            },
            _ if is_nothing(value) || COMPUTED.contains(&kind) => {}
            _ => {
                let why = format!("it is no {kind} as this version knows it");
                self.move_to_body(name, said::plain(value), &why);
            }
        }
    }

    /// The value of a formula, for a plain column in its place.
    fn result(&mut self, name: &str, value: &Value, results: Option<&Results>) {
        let Some(results) = results else {
            return;
        };
        let (Results::Plain(kind) | Results::IfRefused(kind, _)) = *results;
        let read = value.get(type_of(value)).unwrap_or(&Value::Null);
        let text = said("formula", value, self.targets);
        let written = match kind {
            "number" if read.is_number() => read.clone(),
            "checkbox" if *read == json!(true) => read.clone(),
            "date" => match rich_text::date(read) {
                Some(date) => date,
                None => return,
            },
            "rich_text" if !text.is_empty() => {
                let mut runs = rich_text::plain(&text);
                runs.truncate(RUNS);
                json!(runs)
            }
            _ => return,
        };
        let property = json!({"type": kind, kind: written});
        match results {
            Results::Plain(_) => {
                self.made.properties.insert(name.to_owned(), property);
            }
            Results::IfRefused(_, key) => {
                let value = (name.to_owned(), *key, property);
                self.made.results.push(value);
            }
        }
    }

    fn text(&mut self, name: &str, kind: &str, value: &Value) {
        let later = self.made.notes.later.len();
        let mut runs = rich_text::write(value, self.id, self.targets, &mut self.made.notes);
        if self.made.notes.later.len() > later {
            self.made.again.push(name.to_string());
        }
        if runs.len() > RUNS {
            let why =
                format!("a request takes {RUNS} pieces of text: the whole text stands in the body");
            self.lose(name, why, Degree::StandIn);
            self.overflow(name, runs.clone());
            runs.truncate(RUNS);
        }
        if !runs.is_empty() {
            self.set(name, kind, json!(runs));
        }
    }

    fn short(&mut self, name: &str, kind: &str, value: &Value, limit: usize) {
        let Some(text) = value.as_str().filter(|text| !text.is_empty()) else {
            return;
        };
        if units(text) > limit {
            let why = format!("a request takes {limit} characters");
            self.move_to_body(name, text.to_string(), &why);
        } else {
            self.set(name, kind, json!(text));
        }
    }

    /// A page write never makes an option of a status.
    fn status(&mut self, name: &str, value: &Value, config: &Value) {
        let made = position(value, config).filter(|at| *at < MOST_OPTIONS);
        let shown = value.get("name").and_then(Value::as_str);
        let shown = shown.unwrap_or_default();
        match made {
            Some(_) => self.set(name, "status", json!({"name": writable_option(shown)})),
            None => {
                let why = format!("its option '{shown}' is not there");
                self.move_to_body(name, shown.to_string(), &why);
            }
        }
    }

    fn date(&mut self, name: &str, value: &Value) {
        let readable = |key: &str| match &value[key] {
            Value::Null => key == "end",
            time => time.as_str().is_some_and(is_time),
        };
        let date = rich_text::date(value).filter(|_| readable("start") && readable("end"));
        let Some(mut date) = date else {
            let why = "its date cannot be read";
            self.move_to_body(name, said::plain(value), why);
            return;
        };
        // Where the zone is unknown here, the time still has its offset.
        let offset = ["start", "end"].iter().any(|key| {
            let time = date.get(key).and_then(Value::as_str);
            time.is_some_and(|time| time.parse::<jiff::Timestamp>().is_ok())
        });
        if let (true, Some(date)) = (offset, date.as_object_mut())
            && let Some(zone) = date.remove("time_zone")
        {
            let why = format!("its time zone {zone} is not known here; the time is the same");
            self.lose(name, why, Degree::Detail);
        }
        self.set(name, "date", date);
    }

    /// People; where not all of them can be written in all rows, the names of all stand
    /// in the text column `names`.
    fn people(&mut self, name: &str, value: &Value, names: Option<&str>) {
        let mut there = Vec::new();
        let mut absent = Vec::new();
        let mut all = Vec::new();
        for person in value.as_array().into_iter().flatten() {
            let kind = match person["object"].as_str() {
                Some("group") => "group",
                _ => "user",
            };
            let known = id_of(person).and_then(|id| match kind {
                "group" => self.targets.has_groups().then_some(id),
                _ => self.targets.user(id),
            });
            all.push(said::person(person, self.targets));
            match known {
                Some(id) if there.len() < MOST_ITEMS => {
                    there.push(json!({"object": kind, "id": id}));
                }
                _ => absent.push(said::person(person, self.targets)),
            }
        }
        if let Some(column) = names.filter(|_| !all.is_empty()) {
            let mut runs = rich_text::plain(&all.join(", "));
            runs.truncate(RUNS);
            self.set(column, "rich_text", json!(runs));
        } else if !absent.is_empty() {
            let names = absent.join(", ");
            let why = format!("these are not in the workspace, or too many: {names}");
            self.move_to_body(name, names, &why);
        }
        if !there.is_empty() {
            self.set(name, "people", json!(there));
        }
    }

    fn relation(&mut self, name: &str, value: &Value) {
        let all = value.as_array().map(Vec::as_slice).unwrap_or_default();
        let mut kept = Vec::new();
        let mut written = Vec::new();
        for old in all.iter().filter_map(id_of) {
            match self.targets.find(old) {
                Target::Made(new) => {
                    written.push(json!({"id": new}));
                    kept.push(old);
                }
                Target::Same(id) => {
                    written.push(json!({"id": id}));
                    kept.push(old);
                }
                Target::Later(_) => kept.push(old),
                Target::Gone => {}
            }
        }
        let gone = all.len() - kept.len();
        if gone > 0 {
            let count = all.len();
            let why = format!("{gone} of its {count} pages are neither restored nor within reach");
            self.lose(name, why, Degree::Missing);
        }
        if kept.len() > written.len() || kept.len() > MOST_ITEMS {
            self.made.relations.push((name.to_string(), kept));
        } else if !written.is_empty() {
            self.set(name, "relation", json!(written));
        }
    }
}

/// Kinds of values that come by themselves, or never.
const COMPUTED: [&str; 8] = [
    "rollup",
    "unique_id",
    "created_time",
    "created_by",
    "last_edited_time",
    "last_edited_by",
    "button",
    "verification",
];

/// Whether a value says nothing.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Whether this is a day or a time as the API has them: `2026-05-01`, or with a time, with
/// or without an offset.
fn is_time(text: &str) -> bool {
    text.parse::<jiff::civil::Date>().is_ok()
        || text.parse::<jiff::civil::DateTime>().is_ok()
        || text.parse::<jiff::Timestamp>().is_ok()
}

/// Where among the options of a property the option of a value stands.
fn position(value: &Value, config: &Value) -> Option<usize> {
    let options = config.get("options")?.as_array()?;
    let name = value.get("name")?;
    options.iter().position(|it| it.get("name") == Some(name))
}

/// An option by name; with its colour where the value has to make it.
fn option(value: &Value, config: &Value) -> Value {
    let at = position(value, config);
    if at.is_some_and(|at| at < MOST_OPTIONS) {
        let name = value.get("name").and_then(Value::as_str);
        return json!({"name": writable_option(name.unwrap_or_default())});
    }
    let options = config.get("options").and_then(Value::as_array);
    let known = at.and_then(|at| options?.get(at));
    option_made_by_value(known.unwrap_or(value))
}

/// A place; latitude and longitude are required (section 6 of the API digest).
fn place(value: &Value) -> Option<Value> {
    let mut made = Map::new();
    for key in ["lat", "lon"] {
        let number = value.get(key).filter(|number| number.is_number())?;
        made.insert(key.into(), number.clone());
    }
    for key in ["name", "address", "aws_place_id", "google_place_id"] {
        if let Some(text) = value.get(key).filter(|text| text.is_string()) {
            made.insert(key.into(), text.clone());
        }
    }
    Some(Value::Object(made))
}

#[cfg(test)]
mod tests;

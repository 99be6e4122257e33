//! The options of selects and statuses.
//!
//! Requests refuse what older originals can have: commas in names and more than 100
//! options. A comma becomes a look-alike, here and wherever a value names the option;
//! the options after the hundredth appear with the first row that has them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::About;
use crate::restore::{Degree, Notes};

/// Options in one request (section 1.5 of the API digest).
pub const MOST_OPTIONS: usize = 100;

/// Colours of options (the API's own types).
const COLORS: &[&str] = &[
    "default", "gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red",
];

/// The three groups of a status, with the colours that Notion gives them (section 5 of
/// the API digest).
const GROUPS: [(&str, &str); 3] = [
    ("To-do", "gray"),
    ("In progress", "blue"),
    ("Complete", "green"),
];

/// The name of an option as requests take it: without commas (section 1.5 of the API
/// digest), for which a look-alike stands, the "single low-9 quotation mark".
pub fn writable_option(name: &str) -> String {
    name.replace(',', "\u{201a}")
}

/// The options of a select or multi-select, in order.
pub(super) fn options(about: &About, config: &Value, notes: &mut Notes) -> Vec<Value> {
    let made = written(about, config, notes, |_, _| {});
    let more = count(config).saturating_sub(MOST_OPTIONS);
    if more > 0 {
        let why = format!(
            "requests hold {MOST_OPTIONS} options: the last {more} come back only where a row has them"
        );
        about.lose(notes, why, Degree::Detail);
    }
    made
}

/// The configuration of a status: options with their group.
pub(super) fn status(about: &About, config: &Value, notes: &mut Notes) -> Value {
    let groups = config.get("groups").and_then(Value::as_array);
    let groups = groups.map(Vec::as_slice).unwrap_or_default();
    // By name, else by place: there are three, and a person may have renamed them.
    let wanted: Vec<&str> = groups
        .iter()
        .enumerate()
        .map(|(at, group)| {
            let same = GROUPS.iter().find(|known| group["name"] == known.0);
            let at = if at + 1 == groups.len() { 2 } else { at.min(1) };
            same.or(GROUPS.get(at)).map_or("To-do", |known| known.0)
        })
        .collect();
    for (group, wanted) in groups.iter().zip(&wanted) {
        let name = group["name"].as_str().unwrap_or_default();
        let color = group["color"].as_str().unwrap_or_default();
        if name != *wanted {
            let why = format!("the API cannot name its group '{name}', which becomes '{wanted}'");
            about.lose(notes, why, Degree::Detail);
        }
        if GROUPS
            .iter()
            .any(|known| known.0 == *wanted && known.1 != color)
        {
            let why = format!("the API cannot set the colour '{color}' of its group '{name}'");
            about.lose(notes, why, Degree::Detail);
        }
    }
    let made = written(about, config, notes, |option, made| {
        let id = option.get("id").unwrap_or(&Value::Null);
        let group = groups.iter().position(|group| {
            let ids = group.get("option_ids").and_then(Value::as_array);
            ids.is_some_and(|ids| ids.contains(id))
        });
        if let Some(group) = group.and_then(|at| wanted.get(at)) {
            made.insert("group".into(), json!(group));
        }
    });
    let more = count(config).saturating_sub(MOST_OPTIONS);
    if more > 0 {
        let why = format!("requests hold {MOST_OPTIONS} options: the last {more} are not there");
        about.lose(notes, why, Degree::Missing);
    }
    if made.is_empty() {
        return json!({});
    }
    json!({"options": made})
}

fn count(config: &Value) -> usize {
    let options = config.get("options").and_then(Value::as_array);
    options.map_or(0, Vec::len)
}

/// The first options as requests take them.
fn written(
    about: &About,
    config: &Value,
    notes: &mut Notes,
    more: impl Fn(&Value, &mut Map<String, Value>),
) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let mut made = Vec::new();
    let options = config.get("options").and_then(Value::as_array);
    for option in options.into_iter().flatten().take(MOST_OPTIONS) {
        let Some(name) = option.get("name").and_then(Value::as_str) else {
            continue;
        };
        let writable = writable_option(name);
        if writable.is_empty() || !seen.insert(writable.to_lowercase()) {
            let why = format!("another option has the name '{name}', or it has none");
            about.lose(notes, why, Degree::Missing);
            continue;
        }
        if writable != name {
            let why = format!("the API takes no commas: option '{name}' becomes '{writable}'");
            about.lose(notes, why, Degree::StandIn);
        }
        let mut new = Map::new();
        new.insert("name".into(), json!(writable));
        if let Some(color) = look(option, &mut new) {
            let why = format!("the API cannot set the colour '{color}' of option '{name}'");
            about.lose(notes, why, Degree::Detail);
        }
        more(option, &mut new);
        made.push(Value::Object(new));
    }
    made
}

/// Adds colour and description; returns a colour that requests do not take.
fn look<'a>(option: &'a Value, new: &mut Map<String, Value>) -> Option<&'a str> {
    match option.get("description") {
        Some(Value::String(text)) if !text.is_empty() => {
            new.insert("description".into(), json!(text));
        }
        _ => {}
    }
    let color = option.get("color").and_then(Value::as_str)?;
    if !COLORS.contains(&color) {
        return Some(color);
    }
    new.insert("color".into(), json!(color));
    None
}

/// An option beyond the hundredth, as the value of a row makes it: with colour and
/// description (section 6 of the API digest).
pub fn option_made_by_value(option: &Value) -> Value {
    let mut new = Map::new();
    let name = option.get("name").and_then(Value::as_str);
    new.insert(
        "name".into(),
        json!(writable_option(name.unwrap_or_default())),
    );
    look(option, &mut new);
    Value::Object(new)
}

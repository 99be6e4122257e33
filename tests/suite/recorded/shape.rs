//! Whether two answers have the same keys, JSON types, forms of ids and forms of times.

use std::collections::BTreeSet;

use serde_json::Value;

use super::seed::id_of;

/// The differences of `made` from `recorded`, by path without indices.
pub fn differences(recorded: &Value, made: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    compare(recorded, made, "", &mut found);
    found
}

fn compare(recorded: &Value, made: &Value, path: &str, found: &mut BTreeSet<String>) {
    match (recorded, made) {
        (Value::Object(recorded), Value::Object(made)) => {
            for (key, value) in recorded {
                let at = format!("{path}.{}", shown(key, path));
                match made.get(key) {
                    Some(made) => compare(value, made, &at, found),
                    None => {
                        found.insert(format!("{at} is missing"));
                    }
                }
            }
            for key in made.keys().filter(|key| !recorded.contains_key(*key)) {
                found.insert(format!("{path}.{} is too much", shown(key, path)));
            }
        }
        (Value::Array(recorded), Value::Array(made)) => {
            if recorded.is_empty() != made.is_empty() {
                found.insert(format!(
                    "{path}: {} items, not {}",
                    made.len(),
                    recorded.len()
                ));
            }
            for (recorded, made) in recorded.iter().zip(made) {
                compare(recorded, made, path, found);
            }
        }
        _ => {
            let (recorded, made) = (form(recorded, path), form(made, path));
            if recorded != made {
                found.insert(format!("{path} is {made}, not {recorded}"));
            }
        }
    }
}

/// Names of columns are not part of a form.
fn shown<'a>(key: &'a str, path: &str) -> &'a str {
    if path.ends_with(".properties") {
        "*"
    } else {
        key
    }
}

/// The JSON type; of an id and of a time also how it is written.
fn form(value: &Value, path: &str) -> String {
    let key = path.rsplit('.').next().unwrap_or("");
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "a boolean".into(),
        Value::Number(_) => "a number".into(),
        Value::Array(_) => "an array".into(),
        Value::Object(_) => "an object".into(),
        Value::String(text) if key == "id" || key.ends_with("_id") => match id_of(value) {
            Some(id) if id.to_string() == *text => "a UUID".into(),
            Some(_) => "a UUID without dashes".into(),
            None => "a short id".into(),
        },
        Value::String(text) if key.ends_with("_time") => {
            let rounded = text.contains(":00.000");
            let zone = text.trim_start_matches(|it: char| "0123456789-T:.".contains(it));
            let zone = if text.ends_with('Z') { "Z" } else { zone };
            format!(
                "a time with {zone}, {}",
                if rounded { "rounded" } else { "exact" }
            )
        }
        Value::String(_) => "a string".into(),
    }
}

//! Values as text, where their property cannot hold them.

use serde_json::Value;

use crate::model::{id_of, plain_text, type_of};
use crate::restore::Targets;

/// The text of a value of this type; empty for an empty value.
pub(super) fn said(kind: &str, value: &Value, targets: &dyn Targets) -> String {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    match kind {
        "title" | "rich_text" => plain_text(value),
        "select" | "status" => text("name").into(),
        "multi_select" => each(value, |it| said("select", it, targets)),
        "people" => each(value, |it| person(it, targets)),
        "created_by" | "last_edited_by" => person(value, targets),
        "files" => each(value, |it| {
            let name = it.get("name").and_then(Value::as_str);
            name.unwrap_or_default().to_string()
        }),
        "relation" => each(value, |it| match id_of(it) {
            Some(id) => format!("https://www.notion.so/{:032x}", id.bits()),
            None => String::new(),
        }),
        "place" if value.is_object() => place(value),
        "date" if text("end").is_empty() => text("start").into(),
        "date" => format!("{} → {}", text("start"), text("end")),
        "unique_id" if text("prefix").is_empty() => plain(&value["number"]),
        "unique_id" => format!("{}-{}", text("prefix"), plain(&value["number"])),
        "verification" if text("state") == "unverified" => String::new(),
        "verification" => {
            let until = said("date", &value["date"], targets);
            format!("{} {until}", text("state")).trim().to_string()
        }
        // Their results are values with a type of their own.
        "formula" | "rollup" => match type_of(value) {
            "array" => each(&value["array"], |it| {
                said(
                    type_of(it),
                    it.get(type_of(it)).unwrap_or(&Value::Null),
                    targets,
                )
            }),
            "unsupported" | "incomplete" => String::new(),
            inner => said(inner, value.get(inner).unwrap_or(&Value::Null), targets),
        },
        "checkbox" | "boolean" if *value == Value::Bool(false) => String::new(),
        _ => plain(value),
    }
}

/// What a place is called.
pub(super) fn place(place: &Value) -> String {
    let texts = ["name", "address"].map(|key| place[key].as_str().unwrap_or_default());
    let texts: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    match texts.is_empty() {
        true => plain(place),
        false => texts.join(", "),
    }
}

/// A person's name.
pub(super) fn person(person: &Value, targets: &dyn Targets) -> String {
    let name = person.get("name").and_then(Value::as_str);
    match (name.filter(|name| !name.is_empty()), id_of(person)) {
        (Some(name), _) => name.into(),
        (None, Some(id)) => targets.user_name(id),
        (None, None) => String::new(),
    }
}

fn each(value: &Value, said: impl Fn(&Value) -> String) -> String {
    let items = value.as_array().into_iter().flatten().map(said);
    let said: Vec<String> = items.filter(|text| !text.is_empty()).collect();
    said.join(", ")
}

/// Texts as they are, nothing for nothing, and what has no form of its own as JSON.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Object(fields) if fields.is_empty() => String::new(),
        Value::Array(items) if items.is_empty() => String::new(),
        value => value.to_string(),
    }
}

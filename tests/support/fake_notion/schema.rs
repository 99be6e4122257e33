//! Requests and answers against the JSON schemas of Notion's own types, where the
//! files are there.
//!
//! The schemas lag the documentation, so documented extras are taken out of requests
//! before the check, one by one and by name. Answers about objects that no schema
//! can know (`Workspace::odd`) are left out, again one by one.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::{Value, json};

use super::super::workspace::model::Id;
use super::state::lock;

/// One of the two schema files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Book {
    Requests,
    Responses,
}

type Compiled = Mutex<HashMap<(Book, String), Option<Arc<Validator>>>>;

fn definitions(book: Book) -> Option<&'static Value> {
    static REQUESTS: OnceLock<Option<Value>> = OnceLock::new();
    static RESPONSES: OnceLock<Option<Value>> = OnceLock::new();
    let (cell, name) = match book {
        Book::Requests => (&REQUESTS, "requests.schema.json"),
        Book::Responses => (&RESPONSES, "responses.schema.json"),
    };
    cell.get_or_init(|| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/notion-api");
        let bytes = std::fs::read(format!("{folder}/{name}")).ok()?;
        let schema: Value = serde_json::from_slice(&bytes).ok()?;
        Some(schema["definitions"].clone())
    })
    .as_ref()
}

/// Whether the schema file was found.
pub fn present(book: Book) -> bool {
    definitions(book).is_some()
}

/// The validator of one definition, compiled once for all fakes of the process.
fn validator(book: Book, name: &str) -> Option<Arc<Validator>> {
    static COMPILED: OnceLock<Compiled> = OnceLock::new();
    let compiled = COMPILED.get_or_init(Mutex::default);
    let key = (book, name.to_string());
    if let Some(known) = lock(compiled).get(&key) {
        return known.clone();
    }
    let made = definitions(book)
        .filter(|definitions| definitions.get(name).is_some())
        .and_then(|definitions| {
            let schema = json!({"$ref": format!("#/definitions/{name}"),
                                "definitions": definitions});
            jsonschema::draft7::new(&schema).ok().map(Arc::new)
        });
    lock(compiled).insert(key, made.clone());
    made
}

/// What is wrong with `value`, if the definition is known and does not fit.
pub fn complaint(book: Book, name: &str, value: &Value) -> Option<String> {
    let validator = validator(book, name)?;
    let error = validator.iter_errors(value).next()?;
    let mut text = error.to_string();
    if let Some((at, _)) = text.char_indices().nth(600) {
        text.truncate(at);
    }
    Some(format!("{name} at '{}': {text}", error.instance_path()))
}

/// A place of a value that a definition does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The JSON pointer of the place.
    pub at: String,
    pub fault: Fault,
}

/// What a definition does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The object has this key.
    Unknown(String),
    /// The object has no such key.
    Missing(String),
    /// The value is of another type, or another constant, or too long.
    Value,
}

impl Place {
    fn depth(&self) -> usize {
        self.at.matches('/').count()
    }
}

/// Every place of `value` that the definition does not allow. Of alternatives, the one
/// that fits furthest into the value is taken. `None` for an unknown definition.
pub fn places(book: Book, name: &str, value: &Value) -> Option<Vec<Place>> {
    let validator = validator(book, name)?;
    Some(
        validator
            .iter_errors(value)
            .flat_map(|it| faults(&it))
            .collect(),
    )
}

fn faults(error: &ValidationError) -> Vec<Place> {
    let place = |fault| Place {
        at: error.instance_path().to_string(),
        fault,
    };
    match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            let branches = context.iter().map(|errors| {
                let found: Vec<Place> = errors.iter().flat_map(faults).collect();
                found
            });
            let best = branches.max_by_key(|found| {
                let depth = found.iter().map(Place::depth).min();
                (depth, Reverse(found.len()))
            });
            best.unwrap_or_else(|| vec![place(Fault::Value)])
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|key| place(Fault::Unknown(key.clone())))
            .collect(),
        ValidationErrorKind::Required { property } => {
            let key = property.as_str().unwrap_or_default();
            vec![place(Fault::Missing(key.to_owned()))]
        }
        _ => vec![place(Fault::Value)],
    }
}

/// The definition of a request body.
pub fn request_name(method: &str, segments: &[&str]) -> Option<&'static str> {
    Some(match (method, segments) {
        ("POST", ["search"]) => "ReqSearch",
        ("POST", ["data_sources", _, "query"]) => "ReqQuery",
        ("PATCH", ["blocks", _, "children"]) => "ReqAppend",
        ("POST", ["pages"]) => "ReqCreatePage",
        ("PATCH", ["pages", _]) => "ReqUpdatePage",
        ("POST", ["pages", _, "move"]) => "ReqMovePage",
        ("POST", ["comments"]) => "ReqCreateComment",
        ("POST", ["databases"]) => "ReqCreateDatabase",
        ("PATCH", ["databases", _]) => "ReqUpdateDatabase",
        ("POST", ["data_sources"]) => "ReqCreateDataSource",
        ("PATCH", ["data_sources", _]) => "ReqUpdateDataSource",
        ("POST", ["views"]) => "ReqCreateView",
        ("POST", ["file_uploads"]) => "ReqCreateFileUpload",
        _ => return None,
    })
}

/// The definition of a request body, and the body without what is documented but absent
/// from the published types.
pub fn of_request(method: &str, segments: &[&str], body: &Value) -> Option<(&'static str, Value)> {
    let name = request_name(method, segments)?;
    let mut body = body.clone();
    match name {
        // Documented, absent from the types (section 10).
        "ReqQuery" | "ReqUpdatePage" => take_out(&mut body, "is_archived"),
        "ReqCreateDatabase" => {
            take_out(&mut body, "database_type");
            take_out_groups(&mut body["initial_data_source"]["properties"]);
            if body["initial_data_source"]["properties"].is_null() {
                take_out(&mut body, "initial_data_source");
            }
        }
        "ReqCreateDataSource" | "ReqUpdateDataSource" => {
            take_out_groups(&mut body["properties"]);
            if body["properties"].is_null() {
                take_out(&mut body, "properties");
            }
        }
        // The types say `Record<string, never>`, the documentation says what goes in.
        "ReqCreateView" => {
            for key in ["filter", "quick_filters", "sorts"] {
                take_out(&mut body, key);
            }
        }
        _ => {}
    }
    Some((name, body))
}

fn take_out(body: &mut Value, key: &str) {
    if let Value::Object(map) = body {
        map.remove(key);
    }
}

/// `group` on status options: documented since June 2026, absent from the types.
fn take_out_groups(properties: &mut Value) {
    let Value::Object(properties) = properties else {
        return;
    };
    for property in properties.values_mut() {
        if let Some(Value::Array(options)) = property.pointer_mut("/status/options") {
            for option in options {
                take_out(option, "group");
            }
        }
    }
}

/// Everything wrong with an answer: its envelope, and each object in it on its own.
pub fn answer_complaints(value: &Value, odd: &BTreeSet<Id>) -> Vec<String> {
    let mut found = Vec::new();
    let mut check = |name: &str, value: &Value| {
        found.extend(complaint(Book::Responses, name, value));
    };
    if value["object"] == "list" {
        let mut envelope = value.clone();
        envelope["results"] = json!([]);
        match value["type"].as_str() {
            Some("block") => check("ResChildren", &envelope),
            Some("page_or_data_source") => check("ResQuery", &envelope),
            Some("comment") => check("ResComments", &envelope),
            Some("user") => check("ResUsers", &envelope),
            Some("view") => check("ResViews", &envelope),
            Some("custom_emoji") => check("ResEmojis", &envelope),
            Some("property_item") => check("PropertyItemListResponse", &envelope),
            _ => {}
        }
        for item in value["results"].as_array().into_iter().flatten() {
            if let Some(name) = definition_of(item, odd) {
                check(&name, &as_typed(item));
            }
        }
    } else if let Some(name) = definition_of(value, odd) {
        check(&name, &as_typed(value));
    }
    found
}

/// The published types ask for the old trash flag, which no answer of 2026-03-11 has.
fn as_typed(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(in_trash) = value.get("in_trash").cloned() {
        value["archived"] = in_trash;
    }
    value
}

/// The definition of one object, or `None` when none can describe it.
fn definition_of(value: &Value, odd: &BTreeSet<Id>) -> Option<String> {
    let id = value["id"]
        .as_str()
        .and_then(|text| text.parse::<Id>().ok());
    if id.is_some_and(|id| odd.contains(&id)) {
        return None;
    }
    let name = match value["object"].as_str()? {
        "page" => "ResPage".into(),
        "database" => "ResDatabase".into(),
        "data_source" => "ResDataSource".into(),
        "comment" => "ResComment".into(),
        "user" => "ResUser".into(),
        "view" if value.get("name").is_some() => "ResView".into(),
        "file_upload" => "ResUpload".into(),
        "property_item" => "PropertyItemObjectResponse".into(),
        "block" => format!("{}BlockObjectResponse", camel(value["type"].as_str()?)),
        _ => return None,
    };
    Some(name)
}

/// `to_do` as `ToDo`.
fn camel(text: &str) -> String {
    text.split('_')
        .map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            format!("{}{rest}", first.to_uppercase())
        })
        .collect()
}

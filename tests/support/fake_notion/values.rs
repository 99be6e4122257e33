//! Property values: complete in the workspace, truncated on pages (section 2.3), and
//! whole again, a hundred at a time, through the property endpoint.

use serde_json::{Map, Value, json};

use super::super::workspace::model::*;
use super::super::workspace::text;
use super::paging::{Asked, Cutter};
use super::refusal::Refusal;
use super::render::{Render, minute_time, user_ref};

/// The most references that a page object shows.
pub const SHOWN: usize = 25;

/// The `properties` of a page object.
pub fn of_page(render: &Render, page: &Page) -> Value {
    let mut properties = Map::new();
    let source = match page.parent {
        Parent::DataSource(id) => render.ws.data_sources.get(&id),
        _ => None,
    };
    let Some(source) = source else {
        let title = complete(render, page, "title", "title");
        let title = json!({"id": "title", "type": "title", "title": title});
        properties.insert("title".into(), title);
        return Value::Object(properties);
    };
    for property in &source.schema {
        let value = complete(render, page, &property.id, &property.kind);
        let kind = property.kind.as_str();
        let mut object = json!({"id": property.id, "type": kind});
        match kind {
            "people" => object[kind] = first(&value, SHOWN),
            "relation" => {
                let more = value.as_array().is_some_and(|all| all.len() > SHOWN);
                object[kind] = first(&value, SHOWN);
                object["has_more"] = json!(more);
            }
            "rollup" => {
                let mut shown = value.clone();
                if shown["type"] == "array" {
                    shown["array"] = first(&shown["array"], SHOWN);
                }
                object[kind] = shown;
            }
            _ => object[kind] = value,
        }
        properties.insert(property.name.clone(), object);
    }
    Value::Object(properties)
}

fn first(value: &Value, count: usize) -> Value {
    match value {
        Value::Array(all) => json!(all[..all.len().min(count)]),
        other => other.clone(),
    }
}

/// The whole value of a property, as it would stand under its type's key.
pub fn complete(render: &Render, page: &Page, id: &str, kind: &str) -> Value {
    match kind {
        "created_time" => return json!(minute_time(page.stamps.created)),
        "last_edited_time" => return json!(minute_time(page.stamps.edited)),
        "created_by" => return user(render, page.stamps.created_by),
        "last_edited_by" => return user(render, page.stamps.edited_by),
        _ => {}
    }
    let Some(stored) = page.values.get(id) else {
        return match kind {
            "title" => text::rich(&page.title),
            "rich_text" | "multi_select" | "people" | "files" | "relation" => json!([]),
            "checkbox" => json!(false),
            "button" => json!({}),
            "formula" => json!({"type": "string", "string": null}),
            "rollup" => json!({"type": "array", "array": [], "function": "show_original"}),
            "unique_id" => json!({"prefix": null, "number": null}),
            "verification" => json!({"state": "unverified", "date": null, "verified_by": null}),
            _ => Value::Null,
        };
    };
    match (kind, stored) {
        // An unshared target leaves no trace.
        ("relation", Value::Array(all)) => all
            .iter()
            .filter(|item| {
                let id = item["id"].as_str().and_then(|id| id.parse::<Id>().ok());
                id.is_some_and(|id| render.ws.can_see(id))
            })
            .cloned()
            .collect(),
        ("people", Value::Array(all)) => all
            .iter()
            .map(|item| match item["id"].as_str().map(str::parse::<Id>) {
                Some(Ok(id)) if item["object"] == "user" => user(render, id),
                _ => item.clone(),
            })
            .collect(),
        _ => render.resolve(stored),
    }
}

/// A user in full where one is known, by id alone where they are gone.
fn user(render: &Render, id: Id) -> Value {
    match render.ws.user(id) {
        Some(user) if !user.deleted => render.named_user(user),
        _ => user_ref(id),
    }
}

/// `GET /pages/{id}/properties/{property}`.
pub fn item(
    render: &Render,
    page: &Page,
    segment: &str,
    asked: &Asked,
    cutter: Cutter,
) -> Result<Value, Refusal> {
    let (id, kind) = find(render, page, segment)?;
    let value = complete(render, page, &id, &kind);
    let entries: Vec<Value> = match kind.as_str() {
        "title" | "rich_text" | "people" | "relation" => {
            value.as_array().cloned().unwrap_or_default()
        }
        "rollup" => value["array"].as_array().cloned().unwrap_or_default(),
        _ => {
            return Ok(json!({"object": "property_item", "id": id, "type": kind,
                             kind.as_str(): value}));
        }
    };
    let scope = format!("property {} {id}", page.id);
    let stretch = cutter.cut(&scope, entries.len(), asked)?;
    let results: Vec<Value> = entries[stretch.from..stretch.to]
        .iter()
        .map(|entry| {
            if kind == "rollup" {
                let mut item = entry.clone();
                item["object"] = json!("property_item");
                item["id"] = json!(id);
                item
            } else {
                json!({"object": "property_item", "id": id, "type": kind, kind.as_str(): entry})
            }
        })
        .collect();
    let next_url = stretch.next.as_ref().map(|cursor| {
        format!(
            "https://api.notion.com/v1/pages/{}/properties/{id}?start_cursor={cursor}",
            page.id
        )
    });
    let head = match kind.as_str() {
        // Valid only on the last page; until then it is incomplete.
        "rollup" if stretch.next.is_some() => {
            json!({"type": "incomplete", "incomplete": {}, "function": value["function"]})
        }
        "rollup" => {
            let mut head = value.clone();
            if head["type"] == "array" {
                head["array"] = json!([]);
            }
            head
        }
        _ => json!({}),
    };
    Ok(json!({
        "object": "list", "type": "property_item", "results": results,
        "has_more": stretch.next.is_some(), "next_cursor": stretch.next,
        "property_item": {"id": id, "type": kind, "next_url": next_url, kind.as_str(): head},
    }))
}

/// Id and type of the property that a path segment names: an id as answers show it,
/// or the name. An id encoded twice names nothing (section 1.7).
fn find(render: &Render, page: &Page, segment: &str) -> Result<(String, String), Refusal> {
    let source = match page.parent {
        Parent::DataSource(id) => render.ws.data_sources.get(&id),
        _ => None,
    };
    let decoded = super::http::decode(segment);
    let Some(source) = source else {
        if segment == "title" {
            return Ok(("title".into(), "title".into()));
        }
        return Err(Refusal::not_found("property", segment));
    };
    source
        .schema
        .iter()
        .find(|property| {
            property.id == segment
                || super::http::decode(&property.id) == decoded
                || property.name == decoded
        })
        .map(|property| (property.id.clone(), property.kind.clone()))
        .ok_or_else(|| Refusal::not_found("property", segment))
}

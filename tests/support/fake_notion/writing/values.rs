//! Property values as clients write them (section 6).

use serde_json::{Value, json};

use super::super::super::workspace::model::*;
use super::super::http::decode;
use super::super::refusal::Refusal;
use super::super::uploads::Place;
use super::dates::date;
use super::{Write, at_most, id_in};

impl Write<'_> {
    /// Checks a `properties` object; property id and stored value. Names that the data
    /// source does not have are ignored without a word (section 11, row 11).
    pub fn values(
        &mut self,
        page: &Page,
        properties: &Value,
    ) -> Result<Vec<(String, Value)>, Refusal> {
        let Some(map) = properties.as_object() else {
            return Err(Refusal::body("properties", "should be an object"));
        };
        let Parent::DataSource(source) = page.parent else {
            return self.title_only(map);
        };
        let schema = self.ws.data_sources.get(&source);
        let schema = schema
            .map(|source| source.schema.clone())
            .unwrap_or_default();
        let mut changes = Vec::new();
        for (key, value) in map {
            let property = schema
                .iter()
                .find(|it| it.id == *key || decode(&it.id) == decode(key) || it.name == *key);
            let Some(property) = property else { continue };
            let path = format!("properties.{key}");
            let kind = property.kind.as_str();
            let Some(value) = value.get(kind) else {
                let message = format!("{key} is expected to be {kind}.");
                return Err(Refusal::validation(message));
            };
            let value = self.value(source, property, value, &path)?;
            changes.push((property.id.clone(), value));
        }
        Ok(changes)
    }

    fn title_only(
        &self,
        map: &serde_json::Map<String, Value>,
    ) -> Result<Vec<(String, Value)>, Refusal> {
        let mut changes = Vec::new();
        for (key, value) in map {
            if key != "title" {
                let path = format!("properties.{key}");
                let rule = "should be not present: a page in a page has only a title";
                return Err(Refusal::body(&path, rule));
            }
            let title = value.get("title").unwrap_or(value);
            changes.push((
                "title".into(),
                self.rich_text(title, "properties.title.title")?,
            ));
        }
        Ok(changes)
    }

    fn value(
        &mut self,
        source: Id,
        property: &Property,
        value: &Value,
        path: &str,
    ) -> Result<Value, Refusal> {
        let kind = property.kind.as_str();
        let path = format!("{path}.{kind}");
        let wrong = |what: &str| {
            let rule = format!("should be {what}, instead was `{value}`");
            Err(Refusal::body(&path, &rule))
        };
        match kind {
            "title" | "rich_text" => self.rich_text(value, &path),
            "number" if value.is_number() || value.is_null() => Ok(value.clone()),
            "number" => wrong("a number"),
            "checkbox" if value.is_boolean() => Ok(value.clone()),
            "checkbox" => wrong("a boolean"),
            "url" | "email" | "phone_number" => match value {
                Value::Null => Ok(Value::Null),
                Value::String(text) => {
                    let limit = if kind == "url" { 2000 } else { 200 };
                    at_most(text.encode_utf16().count(), limit, &path)?;
                    Ok(value.clone())
                }
                _ => wrong("a string"),
            },
            "select" if value.is_null() => Ok(Value::Null),
            "select" => self.option(source, property, value, true, &path),
            // Cleared, it falls back to the first option.
            "status" if value.is_null() => {
                let first = property.config["options"][0].clone();
                Ok(shown(&first))
            }
            "status" => self.option(source, property, value, false, &path),
            "multi_select" => {
                let Some(items) = value.as_array() else {
                    return wrong("an array");
                };
                at_most(items.len(), 100, &path)?;
                items
                    .iter()
                    .map(|it| self.option(source, property, it, true, &path))
                    .collect()
            }
            "date" if value.is_null() => Ok(Value::Null),
            "date" => date(value, &path),
            "people" => {
                let Some(items) = value.as_array() else {
                    return wrong("an array");
                };
                at_most(items.len(), 100, &path)?;
                for item in items.iter().filter(|item| item["object"] != "group") {
                    let id = id_in(&item["id"], &path)?;
                    if self.ws.user(id).is_none_or(|user| user.deleted) {
                        return Err(Refusal::not_found("user", id));
                    }
                }
                let user = |item: &Value| match item["object"] == "group" {
                    true => item.clone(),
                    false => json!({"object": "user", "id": item["id"]}),
                };
                Ok(items.iter().map(user).collect())
            }
            "relation" => {
                let Some(items) = value.as_array() else {
                    return wrong("an array");
                };
                at_most(items.len(), 100, &path)?;
                for item in items {
                    let id = id_in(&item["id"], &path)?;
                    if !self.ws.pages.contains_key(&id) || !self.ws.can_see(id) {
                        return Err(Refusal::not_found("page", id));
                    }
                }
                Ok(items.iter().map(|item| json!({"id": item["id"]})).collect())
            }
            "files" => {
                let Some(items) = value.as_array() else {
                    return wrong("an array");
                };
                at_most(items.len(), 100, &path)?;
                let mut files = Vec::new();
                for item in items {
                    let mut file = self.file(item, Place::Any, &path)?;
                    file["name"] = match item.get("name") {
                        Some(name) => name.clone(),
                        None => json!("file"),
                    };
                    files.push(file);
                }
                Ok(json!(files))
            }
            "place" if value.is_null() => Ok(Value::Null),
            "place" if value["lat"].is_number() && value["lon"].is_number() => {
                let mut place = value.clone();
                for key in ["name", "address"] {
                    if place.get(key).is_none() {
                        place[key] = Value::Null;
                    }
                }
                Ok(place)
            }
            "place" => wrong("an object with `lat` and `lon`"),
            "verification" => {
                let verified = value["state"] == "verified";
                let bot = json!({"object": "user", "id": self.ws.bot});
                Ok(json!({"state": value["state"], "date": value["date"],
                          "verified_by": if verified { bot } else { Value::Null }}))
            }
            _ => Err(Refusal::validation(format!(
                "body failed validation: {path} cannot be written."
            ))),
        }
    }

    /// An option by id or name. Selects make new ones on the way, statuses never.
    fn option(
        &mut self,
        source: Id,
        property: &Property,
        value: &Value,
        creates: bool,
        path: &str,
    ) -> Result<Value, Refusal> {
        // The schema may have grown since the request began.
        let current = self.ws.data_sources.get(&source);
        let current = current.and_then(|it| it.schema.iter().find(|it| it.id == property.id));
        let options = current.map_or(&property.config, |it| &it.config)["options"].clone();
        let known = options.as_array().into_iter().flatten().find(|option| {
            (value["id"].is_string() && option["id"] == value["id"])
                || (value["name"].is_string() && option["name"] == value["name"])
        });
        if let Some(option) = known {
            return Ok(shown(option));
        }
        let Some(name) = value["name"].as_str().filter(|_| creates) else {
            let message = format!("{path}: option `{value}` does not exist.");
            return Err(Refusal::validation(message));
        };
        if name.contains(',') {
            let message = "Invalid select option, commas not allowed.";
            return Err(Refusal::validation(message));
        }
        let id = self.ws.chance.id();
        let color = value["color"].as_str().unwrap_or("default");
        let option = json!({"id": id, "name": name, "color": color, "description": null});
        let schema = self
            .ws
            .data_sources
            .get_mut(&source)
            .map(|it| &mut it.schema);
        let column = schema.and_then(|it| it.iter_mut().find(|it| it.id == property.id));
        if let Some(Value::Array(options)) = column.map(|it| &mut it.config["options"]) {
            options.push(option.clone());
        }
        Ok(shown(&option))
    }

    /// Keeps the other side of a two-way relation in step.
    pub fn mirror(&mut self, page: Id, property: &str, value: &Value) {
        let Some(Parent::DataSource(source)) = self.ws.pages.get(&page).map(|it| it.parent) else {
            return;
        };
        let schema = self.ws.data_sources.get(&source).map(|it| &it.schema);
        let column = schema.and_then(|it| it.iter().find(|it| it.id == property));
        let Some(other) = column
            .filter(|it| it.kind == "relation")
            .and_then(|it| it.config["dual_property"]["synced_property_id"].as_str())
            .map(str::to_string)
        else {
            return;
        };
        let targets = |value: &Value| -> Vec<Id> {
            let all = value.as_array().into_iter().flatten();
            all.filter_map(|it| it["id"].as_str()?.parse().ok())
                .collect()
        };
        let before = self
            .ws
            .pages
            .get(&page)
            .and_then(|it| it.values.get(property));
        let before = before.map(targets).unwrap_or_default();
        let after = targets(value);
        for target in before.iter().chain(&after) {
            let Some(target_page) = self.ws.pages.get_mut(target) else {
                continue;
            };
            let list = target_page
                .values
                .entry(other.clone())
                .or_insert_with(|| json!([]));
            if let Value::Array(list) = list {
                let own = json!({"id": page});
                list.retain(|it| *it != own);
                if after.contains(target) {
                    list.push(own);
                }
            }
        }
    }
}

/// An option as values show it: without its description.
fn shown(option: &Value) -> Value {
    json!({"id": option["id"], "name": option["name"], "color": option["color"]})
}

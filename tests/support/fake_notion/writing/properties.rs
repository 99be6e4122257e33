//! Columns as clients write them (section 5).

use serde_json::{Map, Value, json};

use super::super::super::workspace::model::*;
use super::super::http::decode;
use super::super::refusal::Refusal;
use super::{Write, at_most, id_in};

/// The columns that need nothing but their type.
const BARE: [&str; 14] = [
    "title",
    "rich_text",
    "url",
    "email",
    "phone_number",
    "checkbox",
    "date",
    "people",
    "files",
    "created_time",
    "created_by",
    "last_edited_time",
    "last_edited_by",
    "place",
];

impl Write<'_> {
    /// A fresh column id.
    pub fn column_id(&mut self) -> String {
        format!("w%3A{:06x}", self.ws.chance.next() & 0xff_ffff)
    }

    /// The columns of a new data source: relations before rollups, one title always.
    pub fn columns(&mut self, properties: &Value) -> Result<Vec<(String, Value)>, Refusal> {
        let empty = Map::new();
        let map = properties.as_object().unwrap_or(&empty);
        let titles = map.values().filter(|it| it.get("title").is_some()).count();
        if titles > 1 {
            let rule = "should have exactly one title";
            return Err(Refusal::body("properties", rule));
        }
        let mut columns: Vec<(String, Value)> = map
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if titles == 0 {
            columns.push(("Name".into(), json!({"title": {}})));
        }
        columns.sort_by_key(|(_, value)| {
            let late = ["relation", "rollup", "formula"];
            late.iter()
                .position(|kind| value.get(kind).is_some())
                .map_or(0, |at| at + 1)
        });
        Ok(columns)
    }

    /// Adds a column to a data source that is already there.
    pub fn add_column(&mut self, source: Id, name: &str, value: &Value) -> Result<(), Refusal> {
        let Some((kind, config)) = kind_of(value) else {
            let path = format!("properties.{name}");
            return Err(Refusal::body(&path, "should name exactly one type"));
        };
        // Accepted and ignored (section 5).
        if kind == "button" {
            return Ok(());
        }
        let id = if kind == "title" {
            "title".to_string()
        } else {
            self.column_id()
        };
        let config = self.config(source, name, &id, kind, config, None)?;
        check_description(value, name)?;
        let column = Property {
            id,
            name: name.to_string(),
            kind: kind.to_string(),
            config,
            description: value["description"].as_str().map(str::to_string),
        };
        if let Some(source) = self.ws.data_sources.get_mut(&source) {
            source.schema.push(column);
        }
        Ok(())
    }

    /// Renames, changes, converts or (null) deletes a column; unknown names become new.
    pub fn change_column(&mut self, source: Id, key: &str, value: &Value) -> Result<(), Refusal> {
        let schema = self
            .ws
            .data_sources
            .get(&source)
            .map(|it| it.schema.clone());
        let schema = schema.unwrap_or_default();
        let at = schema
            .iter()
            .position(|it| it.id == key || decode(&it.id) == decode(key) || it.name == key);
        let Some(at) = at else {
            // What is not there is deleted without a word: recorded for the other side of
            // a relation that had become one-way.
            if value.is_null() {
                return Ok(());
            }
            return self.add_column(source, key, value);
        };
        let mut column = schema[at].clone();
        if value.is_null() {
            if column.kind == "title" {
                return Err(Refusal::validation("Cannot delete the title property."));
            }
            if let Some(source) = self.ws.data_sources.get_mut(&source) {
                source.schema.remove(at);
            }
            return Ok(());
        }
        if let Some(name) = value["name"].as_str() {
            if schema
                .iter()
                .any(|it| it.name == name && it.id != column.id)
            {
                return Err(Refusal::validation("Property names must be unique."));
            }
            column.name = name.to_string();
            self.rename_other_sides(&column.id, name);
        }
        if let Some(description) = value.get("description") {
            check_description(value, key)?;
            column.description = description.as_str().map(str::to_string);
        }
        if let Some((kind, config)) = kind_of(value) {
            if (column.kind == "title") != (kind == "title") {
                return Err(Refusal::validation(
                    "The title property cannot be converted.",
                ));
            }
            let before = (kind == column.kind).then(|| column.config.clone());
            let (name, id) = (column.name.clone(), column.id.clone());
            column.config = self.config(source, &name, &id, kind, config, before.as_ref())?;
            column.kind = kind.to_string();
        }
        let (id, name) = (column.id.clone(), column.name.clone());
        if let Some(source) = self.ws.data_sources.get_mut(&source)
            && let Some(place) = source.schema.iter_mut().find(|it| it.id == column.id)
        {
            *place = column;
        }
        self.renamed(source, &id, &name);
        Ok(())
    }

    /// The other side of a two-way relation tells the name of this one.
    fn rename_other_sides(&mut self, id: &str, name: &str) {
        let columns = self.ws.data_sources.values_mut();
        for column in columns.flat_map(|source| &mut source.schema) {
            let dual = column.config.get_mut("dual_property");
            if let Some(dual) = dual.filter(|dual| dual["synced_property_id"] == id) {
                dual["synced_property_name"] = json!(name);
            }
        }
    }

    fn config(
        &mut self,
        source: Id,
        name: &str,
        id: &str,
        kind: &str,
        config: &Value,
        before: Option<&Value>,
    ) -> Result<Value, Refusal> {
        let path = format!("properties.{name}.{kind}");
        match kind {
            _ if BARE.contains(&kind) => Ok(json!({})),
            "number" => {
                let format = config["format"].as_str().unwrap_or("number");
                Ok(json!({"format": format}))
            }
            "unique_id" => {
                let own = before.map_or(Value::Null, |it| it["prefix"].clone());
                let prefix = config.get("prefix").unwrap_or(&own).clone();
                if prefix != own {
                    self.reserve_prefix(&prefix, &path)?;
                }
                Ok(json!({"prefix": prefix}))
            }
            "formula" => {
                let expression = config["expression"].as_str().unwrap_or("");
                self.formula(source, expression)
            }
            "select" | "multi_select" => {
                let options = self.options(&config["options"], before, &path)?;
                Ok(json!({"options": options}))
            }
            "status" => self.status(config, before, &path),
            "relation" => self.relation(source, name, id, config, before, &path),
            "rollup" => self.rollup(source, config, &path),
            // Wiki columns and undocumented ones cannot be made (section 5).
            _ => Err(Refusal::body(&path, "should be not present")),
        }
    }

    /// A prefix belongs to one column of the workspace, also after the column is gone
    /// (section 10.1).
    fn reserve_prefix(&mut self, prefix: &Value, path: &str) -> Result<(), Refusal> {
        let Some(prefix) = prefix.as_str() else {
            return Ok(());
        };
        at_most(prefix.chars().count(), 10, &format!("{path}.prefix"))?;
        let mut columns = self.ws.data_sources.values().flat_map(|it| &it.schema);
        let taken = columns.any(|it| it.kind == "unique_id" && it.config["prefix"] == prefix);
        let free = !taken && self.ws.prefixes.insert(prefix.to_string());
        if self.switches.unique_prefixes && !free {
            let message = format!("Unique ID prefix \"{prefix}\" is already in use.");
            return Err(Refusal::validation(message));
        }
        Ok(())
    }

    /// The list replaces the old one; options that were there keep id, name and colour.
    fn options(
        &mut self,
        wanted: &Value,
        before: Option<&Value>,
        path: &str,
    ) -> Result<Vec<Value>, Refusal> {
        let wanted = match wanted.as_array() {
            Some(wanted) => wanted,
            None => {
                return Ok(before
                    .and_then(|it| it["options"].as_array())
                    .cloned()
                    .unwrap_or_default());
            }
        };
        at_most(wanted.len(), 100, &format!("{path}.options"))?;
        let old = before
            .and_then(|it| it["options"].as_array())
            .cloned()
            .unwrap_or_default();
        let mut options: Vec<Value> = Vec::new();
        for option in wanted {
            let known = old.iter().find(|it| {
                (option["id"].is_string() && it["id"] == option["id"])
                    || (option["name"].is_string() && it["name"] == option["name"])
            });
            let made = match known {
                Some(known) => known.clone(),
                None => {
                    let name = option["name"].as_str().unwrap_or("");
                    if name.is_empty() || name.contains(',') {
                        let message = "Invalid select option, commas not allowed.";
                        return Err(Refusal::validation(message));
                    }
                    let id = self.ws.chance.id();
                    json!({"id": id, "name": name, "description": option["description"],
                           "color": option["color"].as_str().unwrap_or("default")})
                }
            };
            let same = |it: &Value| {
                let text = |it: &Value| it["name"].as_str().unwrap_or("").to_lowercase();
                text(it) == text(&made)
            };
            if options.iter().any(same) {
                return Err(Refusal::validation("Option names must be unique."));
            }
            options.push(made);
        }
        Ok(options)
    }

    fn status(
        &mut self,
        config: &Value,
        before: Option<&Value>,
        path: &str,
    ) -> Result<Value, Refusal> {
        let defaults = json!({"options": [
            {"name": "Not started", "group": "To-do"},
            {"name": "In progress", "color": "blue", "group": "In progress"},
            {"name": "Done", "color": "green", "group": "Complete"},
        ]});
        let config = if config["options"].is_array() || before.is_some() {
            config
        } else {
            &defaults
        };
        let options = self.options(&config["options"], before, path)?;
        let group_before = |id: &Value| -> Option<String> {
            let groups = before?["groups"].as_array()?;
            let group = groups.iter().find(|group| {
                group["option_ids"]
                    .as_array()
                    .is_some_and(|ids| ids.contains(id))
            })?;
            group["name"].as_str().map(str::to_string)
        };
        let mut groups = json!([
            {"id": "todo", "name": "To-do", "color": "gray", "option_ids": []},
            {"id": "doing", "name": "In progress", "color": "blue", "option_ids": []},
            {"id": "done", "name": "Complete", "color": "green", "option_ids": []},
        ]);
        for option in &options {
            let wanted = config["options"].as_array().into_iter().flatten();
            let asked = wanted
                .filter(|it| it["name"] == option["name"] || it["id"] == option["id"])
                .find_map(|it| it["group"].as_str().map(str::to_string));
            let group = asked
                .or_else(|| group_before(&option["id"]))
                .unwrap_or("To-do".into());
            let at = match group.as_str() {
                "To-do" => 0,
                "In progress" => 1,
                "Complete" => 2,
                _ => {
                    return Err(Refusal::body(
                        &format!("{path}.options.group"),
                        "is unknown",
                    ));
                }
            };
            if let Some(Value::Array(ids)) = groups[at].get_mut("option_ids") {
                ids.push(option["id"].clone());
            }
        }
        Ok(json!({"options": options, "groups": groups}))
    }

    /// Made after its relation and after the target's property, both by name or id.
    fn rollup(&self, source: Id, config: &Value, path: &str) -> Result<Value, Refusal> {
        let find = |source: Id, what: &str| -> Option<Property> {
            let (id, name) = (
                &config[format!("{what}_property_id")],
                &config[format!("{what}_property_name")],
            );
            let schema = &self.ws.data_sources.get(&source)?.schema;
            let found = schema
                .iter()
                .find(|it| *id == json!(it.id) || *name == json!(it.name));
            found.cloned()
        };
        let relation = find(source, "relation").filter(|it| it.kind == "relation");
        let Some(relation) = relation else {
            return Err(Refusal::body(path, "should name a relation that exists"));
        };
        let target = relation.config["data_source_id"].as_str();
        let target = target.and_then(|id| id.parse().ok());
        let Some(rolled) = target.and_then(|target| find(target, "rollup")) else {
            return Err(Refusal::body(
                path,
                "should name a property of the related data source",
            ));
        };
        Ok(
            json!({"function": config["function"].as_str().unwrap_or("show_original"),
                  "relation_property_id": relation.id, "relation_property_name": relation.name,
                  "rollup_property_id": rolled.id, "rollup_property_name": rolled.name}),
        )
    }
}

/// A description has at most 280 characters (section 10.1).
fn check_description(value: &Value, name: &str) -> Result<(), Refusal> {
    let length = value["description"]
        .as_str()
        .map_or(0, |it| it.encode_utf16().count());
    at_most(length, 280, &format!("properties.{name}.description"))
}

/// The type that a column request names, and what it says about it.
fn kind_of(value: &Value) -> Option<(&str, &Value)> {
    let map = value.as_object()?;
    let mut kinds = map
        .iter()
        .filter(|(key, _)| !matches!(key.as_str(), "name" | "description" | "type" | "id"));
    let (kind, config) = kinds.next()?;
    kinds.next().is_none().then_some((kind.as_str(), config))
}

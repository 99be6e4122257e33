//! Databases, data sources, columns, values and views as nodes.

use serde_json::{Map, Value, json};

use super::super::fake_notion::formula;
use super::super::fake_notion::http::decode;
use super::super::workspace::model::*;
use super::draw::{Drawing, made, map_of};
use super::node::{Node, reference};
use super::rich;

/// The ids of the pages that a relation value names.
pub fn targets(value: &Value) -> Vec<Id> {
    let all = value.as_array().into_iter().flatten();
    all.filter_map(|it| it["id"].as_str()?.parse().ok())
        .collect()
}

impl Drawing<'_> {
    /// Fills in what two-way relations show on their other side.
    pub fn mirror(&mut self) {
        for source in self.ws.data_sources.values() {
            for column in &source.schema {
                let other = &column.config["dual_property"]["synced_property_id"];
                let Some(other) = other.as_str().filter(|_| column.kind == "relation") else {
                    continue;
                };
                for row in &source.rows {
                    let page = self.ws.pages.get(row).filter(|page| !page.in_trash);
                    let value = page.and_then(|page| page.values.get(&column.id));
                    for target in value.map(targets).unwrap_or_default() {
                        let place = (target, other.to_string());
                        self.incoming.entry(place).or_default().push(*row);
                    }
                }
            }
        }
    }

    pub fn database(&self, id: Id) -> Node {
        let Some(database) = self.ws.databases.get(&id) else {
            return Node::default();
        };
        let kind = match database.linked {
            Some(_) => "linked database",
            None => "database",
        };
        let mut node = Node::new(Some(id), kind, &database.title);
        node.set("title", json!(database.title));
        node.set("description", rich::draw(&database.description));
        node.set("is_inline", json!(database.is_inline));
        node.set("is_locked", json!(database.is_locked));
        node.set("icon", self.icon(&database.icon));
        node.set("cover", self.icon(&database.cover));
        node.set("made", made(&database.stamps));
        let sources = database.data_sources.iter();
        let sources = sources.filter_map(|id| self.ws.data_sources.get(id));
        let sources = sources.filter(|source| !source.in_trash);
        let sources = sources.map(|source| self.source(source)).collect();
        node.parts.insert("source", sources);
        let views = database.views.iter();
        let views = views.filter_map(|id| self.ws.views.get(id));
        let tabs = views.filter(|view| !view.settings.contains_key("dashboard_view_id"));
        let tabs = tabs.map(|view| self.view(view)).collect();
        node.parts.insert("view", tabs);
        self.comments(&mut node, id);
        node
    }

    fn source(&self, source: &DataSource) -> Node {
        let mut node = Node::new(Some(source.id), "data source", &source.title);
        node.set("title", json!(source.title));
        node.set("made", made(&source.stamps));
        let columns = source.schema.iter();
        let columns = columns.map(|column| self.column(source, column)).collect();
        node.parts.insert("property", columns);
        let live = |id: &&Id| {
            let page = self.ws.pages.get(id);
            page.is_some_and(|page| !page.in_trash) && self.ws.can_see(**id)
        };
        let rows = source.rows.iter().filter(live).enumerate();
        let rows = rows.map(|(at, id)| {
            let mut row = self.page(*id);
            row.key = (at as i64, 0);
            row
        });
        node.parts.insert("row", rows.collect());
        let templates = source.templates.iter();
        let templates = templates.filter(|template| live(&&template.page));
        let templates = templates.map(|template| {
            let mut node = self.page(template.page);
            node.set("is_default", json!(template.is_default));
            node.set("template", json!(template.name));
            node
        });
        node.parts.insert("template", templates.collect());
        let wiki = source.wiki_databases.iter();
        let wiki = wiki.filter(|id| self.ws.can_see(**id) && !self.ws.is_trashed(**id));
        node.parts
            .insert("wiki", wiki.map(|id| self.database(*id)).collect());
        node
    }

    fn column(&self, source: &DataSource, column: &Property) -> Node {
        let mut node = Node::new(None, "property", &column.name);
        let config = &column.config;
        node.set("type", json!(column.kind));
        node.set("description", json!(column.description));
        match column.kind.as_str() {
            "select" | "multi_select" => node.set("options", options(config)),
            "status" => {
                node.set("options", options(config));
                let groups = config["groups"].as_array().into_iter().flatten();
                let all = config["options"].as_array().into_iter().flatten();
                let group_of = |option: &Value| {
                    let held = |group: &&Value| {
                        let ids = group["option_ids"].as_array();
                        ids.is_some_and(|ids| ids.contains(&option["id"]))
                    };
                    groups
                        .clone()
                        .find(held)
                        .map_or(Value::Null, |it| it["name"].clone())
                };
                node.set("option groups", all.map(group_of).collect());
                let shape = groups.clone().map(|it| json!([it["name"], it["color"]]));
                node.set("groups", shape.collect());
            }
            "number" => {
                let format = config["format"].as_str().unwrap_or("number");
                node.set("format", json!(format));
            }
            "unique_id" => node.set("prefix", config["prefix"].clone()),
            "formula" => {
                let expression = config["expression"].as_str().unwrap_or("");
                let expression = formula::by_name(expression, &source.schema, source.id);
                node.set("expression", json!(expression));
            }
            "relation" => {
                node.set("to", json!({"$id": config["data_source_id"]}));
                let mirror = &config["dual_property"]["synced_property_name"];
                node.set("mirror", mirror.clone());
            }
            "rollup" => {
                node.set("function", config["function"].clone());
                let over = &config["relation_property_name"];
                node.set("over", over.clone());
                node.set("of", config["rollup_property_name"].clone());
            }
            _ => node.set("config", config.clone()),
        }
        node
    }

    /// The column that an id, encoded or not, or a name stands for.
    fn column_named(&self, source: Id, key: &str) -> Option<&Property> {
        let schema = &self.ws.data_sources.get(&source)?.schema;
        let by_id = schema.iter().find(|it| decode(&it.id) == decode(key));
        by_id.or_else(|| schema.iter().find(|it| it.name == key))
    }

    /// The values of a row, one field for each column.
    pub fn values(&self, node: &mut Node, page: &Page, source: Id) {
        let Some(source) = self.ws.data_sources.get(&source) else {
            return;
        };
        for column in source.schema.iter().filter(|it| it.kind != "title") {
            let field = format!("{} {:?}", column.kind, column.name);
            let stored = page.values.get(&column.id);
            let value = self.value(page, column, stored.unwrap_or(&Value::Null));
            node.set(&field, value);
        }
    }

    fn value(&self, page: &Page, column: &Property, value: &Value) -> Value {
        let items = || value.as_array().into_iter().flatten();
        match column.kind.as_str() {
            "rich_text" => rich::draw(value),
            "checkbox" => json!(*value == true),
            "select" | "status" => option(column, value),
            "multi_select" => items().map(|it| option(column, it)).collect(),
            "people" => items()
                .map(|it| match it["object"] == "group" {
                    true => json!({"group": it["id"]}),
                    false => json!({"$user": it["id"]}),
                })
                .collect(),
            "files" => items()
                .map(|it| {
                    let mut file = self.file(it);
                    file["name"] = it["name"].clone();
                    file
                })
                .collect(),
            "relation" => {
                let mut all = targets(value);
                let place = (page.id, column.id.clone());
                for row in self.incoming.get(&place).into_iter().flatten() {
                    if !all.contains(row) {
                        all.push(*row);
                    }
                }
                all.retain(|id| self.ws.can_see(*id));
                let all: Vec<Value> = all.into_iter().map(reference).collect();
                json!({"$set": all})
            }
            "date" => super::dates::date(value),
            "place" => rich::without_nulls(value),
            _ => value.clone(),
        }
    }

    fn view(&self, view: &View) -> Node {
        let mut node = Node::new(Some(view.id), "view", &view.name);
        node.set("name", json!(view.name));
        node.set("type", json!(view.kind));
        node.set("made", made(&view.stamps));
        node.set("source", view.data_source.map_or(Value::Null, reference));
        for key in ["filter", "sorts", "quick_filters", "configuration"] {
            let value = view.settings.get(key).unwrap_or(&Value::Null);
            let mut value = match (key, value.as_object()) {
                ("quick_filters", Some(map)) => {
                    let source = view.data_source;
                    let named = map.iter().map(|(key, value)| {
                        let column = source.and_then(|it| self.column_named(it, key));
                        let key = column.map_or(key, |it| &it.name);
                        (key.clone(), self.setting(view, "", value))
                    });
                    Value::Object(named.collect())
                }
                _ => self.setting(view, key, value),
            };
            if view.kind == "dashboard" && key == "configuration" {
                self.widgets(&mut node, &map_of(&value));
                value = Value::Null;
            }
            // A view that is made without a configuration has one that only names its type.
            if key == "configuration" && value == json!({"type": view.kind}) {
                value = Value::Null;
            }
            node.set(key, value);
        }
        node
    }

    /// The widgets of a dashboard, row by row.
    fn widgets(&self, node: &mut Node, configuration: &Map<String, Value>) {
        let mut widgets = Vec::new();
        let rows = configuration.get("rows").and_then(Value::as_array);
        for (at, row) in rows.into_iter().flatten().enumerate() {
            for widget in row["widgets"].as_array().into_iter().flatten() {
                let id = widget["view_id"]["$id"].as_str();
                let id = id.and_then(|id| id.parse::<Id>().ok());
                if let Some(view) = id.and_then(|id| self.ws.views.get(&id)) {
                    let mut widget = self.view(view);
                    widget.set("dashboard row", json!(at));
                    widgets.push(widget);
                }
            }
        }
        node.parts.insert("view", widgets);
    }

    /// A setting of a view: columns by name, ids as markers, nothing that is only shown.
    fn setting(&self, view: &View, key: &str, value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(|it| self.setting(view, key, it)).collect(),
            Value::Object(map) => {
                let mut out = Map::new();
                for (key, value) in map {
                    if key.ends_with("property_name") || key == "id" || value.is_null() {
                        continue;
                    }
                    out.insert(key.clone(), self.setting(view, key, value));
                }
                Value::Object(out)
            }
            Value::String(text) => {
                let column = matches!(key, "property" | "property_id" | "map_by")
                    || key.ends_with("_property_id");
                if let Some(source) = view.data_source.filter(|_| column)
                    && let Some(column) = self.column_named(source, text)
                {
                    return json!({"$column": column.name, "kind": column.kind});
                }
                self.named(text)
            }
            other => other.clone(),
        }
    }
}

fn options(config: &Value) -> Value {
    let all = config["options"].as_array().into_iter().flatten();
    all.map(|option| {
        json!({"name": option["name"], "color": option["color"],
               "description": option["description"].as_str().unwrap_or("")})
    })
    .collect()
}

/// An option of a value: its name, and its place in the schema.
fn option(column: &Property, value: &Value) -> Value {
    if value.is_null() {
        return Value::Null;
    }
    let mut options = column.config["options"].as_array().into_iter().flatten();
    let at = options.position(|it| {
        (value["id"].is_string() && it["id"] == value["id"]) || it["name"] == value["name"]
    });
    json!({"option": value["name"], "at": at})
}

//! Relations and what else hangs on the name of a column (section 5).

use serde_json::{Value, json};

use super::super::super::workspace::model::*;
use super::super::formula;
use super::super::refusal::Refusal;
use super::{Write, id_in};

impl Write<'_> {
    /// A two-way relation also makes its mirror on the other side; one that is there
    /// already keeps it, and takes it along when it becomes one-way.
    pub fn relation(
        &mut self,
        source: Id,
        name: &str,
        id: &str,
        config: &Value,
        before: Option<&Value>,
        path: &str,
    ) -> Result<Value, Refusal> {
        let target = id_in(&config["data_source_id"], &format!("{path}.data_source_id"))?;
        let database = self.live_source(target)?.database;
        let mirrored = before.and_then(|it| {
            let id = it["dual_property"]["synced_property_id"].as_str()?;
            Some((id.to_string(), it["data_source_id"] == json!(target)))
        });
        let dual = config.get("dual_property");
        if let Some((mirror, same)) = &mirrored {
            if *same && dual.is_some() {
                if let Some(name) = dual.and_then(|it| it["synced_property_name"].as_str()) {
                    self.rename(target, mirror, name);
                    self.renamed(target, mirror, name);
                }
                let name = self.column_name(target, mirror);
                return Ok(two_way(database, target, mirror, &name));
            }
            for source in self.ws.data_sources.values_mut() {
                source.schema.retain(|column| column.id != *mirror);
            }
        }
        if dual.is_none() {
            return Ok(json!({"database_id": database, "data_source_id": target,
                             "type": "single_property", "single_property": {}}));
        }
        let own = self.ws.data_sources.get(&source);
        let (own_database, own_title) = match own {
            Some(own) => (own.database, own.title.clone()),
            None => return Err(Refusal::not_found("database", source)),
        };
        let mirror_id = self.column_id();
        let asked = config["dual_property"]["synced_property_name"].as_str();
        let mirror_name = asked.map_or_else(
            || format!("Related to {own_title} ({name})"),
            str::to_string,
        );
        let taken = self.ws.data_sources.get(&target);
        if taken.is_some_and(|it| it.schema.iter().any(|it| it.name == mirror_name)) {
            return Err(Refusal::validation("Property names must be unique."));
        }
        let mirror = Property {
            id: mirror_id.clone(),
            name: mirror_name.clone(),
            kind: "relation".into(),
            config: two_way(own_database, source, id, name),
            description: None,
        };
        if let Some(target) = self.ws.data_sources.get_mut(&target) {
            target.schema.push(mirror);
        }
        Ok(two_way(database, target, &mirror_id, &mirror_name))
    }

    fn column_name(&self, source: Id, id: &str) -> String {
        let schema = self.ws.data_sources.get(&source).map(|it| &it.schema);
        let column = schema.and_then(|it| it.iter().find(|it| it.id == id));
        column.map_or(String::new(), |it| it.name.clone())
    }

    fn rename(&mut self, source: Id, id: &str, name: &str) {
        let schema = self.ws.data_sources.get_mut(&source);
        let schema = schema.map(|it| &mut it.schema);
        if let Some(column) = schema.and_then(|it| it.iter_mut().find(|it| it.id == id)) {
            column.name = name.to_string();
        }
    }

    /// Whatever names a column by its id shows the name that it has now.
    pub fn renamed(&mut self, source: Id, id: &str, name: &str) {
        let sources = self.ws.data_sources.iter();
        let relations: Vec<String> = sources
            .flat_map(|(_, it)| &it.schema)
            .filter(|it| it.kind == "relation" && it.config["data_source_id"] == json!(source))
            .map(|it| it.id.clone())
            .collect();
        for (own, other) in &mut self.ws.data_sources {
            for column in &mut other.schema {
                let config = &mut column.config;
                let leads_here = config["data_source_id"] == json!(source);
                let dual = config.get_mut("dual_property").filter(|_| leads_here);
                if let Some(dual) = dual.filter(|it| it["synced_property_id"] == json!(id)) {
                    dual["synced_property_name"] = json!(name);
                }
                if column.kind != "rollup" {
                    continue;
                }
                if *own == source && config["relation_property_id"] == json!(id) {
                    config["relation_property_name"] = json!(name);
                }
                let over = config["relation_property_id"].as_str().unwrap_or("");
                if relations.iter().any(|it| it == over)
                    && config["rollup_property_id"] == json!(id)
                {
                    config["rollup_property_name"] = json!(name);
                }
            }
        }
    }

    /// A formula comes after the columns that it names, and is kept with marks.
    pub fn formula(&self, source: Id, expression: &str) -> Result<Value, Refusal> {
        let schema = self.ws.data_sources.get(&source);
        let schema = schema.map_or(&[][..], |it| &it.schema);
        if !formula::is_accepted(expression, schema, source) {
            return Err(Refusal::validation("Type error with formula."));
        }
        let marked = formula::marked(expression, schema, source, self.ws.id);
        Ok(json!({"expression": marked}))
    }
}

fn two_way(database: Id, source: Id, id: &str, name: &str) -> Value {
    json!({"database_id": database, "data_source_id": source, "type": "dual_property",
           "dual_property": {"synced_property_id": id, "synced_property_name": name}})
}

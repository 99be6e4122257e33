//! The text columns that a restore adds beside columns of people: they have the names of
//! all where somebody is not in the target workspace.

use serde_json::{Value, json};

use super::super::workspace::model::Id;
use super::expect::Lost;
use super::node::{Node, marked, whatever};
use super::normal::Normal;
use super::rich;

impl Normal<'_> {
    /// The columns of people of a data source of which somebody is not there.
    fn absent(&self, source: Id) -> Vec<String> {
        let Some(source) = self.original.data_sources.get(&source) else {
            return Vec::new();
        };
        let foreign = self.original.id != self.restored.id;
        let gone = |person: &Value| {
            let id = person["id"].as_str().and_then(|id| id.parse::<Id>().ok());
            match person["object"] == "group" {
                true => foreign,
                false => id.is_none_or(|id| !self.users.contains_key(&id)),
            }
        };
        let rows = || {
            let rows = source
                .rows
                .iter()
                .filter_map(|id| self.original.pages.get(id));
            rows.filter(|row| !row.in_trash && self.original.can_see(row.id))
        };
        let columns = source
            .schema
            .iter()
            .filter(|column| column.kind == "people");
        let columns = columns.filter(|column| {
            rows().any(|row| {
                let people = row.values.get(&column.id).and_then(Value::as_array);
                let people = people.map(Vec::as_slice).unwrap_or_default();
                people.len() > 100 || people.iter().any(gone)
            })
        });
        columns.map(|column| column.name.clone()).collect()
    }

    /// Adds the columns of names to a data source and its rows.
    pub fn add_names(&self, node: &mut Node) {
        let names = match node.id.filter(|_| self.forgives(Lost::UnmappedUsers)) {
            Some(source) => self.absent(source),
            None => return,
        };
        for name in names {
            let column = format!("{name} (names)");
            let mut property = Node::new(None, "property", &column);
            property.set("type", json!("rich_text"));
            property.set("description", Value::Null);
            property.set("config", json!({}));
            node.parts.entry("property").or_default().push(property);
            for row in node.parts.get_mut("row").into_iter().flatten() {
                let people = row.fields.get(&format!("people {name:?}"));
                let some = people
                    .and_then(Value::as_array)
                    .is_some_and(|it| !it.is_empty());
                let text = match some {
                    true => whatever(),
                    false => rich::draw(&Value::Null),
                };
                row.set(&format!("rich_text {column:?}"), text);
            }
        }
    }

    /// Adds them beside the people to what a view shows.
    pub fn show_names(&self, view: &mut Node) {
        let source = marked(&view.fields["source"], "$id");
        let names = match source.filter(|_| self.forgives(Lost::UnmappedUsers)) {
            Some(source) => self.absent(source),
            None => return,
        };
        if let Some(configuration) = view.fields.get_mut("configuration") {
            for key in ["properties", "table_properties"] {
                let Some(Value::Array(shown)) = configuration.get_mut(key) else {
                    continue;
                };
                let with = shown.iter().flat_map(|item| {
                    let column = &item["property_id"];
                    let name = column["$column"].as_str().unwrap_or_default();
                    let beside = column["kind"] == "people" && names.iter().any(|it| it == name);
                    let beside = beside.then(|| {
                        let column =
                            json!({"$column": format!("{name} (names)"), "kind": "rich_text"});
                        json!({"property_id": column, "visible": item["visible"]})
                    });
                    std::iter::once(item.clone()).chain(beside)
                });
                *shown = with.collect();
            }
        }
    }
}

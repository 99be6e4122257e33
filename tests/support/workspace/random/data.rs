//! Random databases: columns, relations, rows, values, views.

use serde_json::{Value, json};

use super::super::build::property;
use super::super::model::*;
use super::Dice;

fn option(name: &str, color: &str) -> Value {
    json!({"id": format!("o-{name}"), "name": name, "color": color, "description": null})
}

impl Dice {
    pub fn data(&mut self) {
        for _ in 0..1 + self.below(2) {
            let page = self.pick(&self.pages.clone());
            let title = self.words(2);
            let columns = self.columns_of_all_kinds();
            let (database, source) = self.ws.database(Parent::Page(page), &title, columns);
            let inline = self.once_in(3);
            let description = self.text(2);
            let (icon, locked) = (self.icon(true), self.once_in(3));
            if let Some(database) = self.ws.databases.get_mut(&database) {
                database.is_inline = inline;
                database.description = description;
                database.icon = icon;
                database.is_locked = locked;
            }
            self.databases.push((database, inline));
            self.sources.push(source);
        }
        self.relate();
    }

    fn columns_of_all_kinds(&mut self) -> Vec<Property> {
        let options = json!({"options": [option("One", "red"), option("two", "default"),
                                         option("three 3", "purple")]});
        let mut status = json!({"options": [option("Later", "gray"), option("Now", "blue"),
                                            option("Done", "green")]});
        status["groups"] = json!([
            {"id": "g1", "name": "To-do", "color": "gray", "option_ids": ["o-Later"]},
            {"id": "g2", "name": "In progress", "color": "blue", "option_ids": ["o-Now"]},
            {"id": "g3", "name": "Complete", "color": "green", "option_ids": ["o-Done"]},
        ]);
        let all = [
            ("Text", "rich_text", json!({})),
            ("Amount", "number", json!({"format": "euro"})),
            ("Size", "select", options.clone()),
            ("Tags", "multi_select", options),
            ("Stage", "status", status),
            ("When", "date", json!({})),
            ("Who", "people", json!({})),
            ("Files", "files", json!({})),
            ("Done?", "checkbox", json!({})),
            ("Link", "url", json!({})),
            ("Mail", "email", json!({})),
            ("Phone", "phone_number", json!({})),
            ("Made", "created_time", json!({})),
            ("Twice", "formula", json!({"expression": "2 * 2"})),
        ];
        let mut columns = vec![property("Name, of course", "title", json!({}))];
        for (name, kind, config) in all {
            if self.once_in(3) && !matches!(kind, "number" | "select" | "date") {
                continue;
            }
            let mut column = property(name, kind, config);
            if self.once_in(4) {
                column.description = Some(self.words(3));
            }
            columns.push(column);
        }
        let prefix = format!("R{}", self.databases.len());
        let unique = property("No.", "unique_id", json!({"prefix": prefix}));
        if self.once_in(2) {
            columns.push(unique);
        }
        columns
    }

    /// A two-way relation between the first and the last source, a rollup over it, and a
    /// one-way relation from the last to itself.
    fn relate(&mut self) {
        let (Some(first), Some(last)) =
            (self.sources.first().copied(), self.sources.last().copied())
        else {
            return;
        };
        let database = |dice: &Dice, source: Id| dice.ws.data_sources[&source].database;
        let (home, away) = (database(self, first), database(self, last));
        let dual = |database: Id, source: Id, id: &str, name: &str| {
            json!({"database_id": database, "data_source_id": source, "type": "dual_property",
                   "dual_property": {"synced_property_id": id, "synced_property_name": name}})
        };
        let amount = self.ws.data_sources[&last].schema.iter();
        let amount = amount
            .filter(|it| it.name == "Amount")
            .map(|it| it.id.clone());
        let amount: String = amount.collect();
        let rollup = json!({"function": "sum", "relation_property_id": "t%3Ao",
                            "relation_property_name": "To", "rollup_property_id": amount,
                            "rollup_property_name": "Amount"});
        let single = json!({"database_id": away, "data_source_id": last,
                            "type": "single_property", "single_property": {}});
        let columns = [
            (
                first,
                "To",
                "t%3Ao",
                "relation",
                dual(away, last, "f%3Arom", "From"),
            ),
            (
                last,
                "From",
                "f%3Arom",
                "relation",
                dual(home, first, "t%3Ao", "To"),
            ),
            (first, "Sum", "s%3Aum", "rollup", rollup),
            (last, "Beside", "b%3Ae", "relation", single),
        ];
        for (source, name, id, kind, config) in columns {
            let mut column = property(name, kind, config);
            column.id = id.to_string();
            if let Some(source) = self.ws.data_sources.get_mut(&source) {
                source.schema.push(column);
            }
        }
    }

    pub fn rows_and_views(&mut self) {
        for source in self.sources.clone() {
            for number in 1..=2 + self.below(6) {
                self.ws.advance_minutes(1);
                let title = self.words(3);
                let row = self.ws.row(source, &title);
                self.fill(row, source, number);
                if self.once_in(3) {
                    self.body(row);
                }
                self.finish(row);
            }
            self.views(source);
        }
        self.fill_relations();
    }

    fn fill(&mut self, row: Id, source: Id, number: usize) {
        for column in self.ws.data_sources[&source].schema.clone() {
            let options = column.config["options"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let shown =
                |it: &Value| json!({"id": it["id"], "name": it["name"], "color": it["color"]});
            let value = match column.kind.as_str() {
                // Given by Notion, to every row.
                "unique_id" => json!({"prefix": column.config["prefix"], "number": number}),
                // A status is never empty (section 6).
                "status" => shown(&self.pick(&options)),
                _ if self.once_in(3) => continue,
                "rich_text" => self.text(5),
                "number" => json!(self.below(1000) as f64 / 4.0),
                "select" => shown(&self.pick(&options)),
                "multi_select" => options
                    .iter()
                    .filter(|_| self.once_in(2))
                    .map(shown)
                    .collect(),
                "date" => {
                    json!({"start": "2026-05-01T10:00:00.000+00:00", "end": null, "time_zone": null})
                }
                "people" => {
                    let person = self.pick(&self.people.clone());
                    json!([{"object": "user", "id": person}])
                }
                "files" => {
                    let mut stored = self.stored("pdf");
                    stored["name"] = json!("a paper.pdf");
                    let mut outside = self.outside("x.pdf");
                    outside["name"] = json!("elsewhere");
                    json!([stored, outside])
                }
                "checkbox" => json!(true),
                "url" => json!("https://example.com/"),
                "email" => json!("ada@example.com"),
                "phone_number" => json!("+49 30 123456"),
                _ => continue,
            };
            self.ws.value(row, &column.name, value);
        }
    }

    /// Both sides of the two-way relation, and some of the one-way one.
    fn fill_relations(&mut self) {
        let (Some(first), Some(last)) =
            (self.sources.first().copied(), self.sources.last().copied())
        else {
            return;
        };
        let (from, to) = (self.rows(first), self.rows(last));
        let mut back: Vec<Vec<Id>> = vec![Vec::new(); to.len()];
        for row in &from {
            let mut related = Vec::new();
            for (at, target) in to.iter().enumerate() {
                if self.once_in(3) {
                    related.push(*target);
                    back[at].push(*row);
                }
            }
            self.relation(*row, "To", &related);
        }
        for (row, related) in to.iter().zip(back) {
            self.relation(*row, "From", &related);
            if self.once_in(3) {
                let beside = self.pick(&to);
                self.relation(*row, "Beside", &[beside]);
            }
        }
    }

    fn rows(&self, source: Id) -> Vec<Id> {
        self.ws.data_sources[&source].rows.clone()
    }

    fn relation(&mut self, row: Id, name: &str, related: &[Id]) {
        let related: Vec<Value> = related.iter().map(|id| json!({"id": id})).collect();
        self.ws.value(row, name, json!(related));
    }

    fn views(&mut self, source: Id) {
        let database = self.ws.data_sources[&source].database;
        let schema = self.ws.data_sources[&source].schema.clone();
        let id = |name: &str| -> String {
            let column = schema.iter().find(|it| it.name == name);
            column.map_or(String::new(), |it| it.id.clone())
        };
        let shown = json!([{"property_id": id("Amount"), "visible": true, "width": 100},
                           {"property_id": "title", "visible": true}]);
        let group =
            json!({"type": "select", "property_id": id("Size"), "sort": {"type": "manual"}});
        let all = [
            (
                "table",
                json!({"type": "table", "properties": shown, "wrap_cells": true}),
            ),
            (
                "board",
                json!({"type": "board", "group_by": group, "properties": shown}),
            ),
            (
                "calendar",
                json!({"type": "calendar", "date_property_id": id("When")}),
            ),
            ("list", json!({"type": "list", "properties": shown})),
            (
                "gallery",
                json!({"type": "gallery", "cover": {"type": "page_cover"}}),
            ),
        ];
        for _ in 0..self.below(4) {
            let (kind, configuration) = self.pick(&all);
            let mut settings = json!({"configuration": configuration});
            if self.once_in(2) {
                settings["filter"] =
                    json!({"and": [{"property": id("Amount"), "number": {"greater_than": 3}}]});
            }
            if self.once_in(2) {
                settings["sorts"] = json!([{"property": id("When"), "direction": "ascending"}]);
            }
            if self.once_in(3) {
                settings["quick_filters"] = json!({id("Size"): {"select": {"equals": "One"}}});
            }
            let name = self.words(2);
            self.ws.view(database, Some(source), &name, kind, settings);
        }
        if self.once_in(2) {
            let page = self.pick(&self.pages.clone());
            let answers = Linked::EmptyDataSources;
            self.ws.linked_view(Parent::Page(page), source, answers);
        }
    }
}

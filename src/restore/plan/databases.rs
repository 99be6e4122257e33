//! Databases, their data sources, their columns, their rows.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::moment::Moment;
use super::{Action, Error, Learn, Part, PendingId, Planner, Step, Template, Under};
use crate::model::{Kind, NotionId, id_of, plain_text};
use crate::notion::Method;
use crate::restore::loss::{Degree, Notes};
use crate::restore::original::Files;
use crate::restore::pending::pending;
use crate::restore::schema::{Change, learn_property, schemas};
use crate::restore::{icons, rich_text};

impl Planner<'_> {
    /// Reads the schemas of everything that is restored: columns name each other.
    pub(super) fn read_schemas(&mut self) -> Result<(), Error> {
        let databases: Vec<NotionId> = self
            .chosen
            .iter()
            .copied()
            .filter(|id| {
                let entry = self.original.entries.get(id);
                entry.is_some_and(|entry| entry.kind == Kind::Database)
            })
            .collect();
        let mut all = Vec::new();
        for database in databases {
            if let Ok(data) = self.original.database(database) {
                all.extend(data.sources);
            }
        }
        let files = Files::default();
        let moment = Moment {
            planner: self,
            files: &files,
        };
        let mut planned = schemas(&all, &moment);
        self.note(std::mem::take(&mut planned.notes));
        self.waiting = std::mem::take(&mut planned.changes);
        self.schemas = planned;
        self.sources = all
            .into_iter()
            .filter_map(|source| Some((id_of(&source)?, source)))
            .collect();
        Ok(())
    }

    /// Makes a database and its data sources, with the columns that need nothing else.
    pub(super) fn database(&mut self, id: NotionId, under: Under) -> Result<(), Error> {
        if self.original.linked.contains(&id) {
            self.linked.push((id, under));
            return Ok(());
        }
        let data = match self.original.database(id) {
            Ok(data) => data,
            Err(error) => {
                self.lose(id, "database", error.to_string(), Degree::Missing);
                return Ok(());
            }
        };
        let entry = self.original.entries.get(&id);
        if let Some((status, reason)) = entry.and_then(|entry| entry.stand_in.clone()) {
            let why = format!(
                "the backup has only its name: {} ({reason})",
                status.replace('_', " ")
            );
            self.lose(id, "content", why, Degree::Missing);
        }
        self.note(data.notes.clone());
        let mut notes = Notes::default();
        let container = &data.container;
        let mut request = Map::new();
        request.extend(self.database_texts(id, container, &mut notes));
        if !notes.later.is_empty() {
            self.again_databases.push(id);
        }
        {
            let moment = Moment {
                planner: self,
                files: &data.files,
            };
            let icon = icons::icon(&container["icon"], id, &moment, &mut notes);
            request.extend(icon.map(|icon| ("icon".to_owned(), icon)));
            let cover = icons::database_cover(container, id, &moment, &mut notes);
            request.extend(cover.map(|cover| ("cover".to_owned(), cover)));
        }
        self.note(notes);
        if container["is_inline"] == true {
            request.insert("is_inline".to_owned(), json!(true));
        }
        request.insert(
            "parent".to_owned(),
            json!({"type": "page_id", "page_id": self.parent(under)}),
        );
        let mut sources = data
            .sources
            .iter()
            .filter_map(|source| Some((id_of(source)?, source)));
        let first = sources.next();
        let mut learns = vec![("/id".to_owned(), PendingId::of(id))];
        let properties = match first {
            Some((source, _)) => {
                learns.push(("/data_sources/0/id".to_owned(), PendingId::of(source)));
                self.initial(source)
            }
            None => {
                let why = "the backup has none of its data sources";
                self.lose(id, "columns and rows", why, Degree::Missing);
                json!({"Name": {"title": {}}})
            }
        };
        request.insert(
            "initial_data_source".to_owned(),
            json!({"properties": properties}),
        );
        let lane = self.lane(under);
        let before = self.one_more(lane, 1);
        self.planned.totals.databases += 1;
        let call = (Method::Post, "/v1/databases".into(), Value::Object(request));
        self.call_after(Part::Skeleton, id, lane, before, call, learns)?;
        let sources: Vec<(NotionId, Value)> =
            sources.map(|(id, source)| (id, source.clone())).collect();
        if let Some((source, json)) = first
            && !sources.is_empty()
            && plain_text(&json["title"]) != plain_text(&container["title"])
        {
            let title = rich_text::plain(&plain_text(&json["title"]));
            let path = Planner::path("data_sources", PendingId::of(source));
            let call = (Method::Patch, path, json!({"title": title}));
            self.call(
                Part::Schema,
                source,
                PendingId::of(source),
                call,
                Vec::new(),
            )?;
        }
        for (source, json) in sources {
            let body = json!({
                "parent": {"type": "database_id", "database_id": PendingId::of(id)},
                "title": rich_text::plain(&plain_text(&json["title"])),
                "properties": self.initial(source),
            });
            let names: Vec<String> = self.initial_names(source);
            let mut learns = vec![("/id".to_owned(), PendingId::of(source))];
            learns.extend(names.iter().map(|name| {
                let learn = learn_property(source, name);
                (learn.at, learn.id)
            }));
            let call = (Method::Post, "/v1/data_sources".into(), body);
            self.call(Part::Schema, source, PendingId::of(id), call, learns)?;
        }
        self.databases.push(id);
        Ok(())
    }

    /// Title and description of a database as they are written now.
    pub(super) fn database_texts(
        &self,
        id: NotionId,
        container: &Value,
        notes: &mut Notes,
    ) -> Map<String, Value> {
        let files = Files::default();
        let moment = Moment {
            planner: self,
            files: &files,
        };
        let mut texts = Map::new();
        for key in ["title", "description"] {
            let runs = rich_text::write(&container[key], id, &moment, notes);
            let runs = rich_text::pieces(runs).into_iter().next();
            let runs = runs.unwrap_or_default();
            if key == "title" || !runs.is_empty() {
                texts.insert(key.to_owned(), Value::Array(runs));
            }
        }
        texts
    }

    fn initial(&mut self, source: NotionId) -> Value {
        let names = self.initial_names(source);
        self.columns
            .extend(names.into_iter().map(|name| (source, name)));
        let properties = self.schemas.initial.get(&source).cloned();
        Value::Object(properties.unwrap_or_default())
    }

    fn initial_names(&self, source: NotionId) -> Vec<String> {
        let properties = self.schemas.initial.get(&source);
        properties
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Sends the changes of schemas that can be sent by now. What a relation leads to may
    /// not be there yet; rollups and formulas wait for everything before them.
    pub(super) fn change_schemas(&mut self) -> Result<(), Error> {
        let mut left = Vec::new();
        for change in std::mem::take(&mut self.waiting) {
            let independent = change
                .properties
                .values()
                .all(|config| config.get("rollup").or(config.get("formula")).is_none());
            let mut needs = vec![PendingId::of(change.source)];
            pending(&change.body(), &mut needs);
            let there = self.columns.iter();
            let there: HashSet<PendingId> = there
                .map(|(source, name)| PendingId::property(*source, name))
                .collect();
            let ready = needs
                .iter()
                .all(|id| self.made.contains(id) || there.contains(id));
            if !ready || (!independent && !left.is_empty()) {
                left.push(change);
                continue;
            }
            self.change_schema(change)?;
        }
        self.waiting = left;
        Ok(())
    }

    fn change_schema(&mut self, change: Change) -> Result<(), Error> {
        let source = change.source;
        let mut learns: Vec<(String, PendingId)> = change
            .learns
            .iter()
            .map(|learn| (learn.at.clone(), learn.id))
            .collect();
        // The answer tells all columns of the data source.
        let known = self.columns.iter().filter(|(it, _)| *it == source);
        for (_, name) in known {
            let learn = learn_property(source, name);
            if !self.made.contains(&learn.id) {
                learns.push((learn.at, learn.id));
            }
        }
        learns.sort();
        learns.dedup();
        let path = Planner::path("data_sources", PendingId::of(source));
        let body = change.body();
        // Formulas name columns by their ids.
        let lane = PendingId::of(source);
        self.ask_columns(&body, Part::Schema, lane)?;
        for (name, config) in &change.properties {
            self.columns.insert((source, name.clone()));
            if config.get("relation").is_some()
                && let Some((other, mirror)) = self.schemas.other_side(source, name)
            {
                let mirror = mirror.to_owned();
                self.columns.insert((other, mirror));
            }
        }
        let learns = learns.into_iter().map(|(at, id)| Learn { at, id });
        self.emit(Step {
            part: Part::Schema,
            about: source,
            lane,
            before: None,
            action: Action::Call(Template {
                method: Method::Patch,
                path,
                body,
            }),
            learns: learns.collect(),
            stand_ins: change.stand_ins,
            spare: None,
        })
    }

    /// Asks for the ids of columns that a request names and nobody knows.
    pub(super) fn ask_columns(
        &mut self,
        body: &Value,
        part: Part,
        lane: PendingId,
    ) -> Result<(), Error> {
        let mut needed = Vec::new();
        pending(body, &mut needed);
        let columns: HashMap<PendingId, (NotionId, String)> = self
            .columns
            .iter()
            .map(|(source, name)| (PendingId::property(*source, name), (*source, name.clone())))
            .filter(|(token, _)| !self.made.contains(token))
            .collect();
        let mut sources: Vec<NotionId> = needed
            .iter()
            .filter_map(|token| columns.get(token).map(|(source, _)| *source))
            .collect();
        sources.sort_unstable();
        sources.dedup();
        for source in sources {
            let path = Planner::path("data_sources", PendingId::of(source));
            let mut unknown: Vec<(String, PendingId)> = columns
                .values()
                .filter(|(it, _)| *it == source)
                .map(|(_, name)| {
                    let learn = learn_property(source, name);
                    (learn.at, learn.id)
                })
                .collect();
            unknown.sort();
            let call = (Method::Get, path, Value::Null);
            self.call(part, source, lane, call, unknown)?;
        }
        Ok(())
    }

    /// Makes the rows of a database.
    pub(super) fn rows_of(&mut self, database: NotionId) -> Result<(), Error> {
        let sources: Vec<NotionId> = match self.original.database(database) {
            Ok(data) => data.sources.iter().filter_map(id_of).collect(),
            Err(_) => Vec::new(),
        };
        for (at, source) in sources.iter().enumerate() {
            self.tell_title_apart(*source)?;
            for row in self.original.rows(database, *source, at == 0) {
                if self.chosen.contains(&row) {
                    self.page(row, Under::Source(*source))?;
                }
            }
        }
        Ok(())
    }
}

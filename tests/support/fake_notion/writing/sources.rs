//! Creating and changing data sources (section 7.4).

use serde_json::{Map, Value};

use super::super::super::workspace::model::*;
use super::super::reading;
use super::super::refusal::Refusal;
use super::rich_text::title_of;
use super::{Answer, Write, id_in, only};

impl Write<'_> {
    /// A data source with these columns in a database.
    pub fn add_source(
        &mut self,
        database: Id,
        title: &str,
        properties: &Value,
    ) -> Result<Id, Refusal> {
        let columns = self.columns(properties)?;
        let source = self.ws.data_source(database, title, Vec::new());
        let stamps = self.bot_stamps();
        if let Some(made) = self.ws.data_sources.get_mut(&source) {
            // The builder's own title column makes room for the one asked for.
            made.schema.clear();
            made.stamps = stamps;
        }
        for (name, value) in columns {
            if let Err(refusal) = self.add_column(source, &name, &value) {
                self.ws.data_sources.remove(&source);
                if let Some(database) = self.ws.databases.get_mut(&database) {
                    database.data_sources.retain(|id| *id != source);
                }
                return Err(refusal);
            }
        }
        Ok(source)
    }

    /// `POST /data_sources`: one more source in a database.
    pub fn create_source(&mut self, body: &Map<String, Value>) -> Answer {
        self.may_insert()?;
        only(body, &["parent", "properties", "title", "icon"])?;
        let parent = body.get("parent").unwrap_or(&Value::Null);
        let database = id_in(&parent["database_id"], "parent.database_id")?;
        self.live_database(database)?;
        let title = match body.get("title") {
            Some(title) => title_of(&self.rich_text(title, "title")?),
            None => String::new(),
        };
        let icon = body.get("icon").map(|icon| self.icon(icon, false));
        let icon = icon.transpose()?.unwrap_or_default();
        let properties = body.get("properties").unwrap_or(&Value::Null);
        let source = self.add_source(database, &title, properties)?;
        if let Some(made) = self.ws.data_sources.get_mut(&source) {
            made.icon = icon;
        }
        self.source_answer(source)
    }

    /// `PATCH /data_sources/{id}`.
    pub fn update_source(&mut self, text: &str, body: &Map<String, Value>) -> Answer {
        self.may_update()?;
        only(body, &["title", "icon", "properties", "in_trash", "parent"])?;
        let id = reading::id(text, "data_source_id")?;
        let found = self
            .ws
            .data_sources
            .get(&id)
            .filter(|_| self.ws.can_see(id));
        let from = found
            .ok_or_else(|| Refusal::not_found("database", id))?
            .database;
        if let Some(title) = body.get("title") {
            let title = title_of(&self.rich_text(title, "title")?);
            if let Some(source) = self.ws.data_sources.get_mut(&id) {
                source.title = title;
            }
        }
        if let Some(Value::Object(properties)) = body.get("properties") {
            for (key, value) in properties {
                self.change_column(id, key, value)?;
            }
        }
        if let Some(icon) = body.get("icon") {
            let icon = self.icon(icon, false)?;
            if let Some(source) = self.ws.data_sources.get_mut(&id) {
                source.icon = icon.clone();
            }
            if let Some(database) = self.ws.databases.get_mut(&from) {
                database.icon = icon;
            }
        }
        if let Some(trashed) = body.get("in_trash").and_then(Value::as_bool) {
            self.ws.set_trashed(id, trashed);
        }
        if let Some(parent) = body.get("parent") {
            let to = id_in(&parent["database_id"], "parent.database_id")?;
            self.live_database(to)?;
            self.move_source(id, from, to);
        }
        self.source_answer(id)
    }

    /// The new database gains a table; the old views stay and are linked ones now.
    fn move_source(&mut self, id: Id, from: Id, to: Id) {
        if from == to {
            return;
        }
        if let Some(from) = self.ws.databases.get_mut(&from) {
            from.data_sources.retain(|it| *it != id);
        }
        if let Some(to) = self.ws.databases.get_mut(&to) {
            to.data_sources.push(id);
        }
        if let Some(source) = self.ws.data_sources.get_mut(&id) {
            source.database = to;
        }
        self.ws
            .view(to, Some(id), "Default view", "table", Value::Null);
    }

    fn source_answer(&self, id: Id) -> Answer {
        let source = self.ws.data_sources.get(&id);
        let source = source.ok_or_else(|| Refusal::not_found("database", id))?;
        Ok(self.shown(self.render().data_source(source)))
    }
}

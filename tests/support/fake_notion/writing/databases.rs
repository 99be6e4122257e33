//! Creating and changing databases (section 7.4).

use serde_json::{Map, Value, json};

use super::super::super::workspace::model::*;
use super::super::kinds;
use super::super::reading;
use super::super::refusal::Refusal;
use super::rich_text::title_of;
use super::{Answer, Write, id_in, only};

/// The title of a database that is created without one.
const UNTITLED: &str = "New database";

impl Write<'_> {
    pub fn live_database(&self, id: Id) -> Result<&Database, Refusal> {
        let database = self.ws.databases.get(&id);
        let database = database.filter(|_| self.ws.can_see(id) && !self.ws.is_trashed(id));
        database.ok_or_else(|| kinds::no_database(self.ws, id))
    }

    /// A page, or for personal tokens the workspace.
    fn database_parent(&self, parent: &Value) -> Result<Parent, Refusal> {
        if parent["workspace"] == true {
            if self.switches.capabilities.personal {
                return Ok(Parent::Workspace);
            }
            return Err(Refusal::validation(
                "Internal connections can't create databases at the workspace level.",
            ));
        }
        let id = id_in(&parent["page_id"], "parent.page_id")?;
        self.live_page(id)?;
        Ok(Parent::Page(id))
    }

    /// `POST /databases`: the database, its first source, and a table named "Default
    /// view", at the end of the page.
    pub fn create_database(&mut self, body: &Map<String, Value>) -> Answer {
        self.may_insert()?;
        let known = [
            "parent",
            "title",
            "description",
            "is_inline",
            "icon",
            "cover",
            "initial_data_source",
        ];
        only(body, &known)?;
        let parent = self.database_parent(body.get("parent").unwrap_or(&Value::Null))?;
        let title = match body.get("title") {
            Some(title) => title_of(&self.rich_text(title, "title")?),
            None => UNTITLED.to_string(),
        };
        let description = match body.get("description") {
            Some(description) => self.rich_text(description, "description")?,
            None => json!([]),
        };
        let is_inline = body.get("is_inline") == Some(&json!(true));
        let cover = body
            .get("cover")
            .map(|cover| self.cover(cover))
            .transpose()?;
        if is_inline && cover.as_ref().is_some_and(|cover| !cover.is_null()) {
            let rule = "should be not present: inline databases have no cover";
            return Err(Refusal::body("cover", rule));
        }
        let icon = body
            .get("icon")
            .map(|icon| self.icon(icon, false))
            .transpose()?;
        let properties = body
            .get("initial_data_source")
            .map(|it| it["properties"].clone());
        let properties = properties.unwrap_or(Value::Null);
        let id = self.ws.container(parent, &title);
        let source = match self.add_source(id, &title, &properties) {
            Ok(source) => source,
            Err(refusal) => {
                self.ws.detach(id);
                self.ws.databases.remove(&id);
                return Err(refusal);
            }
        };
        let view = self
            .ws
            .view(id, Some(source), "Default view", "table", json!({}));
        let stamps = self.bot_stamps();
        if let Some(view) = self.ws.views.get_mut(&view) {
            view.stamps = stamps;
        }
        if let Some(database) = self.ws.databases.get_mut(&id) {
            database.stamps = stamps;
            database.description = description;
            database.is_inline = is_inline;
            database.icon = icon.unwrap_or_default();
            database.cover = cover.unwrap_or_default();
        }
        self.database_answer(id)
    }

    /// `PATCH /databases/{id}`: a new parent moves it to that page's end.
    pub fn update_database(&mut self, text: &str, body: &Map<String, Value>) -> Answer {
        self.may_update()?;
        let known = [
            "parent",
            "title",
            "description",
            "is_inline",
            "icon",
            "cover",
            "in_trash",
            "is_locked",
        ];
        only(body, &known)?;
        let id = reading::id(text, "database_id")?;
        if !self.ws.databases.contains_key(&id) || !self.ws.can_see(id) {
            return Err(kinds::no_database(self.ws, id));
        }
        let title = body
            .get("title")
            .map(|it| self.rich_text(it, "title"))
            .transpose()?;
        let about = body
            .get("description")
            .map(|it| self.rich_text(it, "description"));
        let about = about.transpose()?;
        let icon = body
            .get("icon")
            .map(|icon| self.icon(icon, false))
            .transpose()?;
        let cover = body
            .get("cover")
            .map(|cover| self.cover(cover))
            .transpose()?;
        let parent = body
            .get("parent")
            .map(|it| self.database_parent(it))
            .transpose()?;
        let flag = |key: &str| body.get(key).and_then(Value::as_bool);
        if let Some(database) = self.ws.databases.get_mut(&id) {
            if let Some(title) = title {
                database.title = title_of(&title);
            }
            if let Some(about) = about {
                database.description = about;
            }
            if let Some(icon) = icon {
                database.icon = icon;
            }
            if let Some(cover) = cover {
                database.cover = cover;
            }
            if let Some(inline) = flag("is_inline") {
                database.is_inline = inline;
            }
            if let Some(locked) = flag("is_locked") {
                database.is_locked = locked;
            }
        }
        if let Some(trashed) = flag("in_trash") {
            self.ws.set_trashed(id, trashed);
        }
        if let Some(parent) = parent {
            self.move_database(id, parent);
        }
        self.database_answer(id)
    }

    fn move_database(&mut self, id: Id, parent: Parent) {
        if self.ws.parent_of(id) == Some(parent) {
            return;
        }
        self.ws.detach(id);
        if let Some(database) = self.ws.databases.get_mut(&id) {
            database.parent = parent;
        }
        if let Parent::Page(page) = parent
            && let Some(page) = self.ws.pages.get_mut(&page)
        {
            page.body.listed.push(id);
        }
    }

    fn database_answer(&self, id: Id) -> Answer {
        let database = self.ws.databases.get(&id);
        let database = database.ok_or_else(|| Refusal::not_found("database", id))?;
        Ok(self.shown(self.render().database(database)))
    }
}

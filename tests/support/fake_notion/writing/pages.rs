//! Creating, changing and moving pages (sections 7.1 and 7.2).

use serde_json::{Map, Value};

use super::super::super::workspace::model::*;
use super::super::kinds;
use super::super::reading;
use super::super::refusal::Refusal;
use super::drafts::Inside;
use super::rich_text::{parent_id, title_of};
use super::{Answer, Write, id_in, only};

impl Write<'_> {
    /// `POST /pages`: the answer names no children.
    pub fn create_page(&mut self, body: &Map<String, Value>) -> Answer {
        self.may_insert()?;
        let known = [
            "parent",
            "properties",
            "icon",
            "cover",
            "children",
            "position",
        ];
        only(body, &known)?;
        let parent = self.page_parent(body.get("parent").unwrap_or(&Value::Null))?;
        let at = match parent {
            Parent::Page(up) => {
                let ends = ["page_start", "page_end"];
                self.position(up, body.get("position"), ends)?
            }
            _ if body.contains_key("position") => {
                let rule = "should be not present: only pages in pages have a position";
                return Err(Refusal::body("position", rule));
            }
            _ => usize::MAX,
        };
        let drafts = match body.get("children") {
            Some(children) => self.drafts(children, Inside::Page)?,
            None => Vec::new(),
        };
        let id = self.ws.chance.id();
        let mut page = self.ws.bare_page(id, parent, "");
        page.stamps = self.bot_stamps();
        if let Some(icon) = body.get("icon") {
            page.icon = self.icon(icon, false)?;
        }
        if let Some(cover) = body.get("cover") {
            page.cover = self.cover(cover)?;
        }
        let empty = Value::Object(Map::new());
        let properties = body.get("properties").unwrap_or(&empty);
        let changes = self.values(&page, properties)?;
        if let Parent::DataSource(source) = parent {
            for (id, value) in self.numbers(source) {
                page.values.insert(id, value);
            }
        }
        self.ws.pages.insert(id, page);
        match parent {
            Parent::Page(up) => {
                if let Some(up) = self.ws.pages.get_mut(&up) {
                    let at = at.min(up.body.listed.len());
                    up.body.listed.insert(at, id);
                }
            }
            Parent::DataSource(up) => {
                if let Some(source) = self.ws.data_sources.get_mut(&up) {
                    source.rows.push(id);
                }
            }
            _ => {}
        }
        self.apply(id, changes);
        self.make(Parent::Page(id), 0, drafts);
        self.page_answer(id)
    }

    fn page_answer(&self, id: Id) -> Answer {
        let page = self.ws.pages.get(&id);
        let page = page.ok_or_else(|| Refusal::not_found("page", id))?;
        Ok(self.shown(self.render().page(page)))
    }

    /// Where a page may be put.
    fn page_parent(&self, parent: &Value) -> Result<Parent, Refusal> {
        let top = parent["workspace"] == true || parent.is_null();
        if top {
            if self.switches.capabilities.personal {
                return Ok(Parent::Workspace);
            }
            return Err(Refusal::validation(
                "Internal connections can't create pages at the workspace level. Give a parent page.",
            ));
        }
        let Some((key, id)) = parent_id(parent) else {
            return Err(Refusal::body(
                "parent",
                "should have one of `page_id`, `data_source_id` defined",
            ));
        };
        let id = id_in(id, &format!("parent.{key}"))?;
        match key {
            "page_id" => {
                self.live_page(id)?;
                Ok(Parent::Page(id))
            }
            "data_source_id" => {
                self.live_source(id)?;
                Ok(Parent::DataSource(id))
            }
            "database_id" => {
                let database = self.ws.databases.get(&id).filter(|_| self.ws.can_see(id));
                let database = database.ok_or_else(|| kinds::no_database(self.ws, id))?;
                match database.data_sources.as_slice() {
                    [only] => Ok(Parent::DataSource(*only)),
                    sources => {
                        let message = format!(
                            "Databases with multiple data sources are not supported here: {id}."
                        );
                        let additional = serde_json::json!({
                            "error_type": "multiple_data_sources_for_database",
                            "database_id": id, "child_data_source_ids": sources,
                        });
                        Err(Refusal::validation(message).with(additional))
                    }
                }
            }
            _ => Err(Refusal::body("parent.block_id", "should be not present")),
        }
    }

    pub fn live_source(&self, id: Id) -> Result<&DataSource, Refusal> {
        let source = self.ws.data_sources.get(&id);
        let source = source.filter(|_| self.ws.can_see(id) && !self.ws.is_trashed(id));
        source.ok_or_else(|| Refusal::not_found("database", id))
    }

    /// `PATCH /pages/{id}`.
    pub fn update_page(&mut self, text: &str, body: &Map<String, Value>) -> Answer {
        self.may_update()?;
        let known = [
            "properties",
            "icon",
            "cover",
            "is_locked",
            "in_trash",
            "is_archived",
            "erase_content",
        ];
        only(body, &known)?;
        let id = reading::id(text, "page_id")?;
        let restored = body.get("in_trash").and_then(Value::as_bool) == Some(false);
        let page = if restored {
            let page = self.ws.pages.get(&id).filter(|_| self.ws.can_see(id));
            let page = page.ok_or_else(|| kinds::no_page(self.ws, id))?;
            if page.in_trash && page.parent == Parent::Workspace {
                let message = "Can't restore a page at the workspace level from the trash.";
                return Err(Refusal::validation(message));
            }
            page
        } else {
            self.live_page(id)?
        };
        let page = page.clone();
        let changes = match body.get("properties") {
            Some(properties) => self.values(&page, properties)?,
            None => Vec::new(),
        };
        let icon = body
            .get("icon")
            .map(|icon| self.icon(icon, false))
            .transpose()?;
        let cover = body
            .get("cover")
            .map(|cover| self.cover(cover))
            .transpose()?;
        let flag = |key: &str| body.get(key).and_then(Value::as_bool);
        if let Some(page) = self.ws.pages.get_mut(&id) {
            if let Some(icon) = icon {
                page.icon = icon;
            }
            if let Some(cover) = cover {
                page.cover = cover;
            }
            if let Some(locked) = flag("is_locked") {
                page.is_locked = locked;
            }
            if let Some(archived) = flag("is_archived") {
                page.is_archived = archived;
            }
            if flag("erase_content") == Some(true) {
                page.body = Body::default();
            }
        }
        if let Some(trashed) = flag("in_trash") {
            self.ws.set_trashed(id, trashed);
        }
        if !changes.is_empty() {
            self.apply(id, changes);
            // Property writes through the API move the page's time (section 3.11).
            self.bot_touches(id);
        }
        self.page_answer(id)
    }

    /// `POST /pages/{id}/move`: lands at the end; within the same parent it is refused.
    pub fn move_page(&mut self, text: &str, body: &Map<String, Value>) -> Answer {
        self.may_update()?;
        only(body, &["parent"])?;
        let id = reading::id(text, "page_id")?;
        let from = self.live_page(id)?.parent;
        let to = self.page_parent(body.get("parent").unwrap_or(&Value::Null))?;
        if to == Parent::Workspace {
            return Err(Refusal::validation(
                "Pages cannot be moved to the workspace level.",
            ));
        }
        if from == to {
            return Err(Refusal::validation("The page is already in this parent."));
        }
        self.ws.move_page(id, to);
        self.page_answer(id)
    }

    /// The next number for each unique-id column.
    fn numbers(&self, source: Id) -> Vec<(String, Value)> {
        let Some(source) = self.ws.data_sources.get(&source) else {
            return Vec::new();
        };
        let columns = source.schema.iter().filter(|it| it.kind == "unique_id");
        columns
            .map(|column| {
                let last = source
                    .rows
                    .iter()
                    .filter_map(|row| {
                        self.ws.pages.get(row)?.values.get(&column.id)?["number"].as_u64()
                    })
                    .max()
                    .unwrap_or(0);
                let value =
                    serde_json::json!({"prefix": column.config["prefix"], "number": last + 1});
                (column.id.clone(), value)
            })
            .collect()
    }

    /// Writes checked values into a page; the title also where lists show it.
    pub fn apply(&mut self, id: Id, changes: Vec<(String, Value)>) {
        for (property, value) in changes {
            if property == "title"
                && let Some(page) = self.ws.pages.get_mut(&id)
            {
                page.title = title_of(&value);
            }
            self.mirror(id, &property, &value);
            if let Some(page) = self.ws.pages.get_mut(&id) {
                page.values.insert(property, value);
            }
        }
    }
}

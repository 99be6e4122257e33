//! Creating, changing and deleting views (section 7.5).

use serde_json::{Map, Value, json};

use super::super::super::workspace::model::*;
use super::super::reading;
use super::super::refusal::Refusal;
use super::{Answer, Write, id_in, only};

const TYPES: &str = "table board list calendar timeline gallery form chart map dashboard";
const SETTINGS: [&str; 4] = ["filter", "sorts", "quick_filters", "configuration"];

/// Keys that views show and nobody may write.
fn refuse_read_only(value: &Value) -> Result<(), Refusal> {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(map) => {
                for key in map.keys() {
                    if key.ends_with("property_name") {
                        let path = format!("configuration.{key}");
                        return Err(Refusal::body(&path, "should be not present"));
                    }
                }
                if map.get("frozen_column_index").and_then(Value::as_i64) < Some(0)
                    && map.contains_key("frozen_column_index")
                {
                    let path = "configuration.frozen_column_index";
                    return Err(Refusal::body(path, "should be ≥ `0`"));
                }
                if map.get("type") == Some(&json!("page_content_first")) {
                    let rule = "should be `\"page_content\"`";
                    return Err(Refusal::body("configuration.cover.type", rule));
                }
                open.extend(map.values());
            }
            _ => {}
        }
    }
    Ok(())
}

/// Groups by a date say by which stretch of time (section 10.1).
fn check_grouping(configuration: &Value) -> Result<(), Refusal> {
    for key in ["group_by", "sub_group_by"] {
        let group = &configuration[key];
        let dated = matches!(
            group["type"].as_str(),
            Some("date" | "created_time" | "last_edited_time")
        );
        if dated && group.get("group_by").is_none() {
            let path = format!("configuration.{key}.group_by");
            let rule = "should be defined, instead was `undefined`";
            return Err(Refusal::body(&path, rule));
        }
    }
    Ok(())
}

impl Write<'_> {
    /// `POST /views`: a tab of a database, a widget of a dashboard, or a linked
    /// database block on a page.
    pub fn create_view(&mut self, body: &Map<String, Value>) -> Answer {
        self.may_insert()?;
        let known = [
            "data_source_id",
            "name",
            "type",
            "database_id",
            "view_id",
            "placement",
            "create_database",
            "position",
            "filter",
            "sorts",
            "quick_filters",
            "configuration",
        ];
        only(body, &known)?;
        let get = |key: &str| body.get(key).cloned().unwrap_or(Value::Null);
        let source = id_in(&get("data_source_id"), "data_source_id")?;
        self.live_source(source)?;
        let kind = get("type");
        let kind = kind.as_str().unwrap_or("");
        if !TYPES.split_whitespace().any(|it| it == kind) {
            return Err(Refusal::body("type", "should be a known view type"));
        }
        let name = get("name");
        let name = name.as_str().unwrap_or("");
        refuse_read_only(&get("configuration"))?;
        check_grouping(&get("configuration"))?;
        if kind == "dashboard" && body.contains_key("configuration") {
            let rule = "should be not present: widgets are added one by one";
            return Err(Refusal::body("configuration", rule));
        }
        let needs = match kind {
            "board" => Some("group_by"),
            "calendar" | "timeline" => Some("date_property_id"),
            _ => None,
        };
        if let (Some(key), Some(configuration)) = (needs, body.get("configuration"))
            && configuration.get(key).is_none()
        {
            let path = format!("configuration.{key}");
            return Err(Refusal::body(
                &path,
                "should be defined, instead was `undefined`",
            ));
        }
        let homes = ["database_id", "view_id", "create_database"];
        if homes.iter().filter(|key| body.contains_key(**key)).count() != 1 {
            let message = "Exactly one of database_id, view_id, create_database should be defined.";
            return Err(Refusal::validation(message));
        }
        for (key, home) in [("position", "database_id"), ("placement", "view_id")] {
            if body.contains_key(key) && !body.contains_key(home) {
                let rule = format!("should be not present without `{home}`");
                return Err(Refusal::body(key, &rule));
            }
        }
        let mut settings = Map::new();
        for key in SETTINGS {
            if let Some(value) = body.get(key) {
                settings.insert(key.into(), value.clone());
            }
        }
        let bare = json!({"type": kind});
        settings.entry("configuration").or_insert(bare);
        if kind == "dashboard" {
            settings.insert(
                "configuration".into(),
                json!({"type": "dashboard", "rows": []}),
            );
        }
        let (database, at) = if body.contains_key("database_id") {
            let database = id_in(&get("database_id"), "database_id")?;
            let views = self.live_database(database)?.views.clone();
            (database, tab(&views, body.get("position"))?)
        } else if body.contains_key("view_id") {
            let dashboard = id_in(&get("view_id"), "view_id")?;
            let view = self.ws.views.get(&dashboard);
            let view = view.filter(|view| view.kind == "dashboard");
            let view = view.ok_or_else(|| Refusal::not_found("dashboard", dashboard))?;
            settings.insert("dashboard_view_id".into(), json!(dashboard));
            (view.database, usize::MAX)
        } else {
            (self.linked_block(&get("create_database"))?, usize::MAX)
        };
        let id = self
            .ws
            .view(database, Some(source), name, kind, Value::Object(settings));
        if let Some(database) = self.ws.databases.get_mut(&database) {
            database.views.retain(|view| *view != id);
            let at = at.min(database.views.len());
            database.views.insert(at, id);
        }
        if body.contains_key("view_id") {
            let dashboard = id_in(&get("view_id"), "view_id")?;
            self.place_widget(dashboard, id, &get("placement"))?;
        }
        let stamps = self.bot_stamps();
        if let Some(view) = self.ws.views.get_mut(&id) {
            view.stamps = stamps;
        }
        self.view_answer(id)
    }

    /// A new linked database block, directly on a page.
    fn linked_block(&mut self, wish: &Value) -> Result<Id, Refusal> {
        let page = id_in(&wish["parent"]["page_id"], "create_database.parent.page_id")?;
        self.live_page(page)?;
        let listed = self.ws.pages.get(&page).map(|it| it.body.listed.clone());
        let listed = listed.unwrap_or_default();
        let at = match wish["position"]["type"].as_str() {
            None => listed.len(),
            Some(kind) if kind != "after_block" => {
                let path = "create_database.position.type";
                return Err(Refusal::body(path, "should be `\"after_block\"`"));
            }
            Some(_) => {
                let path = "create_database.position.block_id";
                let after = id_in(&wish["position"]["block_id"], path)?;
                let at = listed.iter().position(|id| *id == after);
                at.ok_or_else(|| Refusal::body(path, "should be a direct child of the page"))? + 1
            }
        };
        let id = self.ws.container(Parent::Page(page), "");
        let stamps = self.bot_stamps();
        if let Some(database) = self.ws.databases.get_mut(&id) {
            database.stamps = stamps;
            database.linked = Some(Linked::EmptyDataSources);
            database.is_inline = true;
        }
        if let Some(page) = self.ws.pages.get_mut(&page) {
            page.body.listed.pop();
            page.body.listed.insert(at, id);
        }
        Ok(id)
    }

    /// Four widgets a row, twelve a dashboard.
    fn place_widget(&mut self, dashboard: Id, view: Id, placement: &Value) -> Result<(), Refusal> {
        let widget = json!({"id": self.ws.chance.id(), "view_id": view});
        let row_id = self.ws.chance.id();
        let Some(dashboard) = self.ws.views.get_mut(&dashboard) else {
            return Ok(());
        };
        let rows = dashboard
            .settings
            .get_mut("configuration")
            .map(|it| &mut it["rows"]);
        let Some(Value::Array(rows)) = rows else {
            return Ok(());
        };
        let full = |row: &Value| row["widgets"].as_array().map_or(0, Vec::len);
        if rows.iter().map(full).sum::<usize>() >= 12 {
            return Err(Refusal::validation("A dashboard holds at most 12 widgets."));
        }
        if placement["type"] == "existing_row" {
            let at = placement["row_index"].as_u64().unwrap_or(0) as usize;
            let row = rows.get_mut(at).filter(|row| full(row) < 4);
            let Some(Value::Array(widgets)) = row.map(|row| &mut row["widgets"]) else {
                return Err(Refusal::validation("There is no such row, or it is full."));
            };
            widgets.push(widget);
            return Ok(());
        }
        let at = placement["row_index"]
            .as_u64()
            .map_or(rows.len(), |at| at as usize);
        let row = json!({"id": row_id, "widgets": [widget]});
        rows.insert(at.min(rows.len()), row);
        Ok(())
    }

    /// `PATCH /views/{id}`: the type cannot change.
    pub fn update_view(&mut self, text: &str, body: &Map<String, Value>) -> Answer {
        self.may_update()?;
        only(
            body,
            &["name", "filter", "sorts", "quick_filters", "configuration"],
        )?;
        let id = reading::id(text, "view_id")?;
        self.seen_view(id)?;
        if let Some(configuration) = body.get("configuration") {
            refuse_read_only(configuration)?;
            check_grouping(configuration)?;
        }
        let (now, bot) = (self.ws.now, self.ws.bot);
        if let Some(view) = self.ws.views.get_mut(&id) {
            for key in SETTINGS {
                if let Some(value) = body.get(key) {
                    view.settings.insert(key.into(), value.clone());
                }
            }
            if let Some(name) = body.get("name").and_then(Value::as_str) {
                view.name = name.to_string();
            }
            view.stamps.edited = now;
            view.stamps.edited_by = bot;
        }
        self.view_answer(id)
    }

    /// `DELETE /views/{id}`: for good, and never the last one.
    pub fn delete_view(&mut self, text: &str) -> Answer {
        self.may_update()?;
        let id = reading::id(text, "view_id")?;
        let database = self.seen_view(id)?;
        let shown = self.view_answer(id)?;
        let answer = json!({"object": "view", "id": id, "parent": shown["parent"],
                            "type": shown["type"]});
        if let Some(database) = self.ws.databases.get_mut(&database) {
            if database.views.len() <= 1 {
                return Err(Refusal::validation(
                    "The last view of a database cannot be deleted.",
                ));
            }
            database.views.retain(|view| *view != id);
        }
        self.ws.views.remove(&id);
        Ok(answer)
    }

    fn seen_view(&self, id: Id) -> Result<Id, Refusal> {
        let view = self.ws.views.get(&id);
        let view = view.filter(|view| self.ws.can_see(view.database));
        view.map(|view| view.database)
            .ok_or_else(|| Refusal::not_found("view", id))
    }

    fn view_answer(&self, id: Id) -> Answer {
        let view = self.ws.views.get(&id);
        let view = view.ok_or_else(|| Refusal::not_found("view", id))?;
        Ok(self.shown(self.render().view(view)))
    }
}

/// Where a new tab goes.
fn tab(views: &[Id], position: Option<&Value>) -> Result<usize, Refusal> {
    let Some(position) = position else {
        return Ok(views.len());
    };
    match position["type"].as_str() {
        Some("start") => Ok(0),
        Some("end") => Ok(views.len()),
        Some("after_view") => {
            let after = id_in(&position["view_id"], "position.view_id")?;
            let at = views.iter().position(|view| *view == after);
            at.map(|at| at + 1).ok_or_else(|| {
                Refusal::body("position.view_id", "should be a view of the database")
            })
        }
        _ => Err(Refusal::body("position.type", "should be a known position")),
    }
}

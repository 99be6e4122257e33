//! Recorded objects joined into one workspace, and a server that shows it. What no
//! recording holds is not there: it answers 404, or an empty list.
//!
//! The recordings are of tests, which clear up behind them. So an object is taken as it was
//! seen last outside the trash, and a list as it was when it was longest.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::fake_notion::http::Incoming;
use crate::support::recordings::Exchange;

/// Objects by id.
type ById = BTreeMap<String, Value>;
/// Lists by the id of what they belong to.
type Lists = BTreeMap<String, Vec<Value>>;

/// A workspace of recorded objects.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub me: Value,
    pub users: ById,
    pub emojis: ById,
    pub pages: ById,
    /// Pages that no recording shows, although it shows what is in them.
    pub invented: ById,
    pub blocks: ById,
    pub databases: ById,
    pub sources: ById,
    pub views: ById,
    /// Blocks by the page or block that they are in.
    pub children: Lists,
    /// The lists of children as they were seen last.
    listed: Lists,
    /// Comments by the page or block that they are on.
    pub comments: Lists,
    /// Templates by data source.
    pub templates: Lists,
    /// Whole values of properties, as listed: by page and property id.
    pub properties: BTreeMap<(String, String), Value>,
}

/// Whether a recorded object is no mere reference.
fn is_whole(object: &Value, key: &str) -> bool {
    object.get(key).is_some()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl World {
    /// Joins what these exchanges show.
    pub fn of<'e>(exchanges: impl IntoIterator<Item = &'e Exchange>) -> World {
        let mut world = World::default();
        for exchange in exchanges.into_iter().filter(|one| one.status == 200) {
            let answer = &exchange.response;
            let items = answer["results"].as_array();
            for object in items.into_iter().flatten().chain([answer]) {
                world.take(object);
            }
            world.take_list(exchange);
        }
        world.invent();
        world
    }

    /// Invents a page for each list of blocks whose page or block is not recorded.
    fn invent(&mut self) {
        let listed = self.children.values().flatten();
        let listed: Vec<&str> = listed.filter_map(|block| block["id"].as_str()).collect();
        let holders = self.children.keys();
        let unknown =
            holders.filter(|id| !self.pages.contains_key(*id) && !listed.contains(&id.as_str()));
        let page = |id: &String| {
            let page = json!({"object": "page", "id": id, "in_trash": false,
                "parent": {"type": "workspace", "workspace": true},
                "last_edited_time": "2026-01-01T00:00:00.000Z",
                "properties": {"title": {"id": "title", "type": "title", "title": []}}});
            (id.clone(), page)
        };
        self.invented = unknown.map(page).collect();
    }

    fn page(&self, id: &str) -> Option<&Value> {
        let id = dashed(id);
        self.pages.get(&id).or_else(|| self.invented.get(&id))
    }

    fn take(&mut self, object: &Value) {
        let id = text(&object["id"]);
        let (kind, whole) = match object["object"].as_str() {
            Some("page") => (&mut self.pages, "properties"),
            Some("data_source") => (&mut self.sources, "properties"),
            Some("database") => (&mut self.databases, "title"),
            Some("view") => (&mut self.views, "name"),
            Some("user") => (&mut self.users, "type"),
            Some("block") => (&mut self.blocks, "type"),
            Some("custom_emoji") => (&mut self.emojis, "name"),
            _ => return,
        };
        if is_whole(object, whole) {
            let mut object = object.clone();
            // Of a single answer, not of the object.
            object.as_object_mut().map(|it| it.remove("request_id"));
            let known = kind.get(&id).is_some_and(World::is_there);
            if World::is_there(&object) || !known {
                kind.insert(id, object);
            }
        }
    }

    fn take_list(&mut self, exchange: &Exchange) {
        let segments: Vec<&str> = exchange.path.split('/').collect();
        let Some(id) = segments.get(3).map(ToString::to_string) else {
            if exchange.route() == "GET /v1/comments" {
                self.take_comments(exchange);
            }
            return;
        };
        let items = || exchange.response["results"].as_array().cloned();
        let goes_on = exchange.query.iter().any(|(key, _)| key == "start_cursor");
        match exchange.route().as_str() {
            "GET /v1/users/me" => self.me = exchange.response.clone(),
            "GET /v1/blocks/{id}/children" => {
                let id = dashed(&id);
                if !goes_on {
                    self.listed.remove(&id);
                }
                let list = self.listed.entry(id.clone()).or_default();
                list.extend(items().unwrap_or_default());
                let longest = self.children.entry(id).or_default();
                if list.len() >= longest.len() {
                    longest.clone_from(list);
                }
            }
            "GET /v1/data_sources/{id}/templates" => {
                let listed = exchange.response["templates"].as_array().cloned();
                self.templates
                    .insert(dashed(&id), listed.unwrap_or_default());
            }
            "GET /v1/pages/{id}/properties/{property}" if !goes_on => {
                let property = segments.last().map(ToString::to_string);
                let key = (dashed(&id), property.unwrap_or_default());
                self.properties.insert(key, exchange.response.clone());
            }
            _ => {}
        }
    }

    fn take_comments(&mut self, exchange: &Exchange) {
        let mut query = exchange.query.iter();
        let on = query.find(|(key, _)| key == "block_id");
        let items = exchange.response["results"].as_array().cloned();
        if let (Some((_, on)), Some(items)) = (on, items) {
            let longest = self.comments.entry(dashed(on)).or_default();
            if items.len() >= longest.len() {
                *longest = items;
            }
        }
    }

    /// Whether search names a page or a data source.
    pub fn shows_pages(&self) -> bool {
        let pages = self.pages.values().chain(self.invented.values());
        pages.chain(self.sources.values()).any(World::is_there)
    }

    /// The objects that search and queries show.
    pub fn is_there(object: &Value) -> bool {
        object["in_trash"] != true && object["archived"] != true
    }

    /// What the API answers to a request.
    pub fn answer(&self, request: &Incoming) -> (u16, Value) {
        let segments: Vec<&str> = request.path.split('/').skip(2).collect();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let one = |objects: &ById, id: &str| match objects.get(&dashed(id)) {
            Some(object) => (200, object.clone()),
            None => missing(id),
        };
        let of = |lists: &Lists, id: &str| lists.get(&dashed(id)).cloned().unwrap_or_default();
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["users", "me"]) => (200, self.me.clone()),
            ("GET", ["users"]) => list("user", self.users.values().cloned()),
            ("GET", ["custom_emojis"]) => list("custom_emoji", self.emojis.values().cloned()),
            ("GET", ["users", id]) => one(&self.users, id),
            ("GET", ["pages", id]) => match self.page(id) {
                Some(page) => (200, page.clone()),
                None => missing(id),
            },
            ("GET", ["blocks", id]) => one(&self.blocks, id),
            ("GET", ["databases", id]) => one(&self.databases, id),
            ("GET", ["data_sources", id]) => one(&self.sources, id),
            ("GET", ["views", id]) => one(&self.views, id),
            ("GET", ["blocks", id, "children"]) => list("block", of(&self.children, id)),
            ("GET", ["comments"]) => {
                let on = request.query("block_id").unwrap_or_default();
                list("comment", of(&self.comments, on))
            }
            ("GET", ["data_sources", id, "templates"]) => {
                let listed = of(&self.templates, id);
                (
                    200,
                    json!({"templates": listed, "has_more": false, "next_cursor": null}),
                )
            }
            ("GET", ["views"]) => {
                let database = dashed(request.query("database_id").unwrap_or_default());
                let shown = self.views.values();
                let shown = shown.filter(|view| view["parent"]["database_id"] == *database);
                list(
                    "view",
                    shown.map(|view| json!({"object": "view", "id": view["id"]})),
                )
            }
            ("GET", ["pages", page, "properties", property]) => {
                let key = (dashed(page), property.to_string());
                match self.properties.get(&key) {
                    Some(answer) => (200, answer.clone()),
                    None => missing(property),
                }
            }
            ("POST", ["search"]) => {
                let pages = self.pages.values().chain(self.invented.values());
                let all = pages.chain(self.sources.values());
                list(
                    "page_or_data_source",
                    all.filter(|it| World::is_there(it)).cloned(),
                )
            }
            ("POST", ["data_sources", id, "query"]) => {
                let rows = self.pages.values().filter(|page| {
                    World::is_there(page)
                        && body["is_archived"] != true
                        && page["parent"]["data_source_id"] == *dashed(id)
                });
                list("page_or_data_source", rows.cloned())
            }
            _ => panic!("nobody recorded {} {}", request.method, request.path),
        }
    }
}

/// An id as Notion writes it, whatever way it was asked with.
pub fn dashed(id: &str) -> String {
    let id: Result<notion_backup::model::NotionId, _> = id.parse();
    id.map(|id| id.to_string()).unwrap_or_default()
}

fn missing(id: &str) -> (u16, Value) {
    let message = format!("Could not find object with ID: {id}.");
    let error =
        json!({"object": "error", "status": 404, "code": "object_not_found", "message": message});
    (404, error)
}

fn list(kind: &str, items: impl IntoIterator<Item = Value>) -> (u16, Value) {
    let items: Vec<Value> = items.into_iter().collect();
    let list = json!({"object": "list", "type": kind, kind: {}, "results": items,
        "has_more": false, "next_cursor": null});
    (200, list)
}

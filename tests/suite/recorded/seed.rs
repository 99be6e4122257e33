//! Workspaces made from recorded answers: what Notion showed before a write is there
//! when the write is tried again.

use serde_json::{Map, Value, json};

use crate::support::Workspace;
use crate::support::workspace::model::*;
use crate::support::workspace::text::plain_text;

/// Adds what a recorded answer shows, unless it is there already.
pub fn put(ws: &mut Workspace, value: &Value) {
    people_and_emojis(ws, value);
    match value["object"].as_str() {
        Some("list") => {
            for item in value["results"].as_array().into_iter().flatten() {
                put(ws, item);
            }
        }
        Some("page") => page(ws, value),
        Some("database") => database(ws, value),
        Some("data_source") => data_source(ws, value),
        Some("block") => block(ws, value),
        Some("comment") => comment(ws, value),
        _ => {}
    }
}

/// Adds what a recorded request only names: its parent, what it links to and mentions.
pub fn put_named(ws: &mut Workspace, request: &Value) {
    people_and_emojis(ws, request);
    let mut open = vec![(String::new(), request)];
    while let Some((under, value)) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items.iter().map(|it| (under.clone(), it))),
            Value::Object(map) => {
                for (key, item) in map {
                    if let Some(id) = id_of(item) {
                        match (under.as_str(), key.as_str()) {
                            (_, "page_id") | ("page" | "relation", "id") => {
                                page_stub(ws, id, Parent::Workspace);
                            }
                            (_, "database_id") | ("database", "id") => {
                                database_stub(ws, id, Parent::Workspace);
                            }
                            ("user" | "people", "id") => user(ws, id, &json!({})),
                            _ => {}
                        }
                    }
                    open.push((key.clone(), item));
                }
            }
            _ => {}
        }
    }
}

pub fn id_of(value: &Value) -> Option<Id> {
    value.as_str()?.parse().ok()
}

fn parent(ws: &mut Workspace, value: &Value) -> Parent {
    let id = |key: &str| id_of(&value[key]);
    if let Some(up) = id("page_id") {
        page_stub(ws, up, Parent::Workspace);
        return Parent::Page(up);
    }
    if let Some(up) = id("block_id") {
        if !ws.blocks.contains_key(&up) {
            let text = json!({"rich_text": [], "color": "default"});
            add_block(ws, up, Parent::Workspace, "toggle", text);
        }
        return Parent::Block(up);
    }
    if let Some(up) = id("data_source_id") {
        source_stub(ws, up, id("database_id"));
        return Parent::DataSource(up);
    }
    if let Some(up) = id("database_id") {
        database_stub(ws, up, Parent::Workspace);
        return Parent::Database(up);
    }
    Parent::Workspace
}

fn adopt(ws: &mut Workspace, parent: Parent, child: Id) {
    let list = match parent {
        Parent::Page(id) => ws.pages.get_mut(&id).map(|it| &mut it.body.listed),
        Parent::Block(id) => ws.blocks.get_mut(&id).map(|it| &mut it.children),
        Parent::DataSource(id) => ws.data_sources.get_mut(&id).map(|it| &mut it.rows),
        _ => None,
    };
    if let Some(list) = list.filter(|list| !list.contains(&child)) {
        list.push(child);
    }
}

fn page_stub(ws: &mut Workspace, id: Id, parent: Parent) {
    if !ws.pages.contains_key(&id) {
        let page = ws.bare_page(id, parent, "");
        ws.pages.insert(id, page);
        adopt(ws, parent, id);
    }
}

fn page(ws: &mut Workspace, value: &Value) {
    let Some(id) = id_of(&value["id"]) else {
        return;
    };
    let parent = parent(ws, &value["parent"]);
    page_stub(ws, id, parent);
    adopt(ws, parent, id);
    let Some(page) = ws.pages.get_mut(&id) else {
        return;
    };
    page.parent = parent;
    for property in value["properties"]
        .as_object()
        .into_iter()
        .flat_map(Map::values)
    {
        let kind = property["type"].as_str().unwrap_or("");
        if kind == "title" {
            page.title = plain_text(&property["title"]);
        }
        if let Some(id) = property["id"].as_str() {
            page.values.insert(id.to_string(), property[kind].clone());
        }
    }
    page.icon = value["icon"].clone();
    page.cover = value["cover"].clone();
    page.in_trash = value["in_trash"] == true;
    page.is_archived = value["is_archived"] == true;
    page.is_locked = value["is_locked"] == true;
}

fn database_stub(ws: &mut Workspace, id: Id, parent: Parent) {
    if ws.databases.contains_key(&id) {
        return;
    }
    let made = ws.container(Parent::Workspace, "");
    if let Some(mut database) = ws.databases.remove(&made) {
        database.id = id;
        database.parent = parent;
        ws.databases.insert(id, database);
    }
    ws.view(id, None, "Default view", "table", json!({}));
    adopt(ws, parent, id);
}

fn database(ws: &mut Workspace, value: &Value) {
    let Some(id) = id_of(&value["id"]) else {
        return;
    };
    let parent = parent(ws, &value["parent"]);
    database_stub(ws, id, parent);
    adopt(ws, parent, id);
    for source in value["data_sources"].as_array().into_iter().flatten() {
        if let Some(source) = id_of(&source["id"]) {
            source_stub(ws, source, Some(id));
        }
    }
    if let Some(database) = ws.databases.get_mut(&id) {
        database.parent = parent;
        database.title = plain_text(&value["title"]);
        database.description = value["description"].clone();
        database.is_inline = value["is_inline"] == true;
        database.is_locked = value["is_locked"] == true;
        database.in_trash = value["in_trash"] == true;
        database.icon = value["icon"].clone();
        database.cover = value["cover"].clone();
    }
}

fn source_stub(ws: &mut Workspace, id: Id, database: Option<Id>) {
    if ws.data_sources.contains_key(&id) {
        return;
    }
    let database = database.unwrap_or_else(|| ws.chance.id());
    database_stub(ws, database, Parent::Workspace);
    let made = ws.data_source(database, "", Vec::new());
    if let Some(mut source) = ws.data_sources.remove(&made) {
        source.id = id;
        ws.data_sources.insert(id, source);
    }
    for held in ws
        .databases
        .values_mut()
        .flat_map(|it| &mut it.data_sources)
    {
        if *held == made {
            *held = id;
        }
    }
}

fn data_source(ws: &mut Workspace, value: &Value) {
    let Some(id) = id_of(&value["id"]) else {
        return;
    };
    source_stub(ws, id, id_of(&value["parent"]["database_id"]));
    let columns = value["properties"].as_object().into_iter().flatten();
    let schema: Vec<Property> = columns
        .map(|(name, column)| {
            let kind = column["type"].as_str().unwrap_or("");
            Property {
                id: column["id"].as_str().unwrap_or("").to_string(),
                name: name.clone(),
                kind: kind.to_string(),
                config: column[kind].clone(),
                description: column["description"].as_str().map(str::to_string),
            }
        })
        .collect();
    for column in &schema {
        if let Some(target) = id_of(&column.config["data_source_id"]) {
            source_stub(ws, target, id_of(&column.config["database_id"]));
        }
    }
    if let Some(source) = ws.data_sources.get_mut(&id) {
        source.title = plain_text(&value["title"]);
        source.schema = schema;
        source.in_trash = value["in_trash"] == true;
    }
}

fn add_block(ws: &mut Workspace, id: Id, parent: Parent, kind: &str, payload: Value) {
    let stamps = ws.stamps();
    ws.blocks.insert(
        id,
        Block {
            id,
            stamps,
            parent,
            kind: kind.to_string().into(),
            payload,
            children: Vec::new(),
            in_trash: false,
            hides_children: false,
            extra: Map::new(),
        },
    );
    adopt(ws, parent, id);
}

fn block(ws: &mut Workspace, value: &Value) {
    let Some(id) = id_of(&value["id"]) else {
        return;
    };
    let parent = parent(ws, &value["parent"]);
    let kind = value["type"].as_str().unwrap_or("");
    match kind {
        "child_page" => page_stub(ws, id, parent),
        "child_database" => database_stub(ws, id, parent),
        _ if !ws.blocks.contains_key(&id) => {
            add_block(ws, id, parent, kind, value[kind].clone());
        }
        _ => {}
    }
    adopt(ws, parent, id);
}

fn comment(ws: &mut Workspace, value: &Value) {
    let (Some(id), Some(discussion)) = (id_of(&value["id"]), id_of(&value["discussion_id"])) else {
        return;
    };
    if ws.comments.iter().any(|it| it.id == id) {
        return;
    }
    let on = parent(ws, &value["parent"]);
    let made = ws.comment(on, Some(discussion), value["rich_text"].clone());
    if let Some(made) = ws.comments.iter_mut().find(|it| it.id == made) {
        made.id = id;
    }
}

fn user(ws: &mut Workspace, id: Id, value: &Value) {
    if ws.user(id).is_some() {
        return;
    }
    let name = value["name"].as_str().unwrap_or("Somebody");
    let made = ws.person(name, "somebody@example.com");
    if let Some(made) = ws.users.iter_mut().find(|it| it.id == made) {
        made.id = id;
    }
}

/// Users and custom emojis wherever they are named.
fn people_and_emojis(ws: &mut Workspace, value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(|it| people_and_emojis(ws, it)),
        Value::Object(map) => {
            if value["object"] == "user"
                && let Some(id) = id_of(&value["id"])
            {
                user(ws, id, value);
            }
            let emoji = &value["custom_emoji"];
            if let Some(id) = id_of(&emoji["id"])
                && ws.emoji(id).is_none()
            {
                let made = ws.add_emoji(emoji["name"].as_str().unwrap_or("emoji"), b"emoji");
                if let Some(made) = ws.emojis.iter_mut().find(|it| it.id == made) {
                    made.id = id;
                }
            }
            map.values().for_each(|it| people_and_emojis(ws, it));
        }
        _ => {}
    }
}

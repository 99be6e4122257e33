//! Objects in the API's shape, made from the workspace at every read.
//!
//! Here files are signed, timestamps lose their seconds and mentions of what the
//! connection may not see lose their text.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::super::workspace::model::*;
use super::super::workspace::{MINUTE, Workspace, ids, plain, text};
use super::files::Files;
use super::{formula, values};

/// Makes answers from a workspace.
#[derive(Clone, Copy)]
pub struct Render<'a> {
    pub ws: &'a Workspace,
    pub files: &'a Files,
    pub emails: bool,
    pub max_upload: u64,
    /// What a lagging search index still shows: the edit before, for later ones than this.
    pub as_of: i64,
}

/// A time with its seconds.
pub fn exact_time(milliseconds: i64) -> String {
    match Timestamp::from_millisecond(milliseconds) {
        Ok(time) => time
            .to_zoned(TimeZone::UTC)
            .strftime("%Y-%m-%dT%H:%M:%S.%3fZ")
            .to_string(),
        Err(_) => String::new(),
    }
}

/// A time as objects show it: whole minutes (section 3.11).
pub fn minute_time(milliseconds: i64) -> String {
    exact_time(milliseconds - milliseconds.rem_euclid(MINUTE))
}

/// A time as databases and views show it: exact, and with an offset (section 3.11).
fn offset_time(milliseconds: i64) -> String {
    exact_time(milliseconds).replace('Z', "+00:00")
}

pub fn user_ref(id: Id) -> Value {
    json!({"object": "user", "id": id})
}

fn merge(object: &mut Value, extra: &Map<String, Value>) {
    if let Value::Object(map) = object {
        for (key, value) in extra {
            map.insert(key.clone(), value.clone());
        }
    }
}

fn address(title: &str, id: Id) -> String {
    let slug: String = title
        .chars()
        .take(40)
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    format!("https://app.notion.com/p/{slug}-{:032x}", id.bits())
}

impl Render<'_> {
    pub fn parent(&self, parent: Parent) -> Value {
        match parent {
            Parent::Workspace => json!({"type": "workspace", "workspace": true}),
            Parent::Page(id) => json!({"type": "page_id", "page_id": id}),
            Parent::Block(id) => json!({"type": "block_id", "block_id": id}),
            Parent::Database(id) => json!({"type": "database_id", "database_id": id}),
            Parent::DataSource(id) => {
                let database = self.ws.data_sources.get(&id).map(|it| it.database);
                json!({"type": "data_source_id", "data_source_id": id, "database_id": database})
            }
        }
    }

    /// Author and time keys, and the trash flag.
    fn stamp(&self, object: &mut Value, stamps: &Stamps, in_trash: bool) {
        let edited = if stamps.edited > self.as_of {
            stamps.edited_before
        } else {
            stamps.edited
        };
        object["created_time"] = json!(minute_time(stamps.created));
        object["last_edited_time"] = json!(minute_time(edited));
        object["created_by"] = user_ref(stamps.created_by);
        object["last_edited_by"] = user_ref(stamps.edited_by);
        object["in_trash"] = json!(in_trash);
    }

    pub fn page(&self, page: &Page) -> Value {
        let mut object = json!({
            "object": "page", "id": page.id,
            "parent": self.parent(page.parent),
            "is_archived": page.is_archived, "is_locked": page.is_locked,
            "url": address(&page.title, page.id), "public_url": page.public_url,
            "icon": self.resolve(&page.icon), "cover": self.resolve(&page.cover),
            "properties": values::of_page(self, page),
        });
        self.stamp(&mut object, &page.stamps, page.in_trash);
        merge(&mut object, &page.extra);
        object
    }

    pub fn database(&self, database: &Database) -> Value {
        let sources: Vec<Value> = database
            .data_sources
            .iter()
            .filter_map(|id| self.ws.data_sources.get(id))
            .filter(|source| !source.in_trash)
            .map(|source| json!({"id": source.id, "name": source.title}))
            .collect();
        let mut object = json!({
            "object": "database", "id": database.id,
            "title": text::rich(&database.title),
            "description": self.resolve(&database.description),
            "parent": self.parent(database.parent),
            "is_inline": database.is_inline, "is_locked": database.is_locked,
            "data_sources": sources,
            "icon": self.resolve(&database.icon), "cover": self.resolve(&database.cover),
            "url": address(&database.title, database.id), "public_url": null,
        });
        self.stamp(&mut object, &database.stamps, database.in_trash);
        // A database, unlike its sources, does not say who made it (section 3.2), and its
        // times are exact.
        if let Value::Object(map) = &mut object {
            map.insert(
                "created_time".into(),
                json!(offset_time(database.stamps.created)),
            );
            map.insert(
                "last_edited_time".into(),
                json!(offset_time(database.stamps.edited)),
            );
            map.remove("created_by");
            map.remove("last_edited_by");
        }
        merge(&mut object, &database.extra);
        object
    }

    pub fn data_source(&self, source: &DataSource) -> Value {
        let mut properties = Map::new();
        for property in &source.schema {
            let mut config = self.resolve(&property.config);
            if let Some(expression) = config["expression"].as_str() {
                let marked = formula::marked(expression, &source.schema, source.id, self.ws.id);
                config["expression"] = json!(marked);
            }
            properties.insert(
                property.name.clone(),
                json!({"id": property.id, "name": property.name, "type": property.kind,
                       "description": property.description,
                       property.kind.as_str(): config}),
            );
        }
        let database = self.ws.databases.get(&source.database);
        let parent = match source.synced_from {
            Some(from) => json!({"type": "data_source_id", "data_source_id": from,
                                 "database_id": source.database}),
            None => self.parent(Parent::Database(source.database)),
        };
        let icon = match (&source.icon, database) {
            (Value::Null, Some(database)) => self.resolve(&database.icon),
            (icon, _) => self.resolve(icon),
        };
        let mut object = json!({
            "object": "data_source", "id": source.id,
            "title": text::rich(&source.title),
            "description": database.map_or(json!([]), |it| self.resolve(&it.description)),
            "parent": parent,
            "database_parent": database.map(|it| self.parent(it.parent)),
            "is_inline": database.is_some_and(|it| it.is_inline),
            "properties": properties,
            "icon": icon,
            "cover": database.map(|it| self.resolve(&it.cover)),
            "url": address(&source.title, source.id), "public_url": null,
        });
        let trashed = source.in_trash || database.is_some_and(|it| it.in_trash);
        self.stamp(&mut object, &source.stamps, trashed);
        merge(&mut object, &source.extra);
        object
    }

    /// The block with this id: a stored one, a generated one, or the one that shows a
    /// page or database in its parent.
    pub fn block(&self, id: Id) -> Option<Value> {
        if let Some(block) = self.ws.blocks.get(&id) {
            let mut object = json!({
                "object": "block", "id": id, "parent": self.parent(block.parent),
                "type": block.kind, "has_children": self.ws.has_children(id),
                block.kind.as_ref(): self.resolve(&block.payload),
            });
            if block.kind == "paragraph" && object["paragraph"].get("icon").is_none() {
                object["paragraph"]["icon"] = Value::Null;
            }
            self.stamp(&mut object, &block.stamps, block.in_trash);
            merge(&mut object, &block.extra);
            return Some(object);
        }
        let (kind, payload, parent, stamps, trashed) = if let Some(page) = self.ws.pages.get(&id) {
            let payload = json!({"title": page.title});
            (
                "child_page",
                payload,
                page.parent,
                &page.stamps,
                page.in_trash,
            )
        } else if let Some(database) = self.ws.databases.get(&id) {
            let payload = json!({"title": database.title});
            let trashed = database.in_trash;
            (
                "child_database",
                payload,
                database.parent,
                &database.stamps,
                trashed,
            )
        } else {
            let (page, position) = self.ws.generated_block(id)?;
            let page = self.ws.pages.get(&page)?;
            let (kind, payload) = plain::content(page, position);
            (kind, payload, Parent::Page(page.id), &page.stamps, false)
        };
        let mut object = json!({
            "object": "block", "id": id, "parent": self.parent(parent), "type": kind,
            "has_children": self.ws.has_children(id), kind: payload,
        });
        self.stamp(&mut object, stamps, trashed);
        Some(object)
    }

    pub fn view(&self, view: &View) -> Value {
        let mut object = json!({
            "object": "view", "id": view.id, "name": view.name, "type": view.kind,
            "parent": self.parent(Parent::Database(view.database)),
            "data_source_id": view.data_source,
            "filter": null, "sorts": null, "quick_filters": null, "configuration": null,
            "url": format!("https://app.notion.com/p/{:032x}?v={:032x}",
                           view.database.bits(), view.id.bits()),
            "created_by": user_ref(view.stamps.created_by),
            "last_edited_by": user_ref(view.stamps.edited_by),
            "created_time": offset_time(view.stamps.created),
            "last_edited_time": offset_time(view.stamps.edited),
        });
        merge(&mut object, &view.settings);
        object
    }

    pub fn comment(&self, comment: &Comment) -> Value {
        let mut object = json!({
            "object": "comment", "id": comment.id, "parent": self.parent(comment.on),
            "discussion_id": comment.discussion,
            "created_time": minute_time(comment.stamps.created),
            "last_edited_time": minute_time(comment.stamps.edited),
            "created_by": user_ref(comment.stamps.created_by),
            "rich_text": self.resolve(&comment.rich_text),
            "display_name": comment.display_name,
        });
        if !comment.attachments.is_empty() {
            let attachments: Vec<Value> = comment
                .attachments
                .iter()
                .map(|it| self.resolve(it))
                .collect();
            object["attachments"] = json!(attachments);
        }
        object
    }

    pub fn user(&self, user: &User) -> Value {
        let mut object = json!({"object": "user", "id": user.id, "name": user.name,
                                "avatar_url": user.avatar_url});
        match &user.kind {
            UserKind::Person { email } if self.emails => {
                object["type"] = json!("person");
                object["person"] = json!({"email": email});
            }
            UserKind::Person { .. } => {
                object["type"] = json!("person");
                object["person"] = json!({});
            }
            UserKind::Bot => {
                object["type"] = json!("bot");
                object["bot"] = if user.id == self.ws.bot {
                    json!({"owner": {"type": "workspace", "workspace": true},
                           "workspace_id": self.ws.id, "workspace_name": self.ws.name,
                           "workspace_limits": {"max_file_upload_size_in_bytes": self.max_upload}})
                } else {
                    json!({})
                };
            }
        }
        object
    }

    /// A user where a value or a mention names one: a bot without what it belongs to.
    pub fn named_user(&self, user: &User) -> Value {
        let mut object = self.user(user);
        if user.kind == UserKind::Bot {
            object["bot"] = json!({});
        }
        object
    }

    pub fn emoji(&self, emoji: &Emoji) -> Value {
        json!({"id": emoji.id, "name": emoji.name, "url": self.files.public_url(&emoji.asset)})
    }

    /// A stored payload with its markers replaced and its dead mentions blanked.
    pub fn resolve(&self, value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(|item| self.resolve(item)).collect(),
            Value::Object(map) => {
                if let Some(Value::String(key)) = map.get("$asset") {
                    let (url, expiry) = self.files.sign(key, self.ws.now);
                    return json!({"url": url, "expiry_time": exact_time(expiry)});
                }
                if let Some(Value::String(id)) = map.get("$emoji") {
                    let emoji = id.parse().ok().and_then(|id: Id| self.ws.emoji(id));
                    return emoji.map_or(Value::Null, |emoji| self.emoji(emoji));
                }
                if map.get("type").is_some_and(|it| it == "user")
                    && let Some(id) = map.get("user").and_then(|it| it["id"].as_str())
                    && let Some(user) = id.parse().ok().and_then(|id| self.ws.user(id))
                    && !user.deleted
                {
                    return json!({"type": "user", "user": self.named_user(user)});
                }
                let mut resolved: Map<String, Value> = map
                    .iter()
                    .map(|(key, value)| (key.clone(), self.resolve(value)))
                    .collect();
                if self.is_dead_mention(map) {
                    resolved.insert("plain_text".into(), json!("Untitled"));
                    resolved.insert("annotations".into(), text::plain());
                }
                Value::Object(resolved)
            }
            other => other.clone(),
        }
    }

    /// A mention of a page or database that the connection may not see (section 3.9).
    fn is_dead_mention(&self, map: &Map<String, Value>) -> bool {
        let Some(mention) = map.get("mention") else {
            return false;
        };
        ["page", "database"].iter().any(|kind| {
            mention[*kind]["id"]
                .as_str()
                .and_then(|id| id.parse().ok())
                .is_some_and(|id: Id| !self.ws.can_see(id))
        })
    }

    /// Whether the id is of a page, block or database that may be read.
    pub fn exists(&self, id: Id) -> bool {
        let known = self.ws.pages.contains_key(&id)
            || self.ws.blocks.contains_key(&id)
            || self.ws.databases.contains_key(&id)
            || ids::of_generated(id).is_some();
        known && self.ws.can_see(id)
    }
}

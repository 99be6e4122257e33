//! A copier that no API stands in the way of: it clones a workspace's content with new
//! ids under a page of the same or another workspace. The judge must find nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::workspace::Workspace;
use super::super::workspace::model::*;
use super::top_level;

/// Copies everything that a dump sees under a page; old ids to new ones.
pub fn copy_under(from: &Workspace, to: &mut Workspace, under: Id) -> BTreeMap<Id, Id> {
    let mut copy = Copy {
        from,
        to,
        map: BTreeMap::new(),
        columns: BTreeMap::new(),
        assets: BTreeMap::new(),
    };
    copy.choose_ids();
    copy.people();
    copy.files();
    for root in top_level(from) {
        let id = copy.object(root, Parent::Page(under));
        if let Some(page) = copy.to.pages.get_mut(&under) {
            page.body.listed.push(id);
        }
    }
    copy.comments();
    copy.map
}

struct Copy<'a> {
    from: &'a Workspace,
    to: &'a mut Workspace,
    map: BTreeMap<Id, Id>,
    columns: BTreeMap<String, String>,
    assets: BTreeMap<String, String>,
}

impl Copy<'_> {
    /// A new id for everything that will be copied.
    fn choose_ids(&mut self) {
        let mut open = top_level(self.from);
        while let Some(id) = open.pop() {
            let new = self.to.chance.id();
            self.map.insert(id, new);
            if self.from.synced_original(id).is_none() {
                open.extend(self.from.visible_children(id).unwrap_or_default());
            }
            let Some(database) = self.from.databases.get(&id) else {
                continue;
            };
            for view in &database.views {
                let new = self.to.chance.id();
                self.map.insert(*view, new);
            }
            for source in &database.data_sources {
                let new = self.to.chance.id();
                self.map.insert(*source, new);
                let Some(source) = self.from.data_sources.get(source) else {
                    continue;
                };
                for column in source.schema.iter().filter(|it| it.id != "title") {
                    let new = format!("n{}", column.id);
                    self.columns.insert(column.id.clone(), new);
                }
                open.extend(source.rows.iter().filter(|row| self.live(row)));
                open.extend(source.templates.iter().map(|it| it.page));
                open.extend(&source.wiki_databases);
            }
        }
        for comment in &self.from.comments {
            for id in [comment.id, comment.discussion] {
                let new = self.to.chance.id();
                self.map.entry(id).or_insert(new);
            }
        }
    }

    /// The same people, by id or by e-mail; the bot by its office.
    fn people(&mut self) {
        for user in &self.from.users {
            let same = self.to.users.iter().find(|it| it.id == user.id);
            let same = same.or(self.to.users.iter().find(|it| it.kind == user.kind));
            if let Some(same) = same {
                self.map.insert(user.id, same.id);
            }
        }
        self.map.insert(self.from.bot, self.to.bot);
        for emoji in &self.from.emojis {
            if let Some(same) = self.to.emojis.iter().find(|it| it.name == emoji.name) {
                self.map.insert(emoji.id, same.id);
            }
        }
    }

    /// Files that are not there yet, each content once.
    fn files(&mut self) {
        for (key, asset) in &self.from.assets {
            if self.to.assets.contains_key(key) {
                continue;
            }
            let same = self.to.assets.iter().find(|(_, it)| {
                it.content == asset.content && it.content_type == asset.content_type
            });
            let new = match same {
                Some((same, _)) => same.clone(),
                None => {
                    let (name, kind) = (&asset.file_name, &asset.content_type);
                    self.to.asset(name, kind, &asset.content)
                }
            };
            self.assets.insert(key.clone(), new);
        }
    }

    fn live(&self, page: &Id) -> bool {
        let page = self.from.pages.get(page);
        page.is_some_and(|it| !it.in_trash && self.from.can_see(it.id))
    }

    fn id(&self, id: Id) -> Id {
        *self.map.get(&id).unwrap_or(&id)
    }

    fn stamps(&self, stamps: &Stamps) -> Stamps {
        Stamps {
            created_by: self.id(stamps.created_by),
            edited_by: self.id(stamps.edited_by),
            ..*stamps
        }
    }

    /// A payload with every id in it replaced.
    fn value(&self, value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(|it| self.value(it)).collect(),
            Value::Object(map) => {
                let mut out = serde_json::Map::new();
                for (key, value) in map {
                    let key = self.columns.get(key).unwrap_or(key);
                    out.insert(key.clone(), self.value(value));
                }
                Value::Object(out)
            }
            Value::String(text) => json!(self.text(text)),
            other => other.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        if let Ok(id) = text.parse::<Id>() {
            return self.id(id).to_string();
        }
        let whole = self.columns.get(text).or(self.assets.get(text));
        if let Some(whole) = whole {
            return whole.clone();
        }
        if !text.contains("https://www.notion.so/") && !text.contains("{{") {
            return text.to_string();
        }
        let mut text = text.to_string();
        for (old, new) in &self.map {
            for (old, new) in [
                (
                    format!("{:032x}", old.bits()),
                    format!("{:032x}", new.bits()),
                ),
                (old.to_string(), new.to_string()),
            ] {
                if text.contains(&old) {
                    text = text.replace(&old, &new);
                }
            }
        }
        if text.contains("{{") {
            for (old, new) in &self.columns {
                text = text.replace(&format!(":{old}:"), &format!(":{new}:"));
                text = text.replace(&format!(":{old}}}"), &format!(":{new}}}"));
            }
        }
        text
    }

    fn object(&mut self, id: Id, parent: Parent) -> Id {
        if self.from.databases.contains_key(&id) {
            return self.database(id, parent);
        }
        if self.from.pages.contains_key(&id) {
            return self.page(id, parent);
        }
        self.block(id, parent)
    }

    fn page(&mut self, id: Id, parent: Parent) -> Id {
        let Some(mut page) = self.from.pages.get(&id).cloned() else {
            return id;
        };
        page.id = self.id(id);
        page.parent = parent;
        page.shared = None;
        page.icon = self.value(&page.icon);
        page.cover = self.value(&page.cover);
        page.stamps = self.stamps(&page.stamps);
        let values = page.values.iter().map(|(column, value)| {
            let column = self.columns.get(column).unwrap_or(column);
            (column.clone(), self.value(value))
        });
        page.values = values.collect();
        page.body = Body {
            generated: 0,
            listed: self.children(id, Parent::Page(page.id)),
        };
        let new = page.id;
        self.to.pages.insert(new, page);
        new
    }

    fn children(&mut self, id: Id, parent: Parent) -> Vec<Id> {
        if self.from.synced_original(id).is_some() {
            return Vec::new();
        }
        let children = self.from.visible_children(id).unwrap_or_default();
        let copied = children.into_iter().map(|child| self.object(child, parent));
        copied.collect()
    }

    fn block(&mut self, id: Id, parent: Parent) -> Id {
        let Some(mut block) = self.from.blocks.get(&id).cloned() else {
            return id;
        };
        block.id = self.id(id);
        block.parent = parent;
        block.payload = self.value(&block.payload);
        block.stamps = self.stamps(&block.stamps);
        block.children = self.children(id, Parent::Block(block.id));
        let new = block.id;
        self.to.blocks.insert(new, block);
        new
    }

    fn database(&mut self, id: Id, parent: Parent) -> Id {
        let Some(mut database) = self.from.databases.get(&id).cloned() else {
            return id;
        };
        database.id = self.id(id);
        database.parent = parent;
        database.shared = None;
        database.icon = self.value(&database.icon);
        database.cover = self.value(&database.cover);
        database.description = self.value(&database.description);
        database.stamps = self.stamps(&database.stamps);
        for source in &mut database.data_sources {
            *source = self.source(*source, database.id);
        }
        for view in &mut database.views {
            *view = self.view(*view, database.id);
        }
        let new = database.id;
        self.to.databases.insert(new, database);
        new
    }

    fn source(&mut self, id: Id, database: Id) -> Id {
        let Some(mut source) = self.from.data_sources.get(&id).cloned() else {
            return id;
        };
        source.id = self.id(id);
        source.database = database;
        source.stamps = self.stamps(&source.stamps);
        for column in &mut source.schema {
            column.config = self.value(&column.config);
            if let Some(new) = self.columns.get(&column.id) {
                column.id = new.clone();
            }
        }
        source.rows.retain(|row| self.live(row));
        for row in &mut source.rows {
            *row = self.page(*row, Parent::DataSource(source.id));
        }
        for template in &mut source.templates {
            template.page = self.page(template.page, Parent::DataSource(source.id));
        }
        for inner in &mut source.wiki_databases {
            *inner = self.database(*inner, Parent::Database(database));
        }
        let new = source.id;
        self.to.data_sources.insert(new, source);
        new
    }

    fn view(&mut self, id: Id, database: Id) -> Id {
        let Some(mut view) = self.from.views.get(&id).cloned() else {
            return id;
        };
        view.id = self.id(id);
        view.database = database;
        view.data_source = view.data_source.map(|source| self.id(source));
        view.stamps = self.stamps(&view.stamps);
        if let Value::Object(settings) = self.value(&Value::Object(view.settings)) {
            view.settings = settings;
        } else {
            view.settings = serde_json::Map::new();
        }
        let new = view.id;
        self.to.views.insert(new, view);
        new
    }

    fn comments(&mut self) {
        let from = self.from;
        for comment in from.comments.iter().filter(|it| !it.resolved) {
            let (Parent::Page(on) | Parent::Block(on)) = comment.on else {
                continue;
            };
            let Some(place) = self.map.get(&on).copied() else {
                continue;
            };
            let mut comment = comment.clone();
            comment.on = match comment.on {
                Parent::Page(_) => Parent::Page(place),
                _ => Parent::Block(place),
            };
            comment.id = self.id(comment.id);
            comment.discussion = self.id(comment.discussion);
            comment.rich_text = self.value(&comment.rich_text);
            let files = comment.attachments.iter().map(|it| self.value(it));
            comment.attachments = files.collect();
            comment.stamps = self.stamps(&comment.stamps);
            self.to.comments.push(comment);
        }
    }
}

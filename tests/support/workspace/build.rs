//! Small steps that add one thing each. Times come from the workspace's clock.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::model::*;
use super::{Workspace, text};

/// A column; its id is chosen when a data source takes it, unless it is the title.
pub fn property(name: &str, kind: &str, config: Value) -> Property {
    Property {
        id: if kind == "title" { "title" } else { "" }.to_string(),
        name: name.to_string(),
        kind: kind.to_string(),
        config,
        description: None,
    }
}

impl Workspace {
    /// Stamps of something the owner makes now.
    pub fn stamps(&self) -> Stamps {
        Stamps {
            created: self.now,
            edited: self.now,
            edited_before: self.now,
            created_by: self.owner,
            edited_by: self.owner,
        }
    }

    fn adopt(&mut self, parent: Parent, child: Id) {
        match parent {
            Parent::Page(id) => {
                if let Some(page) = self.pages.get_mut(&id) {
                    page.body.listed.push(child);
                }
            }
            Parent::Block(id) => {
                if let Some(block) = self.blocks.get_mut(&id) {
                    block.children.push(child);
                }
            }
            _ => {}
        }
    }

    /// A page object that hangs nowhere yet.
    pub fn bare_page(&self, id: Id, parent: Parent, title: &str) -> Page {
        Page {
            id,
            stamps: self.stamps(),
            parent,
            title: title.to_string(),
            values: BTreeMap::new(),
            body: Body::default(),
            icon: Value::Null,
            cover: Value::Null,
            in_trash: false,
            is_archived: false,
            is_locked: false,
            public_url: None,
            shared: None,
            omitted_by_search: false,
            extra: Map::new(),
            revision: 0,
        }
    }

    /// A page at the end of its parent's body, or at the workspace's top.
    pub fn page(&mut self, parent: Parent, title: &str) -> Id {
        let id = self.chance.id();
        let page = self.bare_page(id, parent, title);
        self.pages.insert(id, page);
        self.adopt(parent, id);
        id
    }

    /// A block at the end of a page's or block's children.
    pub fn block(&mut self, under: Id, kind: &str, payload: Value) -> Id {
        let id = self.chance.id();
        let parent = if self.pages.contains_key(&under) {
            Parent::Page(under)
        } else {
            Parent::Block(under)
        };
        let block = Block {
            id,
            stamps: self.stamps(),
            parent,
            kind: kind.to_string().into(),
            payload,
            children: Vec::new(),
            in_trash: false,
            hides_children: false,
            extra: Map::new(),
        };
        self.blocks.insert(id, block);
        self.adopt(parent, id);
        id
    }

    pub fn paragraph(&mut self, under: Id, words: &str) -> Id {
        self.rich_block(under, "paragraph", text::rich(words))
    }

    /// A block of a type that has rich text and a colour.
    pub fn rich_block(&mut self, under: Id, kind: &str, rich_text: Value) -> Id {
        self.block(
            under,
            kind,
            json!({"rich_text": rich_text, "color": "default"}),
        )
    }

    pub fn toggle(&mut self, under: Id, words: &str) -> Id {
        self.rich_block(under, "toggle", text::rich(words))
    }

    /// A database with one data source and the table view that Notion adds.
    pub fn database(&mut self, parent: Parent, title: &str, schema: Vec<Property>) -> (Id, Id) {
        let id = self.container(parent, title);
        let source = self.data_source(id, title, schema);
        self.view(id, Some(source), "Default view", "table", json!({}));
        (id, source)
    }

    /// A database without any data source.
    pub fn container(&mut self, parent: Parent, title: &str) -> Id {
        let id = self.chance.id();
        let database = Database {
            id,
            stamps: self.stamps(),
            parent,
            title: title.to_string(),
            description: json!([]),
            is_inline: false,
            is_locked: false,
            in_trash: false,
            icon: Value::Null,
            cover: Value::Null,
            data_sources: Vec::new(),
            views: Vec::new(),
            linked: None,
            shared: None,
            omitted_by_search: false,
            extra: Map::new(),
        };
        self.databases.insert(id, database);
        self.adopt(parent, id);
        id
    }

    /// A database block that only displays another database's source.
    pub fn linked_view(&mut self, parent: Parent, source: Id, answers: Linked) -> Id {
        let id = self.container(parent, "");
        if let Some(database) = self.databases.get_mut(&id) {
            database.linked = Some(answers);
            database.is_inline = true;
        }
        self.view(id, Some(source), "Linked", "table", json!({}));
        id
    }

    /// One more data source in a database. A title column is added when there is none.
    pub fn data_source(&mut self, database: Id, title: &str, mut schema: Vec<Property>) -> Id {
        let id = self.chance.id();
        if !schema.iter().any(|property| property.kind == "title") {
            schema.insert(0, property("Name", "title", json!({})));
        }
        for property in &mut schema {
            if property.id.is_empty() {
                property.id = self.property_id();
            }
        }
        let source = DataSource {
            id,
            stamps: self.stamps(),
            database,
            synced_from: None,
            icon: Value::Null,
            title: title.to_string(),
            schema,
            rows: Vec::new(),
            wiki_databases: Vec::new(),
            templates: Vec::new(),
            in_trash: false,
            extra: Map::new(),
        };
        self.data_sources.insert(id, source);
        if let Some(database) = self.databases.get_mut(&database) {
            database.data_sources.push(id);
        }
        id
    }

    /// Short ids, some of which need percent-encoding (section 1.7).
    fn property_id(&mut self) -> String {
        const UNITS: [&str; 10] = ["a", "Q", "7", "%3A", "%5C", "k", "%60", "z", "%7C", "M"];
        (0..5)
            .map(|_| UNITS[self.chance.below(UNITS.len() as u64) as usize])
            .collect()
    }

    /// A row with the given title.
    pub fn row(&mut self, source: Id, title: &str) -> Id {
        let id = self.chance.id();
        let page = self.bare_page(id, Parent::DataSource(source), title);
        self.pages.insert(id, page);
        if let Some(source) = self.data_sources.get_mut(&source) {
            source.rows.push(id);
        }
        id
    }

    /// Sets a row's property by name; `value` is what stands under the type's key.
    ///
    /// # Panics
    /// When the page is no row, or its data source has no such property.
    pub fn value(&mut self, row: Id, name: &str, value: Value) {
        let id = self.property_of(row, name).id.clone();
        if let Some(page) = self.pages.get_mut(&row) {
            page.values.insert(id, value);
        }
    }

    /// The column of that name in the row's data source.
    ///
    /// # Panics
    /// When there is none.
    pub fn property_of(&self, row: Id, name: &str) -> &Property {
        let Some(Parent::DataSource(source)) = self.pages.get(&row).map(|page| page.parent) else {
            panic!("{row} is no row");
        };
        self.data_sources[&source]
            .schema
            .iter()
            .find(|property| property.name == name)
            .unwrap_or_else(|| panic!("no property {name:?} in data source {source}"))
    }

    /// A template page of a data source: no query names it.
    pub fn template(&mut self, source: Id, name: &str, is_default: bool) -> Id {
        let id = self.chance.id();
        let mut page = self.bare_page(id, Parent::DataSource(source), name);
        page.omitted_by_search = true;
        self.pages.insert(id, page);
        if let Some(source) = self.data_sources.get_mut(&source) {
            source.templates.push(Template {
                page: id,
                name: name.to_string(),
                is_default,
            });
        }
        id
    }

    /// A tab of a database; `settings` holds its filter, sorts and configuration.
    pub fn view(
        &mut self,
        database: Id,
        source: Option<Id>,
        name: &str,
        kind: &str,
        settings: Value,
    ) -> Id {
        let id = self.chance.id();
        let settings = match settings {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        let view = View {
            id,
            stamps: self.stamps(),
            database,
            data_source: source,
            name: name.to_string(),
            kind: kind.to_string(),
            settings,
        };
        self.views.insert(id, view);
        if let Some(database) = self.databases.get_mut(&database) {
            database.views.push(id);
        }
        id
    }

    /// A comment on exactly that page or block, in a discussion of its own unless one is given.
    pub fn comment(&mut self, on: Parent, discussion: Option<Id>, rich_text: Value) -> Id {
        let id = self.chance.id();
        let discussion = discussion.unwrap_or_else(|| self.chance.id());
        self.comments.push(Comment {
            id,
            stamps: self.stamps(),
            on,
            discussion,
            rich_text,
            display_name: json!({"type": "user", "resolved_name": "Ada"}),
            attachments: Vec::new(),
            resolved: false,
        });
        id
    }

    pub fn person(&mut self, name: &str, email: &str) -> Id {
        let id = self.chance.id();
        self.users.push(User {
            id,
            name: name.to_string(),
            avatar_url: None,
            kind: UserKind::Person {
                email: email.to_string(),
            },
            guest: false,
            deleted: false,
        });
        id
    }

    /// Somebody outside the workspace: readable singly, never listed.
    pub fn guest(&mut self, name: &str) -> Id {
        let id = self.person(name, "guest@example.org");
        if let Some(user) = self.users.last_mut() {
            user.guest = true;
        }
        id
    }

    /// Somebody who is gone: 404, but named all over.
    pub fn deleted_user(&mut self) -> Id {
        let id = self.person("Gone", "gone@example.org");
        if let Some(user) = self.users.last_mut() {
            user.deleted = true;
        }
        id
    }

    pub fn add_emoji(&mut self, name: &str, content: &[u8]) -> Id {
        let id = self.chance.id();
        let asset = self.asset(&format!("{name}.png"), "image/png", content);
        if let Some(asset) = self.assets.get_mut(&asset) {
            asset.public = true;
        }
        self.emojis.push(Emoji {
            id,
            name: name.to_string(),
            asset,
        });
        id
    }

    /// Stores bytes in Notion's file store; returns the key for `{"$asset": key}`.
    pub fn asset(&mut self, file_name: &str, content_type: &str, content: &[u8]) -> String {
        let key = format!("{}/{file_name}", self.chance.id());
        self.assets.insert(
            key.clone(),
            Asset {
                file_name: file_name.to_string(),
                content_type: content_type.to_string(),
                content: Arc::new(content.to_vec()),
                public: false,
            },
        );
        key
    }

    /// `{"type": "file", "file": ..}` for a new file stored by Notion.
    pub fn file(&mut self, file_name: &str, content_type: &str, content: &[u8]) -> Value {
        let key = self.asset(file_name, content_type, content);
        json!({"type": "file", "file": {"$asset": key}})
    }
}

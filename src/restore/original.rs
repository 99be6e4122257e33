//! The original: what a snapshot holds, by id, and where each part of it is.
//!
//! One walk over the tree finds every page and database, what they name, and which
//! blocks there are. Bodies are not kept: they are read again when their turn comes, so
//! memory grows with the number of pages, not with what is in them.

mod database;
mod facts;
mod page;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::loss::{Degree, Loss};
use super::source::{Item, Place, Source, SourceError};
use crate::model::{Kind, NotionId, id_of, title_of};

pub use database::DatabaseData;
pub use facts::{Column, Facts};
pub use page::{File, Files, PageData};

/// The directory at the root that belongs to no page.
const RESERVED: &str = ".notion-backup";
/// The largest JSON file that is read, in bytes: as large as what a dump writes.
const JSON_LIMIT: u64 = 1 << 30;

/// A page or database of the original.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Page or database.
    pub kind: Kind,
    /// Its title, for people.
    pub title: String,
    /// Its path from the root of the source.
    pub path: String,
    /// Its directory.
    pub directory: Place,
    /// The page or database in whose directory it stands; `None` at the top.
    pub holder: Option<NotionId>,
    /// The data source that a row says it is in (a database's id in old snapshots).
    pub source: Option<NotionId>,
    /// By what rows are sorted: the number of a unique id, then the time of creation.
    pub order: (u64, String),
    /// Why this is only a stand-in: a word of the ledger (or `elsewhere`) and a reason.
    pub stand_in: Option<(String, String)>,
    /// The pages and databases that stand in its directory.
    pub below: Vec<NotionId>,
}

/// Everything that could be restored.
pub struct Original<'s> {
    source: &'s dyn Source,
    /// Pages and databases by id.
    pub entries: BTreeMap<NotionId, Entry>,
    /// Those at the top, oldest first.
    pub top: Vec<NotionId>,
    /// Template pages, by data source.
    pub templates: BTreeMap<NotionId, Vec<NotionId>>,
    /// What is named, and by what.
    pub facts: Facts,
    /// What the dump says of the workspace.
    pub workspace: Value,
    /// The users that the dump saw.
    pub users: Value,
    /// The custom emojis that the dump saw.
    pub emojis: Value,
    /// The data sources: their database, and their place in it.
    pub sources: HashMap<NotionId, NotionId>,
    /// The views: their database.
    pub views: HashMap<NotionId, NotionId>,
    /// Databases that stand as a part of their page.
    pub inline: BTreeSet<NotionId>,
    /// Databases that only show what another one holds.
    pub linked: BTreeSet<NotionId>,
    /// Files that belong to no page: the pictures of custom emojis.
    pub files: Files,
    /// What cannot be read.
    pub losses: Vec<Loss>,
}

/// A directory that the walk still has to look into.
struct Todo {
    directory: Place,
    path: String,
    /// The page or database whose directory, or directory of a block, it is.
    holder: Option<NotionId>,
    /// The data source whose templates these are.
    template_of: Option<NotionId>,
    top: bool,
}

impl<'s> Original<'s> {
    /// Walks over a source. Fails only when its root cannot be read; anything else that
    /// cannot be read is a loss.
    pub fn load(source: &'s dyn Source) -> Result<Original<'s>, SourceError> {
        let mut original = Original {
            source,
            entries: BTreeMap::new(),
            top: Vec::new(),
            templates: BTreeMap::new(),
            facts: Facts::default(),
            workspace: Value::Null,
            users: Value::Null,
            emojis: Value::Null,
            sources: HashMap::new(),
            views: HashMap::new(),
            inline: BTreeSet::new(),
            linked: BTreeSet::new(),
            files: Files::default(),
            losses: Vec::new(),
        };
        let items = source.list(&source.root())?;
        let mut todo = Vec::new();
        let root = Todo {
            directory: source.root(),
            path: String::new(),
            holder: None,
            template_of: None,
            top: true,
        };
        original.take(root, items, &mut todo);
        while let Some(next) = todo.pop() {
            match source.list(&next.directory) {
                Ok(items) => original.take(next, items, &mut todo),
                Err(error) => original.unreadable(&next, &error),
            }
        }
        original.settle();
        Ok(original)
    }

    /// The source that this was loaded from.
    pub fn source(&self) -> &'s dyn Source {
        self.source
    }

    fn unreadable(&mut self, what: &Todo, error: &SourceError) {
        let id = last_id(&what.path).or(what.holder);
        self.losses.push(Loss {
            id: id.unwrap_or(NotionId::from_bits(0)),
            page: None,
            on: String::new(),
            what: format!("directory {}", what.path),
            why: error.to_string(),
            degree: Degree::Missing,
        });
    }

    /// Takes in one directory.
    fn take(&mut self, here: Todo, items: Vec<Item>, todo: &mut Vec<Todo>) {
        let has = |name: &str| items.iter().find(|item| !item.folder && item.name == name);
        let mut holder = here.holder;
        let mut rows = false;
        if let Some(file) = has("page.json") {
            holder = self.add(&here, &items, file, Kind::Page).or(holder);
        } else if let Some(file) = has("database.json") {
            holder = self.add(&here, &items, file, Kind::Database).or(holder);
            rows = true;
        } else if let Some(file) = has("blocks.json") {
            match json(self.source, &file.place) {
                Ok(blocks) => self.facts.blocks(&blocks, holder),
                Err(error) => self.unreadable(&here, &error),
            }
        }
        for item in items.into_iter().filter(|item| item.folder) {
            let path = format!("{}/{}", here.path, item.name);
            if here.top && item.name == RESERVED {
                self.reserved(&item, &path, todo);
                continue;
            }
            if rows && last_id(&path).is_none() {
                continue;
            }
            todo.push(Todo {
                directory: item.place,
                path,
                holder,
                template_of: None,
                top: false,
            });
        }
        if let (Some(source), Some(id)) = (here.template_of, holder) {
            self.templates.entry(source).or_default().push(id);
        }
    }

    /// Takes in a page or database.
    fn add(&mut self, here: &Todo, items: &[Item], file: &Item, kind: Kind) -> Option<NotionId> {
        let object = match json(self.source, &file.place) {
            Ok(object) => object,
            Err(error) => {
                self.unreadable(here, &error);
                return None;
            }
        };
        // A directory's name is the page's id, unless a part of a tree is the root.
        let id = last_id(&here.path).or_else(|| id_of(&object))?;
        let source = self.source;
        let sidecar = |name: &str| {
            let item = items
                .iter()
                .find(|item| !item.folder && item.name == name)?;
            json(source, &item.place).ok()
        };
        let stand_in = sidecar("unavailable.json").map(|why| {
            let text = |key: &str| why[key].as_str().unwrap_or_default().to_owned();
            (text("status"), text("reason"))
        });
        if stand_in
            .as_ref()
            .is_some_and(|(status, _)| status == "elsewhere")
            || self.entries.contains_key(&id)
        {
            // The real one is met at its own place.
            return None;
        }
        let comments = sidecar("comments.json").unwrap_or_default();
        let complete = sidecar("properties.json").unwrap_or_default();
        self.facts.page(&object);
        self.facts.object(&complete);
        self.facts.comments(&comments, id);
        if kind == Kind::Database {
            let views = sidecar("views.json").unwrap_or_default();
            let sources = sidecar("data_sources.json").unwrap_or_default();
            self.facts.object(&views);
            let ids = views.as_array().into_iter().flatten().filter_map(id_of);
            self.views.extend(ids.map(|view| (view, id)));
            self.facts.object(&sources);
            let listed: Vec<NotionId> = sources
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(id_of)
                .collect();
            if object["is_inline"] == true {
                self.inline.insert(id);
            }
            let shows = |view: &Value| view["data_source_id"].is_string();
            if listed.is_empty() && views.as_array().into_iter().flatten().any(shows) {
                self.linked.insert(id);
            }
            match listed.as_slice() {
                // An old snapshot: the database is its own source.
                [] if sources.is_null() => {
                    self.sources.insert(database::source_id_2022(id), id);
                }
                listed => self
                    .sources
                    .extend(listed.iter().map(|source| (*source, id))),
            }
        } else {
            self.facts.blocks(&object["children"], Some(id));
        }
        let parent = &object["parent"];
        let named = |key: &str| parent[key].as_str()?.parse().ok();
        let in_source = named("data_source_id").or_else(|| named("database_id"));
        if let Some(source) = in_source.filter(|_| here.template_of.is_none()) {
            self.facts.row(source, &object, &complete);
        }
        let entry = Entry {
            kind,
            title: title_of(&object),
            path: here.path.clone(),
            directory: here.directory.clone(),
            holder: here.holder,
            source: in_source,
            order: order(&object),
            stand_in,
            below: Vec::new(),
        };
        self.entries.insert(id, entry);
        Some(id)
    }

    /// Takes in the directory that belongs to no page.
    fn reserved(&mut self, directory: &Item, path: &str, todo: &mut Vec<Todo>) {
        let Ok(items) = self.source.list(&directory.place) else {
            return;
        };
        let beside = items.clone();
        for item in items {
            match (item.folder, item.name.as_str()) {
                (false, "workspace.json") => {
                    self.workspace = json(self.source, &item.place).unwrap_or_default();
                }
                (false, "users.json") => {
                    self.users = json(self.source, &item.place).unwrap_or_default()
                }
                (false, "custom_emojis.json") => {
                    self.emojis = json(self.source, &item.place).unwrap_or_default();
                }
                (false, "files.json") => {
                    let rows = json(self.source, &item.place).unwrap_or_default();
                    self.files.rows(rows, path, &beside);
                }
                (true, "templates") => {
                    for source in self.source.list(&item.place).unwrap_or_default() {
                        let Ok(id) = source.name.parse::<NotionId>() else {
                            continue;
                        };
                        for page in self.source.list(&source.place).unwrap_or_default() {
                            todo.push(Todo {
                                path: format!("{path}/templates/{}/{}", source.name, page.name),
                                directory: page.place,
                                holder: None,
                                template_of: Some(id),
                                top: false,
                            });
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Once everything is known: what stands where.
    fn settle(&mut self) {
        let templates: BTreeSet<NotionId> = self.templates.values().flatten().copied().collect();
        let held: Vec<(NotionId, Option<NotionId>)> = self
            .entries
            .iter()
            .map(|(id, entry)| (*id, entry.holder))
            .collect();
        for (id, holder) in held {
            match holder.and_then(|holder| self.entries.get_mut(&holder)) {
                Some(holder) => holder.below.push(id),
                None if !templates.contains(&id) => self.top.push(id),
                None => {}
            }
        }
        let entries = &self.entries;
        let age = |id: &NotionId| entries.get(id).map(|entry| (entry.order.1.clone(), *id));
        self.top.sort_by_key(age);
        for templates in self.templates.values_mut() {
            templates.sort_by_key(age);
        }
    }
}

/// A JSON file of a source.
fn json(source: &dyn Source, file: &Place) -> Result<Value, SourceError> {
    let content = source.read(file, JSON_LIMIT)?;
    serde_json::from_slice(&content).map_err(|error| SourceError::Folder {
        path: match file {
            Place::Below(names) => names.join("/"),
            Place::Object(id) => format!("object {id}"),
        },
        source: std::io::Error::other(error),
    })
}

/// The id that the last name of a path is.
fn last_id(path: &str) -> Option<NotionId> {
    path.rsplit('/').next()?.parse().ok()
}

/// By what rows are sorted.
fn order(object: &Value) -> (u64, String) {
    let properties = object["properties"].as_object();
    let number = properties
        .into_iter()
        .flat_map(|properties| properties.values())
        .find_map(|property| property["unique_id"]["number"].as_u64());
    let created = object["created_time"].as_str().unwrap_or_default();
    (number.unwrap_or(u64::MAX), created.to_owned())
}

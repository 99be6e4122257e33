//! A checker of the contract, written from its text: it knows files and JSON, and
//! nothing of how our trees come about.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use notion_backup::model::NotionId;
use notion_backup::repo::ObjectId;
use serde_json::Value;

/// The rules of section 8.6 (i).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contract {
    /// The list of what is at the top.
    C1,
    /// Pages.
    C2,
    /// Databases.
    C3,
    /// What a list shows as a child.
    C4,
    /// Toggles.
    C5,
    /// Nested lists.
    C6,
    /// No more keys than the API has.
    C7,
    /// No more directories than objects.
    C8,
    /// Attachments.
    C9,
}

impl Contract {
    pub const ALL: [Contract; 9] = [
        Contract::C1,
        Contract::C2,
        Contract::C3,
        Contract::C4,
        Contract::C5,
        Contract::C6,
        Contract::C7,
        Contract::C8,
        Contract::C9,
    ];
}

/// The one name at the top that is ours (C8).
const RESERVED: &str = ".notion-backup";

/// The keys of a page object (section 3.1 of the API digest), the one that is added,
/// and one that the workspace under test adds as something that Notion may invent.
const PAGE_KEYS: [&str; 18] = [
    "archived",
    "brand_new_key",
    "children",
    "cover",
    "created_by",
    "created_time",
    "icon",
    "id",
    "in_trash",
    "is_archived",
    "is_locked",
    "last_edited_by",
    "last_edited_time",
    "object",
    "parent",
    "properties",
    "public_url",
    "url",
];

/// The keys of a database object of 2022-06-28.
const DATABASE_KEYS: [&str; 19] = [
    "archived",
    "cover",
    "created_by",
    "created_time",
    "description",
    "icon",
    "id",
    "in_trash",
    "is_archived",
    "is_inline",
    "is_locked",
    "last_edited_by",
    "last_edited_time",
    "object",
    "parent",
    "properties",
    "public_url",
    "title",
    "url",
];

/// One directory: its files, and the names of its directories.
struct Directory {
    path: PathBuf,
    files: BTreeSet<String>,
    directories: BTreeSet<String>,
}

impl Directory {
    fn read(path: &Path) -> Directory {
        let mut directory = Directory {
            path: path.to_path_buf(),
            files: BTreeSet::new(),
            directories: BTreeSet::new(),
        };
        for entry in fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if entry.file_type().unwrap().is_dir() {
                directory.directories.insert(name);
            } else {
                directory.files.insert(name);
            }
        }
        directory
    }

    fn has(&self, file: &str) -> bool {
        self.files.contains(file)
    }

    fn name(&self) -> &str {
        self.path.file_name().unwrap().to_str().unwrap()
    }

    fn json(&self, file: &str) -> Result<Value, String> {
        let path = self.path.join(file);
        let content = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_slice(&content).map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// What a check has found so far.
#[derive(Default)]
struct Check {
    broken: Vec<(Contract, String)>,
    /// Where each page and database stands, stand-ins apart.
    places: BTreeMap<String, Vec<String>>,
}

/// Every breach of the contract in the tree at `root`.
pub fn violations(root: &Path) -> Vec<(Contract, String)> {
    let mut check = Check::default();
    let top = Directory::read(root);
    check.top(&top);
    let mut todo: Vec<PathBuf> = top
        .directories
        .iter()
        .filter(|name| *name != RESERVED)
        .map(|name| root.join(name))
        .collect();
    // Templates are pages like others, and so is what is below them.
    let templates = root.join(RESERVED).join("templates");
    if templates.exists() {
        for source in Directory::read(&templates).directories {
            let source = Directory::read(&templates.join(source));
            todo.extend(source.directories.iter().map(|page| source.path.join(page)));
        }
    }
    while let Some(path) = todo.pop() {
        let directory = Directory::read(&path);
        check.directory(&directory);
        todo.extend(directory.directories.iter().map(|name| path.join(name)));
    }
    for (id, places) in std::mem::take(&mut check.places) {
        if places.len() > 1 {
            check.note(Contract::C4, format!("{id} stands at {places:?}"));
        }
    }
    check.broken
}

impl Check {
    fn note(&mut self, rule: Contract, what: impl Into<String>) {
        self.broken.push((rule, what.into()));
    }

    fn top(&mut self, top: &Directory) {
        let listed = match top.json("content.json") {
            Ok(Value::Array(listed)) => listed,
            Ok(other) => return self.note(Contract::C1, format!("content.json is {other}")),
            Err(error) => return self.note(Contract::C1, error),
        };
        let mut named = BTreeSet::new();
        for item in &listed {
            let (Some(id), Some(object)) = (item["id"].as_str(), item["object"].as_str()) else {
                self.note(Contract::C1, format!("{item} has no id or no object"));
                continue;
            };
            if !id
                .parse::<NotionId>()
                .is_ok_and(|parsed| parsed.to_string() == id)
            {
                self.note(Contract::C1, format!("{id} is not the id's own spelling"));
            }
            if !named.insert(id.to_string()) {
                self.note(Contract::C1, format!("{id} is listed twice"));
            }
            let file = match object {
                "page" => "page.json",
                "database" => "database.json",
                other => {
                    self.note(Contract::C1, format!("{id} is a {other}"));
                    continue;
                }
            };
            if !top.path.join(id).join(file).is_file() {
                self.note(Contract::C1, format!("{id} is listed and has no {file}"));
            }
        }
        for name in &top.directories {
            if name != RESERVED && name.parse::<NotionId>().is_err() {
                self.note(Contract::C8, format!("/{name} is no object"));
            } else if name != RESERVED && !named.contains(name) {
                self.note(Contract::C1, format!("/{name} is not listed"));
            }
        }
        if named.contains(RESERVED) {
            self.note(Contract::C8, "our own directory is listed");
        }
    }

    fn directory(&mut self, at: &Directory) {
        let place = at.path.display().to_string();
        let kinds = ["page.json", "database.json", "blocks.json"];
        match kinds.iter().filter(|kind| at.has(kind)).count() {
            0 => self.note(
                Contract::C2,
                format!("{place} is neither page, database nor block"),
            ),
            1 => {}
            _ => self.note(Contract::C2, format!("{place} is several things")),
        }
        let object = at.has("page.json") || at.has("database.json");
        if object && !at.has("unavailable.json") {
            let places = self.places.entry(at.name().to_string()).or_default();
            places.push(place);
        }
        if at.has("page.json") {
            self.page(at);
        }
        if at.has("database.json") {
            self.database(at);
        }
        if at.has("blocks.json") {
            match at.json("blocks.json") {
                Ok(list) => self.list(at, &list, Contract::C6),
                Err(error) => self.note(Contract::C6, error),
            }
        }
        self.files(at);
    }

    fn page(&mut self, at: &Directory) {
        let page = match at.json("page.json") {
            Ok(page) => page,
            Err(error) => return self.note(Contract::C2, error),
        };
        let place = at.path.display();
        if page["object"] != "page" || page["id"] != at.name() || !page["properties"].is_object() {
            self.note(Contract::C2, format!("{place} holds no page of that name"));
        }
        self.keys(at, &page, &PAGE_KEYS);
        self.list(at, &page["children"], Contract::C2);
    }

    fn keys(&mut self, at: &Directory, object: &Value, known: &[&str]) {
        for key in object
            .as_object()
            .into_iter()
            .flat_map(|fields| fields.keys())
        {
            if !known.contains(&key.as_str()) {
                self.note(
                    Contract::C7,
                    format!("{} has a key {key}", at.path.display()),
                );
            }
        }
    }

    fn database(&mut self, at: &Directory) {
        let database = match at.json("database.json") {
            Ok(database) => database,
            Err(error) => return self.note(Contract::C3, error),
        };
        let place = at.path.display().to_string();
        if database["object"] != "database" || database["id"] != at.name() {
            self.note(
                Contract::C3,
                format!("{place} holds no database of that name"),
            );
        }
        let properties = database["properties"].as_object();
        let titles = properties.map_or(0, |properties| {
            let titles = properties
                .values()
                .filter(|property| property["type"] == "title");
            titles.count()
        });
        if titles != 1 || !database["title"].is_array() || !database["data_sources"].is_null() {
            self.note(
                Contract::C3,
                format!("{place} is not in the 2022-06-28 shape"),
            );
        }
        self.keys(at, &database, &DATABASE_KEYS);
        for name in &at.directories {
            if !at.path.join(name).join("page.json").is_file() {
                self.note(Contract::C8, format!("{place}/{name} is no row"));
            }
        }
    }

    /// A list of blocks in the directory `at`.
    fn list(&mut self, at: &Directory, list: &Value, rule: Contract) {
        let place = at.path.display().to_string();
        let Some(blocks) = list.as_array() else {
            return self.note(rule, format!("{place} has no list of blocks"));
        };
        for block in blocks {
            let (Some(id), Some(kind)) = (block["id"].as_str(), block["type"].as_str()) else {
                self.note(rule, format!("{place} lists a block without id or type"));
                continue;
            };
            let below = at.path.join(id);
            let has = |file: &str| below.join(file).is_file();
            match kind {
                "child_page" if !has("page.json") => {
                    self.note(Contract::C4, format!("{place} shows the page {id}"));
                }
                "child_database" if !has("database.json") => {
                    self.note(Contract::C4, format!("{place} shows the database {id}"));
                }
                "child_page" | "child_database" => {}
                "toggle" if !has("blocks.json") => {
                    self.note(Contract::C5, format!("{place} has the toggle {id}"));
                }
                _ if block["has_children"] == true && !has("blocks.json") => {
                    self.note(Contract::C6, format!("{place} has the {kind} {id}"));
                }
                _ => {}
            }
        }
    }

    /// The attachments, and that nothing claims to be the picture of a block by mistake.
    fn files(&mut self, at: &Directory) {
        let place = at.path.display().to_string();
        for name in &at.files {
            if name.ends_with(".jpg") && name[..name.len() - 4].parse::<NotionId>().is_err() {
                self.note(
                    Contract::C9,
                    format!("{place}/{name} is no block's picture"),
                );
            }
        }
        if !at.has("files.json") {
            return;
        }
        let rows = match at.json("files.json") {
            Ok(rows) => rows,
            Err(error) => return self.note(Contract::C9, error),
        };
        for row in rows.as_array().into_iter().flatten() {
            let Some(file) = row["file"].as_str() else {
                if row["status"].is_null() || row["reason"].is_null() {
                    self.note(
                        Contract::C9,
                        format!("{place}: {row} has no bytes and no reason"),
                    );
                }
                continue;
            };
            match fs::read(at.path.join(file)) {
                Ok(content) => {
                    let hash = ObjectId::of(&content).to_string();
                    if row["sha256"] != hash.as_str() || row["size"] != content.len() {
                        self.note(
                            Contract::C9,
                            format!("{place}/{file} is not what it should be"),
                        );
                    }
                }
                Err(error) => self.note(Contract::C9, format!("{place}/{file}: {error}")),
            }
        }
    }
}

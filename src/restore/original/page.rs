//! Reading one page whole: its object, its blocks, its comments, its files.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Original, SourceError};
use crate::model::{NotionId, id_of, type_of};
use crate::restore::body::{At, Body};
use crate::restore::loss::{Degree, Notes};
use crate::restore::source::{Item, Place, Source};

/// A stored file of a page or database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path from the root of the source on.
    pub path: String,
    /// Where the source has it.
    pub place: Place,
    /// Its name when it was attached.
    pub name: String,
    /// Its type, where the file host told.
    pub content_type: Option<String>,
    /// Its length in bytes.
    pub size: u64,
    /// What tells its content from others': the hash, or where there is none the path.
    pub content: String,
}

/// The files of a page or database, by URL or by block, and why others are missing.
#[derive(Clone, Debug, Default)]
pub struct Files {
    stored: HashMap<String, Result<File, (String, String)>>,
}

/// One row of `files.json`, as far as a restore looks.
#[derive(Deserialize)]
struct Row {
    url: String,
    #[serde(default)]
    name: String,
    content_type: Option<String>,
    size: Option<u64>,
    sha256: Option<String>,
    file: Option<String>,
    reason: Option<String>,
}

impl Files {
    /// The file at a URL, or that of a block. `Err` has its name and why it is missing.
    pub fn get(&self, owner: NotionId, url: &str) -> Result<File, (String, String)> {
        let found = self
            .stored
            .get(url)
            .or_else(|| self.stored.get(&owner.to_string()));
        found.cloned().unwrap_or_else(|| {
            let name = url.rsplit('/').next().unwrap_or_default();
            let name = name.split('?').next().unwrap_or_default().to_owned();
            Err((name, "the backup has no file for it".to_owned()))
        })
    }

    /// Takes in the rows of a `files.json` in the directory at `path`.
    pub(super) fn rows(&mut self, rows: Value, path: &str, items: &[Item]) {
        let rows: Vec<Value> = match rows {
            Value::Array(rows) => rows,
            _ => Vec::new(),
        };
        for row in rows {
            let Ok(row) = serde_json::from_value::<Row>(row) else {
                continue;
            };
            let item = row
                .file
                .as_ref()
                .and_then(|name| items.iter().find(|item| !item.folder && item.name == *name));
            let found = match item {
                Some(item) => Ok(File {
                    path: format!("{path}/{}", item.name),
                    place: item.place.clone(),
                    name: row.name,
                    content_type: row.content_type,
                    size: row.size.unwrap_or(item.size),
                    content: row
                        .sha256
                        .unwrap_or_else(|| format!("{path}/{}", item.name)),
                }),
                None => {
                    let why = row.reason.unwrap_or_else(|| "its file is gone".to_owned());
                    Err((row.name, why))
                }
            };
            // The same URL at two places is the same file; what is stored wins.
            let known = self.stored.entry(row.url).or_insert_with(|| found.clone());
            if known.is_err() {
                *known = found;
            }
        }
    }

    /// Takes in the images that Plakar's connector stores beside a list of blocks.
    fn images(&mut self, path: &str, items: &[Item]) {
        for item in items.iter().filter(|item| !item.folder) {
            let block = item.name.strip_suffix(".jpg");
            let Some(block) = block.and_then(|block| block.parse::<NotionId>().ok()) else {
                continue;
            };
            let path = format!("{path}/{}", item.name);
            let file = File {
                name: item.name.clone(),
                content_type: None,
                size: item.size,
                content: path.clone(),
                place: item.place.clone(),
                path,
            };
            self.stored.insert(block.to_string(), Ok(file));
        }
    }
}

/// Everything of one page.
#[derive(Clone, Debug, Default)]
pub struct PageData {
    /// The page object, without its blocks.
    pub object: Value,
    /// Its blocks.
    pub body: Body,
    /// `properties.json`, or null.
    pub complete: Value,
    /// `comments.json`, or null.
    pub comments: Value,
    /// Its files.
    pub files: Files,
    /// What of it cannot be read.
    pub notes: Notes,
}

impl Original<'_> {
    /// Reads a page.
    pub fn page(&self, id: NotionId) -> Result<PageData, SourceError> {
        let Some(entry) = self.entries.get(&id) else {
            return Ok(PageData::default());
        };
        let items = self.source.list(&entry.directory)?;
        let mut data = PageData::default();
        let side = Sidecars {
            source: self.source,
            items: &items,
            id,
        };
        data.object = side.read("page.json", &mut data.notes);
        data.complete = side.read("properties.json", &mut data.notes);
        data.comments = side.read("comments.json", &mut data.notes);
        let rows = side.read("files.json", &mut data.notes);
        data.files.rows(rows, &entry.path, &items);
        let blocks = data
            .object
            .as_object_mut()
            .and_then(|fields| fields.remove("children"));
        self.blocks(
            &mut data,
            id,
            &entry.path,
            items,
            blocks.unwrap_or_default(),
        );
        Ok(data)
    }

    /// Reads the lists of blocks below a page, level by level.
    fn blocks(
        &self,
        data: &mut PageData,
        page: NotionId,
        path: &str,
        items: Vec<Item>,
        blocks: Value,
    ) {
        let mut todo: Vec<(Option<At>, String, Vec<Item>, Value)> =
            vec![(None, path.to_owned(), items, blocks)];
        while let Some((parent, path, items, blocks)) = todo.pop() {
            data.files.images(&path, &items);
            let Value::Array(blocks) = blocks else {
                continue;
            };
            for block in blocks {
                let kind = type_of(&block);
                let directory = id_of(&block)
                    .filter(|_| !matches!(kind, "child_page" | "child_database"))
                    .map(|id| id.to_string())
                    .and_then(|name| items.iter().find(|item| item.folder && item.name == name));
                let expected = block["has_children"] == true
                    && !matches!(kind, "child_page" | "child_database");
                let at = data.body.push(parent, block);
                let Some(directory) = directory else {
                    if expected {
                        self.lost_list(data, page, at, "the backup has no list of them");
                    }
                    continue;
                };
                let path = format!("{path}/{}", directory.name);
                match self.list_of_blocks(&directory.place) {
                    Ok((items, blocks)) => {
                        let blocks = with_named(blocks, &items);
                        todo.push((Some(at), path, items, blocks));
                    }
                    Err(error) => self.lost_list(data, page, at, &error.to_string()),
                }
            }
        }
    }

    fn list_of_blocks(&self, directory: &Place) -> Result<(Vec<Item>, Value), SourceError> {
        let items = self.source.list(directory)?;
        let file = items
            .iter()
            .find(|item| !item.folder && item.name == "blocks.json");
        let blocks = match file {
            Some(file) => super::json(self.source, &file.place)?,
            None => Value::Null,
        };
        Ok((items, blocks))
    }

    /// Leaves a block in the place of children that the backup does not have.
    fn lost_list(&self, data: &mut PageData, page: NotionId, at: At, why: &str) {
        let block = data.body.nodes.get(at).and_then(|node| node.id());
        data.notes.lose(
            block.unwrap_or(page),
            "the blocks below it",
            why.to_owned(),
            Degree::Missing,
        );
        let gone = json!({"object": "block", "type": "unsupported", "has_children": false,
            "unsupported": {"block_type": "blocks that the backup does not have"}});
        data.body.push(Some(at), gone);
    }
}

/// A list with the blocks that have a directory beside it and are not in it: those of
/// meeting notes, which name them and list nothing (section 2.4 of the API digest).
fn with_named(blocks: Value, items: &[Item]) -> Value {
    let mut blocks = match blocks {
        Value::Array(blocks) => blocks,
        _ => Vec::new(),
    };
    if blocks.is_empty() {
        let named = items.iter().filter(|item| item.folder);
        blocks.extend(named.filter_map(|item| {
            let id: NotionId = item.name.parse().ok()?;
            Some(
                json!({"object": "block", "id": id, "type": "toggle", "has_children": true,
                "toggle": {"rich_text": [], "color": "default"}}),
            )
        }));
    }
    Value::Array(blocks)
}

/// The files beside a `page.json` or `database.json`.
pub(super) struct Sidecars<'a> {
    pub source: &'a dyn Source,
    pub items: &'a [Item],
    pub id: NotionId,
}

impl Sidecars<'_> {
    /// The JSON in a file; null when there is none, and with a loss when it cannot be read.
    pub fn read(&self, name: &str, notes: &mut Notes) -> Value {
        let found = self
            .items
            .iter()
            .find(|item| !item.folder && item.name == name);
        let Some(item) = found else {
            return Value::Null;
        };
        super::json(self.source, &item.place).unwrap_or_else(|error| {
            notes.lose(self.id, name.to_owned(), error.to_string(), Degree::Missing);
            Value::Null
        })
    }
}

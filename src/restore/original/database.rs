//! Reading one database whole: its container, data sources, views, rows.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::page::Sidecars;
use super::{Column, Files, Original, SourceError};
use crate::model::{Kind, NotionId};
use crate::restore::loss::Notes;

/// Everything of one database but what is in its rows.
#[derive(Clone, Debug, Default)]
pub struct DatabaseData {
    /// The database object.
    pub container: Value,
    /// Its data sources, in order.
    pub sources: Vec<Value>,
    /// Its views, in the order of the tabs, then the widgets of dashboards.
    pub views: Vec<Value>,
    /// Its comments, or null.
    pub comments: Value,
    /// Its files.
    pub files: Files,
    /// What of it cannot be read.
    pub notes: Notes,
}

impl Original<'_> {
    /// Reads a database.
    pub fn database(&self, id: NotionId) -> Result<DatabaseData, SourceError> {
        let Some(entry) = self.entries.get(&id) else {
            return Ok(DatabaseData::default());
        };
        let items = self.source.list(&entry.directory)?;
        let side = Sidecars {
            source: self.source,
            items: &items,
            id,
        };
        let mut notes = Notes::default();
        let old = side.read("database.json", &mut notes);
        let container = side.read("container.json", &mut notes);
        let list = |value: Value| match value {
            Value::Array(items) => items,
            _ => Vec::new(),
        };
        let sources = side.read("data_sources.json", &mut notes);
        let views = list(side.read("views.json", &mut notes));
        let comments = side.read("comments.json", &mut notes);
        let rows = side.read("files.json", &mut notes);
        let mut files = Files::default();
        files.rows(rows, &entry.path, &items);
        let sources = match sources {
            Value::Null => vec![source_2022(&old, id)],
            sources => list(sources),
        };
        Ok(DatabaseData {
            container: if container.is_null() { old } else { container },
            sources,
            views,
            comments,
            files,
            notes,
        })
    }

    /// What the rows of a data source have in a column of people or of a formula. Rows
    /// that name the database count for each of its data sources.
    pub fn columns(&self, source: NotionId, name: &str) -> impl Iterator<Item = &Column> {
        let database = self.sources.get(&source).copied();
        let named = [Some(source), database.filter(|id| *id != source)];
        let named = named.into_iter().flatten();
        let name = name.to_owned();
        named.filter_map(move |id| self.facts.columns.get(&(id, name.clone())))
    }

    /// The rows of a data source of this database, in the order in which they get the
    /// same unique ids again. Rows that name no source of it are in its first.
    pub fn rows(&self, database: NotionId, source: NotionId, first: bool) -> Vec<NotionId> {
        let Some(entry) = self.entries.get(&database) else {
            return Vec::new();
        };
        let mut rows: Vec<NotionId> = entry
            .below
            .iter()
            .filter(|id| {
                self.entries.get(*id).is_some_and(|row| {
                    let stated = row.source.filter(|stated| {
                        *stated != database && self.sources.get(stated) == Some(&database)
                    });
                    row.kind == Kind::Page
                        && match stated {
                            Some(stated) => stated == source,
                            None => first,
                        }
                })
            })
            .copied()
            .collect();
        rows.sort_by_key(|id| self.entries.get(id).map(|row| (row.order.clone(), *id)));
        rows
    }
}

/// The id of the data source that a database of API version 2022-06-28 is. It had none of
/// its own, and two things need two ids.
pub(super) fn source_id_2022(database: NotionId) -> NotionId {
    let hash = Sha256::digest(format!("notion-backup data source of {database}"));
    let mut bits = [0; 16];
    bits.copy_from_slice(hash.get(..16).unwrap_or(&[0; 16]));
    NotionId::from_bits(u128::from_be_bytes(bits))
}

/// The data source that a database of API version 2022-06-28 is.
fn source_2022(database: &Value, id: NotionId) -> Value {
    let mut properties = database["properties"].clone();
    for property in properties
        .as_object_mut()
        .into_iter()
        .flat_map(|it| it.values_mut())
    {
        // Relations named the database then (section 1.9 of the API digest).
        let Some(relation) = property.get_mut("relation").and_then(Value::as_object_mut) else {
            continue;
        };
        if !relation.contains_key("data_source_id")
            && let Some(target) = relation.get("database_id").and_then(Value::as_str)
            && let Ok(target) = target.parse()
        {
            let target = source_id_2022(target).to_string();
            relation.insert("data_source_id".to_owned(), target.into());
        }
    }
    json!({"object": "data_source", "id": source_id_2022(id), "title": database["title"], "properties": properties})
}

//! What an original names, gathered in one walk: which blocks are needed by others, and
//! what lies outside.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

use crate::model::{How, NotionId, Reference, id_of, references, type_of};

/// What has been gathered.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Every block that is no page or database, with the page that it is in.
    pub blocks: HashMap<NotionId, NotionId>,
    /// Every comment, with the page whose it is.
    pub comments: HashMap<NotionId, NotionId>,
    /// Everything that is named, people apart, and one way in which it is.
    pub named: BTreeMap<NotionId, How>,
    /// People who are named.
    pub people: BTreeSet<NotionId>,
    /// Blocks whose new ids something needs: originals of synced blocks, targets of
    /// links, blocks with comments. Not all of them need be in the original.
    pub needed: HashSet<NotionId>,
    /// Originals of synced blocks.
    pub originals: HashSet<NotionId>,
    /// What is in the columns of people and of formulas, by what the rows say that they
    /// are in and by name.
    pub columns: BTreeMap<(NotionId, String), Column>,
}

/// What all rows have in one column.
#[derive(Clone, Debug, Default)]
pub struct Column {
    /// The people, with their names where a row has them.
    pub people: BTreeMap<NotionId, String>,
    /// The groups of people, likewise.
    pub groups: BTreeMap<NotionId, String>,
    /// The most people in one row.
    pub most_people: usize,
    /// The types of the results of a formula.
    pub results: BTreeSet<String>,
}

impl Facts {
    /// Takes in a page or database object.
    pub fn page(&mut self, object: &Value) {
        let mut own = object.clone();
        if let Some(fields) = own.as_object_mut() {
            fields.remove("children");
            fields.remove("parent");
        }
        self.object(&own);
    }

    /// Takes in the values of a row; `complete` is its `properties.json`, or null.
    pub fn row(&mut self, source: NotionId, row: &Value, complete: &Value) {
        for (name, property) in row["properties"].as_object().into_iter().flatten() {
            let kind = type_of(property);
            if !matches!(kind, "people" | "formula") {
                continue;
            }
            let column = self.columns.entry((source, name.clone())).or_default();
            if kind == "formula" {
                let result = type_of(&property["formula"]);
                column.results.insert(result.to_owned());
                continue;
            }
            let items = complete[name]["items"].as_array();
            let items = items.map(|items| items.iter().map(|item| &item["people"]).collect());
            let shown = property["people"].as_array();
            let people: Vec<&Value> =
                items.unwrap_or_else(|| shown.into_iter().flatten().collect());
            column.most_people = column.most_people.max(people.len());
            for person in people {
                let group = person["object"] == "group";
                let known = match group {
                    true => &mut column.groups,
                    false => &mut column.people,
                };
                if let Some(id) = id_of(person) {
                    let name = person["name"].as_str().unwrap_or_default();
                    known.entry(id).or_insert_with(|| name.to_owned());
                }
            }
        }
    }

    /// Takes in a list of blocks of this page.
    pub fn blocks(&mut self, blocks: &Value, page: Option<NotionId>) {
        for block in blocks.as_array().into_iter().flatten() {
            let kind = type_of(block);
            if !matches!(kind, "child_page" | "child_database") {
                self.blocks.extend(id_of(block).zip(page));
            }
            if block[kind]["comment_id"].is_string() {
                self.needed.extend(id_of(block));
            }
            if kind == "synced_block" && block[kind]["synced_from"].is_null() {
                self.originals.extend(id_of(block));
            }
            self.object(block);
        }
    }

    /// Takes in the comments of this page.
    pub fn comments(&mut self, comments: &Value, page: NotionId) {
        for comment in comments.as_array().into_iter().flatten() {
            self.comments.extend(id_of(comment).map(|id| (id, page)));
            let on = comment["parent"]["block_id"].as_str();
            self.needed
                .extend(on.and_then(|id| id.parse().ok()) as Option<NotionId>);
        }
        self.object(comments);
    }

    /// Takes in any JSON from Notion.
    pub fn object(&mut self, object: &Value) {
        for Reference(id, how) in references(object) {
            match how {
                How::Person => {
                    self.people.insert(id);
                }
                How::SyncedFrom => {
                    self.needed.insert(id);
                    self.named.entry(id).or_insert(how);
                }
                _ => {
                    self.named.entry(id).or_insert(how);
                }
            }
        }
        self.fragments(object);
    }

    /// Finds links to blocks: `#` and 32 hexadecimal digits at the end of a URL. JSON is
    /// at most 128 levels deep (serde_json's limit), so this may recurse.
    fn fragments(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.fragments(item)),
            Value::Object(fields) => {
                for (key, field) in fields {
                    match field {
                        Value::String(url) if matches!(key.as_str(), "url" | "href") => {
                            let fragment = url.rsplit_once('#').map(|(_, fragment)| fragment);
                            let block = fragment.and_then(|id| id.parse::<NotionId>().ok());
                            self.needed.extend(block);
                        }
                        _ => self.fragments(field),
                    }
                }
            }
            _ => {}
        }
    }
}

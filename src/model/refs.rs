//! What an object names: other pages, databases, data sources, blocks and people.
//!
//! A backup that does not know what was named cannot say what is missing. Every
//! mention, relation, link, synced original and author is collected here, by shape,
//! so that block and property types added later are covered as well.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::keys::Keys;
use super::{NotionId, type_of};

/// How an object came to be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Given with `--root`.
    Root,
    /// Listed by search.
    Search,
    /// A `child_page` or `child_database` block.
    Child,
    /// A row that a query answered.
    Row,
    /// A template of a data source.
    Template,
    /// Mentioned in a text, as a page.
    MentionPage,
    /// Mentioned in a text, as a database.
    MentionDatabase,
    /// A `link_to_page` block.
    LinkToPage,
    /// A URL in a text that leads into Notion.
    Link,
    /// A value of a relation property.
    Relation,
    /// The other end of a relation property's schema.
    RelationSchema,
    /// The original of a synced block.
    SyncedFrom,
    /// The data source that a view shows.
    ViewSource,
    /// The page, or the database of a wiki, that something says it lives in.
    Parent,
    /// The data source that a row says it lives in.
    ParentSource,
    /// An author, editor, assignee or mentioned person.
    Person,
}

/// Something named by an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reference(
    /// What is named.
    pub NotionId,
    /// How.
    pub How,
);

/// Everything that `object` names, sorted, each once. Children, rows and parents are not
/// references: the crawl meets them on its own ways.
pub fn references(object: &Value) -> Vec<Reference> {
    let mut found = Vec::new();
    search(object, Keys::Api, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

/// JSON from the network is at most 128 levels deep (serde_json's limit), so this may recurse.
fn search(value: &Value, keys: Keys, found: &mut Vec<Reference>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| search(item, Keys::Api, found)),
        Value::Object(fields) => {
            if keys == Keys::Api {
                named_here(fields, found);
            }
            for (key, field) in fields {
                search(field, keys.below(key), found);
            }
        }
        _ => {}
    }
}

/// What an object names itself, apart from what is in it.
fn named_here(fields: &Map<String, Value>, found: &mut Vec<Reference>) {
    let id = |value: Option<&Value>| value?.as_str()?.parse::<NotionId>().ok();
    let mut add = |id: Option<NotionId>, how: How| {
        found.extend(id.map(|id| Reference(id, how)));
    };
    match fields.get("object").and_then(Value::as_str) {
        Some("user") => add(id(fields.get("id")), How::Person),
        Some("view") => add(id(fields.get("data_source_id")), How::ViewSource),
        _ => {}
    }
    for (key, field) in fields {
        match key.as_str() {
            "mention" => match type_of(field) {
                "page" => add(id(field.pointer("/page/id")), How::MentionPage),
                "database" => add(id(field.pointer("/database/id")), How::MentionDatabase),
                "user" => add(id(field.pointer("/user/id")), How::Person),
                _ => {}
            },
            "link_to_page" => {
                add(id(field.get("page_id")), How::LinkToPage);
                add(id(field.get("database_id")), How::LinkToPage);
            }
            "synced_from" => add(id(field.get("block_id")), How::SyncedFrom),
            "relation" => {
                for item in field.as_array().map(Vec::as_slice).unwrap_or_default() {
                    add(id(item.get("id")), How::Relation);
                }
                add(id(field.get("data_source_id")), How::RelationSchema);
            }
            "href" => add(field.as_str().and_then(linked_page), How::Link),
            _ => {}
        }
    }
}

/// The page behind a link in a text. Notion answers links into the same workspace as `/<32 hex>`.
fn linked_page(href: &str) -> Option<NotionId> {
    match href.strip_prefix('/') {
        Some(path) => path.split(['?', '#']).next()?.parse().ok(),
        None => NotionId::in_url(href),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_way_of_naming_is_seen() {
        let id = |n: u128| NotionId::from_bits(n);
        let object = json!({
            "created_by": {"object": "user", "id": id(1)},
            "paragraph": {"rich_text": [
                {"type": "mention", "mention": {"type": "page", "page": {"id": id(2)}}, "href": format!("https://www.notion.so/{:032x}", 2)},
                {"type": "mention", "mention": {"type": "database", "database": {"id": id(3)}}},
                {"type": "mention", "mention": {"type": "user", "user": {"id": id(4)}}},
                {"type": "mention", "mention": {"type": "hologram", "hologram": {"id": id(99)}}},
                {"type": "text", "href": format!("/{:032x}?pvs=4#{:032x}", 5, 98)},
                {"type": "text", "href": "https://example.com/"}]},
            "link_to_page": {"type": "page_id", "page_id": id(6)},
            "synced_block": {"synced_from": {"type": "block_id", "block_id": id(7)}},
            "properties": {
                "R": {"type": "relation", "relation": [{"id": id(8)}, {"id": id(9)}], "has_more": false},
                "S": {"type": "relation", "relation": {"data_source_id": id(10), "single_property": {}}}},
        });
        let expected = [
            Reference(id(1), How::Person),
            Reference(id(2), How::MentionPage),
            Reference(id(2), How::Link),
            Reference(id(3), How::MentionDatabase),
            Reference(id(4), How::Person),
            Reference(id(5), How::Link),
            Reference(id(6), How::LinkToPage),
            Reference(id(7), How::SyncedFrom),
            Reference(id(8), How::Relation),
            Reference(id(9), How::Relation),
            Reference(id(10), How::RelationSchema),
        ];
        assert_eq!(references(&object), expected);
        // As properties, the same words name nothing.
        let words = ["relation", "mention", "link_to_page", "synced_from"];
        let value = json!({"type": "page", "page": {"id": id(1)}, "page_id": id(2),
            "block_id": id(3), "data_source_id": id(4)});
        let properties: Value = words
            .iter()
            .map(|word| (word.to_string(), value.clone()))
            .collect();
        assert_eq!(references(&json!({ "properties": properties })), []);
        let view = json!({"object": "view", "data_source_id": id(11)});
        assert_eq!(references(&view), [Reference(id(11), How::ViewSource)]);
    }
}

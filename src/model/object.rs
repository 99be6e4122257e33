//! The typed core of every object: id, kind, parent, time, title.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::NotionId;

/// The kinds of object that have an id of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A page, a row, or a template.
    Page,
    /// A database: the container of data sources.
    Database,
    /// A data source: the schema and the rows.
    DataSource,
    /// A view of a data source.
    View,
    /// A block that is neither a page nor a database.
    Block,
    /// A comment, or the comments of one page.
    Comment,
    /// A person or a bot.
    User,
    /// An emoji of the workspace.
    CustomEmoji,
    /// An attachment.
    File,
    /// One value of a page that is too long for its page object.
    Property,
}

impl Kind {
    /// The kind in words, such as "data source".
    pub fn word(self) -> &'static str {
        match self {
            Kind::Page => "page",
            Kind::Database => "database",
            Kind::DataSource => "data source",
            Kind::View => "view",
            Kind::Block => "block",
            Kind::Comment => "comment",
            Kind::User => "user",
            Kind::CustomEmoji => "emoji",
            Kind::File => "file",
            Kind::Property => "property",
        }
    }
}

/// Where an object says that it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parent {
    /// The top level of the workspace.
    Workspace,
    /// A page.
    Page(NotionId),
    /// A block inside some page.
    Block(NotionId),
    /// A database.
    Database(NotionId),
    /// A data source, with its database when the answer named it.
    DataSource(NotionId, Option<NotionId>),
    /// Something this version does not know.
    Unknown,
}

impl Parent {
    /// The id in it, if it has one.
    pub fn id(self) -> Option<NotionId> {
        match self {
            Parent::Page(id) | Parent::Block(id) | Parent::Database(id) => Some(id),
            Parent::DataSource(id, database) => Some(database.unwrap_or(id)),
            Parent::Workspace | Parent::Unknown => None,
        }
    }
}

/// The object's `id`, if it is a Notion id.
pub fn id_of(object: &Value) -> Option<NotionId> {
    object.get("id")?.as_str()?.parse().ok()
}

/// The kind that the object's `object` field names, among those a listing can hold.
pub fn kind_of(object: &Value) -> Option<Kind> {
    match object.get("object")?.as_str()? {
        "page" => Some(Kind::Page),
        "database" => Some(Kind::Database),
        "data_source" => Some(Kind::DataSource),
        "block" => Some(Kind::Block),
        _ => None,
    }
}

/// The object's `type`, or an empty text.
pub fn type_of(object: &Value) -> &str {
    object
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The object's parent. For a data source it is the database's own parent that tells
/// where it stands: read `database_parent` with [`parent_of`] on `{"parent": ...}`.
pub fn parent_of(object: &Value) -> Parent {
    let Some(parent) = object.get("parent") else {
        return Parent::Unknown;
    };
    let id = |key: &str| parent.get(key)?.as_str()?.parse::<NotionId>().ok();
    match type_of(parent) {
        "workspace" => Parent::Workspace,
        "page_id" => id("page_id").map_or(Parent::Unknown, Parent::Page),
        "block_id" => id("block_id").map_or(Parent::Unknown, Parent::Block),
        "database_id" => id("database_id").map_or(Parent::Unknown, Parent::Database),
        "data_source_id" => id("data_source_id").map_or(Parent::Unknown, |source| {
            Parent::DataSource(source, id("database_id"))
        }),
        _ => Parent::Unknown,
    }
}

/// The object's `last_edited_time`. Notion rounds it to the minute (section 3.11 of the API digest).
pub fn edited(object: &Value) -> Option<Timestamp> {
    object.get("last_edited_time")?.as_str()?.parse().ok()
}

/// Whether the object lies in the trash. Old answers say `archived` (section 1.9 of the API digest).
pub fn in_trash(object: &Value) -> bool {
    let flag = |key: &str| object.get(key).and_then(Value::as_bool);
    flag("in_trash")
        .or_else(|| flag("archived"))
        .unwrap_or(false)
}

/// The text of a rich-text array without its styles.
pub fn plain_text(rich_text: &Value) -> String {
    let items = rich_text.as_array().map(Vec::as_slice).unwrap_or_default();
    items
        .iter()
        .filter_map(|item| {
            item.get("plain_text")
                .or_else(|| item.get("text")?.get("content"))?
                .as_str()
        })
        .collect()
}

/// The title of a page, database, data source, or child block; empty when it has none.
pub fn title_of(object: &Value) -> String {
    if let Some(title) = object.get("title") {
        return plain_text(title);
    }
    if let Some(properties) = object.get("properties").and_then(Value::as_object) {
        let title = properties
            .values()
            .find(|property| type_of(property) == "title");
        return title
            .map(|property| plain_text(&property["title"]))
            .unwrap_or_default();
    }
    let inner = object
        .get(type_of(object))
        .and_then(|inner| inner.get("title"));
    match inner {
        Some(Value::String(title)) => title.clone(),
        Some(rich_text) => plain_text(rich_text),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn titles_are_found_where_each_kind_keeps_them() {
        let text = json!([{"plain_text": "a"}, {"text": {"content": "b"}}]);
        assert_eq!(
            title_of(&json!({"object": "database", "title": text})),
            "ab"
        );
        assert_eq!(
            title_of(&json!({"properties": {"N": {"type": "title", "title": text}}})),
            "ab"
        );
        let block = json!({"type": "child_page", "child_page": {"title": "c"}});
        assert_eq!(title_of(&block), "c");
        assert_eq!(title_of(&json!({"type": "paragraph", "paragraph": {}})), "");
    }

    #[test]
    fn a_parent_of_an_unknown_kind_is_no_error() {
        let parent = |value: Value| parent_of(&json!({ "parent": value }));
        assert_eq!(
            parent(json!({"type": "workspace", "workspace": true})),
            Parent::Workspace
        );
        assert_eq!(
            parent(json!({"type": "agent_id", "agent_id": "x"})),
            Parent::Unknown
        );
        assert_eq!(
            parent(json!({"type": "page_id", "page_id": 7})),
            Parent::Unknown
        );
    }
}

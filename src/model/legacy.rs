//! The shapes that Plakar's own connector writes and reads.
//!
//! Its API version is 2022-06-28, in which a database carries its properties itself
//! (contract C3 in section 8.6 of the connector digest), and it posts whatever is in
//! `page.json` and `database.json`, so these hold nothing else (C7).

use serde_json::{Value, json};

use super::{Kind, NotionId};

/// What a database object of 2022-06-28 can hold besides its properties. `in_trash` came
/// later in that version, and the connector drops `is_locked` itself.
const DATABASE_KEYS: [&str; 17] = [
    "archived",
    "cover",
    "created_by",
    "created_time",
    "description",
    "icon",
    "id",
    "in_trash",
    "is_inline",
    "is_locked",
    "last_edited_by",
    "last_edited_time",
    "object",
    "parent",
    "public_url",
    "title",
    "url",
];

/// A database in the 2022-06-28 shape: the container with the properties of its first
/// data source, and without whatever came after that version.
pub fn database_2022(container: &Value, sources: &[Value]) -> Value {
    let mut database = container.clone();
    if let Some(fields) = database.as_object_mut() {
        fields.retain(|key, _| DATABASE_KEYS.contains(&key.as_str()));
        let properties = sources
            .first()
            .and_then(|source| source.get("properties"))
            .cloned();
        // A linked view has no data source it could show; a title is the least a database needs.
        fields.insert(
            "properties".to_string(),
            properties.unwrap_or_else(
                || json!({"Name": {"id": "title", "name": "Name", "type": "title", "title": {}}}),
            ),
        );
    }
    database
}

/// A page or database that stands where one could not be read, so that the block that
/// shows it keeps its place (contract C4). It holds the title alone.
pub fn stand_in(kind: Kind, id: NotionId, title: &str) -> Value {
    let text =
        json!([{"type": "text", "text": {"content": title, "link": null}, "plain_text": title}]);
    if kind == Kind::Database {
        let container = json!({"object": "database", "id": id, "title": text});
        return database_2022(&container, &[]);
    }
    json!({
        "object": "page", "id": id, "children": [],
        "properties": {"title": {"id": "title", "type": "title", "title": text}},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::title_of;

    #[test]
    fn a_database_of_several_sources_shows_the_first() {
        let container = json!({"object": "database", "id": "x", "data_sources": [{"id": "a"}],
            "database_type": "tasks"});
        let sources = [
            json!({"properties": {"T": {"type": "title"}}}),
            json!({"properties": {}}),
        ];
        let database = database_2022(&container, &sources);
        assert_eq!(
            database,
            json!({"object": "database", "id": "x", "properties": {"T": {"type": "title"}}})
        );
    }

    #[test]
    fn a_stand_in_keeps_the_title() {
        for kind in [Kind::Page, Kind::Database] {
            assert_eq!(
                title_of(&stand_in(kind, NotionId::from_bits(1), "lost")),
                "lost"
            );
        }
    }
}

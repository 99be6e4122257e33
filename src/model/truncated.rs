//! Which property values of a page object are not the whole value.
//!
//! A page object, alone or in a listing, holds at most 25 references per property;
//! the rest must be asked for (section 2.3 of the API digest). Asking is a request,
//! so it is done only on the signals listed there.

use serde_json::Value;

use super::type_of;

/// References that Notion puts into a page object per property (section 2.3 of the API digest).
const INLINE_REFERENCES: usize = 25;

/// A property whose value has to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truncated {
    /// The property's name.
    pub name: String,
    /// Its id, as Notion wrote it: already encoded for a path.
    pub id: String,
}

/// The properties of `page` whose values may go on beyond the page object.
pub fn truncated_properties(page: &Value) -> Vec<Truncated> {
    let Some(properties) = page.get("properties").and_then(Value::as_object) else {
        return Vec::new();
    };
    properties
        .iter()
        .filter(|(_, property)| is_truncated(property))
        .filter_map(|(name, property)| {
            let id = property.get("id")?.as_str()?.to_string();
            Some(Truncated {
                name: name.clone(),
                id,
            })
        })
        .collect()
}

fn is_truncated(property: &Value) -> bool {
    if property.get("has_more").and_then(Value::as_bool) == Some(true) {
        return true;
    }
    let kind = type_of(property);
    let items = |value: Option<&Value>| value.and_then(Value::as_array).map_or(0, Vec::len);
    match kind {
        // `has_more` is not in the official types, so a full list is a signal of its own.
        "people" => items(property.get(kind)) >= INLINE_REFERENCES,
        "relation" => {
            property.get("has_more").is_none() && items(property.get(kind)) >= INLINE_REFERENCES
        }
        "title" | "rich_text" => {
            let runs = property
                .get(kind)
                .and_then(Value::as_array)
                .map(Vec::as_slice);
            let mentions = runs.unwrap_or_default().iter().filter(|run| {
                matches!(
                    run.get("mention").map(type_of),
                    Some("page" | "user" | "database")
                )
            });
            mentions.count() >= INLINE_REFERENCES
        }
        "rollup" => items(property.pointer("/rollup/array")) >= INLINE_REFERENCES,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names(properties: Value) -> Vec<String> {
        let page = json!({ "properties": properties });
        truncated_properties(&page)
            .into_iter()
            .map(|property| property.name)
            .collect()
    }

    #[test]
    fn only_full_values_are_asked_for() {
        let many = |count: usize, item: Value| vec![item; count];
        let mention = json!({"type": "mention", "mention": {"type": "user"}});
        let date = json!({"type": "mention", "mention": {"type": "date"}});
        assert_eq!(
            names(json!({
                "a": {"id": "a", "type": "relation", "relation": many(3, json!({})), "has_more": true},
                "b": {"id": "b", "type": "relation", "relation": many(25, json!({})), "has_more": false},
                "c": {"id": "c", "type": "relation", "relation": many(25, json!({}))},
                "d": {"id": "d", "type": "people", "people": many(25, json!({}))},
                "e": {"id": "e", "type": "people", "people": many(24, json!({}))},
                "f": {"id": "f", "type": "rich_text", "rich_text": many(25, mention)},
                "g": {"id": "g", "type": "rich_text", "rich_text": many(200, date)},
                "h": {"id": "h", "type": "rollup", "rollup": {"type": "array", "array": many(25, json!({}))}},
                "i": {"id": "i", "type": "multi_select", "multi_select": many(90, json!({}))},
            })),
            ["a", "c", "d", "f", "h"]
        );
    }
}

//! Who is who: the people and custom emojis of the original in the target workspace.
//!
//! An id that the target knows is the same person. Otherwise the e-mail address
//! decides, and never a name: two people may share one, and mentioning the wrong
//! person would be worse than mentioning nobody. Bots have no address, so a bot is
//! only ever itself.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use crate::model::{NotionId, id_of};

/// The people and bots of the original (`users.json`) that the target has (`GET /users`):
/// old id to new id.
pub fn match_people(old: &Value, new: &[Value]) -> BTreeMap<NotionId, NotionId> {
    matched(old, new, address)
}

/// The custom emojis of the original (`custom_emojis.json`) that the target has: by id,
/// then by name. Those of the target are themselves.
pub fn match_emojis(old: &Value, new: &[Value]) -> BTreeMap<NotionId, NotionId> {
    let mut matched = matched(old, new, |emoji| {
        Some(emoji.get("name")?.as_str()?.to_string())
    });
    // A part of a snapshot lists none, and yet its pages may name them.
    matched.extend(new.iter().filter_map(id_of).map(|id| (id, id)));
    matched
}

fn matched(
    old: &Value,
    new: &[Value],
    key: impl Fn(&Value) -> Option<String>,
) -> BTreeMap<NotionId, NotionId> {
    let ids: HashSet<NotionId> = new.iter().filter_map(id_of).collect();
    let mut keys: HashMap<String, NotionId> = HashMap::new();
    for object in new {
        if let (Some(key), Some(id)) = (key(object), id_of(object)) {
            keys.entry(key).or_insert(id);
        }
    }
    old.as_array()
        .into_iter()
        .flatten()
        .filter_map(|object| {
            let id = id_of(object)?;
            let same = ids.get(&id).or_else(|| keys.get(&key(object)?))?;
            Some((id, *same))
        })
        .collect()
}

/// A person's e-mail address, comparable.
fn address(user: &Value) -> Option<String> {
    let address = user.get("person")?.get("email")?.as_str()?.trim();
    (!address.is_empty()).then(|| address.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::super::fixed::id;
    use super::*;
    use serde_json::json;

    fn person(number: u128, name: &str, email: Option<&str>) -> Value {
        let mut user = json!({"object": "user", "id": id(number), "name": name,
                              "type": "person", "person": {}});
        if let Some(email) = email {
            user["person"]["email"] = json!(email);
        }
        user
    }

    #[test]
    fn people_are_known_by_id_then_by_address_and_never_by_name() {
        let bot = |number: u128| json!({"id": id(number), "name": "Bot", "type": "bot", "bot": {}});
        let old = json!([
            person(1, "Ada", Some("ada@example.com")),
            person(2, "Bob", Some("Bob@Example.com ")),
            person(3, "Cy", None),
            bot(4),
            bot(5),
            person(6, "Di", Some("")),
            {"object": "user"},
            7,
        ]);
        let new = [
            person(1, "Somebody", Some("other@example.com")),
            person(12, "Robert", Some("bob@example.com")),
            person(13, "Cy", None),
            bot(5),
            bot(14),
            person(16, "Di", Some("")),
        ];
        let expected = [(id(1), id(1)), (id(2), id(12)), (id(5), id(5))];
        assert_eq!(match_people(&old, &new), BTreeMap::from(expected));
        assert_eq!(match_people(&Value::Null, &new), BTreeMap::new());
    }

    #[test]
    fn emojis_are_known_by_id_then_by_name() {
        let emoji = |number: u128, name: &str| json!({"id": id(number), "name": name, "url": "https://e/x.png"});
        let old = json!([emoji(1, "party"), emoji(2, "ship"), emoji(3, "gone")]);
        let new = [emoji(1, "renamed"), emoji(22, "ship"), emoji(4, "party")];
        let mut expected = vec![(id(1), id(1)), (id(2), id(22))];
        // Those of the target are themselves, whether the original lists them or not.
        expected.extend([(id(4), id(4)), (id(22), id(22))]);
        assert_eq!(match_emojis(&old, &new), BTreeMap::from_iter(expected));
    }
}

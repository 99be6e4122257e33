//! Taking out of a request what Notion says is not there: a mention becomes words, a
//! relation or a person is left out, a link block becomes a stand-in.

use serde_json::{Value, json};

use super::{stand_in, text};
use crate::model::NotionId;

/// The ids that a message names.
pub(super) fn named(message: &str) -> Vec<NotionId> {
    let part = |char: char| !(char.is_ascii_hexdigit() || char == '-');
    let words = message.split(part).map(|word| word.trim_matches('-'));
    let ids = words.filter(|word| word.len() >= 32);
    ids.filter_map(|word| word.parse().ok()).collect()
}

/// Whether a request attaches the upload with this id.
pub(super) fn attaches(body: &Value, upload: NotionId) -> bool {
    let is = |value: &Value| is(value, upload);
    match body {
        Value::Array(items) => items.iter().any(|item| attaches(item, upload)),
        Value::Object(fields) => {
            is(&body["file_upload"]["id"])
                || is(&body["file_upload_id"])
                || fields.values().any(|field| attaches(field, upload))
        }
        _ => false,
    }
}

/// The first upload that a request attaches.
pub(super) fn attached(body: &Value) -> Option<NotionId> {
    match body {
        Value::Array(items) => items.iter().find_map(attached),
        Value::Object(fields) => {
            let own = [&body["file_upload"]["id"], &body["file_upload_id"]];
            let mut own = own.into_iter().filter_map(Value::as_str);
            own.find_map(|id| id.parse().ok())
                .or_else(|| fields.values().find_map(attached))
        }
        _ => None,
    }
}

/// The fields of a body that say where it goes.
const PLACES: [&str; 6] = [
    "parent",
    "position",
    "data_source_id",
    "database_id",
    "discussion_id",
    "create_database",
];

/// Whether a request cannot go anywhere without `id`: it is what the path or the body
/// says that it goes to.
pub(super) fn leads_to(path: &str, body: &Value, id: NotionId) -> bool {
    let text = id.to_string();
    path.contains(&text)
        || PLACES.iter().any(|key| {
            let place = body[*key].to_string();
            *key != "position" && place.contains(&text)
        })
}

/// Takes every mention of `id`, relation to it and person with it out of a body (not out
/// of where the body goes); says what it was, or `None` when there was none.
pub(super) fn forget(body: &mut Value, id: NotionId) -> Option<&'static str> {
    let fields = body.as_object_mut()?;
    let mut found = None;
    for (key, field) in fields.iter_mut() {
        if !PLACES.contains(&key.as_str()) {
            found = within(field, id).or(found);
        }
    }
    found
}

fn is(value: &Value, id: NotionId) -> bool {
    value.as_str().and_then(|text| text.parse().ok()) == Some(id)
}

/// JSON is at most 128 levels deep, so this may recurse.
fn within(value: &mut Value, id: NotionId) -> Option<&'static str> {
    let mut found = None;
    match value {
        Value::Array(items) => {
            for item in items {
                let what = mention(item, id).or_else(|| link_block(item, id));
                found = what.or_else(|| within(item, id)).or(found);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                let list = match key.as_str() {
                    "relation" => Some("relation"),
                    "people" => Some("person"),
                    _ => None,
                };
                if let (Some(what), Value::Array(items)) = (list, &mut *field) {
                    let before = items.len();
                    items.retain(|item| !is(&item["id"], id));
                    if items.len() < before {
                        found = Some(what);
                    }
                }
                found = within(field, id).or(found);
            }
        }
        _ => {}
    }
    found
}

/// Turns a mention of the id into words.
fn mention(run: &mut Value, id: NotionId) -> Option<&'static str> {
    let mention = run.get("mention")?.as_object()?;
    mention.values().find(|target| is(&target["id"], id))?;
    let words = text::word(run);
    let mut plain = json!({"type": "text", "text": {"content": words}});
    if let Some(styles) = run.get("annotations") {
        plain["annotations"] = styles.clone();
    }
    *run = plain;
    Some("mention")
}

/// Turns a block that is nothing but a link to the id into words.
fn link_block(block: &mut Value, id: NotionId) -> Option<&'static str> {
    let payload = stand_in::payload(block);
    let (what, leads) = match stand_in::kind(block) {
        "link_to_page" => ("link", [&payload["page_id"], &payload["database_id"]]),
        "synced_block" => ("synced block", [&payload["synced_from"]["block_id"]; 2]),
        _ => return None,
    };
    if !leads.into_iter().any(|target| is(target, id)) {
        return None;
    }
    *block = stand_in::stand_in(block)?;
    Some(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(bits: u128) -> NotionId {
        NotionId::from_bits(bits)
    }

    #[test]
    fn ids_are_found_in_messages() {
        let message = format!("Could not find page with ID: {}. Make sure …", id(7));
        assert_eq!(named(&message), [id(7)]);
        assert_eq!(named(&format!("`{:032x}`", 9)), [id(9)]);
        assert!(named("body failed validation: deadbeef").is_empty());
    }

    #[test]
    fn what_is_gone_is_taken_out_everywhere_but_where_it_goes() {
        let mention =
            json!({"type": "mention", "mention": {"page": {"id": id(7)}}, "plain_text": "Home"});
        let mut body = json!({
            "parent": {"page_id": id(7)},
            "properties": {
                "Name": {"title": [mention]},
                "To": {"relation": [{"id": id(7)}, {"id": id(8)}]},
                "Who": {"people": [{"id": id(7)}]},
            },
            "children": [
                {"link_to_page": {"page_id": id(7)}},
                {"toggle": {"rich_text": [mention], "children": [{"synced_block": {"synced_from": {"block_id": id(7)}}}]}},
            ],
        });
        assert!(forget(&mut body, id(7)).is_some());
        let text = body.to_string();
        assert_eq!(text.matches(&id(7).to_string()).count(), 1, "{text}");
        assert_eq!(body["parent"]["page_id"], json!(id(7)));
        assert_eq!(body["properties"]["To"]["relation"], json!([{"id": id(8)}]));
        assert_eq!(
            body["properties"]["Name"]["title"],
            json!([{"type": "text", "text": {"content": "Home"}}])
        );
        assert!(stand_in::is_stand_in(&body["children"][0]));
        assert_eq!(forget(&mut body, id(7)), None);
    }

    #[test]
    fn uploads_are_seen_wherever_they_are_attached() {
        let block = json!({"children": [{"image": {"file_upload": {"id": id(3)}}}]});
        assert!(attaches(&block, id(3)) && !attaches(&block, id(4)));
        let comment = json!({"attachments": [{"type": "file_upload", "file_upload_id": id(3)}]});
        assert!(attaches(&comment, id(3)));
    }
}

//! One stored form for one state of an object.
//!
//! Notion answers the same object with other bytes each time: a request id, and
//! file URLs signed anew with an expiry time. They are taken out before an object
//! is stored, so that an unchanged object is the same file, and no signed URL is
//! kept. Everything else stays, known or not, where it was; the order of keys has
//! no meaning in Notion's answers and is sorted by the JSON type itself.

use serde_json::{Map, Value};

use super::broken::MARK;
use super::keys::Keys;

/// Removes what differs between two answers about the same state, and what the client
/// noted in it (see [`super::broken_texts`]). What people wrote or named stays as it is,
/// whatever it looks like: a key means something only where the API puts it.
///
/// Whether a signed URL's path stays the same is unconfirmed (section 3.7 of the API
/// digest); where it does not, the page is merely stored again.
pub fn canonical(mut object: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.remove(MARK);
        if fields.get("request_id").is_some_and(Value::is_string) {
            fields.remove("request_id");
        }
    }
    strip(&mut object, Keys::Api, "");
    object
}

/// The URL without its query and fragment, where Notion puts the signature.
pub fn without_signature(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

/// Whether an object with the API's words as keys is a file that Notion hosts: it has an
/// address and the time until which that is good.
pub(super) fn is_hosted(fields: &Map<String, Value>) -> bool {
    fields.get("url").is_some_and(Value::is_string)
        && fields
            .get("expiry_time")
            .is_some_and(|time| time.is_string() || time.is_null())
}

/// `at` is the key under which the value is. JSON from the network is at most 128 levels
/// deep (serde_json's limit), so this may recurse.
fn strip(value: &mut Value, keys: Keys, at: &str) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| strip(item, Keys::Api, at)),
        Value::Object(fields) => {
            if keys == Keys::Api {
                unsign(fields, at);
            }
            for (key, field) in fields {
                strip(field, keys.below(key), key);
            }
        }
        _ => {}
    }
}

/// Takes the signature out of the addresses of a file, of a person's picture and of a
/// custom emoji's. The latter two have no expiry time but may be signed.
fn unsign(fields: &mut Map<String, Value>, at: &str) {
    let hosted = is_hosted(fields);
    if hosted {
        fields.remove("expiry_time");
    }
    let emoji = at == "custom_emoji" || fields.get("object") == Some(&"custom_emoji".into());
    for (key, may_be_signed) in [("url", emoji), ("avatar_url", true)] {
        if let Some(Value::String(url)) = fields.get_mut(key)
            && ((hosted && key == "url") || (may_be_signed && is_signed(url)))
        {
            *url = without_signature(url).to_string();
        }
    }
}

fn is_signed(url: &str) -> bool {
    url.contains("X-Amz-Signature=") && url.contains("X-Amz-Expires=")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn two_readings_of_one_state_are_stored_alike() {
        let reading = |n: u32| {
            json!({"object": "page", "request_id": format!("r{n}"), "future": {"b": 1, "a": [n < 9]},
                "icon": {"type": "file", "file": {"url": format!("https://f/x.png?X-Amz-Signature={n}"),
                    "expiry_time": format!("2026-11-01T0{n}:00:00.000Z")}}})
        };
        let stored = canonical(reading(1));
        assert_eq!(stored, canonical(reading(2)));
        assert_eq!(stored["icon"]["file"], json!({"url": "https://f/x.png"}));
        assert_eq!(stored["future"], json!({"a": [true], "b": 1}));
    }

    #[test]
    fn links_that_people_wrote_keep_their_query() {
        let signed = "https://x/?X-Amz-Signature=1&X-Amz-Expires=2";
        let link = json!({
            "object": "page", "external": {"url": "https://v/?v=1#t"}, "href": signed,
            "bookmark": {"url": signed}, "rich_text": [{"text": {"link": {"url": signed}}}],
            "properties": {"Link": {"type": "url", "url": signed}},
        });
        assert_eq!(canonical(link.clone()), link);
    }

    #[test]
    fn pictures_of_people_and_emojis_lose_their_signature() {
        let signed = "https://x/a.png?X-Amz-Signature=1&X-Amz-Expires=2";
        let object = |url: &str| {
            json!({"created_by": {"object": "user", "avatar_url": url},
                "icon": {"type": "custom_emoji", "custom_emoji": {"id": "1", "url": url}}})
        };
        assert_eq!(canonical(object(signed)), object("https://x/a.png"));
        let listed = |url: &str| json!({"object": "custom_emoji", "url": url});
        assert_eq!(canonical(listed(signed)), listed("https://x/a.png"));
    }

    #[test]
    fn properties_named_like_words_of_the_api_stay() {
        let names = [
            "expiry_time",
            "url",
            "request_id",
            "object",
            "results",
            "avatar_url",
            "custom_emoji",
            "properties",
            "quick_filters",
            "notion_backup_broken_text",
        ];
        let named = |value: &dyn Fn(&str) -> Value| -> Value {
            names
                .iter()
                .map(|name| (name.to_string(), value(name)))
                .collect()
        };
        let kept = json!({
            "object": "data_source",
            "properties": named(&|name| json!({"id": "a", "name": name, "type": "url", "url": {}})),
            "quick_filters": named(&|_| json!({"url": {"equals": "x"}, "expiry_time": {"equals": "y"}})),
        });
        assert_eq!(canonical(kept.clone()), kept);
        // A name whose value is a text, as a later version of the API might have it.
        let short = json!({"properties": {"url": "https://x/?a=1", "expiry_time": "never"}});
        assert_eq!(canonical(short.clone()), short);
        // A file in a property of such a name is a file all the same.
        let row = |file: Value| json!({"properties": {"properties": {"files": [{"file": file}]}}});
        let signed = json!({"url": "https://x/a?s=1", "expiry_time": "2026-11-01T10:00:00.000Z"});
        assert_eq!(canonical(row(signed)), row(json!({"url": "https://x/a"})));
    }
}

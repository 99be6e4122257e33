//! One stored form for one state of an object.
//!
//! Notion answers the same object with other bytes each time: a request id, and
//! file URLs signed anew with an expiry time. They are taken out before an object
//! is stored, so that an unchanged object is the same file, and no signed URL is
//! kept. Everything else stays, known or not, where it was; the order of keys has
//! no meaning in Notion's answers and is sorted by the JSON type itself.

use serde_json::Value;

/// Removes what differs between two answers about the same state.
///
/// Whether a signed URL's path stays the same is unconfirmed (section 3.7 of the API
/// digest); where it does not, the page is merely stored again.
pub fn canonical(mut object: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.remove("request_id");
    }
    strip(&mut object);
    object
}

/// The URL without its query and fragment, where Notion puts the signature.
pub fn without_signature(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

/// JSON from the network is at most 128 levels deep (serde_json's limit), so this may recurse.
fn strip(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::Object(fields) => {
            let hosted = fields.remove("expiry_time").is_some();
            for (key, field) in fields.iter_mut() {
                match field {
                    // Pictures of people and emojis carry no expiry time but may be signed.
                    Value::String(url)
                        if (hosted && key == "url")
                            || (matches!(key.as_str(), "avatar_url" | "url") && is_signed(url)) =>
                    {
                        *url = without_signature(url).to_string();
                    }
                    Value::String(_) => {}
                    other => strip(other),
                }
            }
        }
        _ => {}
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
        let link = json!({"external": {"url": "https://v/?v=1#t"}, "href": "https://x/?X-Amz-Signature=1&X-Amz-Expires=2"});
        assert_eq!(canonical(link.clone()), link);
    }
}

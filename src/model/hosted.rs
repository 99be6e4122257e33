//! Finding the files that Notion hosts, wherever they hang in an object.
//!
//! Image, video, pdf, audio and file blocks, files properties, icons, covers and
//! comment attachments all hold the same shape: an object with a `url` and an
//! `expiry_time` (section 3.7 of the API digest). Looking for the shape instead of
//! for the places also finds the places that Notion adds later. External links have
//! no expiry time and are kept as links.

use jiff::Timestamp;
use serde_json::Value;

use super::canonical::{is_hosted, without_signature};
use super::keys::Keys;

/// A file that Notion hosts, found in an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostedFile {
    /// JSON pointer, inside the object that was searched, of the object that holds `url`.
    pub pointer: String,
    /// The signed URL, good until `expires`. Never stored, printed or logged.
    pub url: String,
    /// When the URL stops working; Notion gives it an hour.
    pub expires: Option<Timestamp>,
    /// The file's name: as Notion says, else from the URL. Untrusted text.
    pub name: String,
}

/// All hosted files in `object`, in a fixed order.
pub fn hosted_files(object: &Value) -> Vec<HostedFile> {
    let mut found = Vec::new();
    search(object, Keys::Api, None, &mut String::new(), &mut found);
    found
}

/// JSON from the network is at most 128 levels deep (serde_json's limit), so this may recurse.
fn search(
    value: &Value,
    keys: Keys,
    holder: Option<&Value>,
    pointer: &mut String,
    found: &mut Vec<HostedFile>,
) {
    let length = pointer.len();
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointer.push_str(&format!("/{index}"));
                search(item, Keys::Api, Some(value), pointer, found);
                pointer.truncate(length);
            }
        }
        Value::Object(fields) => {
            if keys == Keys::Api
                && is_hosted(fields)
                && let Some(url) = fields.get("url").and_then(Value::as_str)
            {
                let expiry = fields.get("expiry_time").and_then(Value::as_str);
                let named = holder
                    .and_then(|holder| holder.get("name"))
                    .and_then(Value::as_str);
                found.push(HostedFile {
                    pointer: pointer.clone(),
                    url: url.to_string(),
                    expires: expiry.and_then(|time| time.parse().ok()),
                    name: named.map_or_else(|| name_in_url(url), str::to_string),
                });
            }
            for (key, field) in fields {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                search(field, keys.below(key), Some(value), pointer, found);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

/// The last path segment, percent-decoded.
fn name_in_url(url: &str) -> String {
    let path = without_signature(url);
    let segment = path.rsplit('/').next().unwrap_or_default().as_bytes();
    let mut bytes = Vec::with_capacity(segment.len());
    let mut index = 0;
    while let Some(&byte) = segment.get(index) {
        // By digit: the standard library's reader of numbers takes a sign as well.
        let digit = |at: usize| char::from(*segment.get(at)?).to_digit(16);
        match digit(index + 1).zip(digit(index + 2)) {
            Some((high, low)) if byte == b'%' => {
                bytes.push((high * 16 + low) as u8);
                index += 3;
            }
            _ => {
                bytes.push(byte);
                index += 1;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_two_hexadecimal_digits_are_decoded() {
        let named = |segment: &str| name_in_url(&format!("https://s/{segment}?a=b"));
        for (segment, name) in [
            ("%41", "A"),
            ("%c3%A9", "é"),
            ("%+f", "%+f"),
            ("%-1", "%-1"),
            ("% 1", "% 1"),
            ("%+41", "%+41"),
            ("%4", "%4"),
            ("%", "%"),
            ("%%41", "%A"),
            ("%ff", "\u{FFFD}"),
        ] {
            assert_eq!(named(segment), name, "{segment}");
        }
    }

    #[test]
    fn properties_named_like_words_of_the_api_are_no_file() {
        let page = json!({"properties": {
            "url": {"type": "url", "url": "https://x"}, "expiry_time": {"type": "date", "date": null},
            "properties": {"type": "rich_text", "rich_text": []}}});
        assert_eq!(hosted_files(&page), []);
        let short = json!({"properties": {"url": "https://x", "expiry_time": null}});
        assert_eq!(hosted_files(&short), []);
    }

    #[test]
    fn every_place_is_found_and_named() {
        let file = |name: &str| json!({"url": format!("https://s/{name}?sig=1"), "expiry_time": "2026-11-01T10:00:00.000Z"});
        let page = json!({
            "icon": {"type": "file", "file": file("icon.png")},
            "cover": {"type": "external", "external": {"url": "https://elsewhere/c.png"}},
            "properties": {"a/b": {"type": "files", "files": [
                {"name": "report.pdf", "type": "file", "file": file("x")},
                {"name": "link", "type": "external", "external": {"url": "https://e"}}]}},
            "future_block": {"thing": file("caf%C3%A9%.bin")},
        });
        let found: Vec<(String, String)> = hosted_files(&page)
            .into_iter()
            .map(|file| (file.pointer, file.name))
            .collect();
        assert_eq!(
            found,
            [
                ("/future_block/thing".to_string(), "café%.bin".to_string()),
                ("/icon/file".to_string(), "icon.png".to_string()),
                (
                    "/properties/a~1b/files/0/file".to_string(),
                    "report.pdf".to_string()
                ),
            ]
        );
        assert_eq!(page.pointer(&found[2].0), Some(&file("x")));
    }
}

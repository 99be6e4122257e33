//! Rich text, every kind of it, as the API shows it (section 3.9).

use serde_json::{Value, json};

use super::model::Id;

/// Annotations without any style.
pub fn plain() -> Value {
    json!({"bold": false, "italic": false, "strikethrough": false, "underline": false,
           "code": false, "color": "default"})
}

/// One unstyled run.
pub fn run(text: &str) -> Value {
    json!({"type": "text", "text": {"content": text, "link": null}, "annotations": plain(),
           "plain_text": text, "href": null})
}

/// A rich-text array of one run, or of none for the empty text.
pub fn rich(text: &str) -> Value {
    if text.is_empty() {
        return json!([]);
    }
    json!([run(text)])
}

/// A run with some annotations switched on, such as `["bold", "code"]`.
pub fn styled(text: &str, on: &[&str], color: &str) -> Value {
    let mut value = run(text);
    for name in on {
        value["annotations"][*name] = json!(true);
    }
    value["annotations"]["color"] = json!(color);
    value
}

pub fn link(text: &str, url: &str) -> Value {
    let mut value = run(text);
    value["text"]["link"] = json!({"url": url});
    value["href"] = json!(url);
    value
}

pub fn equation(expression: &str) -> Value {
    json!({"type": "equation", "equation": {"expression": expression}, "annotations": plain(),
           "plain_text": expression, "href": null})
}

/// A mention of any kind: `mention` is the object under that key.
pub fn mention(mention: Value, text: &str, href: Option<&str>) -> Value {
    json!({"type": "mention", "mention": mention, "annotations": plain(),
           "plain_text": text, "href": href})
}

pub fn mention_user(id: Id, name: &str) -> Value {
    mention(
        json!({"type": "user", "user": {"object": "user", "id": id}}),
        &format!("@{name}"),
        None,
    )
}

pub fn mention_page(id: Id, title: &str) -> Value {
    let href = format!("https://www.notion.so/{:032x}", id.bits());
    mention(
        json!({"type": "page", "page": {"id": id}}),
        title,
        Some(&href),
    )
}

pub fn mention_database(id: Id, title: &str) -> Value {
    let href = format!("https://www.notion.so/{:032x}", id.bits());
    mention(
        json!({"type": "database", "database": {"id": id}}),
        title,
        Some(&href),
    )
}

pub fn mention_date(start: &str, end: Option<&str>, zone: Option<&str>) -> Value {
    mention(
        json!({"type": "date", "date": {"start": start, "end": end, "time_zone": zone}}),
        start,
        None,
    )
}

pub fn mention_emoji(id: Id, name: &str) -> Value {
    mention(
        json!({"type": "custom_emoji", "custom_emoji": {"$emoji": id}}),
        &format!(":{name}:"),
        None,
    )
}

/// The text of a rich-text array, as people see it.
pub fn plain_text(rich: &Value) -> String {
    rich.as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item["plain_text"].as_str())
        .collect()
}

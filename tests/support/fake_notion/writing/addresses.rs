//! Addresses that Notion refuses, without a word on where they stand (section 10.1).

use serde_json::Value;

use super::super::refusal::Refusal;

/// Refuses a body that holds bad addresses: one line for each of them.
pub fn check(body: &Value) -> Result<(), Refusal> {
    let mut lines = String::new();
    collect(body, "", &mut lines);
    if lines.is_empty() {
        return Ok(());
    }
    let message = format!("Content creation Failed. Fix the following: {lines}");
    Err(Refusal::validation(message))
}

fn collect(value: &Value, under: &str, lines: &mut String) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, under, lines)),
        Value::Object(map) => {
            if let Some(line) = complaint(value, under) {
                lines.push('\n');
                lines.push_str(line);
            }
            map.iter().for_each(|(key, item)| collect(item, key, lines));
        }
        _ => {}
    }
}

/// What is wrong with the address that this object itself holds.
fn complaint(value: &Value, under: &str) -> Option<&'static str> {
    let bad = |url: &Value| url.as_str().is_some_and(|url| !is_web(url));
    match under {
        "text" => bad(&value["link"]["url"]).then_some("Invalid URL for link."),
        "image" | "cover" => bad(&value["external"]["url"]).then_some("Invalid image url."),
        "icon" => bad(&value["external"]["url"]).then_some("Invalid page icon URL."),
        _ => None,
    }
}

/// Whether an address leads to a host of the web.
fn is_web(url: &str) -> bool {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or(""));
    host.is_some_and(|host| !host.is_empty() && !host.contains(char::is_whitespace))
}

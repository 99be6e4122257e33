//! Rich text of requests, read as the words that it will show.

use serde_json::{Value, json};

/// The most UTF-16 units of one run (section 1.5 of the API digest).
pub(super) const RUN: usize = 2000;
/// The most runs of one rich text (section 1.5 of the API digest).
pub(super) const RUNS: usize = 100;

/// The words of a rich text of a request. A mention says what it knows: its
/// `plain_text`, a date, or nothing but its kind.
pub(super) fn words(rich_text: &Value) -> String {
    let runs = rich_text.as_array().into_iter().flatten();
    runs.map(word).collect()
}

/// Whether [`words`] is what Notion will show: mentions show titles and names.
pub(super) fn is_certain(rich_text: &Value) -> bool {
    let runs = rich_text.as_array().into_iter().flatten();
    runs.into_iter().all(|run| run["mention"].is_null())
}

/// The words of one run.
pub(super) fn word(run: &Value) -> String {
    let own = [
        &run["plain_text"],
        &run["text"]["content"],
        &run["equation"]["expression"],
        &run["mention"]["date"]["start"],
    ];
    if let Some(text) = own.into_iter().find_map(Value::as_str) {
        return text.to_owned();
    }
    let Some(mention) = run["mention"].as_object() else {
        return String::new();
    };
    let kind = mention.keys().find(|key| *key != "type");
    match kind.map(String::as_str) {
        Some(kind @ ("page" | "database")) => match mention[kind]["id"].as_str() {
            Some(id) => format!("https://www.notion.so/{}", id.replace('-', "")),
            None => kind.to_owned(),
        },
        Some("user") => "@user".to_owned(),
        Some(kind) => kind.to_owned(),
        None => String::new(),
    }
}

/// A text without styles, in runs that keep the limit; as many as it takes.
pub(super) fn runs(text: &str) -> Vec<Value> {
    let mut runs = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut units = 0;
        let end = rest.char_indices().find_map(|(at, char)| {
            units += char.len_utf16();
            (units > RUN).then_some(at)
        });
        let (run, more) = rest.split_at(end.unwrap_or(rest.len()));
        runs.push(json!({"type": "text", "text": {"content": run}}));
        rest = more;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_can_be_known() {
        let rich_text = json!([
            {"text": {"content": "a "}},
            {"equation": {"expression": "x"}},
            {"mention": {"type": "page", "page": {"id": "0-1"}}},
            {"mention": {"user": {"id": "5"}}},
            {"mention": {"date": {"start": "2026-01-01"}}},
        ]);
        let words = words(&rich_text);
        assert_eq!(words, "a xhttps://www.notion.so/01@user2026-01-01");
        assert!(!is_certain(&rich_text));
        assert!(is_certain(&json!([{"text": {"content": "a"}}])));
    }

    #[test]
    fn runs_keep_the_limit_and_every_character() {
        // Each of these is two units.
        let text = "😀".repeat(2500);
        let runs = runs(&text);
        assert_eq!(runs.len(), 3);
        for run in &runs {
            assert!(word(run).encode_utf16().count() <= RUN);
        }
        assert_eq!(words(&json!(runs)), text);
        assert!(super::runs("").is_empty());
    }
}

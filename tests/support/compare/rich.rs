//! Rich text, compared by what people see: every character with its style and its
//! link, every mention, every equation; how it is cut into runs does not matter.

use serde_json::{Value, json};

use super::super::workspace::model::Id;
use super::super::workspace::text::plain_text;
use super::node::{any, reference};

/// Hosts whose addresses lead into a workspace (section 1.7).
const HOSTS: [&str; 4] = [
    "notion.so",
    "www.notion.so",
    "app.notion.com",
    "notion.site",
];

/// A rich-text array of the model as a `$rich` marker.
pub fn draw(value: &Value) -> Value {
    let items = value.as_array().into_iter().flatten();
    let pieces: Vec<Value> = items
        .map(piece)
        .filter(|piece| piece["kind"] != "text" || piece["text"] != "")
        .collect();
    json!({"$rich": pieces})
}

/// What a `$rich` marker reads like.
pub fn words(rich: &Value) -> String {
    let pieces = rich["$rich"].as_array().into_iter().flatten();
    pieces.filter_map(|piece| piece["text"].as_str()).collect()
}

/// How many runs a write of it takes.
pub fn runs(rich: &Value) -> usize {
    let pieces = rich["$rich"].as_array().into_iter().flatten();
    pieces
        .map(|piece| {
            let units = piece["text"].as_str().unwrap_or("").encode_utf16().count();
            units.div_ceil(2000).max(1)
        })
        .sum()
}

/// A plain text as a `$rich` marker.
pub fn plain(text: &str) -> Value {
    draw(&super::super::workspace::text::rich(text))
}

fn piece(item: &Value) -> Value {
    let style = style(&item["annotations"]);
    let text = plain_text(&json!([item]));
    if let Some(words) = item["text"]["content"].as_str() {
        let url = item["text"]["link"]["url"].as_str();
        let link = url.map_or(Value::Null, link);
        return json!({"kind": "text", "text": words, "style": style, "link": link});
    }
    if item["type"] == "equation" {
        let expression = &item["equation"]["expression"];
        return json!({"kind": "equation", "text": text, "thing": expression, "style": style});
    }
    let Value::Object(mention) = &item["mention"] else {
        return json!({"kind": "unknown", "text": text, "thing": item, "style": style});
    };
    let kind = mention.get("type").and_then(Value::as_str).unwrap_or("");
    let body = mention.get(kind).cloned().unwrap_or(Value::Null);
    let thing = match kind {
        "page" | "database" => json!({"$id": body["id"]}),
        "user" => json!({"$user": body["id"]}),
        "custom_emoji" => json!({"$emoji": body["$emoji"]}),
        "date" => super::dates::date(&body),
        _ => without_nulls(&body),
    };
    json!({"kind": kind, "text": text, "thing": thing, "style": style})
}

/// Annotations as one short text: `bold+code/red`.
fn style(annotations: &Value) -> String {
    let on: Vec<&str> = ["bold", "italic", "strikethrough", "underline", "code"]
        .into_iter()
        .filter(|name| annotations[*name] == true)
        .collect();
    let color = annotations["color"].as_str().unwrap_or("default");
    format!("{}/{color}", on.join("+"))
}

/// A value without the keys that hold null.
pub fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        Value::Object(map) => {
            let kept = map.iter().filter(|(_, value)| !value.is_null());
            let kept = kept.map(|(key, value)| (key.clone(), without_nulls(value)));
            Value::Object(kept.collect())
        }
        other => other.clone(),
    }
}

/// An address: one into a workspace by what it leads to, any other as text, with what
/// Notion does to addresses done (section 3.9).
pub fn link(url: &str) -> Value {
    let url = url.replace(' ', "%20");
    let Some((_, rest)) = url.split_once("://") else {
        return json!(url);
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    if HOSTS.contains(&host) || host.ends_with(".notion.site") {
        let (path, block) = path.split_once('#').unwrap_or((path, ""));
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let asked = |name: &str| query.split('&').find_map(|it| it.strip_prefix(name));
        let page = trailing_id(path).or_else(|| trailing_id(asked("p=")?));
        if let Some(page) = page {
            let mut link = json!({"page": reference(page)});
            if let Some(view) = asked("v=").and_then(trailing_id) {
                link["view"] = reference(view);
            }
            if let Some(block) = trailing_id(block) {
                link["block"] = reference(block);
            }
            return link;
        }
    }
    if !rest.contains('/') && !rest.contains('?') {
        return json!(format!("{url}/"));
    }
    json!(url)
}

fn trailing_id(text: &str) -> Option<Id> {
    let hex: String = text.chars().filter(|c| *c != '-').collect();
    let start = hex.len().checked_sub(32)?;
    hex.get(start..)?.parse().ok()
}

/// One thing that a reader sees.
enum Atom<'a> {
    Char(char, &'a Value, &'a Value),
    Thing(&'a Value),
    /// At least one character or thing, whatever it is.
    Wild,
}

fn atoms(rich: &Value) -> Vec<Atom<'_>> {
    let mut atoms = Vec::new();
    for piece in rich["$rich"].as_array().into_iter().flatten() {
        match piece["kind"].as_str() {
            Some("text") => {
                let text = piece["text"].as_str().unwrap_or("");
                let (style, link) = (&piece["style"], &piece["link"]);
                atoms.extend(text.chars().map(|c| Atom::Char(c, style, link)));
            }
            Some("wild") => atoms.push(Atom::Wild),
            _ => atoms.push(Atom::Thing(piece)),
        }
    }
    atoms
}

/// Whether two `$rich` markers read the same. `same` compares links and what mentions
/// name; with `prefixed`, anything may stand before the expected text.
pub fn equal(
    expected: &Value,
    actual: &Value,
    prefixed: bool,
    same: &dyn Fn(&Value, &Value) -> bool,
) -> bool {
    let actual = atoms(actual);
    for expected in alternatives(expected) {
        let expected = atoms(&expected);
        if match_from(&expected, &actual, same) {
            return true;
        }
        if prefixed && (1..=actual.len()).any(|at| match_from(&expected, &actual[at..], same)) {
            return true;
        }
    }
    false
}

fn match_from(
    mut expected: &[Atom],
    mut actual: &[Atom],
    same: &dyn Fn(&Value, &Value) -> bool,
) -> bool {
    // Runs are long and alike: what was found equal once need not be looked at again.
    let mut links: Option<(*const Value, *const Value)> = None;
    while let [first, rest @ ..] = expected {
        if matches!(first, Atom::Wild) {
            let most = actual.len().min(60);
            return (1..=most).any(|taken| match_from(rest, &actual[taken..], same));
        }
        let [seen, left @ ..] = actual else {
            return false;
        };
        let equal = match (first, seen) {
            (Atom::Char(c, style, link), Atom::Char(d, other_style, other_link)) => {
                let pair: (*const Value, *const Value) = (*link, *other_link);
                let linked = links == Some(pair) || same(link, other_link);
                if linked {
                    links = Some(pair);
                }
                c == d && style == other_style && linked
            }
            (Atom::Thing(thing), Atom::Thing(other)) => {
                thing["kind"] == other["kind"]
                    && thing["style"] == other["style"]
                    && same(&thing["thing"], &other["thing"])
            }
            _ => false,
        };
        if !equal {
            return false;
        }
        (expected, actual) = (rest, left);
    }
    actual.is_empty()
}

/// Every reading of a text whose pieces may be `{"kind": "one of", "pieces": [..]}`.
fn alternatives(rich: &Value) -> Vec<Value> {
    let mut all: Vec<Vec<Value>> = vec![Vec::new()];
    for piece in rich["$rich"].as_array().into_iter().flatten() {
        let choices: Vec<&Value> = match piece["kind"].as_str() {
            Some("one of") => piece["pieces"].as_array().into_iter().flatten().collect(),
            _ => vec![piece],
        };
        let keep = if all.len() * choices.len() > 64 {
            &choices[..1]
        } else {
            &choices[..]
        };
        all = keep
            .iter()
            .flat_map(|choice| {
                all.iter().map(|before| {
                    let mut whole = before.clone();
                    whole.push(Value::clone(choice));
                    whole
                })
            })
            .collect();
    }
    all.into_iter()
        .map(|pieces| json!({"$rich": pieces}))
        .collect()
}

/// A piece that reads like the given one but is only text; its link is free.
pub fn as_text(piece: &Value, text: &str) -> Value {
    json!({"kind": "text", "text": text, "style": piece["style"],
           "link": {"$whatever": true}})
}

/// A link of which only the first part may be left, or none.
pub fn or_without(link: &Value, whole: bool) -> Value {
    let mut short = link.clone();
    if let Value::Object(map) = &mut short {
        map.remove("block");
        map.remove("view");
    }
    let mut choices = vec![link.clone(), short];
    if !whole {
        choices.push(Value::Null);
    }
    any(choices)
}

//! Every body that a restore sends has a form that the real API accepted in a recording, or
//! that the published request types allow.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use super::tried::modern;
use crate::restorer::Restorer;
use crate::support::Workspace;
use crate::support::fake_notion::schema::{self, Book, Fault};
use crate::support::recordings::present;

/// Forms that are documented, and neither recorded nor in the published types. When
/// Notion refuses one, the restore sends the step again without it
/// (`a_column_that_nobody_names_is_simplified_by_itself`).
///
/// Documented since 22 June 2026: the group of a new status option.
const DOCUMENTED: [&str; 1] =
    ["POST /v1/databases .initial_data_source.properties.*.status.options.group: a string"];

/// What recorded bodies of one endpoint look like, where the API accepted them.
#[derive(Default)]
struct Accepted {
    /// Paths without indices, each with a JSON type.
    forms: BTreeSet<String>,
    /// Paths without indices, each with the keys of an object.
    keys: BTreeSet<(String, Vec<String>)>,
    /// Paths without indices, each with a text.
    texts: BTreeSet<(String, String)>,
}

impl Accepted {
    fn learn(&mut self, value: &Value, path: &str) {
        self.forms.insert(form(value, path));
        match value {
            Value::Object(map) => {
                let keys = map.keys().cloned().collect();
                self.keys.insert((path.to_owned(), keys));
            }
            Value::String(text) => {
                self.texts.insert((path.to_owned(), text.clone()));
            }
            _ => {}
        }
        for (path, value) in parts(value, path) {
            self.learn(value, &path);
        }
    }

    /// The forms of a value that no recorded body has, with the value's own path.
    fn unknown(&self, value: &Value, path: &str, found: &mut BTreeSet<String>) {
        let form = form(value, path);
        if !self.forms.contains(&form) {
            found.insert(form);
            return;
        }
        for (path, value) in parts(value, path) {
            self.unknown(value, &path, found);
        }
    }
}

/// The judge of bodies: recorded ones by endpoint, and the published types.
struct Judge(HashMap<String, Accepted>);

impl Judge {
    /// `None` where the recordings or the types are not there.
    fn new() -> Option<Judge> {
        let all = present()?;
        if !schema::present(Book::Requests) {
            return None;
        }
        let mut judge = Judge(HashMap::new());
        for exchange in all.iter().filter(|it| (200..300).contains(&it.status)) {
            let mut body = exchange.request.clone();
            if !body.is_null() && modern(&mut body, &exchange.version).is_ok() {
                let accepted = judge.0.entry(exchange.route()).or_default();
                accepted.learn(&body, "");
            }
        }
        Some(judge)
    }

    /// The forms in a body that neither a recording nor the types support.
    fn unsupported(&self, route: &str, body: &Value) -> BTreeSet<String> {
        let mut segments = route.split(['/', ' ']);
        let method = segments.next().unwrap_or("");
        let segments: Vec<&str> = segments.skip(2).collect();
        let name = match route {
            "PATCH /v1/blocks/{id}" => Some("BlockObjectRequestWithoutChildren"),
            _ => schema::request_name(method, &segments),
        };
        if route != "POST /v1/views" {
            return self.judged(route, name, body);
        }
        let mut body = body.clone();
        let mut found = BTreeSet::new();
        for query in take_queries(&mut body) {
            found.extend(self.judged(route, Some("ReqQuery"), &query));
        }
        found.extend(self.judged(route, name, &body));
        found
    }

    fn judged(&self, route: &str, name: Option<&str>, body: &Value) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let none = Accepted::default();
        let accepted = self.0.get(route).unwrap_or(&none);
        let Some(places) = name.and_then(|name| schema::places(Book::Requests, name, body)) else {
            accepted.unknown(body, "", &mut found);
            return found;
        };
        for place in places {
            let value = body.pointer(&place.at).unwrap_or(&Value::Null);
            let path = bare(&place.at);
            match place.fault {
                Fault::Unknown(key) => {
                    let path = below(&path, &key);
                    accepted.unknown(&value[&key], &path, &mut found);
                }
                Fault::Missing(key) => {
                    let without = |keys: &[String]| !keys.contains(&key);
                    let mut known = accepted.keys.iter();
                    if !known.any(|(at, keys)| *at == path && without(keys)) {
                        found.insert(format!("{path} without {key}"));
                    }
                }
                Fault::Value => {
                    let known = match value {
                        Value::String(text) => {
                            accepted.texts.contains(&(path.clone(), text.clone()))
                        }
                        _ => true,
                    };
                    if known {
                        accepted.unknown(value, &path, &mut found);
                    } else {
                        found.insert(format!("{path}: {value}"));
                    }
                }
            }
        }
        found
    }
}

/// Takes the filters and sorts out of a view, as bodies of queries: the types of views
/// give them no keys and say in words that they have the format of a query's.
fn take_queries(view: &mut Value) -> Vec<Value> {
    let Some(view) = view.as_object_mut() else {
        return Vec::new();
    };
    let mut queries = Vec::new();
    for key in ["filter", "sorts"] {
        queries.extend(view.remove(key).map(|it| json!({key: it})));
    }
    // The key names the property that the condition is about.
    if let Some(Value::Object(quick)) = view.remove("quick_filters") {
        for (property, mut condition) in quick {
            condition["property"] = json!(property);
            queries.push(json!({"filter": condition}));
        }
    }
    queries
}

/// The JSON type at a path.
fn form(value: &Value, path: &str) -> String {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    format!("{path}: {kind}")
}

/// What is in a value, each with its path without indices.
fn parts<'a>(value: &'a Value, path: &str) -> Vec<(String, &'a Value)> {
    match value {
        Value::Array(items) => items.iter().map(|it| (path.to_owned(), it)).collect(),
        Value::Object(map) => map.iter().map(|(key, it)| (below(path, key), it)).collect(),
        _ => Vec::new(),
    }
}

/// A path one key longer. Names of columns are not part of a form.
fn below(path: &str, key: &str) -> String {
    let key = if path.ends_with(".properties") {
        "*"
    } else {
        key
    };
    format!("{path}.{key}")
}

/// The path of a JSON pointer, without indices.
fn bare(pointer: &str) -> String {
    let segments = pointer.split('/').skip(1);
    segments.fold(String::new(), |path, segment| {
        let index = segment.bytes().all(|it| it.is_ascii_digit()) && !path.ends_with(".properties");
        match index {
            true => path,
            false => below(&path, segment),
        }
    })
}

#[test]
#[allow(clippy::print_stdout)]
fn every_body_of_a_restore_has_a_supported_form() {
    let Some(judge) = Judge::new() else { return };
    let mut judged: BTreeMap<String, usize> = BTreeMap::new();
    let mut found: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let restorers = [
        Restorer::home(Workspace::everything(1)),
        Restorer::abroad(Workspace::everything(1)),
    ];
    for restorer in restorers {
        restorer.restore();
        for sent in restorer.target.requests() {
            let Some(body) = &sent.body else { continue };
            let route = sent.endpoint();
            *judged.entry(route.clone()).or_default() += 1;
            for form in judge.unsupported(&route, body) {
                let key = format!("{route} {form}");
                let entry = found.entry(key).or_insert((0, body.to_string()));
                entry.0 += 1;
            }
        }
    }
    println!("bodies judged: {judged:#?}");
    for (form, (count, _)) in &found {
        println!("{form}: {count} times");
    }
    assert!(judged.values().sum::<usize>() > 300, "{judged:?}");
    let documented: Vec<&str> = DOCUMENTED
        .into_iter()
        .filter(|form| found.remove(*form).is_some())
        .collect();
    assert!(found.is_empty(), "forms that nothing supports: {found:#?}");
    assert_eq!(documented, DOCUMENTED);
}

#[test]
fn a_form_that_nothing_supports_is_named() {
    let Some(judge) = Judge::new() else { return };
    let judge = |body: &Value| {
        let found = judge.unsupported("PATCH /v1/blocks/{id}/children", body);
        found.into_iter().collect::<Vec<_>>()
    };
    let text = json!({"type": "text", "text": {"content": "a"}});
    let mut body = json!({"children": [
        {"type": "divider", "divider": {}},
        {"type": "paragraph", "paragraph": {"rich_text": [text]}},
    ]});
    assert_eq!(judge(&body), [""; 0]);
    let paragraph = &mut body["children"][1]["paragraph"];
    paragraph["colour"] = json!("red");
    paragraph["rich_text"][0]["text"]["content"] = json!(7);
    assert_eq!(
        judge(&body),
        [
            ".children.paragraph.colour: a string",
            ".children.paragraph.rich_text.text.content: a number",
        ]
    );
    body["children"][1] = json!({"type": "tab_of_old", "tab_of_old": {}});
    assert_eq!(
        judge(&body),
        [
            ".children.tab_of_old: an object",
            ".children.type: \"tab_of_old\"",
        ]
    );
}

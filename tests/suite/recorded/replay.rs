//! A server that answers what it is told to, the client that asks it, and what of a
//! recorded object has to be in a snapshot.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use notion_backup::clock::ManualClock;
use notion_backup::extract::extract;
use notion_backup::notion::{Notion, Settings, Token};
use notion_backup::repo::{ObjectId, Repository};
use notion_backup::report::Silent;
use notion_backup::stop::Stop;
use serde_json::Value;

use crate::golden::files_below;
use crate::support::fake_notion::http::{Incoming, Outgoing};
use crate::support::fake_notion::server::{Reply, Server};

/// After all that was recorded.
pub fn clock() -> ManualClock {
    let now: Timestamp = "2026-11-01T10:00:00Z".parse().expect("a time");
    ManualClock::at(now)
}

/// Serves what a handler answers, as JSON.
pub fn serve(answer: impl Fn(&Incoming) -> (u16, Value) + Send + Sync + 'static) -> Server {
    let handle = move |request: Incoming| {
        let (status, body) = answer(&request);
        let kind = "application/json; charset=utf-8";
        let body = body.to_string().into_bytes();
        Reply::Send(Outgoing::new(status, kind, body))
    };
    Server::start(handle).expect("a loopback port")
}

/// The real client for that server.
pub fn client(server: &Server) -> Notion {
    let settings = Settings {
        token: Token::new("ntn_recorded000000000000".to_owned()).expect("a token"),
        api_url: format!("http://{}", server.address()),
        requests_per_minute: None,
    };
    let clock = Arc::new(clock());
    Notion::connect(&settings, clock, Stop::new(), Arc::new(Silent)).expect("a client")
}

/// The files that `extract` writes of a tree, as JSON where they are.
pub fn extracted(repo: &Repository, root: ObjectId) -> BTreeMap<String, Value> {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("out");
    let done = extract(repo, root, &target, &Silent).expect("it is extracted");
    assert!(done.lost.is_empty(), "{:?}", done.lost);
    read_all(&target)
}

fn read_all(folder: &Path) -> BTreeMap<String, Value> {
    let files = files_below(folder).into_iter();
    let json = files.filter(|(path, _)| path.ends_with(".json"));
    json.map(|(path, content)| {
        let value = serde_json::from_slice(&content);
        let value = value.unwrap_or_else(|error| panic!("{path}: {error}"));
        (path, value)
    })
    .collect()
}

/// A recorded object as a snapshot has to have it: without the answer's request id, and
/// without signature and expiry time of files that Notion hosts. Everything else stays.
pub fn kept(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("request_id");
    }
    unsigned(&mut object);
    object
}

/// Notion's files are `{"type": "file", "file": {"url", "expiry_time"}}` wherever they are
/// (section 3.7 of the API digest).
fn unsigned(value: &mut Value) {
    if value["type"] == "file"
        && let Some(file) = value.get_mut("file").and_then(Value::as_object_mut)
        && file.contains_key("url")
        && file.remove("expiry_time").is_some()
        && let Some(Value::String(url)) = file.get_mut("url")
    {
        *url = url.split('?').next().unwrap_or_default().to_owned();
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(unsigned),
        Value::Object(fields) => fields.values_mut().for_each(unsigned),
        _ => {}
    }
}

/// Where two values differ first, as a JSON pointer with both values.
pub fn difference(expected: &Value, found: &Value) -> Option<String> {
    fn walk(expected: &Value, found: &Value, at: &str) -> Option<String> {
        match (expected, found) {
            (Value::Object(one), Value::Object(other)) => {
                let keys = one.keys().chain(other.keys());
                let mut keys = keys.map(|key| (key, one.get(key), other.get(key)));
                keys.find_map(|(key, one, other)| {
                    let at = format!("{at}/{key}");
                    match (one, other) {
                        (Some(one), Some(other)) => walk(one, other, &at),
                        (one, other) => Some(format!("{at}: {one:?} became {other:?}")),
                    }
                })
            }
            (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
                let mut pairs = one.iter().zip(other).enumerate();
                pairs.find_map(|(index, (one, other))| walk(one, other, &format!("{at}/{index}")))
            }
            (one, other) if one == other => None,
            (one, other) => Some(format!("{at}: {one} became {other}")),
        }
    }
    walk(expected, found, "")
}

/// Prints a result of these tests: `--nocapture` shows it.
#[allow(clippy::print_stdout)]
pub fn print(text: &str) {
    println!("{text}");
}

/// Prints a table: what, how many were passed, how many were not and why.
pub fn print_table(title: &str, rows: &BTreeMap<String, (usize, BTreeMap<String, usize>)>) {
    let mut text = format!("{title}\n");
    for (what, (passed, others)) in rows {
        text.push_str(&format!("{passed:>6}  {what}\n"));
        for (why, count) in others {
            text.push_str(&format!("{:>6}  {count} not: {why}\n", ""));
        }
    }
    print(&text);
}

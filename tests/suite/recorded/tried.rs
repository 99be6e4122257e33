//! Recorded writes tried on the Notion in memory.
//!
//! The exchanges of a recording go by in their order. What a read showed is put into
//! the workspace before the next write; a write is sent, with the ids that the Notion in
//! memory gave in the place of the recorded ones, and its answer is compared.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::seed::{self, id_of};
use super::shape;
use crate::fake_notion::client::Client;
use crate::support::recordings::Exchange;
use crate::support::workspace::model::Id;
use crate::support::{FakeNotion, Workspace};

/// What became of one recorded write.
pub struct Tried {
    pub route: String,
    pub place: String,
    pub outcome: Outcome,
}

pub enum Outcome {
    /// Why it was not tried.
    Not(&'static str),
    /// How the answer differed in status or code.
    Other(String),
    /// How the answer's shape differed.
    Same(BTreeSet<String>),
}

/// Endpoints that the Notion in memory does not have.
const UNBUILT: [&str; 5] = [
    "PATCH /v1/comments/{id}",
    "PATCH /v1/pages/{id}/markdown",
    "POST /v1/views/{id}/queries",
    "DELETE /v1/views/{id}/queries/{id}",
    "POST /v1/file_uploads/{id}/complete",
];

pub struct Replay {
    fake: FakeNotion,
    client: Client,
    /// Recorded id to the one here, where they differ.
    ids: HashMap<String, String>,
    /// Recorded ids of what replayed writes made.
    made: HashSet<Id>,
    /// Recorded ids of what writes that were not tried, or failed, made.
    lost: HashSet<Id>,
}

impl Replay {
    pub fn new(seed: u64) -> Replay {
        let mut ws = Workspace::new(seed);
        // As all recordings have it, after their names were replaced.
        if let Some(space) = id_of(&json!("00000000-0000-4000-8000-0000000000f0")) {
            ws.id = space;
        }
        // Not on the minute, so that rounded times differ from exact ones.
        ws.now += 38_298;
        let fake = FakeNotion::start(ws);
        // The real server is laxer than the published types (section 10.1).
        fake.set(|it| it.validate_requests = false);
        Replay {
            client: Client::new(&fake),
            fake,
            ids: HashMap::new(),
            made: HashSet::new(),
            lost: HashSet::new(),
        }
    }

    /// Takes the next exchange; what became of it where it is a write.
    pub fn step(&mut self, exchange: &Exchange) -> Option<Tried> {
        if exchange.is_read() {
            self.read(exchange);
            return None;
        }
        let outcome = self.write(exchange);
        let done = matches!(outcome, Outcome::Same(_));
        for id in ids_in(&exchange.response) {
            let known = self.fake.look(|ws| ws.parent_of(id).is_some());
            if done && !known {
                self.made.insert(id);
            } else if !done && !known && !self.made.contains(&id) {
                self.lost.insert(id);
            }
        }
        Some(Tried {
            route: exchange.route(),
            place: exchange.place(),
            outcome,
        })
    }

    fn read(&mut self, exchange: &Exchange) {
        if exchange.status >= 300 {
            return;
        }
        // What a replayed write made is here under another id: learn that one.
        let path = self.path(&exchange.path);
        let later = exchange
            .query
            .iter()
            .any(|(name, _)| name == "start_cursor");
        // The order of users means nothing.
        let users = exchange.path.starts_with("/v1/users") && exchange.path != "/v1/users/me";
        let single = exchange.method == "GET" && !later && !users;
        if let Some(path) = path.filter(|_| single) {
            let answer = self.client.send("GET", &path, None);
            if answer.status == 200 {
                self.learn(&exchange.response, &answer.json());
            }
        }
        let mut shown = exchange.response.clone();
        self.forget_made(&mut shown);
        self.fake.edit(|ws| seed::put(ws, &shown));
    }

    /// Leaves out of a recorded answer what is here under another id.
    fn forget_made(&self, value: &mut Value) {
        let strange = |item: &Value| {
            let id = id_of(&item["id"]);
            let up = |key: &str| id_of(&item["parent"][key]);
            let keys = ["page_id", "block_id", "data_source_id", "database_id"];
            let mut all = keys.iter().filter_map(|key| up(key)).chain(id);
            all.any(|id| self.made.contains(&id) || self.lost.contains(&id))
        };
        if let Some(results) = value.get_mut("results").and_then(Value::as_array_mut) {
            results.retain(|item| !strange(item));
        } else if strange(value) {
            *value = Value::Null;
        }
    }

    fn write(&mut self, exchange: &Exchange) -> Outcome {
        let route = exchange.route();
        if UNBUILT.contains(&route.as_str()) {
            return Outcome::Not("the Notion in memory does not have this endpoint");
        }
        if exchange.request["mode"] == "external_url" {
            return Outcome::Not("the Notion in memory fetches nothing from an address");
        }
        let mut named = ids_in(&exchange.request);
        named.extend(
            exchange
                .path
                .split('/')
                .filter_map(|it| it.parse::<Id>().ok()),
        );
        let unknown = |id: &Id| self.lost.contains(id) && !self.made.contains(id);
        if named.iter().any(unknown) {
            return Outcome::Not("it names what an earlier untried write made");
        }
        let mut request = exchange.request.clone();
        if let Err(reason) = modern(&mut request, &exchange.version) {
            return Outcome::Not(reason);
        }
        let strange = named.iter().filter(|id| !self.made.contains(*id));
        let strange: BTreeSet<String> = strange.map(ToString::to_string).collect();
        let mut kept = request.clone();
        keep_ids(&mut kept, &strange);
        self.fake.edit(|ws| seed::put_named(ws, &kept));
        self.translate(&mut request, "");
        let Some(path) = self.path(&exchange.path) else {
            return Outcome::Not("its path has no meaning here");
        };
        let answer = if let Some(text) = exchange.request["__text__"].as_str() {
            let boundary = text.lines().next().unwrap_or("").trim_start_matches("--");
            let kind = format!("multipart/form-data; boundary={boundary}");
            self.client.send_parts(&path, &kind, text.as_bytes())
        } else {
            let body = (!request.is_null()).then_some(&request);
            self.client.send(&exchange.method, &path, body)
        };
        let (status, made) = (answer.status, answer.json());
        let mut recorded = exchange.response.clone();
        take_archived(&mut recorded);
        if status != exchange.status || made["code"] != recorded["code"] {
            return Outcome::Other(format!(
                "{} {}, not {} {}: {} | {}",
                status, made["code"], exchange.status, recorded["code"], made["message"], request
            ));
        }
        self.learn(&recorded, &made);
        self.rename(&mut recorded);
        Outcome::Same(shape::differences(&recorded, &made))
    }

    /// The path with the ids of here, without `/v1`.
    fn path(&self, path: &str) -> Option<String> {
        let mut out = String::new();
        for segment in path.strip_prefix("/v1")?.split('/').skip(1) {
            let known = self.id(segment);
            out.push('/');
            out.push_str(known.as_deref().unwrap_or(segment));
        }
        Some(out)
    }

    fn id(&self, text: &str) -> Option<String> {
        let dashed = text.parse::<Id>().map(|id| id.to_string());
        let key = dashed.as_deref().unwrap_or(text);
        self.ids.get(key).cloned()
    }

    fn translate(&self, value: &mut Value, under: &str) {
        match value {
            Value::String(text) => {
                let names = under == "id"
                    || under.ends_with("_id")
                    || under == "property"
                    || under == "after"
                    || text.parse::<Id>().is_ok();
                if let Some(here) = self.id(text).filter(|_| names) {
                    *text = here;
                } else if text.contains("block_property") {
                    for (recorded, here) in &self.ids {
                        *text = text.replace(recorded.as_str(), here);
                    }
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.translate(item, under);
                }
            }
            Value::Object(map) => {
                let mut out = Map::new();
                for (key, mut item) in std::mem::take(map) {
                    self.translate(&mut item, &key);
                    let key = match self.id(&key).filter(|_| under == "properties") {
                        Some(here) => here,
                        None => key,
                    };
                    out.insert(key, item);
                }
                *map = out;
            }
            _ => {}
        }
    }

    /// Columns whose names hold a title have the title of here, where the recording has
    /// scrambled it.
    fn rename(&self, value: &mut Value) {
        let Some(Value::Object(columns)) = value.get_mut("properties") else {
            return;
        };
        for (name, column) in std::mem::take(columns) {
            let here = self.ids.get(&name).cloned();
            columns.insert(here.unwrap_or(name), column);
        }
    }

    fn learn_name(&mut self, recorded: &Value, here: &Value) {
        let (Some(recorded), Some(here)) = (
            recorded["properties"].as_object(),
            here["properties"].as_object(),
        ) else {
            return;
        };
        let only = |of: &Map<String, Value>, other: &Map<String, Value>| {
            let mut alone = of.keys().filter(|name| !other.contains_key(*name));
            let one = alone.next().cloned();
            one.filter(|_| alone.next().is_none())
        };
        if let (Some(name), Some(known)) = (only(recorded, here), only(here, recorded))
            && recorded[&name]["type"] == here[&known]["type"]
            && name.starts_with("Related to ")
        {
            self.ids.insert(name, known);
        }
    }

    /// Learns what the ids of a recorded answer are here.
    fn learn(&mut self, recorded: &Value, here: &Value) {
        self.learn_name(recorded, here);
        match (recorded, here) {
            (Value::Object(recorded), Value::Object(here)) => {
                for (key, recorded) in recorded {
                    let here = here.get(self.ids.get(key).unwrap_or(key));
                    let Some(here) = here else { continue };
                    // Who made something tells nothing about other users.
                    if key == "created_by" || key == "last_edited_by" {
                        continue;
                    }
                    if let (Value::String(recorded), Value::String(here)) = (recorded, here)
                        && (key == "id" || key.ends_with("_id"))
                    {
                        if recorded != here && key != "request_id" {
                            self.ids.insert(recorded.clone(), here.clone());
                            if let Ok(id) = recorded.parse() {
                                self.made.insert(id);
                            }
                        }
                    } else {
                        self.learn(recorded, here);
                    }
                }
            }
            (Value::Array(recorded), Value::Array(here)) => {
                for (recorded, here) in recorded.iter().zip(here) {
                    self.learn(recorded, here);
                }
            }
            _ => {}
        }
    }
}

/// A request of an older version in the words of the one that is spoken here.
pub fn modern(request: &mut Value, version: &str) -> Result<(), &'static str> {
    if version == "2026-03-11" {
        return Ok(());
    }
    let Some(map) = request.as_object_mut() else {
        return Ok(());
    };
    if let Some(archived) = map.remove("archived") {
        map.insert("in_trash".into(), archived);
    }
    if let Some(after) = map.remove("after") {
        let position = json!({"type": "after_block", "after_block": {"id": after}});
        map.insert("position".into(), position);
    }
    Ok(())
}

/// The old trash flag, which answers of 2026-03-11 no longer have.
fn take_archived(value: &mut Value) {
    if let Some(map) = value.as_object_mut() {
        map.remove("archived");
    }
    let results = value.get_mut("results").and_then(Value::as_array_mut);
    results.into_iter().flatten().for_each(take_archived);
}

/// Takes every id out of a value but these.
fn keep_ids(value: &mut Value, kept: &BTreeSet<String>) {
    match value {
        Value::String(text) => {
            if let Ok(id) = text.parse::<Id>()
                && !kept.contains(&id.to_string())
            {
                *value = Value::Null;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|it| keep_ids(it, kept)),
        Value::Object(map) => map.values_mut().for_each(|it| keep_ids(it, kept)),
        _ => {}
    }
}

/// Every id under a key `id` or `…_id`.
fn ids_in(value: &Value) -> Vec<Id> {
    match value {
        Value::String(text) => text.parse().into_iter().collect(),
        Value::Array(items) => items.iter().flat_map(ids_in).collect(),
        Value::Object(map) => map.values().flat_map(ids_in).collect(),
        _ => Vec::new(),
    }
}

/// How many writes of each endpoint were tried, and why each of the others was not.
pub fn table(all: &[Tried]) -> String {
    let mut rows: BTreeMap<&str, (usize, usize, BTreeMap<&str, usize>)> = BTreeMap::new();
    for one in all {
        let row = rows.entry(&one.route).or_default();
        row.0 += 1;
        match &one.outcome {
            Outcome::Not(reason) => *row.2.entry(reason).or_default() += 1,
            _ => row.1 += 1,
        }
    }
    let mut text = format!(
        "{:<45} {:>8} {:>6}  not tried\n",
        "write", "recorded", "tried"
    );
    for (route, (recorded, tried, reasons)) in rows {
        let reasons: Vec<String> = reasons
            .iter()
            .map(|(why, n)| format!("{n}: {why}"))
            .collect();
        let reasons = reasons.join("; ");
        text.push_str(&format!(
            "{route:<45} {recorded:>8} {tried:>6}  {reasons}\n"
        ));
    }
    text
}

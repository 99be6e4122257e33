//! Every recorded answer of a read goes through the real client into a repository and out
//! through `extract`, and is the recorded one, field by field.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use notion_backup::model::{NotionId, canonical};
use notion_backup::notion::{Each, End, Error, Notion};
use notion_backup::repo::{Entry, EntryKind, Memory, Repository, Tree};
use serde_json::{Value, json};

use super::replay::{client, difference, extracted, kept, print_table, serve};
use crate::support::recordings::{Exchange, errors, present};

/// What the client made of an answer: single objects, or the items of a list and what goes
/// with them.
enum Got {
    One(Value),
    Many(Vec<Value>, Option<Value>),
}

/// Asks for what was asked for when the exchange was recorded. `None` when the program
/// never asks that.
fn ask(notion: &Notion, exchange: &Exchange) -> Option<Result<Got, Error>> {
    let ids: Vec<NotionId> = exchange
        .path
        .split('/')
        .filter_map(|segment| segment.parse().ok())
        .collect();
    let in_query = |name: &str| -> Option<NotionId> {
        let pair = exchange.query.iter().find(|(key, _)| key == name)?;
        pair.1.parse().ok()
    };
    let first = ids.first().copied();
    let one = |answer: Result<Value, Error>| Some(answer.map(Got::One));
    let many = |list: &dyn Fn(Each) -> Result<End, Error>| {
        let mut all = Vec::new();
        let end = list(&mut |page| {
            all.extend(page);
            Ok(())
        });
        Some(end.map(|end| {
            assert_eq!(end, End::Complete, "{}", exchange.place());
            Got::Many(all, None)
        }))
    };
    match exchange.route().as_str() {
        "GET /v1/users/me" => one(notion.me()),
        "GET /v1/users/{id}" => one(notion.user(first?)),
        "GET /v1/pages/{id}" => one(notion.page(first?)),
        "GET /v1/blocks/{id}" => one(notion.block(first?)),
        "GET /v1/databases/{id}" => one(notion.database(first?)),
        "GET /v1/data_sources/{id}" => one(notion.data_source(first?)),
        "GET /v1/comments/{id}" => one(notion.comment(first?)),
        "GET /v1/views/{id}" => one(notion.view(first?)),
        "GET /v1/file_uploads/{id}" => one(notion.file_upload(first?)),
        "GET /v1/users" => many(&|each| notion.users(each)),
        "GET /v1/custom_emojis" => many(&|each| notion.custom_emojis(each)),
        "GET /v1/blocks/{id}/children" => {
            let block = first?;
            many(&|each| notion.children(block, each))
        }
        "GET /v1/comments" => {
            let on = in_query("block_id")?;
            many(&|each| notion.comments(on, each))
        }
        "GET /v1/views" => {
            let database = in_query("database_id")?;
            many(&|each| notion.views(database, each))
        }
        "GET /v1/data_sources/{id}/templates" => {
            let source = first?;
            many(&|each| notion.templates(source, each))
        }
        "POST /v1/data_sources/{id}/query" => {
            let source = first?;
            many(&|each| notion.rows(source, false, each))
        }
        "POST /v1/search" => many(&|each| notion.search(each)),
        "GET /v1/pages/{id}/properties/{property}" => {
            let property = exchange.path.rsplit('/').next()?;
            let mut items = Vec::new();
            let answer = notion.property(first?, property, &mut |page| {
                items.extend(page);
                Ok(())
            });
            Some(answer.map(|answer| {
                assert_eq!(answer.end, End::Complete, "{}", exchange.place());
                match exchange.response["object"].as_str() {
                    Some("list") => Got::Many(items, Some(answer.head)),
                    _ => Got::One(answer.head),
                }
            }))
        }
        _ => None,
    }
}

/// Why the program never asks such a thing.
fn why_not(route: &str) -> &'static str {
    match route {
        "GET /v1/invalid" => "there is no such route",
        "GET /v1/pages/{id}/markdown" => "blocks hold more than their Markdown",
        "GET /v1/file_uploads" => "a restore asks for its own uploads one by one",
        "GET /v1/async_tasks/{id}" => "only the Markdown routes make such tasks",
        "GET /v1/views/{id}/queries/{id}" => "rows are read from their data source",
        _ => "NO REASON IS KNOWN",
    }
}

/// What follows a recorded answer in a listing: nothing more.
fn nothing_more(answer: &Value) -> Value {
    let mut answer = answer.clone();
    for list in ["results", "templates"] {
        if answer[list].is_array() {
            answer[list] = json!([]);
        }
    }
    answer["has_more"] = json!(false);
    answer["next_cursor"] = Value::Null;
    answer
}

/// The objects of a recorded answer that have to come out.
fn recorded(exchange: &Exchange) -> (Vec<Value>, Option<Value>) {
    let answer = &exchange.response;
    let list = ["results", "templates"];
    let list = list.into_iter().find_map(|key| answer[key].as_array());
    match list {
        Some(items) => {
            let head = answer.get("property_item");
            let mut all: Vec<Value> = Vec::new();
            for item in items.iter().map(kept) {
                // Ids of people were replaced in the recordings, and one answer has the same
                // bot twice. The first one counts.
                let known = all.iter().any(|it| it["id"] == item["id"]);
                if item["object"] != "user" || !known {
                    all.push(item);
                }
            }
            (all, head.map(kept))
        }
        None => (vec![kept(answer)], None),
    }
}

#[test]
fn every_recorded_read_comes_out_of_a_repository_field_by_field() {
    let (Some(all), Some(errors)) = (present(), errors()) else {
        return;
    };
    let current: Arc<Mutex<(u16, Value)>> = Arc::default();
    let answers = Arc::clone(&current);
    let server = serve(move |_| {
        let mut answer = answers.lock().unwrap_or_else(PoisonError::into_inner);
        let next = (answer.0, nothing_more(&answer.1));
        std::mem::replace(&mut *answer, next)
    });
    let notion = client(&server);
    let repo = Repository::create(Arc::new(Memory::new())).expect("a repository");
    let mut table: BTreeMap<String, (usize, BTreeMap<String, usize>)> = BTreeMap::new();
    let mut entries = Vec::new();
    let mut expected = BTreeMap::new();
    let reads = all.iter().chain(errors).filter(|one| one.is_read());
    for (number, exchange) in reads.enumerate() {
        let route = exchange.route();
        let row = table.entry(route.clone()).or_default();
        *current.lock().unwrap() = (exchange.status, exchange.response.clone());
        let got = match ask(&notion, exchange) {
            None => {
                let unknown = exchange.path.ends_with("/AAA");
                let why = match unknown {
                    true => "the program asks with ids alone",
                    false => why_not(&route),
                };
                *row.1.entry(why.to_owned()).or_default() += 1;
                continue;
            }
            Some(Err(error)) => {
                assert!(exchange.status >= 400, "{}: {error}", exchange.place());
                assert_eq!(error.status, Some(exchange.status), "{}", exchange.place());
                assert_eq!(error.code.as_deref(), exchange.response["code"].as_str());
                row.0 += 1;
                continue;
            }
            Some(Ok(got)) => got,
        };
        assert_eq!(exchange.status, 200, "{}", exchange.place());
        row.0 += 1;
        let (items, head) = match got {
            Got::One(object) => (vec![object], None),
            Got::Many(items, head) => (items, head),
        };
        let mut files = Vec::new();
        let mut put = |name: String, value: Value| {
            let stored = repo.put_json(&canonical(value)).expect("it is stored");
            files.push(Entry {
                id: stored.id,
                kind: EntryKind::File,
                modified: None,
                name,
                size: stored.size,
            });
        };
        for (index, item) in items.into_iter().enumerate() {
            put(format!("{index}.json"), item);
        }
        head.into_iter().for_each(|it| put("head.json".into(), it));
        let tree = repo.put_tree(&Tree { entries: files }).expect("a tree");
        entries.push(Entry {
            id: tree,
            kind: EntryKind::Directory,
            modified: None,
            name: format!("{number:05}"),
            size: 0,
        });
        let (items, head) = recorded(exchange);
        let items = items.into_iter().enumerate();
        let items = items.map(|(index, item)| (format!("{index}.json"), item));
        for (name, value) in items.chain(head.map(|head| ("head.json".to_owned(), head))) {
            expected.insert(format!("{number:05}/{name}"), (exchange.place(), value));
        }
    }
    repo.flush().expect("it is written");
    let root = repo.put_tree(&Tree { entries }).expect("a tree");
    let found = extracted(&repo, root);
    for (path, (place, value)) in &expected {
        let found = found
            .get(path)
            .unwrap_or_else(|| panic!("{place}: no {path}"));
        if let Some(difference) = difference(value, found) {
            panic!("{place} ({path}): {difference}");
        }
    }
    assert_eq!(found.len(), expected.len());
    print_table("recorded reads passed through the client", &table);
    let reasons = table.values().flat_map(|(_, others)| others.keys());
    assert!(!reasons.into_iter().any(|why| why.starts_with("NO REASON")));
    // All that is recorded at routes that the program reads.
    let passed: usize = table.values().map(|(passed, _)| passed).sum();
    assert!(passed >= 845, "{passed}");
}

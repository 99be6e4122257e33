//! Against a data source that gives at most so many rows to one query.

use std::collections::BTreeSet;

use super::*;
use crate::notion::testing::{Bench, answering, ids, json_answer};

#[derive(Clone)]
struct Row {
    id: u128,
    created: String,
    edited: String,
    archived: bool,
}

fn row(id: u128, created: u32, edited: u32) -> Row {
    let time = |minute: u32| format!("2026-11-01T{:02}:{:02}:00.000Z", minute / 60, minute % 60);
    Row {
        id,
        created: time(created),
        edited: time(edited),
        archived: false,
    }
}

fn meets(row: &Row, filter: &Value) -> bool {
    let name = filter["timestamp"].as_str().unwrap();
    let time = if name == "created_time" {
        &row.created
    } else {
        &row.edited
    };
    let (operator, value) = filter[name].as_object().unwrap().iter().next().unwrap();
    let value = value.as_str().unwrap();
    match operator.as_str() {
        "on_or_after" => time.as_str() >= value,
        "on_or_before" => time.as_str() <= value,
        "after" => time.as_str() > value,
        other => panic!("unknown operator {other}"),
    }
}

/// A data source that gives `cap` rows a query, in pages of 3.
fn source(rows: Vec<Row>, cap: usize) -> Bench {
    answering(move |request, number| {
        assert!(number < 1000, "endless");
        let body = request.body.as_ref().unwrap();
        assert_eq!(body["sorts"].as_array().unwrap().len(), 1);
        assert_eq!(body["sorts"][0]["direction"], "ascending");
        let by = body["sorts"][0]["timestamp"].as_str().unwrap();
        let filters = match body.get("filter") {
            None => Vec::new(),
            Some(filter) => match filter.get("and") {
                Some(all) => all.as_array().unwrap().clone(),
                None => vec![filter.clone()],
            },
        };
        let archived = body.get("is_archived") == Some(&true.into());
        let mut found: Vec<&Row> = rows
            .iter()
            .filter(|row| row.archived == archived)
            .filter(|row| filters.iter().all(|filter| meets(row, filter)))
            .collect();
        found.sort_by_key(|row| {
            if by == CREATED {
                &row.created
            } else {
                &row.edited
            }
        });
        let more_than_cap = found.len() > cap;
        found.truncate(cap);
        let from: usize = body
            .get("start_cursor")
            .map_or(0, |text| text.as_str().unwrap().parse().unwrap());
        let to = (from + 3).min(found.len());
        let results: Vec<Value> = found[from..to]
            .iter()
            .map(|row| json!({"object": "page", "id": NotionId::from_bits(row.id), CREATED: row.created, EDITED: row.edited}))
            .collect();
        let more = to < found.len();
        let mut answer = json!({"results": results, "has_more": more, "next_cursor": more.then(|| to.to_string())});
        if more_than_cap && !more {
            answer["request_status"] =
                json!({"type": "incomplete", "incomplete_reason": "query_result_limit_reached"});
        }
        json_answer(200, answer)
    })
}

fn list(bench: &Bench, archived: bool) -> (End, Vec<u128>) {
    let mut all = Vec::new();
    let end = bench
        .notion
        .rows(NotionId::from_bits(5), archived, &mut |rows| {
            all.extend(ids(&rows));
            Ok(())
        });
    (end.unwrap(), all)
}

fn assert_all(rows: &[Row], listed: &[u128]) {
    let expected: BTreeSet<u128> = rows.iter().map(|row| row.id).collect();
    assert_eq!(listed.len(), expected.len(), "a row twice, or missing");
    assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn few_rows_cost_one_query_without_a_filter() {
    let rows: Vec<Row> = (0..10).map(|id| row(id, 5, 9)).collect();
    let bench = source(rows.clone(), 10);
    let (end, listed) = list(&bench, false);
    assert_eq!(end, End::Complete);
    assert_all(&rows, &listed);
    let requests = bench.seen.requests.lock().unwrap();
    assert_eq!(requests.len(), 4);
    for request in requests.iter() {
        let body = request.body.as_ref().unwrap();
        assert_eq!((body.get("filter"), body.get("is_archived")), (None, None));
    }
}

#[test]
fn rows_past_the_cap_come_window_by_window() {
    // Up to four share a minute, so windows overlap.
    let rows: Vec<Row> = (0..200).map(|id| row(id, (id / 4) as u32, 500)).collect();
    let (end, listed) = list(&source(rows.clone(), 10), false);
    assert_eq!(end, End::Complete);
    assert_all(&rows, &listed);
    assert!(listed.is_sorted());
}

#[test]
fn a_minute_with_too_many_rows_is_told_apart_by_edits() {
    let mut rows: Vec<Row> = (0..20).map(|id| row(id, id as u32, 900)).collect();
    rows.extend((20..80).map(|id| row(id, 30, 100 + (id / 3) as u32)));
    rows.extend((80..110).map(|id| row(id, 40 + id as u32, 900)));
    let (end, listed) = list(&source(rows.clone(), 10), false);
    assert_eq!(end, End::Complete);
    assert_all(&rows, &listed);
}

#[test]
fn rows_that_nothing_tells_apart_are_reported_and_the_others_kept() {
    let mut rows: Vec<Row> = (0..20).map(|id| row(id, id as u32, 900)).collect();
    rows.extend((20..40).map(|id| row(id, 30, 100)));
    rows.extend((40..60).map(|id| row(id, 30, 101 + id as u32)));
    rows.extend((60..90).map(|id| row(id, 60 + id as u32, 900)));
    let (end, listed) = list(&source(rows.clone(), 10), false);
    let End::Incomplete(reason) = end else {
        panic!("complete")
    };
    assert!(
        reason.contains("2026-11-01T00:30") && reason.contains("T01:40"),
        "{reason}"
    );
    // Ten of the twenty that are alike are out of reach.
    assert_eq!(listed.len(), 80);
    let listed: BTreeSet<u128> = listed.into_iter().collect();
    assert!((0..20).chain(40..90).all(|id| listed.contains(&id)));
}

#[test]
fn archived_rows_are_another_listing() {
    let mut rows: Vec<Row> = (0..30).map(|id| row(id, id as u32, 900)).collect();
    for row in rows.iter_mut().skip(10) {
        row.archived = true;
    }
    let (_, listed) = list(&source(rows.clone(), 10), true);
    assert_all(&rows[10..], &listed);
    let (_, listed) = list(&source(rows.clone(), 10), false);
    assert_all(&rows[..10], &listed);
}

#[test]
fn incomplete_without_rows_is_handed_on() {
    let bench = answering(|_, _| {
        json_answer(
            200,
            json!({"results": [], "has_more": false,
                "request_status": {"type": "incomplete", "incomplete_reason": "new"}}),
        )
    });
    assert_eq!(list(&bench, false).0, End::Incomplete("new".into()));
}

#[test]
fn rows_since_a_time_are_one_query() {
    let rows: Vec<Row> = (0..10).map(|id| row(id, id as u32, 900)).collect();
    let bench = source(rows.clone(), 100);
    let mut listed = Vec::new();
    let since = "2026-11-01T00:04:00Z".parse().unwrap();
    let end = bench
        .notion
        .rows_since(NotionId::from_bits(5), since, &mut |rows| {
            listed.extend(ids(&rows));
            Ok(())
        });
    assert_eq!(end.unwrap(), End::Complete);
    assert_eq!(listed, [4, 5, 6, 7, 8, 9]);
}

#[test]
fn answers_that_follow_no_order_and_no_filter_have_an_end() {
    // Always the same rows; two lists in turn; and rows that are older each time.
    for manner in 0..3 {
        let bench = answering(move |_, number| {
            assert!(number < 1000, "endless");
            let minute = match manner {
                0 => 30,
                1 => number % 2,
                _ => 59 - number % 60,
            };
            let time = format!("2026-11-01T10:{minute:02}:00.000Z");
            let row = json!({"object": "page", "id": NotionId::from_bits(number as u128),
                "created_time": time, "last_edited_time": time});
            json_answer(
                200,
                json!({"results": [row], "has_more": false, "next_cursor": null,
                "request_status": {"type": "incomplete",
                    "incomplete_reason": "query_result_limit_reached"}}),
            )
        });
        let end = bench
            .notion
            .rows(NotionId::from_bits(1), false, &mut |_| Ok(()));
        assert!(matches!(end, Ok(End::Incomplete(_))), "{manner}: {end:?}");
    }
}

#[test]
fn a_query_without_end_is_not_asked_for_in_parts() {
    let bench = answering(|_, number| {
        assert!(number < 1000, "endless");
        json_answer(
            200,
            json!({"results": [], "has_more": true,
            "next_cursor": format!("cursor {number}")}),
        )
    });
    let end = bench
        .notion
        .rows(NotionId::from_bits(1), false, &mut |_| Ok(()));
    assert!(matches!(end, Ok(End::Incomplete(why)) if why.contains("without anything new")));
    assert!(bench.seen.requests.lock().unwrap().len() < 30);
}

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;

use super::*;
use crate::notion::testing::{Bench, answering, ids, json_answer, page_of};
use crate::notion::{Property, Response, TransportError};

/// Lists children; gives the ids page by page.
fn children(bench: &Bench) -> (Result<End, Error>, Vec<Vec<u128>>) {
    let mut pages = Vec::new();
    let end = bench.notion.children(NotionId::from_bits(7), &mut |page| {
        pages.push(ids(&page));
        Ok(())
    });
    (end, pages)
}

fn cursor(request: &Request) -> Option<&str> {
    let mut query = request.query.iter();
    let found = query.find(|(name, _)| name == "start_cursor");
    found.map(|(_, value)| value.as_str())
}

fn refused_cursor() -> Result<Response, TransportError> {
    json_answer(
        400,
        json!({"code": "validation_error", "message": "The start_cursor provided is invalid: b"}),
    )
}

#[test]
fn cursors_are_followed_over_short_and_empty_pages() {
    let bench = answering(|request, _| {
        assert_eq!(
            request.path,
            "/v1/blocks/00000000-0000-0000-0000-000000000007/children"
        );
        assert_eq!(request.query[0], ("page_size".into(), "100".into()));
        let page = match cursor(request) {
            None => page_of(&[1], Some("a")),
            Some("a") => page_of(&[], Some("b")),
            Some("b") => page_of(&[2, 3], None),
            other => panic!("{other:?}"),
        };
        json_answer(200, page)
    });
    let (end, pages) = children(&bench);
    assert_eq!(end, Ok(End::Complete));
    assert_eq!(pages, [vec![1], vec![], vec![2, 3]]);
}

#[test]
fn an_object_that_comes_twice_is_handed_out_once() {
    let bench = answering(|_, number| match number {
        0 => json_answer(200, page_of(&[1, 2], Some("a"))),
        _ => json_answer(200, page_of(&[2, 3, 3], None)),
    });
    assert_eq!(children(&bench).1, [vec![1, 2], vec![3]]);
}

#[test]
fn a_repeated_cursor_ends_the_listing_as_incomplete() {
    let bench = answering(|_, number| {
        let next = if number % 2 == 0 { "a" } else { "b" };
        json_answer(200, page_of(&[number as u128], Some(next)))
    });
    let (end, pages) = children(&bench);
    assert_eq!(end, Ok(End::Incomplete("Notion repeated a cursor".into())));
    assert_eq!(pages.len(), 3);
}

#[test]
fn more_without_a_cursor_is_incomplete() {
    let bench = answering(|_, _| {
        json_answer(
            200,
            json!({"results": [], "has_more": true, "next_cursor": null}),
        )
    });
    assert!(matches!(children(&bench).0, Ok(End::Incomplete(_))));
}

#[test]
fn incomplete_on_any_page_makes_the_listing_incomplete() {
    let bench = answering(|_, number| {
        let mut page = page_of(
            &[number as u128],
            (number < 2).then_some(["a", "b"][number % 2]),
        );
        if number == 1 {
            page["request_status"] =
                json!({"type": "incomplete", "incomplete_reason": "query_result_limit_reached"});
        } else {
            page["request_status"] = json!({"type": "complete"});
        }
        json_answer(200, page)
    });
    let (end, pages) = children(&bench);
    assert_eq!(
        end,
        Ok(End::Incomplete("query_result_limit_reached".into()))
    );
    assert_eq!(pages.len(), 3);
}

#[test]
fn a_refused_cursor_restarts_the_listing_once() {
    let bench = answering(|request, number| match (number, cursor(request)) {
        (0, None) => json_answer(200, page_of(&[1, 2], Some("a"))),
        (1, Some("a")) => refused_cursor(),
        // Meanwhile one more was put in front.
        (2, None) => json_answer(200, page_of(&[9, 1], Some("a"))),
        (3, Some("a")) => json_answer(200, page_of(&[2, 3], None)),
        other => panic!("{other:?}"),
    });
    let (end, pages) = children(&bench);
    assert_eq!(end, Ok(End::Complete));
    assert_eq!(pages, [vec![1, 2], vec![9], vec![3]]);

    let bench = answering(|request, _| match cursor(request) {
        None => json_answer(200, page_of(&[1], Some("a"))),
        _ => refused_cursor(),
    });
    // What was listed is good; that it is not all is said.
    assert!(matches!(children(&bench).0, Ok(End::Incomplete(_))));
    assert_eq!(bench.seen.requests.lock().unwrap().len(), 4);
}

#[test]
fn the_callers_error_ends_the_listing() {
    let bench = answering(|_, _| json_answer(200, page_of(&[1], Some("a"))));
    let calls = AtomicU32::new(0);
    let end = bench.notion.users(&mut |_| {
        calls.fetch_add(1, Ordering::Relaxed);
        Err(Error::local("disk full"))
    });
    assert_eq!(end.unwrap_err().to_string(), "disk full");
    assert_eq!(calls.into_inner(), 1);
}

#[test]
fn an_answer_without_the_list_is_malformed() {
    let bench = answering(|_, _| json_answer(200, json!({"object": "block"})));
    let error = children(&bench).0.unwrap_err();
    assert_eq!(error.kind, Kind::Malformed);
    assert!(error.message.contains("results"));
}

#[test]
fn posted_cursors_go_into_the_body() {
    let bench = answering(|request, number| {
        let body = request.body.as_ref().unwrap();
        assert_eq!(
            body["sort"],
            json!({"timestamp": "last_edited_time", "direction": "descending"})
        );
        match number {
            0 => assert_eq!(body.get("start_cursor"), None),
            _ => assert_eq!(body["start_cursor"], "a"),
        }
        json_answer(
            200,
            page_of(&[number as u128], (number == 0).then_some("a")),
        )
    });
    let end = bench.notion.search(&mut |_| Ok(()));
    assert_eq!(end, Ok(End::Complete));
}

#[test]
fn templates_have_a_key_of_their_own() {
    let bench = answering(|_, _| {
        json_answer(
            200,
            json!({"templates": [{"id": "x", "name": "n"}], "has_more": false}),
        )
    });
    let mut all = Vec::new();
    let end = bench.notion.templates(NotionId::from_bits(1), &mut |page| {
        all.extend(page);
        Ok(())
    });
    assert_eq!(end, Ok(End::Complete));
    assert_eq!(all, [json!({"id": "x", "name": "n"})]);
}

fn property(bench: &Bench, id: &str) -> (Property, Vec<u64>) {
    let mut items = Vec::new();
    let property = bench
        .notion
        .property(NotionId::from_bits(1), id, &mut |page| {
            items.extend(page.iter().filter_map(|item| item["number"].as_u64()));
            Ok(())
        });
    (property.unwrap(), items)
}

#[test]
fn a_single_property_is_its_own_head() {
    let bench = answering(|request, _| {
        assert!(
            request.path.ends_with("/properties/f%5C%5C%3Ap%2F%2E%2E"),
            "{}",
            request.path
        );
        json_answer(
            200,
            json!({"object": "property_item", "type": "number", "number": 5}),
        )
    });
    let (property, items) = property(&bench, "f%5C%5C%3Ap/..");
    assert_eq!(property.head["number"], 5);
    assert!(items.is_empty());
}

#[test]
fn a_listed_property_has_its_result_on_the_last_page() {
    // All items carry the property's id; they are told apart by place.
    let item = |number: u64| json!({"object": "property_item", "id": "abc", "number": number});
    let page = move |numbers: &[u64], next: Option<&str>, rollup: &str| {
        let items: Vec<Value> = numbers.iter().map(|&number| item(number)).collect();
        json!({"object": "list", "results": items, "next_cursor": next, "has_more": next.is_some(),
            "property_item": {"rollup": {"type": rollup}}})
    };
    let bench = answering(move |request, number| match (number, cursor(request)) {
        (0, None) => json_answer(200, page(&[1, 1, 2], Some("a"), "incomplete")),
        (1, Some("a")) => refused_cursor(),
        (2, None) => json_answer(200, page(&[1, 1], Some("b"), "incomplete")),
        (3, Some("b")) => json_answer(200, page(&[2, 3], None, "array")),
        other => panic!("{other:?}"),
    });
    let (property, items) = property(&bench, "abc");
    assert_eq!(property.head["rollup"]["type"], "array");
    assert_eq!(items, [1, 1, 2, 3]);
    assert_eq!(property.end, End::Complete);
}

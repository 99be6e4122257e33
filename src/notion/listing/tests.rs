use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;

use super::*;
use crate::notion::testing::{Bench, answering, ids, json_answer, page_of, text_answer};
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
        json!({"object": "error", "code": "validation_error",
            "message": "The start_cursor provided is invalid: b"}),
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

/// The page size that a request asks for.
fn size(request: &Request) -> u64 {
    let query = request.query.iter().find(|(name, _)| name == "page_size");
    let text = query.map(|(_, size)| size.parse().unwrap());
    let body = request.body.as_ref();
    text.or_else(|| body?["page_size"].as_u64()).unwrap()
}

/// Ways in which Notion, or the way to it, takes too long.
const TOO_LONG: [fn() -> Result<Response, TransportError>; 6] = [
    || text_answer(502, &[], "<html>Bad gateway</html>"),
    || text_answer(504, &[], ""),
    || text_answer(408, &[], ""),
    || text_answer(524, &[], "<html>A timeout occurred</html>"),
    || Err(TransportError::Timeout("65 s".into())),
    || Err(TransportError::Cut("reset".into())),
];

/// A listing of any kind; gives how it ended and how many objects came.
type Lists = fn(&Notion) -> (Result<End, Error>, usize);

/// Every way to list something.
const LISTINGS: [(&str, Lists); 8] = [
    ("search", |notion| count(|each| notion.search(each))),
    ("rows", |notion| {
        count(|each| notion.rows(NotionId::from_bits(1), false, each))
    }),
    ("children", |notion| {
        count(|each| notion.children(NotionId::from_bits(1), each))
    }),
    ("comments", |notion| {
        count(|each| notion.comments(NotionId::from_bits(1), each))
    }),
    ("users", |notion| count(|each| notion.users(each))),
    ("views", |notion| {
        count(|each| notion.views(NotionId::from_bits(1), each))
    }),
    ("templates", |notion| {
        count(|each| notion.templates(NotionId::from_bits(1), each))
    }),
    ("property", |notion| {
        count(|each| {
            let property = notion.property(NotionId::from_bits(1), "p", each);
            property.map(|property| property.end)
        })
    }),
];

fn count(list: impl FnOnce(Each<'_>) -> Result<End, Error>) -> (Result<End, Error>, usize) {
    let mut count = 0;
    let end = list(&mut |page| {
        count += page.len();
        Ok(())
    });
    (end, count)
}

/// The page of a listing that starts at object `at`, of `total` that are there.
fn page_at(at: u128, size: u128, total: u128) -> Value {
    let to = (at + size).min(total);
    let ids: Vec<u128> = (at..to).map(|id| id + 1).collect();
    let next = (to < total).then(|| format!("c{to}"));
    let mut page = page_of(&ids, next.as_deref());
    page["templates"] = page["results"].clone();
    page
}

/// Where a request wants to go on.
fn position(request: &Request) -> u128 {
    let body = request.body.as_ref();
    let cursor = cursor(request).or_else(|| body?["start_cursor"].as_str());
    cursor.map_or(0, |cursor| cursor[1..].parse().unwrap())
}

#[test]
fn a_listing_that_takes_too_long_is_asked_for_less_and_keeps_to_it() {
    for (which, too_long) in TOO_LONG.into_iter().enumerate() {
        for (name, list) in LISTINGS {
            let bench = answering(move |request, _| match size(request) {
                13.. => too_long(),
                size => json_answer(200, page_at(position(request), size.into(), 30)),
            });
            for _ in 0..2 {
                assert_eq!(
                    list(&bench.notion),
                    (Ok(End::Complete), 30),
                    "{name} {which}"
                );
                let mut requests = bench.seen.requests.lock().unwrap();
                let sizes: Vec<u64> = requests.drain(..).map(|it| size(&it)).collect();
                assert_eq!(sizes, [100, 100, 50, 25, 12, 12, 12], "{name} {which}");
            }
        }
    }
}

#[test]
fn the_smaller_page_stays_for_all_queries_of_one_listing() {
    // The first query for rows, and the first search, end at Notion's limit.
    for (name, list) in &LISTINGS[..2] {
        let bench = answering(|request, _| {
            let narrowed = request.body.as_ref().is_some_and(|body| {
                body.get("filter").is_some() || body["sort"]["direction"] == "ascending"
            });
            let mut page = match size(request) {
                51.. => return text_answer(504, &[], ""),
                _ if narrowed => page_of(&[1, 2], None),
                _ => page_of(&[1], None),
            };
            for object in page["results"].as_array_mut().unwrap() {
                object["created_time"] = "2026-11-01T10:00:00.000Z".into();
                object["last_edited_time"] = "2026-11-01T10:00:00.000Z".into();
            }
            if !narrowed {
                page["request_status"] = json!({"type": "incomplete",
                    "incomplete_reason": "query_result_limit_reached"});
            }
            json_answer(200, page)
        });
        assert_eq!(list(&bench.notion), (Ok(End::Complete), 2), "{name}");
        let requests = bench.seen.requests.lock().unwrap();
        let sizes: Vec<u64> = requests.iter().map(size).collect();
        assert_eq!(sizes[..3], [100, 100, 50], "{name}");
        assert!(
            sizes[3..].iter().all(|size| *size == 50),
            "{name}: {sizes:?}"
        );
        assert!(sizes.len() > 3, "{name}: {sizes:?}");
    }
}

#[test]
fn one_at_a_time_is_the_least_and_what_fails_even_then_says_so() {
    let bench = answering(|request, _| match size(request) {
        2.. => text_answer(502, &[], ""),
        _ => json_answer(200, page_at(position(request), 1, 3)),
    });
    assert_eq!(children(&bench).1, [[1], [2], [3]]);

    let bench = answering(|_, _| text_answer(504, &[], ""));
    let error = children(&bench).0.unwrap_err();
    assert_eq!((error.kind, error.status), (Kind::Server, Some(504)));
    assert!(
        error
            .message
            .ends_with("asking for 1 at a time did not help"),
        "{}",
        error.message
    );
    let requests = bench.seen.requests.lock().unwrap();
    let sizes: Vec<u64> = requests.iter().map(size).collect();
    assert_eq!(sizes, [100, 100, 50, 25, 12, 6, 3, 1]);
    let waits = bench.seen.waits.lock().unwrap();
    assert!(
        waits.contains(&"Notion answered with HTTP 504, asking for 50 at a time".to_owned()),
        "{waits:?}"
    );
}

#[test]
fn trouble_of_another_sort_does_not_make_pages_smaller() {
    for number in 0..3 {
        let bench = answering(move |request, count| match (number, count) {
            (0, 0..3) => text_answer(500, &[], ""),
            (1, 0..3) => Err(TransportError::Connect("refused".into())),
            // One time-out alone may be chance.
            (2, 0) => text_answer(504, &[], ""),
            _ => json_answer(200, page_at(position(request), 100, 3)),
        });
        assert_eq!(children(&bench).0, Ok(End::Complete));
        let requests = bench.seen.requests.lock().unwrap();
        assert!(requests.iter().all(|it| size(it) == 100), "{number}");
    }
}

#[test]
fn page_sizes_halve_down_to_one() {
    let mut get = Request::get("/v1/users").with_query("page_size", "100");
    let mut post = Request::post("/v1/search", json!({"page_size": 100}));
    for size in [50, 25, 12, 6, 3, 1] {
        assert_eq!(shrink(&mut get), Some(size));
        assert_eq!(shrink(&mut post), Some(size));
        assert_eq!(get.query[0].1, size.to_string());
        assert_eq!(post.body.as_ref().unwrap()["page_size"], size);
    }
    assert_eq!(shrink(&mut get), None);
    assert_eq!(shrink(&mut post), None);
    assert_eq!(shrink(&mut Request::get("/v1/users/me")), None);
    assert_eq!(shrink(&mut Request::post("/v1/pages", json!({}))), None);
}

#[test]
fn a_listing_that_brings_nothing_new_ends_whatever_its_cursors_say() {
    // The same objects again and again; none at all; both in turn.
    for manner in 0..3 {
        for (name, list) in LISTINGS {
            let bench = answering(move |_, number| {
                assert!(number < 1000, "endless");
                let ids: &[u128] = match (manner, number % 2) {
                    (0, _) | (2, 0) => &[1, 2],
                    _ => &[],
                };
                let mut page = page_of(ids, Some(&format!("cursor {number}")));
                page["templates"] = page["results"].clone();
                json_answer(200, page)
            });
            let (end, count) = list(&bench.notion);
            let told =
                matches!(&end, Ok(End::Incomplete(why)) if why.contains("without anything new"));
            assert!(told, "{name} {manner}: {end:?}");
            // The items of a property are handed out as often as they come.
            assert!(
                count == if manner == 1 { 0 } else { 2 } || name == "property",
                "{name}"
            );
            let requests = bench.seen.requests.lock().unwrap().len();
            assert!(requests < 50, "{name} {manner}: {requests} requests");
        }
    }
}

#[test]
fn the_items_of_a_property_that_come_again_and_again_have_an_end() {
    let relation = |id: u128| {
        json!({"object": "property_item", "id": "abc", "type": "relation",
            "relation": {"id": NotionId::from_bits(id)}})
    };
    let number = |_| json!({"object": "property_item", "id": "abc", "type": "number", "number": 7});
    let items: [fn(u128) -> Value; 2] = [relation, number];
    for (item, most) in items.into_iter().zip([50, 150]) {
        let bench = answering(move |_, number| {
            assert!(number < 1000, "endless");
            let items: Vec<Value> = (0..100).map(item).collect();
            json_answer(
                200,
                json!({"object": "list", "results": items, "has_more": true,
                "next_cursor": format!("cursor {number}")}),
            )
        });
        let (_, list) = LISTINGS[7];
        let (end, _) = list(&bench.notion);
        assert!(matches!(end, Ok(End::Incomplete(_))), "{end:?}");
        let requests = bench.seen.requests.lock().unwrap().len();
        assert!(requests < most, "{requests} requests");
    }
}

#[test]
fn equal_values_of_a_rollup_are_no_fault() {
    let bench = answering(|request, _| {
        let item = json!({"object": "property_item", "id": "abc", "type": "number", "number": 7});
        let at = position(request);
        let next = (at < 6000).then(|| format!("c{}", at + 100));
        json_answer(
            200,
            json!({"object": "list", "results": vec![item; 100],
            "has_more": next.is_some(), "next_cursor": next}),
        )
    });
    let (_, list) = LISTINGS[7];
    assert_eq!(list(&bench.notion), (Ok(End::Complete), 6100));
}

#[test]
fn many_empty_and_short_pages_in_a_row_are_no_fault() {
    for (name, list) in LISTINGS {
        let bench = answering(|request, _| {
            let at = position(request);
            // Fifteen empty ones, then one object, three times; with page size 1 at times.
            let ids: Vec<u128> = (at % 16 == 15).then_some(at).into_iter().collect();
            let next = (at < 47).then(|| format!("c{}", at + 1));
            let mut page = page_of(&ids, next.as_deref());
            page["templates"] = page["results"].clone();
            json_answer(200, page)
        });
        assert_eq!(list(&bench.notion), (Ok(End::Complete), 3), "{name}");
    }
    // Where pages are small, more of them may be empty.
    let bench = answering(|request, _| match size(request) {
        2.. => text_answer(504, &[], ""),
        _ => {
            let at = position(request);
            let next = (at < 1000).then(|| format!("c{}", at + 1));
            json_answer(
                200,
                page_of(if at == 1000 { &[1] } else { &[] }, next.as_deref()),
            )
        }
    });
    let (end, pages) = children(&bench);
    assert_eq!((end, pages.concat()), (Ok(End::Complete), vec![1]));
}

#[test]
fn a_listing_that_starts_again_may_bring_what_is_known_for_long() {
    let restarts = AtomicU32::new(0);
    let bench = answering(move |request, _| {
        let at = position(request);
        if at == 4000 && restarts.fetch_add(1, Ordering::SeqCst) == 0 {
            return refused_cursor();
        }
        json_answer(200, page_at(at, 100, 5000))
    });
    let (end, pages) = children(&bench);
    assert_eq!((end, pages.concat().len()), (Ok(End::Complete), 5000));
}

#[test]
fn an_empty_cursor_is_none() {
    for (more, complete) in [(true, false), (false, true)] {
        let bench = answering(move |_, _| {
            json_answer(
                200,
                json!({"results": [], "has_more": more, "next_cursor": ""}),
            )
        });
        let end = children(&bench).0.unwrap();
        assert_eq!(end == End::Complete, complete);
        assert_eq!(bench.seen.requests.lock().unwrap().len(), 1);
    }
}

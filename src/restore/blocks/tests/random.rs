use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::least::least;
use super::*;

/// What to add next: below which of the blocks so far, what, how many.
type Seed = (u16, u8, u8);

/// A random body without columns that need company: lists of columns have two or more,
/// and tables rows of one width.
fn grow(seeds: &[Seed]) -> Body {
    let mut body = Body::default();
    let mut places: Vec<Option<usize>> = vec![None];
    for &(place, what, many) in seeds {
        // Late places are likelier, so that some grow deep.
        let below = places[places.len() - 1 - (usize::from(place) % places.len()) / 2];
        let add = |body: &mut Body, below: Option<usize>, kind: &str| {
            let bits = body.nodes.len() as u128 + 1;
            let made = body.push(below, text(bits, kind, &format!("text {bits}")));
            let payload = &mut body.nodes[made].block[kind];
            if kind.starts_with("heading") {
                payload["is_toggleable"] = json!(true);
            }
            made
        };
        let many = usize::from(many);
        match what {
            0..=2 => {
                let made = add(&mut body, below, "column_list");
                for _ in 0..2 + many % 3 {
                    let column = add(&mut body, Some(made), "column");
                    for _ in 0..=many % 4 {
                        let inside = add(&mut body, Some(column), "toggle");
                        places.push(Some(inside));
                    }
                    places.push(Some(column));
                }
            }
            3..=4 => {
                let made = add(&mut body, below, "table");
                body.nodes[made].block["table"]["table_width"] = json!(2);
                for row in 0..=many {
                    let bits = body.nodes.len() as u128 + 1;
                    let cells = json!({"cells": [rich(&format!("row {row}")), rich("b")]});
                    body.push(Some(made), block(bits, "table_row", cells));
                }
            }
            5 => {
                let made = add(&mut body, below, "tab");
                for _ in 0..=many % 4 {
                    places.push(Some(add(&mut body, Some(made), "paragraph")));
                }
            }
            6..=30 => {
                let kinds = [
                    "toggle",
                    "bulleted_list_item",
                    "heading_2",
                    "quote",
                    "callout",
                ];
                let made = add(&mut body, below, kinds[many % kinds.len()]);
                places.push(Some(made));
            }
            31 => {
                for _ in 0..many {
                    add(&mut body, below, "bulleted_list_item");
                }
            }
            _ => {
                let kinds = ["paragraph", "code", "to_do", "numbered_list_item"];
                for _ in 0..1 + many % 6 {
                    add(&mut body, below, kinds[many % kinds.len()]);
                }
            }
        }
    }
    body
}

/// What the page must look like: depth, type, text.
fn outline(body: &Body) -> Vec<(usize, String, String)> {
    let mut out = Vec::new();
    let mut todo: Vec<(usize, usize)> = body.top.iter().rev().map(|at| (0, *at)).collect();
    while let Some((depth, at)) = todo.pop() {
        let node = &body.nodes[at];
        let hidden = matches!(node.kind(), "column_list" | "column" | "tab" | "table");
        let text = match hidden {
            true => String::new(),
            false => notion::words(node.payload()),
        };
        out.push((depth, node.kind().to_string(), text));
        todo.extend(node.children.iter().rev().map(|at| (depth + 1, *at)));
    }
    out
}

/// Writes it, compares it, and gives the requests and the least number of them.
fn compare(body: &Body, needed: &BTreeSet<NotionId>) -> (usize, usize) {
    let answers = Answers {
        needed: needed.clone(),
        ..Answers::default()
    };
    let (plan, notion) = write_all(body, &answers);
    assert_eq!(notion.outline(), outline(body));
    assert_eq!(plan.blocks as usize, body.nodes.len());
    for node in &body.nodes {
        let id = node.id().unwrap();
        if needed.contains(&id) {
            let held = &notion.held[&notion.id_of(PendingId::of(id))];
            assert_eq!(held.kind, node.kind());
        }
    }
    let least = least(body, &|id| needed.contains(&id));
    (notion.requests, least)
}

fn seeds() -> impl Strategy<Value = Vec<Seed>> {
    prop::collection::vec((any::<u16>(), 0u8..80, 0u8..130), 0..150)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_body_comes_back_in_order(seeds in seeds(), needed in prop::collection::btree_set(1u128..400, 0..6)) {
        let body = grow(&seeds);
        let needed = needed.into_iter().filter(|bits| *bits <= body.nodes.len() as u128);
        let (requests, least) = compare(&body, &needed.map(id).collect());
        prop_assert!(requests >= least, "{requests} requests, at least {least}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tenth_more_requests_than_the_least_is_enough(seeds in prop::collection::vec(seeds(), 24)) {
        let (mut all, mut fewest) = (0, 0);
        for seeds in seeds {
            let (requests, least) = compare(&grow(&seeds), &BTreeSet::new());
            all += requests;
            fewest += least;
        }
        prop_assert!(all * 10 <= fewest * 11, "{all} requests, at least {fewest}");
    }
}

#[test]
fn a_thousand_levels_are_no_trouble() {
    let mut body = Body::default();
    let mut below = None;
    for bits in 1..=1500 {
        below = Some(body.push(below, text(bits, "toggle", &bits.to_string())));
    }
    let (requests, least) = compare(&body, &BTreeSet::new());
    assert_eq!((requests, least), (1498, 1498));
}

#[test]
fn long_lists_and_tables_go_on_with_the_id_of_their_block() {
    let mut body = Body::default();
    let table = body.push(None, block(1, "table", json!({"table_width": 1})));
    for row in 0..1250 {
        body.push(
            Some(table),
            block(row + 10, "table_row", json!({"cells": [rich("x")]})),
        );
    }
    let list = body.push(None, text(2, "toggle", "many"));
    for item in 0..150 {
        body.push(Some(list), text(item + 5000, "to_do", "do"));
    }
    let (requests, least) = compare(&body, &BTreeSet::new());
    // The page, 1,150 rows, 50 items.
    assert_eq!((requests, least), (1 + 12 + 1, 1 + 12 + 1));
}

#[test]
fn big_blocks_share_requests_only_as_far_as_bytes_allow() {
    let mut body = Body::default();
    for bits in 0..30 {
        body.push(None, text(bits + 1, "paragraph", &"é".repeat(45_000)));
    }
    let (requests, _) = compare(&body, &BTreeSet::new());
    assert_eq!(requests, 30usize.div_ceil(4));
}

#[test]
fn a_block_is_sent_bare_where_that_saves_a_request() {
    let mut body = Body::default();
    for round in 0..6u128 {
        body.push(None, text(round * 2000 + 1, "paragraph", "small"));
        let large = body.push(None, text(round * 2000 + 2, "toggle", "large"));
        // As many blocks as one request takes.
        for bits in 0..10u128 {
            let base = round * 2000 + 10 + bits * 110;
            let inner = body.push(Some(large), text(base, "toggle", "inner"));
            for leaf in 0..if bits == 0 { 98 } else { 99 } {
                body.push(Some(inner), text(base + 1 + leaf, "paragraph", "leaf"));
            }
        }
    }
    // All of the first level together, then what is below each.
    let (requests, _) = compare(&body, &BTreeSet::new());
    assert_eq!(requests, 7);
}

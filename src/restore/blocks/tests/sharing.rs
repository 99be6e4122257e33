use proptest::prelude::*;

use super::*;
use crate::restore::Degree;

fn synced(bits: u128, from: Option<u128>) -> Value {
    let from = from.map(|from| json!({"type": "block_id", "block_id": id(from)}));
    block(bits, "synced_block", json!({"synced_from": from}))
}

/// Each synced block of the page in order: what it is a copy of, and how many blocks are
/// directly below it.
fn copies(notion: &Notion) -> Vec<(Option<NotionId>, usize)> {
    let mut out = Vec::new();
    let mut todo = vec![notion.page];
    while let Some(at) = todo.pop() {
        let held = &notion.held[&at];
        if held.kind == "synced_block" {
            let from = held.payload.pointer("/synced_from/block_id");
            let from = from.and_then(|from| from.as_str()?.parse().ok());
            out.push((from, held.children.len()));
        }
        todo.extend(held.children.iter().rev());
    }
    out
}

#[test]
fn the_first_copy_on_a_page_is_the_original() {
    for original_at in 0..3 {
        let mut body = Body::default();
        for at in 0..3 {
            let toggle = body.push(None, text(100 + at, "toggle", "t"));
            let inner = body.push(Some(toggle), text(200 + at, "toggle", "t"));
            let from = (at != original_at).then_some(7);
            let bits = if at == original_at { 7 } else { 300 + at };
            let copy = body.push(Some(inner), synced(bits, from));
            body.push(Some(copy), text(400 + at, "paragraph", "shared"));
        }
        let (plan, notion) = write_all(&body, &Answers::default());
        let original = notion.id_of(PendingId::of(id(7)));
        assert_eq!(
            copies(&notion),
            [(None, 1), (Some(original), 0), (Some(original), 0)]
        );
        assert_eq!(plan.notes, Notes::default());
    }
}

#[test]
fn a_column_with_nothing_but_a_copy_or_columns_gets_no_paragraph() {
    let mut body = Body::default();
    let list = body.push(None, block(10, "column_list", json!({})));
    let left = body.push(Some(list), block(11, "column", json!({})));
    let toggle = body.push(Some(left), text(12, "toggle", "t"));
    let original = body.push(Some(toggle), synced(7, None));
    body.push(Some(original), text(13, "paragraph", "shared"));
    let right = body.push(Some(list), block(14, "column", json!({})));
    let copy = body.push(Some(right), synced(15, Some(7)));
    body.push(Some(copy), text(16, "paragraph", "shared"));
    let more = body.push(Some(list), block(17, "column", json!({})));
    let inner = body.push(Some(more), block(18, "column_list", json!({})));
    for bits in [20, 22] {
        let column = body.push(Some(inner), block(bits, "column", json!({})));
        body.push(Some(column), text(bits + 1, "paragraph", "deep"));
    }
    let (plan, notion) = write_all(&body, &Answers::default());
    let original = notion.id_of(PendingId::of(id(7)));
    assert_eq!(copies(&notion), [(None, 1), (Some(original), 0)]);
    let deep = notion
        .outline()
        .into_iter()
        .filter(|(_, _, text)| text == "deep");
    assert_eq!(deep.count(), 2);
    // A paragraph without text is one that the restore added.
    let outline = notion.outline();
    let padding = |(_, kind, text): &&(_, String, String)| kind == "paragraph" && text.is_empty();
    assert_eq!(outline.iter().filter(padding).count(), 0);
    assert_eq!(plan.notes, Notes::default());
}

#[test]
fn a_copy_of_what_is_gone_keeps_its_content() {
    let mut body = Body::default();
    let copy = body.push(None, synced(1, Some(99)));
    body.push(Some(copy), text(2, "paragraph", "kept"));
    let again = body.push(None, synced(3, Some(99)));
    body.push(Some(again), text(2, "paragraph", "kept"));
    let (plan, notion) = write_all(&body, &Answers::default());
    assert_eq!(copies(&notion), [(None, 1), (None, 1)]);
    assert_eq!(plan.notes.losses.len(), 2);
    assert!(
        plan.notes
            .losses
            .iter()
            .all(|loss| loss.degree == Degree::StandIn)
    );
    // What can still be reached stays one.
    let plan = rest(&body, id(PAGE), 0, &nowhere, &Answers::default().same(99));
    assert_eq!(plan.blocks, 2);
    assert_eq!(plan.notes, Notes::default());
    let plan = rest(&body, id(PAGE), 0, &nowhere, &Answers::default().later(99));
    assert_eq!(plan.notes.later, [id(99), id(99)]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn copies_are_made_after_their_originals(seeds in prop::collection::vec((any::<u16>(), 0u8..8), 1..60)) {
        let mut body = Body::default();
        let mut places: Vec<Option<usize>> = vec![None];
        let mut kinds = Vec::new();
        for (at, (place, what)) in seeds.into_iter().enumerate() {
            let below = places[usize::from(place) % places.len()];
            let bits = at as u128 + 1;
            if what > 2 {
                places.push(Some(body.push(below, text(bits, "toggle", "t"))));
                continue;
            }
            // Three originals, the first of each wherever it comes; the others are references.
            let key = 900 + u128::from(what);
            kinds.push((key, below, bits));
        }
        for (at, (key, below, bits)) in kinds.iter().enumerate() {
            let last = kinds.iter().skip(at + 1).all(|(other, ..)| other != key);
            let made = match last {
                true => body.push(*below, synced(*key, None)),
                false => body.push(*below, synced(*bits, Some(*key))),
            };
            body.push(Some(made), text(2000 + *bits, "paragraph", "shared"));
        }
        let (_, notion) = write_all(&body, &Answers::default());
        let found = copies(&notion);
        prop_assert_eq!(found.len(), kinds.len());
        let originals = found.iter().filter(|(from, below)| from.is_none() && *below == 1).count();
        let keys: std::collections::BTreeSet<_> = kinds.iter().map(|(key, ..)| key).collect();
        prop_assert_eq!(originals, keys.len());
        prop_assert!(found.iter().all(|(from, below)| from.is_none() == (*below == 1)));
    }
}

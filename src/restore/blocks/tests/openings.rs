use super::*;
use crate::restore::{Degree, Target, Text};

fn paragraphs(body: &mut Body, from: u128, count: u128) {
    for bits in from..from + count {
        body.push(None, text(bits, "paragraph", &bits.to_string()));
    }
}

fn child(body: &mut Body, below: Option<usize>, bits: u128, kind: &str) {
    body.push(
        below,
        block(bits, kind, json!({"title": format!("T{bits}")})),
    );
}

/// Opens the page, makes its children, writes the rest. Gives the page's first level.
fn whole_page(
    body: &Body,
    children: &[u128],
    place: &dyn Fn(NotionId) -> Place,
    targets: &Answers,
) -> (Option<Opening>, BodyPlan, Vec<String>, usize) {
    let mut notion = Notion::new(PendingId::of(id(PAGE)));
    let opening = opening(body, id(PAGE), place, targets);
    if let Some(opening) = &opening {
        notion.append(notion.page, Position::End, opening.children.clone());
    }
    for bits in children {
        notion.child_page(PendingId::of(id(*bits)));
    }
    let taken = opening.as_ref().map_or(0, |opening| opening.taken);
    let plan = rest(body, id(PAGE), taken, place, targets);
    notion.run(&plan.steps);
    let shown = notion.outline().into_iter();
    let shown = shown.filter(|(depth, ..)| *depth == 0);
    let shown = shown.map(|(_, kind, text)| if text.is_empty() { kind } else { text });
    (opening, plan, shown.collect(), notion.requests)
}

#[test]
fn a_short_page_is_written_as_it_is_created() {
    let mut body = Body::default();
    paragraphs(&mut body, 1, 100);
    let (opening, plan, shown, requests) = whole_page(&body, &[], &nowhere, &Answers::default());
    let opening = opening.unwrap();
    assert_eq!((opening.taken, opening.blocks, requests), (100, 100, 0));
    assert_eq!(plan, BodyPlan::default());
    assert_eq!(shown.len(), 100);
}

#[test]
fn a_long_page_goes_on_after_its_opening() {
    let mut body = Body::default();
    paragraphs(&mut body, 1, 250);
    let (opening, plan, shown, requests) = whole_page(&body, &[], &nowhere, &Answers::default());
    assert_eq!((opening.unwrap().taken, requests), (100, 2));
    assert_eq!(plan.blocks, 150);
    let numbers: Vec<String> = (1..=250).map(|number| number.to_string()).collect();
    assert_eq!(shown, numbers);
}

#[test]
fn runs_stand_between_the_child_pages() {
    let mut body = Body::default();
    paragraphs(&mut body, 1, 2);
    child(&mut body, None, 1000, "child_page");
    paragraphs(&mut body, 3, 120);
    child(&mut body, None, 1001, "child_database");
    paragraphs(&mut body, 200, 1);
    let expected: Vec<String> = ["1".into(), "2".into(), "child_page".into()]
        .into_iter()
        .chain((3..123).map(|number| number.to_string()))
        .chain(["child_page".into(), "200".into()])
        .collect();
    let targets = Answers::default();
    let (opening, _, shown, requests) = whole_page(&body, &[1000, 1001], &nowhere, &targets);
    assert_eq!((opening.unwrap().taken, requests), (2, 3));
    assert_eq!(shown, expected);
    // The same without an opening, because an id in it is needed.
    let mut targets = Answers::default();
    targets.needed.insert(id(2));
    let (opening, _, shown, requests) = whole_page(&body, &[1000, 1001], &nowhere, &targets);
    assert_eq!((opening, requests), (None, 4));
    assert_eq!(shown, expected);
}

#[test]
fn there_is_no_opening_where_it_would_be_in_the_way() {
    let targets = Answers::default();
    // More than one request before a child page.
    let mut body = Body::default();
    paragraphs(&mut body, 1, 101);
    child(&mut body, None, 1000, "child_page");
    let (opening, _, shown, _) = whole_page(&body, &[1000], &nowhere, &targets);
    assert_eq!(opening, None);
    assert_eq!(shown.len(), 102);
    assert_eq!(shown[101], "child_page");
    // Nothing before it.
    let mut body = Body::default();
    child(&mut body, None, 1000, "child_page");
    paragraphs(&mut body, 1, 1);
    let (opening, _, shown, _) = whole_page(&body, &[1000], &nowhere, &targets);
    assert_eq!(opening, None);
    assert_eq!(shown, ["child_page", "1"]);
    // A child page inside a block comes to the page's end.
    let mut body = Body::default();
    paragraphs(&mut body, 1, 101);
    let toggle = body.push(None, text(500, "toggle", "t"));
    child(&mut body, Some(toggle), 1000, "child_page");
    let targets = Answers::default().made(1000);
    let (opening, plan, shown, _) = whole_page(&body, &[1000], &nowhere, &targets);
    assert_eq!(opening, None);
    assert_eq!(shown[101..], ["t", "child_page"]);
    assert_eq!(plan.notes.losses.len(), 1);
    assert_eq!(plan.notes.losses[0].degree, Degree::Detail);
    assert!(format!("{:?}", plan.steps).contains("link_to_page"));
}

#[test]
fn what_is_named_later_waits_and_is_written_again() {
    let mut body = Body::default();
    let link = format!("https://www.notion.so/{:032x}", 0xcc);
    let run = json!([{"type": "text", "text": {"content": "see", "link": {"url": link}}}]);
    paragraphs(&mut body, 1, 1);
    let linking = block(50, "quote", json!({"rich_text": run}));
    body.push(None, linking.clone());
    let toggle = body.push(None, text(60, "toggle", "t"));
    body.push(Some(toggle), block(61, "quote", json!({"rich_text": run})));
    let later = Answers::default().later(0xcc);
    let (opening, plan, ..) = whole_page(&body, &[], &nowhere, &later);
    assert_eq!(opening.unwrap().taken, 1);
    assert_eq!(plan.rewrite, [id(50), id(61)]);
    assert_eq!(plan.notes.later, [id(0xcc), id(0xcc)]);
    // Both are known by id, so that they can be written again.
    let made: Vec<&PendingId> = plan
        .steps
        .iter()
        .flat_map(|step| match step {
            BodyStep::Append { makes, .. } => makes,
            _ => panic!("{step:?}"),
        })
        .collect();
    assert!(made.contains(&&PendingId::of(id(50))) && made.contains(&&PendingId::of(id(61))));
    let mut notes = Notes::default();
    assert_eq!(rewrite(&body, id(50), &later, &mut notes), None);
    assert_eq!(notes.later, [id(0xcc)]);
    let mut notes = Notes::default();
    let url = Text::from("https://www.notion.so/").plain_id(PendingId::of(id(0xcc)));
    let again = json!({"quote": {"rich_text": [{"type": "text", "text": {"content": "see", "link": {"url": url}}}]}});
    let made = Answers::default().made(0xcc);
    assert_eq!(rewrite(&body, id(50), &made, &mut notes), Some(again));
    assert_eq!(rewrite(&body, id(60), &made, &mut notes), None);
    assert_eq!(notes, Notes::default());
}

#[test]
fn linked_databases_are_put_after_what_they_stood_after() {
    let mut body = Body::default();
    child(&mut body, None, 2000, "child_database");
    paragraphs(&mut body, 1, 2);
    child(&mut body, None, 2001, "child_database");
    child(&mut body, None, 2002, "child_database");
    paragraphs(&mut body, 3, 1);
    let toggle = body.push(None, text(60, "toggle", "t"));
    child(&mut body, Some(toggle), 2003, "child_database");
    let linked = |_: NotionId| Place::Linked;
    let (opening, plan, shown, requests) = whole_page(&body, &[], &linked, &Answers::default());
    assert_eq!((opening, requests), (None, 1));
    assert_eq!(shown, ["1", "2", "3", "t"]);
    let placed: Vec<_> = plan
        .steps
        .iter()
        .filter_map(|step| match step {
            BodyStep::Linked { database, after } => Some((*database, *after)),
            _ => None,
        })
        .collect();
    let token = |bits| Some(PendingId::of(id(bits)));
    let holder = PendingId::named(&format!("place of {}", id(2000)));
    assert_eq!(
        placed,
        [
            // An empty paragraph held the first place.
            (id(2000), Some(holder)),
            (id(2001), token(2)),
            (id(2002), token(2001)),
            (id(2003), None)
        ]
    );
    let removed = BodyStep::Remove { block: holder };
    assert_eq!(plan.steps.last(), Some(&removed));
    assert_eq!((plan.blocks, plan.notes.losses.len()), (5, 1));
    // With something before the first, only its last block must be known.
    let mut body = Body::default();
    paragraphs(&mut body, 1, 3);
    child(&mut body, None, 2000, "child_database");
    paragraphs(&mut body, 4, 1);
    let (opening, plan, ..) = whole_page(&body, &[], &linked, &Answers::default());
    assert_eq!(opening.unwrap().taken, 2);
    assert!(plan.steps.contains(&BodyStep::Linked {
        database: id(2000),
        after: token(3)
    }));
}

#[test]
fn children_that_are_elsewhere_become_links() {
    let elsewhere = |_: NotionId| Place::Elsewhere;
    let mut body = Body::default();
    for (bits, kind) in [
        (1, "child_page"),
        (2, "child_database"),
        (3, "child_page"),
        (4, "child_page"),
    ] {
        child(&mut body, None, bits, kind);
    }
    let mut targets = Answers::default().made(1).made(2).same(3);
    targets.targets.insert(id(4), Target::Gone);
    let plan = rest(&body, id(PAGE), 0, &elsewhere, &targets);
    let BodyStep::Append { children, .. } = &plan.steps[0] else {
        panic!("{:?}", plan.steps)
    };
    let token = |bits| PendingId::of(id(bits));
    assert_eq!(
        children[0]["link_to_page"],
        json!({"type": "page_id", "page_id": token(1)})
    );
    let mention = &children[1]["paragraph"]["rich_text"][0]["mention"];
    assert_eq!(
        mention,
        &json!({"type": "database", "database": {"id": token(2)}})
    );
    assert_eq!(
        children[2]["link_to_page"],
        json!({"type": "page_id", "page_id": id(3)})
    );
    assert!(notion::words(&children[3]["callout"]).contains("T4"));
    let degrees: Vec<_> = plan.notes.losses.iter().map(|loss| loss.degree).collect();
    assert_eq!(
        degrees,
        [
            Degree::Detail,
            Degree::Detail,
            Degree::Detail,
            Degree::StandIn
        ]
    );
}

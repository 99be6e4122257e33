//! Addresses that Notion does not take: the text stays, with its styles, and says the
//! address; nothing around it is lost, and it costs next to no request.

use notion_backup::restore::Degree;
use serde_json::{Value, json};

use crate::restorer::Restorer;
use crate::support::Workspace;
use crate::support::fake_notion::{Fault, Refusal, What};
use crate::support::workspace::build::property;
use crate::support::workspace::model::{Id, Parent};
use crate::support::workspace::text::{link, plain_text, rich};

/// A page of 85 blocks, every second with a link, of which some have others.
fn long_page(others: &[&str]) -> Workspace {
    let mut ws = Workspace::new(13);
    let page = ws.page(Parent::Workspace, "Links");
    for number in 0..85 {
        let words = format!("word {number}");
        // Spread over the page.
        let other = others
            .iter()
            .enumerate()
            .find(|(at, _)| at * 19 + 7 == number);
        let run = match other {
            Some((_, url)) => {
                let mut run = link(&words, url);
                run["annotations"]["bold"] = json!(true);
                run
            }
            None if number % 2 == 0 => link(&words, &format!("https://e.example/{number}")),
            None => rich(&words)[0].clone(),
        };
        ws.rich_block(page, "paragraph", json!([run]));
    }
    ws
}

fn runs_of(ws: &Workspace, page: Id) -> Vec<Value> {
    let blocks = ws.visible_children(page).unwrap().into_iter();
    let runs = blocks.map(|id| {
        assert_eq!(ws.blocks[&id].kind, "paragraph");
        ws.blocks[&id].payload["rich_text"].clone()
    });
    runs.collect()
}

/// Restores a page with these addresses and compares it with what it should be: the text
/// and the address, in the same style. How many requests it took.
fn restored_with(others: &[&str]) -> (u64, Restorer) {
    let restorer = Restorer::abroad(long_page(others));
    let summary = restorer.restore();
    let page = restorer.made("Links");
    let original = restorer.original.pages.values();
    let original = original.map(|page| page.id).next().unwrap();
    let before = runs_of(&restorer.original, original);
    let after = restorer.target.look(|ws| runs_of(ws, page));
    assert_eq!(after.len(), 85);
    for (number, (before, after)) in before.iter().zip(&after).enumerate() {
        let url = before[0]["text"]["link"]["url"].as_str();
        match url.filter(|url| others.contains(url)) {
            Some(url) if !after[0]["text"]["link"].is_object() => {
                assert_eq!(
                    plain_text(after),
                    format!("word {number} ({url})"),
                    "{number}"
                );
                assert_eq!(after[0]["annotations"]["bold"], true);
                let told = summary.losses.iter().any(|loss| loss.what.contains(url));
                assert!(told, "{url}: {:?}", summary.losses);
            }
            _ => assert_eq!(before, after, "{number}"),
        }
    }
    let requests = restorer.target.requests().len() as u64;
    (requests, restorer)
}

#[test]
fn a_page_with_bad_links_costs_at_most_three_requests_more() {
    let (plain, _) = restored_with(&[]);
    // What is surely refused is not sent at all.
    for others in [
        ["#part", "ftp://e.example/a", "slack://channel", "page:1/x"],
        ["relative", "//e.example/", "file:///etc", "javascript:x"],
    ] {
        let (requests, restorer) = restored_with(&others);
        assert_eq!(requests, plain, "{others:?}");
        let writes = restorer.writes();
        assert!(writes.iter().all(|it| it.status < 400), "{others:?}");
    }
    // What may go is tried.
    for others in [
        ["mailto:a@e.example", "mailto:b@e.example", "tel:1", "sms:2"],
        ["mailto:a@e.example"; 4],
        [
            "http://a b.example/",
            "http:// /x",
            "mailto:c@e.example",
            "tel:3",
        ],
    ] {
        let (requests, _) = restored_with(&others);
        assert!(requests <= plain + 3, "{others:?}: {requests}, {plain}");
    }
}

/// Whatever is refused, what is not meant stays as it is.
#[test]
fn a_link_that_the_server_minds_for_its_own_reasons_costs_no_block() {
    let others = [
        "http://localhost/",
        "http://intranet/x",
        "https://10.0.0.1/",
        "http://u@e.example/",
    ];
    let restorer = Restorer::abroad(long_page(&others));
    let lines = "\nInvalid URL for link.".repeat(3);
    let message = format!("Content creation Failed. Fix the following: {lines}");
    let refused = What::Refuse(Refusal::validation(message));
    let fault = Fault::on("POST", "/v1/pages", refused).times(2);
    restorer.target.faults().push(fault.holding("\"link\""));
    let summary = restorer.restore();
    let page = restorer.made("Links");
    let after = restorer.target.look(|ws| runs_of(ws, page));
    let text: Vec<String> = after.iter().map(plain_text).collect();
    for number in 0..85 {
        assert!(
            text[number].starts_with(&format!("word {number}")),
            "{text:?}"
        );
    }
    let serious = crate::restorer::serious(&summary.losses);
    assert!(
        serious.iter().all(|loss| loss.contains("link '")),
        "{serious:?}"
    );
}

/// A page with bad addresses in every place that has some.
#[test]
fn bad_addresses_in_every_place_cost_these_places_alone() {
    for bad in [
        "mailto:x@e.example",
        "relative/x",
        "ftp://e.example/x",
        "notion://x",
        "https://a b/",
    ] {
        let mut ws = Workspace::new(17);
        let tidy = bad.replace(' ', "%20");
        let external = json!({"type": "external", "external": {"url": bad}});
        let with_link = || json!([link("linked", bad)]);
        let page = ws.page(Parent::Workspace, "Places");
        let holder = ws.pages.get_mut(&page).unwrap();
        (holder.icon, holder.cover) = (external.clone(), external.clone());
        ws.paragraph(page, "first");
        ws.rich_block(page, "quote", with_link());
        for kind in ["image", "video", "file", "pdf", "audio"] {
            let mut payload = external.clone();
            payload["caption"] = with_link();
            if kind == "file" {
                payload["name"] = json!("name");
            }
            ws.block(page, kind, payload);
        }
        for kind in ["bookmark", "embed"] {
            ws.block(page, kind, json!({"url": bad, "caption": with_link()}));
        }
        let icon = external.clone();
        ws.block(
            page,
            "callout",
            json!({"rich_text": with_link(), "icon": icon, "color": "default"}),
        );
        let cells = json!([with_link(), rich("cell")]);
        let table = json!({"table_width": 2, "has_column_header": false, "has_row_header": false});
        let table = ws.block(page, "table", table);
        ws.block(table, "table_row", json!({"cells": cells}));
        ws.paragraph(page, "last");
        let columns = vec![
            property("Name", "title", json!({})),
            property("Text", "rich_text", json!({})),
            property("Files", "files", json!({})),
            property("Address", "url", json!({})),
        ];
        let (_, source) = ws.database(Parent::Page(page), "Base", columns);
        let row = ws.row(source, "Row");
        ws.value(row, "Text", with_link());
        ws.value(row, "Address", json!(bad));
        ws.value(
            row,
            "Files",
            json!([{"name": "away", "type": "external", "external": {"url": bad}}]),
        );
        ws.paragraph(row, "row text");
        ws.comment(Parent::Page(page), None, with_link());
        ws.advance_minutes(10);
        let restorer = Restorer::abroad(ws);
        let summary = restorer.restore();
        let (page, row) = (restorer.made("Places"), restorer.made("Row"));
        let quotes = restorer.target.look(|ws| {
            let children = ws.visible_children(page).unwrap();
            let blocks: Vec<_> = children.iter().filter_map(|id| ws.blocks.get(id)).collect();
            let words = |at: usize| plain_text(&blocks[at].payload["rich_text"]);
            assert_eq!(words(0), "first");
            let kinds: Vec<&str> = blocks.iter().map(|block| &*block.kind).collect();
            assert_eq!(kinds.len(), 12, "{kinds:?}");
            assert_eq!(words(11), "last", "{kinds:?}");
            assert_eq!((kinds[9], kinds[10]), ("callout", "table"), "{bad}");
            let values = ws.pages[&row].values.values();
            assert!(values.clone().any(|value| value == bad), "the url property");
            let told = json!(values.collect::<Vec<_>>()).to_string();
            assert!(told.contains("linked"), "{told}");
            assert!(
                ws.comments
                    .iter()
                    .any(|it| plain_text(&it.rich_text).contains("linked"))
            );
            // Whatever has the place of a block, its address can be read.
            for block in &blocks[1..9] {
                let payload = block.payload.to_string();
                assert!(
                    payload.contains(bad) || payload.contains(&tidy),
                    "{bad}: {payload}"
                );
            }
            kinds[1].to_owned()
        });
        assert_eq!(quotes, "quote", "{bad}");
        let degrees = summary.losses.iter().map(|loss| loss.degree);
        assert!(degrees.clone().any(|it| it != Degree::Detail), "{bad}");
    }
}

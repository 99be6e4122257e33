//! What names what: links to blocks, views and comments, synced blocks across pages,
//! linked views and their places.

use serde_json::json;

use crate::restorer::Restorer;
use crate::support::Workspace;
use crate::support::workspace::model::{Id, Linked, Parent};
use crate::support::workspace::text::{link, mention_page, rich};

fn prove_both(ws: &Workspace) {
    Restorer::home(ws.clone()).prove();
    Restorer::abroad(ws.clone()).prove();
}

fn hex(id: Id) -> String {
    format!("{:032x}", id.bits())
}

#[test]
fn links_to_blocks_views_and_comments_lead_to_the_copies() {
    let mut ws = Workspace::new(31);
    let first = ws.page(Parent::Workspace, "First");
    let second = ws.page(Parent::Workspace, "Second");
    let (database, _) = ws.database(Parent::Page(second), "Data", vec![]);
    let toggle = ws.toggle(second, "holds it");
    let target = ws.paragraph(toggle, "the target");
    let comment = ws.comment(Parent::Block(target), None, rich("said"));
    let view = ws.databases[&database].views[0];
    let home = "https://www.notion.so";
    let links = [
        format!("{home}/{}#{}", hex(second), hex(target)),
        format!("{home}/{}?v={}", hex(database), hex(view)),
    ];
    let table = ws.block(
        first,
        "table",
        json!({"table_width": 2, "has_column_header": false, "has_row_header": false}),
    );
    for url in &links {
        ws.rich_block(first, "paragraph", json!([link("there", url)]));
        ws.block(
            table,
            "table_row",
            json!({"cells": [[link("in a cell", url)], []]}),
        );
    }
    ws.block(
        first,
        "link_to_page",
        json!({"type": "comment_id", "comment_id": comment}),
    );
    // And back, so that neither page can be whole before the other.
    let words = ws.paragraph(first, "and back");
    let back = format!("{home}/{}#{}", hex(first), hex(words));
    ws.rich_block(second, "quote", json!([link("back", &back)]));
    prove_both(&ws);
}

#[test]
fn descriptions_and_titles_name_what_comes_later() {
    let mut ws = Workspace::new(32);
    let page = ws.page(Parent::Workspace, "First");
    let (database, source) = ws.database(Parent::Page(page), "Data", vec![]);
    let row = ws.row(source, "A row");
    let last = ws.page(Parent::Workspace, "Last");
    let named = json!([mention_page(last, "Last"), mention_page(row, "A row")]);
    ws.databases.get_mut(&database).unwrap().description = named;
    prove_both(&ws);
}

#[test]
fn synced_blocks_of_two_pages_in_a_circle_come_back() {
    let mut ws = Workspace::new(33);
    let pages = ["One", "Two"].map(|title| ws.page(Parent::Workspace, title));
    let originals = pages.map(|page| {
        let original = ws.block(page, "synced_block", json!({"synced_from": null}));
        ws.paragraph(original, "shown twice");
        original
    });
    for (page, original) in pages.into_iter().zip([originals[1], originals[0]]) {
        let from = json!({"type": "block_id", "block_id": original});
        ws.block(page, "synced_block", json!({"synced_from": from}));
        ws.paragraph(page, "after it");
    }
    prove_both(&ws);
}

#[test]
fn linked_views_keep_their_places() {
    let mut ws = Workspace::new(34);
    let data = ws.page(Parent::Workspace, "Data");
    let (_, source) = ws.database(Parent::Page(data), "Rows", vec![]);
    ws.row(source, "A row");
    let parent = |page| Parent::Page(page);
    // First, after another one, after text, after a page, last.
    let page = ws.page(Parent::Workspace, "Board");
    for _ in 0..2 {
        ws.linked_view(parent(page), source, Linked::EmptyDataSources);
    }
    ws.paragraph(page, "text");
    ws.linked_view(parent(page), source, Linked::EmptyDataSources);
    let child = ws.page(parent(page), "Child");
    ws.linked_view(parent(page), source, Linked::EmptyDataSources);
    ws.paragraph(page, "more text");
    ws.linked_view(parent(page), source, Linked::EmptyDataSources);
    // Nothing else, and only a page after it.
    ws.linked_view(parent(child), source, Linked::EmptyDataSources);
    let other = ws.page(parent(child), "Other");
    ws.linked_view(parent(other), source, Linked::EmptyDataSources);
    ws.page(parent(other), "Below");
    for restorer in [Restorer::home(ws.clone()), Restorer::abroad(ws)] {
        restorer.prove();
        let holders = restorer
            .target
            .look(|ws| ws.blocks.values().filter(|it| it.in_trash).count());
        assert_eq!(holders, 3, "what held a first place is gone");
    }
}

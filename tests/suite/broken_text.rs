//! Half of a surrogate pair in a text of Notion's, or bytes that are no UTF-8, cost that
//! text and nothing else (section 10.1 of the API digest).

use notion_backup::crawl::ledger::{Line, Status};
use notion_backup::model::Kind;
use serde_json::json;

use crate::restorer::{Restorer, foreign};
use crate::site::{Site, Tree, assert_same_tree};
use crate::support::workspace::build::property;
use crate::support::workspace::model::{Id, Parent};
use crate::support::workspace::text::rich;
use crate::support::{FakeNotion, Workspace};

/// What the workspace holds, what Notion writes for it, and how the ledger names that.
const BROKEN: [(&str, &[u8], &str); 5] = [
    ("HIGH", br"\ud83d", r"\ud83d"),
    ("LOWER", br"\uDE00", r"\ude00"),
    ("BACKWARD", br"\ude00\ud83d", r"\ude00, \ud83d"),
    ("TWICE", br"\ud83d\ud83d\ude00", r"\ud83d"),
    ("BYTES", b"\xff", "byte ff"),
];

/// The same in text that is whole.
const WHOLE: [(&str, &[u8]); 5] = [
    ("HIGH", "\u{FFFD}".as_bytes()),
    ("LOWER", "\u{FFFD}".as_bytes()),
    ("BACKWARD", "\u{FFFD}\u{FFFD}".as_bytes()),
    ("TWICE", "\u{FFFD}\u{1F600}".as_bytes()),
    ("BYTES", "\u{FFFD}".as_bytes()),
];

/// Broken texts in every kind of object, with whole ones beside them.
fn workspace() -> (Workspace, Id) {
    let mut ws = Workspace::new(81);
    ws.name = "Acme HIGH".to_owned();
    ws.person("Ada HIGH", "ada@example.com");
    let guest = ws.guest("Guest LOWER");
    // Its name alone: the address of its picture is plain text.
    ws.add_emoji("emoji", b"a picture");
    for emoji in &mut ws.emojis {
        emoji.name.push_str(" HIGH");
    }
    let home = ws.page(Parent::Workspace, "Home");
    for (word, _, _) in BROKEN {
        let page = ws.page(Parent::Page(home), &format!("Page {word}"));
        ws.paragraph(page, &format!("before {word} after"));
        ws.paragraph(page, "whole");
        ws.comment(Parent::Page(page), None, rich(&format!("said {word}")));
    }
    let mention = crate::support::workspace::text::mention_user(guest, "Guest LOWER");
    ws.rich_block(home, "paragraph", json!([mention]));
    let columns = vec![
        property("Text HIGH", "rich_text", json!({})),
        property("Whole", "rich_text", json!({})),
    ];
    let (database, source) = ws.database(Parent::Page(home), "Base TWICE", columns);
    let row = ws.row(source, "Row HIGH");
    ws.value(row, "Text HIGH", rich("value BACKWARD"));
    ws.value(row, "Whole", rich("whole"));
    ws.row(source, "Another row");
    ws.view(database, Some(source), "View LOWER", "table", json!({}));
    ws.template(source, "Template BYTES", false);
    (ws, row)
}

/// A site of this workspace whose answers hold the broken texts.
fn broken() -> Site {
    let site = Site::new(workspace().0);
    let raw = BROKEN.iter().map(|(word, raw, _)| (*word, *raw));
    site.fake.set(|switches| switches.raw_texts = raw.collect());
    site
}

/// What is in a tree besides the ledger.
fn contents(mut tree: Tree) -> Tree {
    tree.retain(|path, _| !path.starts_with("/.notion-backup/ledger/"));
    tree
}

fn marks(site: &Site) -> Vec<Line> {
    let mut lines = site.ledger();
    lines.retain(|line| line.reason.contains("no Unicode text"));
    lines
}

#[test]
fn everything_else_is_stored_as_if_the_text_were_whole() {
    let broken = broken();
    let summary = broken.dump();
    assert!(summary.complete, "{:?}", summary.problems);
    let whole = broken.elsewhere();
    whole
        .fake
        .set(|switches| switches.raw_texts = WHOLE.to_vec());
    assert!(whole.dump().complete);
    assert_same_tree(&contents(broken.tree()), &contents(whole.tree()));
    assert_eq!(marks(&whole), []);
}

#[test]
fn each_broken_value_is_in_the_ledger_with_what_it_was() {
    let site = broken();
    let summary = site.dump();
    let marks = marks(&site);
    assert!(marks.iter().all(|line| line.status == Status::Unsupported));
    assert!(
        marks.iter().all(|line| line.place.contains('/')),
        "{marks:#?}"
    );
    assert!(summary.ledger["unsupported"] >= marks.len() as u64);
    for kind in [
        Kind::Page,
        Kind::Block,
        Kind::Comment,
        Kind::Database,
        Kind::DataSource,
        Kind::View,
        Kind::User,
        Kind::CustomEmoji,
    ] {
        assert!(marks.iter().any(|line| line.kind == kind), "no {kind:?}");
    }
    for (word, _, was) in BROKEN {
        let words = format!("({was})");
        assert!(marks.iter().any(|it| it.reason.contains(&words)), "{word}");
    }
    let row = workspace().1;
    let mut places: Vec<&str> = marks
        .iter()
        .filter(|line| line.id == row)
        .map(|line| line.place.as_str())
        .collect();
    places.retain(|place| place.contains("Text"));
    let value = "/properties/Text \u{FFFD}/rich_text/0";
    let expected = [
        "/properties/Text \u{FFFD}".to_owned(),
        format!("{value}/plain_text"),
        format!("{value}/text/content"),
    ];
    assert_eq!(places, expected);
}

#[test]
fn later_runs_ask_for_nothing_and_say_the_same() {
    let site = broken();
    site.fake.edit(|ws| ws.advance_minutes(10));
    site.dump();
    let (tree, objects) = (site.tree(), site.objects());
    site.requests();
    site.fake.edit(|ws| ws.advance_minutes(10));
    site.dump();
    let requests = site.requests();
    assert_eq!(requests.get("GET /v1/blocks/{id}/children"), None);
    assert_same_tree(&site.tree(), &tree);
    assert_eq!(site.objects().len(), objects.len());
}

#[test]
fn a_restore_writes_the_text_with_its_replacement() {
    let site = broken();
    site.dump();
    let original = site.fake.look(Workspace::clone);
    let target = FakeNotion::start(foreign(&original, 4713));
    let restorer = Restorer::to(site, original, target);
    restorer.restore();
    for title in ["Page \u{FFFD}", "Row \u{FFFD}", "Another row"] {
        let ws = restorer.restored();
        assert!(ws.pages.values().any(|page| page.title == title), "{title}");
    }
}

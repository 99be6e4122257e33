//! What cannot come back as it was (section 8 of the API digest): the stand-in for it
//! is accepted, the lack of one is not, and an exact copy is not asked for.

use serde_json::{Value, json};

use super::{copied, foreign};
use crate::support::Workspace;
use crate::support::compare::{Comments, Expect, Lost, compare, copy_under};
use crate::support::workspace::build::property;
use crate::support::workspace::model::*;
use crate::support::workspace::text::*;

/// The paths of what the judge finds.
fn found(original: &Workspace, restored: &Workspace, under: Id, expect: &Expect) -> Vec<String> {
    let found = compare(original, restored, under, expect);
    found
        .iter()
        .map(|it| format!("{}: {}", it.path, it.what))
        .collect()
}

/// Builds one page, copies it, lets `well` and `badly` change the copy: the first must
/// be accepted only because `lost` is forgiven, the second never.
fn case(
    lost: Lost,
    build: impl Fn(&mut Workspace, Id) -> Id,
    well: impl Fn(&mut Workspace, Id),
    badly: impl Fn(&mut Workspace, Id),
) {
    let mut ws = Workspace::new(5);
    let page = ws.page(Parent::Workspace, "The page");
    let made = build(&mut ws, page);
    let copy = copied(ws);
    let new = copy.map[&made];
    let mut good = copy.restored.clone();
    well(&mut good, new);
    let look =
        |restored: &Workspace, expect: &Expect| found(&copy.original, restored, copy.under, expect);
    let none: Vec<String> = Vec::new();
    assert_eq!(look(&good, &Expect::restored()), none, "{lost:?}");
    let strict = Expect::restored().but(lost);
    assert_ne!(look(&good, &strict), none, "{lost:?} is forgiven elsewhere");
    let mut bad = copy.restored.clone();
    badly(&mut bad, new);
    assert_ne!(
        look(&bad, &Expect::restored()),
        none,
        "{lost:?} forgives too much"
    );
}

/// Turns a block into another one.
fn become_(ws: &mut Workspace, id: Id, kind: &'static str, payload: Value) {
    let block = ws.blocks.get_mut(&id).expect("a block");
    block.kind = kind.into();
    block.payload = payload;
}

fn callout(words: &str) -> Value {
    json!({"rich_text": rich(words), "color": "default", "icon": {"type": "emoji", "emoji": "❔"}})
}

#[test]
fn for_blocks() {
    let url = "https://example.com/pr/1";
    case(
        Lost::LinkPreviews,
        |ws, page| ws.block(page, "link_preview", json!({"url": url})),
        |ws, id| become_(ws, id, "bookmark", json!({"url": url, "caption": []})),
        |ws, id| {
            become_(
                ws,
                id,
                "bookmark",
                json!({"url": "https://example.com/", "caption": []}),
            )
        },
    );
    case(
        Lost::UnsupportedBlocks,
        |ws, page| ws.block(page, "unsupported", json!({"block_type": "form"})),
        |ws, id| become_(ws, id, "callout", callout("Not restored: form")),
        |ws, id| become_(ws, id, "callout", callout("Not restored")),
    );
    case(
        Lost::TemplateButtons,
        |ws, page| ws.block(page, "template", json!({"rich_text": rich("Add a day")})),
        |ws, id| become_(ws, id, "toggle", json!({"rich_text": rich("Add a day")})),
        |ws, id| become_(ws, id, "toggle", json!({"rich_text": rich("Add")})),
    );
    case(
        Lost::MeetingNotes,
        |ws, page| {
            let block = ws.block(page, "meeting_notes", json!({"title": rich("Weekly")}));
            ws.paragraph(block, "what was said");
            block
        },
        |ws, id| {
            become_(
                ws,
                id,
                "toggle",
                json!({"rich_text": rich("Meeting: Weekly")}),
            )
        },
        |ws, id| {
            become_(
                ws,
                id,
                "toggle",
                json!({"rich_text": rich("Meeting: Weekly")}),
            );
            let said = ws.blocks[&id].children[0];
            ws.delete_block(said);
        },
    );
    case(
        Lost::ListStarts,
        |ws, page| {
            let payload = json!({"rich_text": rich("five"), "list_start_index": 5});
            ws.block(page, "numbered_list_item", payload)
        },
        |ws, id| {
            become_(
                ws,
                id,
                "numbered_list_item",
                json!({"rich_text": rich("five")}),
            )
        },
        |ws, id| {
            become_(
                ws,
                id,
                "numbered_list_item",
                json!({"rich_text": rich("six")}),
            )
        },
    );
    case(
        Lost::CalloutIcons,
        |ws, page| {
            let mut payload = callout("mind");
            payload["icon"] = Value::Null;
            ws.block(page, "callout", payload)
        },
        |ws, id| become_(ws, id, "callout", callout("mind")),
        |ws, id| become_(ws, id, "callout", callout("never mind")),
    );
    // Short neighbours are no pieces of a longer one.
    case(
        Lost::ListStarts,
        |ws, page| {
            for words in ["5", "6", "56"] {
                ws.paragraph(page, words);
            }
            let payload = json!({"rich_text": rich("five"), "list_start_index": 5});
            ws.block(page, "numbered_list_item", payload)
        },
        |ws, id| {
            become_(
                ws,
                id,
                "numbered_list_item",
                json!({"rich_text": rich("five")}),
            )
        },
        |ws, id| {
            let page = ws.page_of(id).expect("a page");
            let first = ws.pages[&page].body.listed[0];
            ws.delete_block(first);
        },
    );
    // The text of more than a hundred runs, in two blocks.
    let runs: Vec<Value> = (0..120)
        .map(|at| styled("run ", if at % 2 == 0 { &["bold"] } else { &[] }, "default"))
        .collect();
    let part = |ws: &mut Workspace, id: Id, cut: usize, end: usize| {
        become_(
            ws,
            id,
            "quote",
            json!({"rich_text": runs[..cut], "color": "default"}),
        );
        let up = ws.page_of(id).expect("a page");
        ws.rich_block(up, "quote", json!(runs[cut..end]));
    };
    case(
        Lost::LongTexts,
        |ws, page| ws.rich_block(page, "quote", json!(runs)),
        |ws, id| part(ws, id, 100, 120),
        |ws, id| part(ws, id, 100, 119),
    );
}

#[test]
fn for_what_lies_or_leads_elsewhere() {
    // A page in a toggle moves to the page's end, and a link to it stays.
    let lift = |ws: &mut Workspace, toggle: Id, link: bool| {
        let inner = ws.blocks[&toggle].children[0];
        let page = ws.page_of(toggle).expect("a page");
        ws.move_page(inner, Parent::Page(page));
        if link {
            let to = json!({"type": "page_id", "page_id": inner});
            ws.block(toggle, "link_to_page", to);
        }
    };
    case(
        Lost::NestedObjects,
        |ws, page| {
            let toggle = ws.toggle(page, "open");
            ws.page(Parent::Block(toggle), "Inner");
            ws.paragraph(page, "after it");
            toggle
        },
        |ws, id| lift(ws, id, true),
        |ws, id| lift(ws, id, false),
    );
    let mention = mention(
        json!({"type": "link_mention", "link_mention": {"href": "https://example.com/a", "title": "An article"}}),
        "https://example.com/a",
        None,
    );
    let linked = |words: &str| json!({"rich_text": [link(words, "https://example.com/a")]});
    case(
        Lost::ReadOnlyMentions,
        |ws, page| ws.rich_block(page, "paragraph", json!([mention])),
        |ws, id| become_(ws, id, "paragraph", linked("An article")),
        |ws, id| {
            become_(
                ws,
                id,
                "paragraph",
                json!({"rich_text": rich("An article")}),
            )
        },
    );
    // Nothing of it can be named in a foreign workspace but by its text.
    let mut ws = Workspace::new(6);
    let stranger = ws.guest("Gus");
    let party = ws.add_emoji("party", b"png");
    let outside = ws.page(Parent::Workspace, "Outside");
    let page = ws.page(Parent::Workspace, "Inside");
    let runs = json!([
        mention_user(stranger, "Gus"),
        mention_page(outside, "Outside"),
        mention_emoji(party, "party"),
        run(" end")
    ]);
    let line = ws.rich_block(page, "paragraph", runs);
    let (mut other, under) = foreign(&Workspace::new(6), 7);
    let map = copy_under(&ws, &mut other, under);
    let expect = Expect::restored().only(&[page]);
    let outside = map[&outside];
    other.delete_page(outside);
    let write = |other: &mut Workspace, words: &str| {
        become_(
            other,
            map[&line],
            "paragraph",
            json!({"rich_text": rich(words)}),
        );
        found(&ws, other, under, &expect)
    };
    assert!(write(&mut other, "@GusOutside🎉 end").is_empty());
    assert!(!write(&mut other, "@GusOutside🎉").is_empty());
    assert!(!write(&mut other, "Outside🎉 end").is_empty());
    let mut bolder = styled("@GusOutside🎉 end", &["bold"], "default");
    bolder["text"]["link"] = Value::Null;
    become_(
        &mut other,
        map[&line],
        "paragraph",
        json!({"rich_text": [bolder]}),
    );
    assert!(!found(&ws, &other, under, &expect).is_empty());
    // In the workspace itself they are named as before.
    let copy = copied(ws);
    assert!(
        found(
            &copy.original,
            &copy.restored,
            copy.under,
            &Expect::restored()
        )
        .is_empty()
    );
}

#[test]
fn for_data() {
    fn source(ws: &mut Workspace, id: Id) -> &mut DataSource {
        ws.data_sources.get_mut(&id).expect("a source")
    }
    case(
        Lost::ComputedValues,
        |ws, page| {
            let columns = vec![
                property("Go", "button", json!({})),
                property("Sum", "formula", json!({"expression": "1"})),
            ];
            let (_, source) = ws.database(Parent::Page(page), "Data", columns);
            let row = ws.row(source, "Row");
            ws.value(row, "Sum", json!({"type": "number", "number": 1}));
            source
        },
        |ws, id| {
            source(ws, id).schema.retain(|it| it.kind != "button");
            let row = source(ws, id).rows[0];
            ws.pages.get_mut(&row).expect("a row").values.clear();
        },
        |ws, id| source(ws, id).schema.retain(|it| it.kind != "formula"),
    );
    // Rows that were not made in the order of their numbers.
    case(
        Lost::RowOrder,
        |ws, page| {
            let column = property("No", "unique_id", json!({"prefix": "N"}));
            let (_, source) = ws.database(Parent::Page(page), "Data", vec![column]);
            for number in [2, 1, 3] {
                ws.advance_minutes(1);
                let row = ws.row(source, &format!("Row {number}"));
                ws.value(row, "No", json!({"prefix": "N", "number": number}));
            }
            source
        },
        |ws, id| source(ws, id).rows.swap(0, 1),
        |_, _| {},
    );
    case(
        Lost::UniqueIdGaps,
        |ws, page| {
            let column = property("No", "unique_id", json!({"prefix": "N"}));
            let (_, source) = ws.database(Parent::Page(page), "Data", vec![column]);
            for number in [1, 4] {
                let row = ws.row(source, &format!("Row {number}"));
                ws.value(row, "No", json!({"prefix": "N", "number": number}));
            }
            source
        },
        |ws, id| {
            let row = source(ws, id).rows[1];
            ws.value(row, "No", json!({"prefix": "N", "number": 2}));
        },
        |ws, id| source(ws, id).rows.swap(0, 1),
    );
    case(
        Lost::OptionCommas,
        |ws, page| {
            let options = json!({"options": [{"id": "o", "name": "A, B", "color": "red"},
                                             {"id": "p", "name": "C", "color": "red"}]});
            let column = property("Size", "select", options);
            let (_, source) = ws.database(Parent::Page(page), "Data", vec![column]);
            let row = ws.row(source, "Row");
            ws.value(row, "Size", json!({"id": "o", "name": "A, B"}));
            source
        },
        |ws, id| {
            source(ws, id).schema[1].config["options"][0]["name"] = json!("A B");
            let row = source(ws, id).rows[0];
            ws.value(row, "Size", json!({"id": "o", "name": "A B"}));
        },
        |ws, id| {
            let row = source(ws, id).rows[0];
            ws.value(row, "Size", json!({"id": "p", "name": "C"}));
        },
    );
    case(
        Lost::TemplatesAndWikis,
        |ws, page| {
            let (_, source) = ws.database(Parent::Page(page), "Data", vec![]);
            let template = ws.template(source, "Weekly", false);
            ws.paragraph(template, "to do");
            source
        },
        |ws, id| {
            let template = source(ws, id).templates.remove(0).page;
            let database = source(ws, id).database;
            let Some(Parent::Page(page)) = ws.parent_of(database) else {
                panic!("a database in a page");
            };
            let holder = ws.page(Parent::Page(page), "Templates of Data");
            ws.move_page(template, Parent::Page(holder));
        },
        |ws, id| drop(source(ws, id).templates.remove(0)),
    );
    case(
        Lost::ViewDetails,
        |ws, page| {
            let (database, source) = ws.database(Parent::Page(page), "Data", vec![]);
            let cover = json!({"configuration": {"type": "gallery", "cover": {"type": "page_content_first"}}});
            ws.view(database, Some(source), "Pictures", "gallery", cover);
            ws.view(database, Some(source), "Latest", "feed", json!({}));
            database
        },
        |ws, id| {
            let feed = ws.databases.get_mut(&id).expect("a database").views.pop();
            assert!(feed.is_some());
            let gallery = ws.databases[&id].views[1];
            let cover = json!({"type": "gallery", "cover": {"type": "page_content"}});
            let gallery = ws.views.get_mut(&gallery).expect("a view");
            gallery.settings.insert("configuration".into(), cover);
        },
        |ws, id| {
            let database = ws.databases.get_mut(&id).expect("a database");
            database.views.remove(1);
        },
    );
}

#[test]
fn for_comments_and_files() {
    let mut ws = Workspace::new(8);
    let page = ws.page(Parent::Workspace, "Page");
    ws.say(Parent::Page(page), "Words");
    let block = ws.paragraph(page, "line");
    ws.say(Parent::Block(block), "More words");
    let mut copy = copied(ws);
    let write = |copy: &mut super::Copied, words: &str| {
        let new = copy.map[&page];
        for comment in &mut copy.restored.comments {
            if comment.on == Parent::Page(new) {
                comment.rich_text = rich(words);
            }
        }
        found(
            &copy.original,
            &copy.restored,
            copy.under,
            &Expect::restored(),
        )
    };
    assert!(write(&mut copy, "2026-11-01 10:00: Words").is_empty());
    assert!(!write(&mut copy, "2026-11-01 10:00: Word").is_empty());
    assert!(write(&mut copy, "Words").is_empty());
    // A dump without the comments of blocks.
    let new = copy.map[&block];
    copy.restored
        .comments
        .retain(|it| it.on != Parent::Block(new));
    let look = |expect: Expect| found(&copy.original, &copy.restored, copy.under, &expect);
    assert!(look(Expect::restored().comments(Comments::Pages)).is_empty());
    assert!(!look(Expect::restored()).is_empty());
    assert!(!look(Expect::restored().comments(Comments::None)).is_empty());
    case(
        Lost::RefusedFiles,
        |ws, page| {
            let mut file = ws.file("data.zip", "application/zip", b"zip");
            file["name"] = json!("data.zip");
            ws.block(page, "file", file)
        },
        |ws, id| become_(ws, id, "callout", callout("Not restored: data.zip")),
        |ws, id| become_(ws, id, "callout", callout("Not restored")),
    );
}

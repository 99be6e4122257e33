//! Parts of a backup: `only`.

use notion_backup::restore::Error;
use notion_backup::restore::original::Original;
use serde_json::json;

use crate::restorer::Restorer;
use crate::support::Workspace;
use crate::support::compare::Expect;
use crate::support::workspace::build::property;
use crate::support::workspace::model::{Id, Parent};
use crate::support::workspace::text::{mention_page, rich};

/// A page that names another one outside of it, and a page below it.
fn workspace() -> Workspace {
    let mut ws = Workspace::new(77);
    let outside = ws.page(Parent::Workspace, "Outside");
    let part = ws.page(Parent::Workspace, "Part");
    let text = json!([mention_page(outside, "Outside")]);
    ws.rich_block(part, "paragraph", text);
    ws.block(
        part,
        "link_to_page",
        json!({"type": "page_id", "page_id": outside}),
    );
    let below = ws.page(Parent::Page(part), "Below");
    ws.paragraph(below, "deep");
    let columns = vec![
        property("Name", "title", json!({})),
        property("Budget", "number", json!({"format": "euro"})),
        property("Notes", "rich_text", json!({})),
        property("When", "date", json!({})),
    ];
    let (database, source) = ws.database(Parent::Page(outside), "Plans", columns);
    for (at, title) in ["First", "Second"].into_iter().enumerate() {
        let row = ws.row(source, title);
        ws.value(row, "Budget", json!(at + 41));
        ws.value(row, "Notes", rich("read me"));
        ws.value(
            row,
            "When",
            json!({"start": "2026-03-01", "end": null, "time_zone": null}),
        );
        ws.paragraph(row, "in the row");
        ws.name(title, row);
    }
    for (name, id) in [
        ("outside", outside),
        ("part", part),
        ("plans", database),
        ("source", source),
    ] {
        ws.name(name, id);
    }
    ws
}

fn both(only: impl Fn(&Restorer) -> String) -> [Restorer; 2] {
    [Restorer::home(workspace()), Restorer::abroad(workspace())].map(|restorer| {
        let only = only(&restorer);
        let restorer = restorer.only(&[&only]);
        restorer.restore();
        restorer
    })
}

#[test]
fn one_page_comes_with_what_is_below_it() {
    for restorer in both(|it| it.original.get("part").to_string()) {
        let part = restorer.original.get("part");
        restorer.judge(&Expect::restored().only(&[part]));
        let made = restorer.made("Part");
        let home = restorer.original.id == restorer.restored().id;
        let outside = restorer.original.get("outside").to_string();
        let kept = restorer.target.look(|ws| {
            let blocks = ws.visible_children(made).unwrap();
            let named = |id: &Id| {
                ws.blocks
                    .get(id)
                    .is_some_and(|it| it.payload.to_string().contains(&outside))
            };
            blocks.iter().filter(|id| named(id)).count()
        });
        assert_eq!(kept, if home { 2 } else { 0 });
    }
}

#[test]
fn links_and_paths_name_a_part_too() {
    let link = |it: &Restorer| {
        format!(
            "https://www.notion.so/Part-{:032x}?pvs=4",
            it.original.get("part").bits()
        )
    };
    let path = |it: &Restorer| {
        let part = it.original.get("part");
        it.job(|job| {
            Original::load(job.source).unwrap().entries[&part]
                .path
                .clone()
        })
    };
    for restorer in both(link).into_iter().chain(both(path)) {
        let part = restorer.original.get("part");
        restorer.judge(&Expect::restored().only(&[part]));
    }
}

#[test]
fn one_database_comes_with_its_rows() {
    for name in ["plans", "source"] {
        for restorer in both(|it| it.original.get(name).to_string()) {
            let plans = restorer.original.get("plans");
            restorer.judge(&Expect::restored().only(&[plans]));
        }
    }
}

#[test]
fn a_row_alone_comes_as_a_page_that_says_its_values() {
    for restorer in both(|it| it.original.get("Second").to_string()) {
        let page = restorer.made("Second");
        let texts: Vec<String> = restorer.target.look(|ws| {
            assert_eq!(ws.pages[&page].parent, Parent::Page(restorer.root));
            let children = ws.visible_children(page).unwrap().into_iter();
            children
                .map(|id| {
                    let runs = ws.blocks[&id].payload["rich_text"].clone();
                    crate::support::workspace::text::plain_text(&runs)
                })
                .collect()
        });
        assert_eq!(
            texts,
            [
                "Budget: 42",
                "Notes: read me",
                "When: 2026-03-01",
                "in the row"
            ]
        );
        assert_eq!(restorer.target.count("POST /v1/databases"), 0);
    }
}

#[test]
fn what_the_backup_does_not_have_is_refused() {
    let mut restorer = Restorer::home(workspace());
    for text in ["0123456789abcdef0123456789abcdef", "/nowhere", "nonsense"] {
        restorer.only = vec![text.to_owned()];
        let error = restorer.try_restore().unwrap_err();
        assert!(
            matches!(&error, Error::NotInOriginal { text: it } if it == text),
            "{error}"
        );
        assert!(restorer.writes().is_empty());
    }
}

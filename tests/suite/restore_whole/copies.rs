//! Somebody backs up every night and restores below the same page again: the snapshot has
//! the page, and what earlier restores made below it.

use std::collections::BTreeSet;

use notion_backup::clock::ManualClock;
use notion_backup::model::NotionId;
use notion_backup::restore::{Reason, Summary};

use super::target::with_target;
use crate::restorer::Restorer;
use crate::support::Workspace;
use crate::support::workspace::model::{Id, Parent};
use crate::support::workspace::text::rich;

/// A first restore below a page, with what it made there: "Home" and "Locked".
fn first() -> (Restorer, Vec<Id>) {
    let restorer = with_target(|_| Parent::Workspace);
    restorer.prove();
    let copies = below_target(&restorer);
    assert_eq!(copies.len(), 2);
    (restorer, copies)
}

fn below_target(restorer: &Restorer) -> Vec<Id> {
    let children = restorer
        .target
        .look(|ws| ws.visible_children(restorer.root));
    children.expect("the page is there")
}

/// The whole workspace is below the page, once. Its file was uploaded by each restore.
fn came_back(restorer: &Restorer) {
    let mut found = restorer.differences();
    found.retain(|it| !it.to_string().contains("uploaded more than once"));
    assert!(found.is_empty(), "{found:#?}");
}

/// What has this title, in or below one of these pages.
fn below(ws: &Workspace, tops: &[Id], title: &str) -> Id {
    let is_below = |mut id: Id| {
        loop {
            if tops.contains(&id) {
                return true;
            }
            match ws.parent_of(id) {
                Some(
                    Parent::Page(up)
                    | Parent::Block(up)
                    | Parent::Database(up)
                    | Parent::DataSource(up),
                ) => id = up,
                _ => return false,
            }
        }
    };
    let mut pages = ws.pages.values();
    let page = pages.find(|page| page.title == title && is_below(page.id));
    page.expect("it is there").id
}

/// The night passes: a new snapshot.
fn night(restorer: &mut Restorer) {
    restorer.target.edit(|ws| ws.advance_minutes(10));
    restorer.site.dump();
    let now = restorer.target.look(|ws| ws.now);
    let now = jiff::Timestamp::from_millisecond(now).expect("a time");
    restorer.clock = ManualClock::at(now).into();
}

fn earlier_copies(summary: &Summary) -> BTreeSet<NotionId> {
    let left_out = summary.left_out.iter();
    let copies = left_out.filter(|it| it.why == Reason::EarlierCopy);
    copies.map(|it| it.id).collect()
}

/// How many blocks or comments that are not in the trash say this.
fn said(restorer: &Restorer, words: &str) -> usize {
    restorer.target.look(|ws| {
        let blocks = ws.blocks.values().filter(|block| !ws.is_trashed(block.id));
        let blocks = blocks.filter(|block| format!("{block:?}").contains(words));
        let comments = ws.comments.iter();
        let comments = comments.filter(|it| it.rich_text.to_string().contains(words));
        blocks.count() + comments.count()
    })
}

#[test]
fn copies_that_nobody_changed_are_left_out_and_the_workspace_comes_back() {
    let (mut restorer, copies) = first();
    night(&mut restorer);
    let preview = restorer.preview();
    // What is captured is on the disk; what is live below the page goes, for the judge.
    restorer.target.edit(|ws| {
        for copy in &copies {
            ws.set_trashed(*copy, true);
        }
    });
    let summary = restorer.restore();
    came_back(&restorer);
    assert_eq!(preview.planned.left_out, summary.left_out);
    assert_eq!(earlier_copies(&summary), copies.iter().copied().collect());
    assert_eq!(summary.left_out.len(), 3, "{:?}", summary.left_out);
    let counts: Vec<u64> = summary.left_out.iter().map(|it| it.below).collect();
    assert!(counts.iter().sum::<u64>() > 5, "{:?}", summary.left_out);
    assert!(!summary.has_losses(), "{:?}", summary.losses);

    // Another night: the copies of the second restore are in the snapshot as well.
    night(&mut restorer);
    let second = below_target(&restorer);
    let summary = restorer.restore();
    assert_eq!(earlier_copies(&summary), second.into_iter().collect());
}

#[test]
fn nothing_that_somebody_wrote_in_a_copy_is_left_out() {
    const WORDS: &str = "work of a whole day";
    type Work = fn(&mut Workspace, &[Id]);
    // Each in the same minute as the restore, which a time of editing cannot tell apart.
    let works: [(&str, Work); 5] = [
        ("a paragraph", |ws, copies| {
            let page = below(ws, copies, "Below");
            ws.paragraph(page, WORDS);
            ws.touch_page(page);
        }),
        (
            "a paragraph before the restore wrote to the page",
            |ws, copies| {
                let page = below(ws, copies, "Below");
                ws.paragraph(page, WORDS);
            },
        ),
        ("a comment", |ws, copies| {
            let page = below(ws, copies, "Below");
            ws.comment(Parent::Page(page), None, rich(WORDS));
        }),
        ("a page", |ws, copies| {
            let page = below(ws, copies, "Below");
            let own = ws.page(Parent::Page(page), "Own");
            ws.paragraph(own, WORDS);
        }),
        ("a row", |ws, copies| {
            let task = below(ws, copies, "Task 2");
            let Some(Parent::DataSource(source)) = ws.parent_of(task) else {
                panic!("it is a row");
            };
            let own = ws.row(source, "Own");
            ws.paragraph(own, WORDS);
        }),
    ];
    for (what, work) in works {
        let (mut restorer, copies) = first();
        restorer.target.edit(|ws| work(ws, &copies));
        night(&mut restorer);
        let summary = restorer.restore();
        let home = restorer.target.look(|ws| below(ws, &copies, "Home"));
        let left_out = earlier_copies(&summary);
        assert!(!left_out.contains(&home), "{what}");
        assert_eq!(left_out.len(), 1, "{what}: Locked alone");
        assert_eq!(said(&restorer, WORDS), 2, "{what}: there, and in its copy");
        assert_eq!(below_target(&restorer).len(), 2 + 3, "{what}");
    }
}

#[test]
fn what_somebody_wrote_beside_the_copies_is_restored() {
    let (mut restorer, copies) = first();
    restorer.target.edit(|ws| {
        let own = ws.page(Parent::Page(restorer.root), "Own");
        ws.paragraph(own, "words of my own");
        ws.touch_page(restorer.root);
    });
    night(&mut restorer);
    let summary = restorer.restore();
    assert_eq!(earlier_copies(&summary), copies.iter().copied().collect());
    assert_eq!(said(&restorer, "words of my own"), 2);
}

#[test]
fn a_copy_whose_original_is_gone_is_restored() {
    let (mut restorer, copies) = first();
    // Somebody cleans up after the restore, and works with the copies from now on.
    restorer.target.edit(|ws| {
        let pages: Vec<Id> = restorer.original.pages.keys().copied().collect();
        for id in pages {
            if matches!(ws.parent_of(id), Some(Parent::Workspace)) {
                ws.set_trashed(id, true);
            }
        }
    });
    night(&mut restorer);
    restorer.target.edit(|ws| {
        for copy in &copies {
            ws.set_trashed(*copy, true);
        }
    });
    let summary = restorer.restore();
    assert_eq!(earlier_copies(&summary), BTreeSet::new());
    came_back(&restorer);
}

#[test]
fn a_copy_that_somebody_else_made_is_restored() {
    // The same ids in the journal, another connection: nothing proves whose work it is.
    let (mut restorer, copies) = first();
    restorer.target.edit(|ws| {
        let owner = ws.owner;
        let page = ws.pages.get_mut(&copies[0]).expect("the copy");
        page.stamps.edited_by = owner;
    });
    night(&mut restorer);
    let left_out = earlier_copies(&restorer.restore());
    assert_eq!(left_out, BTreeSet::from([copies[1]]));
}

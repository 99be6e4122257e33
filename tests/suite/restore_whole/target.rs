//! The page to restore below is in the snapshot, as it is for everybody who backs up every
//! night.

use notion_backup::restore::{Error, LeftOut, Reason};

use crate::restorer::Restorer;
use crate::support::Workspace;
use crate::support::compare::Expect;
use crate::support::workspace::model::{Id, Parent};

/// A workspace in which the target page has been for a while, below `parent`. The judge
/// looks for everything else.
pub(super) fn with_target(parent: impl FnOnce(&mut Workspace) -> Parent) -> Restorer {
    let original = crate::restore_trial::small();
    let mut ws = original.clone();
    let parent = parent(&mut ws);

    let target = ws.page(parent, "Target");
    ws.name("target", target);
    ws.advance_minutes(10);
    let mut restorer = Restorer::home(ws);
    // The page that a restore takes where none is named: it would be in later snapshots.
    let other = std::mem::replace(&mut restorer.root, target);
    restorer.target.edit(|ws| ws.set_trashed(other, true));
    restorer.target.clear_requests();
    restorer.original = original;
    restorer
}

fn home(ws: &Workspace) -> Id {
    let mut pages = ws.pages.values();
    pages.find(|page| page.title == "Home").unwrap().id
}

fn target_page(restorer: &Restorer) -> LeftOut {
    LeftOut {
        id: restorer.root,
        title: "Target".into(),
        below: 0,
        why: Reason::TargetPage,
    }
}

#[test]
fn it_is_left_out_and_the_rest_is_restored() {
    let restorer = with_target(|_| Parent::Workspace);
    let preview = restorer.preview();
    assert_eq!(preview.planned.left_out, [target_page(&restorer)]);
    let summary = restorer.prove();
    assert_eq!(summary.left_out, [target_page(&restorer)]);
    assert!(!summary.has_losses(), "{:?}", summary.losses);
}

/// How many blocks directly below a page or block are links to the target page.
fn links(restorer: &Restorer, under: Id) -> usize {
    restorer.target.look(|ws| {
        let blocks = ws.visible_children(under).unwrap().into_iter();
        let blocks = blocks.filter_map(|id| ws.blocks.get(&id).map(|it| format!("{it:?}")));
        let mut links: Vec<String> = blocks.filter(|it| it.contains("link_to_page")).collect();
        links.retain(|it| it.contains(&restorer.root.to_string()));
        links.len()
    })
}

#[test]
fn where_it_stood_is_a_link_to_it() {
    let restorer = with_target(|ws| Parent::Page(home(ws)));
    let summary = restorer.restore();
    assert_eq!(summary.left_out, [target_page(&restorer)]);
    assert_eq!(links(&restorer, restorer.made("Home")), 1);
}

#[test]
fn where_it_stood_in_a_toggle_is_a_link_to_it() {
    let restorer = with_target(|ws| {
        let home = home(ws);
        Parent::Block(ws.toggle(home, "a toggle with the page"))
    });
    let summary = restorer.restore();
    assert_eq!(summary.left_out, [target_page(&restorer)]);
    let copy = restorer.made("Home");
    let toggle = restorer.target.look(|ws| {
        let mut children = ws.visible_children(copy).unwrap().into_iter();
        let is_it = |id: &Id| {
            let block = ws.blocks.get(id).map(|block| format!("{block:?}"));
            block.is_some_and(|block| block.contains("a toggle with the page"))
        };
        children.find(is_it).expect("the toggle")
    });
    assert_eq!(links(&restorer, toggle), 1);
}

#[test]
fn it_may_be_a_row_of_a_database_that_is_restored() {
    let original = crate::restore_trial::small();
    let mut ws = original.clone();
    let mut pages = ws.pages.values();
    let task = pages.find(|page| page.title == "Task 0").unwrap().id;
    let Some(Parent::DataSource(source)) = ws.parent_of(task) else {
        panic!("it is a row");
    };
    let target = ws.row(source, "Target");
    let mut restorer = Restorer::home(ws);
    restorer.root = target;
    restorer.original = original;
    let summary = restorer.prove();
    assert_eq!(summary.left_out, [target_page(&restorer)]);
    assert!(!summary.has_losses(), "{:?}", summary.losses);
}

#[test]
fn what_is_below_it_is_restored() {
    let mut ws = crate::restore_trial::small();
    let target = ws.page(Parent::Workspace, "Target");
    // Of the user's own, below the target page and in a toggle on it.
    let toggle = ws.toggle(target, "a toggle");
    let own = ws.page(Parent::Page(target), "Own");
    ws.paragraph(own, "mine");
    let deep = ws.page(Parent::Block(toggle), "Deep");
    ws.paragraph(deep, "mine too");
    ws.database(Parent::Page(target), "Own data", vec![]);
    let mut restorer = Restorer::home(ws);
    restorer.root = target;
    let summary = restorer.restore();
    assert_eq!(summary.left_out, [target_page(&restorer)]);
    assert!(!summary.has_losses(), "{:?}", summary.losses);
    restorer.target.look(|ws| {
        let below = ws.visible_children(target).unwrap();
        for title in ["Own", "Deep"] {
            let pages = ws.pages.values();
            let pages: Vec<Id> = pages
                .filter(|page| page.title == title)
                .map(|page| page.id)
                .collect();
            assert_eq!(pages.len(), 2, "{title}");
            assert!(pages.iter().any(|id| below.contains(id)), "{title}");
        }
        let data = ws.databases.values();
        assert_eq!(data.filter(|it| it.title == "Own data").count(), 2);
    });
}

#[test]
fn nothing_is_left_out_where_it_is_not_in_the_snapshot() {
    let restorer = Restorer::abroad(crate::restore_trial::small());
    assert!(restorer.prove().left_out.is_empty());
    let restorer = Restorer::home(crate::restore_trial::small());
    assert!(restorer.prove().left_out.is_empty());
}

#[test]
fn it_is_refused_where_it_is_asked_for_itself_or_with_what_is_above_it() {
    let mut restorer = with_target(|ws| Parent::Page(home(ws)));
    let above = restorer.target.look(home).to_string();
    restorer.target.clear_requests();
    for only in [above, restorer.root.to_string()] {
        restorer.only = vec![only];
        let error = restorer.try_restore().unwrap_err();
        assert!(matches!(error, Error::RootIsRestored { .. }), "{error}");
    }
    assert_eq!(restorer.writes().len(), 0);
}

#[test]
fn what_is_beside_it_can_be_asked_for() {
    let mut restorer = with_target(|_| Parent::Workspace);
    let part = restorer.target.look(home);
    restorer.only = vec![part.to_string()];
    let summary = restorer.restore();
    assert!(summary.left_out.is_empty());
    restorer.judge(&Expect::restored().only(&[part]));
}

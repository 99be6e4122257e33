//! The page to restore below is in the snapshot, as it is for everybody who backs up every
//! night.

use notion_backup::restore::{Error, LeftOut, Reason};

use crate::restorer::Restorer;
use crate::support::Workspace;
use crate::support::compare::Expect;
use crate::support::workspace::model::{Id, Parent};

/// A workspace in which the target page has been for a while, below `parent`. The judge
/// looks for everything else.
fn with_target(parent: impl FnOnce(&Workspace) -> Parent) -> Restorer {
    let original = crate::restore_trial::small();
    let mut ws = original.clone();
    let parent = parent(&ws);
    let target = ws.page(parent, "Target");
    ws.name("target", target);
    ws.advance_minutes(10);
    let mut restorer = Restorer::home(ws);
    restorer.root = target;
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

#[test]
fn where_it_stood_is_a_link_to_it() {
    let restorer = with_target(|ws| Parent::Page(home(ws)));
    let summary = restorer.restore();
    assert_eq!(summary.left_out, [target_page(&restorer)]);
    let copy = restorer.made("Home");
    let links = restorer.target.look(|ws| {
        let blocks = ws.visible_children(copy).unwrap().into_iter();
        let blocks = blocks.filter_map(|id| ws.blocks.get(&id).map(|it| format!("{it:?}")));
        let mut links: Vec<String> = blocks.filter(|it| it.contains("link_to_page")).collect();
        links.retain(|it| it.contains(&restorer.root.to_string()));
        links.len()
    });
    assert_eq!(links, 1);
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

//! The judge of restores is judged: it finds nothing between a workspace and an exact
//! copy of it, and every single change that is made to the copy.

mod mutations;
mod stand_ins;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::support::Workspace;
use crate::support::compare::{Difference, Expect, Lost, assert_same, compare, copy_under};
use crate::support::workspace::model::*;

/// A workspace as it was, itself with a copy under a page, and that page.
struct Copied {
    original: Workspace,
    restored: Workspace,
    under: Id,
    map: BTreeMap<Id, Id>,
    /// What is different already where the copy is taken for a restored one.
    usual: OnceLock<Vec<String>>,
}

fn copied(mut original: Workspace) -> Copied {
    let under = original.page(Parent::Workspace, "Restored here");
    if let Some(page) = original.pages.get_mut(&under) {
        page.omitted_by_search = true;
    }
    let mut restored = original.clone();
    let map = copy_under(&original, &mut restored, under);
    Copied {
        original,
        restored,
        under,
        map,
        usual: OnceLock::new(),
    }
}

/// A workspace of other people, some of whom share e-mail addresses with the first.
fn foreign(original: &Workspace, seed: u64) -> (Workspace, Id) {
    let mut other = Workspace::new(seed);
    for user in &original.users {
        if let UserKind::Person { email } = &user.kind
            && !other.users.iter().any(|it| it.kind == user.kind)
        {
            other.person(&user.name, email);
        }
    }
    let under = other.page(Parent::Workspace, "Restored here");
    (other, under)
}

impl Copied {
    /// What stands in the copy for the object of that name.
    fn at(&self, name: &str) -> Id {
        self.map[&self.original.get(name)]
    }

    fn differences(&self) -> Vec<Difference> {
        compare(&self.original, &self.restored, self.under, &Expect::exact())
    }
}

#[test]
fn an_exact_copy_of_everything_is_found_equal() {
    let copy = copied(Workspace::everything(1));
    assert_same(&copy.original, &copy.restored, copy.under, &Expect::exact());
    assert!(copy.differences().is_empty(), "not even weak ones");
}

#[test]
fn random_workspaces_are_found_equal_at_home_and_abroad() {
    for seed in 0..24 {
        let original = Workspace::random(seed);
        let copy = copied(original.clone());
        let exact = Expect::exact();
        assert_same(&copy.original, &copy.restored, copy.under, &exact);
        // Nothing in it is beyond the API but pages in blocks.
        let flat = Expect::restored().but(Lost::NestedObjects);
        assert_same(&copy.original, &copy.restored, copy.under, &flat);
        let (mut other, under) = foreign(&original, seed + 1000);
        copy_under(&original, &mut other, under);
        let abroad = Expect::exact().but(Lost::TimesAndAuthors);
        assert_same(&original, &other, under, &abroad);
        assert_same(&original, &other, under, &flat);
        let empty = Workspace::new(seed);
        assert!(!compare(&original, &empty, under, &flat).is_empty());
    }
}

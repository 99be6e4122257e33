//! The judge of restores is judged: it finds nothing between a workspace and an exact
//! copy of it, and every single change that is made to the copy.

use serde_json::{Value, json};

use crate::support::Workspace;
use crate::support::compare::{Difference, Expect, assert_same, compare, copy_under};
use crate::support::workspace::model::*;
use crate::support::workspace::text::*;

/// A workspace as it was, itself with a copy under a page, and that page.
struct Copied {
    original: Workspace,
    restored: Workspace,
    under: Id,
    map: std::collections::BTreeMap<Id, Id>,
}

fn copied(mut original: Workspace) -> Copied {
    let under = original.page(Parent::Workspace, "Restored here");
    original.pages.get_mut(&under).unwrap().omitted_by_search = true;
    let mut restored = original.clone();
    let map = copy_under(&original, &mut restored, under);
    Copied {
        original,
        restored,
        under,
        map,
    }
}

impl Copied {
    /// What stands in the copy for the object of that name.
    fn new(&self, name: &str) -> Id {
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

//! What a restore leaves out although the backup has it: the page that everything goes
//! below, and copies that earlier restores made there.
//!
//! Whoever backs up every night has the target page in the snapshot, and below it what
//! was restored before. To restore the page into itself makes no sense. Copies of copies
//! would grow with each restore, so a copy is left out as long as nobody has changed
//! anything in it: then it says nothing that its original does not say. All else below
//! the page is restored like any other page.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Error;
use super::journal;
use super::original::Original;
use crate::model::{Kind, NotionId};
use crate::repo::Repository;

/// Why something is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is the page that everything goes below.
    TargetPage,
    /// An earlier restore made it below that page, and it is unchanged since.
    EarlierCopy,
}

/// Something that is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its id, in the backup.
    pub id: NotionId,
    /// Its title.
    pub title: String,
    /// How many pages and databases below it are left out with it.
    pub below: u64,
    /// Why.
    pub why: Reason,
}

/// Takes out of `chosen` what is not restored below `root`. Fails when parts were asked
/// for (`only`) and the page is one of them or below one.
pub fn leave_out(
    original: &Original<'_>,
    repo: &Repository,
    root: NotionId,
    only: bool,
    chosen: &mut BTreeSet<NotionId>,
) -> Result<Vec<LeftOut>, Error> {
    let Some(entry) = original
        .entries
        .get(&root)
        .filter(|_| chosen.contains(&root))
    else {
        return Ok(Vec::new());
    };
    let title = entry.title.clone();
    if only {
        return Err(Error::RootIsRestored { root, title });
    }
    chosen.remove(&root);
    let mut left_out = vec![LeftOut {
        id: root,
        title,
        below: 0,
        why: Reason::TargetPage,
    }];
    for name in journal::Journal::names(repo)? {
        let Some((made, until)) = journal::made_below(repo, &name, root)? else {
            continue;
        };
        for id in entry.below.iter().filter(|id| made.contains(id)) {
            let copy = subtree(original, *id);
            let left = copy.iter().filter(|id| chosen.contains(id)).count();
            if left == 0 || !copy.iter().all(|id| is_unchanged(original, *id, until)) {
                continue;
            }
            let copied = original.entries.get(id);
            left_out.push(LeftOut {
                id: *id,
                title: copied
                    .map(|copied| copied.title.clone())
                    .unwrap_or_default(),
                below: left.saturating_sub(1) as u64,
                why: Reason::EarlierCopy,
            });
            for id in copy {
                chosen.remove(&id);
            }
        }
    }
    Ok(left_out)
}

/// Whether all that is not chosen is this page or below it.
pub fn is_all_but(original: &Original<'_>, root: NotionId, chosen: &BTreeSet<NotionId>) -> bool {
    let below: BTreeSet<NotionId> = subtree(original, root).into_iter().collect();
    let mut all = original.entries.keys();
    all.all(|id| chosen.contains(id) || below.contains(id))
}

/// A page or database and all that is below it.
fn subtree(original: &Original<'_>, id: NotionId) -> Vec<NotionId> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut todo = vec![id];
    while let Some(id) = todo.pop() {
        if let Some(entry) = original.entries.get(&id)
            && seen.insert(id)
        {
            found.push(id);
            todo.extend(&entry.below);
        }
    }
    found
}

/// Whether the backup says that it was not edited after this time. Notion tells the
/// minute of an edit (section 3.11 of the API digest).
fn is_unchanged(original: &Original<'_>, id: NotionId, until: Timestamp) -> bool {
    let kind = original.entries.get(&id).map(|entry| entry.kind);
    let object = match kind {
        Some(Kind::Database) => original.database(id).map(|data| data.container),
        _ => original.page(id).map(|data| data.object),
    };
    let edited = object.ok().and_then(|object| {
        let edited = object["last_edited_time"].as_str()?;
        edited.parse::<Timestamp>().ok()
    });
    edited.is_some_and(|edited| edited <= until)
}

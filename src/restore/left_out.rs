//! What a restore leaves out although the backup has it: the page that everything goes
//! below, and copies that earlier restores made there.
//!
//! Whoever backs up every night has the target page in the snapshot, and below it what
//! was restored before. To restore the page into itself makes no sense. Copies of copies
//! would grow with each restore, so a copy is left out as long as nobody but the
//! connection that made it has written anything in it, and all originals of what is in it
//! are restored. All else below the page is restored like any other page.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::journal::{self, Made};
use super::original::Original;
use super::{Error, PendingId};
use crate::model::{Kind, NotionId, id_of};
use crate::notion::Notion;
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
    notion: &Notion,
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
    let mut bot = None;
    // By what stands for them in plans.
    let readable = original.entries.iter();
    let readable = readable.filter(|(_, entry)| entry.stand_in.is_none());
    let originals: HashMap<PendingId, NotionId> =
        readable.map(|(id, _)| (PendingId::of(*id), *id)).collect();
    for name in journal::Journal::names(repo)? {
        let Some(earlier) = journal::made_below(repo, &name, root)? else {
            continue;
        };
        for id in entry.below.iter().filter(|id| earlier.ids.contains_key(id)) {
            let copy = subtree(original, *id);
            let left = copy.iter().filter(|id| chosen.contains(id)).count();
            // Where an original is gone, the copy is all that is left of it.
            let come_back = copy.iter().all(|id| {
                let pending = earlier.ids.get(id);
                let original = pending.and_then(|pending| originals.get(pending));
                original.is_some_and(|original| chosen.contains(original))
            });
            if left == 0 || !come_back {
                continue;
            }
            let bot = match bot {
                Some(bot) => bot,
                None => *bot.insert(id_of(&notion.me()?)),
            };
            if !bot.is_some_and(|bot| copy.iter().all(|id| earlier.is_as_made(original, *id, bot)))
            {
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

impl Made {
    /// Whether a page or database is as this restore left it: `bot`, the connection that
    /// made it, is the only one whose hand is seen in it. Times alone cannot tell: Notion
    /// tells the minute of an edit (section 3.11 of the API digest), somebody may have
    /// written while the restore went on, and a comment is no edit. Whatever is unknown
    /// counts as changed, because what is not left out is lost in no case.
    fn is_as_made(&self, original: &Original<'_>, id: NotionId, bot: NotionId) -> bool {
        let readable = original.entries.get(&id);
        let Some(entry) = readable.filter(|entry| entry.stand_in.is_none()) else {
            return false;
        };
        let (object, parts) = match entry.kind {
            Kind::Database => {
                let Ok(data) = original.database(id) else {
                    return false;
                };
                let mut parts = data.sources;
                parts.extend(data.views);
                parts.push(data.comments);
                (data.container, parts)
            }
            _ => {
                let Ok(data) = original.page(id) else {
                    return false;
                };
                let blocks = data.body.nodes.into_iter().map(|node| node.block);
                let mut parts: Vec<Value> = blocks.collect();
                parts.push(data.comments);
                // Containers of databases do not tell who edited them; pages do.
                if data.object["last_edited_by"]["id"].is_null() {
                    return false;
                }
                (data.object, parts)
            }
        };
        let edited = object["last_edited_time"].as_str();
        let edited = edited.and_then(|edited| edited.parse::<Timestamp>().ok());
        edited.is_some_and(|edited| edited <= self.until)
            && is_by(&object, bot)
            && parts.iter().all(|part| is_by(part, bot))
    }
}

/// Whether all that says by whom an object, or each of a list of objects, was made and
/// edited names this user.
fn is_by(object: &Value, user: NotionId) -> bool {
    if let Some(objects) = object.as_array() {
        return objects.iter().all(|object| is_by(object, user));
    }
    let mut keys = ["created_by", "last_edited_by"].into_iter();
    keys.all(|key| match object[key]["id"].as_str() {
        Some(id) => id.parse() == Ok(user),
        None => true,
    })
}

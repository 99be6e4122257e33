//! Forgetting snapshots: which ones go, by a policy or by name, and never the last
//! complete one.
//!
//! A plan is made first and can be shown without doing it. Whatever a policy says, the last
//! complete snapshot with pages of every workspace (and choice of roots in it) stays, and
//! whoever names snapshots must leave one such, so that no rule, filter or typing error
//! leaves somebody without a backup, and a dump has something to compare with. A snapshot that is dated in the
//! future comes into no rule: counted as the newest, it would push out a real one.
//! Forgetting removes the snapshot's file alone; its objects are `gc`'s business.

pub mod policy;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::repo::{Error as RepoError, LockGuard, Repository, Snapshot, SnapshotId, anchor};
use policy::{Item, Policy, Reason, TagList};

/// What makes snapshots belong together, so that a policy counts them together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupBy {
    /// The same workspace.
    pub workspace: bool,
    /// The same `--root`s.
    pub roots: bool,
    /// The same tags.
    pub tags: bool,
    /// Written on the same machine.
    pub host: bool,
}

impl Default for GroupBy {
    fn default() -> GroupBy {
        GroupBy {
            workspace: true,
            roots: true,
            tags: false,
            host: false,
        }
    }
}

/// Which snapshots are to go.
#[derive(Clone, Debug)]
pub enum Choice {
    /// Those that a policy does not keep.
    Policy {
        /// The rule.
        policy: Policy,
        /// What it counts together.
        group_by: GroupBy,
        /// Only snapshots with one of these lists of tags are looked at; empty: all.
        only: Vec<TagList>,
    },
    /// These.
    Named(BTreeSet<SnapshotId>),
}

/// One snapshot, and whether it stays.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Its name.
    pub id: SnapshotId,
    /// What it says.
    pub snapshot: Snapshot,
    /// Why it is kept; empty: it goes.
    pub reasons: Vec<Reason>,
}

impl Decision {
    /// Whether it stays.
    pub fn is_kept(&self) -> bool {
        !self.reasons.is_empty()
    }

    /// Whether it is dated in the future, so that no rule counts it.
    pub fn is_dated_in_the_future(&self) -> bool {
        self.reasons.contains(&Reason::Future)
    }
}

/// A snapshot whose file cannot be read.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// Its name.
    pub id: SnapshotId,
    /// Why it cannot be read.
    pub reason: String,
    /// Whether it goes, because it was named.
    pub remove: bool,
}

/// What would be forgotten.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The snapshots that were looked at, in groups, each oldest first.
    pub groups: Vec<Vec<Decision>>,
    /// Those that cannot be read. A policy leaves them alone.
    pub unreadable: Vec<Unreadable>,
}

impl Plan {
    /// The snapshots that go, oldest first within each group.
    pub fn removed(&self) -> Vec<SnapshotId> {
        let named = self
            .unreadable
            .iter()
            .filter(|it| it.remove)
            .map(|it| &it.id);
        let decided = self.decisions().filter(|it| !it.is_kept()).map(|it| &it.id);
        decided.chain(named).cloned().collect()
    }

    /// How many of those that were looked at stay.
    pub fn kept(&self) -> usize {
        self.decisions().filter(|it| it.is_kept()).count()
    }

    fn decisions(&self) -> impl Iterator<Item = &Decision> {
        self.groups.iter().flatten()
    }
}

/// Why nothing was forgotten.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The repository cannot be read or written.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// A snapshot that was named is the last one that is worth something.
    #[error("snapshot {id} is the {which} of {family}, so nothing was forgotten")]
    Last {
        /// The snapshot.
        id: SnapshotId,
        /// What it is the last of, for example `last complete one`.
        which: &'static str,
        /// What it backs up.
        family: String,
    },
}

/// How far a snapshot may be dated ahead of this machine's clock without being dated in the
/// future: snapshots go by Notion's clock, and no two clocks agree.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(10);

/// Decides what goes, as of `now`. `even_the_last` lifts the protection of the last
/// complete one.
pub fn plan(
    repository: &Repository,
    choice: &Choice,
    even_the_last: bool,
    now: Timestamp,
) -> Result<Plan, Error> {
    let found = repository.all_snapshots()?;
    let mut plan = Plan {
        groups: Vec::new(),
        unreadable: found
            .damaged
            .into_iter()
            .map(|(id, error)| Unreadable {
                id,
                reason: error.to_string(),
                remove: false,
            })
            .collect(),
    };
    match choice {
        Choice::Policy {
            policy,
            group_by,
            only,
        } => {
            let looked_at = found.whole.iter().filter(|(_, snapshot)| {
                only.is_empty() || only.iter().any(|list| list.fits(&snapshot.tags))
            });
            let mut groups: BTreeMap<_, Vec<Decision>> = BTreeMap::new();
            for (id, snapshot) in looked_at {
                let group = groups.entry(group_key(snapshot, *group_by)).or_default();
                group.push(decision(id, snapshot));
            }
            plan.groups = groups.into_values().collect();
            let end = now.saturating_add(CLOCKS_DIFFER).unwrap_or(Timestamp::MAX);
            for group in &mut plan.groups {
                decide(policy, group, end);
            }
        }
        Choice::Named(named) => {
            let mut groups: BTreeMap<_, Vec<Decision>> = BTreeMap::new();
            for (id, snapshot) in found.whole.iter().filter(|(id, _)| named.contains(id)) {
                let group = groups.entry(family(snapshot)).or_default();
                group.push(decision(id, snapshot));
            }
            plan.groups = groups.into_values().collect();
            for unreadable in &mut plan.unreadable {
                unreadable.remove = named.contains(&unreadable.id);
            }
        }
    }
    if !even_the_last {
        let last = last_ones(&found.whole, choice, &plan);
        for decision in plan.groups.iter_mut().flatten() {
            if !last.contains(&decision.id) {
                continue;
            }
            if matches!(choice, Choice::Named(_)) {
                return Err(Error::Last {
                    id: decision.id.clone(),
                    which: match (decision.snapshot.complete, decision.snapshot.pages() > 0) {
                        (true, true) => "last complete one with pages",
                        (true, false) => "last complete one",
                        (false, true) => "last one with pages",
                        (false, false) => "last one",
                    },
                    family: describe(&decision.snapshot),
                });
            }
            if !decision.is_kept() {
                decision.reasons.push(Reason::LastComplete);
            }
        }
    }
    Ok(plan)
}

/// Removes the files of the snapshots that are to go. The plan must have been made
/// since the lock was taken.
pub fn carry_out(repository: &Repository, lock: &LockGuard, plan: &Plan) -> Result<(), Error> {
    Ok(repository.remove_snapshots(lock, &plan.removed())?)
}

/// What a snapshot backs up, for people.
pub fn describe(snapshot: &Snapshot) -> String {
    let source = &snapshot.source;
    let name = if source.workspace_name.is_empty() {
        &source.workspace_id
    } else {
        &source.workspace_name
    };
    if source.roots.is_empty() {
        format!("workspace {name}")
    } else {
        format!("workspace {name}, only {}", source.roots.join(", "))
    }
}

fn decision(id: &SnapshotId, snapshot: &Snapshot) -> Decision {
    Decision {
        id: id.clone(),
        snapshot: snapshot.clone(),
        reasons: Vec::new(),
    }
}

fn decide(policy: &Policy, oldest_first: &mut [Decision], end: Timestamp) {
    for decision in oldest_first.iter_mut() {
        if decision.snapshot.finished > end {
            decision.reasons.push(Reason::Future);
        }
    }
    let items: Vec<Item> = oldest_first
        .iter()
        .rev()
        .filter(|decision| !decision.is_dated_in_the_future())
        .map(|decision| Item {
            // The name's may be later, where a clock was set back.
            time: decision.snapshot.finished,
            tags: &decision.snapshot.tags,
        })
        .collect();
    let reasons = policy.reasons(&items);
    let ruled = oldest_first
        .iter_mut()
        .rev()
        .filter(|decision| !decision.is_dated_in_the_future());
    for (decision, reasons) in ruled.zip(reasons) {
        decision.reasons = reasons;
    }
}

type Key = (
    Option<String>,
    Option<Vec<String>>,
    Option<Vec<String>>,
    Option<String>,
);

fn group_key(snapshot: &Snapshot, by: GroupBy) -> Key {
    let source = &snapshot.source;
    let mut tags = snapshot.tags.clone();
    tags.sort_unstable();
    (
        by.workspace.then(|| source.workspace_id.clone()),
        by.roots.then(|| source.roots.clone()),
        by.tags.then_some(tags),
        by.host.then(|| snapshot.host.clone()),
    )
}

/// What a snapshot is a backup of. The protection goes by this, however a policy groups.
fn family(snapshot: &Snapshot) -> (String, Vec<String>) {
    let source = &snapshot.source;
    (source.workspace_id.clone(), source.roots.clone())
}

/// What must stay of each family: its anchor. By their ids, even the newest may go, as long
/// as another one of as much worth is left: who types an id knows which one it is.
fn last_ones(all: &[(SnapshotId, Snapshot)], choice: &Choice, plan: &Plan) -> BTreeSet<SnapshotId> {
    let removed: BTreeSet<SnapshotId> = match choice {
        Choice::Named(_) => plan.removed().into_iter().collect(),
        Choice::Policy { .. } => all.iter().map(|(id, _)| id.clone()).collect(),
    };
    let mut families: BTreeMap<_, Vec<&(SnapshotId, Snapshot)>> = BTreeMap::new();
    for member in all {
        families.entry(family(&member.1)).or_default().push(member);
    }
    let mut last = BTreeSet::new();
    for members in families.values() {
        let Some((id, snapshot)) = anchor(members.iter().copied()) else {
            continue;
        };
        let mut left = members.iter().filter(|(id, _)| !removed.contains(id));
        if !left.any(|(_, other)| other.is_worth_as_much_as(snapshot)) {
            last.insert(id.clone());
        }
    }
    last
}

#[cfg(test)]
mod tests;

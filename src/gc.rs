//! Freeing room: removing the objects that nothing needs any more.
//!
//! First a plan, which is a value and can be shown: every object that no snapshot and
//! no interrupted crawl names, and files that were never finished. Then the sweep,
//! under the exclusive lock. What is needed must be known completely: one snapshot or
//! directory that cannot be read, and there is no plan. In memory is an id for each
//! object, whatever the objects hold.
//!
//! A sweep that is cut off at any moment leaves every snapshot whole, because it only
//! ever removes what none of them names; the next one does the rest.

use std::collections::{BTreeSet, HashSet};

use rayon::prelude::*;

use crate::crawl;
use crate::repo::{
    EntryKind, Error as RepoError, LockGuard, ObjectId, Repository, SnapshotId, is_unfinished,
};
use crate::report::{Counter, Phase, Report};
use crate::stop::Stop;

/// How many directories are in memory at once.
const AT_ONCE: usize = 256;

/// What a sweep would remove, and what it would leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Objects that nothing needs, with the bytes that they take on the disk.
    pub objects: Vec<(ObjectId, u64)>,
    /// Paths of files that were never finished, or that a repair set aside and that are
    /// there again, with their bytes.
    pub leftovers: Vec<(String, u64)>,
    /// Objects that stay.
    pub kept_objects: u64,
    /// The bytes that those take on the disk.
    pub kept_bytes: u64,
    /// Objects that a snapshot needs and that are not there.
    pub missing_objects: u64,
    /// Snapshots that were looked at.
    pub snapshots: u64,
    /// Interrupted crawls whose objects stay.
    pub interrupted: u64,
}

impl Plan {
    /// The bytes on the disk that the sweep frees.
    pub fn freed_bytes(&self) -> u64 {
        let objects = self.objects.iter().map(|(_, bytes)| bytes);
        let leftovers = self.leftovers.iter().map(|(_, bytes)| bytes);
        objects.chain(leftovers).sum()
    }
}

/// Why nothing, or not everything, was removed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something that may name objects cannot be read.
    #[error("{source}, so it is not known what it needs, and nothing was removed")]
    Unknown {
        /// Why it cannot be read.
        source: Box<RepoError>,
        /// The snapshot that cannot be read, if it is one.
        snapshot: Option<SnapshotId>,
    },
    /// A file that may be a snapshot under another name.
    #[error("'{0}' may be a snapshot, but has no snapshot's name, so nothing was removed")]
    Stranger(String),
    /// The repository cannot be read or written.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// The user asked to end; the next run does the rest.
    #[error("stopped before the end")]
    Stopped,
}

impl Error {
    fn unknown(source: RepoError, snapshot: Option<SnapshotId>) -> Error {
        Error::Unknown {
            source: Box::new(source),
            snapshot,
        }
    }
}

/// Finds what nothing needs, taking the snapshots in `without` as forgotten.
///
/// Only a plan that was made since the exclusive lock was taken may be carried out:
/// what a running dump has stored looks as if nothing needed it.
pub fn plan(
    repo: &Repository,
    without: &[SnapshotId],
    stop: &Stop,
    report: &dyn Report,
) -> Result<Plan, Error> {
    report.phase(Phase::Checking);
    let mut plan = Plan::default();
    let needed = Needed::find(repo, without, &mut plan, stop, report)?;
    let mut present = 0;
    for first in 0..=u8::MAX {
        let folder = repo.object_folder(first)?;
        for (id, bytes) in folder.objects {
            if needed.has(&id) {
                present += 1;
                plan.kept_objects += 1;
                plan.kept_bytes += bytes;
            } else {
                plan.objects.push((id, bytes));
            }
        }
        let unfinished = folder.others.into_iter();
        plan.leftovers
            .extend(unfinished.filter(|(path, _)| is_unfinished(path)));
        for (id, bytes) in folder.set_aside {
            // As long as nothing better is there, it may be worth something.
            if !needed.has(&id) || repo.has(id)? {
                plan.leftovers.push((repo.set_aside_path(id), bytes));
            }
        }
    }
    plan.leftovers.extend(repo.unfinished()?);
    plan.missing_objects = (needed.len() as u64).saturating_sub(present);
    Ok(plan)
}

/// Removes what a plan says, which must have been made under this lock.
pub fn sweep(
    repo: &Repository,
    lock: &LockGuard,
    plan: &Plan,
    stop: &Stop,
    report: &dyn Report,
) -> Result<(), Error> {
    report.phase(Phase::Removing);
    report.expect((plan.objects.len() + plan.leftovers.len()) as u64);
    let sweep = repo.sweep(lock)?;
    let leftovers = plan.leftovers.iter().map(|(path, bytes)| {
        sweep.leftover(path)?;
        Ok(*bytes)
    });
    let objects = plan.objects.iter().map(|(id, bytes)| {
        sweep.object(*id)?;
        Ok(*bytes)
    });
    for removed in leftovers.chain(objects) {
        let bytes: Result<u64, RepoError> = removed;
        report.add(Counter::ObjectBytes, bytes?);
        report.add(Counter::Objects, 1);
        if stop.is_raised() {
            return Err(Error::Stopped);
        }
    }
    Ok(())
}

/// Everything that snapshots and interrupted crawls name. An id can be both.
#[derive(Default)]
struct Needed {
    trees: HashSet<ObjectId>,
    files: HashSet<ObjectId>,
}

impl Needed {
    fn has(&self, id: &ObjectId) -> bool {
        self.files.contains(id) || self.trees.contains(id)
    }

    fn len(&self) -> usize {
        self.files.union(&self.trees).count()
    }

    fn find(
        repo: &Repository,
        without: &[SnapshotId],
        plan: &mut Plan,
        stop: &Stop,
        report: &dyn Report,
    ) -> Result<Needed, Error> {
        let mut needed = Needed::default();
        let mut todo = Vec::new();
        let without: BTreeSet<&SnapshotId> = without.iter().collect();
        let all = repo.all_snapshots()?;
        if let Some((id, source)) = all
            .damaged
            .into_iter()
            .find(|(id, _)| !without.contains(id))
        {
            return Err(Error::unknown(source, Some(id)));
        }
        if let Some(path) = all.others.iter().find(|path| path.ends_with(".json")) {
            return Err(Error::Stranger(repo.place(path)));
        }
        for (id, snapshot) in &all.whole {
            if !without.contains(id) {
                plan.snapshots += 1;
                needed.tree(snapshot.tree, &mut todo);
            }
        }
        for group in repo.state_groups()? {
            let look = crawl::journal_objects(repo, &group, &mut |id, kind| match kind {
                EntryKind::File => {
                    needed.files.insert(id);
                }
                EntryKind::Directory => needed.tree(id, &mut todo),
            });
            let look = look.map_err(|source| Error::unknown(source, None))?;
            plan.interrupted += u64::from(look.is_some());
        }
        while !todo.is_empty() {
            if stop.is_raised() {
                return Err(Error::Stopped);
            }
            report.expect(needed.trees.len() as u64);
            let portion = todo.split_off(todo.len().saturating_sub(AT_ONCE));
            report.add(Counter::Objects, portion.len() as u64);
            let read: Vec<_> = portion.into_par_iter().map(|id| repo.tree(id)).collect();
            for tree in read {
                let tree = tree.map_err(|source| Error::unknown(source, None))?;
                for entry in tree.entries {
                    match entry.kind {
                        EntryKind::File => {
                            needed.files.insert(entry.id);
                        }
                        EntryKind::Directory => needed.tree(entry.id, &mut todo),
                    }
                }
            }
        }
        Ok(needed)
    }

    fn tree(&mut self, id: ObjectId, todo: &mut Vec<ObjectId>) {
        if self.trees.insert(id) {
            todo.push(id);
        }
    }
}

#[cfg(test)]
mod tests;

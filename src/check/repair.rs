//! Saving what can be saved of damaged snapshots.
//!
//! Nothing that was written is changed: for each damaged snapshot there is a new one
//! beside it, without what cannot be read and marked as repaired, and the old one stays
//! until it is forgotten. Files that are certainly not the objects that their names say
//! are set aside, so that the next dump can store them again; with luck that makes the
//! old snapshots whole as well.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{Bad, CheckOptions, Examined, Fault, Findings, examine};
use crate::crawl;
use crate::repo::{self, LockGuard, Repaired, Repository, Snapshot, SnapshotId, host};
use crate::report::{Phase, Report};

/// The tag of repaired snapshots.
pub const TAG: &str = "repaired";

/// What a repair did.
#[derive(Debug, Default)]
pub struct Repair {
    /// What the check before it has found.
    pub findings: Findings,
    /// Damaged files that were set aside.
    pub set_aside: u64,
    /// The snapshots that were written, oldest first.
    pub written: Vec<Written>,
    /// Damaged snapshots that have been repaired before.
    pub before: Vec<SnapshotId>,
    /// Damaged snapshots of which nothing is left that could be saved.
    pub beyond: Vec<SnapshotId>,
}

/// A repaired snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The damaged one.
    pub of: SnapshotId,
    /// The new one.
    pub id: SnapshotId,
    /// How many files and directories were left out.
    pub dropped: u64,
}

/// Why nothing, or not everything, was repaired.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Reading failed for reasons that may pass, so nobody knows what is lost.
    #[error("{0}; that may pass, so nothing was repaired")]
    Unreadable(String),
    /// The user asked to end.
    #[error("stopped before everything was checked, so nothing was repaired")]
    Stopped,
    /// The repository cannot be read or written.
    #[error(transparent)]
    Repo(#[from] repo::Error),
    /// A tree cannot be written again.
    #[error(transparent)]
    Crawl(#[from] crawl::Error),
}

/// Checks, and saves what can be saved. The lock must be an exclusive one.
pub fn repair(
    repository: &Repository,
    lock: &LockGuard,
    options: &CheckOptions,
    now: Timestamp,
    report: &dyn Report,
) -> Result<Repair, Error> {
    let examined = examine(repository, options, report);
    if examined.findings.stopped {
        return Err(Error::Stopped);
    }
    if let Some(what) = examined.unreadable {
        return Err(Error::Unreadable(what));
    }
    report.phase(Phase::Saving);
    let mut repair = Repair::default();
    let sweep = repository.sweep(lock)?;
    for (id, bad) in &examined.bad {
        if bad.fault == Fault::Damaged && sweep.set_aside(*id)? {
            repair.set_aside += 1;
        }
    }
    let damaged: BTreeSet<_> = examined.findings.damaged_snapshots.iter().collect();
    let all = repository.snapshots()?;
    let repaired: BTreeSet<&SnapshotId> = all
        .iter()
        .filter(|(id, _)| !damaged.contains(id))
        .filter_map(|(_, snapshot)| Some(&snapshot.repaired.as_ref()?.of))
        .collect();
    for id in damaged {
        let snapshot = all.iter().find(|(whole, _)| whole == id);
        match snapshot {
            _ if repaired.contains(id) => repair.before.push(id.clone()),
            Some((_, snapshot)) if !is_lost(&examined, &snapshot.tree) => {
                let (new, dropped) = rewrite(repository, &examined, id, snapshot, now)?;
                repair.written.push(Written {
                    of: id.clone(),
                    id: new,
                    dropped,
                });
            }
            _ => repair.beyond.push(id.clone()),
        }
    }
    repair.findings = examined.findings;
    Ok(repair)
}

fn is_lost(examined: &Examined, id: &repo::ObjectId) -> bool {
    examined.bad.get(id).is_some_and(Bad::is_lost)
}

fn rewrite(
    repository: &Repository,
    examined: &Examined,
    of: &SnapshotId,
    snapshot: &Snapshot,
    now: Timestamp,
) -> Result<(SnapshotId, u64), Error> {
    let walk = &examined.walk;
    let tainted = |id: &repo::ObjectId| {
        let position = walk.index.get(id);
        position.is_some_and(|position| examined.tainted.contains(position))
    };
    let mended = crawl::mend(
        repository,
        snapshot.tree,
        &|id| is_lost(examined, id),
        &tainted,
    )?;
    let mut new = Snapshot {
        // Right after the one that it stands for, before any later one.
        finished: snapshot
            .finished
            .saturating_add(SignedDuration::from_secs(1))
            .unwrap_or(snapshot.finished),
        tree: mended.tree,
        host: host(),
        program: concat!("notion-backup ", env!("CARGO_PKG_VERSION")).to_string(),
        complete: false,
        counts: mended.counts,
        ledger: mended.ledger,
        repaired: Some(Repaired {
            of: of.clone(),
            time: now,
            dropped: mended.dropped,
            reread: mended.reread,
        }),
        ..snapshot.clone()
    };
    if !new.tags.iter().any(|tag| tag == TAG) {
        new.tags.push(TAG.to_string());
    }
    Ok((repository.save_snapshot(&new)?, mended.dropped))
}

#[cfg(test)]
mod tests;

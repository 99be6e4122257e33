//! The repository that a backup goes through.
//!
//! With it, pages that did not change are not read again. It may be a cache of Plakar's
//! alone, or a repository that somebody also uses with `dump`: only snapshots that carry
//! our tag are ever removed from it, all but the newest of each source, and now and then.

use std::collections::BTreeMap;
use std::sync::Arc;

use tonic::{Code, Status};

use crate::fsio;
use crate::gc;
use crate::plakar::options::Cache;
use crate::plakar::scratch::{self, Scratch};
use crate::plakar::status::{from_repo, status};
use crate::plakar::{Defaults, SCRATCH};
use crate::repo::{Disk, Error, LockGuard, LockKind, Repository, Snapshot, SnapshotId, anchor};
use crate::report::Silent;
use crate::stop::Stop;

/// The tag of snapshots that Plakar's backups went through.
pub const TAG: &str = "plakar";
/// What others are told of our lock.
const COMMAND: &str = "plakar importer";
/// How many snapshots of a source may gather before the old ones are removed.
const GATHERED: usize = 8;

/// A repository that nobody removes anything from while this lives.
pub struct Base {
    /// The repository.
    pub repo: Repository,
    /// Released before a folder that is not kept is removed.
    _lock: LockGuard,
    _scratch: Option<Scratch>,
}

impl Base {
    /// Opens the cache, or makes a repository that lives as long as this.
    pub fn open(cache: &Cache, defaults: &Defaults) -> Result<Base, Status> {
        let scratches = defaults.folder.join(SCRATCH);
        let (folder, scratch) = match cache {
            Cache::Repository(folder) => {
                // What a restore that was killed has left: a workspace that nobody needs.
                if let Err(error) = scratch::tidy(&scratches) {
                    log::warn!("{} was not tidied: {error}", scratches.display());
                }
                (folder.clone(), None)
            }
            Cache::Off => {
                let scratch = Scratch::new(&scratches).map_err(|error| {
                    status(Code::Internal, &format!("cannot make a folder: {error}"))
                })?;
                (scratch.join("repository"), Some(scratch))
            }
        };
        // Our own place is made; what is above a folder that the user gave is not.
        let own = folder.starts_with(&defaults.folder);
        if own && let Err(error) = fsio::create_private_folder(&defaults.folder) {
            log::warn!("{} was not made: {error}", defaults.folder.display());
        }
        let open = || {
            let repo = Repository::open_or_create(Arc::new(Disk::new(&folder)))?;
            if repo.is_new() && !own {
                log::warn!("created a new repository at {}", folder.display());
            }
            let now = defaults.clock.now();
            if let Ok(alone) = repo.lock(LockKind::Exclusive, COMMAND, now) {
                tidy(&repo, &alone);
            }
            let lock = repo.lock(LockKind::Shared, COMMAND, now)?;
            Ok((repo, lock))
        };
        let (repo, lock) = open().map_err(|error: Error| from_repo(&error))?;
        Ok(Base {
            repo,
            _lock: lock,
            _scratch: scratch,
        })
    }
}

/// Removes what a cache no longer needs. Nothing depends on it, so an error waits for the
/// next time.
fn tidy(repo: &Repository, alone: &LockGuard) {
    let done = old(repo).map(|old| {
        if old.is_empty() {
            return Ok(());
        }
        repo.remove_snapshots(alone, &old)?;
        let stop = Stop::new();
        let plan = gc::plan(repo, &[], &stop, &Silent)?;
        gc::sweep(repo, alone, &plan, &stop, &Silent)
    });
    match done {
        Ok(Ok(())) => {}
        Ok(Err(error)) => log::warn!("the cache was not tidied: {error}"),
        Err(error) => log::warn!("the cache was not tidied: {error}"),
    }
}

/// Our snapshots but the newest of each source, once there are enough of them. The anchor of
/// the source stays too: a dump into the same repository measures itself against it.
fn old(repo: &Repository) -> Result<Vec<SnapshotId>, Error> {
    let mut sources: BTreeMap<_, Vec<(SnapshotId, Snapshot)>> = BTreeMap::new();
    for (id, snapshot) in repo.snapshots()? {
        let source = &snapshot.source;
        let source = (source.workspace_id.clone(), source.roots.clone());
        sources.entry(source).or_default().push((id, snapshot));
    }
    let mut old = Vec::new();
    for snapshots in sources.into_values() {
        let anchor = anchor(snapshots.iter()).map(|(id, _)| id.clone());
        let ours = snapshots.into_iter();
        let ours = ours.filter(|(_, snapshot)| snapshot.tags == [TAG]);
        let mut ids: Vec<SnapshotId> = ours.map(|(id, _)| id).collect();
        ids.pop();
        if ids.len() >= GATHERED {
            ids.retain(|id| Some(id) != anchor.as_ref());
            old.append(&mut ids);
        }
    }
    Ok(old)
}

//! From a bad object to the paths and snapshots that lose by it.
//!
//! Only a repository with damage pays for this: all directories are read once
//! more, to see which of them name a bad object and how directories hang
//! together. Names are looked up for the few paths that are shown.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use rayon::prelude::*;

use super::walk::{AT_ONCE, NONE, Walk};
use super::{Bad, BadObjects, Finding, Findings, Roots, SHOWN_PATHS, Severity};
use crate::repo::{EntryKind, ObjectId, Repository, SnapshotId};

/// Where a bad object is named.
#[derive(Default)]
struct Mentions {
    count: u64,
    /// The first few: a directory's position in the walk, and the name in it.
    shown: Vec<(u32, String)>,
}

/// Adds a finding for each bad object, with the paths that are hit. Returns the
/// directories through which something lost is reached; `unreadable` is set when they may
/// not be all.
pub(super) fn explain(
    repository: &Repository,
    walk: &Walk,
    roots: &Roots,
    bad: &BadObjects,
    unreadable: &mut Option<String>,
    findings: &mut Findings,
) -> HashSet<u32> {
    let mut mentions: BTreeMap<ObjectId, Mentions> = BTreeMap::new();
    // Pairs of directories: one that is named, and one that names it.
    let mut edges: Vec<(u32, u32)> = Vec::new();
    let mut tainted: BTreeSet<u32> = BTreeSet::new();
    for (start, ids) in (0_u32..).step_by(AT_ONCE).zip(walk.trees.chunks(AT_ONCE)) {
        let read: Vec<_> = ids
            .par_iter()
            .map(|id| (id, repository.tree(*id)))
            .collect();
        for (position, (id, tree)) in (start..).zip(read) {
            let entries = match tree {
                Ok(tree) => tree.entries,
                Err(_) if bad.contains_key(id) => continue,
                Err(error) => {
                    // It could be read a moment ago.
                    *unreadable = Some(error.to_string());
                    continue;
                }
            };
            for entry in entries {
                if entry.kind == EntryKind::Directory
                    && let Some(child) = walk.index.get(&entry.id)
                {
                    edges.push((*child, position));
                }
                let Some(what) = bad.get(&entry.id) else {
                    continue;
                };
                let here = mentions.entry(entry.id).or_default();
                here.count += 1;
                if here.shown.len() < SHOWN_PATHS {
                    here.shown.push((position, entry.name));
                }
                if what.is_lost() {
                    tainted.insert(position);
                }
            }
        }
    }
    edges.sort_unstable();

    let mut hit: BTreeSet<SnapshotId> = findings.damaged_snapshots.drain(..).collect();
    let tainted = all_above(tainted, &edges);
    let mut snapshots: HashMap<ObjectId, &SnapshotId> = HashMap::new();
    for (id, root) in roots {
        // The newest snapshot with this root stands for all; they come first.
        snapshots.entry(*root).or_insert(id);
        let position = walk.index.get(root).copied().unwrap_or(NONE);
        if tainted.contains(&position) || bad.get(root).is_some_and(Bad::is_lost) {
            hit.insert(id.clone());
        }
    }
    findings.damaged_snapshots = hit.into_iter().collect();

    let shown = mentions.values().flat_map(|mentions| &mentions.shown);
    let names = Names::of(repository, walk, shown.map(|(position, _)| *position));
    for (id, what) in bad {
        let found = mentions.remove(id).unwrap_or_default();
        let mut paths: Vec<String> = found
            .shown
            .iter()
            .map(|(position, name)| names.path(walk, &snapshots, *position, name))
            .collect();
        let mut count = found.count;
        // A root directory is named by a snapshot, not by a directory.
        if let Some(snapshot) = snapshots.get(id) {
            paths.insert(0, format!("{snapshot}:/"));
            paths.truncate(SHOWN_PATHS);
            count += 1;
        }
        findings.findings.push(Finding {
            object: Some(*id),
            paths,
            mentions: count,
            ..Finding::new(what.severity(), &what.what, what.meaning())
        });
    }
    tainted
}

/// These directories and all that reach them.
fn all_above(mut found: BTreeSet<u32>, edges: &[(u32, u32)]) -> HashSet<u32> {
    let mut above: HashSet<u32> = found.iter().copied().collect();
    while let Some(position) = found.pop_first() {
        let start = edges.partition_point(|(child, _)| *child < position);
        let parents = edges.get(start..).unwrap_or_default();
        for (_, parent) in parents.iter().take_while(|(child, _)| *child == position) {
            if above.insert(*parent) {
                found.insert(*parent);
            }
        }
    }
    above
}

impl Bad {
    fn severity(&self) -> Severity {
        if self.is_lost() {
            Severity::Error
        } else {
            Severity::Warning
        }
    }

    fn meaning(&self) -> &'static str {
        if !self.is_lost() {
            "the content is right, the size shown for it is not"
        } else if self.directory {
            "nothing below these directories can be read"
        } else {
            "these files cannot be read"
        }
    }
}

/// The names of directories, each in the one that named it first.
struct Names(HashMap<u32, String>);

impl Names {
    /// Looks up the names of these directories and all on the way to their roots.
    fn of(repository: &Repository, walk: &Walk, positions: impl Iterator<Item = u32>) -> Names {
        let mut wanted: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        let mut seen = HashSet::new();
        for mut position in positions {
            while seen.insert(position)
                && let Some(parent) = parent(walk, position)
            {
                wanted.entry(parent).or_default().insert(position);
                position = parent;
            }
        }
        let mut names = HashMap::new();
        for (parent, children) in wanted {
            let id = walk.trees.get(parent as usize);
            let Some(tree) = id.and_then(|id| repository.tree(*id).ok()) else {
                continue;
            };
            for entry in tree.entries {
                if let Some(child) = walk.index.get(&entry.id)
                    && children.contains(child)
                {
                    names.entry(*child).or_insert(entry.name);
                }
            }
        }
        Names(names)
    }

    /// One path that leads to `name` in the directory at `position`.
    fn path(
        &self,
        walk: &Walk,
        snapshots: &HashMap<ObjectId, &SnapshotId>,
        mut position: u32,
        name: &str,
    ) -> String {
        let mut parts = vec![name];
        while let Some(parent) = parent(walk, position) {
            parts.push(self.0.get(&position).map_or("?", String::as_str));
            position = parent;
        }
        let root = walk.trees.get(position as usize);
        let snapshot = root.and_then(|root| snapshots.get(root));
        let snapshot = snapshot.map_or("?", |id| id.as_str());
        parts.reverse();
        format!("{snapshot}:/{}", parts.join("/"))
    }
}

/// The directory that named this one first; none for a root.
fn parent(walk: &Walk, position: u32) -> Option<u32> {
    let parent = walk.via.get(position as usize).copied();
    parent.filter(|parent| *parent != NONE)
}

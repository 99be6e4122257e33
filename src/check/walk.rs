//! Reading every directory that a snapshot reaches, each once.
//!
//! The walk goes level by level, a bounded number of directories at a time, so
//! neither depth nor number needs more memory than a few words for each.

use std::collections::HashMap;

use rayon::prelude::*;

use super::{Bad, BadObjects, CheckOptions, Roots};
use crate::repo::{EntryKind, Error, ObjectId, Repository};
use crate::report::{Counter, Report};

/// How many directories are in memory at once.
pub(super) const AT_ONCE: usize = 256;

/// No directory: the value of [`Walk::via`] for a root.
pub(super) const NONE: u32 = u32::MAX;

/// Everything that the snapshots name.
#[derive(Default)]
pub(super) struct Walk {
    /// All different directories, by level, those of newer snapshots first.
    pub trees: Vec<ObjectId>,
    /// For each of them the one that named it first, as a position in `trees`.
    pub via: Vec<u32>,
    /// Where each is in `trees`.
    pub index: HashMap<ObjectId, u32>,
    /// All different files, with the size that a directory gives.
    pub files: HashMap<ObjectId, u64>,
}

impl Walk {
    /// Walks from all roots. Directories that cannot be read go to `bad`.
    pub fn run(
        repository: &Repository,
        roots: &Roots,
        bad: &mut BadObjects,
        options: &CheckOptions,
        report: &dyn Report,
    ) -> Walk {
        let mut walk = Walk::default();
        for (_, root) in roots {
            walk.meet(*root, NONE);
        }
        let mut next = 0;
        while next < walk.trees.len() && !options.stop.is_raised() {
            report.expect(walk.trees.len() as u64);
            let end = walk.trees.len().min(next + AT_ONCE);
            let level = walk.trees.get(next..end).unwrap_or_default();
            let read: Vec<_> = level
                .par_iter()
                .map(|id| {
                    let tree = repository.tree(*id);
                    report.add(Counter::Objects, 1);
                    (*id, tree)
                })
                .collect();
            for (offset, (id, tree)) in read.into_iter().enumerate() {
                let tree = match tree {
                    Ok(tree) => tree,
                    Err(error) => {
                        bad.insert(id, Bad::directory(&id, error));
                        continue;
                    }
                };
                let from = u32::try_from(next + offset).unwrap_or(NONE);
                for entry in tree.entries {
                    match entry.kind {
                        EntryKind::File => {
                            walk.files.insert(entry.id, entry.size);
                        }
                        EntryKind::Directory => walk.meet(entry.id, from),
                    }
                }
            }
            next = end;
        }
        walk
    }

    fn meet(&mut self, id: ObjectId, from: u32) {
        let position = u32::try_from(self.trees.len()).unwrap_or(NONE);
        if let std::collections::hash_map::Entry::Vacant(slot) = self.index.entry(id) {
            slot.insert(position);
            self.trees.push(id);
            self.via.push(from);
        }
    }
}

impl Bad {
    fn directory(id: &ObjectId, error: Error) -> Bad {
        Bad {
            directory: true,
            ..Bad::file(id, error)
        }
    }
}

//! The snapshot of a source that later ones are measured against, and that `forget` keeps.

use super::{Snapshot, SnapshotId};

impl Snapshot {
    /// How many pages it holds: rows and databases are counted with them.
    pub fn pages(&self) -> u64 {
        let count = |name: &&str| self.counts.get(*name).copied().unwrap_or(0);
        ["pages", "rows", "databases"].iter().map(count).sum()
    }

    /// How much a source depends on it: a complete one with pages is worth most, then one
    /// with pages, then a complete one.
    fn worth(&self) -> (bool, bool) {
        (self.pages() > 0, self.complete)
    }

    /// Whether this one could be the anchor in place of the other.
    pub fn is_worth_as_much_as(&self, other: &Snapshot) -> bool {
        self.worth() >= other.worth()
    }
}

/// The anchor of one source, of which these are all snapshots, oldest first: the last
/// complete one that has pages. Where there is none, the last one with pages; where there
/// are no pages, the last complete one, or the last.
pub fn anchor<'s>(
    oldest_first: impl Iterator<Item = &'s (SnapshotId, Snapshot)>,
) -> Option<&'s (SnapshotId, Snapshot)> {
    // Of equals, the last.
    oldest_first.max_by_key(|(_, snapshot)| snapshot.worth())
}

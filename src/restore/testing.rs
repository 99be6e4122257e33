//! Answers for tests of the translations.

use std::collections::{BTreeMap, BTreeSet};

use super::{PendingId, Target, Targets, Upload};
use crate::model::NotionId;

/// Answers from tables; what is in none is `Gone`.
#[derive(Default)]
pub struct Answers {
    /// What becomes of what.
    pub targets: BTreeMap<NotionId, Target>,
    /// People who are there.
    pub users: BTreeMap<NotionId, NotionId>,
    /// Emojis that are there.
    pub emojis: BTreeMap<NotionId, NotionId>,
    /// Files, by URL.
    pub files: BTreeMap<String, Upload>,
    /// Blocks whose new id something needs.
    pub needed: BTreeSet<NotionId>,
}

impl Answers {
    /// Says that the page, database or block is made.
    pub fn made(mut self, old: u128) -> Answers {
        let old = NotionId::from_bits(old);
        self.targets.insert(old, Target::Made(PendingId::of(old)));
        self
    }

    /// Says that it is made later.
    pub fn later(mut self, old: u128) -> Answers {
        let old = NotionId::from_bits(old);
        self.targets.insert(old, Target::Later(PendingId::of(old)));
        self
    }

    /// Says that it can still be reached.
    pub fn same(mut self, old: u128) -> Answers {
        let old = NotionId::from_bits(old);
        self.targets.insert(old, Target::Same(old));
        self
    }
}

impl Targets for Answers {
    fn find(&self, old: NotionId) -> Target {
        self.targets.get(&old).copied().unwrap_or(Target::Gone)
    }

    fn user(&self, old: NotionId) -> Option<NotionId> {
        self.users.get(&old).copied()
    }

    fn user_name(&self, _: NotionId) -> String {
        "Ada".into()
    }

    fn emoji(&self, old: NotionId, _: &str) -> Option<NotionId> {
        self.emojis.get(&old).copied()
    }

    fn file(&self, _: NotionId, url: &str) -> Upload {
        let lost = Upload::Lost {
            name: "gone.bin".into(),
            why: "the snapshot does not have it".into(),
        };
        self.files.get(url).cloned().unwrap_or(lost)
    }

    fn is_needed(&self, block: NotionId) -> bool {
        self.needed.contains(&block)
    }
}

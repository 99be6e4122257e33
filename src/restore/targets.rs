//! What old ids become: the questions that translating an object asks.

use std::collections::BTreeSet;

use crate::model::NotionId;

use super::{PendingId, Ref};

/// What a page, database, data source or block that something names becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// It is restored, by a step before this one.
    Made(PendingId),
    /// It is restored, but only by a later step: what names it is written again then.
    Later(PendingId),
    /// It is not part of this restore, and can still be reached under its old id.
    Same(NotionId),
    /// It is not part of this restore and cannot be reached: only its text is left.
    Gone,
}

/// What a stored file becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upload {
    /// It is uploaded again.
    File {
        /// The upload's id, to be.
        id: PendingId,
        /// The name that it gets.
        name: String,
        /// The original name, where the API refuses that type of file and it travels
        /// under another one: the reader must be told, in the caption or the name.
        wrapped: Option<String>,
    },
    /// The snapshot does not have its bytes, or the API cannot take them; why, and the
    /// name that it had.
    Lost {
        /// The original name.
        name: String,
        /// Why.
        why: String,
    },
}

impl Target {
    /// The id that stands for it where it may be named before it is made.
    pub fn reference(self) -> Option<Ref> {
        match self {
            Target::Made(id) | Target::Later(id) => Some(id.into()),
            Target::Same(id) => Some(id.into()),
            Target::Gone => None,
        }
    }
}

/// Answers for one moment of a plan. Translations are pure: they ask here, and nobody
/// else.
pub trait Targets {
    /// What a page, database, data source or block becomes.
    fn find(&self, old: NotionId) -> Target;

    /// The same person in the target workspace: by id, else by e-mail.
    fn user(&self, old: NotionId) -> Option<NotionId>;

    /// Whether groups of people are those of the original: no endpoint lists them, so they
    /// are known only in the same workspace.
    fn has_groups(&self) -> bool {
        false
    }

    /// A name for a person who is not there.
    fn user_name(&self, old: NotionId) -> String;

    /// The id of the target workspace, which marks in formulas hold: `bot.workspace_id` of
    /// `users/me` (so recorded). `None` where it is not known.
    fn workspace(&self) -> Option<NotionId> {
        None
    }

    /// The types of the values that a formula of this data source has in the backup.
    fn results(&self, _source: NotionId, _name: &str) -> BTreeSet<String> {
        BTreeSet::new()
    }

    /// Why a column of people of this data source cannot come back whole, in any of its
    /// rows; `None` when it can.
    fn absent(&self, _source: NotionId, _name: &str) -> Option<String> {
        None
    }

    /// The same custom emoji in the target workspace: by id, else by name.
    fn emoji(&self, old: NotionId, name: &str) -> Option<NotionId>;

    /// What the file that Notion hosted at this URL (as the snapshot has it, without
    /// signature) becomes, for the object `owner` that holds it.
    fn file(&self, owner: NotionId, url: &str) -> Upload;

    /// Whether this database will stand inside its page: blocks that link to one are
    /// refused (section 4.1 of the API digest), so it is mentioned instead. Where nobody
    /// can say, a mention does for both.
    fn is_inline(&self, _database: NotionId) -> bool {
        true
    }

    /// Whether something needs the new id of this block: a synced reference, a link,
    /// a comment. Such a block is never sent below the top level of a request, because
    /// only there its id is answered (section 9.4 of the API digest).
    fn is_needed(&self, block: NotionId) -> bool;
}

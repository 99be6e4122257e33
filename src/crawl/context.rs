//! What a running crawl consists of: the tools, what is known from before, what has been
//! found. The other files of this module are what it does, one idea each.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Mutex, MutexGuard};

use jiff::Timestamp;

use super::Error;
use super::base::BaseIndex;
use super::journal::{Journal, Place};
use super::listing::Listing;
use super::node::Found;
use super::options::Options;
use crate::model::NotionId;
use crate::notion::Notion;
use crate::repo::{Repository, Snapshot, SnapshotId, State};
use crate::report::Report;
use crate::stop::Stop;

/// The place of the ledger line that says that the token lacks a capability.
pub const CAPABILITY: &str = "capability";

/// What a crawl works with.
pub struct Tools<'c> {
    /// The API.
    pub api: &'c Notion,
    /// The store.
    pub repo: &'c Repository,
    /// The state directory of this workspace and these roots.
    pub state: &'c State,
    /// Raised to end the run early.
    pub stop: &'c Stop,
    /// Who listens.
    pub report: &'c dyn Report,
}

/// What is known from before.
#[derive(Default)]
pub struct Before {
    /// The latest snapshot of the same workspace and roots.
    pub snapshot: Option<(SnapshotId, Snapshot)>,
    /// When each page and database was last read.
    pub reads: BTreeMap<NotionId, Timestamp>,
}

/// A running crawl; the workers share it.
pub struct Crawl<'c> {
    pub(super) api: &'c Notion,
    pub(super) repo: &'c Repository,
    pub(super) options: &'c Options,
    pub(super) stop: &'c Stop,
    pub(super) report: &'c dyn Report,
    pub(super) workspace_id: NotionId,
    pub(super) base: BaseIndex,
    pub(super) reads: BTreeMap<NotionId, Timestamp>,
    pub(super) listing: Listing,
    pub(super) journal: Journal,
    /// What an interrupted run has read.
    pub(super) resumed: HashMap<NotionId, Place>,
    /// What is read again because it was read too long ago.
    pub(super) due: HashSet<NotionId>,
    /// Whether nothing may be carried over.
    pub(super) everything: bool,
    pub(super) comments_denied: AtomicBool,
    /// Whether comments of something were read: then the token may read them.
    pub(super) comments_read: AtomicBool,
    /// Attachments that failed one after the other.
    pub(super) files_failed: AtomicU32,
    pub(super) fatal: Mutex<Option<Error>>,
    pub(super) found: Mutex<Found>,
}

impl Crawl<'_> {
    /// What the workers have found out. Never held across a request.
    pub(super) fn found(&self) -> MutexGuard<'_, Found> {
        self.found
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

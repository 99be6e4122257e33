//! What a running command says of its progress, and who listens.
//!
//! The layers below the terminal never print. They tell a [`Report`] what they
//! do; `cli::ui` renders it as a bar, as lines, as JSON, or not at all. Problems
//! that do not end a run come this way as well, so that the run can go on.

use std::time::Duration;

/// What a command is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Asking Notion who we are.
    Connecting,
    /// Draining the listings: search, users, emojis.
    Listing,
    /// Loading the previous snapshot to compare with.
    Comparing,
    /// Reading pages, databases, comments and files.
    Reading,
    /// Writing the trees and the snapshot.
    Saving,
    /// Reading a repository to see whether it is sound.
    Checking,
    /// Writing plain files from a snapshot.
    Extracting,
    /// Removing what no snapshot needs.
    Removing,
    /// Reading what is to be restored, and deciding how.
    Planning,
    /// Writing to Notion.
    Restoring,
}

/// What is counted while a command runs. The last word of a name is its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Counter {
    /// HTTP requests sent to the API, repeated ones included.
    Requests,
    /// Requests that the API refused with 429 or 529.
    RefusedRequests,
    /// Objects that listings have named so far.
    ListedObjects,
    /// Pages and databases whose content was read.
    ReadPages,
    /// Pages and databases carried over from the previous snapshot.
    UnchangedPages,
    /// Blocks read.
    Blocks,
    /// Attachments downloaded, or uploaded.
    Files,
    /// Attachment bytes downloaded, or uploaded.
    FileBytes,
    /// Objects that could not be read, or restored.
    Failures,
    /// Objects of the repository written, checked, extracted or removed.
    Objects,
    /// Bytes of repository objects written, checked, extracted or removed.
    ObjectBytes,
    /// Steps of a restore that were carried out, or cannot be.
    Steps,
}

/// Listens to a running command. Called from many threads at once.
pub trait Report: Send + Sync {
    /// A new phase begins.
    fn phase(&self, _phase: Phase) {}

    /// `counter` grew by `amount`.
    fn add(&self, _counter: Counter, _amount: u64) {}

    /// The current phase is now known to have `total` pages (or objects) to do.
    fn expect(&self, _total: u64) {}

    /// Work waits this long, for this reason. `Duration::ZERO` ends the wait.
    fn waiting(&self, _time: Duration, _why: &str) {}

    /// Something went wrong that does not end the run.
    fn problem(&self, _text: &str) {}
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Report for Silent {}

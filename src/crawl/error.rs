//! What ends a crawl. A single unreadable object does not; it goes into the ledger.

use crate::model::{Kind, NotionId};
use crate::{notion, repo};

/// What ends a crawl.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A call without which nothing can be done: who we are, the search listing.
    #[error(transparent)]
    Notion(Box<notion::Error>),
    /// The repository cannot be read or written.
    #[error(transparent)]
    Repo(#[from] repo::Error),
    /// What was asked for with `--root` cannot be seen.
    #[error("root {0} was not found: it does not exist, or it is not shared with this token")]
    RootNotFound(NotionId),
    /// What was asked for with `--root` is nothing that can be a root.
    #[error("root {id} is a {}, not a page or a database: give the page that it is in", kind.word())]
    RootKind {
        /// The root.
        id: NotionId,
        /// What it is.
        kind: Kind,
    },
    /// The run was asked to end; what was read is in the journal.
    #[error("stopped before the end")]
    Stopped,
    /// Notion did not answer for many objects in a row.
    #[error(
        "gave up: for {count} pages and databases in a row Notion gave no answer, or an error of its own; the last was {last}"
    )]
    Outage {
        /// Objects that failed one after the other.
        count: u32,
        /// The last of them, and why it failed.
        last: String,
    },
    /// An answer, or a stored file, that does not make sense.
    #[error("{0}")]
    Inconsistent(String),
    /// The workers could not be started.
    #[error("cannot start the workers: {0}")]
    Workers(#[from] rayon::ThreadPoolBuildError),
}

impl From<notion::Error> for Error {
    fn from(error: notion::Error) -> Error {
        Error::Notion(Box::new(error))
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Error {
        Error::Inconsistent(format!("cannot write JSON: {error}"))
    }
}

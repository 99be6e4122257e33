//! What ends a restore before anything, or nothing more, is written.

use super::source::SourceError;
use crate::model::NotionId;
use crate::{notion, repo};

/// Why there is no restore.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The original cannot be read at all.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The repository cannot be read, or the journal not be written.
    #[error(transparent)]
    Repo(#[from] repo::Error),
    /// Notion did not answer a question that had to be answered first.
    #[error(transparent)]
    Notion(Box<notion::Error>),
    /// A journal is not readable JSON, or nothing could be made of it.
    #[error("a journal cannot be read or written: {0}")]
    Json(#[from] serde_json::Error),
    /// The workers could not be started.
    #[error("cannot start the workers: {0}")]
    Workers(#[from] rayon::ThreadPoolBuildError),
    /// An undo ended before its end.
    #[error("not all of it is in the trash: {0}")]
    Undo(Box<super::perform::Failure>),
    /// There is no such journal.
    #[error("there is no restore with the journal '{name}'")]
    NoJournal {
        /// What was asked for.
        name: String,
    },
    /// A journal has been changed since it was written.
    #[error("the journal '{name}' is damaged: its plan cannot be read to the end")]
    JournalDamaged {
        /// Its name.
        name: String,
    },
    /// There is nothing to resume.
    #[error("no unfinished restore into page {root} is in the repository")]
    NothingToResume {
        /// The page.
        root: NotionId,
    },
    /// An earlier restore into the same page is not finished.
    #[error("an earlier restore of the same snapshot into this page is not finished: {name}")]
    Unfinished {
        /// Its journal.
        name: String,
    },
    /// A worker panicked.
    #[error("the restore stopped because of an error in notion-backup itself")]
    Panicked,
    /// The restore is of an older version of this program, whose plan this one does not
    /// carry out.
    #[error(
        "the restore {name} was begun by an older version of notion-backup, and this version cannot resume it"
    )]
    OldJournal {
        /// Its journal.
        name: String,
    },
    /// Nothing of the original fits what it was limited to.
    #[error("nothing in the backup is '{text}'")]
    NotInOriginal {
        /// The id or path.
        text: String,
    },
    /// There is nothing in the original.
    #[error("nothing was restored: the backup holds no page and no database")]
    Empty,
    /// What was asked for, or all there is, cannot be read.
    #[error("nothing was restored: {what} cannot be read: {why}")]
    Unreadable {
        /// The directory.
        what: String,
        /// The reason.
        why: String,
    },
    /// The root page is among what is restored.
    #[error("page {root} ('{title}') is itself part of what is to be restored")]
    RootIsRestored {
        /// The page.
        root: NotionId,
        /// Its title.
        title: String,
    },
    /// The root page lies in the trash.
    #[error("page {root} is in the trash")]
    RootInTrash {
        /// The page.
        root: NotionId,
    },
    /// The root is a database.
    #[error("{root} is a database, not a page")]
    RootIsDatabase {
        /// The database.
        root: NotionId,
    },
    /// The root is a block.
    #[error("{root} is a block, not a page")]
    RootIsBlock {
        /// The block.
        root: NotionId,
    },
    /// The root does not exist, or is not shared.
    #[error("page {root} does not exist or is not shared with the token's connection")]
    RootUnreachable {
        /// The page.
        root: NotionId,
    },
}

impl From<notion::Error> for Error {
    fn from(error: notion::Error) -> Error {
        Error::Notion(Box::new(error))
    }
}

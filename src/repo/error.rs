//! What can go wrong in a repository, said so that a person can act on it.
//!
//! Every error names the file (or object) it is about. What to do about it is
//! added where errors meet the user; the helpers at the end tell the cases apart.

use std::io;

use jiff::Timestamp;

use super::{LockKind, ObjectId};

/// Why a repository could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no repository at this place.
    #[error("'{place}' is not a repository: it has no readable config.json")]
    NotARepository {
        /// The folder that was looked at.
        place: String,
    },
    /// The folder for a new repository has something else in it.
    #[error("'{place}' is not empty and is no repository, so none is created there")]
    NotEmpty {
        /// The folder that was looked at.
        place: String,
    },
    /// A new repository would have nowhere to be.
    #[error("'{place}' cannot be created, because the folder that it would be in does not exist")]
    NoFolder {
        /// The folder of the repository.
        place: String,
    },
    /// A newer program wrote this, with something that this one does not know.
    #[error("'{place}' needs {needs}, so a newer notion-backup must read it")]
    Newer {
        /// The file that says so.
        place: String,
        /// What it asks for, for example `format version 2` or `feature 'packs'`.
        needs: String,
    },
    /// A file of the repository is not what was written.
    #[error("'{place}' is damaged: {reason}")]
    Damaged {
        /// The damaged file.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that something else names does not exist.
    #[error("'{place}' is missing")]
    Missing {
        /// The missing file.
        place: String,
    },
    /// An object is larger than the caller was ready for.
    #[error("object {id} is larger than the {limit} bytes allowed here")]
    TooLarge {
        /// The object.
        id: ObjectId,
        /// How many bytes the caller allowed.
        limit: u64,
    },
    /// The file system refused.
    #[error("cannot {action} '{place}': {source}")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        place: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The place that content is copied to refused; the repository is not at fault.
    #[error("cannot write the content of object {id}: {source}")]
    Sink {
        /// The object that was being copied.
        id: ObjectId,
        /// The reason given by the place it is copied to.
        source: io::Error,
    },
    /// Another process works here.
    #[error(
        "'{place}' is locked by {command} (process {pid} on {host}{}; {} lock)",
        moment(.since), .kind.map_or("state", LockKind::word)
    )]
    Locked {
        /// The lock file.
        place: Box<str>,
        /// The machine of the other process; `unknown` when it left no note.
        host: Box<str>,
        /// Its process id; 0 when it left no note.
        pid: u32,
        /// What it does.
        command: Box<str>,
        /// When it began.
        since: Option<Timestamp>,
        /// How much it claims; `None` for the state of one piece of work.
        kind: Option<LockKind>,
    },
    /// This process can no longer rely on its own lock.
    #[error(
        "the lock '{place}' was removed, or could not be refreshed for too long, so another machine may have \
         changed the repository"
    )]
    LockLost {
        /// The lock file.
        place: Box<str>,
    },
    /// No snapshot is meant by this text.
    #[error("no snapshot matches '{text}'{why}")]
    NoSnapshot {
        /// What was asked for.
        text: String,
        /// What is there instead, with the punctuation before it; empty when nothing is.
        why: String,
    },
    /// More than one snapshot is meant by this text.
    #[error("'{text}' matches more than one snapshot: {}", .names.join(", "))]
    Ambiguous {
        /// What was asked for.
        text: String,
        /// The names of all that match.
        names: Vec<String>,
    },
    /// The caller asked to store something that the format cannot hold.
    #[error("cannot store {what}: {reason}")]
    Invalid {
        /// What was to be stored.
        what: String,
        /// Why it cannot be.
        reason: String,
    },
}

fn moment(time: &Option<Timestamp>) -> String {
    time.map_or(String::new(), |time| format!(" since {time}"))
}

impl Error {
    fn io_kind(&self) -> Option<io::ErrorKind> {
        match self {
            Error::Io { source, .. } | Error::Sink { source, .. } => Some(source.kind()),
            _ => None,
        }
    }

    /// No room is left, or the user's quota is used up.
    pub fn is_full(&self) -> bool {
        matches!(
            self.io_kind(),
            Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        )
    }

    /// The file system is mounted read-only.
    pub fn is_read_only(&self) -> bool {
        self.io_kind() == Some(io::ErrorKind::ReadOnlyFilesystem)
    }

    /// This user may not do that there.
    pub fn is_denied(&self) -> bool {
        self.io_kind() == Some(io::ErrorKind::PermissionDenied)
    }

    /// Something stored is missing or not what was written.
    pub fn is_damage(&self) -> bool {
        matches!(self, Error::Damaged { .. } | Error::Missing { .. })
    }

    /// Another process holds a lock.
    pub fn is_locked(&self) -> bool {
        matches!(self, Error::Locked { .. })
    }
}

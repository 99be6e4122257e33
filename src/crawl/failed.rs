//! Why an object could not be read, and whether the crawl goes on.

use serde_json::Value;

use super::Error;
use super::ledger::Status;
use crate::model::Kind;
use crate::notion::{self, Each, End};

/// Ends the reason of a part that is in the snapshot as an earlier run read it.
pub const KEPT: &str = "; kept as it was";

/// Why an object could not be read.
#[derive(Debug)]
pub enum Failed {
    /// The whole crawl ends.
    Fatal(Error),
    /// It does not exist or is not shared.
    Gone(String),
    /// It lies in the trash.
    Trashed,
    /// The API does not give it out.
    Unsupported(String),
    /// The id is that of an object of this kind.
    OtherKind(Kind, String),
    /// It should have been readable, and Notion refuses it: this object is concerned, and
    /// no other.
    Unreadable(String),
    /// It should have been readable, and Notion did not answer, or with an error of its
    /// own (5xx). When this happens again and again, Notion is away.
    Unanswered(String),
}

impl Failed {
    /// The ledger's words for it; none when the crawl ends.
    pub fn told(&self) -> Option<(Status, &str)> {
        Some(match self {
            Failed::Fatal(_) => return None,
            Failed::Gone(reason) => (Status::NotShared, reason),
            Failed::Trashed => (Status::Trashed, "it is in the trash"),
            Failed::Unsupported(reason) => (Status::Unsupported, reason),
            // A block now, which the list that holds it shows.
            Failed::OtherKind(Kind::Block, reason) => (Status::NotShared, reason),
            Failed::OtherKind(_, reason)
            | Failed::Unreadable(reason)
            | Failed::Unanswered(reason) => (Status::Failed, reason),
        })
    }

    /// Whether Notion answered, and refused.
    pub fn is_refusal(&self) -> bool {
        !matches!(self, Failed::Fatal(_) | Failed::Unanswered(_))
    }

    /// The ledger's words for it, unless the crawl ends.
    pub fn recoverable(self) -> Result<(Status, String), Failed> {
        let told = self
            .told()
            .map(|(status, reason)| (status, reason.to_string()));
        told.ok_or(self)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed::Fatal(error)
    }
}

impl From<notion::Error> for Failed {
    fn from(error: notion::Error) -> Failed {
        use notion::Kind;
        match error.kind {
            Kind::Stopped => Failed::Fatal(Error::Stopped),
            Kind::Unauthorized | Kind::Blocked | Kind::Away | Kind::Local => {
                Failed::Fatal(error.into())
            }
            Kind::NotFound => Failed::Gone(reason(&error)),
            Kind::Server | Kind::Transport => Failed::Unanswered(reason(&error)),
            _ if error.names_no_id() => Failed::Gone(reason(&error)),
            _ if error.is_unsupported() => Failed::Unsupported(reason(&error)),
            _ => match error.names_kind() {
                Some(kind) => Failed::OtherKind(kind, reason(&error)),
                None => Failed::Unreadable(reason(&error)),
            },
        }
    }
}

/// The error in words that are the same each time: the ledger holds no request ids.
pub fn reason(error: &notion::Error) -> String {
    match (error.status, &error.code) {
        (Some(status), Some(code)) => format!("{} (HTTP {status}, {code})", error.said()),
        (Some(status), None) => format!("{} (HTTP {status})", error.said()),
        _ => error.said(),
    }
}

/// All objects of a listing.
pub fn collect(
    list: impl FnOnce(Each<'_>) -> Result<End, notion::Error>,
) -> Result<(Vec<Value>, End), notion::Error> {
    let mut all = Vec::new();
    let end = list(&mut |page| {
        all.extend(page);
        Ok(())
    })?;
    Ok((all, end))
}

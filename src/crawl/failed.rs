//! Why an object could not be read, and whether the crawl goes on.

use serde_json::Value;

use super::Error;
use super::ledger::Status;
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
    /// It should have been readable.
    Unreadable(String),
}

impl Failed {
    /// The ledger's words for it, unless the crawl ends.
    pub fn recoverable(self) -> Result<(Status, String), Failed> {
        match self {
            Failed::Fatal(error) => Err(Failed::Fatal(error)),
            Failed::Gone(reason) => Ok((Status::NotShared, reason)),
            Failed::Trashed => Ok((Status::Trashed, "it is in the trash".to_string())),
            Failed::Unsupported(reason) => Ok((Status::Unsupported, reason)),
            Failed::Unreadable(reason) => Ok((Status::Failed, reason)),
        }
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
            _ => Failed::Unreadable(reason(&error)),
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

//! Why a step was not carried out: whether it is over for all steps, or for this one.

use crate::model::NotionId;
use crate::notion::{Error, Kind};

/// What a connection may be allowed to do (section 1.2 of the API digest).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Capability {
    /// Read content.
    Read,
    /// Insert content: pages, blocks, databases, views, uploads.
    Insert,
    /// Update content: changes, and the trash.
    Update,
    /// Read comments.
    ReadComments,
    /// Insert comments.
    InsertComments,
}

impl Capability {
    /// The capability that an endpoint, such as `POST /v1/pages`, asks for (section 7 of
    /// the API digest).
    pub fn needed_by(endpoint: &str) -> Capability {
        let (method, path) = endpoint.split_once(' ').unwrap_or_default();
        let looks = method == "GET" || path.ends_with("/query") || path == "/v1/search";
        match (path.starts_with("/v1/comments"), looks) {
            (true, true) => Capability::ReadComments,
            (true, false) => Capability::InsertComments,
            (false, true) => Capability::Read,
            (false, false) if method == "POST" || path.ends_with("/children") => Capability::Insert,
            (false, false) => Capability::Update,
        }
    }

    /// Its name in Notion's settings.
    pub fn name(self) -> &'static str {
        match self {
            Capability::Read => "Read content",
            Capability::Insert => "Insert content",
            Capability::Update => "Update content",
            Capability::ReadComments => "Read comments",
            Capability::InsertComments => "Insert comments",
        }
    }
}

/// A step that was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The token is invalid, revoked or blocked: nothing goes any more.
    #[error("{0}")]
    Token(Box<Error>),
    /// The token lacks a capability: every step of this sort will fail.
    #[error("{1}")]
    Capability(Capability, Box<Error>),
    /// The Free plan's limit on blocks is reached: nothing can be created any more
    /// (section 1.5 of the API digest).
    #[error("{0}")]
    BlockLimit(Box<Error>),
    /// The run was asked to end. What became of the step is looked up when it is
    /// tried again.
    #[error("the run was asked to end")]
    Stopped,
    /// Notion does not answer, for many calls in a row.
    #[error("{0}")]
    Away(Box<Error>),
    /// It did not go this time, and nobody may know whether it went: tried again later,
    /// with the time of the first try, it is looked up before it is sent.
    #[error("{0}")]
    Later(Box<Error>),
    /// An upload that the step attaches is not usable any more, or not yet; uploads
    /// expire within the hour (section 7.7 of the API digest). Uploaded again, the step
    /// may go. Nothing of the step was done.
    #[error("upload {0} cannot be attached: {1}")]
    Upload(NotionId, Box<Error>),
    /// The API refuses this step, also in the simplest form.
    #[error("{what}: {why}")]
    Step {
        /// Which part of it: `page`, `property 'Owner'`.
        what: String,
        /// Why.
        why: String,
    },
}

impl Failure {
    /// Whether it concerns all steps, or all of one sort, so that the restore should
    /// end here and be resumed.
    pub fn concerns_all(&self) -> bool {
        match self {
            Failure::Token(_)
            | Failure::Capability(..)
            | Failure::BlockLimit(_)
            | Failure::Stopped
            | Failure::Away(_) => true,
            Failure::Later(_) | Failure::Upload(..) | Failure::Step { .. } => false,
        }
    }

    pub(super) fn step(what: impl Into<String>, why: impl Into<String>) -> Failure {
        Failure::Step {
            what: what.into(),
            why: why.into(),
        }
    }

    /// What a failed call means, when nothing else was tried.
    pub fn of(error: Error) -> Failure {
        let error = Box::new(error);
        match error.kind {
            Kind::Unauthorized | Kind::Blocked => Failure::Token(error),
            Kind::Restricted if error.block_limit => Failure::BlockLimit(error),
            Kind::Restricted => Failure::Capability(Capability::needed_by(&error.endpoint), error),
            Kind::Stopped => Failure::Stopped,
            Kind::Away => Failure::Away(error),
            Kind::Server | Kind::Edge | Kind::Transport | Kind::Malformed | Kind::RateLimited => {
                Failure::Later(error)
            }
            Kind::Conflict if error.code.as_deref() != Some("row_limit_exceeded") => {
                Failure::Later(error)
            }
            Kind::NotFound
            | Kind::Validation
            | Kind::Conflict
            | Kind::Expired
            | Kind::Local
            | Kind::Other => Failure::step("request", error.to_string()),
        }
    }
}

/// Whether Notion refuses this request for what is in it.
pub(super) fn is_refusal(error: &Error) -> bool {
    matches!(error.kind, Kind::Validation | Kind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_tells_the_capability() {
        for (endpoint, capability) in [
            ("POST /v1/pages", Capability::Insert),
            ("PATCH /v1/blocks/x/children", Capability::Insert),
            ("POST /v1/file_uploads/x/send", Capability::Insert),
            ("PATCH /v1/pages/x", Capability::Update),
            ("DELETE /v1/blocks/x", Capability::Update),
            ("POST /v1/comments", Capability::InsertComments),
            ("GET /v1/comments", Capability::ReadComments),
            ("GET /v1/blocks/x/children", Capability::Read),
            ("POST /v1/data_sources/x/query", Capability::Read),
        ] {
            let error = Error::new(Kind::Restricted, endpoint, "no");
            let failure = Failure::of(error.clone());
            assert_eq!(failure, Failure::Capability(capability, Box::new(error)));
            assert!(failure.concerns_all());
        }
    }

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        let kinds = [
            (Kind::Unauthorized, true),
            (Kind::Blocked, true),
            (Kind::Away, true),
            (Kind::Stopped, true),
            (Kind::Server, false),
            (Kind::Validation, false),
            (Kind::NotFound, false),
            (Kind::Conflict, false),
        ];
        for (kind, all) in kinds {
            let error = Error::new(kind, "POST /v1/pages", "no");
            assert_eq!(Failure::of(error).concerns_all(), all, "{kind:?}");
        }
        let full = Error {
            block_limit: true,
            ..Error::new(Kind::Restricted, "POST /v1/pages", "no")
        };
        assert_eq!(
            Failure::of(full.clone()),
            Failure::BlockLimit(Box::new(full))
        );
        let rows = Error {
            code: Some("row_limit_exceeded".into()),
            ..Error::new(Kind::Conflict, "POST /v1/pages", "no")
        };
        assert!(matches!(Failure::of(rows), Failure::Step { .. }));
    }
}

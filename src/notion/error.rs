//! What a failed call tells: which call, what Notion said, and the kind a caller acts on.

use std::fmt;

use crate::model::NotionId;

/// What went wrong, as far as a caller acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// 401: the token is invalid or revoked.
    Unauthorized,
    /// 403, `restricted_resource`: the token lacks a capability (or the Free plan's block
    /// limit is reached).
    Restricted,
    /// 4xx that the network before Notion gave: the body is not Notion's. After retries. It
    /// says nothing of the token or of the object.
    Edge,
    /// 404: the object does not exist, or is not shared; Notion does not say which.
    NotFound,
    /// 400: the request, or what it names, is not what Notion accepts.
    Validation,
    /// 409, after retries; or a file that changed while it was read.
    Conflict,
    /// 429 with reason `public_api_request_blocked`: waiting does not help.
    Blocked,
    /// 5xx, after retries.
    Server,
    /// Like `Server` or `Transport`, and so many calls before it ended the same way that
    /// there is no use in going on.
    Away,
    /// 429 or 529 where waiting was not possible.
    RateLimited,
    /// No answer: no connection, a time-out, a cut answer. After retries.
    Transport,
    /// An answer that is not the documented JSON.
    Malformed,
    /// A signed file URL that is no longer valid: ask for the object again.
    Expired,
    /// The run was asked to end.
    Stopped,
    /// An error on this side: of the caller's `each`, of the writer, of the settings.
    Local,
    /// Any other answer.
    Other,
}

/// What Notion says it has saved although it answers with an error (section 9.6 of the
/// API digest).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// What was created; where blocks were appended, what they were appended to.
    pub resource: Option<NotionId>,
    /// The new first-level blocks, in the order of the request.
    pub children: Vec<NotionId>,
}

/// A failed call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What a caller acts on.
    pub kind: Kind,
    /// Method and path, such as `GET /v1/pages/<id>`; no query, no signature.
    pub endpoint: Box<str>,
    /// The HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// Notion's `code`, such as `object_not_found`.
    pub code: Option<Box<str>>,
    /// Notion's message, or what happened instead of an answer.
    pub message: String,
    /// Notion's id of the request, for their support.
    pub request_id: Option<Box<str>>,
    /// The JSON path that a validation message names, such as `body.filter.or`.
    pub json_path: Option<Box<str>>,
    /// The start of the answer, at most [`Error::BODY_LIMIT`] characters.
    pub body: Box<str>,
    /// What was saved all the same, where Notion says so.
    pub committed: Option<Box<Committed>>,
    /// Whether the Free plan's limit on blocks is reached (403, section 1.3).
    pub block_limit: bool,
    pub(crate) unknown: bool,
}

impl Error {
    /// How many characters of an answer an error keeps.
    pub const BODY_LIMIT: usize = 512;
    /// How many characters of Notion's message an error keeps. Errors go into the
    /// ledger and onto the screen; a real message has a few hundred.
    pub const MESSAGE_LIMIT: usize = 2000;
    /// How many characters an error keeps of Notion's code, request id and path.
    pub const WORD_LIMIT: usize = 200;

    /// An error of `kind` that no answer explains.
    pub fn new(kind: Kind, endpoint: impl Into<Box<str>>, message: impl Into<String>) -> Error {
        Error {
            kind,
            endpoint: endpoint.into(),
            status: None,
            code: None,
            message: message.into(),
            request_id: None,
            json_path: None,
            body: Box::default(),
            committed: None,
            block_limit: false,
            unknown: false,
        }
    }

    /// Whether the request may have been executed: a 5xx (529 is none, it refuses
    /// beforehand), a time-out, a connection that broke after sending, a success that
    /// cannot be read (section 9.6). What it did must be looked up before it is repeated.
    pub fn is_unknown(&self) -> bool {
        self.unknown
    }

    /// The message on one line: line breaks are spaces.
    pub fn said(&self) -> String {
        let lines = self.message.split(['\n', '\r']).map(str::trim);
        let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
        lines.join(" ")
    }

    /// An error on the caller's side, for what an `each` returns.
    pub fn local(message: impl fmt::Display) -> Error {
        Error::new(Kind::Local, "", message.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.endpoint.is_empty() {
            write!(out, "{}: ", self.endpoint)?;
        }
        out.write_str(&self.said())?;
        let facts = [
            self.status.map(|status| format!("HTTP {status}")),
            self.code.as_deref().map(str::to_owned),
            self.request_id.as_ref().map(|id| format!("request {id}")),
        ];
        let facts: Vec<String> = facts.into_iter().flatten().collect();
        if !facts.is_empty() {
            write!(out, " ({})", facts.join(", "))?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

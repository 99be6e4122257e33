//! The seam between the client and the network, so that tests can record and fail.

use std::fmt;
use std::io::Read;

use serde_json::Value;

/// The HTTP methods that the API uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, and reads where the question needs a body.
    Post,
    /// Changes.
    Patch,
    /// Trashes.
    Delete,
}

impl Method {
    /// The method as it stands in a request line.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// One request to the API. The transport adds host, token and version.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// The path from `/v1` on, already percent-encoded.
    pub path: String,
    /// Query parameters, not yet encoded.
    pub query: Vec<(String, String)>,
    /// The JSON body, if there is one.
    pub body: Option<Value>,
    /// The file that is the body instead; only sending a file has one.
    pub file: Option<FilePart>,
}

/// A file, or one part of it, as the body of a request.
#[derive(Clone, PartialEq, Eq)]
pub struct FilePart {
    /// Its place among the parts, from 1; `None` when the file is sent whole.
    pub number: Option<u32>,
    /// The file's name.
    pub name: String,
    /// The file's content type.
    pub content_type: String,
    /// The bytes, at most [`FilePart::LIMIT`].
    pub bytes: Vec<u8>,
}

impl FilePart {
    /// The largest file or part in one request: 20 MB (section 7.7 of the API digest),
    /// read as decimal, the smaller of its two meanings.
    pub const LIMIT: usize = 20_000_000;
}

impl fmt::Debug for FilePart {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FilePart { number, name, .. } = self;
        let bytes = self.bytes.len();
        write!(out, "FilePart({name:?}, part {number:?}, {bytes} bytes)")
    }
}

impl Request {
    /// A GET without parameters.
    pub fn get(path: impl Into<String>) -> Request {
        Request {
            method: Method::Get,
            path: path.into(),
            query: Vec::new(),
            body: None,
            file: None,
        }
    }

    /// A POST with a JSON body.
    pub fn post(path: impl Into<String>, body: Value) -> Request {
        Request::get(path).with_body(Method::Post, body)
    }

    /// A PATCH with a JSON body.
    pub fn patch(path: impl Into<String>, body: Value) -> Request {
        Request::get(path).with_body(Method::Patch, body)
    }

    /// A DELETE.
    pub fn delete(path: impl Into<String>) -> Request {
        Request {
            method: Method::Delete,
            ..Request::get(path)
        }
    }

    fn with_body(self, method: Method, body: Value) -> Request {
        Request {
            method,
            body: Some(body),
            ..self
        }
    }

    /// The same request with one more query parameter.
    pub fn with_query(mut self, name: &str, value: impl Into<String>) -> Request {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    /// Method and path, for messages.
    pub fn endpoint(&self) -> String {
        format!("{} {}", self.method.as_str(), self.path)
    }
}

/// A whole answer, of any status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Headers; the names are in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, already decompressed.
    pub body: Vec<u8>,
}

/// The answer to a download, of any status; its body is read by the receiver.
pub struct Stream {
    /// The HTTP status.
    pub status: u16,
    /// Headers; the names are in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte as the server stores it.
    pub body: Box<dyn Read + Send>,
}

/// Why there is no (whole) answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The host has no address, refuses, or cannot be reached: nothing was sent.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The encrypted connection could not be made, for example an invalid certificate.
    #[error("no secure connection: {0}")]
    Tls(String),
    /// Nothing came in time; the request may have been executed.
    #[error("no answer in time: {0}")]
    Timeout(String),
    /// The connection broke; the request may have been executed.
    #[error("connection lost: {0}")]
    Cut(String),
    /// The answer is larger than the client takes.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(u64),
    /// The request itself is impossible, for example a URL that is none.
    #[error("impossible request: {0}")]
    Request(String),
}

impl TransportError {
    /// Whether the request may have been executed.
    pub fn is_unknown(&self) -> bool {
        match self {
            TransportError::Connect(_) | TransportError::Tls(_) | TransportError::Request(_) => {
                false
            }
            TransportError::Timeout(_) | TransportError::Cut(_) | TransportError::TooLarge(_) => {
                true
            }
        }
    }
}

/// Carries requests. Shared by all workers.
pub trait Transport: Send + Sync {
    /// Sends one API request and waits for the whole answer. Any status is an `Ok`.
    fn send(&self, request: &Request) -> Result<Response, TransportError>;

    /// Opens a file URL with a plain GET that carries no token, from byte `from` on
    /// (a `Range` request when it is not 0). Redirects are followed.
    fn download(&self, url: &str, from: u64) -> Result<Stream, TransportError>;
}

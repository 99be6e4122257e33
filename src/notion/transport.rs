//! The seam between the client and the network, so that tests can record and fail.

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
}

impl Request {
    /// A GET without parameters.
    pub fn get(path: impl Into<String>) -> Request {
        Request {
            method: Method::Get,
            path: path.into(),
            query: Vec::new(),
            body: None,
        }
    }

    /// A POST with a JSON body.
    pub fn post(path: impl Into<String>, body: Value) -> Request {
        Request {
            method: Method::Post,
            path: path.into(),
            query: Vec::new(),
            body: Some(body),
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

/// Carries requests. Shared by all workers.
pub trait Transport: Send + Sync {
    /// Sends one API request and waits for the whole answer. Any status is an `Ok`.
    fn send(&self, request: &Request) -> Result<Response, TransportError>;

    /// Opens a file URL with a plain GET that carries no token, from byte `from` on
    /// (a `Range` request when it is not 0). Redirects are followed.
    fn download(&self, url: &str, from: u64) -> Result<Stream, TransportError>;
}

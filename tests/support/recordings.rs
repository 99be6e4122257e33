//! Recorded traffic of the real Notion API, kept beside this repository in
//! `../shared/recordings/`: requests, and what Notion answered.
//!
//! Where the folder is not there, [`present`] says so on standard error and the test
//! passes without having judged anything.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

/// A request to the real API, and its answer.
#[derive(Clone, Debug, Deserialize)]
pub struct Exchange {
    /// The project whose tests recorded it.
    pub from: String,
    /// The recording's name. Lines of one recording belong together, in order.
    pub test: String,
    /// The `Notion-Version` of the request.
    pub version: String,
    /// `GET`, `POST`, `PATCH` or `DELETE`; `?` where only the answer is known.
    pub method: String,
    /// The path, such as `/v1/pages/<id>`, percent-encoded as it was sent.
    pub path: String,
    /// The query's pairs, decoded.
    pub query: Vec<(String, String)>,
    /// The request's body; null where there was none.
    pub request: Value,
    /// The HTTP status.
    pub status: u16,
    /// Headers of the answer.
    pub headers: BTreeMap<String, String>,
    /// The answer's body.
    pub response: Value,
    /// The file that holds it, without its folder.
    #[serde(skip)]
    pub file: String,
    /// The line in that file, counted from 1.
    #[serde(skip)]
    pub line: usize,
}

impl Exchange {
    /// The endpoint with `{id}` for ids, such as `GET /v1/blocks/{id}/children`.
    pub fn route(&self) -> String {
        let segments = self.path.split('/').collect::<Vec<_>>();
        let named: Vec<&str> = segments
            .iter()
            .enumerate()
            .map(|(at, segment)| match at {
                _ if is_id(segment) => "{id}",
                _ if at > 0 && segments[at - 1] == "properties" => "{property}",
                _ => segment,
            })
            .collect();
        format!("{} {}", self.method, named.join("/"))
    }

    /// Where it is, for messages: `notion-sdk-py.jsonl:12 GET /v1/pages/…`.
    pub fn place(&self) -> String {
        format!("{}:{} {} {}", self.file, self.line, self.method, self.path)
    }

    /// Whether the request only asks.
    pub fn is_read(&self) -> bool {
        match self.method.as_str() {
            "GET" => true,
            "POST" => self.path.ends_with("/query") || self.path == "/v1/search",
            _ => false,
        }
    }
}

/// A UUID with or without dashes, also behind a prefix as in `task_<uuid>`.
fn is_id(segment: &str) -> bool {
    let bare = segment.rsplit('_').next().unwrap_or(segment);
    let digits = bare.replace('-', "");
    digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The folder of the recordings.
fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/recordings"))
}

/// The exchanges of a file such as `errors.jsonl`.
fn read(name: &str) -> Option<Vec<Exchange>> {
    let text = fs::read_to_string(folder().join(name)).ok()?;
    let exchange = |(line, text): (usize, &str)| {
        let mut exchange: Exchange = serde_json::from_str(text)
            .unwrap_or_else(|error| panic!("{name}:{}: {error}", line + 1));
        exchange.file = name.to_owned();
        exchange.line = line + 1;
        exchange
    };
    Some(text.lines().enumerate().map(exchange).collect())
}

/// The exchanges of whole recordings, in order: `ultimate-notion.jsonl`, then
/// `notion-sdk-py.jsonl`. `None`, and a line on standard error, where they are not there.
pub fn present() -> Option<&'static [Exchange]> {
    static ALL: OnceLock<Option<Vec<Exchange>>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let mut all = read("ultimate-notion.jsonl")?;
        all.extend(read("notion-sdk-py.jsonl")?);
        Some(all)
    });
    told(all.as_deref())
}

/// One exchange of each kind of error, some of older versions. As [`present`] otherwise.
pub fn errors() -> Option<&'static [Exchange]> {
    static ERRORS: OnceLock<Option<Vec<Exchange>>> = OnceLock::new();
    told(ERRORS.get_or_init(|| read("errors.jsonl")).as_deref())
}

#[allow(clippy::print_stderr)]
fn told(found: Option<&'static [Exchange]>) -> Option<&'static [Exchange]> {
    if found.is_none() {
        eprintln!("SKIPPED: there are no recordings in ../shared/recordings");
    }
    found
}

/// The recordings, each with its exchanges in order: those lines that follow each other
/// with the same `test`. A recording that was made in several runs comes several times.
pub fn takes(exchanges: &[Exchange]) -> impl Iterator<Item = &[Exchange]> {
    exchanges.chunk_by(|one, next| one.file == next.file && one.test == next.test)
}

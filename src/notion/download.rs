//! Downloads: a file of any size, streamed, continued where it was cut.
//!
//! The bytes go straight into a writer that cannot go back. So a cut download is
//! continued with a range, and where the host ignores ranges it is repeated and the
//! part that was written is compared, by its hash, instead of written. File hosts are not
//! the API: no token, no gate.

use std::io::{Read, Write};

use sha2::{Digest, Sha256};

use super::answer::wait_from_text;
use super::client::stopped;
use super::retry::Retry;
use super::{Error, Kind, Notion, Stream, TransportError};

/// Why the parts that were read do not belong together.
const CHANGED: &str = "the file changed while it was read";
/// How many characters of a `Content-Encoding` are told.
const CODING: usize = 40;
/// How much is read at once.
const CHUNK: usize = 64 * 1024;

/// A finished download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// How many bytes were written.
    pub bytes: u64,
    /// The `Content-Type` that the file host gave.
    pub content_type: Option<String>,
}

impl Notion {
    /// Streams a file into `into`. It carries no token and follows redirects.
    ///
    /// [`Kind::Expired`] when the host no longer knows the URL (403, 404, 410, and the 400
    /// and 401 that file hosts also give): ask Notion for the object again, and download
    /// with the fresh URL into a fresh writer.
    /// [`Kind::Conflict`] when the file changed while it was read: begin anew.
    /// [`Kind::Malformed`] when the host sends more than it said, or sends the file encoded:
    /// what comes then is not the file.
    /// [`Kind::Local`] when `into` fails. After any error, what was written is worthless.
    pub fn download(&self, url: &str, into: &mut dyn Write) -> Result<Download, Error> {
        let endpoint = format!("GET {}", without_query(url));
        let mut retry = Retry::default();
        let mut copy = Copy {
            into,
            written: 0,
            hash: Sha256::new(),
            ranges: true,
            tag: None,
            length: None,
        };
        loop {
            let before = copy.written;
            if self.gate.is_stopped() {
                return Err(stopped(endpoint));
            }
            let from = if copy.ranges { copy.written } else { 0 };
            let step = match self.transport.download(url, from) {
                Ok(stream) => copy.take(stream, from, &|| self.gate.is_stopped()),
                Err(failure) => Step::from_failure(&failure, url),
            };
            let (kind, status, message, asked) = match step {
                Step::Done(content_type) => {
                    return Ok(Download {
                        bytes: copy.written,
                        content_type,
                    });
                }
                Step::Fail(kind, status, message) => {
                    return Err(error(kind, endpoint, status, message));
                }
                Step::Again(kind, status, message, asked) => (kind, status, message, asked),
            };
            if copy.written > before {
                // It goes on, so the host is alive.
                retry = Retry::default();
            }
            let asked = asked.and_then(|text| wait_from_text(&text, self.clock.now()));
            match retry.next(self.jitter(), asked) {
                Some(wait) => {
                    let error = error(kind, endpoint.clone(), None, message);
                    self.gate.sleep(wait, &retry.why(&error, None));
                }
                None => return Err(error(kind, endpoint, status, message)),
            }
        }
    }
}

/// How one answer of a file host ended.
enum Step {
    /// All is written; with the content type.
    Done(Option<String>),
    /// Perhaps next time: kind, status, message, `Retry-After`.
    Again(Kind, Option<u16>, String, Option<String>),
    /// Never.
    Fail(Kind, Option<u16>, String),
}

impl Step {
    /// The text of a failure may repeat the URL, whose signature is for nobody to see.
    fn from_failure(failure: &TransportError, url: &str) -> Step {
        let secret = url.get(without_query(url).len()..).unwrap_or_default();
        let text = match secret {
            "" => failure.to_string(),
            secret => failure.to_string().replace(secret, ""),
        };
        match failure {
            TransportError::Request(_) => {
                let text = "the file's address is none that can be asked".to_owned();
                Step::Fail(Kind::Other, None, text)
            }
            TransportError::Tls(_) => Step::Fail(Kind::Transport, None, text),
            _ => Step::Again(Kind::Transport, None, text, None),
        }
    }
}

/// A file on its way.
struct Copy<'a> {
    into: &'a mut dyn Write,
    written: u64,
    /// Of all that is written.
    hash: Sha256,
    /// Whether the host may be asked for a part.
    ranges: bool,
    /// What tells this version of the file from others, as far as the host says.
    tag: Option<String>,
    /// The length of the whole file in bytes, as far as the host says.
    length: Option<u64>,
}

impl Copy<'_> {
    /// Takes what an answer to a request from byte `from` on holds.
    fn take(&mut self, stream: Stream, from: u64, stopped: &dyn Fn() -> bool) -> Step {
        let status = stream.status;
        let header = |name: &str| {
            let mut headers = stream.headers.iter();
            headers
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
        };
        let again = |kind, message: &str| {
            Step::Again(
                kind,
                Some(status),
                message.to_owned(),
                header("retry-after"),
            )
        };
        let fail = |kind, message: &str| Step::Fail(kind, Some(status), message.to_owned());
        let range = header("content-range").and_then(|text| Range::read(&text));
        let starts_at = match status {
            200 => 0,
            206 => match range {
                Some(range) if range.from == from => from,
                _ => {
                    self.ranges = false;
                    return again(
                        Kind::Malformed,
                        "the file host sent another part than asked for",
                    );
                }
            },
            202 => return again(Kind::Server, "the file is not ready"),
            400 | 401 | 403 | 404 | 410 => {
                return fail(Kind::Expired, "the file host no longer knows this URL");
            }
            416 => {
                self.ranges = false;
                return again(Kind::Malformed, "the file host has no such part");
            }
            408 | 409 | 423 | 425 | 429 | 500..=599 => {
                return again(Kind::Server, "the file host cannot answer now");
            }
            _ => return fail(Kind::Other, "the file host gave an unexpected answer"),
        };
        // The bytes of the file itself were asked for.
        if let Some(coding) = header("content-encoding")
            && !matches!(coding.trim().to_ascii_lowercase().as_str(), "" | "identity")
        {
            let coding: String = coding.chars().take(CODING).collect();
            let words =
                format!("the file host sent it encoded ({coding}), which was not asked for");
            return fail(Kind::Malformed, &words);
        }
        let length = header("content-length").and_then(|text| text.trim().parse::<u64>().ok());
        let tag = header("etag");
        let whole = match range {
            Some(range) if status == 206 => range.length,
            _ => length,
        };
        let differs = differs(&self.tag, &tag) || differs(&self.length, &whole);
        if self.written > 0 && differs {
            return fail(Kind::Conflict, CHANGED);
        }
        if self.written == 0 {
            (self.tag, self.length) = (tag, whole);
        }
        let end = length.map(|length| starts_at.saturating_add(length));
        let content_type = header("content-type");
        let mut body = stream.body;
        let mut skip = self.written - starts_at;
        let mut skipped = Sha256::new();
        let mut position = starts_at;
        let mut chunk = vec![0; CHUNK];
        loop {
            if stopped() {
                return fail(Kind::Stopped, "the run was asked to end");
            }
            let count = match body.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                // What broke after the last byte broke too late to matter.
                Err(_) if end == Some(position) => break,
                Err(error) => return again(Kind::Transport, &format!("connection lost: {error}")),
            };
            position += count as u64;
            let old = usize::try_from(skip).map_or(count, |skip| skip.min(count));
            let (known, new) = chunk[..count].split_at(old);
            if !known.is_empty() {
                skipped.update(known);
                skip -= known.len() as u64;
                if skip == 0 && skipped.clone().finalize() != self.hash.clone().finalize() {
                    return fail(Kind::Conflict, CHANGED);
                }
            }
            if let Err(error) = self.into.write_all(new) {
                return fail(Kind::Local, &format!("cannot write what was read: {error}"));
            }
            self.hash.update(new);
            self.written += new.len() as u64;
        }
        match end {
            Some(end) if position < end => {
                again(Kind::Transport, "connection lost: the file is cut")
            }
            Some(end) if position > end => fail(
                Kind::Malformed,
                "the file is longer than the file host said",
            ),
            _ if skip > 0 => fail(Kind::Conflict, CHANGED),
            // A part may be shorter than what was asked for.
            _ if self.length.is_some_and(|length| self.written < length) => {
                again(Kind::Transport, "connection lost: the file is cut")
            }
            _ => Step::Done(content_type),
        }
    }
}

/// Whether both are known and are not the same.
fn differs<T: PartialEq>(before: &Option<T>, now: &Option<T>) -> bool {
    before.is_some() && now.is_some() && before != now
}

/// What a `Content-Range: bytes 5-9/10` tells.
#[derive(Clone, Copy)]
struct Range {
    /// The first byte.
    from: u64,
    /// The length of the whole, if the host knows it.
    length: Option<u64>,
}

impl Range {
    fn read(text: &str) -> Option<Range> {
        let (from, rest) = text.trim().strip_prefix("bytes")?.split_once('-')?;
        let from = from.trim().parse().ok()?;
        let length = rest.split_once('/').map(|(_, length)| length);
        let length = length.and_then(|length| length.trim().parse().ok());
        Some(Range { from, length })
    }
}

/// A URL without the query, which may hold a signature.
fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

fn error(kind: Kind, endpoint: String, status: Option<u16>, message: String) -> Error {
    Error {
        status,
        ..Error::new(kind, endpoint, message)
    }
}

#[cfg(test)]
mod tests;

//! A transport whose answers a test writes, and a client over it on a clock that nobody waits for.

use std::io::Read;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Notion, Request, Response, Settings, Stream, Token, Transport, TransportError};
use crate::clock::ManualClock;
use crate::report::{Counter, Report};
use crate::stop::Stop;

type Send = dyn Fn(&Request, usize) -> Result<Response, TransportError> + Sync + std::marker::Send;
type Download = dyn Fn(u64, usize) -> Result<Stream, TransportError> + Sync + std::marker::Send;

/// A client, and all that a test looks at.
pub(super) struct Bench {
    pub(super) notion: Notion,
    pub(super) clock: Arc<ManualClock>,
    pub(super) seen: Arc<Record>,
}

/// What happened.
#[derive(Default)]
pub(super) struct Record {
    pub(super) requests: Mutex<Vec<Request>>,
    /// The offsets asked for.
    pub(super) downloads: Mutex<Vec<u64>>,
    pub(super) counts: Mutex<Vec<Counter>>,
    /// Why it waited; an empty one where a wait ended.
    pub(super) waits: Mutex<Vec<String>>,
}

impl Record {
    pub(super) fn count(&self, counter: Counter) -> usize {
        let counts = self.counts.lock().unwrap();
        counts.iter().filter(|&&counted| counted == counter).count()
    }
}

impl Report for Record {
    fn add(&self, counter: Counter, amount: u64) {
        for _ in 0..amount {
            self.counts.lock().unwrap().push(counter);
        }
    }

    fn waiting(&self, _time: std::time::Duration, why: &str) {
        self.waits.lock().unwrap().push(why.to_owned());
    }
}

struct Fake {
    send: Box<Send>,
    download: Box<Download>,
    seen: Arc<Record>,
}

impl Transport for Fake {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let mut requests = self.seen.requests.lock().unwrap();
        requests.push(request.clone());
        (self.send)(request, requests.len() - 1)
    }

    fn download(&self, _url: &str, from: u64) -> Result<Stream, TransportError> {
        let mut downloads = self.seen.downloads.lock().unwrap();
        downloads.push(from);
        (self.download)(from, downloads.len() - 1)
    }
}

fn bench(stop: Stop, send: Box<Send>, download: Box<Download>) -> Bench {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let seen = Arc::new(Record::default());
    let fake = Fake {
        send,
        download,
        seen: seen.clone(),
    };
    let settings = Settings {
        token: Token::new("t").unwrap(),
        api_url: String::new(),
        requests_per_minute: None,
    };
    let notion = Notion::new(&settings, Box::new(fake), clock.clone(), stop, seen.clone());
    Bench {
        notion,
        clock,
        seen,
    }
}

/// A client whose requests are answered by `send`, which gets the request and its number from 0.
pub(super) fn answering(
    send: impl Fn(&Request, usize) -> Result<Response, TransportError>
    + Sync
    + std::marker::Send
    + 'static,
) -> Bench {
    answering_until(Stop::new(), send)
}

/// A client whose downloads are answered by `download`, which gets the offset and a number from 0.
pub(super) fn serving(
    download: impl Fn(u64, usize) -> Result<Stream, TransportError> + Sync + std::marker::Send + 'static,
) -> Bench {
    serving_until(Stop::new(), download)
}

/// As [`answering`], with a flag that the test can raise.
pub(super) fn answering_until(
    stop: Stop,
    send: impl Fn(&Request, usize) -> Result<Response, TransportError>
    + Sync
    + std::marker::Send
    + 'static,
) -> Bench {
    bench(stop, Box::new(send), Box::new(|_, _| unreachable!()))
}

/// As [`serving`], with a flag that the test can raise.
pub(super) fn serving_until(
    stop: Stop,
    download: impl Fn(u64, usize) -> Result<Stream, TransportError> + Sync + std::marker::Send + 'static,
) -> Bench {
    bench(stop, Box::new(|_, _| unreachable!()), Box::new(download))
}

/// An answer with a JSON body.
pub(super) fn json_answer(status: u16, body: Value) -> Result<Response, TransportError> {
    text_answer(status, &[], &body.to_string())
}

/// An answer with any body.
pub(super) fn text_answer(
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Response, TransportError> {
    Ok(Response {
        status,
        headers: owned(headers),
        body: body.as_bytes().to_vec(),
    })
}

/// An answer of a file host.
pub(super) fn file_answer(
    status: u16,
    headers: &[(&str, &str)],
    body: impl Read + std::marker::Send + 'static,
) -> Result<Stream, TransportError> {
    Ok(Stream {
        status,
        headers: owned(headers),
        body: Box::new(body),
    })
}

fn owned(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = headers.iter();
    pairs
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect()
}

/// One page of a listing of objects with these ids.
pub(super) fn page_of(ids: &[u128], next: Option<&str>) -> Value {
    let results: Vec<Value> = ids
        .iter()
        .map(|&id| json!({"object": "block", "id": crate::model::NotionId::from_bits(id)}))
        .collect();
    json!({"object": "list", "results": results, "has_more": next.is_some(), "next_cursor": next})
}

/// The ids of a listing's objects, as numbers.
pub(super) fn ids(objects: &[Value]) -> Vec<u128> {
    let id = |object: &Value| {
        object["id"]
            .as_str()?
            .parse::<crate::model::NotionId>()
            .ok()
    };
    let all = objects.iter().filter_map(id);
    all.map(|id| id.bits()).collect()
}

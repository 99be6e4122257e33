//! The file store: signed addresses on a host of its own.
//!
//! Every read of an object signs its files anew; a signature ends with its lifetime
//! or when a test expires all of them. There is no HEAD, ranges work, and whether an
//! Authorization header came along is remembered, because none ever should.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use super::super::workspace::ids::mix;
use super::super::workspace::model::Asset;
use super::http::{Incoming, Outgoing};
use super::state::lock;

/// One download that reached the store.
#[derive(Clone, Debug)]
pub struct Download {
    pub method: String,
    /// Without the signature.
    pub path: String,
    pub status: u16,
    pub range: Option<String>,
    pub authorization_present: bool,
}

/// Signs addresses and judges them.
#[derive(Debug)]
pub struct Files {
    base: Mutex<String>,
    serial: AtomicU64,
    expired_to: AtomicU64,
    lifetime: AtomicI64,
    asked_before: Mutex<HashSet<String>>,
    log: Mutex<Vec<Download>>,
}

const SECRET: u64 = 0x51_67_6e_61_74_75_72_65;

fn signature(key: &str, issued: i64, serial: u64) -> String {
    let words = key
        .bytes()
        .fold(SECRET, |hash, byte| mix(hash ^ u64::from(byte)));
    let first = mix(words ^ issued as u64 ^ serial << 20);
    format!("{first:016x}{:016x}", mix(first ^ SECRET))
}

fn encode(key: &str) -> String {
    let mut out = String::new();
    for byte in key.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => {
                out.push(byte as char);
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

impl Files {
    pub fn new() -> Files {
        Files {
            base: Mutex::new(String::new()),
            serial: AtomicU64::new(1),
            expired_to: AtomicU64::new(0),
            lifetime: AtomicI64::new(3_600_000),
            asked_before: Mutex::new(HashSet::new()),
            log: Mutex::new(Vec::new()),
        }
    }

    pub fn set_base(&self, base: String) {
        *lock(&self.base) = base;
    }

    pub fn set_lifetime(&self, milliseconds: i64) {
        self.lifetime.store(milliseconds, Ordering::SeqCst);
    }

    /// Every address given out so far stops working.
    pub fn expire_all(&self) {
        let serial = self.serial.load(Ordering::SeqCst);
        self.expired_to.store(serial, Ordering::SeqCst);
    }

    /// An address for the asset, and when it ends (milliseconds).
    pub fn sign(&self, key: &str, now: i64) -> (String, i64) {
        let serial = self.serial.fetch_add(1, Ordering::SeqCst);
        let url = format!(
            "{}/secure/{}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={now}&X-Amz-Serial={serial}&X-Amz-Signature={}",
            lock(&self.base),
            encode(key),
            signature(key, now, serial)
        );
        (url, now + self.lifetime.load(Ordering::SeqCst))
    }

    /// The unsigned address of a public asset.
    pub fn public_url(&self, key: &str) -> String {
        format!("{}/public/{}", lock(&self.base), encode(key))
    }

    pub fn downloads(&self) -> Vec<Download> {
        lock(&self.log).clone()
    }

    pub fn clear(&self) {
        lock(&self.log).clear();
    }

    /// Answers a request; `asset` looks a key up.
    pub fn answer(
        &self,
        request: &Incoming,
        now: i64,
        not_ready_once: bool,
        asset: impl FnOnce(&str) -> Option<Asset>,
    ) -> Outgoing {
        let answer = self.judge(request, now, not_ready_once, asset);
        self.record(request, answer.status);
        answer
    }

    pub fn record(&self, request: &Incoming, status: u16) {
        lock(&self.log).push(Download {
            method: request.method.clone(),
            path: request.path.clone(),
            status,
            range: request.header("range").map(str::to_string),
            authorization_present: request.header("authorization").is_some(),
        });
    }

    fn judge(
        &self,
        request: &Incoming,
        now: i64,
        not_ready_once: bool,
        asset: impl FnOnce(&str) -> Option<Asset>,
    ) -> Outgoing {
        let refuse = |status: u16, code: &str| {
            let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>");
            Outgoing::new(status, "application/xml", body.into_bytes())
        };
        if request.method != "GET" {
            return refuse(403, "SignatureDoesNotMatch");
        }
        let path = super::http::decode(&request.path);
        let key = if let Some(key) = path.strip_prefix("/public/") {
            key
        } else if let Some(key) = path.strip_prefix("/secure/") {
            let number = |name| request.query(name).and_then(|text| text.parse().ok());
            let (Some(issued), Some(serial)) = (number("X-Amz-Date"), number("X-Amz-Serial"))
            else {
                return refuse(403, "AccessDenied");
            };
            let serial = serial as u64;
            if request.query("X-Amz-Signature") != Some(&signature(key, issued, serial)) {
                return refuse(403, "SignatureDoesNotMatch");
            }
            let lifetime = self.lifetime.load(Ordering::SeqCst);
            if now >= issued + lifetime || serial < self.expired_to.load(Ordering::SeqCst) {
                return refuse(403, "RequestExpired");
            }
            key
        } else {
            return refuse(404, "NoSuchKey");
        };
        let Some(asset) = asset(key) else {
            return refuse(404, "NoSuchKey");
        };
        if asset.public != path.starts_with("/public/") {
            return refuse(403, "AccessDenied");
        }
        if not_ready_once && lock(&self.asked_before).insert(key.to_string()) {
            return Outgoing::new(202, "text/plain", Vec::new());
        }
        serve(request, &asset)
    }
}

/// The bytes, or those from an asked-for position on.
fn serve(request: &Incoming, asset: &Asset) -> Outgoing {
    let total = asset.content.len();
    let from = request
        .header("range")
        .and_then(|range| range.strip_prefix("bytes="))
        .and_then(|range| range.split_once('-'));
    let (status, from, to) = match from {
        None => (200, 0, total),
        Some((from, to)) => {
            let from: usize = from.parse().unwrap_or(0);
            let to = to.parse().map_or(total, |to: usize| (to + 1).min(total));
            if from >= total {
                let mut answer = Outgoing::new(416, "text/plain", Vec::new());
                let range = format!("bytes */{total}");
                answer.headers.push(("content-range".into(), range));
                return answer;
            }
            (206, from, to.max(from))
        }
    };
    let mut answer = Outgoing::new(
        status,
        &asset.content_type,
        asset.content[from..to].to_vec(),
    );
    let tag = asset
        .content
        .iter()
        .fold(total as u64, |tag, byte| mix(tag ^ u64::from(*byte)));
    answer
        .headers
        .push(("etag".into(), format!("\"{tag:016x}\"")));
    answer
        .headers
        .push(("accept-ranges".into(), "bytes".into()));
    if status == 206 {
        let range = format!("bytes {from}-{}/{total}", to.saturating_sub(1));
        answer.headers.push(("content-range".into(), range));
    }
    answer
}

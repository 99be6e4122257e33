//! What goes wrong on purpose: a queue of faults, and seeded bad weather.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;

use super::super::workspace::ids::Chance;
use super::http::Outgoing;
use super::refusal::Refusal;
use super::state::lock;

/// Where a 429 says how long to wait (section 1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tell {
    Header,
    Body,
    Both,
    Neither,
}

/// One way to fail. Unless it says "after commit", nothing is executed.
#[derive(Clone, Debug)]
pub enum What {
    /// 429, or 529 when `overload`.
    Wait {
        seconds: u64,
        tell: Tell,
        reason: &'static str,
        overload: bool,
    },
    /// Any error in Notion's shape.
    Refuse(Refusal),
    /// Another answer, which is not Notion's: a page of a proxy, of the network edge, of a
    /// file host in trouble.
    Instead(Outgoing),
    /// 502 from the edge: HTML, no request id.
    HtmlBadGateway,
    /// The request is executed and answered with 503 and the committed ids.
    UnavailableAfterCommit,
    /// The request is executed and answered with this error.
    RefuseAfterCommit(Refusal),
    /// The connection ends before anything happened.
    HangUp,
    /// The request is executed, then the connection ends.
    HangUpAfterCommit,
    /// The answer ends after that many bytes.
    CutBody(usize),
    /// 200 with something that is no JSON.
    Garbage,
    /// The right answer, too late.
    Slow(Duration),
    /// No answer and nothing done, until the faults are cleared; then a hang-up.
    Stall,
}

impl What {
    /// 429 by the connection's own limit, told in header and body.
    pub fn rate_limited(seconds: u64) -> What {
        What::Wait {
            seconds,
            tell: Tell::Both,
            reason: "public_api_request_rate_limit",
            overload: false,
        }
    }

    /// 529.
    pub fn overloaded(seconds: u64) -> What {
        What::Wait {
            seconds,
            tell: Tell::Both,
            reason: "service_overload",
            overload: true,
        }
    }

    /// The challenge of the network edge (section 10.1): 403, and no word of Notion's.
    pub fn challenge() -> What {
        let page = b"<!DOCTYPE html><html><title>Just a moment...</title></html>".to_vec();
        let mut answer = Outgoing::new(403, "text/html; charset=UTF-8", page);
        let header = ("cf-mitigated".to_owned(), "challenge".to_owned());
        answer.headers.push(header);
        What::Instead(answer)
    }

    /// 429 that must not be repeated.
    pub fn blocked() -> What {
        What::Refuse(
            Refusal::new(429, "rate_limited", "This connection has been blocked.")
                .with(json!({"rate_limit_reason": "public_api_request_blocked"})),
        )
    }

    /// 500, 503, 504 and others by number, without any effect.
    pub fn status(status: u16) -> What {
        let code = match status {
            400 => "validation_error",
            401 => "unauthorized",
            403 => "restricted_resource",
            404 => "object_not_found",
            409 => "conflict_error",
            500 => "internal_server_error",
            502 => "bad_gateway",
            503 => "service_unavailable",
            504 => "gateway_timeout",
            _ => "unexpected",
        };
        What::Refuse(Refusal::new(
            status,
            code,
            format!("made to fail with {status}"),
        ))
    }

    /// 503 that advises smaller pages (section 2.5).
    pub fn reduce_page_size() -> What {
        What::Refuse(
            Refusal::new(503, "service_unavailable", "The query took too long.")
                .with(json!({"retry_guidance": ["reduce page_size", "narrow the filter"]})),
        )
    }

    /// 400 whose text asks for a repetition (section 1.3).
    pub fn rendering_timeout() -> What {
        What::Refuse(Refusal::validation(
            "Rendering timed out. Please retry with exponential backoff.",
        ))
    }

    /// 403 of a Free workspace that is full (section 1.3).
    pub fn block_limit() -> What {
        What::Refuse(
            Refusal::restricted("The workspace has reached its block limit.")
                .with(json!({"block_limit": "block_creation"})),
        )
    }

    /// Whether the request is executed all the same.
    pub fn commits(&self) -> bool {
        matches!(
            self,
            What::UnavailableAfterCommit
                | What::RefuseAfterCommit(_)
                | What::HangUpAfterCommit
                | What::CutBody(_)
                | What::Slow(_)
        )
    }
}

/// A fault for requests that match.
#[derive(Clone, Debug)]
pub struct Fault {
    method: String,
    path: String,
    /// What the body must hold.
    holds: Option<String>,
    skip: usize,
    times: usize,
    what: What,
}

impl Fault {
    /// Strikes the next request with this method (`*` for any) whose path fits, where
    /// `*` stands for anything: `/v1/blocks/*/children`. Paths on the file host start
    /// with `/secure/` or `/public/`.
    pub fn on(method: &str, path: &str, what: What) -> Fault {
        Fault {
            method: method.to_string(),
            path: path.to_string(),
            holds: None,
            skip: 0,
            times: 1,
            what,
        }
    }

    /// How many matching requests are struck.
    pub fn times(mut self, times: usize) -> Fault {
        self.times = times;
        self
    }

    /// Strikes only requests whose body holds this text.
    pub fn holding(mut self, text: &str) -> Fault {
        self.holds = Some(text.to_string());
        self
    }

    /// Lets that many matching requests pass first.
    pub fn after(mut self, skip: usize) -> Fault {
        self.skip = skip;
        self
    }
}

/// Seeded bad weather over all requests.
#[derive(Debug)]
struct Weather {
    chance: Chance,
    per_mille: u64,
    faults: Vec<What>,
}

/// The queue.
#[derive(Debug, Default)]
pub struct Faults {
    queue: Mutex<Vec<Fault>>,
    weather: Mutex<Option<Weather>>,
    /// How often the faults were cleared.
    cleared: AtomicU64,
}

impl Faults {
    pub fn push(&self, fault: Fault) {
        lock(&self.queue).push(fault);
    }

    /// From now on `per_mille` of all requests fail in one of these ways.
    pub fn weather(&self, seed: u64, per_mille: u64, faults: Vec<What>) {
        *lock(&self.weather) = Some(Weather {
            chance: Chance::new(seed),
            per_mille,
            faults,
        });
    }

    /// Answers so many requests to the API and no more, until the faults are cleared: for
    /// those who want to kill a program before it has done more.
    pub fn stall_after(&self, requests: usize) {
        let fault = Fault::on("*", "/v1/*", What::Stall).after(requests);
        self.push(fault.times(usize::MAX));
    }

    fn wait_until_cleared(&self) {
        let times = self.cleared.load(Ordering::SeqCst);
        while self.cleared.load(Ordering::SeqCst) == times {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Fair weather again, and an empty queue.
    pub fn clear(&self) {
        lock(&self.queue).clear();
        *lock(&self.weather) = None;
        self.cleared.fetch_add(1, Ordering::SeqCst);
    }

    /// How many faults have not struck yet.
    pub fn left(&self) -> usize {
        lock(&self.queue).iter().map(|fault| fault.times).sum()
    }

    /// The fault for this request, if one is due.
    pub fn take(&self, method: &str, path: &str, body: &[u8]) -> Option<What> {
        let mut queue = lock(&self.queue);
        for at in 0..queue.len() {
            let fault = &mut queue[at];
            if (fault.method != "*" && fault.method != method) || !fits(&fault.path, path) {
                continue;
            }
            if !fault.holds.as_ref().is_none_or(|text| holds(body, text)) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            let what = fault.what.clone();
            fault.times = fault.times.saturating_sub(1);
            if fault.times == 0 {
                queue.remove(at);
            }
            if matches!(what, What::Stall) {
                drop(queue);
                self.wait_until_cleared();
                return Some(What::HangUp);
            }
            return Some(what);
        }
        drop(queue);
        let mut weather = lock(&self.weather);
        let weather = weather.as_mut()?;
        if weather.chance.below(1000) >= weather.per_mille {
            return None;
        }
        let pick = weather.chance.below(weather.faults.len() as u64) as usize;
        weather.faults.get(pick).cloned()
    }
}

fn holds(body: &[u8], text: &str) -> bool {
    let mut windows = body.windows(text.len().max(1));
    windows.any(|window| window == text.as_bytes())
}

/// Whether `path` fits `pattern`, in which `*` stands for any text.
fn fits(pattern: &str, path: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = path.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
        last = Some(part);
    }
    rest.is_empty() || last == Some("")
}

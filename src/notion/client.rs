//! One call: gate, transport, verdict, and again until there is an answer.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::answer::Answer;
use super::gate::Gate;
use super::http::Http;
use super::listing::shrink;
use super::pace::Outcome;
use super::retry::{Retry, Safety, Verdict, judge, judge_failure};
use super::{Error, Kind, Request, Token, Transport};
use crate::clock::Clock;
use crate::report::{Counter, Report};
use crate::stop::Stop;

/// Calls that may fail one after the other before Notion counts as away. Each has been
/// sent [`Retry::SENDS`] times before, so this is minutes.
const AWAY: u32 = 25;
/// By how much an answer's `Date` may lag behind the time at which it comes: its second,
/// and its way.
const LAG: SignedDuration = SignedDuration::from_secs(5);

/// What a client needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The API token.
    pub token: Token,
    /// The API's address, such as `https://api.notion.com`; a path prefix is kept.
    pub api_url: String,
    /// A cap on requests per minute below what Notion allows; 0 counts as 1.
    pub requests_per_minute: Option<u32>,
}

/// The client, shared by reference between workers.
pub struct Notion {
    pub(super) transport: Box<dyn Transport>,
    pub(super) gate: Gate,
    pub(super) clock: Arc<dyn Clock>,
    report: Arc<dyn Report>,
    /// Kept to take it out of whatever repeats it.
    token: Token,
    calls: AtomicU64,
    /// Calls that failed one after the other, retries included.
    failed: AtomicU32,
    /// The `Date` of the last answer that had one, and when it came by
    /// [`Clock::elapsed`].
    dated: Mutex<Option<(Timestamp, Duration)>>,
    seed: RandomState,
}

impl Notion {
    /// A client over any transport; of the settings it does not use the address.
    pub fn new(
        settings: &Settings,
        transport: Box<dyn Transport>,
        clock: Arc<dyn Clock>,
        stop: Stop,
        report: Arc<dyn Report>,
    ) -> Notion {
        let gate = Gate::new(
            settings.requests_per_minute,
            clock.clone(),
            stop,
            report.clone(),
        );
        Notion {
            transport,
            gate,
            clock,
            report,
            token: settings.token.clone(),
            calls: AtomicU64::new(0),
            failed: AtomicU32::new(0),
            dated: Mutex::default(),
            seed: RandomState::new(),
        }
    }

    /// A client over the network. Nothing is sent yet. Fails with [`Kind::Local`]
    /// when the address is no usable one: unreadable, with a user name in it, or plain
    /// `http` to another machine, which would show the token to the network.
    pub fn connect(
        settings: &Settings,
        clock: Arc<dyn Clock>,
        stop: Stop,
        report: Arc<dyn Report>,
    ) -> Result<Notion, Error> {
        let http = Http::new(&settings.api_url, settings.token.clone())
            .map_err(|why| Error::local(format!("the API's address: {why}")))?;
        Ok(Notion::new(settings, Box::new(http), clock, stop, report))
    }

    /// The time by Notion's clock, as its answers show it: up to a second and an answer's
    /// way earlier than it is there. By the machine's clock as long as no answer has told
    /// the time.
    ///
    /// What is compared with times that Notion gave (when was this page edited, this row
    /// made?) goes by this one: the machine's clock may be wrong.
    pub fn now(&self) -> Timestamp {
        let dated = self.dated.lock().unwrap_or_else(PoisonError::into_inner);
        self.reckon(*dated).unwrap_or_else(|| self.clock.now())
    }

    /// Keeps what an answer says of the time.
    fn told_time(&self, date: Timestamp) {
        let mut dated = self.dated.lock().unwrap_or_else(PoisonError::into_inner);
        // Dates are cut to the second, so what was reckoned from the one before may be
        // later, and nearer to the truth. Also, time should not go back.
        let reckoned = self.reckon(*dated).map(|now| now.duration_since(date));
        if !reckoned.is_some_and(|ahead| (SignedDuration::ZERO..LAG).contains(&ahead)) {
            *dated = Some((date, self.clock.elapsed()));
        }
    }

    fn reckon(&self, dated: Option<(Timestamp, Duration)>) -> Option<Timestamp> {
        let (date, at) = dated?;
        let since = self.clock.elapsed().saturating_sub(at);
        date.checked_add(SignedDuration::try_from(since).ok()?).ok()
    }

    /// Sends a request until there is an answer. A request that is too much at once
    /// gets a smaller `page_size`, which stays in `request`.
    pub(super) fn call(&self, request: &mut Request) -> Result<Value, Error> {
        let result = self.call_once(request);
        match &result {
            Err(error) if error.kind == Kind::Stopped => {}
            Err(error)
                if matches!(
                    error.kind,
                    Kind::Server | Kind::Transport | Kind::Malformed | Kind::Edge
                ) =>
            {
                let count = self.failed.fetch_add(1, Ordering::Relaxed) + 1;
                if count >= AWAY {
                    let message = format!(
                        "{count} calls failed in a row, the last one: {}",
                        error.message
                    );
                    return result.map_err(|error| Error {
                        kind: Kind::Away,
                        message,
                        ..error
                    });
                }
            }
            _ => self.failed.store(0, Ordering::Relaxed),
        }
        result
    }

    /// One call, whatever became of the calls before it.
    fn call_once(&self, request: &mut Request) -> Result<Value, Error> {
        let safety = Safety::of(request);
        let mut retry = Retry::default();
        let mut smaller = None;
        loop {
            let mut failure = match self.attempt(request, safety) {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            let size = match failure.verdict {
                Verdict::Slow(_) if retry.is_repeated() => shrink(request),
                Verdict::Smaller(_) => shrink(request),
                _ => None,
            };
            smaller = size.or(smaller);
            let wait = match failure.verdict {
                Verdict::Refused | Verdict::Overloaded => continue,
                Verdict::Smaller(_) if size.is_some() => continue,
                Verdict::Done | Verdict::Fail(_) => None,
                Verdict::AgainOnce(_) if !retry.once() => None,
                _ if size.is_some() => Some(retry.next_changed(self.jitter(), failure.asked)),
                _ => retry.next(self.jitter(), failure.asked),
            };
            let Some(wait) = wait else {
                let slow = matches!(failure.verdict, Verdict::Slow(_) | Verdict::Smaller(_));
                if let Some(size) = smaller.filter(|_| slow) {
                    let words = format!("; asking for {size} at a time did not help");
                    failure.error.message.push_str(&words);
                }
                return Err(failure.error);
            };
            self.gate.sleep(wait, &retry.why(&failure.error, size));
        }
    }

    /// Sends a request once, when the gate lets it.
    fn attempt(&self, request: &Request, safety: Safety) -> Result<Value, Box<Failure>> {
        let Some(pass) = self.gate.pass() else {
            return Err(Box::new(Failure {
                verdict: Verdict::Fail(Kind::Stopped),
                error: stopped(request.endpoint()),
                asked: None,
            }));
        };
        self.report.add(Counter::Requests, 1);
        let response = match self.transport.send(request) {
            Ok(response) => response,
            Err(failure) => {
                let verdict = judge_failure(&failure, safety);
                let message = self.token.redact(&failure.to_string());
                let unknown = failure.is_unknown();
                return Err(Box::new(Failure {
                    verdict,
                    error: Error {
                        unknown,
                        ..Error::new(verdict.kind(), request.endpoint(), message)
                    },
                    asked: None,
                }));
            }
        };
        let mut answer = Answer::read(response, self.clock.now());
        if let Some(date) = answer.date {
            self.told_time(date);
        }
        let verdict = judge(&answer, safety);
        let outcome = match verdict {
            Verdict::Refused => Outcome::Refused(answer.retry_after),
            Verdict::Overloaded => Outcome::Overloaded(answer.retry_after),
            _ => Outcome::Granted,
        };
        if matches!(answer.status, 429 | 529) {
            self.report.add(Counter::RefusedRequests, 1);
        }
        pass.told(outcome, why_refused(&answer));
        if verdict == Verdict::Done
            && let Some(value) = answer.json.take()
        {
            return Ok(value);
        }
        Err(Box::new(Failure {
            verdict,
            error: answer.error(verdict.kind(), request, &self.token),
            asked: answer.retry_after,
        }))
    }

    /// A number between 0 and 1, another one each time, so that workers that failed
    /// together do not come back together.
    pub(super) fn jitter(&self) -> f64 {
        let count = self.calls.fetch_add(1, Ordering::Relaxed);
        let bits = self.seed.hash_one(count);
        (bits >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// One attempt without an answer to hand out.
struct Failure {
    verdict: Verdict,
    error: Error,
    /// How long the answer asks to wait.
    asked: Option<Duration>,
}

/// The error of a call that a stop ended.
pub(super) fn stopped(endpoint: impl Into<Box<str>>) -> Error {
    Error::new(Kind::Stopped, endpoint, "the run was asked to end")
}

/// What to tell people while everybody waits.
fn why_refused(answer: &Answer) -> &'static str {
    match (answer.status, answer.limit_reason()) {
        (529, _) => "Notion is overloaded",
        (_, Some("public_api_space_request_rate_limit")) => {
            "the workspace's request limit is reached"
        }
        (_, Some("public_api_endpoint_rate_limit")) => {
            "Notion's limit for this kind of request is reached"
        }
        _ => "the token's request limit is reached",
    }
}

#[cfg(test)]
mod tests;

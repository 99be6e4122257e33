//! Which answers are asked for again: the one place that decides (sections 1.3 and
//! 9.6 of the API digest).
//!
//! Nothing here sleeps. The verdict on an answer depends on the answer and on
//! whether doing the request twice does harm; how often and how long is counted per
//! call by [`Retry`]. Refusals (429, 529) are no failures: they were not executed, and
//! the gate makes everybody wait, however often.

use std::time::Duration;

use super::answer::Answer;
use super::{Error, Kind, Method, Request, TransportError};

/// Whether a request may be sent again when nobody knows what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Safety {
    /// Reads, deletions, and the bytes of a file: twice is as good as once.
    Repeatable,
    /// Creating and changing: twice may make two.
    Once,
}

impl Safety {
    /// What a request does when it is sent twice. Searching and querying only look,
    /// although they are posted.
    pub(super) fn of(request: &Request) -> Safety {
        let looks = request.path == "/v1/search" || request.path.ends_with("/query");
        match request.method {
            Method::Get | Method::Delete => Safety::Repeatable,
            Method::Post if looks || request.file.is_some() => Safety::Repeatable,
            Method::Post | Method::Patch => Safety::Once,
        }
    }
}

/// What to do with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the answer.
    Done,
    /// Not executed for now: wait at the gate, then send again, without bound.
    Refused,
    /// The same, but for all clients of the service.
    Overloaded,
    /// Perhaps it works next time; if it never does, this is the error.
    Again(Kind),
    /// As `Again`, but one repetition has to do: it rarely helps.
    AgainOnce(Kind),
    /// It took too long. As `Again`; the second time in a row, and from then on each
    /// time, with half the `page_size`.
    Slow(Kind),
    /// Too much at once: send again with a smaller `page_size`, or else as `Again`.
    Smaller(Kind),
    /// An error.
    Fail(Kind),
}

impl Verdict {
    /// The kind of error that this is when nothing more is tried.
    pub(super) fn kind(self) -> Kind {
        match self {
            Verdict::Done => Kind::Malformed,
            Verdict::Refused | Verdict::Overloaded => Kind::RateLimited,
            Verdict::Again(kind)
            | Verdict::AgainOnce(kind)
            | Verdict::Slow(kind)
            | Verdict::Smaller(kind)
            | Verdict::Fail(kind) => kind,
        }
    }
}

/// The verdict on an answer, whatever came before.
pub(super) fn judge(answer: &Answer, safety: Safety) -> Verdict {
    // What Notion may have carried out is repeated only where twice does no harm.
    let if_harmless = |verdict: fn(Kind) -> Verdict, kind| match safety {
        Safety::Repeatable => verdict(kind),
        Safety::Once => Verdict::Fail(kind),
    };
    match answer.status {
        200..=299 if answer.json.is_some() => Verdict::Done,
        // Cut on the way, or from a proxy.
        200..=299 => if_harmless(Verdict::Again, Kind::Malformed),
        // "See other" is what a request gets that was carried out.
        303 => if_harmless(Verdict::AgainOnce, Kind::Other),
        300..=399 => Verdict::AgainOnce(Kind::Other),
        408 => if_harmless(Verdict::Slow, Kind::Server),
        // Too large for the edge, which does not pass it on.
        413 => Verdict::AgainOnce(Kind::Validation),
        431 => Verdict::AgainOnce(Kind::Other),
        // A proxy that lost sight of whoever asked.
        499 => if_harmless(Verdict::AgainOnce, Kind::Server),
        429 if answer.limit_reason() == Some("public_api_request_blocked") => {
            Verdict::Fail(Kind::Blocked)
        }
        429 => Verdict::Refused,
        // The challenge of a network edge goes as it came (section 10.1).
        403 if !answer.is_notions_error() => Verdict::Again(Kind::Edge),
        400..=499 if !answer.is_notions_error() => Verdict::AgainOnce(Kind::Edge),
        400 if asks_for_repetition(answer) => Verdict::Again(Kind::Validation),
        400 | 422 => Verdict::Fail(Kind::Validation),
        401 => Verdict::Fail(Kind::Unauthorized),
        403 if answer.code() == Some("restricted_resource") => Verdict::Fail(Kind::Restricted),
        404 => Verdict::Fail(Kind::NotFound),
        409 if answer.code() == Some("row_limit_exceeded") => Verdict::Fail(Kind::Conflict),
        409 => Verdict::Again(Kind::Conflict),
        529 => Verdict::Overloaded,
        503 if safety == Safety::Repeatable && answer.guidance().contains("page_size") => {
            Verdict::Smaller(Kind::Server)
        }
        // The time is over at Notion, or at the edge (520 to 524 are Cloudflare's own).
        502 | 504 | 520..=524 => if_harmless(Verdict::Slow, Kind::Server),
        500..=599 => if_harmless(Verdict::Again, Kind::Server),
        _ => Verdict::Fail(Kind::Other),
    }
}

/// The verdict on a request that got no whole answer.
pub(super) fn judge_failure(failure: &TransportError, safety: Safety) -> Verdict {
    match (failure, safety) {
        (TransportError::Connect(_), _) => Verdict::Again(Kind::Transport),
        (TransportError::Timeout(_) | TransportError::Cut(_), Safety::Repeatable) => {
            Verdict::Slow(Kind::Transport)
        }
        (TransportError::Timeout(_) | TransportError::Cut(_), Safety::Once) => {
            Verdict::Fail(Kind::Transport)
        }
        (TransportError::TooLarge(_), Safety::Repeatable) => Verdict::Smaller(Kind::Malformed),
        (TransportError::TooLarge(_), Safety::Once) => Verdict::Fail(Kind::Malformed),
        (TransportError::Tls(_), _) => Verdict::Fail(Kind::Transport),
        (TransportError::Request(_), _) => Verdict::Fail(Kind::Local),
    }
}

/// Some rendering time-outs come as 400 with a text that says to try again.
fn asks_for_repetition(answer: &Answer) -> bool {
    answer.code() == Some("validation_error")
        && answer.message().is_some_and(|message| {
            let message = message.to_lowercase();
            message.contains("exponential backoff") || message.contains("exponential back-off")
        })
}

/// The repetitions of one call.
#[derive(Debug, Default)]
pub(super) struct Retry {
    failures: u32,
    /// Whether what is repeated once was repeated.
    once: bool,
}

impl Retry {
    /// How often a call is sent at most without any change, refusals not counted.
    pub(super) const SENDS: u32 = 6;
    const BASE: Duration = Duration::from_secs(1);
    /// How often the wait doubles at most.
    const DOUBLINGS: u32 = 4;

    /// How long to wait before the same is sent again: 1, 2, 4 … 16 seconds, times 0.5 to
    /// 1.5 by `jitter` (0 to 1), or what the answer asks for if that is longer. `None`
    /// after too many failures.
    pub(super) fn next(&mut self, jitter: f64, asked: Option<Duration>) -> Option<Duration> {
        let wait = self.next_changed(jitter, asked);
        (self.failures < Self::SENDS).then_some(wait)
    }

    /// How long to wait before something else is sent instead, as [`Retry::next`] counts.
    /// Whoever changes a request runs out of changes, so this has no end of its own.
    pub(super) fn next_changed(&mut self, jitter: f64, asked: Option<Duration>) -> Duration {
        self.failures += 1;
        let steps = Self::BASE * (1 << (self.failures - 1).min(Self::DOUBLINGS));
        let own = steps.mul_f64(0.5 + jitter.clamp(0.0, 1.0));
        own.max(asked.unwrap_or_default())
    }

    /// Whether the call has failed before the failure that is being looked at.
    pub(super) fn is_repeated(&self) -> bool {
        self.failures > 0
    }

    /// Whether what is repeated once may be sent again; true once.
    pub(super) fn once(&mut self) -> bool {
        !std::mem::replace(&mut self.once, true)
    }

    /// Why it waits, for the people who watch; `size` when less is asked for from now on.
    pub(super) fn why(&self, error: &Error, size: Option<u64>) -> String {
        let what = match (error.status, error.kind) {
            (Some(status), Kind::Edge) => {
                format!("the network before Notion answered with HTTP {status}")
            }
            (Some(status), _) => format!("Notion answered with HTTP {status}"),
            (None, _) => error.message.clone(),
        };
        match size {
            Some(size) => format!("{what}, asking for {size} at a time"),
            None => format!("{what}, try {} of {}", self.failures + 1, Self::SENDS),
        }
    }
}

#[cfg(test)]
mod tests;

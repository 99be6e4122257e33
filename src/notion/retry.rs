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
            Verdict::Again(kind) | Verdict::Smaller(kind) | Verdict::Fail(kind) => kind,
        }
    }
}

/// The verdict on an answer, whatever came before.
pub(super) fn judge(answer: &Answer, safety: Safety) -> Verdict {
    let unless_harmful = |kind| match safety {
        Safety::Repeatable => Verdict::Again(kind),
        Safety::Once => Verdict::Fail(kind),
    };
    match answer.status {
        200..=299 if answer.json.is_some() => Verdict::Done,
        // Cut on the way, or from a proxy.
        200..=299 => unless_harmful(Kind::Malformed),
        400 if asks_for_repetition(answer) => Verdict::Again(Kind::Validation),
        400 | 413 | 422 => Verdict::Fail(Kind::Validation),
        401 => Verdict::Fail(Kind::Unauthorized),
        403 => Verdict::Fail(Kind::Restricted),
        404 => Verdict::Fail(Kind::NotFound),
        408 => unless_harmful(Kind::Server),
        409 if answer.code() == Some("row_limit_exceeded") => Verdict::Fail(Kind::Conflict),
        409 => Verdict::Again(Kind::Conflict),
        429 if answer.limit_reason() == Some("public_api_request_blocked") => {
            Verdict::Fail(Kind::Blocked)
        }
        429 => Verdict::Refused,
        529 => Verdict::Overloaded,
        503 if safety == Safety::Repeatable && answer.guidance().contains("page_size") => {
            Verdict::Smaller(Kind::Server)
        }
        500..=599 => unless_harmful(Kind::Server),
        _ => Verdict::Fail(Kind::Other),
    }
}

/// The verdict on a request that got no whole answer.
pub(super) fn judge_failure(failure: &TransportError, safety: Safety) -> Verdict {
    match (failure, safety) {
        (TransportError::Connect(_), _) => Verdict::Again(Kind::Transport),
        (TransportError::Timeout(_) | TransportError::Cut(_), Safety::Repeatable) => {
            Verdict::Again(Kind::Transport)
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
}

impl Retry {
    /// How often a call is sent at most, refusals not counted.
    pub(super) const SENDS: u32 = 6;
    const BASE: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(60);

    /// How long to wait before sending again: 1, 2, 4 … seconds, times 0.5 to 1.5 by
    /// `jitter` (0 to 1), or what the answer asks for if that is longer. `None` after
    /// too many failures.
    pub(super) fn next(&mut self, jitter: f64, asked: Option<Duration>) -> Option<Duration> {
        self.failures += 1;
        if self.failures >= Self::SENDS {
            return None;
        }
        let steps = Self::BASE.saturating_mul(1 << (self.failures - 1).min(16));
        let own = steps
            .min(Self::LONGEST)
            .mul_f64(0.5 + jitter.clamp(0.0, 1.0));
        Some(own.max(asked.unwrap_or_default()))
    }

    /// Why it waits, for the people who watch.
    pub(super) fn why(&self, error: &Error) -> String {
        let (next, most) = (self.failures + 1, Self::SENDS);
        match error.status {
            Some(status) => format!("Notion answered with HTTP {status}, try {next} of {most}"),
            None => format!("{}, try {next} of {most}", error.message),
        }
    }
}

/// Halves the `page_size` of a request; false when there is none or it is 1.
pub(super) fn shrink(request: &mut Request) -> bool {
    let half = |size: u64| (size > 1).then_some(size / 2);
    match request.method {
        Method::Get => {
            let mut query = request.query.iter_mut();
            let Some((_, size)) = query.find(|(name, _)| name == "page_size") else {
                return false;
            };
            let Some(smaller) = size.parse().ok().and_then(half) else {
                return false;
            };
            *size = smaller.to_string();
        }
        _ => {
            let Some(size) = request
                .body
                .as_mut()
                .and_then(|body| body.get_mut("page_size"))
            else {
                return false;
            };
            let Some(smaller) = size.as_u64().and_then(half) else {
                return false;
            };
            *size = smaller.into();
        }
    }
    true
}

#[cfg(test)]
mod tests;

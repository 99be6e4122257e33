//! How fast all workers together may ask: a pure state machine that learns the
//! budget from refusals and spends it.
//!
//! It begins without a limit. A refusal closes the gate to everybody until the time
//! that the answer gave; then one request goes first as a probe, and its success
//! opens the gate to all. Long waits mean a budget by window: the next window is
//! spent as a burst again, the way Notion's documentation allows. Short waits mean
//! an average: between two refusals the budget was empty at both ends, so what was
//! granted between them, divided by the time, *is* the rate. Requests are then spaced
//! by it, a little faster with every minute without a refusal, since a budget
//! that grew gives no sign.

use std::collections::VecDeque;
use std::time::Duration;

/// The rate to begin with when an average must be guessed: 180 a minute, the least
/// that Notion grants (section 1.4 of the API digest).
const FIRST_GUESS: f64 = 3.0;
/// Waits up to this are those of an average, longer ones those of a window.
const SHORT: Duration = Duration::from_secs(5);
/// `Retry-After` counts whole seconds, which may have been rounded down.
const MARGIN: Duration = Duration::from_secs(1);
/// For an average, that margin is no longer than the time of this many requests.
const MARGIN_REQUESTS: f64 = 3.0;
/// The longest wait that the pace itself invents; what an answer asks for has no cap.
const LONGEST_OWN_WAIT: Duration = Duration::from_secs(16);
/// How soon to look again whether a probe has come back.
const PROBE_POLL: Duration = Duration::from_millis(20);
/// How much unused time a spaced sequence may catch up with.
const SLACK: Duration = Duration::from_secs(1);
/// What was granted over less than this tells no rate.
const MEASURABLE: Duration = Duration::from_secs(3);
/// Refusals older than this are no longer measured from.
const MEMORY: Duration = Duration::from_secs(180);

/// Leave to send one request; to be given back with what became of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Permit {
    round: u64,
    probe: bool,
}

/// What a worker that wants to send is told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Turn {
    /// Send now.
    Go(Permit),
    /// Ask again after this time.
    Wait(Duration),
}

/// What became of a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The API took the request, whatever it answered.
    Granted,
    /// 429: too many requests; with the time that the answer asks to wait.
    Refused(Option<Duration>),
    /// 529: the service is overloaded, which says nothing of our budget.
    Overloaded(Option<Duration>),
    /// No answer, or never sent.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    Open,
    /// Nobody goes before this time; then one probe.
    Closed(Duration),
    Probing,
}

/// What had happened until one moment.
#[derive(Clone, Copy, Debug)]
struct Mark {
    at: Duration,
    granted: u64,
    closed: Duration,
}

/// The state. All times are those of [`crate::clock::Clock::elapsed`].
#[derive(Debug)]
pub(super) struct Pace {
    /// The user's own limit, requests a second.
    cap: Option<f64>,
    gate: Gate,
    /// Counts refusals; a request sent before the last one teaches nothing new.
    round: u64,
    /// Refusals since the last grant.
    in_a_row: u32,
    /// Whether requests are spaced by `rate`.
    spaced: bool,
    /// Requests a second; kept while not spaced, as the next guess.
    rate: f64,
    /// Whether `rate` is more than a guess.
    measured: bool,
    /// From when on the rate grows: the last refusal, later by all idle time since.
    grows_from: Duration,
    next_slot: Duration,
    granted: u64,
    /// When the gate opened last.
    opened: Mark,
    /// How long the gate was closed or probing, all in all.
    closed: Duration,
    /// When the gate closed last.
    closed_at: Duration,
    /// Refusals; the budget was empty at each.
    empty_at: VecDeque<Mark>,
}

impl Pace {
    /// A pace that knows no limit but `requests_per_minute` (at least 1).
    pub(super) fn new(requests_per_minute: Option<u32>) -> Pace {
        Pace {
            cap: requests_per_minute.map(|cap| f64::from(cap.max(1)) / 60.0),
            gate: Gate::Open,
            round: 0,
            in_a_row: 0,
            spaced: false,
            rate: FIRST_GUESS,
            measured: false,
            grows_from: Duration::ZERO,
            next_slot: Duration::ZERO,
            granted: 0,
            opened: Mark {
                at: Duration::ZERO,
                granted: 0,
                closed: Duration::ZERO,
            },
            closed: Duration::ZERO,
            closed_at: Duration::ZERO,
            empty_at: VecDeque::new(),
        }
    }

    /// May a request go now?
    pub(super) fn ask(&mut self, now: Duration) -> Turn {
        match self.gate {
            Gate::Closed(until) if now < until => return Turn::Wait(until - now),
            Gate::Closed(_) => {
                self.gate = Gate::Probing;
                self.next_slot = self.next_slot.max(now);
            }
            Gate::Probing => return Turn::Wait(PROBE_POLL),
            Gate::Open => {}
        }
        let probe = self.gate == Gate::Probing;
        if let Some(rate) = self.limit(now) {
            if self.next_slot > now {
                if probe {
                    self.gate = Gate::Closed(self.next_slot);
                }
                return Turn::Wait(self.next_slot - now);
            }
            let slack = if self.spaced { SLACK } else { Duration::ZERO };
            let earliest = now.saturating_sub(slack);
            if self.next_slot < earliest {
                // Nobody asked for a while: the budget may have filled up, so that time
                // teaches nothing.
                self.grows_from += earliest - self.next_slot;
                self.empty_at.clear();
                self.next_slot = earliest;
            }
            self.next_slot += Duration::from_secs_f64(1.0 / rate);
        }
        Turn::Go(Permit {
            round: self.round,
            probe,
        })
    }

    /// Takes a permit back. The result is the time until which the gate is now closed, if
    /// it was this answer that closed it.
    pub(super) fn told(
        &mut self,
        permit: Permit,
        outcome: Outcome,
        now: Duration,
    ) -> Option<Duration> {
        let fresh = permit.round == self.round;
        match outcome {
            Outcome::Granted => {
                self.granted += 1;
                if fresh {
                    self.in_a_row = 0;
                }
                if permit.probe && fresh && self.gate == Gate::Probing {
                    self.gate = Gate::Open;
                    self.closed += now.saturating_sub(self.closed_at);
                    self.opened = self.mark(now);
                }
                None
            }
            Outcome::Unknown => {
                if permit.probe && fresh && self.gate == Gate::Probing {
                    self.gate = Gate::Closed(now);
                }
                None
            }
            Outcome::Refused(after) | Outcome::Overloaded(after) => {
                if fresh {
                    self.round += 1;
                    self.in_a_row += 1;
                    if self.gate == Gate::Open {
                        self.closed_at = now;
                    }
                    match outcome {
                        Outcome::Refused(after) => self.learn(after, now),
                        _ => self.empty_at.clear(),
                    }
                }
                let until = now.saturating_add(self.wait(after));
                let until = match self.gate {
                    Gate::Closed(before) => before.max(until),
                    Gate::Open | Gate::Probing => until,
                };
                let news = self.gate != Gate::Closed(until);
                self.gate = Gate::Closed(until);
                news.then_some(until)
            }
        }
    }

    /// How long to wait after a refusal: what it asks for, or longer each time.
    fn wait(&self, after: Option<Duration>) -> Duration {
        let own = Duration::from_secs(1 << self.in_a_row.saturating_sub(1).min(6));
        // A wait of a second at a rate of many a second is an average's: a full margin
        // would let such a budget run over.
        let margin = match after {
            Some(after) if self.spaced && after <= Duration::from_secs(1) => {
                MARGIN.min(Duration::from_secs_f64(MARGIN_REQUESTS / self.rate))
            }
            _ => MARGIN,
        };
        let asked = after.map_or(Duration::ZERO, |after| after.saturating_add(margin));
        asked.max(own.min(LONGEST_OWN_WAIT))
    }

    /// Draws what a refusal for too many requests tells of the budget.
    fn learn(&mut self, after: Option<Duration>, now: Duration) {
        if after.is_some_and(|after| after > SHORT) {
            self.spaced = false;
            self.empty_at.clear();
            return;
        }
        let current = self.current_rate(now);
        let since = |mark: &Mark| Measure::between(*mark, self.mark(now));
        if let Some(seen) = self.empty_at.front().and_then(since) {
            self.measured = true;
            if seen.least > self.rate && seen.least * 1.1 < current {
                // The spacing was too slow at first, so the budget was not empty all the
                // time and the measure is too low. Overestimate: the next one is right.
                self.rate = current;
                self.empty_at.clear();
            } else {
                self.rate = seen.likely();
            }
        } else if self.spaced {
            self.rate = (current * 0.9).max(1.0 / 60.0);
        } else if let Some(seen) = since(&self.opened) {
            // It began with an unknown reserve, so this is more than the rate.
            self.rate = seen.most;
            self.measured = true;
        }
        self.spaced = true;
        self.grows_from = now;
        self.empty_at.push_back(self.mark(now));
        while self.empty_at.len() > 1
            && self
                .empty_at
                .front()
                .is_some_and(|mark| now - mark.at > MEMORY)
        {
            self.empty_at.pop_front();
        }
    }

    fn mark(&self, at: Duration) -> Mark {
        Mark {
            at,
            granted: self.granted,
            closed: self.closed,
        }
    }

    /// Requests a second that may go now, when there is a limit.
    fn limit(&self, now: Duration) -> Option<f64> {
        let learned = self.spaced.then(|| self.current_rate(now));
        match (learned, self.cap) {
            (Some(learned), Some(cap)) => Some(learned.min(cap)),
            (learned, cap) => learned.or(cap),
        }
    }

    /// The learned rate, grown by the time without a refusal: a guess by 5 % a second,
    /// a measured rate by 1 % in the first 40 seconds and twice as much in each further 40.
    fn current_rate(&self, now: Duration) -> f64 {
        let quiet = now.saturating_sub(self.grows_from).as_secs_f64().min(900.0);
        let factor = if self.measured {
            1.0 + 0.01 * ((quiet / 40.0).exp2() - 1.0)
        } else {
            (0.05 * quiet).exp()
        };
        (self.rate * factor).min(10_000.0)
    }
}

/// What was granted between two moments at which the budget was empty tells the rate:
/// exactly over all the time if nothing was lost, and at most over the open time
/// if the budget filled up and ran over while the gate was closed.
#[derive(Debug)]
struct Measure {
    least: f64,
    most: f64,
    time: Duration,
}

impl Measure {
    /// Nothing when time or number are too small to tell.
    fn between(from: Mark, to: Mark) -> Option<Measure> {
        let time = to.at.saturating_sub(from.at);
        let open = time.saturating_sub(to.closed.saturating_sub(from.closed));
        let granted = to.granted - from.granted;
        (open >= MEASURABLE && granted >= 10).then(|| Measure {
            least: granted as f64 / time.as_secs_f64(),
            most: granted as f64 / open.as_secs_f64(),
            time,
        })
    }

    fn likely(&self) -> f64 {
        if self.time < Duration::from_secs(30) {
            (self.least * self.most).sqrt()
        } else {
            self.least
        }
    }
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

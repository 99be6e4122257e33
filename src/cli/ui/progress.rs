//! What a running command is doing, gathered from all its threads.
//!
//! The layers below call [`Report`] as often as they like; this only counts. A
//! [`Status`] is taken from it when a renderer wants one.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::words;
use crate::clock::Clock;
use crate::report::{Counter, Phase, Report};

/// The pace is measured over this long, the length of Notion's windows
/// (section 1.3 of the API digest).
const PACE_WINDOW: Duration = Duration::from_secs(60);

/// Everything there is to say at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// What the command is busy with, once it has said so.
    pub phase: Option<Phase>,
    /// Time since the command began.
    pub elapsed: Duration,
    /// What this phase has to do, if that is known.
    pub total: Option<u64>,
    /// All counters that are not zero.
    pub counts: BTreeMap<Counter, u64>,
    /// Requests per minute over the last minute, once it can be told.
    pub pace: Option<u64>,
    /// How long the phase will take still, at the pace so far, once it can be told.
    pub left: Option<Duration>,
    /// How long all workers still wait, and why.
    pub waiting: Option<(Duration, String)>,
}

impl Status {
    /// The value of a counter.
    pub fn count(&self, counter: Counter) -> u64 {
        self.counts.get(&counter).copied().unwrap_or(0)
    }

    /// How much of the phase's total is done.
    pub fn done(&self) -> u64 {
        match self.phase {
            Some(Phase::Listing) => self.count(Counter::ListedObjects),
            Some(Phase::Reading) => {
                self.count(Counter::ReadPages) + self.count(Counter::UnchangedPages)
            }
            Some(Phase::Saving | Phase::Checking | Phase::Extracting | Phase::Removing) => {
                self.count(Counter::Objects)
            }
            Some(Phase::Restoring) => self.count(Counter::Steps),
            Some(Phase::Connecting | Phase::Comparing | Phase::Planning) | None => 0,
        }
    }

    /// The status as one line for a person.
    pub fn line(&self) -> String {
        let Some(phase) = self.phase else {
            return "starting".to_owned();
        };
        let mut parts = Vec::new();
        let noun = match phase {
            Phase::Reading => Some("page"),
            Phase::Listing
            | Phase::Saving
            | Phase::Checking
            | Phase::Extracting
            | Phase::Removing => Some("object"),
            Phase::Restoring => Some("step"),
            Phase::Connecting | Phase::Comparing | Phase::Planning => None,
        };
        if let Some(noun) = noun {
            match self.total {
                Some(total) => parts.push(format!(
                    "{} of {}",
                    words::number(self.done()),
                    words::count(total, noun)
                )),
                None if self.done() > 0 => parts.push(words::count(self.done(), noun)),
                None => {}
            }
        }
        let unchanged = self.count(Counter::UnchangedPages);
        if phase == Phase::Reading && unchanged > 0 {
            parts.push(format!("{} unchanged", words::number(unchanged)));
        }
        for (counter, word) in [(Counter::Blocks, "block"), (Counter::Files, "file")] {
            if self.count(counter) > 0 {
                parts.push(words::count(self.count(counter), word));
            }
        }
        for counter in [Counter::FileBytes, Counter::ObjectBytes] {
            if self.count(counter) > 0 {
                parts.push(words::bytes(self.count(counter)));
            }
        }
        let failures = self.count(Counter::Failures);
        if failures > 0 {
            let word = match phase {
                Phase::Restoring => "not restored",
                _ => "not readable",
            };
            parts.push(format!("{} {word}", words::number(failures)));
        }
        if let Some(pace) = self.pace {
            parts.push(format!("{} requests/min", words::number(pace)));
        }
        if let Some(left) = self.left {
            parts.push(format!("about {} left", words::clock(left)));
        }
        let mut line = phase_words(phase).to_owned();
        if let Some((time, why)) = &self.waiting {
            line.push_str(&format!(", waiting {} ({why})", words::clock(*time)));
        }
        if !parts.is_empty() {
            line.push_str(": ");
            line.push_str(&parts.join(", "));
        }
        line
    }
}

fn phase_words(phase: Phase) -> &'static str {
    match phase {
        Phase::Connecting => "connecting to Notion",
        Phase::Listing => "listing what is shared",
        Phase::Comparing => "loading the previous snapshot",
        Phase::Reading => "reading",
        Phase::Saving => "saving the snapshot",
        Phase::Checking => "checking",
        Phase::Extracting => "extracting",
        Phase::Removing => "removing",
        Phase::Planning => "planning",
        Phase::Restoring => "restoring",
    }
}

/// The phase's name in `--json`.
pub fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Connecting => "connecting",
        Phase::Listing => "listing",
        Phase::Comparing => "comparing",
        Phase::Reading => "reading",
        Phase::Saving => "saving",
        Phase::Checking => "checking",
        Phase::Extracting => "extracting",
        Phase::Removing => "removing",
        Phase::Planning => "planning",
        Phase::Restoring => "restoring",
    }
}

/// The counter's name in `--json`.
pub fn counter_name(counter: Counter) -> &'static str {
    match counter {
        Counter::Requests => "requests",
        Counter::RefusedRequests => "refused_requests",
        Counter::ListedObjects => "listed_objects",
        Counter::ReadPages => "read_pages",
        Counter::UnchangedPages => "unchanged_pages",
        Counter::Blocks => "blocks",
        Counter::Files => "files",
        Counter::FileBytes => "file_bytes",
        Counter::Failures => "failures",
        Counter::Objects => "objects",
        Counter::ObjectBytes => "object_bytes",
        Counter::Steps => "steps",
    }
}

/// What a [`Progress`] tells at once instead of when asked.
pub trait Listener: Send + Sync {
    /// A new phase began.
    fn phase_began(&self);
    /// Something went wrong that does not end the run.
    fn problem(&self, text: &str);
}

/// Gathers what a command reports.
pub struct Progress {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    listener: Arc<dyn Listener>,
}

#[derive(Default)]
struct State {
    phase: Option<Phase>,
    total: Option<u64>,
    counts: BTreeMap<Counter, u64>,
    waiting: Option<(Duration, String)>,
    /// When the phase began, and how many steps were done then.
    began: (Duration, u64),
    /// Requests so far, at several moments of the last minute, oldest first.
    paces: VecDeque<(Duration, u64)>,
}

impl Progress {
    /// Nothing has happened yet.
    pub fn new(clock: Arc<dyn Clock>, listener: Arc<dyn Listener>) -> Progress {
        Progress {
            clock,
            state: Mutex::default(),
            listener,
        }
    }

    /// What there is to say now.
    pub fn status(&self) -> Status {
        let now = self.clock.elapsed();
        let mut state = self.lock();
        let requests = state.counts.get(&Counter::Requests).copied().unwrap_or(0);
        state.paces.push_back((now, requests));
        // One sample from before the window stays, so that the window is full.
        while let Some(&(second, _)) = state.paces.get(1) {
            if now.saturating_sub(second) < PACE_WINDOW {
                break;
            }
            state.paces.pop_front();
        }
        let pace = state.paces.front().and_then(|&(then, before)| {
            let time = now.saturating_sub(then).as_secs_f64();
            // Shorter than this, one request more or less says nothing.
            (requests > 0 && time >= 3.0)
                .then(|| ((requests - before) as f64 * 60.0 / time).round() as u64)
        });
        let mut status = Status {
            phase: state.phase,
            elapsed: now,
            total: state.total,
            counts: state.counts.clone(),
            pace,
            left: None,
            waiting: state
                .waiting
                .as_ref()
                .filter(|(end, _)| *end > now)
                .map(|(end, why)| (*end - now, why.clone())),
        };
        status.left = time_left(&status, state.began, now);
        status
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Report for Progress {
    fn phase(&self, phase: Phase) {
        {
            let now = self.clock.elapsed();
            let mut state = self.lock();
            state.phase = Some(phase);
            state.total = None;
            let steps = state.counts.get(&Counter::Steps).copied();
            state.began = (now, steps.unwrap_or_default());
        }
        self.listener.phase_began();
    }

    fn add(&self, counter: Counter, amount: u64) {
        if amount > 0 {
            *self.lock().counts.entry(counter).or_default() += amount;
        }
    }

    fn expect(&self, total: u64) {
        self.lock().total = Some(total);
    }

    fn waiting(&self, time: Duration, why: &str) {
        let end = self.clock.elapsed().saturating_add(time);
        self.lock().waiting = (!time.is_zero()).then(|| (end, why.to_owned()));
    }

    fn problem(&self, text: &str) {
        self.listener.problem(text);
    }
}

/// How long a restore will take still: its steps are all but equal, one request each,
/// where those of other phases are not.
fn time_left(status: &Status, began: (Duration, u64), now: Duration) -> Option<Duration> {
    let (then, before) = began;
    let (total, done) = (status.total?, status.done());
    let time = now.saturating_sub(then);
    let new = done.saturating_sub(before);
    let is_known = status.phase == Some(Phase::Restoring) && new >= 10 && time.as_secs() >= 5;
    let left = total.saturating_sub(done);
    (is_known && left > 0).then(|| time.mul_f64(left as f64 / new as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use jiff::Timestamp;

    struct Deaf;

    impl Listener for Deaf {
        fn phase_began(&self) {}
        fn problem(&self, _text: &str) {}
    }

    fn progress() -> (Arc<ManualClock>, Progress) {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        (clock.clone(), Progress::new(clock, Arc::new(Deaf)))
    }

    #[test]
    fn the_pace_is_that_of_the_last_minute() {
        let (clock, progress) = progress();
        assert_eq!(progress.status().pace, None);
        // Ten minutes at 180 a minute, then one at 60.
        for _ in 0..600 {
            progress.add(Counter::Requests, 3);
            clock.advance(Duration::from_secs(1));
            progress.status();
        }
        assert_eq!(progress.status().pace, Some(180));
        for _ in 0..60 {
            progress.add(Counter::Requests, 1);
            clock.advance(Duration::from_secs(1));
            progress.status();
        }
        assert_eq!(progress.status().pace, Some(60));
    }

    #[test]
    fn a_line_says_phase_counts_and_wait() {
        let (clock, progress) = progress();
        assert_eq!(progress.status().line(), "starting");
        progress.phase(Phase::Reading);
        progress.expect(1400);
        progress.add(Counter::ReadPages, 20);
        progress.add(Counter::UnchangedPages, 100);
        progress.add(Counter::Blocks, 3412);
        progress.waiting(Duration::from_secs(37), "Notion's rate limit");
        clock.advance(Duration::from_secs(2));
        assert_eq!(
            progress.status().line(),
            "reading, waiting 0:35 (Notion's rate limit): 120 of 1,400 pages, 100 unchanged, 3,412 blocks"
        );
        clock.advance(Duration::from_secs(35));
        assert_eq!(progress.status().waiting, None);
    }

    #[test]
    fn the_time_left_is_told_by_the_steps_of_this_run() {
        let (clock, progress) = progress();
        // An earlier run has done 500 steps.
        progress.add(Counter::Steps, 500);
        clock.advance(Duration::from_secs(30));
        progress.phase(Phase::Restoring);
        progress.expect(1100);
        assert_eq!(progress.status().left, None);
        for _ in 0..100 {
            progress.add(Counter::Steps, 1);
            clock.advance(Duration::from_millis(500));
        }
        // 100 steps took 50 seconds, and 500 are left.
        let status = progress.status();
        assert_eq!(status.left, Some(Duration::from_secs(250)));
        assert_eq!(
            status.line(),
            "restoring: 600 of 1,100 steps, about 4:10 left"
        );
        progress.add(Counter::Steps, 500);
        assert_eq!(progress.status().left, None);
        progress.phase(Phase::Saving);
        assert_eq!(progress.status().left, None);
    }

    #[test]
    fn a_new_phase_forgets_the_total_of_the_one_before() {
        let (_, progress) = progress();
        progress.phase(Phase::Listing);
        progress.expect(7);
        progress.phase(Phase::Reading);
        assert_eq!(progress.status().total, None);
        progress.waiting(Duration::from_secs(5), "x");
        progress.waiting(Duration::ZERO, "");
        assert_eq!(progress.status().waiting, None);
    }
}

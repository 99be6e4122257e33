//! Time as an argument, so that tests need not wait for it.

mod local;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use jiff::Timestamp;

pub use local::{LocalTime, Stretch};

use crate::stop::Stop;

/// Where the program gets its time from.
pub trait Clock: Send + Sync {
    /// The wall-clock time. It may jump; use it for records, never for pacing.
    fn now(&self) -> Timestamp;

    /// Time since some fixed start, never going back.
    fn elapsed(&self) -> Duration;

    /// Waits for `time`, or less when `stop` is raised.
    fn sleep(&self, time: Duration, stop: &Stop);
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// How often a long wait looks at the stop flag.
    const SLICE: Duration = Duration::from_millis(100);

    /// A clock that starts now.
    pub fn new() -> SystemClock {
        SystemClock {
            start: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&self, time: Duration, stop: &Stop) {
        let end = Instant::now() + time;
        while !stop.is_raised() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(Self::SLICE));
        }
    }
}

/// A clock that moves only when told to, or when somebody sleeps on it.
#[derive(Debug)]
pub struct ManualClock {
    state: Mutex<(Timestamp, Duration)>,
}

impl ManualClock {
    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> ManualClock {
        ManualClock {
            state: Mutex::new((now, Duration::ZERO)),
        }
    }

    /// Moves both times forward.
    pub fn advance(&self, by: Duration) {
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        state.0 += by;
        state.1 += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .0
    }

    fn elapsed(&self) -> Duration {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .1
    }

    fn sleep(&self, time: Duration, _stop: &Stop) {
        self.advance(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stop::StopReason;

    #[test]
    fn a_raised_flag_ends_a_long_sleep() {
        let clock = SystemClock::new();
        let stop = Stop::new();
        stop.raise(StopReason::Interrupted);
        clock.sleep(Duration::from_secs(3600), &stop);
        assert!(clock.elapsed() < Duration::from_secs(60));
    }

    #[test]
    fn sleeping_on_a_manual_clock_moves_both_times() {
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        clock.sleep(Duration::from_secs(90), &Stop::new());
        assert_eq!(clock.elapsed(), Duration::from_secs(90));
        assert_eq!(clock.now().as_second(), 90);
    }
}

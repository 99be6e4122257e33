//! The pace, shared: workers wait here until they may send.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::pace::{Outcome, Pace, Permit, Turn};
use crate::clock::Clock;
use crate::report::Report;
use crate::stop::Stop;

/// The longest single sleep, so that no wait is too long for a clock to add.
const SLICE: Duration = Duration::from_secs(3600);

/// The gate that every request goes through.
pub(super) struct Gate {
    pace: Mutex<Pace>,
    /// Whether the report was told of a wait that has not ended.
    waiting: AtomicBool,
    clock: Arc<dyn Clock>,
    stop: Stop,
    report: Arc<dyn Report>,
}

/// Leave to send one request. Dropped untold, it counts as a request without an answer.
pub(super) struct Pass<'a> {
    gate: &'a Gate,
    permit: Option<Permit>,
}

impl Gate {
    pub(super) fn new(
        requests_per_minute: Option<u32>,
        clock: Arc<dyn Clock>,
        stop: Stop,
        report: Arc<dyn Report>,
    ) -> Gate {
        Gate {
            pace: Mutex::new(Pace::new(requests_per_minute)),
            waiting: AtomicBool::new(false),
            clock,
            stop,
            report,
        }
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Whether the run was asked to end.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.is_raised()
    }

    /// Waits until a request may go; `None` when the run was asked to end.
    pub(super) fn pass(&self) -> Option<Pass<'_>> {
        loop {
            if self.is_stopped() {
                return None;
            }
            let turn = self.pace().ask(self.clock.elapsed());
            match turn {
                Turn::Go(permit) => {
                    if self.waiting.swap(false, Ordering::Relaxed) {
                        self.report.waiting(Duration::ZERO, "");
                    }
                    return Some(Pass {
                        gate: self,
                        permit: Some(permit),
                    });
                }
                Turn::Wait(time) => self.clock.sleep(time.min(SLICE), &self.stop),
            }
        }
    }

    /// Waits on behalf of one worker, before a repetition; less when the run is asked
    /// to end. The people who watch see `why` until any worker sends a request: while
    /// others go on, nobody needs to know.
    pub(super) fn sleep(&self, time: Duration, why: &str) {
        self.waiting.store(true, Ordering::Relaxed);
        self.report.waiting(time, why);
        let end = self.clock.elapsed().saturating_add(time);
        while !self.is_stopped() {
            let left = end.saturating_sub(self.clock.elapsed());
            if left.is_zero() {
                return;
            }
            self.clock.sleep(left.min(SLICE), &self.stop);
        }
    }
}

impl Pass<'_> {
    /// Gives the permit back. `why` is for the people who watch, if all now have to wait.
    pub(super) fn told(mut self, outcome: Outcome, why: &str) {
        let Some(permit) = self.permit.take() else {
            return;
        };
        let now = self.gate.clock.elapsed();
        let closed = self.gate.pace().told(permit, outcome, now);
        if let Some(until) = closed {
            self.gate.waiting.store(true, Ordering::Relaxed);
            self.gate.report.waiting(until.saturating_sub(now), why);
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            let now = self.gate.clock.elapsed();
            self.gate.pace().told(permit, Outcome::Unknown, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::report::Silent;
    use crate::stop::StopReason;

    #[derive(Default)]
    struct Heard(Mutex<Vec<(Duration, String)>>);

    impl Report for Heard {
        fn waiting(&self, time: Duration, why: &str) {
            self.0.lock().unwrap().push((time, why.to_owned()));
        }
    }

    #[test]
    fn a_wait_is_told_with_its_reason_and_its_end() {
        let clock = Arc::new(ManualClock::at(jiff::Timestamp::UNIX_EPOCH));
        let heard = Arc::new(Heard::default());
        let gate = Gate::new(None, clock.clone(), Stop::new(), heard.clone());
        let refused = Outcome::Refused(Some(Duration::from_secs(900)));
        gate.pass().unwrap().told(refused, "the workspace is busy");
        gate.pass().unwrap().told(Outcome::Granted, "");
        assert_eq!(clock.elapsed(), Duration::from_secs(901));
        let heard = heard.0.lock().unwrap();
        assert_eq!(
            *heard,
            [
                (Duration::from_secs(901), "the workspace is busy".to_owned()),
                (Duration::ZERO, String::new())
            ]
        );
    }

    #[test]
    fn a_wait_before_a_repetition_is_told_too() {
        let clock = Arc::new(ManualClock::at(jiff::Timestamp::UNIX_EPOCH));
        let heard = Arc::new(Heard::default());
        let gate = Gate::new(None, clock, Stop::new(), heard.clone());
        gate.sleep(Duration::from_secs(8), "no connection");
        drop(gate.pass().unwrap());
        let heard = heard.0.lock().unwrap();
        assert_eq!(
            *heard,
            [
                (Duration::from_secs(8), "no connection".to_owned()),
                (Duration::ZERO, String::new())
            ]
        );
    }

    #[test]
    fn a_raised_flag_ends_all_waits_at_once() {
        let clock = Arc::new(ManualClock::at(jiff::Timestamp::UNIX_EPOCH));
        let stop = Stop::new();
        let gate = Gate::new(None, clock.clone(), stop.clone(), Arc::new(Silent));
        let refused = Outcome::Refused(Some(Duration::from_secs(900)));
        gate.pass().unwrap().told(refused, "");
        stop.raise(StopReason::Interrupted);
        assert!(gate.pass().is_none());
        gate.sleep(Duration::from_secs(5), "");
        assert_eq!(clock.elapsed(), Duration::ZERO);
    }

    #[test]
    fn a_forgotten_pass_does_not_keep_the_gate_shut() {
        let clock = Arc::new(ManualClock::at(jiff::Timestamp::UNIX_EPOCH));
        let gate = Gate::new(None, clock, Stop::new(), Arc::new(Silent));
        gate.pass().unwrap().told(Outcome::Refused(None), "");
        drop(gate.pass().unwrap());
        assert!(gate.pass().is_some());
    }
}

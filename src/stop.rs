//! Asking a run to end early without losing what it has done.
//!
//! Ctrl-C, a termination signal and `--deadline` all raise the same flag. Long
//! waits look at it, workers look at it between two objects, and the run ends
//! with its state saved.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Why a run was asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The user, or the system, sent a signal.
    Interrupted,
    /// The time given with `--deadline` is over.
    Deadline,
}

/// A flag shared by all workers; cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicU8>);

impl Stop {
    /// A flag that nobody has raised.
    pub fn new() -> Stop {
        Stop::default()
    }

    /// Raises the flag. The first reason stays.
    pub fn raise(&self, reason: StopReason) {
        let code = match reason {
            StopReason::Interrupted => 1,
            StopReason::Deadline => 2,
        };
        // Losing the race means that another reason came first, and that one stays.
        let _ = self
            .0
            .compare_exchange(0, code, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// Why the run was asked to end, if it was.
    pub fn reason(&self) -> Option<StopReason> {
        match self.0.load(Ordering::SeqCst) {
            0 => None,
            1 => Some(StopReason::Interrupted),
            _ => Some(StopReason::Deadline),
        }
    }

    /// Whether the run was asked to end.
    pub fn is_raised(&self) -> bool {
        self.reason().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_stays_and_clones_share_it() {
        let stop = Stop::new();
        let other = stop.clone();
        assert_eq!(other.reason(), None);
        other.raise(StopReason::Deadline);
        stop.raise(StopReason::Interrupted);
        assert_eq!(stop.reason(), Some(StopReason::Deadline));
    }
}

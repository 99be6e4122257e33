//! Ctrl-C, termination signals and the deadline.
//!
//! The first signal asks the run to end with its state saved; the second ends the
//! process at once, which the repository survives as it survives a power cut.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::exit::Exit;
use crate::clock::Clock;
use crate::stop::{Stop, StopReason};

/// Raises `stop` on the first signal, and says what happens now.
pub fn watch_signals(stop: &Stop, say: impl Fn(&str) + Send + 'static, what: &'static str) {
    let stop = stop.clone();
    let asked = AtomicBool::new(false);
    let handler = move || {
        if asked.swap(true, Ordering::SeqCst) {
            end();
        }
        stop.raise(StopReason::Interrupted);
        say(&format!("{what}; once more to stop at once"));
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        log::warn!("cannot watch for Ctrl-C, which will stop the program at once: {error}");
    }
}

#[expect(
    clippy::exit,
    reason = "the second signal must end the process from whichever thread hears it"
)]
fn end() -> ! {
    std::process::exit(i32::from(Exit::Interrupted.code()))
}

/// Raises `stop` when `time` is over.
pub fn watch_deadline(stop: &Stop, time: Duration, clock: Arc<dyn Clock>) {
    let stop = stop.clone();
    let wait = move || {
        clock.sleep(time, &stop);
        stop.raise(StopReason::Deadline);
    };
    // The thread lives no longer than the process; nobody waits for it.
    let started = std::thread::Builder::new()
        .name("deadline".to_owned())
        .spawn(wait);
    if let Err(error) = started {
        log::warn!("the deadline cannot be kept: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use jiff::Timestamp;

    #[test]
    fn the_deadline_raises_the_flag_with_its_reason() {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let stop = Stop::new();
        watch_deadline(&stop, Duration::from_secs(3600), clock.clone());
        while !stop.is_raised() {
            std::thread::yield_now();
        }
        assert_eq!(stop.reason(), Some(StopReason::Deadline));
        assert_eq!(clock.elapsed(), Duration::from_secs(3600));
    }
}

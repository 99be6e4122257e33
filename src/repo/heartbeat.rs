//! The sign of life of a lock, for machines that cannot ask whether its holder lives.
//!
//! As long as a lock is held, a thread sets the time of its file to now every [`BEAT`]. By
//! a clock that all machines share: the file system's, on a network that of its server. A
//! lock that was not touched for [`SILENCE`] is left from a machine that crashed, or lost
//! the connection.
//!
//! A machine can also sleep that long, and wake up while its lock is already taken for
//! dead. So the holder looks at its own clock: who has not touched the lock for half of
//! that time no longer trusts it, and changes nothing more.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::files::Held;

/// How often a lock is touched.
pub const BEAT: Duration = Duration::from_secs(60);
/// After how long without a touch it is dead. Long, because file times come late over a
/// network, and because a dead lock costs waiting while a living one that is removed costs
/// a backup.
pub const SILENCE: SignedDuration = SignedDuration::from_mins(30);
/// When its holder gives it up: early enough that nobody else has.
const DOUBT: SignedDuration = SignedDuration::from_mins(15);

/// A lock that is being touched until this is dropped.
pub(super) struct Heartbeat {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    held: Box<dyn Held>,
    pulse: Mutex<Pulse>,
    end: Condvar,
}

struct Pulse {
    /// When the lock was touched last, by this machine's clock, which also goes on while the
    /// machine sleeps.
    last: Timestamp,
    over: bool,
}

impl Pulse {
    fn is_late(&self, now: Timestamp) -> bool {
        // A clock that was set back tells nothing.
        now.duration_since(self.last) > DOUBT
    }
}

impl Heartbeat {
    /// Begins to touch a lock that was taken just now. Fails when there is no thread for it.
    pub fn start(held: Box<dyn Held>) -> io::Result<Heartbeat> {
        let shared = Arc::new(Shared {
            held,
            pulse: Mutex::new(Pulse {
                last: Timestamp::now(),
                over: false,
            }),
            end: Condvar::new(),
        });
        let thread = {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name("lock".to_owned())
                .spawn(move || shared.run())?
        };
        Ok(Heartbeat {
            shared,
            thread: Some(thread),
        })
    }

    /// Whether others may take the lock for dead.
    pub fn is_late(&self) -> bool {
        self.shared.pulse().is_late(Timestamp::now())
    }
}

impl Shared {
    fn pulse(&self) -> MutexGuard<'_, Pulse> {
        self.pulse.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut pulse = self.pulse();
        while !pulse.over {
            let waited = self.end.wait_timeout(pulse, BEAT);
            pulse = waited.unwrap_or_else(PoisonError::into_inner).0;
            if pulse.over || pulse.is_late(Timestamp::now()) {
                // Once given up, a lock is not revived.
                return;
            }
            drop(pulse);
            let touched = self.held.beat();
            pulse = self.pulse();
            match touched {
                Ok(()) => pulse.last = Timestamp::now(),
                Err(error) => log::warn!("the lock cannot be refreshed: {error}"),
            }
        }
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.shared.pulse().over = true;
        self.shared.end.notify_all();
        if let Some(thread) = self.thread.take() {
            // It never panics; and there is nothing to do if it did.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_given_up_before_others_take_it_for_dead() {
        let last: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let pulse = Pulse { last, over: false };
        assert!(!pulse.is_late(last + SignedDuration::from_mins(14)));
        assert!(pulse.is_late(last + SignedDuration::from_mins(16)));
        assert!(!pulse.is_late(last - SignedDuration::from_hours(5)));
        assert!(DOUBT + SignedDuration::try_from(BEAT).unwrap() < SILENCE);
    }
}

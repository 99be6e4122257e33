//! Rate limits by the real clock (section 1.4); off unless a test turns one on.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::state::lock;

/// How requests are counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Regime {
    Off,
    /// So many requests in each window; the budget may be spent in one burst.
    Window {
        requests: u32,
        window: Duration,
    },
    /// An average rate with a burst, as the older documentation tells.
    Bucket {
        per_second: f64,
        burst: f64,
    },
}

#[derive(Debug)]
struct State {
    regime: Regime,
    start: Instant,
    used: u32,
    tokens: f64,
    refused: u64,
}

/// Counts requests and refuses the surplus.
#[derive(Debug)]
pub struct Limits(Mutex<State>);

impl Limits {
    pub fn new() -> Limits {
        Limits(Mutex::new(State {
            regime: Regime::Off,
            start: Instant::now(),
            used: 0,
            tokens: 0.0,
            refused: 0,
        }))
    }

    /// Starts counting afresh.
    pub fn set(&self, regime: Regime) {
        let mut state = lock(&self.0);
        let tokens = match regime {
            Regime::Bucket { burst, .. } => burst,
            _ => 0.0,
        };
        *state = State {
            regime,
            start: Instant::now(),
            used: 0,
            tokens,
            refused: 0,
        };
    }

    pub fn refused(&self) -> u64 {
        lock(&self.0).refused
    }

    /// Counts one request; the seconds to wait when it is one too many.
    pub fn admit(&self) -> Option<u64> {
        let mut state = lock(&self.0);
        let now = Instant::now();
        let wait = match state.regime {
            Regime::Off => return None,
            Regime::Window { requests, window } => {
                let passed = now.duration_since(state.start);
                if passed >= window {
                    state.start = now;
                    state.used = 0;
                }
                if state.used < requests {
                    state.used += 1;
                    return None;
                }
                window.saturating_sub(now.duration_since(state.start))
            }
            Regime::Bucket { per_second, burst } => {
                let passed = now.duration_since(state.start).as_secs_f64();
                state.tokens = (state.tokens + passed * per_second).min(burst);
                state.start = now;
                if state.tokens >= 1.0 {
                    state.tokens -= 1.0;
                    return None;
                }
                Duration::from_secs_f64((1.0 - state.tokens) / per_second)
            }
        };
        state.refused += 1;
        Some(wait.as_secs_f64().ceil().max(1.0) as u64)
    }
}

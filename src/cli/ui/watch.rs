//! Shows a command's progress from a thread of its own, so that the countdown of a
//! wait moves although nothing else does.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Instant;

use serde_json::json;

use super::progress::{Listener, Progress};
use super::render::Renderer;
use super::screen::{Out, Screen};
use crate::clock::Clock;
use crate::report::Report;

/// After so many problems, people get the rest at the end, as a count.
const SHOWN_PROBLEMS: usize = 20;

/// Shows progress until it is dropped.
pub struct Watch {
    progress: Arc<Progress>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins to show what is told to [`Watch::report`].
    pub fn start(clock: Arc<dyn Clock>, renderer: Box<dyn Renderer>, problems: Problems) -> Watch {
        let shared = Arc::new(Shared {
            signal: Mutex::new(Signal::default()),
            wake: Condvar::new(),
            problems,
        });
        let progress = Arc::new(Progress::new(
            clock,
            Arc::clone(&shared) as Arc<dyn Listener>,
        ));
        let thread = {
            let (progress, shared) = (Arc::clone(&progress), Arc::clone(&shared));
            std::thread::Builder::new()
                .name("progress".to_owned())
                .spawn(move || shared.run(&progress, renderer))
                // Without a thread there is no progress to see, and nothing else lost.
                .ok()
        };
        Watch {
            progress,
            shared,
            thread,
        }
    }

    /// Where the command reports to.
    pub fn report(&self) -> Arc<dyn Report> {
        Arc::clone(&self.progress) as Arc<dyn Report>
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.signal().over = true;
        self.shared.wake.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.shared.problems.finish();
    }
}

struct Shared {
    signal: Mutex<Signal>,
    wake: Condvar,
    problems: Problems,
}

#[derive(Default)]
struct Signal {
    phases: u64,
    over: bool,
}

impl Shared {
    fn signal(&self) -> MutexGuard<'_, Signal> {
        self.signal
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn run(&self, progress: &Progress, mut renderer: Box<dyn Renderer>) {
        if let Some(interval) = renderer.interval() {
            let mut seen = 0;
            let mut next = Instant::now() + interval;
            loop {
                let signal = self.signal();
                let left = next.saturating_duration_since(Instant::now());
                let (signal, _) = self
                    .wake
                    .wait_timeout_while(signal, left, |signal| {
                        !signal.over && signal.phases == seen
                    })
                    .unwrap_or_else(|poisoned| poisoned.into_inner());
                let (over, phases) = (signal.over, signal.phases);
                drop(signal);
                if over {
                    break;
                }
                renderer.show(&progress.status(), phases != seen);
                seen = phases;
                next = Instant::now() + interval;
            }
        }
        renderer.finish();
    }
}

impl Listener for Shared {
    fn phase_began(&self) {
        self.signal().phases += 1;
        self.wake.notify_all();
    }

    fn problem(&self, text: &str) {
        self.problems.tell(text);
    }
}

/// Where problems go that do not end a run.
pub struct Problems {
    screen: Arc<Screen>,
    /// Set with `--json`.
    out: Option<Arc<Out>>,
    count: Mutex<usize>,
}

impl Problems {
    /// To the screen, or as JSON to `out`.
    pub fn new(screen: Arc<Screen>, out: Option<Arc<Out>>) -> Problems {
        Problems {
            screen,
            out,
            count: Mutex::new(0),
        }
    }

    fn tell(&self, text: &str) {
        if let Some(out) = &self.out {
            // As for the status: the summary will notice.
            let _ = out.json(&json!({"message_type": "problem", "message": text}));
            return;
        }
        let mut count = self.count();
        *count += 1;
        if *count <= SHOWN_PROBLEMS {
            self.screen.line(&format!("warning: {text}"));
        }
    }

    fn finish(&self) {
        let more = self.count().saturating_sub(SHOWN_PROBLEMS);
        if more > 0 {
            self.screen
                .line(&format!("warning: and {more} more like these"));
        }
    }

    fn count(&self) -> MutexGuard<'_, usize> {
        self.count
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

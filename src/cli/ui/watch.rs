//! Shows a command's progress from a thread of its own, so that the countdown of a
//! wait moves although nothing else does.
//!
//! Problems are told at once to a program that reads JSON. People get them at the
//! end, where they are not lost among a thousand lines; `-v` shows them at once too.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Instant;

use serde_json::json;

use super::progress::{Listener, Progress, Status};
use super::render::Renderer;
use super::screen::Out;
use crate::clock::Clock;
use crate::report::Report;

/// How many problems are kept for the end.
const KEPT_PROBLEMS: usize = 20;

/// What was seen of a command that is over.
#[derive(Debug)]
pub struct Seen {
    /// The first problems; none with `--json`, where they have been told.
    pub problems: Vec<String>,
    /// How many more there were.
    pub more_problems: usize,
    /// The last status.
    pub status: Status,
}

/// Shows progress until it is dropped.
pub struct Watch {
    progress: Arc<Progress>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins to show what is told to [`Watch::report`]. Problems go to `messages`, if
    /// a program reads them.
    pub fn start(
        clock: Arc<dyn Clock>,
        renderer: Box<dyn Renderer>,
        messages: Option<Arc<Out>>,
    ) -> Watch {
        let shared = Arc::new(Shared {
            signal: Mutex::default(),
            wake: Condvar::new(),
            messages,
            problems: Mutex::default(),
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

    /// Stops showing, so that results can be written.
    pub fn finish(mut self) -> Seen {
        self.end();
        let (problems, more_problems) = std::mem::take(&mut *self.shared.problems());
        Seen {
            problems,
            more_problems,
            status: self.progress.status(),
        }
    }

    fn end(&mut self) {
        self.shared.signal().over = true;
        self.shared.wake.notify_all();
        if let Some(thread) = self.thread.take() {
            // It has nothing to say, not even if it panicked.
            let _ = thread.join();
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end();
    }
}

struct Shared {
    signal: Mutex<Signal>,
    wake: Condvar,
    /// Set with `--json`.
    messages: Option<Arc<Out>>,
    /// The first ones, and how many more there were.
    problems: Mutex<(Vec<String>, usize)>,
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

    fn problems(&self) -> MutexGuard<'_, (Vec<String>, usize)> {
        self.problems
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
        if let Some(out) = &self.messages {
            // A reader that went away is noticed when the summary is written.
            let _ = out.json(&json!({"message_type": "problem", "message": text}));
            let _ = out.flush();
            return;
        }
        log::info!("{text}");
        let (problems, more) = &mut *self.problems();
        if problems.len() < KEPT_PROBLEMS {
            problems.push(text.to_owned());
        } else {
            *more += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::report::{Counter, Phase};
    use std::time::Duration;

    struct Recorder(Arc<Mutex<Vec<String>>>);

    impl Renderer for Recorder {
        fn interval(&self) -> Option<Duration> {
            Some(Duration::from_secs(3600))
        }

        fn show(&mut self, status: &Status, _new_phase: bool) {
            self.0.lock().unwrap().push(status.line());
        }

        fn finish(&mut self) {
            self.0.lock().unwrap().push("over".to_owned());
        }
    }

    #[test]
    fn a_new_phase_is_shown_and_problems_are_kept_for_the_end() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let renderer = Box::new(Recorder(Arc::clone(&lines)));
        let watch = Watch::start(Arc::new(SystemClock::new()), renderer, None);
        let report = watch.report();
        report.phase(Phase::Checking);
        while lines.lock().unwrap().is_empty() {
            std::thread::yield_now();
        }
        report.add(Counter::Objects, 2);
        for number in 0..25 {
            report.problem(&number.to_string());
        }
        let seen = watch.finish();
        assert_eq!(seen.status.count(Counter::Objects), 2);
        assert_eq!(seen.problems.len(), KEPT_PROBLEMS);
        assert_eq!(seen.problems.first().map(String::as_str), Some("0"));
        assert_eq!(seen.more_problems, 5);
        assert_eq!(*lines.lock().unwrap(), ["checking", "over"]);
    }
}

//! The four ways to show progress: a bar for a person, sparse lines for a log, JSON
//! for a program, nothing. One is chosen when the program starts.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use super::progress::{Status, counter_name, phase_name};
use super::sanitize;
use super::screen::{Out, Screen};
use super::words;

/// Shows a [`Status`] now and then. All methods are called from one thread at a time.
pub trait Renderer: Send {
    /// How long the status may go unseen; `None`: it is never shown.
    fn interval(&self) -> Option<Duration>;

    /// Shows the status. `new_phase`: because the phase changed, not because time passed.
    fn show(&mut self, status: &Status, new_phase: bool);

    /// The command is over.
    fn finish(&mut self) {}
}

/// Which renderer to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A bar on the terminal.
    Bar,
    /// Lines on standard error.
    Plain,
    /// JSON lines on standard output.
    Json,
    /// Nothing.
    Silent,
}

impl Style {
    /// The style for these options and this standard error.
    pub fn choose(json: bool, hidden: bool, stderr_is_terminal: bool) -> Style {
        match (hidden, json, stderr_is_terminal) {
            (true, _, _) => Style::Silent,
            (false, true, _) => Style::Json,
            (false, false, true) => Style::Bar,
            (false, false, false) => Style::Plain,
        }
    }

    /// A renderer of this style.
    pub fn renderer(self, screen: &Arc<Screen>, out: &Arc<Out>) -> Box<dyn Renderer> {
        match self {
            Style::Bar => Box::new(Bar::new(Arc::clone(screen))),
            Style::Plain => Box::new(Plain(Arc::clone(screen))),
            Style::Json => Box::new(Json(Arc::clone(out))),
            Style::Silent => Box::new(Silent),
        }
    }
}

struct Bar {
    screen: Arc<Screen>,
    bar: ProgressBar,
    counted: bool,
}

impl Bar {
    const SPINNER: &str = "{spinner} {wide_msg}";
    const COUNTED: &str = "{spinner} [{bar:20}] {wide_msg}";

    fn new(screen: Arc<Screen>) -> Bar {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(style(Bar::SPINNER));
        screen.set_bar(Some(bar.clone()));
        Bar {
            screen,
            bar,
            counted: false,
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .progress_chars("=> ")
}

impl Renderer for Bar {
    fn interval(&self) -> Option<Duration> {
        Some(Duration::from_millis(150))
    }

    fn show(&mut self, status: &Status, _new_phase: bool) {
        let counted = status.total.is_some();
        if counted != self.counted {
            self.counted = counted;
            self.bar
                .set_style(style(if counted { Bar::COUNTED } else { Bar::SPINNER }));
        }
        if let Some(total) = status.total {
            self.bar.set_length(total);
            self.bar.set_position(status.done().min(total));
        }
        let line = format!("{} {}", words::clock(status.elapsed), status.line());
        self.bar
            .set_message(sanitize::for_terminal(&line).into_owned());
        self.bar.tick();
    }

    fn finish(&mut self) {
        self.screen.set_bar(None);
        self.bar.finish_and_clear();
    }
}

struct Plain(Arc<Screen>);

impl Renderer for Plain {
    fn interval(&self) -> Option<Duration> {
        Some(Duration::from_secs(10))
    }

    fn show(&mut self, status: &Status, _new_phase: bool) {
        self.0.line(&format!(
            "[{}] {}",
            words::clock(status.elapsed),
            status.line()
        ));
    }
}

struct Json(Arc<Out>);

impl Renderer for Json {
    fn interval(&self) -> Option<Duration> {
        Some(Duration::from_secs(5))
    }

    fn show(&mut self, status: &Status, _new_phase: bool) {
        // A reader that went away is noticed when the summary is written.
        let _ = self.0.json(&status_message(status));
        let _ = self.0.flush();
    }
}

/// The `status` message of `docs/scripting.md`.
fn status_message(status: &Status) -> Value {
    let counts: serde_json::Map<String, Value> = status
        .counts
        .iter()
        .map(|(&counter, &count)| (counter_name(counter).to_owned(), count.into()))
        .collect();
    json!({
        "message_type": "status",
        "phase": status.phase.map(phase_name),
        "seconds_elapsed": status.elapsed.as_secs(),
        "done": status.done(),
        "total": status.total,
        "requests_per_minute": status.pace,
        "seconds_left": status.left.map(|time| time.as_secs()),
        "waiting": status.waiting.as_ref().map(|(time, why)| json!({
            "seconds": time.as_secs(),
            "reason": why,
        })),
        "counts": counts,
    })
}

struct Silent;

impl Renderer for Silent {
    fn interval(&self) -> Option<Duration> {
        None
    }

    fn show(&mut self, _status: &Status, _new_phase: bool) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Counter, Phase};

    #[test]
    fn one_style_is_chosen() {
        assert_eq!(Style::choose(false, false, true), Style::Bar);
        assert_eq!(Style::choose(false, false, false), Style::Plain);
        assert_eq!(Style::choose(true, false, true), Style::Json);
        assert_eq!(Style::choose(true, true, true), Style::Silent);
        assert_eq!(Style::choose(false, true, true), Style::Silent);
    }

    #[test]
    fn the_status_message_has_the_documented_fields() {
        let status = Status {
            phase: Some(Phase::Reading),
            elapsed: Duration::from_millis(61_500),
            total: Some(10),
            counts: [(Counter::ReadPages, 4), (Counter::Requests, 9)].into(),
            pace: Some(171),
            left: None,
            waiting: Some((Duration::from_secs(30), "rate limit".to_owned())),
        };
        assert_eq!(
            status_message(&status),
            json!({
                "message_type": "status", "phase": "reading", "seconds_elapsed": 61,
                "done": 4, "total": 10, "requests_per_minute": 171,
                "seconds_left": null,
                "waiting": {"seconds": 30, "reason": "rate limit"},
                "counts": {"read_pages": 4, "requests": 9},
            })
        );
        let start = status_message(&Status::default());
        assert_eq!(start["phase"], Value::Null);
        assert_eq!(start["waiting"], Value::Null);
    }

    #[test]
    fn the_templates_are_valid() {
        for template in [Bar::SPINNER, Bar::COUNTED] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }
}

//! What the user sees. Everything that the program writes goes through here, and
//! how it is written is decided once, from the options and from what the streams
//! are connected to.

mod log;
mod progress;
mod render;
mod sanitize;
mod screen;
mod table;
mod watch;
pub mod words;

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::Value;

pub use progress::{Status, counter_name};
pub use table::Table;
pub use watch::{Seen, Watch};

use super::error::Error;
use super::exit::Exit;
use crate::clock::Clock;
use render::Style;
use screen::{Out, Screen};

/// What the options say about output.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes {
    /// JSON lines instead of words.
    pub json: bool,
    /// Only results, warnings and errors.
    pub quiet: bool,
    /// No progress, but everything else.
    pub no_progress: bool,
    /// How much to tell of what is done: 0 to 3.
    pub verbose: u8,
}

/// The way to the user.
pub struct Ui {
    json: bool,
    quiet: bool,
    style: Style,
    screen: Arc<Screen>,
    out: Arc<Out>,
}

impl Ui {
    /// Chooses how to write, and sends log messages that way from now on.
    pub fn new(wishes: Wishes) -> Ui {
        let screen = Arc::new(Screen::stderr());
        log::start(&screen, log::level(wishes.quiet, wishes.verbose));
        let hidden = wishes.quiet || wishes.no_progress;
        Ui {
            json: wishes.json,
            quiet: wishes.quiet,
            style: Style::choose(wishes.json, hidden, screen.is_terminal()),
            screen,
            out: Arc::new(Out::stdout()),
        }
    }

    /// Whether results are to be JSON lines.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether only results are wanted.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Shows progress until the [`Watch`] is dropped.
    pub fn watch(&self, clock: Arc<dyn Clock>) -> Watch {
        Watch::start(
            clock,
            self.style.renderer(&self.screen, &self.out),
            self.json.then(|| Arc::clone(&self.out)),
        )
    }

    /// Writes one line of a result.
    pub fn line(&self, text: &str) -> io::Result<()> {
        self.out.line(text)
    }

    /// Writes one JSON message.
    pub fn message(&self, value: &Value) -> io::Result<()> {
        self.out.json(value)
    }

    /// Writes a table.
    pub fn table(&self, table: &Table) -> io::Result<()> {
        table
            .lines()
            .iter()
            .try_for_each(|line| self.out.line(line))
    }

    /// Writes bytes to standard output as they are.
    pub fn raw<T>(&self, copy: impl FnOnce(&mut dyn Write) -> T) -> T {
        self.out.raw(copy)
    }

    /// Writes the content of a JSON file to a terminal.
    pub fn json_file(&self, content: &[u8]) -> io::Result<()> {
        self.out.json_file(content)
    }

    /// Whether somebody looks at standard output on a terminal.
    pub fn is_terminal(&self) -> bool {
        self.out.is_terminal()
    }

    /// Says something on standard error, with `--quiet` as well.
    pub fn say(&self, text: &str) {
        // On a terminal both streams are one, and the order counts. A stream that is
        // closed is noticed at the end.
        let _ = self.out.flush();
        self.screen.line(text);
    }

    /// Warns on standard error.
    pub fn warn(&self, text: &str) {
        self.say(&format!("warning: {text}"));
    }

    /// A way to say something on standard error from another thread.
    pub fn speaker(&self) -> impl Fn(&str) + Send + 'static {
        let screen = Arc::clone(&self.screen);
        move |text| screen.line(text)
    }

    /// Tells why the command failed, and how the program ends.
    pub fn fail(&self, error: &Error) -> Exit {
        // What was written before the failure comes first. That it cannot be, or that
        // the error itself cannot, is no news to anybody.
        let _ = self.out.flush();
        if error.is_broken_pipe() {
            return error.exit;
        }
        if self.json {
            let _ = self.out.json(&error.to_json());
            let _ = self.out.flush();
        } else {
            self.screen.line(&format!("error: {}", error.message));
            if let Some(hint) = &error.hint {
                self.screen.line(&format!("hint: {hint}"));
            }
        }
        error.exit
    }

    /// Warns of all problems that were seen; `where_else` says where there are more.
    pub fn warn_all(&self, problems: &[String], more: usize, where_else: &str) {
        for problem in problems {
            self.warn(problem);
        }
        if more > 0 {
            self.warn(&format!("and {more} more{where_else}"));
        }
    }

    /// Sees to it that everything written has left the program.
    pub fn flush(&self) -> io::Result<()> {
        self.out.flush()
    }
}

//! The two streams that the program writes to, each behind one lock.
//!
//! Standard output carries results, standard error what happens on the way. Lines
//! on standard error go above the bar, when there is one, so that neither tears.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::sync::{Mutex, MutexGuard};

use indicatif::ProgressBar;
use serde_json::Value;

use super::sanitize;

/// Standard error.
pub struct Screen {
    terminal: bool,
    bar: Mutex<Option<ProgressBar>>,
}

impl Screen {
    /// The process's standard error.
    pub fn stderr() -> Screen {
        Screen {
            terminal: io::stderr().is_terminal(),
            bar: Mutex::new(None),
        }
    }

    /// Whether a person is watching.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Puts the bar under the lines that follow, or takes it away.
    pub fn set_bar(&self, bar: Option<ProgressBar>) {
        *lock(&self.bar) = bar;
    }

    /// Writes one line. Nobody is left to tell when standard error is gone, so a
    /// failure is not one.
    pub fn line(&self, text: &str) {
        let text = if self.terminal {
            sanitize::for_terminal(text)
        } else {
            sanitize::for_file(text)
        };
        let write = || {
            let _ = writeln!(io::stderr().lock(), "{text}");
        };
        match &*lock(&self.bar) {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

/// Standard output.
pub struct Out {
    terminal: bool,
    stream: Mutex<BufWriter<Stdout>>,
}

impl Out {
    /// The process's standard output.
    pub fn stdout() -> Out {
        Out {
            terminal: io::stdout().is_terminal(),
            stream: Mutex::new(BufWriter::new(io::stdout())),
        }
    }

    /// Whether a person is reading.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Writes one line for a person.
    pub fn line(&self, text: &str) -> io::Result<()> {
        let text = if self.terminal {
            sanitize::for_terminal(text)
        } else {
            sanitize::for_file(text)
        };
        writeln!(lock(&self.stream), "{text}")
    }

    /// Writes one JSON object on a line of its own.
    pub fn json(&self, value: &Value) -> io::Result<()> {
        let json = value.to_string();
        let text = sanitize::for_json(&json, self.terminal);
        writeln!(lock(&self.stream), "{text}")
    }

    /// Writes a JSON file to a terminal, with nothing in it that acts on one.
    pub fn json_file(&self, content: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(content);
        write!(lock(&self.stream), "{}", sanitize::for_json(&text, true))
    }

    /// Writes bytes as they are, through `copy`.
    pub fn raw<T>(&self, copy: impl FnOnce(&mut dyn Write) -> T) -> T {
        copy(&mut *lock(&self.stream))
    }

    /// Hands everything written so far to the system.
    pub fn flush(&self) -> io::Result<()> {
        lock(&self.stream).flush()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

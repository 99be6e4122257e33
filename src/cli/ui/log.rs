//! The `log` crate's messages, on standard error, above the bar.
//!
//! Only this program's own messages are shown, at any level: what libraries log may
//! hold headers, and with them the token.

use std::sync::{Arc, OnceLock};

use log::{Level, LevelFilter, Log, Metadata, Record};

use super::screen::Screen;

/// Shows messages up to the level that the options chose.
struct Logger {
    screen: Arc<Screen>,
    level: LevelFilter,
}

/// The level for these options: warnings, or with `-v` what is done, `-vv` how,
/// `-vvv` everything; with `-q` errors alone.
pub fn level(quiet: bool, verbose: u8) -> LevelFilter {
    match (quiet, verbose) {
        (true, _) => LevelFilter::Error,
        (false, 0) => LevelFilter::Warn,
        (false, 1) => LevelFilter::Info,
        (false, 2) => LevelFilter::Debug,
        (false, _) => LevelFilter::Trace,
    }
}

/// Sends this program's log messages to the screen from now on.
pub fn start(screen: &Arc<Screen>, level: LevelFilter) {
    static LOGGER: OnceLock<Logger> = OnceLock::new();
    let logger = LOGGER.get_or_init(|| Logger {
        screen: Arc::clone(screen),
        level,
    });
    // It fails only if a logger is there already, as in a test that runs two commands.
    if log::set_logger(logger).is_ok() {
        log::set_max_level(level);
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_ours(metadata.target()) && metadata.level() <= self.level
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let word = match record.level() {
                Level::Error => "error",
                Level::Warn => "warning",
                Level::Info => "info",
                Level::Debug => "debug",
                Level::Trace => "trace",
            };
            self.screen.line(&format!("{word}: {}", record.args()));
        }
    }

    fn flush(&self) {}
}

fn is_ours(target: &str) -> bool {
    target
        .strip_prefix("notion_backup")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_not_heard_even_at_trace() {
        let logger = Logger {
            screen: Arc::new(Screen::stderr()),
            level: level(false, 3),
        };
        let heard = |target| {
            logger.enabled(
                &Metadata::builder()
                    .target(target)
                    .level(Level::Error)
                    .build(),
            )
        };
        assert!(heard("notion_backup::notion::client"));
        assert!(!heard("ureq::run"));
        assert!(!heard("notion_backup_impostor"));
    }

    #[test]
    fn verbosity_is_counted() {
        assert_eq!(level(false, 0), LevelFilter::Warn);
        assert_eq!(level(false, 1), LevelFilter::Info);
        assert_eq!(level(false, 9), LevelFilter::Trace);
        assert_eq!(level(true, 2), LevelFilter::Error);
    }
}

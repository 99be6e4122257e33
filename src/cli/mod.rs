//! The terminal edge: arguments, settings, output, exit codes.
//!
//! This is the only place that prints, reads the environment, or ends the process.
//! [`main`] parses, runs one of `commands`, and turns what comes of it into an exit
//! code; every other module here does one part of that.

mod args;
mod browse;
mod commands;
mod config;
mod error;
mod exit;
mod interrupt;
mod manual;
mod settings;
mod token;
mod ui;
mod values;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use clap::error::ErrorKind;

use self::args::Arguments;
use self::commands::Context;
use self::error::Error;
use self::exit::Exit;
use self::settings::Environment;
use self::ui::{Ui, Wishes};
use crate::clock::SystemClock;

/// Runs the command that the process's arguments ask for.
pub fn main() -> ExitCode {
    keep_what_is_ours_usable();
    let words: Vec<OsString> = std::env::args_os().collect();
    let arguments = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(refusal) => return refuse(&refusal, &words),
    };
    let ui = Ui::new(Wishes {
        json: arguments.global.json,
        quiet: arguments.global.quiet,
        no_progress: arguments.global.no_progress,
        verbose: arguments.global.verbose,
    });
    let lookup = |name: &str| std::env::var_os(name);
    let context = Context {
        ui: &ui,
        global: &arguments.global,
        environment: Environment::new(&lookup),
        clock: Arc::new(SystemClock::new()),
    };
    let exit = commands::run(&arguments.command, &context).and_then(|exit| {
        match ui.flush().map_err(Error::from) {
            // The reader left before the end, as `head` does; the command is done all the same.
            Err(error) if !error.is_broken_pipe() => Err(error),
            _ => Ok(exit),
        }
    });
    match exit {
        Ok(exit) => exit.into(),
        Err(error) => ui.fail(&error).into(),
    }
}

/// Files and folders are made for their owner alone. A umask that takes rights from the
/// owner as well would make a backup that not even its owner can read.
fn keep_what_is_ours_usable() {
    #[cfg(unix)]
    {
        use rustix::fs::Mode;
        use rustix::process::umask;

        let asked = umask(Mode::empty());
        umask(asked & (Mode::RWXG | Mode::RWXO));
    }
}

/// Shows help, the version, or what is wrong with the arguments.
fn refuse(refusal: &clap::Error, words: &[OsString]) -> ExitCode {
    if matches!(
        refusal.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    ) {
        // A closed pipe is the reader's choice.
        let _ = refusal.print();
        return if refusal.use_stderr() {
            Exit::Usage.into()
        } else {
            Exit::Done.into()
        };
    }
    let json = words
        .iter()
        .take_while(|word| *word != "--")
        .any(|word| word == "--json");
    let ui = Ui::new(Wishes {
        json,
        ..Wishes::default()
    });
    let text = error::redact(&refusal.render().to_string());
    let what = text.split("\n\nUsage:").next().unwrap_or(&text);
    let mut lines = what
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("For more information"));
    let first = lines.next().unwrap_or_default();
    let mut error = Error::usage(first.strip_prefix("error: ").unwrap_or(first));
    let (tips, more): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with("tip: "));
    for line in more {
        error.message.push(' ');
        error.message.push_str(line);
    }
    let tip = tips.first().and_then(|tip| tip.strip_prefix("tip: "));
    let error = error.hint(match tip {
        Some(tip) => format!("{tip}; --help shows what there is"),
        None => "--help shows what there is".to_owned(),
    });
    ui.fail(&error).into()
}

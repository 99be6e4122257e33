//! The commands, one file each. A command turns its arguments into a call of the
//! library and what comes back into lines; it decides nothing else.

mod cat;
mod check;
mod dump;
mod extract;
mod forget;
mod generate;
mod losses;
mod ls;
#[cfg(all(unix, feature = "plakar"))]
mod plakar;
mod prune;
mod restore;
mod snapshots;
mod stats;
mod unlock;

use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::args::{Command, GlobalArgs};
use super::error::Error;
use super::exit::Exit;
use super::settings::{self, Environment};
use super::ui::Ui;
use crate::clock::{Clock, LocalTime};
use crate::repo::{Disk, Files, Picked, Repository};

/// What every command may use.
pub struct Context<'a> {
    /// The way to the user.
    pub ui: &'a Ui,
    /// The global options.
    pub global: &'a GlobalArgs,
    /// The environment of the process.
    pub environment: Environment<'a>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Context<'_> {
    /// Opens the repository for reading, which needs no lock.
    fn open(&self) -> Result<Repository, Error> {
        let place = settings::repository(self.global, &self.environment)?;
        Ok(Repository::open(files(&place))?)
    }

    /// Times as they are shown to this user and typed by them.
    fn local_time(&self) -> LocalTime {
        LocalTime::new(TimeZone::system(), self.clock.now())
    }

    /// The snapshot that `text` means. Where that is not said by an id, people are told
    /// which one it is; a program finds it in the summary.
    fn pick(&self, repo: &Repository, text: &str) -> Result<Picked, Error> {
        let picked = repo.pick_snapshot(text, &self.local_time())?;
        if !self.ui.is_json() {
            self.tell_picked(&picked);
        }
        Ok(picked)
    }

    /// Says, with `--quiet` as well, that a repository has been made: where that was not
    /// meant, a mistyped path or a missing disk begins a backup that nobody looks at.
    fn tell_if_new(&self, repo: &Repository) {
        if repo.is_new() {
            let place = repo.place("");
            self.ui.say(&format!(
                "created a new repository at {}",
                place.trim_end_matches('/')
            ));
        }
    }

    /// Says on standard error which snapshot was meant.
    fn tell_picked(&self, picked: &Picked) {
        if !picked.by_id && !self.ui.is_quiet() {
            let time = self.local_time().show_seconds(picked.snapshot.finished);
            self.ui.say(&format!("snapshot {} of {time}", picked.id));
        }
    }
}

/// Starts the threads that read objects. Without this they start where they are first needed,
/// and a machine that has no more of them ends the program there.
fn start_workers() -> Result<(), Error> {
    let started = rayon::ThreadPoolBuilder::new().build_global();
    started.map_err(|error| {
        Error::failed(format!("the threads that read cannot be started: {error}"))
            .hint("this user or this machine has too many processes: end some, or raise the limit (ulimit -u)")
    })
}

/// The files of the repository at this place.
fn files(place: &Path) -> Arc<dyn Files> {
    Arc::new(Disk::new(place))
}

/// Runs a command.
pub fn run(command: &Command, context: &Context<'_>) -> Result<Exit, Error> {
    match command {
        Command::Dump(args) => dump::run(args, context),
        Command::Restore(args) => restore::run(args, context),
        Command::Snapshots(_) => snapshots::run(context),
        Command::Ls(args) => ls::run(args, context),
        Command::Cat(args) => cat::run(args, context),
        Command::Check(args) => check::run(args, context),
        Command::Forget(args) => forget::run(args, context),
        Command::Prune(args) => prune::run(args, context),
        Command::Unlock(args) => unlock::run(args, context),
        Command::Stats(_) => stats::run(context),
        Command::Extract(args) => extract::run(args, context),
        #[cfg(all(unix, feature = "plakar"))]
        Command::Plakar(args) => plakar::run(args, context),
        Command::Generate(args) => generate::run(args),
    }
}

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

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::args::{Command, GlobalArgs};
use super::error::Error;
use super::exit::Exit;
use super::settings::{self, Environment};
use super::ui::Ui;
use crate::clock::Clock;
use crate::repo::{Disk, Files, Repository};

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

/// A time as the user's clock shows it, to the minute.
fn local_time(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system())
        .strftime("%Y-%m-%d %H:%M")
        .to_string()
}

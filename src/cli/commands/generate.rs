//! `generate`: the files that are made from the definition of the command line, so
//! that they cannot say anything else than the program does.

use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::args::{Arguments, GenerateArgs, Generated};
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::manual;

pub fn run(args: &GenerateArgs) -> Result<Exit, Error> {
    let dir = &args.dir;
    std::fs::create_dir_all(dir).map_err(|error| Error::file("create", dir, &error))?;
    match args.what {
        Generated::Completions => {
            for shell in [
                Shell::Bash,
                Shell::Zsh,
                Shell::Fish,
                Shell::PowerShell,
                Shell::Elvish,
            ] {
                clap_complete::generate_to(shell, &mut visible(), "notion-backup", dir)
                    .map_err(|error| Error::file("write completions to", dir, &error))?;
            }
        }
        Generated::Man => {
            let page = manual::man_page(&visible())
                .map_err(|error| Error::failed(format!("cannot write the manual: {error}")))?;
            write(&dir.join("notion-backup.1"), &page)?;
        }
        Generated::CliReference => {
            write(
                &dir.join("cli.md"),
                manual::reference(&visible()).as_bytes(),
            )?;
        }
    }
    Ok(Exit::Done)
}

/// The command line without what `--help` hides.
fn visible() -> clap::Command {
    let whole = Arguments::command();
    let shown: Vec<clap::Command> = whole
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .cloned()
        .collect();
    // clap can hide a command from its help, but not from completions.
    let mut result = clap::Command::new("notion-backup")
        .bin_name("notion-backup")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_subcommand(true)
        .subcommands(shown)
        .args(whole.get_arguments().cloned());
    if let Some(about) = whole.get_about() {
        result = result.about(about.clone());
    }
    if let Some(steps) = whole.get_after_help() {
        result = result.after_help(steps.clone());
    }
    result.build();
    result
}

fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    std::fs::write(path, content).map_err(|error| Error::file("write", path, &error))
}

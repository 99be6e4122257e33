//! Exit codes: what a script learns without reading a word of output.
//!
//! They are restic's where restic has one, they never change meaning, and the
//! table in the manual is made from this type.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// All went well.
    Done,
    /// The command failed.
    Failed,
    /// Wrong usage: an option, an argument or the configuration file.
    Usage,
    /// A dump finished, but something could not be read.
    Incomplete,
    /// There is no repository at the place given.
    NoRepository,
    /// The repository is used by another process.
    Locked,
    /// No token, a token that Notion refuses, or one without a needed capability.
    Refused,
    /// Stopped early; the same command continues the work.
    Stopped,
    /// The shrink guard refused to save a snapshot.
    Shrunk,
    /// A restore finished with losses.
    Losses,
    /// Interrupted, with nothing to continue.
    Interrupted,
}

impl Exit {
    /// Every way to end, in the order of the codes.
    pub const ALL: [Exit; 11] = [
        Exit::Done,
        Exit::Failed,
        Exit::Usage,
        Exit::Incomplete,
        Exit::NoRepository,
        Exit::Locked,
        Exit::Refused,
        Exit::Stopped,
        Exit::Shrunk,
        Exit::Losses,
        Exit::Interrupted,
    ];

    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Incomplete => 3,
            Exit::NoRepository => 10,
            Exit::Locked => 11,
            Exit::Refused => 20,
            Exit::Stopped => 21,
            Exit::Shrunk => 22,
            Exit::Losses => 23,
            Exit::Interrupted => 130,
        }
    }

    /// What the code means, as the manual says it.
    pub fn meaning(self) -> &'static str {
        match self {
            Exit::Done => "Done.",
            Exit::Failed => "Failed. For `check`: the repository is damaged.",
            Exit::Usage => "Wrong usage: an option, an argument or the configuration file.",
            Exit::Incomplete => {
                "The dump finished, but something could not be read, or nothing is shared. The snapshot is kept and says what is missing."
            }
            Exit::NoRepository => "There is no repository at the place given.",
            Exit::Locked => "The repository is in use by another process.",
            Exit::Refused => {
                "No token was given, Notion refused it, or it lacks a capability that is needed."
            }
            Exit::Stopped => {
                "Stopped early by Ctrl-C, a signal or `--deadline`, or for a restore by what concerns all of it. What was done is saved; the same command (for a restore with `--resume`) continues there."
            }
            Exit::Shrunk => {
                "The shrink guard (`--max-shrink`) refused: far less was found than before, or nothing at all. No snapshot was saved."
            }
            Exit::Losses => {
                "The restore finished, but something could not come back. The report beside its journal lists what."
            }
            Exit::Interrupted => "Interrupted at once. Nothing saved earlier is harmed.",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_that_scripts_rely_on() {
        let codes: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 10, 11, 20, 21, 22, 23, 130]);
    }
}

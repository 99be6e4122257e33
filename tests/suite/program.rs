//! Runs the real program, in a home folder of its own and an empty environment.

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// A home folder, and the program in it.
pub struct Program {
    home: TempDir,
}

/// What the program did.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Program {
    /// An empty home.
    pub fn new() -> Program {
        Program {
            home: TempDir::new().unwrap(),
        }
    }

    /// The home folder, which is also the working directory.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes the user's own configuration file.
    pub fn configure(&self, text: &str) {
        let folder = self.home().join("xdg/notion-backup");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.toml"), text).unwrap();
    }

    /// The program, ready to take arguments and variables.
    pub fn command(&self) -> Command {
        let mut command = Command::cargo_bin("notion-backup").unwrap();
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home())
            .env("XDG_CONFIG_HOME", self.home().join("xdg"))
            .env("TZ", "UTC")
            .current_dir(self.home());
        command
    }

    /// Runs it with these arguments, split at spaces.
    pub fn run(&self, line: &str) -> Ran {
        Ran::from(self.command().args(line.split_whitespace()))
    }
}

impl From<&mut Command> for Ran {
    fn from(command: &mut Command) -> Ran {
        let output = command.output().unwrap();
        Ran {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// Standard output as JSON lines.
    pub fn messages(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Everything that the program wrote.
    pub fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

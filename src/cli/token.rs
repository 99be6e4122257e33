//! Where the token comes from. It is read when a command needs it, by no other
//! command, and never shown.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::args::NotionArgs;
use super::config::Config;
use super::error::Error;
use super::exit::Exit;
use crate::notion::Token;

/// No token is as long; whatever is longer is the wrong file.
const LONGEST: u64 = 16 * 1024;

/// The variables that may hold it, the first one first; `ntn`, Notion's own command
/// line, uses the first as well.
pub const VARIABLES: [&str; 2] = ["NOTION_API_TOKEN", "NOTION_TOKEN"];

/// The token that the options, the environment or the configuration give, in this
/// order. Things to warn of are added to `warnings`.
pub fn find(
    args: &NotionArgs,
    variable: &dyn Fn(&str) -> Option<OsString>,
    config: &Config,
    warnings: &mut Vec<String>,
) -> Result<Token, Error> {
    if let Some(text) = &args.token {
        return token(text, "--token");
    }
    if let Some(path) = &args.token_file {
        return from_file(path, warnings);
    }
    if let Some(command) = &args.token_command {
        return from_command(command);
    }
    for name in VARIABLES {
        if let Some(text) = variable(name) {
            return token(&text.to_string_lossy(), name);
        }
    }
    match (&config.token_file, &config.token_command) {
        (Some(_), Some(_)) => Err(Error::usage(
            "the configuration file has token-file and token-command; keep one of them",
        )),
        (Some(path), None) => from_file(path, warnings),
        (None, Some(command)) => from_command(command),
        (None, None) => Err(Error::no_token()),
    }
}

fn token(text: &str, from: &str) -> Result<Token, Error> {
    Token::new(text).map_err(|error| Error::bad_token(from, &error))
}

fn from_file(path: &Path, warnings: &mut Vec<String>) -> Result<Token, Error> {
    let cannot = |error: std::io::Error| {
        Error::new(
            Exit::Refused,
            format!("cannot read the token file {}: {error}", path.display()),
        )
    };
    let file = File::open(path).map_err(cannot)?;
    if is_shared(&file) {
        warnings.push(format!(
            "other users can read the token file {0}; protect it with: chmod 600 {0}",
            path.display()
        ));
    }
    let mut text = String::new();
    file.take(LONGEST)
        .read_to_string(&mut text)
        .map_err(cannot)?;
    token(&text, &path.display().to_string())
}

/// Whether others than the owner can read a regular file.
#[cfg(unix)]
fn is_shared(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    file.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.mode() & 0o044 != 0)
}

#[cfg(not(unix))]
fn is_shared(_file: &File) -> bool {
    false
}

fn from_command(command: &str) -> Result<Token, Error> {
    let refused = |why: String| {
        Error::new(Exit::Refused, format!("the token command {why}")).hint(
            "run it by hand: it must write the token, and nothing else, to its standard output",
        )
    };
    let output = Command::new("sh")
        .arg("-c")
        .arg(command)
        .stderr(Stdio::inherit())
        .stdin(Stdio::inherit())
        .output()
        .map_err(|error| refused(format!("could not be started: {error}")))?;
    if !output.status.success() {
        return Err(refused(format!("failed ({})", output.status)));
    }
    let text = String::from_utf8(output.stdout)
        .map_err(|_| refused("wrote something that is not text".to_owned()))?;
    token(&text, "the token command")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(
        args: &NotionArgs,
        environment: &[(&str, &str)],
        config: &Config,
    ) -> Result<Token, Error> {
        let variable = |name: &str| {
            environment
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| OsString::from(value))
        };
        find(args, &variable, config, &mut Vec::new())
    }

    fn made(text: &str) -> Token {
        Token::new(text).unwrap()
    }

    #[test]
    fn options_win_over_the_environment_and_that_over_the_file() {
        let config = Config {
            token_command: Some("echo from-config".to_owned()),
            ..Config::default()
        };
        let both = [("NOTION_TOKEN", "second"), ("NOTION_API_TOKEN", "first")];
        let flag = NotionArgs {
            token_command: Some("printf ' from-command\\n'".to_owned()),
            ..NotionArgs::default()
        };
        let none = NotionArgs::default();
        assert_eq!(with(&flag, &both, &config).unwrap(), made("from-command"));
        assert_eq!(with(&none, &both, &config).unwrap(), made("first"));
        assert_eq!(with(&none, &both[..1], &config).unwrap(), made("second"));
        assert_eq!(with(&none, &[], &config).unwrap(), made("from-config"));
    }

    #[test]
    fn no_token_says_how_to_get_one() {
        let error = with(&NotionArgs::default(), &[], &Config::default()).unwrap_err();
        assert_eq!(error.exit, Exit::Refused);
        assert!(error.hint.unwrap().contains("--token-file"));
    }

    #[test]
    fn a_failing_command_is_refused() {
        for command in ["exit 3", "true", "printf 'two words'"] {
            let args = NotionArgs {
                token_command: Some(command.to_owned()),
                ..NotionArgs::default()
            };
            let error = with(&args, &[], &Config::default()).unwrap_err();
            assert_eq!(error.exit, Exit::Refused, "{command}");
            assert!(!error.message.contains("two words"), "{}", error.message);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_warned_of() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "ntn_a\n").unwrap();
        for (mode, expected) in [(0o644, 1), (0o640, 1), (0o600, 0), (0o400, 0)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let mut warnings = Vec::new();
            assert_eq!(from_file(&path, &mut warnings).unwrap(), made("ntn_a"));
            assert_eq!(warnings.len(), expected, "{mode:o}");
        }
    }
}

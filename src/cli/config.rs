//! The configuration file: what one would otherwise type each time.
//!
//! Its keys are the names of the options. An unknown key is an error, because a
//! misspelt one would silently do nothing. The token itself has no key: a file or a
//! command that gives it has.

use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use serde::{Deserialize, Deserializer};

use super::args::CommentsChoice;
use super::error::Error;
use super::values;

/// What a configuration file may hold.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// `repo`: the folder of backups.
    pub repo: Option<PathBuf>,
    /// `token-file`: a file that holds the token.
    pub token_file: Option<PathBuf>,
    /// `token-command`: a shell command that writes the token.
    pub token_command: Option<String>,
    /// `api-url`: the address of the API.
    pub api_url: Option<String>,
    /// `requests-per-minute`: the most requests to send in a minute.
    pub requests_per_minute: Option<std::num::NonZero<u32>>,
    /// `jobs`: requests under way at once.
    pub jobs: Option<u16>,
    /// `[dump]`: options of `dump`.
    pub dump: DumpConfig,
}

/// The `[dump]` section.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DumpConfig {
    /// `root`: ids or links.
    pub root: Vec<String>,
    /// `existing`: never create a repository.
    pub existing: bool,
    /// `recheck-after`: days.
    pub recheck_after: Option<u32>,
    /// `no-files`: leave out attachments.
    pub no_files: bool,
    /// `max-file-size`: a text such as `"20M"`.
    #[serde(deserialize_with = "size")]
    pub max_file_size: Option<u64>,
    /// `comments`: `"none"`, `"pages"` or `"blocks"`.
    pub comments: Option<CommentsChoice>,
    /// `max-shrink`: percent.
    pub max_shrink: Option<u8>,
    /// `tag`: words.
    pub tag: Vec<String>,
    /// `deadline`: a text such as `"2h"`.
    pub deadline: Option<String>,
}

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    /// A number is read to be refused with the same words as on the command line.
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Size {
        Number(u64),
        Text(String),
    }
    let text = match Option::<Size>::deserialize(deserializer)? {
        None => return Ok(None),
        Some(Size::Number(number)) => number.to_string(),
        Some(Size::Text(text)) => text,
    };
    values::size(&text)
        .map(Some)
        .map_err(serde::de::Error::custom)
}

impl Config {
    /// Reads the file that `--config` names, or else the user's own if there is one.
    pub fn load(named: Option<&Path>) -> Result<Config, Error> {
        Config::read(named).map_err(Unread::into_error)
    }

    /// The same, for `then` to work with. If the user's own file is there and cannot be read,
    /// that is no more than a warning as long as `then` can do without it.
    pub fn with<T>(
        named: Option<&Path>,
        then: impl FnOnce(&Config, Vec<String>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match Config::read(named) {
            Ok(config) => then(&config, Vec::new()),
            Err(Unread::OutOfReach(error)) if named.is_none() => {
                let warning = format!("{}; it is passed over", error.message);
                then(&Config::default(), vec![warning]).map_err(|_| error)
            }
            Err(unread) => Err(unread.into_error()),
        }
    }

    fn read(named: Option<&Path>) -> Result<Config, Unread> {
        let path = match named {
            Some(path) => path.to_owned(),
            None => match etcetera::base_strategy::Xdg::new() {
                Ok(places) => places
                    .config_dir()
                    .join("notion-backup")
                    .join("config.toml"),
                Err(_) => return Ok(Config::default()),
            },
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => Config::parse(&text, &path).map_err(Unread::Wrong),
            Err(error) if named.is_none() && is_absent(&error) => Ok(Config::default()),
            Err(error) => Err(Unread::OutOfReach(Error::usage(format!(
                "cannot read the configuration file {}: {error}",
                path.display()
            )))),
        }
    }

    /// Reads `text`, found at `path`; relative paths in it begin beside it.
    pub fn parse(text: &str, path: &Path) -> Result<Config, Error> {
        let mut config: Config =
            toml::from_str(text).map_err(|error| explain(&error, text, path))?;
        let beside = path.parent().unwrap_or(Path::new(""));
        let home = etcetera::home_dir().ok();
        for path in [&mut config.repo, &mut config.token_file]
            .into_iter()
            .flatten()
        {
            *path = absolute(path, beside, home.as_deref());
        }
        Ok(config)
    }
}

/// Why there is no configuration.
enum Unread {
    /// The file is there and cannot be read.
    OutOfReach(Error),
    /// What is in it is wrong.
    Wrong(Error),
}

impl Unread {
    fn into_error(self) -> Error {
        match self {
            Unread::OutOfReach(error) | Unread::Wrong(error) => error,
        }
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// The parser's message without the line that it quotes: there may be a secret in it.
fn explain(error: &toml::de::Error, text: &str, path: &Path) -> Error {
    let line = error
        .span()
        .and_then(|span| text.get(..span.start))
        .map(|before| format!(", line {}", before.matches('\n').count() + 1))
        .unwrap_or_default();
    let message = error.message();
    let result = Error::usage(format!(
        "configuration file {}{line}: {}",
        path.display(),
        message.replace("unknown field", "unknown key")
    ));
    if message.starts_with("unknown field `token`") {
        return result.hint(
            "keep the token in a file of its own (chmod 600) and name it with token-file = \"...\"",
        );
    }
    result
}

fn absolute(path: &Path, beside: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => beside.join(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;

    fn parse(text: &str) -> Result<Config, Error> {
        Config::parse(text, Path::new("/etc/nb/config.toml"))
    }

    #[test]
    fn every_key_is_the_name_of_an_option() {
        let config = parse(
            r#"
            repo = "backups"
            token-file = "/run/token"
            api-url = "http://127.0.0.1:1"
            requests-per-minute = 100
            jobs = 4
            [dump]
            root = ["0123abcd456789ef0123456789abcdef"]
            recheck-after = 7
            no-files = true
            max-file-size = "20M"
            comments = "blocks"
            max-shrink = 20
            tag = ["nightly"]
            deadline = "2h"
            "#,
        )
        .unwrap();
        assert_eq!(config.repo, Some("/etc/nb/backups".into()));
        assert_eq!(config.token_file, Some("/run/token".into()));
        assert_eq!(config.dump.max_file_size, Some(20 * 1024 * 1024));
        assert_eq!(config.dump.comments, Some(CommentsChoice::Blocks));
        assert_eq!(config.dump.deadline.as_deref(), Some("2h"));
        let error = parse("[dump]\nmax-file-size = 5").unwrap_err();
        assert!(error.message.contains("no unit"), "{}", error.message);
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        for (text, key, line) in [
            ("repo = 'x'\nrepos = 'y'\n", "`repos`", "line 2"),
            ("[dump]\n\nrecheck = 3\n", "`recheck`", "line 3"),
            ("[restore]\nx = 1\n", "`restore`", "line 1"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.exit, Exit::Usage);
            assert!(error.message.contains("unknown key"), "{}", error.message);
            assert!(error.message.contains(key), "{}", error.message);
            assert!(error.message.contains(line), "{}", error.message);
        }
    }

    #[test]
    fn a_token_in_the_file_is_refused_and_not_repeated() {
        let error = parse("token = \"ntn_verysecret\"\n").unwrap_err();
        assert!(error.hint.as_ref().unwrap().contains("token-file"));
        assert!(!error.message.contains("verysecret"), "{}", error.message);
        let error = parse("jobs = \"ntn_verysecret\n").unwrap_err();
        assert!(!error.message.contains("verysecret"), "{}", error.message);
    }

    #[test]
    fn a_tilde_is_the_home_folder() {
        let home = Some(Path::new("/home/ada"));
        let at = |path: &str| absolute(Path::new(path), Path::new("/etc"), home);
        assert_eq!(at("~/backups"), Path::new("/home/ada/backups"));
        assert_eq!(at("backups"), Path::new("/etc/backups"));
        assert_eq!(at("/srv/~/x"), Path::new("/srv/~/x"));
    }
}

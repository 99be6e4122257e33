//! From what was typed to what is meant: options first, then the environment, then
//! the configuration file, then the defaults.
//!
//! A command asks for what it needs and nothing else is read: reading a backup needs
//! no token, and no configuration once it knows where the repository is.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use etcetera::BaseStrategy as _;

use super::args::{CommentsChoice, DumpArgs, GlobalArgs, NotionArgs};
use super::config::Config;
use super::error::Error;
use super::{token, values};
use crate::model::NotionId;
use crate::notion;

const API_URL: &str = "https://api.notion.com";
const JOBS: u16 = 8;
const MOST_JOBS: u16 = 64;
const RECHECK_AFTER_DAYS: u32 = 30;

/// The environment of the process, or of a test. A variable that is set to nothing
/// counts as not set.
pub struct Environment<'a>(&'a dyn Fn(&str) -> Option<OsString>);

impl<'a> Environment<'a> {
    /// Variables as `lookup` gives them.
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<OsString>) -> Environment<'a> {
        Environment(lookup)
    }

    fn variable(&self, name: &str) -> Option<OsString> {
        (self.0)(name).filter(|value| !value.is_empty())
    }
}

/// What a dump is to do.
#[derive(Debug)]
pub struct DumpSettings {
    /// The folder of backups.
    pub repo: PathBuf,
    /// How to reach Notion.
    pub notion: notion::Settings,
    /// Where to begin; empty: everything shared with the token.
    pub roots: Vec<NotionId>,
    /// Never create a repository.
    pub existing: bool,
    /// Read everything again.
    pub full: bool,
    /// Days after which a page is read again; 0: never.
    pub recheck_after_days: u32,
    /// Whether attachments are wanted.
    pub files: bool,
    /// The largest attachment wanted, in bytes.
    pub max_file_size: Option<u64>,
    /// Which comments are wanted.
    pub comments: CommentsChoice,
    /// The largest loss of pages against the previous snapshot, in percent.
    pub max_shrink_percent: Option<u8>,
    /// The snapshot's tags, each once, sorted.
    pub tags: Vec<String>,
    /// Requests under way at once.
    pub jobs: usize,
    /// How long it may take.
    pub deadline: Option<Duration>,
    /// Things to tell the user first.
    pub warnings: Vec<String>,
}

/// The repository that a command works on.
///
/// The configuration file is read if it was named, or if nothing else tells.
pub fn repository(global: &GlobalArgs, environment: &Environment<'_>) -> Result<PathBuf, Error> {
    let known = typed_repository(global, environment);
    if known.is_some() && global.config.is_none() {
        return known.ok_or_else(Error::no_repo);
    }
    let config = Config::load(global.config.as_deref())?;
    known.or(config.repo).ok_or_else(Error::no_repo)
}

fn typed_repository(global: &GlobalArgs, environment: &Environment<'_>) -> Option<PathBuf> {
    global.repo.clone().or_else(|| {
        environment
            .variable("NOTION_BACKUP_REPO")
            .map(PathBuf::from)
    })
}

/// All that a dump needs.
pub fn dump(
    args: &DumpArgs,
    global: &GlobalArgs,
    environment: &Environment<'_>,
) -> Result<DumpSettings, Error> {
    Config::with(global.config.as_deref(), |config, warnings| {
        dump_with(args, global, environment, config, warnings)
    })
}

fn dump_with(
    args: &DumpArgs,
    global: &GlobalArgs,
    environment: &Environment<'_>,
    config: &Config,
    mut warnings: Vec<String>,
) -> Result<DumpSettings, Error> {
    let repo = typed_repository(global, environment)
        .or_else(|| config.repo.clone())
        .ok_or_else(Error::no_repo)?;
    let notion = notion(&args.notion, environment, config, &mut warnings)?;
    let from_file = &config.dump;
    let in_file = |key: &str, why: String| {
        Error::usage(format!("configuration file, {key} in [dump]: {why}"))
    };

    let mut roots = args.root.clone();
    if roots.is_empty() {
        for text in &from_file.root {
            roots.push(values::notion_id(text).map_err(|why| in_file("root", why))?);
        }
    }
    roots.sort_unstable();
    roots.dedup();

    let mut tags = if args.tag.is_empty() {
        from_file.tag.clone()
    } else {
        args.tag.clone()
    };
    tags.sort_unstable();
    tags.dedup();

    let max_shrink_percent = args.max_shrink.or(from_file.max_shrink);
    if max_shrink_percent.is_some_and(|percent| percent > 100) {
        return Err(in_file("max-shrink", "more than 100 percent".to_owned()));
    }
    let deadline = match (args.deadline, &from_file.deadline) {
        (Some(time), _) => Some(time),
        (None, Some(text)) => Some(values::duration(text).map_err(|why| in_file("deadline", why))?),
        (None, None) => None,
    };

    Ok(DumpSettings {
        repo,
        notion,
        roots,
        existing: args.existing || from_file.existing,
        full: args.full,
        recheck_after_days: args
            .recheck_after
            .or(from_file.recheck_after)
            .unwrap_or(RECHECK_AFTER_DAYS),
        // A size on the command line asks for files, whatever the file says.
        files: !args.no_files && (args.max_file_size.is_some() || !from_file.no_files),
        max_file_size: args.max_file_size.or(from_file.max_file_size),
        comments: args.comments.or(from_file.comments).unwrap_or_default(),
        max_shrink_percent,
        tags,
        jobs: jobs(&args.notion, config)?,
        deadline,
        warnings,
    })
}

/// What a connector takes where Plakar gives no option: a token, if the environment has
/// one, and the API's address. No configuration file is read: what Plakar backs up is
/// said in Plakar.
#[cfg(all(unix, feature = "plakar"))]
pub fn connector(environment: &Environment<'_>) -> Result<(Option<String>, String), Error> {
    let text = |name: &str| Some(environment.variable(name)?.to_string_lossy().into_owned());
    let token = token::VARIABLES.into_iter().find_map(text);
    let api_url = match text("NOTION_API_URL") {
        Some(url) => {
            values::api_url(&url).map_err(|why| Error::usage(format!("NOTION_API_URL: {why}")))?
        }
        None => API_URL.to_owned(),
    };
    Ok((token, api_url))
}

/// Where journals of restores are that were made without a repository: by `restore
/// --from-dir`, and by the connector for Plakar.
pub fn journals(environment: &Environment<'_>) -> Vec<PathBuf> {
    let own = state_folder(environment);
    let plakar = etcetera::base_strategy::Xdg::new()
        .ok()
        .map(|places| places.cache_dir().join("notion-backup/plakar/restores"));
    own.into_iter().chain(plakar).collect()
}

/// The folder for journals without a repository.
fn state_folder(environment: &Environment<'_>) -> Option<PathBuf> {
    let state = environment.variable("XDG_STATE_HOME").map(PathBuf::from);
    let home = || Some(PathBuf::from(environment.variable("HOME")?).join(".local/state"));
    Some(state.or_else(home)?.join("notion-backup"))
}

/// What a restore needs to speak to Notion.
#[derive(Debug)]
pub struct RestoreSettings {
    /// The repository with the snapshot and the journals; `None` when nothing says where.
    pub repo: Option<PathBuf>,
    /// Where journals are kept without a repository.
    pub journals: Option<PathBuf>,
    /// How to reach Notion.
    pub notion: notion::Settings,
    /// Requests under way at once.
    pub jobs: usize,
    /// Things to tell the user first.
    pub warnings: Vec<String>,
}

/// All that a restore needs.
pub fn restore(
    args: &NotionArgs,
    global: &GlobalArgs,
    environment: &Environment<'_>,
) -> Result<RestoreSettings, Error> {
    Config::with(global.config.as_deref(), |config, warnings| {
        restore_with(args, global, environment, config, warnings)
    })
}

fn restore_with(
    args: &NotionArgs,
    global: &GlobalArgs,
    environment: &Environment<'_>,
    config: &Config,
    mut warnings: Vec<String>,
) -> Result<RestoreSettings, Error> {
    Ok(RestoreSettings {
        repo: typed_repository(global, environment).or_else(|| config.repo.clone()),
        journals: state_folder(environment),
        notion: notion(args, environment, config, &mut warnings)?,
        jobs: jobs(args, config)?,
        warnings,
    })
}

fn jobs(args: &NotionArgs, config: &Config) -> Result<usize, Error> {
    let jobs = args.jobs.or(config.jobs).unwrap_or(JOBS);
    if (1..=MOST_JOBS).contains(&jobs) {
        Ok(usize::from(jobs))
    } else {
        Err(Error::usage(format!(
            "configuration file, jobs: {jobs} is not between 1 and {MOST_JOBS}"
        )))
    }
}

fn notion(
    args: &NotionArgs,
    environment: &Environment<'_>,
    config: &Config,
    warnings: &mut Vec<String>,
) -> Result<notion::Settings, Error> {
    let variable = |name: &str| environment.variable(name);
    let api_url = match (&args.api_url, variable("NOTION_API_URL"), &config.api_url) {
        (Some(url), _, _) => url.clone(),
        (None, Some(url), _) => values::api_url(&url.to_string_lossy())
            .map_err(|why| Error::usage(format!("NOTION_API_URL: {why}")))?,
        (None, None, Some(url)) => values::api_url(url)
            .map_err(|why| Error::usage(format!("configuration file, api-url: {why}")))?,
        (None, None, None) => API_URL.to_owned(),
    };
    Ok(notion::Settings {
        token: token::find(args, &variable, config, warnings)?,
        api_url,
        requests_per_minute: args
            .requests_per_minute
            .or(config.requests_per_minute.map(|number| number.get())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::{Arguments, Command};
    use crate::cli::exit::Exit;
    use clap::Parser as _;

    /// What a dump would do with this line, environment and configuration file.
    fn resolve(
        line: &str,
        environment: &[(&str, &str)],
        config: &str,
    ) -> Result<DumpSettings, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, config).unwrap();
        let words = ["notion-backup", "--config", path.to_str().unwrap(), "dump"];
        let arguments =
            Arguments::try_parse_from(words.into_iter().chain(line.split_whitespace())).unwrap();
        let Command::Dump(args) = arguments.command else {
            panic!("not a dump");
        };
        let lookup = |name: &str| {
            environment
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| OsString::from(value))
        };
        dump(&args, &arguments.global, &Environment::new(&lookup))
    }

    const CONFIG: &str = "repo = '/c'\ntoken-command = 'echo x'\napi-url = 'https://c'\njobs = 2\n\
         requests-per-minute = 10\n[dump]\nrecheck-after = 3\ncomments = 'none'\ntag = ['b', 'a', 'b']\n\
         max-shrink = 50\ndeadline = '1h'\nno-files = true\n";

    #[test]
    fn options_win_over_the_environment_and_that_over_the_file() {
        let environment = [
            ("NOTION_BACKUP_REPO", "/e"),
            ("NOTION_API_URL", "https://e/"),
        ];
        let file = resolve("", &[], CONFIG).unwrap();
        assert_eq!(file.repo, PathBuf::from("/c"));
        assert_eq!(file.notion.api_url, "https://c");
        assert_eq!(file.notion.requests_per_minute, Some(10));
        assert_eq!((file.jobs, file.recheck_after_days), (2, 3));
        assert_eq!(file.comments, CommentsChoice::None);
        assert_eq!(file.tags, ["a", "b"]);
        assert_eq!(file.deadline, Some(Duration::from_secs(3600)));
        assert!(!file.files);

        let between = resolve("", &environment, CONFIG).unwrap();
        assert_eq!(between.repo, PathBuf::from("/e"));
        assert_eq!(between.notion.api_url, "https://e");

        let typed = resolve(
            "-r /t --api-url https://t --jobs 5 --recheck-after 0 --comments blocks --tag z \
             --max-file-size 1K --max-shrink 0 --deadline 5m --requests-per-minute 7",
            &environment,
            CONFIG,
        )
        .unwrap();
        assert_eq!(typed.repo, PathBuf::from("/t"));
        assert_eq!(typed.notion.api_url, "https://t");
        assert_eq!(typed.notion.requests_per_minute, Some(7));
        assert_eq!((typed.jobs, typed.recheck_after_days), (5, 0));
        assert_eq!(typed.comments, CommentsChoice::Blocks);
        assert_eq!(typed.tags, ["z"]);
        assert_eq!(typed.max_shrink_percent, Some(0));
        assert_eq!(typed.deadline, Some(Duration::from_secs(300)));
        assert!(typed.files);
        assert_eq!(typed.max_file_size, Some(1024));
    }

    #[test]
    fn defaults_are_those_of_the_help() {
        let settings = resolve("-r x --token t", &[("NOTION_API_URL", "")], "").unwrap();
        assert_eq!(settings.notion.api_url, "https://api.notion.com");
        assert_eq!((settings.jobs, settings.recheck_after_days), (8, 30));
        assert_eq!(settings.comments, CommentsChoice::Pages);
        assert!(settings.files && !settings.full);
        assert_eq!(settings.max_shrink_percent, None);
        assert!(settings.warnings.is_empty());
    }

    #[test]
    fn wrong_values_in_the_file_are_named() {
        for (config, word) in [
            ("jobs = 0", "jobs"),
            ("api-url = 'x'", "api-url"),
            ("[dump]\nroot = ['x']", "root"),
            ("[dump]\nmax-shrink = 101", "max-shrink"),
            ("[dump]\ndeadline = 'soon'", "deadline"),
            ("requests-per-minute = 0", "requests-per-minute"),
        ] {
            let error = resolve("-r x --token t", &[], config).unwrap_err();
            assert_eq!(error.exit, Exit::Usage, "{config}");
            assert!(error.message.contains(word) || error.message.contains("line 1"));
        }
    }

    #[test]
    fn a_named_repository_needs_no_configuration() {
        let nothing = |_: &str| None;
        let global = GlobalArgs {
            repo: Some("x".into()),
            ..GlobalArgs::default()
        };
        let environment = Environment::new(&nothing);
        assert_eq!(
            repository(&global, &environment).unwrap(),
            PathBuf::from("x")
        );
        let named = GlobalArgs {
            config: Some("/does/not/exist.toml".into()),
            ..global
        };
        assert_eq!(
            repository(&named, &environment).unwrap_err().exit,
            Exit::Usage
        );
    }
}

//! What the user may type. The help text is each item's doc comment; the manual,
//! `docs/cli.md` and the completions are made from these types as well.
//!
//! Nothing here has an effect: defaults from the environment and the configuration
//! file are `settings`' business.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};
use jiff::Span;
use serde::Deserialize;

use super::values;
use crate::check::ReadData;
use crate::model::NotionId;

const FIRST_STEPS: &str = "\
First steps:
  1. Create a connection at https://www.notion.so/profile/integrations with the
     capabilities Read content, Read comments and Read user information, and no other.
     Copy its token into a file, and protect it: chmod 600 FILE
  2. In Notion, share the pages to back up with it: ••• > Connections
  3. notion-backup --repo ~/notion-backup dump --token-file FILE

Then `snapshots` lists the backups, `ls` and `cat` look into one, `check` proves that
they are sound. Nothing in Notion is ever changed by these commands.";

/// Back up a Notion workspace through the official API, and read the backups.
#[derive(Parser)]
#[command(
    name = "notion-backup",
    bin_name = "notion-backup",
    version,
    max_term_width = 100,
    after_help = FIRST_STEPS,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Arguments {
    /// What every command takes.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// The folder of backups [env: NOTION_BACKUP_REPO]
    #[arg(short, long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub repo: Option<PathBuf>,

    /// Write one JSON object a line on standard output, for programs
    #[arg(long, global = true)]
    pub json: bool,

    /// Write results, warnings and errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Tell more of what is done; up to three times
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,

    /// Do not show progress
    #[arg(long, global = true)]
    pub no_progress: bool,

    /// The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
}

/// The commands, in the order of the help.
#[derive(Subcommand)]
pub enum Command {
    Dump(DumpArgs),
    Restore(RestoreArgs),
    Snapshots(SnapshotsArgs),
    Ls(LsArgs),
    Cat(CatArgs),
    Check(CheckArgs),
    Forget(ForgetArgs),
    Prune(PruneArgs),
    Unlock(UnlockArgs),
    Stats(StatsArgs),
    Extract(ExtractArgs),
    #[cfg(all(unix, feature = "plakar"))]
    Plakar(PlakarArgs),
    #[command(hide = true)]
    Generate(GenerateArgs),
}

/// Options of the commands that speak to Notion.
///
/// There is no `Debug` on purpose: this may hold the token.
#[derive(Args, Default)]
#[command(next_help_heading = "Notion options")]
pub struct NotionArgs {
    /// The token itself [env: NOTION_API_TOKEN, then NOTION_TOKEN]
    ///
    /// On the command line, other users of this machine can see it in the list of processes;
    /// --token-file, --token-command and the environment keep it private.
    #[arg(long, value_name = "TOKEN", conflicts_with_all = ["token_file", "token_command"])]
    pub token: Option<String>,

    /// Read the token from this file
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        conflicts_with = "token_command"
    )]
    pub token_file: Option<PathBuf>,

    /// Run this shell command and read the token from its output, e.g. "pass show notion"
    #[arg(long, value_name = "COMMAND", value_hint = ValueHint::CommandString)]
    pub token_command: Option<String>,

    /// The address of the API [default: https://api.notion.com] [env: NOTION_API_URL]
    #[arg(long, value_name = "URL", value_parser = values::api_url, value_hint = ValueHint::Url)]
    pub api_url: Option<String>,

    /// Send no more requests a minute than this; without it, as many as Notion allows
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub requests_per_minute: Option<u32>,

    /// How many requests may be under way at once [default: 8]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: Option<u16>,
}

/// Which comments to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CommentsChoice {
    /// no comments
    None,
    /// those on pages, one request a page
    #[default]
    Pages,
    /// those on every block too, one request a block
    Blocks,
}

/// Back up what the token may see
///
/// The repository is created on first use, which is told on standard error; the folder
/// around it must exist. Pages that did not change since the last
/// snapshot of the same workspace and roots are carried over without reading them
/// again, so later runs are short. An interrupted dump continues where it was when
/// the same command is run again.
#[derive(Args)]
pub struct DumpArgs {
    /// Back up this page or database and what is below it, instead of everything shared with
    /// the token; can be repeated
    #[arg(long, value_name = "ID_OR_URL", value_parser = values::notion_id)]
    pub root: Vec<NotionId>,

    /// Read everything again, also what seems unchanged
    #[arg(long)]
    pub full: bool,

    /// Read every page again after this many days, whether it seems changed or not [default: 30]
    ///
    /// Comments, and some edits made through the API, change no timestamp. The pages read
    /// longest ago are read again in turn, some in every run. 0: never.
    #[arg(long, value_name = "DAYS", value_parser = values::days)]
    pub recheck_after: Option<u32>,

    /// Exit with 10 where there is no repository, instead of creating one
    ///
    /// For timers: a disk that is not mounted, or a mistyped path, does not begin a new backup.
    #[arg(long)]
    pub existing: bool,

    /// Leave out attachments; pages keep their names and places
    #[arg(long)]
    pub no_files: bool,

    /// Leave out attachments larger than this, e.g. 20M; the summary counts them
    #[arg(long, value_name = "SIZE", value_parser = values::size, conflicts_with = "no_files")]
    pub max_file_size: Option<u64>,

    /// Which comments to read [default: pages]
    #[arg(long, value_name = "WHICH")]
    pub comments: Option<CommentsChoice>,

    /// Save no snapshot, and exit with 22, when more than PERCENT of the previous one's pages are gone
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub max_shrink: Option<u8>,

    /// Mark the snapshot with this word; can be repeated
    #[arg(long, value_name = "TAG", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub tag: Vec<String>,

    /// Stop after this time, e.g. 90m or 2h, with what was read saved; the next run continues
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub deadline: Option<Duration>,

    /// How to speak to Notion.
    #[command(flatten)]
    pub notion: NotionArgs,
}

/// Rebuild a snapshot in Notion, below a page
///
/// Everything that the API can create comes back; the rest leaves a stand-in that says
/// what it was, and is listed. --dry-run says before what that will be. What is there
/// already is never changed: everything is made new below the page that --root-id names.
/// A restore that was interrupted, however that happened, goes on with --resume and makes
/// nothing twice; `restore undo` puts into the trash exactly what a restore has made.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct RestoreArgs {
    /// What else there is to do with restores.
    #[command(subcommand)]
    pub command: Option<RestoreCommand>,

    /// The snapshot: the start of its id, a time such as "2026-01-31 09:05", a day, or `latest`,
    /// which is the default
    #[arg(value_name = "SNAPSHOT", conflicts_with_all = ["from_dir", "resume"])]
    pub snapshot: Option<String>,

    /// The page that everything goes below; it must be shared with the token's connection
    #[arg(long, value_name = "PAGE", value_parser = values::notion_id, required = true)]
    pub root_id: Option<NotionId>,

    /// Restore only this page or database and what is below it: an id, a link or a path in the
    /// snapshot; can be repeated
    #[arg(long, value_name = "ID_OR_PATH", conflicts_with = "resume")]
    pub only: Vec<String>,

    /// Restore from this folder instead, as `extract` or `plakar restore` wrote it
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "resume")]
    pub from_dir: Option<PathBuf>,

    /// Say what would be restored, and what cannot be; write nothing
    #[arg(long, conflicts_with = "resume")]
    pub dry_run: bool,

    /// Go on with the last unfinished restore into this page
    #[arg(long)]
    pub resume: bool,

    /// Stop after this time, e.g. 90m or 2h; --resume goes on
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub deadline: Option<Duration>,

    /// How to speak to Notion.
    #[command(flatten)]
    pub notion: NotionArgs,
}

/// What else there is to do with restores.
#[derive(Subcommand)]
pub enum RestoreCommand {
    Undo(UndoArgs),
}

/// Put into the trash what a restore has made
///
/// The pages that it went below, and everything else in Notion, stay as they are. Notion
/// keeps what is in the trash for 30 days.
#[derive(Args)]
pub struct UndoArgs {
    /// The restore's journal: its name, as the restore said it, or the path of its folder
    #[arg(value_name = "JOURNAL")]
    pub journal: String,

    /// How to speak to Notion.
    #[command(flatten)]
    pub notion: NotionArgs,
}

/// List the snapshots of a repository, oldest first
#[derive(Args, Debug)]
pub struct SnapshotsArgs {}

/// List what is in a snapshot
///
/// Each line is one page, database, block or file with its id or name, and its title.
/// The names in a snapshot are Notion's ids; `--recursive` writes whole paths.
#[derive(Args, Debug)]
pub struct LsArgs {
    /// The snapshot: the start of its id, a time such as "2026-01-31 09:05", a day, or `latest`
    #[arg(value_name = "SNAPSHOT")]
    pub snapshot: String,

    /// Where to look: a path in the snapshot, or the id or link of a page or database
    #[arg(value_name = "PATH|ID")]
    pub place: Option<String>,

    /// List everything below as well
    #[arg(short = 'R', long)]
    pub recursive: bool,
}

/// Write a file of a snapshot to standard output
///
/// For a page, database or block id, that is its JSON.
#[derive(Args, Debug)]
pub struct CatArgs {
    /// The snapshot: the start of its id, a time such as "2026-01-31 09:05", a day, or `latest`
    #[arg(value_name = "SNAPSHOT")]
    pub snapshot: String,

    /// The file: a path in the snapshot, or the id or link of a page or database
    #[arg(value_name = "PATH|ID")]
    pub place: String,
}

/// Check that the repository is sound
///
/// Every snapshot must be readable, and everything that it names must be there.
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// Read every object too, and compare it with its hash: slower, and finds every damaged byte
    #[arg(long)]
    pub read_data: bool,

    /// Read a part only: a random share such as 5%, or 2/7 for the second of seven parts
    ///
    /// With 1/7 on Monday, 2/7 on Tuesday and so on, everything is read once a week.
    #[arg(long, value_name = "PART", value_parser = values::subset, conflicts_with = "read_data")]
    pub read_data_subset: Option<ReadData>,

    /// Save what can be saved of damaged snapshots, as new ones; best with --read-data
    ///
    /// The new snapshots leave out what cannot be read and are marked as repaired; the
    /// damaged ones stay until they are forgotten. Files of damaged content are set aside.
    /// The next `dump` then reads again what is missing.
    #[arg(long)]
    pub repair: bool,
}

/// Remove snapshots that are no longer needed, by a rule or by name
///
/// The rules are restic's. Each --keep option keeps some of the snapshots, all others
/// go; times are UTC. Snapshots of the same workspace and roots are counted together.
/// The last complete snapshot with pages of a workspace always stays, whatever the rule;
/// by its id it can be removed as long as another one is left. A snapshot that is dated in
/// the future is in no rule and stays. This removes the snapshots
/// alone: `prune`, or --prune, frees the room that nothing else needs.
#[derive(Args, Debug, Default)]
pub struct ForgetArgs {
    /// Remove the snapshots with these ids; the start of an id will do, a time will not
    #[arg(value_name = "SNAPSHOT")]
    pub snapshots: Vec<String>,

    /// Keep the newest N; here and below, N may be `unlimited`
    #[arg(long, value_name = "N", value_parser = values::keep)]
    pub keep_last: Option<u32>,

    /// Keep the newest of each hour, for the last N hours that have any
    #[arg(long, value_name = "N", value_parser = values::keep)]
    pub keep_hourly: Option<u32>,

    /// Keep the newest of each day, for the last N days that have any
    #[arg(long, value_name = "N", value_parser = values::keep)]
    pub keep_daily: Option<u32>,

    /// Keep the newest of each week, for the last N weeks that have any
    #[arg(long, value_name = "N", value_parser = values::keep)]
    pub keep_weekly: Option<u32>,

    /// Keep the newest of each month, for the last N months that have any
    #[arg(long, value_name = "N", value_parser = values::keep)]
    pub keep_monthly: Option<u32>,

    /// Keep the newest of each year, for the last N years that have any
    #[arg(long, value_name = "N", value_parser = values::keep)]
    pub keep_yearly: Option<u32>,

    /// Keep all that are at most this much older than the newest, e.g. 30d or 1y6m (m: months)
    #[arg(long, value_name = "DURATION", value_parser = values::age)]
    pub keep_within: Option<Span>,

    /// Keep all with this tag, or with all of several with commas between; can be repeated
    #[arg(long, value_name = "TAG[,TAG]", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub keep_tag: Vec<String>,

    /// Look only at snapshots with this tag, or with all of several; can be repeated
    #[arg(long, value_name = "TAG[,TAG]", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub tag: Vec<String>,

    /// What makes snapshots count together [default: workspace,roots]
    #[arg(long, value_name = "WHAT[,WHAT]", value_delimiter = ',')]
    pub group_by: Vec<Grouping>,

    /// Show what would go, and remove nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,

    /// Free the room at once, as `prune` does
    #[arg(long)]
    pub prune: bool,

    /// Remove the last complete snapshot of a workspace too
    #[arg(long)]
    pub unsafe_allow_remove_all: bool,
}

/// Free the room of what no snapshot needs
///
/// Objects that no snapshot names are removed, files that were never finished, and the
/// journals of restores that ended more than thirty days ago. What an interrupted dump has
/// read is kept. Nothing else may work in the repository
/// meanwhile; if anything cannot be read that may name objects, nothing is removed.
#[derive(Args, Debug)]
pub struct PruneArgs {
    /// Show what would be freed, and remove nothing
    ///
    /// This needs no lock. What a dump that runs right now has stored counts as not needed.
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// What snapshots can have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Grouping {
    /// the same workspace
    Workspace,
    /// the same --root options
    Roots,
    /// the same tags
    Tags,
    /// made on the same machine
    Host,
    /// nothing: all are counted together
    None,
}

/// Remove the locks that crashed commands have left
///
/// This is seldom needed: a lock left on this machine is removed by the next command that
/// meets it, and that of another machine half an hour after its last sign of life.
#[derive(Args, Debug)]
pub struct UnlockArgs {
    /// Remove all locks, also those of commands that may still be running
    ///
    /// Be sure that nothing works in the repository, on any machine: a `prune` beside a
    /// running dump can remove what that dump needs.
    #[arg(long)]
    pub remove_all: bool,
}

/// Show how much is in the repository, and what each snapshot added
#[derive(Args, Debug)]
pub struct StatsArgs {}

/// Write a snapshot as plain files into a folder
///
/// The folder is created; if it exists it must be empty, so that nothing is overwritten.
#[derive(Args, Debug)]
pub struct ExtractArgs {
    /// The snapshot: the start of its id, a time such as "2026-01-31 09:05", a day, or `latest`
    #[arg(value_name = "SNAPSHOT")]
    pub snapshot: String,

    /// The folder to write
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
}

/// Be a connector of the backup program Plakar, or make a package of one
///
/// `plakar package DIR` writes what `plakar pkg create` takes. Plakar itself starts the
/// other two, and speaks with them over standard input and output. See docs/plakar.md.
#[cfg(all(unix, feature = "plakar"))]
#[derive(Args, Debug)]
pub struct PlakarArgs {
    /// What to be, or to write
    #[arg(value_name = "WHAT")]
    pub what: Plakar,

    /// For `package`: the folder to write; files of an earlier package are replaced
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath, required_if_eq("what", "package"))]
    pub dir: Option<PathBuf>,
}

/// What `plakar` can do.
#[cfg(all(unix, feature = "plakar"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Plakar {
    /// the side that Plakar backs up from
    Importer,
    /// the side that Plakar restores to
    Exporter,
    /// write the program with a manifest into DIR
    Package,
}

/// Write the files that are made from the command line's definition
#[derive(Args, Debug)]
pub struct GenerateArgs {
    /// What to write
    #[arg(value_name = "WHAT")]
    pub what: Generated,

    /// The folder to write into
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
}

/// What `generate` can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Generated {
    /// Completions for bash, zsh, fish, PowerShell and elvish
    Completions,
    /// The manual page
    Man,
    /// The command reference
    CliReference,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(std::iter::once("notion-backup").chain(line.split_whitespace()))
    }

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn global_options_stand_before_and_after_the_command() {
        for line in ["-r x --json snapshots", "snapshots -r x --json"] {
            let arguments = parse(line).unwrap();
            assert_eq!(arguments.global.repo, Some(PathBuf::from("x")));
            assert!(arguments.global.json);
        }
    }

    #[test]
    fn a_dump_takes_all_its_options() {
        let line = "dump --root 0123abcd456789ef0123456789abcdef --full --recheck-after 7d \
             --max-file-size 20M --comments blocks --max-shrink 30 --tag a --tag b --deadline 2h \
             --token t --api-url http://127.0.0.1:9/notion/ --requests-per-minute 100 --jobs 3";
        let Command::Dump(dump) = parse(line).unwrap().command else {
            panic!("not a dump");
        };
        assert_eq!(dump.root.len(), 1);
        assert_eq!(dump.recheck_after, Some(7));
        assert_eq!(dump.max_file_size, Some(20 * 1024 * 1024));
        assert_eq!(dump.comments, Some(CommentsChoice::Blocks));
        assert_eq!(dump.max_shrink, Some(30));
        assert_eq!(dump.tag, ["a", "b"]);
        assert_eq!(dump.deadline, Some(Duration::from_secs(7200)));
        assert_eq!(
            dump.notion.api_url.as_deref(),
            Some("http://127.0.0.1:9/notion")
        );
        assert_eq!(dump.notion.jobs, Some(3));
    }

    #[test]
    fn nonsense_is_wrong_usage() {
        for line in [
            "",
            "frobnicate",
            "dump --root hello",
            "dump --max-shrink 101",
            "dump --requests-per-minute 0",
            "dump --jobs 0",
            "dump --comments some",
            "dump --no-files --max-file-size 1M",
            "dump --token a --token-file b",
            "dump --token-file a --token-command b",
            "snapshots -q -v",
            "ls",
            "cat latest",
            "extract latest",
            "forget --keep-last -1",
            "forget --keep-within 5",
            "forget --group-by colour",
            "plakar",
            "plakar package",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}

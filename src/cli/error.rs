//! A command that failed, as the user hears of it: what happened, what to do about
//! it, and with which code the program ends.
//!
//! The layers below say what happened; every hint is written in this file, beside the
//! conversion from that layer's error.

use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::exit::Exit;
use crate::check::repair;
use crate::{crawl, dump, extract, forget, gc, notion, repo, restore};

/// Why a command ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// How the program ends.
    pub exit: Exit,
    /// What happened, to which object, and why.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

const HINT_TOKEN: &str = "create a connection at https://www.notion.so/profile/integrations, share your pages with it \
     (••• > Connections), and give its token with --token-file FILE, --token-command COMMAND or the \
     environment variable NOTION_API_TOKEN";
const HINT_REFUSED: &str = "copy the token again from https://www.notion.so/profile/integrations; it may have been \
     renewed, revoked or cut short when pasted";
const HINT_REPO: &str =
    "say where the backups are, with --repo DIR or the environment variable NOTION_BACKUP_REPO";
const HINT_RETRY: &str =
    "check the network connection, then run the same command again; what was read is kept";

impl Error {
    /// A failure without a better code.
    pub fn failed(message: impl Into<String>) -> Error {
        Error::new(Exit::Failed, message)
    }

    /// Wrong usage, of an option or of the configuration file.
    pub fn usage(message: impl Into<String>) -> Error {
        Error::new(Exit::Usage, message)
    }

    /// A failure that ends the program with `exit`.
    pub fn new(exit: Exit, message: impl Into<String>) -> Error {
        Error {
            exit,
            message: message.into(),
            hint: None,
        }
    }

    /// The same with advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hint = Some(hint.into());
        self
    }

    /// A file that could not be used.
    pub fn file(what: &str, path: &Path, error: &io::Error) -> Error {
        Error::failed(format!("cannot {what} {}: {error}", path.display()))
    }

    /// No token was given in any of the ways.
    pub fn no_token() -> Error {
        Error::new(Exit::Refused, "no Notion token was given").hint(HINT_TOKEN)
    }

    /// What was given is no token.
    pub fn bad_token(from: &str, why: &impl std::fmt::Display) -> Error {
        Error::new(Exit::Refused, format!("{why} (from {from})")).hint(HINT_TOKEN)
    }

    /// No repository was named.
    pub fn no_repo() -> Error {
        Error::usage("no repository was named").hint(HINT_REPO)
    }

    /// Whether the reader of standard output went away, which is no error.
    pub fn is_broken_pipe(&self) -> bool {
        self.exit == Exit::Done
    }

    /// The `error` message of `docs/scripting.md`.
    pub fn to_json(&self) -> Value {
        json!({
            "message_type": "error",
            "code": self.exit.code(),
            "message": self.message,
            "hint": self.hint,
        })
    }
}

/// Standard output could not be written to.
impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Error::new(Exit::Done, "nobody reads the output")
        } else {
            Error::failed(format!("cannot write to standard output: {error}"))
        }
    }
}

impl From<notion::Error> for Error {
    fn from(error: notion::Error) -> Error {
        use notion::Kind;

        let message = error.to_string();
        match error.kind {
            Kind::Unauthorized => Error::new(Exit::Refused, message).hint(HINT_REFUSED),
            Kind::Restricted => {
                Error::new(Exit::Refused, message).hint(grant(capability(&error.endpoint)))
            }
            Kind::NotFound => Error::failed(message).hint(
                "it does not exist, or is not shared with the connection: in Notion, open it and add the \
                 connection under ••• > Connections",
            ),
            Kind::Blocked => Error::failed(message)
                .hint("Notion has blocked this connection; ask its support, waiting does not help"),
            Kind::Stopped => {
                Error::new(Exit::Stopped, "stopped before anything new was read")
                    .hint("run the same command again")
            }
            Kind::RateLimited | Kind::Server | Kind::Transport | Kind::Away => {
                Error::failed(message).hint(HINT_RETRY)
            }
            Kind::Edge => Error::failed(message).hint(
                "this says nothing of the token: check --api-url and any proxy, and run the same command again; if it \
                 stays so, the network keeps requests from this address away from Notion",
            ),
            Kind::Malformed => Error::failed(message).hint(
                "the answer did not come from Notion, or something on the way changed it: check --api-url \
                 and any proxy",
            ),
            Kind::Validation | Kind::Conflict | Kind::Expired | Kind::Local | Kind::Other => {
                Error::failed(message)
            }
        }
    }
}

impl From<repo::Error> for Error {
    fn from(error: repo::Error) -> Error {
        let message = error.to_string();
        if let repo::Error::Sink { source, .. } = error {
            return Error::from(source);
        }
        let (exit, hint) = match &error {
            repo::Error::NotARepository { .. } => (
                Exit::NoRepository,
                "check --repo and NOTION_BACKUP_REPO, and that the disk is mounted; `dump` makes a new repository \
                 in a missing or empty folder",
            ),
            repo::Error::NoFolder { .. } => (
                Exit::NoRepository,
                "check --repo and NOTION_BACKUP_REPO, and that the disk is mounted; if it is right, make the folder \
                 with `mkdir -p` and run the command again",
            ),
            repo::Error::NotEmpty { .. } => (
                Exit::NoRepository,
                "give a folder that is empty or does not exist yet",
            ),
            repo::Error::Newer { .. } => (Exit::Failed, "install the newest notion-backup"),
            repo::Error::Locked { .. } => (
                Exit::Locked,
                "wait until the other command has ended, then run this one again; a lock of another \
                 machine that crashed is passed over half an hour later, and `unlock --remove-all` removes it at once",
            ),
            repo::Error::LockLost { .. } => (
                Exit::Locked,
                "the machine may have slept, or the disk was away; run the same command again",
            ),
            repo::Error::NoSnapshot { .. } => (
                Exit::Failed,
                "`snapshots` lists what there is; a snapshot is named by the start of its id, by the time that is shown of it \
                 (\"2026-01-31 09:05\"), by a day (2026-01-31, yesterday), or as `latest`",
            ),
            repo::Error::Ambiguous { .. } => (
                Exit::Failed,
                "give more of the id, or a time with the seconds and the offset that `snapshots` shows",
            ),
            error if error.is_full() => (
                Exit::Failed,
                "make room on the disk and run the same command again; every snapshot saved so far is whole",
            ),
            error if error.is_read_only() || error.is_denied() => (
                Exit::Failed,
                "the repository must belong to the user who runs this, on a disk that can be written to",
            ),
            error if error.is_damage() => (
                Exit::Failed,
                "`check --read-data` lists all damage; put the repository back from a copy, or let \
                 `check --read-data --repair` save what is left and `dump` read again what is still in Notion",
            ),
            _ => return Error::failed(message),
        };
        Error::new(exit, message).hint(hint)
    }
}

impl From<extract::Error> for Error {
    fn from(error: extract::Error) -> Error {
        let message = error.to_string();
        match error {
            extract::Error::Repository(error) => Error::from(error),
            extract::Error::NotEmpty { .. } => Error::failed(message)
                .hint("give a folder that is empty or does not exist yet: nothing is overwritten"),
            error => match error.io_kind() {
                Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
                    Error::failed(message).hint("make room, remove the folder, and run it again")
                }
                _ => Error::failed(message),
            },
        }
    }
}

impl From<forget::Error> for Error {
    fn from(error: forget::Error) -> Error {
        let message = error.to_string();
        match error {
            forget::Error::Repo(error) => Error::from(error),
            forget::Error::Last { .. } => Error::failed(message).hint(
                "make a complete one first, with `dump`; --unsafe-allow-remove-all removes it all the same",
            ),
        }
    }
}

impl From<gc::Error> for Error {
    fn from(error: gc::Error) -> Error {
        let message = error.to_string();
        match error {
            gc::Error::Repo(error) => Error::from(error),
            gc::Error::Unknown { source, .. }
                if matches!(*source, repo::Error::Newer { .. }) =>
            {
                Error::failed(message).hint("install the newest notion-backup")
            }
            gc::Error::Unknown {
                snapshot: Some(id), ..
            } => Error::failed(message).hint(format!(
                "put the file back from a copy of the repository, or give it up with `forget {id}`"
            )),
            gc::Error::Unknown { .. } => Error::failed(message).hint(
                "`check` says which snapshots are hit; `check --repair` saves what is left of them, then \
                 `forget` them",
            ),
            gc::Error::Stranger(_) => {
                Error::failed(message).hint("move it out of the repository, or give it its name back")
            }
            gc::Error::Stopped => Error::new(Exit::Interrupted, message)
                .hint("every snapshot is whole; run it again to do the rest"),
        }
    }
}

impl From<repair::Error> for Error {
    fn from(error: repair::Error) -> Error {
        let message = error.to_string();
        match error {
            repair::Error::Repo(error) => Error::from(error),
            repair::Error::Crawl(error) => Error::from(error),
            repair::Error::Unreadable(_) => Error::failed(message).hint(
                "see that the disk is mounted and that its files belong to you, then run it again",
            ),
            repair::Error::Stopped => Error::new(Exit::Interrupted, message),
        }
    }
}

impl From<crawl::Error> for Error {
    fn from(error: crawl::Error) -> Error {
        let message = error.to_string();
        match error {
            crawl::Error::Notion(error) => Error::from(*error),
            crawl::Error::Repo(error) => Error::from(error),
            crawl::Error::RootNotFound(_) => Error::failed(message).hint(
                "open it in Notion and add the connection under ••• > Connections, or correct --root",
            ),
            crawl::Error::Stopped => Error::new(Exit::Stopped, message)
                .hint("run the same command again to continue where this one was"),
            crawl::Error::Outage { .. } => Error::failed(message).hint(HINT_RETRY),
            _ => Error::failed(message),
        }
    }
}

impl From<dump::Error> for Error {
    fn from(error: dump::Error) -> Error {
        let message = error.to_string();
        match error {
            dump::Error::Crawl(error) => Error::from(error),
            dump::Error::Repo(error) => Error::from(error),
            dump::Error::Notion(error) => Error::from(*error),
            dump::Error::NothingShared { .. } => Error::new(Exit::Shrunk, message).hint(format!(
                "{}. If nothing is meant to be there any more, run it again with --max-shrink 100",
                dump::HOW_TO_SHARE
            )),
            dump::Error::Shrunk { .. } => Error::new(Exit::Shrunk, message).hint(
                "if this is right, run it again with a larger --max-shrink, or without; if not, see in Notion \
                 whether the pages are still shared with the connection (••• > Connections)",
            ),
        }
    }
}

impl Error {
    /// Why a restore ended before its end.
    pub fn early(failure: &restore::Failure) -> Error {
        use restore::Failure;

        let message = failure.to_string();
        match failure {
            Failure::Token(error) => Error::from((**error).clone()),
            Failure::Capability(capability, _) => {
                Error::new(Exit::Refused, message).hint(grant(capability.name()))
            }
            Failure::BlockLimit(_) => Error::new(Exit::Stopped, message).hint(
                "the workspace is on the Free plan and takes no more blocks: upgrade it, or restore into another \
                 workspace; what was restored stays, and --resume goes on",
            ),
            Failure::Stopped => Error::new(Exit::Stopped, message),
            _ => Error::new(Exit::Stopped, message).hint(
                "check the network connection and https://www.notion-status.com, then go on with --resume",
            ),
        }
    }
}

impl From<restore::Error> for Error {
    fn from(error: restore::Error) -> Error {
        use restore::Error as Restore;

        const ROOT: &str = "give the id or the link of a page that was shared with the connection (••• > Connections), \
             best an empty one made for this";
        let message = error.to_string();
        match error {
            Restore::Repo(error) | Restore::Source(restore::SourceError::Repository(error)) => {
                error.into()
            }
            Restore::Notion(error) if error.kind == notion::Kind::Stopped => {
                Error::new(Exit::Stopped, "stopped before anything was written")
                    .hint("run the same command again")
            }
            Restore::Notion(error) => Error {
                message: format!("nothing was written: {error}"),
                ..(*error).into()
            },
            Restore::Undo(failure) => {
                let Error { exit, hint, .. } = Error::early(&failure);
                let again = "run it again for the rest";
                let hint = match *failure {
                    restore::Failure::Capability(..) | restore::Failure::Token(_) => hint,
                    _ => Some(again.to_owned()),
                };
                Error { exit, message, hint }
            }
            Restore::RootIsRestored { .. } => Error::usage(message).hint(
                "restore below a page that is not in the backup: make a new one, share it, and give its id",
            ),
            Restore::RootInTrash { .. }
            | Restore::RootIsDatabase { .. }
            | Restore::RootIsBlock { .. }
            | Restore::RootUnreachable { .. } => Error::failed(message).hint(ROOT),
            Restore::Unfinished { name } => Error::failed(message).hint(format!(
                "go on with --resume, or take it back with `restore undo {name}`"
            )),
            Restore::OldJournal { name } => Error::failed(message).hint(format!(
                "take it back with `restore undo {name}`, then restore again"
            )),
            Restore::Panicked => Error::failed(message).hint(
                "what was done is noted: go on with --resume, and please report the message above",
            ),
            Restore::NothingToResume { .. } => {
                Error::failed(message).hint("run the command without --resume to begin a restore")
            }
            Restore::NoJournal { .. } => Error::failed(message)
                .hint("the folders state/restore-... of the repository are the journals"),
            Restore::JournalDamaged { .. } => Error::failed(message).hint(
                "put the file back from a copy of the repository; without it, what the restore has made so far can \
                 only be put into the trash by hand, in Notion",
            ),
            Restore::NotInOriginal { .. } => {
                Error::failed(message).hint("`ls --recursive SNAPSHOT` shows the paths and ids")
            }
            Restore::Empty => Error::failed(message)
                .hint("`snapshots` lists the backups; a folder must be one that `extract` or `plakar restore` wrote"),
            Restore::Unreadable { .. } => Error::failed(message)
                .hint("`check --read-data` tells what is damaged; `snapshots` lists the other backups"),
            Restore::Source(restore::SourceError::Folder { .. })
            | Restore::Json(_)
            | Restore::Workers(_) => Error::failed(message),
        }
    }
}

/// The capability that a call needs (section 1.2 of the API digest).
fn capability(endpoint: &str) -> &'static str {
    match endpoint.contains("/users") {
        true => "Read user information",
        false => restore::Capability::needed_by(endpoint).name(),
    }
}

/// How to grant a capability.
fn grant(capability: &str) -> String {
    format!(
        "the token lacks a capability, probably \"{capability}\": switch it on at \
         https://www.notion.so/profile/integrations, under Configuration > Capabilities, then run the command again"
    )
}

/// A text that may repeat what was typed, with everything that looks like a token
/// replaced: people do paste it in the wrong place.
pub fn redact(text: &str) -> String {
    const PREFIXES: [&str; 2] = ["ntn_", "secret_"];
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, prefix)) = PREFIXES
        .iter()
        .filter_map(|prefix| rest.find(prefix).map(|at| (at, prefix)))
        .min()
    {
        let (before, token) = rest.split_at(at);
        result.push_str(before);
        result.push_str(prefix);
        result.push_str("***");
        let secret = token.strip_prefix(prefix).unwrap_or(token);
        rest = secret.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric());
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_refusal_has_its_code_and_advice() {
        let refused = |kind, endpoint: &str| Error::from(notion::Error::new(kind, endpoint, "no"));
        let error = refused(notion::Kind::Unauthorized, "GET /v1/users/me");
        assert_eq!(error.exit, Exit::Refused);
        assert!(error.message.contains("GET /v1/users/me"));
        for (endpoint, capability) in [
            ("GET /v1/comments", "Read comments"),
            ("GET /v1/users", "Read user information"),
            ("POST /v1/search", "Read content"),
        ] {
            let error = refused(notion::Kind::Restricted, endpoint);
            assert_eq!(error.exit, Exit::Refused);
            assert!(error.hint.unwrap().contains(capability), "{endpoint}");
        }
        assert_eq!(refused(notion::Kind::Server, "x").exit, Exit::Failed);
        assert_eq!(refused(notion::Kind::Stopped, "x").exit, Exit::Stopped);
    }

    #[test]
    fn a_broken_pipe_is_quiet() {
        let broken = Error::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(broken.is_broken_pipe());
        let full = Error::from(io::Error::from(io::ErrorKind::StorageFull));
        assert!(!full.is_broken_pipe());
        assert_eq!(full.exit, Exit::Failed);
    }

    #[test]
    fn a_token_in_the_wrong_place_is_not_repeated() {
        assert_eq!(
            redact("unexpected 'ntn_AbC123' and secret_x9, not ntn_"),
            "unexpected 'ntn_***' and secret_***, not ntn_***"
        );
        assert_eq!(redact("nothing here"), "nothing here");
    }
}

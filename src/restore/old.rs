//! Removing the journals of restores that ended long ago.
//!
//! A journal holds the text of what was restored. It is needed to go on, and to take a
//! restore back; once it is over and Notion's trash has been emptied since, it is neither.

use std::io::{BufRead as _, BufReader, Read as _};

use jiff::{SignedDuration, Timestamp};

use super::Error;
use super::journal::{DONE, DoneLine, Journal, LINE_LIMIT, PLAN, PlanLine};
use crate::repo::{self, Repository};

/// How long after its end a journal is kept: as long as Notion keeps what is in the trash
/// (section 2.4 of the API digest).
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The journals that can go, oldest first: of restores that were complete or taken back
/// thirty days ago, or that were planned then and never sent anything.
pub fn old_journals(repo: &Repository, now: Timestamp) -> Result<Vec<String>, Error> {
    let mut old = Vec::new();
    for name in Journal::names(repo)? {
        let ended = ended(repo, &name)?;
        if ended.is_some_and(|ended| now.duration_since(ended) > KEPT) {
            old.push(name);
        }
    }
    Ok(old)
}

/// Removes these journals; one that a process holds stays. Returns how many are gone.
pub fn remove_journals(repo: &Repository, names: &[String], now: Timestamp) -> Result<u64, Error> {
    let mut removed = 0;
    for name in names {
        match repo.remove_state(name, "prune", now) {
            Ok(()) => removed += 1,
            Err(error) if error.is_locked() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(removed)
}

/// When a restore was over; `None` while it can be continued, or when that is not known.
fn ended(repo: &Repository, name: &str) -> Result<Option<Timestamp>, Error> {
    let mut ended = None;
    let mut begun = false;
    each_line(repo, name, DONE, |line| {
        begun = true;
        if let Ok(DoneLine::Complete { at } | DoneLine::Undone { at }) =
            serde_json::from_slice(line)
        {
            ended = ended.max(Some(at));
        }
        true
    })?;
    if begun {
        return Ok(ended);
    }
    // Nothing was sent.
    each_line(repo, name, PLAN, |line| {
        if let Ok(PlanLine::Head(head)) = serde_json::from_slice(line) {
            ended = Some(head.planned);
        }
        false
    })?;
    Ok(ended)
}

/// The whole lines of a file of a journal, until `each` has seen enough.
fn each_line(
    repo: &Repository,
    name: &str,
    file: &str,
    mut each: impl FnMut(&[u8]) -> bool,
) -> Result<(), Error> {
    let Some(content) = repo.read_state(name, file)? else {
        return Ok(());
    };
    let mut content = BufReader::new(content);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = content
            .by_ref()
            .take(LINE_LIMIT)
            .read_until(b'\n', &mut line);
        read.map_err(|source| repo::Error::Io {
            action: "read",
            place: repo.place(&format!("state/{name}/{file}")),
            source,
        })?;
        if !line.ends_with(b"\n") || !each(&line) {
            return Ok(());
        }
    }
}

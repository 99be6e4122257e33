//! Taking a restore back: what it has made goes into the trash.
//!
//! What lies in a page goes with it, so only what was made right below the page of the
//! restore is asked for. What may have been made by a request whose answer was lost is
//! looked for first; nothing is ever created here, and nothing else is touched.

use std::collections::BTreeSet;
use std::io::Read;

use super::Error;
use super::journal::{DoneLine, Journal};
use super::perform::{Failure, OpenFile, Performer, made_in};
use super::step::Action;
use crate::clock::Clock;
use crate::model::NotionId;
use crate::notion::{Kind, Notion, Request};
use crate::repo::Repository;

/// What an undo works with.
pub struct Undo<'j> {
    /// The API.
    pub notion: &'j Notion,
    /// Where the journal is.
    pub repo: &'j Repository,
    /// Its name.
    pub journal: &'j str,
    /// Time.
    pub clock: &'j dyn Clock,
}

/// What an undo did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// The journal's name.
    pub name: String,
    /// The page that the restore went below.
    pub root: NotionId,
    /// Its title.
    pub root_title: String,
    /// Pages and databases at the top that were put into the trash, with all in them.
    pub trashed: u64,
    /// Those that were there, or not there any more, before.
    pub gone: u64,
}

/// Puts everything into the trash that a restore has made. It may be run again.
pub fn undo(job: &Undo<'_>) -> Result<Undone, Error> {
    let journal = Journal::open(job.repo, job.journal, "restore undo", job.clock.now())?;
    let progress = journal.progress()?;
    let mut undone = Undone {
        name: journal.name().to_owned(),
        root: journal.head.root,
        root_title: journal.head.root_title.clone(),
        trashed: 0,
        gone: 0,
    };
    let mut taken: BTreeSet<NotionId> = progress
        .ids
        .values()
        .filter_map(|id| id.parse().ok())
        .collect();
    let parts = progress.made.values().flatten();
    taken.extend(parts.flat_map(|part| &part.ids).flatten());
    let is_taken = |id: NotionId| taken.contains(&id);
    let performer = Performer::new(job.notion, &NoFiles, &is_taken);
    for number in (0..journal.steps()).rev() {
        let step = journal.step(number)?;
        let Action::Call(call) = &step.action else {
            continue;
        };
        let call = call.filled(&progress.ids);
        let Some((page, at)) = made_in(&call) else {
            continue;
        };
        if page != journal.head.root {
            continue;
        }
        let learned = step.learns.iter().find(|learn| learn.at == at);
        let known = learned.and_then(|learn| progress.ids.get(&learn.id));
        let parts = progress.made.get(&number).into_iter().flatten();
        let object = parts.filter(|part| part.under.is_none());
        // Only what `/id` names is ever made in parts.
        let object = object.flat_map(|part| &part.ids).flatten().next();
        let known = known.cloned().or_else(|| object.map(ToString::to_string));
        let id = match (known, progress.begun.get(&number)) {
            (Some(id), _) => Some(id),
            (None, Some(begun)) => {
                let found = performer.made(&call, *begun).map_err(failed)?;
                found.and_then(|it| Some(it.pointer(at)?.as_str()?.to_owned()))
            }
            (None, None) => None,
        };
        match id.map(|id| trash(job.notion, &id)).transpose()? {
            Some(true) => undone.trashed += 1,
            Some(false) => undone.gone += 1,
            None => {}
        }
    }
    journal.note(&DoneLine::Undone {
        at: job.clock.now(),
    })?;
    Ok(undone)
}

fn failed(failure: Failure) -> Error {
    Error::Undo(Box::new(failure))
}

/// Puts one page or database into the trash; false when it was there or is gone.
fn trash(notion: &Notion, id: &str) -> Result<bool, Error> {
    match notion.write(&Request::delete(format!("/v1/blocks/{id}"))) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind, Kind::NotFound | Kind::Validation) => Ok(false),
        Err(error) => Err(failed(Failure::of(error))),
    }
}

/// No files: what is undone needs none.
struct NoFiles;

impl OpenFile for NoFiles {
    fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, String> {
        Err(format!("{path} is not needed"))
    }
}

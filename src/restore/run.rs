//! The whole of a restore: from a source and a page to a report.

use std::collections::BTreeSet;
use std::io::Read;

use serde_json::{Value, json};

use super::Error;
use super::choose::choose;
use super::execute::{self, Ended, Tools};
use super::journal::{DoneLine, Head, Journal, Progress, VERSION};
use super::left_out::{LeftOut, leave_out};
use super::loss::{Degree, Loss};
use super::original::Original;
use super::perform::{Failure, OpenFile};
use super::plan::{Planned, REQUESTS_PER_MINUTE, Totals, plan};
use super::source::Source;
use super::step::Action;
use super::survey::{Survey, survey};
use crate::clock::Clock;
use crate::model::NotionId;
use crate::notion::{Method, Notion};
use crate::repo::Repository;
use crate::report::{Phase, Report};

/// What a restore works with.
pub struct Job<'j> {
    /// The API.
    pub notion: &'j Notion,
    /// Where the journal is kept.
    pub repo: &'j Repository,
    /// What is restored.
    pub source: &'j dyn Source,
    /// The id of the snapshot, or the folder, for people and to know it again.
    pub from: String,
    /// The page that everything goes below.
    pub root: NotionId,
    /// Ids, links or paths that it is limited to; empty for everything.
    pub only: Vec<String>,
    /// Requests under way at once.
    pub jobs: usize,
    /// Time.
    pub clock: &'j dyn Clock,
    /// Who listens.
    pub report: &'j dyn Report,
}

/// What a restore would do.
#[derive(Clone, Debug)]
pub struct Preview {
    /// What was asked of the target.
    pub survey: Survey,
    /// How much, and what will not come back as it was.
    pub planned: Planned,
    /// The pace that the time is reckoned by: the one asked for, else that of all plans
    /// but the largest.
    pub requests_per_minute: u64,
}

/// What a restore did.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The name of its journal.
    pub journal: String,
    /// The path of its report in the repository.
    pub report: String,
    /// The title of the page that everything went below.
    pub root_title: String,
    /// What was planned.
    pub totals: Totals,
    /// Whether nothing at all was created.
    pub nothing: bool,
    /// What was left out on purpose.
    pub left_out: Vec<LeftOut>,
    /// Everything that did not come back as it was.
    pub losses: Vec<Loss>,
    /// Steps that are done, or cannot be.
    pub steps_done: u64,
    /// All steps.
    pub steps: u64,
    /// Why it ended early, if it did: it can be resumed.
    pub early: Option<Failure>,
}

impl Summary {
    /// Whether anything but details is lost.
    pub fn has_losses(&self) -> bool {
        self.losses.iter().any(|loss| loss.degree != Degree::Detail)
    }
}

/// Says what a restore would do. Nothing is written.
pub fn preview(job: &Job<'_>) -> Result<Preview, Error> {
    let Prepared {
        original,
        survey,
        chosen,
        left_out,
    } = prepare(job)?;
    let mut planned = plan(&original, &survey, &chosen, &mut |_| Ok(()))?;
    planned.left_out = left_out;
    Ok(Preview {
        survey,
        planned,
        requests_per_minute: REQUESTS_PER_MINUTE,
    })
}

/// Restores.
pub fn restore(job: &Job<'_>) -> Result<Summary, Error> {
    if let Some(name) = unfinished(job.repo, job.root, Some(&job.from))? {
        let journal = Journal::open(job.repo, &name, "restore", job.clock.now())?;
        return Err(match journal.head.version < VERSION {
            true => Error::OldJournal { name },
            false => Error::Unfinished { name },
        });
    }
    let Prepared {
        original,
        survey,
        chosen,
        left_out,
    } = prepare(job)?;
    let head = Head {
        version: VERSION,
        root: job.root,
        root_title: survey.root_title.clone(),
        from: job.from.clone(),
        only: match job.only.is_empty() {
            true => Vec::new(),
            false => chosen.iter().copied().collect(),
        },
        planned: job.clock.now(),
    };
    let mut journal = Journal::create(job.repo, head)?;
    let mut planned = plan(&original, &survey, &chosen, &mut |step| journal.plan(step))?;
    planned.left_out = left_out;
    journal.end_plan(planned)?;
    drop(original);
    carry_out(job, &journal)
}

/// Goes on with the newest unfinished restore into the page.
pub fn resume(job: &Job<'_>) -> Result<Summary, Error> {
    let name = unfinished(job.repo, job.root, None)?;
    let name = name.ok_or(Error::NothingToResume { root: job.root })?;
    let journal = Journal::open(job.repo, &name, "restore", job.clock.now())?;
    if journal.head.version < VERSION {
        return Err(Error::OldJournal { name });
    }
    carry_out(job, &journal)
}

/// What the journal of the newest unfinished restore into a page says that it restores:
/// the id of a snapshot, or a folder.
pub fn unfinished_source(
    repo: &Repository,
    root: NotionId,
    clock: &dyn Clock,
) -> Result<Option<String>, Error> {
    let Some(name) = unfinished(repo, root, None)? else {
        return Ok(None);
    };
    let journal = Journal::open(repo, &name, "restore", clock.now())?;
    Ok(Some(journal.head.from))
}

/// What a plan is made from.
struct Prepared<'j> {
    original: Original<'j>,
    survey: Survey,
    chosen: BTreeSet<NotionId>,
    left_out: Vec<LeftOut>,
}

fn prepare<'j>(job: &Job<'j>) -> Result<Prepared<'j>, Error> {
    job.report.phase(Phase::Planning);
    let original = Original::load(job.source)?;
    let mut chosen = choose(&original, &job.only)?;
    let only = !job.only.is_empty();
    let left_out = leave_out(&original, job.repo, job.notion, job.root, only, &mut chosen)?;
    let survey = survey(job.notion, &original, job.root, &chosen)?;
    Ok(Prepared {
        original,
        survey,
        chosen,
        left_out,
    })
}

/// The newest journal of a restore into this page that is not at its end.
fn unfinished(
    repo: &Repository,
    root: NotionId,
    from: Option<&str>,
) -> Result<Option<String>, Error> {
    for name in Journal::names(repo)?.into_iter().rev() {
        if super::journal::is_unfinished(repo, &name, root, from)? {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn carry_out(job: &Job<'_>, journal: &Journal) -> Result<Summary, Error> {
    let files = SourceFiles(job.source);
    let tools = Tools {
        notion: job.notion,
        files: &files,
        report: job.report,
        jobs: job.jobs,
    };
    let ended = execute::execute(&tools, journal)?;
    let progress = journal.progress()?;
    let nothing = !created_something(journal, &progress)?;
    let ending = journal.ending.clone().unwrap_or_default();
    let mut losses = ending.losses;
    losses.extend(progress.losses);
    losses.sort();
    losses.dedup();
    let early = match ended {
        Ended::Complete => {
            journal.note(&DoneLine::Complete {
                at: job.clock.now(),
            })?;
            None
        }
        Ended::Early(failure) => Some(*failure),
    };
    let done = progress.ended.len() + progress.failed.len();
    let summary = Summary {
        journal: journal.name().to_owned(),
        report: String::new(),
        root_title: journal.head.root_title.clone(),
        totals: ending.totals,
        nothing,
        left_out: ending.left_out,
        losses,
        steps_done: done as u64,
        steps: u64::from(journal.steps()),
        early,
    };
    let report = journal.report(&as_json(&summary, journal, progress.ids.len()))?;
    Ok(Summary { report, ..summary })
}

/// Whether a restore has created anything: a page, a database, blocks or a view.
fn created_something(journal: &Journal, progress: &Progress) -> Result<bool, Error> {
    for number in progress.ended.keys() {
        if let Action::Call(call) = journal.step(*number)?.action
            && call.method != Method::Get
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The report file: what was restored, and what was not; `made` new ids are known.
fn as_json(summary: &Summary, journal: &Journal, made: usize) -> Value {
    json!({
        "journal": summary.journal,
        "from": journal.head.from,
        "root": journal.head.root,
        "only": journal.head.only,
        "complete": summary.early.is_none(),
        "why": summary.early.as_ref().map(ToString::to_string),
        "totals": summary.totals,
        "steps": {"done": summary.steps_done, "all": summary.steps},
        "made": made,
        "nothing": summary.nothing,
        "left_out": summary.left_out,
        "losses": summary.losses,
    })
}

/// The files of a source, for uploads.
struct SourceFiles<'s>(&'s dyn Source);

impl OpenFile for SourceFiles<'_> {
    fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, String> {
        let item = self.0.find(path).map_err(|error| error.to_string())?;
        let item = item.ok_or_else(|| format!("the backup has no file {path} any more"))?;
        self.0.open(&item.place).map_err(|error| error.to_string())
    }
}

//! What a restore is going to do, and what it has done.
//!
//! A restore keeps a group of state files in the repository: `plan.jsonl` with all steps,
//! written before the first of them is sent, and `done.jsonl` with a line before and a
//! line after each. So a restore that dies at any moment can be continued: steps with an
//! end are done, a step with a beginning and no end may have been executed, and the rest
//! was never sent. Nothing of either is ever changed, only appended.

mod version_1;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{BufRead as _, BufReader, Read as _};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::checkpoint::Checkpoint;
use super::left_out::LeftOut;
use super::loss::Loss;
use super::plan::Planned;
use super::step::Step;
use super::{Error, PendingId};
use crate::model::NotionId;
use crate::repo::{self, Log, ObjectId, Repository, State};

/// The version of the journal's format.
pub const VERSION: u32 = 2;
/// The name of every group of a restore starts with this.
const PREFIX: &str = "restore-";
pub(super) const PLAN: &str = "plan.jsonl";
pub(super) const DONE: &str = "done.jsonl";
/// The file that says in the end what was restored and what was not.
const REPORT: &str = "report.json";
/// The longest line that is read back, in bytes: a request has at most 500 KB (section
/// 1.5 of the API digest), and its answer's ids less. The last line of a plan, with all
/// that will be lost, may be long.
pub(super) const LINE_LIMIT: u64 = 64 << 20;

/// What a restore is about: the first line of its plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The version of this file's format.
    pub version: u32,
    /// The page that everything goes below.
    pub root: NotionId,
    /// Its title.
    pub root_title: String,
    /// The id of the snapshot, or the folder, that is restored.
    pub from: String,
    /// What it is limited to; empty for everything.
    pub only: Vec<NotionId>,
    /// When it was planned.
    pub planned: Timestamp,
}

/// A line of the plan.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PlanLine {
    Head(Head),
    Step(Box<Step>),
    /// The last line: without it the plan is not whole, and nothing of it was sent.
    End(Ending),
}

/// What a plan comes to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// How much of everything.
    pub totals: super::plan::Totals,
    /// What is left out on purpose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// What will not come back as it was.
    pub losses: Vec<Loss>,
}

/// A line of what has been done; numbers are positions in the plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoneLine {
    /// A step is about to be sent.
    Begin {
        /// Which.
        step: u32,
        /// When.
        at: Timestamp,
    },
    /// A request of a step has made something, and others of the step follow.
    Made {
        /// Which step.
        step: u32,
        /// What it made.
        #[serde(flatten)]
        made: Checkpoint,
    },
    /// A step is done.
    End {
        /// Which.
        step: u32,
        /// When.
        at: Timestamp,
        /// What pending ids have become.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "by_text")]
        ids: BTreeMap<PendingId, String>,
        /// What did not come back as it was.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        losses: Vec<Loss>,
        /// Whether fewer blocks are there than the plan reckons.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        short: bool,
    },
    /// A step cannot be done.
    Failed {
        /// Which.
        step: u32,
        /// What is lost by it; `None` when another line says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        loss: Option<Loss>,
    },
    /// Nothing is left to do.
    Complete {
        /// When.
        at: Timestamp,
    },
    /// Everything that was made has been put into the trash.
    Undone {
        /// When.
        at: Timestamp,
    },
}

/// How far a restore has come.
#[derive(Debug, Default)]
pub struct Progress {
    /// When each step was begun for the first time.
    pub begun: HashMap<u32, Timestamp>,
    /// What steps of several requests have made, in order.
    pub made: HashMap<u32, Vec<Checkpoint>>,
    /// Steps that are done, and have put fewer blocks there than the plan reckons.
    pub short: HashSet<u32>,
    /// When each step was done, if it is.
    pub ended: HashMap<u32, Timestamp>,
    /// Steps that cannot be done.
    pub failed: HashSet<u32>,
    /// What pending ids have become.
    pub ids: HashMap<PendingId, String>,
    /// What did not come back as it was.
    pub losses: Vec<Loss>,
    /// Whether nothing is left to do, or everything was put into the trash since.
    pub over: bool,
}

impl Progress {
    fn take(&mut self, line: DoneLine) {
        match line {
            DoneLine::Begin { step, at } => {
                self.begun.entry(step).or_insert(at);
            }
            DoneLine::End {
                step,
                at,
                ids,
                losses,
                short,
            } => {
                self.short.extend(short.then_some(step));
                self.ended.insert(step, at);
                self.ids.extend(ids);
                self.losses.extend(losses);
            }
            DoneLine::Made { step, made } => self.made.entry(step).or_default().push(made),
            DoneLine::Failed { step, loss } => {
                self.losses.extend(loss);
                self.failed.insert(step);
            }
            DoneLine::Complete { .. } | DoneLine::Undone { .. } => self.over = true,
        }
    }
}

/// The journal of one restore, held by this process.
pub struct Journal {
    name: String,
    state: State,
    plan: Log,
    done: Log,
    /// Where each step stands in the plan: offset and length.
    index: Vec<(u64, u32)>,
    /// What its steps make, where the plan is of version 1.
    version_1: Option<version_1::Made>,
    /// What the plan is about.
    pub head: Head,
    /// What it comes to; `None` while it is being made.
    pub ending: Option<Ending>,
}

impl Journal {
    /// A new journal in this repository.
    pub fn create(repo: &Repository, head: Head) -> Result<Journal, Error> {
        let hash = ObjectId::of(&serde_json::to_vec(&head)?).to_string();
        let time = head.planned.strftime("%Y%m%dT%H%M%SZ");
        let first = format!("{PREFIX}{time}-{}", hash.get(..8).unwrap_or_default());
        // The journal of the same restore a moment ago is kept: it is needed to undo it.
        let taken = Journal::names(repo)?;
        let mut name = first.clone();
        let mut count = 1;
        while taken.contains(&name) {
            count += 1;
            name = format!("{first}-{count}");
        }
        let state = repo.state(&name, "restore", head.planned)?;
        let journal = Journal {
            plan: state.log(PLAN)?,
            done: state.log(DONE)?,
            state,
            name,
            index: Vec::new(),
            version_1: None,
            head: head.clone(),
            ending: None,
        };
        journal.plan.truncate(0)?;
        journal.done.truncate(0)?;
        append(&journal.plan, &PlanLine::Head(head))?;
        Ok(journal)
    }

    /// Opens the journal with this name, for `command`.
    pub fn open(
        repo: &Repository,
        name: &str,
        command: &str,
        now: Timestamp,
    ) -> Result<Journal, Error> {
        let unknown = || Error::NoJournal {
            name: name.to_owned(),
        };
        // What people copy may be the path of its folder.
        let name = name
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or(name);
        if !Journal::names(repo)?.iter().any(|known| known == name) {
            return Err(unknown());
        }
        let state = repo.state(name, command, now)?;
        let plan = state.log(PLAN)?;
        let done = state.log(DONE)?;
        let mut index = Vec::new();
        let mut head: Option<Head> = None;
        let mut ending = None;
        let mut version_1 = None;
        each_line(&plan, |at, line| {
            let Some(head) = &head else {
                head = read_head(name, line)?;
                return Ok(head.is_some());
            };
            if head.version < VERSION {
                let made = version_1.get_or_insert_with(version_1::Made::default);
                if made.take(line) {
                    index.push((at, line.len() as u32));
                    return Ok(true);
                }
            }
            match serde_json::from_slice(line) {
                Ok(PlanLine::Step(_)) => index.push((at, line.len() as u32)),
                Ok(PlanLine::End(found)) => ending = Some(found),
                // Being written when the process died, or damaged since.
                Ok(PlanLine::Head(_)) | Err(_) => return Ok(false),
            }
            Ok(true)
        })?;
        // Nothing is sent before all of the plan is safe on the disk.
        if ending.is_none() && done.len() > 0 {
            return Err(Error::JournalDamaged {
                name: name.to_owned(),
            });
        }
        Ok(Journal {
            head: head.ok_or_else(unknown)?,
            name: name.to_owned(),
            state,
            plan,
            done,
            index,
            version_1,
            ending,
        })
    }

    /// The names of all journals, oldest first.
    pub fn names(repo: &Repository) -> Result<Vec<String>, Error> {
        let mut names = repo.state_groups()?;
        names.retain(|name| name.starts_with(PREFIX));
        Ok(names)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds a step to the plan.
    pub fn plan(&mut self, step: Step) -> Result<(), Error> {
        let (at, length) = append(&self.plan, &PlanLine::Step(Box::new(step)))?;
        self.index.push((at, length));
        Ok(())
    }

    /// Ends the plan, durably.
    pub fn end_plan(&mut self, planned: Planned) -> Result<(), Error> {
        let ending = Ending {
            totals: planned.totals,
            left_out: planned.left_out,
            losses: planned.losses,
        };
        append(&self.plan, &PlanLine::End(ending.clone()))?;
        self.plan.sync()?;
        self.ending = Some(ending);
        Ok(())
    }

    /// How many steps the plan has.
    pub fn steps(&self) -> u32 {
        self.index.len().try_into().unwrap_or(u32::MAX)
    }

    /// A step of the plan.
    pub fn step(&self, number: u32) -> Result<Step, Error> {
        let (at, length) = self.index.get(number as usize).copied().unwrap_or_default();
        let line = self.plan.read_at(at, length)?;
        if let Some(made) = &self.version_1 {
            return Ok(made.step(&line)?);
        }
        match serde_json::from_slice(&line)? {
            PlanLine::Step(step) => Ok(*step),
            _ => Err(Error::NoJournal {
                name: self.name.clone(),
            }),
        }
    }

    /// Notes something; a beginning, and what was made while more follows, is durable
    /// before this returns, because what follows it cannot be taken back.
    pub fn note(&self, line: &DoneLine) -> Result<(), Error> {
        append(&self.done, line)?;
        if matches!(line, DoneLine::Begin { .. } | DoneLine::Made { .. }) {
            self.done.sync()?;
        }
        Ok(())
    }

    /// How far it has come. Half a line at the end is cut off; where a line is damaged,
    /// every step without an end may have been sent.
    pub fn progress(&self) -> Result<Progress, Error> {
        let mut progress = Progress::default();
        let mut whole = 0;
        let mut damaged = false;
        each_line(&self.done, |at, line| {
            whole = at + line.len() as u64 + 1;
            match serde_json::from_slice(line) {
                Ok(line) => progress.take(line),
                Err(_) => damaged = true,
            }
            Ok(true)
        })?;
        if damaged {
            let begun = &mut progress.begun;
            for step in 0..self.steps() {
                begun.entry(step).or_insert(self.head.planned);
            }
        }
        // It would spoil the next one.
        self.done.truncate(whole)?;
        Ok(progress)
    }

    /// Writes the report beside the journal; returns its name in the repository.
    pub fn report(&self, report: &serde_json::Value) -> Result<String, Error> {
        let content = serde_json::to_vec_pretty(report)?;
        self.state.store(REPORT, &content)?;
        Ok(format!("state/{}/{REPORT}", self.name))
    }
}

/// Whether a journal is of a restore into this page, of this source if one is given, that
/// has sent something and is not at its end. Read without holding the journal.
pub fn is_unfinished(
    repo: &Repository,
    name: &str,
    root: NotionId,
    from: Option<&str>,
) -> Result<bool, Error> {
    let Some(head) = peek(repo, name)?.filter(|head| head.root == root) else {
        return Ok(false);
    };
    if from.is_some_and(|from| from != head.from) {
        return Ok(false);
    }
    let mut begun = false;
    let mut over = false;
    each_done(repo, name, |line| {
        begun = true;
        over = matches!(
            line,
            Some(DoneLine::Complete { .. } | DoneLine::Undone { .. })
        );
        !over
    })?;
    Ok(begun && !over)
}

/// What a restore has made.
pub struct Made {
    /// The ids of all of it, each with the pending id that stood for it.
    pub ids: HashMap<NotionId, PendingId>,
    /// When it last made any, in Notion's time.
    pub until: Timestamp,
}

/// What a restore into this page has made; `None` for a restore into another page. Read
/// without holding the journal.
pub fn made_below(repo: &Repository, name: &str, root: NotionId) -> Result<Option<Made>, Error> {
    let Some(head) = peek(repo, name)?.filter(|head| head.root == root) else {
        return Ok(None);
    };
    let mut made = HashMap::new();
    let mut last = head.planned;
    each_done(repo, name, |line| {
        if let Some(DoneLine::End { at, ids, .. }) = line {
            let ids = ids.into_iter();
            made.extend(ids.filter_map(|(pending, id)| Some((id.parse().ok()?, pending))));
            last = last.max(at);
        }
        true
    })?;
    Ok(Some(Made {
        ids: made,
        until: last,
    }))
}

/// The first line of a journal's plan, read without holding it.
fn peek(repo: &Repository, name: &str) -> Result<Option<Head>, Error> {
    let Some(plan) = repo.read_state(name, PLAN)? else {
        return Ok(None);
    };
    let mut line = Vec::new();
    match BufReader::new(plan.take(LINE_LIMIT)).read_until(b'\n', &mut line) {
        Ok(_) => read_head(name, &line),
        Err(_) => Ok(None),
    }
}

/// Reads what a journal has noted, without holding it, until `each` says that it is
/// enough. A damaged line is `None`; half a line is the end.
fn each_done(
    repo: &Repository,
    name: &str,
    mut each: impl FnMut(Option<DoneLine>) -> bool,
) -> Result<(), Error> {
    let Some(done) = repo.read_state(name, DONE)? else {
        return Ok(());
    };
    let mut done = BufReader::new(done);
    let mut line = Vec::new();
    loop {
        line.clear();
        match done.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut line) {
            Ok(_) if line.ends_with(b"\n") => {}
            _ => return Ok(()),
        }
        if !each(serde_json::from_slice(&line).ok()) {
            return Ok(());
        }
    }
}

/// The first line of the plan of the journal with this name; `None` when it is no such
/// line, and an error when a newer program wrote it.
fn read_head(name: &str, line: &[u8]) -> Result<Option<Head>, Error> {
    let Ok(line) = serde_json::from_slice::<serde_json::Value>(line) else {
        return Ok(None);
    };
    let version = line["head"]["version"].as_u64().unwrap_or_default();
    if version > u64::from(VERSION) {
        return Err(repo::Error::Newer {
            place: format!("state/{name}/{PLAN}"),
            needs: format!("journal version {version}"),
        }
        .into());
    }
    match serde_json::from_value(line) {
        Ok(PlanLine::Head(head)) => Ok(Some(head)),
        _ => Ok(None),
    }
}

/// Appends a line of JSON; returns where it stands, without its end.
fn append(log: &Log, line: &impl Serialize) -> Result<(u64, u32), Error> {
    let mut bytes = serde_json::to_vec(line)?;
    let length = bytes.len().try_into().unwrap_or(u32::MAX);
    bytes.push(b'\n');
    Ok((log.append(&bytes)?, length))
}

/// Reads a log line by line, each with its offset, until `each` says that it is enough.
fn each_line(
    log: &Log,
    mut each: impl FnMut(u64, &[u8]) -> Result<bool, Error>,
) -> Result<(), Error> {
    const PIECE: u64 = 1 << 20;
    let end = log.len();
    let mut line = Vec::new();
    let mut line_at = 0;
    let mut at = 0;
    while at < end {
        let length = PIECE.min(end - at) as u32;
        let piece = log.read_at(at, length)?;
        at += u64::from(length);
        let mut rest = piece.as_slice();
        while let Some(stop) = rest.iter().position(|byte| *byte == b'\n') {
            line.extend_from_slice(rest.get(..stop).unwrap_or_default());
            rest = rest.get(stop + 1..).unwrap_or_default();
            if !each(line_at, &line)? {
                return Ok(());
            }
            line_at += line.len() as u64 + 1;
            line.clear();
        }
        line.extend_from_slice(rest);
        if line.len() as u64 > LINE_LIMIT {
            return Err(repo::Error::Invalid {
                what: "a journal".to_owned(),
                reason: format!("a line of it is longer than {LINE_LIMIT} bytes"),
            }
            .into());
        }
    }
    Ok(())
}

mod by_text {
    //! Pending ids as keys, which are texts in JSON.

    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::PendingId;

    pub fn serialize<S: Serializer>(
        ids: &BTreeMap<PendingId, String>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.collect_map(ids.iter().map(|(pending, id)| (pending.to_string(), id)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<BTreeMap<PendingId, String>, D::Error> {
        let texts = BTreeMap::<String, String>::deserialize(input)?;
        let ids = texts.into_iter().map(|(pending, id)| {
            let pending = pending.parse().map_err(serde::de::Error::custom)?;
            Ok((pending, id))
        });
        ids.collect()
    }
}

#[cfg(test)]
mod tests;

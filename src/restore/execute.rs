//! Carrying out a plan: step by step, several at once where they touch nothing in
//! common, each noted in the journal before and after.
//!
//! Nothing but the plan and the journal is looked at, so a restore that goes on after
//! an interruption does what it would have done without.

mod board;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard};

use jiff::{SignedDuration, Timestamp};
use serde_json::Map;

use super::checkpoint::{Checkpoint, Checkpoints};
use super::journal::{DoneLine, Journal};
use super::loss::{Degree, Loss};
use super::perform::{Done, Failure, Lost, OpenFile, Performer, leave_out};
use super::step::{Action, Call, Part, Step, Template};
use super::{Error, PendingId, pending};
use crate::model::NotionId;
use crate::notion::{Method, Notion};
use crate::report::{Counter, Phase, Report};
use board::{Board, Pick};

/// An upload that is not attached for this long is made again: Notion keeps it for an
/// hour (section 7.7 of the API digest).
const FRESH: SignedDuration = SignedDuration::from_mins(50);
/// How often a step is tried whose outcome stays unknown.
const TRIES: u32 = 3;

/// What carrying out a plan needs.
pub struct Tools<'e> {
    /// The API.
    pub notion: &'e Notion,
    /// The files of the original.
    pub files: &'e dyn OpenFile,
    /// Who listens.
    pub report: &'e dyn Report,
    /// Steps under way at once.
    pub jobs: usize,
}

/// How carrying out a plan ended.
#[derive(Debug)]
pub enum Ended {
    /// Every step was sent, or cannot be.
    Complete,
    /// Early, for a reason that concerns all steps; it can be resumed.
    Early(Box<Failure>),
}

/// Carries out what the journal's plan has left.
pub fn execute(tools: &Tools<'_>, journal: &Journal) -> Result<Ended, Error> {
    let progress = journal.progress()?;
    let board = Board::new(journal, &progress)?;
    // What earlier runs did is no part of this one's pace.
    tools.report.add(Counter::Steps, board.finished());
    tools.report.phase(Phase::Restoring);
    tools.report.expect(u64::from(journal.steps()));
    let board = Mutex::new(board);
    let taken = |id: NotionId| locked(&board).taken.contains(&id);
    let performer = Performer::new(tools.notion, tools.files, &taken);
    for (discussion, on) in locked(&board).discussions() {
        performer.know_discussion(discussion, on);
    }
    let run = Run {
        tools,
        journal,
        board: &board,
        performer: &performer,
        changed: Condvar::new(),
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(tools.jobs.max(1))
        .build()?;
    pool.scope(|scope| {
        for _ in 0..tools.jobs.max(1) {
            scope.spawn(|_| run.work_or_stop());
        }
    });
    let mut board = locked(&board);
    if board.error.is_none() && board.early.is_none() {
        for line in board.refused.drain(..) {
            journal.note(&line)?;
        }
    }
    match (board.error.take(), board.early.take()) {
        (Some(error), _) => Err(error),
        (None, Some(failure)) => Ok(Ended::Early(Box::new(failure))),
        (None, None) => Ok(Ended::Complete),
    }
}

fn locked(board: &Mutex<Board>) -> MutexGuard<'_, Board> {
    board
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

struct Run<'e> {
    tools: &'e Tools<'e>,
    journal: &'e Journal,
    board: &'e Mutex<Board>,
    performer: &'e Performer<'e>,
    changed: Condvar,
}

impl Run<'_> {
    fn board(&self) -> MutexGuard<'_, Board> {
        locked(self.board)
    }

    /// One worker. If it panics, the others end too: they would wait for its step.
    fn work_or_stop(&self) {
        if catch_unwind(AssertUnwindSafe(|| self.work())).is_err() {
            self.board().error.get_or_insert(Error::Panicked);
            self.changed.notify_all();
        }
    }

    /// Takes steps as they become possible, until none is left.
    fn work(&self) {
        let mut board = self.board();
        loop {
            match board.pick() {
                Pick::Step(number) => {
                    drop(board);
                    let result = self.step(number);
                    board = self.board();
                    if let Err(error) = result {
                        board.error.get_or_insert(error);
                    }
                    board.release(number);
                    self.changed.notify_all();
                }
                Pick::Wait => {
                    board = self
                        .changed
                        .wait(board)
                        .unwrap_or_else(|poisoned| poisoned.into_inner());
                }
                Pick::Nothing => {
                    self.changed.notify_all();
                    return;
                }
            }
        }
    }

    /// Carries out one step and notes it.
    fn step(&self, number: u32) -> Result<(), Error> {
        let mut step = self.journal.step(number)?;
        if !self.board().reckons(number) {
            step.before = None;
        }
        if step.part == Part::Comment && self.board().no_comments {
            return self.give_up(number, &step, None);
        }
        if self.board().never_made(number).is_some() {
            return self.fail(
                number,
                &step,
                "what it belongs to could not be restored",
                true,
            );
        }
        self.renew_uploads(&step)?;
        let mut again = self.board().begun(number);
        let mut tries = 0;
        let note = |made: &Checkpoint| self.note_made(number, made);
        let earlier = self.board().made(number);
        let mut so_far = Checkpoints::new(&earlier, &note);
        loop {
            let now = self.tools.notion.now();
            self.journal.note(&DoneLine::Begin {
                step: number,
                at: now,
            })?;
            let failure = match self.perform(&step, again, &mut so_far) {
                Ok(made) => return self.end(number, &step, made),
                Err(failure) => failure,
            };
            match failure {
                Failure::Capability(_, error) if is_upload(&step) => {
                    return self.refused_upload(number, &step, &error.to_string());
                }
                // Many calls in a row failed, but it is not Notion that is away.
                Failure::Away(error) if is_upload(&step) && self.answers() => {
                    return self.fail(number, &step, &error.to_string(), false);
                }
                Failure::Upload(id, _) if tries < TRIES => {
                    tries += 1;
                    let uploads = self.board().uploads_of(&step, id);
                    for number in uploads {
                        self.upload(number)?;
                    }
                }
                Failure::Upload(id, _) if self.board().lose_files(&step, Some(id)) => tries = 0,
                Failure::Later(_) if tries < TRIES => {
                    tries += 1;
                    again = again.or(Some(now));
                }
                // A file must not cost what shows it: without it the step may go.
                failure if self.may_be_a_file(&failure) && self.board().lose_files(&step, None) => {
                    again = again.or(Some(now));
                    tries = 0;
                }
                failure if is_only_of_comments(&step, &failure) => {
                    return self.no_comments(number, &step, &failure);
                }
                failure if failure.concerns_all() => {
                    self.board().early.get_or_insert(failure);
                    return Ok(());
                }
                // It is not this step: nothing would go, and everything be lost.
                Failure::Later(error) if !self.answers() => {
                    self.board().early.get_or_insert(Failure::Away(error));
                    return Ok(());
                }
                failure => {
                    let why = failure.to_string();
                    if let Some(made) = self.keep(&step, &so_far, &why) {
                        return self.end(number, &step, made);
                    }
                    return self.fail(number, &step, &why, false);
                }
            }
        }
    }

    /// Whether a failure may be about a file that the step attaches, and not about the
    /// token or the service.
    fn may_be_a_file(&self, failure: &Failure) -> bool {
        match failure {
            Failure::Capability(..) | Failure::Upload(..) | Failure::Step { .. } => true,
            Failure::Later(_) | Failure::Away(_) => self.answers(),
            Failure::Token(_) | Failure::BlockLimit(_) | Failure::Stopped => false,
        }
    }

    /// Whether Notion answers at all.
    fn answers(&self) -> bool {
        self.tools.notion.me().is_ok()
    }

    fn perform(
        &self,
        step: &Step,
        again: Option<Timestamp>,
        so_far: &mut Checkpoints<'_>,
    ) -> Result<Made, Failure> {
        let done = match &step.action {
            Action::Upload(bytes) => self.performer.upload(step, bytes, so_far)?,
            Action::Call(template) => {
                let (call, losses) = self.filled(step, template);
                if is_empty(&call) && so_far.is_empty() {
                    return Ok(Made::default());
                }
                let mut step = step.clone();
                if let Some(spare) = &mut step.spare {
                    spare.body = pending::filled(&spare.body, &self.board().known);
                }
                let mut done = self.performer.perform(&step, &call, again, so_far)?;
                done.losses.extend(losses);
                done
            }
        };
        Ok(Made::of(step, done))
    }

    /// The request of a step as it can be sent now, and what is lost of it.
    fn filled(&self, step: &Step, template: &Template) -> (Call, Vec<Loss>) {
        let (mut call, files) = {
            let board = self.board();
            (template.filled(&board.known), board.lost_files(step))
        };
        let lost = Lost {
            about: step.about,
            name: &|upload| files.get(upload).cloned(),
            why: "the file could not be uploaded",
        };
        let losses = leave_out(&mut call.body, &lost);
        (call, losses)
    }

    /// What a step has made before one of its requests failed for good; `None` for
    /// nothing. The rest of it is lost.
    fn keep(&self, step: &Step, so_far: &Checkpoints<'_>, why: &str) -> Option<Made> {
        let Action::Call(template) = &step.action else {
            return None;
        };
        let (call, losses) = self.filled(step, template);
        let mut done = self.performer.made_so_far(&call, so_far)?;
        done.losses.extend(losses);
        done.losses.push(Loss {
            id: step.about,
            page: None,
            on: String::new(),
            what: format!("rest of the {}", what(step)),
            why: why.to_owned(),
            degree: Degree::Missing,
        });
        Some(Made::of(step, done))
    }

    /// Notes what a request of a step has made. A journal that cannot be written ends the
    /// run.
    fn note_made(&self, number: u32, made: &Checkpoint) {
        let line = DoneLine::Made {
            step: number,
            made: made.clone(),
        };
        let noted = self.journal.note(&line);
        let mut board = self.board();
        board.taken.extend(made.ids.iter().flatten());
        if let Err(error) = noted {
            board.error.get_or_insert(error);
        }
    }

    fn end(&self, number: u32, step: &Step, made: Made) -> Result<(), Error> {
        let Made {
            ids,
            mut losses,
            short,
        } = made;
        self.count(step);
        let title = self.board().title(step);
        for loss in &mut losses {
            loss.on.clone_from(&title);
            self.tools
                .report
                .add(Counter::Failures, u64::from(loss.degree != Degree::Detail));
        }
        self.note_end(number, step, ids, losses, short)
    }

    fn note_end(
        &self,
        number: u32,
        step: &Step,
        ids: Vec<(PendingId, String)>,
        losses: Vec<Loss>,
        short: bool,
    ) -> Result<(), Error> {
        let at = self.tools.notion.now();
        self.journal.note(&DoneLine::End {
            step: number,
            at,
            ids: ids.iter().cloned().collect(),
            losses,
            short,
        })?;
        let mut board = self.board();
        board.end(number, step, ids, at);
        if short {
            board.shorten(number, step);
        }
        Ok(())
    }

    fn fail(&self, number: u32, step: &Step, why: &str, follows: bool) -> Result<(), Error> {
        let loss = Loss {
            id: step.about,
            page: None,
            on: self.board().title(step),
            what: what(step),
            why: why.to_owned(),
            degree: Degree::Missing,
        };
        // What follows from another failure is not told again.
        if !follows {
            self.tools.report.problem(&format!("{}: {why}", loss.what));
        }
        self.give_up(number, step, Some(loss))
    }

    /// Gives up a file that the API forbids to upload. The journal is told at the end only:
    /// where the token may create nothing at all, the restore ends early, and the run that
    /// goes on with another token uploads the file.
    fn refused_upload(&self, number: u32, step: &Step, why: &str) -> Result<(), Error> {
        let loss = Loss {
            id: step.about,
            page: None,
            on: String::new(),
            what: what(step),
            why: why.to_owned(),
            degree: Degree::Missing,
        };
        self.tools.report.problem(&format!("{}: {why}", loss.what));
        self.count(step);
        self.tools.report.add(Counter::Failures, 1);
        let mut board = self.board();
        board.fail(number, step);
        board.refused.push(DoneLine::Failed {
            step: number,
            loss: Some(loss),
        });
        Ok(())
    }

    /// Notes that comments cannot be written: one loss for all of them.
    fn no_comments(&self, number: u32, step: &Step, failure: &Failure) -> Result<(), Error> {
        let mut board = self.board();
        let first = !std::mem::replace(&mut board.no_comments, true);
        let left = board.comments_left();
        let pages = board.commented().into_iter();
        let pages: Vec<String> = pages.map(|it| format!("'{it}'")).collect();
        drop(board);
        let loss = first.then(|| Loss {
            id: step.about,
            page: None,
            on: String::new(),
            what: match left {
                1 => "1 comment".to_owned(),
                left => format!("{left} comments"),
            },
            why: match pages.is_empty() {
                true => failure.to_string(),
                false => format!("on {}: {failure}", pages.join(", ")),
            },
            degree: Degree::Missing,
        });
        if let Some(loss) = &loss {
            let Loss { what, why, .. } = loss;
            self.tools.report.problem(&format!("{what}: {why}"));
        }
        self.give_up(number, step, loss)
    }

    fn give_up(&self, number: u32, step: &Step, loss: Option<Loss>) -> Result<(), Error> {
        self.count(step);
        self.tools.report.add(Counter::Failures, 1);
        self.journal
            .note(&DoneLine::Failed { step: number, loss })?;
        self.board().fail(number, step);
        Ok(())
    }

    fn count(&self, step: &Step) {
        self.tools.report.add(Counter::Steps, 1);
        if let Action::Upload(bytes) = &step.action {
            self.tools.report.add(Counter::Files, 1);
            self.tools.report.add(Counter::FileBytes, bytes.size);
        }
    }

    /// Uploads again what the step attaches and nothing has attached for almost an hour.
    fn renew_uploads(&self, step: &Step) -> Result<(), Error> {
        let old = self.tools.notion.now() - FRESH;
        let stale = self.board().unattached(step, old);
        for number in stale {
            self.upload(number)?;
        }
        Ok(())
    }

    fn upload(&self, number: u32) -> Result<(), Error> {
        let step = self.journal.step(number)?;
        let mut none = Checkpoints::new(&[], &|_| {});
        match self.perform(&step, None, &mut none) {
            Ok(Made { ids, losses, .. }) => self.note_end(number, &step, ids, losses, false),
            // The step that needs it fails, and says so.
            Err(_) => Ok(()),
        }
    }
}

/// What a step has made.
#[derive(Default)]
struct Made {
    /// What its pending ids have become.
    ids: Vec<(PendingId, String)>,
    losses: Vec<Loss>,
    /// Whether fewer blocks are there than the plan reckons.
    short: bool,
}

impl Made {
    fn of(step: &Step, done: Done) -> Made {
        let ids = step.learns.iter().filter_map(|learn| {
            let id = done.answer.pointer(&learn.at)?.as_str()?;
            Some((learn.id, id.to_owned()))
        });
        Made {
            ids: ids.collect(),
            losses: done.losses,
            short: done.short,
        }
    }
}

/// Whether a change has nothing to change.
fn is_empty(call: &Call) -> bool {
    let fields = call.body.as_object();
    let properties = call.body["properties"].as_object();
    call.method == Method::Patch
        && fields.is_some_and(|fields| fields.len() == 1)
        && properties.is_some_and(Map::is_empty)
}

/// Whether a failure that concerns all steps of a sort is no reason to end: a restore
/// without its comments is better than none.
fn is_only_of_comments(step: &Step, failure: &Failure) -> bool {
    step.part == Part::Comment && matches!(failure, Failure::Capability(..))
}

fn is_upload(step: &Step) -> bool {
    matches!(step.action, Action::Upload(_))
}

/// What a step restores, in losses.
fn what(step: &Step) -> String {
    match &step.action {
        Action::Upload(bytes) => format!("file '{}'", bytes.name),
        Action::Call(_) => part(step.part).to_owned(),
    }
}

/// What a part is called in losses.
fn part(part: Part) -> &'static str {
    match part {
        Part::Skeleton => "page or database",
        Part::Schema => "columns",
        Part::Row => "row",
        Part::File => "file",
        Part::Body => "blocks",
        Part::Relation => "relations or links",
        Part::View => "view",
        Part::Comment => "comment",
        Part::State => "lock or archive state",
    }
}

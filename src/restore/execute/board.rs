//! Which steps are done, which are under way, and which can be next.
//!
//! Steps of one lane follow each other; a step waits for the ids that it names; schema
//! steps wait for each other and everything after them waits for them, because columns
//! are named by name; and what locks or archives waits for all. The order of the plan
//! fulfils all of this, so the first open step can always be next.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use super::super::checkpoint::Checkpoint;
use super::super::journal::{DoneLine, Journal, Progress};
use super::super::pending::{Known, filled_id, pending};
use super::super::perform::Failure;
use super::super::step::{Action, Part, Step};
use super::super::{Error, PendingId};
use crate::model::NotionId;
use crate::notion::Method;

/// How far beyond the first open step others are looked for.
const AHEAD: usize = 2000;

/// What is remembered of each step.
struct Card {
    part: Part,
    lane: PendingId,
    /// Ids without which it makes no sense: what it writes into.
    hard: Vec<PendingId>,
    /// All other ids in it.
    soft: Vec<PendingId>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Running,
    Finished,
}

/// What a worker may do next.
pub(super) enum Pick {
    /// Carry out this step.
    Step(u32),
    /// Wait for others.
    Wait,
    /// Nothing is left, or nothing should be begun any more.
    Nothing,
}

/// The board that all workers look at.
pub(super) struct Board {
    cards: Vec<Card>,
    /// Every step before this one is finished.
    first: usize,
    /// Lanes with a step under way.
    busy: HashSet<PendingId>,
    /// Schema steps that are not finished.
    schemas: BTreeSet<u32>,
    running: usize,
    /// What pending ids have become.
    pub known: Known,
    /// All ids among them.
    pub taken: HashSet<NotionId>,
    /// What will never be made.
    dead: HashSet<PendingId>,
    /// What has less in it than the plan reckons, because a step failed.
    short: HashSet<PendingId>,
    /// Steps that an earlier run has begun.
    begun: HashMap<u32, Timestamp>,
    /// What steps without an end have made in an earlier run.
    made: HashMap<u32, Vec<Checkpoint>>,
    /// The steps of uploads.
    uploads: HashMap<PendingId, u32>,
    /// The names of all files, by what is learned of their uploads.
    names: HashMap<PendingId, String>,
    /// Files that could not be uploaded, or attached.
    lost: HashSet<PendingId>,
    /// Uploads that nothing is known to have attached: their step, and since when.
    loose: HashMap<PendingId, (u32, Timestamp)>,
    /// The titles of pages and databases, by what is learned of them.
    titles: HashMap<PendingId, String>,
    /// Whether comments are refused, all of them.
    pub no_comments: bool,
    /// The ids of discussions, and of what they are on.
    discussions: Vec<(PendingId, PendingId)>,
    /// Uploads that were refused in this run, for the journal.
    pub refused: Vec<DoneLine>,
    /// Why no step is begun any more.
    pub early: Option<Failure>,
    /// What went wrong on this side.
    pub error: Option<Error>,
}

impl Board {
    /// The board for what is left of a plan.
    pub fn new(journal: &Journal, progress: &Progress) -> Result<Board, Error> {
        let mut board = Board {
            cards: Vec::new(),
            first: 0,
            busy: HashSet::new(),
            schemas: BTreeSet::new(),
            running: 0,
            known: Known::new(),
            taken: HashSet::new(),
            dead: HashSet::new(),
            short: HashSet::new(),
            begun: progress.begun.clone(),
            made: progress.made.clone(),
            uploads: HashMap::new(),
            names: HashMap::new(),
            lost: HashSet::new(),
            loose: HashMap::new(),
            titles: HashMap::new(),
            no_comments: false,
            discussions: Vec::new(),
            refused: Vec::new(),
            early: None,
            error: None,
        };
        let parts = progress.made.values().flatten();
        board
            .taken
            .extend(parts.flat_map(|part| &part.ids).flatten());
        for number in 0..journal.steps() {
            let step = journal.step(number)?;
            board.cards.push(Card::of(&step));
            board.discussions.extend(discussion(&step));
            if let Action::Upload(bytes) = &step.action {
                let made = step.learns.iter();
                let names = made.map(|learn| (learn.id, bytes.name.clone()));
                board.names.extend(names);
            }
            let title = title(&step);
            for learn in step.learns.iter().filter(|_| !title.is_empty()) {
                board.titles.insert(learn.id, title.clone());
            }
            if step.part == Part::Schema {
                board.schemas.insert(number);
            }
            if let Some(at) = progress.ended.get(&number) {
                let learned = step.learns.iter();
                let ids = learned
                    .filter_map(|learn| Some((learn.id, progress.ids.get(&learn.id)?.clone())));
                let ids = ids.collect();
                board.end(number, &step, ids, *at);
                if progress.short.contains(&number) {
                    board.shorten(number, &step);
                }
            } else if progress.failed.contains(&number) {
                board.fail(number, &step);
            }
        }
        Ok(board)
    }

    /// The discussions that earlier runs have opened, and what they are on.
    pub fn discussions(&self) -> Vec<(NotionId, NotionId)> {
        let id = |token: &PendingId| self.known.get(token)?.parse().ok();
        let known = self.discussions.iter();
        known
            .filter_map(|(discussion, on)| Some((id(discussion)?, id(on)?)))
            .collect()
    }

    /// How many steps are finished.
    pub fn finished(&self) -> u64 {
        let finished = self
            .cards
            .iter()
            .filter(|card| card.state == State::Finished);
        finished.count() as u64
    }

    /// How many comments are not finished.
    pub fn comments_left(&self) -> u64 {
        let left = self
            .cards
            .iter()
            .filter(|card| card.part == Part::Comment && card.state != State::Finished);
        left.count() as u64
    }

    /// The title of what a step makes or, if that has none, of what it writes into.
    pub fn title(&self, step: &Step) -> String {
        let own = step.learns.iter().map(|learn| learn.id);
        let mut around = own.chain([step.lane]);
        let title = around.find_map(|token| self.titles.get(&token));
        title.cloned().unwrap_or_default()
    }

    /// The titles of the pages whose comments are not finished.
    pub fn commented(&self) -> Vec<String> {
        let left = self
            .cards
            .iter()
            .filter(|card| card.part == Part::Comment && card.state != State::Finished);
        let titles = left.filter_map(|card| {
            let mut around = card.hard.iter().chain([&card.lane]);
            around.find_map(|token| self.titles.get(token))
        });
        let titles: BTreeSet<String> = titles.cloned().collect();
        titles.into_iter().collect()
    }

    /// A step to carry out now; it is taken by this.
    pub fn pick(&mut self) -> Pick {
        while self
            .cards
            .get(self.first)
            .is_some_and(|card| card.state == State::Finished)
        {
            self.first += 1;
        }
        if self.early.is_some() || self.error.is_some() || self.first >= self.cards.len() {
            return Pick::Nothing;
        }
        let end = self.cards.len().min(self.first + AHEAD);
        // Lanes whose turn is at an earlier step.
        let mut lanes: HashSet<PendingId> = HashSet::new();
        for at in self.first..end {
            let Some(card) = self.cards.get(at) else {
                break;
            };
            if card.state == State::Finished {
                continue;
            }
            let turn = lanes.insert(card.lane) && !self.busy.contains(&card.lane);
            if card.state == State::Open && turn && self.is_ready(at) {
                let lane = card.lane;
                if let Some(card) = self.cards.get_mut(at) {
                    card.state = State::Running;
                }
                self.busy.insert(lane);
                self.running += 1;
                return Pick::Step(at as u32);
            }
            // Whatever follows waits for it.
            if card.part == Part::State {
                break;
            }
        }
        match self.running {
            0 => Pick::Nothing,
            _ => Pick::Wait,
        }
    }

    fn is_ready(&self, at: usize) -> bool {
        let Some(card) = self.cards.get(at) else {
            return false;
        };
        if self
            .schemas
            .first()
            .is_some_and(|first| (*first as usize) < at)
        {
            return false;
        }
        if card.part == Part::State && self.first < at && !self.only_states_before(at) {
            return false;
        }
        // The first open step waits for nothing that could still come.
        let settled =
            |token: &PendingId| self.known.contains_key(token) || self.dead.contains(token);
        at == self.first || card.hard.iter().chain(&card.soft).all(settled)
    }

    fn only_states_before(&self, at: usize) -> bool {
        let open = self.cards.get(self.first..at).unwrap_or_default();
        open.iter()
            .all(|card| card.state == State::Finished || card.part == Part::State)
    }

    /// The id of what a step writes into, if that will never be there.
    pub fn never_made(&self, number: u32) -> Option<PendingId> {
        let hard = self.cards.get(number as usize)?.hard.iter();
        hard.copied().find(|token| !self.known.contains_key(token))
    }

    /// Whether the plan is right about how much is in what a step writes into.
    pub fn reckons(&self, number: u32) -> bool {
        let card = self.cards.get(number as usize);
        !card
            .and_then(|card| card.hard.first())
            .is_some_and(|token| self.short.contains(token))
    }

    /// When an earlier run began a step that has no end.
    pub fn begun(&self, number: u32) -> Option<Timestamp> {
        self.begun.get(&number).copied()
    }

    /// What an earlier run has made of a step that has no end.
    pub fn made(&mut self, number: u32) -> Vec<Checkpoint> {
        self.made.remove(&number).unwrap_or_default()
    }

    /// Notes that a step has put fewer blocks there than the plan reckons.
    pub fn shorten(&mut self, number: u32, step: &Step) {
        let card = self.cards.get(number as usize);
        self.short.extend(card.and_then(|card| card.hard.first()));
        self.short.extend(step.learns.iter().map(|learn| learn.id));
    }

    /// Notes that a step is done.
    pub fn end(&mut self, number: u32, step: &Step, ids: Vec<(PendingId, String)>, at: Timestamp) {
        for (token, id) in ids {
            self.taken.extend(id.parse::<NotionId>());
            self.dead.remove(&token);
            self.known.insert(token, id);
        }
        for learn in &step.learns {
            if !self.known.contains_key(&learn.id) {
                self.dead.insert(learn.id);
            }
            if matches!(step.action, Action::Upload(_)) {
                self.uploads.insert(learn.id, number);
                self.loose.insert(learn.id, (number, at));
            }
        }
        if let Some(card) = self.cards.get(number as usize) {
            for token in &card.soft {
                self.loose.remove(token);
            }
        }
        self.finish(number);
    }

    /// Notes that a step cannot be done.
    pub fn fail(&mut self, number: u32, step: &Step) {
        for learn in &step.learns {
            if !self.known.contains_key(&learn.id) {
                self.dead.insert(learn.id);
            }
        }
        if let Action::Upload(_) = &step.action {
            let made = step.learns.iter();
            self.lost.extend(made.map(|learn| learn.id));
        }
        let card = self.cards.get(number as usize);
        self.short.extend(card.and_then(|card| card.hard.first()));
        self.finish(number);
    }

    fn finish(&mut self, number: u32) {
        self.schemas.remove(&number);
        if let Some(card) = self.cards.get_mut(number as usize)
            && card.state != State::Running
        {
            card.state = State::Finished;
        }
    }

    /// A worker has let go of a step.
    pub fn release(&mut self, number: u32) {
        self.running = self.running.saturating_sub(1);
        if let Some(card) = self.cards.get_mut(number as usize) {
            card.state = State::Finished;
            let lane = card.lane;
            self.busy.remove(&lane);
        }
    }

    /// The steps of uploads that this step attaches, that nothing has attached before,
    /// and that were made before `old`.
    pub fn unattached(&self, step: &Step, old: Timestamp) -> Vec<u32> {
        let mut found: Vec<u32> = step
            .needs()
            .iter()
            .filter_map(|token| self.loose.get(token))
            .filter(|(_, at)| *at < old)
            .map(|(number, _)| *number)
            .collect();
        found.dedup();
        found
    }

    /// The files that this step should attach and that are lost: what is sent in the place
    /// of their uploads, and their names.
    pub fn lost_files(&self, step: &Step) -> HashMap<String, String> {
        let lost = step.needs().into_iter();
        let lost = lost.filter(|token| self.lost.contains(token));
        lost.map(|token| {
            let name = self.names.get(&token).cloned();
            (filled_id(token, &self.known), name.unwrap_or_default())
        })
        .collect()
    }

    /// Gives up the files that this step attaches: those that became this upload, or, for
    /// `None`, all of them. False when it attaches none.
    pub fn lose_files(&mut self, step: &Step, upload: Option<NotionId>) -> bool {
        let mut some = false;
        for token in step.needs() {
            let known = self.known.get(&token);
            let known = known.and_then(|known| known.parse::<NotionId>().ok());
            if self.names.contains_key(&token) && (upload.is_none() || upload == known) {
                some |= self.lost.insert(token);
            }
        }
        some
    }

    /// The steps of what this step attaches that became this upload.
    pub fn uploads_of(&self, step: &Step, id: NotionId) -> Vec<u32> {
        let is = |token: &PendingId| {
            let known = self.known.get(token)?.parse::<NotionId>().ok()?;
            (known == id).then(|| self.uploads.get(token).copied())?
        };
        let mut found: Vec<u32> = step.needs().iter().filter_map(is).collect();
        found.dedup();
        found
    }
}

/// The discussion that a step opens, and what it is on.
fn discussion(step: &Step) -> Option<(PendingId, PendingId)> {
    let Action::Call(call) = &step.action else {
        return None;
    };
    let mut on = Vec::new();
    pending(&call.body["parent"], &mut on);
    let opened = step
        .learns
        .iter()
        .find(|learn| learn.at == "/discussion_id");
    Some((opened?.id, *on.first()?))
}

/// The title of the page or database that a step makes; empty for none.
fn title(step: &Step) -> String {
    let Action::Call(call) = &step.action else {
        return String::new();
    };
    let runs = match (call.method, call.path.as_str().unwrap_or_default()) {
        (Method::Post, "/v1/pages") => {
            let mut properties = call.body["properties"].as_object().into_iter().flatten();
            properties.find_map(|(_, value)| value["title"].as_array())
        }
        (Method::Post, "/v1/databases" | "/v1/data_sources") => call.body["title"].as_array(),
        _ => None,
    };
    let runs = runs.into_iter().flatten();
    runs.filter_map(|run| run["text"]["content"].as_str())
        .collect()
}

impl Card {
    fn of(step: &Step) -> Card {
        let mut hard = Vec::new();
        let mut soft = Vec::new();
        if let Action::Call(call) = &step.action {
            call.path.pending(&mut hard);
            pending(&call.body["parent"], &mut hard);
            for key in ["discussion_id", "database_id", "data_source_id", "view_id"] {
                pending(&call.body[key], &mut hard);
            }
            pending(&call.body["create_database"]["parent"], &mut hard);
            pending(&call.body, &mut soft);
            soft.retain(|token| !hard.contains(token));
        }
        Card {
            part: step.part,
            lane: step.lane,
            hard,
            soft,
            state: State::Open,
        }
    }
}

#[cfg(test)]
mod tests;

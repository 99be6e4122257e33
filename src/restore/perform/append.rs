//! Appending blocks: in one request when all goes well, in smaller and smaller ones
//! where Notion refuses without saying why, and never twice.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::checkpoint::{Checkpoint, Checkpoints};
use super::super::loss::{Degree, Loss};
use super::addresses::Tried;
use super::amend::{Draft, changed_loss, refused};
use super::appended::{self, Place};
use super::failure::{Failure, is_refusal};
use super::write::Write;
use super::{
    AMENDS, LOOK, LOOKS, Performer, UNKNOWN, culprit, forget, is_unknown, missing, stand_in,
};
use crate::model::{NotionId, id_of};
use crate::notion::{Error, Request};

/// Where blocks go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub(super) parent: NotionId,
    pub(super) place: Place,
    /// How many blocks are there before, when that is known.
    pub(super) before: Option<usize>,
    /// The old id of what they belong to, for losses.
    pub(super) about: NotionId,
}

/// What came of an append.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// The first-level blocks, one for each that was sent, in order; at least their ids,
    /// and `Null` for one that was given up.
    pub(super) blocks: Vec<Value>,
    pub(super) losses: Vec<Loss>,
    /// Whether some were found to be there already.
    pub(super) adopted: bool,
    /// Whether some were given up.
    pub(super) short: bool,
}

/// An append on its way.
struct Work {
    target: Target,
    made: Made,
    /// Runs of blocks still to be sent, the next one last.
    todo: Vec<Vec<Value>>,
    /// Blocks that follow into the made block with this number.
    inside: Vec<(usize, Vec<Value>)>,
    /// How many of the blocks that were made are noted.
    noted: usize,
    /// Why the last block was given up.
    failed: Option<Failure>,
    /// Sends with an unknown outcome, of the run that is next.
    unknown: u32,
    amends: u32,
    /// What was tried with the addresses of the run that is next.
    tried: Tried,
}

impl Performer<'_> {
    /// Appends blocks. With `looks`, some or all of them may be there already: they are
    /// looked for at these times first. What `so_far` has is not sent again.
    pub(super) fn append(
        &self,
        target: &Target,
        children: Vec<Value>,
        looks: Option<&[Duration]>,
        so_far: &mut Checkpoints<'_>,
    ) -> Result<Made, Failure> {
        let mut work = Work {
            target: *target,
            made: Made::default(),
            todo: Vec::new(),
            inside: Vec::new(),
            noted: 0,
            failed: None,
            unknown: 0,
            amends: 0,
            tried: Tried::default(),
        };
        work.resume(children, so_far);
        let resumed = work.made.blocks.len();
        let inner_looks = looks.map(|_| &LOOK[..]);
        let mut looks = looks;
        while let Some(run) = work.todo.pop() {
            if run.is_empty() {
                continue;
            }
            if let Some(looks) = looks.take() {
                let found = self.look_for(&work, &run, looks)?;
                if !found.is_empty() {
                    work.adopt(run, found);
                    work.note(so_far);
                    continue;
                }
            }
            let error = match self.notion.write(&work.request(&run)) {
                Ok(answer) => match appended::answered(&answer, run.len(), work.place()) {
                    Some(blocks) => {
                        work.made.blocks.extend(blocks.iter().cloned());
                        work.unknown = 0;
                        work.tried = Tried::default();
                        work.note(so_far);
                        continue;
                    }
                    None => Error::new(
                        crate::notion::Kind::Malformed,
                        format!("PATCH /v1/blocks/{}/children", target.parent),
                        "the answer does not have the blocks that were sent",
                    ),
                },
                Err(error) if is_refusal(&error) => {
                    work.refuse(run, &error)?;
                    continue;
                }
                Err(error) if is_unknown(&error) => error,
                Err(error) if self.may_be_a_file(&json!(run), &error) => {
                    work.refuse(run, &error)?;
                    continue;
                }
                Err(error) => return Err(Failure::of(error)),
            };
            let committed = error.committed.as_ref().map(|it| &it.children);
            if let Some(ids) = committed.filter(|ids| ids.len() == run.len()) {
                let blocks = ids.iter().map(|id| json!({"object": "block", "id": id}));
                work.made.blocks.extend(blocks);
                work.made.adopted = true;
                work.note(so_far);
                continue;
            }
            work.unknown += 1;
            looks = Some(&LOOKS);
            if work.unknown < UNKNOWN {
                work.todo.push(run);
            } else if self.may_be_a_file(&json!(run), &error) {
                work.unknown = 0;
                work.refuse(run, &error)?;
            } else {
                return Err(Failure::Later(Box::new(error)));
            }
        }
        if let Some(failure) = work.failed.take()
            && work.count() == 0
        {
            return Err(failure);
        }
        for (number, children) in work.inside {
            let Some(parent) = work.made.blocks.get(number).and_then(id_of) else {
                continue;
            };
            let inner = Target {
                parent,
                place: Place::End,
                before: Some(0),
                about: target.about,
            };
            // One level of the few that a request nests.
            let looks = inner_looks.filter(|_| number < resumed);
            match self.append(&inner, children, looks, so_far) {
                Ok(more) => {
                    work.made.losses.extend(more.losses);
                    work.made.short |= more.short;
                }
                // The block is there, without those in it.
                Err(Failure::Step { what, why }) => {
                    work.made.losses.push(missing(target.about, what, why));
                    work.made.short = true;
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(work.made)
    }

    /// The blocks of a run that are there, from its first on.
    fn look_for(
        &self,
        work: &Work,
        run: &[Value],
        looks: &[Duration],
    ) -> Result<Vec<Value>, Failure> {
        let before = work.target.before.map(|it| it + work.count());
        for wait in looks {
            self.wait(*wait);
            let now = self.children(work.target.parent)?;
            let mine: Vec<_> = work.made.blocks.iter().filter_map(id_of).collect();
            let taken = |id| mine.contains(&id) || (self.taken)(id);
            let found = appended::found(&now, run, work.place(), before, &taken);
            if !found.is_empty() {
                return Ok(found.to_vec());
            }
        }
        Ok(Vec::new())
    }
}

impl Work {
    /// Begins with what earlier tries have made.
    fn resume(&mut self, mut children: Vec<Value>, so_far: &Checkpoints<'_>) {
        let known = so_far.below(self.target.parent);
        let rest = children.split_off(known.len().min(children.len()));
        for (number, (sent, id)) in children.iter().zip(known).enumerate() {
            if id.is_some_and(|id| so_far.is_open(id)) {
                self.inside
                    .push((number, stand_in::children(sent).to_vec()));
            }
            self.made.short |= id.is_none();
            self.made.blocks.push(appended::block(*id));
        }
        self.noted = self.made.blocks.len();
        self.todo.push(rest);
    }

    /// Notes the blocks that were made since the last time, if requests follow.
    fn note(&mut self, so_far: &mut Checkpoints<'_>) {
        let follows = self.todo.iter().any(|run| !run.is_empty()) || !self.inside.is_empty();
        if !follows && so_far.is_empty() {
            return;
        }
        let new = self.made.blocks.get(self.noted..).unwrap_or_default();
        let open = self.inside.iter().filter(|(at, _)| *at >= self.noted);
        let open = open.filter_map(|(at, _)| self.made.blocks.get(*at).and_then(id_of));
        so_far.add(Checkpoint {
            under: Some(self.target.parent),
            ids: new.iter().map(id_of).collect(),
            open: open.collect(),
            left: Vec::new(),
            losses: std::mem::take(&mut self.made.losses),
        });
        self.noted = self.made.blocks.len();
    }

    /// Gives up these blocks: they have a place in the answer, and no id.
    fn give_up(&mut self, run: &[Value], failure: Failure) {
        let what = match run {
            [block] => format!("{} block", stand_in::kind(block)),
            _ => format!("{} blocks", run.len()),
        };
        let loss = missing(self.target.about, what, failure.to_string());
        self.made.losses.push(loss);
        self.made.blocks.extend(run.iter().map(|_| Value::Null));
        self.made.short = true;
        self.failed = Some(failure);
    }

    /// How many blocks are there.
    fn count(&self) -> usize {
        self.made.blocks.iter().filter_map(id_of).count()
    }

    /// The last block that is there.
    fn last(&self) -> Option<NotionId> {
        self.made.blocks.iter().rev().find_map(id_of)
    }

    /// Where the next run goes.
    fn place(&self) -> Place {
        match (self.target.place, self.last()) {
            (Place::Start | Place::After(_), Some(last)) => Place::After(last),
            (place, _) => place,
        }
    }

    fn request(&self, run: &[Value]) -> Request {
        let mut body = json!({"children": run});
        match self.place() {
            Place::End => {}
            Place::Start => body["position"] = json!({"type": "start"}),
            Place::After(id) => {
                body["position"] = json!({"type": "after_block", "after_block": {"id": id}});
            }
        }
        let path = format!("/v1/blocks/{}/children", self.target.parent);
        Request::patch(path, body)
    }

    /// Takes blocks that are there for the first ones of a run.
    fn adopt(&mut self, mut run: Vec<Value>, found: Vec<Value>) {
        let rest = run.split_off(found.len().min(run.len()));
        for (sent, found) in run.iter().zip(&found) {
            // Sent bare, its children to follow, when the run was killed.
            let inside = stand_in::children(sent);
            if !inside.is_empty() && found["has_children"] == false {
                let number = self.made.blocks.len();
                self.inside.push((number, inside.to_vec()));
            }
            self.made.blocks.push(found.clone());
        }
        self.made.adopted = true;
        self.unknown = 0;
        self.todo.push(rest);
    }

    /// Makes a refused run smaller or simpler, or gives it up.
    fn refuse(&mut self, run: Vec<Value>, error: &Error) -> Result<(), Failure> {
        match self.refused(run.clone(), error) {
            Err(failure @ Failure::Step { .. }) => {
                self.give_up(&run, failure);
                Ok(())
            }
            done => done,
        }
    }

    /// Makes a refused run smaller or simpler, and puts it back.
    fn refused(&mut self, mut run: Vec<Value>, error: &Error) -> Result<(), Failure> {
        let fail = || {
            Failure::step(
                Write::Append {
                    parent: self.target.parent,
                }
                .name(),
                error.to_string(),
            )
        };
        let named = forget::named(&error.message);
        self.amends += 1;
        if named.contains(&self.target.parent) || self.amends > AMENDS {
            return Err(fail());
        }
        let path = error.json_path.as_deref().unwrap_or_default();
        let anchored = match self.target.place {
            Place::After(id) => self.made.blocks.is_empty() && named.contains(&id),
            _ => false,
        };
        if (anchored || path.starts_with("body.position")) && self.target.place != Place::End {
            self.target.place = Place::End;
            let what = "place among the blocks of the page";
            let loss = refused(self.target.about, what, error, Degree::Detail);
            self.made.losses.push(loss);
            self.todo.push(run);
            return Ok(());
        }
        let mut draft = Draft::new(self.target.about, json!({"children": run}));
        if let Some(upload) = super::unusable_upload(&draft.body, error) {
            return Err(Failure::Upload(upload, Box::new(error.clone())));
        }
        let write = Write::Append {
            parent: self.target.parent,
        };
        draft.tried = std::mem::take(&mut self.tried);
        draft.losses = std::mem::take(&mut self.made.losses);
        let amended = draft.amend(write, "", error);
        self.made.losses = draft.losses;
        if amended {
            self.tried = draft.tried;
            if let Some(Value::Array(children)) = draft.body.get_mut("children").map(Value::take) {
                self.todo.push(children);
            }
            return Ok(());
        }
        if run.len() > 1 {
            let second = run.split_off(run.len() / 2);
            self.todo.push(second);
            self.todo.push(run);
            return Ok(());
        }
        let Some(block) = run.first_mut() else {
            return Ok(());
        };
        if let Some(inside) = take_inside(block) {
            self.inside.push((self.made.blocks.len(), inside));
        } else {
            let changed = culprit::replace(block).ok_or_else(fail)?;
            let loss = changed_loss(self.target.about, &changed, error);
            self.made.losses.extend(loss);
        }
        self.todo.push(run);
        Ok(())
    }
}

/// Takes the blocks out of a block that can be sent without them.
fn take_inside(block: &mut Value) -> Option<Vec<Value>> {
    let kind = stand_in::kind(block).to_owned();
    if matches!(
        kind.as_str(),
        "table" | "column_list" | "column" | "tab" | "table_row"
    ) {
        return None;
    }
    match block.get_mut(&kind)?.as_object_mut()?.remove("children")? {
        Value::Array(children) if !children.is_empty() => Some(children),
        _ => None,
    }
}

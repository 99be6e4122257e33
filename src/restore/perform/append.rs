//! Appending blocks: in one request when all goes well, in smaller and smaller ones
//! where Notion refuses without saying why, and never twice.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::loss::{Degree, Loss};
use super::addresses::Tried;
use super::amend::{Draft, changed_loss, refused};
use super::appended::{self, Place};
use super::failure::{Failure, is_refusal};
use super::write::Write;
use super::{AMENDS, LOOKS, Performer, UNKNOWN, culprit, forget, is_unknown, stand_in};
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
    /// The first-level blocks, one for each that was sent, in order; at least their ids.
    pub(super) blocks: Vec<Value>,
    pub(super) losses: Vec<Loss>,
    /// Whether some were found to be there already.
    pub(super) adopted: bool,
}

/// An append on its way.
struct Work {
    target: Target,
    made: Made,
    /// Runs of blocks still to be sent, the next one last.
    todo: Vec<Vec<Value>>,
    /// Blocks that follow into the made block with this number.
    inside: Vec<(usize, Vec<Value>)>,
    /// Sends with an unknown outcome, of the run that is next.
    unknown: u32,
    amends: u32,
    /// What was tried with the addresses of the run that is next.
    tried: Tried,
}

impl Performer<'_> {
    /// Appends blocks. With `looks`, some or all of them may be there already: they are
    /// looked for at these times first.
    pub(super) fn append(
        &self,
        target: &Target,
        children: Vec<Value>,
        looks: Option<&[Duration]>,
    ) -> Result<Made, Failure> {
        let mut work = Work {
            target: *target,
            made: Made::default(),
            todo: vec![children],
            inside: Vec::new(),
            unknown: 0,
            amends: 0,
            tried: Tried::default(),
        };
        let mut looks = looks;
        while let Some(run) = work.todo.pop() {
            if run.is_empty() {
                continue;
            }
            if let Some(looks) = looks.take() {
                let found = self.look_for(&work, &run, looks)?;
                if !found.is_empty() {
                    work.adopt(run, found);
                    continue;
                }
            }
            let error = match self.notion.write(&work.request(&run)) {
                Ok(answer) => match appended::answered(&answer, run.len(), work.place()) {
                    Some(blocks) => {
                        work.made.blocks.extend(blocks.iter().cloned());
                        work.unknown = 0;
                        work.tried = Tried::default();
                        continue;
                    }
                    None => Error::new(
                        crate::notion::Kind::Malformed,
                        format!("PATCH /v1/blocks/{}/children", target.parent),
                        "the answer does not have the blocks that were sent",
                    ),
                },
                Err(error) if is_refusal(&error) => {
                    work.refused(run, &error)?;
                    continue;
                }
                Err(error) if is_unknown(&error) => error,
                Err(error) if self.may_be_a_file(&json!(run), &error) => {
                    work.refused(run, &error)?;
                    continue;
                }
                Err(error) => return Err(Failure::of(error)),
            };
            let committed = error.committed.as_ref().map(|it| &it.children);
            if let Some(ids) = committed.filter(|ids| ids.len() == run.len()) {
                let blocks = ids.iter().map(|id| json!({"object": "block", "id": id}));
                work.made.blocks.extend(blocks);
                work.made.adopted = true;
                continue;
            }
            work.unknown += 1;
            looks = Some(&LOOKS);
            if work.unknown < UNKNOWN {
                work.todo.push(run);
            } else if self.may_be_a_file(&json!(run), &error) {
                work.unknown = 0;
                work.refused(run, &error)?;
            } else {
                return Err(Failure::Later(Box::new(error)));
            }
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
            let more = self.append(&inner, children, None)?;
            work.made.losses.extend(more.losses);
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
        let before = work.target.before.map(|it| it + work.made.blocks.len());
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
    /// Where the next run goes.
    fn place(&self) -> Place {
        match (self.target.place, self.made.blocks.last().and_then(id_of)) {
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

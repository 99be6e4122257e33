//! Carrying out one step of a plan, whatever happens on the way.
//!
//! Two things go wrong. An answer is *lost*, so that nobody knows whether the request was
//! executed: then the performer looks for what it would have made, and takes that as the
//! answer, before it sends anything again (section 9.6 of the API digest). Or Notion
//! *refuses* the request for something in it: then that part becomes a stand-in or is
//! left out, is counted as a [`Loss`], and the rest is sent. A step fails only when
//! nothing of it can be sent, or for a reason that concerns all steps.

mod addresses;
mod amend;
mod append;
mod appended;
mod culprit;
mod failure;
mod find;
mod forget;
mod lost_file;
mod pieces;
mod stand_in;
mod text;
mod upload;
mod write;

use std::collections::HashMap;
use std::io::Read;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::checkpoint::{Checkpoint, Checkpoints};
use super::loss::{Degree, Loss};
use super::step::{Call, Step};
use crate::model::{NotionId, id_of};
use crate::notion::{Error, Kind, Method, Notion, Request};
use amend::Draft;
use append::Target;
use appended::Place;
use write::Write;

pub use failure::{Capability, Failure};
pub use lost_file::{Lost, leave_out};

/// How often a request is sent whose outcome stays unknown and that has, by all that
/// can be seen, not been executed.
const UNKNOWN: u32 = 4;
/// How often a refused request is changed and sent again: twice for each of the 1,000
/// blocks that it has at most (section 1.5 of the API digest).
const AMENDS: u32 = 2000;
/// When to look for what may have been made: at once, and again, because reads may lag
/// behind writes by some seconds (section 9.6 of the API digest).
const LOOKS: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_secs(3),
    Duration::from_secs(7),
];
/// Looking once, when the request was sent long ago.
const LOOK: [Duration; 1] = [Duration::ZERO];

/// Opens files of the original.
pub trait OpenFile: Sync {
    /// Opens the file at a path of the original, from its root on, for reading from its
    /// start. The error says why it cannot be read.
    fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, String>;
}

/// A step that was carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The answer, or what has the same pointers where the answer was lost. A column or
    /// block that was given up is not in it.
    pub answer: Value,
    /// What does not come back as it was.
    pub losses: Vec<Loss>,
    /// Whether an earlier request, whose answer was lost, had done it.
    pub adopted: bool,
    /// Whether fewer blocks are there than were to be sent.
    pub short: bool,
}

/// Carries out steps; shared by all workers.
pub struct Performer<'a> {
    notion: &'a Notion,
    files: &'a dyn OpenFile,
    /// Whether an id is known to have been made by this restore.
    taken: &'a (dyn Fn(NotionId) -> bool + Sync),
    /// The page or block of each discussion, to find replies by.
    discussions: Mutex<HashMap<NotionId, NotionId>>,
}

impl<'a> Performer<'a> {
    /// A performer. `taken` says whether an id has been learned from an earlier answer
    /// of this restore: such an object is never taken for what a lost answer made.
    pub fn new(
        notion: &'a Notion,
        files: &'a dyn OpenFile,
        taken: &'a (dyn Fn(NotionId) -> bool + Sync),
    ) -> Performer<'a> {
        Performer {
            notion,
            files,
            taken,
            discussions: Mutex::default(),
        }
    }

    /// Tells the page or block that a discussion is on, for one that was opened by an
    /// earlier run: Notion lists comments by page or block only.
    pub fn know_discussion(&self, discussion: NotionId, on: NotionId) {
        let mut known = self
            .discussions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.insert(discussion, on);
    }

    /// Sends the request of a step, its pending ids replaced. `again` is the time at which
    /// the first try began, when nobody knows what became of it: then it is looked for
    /// before anything is sent. `so_far` is what earlier tries are known to have made: it
    /// is not made again, and what this try makes is added while more is to follow.
    ///
    /// A comment in a discussion that neither this performer has opened nor
    /// [`Performer::know_discussion`] was told of cannot be looked for; its step fails
    /// rather than say the same thing twice.
    pub fn perform(
        &self,
        step: &Step,
        call: &Call,
        again: Option<Timestamp>,
        so_far: &mut Checkpoints<'_>,
    ) -> Result<Done, Failure> {
        let write = Write::of(call);
        let begun = again.unwrap_or_else(|| self.notion.now());
        if let Write::Append { parent } = write {
            let target = Target {
                parent,
                place: Place::of(&call.body),
                before: step.before.map(|count| count as usize),
                about: step.about,
            };
            let children = call.body["children"].as_array().cloned();
            let looks = again.map(|_| self.looks(begun));
            let made = self.append(&target, children.unwrap_or_default(), looks, so_far)?;
            return Ok(Done {
                answer: list(made.blocks),
                losses: so_far.losses(made.losses),
                adopted: made.adopted,
                short: made.short,
            });
        }
        let mut draft = Draft::new(step.about, call.body.clone());
        let (mut answer, adopted) = match so_far.object() {
            Some(id) => {
                draft.resume(write, &call.path, so_far.left());
                (self.adopt(write, id)?, again.is_some())
            }
            None => {
                draft.spare.clone_from(&step.spare);
                let (answer, adopted) = self.settle(call, &mut draft, begun, again.is_some())?;
                if adopted && again.is_some() {
                    self.complete(write, &answer, &mut draft)?;
                }
                (answer, adopted)
            }
        };
        self.complete_list(call, &mut answer)?;
        self.remember(write, &answer);
        if so_far.object().is_none()
            && is_creation(write)
            && let Some(id) = id_of(&answer)
            && let left = draft.left()
            && !left.is_empty()
        {
            so_far.add(Checkpoint {
                ids: vec![Some(id)],
                left,
                losses: std::mem::take(&mut draft.losses),
                ..Checkpoint::default()
            });
        }
        self.send_pieces(write, call, &mut answer, &mut draft, so_far)?;
        self.stand_in_columns(step, call, &mut answer, &mut draft)?;
        let children = std::mem::take(&mut draft.children);
        let mut short = false;
        if !children.is_empty()
            && let Some(parent) = id_of(&answer)
        {
            let target = Target {
                parent,
                place: Place::End,
                before: Some(0),
                about: step.about,
            };
            let looks = adopted.then_some(&LOOK[..]);
            match self.append(&target, children, looks, so_far) {
                Ok(made) => {
                    draft.losses.extend(made.losses);
                    short = made.short;
                }
                // The object is there, without its blocks.
                Err(Failure::Step { what, why }) => {
                    draft.losses.push(missing(step.about, what, why));
                    short = true;
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(Done {
            answer,
            losses: so_far.losses(draft.losses),
            adopted,
            short,
        })
    }

    /// What a step has made that did not come to its end, as its answer; `None` for
    /// nothing. Nothing is sent that changes anything.
    pub fn made_so_far(&self, call: &Call, so_far: &Checkpoints<'_>) -> Option<Done> {
        let write = Write::of(call);
        let answer = match (write, so_far.object()) {
            (Write::Append { parent }, _) => {
                let blocks = so_far.below(parent).iter().copied().map(appended::block);
                Some(blocks.collect::<Vec<_>>())
                    .filter(|blocks| !blocks.is_empty())
                    .map(list)
            }
            (_, Some(id)) => {
                let read = self.adopt(write, id);
                Some(read.unwrap_or_else(|_| json!({ "id": id })))
            }
            (_, None) => None,
        };
        Some(Done {
            answer: answer?,
            losses: so_far.losses(Vec::new()),
            adopted: true,
            short: true,
        })
    }

    /// What a request, sent first at `begun`, has made, if it can be found. Nothing is
    /// sent that changes anything.
    pub fn made(&self, call: &Call, begun: Timestamp) -> Result<Option<Value>, Failure> {
        self.find(Write::of(call), &call.body, begun, self.looks(begun))
    }

    /// Reads the rest of a list, of which Notion may show less at once than asked for
    /// (section 1.6 of the API digest).
    fn complete_list(&self, call: &Call, answer: &mut Value) -> Result<(), Failure> {
        let mut seen = Vec::new();
        while call.method == Method::Get
            && answer["has_more"] == true
            && let Some(cursor) = answer["next_cursor"].as_str().map(str::to_owned)
            && !seen.contains(&cursor)
        {
            let mut next = request(call, &call.body);
            if let Some((path, query)) = call.path.split_once('?') {
                next.path = path.to_owned();
                let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
                let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
                next.query.extend(pairs);
            }
            next.query.push(("start_cursor".into(), cursor.clone()));
            let mut more = self.notion.write(&next).map_err(Failure::of)?;
            let mut results = answer["results"].take();
            if let (Value::Array(all), Value::Array(new)) = (&mut results, more["results"].take()) {
                all.extend(new);
            }
            more["results"] = results;
            *answer = more;
            seen.push(cursor);
        }
        Ok(())
    }

    /// Sends a request until it is done, changing it where it is refused. The answer,
    /// and whether it was found instead of given; `Null` when all of it is in pieces.
    fn settle(
        &self,
        call: &Call,
        draft: &mut Draft,
        begun: Timestamp,
        again: bool,
    ) -> Result<(Value, bool), Failure> {
        let write = Write::of(call);
        if again && let Some(found) = self.find(write, &draft.body, begun, self.looks(begun))? {
            return Ok((found, true));
        }
        let (mut unknown, mut amends) = (0, 0);
        loop {
            let error = match self.notion.write(&request(call, &draft.body)) {
                Ok(answer) => return Ok((answer, false)),
                Err(error) => error,
            };
            if is_unknown(&error) {
                if let Some(found) = self.resolve(write, &draft.body, begun, &error)? {
                    return Ok((found, true));
                }
                unknown += 1;
                if unknown < UNKNOWN && write != Write::Other {
                    continue;
                }
                if !self.may_be_a_file(&draft.body, &error) {
                    return Err(Failure::Later(Box::new(error)));
                }
                unknown = 0;
            } else if !failure::is_refusal(&error) && !self.may_be_a_file(&draft.body, &error) {
                return Err(Failure::of(error));
            }
            if is_done(write, &draft.body, &error) {
                return Ok((json!({"id": target_of(write)}), true));
            }
            if let Some(upload) = unusable_upload(&draft.body, &error) {
                return Err(Failure::Upload(upload, Box::new(error)));
            }
            let gone = error.kind == Kind::NotFound
                && forget::named(&error.message)
                    .iter()
                    .any(|id| forget::leads_to(&call.path, &draft.body, *id));
            amends += 1;
            if gone || amends > AMENDS || !draft.amend(write, &call.path, &error) {
                return Err(Failure::step(write.name(), error.to_string()));
            }
            if matches!(write, Write::Change { .. }) && nothing_left(&draft.body) {
                return Ok((Value::Null, false));
            }
        }
    }

    /// Whether an error that is no refusal may be about a file that the request attaches,
    /// and not about the token or the service: the request may then go without it.
    fn may_be_a_file(&self, body: &Value, error: &Error) -> bool {
        lost_file::has_files(body)
            && match error.kind {
                Kind::Restricted => !error.block_limit,
                Kind::Other => true,
                Kind::Server | Kind::Malformed => self.notion.me().is_ok(),
                _ => false,
            }
    }

    /// What a request with a lost answer made, if it made it.
    fn resolve(
        &self,
        write: Write,
        body: &Value,
        begun: Timestamp,
        error: &Error,
    ) -> Result<Option<Value>, Failure> {
        let committed = error.committed.as_ref().and_then(|it| it.resource);
        match committed {
            Some(id) if is_creation(write) => Ok(Some(self.adopt(write, id)?)),
            _ => self.find(write, body, begun, &LOOKS),
        }
    }

    /// Makes plain columns in the place of formulas that were refused.
    fn stand_in_columns(
        &self,
        step: &Step,
        call: &Call,
        answer: &mut Value,
        draft: &mut Draft,
    ) -> Result<(), Failure> {
        let refused = std::mem::take(&mut draft.refused);
        let mut properties = serde_json::Map::new();
        for (name, _) in &refused {
            let stand_in = step.stand_ins.iter().find(|it| it.name == *name);
            properties.extend(stand_in.map(|it| (it.name.clone(), it.config.clone())));
        }
        let mut made = serde_json::Map::new();
        if !properties.is_empty() {
            let change = Call {
                body: json!({ "properties": properties }),
                ..call.clone()
            };
            let mut plain = Draft::new(draft.about(), change.body.clone());
            let mut new = match self.settle(&change, &mut plain, self.notion.now(), false) {
                Ok((new, _)) => new,
                Err(Failure::Step { .. }) => Value::Null,
                Err(failure) => return Err(failure),
            };
            let mut none = Checkpoints::new(&[], &|_| {});
            let write = Write::of(&change);
            self.send_pieces(write, &change, &mut new, &mut plain, &mut none)?;
            for name in properties.keys() {
                let id = new["properties"][name]["id"].as_str();
                made.extend(id.map(|id| (name.clone(), json!(id))));
            }
            if new.is_object() {
                *answer = new;
            }
        }
        for (name, error) in refused {
            let stand_in = step.stand_ins.iter().find(|it| it.name == name);
            let (why, degree) = match stand_in.filter(|_| made.contains_key(&name)) {
                Some(stand_in) => (format!(": {}", stand_in.why), Degree::StandIn),
                None => (String::new(), Degree::Missing),
            };
            let what = format!("property '{name}'");
            let mut loss = amend::refused(draft.about(), what, &error, degree);
            loss.why.push_str(&why);
            draft.losses.push(loss);
        }
        if !made.is_empty() {
            answer["stand_ins"] = made.into();
        }
        Ok(())
    }

    /// Keeps where a discussion is.
    fn remember(&self, write: Write, answer: &Value) {
        let discussion = answer["discussion_id"]
            .as_str()
            .and_then(|it| it.parse().ok());
        if let (Write::Comment { on }, Some(discussion)) = (write, discussion) {
            self.know_discussion(discussion, on);
        }
    }

    /// When to look for what a request made that was first sent at this time.
    fn looks(&self, begun: Timestamp) -> &'static [Duration] {
        let since = self.notion.now().duration_since(begun);
        if since.as_secs() > 60 { &LOOK } else { &LOOKS }
    }
}

/// The page that a request makes a page or database in, and where the answer has its id.
pub fn made_in(call: &Call) -> Option<(NotionId, &'static str)> {
    match Write::of(call) {
        Write::Page { parent } => Some((parent, "/id")),
        Write::Database { page } => Some((page, "/id")),
        Write::Linked { page } => Some((page, "/parent/database_id")),
        _ => None,
    }
}

/// Whether the outcome must be looked up; when Notion is away there is no looking.
fn is_unknown(error: &Error) -> bool {
    error.is_unknown() && error.kind != Kind::Away
}

/// The answer to an append.
fn list(blocks: Vec<Value>) -> Value {
    json!({"object": "list", "type": "block", "results": blocks})
}

/// A part of something that is there without it.
fn missing(about: NotionId, what: String, why: String) -> Loss {
    Loss {
        id: about,
        page: None,
        on: String::new(),
        what,
        why,
        degree: Degree::Missing,
    }
}

fn request(call: &Call, body: &Value) -> Request {
    Request {
        method: call.method,
        body: (!body.is_null()).then(|| body.clone()),
        ..Request::get(call.path.clone())
    }
}

fn is_creation(write: Write) -> bool {
    !matches!(
        write,
        Write::Append { .. } | Write::Change { .. } | Write::Trash { .. } | Write::Other
    )
}

/// What is changed or trashed.
fn target_of(write: Write) -> Option<NotionId> {
    match write {
        Write::Change { id } | Write::Trash { id } => Some(id),
        _ => None,
    }
}

/// Whether a refusal says that what was asked for is so already: trashed, or gone.
fn is_done(write: Write, body: &Value, error: &Error) -> bool {
    let trashed = error.message.contains("trash");
    match write {
        Write::Trash { .. } => trashed || error.kind == Kind::NotFound,
        Write::Change { .. } => trashed && body["in_trash"] == true,
        _ => false,
    }
}

/// Whether a change has nothing to change any more.
fn nothing_left(body: &Value) -> bool {
    let fields = body.as_object();
    fields.is_some_and(|fields| {
        let mut fields = fields.iter();
        fields.all(|(key, value)| {
            key == "properties" && value.as_object().is_some_and(|it| it.is_empty())
        })
    })
}

/// The upload that a refusal is about: the one that it names, else the first.
fn unusable_upload(body: &Value, error: &Error) -> Option<NotionId> {
    let message = error.message.to_lowercase();
    let unusable = ["expired", "status", "not find", "not been uploaded"];
    if !unusable.iter().any(|word| message.contains(word)) {
        return None;
    }
    let ids = forget::named(&error.message);
    if ids.is_empty() && message.contains("upload") {
        return forget::attached(body);
    }
    ids.into_iter().find(|id| forget::attaches(body, *id))
}

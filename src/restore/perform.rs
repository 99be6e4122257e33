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

use super::loss::{Degree, Loss};
use super::step::{Call, Step};
use crate::model::{NotionId, id_of};
use crate::notion::{Error, Kind, Method, Notion, Request};
use amend::{Draft, Piece};
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
    /// before anything is sent.
    ///
    /// A comment in a discussion that neither this performer has opened nor
    /// [`Performer::know_discussion`] was told of cannot be looked for; its step fails
    /// rather than say the same thing twice.
    pub fn perform(
        &self,
        step: &Step,
        call: &Call,
        again: Option<Timestamp>,
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
            let made = self.append(&target, children.unwrap_or_default(), looks)?;
            return Ok(Done {
                answer: json!({"object": "list", "type": "block", "results": made.blocks}),
                losses: made.losses,
                adopted: made.adopted,
            });
        }
        let mut draft = Draft::new(step.about, call.body.clone());
        draft.spare.clone_from(&step.spare);
        let (mut answer, adopted) = self.settle(call, &mut draft, begun, again.is_some())?;
        if adopted && again.is_some() {
            self.complete(write, &answer, &mut draft)?;
        }
        self.complete_list(call, &mut answer)?;
        self.remember(write, &answer);
        self.send_pieces(write, call, &mut answer, &mut draft)?;
        self.stand_in_columns(step, call, &mut answer, &mut draft)?;
        let children = std::mem::take(&mut draft.children);
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
            let made = self.append(&target, children, looks)?;
            draft.losses.extend(made.losses);
        }
        Ok(Done {
            answer,
            losses: draft.losses,
            adopted,
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

    /// Adds to the pieces what a run that was killed may have left out, of an object
    /// that was found: it may have been made bare, its pieces to follow.
    fn complete(&self, write: Write, answer: &Value, draft: &mut Draft) -> Result<(), Failure> {
        let body = draft.body.clone();
        match write {
            Write::Page { .. } | Write::Row { .. } => {
                let mut rest = serde_json::Map::new();
                let mut properties = body["properties"].as_object().cloned().unwrap_or_default();
                properties.retain(|_, property| property["title"].is_null());
                if !properties.is_empty() {
                    rest.insert("properties".into(), properties.into());
                }
                for key in ["icon", "cover"] {
                    if let Some(value) = body.get(key) {
                        rest.insert(key.into(), value.clone());
                    }
                }
                if !rest.is_empty() {
                    draft.pieces.push(Piece {
                        what: "properties".into(),
                        body: rest.into(),
                    });
                }
                let children = body["children"].as_array().cloned();
                draft.children = children.unwrap_or_default();
            }
            Write::Database { .. } | Write::Source { .. } => {
                let (source, wanted) = match write {
                    Write::Source { .. } => (answer.clone(), &body["properties"]),
                    _ => match id_of(&answer["data_sources"][0]) {
                        Some(id) => {
                            let source = self.notion.data_source(id).map_err(Failure::of)?;
                            (source, &body["initial_data_source"]["properties"])
                        }
                        None => return Ok(()),
                    },
                };
                for (name, property) in wanted.as_object().into_iter().flatten() {
                    if property["title"].is_null() && source["properties"][name].is_null() {
                        draft.pieces.push(Piece {
                            what: format!("property '{name}'"),
                            body: json!({"properties": {name: property}}),
                        });
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Sends what was taken out of a request, each piece by itself; one that is refused
    /// is a loss.
    fn send_pieces(
        &self,
        write: Write,
        call: &Call,
        answer: &mut Value,
        draft: &mut Draft,
    ) -> Result<(), Failure> {
        let mut pieces = std::mem::take(&mut draft.pieces);
        let mut refused = None;
        pieces.reverse();
        while let Some(piece) = pieces.pop() {
            let Some(path) = piece_path(write, call, answer, &piece) else {
                continue;
            };
            let change = Call {
                method: Method::Patch,
                path,
                body: piece.body.clone(),
            };
            let mut part = Draft::new(draft.about(), piece.body);
            match self.settle(&change, &mut part, self.notion.now(), false) {
                Ok((new, _)) => {
                    draft.losses.append(&mut part.losses);
                    draft.refused.append(&mut part.refused);
                    pieces.extend(part.pieces.into_iter().rev());
                    if new.is_object() && !matches!(write, Write::Database { .. }) {
                        *answer = new;
                    }
                }
                Err(Failure::Step { why, .. }) => {
                    draft.losses.push(Loss {
                        id: draft.about(),
                        page: None,
                        on: String::new(),
                        what: piece.what,
                        why: why.clone(),
                        degree: Degree::Missing,
                    });
                    refused = Some(why);
                }
                Err(failure) => return Err(failure),
            }
        }
        match refused {
            Some(why) if answer.is_null() => Err(Failure::step(write.name(), why)),
            _ => Ok(()),
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
            self.send_pieces(Write::of(&change), &change, &mut new, &mut plain)?;
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

/// Where a piece is sent.
fn piece_path(write: Write, call: &Call, answer: &Value, piece: &Piece) -> Option<String> {
    let own = id_of(answer);
    match write {
        Write::Page { .. } | Write::Row { .. } => Some(format!("/v1/pages/{}", own?)),
        Write::Database { .. } if piece.body.get("properties").is_some() => {
            let source = id_of(&answer["data_sources"][0])?;
            Some(format!("/v1/data_sources/{source}"))
        }
        Write::Database { .. } => Some(format!("/v1/databases/{}", own?)),
        Write::Source { .. } => Some(format!("/v1/data_sources/{}", own?)),
        Write::Change { .. } => Some(call.path.clone()),
        _ => None,
    }
}

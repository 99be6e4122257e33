//! Listings: following cursors until the end, whatever happens on the way.
//!
//! Pages of a listing may be short, may repeat objects, may stop being the whole
//! truth at any point (`request_status`), and a cursor may be refused in the middle of
//! the walk (section 1.6 of the API digest). A listing that brings nothing new for long is
//! ended, whatever its cursors say. Objects are handed out once each, in the order in
//! which they come.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use super::{Error, Kind, Method, Notion, Request};
use crate::model::NotionId;

/// The largest page of a listing (section 1.5 of the API digest).
pub(super) const PAGE_SIZE: u32 = 100;
/// What the size of a page is called, in a query and in a body.
const SIZE: &str = "page_size";

/// Takes the objects of one answer page. An `Err` ends the listing and is returned by it.
pub type Each<'a> = &'a mut (dyn FnMut(Vec<Value>) -> Result<(), Error> + 'a);

/// How a listing ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum End {
    /// Everything was listed.
    Complete,
    /// Notion (or the client) could not list everything, for this reason: Notion's
    /// `incomplete_reason` (such as `query_result_limit_reached`), or a sentence.
    Incomplete(String),
}

/// The objects that a listing has handed out, by id. 16 bytes each.
#[derive(Clone, Default)]
pub(super) struct Seen(HashSet<NotionId>);

impl Seen {
    /// Whether an object is new; one without an id always is.
    pub(super) fn is_new(&mut self, object: &Value) -> bool {
        let id = object["id"].as_str().and_then(|text| text.parse().ok());
        id.is_none_or(|id| self.0.insert(id))
    }

    /// Whether an object has come before; one without an id never has.
    pub(super) fn has(&self, object: &Value) -> bool {
        let id = object["id"].as_str().and_then(|text| text.parse().ok());
        id.is_some_and(|id| self.0.contains(&id))
    }
}

/// How a listing's objects are told apart when they come twice.
pub(super) enum Repeats<'a> {
    /// By id.
    ById(&'a mut Seen),
    /// They are values in a fixed order, so by place.
    ByPlace,
}

/// What is left of a listing when all has been handed out.
pub(super) struct Listed {
    pub(super) end: End,
    /// The last answer page without its objects.
    pub(super) last_page: Value,
    /// The last object, whether it came for the first time or not.
    pub(super) last_object: Option<Value>,
    /// Whether Notion itself said that there is more than it gives to one listing.
    pub(super) limited: bool,
}

impl Notion {
    /// Lists what `request` asks for; `key` is the array in the answer. In `request` stays
    /// the page size that was found to be small enough.
    pub(super) fn list(
        &self,
        request: &mut Request,
        key: &str,
        repeats: Repeats,
        each: Each,
    ) -> Result<Listed, Error> {
        let first = self.call(request)?;
        self.list_from(first, request, key, repeats, each)
    }

    /// The rest of a listing whose first answer page is there.
    pub(super) fn list_from(
        &self,
        first: Value,
        request: &mut Request,
        key: &str,
        mut repeats: Repeats,
        each: Each,
    ) -> Result<Listed, Error> {
        let mut answer = first;
        let mut cursors = HashSet::new();
        let (mut incomplete, mut limited) = (None, false);
        let mut last_object = None;
        let mut restarted = false;
        let mut progress = Progress::default();
        // How many values were handed out, and how many of them are still to be skipped.
        let (mut given, mut skip) = (0usize, 0usize);
        loop {
            let Some(Value::Array(mut objects)) = answer.get_mut(key).map(Value::take) else {
                let message = format!("the answer has no list '{key}'");
                return Err(Error::new(Kind::Malformed, request.endpoint(), message));
            };
            last_object = objects.last().cloned().or(last_object);
            let stands_still = progress.stands_still(&objects, page_size(request));
            match &mut repeats {
                Repeats::ById(seen) => objects.retain(|object| seen.is_new(object)),
                Repeats::ByPlace => {
                    let again = skip.min(objects.len());
                    objects.drain(..again);
                    skip -= again;
                    given += objects.len();
                }
            }
            let status = &answer["request_status"];
            if status["type"] == "incomplete" {
                let reason = status["incomplete_reason"].as_str();
                incomplete = Some(reason.unwrap_or("incomplete").to_owned());
                limited = true;
            }
            each(objects)?;
            let more = answer["has_more"].as_bool();
            let cursor = answer["next_cursor"].as_str().map(str::to_owned);
            match cursor.filter(|cursor| !cursor.is_empty()) {
                Some(_) if more != Some(false) && stands_still => {
                    incomplete.get_or_insert(progress.reason());
                }
                Some(cursor) if more != Some(false) => {
                    if cursors.insert(cursor.clone()) {
                        set_cursor(request, Some(cursor));
                        match self.call(request) {
                            Ok(next) => {
                                answer = next;
                                continue;
                            }
                            Err(error) if cursor_refused(&error) && !restarted => {
                                restarted = true;
                                skip = given;
                                cursors.clear();
                                progress = Progress::default();
                                set_cursor(request, None);
                                answer = self.call(request)?;
                                continue;
                            }
                            Err(error) if cursor_refused(&error) => {
                                let reason = "Notion refused its own cursor twice";
                                incomplete.get_or_insert(reason.to_owned());
                            }
                            Err(error) => return Err(error),
                        }
                    } else {
                        incomplete.get_or_insert("Notion repeated a cursor".to_owned());
                    }
                }
                None if more == Some(true) => {
                    incomplete.get_or_insert("Notion has more but gave no cursor".to_owned());
                }
                _ => {}
            }
            return Ok(Listed {
                end: incomplete.map_or(End::Complete, End::Incomplete),
                last_page: answer,
                last_object,
                limited,
            });
        }
    }
}

/// Watches whether a listing still brings anything new, whatever its cursors say.
///
/// Pages without anything new are no fault by themselves: Notion leaves out of a page what
/// the token may not see, and an object that moves while it is listed comes twice.
#[derive(Default)]
struct Progress {
    /// What tells objects apart, as hashes.
    seen: HashSet<u64>,
    /// Answer pages in a row without anything new, and the objects they had room for.
    pages: u64,
    room: u64,
    /// How many values were in these pages that nothing tells apart.
    values: usize,
}

impl Progress {
    /// So much room without anything new is a listing without end: 20 full pages, a
    /// fifth of the most that one query gives (10,000, section 1.6 of the API digest).
    const ROOM: u64 = 20 * PAGE_SIZE as u64;
    /// Values without an id, such as those of a rollup, may honestly be the same many
    /// times: as often as a page may be referenced (10,000, section 1.5).
    const VALUES: usize = 10_000;

    /// Takes the objects of an answer page that had room for `size`; true when there has
    /// been nothing new for too long.
    fn stands_still(&mut self, objects: &[Value], size: u64) -> bool {
        let mut new = false;
        let mut values = 0;
        for object in objects {
            match identity(object) {
                Some(id) => new |= self.seen.insert(hash(id)),
                None => values += 1,
            }
        }
        if values > 0 {
            let page: Vec<String> = objects.iter().map(Value::to_string).collect();
            new |= self.seen.insert(hash(&page));
        }
        if new {
            (self.pages, self.room, self.values) = (0, 0, 0);
            return false;
        }
        self.pages += 1;
        self.room += size.max(1);
        self.values += values;
        self.room >= Self::ROOM && (self.values == 0 || self.values >= Self::VALUES)
    }

    fn reason(&self) -> String {
        let pages = self.pages;
        format!("Notion gave {pages} pages in a row without anything new, and no end")
    }
}

/// What tells an object of a listing from the others. The items of a property all carry
/// the property's id; in a relation and among people what they point to is listed once.
fn identity(object: &Value) -> Option<&str> {
    if object["object"] != "property_item" {
        return object["id"].as_str();
    }
    let kind = object["type"].as_str()?;
    object[kind]["id"].as_str()
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Whether a request failed because its cursor is no longer good.
fn cursor_refused(error: &Error) -> bool {
    error.kind == Kind::Validation && error.message.contains("start_cursor")
}

/// Sets the cursor, which must be left out where there is none (section 1.1).
fn set_cursor(request: &mut Request, cursor: Option<String>) {
    const NAME: &str = "start_cursor";
    if request.method == Method::Get {
        request.query.retain(|(name, _)| name != NAME);
        if let Some(cursor) = cursor {
            request.query.push((NAME.to_owned(), cursor));
        }
    } else if let Some(Value::Object(body)) = &mut request.body {
        match cursor {
            Some(cursor) => body.insert(NAME.to_owned(), cursor.into()),
            None => body.remove(NAME),
        };
    }
}

/// The size of the pages that a request asks for; Notion's own where it asks for none.
pub(super) fn page_size(request: &Request) -> u64 {
    let size = match request.method {
        Method::Get => {
            let size = request.query.iter().find(|(name, _)| name == SIZE);
            size.and_then(|(_, size)| size.parse().ok())
        }
        _ => request.body.as_ref().and_then(|body| body[SIZE].as_u64()),
    };
    size.unwrap_or(PAGE_SIZE.into())
}

/// Halves the size of the pages that a request asks for and returns it; `None` when it
/// asks for no size, or for 1.
pub(super) fn shrink(request: &mut Request) -> Option<u64> {
    let smaller = page_size(request) / 2;
    if smaller == 0 {
        return None;
    }
    match request.method {
        Method::Get => {
            let mut query = request.query.iter_mut();
            query.find(|(name, _)| name == SIZE)?.1 = smaller.to_string();
        }
        _ => *request.body.as_mut()?.get_mut(SIZE)? = smaller.into(),
    }
    Some(smaller)
}

#[cfg(test)]
mod tests;

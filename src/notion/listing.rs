//! Listings: following cursors until the end, whatever happens on the way.
//!
//! Pages of a listing may be short, may repeat objects, may stop being the whole
//! truth at any point (`request_status`), and a cursor may be refused in the middle of
//! the walk (section 1.6 of the API digest). Objects are handed out once each, in the
//! order in which they come.

use std::collections::HashSet;

use serde_json::Value;

use super::{Error, Kind, Method, Notion, Request};
use crate::model::NotionId;

/// The largest page of a listing (section 1.5 of the API digest).
pub(super) const PAGE_SIZE: u32 = 100;

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
#[derive(Default)]
pub(super) struct Seen(HashSet<NotionId>);

impl Seen {
    /// Whether an object is new; one without an id always is.
    pub(super) fn is_new(&mut self, object: &Value) -> bool {
        let id = object["id"].as_str().and_then(|text| text.parse().ok());
        id.is_none_or(|id| self.0.insert(id))
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
}

impl Notion {
    /// Lists what `request` asks for; `key` is the array in the answer.
    pub(super) fn list(
        &self,
        mut request: Request,
        key: &str,
        repeats: Repeats,
        each: Each,
    ) -> Result<Listed, Error> {
        let first = self.call(&mut request)?;
        self.list_from(first, request, key, repeats, each)
    }

    /// The rest of a listing whose first answer page is there.
    pub(super) fn list_from(
        &self,
        first: Value,
        mut request: Request,
        key: &str,
        mut repeats: Repeats,
        each: Each,
    ) -> Result<Listed, Error> {
        let mut answer = first;
        let mut cursors = HashSet::new();
        let mut incomplete = None;
        let mut last_object = None;
        let mut restarted = false;
        // How many values were handed out, and how many of them are still to be skipped.
        let (mut given, mut skip) = (0usize, 0usize);
        loop {
            let Some(Value::Array(mut objects)) = answer.get_mut(key).map(Value::take) else {
                let message = format!("the answer has no list '{key}'");
                return Err(Error::new(Kind::Malformed, request.endpoint(), message));
            };
            last_object = objects.last().cloned().or(last_object);
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
            }
            each(objects)?;
            let more = answer["has_more"].as_bool();
            let cursor = answer["next_cursor"].as_str().map(str::to_owned);
            match cursor {
                Some(cursor) if more != Some(false) => {
                    if cursors.insert(cursor.clone()) {
                        set_cursor(&mut request, Some(cursor));
                        match self.call(&mut request) {
                            Ok(next) => {
                                answer = next;
                                continue;
                            }
                            Err(error) if cursor_refused(&error) && !restarted => {
                                restarted = true;
                                skip = given;
                                cursors.clear();
                                set_cursor(&mut request, None);
                                answer = self.call(&mut request)?;
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
            });
        }
    }
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

#[cfg(test)]
mod tests;

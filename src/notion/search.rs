//! Search, past the number of results that one search gives, and past what moves meanwhile.
//!
//! Results come by their last edit, latest first. When Notion says that some are missing
//! (section 1.6 of the API digest), the others are listed from the far end, oldest edit
//! first, until that listing meets the first one. When it breaks off before, nothing can
//! list what lies between; then the data sources are listed by themselves, so that at
//! least no row is missed.
//!
//! Whatever is edited while it is listed goes to the front, which may have been listed
//! before. So after a listing from two ends, and after a long one, the front is listed once
//! more, as far back as the edits that were the latest when the listing began. What has
//! left the far end for the front may have moved others past the cursor there; then the
//! far end is listed again.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::listing::{PAGE_SIZE, Repeats, Seen, page_size};
use super::{Each, End, Error, Notion, Request};
use crate::model::edited;

const LATEST_FIRST: &str = "descending";
const OLDEST_FIRST: &str = "ascending";
/// A listing in one piece that is over within this time is not looked after: Notion cuts
/// times to the minute, and its index is no faster (section 2.2).
const LONG: Duration = Duration::from_secs(60);
/// How often either end is listed again at most. Each time there is only what was edited
/// since the time before.
const ROUNDS: u32 = 10;
/// Why a search is incomplete after that.
const TOO_FAST: &str = "pages were edited faster than they could be listed";

impl Notion {
    /// Lists every page and data source that the search index knows, each once. The
    /// index is not exhaustive (section 2.2); [`End::Incomplete`] says that moreover
    /// a part of it could not be listed.
    pub fn search(&self, each: Each) -> Result<End, Error> {
        let began = self.clock.elapsed();
        let mut search = Search {
            notion: self,
            page_size: PAGE_SIZE.into(),
            seen: Seen::default(),
            each,
        };
        let first = search.pass(LATEST_FIRST, None, &mut |_| false)?;
        let End::Incomplete(reason) = first.end else {
            let short = self.clock.elapsed().saturating_sub(began) < LONG;
            if first.answers == 1 || short {
                return Ok(End::Complete);
            }
            let mut front = search.seen.clone();
            let (end, _) = search.catch_up(first.latest, &mut front, &Seen::default())?;
            return Ok(end);
        };
        let mut front = search.seen.clone();
        for round in 0..ROUNDS {
            let mut back = Seen::default();
            // All of an answer is known only where the front has been listed.
            let rest = search.pass(OLDEST_FIRST, None, &mut |objects| {
                let meets = !objects.is_empty() && objects.iter().all(|it| front.has(it));
                objects.iter().for_each(|object| {
                    back.is_new(object);
                });
                meets
            })?;
            // Where one listing has no sane end, that two of them meet proves nothing.
            if !first.limited {
                return Ok(End::Incomplete(reason));
            }
            if !rest.enough && rest.end != End::Complete {
                let sources = json!({"property": "object", "value": "data_source"});
                search.pass(LATEST_FIRST, Some(sources), &mut |_| false)?;
                return Ok(End::Incomplete(reason));
            }
            let (end, moved) = search.catch_up(first.latest, &mut front, &back)?;
            let nothing_skipped = round > 0 && rest.new == 0;
            if end != End::Complete || !moved || nothing_skipped {
                return Ok(end);
            }
        }
        Ok(End::Incomplete(TOO_FAST.to_owned()))
    }
}

/// One search, made of several listings.
struct Search<'a> {
    notion: &'a Notion,
    /// The size of the pages, smaller once Notion could not give more at a time.
    page_size: u64,
    seen: Seen,
    each: Each<'a>,
}

/// Whether a listing may end after an answer with these objects.
type Enough<'a> = &'a mut dyn FnMut(&[Value]) -> bool;

/// What one listing has brought.
struct Pass {
    end: End,
    /// Whether Notion itself said that there is more than one search gives.
    limited: bool,
    /// Whether it was ended because that was enough.
    enough: bool,
    answers: u32,
    /// How many objects came that no listing had brought before.
    new: usize,
    /// The latest edit in the first answer.
    latest: Option<Timestamp>,
}

impl Search<'_> {
    /// Lists in one direction until the end or until it is enough, and hands out what was
    /// not handed out before.
    fn pass(
        &mut self,
        direction: &str,
        filter: Option<Value>,
        is_enough: Enough,
    ) -> Result<Pass, Error> {
        let mut body = json!({
            "page_size": self.page_size,
            "sort": {"timestamp": "last_edited_time", "direction": direction},
        });
        if let Some(filter) = filter {
            body["filter"] = filter;
        }
        let mut request = Request::post("/v1/search", body);
        let mut pass = Pass {
            end: End::Complete,
            limited: false,
            enough: false,
            answers: 0,
            new: 0,
            latest: None,
        };
        let (seen, each) = (&mut self.seen, &mut *self.each);
        let mut take = |mut objects: Vec<Value>| {
            if pass.answers == 0 {
                pass.latest = objects.iter().filter_map(edited).max();
            }
            pass.answers += 1;
            let enough = is_enough(&objects);
            objects.retain(|object| seen.is_new(object));
            pass.new += objects.len();
            each(objects)?;
            pass.enough = enough;
            match enough {
                true => Err(Error::local("the listing has brought enough")),
                false => Ok(()),
            }
        };
        let mut own = Seen::default();
        let by_id = Repeats::ById(&mut own);
        let listed = self.notion.list(&mut request, "results", by_id, &mut take);
        self.page_size = page_size(&request);
        match listed {
            Ok(listed) => (pass.end, pass.limited) = (listed.end, listed.limited),
            Err(_) if pass.enough => {}
            Err(error) => return Err(error),
        }
        Ok(pass)
    }

    /// Lists from the front what was edited at this time or later, until one answer has
    /// all of it or nothing new comes. Adds it to `front`, and says whether any of it had
    /// been listed in `back`.
    fn catch_up(
        &mut self,
        mut since: Option<Timestamp>,
        front: &mut Seen,
        back: &Seen,
    ) -> Result<(End, bool), Error> {
        let mut moved = false;
        for _ in 0..ROUNDS {
            let pass = self.pass(LATEST_FIRST, None, &mut |objects| {
                let is_older = |object: &Value| edited(object).is_some_and(|it| Some(it) < since);
                let is_old = |object: &Value| front.has(object) && edited(object) <= since;
                let enough = objects.last().is_some_and(is_older)
                    || (!objects.is_empty() && objects.iter().all(is_old));
                for object in objects.iter().filter(|object| !is_older(object)) {
                    moved |= back.has(object);
                    front.is_new(object);
                }
                enough
            })?;
            if !pass.enough && pass.end != End::Complete {
                break;
            }
            if pass.answers == 1 || pass.new == 0 {
                return Ok((End::Complete, moved));
            }
            since = pass.latest;
        }
        Ok((End::Incomplete(TOO_FAST.to_owned()), moved))
    }
}

#[cfg(test)]
mod tests;

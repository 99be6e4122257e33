//! All rows of a data source, past the 10,000 that Notion gives to one query.
//!
//! Rows are listed by `created_time`, which never changes. When Notion says that a
//! listing is incomplete, the next one begins at the last creation time seen (section
//! 2.5 of the API digest). When a single minute holds more rows than the limit, that
//! minute is listed by `last_edited_time` in the same way: a row that is edited meanwhile
//! moves ahead, where it is met again. Rows met twice are handed out once.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::listing::{PAGE_SIZE, Repeats, Seen};
use super::{Each, End, Error, Notion, Request};
use crate::model::NotionId;

const CREATED: &str = "created_time";
const EDITED: &str = "last_edited_time";

impl Notion {
    /// Lists every row of a data source: the archived ones, or those that are not.
    /// An API that does not know archived rows answers with [`super::Kind::Validation`].
    ///
    /// [`End::Incomplete`] says so when more rows than Notion's limit share both minutes,
    /// creation and last edit, so that nothing tells them apart; all others are handed
    /// out nevertheless.
    pub fn rows(&self, data_source: NotionId, archived: bool, each: Each) -> Result<End, Error> {
        let mut rows = Rows {
            notion: self,
            path: format!("/v1/data_sources/{data_source}/query"),
            archived,
            seen: Seen::default(),
            each,
        };
        let mut incomplete = None;
        let mut start = Vec::new();
        loop {
            match rows.windows(&start, CREATED)? {
                Walked::All => break,
                Walked::Lost(reason) => {
                    incomplete = Some(reason);
                    break;
                }
                Walked::Stuck(minute) => {
                    if let Some(reason) = rows.minute(&minute)? {
                        incomplete = Some(reason);
                    }
                    start = vec![condition(CREATED, "after", &minute)];
                }
            }
        }
        Ok(incomplete.map_or(End::Complete, End::Incomplete))
    }
}

impl Notion {
    /// Lists the rows that were created at this time or later, archived ones not among
    /// them, oldest first.
    pub fn rows_since(
        &self,
        data_source: NotionId,
        since: Timestamp,
        each: Each,
    ) -> Result<End, Error> {
        let mut rows = Rows {
            notion: self,
            path: format!("/v1/data_sources/{data_source}/query"),
            archived: false,
            seen: Seen::default(),
            each,
        };
        let filter = condition(CREATED, "on_or_after", &format!("{since:.3}"));
        Ok(rows.query(vec![filter], CREATED)?.0)
    }
}

/// How a walk over windows ended.
enum Walked {
    /// Nothing is missing.
    All,
    /// More rows than the limit have this time.
    Stuck(String),
    /// Notion says that rows are missing, but not where.
    Lost(String),
}

/// One listing of rows, made of many queries.
struct Rows<'a> {
    notion: &'a Notion,
    path: String,
    archived: bool,
    seen: Seen,
    each: Each<'a>,
}

impl Rows<'_> {
    /// Lists all rows created at one time; gives the reason if some are missing.
    fn minute(&mut self, minute: &str) -> Result<Option<String>, Error> {
        let base = [
            condition(CREATED, "on_or_after", minute),
            condition(CREATED, "on_or_before", minute),
        ];
        let mut incomplete = None;
        let mut start = base.to_vec();
        loop {
            match self.windows(&start, EDITED)? {
                Walked::All => return Ok(incomplete),
                Walked::Lost(reason) => return Ok(Some(reason)),
                Walked::Stuck(edited) => {
                    incomplete = Some(format!(
                        "more rows than one query gives were created at {minute} and edited at {edited}"
                    ));
                    start = base.to_vec();
                    start.push(condition(EDITED, "after", &edited));
                }
            }
        }
    }

    /// Queries for the rows that meet all conditions, sorted by a time, from the last
    /// time seen again and again, until a query is complete or the time stands still.
    fn windows(&mut self, conditions: &[Value], by: &str) -> Result<Walked, Error> {
        let mut from: Option<String> = None;
        loop {
            let mut filters = conditions.to_vec();
            filters.extend(
                from.as_deref()
                    .map(|from| condition(by, "on_or_after", from)),
            );
            let (end, last) = self.query(filters, by)?;
            let reason = match end {
                End::Complete => return Ok(Walked::All),
                End::Incomplete(reason) => reason,
            };
            match last {
                None => return Ok(Walked::Lost(reason)),
                Some(last) if from.as_ref() == Some(&last) => return Ok(Walked::Stuck(last)),
                Some(last) => from = Some(last),
            }
        }
    }

    /// One query, drained; with the time (of the kind it sorts by) of its last row.
    fn query(&mut self, filters: Vec<Value>, by: &str) -> Result<(End, Option<String>), Error> {
        let mut body = json!({
            "page_size": PAGE_SIZE,
            "sorts": [{"timestamp": by, "direction": "ascending"}],
        });
        if filters.len() > 1 {
            body["filter"] = json!({ "and": filters });
        } else if let Some(filter) = filters.into_iter().next() {
            body["filter"] = filter;
        }
        if self.archived {
            body["is_archived"] = true.into();
        }
        let request = Request::post(self.path.clone(), body);
        let repeats = Repeats::ById(&mut self.seen);
        let listed = self
            .notion
            .list(request, "results", repeats, &mut *self.each)?;
        let time = |object: Value| object[by].as_str().map(str::to_owned);
        Ok((listed.end, listed.last_object.and_then(time)))
    }
}

/// A filter by a time.
fn condition(timestamp: &str, operator: &str, time: &str) -> Value {
    json!({"timestamp": timestamp, timestamp: {operator: time}})
}

#[cfg(test)]
mod tests;

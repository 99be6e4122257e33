//! All rows of a data source, past the 10,000 that Notion gives to one query.
//!
//! Rows are listed by `created_time`, which never changes. When Notion says that a
//! listing is incomplete, the next one begins at the last creation time seen (section
//! 2.5 of the API digest). When a single minute holds more rows than the limit, that
//! minute is listed by `last_edited_time` in the same way: a row that is edited meanwhile
//! moves ahead, where it is met again. Rows met twice are handed out once.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::listing::{Listed, PAGE_SIZE, Repeats, Seen, page_size};
use super::{Each, End, Error, Notion, Request};
use crate::model::NotionId;

const CREATED: &str = "created_time";
const EDITED: &str = "last_edited_time";
/// Why rows may be missing when queries do not come nearer to an end.
const NO_ORDER: &str = "Notion's answers do not follow the order and the filter asked for";

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
            page_size: PAGE_SIZE.into(),
            seen: Seen::default(),
            each,
        };
        let mut incomplete = None;
        let mut start = Vec::new();
        let mut before = None;
        loop {
            match rows.windows(&start, CREATED)? {
                Walked::All => break,
                Walked::Lost(reason) => {
                    incomplete = Some(reason);
                    break;
                }
                Walked::Stuck(minute) if before.as_ref() >= Some(&minute) => {
                    incomplete = Some(NO_ORDER.to_owned());
                    break;
                }
                Walked::Stuck(minute) => {
                    before = Some(minute.clone());
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
            page_size: PAGE_SIZE.into(),
            seen: Seen::default(),
            each,
        };
        let filter = condition(CREATED, "on_or_after", &format!("{since:.3}"));
        Ok(rows.query(vec![filter], CREATED)?.end)
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
    /// The size of the pages, smaller once Notion could not give more at a time.
    page_size: u64,
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
        let mut before = None;
        loop {
            match self.windows(&start, EDITED)? {
                Walked::All => return Ok(incomplete),
                Walked::Lost(reason) => return Ok(Some(reason)),
                Walked::Stuck(edited) if before.as_ref() >= Some(&edited) => {
                    return Ok(Some(NO_ORDER.to_owned()));
                }
                Walked::Stuck(edited) => {
                    before = Some(edited.clone());
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
            let listed = self.query(filters, by)?;
            let reason = match listed.end {
                End::Complete => return Ok(Walked::All),
                End::Incomplete(reason) => reason,
            };
            let time = |object: &Value| object[by].as_str().map(str::to_owned);
            match listed.last_object.as_ref().and_then(time) {
                // Another query helps against Notion's limit, not against a broken listing.
                Some(last) if listed.limited => {
                    if from.as_ref() >= Some(&last) {
                        return Ok(Walked::Stuck(last));
                    }
                    from = Some(last);
                }
                _ => return Ok(Walked::Lost(reason)),
            }
        }
    }

    /// One query, drained.
    fn query(&mut self, filters: Vec<Value>, by: &str) -> Result<Listed, Error> {
        let mut body = json!({
            "page_size": self.page_size,
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
        let mut request = Request::post(self.path.clone(), body);
        let repeats = Repeats::ById(&mut self.seen);
        let listed = self
            .notion
            .list(&mut request, "results", repeats, &mut *self.each);
        self.page_size = page_size(&request);
        listed
    }
}

/// A filter by a time.
fn condition(timestamp: &str, operator: &str, time: &str) -> Value {
    json!({"timestamp": timestamp, timestamp: {operator: time}})
}

#[cfg(test)]
mod tests;

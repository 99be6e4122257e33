//! Looking for what a request with a lost answer would have made.
//!
//! Each kind of object is listed where it would be, and found by its name, if it is not
//! one that this restore has made before ([`Performer::taken`]) and not older than the
//! request. What is found is read as the request would have answered it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::text::{is_certain, words};
use super::write::Write;
use super::{Failure, LOOKS, Performer};
use crate::model::{NotionId, id_of, type_of};
use crate::notion::{Each, End, Error, Kind};

/// How much older than the request an object may seem: Notion rounds times to the
/// minute (section 3.11 of the API digest).
const OLDER: SignedDuration = SignedDuration::from_mins(2);

impl Performer<'_> {
    /// Looks for what a request would have made, at these times; `None` when it is not
    /// there, or when it may simply be sent again.
    pub(super) fn find(
        &self,
        write: Write,
        body: &Value,
        begun: Timestamp,
        looks: &[Duration],
    ) -> Result<Option<Value>, Failure> {
        if matches!(
            write,
            Write::Change { .. } | Write::Trash { .. } | Write::Other | Write::Append { .. }
        ) {
            return Ok(None);
        }
        for wait in looks {
            self.wait(*wait);
            if let Some(found) = self.look(write, body, begun)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Reads an object that Notion says it has made. Reads may lag behind; if it cannot
    /// be seen at all, its id is the answer.
    pub(super) fn adopt(&self, write: Write, id: NotionId) -> Result<Value, Failure> {
        for wait in LOOKS {
            self.wait(wait);
            if let Some(found) = seen(self.read(write, id))? {
                return Ok(found);
            }
        }
        Ok(json!({ "id": id }))
    }

    fn read(&self, write: Write, id: NotionId) -> Result<Value, Error> {
        match write {
            Write::Database { .. } => self.notion.database(id),
            Write::Source { .. } => self.notion.data_source(id),
            Write::View { .. } | Write::Widget { .. } | Write::Linked { .. } => {
                self.notion.view(id)
            }
            Write::Comment { .. } | Write::Reply { .. } => self.notion.comment(id),
            _ => self.notion.page(id),
        }
    }

    /// Waits before a look.
    pub(super) fn wait(&self, time: Duration) {
        if !time.is_zero() {
            let why = "an answer was lost, looking for what it was";
            self.notion.pause(time, why);
        }
    }

    /// The first level of blocks of a page or block.
    pub(super) fn children(&self, parent: NotionId) -> Result<Vec<Value>, Failure> {
        all(|each| self.notion.children(parent, each))
    }

    fn look(&self, write: Write, body: &Value, begun: Timestamp) -> Result<Option<Value>, Failure> {
        let since = begun.checked_sub(OLDER).unwrap_or(begun);
        match write {
            Write::Page { parent } => {
                self.look_inside(parent, "child_page", since, |this, id, block| {
                    let title = title_in(&body["properties"]);
                    if !shows(&title, block["child_page"]["title"].as_str()) {
                        return Ok(None);
                    }
                    seen(this.notion.page(id))
                })
            }
            Write::Database { page } => {
                self.look_inside(page, "child_database", since, |this, id, block| {
                    if !shows(&body["title"], block["child_database"]["title"].as_str()) {
                        return Ok(None);
                    }
                    let found = seen(this.notion.database(id))?;
                    // A linked database has none.
                    Ok(found.filter(|it| id_of(&it["data_sources"][0]).is_some()))
                })
            }
            Write::Linked { page } => {
                self.look_inside(page, "child_database", since, |this, id, _| {
                    let views = all(|each| this.notion.views(id, each))?;
                    this.look_among(views.iter().filter_map(id_of), body, since)
                })
            }
            Write::Row { source } => {
                let rows = all(|each| self.notion.rows_since(source, since, each))?;
                let title = title_in(&body["properties"]);
                let mut rows = rows.into_iter();
                Ok(rows.find(|row| {
                    let shown = words(&title_in(&row["properties"]));
                    self.is_new(row, since) && shows(&title, Some(&shown))
                }))
            }
            Write::Source { database } => {
                let Some(found) = seen(self.notion.database(database))? else {
                    return Ok(None);
                };
                for source in found["data_sources"].as_array().into_iter().flatten() {
                    if shows(&body["title"], source["name"].as_str())
                        && let Some(id) = id_of(source).filter(|id| !(self.taken)(*id))
                        && let Some(source) = seen(self.notion.data_source(id))?
                        && self.is_new(&source, since)
                    {
                        return Ok(Some(source));
                    }
                }
                Ok(None)
            }
            Write::View { database } => {
                let views = all(|each| self.notion.views(database, each))?;
                self.look_among(views.iter().filter_map(id_of), body, since)
            }
            Write::Widget { dashboard } => {
                let Some(found) = seen(self.notion.view(dashboard))? else {
                    return Ok(None);
                };
                let rows = found["configuration"]["rows"].as_array();
                let widgets = rows.into_iter().flatten().flat_map(|row| {
                    let widgets = row["widgets"].as_array();
                    widgets.into_iter().flatten()
                });
                let ids = widgets.filter_map(|it| it["view_id"].as_str()?.parse().ok());
                self.look_among(ids, body, since)
            }
            Write::Comment { on } => self.look_at_comments(on, None, body, since),
            Write::Reply { discussion } => {
                let known = self
                    .discussions
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                let on = known.get(&discussion).copied();
                drop(known);
                let on = on.ok_or_else(unsure)?;
                self.look_at_comments(on, Some(discussion), body, since)
            }
            Write::Append { .. } | Write::Change { .. } | Write::Trash { .. } | Write::Other => {
                Ok(None)
            }
        }
    }

    /// Looks through the new blocks of one type in a page.
    fn look_inside(
        &self,
        page: NotionId,
        kind: &str,
        since: Timestamp,
        mut is: impl FnMut(&Self, NotionId, &Value) -> Result<Option<Value>, Failure>,
    ) -> Result<Option<Value>, Failure> {
        for block in self.children(page)? {
            if type_of(&block) == kind
                && self.is_new(&block, since)
                && let Some(id) = id_of(&block)
                && let Some(found) = is(self, id, &block)?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Looks among views for a new one with the name, type and source that were asked
    /// for.
    fn look_among(
        &self,
        views: impl Iterator<Item = NotionId>,
        body: &Value,
        since: Timestamp,
    ) -> Result<Option<Value>, Failure> {
        for id in views.filter(|id| !(self.taken)(*id)) {
            if let Some(view) = seen(self.notion.view(id))?
                && self.is_new(&view, since)
                && view["name"] == body["name"]
                && view["type"] == body["type"]
                && same_id(&view["data_source_id"], &body["data_source_id"])
            {
                return Ok(Some(view));
            }
        }
        Ok(None)
    }

    fn look_at_comments(
        &self,
        on: NotionId,
        discussion: Option<NotionId>,
        body: &Value,
        since: Timestamp,
    ) -> Result<Option<Value>, Failure> {
        let comments = match all(|each| self.notion.comments(on, each)) {
            // Not allowed to look, the run would stop here at each try.
            Err(Failure::Capability(..)) => return Err(unsure()),
            comments => comments?,
        };
        let mut comments = comments.into_iter();
        Ok(comments.find(|comment| {
            let place = comment["discussion_id"].as_str();
            let here = discussion
                .is_none_or(|wanted| place.and_then(|it| it.parse().ok()) == Some(wanted));
            let shown = words(&comment["rich_text"]);
            here && self.is_new(comment, since) && shows(&body["rich_text"], Some(&shown))
        }))
    }

    /// Whether an object may be what is looked for, by its id and its time.
    fn is_new(&self, object: &Value, since: Timestamp) -> bool {
        let created = object["created_time"].as_str();
        let created = created.and_then(|text| text.parse::<Timestamp>().ok());
        created.is_none_or(|created| created >= since)
            && id_of(object).is_some_and(|id| !(self.taken)(id))
    }
}

/// A comment whose answer was lost, and that cannot be looked for.
fn unsure() -> Failure {
    let why = "whether it was posted is not known, and it is not posted twice";
    Failure::step("comment", why)
}

/// All objects of a listing.
fn all(list: impl FnOnce(Each) -> Result<End, Error>) -> Result<Vec<Value>, Failure> {
    let mut found = Vec::new();
    let end = list(&mut |objects| {
        found.extend(objects);
        Ok(())
    });
    match end {
        // What is not listed is not found; there is no other list to look at.
        Ok(End::Complete | End::Incomplete(_)) => Ok(found),
        Err(error) => Err(Failure::of(error)),
    }
}

/// An object that was read, or `None` where there is none (any more, or yet).
fn seen(read: Result<Value, Error>) -> Result<Option<Value>, Failure> {
    match read {
        Ok(object) => Ok(Some(object)),
        Err(error) if matches!(error.kind, Kind::NotFound | Kind::Validation) => Ok(None),
        Err(error) => Err(Failure::of(error)),
    }
}

/// The rich text of the title among properties; `Null` for none.
fn title_in(properties: &Value) -> Value {
    let mut values = properties.as_object().into_iter().flatten();
    let title = values.find_map(|(_, value)| Some(&value["title"]).filter(|it| it.is_array()));
    title.cloned().unwrap_or_default()
}

/// Whether this is how Notion may show a rich text: titles in mentions are not known.
fn shows(wanted: &Value, shown: Option<&str>) -> bool {
    let wanted_words = words(wanted);
    match shown {
        _ if !is_certain(wanted) => true,
        Some(shown) => shown.trim() == wanted_words.trim(),
        None => true,
    }
}

fn same_id(one: &Value, other: &Value) -> bool {
    let id = |value: &Value| value.as_str()?.parse::<NotionId>().ok();
    id(one) == id(other)
}

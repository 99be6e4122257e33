//! Reading one page: its long property values and its comments; its blocks are read in
//! `blocks`.

use std::sync::atomic::Ordering;

use serde_json::{Map, Value, json};

use super::Error;
use super::attachments::Attachments;
use super::blocks::Todo;
use super::body::Record;
use super::context::Crawl;
use super::failed::{Failed, KEPT, collect, reason};
use super::ledger::{Line, Status};
use super::listing::Listed;
use super::options::Comments;
use crate::model::{
    How, Kind, NotionId, Parent, Reference, Truncated, canonical, id_of, parent_of, references,
    truncated_properties,
};
use crate::notion::{self, End};
use crate::report::Counter;

/// A page being read.
pub(super) struct Reading<'c> {
    pub(super) crawl: &'c Crawl<'c>,
    pub(super) record: Record,
    pub(super) files: Attachments<'c>,
    comments: Vec<Value>,
    /// The lists of children that are still to be read.
    pub(super) todo: Vec<Todo>,
    /// Why the page's own list of blocks cannot be read.
    pub(super) failed: Option<Failed>,
}

impl<'c> Crawl<'c> {
    /// Reads everything of a page but the pages below it. `object` is the page as it was
    /// listed; when its blocks cannot be read at all, the page itself is kept all the
    /// same, and why is returned beside it.
    pub fn read_page(
        &'c self,
        id: NotionId,
        listed: Listed,
        object: Value,
    ) -> Result<(Record, Option<Failed>), Failed> {
        let mut record = Record::new(id, Kind::Page, listed.seen);
        record.edited = listed.edited;
        record.parent = listed.parent.id();
        record.refer(parent_reference(listed.parent).filter(|_| !self.options.roots.contains(&id)));
        let mut reading = Reading {
            crawl: self,
            record,
            files: Attachments::new(self, id),
            comments: Vec::new(),
            todo: Vec::new(),
            failed: None,
        };
        reading.properties(&object)?;
        reading.blocks(object)?;
        reading.comments_of(id)?;
        let failed = reading.failed.take();
        Ok((reading.finish()?, failed))
    }
}

/// A page whose parent is not shared names it all the same. A block's page is looked for
/// only when no list shows the page.
fn parent_reference(parent: Parent) -> Option<Reference> {
    match parent {
        Parent::Page(id) | Parent::Database(id) => Some(Reference(id, How::Parent)),
        Parent::DataSource(id, _) => Some(Reference(id, How::ParentSource)),
        Parent::Block(_) | Parent::Workspace | Parent::Unknown => None,
    }
}

impl Reading<'_> {
    fn properties(&mut self, page: &Value) -> Result<(), Failed> {
        let id = self.record.id;
        self.crawl
            .note_broken(&mut self.record, id, Kind::Page, "", page);
        self.record.refer(references(page));
        self.files
            .take(&mut self.record, id, page, &|| self.crawl.api.page(id))?;
        let mut complete = Map::new();
        for property in truncated_properties(page) {
            match self.property(&property) {
                Ok(value) => {
                    complete.insert(property.name, value);
                }
                Err(failed) => {
                    let (status, mut reason) = failed.recoverable()?;
                    let before = self.before("properties.json")?;
                    if status.keeps_earlier()
                        && let Some(kept) = before.get(&property.name)
                    {
                        reason.push_str(KEPT);
                        self.record.refer(references(kept));
                        complete.insert(property.name.clone(), kept.clone());
                    }
                    let line = Line::new(id, Kind::Property, status, reason);
                    self.record.line(line.at(property.name));
                }
            }
        }
        if !complete.is_empty() {
            let stored = self
                .crawl
                .repo
                .put_json(&Value::Object(complete))
                .map_err(Error::from)?;
            self.record.body.file(0, "properties.json", stored, None);
        }
        Ok(())
    }

    /// A file of this page as the previous snapshot has it, or null.
    pub(super) fn before(&self, name: &str) -> Result<Value, Error> {
        let crawl = self.crawl;
        let before = crawl.base.sidecar(crawl.repo, self.record.id, name)?;
        Ok(before.unwrap_or_default())
    }

    /// The whole value of a property that the page object cuts off.
    fn property(&mut self, property: &Truncated) -> Result<Value, Failed> {
        let id = self.record.id;
        let mut items = Vec::new();
        let answer = self.crawl.api.property(id, &property.id, &mut |page| {
            items.extend(page);
            Ok(())
        });
        let answer = match answer {
            // A formula over too many tables (section 2.3 of the API digest): asking again does not help.
            Err(error) if error.kind == notion::Kind::Validation => {
                return Err(Failed::Unsupported(reason(&error)));
            }
            answer => answer?,
        };
        let (crawl, name) = (self.crawl, &property.name);
        for (index, item) in items.iter().enumerate() {
            let place = format!("{name}/items/{index}");
            crawl.note_broken(&mut self.record, id, Kind::Property, &place, item);
        }
        let place = format!("{name}/head");
        crawl.note_broken(&mut self.record, id, Kind::Property, &place, &answer.head);
        let items: Vec<Value> = items.into_iter().map(canonical).collect();
        items
            .iter()
            .for_each(|item| self.record.refer(references(item)));
        if let End::Incomplete(reason) = answer.end {
            let line = Line::new(id, Kind::Property, Status::Truncated, reason);
            self.record.line(line.at(&property.name));
        }
        Ok(json!({"head": canonical(answer.head), "items": items}))
    }

    pub(super) fn comments_of(&mut self, id: NotionId) -> Result<(), Failed> {
        let crawl = self.crawl;
        if crawl.options.comments == Comments::None {
            return Ok(());
        }
        if crawl.comments_denied.load(Ordering::SeqCst) {
            self.record.uncommented = true;
            self.keep_comments(id)?;
            return Ok(());
        }
        let list = || collect(|each| crawl.api.comments(id, each));
        let comments = match list() {
            Ok((comments, End::Complete)) => {
                crawl.comments_read.store(true, Ordering::SeqCst);
                comments
            }
            Ok((comments, End::Incomplete(reason))) => {
                self.record
                    .line(Line::new(id, Kind::Comment, Status::Truncated, reason));
                comments
            }
            Err(error)
                if error.names_capability() && !crawl.comments_read.load(Ordering::SeqCst) =>
            {
                crawl.deny_comments(&error);
                self.record.uncommented = true;
                self.keep_comments(id)?;
                return Ok(());
            }
            Err(error) => {
                let (status, mut reason) = Failed::from(error).recoverable()?;
                if status.keeps_earlier() && self.keep_comments(id)? {
                    reason.push_str(KEPT);
                }
                self.record
                    .line(Line::new(id, Kind::Comment, status, reason));
                return Ok(());
            }
        };
        for comment in comments {
            self.record.refer(references(&comment));
            if let Some(holder) = id_of(&comment) {
                crawl.note_broken(&mut self.record, holder, Kind::Comment, "", &comment);
                let again = || {
                    let (comments, _) = list()?;
                    let same = comments.into_iter().find(|one| id_of(one) == Some(holder));
                    Ok(same.unwrap_or(Value::Null))
                };
                self.files
                    .take(&mut self.record, holder, &comment, &again)?;
            }
            self.comments.push(canonical(comment));
        }
        Ok(())
    }

    /// Takes over the comments that the previous snapshot has on this page or block;
    /// false when there are none.
    fn keep_comments(&mut self, holder: NotionId) -> Result<bool, Error> {
        let Value::Array(before) = self.before("comments.json")? else {
            return Ok(false);
        };
        let count = self.comments.len();
        for comment in before {
            if parent_of(&comment).id() == Some(holder) {
                self.record.refer(references(&comment));
                if let Some(id) = id_of(&comment) {
                    self.files.keep(id)?;
                }
                self.comments.push(comment);
            }
        }
        Ok(self.comments.len() > count)
    }

    fn finish(mut self) -> Result<Record, Failed> {
        if !self.comments.is_empty() {
            let comments = Value::Array(self.comments);
            let stored = self.crawl.repo.put_json(&comments).map_err(Error::from)?;
            self.record.body.file(0, "comments.json", stored, None);
        }
        self.files.finish(&mut self.record)?;
        self.crawl.report.add(Counter::ReadPages, 1);
        Ok(self.record.finish())
    }
}

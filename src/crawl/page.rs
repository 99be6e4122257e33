//! Reading one page: its long property values, its blocks to any depth, its comments.

use std::sync::atomic::Ordering;

use serde_json::{Map, Value, json};

use super::Error;
use super::attachments::Attachments;
use super::body::{Record, Slot};
use super::context::Crawl;
use super::failed::{Failed, KEPT, collect, reason};
use super::ledger::{Line, Status};
use super::listing::Listed;
use super::options::Comments;
use crate::model::{
    How, Kind, NotionId, Parent, Reference, Truncated, canonical, id_of, parent_of, references,
    title_of, truncated_properties, type_of,
};
use crate::notion::{self, End};
use crate::report::Counter;

/// A list of children that is still to be read.
struct Todo {
    block: NotionId,
    /// The directory that the list goes into.
    directory: u32,
    /// Whether the API has a list to give.
    listed: bool,
    /// Blocks that are named outside the list (meeting notes, section 2.4 of the API digest).
    extra: Vec<NotionId>,
}

/// A page being read.
struct Reading<'c> {
    crawl: &'c Crawl<'c>,
    record: Record,
    files: Attachments<'c>,
    comments: Vec<Value>,
    todo: Vec<Todo>,
}

impl<'c> Crawl<'c> {
    /// Reads everything of a page but the pages below it. `object` is the page as it was
    /// listed; when its blocks cannot be read at all, the page itself is kept all the same.
    pub fn read_page(
        &'c self,
        id: NotionId,
        listed: Listed,
        object: Value,
    ) -> Result<Record, Failed> {
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
        };
        reading.properties(&object)?;
        reading.blocks(object)?;
        reading.comments_of(id)?;
        reading.finish()
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
                    if status.is_loss()
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
    fn before(&self, name: &str) -> Result<Value, Error> {
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

    /// Reads the lists of children one after the other, with a stack of its own.
    fn blocks(&mut self, page: Value) -> Result<(), Failed> {
        let id = self.record.id;
        self.todo.push(Todo {
            block: id,
            directory: 0,
            listed: true,
            extra: Vec::new(),
        });
        let mut page = Some(page);
        while let Some(todo) = self.todo.pop() {
            self.crawl.check_stop()?;
            let blocks = match self.list(&todo) {
                Ok(blocks) => blocks,
                Err(failed) => {
                    let (status, mut reason) = failed.recoverable()?;
                    if todo.block == id && status == Status::NotShared {
                        return Err(Failed::Gone(reason));
                    }
                    let kept = match todo.block == id || !status.is_loss() {
                        true => Vec::new(),
                        false => self.keep_blocks(todo.block)?,
                    };
                    if !kept.is_empty() {
                        reason.push_str(KEPT);
                    }
                    let kind = if todo.block == id {
                        Kind::Page
                    } else {
                        Kind::Block
                    };
                    self.record
                        .line(Line::new(todo.block, kind, status, reason.clone()));
                    if todo.block == id {
                        let why = json!({"status": status, "reason": reason});
                        let stored = self.crawl.repo.put_json(&why).map_err(Error::from)?;
                        self.record.body.file(0, "unavailable.json", stored, None);
                    }
                    kept
                }
            };
            for block in &blocks {
                self.block(block, todo.directory)?;
            }
            self.extra(&todo, &blocks);
            let blocks = Value::Array(blocks.into_iter().map(canonical).collect());
            match page.take() {
                Some(page) => self.page_file(page, blocks)?,
                None => self.blocks_file(todo.directory, &blocks)?,
            }
        }
        Ok(())
    }

    fn list(&mut self, todo: &Todo) -> Result<Vec<Value>, Failed> {
        if !todo.listed {
            return Ok(Vec::new());
        }
        let (blocks, end) = collect(|each| self.crawl.api.children(todo.block, each))?;
        self.crawl.report.add(Counter::Blocks, blocks.len() as u64);
        if let End::Incomplete(reason) = end {
            // An earlier run may have read more of it.
            if self.listed_before(todo.block)? > blocks.len() {
                return Err(Failed::Unreadable(reason));
            }
            self.record.line(Line::new(
                todo.block,
                Kind::Block,
                Status::Truncated,
                reason,
            ));
        }
        Ok(blocks)
    }

    /// How many blocks a list had in the previous snapshot.
    fn listed_before(&self, block: NotionId) -> Result<usize, Error> {
        let crawl = self.crawl;
        if block == self.record.id {
            let page = self.before("page.json")?;
            return Ok(page["children"].as_array().map_or(0, Vec::len));
        }
        Ok(crawl.base.blocks(crawl.repo, self.record.id, block)?.len())
    }

    /// A nested list as the previous snapshot has it, with its files.
    fn keep_blocks(&mut self, block: NotionId) -> Result<Vec<Value>, Error> {
        let crawl = self.crawl;
        let before = crawl.base.blocks(crawl.repo, self.record.id, block)?;
        for block in before.iter().filter_map(id_of) {
            self.files.keep(block)?;
        }
        Ok(before)
    }

    fn page_file(&mut self, page: Value, children: Value) -> Result<(), Failed> {
        let mut page = canonical(page);
        if let Some(fields) = page.as_object_mut() {
            fields.insert("children".to_string(), children);
        }
        let stored = self.crawl.repo.put_json(&page).map_err(Error::from)?;
        self.record
            .body
            .file(0, "page.json", stored, self.record.edited);
        Ok(())
    }

    fn blocks_file(&mut self, directory: u32, blocks: &Value) -> Result<(), Failed> {
        let stored = self.crawl.repo.put_json(blocks).map_err(Error::from)?;
        self.record
            .body
            .file(directory, "blocks.json", stored, None);
        Ok(())
    }

    fn block(&mut self, block: &Value, directory: u32) -> Result<(), Failed> {
        let Some(id) = id_of(block) else {
            return Ok(());
        };
        let kind = type_of(block);
        self.crawl
            .note_broken(&mut self.record, id, Kind::Block, "", block);
        self.record.refer(references(block));
        self.files
            .take(&mut self.record, id, block, &|| self.crawl.api.block(id))?;
        match kind {
            "child_page" => self.slot(id, Kind::Page, directory, block),
            "child_database" => self.slot(id, Kind::Database, directory, block),
            _ => {
                self.contents(id, block, directory)?;
                if self.crawl.options.comments == Comments::Blocks {
                    self.comments_of(id)?;
                }
            }
        }
        Ok(())
    }

    fn slot(&mut self, id: NotionId, kind: Kind, directory: u32, block: &Value) {
        self.record.body.slots.push(Slot {
            id,
            kind,
            directory,
            title: title_of(block),
        });
    }

    fn contents(&mut self, id: NotionId, block: &Value, directory: u32) -> Result<(), Failed> {
        let kind = type_of(block);
        let inner = &block[kind];
        if kind == "unsupported" {
            let what = inner["block_type"].as_str().unwrap_or("unknown");
            let reason = format!("the API does not give out blocks of type {what}");
            self.record
                .line(Line::new(id, Kind::Block, Status::Unsupported, reason));
        }
        if kind == "synced_block" && inner["synced_from"].is_null() {
            // So that references to it are known to lead somewhere.
            self.record
                .line(Line::new(id, Kind::Block, Status::Captured, "").found(How::Child));
        }
        let extra: Vec<NotionId> = match kind {
            "meeting_notes" | "transcription" => inner["children"]
                .as_object()
                .into_iter()
                .flat_map(|children| children.values())
                .filter_map(|id| id.as_str()?.parse().ok())
                .collect(),
            _ => Vec::new(),
        };
        let listed = block["has_children"].as_bool().unwrap_or(false);
        if self.record.body.encloses(directory, id) {
            let reason = "it contains itself";
            self.record
                .line(Line::new(id, Kind::Block, Status::Unsupported, reason));
        } else if listed || !extra.is_empty() {
            let directory = self.record.body.directory(directory, id);
            self.todo.push(Todo {
                block: id,
                directory,
                listed,
                extra,
            });
        } else if kind == "toggle" {
            // Contract C5: a toggle without children has an empty list.
            let directory = self.record.body.directory(directory, id);
            self.blocks_file(directory, &json!([]))?;
        }
        Ok(())
    }

    /// Queues the blocks that are named outside the list and are not in it.
    fn extra(&mut self, todo: &Todo, blocks: &[Value]) {
        for &id in &todo.extra {
            if !blocks.iter().any(|block| id_of(block) == Some(id)) {
                let directory = self.record.body.directory(todo.directory, id);
                self.todo.push(Todo {
                    block: id,
                    directory,
                    listed: true,
                    extra: Vec::new(),
                });
            }
        }
    }

    fn comments_of(&mut self, id: NotionId) -> Result<(), Failed> {
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
            Ok((comments, End::Complete)) => comments,
            Ok((comments, End::Incomplete(reason))) => {
                self.record
                    .line(Line::new(id, Kind::Comment, Status::Truncated, reason));
                comments
            }
            Err(error) if error.kind == notion::Kind::Restricted => {
                crawl.deny_comments(&error);
                self.record.uncommented = true;
                self.keep_comments(id)?;
                return Ok(());
            }
            Err(error) => {
                let (status, mut reason) = Failed::from(error).recoverable()?;
                if status.is_loss() && self.keep_comments(id)? {
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

//! The blocks of one page, to any depth.

use serde_json::{Value, json};

use super::Error;
use super::body::Slot;
use super::failed::{Failed, KEPT, collect};
use super::ledger::{Line, Status};
use super::options::Comments;
use super::page::Reading;
use crate::model::{How, Kind, NotionId, canonical, id_of, references, title_of, type_of};
use crate::notion::End;
use crate::report::Counter;

/// A list of children that is still to be read.
pub(super) struct Todo {
    block: NotionId,
    /// The directory that the list goes into.
    directory: u32,
    /// Whether the API has a list to give.
    listed: bool,
    /// Blocks that are named outside the list (meeting notes, section 2.4 of the API digest).
    extra: Vec<NotionId>,
    /// The block whose children a synced copy shows.
    original: Option<NotionId>,
    /// Whether the API does not know the block itself.
    unsupported: bool,
}

impl Todo {
    fn new(block: NotionId, directory: u32) -> Todo {
        Todo {
            block,
            directory,
            listed: true,
            extra: Vec::new(),
            original: None,
            unsupported: false,
        }
    }
}

impl Reading<'_> {
    /// Reads the lists of children one after the other, with a stack of its own.
    pub(super) fn blocks(&mut self, page: Value) -> Result<(), Failed> {
        let id = self.record.id;
        self.todo.push(Todo::new(id, 0));
        let mut page = Some(page);
        while let Some(todo) = self.todo.pop() {
            self.crawl.check_stop()?;
            let blocks = match self.list(&todo) {
                Ok(blocks) => blocks,
                Err(failed) if todo.block == id => self.without_body(failed)?,
                Err(failed) => self.without_list(&todo, failed)?,
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
        let api = self.crawl.api;
        let children = |id| collect(|each| api.children(id, each)).map_err(Failed::from);
        let own = children(todo.block);
        let (blocks, end) = match todo.original {
            Some(original) if is_nothing(&own) => match (children(original), own) {
                (Ok(listed), _) => listed,
                (Err(failed), own) => return Err(of_both(own.err(), original, failed)),
            },
            _ => own?,
        };
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

    /// Notes that the page's own list cannot be read; fails when the page is gone.
    fn without_body(&mut self, failed: Failed) -> Result<Vec<Value>, Failed> {
        let (status, reason) = match failed.told() {
            None | Some((Status::NotShared, _)) => return Err(failed),
            Some(told) => told,
        };
        let why = json!({"status": status, "reason": reason});
        let stored = self.crawl.repo.put_json(&why).map_err(Error::from)?;
        self.record.body.file(0, "unavailable.json", stored, None);
        let line = Line::new(self.record.id, Kind::Page, status, reason);
        self.record.line(line);
        self.failed = Some(failed);
        Ok(Vec::new())
    }

    /// What an earlier snapshot has of a nested list that cannot be read.
    fn without_list(&mut self, todo: &Todo, failed: Failed) -> Result<Vec<Value>, Failed> {
        let (status, mut reason) = match failed {
            // Nothing can be read of a block that the API does not know.
            Failed::Unreadable(reason) if todo.unsupported => (Status::Unsupported, reason),
            failed => failed.recoverable()?,
        };
        let kept = match status.keeps_earlier() {
            true => self.keep_blocks(todo.block)?,
            false => Vec::new(),
        };
        if !kept.is_empty() {
            reason.push_str(KEPT);
        }
        let line = Line::new(todo.block, Kind::Block, status, reason);
        self.record.line(line);
        Ok(kept)
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
            let from = &inner["synced_from"]["block_id"];
            self.todo.push(Todo {
                listed,
                extra,
                original: from.as_str().and_then(|id| id.parse().ok()),
                unsupported: kind == "unsupported",
                ..Todo::new(id, directory)
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
                self.todo.push(Todo::new(id, directory));
            }
        }
    }
}

/// Whether a synced copy that has children showed none: its list cannot be read, or is
/// empty because the original is in a page that is not shared (section 2.4 of the API
/// digest).
fn is_nothing(own: &Result<(Vec<Value>, End), Failed>) -> bool {
    match own {
        Ok((blocks, end)) => blocks.is_empty() && *end == End::Complete,
        Err(failed) => failed.told().is_some(),
    }
}

/// Why nothing can be read of a synced copy, neither of itself nor at its original: the
/// worse of both reasons decides how it ended.
fn of_both(own: Option<Failed>, original: NotionId, at_original: Failed) -> Failed {
    let own = own.unwrap_or(Failed::Gone("its own list is empty".to_string()));
    let (Some((status, reason)), Some((there, why))) = (own.told(), at_original.told()) else {
        return at_original;
    };
    let words = format!("{reason}; its original {original}: {why}");
    match status.max(there) {
        Status::Failed => Failed::Unreadable(words),
        Status::Unsupported => Failed::Unsupported(words),
        _ => Failed::Gone(words),
    }
}

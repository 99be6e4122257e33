//! Changes between two dumps, and which of them move a timestamp.
//!
//! By section 3.11 of the digest: edits of text and properties in Notion's own
//! interface, and property writes through the API, move the page's
//! `last_edited_time`. Block edits through the API by another bot, comments, icons,
//! moves, sharing, views and the trash do not. Times are truncated to the minute
//! when read, so two edits within one minute look like one.

use serde_json::{Value, json};

use super::model::*;
use super::{MINUTE, Workspace, text};

impl Workspace {
    pub fn advance_minutes(&mut self, minutes: i64) {
        self.now += minutes * MINUTE;
    }

    pub fn advance_seconds(&mut self, seconds: i64) {
        self.now += seconds * 1000;
    }

    /// Moves the whole workspace in time, so that its clock shows `now` and nobody has
    /// touched anything for ten minutes, as most of a workspace is. Every minute stays a
    /// whole one.
    pub fn rest_until(&mut self, now: i64) {
        let rest = 10 * MINUTE;
        let by = (now - rest - self.now) / MINUTE * MINUTE;
        self.now += by;
        let pages = self.pages.values_mut().map(|it| &mut it.stamps);
        let blocks = self.blocks.values_mut().map(|it| &mut it.stamps);
        let databases = self.databases.values_mut().map(|it| &mut it.stamps);
        let sources = self.data_sources.values_mut().map(|it| &mut it.stamps);
        let views = self.views.values_mut().map(|it| &mut it.stamps);
        let comments = self.comments.iter_mut().map(|it| &mut it.stamps);
        let all = pages.chain(blocks).chain(databases).chain(sources);
        for stamps in all.chain(views).chain(comments) {
            stamps.created += by;
            stamps.edited += by;
            stamps.edited_before += by;
        }
        self.now += rest;
    }

    fn stamp(now: i64, stamps: &mut Stamps, by: Id) {
        stamps.edited_before = stamps.edited;
        stamps.edited = now;
        stamps.edited_by = by;
    }

    /// Marks a page as edited now.
    pub fn touch_page(&mut self, id: Id) {
        let (now, owner) = (self.now, self.owner);
        if let Some(page) = self.pages.get_mut(&id) {
            Workspace::stamp(now, &mut page.stamps, owner);
        }
    }

    /// Marks a block as edited now, and nothing above it.
    pub fn touch_block(&mut self, id: Id) {
        let (now, owner) = (self.now, self.owner);
        if let Some(block) = self.blocks.get_mut(&id) {
            Workspace::stamp(now, &mut block.stamps, owner);
        }
    }

    fn write_text(&mut self, block: Id, words: &str) {
        if let Some(block) = self.blocks.get_mut(&block) {
            block.payload["rich_text"] = text::rich(words);
        }
        self.touch_block(block);
    }

    /// Somebody types: the block and its page are edited.
    pub fn set_text(&mut self, block: Id, words: &str) {
        self.write_text(block, words);
        if let Some(page) = self.page_of(block) {
            self.touch_page(page);
        }
    }

    /// Another bot writes: the block is edited, its page does not show it.
    pub fn set_text_by_api(&mut self, block: Id, words: &str) {
        self.write_text(block, words);
    }

    /// Changes the text of a page with a generated body.
    pub fn rewrite_generated(&mut self, page: Id) {
        if let Some(page) = self.pages.get_mut(&page) {
            page.revision += 1;
        }
        self.touch_page(page);
    }

    /// Adds a paragraph at the end, in Notion's interface.
    pub fn append_text(&mut self, under: Id, words: &str) -> Id {
        let id = self.paragraph(under, words);
        if let Some(page) = self.page_of(under) {
            self.touch_page(page);
        }
        id
    }

    pub fn set_title(&mut self, id: Id, title: &str) {
        if let Some(page) = self.pages.get_mut(&id) {
            page.title = title.to_string();
            page.values.remove("title");
        }
        if let Some(database) = self.databases.get_mut(&id) {
            database.title = title.to_string();
        }
        self.touch_page(id);
    }

    /// Sets a property and marks the row as edited.
    pub fn edit_value(&mut self, row: Id, name: &str, value: Value) {
        self.value(row, name, value);
        self.touch_page(row);
    }

    /// Moves no timestamp.
    pub fn set_icon(&mut self, page: Id, icon: Value) {
        if let Some(page) = self.pages.get_mut(&page) {
            page.icon = icon;
        }
    }

    /// Trashes or takes back a page, block, database or data source; moves no timestamp.
    pub fn set_trashed(&mut self, id: Id, trashed: bool) {
        if let Some(page) = self.pages.get_mut(&id) {
            page.in_trash = trashed;
        }
        if let Some(block) = self.blocks.get_mut(&id) {
            block.in_trash = trashed;
        }
        if let Some(database) = self.databases.get_mut(&id) {
            database.in_trash = trashed;
        }
        if let Some(source) = self.data_sources.get_mut(&id) {
            source.in_trash = trashed;
        }
    }

    /// Gives (`Some(true)`), withdraws (`Some(false)`) or inherits access.
    pub fn set_shared(&mut self, id: Id, shared: Option<bool>) {
        if let Some(page) = self.pages.get_mut(&id) {
            page.shared = shared;
        }
        if let Some(database) = self.databases.get_mut(&id) {
            database.shared = shared;
        }
    }

    /// Takes a child out of its parent's children.
    pub fn detach(&mut self, child: Id) {
        match self.parent_of(child) {
            Some(Parent::Page(up)) => {
                if let Some(page) = self.pages.get_mut(&up) {
                    page.body.listed.retain(|id| *id != child);
                }
            }
            Some(Parent::Block(up)) => {
                if let Some(block) = self.blocks.get_mut(&up) {
                    block.children.retain(|id| *id != child);
                }
            }
            Some(Parent::DataSource(up)) => {
                if let Some(source) = self.data_sources.get_mut(&up) {
                    source.rows.retain(|id| *id != child);
                }
            }
            _ => {}
        }
    }

    /// Moves a page to the end of another parent; moves no timestamp.
    pub fn move_page(&mut self, id: Id, parent: Parent) {
        self.detach(id);
        if let Some(page) = self.pages.get_mut(&id) {
            page.parent = parent;
        }
        match parent {
            Parent::Page(up) => {
                if let Some(page) = self.pages.get_mut(&up) {
                    page.body.listed.push(id);
                }
            }
            Parent::Block(up) => {
                if let Some(block) = self.blocks.get_mut(&up) {
                    block.children.push(id);
                }
            }
            Parent::DataSource(up) => {
                if let Some(source) = self.data_sources.get_mut(&up) {
                    source.rows.push(id);
                }
            }
            _ => {}
        }
    }

    /// Deletes a block for good, as emptying the trash does; its page is edited.
    pub fn delete_block(&mut self, id: Id) {
        let page = self.page_of(id);
        self.detach(id);
        self.blocks.remove(&id);
        if let Some(page) = page {
            self.touch_page(page);
        }
    }

    /// Deletes a page for good: 404 from now on.
    pub fn delete_page(&mut self, id: Id) {
        self.detach(id);
        self.pages.remove(&id);
    }

    /// Replaces the bytes behind an asset key; nothing else shows it.
    pub fn replace_asset(&mut self, key: &str, content: &[u8]) {
        if let Some(asset) = self.assets.get_mut(key) {
            asset.content = std::sync::Arc::new(content.to_vec());
        }
    }

    /// Resolves every comment of a discussion: they vanish from listings.
    pub fn resolve(&mut self, discussion: Id) {
        for comment in &mut self.comments {
            if comment.discussion == discussion {
                comment.resolved = true;
            }
        }
    }

    /// A comment without frills.
    pub fn say(&mut self, on: Parent, words: &str) -> Id {
        self.comment(on, None, json!([text::run(words)]))
    }
}

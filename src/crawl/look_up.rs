//! Asking what became of something that is only named.
//!
//! A link does not say what it leads to, and what says it may be wrong. Notion answers
//! 400 to an id of another kind within reach, and names the kind; a data source is the
//! same 404 as what does not exist (section 1.7 of the API digest). So one wrong guess is
//! enough.

use super::context::Crawl;
use super::failed::Failed;
use super::ledger::Status;
use super::node::{Around, Content};
use super::walk::Work;
use crate::model::{How, Kind, NotionId, in_trash};

/// What became of something that was only named.
pub(super) enum Named {
    /// Alive, and not yet met.
    Alive(Work),
    /// A part of this kind of something that was met.
    Part(Kind),
    /// A part of this kind of something that is outside the given roots.
    Outside(Kind),
    /// In the trash.
    Trashed(Kind),
}

impl Crawl<'_> {
    /// Asks for it as what it is named as. That may be wrong: then Notion says what it is,
    /// or, where it is a data source, that there is nothing.
    pub(super) fn look_up(&self, id: NotionId, how: How) -> Result<Named, (Kind, Failed)> {
        let guess = match how {
            How::RelationSchema | How::ViewSource | How::ParentSource => Kind::DataSource,
            How::SyncedFrom => Kind::Block,
            How::MentionDatabase => Kind::Database,
            _ => Kind::Page,
        };
        let answer = match guess {
            Kind::DataSource => self.look_up_source(id),
            Kind::Block => self.look_up_original(id),
            Kind::Database => self.look_up_database(id),
            _ => self.look_up_page(id),
        };
        match answer {
            Err(Failed::OtherKind(Kind::Page, _)) => Ok(Named::Alive(Work::Page(id))),
            Err(Failed::OtherKind(Kind::Database, _)) => {
                Ok(Named::Alive(Work::Database(id, String::new())))
            }
            Err(Failed::OtherKind(kind @ Kind::DataSource, _)) => {
                self.look_up_source(id).map_err(|failed| (kind, failed))
            }
            Err(Failed::OtherKind(kind @ Kind::Block, _)) => {
                self.look_up_block(id).map_err(|failed| (kind, failed))
            }
            // A link does not say what it leads to.
            Err(Failed::Gone(reason))
                if matches!(
                    how,
                    How::Link | How::LinkToPage | How::Parent | How::MentionDatabase
                ) =>
            {
                match self.look_up_source(id) {
                    Err(Failed::Gone(_)) => Err((guess, Failed::Gone(reason))),
                    answer => answer.map_err(|failed| (Kind::DataSource, failed)),
                }
            }
            answer => answer.map_err(|failed| (guess, failed)),
        }
    }

    fn look_up_page(&self, id: NotionId) -> Result<Named, Failed> {
        let page = self.api.page(id)?;
        if in_trash(&page) {
            return Ok(Named::Trashed(Kind::Page));
        }
        self.listing.add(&page, self.api.now(), false)?;
        Ok(Named::Alive(Work::Page(id)))
    }

    fn look_up_database(&self, id: NotionId) -> Result<Named, Failed> {
        match self.api.database(id) {
            Ok(database) if in_trash(&database) => Ok(Named::Trashed(Kind::Database)),
            Err(error) if !error.names_database_without_sources() => Err(error.into()),
            // One without data sources may be a linked view.
            Ok(_) | Err(_) => Ok(Named::Alive(Work::Database(id, String::new()))),
        }
    }

    fn look_up_source(&self, id: NotionId) -> Result<Named, Failed> {
        let source = self.api.data_source(id)?;
        self.listing.add(&source, self.api.now(), false)?;
        let work = self.work_for(id);
        Ok(work.map_or(Named::Part(Kind::DataSource), Named::Alive))
    }

    /// The original of a synced block. Its content is wherever it is shown.
    fn look_up_original(&self, id: NotionId) -> Result<Named, Failed> {
        match in_trash(&self.api.block(id)?) {
            true => Err(Failed::Trashed),
            false => Ok(Named::Part(Kind::Block)),
        }
    }

    /// A block that a link leads to. The page that it is in may be known from nowhere else.
    fn look_up_block(&self, id: NotionId) -> Result<Named, Failed> {
        let page = match self.around_block(id)? {
            Around::Page(page) => page,
            Around::Trash => return Err(Failed::Trashed),
            Around::Nothing => {
                let reason = "it is a block, and the page that it is in cannot be seen";
                return Err(Failed::Gone(reason.to_string()));
            }
        };
        let mut found = self.found();
        match found.nodes.get(&page).map(|node| &node.content) {
            Some(Content::Missing(status, reason)) => {
                return Err(match status {
                    Status::Trashed => Failed::Trashed,
                    Status::Failed => Failed::Unreadable(reason.clone()),
                    _ => Failed::Gone(reason.clone()),
                });
            }
            Some(_) => {}
            None if !self.options.roots.is_empty() => return Ok(Named::Outside(Kind::Block)),
            None => {
                let namers = found.references.get(&id).cloned().unwrap_or_default();
                let owners = namers.into_iter().map(|(_, owner)| (How::Parent, owner));
                found.references.entry(page).or_default().extend(owners);
            }
        }
        Ok(Named::Part(Kind::Block))
    }
}

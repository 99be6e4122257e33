//! Where a crawl begins.

use serde_json::Value;

use super::Error;
use super::context::Crawl;
use super::failed::Failed;
use super::walk::Work;
use crate::model::{Kind, NotionId, Parent, parent_of};
use crate::notion;

impl<'c> Crawl<'c> {
    /// The first round of work: the given roots, or everything that is listed.
    pub fn first_round(&self) -> Result<Vec<Work>, Error> {
        if !self.options.roots.is_empty() {
            return self
                .options
                .roots
                .iter()
                .map(|root| self.root(*root))
                .collect();
        }
        let listed = self.listing.all().into_iter();
        Ok(listed.filter_map(|(id, _)| self.work_for(id)).collect())
    }

    /// A root may be given as a page, a database, a data source, or a view of a database.
    fn root(&self, id: NotionId) -> Result<Work, Error> {
        if let Some(work) = self.work_for(id) {
            return Ok(work);
        }
        if self
            .base
            .nodes
            .get(&id)
            .is_some_and(|node| node.kind == Kind::Database)
        {
            return Ok(Work::Database(id, String::new()));
        }
        match self.seen(self.api.page(id))? {
            Seen::Object(page) => {
                self.listing.add(&page, self.api.now(), false)?;
                return Ok(Work::Page(id));
            }
            Seen::Kind(Kind::Database) => return Ok(Work::Database(id, String::new())),
            Seen::Kind(kind) => return Err(Error::RootKind { id, kind }),
            Seen::Nothing => {}
        }
        // Within reach, the id of a page, database or block would have been named as such.
        if let Seen::Object(source) = self.seen(self.api.data_source(id))? {
            self.listing.add(&source, self.api.now(), false)?;
            return self.work_for(id).ok_or(Error::RootNotFound(id));
        }
        match self.seen(self.api.view(id))? {
            Seen::Object(view) => match parent_of(&view) {
                Parent::Database(database) => Ok(Work::Database(database, String::new())),
                _ => Err(Error::RootNotFound(id)),
            },
            Seen::Kind(_) | Seen::Nothing => Err(Error::RootNotFound(id)),
        }
    }

    fn seen(&self, answer: Result<Value, notion::Error>) -> Result<Seen, Error> {
        match answer.map_err(Failed::from) {
            Ok(object) => Ok(Seen::Object(object)),
            Err(Failed::OtherKind(kind, _)) => Ok(Seen::Kind(kind)),
            Err(Failed::Fatal(error)) => Err(error),
            Err(Failed::Gone(_) | Failed::Trashed) => Ok(Seen::Nothing),
            Err(
                Failed::Unreadable(reason)
                | Failed::Unanswered(reason)
                | Failed::Unsupported(reason),
            ) => Err(Error::Inconsistent(reason)),
        }
    }
}

/// What is seen of an id.
enum Seen {
    /// The object, of the kind that was asked for.
    Object(Value),
    /// Its kind, which is another one.
    Kind(Kind),
    /// Nothing: it does not exist, or is out of reach.
    Nothing,
}

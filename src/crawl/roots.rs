//! Where a crawl begins.

use super::Error;
use super::context::Crawl;
use super::failed::Failed;
use super::walk::Work;
use crate::model::{Kind, NotionId};
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

    /// A root may be given as a page, a database, or a data source.
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
        if let Some(page) = self.seen(self.api.page(id))? {
            self.listing.add(&page, self.api.now(), false)?;
            return Ok(Work::Page(id));
        }
        if self.seen(self.api.database(id))?.is_some() {
            return Ok(Work::Database(id, String::new()));
        }
        if let Some(source) = self.seen(self.api.data_source(id))? {
            self.listing.add(&source, self.api.now(), false)?;
        }
        self.work_for(id).ok_or(Error::RootNotFound(id))
    }

    /// The answer, or `None` when the id is of another kind or out of reach.
    fn seen(
        &self,
        answer: Result<serde_json::Value, notion::Error>,
    ) -> Result<Option<serde_json::Value>, Error> {
        match answer {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.kind == notion::Kind::Validation => Ok(None),
            Err(error) => match Failed::from(error) {
                Failed::Gone(_) => Ok(None),
                Failed::Fatal(error) => Err(error),
                Failed::Unreadable(reason) => Err(Error::Inconsistent(reason)),
                Failed::Trashed | Failed::Unsupported(_) => Ok(None),
            },
        }
    }
}

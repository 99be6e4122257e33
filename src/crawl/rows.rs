//! The rows of a database: queried from every data source, archived ones as well.

use super::Error;
use super::context::Crawl;
use super::failed::Failed;
use super::ledger::{Line, Status};
use super::walk::Work;
use crate::model::{Kind, NotionId};
use crate::notion::{self, End};
use crate::report::Counter;

impl<'c> Crawl<'c> {
    /// Lists the rows of a database's data sources and queues them.
    pub fn rows(&'c self, database: NotionId, sources: &[NotionId]) -> Result<Vec<Work>, Error> {
        let mut works = Vec::new();
        for &source in sources {
            let mut trouble = Vec::new();
            let listed = self.list_rows(source, false, &mut works);
            let is_there = listed.is_ok();
            trouble.extend(unlisted(listed)?.map(|(status, reason)| ("rows", status, reason)));
            let mut archived = self.list_rows(source, true, &mut works);
            // The rows that are not archived show that nothing is wrong with the data source.
            if is_there && archived.as_ref().is_err_and(Failed::is_refusal) {
                archived = self.list_rows(source, true, &mut works);
            }
            if let Some((mut status, reason)) = unlisted(archived)? {
                if is_there && status != Status::Truncated {
                    status = Status::Failed;
                }
                trouble.push(("archived rows", status, reason));
            }
            if trouble.is_empty() {
                continue;
            }
            for (place, status, reason) in trouble {
                let line = Line::new(source, Kind::DataSource, status, reason);
                self.loose_line(line.at(place).within(database));
            }
            // What is missing from a listing that failed is not gone.
            let before = self.children_in_base(database).into_iter();
            works.extend(before.map(|work| match work {
                Work::Page(id) | Work::Database(id, _) if self.listing.get(id).is_none() => {
                    Work::Keep(id)
                }
                work => work,
            }));
        }
        Ok(works)
    }

    fn list_rows(
        &self,
        source: NotionId,
        archived: bool,
        works: &mut Vec<Work>,
    ) -> Result<End, Failed> {
        let mut trouble = None;
        let end = self.api.rows(source, archived, &mut |rows| {
            let seen = self.api.now();
            self.report.add(Counter::ListedObjects, rows.len() as u64);
            for row in rows {
                match self.listing.add(&row, seen, false) {
                    Ok(Some(id)) => works.extend(self.work_for(id)),
                    Ok(None) => {}
                    Err(error) => {
                        trouble = Some(error);
                        return Err(notion::Error::local("the scratch file cannot be written"));
                    }
                }
            }
            Ok(())
        });
        match trouble {
            Some(error) => Err(Failed::Fatal(error)),
            None => Ok(end?),
        }
    }
}

/// The ledger's words for a listing that did not show everything.
fn unlisted(listed: Result<End, Failed>) -> Result<Option<(Status, String)>, Error> {
    match listed {
        Ok(End::Complete) => Ok(None),
        Ok(End::Incomplete(reason)) => Ok(Some((Status::Truncated, reason))),
        Err(failed) => match failed.recoverable() {
            Ok(words) => Ok(Some(words)),
            Err(Failed::Fatal(error)) => Err(error),
            Err(_) => Ok(None),
        },
    }
}

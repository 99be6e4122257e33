//! The rows of a database: queried from every data source, archived ones as well.

use std::sync::atomic::Ordering;

use super::Error;
use super::context::Crawl;
use super::failed::{Failed, reason};
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
            for archived in [false, true] {
                match self.list_rows(source, archived, &mut works) {
                    Ok(End::Complete) => continue,
                    Ok(End::Incomplete(reason)) => {
                        let line = Line::new(source, Kind::DataSource, Status::Truncated, reason);
                        self.loose_line(line.at("rows").within(database));
                    }
                    // Archived rows are a feature of some plans (section 2.5 of the API digest).
                    Err(Failed::Unreadable(_)) if archived && self.archived_refused() => {}
                    Err(failed) => {
                        let (status, reason) = match failed.recoverable() {
                            Ok(words) => words,
                            Err(Failed::Fatal(error)) => return Err(error),
                            Err(_) => continue,
                        };
                        let line = Line::new(source, Kind::DataSource, status, reason);
                        self.loose_line(line.at("rows").within(database));
                    }
                }
                // What is missing from a listing that failed is not gone.
                works.extend(
                    self.children_in_base(database)
                        .into_iter()
                        .map(|work| match work {
                            Work::Page(id) | Work::Database(id, _)
                                if self.listing.get(id).is_none() =>
                            {
                                Work::Keep(id)
                            }
                            work => work,
                        }),
                );
            }
        }
        Ok(works)
    }

    fn list_rows(
        &self,
        source: NotionId,
        archived: bool,
        works: &mut Vec<Work>,
    ) -> Result<End, Failed> {
        if archived && self.no_archive.load(Ordering::SeqCst) {
            return Ok(End::Complete);
        }
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
        if let Some(error) = trouble {
            return Err(Failed::Fatal(error));
        }
        match end {
            Err(error) if archived && error.kind == notion::Kind::Validation => {
                self.no_archive.store(true, Ordering::SeqCst);
                log::info!("this workspace has no archived rows: {error}");
                Err(Failed::Unreadable(reason(&error)))
            }
            end => Ok(end?),
        }
    }

    fn archived_refused(&self) -> bool {
        self.no_archive.load(Ordering::SeqCst)
    }
}

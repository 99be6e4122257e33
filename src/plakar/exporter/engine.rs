//! The restore of `notion-backup restore`, for what Plakar sends.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Failure, Failures, Restorer, Target};
use crate::clock::Clock;
use crate::model::{Kind, NotionId};
use crate::notion::Notion;
use crate::repo::{Disk, Repository};
use crate::report::Silent;
use crate::restore::{self, Degree, FolderSource, Job, Loss, Original};
use crate::stop::Stop;

/// The folder of journals, below [`super::super::Defaults::folder`]: a repository without
/// snapshots, for `restore undo`.
const JOURNALS: &str = "restores";
/// Requests under way at once.
const JOBS: usize = 8;

/// Restores with the engine of the command line.
pub struct Engine {
    journals: PathBuf,
    clock: Arc<dyn Clock>,
}

impl Engine {
    /// An engine that keeps its journals in the connector's `folder`.
    pub fn new(folder: &Path, clock: Arc<dyn Clock>) -> Engine {
        Engine {
            journals: folder.join(JOURNALS),
            clock,
        }
    }

    fn run(&self, tree: &Path, target: &Target, stop: &Stop) -> Result<Vec<Failure>, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let clock = Arc::clone(&self.clock);
        let notion = Notion::connect(&target.notion, clock, stop.clone(), Arc::new(Silent))
            .map_err(|error| text(&error))?;
        let repo = Repository::open_or_create(Arc::new(Disk::new(&self.journals)))
            .map_err(|error| text(&error))?;
        let source = FolderSource::new(tree);
        let summary = restore::restore(&Job {
            notion: &notion,
            repo: &repo,
            source: &source,
            from: tree.display().to_string(),
            root: target.root,
            only: Vec::new(),
            jobs: JOBS,
            clock: self.clock.as_ref(),
            stop,
            report: &Silent,
        })
        .map_err(|error| text(&error))?;
        if let Some(why) = &summary.early {
            return Err(format!(
                "stopped after {} of {} steps: {why}",
                summary.steps_done, summary.steps
            ));
        }
        let missing = summary
            .losses
            .iter()
            .filter(|loss| loss.degree == Degree::Missing);
        let original = Original::load(&source).map_err(|error| text(&error))?;
        Ok(missing.map(|loss| failure(&original, loss)).collect())
    }
}

impl Restorer for Engine {
    fn restore(&self, tree: &Path, target: &Target, stop: &Stop) -> Result<(), Failures> {
        let failed = self.run(tree, target, stop).map_err(|summary| Failures {
            summary,
            failed: Vec::new(),
        })?;
        match failed.first() {
            None => Ok(()),
            Some(first) => Err(Failures {
                summary: format!(
                    "{} of what was restored did not come back as it was, the first at {}: {}",
                    failed.len(),
                    first.path,
                    first.reason
                ),
                failed,
            }),
        }
    }
}

/// A loss, on the file of the page or database that it is in.
fn failure(original: &Original<'_>, loss: &Loss) -> Failure {
    let facts = &original.facts;
    let above = facts
        .blocks
        .get(&loss.id)
        .or_else(|| original.sources.get(&loss.id));
    let page: NotionId = above.copied().unwrap_or(loss.id);
    let path = original.entries.get(&page).map(|entry| {
        let name = match entry.kind {
            Kind::Database => "database.json",
            _ => "page.json",
        };
        format!("{}/{name}", entry.path)
    });
    Failure {
        path: path.unwrap_or_default(),
        reason: format!("{}: {}", loss.what, loss.why),
    }
}

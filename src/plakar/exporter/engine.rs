//! The restore behind the exporter: the engine of `restore`, with its journals in a
//! repository of Plakar's own.
//!
//! What is missing afterwards counts as failed, and is told on the path of its page where
//! it has one. Stand-ins and lost details do not: everything is there to be read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Failure, Failures, Restorer, Target};
use crate::clock::Clock;
use crate::fsio;
use crate::notion::Notion;
use crate::repo::{Disk, Repository};
use crate::report::Silent;
use crate::restore::{self, Degree, FolderSource, Job, Loss, Summary};
use crate::stop::Stop;

/// Where journals are, below the folder of the connector.
const JOURNALS: &str = "restores";
/// Requests under way at once.
const JOBS: usize = 8;

/// The engine.
pub struct Engine {
    journals: PathBuf,
    clock: Arc<dyn Clock>,
}

impl Engine {
    /// With journals in `folder`.
    pub fn new(folder: &Path, clock: Arc<dyn Clock>) -> Engine {
        Engine {
            journals: folder.join(JOURNALS),
            clock,
        }
    }

    fn run(&self, tree: &Path, target: &Target, stop: &Stop) -> Result<Summary, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        if let Some(folder) = self.journals.parent() {
            fsio::create_private_folder(folder).map_err(|error| text(&error))?;
        }
        let repo = Repository::open_or_create(Arc::new(Disk::new(&self.journals)))
            .map_err(|error| text(&error))?;
        // Nobody prunes this repository.
        let now = self.clock.now();
        let tidied = restore::old_journals(&repo, now)
            .and_then(|old| restore::remove_journals(&repo, &old, now));
        if let Err(error) = tidied {
            log::warn!("old journals were not removed: {error}");
        }
        let report = Arc::new(Silent);
        let notion = Notion::connect(&target.notion, self.clock.clone(), stop.clone(), report)
            .map_err(|error| text(&error))?;
        let job = Job {
            notion: &notion,
            repo: &repo,
            source: &FolderSource::new(tree),
            // Unique, as the folder's name is: nothing else goes on where this one ended.
            from: tree.display().to_string(),
            root: target.root,
            only: Vec::new(),
            jobs: JOBS,
            clock: self.clock.as_ref(),
            report: &Silent,
        };
        restore::restore(&job).map_err(|error| text(&error))
    }
}

impl Restorer for Engine {
    fn restore(&self, tree: &Path, target: &Target, stop: &Stop) -> Result<(), Failures> {
        let failed = |summary: String| Failures {
            summary,
            failed: Vec::new(),
        };
        let summary = self.run(tree, target, stop).map_err(failed)?;
        let missing = |loss: &&Loss| loss.degree == Degree::Missing;
        let lost: Vec<&Loss> = summary.losses.iter().filter(missing).collect();
        let mut reasons: BTreeMap<_, String> = BTreeMap::new();
        for loss in &lost {
            let told = reasons.entry(loss.page.unwrap_or(loss.id)).or_default();
            let gap = if told.is_empty() { "" } else { "; " };
            told.push_str(&format!("{gap}{}: {}", loss.what, loss.why));
        }
        let report = self.journals.join(&summary.report);
        // Beside it, and what `restore undo` takes.
        let journal = report.parent().unwrap_or(&self.journals).display();
        let text = match (&summary.early, lost.first()) {
            (Some(early), _) => format!(
                "the restore ended early, after {} of {} steps: {early}; its journal is {journal}",
                summary.steps_done, summary.steps
            ),
            (None, Some(first)) => format!(
                "{}{} could not be restored, the first: {} ({}): {}; the report is {}",
                match summary.nothing {
                    true => "nothing was restored: ",
                    false => "",
                },
                lost.len(),
                first.what,
                first.id,
                first.why,
                report.display()
            ),
            (None, None) if summary.nothing => format!(
                "nothing was restored: there is nothing in it to restore below this page; the report is {}",
                report.display()
            ),
            (None, None) => return Ok(()),
        };
        Err(Failures {
            summary: text,
            failed: reasons
                .into_iter()
                .map(|(id, reason)| Failure { id, reason })
                .collect(),
        })
    }
}

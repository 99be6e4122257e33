//! One crawl from its first listing to the finished tree.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::time::Duration;

use serde_json::Value;

use super::Error;
use super::account::Crawled;
use super::base::BaseIndex;
use super::context::{Before, CAPABILITY, Crawl, Tools};
use super::failed::{Failed, collect};
use super::journal::Journal;
use super::ledger::{Line, Status};
use super::listing::Listing;
use super::options::{Depth, Options};
use super::recheck::{due, is_past};
use crate::model::{Kind, NotionId};
use crate::notion::{self, End};
use crate::report::{Counter, Phase};

/// Pages that are asked for comments to find out whether the token may read any.
const PROBES: usize = 5;

/// Reads the workspace into the repository. The caller saves the snapshot, and keeps
/// the journal until it has.
///
/// `me` is the answer to [`Notion::me`], `workspace_id` the workspace that it names.
pub fn crawl(
    tools: &Tools<'_>,
    options: &Options,
    me: Value,
    workspace_id: NotionId,
    before: Before,
) -> Result<Crawled, Error> {
    let jobs = options.jobs.max(1);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .thread_name(|n| format!("crawl-{n}"))
        .build()?;
    let report = tools.report;
    report.phase(Phase::Comparing);
    let (base, covered) = match before.snapshot {
        None => (BaseIndex::default(), false),
        Some((id, snapshot)) => {
            let depth = serde_json::from_value::<Depth>(snapshot.options.clone()).ok();
            let gaps = snapshot.repaired.as_ref().is_some_and(|it| it.reread);
            let covered = depth.is_some_and(|depth| depth.covers(options.depth())) && !gaps;
            (
                pool.install(|| BaseIndex::load(tools.repo, id, snapshot))?,
                covered,
            )
        }
    };
    let (journal, resumed) = Journal::open(tools.repo, tools.state, options.depth(), options.full)?;
    let mut crawl = Crawl {
        api: tools.api,
        repo: tools.repo,
        options,
        stop: tools.stop,
        report,
        workspace_id,
        due: HashSet::new(),
        everything: options.full || !covered || base.ledger_lost,
        reads: before.reads,
        base,
        listing: Listing::new(tools.state.scratch()?),
        journal,
        resumed,
        comments_denied: AtomicBool::new(false),
        comments_read: AtomicBool::new(false),
        files_failed: AtomicU32::new(0),
        fatal: Mutex::default(),
        found: Mutex::default(),
    };
    crawl.plan_rechecks();
    report.phase(Phase::Listing);
    let searched = crawl.search()?;
    let workspace = crawl.list_workspace(me)?;
    crawl.probe_comments()?;
    // Whoever is named by what would be carried over was never looked up.
    crawl.everything |= workspace.users.is_some() && crawl.base.people_unlisted();
    report.phase(Phase::Reading);
    report.expect(crawl.listing.len() as u64);
    let crawl = crawl;
    let mut works = crawl.first_round()?;
    if works.is_empty() && searched != End::Complete {
        // What the previous snapshot has is not gone because search did not list it.
        works = crawl.next_round()?;
    }
    while !works.is_empty() {
        crawl.run(&pool, works)?;
        works = crawl.next_round()?;
    }
    let carried = crawl.carried_lines();
    let reserved = crawl.store_workspace(&pool, workspace, &carried)?;
    report.phase(Phase::Saving);
    let layout = crawl.layout();
    let (ledger, counts) = crawl.ledger(&layout, carried);
    let tree = pool.install(|| crawl.assemble(&layout, reserved, &ledger))?;
    Ok(crawl.result(tree, &ledger, counts))
}

impl<'c> Crawl<'c> {
    fn plan_rechecks(&mut self) {
        let Some(last) = self.base.started() else {
            return;
        };
        let now = self.api.now();
        let interval = Duration::try_from(now.duration_since(last)).unwrap_or_default();
        let units = self
            .base
            .nodes
            .keys()
            .map(|id| {
                let read = self.reads.get(id).copied();
                (read.filter(|read| is_past(*read, now)), *id)
            })
            .collect();
        self.due = due(units, now, interval, self.options.recheck_after_days)
            .into_iter()
            .collect();
    }

    fn search(&self) -> Result<End, Error> {
        let mut trouble = None;
        let end = self.api.search(&mut |objects| {
            let seen = self.api.now();
            self.report
                .add(Counter::ListedObjects, objects.len() as u64);
            for object in objects {
                if let Err(error) = self.listing.add(&object, seen, true) {
                    trouble = Some(error);
                    return Err(notion::Error::local("the scratch file cannot be written"));
                }
            }
            Ok(())
        });
        if let Some(error) = trouble {
            return Err(error);
        }
        // Below given roots the walk finds everything. A whole workspace may have pages
        // at its top that only search names.
        let end = end.map_err(stopped)?;
        if let End::Incomplete(reason) = &end
            && self.options.roots.is_empty()
        {
            let words = format!(
                "search gives only a part of what is shared ({reason}); pages that nothing else names may be missing"
            );
            self.report.problem(&words);
            self.workspace_line(Kind::Page, Status::Truncated, &words);
        }
        self.check_stop()?;
        Ok(end)
    }

    /// If the last run could not read comments, tries once whether this one can: then all
    /// pages are read again for them.
    fn probe_comments(&mut self) -> Result<(), Error> {
        let line = |line: &Line| line.kind == Kind::Comment && line.place == CAPABILITY;
        let denied = self.base.lines.iter().any(line);
        let unread = self.resumed.values().any(|place| place.uncommented);
        if self.options.comments == super::Comments::None || !(denied || unread) {
            return Ok(());
        }
        // An answer about one page may be about that page alone.
        let pages = self.listing.all().into_iter();
        let pages = pages.filter(|(_, it)| it.kind == Kind::Page && !it.trashed);
        let mut last = "no page is listed".to_string();
        for (page, _) in pages.take(PROBES) {
            match collect(|each| self.api.comments(page, each)) {
                Ok(_) => {
                    self.everything |= denied;
                    self.resumed.retain(|_, place| !place.uncommented);
                    return Ok(());
                }
                Err(error) if error.names_capability() => {
                    self.deny_comments(&error);
                    return Ok(());
                }
                Err(error) => last = Failed::from(error).recoverable().map_err(fatal)?.1,
            }
        }
        // Nobody knows, so the next run asks again.
        let words = format!("it cannot be found out whether they can be read by now: {last}");
        self.no_comments(&words);
        Ok(())
    }
}

/// What ends the crawl, of a failure that does.
fn fatal(failed: Failed) -> Error {
    match failed {
        Failed::Fatal(error) => error,
        other => Error::Inconsistent(format!("{other:?}")),
    }
}

fn stopped(error: notion::Error) -> Error {
    if error.kind == notion::Kind::Stopped {
        Error::Stopped
    } else {
        error.into()
    }
}

//! `prune`: free the room of what no snapshot needs.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Context;
use crate::cli::args::PruneArgs;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::interrupt;
use crate::cli::settings;
use crate::cli::ui::{Ui, words};
use crate::gc::{self, Plan};
use crate::repo::{LockGuard, LockKind, Repository, SnapshotId};
use crate::restore;
use crate::stop::Stop;

pub fn run(args: &PruneArgs, context: &Context<'_>) -> Result<Exit, Error> {
    let ui = context.ui;
    let repo = context.open()?;
    let lock = match args.dry_run {
        true => None,
        false => Some(repo.lock(LockKind::Exclusive, "prune", context.clock.now())?),
    };
    let plan = prune(context, &repo, lock.as_ref(), &[])?;
    let journals = journals(context, &repo, args.dry_run)?;
    if ui.is_json() {
        let mut summary = summary(&plan);
        summary["message_type"] = "summary".into();
        summary["dry_run"] = args.dry_run.into();
        summary["removed_journals"] = journals.into();
        summary["code"] = Exit::Done.code().into();
        ui.message(&summary)?;
    } else {
        tell(ui, &plan, args.dry_run)?;
        if journals > 0 && !ui.is_quiet() {
            ui.line(&format!(
                "{} of restores that ended long ago {}removed",
                words::count(journals, "journal"),
                if args.dry_run { "would be " } else { "" },
            ))?;
        }
    }
    Ok(Exit::Done)
}

/// Removes old journals of restores, in this repository and where restores without one and
/// the connector for Plakar keep theirs. Returns how many.
fn journals(context: &Context<'_>, repo: &Repository, dry_run: bool) -> Result<u64, Error> {
    let now = context.clock.now();
    let tidy = |repo: &Repository| -> Result<u64, Error> {
        let old = restore::old_journals(repo, now)?;
        match dry_run {
            true => Ok(old.len() as u64),
            false => Ok(restore::remove_journals(repo, &old, now)?),
        }
    };
    let mut count = tidy(repo)?;
    for place in settings::journals(&context.environment) {
        if let Ok(other) = Repository::open(super::files(&place))
            && other.id() != repo.id()
        {
            // They are not what this command was asked about.
            match tidy(&other) {
                Ok(more) => count += more,
                Err(error) => context.ui.warn(&format!(
                    "old journals in {} stay: {}",
                    place.display(),
                    error.message
                )),
            }
        }
    }
    Ok(count)
}

/// Plans and, under a lock, does it. The snapshots in `without` count as forgotten.
pub(super) fn prune(
    context: &Context<'_>,
    repo: &Repository,
    lock: Option<&LockGuard>,
    without: &[SnapshotId],
) -> Result<Plan, Error> {
    super::start_workers()?;
    let ui = context.ui;
    let stop = Stop::new();
    interrupt::watch_signals(&stop, ui.speaker(), "stopping");
    let watch = ui.watch(Arc::clone(&context.clock));
    let report = watch.report();
    let plan = gc::plan(repo, without, &stop, report.as_ref())?;
    if let Some(lock) = lock {
        gc::sweep(repo, lock, &plan, &stop, report.as_ref())?;
    }
    watch.finish();
    if plan.missing_objects > 0 && !ui.is_json() {
        ui.warn(&format!(
            "{} that snapshots need are missing; `check` says what that means",
            words::count(plan.missing_objects, "object")
        ));
    }
    Ok(plan)
}

/// Says what was, or would be, removed.
pub(super) fn tell(ui: &Ui, plan: &Plan, dry_run: bool) -> Result<(), Error> {
    if ui.is_quiet() {
        return Ok(());
    }
    let would = if dry_run { "would be " } else { "" };
    if plan.objects.is_empty() && plan.leftovers.is_empty() {
        ui.line("nothing to remove: every object is needed")?;
    } else {
        ui.line(&format!(
            "{} and {} {would}removed, {} {would}freed",
            words::count(plan.objects.len() as u64, "object"),
            words::count(plan.leftovers.len() as u64, "leftover file"),
            words::bytes(plan.freed_bytes()),
        ))?;
    }
    ui.line(&format!(
        "{} ({}) in {} {}",
        words::count(plan.kept_objects, "object"),
        words::bytes(plan.kept_bytes),
        words::count(plan.snapshots, "snapshot"),
        if dry_run { "would stay" } else { "stay" },
    ))?;
    if plan.interrupted > 0 {
        ui.line(&format!(
            "what {} has read so far is kept, to be continued",
            words::count(plan.interrupted, "interrupted dump")
        ))?;
    }
    Ok(())
}

/// The numbers of the `summary` message of `docs/scripting.md`.
pub(super) fn summary(plan: &Plan) -> Value {
    json!({
        "removed_objects": plan.objects.len(),
        "leftover_files": plan.leftovers.len(),
        "freed_bytes": plan.freed_bytes(),
        "kept_objects": plan.kept_objects,
        "kept_bytes": plan.kept_bytes,
        "missing_objects": plan.missing_objects,
        "snapshots": plan.snapshots,
        "interrupted_dumps": plan.interrupted,
    })
}

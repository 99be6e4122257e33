//! `forget`: which snapshots stay and why, and which go.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Context, prune};
use crate::cli::args::{ForgetArgs, Grouping};
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::ui::{Table, Ui, words};
use crate::clock::LocalTime;
use crate::forget::policy::{Policy, Reason, TagList};
use crate::forget::{self, Choice, Decision, GroupBy, Plan};
use crate::gc;
use crate::repo::{LockKind, Repository, SnapshotId};

pub fn run(args: &ForgetArgs, context: &Context<'_>) -> Result<Exit, Error> {
    let ui = context.ui;
    let rule = rule(args)?;
    let repo = context.open()?;
    let choice = match rule {
        Some(rule) => rule,
        None => Choice::Named(named(&args.snapshots, &repo, &context.local_time())?),
    };
    let lock = match args.dry_run {
        true => None,
        false => Some(repo.lock(LockKind::Exclusive, "forget", context.clock.now())?),
    };
    let plan = forget::plan(
        &repo,
        &choice,
        args.unsafe_allow_remove_all,
        context.clock.now(),
    )?;
    warn_of_unreadable(ui, &plan)?;
    warn_of_the_future(context, &plan)?;
    if !ui.is_json() {
        show(ui, &plan, &context.local_time())?;
    }
    if let Some(lock) = &lock {
        forget::carry_out(&repo, lock, &plan)?;
    }
    let mut pruned = None;
    if args.prune {
        pruned = Some(prune::prune(
            context,
            &repo,
            lock.as_ref(),
            &plan.removed(),
        )?);
    }
    tell(ui, &plan, pruned.as_ref(), args.dry_run)?;
    Ok(exit(&plan))
}

/// The rule that the options give; `None` where snapshots were named instead.
fn rule(args: &ForgetArgs) -> Result<Option<Choice>, Error> {
    let lists = |texts: &[String]| texts.iter().map(|text| TagList::parse(text)).collect();
    let count = |count: Option<u32>| count.unwrap_or(0);
    let policy = Policy {
        last: count(args.keep_last),
        hourly: count(args.keep_hourly),
        daily: count(args.keep_daily),
        weekly: count(args.keep_weekly),
        monthly: count(args.keep_monthly),
        yearly: count(args.keep_yearly),
        within: args.keep_within,
        tags: lists(&args.keep_tag),
    };
    if !args.snapshots.is_empty() {
        if !policy.is_empty() || !args.tag.is_empty() || !args.group_by.is_empty() {
            return Err(Error::usage(
                "snapshots were named and a rule was given: only one of both is possible",
            )
            .hint(
                "name the snapshots to remove, or give a rule; --dry-run shows what it would do",
            ));
        }
        return Ok(None);
    }
    if policy.is_empty() {
        return Err(
            Error::usage("nothing says which snapshots to keep, so none is removed")
                .hint("give a rule such as --keep-daily 7 --keep-monthly 12, or name the snapshots to remove"),
        );
    }
    Ok(Some(Choice::Policy {
        policy,
        group_by: group_by(&args.group_by),
        only: lists(&args.tag),
    }))
}

/// The snapshots with these ids. A time is refused, and `latest`: which snapshot they mean
/// depends on the zone and on what was saved meanwhile, and what is removed is gone.
fn named(
    texts: &[String],
    repo: &Repository,
    local: &LocalTime,
) -> Result<BTreeSet<SnapshotId>, Error> {
    let mut ids = BTreeSet::new();
    for text in texts {
        let text = text.trim();
        let id = repo.find_snapshot_id(text);
        let too_short = matches!(&id, Ok(id) if text == "latest" || is_only_time(id, text));
        if too_short || local.read(text).is_some() {
            let error = Error::usage(format!(
                "snapshots to remove are named by their ids alone, and '{text}' is none"
            ));
            return Err(match repo.pick_snapshot(text, local) {
                Ok(picked) => error.hint(format!(
                    "it means the snapshot of {}; to remove that one, type: forget {}",
                    local.show_seconds(picked.snapshot.finished),
                    picked.id
                )),
                Err(_) => error.hint("`snapshots` lists the ids"),
            });
        }
        ids.insert(id?);
    }
    Ok(ids)
}

/// Whether a beginning of an id is so short that it tells no more than a time, which its
/// writer may have meant in another zone than UTC.
fn is_only_time(id: &SnapshotId, text: &str) -> bool {
    id.as_str().starts_with(text) && !text.contains('Z')
}

fn group_by(asked: &[Grouping]) -> GroupBy {
    if asked.is_empty() {
        return GroupBy::default();
    }
    let has = |what| asked.contains(&what);
    GroupBy {
        workspace: has(Grouping::Workspace),
        roots: has(Grouping::Roots),
        tags: has(Grouping::Tags),
        host: has(Grouping::Host),
    }
}

fn exit(plan: &Plan) -> Exit {
    if plan.unreadable.iter().all(|it| it.remove) {
        Exit::Done
    } else {
        Exit::Failed
    }
}

fn warn_of_unreadable(ui: &Ui, plan: &Plan) -> Result<(), Error> {
    for unreadable in plan.unreadable.iter().filter(|it| !it.remove) {
        let message = format!(
            "snapshot {} is left alone, because it cannot be read: {}",
            unreadable.id, unreadable.reason
        );
        if ui.is_json() {
            ui.message(&json!({"message_type": "problem", "message": message}))?;
        } else {
            ui.warn(&message);
        }
    }
    Ok(())
}

fn warn_of_the_future(context: &Context<'_>, plan: &Plan) -> Result<(), Error> {
    let decisions = plan.groups.iter().flatten();
    for decision in decisions.filter(|it| it.is_dated_in_the_future()) {
        let message = format!(
            "snapshot {0} is dated in the future ({1}), so no rule counts it and it stays; look at the clock of {2}, \
             and remove it with `forget {0}` if it is not wanted",
            decision.id,
            context.local_time().show(decision.snapshot.finished),
            decision.snapshot.host,
        );
        if context.ui.is_json() {
            let problem = json!({"message_type": "problem", "message": message});
            context.ui.message(&problem)?;
        } else {
            context.ui.warn(&message);
        }
    }
    Ok(())
}

fn show(ui: &Ui, plan: &Plan, local: &LocalTime) -> Result<(), Error> {
    if ui.is_quiet() {
        return Ok(());
    }
    let all = plan.groups.iter().flatten();
    let times: Vec<_> = all.map(|it| it.snapshot.finished).collect();
    let mut times = local.show_all(&times).into_iter();
    for group in &plan.groups {
        let Some(first) = group.last() else { continue };
        ui.line(&forget::describe(&first.snapshot))?;
        let mut table = Table::new(&["SNAPSHOT", "TIME", "STATE", "", "WHY, TAGS"]);
        for decision in group {
            let snapshot = &decision.snapshot;
            let mut why = decision
                .reasons
                .iter()
                .map(|it| word(*it))
                .collect::<Vec<_>>()
                .join(", ");
            if !snapshot.tags.is_empty() {
                why.push_str(&format!(" [{}]", snapshot.tags.join(", ")));
            }
            table.row(vec![
                decision.id.to_string(),
                times.next().unwrap_or_default(),
                super::snapshots::state(snapshot).to_owned(),
                if decision.is_kept() { "keep" } else { "remove" }.to_owned(),
                why.trim_start().to_owned(),
            ]);
        }
        ui.table(&table)?;
        ui.line("")?;
    }
    Ok(())
}

fn word(reason: Reason) -> &'static str {
    match reason {
        Reason::Last => "last",
        Reason::Hourly => "hourly",
        Reason::Daily => "daily",
        Reason::Weekly => "weekly",
        Reason::Monthly => "monthly",
        Reason::Yearly => "yearly",
        Reason::Within => "within",
        Reason::Tag => "tag",
        Reason::LastComplete => "the last complete one",
        Reason::Future => "dated in the future",
    }
}

fn tell(ui: &Ui, plan: &Plan, pruned: Option<&gc::Plan>, dry_run: bool) -> Result<(), Error> {
    let removed = plan.removed();
    if ui.is_json() {
        for decision in plan.groups.iter().flatten() {
            ui.message(&message(decision))?;
        }
        ui.message(&json!({
            "message_type": "summary",
            "dry_run": dry_run,
            "kept": plan.kept(),
            "removed": removed.len(),
            "removed_snapshots": removed,
            "damaged": plan.unreadable.iter().filter(|it| !it.remove).count(),
            "prune": pruned.map(prune::summary),
            "code": exit(plan).code(),
        }))?;
    } else if !ui.is_quiet() {
        let count = words::count(removed.len() as u64, "snapshot");
        ui.line(&match (dry_run, removed.is_empty()) {
            (_, true) => "nothing to forget".to_owned(),
            (true, _) => format!("{count} would be forgotten"),
            (false, _) if pruned.is_some() => format!("{count} forgotten"),
            (false, _) => format!("{count} forgotten; `prune` frees the room that they took"),
        })?;
        if let Some(pruned) = pruned {
            prune::tell(ui, pruned, dry_run)?;
        }
    }
    Ok(())
}

/// The `decision` message of `docs/scripting.md`.
fn message(decision: &Decision) -> Value {
    let snapshot = &decision.snapshot;
    json!({
        "message_type": "decision",
        "snapshot": decision.id,
        "keep": decision.is_kept(),
        "reasons": decision.reasons,
        "finished": snapshot.finished,
        "workspace_id": snapshot.source.workspace_id,
        "workspace_name": snapshot.source.workspace_name,
        "roots": snapshot.source.roots,
        "tags": snapshot.tags,
        "host": snapshot.host,
        "complete": snapshot.complete,
    })
}

//! `forget`: which snapshots stay and why, and which go.

use serde_json::{Value, json};

use super::{Context, local_time, prune};
use crate::cli::args::{ForgetArgs, Grouping};
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::ui::{Table, Ui, words};
use crate::forget::policy::{Policy, Reason, TagList};
use crate::forget::{self, Choice, Decision, GroupBy, Plan};
use crate::gc;
use crate::repo::LockKind;

pub fn run(args: &ForgetArgs, context: &Context<'_>) -> Result<Exit, Error> {
    let ui = context.ui;
    let choice = choice(args)?;
    let repo = context.open()?;
    let lock = match args.dry_run {
        true => None,
        false => Some(repo.lock(LockKind::Exclusive, "forget", context.clock.now())?),
    };
    let plan = forget::plan(&repo, &choice, args.unsafe_allow_remove_all)?;
    warn_of_unreadable(ui, &plan)?;
    if !ui.is_json() {
        show(ui, &plan)?;
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

fn choice(args: &ForgetArgs) -> Result<Choice, Error> {
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
        return Ok(Choice::Named(args.snapshots.clone()));
    }
    if policy.is_empty() {
        return Err(
            Error::usage("nothing says which snapshots to keep, so none is removed")
                .hint("give a rule such as --keep-daily 7 --keep-monthly 12, or name the snapshots to remove"),
        );
    }
    Ok(Choice::Policy {
        policy,
        group_by: group_by(&args.group_by),
        only: lists(&args.tag),
    })
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

fn show(ui: &Ui, plan: &Plan) -> Result<(), Error> {
    if ui.is_quiet() {
        return Ok(());
    }
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
                local_time(snapshot.finished),
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

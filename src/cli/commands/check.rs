//! `check`: is the repository sound, and if not, what is affected.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Context;
use crate::check::repair::{self, Repair};
use crate::check::{self, CheckOptions, Finding, Findings, ReadData, Severity};
use crate::cli::args::CheckArgs;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::interrupt;
use crate::cli::ui::{Ui, words};
use crate::repo::{LockKind, SnapshotId};
use crate::stop::Stop;

pub fn run(args: &CheckArgs, context: &Context<'_>) -> Result<Exit, Error> {
    super::start_workers()?;
    let ui = context.ui;
    let repo = context.open()?;
    let stop = Stop::new();
    interrupt::watch_signals(&stop, ui.speaker(), "stopping the check");
    let options = CheckOptions {
        read: wanted(args),
        stop,
    };
    let lock = match args.repair {
        true => Some(repo.lock(LockKind::Exclusive, "check --repair", context.clock.now())?),
        false => None,
    };
    let watch = ui.watch(Arc::clone(&context.clock));
    let report = watch.report();
    let repair = match &lock {
        Some(lock) => repair::repair(&repo, lock, &options, context.clock.now(), report.as_ref())?,
        None => Repair {
            findings: check::check(&repo, &options, report.as_ref()),
            ..Repair::default()
        },
    };
    let findings = &repair.findings;
    watch.finish();
    if ui.is_json() {
        for finding in &findings.findings {
            ui.message(&message(finding))?;
        }
        for (of, new, status, dropped) in outcomes(&repair) {
            ui.message(&json!({
                "message_type": "repaired",
                "snapshot": of,
                "status": status,
                "new": new,
                "dropped": dropped,
            }))?;
        }
        let mut summary = summary(findings, options.read);
        summary["repaired"] = args.repair.then_some(repair.written.len()).into();
        summary["set_aside"] = args.repair.then_some(repair.set_aside).into();
        ui.message(&summary)?;
    } else {
        tell(ui, findings, options.read)?;
        if args.repair {
            tell_repair(ui, &repair)?;
        } else if findings.count(Severity::Error) > 0 {
            ui.say(
                "hint: `check --read-data --repair` saves what is left, and `dump` then reads again what is still \
                 in Notion; `extract` writes whatever can be read of a snapshot",
            );
        }
    }
    Ok(exit(findings))
}

/// What became of each damaged snapshot: itself, the new one, a word for it, and how many
/// parts were left out.
fn outcomes(
    repair: &Repair,
) -> impl Iterator<Item = (&SnapshotId, Option<&SnapshotId>, &'static str, Option<u64>)> {
    let written = repair.written.iter();
    let written = written.map(|it| (&it.of, Some(&it.id), "repaired", Some(it.dropped)));
    let before = repair.before.iter();
    let before = before.map(|id| (id, None, "repaired_before", None));
    let beyond = repair.beyond.iter();
    written
        .chain(before)
        .chain(beyond.map(|id| (id, None, "beyond_repair", None)))
}

fn tell_repair(ui: &Ui, repair: &Repair) -> Result<(), Error> {
    for (of, new, status, dropped) in outcomes(repair) {
        ui.line(&match (new, dropped) {
            (Some(new), Some(dropped)) => format!(
                "repaired: snapshot {of} is saved as {new}, without {}",
                words::count(dropped, "part")
            ),
            _ if status == "beyond_repair" => {
                format!("snapshot {of} is beyond repair: nothing of it can be read")
            }
            _ => format!("snapshot {of} has been repaired before"),
        })?;
    }
    if repair.set_aside > 0 {
        let files = words::count(repair.set_aside, "damaged file");
        ui.line(&format!("{files} set aside"))?;
    }
    if repair.findings.damaged_snapshots.is_empty() {
        ui.line("nothing to repair")?;
    } else {
        ui.say(
            "hint: run `dump`, which reads again what is missing and still in Notion, and then `forget` those \
             snapshots that `check` still finds damaged",
        );
    }
    Ok(())
}

/// How much to read. A share is another one each time.
fn wanted(args: &CheckArgs) -> ReadData {
    match args.read_data_subset {
        Some(ReadData::Share { percent, .. }) => {
            let (seed, _) = uuid::Uuid::new_v4().as_u64_pair();
            ReadData::Share { percent, seed }
        }
        Some(part) => part,
        None if args.read_data => ReadData::All,
        None => ReadData::Nothing,
    }
}

fn exit(findings: &Findings) -> Exit {
    if findings.count(Severity::Error) > 0 {
        Exit::Failed
    } else if findings.stopped {
        Exit::Interrupted
    } else {
        Exit::Done
    }
}

fn tell(ui: &Ui, findings: &Findings, read_data: ReadData) -> Result<(), Error> {
    for finding in &findings.findings {
        if finding.severity == Severity::Info && ui.is_quiet() {
            continue;
        }
        ui.line(&format!("{}: {}", word(finding.severity), finding.what))?;
        ui.line(&format!("  {}", finding.meaning))?;
        for path in &finding.paths {
            ui.line(&format!("  {path}"))?;
        }
        let more = finding.mentions.saturating_sub(finding.paths.len() as u64);
        if more > 0 && !finding.paths.is_empty() {
            ui.line(&format!("  and {}", words::count(more, "more place")))?;
        }
    }
    let seen = format!(
        "{} and {}",
        words::count(findings.snapshots, "snapshot"),
        words::count(findings.trees + findings.objects, "object"),
    );
    if findings.count(Severity::Error) > 0 {
        ui.line(&format!(
            "DAMAGED: {}, {} affected",
            words::count(findings.count(Severity::Error) as u64, "error"),
            words::count(findings.damaged_snapshots.len() as u64, "snapshot"),
        ))?;
    }
    if findings.stopped {
        ui.say("stopped before everything was checked");
    } else if findings.is_sound() && !ui.is_quiet() {
        ui.line(&if findings.snapshots == 0 {
            "no snapshots yet, so there is nothing to check".to_owned()
        } else if read_data == ReadData::All {
            format!(
                "sound: {seen} are there, and all {} of content are as they were written",
                words::bytes(findings.read_bytes)
            )
        } else if read_data != ReadData::Nothing {
            format!(
                "sound: {seen} are there, and the {} ({} of content) that were read are as they were written",
                words::count(findings.read_objects, "object"),
                words::bytes(findings.read_bytes)
            )
        } else {
            format!("sound: {seen} are there; their content is compared with --read-data only")
        })?;
    }
    Ok(())
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// The `finding` message of `docs/scripting.md`.
fn message(finding: &Finding) -> Value {
    json!({
        "message_type": "finding",
        "severity": finding.severity,
        "message": finding.what,
        "meaning": finding.meaning,
        "object": finding.object,
        "snapshot": finding.snapshot,
        "paths": finding.paths,
        "mentions": finding.mentions,
    })
}

/// The `summary` message of `docs/scripting.md`.
fn summary(findings: &Findings, read_data: ReadData) -> Value {
    json!({
        "message_type": "summary",
        "sound": findings.is_sound(),
        "stopped": findings.stopped,
        "read_data": read_data == ReadData::All,
        "read_objects": findings.read_objects,
        "errors": findings.count(Severity::Error),
        "warnings": findings.count(Severity::Warning),
        "snapshots": findings.snapshots,
        "damaged_snapshots": findings.damaged_snapshots,
        "objects": findings.trees + findings.objects,
        "read_bytes": findings.read_bytes,
        "unreferenced_objects": findings.unreferenced_objects,
        "unreferenced_bytes": findings.unreferenced_bytes,
        "code": exit(findings).code(),
    })
}

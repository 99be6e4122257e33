//! `check`: is the repository sound, and if not, what is affected.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Context;
use crate::check::{self, CheckOptions, Finding, Findings, Severity};
use crate::cli::args::CheckArgs;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::interrupt;
use crate::cli::ui::{Ui, words};
use crate::stop::Stop;

pub fn run(args: &CheckArgs, context: &Context<'_>) -> Result<Exit, Error> {
    let ui = context.ui;
    let repo = context.open()?;
    let stop = Stop::new();
    interrupt::watch_signals(&stop, ui.speaker(), "stopping the check");
    let options = CheckOptions {
        read_data: args.read_data,
        stop,
    };
    let watch = ui.watch(Arc::clone(&context.clock));
    let findings = check::check(&repo, &options, watch.report().as_ref());
    watch.finish();
    if ui.is_json() {
        for finding in &findings.findings {
            ui.message(&message(finding))?;
        }
        ui.message(&summary(&findings, args.read_data))?;
    } else {
        tell(ui, &findings, args.read_data)?;
    }
    Ok(exit(&findings))
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

fn tell(ui: &Ui, findings: &Findings, read_data: bool) -> Result<(), Error> {
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
        ui.say(
            "hint: `extract` writes whatever can be read of a snapshot, and `dump --full` stores again \
             what is still in Notion",
        );
    }
    if findings.stopped {
        ui.say("stopped before everything was checked");
    } else if findings.is_sound() && !ui.is_quiet() {
        ui.line(&if findings.snapshots == 0 {
            "no snapshots yet, so there is nothing to check".to_owned()
        } else if read_data {
            format!(
                "sound: {seen} are there, and all {} of content are as they were written",
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
fn summary(findings: &Findings, read_data: bool) -> Value {
    json!({
        "message_type": "summary",
        "sound": findings.is_sound(),
        "stopped": findings.stopped,
        "read_data": read_data,
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

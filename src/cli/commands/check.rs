//! `check`: is the repository sound, and if not, what is affected.

use std::sync::Arc;

use serde_json::json;

use super::Context;
use crate::check;
use crate::cli::args::CheckArgs;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::ui::words;

pub fn run(args: &CheckArgs, context: &Context<'_>) -> Result<Exit, Error> {
    let ui = context.ui;
    let repo = context.open()?;
    let watch = ui.watch(Arc::clone(&context.clock));
    let checked = check::check(&repo, args.read_data, watch.report().as_ref())?;
    watch.finish();
    let sound = checked.findings.is_empty();
    if ui.is_json() {
        for finding in &checked.findings {
            ui.message(&json!({
                "message_type": "finding",
                "object": finding.object,
                "message": finding.message,
                "snapshots": finding.snapshots,
                "paths": finding.paths,
            }))?;
        }
        ui.message(&json!({
            "message_type": "summary",
            "sound": sound,
            "read_data": args.read_data,
            "snapshots": checked.snapshots,
            "objects": checked.objects,
            "read_bytes": checked.read_bytes,
            "findings": checked.findings.len(),
        }))?;
    } else if sound {
        if !ui.is_quiet() {
            let seen = format!(
                "{} and {}",
                words::count(checked.snapshots, "snapshot"),
                words::count(checked.objects, "object")
            );
            ui.line(&if args.read_data {
                format!(
                    "sound: {seen} are there, and all {} read back as they were written",
                    words::bytes(checked.read_bytes)
                )
            } else {
                format!("sound: {seen} are there; --read-data reads their content too")
            })?;
        }
    } else {
        for finding in &checked.findings {
            ui.line(&finding.message)?;
            for path in &finding.paths {
                ui.line(&format!("  at {path}"))?;
            }
            let names: Vec<String> = finding.snapshots.iter().map(ToString::to_string).collect();
            ui.line(&format!("  needed by {}", names.join(", ")))?;
        }
        ui.line(&format!(
            "DAMAGED: {} of {} that {} name",
            words::count(checked.findings.len() as u64, "problem"),
            words::count(checked.objects, "object"),
            words::count(checked.snapshots, "snapshot"),
        ))?;
        ui.say(
            "hint: keep the repository as it is; `dump --full` stores again what is still in Notion, \
             and `extract` writes whatever can be read of a snapshot",
        );
    }
    Ok(if sound { Exit::Done } else { Exit::Failed })
}

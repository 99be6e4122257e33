//! `extract`: a snapshot as plain files.

use std::sync::Arc;

use serde_json::json;

use super::Context;
use crate::cli::args::ExtractArgs;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::ui::words;
use crate::extract;
use crate::repo::Picked;

pub fn run(args: &ExtractArgs, context: &Context<'_>) -> Result<Exit, Error> {
    let ui = context.ui;
    let repo = context.open()?;
    let Picked { id, snapshot, .. } = context.pick(&repo, &args.snapshot)?;
    let watch = ui.watch(Arc::clone(&context.clock));
    let done = extract::extract(&repo, snapshot.tree, &args.dir, watch.report().as_ref())?;
    let seen = watch.finish();
    if ui.is_json() {
        ui.message(&json!({
            "message_type": "summary",
            "snapshot": id,
            "dir": args.dir.to_string_lossy(),
            "files": done.files,
            "directories": done.directories,
            "bytes": done.bytes,
            "too_long": done.too_long,
            "lost": done.lost.len(),
        }))?;
    } else if !ui.is_quiet() {
        ui.line(&format!(
            "snapshot {id}: {} ({}) in {} written to {}",
            words::count(done.files, "file"),
            words::bytes(done.bytes),
            words::count(done.directories, "folder"),
            args.dir.display()
        ))?;
        if !snapshot.complete {
            ui.say("note: this snapshot is not complete; its ledger says what could not be read");
        }
    }
    if done.too_long > 0 && !ui.is_json() {
        ui.warn(&format!(
            "{} more than {} bytes long: most programs cannot open what is there; a target with a shorter path, or \
             `cat` for a single file, may help",
            match done.too_long {
                1 => "1 path is".to_owned(),
                many => format!("{} paths are", words::number(many)),
            },
            words::number(extract::LONGEST_PATH as u64)
        ));
    }
    ui.warn_all(&seen.problems, seen.more_problems, "");
    if done.lost.is_empty() {
        Ok(Exit::Done)
    } else if ui.is_json() {
        // The problems and the summary have said it.
        Ok(Exit::Failed)
    } else {
        Err(Error::failed(format!(
            "{} of the snapshot could not be read from the repository and are not in {}",
            words::count(done.lost.len() as u64, "part"),
            args.dir.display()
        ))
        .hint("`check --read-data` says what is damaged; the other snapshots may be whole"))
    }
}

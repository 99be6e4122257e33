//! `snapshots`: what there is to go back to.

use serde_json::{Value, json};

use super::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::ui::{Table, words};
use crate::crawl;
use crate::repo::{Snapshot, SnapshotId};

pub fn run(context: &Context<'_>) -> Result<Exit, Error> {
    let ui = context.ui;
    let snapshots = context.open()?.all_snapshots()?;
    for (id, error) in &snapshots.damaged {
        let message = format!("snapshot {id} cannot be read: {error}");
        if ui.is_json() {
            ui.message(&json!({"message_type": "problem", "message": message}))?;
        } else {
            ui.warn(&message);
        }
    }
    if ui.is_json() {
        for (id, snapshot) in &snapshots.whole {
            ui.message(&message(id, snapshot))?;
        }
        ui.message(&json!({
            "message_type": "summary",
            "snapshots": snapshots.whole.len(),
            "damaged": snapshots.damaged.len(),
        }))?;
    } else if snapshots.whole.is_empty() {
        ui.line("no snapshots yet; `dump` makes one")?;
    } else {
        let mut table = Table::new(&[
            "SNAPSHOT",
            "TIME",
            "STATE",
            ">PAGES",
            "WORKSPACE, ROOTS, TAGS, WHAT WAS LEFT OUT",
        ]);
        let times: Vec<_> = snapshots.whole.iter().map(|it| it.1.finished).collect();
        let times = context.local_time().show_all(&times);
        for ((id, snapshot), time) in snapshots.whole.iter().zip(times) {
            table.row(vec![
                id.to_string(),
                time,
                state(snapshot).to_owned(),
                snapshot
                    .counts
                    .get("pages")
                    .map(|&pages| words::number(pages))
                    .unwrap_or_default(),
                about(snapshot),
            ]);
        }
        ui.table(&table)?;
        let all = words::count(snapshots.whole.len() as u64, "snapshot");
        ui.line(&all)?;
    }
    Ok(if snapshots.damaged.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

pub(super) fn state(snapshot: &Snapshot) -> &'static str {
    if snapshot.complete {
        "complete"
    } else if snapshot.repaired.is_some() {
        "repaired"
    } else {
        "incomplete"
    }
}

fn about(snapshot: &Snapshot) -> String {
    let mut text = snapshot.source.workspace_name.clone();
    if !snapshot.source.roots.is_empty() {
        text.push_str(&format!(" (only {})", snapshot.source.roots.join(", ")));
    }
    if !snapshot.tags.is_empty() {
        text.push_str(&format!(" [{}]", snapshot.tags.join(", ")));
    }
    let left_out = words::left_out_in_short(&crawl::left_out(snapshot));
    if !left_out.is_empty() {
        text.push_str(&format!(", {left_out}"));
    }
    text
}

/// The `snapshot` message of `docs/scripting.md`.
fn message(id: &SnapshotId, snapshot: &Snapshot) -> Value {
    json!({
        "message_type": "snapshot",
        "id": id,
        "started": snapshot.started,
        "finished": snapshot.finished,
        "workspace_id": snapshot.source.workspace_id,
        "workspace_name": snapshot.source.workspace_name,
        "roots": snapshot.source.roots,
        "tags": snapshot.tags,
        "complete": snapshot.complete,
        "left_out": crawl::left_out(snapshot),
        "counts": snapshot.counts,
        "ledger": snapshot.ledger,
        "repaired": snapshot.repaired,
        "parent": snapshot.parent,
        "tree": snapshot.tree,
        "host": snapshot.host,
        "program": snapshot.program,
    })
}

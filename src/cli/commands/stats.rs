//! `stats`: how much there is, and which snapshot brought it.

use serde_json::json;

use super::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::ui::{Table, words};
use crate::stats::{self, Amount};

pub fn run(context: &Context<'_>) -> Result<Exit, Error> {
    let ui = context.ui;
    let stats = stats::stats(&context.open()?)?;
    if ui.is_json() {
        for (id, amount) in &stats.added {
            ui.message(&json!({
                "message_type": "added",
                "snapshot": id,
                "objects": amount.objects,
                "raw_bytes": amount.raw_bytes,
                "stored_bytes": amount.stored_bytes,
            }))?;
        }
        ui.message(&json!({
            "message_type": "summary",
            "snapshots": stats.added.len(),
            "objects": stats.total.objects,
            "raw_bytes": stats.total.raw_bytes,
            "stored_bytes": stats.total.stored_bytes,
        }))?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(&["SNAPSHOT", ">ADDED OBJECTS", ">CONTENT", ">ON DISK"]);
    for (id, amount) in &stats.added {
        table.row(row(id.to_string(), amount));
    }
    table.row(row("all".to_owned(), &stats.total));
    ui.table(&table)?;
    Ok(Exit::Done)
}

fn row(name: String, amount: &Amount) -> Vec<String> {
    vec![
        name,
        words::number(amount.objects),
        words::bytes(amount.raw_bytes),
        words::bytes(amount.stored_bytes),
    ]
}

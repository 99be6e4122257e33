//! `ls`: what is in a snapshot, with the titles beside the ids.

use serde_json::json;

use super::Context;
use crate::cli::args::LsArgs;
use crate::cli::browse::{self, Face, Place};
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::ui::Table;
use crate::repo::{EntryKind, Picked};

/// Longer titles are cut in the table, not in JSON.
const LONGEST_TITLE: usize = 100;

pub fn run(args: &LsArgs, context: &Context<'_>) -> Result<Exit, Error> {
    let ui = context.ui;
    let repo = context.open()?;
    let Picked { id, snapshot, .. } = context.pick(&repo, &args.snapshot)?;
    let place = match &args.place {
        Some(text) => browse::find(&repo, snapshot.tree, text)?,
        None => Place::root(snapshot.tree),
    };
    let mut table = Table::new(&["KIND", "EDITED (UTC)", ">SIZE", "ID, TITLE"]);
    let mut count = 0_u64;
    browse::walk(&repo, &place, args.recursive, &mut |place| {
        count += 1;
        let face = browse::face(&repo, place)?;
        if ui.is_json() {
            ui.message(&json!({
                "message_type": "entry",
                "path": place.path,
                "name": place.name(),
                "kind": face.kind,
                "title": face.title,
                "last_edited": face.edited,
                "size": size(place),
                "object": place.id,
                "unavailable": face.unavailable,
            }))?;
        } else {
            let name = if args.recursive {
                &place.path
            } else {
                place.name()
            };
            table.row(vec![
                face.kind.to_owned(),
                face.edited.as_deref().map(minute).unwrap_or_default(),
                size(place).map(|size| size.to_string()).unwrap_or_default(),
                label(name, &face),
            ]);
        }
        Ok(())
    })?;
    if ui.is_json() {
        ui.message(&json!({"message_type": "summary", "snapshot": id, "entries": count}))?;
    } else {
        ui.table(&table)?;
    }
    Ok(Exit::Done)
}

fn size(place: &Place) -> Option<u64> {
    (place.kind == EntryKind::File).then_some(place.size)
}

fn label(name: &str, face: &Face) -> String {
    let mut label = name.to_owned();
    if !face.title.is_empty() {
        label.push_str("  ");
        match face.title.char_indices().nth(LONGEST_TITLE) {
            Some((end, _)) => {
                label.push_str(face.title.get(..end).unwrap_or_default());
                label.push('…');
            }
            None => label.push_str(&face.title),
        }
    }
    if let Some(why) = &face.unavailable {
        label.push_str(&format!("  (not readable: {why})"));
    }
    label
}

/// `2026-11-23T01:12:00.000Z` as `2026-11-23 01:12`, in UTC as Notion has it.
fn minute(time: &str) -> String {
    match time.get(..16) {
        Some(start) => start.replace('T', " "),
        None => time.to_owned(),
    }
}

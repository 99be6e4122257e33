//! `cat`: one file of a snapshot, byte for byte, except on a terminal.

use super::Context;
use crate::cli::args::CatArgs;
use crate::cli::browse;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::repo::EntryKind;

pub fn run(args: &CatArgs, context: &Context<'_>) -> Result<Exit, Error> {
    let ui = context.ui;
    let repo = context.open()?;
    let picked = context.pick(&repo, &args.snapshot)?;
    if ui.is_json() {
        // There is no summary that could say it.
        context.tell_picked(&picked);
    }
    let mut place = browse::find(&repo, picked.snapshot.tree, &args.place)?;
    if place.kind == EntryKind::Directory {
        place = browse::own_file(&repo, &place)?.ok_or_else(|| {
            Error::failed(format!("'{}' is a folder", args.place))
                .hint("`ls` with the same arguments lists its files")
        })?;
    }
    if ui.is_terminal() && is_binary(&place.path) {
        return Err(Error::failed(format!(
            "'{}' is not text, and standard output is a terminal",
            place.path
        ))
        .hint("write it to a file: notion-backup cat ... > FILE"));
    }
    if ui.is_terminal() {
        // What acts on a terminal is shown instead; a pipe gets the bytes.
        ui.json_file(&repo.read(place.id, browse::JSON_LIMIT)?)?;
    } else {
        ui.raw(|out| repo.copy(place.id, out))?;
    }
    Ok(Exit::Done)
}

/// Attachments are the only files of a snapshot that are not JSON.
fn is_binary(path: &str) -> bool {
    path.ends_with(".bin")
}

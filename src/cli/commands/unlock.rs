//! `unlock`: take away what crashed commands have left, and say who else is at work.

use serde_json::json;

use super::Context;
use crate::cli::args::UnlockArgs;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::ui::words;
use crate::clock::LocalTime;
use crate::repo::{Holder, LockFound};

pub fn run(args: &UnlockArgs, context: &Context<'_>) -> Result<Exit, Error> {
    let ui = context.ui;
    let repo = context.open()?;
    let locks = repo.locks()?;
    let mut removed = 0_u64;
    for lock in &locks {
        let remove = args.remove_all || lock.holder == Holder::Gone;
        if remove {
            repo.remove_lock(&lock.path)?;
            removed += 1;
        }
        if ui.is_json() {
            ui.message(&json!({
                "message_type": "lock",
                "file": repo.place(&lock.path),
                "kind": lock.kind.word(),
                "command": lock.command,
                "host": lock.host,
                "pid": lock.pid,
                "since": lock.since,
                "holder": lock.holder,
                "removed": remove,
            }))?;
        } else if !(ui.is_quiet() && remove) {
            ui.line(&describe(lock, remove, &context.local_time()))?;
        }
    }
    let left = locks.len() as u64 - removed;
    if ui.is_json() {
        ui.message(&json!({
            "message_type": "summary",
            "removed": removed,
            "left": left,
            "code": Exit::Done.code(),
        }))?;
    } else if locks.is_empty() && !ui.is_quiet() {
        ui.line("nothing is locked")?;
    } else if !ui.is_quiet() {
        ui.line(&format!(
            "{} removed, {} left",
            words::count(removed, "lock"),
            words::number(left)
        ))?;
    }
    if locks.iter().any(|lock| lock.holder == Holder::Unknown) && !args.remove_all {
        ui.say(
            "hint: whether a command on another machine still runs cannot be seen from here; if you know that \
             none does, `unlock --remove-all` removes its lock",
        );
    }
    Ok(Exit::Done)
}

fn describe(lock: &LockFound, removed: bool, local: &LocalTime) -> String {
    let holder = match lock.holder {
        Holder::Running => "is running",
        Holder::Gone => "is gone",
        Holder::Unknown => "may be running",
    };
    let since = lock
        .since
        .map(|time| format!(", since {}", local.show(time)))
        .unwrap_or_default();
    format!(
        "{}: {} lock of {} (process {} on {}{since}), which {holder}",
        if removed { "removed" } else { "left" },
        lock.kind.word(),
        lock.command,
        lock.pid,
        lock.host,
    )
}

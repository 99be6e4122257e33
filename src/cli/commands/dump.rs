//! `dump`: back up, and say what is in the backup and what is not.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Context, local_time};
use crate::cli::args::{CommentsChoice, DumpArgs};
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::interrupt;
use crate::cli::settings::{self, DumpSettings};
use crate::cli::ui::{Table, Ui, words};
use crate::clock::Clock;
use crate::crawl::Comments;
use crate::dump::{self, Summary};
use crate::notion::Notion;
use crate::repo::{self, Repository};
use crate::stop::{Stop, StopReason};

pub fn run(args: &DumpArgs, context: &Context<'_>) -> Result<Exit, Error> {
    let ui = context.ui;
    let settings = settings::dump(args, context.global, &context.environment)?;
    for warning in &settings.warnings {
        ui.warn(warning);
    }
    let clock = &context.clock;
    let stop = Stop::new();
    interrupt::watch_signals(&stop, ui.speaker());
    if let Some(time) = settings.deadline {
        interrupt::watch_deadline(&stop, time, Arc::clone(clock));
    }

    let repo = Repository::open_or_create(super::files(&settings.repo))?;
    let watch = ui.watch(Arc::clone(clock));
    let report = watch.report();
    let notion = Notion::connect(
        &settings.notion,
        Arc::clone(clock),
        stop.clone(),
        Arc::clone(&report),
    )?;
    let options = options(settings);
    let result = dump::dump(
        &notion,
        &repo,
        &options,
        clock.as_ref(),
        &stop,
        report.as_ref(),
    );
    // The bar goes before the summary comes.
    drop(watch);
    let summary = result?;
    let told = tell(ui, &summary, clock.as_ref());
    match told {
        // The dump is done, whether or not somebody still reads.
        Err(error) if !error.is_broken_pipe() => Err(error),
        _ => Ok(exit(&summary)),
    }
}

fn options(settings: DumpSettings) -> dump::Options {
    dump::Options {
        roots: settings.roots,
        full: settings.full,
        recheck_after_days: settings.recheck_after_days,
        files: settings.files,
        max_file_size: settings.max_file_size,
        comments: match settings.comments {
            CommentsChoice::None => Comments::None,
            CommentsChoice::Pages => Comments::Pages,
            CommentsChoice::Blocks => Comments::Blocks,
        },
        max_shrink_percent: settings.max_shrink_percent,
        tags: settings.tags,
        jobs: settings.jobs,
        host: repo::host(),
    }
}

fn exit(summary: &Summary) -> Exit {
    if summary.stopped.is_some() {
        Exit::Stopped
    } else if summary.complete {
        Exit::Done
    } else {
        Exit::Incomplete
    }
}

fn tell(ui: &Ui, summary: &Summary, clock: &dyn Clock) -> Result<(), Error> {
    if ui.is_json() {
        ui.message(&message(summary, clock))?;
        return Ok(());
    }
    if !ui.is_quiet() {
        for (title, counts) in [
            ("What was found", &summary.ledger),
            ("What was done", &summary.counts),
        ] {
            if counts.is_empty() {
                continue;
            }
            ui.line(title)?;
            let mut table = Table::new(&["", ">", ""]);
            for (name, &count) in counts {
                table.row(vec![
                    String::new(),
                    amount(name, count),
                    name.replace('_', " "),
                ]);
            }
            for line in table.lines().iter().skip(1) {
                ui.line(line)?;
            }
        }
        if let Some(time) = summary.oldest_read {
            ui.line(&format!(
                "Of all pages, the one read longest ago was read on {}",
                local_time(time)
            ))?;
        }
    }
    for problem in &summary.problems {
        ui.say(&format!("not in the backup: {problem}"));
    }
    for line in verdict(summary) {
        if exit(summary) != Exit::Done {
            ui.say(&line);
        } else if !ui.is_quiet() {
            ui.line(&line)?;
        }
    }
    Ok(())
}

fn amount(name: &str, count: u64) -> String {
    if name.ends_with("bytes") {
        words::bytes(count)
    } else {
        words::number(count)
    }
}

/// The last words: is there a backup, is all in it, what to do.
fn verdict(summary: &Summary) -> Vec<String> {
    let mut lines = Vec::new();
    match (&summary.snapshot, summary.stopped) {
        (_, Some(reason)) => {
            lines.push(match reason {
                StopReason::Interrupted => "stopped before the end, as asked".to_owned(),
                StopReason::Deadline => "stopped before the end: the deadline is over".to_owned(),
            });
            lines.push(match &summary.snapshot {
                Some(id) => format!("snapshot {id} holds what was read"),
                None => "no snapshot was made yet; earlier ones are untouched".to_owned(),
            });
            lines.push(
                "what was read is kept: run the same command again to continue there".to_owned(),
            );
        }
        (Some(id), None) if summary.complete => {
            lines.push(format!("snapshot {id} is complete"));
        }
        (Some(id), None) => {
            lines.push(format!(
                "snapshot {id} is saved, but not complete: something could not be read (see above)"
            ));
            lines.push("what could not be read is tried again by the next dump".to_owned());
        }
        (None, None) => lines.push("no snapshot was made".to_owned()),
    }
    lines
}

/// The `summary` message of `docs/scripting.md`.
fn message(summary: &Summary, clock: &dyn Clock) -> Value {
    json!({
        "message_type": "summary",
        "snapshot": summary.snapshot,
        "complete": summary.complete,
        "stopped": summary.stopped.map(|reason| match reason {
            StopReason::Interrupted => "interrupted",
            StopReason::Deadline => "deadline",
        }),
        "counts": summary.counts,
        "ledger": summary.ledger,
        "problems": summary.problems,
        "oldest_read": summary.oldest_read,
        "seconds_elapsed": clock.elapsed().as_secs(),
        "code": exit(summary).code(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::repo::SnapshotId;
    use jiff::Timestamp;

    fn summary() -> Summary {
        Summary {
            snapshot: SnapshotId::try_from("20260301T120000Z-0123abcd".to_owned()).ok(),
            complete: true,
            stopped: None,
            workspace: "Acme".to_owned(),
            counts: [("pages".to_owned(), 3)].into(),
            ledger: [("captured".to_owned(), 3)].into(),
            problems: Vec::new(),
            oldest_read: None,
        }
    }

    #[test]
    fn the_code_tells_complete_from_incomplete_from_stopped() {
        assert_eq!(exit(&summary()), Exit::Done);
        let incomplete = Summary {
            complete: false,
            ..summary()
        };
        assert_eq!(exit(&incomplete), Exit::Incomplete);
        let stopped = Summary {
            stopped: Some(StopReason::Deadline),
            ..incomplete
        };
        assert_eq!(exit(&stopped), Exit::Stopped);
    }

    #[test]
    fn the_last_words_never_call_a_backup_complete_that_is_not() {
        let said = |summary: &Summary| verdict(summary).join("\n");
        assert!(said(&summary()).contains("is complete"));
        for (complete, stopped) in [
            (false, None),
            (false, Some(StopReason::Interrupted)),
            (true, Some(StopReason::Deadline)),
        ] {
            let other = Summary {
                complete,
                stopped,
                ..summary()
            };
            assert!(!said(&other).contains("is complete"), "{}", said(&other));
        }
    }

    #[test]
    fn the_summary_message_has_the_documented_fields() {
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        clock.advance(std::time::Duration::from_secs(7));
        let summary = Summary {
            complete: false,
            problems: vec!["page x: no".to_owned()],
            ..summary()
        };
        assert_eq!(
            message(&summary, &clock),
            json!({
                "message_type": "summary", "snapshot": "20260301T120000Z-0123abcd",
                "complete": false, "stopped": null, "counts": {"pages": 3},
                "ledger": {"captured": 3}, "problems": ["page x: no"], "oldest_read": null,
                "seconds_elapsed": 7, "code": 3,
            })
        );
    }
}

//! `dump`: back up, and say what is in the backup and what is not.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Context;
use crate::cli::args::{CommentsChoice, DumpArgs};
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::interrupt;
use crate::cli::settings::{self, DumpSettings};
use crate::cli::ui::{Seen, Status, counter_name, words};
use crate::clock::LocalTime;
use crate::crawl::{self, Comments};
use crate::dump::{self, Summary};
use crate::notion::Notion;
use crate::repo::{self, Repository};
use crate::report::Counter;
use crate::stop::{Stop, StopReason};

/// How many problems people see; a program gets all that the library names.
const SHOWN_PROBLEMS: usize = 20;
/// Where the others are.
const LEDGER: &str = "; the snapshot's ledger has them all (.notion-backup/ledger)";

pub fn run(args: &DumpArgs, context: &Context<'_>) -> Result<Exit, Error> {
    let ui = context.ui;
    let settings = settings::dump(args, context.global, &context.environment)?;
    for warning in &settings.warnings {
        ui.warn(warning);
    }
    let clock = &context.clock;
    let stop = Stop::new();
    interrupt::watch_signals(
        &stop,
        ui.speaker(),
        "stopping: what is under way is finished and saved",
    );
    if let Some(time) = settings.deadline {
        interrupt::watch_deadline(&stop, time, Arc::clone(clock));
    }

    let files = super::files(&settings.repo);
    let repo = match Repository::open(Arc::clone(&files)) {
        Err(repo::Error::NotARepository { .. }) if !settings.existing => {
            Repository::check_vacant(Arc::clone(&files))?;
            None
        }
        repo => Some(repo?),
    };
    let watch = ui.watch(Arc::clone(clock));
    let report = watch.report();
    let notion = Notion::connect(
        &settings.notion,
        Arc::clone(clock),
        stop.clone(),
        Arc::clone(&report),
    )?;
    let options = options(settings);
    let result = (|| {
        // A token that Notion refuses leaves no repository behind.
        let (repo, me) = match repo {
            Some(repo) => (repo, None),
            None => {
                let me = dump::whoami(&notion, report.as_ref())?;
                let repo = Repository::open_or_create(files)?;
                context.tell_if_new(&repo);
                (repo, Some(me))
            }
        };
        dump::dump(dump::Job {
            notion: &notion,
            me,
            repo: &repo,
            options: &options,
            clock: clock.as_ref(),
            stop: &stop,
            report: report.as_ref(),
        })
    })();
    let seen = watch.finish();
    let summary = match result {
        Ok(summary) => summary,
        Err(error) => {
            ui.warn_all(&seen.problems, seen.more_problems, "");
            return Err(error.into());
        }
    };
    match tell(context, &summary, &seen) {
        // The dump is done, whether or not somebody still reads.
        Err(error) if !error.is_broken_pipe() => Err(error),
        _ => Ok(exit(&summary)),
    }
}

fn options(settings: DumpSettings) -> dump::Options {
    let crawl = crawl::Options {
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
        jobs: settings.jobs,
    };
    dump::Options {
        crawl,
        max_shrink_percent: settings.max_shrink_percent,
        tags: settings.tags,
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

fn tell(context: &Context<'_>, summary: &Summary, seen: &Seen) -> Result<(), Error> {
    let ui = context.ui;
    if ui.is_json() {
        ui.message(&message(summary, &seen.status))?;
        return Ok(());
    }
    if !ui.is_quiet() {
        for line in account(summary, &seen.status, &context.local_time()) {
            ui.line(&line)?;
        }
    }
    if summary.problems.is_empty() {
        ui.warn_all(&seen.problems, seen.more_problems, LEDGER);
    } else {
        let (shown, rest) = summary
            .problems
            .split_at(summary.problems.len().min(SHOWN_PROBLEMS));
        let more = losses(summary).max(rest.len() as u64) as usize;
        ui.warn_all(shown, more.saturating_sub(shown.len()), LEDGER);
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

/// What is in the snapshot, what became of all that was met, and what it took.
fn account(summary: &Summary, status: &Status, local: &LocalTime) -> Vec<String> {
    let list = |counts: &BTreeMap<String, u64>, word: &dyn Fn(&str, u64) -> String| {
        let parts: Vec<String> = counts
            .iter()
            .filter(|&(_, &count)| count > 0)
            .map(|(name, &count)| word(name, count))
            .collect();
        parts.join(", ")
    };
    let mut lines = Vec::new();
    let mut line = |head: &str, text: String| {
        if !text.is_empty() {
            lines.push(format!("{head:<12} {text}"));
        }
    };
    line("workspace", summary.workspace.clone());
    line(
        "contents",
        list(&summary.counts, &|name, count| words::counted(count, name)),
    );
    line(
        "objects",
        list(&summary.ledger, &|name, count| {
            format!("{} {}", words::number(count), ending(name))
        }),
    );
    let mut work = vec![words::count(status.count(Counter::Requests), "request")];
    let refused = status.count(Counter::RefusedRequests);
    if refused > 0 {
        work.push(format!(
            "{} refused by the rate limit",
            words::number(refused)
        ));
    }
    if status.count(Counter::Files) > 0 {
        work.push(format!(
            "{} downloaded ({})",
            words::count(status.count(Counter::Files), "file"),
            words::bytes(status.count(Counter::FileBytes))
        ));
    }
    work.push(words::clock(status.elapsed));
    line("this run", work.join(", "));
    line("left out", words::left_out(&summary.left_out).join("; "));
    if let Some(gone) = &summary.gone {
        line(
            "gone",
            format!(
                "{} of the {} in snapshot {}",
                match gone.gone {
                    0 => "none".to_owned(),
                    count => words::number(count),
                },
                words::number(gone.before) + " pages, rows and databases",
                gone.since
            ),
        );
    }
    if let Some(time) = summary.oldest_read {
        line(
            "freshness",
            format!("every page was read since {}", local.show(time)),
        );
    }
    lines
}

/// How objects ended, in words.
fn ending(status: &str) -> String {
    match status {
        "captured" => "new or changed",
        "trashed" => "in the trash",
        "not_shared" => "gone or not shared",
        "unsupported" => "not given out by the API",
        "excluded" => "left out as asked",
        "truncated" => "readable only in part",
        "failed" => "not readable",
        other => return other.replace('_', " "),
    }
    .to_owned()
}

/// How many objects should be in the snapshot and are not, or only in part.
fn losses(summary: &Summary) -> u64 {
    ["failed", "truncated"]
        .iter()
        .filter_map(|status| summary.ledger.get(*status))
        .sum()
}

/// The last words: is there a backup, is all in it, what to do.
fn verdict(summary: &Summary) -> Vec<String> {
    let mut lines = Vec::new();
    match (&summary.snapshot, summary.stopped) {
        (snapshot, Some(reason)) => {
            lines.push(match reason {
                StopReason::Interrupted => "stopped before the end, as asked".to_owned(),
                StopReason::Deadline => "stopped before the end: the deadline is over".to_owned(),
            });
            lines.push(match snapshot {
                Some(id) => format!("snapshot {id} holds what was read"),
                None => {
                    "no snapshot was made by this run; earlier ones are as they were".to_owned()
                }
            });
            lines.push(
                "what was read is kept: run the same command again to continue there".to_owned(),
            );
        }
        (Some(id), None) if summary.complete => {
            lines.push(match summary.left_out.is_empty() {
                true => format!("snapshot {id} is complete"),
                false => format!("snapshot {id} is complete but for what was left out as asked"),
            });
        }
        (Some(id), None) => {
            lines.push(match losses(summary) {
                0 => format!("snapshot {id} is saved, but NOT complete"),
                count => format!(
                    "snapshot {id} is saved, but NOT complete: {} could not be read, or only in part",
                    words::count(count, "object")
                ),
            });
            lines.push("the next dump tries again".to_owned());
        }
        (None, None) => lines.push("no snapshot was made".to_owned()),
    }
    lines
}

/// The `summary` message of `docs/scripting.md`.
fn message(summary: &Summary, status: &Status) -> Value {
    let work: Map<String, Value> = status
        .counts
        .iter()
        .map(|(&counter, &count)| (counter_name(counter).to_owned(), count.into()))
        .collect();
    json!({
        "message_type": "summary",
        "snapshot": summary.snapshot,
        "workspace": summary.workspace,
        "complete": summary.complete,
        "stopped": summary.stopped.map(|reason| match reason {
            StopReason::Interrupted => "interrupted",
            StopReason::Deadline => "deadline",
        }),
        "counts": summary.counts,
        "ledger": summary.ledger,
        "left_out": summary.left_out,
        "gone": summary.gone.as_ref().map(|gone| json!({
            "since": gone.since,
            "before": gone.before,
            "gone": gone.gone,
        })),
        "problems": summary.problems,
        "oldest_read": summary.oldest_read,
        "work": work,
        "seconds_elapsed": status.elapsed.as_secs(),
        "code": exit(summary).code(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::SnapshotId;

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
            left_out: Vec::new(),
            gone: None,
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
        let status = Status {
            elapsed: std::time::Duration::from_secs(7),
            counts: [(Counter::Requests, 9)].into(),
            ..Status::default()
        };
        let summary = Summary {
            complete: false,
            problems: vec!["page x: no".to_owned()],
            ..summary()
        };
        assert_eq!(
            message(&summary, &status),
            json!({
                "message_type": "summary", "snapshot": "20260301T120000Z-0123abcd",
                "complete": false, "stopped": null, "counts": {"pages": 3},
                "ledger": {"captured": 3}, "problems": ["page x: no"], "oldest_read": null,
                "left_out": [], "gone": null,
                "workspace": "Acme", "work": {"requests": 9}, "seconds_elapsed": 7, "code": 3,
            })
        );
    }
}

//! `restore` and `restore undo`: a snapshot back into Notion, and out of it again.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Context, losses};
use crate::cli::args::{GlobalArgs, RestoreArgs, RestoreCommand, UndoArgs};
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::interrupt;
use crate::cli::settings::{self, RestoreSettings};
use crate::cli::ui::{Status, Ui, words};
use crate::crawl;
use crate::fsio;
use crate::notion::Notion;
use crate::repo::{Picked, Repository, Snapshot, SnapshotId};
use crate::report::{Counter, Report};
use crate::restore::{
    self, Degree, FolderSource, Job, LeftOut, Loss, Preview, Reason, SnapshotSource, Source,
    Summary, Totals,
};
use crate::stop::Stop;

pub fn run(args: &RestoreArgs, context: &Context<'_>) -> Result<Exit, Error> {
    if let Some(RestoreCommand::Undo(undo)) = &args.command {
        return run_undo(undo, context);
    }
    let root = args.root_id.ok_or_else(|| {
        Error::usage("--root-id PAGE is needed: the page that everything goes below")
    })?;
    let settings = settings::restore(&args.notion, context.global, &context.environment)?;
    for warning in &settings.warnings {
        context.ui.warn(warning);
    }
    super::start_workers()?;
    let from_folder = args.from_dir.is_some();
    let repo = repository(&settings, from_folder, context)?;
    let stop = Stop::new();
    interrupt::watch_signals(
        &stop,
        context.ui.speaker(),
        "stopping: what is under way is finished and noted",
    );
    if let Some(time) = args.deadline {
        interrupt::watch_deadline(&stop, time, Arc::clone(&context.clock));
    }
    let resumed = match args.resume {
        true => {
            let unfinished = restore::unfinished_source(&repo, root, context.clock.as_ref())?;
            Some(unfinished.ok_or(restore::Error::NothingToResume { root })?)
        }
        false => None,
    };
    let chosen = source(args, resumed, &repo, context)?;
    if !context.ui.is_json() {
        for lack in &chosen.lacks {
            context.ui.say(&format!("note: {lack}"));
        }
    }
    let _lock = match from_folder {
        true => None,
        false => Some(repo.lock(
            crate::repo::LockKind::Shared,
            "restore",
            context.clock.now(),
        )?),
    };
    let watch = context.ui.watch(Arc::clone(&context.clock));
    let report = watch.report();
    let notion = connect(&settings, context, &stop, &report)?;
    let job = Job {
        notion: &notion,
        repo: &repo,
        source: chosen.source.as_ref(),
        from: chosen.from.clone(),
        root,
        only: args.only.clone(),
        jobs: settings.jobs,
        clock: context.clock.as_ref(),
        report: report.as_ref(),
    };
    if args.dry_run {
        let preview = restore::preview(&job);
        watch.finish();
        let mut preview = preview?;
        if let Some(asked) = settings.notion.requests_per_minute {
            preview.requests_per_minute = asked.into();
        }
        return tell_preview(context.ui, &chosen, &preview);
    }
    let result = match args.resume {
        true => restore::resume(&job),
        false => restore::restore(&job),
    };
    let seen = watch.finish();
    let summary = result?;
    tell(context, &repo, &chosen, &summary, &seen.status)
}

/// The command that takes a restore back, as it must be typed here.
fn undo_command(global: &GlobalArgs, journal: &str) -> String {
    let repo = match &global.repo {
        Some(path) => format!("-r {} ", path.display()),
        None => String::new(),
    };
    format!("notion-backup {repo}restore undo {journal}")
}

fn connect(
    settings: &RestoreSettings,
    context: &Context<'_>,
    stop: &Stop,
    report: &Arc<dyn Report>,
) -> Result<Notion, Error> {
    Ok(Notion::connect(
        &settings.notion,
        Arc::clone(&context.clock),
        stop.clone(),
        Arc::clone(report),
    )?)
}

/// The repository with the snapshot; for a folder any will do, to keep the journal in.
fn repository(
    settings: &RestoreSettings,
    from_folder: bool,
    context: &Context<'_>,
) -> Result<Repository, Error> {
    let place = match (&settings.repo, &settings.journals) {
        (Some(repo), _) => repo,
        (None, Some(journals)) if from_folder => {
            // Our own place: what is above it is made as well.
            if let Some(above) = journals.parent() {
                fsio::create_private_folder(above)
                    .map_err(|error| Error::file("create the folder", above, &error))?;
            }
            journals
        }
        _ => return Err(Error::no_repo()),
    };
    if !from_folder {
        return Ok(Repository::open(super::files(place))?);
    }
    let repo = Repository::open_or_create(super::files(place))?;
    context.tell_if_new(&repo);
    Ok(repo)
}

/// The repository with the journal of a restore, which is never made for that.
fn journals(settings: &RestoreSettings) -> Result<Repository, Error> {
    let place = settings.repo.as_ref().or(settings.journals.as_ref());
    Ok(Repository::open(super::files(
        place.ok_or_else(Error::no_repo)?,
    ))?)
}

/// What is restored.
struct Chosen<'r> {
    source: Box<dyn Source + 'r>,
    /// Its name in the journal: the id of the snapshot, or the folder.
    from: String,
    /// What cannot come back because it was not saved, in words.
    lacks: Vec<String>,
}

fn source<'r>(
    args: &RestoreArgs,
    resumed: Option<String>,
    repo: &'r Repository,
    context: &Context<'_>,
) -> Result<Chosen<'r>, Error> {
    let folder = |path: &Path| -> Result<Chosen<'r>, Error> {
        let whole = std::fs::canonicalize(path)
            .map_err(|error| Error::file("read the folder", path, &error))?;
        Ok(Chosen {
            source: Box::new(FolderSource::new(&whole)),
            from: whole.display().to_string(),
            lacks: Vec::new(),
        })
    };
    if let Some(path) = &args.from_dir {
        return folder(path);
    }
    let text = match &resumed {
        Some(from) if SnapshotId::try_from(from.clone()).is_err() => {
            return folder(Path::new(from));
        }
        Some(from) => from.as_str(),
        None => args.snapshot.as_deref().unwrap_or("latest"),
    };
    let Picked { id, snapshot, .. } = context.pick(repo, text)?;
    Ok(Chosen {
        source: Box::new(SnapshotSource::new(repo, snapshot.tree)),
        from: id.to_string(),
        lacks: lacks(&snapshot),
    })
}

/// What a snapshot does not hold of what there was.
fn lacks(snapshot: &Snapshot) -> Vec<String> {
    let left_out = words::left_out(&crawl::left_out(snapshot)).into_iter();
    let mut lacks: Vec<String> = left_out
        .map(|part| format!("the snapshot was made without {part}"))
        .collect();
    if !snapshot.complete {
        let count = |word: &str| snapshot.ledger.get(word).copied().unwrap_or(0);
        lacks.push(match count("failed") + count("truncated") {
            0 => "the snapshot is not complete".to_owned(),
            lost => format!(
                "the snapshot is not complete: {} could not be read, or only in part",
                words::count(lost, "object")
            ),
        });
    }
    lacks
}

fn tell_preview(ui: &Ui, chosen: &Chosen<'_>, preview: &Preview) -> Result<Exit, Error> {
    let Chosen { from, lacks, .. } = chosen;
    let totals = &preview.planned.totals;
    let lost = &preview.planned.losses;
    let pace = preview.requests_per_minute;
    if ui.is_json() {
        for loss in lost {
            ui.message(&loss_message(loss))?;
        }
        ui.message(&json!({
            "message_type": "summary",
            "dry_run": true,
            "from": from,
            "lacks": lacks,
            "root": preview.survey.root,
            "workspace": preview.survey.workspace,
            "totals": totals,
            "requests_per_minute": pace,
            "seconds_expected": totals.time(pace).as_secs(),
            "exceeds_free_plan": totals.exceeds_free_plan(),
            "left_out": preview.planned.left_out,
            "losses": lost.len(),
            "code": Exit::Done.code(),
        }))?;
        return Ok(Exit::Done);
    }
    ui.line(&format!(
        "would restore {from} below \u{201c}{}\u{201d} in {}",
        preview.survey.root_title, preview.survey.workspace
    ))?;
    for line in amounts(totals) {
        ui.line(&line)?;
    }
    ui.line(&format!(
        "time         about {} at {pace} requests a minute",
        minutes(totals.time(pace))
    ))?;
    if totals.exceeds_free_plan() {
        ui.line(
            "plan         a Free workspace with more than one member takes 1,000 blocks in all: this is more",
        )?;
    }
    for line in left_out(&preview.planned.left_out) {
        ui.line(&line)?;
    }
    match lost.is_empty() {
        true => ui.line("losses       none: everything comes back as it was")?,
        false => {
            ui.line(&format!(
                "losses       {}:",
                words::count(lost.len() as u64, "thing")
            ))?;
            for line in losses::lines(lost) {
                ui.line(&format!("  {line}"))?;
            }
        }
    }
    Ok(Exit::Done)
}

/// How much a plan makes.
fn amounts(totals: &Totals) -> Vec<String> {
    let mut made = Vec::new();
    for (count, word) in [
        (totals.pages, "page"),
        (totals.databases, "database"),
        (totals.rows, "row"),
        (totals.blocks, "block"),
        (totals.views, "view"),
        (totals.comments, "comment"),
    ] {
        if count > 0 {
            made.push(words::count(count, word));
        }
    }
    if totals.files > 0 {
        made.push(format!(
            "{} ({})",
            words::count(totals.files, "file"),
            words::bytes(totals.file_bytes)
        ));
    }
    vec![
        format!("contents     {}", made.join(", ")),
        format!("requests     {}", words::number(totals.requests)),
    ]
}

/// What is left out on purpose, one line for each.
fn left_out(all: &[LeftOut]) -> Vec<String> {
    let line = |left: &LeftOut| {
        let below = match left.below {
            0 => String::new(),
            1 => " and the one below it".to_owned(),
            below => format!(" and {} pages and databases below it", words::number(below)),
        };
        let why = match left.why {
            Reason::TargetPage => "it is the page that everything goes below".to_owned(),
            Reason::EarlierCopy => format!(
                "an earlier restore made this, it is unchanged since, and its original is restored; --only {} restores it",
                left.id
            ),
        };
        format!("left out     \u{201c}{}\u{201d}{below}: {why}", left.title)
    };
    all.iter().map(line).collect()
}

fn minutes(time: std::time::Duration) -> String {
    match time.as_secs().div_ceil(60) {
        minutes @ 0..120 => words::count(minutes.max(1), "minute"),
        minutes => format!("{:.1} hours", minutes as f64 / 60.0),
    }
}

fn tell(
    context: &Context<'_>,
    repo: &Repository,
    chosen: &Chosen<'_>,
    summary: &Summary,
    status: &Status,
) -> Result<Exit, Error> {
    let ui = context.ui;
    let Chosen { from, lacks, .. } = chosen;
    let requests = status.count(Counter::Requests);
    let elapsed = status.elapsed;
    let undo = undo_command(context.global, &summary.journal);
    let exit = exit(summary);
    let report = repo.place(&summary.report);
    if ui.is_json() {
        for loss in &summary.losses {
            ui.message(&loss_message(loss))?;
        }
        ui.message(&json!({
            "message_type": "summary",
            "from": from,
            "lacks": lacks,
            "journal": summary.journal,
            "report": report,
            "complete": summary.early.is_none(),
            "why": summary.early.as_ref().map(ToString::to_string),
            "totals": summary.totals,
            "steps": summary.steps,
            "steps_done": summary.steps_done,
            "nothing": summary.nothing,
            "left_out": summary.left_out,
            "losses": summary.losses.len(),
            "work": {"requests": requests},
            "seconds_elapsed": elapsed.as_secs(),
            "code": exit.code(),
        }))?;
        return Ok(exit);
    }
    if !ui.is_quiet() {
        for line in amounts(&summary.totals) {
            ui.line(&line)?;
        }
        ui.line(&format!(
            "this run     {}, {}",
            words::count(requests, "request"),
            words::clock(elapsed)
        ))?;
        for line in left_out(&summary.left_out) {
            ui.line(&line)?;
        }
    }
    let shown: Vec<&Loss> = summary
        .losses
        .iter()
        .filter(|loss| loss.degree != Degree::Detail)
        .collect();
    let details = summary.losses.len() - shown.len();
    for line in losses::lines(shown.iter().copied()) {
        ui.warn(&line);
    }
    if details > 0 && !ui.is_quiet() {
        ui.line(&format!(
            "details      {} that no API call can set; the report lists them",
            words::count(details as u64, "detail")
        ))?;
    }
    if let Some(failure) = &summary.early {
        ui.say(&format!(
            "stopped before the end, after {} of {} steps: {failure}",
            words::number(summary.steps_done),
            words::number(summary.steps)
        ));
        let error = Error::early(failure);
        if let Some(hint) = error.hint {
            ui.say(&format!("hint: {hint}"));
        }
        ui.say(&match summary.nothing {
            true => "nothing was restored so far; the same command with --resume goes on".to_owned(),
            false => format!(
                "everything so far is noted: the same command with --resume goes on; `{undo}` takes it back"
            ),
        });
        return Ok(exit);
    }
    if !ui.is_quiet() {
        ui.line(&format!("report       {report}"))?;
    }
    if summary.nothing {
        ui.line(&format!(
            "nothing was restored below \u{201c}{}\u{201d}",
            summary.root_title
        ))?;
        return Ok(exit);
    }
    ui.line(&match summary.has_losses() {
        false => format!("restored below \u{201c}{}\u{201d}", summary.root_title),
        true => format!(
            "restored below \u{201c}{}\u{201d}, but NOT all of it: {} not there as {} {}",
            summary.root_title,
            words::count(shown.len() as u64, "thing"),
            if shown.len() == 1 { "it" } else { "they" },
            if shown.len() == 1 { "was" } else { "were" },
        ),
    })?;
    if !ui.is_quiet() {
        ui.line(&format!("undo         {undo}"))?;
    }
    Ok(exit)
}

fn exit(summary: &Summary) -> Exit {
    match &summary.early {
        Some(failure) => Error::early(failure).exit,
        None if summary.nothing => Exit::Failed,
        None if summary.has_losses() => Exit::Losses,
        None => Exit::Done,
    }
}

fn loss_message(loss: &Loss) -> Value {
    json!({
        "message_type": "loss",
        "degree": loss.degree,
        "id": loss.id,
        "on": loss.on,
        "what": loss.what,
        "why": loss.why,
    })
}

fn run_undo(args: &UndoArgs, context: &Context<'_>) -> Result<Exit, Error> {
    let settings = settings::restore(&args.notion, context.global, &context.environment)?;
    for warning in &settings.warnings {
        context.ui.warn(warning);
    }
    let repo = journals(&settings)?;
    let stop = Stop::new();
    interrupt::watch_signals(&stop, context.ui.speaker(), "stopping");
    let watch = context.ui.watch(Arc::clone(&context.clock));
    let report = watch.report();
    let notion = connect(&settings, context, &stop, &report)?;
    let undone = restore::undo(&restore::Undo {
        notion: &notion,
        repo: &repo,
        journal: &args.journal,
        clock: context.clock.as_ref(),
    });
    watch.finish();
    let undone = undone?;
    if context.ui.is_json() {
        context.ui.message(&json!({
            "message_type": "summary",
            "journal": undone.name,
            "root": undone.root,
            "trashed": undone.trashed,
            "gone": undone.gone,
            "code": Exit::Done.code(),
        }))?;
        return Ok(Exit::Done);
    }
    let mut line = format!(
        "{} below \u{201c}{}\u{201d} put into the trash, with all that is in them",
        words::count(undone.trashed, "top-level object"),
        undone.root_title
    );
    if undone.gone > 0 {
        line.push_str(&format!(
            "; {} were there or gone before",
            words::number(undone.gone)
        ));
    }
    context.ui.line(&line)?;
    Ok(Exit::Done)
}

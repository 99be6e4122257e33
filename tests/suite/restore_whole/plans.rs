//! The plan: pure, and a true forecast.

use notion_backup::restore::original::Original;
use notion_backup::restore::plan::plan;
use notion_backup::restore::survey::Survey;
use notion_backup::restore::{Source, Step, Summary};

use crate::restorer::Restorer;
use crate::support::Workspace;
use crate::support::workspace::model::{Body, Parent};

/// All steps of a plan for everything.
pub fn steps(source: &dyn Source, survey: &Survey) -> Vec<Step> {
    let original = Original::load(source).unwrap();
    let chosen = original.entries.keys().copied().collect();
    let mut steps = Vec::new();
    let mut keep = |step| {
        steps.push(step);
        Ok(())
    };
    plan(&original, survey, &chosen, &mut keep).unwrap();
    steps
}

#[test]
fn the_same_input_gives_the_same_steps() {
    let restorer = Restorer::home(Workspace::everything(1));
    let survey = restorer.preview().survey;
    let (first, second) =
        restorer.job(|job| (steps(job.source, &survey), steps(job.source, &survey)));
    assert!(first.len() > 300);
    assert!(first == second);
}

#[test]
fn a_preview_writes_nothing() {
    let restorer = Restorer::home(Workspace::everything(1));
    let before = restorer.site.files.paths();
    let preview = restorer.preview();
    assert!(preview.planned.totals.requests > 300);
    let writes: Vec<String> = restorer.writes().iter().map(|it| it.endpoint()).collect();
    assert_eq!(writes, Vec::<String>::new());
    assert_eq!(restorer.site.files.paths(), before);
}

/// What of a workspace is new since the dump: pages, rows, databases, blocks, comments.
fn made(restorer: &Restorer) -> [u64; 5] {
    let (old, new) = (&restorer.original, restorer.restored());
    let known = |id| {
        restorer.original.id == new.id
            && (old.pages.contains_key(&id)
                || old.blocks.contains_key(&id)
                || old.databases.contains_key(&id))
    };
    let pages = || {
        new.pages
            .values()
            .filter(|it| !known(it.id) && it.id != restorer.root)
    };
    let rows = pages()
        .filter(|it| matches!(it.parent, Parent::DataSource(_)))
        .count();
    let generated = |body: &Body| u64::from(body.generated);
    let blocks = new
        .blocks
        .values()
        .filter(|it| !known(it.id) && !it.in_trash)
        .count();
    let comments = new
        .comments
        .iter()
        .filter(|it| !old.comments.iter().any(|old| old.id == it.id));
    let databases = new.databases.values().filter(|it| !known(it.id)).count();
    [
        (pages().count() - rows) as u64,
        rows as u64,
        databases as u64,
        blocks as u64 + pages().map(|it| generated(&it.body)).sum::<u64>(),
        comments.count() as u64,
    ]
}

fn foretold(summary: &Summary) -> [u64; 5] {
    let it = &summary.totals;
    [it.pages, it.rows, it.databases, it.blocks, it.comments]
}

#[test]
fn totals_are_what_is_sent_and_made() {
    let workspaces = [
        Workspace::plain(30, 4),
        Workspace::everything(1),
        Workspace::random(3),
        Workspace::random(5),
    ];
    for workspace in workspaces {
        let restorer = Restorer::home(workspace);
        restorer.preview();
        let asked = restorer.target.requests().len() as u64;
        restorer.target.clear_requests();
        let summary = restorer.prove();
        let sent = restorer.target.requests().len() as u64 - asked;
        let counts = restorer.target.counts();
        assert_eq!(sent, summary.totals.requests, "{counts:?}");
        let parts: u64 = summary.totals.by_part.values().sum();
        assert_eq!(parts, summary.totals.requests);
        assert_eq!(made(&restorer), foretold(&summary));
    }
}

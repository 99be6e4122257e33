//! The README's demonstration: `cargo run --release --example demo`.
//!
//! Starts a Notion in memory, backs it up with the real command line, looks at the
//! backup, changes the workspace, and backs it up again: it shows what a user sees, and
//! what each dump cost against the least that it could have cost. It needs neither
//! network nor token, and fails when a step does or a figure is off.
//!
//! The program is this binary as well: it starts itself again with a variable set and
//! then does what `notion-backup` does.

// The figures at the end are for people; the program's own output goes its own way.
#![allow(clippy::print_stdout)]

#[path = "support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use support::compare::{self, Expect};
use support::fake_notion::{Comments, least};
use support::workspace::model::{Id, Parent};
use support::workspace::text;
use support::{FakeNotion, Workspace};

/// Says that this process is to be `notion-backup`.
const AS_PROGRAM: &str = "NOTION_BACKUP_DEMO";
/// How many requests more than the least possible a first dump may need.
const FIRST_RATIO: f64 = 1.05;

type Done<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    if std::env::var_os(AS_PROGRAM).is_some() {
        return notion_backup::cli::main();
    }
    match show() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("\nThe demonstration FAILED: {error}");
            ExitCode::FAILURE
        }
    }
}

fn show() -> Done {
    let start = Instant::now();
    let demo = Demo::new()?;
    demo.introduce();

    heading("The first dump reads everything");
    let first = demo.dump("first dump")?;
    let least = demo.fake.least_requests(Comments::Pages);
    first.at_most((least.total() as f64 * FIRST_RATIO) as u64)?;

    heading("What is in the backup (offline, without the token)");
    demo.run("snapshots")?;
    demo.run("ls latest")?;
    demo.run(&format!("ls latest {}", demo.get("projects")))?;
    demo.run("check --read-data")?;
    demo.run("stats")?;
    demo.extract()?;

    heading("Nothing has changed: the second dump lists, and reads nothing again");
    let second = demo.dump("second dump, nothing changed")?;
    second.at_most(least.unchanged())?;
    second.adds(0)?;

    heading("Some work is done in Notion, and a third dump follows");
    let changed = demo.edit();
    let third = demo.dump("third dump, after those edits")?;
    let fewest = demo.fake.least_requests(Comments::Pages).unchanged() + changed;
    third.at_most(fewest + fewest / 20)?;
    demo.run("snapshots")?;
    demo.run("check --read-data")?;

    heading("All of it is put back, below a page made for it");
    demo.restore()?;

    heading("What it cost");
    println!(
        "{:<32}{:>10}{:>16}{:>8}{:>14}",
        "", "requests", "least possible", "ratio", "new objects"
    );
    for (cost, least) in [
        (&first, least.total()),
        (&second, least.unchanged()),
        (&third, fewest),
    ] {
        println!(
            "{:<32}{:>10}{:>16}{:>8.2}{:>14}",
            cost.name,
            cost.requests,
            least,
            cost.requests as f64 / least as f64,
            cost.objects
        );
    }
    println!(
        "\nAll steps succeeded, in {:.1} seconds.",
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

fn heading(text: &str) {
    println!("\n== {text} ==");
}

/// A Notion, and a folder to work in.
struct Demo {
    fake: FakeNotion,
    folder: tempfile::TempDir,
}

/// What a dump cost.
struct Cost {
    name: &'static str,
    /// Requests to the API.
    requests: u64,
    /// Objects that the repository did not have before.
    objects: usize,
}

impl Cost {
    fn at_most(&self, most: u64) -> Done {
        if self.requests <= most {
            return Ok(());
        }
        Err(format!("{}: {} requests, not {most}", self.name, self.requests).into())
    }

    fn adds(&self, objects: usize) -> Done {
        if self.objects == objects {
            return Ok(());
        }
        Err(format!("{}: {} new objects, not {objects}", self.name, self.objects).into())
    }
}

impl Demo {
    fn new() -> Done<Demo> {
        let mut workspace = Workspace::everything(1);
        workspace.rest_until(now()?);
        Ok(Demo {
            fake: FakeNotion::start(workspace),
            folder: tempfile::tempdir()?,
        })
    }

    /// Restores the latest snapshot below a new page, has the copy judged against the
    /// original, and takes it back.
    fn restore(&self) -> Done {
        let original = self.fake.look(Workspace::clone);
        let page = self
            .fake
            .edit(|ws| ws.page(Parent::Workspace, "Restored here"));
        self.run(&format!("restore --root-id {page} --dry-run --quiet"))?;
        println!("\n$ notion-backup restore --root-id {page}");
        let status = self
            .program(&format!("restore --root-id {page}"))?
            .status()?;
        // The workspace has some of everything that the API cannot create.
        if status.code() != Some(23) {
            return Err(format!("the restore ended with {status}, not with 23").into());
        }
        let restored = self.fake.look(Workspace::clone);
        let expect = Expect::restored().comments(compare::Comments::Pages);
        let mut differences = compare::compare(&original, &restored, page, &expect);
        differences.retain(|difference| !difference.weak);
        println!(
            "\nCompared block by block and value by value, {} things differ from what the API can bring back.",
            differences.len()
        );
        if let Some(first) = differences.first() {
            return Err(format!("the first: {first}").into());
        }
        let journals = fs::read_dir(self.folder.path().join("backups/state"))?;
        let names = journals.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let journal = names.into_iter().find(|name| name.starts_with("restore-"));
        let journal = journal.ok_or("there is no journal")?;
        self.run(&format!("restore undo {journal}"))?;
        let left = self.fake.look(|ws| {
            let body = &ws.pages[&page].body.listed;
            body.iter().filter(|id| !ws.is_trashed(**id)).count()
        });
        match left {
            0 => Ok(()),
            _ => Err(format!("{left} things are still there").into()),
        }
    }

    fn introduce(&self) {
        let (pages, databases, blocks) = self
            .fake
            .look(|ws| (ws.pages.len(), ws.databases.len(), ws.blocks.len()));
        println!("A Notion in memory answers on {}.", self.fake.url());
        println!("It has {pages} pages and rows, {databases} databases, {blocks} blocks; and some");
        println!("that are not shared, in the trash, damaged, or not given out by the API.");
        println!("\nThe commands below run with these variables:");
        println!("  NOTION_API_URL={}", self.fake.url());
        println!("  NOTION_API_TOKEN=... (never shown)");
        println!("  NOTION_BACKUP_REPO=backups");
    }

    fn get(&self, name: &str) -> Id {
        self.fake.look(|ws| ws.get(name))
    }

    /// The program, in an environment with nothing of this machine's user in it.
    fn program(&self, line: &str) -> Done<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        let kept = ["PATH", "TERM", "SystemRoot"];
        let kept = kept.map(|name| (name, std::env::var_os(name)));
        command
            .args(line.split_whitespace())
            .current_dir(self.folder.path())
            .env_clear()
            .envs(
                kept.into_iter()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .env(AS_PROGRAM, "1")
            .env("HOME", self.folder.path())
            .env("TZ", "UTC")
            .env("NOTION_API_URL", self.fake.url())
            .env("NOTION_API_TOKEN", self.fake.token())
            .env("NOTION_BACKUP_REPO", "backups");
        Ok(command)
    }

    /// Runs a command as a user does, and sees to it that it succeeds.
    fn run(&self, line: &str) -> Done {
        println!("\n$ notion-backup {line}");
        let status = self.program(line)?.status()?;
        if status.success() {
            return Ok(());
        }
        Err(format!("`notion-backup {line}` ended with {status}").into())
    }

    fn dump(&self, name: &'static str) -> Done<Cost> {
        self.fake.edit(|ws| -> Done {
            ws.now = now()?;
            Ok(())
        })?;
        let objects = self.objects()?.len();
        self.fake.clear_requests();
        self.run("dump")?;
        let cost = Cost {
            name,
            requests: self.fake.counts().values().sum(),
            objects: self.objects()?.len() - objects,
        };
        let violations = self.fake.violations();
        match violations.first() {
            None => Ok(cost),
            Some(first) => Err(format!("the imitation broke its own schema: {first}").into()),
        }
    }

    /// Takes the backup out as files, and looks for something in it.
    fn extract(&self) -> Done {
        self.run("extract latest out")?;
        let home = self.get("home");
        let path = PathBuf::from("out")
            .join(home.to_string())
            .join("page.json");
        let content = fs::read_to_string(self.folder.path().join(&path))?;
        let page: Value = serde_json::from_str(&content)?;
        let children = page["children"].as_array().map_or(0, Vec::len);
        println!(
            "\n{} holds the page and its {children} blocks.",
            path.display()
        );
        let shown = self
            .fake
            .look(|ws| ws.visible_children(home).map(|it| it.len()));
        if shown == Some(children) {
            return Ok(());
        }
        Err(format!("the page has {shown:?} blocks in Notion").into())
    }

    /// What somebody does in a few minutes. Returns the fewest requests that tell all of it.
    fn edit(&self) -> u64 {
        self.fake.edit(|ws| {
            let (home, row) = (ws.get("home"), ws.get("empty row"));
            println!();
            println!("- a paragraph of the page \"Home\" is rewritten");
            let paragraph = ws.get("a paragraph");
            ws.set_text(paragraph, "Welcome back.");
            println!("- a new page is written below it");
            let page = ws.page(Parent::Page(home), "Minutes of today");
            ws.paragraph(page, "We talked about backups.");
            println!("- an untitled row of the database \"Projects\" gets a title");
            ws.edit_value(row, "Project", text::rich("Named today"));
            println!("- the row \"Task 5\" is moved to the trash");
            let tasks = ws.get("tasks source");
            let task = ws.data_sources[&tasks].rows[5];
            ws.set_trashed(task, true);
            let read = [home, page, row];
            let bodies: u64 = read.iter().map(|id| least::body(ws, *id)).sum();
            // What became of the row that is gone has to be asked.
            bodies + 1
        })
    }

    /// The object files in the repository.
    fn objects(&self) -> Done<BTreeSet<PathBuf>> {
        let mut found = BTreeSet::new();
        let mut folders = vec![self.folder.path().join("backups/objects")];
        while let Some(folder) = folders.pop() {
            for path in files_in(&folder)? {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.insert(path);
                }
            }
        }
        Ok(found)
    }
}

fn files_in(folder: &Path) -> Done<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries?.map(|entry| Ok(entry?.path())).collect(),
    }
}

/// The real time, in milliseconds since 1970.
fn now() -> Done<i64> {
    Ok(i64::try_from(
        SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis(),
    )?)
}

//! The real program is killed while it removes and repairs: what is kept is whole, and
//! the next run finishes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use notion_backup::repo::{Disk, Repository, SnapshotId};

use crate::cli_care::save;
use crate::program::Program;

/// Snapshots in the repository; each has two objects of its own.
const SNAPSHOTS: usize = 120;
const KEPT: usize = 20;

/// A repository with many snapshots, to be copied for each kill.
fn many(program: &Program) -> Vec<SnapshotId> {
    let disk = Disk::new(program.home().join("many"));
    let repo = Repository::open_or_create(Arc::new(disk)).unwrap();
    (0..SNAPSHOTS)
        .map(|number| {
            let time = format!("2026-01-{:02}T{:02}:00:00Z", number / 24 + 1, number % 24);
            save(&repo, &time, &format!("page {number}"), true)
        })
        .collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, to) = {
            let entry = entry.unwrap();
            (entry.path(), to.join(entry.file_name()))
        };
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, &to).unwrap();
        }
    }
}

/// The files in a folder and below.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(here) = todo.pop() {
        for entry in std::fs::read_dir(here).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_owned());
            }
        }
    }
    found
}

/// Runs a command on `repo` and kills it once `due` says so, asked again and again.
/// Whether it was killed.
fn kill_when(program: &Program, repo: &str, line: &str, mut due: impl FnMut() -> bool) -> bool {
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("notion-backup"))
        .args(["-r", repo, "--quiet"])
        .args(line.split(' '))
        .env("XDG_CONFIG_HOME", program.home())
        .current_dir(program.home())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !due() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

fn left(program: &Program, repo: &str) -> Vec<String> {
    let names = files(&program.home().join(repo).join("snapshots"));
    let mut names: Vec<String> = names.iter().map(|it| it.display().to_string()).collect();
    names.retain(|name| !name.starts_with(".tmp-"));
    names
}

fn done(program: &Program, repo: &str, line: &str) -> String {
    let ran = program.run(&format!("-r {repo} {line}"));
    assert_eq!(ran.code, 0, "{line}: {}", ran.all());
    ran.stdout
}

/// Every snapshot that is left is whole.
fn assert_sound(program: &Program, repo: &str) {
    let said = done(program, repo, "check --read-data");
    assert!(said.contains("sound: "), "{said}");
}

#[test]
fn a_kill_while_snapshots_or_objects_are_removed_harms_none_that_is_kept() {
    let program = Program::new();
    let ids = many(&program);
    let kept: Vec<String> = ids[SNAPSHOTS - KEPT..]
        .iter()
        .map(|id| format!("{id}.json"))
        .collect();
    let forget = format!("forget --keep-last {KEPT}");
    let home = program.home();
    copy(&home.join("many"), &home.join("calm"));
    done(&program, "calm", &format!("{forget} --prune"));
    let calm = files(&home.join("calm/objects"));
    assert_eq!(
        (left(&program, "calm"), calm.len()),
        (kept.clone(), 2 * KEPT)
    );

    let moments = [
        ("forget", "snapshots", 1),
        ("forget", "snapshots", 40),
        ("forget --prune", "snapshots", 99),
        ("forget --prune", "objects", 1),
        ("prune", "objects", 30),
        ("forget --prune", "objects", 120),
        ("prune", "objects", 190),
    ];
    let (mut killed, mut amid) = (0, 0);
    // On a busy machine a kill may come too late; then there is another one.
    for (number, (line, folder, gone)) in moments.into_iter().cycle().take(70).enumerate() {
        if number >= moments.len() && killed >= 2 && amid >= 2 {
            break;
        }
        let repo = format!("killed-{number}");
        copy(&home.join("many"), &home.join(&repo));
        let line = line.replace("forget", &forget);
        if line == "prune" {
            done(&program, &repo, &forget);
        }
        let folder = home.join(&repo).join(folder);
        let before = files(&folder).len();
        killed += u32::from(kill_when(&program, &repo, &line, || {
            files(&folder).len() + gone <= before
        }));
        let (now, objects) = (
            left(&program, &repo),
            files(&home.join(&repo).join("objects")),
        );
        amid += u32::from(now.len() > KEPT && now.len() < SNAPSHOTS);
        amid += u32::from(objects.len() > calm.len() && objects.len() < 2 * SNAPSHOTS);
        assert!(now.ends_with(&kept), "{line}: {now:?}");
        assert_sound(&program, &repo);
        // The lock of the dead is no obstacle, and what it left undone is done.
        done(&program, &repo, &format!("{forget} --prune"));
        assert_eq!(left(&program, &repo), kept, "{line}");
        assert_eq!(files(&home.join(&repo).join("objects")), calm, "{line}");
        assert_sound(&program, &repo);
        std::fs::remove_dir_all(home.join(&repo)).unwrap();
    }
    assert!(killed >= 2, "only {killed} runs were killed");
    assert!(amid >= 2, "only {amid} runs were killed amid their work");
}

#[test]
fn a_kill_while_a_repair_writes_harms_nothing_and_the_next_repair_finishes() {
    let program = Program::new();
    let ids = many(&program);
    let home = program.home();
    // Every second snapshot of the first half loses its page.
    let damaged: Vec<&SnapshotId> = ids[..SNAPSHOTS / 2].iter().step_by(2).collect();
    for number in (0..SNAPSHOTS / 2).step_by(2) {
        let page = notion_backup::repo::ObjectId::of(format!("page {number}").as_bytes());
        let page = page.to_string();
        let path = home.join(format!("many/objects/{}/{page}.zst", &page[..2]));
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, bytes).unwrap();
    }
    let is_aside = |path: &PathBuf| path.extension().is_some_and(|it| it == "damaged");
    let (mut killed, mut amid) = (0, 0);
    let moments = [(1, 0), (15, 0), (30, 1), (30, 10), (30, 29)];
    for (number, (aside, written)) in moments.into_iter().cycle().take(50).enumerate() {
        if number >= moments.len() && killed >= 2 && amid >= 1 {
            break;
        }
        let repo = format!("killed-{number}");
        copy(&home.join("many"), &home.join(&repo));
        let (objects, snapshots) = (
            home.join(&repo).join("objects"),
            home.join(&repo).join("snapshots"),
        );
        killed += u32::from(kill_when(
            &program,
            &repo,
            "check --read-data --repair",
            || {
                files(&objects).iter().filter(|path| is_aside(path)).count() >= aside
                    && files(&snapshots).len() >= SNAPSHOTS + written
            },
        ));
        let now = left(&program, &repo);
        amid += u32::from(now.len() > SNAPSHOTS && now.len() < SNAPSHOTS + damaged.len());
        for id in &ids {
            assert!(now.contains(&format!("{id}.json")), "{id} is gone");
        }
        // The next one finishes, and repairs nothing twice.
        let ran = program.run(&format!("-r {repo} check --read-data --repair"));
        assert!([0, 1].contains(&ran.code), "{}", ran.all());
        let now = left(&program, &repo);
        assert_eq!(now.len(), SNAPSHOTS + damaged.len(), "{now:?}");
        let all: Vec<&str> = damaged.iter().map(|id| id.as_str()).collect();
        done(&program, &repo, &format!("forget {}", all.join(" ")));
        done(&program, &repo, "prune");
        assert_sound(&program, &repo);
        std::fs::remove_dir_all(home.join(&repo)).unwrap();
    }
    assert!(killed >= 2, "only {killed} repairs were killed");
    assert!(amid >= 1, "no repair was killed amid its writing");
}

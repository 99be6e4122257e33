//! The process dies, the disk fills up, the permission goes: nothing that was saved is
//! lost, and the next dump finishes the work.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::golden::files_below as files;
use crate::program::{Program, Ran};
use crate::support::workspace::ids::Chance;
use crate::support::workspace::model::Parent;
use crate::support::{FakeNotion, Workspace};

const REPO: &str = "backups";
/// One page at a time, so that a kill costs at most the page in hand.
const ONE_BY_ONE: [&str; 3] = ["dump", "--jobs", "1"];

/// Two dozen pages with toggles, databases with rows, files.
fn workspace() -> Workspace {
    let mut ws = Workspace::plain(20, 4);
    for number in 0..6 {
        let page = ws.page(Parent::Workspace, &format!("Section {number}"));
        ws.name(&format!("section {number}"), page);
        let toggle = ws.toggle(page, "more");
        ws.paragraph(toggle, "inside");
        let file = ws.file("a.txt", "text/plain", format!("file {number}").as_bytes());
        ws.block(page, "file", file);
        let (_, source) = ws.database(Parent::Page(page), "Tasks", Vec::new());
        for row in 0..3 {
            ws.row(source, &format!("row {row}"));
        }
    }
    // So that nothing is read twice only because it may have changed within the minute.
    ws.advance_minutes(10);
    ws
}

/// Edits every section, so that the next dump has something to do.
fn edit(ws: &mut Workspace, round: usize) {
    for number in 0..6 {
        let page = ws.get(&format!("section {number}"));
        ws.append_text(page, &format!("round {round}"));
        let toggle = ws.toggle(page, &format!("round {round}"));
        ws.paragraph(toggle, "inside");
    }
    ws.advance_minutes(10);
}

fn command(program: &Program, fake: &FakeNotion) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("notion-backup"));
    command
        .env("NOTION_API_TOKEN", fake.token())
        .env("NOTION_API_URL", fake.url())
        .env("NOTION_BACKUP_REPO", REPO)
        .env("XDG_CONFIG_HOME", program.home())
        .current_dir(program.home())
        .stdin(Stdio::null());
    command
}

fn spawn(program: &Program, fake: &FakeNotion, more: &[&str]) -> Child {
    command(program, fake)
        .args(ONE_BY_ONE)
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn finish(program: &Program, fake: &FakeNotion) -> Value {
    let mut command = assert_cmd::Command::from_std(command(program, fake));
    let ran = Ran::from(command.args(ONE_BY_ONE).arg("--json"));
    assert_eq!(ran.code, 0, "{}", ran.all());
    ran.messages().pop().unwrap()
}

/// A command that reads the repository and must succeed.
fn read(program: &Program, line: &str) -> Ran {
    let ran = program.run(&format!("-r {REPO} {line}"));
    assert_eq!(ran.code, 0, "{line}: {}", ran.all());
    ran
}

fn snapshots(program: &Program) -> Vec<Value> {
    let mut messages = read(program, "snapshots --json").messages();
    messages.pop();
    messages
}

/// The lists of blocks that were read, each by its path.
fn lists(fake: &FakeNotion) -> BTreeSet<String> {
    fake.requests()
        .into_iter()
        .filter(|request| request.path.ends_with("/children") && request.status == 200)
        .map(|request| request.path)
        .collect()
}

/// The tree that a dump makes that nothing disturbs.
fn undisturbed(fake: &FakeNotion) -> Value {
    let program = Program::new();
    finish(&program, fake);
    snapshots(&program).pop().unwrap()["tree"].clone()
}

/// What holds after every kill, and after the dump that follows it.
struct Survivor {
    program: Program,
    fake: FakeNotion,
    first: Value,
    whole: BTreeMap<String, Vec<u8>>,
}

impl Survivor {
    /// A repository with one snapshot, and a workspace that was edited since.
    fn new() -> Survivor {
        let program = Program::new();
        let fake = FakeNotion::start(workspace());
        finish(&program, &fake);
        let first = snapshots(&program).remove(0);
        read(&program, "extract latest first");
        let whole = files(&program.home().join("first"));
        assert!(whole.len() > 40);
        Survivor {
            program,
            fake,
            first,
            whole,
        }
    }

    fn edit(&self, round: usize) {
        self.fake.edit(|ws| edit(ws, round));
        self.fake.clear_requests();
    }

    /// After a kill: sound, and what was there is there.
    fn assert_sound(&self, before: &[Value]) {
        let check = read(&self.program, "check --read-data");
        assert!(check.stdout.contains("sound: "), "{}", check.stdout);
        let now = snapshots(&self.program);
        assert_eq!(now[..before.len()], *before);
        assert_eq!(now[0], self.first);
    }

    /// The first snapshot comes out as it did before anything happened.
    fn assert_first_is_whole(&self) {
        let id = self.first["id"].as_str().unwrap();
        read(&self.program, &format!("extract {id} again"));
        let again = self.program.home().join("again");
        assert!(files(&again) == self.whole);
        std::fs::remove_dir_all(again).unwrap();
    }
}

#[test]
fn a_kill_after_any_request_loses_nothing() {
    let survivor = Survivor::new();
    let Survivor { program, fake, .. } = &survivor;
    let mut chance = Chance::new(5);
    let mut killed = 0;
    for round in 0..5 {
        survivor.edit(round);
        let before = snapshots(program);
        // The listings take about ten requests, all of it about forty.
        let after = 1 + chance.below(45);
        fake.faults().stall_after(after as usize);
        let mut child = spawn(program, fake, &["--quiet"]);
        while fake.count("") < after && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        child.kill().unwrap();
        if child.wait().unwrap().code().is_none() {
            killed += 1;
        }
        fake.faults().clear();
        survivor.assert_sound(&before);
        let had_ended = snapshots(program).len() > before.len();

        let read_before = lists(fake);
        fake.clear_requests();
        finish(program, fake);
        if !had_ended {
            let twice: Vec<_> = lists(fake).intersection(&read_before).cloned().collect();
            // The lists of one page, which may have been in hand: its own, that of its
            // first toggle, and that of the toggle of each round.
            assert!(
                twice.len() <= round + 3,
                "after {after} requests, {} of {} lists were read twice: {twice:?}",
                twice.len(),
                read_before.len()
            );
        }
        let tree = snapshots(program).pop().unwrap()["tree"].clone();
        assert_eq!(tree, undisturbed(fake), "killed after {after} requests");
        survivor.assert_sound(&before);
    }
    assert!(killed >= 3, "only {killed} of 5 dumps were killed");
    survivor.assert_first_is_whole();
}

#[test]
fn a_kill_in_any_phase_loses_nothing() {
    let survivor = Survivor::new();
    let Survivor { program, fake, .. } = &survivor;
    for (round, phase) in ["connecting", "listing", "comparing", "reading", "saving"]
        .into_iter()
        .enumerate()
    {
        survivor.edit(round);
        let before = snapshots(program);
        let mut child = spawn(program, fake, &["--json"]);
        let told = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap())
            .any(|message| message["phase"] == phase);
        child.kill().unwrap();
        child.wait().unwrap();
        // A phase that is over before it can be told is none to be killed in.
        assert!(told || phase == "comparing", "{phase} was never told");
        survivor.assert_sound(&before);
        finish(program, fake);
        let tree = snapshots(program).pop().unwrap()["tree"].clone();
        assert_eq!(tree, undisturbed(fake), "{phase}");
    }
    survivor.assert_first_is_whole();
}

#[test]
fn a_first_dump_that_is_killed_over_and_over_gets_there() {
    let program = Program::new();
    let fake = FakeNotion::start(workspace());
    let mut kills = 0;
    // Each run gets a dozen requests more than its listings take.
    let code = loop {
        fake.clear_requests();
        fake.faults().stall_after(24);
        let mut child = spawn(&program, &fake, &["--quiet"]);
        let code = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.code();
            }
            if fake.count("") >= 24 {
                child.kill().unwrap();
                break child.wait().unwrap().code();
            }
            std::thread::sleep(Duration::from_micros(200));
        };
        fake.faults().clear();
        match code {
            None => kills += 1,
            code => break code,
        }
        assert!(kills < 60, "it makes no headway");
    };
    assert_eq!(code, Some(0));
    assert!(kills >= 2, "{kills}");
    read(&program, "check --read-data");
    assert_eq!(snapshots(&program)[0]["tree"], undisturbed(&fake));
}

#[cfg(target_os = "linux")]
fn say_skipped() {
    // Not a macro that the test runner hides.
    let text = b"skipped: this user may not mount a file system\n";
    std::io::stderr().write_all(text).unwrap();
}

/// Runs a script with a mount table of its own, so that nothing outlives it. `None`
/// where the system does not let this user mount anything.
#[cfg(target_os = "linux")]
fn with_mounts(survivor: &Survivor, script: &str) -> Option<Ran> {
    let wrap = |script: &str| {
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-root-user", "--mount", "sh", "-euc", script]);
        unshare
    };
    let may = wrap("mount -t tmpfs none /mnt").output();
    if !may.is_ok_and(|output| output.status.success()) {
        return None;
    }
    let script = script.replace(
        "DUMP",
        &format!(
            "{} dump --jobs 1 --no-progress",
            assert_cmd::cargo::cargo_bin!("notion-backup").display()
        ),
    );
    let mut command = wrap(&script);
    let like = self::command(&survivor.program, &survivor.fake);
    for (name, value) in like.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.current_dir(survivor.program.home());
    Some(Ran::from(&mut assert_cmd::Command::from_std(command)))
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_the_dump_and_nothing_else() {
    let survivor = Survivor::new();
    survivor.edit(0);
    // Enough for some of the objects, at most: a file takes at least a page of 4 KiB.
    let script = "mkdir disk; mount -t tmpfs -o size=8m none disk; cp -a backups/. disk; \
        used=$(df --output=used disk | tail -1); \
        mount -o remount,size=$((used + ROOM))k disk; export NOTION_BACKUP_REPO=disk; \
        DUMP >full.out 2>full.err || echo code $?; \
        mount -o remount,size=64m disk; \
        cp -a disk after-full; DUMP >next.out 2>&1; echo next $?; cp -a disk after-next";
    for room in [8, 40, 90] {
        let script = script.replace("ROOM", &room.to_string());
        let Some(ran) = with_mounts(&survivor, &script) else {
            say_skipped();
            return;
        };
        assert!(ran.stdout.starts_with("code 1\nnext 0"), "{}", ran.all());
        let home = survivor.program.home();
        let said = std::fs::read_to_string(home.join("full.err")).unwrap();
        assert!(said.contains("No space left"), "{said}");
        assert!(said.contains("hint: make room"), "{said}");
        for (repo, count) in [("after-full", 1), ("after-next", 2)] {
            let ran = survivor
                .program
                .run(&format!("-r {repo} check --read-data"));
            assert_eq!(ran.code, 0, "{repo}: {}", ran.all());
            let ran = survivor.program.run(&format!("-r {repo} snapshots --json"));
            let found = ran.messages();
            assert_eq!(found.len(), count + 1, "{repo}");
            assert_eq!(found[0], survivor.first, "{repo}");
            if repo == "after-next" {
                assert_eq!(found[1]["tree"], undisturbed(&survivor.fake));
            }
        }
        for left in ["disk", "after-full", "after-next"] {
            std::fs::remove_dir_all(home.join(left)).unwrap();
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_read_only_is_told_as_such_and_can_still_be_read() {
    let survivor = Survivor::new();
    survivor.edit(0);
    let script = "mount --bind backups backups; mount -o remount,ro,bind backups; \
        DUMP 2>ro.err || echo code $?";
    let Some(ran) = with_mounts(&survivor, script) else {
        say_skipped();
        return;
    };
    assert_eq!(ran.stdout, "code 1\n", "{}", ran.all());
    let said = std::fs::read_to_string(survivor.program.home().join("ro.err")).unwrap();
    assert!(said.contains("Read-only file system"), "{said}");
    assert!(said.contains("hint: the repository must"), "{said}");
    survivor.assert_sound(&snapshots(&survivor.program));
    finish(&survivor.program, &survivor.fake);
    let tree = snapshots(&survivor.program).pop().unwrap()["tree"].clone();
    assert_eq!(tree, undisturbed(&survivor.fake));

    // Readers need no more than to read.
    let script = "mount --bind backups backups; mount -o remount,ro,bind backups; \
        BIN check --read-data && BIN snapshots && BIN ls latest -R && BIN extract latest ro";
    let bin = assert_cmd::cargo::cargo_bin!("notion-backup");
    let script = script.replace("BIN", &bin.display().to_string());
    let ran = with_mounts(&survivor, &script).unwrap();
    assert_eq!(ran.code, 0, "{}", ran.all());
}

#[cfg(unix)]
#[test]
fn a_permission_that_is_lost_is_told_and_given_back_nothing_is_lost() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};

    const NOBODY: u32 = 65534;
    let survivor = Survivor::new();
    survivor.edit(0);
    let home = survivor.program.home();
    let root = std::fs::metadata(home).unwrap().uid() == 0;
    let objects = home.join("backups/objects");
    let allow = |mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&objects, mode).unwrap();
    };
    // Root may do anything, so the dump runs as somebody else.
    let mut denied = if root {
        let bin = home.join("program");
        std::fs::copy(assert_cmd::cargo::cargo_bin!("notion-backup"), &bin).unwrap();
        let mut todo = vec![home.to_owned()];
        while let Some(path) = todo.pop() {
            chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
            if path.is_dir() {
                todo.extend(
                    std::fs::read_dir(&path)
                        .unwrap()
                        .map(|it| it.unwrap().path()),
                );
            }
        }
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(bin)
            .current_dir(home);
        let like = self::command(&survivor.program, &survivor.fake);
        for (name, value) in like.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command
    } else {
        command(&survivor.program, &survivor.fake)
    };
    denied.args(ONE_BY_ONE);
    allow(0o500);
    for entry in std::fs::read_dir(&objects).unwrap() {
        let mode = std::fs::Permissions::from_mode(0o500);
        std::fs::set_permissions(entry.unwrap().path(), mode).unwrap();
    }
    let ran = Ran::from(&mut assert_cmd::Command::from_std(denied));
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stderr.contains("Permission denied"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("hint: the repository must"),
        "{}",
        ran.stderr
    );
    survivor.assert_sound(std::slice::from_ref(&survivor.first));

    allow(0o700);
    for entry in std::fs::read_dir(&objects).unwrap() {
        let mode = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(entry.unwrap().path(), mode).unwrap();
    }
    finish(&survivor.program, &survivor.fake);
    let tree = snapshots(&survivor.program).pop().unwrap()["tree"].clone();
    assert_eq!(tree, undisturbed(&survivor.fake));
    survivor.assert_first_is_whole();
}

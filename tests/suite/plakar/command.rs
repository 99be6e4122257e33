//! The `plakar` command itself, v1.1, with this connector in it: where `PLAKAR` names it or
//! it is on `PATH`. Elsewhere each of these tests says that it was skipped.
//!
//! The command ends well although parts of a backup failed, or its helper did not start, so
//! what counts is what it says and what is there afterwards.

mod backups;
mod restores;
mod trouble;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, Weak};

use tempfile::TempDir;

use crate::program::{Program, Ran};
use crate::support::FakeNotion;

/// A home in which the command knows this connector, a store, and a source `ws` that is the
/// workspace with all comments.
struct Plakar {
    command: PathBuf,
    home: TempDir,
    fake: FakeNotion,
}

/// The package of this program, made once for the tests that run at the same time.
static PACKAGE: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());

/// The command, if there is one that this connector is made for.
fn find() -> Result<PathBuf, String> {
    let named = std::env::var_os("PLAKAR").filter(|it| !it.is_empty());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = || {
        let mut files = std::env::split_paths(&path).map(|it| it.join("plakar"));
        files.find(|it| it.is_file())
    };
    let Some(command) = named.map(PathBuf::from).or_else(on_path) else {
        return Err("there is no plakar command".to_owned());
    };
    let home = short();
    let ran = Ran::from(&mut assert_cmd::Command::from_std(isolated(
        &command,
        home.path(),
        &["version"],
    )));
    // The first run says more before it.
    let version = ran.stdout.lines().last().unwrap_or_default();
    match version.strip_prefix("plakar/v1.1.") {
        Some(_) => Ok(command),
        None => Err(format!("'{version}' is not of version 1.1")),
    }
}

/// A folder whose path is so short that a socket can be in it: with more than about 95
/// characters before it, Plakar's helper cannot start.
fn short() -> TempDir {
    let mut builder = tempfile::Builder::new();
    builder.prefix("nb").tempdir_in("/tmp").unwrap()
}

/// The command with nothing of whoever runs the tests.
fn isolated(plakar: &Path, home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(plakar);
    command
        .args(args)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join("c"))
        .env("XDG_CACHE_HOME", home.join("x"))
        .env("XDG_DATA_HOME", home.join("d"))
        .current_dir(home)
        .stdin(Stdio::null());
    command
}

/// The folder with the package; its name has the platform in it.
fn package(plakar: &Path) -> Arc<TempDir> {
    let mut made = PACKAGE.lock().unwrap();
    if let Some(package) = made.upgrade() {
        return package;
    }
    let folder = short();
    let ran = Program::new()
        .command()
        .args(["plakar", "package"])
        .arg(folder.path().join("p"))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    // The first run also says welcome, and asks for news, unless it is told not to.
    for args in [
        &["-disable-security-check"][..],
        &["pkg", "create", "./p/manifest.yaml", "v0.1.0"],
    ] {
        let ran = isolated(plakar, folder.path(), args).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
    }
    let package = Arc::new(folder);
    *made = Arc::downgrade(&package);
    package
}

impl Plakar {
    /// The command with the connector in it; `None`, and a word, where there is none.
    fn new(fake: &FakeNotion) -> Option<Plakar> {
        let command = match find() {
            Ok(command) => command,
            Err(why) => {
                // What a test that passes prints is not shown; this is.
                let line = format!("skipped, because {why}\n");
                let _ = std::io::stderr().write_all(line.as_bytes());
                return None;
            }
        };
        let package = package(&command);
        let plakar = Plakar {
            command,
            home: short(),
            fake: fake.clone(),
        };
        plakar.does(&["-disable-security-check"]);
        let files = std::fs::read_dir(package.path()).unwrap();
        let mut files = files.map(|it| it.unwrap().path());
        let file = files.find(|it| it.extension().is_some_and(|it| it == "ptar"));
        plakar.does(&["pkg", "add", file.expect("a package").to_str().unwrap()]);
        assert_eq!(plakar.does(&["pkg", "show"]).trim(), "notion@v0.1.0");
        plakar.at(&["create", "-plaintext"]);
        plakar.names("source", "ws", &["comments=blocks"]);
        Some(plakar)
    }

    /// A folder in its home.
    fn path(&self, name: &str) -> String {
        self.home.path().join(name).to_str().unwrap().to_owned()
    }

    fn command(&self, args: &[&str]) -> Command {
        isolated(&self.command, self.home.path(), args)
    }

    /// Runs it.
    fn run(&self, args: &[&str]) -> Ran {
        Ran::from(&mut assert_cmd::Command::from_std(self.command(args)))
    }

    /// Runs it; it must end well. What it says.
    fn does(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.all());
        ran.stdout
    }

    /// The same with the store.
    fn at(&self, args: &[&str]) -> String {
        self.does(&[&["at", &self.path("k")], args].concat())
    }

    /// Runs it with the store; it must fail. What it says.
    fn refuses(&self, args: &[&str]) -> String {
        let ran = self.run(&[&["at", &self.path("k")], args].concat());
        assert_eq!(ran.code, 1, "{args:?}: {}", ran.all());
        ran.all()
    }

    /// Makes a source or destination, and sees that it can be reached.
    fn names(&self, kind: &str, name: &str, options: &[&str]) {
        let token = format!("token={}", self.fake.token());
        let url = format!("api_url={}", self.fake.url());
        let add = [kind, "add", name, "notion://", &token, &url];
        self.does(&[&add, options].concat());
        let said = self.does(&[kind, "ping", name]);
        assert_eq!(said.trim(), "configuration OK");
    }

    /// Backs up, a while after whatever came before, and sees that nothing is missing. The
    /// snapshot.
    fn backup(&self, args: &[&str]) -> String {
        self.fake.edit(|ws| ws.advance_minutes(10));
        let said = self.at(&[&["backup"], args].concat());
        assert!(said.contains("backup completed without errors"), "{said}");
        let id = self.snapshots().remove(0);
        assert_eq!(self.at(&["info", "-errors", &id]), "");
        let said = self.at(&["check", &id]);
        assert!(said.contains("check completed without errors"), "{said}");
        id
    }

    /// All snapshots, the newest first.
    fn snapshots(&self) -> Vec<String> {
        let said = self.at(&["ls"]);
        let lines = said.lines();
        let ids = lines.map(|line| line.split_whitespace().nth(1).unwrap().to_owned());
        ids.collect()
    }

    /// What a snapshot holds, taken out as files; without our own account of the backup,
    /// which differs from one to the next.
    fn content(&self, snapshot: &str) -> BTreeMap<String, Vec<u8>> {
        let folder = TempDir::new_in(self.home.path()).unwrap();
        let to = folder.path().join("out");
        self.at(&["restore", "-to", to.to_str().unwrap(), snapshot]);
        content(&to)
    }

    /// Starts a backup.
    fn start(&self) -> Child {
        let store = self.path("k");
        let mut command = self.command(&["at", &store, "backup", "@ws"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }
}

/// The files in a folder but those of our account.
fn content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = crate::golden::files_below(folder);
    files.retain(|path, _| !path.starts_with(".notion-backup/ledger/"));
    assert!(files.contains_key("content.json"), "it is a tree");
    files
}

/// How many lists of blocks were asked for.
fn bodies(fake: &FakeNotion) -> u64 {
    fake.count("GET /v1/blocks/{id}/children")
}

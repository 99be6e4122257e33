//! The figures of `docs/architecture.md`: `cargo bench`, a minute once it is built.
//!
//! The real program dumps workspaces of the in-memory Notion: what it asks for against
//! the least possible, how much memory it takes, how fast it asks. Requests and memory
//! are judged, and decide how this ends; speed depends on the machine and is only shown.
//!
//! The large workspace is served by another process, this binary again, so that its
//! memory and its name in `top` are its own.

// This prints for people.
#![allow(clippy::print_stdout)]

#[path = "support/mod.rs"]
mod support;

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use support::fake_notion::Comments;
use support::{FakeNotion, Workspace};

/// Requests of a first dump over the least possible.
const MOST_REQUESTS: f64 = 1.05;
/// Resident memory of a dump of [`PAGES`].
const MOST_MEMORY: u64 = 150 << 20;
/// Requests a second on two cores, which the server shares.
const LEAST_SPEED: f64 = 1000.0;
/// The large workspace.
const PAGES: u32 = 20_000;
const BLOCKS_PER_PAGE: u32 = 20;

type Done<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let serving = std::env::args().nth(1).is_some_and(|word| word == "serve");
    let result = if serving { serve() } else { bench() };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bench() -> Done<bool> {
    let mut good = true;
    println!("One of everything: requests of a dump against the least possible");
    for comments in [Comments::None, Comments::Pages, Comments::Blocks] {
        good &= everything(comments)?;
    }
    println!("\n{PAGES} pages of {BLOCKS_PER_PAGE} blocks");
    good &= large()?;
    println!(
        "\n{}",
        if good {
            "All as they should be."
        } else {
            "Some are NOT as they should be."
        }
    );
    Ok(good)
}

/// Prints one figure.
fn figure(what: &str, text: &str, target: &str, met: bool) -> bool {
    let verdict = if met { "" } else { "  MISSED" };
    println!("  {what:<44} {text:>26}   {target}{verdict}");
    met
}

/// A first dump and an unchanged second one of the workspace with everything in it.
fn everything(comments: Comments) -> Done<bool> {
    let fake = FakeNotion::start(rested(Workspace::everything(1))?);
    let folder = tempfile::tempdir()?;
    let least = fake.least_requests(comments);
    let word = format!("{comments:?}").to_lowercase();
    let mut good = true;
    for (run, least, most) in [
        ("first", least.total(), MOST_REQUESTS),
        ("second", least.unchanged(), 1.0),
    ] {
        fake.clear_requests();
        dump(&fake.url(), fake.token(), folder.path(), &word)?;
        let requests: u64 = fake.counts().values().sum();
        let ratio = requests as f64 / least as f64;
        good &= figure(
            &format!("{run} dump, --comments {word}"),
            &format!("{requests} / {least} = {ratio:.3}"),
            &format!("at most {most:.2}"),
            ratio <= most,
        );
    }
    Ok(good)
}

/// Memory and speed.
fn large() -> Done<bool> {
    let mut site = Served::start()?;
    let folder = tempfile::tempdir()?;
    let mut good = true;
    for run in ["first", "second"] {
        let before = site.requests()?;
        let served = processor_time(site.child.id()).unwrap_or(0.0);
        let ran = dump(&site.url, &site.token, folder.path(), "pages")?;
        let served = processor_time(site.child.id()).unwrap_or(0.0) - served;
        let requests = site.requests()? - before;
        good &= figure(
            &format!("{run} dump, most memory"),
            &format!("{:.1} MiB", ran.memory as f64 / f64::from(1 << 20)),
            &format!("below {} MiB", MOST_MEMORY >> 20),
            ran.memory < MOST_MEMORY && ran.memory > 0,
        );
        let (least, most) = if run == "first" {
            (site.least, MOST_REQUESTS)
        } else {
            (site.unchanged, 1.0)
        };
        let ratio = requests as f64 / least as f64;
        good &= figure(
            &format!("{run} dump, requests"),
            &format!("{requests} / {least} = {ratio:.3}"),
            &format!("at most {most:.2}"),
            ratio <= most,
        );
        let seconds = ran.time.as_secs_f64();
        let speed = requests as f64 / seconds;
        if run == "first" {
            figure(
                "first dump, speed",
                &format!("{speed:.0} requests/s ({seconds:.1} s)"),
                &format!("at least {LEAST_SPEED:.0}: {:.2}", speed / LEAST_SPEED),
                speed >= LEAST_SPEED,
            );
            // On a busy machine this tells more than the clock.
            let text = format!("{:.1} s, server {served:.1} s", ran.busy);
            figure("first dump, processor time", &text, "", true);
        } else {
            let text = format!("{seconds:.1} s, busy for {:.1} s", ran.busy);
            figure("second dump, time", &text, "", true);
        }
    }
    Ok(good)
}

/// What a dump took.
struct Ran {
    time: Duration,
    /// The most resident memory in bytes; 0 where the system does not tell.
    memory: u64,
    /// Seconds of one processor; 0 where the system does not tell.
    busy: f64,
}

/// Runs the program.
fn dump(url: &str, token: &str, home: &Path, comments: &str) -> Done<Ran> {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_notion-backup"))
        .args([
            "dump",
            "--quiet",
            "--json",
            "--repo",
            "backups",
            "--comments",
            comments,
        ])
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("NOTION_API_URL", url)
        .env("NOTION_API_TOKEN", token)
        .stdout(Stdio::piped())
        .spawn()?;
    let (mut memory, mut busy) = (0, 0.0);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        // The mark never falls, so the last look before the end is enough.
        memory = most_memory(child.id()).unwrap_or(memory);
        busy = processor_time(child.id()).unwrap_or(busy);
        thread::sleep(Duration::from_millis(10));
    };
    let time = start.elapsed();
    let mut last = Value::Null;
    for line in child
        .stdout
        .take()
        .map(BufReader::new)
        .into_iter()
        .flat_map(BufRead::lines)
    {
        last = serde_json::from_str(&line?)?;
    }
    if status.success() && last["complete"] == true {
        return Ok(Ran { time, memory, busy });
    }
    Err(format!("the dump ended with {status}: {last}").into())
}

/// The high-water mark of a process's resident memory, where Linux tells it.
fn most_memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes << 10)
}

/// How long a process kept a processor busy, in seconds, where Linux tells it.
fn processor_time(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // After the name in parentheses: user and system time are the 12th and 13th field,
    // in hundredths of a second.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// The workspace as if nobody had touched it for ten minutes.
fn rested(mut workspace: Workspace) -> Done<Workspace> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    workspace.rest_until(i64::try_from(now)?);
    Ok(workspace)
}

/// The large workspace, served by another process.
struct Served {
    child: Child,
    ask: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    url: String,
    token: String,
    least: u64,
    unchanged: u64,
}

impl Served {
    fn start() -> Done<Served> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let ask = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().ok_or("no pipe")?);
        let mut served = Served {
            child,
            ask,
            answers,
            url: String::new(),
            token: String::new(),
            least: 0,
            unchanged: 0,
        };
        served.url = served.line()?;
        served.token = served.line()?;
        served.least = served.line()?.parse()?;
        served.unchanged = served.line()?.parse()?;
        Ok(served)
    }

    fn line(&mut self) -> Done<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    /// How many requests came in so far.
    fn requests(&mut self) -> Done<u64> {
        let ask = self.ask.as_mut().ok_or("no pipe")?;
        writeln!(ask, "how many?")?;
        Ok(self.line()?.parse()?)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // The end of its input is the end of the server.
        drop(self.ask.take());
        let _ = self.child.wait();
    }
}

/// The other process: serves until its input ends, and tells on each line how many
/// requests came in.
fn serve() -> Done<bool> {
    let fake = FakeNotion::start(rested(Workspace::plain(PAGES, BLOCKS_PER_PAGE))?);
    // Memory is the question here, not what search gives out.
    fake.set(|switches| switches.search_cap = usize::MAX);
    let least = fake.least_requests(Comments::Pages);
    println!("{}\n{}", fake.url(), fake.token());
    println!("{}\n{}", least.total(), least.unchanged());
    stdout().flush()?;
    for line in stdin().lines() {
        line?;
        println!("{}", fake.counts().values().sum::<u64>());
        stdout().flush()?;
    }
    Ok(true)
}

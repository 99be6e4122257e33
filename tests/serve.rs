//! A Notion in memory for programs that are not written in Rust: `cargo run --example serve`.
//!
//! In it is one of everything; with `--random SEED` a few things that the API can all
//! create; with `--pages NUMBER` that many small pages. It writes one JSON object, where it
//! answers and with which token, and then obeys one command a line on standard input, each
//! answered by one line:
//!
//! - `forget`: forgets which requests came, and sets its clock, which stands still, to the
//!   time; `{}`
//! - `requests`: how many came by endpoint since then
//! - `edit`: changes the text of one page; the id of that page
//! - `break`: makes one page unreadable; the id of that page
//! - `page NAME`: the id of a page by the name that its builder gave it
//! - `unshare NAME`: withdraws such a page from the token; its id
//! - `weather SEED`: from now on many requests are refused, fail, or are answered in part
//! - `hold NUMBER ENDPOINT`: lets that many requests pass, and answers no more of them, so
//!   that what is to be killed on the way cannot be quicker:
//!   `hold 20 GET /v1/blocks/{id}/children`; `{}`
//! - `held NUMBER ENDPOINT`: when they have passed, `{}`
//! - `mend`: an end to what `break`, `weather` and `hold` began; how many requests since the
//!   last `forget` were struck
//! - `target`: makes an empty page at the top; its id
//! - `compare TARGET [ROOT]`: judges what is below a page as a copy of the workspace as it
//!   was in the beginning, or of one page of it; the differences as text. Files uploaded
//!   before the last `target` are not judged
//!
//! It ends with its standard input.

// The answers are its purpose.
#![allow(clippy::print_stdout)]

#[path = "support/mod.rs"]
mod support;

use std::io::BufRead as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use support::compare::{Expect, compare};
use support::fake_notion::{Fault, Tell, What};
use support::workspace::model::{Id, Parent};
use support::{FakeNotion, Workspace};

/// How many of a thousand requests fail in bad weather.
const BAD_WEATHER: u64 = 120;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut original = workspace(&arguments);
    let fake = FakeNotion::start(original.clone());
    println!("{}", json!({"url": fake.url(), "token": fake.token()}));
    for line in std::io::stdin().lock().lines() {
        let answer = obey(&fake, &mut original, &line.expect("a line"));
        println!("{answer}");
    }
}

/// What the arguments ask for, at rest for a while, as most of a workspace is.
fn workspace(arguments: &[String]) -> Workspace {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut workspace = match arguments[..] {
        [] => Workspace::everything(1),
        ["--random", seed] => Workspace::random(seed.parse().expect("a seed")),
        ["--pages", pages] => Workspace::plain(pages.parse().expect("a number"), 1),
        _ => panic!("there are no arguments {arguments:?}"),
    };
    workspace.rest_until(now());
    workspace
}

fn obey(fake: &FakeNotion, original: &mut Workspace, command: &str) -> Value {
    let words: Vec<&str> = command.split(' ').collect();
    match words[..] {
        ["forget"] => {
            fake.clear_requests();
            // Nothing should seem to have been read before something that came later.
            fake.edit(|ws| ws.now = now());
            json!({})
        }
        ["requests"] => json!(fake.counts()),
        ["edit"] => json!(edit(fake, "Welcome back.").to_string()),
        ["break"] => {
            let home = edit(fake, "Nobody reads this.");
            let path = format!("/v1/blocks/{home}/children");
            // 400 is not asked again, so nothing waits.
            let fault = Fault::on("GET", &path, What::status(400)).times(usize::MAX);
            fake.faults().push(fault);
            json!(home.to_string())
        }
        ["page", name] => json!(fake.look(|ws| ws.get(name)).to_string()),
        ["unshare", name] => fake.edit(|ws| {
            let page = ws.get(name);
            ws.set_shared(page, Some(false));
            json!(page.to_string())
        }),
        ["weather", seed] => {
            let seed = seed.parse().expect("a seed");
            fake.faults().weather(seed, BAD_WEATHER, passing());
            json!({})
        }
        ["hold", number, method, path] => {
            fake.clear_requests();
            let fault = Fault::on(method, &path.replace("{id}", "*"), What::Stall);
            let number = number.parse().expect("a number");
            fake.faults().push(fault.after(number).times(usize::MAX));
            json!({})
        }
        ["held", number, method, path] => {
            let number = number.parse().expect("a number");
            while fake.count(&format!("{method} {path}")) < number {
                std::thread::sleep(Duration::from_millis(2));
            }
            json!({})
        }
        ["mend"] => {
            fake.faults().clear();
            let requests = fake.requests();
            json!(requests.iter().filter(|it| it.faulted).count())
        }
        ["target"] => fake.edit(|ws| {
            ws.now = now();
            original.assets.clone_from(&ws.assets);
            json!(ws.page(Parent::Workspace, "Target").to_string())
        }),
        ["compare", target] => differences(fake, original, target, &Expect::restored()),
        ["compare", target, root] => {
            let expect = Expect::restored().only(&[id(root)]);
            differences(fake, original, target, &expect)
        }
        _ => panic!("there is no command '{command}'"),
    }
}

fn id(text: &str) -> Id {
    text.parse().expect("an id")
}

/// Somebody types; the page that it was on.
fn edit(fake: &FakeNotion, text: &str) -> Id {
    fake.edit(|ws| {
        ws.now = now();
        let paragraph = ws.get("a paragraph");
        ws.set_text(paragraph, text);
        ws.get("home")
    })
}

/// Ways to fail from which a client recovers by itself, in little time.
fn passing() -> Vec<What> {
    let wait = |tell| What::Wait {
        seconds: 1,
        tell,
        reason: "public_api_request_rate_limit",
        overload: false,
    };
    vec![
        wait(Tell::Header),
        wait(Tell::Body),
        What::overloaded(1),
        What::status(500),
        What::HtmlBadGateway,
        What::status(503),
        What::status(504),
        What::status(409),
        What::HangUp,
        What::HangUpAfterCommit,
        What::CutBody(0),
        What::CutBody(40),
        What::Garbage,
    ]
}

/// What the judge of restores finds, and requests that broke the rules of the API.
fn differences(fake: &FakeNotion, original: &Workspace, target: &str, expect: &Expect) -> Value {
    let restored = fake.look(Workspace::clone);
    let found = compare(original, &restored, id(target), expect);
    // Where only the order of related rows differs, it is not told.
    let found = found.iter().filter(|it| !it.weak);
    let found = found.map(ToString::to_string);
    json!(found.chain(fake.violations()).collect::<Vec<String>>())
}

/// The real time, in milliseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.expect("a time after 1970").as_millis()).expect("a time before 292 million")
}

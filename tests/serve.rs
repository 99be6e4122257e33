//! A Notion in memory for programs that are not written in Rust: `cargo run --example serve`.
//!
//! It writes one JSON object, where it answers and with which token, and then obeys one
//! command a line on standard input, each answered by one line:
//!
//! - `forget`: forgets which requests came, and sets its clock, which stands still, to the
//!   time; `{}`
//! - `requests`: how many came by endpoint since then
//! - `edit`: changes the text of one page; the id of that page
//! - `break`: makes one page unreadable; the id of that page
//! - `target`: makes an empty page at the top; its id
//! - `mend`: undoes that; `{}`
//!
//! It ends with its standard input.

// The answers are its purpose.
#![allow(clippy::print_stdout)]

#[path = "support/mod.rs"]
mod support;

use std::io::BufRead as _;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use support::fake_notion::{Fault, What};
use support::workspace::MINUTE;
use support::workspace::model::Parent;
use support::{FakeNotion, Workspace};

fn main() {
    let mut workspace = Workspace::everything(1);
    // At rest for a while, as most of a workspace is.
    workspace.move_to(now() - 10 * MINUTE);
    let fake = FakeNotion::start(workspace);
    println!("{}", json!({"url": fake.url(), "token": fake.token()}));
    for line in std::io::stdin().lock().lines() {
        let answer = obey(&fake, &line.expect("a line"));
        println!("{answer}");
    }
}

fn obey(fake: &FakeNotion, command: &str) -> Value {
    let home = fake.look(|ws| ws.get("home"));
    match command {
        "forget" => {
            fake.clear_requests();
            // Nothing should seem to have been read before something that came later.
            fake.edit(|ws| ws.now = now());
            json!({})
        }
        "requests" => json!(fake.counts()),
        "edit" => fake.edit(|ws| {
            ws.now = now();
            let paragraph = ws.get("a paragraph");
            ws.set_text(paragraph, "Welcome back.");
            json!(home.to_string())
        }),
        "break" => {
            fake.edit(|ws| {
                ws.now = now();
                let paragraph = ws.get("a paragraph");
                ws.set_text(paragraph, "Nobody reads this.");
            });
            let path = format!("/v1/blocks/{home}/children");
            // 400 is not asked again, so nothing waits.
            let fault = Fault::on("GET", &path, What::status(400)).times(usize::MAX);
            fake.faults().push(fault);
            json!(home.to_string())
        }
        "target" => fake.edit(|ws| {
            ws.now = now();
            json!(ws.page(Parent::Workspace, "Target").to_string())
        }),
        "mend" => {
            fake.faults().clear();
            json!({})
        }
        other => panic!("there is no command '{other}'"),
    }
}

/// The real time, in milliseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.expect("a time after 1970").as_millis()).expect("a time before 292 million")
}

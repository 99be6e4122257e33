//! A Notion in memory for programs that are not written in Rust: `cargo run --example serve`.
//!
//! It writes one JSON object, where it answers and with which token, and then obeys one
//! command a line on standard input, each answered by one line:
//!
//! - `forget`: forgets which requests came; `{}`
//! - `requests`: how many came by endpoint since then
//! - `edit`: changes the text of one page; the id of that page
//! - `break`: makes one page unreadable; the id of that page
//! - `mend`: undoes that; `{}`
//! - `refuse`: accepts no token any more; `{}`
//!
//! It ends with its standard input.

// The answers are its purpose.
#![allow(clippy::print_stdout)]

#[path = "support/mod.rs"]
mod support;

use std::io::BufRead as _;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use support::workspace::MINUTE;
use support::{FakeNotion, Workspace};

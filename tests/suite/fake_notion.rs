//! The in-memory Notion keeps its word: each test is a promise of the API digest.

mod access;
pub mod client;
mod failures;
mod listings;
mod speed;
mod walk;
mod writes;

use crate::support::{FakeNotion, Workspace};
use client::Client;

pub fn everything() -> (FakeNotion, Client) {
    let fake = FakeNotion::start(Workspace::everything(1));
    let client = Client::new(&fake);
    (fake, client)
}

//! A workspace that holds one of everything, and everything that goes wrong.
//!
//! Objects that tests ask for have names ([`super::Workspace::get`]); each of the
//! files beside this one names its own.

mod awkward;
mod blocks;
mod databases;
mod media;
mod people;
mod rows;
mod views;

use serde_json::json;

use super::Workspace;
use super::model::*;

impl Workspace {
    /// Every block, property, view, icon, mention and file place, and every awkwardness.
    pub fn everything(seed: u64) -> Workspace {
        Workspace::new(seed).with_everything()
    }

    /// This workspace, with one of everything in it.
    pub fn with_everything(self) -> Workspace {
        let mut ws = self;
        // Made over the years before, minute by minute.
        let end = ws.now;
        ws.now -= 900 * 24 * 60 * super::MINUTE;
        people::add(&mut ws);
        let home = ws.page(Parent::Workspace, "Home");
        ws.name("home", home);
        ws.set_icon(home, json!({"type": "emoji", "emoji": "🏠"}));
        let greeting = ws.paragraph(home, "Welcome.");
        ws.name("a paragraph", greeting);
        databases::add(&mut ws, home);
        ws.advance_minutes(90);
        rows::add(&mut ws);
        ws.advance_minutes(90);
        views::add(&mut ws);
        blocks::add(&mut ws, home);
        ws.advance_minutes(90);
        media::add(&mut ws, home);
        ws.advance_minutes(90);
        awkward::add(&mut ws, home);
        ws.now = end;
        ws
    }
}

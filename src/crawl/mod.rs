//! Reading a workspace into a repository.
//!
//! A crawl drains the listings first (`listing`), compares them with the previous
//! snapshot (`base`), reads what is new or changed (`page`, `blocks`, `database`,
//! `attachments`) on a pool of workers (`walk`), follows what was only named
//! (`named`, `look_up`), and lays everything out as a tree (`assemble`). What it did is
//! appended to a journal (`journal`) at once, so that an interrupted run is
//! continued; how each object ended is in the ledger ([`ledger`]).

mod account;
mod assemble;
mod attachments;
mod base;
mod blocks;
mod body;
mod broken;
mod context;
mod database;
mod error;
mod failed;
mod journal;
pub mod ledger;
mod left_out;
mod listing;
mod look_up;
mod mend;
mod named;
mod node;
mod options;
mod page;
mod promised;
pub mod recheck;
mod roots;
mod rows;
mod run;
mod walk;
mod workspace;

pub use account::Crawled;
pub use context::{Before, Tools};
pub use error::Error;
pub use journal::{JournalLook, forget_journal, journal_objects};
pub use left_out::{LEFT_OUT_FILES, LeftOut, left_out};
pub use mend::{Mended, mend};
pub use options::{Comments, Options};
pub use run::crawl;

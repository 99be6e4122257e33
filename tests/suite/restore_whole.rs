//! Whole restores: a workspace is dumped and put below a page of a Notion in memory,
//! and the judge compares the two.

mod addresses;
mod columns;
mod copies;
mod data;
mod files;
mod folder;
mod ids;
mod links;
mod lost_files;
mod only;
mod panics;
mod places;
mod plans;
mod random;
mod requests;
mod target;

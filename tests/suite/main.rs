//! The integration tests, one binary: each module is a theme.

#[path = "../support/mod.rs"]
mod support;

mod dump_again;
mod dump_first;
mod fake_notion;
mod site;

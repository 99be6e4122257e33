//! The integration tests: one binary, one file for each theme.

mod fake_notion;

#[path = "../support/mod.rs"]
mod support;

//! The integration tests, one binary: each module is a theme.

#[path = "../support/mod.rs"]
mod support;

mod cli_dump;
mod cli_generated;
mod cli_usage;
mod dump_again;
mod dump_first;
mod fake_notion;
mod kloset_tree;
mod layers;
mod program;
mod site;

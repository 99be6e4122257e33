//! The integration tests, in one binary: one module a theme.

mod cli_generated;
mod cli_usage;
mod program;

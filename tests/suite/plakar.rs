//! The connector for Plakar, as Plakar meets it: a process that speaks over two pipes.

mod command;
mod engine;
mod exporting;
mod generated;
mod importing;
mod restoring;
mod theirs;
mod trouble;
mod wire;

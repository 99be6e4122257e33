//! The program and the Notion in memory, held against recorded traffic of the real API.

mod loaded;
mod reading;
mod replay;
mod workspaces;
mod world;

//! The program and the Notion in memory, held against recorded traffic of the real API.

mod forms;
mod loaded;
mod reading;
mod replay;
mod seed;
mod shape;
mod tried;
mod workspaces;
mod world;
mod writes;

//! notion-backup: saves a Notion workspace through the official API and puts it back.
//!
//! The modules, from the edge inwards; a module uses only those below it, and
//! [`notion`] and [`repo`] never use each other (`tests/suite/layers.rs` checks it):
//!
//! - [`cli`]: arguments, settings, output, exit codes. The only place that prints,
//!   reads the environment or ends the process.
//! - `plakar`: the connector for Plakar, on Unix with the feature of that name.
//! - [`dump`], [`restore`], [`check`], [`forget`], [`gc`], [`extract`], [`stats`]: the use cases; none uses another.
//! - [`crawl`]: reading a workspace into a repository.
//! - [`notion`]: the API client. Knows nothing of repositories.
//! - [`repo`]: the store. Knows nothing of Notion.
//! - [`model`]: ids and the shapes of Notion's objects.
//! - [`fsio`]: files that are whole or absent.
//! - [`report`], [`clock`], [`stop`]: what every layer may use.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub mod check;
pub mod cli;
pub mod clock;
pub mod crawl;
pub mod dump;
pub mod extract;
pub mod forget;
pub mod fsio;
pub mod gc;
pub mod model;
pub mod notion;
#[cfg(all(unix, feature = "plakar"))]
pub mod plakar;
pub mod repo;
pub mod report;
pub mod restore;
pub mod stats;
pub mod stop;

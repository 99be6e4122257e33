//! The connector for Plakar: the same crawl and restore, inside Plakar.
//!
//! Plakar starts this program, speaks gRPC with it over standard input and output, and
//! ends it by closing the pipe. As an *importer* the program dumps the workspace into a
//! cache (a repository like any other), then shows the tree of that snapshot as records;
//! Plakar opens the files that it does not have yet. As an *exporter* it takes all records
//! of a snapshot into a private folder, and restores from there. Storage, encryption,
//! retention and scheduling are Plakar's.
//!
//! - `serve`: one connection over two pipes, until the other side hangs up;
//! - `importer`, `exporter`: the two services;
//! - `options`: what users may write in a source or destination;
//! - [`package`]: what `plakar pkg create` needs;
//! - [`proto`]: the protocol, generated.
//!
//! This is the only part of the program with an async runtime. The work itself blocks, on
//! threads of its own; nothing here waits for it when Plakar is gone, because what it
//! stores is sound at any moment.

mod exporter;
mod importer;
mod options;
pub mod package;
pub mod proto;
mod scratch;
mod serve;
mod status;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fd::OwnedFd;

use exporter::{Engine, Exporter};
use importer::Importer;
use proto::importer::importer_server::ImporterServer;
use proto::plakar::exporter::exporter_server::ExporterServer;

use crate::clock::Clock;

/// The version of Plakar's interface to connectors that this speaks.
pub const API_VERSION: &str = "v1.1.0";
/// The scheme of locations, and the type of snapshots.
pub const SCHEME: &str = "notion";
/// Where folders are that live as long as their process, below [`Defaults::folder`].
const SCRATCH: &str = "scratch";

/// What holds where Plakar gives no option.
pub struct Defaults {
    /// A token, if the environment has one. It wins over nothing.
    pub token: Option<String>,
    /// The API's address.
    pub api_url: String,
    /// A private folder for caches and for what is only needed while a process runs; it
    /// is made on first use.
    pub folder: PathBuf,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Serves as the side that Plakar backs up from, until Plakar hangs up. `input` and
/// `output` must be pipes.
///
/// Fails when they are not, and when what comes in is not Plakar's protocol.
pub fn import(input: OwnedFd, output: OwnedFd, defaults: Defaults) -> io::Result<()> {
    let importer = Arc::new(Importer::new(defaults));
    let served = serve::serve(input, output, ImporterServer::from_arc(importer.clone()));
    importer.end();
    served
}

/// Serves as the side that Plakar restores to, until Plakar hangs up. `input` and
/// `output` must be pipes.
///
/// Fails when they are not, and when what comes in is not Plakar's protocol.
pub fn export(input: OwnedFd, output: OwnedFd, defaults: Defaults) -> io::Result<()> {
    let restorer = Arc::new(Engine::new(&defaults.folder, defaults.clock.clone()));
    let exporter = Arc::new(Exporter::new(defaults, restorer));
    let served = serve::serve(input, output, ExporterServer::from_arc(exporter.clone()));
    exporter.end();
    served
}

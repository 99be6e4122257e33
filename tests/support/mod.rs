//! What the integration tests, the benchmark and the demonstration share: a Notion
//! workspace in memory ([`workspace`]), a server that shows it through the public API
//! ([`fake_notion`]), and recorded traffic of the real API ([`recordings`]).

// Several binaries use this, each a different part of it.
#![allow(dead_code, unused_imports)]

pub mod compare;
pub mod fake_notion;
pub mod recordings;
pub mod workspace;

pub use fake_notion::FakeNotion;
pub use workspace::Workspace;

//! The Notion API client: one blocking call at a time per worker, one pace for all.
//!
//! A call goes through the gate, the [`Transport`] and the verdict
//! (retry or not); what comes out is the raw JSON or an [`Error`]. Everything above
//! that is listings: cursors, windows, repeated objects. The module knows nothing
//! of repositories.

mod address;
mod answer;
mod client;
mod download;
mod endpoints;
mod error;
mod gate;
mod http;
mod json;
mod listing;
mod multipart;
mod pace;
mod refusal;
mod resolve;
mod retry;
mod rows;
mod search;
#[cfg(test)]
mod testing;
mod token;
mod transport;
mod writing;

pub use address::{Doubt, LONGEST_ADDRESS, scheme};
pub use client::{Notion, Settings};
pub use download::Download;
pub use endpoints::Property;
pub use error::{Committed, Error, Kind};
pub use http::check_api_url;
pub use listing::{Each, End};
pub use refusal::Blame;
pub use token::{Token, TokenError};
pub use transport::{FilePart, Method, Request, Response, Stream, Transport, TransportError};

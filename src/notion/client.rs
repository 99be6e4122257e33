//! One call: gate, transport, verdict, and again.

use std::sync::Arc;

use super::{Error, Token, Transport};
use crate::clock::Clock;
use crate::report::Report;
use crate::stop::Stop;

/// What a client needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The API token.
    pub token: Token,
    /// The API's address, such as `https://api.notion.com`; a path prefix is kept.
    pub api_url: String,
    /// A cap on requests per minute below what Notion allows.
    pub requests_per_minute: Option<u32>,
}

/// The client, shared by reference between workers.
pub struct Notion {}

impl Notion {
    /// A client over any transport.
    pub fn new(
        settings: &Settings,
        transport: Box<dyn Transport>,
        clock: Arc<dyn Clock>,
        stop: Stop,
        report: Arc<dyn Report>,
    ) -> Notion {
        let _ = (settings, transport, clock, stop, report);
        todo!()
    }

    /// A client over the network. Nothing is sent yet. Fails with [`super::Kind::Local`]
    /// when the address is no usable one.
    pub fn connect(
        settings: &Settings,
        clock: Arc<dyn Clock>,
        stop: Stop,
        report: Arc<dyn Report>,
    ) -> Result<Notion, Error> {
        let _ = (settings, clock, stop, report);
        todo!()
    }
}

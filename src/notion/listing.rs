//! Listings: following cursors until the end.

use serde_json::Value;

use super::Error;

/// Takes the objects of one answer page. An `Err` ends the listing and is returned by it.
pub type Each<'a> = &'a mut (dyn FnMut(Vec<Value>) -> Result<(), Error> + 'a);

/// How a listing ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum End {
    /// Everything was listed.
    Complete,
    /// Notion (or the client) could not list everything, for this reason
    /// (such as `query_result_limit_reached`).
    Incomplete(String),
}

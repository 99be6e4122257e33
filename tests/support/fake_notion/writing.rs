//! The writing endpoints (section 7). Whatever is not built is refused.

use serde_json::Value;

use super::super::workspace::Workspace;
use super::http::Incoming;
use super::refusal::Refusal;
use super::state::Shared;
use super::switches::Switches;

pub fn answer(
    _shared: &Shared,
    _ws: &mut Workspace,
    _switches: &Switches,
    _request: &Incoming,
    _segments: &[&str],
    _body: &Value,
) -> Result<Value, Refusal> {
    Err(Refusal::url())
}

//! File uploads (section 7.7).

use serde_json::Value;

use super::refusal::Refusal;
use super::state::Call;

/// What has been uploaded.
#[derive(Debug, Default)]
pub struct Uploads {}

pub fn read(_call: &Call, _segments: &[&str]) -> Result<Value, Refusal> {
    Err(Refusal::url())
}

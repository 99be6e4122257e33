//! How much a plan is.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Action, Bytes, Part, Step};

/// The most bytes of an upload in one part: 20 MB (section 7.7 of the API digest).
const SINGLE_PART: u64 = 20_000_000;
/// The bytes of each of several parts, as the digest recommends.
const PART: u64 = 10_000_000;
/// Blocks that a Free workspace with several members takes in its whole life (section
/// 1.5 of the API digest).
pub const FREE_PLAN_BLOCKS: u64 = 1000;
/// Requests in a minute on any plan but Business and Enterprise (section 1.4).
pub const REQUESTS_PER_MINUTE: u64 = 180;

/// Numbers of what a plan makes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Pages that are no rows.
    pub pages: u64,
    /// Databases, linked ones included.
    pub databases: u64,
    /// Rows.
    pub rows: u64,
    /// Blocks in pages.
    pub blocks: u64,
    /// Views.
    pub views: u64,
    /// Comments.
    pub comments: u64,
    /// Files, each content once.
    pub files: u64,
    /// Their bytes.
    pub file_bytes: u64,
    /// Requests, if none is refused.
    pub requests: u64,
    /// Those by what they are part of.
    pub by_part: BTreeMap<Part, u64>,
}

impl Totals {
    pub(super) fn upload(&mut self, bytes: &Bytes) {
        self.files += 1;
        self.file_bytes += bytes.size;
        // To begin, to send, and to complete several parts.
        let requests = match bytes.size {
            0..=SINGLE_PART => 2,
            size => 2 + size.div_ceil(PART),
        };
        self.requests += requests;
        *self.by_part.entry(Part::File).or_default() += requests;
    }

    pub(super) fn call(&mut self, step: &Step) {
        if let Action::Call(_) = step.action {
            self.requests += 1;
            *self.by_part.entry(step.part).or_default() += 1;
        }
    }

    /// How long the requests take at this many a minute.
    pub fn time(&self, requests_per_minute: u64) -> Duration {
        Duration::from_secs((self.requests * 60).div_ceil(requests_per_minute.max(1)))
    }

    /// Whether a Free workspace with several members cannot take all of it: databases and
    /// pages count as the blocks that they are.
    pub fn exceeds_free_plan(&self) -> bool {
        self.blocks + self.pages + self.databases + self.rows > FREE_PLAN_BLOCKS
    }
}

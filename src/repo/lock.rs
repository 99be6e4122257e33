//! Locks: who works in a repository.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Error, Repository};

/// How much of a repository a lock claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LockKind {
    /// Adds to it; any number may at once.
    Shared,
    /// Removes from it; nobody else may hold a lock.
    Exclusive,
}

/// A lock, held until this is dropped.
#[must_use]
pub struct LockGuard {}

impl Repository {
    /// Claims the repository, or says who holds it.
    pub fn lock(
        &self,
        _kind: LockKind,
        _command: &str,
        _now: Timestamp,
    ) -> Result<LockGuard, Error> {
        todo!()
    }
}

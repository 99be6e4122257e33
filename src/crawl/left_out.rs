//! What a snapshot lacks because the user asked for it.

use serde::Serialize;

use super::options::{Comments, Depth};
use crate::repo::Snapshot;

/// The name among a snapshot's counts of the attachments that were left out as asked.
pub const LEFT_OUT_FILES: &str = "left_out_files";

/// Something that a snapshot lacks on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum LeftOut {
    /// All attachments: `--no-files`.
    Files {
        /// How many.
        count: u64,
    },
    /// Attachments above a size: `--max-file-size`. None may have been as large.
    LargeFiles {
        /// The size in bytes.
        limit: u64,
        /// How many.
        count: u64,
    },
    /// All comments: `--comments none`. How many there are was not asked.
    Comments,
    /// Everything but the given roots, and what is below them: `--root`.
    OtherPages {
        /// How many roots.
        roots: u64,
    },
}

/// What this snapshot lacks on purpose. A snapshot of another program, whose options are
/// not ours, says only its roots.
pub fn left_out(snapshot: &Snapshot) -> Vec<LeftOut> {
    let mut found = Vec::new();
    let roots = snapshot.source.roots.len() as u64;
    if roots > 0 {
        found.push(LeftOut::OtherPages { roots });
    }
    let Ok(depth) = serde_json::from_value::<Depth>(snapshot.options.clone()) else {
        return found;
    };
    let count = snapshot.counts.get(LEFT_OUT_FILES).copied().unwrap_or(0);
    match depth.max_file_size {
        _ if !depth.files => found.push(LeftOut::Files { count }),
        Some(limit) => found.push(LeftOut::LargeFiles { limit, count }),
        None => {}
    }
    if depth.comments == Comments::None {
        found.push(LeftOut::Comments);
    }
    found
}

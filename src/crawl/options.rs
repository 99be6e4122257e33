//! What a crawl is asked to read.

use serde::{Deserialize, Serialize};

use crate::model::NotionId;

/// Whose comments are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comments {
    /// Nobody's.
    None,
    /// Those on pages: one request a page.
    Pages,
    /// Those on pages and on every block: one more request a block, because blocks do
    /// not say whether they have comments (section 2.7 of the API digest).
    Blocks,
}

/// What a crawl is asked to read, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Pages or databases to read with all that is below them; empty for the whole workspace.
    pub roots: Vec<NotionId>,
    /// Reads everything again, changed or not.
    pub full: bool,
    /// Days after which an unchanged page is read again; 0 for never.
    pub recheck_after_days: u32,
    /// Whether attachments are downloaded.
    pub files: bool,
    /// Attachments of more bytes than this are left out.
    pub max_file_size: Option<u64>,
    /// Whose comments are read.
    pub comments: Comments,
    /// How many workers speak to Notion at once; at least one.
    pub jobs: usize,
}

/// The part of the options that decides what a snapshot holds. It is stored with the
/// snapshot: content read under narrower options is not good enough for wider ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Depth {
    /// Whose comments were read.
    pub comments: Comments,
    /// Whether attachments were downloaded.
    pub files: bool,
    /// The size limit for attachments, in bytes.
    pub max_file_size: Option<u64>,
}

impl Depth {
    /// Whether content read under `self` holds all that `wanted` asks for.
    pub fn covers(self, wanted: Depth) -> bool {
        let limit = |depth: Depth| depth.max_file_size.unwrap_or(u64::MAX);
        self.comments >= wanted.comments
            && (!wanted.files || (self.files && limit(self) >= limit(wanted)))
    }
}

impl Options {
    /// The part that decides what a snapshot holds.
    pub fn depth(&self) -> Depth {
        Depth {
            comments: self.comments,
            files: self.files,
            max_file_size: self.max_file_size,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrower_content_does_not_cover_wider_options() {
        let depth = |comments, files, max_file_size| Depth {
            comments,
            files,
            max_file_size,
        };
        let all = depth(Comments::Blocks, true, None);
        assert!(all.covers(depth(Comments::Pages, true, Some(5))));
        assert!(!depth(Comments::Pages, true, None).covers(all));
        assert!(!depth(Comments::Blocks, false, None).covers(all));
        assert!(!depth(Comments::Blocks, true, Some(5)).covers(all));
        assert!(depth(Comments::Pages, false, None).covers(depth(Comments::None, false, None)));
    }
}

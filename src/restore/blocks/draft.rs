//! Blocks as they will be written, before they are dealt out to requests. One arena
//! holds them all, a parent before its children, so that depth costs no stack.

use serde_json::{Map, Value, json};

use crate::model::NotionId;
use crate::restore::PendingId;

/// A block's type and what stands under it.
pub type New = (&'static str, Map<String, Value>);

/// A position in [`Forest::drafts`].
pub type At = usize;

/// A block that will be created.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its type; only types that the API can create.
    pub kind: &'static str,
    /// What stands under the key named by the type, without `children`.
    pub payload: Map<String, Value>,
    /// The blocks directly below it, in order.
    pub children: Vec<At>,
    /// What its id becomes known as.
    pub token: PendingId,
    /// The old block that it comes from.
    pub about: NotionId,
    /// Whether its new id must become known.
    pub needed: bool,
    /// Whether it names another block of this page, so that it can only be sent when
    /// that one is there.
    pub refers: bool,
}

/// What stands at the top level of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// A block to write.
    Block(At),
    /// A child page or database that is there already.
    Anchor(NotionId),
    /// A linked database, which is made with its views.
    Linked(NotionId),
}

/// The blocks of one page to be.
#[derive(Clone, Debug, Default)]
pub struct Forest {
    /// All blocks; a parent comes before its children.
    pub drafts: Vec<Draft>,
    /// The page's first level, with the place in [`crate::restore::Body::top`] that each comes from.
    pub top: Vec<(Item, usize)>,
}

/// The payload of a text block without text.
pub fn empty_text() -> Map<String, Value> {
    Map::from_iter([("rich_text".to_string(), json!([]))])
}

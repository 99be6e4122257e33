//! The blocks of a page as the snapshot has them, in one arena, so that a page nested a
//! thousand levels deep is walked and dropped like a flat one.

use serde_json::Value;

use crate::model::{NotionId, id_of, type_of};

/// A position in a [`Body`].
pub type At = usize;

/// A block with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// The block object, without its children.
    pub block: Value,
    /// The blocks directly below it, in order. Empty for child pages and databases.
    pub children: Vec<At>,
}

impl Node {
    /// The block's type, such as `paragraph`.
    pub fn kind(&self) -> &str {
        type_of(&self.block)
    }

    /// The block's old id.
    pub fn id(&self) -> Option<NotionId> {
        id_of(&self.block)
    }

    /// What stands under the key named by its type; `Null` when there is nothing.
    pub fn payload(&self) -> &Value {
        self.block.get(self.kind()).unwrap_or(&Value::Null)
    }
}

/// All blocks of one page.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// Every block; a parent comes before its children.
    pub nodes: Vec<Node>,
    /// The page's first level, in order.
    pub top: Vec<At>,
}

impl Body {
    /// Adds a block below `parent` (the page itself for `None`), after those that are
    /// there.
    pub fn push(&mut self, parent: Option<At>, block: Value) -> At {
        let at = self.nodes.len();
        self.nodes.push(Node {
            block,
            children: Vec::new(),
        });
        match parent.and_then(|parent| self.nodes.get_mut(parent)) {
            Some(parent) => parent.children.push(at),
            None => self.top.push(at),
        }
        at
    }
}

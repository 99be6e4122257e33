//! The pages and databases that a crawl has met, and what became of each.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use super::journal::Place;
use super::ledger::{Line, Status};
use crate::model::{How, Kind, NotionId, Parent};

/// Where the content of a node comes from.
#[derive(Clone, Debug)]
pub enum Content {
    /// Read by this run, or by the interrupted one that it continues; waits in the journal.
    Read(Place),
    /// As it is in the previous snapshot.
    Base,
    /// There is none.
    Missing(Status, String),
}

/// A page or database.
#[derive(Clone, Debug)]
pub struct Node {
    /// Page or database.
    pub kind: Kind,
    /// Where its content comes from.
    pub content: Content,
    /// Where it lives, as far as that is known.
    pub parent: Parent,
    /// The parent's id as Notion reported it: for the ledger, where it tells a move.
    pub reported: Option<NotionId>,
    /// Whether search listed it.
    pub searched: bool,
    /// When its content was last read; `None` when nobody knows.
    pub read: Option<Timestamp>,
}

impl Node {
    /// Whether there is content.
    pub fn is_there(&self) -> bool {
        !matches!(self.content, Content::Missing(..))
    }

    /// Whether it is carried over from the previous snapshot.
    pub fn is_base(&self) -> bool {
        matches!(self.content, Content::Base)
    }
}

/// What is around something that lies in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around {
    /// This page, or database.
    Page(NotionId),
    /// The trash.
    Trash,
    /// Nothing that can be seen.
    Nothing,
}

impl Around {
    /// The page, if it is one.
    pub fn page(self) -> Option<NotionId> {
        match self {
            Around::Page(page) => Some(page),
            Around::Trash | Around::Nothing => None,
        }
    }
}

/// All that the workers find out, under one lock; nobody holds it across a request.
#[derive(Default)]
pub struct Found {
    /// The nodes.
    pub nodes: HashMap<NotionId, Node>,
    /// Which nodes a worker has taken.
    pub claimed: HashSet<NotionId>,
    /// The children that bodies read by this run show, and the page or block whose list
    /// each is in, by owner.
    pub slots: HashMap<NotionId, Vec<(NotionId, NotionId)>>,
    /// What those bodies name: how, and who names it.
    pub references: HashMap<NotionId, BTreeSet<(How, NotionId)>>,
    /// The ledger lines of those bodies, by owner.
    pub lines: HashMap<NotionId, Vec<Line>>,
    /// Ledger lines that belong to no body.
    pub loose: Vec<Line>,
    /// Templates and their data sources.
    pub templates: HashMap<NotionId, NotionId>,
    /// Carried-over pages that turned out to have changed.
    pub stale: BTreeSet<NotionId>,
    /// Pages that were read again for that reason; once is enough.
    pub refreshed: HashSet<NotionId>,
    /// What is around a block, or around the page in it, as far as somebody had to ask.
    pub around: HashMap<NotionId, Around>,
    /// What was only named and has been asked for.
    pub asked: HashSet<NotionId>,
    /// Objects for which Notion gave no answer, one after the other.
    pub failures: u32,
}

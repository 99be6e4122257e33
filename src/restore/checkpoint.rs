//! What a step of several requests has made, while more of it is to follow.
//!
//! A step is one request, until Notion refuses it: then it becomes several. What each of
//! them made is kept here and noted in the journal, so that a failure of a later one, or
//! a kill, does not make anything twice.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::loss::Loss;
use crate::model::NotionId;

/// What one request of a step has made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// What blocks were appended to; `None` for the object that the step makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under: Option<NotionId>,
    /// The object, or the next blocks below `under`; `None` for a block that was given up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<Option<NotionId>>,
    /// Those of the blocks that were sent without the blocks in them, which follow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<NotionId>,
    /// The parts of the object that are sent by themselves and were not yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
    /// What was given up since the checkpoint before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<Loss>,
}

/// All that a step has made so far.
pub struct Checkpoints<'n> {
    object: Option<NotionId>,
    left: Vec<String>,
    blocks: HashMap<NotionId, Vec<Option<NotionId>>>,
    open: HashSet<NotionId>,
    losses: Vec<Loss>,
    note: &'n dyn Fn(&Checkpoint),
}

impl<'n> Checkpoints<'n> {
    /// Those of earlier tries, and where new ones are noted.
    pub fn new(earlier: &[Checkpoint], note: &'n dyn Fn(&Checkpoint)) -> Checkpoints<'n> {
        let mut all = Checkpoints {
            object: None,
            left: Vec::new(),
            blocks: HashMap::new(),
            open: HashSet::new(),
            losses: Vec::new(),
            note,
        };
        for checkpoint in earlier {
            all.take(checkpoint.clone());
        }
        all
    }

    /// Whether the step has made nothing that is known.
    pub fn is_empty(&self) -> bool {
        self.object.is_none() && self.blocks.is_empty()
    }

    /// The object that the step's own request has made.
    pub fn object(&self) -> Option<NotionId> {
        self.object
    }

    /// The parts of the object that follow.
    pub fn left(&self) -> &[String] {
        &self.left
    }

    /// The first blocks that the step has appended to a page or block, in order; `None`
    /// for one that was given up.
    pub fn below(&self, parent: NotionId) -> &[Option<NotionId>] {
        self.blocks.get(&parent).map_or(&[], Vec::as_slice)
    }

    /// Whether the blocks in a block were to follow.
    pub fn is_open(&self, block: NotionId) -> bool {
        self.open.contains(&block)
    }

    /// What was given up so far, with these.
    pub fn losses(&self, more: Vec<Loss>) -> Vec<Loss> {
        let mut losses = self.losses.clone();
        losses.extend(more);
        losses
    }

    /// Notes what a request has made.
    pub fn add(&mut self, checkpoint: Checkpoint) {
        (self.note)(&checkpoint);
        self.take(checkpoint);
    }

    /// Notes that a part of the object was sent, that these follow in its place, and what
    /// was given up. Nothing where the step makes no object: it can be sent again.
    pub fn sent(&mut self, part: &str, instead: Vec<String>, losses: &mut Vec<Loss>) {
        if self.object.is_none() {
            return;
        }
        let mut left = self.left.clone();
        left.retain(|it| it != part);
        left.extend(instead);
        self.add(Checkpoint {
            ids: vec![self.object],
            left,
            losses: std::mem::take(losses),
            ..Checkpoint::default()
        });
    }

    fn take(&mut self, checkpoint: Checkpoint) {
        match checkpoint.under {
            None => {
                self.object = checkpoint.ids.first().copied().flatten();
                self.left = checkpoint.left;
            }
            Some(parent) => {
                let blocks = self.blocks.entry(parent).or_default();
                blocks.extend(checkpoint.ids);
                self.open.extend(checkpoint.open);
            }
        }
        self.losses.extend(checkpoint.losses);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn what_was_noted_gives_the_same_again() {
        let id = |bits| Some(NotionId::from_bits(bits));
        let noted = RefCell::new(Vec::new());
        let note = |checkpoint: &Checkpoint| noted.borrow_mut().push(checkpoint.clone());
        let mut all = Checkpoints::new(&[], &note);
        assert!(all.is_empty());
        // Nothing is known to be made: there is nothing to go on from.
        all.sent("icon", Vec::new(), &mut Vec::new());
        all.add(Checkpoint {
            ids: vec![id(1)],
            left: vec!["icon".into(), "properties".into()],
            ..Checkpoint::default()
        });
        all.sent("properties", vec!["property 'A'".into()], &mut Vec::new());
        for ids in [vec![id(2), None], vec![id(3)]] {
            all.add(Checkpoint {
                under: id(1),
                open: ids.iter().take(1).flatten().copied().collect(),
                ids,
                ..Checkpoint::default()
            });
        }
        let lines: Vec<Checkpoint> = noted
            .borrow()
            .iter()
            .map(|it| serde_json::from_str(&serde_json::to_string(it).unwrap()).unwrap())
            .collect();
        assert_eq!(lines.len(), 4);
        let nowhere = |_: &Checkpoint| {};
        for all in [&all, &Checkpoints::new(&lines, &nowhere)] {
            assert_eq!(all.object(), id(1));
            assert_eq!(all.left(), ["icon", "property 'A'"]);
            assert_eq!(all.below(NotionId::from_bits(1)), [id(2), None, id(3)]);
            assert!(all.is_open(NotionId::from_bits(3)));
            assert!(!all.is_open(NotionId::from_bits(1)));
        }
    }
}

//! Dealing blocks out to requests: in order, as many as fit into each, and what follows
//! with a block's id as soon as that is known.

use std::collections::HashSet;
use std::ops::Range;

use serde_json::{Map, Value, json};

use super::draft::{At, Draft, Forest, Item};
use super::fit::{Fit, Plan};
use super::{BodyStep, Position};
use crate::restore::PendingId;
use crate::restore::pending::pending;

/// What must be done once a request is answered.
enum Work {
    Learn {
        parent: PendingId,
        makes: Vec<PendingId>,
    },
    Run {
        parent: PendingId,
        position: Position,
        items: Vec<At>,
    },
}

/// Makes the steps of one page.
pub struct Deal<'a> {
    forest: &'a Forest,
    fit: &'a Fit<'a>,
    /// Ids that blocks of the page name and other blocks of the page make.
    locals: &'a HashSet<PendingId>,
    made: HashSet<PendingId>,
    steps: &'a mut Vec<BodyStep>,
}

/// The blocks that go into the first request whole, and how many of [`Forest::top`] they
/// are; for a request that answers no ids.
pub fn first(forest: &Forest, fit: &Fit) -> Option<(Vec<Value>, usize)> {
    let items = forest.top.iter().map_while(|(item, _)| match item {
        Item::Block(at) => Some(*at),
        _ => None,
    });
    let items: Vec<At> = items.collect();
    let batch = fit.batch(&items);
    let whole =
        |(at, bare): &(&At, &bool)| !**bare && *fit.plan(**at) == Plan::Whole && fit.is_clean(**at);
    let taken = items.iter().zip(&batch).take_while(whole);
    let children: Vec<Value> = taken.map(|(at, _)| whole_value(forest, *at)).collect();
    let count = children.len();
    (count > 0).then_some((children, count))
}

impl<'a> Deal<'a> {
    /// Steps go to the end of `steps`.
    pub fn new(
        forest: &'a Forest,
        fit: &'a Fit<'a>,
        locals: &'a HashSet<PendingId>,
        steps: &'a mut Vec<BodyStep>,
    ) -> Deal<'a> {
        Deal {
            forest,
            fit,
            locals,
            made: HashSet::new(),
            steps,
        }
    }

    /// The steps for blocks that stand side by side, and all below them.
    pub fn run(&mut self, parent: PendingId, position: Position, items: Vec<At>) {
        let mut todo = vec![Work::Run {
            parent,
            position,
            items,
        }];
        while let Some(work) = todo.pop() {
            match work {
                Work::Learn { parent, makes } => {
                    self.made.extend(&makes);
                    self.steps.push(BodyStep::Learn { parent, makes });
                }
                Work::Run {
                    parent,
                    position,
                    items,
                } => self.requests(parent, position, items, &mut todo),
            }
        }
    }

    /// Requests to one parent, until there are no more items, or one names what is still
    /// to be made further down.
    fn requests(
        &mut self,
        parent: PendingId,
        mut position: Position,
        items: Vec<At>,
        todo: &mut Vec<Work>,
    ) {
        let mut rest = items.as_slice();
        let mut waiting = Vec::new();
        while !rest.is_empty() {
            let mut children = Vec::new();
            let (mut makes, mut about) = (Vec::new(), Vec::new());
            for (bare, &at) in self.fit.batch(rest).into_iter().zip(rest) {
                let mut follows = Vec::new();
                let Some(value) = self.value(at, bare, &mut follows) else {
                    continue;
                };
                let stuck = makes.is_empty() && waiting.is_empty();
                if !stuck && !self.is_ready(&value) {
                    break;
                }
                waiting.append(&mut follows);
                children.push(value);
                if let Some(draft) = self.forest.drafts.get(at) {
                    makes.push(draft.token);
                    about.push(draft.about);
                }
            }
            rest = rest.get(children.len()..).unwrap_or_default();
            if children.is_empty() {
                break;
            }
            self.made.extend(&makes);
            about.dedup();
            let last = makes.last().copied();
            self.steps.push(BodyStep::Append {
                parent,
                position,
                children,
                makes,
                about,
            });
            if let (Some(last), false) = (last, position == Position::End) {
                position = Position::After(last);
            }
        }
        if !rest.is_empty() {
            let items = rest.to_vec();
            todo.push(Work::Run {
                parent,
                position,
                items,
            });
        }
        todo.extend(waiting.into_iter().rev());
    }

    /// Whether all that it names on this page is made.
    fn is_ready(&self, value: &Value) -> bool {
        if self.locals.is_empty() {
            return true;
        }
        let mut named = Vec::new();
        pending(value, &mut named);
        let missing = |token: &PendingId| self.locals.contains(token) && !self.made.contains(token);
        !named.iter().any(missing)
    }

    /// A block as it is sent at a first level, and what follows.
    fn value(&self, at: At, bare: bool, follows: &mut Vec<Work>) -> Option<Value> {
        let draft = self.forest.drafts.get(at)?;
        let plan = if bare {
            &Plan::Split(0)
        } else {
            self.fit.plan(at)
        };
        Some(match plan {
            Plan::Whole => whole_value(self.forest, at),
            Plan::Split(inline) => self.split(draft, *inline, follows),
            Plan::Tabs(from, to) => self.tabs(draft, *from..*to, follows),
            Plan::Tab(inline) => self.tab(draft, *inline, follows),
            Plan::Columns(parts) => self.columns(draft, parts, follows),
        })
    }

    fn split(&self, draft: &Draft, inline: usize, follows: &mut Vec<Work>) -> Value {
        let (now, later) = draft.children.split_at(inline.min(draft.children.len()));
        self.learn(draft, now, follows);
        follow(draft.token, Position::End, later, follows);
        let children = now.iter().map(|at| whole_value(self.forest, *at));
        value(draft, children.collect())
    }

    /// Learns the ids of children that are sent with their parent, if one is needed.
    fn learn(&self, draft: &Draft, now: &[At], follows: &mut Vec<Work>) {
        let sent = now.iter().filter_map(|at| self.forest.drafts.get(*at));
        if sent.clone().any(|child| child.needed) {
            follows.push(Work::Learn {
                parent: draft.token,
                makes: sent.map(|child| child.token).collect(),
            });
        }
    }

    fn tabs(&self, draft: &Draft, now: Range<usize>, follows: &mut Vec<Work>) -> Value {
        let all = &draft.children;
        let before = all.get(..now.start).unwrap_or_default();
        follow(draft.token, Position::Start, before, follows);
        let after = all.get(now.end..).unwrap_or_default();
        follow(draft.token, Position::End, after, follows);
        let now = all.get(now).unwrap_or_default();
        let children = now.iter().map(|at| whole_value(self.forest, *at));
        value(draft, children.collect())
    }

    /// The first tab with some of its blocks; its id must be learnt for the others.
    fn tab(&self, draft: &Draft, inline: usize, follows: &mut Vec<Work>) -> Value {
        let mut tabs = Vec::new();
        if let Some(first) = draft
            .children
            .first()
            .and_then(|at| self.forest.drafts.get(*at))
        {
            follows.push(Work::Learn {
                parent: draft.token,
                makes: vec![first.token],
            });
            tabs.push(self.split(first, inline, follows));
        }
        let others = draft.children.get(1..).unwrap_or_default();
        follow(draft.token, Position::End, others, follows);
        value(draft, tabs)
    }

    fn columns(&self, draft: &Draft, parts: &[usize], follows: &mut Vec<Work>) -> Value {
        let mut children = Vec::new();
        let mut makes = Vec::new();
        let mut below = Vec::new();
        let mut needed = false;
        for (at, part) in draft.children.iter().zip(parts) {
            let Some(column) = self.forest.drafts.get(*at) else {
                continue;
            };
            makes.push(column.token);
            needed |= column.needed;
            children.push(self.split(column, *part, &mut below));
        }
        if needed || !below.is_empty() {
            follows.push(Work::Learn {
                parent: draft.token,
                makes,
            });
        }
        follows.append(&mut below);
        let rest = draft.children.get(parts.len()..).unwrap_or_default();
        follow(draft.token, Position::End, rest, follows);
        value(draft, children)
    }
}

fn follow(parent: PendingId, position: Position, items: &[At], follows: &mut Vec<Work>) {
    if !items.is_empty() {
        follows.push(Work::Run {
            parent,
            position,
            items: items.to_vec(),
        });
    }
}

/// A block with all that is below it. What is sent whole is at most four levels deep
/// (section 4.4 of the API digest), so this may recurse.
fn whole_value(forest: &Forest, at: At) -> Value {
    let Some(draft) = forest.drafts.get(at) else {
        return Value::Null;
    };
    let children = draft.children.iter().map(|at| whole_value(forest, *at));
    value(draft, children.collect())
}

fn value(draft: &Draft, children: Vec<Value>) -> Value {
    let mut payload = draft.payload.clone();
    // Columns always have the key, also when nothing is in them.
    if !children.is_empty() || draft.kind == "column" {
        payload.insert("children".into(), Value::Array(children));
    }
    let mut block = Map::new();
    block.insert("type".into(), json!(draft.kind));
    block.insert(draft.kind.into(), Value::Object(payload));
    Value::Object(block)
}

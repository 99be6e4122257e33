//! Which child of one list belongs to which of another.

use std::collections::{BTreeMap, VecDeque};

use super::node::Node;
use super::rich;

/// Pairs, what only the first list has, what only the second one has.
type Paired = (Vec<(Node, Node)>, Vec<Node>, Vec<Node>);

/// The most comparisons that looking for the best alignment may take.
const EFFORT: usize = 4_000_000;

/// Two lists whose order counts: equal ones hold the rest in place, and what is
/// between them goes together in order.
pub fn align(ours: Vec<Node>, theirs: Vec<Node>) -> Paired {
    let anchors = anchors(&ours, &theirs);
    let (mut pairs, mut lost, mut extra) = (Vec::new(), Vec::new(), Vec::new());
    let (mut ours, mut theirs) = (VecDeque::from(ours), VecDeque::from(theirs));
    let (mut from, mut to) = (0, 0);
    let ends = (from + ours.len(), to + theirs.len());
    for (mine, other) in anchors.into_iter().chain([ends]) {
        let left: Vec<Node> = ours.drain(..mine - from).collect();
        let right: Vec<Node> = theirs.drain(..other - to).collect();
        gap(left, right, &mut pairs, &mut lost, &mut extra);
        if let (Some(a), Some(b)) = (ours.pop_front(), theirs.pop_front()) {
            pairs.push((a, b));
        }
        (from, to) = (mine + 1, other + 1);
    }
    (pairs, lost, extra)
}

/// Positions of equal nodes, the longest common run of them.
fn anchors(ours: &[Node], theirs: &[Node]) -> Vec<(usize, usize)> {
    let same = |a: usize, b: usize| ours[a].print == theirs[b].print;
    let most = ours.len().min(theirs.len());
    let start = (0..most).take_while(|at| same(*at, *at)).count();
    let (n, m) = (ours.len(), theirs.len());
    let end = (0..most - start)
        .take_while(|back| same(n - 1 - back, m - 1 - back))
        .count();
    let mut anchors: Vec<(usize, usize)> = (0..start).map(|at| (at, at)).collect();
    let (rows, columns) = (n - start - end, m - start - end);
    if rows * columns > 0 && rows * columns <= EFFORT {
        let mut best = vec![vec![0u32; columns + 1]; rows + 1];
        for a in (0..rows).rev() {
            for b in (0..columns).rev() {
                best[a][b] = match same(start + a, start + b) {
                    true => best[a + 1][b + 1] + 1,
                    false => best[a + 1][b].max(best[a][b + 1]),
                };
            }
        }
        let (mut a, mut b) = (0, 0);
        while a < rows && b < columns {
            if same(start + a, start + b) {
                anchors.push((start + a, start + b));
                (a, b) = (a + 1, b + 1);
            } else if best[a + 1][b] >= best[a][b + 1] {
                a += 1;
            } else {
                b += 1;
            }
        }
    }
    anchors.extend((0..end).rev().map(|back| (n - 1 - back, m - 1 - back)));
    anchors
}

/// What lies between two equal ones.
fn gap(
    left: Vec<Node>,
    right: Vec<Node>,
    pairs: &mut Vec<(Node, Node)>,
    lost: &mut Vec<Node>,
    extra: &mut Vec<Node>,
) {
    if left.len() == right.len() {
        pairs.extend(left.into_iter().zip(right));
        return;
    }
    let mut right = VecDeque::from(right);
    for node in left {
        let fits = |it: &Node| match &node.stands_in {
            Some(stand_in) => {
                stand_in.kinds.is_empty() || stand_in.kinds.contains(&it.kind.as_str())
            }
            None => it.kind == node.kind,
        };
        match right.iter().position(fits) {
            Some(at) => {
                extra.extend(right.drain(..at));
                pairs.extend(right.pop_front().map(|it| (node, it)));
            }
            None => lost.push(node),
        }
    }
    extra.extend(right);
}

/// Two lists whose order is looked at elsewhere or not at all: equal ones first, then
/// those of the same name, then those of the same type.
pub fn in_any_order(ours: Vec<Node>, theirs: Vec<Node>) -> Paired {
    let mut pairs: Vec<(usize, (Node, Node))> = Vec::new();
    let mut left: Vec<(usize, Node)> = ours.into_iter().enumerate().collect();
    let mut right: Vec<Option<Node>> = theirs.into_iter().map(Some).collect();
    let keys: [fn(&Node) -> String; 3] = [
        |node| node.print.to_string(),
        |node| format!("{} {}", node.kind, node.name),
        |node| node.kind.clone(),
    ];
    for key in keys {
        let mut places: BTreeMap<String, VecDeque<usize>> = BTreeMap::new();
        for (at, node) in right.iter().enumerate() {
            if let Some(node) = node {
                places.entry(key(node)).or_default().push_back(at);
            }
        }
        let mut rest = Vec::new();
        for (at, node) in left {
            let found = places.get_mut(&key(&node)).and_then(VecDeque::pop_front);
            match found.and_then(|found| right[found].take()) {
                Some(other) => pairs.push((at, (node, other))),
                None => rest.push((at, node)),
            }
        }
        left = rest;
    }
    pairs.sort_by_key(|(at, _)| *at);
    (
        pairs.into_iter().map(|(_, pair)| pair).collect(),
        left.into_iter().map(|(_, node)| node).collect(),
        right.into_iter().flatten().collect(),
    )
}

/// Joins neighbours on the restored side that together are one text of the original.
pub fn join_split(ours: &[Node], theirs: &mut Vec<Node>) {
    for node in ours.iter().filter(|node| node.splits) {
        let text = rich::words(&node.fields["rich_text"]);
        let begins = |it: &Node| {
            let words = it.fields.get("rich_text").map(rich::words);
            let words = words.unwrap_or_default();
            let part = !words.is_empty() && words.len() < text.len();
            it.kind == node.kind && part && text.starts_with(&words)
        };
        let Some(at) = theirs.iter().position(begins) else {
            continue;
        };
        let mut joined = theirs[at].clone();
        let mut taken = 1;
        while let Some(next) = theirs.get(at + taken) {
            let so_far = rich::words(&joined.fields["rich_text"]);
            let more = next.fields.get("rich_text").map(rich::words);
            let more = more.unwrap_or_default();
            let whole = format!("{so_far}{more}");
            if next.kind != joined.kind || more.is_empty() || !text.starts_with(&whole) {
                break;
            }
            let next = next.clone();
            joined.append(next);
            taken += 1;
        }
        if rich::words(&joined.fields["rich_text"]) == text {
            joined.print = node.print;
            theirs.splice(at..at + taken, [joined]);
        }
    }
}

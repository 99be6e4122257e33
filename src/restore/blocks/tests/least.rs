//! How few requests can do, found from the limits alone.
//!
//! Whatever is sent at level 3 or deeper below a block `x`, whatever has its id answered
//! further down than directly below the page, and columns inside `x` take a request that
//! is about `x`: an append to it, or a list of its children to learn an id on the way.
//! So do blocks beyond the hundred that come with it.

use crate::model::NotionId;
use crate::restore::Body;

/// The least number of requests that can write the body.
pub fn least(body: &Body, needed: &dyn Fn(NotionId) -> bool) -> usize {
    let count = body.nodes.len();
    let mut height = vec![0usize; count];
    let mut wanted = vec![false; count];
    let mut requests = body.top.len().div_ceil(100);
    for (at, node) in body.nodes.iter().enumerate().rev() {
        let kind = node.kind();
        let below = &node.children;
        height[at] = below.iter().map(|at| height[*at] + 1).max().unwrap_or(0);
        let id_below = |at: &usize| wanted[*at] || needed(body.nodes[*at].id().unwrap());
        let list_below = |at: &usize| body.nodes[*at].kind() == "column_list";
        let deepest = if kind == "column_list" { 3 } else { 2 };
        wanted[at] = height[at] > deepest
            || below.iter().any(id_below)
            || below.iter().any(list_below)
            || below.len() > 100;
        let beyond = below.len().saturating_sub(100).div_ceil(100);
        requests += beyond.max(usize::from(wanted[at]));
    }
    requests.max(count.div_ceil(1000))
}

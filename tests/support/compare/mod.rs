//! The judge of a restore: what a restored copy lacks, has too much, or has different.
//!
//! Both workspaces are drawn as trees of nodes (`node`, `draw`, `draw_data`); the
//! picture of the original is turned into what can come back of it (`expect`, `normal`); the two
//! are paired and compared (`align`, `judge`). It knows nothing of how a restore works:
//! it is written from the API digest.

mod align;
mod copier;
mod dates;
mod draw;
mod draw_data;
mod expect;
mod judge;
mod names;
mod node;
mod normal;
mod normal_values;
mod rich;
mod walk;

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub use copier::copy_under;
pub use expect::{Comments, Expect, Lost};

use super::workspace::Workspace;
use super::workspace::model::*;
use draw::Drawing;
use node::Node;
use normal::Normal;

/// One thing that is not as it was.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Where: `page "Home" / body 3 (toggle "More") / color`.
    pub path: String,
    pub what: String,
    pub original: Value,
    pub restored: Value,
    /// Only the order of related rows differs.
    pub weak: bool,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        let (original, restored) = (self.original.to_string(), self.restored.to_string());
        // Long values are shown from a little before the place where they part.
        let mut pairs = original.chars().zip(restored.chars());
        let parted = pairs.position(|(one, other)| one != other).unwrap_or(0);
        let short = |text: &str| -> String {
            let from = text.chars().skip(parted.saturating_sub(100));
            from.take(300).collect()
        };
        write!(
            out,
            "{}: {}\n    original: {}\n    restored: {}",
            self.path,
            self.what,
            short(&original),
            short(&restored)
        )
    }
}

/// What a restore of `original` into the page `under` of `restored` got wrong.
///
/// # Panics
/// When the comparison itself does.
pub fn compare(
    original: &Workspace,
    restored: &Workspace,
    under: Id,
    expect: &Expect,
) -> Vec<Difference> {
    // Trees of blocks may be a thousand levels deep.
    let compare = || compare_here(original, restored, under, expect);
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(1 << 29);
        let thread = builder.spawn_scoped(scope, compare);
        thread.expect("a thread").join().expect("a comparison")
    })
}

/// Fails with every difference that is not weak.
///
/// # Panics
/// When there is one.
pub fn assert_same(original: &Workspace, restored: &Workspace, under: Id, expect: &Expect) {
    let mut differences = compare(original, restored, under, expect);
    differences.retain(|it| !it.weak);
    let count = differences.len();
    let shown: Vec<String> = differences
        .iter()
        .take(40)
        .map(|it| it.to_string())
        .collect();
    assert!(count == 0, "{count} differences:\n{}", shown.join("\n"));
}

fn compare_here(
    original: &Workspace,
    restored: &Workspace,
    under: Id,
    expect: &Expect,
) -> Vec<Difference> {
    let drawing = Drawing::new(original);
    let mut roots: Vec<Node> = expect
        .only
        .clone()
        .unwrap_or_else(|| top_level(original))
        .into_iter()
        .map(|id| drawing.object(id))
        .collect();
    let mut normal = Normal::new(original, restored, expect);
    normal.apply(&mut roots);
    let mut loose = std::mem::take(&mut normal.loose);

    let drawing = Drawing::new(restored);
    let mut actual = drawing
        .object(under)
        .parts
        .remove("body")
        .unwrap_or_default();
    actual.retain(|node| {
        let beside = node.id.is_some_and(|id| expect.beside.contains(&id));
        // What the copied workspace itself has under the page was there before.
        let before = original.id == restored.id
            && node.id.is_some_and(|id| {
                original.pages.contains_key(&id)
                    || original.blocks.contains_key(&id)
                    || original.databases.contains_key(&id)
            });
        !beside && !before
    });
    for node in roots.iter_mut().chain(&mut loose).chain(&mut actual) {
        node.seal();
    }
    let mut differences = judge::judge(roots, loose, None, actual);
    differences.extend(uploaded_twice(original, restored));
    differences
}

impl Drawing<'_> {
    fn object(&self, id: Id) -> Node {
        match self.ws.databases.contains_key(&id) {
            true => self.database(id),
            false => self.page(id),
        }
    }
}

/// The pages and databases that a dump meets with nothing above them, oldest first.
pub fn top_level(ws: &Workspace) -> Vec<Id> {
    let pages = ws.pages.values();
    let pages = pages
        .filter(|page| !page.omitted_by_search)
        .map(|page| (page.stamps.created, page.id, page.parent));
    let databases = ws.databases.values();
    let databases = databases
        .filter(|it| !it.omitted_by_search && it.linked.is_none())
        .map(|it| (it.stamps.created, it.id, it.parent));
    let mut all: Vec<(i64, Id)> = pages
        .chain(databases)
        .filter(|(_, id, parent)| {
            let top = match parent {
                Parent::Workspace => true,
                Parent::Page(up) | Parent::Block(up) => !ws.can_see(*up),
                Parent::Database(up) | Parent::DataSource(up) => !ws.can_see(*up),
            };
            top && ws.can_see(*id) && !ws.is_trashed(*id)
        })
        .map(|(created, id, _)| (created, id))
        .collect();
    all.sort();
    all.into_iter().map(|(_, id)| id).collect()
}

/// Contents that were uploaded more than once.
fn uploaded_twice(original: &Workspace, restored: &Workspace) -> Vec<Difference> {
    let mut contents: BTreeMap<(String, &str), Vec<&String>> = BTreeMap::new();
    for (key, asset) in &restored.assets {
        if !original.assets.contains_key(key) {
            let content = draw::content(asset).to_string();
            let same = contents.entry((content, &asset.content_type)).or_default();
            same.push(key);
        }
    }
    let twice = contents.into_iter().filter(|(_, keys)| keys.len() > 1);
    twice
        .map(|((content, kind), keys)| Difference {
            path: format!("files / {kind} {content}"),
            what: "uploaded more than once".into(),
            original: json!(1),
            restored: json!(keys),
            weak: false,
        })
        .collect()
}

//! Laying everything out as one tree, and writing the ledger.
//!
//! Every page and database stands in the tree once: where a list shows it, else below
//! the parent that Notion reports, else at the top. Where a list shows one that is not
//! there, a stand-in keeps its place (contract C4 in section 8.6 of the connector
//! digest). Trees are built from the leaves up, height by height, so that neither depth
//! nor breadth of a workspace ends up on the stack.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use rayon::prelude::*;
use serde_json::{Value, json};

use super::Error;
use super::base::RESERVED;
use super::body::Body;
use super::context::Crawl;
use super::ledger::Ledger;
use super::node::{Content, Node};
use crate::model::{Kind, NotionId, Parent, stand_in, title_of};
use crate::repo::{Entry, EntryKind, ObjectId, Tree};
use crate::report::Counter;

/// Where each page and database stands.
pub struct Layout {
    /// Those directly below each.
    below: HashMap<NotionId, Vec<NotionId>>,
    /// Those at the top, sorted.
    top: Vec<NotionId>,
    /// By height above the leaves: what can be built once the heights before are.
    heights: Vec<Vec<NotionId>>,
    /// Who shows each, sorted: for the ledger.
    pub shown_by: HashMap<NotionId, BTreeSet<NotionId>>,
}

impl<'c> Crawl<'c> {
    /// Decides where everything stands.
    pub fn layout(&self) -> Layout {
        let found = self.found();
        let mut shown: HashMap<NotionId, BTreeSet<(NotionId, NotionId)>> = HashMap::new();
        for (owner, node) in &found.nodes {
            match node.content {
                Content::Read(_) => {
                    for (child, list) in found.slots.get(owner).into_iter().flatten() {
                        shown.entry(*child).or_default().insert((*owner, *list));
                    }
                }
                Content::Base => {
                    let children = self.base.children.get(owner).into_iter().flatten();
                    for child in children.filter(|child| self.base.shown.contains(*child)) {
                        shown.entry(*child).or_default().insert((*owner, *owner));
                    }
                }
                Content::Missing(..) => {}
            }
        }
        let mut above: HashMap<NotionId, Option<NotionId>> = HashMap::new();
        for (id, node) in &found.nodes {
            if !node.is_there() || found.templates.contains_key(id) {
                continue;
            }
            let parent = node.parent.id();
            let lists = shown
                .get(id)
                .into_iter()
                .flatten()
                .filter(|(owner, _)| owner != id);
            // Synced blocks show one page several times; it stands where Notion says it lives.
            let shown = lists.min_by_key(|(owner, list)| {
                (Some(*list) != parent, Some(*owner) != parent, *owner, *list)
            });
            let owner = shown
                .map(|(owner, _)| *owner)
                .or_else(|| match node.parent {
                    Parent::Page(page) => Some(page),
                    Parent::Block(_) => found.around.get(id).and_then(|around| around.page()),
                    parent => self.database_of(parent),
                });
            // Directories below a database are rows (contract C8), so a database in a wiki
            // stands at the top.
            let fits = |owner: &Node| node.kind != Kind::Database || owner.kind != Kind::Database;
            let there = |owner: &NotionId| {
                let known = found.nodes.get(owner).filter(|owner| fits(owner));
                owner != id && known.is_some_and(Node::is_there)
            };
            above.insert(*id, owner.filter(there));
        }
        let shown_by = shown
            .into_iter()
            .map(|(child, lists)| (child, lists.into_iter().map(|(owner, _)| owner).collect()))
            .collect();
        let templates = found
            .templates
            .keys()
            .filter(|id| found.nodes.get(*id).is_some_and(Node::is_there));
        Layout::new(above, templates.copied().collect(), shown_by)
    }

    /// The database that a parent is, or is in. What a data source itself names comes
    /// before what its rows say.
    pub fn database_of(&self, parent: Parent) -> Option<NotionId> {
        match parent {
            Parent::Database(database) => Some(database),
            Parent::DataSource(source, database) => self
                .listing
                .get(source)
                .and_then(|source| source.database)
                .or(database)
                .or_else(|| self.base.sources.get(&source).copied()),
            Parent::Page(_) | Parent::Block(_) | Parent::Workspace | Parent::Unknown => None,
        }
    }

    /// Builds the tree of every node; returns the root tree.
    pub fn assemble(
        &self,
        layout: &Layout,
        mut reserved: Vec<Entry>,
        ledger: &Ledger,
    ) -> Result<ObjectId, Error> {
        let mut trees: HashMap<NotionId, ObjectId> = HashMap::new();
        for height in &layout.heights {
            self.check_stop()?;
            let built: Vec<(NotionId, ObjectId)> = height
                .par_iter()
                .map(|id| Ok((*id, self.build(*id, layout, &trees)?)))
                .collect::<Result<_, Error>>()?;
            for (id, tree) in built {
                for child in layout.below.get(&id).into_iter().flatten() {
                    trees.remove(child);
                }
                trees.insert(id, tree);
            }
        }
        let mut root = Vec::new();
        let mut content = Vec::new();
        let kinds: HashMap<NotionId, Kind> = {
            let found = self.found();
            layout
                .top
                .iter()
                .filter_map(|id| Some((*id, found.nodes.get(id)?.kind)))
                .collect()
        };
        for id in &layout.top {
            let Some(tree) = trees.get(id) else { continue };
            let object = if kinds.get(id) == Some(&Kind::Database) {
                "database"
            } else {
                "page"
            };
            content.push(json!({"id": id, "object": object, "parent": {"page_id": "/"}}));
            root.push(directory(id.to_string(), *tree));
        }
        let stored = self.repo.put_json(&Value::Array(content))?;
        root.push(Entry {
            name: "content.json".to_string(),
            kind: EntryKind::File,
            id: stored.id,
            size: stored.size,
            modified: None,
        });
        reserved.extend(self.ledger_directory(ledger)?);
        reserved.extend(self.templates_directory(&trees)?);
        root.push(directory(RESERVED.to_string(), self.put(reserved)?));
        self.put(root)
    }

    fn put(&self, mut entries: Vec<Entry>) -> Result<ObjectId, Error> {
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        self.report.add(Counter::Objects, 1);
        Ok(self.repo.put_tree(&Tree { entries })?)
    }

    fn ledger_directory(&self, ledger: &Ledger) -> Result<Option<Entry>, Error> {
        let mut entries = Vec::new();
        for (name, content) in ledger.files()? {
            let stored = self.repo.put(&content)?;
            let kind = EntryKind::File;
            entries.push(Entry {
                name,
                kind,
                id: stored.id,
                size: stored.size,
                modified: None,
            });
        }
        if entries.is_empty() {
            return Ok(None);
        }
        Ok(Some(directory("ledger".to_string(), self.put(entries)?)))
    }

    fn templates_directory(
        &self,
        trees: &HashMap<NotionId, ObjectId>,
    ) -> Result<Option<Entry>, Error> {
        let mut by_source: BTreeMap<NotionId, Vec<Entry>> = BTreeMap::new();
        for (page, source) in &self.found().templates {
            if let Some(tree) = trees.get(page) {
                by_source
                    .entry(*source)
                    .or_default()
                    .push(directory(page.to_string(), *tree));
            }
        }
        if by_source.is_empty() {
            return Ok(None);
        }
        let mut entries = Vec::new();
        for (source, pages) in by_source {
            entries.push(directory(source.to_string(), self.put(pages)?));
        }
        Ok(Some(directory("templates".to_string(), self.put(entries)?)))
    }

    /// Builds the tree of one node from its body and the trees of those below it.
    fn build(
        &self,
        id: NotionId,
        layout: &Layout,
        trees: &HashMap<NotionId, ObjectId>,
    ) -> Result<ObjectId, Error> {
        let content = self.found().nodes.get(&id).map(|node| node.content.clone());
        let body = match content {
            Some(Content::Read(place)) => self.journal.read(place)?.body,
            Some(Content::Base) => self.base.body(self.repo, id)?,
            Some(Content::Missing(..)) | None => Body::new(id),
        };
        let below: HashSet<NotionId> = layout
            .below
            .get(&id)
            .into_iter()
            .flatten()
            .copied()
            .collect();
        let mut entries: Vec<Vec<Entry>> = body
            .directories
            .iter()
            .map(|directory| directory.files.clone())
            .collect();
        let mut placed = HashSet::new();
        for slot in &body.slots {
            let entry = match trees.get(&slot.id) {
                // One page shows a child twice only through a synced block.
                Some(tree) if below.contains(&slot.id) && placed.insert(slot.id) => {
                    directory(slot.id.to_string(), *tree)
                }
                _ => self.stand_in(slot.id, slot.kind, &slot.title)?,
            };
            if let Some(list) = entries.get_mut(slot.directory as usize) {
                list.retain(|known| known.name != entry.name);
                list.push(entry);
            }
        }
        // A stand-in of an earlier run gives way to the real thing, in its place.
        let mut skip = HashSet::new();
        for (position, block) in body.directories.iter().enumerate().skip(1) {
            if below.contains(&block.name)
                && let Some(tree) = trees.get(&block.name)
            {
                skip.insert(position);
                if placed.insert(block.name)
                    && let Some(list) = entries.get_mut(block.within as usize)
                {
                    list.push(directory(block.name.to_string(), *tree));
                }
            }
        }
        for child in layout.below.get(&id).into_iter().flatten() {
            if let (Some(tree), Some(own)) = (trees.get(child), entries.first_mut())
                && placed.insert(*child)
            {
                own.push(directory(child.to_string(), *tree));
            }
        }
        for (position, block) in body.directories.iter().enumerate().skip(1).rev() {
            let files = std::mem::take(&mut entries[position]);
            if skip.contains(&position) {
                continue;
            }
            let tree = self.put(files)?;
            if let Some(list) = entries.get_mut(block.within as usize)
                && list
                    .iter()
                    .all(|known| known.name != block.name.to_string())
            {
                list.push(directory(block.name.to_string(), tree));
            }
        }
        self.put(entries.swap_remove(0))
    }

    /// The directory that stands where a child is shown that is not below this node.
    fn stand_in(&self, id: NotionId, kind: Kind, title: &str) -> Result<Entry, Error> {
        let content = self.found().nodes.get(&id).map(|node| node.content.clone());
        let why = match content {
            Some(Content::Missing(status, reason)) => json!({"status": status, "reason": reason}),
            _ => {
                json!({"status": "elsewhere", "reason": "it stands in the tree once, at another place"})
            }
        };
        let name = if kind == Kind::Database {
            "database.json"
        } else {
            "page.json"
        };
        let mut title = title.to_string();
        if title.is_empty()
            && let Some(before) = self.base.sidecar(self.repo, id, name)?
        {
            title = title_of(&before);
        }
        let mut files = Vec::new();
        for (name, value) in [
            (name, stand_in(kind, id, &title)),
            ("unavailable.json", why),
        ] {
            let stored = self.repo.put_json(&value)?;
            files.push(Entry {
                name: name.to_string(),
                kind: EntryKind::File,
                id: stored.id,
                size: stored.size,
                modified: None,
            });
        }
        Ok(directory(id.to_string(), self.put(files)?))
    }
}

fn directory(name: String, tree: ObjectId) -> Entry {
    Entry {
        name,
        kind: EntryKind::Directory,
        id: tree,
        size: 0,
        modified: None,
    }
}

impl Layout {
    fn new(
        mut above: HashMap<NotionId, Option<NotionId>>,
        templates: Vec<NotionId>,
        shown_by: HashMap<NotionId, BTreeSet<NotionId>>,
    ) -> Layout {
        let mut below: HashMap<NotionId, Vec<NotionId>> = HashMap::new();
        let mut top: Vec<NotionId> = Vec::new();
        for (id, owner) in &above {
            match owner {
                Some(owner) => below.entry(*owner).or_default().push(*id),
                None => top.push(*id),
            }
        }
        below
            .values_mut()
            .for_each(|children| children.sort_unstable());
        top.sort_unstable();
        let mut order: Vec<NotionId> = Vec::with_capacity(above.len());
        let mut seen: HashSet<NotionId> = HashSet::with_capacity(above.len());
        let mut todo: Vec<NotionId> = top.iter().chain(&templates).rev().copied().collect();
        let mut rest: Option<std::vec::IntoIter<NotionId>> = None;
        loop {
            while let Some(id) = todo.pop() {
                if seen.insert(id) {
                    order.push(id);
                    todo.extend(below.get(&id).into_iter().flatten());
                }
            }
            if seen.len() >= above.len() + templates.len() {
                break;
            }
            // Pages moved into each other while they were read: one of the ring goes to the top.
            let rest = rest.get_or_insert_with(|| {
                let mut all: Vec<NotionId> = above.keys().copied().collect();
                all.sort_unstable();
                all.into_iter()
            });
            let Some(next) = rest.find(|id| !seen.contains(id)) else {
                break;
            };
            if let Some(owner) = above.insert(next, None).flatten()
                && let Some(children) = below.get_mut(&owner)
            {
                children.retain(|child| *child != next);
            }
            top.push(next);
            todo.push(next);
        }
        top.sort_unstable();
        let mut height: HashMap<NotionId, usize> = HashMap::with_capacity(order.len());
        let mut heights: Vec<Vec<NotionId>> = Vec::new();
        for id in order.iter().rev() {
            let own = height.get(id).copied().unwrap_or(0);
            if heights.len() <= own {
                heights.resize_with(own + 1, Vec::new);
            }
            heights[own].push(*id);
            if let Some(Some(owner)) = above.get(id) {
                let owner = height.entry(*owner).or_insert(0);
                *owner = (*owner).max(own + 1);
            }
        }
        Layout {
            below,
            top,
            heights,
            shown_by,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> NotionId {
        NotionId::from_bits(n)
    }

    #[test]
    fn a_ring_of_pages_is_opened_and_everything_is_laid_out_once() {
        let above = HashMap::from([
            (id(1), None),
            (id(2), Some(id(1))),
            (id(3), Some(id(4))),
            (id(4), Some(id(3))),
            (id(5), Some(id(4))),
        ]);
        let layout = Layout::new(above, vec![id(9)], HashMap::new());
        assert_eq!(layout.top, [id(1), id(3)]);
        assert_eq!(layout.below[&id(4)], [id(5)]);
        let mut all: Vec<NotionId> = layout.heights.concat();
        all.sort_unstable();
        assert_eq!(all, [id(1), id(2), id(3), id(4), id(5), id(9)]);
        let height = |n| layout.heights.iter().position(|ids| ids.contains(&id(n)));
        assert!(height(5) < height(4) && height(4) < height(3) && height(2) < height(1));
    }
}

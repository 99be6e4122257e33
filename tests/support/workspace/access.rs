//! What the connection may see, and what lies where.
//!
//! Access is given to a page or database and inherited by what is inside; it may be
//! withdrawn, or given again, further down (sections 1.2 and 2.4).

use super::Workspace;
use super::ids;
use super::model::*;

impl Workspace {
    /// The parent of a page, database, data source or stored or generated block.
    pub fn parent_of(&self, id: Id) -> Option<Parent> {
        if let Some(page) = self.pages.get(&id) {
            return Some(page.parent);
        }
        if let Some(block) = self.blocks.get(&id) {
            return Some(block.parent);
        }
        if let Some(database) = self.databases.get(&id) {
            return Some(database.parent);
        }
        if let Some(source) = self.data_sources.get(&id) {
            return Some(Parent::Database(source.database));
        }
        self.generated_block(id).map(|(page, _)| Parent::Page(page))
    }

    /// The page and zero-based position of a generated block.
    pub fn generated_block(&self, id: Id) -> Option<(Id, u32)> {
        let (number, position) = ids::of_generated(id)?;
        let page = ids::generated(number, 0);
        let count = self.pages.get(&page)?.body.generated;
        (1..=count)
            .contains(&position)
            .then(|| (page, position - 1))
    }

    /// Whether the object exists and the connection may see it.
    pub fn can_see(&self, id: Id) -> bool {
        let mut at = id;
        loop {
            let shared = match (self.pages.get(&at), self.databases.get(&at)) {
                (Some(page), _) => page.shared,
                (_, Some(database)) => database.shared,
                _ => None,
            };
            if let Some(shared) = shared {
                return shared;
            }
            match self.parent_of(at) {
                None => return false,
                Some(Parent::Workspace) => return true,
                Some(
                    Parent::Page(up)
                    | Parent::Block(up)
                    | Parent::Database(up)
                    | Parent::DataSource(up),
                ) => at = up,
            }
        }
    }

    /// Whether the object, not what is above it, is in the trash.
    pub fn is_trashed_itself(&self, id: Id) -> bool {
        self.pages.get(&id).is_some_and(|page| page.in_trash)
            || self.blocks.get(&id).is_some_and(|block| block.in_trash)
            || self.databases.get(&id).is_some_and(|it| it.in_trash)
            || self.data_sources.get(&id).is_some_and(|it| it.in_trash)
    }

    /// Whether the object, or anything above it, is in the trash.
    pub fn is_trashed(&self, id: Id) -> bool {
        let mut at = id;
        loop {
            let trashed = self.is_trashed_itself(at);
            if trashed {
                return true;
            }
            match self.parent_of(at) {
                None | Some(Parent::Workspace) => return false,
                Some(
                    Parent::Page(up)
                    | Parent::Block(up)
                    | Parent::Database(up)
                    | Parent::DataSource(up),
                ) => at = up,
            }
        }
    }

    /// The page that holds a block, or the page itself.
    pub fn page_of(&self, id: Id) -> Option<Id> {
        let mut at = id;
        loop {
            if self.pages.contains_key(&at) {
                return Some(at);
            }
            match self.parent_of(at)? {
                Parent::Page(up) | Parent::Block(up) => at = up,
                _ => return None,
            }
        }
    }

    /// The block whose children a synced reference shows, if it is one.
    pub fn synced_original(&self, id: Id) -> Option<Id> {
        let block = self.blocks.get(&id)?;
        if block.kind != "synced_block" {
            return None;
        }
        block.payload["synced_from"]["block_id"]
            .as_str()?
            .parse()
            .ok()
    }

    /// How many children the listing of a page or block shows, before access.
    pub fn raw_children(&self, id: Id) -> Option<(u32, &[Id])> {
        if let Some(page) = self.pages.get(&id) {
            return Some((page.body.generated, &page.body.listed));
        }
        if let Some(original) = self.synced_original(id) {
            let original = self.blocks.get(&original)?;
            return Some((0, &original.children));
        }
        if let Some(block) = self.blocks.get(&id) {
            return Some((0, &block.children));
        }
        (self.generated_block(id).is_some() || self.databases.contains_key(&id))
            .then_some((0, &[] as &[Id]))
    }

    /// The children that the connection is shown, in order: a page or database that
    /// it may not see, or that is trashed, is left out without a trace.
    pub fn visible_children(&self, id: Id) -> Option<Vec<Id>> {
        let (generated, listed) = self.raw_children(id)?;
        let number = ids::of_generated(id).map_or(0, |(number, _)| number);
        let mut children: Vec<Id> = (1..=generated)
            .map(|position| ids::generated(number, position))
            .collect();
        children.extend(listed.iter().filter(|child| self.is_listed(**child)));
        Some(children)
    }

    /// Whether a listing of its parent names this child.
    fn is_listed(&self, id: Id) -> bool {
        if let Some(block) = self.blocks.get(&id) {
            return !block.in_trash;
        }
        if let Some(page) = self.pages.get(&id) {
            return !page.in_trash && page.shared != Some(false);
        }
        self.databases
            .get(&id)
            .is_some_and(|database| !database.in_trash && database.shared != Some(false))
    }

    /// Whether a block or page says that it has children.
    pub fn has_children(&self, id: Id) -> bool {
        if self.blocks.get(&id).is_some_and(|it| it.hides_children) {
            return false;
        }
        if let Some(original) = self.synced_original(id) {
            return self.can_see(original) && self.has_children(original);
        }
        match self.raw_children(id) {
            Some((generated, listed)) => generated > 0 || listed.iter().any(|c| self.is_listed(*c)),
            None => false,
        }
    }
}

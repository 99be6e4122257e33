//! What translations are told at one moment of a plan.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use super::uploads::upload;
use super::{PendingId, Planner};
use crate::model::NotionId;
use crate::repo;
use crate::restore::original::{File, Files};
use crate::restore::source::SourceError;
use crate::restore::targets::{Target, Targets, Upload};
use crate::restore::values::MOST_ITEMS;

/// What is wrong with a file of the backup: the same words for all, so that people see them
/// together.
const MISSING: &str = "its file is missing in the backup";
const DAMAGED: &str = "its file in the backup is damaged";

/// The answers for one page or database, with what has been made so far.
pub(super) struct Moment<'a, 'p> {
    pub planner: &'a Planner<'p>,
    pub files: &'a Files,
}

impl Planner<'_> {
    /// Whether something is restored by this plan, or was by an earlier step.
    pub(super) fn is_ours(&self, old: NotionId) -> bool {
        let original = self.original;
        let whole = |id: &NotionId| self.chosen.contains(id);
        whole(&old)
            || original.sources.get(&old).is_some_and(whole)
            || original.facts.blocks.get(&old).is_some_and(whole)
            || original.views.get(&old).is_some_and(whole)
    }

    /// What is wrong with the stored content of a file; `None` when it is whole. Each is
    /// read once for a plan.
    pub(super) fn damage(&self, file: &File) -> Option<String> {
        if let Some(known) = self.checked.borrow().get(&file.place) {
            return known.clone();
        }
        let hash = file.content.as_str();
        let named_by_hash = hash.len() == 64 && hash.bytes().all(|it| it.is_ascii_hexdigit());
        let said = |words: &str| Some(words.to_owned());
        let found = match self.original.source().measure(&file.place) {
            Err(SourceError::Repository(repo::Error::Missing { .. })) => said(MISSING),
            Err(SourceError::Folder { source, .. }) if source.kind() == ErrorKind::NotFound => {
                said(MISSING)
            }
            Err(SourceError::Repository(repo::Error::Damaged { .. })) => said(DAMAGED),
            Err(error) => Some(format!("its file in the backup cannot be read: {error}")),
            Ok((size, _)) if size != file.size => said(DAMAGED),
            Ok((_, found)) if named_by_hash && found != hash => said(DAMAGED),
            Ok(_) => None,
        };
        let mut checked = self.checked.borrow_mut();
        checked.insert(file.place.clone(), found.clone());
        found
    }

    pub(super) fn target(&self, old: NotionId) -> Target {
        let token = PendingId::of(old);
        if self.made.contains(&token) {
            Target::Made(token)
        } else if self.is_ours(old) {
            Target::Later(token)
        } else if self.survey.reachable.contains(&old) {
            Target::Same(old)
        } else {
            Target::Gone
        }
    }
}

impl Targets for Moment<'_, '_> {
    fn find(&self, old: NotionId) -> Target {
        self.planner.target(old)
    }

    fn user(&self, old: NotionId) -> Option<NotionId> {
        self.planner.survey.users.get(&old).copied()
    }

    fn user_name(&self, old: NotionId) -> String {
        let users = self.planner.original.users.as_array();
        let user = users
            .into_iter()
            .flatten()
            .find(|user| crate::model::id_of(user) == Some(old));
        let name = user.and_then(|user| user["name"].as_str());
        name.unwrap_or("somebody").to_owned()
    }

    fn workspace(&self) -> Option<NotionId> {
        self.planner.survey.workspace_id
    }

    fn results(&self, source: NotionId, name: &str) -> BTreeSet<String> {
        let columns = self.planner.original.columns(source, name);
        columns.flat_map(|column| column.results.clone()).collect()
    }

    fn absent(&self, source: NotionId, name: &str) -> Option<String> {
        let mut absent = BTreeSet::new();
        let mut crowded = false;
        for column in self.planner.original.columns(source, name) {
            crowded |= column.most_people > MOST_ITEMS;
            let gone = |(id, _): &(&NotionId, &String)| self.user(**id).is_none();
            let people = column.people.iter().filter(gone);
            let groups = column.groups.iter().filter(|_| !self.has_groups());
            absent.extend(
                people
                    .chain(groups)
                    .map(|(id, name)| match name.is_empty() {
                        true => self.user_name(*id),
                        false => name.clone(),
                    }),
            );
        }
        if absent.is_empty() {
            let why = format!("some rows have more than {MOST_ITEMS} people");
            return crowded.then_some(why);
        }
        let names: Vec<String> = absent.into_iter().collect();
        Some(format!(
            "these are not in the workspace: {}",
            names.join(", ")
        ))
    }

    fn emoji(&self, old: NotionId, _name: &str) -> Option<NotionId> {
        self.planner.survey.emojis.get(&old).copied()
    }

    fn file(&self, owner: NotionId, url: &str) -> Upload {
        let own = self.files.get(owner, url);
        let file = match own.or_else(|lost| {
            self.planner
                .original
                .files
                .get(owner, url)
                .map_err(|_| lost)
        }) {
            Ok(file) => file,
            Err((name, why)) => return Upload::Lost { name, why },
        };
        if let Some(why) = self.planner.damage(&file) {
            return Upload::Lost {
                name: file.name,
                why,
            };
        }
        match upload(
            self.planner.original.source(),
            &file,
            self.planner.survey.max_upload,
        ) {
            Ok((id, bytes, wrapped)) => {
                let name = bytes.name.clone();
                if !self.planner.uploaded.contains(&id) {
                    self.planner.offered.borrow_mut().insert(id, bytes);
                }
                Upload::File { id, name, wrapped }
            }
            Err(why) => Upload::Lost {
                name: file.name,
                why,
            },
        }
    }

    fn has_groups(&self) -> bool {
        self.planner.survey.same_workspace
    }

    fn is_inline(&self, database: NotionId) -> bool {
        let original = self.planner.original;
        original.inline.contains(&database) || !original.entries.contains_key(&database)
    }

    fn is_needed(&self, block: NotionId) -> bool {
        self.planner.original.facts.needed.contains(&block)
    }
}

//! What the target workspace has: asked once, before anything is planned.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde_json::Value;

use super::original::Original;
use super::{Error, people};
use crate::model::{How, NotionId, id_of, in_trash, title_of};
use crate::notion::{self, Kind, Notion};

/// What a plan must know of the place that it restores into.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The page that everything goes below.
    pub root: NotionId,
    /// Its title.
    pub root_title: String,
    /// The workspace's name.
    pub workspace: String,
    /// Its id, where the token is told.
    pub workspace_id: Option<NotionId>,
    /// Whether this is the workspace that the original was read from.
    pub same_workspace: bool,
    /// Old users to users of the target.
    pub users: BTreeMap<NotionId, NotionId>,
    /// Old custom emojis to those of the target.
    pub emojis: BTreeMap<NotionId, NotionId>,
    /// The largest file that the workspace takes, in bytes.
    pub max_upload: Option<u64>,
    /// What is named, is not restored, and can be reached under its old id.
    pub reachable: BTreeSet<NotionId>,
}

/// Asks the target. `chosen` says which pages and databases are restored.
pub fn survey(
    notion: &Notion,
    original: &Original<'_>,
    root: NotionId,
    chosen: &BTreeSet<NotionId>,
) -> Result<Survey, Error> {
    let me = notion.me()?;
    let page = root_page(notion, root)?;
    let mut users = Vec::new();
    // A personal token may not list users (section 1.2 of the API digest).
    optional(notion.users(&mut |page| {
        users.extend(page);
        Ok(())
    }))?;
    let mut matched = people::match_people(&original.users, &users);
    let known: BTreeSet<NotionId> = users.iter().filter_map(id_of).collect();
    for person in &original.facts.people {
        if known.contains(person) {
            matched.insert(*person, *person);
        }
    }
    // Guests are in no list, and can be asked for by id (section 2.8).
    let unknown: Vec<NotionId> = original
        .facts
        .people
        .iter()
        .filter(|person| !matched.contains_key(*person))
        .copied()
        .collect();
    let guests = there(unknown, |person| notion.user(person).map(drop))?;
    matched.extend(guests.into_iter().map(|guest| (guest, guest)));
    let mut emojis = Vec::new();
    optional(notion.custom_emojis(&mut |page| {
        emojis.extend(page);
        Ok(())
    }))?;
    let mut reachable = reachable(notion, original, chosen)?;
    reachable.insert(root);
    let limits = &me["bot"]["workspace_limits"];
    let workspace = me["bot"]["workspace_id"].as_str();
    let same_workspace =
        workspace.is_some() && workspace == original.workspace["bot"]["workspace_id"].as_str();
    Ok(Survey {
        root,
        workspace_id: workspace.and_then(|id| id.parse().ok()),
        same_workspace,
        root_title: title_of(&page),
        workspace: me["bot"]["workspace_name"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        users: matched,
        emojis: people::match_emojis(&original.emojis, &emojis),
        max_upload: limits["max_file_upload_size_in_bytes"].as_u64(),
        reachable,
    })
}

/// A listing that the token may not be allowed to see.
fn optional(listed: Result<notion::End, notion::Error>) -> Result<(), Error> {
    match listed {
        Ok(_) => Ok(()),
        Err(error) if is_no(&error) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whether an error is about one object, not about everything.
fn is_no(error: &notion::Error) -> bool {
    matches!(
        error.kind,
        Kind::NotFound | Kind::Restricted | Kind::Validation
    )
}

/// The page that everything goes below.
fn root_page(notion: &Notion, root: NotionId) -> Result<Value, Error> {
    match notion.page(root) {
        Ok(page) if in_trash(&page) => Err(Error::RootInTrash { root }),
        Ok(page) => Ok(page),
        Err(error) if matches!(error.kind, Kind::NotFound | Kind::Validation) => {
            let database = notion.database(root).is_ok() || notion.data_source(root).is_ok();
            if database {
                return Err(Error::RootIsDatabase { root });
            }
            if notion.block(root).is_ok() {
                return Err(Error::RootIsBlock { root });
            }
            Err(Error::RootUnreachable { root })
        }
        Err(error) => Err(error.into()),
    }
}

/// What is named and not restored, and can be reached.
fn reachable(
    notion: &Notion,
    original: &Original<'_>,
    chosen: &BTreeSet<NotionId>,
) -> Result<BTreeSet<NotionId>, Error> {
    let facts = &original.facts;
    let inside = |id: &NotionId| {
        chosen.contains(id)
            || original
                .sources
                .get(id)
                .is_some_and(|it| chosen.contains(it))
            || facts.blocks.get(id).is_some_and(|it| chosen.contains(it))
    };
    let outside: Vec<(NotionId, How)> = facts
        .named
        .iter()
        .map(|(id, how)| (*id, *how))
        .filter(|(id, _)| !inside(id))
        .collect();
    let hows: BTreeMap<NotionId, How> = outside.iter().copied().collect();
    let found = there(outside.into_iter().map(|(id, _)| id).collect(), |id| {
        let object = match hows.get(&id) {
            Some(How::SyncedFrom) => notion.block(id),
            Some(How::RelationSchema | How::ViewSource | How::ParentSource) => {
                notion.data_source(id)
            }
            Some(How::MentionDatabase) => notion.database(id),
            _ => notion.page(id).or_else(|error| match is_no(&error) {
                true => notion.database(id),
                false => Err(error),
            }),
        }?;
        match in_trash(&object) {
            true => Err(notion::Error::new(Kind::NotFound, "", "it is in the trash")),
            false => Ok(()),
        }
    })?;
    Ok(found.into_iter().collect())
}

/// Those of `ids` that are there.
fn there(
    ids: Vec<NotionId>,
    ask: impl Fn(NotionId) -> Result<(), notion::Error> + Sync,
) -> Result<Vec<NotionId>, Error> {
    let answers: Vec<Result<Option<NotionId>, notion::Error>> = ids
        .into_par_iter()
        .map(|id| match ask(id) {
            Ok(()) => Ok(Some(id)),
            Err(error) if is_no(&error) => Ok(None),
            Err(error) => Err(error),
        })
        .collect();
    let mut found = Vec::new();
    for answer in answers {
        found.extend(answer?);
    }
    Ok(found)
}

//! What is restored: everything, or what was asked for with all that is below it.

use std::collections::BTreeSet;

use super::Error;
use super::loss::Loss;
use super::original::Original;
use crate::model::NotionId;

/// The pages and databases that these ids, links or paths mean, with all that is below
/// them; everything when none is given. A path is one of the source, from its root on,
/// such as `ls` and `extract` show it.
pub fn choose(original: &Original<'_>, only: &[String]) -> Result<BTreeSet<NotionId>, Error> {
    if original.entries.is_empty() {
        return Err(match original.losses.first() {
            Some(loss) => unreadable(loss),
            None => Error::Empty,
        });
    }
    if only.is_empty() {
        return Ok(original.entries.keys().copied().collect());
    }
    let mut todo = Vec::new();
    for text in only {
        todo.push(meant(original, text)?);
    }
    let mut chosen = BTreeSet::new();
    while let Some(id) = todo.pop() {
        if let Some(entry) = original.entries.get(&id)
            && chosen.insert(id)
        {
            todo.extend(&entry.below);
        }
    }
    // A database brings its templates.
    for (source, pages) in &original.templates {
        let database = original.sources.get(source);
        if database.is_some_and(|database| chosen.contains(database)) {
            chosen.extend(pages);
        }
    }
    Ok(chosen)
}

fn meant(original: &Original<'_>, text: &str) -> Result<NotionId, Error> {
    let unknown = || Error::NotInOriginal {
        text: text.to_owned(),
    };
    let id = match text.trim().strip_prefix('/') {
        Some(path) => path
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .and_then(|name| name.parse().ok()),
        None => NotionId::from_user(text).ok(),
    };
    let id: NotionId = id.ok_or_else(unknown)?;
    if original.entries.contains_key(&id) {
        return Ok(id);
    }
    if let Some(loss) = original.losses.iter().find(|loss| loss.id == id) {
        return Err(unreadable(loss));
    }
    let database = original.sources.get(&id);
    database.copied().ok_or_else(unknown)
}

fn unreadable(loss: &Loss) -> Error {
    Error::Unreadable {
        what: loss.what.clone(),
        why: loss.why.clone(),
    }
}

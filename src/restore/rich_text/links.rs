//! Links that lead into Notion: the ids in them become what they name becomes.

use crate::model::NotionId;
use crate::restore::{Notes, Target, Targets, Text};

/// Where links relative to the workspace start (section 1.7 of the API digest).
const HOME: &str = "https://www.notion.so";

/// The URL with the ids of restored pages, databases, views and blocks replaced; all
/// else in it stays. An id that will be known only later stays and is noted.
pub fn link(url: &str, targets: &dyn Targets, notes: &mut Notes) -> Text {
    let absolute = match url.strip_prefix('/') {
        Some(path) if !path.starts_with('/') => format!("{HOME}/{path}"),
        _ => url.to_string(),
    };
    if NotionId::in_url(&absolute).is_none() {
        return absolute.as_str().into();
    }
    let (rest, fragment) = split(&absolute, '#');
    let (address, query) = split(rest, '?');
    let mut out = Text::default();
    for (at, segment) in address.split('/').enumerate() {
        if at > 0 {
            out = out.then("/");
        }
        // `https:`, nothing, and the host come first.
        out = match ending(segment).filter(|_| at > 2) {
            Some((title, id)) => renamed(out.then(title), id, targets, notes),
            None => out.then(segment),
        };
    }
    for (at, pair) in query.into_iter().flat_map(|it| it.split('&')).enumerate() {
        out = out.then(if at == 0 { "?" } else { "&" });
        out = match pair.split_once('=') {
            Some((key @ ("p" | "v"), value)) => {
                renamed(out.then(key).then("="), value, targets, notes)
            }
            _ => out.then(pair),
        };
    }
    if let Some(fragment) = fragment {
        out = renamed(out.then("#"), fragment, targets, notes);
    }
    out
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// A path segment's title and the id that ends it.
fn ending(segment: &str) -> Option<(&str, &str)> {
    if segment.parse::<NotionId>().is_ok() {
        return Some(("", segment));
    }
    let (title, id) = segment.split_at_checked(segment.len().checked_sub(32)?)?;
    let ends = title.ends_with('-') && id.parse::<NotionId>().is_ok();
    ends.then_some((title, id))
}

/// The link with what the id becomes after it, without dashes as links have it. What is
/// no id, or becomes nothing, stays as it is.
fn renamed(link: Text, id: &str, targets: &dyn Targets, notes: &mut Notes) -> Text {
    let Ok(old) = id.parse::<NotionId>() else {
        return link.then(id);
    };
    match targets.find(old) {
        Target::Made(new) => link.plain_id(new),
        Target::Later(_) => {
            notes.later.push(old);
            link.then(id)
        }
        Target::Same(_) | Target::Gone => link.then(id),
    }
}

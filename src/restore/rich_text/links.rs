//! Links that lead into Notion: the ids in them become what they name becomes.

use crate::model::NotionId;
use crate::restore::{Notes, Target, Targets};

/// Where links relative to the workspace start (section 1.7 of the API digest).
const HOME: &str = "https://www.notion.so";

/// The URL with the ids of restored pages, databases, views and blocks replaced; all
/// else in it stays. An id that will be known only later stays and is noted.
pub fn link(url: &str, targets: &dyn Targets, notes: &mut Notes) -> String {
    let absolute = match url.strip_prefix('/') {
        Some(path) if !path.starts_with('/') => format!("{HOME}/{path}"),
        _ => url.to_string(),
    };
    if NotionId::in_url(&absolute).is_none() {
        return absolute;
    }
    let (rest, fragment) = split(&absolute, '#');
    let (address, query) = split(rest, '?');
    let mut out = String::new();
    for (at, segment) in address.split('/').enumerate() {
        if at > 0 {
            out.push('/');
        }
        // `https:`, nothing, and the host come first.
        match ending(segment).filter(|_| at > 2) {
            Some((title, id)) => out.push_str(&format!("{title}{}", renamed(id, targets, notes))),
            None => out.push_str(segment),
        }
    }
    for (at, pair) in query.into_iter().flat_map(|it| it.split('&')).enumerate() {
        out.push(if at == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((key @ ("p" | "v"), value)) => {
                let value = match value.parse::<NotionId>() {
                    Ok(_) => renamed(value, targets, notes),
                    Err(_) => value.to_string(),
                };
                out.push_str(&format!("{key}={value}"));
            }
            _ => out.push_str(pair),
        }
    }
    if let Some(fragment) = fragment {
        out.push('#');
        match fragment.parse::<NotionId>() {
            Ok(_) => out.push_str(&renamed(fragment, targets, notes)),
            Err(_) => out.push_str(fragment),
        }
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

/// What the id becomes, without dashes as links have it; as it is when it becomes nothing.
fn renamed(id: &str, targets: &dyn Targets, notes: &mut Notes) -> String {
    let Ok(old) = id.parse::<NotionId>() else {
        return id.to_string();
    };
    match targets.find(old) {
        Target::Made(token) => format!("{:032x}", token.id().bits()),
        Target::Later(_) => {
            notes.later.push(old);
            id.to_string()
        }
        Target::Same(_) | Target::Gone => id.to_string(),
    }
}

//! Making a refused request smaller, step by step, until it may pass.
//!
//! What the message names goes first. Where it names nothing, everything that can be
//! sent by itself is taken out and sent afterwards, one piece at a time, so that only
//! the piece that is refused is lost.

use serde_json::{Map, Value, json};

use super::super::loss::{Degree, Loss};
use super::super::step::Spare;
use super::addresses::{self, Tried};
use super::culprit::{self, Changed};
use super::lost_file::{self, Lost, leave_out};
use super::write::Write;
use super::{forget, text};
use crate::model::NotionId;
use crate::notion::{Error, Kind};

/// A piece that is sent by itself, to what the request made or changes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    /// What it is, for messages.
    pub(super) what: String,
    /// The body of the PATCH.
    pub(super) body: Value,
}

/// A request on its way to being accepted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draft {
    /// The old id of what it restores.
    about: NotionId,
    /// What is sent.
    pub(super) body: Value,
    /// What is sent afterwards.
    pub(super) pieces: Vec<Piece>,
    /// Blocks that are appended afterwards.
    pub(super) children: Vec<Value>,
    /// What was given up.
    pub(super) losses: Vec<Loss>,
    /// What was tried with its addresses.
    pub(super) tried: Tried,
    /// Formulas that were given up, by name, each with the refusal.
    pub(super) refused: Vec<(String, Error)>,
    /// What is sent instead at the first refusal.
    pub(super) spare: Option<Spare>,
}

impl Draft {
    pub(super) fn new(about: NotionId, body: Value) -> Draft {
        Draft {
            about,
            body,
            pieces: Vec::new(),
            children: Vec::new(),
            losses: Vec::new(),
            tried: Tried::default(),
            refused: Vec::new(),
            spare: None,
        }
    }

    /// The old id of what it restores.
    pub(super) fn about(&self) -> NotionId {
        self.about
    }

    fn lose(&mut self, what: impl Into<String>, error: &Error, degree: Degree) {
        self.losses.push(refused(self.about, what, error, degree));
    }

    /// Changes the request so that it may pass; false when nothing is left to try.
    pub(super) fn amend(&mut self, write: Write, path: &str, error: &Error) -> bool {
        if let Some(spare) = self.spare.take() {
            self.body = spare.body;
            for lost in spare.lost {
                let what = spare.what.clone();
                let mut loss = refused(self.about, what, error, Degree::Detail);
                loss.why = format!("without {lost}: {}", loss.why);
                self.losses.push(loss);
            }
            return true;
        }
        if error.is_about_formula() && is_source(path) && self.part_formulas(error) {
            return true;
        }
        if error.is_about_prefix() && self.drop_prefixes(error) {
            return true;
        }
        for id in forget::named(&error.message) {
            if let Some(what) = forget::forget(&mut self.body, id) {
                self.lose(format!("{what} of {id}"), error, Degree::Detail);
                return true;
            }
        }
        let named = error.json_path.as_deref().unwrap_or_default().to_owned();
        // A message may name several places, the others because of what is tried instead.
        for path in error.message.split_whitespace() {
            if let Some((what, degree)) = addresses::unlink(self.about, &mut self.body, path) {
                self.lose(what, error, degree);
                return true;
            }
        }
        if let Some(Value::Array(children)) = self.body.get_mut("children")
            && let Some(changed) = culprit::change(children, &named)
        {
            self.losses
                .extend(changed_loss(self.about, &changed, error));
            return true;
        }
        if named.is_empty()
            && self
                .tried
                .drop(&mut self.body, &mut self.losses, self.about, error)
        {
            return true;
        }
        let schema =
            matches!(write, Write::Database { .. } | Write::Source { .. }) || is_source(path);
        self.drop_property(error)
            || self.drop_field(&named, write, error)
            || self.take_apart(write, path)
            || schema && self.simplify_columns(error)
            || self.without_files_of_properties(error)
            || is_source(path) && self.part_formulas(error)
            || self.drop_next(write, error)
    }

    /// Puts stand-ins in the place of files in values of a row.
    fn without_files_of_properties(&mut self, error: &Error) -> bool {
        let with_files = self.properties().into_iter().flatten();
        let with_files = with_files.filter(|(_, value)| lost_file::has_files(value));
        let names: Vec<String> = with_files.map(|(name, _)| name.clone()).collect();
        let mut some = false;
        for name in names {
            some |= self.without_files(Some(&name), error);
        }
        some
    }

    /// The properties of the request.
    fn properties(&mut self) -> Option<&mut Map<String, Value>> {
        let body = self.body.as_object_mut()?;
        let holder = match body.contains_key("initial_data_source") {
            true => body.get_mut("initial_data_source")?.as_object_mut()?,
            false => body,
        };
        holder.get_mut("properties")?.as_object_mut()
    }

    /// Simplifies the property that the message names, or drops it.
    fn drop_property(&mut self, error: &Error) -> bool {
        let Some(properties) = self.properties() else {
            return false;
        };
        let Some(name) = named_property(properties, error) else {
            return false;
        };
        let property = properties.get_mut(&name);
        if property.as_ref().is_some_and(|it| lost_file::has_files(it)) {
            return self.without_files(Some(&name), error);
        }
        if let Some(property) = property
            && error.message.contains(".text.link")
        {
            let lost = addresses::without_links(property);
            if !lost.is_empty() {
                for (what, degree) in lost {
                    self.lose(what, error, degree);
                }
                return true;
            }
        }
        let Some(properties) = self.properties() else {
            return false;
        };
        let property = properties.get_mut(&name);
        match property.and_then(simplify_column) {
            Some(what) => self.lose(
                format!("{what} of property '{name}'"),
                error,
                Degree::Detail,
            ),
            None => {
                let removed = properties.remove(&name).unwrap_or_default();
                match removed["formula"].is_object() {
                    true => self.refused.push((name, error.clone())),
                    false => self.lose(format!("property '{name}'"), error, Degree::Missing),
                }
            }
        }
        true
    }

    /// Takes the formulas out: to be sent one by one where there are several things to
    /// send, and given up where one is all that was sent. The refusal of a formula does
    /// not say which one it means.
    fn part_formulas(&mut self, error: &Error) -> bool {
        let Some(properties) = self.properties() else {
            return false;
        };
        let (formulas, others): (Map<String, Value>, Map<String, Value>) =
            std::mem::take(properties)
                .into_iter()
                .partition(|(_, property)| property["formula"].is_object());
        let alone = others.is_empty() && formulas.len() == 1;
        *properties = others;
        let some = !formulas.is_empty();
        for (name, property) in formulas {
            match alone {
                true => self.refused.push((name, error.clone())),
                false => self.pieces.push(Piece {
                    what: format!("property '{name}'"),
                    body: json!({"properties": {name: property}}),
                }),
            }
        }
        some
    }

    /// Takes the prefixes from columns of unique ids.
    fn drop_prefixes(&mut self, error: &Error) -> bool {
        let mut dropped = Vec::new();
        for (name, property) in self.properties().into_iter().flatten() {
            let what = take_prefix(property);
            dropped.extend(what.map(|what| format!("{what} of property '{name}'")));
        }
        let some = !dropped.is_empty();
        for what in dropped {
            self.lose(what, error, Degree::Detail);
        }
        some
    }

    /// Simplifies every column, by one step.
    fn simplify_columns(&mut self, error: &Error) -> bool {
        let mut simplified = Vec::new();
        for (name, property) in self.properties().into_iter().flatten() {
            if let Some(what) = simplify_column(property) {
                simplified.push(format!("{what} of property '{name}'"));
            }
        }
        let some = !simplified.is_empty();
        for what in simplified {
            self.lose(what, error, Degree::Detail);
        }
        some
    }

    /// Drops the field of the body that the message names, if the object can be without.
    fn drop_field(&mut self, named: &str, write: Write, error: &Error) -> bool {
        let key = named.strip_prefix("body.").unwrap_or_default();
        let key = key.split(['.', '[']).next().unwrap_or_default();
        let known: &[&str] = match write {
            Write::Page { .. } => &["icon", "cover", "position"],
            Write::Row { .. } => &["icon", "cover"],
            Write::Database { .. } => &["icon", "cover", "description", "is_inline"],
            Write::Source { .. } => &["icon"],
            Write::View { .. } | Write::Widget { .. } | Write::Linked { .. } => &VIEW,
            Write::Comment { .. } | Write::Reply { .. } => &["attachments", "display_name"],
            _ => &[],
        };
        known.contains(&key) && self.drop_key(key, error)
    }

    /// Puts stand-ins in the place of the files that the request attaches, or of those
    /// of one property.
    fn without_files(&mut self, property: Option<&str>, error: &Error) -> bool {
        let why = why(error);
        let lost = Lost {
            about: self.about,
            name: &|_| Some(String::new()),
            why: &why,
        };
        let losses = match property {
            None => leave_out(&mut self.body, &lost),
            Some(name) => {
                let property = self.properties().and_then(|all| all.get_mut(name));
                let Some(property) = property else {
                    return false;
                };
                let mut alone = json!({"properties": {name: property.take()}});
                let losses = leave_out(&mut alone, &lost);
                *property = alone["properties"][name].take();
                losses
            }
        };
        let some = !losses.is_empty();
        self.losses.extend(losses);
        some
    }

    fn drop_key(&mut self, key: &str, error: &Error) -> bool {
        if key == "attachments" {
            return self.without_files(None, error);
        }
        let removed = self
            .body
            .as_object_mut()
            .and_then(|body| body.remove(key))
            .is_some();
        if removed {
            let degree = match key {
                "icon" | "cover" | "description" => Degree::Missing,
                _ => Degree::Detail,
            };
            self.lose(key, error, degree);
        }
        removed
    }

    /// Takes out everything that can be sent by itself.
    pub(super) fn take_apart(&mut self, write: Write, path: &str) -> bool {
        let (fields, keep_title): (&[&str], bool) = match write {
            Write::Page { .. } | Write::Row { .. } => (&["icon", "cover"], true),
            Write::Database { .. } => (&["icon", "cover", "description"], true),
            Write::Source { .. } => (&["icon"], true),
            Write::Change { .. } if !path.starts_with("/v1/blocks/") => (&CHANGES, false),
            _ => return false,
        };
        let mut pieces = Vec::new();
        let mut kept = Map::new();
        for (name, property) in self.properties().map(std::mem::take).into_iter().flatten() {
            if keep_title && !property["title"].is_null() {
                kept.insert(name, property);
                continue;
            }
            pieces.push(Piece {
                what: format!("property '{name}'"),
                body: json!({"properties": {name: property}}),
            });
        }
        if let Some(properties) = self.properties() {
            *properties = kept;
        }
        let Some(body) = self.body.as_object_mut() else {
            return false;
        };
        for field in fields {
            if let Some(value) = body.remove(*field) {
                pieces.push(Piece {
                    what: (*field).to_owned(),
                    body: json!({*field: value}),
                });
            }
        }
        if !keep_title {
            body.remove("properties");
            // One piece is what was refused just now.
            if pieces.len() <= 1 {
                for piece in pieces {
                    self.body = piece.body;
                }
                return false;
            }
        }
        let children = match body.remove("children") {
            Some(Value::Array(children)) => children,
            _ => Vec::new(),
        };
        let changed = !pieces.is_empty() || !children.is_empty();
        self.children.extend(children);
        self.pieces.extend(pieces);
        changed
    }

    /// What is left when nothing can be sent by itself: the least important field goes,
    /// and at last the styles of the text.
    fn drop_next(&mut self, write: Write, error: &Error) -> bool {
        let order: &[&str] = match write {
            Write::View { .. } | Write::Widget { .. } | Write::Linked { .. } => &VIEW,
            Write::Comment { .. } | Write::Reply { .. } => &["attachments", "display_name"],
            _ => &[],
        };
        order.iter().any(|key| self.drop_key(key, error)) || self.plain(error)
    }

    /// Makes titles and texts plain.
    fn plain(&mut self, error: &Error) -> bool {
        let mut changed = false;
        let mut flatten = |rich_text: &mut Value| {
            let plain = json!(text::runs(&text::words(rich_text)));
            if rich_text.is_array() && *rich_text != plain {
                *rich_text = plain;
                changed = true;
            }
        };
        for (_, property) in self.properties().into_iter().flatten() {
            for key in ["title", "rich_text"] {
                property.get_mut(key).into_iter().for_each(&mut flatten);
            }
        }
        for (key, field) in self.body.as_object_mut().into_iter().flatten() {
            match key.as_str() {
                "title" | "description" | "rich_text" => flatten(field),
                _ => field
                    .get_mut("rich_text")
                    .into_iter()
                    .for_each(&mut flatten),
            }
        }
        if changed {
            self.lose("styles of the text", error, Degree::Detail);
        }
        changed
    }
}

/// What a view can be without, the first to go first.
const VIEW: [&str; 5] = [
    "configuration",
    "quick_filters",
    "sorts",
    "filter",
    "position",
];

/// What is changed by itself.
const CHANGES: [&str; 11] = [
    "title",
    "description",
    "icon",
    "cover",
    "is_inline",
    "is_locked",
    "is_archived",
    "configuration",
    "quick_filters",
    "sorts",
    "filter",
];

/// Whether a path changes a data source.
pub(super) fn is_source(path: &str) -> bool {
    path.starts_with("/v1/data_sources/")
}

/// A loss because of a refusal.
pub(super) fn refused(
    about: NotionId,
    what: impl Into<String>,
    error: &Error,
    degree: Degree,
) -> Loss {
    Loss {
        id: about,
        page: None,
        on: String::new(),
        what: what.into(),
        why: why(error),
        degree,
    }
}

/// Why something that Notion refuses is lost.
pub(super) fn why(error: &Error) -> String {
    format!("Notion refuses it: {}", error.said())
}

/// The loss that a changed block is, if it is one more.
pub(super) fn changed_loss(about: NotionId, changed: &Changed, error: &Error) -> Option<Loss> {
    let (what, degree) = match changed {
        Changed::Replaced(kind) => (format!("{kind} block"), Degree::StandIn),
        Changed::Eased(kind, field) => (format!("{field} of a {kind} block"), Degree::Detail),
        Changed::Simplified => return None,
    };
    Some(refused(about, what, error, degree))
}

/// The property that a message means: by its path, else by its name as a word. Never
/// the title, without which nothing can be made.
fn named_property(properties: &Map<String, Value>, error: &Error) -> Option<String> {
    let message = &error.message;
    let mut names: Vec<&String> = properties
        .iter()
        .filter(|(_, property)| property["title"].is_null())
        .map(|(name, _)| name)
        .collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let in_path = names.iter().find(|name| {
        let at = [
            format!("properties.{name}"),
            format!("properties[\"{name}\"]"),
        ];
        at.iter().any(|path| has_word(message, path))
    });
    if let Some(name) = in_path {
        return Some((*name).clone());
    }
    // A path that leads elsewhere names none, whatever words are in it.
    if error.json_path.is_some() || error.kind != Kind::Validation {
        return None;
    }
    let mut mentioned = names.iter().filter(|name| has_word(message, name));
    match (mentioned.next(), mentioned.next()) {
        (Some(name), None) => Some((*name).clone()),
        _ => None,
    }
}

/// Whether the text has these words, not as part of longer ones.
fn has_word(text: &str, words: &str) -> bool {
    let part = |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() || char == '_');
    !words.is_empty()
        && text.match_indices(words).any(|(at, _)| {
            let before = text.get(..at).and_then(|text| text.chars().next_back());
            let after = text
                .get(at + words.len()..)
                .and_then(|text| text.chars().next());
            !part(before) && !part(after)
        })
}

/// Takes from a column what it can be without: the prefix of unique ids, which may be in
/// use (section 10.1 of the API digest), then of its options the groups of a status, which not every version of the API knows (section 10 of the API digest), then all but
/// the names. Says what was taken; `None` when nothing is left to take.
fn simplify_column(property: &mut Value) -> Option<String> {
    if let Some(what) = take_prefix(property) {
        return Some(what);
    }
    let mut take = |keep: fn(&str) -> bool| {
        let mut taken = false;
        for kind in ["select", "multi_select", "status"] {
            let options = property.get_mut(kind).and_then(|it| it.get_mut("options"));
            let options = options.and_then(Value::as_array_mut).into_iter().flatten();
            for option in options.filter_map(Value::as_object_mut) {
                let before = option.len();
                option.retain(|key, _| keep(key));
                taken |= option.len() < before;
            }
        }
        taken
    };
    if take(|key| key != "group") {
        return Some("groups of the options".to_owned());
    }
    let named = |key: &str| matches!(key, "name" | "id");
    take(named).then(|| "colours and descriptions of the options".to_owned())
}

/// Takes the prefix from a column of unique ids; says which one it was.
fn take_prefix(property: &mut Value) -> Option<String> {
    let prefix = property
        .get_mut("unique_id")?
        .as_object_mut()?
        .remove("prefix")?;
    Some(format!("prefix '{}'", prefix.as_str()?))
}

#[cfg(test)]
mod tests;

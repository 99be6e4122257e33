//! What a request was taken apart into: its pieces, each sent by itself.

use serde_json::{Value, json};

use super::super::checkpoint::Checkpoints;
use super::super::step::Call;
use super::amend::{Draft, Piece};
use super::failure::Failure;
use super::write::Write;
use super::{Performer, missing};
use crate::model::id_of;
use crate::notion::Method;

/// What the blocks of an object are called among the pieces that are left.
const CHILDREN: &str = "children";
/// What the properties of a page are called that are sent in one piece.
const PROPERTIES: &str = "properties";

impl Draft {
    /// What is still to be sent by itself, by name.
    pub(super) fn left(&self) -> Vec<String> {
        let pieces = self.pieces.iter().map(|piece| piece.what.clone());
        // A formula may become another column yet.
        let refused = self.refused.iter().map(|(name, _)| property(name));
        let children = (!self.children.is_empty()).then(|| CHILDREN.to_owned());
        pieces.chain(refused).chain(children).collect()
    }

    /// Makes the pieces of the whole request again, of which these are left.
    pub(super) fn resume(&mut self, write: Write, path: &str, left: &[String]) {
        self.take_apart(write, path);
        let properties = property("");
        let properties = properties.trim_end_matches('\'');
        self.pieces.retain(|piece| {
            left.iter().any(|it| {
                *it == piece.what || (it == PROPERTIES && piece.what.starts_with(properties))
            })
        });
        if !left.iter().any(|it| it == CHILDREN) {
            self.children.clear();
        }
    }
}

/// What a property is called among the pieces.
pub(super) fn property(name: &str) -> String {
    format!("property '{name}'")
}

/// Whether an object has no such icon, cover or description.
fn is_unset(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

impl Performer<'_> {
    /// Adds to the pieces what a run that was killed may have left out, of an object
    /// that was found: it may have been made bare, its pieces to follow.
    pub(super) fn complete(
        &self,
        write: Write,
        answer: &Value,
        draft: &mut Draft,
    ) -> Result<(), Failure> {
        let body = draft.body.clone();
        match write {
            Write::Page { .. } | Write::Row { .. } => {
                let mut rest = serde_json::Map::new();
                let mut properties = body["properties"].as_object().cloned().unwrap_or_default();
                properties.retain(|_, property| property["title"].is_null());
                if !properties.is_empty() {
                    rest.insert("properties".into(), properties.into());
                }
                for key in ["icon", "cover"] {
                    if let Some(value) = body.get(key) {
                        rest.insert(key.into(), value.clone());
                    }
                }
                if !rest.is_empty() {
                    draft.pieces.push(Piece {
                        what: PROPERTIES.into(),
                        body: rest.into(),
                    });
                }
                let children = body["children"].as_array().cloned();
                draft.children = children.unwrap_or_default();
            }
            Write::Database { .. } | Write::Source { .. } => {
                let fields = ["icon", "cover", "description"].into_iter();
                let fields =
                    fields.filter(|key| body.get(key).is_some() && is_unset(&answer[*key]));
                draft.pieces.extend(fields.map(|key| Piece {
                    what: key.to_owned(),
                    body: json!({key: body[key]}),
                }));
                let (source, wanted) = match write {
                    Write::Source { .. } => (answer.clone(), &body["properties"]),
                    _ => match id_of(&answer["data_sources"][0]) {
                        Some(id) => {
                            let source = self.notion.data_source(id).map_err(Failure::of)?;
                            (source, &body["initial_data_source"]["properties"])
                        }
                        None => return Ok(()),
                    },
                };
                for (name, config) in wanted.as_object().into_iter().flatten() {
                    if config["title"].is_null() && source["properties"][name].is_null() {
                        draft.pieces.push(Piece {
                            what: property(name),
                            body: json!({"properties": {name: config}}),
                        });
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Sends what was taken out of a request, each piece by itself; one that is refused
    /// is a loss.
    pub(super) fn send_pieces(
        &self,
        write: Write,
        call: &Call,
        answer: &mut Value,
        draft: &mut Draft,
        so_far: &mut Checkpoints<'_>,
    ) -> Result<(), Failure> {
        let mut pieces = std::mem::take(&mut draft.pieces);
        let mut refused = None;
        pieces.reverse();
        while let Some(piece) = pieces.pop() {
            let Some(path) = piece_path(write, call, answer, &piece) else {
                continue;
            };
            let change = Call {
                method: Method::Patch,
                path,
                body: piece.body.clone(),
            };
            let mut part = Draft::new(draft.about(), piece.body);
            match self.settle(&change, &mut part, self.notion.now(), false) {
                Ok((new, _)) => {
                    draft.losses.append(&mut part.losses);
                    so_far.sent(&piece.what, part.left(), &mut draft.losses);
                    draft.refused.append(&mut part.refused);
                    pieces.extend(part.pieces.into_iter().rev());
                    if new.is_object() && !matches!(write, Write::Database { .. }) {
                        *answer = new;
                    }
                }
                Err(Failure::Step { why, .. }) => {
                    let loss = missing(draft.about(), piece.what.clone(), why.clone());
                    draft.losses.push(loss);
                    so_far.sent(&piece.what, Vec::new(), &mut draft.losses);
                    refused = Some(why);
                }
                Err(failure) => return Err(failure),
            }
        }
        match refused {
            Some(why) if answer.is_null() => Err(Failure::step(write.name(), why)),
            _ => Ok(()),
        }
    }
}

/// Where a piece is sent.
fn piece_path(write: Write, call: &Call, answer: &Value, piece: &Piece) -> Option<String> {
    let own = id_of(answer);
    match write {
        Write::Page { .. } | Write::Row { .. } => Some(format!("/v1/pages/{}", own?)),
        Write::Database { .. } if piece.body.get("properties").is_some() => {
            let source = id_of(&answer["data_sources"][0])?;
            Some(format!("/v1/data_sources/{source}"))
        }
        Write::Database { .. } => Some(format!("/v1/databases/{}", own?)),
        Write::Source { .. } => Some(format!("/v1/data_sources/{}", own?)),
        Write::Change { .. } => Some(call.path.clone()),
        _ => None,
    }
}

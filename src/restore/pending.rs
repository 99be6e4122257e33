//! Ids that a restore will get, before it has them.
//!
//! Notion gives every restored object a new id, so a plan cannot know the ids that its
//! later requests need. A plan has a [`PendingId`] instead, which is computed from what
//! will be made, and the executor puts the real id in its place. A plan is thereby a
//! plain list of requests that can be kept, read and continued.
//!
//! In the JSON of a plan a pending id is never a string: it is an object with one field
//! ([`PENDING`]), and where it stands inside a text or in the place of a key, so is that
//! text ([`TEXT`]) or that object ([`FIELDS`]). All texts of a workspace are strings, so
//! no text and no id can be taken for a pending id, whatever it looks like.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::model::NotionId;

/// The field of an object that stands for one id.
const PENDING: &str = "$pending";
/// The field of an object that stands for one id without dashes, in a text.
const PLAIN: &str = "$plain";
/// The field of an object that stands for a text with ids in it: a list of its pieces.
const TEXT: &str = "$text";
/// The field of an object that stands for an object with ids in its keys: a list of
/// pairs.
const FIELDS: &str = "$fields";

/// An id that is not known yet. It is no [`NotionId`], and nothing makes one of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PendingId(u128);

impl PendingId {
    /// What the page, database, data source, block or view with this old id becomes.
    pub fn of(old: NotionId) -> PendingId {
        PendingId::named(&format!("object {old}"))
    }

    /// The id of the property with this name, of what the old data source becomes.
    pub fn property(data_source: NotionId, name: &str) -> PendingId {
        PendingId::named(&format!("property {data_source} {name}"))
    }

    /// Anything else, told apart by a text.
    pub fn named(text: &str) -> PendingId {
        let hash = Sha256::digest(format!("notion-backup pending id {text}"));
        let mut bits = [0; 16];
        bits.copy_from_slice(hash.get(..16).unwrap_or(&[0; 16]));
        PendingId(u128::from_be_bytes(bits))
    }

    /// The same for a journal of version 1, where it was written as a UUID.
    pub(super) fn version_1(uuid: NotionId) -> PendingId {
        PendingId(uuid.bits())
    }

    /// What is sent in the place of an id that never became known: the id of nothing.
    /// Notion answers that it does not exist, and what names it is taken out. It is a UUID
    /// of RFC 4122: Notion refuses any other as no id (section 1.7 of the API digest).
    fn nothing(self) -> String {
        let bits = self.0 & !(0xf << 76) & !(0b11 << 62);
        NotionId::from_bits(bits | (4 << 76) | (0b10 << 62)).to_string()
    }
}

impl fmt::Display for PendingId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:032x}", self.0)
    }
}

impl FromStr for PendingId {
    type Err = crate::model::IdError;

    fn from_str(text: &str) -> Result<PendingId, Self::Err> {
        Ok(PendingId(text.parse::<NotionId>()?.bits()))
    }
}

impl Serialize for PendingId {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_map([(PENDING, self.to_string())])
    }
}

impl<'de> Deserialize<'de> for PendingId {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<PendingId, D::Error> {
        let value = Value::deserialize(input)?;
        match marker(&value) {
            Some(Marker::Pending(id)) => Ok(id),
            _ => Err(serde::de::Error::custom("this is no pending id")),
        }
    }
}

/// An id in a request: one that exists, or one to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum Ref {
    /// Of something that is in the target workspace already.
    Existing(NotionId),
    /// Of something that this restore makes.
    Pending(PendingId),
}

impl From<NotionId> for Ref {
    fn from(id: NotionId) -> Ref {
        Ref::Existing(id)
    }
}

impl From<PendingId> for Ref {
    fn from(id: PendingId) -> Ref {
        Ref::Pending(id)
    }
}

/// A text in which ids may stand that are not known yet, such as a link or a path.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Words(String),
    Id(PendingId),
    /// An id that is written without dashes.
    PlainId(PendingId),
}

impl Text {
    /// The text with this after it.
    pub fn then(mut self, words: &str) -> Text {
        match self.0.last_mut() {
            _ if words.is_empty() => {}
            Some(Piece::Words(before)) => before.push_str(words),
            _ => self.0.push(Piece::Words(words.to_owned())),
        }
        self
    }

    /// The text with this id after it, with dashes.
    pub fn id(mut self, id: impl Into<Ref>) -> Text {
        match id.into() {
            Ref::Existing(id) => return self.then(&id.to_string()),
            Ref::Pending(id) => self.0.push(Piece::Id(id)),
        }
        self
    }

    /// The text with this id after it, without dashes, as links have it.
    pub fn plain_id(mut self, id: impl Into<Ref>) -> Text {
        match id.into() {
            Ref::Existing(id) => return self.then(&format!("{:032x}", id.bits())),
            Ref::Pending(id) => self.0.push(Piece::PlainId(id)),
        }
        self
    }

    /// Whether it has no characters.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, where all of it is known.
    pub fn as_str(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Words(words)] => Some(words),
            _ => None,
        }
    }

    /// Its length in UTF-16 units, as it will be.
    pub fn units(&self) -> usize {
        let length = |piece: &Piece| match piece {
            Piece::Words(words) => words.encode_utf16().count(),
            Piece::Id(_) => 36,
            Piece::PlainId(_) => 32,
        };
        self.0.iter().map(length).sum()
    }

    /// The text with ids in the places of those that are known.
    pub fn filled(&self, known: &Known) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Words(words) => words.clone(),
            Piece::Id(id) => filled_id(*id, known),
            Piece::PlainId(id) => {
                let text = filled_id(*id, known);
                let id = text.parse::<NotionId>();
                id.map_or(text, |id| format!("{:032x}", id.bits()))
            }
        };
        self.0.iter().map(piece).collect()
    }

    /// Adds the ids in it to `found`, in order of appearance.
    pub fn pending(&self, found: &mut Vec<PendingId>) {
        found.extend(self.0.iter().filter_map(|piece| match piece {
            Piece::Words(_) => None,
            Piece::Id(id) | Piece::PlainId(id) => Some(*id),
        }));
    }
}

impl From<&str> for Text {
    fn from(words: &str) -> Text {
        Text::default().then(words)
    }
}

impl From<PendingId> for Text {
    fn from(id: PendingId) -> Text {
        Text::default().id(id)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match (self.as_str(), self.0.as_slice()) {
            (Some(words), _) => out.serialize_str(words),
            (None, [Piece::Id(id)]) => id.serialize(out),
            (None, pieces) => out.collect_map([(TEXT, pieces)]),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Text, D::Error> {
        let value = Value::deserialize(input)?;
        match (value.as_str(), marker(&value)) {
            (Some(words), _) => Ok(Text::from(words)),
            (_, Some(Marker::Text(text))) => Ok(text),
            (_, Some(Marker::Pending(id))) => Ok(id.into()),
            _ => Err(serde::de::Error::custom("this is no text")),
        }
    }
}

impl Serialize for Piece {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Piece::Words(words) => out.serialize_str(words),
            Piece::Id(id) => id.serialize(out),
            Piece::PlainId(id) => out.collect_map([(PLAIN, id.to_string())]),
        }
    }
}

/// An object with these fields, some of which may be named by ids that are not known yet.
pub fn fields(fields: Vec<(Text, Value)>) -> Value {
    let mut named = Vec::new();
    for (key, _) in &fields {
        key.pending(&mut named);
    }
    match named.is_empty() {
        true => {
            let known = Known::new();
            let fields = fields.into_iter();
            let fields: Map<String, Value> = fields
                .map(|(key, value)| (key.filled(&known), value))
                .collect();
            Value::Object(fields)
        }
        false => json!({ FIELDS: fields }),
    }
}

/// What pending ids have become: ids, or for properties the short texts that are theirs.
pub type Known = HashMap<PendingId, String>;

/// The request with ids in the places of pending ones. For one that never became known it
/// has the id of nothing; a field whose key never became known is left out.
pub fn filled(template: &Value, known: &Known) -> Value {
    match (marker(template), template) {
        (Some(Marker::Pending(id)), _) => Value::String(filled_id(id, known)),
        (Some(Marker::Text(text)), _) => Value::String(text.filled(known)),
        (Some(Marker::Fields(fields)), _) => {
            let fields = fields.into_iter();
            let fields = fields.filter(|(key, _)| {
                let mut named = Vec::new();
                key.pending(&mut named);
                named.iter().all(|id| known.contains_key(id))
            });
            fields
                .map(|(key, value)| (key.filled(known), filled(&value, known)))
                .collect()
        }
        (None, Value::Array(items)) => items.iter().map(|item| filled(item, known)).collect(),
        (None, Value::Object(fields)) => {
            let fields = fields.iter();
            fields
                .map(|(key, field)| (key.clone(), filled(field, known)))
                .collect()
        }
        (None, value) => value.clone(),
    }
}

/// Adds the pending ids of a request to `found`, in order of appearance.
pub fn pending(template: &Value, found: &mut Vec<PendingId>) {
    match (marker(template), template) {
        (Some(Marker::Pending(id)), _) => found.push(id),
        (Some(Marker::Text(text)), _) => text.pending(found),
        (Some(Marker::Fields(fields)), _) => {
            for (key, value) in fields {
                key.pending(found);
                pending(&value, found);
            }
        }
        (None, Value::Array(items)) => items.iter().for_each(|item| pending(item, found)),
        (None, Value::Object(fields)) => fields.values().for_each(|field| pending(field, found)),
        (None, _) => {}
    }
}

/// What is sent in the place of a pending id.
pub fn filled_id(id: PendingId, known: &Known) -> String {
    known.get(&id).cloned().unwrap_or_else(|| id.nothing())
}

/// What an object of a plan can stand for.
enum Marker {
    Pending(PendingId),
    Text(Text),
    Fields(Vec<(Text, Value)>),
}

/// What this object stands for, if it is no object of a request. Requests have objects
/// in their properties, never a string or a list, so a property cannot be taken for one.
fn marker(value: &Value) -> Option<Marker> {
    let fields = value.as_object().filter(|fields| fields.len() == 1)?;
    let (key, inner) = fields.iter().next()?;
    match (key.as_str(), inner) {
        (PENDING, Value::String(id)) => Some(Marker::Pending(id.parse().ok()?)),
        (TEXT, Value::Array(pieces)) => {
            let pieces: Option<_> = pieces.iter().map(piece).collect();
            Some(Marker::Text(Text(pieces?)))
        }
        (FIELDS, Value::Array(_)) => {
            let fields = serde_json::from_value(inner.clone()).ok()?;
            Some(Marker::Fields(fields))
        }
        _ => None,
    }
}

fn piece(value: &Value) -> Option<Piece> {
    match (value.as_str(), value[PLAIN].as_str(), marker(value)) {
        (Some(words), ..) => Some(Piece::Words(words.to_owned())),
        (_, Some(id), _) => Some(Piece::PlainId(id.parse().ok()?)),
        (.., Some(Marker::Pending(id))) => Some(Piece::Id(id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(bits: u128) -> NotionId {
        NotionId::from_bits(bits)
    }

    #[test]
    fn pending_ids_differ_by_what_they_are_for() {
        let all = [
            PendingId::of(id(7)),
            PendingId::of(id(8)),
            PendingId::property(id(7), "Name"),
            PendingId::property(id(7), "Names"),
            PendingId::named("x"),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(PendingId::of(id(7)), PendingId::of(id(7)));
    }

    #[test]
    fn ids_are_filled_in_where_they_stand() {
        let (page, property) = (PendingId::named("page"), PendingId::named("property"));
        let new = id(0xabc);
        let known = Known::from([(page, new.to_string()), (property, "f%5C%3Ap".to_string())]);
        let url = Text::from("https://www.notion.so/A-title-")
            .plain_id(page)
            .then("?x=1#")
            .plain_id(id(5));
        let request = json!({
            "parent": {"page_id": page},
            "url": url,
            "sorts": fields(vec![(property.into(), json!([1, null, page]))]),
            "other": {"deep": [PendingId::named("unknown")]},
            "short": "8",
        });
        let mut found = Vec::new();
        pending(&request, &mut found);
        found.sort();
        let mut wanted = vec![page, page, page, property, PendingId::named("unknown")];
        wanted.sort();
        assert_eq!(found, wanted);
        // A plan is written and read again.
        let request: Value = serde_json::from_str(&request.to_string()).unwrap();
        assert_eq!(
            filled(&request, &known),
            json!({
                "parent": {"page_id": new},
                "url": format!("https://www.notion.so/A-title-{:032x}?x=1#{:032x}", new.bits(), 5),
                "sorts": {"f%5C%3Ap": [1, null, new]},
                "other": {"deep": [PendingId::named("unknown").nothing()]},
                "short": "8",
            })
        );
        assert_eq!(
            url.units(),
            "https://www.notion.so/A-title-?x=1#".len() + 64
        );
    }

    #[test]
    fn no_text_and_no_id_is_taken_for_a_pending_id() {
        let page = PendingId::named("page");
        let known = Known::from([(page, "WRONG".to_string())]);
        let ids = [page.nothing(), page.to_string(), id(8 << 76).to_string()];
        for text in ids.into_iter().chain([
            json!(page).to_string(),
            format!("see {page} and {{\"{PENDING}\":\"{page}\"}}"),
            json!(Text::from("a").plain_id(page)).to_string(),
            PENDING.to_string(),
        ]) {
            let request = json!({
                "parent": {"page_id": text},
                "properties": {&text: {"title": [{"text": {"content": text}}]}},
                "lonely": {"name": &text},
            });
            let mut found = Vec::new();
            pending(&request, &mut found);
            assert_eq!(found, [], "{text}");
            assert_eq!(filled(&request, &known), request, "{text}");
        }
    }

    #[test]
    fn properties_may_have_the_names_of_markers() {
        let known = Known::new();
        for name in [PENDING, PLAIN, TEXT, FIELDS] {
            for value in [
                json!({"number": 1}),
                json!({"title": []}),
                json!({}),
                Value::Null,
            ] {
                let request = json!({"properties": {name: value}});
                assert_eq!(filled(&request, &known), request);
            }
        }
    }
}

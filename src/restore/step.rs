//! Steps: the requests of a plan, in the order in which they may be sent.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::pending::{self, Known, PendingId, Text};
use crate::model::NotionId;
use crate::notion::Method;

/// What a step is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A page or database without (most of) what is in it.
    Skeleton,
    /// The columns of a data source.
    Schema,
    /// A row.
    Row,
    /// An attachment.
    File,
    /// Blocks.
    Body,
    /// Relations between rows, and text that names what was made later.
    Relation,
    /// A view.
    View,
    /// A comment.
    Comment,
    /// Locked, archived.
    State,
}

/// Where an answer tells an id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learn {
    /// JSON pointer into the answer, such as `/id` or `/results/0/id`.
    pub at: String,
    /// Whose id stands there.
    pub id: PendingId,
}

/// A request with pending ids in the place of ids to come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// The HTTP method.
    #[serde(with = "method")]
    pub method: Method,
    /// The path from `/v1` on.
    pub path: Text,
    /// The JSON body; `Null` for none.
    #[serde(default)]
    pub body: Value,
}

impl Template {
    /// The request with ids in the places of pending ones.
    pub fn filled(&self, known: &Known) -> Call {
        Call {
            method: self.method,
            path: self.path.filled(known),
            body: pending::filled(&self.body, known),
        }
    }
}

/// A request as it is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The HTTP method.
    pub method: Method,
    /// The path from `/v1` on.
    pub path: String,
    /// The JSON body; `Null` for none.
    pub body: Value,
}

/// The bytes of an attachment, and what they are uploaded as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytes {
    /// The file in the original, from its root on: `/<page id>/<sha256>.bin`.
    pub path: String,
    /// Its length in bytes.
    pub size: u64,
    /// The name to upload it under; at most 900 bytes (section 1.5 of the API digest).
    pub name: String,
    /// The content type to upload it with.
    pub content_type: String,
}

/// A column that takes the place of one that Notion refuses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StandIn {
    /// The name of both.
    pub name: String,
    /// What a request says of it.
    pub config: Value,
    /// What is lost, as the rest of a sentence.
    pub why: String,
}

/// A request that is sent where Notion refuses the step's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spare {
    /// Its body.
    pub body: Value,
    /// What it is about, for messages.
    pub what: String,
    /// What it lacks, each as the rest of "without".
    pub lost: Vec<String>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Sends one request.
    Call(Template),
    /// Uploads a file: one request for it, one for each part, and for several parts one
    /// more. The id in [`Step::learns`] at `/id` becomes the upload's id.
    Upload(Bytes),
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What it is part of.
    pub part: Part,
    /// The old id of what it restores, for messages and losses.
    pub about: NotionId,
    /// What it writes into: steps with the same lane are sent one after the other, in
    /// the order of the plan.
    pub lane: PendingId,
    /// How many first-level blocks, or how many rows, what it writes into has before, where
    /// the plan knows: so a lost answer can be told from a lost request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u32>,
    /// What it does.
    pub action: Action,
    /// The ids that its answer tells.
    pub learns: Vec<Learn>,
    /// What formulas in it become that Notion refuses. The answer has their ids under
    /// `/stand_ins`, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stand_ins: Vec<StandIn>,
    /// What is sent instead where Notion refuses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spare: Option<Spare>,
}

impl Step {
    /// The ids that must be known before it can be sent, in order of appearance.
    pub fn needs(&self) -> Vec<PendingId> {
        let mut found = Vec::new();
        if let Action::Call(call) = &self.action {
            call.path.pending(&mut found);
            pending::pending(&call.body, &mut found);
        }
        found
    }
}

mod method {
    //! The method as it stands in a request line.

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::notion::Method;

    pub fn serialize<S: Serializer>(method: &Method, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(method.as_str())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Method, D::Error> {
        let text = String::deserialize(input)?;
        [Method::Get, Method::Post, Method::Patch, Method::Delete]
            .into_iter()
            .find(|method| method.as_str() == text)
            .ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no method of the API")))
    }
}

//! What does not come back as it was, and why.

use serde::{Deserialize, Serialize};

use crate::model::NotionId;

/// How much is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Degree {
    /// A detail that no API call can set; the content is all there.
    Detail,
    /// A stand-in that names the original has its place.
    StandIn,
    /// It is not there.
    Missing,
}

/// One thing that does not come back as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Loss {
    /// The old id of the page, database, block, data source, view or comment.
    pub id: NotionId,
    /// The old id of the page or database that it is in, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<NotionId>,
    /// The title of that page or database, where that is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub on: String,
    /// Which part of it: `button block`, `property 'Owner'`, `icon`.
    pub what: String,
    /// Why, as the rest of a sentence: `the API cannot create it`.
    pub why: String,
    /// How much.
    pub degree: Degree,
}

/// What a translation has to say beside its result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// What does not come back as it was.
    pub losses: Vec<Loss>,
    /// Old ids that are restored only later ([`super::Target::Later`]) and were written
    /// as text: what was translated must be translated and written again then.
    pub later: Vec<NotionId>,
}

impl Notes {
    /// Adds a loss.
    pub fn lose(
        &mut self,
        id: NotionId,
        what: impl Into<String>,
        why: impl Into<String>,
        degree: Degree,
    ) {
        self.losses.push(Loss {
            id,
            page: None,
            on: String::new(),
            what: what.into(),
            why: why.into(),
            degree,
        });
    }
}

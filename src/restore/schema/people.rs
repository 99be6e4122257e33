//! Text columns for the names of people whom the target workspace does not have.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{About, Schemas};
use crate::model::{NotionId, type_of};
use crate::restore::{Degree, Targets};

/// Adds a text column beside each column of people that cannot come back whole.
pub(super) fn add_names(
    source: NotionId,
    properties: &BTreeMap<&str, &Value>,
    targets: &dyn Targets,
    made: &mut Schemas,
) {
    for (name, property) in properties {
        let why = match type_of(property) {
            "people" => targets.absent(source, name),
            _ => None,
        };
        let Some(why) = why else {
            continue;
        };
        let initial = made.initial.entry(source).or_default();
        let column = free(name, |candidate| {
            let same = |name: &str| name.to_lowercase() == candidate.to_lowercase();
            properties.keys().any(|name| same(name)) || initial.keys().any(|name| same(name))
        });
        initial.insert(
            column.clone(),
            json!({"type": "rich_text", "rich_text": {}}),
        );
        let about = About { source, name };
        let why = format!("{why}; the text column '{column}' beside it has the names of all");
        about.lose(&mut made.notes, why, Degree::StandIn);
        made.created.insert((source, column.clone()));
        made.names.insert((source, (*name).to_owned()), column);
    }
}

/// A name for the column that no other has.
fn free(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let first = format!("{name} (names)");
    let more = (2..).map(|number| format!("{name} (names {number})"));
    let mut all = std::iter::once(first).chain(more);
    all.find(|name| !taken(name)).unwrap_or_default()
}

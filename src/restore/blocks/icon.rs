//! Icons of callouts and tabs.

use serde_json::{Value, json};

use crate::model::{NotionId, type_of};
use crate::restore::{Degree, Notes, Targets};

/// The icon of a callout.
pub fn callout(
    read: &Value,
    owner: NotionId,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Option<Value> {
    icon(read, owner, targets, notes)
}

/// The icon of a tab.
pub fn icon(
    read: &Value,
    owner: NotionId,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Option<Value> {
    let kind = type_of(read);
    let inner = read.get(kind).unwrap_or(&Value::Null);
    match kind {
        "emoji" | "external" | "icon" => Some(json!({"type": kind, kind: inner})),
        "custom_emoji" => {
            let id = inner.get("id")?.as_str()?.parse().ok()?;
            let name = inner.get("name").and_then(Value::as_str);
            let new = targets.emoji(id, name.unwrap_or_default())?;
            Some(json!({"type": kind, kind: {"id": new}}))
        }
        "" => None,
        _ => {
            notes.lose(owner, "icon", "the API cannot write it", Degree::Detail);
            None
        }
    }
}

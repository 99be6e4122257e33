//! The properties that a view names, and their new ids.

use serde_json::Value;

use crate::model::NotionId;
use crate::restore::schema::{Schemas, same_property};
use crate::restore::{Targets, Token};

/// What the parts of one view are translated with.
pub(super) struct Columns<'a> {
    /// The restored data source: old id, schema, what is created of it. `None` where the
    /// view shows one outside of what is restored: there nothing changes.
    pub(super) restored: Option<(NotionId, Option<&'a Value>, &'a Schemas)>,
    pub(super) targets: &'a dyn Targets,
    /// What had to be left out, each as the rest of "without".
    pub(super) lost: Vec<String>,
}

impl Columns<'_> {
    /// What stands for a property, given by its old id or its name; `None` where it is
    /// not there.
    pub(super) fn property(&self, old: &str) -> Option<String> {
        let Some((source, schema, schemas)) = &self.restored else {
            return Some(old.to_string());
        };
        let properties = schema.and_then(|schema| schema.get("properties")?.as_object());
        let properties = properties?;
        let by_id = properties.iter().find(|(_, property)| {
            let id = property.get("id").and_then(Value::as_str);
            id.is_some_and(|id| same_property(id, old))
        });
        let (name, _) = by_id.or_else(|| properties.get_key_value(old))?;
        let there = schemas.creates(*source, name);
        there.then(|| Token::property(*source, name).to_string())
    }

    /// How a message calls a property.
    pub(super) fn shown(&self, old: &str) -> String {
        let schema = self.restored.as_ref().and_then(|(_, schema, _)| *schema);
        let properties = schema.and_then(|schema| schema.get("properties")?.as_object());
        let named = properties.into_iter().flatten().find(|(_, property)| {
            let id = property.get("id").and_then(Value::as_str);
            id.is_some_and(|id| same_property(id, old))
        });
        named.map_or(old, |(name, _)| name).to_string()
    }

    /// Notes that a part names a property which is not there.
    pub(super) fn without(&mut self, part: &str, property: &str) {
        let property = self.shown(property);
        self.lost
            .push(format!("{part}, as property '{property}' is not there"));
    }
}

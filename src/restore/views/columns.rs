//! The properties that a view names, and their new ids.

use serde_json::Value;

use crate::model::{NotionId, type_of};
use crate::restore::schema::{Results, Schemas, same_property};
use crate::restore::{PendingId, Targets, Text};

/// What the parts of one view are translated with.
pub(super) struct Columns<'a> {
    /// The restored data source: old id, schema, what is created of it. `None` where the
    /// view shows one outside of what is restored: there nothing changes.
    pub(super) restored: Option<(NotionId, Option<&'a Value>, &'a Schemas)>,
    pub(super) targets: &'a dyn Targets,
    /// Whether anything may go by a formula.
    pub(super) formulas: bool,
    /// What had to be left out, each as the rest of "without".
    pub(super) lost: Vec<String>,
}

impl<'a> Columns<'a> {
    /// What stands for a property, given by its old id or its name; `None` where it is
    /// not there.
    pub(super) fn property(&self, old: &str) -> Option<Text> {
        let Some((source, _, schemas)) = &self.restored else {
            return Some(old.into());
        };
        let (name, _) = self.original(old)?;
        let there = schemas.creates(*source, name);
        there.then(|| PendingId::property(*source, name).into())
    }

    /// The same for a property that rows are filtered, sorted, grouped or drawn by.
    pub(super) fn by(&self, old: &str) -> Option<Text> {
        let refused = !self.formulas && self.is_formula(old);
        self.property(old).filter(|_| !refused)
    }

    /// The name of the text column beside a column of people.
    pub(super) fn names(&self, old: &str) -> Option<Text> {
        let (source, _, schemas) = self.restored.as_ref()?;
        let (name, _) = self.original(old)?;
        let names = schemas.names(*source, name)?;
        Some(PendingId::property(*source, names).into())
    }

    /// The type of the plain column that a formula comes back as, where that is planned.
    pub(super) fn plain(&self, old: &str) -> Option<&'static str> {
        let (source, _, schemas) = self.restored.as_ref()?;
        let (name, _) = self.original(old)?;
        match schemas.results(*source, name)? {
            Results::Plain(kind) => Some(kind),
            Results::IfRefused(..) => None,
        }
    }

    /// Whether it is a formula that is sent as one.
    fn is_formula(&self, old: &str) -> bool {
        let kind = self.original(old).map(|(_, property)| type_of(property));
        kind == Some("formula") && self.plain(old).is_none()
    }

    /// A property of the original, by its id or its name.
    fn original(&self, old: &str) -> Option<(&'a String, &'a Value)> {
        let (_, schema, _) = self.restored.as_ref()?;
        let properties = schema.and_then(|schema| schema.get("properties")?.as_object())?;
        let by_id = properties.iter().find(|(_, property)| {
            let id = property.get("id").and_then(Value::as_str);
            id.is_some_and(|id| same_property(id, old))
        });
        by_id.or_else(|| properties.get_key_value(old))
    }

    /// How a message calls a property.
    pub(super) fn shown(&self, old: &str) -> String {
        self.original(old).map_or(old, |(name, _)| name).to_string()
    }

    /// Notes that a part names a property which is not there.
    pub(super) fn without(&mut self, part: &str, property: &str) {
        let shown = self.shown(property);
        self.lost.push(match self.property(property) {
            Some(_) => format!("{part} by the formula '{shown}'"),
            None => format!("{part}, as property '{shown}' is not there"),
        });
    }
}

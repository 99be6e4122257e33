//! Filters, quick filters and sorts.

use serde_json::{Map, Value, json};

use super::columns::Columns;
use crate::restore::pending::fields;
use crate::restore::schema::writable_option;

/// What a condition can be about (the API's own types).
const KINDS: &str = "title rich_text number checkbox select multi_select status date people \
    files url email phone_number relation created_by created_time last_edited_by \
    last_edited_time formula unique_id rollup verification";

impl Columns<'_> {
    /// A filter; `None` when nothing of it is left.
    pub(super) fn filter(&mut self, filter: &Value) -> Option<Value> {
        for together in ["and", "or"] {
            if let Some(parts) = filter.get(together).and_then(Value::as_array) {
                let parts: Vec<Value> = parts.iter().filter_map(|part| self.filter(part)).collect();
                return (!parts.is_empty()).then(|| json!({together: parts}));
            }
        }
        if let Some(kind) = filter.get("timestamp").and_then(Value::as_str) {
            let condition = filter.get(kind)?;
            return Some(json!({"timestamp": kind, kind: condition}));
        }
        let old = filter.get("property")?.as_str()?;
        let Some(new) = self.by(old) else {
            self.without("a filter", old);
            return None;
        };
        let mut made = self.condition(filter, "a filter", old)?;
        made.insert("property".into(), json!(new));
        Some(Value::Object(made))
    }

    /// Quick filters: conditions by property. An empty condition is one, too.
    pub(super) fn quick_filters(&mut self, filters: &Value) -> Option<Value> {
        let mut made = Vec::new();
        for (old, filter) in filters.as_object()? {
            let Some(new) = self.by(old) else {
                self.without("a quick filter", old);
                continue;
            };
            let empty = filter.as_object().is_none_or(Map::is_empty);
            let condition = if empty {
                Some(Map::new())
            } else {
                self.condition(filter, "a quick filter", old)
            };
            if let Some(condition) = condition {
                made.push((new, Value::Object(condition)));
            }
        }
        (!made.is_empty()).then(|| fields(made))
    }

    /// Sorts, in order; `None` when none is left.
    pub(super) fn sorts(&mut self, sorts: &Value) -> Option<Value> {
        let mut made = Vec::new();
        for sort in sorts.as_array()? {
            let direction = sort.get("direction").unwrap_or(&Value::Null);
            if let Some(kind) = sort.get("timestamp") {
                made.push(json!({"timestamp": kind, "direction": direction}));
            } else if let Some(old) = sort.get("property").and_then(Value::as_str) {
                match self.by(old) {
                    Some(new) => made.push(json!({"property": new, "direction": direction})),
                    None => self.without("a sort", old),
                }
            }
        }
        (!made.is_empty()).then_some(Value::Array(made))
    }

    /// What a filter says about its property.
    fn condition(&mut self, filter: &Value, part: &str, old: &str) -> Option<Map<String, Value>> {
        let fields = filter.as_object()?;
        let found = fields
            .iter()
            .find(|(kind, _)| KINDS.split_whitespace().any(|known| known == *kind));
        let made = found.and_then(|(kind, operators)| {
            if let Some(plain) = self.plain(old) {
                // `{"formula": {"string": {...}}}` on what is a plain column now.
                let (inner, operators) = operators.as_object()?.iter().next()?;
                let same = inner == plain || (inner == "string" && plain == "rich_text");
                return same.then(|| Map::from_iter([(plain.to_owned(), operators.clone())]));
            }
            let operators = self.operators(kind, operators)?;
            Some(Map::from_iter([(kind.clone(), operators)]))
        });
        if made.is_none() {
            let property = self.shown(old);
            let lost = format!("{part} by '{property}', which names what is not there");
            self.lost.push(lost);
        }
        made
    }

    /// The operators of a condition, with what they compare with; `None` where that is
    /// not there.
    fn operators(&self, kind: &str, operators: &Value) -> Option<Value> {
        let mut made = Map::new();
        for (operator, with) in operators.as_object()? {
            let with = match kind {
                "rollup" | "formula" => self.nested(kind, operator, with)?,
                "relation" | "people" | "created_by" | "last_edited_by" if with.is_string() => {
                    self.object(kind, with.as_str()?)?
                }
                "select" | "multi_select" | "status" => option(with),
                _ => with.clone(),
            };
            made.insert(operator.clone(), with);
        }
        (!made.is_empty()).then_some(Value::Object(made))
    }

    /// `{"any": {"select": {...}}}` of a rollup, `{"string": {...}}` of either.
    fn nested(&self, kind: &str, operator: &str, with: &Value) -> Option<Value> {
        if kind == "formula" || matches!(operator, "number" | "date") {
            return Some(with.clone());
        }
        let mut made = Map::new();
        for (kind, operators) in with.as_object()? {
            made.insert(kind.clone(), self.operators(kind, operators)?);
        }
        Some(Value::Object(made))
    }

    /// A page or a person that something is compared with.
    fn object(&self, kind: &str, old: &str) -> Option<Value> {
        if old == "me" {
            return Some(json!(old));
        }
        let old = old.parse().ok()?;
        if kind != "relation" {
            return Some(json!(self.targets.user(old)?));
        }
        let new = self.targets.find(old).reference()?;
        Some(json!(new))
    }
}

/// The names of options as they are written.
fn option(with: &Value) -> Value {
    match with {
        Value::String(name) => json!(writable_option(name)),
        Value::Array(names) => names.iter().map(option).collect(),
        with => with.clone(),
    }
}

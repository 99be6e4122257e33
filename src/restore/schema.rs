//! The columns of data sources, as requests that make them again.
//!
//! Most properties need nothing but their own data source and go into the request that
//! creates it. Relations need another data source, rollups a relation, formulas any of
//! these, and each refers to the others by name; so the rest comes in *levels*: one
//! change per level and data source, with everything that the levels before made
//! possible. All data sources are planned together, because rollups and formulas reach
//! across them, and because a two-way relation is made from one side only: its other
//! side, the *mirror*, appears by itself and gets its name afterwards (section 5 of the
//! API digest).

mod computed;
mod formula;
mod levels;
mod names;
mod options;
mod people;
mod plain;
mod relation;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

pub use computed::Results;
pub use names::same_property;
pub use options::{MOST_OPTIONS, option_made_by_value, writable_option};

use super::pending::fields;
use super::{Degree, Learn, Notes, PendingId, StandIn, Targets};
use crate::model::{NotionId, id_of, type_of};
use relation::Side;

/// How all columns come back.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    /// For each data source, by old id, the `properties` of the request that creates it:
    /// the title and everything that needs no other data source.
    pub initial: BTreeMap<NotionId, Map<String, Value>>,
    /// What follows. To be sent one after the other, in this order, across all data
    /// sources: they name each other's properties by name, not by token.
    pub changes: Vec<Change>,
    /// What does not come back as it was; the ids are those of the data sources.
    pub notes: Notes,
    created: BTreeSet<(NotionId, String)>,
    sides: BTreeMap<(NotionId, String), Side>,
    results: BTreeMap<(NotionId, String), Results>,
    names: BTreeMap<(NotionId, String), String>,
}

/// One `PATCH /data_sources/{id}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The old id of the data source; the path has what it becomes.
    pub source: NotionId,
    /// The body's `properties`.
    pub properties: Map<String, Value>,
    /// Columns that Notion made, on the other side of a relation, and their names here.
    pub renames: Vec<(PendingId, String)>,
    /// The property ids that the answer tells, those of mirrors on other data sources
    /// included.
    pub learns: Vec<Learn>,
    /// What formulas become that Notion refuses.
    pub stand_ins: Vec<StandIn>,
    /// The names of the properties, for messages.
    pub about: Vec<String>,
}

impl Change {
    /// The body of the request.
    pub fn body(&self) -> Value {
        let properties = self.properties.iter();
        let named = properties.map(|(name, config)| (name.as_str().into(), config.clone()));
        let renames = self.renames.iter();
        let renamed = renames.map(|(id, name)| ((*id).into(), json!({ "name": name })));
        json!({ "properties": fields(named.chain(renamed).collect()) })
    }
}

impl Schemas {
    /// Whether the data source gets the property with this name back.
    pub fn creates(&self, source: NotionId, name: &str) -> bool {
        self.created.contains(&(source, name.to_string()))
    }

    /// Whether the values of this relation are written on its own rows. Those of a
    /// mirror appear when the other side is written.
    pub fn writes(&self, source: NotionId, name: &str) -> bool {
        let side = self.sides.get(&(source, name.to_string()));
        !matches!(side, Some(Side::Mirror { .. }))
    }

    /// How the values of a formula come back, where they do not come by themselves.
    pub fn results(&self, source: NotionId, name: &str) -> Option<&Results> {
        self.results.get(&(source, name.to_string()))
    }

    /// The text column that has the names of all people in this column of people, where
    /// some of them are not in the target workspace.
    pub fn names(&self, source: NotionId, name: &str) -> Option<&str> {
        let names = self.names.get(&(source, name.to_string()));
        names.map(String::as_str)
    }

    /// The other side of a two-way relation that comes back as one.
    pub fn other_side(&self, source: NotionId, name: &str) -> Option<(NotionId, &str)> {
        match self.sides.get(&(source, name.to_string()))? {
            Side::Both { source, name } | Side::Mirror { source, name } => Some((*source, name)),
            Side::One { .. } => None,
        }
    }
}

/// Where the answer to a request about a data source tells the id of a property.
pub fn learn_property(source: NotionId, name: &str) -> Learn {
    Learn {
        at: format!("/properties/{}/id", escaped(name)),
        id: PendingId::property(source, name),
    }
}

/// A key as JSON pointers have it.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Plans the columns of data sources, given as `data_sources.json` has them.
pub fn schemas(sources: &[Value], targets: &dyn Targets) -> Schemas {
    let index = Index::new(sources);
    let mut made = Schemas::default();
    let mut late = Vec::new();
    for (source, properties) in &index.properties {
        let mut initial = Map::new();
        for (name, property) in properties {
            let about = About {
                source: *source,
                name,
            };
            match type_of(property) {
                "relation" => {
                    if let Some(side) =
                        relation::side(&about, property, &index, targets, &mut made.notes)
                    {
                        made.sides.insert((*source, name.to_string()), side);
                    }
                }
                "formula" if computed::expression(property).is_none() => {
                    let why = "the original does not have its formula";
                    let key = (*source, name.to_string());
                    let stand_in = computed::stand_in(&key, property, "unknown", targets);
                    computed::plain(&key, stand_in, why, &mut made);
                }
                "rollup" | "formula" => late.push((*source, *name)),
                _ => {
                    if let Some(config) = plain::config(&about, property, &mut made.notes) {
                        initial.insert(name.to_string(), config);
                        made.created.insert((*source, name.to_string()));
                    }
                }
            }
        }
        if !initial.values().any(|config| config.get("title").is_some()) {
            initial.insert("Name".into(), json!({"title": {}}));
        }
        made.initial.entry(*source).or_default().extend(initial);
        people::add_names(*source, properties, targets, &mut made);
    }
    for source in sources {
        if let (Some(id), "data_source_id") = (id_of(source), type_of(&source["parent"])) {
            let why = "the connection to where its rows came from cannot be set up again";
            made.notes.lose(id, "synced database", why, Degree::Detail);
        }
    }
    made.changes = levels::changes(&index, &late, targets, &mut made);
    made
}

/// What a loss is about.
struct About<'a> {
    source: NotionId,
    name: &'a str,
}

impl About<'_> {
    fn lose(&self, notes: &mut Notes, why: impl Into<String>, degree: Degree) {
        let what = format!("property '{}'", self.name);
        notes.lose(self.source, what, why, degree);
    }
}

/// All properties of all data sources.
struct Index<'a> {
    properties: BTreeMap<NotionId, BTreeMap<&'a str, &'a Value>>,
}

impl<'a> Index<'a> {
    fn new(sources: &'a [Value]) -> Index<'a> {
        let properties = sources.iter().filter_map(|source| {
            let properties = source.get("properties").and_then(Value::as_object);
            let named = properties
                .into_iter()
                .flatten()
                .map(|(name, property)| (name.as_str(), property));
            Some((id_of(source)?, named.collect()))
        });
        Index {
            properties: properties.collect(),
        }
    }

    fn property(&self, source: NotionId, name: &str) -> Option<&'a Value> {
        self.properties.get(&source)?.get(name).copied()
    }

    /// The name of a property that something refers to by id, or else by name.
    fn name(&self, source: NotionId, id: &Value, name: &Value) -> Option<&'a str> {
        let properties = self.properties.get(&source)?;
        names::find(properties, id.as_str(), name.as_str())
    }
}

#[cfg(test)]
mod tests;

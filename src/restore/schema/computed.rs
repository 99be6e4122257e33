//! Formulas: how each is sent, and the plain column that takes its place where it cannot
//! be, with the values that the backup has.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::formula::{self, ByWhat, Key, Part, Refused};
use super::levels::Waiting;
use super::{About, Index, Schemas, escaped, plain};
use crate::model::{NotionId, type_of};
use crate::restore::{Degree, Learn, PendingId, StandIn, Targets};

/// How the values of a formula come back where they do not come by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Results {
    /// The column is a plain one of this type.
    Plain(&'static str),
    /// The column becomes one of this type if Notion refuses the formula. Values go to
    /// what the id becomes then; where it becomes nothing, they are not sent.
    IfRefused(&'static str, PendingId),
}

/// All formulas that can be sent, taken apart, with the texts of those that they use in
/// place.
pub(super) struct Formulas {
    parts: BTreeMap<Key, Vec<Part>>,
}

impl Formulas {
    /// Reads the formulas among `late`. Those that cannot be sent become plain columns.
    pub(super) fn read(
        index: &Index,
        late: &[(NotionId, &str)],
        targets: &dyn Targets,
        made: &mut Schemas,
    ) -> Formulas {
        let mut parts: BTreeMap<Key, Vec<Part>> = BTreeMap::new();
        for (source, name) in late {
            let property = index.property(*source, name).unwrap_or(&Value::Null);
            let Some(expression) = expression(property) else {
                continue;
            };
            let find = |stated: Option<NotionId>, text: &str, by: ByWhat| {
                let source = stated.unwrap_or(*source);
                let found = match by {
                    ByWhat::Id => index.name(source, &json!(text), &Value::Null),
                    ByWhat::Name => index.name(source, &Value::Null, &json!(text)),
                }?;
                Some((source, found.to_owned()))
            };
            let found = formula::parts(expression, &find, targets);
            parts.insert((*source, (*name).to_owned()), found);
        }
        let refused = refused(&parts);
        for (key, why) in &refused {
            let property = index.property(key.0, &key.1).unwrap_or(&Value::Null);
            let why = match why {
                Refused::Circle(name) => format!("its formula uses '{name}', which uses it"),
                Refused::Long => {
                    let most = formula::LONGEST;
                    format!("with the formulas that it uses, its formula is over {most} bytes")
                }
            };
            let shown = parts.get(key).map(|parts| formula::shown(parts));
            let stand_in = stand_in(key, property, &shown.unwrap_or_default(), targets);
            plain(key, stand_in, &why, made);
        }
        let sent = parts.keys().filter(|key| !refused.contains_key(*key));
        let inlined = sent.filter_map(|key| {
            let inlined = inlined(key, &parts, &refused).ok()?;
            Some((key.clone(), inlined))
        });
        let mut inlined: BTreeMap<Key, Vec<Part>> = inlined.collect();
        inlined.retain(|key, parts| {
            let mut unknown = parts.iter().filter_map(Part::unknown_property);
            let Some(mark) = unknown.next() else {
                return true;
            };
            let property = index.property(key.0, &key.1).unwrap_or(&Value::Null);
            let why = format!("its formula uses a property that is not restored ({mark})");
            let stand_in = stand_in(key, property, &formula::shown(parts), targets);
            plain(key, stand_in, &why, made);
            false
        });
        Formulas { parts: inlined }
    }

    /// How a formula is made; `None` for one that is not sent, of which all is said.
    pub(super) fn waiting(
        &self,
        about: &About,
        property: &Value,
        index: &Index,
        targets: &dyn Targets,
    ) -> Option<Waiting> {
        let key = (about.source, about.name.to_owned());
        let parts = self.parts.get(&key)?;
        let used = formula::keys(parts);
        let itself = |used: &Key| *used == key;
        let foreign = parts.iter().filter_map(|part| match part {
            Part::Foreign(name) => Some(name),
            _ => None,
        });
        let sources = || index.properties.keys();
        let guessed = foreign.flat_map(|name| sources().map(|source| (*source, name.clone())));
        let soft = guessed.filter(|guess| !itself(guess)).collect();
        let shown = formula::shown(parts);
        let text = formula::written(&key, parts, targets.workspace());
        let config = json!({"type": "formula", "formula": {"expression": text}});
        Some(Waiting {
            config: plain::described(config, property),
            hard: used.into_iter().filter(|used| !itself(used)).collect(),
            soft,
            text: format!("its expression was: {shown}"),
            stand_in: Some(stand_in(&key, property, &shown, targets)),
        })
    }
}

/// A formula with the texts of those that it uses, the refused ones apart: these become
/// plain columns, which are used as any other.
fn inlined(
    key: &Key,
    parts: &BTreeMap<Key, Vec<Part>>,
    refused: &BTreeMap<Key, Refused>,
) -> Result<Vec<Part>, Refused> {
    let sent = |key: &Key| parts.get(key).filter(|_| !refused.contains_key(key));
    formula::inlined(key, &|key| sent(key).map(Vec::as_slice))
}

/// The formulas that cannot be sent: as few as end all circles and are too long.
fn refused(parts: &BTreeMap<Key, Vec<Part>>) -> BTreeMap<Key, Refused> {
    let none = BTreeMap::new();
    let failing = parts.keys();
    let failing = failing.filter_map(|key| Some((key.clone(), inlined(key, parts, &none).err()?)));
    let mut refused: BTreeMap<Key, Refused> = failing.collect();
    let keys: Vec<Key> = refused.keys().cloned().collect();
    for key in keys {
        refused.remove(&key);
        if let Err(why) = inlined(&key, parts, &refused) {
            refused.insert(key, why);
        }
    }
    // One that could be sent before may use one that was found to be sendable later.
    loop {
        let sent = parts.keys().filter(|key| !refused.contains_key(*key));
        let mut failing = sent.filter_map(|key| Some((key, inlined(key, parts, &refused).err()?)));
        let Some((key, why)) = failing.next() else {
            break;
        };
        let key = key.clone();
        drop(failing);
        refused.insert(key, why);
    }
    refused
}

/// The text of a formula.
pub(super) fn expression(property: &Value) -> Option<&str> {
    property.pointer("/formula/expression")?.as_str()
}

/// The plain column that takes the place of a formula.
pub(super) fn stand_in(key: &Key, property: &Value, shown: &str, targets: &dyn Targets) -> StandIn {
    let results = targets.results(key.0, &key.1);
    let mut kinds = results.iter().filter_map(|result| match result.as_str() {
        "number" => Some("number"),
        "boolean" => Some("checkbox"),
        "date" => Some("date"),
        "string" => Some("rich_text"),
        _ => None,
    });
    let kind = match (kinds.next(), kinds.next()) {
        (Some(kind), None) => kind,
        // Of several types, or of none that is known.
        _ => "rich_text",
    };
    let mut why = format!(
        "it is a plain column of type {kind} with the values of the backup; its formula was: {shown}"
    );
    if results.contains("unsupported") {
        why.push_str(" (some values are not in the backup: Notion gave them as 'unsupported')");
    }
    StandIn {
        name: key.1.clone(),
        config: plain::described(json!({"type": kind, kind: {}}), property),
        why,
    }
}

/// Plans a plain column in the place of a formula.
pub(super) fn plain(key: &Key, stand_in: StandIn, why: &str, made: &mut Schemas) {
    let about = About {
        source: key.0,
        name: &key.1,
    };
    let kind = kind_of(&stand_in);
    let why = format!("{why}: {}", stand_in.why);
    about.lose(&mut made.notes, why, Degree::StandIn);
    let initial = made.initial.entry(key.0).or_default();
    initial.insert(key.1.clone(), stand_in.config);
    made.created.insert(key.clone());
    made.results.insert(key.clone(), Results::Plain(kind));
}

/// How the values of a formula that is sent come back.
pub(super) fn if_refused(key: &Key, stand_in: &StandIn) -> Results {
    Results::IfRefused(kind_of(stand_in), plain_column(key))
}

/// Where an answer tells the id of the column in the place of a formula.
pub(super) fn learn(key: &Key, stand_in: &StandIn) -> Learn {
    Learn {
        at: format!("/stand_ins/{}", escaped(&stand_in.name)),
        id: plain_column(key),
    }
}

fn plain_column(key: &Key) -> PendingId {
    PendingId::named(&format!("plain column {} {}", key.0, key.1))
}

fn kind_of(stand_in: &StandIn) -> &'static str {
    let kind = type_of(&stand_in.config);
    let known = ["number", "checkbox", "date"];
    known
        .into_iter()
        .find(|it| *it == kind)
        .unwrap_or("rich_text")
}

//! The order in which relations, rollups and formulas can be made.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::computed::{self, Formulas};
use super::formula::Key;
use super::relation::{self, Side};
use super::{About, Change, Index, Schemas, escaped, learn_property, plain};
use crate::model::{NotionId, type_of};
use crate::restore::{Degree, Learn, PendingId, StandIn, Targets};

/// Rollup functions (section 5.2 of the API digest).
const FUNCTIONS: &str = "count count_values empty not_empty unique show_unique percent_empty \
    percent_not_empty sum average median min max range earliest_date latest_date date_range \
    checked unchecked percent_checked percent_unchecked count_per_group percent_per_group \
    show_original";

/// A rollup or formula that waits for others.
pub(super) struct Waiting {
    pub(super) config: Value,
    /// What must be there before, or it cannot be.
    pub(super) hard: Vec<Key>,
    /// What must be there before, if it comes at all.
    pub(super) soft: Vec<Key>,
    /// For messages: what is lost without it.
    pub(super) text: String,
    /// What a formula becomes where it cannot be.
    pub(super) stand_in: Option<StandIn>,
}

/// All changes, in order; notes what is created and what cannot be.
pub(super) fn changes(
    index: &Index,
    late: &[(NotionId, &str)],
    targets: &dyn Targets,
    made: &mut Schemas,
) -> Vec<Change> {
    let mut order = Order::default();
    for ((source, name), side) in &made.sides {
        let property = index.property(*source, name).unwrap_or(&Value::Null);
        let key = (*source, name.clone());
        match side {
            Side::Mirror { .. } => {
                order.rename(2, &key);
                // A description comes with a type only (the API's own types), and to say
                // again that this is a two-way relation might make one more.
                if property.get("description").is_some_and(Value::is_string) {
                    let why = "its description can only be set where it is made";
                    let what = format!("property '{name}'");
                    made.notes.lose(*source, what, why, Degree::Detail);
                }
            }
            Side::One { .. } | Side::Both { .. } => {
                let Some(config) = relation::config(side, property, targets) else {
                    continue;
                };
                let mirror = match side {
                    Side::Both { source, name: back } => vec![Learn {
                        at: format!(
                            "/properties/{}/relation/dual_property/synced_property_id",
                            escaped(name)
                        ),
                        id: PendingId::property(*source, back),
                    }],
                    _ => vec![],
                };
                order.add(1, &key, config, mirror);
            }
        }
        made.created.insert(key);
    }
    let formulas = Formulas::read(index, late, targets, made);
    let mut waiting: BTreeMap<Key, Waiting> = BTreeMap::new();
    for (source, name) in late {
        let Some(property) = index.property(*source, name) else {
            continue;
        };
        let about = About {
            source: *source,
            name,
        };
        let found = match type_of(property) {
            "rollup" => rollup(&about, property, index, made),
            _ => formulas.waiting(&about, property, index, targets),
        };
        if let Some(found) = found {
            waiting.insert((*source, name.to_string()), found);
        }
    }
    settle(waiting, &mut order, made);
    order.changes.into_values().collect()
}

/// Puts everything that waits behind what it waits for.
fn settle(mut waiting: BTreeMap<Key, Waiting>, order: &mut Order, made: &mut Schemas) {
    while !waiting.is_empty() {
        let names: BTreeSet<Key> = waiting.keys().cloned().collect();
        let mut lost = Vec::new();
        let mut ready = Vec::new();
        for (key, it) in &waiting {
            let missing = |need: &&Key| !names.contains(need) && !made.created.contains(need);
            if let Some((_, name)) = it.hard.iter().find(missing) {
                lost.push((key.clone(), name.clone()));
            } else if !it
                .hard
                .iter()
                .chain(&it.soft)
                .any(|need| names.contains(need))
            {
                ready.push(key.clone());
            }
        }
        if lost.is_empty() && ready.is_empty() {
            // A circle comes from guessing which data source has a name.
            let guessed = |it: &Waiting| !it.hard.iter().any(|need| names.contains(need));
            match waiting.iter().find(|(_, it)| guessed(it)) {
                Some((key, _)) => ready.push(key.clone()),
                None => {
                    let first = waiting.iter().next();
                    let needs = first.and_then(|(key, it)| Some((key, it.hard.first()?)));
                    lost.extend(needs.map(|(key, (_, name))| (key.clone(), name.clone())));
                }
            }
        }
        for (key, name) in &lost {
            if let Some(it) = waiting.remove(key) {
                let why = format!("it uses '{name}', which cannot be created");
                match it.stand_in {
                    Some(stand_in) => computed::plain(key, stand_in, &why, made),
                    None => {
                        let about = About {
                            source: key.0,
                            name: &key.1,
                        };
                        let why = format!("{why} ({})", it.text);
                        about.lose(&mut made.notes, why, Degree::Missing);
                    }
                }
            }
        }
        for key in ready {
            if let Some(it) = waiting.remove(&key) {
                let needs = it.hard.iter().chain(&it.soft);
                let level = needs.filter_map(|need| order.levels.get(need)).max();
                let level = level.copied().unwrap_or(0) + 1;
                let more = it
                    .stand_in
                    .as_ref()
                    .map(|stand_in| computed::learn(&key, stand_in));
                let more = more.into_iter().collect();
                order.add(level, &key, it.config, more);
                if let Some(stand_in) = it.stand_in {
                    made.results
                        .insert(key.clone(), computed::if_refused(&key, &stand_in));
                    order.stand_in(level, key.0, stand_in);
                }
                made.created.insert(key);
            }
        }
    }
}

/// What is made when.
#[derive(Default)]
struct Order {
    levels: BTreeMap<Key, u32>,
    changes: BTreeMap<(u32, NotionId), Change>,
}

impl Order {
    fn add(&mut self, level: u32, key: &Key, config: Value, more: Vec<Learn>) {
        let change = self.change(level, key);
        change.properties.insert(key.1.clone(), config);
        change.learns.extend(more);
    }

    /// Gives a column its name that Notion made with a relation.
    fn rename(&mut self, level: u32, key: &Key) {
        let (source, name) = key;
        let made = PendingId::property(*source, name);
        self.change(level, key).renames.push((made, name.clone()));
    }

    /// The change that a column is part of, which answers the column's id.
    fn change(&mut self, level: u32, key: &Key) -> &mut Change {
        let (source, name) = key;
        self.levels.insert(key.clone(), level);
        let change = self
            .changes
            .entry((level, *source))
            .or_insert_with(|| Change {
                source: *source,
                properties: Map::new(),
                renames: Vec::new(),
                learns: Vec::new(),
                stand_ins: Vec::new(),
                about: Vec::new(),
            });
        change.learns.push(learn_property(*source, name));
        change.about.push(name.clone());
        change
    }

    fn stand_in(&mut self, level: u32, source: NotionId, stand_in: StandIn) {
        if let Some(change) = self.changes.get_mut(&(level, source)) {
            change.stand_ins.push(stand_in);
        }
    }
}

fn rollup(about: &About, property: &Value, index: &Index, made: &mut Schemas) -> Option<Waiting> {
    let read = property.get("rollup").unwrap_or(&Value::Null);
    let relation = index.name(
        about.source,
        &read["relation_property_id"],
        &read["relation_property_name"],
    );
    let Some(relation) = relation else {
        let why = "the original does not say which relation it follows";
        about.lose(&mut made.notes, why, Degree::Missing);
        return None;
    };
    let mut hard = vec![(about.source, relation.to_string())];
    let leads_to = index
        .property(about.source, relation)
        .and_then(relation::leads_to);
    let there = leads_to.filter(|source| index.properties.contains_key(source));
    let rolled = match there {
        Some(source) => {
            let (id, name) = (&read["rollup_property_id"], &read["rollup_property_name"]);
            let name = index.name(source, id, name);
            hard.extend(name.map(|name| (source, name.to_string())));
            name
        }
        None => read["rollup_property_name"].as_str(),
    };
    let Some(rolled) = rolled else {
        let why = "the original does not say which property it rolls up";
        about.lose(&mut made.notes, why, Degree::Missing);
        return None;
    };
    let function = read["function"].as_str().unwrap_or("show_original");
    let known = FUNCTIONS.split_whitespace().any(|known| known == function);
    if !known {
        let why = format!("the API cannot set its function '{function}': it shows the originals");
        about.lose(&mut made.notes, why, Degree::Detail);
    }
    let function = if known { function } else { "show_original" };
    let config = json!({"type": "rollup", "rollup": {"function": function,
        "relation_property_name": relation, "rollup_property_name": rolled}});
    Some(Waiting {
        config: plain::described(config, property),
        hard,
        soft: vec![],
        text: format!("it rolled up '{rolled}' of '{relation}' with {function}"),
        stand_in: None,
    })
}

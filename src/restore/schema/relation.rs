//! Relations: what they lead to, and from which side they are made.

use serde_json::{Value, json};

use super::{About, Index, plain};
use crate::model::{NotionId, type_of};
use crate::restore::{Degree, Notes, Ref, Target, Targets};

/// How a relation is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// From here, and nothing is seen on the other side.
    One {
        /// The data source that it leads to.
        to: Ref,
        /// Its old id.
        old: NotionId,
    },
    /// From here, and the other side appears by itself.
    Both {
        /// The other side's data source.
        source: NotionId,
        /// The name that the other side has to get.
        name: String,
    },
    /// It appears when the other side is made.
    Mirror {
        /// The other side's data source.
        source: NotionId,
        /// The other side's name.
        name: String,
    },
}

/// Decides how a relation comes back; `None` when it cannot.
pub(super) fn side(
    about: &About,
    property: &Value,
    index: &Index,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Option<Side> {
    let Some(old) = leads_to(property) else {
        let why = "the original does not say where it leads";
        about.lose(notes, why, Degree::Missing);
        return None;
    };
    let dual = is_dual(property);
    let to = match targets.find(old) {
        Target::Made(id) | Target::Later(id) => Ref::from(id),
        Target::Same(id) => {
            if dual {
                let why = "it leads out of what is restored, and shows on this side only";
                about.lose(notes, why, Degree::Detail);
            }
            return Some(Side::One { to: id.into(), old });
        }
        Target::Gone => {
            let why = "what it leads to is neither restored nor within reach";
            about.lose(notes, why, Degree::Missing);
            return None;
        }
    };
    if !dual {
        return Some(Side::One { to, old });
    }
    let Some(name) = partner(about.source, about.name, index) else {
        let why = "its other side is not known, and it shows on this side only";
        about.lose(notes, why, Degree::Detail);
        return Some(Side::One { to, old });
    };
    if (old, name) == (about.source, about.name) {
        let why = "the API cannot make a relation that is its own other side: it goes one way";
        about.lose(notes, why, Degree::Detail);
        return Some(Side::One { to, old });
    }
    let (source, name) = (old, name.to_string());
    Some(if (about.source, about.name) < (source, &name) {
        Side::Both { source, name }
    } else {
        Side::Mirror { source, name }
    })
}

/// The request that makes a relation, if it is made from this side.
pub(super) fn config(side: &Side, property: &Value, targets: &dyn Targets) -> Option<Value> {
    let relation = match side {
        Side::One { to, .. } => {
            json!({"type": "single_property", "data_source_id": to, "single_property": {}})
        }
        Side::Both { source, .. } => match targets.find(*source) {
            Target::Made(token) | Target::Later(token) => {
                json!({"type": "dual_property", "data_source_id": token, "dual_property": {}})
            }
            Target::Same(_) | Target::Gone => return None,
        },
        Side::Mirror { .. } => return None,
    };
    let config = json!({"type": "relation", "relation": relation});
    Some(plain::described(config, property))
}

/// The old id of the data source that a relation leads to.
pub(super) fn leads_to(property: &Value) -> Option<NotionId> {
    property
        .get("relation")?
        .get("data_source_id")?
        .as_str()?
        .parse()
        .ok()
}

fn is_dual(property: &Value) -> bool {
    property.get("relation").map(type_of) == Some("dual_property")
}

/// The name of the other side of a two-way relation, if that agrees.
fn partner<'a>(source: NotionId, name: &str, index: &Index<'a>) -> Option<&'a str> {
    let (other, found) = synced(source, name, index)?;
    let back = synced(other, found, index)?;
    (back == (source, name)).then_some(found)
}

fn synced<'a>(source: NotionId, name: &str, index: &Index<'a>) -> Option<(NotionId, &'a str)> {
    let property = index.property(source, name)?;
    let other = leads_to(property)?;
    let dual = property.get("relation")?.get("dual_property")?;
    let (id, name) = (&dual["synced_property_id"], &dual["synced_property_name"]);
    let found = index.name(other, id, name)?;
    let relation = is_dual(index.property(other, found)?);
    relation.then_some((other, found))
}

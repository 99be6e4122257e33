//! Views, as the requests that create them.
//!
//! A view is shown with ids that mean nothing in the target workspace, and with keys
//! that only answers have. So each part is written again from what is known of it
//! (sections 2.6 and 7.5 of the API digest): properties by their new ids, pages and people
//! by theirs, and nothing that requests do not take. A part that names a property which
//! is not there is left out, and said.

mod columns;
mod configuration;
mod filters;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::schema::Schemas;
use super::{Degree, Notes, PendingId, Ref, Spare, Target, Targets};
use crate::model::{NotionId, id_of, type_of};
use columns::Columns;

/// The types that the API can create (section 2.6 of the API digest).
const TYPES: &str = "table board list calendar timeline gallery form chart map dashboard";

/// Widgets in one row of a dashboard (section 1.5 of the API digest).
const ROW: usize = 4;
/// Widgets in a dashboard (section 1.5 of the API digest).
const DASHBOARD: usize = 12;

/// A view as a tab, or as the first one of a linked database.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Its old id; it becomes [`PendingId::of`] this.
    pub old: NotionId,
    /// The body of `POST /views`, without the place: `database_id` or `create_database`
    /// is to be added.
    pub create: Value,
    /// The same without what goes by formulas, where there is such a thing: Notion may
    /// not know the type of a formula that was made through the API (section 5 of the API
    /// digest).
    pub spare: Option<Spare>,
    /// For a dashboard, what to put into it afterwards, one by one and in order.
    pub widgets: Vec<Widget>,
}

/// A view in a dashboard.
#[derive(Clone, Debug, PartialEq)]
pub struct Widget {
    /// Its old id.
    pub old: NotionId,
    /// The whole body of `POST /views`; the dashboard is in it by its token.
    pub create: Value,
    /// The same without what goes by formulas.
    pub spare: Option<Spare>,
}

/// The views of a database, given as `views.json` has them. `source` finds a data source
/// that is restored (an item of `data_sources.json`) by its old id: those of linked views
/// are in other databases.
pub fn views<'a>(
    views: &Value,
    source: &dyn Fn(NotionId) -> Option<&'a Value>,
    schemas: &Schemas,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Vec<View> {
    let all: Vec<&Value> = views.as_array().into_iter().flatten().collect();
    let mut maker = Maker {
        source,
        schemas,
        targets,
        notes,
    };
    let dashboards: BTreeSet<NotionId> = all
        .iter()
        .filter(|view| type_of(view) == "dashboard")
        .filter_map(|view| id_of(view))
        .collect();
    let mut widgets: BTreeMap<NotionId, Vec<&Value>> = BTreeMap::new();
    let mut tabs = Vec::new();
    for view in all {
        match dashboard_of(view).filter(|id| dashboards.contains(id)) {
            Some(dashboard) => widgets.entry(dashboard).or_default().push(view),
            None => tabs.push(view),
        }
    }
    tabs.into_iter()
        .filter_map(|view| {
            let old = id_of(view)?;
            if type_of(view) != "dashboard" {
                let (create, spare) = maker.view(view, old)?;
                let widgets = Vec::new();
                return Some(View {
                    old,
                    create,
                    spare,
                    widgets,
                });
            }
            maker.dashboard(view, old, widgets.remove(&old).unwrap_or_default())
        })
        .collect()
}

fn dashboard_of(view: &Value) -> Option<NotionId> {
    view.get("dashboard_view_id")?.as_str()?.parse().ok()
}

/// What a message calls a view.
fn what(view: &Value) -> String {
    let name = view.get("name").and_then(Value::as_str);
    format!("view '{}'", name.unwrap_or_default())
}

struct Maker<'m, 'a> {
    source: &'m dyn Fn(NotionId) -> Option<&'a Value>,
    schemas: &'m Schemas,
    targets: &'m dyn Targets,
    notes: &'m mut Notes,
}

impl Maker<'_, '_> {
    /// The request for a view that is no dashboard, without its place.
    fn view(&mut self, view: &Value, old: NotionId) -> Option<(Value, Option<Spare>)> {
        let what = what(view);
        let kind = type_of(view);
        if !TYPES.split_whitespace().any(|known| known == kind) {
            let why = match kind {
                "" => "the API does not give it out".to_string(),
                kind => format!("the API cannot create one of type '{kind}'"),
            };
            self.notes.lose(old, what, why, Degree::Missing);
            return None;
        }
        let Some(of) = source_of(view) else {
            let why = "the original does not say which data source it shows";
            self.notes.lose(old, what, why, Degree::Missing);
            return None;
        };
        let target = self.targets.find(of);
        let Some(to) = target.reference() else {
            let why = "the data source that it shows is neither restored nor within reach";
            self.notes.lose(old, what, why, Degree::Missing);
            return None;
        };
        let columns = |formulas: bool| Columns {
            // Outside of what is restored, properties keep their ids.
            restored: (target != Target::Same(of)).then(|| (of, (self.source)(of), self.schemas)),
            targets: self.targets,
            formulas,
            lost: Vec::new(),
        };
        let (create, lost) = made(view, kind, to, columns(true));
        let (body, without) = made(view, kind, to, columns(false));
        let spare = (body != create).then(|| Spare {
            body,
            what: what.clone(),
            lost: without
                .into_iter()
                .filter(|it| !lost.contains(it))
                .collect(),
        });
        for part in lost {
            self.notes
                .lose(old, what.clone(), format!("without {part}"), Degree::Detail);
        }
        Some((create, spare))
    }

    fn dashboard(&mut self, view: &Value, old: NotionId, views: Vec<&Value>) -> Option<View> {
        let rows = view
            .pointer("/configuration/rows")
            .and_then(Value::as_array);
        let rows = rows.map(Vec::as_slice).unwrap_or_default();
        if rows.iter().any(has_size) {
            let why = "without the sizes of rows and widgets, which the API cannot set";
            self.notes.lose(old, what(view), why, Degree::Detail);
        }
        let order: Vec<NotionId> = views.iter().filter_map(|view| id_of(view)).collect();
        let mut left: BTreeMap<NotionId, &Value> = views
            .into_iter()
            .filter_map(|view| Some((id_of(view)?, view)))
            .collect();
        let mut placed: Vec<Vec<NotionId>> = rows.iter().map(widgets_of).collect();
        let named: BTreeSet<NotionId> = placed.iter().flatten().copied().collect();
        placed.extend(
            order
                .iter()
                .filter(|id| !named.contains(id))
                .map(|id| vec![*id]),
        );

        let mut widgets = Vec::new();
        let mut source = None;
        let mut rows = 0;
        for row in placed {
            let mut inside = 0;
            for id in row {
                let Some(widget) = left.remove(&id) else {
                    let why = "the snapshot does not have it";
                    self.notes.lose(id, "widget", why, Degree::Missing);
                    continue;
                };
                if widgets.len() == DASHBOARD || inside == ROW {
                    let why =
                        format!("a dashboard takes {ROW} widgets a row and {DASHBOARD} in all");
                    self.notes.lose(id, what(widget), why, Degree::Missing);
                    continue;
                }
                let Some((mut create, mut spare)) = self.view(widget, id) else {
                    continue;
                };
                source = source.or(create.get("data_source_id").cloned());
                let placement = match inside {
                    0 => json!({"type": "new_row"}),
                    _ => json!({"type": "existing_row", "row_index": rows}),
                };
                let spare_body = spare.as_mut().map(|spare| &mut spare.body);
                for body in std::iter::once(&mut create).chain(spare_body) {
                    body["view_id"] = json!(PendingId::of(old));
                    body["placement"] = placement.clone();
                }
                inside += 1;
                widgets.push(Widget {
                    old: id,
                    create,
                    spare,
                });
            }
            rows += usize::from(inside > 0);
        }
        let own = source_of(view).and_then(|of| self.targets.find(of).reference());
        let Some(source) = own.map(|own| json!(own)).or(source) else {
            let why = "nothing that it shows comes back";
            self.notes.lose(old, what(view), why, Degree::Missing);
            return None;
        };
        let mut create = beginning(view, "dashboard", old.into());
        create.insert("data_source_id".into(), source);
        let create = Value::Object(create);
        Some(View {
            old,
            create,
            spare: None,
            widgets,
        })
    }
}

/// The request for a view, and what it lacks.
fn made(view: &Value, kind: &str, to: Ref, mut columns: Columns<'_>) -> (Value, Vec<String>) {
    let mut create = beginning(view, kind, to);
    let get = |key: &str| view.get(key).filter(|part| !part.is_null());
    if let Some(filter) = get("filter").and_then(|filter| columns.filter(filter)) {
        create.insert("filter".into(), filter);
    }
    if let Some(sorts) = get("sorts").and_then(|sorts| columns.sorts(sorts)) {
        create.insert("sorts".into(), sorts);
    }
    if let Some(filters) = get("quick_filters").and_then(|it| columns.quick_filters(it)) {
        create.insert("quick_filters".into(), filters);
    }
    if let Some(made) = get("configuration").and_then(|it| columns.configuration(kind, it)) {
        create.insert("configuration".into(), made);
    }
    if kind == "form" {
        columns
            .lost
            .push("its questions, which the API does not show".into());
    }
    (Value::Object(create), columns.lost)
}

/// What every view is created with.
fn beginning(view: &Value, kind: &str, source: Ref) -> Map<String, Value> {
    let name = view.get("name").and_then(Value::as_str);
    let name = name.filter(|name| !name.is_empty()).unwrap_or(kind);
    let parts = [
        ("data_source_id", json!(source)),
        ("name", json!(name)),
        ("type", json!(kind)),
    ];
    parts
        .map(|(key, part)| (key.to_string(), part))
        .into_iter()
        .collect()
}

fn source_of(view: &Value) -> Option<NotionId> {
    view.get("data_source_id")?.as_str()?.parse().ok()
}

fn widgets_of(row: &Value) -> Vec<NotionId> {
    let widgets = row.get("widgets").and_then(Value::as_array);
    let ids = widgets.into_iter().flatten();
    ids.filter_map(|widget| widget.get("view_id")?.as_str()?.parse().ok())
        .collect()
}

/// Whether a row of a dashboard has a height, or a widget in it a width.
fn has_size(row: &Value) -> bool {
    let widgets = row.get("widgets").and_then(Value::as_array);
    let wide = |widget: &Value| widget.get("width").is_some_and(Value::is_number);
    row.get("height").is_some_and(Value::is_number) || widgets.into_iter().flatten().any(wide)
}

#[cfg(test)]
mod tests;

//! What a view shows of its rows, and how.

use serde_json::{Map, Value, json};

use super::columns::Columns;

/// The fields of each type (section 2.6 of the API digest).
const FIELDS: [(&str, &str); 9] = [
    (
        "table",
        "properties group_by subtasks wrap_cells frozen_column_index show_vertical_lines",
    ),
    (
        "board",
        "group_by sub_group_by properties cover cover_size cover_aspect card_layout",
    ),
    ("list", "properties"),
    (
        "calendar",
        "date_property_id properties view_range show_weekends",
    ),
    (
        "timeline",
        "date_property_id end_date_property_id properties show_table table_properties \
         preference arrows_by color_by",
    ),
    (
        "gallery",
        "properties cover cover_size cover_aspect card_layout",
    ),
    (
        "form",
        "is_form_closed anonymous_submissions submission_permissions",
    ),
    (
        "chart",
        "chart_type x_axis y_axis x_axis_property_id y_axis_property_id value sort color_theme \
         height hide_empty_groups legend_position show_data_labels axis_labels grid_lines \
         cumulative smooth_line hide_line_fill_area group_style y_axis_min y_axis_max \
         donut_labels hide_title stack_by reference_lines caption color_by_value",
    ),
    ("map", "height map_by properties"),
];

/// The fields of what stands in those (section 2.6 of the API digest).
const INNER: &str = "type property_id sort group_by start_day_of_week hide_empty_groups \
    range_start range_end range_size visible width wrap status_show_as \
    card_property_width_mode date_format time_format display_mode filter_scope \
    toggle_column_id aggregator zoom_level center_timestamp value label color dash_style";

/// What rows are grouped by (section 2.6 of the API digest).
const GROUPS: &str = "select multi_select status person created_by last_edited_by relation date \
    created_time last_edited_time text title url email phone_number number checkbox formula";

/// Fields that hold the id of a property.
const IDS: &str = "property_id date_property_id end_date_property_id map_by toggle_column_id \
    x_axis_property_id y_axis_property_id";

/// Narrowest column, in pixels (section 2.6 of the API digest).
const WIDTH: f64 = 32.0;

fn has(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|known| known == word)
}

impl Columns<'_> {
    /// The configuration of a view of this type; `None` when what it must have is lost.
    pub(super) fn configuration(&mut self, kind: &str, read: &Value) -> Option<Value> {
        let fields = FIELDS.iter().find(|fields| fields.0 == kind)?.1;
        let mut made = Map::new();
        for (key, value) in read.as_object()? {
            if has(fields, key)
                && let Some(value) = self.field(key, value)
            {
                made.insert(key.clone(), value);
            }
        }
        let required = match kind {
            "board" => Some("group_by"),
            "calendar" | "timeline" => Some("date_property_id"),
            "chart" => Some("chart_type"),
            _ => None,
        };
        if required.is_some_and(|required| !made.contains_key(required)) {
            self.lost.push("its layout".into());
            return None;
        }
        made.insert("type".into(), json!(kind));
        Some(Value::Object(made))
    }

    /// One field; `None` when it is to be left out.
    fn field(&mut self, key: &str, value: &Value) -> Option<Value> {
        if has(IDS, key) {
            let old = value.as_str()?;
            // Of an object, what it is for is known where the object is.
            let new = match key {
                "property_id" => self.property(old),
                _ => self.by(old),
            };
            if new.is_none() {
                self.without(&format!("'{key}'"), old);
            }
            return new.map(|new| json!(new));
        }
        match value {
            Value::Null => None,
            Value::Array(items) => {
                let parts = items.iter().flat_map(|it| {
                    let names = self.names_of(key, it);
                    self.part(key, it)
                        .into_iter()
                        .chain(names)
                        .collect::<Vec<_>>()
                });
                Some(parts.collect())
            }
            Value::Object(_) => self.part(key, value),
            // Answers can have -1 for none (section 7.5 of the API digest).
            Value::Number(at) if key == "frozen_column_index" => at.as_u64().map(|at| json!(at)),
            Value::Number(width) if key == "width" => {
                let width = width.as_f64().filter(|width| *width < WIDTH);
                Some(width.map_or(value.clone(), |_| json!(WIDTH as u64)))
            }
            value => Some(value.clone()),
        }
    }

    /// The column of names that stands beside a column of people in a list of columns.
    fn names_of(&self, key: &str, column: &Value) -> Option<Value> {
        let old = column.get("property_id").and_then(Value::as_str)?;
        let listed = matches!(key, "properties" | "table_properties");
        let names = self.names(old).filter(|_| listed)?;
        let mut made = json!({ "property_id": names });
        if let Some(visible) = column.get("visible").filter(|it| it.is_boolean()) {
            made["visible"] = visible.clone();
        }
        Some(made)
    }

    /// An object in a field, with the fields that are known; `None` when its property is
    /// not there.
    fn part(&mut self, key: &str, read: &Value) -> Option<Value> {
        let Some(fields) = read.as_object() else {
            return Some(read.clone());
        };
        let grouping = matches!(key, "group_by" | "sub_group_by" | "x_axis" | "stack_by");
        if let Some(old) = fields.get("property_id").and_then(Value::as_str) {
            let listed = matches!(key, "properties" | "table_properties");
            let there = match listed {
                true => self.property(old),
                false => self
                    .by(old)
                    .filter(|_| !grouping || self.plain(old).is_none()),
            };
            if there.is_none() {
                self.without(&format!("'{key}'"), old);
                return None;
            }
        }
        let kind = fields.get("type").and_then(Value::as_str);
        if grouping && !kind.is_some_and(|kind| has(GROUPS, kind)) {
            let kind = kind.unwrap_or_default();
            self.lost
                .push(format!("'{key}', as the API cannot group by '{kind}'"));
            return None;
        }
        let mut made = Map::new();
        for (key, value) in fields {
            if has(INNER, key)
                && let Some(value) = self.field(key, value)
            {
                made.insert(key.clone(), value);
            }
        }
        // Only answers say so (section 7.5 of the API digest).
        if made.get("type") == Some(&json!("page_content_first")) {
            made.insert("type".into(), json!("page_content"));
        }
        Some(Value::Object(made))
    }
}

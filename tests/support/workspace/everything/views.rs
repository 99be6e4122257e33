//! Views of every type (section 2.6), and one that the API cannot read.

use serde_json::{Value, json};

use super::super::Workspace;
use super::databases::id_of;

/// Names: `<type> view` for each of the ten types, `feed view`, `widget view`.
pub fn add(ws: &mut Workspace) {
    let (projects, source) = (ws.get("projects"), ws.get("projects source"));
    let id = |name: &str| id_of(ws, source, name);
    let (title, when, size, stage) = (id("Project"), id("When"), id("Size"), id("Stage"));
    let (budget, tasks) = (id("Budget"), id("Tasks"));
    let properties = json!([
        {"property_id": title, "property_name": "Project", "visible": true, "width": 240, "wrap": true},
        {"property_id": when, "visible": false, "date_format": "relative", "time_format": "24_hour"},
        {"property_id": stage, "status_show_as": "checkbox"},
    ]);
    let group = json!({"type": "select", "property_id": size, "sort": {"type": "manual"},
                       "hide_empty_groups": true});
    let by_status = json!({"type": "status", "property_id": stage, "group_by": "option",
                           "sort": {"type": "ascending"}});
    let cover = json!({"type": "page_content_first"});
    let table = json!({"type": "table", "properties": properties, "group_by": group,
                       "wrap_cells": true, "frozen_column_index": 1, "show_vertical_lines": false,
                       "subtasks": {"property_id": tasks, "display_mode": "show",
                                    "filter_scope": "parents"}});
    let board = json!({"type": "board", "group_by": by_status, "sub_group_by": group,
                       "properties": properties, "cover": cover, "cover_size": "medium",
                       "cover_aspect": "cover", "card_layout": "compact"});
    let chart = json!({"type": "chart", "chart_type": "bar", "x_axis": group,
                       "y_axis": {"aggregator": "sum", "property_id": budget}, "sort": "x_ascending",
                       "color_theme": "auto", "height": "large", "legend_position": "side",
                       "reference_lines": [{"id": "l1", "value": 10, "label": "goal",
                                            "color": "red", "dash_style": "dash"}]});
    let timeline = json!({"type": "timeline", "date_property_id": when, "show_table": true,
                          "table_properties": properties, "arrows_by": {"property_id": tasks},
                          "preference": {"zoom_level": "month", "center_timestamp": 1_750_000_000_000_u64}});
    let calendar = json!({"type": "calendar", "date_property_id": when, "view_range": "month",
                          "show_weekends": true, "date_property_name": "When"});
    let configurations: [(&str, Value); 9] = [
        ("table", table),
        ("board", board),
        ("list", json!({"type": "list", "properties": properties})),
        ("calendar", calendar),
        ("timeline", timeline),
        (
            "gallery",
            json!({"type": "gallery", "cover": cover, "cover_size": "large"}),
        ),
        (
            "form",
            json!({"type": "form", "is_form_closed": false, "anonymous_submissions": true,
                        "submission_permissions": "none"}),
        ),
        ("chart", chart),
        ("map", json!({"type": "map", "height": "small"})),
    ];
    for (kind, configuration) in configurations {
        let settings = json!({
            "configuration": configuration,
            "filter": {"and": [{"property": stage, "status": {"does_not_equal": "Shipped"}},
                               {"or": [{"property": "Done?", "checkbox": {"equals": false}},
                                       {"timestamp": "created_time", "created_time": {"past_week": {}}}]}]},
            "sorts": [{"property": "When", "direction": "descending"}],
            "quick_filters": {"Size": {"select": {"equals": "Small"}}},
        });
        let view = ws.view(projects, Some(source), &format!("A {kind}"), kind, settings);
        ws.name(&format!("{kind} view"), view);
    }
    let widget = ws.view(projects, Some(source), "Widget", "chart", json!({}));
    ws.name("widget view", widget);
    let rows = json!({"type": "dashboard", "rows": [{"id": "row-1", "height": 300, "widgets":
                     [{"id": "widget-1", "view_id": widget, "width": 2}]}]});
    let dashboard = json!({"configuration": rows});
    let dashboard = ws.view(projects, None, "A dashboard", "dashboard", dashboard);
    ws.name("dashboard view", dashboard);
    if let Some(widget) = ws.views.get_mut(&widget) {
        widget
            .settings
            .insert("dashboard_view_id".into(), json!(dashboard));
    }
    let feed = ws.view(projects, Some(source), "Latest", "feed", json!({}));
    ws.name("feed view", feed);
}

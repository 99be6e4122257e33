//! Tables: every row has as many cells as the table is wide.

use serde_json::{Map, Value, json};

use super::draft::New;
use super::stand_in;
use crate::model::NotionId;
use crate::restore::body::{Body, Node};
use crate::restore::{Degree, Notes, Targets, rich_text};

/// The most columns of a table, an array of rich-text arrays (section 1.5 of the API digest).
const WIDTH: usize = 100;

fn cells(node: &Node) -> &[Value] {
    let cells = node.payload().get("cells").and_then(Value::as_array);
    cells.map(Vec::as_slice).unwrap_or_default()
}

/// A table, as wide as its widest row, so that no cell is lost.
pub fn table(body: &Body, node: &Node) -> Vec<New> {
    let payload = node.payload();
    let mut out = Map::new();
    out.insert("table_width".into(), json!(width(body, node)));
    for key in ["has_column_header", "has_row_header"] {
        if payload.get(key) == Some(&Value::Bool(true)) {
            out.insert(key.into(), json!(true));
        }
    }
    vec![("table", out)]
}

/// How many cells its rows have.
pub fn width(body: &Body, table: &Node) -> usize {
    let told = table.payload().get("table_width").and_then(Value::as_u64);
    let rows = table.children.iter().filter_map(|at| body.nodes.get(*at));
    let widest = rows.map(|row| cells(row).len()).max().unwrap_or(0);
    widest.max(told.unwrap_or(1) as usize).clamp(1, WIDTH)
}

/// A row; what is too long for a cell goes on in the next row.
pub fn row(
    node: &Node,
    id: NotionId,
    width: usize,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Vec<New> {
    let mut columns: Vec<Vec<Vec<Value>>> = Vec::new();
    for (at, cell) in cells(node).iter().enumerate() {
        let runs = rich_text::write(cell, id, targets, notes);
        match columns.last_mut().filter(|_| at >= width) {
            Some(last) => {
                let mut all: Vec<Value> = last.drain(..).flatten().collect();
                all.extend(rich_text::plain(" "));
                all.extend(runs);
                *last = rich_text::pieces(all);
                if at == width {
                    let why = format!("the API takes at most {WIDTH}; the rest is in the last");
                    notes.lose(id, "cells", why, Degree::Detail);
                }
            }
            None => columns.push(rich_text::pieces(runs)),
        }
    }
    columns.resize(width, Vec::new());
    let rows = columns.iter().map(Vec::len).max().unwrap_or(0).max(1);
    if rows > 1 {
        let why = "the API takes at most 100 pieces of text in a cell; the rest is in a row below";
        notes.lose(id, "cell", why, Degree::Detail);
    }
    (0..rows)
        .map(|at| {
            let cells = columns.iter().map(|column| column.get(at));
            of_cells(
                cells
                    .map(|cell| cell.cloned().unwrap_or_default())
                    .collect(),
            )
        })
        .collect()
}

/// Something in a table that is no row.
pub fn stray(node: &Node, id: NotionId, width: usize, notes: &mut Notes) -> Vec<New> {
    let why = "the API puts only rows into a table";
    let what = format!("{} block", node.kind());
    notes.lose(id, what, why, Degree::StandIn);
    let text = rich_text::plain(&stand_in::found_text(&node.block));
    let pieces = rich_text::pieces(text).into_iter();
    pieces
        .map(|piece| {
            let mut cells = vec![piece];
            cells.resize(width, Vec::new());
            of_cells(cells)
        })
        .collect()
}

/// A row without a table.
pub fn outside(node: &Node, id: NotionId, targets: &dyn Targets, notes: &mut Notes) -> Vec<New> {
    let why = "it stands in no table; its text is a paragraph";
    notes.lose(id, "table row", why, Degree::StandIn);
    let mut runs = Vec::new();
    for (at, cell) in cells(node).iter().enumerate() {
        if at > 0 {
            runs.extend(rich_text::plain(" | "));
        }
        runs.extend(rich_text::write(cell, id, targets, notes));
    }
    stand_in::paragraphs(runs)
}

fn of_cells(cells: Vec<Vec<Value>>) -> New {
    let payload = Map::from_iter([("cells".to_string(), json!(cells))]);
    ("table_row", payload)
}

//! An id that is not of the endpoint's kind (section 1.7): within reach it is a 400
//! that names the kind, outside it the same 404 as for an id that does not exist.

use super::super::workspace::Workspace;
use super::super::workspace::model::Id;
use super::refusal::Refusal;

/// Why there is no page of this id.
pub fn no_page(ws: &Workspace, id: Id) -> Refusal {
    match kind(ws, id) {
        Some(kind) => Refusal::validation(format!(
            "Provided ID {id} is a {kind}, not a page. Use the retrieve {kind} API instead."
        )),
        None => Refusal::not_found("page", id),
    }
}

/// Why there is no database of this id.
pub fn no_database(ws: &Workspace, id: Id) -> Refusal {
    match kind(ws, id) {
        Some(kind) => Refusal::validation(format!(
            "Provided database_id {id} is a {kind}, not a database. Use the retrieve {kind} API \
             instead."
        )),
        None => Refusal::not_found("database", id),
    }
}

/// The kind of an object that the connection may see. A data source has none here:
/// recordings and measurements show a 404 for it everywhere else.
fn kind(ws: &Workspace, id: Id) -> Option<&'static str> {
    if !ws.can_see(id) {
        return None;
    }
    if ws.pages.contains_key(&id) {
        return Some("page");
    }
    if ws.databases.contains_key(&id) {
        return Some("database");
    }
    (ws.blocks.contains_key(&id) || ws.generated_block(id).is_some()).then_some("block")
}

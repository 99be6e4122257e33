//! Data source queries: filtered, sorted, capped (section 2.5).

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::workspace::MINUTE;
use super::super::workspace::Workspace;
use super::super::workspace::ids::mix;
use super::super::workspace::model::{DataSource, Id, Stamps};
use super::filter::Filter;
use super::paging::{asked, list};
use super::refusal::Refusal;
use super::search;
use super::state::Call;

/// The rows (and, in a wiki, child databases' sources) that a query can name, trash
/// and archive apart.
pub fn members(ws: &Workspace, source: &DataSource, archived: bool) -> Vec<Id> {
    let mut members: Vec<Id> = source
        .rows
        .iter()
        .filter(|row| {
            ws.pages.get(row).is_some_and(|page| {
                !page.in_trash && page.is_archived == archived && page.shared != Some(false)
            })
        })
        .copied()
        .collect();
    if !archived {
        let sources = source
            .wiki_databases
            .iter()
            .filter(|id| ws.can_see(**id) && !ws.is_trashed(**id))
            .filter_map(|id| ws.databases.get(id))
            .flat_map(|database| database.data_sources.iter().copied());
        members.extend(sources);
    }
    members
}

fn stamps(ws: &Workspace, id: Id) -> Option<Stamps> {
    let page = ws.pages.get(&id).map(|page| page.stamps);
    page.or_else(|| ws.data_sources.get(&id).map(|source| source.stamps))
}

/// `POST /data_sources/{id}/query`.
pub fn query(call: &Call, source: &DataSource) -> Result<Value, Refusal> {
    let body = call.body;
    let known = [
        "filter",
        "sorts",
        "start_cursor",
        "page_size",
        "result_type",
        "is_archived",
    ];
    for key in body.as_object().into_iter().flat_map(|map| map.keys()) {
        let refused = key == "is_archived" && call.switches.refuse_is_archived;
        if refused || !known.contains(&key.as_str()) {
            let rule = format!("should be not present, instead was `{}`", body[key]);
            return Err(Refusal::body(key, &rule));
        }
    }
    if call.ws.is_trashed(source.id) {
        return Err(Refusal::not_found("data source", source.id));
    }
    let filter = Filter::parse(&body["filter"], call.ws.now)?;
    let order = sorts(&body["sorts"])?;
    let asked = asked(body.get("page_size"), body.get("start_cursor"), "body")?;
    let archived = body["is_archived"] == true;
    let result_type = body["result_type"].as_str();
    let scope = format!(
        "query {} {} {} {archived} {result_type:?}",
        source.id, body["filter"], body["sorts"]
    );
    let found: Arc<Vec<Id>> = call.shared.order(&scope, || {
        let mut members = members(call.ws, source, archived);
        members.retain(|id| {
            let is_page = call.ws.pages.contains_key(id);
            let wanted = match result_type {
                Some("page") => is_page,
                Some("data_source") => !is_page,
                _ => true,
            };
            wanted && stamps(call.ws, *id).is_some_and(|it| filter.fits(&it))
        });
        sort(call.ws, &mut members, &order);
        members
    });
    let total = found.len().min(call.switches.query_cap);
    let page = call.cutter().cut(&scope, total, &asked)?;
    let shown = search::objects(&call.render(), &found[page.from..page.to]);
    let mut answer = list("page_or_data_source", shown, &page);
    // Only then, and not before the end: absence proves nothing (section 1.6).
    if page.next.is_none() && total < found.len() {
        answer["request_status"] =
            json!({"type": "incomplete", "incomplete_reason": "query_result_limit_reached"});
    }
    Ok(answer)
}

/// Timestamp sorts: by creation (or by edit), descending.
type Sorts = Vec<(bool, bool)>;

fn sorts(value: &Value) -> Result<Sorts, Refusal> {
    let mut sorts = Vec::new();
    for sort in value.as_array().into_iter().flatten() {
        let created = match sort["timestamp"].as_str() {
            Some("created_time") => true,
            Some("last_edited_time") => false,
            // By a property: accepted, ordered like none.
            _ if sort["property"].is_string() => continue,
            _ => {
                let rule = "should be `\"created_time\"` or `\"last_edited_time\"`";
                return Err(Refusal::body("sorts[0].timestamp", rule));
            }
        };
        sorts.push((created, sort["direction"] == "descending"));
    }
    Ok(sorts)
}

/// Without sorts there is no order to rely on: rows come shuffled. With them, rows of
/// the same minute come shuffled.
fn sort(ws: &Workspace, members: &mut [Id], sorts: &Sorts) {
    members.sort_by_cached_key(|id| {
        let stamps = stamps(ws, *id);
        let keys: Vec<i64> = sorts
            .iter()
            .map(|(created, descending)| {
                let time = stamps.map_or(0, |it| if *created { it.created } else { it.edited });
                let minute = time.div_euclid(MINUTE);
                if *descending { -minute } else { minute }
            })
            .collect();
        (keys, mix(id.bits() as u64))
    });
}

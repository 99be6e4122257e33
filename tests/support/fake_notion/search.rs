//! Search: an index that is useful and not to be trusted (section 2.2).
//!
//! It lists pages and data sources, latest edit first, leaves some out for good,
//! lags behind, and may repeat an object on the next page.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::super::workspace::Workspace;
use super::super::workspace::model::Id;
use super::paging::{asked, list};
use super::refusal::Refusal;
use super::render::Render;
use super::state::Call;

/// Whether the index knows the object, trash aside.
pub fn knows(ws: &Workspace, id: Id) -> bool {
    if let Some(page) = ws.pages.get(&id) {
        return !page.omitted_by_search && ws.can_see(id);
    }
    let Some(source) = ws.data_sources.get(&id) else {
        return false;
    };
    let omitted = ws
        .databases
        .get(&source.database)
        .is_some_and(|database| database.omitted_by_search);
    !omitted && ws.can_see(id)
}

struct Wish {
    pages: bool,
    sources: bool,
    in_trash: bool,
    words: String,
    ascending: bool,
}

fn wish(body: &Value) -> Result<Wish, Refusal> {
    let known = ["query", "sort", "filter", "start_cursor", "page_size"];
    for key in body.as_object().into_iter().flat_map(|map| map.keys()) {
        if !known.contains(&key.as_str()) {
            let rule = "should be not present, instead was present";
            return Err(Refusal::body(key, rule));
        }
    }
    let filter = &body["filter"];
    let (pages, sources) = match (filter["property"].as_str(), filter["value"].as_str()) {
        (None, None) => (true, true),
        (Some("object"), Some("page")) => (true, false),
        (Some("object"), Some("data_source")) => (false, true),
        _ => {
            let rule = "should be `\"page\"` or `\"data_source\"`";
            return Err(Refusal::body("filter.value", rule));
        }
    };
    let sort = &body["sort"];
    if !sort.is_null() && sort["timestamp"] != "last_edited_time" && sort["property"] != "relevance"
    {
        return Err(Refusal::body(
            "sort.timestamp",
            "should be `\"last_edited_time\"`",
        ));
    }
    Ok(Wish {
        pages,
        sources,
        in_trash: filter["in_trash"] == true,
        words: body["query"].as_str().unwrap_or("").to_lowercase(),
        ascending: sort["direction"] == "ascending",
    })
}

/// `POST /search`.
pub fn search(call: &Call) -> Result<Value, Refusal> {
    let wish = wish(call.body)?;
    let mut asked = asked(
        call.body.get("page_size"),
        call.body.get("start_cursor"),
        "body",
    )?;
    if call.switches.search_repeats {
        // Room for the repeated one.
        asked.page_size = (asked.page_size - 1).max(1);
    }
    let lag = call.switches.search_lag;
    let as_of = if lag == 0 {
        i64::MAX
    } else {
        call.ws.now - lag
    };
    let scope = format!(
        "search {} {} {} {:?} {} {lag}",
        wish.pages, wish.sources, wish.in_trash, wish.words, wish.ascending
    );
    let order = call.shared.order(&scope, || ordered(call.ws, &wish, as_of));
    let total = order.len().min(call.switches.search_cap);
    let page = call.cutter().cut(&scope, total, &asked)?;
    let render = Render {
        as_of,
        ..call.render()
    };
    let mut shown: Vec<Id> = order[page.from..page.to].to_vec();
    if call.switches.search_repeats && page.from > 0 && !shown.is_empty() {
        shown.insert(0, order[page.from - 1]);
    }
    let mut answer = list("page_or_data_source", objects(&render, &shown), &page);
    if page.next.is_none() && total < order.len() {
        answer["request_status"] =
            json!({"type": "incomplete", "incomplete_reason": "query_result_limit_reached"});
    }
    Ok(answer)
}

/// The page and data source objects of these ids.
pub fn objects(render: &Render, ids: &[Id]) -> Vec<Value> {
    ids.iter()
        .filter_map(|id| match render.ws.pages.get(id) {
            Some(page) => Some(render.page(page)),
            None => render
                .ws
                .data_sources
                .get(id)
                .map(|source| render.data_source(source)),
        })
        .collect()
}

fn ordered(ws: &Workspace, wish: &Wish, as_of: i64) -> Vec<Id> {
    let mut found: Vec<(i64, Id)> = Vec::new();
    let mut add = |id, title: &str, stamps: &super::super::workspace::model::Stamps| {
        if stamps.created > as_of || !title.to_lowercase().contains(&wish.words) {
            return;
        }
        if knows(ws, id) && ws.is_trashed(id) == wish.in_trash {
            let edited = if stamps.edited > as_of {
                stamps.edited_before
            } else {
                stamps.edited
            };
            found.push((edited, id));
        }
    };
    if wish.pages {
        for page in ws.pages.values() {
            add(page.id, &page.title, &page.stamps);
        }
    }
    if wish.sources {
        for source in ws.data_sources.values() {
            add(source.id, &source.title, &source.stamps);
        }
    }
    if wish.ascending {
        found.sort_unstable();
    } else {
        found.sort_unstable_by_key(|(edited, id)| (Reverse(*edited), *id));
    }
    found.into_iter().map(|(_, id)| id).collect()
}

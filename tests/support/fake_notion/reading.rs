//! The reading endpoints (section 2), except search and query.

use serde_json::{Value, json};

use super::super::workspace::model::*;
use super::paging::{Asked, asked, list};
use super::refusal::Refusal;
use super::state::Call;
use super::{kinds, query, search, values};

type Answer = Result<Value, Refusal>;

/// Whether the request only reads.
pub fn serves(method: &str, segments: &[&str]) -> bool {
    method == "GET"
        || matches!(
            (method, segments),
            ("POST", ["search"] | ["data_sources", _, "query"])
        )
}

/// Answers a reading request; the path is without `/v1`.
pub fn answer(call: &Call, segments: &[&str]) -> Answer {
    check_query(call)?;
    match segments {
        ["users", rest @ ..] => users(call, rest),
        ["comments", rest @ ..] => comments(call, rest),
        ["file_uploads", rest @ ..] => super::uploads::read(call, rest),
        _ => {
            if !call.switches.capabilities.read_content {
                return Err(Refusal::restricted(
                    "Insufficient permissions: this connection may not read content.",
                ));
            }
            content(call, segments)
        }
    }
}

fn content(call: &Call, segments: &[&str]) -> Answer {
    match segments {
        ["search"] => search::search(call),
        ["pages", page] => {
            let page = readable_page(call, page)?;
            Ok(call.render().page(page))
        }
        ["pages", page, "properties", property] => {
            let page = readable_page(call, page)?;
            let asked = in_query(call)?;
            values::item(&call.render(), page, property, &asked, call.cutter())
        }
        ["blocks", block] => one_block(call, block),
        ["blocks", block, "children"] => children(call, block),
        ["databases", database] => one_database(call, database),
        ["data_sources", source] => {
            let source = readable_source(call, source)?;
            Ok(call.render().data_source(source))
        }
        ["data_sources", source, "query"] => {
            let source = readable_source(call, source)?;
            query::query(call, source)
        }
        ["data_sources", source, "templates"] => templates(call, source),
        ["views"] => views(call),
        ["views", view] => one_view(call, view),
        ["custom_emojis"] => emojis(call),
        _ => Err(Refusal::url()),
    }
}

/// What this endpoint does not know is refused, so that a typo does not pass for an option.
pub fn check_query(call: &Call) -> Result<(), Refusal> {
    const KNOWN: [&str; 9] = [
        "start_cursor",
        "page_size",
        "block_id",
        "database_id",
        "data_source_id",
        "name",
        "filter_properties[]",
        "filter_properties",
        "status",
    ];
    for (name, value) in &call.request.query {
        if !KNOWN.contains(&name.as_str()) {
            return Err(Refusal::validation(format!(
                "query failed validation: query.{name} should be not present, instead was `{value}`."
            )));
        }
    }
    Ok(())
}

/// `page_size` and `start_cursor` of a GET.
pub fn in_query(call: &Call) -> Result<Asked, Refusal> {
    let size = call.request.query("page_size").map(|text| json!(text));
    let cursor = call.request.query("start_cursor").map(|text| json!(text));
    asked(size.as_ref(), cursor.as_ref(), "query")
}

/// The id in a path or query.
pub fn id(text: &str, what: &str) -> Result<Id, Refusal> {
    let parsed = text.parse().ok().filter(|id| is_uuid(*id));
    parsed.ok_or_else(|| {
        Refusal::validation(format!(
            "path failed validation: path.{what} should be a valid uuid, instead was `\"{text}\"`."
        ))
    })
}

/// Whether Notion takes this for a UUID: the variant is that of RFC 4122, or all is zero.
pub fn is_uuid(id: Id) -> bool {
    id.bits() == 0 || id.bits() >> 62 & 0x3 == 0x2
}

fn readable_page<'a>(call: &Call<'a>, text: &str) -> Result<&'a Page, Refusal> {
    let id = id(text, "page_id")?;
    call.ws
        .pages
        .get(&id)
        .filter(|_| call.ws.can_see(id))
        .ok_or_else(|| kinds::no_page(call.ws, id))
}

fn readable_source<'a>(call: &Call<'a>, text: &str) -> Result<&'a DataSource, Refusal> {
    let id = id(text, "data_source_id")?;
    call.ws
        .data_sources
        .get(&id)
        .filter(|_| call.ws.can_see(id))
        .ok_or_else(|| Refusal::not_found("database", id))
}

fn one_block(call: &Call, text: &str) -> Answer {
    let id = id(text, "block_id")?;
    let render = call.render();
    if !render.exists(id) {
        return Err(Refusal::not_found("block", id));
    }
    render
        .block(id)
        .ok_or_else(|| Refusal::not_found("block", id))
}

fn children(call: &Call, text: &str) -> Answer {
    let id = id(text, "block_id")?;
    let render = call.render();
    // The object itself still answers when it is in the trash; its children do not.
    if !render.exists(id) || call.ws.is_trashed(id) {
        return Err(Refusal::not_found("block", id));
    }
    if let Some(original) = call.ws.synced_original(id)
        && (!call.ws.can_see(original) || call.ws.is_trashed(original))
    {
        return Err(Refusal::not_found("block", original));
    }
    let children = call
        .ws
        .visible_children(id)
        .ok_or_else(|| Refusal::not_found("block", id))?;
    let asked = in_query(call)?;
    let page = call
        .cutter()
        .cut(&format!("children {id}"), children.len(), &asked)?;
    let results = children[page.from..page.to]
        .iter()
        .filter_map(|child| render.block(*child))
        .collect();
    Ok(list("block", results, &page))
}

fn one_database(call: &Call, text: &str) -> Answer {
    let id = id(text, "database_id")?;
    let database = call
        .ws
        .databases
        .get(&id)
        .filter(|_| call.ws.can_see(id))
        .ok_or_else(|| kinds::no_database(call.ws, id))?;
    let message = format!(
        "Database with ID {id} does not contain any data sources accessible by this API bot."
    );
    match database.linked {
        Some(Linked::NotFound) => Err(Refusal::new(404, "object_not_found", message)),
        Some(Linked::BadRequest) => Err(Refusal::validation(message)),
        Some(Linked::EmptyDataSources) | None => Ok(call.render().database(database)),
    }
}

fn templates(call: &Call, text: &str) -> Answer {
    let source = readable_source(call, text)?;
    let name = call.request.query("name");
    let all: Vec<&Template> = source
        .templates
        .iter()
        .filter(|template| call.ws.can_see(template.page))
        .filter(|template| name.is_none_or(|name| template.name == name))
        .collect();
    let asked = in_query(call)?;
    let scope = format!("templates {}", source.id);
    let page = call.cutter().cut(&scope, all.len(), &asked)?;
    let templates: Vec<Value> = all[page.from..page.to]
        .iter()
        .map(|it| json!({"id": it.page, "name": it.name, "is_default": it.is_default}))
        .collect();
    // A shape of its own: neither `object` nor `results` (section 1.6).
    Ok(json!({"templates": templates, "has_more": page.next.is_some(), "next_cursor": page.next}))
}

fn views(call: &Call) -> Answer {
    let by = |name| call.request.query(name);
    let views: Vec<Id> = match (by("database_id"), by("data_source_id")) {
        (Some(database), None) => {
            let id = id(database, "database_id")?;
            let database = call
                .ws
                .databases
                .get(&id)
                .filter(|_| call.ws.can_see(id))
                .ok_or_else(|| kinds::no_database(call.ws, id))?;
            database.views.clone()
        }
        (None, Some(source)) => {
            let source = readable_source(call, source)?;
            let shows = |view: &&View| {
                view.data_source == Some(source.id) && call.ws.can_see(view.database)
            };
            call.ws
                .views
                .values()
                .filter(shows)
                .map(|it| it.id)
                .collect()
        }
        _ => {
            return Err(Refusal::validation(
                "query failed validation: exactly one of query.database_id and \
                 query.data_source_id should be present.",
            ));
        }
    };
    let asked = in_query(call)?;
    let scope = format!(
        "views {:?}",
        call.request.query.iter().find(|(n, _)| n.ends_with("_id"))
    );
    let page = call.cutter().cut(&scope, views.len(), &asked)?;
    let results = views[page.from..page.to]
        .iter()
        .map(|id| json!({"object": "view", "id": id}))
        .collect();
    Ok(list("view", results, &page))
}

fn one_view(call: &Call, text: &str) -> Answer {
    let id = id(text, "view_id")?;
    let view = call
        .ws
        .views
        .get(&id)
        .filter(|view| call.ws.can_see(view.database))
        .ok_or_else(|| Refusal::not_found("view", id))?;
    const KNOWN: [&str; 10] = [
        "table",
        "board",
        "list",
        "calendar",
        "timeline",
        "gallery",
        "form",
        "chart",
        "map",
        "dashboard",
    ];
    if !KNOWN.contains(&view.kind.as_str()) {
        let message = format!("Unsupported view type: {}", view.kind);
        return Err(Refusal::validation(message));
    }
    Ok(call.render().view(view))
}

fn comments(call: &Call, segments: &[&str]) -> Answer {
    if !call.switches.capabilities.read_comments {
        return Err(Refusal::restricted(
            "Insufficient permissions: this connection may not read comments.",
        ));
    }
    match segments {
        [] => {
            let Some(text) = call.request.query("block_id") else {
                return Err(Refusal::validation(
                    "query failed validation: query.block_id should be defined, instead was `undefined`.",
                ));
            };
            let id = id(text, "block_id")?;
            if !call.render().exists(id) || call.ws.is_trashed(id) {
                return Err(Refusal::not_found("block", id));
            }
            let mut all: Vec<&Comment> = call
                .ws
                .comments
                .iter()
                .filter(|it| {
                    !it.resolved
                        && matches!(it.on, Parent::Page(on) | Parent::Block(on) if on == id)
                })
                .collect();
            all.sort_by_key(|comment| comment.stamps.created);
            let asked = in_query(call)?;
            let page = call
                .cutter()
                .cut(&format!("comments {id}"), all.len(), &asked)?;
            let render = call.render();
            let results = all[page.from..page.to]
                .iter()
                .map(|comment| render.comment(comment))
                .collect();
            Ok(list("comment", results, &page))
        }
        [comment] => {
            let id = id(comment, "comment_id")?;
            let comment = call.ws.comments.iter().find(|comment| comment.id == id);
            let comment = comment.ok_or_else(|| Refusal::not_found("comment", id))?;
            Ok(call.render().comment(comment))
        }
        _ => Err(Refusal::url()),
    }
}

fn users(call: &Call, segments: &[&str]) -> Answer {
    let render = call.render();
    // A token may always ask who it is.
    if segments == ["me"] {
        let bot = call.ws.user(call.ws.bot);
        let bot = bot.ok_or_else(|| Refusal::not_found("user", call.ws.bot))?;
        return Ok(render.user(bot));
    }
    if !call.switches.capabilities.users {
        return Err(Refusal::restricted(
            "Insufficient permissions: this connection may not read user information.",
        ));
    }
    match segments {
        [] => {
            if call.switches.capabilities.personal {
                return Err(Refusal::restricted(
                    "Personal access tokens cannot list users.",
                ));
            }
            let all: Vec<&User> = call
                .ws
                .users
                .iter()
                .filter(|user| !user.guest && !user.deleted)
                .collect();
            let asked = in_query(call)?;
            let page = call.cutter().cut("users", all.len(), &asked)?;
            let results = all[page.from..page.to]
                .iter()
                .map(|user| render.user(user))
                .collect();
            Ok(list("user", results, &page))
        }
        [user] => {
            let id = id(user, "user_id")?;
            let user = call.ws.user(id).filter(|user| !user.deleted);
            let user = user.ok_or_else(|| Refusal::no_user(id))?;
            Ok(render.user(user))
        }
        _ => Err(Refusal::url()),
    }
}

fn emojis(call: &Call) -> Answer {
    let name = call.request.query("name");
    let all: Vec<&Emoji> = call
        .ws
        .emojis
        .iter()
        .filter(|emoji| name.is_none_or(|name| emoji.name == name))
        .collect();
    let asked = in_query(call)?;
    let page = call.cutter().cut("custom_emojis", all.len(), &asked)?;
    let render = call.render();
    let results = all[page.from..page.to]
        .iter()
        .map(|emoji| render.emoji(emoji))
        .collect();
    let mut answer = list("custom_emoji", results, &page);
    // This list, unlike the others, comes without the empty object.
    if let Value::Object(map) = &mut answer {
        map.remove("custom_emoji");
    }
    Ok(answer)
}

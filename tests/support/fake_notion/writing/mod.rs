//! The writing endpoints (section 7). Whatever is not built is refused, so that no
//! client takes it for done.

mod addresses;
mod blocks;
mod comments;
mod databases;
mod dates;
mod drafts;
mod media;
mod pages;
mod properties;
mod relations;
mod rich_text;
mod sources;
mod values;
mod views;

use serde_json::{Map, Value, json};

use super::super::workspace::Workspace;
use super::super::workspace::model::*;
use super::http::Incoming;
use super::kinds;
use super::reading::is_uuid;
use super::refusal::Refusal;
use super::render::Render;
use super::state::Shared;
use super::switches::Switches;

/// What a write answers.
type Answer = Result<Value, Refusal>;

/// One writing request being carried out, alone with the workspace.
pub struct Write<'a> {
    pub ws: &'a mut Workspace,
    pub shared: &'a Shared,
    pub switches: &'a Switches,
}

/// Carries out a writing request; the path is without `/v1`.
pub fn answer(
    shared: &Shared,
    ws: &mut Workspace,
    switches: &Switches,
    request: &Incoming,
    segments: &[&str],
    body: &Value,
) -> Answer {
    let mut write = Write {
        ws,
        shared,
        switches,
    };
    addresses::check(body)?;
    let empty = Map::new();
    let body = body.as_object().unwrap_or(&empty);
    match (request.method.as_str(), segments) {
        ("POST", ["pages"]) => write.create_page(body),
        ("PATCH", ["pages", id]) => write.update_page(id, body),
        ("POST", ["pages", id, "move"]) => write.move_page(id, body),
        ("PATCH", ["blocks", id, "children"]) => write.append(id, body),
        ("PATCH", ["blocks", id]) => write.update_block(id, body),
        ("DELETE", ["blocks", id]) => write.delete_block(id),
        ("POST", ["databases"]) => write.create_database(body),
        ("PATCH", ["databases", id]) => write.update_database(id, body),
        ("POST", ["data_sources"]) => write.create_source(body),
        ("PATCH", ["data_sources", id]) => write.update_source(id, body),
        ("POST", ["views"]) => write.create_view(body),
        ("PATCH", ["views", id]) => write.update_view(id, body),
        ("DELETE", ["views", id]) => write.delete_view(id),
        ("POST", ["comments"]) => write.create_comment(body),
        ("DELETE", ["comments", id]) => write.delete_comment(id),
        (_, ["file_uploads", rest @ ..]) => {
            write.may_insert()?;
            let uploads = &mut super::state::lock(&shared.uploads);
            super::uploads::write(uploads, write.ws, request, rest, body)
        }
        _ => Err(Refusal::url()),
    }
}

impl Write<'_> {
    pub fn render(&self) -> Render<'_> {
        Render {
            ws: self.ws,
            files: &self.shared.files,
            emails: self.switches.capabilities.emails,
            max_upload: self.switches.max_upload,
            as_of: i64::MAX,
        }
    }

    pub fn may_insert(&self) -> Result<(), Refusal> {
        if self.switches.capabilities.insert_content {
            return Ok(());
        }
        let message = "Insufficient permissions: this connection may not insert content.";
        Err(Refusal::restricted(message))
    }

    pub fn may_update(&self) -> Result<(), Refusal> {
        if self.switches.capabilities.update_content {
            return Ok(());
        }
        let message = "Insufficient permissions: this connection may not update content.";
        Err(Refusal::restricted(message))
    }

    /// The object, or with the right to write but not to read only its name.
    pub fn shown(&self, object: Value) -> Value {
        if self.switches.capabilities.read_content {
            return object;
        }
        json!({"object": object["object"], "id": object["id"]})
    }

    /// Stamps of something that the connection's bot makes now.
    pub fn bot_stamps(&self) -> Stamps {
        Stamps {
            created_by: self.ws.bot,
            edited_by: self.ws.bot,
            ..self.ws.stamps()
        }
    }

    /// A page that can be written to.
    pub fn live_page(&self, id: Id) -> Result<&Page, Refusal> {
        let page = self.ws.pages.get(&id);
        let page = page.filter(|_| self.ws.can_see(id));
        let page = page.ok_or_else(|| kinds::no_page(self.ws, id))?;
        if self.ws.is_trashed(id) {
            let message =
                "Can't edit page or block that is in the trash. You must restore it first.";
            return Err(Refusal::validation(message));
        }
        Ok(page)
    }

    /// Marks a page as edited by the bot.
    pub fn bot_touches(&mut self, page: Id) {
        let (now, bot) = (self.ws.now, self.ws.bot);
        if let Some(page) = self.ws.pages.get_mut(&page) {
            page.stamps.edited_before = page.stamps.edited;
            page.stamps.edited = now;
            page.stamps.edited_by = bot;
        }
    }
}

/// The id under a key.
pub fn id_in(value: &Value, path: &str) -> Result<Id, Refusal> {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.filter(|id| is_uuid(*id)).ok_or_else(|| {
        Refusal::body(
            path,
            &format!("should be a valid uuid, instead was `{value}`"),
        )
    })
}

/// Refuses keys that the endpoint does not know.
pub fn only(body: &Map<String, Value>, known: &[&str]) -> Result<(), Refusal> {
    for (key, value) in body {
        if !known.contains(&key.as_str()) {
            let rule = format!("should be not present, instead was `{value}`");
            return Err(Refusal::body(key, &rule));
        }
    }
    Ok(())
}

/// Refuses arrays longer than a limit, in the words of the original.
pub fn at_most(count: usize, limit: usize, path: &str) -> Result<(), Refusal> {
    if count > limit {
        let rule = format!("should be ≤ `{limit}`, instead was `{count}`");
        return Err(Refusal::body(&format!("{path}.length"), &rule));
    }
    Ok(())
}

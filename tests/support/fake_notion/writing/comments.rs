//! Creating and deleting comments (section 7.6).

use serde_json::{Map, Value, json};

use super::super::super::workspace::model::*;
use super::super::reading;
use super::super::refusal::Refusal;
use super::super::state::lock;
use super::super::uploads::Place;
use super::{Answer, Write, at_most, id_in, only};

impl Write<'_> {
    fn may_comment(&self) -> Result<(), Refusal> {
        if self.switches.capabilities.insert_comments {
            return Ok(());
        }
        let message = "Insufficient permissions: this connection may not insert comments.";
        Err(Refusal::restricted(message))
    }

    /// `POST /comments`: on a page, on a block, or in a discussion.
    pub fn create_comment(&mut self, body: &Map<String, Value>) -> Answer {
        self.may_comment()?;
        let known = [
            "parent",
            "discussion_id",
            "rich_text",
            "attachments",
            "display_name",
        ];
        only(body, &known)?;
        let (on, discussion) = match (body.get("parent"), body.get("discussion_id")) {
            (Some(parent), None) => (self.commented(parent)?, None),
            (None, Some(id)) => {
                let id = id_in(id, "discussion_id")?;
                let thread = self
                    .ws
                    .comments
                    .iter()
                    .find(|it| it.discussion == id && !it.resolved);
                let thread = thread.ok_or_else(|| Refusal::not_found("discussion", id))?;
                (thread.on, Some(id))
            }
            _ => {
                let message = "Exactly one of parent and discussion_id should be defined.";
                return Err(Refusal::validation(message));
            }
        };
        let rich_text = body.get("rich_text").unwrap_or(&Value::Null);
        let rich_text = self.rich_text(rich_text, "rich_text")?;
        let wanted = body.get("attachments").and_then(Value::as_array);
        let wanted = wanted.cloned().unwrap_or_default();
        at_most(wanted.len(), 3, "attachments")?;
        let mut attachments = Vec::new();
        for (at, attachment) in wanted.iter().enumerate() {
            if attachment["type"] != "file_upload" {
                let path = format!("attachments[{at}].type");
                return Err(Refusal::body(&path, "should be `\"file_upload\"`"));
            }
            let path = format!("attachments[{at}].file_upload_id");
            let id = id_in(&attachment["file_upload_id"], &path)?;
            let key = lock(&self.shared.uploads).attach(self.ws, id, Place::Any)?;
            let kind = self
                .ws
                .assets
                .get(&key)
                .map(|asset| asset.content_type.clone());
            let category = match kind.as_deref().unwrap_or("") {
                kind if kind.starts_with("image/") => "image",
                kind if kind.starts_with("audio/") => "audio",
                kind if kind.starts_with("video/") => "video",
                "application/pdf" => "pdf",
                _ => "productivity",
            };
            attachments.push(json!({"category": category, "file": {"$asset": key}}));
        }
        let display = body.get("display_name").unwrap_or(&Value::Null);
        let display_name = match display["type"].as_str() {
            Some("custom") => {
                json!({"type": "custom", "resolved_name": display["custom"]["name"]})
            }
            Some("user") if self.switches.capabilities.personal => {
                json!({"type": "user", "resolved_name": "Ada"})
            }
            Some("user") => {
                let rule = "should not be `\"user\"` for an internal connection";
                return Err(Refusal::body("display_name.type", rule));
            }
            _ => json!({"type": "integration", "resolved_name": "Backup"}),
        };
        let id = self.ws.comment(on, discussion, rich_text);
        let stamps = self.bot_stamps();
        let made = self.ws.comments.iter_mut().find(|comment| comment.id == id);
        let Some(made) = made else {
            return Err(Refusal::not_found("comment", id));
        };
        made.stamps = stamps;
        made.display_name = display_name;
        made.attachments = attachments;
        let made = made.clone();
        Ok(self.shown(self.render().comment(&made)))
    }

    fn commented(&self, parent: &Value) -> Result<Parent, Refusal> {
        if parent.get("page_id").is_some() {
            let id = id_in(&parent["page_id"], "parent.page_id")?;
            self.live_page(id)?;
            return Ok(Parent::Page(id));
        }
        let id = id_in(&parent["block_id"], "parent.block_id")?;
        if !self.render().exists(id) || self.ws.is_trashed(id) {
            return Err(Refusal::not_found("block", id));
        }
        Ok(Parent::Block(id))
    }

    /// `DELETE /comments/{id}`: only one's own.
    pub fn delete_comment(&mut self, text: &str) -> Answer {
        self.may_comment()?;
        let id = reading::id(text, "comment_id")?;
        let at = self.ws.comments.iter().position(|comment| comment.id == id);
        let at = at.ok_or_else(|| Refusal::not_found("comment", id))?;
        if self.ws.comments[at].stamps.created_by != self.ws.bot {
            let message = "Only comments of this connection can be deleted.";
            return Err(Refusal::restricted(message));
        }
        let comment = self.ws.comments.remove(at);
        Ok(self.shown(self.render().comment(&comment)))
    }
}

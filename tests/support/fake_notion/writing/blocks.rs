//! Appending, changing and trashing blocks (section 7.3).

use serde_json::{Map, Value, json};

use super::super::super::workspace::model::*;
use super::super::paging::{Page as Stretch, list};
use super::super::reading;
use super::super::refusal::Refusal;
use super::drafts::{Inside, holds_children, inside};
use super::{Answer, Write, id_in, only};

impl Write<'_> {
    /// `PATCH /blocks/{id}/children`: answers with the first level of the new blocks, and
    /// where a position was given with all their following siblings too (section 7.3).
    pub fn append(&mut self, text: &str, body: &Map<String, Value>) -> Answer {
        self.may_insert()?;
        only(body, &["children", "position"])?;
        let id = reading::id(text, "block_id")?;
        let (parent, inside) = self.container(id)?;
        let children = body.get("children").cloned().unwrap_or(Value::Null);
        let at = self.position(id, body.get("position"), ["start", "end"])?;
        let drafts = self.drafts(&children, inside)?;
        let made = self.make(parent, at, drafts);
        let render = self.render();
        let following = match body.get("position") {
            Some(_) => self.following(id, made.last()),
            None => Vec::new(),
        };
        let results: Vec<Value> = made
            .iter()
            .chain(&following)
            .filter_map(|id| render.block(*id))
            .map(|block| self.shown(block))
            .collect();
        let whole = Stretch {
            from: 0,
            to: results.len(),
            next: None,
        };
        Ok(list("block", results, &whole))
    }

    /// The children of a parent that come after this one.
    fn following(&self, parent: Id, last: Option<&Id>) -> Vec<Id> {
        let children = self.ws.visible_children(parent).unwrap_or_default();
        let last = children.iter().position(|child| Some(child) == last);
        last.map_or(Vec::new(), |last| children[last + 1..].to_vec())
    }

    /// What may be appended to: a page, or a block that can have children.
    fn container(&self, id: Id) -> Result<(Parent, Inside), Refusal> {
        if self.ws.pages.contains_key(&id) {
            self.live_page(id)?;
            return Ok((Parent::Page(id), Inside::Page));
        }
        let block = self.ws.blocks.get(&id).filter(|_| self.ws.can_see(id));
        let block = block.ok_or_else(|| Refusal::not_found("block", id))?;
        if self.ws.is_trashed(id) {
            let message = "Can't edit block that is in the trash. You must restore it first.";
            return Err(Refusal::validation(message));
        }
        if !holds_children(&block.kind, &block.payload) {
            let message = format!("Block of type {} does not support children.", block.kind);
            return Err(Refusal::validation(message));
        }
        Ok((Parent::Block(id), inside(&block.kind, &block.payload)))
    }

    /// The index in the list of children where `position` points.
    /// Its ends have other names for pages than for blocks.
    pub fn position(
        &self,
        parent: Id,
        position: Option<&Value>,
        [start, end]: [&str; 2],
    ) -> Result<usize, Refusal> {
        let children = self.ws.raw_children(parent).map_or(&[][..], |(_, it)| it);
        let Some(position) = position else {
            return Ok(children.len());
        };
        match position["type"].as_str() {
            Some(kind) if kind == start => Ok(0),
            Some(kind) if kind == end => Ok(children.len()),
            Some("after_block") => {
                let after = id_in(&position["after_block"]["id"], "position.after_block.id")?;
                match children.iter().position(|child| *child == after) {
                    Some(at) => Ok(at + 1),
                    None => Err(Refusal::body(
                        "position.after_block.id",
                        "should be a child of the parent",
                    )),
                }
            }
            _ => Err(Refusal::body("position.type", "should be a known position")),
        }
    }

    /// `PATCH /blocks/{id}`: whole fields are replaced, omitted ones stay.
    pub fn update_block(&mut self, text: &str, body: &Map<String, Value>) -> Answer {
        self.may_update()?;
        let id = reading::id(text, "block_id")?;
        let shows_another = self.ws.pages.contains_key(&id) || self.ws.databases.contains_key(&id);
        if shows_another && self.ws.can_see(id) {
            return self.trash_shown(id, body);
        }
        let block = self.ws.blocks.get(&id).filter(|_| self.ws.can_see(id));
        let block = block
            .ok_or_else(|| Refusal::not_found("block", id))?
            .clone();
        let trash = body.get("in_trash").and_then(Value::as_bool);
        let kinds: Vec<&String> = body
            .keys()
            .filter(|key| !matches!(key.as_str(), "type" | "object" | "in_trash"))
            .collect();
        if kinds.iter().any(|kind| **kind != block.kind) {
            let message = format!("Block is of type {}, which cannot be changed.", block.kind);
            return Err(Refusal::validation(message));
        }
        if self.ws.is_trashed(id) && trash != Some(false) {
            let message = "Can't edit block that is in the trash. You must restore it first.";
            return Err(Refusal::validation(message));
        }
        if let Some(change) = body.get(block.kind.as_ref()).and_then(Value::as_object) {
            let payload = self.changed(&block, change)?;
            let (now, bot) = (self.ws.now, self.ws.bot);
            if let Some(block) = self.ws.blocks.get_mut(&id) {
                block.payload = payload;
                block.stamps.edited_before = block.stamps.edited;
                block.stamps.edited = now;
                block.stamps.edited_by = bot;
            }
        }
        if let Some(trashed) = trash {
            self.ws.set_trashed(id, trashed);
        }
        self.block_answer(id)
    }

    /// A block that shows a page or database takes nothing but the trash flag.
    fn trash_shown(&mut self, id: Id, body: &Map<String, Value>) -> Answer {
        only(body, &["in_trash"])?;
        if let Some(trashed) = body.get("in_trash").and_then(Value::as_bool) {
            self.ws.set_trashed(id, trashed);
        }
        self.block_answer(id)
    }

    fn changed(&mut self, block: &Block, change: &Map<String, Value>) -> Answer {
        if matches!(
            block.kind.as_ref(),
            "synced_block" | "column_list" | "unsupported"
        ) {
            let message = format!("Blocks of type {} cannot be updated.", block.kind);
            return Err(Refusal::validation(message));
        }
        let children = change.get("children").and_then(Value::as_array);
        if change.contains_key("children") && children.is_none_or(|it| !it.is_empty()) {
            return Err(Refusal::body("children", "should be not present"));
        }
        if change.contains_key("table_width") {
            return Err(Refusal::body("table.table_width", "cannot be changed"));
        }
        // Text and colour go together in these (section 4.1).
        let worded = matches!(
            block.kind.as_ref(),
            "heading_1"
                | "heading_2"
                | "heading_3"
                | "heading_4"
                | "bulleted_list_item"
                | "numbered_list_item"
                | "toggle"
                | "quote"
                | "template"
        );
        if worded && !change.contains_key("rich_text") {
            let path = format!("{}.rich_text", block.kind);
            return Err(Refusal::body(
                &path,
                "should be defined, instead was `undefined`",
            ));
        }
        let up = match block.parent {
            Parent::Block(up) => self.ws.blocks.get(&up),
            _ => None,
        };
        let place = up.map_or(Inside::Page, |up| inside(&up.kind, &up.payload));
        // What is not given stays; what is given must be as good as new.
        let mut change = change.clone();
        if change.get("icon") == Some(&Value::Null) && block.kind == "callout" {
            // Without effect (section 10.1).
            change.remove("icon");
        }
        let media = matches!(
            block.kind.as_ref(),
            "image" | "video" | "pdf" | "audio" | "file"
        );
        if media && !change.contains_key("external") && !change.contains_key("file_upload") {
            let mut payload = block.payload.clone();
            if let Some(caption) = change.get("caption") {
                payload["caption"] = self.rich_text(caption, "caption")?;
            }
            if let Some(name) = change.get("name") {
                payload["name"] = name.clone();
            }
            return Ok(payload);
        }
        let mut merged = Map::new();
        let stand_in = json!([]);
        if block.payload.get("rich_text").is_some() {
            merged.insert("rich_text".into(), stand_in);
        }
        for key in [
            "language",
            "url",
            "expression",
            "table_width",
            "synced_from",
        ] {
            if let Some(value) = block.payload.get(key) {
                merged.insert(key.into(), value.clone());
            }
        }
        merged.extend(change.clone());
        let kind = if block.kind == "template" {
            "toggle"
        } else {
            block.kind.as_ref()
        };
        let made = self.payload(kind, &merged, place, &block.kind)?;
        let mut payload = block.payload.clone();
        let replaced = media || block.kind == "link_to_page";
        for (key, value) in made.as_object().into_iter().flatten() {
            if replaced || change.contains_key(key) {
                payload[key] = value.clone();
            }
        }
        Ok(payload)
    }

    /// `DELETE /blocks/{id}`: into the trash, with everything inside.
    pub fn delete_block(&mut self, text: &str) -> Answer {
        self.may_update()?;
        let id = reading::id(text, "block_id")?;
        if !self.render().exists(id) {
            return Err(Refusal::not_found("block", id));
        }
        // What lies in something trashed can still be trashed on its own.
        if self.ws.is_trashed_itself(id) {
            let message = "Can't edit block that is in the trash. You must restore it first.";
            return Err(Refusal::validation(message));
        }
        self.ws.set_trashed(id, true);
        self.block_answer(id)
    }

    fn block_answer(&self, id: Id) -> Answer {
        let block = self.render().block(id);
        let block = block.ok_or_else(|| Refusal::not_found("block", id))?;
        Ok(self.shown(block))
    }
}

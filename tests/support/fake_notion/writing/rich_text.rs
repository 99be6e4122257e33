//! Rich text as clients write it, turned into rich text as Notion shows it
//! (sections 1.5 and 3.9): checked, completed, and normalised.

use serde_json::{Value, json};

use super::super::super::workspace::model::*;
use super::super::super::workspace::text;
use super::super::refusal::Refusal;
use super::dates::date;
use super::{Write, at_most, id_in};

/// The most characters of one text, counted in UTF-16 units.
const TEXT: usize = 2000;
const EQUATION: usize = 1000;
const URL: usize = 2000;

fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

impl Write<'_> {
    /// Reads a rich-text array; `path` is where it stands, for messages.
    pub fn rich_text(&self, value: &Value, path: &str) -> Result<Value, Refusal> {
        let Some(items) = value.as_array() else {
            let rule = format!("should be an array, instead was `{value}`");
            return Err(Refusal::body(path, &rule));
        };
        at_most(items.len(), 100, path)?;
        let mut runs: Vec<Value> = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let run = self.run(item, &format!("{path}[{at}]"))?;
            match runs.last_mut() {
                Some(last) if joins(last, &run) => append(last, &run),
                _ => runs.push(run),
            }
        }
        // An empty text leaves nothing behind.
        runs.retain(|run| run["type"] != "text" || run["text"]["content"] != "");
        Ok(json!(runs))
    }

    fn run(&self, item: &Value, path: &str) -> Result<Value, Refusal> {
        let mut run = if let Some(words) = item["text"]["content"].as_str() {
            let limit = format!("{path}.text.content");
            at_most(length(words), TEXT, &limit)?;
            match item["text"]["link"]["url"].as_str() {
                Some(url) => {
                    at_most(length(url), URL, &format!("{path}.text.link.url"))?;
                    text::link(words, &tidy_url(url))
                }
                None => text::run(words),
            }
        } else if let Some(expression) = item["equation"]["expression"].as_str() {
            let limit = format!("{path}.equation.expression");
            at_most(length(expression), EQUATION, &limit)?;
            text::equation(expression)
        } else if item["mention"].is_object() {
            self.mention(&item["mention"], &format!("{path}.mention"))?
        } else {
            let rule = "should have one of `text`, `mention`, `equation` defined";
            return Err(Refusal::body(path, rule));
        };
        if let Some(annotations) = item["annotations"].as_object() {
            for (name, value) in annotations {
                if run["annotations"].get(name).is_none() {
                    let path = format!("{path}.annotations.{name}");
                    return Err(Refusal::body(&path, "should be not present"));
                }
                run["annotations"][name] = value.clone();
            }
        }
        Ok(run)
    }

    fn mention(&self, mention: &Value, path: &str) -> Result<Value, Refusal> {
        if let Some(user) = mention.get("user") {
            let id = id_in(&user["id"], &format!("{path}.user.id"))?;
            let user = self.ws.user(id).filter(|user| !user.deleted);
            let user = user.ok_or_else(|| Refusal::not_found("user", id))?;
            return Ok(text::mention_user(id, &user.name));
        }
        if let Some(page) = mention.get("page") {
            let id = id_in(&page["id"], &format!("{path}.page.id"))?;
            let page = self.ws.pages.get(&id).filter(|_| self.ws.can_see(id));
            let page = page.ok_or_else(|| Refusal::not_found("page", id))?;
            return Ok(text::mention_page(id, &page.title));
        }
        if let Some(database) = mention.get("database") {
            let id = id_in(&database["id"], &format!("{path}.database.id"))?;
            let database = self.ws.databases.get(&id).filter(|_| self.ws.can_see(id));
            let database = database.ok_or_else(|| Refusal::not_found("database", id))?;
            return Ok(text::mention_database(id, &database.title));
        }
        if let Some(value) = mention.get("date") {
            let date = date(value, &format!("{path}.date"))?;
            let (start, end) = (date["start"].as_str(), date["end"].as_str());
            return Ok(text::mention_date(start.unwrap_or(""), end, None));
        }
        if let Some(template) = mention.get("template_mention") {
            let mut template = template.clone();
            let (kind, words) = if template.get("template_mention_user").is_some() {
                ("template_mention_user", "@Me")
            } else {
                ("template_mention_date", "@Today")
            };
            template["type"] = json!(kind);
            let mention = json!({"type": "template_mention", "template_mention": template});
            return Ok(text::mention(mention, words, None));
        }
        if let Some(emoji) = mention.get("custom_emoji") {
            let id = id_in(&emoji["id"], &format!("{path}.custom_emoji.id"))?;
            let emoji = self.ws.emoji(id);
            let emoji = emoji.ok_or_else(|| Refusal::not_found("custom emoji", id))?;
            return Ok(text::mention_emoji(id, &emoji.name));
        }
        // `link_preview` and `link_mention` can be read and never written.
        let rule = "should have one of `user`, `date`, `page`, `database`, `template_mention`, \
                    `custom_emoji` defined";
        Err(Refusal::body(path, rule))
    }
}

/// Neighbours of the same style and link become one run.
fn joins(first: &Value, second: &Value) -> bool {
    first["type"] == "text"
        && second["type"] == "text"
        && first["annotations"] == second["annotations"]
        && first["text"]["link"] == second["text"]["link"]
}

fn append(first: &mut Value, second: &Value) {
    let words = format!(
        "{}{}",
        first["text"]["content"].as_str().unwrap_or(""),
        second["text"]["content"].as_str().unwrap_or("")
    );
    first["plain_text"] = json!(words);
    first["text"]["content"] = json!(words);
}

/// Bare hosts gain a slash, spaces are encoded.
pub fn tidy_url(url: &str) -> String {
    let url = url.replace(' ', "%20");
    match url.split_once("://") {
        Some((_, rest)) if !rest.contains('/') && !rest.contains('?') => format!("{url}/"),
        _ => url,
    }
}

/// The plain title of a checked rich-text array.
pub fn title_of(rich: &Value) -> String {
    text::plain_text(rich)
}

/// The id of a page or block that a parent object names.
pub fn parent_id(parent: &Value) -> Option<(&'static str, &Value)> {
    ["page_id", "block_id", "data_source_id", "database_id"]
        .into_iter()
        .find_map(|key| parent.get(key).map(|id| (key, id)))
}

/// An id as its holder would print it.
pub fn text_of(id: Id) -> Value {
    json!(id)
}

//! Files, icons and covers as clients write them (sections 3.7, 3.8 and 7.7).

use serde_json::{Value, json};

use super::super::refusal::Refusal;
use super::super::state::lock;
use super::super::uploads::Place;
use super::rich_text::tidy_url;
use super::{Write, at_most, id_in};

/// Addresses of Notion's own icons; they come back as `icon`.
const BUILT_IN: &str = "https://www.notion.so/icons/";

impl Write<'_> {
    /// `external` or `file_upload` turned into what is read back: `external` or `file`.
    pub fn file(&mut self, value: &Value, place: Place, path: &str) -> Result<Value, Refusal> {
        if let Some(url) = value["external"]["url"].as_str() {
            at_most(
                url.encode_utf16().count(),
                2000,
                &format!("{path}.external.url"),
            )?;
            return Ok(json!({"type": "external", "external": {"url": tidy_url(url)}}));
        }
        if value.get("file_upload").is_some() {
            let id = id_in(
                &value["file_upload"]["id"],
                &format!("{path}.file_upload.id"),
            )?;
            let key = lock(&self.shared.uploads).attach(self.ws, id, place)?;
            return Ok(json!({"type": "file", "file": {"$asset": key}}));
        }
        let rule = "should have one of `external`, `file_upload` defined";
        Err(Refusal::body(path, rule))
    }

    /// An icon; null clears it. A custom emoji that does not exist becomes null.
    pub fn icon(&mut self, value: &Value, callout: bool) -> Result<Value, Refusal> {
        if value.is_null() {
            return Ok(Value::Null);
        }
        if value["emoji"].is_string() {
            return Ok(json!({"type": "emoji", "emoji": value["emoji"]}));
        }
        if value.get("custom_emoji").is_some() {
            let id = id_in(&value["custom_emoji"]["id"], "icon.custom_emoji.id")?;
            return Ok(match self.ws.emoji(id) {
                Some(_) => json!({"type": "custom_emoji", "custom_emoji": {"$emoji": id}}),
                None => Value::Null,
            });
        }
        if let Some(name) = value["icon"]["name"].as_str() {
            let color = value["icon"]["color"].as_str().unwrap_or("gray");
            return Ok(json!({"type": "icon", "icon": {"name": name, "color": color}}));
        }
        if let Some(rest) = value["external"]["url"]
            .as_str()
            .and_then(|url| url.strip_prefix(BUILT_IN))
        {
            let name = rest.trim_end_matches(".svg");
            let (name, color) = name.rsplit_once('_').unwrap_or((name, "gray"));
            return Ok(json!({"type": "icon", "icon": {"name": name, "color": color}}));
        }
        if callout && value.get("file_upload").is_some() {
            let rule = "should be not present: callout icons cannot be uploads";
            return Err(Refusal::body("callout.icon.file_upload", rule));
        }
        self.file(value, Place::Image, "icon")
    }

    /// A cover; null clears it.
    pub fn cover(&mut self, value: &Value) -> Result<Value, Refusal> {
        if value.is_null() {
            return Ok(Value::Null);
        }
        self.file(value, Place::Image, "cover")
    }
}

//! The reading endpoints (section 2 of the API digest), one method each.
//!
//! What comes out is Notion's JSON as it is, unknown fields included.

use serde_json::Value;

use super::listing::{PAGE_SIZE, Repeats, Seen};
use super::{Each, End, Error, Notion, Request};
use crate::model::NotionId;

/// The complete value of one page property.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// For a listed value the last page's `property_item` (a rollup's result is valid
    /// there only); otherwise the single item.
    pub head: Value,
    /// How the listing of its items ended.
    pub end: End,
}

impl Notion {
    /// The token's own user: bot, workspace, limits.
    pub fn me(&self) -> Result<Value, Error> {
        self.get("/v1/users/me".to_owned())
    }

    /// One user, guests included.
    pub fn user(&self, id: NotionId) -> Result<Value, Error> {
        self.get(format!("/v1/users/{id}"))
    }

    /// One page; long property values are truncated (section 2.3).
    pub fn page(&self, id: NotionId) -> Result<Value, Error> {
        self.get(format!("/v1/pages/{id}"))
    }

    /// One block, without its children.
    pub fn block(&self, id: NotionId) -> Result<Value, Error> {
        self.get(format!("/v1/blocks/{id}"))
    }

    /// One database: the container of data sources.
    pub fn database(&self, id: NotionId) -> Result<Value, Error> {
        self.get(format!("/v1/databases/{id}"))
    }

    /// One data source: schema and title.
    pub fn data_source(&self, id: NotionId) -> Result<Value, Error> {
        self.get(format!("/v1/data_sources/{id}"))
    }

    /// One comment.
    pub fn comment(&self, id: NotionId) -> Result<Value, Error> {
        self.get(format!("/v1/comments/{id}"))
    }

    /// One file upload: its status, and how many parts have come.
    pub fn file_upload(&self, id: NotionId) -> Result<Value, Error> {
        self.get(format!("/v1/file_uploads/{id}"))
    }

    /// One view.
    pub fn view(&self, id: NotionId) -> Result<Value, Error> {
        self.get(format!("/v1/views/{id}"))
    }

    /// Lists every member and bot; guests are not among them.
    pub fn users(&self, each: Each) -> Result<End, Error> {
        self.objects(listing("/v1/users"), "results", each)
    }

    /// Lists every custom emoji.
    pub fn custom_emojis(&self, each: Each) -> Result<End, Error> {
        self.objects(listing("/v1/custom_emojis"), "results", each)
    }

    /// Lists the first level of blocks below a page or block, in document order.
    pub fn children(&self, block: NotionId, each: Each) -> Result<End, Error> {
        let request = listing(format!("/v1/blocks/{block}/children"));
        self.objects(request, "results", each)
    }

    /// Lists the templates of a data source: `{id, name, is_default}` each.
    pub fn templates(&self, data_source: NotionId, each: Each) -> Result<End, Error> {
        let request = listing(format!("/v1/data_sources/{data_source}/templates"));
        self.objects(request, "templates", each)
    }

    /// Lists references to the views of a database block, in the order of their tabs.
    pub fn views(&self, database: NotionId, each: Each) -> Result<End, Error> {
        let request = listing("/v1/views").with_query("database_id", database.to_string());
        self.objects(request, "results", each)
    }

    /// Lists the open comments of exactly this page or block, oldest first.
    pub fn comments(&self, page_or_block: NotionId, each: Each) -> Result<End, Error> {
        let request = listing("/v1/comments").with_query("block_id", page_or_block.to_string());
        self.objects(request, "results", each)
    }

    /// The whole value of one property; `each` gets the items of a listed value.
    /// `property_id` is the id as Notion writes it, which is percent-encoded already.
    pub fn property(
        &self,
        page: NotionId,
        property_id: &str,
        each: Each,
    ) -> Result<Property, Error> {
        let segment = path_segment(property_id);
        let mut request = listing(format!("/v1/pages/{page}/properties/{segment}"));
        let first = self.call(&mut request)?;
        if first["object"] != "list" {
            return Ok(Property {
                head: first,
                end: End::Complete,
            });
        }
        let by_place = Repeats::ByPlace;
        let mut listed = self.list_from(first, &mut request, "results", by_place, each)?;
        Ok(Property {
            head: listed.last_page["property_item"].take(),
            end: listed.end,
        })
    }

    fn get(&self, path: String) -> Result<Value, Error> {
        self.call(&mut Request::get(path))
    }

    fn objects(&self, mut request: Request, key: &str, each: Each) -> Result<End, Error> {
        let mut seen = Seen::default();
        let listed = self.list(&mut request, key, Repeats::ById(&mut seen), each)?;
        Ok(listed.end)
    }
}

fn listing(path: impl Into<String>) -> Request {
    Request::get(path).with_query("page_size", PAGE_SIZE.to_string())
}

/// A property id as a path segment: encoded text stays as it is, and what would end the
/// segment, or is no text at all, gets encoded.
fn path_segment(id: &str) -> String {
    let bytes = id.as_bytes();
    let mut segment = String::new();
    for (index, &byte) in bytes.iter().enumerate() {
        let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
        let plain = byte.is_ascii_alphanumeric() || b"-_~".contains(&byte);
        if plain || (byte == b'%' && digit(index + 1) && digit(index + 2)) {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

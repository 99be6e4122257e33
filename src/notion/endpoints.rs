//! The reading endpoints (section 2 of the API digest), one method each.

use serde_json::Value;

use super::{Each, End, Error, Notion};
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
        todo!()
    }

    /// One user, guests included.
    pub fn user(&self, id: NotionId) -> Result<Value, Error> {
        let _ = id;
        todo!()
    }

    /// One page object; long property values are truncated.
    pub fn page(&self, id: NotionId) -> Result<Value, Error> {
        let _ = id;
        todo!()
    }

    /// One block, without its children.
    pub fn block(&self, id: NotionId) -> Result<Value, Error> {
        let _ = id;
        todo!()
    }

    /// One database: the container of data sources.
    pub fn database(&self, id: NotionId) -> Result<Value, Error> {
        let _ = id;
        todo!()
    }

    /// One data source: schema and title.
    pub fn data_source(&self, id: NotionId) -> Result<Value, Error> {
        let _ = id;
        todo!()
    }

    /// One view.
    pub fn view(&self, id: NotionId) -> Result<Value, Error> {
        let _ = id;
        todo!()
    }

    /// Lists every member and bot; guests are not listed.
    pub fn users(&self, each: Each) -> Result<End, Error> {
        let _ = (each);
        todo!()
    }

    /// Lists every custom emoji.
    pub fn custom_emojis(&self, each: Each) -> Result<End, Error> {
        let _ = (each);
        todo!()
    }

    /// Lists every page and data source that the search index knows, last edited first; not exhaustive.
    pub fn search(&self, each: Each) -> Result<End, Error> {
        let _ = (each);
        todo!()
    }

    /// Lists the first level of blocks below a page or block, in document order.
    pub fn children(&self, block: NotionId, each: Each) -> Result<End, Error> {
        let _ = (block, each);
        todo!()
    }

    /// Lists every row of a data source, past the cap of 10,000.
    pub fn rows(&self, data_source: NotionId, archived: bool, each: Each) -> Result<End, Error> {
        let _ = (data_source, archived, each);
        todo!()
    }

    /// Lists the templates of a data source.
    pub fn templates(&self, data_source: NotionId, each: Each) -> Result<End, Error> {
        let _ = (data_source, each);
        todo!()
    }

    /// Lists references to the views of a database block, in tab order.
    pub fn views(&self, database: NotionId, each: Each) -> Result<End, Error> {
        let _ = (database, each);
        todo!()
    }

    /// Lists the open comments of exactly this page or block.
    pub fn comments(&self, page_or_block: NotionId, each: Each) -> Result<End, Error> {
        let _ = (page_or_block, each);
        todo!()
    }

    /// The whole value of one property; `each` gets the items of a listed value.
    pub fn property(
        &self,
        page: NotionId,
        property_id: &str,
        each: Each,
    ) -> Result<Property, Error> {
        let _ = (page, property_id, each);
        todo!()
    }
}

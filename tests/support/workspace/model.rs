//! What a workspace is made of, as Notion itself would keep it.
//!
//! Nothing here is in the API's shape: answers are rendered from it at every read,
//! truncated, filtered by access and signed. Payloads are JSON in the API's shape
//! with two private markers that rendering replaces: `{"$asset": name}` stands for
//! a file stored by Notion and `{"$emoji": id}` for a custom emoji.

use std::borrow::Cow;
use std::collections::BTreeMap;

use notion_backup::model::NotionId;
use serde_json::{Map, Value};

/// Any Notion id.
pub type Id = NotionId;

/// Who made something and who touched it last, and when (milliseconds, UTC).
#[derive(Clone, Copy, Debug)]
pub struct Stamps {
    pub created: i64,
    pub edited: i64,
    /// The edit before the last one: what a lagging search index still shows.
    pub edited_before: i64,
    pub created_by: Id,
    pub edited_by: Id,
}

/// The direct parent of a page, database or block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parent {
    Workspace,
    Page(Id),
    Block(Id),
    Database(Id),
    DataSource(Id),
}

/// The blocks under a page: `generated` ones computed from the page's id, then `listed`.
#[derive(Clone, Debug, Default)]
pub struct Body {
    pub generated: u32,
    pub listed: Vec<Id>,
}

#[derive(Clone, Debug)]
pub struct Page {
    pub id: Id,
    pub stamps: Stamps,
    pub parent: Parent,
    pub title: String,
    /// Property id to complete value, without the `id` and `type` around it.
    pub values: BTreeMap<String, Value>,
    pub body: Body,
    pub icon: Value,
    pub cover: Value,
    pub in_trash: bool,
    pub is_archived: bool,
    pub is_locked: bool,
    pub public_url: Option<String>,
    /// Shared with, or withdrawn from, the connection here; `None` inherits.
    pub shared: Option<bool>,
    /// Search never names it although it can be read.
    pub omitted_by_search: bool,
    /// Keys that no digest knows, added to the object.
    pub extra: Map<String, Value>,
    /// Grows with every edit of a generated body, so that its text changes.
    pub revision: u32,
}

#[derive(Clone, Debug)]
pub struct Block {
    pub id: Id,
    pub stamps: Stamps,
    pub parent: Parent,
    pub kind: Cow<'static, str>,
    pub payload: Value,
    pub children: Vec<Id>,
    pub in_trash: bool,
    /// Says `has_children: false` although it has some (meeting notes).
    pub hides_children: bool,
    pub extra: Map<String, Value>,
}

/// What `GET /databases/{id}` answers for a linked view (section 2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    EmptyDataSources,
    NotFound,
    BadRequest,
}

#[derive(Clone, Debug)]
pub struct Database {
    pub id: Id,
    pub stamps: Stamps,
    pub parent: Parent,
    pub title: String,
    pub description: Value,
    pub is_inline: bool,
    pub is_locked: bool,
    pub in_trash: bool,
    pub icon: Value,
    pub cover: Value,
    pub data_sources: Vec<Id>,
    /// In the order of the tabs.
    pub views: Vec<Id>,
    pub linked: Option<Linked>,
    pub shared: Option<bool>,
    pub omitted_by_search: bool,
    pub extra: Map<String, Value>,
}

/// One column of a data source.
#[derive(Clone, Debug)]
pub struct Property {
    /// As the API writes it: percent-encoded.
    pub id: String,
    pub name: String,
    pub kind: String,
    /// The object under the key named by `kind`.
    pub config: Value,
    pub description: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Template {
    pub page: Id,
    pub name: String,
    pub is_default: bool,
}

#[derive(Clone, Debug)]
pub struct DataSource {
    pub id: Id,
    pub stamps: Stamps,
    pub database: Id,
    /// Set for sources synced from another one.
    pub synced_from: Option<Id>,
    /// Null shows the icon of the database.
    pub icon: Value,
    pub title: String,
    pub schema: Vec<Property>,
    pub rows: Vec<Id>,
    /// Databases that live inside this wiki; queries mix their sources in.
    pub wiki_databases: Vec<Id>,
    pub templates: Vec<Template>,
    pub in_trash: bool,
    pub extra: Map<String, Value>,
}

#[derive(Clone, Debug)]
pub struct View {
    pub id: Id,
    pub stamps: Stamps,
    pub database: Id,
    pub data_source: Option<Id>,
    pub name: String,
    pub kind: String,
    /// `filter`, `sorts`, `quick_filters`, `configuration`, `dashboard_view_id`.
    pub settings: Map<String, Value>,
}

#[derive(Clone, Debug)]
pub struct Comment {
    pub id: Id,
    pub stamps: Stamps,
    /// The page or block it hangs on, and nothing else.
    pub on: Parent,
    pub discussion: Id,
    pub rich_text: Value,
    pub display_name: Value,
    /// `[{"category", "file": {"$asset"}}]`.
    pub attachments: Vec<Value>,
    pub resolved: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserKind {
    Person { email: String },
    Bot,
}

#[derive(Clone, Debug)]
pub struct User {
    pub id: Id,
    pub name: String,
    pub avatar_url: Option<String>,
    pub kind: UserKind,
    /// Readable singly, absent from the list.
    pub guest: bool,
    /// 404, while their id stays wherever they were.
    pub deleted: bool,
}

#[derive(Clone, Debug)]
pub struct Emoji {
    pub id: Id,
    pub name: String,
    pub asset: String,
}

/// The bytes of a file stored by Notion.
#[derive(Clone, Debug)]
pub struct Asset {
    pub file_name: String,
    pub content_type: String,
    pub content: std::sync::Arc<Vec<u8>>,
    /// A plain address without signature (custom emojis).
    pub public: bool,
}

//! Notion's objects as this program sees them: a typed core, and everything unknown kept as JSON.

mod id;

pub use id::{IdError, NotionId};

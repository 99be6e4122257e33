//! Notion's objects as this program sees them: a typed core, and everything unknown kept as JSON.
//!
//! Objects stay [`serde_json::Value`]s from the answer to the repository, so that
//! what Notion adds tomorrow survives. The functions here read the few things the
//! program has to understand: ids, times, titles, files, references, truncation.

mod broken;
mod canonical;
mod hosted;
mod id;
mod keys;
mod legacy;
mod object;
mod refs;
mod truncated;

pub use broken::{BrokenText, broken_texts, mark_broken};
pub use canonical::{canonical, without_signature};
pub use hosted::{HostedFile, hosted_files};
pub use id::{IdError, NotionId};
pub use legacy::{database_2022, stand_in};
pub use object::{
    Kind, Parent, edited, id_of, in_trash, kind_of, parent_of, plain_text, title_of, type_of,
};
pub use refs::{How, Reference, references};
pub use truncated::{Truncated, truncated_properties};

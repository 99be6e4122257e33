//! Which keys of Notion's objects are words of the API, and which are people's own.
//!
//! A page, a data source and a view hold objects whose keys are the names of properties.
//! A property may be named like any word of the API (`url`, `expiry_time`, `object`), so
//! what a key means depends on where it stands.

/// What the keys of a JSON object are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// Words of the API.
    Api,
    /// Names that people gave to properties.
    Names,
}

impl Keys {
    /// What the keys of the object below `key` are. The two places where they are names
    /// are all that the published types have (`properties` of pages and data sources,
    /// `quick_filters` of views).
    pub(super) fn below(self, key: &str) -> Keys {
        match self {
            Keys::Api if matches!(key, "properties" | "quick_filters") => Keys::Names,
            Keys::Api | Keys::Names => Keys::Api,
        }
    }
}

//! The fake's manners: everything a test may turn on, off, up or down.

use std::time::Duration;

/// What the token is allowed to do (section 1.2).
#[derive(Clone, Copy, Debug)]
pub struct Capabilities {
    pub read_content: bool,
    pub insert_content: bool,
    pub update_content: bool,
    pub read_comments: bool,
    pub insert_comments: bool,
    pub users: bool,
    pub emails: bool,
    /// A personal access token: it may not list users, it may write at the top level.
    pub personal: bool,
}

/// How the fake behaves. The defaults are an obliging Notion.
#[derive(Clone, Debug)]
pub struct Switches {
    pub capabilities: Capabilities,
    /// Listings answer shorter pages than asked for, by this seed, some even empty.
    pub short_pages: Option<u64>,
    /// Answers are compressed for clients that accept gzip.
    pub gzip: bool,
    /// Every answer is checked against the response schema, where that is present.
    pub validate_answers: bool,
    /// Every write is checked against the request schema, where that is present.
    pub validate_requests: bool,
    /// The most rows that one query, whatever its pages, can reach.
    pub query_cap: usize,
    /// The most results that one search can reach.
    pub search_cap: usize,
    /// Search shows the last result of a page again on the next one.
    pub search_repeats: bool,
    /// Search shows the workspace as it was that many milliseconds ago.
    pub search_lag: i64,
    /// Queries with `is_archived` are refused with 400 (section 10).
    pub refuse_is_archived: bool,
    /// How long signed addresses live, in milliseconds of the workspace's clock.
    pub url_lifetime: i64,
    /// The first download of every file answers 202: not ready yet.
    pub not_ready_once: bool,
    /// How long an append takes, for those who want to see two collide.
    pub append_time: Duration,
    /// How far the workspace's clock goes on with every POST, in milliseconds.
    pub post_time: i64,
    /// The largest file that the workspace takes, in bytes.
    pub max_upload: u64,
    /// Answers say when they were given, by the workspace's clock (`Date`).
    pub date: bool,
    /// A prefix of unique ids belongs to one column of the workspace, for ever
    /// (section 10.1).
    pub unique_prefixes: bool,
    /// Texts that answers hold as these bytes instead, which no writer of JSON here would
    /// write, such as half of a surrogate pair (section 10.1).
    pub raw_texts: Vec<(&'static str, &'static [u8])>,
    /// A path before `/v1`, as behind a proxy, such as `/notion`.
    pub prefix: String,
}

impl Default for Switches {
    fn default() -> Self {
        Switches {
            capabilities: Capabilities {
                read_content: true,
                insert_content: true,
                update_content: true,
                read_comments: true,
                insert_comments: true,
                users: true,
                emails: true,
                personal: false,
            },
            short_pages: None,
            gzip: true,
            validate_answers: false,
            validate_requests: true,
            query_cap: 10_000,
            search_cap: 10_000,
            search_repeats: false,
            search_lag: 0,
            refuse_is_archived: false,
            url_lifetime: 3_600_000,
            not_ready_once: false,
            append_time: Duration::ZERO,
            post_time: 0,
            max_upload: 5_368_709_120,
            date: true,
            unique_prefixes: false,
            raw_texts: Vec::new(),
            prefix: String::new(),
        }
    }
}

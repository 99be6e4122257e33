//! Downloads of files.

use std::io::Write;

use super::{Error, Notion};

/// A finished download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// How many bytes were written.
    pub bytes: u64,
    /// The `Content-Type` that the file host gave.
    pub content_type: Option<String>,
}

impl Notion {
    /// Streams a file into `into`.
    pub fn download(&self, url: &str, into: &mut dyn Write) -> Result<Download, Error> {
        let _ = (url, into);
        todo!()
    }
}

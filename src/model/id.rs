//! Notion's identifiers: UUIDs, written in several ways.
//!
//! Notion accepts ids with and without dashes in any case and answers with dashes
//! in lower case; people paste whole URLs. One type stands for all of them, and
//! its text is always the dashed lower-case form, so it is safe as a file name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The id of a page, block, database, data source, view, user, comment or emoji.
///
/// A page has the same id as the `child_page` block that shows it, and a database
/// as its `child_database` block, so one type serves all.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NotionId(u128);

/// A text that is no Notion id and no link to one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{text}' is not a Notion id: give 32 hexadecimal digits, with or without dashes, or the page's link"
)]
pub struct IdError {
    text: String,
}

impl NotionId {
    /// The id from its 128 bits.
    pub fn from_bits(bits: u128) -> NotionId {
        NotionId(bits)
    }

    /// The id's 128 bits.
    pub fn bits(self) -> u128 {
        self.0
    }

    /// Reads what a person typed: an id with or without dashes, or a Notion URL.
    pub fn from_user(text: &str) -> Result<NotionId, IdError> {
        let text = text.trim();
        if let Ok(id) = text.parse() {
            return Ok(id);
        }
        if text.contains("://")
            && let Some(id) = NotionId::in_url(text)
        {
            return Ok(id);
        }
        Err(IdError {
            text: text.chars().take(80).collect(),
        })
    }

    /// The page (or block) that a Notion URL leads to, if it is one.
    ///
    /// Known hosts: `notion.so`, `www.notion.so`, `app.notion.com`, `*.notion.site`
    /// (section 1.7 of the API digest). A `?p=` parameter, which names the page
    /// opened over another, wins over the path; a fragment is not looked at.
    pub fn in_url(url: &str) -> Option<NotionId> {
        let (scheme, rest) = url.split_once("://")?;
        if !matches!(scheme, "https" | "http" | "notion") {
            return None;
        }
        let (rest, _fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, path) = rest.split_once('/')?;
        if !is_notion_host(host) {
            return None;
        }
        let shown = query.split('&').find_map(|pair| pair.strip_prefix("p="));
        shown
            .and_then(trailing_id)
            .or_else(|| trailing_id(path.trim_end_matches('/')))
    }
}

fn is_notion_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    matches!(
        host.as_str(),
        "notion.so" | "www.notion.so" | "app.notion.com" | "www.notion.com" | "notion.com"
    ) || host.ends_with(".notion.site")
}

/// The id at the end of a path segment such as `My-title-<32 hex>`.
fn trailing_id(path: &str) -> Option<NotionId> {
    let segment = path.rsplit('/').next().unwrap_or(path);
    if let Ok(id) = segment.parse() {
        return Some(id);
    }
    let start = segment.len().checked_sub(32)?;
    let digits = segment.get(start..)?;
    let before = segment.get(..start)?;
    if before.is_empty() || before.ends_with('-') {
        digits.parse().ok()
    } else {
        None
    }
}

impl FromStr for NotionId {
    type Err = IdError;

    /// Accepts 32 hexadecimal digits, or the dashed 8-4-4-4-12 form, in any case.
    fn from_str(text: &str) -> Result<NotionId, IdError> {
        let error = || IdError {
            text: text.chars().take(80).collect(),
        };
        let bytes = text.as_bytes();
        let mut value: u128 = 0;
        let dashed = match bytes.len() {
            32 => false,
            36 => true,
            _ => return Err(error()),
        };
        for (index, &byte) in bytes.iter().enumerate() {
            if dashed && matches!(index, 8 | 13 | 18 | 23) {
                if byte != b'-' {
                    return Err(error());
                }
                continue;
            }
            let digit = (byte as char).to_digit(16).ok_or_else(error)?;
            value = value << 4 | u128::from(digit);
        }
        Ok(NotionId(value))
    }
}

impl fmt::Display for NotionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let v = self.0;
        write!(
            out,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            v >> 96,
            v >> 80 & 0xffff,
            v >> 64 & 0xffff,
            v >> 48 & 0xffff,
            v & 0xffff_ffff_ffff
        )
    }
}

impl fmt::Debug for NotionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl Serialize for NotionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NotionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NotionId, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DASHED: &str = "0123abcd-4567-89ef-0123-456789abcdef";
    const PLAIN: &str = "0123abcd456789ef0123456789abcdef";

    #[test]
    fn every_spelling_is_one_id() {
        let id: NotionId = DASHED.parse().unwrap();
        assert_eq!(id.to_string(), DASHED);
        for text in [
            PLAIN.to_string(),
            PLAIN.to_uppercase(),
            format!("  {DASHED}\n"),
            format!("https://www.notion.so/acme/My-page-{PLAIN}"),
            format!("https://www.notion.so/{PLAIN}?pvs=4"),
            format!("https://app.notion.com/p/Title-{PLAIN}#ffffffffffffffffffffffffffffffff"),
            format!("https://acme.notion.site/Title-{PLAIN}/"),
            format!("https://www.notion.so/{}?v=1&p={PLAIN}", "f".repeat(32)),
        ] {
            assert_eq!(NotionId::from_user(&text).unwrap(), id, "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_what_to_give() {
        for text in [
            "",
            "hello",
            "0123",
            "0123abcd456789ef0123456789abcdeg",
            "0123abcd-456789ef0123456789abcdef-aa",
            "https://example.com/0123abcd456789ef0123456789abcdef",
            "https://www.notion.so/no-id-here",
            "é123abcd456789ef0123456789abcde",
        ] {
            let error = NotionId::from_user(text).unwrap_err();
            assert!(
                error.to_string().contains("32 hexadecimal digits"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_link_that_leads_elsewhere_has_no_id() {
        assert_eq!(
            NotionId::in_url(&format!("https://evil.example/{PLAIN}")),
            None
        );
        assert_eq!(
            NotionId::in_url(&format!("ftp://www.notion.so/{PLAIN}")),
            None
        );
        assert_eq!(
            NotionId::in_url("https://www.notion.so/x0123abcd456789ef0123456789abcdef"),
            None
        );
    }
}

//! Listings in pages: opaque cursors, shorter pages than asked for, cut-off lists.
//!
//! A cursor is a scrambled offset bound to its listing, so using it elsewhere, or
//! after [`super::FakeNotion::expire_cursors`], is refused as Notion does.

use serde_json::{Value, json};

use super::super::workspace::ids::mix;
use super::super::workspace::model::Id;
use super::refusal::Refusal;

/// The most results of one answer, and the default (section 1.5).
pub const PAGE_SIZE: usize = 100;
const SCRAMBLE: u128 = 0x5be3_91c7_4ad2_8f60_e71b_3c95_d86a_402f;

/// What a client asked of a listing.
#[derive(Clone, Debug)]
pub struct Asked {
    pub page_size: usize,
    pub start_cursor: Option<String>,
}

/// The stretch of a listing that one answer shows.
#[derive(Clone, Debug)]
pub struct Page {
    pub from: usize,
    pub to: usize,
    pub next: Option<String>,
}

/// How listings are cut.
#[derive(Clone, Copy, Debug)]
pub struct Cutter {
    pub short_pages: Option<u64>,
    /// Cursors of other epochs have expired.
    pub epoch: u16,
}

fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(17, |hash, byte| mix(hash ^ u64::from(byte)))
}

impl Cutter {
    fn cursor(&self, scope: u64, offset: usize, attempt: u8) -> String {
        let bits = u128::from(scope) << 64
            | u128::from(self.epoch) << 48
            | u128::from(attempt) << 40
            | offset as u128;
        Id::from_bits(bits ^ SCRAMBLE).to_string()
    }

    fn offset(&self, scope: u64, cursor: &str) -> Result<(usize, u8), Refusal> {
        let refuse = || {
            Refusal::validation(format!(
                "The start_cursor provided is invalid: {cursor}. It may have expired."
            ))
        };
        let id: Id = cursor.parse().map_err(|_| refuse())?;
        let bits = id.bits() ^ SCRAMBLE;
        if (bits >> 64) as u64 != scope || (bits >> 48) as u16 != self.epoch {
            return Err(refuse());
        }
        let offset = (bits & 0xff_ffff_ffff) as usize;
        Ok((offset, (bits >> 40) as u8))
    }

    /// The stretch of `total` results of the listing named `scope`.
    pub fn cut(&self, scope: &str, total: usize, asked: &Asked) -> Result<Page, Refusal> {
        let scope = hash(scope);
        let (from, attempt) = match &asked.start_cursor {
            Some(cursor) => self.offset(scope, cursor)?,
            None => (0, 0),
        };
        let mut size = asked.page_size;
        if let Some(seed) = self.short_pages {
            let draw = mix(seed ^ scope ^ (from as u64) << 8 ^ u64::from(attempt));
            size = match draw % 8 {
                // An empty page is legal too; never two in a row.
                0 if attempt == 0 => 0,
                0..=3 => 1 + (draw >> 8) as usize % size,
                _ => size,
            };
        }
        let from = from.min(total);
        let to = (from + size).min(total);
        let attempt = if to == from { attempt + 1 } else { 0 };
        let next = (to < total).then(|| self.cursor(scope, to, attempt));
        Ok(Page { from, to, next })
    }
}

/// Checks `page_size` and `start_cursor`, which are texts in a query string and
/// typed in a body.
pub fn asked(size: Option<&Value>, cursor: Option<&Value>, place: &str) -> Result<Asked, Refusal> {
    let wrong = |rule: String| Refusal::validation(format!("{place} failed validation: {rule}."));
    let page_size = match size {
        None => PAGE_SIZE,
        Some(value) => {
            let number = value
                .as_u64()
                .or_else(|| value.as_str().and_then(|text| text.parse().ok()));
            match number {
                Some(size @ 1..=100) => size as usize,
                _ => {
                    return Err(wrong(format!(
                        "{place}.page_size should be ≤ `100`, instead was `{value}`"
                    )));
                }
            }
        }
    };
    let start_cursor = match cursor {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => {
            return Err(wrong(format!(
                "{place}.start_cursor should be a string, instead was `{other}`"
            )));
        }
    };
    Ok(Asked {
        page_size,
        start_cursor,
    })
}

/// The list object around one page of results; `kind` is also the name of the empty
/// object that Notion adds (section 1.6).
pub fn list(kind: &str, results: Vec<Value>, page: &Page) -> Value {
    json!({"object": "list", "type": kind, kind: {}, "results": results,
           "has_more": page.next.is_some(), "next_cursor": page.next})
}

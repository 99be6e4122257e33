//! Tokens: ids that a restore will get, before it has them.
//!
//! Notion gives every restored object a new id, so a plan cannot know the ids that its
//! later requests need. It writes a *token* instead, a UUID that is computed from what
//! will be made, and the executor puts the real id in its place wherever the token
//! stands, also in the middle of a text such as a link. A plan is thereby a plain list
//! of requests that can be kept, read and continued.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::NotionId;

/// The place of an id that is not known yet. Its text is a UUID like any other, with
/// dashes, so a request with tokens has the same shape as one with ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(NotionId);

impl Token {
    /// What the page, database, data source, block or view with this old id becomes.
    pub fn of(old: NotionId) -> Token {
        Token::named(&format!("object {old}"))
    }

    /// The id of the property with this name, of what the old data source becomes.
    pub fn property(data_source: NotionId, name: &str) -> Token {
        Token::named(&format!("property {data_source} {name}"))
    }

    /// Anything else, told apart by a text.
    pub fn named(text: &str) -> Token {
        let hash = Sha256::digest(format!("notion-backup token {text}"));
        let mut bits = [0; 16];
        bits.copy_from_slice(hash.get(..16).unwrap_or(&[0; 16]));
        // Version 8, a UUID of one's own making (RFC 9562), so that none is Notion's.
        let bits = u128::from_be_bytes(bits) & !(0xf << 76) & !(0b11 << 62);
        Token(NotionId::from_bits(bits | (8 << 76) | (0b10 << 62)))
    }

    /// The UUID that stands in requests.
    pub fn id(self) -> NotionId {
        self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// What tokens have become: ids, or for properties the short texts that are their ids.
pub type Known = HashMap<Token, String>;

/// Puts what is known in the place of tokens, in all strings and keys of a request.
/// Tokens that are not known stay.
pub fn fill(value: &mut Value, known: &Known) {
    match value {
        Value::String(text) => {
            if let Some(filled) = filled(text, known) {
                *text = filled;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, known)),
        Value::Object(fields) => {
            let renamed: Vec<_> = fields
                .keys()
                .filter_map(|key| Some((key.clone(), filled(key, known)?)))
                .collect();
            for (key, new) in renamed {
                if let Some(field) = fields.remove(&key) {
                    fields.insert(new, field);
                }
            }
            fields.values_mut().for_each(|field| fill(field, known));
        }
        _ => {}
    }
}

/// The text with its tokens replaced; `None` when there is nothing to replace. An id
/// that stood without dashes is put without dashes, as links have it.
pub fn filled(text: &str, known: &Known) -> Option<String> {
    let mut out = String::new();
    let mut copied = 0;
    each_token(text, |from, to, token| {
        if let Some(new) = known.get(&token) {
            out.push_str(text.get(copied..from).unwrap_or_default());
            match new.parse::<NotionId>() {
                Ok(id) if to - from == PLAIN => out.push_str(&format!("{:032x}", id.bits())),
                _ => out.push_str(new),
            }
            copied = to;
        }
    });
    if copied == 0 {
        return None;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Some(out)
}

/// Every token-like UUID in the strings and keys of a request, in order of appearance.
pub fn tokens(value: &Value, found: &mut Vec<Token>) {
    match value {
        Value::String(text) => each_token(text, |_, _, token| found.push(token)),
        Value::Array(items) => items.iter().for_each(|item| tokens(item, found)),
        Value::Object(fields) => {
            for (key, field) in fields {
                each_token(key, |_, _, token| found.push(token));
                tokens(field, found);
            }
        }
        _ => {}
    }
}

/// Whether a text is nothing but a token.
pub fn is_token(text: &str) -> bool {
    let mut whole = false;
    each_token(text, |from, to, _| whole |= from == 0 && to == text.len());
    whole
}

/// Digits of a UUID without dashes.
const PLAIN: usize = 32;
/// Characters of a UUID with dashes.
const DASHED: usize = 36;

/// Calls `each` with start, end and token for every UUID of version 8 in a text.
fn each_token(text: &str, mut each: impl FnMut(usize, usize, Token)) {
    let bytes = text.as_bytes();
    let part = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b'-';
    let mut at = 0;
    while at + PLAIN <= bytes.len() {
        let run = bytes.iter().skip(at).take_while(|byte| part(byte)).count();
        if run < PLAIN {
            at += run + 1;
            continue;
        }
        let found = [DASHED, PLAIN].into_iter().find_map(|length| {
            let id: NotionId = text.get(at..at + length)?.parse().ok()?;
            let version = id.bits() >> 76 & 0xf;
            (version == 8).then_some((length, Token(id)))
        });
        match found {
            Some((length, token)) => {
                each(at, at + length, token);
                at += length;
            }
            None => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tokens_differ_and_are_uuids_of_version_eight() {
        let old = NotionId::from_bits(7);
        let all = [
            Token::of(old),
            Token::of(NotionId::from_bits(8)),
            Token::property(old, "Name"),
            Token::property(old, "Names"),
            Token::named("x"),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        for token in all {
            let text = token.to_string();
            assert_eq!(text.as_bytes()[14], b'8', "{text}");
            assert!(matches!(text.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
        }
        assert_eq!(Token::of(old), Token::of(old));
    }

    #[test]
    fn tokens_are_filled_in_wherever_they_stand() {
        let (page, property) = (Token::named("page"), Token::named("property"));
        let new = NotionId::from_bits(0xabc);
        let known = Known::from([(page, new.to_string()), (property, "f%5C%3Ap".to_string())]);
        let plain = format!("{:032x}", page.id().bits());
        let mut request = json!({
            "parent": {"page_id": page},
            "url": format!("https://www.notion.so/A-title-{plain}?x=1#{plain}"),
            "sorts": {property.to_string(): [1, null, true]},
            "other": Token::named("unknown"),
            "short": "8",
        });
        let mut found = Vec::new();
        tokens(&request, &mut found);
        assert_eq!(found.len(), 5);
        fill(&mut request, &known);
        assert_eq!(
            request,
            json!({
                "parent": {"page_id": new},
                "url": format!("https://www.notion.so/A-title-{0}?x=1#{0}", format!("{:032x}", new.bits())),
                "sorts": {"f%5C%3Ap": [1, null, true]},
                "other": Token::named("unknown"),
                "short": "8",
            })
        );
    }

    #[test]
    fn a_token_is_found_within_other_digits_and_dashes() {
        let token = Token::named("here");
        for (before, after) in [
            ("", ""),
            ("é", "é"),
            ("Deadline-2-", "-x"),
            ("--", "--"),
            ("z", "z"),
        ] {
            let known = Known::from([(token, "!".to_string())]);
            let text = format!("{before}{token}{after}");
            assert_eq!(filled(&text, &known), Some(format!("{before}!{after}")));
        }
        assert_eq!(filled("deadbeef".repeat(8).as_str(), &Known::new()), None);
    }
}

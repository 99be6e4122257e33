//! Reading an answer's JSON, also where a text in it is no Unicode text.
//!
//! Strict reading comes first. Only when that fails, the bytes are gone through once: each
//! half of a surrogate pair and each sequence of bytes that is no UTF-8 gets a sign in its
//! place, made of noncharacters of Unicode, which are for such inner use. When that reads,
//! the signs become U+FFFD, and the object that holds the text is marked. So one broken
//! text costs that text and nothing else; what is no JSON stays unreadable.

use serde_json::{Map, Value};

use crate::model::{BrokenText, mark_broken};

/// Begins a sign; four of [`DIGIT`] and above follow, for the half's or byte's four
/// hexadecimal digits.
const SIGN: char = '\u{FDEF}';
/// The digit 0 of a sign.
const DIGIT: u32 = 0xFDD0;
/// What stands for a character that could not be read.
const REPLACEMENT: char = '\u{FFFD}';

/// The lists of an answer whose items are objects by themselves (section 1.6 of the API
/// digest; `templates` in section 2.5).
const LISTS: [&str; 2] = ["results", "templates"];
/// The object inside an answer that goes its own way (section 2.3 of the API digest).
const ITEM: &str = "property_item";

/// Reads an answer. Objects with a broken text are marked, each item of a list by itself.
pub(super) fn read(bytes: &[u8]) -> Option<Value> {
    if let Ok(value) = serde_json::from_slice(bytes) {
        return Some(value);
    }
    let mut value: Value = serde_json::from_slice(&signed(bytes)?).ok()?;
    let mut own = Vec::new();
    if let Some(fields) = value.as_object_mut() {
        for (key, field) in fields {
            match field {
                Value::Array(items) if LISTS.contains(&key.as_str()) => {
                    items.iter_mut().for_each(mark);
                }
                Value::Object(_) if key == ITEM => mark(field),
                _ => replace(field, &mut below(key), &mut own),
            }
        }
    }
    mark_broken(&mut value, own);
    Some(value)
}

fn mark(object: &mut Value) {
    let mut texts = Vec::new();
    replace(object, &mut String::new(), &mut texts);
    mark_broken(object, texts);
}

/// The same bytes with signs; `None` when there is nothing to put one for.
fn signed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut any = false;
    let mut in_text = false;
    for chunk in bytes.utf8_chunks() {
        let mut rest = chunk.valid().as_bytes();
        while !rest.is_empty() {
            let (length, half) = piece(rest, &mut in_text);
            let (taken, after) = rest.split_at(length.min(rest.len()));
            match half {
                Some(half) => put_sign(half, &mut out),
                None => out.extend_from_slice(taken),
            }
            any |= half.is_some();
            rest = after;
        }
        for byte in chunk.invalid() {
            put_sign(u16::from(*byte), &mut out);
            any = true;
        }
    }
    any.then_some(out)
}

/// How long the next piece of JSON is, and the half of a pair if it is one.
fn piece(rest: &[u8], in_text: &mut bool) -> (usize, Option<u16>) {
    match rest {
        [b'"', ..] => {
            *in_text = !*in_text;
            (1, None)
        }
        [b'\\', b'u', ..] if *in_text => {
            let next = rest.get(6..).and_then(unit);
            match (unit(rest), next) {
                (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => (12, None),
                (Some(half @ 0xD800..=0xDFFF), _) => (6, Some(half)),
                (Some(_), _) => (6, None),
                (None, _) => (2, None),
            }
        }
        [b'\\', _, ..] if *in_text => (2, None),
        _ => (1, None),
    }
}

/// The code unit that an escape such as `\u00e9` at the beginning of `text` is.
fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |unit, &byte| {
        let digit = char::from(byte).to_digit(16)?;
        Some(unit << 4 | digit as u16)
    })
}

fn put_sign(what: u16, out: &mut Vec<u8>) {
    let digits = [12, 8, 4, 0].map(|shift| DIGIT + u32::from(what >> shift & 0xF));
    let digits = digits.into_iter().filter_map(char::from_u32);
    for char in std::iter::once(SIGN).chain(digits) {
        out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// Puts U+FFFD in the place of signs, in texts and keys, and notes where. JSON is at most
/// 128 levels deep (serde_json's limit), so this may recurse.
fn replace(value: &mut Value, pointer: &mut String, found: &mut Vec<BrokenText>) {
    let length = pointer.len();
    match value {
        Value::String(text) => {
            if let Some((new, was)) = replaced(text) {
                *text = new;
                let place = pointer.clone();
                found.push(BrokenText { place, was });
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                pointer.push_str(&format!("/{index}"));
                replace(item, pointer, found);
                pointer.truncate(length);
            }
        }
        Value::Object(fields) => {
            replace_keys(fields, pointer, found);
            for (key, field) in fields {
                pointer.push_str(&below(key));
                replace(field, pointer, found);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

/// Two keys may differ in the half alone: the second gets one more U+FFFD, so that its
/// value is not lost.
fn replace_keys(fields: &mut Map<String, Value>, pointer: &str, found: &mut Vec<BrokenText>) {
    let broken = fields
        .keys()
        .filter_map(|key| Some((key.clone(), replaced(key)?)));
    for (key, (mut new, was)) in broken.collect::<Vec<_>>() {
        while fields.contains_key(&new) {
            new.push(REPLACEMENT);
        }
        if let Some(field) = fields.remove(&key) {
            let place = format!("{pointer}{}", below(&new));
            found.push(BrokenText { place, was });
            fields.insert(new, field);
        }
    }
}

/// A step of a JSON pointer.
fn below(key: &str) -> String {
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// The text with U+FFFD for signs, and what the signs stand for; `None` without any.
fn replaced(text: &str) -> Option<(String, Vec<String>)> {
    let mut new = String::with_capacity(text.len());
    let mut was = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(SIGN) {
        new.push_str(before);
        let mut what = 0;
        let mut digits = 0;
        let mut chars = after.chars();
        for char in chars.by_ref().take(4) {
            let digit = (char as u32).checked_sub(DIGIT).filter(|digit| *digit < 16);
            let Some(digit) = digit else { break };
            what = what << 4 | digit;
            digits += 1;
        }
        if digits == 4 {
            new.push(REPLACEMENT);
            was.push(match what {
                0xD800.. => format!("\\u{what:04x}"),
                _ => format!("byte {what:02x}"),
            });
            rest = chars.as_str();
        } else {
            // Notion's own.
            new.push(SIGN);
            rest = after;
        }
    }
    new.push_str(rest);
    (!was.is_empty()).then_some((new, was))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{broken_texts, canonical};
    use serde_json::json;

    /// An answer with one page whose property `Text` is this JSON text, and a sound page.
    fn list(text: &[u8]) -> Vec<u8> {
        let before = br#"{"object":"list","results":[{"id":"a","text":""#;
        let after = br#"","end":"e"},{"id":"b","text":"sound"}],"has_more":false}"#;
        [before, text, after].concat()
    }

    #[test]
    fn half_of_a_pair_costs_that_half_and_marks_the_object_that_holds_it() {
        let cases: [(&[u8], &str, &[&str]); 12] = [
            (br"\ud83d", "\u{FFFD}", &[r"\ud83d"]),
            (br"x\ude00y", "x\u{FFFD}y", &[r"\ude00"]),
            (br"\uD83Dx", "\u{FFFD}x", &[r"\ud83d"]),
            (
                br"\ude00\ud83d",
                "\u{FFFD}\u{FFFD}",
                &[r"\ude00", r"\ud83d"],
            ),
            (br"\ud83d\ud83d\ude00", "\u{FFFD}\u{1F600}", &[r"\ud83d"]),
            (br"\ud83d\ude00\ude00", "\u{1F600}\u{FFFD}", &[r"\ude00"]),
            (br"\ud83d\u0041", "\u{FFFD}A", &[r"\ud83d"]),
            (br"\ud83d\n", "\u{FFFD}\n", &[r"\ud83d"]),
            (br#"\\\"\ud83d"#, "\\\"\u{FFFD}", &[r"\ud83d"]),
            // An escaped backslash is no escape of a half; the half after it is one.
            (br"\\ud83d\udc00", "\\ud83d\u{FFFD}", &[r"\udc00"]),
            (b"a\xffb", "a\u{FFFD}b", &["byte ff"]),
            (
                b"\xed\xa0\xbd",
                "\u{FFFD}\u{FFFD}\u{FFFD}",
                &["byte ed", "byte a0", "byte bd"],
            ),
        ];
        for (text, read_as, was) in cases {
            let answer = read(&list(text)).unwrap_or_else(|| panic!("{text:?} is refused"));
            let items = answer["results"].as_array().unwrap();
            let texts = broken_texts(&items[0]);
            assert_eq!(texts.len(), 1, "{text:?}");
            assert_eq!(texts[0].place, "/text");
            assert_eq!(texts[0].was, was, "{text:?}");
            let stored = json!({"id": "a", "text": read_as, "end": "e"});
            assert_eq!(canonical(items[0].clone()), stored);
            assert_eq!(items[1], json!({"id": "b", "text": "sound"}));
            assert_eq!(broken_texts(&answer), []);
        }
    }

    #[test]
    fn what_reads_strictly_is_not_touched() {
        for text in [
            br"\ud83d\ude00".as_slice(),
            br"\\ud83d",
            "\u{FDEF}\u{FFFD}".as_bytes(),
        ] {
            let strict: Value = serde_json::from_slice(&list(text)).unwrap();
            assert_eq!(read(&list(text)), Some(strict));
        }
    }

    #[test]
    fn names_that_differ_in_a_half_alone_stay_two() {
        let answer =
            read(br#"{"properties":{"a\ud83d/":1,"a\ud83c/":2,"b":{"c\ud83d":"\udc00"}}}"#);
        let answer = answer.unwrap();
        let stored = json!({"properties": {"a\u{FFFD}/": 2, "a\u{FFFD}/\u{FFFD}": 1,
            "b": {"c\u{FFFD}": "\u{FFFD}"}}});
        assert_eq!(canonical(answer.clone()), stored);
        let texts = broken_texts(&answer);
        let places: Vec<&str> = texts.iter().map(|text| text.place.as_str()).collect();
        let expected = [
            "/properties/a\u{FFFD}~1",
            "/properties/a\u{FFFD}~1\u{FFFD}",
            "/properties/b/c\u{FFFD}",
            "/properties/b/c\u{FFFD}",
        ];
        assert_eq!(places, expected);
    }

    #[test]
    fn a_value_apart_from_its_list_is_marked_by_itself() {
        let answer = read(br#"{"results":[],"property_item":{"rollup":"\ud83d"},"x":"\ud83d"}"#);
        let answer = answer.unwrap();
        assert_eq!(broken_texts(&answer["property_item"])[0].place, "/rollup");
        assert_eq!(broken_texts(&answer)[0].place, "/x");
    }

    #[test]
    fn what_is_no_json_stays_unreadable() {
        for bytes in [
            b"".as_slice(),
            b"<html>\\ud83d",
            br#"{"a":"\ud83d""#,
            br#"{"a":\ud83d}"#,
            br#"{"a":"\ud83"}"#,
            br#"{"a":"\ud8"#,
            b"\xff{\"a\":1}",
            b"{\"a\":\xff}",
            b"{\"a\\\xff\":1}",
        ] {
            assert_eq!(read(bytes), None, "{bytes:?}");
        }
    }
}

//! Properties by id and by name.
//!
//! Ids are short texts of any characters. Most answers have them percent-encoded, views
//! and formulas may not (section 1.7 of the API digest), so they are compared decoded.

use std::collections::BTreeMap;

use serde_json::Value;

/// Whether two property ids are the same one, percent-encoded or not.
pub fn same_property(one: &str, other: &str) -> bool {
    one == other || decoded(one) == decoded(other)
}

fn decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3);
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(code) if byte == b'%' => {
                out.push(code);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// The name of the property with this id, or else with this name.
pub(super) fn find<'a>(
    properties: &BTreeMap<&'a str, &'a Value>,
    id: Option<&str>,
    name: Option<&str>,
) -> Option<&'a str> {
    let by_id = id.and_then(|id| {
        properties.iter().find(|(_, property)| {
            let its = property.get("id").and_then(Value::as_str);
            its.is_some_and(|its| same_property(its, id))
        })
    });
    let found = by_id.or_else(|| properties.get_key_value(name?))?;
    Some(found.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_compared_decoded() {
        assert!(same_property("%5C%5ChhE", r"\\hhE"));
        assert!(same_property("a%3ab", "a:b"));
        assert!(same_property("100%", "100%25"));
        assert!(same_property("é%zz%2", "%C3%A9%zz%2"));
        assert!(!same_property("%5C", "%5c5C"));
    }
}

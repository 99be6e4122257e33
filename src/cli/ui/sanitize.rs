//! Text from Notion on its way to a terminal.
//!
//! A title may hold escape sequences that move the cursor, right-to-left marks
//! that turn a line around, or characters that nobody sees. On a terminal they
//! are shown as escapes such as `\u{202e}`. Into a pipe or a file they pass as they
//! are, except that a line stays one line. What programs are to read is JSON, which
//! has escapes of its own, or the bytes themselves.

use std::borrow::Cow;

/// The line with everything escaped that acts on a terminal or cannot be seen,
/// line breaks included.
pub fn for_terminal(text: &str) -> Cow<'_, str> {
    escape(text, |previous, letter, next| {
        letter.is_control() || (is_invisible(letter) && !joins(previous, letter, next))
    })
}

/// The line with control characters and line breaks escaped, and everything else as
/// it is: what a row of a table needs wherever it goes, to stay one row.
pub fn for_file(text: &str) -> Cow<'_, str> {
    escape(text, |_, letter, _| {
        letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')
    })
}

/// JSON with what acts on a terminal written as JSON escapes: it means the same to a
/// program. On a terminal that is also what cannot be seen.
///
/// JSON itself escapes only the first 32 control characters. Outside strings, where no
/// escape may stand, there are none of these characters in JSON, line breaks excepted.
pub fn for_json(json: &str, terminal: bool) -> Cow<'_, str> {
    let act = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    if !json
        .chars()
        .any(|c| act(c) || (terminal && is_invisible(c)))
    {
        return Cow::Borrowed(json);
    }
    let mut result = String::with_capacity(json.len() + 16);
    for letter in json.chars() {
        if act(letter) || (terminal && is_invisible(letter)) {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                result.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            result.push(letter);
        }
    }
    Cow::Owned(result)
}

fn escape(
    text: &str,
    dangerous: impl Fn(Option<char>, char, Option<char>) -> bool,
) -> Cow<'_, str> {
    let mut result: Option<String> = None;
    let mut previous = None;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let next = letters.peek().map(|&(_, next)| next);
        if dangerous(previous, letter, next) {
            result
                .get_or_insert_with(|| text.get(..at).unwrap_or_default().to_owned())
                .extend(letter.escape_default());
        } else if let Some(result) = &mut result {
            result.push(letter);
        }
        previous = Some(letter);
    }
    match result {
        Some(result) => Cow::Owned(result),
        None => Cow::Borrowed(text),
    }
}

/// Joiners between two letters that are not ASCII build emojis and are needed by
/// several scripts; anywhere else they only hide.
fn joins(previous: Option<char>, letter: char, next: Option<char>) -> bool {
    matches!(letter, '\u{200c}' | '\u{200d}')
        && previous.is_some_and(|previous| !previous.is_ascii() && !is_invisible(previous))
        && next.is_some_and(|next| !next.is_ascii() && !is_invisible(next))
}

/// Characters without a glyph: Unicode's format characters (bidi controls among
/// them), line separators, fillers and tags. Variation selectors are left alone:
/// emojis are full of them.
fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}'
            | '\u{34f}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_shown_instead() {
        for (text, shown) in [
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("a\r\nb\tc\0", "a\\r\\nb\\tc\\u{0}"),
            ("x\u{9b}31m", "x\\u{9b}31m"),
            ("invoice\u{202e}fdp.exe", "invoice\\u{202e}fdp.exe"),
            ("\u{2066}a\u{2069}", "\\u{2066}a\\u{2069}"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            ("a\u{e0041}", "a\\u{e0041}"),
            ("pay\u{200d}pal", "pay\\u{200d}pal"),
        ] {
            assert_eq!(for_terminal(text), shown);
        }
    }

    #[test]
    fn readable_text_is_left_alone() {
        for text in [
            "Plans & notes — 2026",
            "日本語のページ",
            "عربي",
            "👨\u{200d}👩\u{200d}👧 family ❤\u{fe0f}",
            "می\u{200c}خواهم",
            "C:\\path",
        ] {
            assert!(matches!(for_terminal(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn json_means_the_same_afterwards() {
        let text = "a\u{9b}31m\u{7f}\u{202e}\u{e0041}\u{1b}";
        let json = serde_json::json!([text]).to_string();
        let file = for_json(&json, false);
        assert_eq!(file, "[\"a\\u009b31m\\u007f\u{202e}\u{e0041}\\u001b\"]");
        let shown = for_json(&json, true);
        assert_eq!(
            shown,
            "[\"a\\u009b31m\\u007f\\u202e\\udb40\\udc41\\u001b\"]"
        );
        for written in [file, shown] {
            assert_eq!(
                serde_json::from_str::<Vec<String>>(&written).unwrap(),
                [text]
            );
        }
        let plain = "{\n\t\"a\": \"é\"}\r\n";
        assert!(matches!(for_json(plain, true), Cow::Borrowed(_)));
    }

    #[test]
    fn a_row_stays_a_row_in_a_file_too() {
        assert_eq!(
            for_file("a\nb\u{2028}c\td\u{1b}"),
            "a\\nb\\u{2028}c\\td\\u{1b}"
        );
        assert_eq!(for_file("a\u{202e}b"), "a\u{202e}b");
    }
}

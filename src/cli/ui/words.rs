//! Numbers as people read them.

use std::time::Duration;

use crate::crawl::LeftOut;

/// `1234567` as `1,234,567`.
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 page`, `2 pages`; the plural is the word with an `s` unless it ends in `y`.
pub fn count(value: u64, word: &str) -> String {
    if value == 1 {
        return format!("1 {word}");
    }
    match word.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => {
            format!("{} {stem}ies", number(value))
        }
        _ => format!("{} {word}s", number(value)),
    }
}

/// A counter's name, which is a plural, beside its value: `1 data source`, `2 guests`.
pub fn counted(value: u64, name: &str) -> String {
    let name = name.replace('_', " ");
    let word = match name.strip_suffix('s') {
        Some(singular) if value == 1 => singular,
        _ => &name,
    };
    format!("{} {word}", number(value))
}

/// Bytes in the unit that fits: `512 B`, `1.50 MiB`.
pub fn bytes(value: u64) -> String {
    indicatif::HumanBytes(value).to_string()
}

/// A length of time as `0:42`, `12:03` or `3:07:00`.
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// What a snapshot lacks on purpose, and the option that asked for it.
pub fn left_out(parts: &[LeftOut]) -> Vec<String> {
    let files = |number: u64| match number {
        0 => "none was".to_owned(),
        1 => "1 was".to_owned(),
        more => format!("{} were", self::number(more)),
    };
    let part = |part: &LeftOut| match part {
        LeftOut::Files { count: 0 } => "attachments (--no-files)".to_owned(),
        LeftOut::Files { count: number } => {
            format!("{} (--no-files)", count(*number, "attachment"))
        }
        LeftOut::LargeFiles { limit, count } => format!(
            "attachments larger than {} (--max-file-size), of which there {}",
            bytes(*limit),
            files(*count)
        ),
        LeftOut::Comments => "comments (--comments none)".to_owned(),
        LeftOut::OtherPages { roots } => format!(
            "everything but {} and what is below (--root)",
            count(*roots, "page")
        ),
    };
    parts.iter().map(part).collect()
}

/// The same in a few words, for a table; empty when nothing was left out.
pub fn left_out_in_short(parts: &[LeftOut]) -> String {
    let words: Vec<&str> = parts
        .iter()
        .filter_map(|part| match part {
            LeftOut::Files { .. } => Some("attachments"),
            LeftOut::LargeFiles { .. } => Some("large attachments"),
            LeftOut::Comments => Some("comments"),
            // The roots are listed themselves.
            LeftOut::OtherPages { .. } => None,
        })
        .collect();
    match words.is_empty() {
        true => String::new(),
        false => format!("without {}", words.join(" and ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_words_agree() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1000), "1,000");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(count(1, "page"), "1 page");
        assert_eq!(count(0, "page"), "0 pages");
        assert_eq!(count(2, "property"), "2 properties");
        assert_eq!(count(2, "day"), "2 days");
        assert_eq!(counted(1, "data_sources"), "1 data source");
        assert_eq!(counted(1, "guests"), "1 guest");
        assert_eq!(counted(1000, "rows"), "1,000 rows");
    }

    #[test]
    fn time_is_a_clock() {
        assert_eq!(clock(Duration::from_secs(42)), "0:42");
        assert_eq!(clock(Duration::from_secs(723)), "12:03");
        assert_eq!(clock(Duration::from_secs(11_220)), "3:07:00");
    }
}

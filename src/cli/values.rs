//! The small languages of option values: sizes, durations, days, ids, links.
//!
//! Each parser is what clap calls for one option, so its message ends up behind
//! "invalid value for --option".

use std::time::Duration;

use crate::check::ReadData;
use crate::model::NotionId;
use crate::notion;

/// Reads a size such as `500B`, `20M`, `1.5G` or `10MiB`, in bytes.
///
/// Letters are powers of 1024 (K, M, G, T), with or without `B` or `iB`, in any case, as in
/// restic. A number alone is refused unless it is 0: whoever types 20 means megabytes, and
/// 20 bytes would leave out every attachment.
pub fn size(text: &str) -> Result<u64, String> {
    let wrong =
        || format!("'{text}' is not a size; give a number with its unit, such as 500K, 20M or 2G");
    let trimmed = text.trim();
    let split = trimmed
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(split);
    let power = match unit.trim().to_ascii_lowercase().as_str() {
        "" if number == "0" => 0,
        "" if !number.is_empty() => {
            return Err(format!(
                "'{text}' has no unit; give one, such as {number}M for megabytes or {number}B for bytes"
            ));
        }
        "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
        _ => return Err(wrong()),
    };
    let factor = 1024_u64.pow(power);
    if let Ok(whole) = number.parse::<u64>() {
        return whole
            .checked_mul(factor)
            .ok_or_else(|| format!("'{text}' is larger than any file"));
    }
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let bytes = number * factor as f64;
    // 2^53: beyond it a float no longer counts single bytes, and no file is as large.
    if bytes <= 9_007_199_254_740_992.0 {
        Ok(bytes.round() as u64)
    } else {
        Err(format!("'{text}' is larger than any file"))
    }
}

/// Reads a length of time such as `90m`, `2h 30m`, `1d` or `1w`; a day is 24 hours.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("'{text}' is not a length of time; give something like 90m, 2h30m or 1d");
    let span: jiff::Span = text.trim().parse().map_err(|_| wrong())?;
    // Months and years have no fixed length.
    if span.get_years() != 0 || span.get_months() != 0 {
        return Err(wrong());
    }
    let seconds = span
        .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
        .map_err(|_| wrong())?;
    let time = Duration::try_from(seconds).map_err(|_| wrong())?;
    if time.is_zero() {
        return Err("the time must be longer than nothing".to_owned());
    }
    Ok(time)
}

/// Reads a number of days: `30` or `30d`.
pub fn days(text: &str) -> Result<u32, String> {
    let trimmed = text.trim();
    trimmed
        .strip_suffix('d')
        .unwrap_or(trimmed)
        .parse()
        .map_err(|_| format!("'{text}' is not a number of days; give something like 30"))
}

/// Reads which part of the content to check: `5%`, or `2/7` for the second of seven parts.
pub fn subset(text: &str) -> Result<ReadData, String> {
    let wrong = || {
        format!(
            "'{text}' is not a part; give a share such as 5%, or 2/7 for the second of seven parts"
        )
    };
    if let Some(percent) = text.trim().strip_suffix('%') {
        let percent: f64 = percent.trim().parse().map_err(|_| wrong())?;
        return if percent > 0.0 && percent <= 100.0 {
            Ok(ReadData::Share { percent, seed: 0 })
        } else {
            Err(wrong())
        };
    }
    let (part, of) = text.trim().split_once('/').ok_or_else(wrong)?;
    let part: u32 = part.trim().parse().map_err(|_| wrong())?;
    let of: u32 = of.trim().parse().map_err(|_| wrong())?;
    if (1..=of).contains(&part) {
        Ok(ReadData::Part { part, of })
    } else {
        Err(wrong())
    }
}

/// Reads how many snapshots to keep: a number, or `unlimited`.
pub fn keep(text: &str) -> Result<u32, String> {
    match text.trim() {
        "unlimited" => Ok(u32::MAX),
        number => number
            .parse()
            .map_err(|_| format!("'{text}' is not a number; give something like 7, or unlimited")),
    }
}

/// Reads an age by the calendar, such as `30d`, `1y6m` or `2w`. As in restic, `m` is
/// months and `h` hours; there is nothing shorter.
pub fn age(text: &str) -> Result<jiff::Span, String> {
    let wrong = || {
        format!(
            "'{text}' is not an age; give years, months, weeks, days and hours such as 1y6m or 30d"
        )
    };
    let mut span = jiff::Span::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit());
        let (number, unit) = rest.split_at(digits.ok_or_else(wrong)?);
        let number: i64 = number.parse().map_err(|_| wrong())?;
        let end = unit.find(|letter: char| !letter.is_ascii_alphabetic());
        let (unit, tail) = unit.split_at(end.unwrap_or(unit.len()));
        span = match unit {
            "y" => span.try_years(number),
            "m" | "mo" => span.try_months(number),
            "w" => span.try_weeks(number),
            "d" => span.try_days(number),
            "h" => span.try_hours(number),
            _ => return Err(wrong()),
        }
        .map_err(|_| wrong())?;
        rest = tail.trim_start();
    }
    if span.is_zero() {
        Err(wrong())
    } else {
        Ok(span)
    }
}

/// Reads a page or database id, or a link to one.
pub fn notion_id(text: &str) -> Result<NotionId, String> {
    NotionId::from_user(text).map_err(|error| error.to_string())
}

/// Reads the API's address; a path prefix is kept, a slash at its end is not.
pub fn api_url(text: &str) -> Result<String, String> {
    let trimmed = text.trim().trim_end_matches('/');
    let rest = trimmed
        .strip_prefix("https://")
        .or_else(|| trimmed.strip_prefix("http://"));
    match rest {
        None => Err(format!(
            "'{text}' is not a web address; it must start with https:// (or http:// for a test server)"
        )),
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            Err(format!("'{text}' names no host"))
        }
        Some(rest) if rest.contains(['?', '#', '@']) || rest.contains(char::is_whitespace) => {
            Err("it must be a host and at most a path: no user, no '?', no '#'".to_owned())
        }
        Some(_) => match notion::check_api_url(trimmed) {
            Ok(_) => Ok(trimmed.to_owned()),
            Err(why) => Err(why.to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_1024() {
        for (text, bytes) in [
            ("0", 0),
            ("500B", 500),
            ("1k", 1024),
            ("20M", 20 * 1024 * 1024),
            ("20 MiB", 20 * 1024 * 1024),
            ("1.5G", 1_610_612_736),
            ("2TB", 2_199_023_255_552),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in [
            "",
            "M",
            "20",
            "1.5",
            "0.0",
            "-1",
            "20X",
            "1e9",
            "1.2.3M",
            "99999999999T",
            "NaN",
            "inf",
        ] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_friendly() {
        for (text, seconds) in [
            ("90s", 90),
            ("90m", 5400),
            ("2h30m", 9000),
            ("2h 30m", 9000),
            ("30d", 30 * 86_400),
            ("1w", 7 * 86_400),
            ("PT5M", 300),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "5", "-5m", "0s", "soon", "1y", "2mo"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn days_may_carry_their_letter() {
        assert_eq!(days("30"), Ok(30));
        assert_eq!(days("30d"), Ok(30));
        assert_eq!(days("0"), Ok(0));
        assert!(days("a month").is_err());
        assert!(days("-1").is_err());
    }

    #[test]
    fn ages_are_by_the_calendar() {
        let span = jiff::Span::new;
        for (text, expected) in [
            ("30d", span().days(30)),
            ("1y6m", span().years(1).months(6)),
            ("2y5m7d3h", span().years(2).months(5).days(7).hours(3)),
            ("2w 1d", span().weeks(2).days(1)),
            ("5mo", span().months(5)),
        ] {
            assert_eq!(age(text).unwrap().fieldwise(), expected, "{text}");
        }
        for text in ["", "5", "d", "5s", "0d", "-5d", "5dd", "99999999y"] {
            assert!(age(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_part_is_a_share_or_one_of_several() {
        let share = |percent| ReadData::Share { percent, seed: 0 };
        for (text, expected) in [
            ("5%", share(5.0)),
            ("0.5 %", share(0.5)),
            ("100%", share(100.0)),
            ("1/1", ReadData::Part { part: 1, of: 1 }),
            ("2/7", ReadData::Part { part: 2, of: 7 }),
        ] {
            assert_eq!(subset(text), Ok(expected), "{text}");
        }
        for text in [
            "", "5", "0%", "101%", "NaN%", "0/7", "8/7", "1/0", "-1/7", "a/b",
        ] {
            assert!(subset(text).is_err(), "{text}");
        }
    }

    #[test]
    fn as_many_as_there_are_may_be_kept() {
        assert_eq!(keep("7"), Ok(7));
        assert_eq!(keep("unlimited"), Ok(u32::MAX));
        assert!(keep("-1").is_err() && keep("all").is_err());
    }

    #[test]
    fn an_api_address_keeps_its_path() {
        assert_eq!(
            api_url("http://127.0.0.1:8080/notion/"),
            Ok("http://127.0.0.1:8080/notion".to_owned())
        );
        for text in [
            "api.notion.com",
            "https://",
            "https:///x",
            "ftp://x",
            "https://user@host",
            "https://h?x=1",
        ] {
            assert!(api_url(text).is_err(), "{text}");
        }
    }
}

//! Times as people read and type them: shown in their zone, and read in the same zone.
//!
//! What [`LocalTime::show`] writes, [`LocalTime::read`] takes. A text means a stretch of
//! time as a calendar and a clock in that zone show it: a whole day, minute or second.
//! Stretches are compared by what the clock shows, so a day of 23 or 25 hours is a day,
//! and a minute that the clocks show twice in a night is both of them.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Span, Timestamp};

/// The zone that times are shown and read in, and what time it is.
#[derive(Clone, Debug)]
pub struct LocalTime {
    zone: TimeZone,
    now: Timestamp,
}

/// The time that a text means: all that a clock in this zone shows from the first moment
/// to the last, both included.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    first: DateTime,
    last: DateTime,
    zone: TimeZone,
}

impl LocalTime {
    /// Times in this zone, as it is `now`.
    pub fn new(zone: TimeZone, now: Timestamp) -> LocalTime {
        LocalTime { zone, now }
    }

    /// A time to the minute, with the zone: `2026-01-31 09:05 +01:00`, or `UTC` for an
    /// offset of nothing.
    pub fn show(&self, time: Timestamp) -> String {
        self.written(time, "%Y-%m-%d %H:%M")
    }

    /// A time to the second, with the zone.
    pub fn show_seconds(&self, time: Timestamp) -> String {
        self.written(time, "%Y-%m-%d %H:%M:%S")
    }

    /// Each of these times to the minute, or to the second where two share a minute.
    pub fn show_all(&self, times: &[Timestamp]) -> Vec<String> {
        let mut minutes: BTreeMap<String, u32> = BTreeMap::new();
        for time in times {
            *minutes.entry(self.show(*time)).or_default() += 1;
        }
        let shown = times.iter().map(|time| {
            let minute = self.show(*time);
            match minutes.get(&minute) {
                Some(1) => minute,
                _ => self.show_seconds(*time),
            }
        });
        shown.collect()
    }

    fn written(&self, time: Timestamp, format: &str) -> String {
        let zoned = time.to_zoned(self.zone.clone());
        let clock = zoned.strftime(format);
        match zoned.offset() {
            Offset::UTC => format!("{clock} UTC"),
            _ => format!("{clock} {}", zoned.strftime("%:z")),
        }
    }

    /// The stretch of time that a text means; `None` if it is no time. These are read:
    ///
    /// - a date: `2026-01-31`, `today`, `yesterday`, `3 days ago` (or weeks, months, years);
    /// - a weekday, in full: the last one before today;
    /// - a date and a time, to the minute or the second: `2026-01-31 09:05`, with a space
    ///   or a `T` between;
    /// - a time alone: the last time that the clock showed it;
    /// - any time with an offset behind it: `2026-01-31 09:05 +01:00`, `09:05Z`, or `UTC`.
    pub fn read(&self, text: &str) -> Option<Stretch> {
        let text = text.trim().to_ascii_lowercase();
        if let Some(date) = self.date(&text) {
            return Some(day(date, &self.zone));
        }
        let (clock, zone) = match split_offset(&text) {
            Some((clock, offset)) => (clock, offset.to_time_zone()),
            None => (text.as_str(), self.zone.clone()),
        };
        let (date, clock) = match clock.rsplit_once(['t', ' ']) {
            Some((date, clock)) => (Some(self.date(date.trim_end())?), clock),
            None => (None, clock),
        };
        let (first, last) = clock_time(clock)?;
        let date = match date {
            Some(date) => date,
            None => {
                let now = self.now.to_zoned(zone.clone()).datetime();
                match first <= now.time() {
                    true => now.date(),
                    false => now.date().yesterday().ok()?,
                }
            }
        };
        Some(Stretch {
            first: date.to_datetime(first),
            last: date.to_datetime(last),
            zone,
        })
    }

    fn date(&self, text: &str) -> Option<Date> {
        let today = self.now.to_zoned(self.zone.clone()).date();
        match text {
            "today" => return Some(today),
            "yesterday" => return today.yesterday().ok(),
            _ => {}
        }
        if let Some(weekday) = weekday(text) {
            return today.nth_weekday(-1, weekday).ok();
        }
        if let Some(ago) = text.strip_suffix(" ago") {
            return today.checked_sub(span(ago)?).ok();
        }
        // Exactly this form: jiff takes shorter and longer ones, which look like ids.
        let digits = |byte: &u8| byte.is_ascii_digit();
        let [y @ .., b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
            return None;
        };
        let fine = y.len() == 4 && y.iter().chain([m1, m2, d1, d2]).all(digits);
        fine.then(|| text.parse().ok()).flatten()
    }
}

impl Stretch {
    /// How a moment lies to this stretch: before, in or after it.
    pub fn position(&self, time: Timestamp) -> std::cmp::Ordering {
        use std::cmp::Ordering::{Equal, Greater, Less};

        let shown = self.zone.to_datetime(time);
        if shown < self.first {
            Less
        } else if shown > self.last {
            Greater
        } else {
            Equal
        }
    }

    /// Whether these moments are of a minute or second that the clocks showed twice, once
    /// with the one's offset and once with the other's.
    pub fn tells_apart(&self, one: Timestamp, other: Timestamp) -> bool {
        let whole_day = self.first.time() == Time::midnight() && self.last.time() == Time::MAX;
        !whole_day && self.zone.to_offset(one) != self.zone.to_offset(other)
    }

    /// Whether the clocks were set forward over all of it, so that nothing can be of it.
    pub fn is_skipped(&self) -> bool {
        let gap = |time| {
            let offset = self.zone.to_ambiguous_timestamp(time).offset();
            matches!(offset, AmbiguousOffset::Gap { .. })
        };
        gap(self.first) && gap(self.last)
    }
}

fn day(date: Date, zone: &TimeZone) -> Stretch {
    Stretch {
        first: date.to_datetime(Time::midnight()),
        last: date.to_datetime(Time::MAX),
        zone: zone.clone(),
    }
}

/// The first and the last moment of `09:05`, `09:05:30` or `09:05:30.25`.
fn clock_time(text: &str) -> Option<(Time, Time)> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let digits = |at: usize| -> Option<i8> {
        let two = whole.get(at..at + 2)?;
        two.bytes()
            .all(|it| it.is_ascii_digit())
            .then(|| two.parse().ok())?
    };
    let colon = |at: usize| whole.as_bytes().get(at) == Some(&b':');
    let (hour, minute) = (digits(0)?, digits(3).filter(|_| colon(2))?);
    match (whole.len(), fraction) {
        (5, None) => Some((
            Time::new(hour, minute, 0, 0).ok()?,
            Time::new(hour, minute, 59, 999_999_999).ok()?,
        )),
        (8, fraction) => {
            let second = digits(6).filter(|_| colon(5))?;
            let fine = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
            // A snapshot is known to the second; what JSON output has behind it is passed over.
            fraction.is_none_or(fine).then_some(())?;
            Some((
                Time::new(hour, minute, second, 0).ok()?,
                Time::new(hour, minute, second, 999_999_999).ok()?,
            ))
        }
        _ => None,
    }
}

/// A time and the offset behind it, if there is one: `z`, `utc`, `+05:30`, `-0800`, `+01`.
fn split_offset(text: &str) -> Option<(&str, Offset)> {
    for word in ["utc", "z"] {
        if let Some(clock) = text.strip_suffix(word) {
            return Some((clock.trim_end(), Offset::UTC));
        }
    }
    // Behind the colon of the time: the dashes of the date are no signs.
    let colon = text.find(':')?;
    let sign = colon + text.get(colon..)?.find(['+', '-'])?;
    let (clock, offset) = text.split_at(sign);
    let (sign, digits) = offset.split_at(1);
    let digits = match digits.len() {
        5 if digits.as_bytes().get(2) == Some(&b':') => digits.replacen(':', "", 1),
        2 => format!("{digits}00"),
        _ => digits.to_owned(),
    };
    if digits.len() != 4 || !digits.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = digits.split_at(2);
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let seconds = (hours * 60 + minutes) * 60;
    let seconds = if sign == "-" { -seconds } else { seconds };
    let offset = (minutes < 60).then(|| Offset::from_seconds(seconds).ok())??;
    Some((clock.trim_end(), offset))
}

fn weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

/// `3 days`, `a week`, `1 month`, `2 years`.
fn span(text: &str) -> Option<Span> {
    let (number, unit) = text.trim().split_once(' ')?;
    let number: i64 = match number {
        "a" | "one" => 1,
        number => number.parse().ok().filter(|it| *it >= 0)?,
    };
    let span = Span::new();
    match unit.trim().trim_end_matches('s') {
        "day" => span.try_days(number),
        "week" => span.try_weeks(number),
        "month" => span.try_months(number),
        "year" => span.try_years(number),
        _ => return None,
    }
    .ok()
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering::{Equal, Greater, Less};

    use super::*;

    /// Central Europe, written so that no list of zones is needed.
    const PARIS: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn in_zone(zone: &str) -> LocalTime {
        // A Wednesday, 10:30 in winter in Paris.
        LocalTime::new(TimeZone::posix(zone).unwrap(), at("2026-01-14T09:30:00Z"))
    }

    #[test]
    fn a_time_is_shown_with_its_zone() {
        let time = at("2026-07-01T22:04:09Z");
        for (zone, shown) in [
            ("UTC0", "2026-07-01 22:04 UTC"),
            (PARIS, "2026-07-02 00:04 +02:00"),
            ("IST-5:30", "2026-07-02 03:34 +05:30"),
            ("NST3:30NDT,M3.2.0,M11.1.0", "2026-07-01 19:34 -02:30"),
        ] {
            assert_eq!(in_zone(zone).show(time), shown);
        }
        assert_eq!(
            in_zone(PARIS).show_seconds(time),
            "2026-07-02 00:04:09 +02:00"
        );
    }

    #[test]
    fn seconds_are_shown_where_two_share_a_minute() {
        let times = [
            "2026-07-01T10:00:01Z",
            "2026-07-01T10:00:59Z",
            "2026-07-01T10:01:00Z",
        ]
        .map(at);
        assert_eq!(
            in_zone(PARIS).show_all(&times),
            [
                "2026-07-01 12:00:01 +02:00",
                "2026-07-01 12:00:59 +02:00",
                "2026-07-01 12:01 +02:00"
            ]
        );
    }

    #[test]
    fn what_is_shown_is_read_as_the_same_time_in_every_zone() {
        for zone in [
            "UTC0",
            PARIS,
            "IST-5:30",
            "NPT-5:45",
            "NST3:30NDT,M3.2.0,M11.1.0",
        ] {
            let local = in_zone(zone);
            // Half-hours through the nights in which clocks are changed.
            for night in [
                "2026-03-08T00:00:00Z",
                "2026-03-28T20:00:00Z",
                "2026-10-24T20:00:00Z",
            ] {
                for step in 0..40 {
                    let time = at(night) + jiff::SignedDuration::from_mins(30 * step);
                    let other = time + jiff::SignedDuration::from_hours(1);
                    for shown in [local.show(time), local.show_seconds(time)] {
                        let read = local.read(&shown).unwrap();
                        assert_eq!(read.position(time), Equal, "{zone}: {shown}");
                        assert_eq!(read.position(other), Greater, "{zone}: {shown}");
                    }
                }
            }
        }
    }

    #[test]
    fn each_form_of_a_time_means_its_whole_stretch() {
        let local = in_zone(PARIS);
        for (text, first, last) in [
            (
                "2026-01-13",
                "2026-01-12T23:00:00Z",
                "2026-01-13T22:59:59.9Z",
            ),
            (
                "2026-01-13 23:05",
                "2026-01-13T22:05:00Z",
                "2026-01-13T22:05:59.9Z",
            ),
            (
                "2026-01-13T23:05",
                "2026-01-13T22:05:00Z",
                "2026-01-13T22:05:59.9Z",
            ),
            (
                "2026-01-13 23:05:07",
                "2026-01-13T22:05:07Z",
                "2026-01-13T22:05:07.9Z",
            ),
            (
                "2026-01-13T23:05:07.123Z",
                "2026-01-13T23:05:07Z",
                "2026-01-13T23:05:07.9Z",
            ),
            (
                "2026-01-13 23:05 UTC",
                "2026-01-13T23:05:00Z",
                "2026-01-13T23:05:59.9Z",
            ),
            (
                "2026-01-13 23:05 -08:00",
                "2026-01-14T07:05:00Z",
                "2026-01-14T07:05:59.9Z",
            ),
            (
                "2026-01-13T23:05+0530",
                "2026-01-13T17:35:00Z",
                "2026-01-13T17:35:59.9Z",
            ),
            (
                "2026-01-13T23:05+05",
                "2026-01-13T18:05:00Z",
                "2026-01-13T18:05:59.9Z",
            ),
            ("today", "2026-01-13T23:00:00Z", "2026-01-14T22:59:59.9Z"),
            (
                "Yesterday",
                "2026-01-12T23:00:00Z",
                "2026-01-13T22:59:59.9Z",
            ),
            ("tuesday", "2026-01-12T23:00:00Z", "2026-01-13T22:59:59.9Z"),
            // It is a Wednesday, so this is the one of last week.
            (
                "wednesday",
                "2026-01-06T23:00:00Z",
                "2026-01-07T22:59:59.9Z",
            ),
            (
                "3 days ago",
                "2026-01-10T23:00:00Z",
                "2026-01-11T22:59:59.9Z",
            ),
            (
                "a month ago",
                "2025-12-13T23:00:00Z",
                "2025-12-14T22:59:59.9Z",
            ),
            (
                "yesterday 09:00",
                "2026-01-13T08:00:00Z",
                "2026-01-13T08:00:59.9Z",
            ),
            ("10:30", "2026-01-14T09:30:00Z", "2026-01-14T09:30:59.9Z"),
            // Later than now, so it was yesterday.
            ("15:36", "2026-01-13T14:36:00Z", "2026-01-13T14:36:59.9Z"),
            ("15:36Z", "2026-01-13T15:36:00Z", "2026-01-13T15:36:59.9Z"),
        ] {
            let read = local.read(text).unwrap_or_else(|| panic!("{text}"));
            let just = jiff::SignedDuration::from_millis(200);
            for (time, expected) in [
                (at(first) - just, Less),
                (at(first), Equal),
                (at(last), Equal),
                (at(last) + just, Greater),
            ] {
                assert_eq!(read.position(time), expected, "{text}: {time}");
            }
        }
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        let local = in_zone(PARIS);
        for text in [
            "",
            "latest",
            "20260113",
            "20260113T2305",
            "2026",
            "2026-01",
            "2026-99-99",
            "2026-1-13",
            "2026-01-13 25:00",
            "2026-01-13 9:05",
            "2026-01-13 09:5",
            "2026-01-13x09:05",
            "2026-01-13 09:05 +25:00x",
            "2026-01-13 09:05 +1",
            "2026-01-13 09:05:01.",
            "ago",
            "days ago",
            "-3 days ago",
            "3 moments ago",
            "99999999 years ago",
            "é1:00",
            "1é:00",
            "2026-01-13 09:05 CET",
            "+2026-01-13",
            "12026-01-13",
            "2026-02-30",
        ] {
            assert_eq!(local.read(text), None, "{text}");
        }
    }

    #[test]
    fn a_night_in_which_clocks_are_changed_is_read_as_the_clocks_show_it() {
        let local = in_zone(PARIS);
        // On 29 March 2026, 02:00 was followed by 03:00.
        let skipped = local.read("2026-03-29 02:30").unwrap();
        assert!(skipped.is_skipped());
        assert!(!local.read("2026-03-29 03:30").unwrap().is_skipped());
        assert!(!local.read("2026-03-29").unwrap().is_skipped());
        // On 25 October 2026, 02:30 came twice.
        let twice = local.read("2026-10-25 02:30").unwrap();
        let (summer, winter) = (at("2026-10-25T00:30:00Z"), at("2026-10-25T01:30:00Z"));
        assert_eq!(
            (twice.position(summer), twice.position(winter)),
            (Equal, Equal)
        );
        assert!(twice.tells_apart(summer, winter));
        assert!(
            !local
                .read("2026-10-25")
                .unwrap()
                .tells_apart(summer, winter)
        );
        let named = local.read("2026-10-25 02:30 +02:00").unwrap();
        assert_eq!(
            (named.position(summer), named.position(winter)),
            (Equal, Greater)
        );
    }
}

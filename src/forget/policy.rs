//! The rule by which snapshots are kept: a function of their times and tags alone.
//!
//! It is restic's. Each `keep-daily N` and the like goes from the newest snapshot to
//! the oldest and keeps the newest of each day until it has kept N; if it ends before
//! that, the oldest of all is kept as well, so that the history is as long as it may be.
//! All rules are looked at apart, and what any of them keeps is kept. Times are UTC, so
//! that the same snapshots are kept wherever the rule runs.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::Serialize;

/// Tags that must all be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagList(Vec<String>);

impl TagList {
    /// Reads a list with commas between the tags.
    pub fn parse(text: &str) -> TagList {
        let tags = text.split(',').map(str::trim).filter(|tag| !tag.is_empty());
        TagList(tags.map(str::to_string).collect())
    }

    /// Whether a snapshot with these tags has all of the list.
    pub fn fits(&self, tags: &[String]) -> bool {
        // A tag may have a comma in it itself.
        self.0.iter().all(|tag| tags.contains(tag)) || tags.contains(&self.0.join(","))
    }
}

/// How many snapshots are kept; 0 means that the rule is not there.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The newest ones.
    pub last: u32,
    /// One for each of so many hours that have any.
    pub hourly: u32,
    /// One for each of so many days.
    pub daily: u32,
    /// One for each of so many weeks, which begin on Monday.
    pub weekly: u32,
    /// One for each of so many months.
    pub monthly: u32,
    /// One for each of so many years.
    pub yearly: u32,
    /// All that are younger than this, counted back from the newest one.
    pub within: Option<Span>,
    /// All that have one of these lists of tags.
    pub tags: Vec<TagList>,
}

/// Why a snapshot is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Among the newest.
    Last,
    /// The newest of its hour.
    Hourly,
    /// The newest of its day.
    Daily,
    /// The newest of its week.
    Weekly,
    /// The newest of its month.
    Monthly,
    /// The newest of its year.
    Yearly,
    /// Young enough.
    Within,
    /// It has a tag that keeps it.
    Tag,
    /// It is the last complete one with pages of what it backs up. No rule of a policy:
    /// the use case adds it.
    LastComplete,
    /// It is dated in the future, so no rule counts it. The use case adds this as well.
    Future,
}

/// What the policy looks at.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// When the snapshot was made.
    pub time: Timestamp,
    /// Its tags.
    pub tags: &'a [String],
}

impl Policy {
    /// Whether it has no rule at all, so that it would keep nothing.
    pub fn is_empty(&self) -> bool {
        self.counts().iter().all(|(_, count, _)| *count == 0)
            && self.within.is_none()
            && self.tags.is_empty()
    }

    /// The rules that count, each with a name for the stretch of time that a date and
    /// hour are in. Every snapshot is a stretch of its own for the first.
    fn counts(&self) -> [(Reason, u32, Stretch); 6] {
        [
            (Reason::Last, self.last, |index, _, _| (index, 0, 0)),
            (Reason::Hourly, self.hourly, |_, date, hour| {
                (date.year().into(), date.day_of_year(), hour)
            }),
            (Reason::Daily, self.daily, |_, date, _| {
                (date.year().into(), date.day_of_year(), 0)
            }),
            (Reason::Weekly, self.weekly, |_, date, _| {
                let week = date.iso_week_date();
                (week.year().into(), week.week().into(), 0)
            }),
            (Reason::Monthly, self.monthly, |_, date, _| {
                (date.year().into(), date.month().into(), 0)
            }),
            (Reason::Yearly, self.yearly, |_, date, _| {
                (date.year().into(), 0, 0)
            }),
        ]
    }

    /// Why each of these snapshots, which come newest first, is kept. Those without a
    /// reason are not.
    pub fn reasons(&self, newest_first: &[Item<'_>]) -> Vec<Vec<Reason>> {
        let mut reasons = vec![Vec::new(); newest_first.len()];
        for (reason, count, stretch) in self.counts() {
            let mut left = count;
            let mut last = None;
            for (index, (item, reasons)) in newest_first.iter().zip(&mut reasons).enumerate() {
                if left == 0 {
                    break;
                }
                let time = item.time.to_zoned(TimeZone::UTC);
                let this = stretch(index as i64, time.date(), time.hour());
                let oldest = index + 1 == newest_first.len();
                if last != Some(this) || oldest {
                    reasons.push(reason);
                    last = Some(this);
                    left -= 1;
                }
            }
        }
        let young = self.within.zip(newest_first.first()).map(|(span, newest)| {
            // Further back than time goes: everything is young.
            let start = newest.time.to_zoned(TimeZone::UTC).checked_sub(span);
            start.map_or(Timestamp::MIN, |start| start.timestamp())
        });
        for (item, reasons) in newest_first.iter().zip(&mut reasons) {
            if young.is_some_and(|start| item.time > start) {
                reasons.push(Reason::Within);
            }
            if self.tags.iter().any(|list| list.fits(item.tags)) {
                reasons.push(Reason::Tag);
            }
        }
        reasons
    }
}

/// Names a stretch of time from a snapshot's position, date and hour.
type Stretch = fn(i64, Date, i8) -> (i64, i16, i8);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn times(list: &[&str]) -> Vec<Timestamp> {
        list.iter().map(|time| time.parse().unwrap()).collect()
    }

    /// The positions that are kept of snapshots at these times, newest first.
    fn kept(policy: &Policy, times: &[Timestamp]) -> Vec<usize> {
        let items: Vec<Item> = times.iter().map(|&time| Item { time, tags: &[] }).collect();
        let reasons = policy.reasons(&items);
        assert_eq!(reasons.len(), times.len());
        let kept = reasons
            .iter()
            .enumerate()
            .filter(|(_, why)| !why.is_empty());
        kept.map(|(index, _)| index).collect()
    }

    fn one(rule: &str, count: u32) -> Policy {
        let mut policy = Policy::default();
        *match rule {
            "last" => &mut policy.last,
            "hourly" => &mut policy.hourly,
            "daily" => &mut policy.daily,
            "weekly" => &mut policy.weekly,
            "monthly" => &mut policy.monthly,
            _ => &mut policy.yearly,
        } = count;
        policy
    }

    /// Newest first, with two in an hour, a day, a week, a month and a year, and the
    /// turn of a year within one ISO week.
    fn sample() -> Vec<Timestamp> {
        times(&[
            "2026-01-02T10:50:00Z", // 0  Friday of week 1 of 2026
            "2026-01-02T10:10:00Z", // 1  the same hour
            "2026-01-02T09:00:00Z", // 2  the same day
            "2025-12-30T12:00:00Z", // 3  the same ISO week, another month and year
            "2025-12-28T23:59:59Z", // 4  Sunday, week 52 of 2025
            "2025-12-01T00:00:00Z", // 5  Monday, week 49; the same month as 3 and 4
            "2025-03-01T00:00:00Z", // 6
            "2023-06-01T00:00:00Z", // 7
        ])
    }

    #[test]
    fn each_rule_keeps_the_newest_of_its_stretch() {
        for (rule, count, expected) in [
            ("last", 1, vec![0]),
            ("last", 3, vec![0, 1, 2]),
            ("last", 100, vec![0, 1, 2, 3, 4, 5, 6, 7]),
            ("hourly", 2, vec![0, 2]),
            ("hourly", 3, vec![0, 2, 3]),
            ("daily", 2, vec![0, 3]),
            ("daily", 4, vec![0, 3, 4, 5]),
            ("weekly", 1, vec![0]),
            ("weekly", 3, vec![0, 4, 5]),
            ("monthly", 2, vec![0, 3]),
            ("monthly", 3, vec![0, 3, 6]),
            ("yearly", 2, vec![0, 3]),
            ("yearly", 3, vec![0, 3, 7]),
            ("yearly", 9, vec![0, 3, 7]),
            ("daily", 0, vec![]),
        ] {
            assert_eq!(
                kept(&one(rule, count), &sample()),
                expected,
                "{rule} {count}"
            );
        }
    }

    #[test]
    fn a_rule_that_is_not_used_up_keeps_the_oldest_too() {
        let day = times(&[
            "2026-01-02T12:00:00Z",
            "2026-01-02T11:00:00Z",
            "2026-01-02T10:00:00Z",
        ]);
        assert_eq!(kept(&one("daily", 1), &day), [0]);
        assert_eq!(kept(&one("daily", 2), &day), [0, 2]);
    }

    #[test]
    fn rules_add_up() {
        let policy = Policy {
            last: 2,
            yearly: 2,
            ..Policy::default()
        };
        let items: Vec<_> = sample();
        assert_eq!(kept(&policy, &items), [0, 1, 3]);
        let items: Vec<Item> = items.iter().map(|&time| Item { time, tags: &[] }).collect();
        let reasons = policy.reasons(&items);
        assert_eq!(reasons[0], [Reason::Last, Reason::Yearly]);
        assert_eq!(reasons[1], [Reason::Last]);
    }

    #[test]
    fn within_is_counted_back_from_the_newest_by_the_calendar() {
        let within = |span: Span| Policy {
            within: Some(span),
            ..Policy::default()
        };
        for (span, expected) in [
            (Span::new().hours(1), vec![0, 1]),
            (Span::new().days(4), vec![0, 1, 2, 3]),
            // Exactly two months before the newest is no longer within.
            (Span::new().months(1).days(1), vec![0, 1, 2, 3, 4]),
            (Span::new().years(1), vec![0, 1, 2, 3, 4, 5, 6]),
            (Span::new().years(9_000), (0..8).collect()),
        ] {
            assert_eq!(kept(&within(span), &sample()), expected, "{span}");
        }
        let limit = times(&["2026-03-01T00:00:00Z", "2026-02-01T00:00:00Z"]);
        assert_eq!(kept(&within(Span::new().months(1)), &limit), [0]);
        assert!(kept(&within(Span::new().hours(1)), &[]).is_empty());
    }

    #[test]
    fn tags_keep_when_a_whole_list_is_there() {
        let tags = ["a".to_string(), "b".to_string(), "x,y".to_string()];
        for (list, fits) in [("a", true), ("a, b", true), ("a,c", false), ("x,y", true)] {
            assert_eq!(TagList::parse(list).fits(&tags), fits, "{list}");
        }
        let policy = Policy {
            tags: vec![TagList::parse("z"), TagList::parse("b")],
            ..Policy::default()
        };
        let time = Timestamp::UNIX_EPOCH;
        let items = [Item { time, tags: &[] }, Item { time, tags: &tags }];
        assert_eq!(policy.reasons(&items), [vec![], vec![Reason::Tag]]);
    }

    #[test]
    fn a_policy_of_zeros_is_empty() {
        assert!(Policy::default().is_empty());
        assert!(!one("weekly", 1).is_empty());
    }

    fn any_times() -> impl Strategy<Value = Vec<Timestamp>> {
        // Two years in steps of twenty minutes, so that stretches are shared often.
        proptest::collection::vec(0..52_560_i64, 0..60).prop_map(|mut steps| {
            steps.sort_unstable_by(|a, b| b.cmp(a));
            let time = |step| Timestamp::from_second(1_700_000_000 + step * 1200).unwrap();
            steps.into_iter().map(time).collect()
        })
    }

    const RULES: [&str; 6] = ["last", "hourly", "daily", "weekly", "monthly", "yearly"];

    proptest! {
        #[test]
        fn a_larger_number_keeps_all_that_a_smaller_one_does(times in any_times(), rule in 0..6_usize, count in 0..40_u32) {
            let fewer = kept(&one(RULES[rule], count), &times);
            let more = kept(&one(RULES[rule], count + 1), &times);
            prop_assert!(fewer.iter().all(|index| more.contains(index)));
            prop_assert!(more.len() <= fewer.len() + 1);
            prop_assert!(fewer.len() <= count as usize);
        }

        #[test]
        fn the_newest_is_kept_by_any_rule_and_only_a_rule_keeps(times in any_times(), rule in 0..6_usize, count in 1..40_u32) {
            let kept = kept(&one(RULES[rule], count), &times);
            prop_assert_eq!(kept.first().copied(), (!times.is_empty()).then_some(0));
        }

        #[test]
        fn rules_together_keep_what_each_keeps_alone(times in any_times(), daily in 0..9_u32, monthly in 0..9_u32) {
            let both = Policy { daily, monthly, ..Policy::default() };
            let mut alone = kept(&one("daily", daily), &times);
            alone.extend(kept(&one("monthly", monthly), &times));
            alone.sort_unstable();
            alone.dedup();
            prop_assert_eq!(kept(&both, &times), alone);
        }

        #[test]
        fn what_was_dropped_is_not_missed_later(times in any_times(), daily in 1..9_u32) {
            // Forgetting every day or once at the end: the same are left, but for the
            // oldest that an unused rule keeps.
            let policy = one("daily", daily);
            let whole: Vec<Timestamp> = kept(&policy, &times).into_iter().map(|at| times[at]).collect();
            let again: Vec<Timestamp> = kept(&policy, &whole).into_iter().map(|at| whole[at]).collect();
            prop_assert_eq!(whole, again);
        }

        #[test]
        fn a_longer_time_keeps_all_that_a_shorter_one_does(times in any_times(), days in 0..700_i64) {
            let within = |days| Policy { within: Some(Span::new().days(days)), ..Policy::default() };
            let fewer = kept(&within(days), &times);
            let more = kept(&within(days + 1), &times);
            prop_assert!(fewer.iter().all(|index| more.contains(index)));
        }
    }
}

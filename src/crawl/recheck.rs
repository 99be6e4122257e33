//! Which pages are read again although nothing says that they changed.
//!
//! Comments, block edits made through the API, icons, views, templates and formulas
//! move no timestamp (section 3.11 of the API digest), so every page is read again
//! from time to time. So that daily runs cost about the same, a run takes just as many
//! pages, oldest first, as are needed at a constant rate for none to get too old.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

const DAY: f64 = 86_400.0;

/// Picks the units to read again now.
///
/// `read` holds when each unit was last read (`None`: nobody knows, so it is the oldest
/// of all); `since_last_run` is the time between the previous run and this one, taken
/// as the time until the next. With `after_days` 0 nothing is ever due.
pub fn due<Id: Copy + Ord>(
    mut read: Vec<(Option<Timestamp>, Id)>,
    now: Timestamp,
    since_last_run: Duration,
    after_days: u32,
) -> Vec<Id> {
    if after_days == 0 {
        return Vec::new();
    }
    read.sort_unstable();
    let limit = f64::from(after_days) * DAY;
    let interval = since_last_run.as_secs_f64();
    let mut take = 0;
    for (index, (at, _)) in read.iter().enumerate() {
        let age = at.map_or(f64::INFINITY, |at| now.duration_since(at).as_secs_f64());
        let left = limit - age;
        let rank = (index + 1) as f64;
        if left <= 0.0 {
            take = index + 1;
        } else {
            // The first `rank` units must be done within `left`; this run's share of them:
            let share = (rank * interval / left).floor() as usize;
            take = take.max(share.min(index + 1));
        }
    }
    read.truncate(take);
    read.into_iter().map(|(_, id)| id).collect()
}

/// Whether a time at which something was read can be one. A time that is still to come is
/// of a clock that has been set back since; the clocks of Notion's hosts may differ a
/// little.
pub fn is_past(read: Timestamp, now: Timestamp) -> bool {
    const SLACK: SignedDuration = SignedDuration::from_secs(30);
    read.duration_since(now) <= SLACK
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;

    fn at(days: f64) -> Timestamp {
        Timestamp::from_second((days * DAY) as i64).unwrap()
    }

    /// Runs daily for `days` days over `count` units, all read on day 0; returns how many
    /// were read again each day and the greatest age that any reached at a run's end.
    fn simulate(count: u32, days: u32) -> (Vec<usize>, f64) {
        let mut read: Vec<Timestamp> = (0..count).map(|_| at(0.0)).collect();
        let (mut taken, mut oldest) = (Vec::new(), 0.0f64);
        for day in 1..=days {
            let now = at(f64::from(day));
            let units = read
                .iter()
                .enumerate()
                .map(|(id, at)| (Some(*at), id))
                .collect();
            let due = due(units, now, Duration::from_secs(24 * HOUR), 30);
            taken.push(due.len());
            for id in due {
                read[id] = now;
            }
            let age = read
                .iter()
                .map(|at| now.duration_since(*at).as_secs_f64() / DAY);
            oldest = oldest.max(age.fold(0.0, f64::max));
        }
        (taken, oldest)
    }

    #[test]
    fn daily_runs_cost_about_the_same_and_nothing_gets_too_old() {
        let (taken, oldest) = simulate(3000, 120);
        assert!(oldest <= 30.0, "{oldest}");
        let (least, most) = (taken.iter().min().unwrap(), taken.iter().max().unwrap());
        assert!(*least >= 95 && *most <= 110, "{least}..{most}");
        assert!(simulate(7, 120).1 <= 30.0);
    }

    #[test]
    fn a_second_run_soon_after_reads_nothing_again() {
        let units = (0..1000).map(|id| (Some(at(0.0)), id)).collect();
        assert_eq!(
            due(units, at(0.01), Duration::from_secs(HOUR / 4), 30),
            [0i32; 0]
        );
    }

    #[test]
    fn overdue_and_unknown_units_are_taken_at_once_and_zero_means_never() {
        let units = vec![(Some(at(39.0)), 1), (None, 2), (Some(at(5.0)), 3)];
        assert_eq!(
            due(units.clone(), at(40.0), Duration::from_secs(60), 30),
            [2, 3]
        );
        assert_eq!(due(units, at(40.0), Duration::from_secs(60), 0), [0i32; 0]);
    }
}

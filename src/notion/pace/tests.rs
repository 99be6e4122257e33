//! The state machine, step by step.

use super::*;

const MINUTE: u64 = 60_000;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn go(pace: &mut Pace, now: Duration) -> Permit {
    match pace.ask(now) {
        Turn::Go(permit) => permit,
        Turn::Wait(time) => panic!("told to wait {time:?} at {now:?}"),
    }
}

fn waits(pace: &mut Pace, now: Duration) -> Duration {
    match pace.ask(now) {
        Turn::Go(_) => panic!("told to go at {now:?}"),
        Turn::Wait(time) => time,
    }
}

#[test]
fn a_refusal_stops_everybody_and_one_probe_opens_the_gate() {
    let mut pace = Pace::new(None);
    let (first, second) = (go(&mut pace, seconds(0)), go(&mut pace, seconds(0)));
    let refused = Outcome::Refused(Some(seconds(900)));
    assert_eq!(pace.told(first, refused, seconds(1)), Some(seconds(902)));
    // One that was under way is refused for the same reason, and asks for less.
    let late = Outcome::Refused(Some(seconds(10)));
    assert_eq!(pace.told(second, late, seconds(2)), None);
    assert_eq!(waits(&mut pace, seconds(2)), seconds(900));
    let probe = go(&mut pace, seconds(902));
    waits(&mut pace, seconds(903));
    pace.told(probe, Outcome::Granted, seconds(904));
    for _ in 0..100 {
        go(&mut pace, seconds(904));
    }
}

/// How many go at once.
fn burst(pace: &mut Pace, now: Duration) -> usize {
    (0..100)
        .take_while(|_| matches!(pace.ask(now), Turn::Go(_)))
        .count()
}

/// Refuses one request, and lets the probe after it through.
fn refuse_and_probe(pace: &mut Pace, outcome: Outcome, now: Duration) -> Duration {
    let permit = go(pace, now);
    let until = pace.told(permit, outcome, now).unwrap();
    let probe = go(pace, until);
    pace.told(probe, Outcome::Granted, until);
    until
}

#[test]
fn a_short_wait_spaces_requests_and_a_long_one_spends_in_bursts_again() {
    let mut pace = Pace::new(None);
    let short = Outcome::Refused(Some(seconds(1)));
    let now = refuse_and_probe(&mut pace, short, seconds(0));
    assert!(burst(&mut pace, now) < 5);
    let long = Outcome::Refused(Some(seconds(50)));
    let now = refuse_and_probe(&mut pace, long, now + seconds(10));
    assert_eq!(burst(&mut pace, now), 100);
}

#[test]
fn an_overloaded_service_says_nothing_of_our_budget() {
    let mut pace = Pace::new(None);
    let storm = Outcome::Overloaded(Some(seconds(1)));
    let now = refuse_and_probe(&mut pace, storm, seconds(0));
    assert_eq!(burst(&mut pace, now), 100);
}

#[test]
fn the_longest_of_several_waits_counts() {
    let mut pace = Pace::new(None);
    let (first, second) = (go(&mut pace, seconds(0)), go(&mut pace, seconds(0)));
    pace.told(first, Outcome::Refused(Some(seconds(1))), seconds(1));
    let long = Outcome::Refused(Some(seconds(300)));
    assert_eq!(pace.told(second, long, seconds(1)), Some(seconds(302)));
}

#[test]
fn a_probe_without_an_answer_makes_room_for_the_next() {
    let mut pace = Pace::new(None);
    let first = go(&mut pace, seconds(0));
    pace.told(first, Outcome::Overloaded(None), seconds(0));
    let probe = go(&mut pace, seconds(1));
    pace.told(probe, Outcome::Unknown, seconds(2));
    let probe = go(&mut pace, seconds(2));
    waits(&mut pace, seconds(2));
    pace.told(probe, Outcome::Granted, seconds(3));
    go(&mut pace, seconds(3));
}

#[test]
fn refusals_without_a_time_are_asked_again_less_and_less() {
    let mut pace = Pace::new(None);
    let mut now = seconds(0);
    let mut waited = Vec::new();
    for _ in 0..7 {
        let permit = go(&mut pace, now);
        let until = pace.told(permit, Outcome::Refused(None), now).unwrap();
        waited.push((until - now).as_secs());
        now = until;
    }
    assert_eq!(waited, [1, 2, 4, 8, 16, 16, 16]);
}

#[test]
fn a_wait_beyond_all_time_is_no_overflow() {
    let mut pace = Pace::new(None);
    let permit = go(&mut pace, seconds(9));
    pace.told(permit, Outcome::Refused(Some(Duration::MAX)), seconds(9));
    waits(&mut pace, seconds(1 << 40));
}

#[test]
fn the_users_cap_is_kept_in_every_minute() {
    let mut pace = Pace::new(Some(30));
    let mut sent = Vec::new();
    let mut now = 0;
    while now < 5 * MINUTE {
        match pace.ask(Duration::from_millis(now)) {
            Turn::Go(permit) => {
                sent.push(now);
                pace.told(permit, Outcome::Granted, Duration::from_millis(now));
            }
            Turn::Wait(wait) => now += wait.as_millis() as u64,
        }
        if sent.len() == 60 {
            // A pause saves nothing up.
            now = now.max(3 * MINUTE);
        }
    }
    for (index, &at) in sent.iter().enumerate() {
        let after = sent[index..]
            .iter()
            .take_while(|&&other| other < at + MINUTE);
        assert!(after.count() <= 30, "at {at}");
    }
    assert_eq!(sent.len(), 60 + 60);
}

//! Whatever goes wrong on the way, a restore ends complete: nothing is missing, and
//! nothing is there twice (section 9.6 of the API digest).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::SignedDuration;
use notion_backup::clock::{Clock, ManualClock};

use crate::restore_trial::{Dumped, each};
use crate::support::FakeNotion;
use crate::support::fake_notion::{Fault, Refusal, Tell, What};

/// Every failure of a write, executed or not.
fn failures() -> Vec<(&'static str, What)> {
    let late = Refusal::new(504, "gateway_timeout", "too late");
    let wait = What::Wait {
        seconds: 90,
        tell: Tell::Header,
        reason: "public_api_space_request_rate_limit",
        overload: false,
    };
    vec![
        ("cut before", What::HangUp),
        ("cut after", What::HangUpAfterCommit),
        ("503 with ids", What::UnavailableAfterCommit),
        ("504 after", What::RefuseAfterCommit(late)),
        ("504 before", What::status(504)),
        ("500", What::status(500)),
        ("409", What::status(409)),
        ("429 of 90 seconds", wait),
        ("529", What::overloaded(5)),
        ("502 of a proxy", What::HtmlBadGateway),
        ("half an answer", What::CutBody(20)),
        ("no JSON", What::Garbage),
    ]
}

/// The writes of a restore: by method and path, with `*` for ids, how many there are.
fn writes(fake: &FakeNotion) -> BTreeMap<(String, String), usize> {
    let mut found = BTreeMap::new();
    for (endpoint, count) in fake.counts() {
        let (method, path) = endpoint.split_once(' ').unwrap();
        if method != "GET" {
            let path = path.replace("{id}", "*");
            found.insert((method.to_owned(), path), count as usize);
        }
    }
    found
}

#[test]
fn every_failure_of_every_kind_of_write_is_survived() {
    let dumped = Dumped::small();
    let plain = dumped.trial();
    let summary = plain.restore().unwrap();
    plain.assert_restored(&summary, "undisturbed");
    let writes = writes(&plain.fake);
    assert_eq!(writes.len(), 11, "{writes:?}");
    let mut cases = Vec::new();
    for ((method, path), count) in &writes {
        // The first and the last of each kind.
        for number in BTreeSet::from([0, count - 1]) {
            for (name, what) in failures() {
                let fault = Fault::on(method, path, what).after(number);
                cases.push((format!("{method} {path} {number}, {name}"), fault));
            }
        }
    }
    let wrong = each(cases, |(about, fault)| {
        let trial = dumped.trial();
        trial.fake.faults().push(fault);
        let summary = trial.restore().unwrap();
        assert_eq!(trial.fake.faults().left(), 0, "{about}");
        trial.assert_restored(&summary, &about);
    });
    assert_eq!(wrong, 0);
}

#[test]
fn bad_weather_is_survived() {
    let wrong = each(1..=12, |seed| {
        let trial = Dumped::small().trial();
        let faults = failures().into_iter().map(|(_, what)| what).collect();
        trial.fake.faults().weather(seed, 50, faults);
        let summary = trial.restore().unwrap();
        trial.assert_restored(&summary, &format!("seed {seed}"));
    });
    assert_eq!(wrong, 0);
}

#[test]
fn a_clock_that_is_wrong_makes_nothing_twice() {
    let dumped = Dumped::small();
    let plain = dumped.trial();
    plain.restore().unwrap();
    let creating = writes(&plain.fake).into_keys();
    let creating: Vec<_> = creating.filter(|(method, _)| method == "POST").collect();
    for hours in [-24, -1, 1, 24] {
        let mut trial = dumped.trial();
        let wrong = trial.clock.now() + SignedDuration::from_hours(hours);
        trial.clock = Arc::new(ManualClock::at(wrong));
        for (method, path) in &creating {
            let fault = Fault::on(method, path, What::HangUpAfterCommit);
            trial.fake.faults().push(fault);
        }
        let summary = trial.restore().unwrap();
        assert_eq!(trial.fake.faults().left(), 0, "{hours}");
        trial.assert_restored(&summary, &format!("{hours} hours"));
    }
}

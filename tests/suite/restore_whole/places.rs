//! The same workspace and a foreign one, one request at once and many, obliging and
//! disobliging ones.

use crate::restorer::Restorer;
use crate::support::Workspace;
use crate::support::fake_notion::{Fault, What};

#[test]
fn everything_comes_back_at_home() {
    for seed in 1..=3 {
        Restorer::home(Workspace::everything(seed)).prove();
    }
}

#[test]
fn everything_comes_back_abroad() {
    for seed in 1..=3 {
        Restorer::abroad(Workspace::everything(seed)).prove();
    }
}

#[test]
fn many_plain_pages_come_back() {
    Restorer::home(Workspace::plain(120, 4)).prove();
    Restorer::abroad(Workspace::plain(120, 4)).prove();
}

#[test]
fn a_thousand_levels_come_back() {
    Restorer::home(Workspace::deep(1000)).prove();
}

#[test]
fn one_at_once_or_eight_give_the_same() {
    for jobs in [1, 8] {
        Restorer::home(Workspace::everything(1)).jobs(jobs).prove();
        Restorer::abroad(Workspace::everything(1))
            .jobs(jobs)
            .prove();
    }
}

#[test]
fn short_pages_of_lists_change_nothing() {
    for seed in [1, 2] {
        let restorer = Restorer::home(Workspace::everything(1));
        restorer.target.set(|it| it.short_pages = Some(seed));
        restorer.prove();
        let restorer = Restorer::abroad(Workspace::everything(1));
        restorer.target.set(|it| it.short_pages = Some(seed));
        restorer.prove();
    }
}

#[test]
fn rate_limits_only_take_time() {
    let restorer = Restorer::home(Workspace::everything(1)).jobs(8);
    let faults = restorer.target.faults();
    for (at, path) in [
        "/v1/pages",
        "/v1/blocks/*/children",
        "/v1/databases",
        "/v1/views",
        "/v1/comments",
    ]
    .into_iter()
    .enumerate()
    {
        let what = What::rate_limited(60 + 60 * at as u64);
        faults.push(Fault::on("*", path, what).times(3));
    }
    restorer.prove();
}

#[test]
fn fewer_rights_to_read_people_lose_people_alone() {
    type Change = fn(&mut crate::support::fake_notion::switches::Capabilities);
    let changes: [Change; 3] = [
        |it| it.users = false,
        |it| it.emails = false,
        |it| it.personal = true,
    ];
    for change in changes {
        let restorer = Restorer::home(Workspace::everything(1));
        restorer.target.set(|it| change(&mut it.capabilities));
        let summary = restorer.restore();
        let lost = restorer.differences();
        // The names of people who cannot be found stand in a column beside theirs.
        let of_people = ["people", "text", " (names)\""];
        let people = |path: &str| of_people.iter().any(|word| path.contains(word));
        assert!(
            lost.iter().all(|it| people(&it.path)),
            "{}",
            lost.iter().find(|it| !people(&it.path)).unwrap()
        );
        assert!(summary.losses.len() > 10);
    }
}

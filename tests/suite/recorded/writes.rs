//! The Notion in memory accepts what the real one accepted, refuses what it refused, and
//! answers in the same form.

use std::collections::BTreeMap;

use super::replay::print;
use super::shape;
use super::tried::{Outcome, Replay, Tried, table};
use crate::fake_notion::client::Client;
use crate::support::recordings::{errors, present, takes};
use crate::support::{FakeNotion, Workspace};

/// The writes that are not tried; the table says why.
const UNTRIED: [(&str, usize); 5] = [
    ("DELETE /v1/views/{id}/queries/{id}", 1),
    ("PATCH /v1/comments/{id}", 1),
    ("PATCH /v1/pages/{id}/markdown", 2),
    ("POST /v1/file_uploads", 1),
    ("POST /v1/views/{id}/queries", 3),
];

/// The Notion in memory computes no formula and no rollup: what their values are is no
/// matter of form.
fn is_computed(difference: &str) -> bool {
    ["formula", "rollup"]
        .iter()
        .any(|kind| difference.starts_with(&format!(".properties.*.{kind}.")))
}

#[test]
fn recorded_writes_have_the_recorded_outcome_here() {
    let Some(all) = present() else { return };
    let mut tried: Vec<Tried> = Vec::new();
    for (seed, take) in takes(all).enumerate() {
        let mut replay = Replay::new(seed as u64);
        tried.extend(take.iter().filter_map(|exchange| replay.step(exchange)));
    }
    print(&table(&tried));
    let mut others = Vec::new();
    let mut untried: BTreeMap<String, usize> = BTreeMap::new();
    let mut shapes: BTreeMap<String, (usize, &str)> = BTreeMap::new();
    for one in &tried {
        match &one.outcome {
            Outcome::Not(_) => *untried.entry(one.route.clone()).or_default() += 1,
            Outcome::Other(how) => others.push(format!("{}: {how}", one.place)),
            Outcome::Same(differences) => {
                for difference in differences.iter().filter(|it| !is_computed(it)) {
                    let key = format!("{}: {difference}", one.route);
                    shapes.entry(key).or_insert((0, &one.place)).0 += 1;
                }
            }
        }
    }
    assert!(others.is_empty(), "other outcomes:\n{}", others.join("\n"));
    assert!(shapes.is_empty(), "other answers:\n{shapes:#?}");
    let untried: Vec<(&str, usize)> = untried.iter().map(|(of, n)| (of.as_str(), *n)).collect();
    assert_eq!(untried, UNTRIED);
    assert_eq!(tried.len(), 977);
}

#[test]
fn recorded_refusals_of_reads_are_refused_here() {
    let (Some(all), Some(errors)) = (present(), errors()) else {
        return;
    };
    let fake = FakeNotion::start(Workspace::everything(3));
    let mut tried = 0;
    let refused = all.iter().chain(errors);
    // A method of `?` says that only the answer is known; older versions spoke otherwise.
    let refused = refused.filter(|it| it.status >= 400 && it.method == "GET");
    for exchange in refused {
        let client = Client::new(&fake);
        let client = match exchange.status {
            401 => client.with_token("ntn_wrong"),
            _ => client,
        };
        let path = exchange.path.strip_prefix("/v1").unwrap();
        let answer = client.send("GET", path, None);
        let (made, recorded) = (answer.json(), &exchange.response);
        assert_eq!(answer.status, exchange.status, "{}", exchange.place());
        assert_eq!(made["code"], recorded["code"], "{}", exchange.place());
        if let Some(additional) = recorded.get("additional_data") {
            let differences = shape::differences(additional, &made["additional_data"]);
            assert!(
                differences.is_empty(),
                "{}: {differences:?}",
                exchange.place()
            );
        }
        tried += 1;
    }
    print(&format!("{tried} recorded refusals of reads tried"));
    assert!(tried >= 25, "{tried}");
}

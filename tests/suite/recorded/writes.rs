//! The Notion in memory accepts what the real one accepted, refuses what it refused, and
//! answers in the same form.

use std::collections::BTreeMap;

use super::replay::print;
use super::shape;
use super::tried::{Outcome, Replay, Tried, table};
use serde_json::json;

use crate::fake_notion::client::{Answer, Client};
use crate::support::recordings::{Exchange, errors, present, takes};
use crate::support::workspace::model::{Id, Parent};
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
#[allow(clippy::print_stdout)]
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
#[allow(clippy::print_stdout)]
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

#[test]
fn recorded_refusals_of_single_writes_are_refused_here() {
    let Some(errors) = errors() else { return };
    for validates in [true, false] {
        let mut ws = Workspace::new(1);
        let page = ws.page(Parent::Workspace, "A page");
        let fake = FakeNotion::start(ws);
        fake.set(|it| it.validate_requests = validates);
        let client = Client::new(&fake);
        let path = format!("/blocks/{page}/children");

        // A link preview can be read and not written.
        let mut writes = errors.iter().filter(|it| it.method == "PATCH");
        let recorded = writes.next().expect("a refused append");
        assert!(writes.next().is_none(), "one refused write is known");
        let mut body = recorded.request.clone();
        let answer = client.send("PATCH", &path, Some(&body));
        same_refusal(&answer, recorded);
        // Of its keys, the kind alone is the reason.
        let child = body["children"][0].as_object_mut().unwrap();
        child.remove("has_children");
        child.remove("archived");
        let answer = client.send("PATCH", &path, Some(&body));
        same_refusal(&answer, recorded);
        let child = body["children"][0].as_object_mut().unwrap();
        let content = child.remove("link_preview").unwrap();
        child.insert("bookmark".into(), content);
        child.insert("type".into(), json!("bookmark"));
        assert_eq!(client.send("PATCH", &path, Some(&body)).status, 200);

        let said = |text: &str| {
            let mut found = errors
                .iter()
                .filter(|it| it.response["message"].to_string().contains(text));
            found.next().expect("a recorded refusal")
        };
        let recorded = said("Could not find discussion");
        let words = recorded.response["message"].as_str().unwrap();
        let discussion = words.split([' ', '.']).find_map(|it| it.parse::<Id>().ok());
        let text = json!([{"type": "text", "text": {"content": "a"}}]);
        let body = json!({"discussion_id": discussion.unwrap(), "rich_text": text});
        let answer = client.send("POST", "/comments", Some(&body));
        same_refusal(&answer, recorded);
        // Newer messages go on with the connection's name.
        let message = &answer.json()["message"];
        let known = words.trim_end_matches('.');
        assert!(message.as_str().unwrap().starts_with(known), "{message}");

        fake.set(|it| it.capabilities.insert_comments = false);
        let body = json!({"parent": {"page_id": page}, "rich_text": text});
        let answer = client.send("POST", "/comments", Some(&body));
        same_refusal(&answer, said("Insufficient permissions"));
    }
}

fn same_refusal(answer: &Answer, recorded: &Exchange) {
    assert_eq!(answer.status, recorded.status, "{}", recorded.place());
    assert_eq!(
        answer.json()["code"],
        recorded.response["code"],
        "{}",
        recorded.place()
    );
}

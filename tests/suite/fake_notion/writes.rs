//! Writing: what is made, what is refused, and what is silently left out (section 7;
//! section 11, rows 9 to 12 and 15 to 18).

mod blocks;
mod databases;
mod leaned_on;
mod pages;

use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Answer, Client, id, ids};
use super::everything;
use crate::support::FakeNotion;
use crate::support::fake_notion::{Fault, What};

fn strict() -> (FakeNotion, Client) {
    let (fake, client) = everything();
    fake.set(|it| it.validate_answers = true);
    (fake, client)
}

fn paragraph(words: &str) -> Value {
    json!({"paragraph": {"rich_text": [{"text": {"content": words}}]}})
}

fn patch(client: &Client, path: &str, body: Value) -> Answer {
    client.send("PATCH", path, Some(&body))
}

fn append(client: &Client, parent: &str, children: Value) -> Answer {
    patch(
        client,
        &format!("/blocks/{parent}/children"),
        json!({"children": children}),
    )
}

fn ok(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}

fn new_page(client: &Client, fake: &FakeNotion, body: Value) -> Value {
    let mut body = body;
    body["parent"] = json!({"page_id": fake.look(|ws| ws.get("home"))});
    ok(&client.post("/pages", body))
}

fn titled(words: &str) -> Value {
    json!({"title": {"title": [{"text": {"content": words}}]}})
}

#[test]
fn a_write_may_be_done_and_its_answer_lost() {
    let (fake, client) = strict();
    let page = fake.look(|ws| ws.get("home"));
    let children = || client.list(&format!("/blocks/{page}/children"));
    let before = children().len();
    fake.faults().push(Fault::on(
        "PATCH",
        "/v1/blocks/*",
        What::UnavailableAfterCommit,
    ));
    let answer = append(
        &client,
        &page.to_string(),
        json!([paragraph("a"), paragraph("b")]),
    );
    assert_eq!(answer.status, 503);
    let additional = answer.json()["additional_data"].clone();
    assert_eq!(additional["committed_resource_id"], json!(page));
    let made: Vec<Value> = ids(&children()[before..])
        .into_iter()
        .map(Value::from)
        .collect();
    assert_eq!(additional["committed_child_ids"], json!(made));
    fake.faults()
        .push(Fault::on("POST", "/v1/pages", What::HangUpAfterCommit));
    let body = json!({"parent": {"page_id": page}, "properties": titled("Lost answer")});
    assert!(client.try_send("POST", "/pages", Some(&body)).is_none());
    let lost = children().last().unwrap().clone();
    assert_eq!(lost["child_page"]["title"], "Lost answer");
    fake.faults()
        .push(Fault::on("POST", "/v1/pages", What::HangUp));
    assert!(client.try_send("POST", "/pages", Some(&body)).is_none());
    assert_eq!(id(children().last().unwrap()), id(&lost));
}

#[test]
fn two_appends_to_one_parent_collide() {
    let (fake, client) = strict();
    fake.set(|it| it.append_time = Duration::from_millis(300));
    let page = fake.look(|ws| ws.get("home")).to_string();
    let both = std::thread::scope(|scope| {
        let append = || append(&Client::new(&fake), &page, json!([paragraph("x")])).status;
        let threads = [scope.spawn(append), scope.spawn(append)];
        threads.map(|thread| thread.join().unwrap())
    });
    assert_eq!(
        both.iter().filter(|status| **status == 200).count(),
        1,
        "{both:?}"
    );
    assert!(both.contains(&409));
    ok(&append(&client, &page, json!([paragraph("x")])));
}

#[test]
fn writing_needs_its_capabilities_and_unbuilt_endpoints_say_so() {
    let (fake, client) = strict();
    let page = fake.look(|ws| ws.get("home")).to_string();
    fake.set(|it| it.capabilities.update_content = false);
    assert_eq!(
        patch(
            &client,
            &format!("/pages/{page}"),
            json!({"is_locked": true})
        )
        .status,
        403
    );
    fake.set(|it| it.capabilities.read_content = false);
    let made = ok(&append(&client, &page, json!([paragraph("x")])));
    let keys: Vec<&String> = made["results"][0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "object"]);
    fake.set(|it| it.capabilities.insert_content = false);
    assert_eq!(append(&client, &page, json!([paragraph("x")])).status, 403);
    for (method, path) in [
        ("PATCH", "/pages/x/markdown"),
        ("POST", "/blocks/meeting_notes"),
    ] {
        let answer = client.send(method, path, Some(&json!({})));
        assert_eq!(answer.json()["code"], "invalid_request_url", "{path}");
    }
}

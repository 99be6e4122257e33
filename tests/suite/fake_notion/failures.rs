//! What goes wrong on purpose: faults, rate limits, files that expire (rows 8, 12, 13).

use std::io::{Read, Write};
use std::time::Duration;

use serde_json::json;

use super::client::{Client, id};
use super::everything;
use crate::support::fake_notion::{Fault, Refusal, Regime, Tell, What};
use crate::support::{FakeNotion, Workspace};

fn small() -> (FakeNotion, Client) {
    let fake = FakeNotion::start(Workspace::plain(3, 120));
    let client = Client::new(&fake);
    (fake, client)
}

#[test]
fn waiting_is_told_in_header_or_body_or_both_or_not_at_all() {
    let (fake, client) = small();
    let wait = |tell| What::Wait {
        seconds: 300,
        tell,
        reason: "public_api_space_request_rate_limit",
        overload: false,
    };
    for (tell, header, body) in [
        (Tell::Header, Some("300"), json!(null)),
        (Tell::Body, None, json!("300")),
        (Tell::Both, Some("300"), json!("300")),
        (Tell::Neither, None, json!(null)),
    ] {
        fake.faults()
            .push(Fault::on("POST", "/v1/search", wait(tell)));
        let answer = client.post("/search", json!({}));
        assert_eq!(answer.status, 429);
        assert_eq!(answer.header("retry-after"), header);
        assert_eq!(answer.json()["additional_data"]["retry_after"], body);
        assert_eq!(client.post("/search", json!({})).status, 200);
    }
    fake.faults().push(Fault::on("*", "", What::overloaded(1)));
    assert_eq!(client.get_status("/users/me"), 200);
    fake.faults().push(Fault::on("*", "*", What::overloaded(1)));
    let answer = client.send("GET", "/users/me", None);
    assert_eq!(
        (answer.status, answer.json()["code"].clone()),
        (529, json!("service_overload"))
    );
}

#[test]
fn faults_strike_the_requests_they_are_meant_for() {
    let (fake, client) = small();
    let page = id(&client.query("/search", json!({})).0[0]);
    let children = format!("/blocks/{page}/children");
    let fault = Fault::on("GET", "/v1/blocks/*/children", What::status(500));
    fake.faults().push(fault.times(2).after(1));
    let statuses: Vec<u16> = (0..4).map(|_| client.get_status(&children)).collect();
    assert_eq!(statuses, [200, 500, 500, 200]);
    assert_eq!(client.get_status(&format!("/blocks/{page}")), 200);
    assert_eq!(fake.faults().left(), 0);
    let struck = fake.requests().iter().filter(|it| it.faulted).count();
    assert_eq!(struck, 2);
}

#[test]
fn the_edge_answers_html_and_garbage_and_cuts() {
    let (fake, client) = small();
    fake.faults()
        .push(Fault::on("*", "*", What::HtmlBadGateway));
    let answer = client.send("GET", "/users/me", None);
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (502, Some("text/html"))
    );
    assert_eq!(answer.header("x-notion-request-id"), None);
    fake.faults().push(Fault::on("*", "*", What::Garbage));
    let answer = client.send("GET", "/users/me", None);
    assert_eq!(answer.status, 200);
    assert!(serde_json::from_slice::<serde_json::Value>(&answer.body).is_err());
    for what in [What::HangUp, What::HangUpAfterCommit, What::CutBody(10)] {
        fake.faults().push(Fault::on("*", "*", what));
        assert!(client.try_send("GET", "/users/me", None).is_none());
    }
    assert_eq!(client.get_status("/users/me"), 200);
}

#[test]
fn other_refusals_have_notions_words() {
    let (fake, client) = small();
    let ask = |what| {
        fake.faults().push(Fault::on("*", "*", what));
        client.send("GET", "/users/me", None).json()
    };
    assert_eq!(
        ask(What::block_limit())["additional_data"]["block_limit"],
        "block_creation"
    );
    assert!(
        ask(What::rendering_timeout())["message"]
            .to_string()
            .contains("exponential backoff")
    );
    let reason = &ask(What::blocked())["additional_data"]["rate_limit_reason"];
    assert_eq!(*reason, json!("public_api_request_blocked"));
    assert_eq!(ask(What::reduce_page_size())["status"], 503);
    assert_eq!(ask(What::status(409))["code"], "conflict_error");
    let late = What::RefuseAfterCommit(Refusal::new(504, "gateway_timeout", "late"));
    assert_eq!(ask(late)["status"], 504);
}

#[test]
fn bad_weather_is_seeded() {
    let strikes = |seed| {
        let (fake, client) = small();
        fake.faults()
            .weather(seed, 300, vec![What::status(500), What::status(409)]);
        let statuses: Vec<u16> = (0..60).map(|_| client.get_status("/users/me")).collect();
        statuses
    };
    assert_eq!(strikes(1), strikes(1));
    assert_ne!(strikes(1), strikes(2));
    let bad = strikes(3).iter().filter(|status| **status != 200).count();
    assert!((5..40).contains(&bad), "{bad}");
}

#[test]
fn a_window_gives_its_budget_in_one_burst_and_then_says_how_long_to_wait() {
    let (fake, client) = small();
    let window = Duration::from_secs(60);
    fake.limit(Regime::Window {
        requests: 5,
        window,
    });
    let statuses: Vec<u16> = (0..7).map(|_| client.get_status("/users/me")).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429, 429]);
    let answer = client.send("GET", "/users/me", None);
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    assert_eq!(fake.limited(), 3);
    fake.limit(Regime::Bucket {
        per_second: 0.01,
        burst: 2.0,
    });
    let statuses: Vec<u16> = (0..3).map(|_| client.get_status("/users/me")).collect();
    assert_eq!(statuses, [200, 200, 429]);
    fake.limit(Regime::Off);
    assert_eq!(client.get_status("/users/me"), 200);
}

#[test]
fn signed_addresses_are_new_on_every_read_and_expire() {
    let (fake, client) = everything();
    let block = fake.look(|ws| ws.get("stored image"));
    let url = || {
        let block = client.get(&format!("/blocks/{block}"));
        block["image"]["file"]["url"].as_str().unwrap().to_string()
    };
    let (first, second) = (url(), url());
    assert_ne!(first, second);
    let path = |url: &str| url.split('?').next().unwrap().to_string();
    assert_eq!(path(&first), path(&second));
    let answer = client.download("GET", &first, &[]);
    assert_eq!((answer.status, answer.body.len()), (200, 5000));
    assert_eq!(answer.header("content-type"), Some("image/png"));
    let part = client.download("GET", &second, &[("range", "bytes=4990-")]);
    assert_eq!((part.status, &part.body[..]), (206, &answer.body[4990..]));
    assert_eq!(client.download("HEAD", &first, &[]).status, 403);
    let forged = first.replace("Signature=", "Signature=0");
    assert_eq!(client.download("GET", &forged, &[]).status, 403);
    fake.edit(|ws| ws.advance_minutes(59));
    assert_eq!(client.download("GET", &first, &[]).status, 200);
    fake.edit(|ws| ws.advance_minutes(1));
    assert_eq!(client.download("GET", &first, &[]).status, 403);
    let fresh = url();
    fake.expire_urls();
    assert_eq!(client.download("GET", &fresh, &[]).status, 403);
    assert_eq!(client.download("GET", &url(), &[]).status, 200);
    assert!(fake.downloads().iter().all(|it| !it.authorization_present));
    client.download("GET", &url(), &[("authorization", "Bearer oops")]);
    assert!(fake.downloads().last().unwrap().authorization_present);
}

#[test]
fn files_may_not_be_ready_and_downloads_may_be_cut() {
    let (fake, client) = everything();
    let block = fake.look(|ws| ws.get("stored pdf"));
    let url = client.get(&format!("/blocks/{block}"))["pdf"]["file"]["url"].clone();
    let url = url.as_str().unwrap();
    fake.set(|it| it.not_ready_once = true);
    assert_eq!(client.download("GET", url, &[]).status, 202);
    assert_eq!(client.download("GET", url, &[]).status, 200);
    fake.faults()
        .push(Fault::on("GET", "/secure/*", What::CutBody(100)));
    let cut = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        client.download("GET", url, &[]).body.len()
    }));
    assert!(cut.is_err(), "a cut body must not pass for a whole one");
    assert_eq!(client.download("GET", url, &[]).body.len(), 5000);
}

/// What a socket gives back for raw bytes, until the other side closes it.
fn raw(fake: &FakeNotion, request: &str) -> Vec<u8> {
    let address = fake.url().replace("http://", "");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

#[test]
fn answers_are_compressed_only_for_those_who_want_it() {
    let (fake, _client) = everything();
    let ask = |encoding: &str| {
        let head = format!(
            "GET /v1/users HTTP/1.1\r\nauthorization: Bearer {}\r\nnotion-version: 2026-03-11\r\n\
             accept-encoding: {encoding}\r\nconnection: close\r\n\r\n",
            fake.token()
        );
        let answer = raw(&fake, &head);
        let at = answer.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&answer[..at]).into_owned();
        (head, answer[at + 4..].to_vec())
    };
    let (head, plain) = ask("identity");
    assert!(!head.contains("content-encoding"));
    let (head, packed) = ask("gzip");
    assert!(head.contains("content-encoding: gzip") && packed.len() < plain.len() / 2);
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&packed[..])
        .read_to_end(&mut unpacked)
        .unwrap();
    let object = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
    assert_eq!(object(&unpacked)["results"], object(&plain)["results"]);
    fake.set(|it| it.gzip = false);
    assert!(!ask("gzip").0.contains("content-encoding"));
}

#[test]
fn chunked_bodies_and_kept_connections_are_understood() {
    let (fake, _client) = small();
    let head = format!(
        "authorization: Bearer {}\r\nnotion-version: 2026-03-11\r\ncontent-type: application/json\r\n",
        fake.token()
    );
    let body = "5\r\n{\"pag\r\nc\r\ne_size\": 2 }\r\n0\r\n\r\n";
    let first =
        format!("POST /v1/search HTTP/1.1\r\n{head}transfer-encoding: chunked\r\n\r\n{body}");
    let second = format!("GET /v1/users/me HTTP/1.1\r\n{head}connection: close\r\n\r\n");
    let answer = raw(&fake, &format!("{first}{second}"));
    let heads = answer
        .windows(12)
        .filter(|it| it == b"HTTP/1.1 200")
        .count();
    assert_eq!(heads, 2);
    assert_eq!(fake.requests()[0].body, Some(json!({"page_size": 2})));
}

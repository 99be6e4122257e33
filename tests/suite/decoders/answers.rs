//! What Notion, or whoever answers in its place, says: status, headers, `Retry-After`,
//! bodies, listings, downloads, and answers to writes and uploads.

use super::*;
use std::sync::Mutex;
use std::time::Duration;

use notion_backup::clock::{Clock, ManualClock};
use notion_backup::notion::{FilePart, Notion, Request, Settings};

use notion_backup::stop::StopReason;

use crate::support::fake_notion::http::Outgoing;
use crate::support::fake_notion::server::{Reply, Server};

/// Answers before the last one, which says that the request is wrong.
const ANSWERS: usize = 4;

fn valid() -> Vec<String> {
    let id = NotionId::from_bits(7);
    let page = json!({"object": "page", "id": id, "created_time": "2026-01-01T00:00:00.000Z",
        "last_edited_time": "2026-01-01T00:00:00.000Z", "parent": {"type": "workspace", "workspace": true},
        "archived": false, "in_trash": false, "properties": {"title": {"id": "title", "type": "title", "title": []}}});
    vec![
        page.to_string(),
        json!({"object": "list", "results": [page, page], "has_more": true, "next_cursor": "c",
            "type": "page_or_database", "request_status": {"type": "incomplete"}})
        .to_string(),
        json!({"object": "error", "status": 429, "code": "rate_limited", "message": "wait",
            "request_id": id, "additional_data": {"retry_after": "7", "rate_limit_reason": "x",
            "retry_guidance": ["a", "b"]}})
        .to_string(),
        json!({"object": "file_upload", "id": id, "status": "pending", "upload_url": "https://x/"})
            .to_string(),
        "<html><h1>502 Bad Gateway</h1></html>".to_string(),
    ]
}

/// Nobody waits, and after a day nobody waits any longer: `Retry-After` has no cap.
struct Patience(ManualClock);

impl Clock for Patience {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration, stop: &Stop) {
        const DAY: Duration = Duration::from_secs(86_400);
        self.0.sleep(time.min(DAY), stop);
        if self.0.elapsed() >= DAY {
            stop.raise(StopReason::Deadline);
        }
    }
}

#[derive(Clone, Debug)]
struct Said {
    status: u16,
    retry_after: Option<String>,
    body: Input,
    cut: Option<usize>,
}

fn said() -> impl Strategy<Value = Said> {
    let status = prop_oneof![
        4 => Just(200u16),
        2 => Just(429u16),
        1 => Just(529u16),
        1 => Just(409u16),
        2 => 200..600u16,
    ];
    let wait = prop_oneof![
        Just(None),
        "[ -~]{0,20}".prop_map(Some),
        "-?[0-9]{1,25}(\\.[0-9]{0,5})?".prop_map(Some),
        Just(Some("Fri, 31 Dec 9999 23:59:59 GMT".to_string())),
        Just(Some("Thu, 01 Jan 1970 00:00:00 GMT".to_string())),
    ];
    let cut = prop::option::weighted(0.2, 0..400usize);
    (status, wait, input(), cut).prop_map(|(status, retry_after, body, cut)| Said {
        status,
        retry_after,
        body,
        cut,
    })
}

fn outgoing(said: &Said) -> Outgoing {
    let bytes = said.body.bytes(&valid());
    let mut answer = Outgoing::new(said.status, "application/json", bytes);
    if let Some(wait) = &said.retry_after {
        answer
            .headers
            .push(("retry-after".to_owned(), wait.clone()));
    }
    answer
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn an_answer(said in prop::collection::vec(said(), ANSWERS), call in 0..9u8) {
        let count = Mutex::new(0);
        let answers = said.clone();
        let server = Server::start(move |_| {
            let mut count = count.lock().unwrap();
            *count += 1;
            match answers.get(*count - 1) {
                Some(said) => {
                    let answer = outgoing(said);
                    let whole = answer.body.len();
                    // The connection ends, so that no body is taken for the next answer.
                    Reply::CutBody(answer, said.cut.unwrap_or(whole).min(whole))
                }
                None => {
                    let error = json!({"object": "error", "status": 400, "code": "validation_error", "message": "no"});
                    let answer = Outgoing::new(400, "application/json", error.to_string().into_bytes());
                    let whole = answer.body.len();
                    Reply::CutBody(answer, whole)
                }
            }
        })
        .unwrap();
        let settings = Settings {
            token: notion_backup::notion::Token::new("ntn_secret").unwrap(),
            api_url: format!("http://{}", server.address()),
            requests_per_minute: None,
        };
        let clock = Arc::new(Patience(ManualClock::at(now())));
        let notion = Notion::connect(&settings, clock, Stop::new(), Arc::new(Silent)).unwrap();
        let id = NotionId::from_bits(7);
        let mut sink = Vec::new();
        let failed = match call {
            0 => notion.page(id).err(),
            1 => notion.me().err(),
            2 => notion.search(&mut |_| Ok(())).err(),
            3 => notion.children(id, &mut |_| Ok(())).err(),
            4 => notion.rows(id, false, &mut |_| Ok(())).err(),
            5 => notion.property(id, "title", &mut |_| Ok(())).err(),
            6 => notion.write(&Request::post("/pages", json!({"a": 1}))).err(),
            7 => {
                let part = FilePart {
                    name: "a\r\n\"b".to_string(),
                    content_type: "text/plain\r\nx: y".to_string(),
                    bytes: b"12345".to_vec(),
                    number: Some(1),
                };
                notion.send_file(id, part).err()
            }
            _ => {
                let url = format!("http://{}/file", server.address());
                notion.download(&url, &mut sink).err()
            }
        };
        if let Some(error) = failed {
            let text = format!("{error} {error:?}");
            assert!(!text.contains("ntn_secret"), "{text}");
            assert!(text.len() < 20_000, "an answer is not repeated at length");
        }
    }
}

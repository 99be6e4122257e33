//! Writing: one literal request at a time, sent once unless Notion says that it was not
//! executed (section 9.6 of the API digest).
//!
//! What 429, 529, 409 and a connection that was never made do is the retry table's
//! business. Where nobody knows what became of a request ([`Error::is_unknown`]), the
//! caller looks before it sends again.

use std::time::Duration;

use serde_json::Value;

use super::{Error, FilePart, Kind, Method, Notion, Request};
use crate::model::NotionId;

impl Notion {
    /// Sends a request that creates, changes or trashes something, and gives Notion's
    /// answer. Refusals are waited for without bound, conflicts a few times.
    pub fn write(&self, request: &Request) -> Result<Value, Error> {
        self.call(&mut request.clone())
    }

    /// Sends a file, or one part of it, to an upload that was created before. Repeated
    /// like a read: a part that is sent twice is the same part. Fails with
    /// [`Kind::Local`] for more than [`FilePart::LIMIT`] bytes.
    pub fn send_file(&self, upload: NotionId, file: FilePart) -> Result<Value, Error> {
        let mut request = Request {
            method: Method::Post,
            file: Some(file),
            ..Request::get(format!("/v1/file_uploads/{upload}/send"))
        };
        let size = request.file.as_ref().map_or(0, |file| file.bytes.len());
        if size > FilePart::LIMIT {
            let message = format!("{size} bytes are more than one request takes");
            return Err(Error::new(Kind::Local, request.endpoint(), message));
        }
        self.call(&mut request)
    }

    /// Waits on behalf of one worker, less when the run is asked to end; `why` is for
    /// the people who watch.
    pub fn pause(&self, time: Duration, why: &str) {
        self.gate.sleep(time, why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notion::testing::{answering, json_answer, text_answer};
    use crate::notion::{Committed, TransportError};
    use serde_json::json;

    fn id(bits: u128) -> NotionId {
        NotionId::from_bits(bits)
    }

    #[test]
    fn a_write_goes_out_again_only_when_it_was_not_executed() {
        let bench = answering(|_, number| match number {
            0 => text_answer(429, &[("retry-after", "3")], ""),
            1 => text_answer(529, &[], ""),
            2 => json_answer(409, json!({"object": "error", "code": "conflict_error"})),
            3 => Err(TransportError::Connect("refused".into())),
            _ => json_answer(200, json!({"id": "x"})),
        });
        for request in [
            Request::patch("/v1/pages/x", json!({"a": 1})),
            Request::post("/v1/pages", json!({})),
            Request::delete("/v1/blocks/x"),
        ] {
            let answer = bench.notion.write(&request).unwrap();
            assert_eq!(answer, json!({"id": "x"}));
        }
        let requests = bench.seen.requests.lock().unwrap();
        let methods: Vec<_> = requests.iter().map(|it| it.method.as_str()).collect();
        assert_eq!(methods[..5], ["PATCH"; 5]);
        assert_eq!(methods[5..], ["POST", "DELETE"]);
        assert_eq!(requests[0].body, Some(json!({"a": 1})));
        assert_eq!(requests[6].body, None);
    }

    #[test]
    fn an_unknown_outcome_is_told_from_a_known_one() {
        type Answer = Result<crate::notion::Response, TransportError>;
        let outcomes: [(fn() -> Answer, bool); 12] = [
            (|| text_answer(500, &[], ""), true),
            (|| text_answer(502, &[], "<html>"), true),
            (|| text_answer(503, &[], ""), true),
            (|| text_answer(504, &[], ""), true),
            (|| text_answer(408, &[], ""), true),
            (|| text_answer(200, &[], "{\"id"), true),
            (|| Err(TransportError::Timeout("".into())), true),
            (|| Err(TransportError::Cut("".into())), true),
            (|| Err(TransportError::TooLarge(1)), true),
            (|| Err(TransportError::Connect("".into())), false),
            (
                || json_answer(400, json!({"object": "error", "code": "x"})),
                false,
            ),
            (
                || json_answer(409, json!({"object": "error", "code": "x"})),
                false,
            ),
        ];
        for (number, (answer, unknown)) in outcomes.into_iter().enumerate() {
            let bench = answering(move |_, _| answer());
            let request = Request::post("/v1/pages", json!({}));
            let error = bench.notion.write(&request).unwrap_err();
            assert_eq!(error.is_unknown(), unknown, "{number}: {error}");
            let sent = bench.seen.requests.lock().unwrap().len();
            let repeated = !unknown && number != 10;
            assert_eq!(sent, if repeated { 6 } else { 1 }, "{number}");
        }
    }

    #[test]
    fn an_outcome_stays_unknown_when_notion_counts_as_away() {
        let bench = answering(|_, _| text_answer(504, &[], ""));
        let errors = std::iter::repeat_with(|| {
            let request = Request::post("/v1/pages", json!({}));
            bench.notion.write(&request).unwrap_err()
        });
        let errors: Vec<Error> = errors.take(25).collect();
        assert_eq!(errors[23].kind, Kind::Server);
        assert_eq!(errors[24].kind, Kind::Away);
        assert!(errors.iter().all(Error::is_unknown));
    }

    #[test]
    fn what_was_saved_all_the_same_is_told() {
        let bench = answering(|_, _| {
            json_answer(
                503,
                json!({"code": "service_unavailable", "additional_data": {
                    "committed_resource_id": id(7), "committed_child_ids": [id(8), id(9)]}}),
            )
        });
        let request = Request::patch("/v1/blocks/x/children", json!({}));
        let error = bench.notion.write(&request).unwrap_err();
        let committed = Committed {
            resource: Some(id(7)),
            children: vec![id(8), id(9)],
        };
        assert_eq!(error.committed.as_deref(), Some(&committed));
        assert!(error.is_unknown() && !error.block_limit);
    }

    #[test]
    fn the_limit_of_the_free_plan_is_no_missing_capability() {
        let bench = answering(|_, number| {
            let additional = match number {
                0 => json!({"block_limit": "block_creation"}),
                _ => Value::Null,
            };
            json_answer(
                403,
                json!({"object": "error", "code": "restricted_resource",
                    "additional_data": additional}),
            )
        });
        let request = Request::post("/v1/pages", json!({}));
        let errors = [(); 2].map(|()| bench.notion.write(&request).unwrap_err());
        assert_eq!(errors.map(|error| error.block_limit), [true, false]);
    }

    #[test]
    fn a_part_of_a_file_is_sent_until_it_is_there() {
        let part = FilePart {
            number: Some(2),
            name: "a.txt".into(),
            content_type: "text/plain".into(),
            bytes: vec![1, 2],
        };
        let bench = answering(|_, number| match number {
            0 => text_answer(504, &[], ""),
            1 => Err(TransportError::Cut("".into())),
            _ => json_answer(200, json!({"status": "pending"})),
        });
        bench.notion.send_file(id(5), part.clone()).unwrap();
        let requests = bench.seen.requests.lock().unwrap();
        assert_eq!(requests.len(), 3);
        assert_eq!(requests[2].path, format!("/v1/file_uploads/{}/send", id(5)));
        assert_eq!(
            (&requests[2].file, &requests[2].body),
            (&Some(part.clone()), &None)
        );
        drop(requests);
        let bytes = vec![0; FilePart::LIMIT + 1];
        let error = bench.notion.send_file(id(5), FilePart { bytes, ..part });
        assert_eq!(error.unwrap_err().kind, Kind::Local);
    }
}

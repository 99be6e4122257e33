use std::time::Duration;

use serde_json::json;

use super::*;
use crate::notion::TransportError;
use crate::notion::testing::{answering, answering_until, json_answer, text_answer};
use crate::stop::StopReason;

fn error(status: u16, code: &str) -> Result<super::super::Response, TransportError> {
    json_answer(
        status,
        json!({"object": "error", "code": code, "message": "no", "request_id": "r"}),
    )
}

#[test]
fn reads_go_on_through_everything_that_passes() {
    let bench = answering(|_, number| match number {
        0 => text_answer(502, &[], "<html>Bad gateway</html>"),
        1 => Err(TransportError::Cut("reset".into())),
        2 => text_answer(200, &[], r#"{"object": "us"#),
        3 => error(409, "conflict_error"),
        4 => error(500, "internal_server_error"),
        _ => json_answer(200, json!({"object": "user", "new_field": [1]})),
    });
    let me = bench.notion.me().unwrap();
    assert_eq!(me, json!({"object": "user", "new_field": [1]}));
    assert_eq!(bench.seen.count(Counter::Requests), 6);
    assert_eq!(bench.seen.count(Counter::RefusedRequests), 0);
}

#[test]
fn what_does_not_pass_ends_with_the_last_answer() {
    let bench = answering(|_, _| error(503, "service_unavailable"));
    let error = bench.notion.me().unwrap_err();
    assert_eq!((error.kind, error.status), (Kind::Server, Some(503)));
    assert_eq!(error.code.as_deref(), Some("service_unavailable"));
    assert_eq!(&*error.endpoint, "GET /v1/users/me");
    assert_eq!(bench.seen.count(Counter::Requests), Retry::SENDS as usize);
}

#[test]
fn an_unreachable_host_is_told_as_such() {
    let bench = answering(|_, _| Err(TransportError::Connect("refused".into())));
    let error = bench.notion.me().unwrap_err();
    assert_eq!((error.kind, error.status), (Kind::Transport, None));
    assert_eq!(
        error.to_string(),
        "GET /v1/users/me: cannot connect: refused"
    );
}

#[test]
fn a_wait_before_a_repetition_says_why_and_how_often() {
    let bench = answering(|_, count| match count {
        0 => Err(TransportError::Connect("refused".into())),
        1 => error(503, "service_unavailable"),
        _ => json_answer(200, json!({"object": "user"})),
    });
    bench.notion.me().unwrap();
    let waits = bench.seen.waits.lock().unwrap();
    assert_eq!(
        *waits,
        [
            "cannot connect: refused, try 2 of 6",
            "",
            "Notion answered with HTTP 503, try 3 of 6",
            ""
        ]
    );
}

#[test]
fn a_write_with_an_unknown_outcome_is_not_repeated() {
    for failure in [504, 0] {
        let bench = answering(move |_, _| match failure {
            0 => Err(TransportError::Timeout("65 s".into())),
            status => text_answer(status, &[], ""),
        });
        let mut request = Request::post("/v1/pages", json!({}));
        let result = bench.notion.call(&mut request);
        assert!(result.is_err());
        assert_eq!(bench.seen.count(Counter::Requests), 1);
    }
}

#[test]
fn refusals_are_waited_for_without_end() {
    let bench = answering(|_, number| match number {
        0..50 => text_answer(
            429,
            &[("retry-after", "60")],
            r#"{"additional_data":{"retry_after":"600"}}"#,
        ),
        50..60 => text_answer(529, &[], ""),
        _ => json_answer(200, json!({})),
    });
    bench.notion.me().unwrap();
    assert_eq!(bench.seen.count(Counter::Requests), 61);
    assert_eq!(bench.seen.count(Counter::RefusedRequests), 60);
    assert!(bench.clock.elapsed() >= Duration::from_secs(50 * 600));
}

#[test]
fn a_blocked_token_does_not_wait() {
    let bench = answering(|_, _| {
        json_answer(
            429,
            json!({"additional_data": {"rate_limit_reason": "public_api_request_blocked"}}),
        )
    });
    assert_eq!(bench.notion.me().unwrap_err().kind, Kind::Blocked);
    assert_eq!(bench.clock.elapsed(), Duration::ZERO);
    assert_eq!(bench.seen.count(Counter::RefusedRequests), 1);
}

#[test]
fn a_stop_ends_each_kind_of_wait() {
    let stop = Stop::new();
    stop.raise(StopReason::Deadline);
    let bench = answering_until(stop, |_, _| unreachable!());
    assert_eq!(bench.notion.me().unwrap_err().kind, Kind::Stopped);

    for status in [429, 500] {
        let stop = Stop::new();
        let bench = answering_until(stop.clone(), move |_, _| {
            stop.raise(StopReason::Interrupted);
            text_answer(status, &[("retry-after", "9000")], "")
        });
        assert_eq!(
            bench.notion.me().unwrap_err().kind,
            Kind::Stopped,
            "{status}"
        );
        assert_eq!(bench.clock.elapsed(), Duration::ZERO, "{status}");
    }
}

#[test]
fn advice_to_ask_for_less_is_followed() {
    let bench = answering(|request, _| {
        let size = request.body.as_ref().unwrap()["page_size"]
            .as_u64()
            .unwrap();
        if size > 25 {
            let advice = json!({"retry_guidance": ["Reduce page_size or narrow the filter", "reduce page_size"]});
            json_answer(
                503,
                json!({"code": "service_unavailable", "additional_data": advice}),
            )
        } else {
            json_answer(200, json!({"results": []}))
        }
    });
    let mut request = Request::post("/v1/search", json!({"page_size": 100}));
    bench.notion.call(&mut request).unwrap();
    assert_eq!(request.body.unwrap()["page_size"], 25);
    assert_eq!(bench.seen.count(Counter::Requests), 3);
}

#[test]
fn jitter_spreads_over_the_whole_range() {
    let bench = answering(|_, _| unreachable!());
    let mut tenths: Vec<u32> = (0..1000)
        .map(|_| (bench.notion.jitter() * 10.0) as u32)
        .collect();
    tenths.sort();
    tenths.dedup();
    assert_eq!(tenths, (0..10).collect::<Vec<_>>());
}

#[test]
fn the_time_is_what_the_last_answer_says_or_else_the_clocks() {
    let bench = answering(|_, number| {
        let date = match number {
            1 => "Sun, 06 Nov 1994 08:49:37 GMT",
            3 => "soon",
            _ => return json_answer(200, json!({})),
        };
        text_answer(200, &[("date", date)], "{}")
    });
    let ask = || bench.notion.me().unwrap();
    ask();
    assert_eq!(bench.notion.now(), bench.clock.now(), "nobody told");
    ask();
    // The example of RFC 9110, section 5.6.7.
    let told: Timestamp = "1994-11-06T08:49:37Z".parse().unwrap();
    assert_eq!(bench.notion.now(), told);
    bench.clock.advance(Duration::from_secs(90));
    ask();
    ask();
    let later: Timestamp = "1994-11-06T08:51:07Z".parse().unwrap();
    assert_eq!(
        bench.notion.now(),
        later,
        "what says nothing changes nothing"
    );
}

#[test]
fn the_time_goes_on_although_dates_are_cut_to_the_second() {
    let bench = answering(|_, number| {
        let date = match number {
            0..=2 => "Sun, 06 Nov 1994 08:49:37 GMT",
            _ => "Sun, 06 Nov 1994 08:49:00 GMT",
        };
        text_answer(200, &[("date", date)], "{}")
    });
    let told: Timestamp = "1994-11-06T08:49:37Z".parse().unwrap();
    let mut times = Vec::new();
    for _ in 0..4 {
        bench.notion.me().unwrap();
        times.push(bench.notion.now().duration_since(told).as_millis());
        bench.clock.advance(Duration::from_millis(400));
    }
    assert_eq!(
        times,
        [0, 400, 800, -37_000],
        "a clock that was set back is believed"
    );
}

/// Answers of status 403 that do not come from Notion.
const OF_THE_EDGE: [&str; 6] = [
    "<!DOCTYPE html><html><title>Just a moment...</title></html>",
    "",
    "Forbidden",
    r#"{"message": "Forbidden"}"#,
    r#"{"code": 1020, "error": "Access denied"}"#,
    r#"["object", "error"]"#,
];

#[test]
fn a_403_of_the_network_edge_is_asked_again_and_told_as_such() {
    for body in OF_THE_EDGE {
        for request in [
            Request::get("/v1/users/me"),
            Request::post("/v1/pages", json!({})),
        ] {
            let bench = answering(move |_, number| match number {
                0..3 => text_answer(403, &[("cf-mitigated", "challenge")], body),
                _ => json_answer(200, json!({"object": "user"})),
            });
            assert!(bench.notion.call(&mut request.clone()).is_ok(), "{body}");
            let waits = bench.seen.waits.lock().unwrap();
            let first = "the network before Notion answered with HTTP 403, try 2 of 6";
            assert_eq!(waits[0], first);
            drop(waits);

            let bench = answering(move |_, _| text_answer(403, &[], body));
            let error = bench.notion.call(&mut request.clone()).unwrap_err();
            assert_eq!(
                (error.kind, error.status),
                (Kind::Edge, Some(403)),
                "{body}"
            );
            assert!(
                error.message.contains("the network before Notion"),
                "{error}"
            );
            assert!(!error.is_unknown());
            assert_eq!(bench.seen.count(Counter::Requests), 6);
        }
    }
}

#[test]
fn only_notions_own_words_name_a_missing_capability() {
    // Recorded: 5am-code/laravel-notion-api, blocks/response_create_comment_403.
    let message = "Insufficient permissions for this endpoint.";
    let refusal =
        |code: &str| json!({"object": "error", "status": 403, "code": code, "message": message});
    for (code, kind) in [
        ("restricted_resource", Kind::Restricted),
        ("something_new", Kind::Other),
    ] {
        let body = refusal(code);
        let bench = answering(move |_, _| json_answer(403, body.clone()));
        let error = bench.notion.me().unwrap_err();
        assert_eq!((error.kind, &*error.message), (kind, message));
        assert_eq!(bench.seen.count(Counter::Requests), 1);
    }
}

#[test]
fn what_rarely_helps_is_tried_once_more() {
    // Status, whether a write may have been carried out, the kind that is left.
    let table = [
        (301, false, Kind::Other),
        (302, false, Kind::Other),
        (303, true, Kind::Other),
        (307, false, Kind::Other),
        (308, false, Kind::Other),
        (400, false, Kind::Edge),
        (401, false, Kind::Edge),
        (404, false, Kind::Edge),
        (407, false, Kind::Edge),
        (413, false, Kind::Validation),
        (431, false, Kind::Other),
        (499, true, Kind::Server),
    ];
    for (status, unknown, kind) in table {
        for (request, write) in [
            (Request::get("/v1/users/me"), false),
            (
                Request::post("/v1/search", json!({"page_size": 100})),
                false,
            ),
            (Request::post("/v1/pages", json!({})), true),
            (Request::patch("/v1/blocks/x/children", json!({})), true),
        ] {
            let bench = answering(move |_, _| text_answer(status, &[], "<html></html>"));
            let error = bench.notion.call(&mut request.clone()).unwrap_err();
            assert_eq!((error.kind, error.status), (kind, Some(status)));
            assert_eq!(error.is_unknown(), unknown, "{status}");
            let sends = if write && unknown { 1 } else { 2 };
            assert_eq!(bench.seen.count(Counter::Requests), sends, "{status}");

            let bench = answering(move |_, number| match number {
                0 => text_answer(status, &[], "<html></html>"),
                _ => json_answer(200, json!({})),
            });
            let result = bench.notion.call(&mut request.clone());
            assert_eq!(result.is_ok(), sends == 2, "{status}");
        }
    }
}

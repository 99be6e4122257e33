//! The whole table: every status, every code that matters, every transport failure.

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::notion::Response;

fn answer(status: u16, body: &str) -> Answer {
    let response = Response {
        status,
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    };
    Answer::read(response, Timestamp::UNIX_EPOCH)
}

fn error(code: &str, message: &str, additional: serde_json::Value) -> String {
    json!({"object": "error", "code": code, "message": message, "additional_data": additional})
        .to_string()
}

/// Puts neighbours with the same verdict together.
fn runs(verdicts: impl IntoIterator<Item = (u16, u16, Verdict)>) -> Vec<(u16, u16, Verdict)> {
    let mut runs: Vec<(u16, u16, Verdict)> = Vec::new();
    for (from, to, verdict) in verdicts {
        match runs.last_mut() {
            Some(run) if run.2 == verdict => run.1 = to,
            _ => runs.push((from, to, verdict)),
        }
    }
    runs
}

/// Walks every status with one body.
fn walk(body: &str, safety: Safety) -> Vec<(u16, u16, Verdict)> {
    let verdict = |status| (status, status, judge(&answer(status, body), safety));
    runs((100..=599).map(verdict))
}

#[test]
fn every_status_has_its_verdict() {
    use Kind::*;
    use Verdict::*;
    let nothing_known = error("some_code", "some message", json!({}));
    for safety in [Safety::Repeatable, Safety::Once] {
        let unknown_outcome = |verdict: Verdict| match safety {
            Safety::Repeatable => verdict,
            Safety::Once => Fail(verdict.kind()),
        };
        let table = |success, unless_notions: &dyn Fn(Verdict) -> Verdict| {
            let known = unless_notions;
            let forbidden = match unless_notions(Fail(Other)) {
                Fail(kind) => Fail(kind),
                _ => Again(Edge),
            };
            runs([
                (100, 199, Fail(Other)),
                (200, 299, success),
                (300, 302, AgainOnce(Other)),
                (303, 303, unknown_outcome(AgainOnce(Other))),
                (304, 399, AgainOnce(Other)),
                (400, 400, known(Fail(Validation))),
                (401, 401, known(Fail(Unauthorized))),
                (402, 402, known(Fail(Other))),
                (403, 403, forbidden),
                (404, 404, known(Fail(NotFound))),
                (405, 407, known(Fail(Other))),
                (408, 408, unknown_outcome(Slow(Server))),
                (409, 409, known(Again(Conflict))),
                (410, 412, known(Fail(Other))),
                (413, 413, AgainOnce(Validation)),
                (414, 421, known(Fail(Other))),
                (422, 422, known(Fail(Validation))),
                (423, 428, known(Fail(Other))),
                (429, 429, Refused),
                (430, 430, known(Fail(Other))),
                (431, 431, AgainOnce(Other)),
                (432, 498, known(Fail(Other))),
                (499, 499, unknown_outcome(AgainOnce(Server))),
                (500, 501, unknown_outcome(Again(Server))),
                (502, 502, unknown_outcome(Slow(Server))),
                (503, 503, unknown_outcome(Again(Server))),
                (504, 504, unknown_outcome(Slow(Server))),
                (505, 519, unknown_outcome(Again(Server))),
                (520, 524, unknown_outcome(Slow(Server))),
                (525, 528, unknown_outcome(Again(Server))),
                (529, 529, Overloaded),
                (530, 599, unknown_outcome(Again(Server))),
            ])
        };
        let notions = table(Done, &|verdict| verdict);
        assert_eq!(walk(&nothing_known, safety), notions, "{safety:?}");
        // JSON that is not Notion's error object is no word of Notion's.
        let elses = table(Done, &|_| AgainOnce(Edge));
        for body in ["{}", r#"{"message": "Forbidden"}"#, r#"{"code": "x"}"#] {
            assert_eq!(walk(body, safety), elses, "{safety:?} {body}");
        }
        let malformed = unknown_outcome(Again(Malformed));
        let no_json = table(malformed, &|_| AgainOnce(Edge));
        for body in ["<html>Bad gateway</html>", "", r#"{"cut": "#, "[]"] {
            assert_eq!(walk(body, safety), no_json, "{safety:?} {body}");
        }
    }
}

#[test]
fn every_code_of_the_table_has_its_verdict() {
    use Kind::*;
    use Verdict::*;
    let none = json!({});
    let table = [
        (
            400,
            "invalid_json",
            none.clone(),
            Fail(Validation),
            Fail(Validation),
        ),
        (
            400,
            "invalid_request_url",
            none.clone(),
            Fail(Validation),
            Fail(Validation),
        ),
        (
            400,
            "invalid_request",
            none.clone(),
            Fail(Validation),
            Fail(Validation),
        ),
        (
            400,
            "missing_version",
            none.clone(),
            Fail(Validation),
            Fail(Validation),
        ),
        (
            400,
            "invalid_grant",
            none.clone(),
            Fail(Validation),
            Fail(Validation),
        ),
        (
            400,
            "validation_error",
            none.clone(),
            Fail(Validation),
            Fail(Validation),
        ),
        (
            400,
            "validation_error",
            json!({"error_type": "multiple_data_sources_for_database"}),
            Fail(Validation),
            Fail(Validation),
        ),
        (
            401,
            "unauthorized",
            none.clone(),
            Fail(Unauthorized),
            Fail(Unauthorized),
        ),
        (
            403,
            "restricted_resource",
            none.clone(),
            Fail(Restricted),
            Fail(Restricted),
        ),
        (
            403,
            "restricted_resource",
            json!({"block_limit": "block_creation"}),
            Fail(Restricted),
            Fail(Restricted),
        ),
        (
            404,
            "object_not_found",
            none.clone(),
            Fail(NotFound),
            Fail(NotFound),
        ),
        (
            409,
            "conflict_error",
            none.clone(),
            Again(Conflict),
            Again(Conflict),
        ),
        (
            409,
            "row_limit_exceeded",
            none.clone(),
            Fail(Conflict),
            Fail(Conflict),
        ),
        (429, "rate_limited", none.clone(), Refused, Refused),
        (
            429,
            "rate_limited",
            json!({"rate_limit_reason": "public_api_request_rate_limit"}),
            Refused,
            Refused,
        ),
        (
            429,
            "rate_limited",
            json!({"rate_limit_reason": "public_api_space_request_rate_limit"}),
            Refused,
            Refused,
        ),
        (
            429,
            "rate_limited",
            json!({"rate_limit_reason": "public_api_endpoint_rate_limit"}),
            Refused,
            Refused,
        ),
        (
            429,
            "rate_limited",
            json!({"rate_limit_reason": "something_new"}),
            Refused,
            Refused,
        ),
        (
            429,
            "rate_limited",
            json!({"rate_limit_reason": "public_api_request_blocked"}),
            Fail(Blocked),
            Fail(Blocked),
        ),
        (
            500,
            "internal_server_error",
            none.clone(),
            Again(Server),
            Fail(Server),
        ),
        (502, "bad_gateway", none.clone(), Slow(Server), Fail(Server)),
        (
            503,
            "service_unavailable",
            none.clone(),
            Again(Server),
            Fail(Server),
        ),
        (
            503,
            "service_unavailable",
            json!({"committed_resource_id": "x"}),
            Again(Server),
            Fail(Server),
        ),
        (
            503,
            "service_unavailable",
            json!({"retry_guidance": ["reduce page_size"]}),
            Smaller(Server),
            Fail(Server),
        ),
        (
            503,
            "service_unavailable",
            json!({"retry_guidance": "reduce page_size"}),
            Smaller(Server),
            Fail(Server),
        ),
        (
            503,
            "database_connection_unavailable",
            none.clone(),
            Again(Server),
            Fail(Server),
        ),
        (
            504,
            "gateway_timeout",
            none.clone(),
            Slow(Server),
            Fail(Server),
        ),
        (529, "service_overload", none, Overloaded, Overloaded),
    ];
    for (status, code, additional, repeatable, once) in table {
        let answer = answer(status, &error(code, "message", additional.clone()));
        let what = format!("{status} {code} {additional}");
        assert_eq!(judge(&answer, Safety::Repeatable), repeatable, "{what}");
        assert_eq!(judge(&answer, Safety::Once), once, "{what}");
    }
}

#[test]
fn a_validation_error_that_asks_for_it_is_repeated() {
    let text = "The page took too long to render. Please retry with exponential backoff.";
    for safety in [Safety::Repeatable, Safety::Once] {
        let asks = answer(400, &error("validation_error", text, json!({})));
        assert_eq!(judge(&asks, safety), Verdict::Again(Kind::Validation));
        let other = answer(400, &error("invalid_json", text, json!({})));
        assert_eq!(judge(&other, safety), Verdict::Fail(Kind::Validation));
    }
}

#[test]
fn every_transport_failure_has_its_verdict() {
    use TransportError::*;
    use Verdict::*;
    let text = || String::from("x");
    let table = [
        (
            Connect(text()),
            Again(Kind::Transport),
            Again(Kind::Transport),
        ),
        (Tls(text()), Fail(Kind::Transport), Fail(Kind::Transport)),
        (
            Timeout(text()),
            Slow(Kind::Transport),
            Fail(Kind::Transport),
        ),
        (Cut(text()), Slow(Kind::Transport), Fail(Kind::Transport)),
        (TooLarge(9), Smaller(Kind::Malformed), Fail(Kind::Malformed)),
        (Request(text()), Fail(Kind::Local), Fail(Kind::Local)),
    ];
    for (failure, repeatable, once) in table {
        assert_eq!(
            judge_failure(&failure, Safety::Repeatable),
            repeatable,
            "{failure}"
        );
        assert_eq!(judge_failure(&failure, Safety::Once), once, "{failure}");
    }
}

#[test]
fn what_only_looks_or_trashes_may_be_repeated() {
    let safety = |method, path: &str| {
        let request = super::super::Request::get(path);
        Safety::of(&super::super::Request { method, ..request })
    };
    assert_eq!(safety(Method::Get, "/v1/pages/x"), Safety::Repeatable);
    assert_eq!(safety(Method::Delete, "/v1/blocks/x"), Safety::Repeatable);
    assert_eq!(safety(Method::Post, "/v1/search"), Safety::Repeatable);
    assert_eq!(
        safety(Method::Post, "/v1/data_sources/x/query"),
        Safety::Repeatable
    );
    assert_eq!(safety(Method::Post, "/v1/pages"), Safety::Once);
    assert_eq!(safety(Method::Patch, "/v1/blocks/x/children"), Safety::Once);
}

#[test]
fn waits_double_with_jitter_and_end_after_six_sends() {
    let waits = |jitter| {
        let mut retry = Retry::default();
        let waits = std::iter::from_fn(|| retry.next(jitter, None));
        waits.map(|wait| wait.as_millis()).collect::<Vec<_>>()
    };
    assert_eq!(waits(0.5), [1000, 2000, 4000, 8000, 16000]);
    assert_eq!(waits(0.0), [500, 1000, 2000, 4000, 8000]);
    assert_eq!(waits(1.0), [1500, 3000, 6000, 12000, 24000]);
    // Whoever asks for less has more tries, which wait no longer.
    let mut retry = Retry::default();
    let changed = std::iter::repeat_with(|| retry.next_changed(0.5, None).as_secs());
    assert_eq!(
        changed.take(8).collect::<Vec<_>>(),
        [1, 2, 4, 8, 16, 16, 16, 16]
    );
}

#[test]
fn a_longer_wait_that_the_answer_asks_for_is_kept() {
    let asked = Some(Duration::from_secs(1800));
    assert_eq!(Retry::default().next(0.5, asked), asked);
    let asked = Some(Duration::from_millis(1));
    assert_eq!(
        Retry::default().next(0.5, asked),
        Some(Duration::from_secs(1))
    );
}

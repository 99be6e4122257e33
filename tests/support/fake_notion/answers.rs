//! From a decision to bytes: bodies read, answers packed, faults and refusals worded.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::faults::{Tell, What};
use super::http::{Incoming, Outgoing};
use super::refusal::Refusal;
use super::server::Reply;
use super::switches::Switches;

/// The JSON object of a request, or null without one.
pub fn parse_body(request: &Incoming) -> Result<Value, Refusal> {
    if request.body.is_empty() || request.method == "GET" {
        return Ok(Value::Null);
    }
    let kind = request.header("content-type").unwrap_or("");
    if kind.starts_with("multipart/form-data") && request.path.ends_with("/send") {
        return Ok(Value::Null);
    }
    if request.body.len() > 500 * 1024 {
        let message = "Request body too large.";
        return Err(Refusal::validation(message));
    }
    let refuse = || Refusal::new(400, "invalid_json", "Error parsing JSON body.");
    if !kind.starts_with("application/json") {
        return Err(refuse());
    }
    match std::str::from_utf8(&request.body).map(str::parse) {
        Ok(Ok(body @ Value::Object(_))) => Ok(body),
        _ => Err(refuse()),
    }
}

fn with_request_id(mut answer: Outgoing, request_id: &str) -> Outgoing {
    let id = request_id.to_string();
    answer.headers.push(("x-notion-request-id".into(), id));
    answer
}

/// The bytes with `raw` wherever `text` was.
fn replaced(bytes: &[u8], text: &[u8], raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(&first) = rest.first() {
        if rest.starts_with(text) {
            out.extend_from_slice(raw);
            rest = &rest[text.len()..];
        } else {
            out.push(first);
            rest = &rest[1..];
        }
    }
    out
}

/// The answer around a JSON text, compressed for those who want it.
pub fn encode(
    request: &Incoming,
    switches: &Switches,
    status: u16,
    body: String,
    request_id: &str,
) -> Outgoing {
    let mut bytes = body.into_bytes();
    for (text, raw) in &switches.raw_texts {
        bytes = replaced(&bytes, text.as_bytes(), raw);
    }
    let zipped = switches.gzip
        && bytes.len() > 1024
        && request
            .header("accept-encoding")
            .is_some_and(|value| value.contains("gzip"));
    let packed = zipped.then(|| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&bytes).and_then(|()| encoder.finish())
    });
    let content_type = "application/json; charset=utf-8";
    let answer = match packed {
        Some(Ok(packed)) => {
            let mut answer = Outgoing::new(status, content_type, packed);
            let header = ("content-encoding".into(), "gzip".into());
            answer.headers.push(header);
            answer
        }
        _ => Outgoing::new(status, content_type, bytes),
    };
    with_request_id(answer, request_id)
}

/// 429 or 529.
pub fn wait(seconds: u64, tell: Tell, reason: &str, overload: bool, request_id: &str) -> Outgoing {
    let (status, code) = if overload {
        (529, "service_overload")
    } else {
        (429, "rate_limited")
    };
    let mut additional = json!({"rate_limit_reason": reason});
    if matches!(tell, Tell::Body | Tell::Both) {
        additional["retry_after"] = json!(seconds.to_string());
    }
    let message = "You have been rate limited. Please try again in a few minutes.";
    let body = Refusal::new(status, code, message)
        .with(additional)
        .to_json(request_id);
    let bytes = body.to_string().into_bytes();
    let mut answer = Outgoing::new(status, "application/json", bytes);
    if matches!(tell, Tell::Header | Tell::Both) {
        let header = ("retry-after".into(), seconds.to_string());
        answer.headers.push(header);
    }
    with_request_id(answer, request_id)
}

/// A fault that strikes before anything is executed.
pub fn fail(what: &What, request_id: &str) -> Reply {
    match what {
        What::Wait {
            seconds,
            tell,
            reason,
            overload,
        } => Reply::Send(wait(*seconds, *tell, reason, *overload, request_id)),
        What::Refuse(refusal) => {
            let bytes = refusal.to_json(request_id).to_string().into_bytes();
            let answer = Outgoing::new(refusal.status, "application/json", bytes);
            Reply::Send(with_request_id(answer, request_id))
        }
        What::Instead(answer) => Reply::Send(answer.clone()),
        What::HtmlBadGateway => {
            let page = b"<html><head><title>502 Bad Gateway</title></head></html>".to_vec();
            let mut answer = Outgoing::new(502, "text/html", page);
            let header = ("cf-ray".into(), "8a1b2c3d4e5f-FRA".into());
            answer.headers.push(header);
            Reply::Send(answer)
        }
        What::Garbage => {
            let answer = Outgoing::new(200, "application/json", b"{\"object\": \"li".to_vec());
            Reply::Send(with_request_id(answer, request_id))
        }
        _ => Reply::HangUp,
    }
}

/// 503 for something that was done all the same (section 9.6): the id of what was
/// made, or for an append the parent and the new children.
pub fn committed(request: &Incoming, done: &Value) -> Refusal {
    let mut additional = json!({"retry_guidance": ["Do not repeat the request; read the object."]});
    if done["object"] == "list" {
        let parent = request.path.split('/').nth(3).unwrap_or("");
        let ids: Vec<&Value> = done["results"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|child| &child["id"])
            .collect();
        additional["committed_resource_id"] = json!(parent);
        additional["committed_child_ids"] = json!(ids);
    } else {
        additional["committed_resource_id"] = done["id"].clone();
    }
    let message = "The change was saved, but the response could not be built.";
    Refusal::new(503, "service_unavailable", message).with(additional)
}

//! What an answer says, read leniently: it may come from Notion or from a proxy
//! before it, be JSON or HTML or cut.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::{Committed, Error, Kind, Request, Response, Token};
use crate::model::NotionId;

/// An answer, with what Notion's error object says if it is one.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The body, if it is a JSON object.
    pub(super) json: Option<Value>,
    /// How long the answer asks to wait: header and body, the longer one.
    pub(super) retry_after: Option<Duration>,
    /// When it was given, by the clock of who gave it, to the second.
    pub(super) date: Option<Timestamp>,
    request_id: Option<Box<str>>,
    text: Vec<u8>,
}

impl Answer {
    /// Reads an answer; `now` turns a date in `Retry-After` into a time where the answer
    /// does not say when it was given.
    pub(super) fn read(response: Response, now: Timestamp) -> Answer {
        let json = super::json::read(&response.body).filter(Value::is_object);
        let header = |name: &str| {
            let mut headers = response.headers.iter();
            headers
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.as_str())
        };
        let date = header("date").and_then(timestamp);
        let now = date.unwrap_or(now);
        let in_header = header("retry-after").and_then(|text| wait_from_text(text, now));
        let additional = json.as_ref().map(|json| &json["additional_data"]);
        let in_body = additional.and_then(|data| match &data["retry_after"] {
            Value::String(text) => wait_from_text(text, now),
            Value::Number(number) => number.as_f64().and_then(seconds),
            _ => None,
        });
        let request_id = json
            .as_ref()
            .and_then(|json| json["request_id"].as_str())
            .or_else(|| header("x-notion-request-id"))
            .map(Box::from);
        Answer {
            status: response.status,
            retry_after: in_header.max(in_body),
            date,
            request_id,
            json,
            text: response.body,
        }
    }

    /// Notion's `code`, in an error object.
    pub(super) fn code(&self) -> Option<&str> {
        self.json.as_ref()?["code"].as_str()
    }

    /// Notion's `message`, in an error object.
    pub(super) fn message(&self) -> Option<&str> {
        self.json.as_ref()?["message"].as_str()
    }

    /// Whether it is an error object as Notion writes it (section 1.3 of the API digest),
    /// rather than the word of a proxy or a network edge before it.
    pub(super) fn is_notions_error(&self) -> bool {
        let json = self.json.as_ref();
        json.is_some_and(|json| json["object"] == "error" && json["code"].is_string())
    }

    /// Why Notion refuses for now: `additional_data.rate_limit_reason`.
    pub(super) fn limit_reason(&self) -> Option<&str> {
        self.json.as_ref()?["additional_data"]["rate_limit_reason"].as_str()
    }

    /// What Notion advises: `additional_data.retry_guidance`, as one text.
    pub(super) fn guidance(&self) -> String {
        let Some(json) = &self.json else {
            return String::new();
        };
        match &json["additional_data"]["retry_guidance"] {
            Value::String(text) => text.clone(),
            Value::Array(lines) => {
                let lines: Vec<&str> = lines.iter().filter_map(Value::as_str).collect();
                lines.join("; ")
            }
            _ => String::new(),
        }
    }

    /// The error that this answer is, without the token and never long, whatever the
    /// host wrote.
    pub(super) fn error(&self, kind: Kind, request: &Request, token: &Token) -> Error {
        // The token goes first: a limit could leave half of it.
        let start =
            |text: &str, limit| -> String { token.redact(text).chars().take(limit).collect() };
        let word = |text: &str| -> Box<str> { start(text, Error::WORD_LIMIT).into() };
        let text = String::from_utf8_lossy(&self.text);
        let message = match self.message() {
            _ if kind == Kind::Edge => {
                "the network before Notion refused the request; Notion itself did not answer"
                    .to_owned()
            }
            Some(message) => message.to_owned(),
            None if (300..400).contains(&self.status) => {
                "redirected, which the API never does; the API URL may be wrong".to_owned()
            }
            None if self.status < 300 => {
                "the answer is not the documented JSON; the API URL may be wrong".to_owned()
            }
            None => "the answer is no Notion error; a proxy may have given it".to_owned(),
        };
        let guidance = self.guidance();
        Error {
            kind,
            endpoint: request.endpoint().into(),
            status: Some(self.status),
            code: self.code().map(word),
            json_path: json_path(&message).as_deref().map(word),
            message: start(
                &if guidance.is_empty() {
                    message
                } else {
                    format!("{message} (Notion advises: {guidance})")
                },
                Error::MESSAGE_LIMIT,
            ),
            request_id: self.request_id.as_deref().map(word),
            body: start(&text, Error::BODY_LIMIT).into(),
            committed: self.committed().map(Box::new),
            block_limit: !self.additional("block_limit").is_null(),
            unknown: matches!(self.status, 200..=299 | 303 | 408 | 499..=528 | 530..=599),
        }
    }

    /// A field of `additional_data`; `Null` when there is none.
    fn additional(&self, key: &str) -> &Value {
        let json = self.json.as_ref();
        json.map_or(&Value::Null, |json| &json["additional_data"][key])
    }

    /// What was saved although this is an error.
    fn committed(&self) -> Option<Committed> {
        let id = |value: &Value| value.as_str()?.parse::<NotionId>().ok();
        let resource = id(self.additional("committed_resource_id"));
        let children = self.additional("committed_child_ids").as_array();
        // With one id unreadable, the others could not be told apart.
        let children: Option<Vec<NotionId>> =
            children.and_then(|list| list.iter().map(id).collect());
        let children = children.unwrap_or_default();
        (resource.is_some() || !children.is_empty()).then_some(Committed { resource, children })
    }
}

/// A `Retry-After` in either form: seconds, or a date.
pub(super) fn wait_from_text(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return seconds(number);
    }
    // A date that is past asks for no wait.
    let wait = timestamp(text)?.duration_since(now);
    Some(Duration::try_from(wait).unwrap_or_default())
}

/// Reads a date as headers have it.
fn timestamp(text: &str) -> Option<Timestamp> {
    Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp())
}

fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number).ok()
}

/// The path that a message such as ``body failed validation: body.a[0].b should be …`` names.
fn json_path(message: &str) -> Option<Box<str>> {
    let starts = ["body.", "body[", "path.", "query."];
    let word = message
        .split(|char: char| char.is_whitespace() || matches!(char, '`' | '"' | '\''))
        .find(|word| starts.iter().any(|start| word.starts_with(start)))?;
    let end = word
        .find(|char: char| !(char.is_alphanumeric() || "._[]-".contains(char)))
        .unwrap_or(word.len());
    let path = word[..end].trim_end_matches('.');
    (path.len() > 5).then(|| path.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notion::Method;

    fn read(headers: &[(&str, &str)], body: &str) -> Answer {
        let response = Response {
            status: 429,
            headers: headers
                .iter()
                .map(|(key, value)| (key.to_string(), value.to_string()))
                .collect(),
            body: body.as_bytes().to_vec(),
        };
        Answer::read(response, Timestamp::UNIX_EPOCH)
    }

    fn wait(header: &str, body: &str) -> Option<u64> {
        let body = format!(r#"{{"additional_data":{{"retry_after":{body}}}}}"#);
        let answer = read(&[("retry-after", header)], &body);
        answer.retry_after.map(|time| time.as_secs())
    }

    #[test]
    fn the_longer_of_both_waits_counts_in_every_form() {
        assert_eq!(wait("30", "\"12\""), Some(30));
        assert_eq!(wait("30", "\"900\""), Some(900));
        assert_eq!(wait("", "900"), Some(900));
        assert_eq!(wait("7", "null"), Some(7));
        assert_eq!(wait("Thu, 01 Jan 1970 00:05:00 GMT", "null"), Some(300));
        assert_eq!(wait("Wed, 31 Dec 1969 23:00:00 GMT", "null"), Some(0));
        for nonsense in ["", "-3", "NaN", "inf", "1e300", "soon"] {
            assert_eq!(wait(nonsense, "\"later\""), None, "{nonsense}");
        }
    }

    #[test]
    fn a_date_to_wait_for_goes_by_the_clock_of_who_says_it() {
        let headers = [
            ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("date", "Sun, 06 Nov 1994 08:49:07 GMT"),
        ];
        let answer = read(&headers, "");
        assert_eq!(answer.retry_after, Some(Duration::from_secs(30)));
    }

    #[test]
    fn a_message_of_several_lines_is_told_on_one() {
        let body = r#"{"message":"Content creation Failed. Fix the following: \nInvalid URL for link.\r\n\nInvalid image url."}"#;
        let request = Request::get("/v1/pages/x");
        let error = read(&[], body).error(Kind::Validation, &request, &token());
        let told =
            "Content creation Failed. Fix the following: Invalid URL for link. Invalid image url.";
        assert_eq!(error.said(), told);
        assert!(error.to_string().contains(told), "{error}");
    }

    #[test]
    fn an_error_keeps_what_a_person_needs_and_no_more() {
        let request = Request::get("/v1/pages/x").with_query("filter", "secret");
        let long = "x".repeat(5000);
        let body = format!(
            r#"{{"object":"error","code":"validation_error","request_id":"r1","message":"body failed validation: body.children[0].paragraph.rich_text.length should be ≤ `100`, instead was `164`.","pad":"{long}"}}"#
        );
        let error = read(&[], &body).error(Kind::Validation, &request, &token());
        assert_eq!(request.method, Method::Get);
        assert_eq!(&*error.endpoint, "GET /v1/pages/x");
        assert_eq!(error.code.as_deref(), Some("validation_error"));
        assert_eq!(error.request_id.as_deref(), Some("r1"));
        assert_eq!(
            error.json_path.as_deref(),
            Some("body.children[0].paragraph.rich_text.length")
        );
        assert_eq!(error.body.chars().count(), Error::BODY_LIMIT);
    }

    fn token() -> Token {
        Token::new("ntn_0123456789").unwrap()
    }

    #[test]
    fn an_error_is_short_and_without_the_token_whatever_the_host_wrote() {
        let long = "ntn_0123456789 ".repeat(100_000);
        let body = serde_json::json!({"object": "error", "code": long, "message": long, "request_id": long}).to_string();
        let error = read(&[], &body).error(Kind::Other, &Request::get("/v1/x"), &token());
        let text = format!("{error} {error:?}");
        assert!(!text.contains("0123"), "{text}");
        assert!(error.message.starts_with("*** ***"), "{error}");
        assert_eq!(error.message.chars().count(), Error::MESSAGE_LIMIT);
        assert!(text.len() < 8000, "{}", text.len());
    }

    #[test]
    fn an_answer_of_a_proxy_is_an_error_like_any_other() {
        let answer = read(&[("x-notion-request-id", "r2")], "<html>Bad gateway\u{1F}");
        let error = answer.error(Kind::Server, &Request::get("/v1/users/me"), &token());
        assert_eq!(error.code, None);
        assert_eq!(error.request_id.as_deref(), Some("r2"));
        assert!(error.body.starts_with("<html>"));
        assert_eq!(json_path("body failed validation"), None);
    }
}

//! A bare client for the tests of the fake: no retries, no opinions.

use std::io::Read;

use serde_json::Value;

use crate::support::FakeNotion;

pub struct Client {
    agent: ureq::Agent,
    base: String,
    token: String,
}

/// An answer: status, headers by lower-case name, body.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        text.parse().unwrap_or(Value::Null)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(have, _)| have == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Client {
    pub fn new(fake: &FakeNotion) -> Client {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        Client {
            agent: config.build().new_agent(),
            base: fake.url(),
            token: fake.token().to_string(),
        }
    }

    pub fn with_token(mut self, token: &str) -> Client {
        self.token = token.to_string();
        self
    }

    /// Sends a request; `None` when no whole answer came back.
    pub fn try_send(&self, method: &str, path: &str, body: Option<&Value>) -> Option<Answer> {
        let builder = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}/v1{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .header("notion-version", "2026-03-11");
        let response = match body {
            Some(body) => {
                let request = builder
                    .header("content-type", "application/json")
                    .body(body.to_string())
                    .expect("a request");
                self.agent.run(request)
            }
            None => self.agent.run(builder.body(()).expect("a request")),
        };
        read(response.ok()?)
    }

    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.try_send(method, path, body).expect("an answer")
    }

    /// The JSON of a GET that must succeed.
    pub fn get(&self, path: &str) -> Value {
        let answer = self.send("GET", path, None);
        assert_eq!(answer.status, 200, "{path}: {}", answer.json());
        answer.json()
    }

    pub fn get_status(&self, path: &str) -> u16 {
        self.send("GET", path, None).status
    }

    pub fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Some(&body))
    }

    /// Every result of a listing that is asked by GET.
    pub fn list(&self, path: &str) -> Vec<Value> {
        let sign = if path.contains('?') { '&' } else { '?' };
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}{cursor}"));
            let results = page["results"].as_array().or(page["templates"].as_array());
            all.extend(results.expect("results").iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("{sign}start_cursor={next}"),
                None => {
                    assert_eq!(page["has_more"], false);
                    return all;
                }
            }
        }
    }

    /// Every result of a listing that is asked by POST, and whether it was cut off.
    pub fn query(&self, path: &str, mut body: Value) -> (Vec<Value>, bool) {
        let mut all = Vec::new();
        loop {
            let answer = self.post(path, body.clone());
            assert_eq!(answer.status, 200, "{path}: {}", answer.json());
            let page = answer.json();
            all.extend(page["results"].as_array().expect("results").iter().cloned());
            if page["has_more"] == false {
                assert!(page["next_cursor"].is_null());
                return (all, page["request_status"]["type"] == "incomplete");
            }
            body["start_cursor"] = page["next_cursor"].clone();
        }
    }

    /// Sends a multipart body as it is.
    pub fn send_parts(&self, path: &str, kind: &str, body: &[u8]) -> Answer {
        let request = ureq::http::Request::builder()
            .method("POST")
            .uri(format!("{}/v1{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .header("notion-version", "2026-03-11")
            .header("content-type", kind)
            .body(body.to_vec())
            .expect("a request");
        read(self.agent.run(request).expect("an answer")).expect("a whole answer")
    }

    /// Sends one part of a file upload.
    pub fn upload(&self, id: &str, part: Option<u32>, kind: &str, content: &[u8]) -> Answer {
        let mut body = Vec::new();
        if let Some(part) = part {
            let head = "--fence\r\ncontent-disposition: form-data; name=\"part_number\"\r\n\r\n";
            body.extend_from_slice(format!("{head}{part}\r\n").as_bytes());
        }
        let head = "--fence\r\ncontent-disposition: form-data; name=\"file\"; filename=\"x\"";
        body.extend_from_slice(format!("{head}\r\ncontent-type: {kind}\r\n\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n--fence--\r\n");
        let request = ureq::http::Request::builder()
            .method("POST")
            .uri(format!("{}/v1/file_uploads/{id}/send", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .header("notion-version", "2026-03-11")
            .header("content-type", "multipart/form-data; boundary=fence")
            .body(body)
            .expect("a request");
        read(self.agent.run(request).expect("an answer")).expect("a whole answer")
    }

    /// A download without any header of ours but these.
    pub fn download(&self, method: &str, url: &str, headers: &[(&str, &str)]) -> Answer {
        let mut builder = ureq::http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let response = self.agent.run(builder.body(()).expect("a request"));
        read(response.expect("an answer")).expect("a whole answer")
    }
}

fn read(response: ureq::http::Response<ureq::Body>) -> Option<Answer> {
    let (parts, body) = response.into_parts();
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_string()))
        .collect();
    let mut bytes = Vec::new();
    body.into_reader().read_to_end(&mut bytes).ok()?;
    Some(Answer {
        status: parts.status.as_u16(),
        headers,
        body: bytes,
    })
}

/// The id of an object.
pub fn id(value: &Value) -> String {
    value["id"].as_str().expect("an id").to_string()
}

/// The ids of some objects.
pub fn ids(values: &[Value]) -> Vec<String> {
    values.iter().map(id).collect()
}

//! Just enough HTTP/1.1: requests with a length or in chunks, answers with a length,
//! connections kept alive.

use std::io::{self, BufRead, Read, Write};

/// A request as it came in.
#[derive(Clone, Debug, Default)]
pub struct Incoming {
    pub method: String,
    /// As sent: percent-encoding untouched.
    pub path: String,
    /// Decoded names and values.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Incoming {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(have, _)| have == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(have, _)| have == name)
            .map(|(_, value)| value.as_str())
    }
}

/// An answer to be sent.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Outgoing {
    pub fn new(status: u16, content_type: &str, body: Vec<u8>) -> Outgoing {
        Outgoing {
            status,
            headers: vec![("content-type".into(), content_type.into())],
            body,
        }
    }
}

/// Reads one request; `None` when the other side is done.
pub fn read(stream: &mut impl BufRead) -> io::Result<Option<Incoming>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(io::Error::other("no request line"));
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Incoming {
        method: method.to_string(),
        path: path.to_string(),
        query: pairs(query),
        ..Incoming::default()
    };
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::Error::other("headers cut"));
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            let pair = (name.trim().to_ascii_lowercase(), value.trim().to_string());
            request.headers.push(pair);
        }
    }
    request.body = read_body(stream, &request)?;
    Ok(Some(request))
}

fn read_body(stream: &mut impl BufRead, request: &Incoming) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if request
        .header("transfer-encoding")
        .is_some_and(|value| value.eq_ignore_ascii_case("chunked"))
    {
        loop {
            let mut line = String::new();
            stream.read_line(&mut line)?;
            let digits = line.trim().split(';').next().unwrap_or("");
            let length = u64::from_str_radix(digits, 16).map_err(io::Error::other)?;
            stream.by_ref().take(length).read_to_end(&mut body)?;
            let mut end = String::new();
            stream.read_line(&mut end)?;
            if length == 0 {
                return Ok(body);
            }
        }
    }
    let length = request
        .header("content-length")
        .and_then(|value| value.parse().ok())
        .unwrap_or(0);
    stream.take(length).read_to_end(&mut body)?;
    Ok(body)
}

/// Sends an answer. With `cut` only that many bytes of the body leave the house.
pub fn write(
    stream: &mut impl Write,
    answer: &Outgoing,
    head_only: bool,
    cut: Option<usize>,
) -> io::Result<()> {
    let mut bytes = format!("HTTP/1.1 {} {}\r\n", answer.status, reason(answer.status));
    for (name, value) in &answer.headers {
        bytes.push_str(&format!("{name}: {value}\r\n"));
    }
    bytes.push_str(&format!("content-length: {}\r\n\r\n", answer.body.len()));
    let mut bytes = bytes.into_bytes();
    if !head_only {
        let length = cut.unwrap_or(answer.body.len()).min(answer.body.len());
        bytes.extend_from_slice(&answer.body[..length]);
    }
    stream.write_all(&bytes)?;
    stream.flush()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        206 => "Partial Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Status",
    }
}

/// The decoded pairs of a query string.
fn pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                decode(&name.replace('+', " ")),
                decode(&value.replace('+', " ")),
            )
        })
        .collect()
}

/// Percent-decoding, once.
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

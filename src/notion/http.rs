//! The transport over the network, with ureq: keep-alive, gzip, explicit time-outs.
//!
//! Two agents that share nothing: the one for the API puts the token on each request
//! and follows no redirect, so the token goes to the API's host only; the one for files
//! follows redirects and knows no token.

use std::io::{self, Read};
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use ureq::config::Config;
use ureq::http::{self, Uri};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body, SendBody, Timeout};

use super::multipart::Form;
use super::resolve::Remembering;
use super::{Request, Response, Stream, Token, Transport, TransportError};

/// The version of the API that this client speaks (section 1.9 of the API digest).
const NOTION_VERSION: &str = "2026-03-11";
const CONNECT: Duration = Duration::from_secs(10);
/// A whole API call. Notion gives up after about 60 seconds itself (section 1.1).
const CALL: Duration = Duration::from_secs(65);
/// Sending a file: the largest, over a line of 0.2 Mbit/s.
const SEND_FILE: Duration = Duration::from_secs(900);
/// The longest silence in a download. A download as a whole may take any time.
const STALL: Duration = Duration::from_secs(60);
/// The largest API answer taken: more than 25 rows of the largest size that Notion
/// allows (2.5 MB, section 1.5).
const ANSWER_LIMIT: u64 = 64 * 1024 * 1024;
/// How answers of the API may be packed. They are unpacked here and not by the library,
/// which would unpack files too, and hide that somebody has packed them.
const GZIP: &str = "gzip";
/// More connections kept than there will be workers.
const IDLE_CONNECTIONS: usize = 64;

/// Whether the token may be sent to the API at this address, and then whether that is
/// on this machine. The error says what is wrong; it does not repeat the address, which
/// may hold a password.
pub fn check_api_url(url: &str) -> Result<bool, &'static str> {
    let uri: Uri = url
        .trim()
        .trim_end_matches('/')
        .parse()
        .map_err(|_| "not a URL")?;
    let authority = uri.authority().ok_or("not a URL with a host")?;
    if authority.as_str().contains('@') {
        return Err("must not contain a user name or password");
    }
    if uri.query().is_some() || url.contains('#') {
        return Err("must not contain a query or a fragment");
    }
    let local = is_loopback(authority.host());
    match uri.scheme_str() {
        Some("https") => Ok(local),
        Some("http") if local => Ok(local),
        Some("http") => Err("plain http would show the token to the network; use https"),
        _ => Err("must begin with https://"),
    }
}

/// The real transport.
pub(super) struct Http {
    api: Agent,
    files: Agent,
    /// Without a slash at the end.
    base: String,
    token: Token,
}

impl Http {
    /// A transport to the API at `url`. The error says what is wrong with the URL.
    pub(super) fn new(url: &str, token: Token) -> Result<Http, &'static str> {
        let local = check_api_url(url)?;
        let base = url.trim().trim_end_matches('/').to_owned();
        let agent = format!("notion-backup/{}", env!("CARGO_PKG_VERSION"));
        let common = || {
            let config = Agent::config_builder()
                .http_status_as_error(false)
                .user_agent(&agent)
                .timeout_connect(Some(CONNECT))
                .max_idle_connections(IDLE_CONNECTIONS)
                .max_idle_connections_per_host(IDLE_CONNECTIONS);
            // A proxy would not reach this machine.
            if local { config.proxy(None) } else { config }
        };
        let api = common()
            .https_only(!local)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(CALL))
            .build();
        let files = common()
            .timeout_recv_response(Some(STALL))
            .timeout_per_read(Some(STALL))
            .build();
        Ok(Http {
            api: with_memory(api),
            files: with_memory(files),
            base,
            token,
        })
    }

    fn url(&self, request: &Request) -> String {
        let mut url = format!("{}{}", self.base, request.path);
        for (index, (name, value)) in request.query.iter().enumerate() {
            url.push(if index == 0 { '?' } else { '&' });
            encode(name, &mut url);
            url.push('=');
            encode(value, &mut url);
        }
        url
    }
}

impl Transport for Http {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let builder = http::Request::builder()
            .method(request.method.as_str())
            .uri(self.url(request))
            .header("Authorization", format!("Bearer {}", self.token.secret()))
            .header("Notion-Version", NOTION_VERSION)
            .header("Accept", "application/json")
            .header("Accept-Encoding", GZIP);
        let answer = match (&request.file, &request.body) {
            (Some(file), _) => {
                let form = Form::new(file);
                builder
                    .header("Content-Type", form.content_type())
                    .header("Content-Length", form.len())
                    .body(SendBody::from_reader(&mut form.reader()))
                    .map_err(ureq::Error::from)
                    .and_then(|request| {
                        let request = self.api.configure_request(request);
                        self.api
                            .run(request.timeout_global(Some(SEND_FILE)).build())
                    })
            }
            (None, Some(body)) => builder
                .header("Content-Type", "application/json")
                .body(body.to_string())
                .map_err(ureq::Error::from)
                .and_then(|request| self.api.run(request)),
            (None, None) => builder
                .body(())
                .map_err(ureq::Error::from)
                .and_then(|request| self.api.run(request)),
        };
        let (parts, body) = answer.map_err(failure)?.into_parts();
        let coding = parts.headers.get(http::header::CONTENT_ENCODING);
        let packed =
            coding.is_some_and(|coding| coding.as_bytes().eq_ignore_ascii_case(GZIP.as_bytes()));
        let body = body.into_with_config().limit(ANSWER_LIMIT).reader();
        let mut bytes = Vec::new();
        let read = match packed {
            true => MultiGzDecoder::new(body)
                .take(ANSWER_LIMIT + 1)
                .read_to_end(&mut bytes),
            false => body.take(ANSWER_LIMIT + 1).read_to_end(&mut bytes),
        };
        read.map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => TransportError::Cut(error.to_string()),
            _ => failure(error.into()),
        })?;
        // Of what it unpacks to.
        if bytes.len() as u64 > ANSWER_LIMIT {
            return Err(TransportError::TooLarge(ANSWER_LIMIT));
        }
        Ok(Response {
            status: parts.status.as_u16(),
            headers: headers(&parts.headers),
            body: bytes,
        })
    }

    fn download(&self, url: &str, from: u64) -> Result<Stream, TransportError> {
        let mut request = self
            .files
            .get(url)
            .header("Accept", "*/*")
            // Byte positions count what is stored, not what is sent.
            .header("Accept-Encoding", "identity");
        if from > 0 {
            request = request.header("Range", format!("bytes={from}-"));
        }
        let (parts, body) = request.call().map_err(failure)?.into_parts();
        Ok(Stream {
            status: parts.status.as_u16(),
            headers: headers(&parts.headers),
            body: Box::new(unlimited(body)),
        })
    }
}

fn with_memory(config: Config) -> Agent {
    Agent::with_parts(config, DefaultConnector::default(), Remembering::default())
}

fn unlimited(body: Body) -> impl Read + Send {
    body.into_with_config().limit(u64::MAX).reader()
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn headers(map: &http::HeaderMap) -> Vec<(String, String)> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    map.iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value)))
        .collect()
}

/// Percent-encodes all but the characters that stand for themselves everywhere.
fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// What an error of the library means for a retry.
fn failure(error: ureq::Error) -> TransportError {
    use ureq::Error as E;
    let text = error.to_string();
    match error {
        E::HostNotFound | E::ConnectionFailed | E::ConnectProxyFailed(_) => {
            TransportError::Connect(text)
        }
        E::Timeout(Timeout::Resolve | Timeout::Connect) => TransportError::Connect(text),
        E::Timeout(_) => TransportError::Timeout(text),
        E::Io(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::AddrNotAvailable => TransportError::Connect(text),
            io::ErrorKind::TimedOut => TransportError::Timeout(text),
            // Before there is an answer, only the encryption has data to call invalid.
            io::ErrorKind::InvalidData => TransportError::Tls(text),
            _ => TransportError::Cut(text),
        },
        E::Tls(_) | E::Rustls(_) | E::Pem(_) | E::TlsRequired => TransportError::Tls(text),
        E::BodyExceedsLimit(limit) => TransportError::TooLarge(limit),
        E::BadUri(_)
        | E::Http(_)
        | E::RequireHttpsOnly(_)
        | E::InvalidProxyUrl
        | E::TooManyRedirects
        | E::RedirectFailed => TransportError::Request(text),
        _ => TransportError::Cut(text),
    }
}

#[cfg(test)]
mod tests;

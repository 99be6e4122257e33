//! Against servers on loopback that answer what a test wrote.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread::spawn;

use serde_json::json;

use super::*;

/// A request as it came over the wire.
#[derive(Debug)]
struct Heard {
    line: String,
    headers: String,
    body: String,
    connection: usize,
}

/// Serves every connection with these answers in turn; tells what it heard.
fn server(answers: Vec<Vec<u8>>) -> (String, Receiver<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = channel();
    spawn(move || {
        let mut answers = answers.into_iter();
        for (connection, stream) in listener.incoming().enumerate() {
            let stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while let Some(mut heard) = read(&mut reader) {
                heard.connection = connection;
                let Some(answer) = answers.next() else { return };
                let _ = sender.send(heard);
                let mut stream = &stream;
                if stream.write_all(&answer).is_err() || !answer.starts_with(b"HTTP") {
                    break;
                }
                if contains(&answer, b"Connection: close") {
                    break;
                }
            }
        }
    });
    (base, receiver)
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Heard> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    if line.is_empty() {
        return None;
    }
    let (mut headers, mut length) = (String::new(), 0);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let lower = header.to_ascii_lowercase();
        if let Some(text) = lower.strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
        if lower.trim().is_empty() {
            break;
        }
        headers.push_str(&lower);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Heard {
        line: line.trim().to_owned(),
        headers,
        body: String::from_utf8(body).unwrap(),
        connection: 0,
    })
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let mut answer =
        format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}

fn http(base: &str) -> Http {
    Http::new(base, Token::new("ntn_secret").unwrap()).unwrap()
}

#[test]
fn a_request_goes_out_as_documented_over_a_kept_connection() {
    let (base, heard) = server(vec![
        answer("200 OK\r\nX-Notion-Request-Id: r1", b"{\"a\":1}"),
        answer("404 Not Found", b"{}"),
    ]);
    let http = http(&format!("{base}/notion/"));
    let post = Request::post("/v1/search", json!({"page_size": 100}));
    let response = http.send(&post).unwrap();
    assert_eq!(
        (response.status, response.body),
        (200, b"{\"a\":1}".to_vec())
    );
    assert!(
        response
            .headers
            .contains(&("x-notion-request-id".into(), "r1".into()))
    );
    let get = Request::get("/v1/pages/f%5C").with_query("filter[]", "a b&c=ü");
    assert_eq!(http.send(&get).unwrap().status, 404);

    let first = heard.recv().unwrap();
    assert_eq!(first.line, "POST /notion/v1/search HTTP/1.1");
    assert_eq!(first.body, r#"{"page_size":100}"#);
    for header in [
        "authorization: bearer ntn_secret\r\n",
        "notion-version: 2026-03-11\r\n",
        "content-type: application/json\r\n",
        "accept-encoding: gzip\r\n",
    ] {
        assert!(
            first.headers.contains(header),
            "{header} in {}",
            first.headers
        );
    }
    let second = heard.recv().unwrap();
    assert_eq!(
        second.line,
        "GET /notion/v1/pages/f%5C?filter%5B%5D=a%20b%26c%3D%C3%BC HTTP/1.1"
    );
    assert_eq!((first.connection, second.connection), (0, 0));
}

#[test]
fn a_compressed_answer_is_unpacked() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"{\"a\":[1,2,3]}").unwrap();
    let packed = gzip.finish().unwrap();
    let cut = &packed[..packed.len() - 10];
    let (base, _heard) = server(vec![
        answer("200 OK\r\nContent-Encoding: gzip", &packed),
        answer("200 OK\r\nContent-Encoding: gzip", cut),
    ]);
    let http = http(&base);
    let request = Request::get("/v1/users/me");
    assert_eq!(http.send(&request).unwrap().body, b"{\"a\":[1,2,3]}");
    assert!(matches!(http.send(&request), Err(TransportError::Cut(_))));
}

#[test]
fn a_redirect_is_an_answer_and_the_token_stays_here() {
    let (elsewhere, heard_elsewhere) = server(vec![answer("200 OK", b"{}")]);
    let (base, _heard) = server(vec![answer(
        &format!("307 Temporary Redirect\r\nLocation: {elsewhere}/x"),
        b"",
    )]);
    let response = http(&base).send(&Request::get("/v1/users/me")).unwrap();
    assert_eq!(response.status, 307);
    assert!(heard_elsewhere.try_recv().is_err());
}

#[test]
fn a_download_follows_redirects_without_a_token() {
    let (elsewhere, heard_elsewhere) = server(vec![answer(
        "206 Partial Content\r\nContent-Range: bytes 3-4/5",
        b"de",
    )]);
    let (base, heard) = server(vec![answer(
        &format!("302 Found\r\nLocation: {elsewhere}/x?sig=1"),
        b"",
    )]);
    let mut stream = http(&base).download(&format!("{base}/file"), 3).unwrap();
    let mut bytes = Vec::new();
    stream.body.read_to_end(&mut bytes).unwrap();
    assert_eq!((stream.status, bytes), (206, b"de".to_vec()));
    assert!(
        stream
            .headers
            .contains(&("content-range".into(), "bytes 3-4/5".into()))
    );
    for heard in [heard.recv().unwrap(), heard_elsewhere.recv().unwrap()] {
        assert!(heard.line.starts_with("GET "));
        assert!(
            heard.headers.contains("range: bytes=3-\r\n"),
            "{}",
            heard.headers
        );
        assert!(!heard.headers.contains("secret"), "{}", heard.headers);
        assert!(
            !heard.headers.contains("authorization"),
            "{}",
            heard.headers
        );
    }
}

#[test]
fn failures_are_told_apart() {
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let request = Request::get("/v1/users/me");
    assert!(matches!(
        http(&nobody).send(&request),
        Err(TransportError::Connect(_))
    ));
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{".to_vec();
    let (base, _heard) = server(vec![cut, b"nonsense\r\n\r\n".to_vec(), Vec::new()]);
    let http = http(&base);
    for what in ["a cut body", "no HTTP", "an empty answer"] {
        let result = http.send(&request);
        assert!(
            matches!(result, Err(TransportError::Cut(_))),
            "{what}: {result:?}"
        );
    }
    assert!(matches!(
        http.download("no url", 0),
        Err(TransportError::Request(_))
    ));
}

#[test]
fn a_host_that_does_not_speak_tls_is_told_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        // Whatever the client says goes unread, but the connection stays.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let result = http(&base).send(&Request::get("/v1/users/me"));
    assert!(matches!(result, Err(TransportError::Tls(_))), "{result:?}");
}

#[test]
fn a_body_without_end_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        let zeros = vec![b' '; 1 << 20];
        while stream.write_all(&zeros).is_ok() {}
    });
    assert_eq!(
        http(&base).send(&Request::get("/v1/users/me")),
        Err(TransportError::TooLarge(ANSWER_LIMIT))
    );
}

#[test]
fn a_small_answer_that_unpacks_into_a_large_one_is_refused() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let spaces = vec![b' '; 1 << 20];
    for _ in 0..(ANSWER_LIMIT >> 20) + 1 {
        gzip.write_all(&spaces).unwrap();
    }
    let packed = gzip.finish().unwrap();
    assert!(packed.len() < 1 << 20);
    let (base, _heard) = server(vec![answer("200 OK\r\nContent-Encoding: gzip", &packed)]);
    assert_eq!(
        http(&base).send(&Request::get("/v1/users/me")),
        Err(TransportError::TooLarge(ANSWER_LIMIT))
    );
}

#[test]
fn a_file_that_a_host_packs_unasked_is_not_unpacked() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"the file").unwrap();
    let packed = gzip.finish().unwrap();
    let (base, heard) = server(vec![answer("200 OK\r\nContent-Encoding: gzip", &packed)]);
    let http = http("http://127.0.0.1:1");
    let mut stream = http.download(&format!("{base}/file"), 0).unwrap();
    let mut bytes = Vec::new();
    stream.body.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, packed);
    let told = ("content-encoding".to_owned(), "gzip".to_owned());
    assert!(stream.headers.contains(&told), "{:?}", stream.headers);
    let heard = heard.recv().unwrap();
    assert!(heard.headers.contains("accept-encoding: identity"));
}

#[test]
fn only_addresses_that_keep_the_token_secret_are_taken() {
    let new = |url: &str| Http::new(url, Token::new("t").unwrap()).err();
    for good in [
        "https://api.notion.com",
        "https://api.notion.com/",
        "https://proxy.example:8443/notion/",
        "http://127.0.0.1:8000/notion",
        "http://localhost",
        "http://[::1]:80",
    ] {
        assert_eq!(new(good), None, "{good}");
    }
    for (bad, why) in [
        ("", "not a URL"),
        ("api.notion.com", "https"),
        ("/v1", "host"),
        ("ftp://api.notion.com", "https://"),
        ("http://api.notion.com", "plain http"),
        ("http://127.0.0.1.example.com", "plain http"),
        ("http://localhost.example.com", "plain http"),
        ("https://user:pass@api.notion.com", "user name"),
        ("http://127.0.0.1@evil.example", "user name"),
        ("https://api.notion.com?x=1", "query"),
        ("https://api.notion.com#x", "fragment"),
    ] {
        let error = new(bad).expect(bad);
        assert!(error.contains(why), "{bad}: {error}");
    }
}

#[test]
fn a_file_goes_out_as_a_form_of_known_length() {
    let (base, heard) = server(vec![answer("200 OK", b"{}"), answer("200 OK", b"{}")]);
    let http = http(&base);
    let request = Request {
        method: crate::notion::Method::Post,
        file: Some(crate::notion::FilePart {
            number: None,
            name: "a.txt".into(),
            content_type: "text/plain".into(),
            bytes: b"line\r\n".to_vec(),
        }),
        ..Request::get("/v1/file_uploads/x/send")
    };
    for _ in 0..2 {
        assert_eq!(http.send(&request).unwrap().status, 200);
    }
    let sent = heard.recv().unwrap();
    assert_eq!(sent.line, "POST /v1/file_uploads/x/send HTTP/1.1");
    let (_, rest) = sent
        .headers
        .split_once("content-type: multipart/form-data; boundary=")
        .expect("the header of a form");
    let (boundary, _) = rest.split_once("\r\n").unwrap();
    assert_eq!(
        sent.body,
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\
             Content-Type: text/plain\r\n\r\nline\r\n\r\n--{boundary}--\r\n"
        )
    );
    assert!(!sent.headers.contains("transfer-encoding"));
    assert!(
        sent.headers
            .contains("authorization: bearer ntn_secret\r\n")
    );
    assert_eq!(heard.recv().unwrap().connection, sent.connection);
}

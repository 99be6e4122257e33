use std::io::{self, Cursor};
use std::time::Duration;

use super::*;
use crate::clock::Clock;
use crate::notion::testing::{Bench, file_answer, serving, serving_until};
use crate::stop::StopReason;

/// Gives some bytes and then breaks.
struct Breaks(Cursor<Vec<u8>>);

impl Read for Breaks {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.read(into)? {
            0 => Err(io::ErrorKind::ConnectionReset.into()),
            count => Ok(count),
        }
    }
}

fn breaks(bytes: &[u8]) -> Breaks {
    Breaks(Cursor::new(bytes.to_vec()))
}

/// A file longer than what is read at once, without any repetition.
fn file() -> Vec<u8> {
    let words = 0..60_000u32;
    words.flat_map(u32::to_le_bytes).collect()
}

fn get(bench: &Bench) -> (Result<Download, Error>, Vec<u8>) {
    let mut into = Vec::new();
    let url = "https://files.example/a/b.png?X-Signature=secret";
    (bench.notion.download(url, &mut into), into)
}

fn part(from: u64) -> io::Cursor<Vec<u8>> {
    Cursor::new(file()[from as usize..].to_vec())
}

fn range(from: u64) -> String {
    let length = file().len();
    format!("bytes {from}-{}/{length}", length - 1)
}

#[test]
fn a_file_arrives_with_its_type() {
    let bench = serving(|_, _| {
        let length = file().len().to_string();
        let headers = [
            ("content-type", "image/png"),
            ("content-length", length.as_str()),
        ];
        file_answer(200, &headers, part(0))
    });
    let (download, bytes) = get(&bench);
    let expected = Download {
        bytes: 240_000,
        content_type: Some("image/png".into()),
    };
    assert_eq!(download, Ok(expected));
    assert_eq!(bytes, file());
    assert_eq!(*bench.seen.downloads.lock().unwrap(), [0]);
}

#[test]
fn a_cut_file_is_continued_where_it_was_cut() {
    let bench = serving(|from, number| match number {
        0 => file_answer(
            200,
            &[("content-length", "240000")],
            breaks(&file()[..100_000]),
        ),
        // This one ends too early without an error.
        1 => file_answer(
            206,
            &[
                ("content-range", &range(from)),
                ("content-length", "140000"),
            ],
            Cursor::new(file()[100_000..150_000].to_vec()),
        ),
        _ => file_answer(
            206,
            &[("content-range", &range(from)), ("content-length", "90000")],
            part(from),
        ),
    });
    let (download, bytes) = get(&bench);
    assert_eq!(download.unwrap().bytes, 240_000);
    assert_eq!(bytes, file());
    assert_eq!(*bench.seen.downloads.lock().unwrap(), [0, 100_000, 150_000]);
}

#[test]
fn a_host_without_ranges_is_read_again_and_compared() {
    let bench = serving(|_, number| match number {
        0 => file_answer(200, &[], breaks(&file()[..100_001])),
        1 => file_answer(200, &[], breaks(&file()[..100_000])),
        _ => file_answer(200, &[], part(0)),
    });
    let (download, bytes) = get(&bench);
    assert_eq!(download.unwrap().bytes, 240_000);
    assert_eq!(bytes, file());
}

#[test]
fn a_file_that_changed_meanwhile_is_an_error() {
    for other in [vec![7; 240_000], file()[..50].to_vec()] {
        let bench = serving(move |_, number| match number {
            0 => file_answer(200, &[], breaks(&file()[..100_000])),
            _ => file_answer(200, &[], Cursor::new(other.clone())),
        });
        let error = get(&bench).0.unwrap_err();
        assert!(error.message.contains("changed"), "{error}");
    }
}

#[test]
fn parts_of_two_versions_are_never_put_together() {
    let other = ("etag", "\"b\"");
    let length = |total: u32| format!("bytes 100000-{}/{total}", total - 1);
    for (headers, total) in [(vec![other], 240_000), (vec![], 239_999)] {
        let bench = serving(move |from, number| match number {
            0 => file_answer(
                200,
                &[("etag", "\"a\""), ("content-length", "240000")],
                breaks(&file()[..100_000]),
            ),
            _ => {
                let range = length(total);
                let mut headers = headers.clone();
                headers.push(("content-range", &range));
                file_answer(206, &headers, part(from))
            }
        });
        let error = get(&bench).0.unwrap_err();
        assert_eq!(error.kind, Kind::Conflict, "{error}");
    }
}

#[test]
fn another_part_than_asked_for_is_not_taken() {
    let bench = serving(|from, number| match (number, from) {
        (0, 0) => file_answer(200, &[], breaks(&file()[..10])),
        (1, 10) => file_answer(206, &[("content-range", &range(4))], part(4)),
        (2, 0) => file_answer(200, &[], part(0)),
        other => panic!("{other:?}"),
    });
    let (download, bytes) = get(&bench);
    assert!(download.is_ok());
    assert_eq!(bytes, file());
}

#[test]
fn a_file_that_is_not_ready_is_waited_for() {
    let bench = serving(|_, number| match number {
        0 => file_answer(
            202,
            &[("retry-after", "100")],
            Cursor::new(b"wait".to_vec()),
        ),
        1 => file_answer(503, &[], Cursor::new(b"slow down".to_vec())),
        2 => file_answer(409, &[], Cursor::new(b"conflict".to_vec())),
        _ => file_answer(200, &[], part(0)),
    });
    let (download, bytes) = get(&bench);
    assert!(download.is_ok());
    assert_eq!(bytes, file());
    assert!(bench.clock.elapsed() >= Duration::from_secs(100));
}

#[test]
fn an_expired_url_is_told_at_once_without_its_signature() {
    for status in [400, 401, 403, 404, 410] {
        let bench =
            serving(move |_, _| file_answer(status, &[], Cursor::new(b"<Error/>".to_vec())));
        let (download, bytes) = get(&bench);
        let error = download.unwrap_err();
        assert_eq!((error.kind, error.status), (Kind::Expired, Some(status)));
        assert_eq!(&*error.endpoint, "GET https://files.example/a/b.png");
        assert!(!format!("{error:?}").contains("secret"));
        assert!(bytes.is_empty());
        assert_eq!(bench.seen.downloads.lock().unwrap().len(), 1);
    }
}

#[test]
fn a_dead_host_is_given_up_but_a_slow_one_is_not() {
    let bench = serving(|_, _| Err(TransportError::Connect("refused".into())));
    assert_eq!(get(&bench).0.unwrap_err().kind, Kind::Transport);
    assert_eq!(
        bench.seen.downloads.lock().unwrap().len(),
        Retry::SENDS as usize
    );

    let bench = serving(|from, _| {
        let from = from as usize;
        let headers = [
            ("content-range", range(from as u64)),
            ("content-length", (240_000 - from).to_string()),
        ];
        let headers = headers
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let status = if from == 0 { 200 } else { 206 };
        file_answer(
            status,
            &headers,
            breaks(&file()[from..240_000.min(from + 10_000)]),
        )
    });
    let (download, bytes) = get(&bench);
    assert!(download.is_err() || bytes == file());
    assert_eq!(bytes, file());
    assert_eq!(bench.seen.downloads.lock().unwrap().len(), 24);
}

#[test]
fn a_full_disk_is_the_callers_error() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let bench = serving(|_, _| file_answer(200, &[], part(0)));
    let error = bench.notion.download("https://files.example/a", &mut Full);
    assert_eq!(error.unwrap_err().kind, Kind::Local);
    assert_eq!(bench.seen.downloads.lock().unwrap().len(), 1);
}

#[test]
fn a_stop_ends_a_download_in_the_middle() {
    struct Raises(crate::stop::Stop);
    impl Read for Raises {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.0.raise(StopReason::Interrupted);
            Ok(into.len())
        }
    }
    let stop = crate::stop::Stop::new();
    let raise = stop.clone();
    let bench = serving_until(stop, move |_, _| {
        file_answer(200, &[], Raises(raise.clone()))
    });
    assert_eq!(get(&bench).0.unwrap_err().kind, Kind::Stopped);
}

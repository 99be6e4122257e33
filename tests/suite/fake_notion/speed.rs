//! How fast the fake is, so that a benchmark measures the client and not this server.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::client::{Client, id};
use crate::support::{FakeNotion, Workspace};

/// Run by hand: `cargo test --release --test suite speed -- --ignored --nocapture`.
#[test]
#[ignore = "prints figures, judges nothing"]
fn requests_per_second() {
    let fake = FakeNotion::start(Workspace::plain(20_000, 20));
    let (some, _) = Client::new(&fake).query("/search", json!({"query": "Page 77"}));
    let paths: Vec<String> = some
        .iter()
        .map(|it| format!("/blocks/{}/children", id(it)))
        .collect();
    for threads in [1, 2, 8] {
        let done = AtomicU64::new(0);
        let start = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let client = Client::new(&fake);
                    for path in paths.iter().cycle() {
                        client.get(path);
                        done.fetch_add(1, Ordering::Relaxed);
                        if start.elapsed() > Duration::from_secs(2) {
                            break;
                        }
                    }
                });
            }
        });
        let rate = done.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64();
        let _ = writeln!(
            std::io::stdout(),
            "{threads} threads: {rate:.0} requests a second"
        );
    }
}

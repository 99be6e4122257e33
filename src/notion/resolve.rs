//! Host names, asked for once a minute instead of once a request.
//!
//! The HTTP library looks up the host before it takes a connection from its pool, in a
//! thread made for that. Thousands of look-ups of the same name cost time, and each is
//! one more thing that can fail while a good connection lies ready. The library's own
//! thread also ends the program where the machine has no thread left; ours is an error.

use std::collections::HashMap;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::http::uri::Authority;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{NextTimeout, time};

/// How long an answer is used. Changes of address are planned over longer times.
const KEEP: Duration = Duration::from_secs(60);

/// Asks the system for an address in a thread of its own, because the system sets no time
/// limit. Fails where no thread can be had.
#[derive(Debug, Default)]
pub(super) struct InThread;

impl Resolver for InThread {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let (uri, config) = (uri.clone(), config.clone());
        let (sender, receiver) = sync_channel(1);
        let mut unlimited = timeout;
        unlimited.after = time::Duration::NotHappening;
        thread::Builder::new()
            .name("resolve".to_owned())
            .spawn(move || {
                let found = DefaultResolver::default().resolve(&uri, &config, unlimited);
                // Nobody waits any more where it took too long.
                let _ = sender.send(found);
            })
            .map_err(Error::Io)?;
        match receiver.recv_timeout(*timeout.after) {
            Ok(found) => found,
            Err(RecvTimeoutError::Timeout) => Err(Error::Timeout(timeout.reason)),
            Err(RecvTimeoutError::Disconnected) => Err(Error::HostNotFound),
        }
    }
}

/// Remembers what another resolver found.
#[derive(Debug)]
pub(super) struct Remembering<R = InThread> {
    inner: R,
    keep: Duration,
    known: Mutex<HashMap<Authority, (Instant, ResolvedSocketAddrs)>>,
}

impl Default for Remembering {
    fn default() -> Remembering {
        Remembering::over(InThread, KEEP)
    }
}

impl<R> Remembering<R> {
    fn over(inner: R, keep: Duration) -> Remembering<R> {
        Remembering {
            inner,
            keep,
            known: Mutex::default(),
        }
    }
}

impl<R: Resolver> Resolver for Remembering<R> {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let Some(authority) = uri.authority() else {
            return self.inner.resolve(uri, config, timeout);
        };
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, found)) = known().get(authority)
            && since.elapsed() < self.keep
        {
            return Ok(found.clone());
        }
        let found = self.inner.resolve(uri, config, timeout)?;
        let mut known = known();
        // File hosts come and go; only what may still be used is kept.
        known.retain(|_, (since, _)| since.elapsed() < self.keep);
        known.insert(authority.clone(), (Instant::now(), found.clone()));
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Finds every host but `gone` at another address each time.
    #[derive(Debug, Default)]
    struct Counting(Arc<AtomicU32>);

    impl Resolver for Counting {
        fn resolve(
            &self,
            uri: &Uri,
            _: &Config,
            _: NextTimeout,
        ) -> Result<ResolvedSocketAddrs, Error> {
            let count = self.0.fetch_add(1, Ordering::Relaxed);
            if uri.host() == Some("gone") {
                return Err(Error::HostNotFound);
            }
            let mut found = self.empty();
            found.push(([127, 0, 0, 1], count as u16).into());
            Ok(found)
        }
    }

    fn ask(resolver: &Remembering<Counting>, uri: &'static str) -> Result<u16, Error> {
        let found = resolver.resolve(
            &Uri::from_static(uri),
            &Config::default(),
            NextTimeout::default(),
        )?;
        Ok(found[0].port())
    }

    #[test]
    fn an_address_is_found_in_a_thread() {
        let unlimited = NextTimeout {
            after: time::Duration::NotHappening,
            ..NextTimeout::default()
        };
        let look_up = |uri: &'static str| {
            InThread.resolve(&Uri::from_static(uri), &Config::default(), unlimited)
        };
        let found = look_up("http://127.0.0.1:7/").unwrap();
        assert_eq!(found[0], ([127, 0, 0, 1], 7).into());
        assert!(look_up("foo://a/").is_err());
    }

    #[test]
    fn a_host_is_looked_up_once_and_others_by_themselves() {
        let resolver = Remembering::over(Counting::default(), KEEP);
        let first = ask(&resolver, "http://a:1/x").unwrap();
        assert_eq!(ask(&resolver, "http://a:1/y").unwrap(), first);
        assert_ne!(ask(&resolver, "http://a:2/x").unwrap(), first);
        assert_ne!(ask(&resolver, "http://b:1/x").unwrap(), first);
        assert_eq!(resolver.inner.0.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn an_old_answer_and_a_failure_are_not_remembered() {
        let resolver = Remembering::over(Counting::default(), Duration::ZERO);
        let first = ask(&resolver, "http://a/").unwrap();
        assert_ne!(ask(&resolver, "http://a/").unwrap(), first);
        let resolver = Remembering::over(Counting::default(), KEEP);
        for _ in 0..2 {
            assert!(ask(&resolver, "http://gone/").is_err());
        }
        assert_eq!(resolver.inner.0.load(Ordering::Relaxed), 2);
    }
}

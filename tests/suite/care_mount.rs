//! A repository on a mount that is slow, that hands out its bytes in crumbs, and on which
//! operations fail now and then: what fails is told, nothing is taken for damaged that
//! is only out of reach, and trying again gets there.

use std::io::{self, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use notion_backup::check::repair;
use notion_backup::check::{CheckOptions, ReadData, check};
use notion_backup::gc;
use notion_backup::repo::{Files, Held, Listed, LockKind, LogFile, Memory, NewFile, Repository};
use notion_backup::report::Silent;
use notion_backup::stop::Stop;

use crate::dump_again::small;
use crate::site::{Site, assert_same_tree};

/// `EIO` and `ESTALE`, which have no name of their own in the standard library everywhere.
const SYSTEM_ERRORS: [i32; 2] = [5, 116];

struct Mount {
    inner: Arc<dyn Files>,
    operations: AtomicU64,
    /// One operation in so many fails; 0 for none.
    fails: u64,
}

impl Mount {
    fn new(inner: &Memory, fails: u64, seed: u64) -> Arc<Mount> {
        Arc::new(Mount {
            inner: Arc::new(inner.clone()),
            operations: AtomicU64::new(seed << 32),
            fails,
        })
    }

    fn pass(&self) -> io::Result<()> {
        // Slow: others come first.
        for _ in 0..5 {
            std::thread::yield_now();
        }
        let number = self.operations.fetch_add(1, Ordering::SeqCst);
        let dice = (number ^ number >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        if self.fails == 0 || !dice.is_multiple_of(self.fails) {
            return Ok(());
        }
        Err(match dice / self.fails % 3 {
            0 => ErrorKind::TimedOut.into(),
            which => io::Error::from_raw_os_error(SYSTEM_ERRORS[which as usize - 1]),
        })
    }
}

/// Few bytes at a time, with interruptions.
struct Crumbs(Box<dyn Read + Send>, usize);

impl Read for Crumbs {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 += 1;
        if self.1.is_multiple_of(4) {
            return Err(ErrorKind::Interrupted.into());
        }
        let few = buffer.len().min(self.1 % 7 + 1);
        self.0.read(&mut buffer[..few])
    }
}

impl Files for Mount {
    fn place(&self, path: &str) -> String {
        self.inner.place(path)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<Listed>> {
        self.pass()?;
        self.inner.list(folder)
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        self.pass()?;
        Ok(Box::new(Crumbs(self.inner.open(path)?, path.len())))
    }

    fn size(&self, path: &str) -> io::Result<Option<u64>> {
        self.pass()?;
        self.inner.size(path)
    }

    fn modified(&self, path: &str) -> io::Result<Timestamp> {
        self.pass()?;
        self.inner.modified(path)
    }

    fn create_folder(&self, folder: &str) -> io::Result<()> {
        self.pass()?;
        self.inner.create_folder(folder)
    }

    fn has_place(&self) -> io::Result<bool> {
        self.inner.has_place()
    }

    fn begin(&self, near: &str) -> io::Result<Box<dyn NewFile>> {
        self.pass()?;
        self.inner.begin(near)
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        self.pass()?;
        self.inner.sync_folder(folder)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.pass()?;
        self.inner.remove(path)
    }

    fn remove_folder(&self, folder: &str) -> io::Result<()> {
        self.pass()?;
        self.inner.remove_folder(folder)
    }

    fn log(&self, path: &str) -> io::Result<Box<dyn LogFile>> {
        self.pass()?;
        self.inner.log(path)
    }

    fn try_lock(&self, path: &str) -> io::Result<Option<Box<dyn Held>>> {
        self.pass()?;
        self.inner.try_lock(path)
    }

    fn hold(&self, path: &str, content: &[u8]) -> io::Result<Box<dyn Held>> {
        self.pass()?;
        self.inner.hold(path, content)
    }

    fn is_held(&self, path: &str) -> io::Result<bool> {
        self.pass()?;
        self.inner.is_held(path)
    }
}

fn now() -> Timestamp {
    "2026-12-01T00:00:00Z".parse().unwrap()
}

fn all() -> CheckOptions {
    CheckOptions {
        read: ReadData::All,
        ..CheckOptions::default()
    }
}

fn assert_sound(files: &Memory) {
    let repo = Repository::open(Arc::new(files.clone())).unwrap();
    let found = check(&repo, &all(), &Silent);
    assert!(found.is_sound(), "{:?}", found.findings);
}

fn site() -> Site {
    let mut site = Site::new(small());
    site.options.crawl.jobs = 1;
    site.fake.edit(|ws| ws.advance_minutes(10));
    site
}

#[test]
fn a_slow_mount_that_gives_few_bytes_at_a_time_is_as_good_as_any() {
    let site = site();
    site.dump();
    let slow = site.elsewhere();
    for _ in 0..2 {
        let files = Mount::new(&slow.files, 0, 1);
        let summary = slow.dump_through(files, &slow.options, &Stop::new(), Arc::new(Silent));
        assert!(summary.unwrap().complete);
        assert_same_tree(&site.tree(), &slow.tree());
    }
    let repo = Repository::open(Mount::new(&slow.files, 0, 1)).unwrap();
    let found = check(&repo, &all(), &Silent);
    assert!(found.is_sound(), "{:?}", found.findings);
}

#[test]
fn on_a_lossy_mount_trying_again_gets_there() {
    let site = site();
    let calm = site.elsewhere();
    calm.dump();
    let (mut failed, mut done) = (0, 0);
    for seed in 0..60 {
        let files = Mount::new(&site.files, 120, seed);
        match site.dump_through(files, &site.options, &Stop::new(), Arc::new(Silent)) {
            Ok(summary) => {
                assert!(summary.complete, "{:?}", summary.problems);
                assert_same_tree(&calm.tree(), &site.tree());
                done += 1;
            }
            Err(error) => {
                let repo = matches!(
                    &error,
                    notion_backup::dump::Error::Repo(_) | notion_backup::dump::Error::Crawl(_)
                );
                assert!(repo, "{error}");
                failed += 1;
            }
        }
        if Repository::open(site.files.clone()).is_ok() {
            assert_sound(&site.files);
        }
        if failed > 3 && done > 3 {
            break;
        }
    }
    assert!(failed > 3 && done > 3, "{failed} failed, {done} done");
    site.dump();
    assert_same_tree(&calm.tree(), &site.tree());
}

#[test]
fn what_is_out_of_reach_is_not_repaired_and_nothing_needed_is_pruned() {
    let site = site();
    site.dump();
    let tree = site.tree();
    let before = site.objects();
    let (mut refused, mut pruned) = (0, 0);
    for seed in 0..40 {
        let Ok(repo) = Repository::open(Mount::new(&site.files, 60, seed)) else {
            continue;
        };
        if let Ok(lock) = repo.lock(LockKind::Exclusive, "check", now()) {
            match repair::repair(&repo, &lock, &all(), now(), &Silent) {
                Ok(done) => {
                    assert_eq!((done.set_aside, done.written.len()), (0, 0), "{seed}");
                    assert!(done.beyond.is_empty(), "{seed}");
                }
                Err(_) => refused += 1,
            }
            let plan = gc::plan(&repo, &[], &Stop::new(), &Silent);
            if let Ok(plan) = plan {
                pruned += u32::from(gc::sweep(&repo, &lock, &plan, &Stop::new(), &Silent).is_ok());
            }
        }
        assert_eq!(site.objects(), before, "{seed}");
    }
    assert!(refused > 5, "{refused}");
    assert!(pruned < 40);
    assert_sound(&site.files);
    assert_same_tree(&tree, &site.tree());
}

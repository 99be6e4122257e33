//! A fault of the program itself, in one of several workers, ends the restore with an
//! error; the others do not wait for ever, and the restore can be resumed.

use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use notion_backup::report::{Counter, Report};
use notion_backup::restore::source::{Item, Place};
use notion_backup::restore::{self, Error, Job, SnapshotSource, Source, SourceError, Summary};

use crate::restorer::Restorer;
use crate::support::compare::Expect;

/// How long a restore that may hang is waited for. None comes near it unless it hangs.
const FOR_EVER: Duration = Duration::from_secs(300);

/// Panics at the call with this number.
struct Bomb {
    calls: AtomicUsize,
    at: usize,
}

impl Bomb {
    fn at(at: usize) -> Bomb {
        let calls = AtomicUsize::new(0);
        Bomb { calls, at }
    }

    fn tick(&self) {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        assert_ne!(call, self.at, "on purpose");
    }
}

/// Panics where a step is counted: what it sent is done, and not noted yet.
impl Report for Bomb {
    fn add(&self, counter: Counter, _: u64) {
        if counter == Counter::Steps {
            self.tick();
        }
    }
}

/// Panics where a file is opened for its upload.
struct Files<'s>(SnapshotSource<'s>, Bomb);

impl Source for Files<'_> {
    fn root(&self) -> Place {
        self.0.root()
    }

    fn list(&self, directory: &Place) -> Result<Vec<Item>, SourceError> {
        self.0.list(directory)
    }

    fn read(&self, file: &Place, limit: u64) -> Result<Vec<u8>, SourceError> {
        self.0.read(file, limit)
    }

    fn measure(&self, file: &Place) -> Result<(u64, String), SourceError> {
        self.0.measure(file)
    }

    fn open(&self, file: &Place) -> Result<Box<dyn Read + Send>, SourceError> {
        self.1.tick();
        self.0.open(file)
    }
}

/// Does this in a thread of its own, so that the test fails where it would hang.
fn bounded<R: Send + 'static>(restorer: Restorer, run: fn(&Restorer) -> R) -> (Restorer, R) {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let result = run(&restorer);
        let _ = sender.send((restorer, result));
    });
    receiver.recv_timeout(FOR_EVER).expect("it does not hang")
}

fn restorer(jobs: usize) -> Restorer {
    Restorer::home(crate::restore_trial::small()).jobs(jobs)
}

/// After the error: the same restore goes on, and what it makes is the original, once.
fn goes_on(restorer: &Restorer, result: &Result<Summary, Error>) {
    let error = result.as_ref().expect_err("a worker panicked");
    assert!(matches!(error, Error::Panicked), "{error}");
    let again = restorer.try_restore().expect_err("it is not finished");
    assert!(matches!(again, Error::Unfinished { .. }), "{again}");
    let summary = restorer.job(restore::resume).expect("it can be resumed");
    restorer.completed(&summary);
    assert!(!summary.has_losses(), "{:?}", summary.losses);
    restorer.judge(&Expect::restored());
}

#[test]
fn a_panic_after_any_of_the_first_steps_ends_the_restore_with_an_error() {
    // The first number is counted before any worker starts.
    fn panics<const AT: usize>(restorer: &Restorer) -> Result<Summary, Error> {
        let report = Bomb::at(AT);
        restorer.job(|job| {
            restore::restore(&Job {
                report: &report,
                from: job.from.clone(),
                only: Vec::new(),
                ..*job
            })
        })
    }
    for (jobs, run) in [
        (4, panics::<1> as fn(&Restorer) -> _),
        (4, panics::<2>),
        (4, panics::<9>),
        (4, panics::<20>),
        (1, panics::<9>),
        (16, panics::<12>),
    ] {
        let (restorer, result) = bounded(restorer(jobs), run);
        goes_on(&restorer, &result);
    }
}

#[test]
fn a_panic_while_a_file_is_read_ends_the_restore_with_an_error() {
    fn panics(restorer: &Restorer) -> Result<Summary, Error> {
        let (id, snapshot) = restorer.site.latest();
        let repo = restorer.site.repo();
        let source = Files(SnapshotSource::new(&repo, snapshot.tree), Bomb::at(0));
        restorer.from(&source, &id.to_string(), restore::restore)
    }
    for jobs in [1, 4] {
        let (restorer, result) = bounded(restorer(jobs), panics);
        goes_on(&restorer, &result);
    }
}

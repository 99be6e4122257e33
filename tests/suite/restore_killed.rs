//! A restore that is killed at any moment is finished by `--resume`: the same result,
//! nothing twice.

use std::sync::{Arc, Mutex};

use notion_backup::repo::Memory;
use notion_backup::report::{Counter, Report};

use crate::restore_trial::{Dumped, Trial, copy, each};
use crate::support::fake_notion::{Fault, Uploads, What};
use crate::support::{FakeNotion, Workspace};

/// What a kill leaves: Notion, the repository, and the repository after a power cut.
struct Left {
    workspace: Workspace,
    uploads: Uploads,
    files: Memory,
    lights_out: Memory,
}

/// Looks at everything before each request.
struct Snapshots {
    fake: FakeNotion,
    files: Arc<Memory>,
    taken: Arc<Mutex<Vec<Left>>>,
}

impl Snapshots {
    /// How far Notion is: what creates takes ids, and changes may come twice.
    fn state(&self) -> String {
        self.fake
            .look(|ws| format!("{:?} {}", ws.chance, ws.assets.len()))
    }
}

impl Report for Snapshots {
    fn add(&self, counter: Counter, _: u64) {
        if counter != Counter::Requests {
            return;
        }
        // Both at the same moment, although others are at work.
        let left = loop {
            let state = self.state();
            let left = Left {
                files: copy(&self.files),
                lights_out: self.files.after_power_cut(),
                uploads: self.fake.uploads(),
                workspace: self.fake.look(Workspace::clone),
            };
            if self.state() == state {
                break left;
            }
        };
        self.taken.lock().unwrap().push(left);
    }
}

/// Restores the small workspace and takes all that kills could leave.
fn kills(jobs: usize, faults: &[Fault]) -> (Vec<Left>, usize) {
    let mut trial = Dumped::small().trial();
    trial.jobs = jobs;
    for fault in faults {
        trial.fake.faults().push(fault.clone());
    }
    let taken = Arc::default();
    trial.report = Arc::new(Snapshots {
        fake: trial.fake.clone(),
        files: trial.files.clone(),
        taken: Arc::clone(&taken),
    });
    let summary = trial.restore().unwrap();
    trial.assert_restored(&summary, "not killed");
    let requests = trial.fake.requests().len();
    drop(trial);
    let taken = Arc::into_inner(taken).unwrap().into_inner().unwrap();
    (taken, requests)
}

/// Goes on, and judges.
fn survive(trial: &Trial<'_>, about: &str) {
    let summary = trial.go_on();
    trial.assert_restored(&summary, about);
    assert!(trial.resume().is_err(), "{about}: nothing is left to do");
}

#[test]
fn killed_before_any_request_it_goes_on() {
    for jobs in [1, 4] {
        let (taken, requests) = kills(jobs, &[]);
        assert!(taken.len() >= 40, "{}", taken.len());
        let more = Mutex::new(Vec::new());
        let wrong = each(taken.iter().enumerate(), |(number, left)| {
            for (files, how) in [(&left.files, "killed"), (&left.lights_out, "power cut")] {
                let mut trial = Dumped::small().at(&left.workspace, copy(files));
                trial.fake.set_uploads(left.uploads.clone());
                trial.jobs = jobs;
                let about = format!("{how} before request {number}, {jobs} jobs");
                survive(&trial, &about);
                more.lock()
                    .unwrap()
                    .push((number + trial.fake.requests().len(), about));
            }
        });
        assert_eq!(wrong, 0);
        let most = more.into_inner().unwrap().into_iter().max().unwrap();
        // What was in hand is looked up, and the target surveyed once more.
        assert!(
            most.0 <= requests + 16,
            "{requests} requests, then {most:?}"
        );
    }
}

#[test]
fn killed_with_an_answer_on_the_way_it_goes_on() {
    for jobs in [1, 4] {
        let count = kills(jobs, &[]).0.len();
        let wrong = each(0..count, |number| {
            for what in [What::HangUpAfterCommit, What::HangUp] {
                // One request is executed or not, and no answer ever comes again.
                let mut trial = Dumped::small().trial();
                trial.jobs = jobs;
                let about = format!("{what:?} at request {number}, {jobs} jobs");
                trial
                    .fake
                    .faults()
                    .push(Fault::on("*", "*", what).after(number));
                trial.fake.faults().push(
                    Fault::on("*", "*", What::HangUp)
                        .after(number)
                        .times(usize::MAX),
                );
                // Before anything is written, there is no summary.
                if let Ok(summary) = trial.restore() {
                    // The last request may not need its answer.
                    let over = summary.early.is_none();
                    assert!(!over || number + 1 == count, "{about}");
                    assert!(!summary.has_losses(), "{about}: {:?}", summary.losses);
                    if over {
                        return;
                    }
                }
                trial.fake.faults().clear();
                survive(&trial, &about);
            }
        });
        assert_eq!(wrong, 0);
    }
}

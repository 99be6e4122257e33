//! Neither the token nor a signature is in the repository, at any moment.

use super::*;
use crate::support::fake_notion::{Fault as Trouble, What};
use notion_backup::report::{Counter, Phase, Report};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Looks through all files of a repository again and again while a dump runs, and keeps
/// what the dump says.
struct Watch {
    files: Memory,
    secrets: Vec<String>,
    found: Mutex<Vec<String>>,
    said: Mutex<String>,
    looks: AtomicU64,
}

impl Watch {
    fn new(site: &Site, secrets: &[&str]) -> Arc<Watch> {
        Arc::new(Watch {
            files: (*site.files).clone(),
            secrets: secrets.iter().map(ToString::to_string).collect(),
            found: Mutex::default(),
            said: Mutex::default(),
            looks: AtomicU64::new(0),
        })
    }

    fn look(&self) {
        self.looks.fetch_add(1, Ordering::SeqCst);
        for path in self.files.paths() {
            let Some(mut content) = self.files.content(&path) else {
                continue;
            };
            if path.ends_with(".zst") {
                content = zstd::decode_all(&content[..]).unwrap_or_default();
            }
            self.scan(&path, &content);
        }
    }

    fn scan(&self, place: &str, content: &[u8]) {
        for secret in &self.secrets {
            if content
                .windows(secret.len())
                .any(|part| part == secret.as_bytes())
            {
                self.found
                    .lock()
                    .unwrap()
                    .push(format!("{secret} in {place}"));
            }
        }
    }

    fn assert_nothing(&self) {
        self.look();
        let said = self.said.lock().unwrap().clone();
        self.scan("what was said", said.as_bytes());
        assert!(self.looks.load(Ordering::SeqCst) > 10);
        assert_eq!(*self.found.lock().unwrap(), Vec::<String>::new());
    }
}

impl Report for Watch {
    fn phase(&self, _phase: Phase) {
        self.look();
    }

    fn add(&self, counter: Counter, _amount: u64) {
        let often = matches!(
            counter,
            Counter::ReadPages | Counter::Files | Counter::ListedObjects
        );
        if often && self.looks.load(Ordering::SeqCst) < 120 {
            self.look();
        }
    }

    fn waiting(&self, _time: Duration, why: &str) {
        self.said.lock().unwrap().push_str(why);
    }

    fn problem(&self, text: &str) {
        self.said.lock().unwrap().push_str(text);
    }
}

#[test]
fn at_no_moment_is_a_secret_in_the_repository() {
    let mut site = Site::new(Workspace::everything(7));
    site.options.crawl.comments = notion_backup::crawl::Comments::Blocks;
    let token = site.fake.token().to_string();
    let secrets = [token.as_str(), "X-Amz-Signature", "X-Amz-Serial", "Bearer"];
    let watch = Watch::new(&site, &secrets);
    site.dump_with(&site.options, &Stop::new(), watch.clone())
        .unwrap();
    watch.assert_nothing();

    // Nor when files fail, addresses are refused and the run is interrupted.
    for what in [What::status(403), What::HangUp, What::CutBody(0)] {
        let other = site.elsewhere();
        let failing = Trouble::on("GET", "/secure/*", what).times(usize::MAX);
        other.fake.faults().push(failing);
        let watch = Watch::new(&other, &secrets);
        let summary = other
            .dump_with(&other.options, &Stop::new(), watch.clone())
            .unwrap();
        other.fake.faults().clear();
        watch.scan("the summary", format!("{summary:?}").as_bytes());
        watch.assert_nothing();
    }
    let other = site.elsewhere();
    let away = Trouble::on("*", "/v1/*", What::HangUp)
        .after(300)
        .times(usize::MAX);
    other.fake.faults().push(away);
    let watch = Watch::new(&other, &secrets);
    let error = other
        .dump_with(&other.options, &Stop::new(), watch.clone())
        .unwrap_err();
    watch.scan("the error", format!("{error} {error:?}").as_bytes());
    watch.assert_nothing();
    for request in other.fake.downloads() {
        assert!(!request.authorization_present, "{request:?}");
    }
}

#[test]
fn a_killed_dump_leaves_no_signature_behind() {
    let site = orderly(workspace());
    let failing = Failing::new(Arc::new(Memory::new()));
    let files: Arc<dyn Files> = Arc::new(failing.clone());
    site.dump_through(files, &site.options, &Stop::new(), Arc::new(Silent))
        .unwrap();
    for number in (0..failing.operations().len()).step_by(7) {
        let memory = Memory::new();
        let failing = Failing::new(Arc::new(memory.clone()));
        failing.fail_at(number, Fault::Kill);
        let files: Arc<dyn Files> = Arc::new(failing);
        let _ = site.dump_through(files, &site.options, &Stop::new(), Arc::new(Silent));
        for path in memory.paths() {
            let content = memory.content(&path).unwrap();
            let text = String::from_utf8_lossy(&content).into_owned();
            assert!(!text.contains("X-Amz-Signature"), "{path} after {number}");
        }
    }
}

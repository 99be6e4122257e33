//! A dump into a repository that fails: whatever breaks, at whichever moment, older
//! snapshots are whole, no snapshot names what is not there, and the next dump ends
//! where an undisturbed one would have.

mod journal;
mod secrets;

use std::io::ErrorKind;
use std::sync::Arc;

use notion_backup::check::{CheckOptions, ReadData, check};
use notion_backup::repo::{Failing, Fault, Files, Memory, Operation, Repository};
use notion_backup::report::Silent;
use notion_backup::stop::Stop;

use crate::dump_again::small;
use crate::site::{Site, Tree, assert_same_tree};
use crate::support::Workspace;
use crate::support::workspace::model::Parent;

/// Small, with an attachment, comments and a template.
fn workspace() -> Workspace {
    let mut ws = small();
    let (other, source) = (ws.get("other"), ws.get("source"));
    let file = ws.file("plan.pdf", "application/pdf", &[7; 3000]);
    ws.block(other, "pdf", file);
    ws.say(Parent::Page(other), "a remark");
    ws.template(source, "A template", true);
    ws.advance_minutes(10);
    ws
}

/// What is edited between the first dump and the one that fails.
fn edit(ws: &mut Workspace) {
    let (line, other, child) = (ws.get("line"), ws.get("other"), ws.get("child"));
    ws.set_text(line, "changed");
    let file = ws.file("new.pdf", "application/pdf", &[9; 5000]);
    ws.block(other, "pdf", file);
    ws.touch_page(other);
    ws.move_page(child, Parent::Page(other));
    ws.advance_minutes(10);
}

/// A site whose dumps go one step after the other, always in the same order.
fn orderly(workspace: Workspace) -> Site {
    let mut site = Site::new(workspace);
    site.options.crawl.jobs = 1;
    site
}

impl Site {
    /// The same Notion, and these files.
    fn with(&self, files: Memory) -> Site {
        Site {
            files: Arc::new(files),
            ..self.elsewhere()
        }
    }
}

fn assert_sound(files: &Memory, when: &str) {
    let Ok(repo) = Repository::open(Arc::new(files.clone())) else {
        // It was never finished, and nothing is in it.
        let paths = files.paths();
        assert!(
            paths.iter().all(|path| !path.starts_with("snapshots/")),
            "{when}: {paths:?}"
        );
        return;
    };
    let options = CheckOptions {
        read: ReadData::All,
        ..CheckOptions::default()
    };
    let found = check(&repo, &options, &Silent);
    assert!(found.is_sound(), "{when}: {:#?}", found.findings);
}

/// Makes each of about `count` operations of a dump into a copy of `before` go wrong.
fn break_each(site: &Site, before: &Memory, calm: &Tree, fault: Fault, count: usize) {
    let older: Vec<_> = {
        let files: Arc<dyn Files> = Arc::new(before.clone());
        let repo = Repository::open(files);
        repo.map(|repo| repo.snapshots().unwrap())
            .unwrap_or_default()
    };
    let failing = Failing::new(Arc::new(before.after_power_cut()));
    let options = &site.options;
    site.dump_through(
        Arc::new(failing.clone()),
        options,
        &Stop::new(),
        Arc::new(Silent),
    )
    .unwrap();
    let operations = failing.operations();
    assert!(operations.len() > 100, "{}", operations.len());
    let step = (operations.len() / count).max(1);
    for number in (0..operations.len()).step_by(step) {
        let memory = before.after_power_cut();
        let failing = Failing::new(Arc::new(memory.clone()));
        failing.fail_at(number, fault);
        let files: Arc<dyn Files> = Arc::new(failing.clone());
        let result = site.dump_through(files, options, &Stop::new(), Arc::new(Silent));
        let when = format!(
            "{fault:?} of {number}, {:?}: {result:?}",
            operations[number]
        );
        // What is written may not fail without being told.
        let harmless = ["size", "is_held", "hold", "remove", "list", "open"];
        let Operation { verb, path } = &operations[number];
        let told = matches!(fault, Fault::Deny(_)) || result.is_err();
        assert!(
            told || harmless.contains(verb) || path.contains("lock"),
            "{when}"
        );

        let mut leftovers = vec![memory.clone()];
        if fault == Fault::Kill {
            leftovers.push(memory.after_power_cut());
        }
        for left in leftovers {
            assert_sound(&left, &when);
            let again = site.with(left.clone());
            for (id, _) in &older {
                let repo = Repository::open(Arc::new(left.clone())).expect(&when);
                assert!(
                    repo.snapshots()
                        .unwrap()
                        .iter()
                        .any(|(known, _)| known == id),
                    "{when}"
                );
            }
            let summary = again
                .try_dump()
                .unwrap_or_else(|error| panic!("{when}: then {error}"));
            assert!(summary.complete, "{when}: {:?}", summary.problems);
            assert_same_tree(calm, &again.tree());
            assert_sound(&left, &when);
        }
    }
}

const FAULTS: [Fault; 5] = [
    Fault::Refuse(ErrorKind::StorageFull),
    Fault::Tear(ErrorKind::StorageFull),
    Fault::Refuse(ErrorKind::PermissionDenied),
    Fault::Deny(ErrorKind::TimedOut),
    Fault::Kill,
];

#[test]
fn a_first_dump_may_break_anywhere() {
    let site = orderly(workspace());
    let calm = {
        let calm = site.elsewhere();
        calm.dump();
        calm.tree()
    };
    for fault in FAULTS {
        break_each(&site, &Memory::new(), &calm, fault, 60);
    }
}

#[test]
fn a_later_dump_may_break_anywhere() {
    let site = orderly(workspace());
    site.dump();
    let before = site.files.after_power_cut();
    site.fake.edit(edit);
    let calm = {
        let calm = site.with(before.after_power_cut());
        calm.dump();
        calm.tree()
    };
    for fault in FAULTS {
        break_each(&site, &before, &calm, fault, 60);
    }
}

#[test]
fn a_full_disk_is_called_a_full_disk_wherever_it_fills_up() {
    let site = orderly(workspace());
    site.fake.edit(|ws| {
        // Large enough to be written while it comes.
        let bytes: Vec<u8> = (0..600_000).map(|_| ws.chance.next() as u8).collect();
        let (other, file) = (ws.get("other"), ws.file("film.mp4", "video/mp4", &bytes));
        ws.block(other, "video", file);
    });
    let failing = Failing::new(Arc::new(Memory::new()));
    let options = &site.options;
    let files: Arc<dyn Files> = Arc::new(failing.clone());
    site.dump_through(files, options, &Stop::new(), Arc::new(Silent))
        .unwrap();
    let writes: Vec<usize> = failing
        .operations()
        .iter()
        .enumerate()
        .filter(|(_, operation)| ["write", "append"].contains(&operation.verb))
        .map(|(number, _)| number)
        .collect();
    for number in writes {
        let failing = Failing::new(Arc::new(Memory::new()));
        failing.fail_at(number, Fault::Tear(ErrorKind::StorageFull));
        let files: Arc<dyn Files> = Arc::new(failing.clone());
        let error = site
            .dump_through(files, options, &Stop::new(), Arc::new(Silent))
            .unwrap_err();
        let operation = failing.operations()[number].clone();
        let full = match &error {
            notion_backup::dump::Error::Repo(error)
            | notion_backup::dump::Error::Crawl(notion_backup::crawl::Error::Repo(error)) => {
                error.is_full()
            }
            _ => false,
        };
        assert!(full, "{operation:?}: {error:?}");
    }
}

#[test]
fn two_dumps_of_one_workspace_do_not_meet() {
    let site = Arc::new(orderly(workspace()));
    let refused = Arc::new(std::sync::Mutex::new(None));
    let (other, kept) = (site.clone(), refused.clone());
    let hook = crate::dump_trouble::when(notion_backup::report::Counter::ReadPages, 3, move || {
        *kept.lock().unwrap() = Some(other.try_dump());
    });
    let summary = site
        .dump_with(&site.options, &Stop::new(), Arc::new(hook))
        .unwrap();
    assert!(summary.complete);
    let refused = refused.lock().unwrap().take().expect("it was tried");
    match refused {
        Err(notion_backup::dump::Error::Repo(error)) => {
            assert!(error.is_locked(), "{error}");
            assert!(error.to_string().contains("dump"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(site.repo().snapshots().unwrap().len(), 1);
    // The one that was refused has left nothing that disturbs.
    assert!(site.dump().complete);
}

//! Random lives of a repository: edits, dumps that end well, are stopped, lose the network
//! or are killed at some file operation, power cuts, forget, prune, check. A naive copy of
//! each snapshot, taken when it was saved, is the oracle: after each step every snapshot
//! that should be there is there, and is what it was.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::sync::Arc;

use jiff::Timestamp;
use notion_backup::check::{CheckOptions, ReadData, check};
use notion_backup::forget::policy::Policy;
use notion_backup::forget::{self, Choice, GroupBy};
use notion_backup::gc;
use notion_backup::repo::{
    EntryKind, Failing, Fault, Files, LockKind, ObjectId, Repository, SnapshotId,
};
use notion_backup::report::Silent;
use notion_backup::stop::Stop;
use proptest::prelude::*;

use crate::dump_random::{Edit, apply, dice, edits, reachable, readable, start};
use crate::site::{Site, StopAfter, Tree, assert_same_tree};
use crate::support::fake_notion::{Fault as NetFault, What};

#[derive(Clone, Debug)]
enum Step {
    Edit(Vec<Edit>),
    /// With `--full` or not.
    Dump(bool),
    /// A dump that is told to stop after so many pages.
    Stopped(u8),
    /// A dump with a file operation that goes wrong.
    BrokenDump(u16, How),
    /// A dump during which Notion does not answer from some request on.
    Unanswered(u8),
    Forget(u8),
    ForgetOne(u8),
    BrokenForget(u8, u16, How),
    Prune,
    BrokenPrune(u16, How),
    PowerCut,
}

/// How the operation goes wrong.
#[derive(Clone, Copy, Debug)]
enum How {
    Kill,
    Full,
    Torn,
    Denied,
    LostAnswer,
}

impl How {
    fn fault(self) -> Fault {
        match self {
            How::Kill => Fault::Kill,
            How::Full => Fault::Refuse(ErrorKind::StorageFull),
            How::Torn => Fault::Tear(ErrorKind::StorageFull),
            How::Denied => Fault::Refuse(ErrorKind::PermissionDenied),
            How::LostAnswer => Fault::Deny(ErrorKind::TimedOut),
        }
    }
}

fn how() -> impl Strategy<Value = How> {
    prop_oneof![
        3 => Just(How::Kill),
        1 => Just(How::Full),
        1 => Just(How::Torn),
        1 => Just(How::Denied),
        1 => Just(How::LostAnswer),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let edit = || edits().prop_map(|edits| Step::Edit(edits.concat()));
    let step = prop_oneof![
        4 => edit(),
        4 => any::<bool>().prop_map(Step::Dump),
        1 => (0u8..12).prop_map(Step::Stopped),
        2 => (0u16..400, how()).prop_map(|(at, how)| Step::BrokenDump(at, how)),
        1 => (0u8..30).prop_map(Step::Unanswered),
        1 => (1u8..4).prop_map(Step::Forget),
        2 => any::<u8>().prop_map(Step::ForgetOne),
        1 => (1u8..3, 0u16..20, how()).prop_map(|(keep, at, how)| Step::BrokenForget(keep, at, how)),
        1 => Just(Step::Prune),
        1 => (0u16..500, how()).prop_map(|(at, how)| Step::BrokenPrune(at, how)),
        1 => Just(Step::PowerCut),
    ];
    prop::collection::vec(step, 4..14)
}

/// Whether an edit is seen by an ordinary dump at once: it moves a timestamp, and no
/// page out of sight.
fn is_plain(edit: &Edit) -> bool {
    matches!(
        edit,
        Edit::Page(_)
            | Edit::Toggle(_)
            | Edit::Database(_)
            | Edit::Row(_)
            | Edit::Type(_)
            | Edit::Wait(_)
    )
}

/// What is known of one snapshot without the repository.
struct Known {
    tree: Tree,
    complete: bool,
}

struct Life {
    site: Site,
    oracle: BTreeMap<SnapshotId, Known>,
    /// What a forget removed that did not come to its end: a power cut may bring it back.
    unsettled: BTreeMap<SnapshotId, Known>,
    /// Whether something may have changed without any sign since the last full dump.
    silent: bool,
}

impl Life {
    fn new(seed: u64) -> Life {
        let mut site = Site::new(start(seed));
        // One step after the other, so that the numbers of a case say the same each time.
        site.options.crawl.jobs = 1;
        Life {
            site,
            oracle: BTreeMap::new(),
            unsettled: BTreeMap::new(),
            silent: false,
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.site.fake.look(|ws| ws.now)).unwrap()
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Edit(ref edits) => {
                self.silent |= !edits.iter().all(is_plain);
                self.site.fake.edit(|ws| {
                    for edit in edits {
                        apply(ws, edit);
                    }
                });
            }
            Step::Dump(full) => self.dump(full),
            Step::Stopped(pages) => {
                let stop = Stop::new();
                let report = Arc::new(StopAfter::new(u64::from(pages) + 1, &stop));
                let options = self.site.options.clone();
                let summary = self.site.dump_with(&options, &stop, report).unwrap();
                // One that was asked to stop when all was read may end well.
                self.learn(false, summary.snapshot);
            }
            Step::BrokenDump(at, how) => {
                let failing = self.failing(at, how);
                let options = self.site.options.clone();
                let done =
                    self.site
                        .dump_through(failing, &options, &Stop::new(), Arc::new(Silent));
                self.learn(false, done.ok().and_then(|summary| summary.snapshot));
            }
            Step::Unanswered(after) => {
                let fault = NetFault::on("*", "", What::status(400));
                let faults = self.site.fake.faults();
                faults.push(fault.times(usize::MAX).after(usize::from(after)));
                let done = self.site.try_dump();
                self.site.fake.faults().clear();
                let saved = done.ok().and_then(|summary| summary.snapshot);
                self.learn(false, saved);
            }
            Step::Forget(keep) => {
                assert!(self.forget(self.site.files.clone(), keep).unwrap());
                let kept = self.kept(keep);
                self.oracle.retain(|id, _| kept.contains(id));
            }
            Step::ForgetOne(number) => self.forget_one(number),
            Step::BrokenForget(keep, at, how) => {
                let done = self.forget(self.failing(at, how), keep);
                let kept = self.kept(keep);
                let left = self.snapshots();
                assert!(kept.is_subset(&left), "a snapshot that is kept is gone");
                assert!(
                    !matches!(done, Ok(true)) || left == kept,
                    "not all were forgotten"
                );
                let gone = |id: &SnapshotId| !left.contains(id);
                let ids: Vec<_> = self.oracle.keys().filter(|id| gone(id)).cloned().collect();
                for id in ids {
                    let known = self.oracle.remove(&id).unwrap();
                    self.unsettled.insert(id, known);
                }
            }
            Step::Prune => {
                self.prune(self.site.files.clone()).unwrap();
                self.assert_pruned();
            }
            Step::BrokenPrune(at, how) => {
                if self.prune(self.failing(at, how)).is_ok() && !matches!(how, How::LostAnswer) {
                    self.assert_pruned();
                }
            }
            Step::PowerCut => {
                self.site.files = Arc::new(self.site.files.after_power_cut());
                let there = self.snapshots();
                for (id, known) in std::mem::take(&mut self.unsettled) {
                    if there.contains(&id) {
                        self.oracle.insert(id, known);
                    }
                }
            }
        }
        self.assert_as_the_oracle_says();
    }

    fn failing(&self, at: u16, how: How) -> Arc<dyn Files> {
        let failing = Failing::new(self.site.files.clone());
        failing.fail_at(usize::from(at), how.fault());
        Arc::new(failing)
    }

    fn snapshots(&self) -> BTreeSet<SnapshotId> {
        let Ok(repo) = Repository::open(self.site.files.clone()) else {
            return BTreeSet::new();
        };
        let found = repo.all_snapshots().unwrap();
        assert!(found.damaged.is_empty(), "{:?}", found.damaged);
        assert!(found.others.is_empty(), "{:?}", found.others);
        found.whole.into_iter().map(|(id, _)| id).collect()
    }

    fn dump(&mut self, full: bool) {
        self.site.options.crawl.full = full;
        let summary = self.site.dump();
        self.site.options.crawl.full = false;
        self.silent &= !full;
        self.learn(true, summary.snapshot);
    }

    /// Takes the copy of a snapshot that a dump may have left; `saved` is what it said.
    fn learn(&mut self, must: bool, saved: Option<SnapshotId>) {
        let found = self.snapshots();
        let new: Vec<_> = found
            .into_iter()
            .filter(|id| !self.oracle.contains_key(id))
            .collect();
        assert!(new.len() <= 1, "{new:?}");
        assert!(
            !must || saved.is_some(),
            "a dump that ended well has no snapshot"
        );
        assert!(
            saved.is_none() || new.first() == saved.as_ref(),
            "{new:?}, {saved:?}"
        );
        let Some(id) = new.into_iter().next() else {
            return;
        };
        let (latest, snapshot) = self.site.latest();
        assert_eq!(id, latest, "what was saved last is the latest");
        let tree = self.site.tree();
        let all = self.site.fake.look(|ws| reachable(ws) == readable(ws));
        if snapshot.complete && !self.silent && all {
            self.assert_like_a_first(&tree);
        }
        let complete = snapshot.complete;
        self.oracle.insert(id, Known { tree, complete });
    }

    /// The tree is what a first dump into another repository has.
    fn assert_like_a_first(&self, tree: &Tree) {
        let calm = self.site.elsewhere();
        calm.dump();
        let known = |tree: &Tree| -> Tree {
            let mut tree = tree.clone();
            // What is gone is remembered by those who knew it.
            tree.retain(|path, _| !path.starts_with("/.notion-backup/ledger/"));
            tree
        };
        assert_same_tree(&known(tree), &known(&calm.tree()));
    }

    /// What a rule that keeps the last few leaves.
    fn kept(&self, keep: u8) -> BTreeSet<SnapshotId> {
        let ids: Vec<_> = self.oracle.keys().cloned().collect();
        let from = ids.len().saturating_sub(usize::from(keep));
        let mut kept: BTreeSet<_> = ids[from..].iter().cloned().collect();
        if !kept.iter().any(|id| self.oracle[id].complete) {
            let complete = ids.iter().rev().find(|id| self.oracle[*id].complete);
            kept.extend(complete.cloned());
        }
        kept
    }

    /// Whether all could be read; what cannot is left alone.
    fn forget(&self, files: Arc<dyn Files>, keep: u8) -> Result<bool, forget::Error> {
        let policy = Policy {
            last: keep.into(),
            ..Policy::default()
        };
        self.forget_by(
            files,
            &Choice::Policy {
                policy,
                group_by: GroupBy::default(),
                only: Vec::new(),
            },
        )
    }

    fn forget_by(&self, files: Arc<dyn Files>, choice: &Choice) -> Result<bool, forget::Error> {
        let repo = Repository::open_or_create(files)?;
        let lock = repo.lock(LockKind::Exclusive, "forget", self.now())?;
        let plan = forget::plan(&repo, choice, false, self.now())?;
        forget::carry_out(&repo, &lock, &plan)?;
        Ok(plan.unreadable.is_empty())
    }

    fn forget_one(&mut self, number: u8) {
        let ids: Vec<_> = self.oracle.keys().cloned().collect();
        let Some(id) = ids.get(usize::from(number) % ids.len().max(1)) else {
            return;
        };
        let complete = |known: &Known| known.complete;
        let last = match self.oracle.values().filter(|known| complete(known)).count() {
            0 => ids.len() == 1,
            count => count == 1 && self.oracle[id].complete,
        };
        let choice = Choice::Named([id.clone()].into());
        let done = self.forget_by(self.site.files.clone(), &choice);
        assert_eq!(done.is_err(), last, "{done:?}");
        if !last {
            self.oracle.remove(id);
        }
    }

    fn prune(&self, files: Arc<dyn Files>) -> Result<(), gc::Error> {
        let repo = Repository::open_or_create(files)?;
        let lock = repo.lock(LockKind::Exclusive, "prune", self.now())?;
        let plan = gc::plan(&repo, &[], &Stop::new(), &Silent)?;
        gc::sweep(&repo, &lock, &plan, &Stop::new(), &Silent)
    }

    /// There is what snapshots name, and at most what an interrupted dump has noted more.
    fn assert_pruned(&self) {
        let repo = self.site.repo();
        let mut needed = BTreeSet::new();
        let mut todo: Vec<ObjectId> = Vec::new();
        todo.extend(repo.snapshots().unwrap().iter().map(|(_, it)| it.tree));
        while let Some(tree) = todo.pop() {
            if !needed.insert(format!("objects/{}/{tree}.zst", &tree.to_string()[..2])) {
                continue;
            }
            for entry in repo.tree(tree).unwrap().entries {
                match entry.kind {
                    EntryKind::Directory => todo.push(entry.id),
                    EntryKind::File => {
                        let id = entry.id.to_string();
                        needed.insert(format!("objects/{}/{id}.zst", &id[..2]));
                    }
                }
            }
        }
        let paths = self.site.files.paths().into_iter();
        let journals: String = paths
            .filter(|path| path.ends_with("crawl.jsonl"))
            .map(|path| self.site.files.content(&path).unwrap())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .collect();
        let there = self.site.objects();
        for path in &needed {
            assert!(there.contains(path), "{path} is needed and gone");
        }
        for path in there.difference(&needed) {
            let id = path.rsplit('/').next().unwrap().trim_end_matches(".zst");
            assert!(journals.contains(id), "nothing needs {path}");
        }
    }

    fn assert_as_the_oracle_says(&self) {
        let expected: BTreeSet<_> = self.oracle.keys().cloned().collect();
        assert_eq!(self.snapshots(), expected);
        if expected.is_empty() {
            return;
        }
        let repo = self.site.repo();
        for (id, known) in &self.oracle {
            let tree = self.site.tree_of(repo.snapshot(id).unwrap().tree);
            assert_same_tree(&known.tree, &tree);
        }
        let options = CheckOptions {
            read: ReadData::All,
            ..CheckOptions::default()
        };
        let found = check(&repo, &options, &Silent);
        assert!(found.is_sound(), "{:#?}", found.findings);
    }

    /// After all that, an undisturbed dump and a prune leave no trace of the troubles.
    fn end(mut self) {
        self.dump(true);
        self.prune(self.site.files.clone()).unwrap();
        self.assert_pruned();
        self.assert_as_the_oracle_says();
        let paths = self.site.files.paths();
        let left: Vec<_> = paths
            .iter()
            .filter(|path| {
                path.contains("/.tmp-") || path.starts_with("locks/") || path.ends_with(".damaged")
            })
            .collect();
        assert!(left.is_empty(), "{left:?}");
        let extracted = tempfile::tempdir().unwrap();
        let target = extracted.path().join("latest");
        let (id, snapshot) = self.site.latest();
        let done =
            notion_backup::extract::extract(&self.site.repo(), snapshot.tree, &target, &Silent);
        assert!(done.unwrap().lost.is_empty());
        for (path, content) in &self.oracle[&id].tree {
            let file = target.join(path.trim_start_matches('/'));
            assert!(std::fs::read(&file).unwrap() == *content, "{path}");
        }
    }
}

fn cases() -> u32 {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default().cases,
        None => 24,
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        rng_seed: dice(),
        // What fails is printed with its steps, which are enough to repeat it.
        failure_persistence: None,
        max_shrink_iters: 80,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_every_kept_snapshot_is_what_it_was(seed in 0u64..1000, steps in steps()) {
        let mut life = Life::new(seed);
        for step in &steps {
            life.step(step);
        }
        life.end();
    }
}

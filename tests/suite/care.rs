//! Dumps and the care for what they leave: prune beside interrupted dumps, repair and
//! the dump that heals.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use notion_backup::check::repair::{self, Repair};
use notion_backup::check::{CheckOptions, Findings, ReadData, check};
use notion_backup::gc;
use notion_backup::model::NotionId;
use notion_backup::repo::{EntryKind, Files, LockKind, ObjectId};
use notion_backup::report::Silent;
use notion_backup::stop::Stop;

use crate::site::{Site, StopAfter, assert_same_tree};
use crate::support::Workspace;

fn now() -> Timestamp {
    "2026-02-01T00:00:00Z".parse().unwrap()
}

fn prune(site: &Site) -> gc::Plan {
    let repo = site.repo();
    let lock = repo.lock(LockKind::Exclusive, "prune", now()).unwrap();
    let plan = gc::plan(&repo, &[], &Stop::new(), &Silent).unwrap();
    gc::sweep(&repo, &lock, &plan, &Stop::new(), &Silent).unwrap();
    plan
}

fn checked(site: &Site) -> Findings {
    let options = CheckOptions {
        read: ReadData::All,
        stop: Stop::new(),
    };
    check(&site.repo(), &options, &Silent)
}

#[test]
fn a_prune_takes_nothing_from_an_interrupted_dump() {
    let mut site = Site::new(Workspace::everything(7));
    site.options.crawl.jobs = 2;
    let stop = Stop::new();
    let pages = 60;
    let report = Arc::new(StopAfter::new(pages, &stop));
    let summary = site.dump_with(&site.options, &stop, report).unwrap();
    assert_eq!(summary.snapshot, None);
    let read = site.objects();
    assert!(read.len() > 60, "{}", read.len());
    let requests = || {
        let requests: u64 = site.requests().values().sum();
        requests
    };
    requests();
    let plan = prune(&site);
    assert_eq!((plan.interrupted, plan.snapshots), (1, 0));
    // What a page's reading had stored before the page was done is nobody's.
    assert!(plan.objects.len() < 20, "{:?}", plan.objects.len());

    let undisturbed = site.elsewhere();
    site.dump();
    let continued = requests();
    undisturbed.dump();
    let whole = requests();
    // Each page that was read costs a list of blocks and one of comments.
    assert!(continued + 2 * pages <= whole, "{continued} of {whole}");
    assert_same_tree(&site.tree(), &undisturbed.tree());
    assert!(checked(&site).is_sound());

    // Now nothing but the snapshot needs anything.
    assert_eq!(prune(&site).interrupted, 0);
    assert_eq!(site.objects(), undisturbed.objects());
    assert!(checked(&site).is_sound());
}

fn repair(site: &Site) -> Repair {
    let repo = site.repo();
    let lock = repo.lock(LockKind::Exclusive, "check", now()).unwrap();
    let options = CheckOptions {
        read: ReadData::All,
        stop: Stop::new(),
    };
    repair::repair(&repo, &lock, &options, now(), &Silent).unwrap()
}

/// The content of all files of a repository.
type Copy = Vec<(String, Vec<u8>)>;

fn copy(site: &Site) -> Copy {
    let files = &site.files;
    let paths = files.paths().into_iter();
    paths
        .map(|path| (path.clone(), files.content(&path).unwrap()))
        .collect()
}

fn put_back(site: &Site, copy: &Copy) {
    for path in site.files.paths() {
        site.files.remove(&path).unwrap();
    }
    for (path, content) in copy {
        site.files.overwrite(path, content);
    }
}

/// One object of the latest snapshot for each thing that there is in a tree: what it is,
/// and its file in the repository.
fn one_of_each(site: &Site) -> BTreeMap<String, String> {
    let repo = site.repo();
    let root = site.latest().1.tree;
    let file = |id: ObjectId| format!("objects/{}/{id}.zst", &id.to_string()[..2]);
    let mut each = BTreeMap::from([("root".to_string(), file(root))]);
    let mut todo = vec![(String::new(), root)];
    while let Some((area, tree)) = todo.pop() {
        for entry in repo.tree(tree).unwrap().entries {
            let is_id = entry.name.parse::<NotionId>().is_ok();
            let mut name = match entry.name.as_str() {
                name if name.ends_with(".bin") => "attachment",
                name if name.ends_with(".jsonl") => "lines",
                name => name,
            };
            if entry.kind == EntryKind::Directory {
                let tree = repo.tree(entry.id).unwrap();
                let has = |name| tree.get(name).is_some();
                name = match () {
                    () if has("unavailable.json") => "stand-in",
                    () if has("page.json") => "page",
                    () if has("database.json") => "database",
                    () if is_id && area == "templates/" => "source",
                    () if is_id => "block",
                    () => name,
                };
                let inner = match entry.name.as_str() {
                    ".notion-backup" | "ledger" | "templates" => format!("{name}/"),
                    _ => area.clone(),
                };
                todo.push((inner, entry.id));
            }
            each.entry(format!("{area}{name}"))
                .or_insert(file(entry.id));
        }
    }
    each
}

#[test]
fn what_is_lost_is_read_again_after_a_repair() {
    let site = Site::new(Workspace::everything(7));
    site.fake.edit(|ws| ws.advance_minutes(10));
    site.requests();
    site.dump();
    let whole: u64 = site.requests().values().sum();
    let (sound, tree) = (copy(&site), site.tree());
    let (first, _) = site.latest();
    let each = one_of_each(&site);
    assert!(each.len() > 20, "{:?}", each.keys());
    for (number, (what, path)) in each.iter().enumerate() {
        put_back(&site, &sound);
        let flipped = number % 2 == 1;
        if flipped {
            let mut bytes = site.files.content(path).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            site.files.overwrite(path, &bytes);
        } else {
            site.files.remove(path).unwrap();
        }
        let done = repair(&site);
        let damaged = &done.findings.damaged_snapshots;
        assert_eq!(damaged, std::slice::from_ref(&first), "{what}");
        assert_eq!(done.set_aside, u64::from(flipped), "{what}");
        if what == "root" {
            assert_eq!(done.beyond, std::slice::from_ref(&first));
        } else {
            let (id, new) = site.latest();
            assert_eq!(done.written.len(), 1, "{what}");
            assert_eq!(id, done.written[0].id, "{what}: it is the one to build on");
            assert!(!new.complete, "{what}");
            assert_eq!(new.repaired.unwrap().of, first, "{what}");
            // The old one may be damaged still, but it has been seen to.
            assert!(repair(&site).written.is_empty(), "{what}");
        }
        site.fake.edit(|ws| ws.advance_minutes(1));
        site.requests();
        let summary = site.dump();
        let requests: u64 = site.requests().values().sum();
        if what == "root" {
            assert_eq!(
                site.latest().1.parent,
                None,
                "there was nothing to build on"
            );
        } else if [
            "page.json",
            "attachment",
            "blocks.json",
            "block",
            "comments.json",
        ]
        .contains(&what.as_str())
        {
            assert!(
                requests < whole / 4,
                "{what}: {requests} of {whole} requests"
            );
        }
        assert!(summary.snapshot.is_some());
        let found = checked(&site);
        assert!(found.is_sound(), "{what}: {:?}", found.findings);
        assert_same_tree(&site.tree(), &tree);
    }
}

#[test]
fn a_dump_does_without_a_previous_snapshot_that_is_damaged() {
    let site = Site::new(Workspace::plain(12, 2));
    site.dump();
    let tree = site.tree();
    for what in ["root", "page", "ledger/lines", ".notion-backup/users.json"] {
        let before = site.latest().0;
        site.files.remove(&one_of_each(&site)[what]).unwrap();
        let summary = site.dump();
        assert!(summary.complete, "{what}");
        // Only without its root is there nothing at all to build on.
        let base = (what != "root").then(|| before.clone());
        assert_eq!(site.latest().1.parent, base, "{what}");
        assert_ne!(site.latest().0, before, "{what}");
        assert_same_tree(&site.tree(), &tree);
        assert!(
            checked(&site).is_sound(),
            "{what}: it healed the older ones"
        );
    }
}

//! What a dump and a restore read of what an earlier dump has left: its trees, the rows
//! of `files.json`, its ledger, its state.

use super::*;
use std::sync::OnceLock;

use notion_backup::repo::{Entry, EntryKind, Files as _, Tree};
use notion_backup::restore::{Original, SnapshotSource};

use crate::dump_again::small;
use crate::site::{Site, StopAfter};
use crate::support::Workspace;

/// One that has an attachment, comments and a template.
fn workspace() -> Workspace {
    let mut ws = small();
    let (other, source) = (ws.get("other"), ws.get("source"));
    let file = ws.file("plan.pdf", "application/pdf", &[7; 3000]);
    ws.block(other, "pdf", file);
    ws.template(source, "A template", true);
    ws.advance_minutes(10);
    ws
}

/// A finished dump, and one that was interrupted.
fn prepared() -> &'static (Site, Site) {
    static SITES: OnceLock<(Site, Site)> = OnceLock::new();
    SITES.get_or_init(|| {
        let mut site = Site::new(workspace());
        site.options.crawl.jobs = 1;
        let stopped = site.elsewhere();
        site.dump();
        let stop = Stop::new();
        let report = Arc::new(StopAfter::new(6, &stop));
        let options = site.options.clone();
        stopped.dump_with(&options, &stop, report).unwrap();
        site.fake.edit(|ws| ws.advance_minutes(10));
        (site, stopped)
    })
}

/// The same Notion with a copy of the files.
fn copy(site: &Site) -> Site {
    Site {
        files: Arc::new(site.files.after_power_cut()),
        ..site.elsewhere()
    }
}

/// The directory `root` with another content for the file at `path`.
fn replace(repo: &Repository, root: ObjectId, path: &[&str], content: &[u8]) -> ObjectId {
    let (&name, below) = path.split_first().unwrap();
    let mut entries = repo.tree(root).unwrap().entries;
    for Entry {
        id,
        kind,
        name: has,
        size,
        ..
    } in &mut entries
    {
        if *has != name {
            continue;
        }
        if *kind == EntryKind::Directory {
            *id = replace(repo, *id, below, content);
        } else {
            *id = repo.put(content).unwrap().id;
            *size = content.len() as u64;
        }
    }
    repo.put_tree(&Tree { entries }).unwrap()
}

fn state_file(site: &Site, name: &str) -> String {
    let mut paths = site.files.paths().into_iter();
    paths.find(|path| path.ends_with(name)).unwrap()
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn the_files_of_a_snapshot(which in any::<prop::sample::Index>(), input in input()) {
        let site = copy(&prepared().0);
        let tree = site.tree();
        let paths: Vec<&String> = tree.keys().filter(|path| !path.ends_with(".bin")).collect();
        let path = which.get(&paths);
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let repo = site.repo();
        let (_, mut snapshot) = site.latest();
        snapshot.tree = replace(&repo, snapshot.tree, &parts, &input.bytes(&[&tree[*path]]));
        repo.save_snapshot(&snapshot).unwrap();

        let source = SnapshotSource::new(&repo, snapshot.tree);
        Original::load(&source).expect("its root can be read");
        let summary = site.try_dump();
        assert!(summary.is_ok(), "{path}: {summary:?}");
    }

    #[test]
    fn the_journal_that_a_dump_continues(input in input()) {
        let site = copy(&prepared().1);
        let path = state_file(&site, "crawl.jsonl");
        let journal = site.files.content(&path).unwrap();
        site.files.overwrite(&path, &input.bytes(&[journal]));
        let summary = site.try_dump();
        assert!(summary.is_ok(), "{summary:?}");
    }

    #[test]
    fn when_pages_were_read(input in input()) {
        let site = copy(&prepared().0);
        let path = state_file(&site, "reads.json");
        let reads = site.files.content(&path).unwrap();
        site.files.overwrite(&path, &input.bytes(&[reads]));
        let summary = site.dump();
        assert!(summary.complete);
        // What was there is there, and may be read.
        assert!(site.files.size(&path).unwrap().is_some());
    }
}

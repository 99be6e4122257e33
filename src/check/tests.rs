use super::*;
use crate::repo::{Entry, EntryKind, Failing, Fault, Files, Memory, Snapshot, Source, Tree};
use crate::report::Silent;
use std::io::ErrorKind;
use std::sync::Arc;

fn entry(kind: EntryKind, name: &str, id: ObjectId, size: u64) -> Entry {
    Entry {
        id,
        kind,
        modified: None,
        name: name.to_string(),
        size,
    }
}

fn save(repository: &Repository, tree: ObjectId, second: u8) -> SnapshotId {
    let snapshot = Snapshot {
        version: Snapshot::VERSION,
        features: Vec::new(),
        started: "2025-11-23T10:00:00Z".parse().unwrap(),
        finished: format!("2025-11-23T10:00:{second:02}Z").parse().unwrap(),
        source: Source::default(),
        tree,
        parent: None,
        tags: Vec::new(),
        host: String::new(),
        program: String::new(),
        complete: true,
        counts: Default::default(),
        ledger: Default::default(),
        options: Default::default(),
        repaired: None,
    };
    repository.save_snapshot(&snapshot).unwrap()
}

/// Two snapshots: `/page/page.json` changed between them, `/shared/deep/blocks.json` did not.
struct Sample {
    files: Memory,
    repository: Repository,
    old: SnapshotId,
    new: SnapshotId,
}

impl Sample {
    fn new() -> Sample {
        let files = Memory::new();
        let repository = Repository::create(Arc::new(files.clone())).unwrap();
        let [old, new] = [("first", 1), ("second", 2)].map(|(content, second)| {
            let put = |name: &str, content: &[u8]| {
                let stored = repository.put(content).unwrap();
                entry(EntryKind::File, name, stored.id, stored.size)
            };
            let folder = |name: &str, entries| {
                let id = repository.put_tree(&Tree { entries }).unwrap();
                entry(EntryKind::Directory, name, id, 0)
            };
            let deep = folder("deep", vec![put("blocks.json", b"blocks")]);
            let root = folder(
                "",
                vec![
                    folder("page", vec![put("page.json", content.as_bytes())]),
                    folder("shared", vec![deep]),
                ],
            );
            save(&repository, root.id, second)
        });
        Sample {
            files,
            repository,
            old,
            new,
        }
    }

    fn check(&self, read_data: bool) -> Findings {
        let options = CheckOptions {
            read: if read_data {
                ReadData::All
            } else {
                ReadData::Nothing
            },
            stop: Stop::new(),
        };
        check(&self.repository, &options, &Silent)
    }

    fn path(&self, content: &[u8]) -> String {
        let id = ObjectId::of(content).to_string();
        format!("objects/{}/{id}.zst", &id[..2])
    }

    fn id_of(&self, names: &[&str]) -> ObjectId {
        let mut id = self.repository.snapshot(&self.new).unwrap().tree;
        for name in names {
            id = self.repository.tree(id).unwrap().get(name).unwrap().id;
        }
        id
    }
}

#[test]
fn a_sound_repository_has_no_findings() {
    let sample = Sample::new();
    for read_data in [false, true] {
        let found = sample.check(read_data);
        assert!(found.is_sound());
        assert_eq!(found.findings, []);
        assert_eq!((found.snapshots, found.trees, found.objects), (2, 6, 3));
        // first, second, blocks
        assert_eq!(found.read_bytes, if read_data { 5 + 6 + 6 } else { 0 });
    }
}

#[test]
fn a_missing_object_is_traced_to_its_paths_and_snapshots() {
    let sample = Sample::new();
    sample.files.remove(&sample.path(b"second")).unwrap();
    sample.files.remove(&sample.path(b"blocks")).unwrap();
    let found = sample.check(false);
    assert!(!found.is_sound());
    assert_eq!(found.findings.len(), 2, "never stops at the first");
    let of = |content: &[u8]| {
        let id = Some(ObjectId::of(content));
        found.findings.iter().find(|f| f.object == id).unwrap()
    };
    let (new, old) = (&sample.new, &sample.old);
    let page = of(b"second");
    assert_eq!(page.severity, Severity::Error);
    assert!(page.what.ends_with("is missing"), "{}", page.what);
    assert_eq!(page.meaning, "these files cannot be read");
    assert_eq!(page.paths, [format!("{new}:/page/page.json")]);
    let blocks = of(b"blocks");
    assert_eq!(blocks.paths, [format!("{new}:/shared/deep/blocks.json")]);
    assert_eq!(found.damaged_snapshots, [old.clone(), new.clone()]);

    // Without the shared one only the newer snapshot is hit.
    let sample = Sample::new();
    sample.files.remove(&sample.path(b"second")).unwrap();
    assert_eq!(sample.check(false).damaged_snapshots, [sample.new]);
}

#[test]
fn damage_within_a_file_shows_when_data_is_read() {
    let sample = Sample::new();
    let path = sample.path(b"first");
    let mut bytes = sample.files.content(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    sample.files.overwrite(&path, &bytes);
    assert!(sample.check(false).is_sound());
    let found = sample.check(true);
    assert_eq!(found.count(Severity::Error), 1);
    assert!(found.findings[0].what.contains("is damaged: "));
    let old = &sample.old;
    assert_eq!(found.findings[0].paths, [format!("{old}:/page/page.json")]);

    sample.files.overwrite(&path, b"");
    let found = sample.check(false);
    assert!(found.findings[0].what.ends_with("the file is empty"));
}

#[test]
fn a_lost_directory_takes_all_below_it_and_does_not_hide_the_rest() {
    let sample = Sample::new();
    let shared = sample.id_of(&["shared"]);
    let path = format!("objects/{}/{shared}.zst", &shared.to_string()[..2]);
    sample.files.overwrite(&path, b"garbage");
    sample.files.remove(&sample.path(b"second")).unwrap();
    let found = sample.check(false);
    assert_eq!(found.count(Severity::Error), 2);
    let lost = found
        .findings
        .iter()
        .find(|f| f.object == Some(shared))
        .unwrap();
    assert_eq!(lost.meaning, "nothing below these directories can be read");
    assert_eq!(lost.mentions, 2, "in the root of either snapshot");
    let expected = [&sample.new, &sample.old].map(|id| format!("{id}:/shared"));
    assert_eq!(lost.paths, expected);
    // What was below it seems unused; nobody should remove it now.
    let spare = found.findings.last().unwrap();
    assert_eq!(spare.severity, Severity::Info);
    assert!(spare.meaning.contains("do not prune"), "{}", spare.meaning);

    let root = sample.id_of(&[]);
    let path = format!("objects/{}/{root}.zst", &root.to_string()[..2]);
    sample.files.remove(&path).unwrap();
    let found = sample.check(false);
    let lost = found
        .findings
        .iter()
        .find(|f| f.object == Some(root))
        .unwrap();
    assert_eq!(lost.paths, [format!("{}:/", sample.new)]);
    assert!(found.damaged_snapshots.contains(&sample.new));
}

#[test]
fn snapshots_and_configuration_are_checked() {
    let sample = Sample::new();
    let old = &sample.old;
    sample
        .files
        .overwrite(&format!("snapshots/{old}.json"), b"{}");
    sample.files.overwrite("snapshots/notes", b"");
    sample.files.overwrite("config.json", b"{}");
    let found = sample.check(false);
    assert_eq!(found.snapshots, 1);
    assert_eq!(
        found.damaged_snapshots.as_slice(),
        std::slice::from_ref(old)
    );
    assert_eq!(found.count(Severity::Error), 2);
    assert_eq!(found.count(Severity::Warning), 1);
    let worst_first: Vec<_> = found.findings.iter().map(|f| f.severity).collect();
    assert!(worst_first.is_sorted_by(|a, b| a >= b));
}

#[test]
fn leftovers_are_no_error() {
    let sample = Sample::new();
    sample.repository.put(b"of an interrupted dump").unwrap();
    sample.files.overwrite("objects/00/.tmp-xyz", b"half");
    sample.files.overwrite("objects/00/README", b"?");
    let found = sample.check(true);
    assert!(found.is_sound());
    assert_eq!(found.unreferenced_objects, 1);
    assert!(found.unreferenced_bytes > 0);
    assert_eq!(found.count(Severity::Info), 2);
    assert_eq!(found.count(Severity::Warning), 1);
}

#[test]
fn a_wrong_size_in_a_directory_is_a_warning() {
    let sample = Sample::new();
    let stored = sample.repository.put(b"four").unwrap();
    let tree = Tree {
        entries: vec![entry(EntryKind::File, "a", stored.id, 5)],
    };
    let root = sample.repository.put_tree(&tree).unwrap();
    let id = save(&sample.repository, root, 3);
    let found = sample.check(true);
    assert!(found.is_sound());
    assert_eq!(found.count(Severity::Warning), 1);
    assert_eq!(found.findings[0].paths, [format!("{id}:/a")]);
    assert!(found.damaged_snapshots.is_empty());
}

#[test]
fn a_thousand_levels_are_walked_and_named() {
    let files = Memory::new();
    let repository = Repository::create(Arc::new(files.clone())).unwrap();
    let stored = repository.put(b"deep").unwrap();
    let mut last = entry(EntryKind::File, "page.json", stored.id, 4);
    for level in 0..1000 {
        let tree = Tree {
            entries: vec![last],
        };
        let id = repository.put_tree(&tree).unwrap();
        last = entry(EntryKind::Directory, &format!("d{level}"), id, 0);
    }
    let snapshot = save(&repository, last.id, 1);
    let options = CheckOptions::default();
    assert!(check(&repository, &options, &Silent).is_sound());
    let id = stored.id.to_string();
    files
        .remove(&format!("objects/{}/{id}.zst", &id[..2]))
        .unwrap();
    let found = check(&repository, &options, &Silent);
    let path = &found.findings[0].paths[0];
    assert!(
        path.starts_with(&format!("{snapshot}:/d998/d997/")),
        "{path}"
    );
    assert!(path.ends_with("/d1/d0/page.json"), "{path}");
}

#[test]
fn a_raised_stop_ends_the_check_and_says_so() {
    let sample = Sample::new();
    let options = CheckOptions::default();
    options.stop.raise(crate::stop::StopReason::Interrupted);
    let found = check(&sample.repository, &options, &Silent);
    assert!(found.stopped && !found.is_sound());
    assert_eq!(found.findings, [], "nothing is said of what was not seen");
}

#[test]
fn trouble_with_any_one_operation_becomes_a_finding() {
    let sample = Sample::new();
    let failing = Failing::new(Arc::new(sample.files.clone()));
    let repository = Repository::open(Arc::new(failing.clone())).unwrap();
    let options = CheckOptions {
        read: ReadData::All,
        stop: Stop::new(),
    };
    failing.clear();
    check(&repository, &options, &Silent);
    for number in 0..failing.operations().len() {
        failing.clear();
        failing.fail_at(number, Fault::Refuse(ErrorKind::PermissionDenied));
        let found = check(&repository, &options, &Silent);
        assert!(!found.is_sound(), "operation {number}");
    }
}

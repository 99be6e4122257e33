use super::*;
use crate::repo::{Memory, Tree};
use crate::report::Silent;
use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};

fn repository() -> (Memory, Repository) {
    let files = Memory::new();
    let repository = Repository::create(Arc::new(files.clone())).unwrap();
    (files, repository)
}

fn file(repository: &Repository, name: &str, content: &[u8]) -> Entry {
    let stored = repository.put(content).unwrap();
    Entry {
        id: stored.id,
        kind: EntryKind::File,
        modified: None,
        name: name.to_string(),
        size: stored.size,
    }
}

fn folder(repository: &Repository, name: &str, entries: Vec<Entry>) -> Entry {
    Entry {
        id: repository.put_tree(&Tree { entries }).unwrap(),
        kind: EntryKind::Directory,
        modified: None,
        name: name.to_string(),
        size: 0,
    }
}

/// Everything below a folder: path and content, `None` for a directory.
fn found(target: &Path) -> BTreeMap<String, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut todo = vec![target.to_path_buf()];
    while let Some(here) = todo.pop() {
        for entry in fs::read_dir(here).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(target).unwrap().display().to_string();
            if path.is_dir() {
                found.insert(name, None);
                todo.push(path);
            } else {
                found.insert(name, Some(fs::read(path).unwrap()));
            }
        }
    }
    found
}

fn sample(repository: &Repository) -> ObjectId {
    let mut dated = file(repository, "page.json", b"page");
    dated.modified = Some("2021-02-03T04:05:06Z".parse().unwrap());
    let block = folder(
        repository,
        "block",
        vec![file(repository, "blocks.json", b"[]")],
    );
    let page = folder(repository, "page", vec![dated, block]);
    let other = folder(repository, "other", vec![]);
    let content = file(repository, "content.json", b"");
    folder(repository, "", vec![page, other, content]).id
}

#[test]
fn a_tree_comes_out_as_plain_files() {
    let (_, repository) = repository();
    let target = tempfile::tempdir().unwrap();
    let target = target.path().join("a/b");
    let done = extract(&repository, sample(&repository), &target, &Silent).unwrap();
    let expected = [
        ("content.json", Some(&b""[..])),
        ("other", None),
        ("page", None),
        ("page/block", None),
        ("page/block/blocks.json", Some(b"[]")),
        ("page/page.json", Some(b"page")),
    ];
    let expected = expected.map(|(path, content)| (path.to_string(), content.map(<[u8]>::to_vec)));
    assert_eq!(found(&target), BTreeMap::from(expected));
    assert_eq!((done.files, done.directories, done.bytes), (3, 3, 6));
    assert!(done.lost.is_empty());
    let time = fs::metadata(target.join("page/page.json")).unwrap();
    let time = time
        .modified()
        .unwrap()
        .duration_since(std::time::UNIX_EPOCH);
    // date -u -d 2021-02-03T04:05:06Z +%s
    assert_eq!(time.unwrap().as_secs(), 1_612_325_106);

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &str| {
            let data = fs::metadata(target.join(path)).unwrap();
            data.permissions().mode() & 0o7777
        };
        assert_eq!(mode("content.json"), 0o600);
        assert_eq!(mode("page"), 0o700);
        assert_eq!(mode(""), 0o700);
    }
}

#[test]
fn nothing_is_written_where_something_is() {
    let (_, repository) = repository();
    let target = tempfile::tempdir().unwrap();
    fs::write(target.path().join("mine"), b"x").unwrap();
    let error = extract(&repository, sample(&repository), target.path(), &Silent).unwrap_err();
    assert!(matches!(error, Error::NotEmpty { .. }), "{error}");
    assert_eq!(found(target.path()).len(), 1);

    let file = target.path().join("mine");
    let error = extract(&repository, sample(&repository), &file, &Silent).unwrap_err();
    assert!(matches!(error, Error::Target { .. }), "{error}");
}

#[derive(Default)]
struct Problems(Mutex<Vec<String>>);

impl Report for Problems {
    fn problem(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_string());
    }
}

#[test]
fn damage_costs_what_is_damaged_and_nothing_else() {
    let (files, repository) = repository();
    let root = sample(&repository);
    let path = |id: ObjectId| format!("objects/{}/{id}.zst", &id.to_string()[..2]);
    let page = ObjectId::of(b"page");
    let other = zstd::bulk::compress(b"not the page", 3).unwrap();
    files.overwrite(&path(page), &other);
    let top = repository.tree(root).unwrap();
    files.overwrite(&path(top.get("other").unwrap().id), b"");

    let target = tempfile::tempdir().unwrap();
    let problems = Problems::default();
    let done = extract(&repository, root, target.path(), &problems).unwrap();
    let lost: Vec<_> = done.lost.iter().map(|lost| lost.path.as_str()).collect();
    assert_eq!(lost, ["other", "page/page.json"]);
    assert_eq!(problems.0.lock().unwrap().len(), 2);
    let found = found(target.path());
    let paths: Vec<_> = found.keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "content.json",
            "page",
            "page/block",
            "page/block/blocks.json"
        ]
    );

    files.overwrite(&path(root), b"");
    let target = tempfile::tempdir().unwrap();
    let error = extract(&repository, root, target.path(), &Silent).unwrap_err();
    assert!(matches!(error, Error::Repository(_)), "{error}");
}

#[test]
fn a_name_that_leads_out_is_damage() {
    let (_, repository) = repository();
    for name in ["..", "../x", "/etc/x", "", "a\0b"] {
        let tree = Tree {
            entries: vec![file(&repository, name, b"x")],
        };
        let json = serde_json::to_vec(&tree).unwrap();
        let evil = repository.put(&json).unwrap().id;
        let mut entry = folder(&repository, "below", vec![]);
        entry.id = evil;
        let root = folder(&repository, "", vec![entry]).id;
        let target = tempfile::tempdir().unwrap();
        let done = extract(&repository, root, target.path(), &Silent).unwrap();
        assert_eq!(done.lost.len(), 1, "{name:?}");
        assert_eq!(done.files, 0);
        assert!(found(target.path()).is_empty());
    }
}

#[cfg(unix)]
#[test]
fn a_thousand_levels_far_beyond_the_longest_path_come_out() {
    use rustix::fs::{AtFlags, Mode, OFlags};

    let (_, repository) = repository();
    // As long as a block's id, so the whole path has about 37,000 bytes.
    let name = "0123abcd-4567-89ef-0123-456789abcdef";
    let mut last = file(&repository, "blocks.json", b"deep");
    for _ in 0..1000 {
        let beside = file(&repository, "beside.json", b"beside");
        last = folder(&repository, name, vec![last, beside]);
    }
    let root = folder(&repository, "", vec![last]).id;
    let target = tempfile::tempdir().unwrap();
    let done = extract(&repository, root, target.path(), &Silent).unwrap();
    assert_eq!((done.files, done.directories), (1001, 1000));

    // Down by handles, as no path is long enough, then up, removing everything:
    // the temporary folder could not remove so deep a tree by its path.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let mut here = rustix::fs::open(target.path(), flags, Mode::empty()).unwrap();
    for _ in 0..1000 {
        here = rustix::fs::openat(&here, name, flags, Mode::empty()).unwrap();
    }
    let read = rustix::fs::openat(&here, "blocks.json", OFlags::RDONLY, Mode::empty()).unwrap();
    let mut content = String::new();
    io::Read::read_to_string(&mut fs::File::from(read), &mut content).unwrap();
    assert_eq!(content, "deep");
    rustix::fs::unlinkat(&here, "blocks.json", AtFlags::empty()).unwrap();
    for _ in 0..1000 {
        rustix::fs::unlinkat(&here, "beside.json", AtFlags::empty()).unwrap();
        here = rustix::fs::openat(&here, "..", flags, Mode::empty()).unwrap();
        rustix::fs::unlinkat(&here, name, AtFlags::REMOVEDIR).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_directory_that_is_moved_meanwhile_ends_the_walk() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target");
    fs::create_dir(&target).unwrap();
    fs::create_dir(folder.path().join("elsewhere")).unwrap();
    let mut place = Place::open(&target).unwrap();
    place.enter("a").unwrap();
    place.enter("b").unwrap();
    place.leave().unwrap();
    let moved = folder.path().join("elsewhere/a");
    fs::rename(target.join("a"), moved).unwrap();
    assert!(place.leave().is_err());
}

/// The script in `docs/format.md`, which people may need when this program is gone.
#[cfg(unix)]
#[test]
fn the_script_in_the_specification_extracts_the_same() {
    use crate::repo::{Disk, Snapshot, Source};
    use std::process::Command;

    for tool in ["zstd", "jq", "sha256sum"] {
        if Command::new(tool).arg("--version").output().is_err() {
            return;
        }
    }
    let page = include_str!("../../docs/format.md");
    let (_, script) = page.split_once("```sh\n").unwrap();
    let (script, _) = script.split_once("```").unwrap();

    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("repository");
    let repository = Repository::create(Arc::new(Disk::new(&place))).unwrap();
    let root = sample(&repository);
    let snapshot = Snapshot {
        version: Snapshot::VERSION,
        features: Vec::new(),
        started: "2025-11-23T10:00:00Z".parse().unwrap(),
        finished: "2025-11-23T10:20:30Z".parse().unwrap(),
        source: Source::default(),
        tree: root,
        parent: None,
        tags: Vec::new(),
        host: "here".to_string(),
        program: "test".to_string(),
        complete: true,
        counts: BTreeMap::new(),
        ledger: BTreeMap::new(),
        options: serde_json::Value::Null,
        repaired: None,
    };
    let id = repository.save_snapshot(&snapshot).unwrap();
    let by_script = folder.path().join("by-script");
    let run = |target: &Path| {
        let mut shell = Command::new("sh");
        shell.args(["-c", script, "sh"]);
        shell.args([place.as_path(), Path::new(id.as_str()), target]);
        shell.output().unwrap()
    };
    let output = run(&by_script);
    assert!(output.status.success(), "{output:?}");
    let by_us = folder.path().join("by-us");
    extract(&repository, root, &by_us, &Silent).unwrap();
    assert_eq!(found(&by_script), found(&by_us));
    assert_eq!(found(&by_us).len(), 6);

    // The example by hand shows this repository.
    assert!(page.contains(&format!("{id}.json")), "{id}");
    assert!(page.contains(&root.to_string()), "{root}");

    // It also must not pass over damage, be it of a file or a directory.
    let top = repository.tree(root).unwrap();
    let damaged = [ObjectId::of(b"[]"), top.get("page").unwrap().id];
    for (number, id) in damaged.iter().map(ObjectId::to_string).enumerate() {
        let path = place.join(format!("objects/{}/{id}.zst", &id[..2]));
        fs::write(path, zstd::bulk::compress(b"{}", 3).unwrap()).unwrap();
        let output = run(&folder.path().join(number.to_string()));
        assert!(!output.status.success());
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.contains(&id), "{message}");
    }
}

#[test]
fn paths_that_other_programs_cannot_open_are_counted() {
    let (_, repository) = repository();
    let mut inner = vec![file(&repository, "page.json", b"x")];
    // Each name has 100 bytes and a slash: some forty of them are enough.
    let name = "n".repeat(100);
    for _ in 0..42 {
        inner = vec![folder(&repository, &name, inner)];
    }
    let root = repository.put_tree(&Tree { entries: inner }).unwrap();
    let target = tempfile::tempdir().unwrap();
    let target = target.path().join("out");
    let done = extract(&repository, root, &target, &Silent).unwrap();
    let above = target.as_os_str().len();
    let directories = (1..=42).filter(|depth| above + depth * 101 > LONGEST_PATH);
    let file = u64::from(above + 42 * 101 + "/page.json".len() > LONGEST_PATH);
    assert_eq!(done.too_long, directories.count() as u64 + file);
    assert!(done.too_long > 0);
    let short = tempfile::tempdir().unwrap();
    let root = sample(&repository);
    let done = extract(&repository, root, &short.path().join("out"), &Silent).unwrap();
    assert_eq!(done.too_long, 0);
}

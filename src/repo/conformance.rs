//! One suite that every [`Files`] must pass, so that what is tested in memory
//! holds on a disk.

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;

use super::files::{Files, Publish};
use super::{Disk, Failing, Memory};

fn write(files: &dyn Files, path: &str, content: &[u8], how: Publish) -> std::io::Result<()> {
    let near = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut file = files.begin(near)?;
    file.write_all(content)?;
    file.sync()?;
    file.publish(path, how)
}

fn read(files: &dyn Files, path: &str) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    files.open(path)?.read_to_end(&mut content)?;
    Ok(content)
}

/// Names in a folder without those of unpublished files.
fn names(files: &dyn Files, folder: &str) -> Vec<String> {
    let mut names: Vec<_> = files
        .list(folder)
        .unwrap()
        .into_iter()
        .map(|entry| entry.name)
        .filter(|name| !name.starts_with(crate::fsio::TEMPORARY))
        .collect();
    names.sort();
    names
}

type Case = (&'static str, fn(&dyn Files));

const CASES: &[Case] = &[
    ("what is missing is NotFound", |files| {
        let not_found = |kind| assert_eq!(kind, ErrorKind::NotFound);
        not_found(files.list("a").unwrap_err().kind());
        not_found(files.open("a").err().unwrap().kind());
        not_found(files.open("a/b").err().unwrap().kind());
        not_found(files.remove("a").unwrap_err().kind());
        not_found(files.begin("a").err().unwrap().kind());
        not_found(files.sync_folder("a").unwrap_err().kind());
        not_found(files.log("a/b").err().unwrap().kind());
        not_found(files.is_held("a").unwrap_err().kind());
        assert_eq!(files.size("a").unwrap(), None);
        assert_eq!(files.size("a/b").unwrap(), None);
    }),
    (
        "folders are made with those above them, again and again",
        |files| {
            files.create_folder("a/b/c").unwrap();
            files.create_folder("a/b/c").unwrap();
            files.create_folder("").unwrap();
            assert_eq!(names(files, ""), ["a"]);
            assert_eq!(names(files, "a/b"), ["c"]);
            assert!(files.list("a").unwrap()[0].folder);
            files.sync_folder("a/b").unwrap();
            files.sync_folder("").unwrap();
        },
    ),
    (
        "a second file of the same name is refused and the first kept",
        |files| {
            write(files, "a", b"first", Publish::New).unwrap();
            let error = write(files, "a", b"second", Publish::New).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists);
            assert_eq!(read(files, "a").unwrap(), b"first");
            write(files, "a", b"third", Publish::Replace).unwrap();
            assert_eq!(read(files, "a").unwrap(), b"third");
        },
    ),
    (
        "a reader of the old file is not disturbed by the new one",
        |files| {
            write(files, "a", b"old", Publish::New).unwrap();
            let mut old = files.open("a").unwrap();
            write(files, "a", b"newer", Publish::Replace).unwrap();
            let mut content = Vec::new();
            old.read_to_end(&mut content).unwrap();
            assert_eq!(content, b"old");
        },
    ),
    ("an unpublished file is invisible, then gone", |files| {
        files.create_folder("a").unwrap();
        let mut file = files.begin("a").unwrap();
        file.write_all(b"half").unwrap();
        assert_eq!(names(files, "a"), [""; 0]);
        drop(file);
        assert_eq!(files.list("a").unwrap(), []);
        let file = files.begin("a").unwrap();
        assert!(file.publish("missing/b", Publish::New).is_err());
        assert_eq!(files.list("a").unwrap(), []);
    }),
    ("a listing is complete and has the sizes", |files| {
        files.create_folder("a/folder").unwrap();
        for number in 0..300_usize {
            write(
                files,
                &format!("a/{number:03}"),
                &vec![0; number],
                Publish::New,
            )
            .unwrap();
        }
        let mut listed = files.list("a").unwrap();
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(listed.len(), 301);
        for (number, entry) in listed.iter().take(300).enumerate() {
            assert_eq!(entry.name, format!("{number:03}"));
            assert_eq!(entry.size, number as u64);
            assert!(!entry.folder);
        }
        assert!(listed[300].folder);
        assert_eq!(files.size("a/007").unwrap(), Some(7));
    }),
    ("a file is removed once", |files| {
        write(files, "a", b"x", Publish::New).unwrap();
        files.remove("a").unwrap();
        assert_eq!(files.remove("a").unwrap_err().kind(), ErrorKind::NotFound);
        write(files, "a", b"y", Publish::New).unwrap();
    }),
    ("a folder is removed when it is empty", |files| {
        files.create_folder("a/b").unwrap();
        write(files, "a/b/c", b"x", Publish::New).unwrap();
        let error = files.remove_folder("a/b").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DirectoryNotEmpty);
        files.remove("a/b/c").unwrap();
        files.remove_folder("a/b").unwrap();
        let error = files.remove_folder("a/b").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(names(files, "a"), [""; 0]);
    }),
    (
        "a log grows at its end, is read anywhere, and is cut",
        |files| {
            let log = files.log("a").unwrap();
            assert_eq!(log.append(b"abc").unwrap(), 0);
            assert_eq!(log.append(b"").unwrap(), 3);
            assert_eq!(log.append(b"def").unwrap(), 3);
            assert_eq!(log.size(), 6);
            let mut buffer = [0; 4];
            assert_eq!(log.read_at(1, &mut buffer).unwrap(), 4);
            assert_eq!(&buffer, b"bcde");
            assert_eq!(log.read_at(4, &mut buffer).unwrap(), 2);
            assert_eq!(log.read_at(6, &mut buffer).unwrap(), 0);
            assert_eq!(log.read_at(1 << 40, &mut buffer).unwrap(), 0);
            log.truncate(9).unwrap();
            assert_eq!(log.size(), 6);
            log.truncate(2).unwrap();
            assert_eq!(log.append(b"X").unwrap(), 2);
            log.sync().unwrap();
            drop(log);
            assert_eq!(read(files, "a").unwrap(), b"abX");
            assert_eq!(files.log("a").unwrap().append(b"Y").unwrap(), 3);
        },
    ),
    (
        "a lock has one holder and is free when that one is gone",
        |files| {
            let held = files.try_lock("a").unwrap().unwrap();
            assert!(files.try_lock("a").unwrap().is_none());
            assert!(files.is_held("a").unwrap());
            held.note(b"long note").unwrap();
            held.note(b"mine").unwrap();
            assert_eq!(read(files, "a").unwrap(), b"mine");
            drop(held);
            assert!(!files.is_held("a").unwrap());
            assert!(!files.is_held("a").unwrap(), "looking takes nothing");
            assert!(files.try_lock("a").unwrap().is_some());
            assert_eq!(read(files, "a").unwrap(), b"mine", "the file stays");
        },
    ),
    (
        "a held file is new, whole, and locked from the first",
        |files| {
            let held = files.hold("a", b"note").unwrap();
            assert_eq!(read(files, "a").unwrap(), b"note");
            assert!(files.is_held("a").unwrap());
            assert!(files.try_lock("a").unwrap().is_none());
            let error = files.hold("a", b"other").err().unwrap();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists);
            assert_eq!(read(files, "a").unwrap(), b"note");
            drop(held);
            assert!(!files.is_held("a").unwrap());
            files.remove("a").unwrap();
        },
    ),
];

#[test]
fn every_kind_of_files_keeps_the_contract() {
    for (what, case) in CASES {
        let run = |which: &str, files: &dyn Files| {
            // The name of a failing case is worth more than the line alone.
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| case(files)));
            assert!(result.is_ok(), "{which}: {what}");
        };
        let folder = tempfile::tempdir().unwrap();
        run("disk", &Disk::new(folder.path()));
        run("memory", &Memory::new());
        let inner = Arc::new(Memory::new());
        run("failing, which does not fail", &Failing::new(inner));
    }
}

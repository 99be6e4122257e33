//! Writes a snapshot's tree as plain files: the layout that a Kloset shows, readable
//! with nothing but a text editor.
//!
//! Directories are entered one name at a time, relative to an open directory: the path
//! of a page nested a thousand deep is longer than any system allows, and no name, not
//! even from a repository that somebody tampered with, can lead out of the folder.
//! What is damaged is left out and told; everything else is written.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::{CWD, Mode, OFlags};

use crate::repo::{self, Entry, EntryKind, ObjectId, Repository, is_safe_name};
use crate::report::{Counter, Phase, Report};

/// What was written.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Extracted {
    /// Files written.
    pub files: u64,
    /// Directories made, the folder itself not counted.
    pub directories: u64,
    /// Bytes in the files.
    pub bytes: u64,
    /// What is damaged and therefore not there: path and reason.
    pub problems: Vec<(String, String)>,
}

/// Why nothing more could be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder has something in it.
    #[error("'{place}' is not empty, and nothing is overwritten")]
    NotEmpty {
        /// The folder.
        place: String,
    },
    /// The system refused to make a file or folder.
    #[error("cannot {action} '{place}': {source}")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder, below the one that was asked for.
        place: String,
        /// The system's reason.
        source: io::Error,
    },
}

/// Writes the snapshot with this root tree into `folder`, which is made if it does not
/// exist and must be empty if it does. Files are readable by their owner only.
pub fn extract(
    repo: &Repository,
    root: ObjectId,
    folder: &Path,
    report: &dyn Report,
) -> Result<Extracted, Error> {
    report.phase(Phase::Extracting);
    let top = empty_folder(folder)?;
    let mut walk = Walk {
        repo,
        report,
        path: vec![folder.display().to_string()],
        done: Extracted::default(),
    };
    walk.run(root, top)?;
    Ok(walk.done)
}

fn empty_folder(folder: &Path) -> Result<OwnedFd, Error> {
    let failed = |action| {
        move |source: io::Error| Error::Io {
            action,
            place: folder.display().to_string(),
            source,
        }
    };
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent).map_err(failed("create the folder above"))?;
    }
    match rustix::fs::mkdir(folder, Mode::RWXU).map_err(io::Error::from) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(failed("create")(error));
        }
        _ => {}
    }
    let mut entries = std::fs::read_dir(folder).map_err(failed("look into"))?;
    if entries.next().is_some() {
        return Err(Error::NotEmpty {
            place: folder.display().to_string(),
        });
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, folder, flags, Mode::empty())
        .map_err(|error| failed("open")(error.into()))
}

struct Walk<'a> {
    repo: &'a Repository,
    report: &'a dyn Report,
    /// The folder and the names below it, down to the directory being written.
    path: Vec<String>,
    done: Extracted,
}

impl Walk<'_> {
    /// Depth first, with one open directory at a time: the way back up is `..`.
    fn run(&mut self, root: ObjectId, top: OwnedFd) -> Result<(), Error> {
        let mut here = top;
        let mut open = vec![self.entries(root)];
        while let Some(entries) = open.last_mut() {
            let Some(entry) = entries.next() else {
                open.pop();
                if !open.is_empty() {
                    here = self.up(&here)?;
                    self.path.pop();
                }
                continue;
            };
            if !is_safe_name(&entry.name) {
                let reason = "its name could lead out of the folder".to_owned();
                self.problem(&entry.name.escape_debug().to_string(), reason);
                continue;
            }
            match entry.kind {
                EntryKind::File => self.file(&here, &entry)?,
                EntryKind::Directory => {
                    here = self.down(&here, &entry.name)?;
                    self.path.push(entry.name);
                    self.done.directories += 1;
                    open.push(self.entries(entry.id));
                }
            }
        }
        Ok(())
    }

    fn entries(&mut self, id: ObjectId) -> std::vec::IntoIter<Entry> {
        match self.repo.tree(id) {
            Ok(tree) => tree.entries.into_iter(),
            Err(error) => {
                self.problem("", error.to_string());
                Vec::new().into_iter()
            }
        }
    }

    fn down(&self, here: &OwnedFd, name: &str) -> Result<OwnedFd, Error> {
        rustix::fs::mkdirat(here, name, Mode::RWXU)
            .map_err(|error| self.failed("create", name, error.into()))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(here, name, flags, Mode::empty())
            .map_err(|error| self.failed("open", name, error.into()))
    }

    fn up(&self, here: &OwnedFd) -> Result<OwnedFd, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(here, "..", flags, Mode::empty())
            .map_err(|error| self.failed("leave", "", error.into()))
    }

    fn file(&mut self, here: &OwnedFd, entry: &Entry) -> Result<(), Error> {
        let name = entry.name.as_str();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::openat(here, name, flags, Mode::RUSR | Mode::WUSR)
            .map_err(|error| self.failed("create", name, error.into()))?;
        let mut file = File::from(file);
        match self.repo.copy(entry.id, &mut file) {
            Ok(bytes) => {
                file.flush()
                    .map_err(|error| self.failed("write", name, error))?;
                if let Some(time) = entry.modified {
                    // A file system that keeps no times keeps the content all the same.
                    let _ = file.set_modified(SystemTime::from(time));
                }
                self.done.files += 1;
                self.done.bytes += bytes;
                self.report.add(Counter::Objects, 1);
                self.report.add(Counter::ObjectBytes, bytes);
                Ok(())
            }
            Err(repo::Error::Sink { source, .. }) => Err(self.failed("write", name, source)),
            Err(error) => {
                drop(file);
                rustix::fs::unlinkat(here, name, rustix::fs::AtFlags::empty())
                    .map_err(|error| self.failed("remove the damaged", name, error.into()))?;
                self.problem(name, error.to_string());
                Ok(())
            }
        }
    }

    fn place(&self, name: &str) -> String {
        let mut place = self.path.join("/");
        if !name.is_empty() {
            place.push('/');
            place.push_str(name);
        }
        place
    }

    fn failed(&self, action: &'static str, name: &str, source: io::Error) -> Error {
        Error::Io {
            action,
            place: self.place(name),
            source,
        }
    }

    fn problem(&mut self, name: &str, reason: String) {
        let place = self.place(name);
        self.report
            .problem(&format!("'{place}' is not extracted: {reason}"));
        self.done.problems.push((place, reason));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Memory, Tree};
    use crate::report::Silent;
    use std::sync::Arc;

    fn repo() -> Repository {
        Repository::create(Arc::new(Memory::new())).unwrap()
    }

    fn entry(name: &str, kind: EntryKind, id: ObjectId, size: u64) -> Entry {
        Entry {
            name: name.to_owned(),
            kind,
            id,
            size,
            modified: None,
        }
    }

    fn with_file(repo: &Repository, content: &[u8]) -> Tree {
        let stored = repo.put(content).unwrap();
        let mut file = entry("page.json", EntryKind::File, stored.id, stored.size);
        file.modified = Some("2026-03-01T12:00:00Z".parse().unwrap());
        Tree {
            entries: vec![file],
        }
    }

    #[test]
    fn a_tree_becomes_files_with_their_times() {
        let repo = repo();
        let inner = repo.put_tree(&with_file(&repo, b"{}")).unwrap();
        let mut root = with_file(&repo, b"[1]");
        root.entries
            .push(entry("sub", EntryKind::Directory, inner, 0));
        let root = repo.put_tree(&root).unwrap();
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("new/out");
        let done = extract(&repo, root, &folder, &Silent).unwrap();
        assert_eq!((done.files, done.directories, done.bytes), (2, 1, 5));
        assert_eq!(std::fs::read(folder.join("page.json")).unwrap(), b"[1]");
        assert_eq!(std::fs::read(folder.join("sub/page.json")).unwrap(), b"{}");
        let modified = folder.join("page.json").metadata().unwrap().modified();
        assert_eq!(
            jiff::Timestamp::try_from(modified.unwrap())
                .unwrap()
                .to_string(),
            "2026-03-01T12:00:00Z"
        );
        let again = extract(&repo, root, &folder, &Silent);
        assert!(matches!(again, Err(Error::NotEmpty { .. })));
    }

    #[test]
    fn depth_is_no_limit() {
        let repo = repo();
        let mut tree = with_file(&repo, b"deepest");
        let name = "0123abcd-4567-89ef-0123-456789abcdef";
        for _ in 0..1500 {
            let id = repo.put_tree(&tree).unwrap();
            tree = Tree {
                entries: vec![entry(name, EntryKind::Directory, id, 0)],
            };
        }
        let root = repo.put_tree(&tree).unwrap();
        let home = tempfile::tempdir().unwrap();
        let done = extract(&repo, root, &home.path().join("out"), &Silent).unwrap();
        assert_eq!((done.files, done.directories), (1, 1500));
        assert_eq!(done.problems, []);
    }

    #[test]
    fn what_is_missing_is_told_and_the_rest_written() {
        let repo = repo();
        let mut tree = with_file(&repo, b"good");
        let gone = ObjectId::of(b"never stored");
        tree.entries
            .push(entry("blocks.json", EntryKind::File, gone, 12));
        tree.entries
            .push(entry("sub", EntryKind::Directory, gone, 0));
        let root = repo.put_tree(&tree).unwrap();
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("out");
        let done = extract(&repo, root, &folder, &Silent).unwrap();
        assert_eq!(done.files, 1);
        assert!(!folder.join("blocks.json").exists());
        let places: Vec<&str> = done
            .problems
            .iter()
            .map(|(place, _)| place.as_str())
            .collect();
        assert_eq!(places.len(), 2);
        assert!(places[0].ends_with("out/blocks.json"));
        assert!(places[1].ends_with("out/sub"));
    }
}

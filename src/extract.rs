//! Writing a snapshot's tree as plain files.
//!
//! What comes out is what any tool can read: the same directories and files that
//! the tree holds, for the owner alone, each file verified while it is copied and
//! dated with its last edit. The walk keeps one directory open however deep the
//! tree is, so a page nested a thousand levels, far beyond the longest path that
//! a system takes, comes out like any other.

mod place;

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::repo::{self, Entry, EntryKind, ObjectId, Repository};
use crate::report::{Counter, Phase, Report};

pub(crate) use place::Place;

/// Why a tree could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The target has something in it, which is not touched.
    #[error("'{}' is not empty", .path.display())]
    NotEmpty {
        /// The target.
        path: PathBuf,
    },
    /// The target's file system refused; everything after it is missing.
    #[error("cannot {action} '{path}': {source}")]
    Target {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or directory, below the target.
        path: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The repository has not even the root directory.
    #[error(transparent)]
    Repository(#[from] repo::Error),
}

impl Error {
    /// The system's reason, if it gave one.
    pub fn io_kind(&self) -> Option<ErrorKind> {
        match self {
            Error::Target { source, .. } => Some(source.kind()),
            _ => None,
        }
    }
}

/// Something that the repository could not give.
#[derive(Debug)]
pub struct Lost {
    /// Its path below the target; for a directory, nothing below it was written.
    pub path: String,
    /// Why.
    pub why: repo::Error,
}

/// The most bytes of a path that can be given to the system in one piece: `PATH_MAX`
/// without the zero at its end.
pub const LONGEST_PATH: usize = if cfg!(target_os = "linux") {
    4095
} else if cfg!(windows) {
    259
} else {
    1023
};

/// What was written.
#[derive(Debug, Default)]
pub struct Extracted {
    /// Files written and verified.
    pub files: u64,
    /// Directories made, without the target itself.
    pub directories: u64,
    /// Bytes of content written.
    pub bytes: u64,
    /// Files and directories whose paths are longer than other programs can open.
    pub too_long: u64,
    /// What is missing because the repository is damaged. No part of it was left.
    pub lost: Vec<Lost>,
}

/// A directory that is being written.
struct Open {
    /// How long the path is without this directory's name.
    parent_length: usize,
    /// Its directories that are still to be written, the next one last.
    todo: Vec<Entry>,
}

/// Writes the tree `root` into the folder `target`, which must be empty or missing.
///
/// Damage in the repository costs what is damaged and nothing else: it is listed
/// in the result and reported as a problem, and the rest is written.
pub fn extract(
    repository: &Repository,
    root: ObjectId,
    target: &Path,
    report: &dyn Report,
) -> Result<Extracted, Error> {
    report.phase(Phase::Extracting);
    let tree = repository.tree(root)?;
    let mut writer = Writer {
        repository,
        report,
        place: prepare(target)?,
        path: String::new(),
        // What cannot be told counts as it was typed.
        above: std::path::absolute(target).map_or(0, |it| it.as_os_str().len()),
        done: Extracted::default(),
    };
    let mut open = vec![Open {
        parent_length: 0,
        todo: writer.files(tree.entries)?,
    }];
    while let Some(here) = open.last_mut() {
        if let Some(next) = here.todo.pop() {
            if let Some(below) = writer.enter(&next)? {
                open.push(below);
            }
        } else {
            let parent_length = here.parent_length;
            open.pop();
            if !open.is_empty() {
                writer.leave(parent_length)?;
            }
        }
    }
    Ok(writer.done)
}

/// Makes the target, or sees that it is empty.
fn prepare(target: &Path) -> Result<Place, Error> {
    let failed = |action| {
        let path = target.display().to_string();
        move |source| Error::Target {
            action,
            path,
            source,
        }
    };
    crate::fsio::create_private_folder(target).map_err(failed("create"))?;
    let mut entries = std::fs::read_dir(target).map_err(failed("list"))?;
    if entries.next().is_some() {
        return Err(Error::NotEmpty {
            path: target.to_path_buf(),
        });
    }
    Place::open(target).map_err(failed("open"))
}

struct Writer<'a> {
    repository: &'a Repository,
    report: &'a dyn Report,
    /// The directory that is being written.
    place: Place,
    /// Its path below the target, for messages.
    path: String,
    /// How many bytes the path of the target has.
    above: usize,
    done: Extracted,
}

impl Writer<'_> {
    fn below(&self, name: &str) -> String {
        match self.path.as_str() {
            "" => name.to_string(),
            path => format!("{path}/{name}"),
        }
    }

    /// Counts a path that other programs cannot open: this one goes down step by step.
    fn measure(&mut self, name: &str) {
        let length = self.above + 1 + self.path.len() + 1 + name.len();
        self.done.too_long += u64::from(length > LONGEST_PATH);
    }

    fn failed(&self, action: &'static str, name: &str) -> impl FnOnce(io::Error) -> Error {
        let path = self.below(name);
        move |source| Error::Target {
            action,
            path,
            source,
        }
    }

    /// Writes the files of the current directory and returns its directories,
    /// the first one last.
    fn files(&mut self, entries: Vec<Entry>) -> Result<Vec<Entry>, Error> {
        let mut directories = Vec::new();
        for entry in entries {
            match entry.kind {
                EntryKind::File => self.file(&entry)?,
                EntryKind::Directory => directories.push(entry),
            }
        }
        directories.reverse();
        Ok(directories)
    }

    fn file(&mut self, entry: &Entry) -> Result<(), Error> {
        let name = entry.name.as_str();
        let file = self.place.create(name);
        let file = file.map_err(self.failed("create", name))?;
        let mut buffered = io::BufWriter::new(file);
        let copied = self.repository.copy(entry.id, &mut buffered);
        match copied {
            Ok(bytes) => {
                buffered.flush().map_err(self.failed("write", name))?;
                if let Some(modified) = entry.modified {
                    set_modified(buffered.get_ref(), modified)
                        .map_err(self.failed("set the time of", name))?;
                }
                self.measure(name);
                self.done.files += 1;
                self.done.bytes += bytes;
                self.report.add(Counter::Objects, 1);
                self.report.add(Counter::ObjectBytes, bytes);
                Ok(())
            }
            Err(repo::Error::Sink { source, .. }) => Err(self.failed("write", name)(source)),
            Err(why) => {
                // Half a file, or a wrong one, is worse than none.
                self.place
                    .remove(name)
                    .map_err(self.failed("remove", name))?;
                self.lose(name, why);
                Ok(())
            }
        }
    }

    /// Goes down into a new directory and writes its files. One that the
    /// repository cannot give is not made.
    fn enter(&mut self, entry: &Entry) -> Result<Option<Open>, Error> {
        let name = entry.name.as_str();
        let tree = match self.repository.tree(entry.id) {
            Ok(tree) => tree,
            Err(why) => {
                self.lose(name, why);
                return Ok(None);
            }
        };
        let entered = self.place.enter(name);
        entered.map_err(self.failed("create", name))?;
        self.measure(name);
        let parent_length = self.path.len();
        self.path = self.below(name);
        self.done.directories += 1;
        Ok(Some(Open {
            parent_length,
            todo: self.files(tree.entries)?,
        }))
    }

    fn leave(&mut self, parent_length: usize) -> Result<(), Error> {
        let left = self.place.leave();
        left.map_err(self.failed("go back from", ""))?;
        self.path.truncate(parent_length);
        Ok(())
    }

    fn lose(&mut self, name: &str, why: repo::Error) {
        let path = self.below(name);
        self.report.problem(&format!("{path}: {why}"));
        self.done.lost.push(Lost { path, why });
    }
}

/// Dates a file.
fn set_modified(file: &std::fs::File, time: Timestamp) -> io::Result<()> {
    file.set_modified(time.into())
}

#[cfg(test)]
mod tests;

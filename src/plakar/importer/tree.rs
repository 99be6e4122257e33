//! A snapshot's tree as Plakar's records.
//!
//! Every directory is sent, the children of one right after each other, and directories in
//! the order of their paths, because Plakar looks them up in the snapshot before in that
//! order (section 4.2 of the connector digest). What Plakar compares is the same whenever
//! the content is: owner and mode are constants, the size is exact, and the inode is a
//! fingerprint of the content. So what did not change is never opened.

use prost_types::Timestamp;

use super::losses::{Losses, OWN};
use crate::plakar::proto::plakar::connectors::{FileInfo, Record};
use crate::plakar::status::one_line;
use crate::repo::{EntryKind, Error, ObjectId, Repository, Tree};

/// A directory with mode 0700, in Go's bits (section 3.6 of the connector digest).
const DIRECTORY: u32 = (1 << 31) | 0o700;
/// A regular file with mode 0600.
const FILE: u32 = 0o600;

/// A directory whose children were sent and whose directories are still to be walked.
struct Level {
    /// How long the path is without this directory's name.
    parent_length: usize,
    /// Names and trees, the next one last.
    todo: Vec<(String, ObjectId)>,
}

/// Sends a record for everything in the tree, with the content of files, and one for each
/// loss. Returns whether all were taken: `send` says whether anybody listens.
pub fn send(
    repo: &Repository,
    root: ObjectId,
    losses: &mut Losses,
    send: &mut dyn FnMut(Record, Option<ObjectId>) -> bool,
) -> Result<bool, Error> {
    let tree = repo.tree(root)?;
    let mut path = String::new();
    if !send(directory("/", "/", root, &tree), None) {
        return Ok(false);
    }
    let mut levels = Vec::new();
    let Some(level) = children(repo, &tree, "", 0, &mut path, losses, send)? else {
        return Ok(false);
    };
    levels.push(level);
    while let Some(level) = levels.last_mut() {
        let Some((name, id)) = level.todo.pop() else {
            path.truncate(level.parent_length);
            levels.pop();
            continue;
        };
        let parent_length = path.len();
        path.push('/');
        path.push_str(&name);
        let tree = repo.tree(id)?;
        match children(repo, &tree, &name, parent_length, &mut path, losses, send)? {
            Some(level) => levels.push(level),
            None => return Ok(false),
        }
    }
    for (name, reason) in std::mem::take(losses).rest() {
        if !send(error(format!("/{OWN}/{name}"), &reason), None) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Sends what is in the directory at `path`, whose own name is `name`; `None` when nobody
/// listens any more.
fn children(
    repo: &Repository,
    tree: &Tree,
    name: &str,
    parent_length: usize,
    path: &mut String,
    losses: &mut Losses,
    send: &mut dyn FnMut(Record, Option<ObjectId>) -> bool,
) -> Result<Option<Level>, Error> {
    let mut todo = Vec::new();
    for entry in &tree.entries {
        let whole = format!("{path}/{}", entry.name);
        let sent = match entry.kind {
            EntryKind::Directory => {
                let below = repo.tree(entry.id)?;
                todo.push((entry.name.clone(), entry.id));
                send(directory(&whole, &entry.name, entry.id, &below), None)
            }
            EntryKind::File => {
                let size = i64::try_from(entry.size).unwrap_or(-1);
                let info = info(&entry.name, FILE, size, entry.modified, entry.id);
                send(record(whole, info), Some(entry.id))
            }
        };
        if !sent {
            return Ok(None);
        }
    }
    for (file, reason) in losses.take(repo, name, tree)? {
        if !send(error(format!("{path}/{file}"), &reason), None) {
            return Ok(None);
        }
    }
    todo.reverse();
    Ok(Some(Level {
        parent_length,
        todo,
    }))
}

/// A directory's record, dated as the newest of its own files.
fn directory(path: &str, name: &str, id: ObjectId, tree: &Tree) -> Record {
    let newest = tree.entries.iter().filter_map(|entry| entry.modified).max();
    record(path.to_owned(), info(name, DIRECTORY, 0, newest, id))
}

fn info(
    name: &str,
    mode: u32,
    size: i64,
    modified: Option<jiff::Timestamp>,
    id: ObjectId,
) -> FileInfo {
    let [a, b, c, d, e, f, g, h, ..] = *id.bytes();
    FileInfo {
        name: name.to_owned(),
        size,
        mode,
        mod_time: modified.map(|time| Timestamp {
            seconds: time.as_second(),
            nanos: time.subsec_nanosecond(),
        }),
        ino: u64::from_be_bytes([a, b, c, d, e, f, g, h]),
        nlink: 1,
        ..FileInfo::default()
    }
}

fn record(pathname: String, info: FileInfo) -> Record {
    Record {
        has_reader: info.mode == FILE,
        pathname,
        file_info: Some(info),
        ..Record::default()
    }
}

fn error(pathname: String, reason: &str) -> Record {
    Record {
        pathname,
        error: one_line(reason),
        ..Record::default()
    }
}

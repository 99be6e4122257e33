//! A decorator for tests: it counts and names every file operation, and makes a
//! chosen one fail the way disks, networks and `kill -9` do.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::files::{Files, Held, Listed, LogFile, NewFile, Publish};

/// How the chosen operation goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done and this error is returned.
    Refuse(ErrorKind),
    /// A write does the first half of its bytes, then returns this error. Other
    /// operations are refused.
    Tear(ErrorKind),
    /// It is done, yet this error is returned, as when an answer is lost.
    Deny(ErrorKind),
    /// Nothing is done, by this operation and all that follow: the process was killed.
    Kill,
}

/// One file operation: a verb and the path it was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The name of the method, for example `publish`.
    pub verb: &'static str,
    /// The path it was given; for `write` and `sync` of a file not yet
    /// published, the folder it was begun in.
    pub path: String,
}

/// Wraps [`Files`] and makes the operation with a chosen number fail.
#[derive(Clone)]
pub struct Failing {
    inner: Arc<dyn Files>,
    plan: Arc<Plan>,
}

#[derive(Default)]
struct Plan(Mutex<State>);

#[derive(Default)]
struct State {
    done: Vec<Operation>,
    fault: Option<(usize, Fault)>,
    dead: bool,
}

fn killed() -> io::Error {
    io::Error::other("the process was killed")
}

impl Plan {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records an operation and says what is to happen to it.
    fn next(&self, verb: &'static str, path: &str) -> io::Result<Option<Fault>> {
        let mut state = self.state();
        if state.dead {
            return Err(killed());
        }
        let number = state.done.len();
        state.done.push(Operation {
            verb,
            path: path.to_string(),
        });
        let fault = state.fault.filter(|(at, _)| *at == number);
        match fault.map(|(_, fault)| fault) {
            Some(Fault::Kill) => {
                state.dead = true;
                Err(killed())
            }
            Some(Fault::Refuse(kind)) => Err(kind.into()),
            fault => Ok(fault),
        }
    }

    /// Runs an operation that cannot be torn.
    fn run<T>(
        &self,
        verb: &'static str,
        path: &str,
        operation: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        match self.next(verb, path)? {
            Some(Fault::Tear(kind)) => Err(kind.into()),
            Some(Fault::Deny(kind)) => {
                operation()?;
                Err(kind.into())
            }
            _ => operation(),
        }
    }

    /// Runs an operation that writes bytes.
    fn write<T>(
        &self,
        verb: &'static str,
        path: &str,
        bytes: &[u8],
        operation: impl FnOnce(&[u8]) -> io::Result<T>,
    ) -> io::Result<T> {
        match self.next(verb, path)? {
            Some(Fault::Tear(kind)) => {
                let (half, _) = bytes.split_at(bytes.len() / 2);
                operation(half)?;
                Err(kind.into())
            }
            Some(Fault::Deny(kind)) => {
                operation(bytes)?;
                Err(kind.into())
            }
            _ => operation(bytes),
        }
    }
}

impl Failing {
    /// Wraps `inner`; nothing fails until [`Failing::fail_at`].
    pub fn new(inner: Arc<dyn Files>) -> Failing {
        Failing {
            inner,
            plan: Arc::default(),
        }
    }

    /// Makes the operation with this number (from 0, counted from the start or
    /// the last [`Failing::clear`]) go wrong.
    pub fn fail_at(&self, number: usize, fault: Fault) {
        self.plan.state().fault = Some((number, fault));
    }

    /// Forgets the operations so far and the planned fault.
    pub fn clear(&self) {
        *self.plan.state() = State::default();
    }

    /// What was done since the start or the last [`Failing::clear`], in order.
    pub fn operations(&self) -> Vec<Operation> {
        self.plan.state().done.clone()
    }
}

impl Files for Failing {
    fn place(&self, path: &str) -> String {
        self.inner.place(path)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<Listed>> {
        self.plan.run("list", folder, || self.inner.list(folder))
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        self.plan.run("open", path, || self.inner.open(path))
    }

    fn size(&self, path: &str) -> io::Result<Option<u64>> {
        self.plan.run("size", path, || self.inner.size(path))
    }

    fn modified(&self, path: &str) -> io::Result<Timestamp> {
        self.plan
            .run("modified", path, || self.inner.modified(path))
    }

    fn create_folder(&self, folder: &str) -> io::Result<()> {
        self.plan
            .run("create_folder", folder, || self.inner.create_folder(folder))
    }

    fn has_place(&self) -> io::Result<bool> {
        self.plan.run("has_place", "", || self.inner.has_place())
    }

    fn begin(&self, near: &str) -> io::Result<Box<dyn NewFile>> {
        let inner = self.plan.run("begin", near, || self.inner.begin(near))?;
        Ok(Box::new(FailingFile {
            plan: self.plan.clone(),
            near: near.to_string(),
            inner,
        }))
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        self.plan
            .run("sync_folder", folder, || self.inner.sync_folder(folder))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.plan.run("remove", path, || self.inner.remove(path))
    }

    fn remove_folder(&self, folder: &str) -> io::Result<()> {
        self.plan
            .run("remove_folder", folder, || self.inner.remove_folder(folder))
    }

    fn log(&self, path: &str) -> io::Result<Box<dyn LogFile>> {
        let inner = self.plan.run("log", path, || self.inner.log(path))?;
        Ok(Box::new(FailingLog {
            plan: self.plan.clone(),
            path: path.to_string(),
            inner,
        }))
    }

    fn try_lock(&self, path: &str) -> io::Result<Option<Box<dyn Held>>> {
        self.plan
            .run("try_lock", path, || self.inner.try_lock(path))
    }

    fn hold(&self, path: &str, content: &[u8]) -> io::Result<Box<dyn Held>> {
        self.plan
            .run("hold", path, || self.inner.hold(path, content))
    }

    fn is_held(&self, path: &str) -> io::Result<bool> {
        self.plan.run("is_held", path, || self.inner.is_held(path))
    }
}

struct FailingFile {
    plan: Arc<Plan>,
    near: String,
    inner: Box<dyn NewFile>,
}

impl Write for FailingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let FailingFile { plan, near, inner } = self;
        plan.write("write", near, bytes, |bytes| {
            inner.write_all(bytes)?;
            Ok(bytes.len())
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl NewFile for FailingFile {
    fn sync(&mut self) -> io::Result<()> {
        let FailingFile { plan, near, inner } = self;
        plan.run("sync", near, || inner.sync())
    }

    fn publish(self: Box<Self>, path: &str, how: Publish) -> io::Result<()> {
        let FailingFile { plan, inner, .. } = *self;
        plan.run("publish", path, || inner.publish(path, how))
    }
}

struct FailingLog {
    plan: Arc<Plan>,
    path: String,
    inner: Box<dyn LogFile>,
}

impl LogFile for FailingLog {
    fn append(&self, bytes: &[u8]) -> io::Result<u64> {
        self.plan.write("append", &self.path, bytes, |bytes| {
            self.inner.append(bytes)
        })
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.plan
            .run("read_at", &self.path, || self.inner.read_at(offset, buffer))
    }

    fn size(&self) -> u64 {
        self.inner.size()
    }

    fn truncate(&self, size: u64) -> io::Result<()> {
        self.plan
            .run("truncate", &self.path, || self.inner.truncate(size))
    }

    fn sync(&self) -> io::Result<()> {
        self.plan.run("sync_log", &self.path, || self.inner.sync())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Memory;

    #[test]
    fn the_chosen_operation_fails_and_only_a_kill_lasts() {
        let files = Failing::new(Arc::new(Memory::new()));
        files.fail_at(1, Fault::Refuse(ErrorKind::StorageFull));
        files.create_folder("a").unwrap();
        let error = files.create_folder("b").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        files.create_folder("c").unwrap();

        files.clear();
        files.fail_at(0, Fault::Kill);
        assert!(files.create_folder("d").is_err());
        assert!(files.list("").is_err());
        files.clear();
        let names: Vec<_> = files
            .list("")
            .unwrap()
            .into_iter()
            .map(|l| l.name)
            .collect();
        assert_eq!(names, ["a", "c"]);
    }

    #[test]
    fn a_torn_write_leaves_half_and_a_denied_one_all() {
        for (fault, left) in [
            (Fault::Tear(ErrorKind::StorageFull), &b"ab"[..]),
            (Fault::Deny(ErrorKind::TimedOut), &b"abcd"[..]),
        ] {
            let memory = Memory::new();
            let files = Failing::new(Arc::new(memory.clone()));
            let log = files.log("l").unwrap();
            files.fail_at(1, fault);
            assert!(log.append(b"abcd").is_err());
            assert_eq!(memory.content("l").unwrap(), left);
        }
    }
}

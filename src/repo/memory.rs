//! A repository's files in memory, for tests: as fast as can be, and able to
//! show what a power cut would leave.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Cursor, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::files::{Files, Held, Listed, LogFile, NewFile, Publish};

/// Files in memory. A clone shows the same files.
#[derive(Clone, Default)]
pub struct Memory {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// What a process sees.
    now: Names,
    /// What a power cut leaves.
    durable: Names,
}

#[derive(Default)]
struct Names {
    files: BTreeMap<String, Arc<Mutex<Content>>>,
    folders: BTreeSet<String>,
}

struct Content {
    bytes: Vec<u8>,
    synced: Vec<u8>,
    locked: bool,
    modified: Timestamp,
}

impl Default for Content {
    fn default() -> Content {
        Content {
            bytes: Vec::new(),
            synced: Vec::new(),
            locked: false,
            modified: Timestamp::now(),
        }
    }
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

impl Names {
    fn has_folder(&self, folder: &str) -> bool {
        folder.is_empty() || self.folders.contains(folder)
    }

    fn file(&self, path: &str) -> io::Result<Arc<Mutex<Content>>> {
        let found = self.files.get(path).cloned();
        found.ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// The file at this path, made when it does not exist.
    fn file_or_new(&mut self, path: &str) -> io::Result<Arc<Mutex<Content>>> {
        if !self.has_folder(split(path).0) {
            return Err(ErrorKind::NotFound.into());
        }
        Ok(self.files.entry(path.to_string()).or_default().clone())
    }
}

impl Memory {
    /// No files yet.
    pub fn new() -> Memory {
        Memory::default()
    }

    /// What a power cut at this moment would leave: the names of synced folders,
    /// with the content that was synced. Nobody holds a lock there.
    pub fn after_power_cut(&self) -> Memory {
        let state = guard(&self.state);
        let reachable = |path: &str| {
            let mut folder = split(path).0;
            while !folder.is_empty() {
                if !state.durable.folders.contains(folder) {
                    return false;
                }
                folder = split(folder).0;
            }
            true
        };
        let mut names = [Names::default(), Names::default()];
        for folder in &state.durable.folders {
            if reachable(folder) {
                for names in &mut names {
                    names.folders.insert(folder.clone());
                }
            }
        }
        for (path, content) in &state.durable.files {
            if reachable(path) {
                let synced = guard(content).synced.clone();
                let content = Arc::new(Mutex::new(Content {
                    bytes: synced.clone(),
                    synced,
                    ..Content::default()
                }));
                for names in &mut names {
                    names.files.insert(path.clone(), content.clone());
                }
            }
        }
        let [now, durable] = names;
        Memory {
            state: Arc::new(Mutex::new(State { now, durable })),
        }
    }

    /// Puts content at a path as it is, past all care: for tests of damage.
    pub fn overwrite(&self, path: &str, content: &[u8]) {
        let mut state = guard(&self.state);
        let mut folder = split(path).0;
        while !folder.is_empty() {
            state.now.folders.insert(folder.to_string());
            folder = split(folder).0;
        }
        let content = Content {
            bytes: content.to_vec(),
            ..Content::default()
        };
        state
            .now
            .files
            .insert(path.to_string(), Arc::new(Mutex::new(content)));
    }

    /// Makes a file older: for tests of locks that nobody holds any more.
    pub fn age(&self, path: &str, by: SignedDuration) {
        let content = guard(&self.state).now.files.get(path).cloned();
        if let Some(content) = content {
            guard(&content).modified -= by;
        }
    }

    /// The content at a path, if there is any.
    pub fn content(&self, path: &str) -> Option<Vec<u8>> {
        let content = guard(&self.state).now.files.get(path).cloned()?;
        let bytes = guard(&content).bytes.clone();
        Some(bytes)
    }

    /// All paths of files, sorted.
    pub fn paths(&self) -> Vec<String> {
        guard(&self.state).now.files.keys().cloned().collect()
    }
}

impl Files for Memory {
    fn place(&self, path: &str) -> String {
        format!("memory:{path}")
    }

    fn list(&self, folder: &str) -> io::Result<Vec<Listed>> {
        let state = guard(&self.state);
        if !state.now.has_folder(folder) {
            return Err(ErrorKind::NotFound.into());
        }
        let mut found = Vec::new();
        for path in &state.now.folders {
            let (above, name) = split(path);
            if above == folder {
                found.push(Listed {
                    name: name.to_string(),
                    size: 0,
                    folder: true,
                });
            }
        }
        for (path, content) in &state.now.files {
            let (above, name) = split(path);
            if above == folder {
                found.push(Listed {
                    name: name.to_string(),
                    size: guard(content).bytes.len() as u64,
                    folder: false,
                });
            }
        }
        Ok(found)
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        let content = guard(&self.state).now.file(path)?;
        let bytes = guard(&content).bytes.clone();
        Ok(Box::new(Cursor::new(bytes)))
    }

    fn size(&self, path: &str) -> io::Result<Option<u64>> {
        let state = guard(&self.state);
        let content = state.now.files.get(path);
        Ok(content.map(|content| guard(content).bytes.len() as u64))
    }

    fn modified(&self, path: &str) -> io::Result<Timestamp> {
        let content = guard(&self.state).now.file(path)?;
        let modified = guard(&content).modified;
        Ok(modified)
    }

    fn create_folder(&self, folder: &str) -> io::Result<()> {
        let mut state = guard(&self.state);
        let mut folder = folder;
        while !folder.is_empty() {
            state.now.folders.insert(folder.to_string());
            folder = split(folder).0;
        }
        Ok(())
    }

    fn has_place(&self) -> io::Result<bool> {
        Ok(true)
    }

    fn begin(&self, near: &str) -> io::Result<Box<dyn NewFile>> {
        if !guard(&self.state).now.has_folder(near) {
            return Err(ErrorKind::NotFound.into());
        }
        Ok(Box::new(MemoryFile {
            memory: self.clone(),
            content: Content::default(),
        }))
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        let mut state = guard(&self.state);
        let State { now, durable } = &mut *state;
        if !now.has_folder(folder) {
            return Err(ErrorKind::NotFound.into());
        }
        durable.files.retain(|path, _| split(path).0 != folder);
        for (path, content) in &now.files {
            if split(path).0 == folder {
                durable.files.insert(path.clone(), content.clone());
            }
        }
        for path in &now.folders {
            if split(path).0 == folder {
                durable.folders.insert(path.clone());
            }
        }
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let removed = guard(&self.state).now.files.remove(path);
        removed.map(drop).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn remove_folder(&self, folder: &str) -> io::Result<()> {
        if !self.list(folder)?.is_empty() {
            return Err(ErrorKind::DirectoryNotEmpty.into());
        }
        guard(&self.state).now.folders.remove(folder);
        Ok(())
    }

    fn log(&self, path: &str) -> io::Result<Box<dyn LogFile>> {
        let content = guard(&self.state).now.file_or_new(path)?;
        Ok(Box::new(MemoryLog(content)))
    }

    fn try_lock(&self, path: &str) -> io::Result<Option<Box<dyn Held>>> {
        let content = guard(&self.state).now.file_or_new(path)?;
        let mut locked = guard(&content);
        if locked.locked {
            return Ok(None);
        }
        locked.locked = true;
        drop(locked);
        Ok(Some(Box::new(MemoryLock(content))))
    }

    fn hold(&self, path: &str, content: &[u8]) -> io::Result<Box<dyn Held>> {
        let mut file = self.begin(split(path).0)?;
        file.write_all(content)?;
        file.sync()?;
        let mut state = guard(&self.state);
        if state.now.files.contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let content = Arc::new(Mutex::new(Content {
            bytes: content.to_vec(),
            synced: content.to_vec(),
            locked: true,
            ..Content::default()
        }));
        state.now.files.insert(path.to_string(), content.clone());
        Ok(Box::new(MemoryLock(content)))
    }

    fn is_held(&self, path: &str) -> io::Result<bool> {
        let content = guard(&self.state).now.file(path)?;
        let locked = guard(&content).locked;
        Ok(locked)
    }
}

struct MemoryFile {
    memory: Memory,
    content: Content,
}

impl Write for MemoryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.content.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl NewFile for MemoryFile {
    fn sync(&mut self) -> io::Result<()> {
        self.content.synced = self.content.bytes.clone();
        Ok(())
    }

    fn publish(self: Box<Self>, path: &str, how: Publish) -> io::Result<()> {
        let mut state = guard(&self.memory.state);
        if !state.now.has_folder(split(path).0) {
            return Err(ErrorKind::NotFound.into());
        }
        if how == Publish::New && state.now.files.contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let content = Arc::new(Mutex::new(self.content));
        state.now.files.insert(path.to_string(), content);
        Ok(())
    }
}

struct MemoryLog(Arc<Mutex<Content>>);

impl LogFile for MemoryLog {
    fn append(&self, bytes: &[u8]) -> io::Result<u64> {
        let mut content = guard(&self.0);
        let offset = content.bytes.len() as u64;
        content.bytes.extend_from_slice(bytes);
        Ok(offset)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let content = guard(&self.0);
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let mut rest = content.bytes.get(start..).unwrap_or_default();
        rest.read(buffer)
    }

    fn size(&self) -> u64 {
        guard(&self.0).bytes.len() as u64
    }

    fn truncate(&self, size: u64) -> io::Result<()> {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        guard(&self.0).bytes.truncate(size);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut content = guard(&self.0);
        content.synced = content.bytes.clone();
        Ok(())
    }
}

struct MemoryLock(Arc<Mutex<Content>>);

impl Held for MemoryLock {
    fn note(&self, content: &[u8]) -> io::Result<()> {
        guard(&self.0).bytes = content.to_vec();
        Ok(())
    }

    fn beat(&self) -> io::Result<()> {
        guard(&self.0).modified = Timestamp::now();
        Ok(())
    }
}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        guard(&self.0).locked = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_cut_takes_what_was_not_synced() {
        let files = Memory::new();
        files.create_folder("a").unwrap();
        let mut kept = files.begin("a").unwrap();
        kept.write_all(b"kept").unwrap();
        kept.sync().unwrap();
        kept.publish("a/kept", Publish::New).unwrap();
        let mut emptied = files.begin("a").unwrap();
        emptied.write_all(b"lost").unwrap();
        emptied.publish("a/emptied", Publish::New).unwrap();

        assert_eq!(files.after_power_cut().paths(), [""; 0]);
        files.sync_folder("a").unwrap();
        assert_eq!(files.after_power_cut().paths(), [""; 0], "`a` itself");
        files.sync_folder("").unwrap();
        let left = files.after_power_cut();
        assert_eq!(left.paths(), ["a/emptied", "a/kept"]);
        assert_eq!(left.content("a/kept").unwrap(), b"kept");
        assert_eq!(left.content("a/emptied").unwrap(), b"");
    }
}

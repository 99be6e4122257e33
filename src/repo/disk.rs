//! A repository's files on the machine's disk: mode 0600, folders 0700, synced
//! before they get their names.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use tempfile::NamedTempFile;

use super::files::{Files, Held, Listed, LogFile, NewFile, Publish};
use super::tree::is_safe_name;
use crate::fsio;

/// Files below one folder of the machine's disk.
#[derive(Clone, Debug)]
pub struct Disk {
    root: PathBuf,
}

impl Disk {
    /// The files below this folder, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Disk {
        Disk { root: root.into() }
    }

    /// The full path, or an error when it could lead out of the repository.
    fn resolve(&self, path: &str) -> io::Result<PathBuf> {
        let mut full = self.root.clone();
        for name in path.split('/').filter(|_| !path.is_empty()) {
            if !is_safe_name(name) {
                return Err(io::Error::new(
                    ErrorKind::InvalidInput,
                    format!("'{path}' is not a path inside a repository"),
                ));
            }
            full.push(name);
        }
        Ok(full)
    }
}

/// How files are opened that are written where they are. A link is not followed: a
/// repository that somebody else made could point it at any file of ours.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;

        options.mode(0o600);
        options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    options
}

/// Whether a lock was refused because this file system has none. Such a lock is
/// taken to be held: by us when we ask for it, by its owner when we ask about it.
fn no_locks_here(error: &io::Error) -> bool {
    // What NFS says without a lock service.
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::NOLCK.raw_os_error()) {
        return true;
    }
    error.kind() == ErrorKind::Unsupported
}

/// Takes the lock of an open file; `false` when another handle holds it.
fn take(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(fs::TryLockError::WouldBlock) => Ok(false),
        Err(fs::TryLockError::Error(error)) if no_locks_here(&error) => Ok(true),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

impl Files for Disk {
    fn place(&self, path: &str) -> String {
        self.root.join(path).display().to_string()
    }

    fn list(&self, folder: &str) -> io::Result<Vec<Listed>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.resolve(folder)?)? {
            let entry = entry?;
            let data = match entry.metadata() {
                Ok(data) => data,
                // Removed by another process since the folder was read.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let folder = data.is_dir();
            found.push(Listed {
                name: entry.file_name().to_string_lossy().into_owned(),
                size: if folder { 0 } else { data.len() },
                folder,
            });
        }
        Ok(found)
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(File::open(self.resolve(path)?)?))
    }

    fn size(&self, path: &str) -> io::Result<Option<u64>> {
        match fs::metadata(self.resolve(path)?) {
            Ok(data) => Ok(Some(data.len())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn modified(&self, path: &str) -> io::Result<Timestamp> {
        let time = fs::metadata(self.resolve(path)?)?.modified()?;
        Timestamp::try_from(time).map_err(io::Error::other)
    }

    fn create_folder(&self, folder: &str) -> io::Result<()> {
        let full = self.resolve(folder)?;
        match fsio::create_one_private_folder(&full) {
            Err(error) if error.kind() == ErrorKind::NotFound && !folder.is_empty() => {
                let above = folder.rsplit_once('/').map_or("", |(above, _)| above);
                self.create_folder(above)?;
                fsio::create_one_private_folder(&full)
            }
            result => result,
        }
    }

    fn has_place(&self) -> io::Result<bool> {
        // A name alone lies in the working directory.
        match self.root.parent() {
            Some(above) if above != Path::new("") => above.try_exists(),
            _ => Ok(true),
        }
    }

    fn begin(&self, near: &str) -> io::Result<Box<dyn NewFile>> {
        Ok(Box::new(DiskFile {
            disk: self.clone(),
            file: fsio::begin(&self.resolve(near)?)?,
        }))
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        fsio::sync_folder(&self.resolve(folder)?)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.resolve(path)?)
    }

    fn remove_folder(&self, folder: &str) -> io::Result<()> {
        fs::remove_dir(self.resolve(folder)?)
    }

    fn log(&self, path: &str) -> io::Result<Box<dyn LogFile>> {
        let file = private().truncate(false).open(self.resolve(path)?)?;
        let end = Mutex::new(file.metadata()?.len());
        Ok(Box::new(DiskLog { file, end }))
    }

    fn try_lock(&self, path: &str) -> io::Result<Option<Box<dyn Held>>> {
        let file = private().truncate(false).open(self.resolve(path)?)?;
        Ok(take(&file)?.then(|| Box::new(DiskLock { file }) as Box<dyn Held>))
    }

    fn hold(&self, path: &str, content: &[u8]) -> io::Result<Box<dyn Held>> {
        let path = self.resolve(path)?;
        let mut file = fsio::begin(path.parent().unwrap_or(Path::new(".")))?;
        file.write_all(content)?;
        // Nobody else knows the temporary name, so this cannot be refused. The
        // lock belongs to the file, not to its name, and outlives the rename.
        take(file.as_file())?;
        file.as_file().sync_all()?;
        let file = fsio::publish(file, &path, false)?;
        Ok(Box::new(DiskLock { file }))
    }

    fn is_held(&self, path: &str) -> io::Result<bool> {
        // Shared, so that two processes that look at once do not see each other.
        match File::open(self.resolve(path)?)?.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(fs::TryLockError::WouldBlock) => Ok(true),
            Err(fs::TryLockError::Error(error)) if no_locks_here(&error) => Ok(true),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }
}

struct DiskFile {
    disk: Disk,
    file: NamedTempFile,
}

impl Write for DiskFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl NewFile for DiskFile {
    fn sync(&mut self) -> io::Result<()> {
        self.file.as_file().sync_all()
    }

    fn publish(self: Box<Self>, path: &str, how: Publish) -> io::Result<()> {
        let path = self.disk.resolve(path)?;
        fsio::publish(self.file, &path, how == Publish::Replace)?;
        Ok(())
    }
}

struct DiskLog {
    file: File,
    /// Where the next append goes: right behind what was appended whole.
    end: Mutex<u64>,
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(unix)]
fn read_some_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn write_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        if written == 0 {
            return Err(ErrorKind::WriteZero.into());
        }
        bytes = bytes.get(written..).unwrap_or_default();
        offset += written as u64;
    }
    Ok(())
}

#[cfg(windows)]
fn read_some_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

impl LogFile for DiskLog {
    fn append(&self, bytes: &[u8]) -> io::Result<u64> {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let offset = *end;
        if let Err(error) = write_at(&self.file, bytes, offset) {
            // Best effort: the next append goes over what is left of this one.
            let _ = self.file.set_len(offset);
            return Err(error);
        }
        *end += bytes.len() as u64;
        Ok(offset)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match read_some_at(&self.file, rest, offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn size(&self) -> u64 {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn truncate(&self, size: u64) -> io::Result<()> {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        if size < *end {
            self.file.set_len(size)?;
            *end = size;
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

struct DiskLock {
    file: File,
}

impl Held for DiskLock {
    fn note(&self, content: &[u8]) -> io::Result<()> {
        let mut file = &self.file;
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(content)
    }

    /// On Unix the file system sets the time itself, on a network the server: machines whose
    /// clocks differ can compare the times of two files.
    #[cfg(unix)]
    fn beat(&self) -> io::Result<()> {
        use rustix::fs::{Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, futimens};

        let now = |tv_nsec| Timespec { tv_sec: 0, tv_nsec };
        let times = Timestamps {
            last_access: now(UTIME_OMIT),
            last_modification: now(UTIME_NOW),
        };
        Ok(futimens(&self.file, &times)?)
    }

    #[cfg(not(unix))]
    fn beat(&self) -> io::Result<()> {
        self.file.set_modified(std::time::SystemTime::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_repository() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("inside");
        fs::create_dir(&inside).unwrap();
        fs::write(folder.path().join("secret"), b"x").unwrap();
        let disk = Disk::new(inside);
        for path in [
            "../secret",
            "/etc/passwd",
            "a/../../secret",
            "./x",
            "a//b",
            "a\0b",
        ] {
            let error = disk.open(path).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{path}");
        }
    }

    #[test]
    fn a_temporary_file_of_a_dead_process_has_the_prefix() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path());
        let file = disk.begin("").unwrap();
        let listed = disk.list("").unwrap();
        assert_eq!(listed.len(), 1);
        assert!(listed[0].name.starts_with(fsio::TEMPORARY));
        drop(file);
        assert_eq!(disk.list("").unwrap(), []);
    }
}

//! Folders that are needed only while a process runs.
//!
//! Plakar kills a connector when it ends, so a folder may stay behind, with a workspace in
//! it. Each therefore holds a file that its process keeps locked: whoever makes the next
//! folder removes those beside it that nobody holds any more.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};

use crate::fsio;

/// What the names of the folders begin with.
const PREFIX: &str = "run-";
/// The file that is locked as long as its folder is needed; above the folders, the one
/// that is locked while they are made and removed.
const HELD: &str = "held";
/// What the names of directories begin with on their way out.
const DOOMED: &str = "gone-";

/// A private folder, removed when it is dropped.
pub struct Scratch {
    folder: PathBuf,
    _held: File,
}

/// Removes what dead processes have left in the folder `above`, which is made if it is not
/// there. While the answer lives nobody else makes or removes folders in it.
pub fn tidy(above: &Path) -> io::Result<File> {
    fsio::create_private_folder(above)?;
    let making = held(above)?;
    flock(&making, FlockOperation::LockExclusive)?;
    for entry in fs::read_dir(above)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(PREFIX) && is_left(&entry.path()) {
            remove(&entry.path())?;
        }
    }
    Ok(making)
}

impl Scratch {
    /// Makes one in the folder `above`, which is made if it is not there, and removes what
    /// dead processes have left there.
    pub fn new(above: &Path) -> io::Result<Scratch> {
        let _making = tidy(above)?;
        let folder = above.join(format!("{PREFIX}{}", uuid::Uuid::new_v4()));
        DirBuilder::new().mode(0o700).create(&folder)?;
        let held = held(&folder)?;
        flock(&held, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Scratch {
            folder,
            _held: held,
        })
    }

    /// A path in it; nothing is made.
    pub fn join(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.folder) {
            log::warn!("cannot remove {}: {error}", self.folder.display());
        }
    }
}

fn held(folder: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(folder.join(HELD))
}

/// Whether nobody holds a folder.
fn is_left(folder: &Path) -> bool {
    held(folder).is_ok_and(|held| flock(&held, FlockOperation::NonBlockingLockExclusive).is_ok())
}

/// Removes a folder with all that is in it, however deep: directories come up to its top
/// before they are emptied, so that no path gets long.
fn remove(folder: &Path) -> io::Result<()> {
    let mut todo = vec![folder.to_owned()];
    let mut count = 0_u64;
    while let Some(directory) = todo.pop() {
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            if entry.file_name() == HELD && directory == folder {
                // It goes last, so that what is left after a crash is known as such.
            } else if !entry.file_type()?.is_dir() {
                fs::remove_file(entry.path())?;
            } else if directory == folder {
                todo.push(entry.path());
            } else {
                count += 1;
                let top = folder.join(format!("{DOOMED}{}-{count}", uuid::Uuid::new_v4()));
                fs::rename(entry.path(), &top)?;
                todo.push(top);
            }
        }
        if directory != folder {
            fs::remove_dir(&directory)?;
        }
    }
    fs::remove_file(folder.join(HELD))?;
    fs::remove_dir(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_private_and_goes_with_its_owner_however_deep() {
        use std::os::unix::fs::PermissionsExt as _;

        let above = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(above.path()).unwrap();
        let folder = scratch.folder.clone();
        let mode = fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o700);
        // Deeper than the longest path.
        let mut place = crate::extract::Place::open(&folder).unwrap();
        for _ in 0..1500 {
            place.enter("directory").unwrap();
            place.create("file").unwrap();
        }
        drop(place);
        drop(scratch);
        assert!(!folder.exists());
    }

    #[test]
    fn what_the_dead_leave_is_removed_and_what_the_living_use_is_not() {
        let above = tempfile::tempdir().unwrap();
        let living = Scratch::new(above.path()).unwrap();
        let dead = above.path().join("run-dead");
        fs::create_dir_all(dead.join("a/b")).unwrap();
        fs::write(dead.join("a/b/secret"), "x").unwrap();
        let other = above.path().join("mine");
        fs::create_dir(&other).unwrap();
        let next = Scratch::new(above.path()).unwrap();
        assert!(!dead.exists());
        assert!(living.folder.exists() && next.folder.exists() && other.exists());
    }
}

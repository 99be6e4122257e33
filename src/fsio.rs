//! Files that are whole or absent, for their owner alone, and that last.
//!
//! A file is written under a temporary name, made durable, and only then given
//! its own name, so that a reader, a crash and a full disk meet the old file or
//! the new one and nothing between. Folders are made durable apart, because one
//! sync can cover many files.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

/// Names of temporary files begin so; readers pass over them.
pub const TEMPORARY: &str = ".tmp-";

/// Makes a folder and those above it, mode 0700. One that exists stays as it is.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    private_folder().recursive(true).create(path)
}

/// Makes a folder, mode 0700, in one that exists. One that exists stays as it is.
pub fn create_one_private_folder(path: &Path) -> io::Result<()> {
    match private_folder().create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        result => result,
    }
}

fn private_folder() -> fs::DirBuilder {
    #[allow(unused_mut)] // Only Unix has modes.
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Begins a file with mode 0600 under a temporary name in `folder`; dropping it removes it.
pub fn begin(folder: &Path) -> io::Result<NamedTempFile> {
    // The builder's own default mode is 0600 on Unix.
    Builder::new().prefix(TEMPORARY).tempfile_in(folder)
}

/// Gives a file its name. With `replace`, an older file is replaced in one step;
/// without, a name that is taken is [`ErrorKind::AlreadyExists`] and stays as it
/// is. The content must have been synced before. On an error the file is removed.
pub fn publish(file: NamedTempFile, path: &Path, replace: bool) -> io::Result<File> {
    if replace {
        return file.persist(path).map_err(|error| error.error);
    }
    match file.persist_noclobber(path) {
        Ok(file) => Ok(file),
        Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => Err(failed.error),
        // Some network and FUSE file systems have neither an exclusive rename nor
        // hard links. The names given without `replace` are unique by
        // construction, so looking first is enough there.
        Err(failed) if !path.try_exists()? => {
            failed.file.persist(path).map_err(|error| error.error)
        }
        Err(failed) => Err(failed.error),
    }
}

/// Writes a small file in one step and makes it and its name last.
pub fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut file = begin(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    publish(file, path, true)?;
    sync_folder(folder)
}

/// Makes the names in a folder last through a power cut, where the system can.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        // Windows has no such call; its file systems journal names themselves.
        return Ok(());
    }
    match File::open(path)?.sync_all() {
        // Some network file systems refuse this call; nothing better can be done there.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::InvalidInput | ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn without_replace_a_taken_name_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_whole(&path, b"old").unwrap();
        let mut file = begin(folder.path()).unwrap();
        file.write_all(b"new").unwrap();
        let error = publish(file, &path, false).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn files_and_folders_are_for_the_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b");
        create_private_folder(&deep).unwrap();
        write_whole(&deep.join("c"), b"").unwrap();
        assert_eq!(mode(&folder.path().join("a")), 0o700);
        assert_eq!(mode(&deep), 0o700);
        assert_eq!(mode(&deep.join("c")), 0o600);
    }
}

//! A folder as a source. Every step down is taken relative to the directory above it, so
//! paths may be longer than the system allows, and links are not followed.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Item, Place, Source, SourceError};

/// A folder that holds the tree of a snapshot.
pub struct FolderSource {
    root: PathBuf,
}

impl FolderSource {
    /// The folder at `root`.
    pub fn new(root: &Path) -> FolderSource {
        FolderSource {
            root: root.to_owned(),
        }
    }

    fn names(place: &Place) -> &[String] {
        match place {
            Place::Below(names) => names,
            Place::Object(_) => &[],
        }
    }

    fn failed<'a>(
        &'a self,
        names: &'a [String],
    ) -> impl FnOnce(std::io::Error) -> SourceError + 'a {
        move |source| SourceError::Folder {
            path: self.root.join(names.join("/")).display().to_string(),
            source,
        }
    }
}

impl Source for FolderSource {
    fn root(&self) -> Place {
        Place::Below(Vec::new())
    }

    fn list(&self, directory: &Place) -> Result<Vec<Item>, SourceError> {
        let names = Self::names(directory);
        let mut items = system::list(&self.root, names).map_err(self.failed(names))?;
        items.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(items)
    }

    fn read(&self, file: &Place, limit: u64) -> Result<Vec<u8>, SourceError> {
        let names = Self::names(file);
        let mut content = Vec::new();
        system::open(&self.root, names)
            .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut content))
            .map_err(self.failed(names))?;
        if content.len() as u64 > limit {
            let reason = format!("it is larger than {limit} bytes");
            return Err(self.failed(names)(std::io::Error::other(reason)));
        }
        Ok(content)
    }

    fn open(&self, file: &Place) -> Result<Box<dyn Read + Send>, SourceError> {
        let names = Self::names(file);
        let file = system::open(&self.root, names).map_err(self.failed(names))?;
        Ok(Box::new(file))
    }
}

#[cfg(unix)]
mod system {
    use std::fs::File;
    use std::io;
    use std::path::Path;

    use rustix::fd::{AsFd, OwnedFd};
    use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};

    use super::super::{Item, Place};

    const DIRECTORY: OFlags = OFlags::RDONLY
        .union(OFlags::DIRECTORY)
        .union(OFlags::CLOEXEC);

    fn descend(root: &Path, names: &[String]) -> io::Result<OwnedFd> {
        let mut here = rustix::fs::openat(CWD, root, DIRECTORY, Mode::empty())?;
        for name in names {
            let flags = DIRECTORY.union(OFlags::NOFOLLOW);
            here = rustix::fs::openat(&here, name.as_str(), flags, Mode::empty())?;
        }
        Ok(here)
    }

    pub fn list(root: &Path, names: &[String]) -> io::Result<Vec<Item>> {
        let here = descend(root, names)?;
        let mut items = Vec::new();
        for entry in Dir::read_from(here.as_fd())? {
            let entry = entry?;
            // Names that are no text are none of ours.
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            if matches!(name, "." | "..") {
                continue;
            }
            let stat = rustix::fs::statat(&here, name, AtFlags::SYMLINK_NOFOLLOW)?;
            let kind = FileType::from_raw_mode(stat.st_mode);
            if !matches!(kind, FileType::Directory | FileType::RegularFile) {
                continue;
            }
            let folder = kind == FileType::Directory;
            let mut below = names.to_vec();
            below.push(name.to_owned());
            items.push(Item {
                name: name.to_owned(),
                folder,
                size: if folder {
                    0
                } else {
                    stat.st_size.try_into().unwrap_or(0)
                },
                place: Place::Below(below),
            });
        }
        Ok(items)
    }

    pub fn open(root: &Path, names: &[String]) -> io::Result<File> {
        let (name, above) = names.split_last().ok_or(io::ErrorKind::IsADirectory)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let here = descend(root, above)?;
        let file: File = rustix::fs::openat(&here, name.as_str(), flags, Mode::empty())?.into();
        // Not a pipe that somebody slipped in, which would never end.
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a plain file"));
        }
        Ok(file)
    }
}

#[cfg(not(unix))]
mod system {
    use std::fs::{self, File};
    use std::io;
    use std::path::{Path, PathBuf};

    use super::super::{Item, Place};

    fn path(root: &Path, names: &[String]) -> io::Result<PathBuf> {
        Ok(fs::canonicalize(root)?.join(names.iter().collect::<PathBuf>()))
    }

    pub fn list(root: &Path, names: &[String]) -> io::Result<Vec<Item>> {
        let mut items = Vec::new();
        for entry in fs::read_dir(path(root, names)?)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if !kind.is_dir() && !kind.is_file() {
                continue;
            }
            let mut below = names.to_vec();
            below.push(name.clone());
            items.push(Item {
                name,
                folder: kind.is_dir(),
                size: if kind.is_dir() {
                    0
                } else {
                    entry.metadata()?.len()
                },
                place: Place::Below(below),
            });
        }
        Ok(items)
    }

    pub fn open(root: &Path, names: &[String]) -> io::Result<File> {
        File::open(path(root, names)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_folder_is_read_and_its_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("b")).unwrap();
        fs::write(root.join("b/page.json"), "{}").unwrap();
        fs::write(root.join("a"), "12345").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(root.join("a"), root.join("link")).unwrap();
        let source = FolderSource::new(root);
        let names: Vec<_> = source
            .list(&source.root())
            .unwrap()
            .into_iter()
            .map(|item| (item.name, item.folder, item.size))
            .collect();
        assert_eq!(
            names,
            [("a".to_owned(), false, 5), ("b".to_owned(), true, 0)]
        );
        let page = source.find("/b/page.json").unwrap().unwrap();
        assert_eq!(source.read(&page.place, 2).unwrap(), b"{}");
        assert!(source.read(&page.place, 1).is_err());
        assert!(source.find("/b/none").unwrap().is_none());
        assert!(source.find("/a/b").unwrap().is_none());
        let link = Place::Below(vec!["link".to_owned()]);
        #[cfg(unix)]
        assert!(source.open(&link).is_err());
    }
}

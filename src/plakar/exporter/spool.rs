//! What is to be restored, kept in a folder in exactly the layout in which it came.
//!
//! Names are checked before they touch the disk, and the walk goes one directory at a time,
//! so neither a name nor the depth of a snapshot leads anywhere else. A record that cannot
//! be kept for its own sake (a bad name, a link) costs that record; a disk that refuses
//! ends the whole.

use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use crate::extract::Place;
use crate::fsio;
use crate::plakar::proto::plakar::connectors::Record;
use crate::repo::is_safe_name;

/// The bit of a directory in Go's mode (section 3.6 of the connector digest).
const DIRECTORY: u32 = 1 << 31;

/// A record that is dealt with, and why it could not be, or nothing; none while more is to
/// come before anything can be said.
pub type Step = Option<(Record, String)>;

/// A folder that is being filled.
pub struct Spool {
    place: Place,
    /// The names that lead to where `place` is.
    at: Vec<String>,
    current: Option<Current>,
}

/// A file whose content is coming.
struct Current {
    record: Record,
    /// None: the content is passed over.
    file: Option<File>,
    /// Why it is passed over.
    reason: String,
}

impl Spool {
    /// Makes the folder.
    pub fn new(folder: &Path) -> io::Result<Spool> {
        fsio::create_private_folder(folder)?;
        Ok(Spool {
            place: Place::open(folder)?,
            at: Vec::new(),
            current: None,
        })
    }

    /// Takes a record. An error concerns the whole.
    pub fn record(&mut self, record: Record) -> io::Result<Step> {
        if let Some(cut) = self.finish() {
            return Err(io::Error::new(
                ErrorKind::UnexpectedEof,
                format!("{cut} has no end"),
            ));
        }
        let mode = record.file_info.as_ref().map_or(0, |info| info.mode);
        let plain = record.error.is_empty() && !record.is_xattr && record.target.is_empty();
        let made = if !plain {
            Ok(None)
        } else if mode & DIRECTORY != 0 {
            self.directory(&record.pathname).map(|()| None)
        } else if record.has_reader {
            self.file(&record.pathname).map(Some)
        } else {
            Ok(None)
        };
        let (file, reason) = match made {
            Ok(file) => (file, String::new()),
            // The record's own fault.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::InvalidInput | ErrorKind::AlreadyExists | ErrorKind::NotADirectory
                ) =>
            {
                (None, error.to_string())
            }
            Err(error) => return Err(error),
        };
        if record.has_reader {
            self.current = Some(Current {
                record,
                file,
                reason,
            });
            return Ok(None);
        }
        Ok(Some((record, reason)))
    }

    /// Takes a piece of the file that was last named; an empty one is its end.
    pub fn chunk(&mut self, bytes: &[u8]) -> io::Result<Step> {
        let Some(mut current) = self.current.take() else {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                "content came before a file",
            ));
        };
        if bytes.is_empty() {
            return Ok(Some((current.record, current.reason)));
        }
        if let Some(file) = &mut current.file {
            file.write_all(bytes)?;
        }
        self.current = Some(current);
        Ok(None)
    }

    /// Ends it; the path of the file that was not whole, if there is one.
    pub fn finish(&mut self) -> Option<String> {
        self.current.take().map(|current| current.record.pathname)
    }

    fn directory(&mut self, path: &str) -> io::Result<()> {
        let names = names(path)?;
        self.go(&names)
    }

    fn file(&mut self, path: &str) -> io::Result<File> {
        let names = names(path)?;
        let Some((name, above)) = names.split_last() else {
            return Err(io::Error::new(
                ErrorKind::InvalidInput,
                "the root is no file",
            ));
        };
        self.go(above)?;
        self.place.create(name)
    }

    /// Goes to the directory with these names; those that are not there are made.
    fn go(&mut self, names: &[&str]) -> io::Result<()> {
        let pairs = self.at.iter().zip(names);
        let common = pairs.take_while(|(here, there)| here == *there).count();
        while self.at.len() > common {
            self.place.leave()?;
            self.at.pop();
        }
        for name in names.iter().skip(common) {
            self.place.go_into(name)?;
            self.at.push((*name).to_owned());
        }
        Ok(())
    }
}

/// The names in an absolute path, none of which leads out of it.
fn names(path: &str) -> io::Result<Vec<&str>> {
    let refused = || {
        io::Error::new(
            ErrorKind::InvalidInput,
            "it is not a path that a Notion tree can have",
        )
    };
    let rest = path.strip_prefix('/').ok_or_else(refused)?;
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = rest.split('/').collect();
    if names.iter().all(|name| is_safe_name(name)) {
        Ok(names)
    } else {
        Err(refused())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plakar::proto::plakar::connectors::FileInfo;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    fn record(path: &str, mode: u32) -> Record {
        Record {
            has_reader: mode & DIRECTORY == 0,
            pathname: path.to_owned(),
            file_info: Some(FileInfo {
                mode,
                ..FileInfo::default()
            }),
            ..Record::default()
        }
    }

    /// Sends a file; why it failed.
    fn file(spool: &mut Spool, path: &str, chunks: &[&[u8]]) -> String {
        assert!(spool.record(record(path, 0)).unwrap().is_none());
        for chunk in chunks {
            assert!(spool.chunk(chunk).unwrap().is_none());
        }
        match spool.chunk(b"").unwrap() {
            Some((_, reason)) => reason,
            None => panic!("the end was not seen"),
        }
    }

    #[test]
    fn a_tree_comes_out_as_it_came_whatever_the_order_and_modes() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("tree");
        let mut spool = Spool::new(&folder).unwrap();
        for path in ["/", "/a", "/a/b"] {
            spool.record(record(path, DIRECTORY)).unwrap();
        }
        assert_eq!(file(&mut spool, "/a/b/page.json", &[b"{", b"}"]), "");
        assert_eq!(file(&mut spool, "/a/empty", &[]), "");
        // A parent that nobody named, and one that was left.
        assert_eq!(file(&mut spool, "/c/d/x", &[b"x"]), "");
        assert_eq!(file(&mut spool, "/a/b/late", &[b"y"]), "");
        assert_eq!(spool.finish(), None);
        assert_eq!(fs::read(folder.join("a/b/page.json")).unwrap(), b"{}");
        assert_eq!(fs::read(folder.join("a/empty")).unwrap(), b"");
        assert_eq!(fs::read(folder.join("c/d/x")).unwrap(), b"x");
        assert_eq!(fs::read(folder.join("a/b/late")).unwrap(), b"y");
        let mode = |path| {
            fs::metadata(folder.join(path))
                .unwrap()
                .permissions()
                .mode()
        };
        assert_eq!(mode("") & 0o7777, 0o700);
        assert_eq!(mode("c/d") & 0o7777, 0o700);
        assert_eq!(mode("a/b/page.json") & 0o7777, 0o600);
    }

    #[test]
    fn a_name_that_leads_elsewhere_costs_its_record_and_nothing_else() {
        let above = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(&above.path().join("tree")).unwrap();
        for path in [
            "/../out",
            "/a/../../out",
            "out",
            "/a//b",
            "/a/.",
            "/a\0b",
            "/a\\b",
            "/",
            "",
        ] {
            assert_ne!(file(&mut spool, path, &[b"x"]), "", "{path:?}");
        }
        assert_eq!(file(&mut spool, "/fine", &[b"x"]), "");
        assert_ne!(file(&mut spool, "/fine", &[b"y"]), "", "a name twice");
        assert_ne!(file(&mut spool, "/fine/below", &[b"y"]), "");
        assert_eq!(fs::read(above.path().join("tree/fine")).unwrap(), b"x");
        assert_eq!(fs::read_dir(above.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_without_its_end_is_told_and_so_is_content_without_a_file() {
        let above = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(&above.path().join("tree")).unwrap();
        assert!(spool.chunk(b"x").is_err());
        spool.record(record("/a", 0)).unwrap();
        assert_eq!(spool.finish().as_deref(), Some("/a"));
        spool.record(record("/b", 0)).unwrap();
        assert!(spool.record(record("/c", 0)).is_err());
    }

    #[test]
    fn links_and_attributes_are_passed_over() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("tree");
        let mut spool = Spool::new(&folder).unwrap();
        let mut link = record("/link", 1 << 27);
        link.has_reader = false;
        link.target = "/etc/passwd".to_owned();
        assert!(spool.record(link).unwrap().is_some());
        let mut attribute = record("/a", 0);
        attribute.is_xattr = true;
        spool.record(attribute).unwrap();
        spool.chunk(b"x").unwrap();
        spool.chunk(b"").unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    }
}

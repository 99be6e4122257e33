//! Objects: immutable files named by the SHA-256 of what they hold, compressed.
//!
//! Pages, directories and attachments are all objects. The name says the content,
//! so storing something twice costs nothing and two writers cannot disagree.
//! This file is about names and writing; `read.rs` reads.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::files::{NewFile, Publish};
use super::{Error, Repository, to_json};

/// zstd's own default: JSON shrinks to a tenth at hundreds of megabytes a second.
const LEVEL: i32 = 3;
/// The folder of all objects.
pub(super) const OBJECTS: &str = "objects";

/// How the names of damaged objects end that a repair has set aside.
pub(super) const SET_ASIDE: &str = ".damaged";

/// The SHA-256 of an object's uncompressed content, which is its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId([u8; 32]);

/// A text that is not the name of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of an object: give 64 lower-case hexadecimal digits")]
pub struct ObjectIdError;

impl ObjectId {
    /// The id of this content.
    pub fn of(content: &[u8]) -> ObjectId {
        ObjectId(Sha256::digest(content).into())
    }

    /// The hash's bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The folder that the object is in.
    pub(super) fn folder(&self) -> String {
        let [first, ..] = self.0;
        folder(first)
    }

    /// The object's file.
    pub(super) fn path(&self) -> String {
        let [first, ..] = self.0;
        format!("{OBJECTS}/{first:02x}/{self}.zst")
    }
}

fn folder(first: u8) -> String {
    format!("{OBJECTS}/{first:02x}")
}

impl From<Sha256> for ObjectId {
    fn from(hash: Sha256) -> ObjectId {
        ObjectId(hash.finalize().into())
    }
}

impl FromStr for ObjectId {
    type Err = ObjectIdError;

    fn from_str(text: &str) -> Result<ObjectId, ObjectIdError> {
        let mut id = [0; 32];
        let pairs = text.as_bytes().chunks_exact(2);
        if text.len() != 64 {
            return Err(ObjectIdError);
        }
        for (byte, pair) in id.iter_mut().zip(pairs) {
            for &digit in pair {
                // Upper case would give one object two names.
                let value = match digit {
                    b'0'..=b'9' => digit - b'0',
                    b'a'..=b'f' => digit - b'a' + 10,
                    _ => return Err(ObjectIdError),
                };
                *byte = *byte << 4 | value;
            }
        }
        Ok(ObjectId(id))
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(out, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl Serialize for ObjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ObjectId, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What came of storing content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its name.
    pub id: ObjectId,
    /// Its uncompressed length in bytes.
    pub size: u64,
    /// Whether it was not there before.
    pub new: bool,
}

/// The objects whose ids begin with the same byte.
#[derive(Debug, Default)]
pub struct ObjectFolder {
    /// Their ids, and the lengths in bytes of their compressed files.
    pub objects: Vec<(ObjectId, u64)>,
    /// Damaged objects whose files were set aside, and the lengths in bytes of those.
    pub set_aside: Vec<(ObjectId, u64)>,
    /// Paths of anything else there, leftovers of interrupted writes included, and
    /// their lengths in bytes.
    pub others: Vec<(String, u64)>,
}

thread_local! {
    /// A compressor is a megabyte of tables; a dump stores thousands of small files.
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
}

fn compress(content: &[u8]) -> io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|slot| {
        let compressor = match slot {
            Some(compressor) => compressor,
            None => slot.insert(zstd::bulk::Compressor::new(LEVEL)?),
        };
        compressor.compress(content)
    })
}

impl Repository {
    /// Stores content and returns its id. What is there already is not written
    /// again, unless its file is plainly damaged: then it is replaced.
    ///
    /// After this the content lasts; its name does once [`Repository::flush`] or
    /// [`Repository::save_snapshot`] returned.
    pub fn put(&self, content: &[u8]) -> Result<Stored, Error> {
        let id = ObjectId::of(content);
        let size = content.len() as u64;
        let path = id.path();
        let how = match self.presence(id, size)? {
            Presence::Whole => return Ok(self.already(id, size)),
            Presence::Absent => Publish::New,
            Presence::Broken => Publish::Replace,
        };
        let compressed = compress(content).map_err(self.io("compress", &path))?;
        let mut file = self.begin_in(&id.folder())?;
        file.write_all(&compressed)
            .map_err(self.io("write", &path))?;
        self.publish(file, id, size, how)
    }

    /// Stores JSON canonically: compact, keys sorted.
    pub fn put_json(&self, value: &Value) -> Result<Stored, Error> {
        self.put(&to_json(value, "a JSON value")?)
    }

    /// Begins an object whose content comes in pieces and never is in memory whole.
    pub fn writer(&self) -> Result<ObjectWriter<'_>, Error> {
        let file = self.begin_in(OBJECTS)?;
        let encoder = zstd::stream::write::Encoder::new(file, LEVEL)
            .map_err(self.io("compress into", OBJECTS))?;
        Ok(ObjectWriter {
            repository: self,
            encoder,
            hash: Sha256::new(),
            size: 0,
        })
    }

    /// The objects whose ids begin with this byte.
    pub fn object_folder(&self, first: u8) -> Result<ObjectFolder, Error> {
        let folder = folder(first);
        let listed = match self.files.list(&folder) {
            Ok(listed) => listed,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(self.io("list", &folder)(error)),
        };
        let mut found = ObjectFolder::default();
        for entry in listed {
            let named = |suffix: &str| -> Option<ObjectId> {
                let id: ObjectId = entry.name.strip_suffix(suffix)?.parse().ok()?;
                (!entry.folder && id.folder() == folder).then_some(id)
            };
            if let Some(id) = named(".zst") {
                found.objects.push((id, entry.size));
            } else if let Some(id) = named(SET_ASIDE) {
                found.set_aside.push((id, entry.size));
            } else {
                let path = format!("{folder}/{}", entry.name);
                found.others.push((path, entry.size));
            }
        }
        Ok(found)
    }

    /// Begins a file in a folder of objects, making the folder when it is missing.
    fn begin_in(&self, folder: &str) -> Result<Box<dyn NewFile>, Error> {
        let begun = match self.files.begin(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.files
                    .create_folder(folder)
                    .map_err(self.io("create", folder))?;
                self.files.begin(folder)
            }
            begun => begun,
        };
        begun.map_err(self.io("write in", folder))
    }

    fn publish(
        &self,
        mut file: Box<dyn NewFile>,
        id: ObjectId,
        size: u64,
        how: Publish,
    ) -> Result<Stored, Error> {
        let path = id.path();
        file.sync().map_err(self.io("make durable", &path))?;
        match file.publish(&path, how) {
            Ok(()) => {}
            // Another thread or process stored the same content meanwhile.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                return Ok(self.already(id, size));
            }
            Err(error) => return Err(self.io("write", &path)(error)),
        }
        self.touch_object(id);
        Ok(Stored {
            id,
            size,
            new: true,
        })
    }

    fn already(&self, id: ObjectId, size: u64) -> Stored {
        // Whoever wrote it may have died before making its name durable.
        self.touch_object(id);
        Stored {
            id,
            size,
            new: false,
        }
    }

    /// Notes that the name of an object, and of the folders it is in, may not last.
    pub(super) fn touch_object(&self, id: ObjectId) {
        self.touch(&id.folder());
        self.touch(OBJECTS);
        self.touch("");
    }
}

/// What a look at the first bytes of an object's file tells.
pub(super) enum Presence {
    /// There is no such file.
    Absent,
    /// There is one, and nothing speaks against it.
    Whole,
    /// There is one that cannot be this object.
    Broken,
}

/// An object being written in pieces; see [`Repository::writer`].
///
/// Dropping it discards what was written.
pub struct ObjectWriter<'a> {
    repository: &'a Repository,
    encoder: zstd::stream::write::Encoder<'static, Box<dyn NewFile>>,
    hash: Sha256,
    size: u64,
}

impl ObjectWriter<'_> {
    /// Ends the object and stores it.
    pub fn finish(self) -> Result<Stored, Error> {
        let ObjectWriter {
            repository,
            encoder,
            hash,
            size,
        } = self;
        let file = encoder
            .finish()
            .map_err(repository.io("write in", OBJECTS))?;
        let id = ObjectId::from(hash);
        let how = match repository.presence(id, size)? {
            Presence::Whole => return Ok(repository.already(id, size)),
            Presence::Absent => Publish::New,
            Presence::Broken => Publish::Replace,
        };
        let folder = id.folder();
        repository
            .files
            .create_folder(&folder)
            .map_err(repository.io("create", &folder))?;
        repository.publish(file, id, size, how)
    }
}

impl Write for ObjectWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.encoder.write(bytes)?;
        let (written, _) = bytes.split_at(count.min(bytes.len()));
        self.hash.update(written);
        self.size += written.len() as u64;
        Ok(written.len())
    }

    /// Does nothing: an unfinished object is for nobody to see.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Memory;
    use std::sync::Arc;

    /// From the definition of SHA-256 (FIPS 180-4), for `abc`.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn repository() -> (Memory, Repository) {
        let files = Memory::new();
        let repository = Repository::create(Arc::new(files.clone())).unwrap();
        (files, repository)
    }

    #[test]
    fn an_id_has_one_spelling() {
        let id = ObjectId::of(b"abc");
        assert_eq!(id.to_string(), ABC);
        assert_eq!(ABC.parse(), Ok(id));
        let upper = ABC.to_uppercase();
        for text in ["", "ba78", upper.as_str(), &ABC.replace("ba", "bä")] {
            assert_eq!(text.parse::<ObjectId>(), Err(ObjectIdError), "{text}");
        }
    }

    #[test]
    fn content_is_stored_once_under_its_hash_as_plain_zstd() {
        let (files, repository) = repository();
        let first = repository.put(b"abc").unwrap();
        assert!(first.new);
        assert_eq!(first.size, 3);
        let path = format!("objects/ba/{ABC}.zst");
        let frame = files.content(&path).unwrap();
        assert_eq!(zstd::stream::decode_all(&frame[..]).unwrap(), b"abc");
        let declared = zstd::zstd_safe::get_frame_content_size(&frame).unwrap();
        assert_eq!(declared, Some(3), "the frame says its size");
        let before = files.paths();
        assert!(!repository.put(b"abc").unwrap().new);
        assert_eq!(files.paths(), before);
    }

    #[test]
    fn json_is_stored_with_sorted_keys_and_no_blanks() {
        let (_, repository) = repository();
        let value: Value = serde_json::from_str(r#"{ "b": 1, "a": [ true ] }"#).unwrap();
        let stored = repository.put_json(&value).unwrap();
        assert_eq!(
            repository.read(stored.id, 100).unwrap(),
            br#"{"a":[true],"b":1}"#
        );
    }

    #[test]
    fn pieces_make_the_same_object_as_the_whole() {
        let (files, repository) = repository();
        let content: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut writer = repository.writer().unwrap();
        for piece in content.chunks(77_777) {
            writer.write_all(piece).unwrap();
        }
        let stored = writer.finish().unwrap();
        assert!(stored.new);
        assert_eq!(stored.size, content.len() as u64);
        assert_eq!(stored.id, ObjectId::of(&content));
        assert!(!repository.put(&content).unwrap().new);
        assert_eq!(repository.read(stored.id, 4_000_000).unwrap(), content);

        let before = files.paths();
        let mut dropped = repository.writer().unwrap();
        dropped.write_all(b"not to be kept").unwrap();
        drop(dropped);
        assert_eq!(files.paths(), before);
    }

    #[test]
    fn a_plainly_damaged_file_is_replaced_by_the_next_put() {
        for broken in [&b""[..], b"(\xb5/", b"this is no zstd frame at all"] {
            let (files, repository) = repository();
            let id = repository.put(b"abc").unwrap().id;
            files.overwrite(&id.path(), broken);
            assert!(repository.put(b"abc").unwrap().new);
            assert_eq!(repository.read(id, 3).unwrap(), b"abc");

            files.overwrite(&id.path(), broken);
            let mut writer = repository.writer().unwrap();
            writer.write_all(b"abc").unwrap();
            assert!(writer.finish().unwrap().new);
            assert_eq!(repository.read(id, 3).unwrap(), b"abc");
        }
    }

    #[test]
    fn many_threads_may_store_the_same() {
        use rayon::prelude::*;
        let folder = tempfile::tempdir().unwrap();
        let files = Arc::new(crate::repo::Disk::new(folder.path()));
        let repository = Repository::create(files).unwrap();
        let stored: Vec<_> = (0..64_u32)
            .into_par_iter()
            .map(|number| repository.put(&[number as u8 % 4; 1000]).unwrap())
            .collect();
        assert_eq!(stored.iter().filter(|stored| stored.new).count(), 4);
        for stored in stored {
            assert_eq!(repository.read(stored.id, 1000).unwrap().len(), 1000);
        }
    }

    #[test]
    fn a_folder_tells_objects_from_anything_else() {
        let (files, repository) = repository();
        let id = repository.put(b"abc").unwrap().id;
        files.overwrite("objects/ba/.tmp-1", b"x");
        files.overwrite(&format!("objects/ba/cc{}.zst", &ABC[2..]), b"x");
        let found = repository.object_folder(0xba).unwrap();
        assert_eq!(found.objects.len(), 1);
        assert_eq!(found.objects[0].0, id);
        assert_eq!(found.others.len(), 2);
        assert_eq!(repository.object_folder(0).unwrap().objects, []);
    }
}

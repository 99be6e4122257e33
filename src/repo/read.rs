//! Reading objects: nothing is believed until its hash is right.
//!
//! A file may be damaged or made by an enemy, so its own word on how large it is
//! counts for nothing: content is decompressed piece by piece, counted against
//! the caller's limit, and hashed on the way.

use std::io::{self, ErrorKind, Read, Write};

use sha2::{Digest, Sha256};

use super::object::Presence;
use super::{Error, ObjectId, Repository};

/// A decoder may look back this far (8 MiB, the most that `zstd -19` asks for);
/// it bounds the memory that a frame can claim.
const WINDOW_LOG: u32 = 23;
/// How much is decompressed at once.
const PIECE: usize = 64 * 1024;
/// The longest header that a zstd frame can have (RFC 8878, section 3.1.1).
const LONGEST_HEADER: u64 = 18;

impl Repository {
    /// Reads an object of at most `limit` bytes, verified.
    ///
    /// Never allocates more than `limit` bytes for it, whatever the file says.
    pub fn read(&self, id: ObjectId, limit: u64) -> Result<Vec<u8>, Error> {
        let mut content = Vec::new();
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        self.pieces(id, limit, |piece| {
            let needed = content.len() + piece.len();
            if needed > content.capacity() {
                // Doubling as a vector does, but not past the limit.
                let target = needed.max(content.capacity() * 2).min(most);
                content.reserve_exact(target - content.len());
            }
            content.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(content)
    }

    /// Copies an object's content and returns its length in bytes.
    ///
    /// Only the last byte settles whether it is what it should be: on an error,
    /// throw away what was copied.
    pub fn copy(&self, id: ObjectId, into: &mut dyn Write) -> Result<u64, Error> {
        self.pieces(id, u64::MAX, |piece| {
            into.write_all(piece)
                .map_err(|source| Error::Sink { id, source })
        })
    }

    /// Whether an object is there. Its content is not looked at, except that an
    /// empty file, as a power cut leaves it, is none.
    pub fn has(&self, id: ObjectId) -> Result<bool, Error> {
        let path = id.path();
        let size = self.files.size(&path).map_err(self.io("look at", &path))?;
        let there = size.is_some_and(|size| size > 0);
        if there {
            // The caller may go on to name it in a snapshot.
            self.touch_object(id);
        }
        Ok(there)
    }

    /// What the first bytes of an object's file tell; `size` is the length of its content.
    pub(super) fn presence(&self, id: ObjectId, size: u64) -> Result<Presence, Error> {
        let path = id.path();
        let file = match self.files.open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Presence::Absent),
            Err(error) => return Err(self.io("open", &path)(error)),
        };
        let mut header = Vec::new();
        file.take(LONGEST_HEADER)
            .read_to_end(&mut header)
            .map_err(self.io("read", &path))?;
        Ok(match zstd::zstd_safe::get_frame_content_size(&header) {
            Ok(declared) if declared.is_none_or(|declared| declared == size) => Presence::Whole,
            _ => Presence::Broken,
        })
    }

    /// Hands out an object's content piece by piece and returns its length.
    fn pieces(
        &self,
        id: ObjectId,
        limit: u64,
        mut each: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let path = id.path();
        let file = self
            .files
            .open(&path)
            .map_err(|source| match source.kind() {
                ErrorKind::NotFound => Error::Missing {
                    place: self.files.place(&path),
                },
                _ => self.io("open", &path)(source),
            })?;
        let mut decoder = zstd::stream::read::Decoder::new(file).map_err(self.io("read", &path))?;
        decoder
            .window_log_max(WINDOW_LOG)
            .map_err(self.io("read", &path))?;
        let mut hash = Sha256::new();
        let mut size = 0;
        let mut buffer = vec![0; PIECE];
        loop {
            let count = match decoder.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if is_the_decoders(&error) => {
                    return Err(
                        self.damaged(&path, format_args!("cannot be decompressed: {error}"))
                    );
                }
                Err(error) => return Err(self.io("read", &path)(error)),
            };
            let piece = buffer.get(..count).unwrap_or_default();
            size += count as u64;
            if size > limit {
                return Err(Error::TooLarge { id, limit });
            }
            hash.update(piece);
            each(piece)?;
        }
        let found = ObjectId::from(hash);
        if found != id {
            return Err(self.damaged(&path, format_args!("its content hashes to {found}")));
        }
        Ok(size)
    }
}

/// Whether an error comes from the decoder, not from the system.
fn is_the_decoders(error: &io::Error) -> bool {
    error.raw_os_error().is_none()
        && matches!(
            error.kind(),
            ErrorKind::Other | ErrorKind::UnexpectedEof | ErrorKind::InvalidData
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Failing, Fault, Memory};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn repository() -> (Memory, Repository) {
        let files = Memory::new();
        let repository = Repository::create(Arc::new(files.clone())).unwrap();
        (files, repository)
    }

    #[test]
    fn every_kind_of_damage_is_an_error() {
        let (files, repository) = repository();
        let content: Vec<u8> = (0..20_000_u32).flat_map(u32::to_le_bytes).collect();
        let id = repository.put(&content).unwrap().id;
        let frame = files.content(&id.path()).unwrap();
        let mut flipped = frame.clone();
        flipped[frame.len() / 2] ^= 1;
        let other = zstd::bulk::compress(b"something else", 3).unwrap();
        let mut trailing = frame.clone();
        trailing.extend_from_slice(b"more");
        let mut twice = frame.clone();
        twice.extend_from_slice(&frame);
        for (what, bytes) in [
            ("empty", &b""[..]),
            ("cut", &frame[..frame.len() - 1]),
            ("cut to its header", &frame[..10]),
            ("flipped", &flipped),
            ("swapped", &other),
            ("with something behind", &trailing),
            ("doubled", &twice),
        ] {
            files.overwrite(&id.path(), bytes);
            let error = repository.read(id, 1 << 20).unwrap_err();
            assert!(matches!(error, Error::Damaged { .. }), "{what}: {error}");
            let error = repository.copy(id, &mut io::sink()).unwrap_err();
            assert!(matches!(error, Error::Damaged { .. }), "{what}: {error}");
        }
        files.remove(&id.path()).unwrap();
        let error = repository.read(id, 1 << 20).unwrap_err();
        assert!(matches!(error, Error::Missing { .. }), "{error}");
        assert!(error.is_damage());
    }

    use crate::repo::Files as _;

    #[test]
    fn the_limit_holds_against_a_bomb_and_a_lie() {
        let (files, repository) = repository();
        let bomb = vec![0; 64 << 20];
        let id = repository.put(&bomb).unwrap().id;
        assert!(files.content(&id.path()).unwrap().len() < 10_000);
        assert!(matches!(
            repository.read(id, 1 << 20),
            Err(Error::TooLarge { .. })
        ));
        assert_eq!(repository.copy(id, &mut io::sink()).unwrap(), 64 << 20);

        // A frame with one segment declares 2^40 bytes and holds none of them.
        let mut lie = vec![0x28, 0xb5, 0x2f, 0xfd, 0b1110_0000];
        lie.extend_from_slice(&(1_u64 << 40).to_le_bytes());
        lie.extend_from_slice(&[1, 0, 0]);
        files.overwrite(&id.path(), &lie);
        let error = repository.read(id, 1 << 20).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
    }

    #[test]
    fn a_window_larger_than_allowed_is_refused() {
        let (files, repository) = repository();
        let content = b"small";
        let id = repository.put(content).unwrap().id;
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
        encoder.window_log(27).unwrap();
        encoder.write_all(content).unwrap();
        files.overwrite(&id.path(), &encoder.finish().unwrap());
        assert!(matches!(
            repository.read(id, 100),
            Err(Error::Damaged { .. })
        ));
    }

    #[test]
    fn the_limit_is_the_largest_size_that_passes_and_is_all_that_is_allocated() {
        let (_, repository) = repository();
        let content = vec![7; 300_001];
        let id = repository.put(&content).unwrap().id;
        let read = repository.read(id, 300_001).unwrap();
        assert_eq!(read, content);
        assert!(read.capacity() <= 300_001);
        assert!(repository.read(id, 300_000).is_err());
    }

    #[test]
    fn trouble_with_reading_is_not_called_damage() {
        let failing = Failing::new(Arc::new(Memory::new()));
        let repository = Repository::create(Arc::new(failing.clone())).unwrap();
        let id = repository.put(b"abc").unwrap().id;
        failing.clear();
        failing.fail_at(0, Fault::Refuse(ErrorKind::PermissionDenied));
        let error = repository.read(id, 10).unwrap_err();
        assert!(error.is_denied() && !error.is_damage(), "{error}");
    }

    #[test]
    fn a_full_sink_is_not_the_repositorys_fault() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (_, repository) = repository();
        let id = repository.put(b"abc").unwrap().id;
        let error = repository.copy(id, &mut Full).unwrap_err();
        assert!(matches!(error, Error::Sink { .. }) && error.is_full());
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic_and_never_pass(bytes in proptest::collection::vec(any::<u8>(), 0..600), header in any::<bool>()) {
            let (files, repository) = repository();
            let id = repository.put(b"abc").unwrap().id;
            let mut file = if header { vec![0x28, 0xb5, 0x2f, 0xfd] } else { Vec::new() };
            file.extend_from_slice(&bytes);
            files.overwrite(&id.path(), &file);
            prop_assert!(repository.read(id, 1000).is_err());
            prop_assert!(repository.tree(id).is_err());
            repository.put(b"abc").unwrap();
        }

        #[test]
        fn what_was_put_comes_back(content in proptest::collection::vec(any::<u8>(), 0..5000)) {
            let (_, repository) = repository();
            let stored = repository.put(&content).unwrap();
            prop_assert_eq!(repository.read(stored.id, stored.size).unwrap(), content);
        }
    }
}

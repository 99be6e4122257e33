//! What this crawl has read so far, on disk as soon as it is known.
//!
//! The journal is a file of JSON lines in the repository's state directory. It serves
//! twice: the bodies of pages wait there, instead of in memory, until the tree is
//! assembled; and a run that was interrupted is continued, because the next one finds
//! in it what need not be read again. A torn last line is the mark of a kill and is
//! cut off. Every object that a record names is on disk before the record is.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Error;
use super::body::Record;
use super::options::Depth;
use crate::model::NotionId;
use crate::repo::{self, EntryKind, Log, ObjectId, Repository, State};

/// The journal's name in the state directory.
pub const NAME: &str = "crawl.jsonl";

/// The first line: what kind of run the journal belongs to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Header {
    version: u32,
    depth: Depth,
    full: bool,
}

/// The version of the journal's form; one of another version is thrown away.
const VERSION: u32 = 1;

/// Where a record is, and what is asked of it most.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Offset in bytes.
    pub offset: u64,
    /// Length in bytes.
    pub length: u32,
    /// `last_edited_time` when it was read.
    pub edited: Option<Timestamp>,
    /// When it was read.
    pub read: Timestamp,
    /// Whether its comments are missing because the token was not allowed to read any.
    pub uncommented: bool,
}

/// The journal of a running crawl.
pub struct Journal {
    log: Log,
}

impl Journal {
    /// Opens the journal of an interrupted run, or begins a new one. Returns the whole
    /// records of the interrupted run that are good enough for this one. A record whose
    /// objects are not all in `repo` any more is not.
    pub fn open(
        repo: &Repository,
        state: &State,
        depth: Depth,
        full: bool,
    ) -> Result<(Journal, HashMap<NotionId, Place>), Error> {
        let header = Header {
            version: VERSION,
            depth,
            full,
        };
        let log = state.log(NAME)?;
        let mut records = HashMap::new();
        let mut lines = Lines {
            log: &log,
            offset: 0,
            buffer: Vec::new(),
        };
        let known: Option<Header> = lines
            .next()?
            .and_then(|(_, line)| serde_json::from_slice(&line).ok());
        let fits = known.is_some_and(|known| {
            known.version == VERSION && known.depth.covers(depth) && (known.full || !full)
        });
        if !fits {
            log.truncate(0)?;
            let mut line = serde_json::to_vec(&header)?;
            line.push(b'\n');
            log.append(&line)?;
            return Ok((Journal { log }, records));
        }
        let mut end = lines.offset;
        while let Some((offset, line)) = lines.next()? {
            let Ok(record) = serde_json::from_slice::<Record>(&line) else {
                break;
            };
            let length = line.len() as u32;
            let place = Place {
                offset,
                length,
                edited: record.edited,
                read: record.read,
                uncommented: record.uncommented,
            };
            if record.is_whole() && is_stored(repo, &record)? {
                records.insert(record.id, place);
            } else {
                records.remove(&record.id);
            }
            end = lines.offset;
        }
        log.truncate(end)?;
        Ok((Journal { log }, records))
    }

    /// Writes a record down.
    pub fn append(&self, record: &Record) -> Result<Place, Error> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        let length = u32::try_from(line.len())
            .map_err(|_| Error::Inconsistent(format!("{} is too large to be noted", record.id)))?;
        let offset = self.log.append(&line)?;
        Ok(Place {
            offset,
            length,
            edited: record.edited,
            read: record.read,
            uncommented: record.uncommented,
        })
    }

    /// Reads a record back.
    pub fn read(&self, place: Place) -> Result<Record, Error> {
        let line = self.log.read_at(place.offset, place.length)?;
        serde_json::from_slice(&line).map_err(|error| {
            Error::Inconsistent(format!("the crawl's journal is damaged: {error}"))
        })
    }
}

/// The lines of a log, read a piece at a time: a journal may be larger than memory.
struct Lines<'l> {
    log: &'l Log,
    /// Where the next line begins.
    offset: u64,
    /// What has been read from there on.
    buffer: Vec<u8>,
}

impl Lines<'_> {
    /// Bytes read at once.
    const PIECE: u64 = 1 << 20;

    /// The next line that has an end, its offset first; `None` at the end, where the
    /// last line is torn, and where there is no end within [`LONGEST_LINE`].
    fn next(&mut self) -> Result<Option<(u64, Vec<u8>)>, Error> {
        let mut searched = 0;
        loop {
            if let Some(end) = self.buffer[searched..]
                .iter()
                .position(|&byte| byte == b'\n')
            {
                let rest = self.buffer.split_off(searched + end + 1);
                let line = std::mem::replace(&mut self.buffer, rest);
                let offset = self.offset;
                self.offset += line.len() as u64;
                return Ok(Some((offset, line)));
            }
            searched = self.buffer.len();
            if searched as u64 >= LONGEST_LINE {
                return Ok(None);
            }
            let from = self.offset + searched as u64;
            let length = Self::PIECE.min(self.log.len().saturating_sub(from));
            if length == 0 {
                return Ok(None);
            }
            self.buffer.extend(self.log.read_at(from, length as u32)?);
        }
    }
}

fn is_stored(repo: &Repository, record: &Record) -> Result<bool, Error> {
    for directory in &record.body.directories {
        for file in &directory.files {
            if !repo.has(file.id)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// What a look at the journal of an interrupted crawl tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JournalLook {
    /// Pages and databases that it holds.
    pub records: u64,
    /// Lines that make no sense, a torn last one left out.
    pub damaged: u64,
}

/// The longest line that is looked at, in bytes; a page of a hundred thousand blocks
/// takes a tenth.
const LONGEST_LINE: u64 = 256 << 20;

/// As much of a record as is needed to see which objects it names, so that a record of
/// a newer program says it too.
#[derive(Deserialize)]
struct Named {
    body: NamedBody,
}

#[derive(Deserialize)]
struct NamedBody {
    directories: Vec<NamedDirectory>,
}

#[derive(Deserialize)]
struct NamedDirectory {
    f: Vec<NamedFile>,
}

#[derive(Deserialize)]
struct NamedFile {
    id: ObjectId,
    kind: EntryKind,
}

/// Calls `each` with all objects that the journal in a group of state names: a crawl
/// that is continued takes them for granted. `None` when there is no journal. The group
/// is not held, so somebody may be writing.
///
/// Fails when the journal cannot be read, or is of a form that this program does not
/// know, because then nobody knows what it names.
pub fn journal_objects(
    repo: &Repository,
    group: &str,
    each: &mut dyn FnMut(ObjectId, EntryKind),
) -> Result<Option<JournalLook>, repo::Error> {
    let Some(file) = repo.read_state(group, NAME)? else {
        return Ok(None);
    };
    let place = || repo.place(&format!("state/{group}/{NAME}"));
    let mut reader = BufReader::new(file);
    let mut look = JournalLook::default();
    let mut line = Vec::new();
    let mut first = true;
    loop {
        line.clear();
        let read = reader
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line);
        let count = read.map_err(|source| repo::Error::Io {
            action: "read",
            place: place(),
            source,
        })?;
        if count as u64 == LONGEST_LINE {
            return Err(repo::Error::Damaged {
                place: place(),
                reason: format!("a line is longer than {LONGEST_LINE} bytes"),
            });
        }
        if line.last() != Some(&b'\n') {
            // The end, or the mark of a kill.
            return Ok(Some(look));
        }
        if std::mem::take(&mut first) {
            match serde_json::from_slice::<Form>(&line) {
                Ok(form) if form.version > VERSION => {
                    return Err(repo::Error::Newer {
                        place: place(),
                        needs: format!("version {} of a crawl's journal", form.version),
                    });
                }
                Ok(_) => {}
                Err(_) => look.damaged += 1,
            }
            continue;
        }
        match serde_json::from_slice::<Named>(&line) {
            Ok(named) => {
                look.records += 1;
                for file in named.body.directories.iter().flat_map(|it| &it.f) {
                    each(file.id, file.kind);
                }
            }
            Err(_) => look.damaged += 1,
        }
    }
}

/// What every version of the journal begins with.
#[derive(Deserialize)]
struct Form {
    version: u32,
}

/// Removes the journal of a finished crawl, once its snapshot is saved.
pub fn forget_journal(state: &State) -> Result<(), crate::repo::Error> {
    state.remove(NAME)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crawl::Comments;
    use crate::model::Kind;
    use crate::repo::Memory;
    use std::sync::Arc;

    fn depth() -> Depth {
        Depth {
            comments: Comments::Pages,
            files: true,
            max_file_size: None,
        }
    }

    fn record(repo: &Repository, number: u128) -> (Record, ObjectId) {
        let mut record = Record::new(
            NotionId::from_bits(number),
            Kind::Page,
            Timestamp::UNIX_EPOCH,
        );
        let stored = repo.put(&number.to_be_bytes()).unwrap();
        record.body.file(0, "page.json", stored, None);
        (record, stored.id)
    }

    fn named(repo: &Repository) -> (Option<JournalLook>, Vec<ObjectId>) {
        let mut ids = Vec::new();
        let look = journal_objects(repo, "g", &mut |id, _| ids.push(id)).unwrap();
        (look, ids)
    }

    /// A repository, and a journal with three records in it.
    fn journal() -> (Memory, Repository, Vec<ObjectId>) {
        let files = Memory::new();
        let repo = Repository::create(Arc::new(files.clone())).unwrap();
        assert_eq!(named(&repo), (None, vec![]));
        let state = repo.state("g", "dump", Timestamp::UNIX_EPOCH).unwrap();
        let (journal, _) = Journal::open(&repo, &state, depth(), false).unwrap();
        let mut ids = Vec::new();
        for number in 1..=3 {
            let (record, id) = record(&repo, number);
            journal.append(&record).unwrap();
            ids.push(id);
        }
        (files, repo, ids)
    }

    const PATH: &str = "state/g/crawl.jsonl";

    #[test]
    fn what_a_journal_names_can_be_asked_while_it_is_written() {
        let (files, repo, ids) = journal();
        let look = |records, damaged| Some(JournalLook { records, damaged });
        assert_eq!(named(&repo), (look(3, 0), ids.clone()));
        let whole = files.content(PATH).unwrap();
        files.overwrite(PATH, &whole[..whole.len() - 5]);
        assert_eq!(named(&repo), (look(2, 0), ids[..2].to_vec()), "torn");
        let text = String::from_utf8(whole).unwrap();
        files.overwrite(PATH, text.replacen("\"body\"", "\"bodies", 1).as_bytes());
        assert_eq!(named(&repo), (look(2, 1), ids[1..].to_vec()), "damaged");
        files.overwrite(PATH, b"");
        assert_eq!(named(&repo), (look(0, 0), vec![]));
        files.overwrite(
            PATH,
            text.replacen("\"version\":1", "\"version\":2", 1)
                .as_bytes(),
        );
        let error = journal_objects(&repo, "g", &mut |_, _| {}).unwrap_err();
        assert!(matches!(error, repo::Error::Newer { .. }), "{error}");
    }

    #[test]
    fn a_record_whose_objects_are_gone_is_not_continued() {
        let (files, repo, ids) = journal();
        let id = ids[1].to_string();
        use crate::repo::Files as _;
        files
            .remove(&format!("objects/{}/{id}.zst", &id[..2]))
            .unwrap();
        let state = repo.state("g", "dump", Timestamp::UNIX_EPOCH).unwrap();
        let (_, records) = Journal::open(&repo, &state, depth(), false).unwrap();
        let mut left: Vec<u128> = records.keys().map(|id| id.bits()).collect();
        left.sort_unstable();
        assert_eq!(left, [1, 3]);
    }
}

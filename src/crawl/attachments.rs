//! Downloading what Notion hosts, while its URLs are fresh.
//!
//! A signed URL lives an hour (section 3.7 of the API digest), so files are fetched
//! right after the answer that held them; where that hour is over, or Notion refuses
//! the URL, the object is asked for again. Bytes go straight into the repository under
//! their hash. A file that the previous snapshot has at the same place under the same
//! unsigned URL is not fetched again, unless its page is read again because it is its turn.
//!
//! What cannot be the file, such as an HTML page in place of a picture, is not stored, and
//! what an earlier version has stored of that sort is not taken over.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Error;
use super::body::Record;
use super::context::Crawl;
use super::failed::{Failed, KEPT, reason};
use super::ledger::{Line, Status};
use super::promised::{HEAD, Promised};
use crate::model::{HostedFile, Kind, NotionId, hosted_files, without_signature};
use crate::notion;
use crate::repo::{self, ObjectId, ObjectWriter, Repository, Stored};
use crate::report::Counter;

/// Why there are no bytes where an earlier snapshot has some that are not to be used.
const NOT_KEPT: &str = "the earlier snapshot does not have the file itself";

/// How often the URL of one file is asked for again before the file counts as lost.
const RENEWALS: u32 = 3;

/// A URL with less time left than this is asked for again first.
const FRESH: SignedDuration = SignedDuration::from_secs(30);

/// How often a file that changes while it is read is begun anew.
const CHANGES: u32 = 3;

/// How often something else than the file may come before the file counts as lost, and
/// how long to wait before it is asked for again.
const WRONG: u32 = 3;
const WRONG_WAIT: Duration = Duration::from_secs(2);

/// Files that may fail one after the other before the rest is not asked for any more: by
/// then it is not the files that are broken. Each has been retried on its own before.
const OUTAGE: u32 = 25;

/// One row of `files.json`: a file, where it hangs, and where its bytes are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileRow {
    /// `<id>#<JSON pointer>`: the object that holds the file, and where in it.
    pub place: String,
    /// The URL without its signature: it leads nowhere, but tells files apart.
    pub url: String,
    /// The original name. Untrusted text.
    pub name: String,
    /// The type that the file host gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The content's hash, which is also the object's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<ObjectId>,
    /// The file with the bytes, in the same directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Why there are no bytes: the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Why there are no bytes: the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl FileRow {
    /// The row of a file of which the bytes are not there, or are not its own.
    fn without_bytes(self) -> FileRow {
        FileRow {
            content_type: None,
            size: None,
            sha256: None,
            file: None,
            status: Some(self.status.unwrap_or(Status::Failed)),
            reason: Some(self.reason.unwrap_or_else(|| NOT_KEPT.to_owned())),
            ..self
        }
    }
}

/// The rows of `files.json`, and the names and contents of the files beside it.
pub type Rows = (Vec<FileRow>, Vec<(String, Stored)>);

/// How the object that holds a file is asked for again.
pub type Again<'a> = &'a dyn Fn() -> Result<Value, notion::Error>;

/// The attachments of one page or database.
pub struct Attachments<'c> {
    crawl: &'c Crawl<'c>,
    owner: NotionId,
    rows: Vec<FileRow>,
    /// The rows of the previous snapshot by place, read when first needed.
    previous: Option<HashMap<String, FileRow>>,
}

impl<'c> Attachments<'c> {
    /// No attachments of `owner` yet.
    pub fn new(crawl: &'c Crawl<'c>, owner: NotionId) -> Attachments<'c> {
        Attachments {
            crawl,
            owner,
            rows: Vec::new(),
            previous: None,
        }
    }

    /// With the rows of an earlier reading to compare with.
    pub fn with_previous(mut self, rows: Vec<FileRow>) -> Attachments<'c> {
        self.previous = Some(
            rows.into_iter()
                .map(|row| (row.place.clone(), row))
                .collect(),
        );
        self
    }

    /// Takes in every hosted file of `object`, whose id is `holder`.
    pub fn take(
        &mut self,
        record: &mut Record,
        holder: NotionId,
        object: &Value,
        again: Again,
    ) -> Result<(), Failed> {
        for file in hosted_files(object) {
            let place = format!("{holder}#{}", file.pointer);
            let mut row = FileRow {
                url: without_signature(&file.url).to_string(),
                name: file.name.clone(),
                content_type: None,
                size: None,
                sha256: None,
                file: None,
                status: None,
                reason: None,
                place,
            };
            match self.obtain(&mut row, &file, again) {
                Ok(()) => {}
                Err(Lost::Fatal(failed)) => return Err(failed),
                Err(Lost::File(status, mut reason)) => {
                    let known = self.known(&row)?.filter(|_| status == Status::Failed);
                    if let Some(known) = known {
                        row = known;
                        reason.push_str(KEPT);
                    } else {
                        row.status = Some(status);
                        row.reason = Some(reason.clone());
                    }
                    let line = Line::new(holder, Kind::File, status, reason);
                    record.line(line.at(file.pointer.clone()));
                }
            }
            self.rows.push(row);
        }
        Ok(())
    }

    fn obtain(&mut self, row: &mut FileRow, file: &HostedFile, again: Again) -> Result<(), Lost> {
        let crawl = self.crawl;
        if !crawl.options.files {
            return Err(Lost::File(
                Status::Excluded,
                "files were not asked for".to_string(),
            ));
        }
        let anew = crawl.options.full || crawl.due.contains(&self.owner);
        if !anew && let Some(known) = self.known(row)? {
            *row = known;
            return Ok(());
        }
        if crawl.files_failed.load(Ordering::SeqCst) >= OUTAGE {
            let reason = format!("the file host failed {OUTAGE} times in a row");
            return Err(Lost::File(Status::Failed, reason));
        }
        let (stored, content_type) = fetch(crawl, file, again)?;
        row.content_type = content_type;
        row.size = Some(stored.size);
        row.sha256 = Some(stored.id);
        row.file = Some(file_name(stored.id));
        Ok(())
    }

    /// The file as the previous snapshot has it: the same one, at the same place.
    fn known(&mut self, row: &FileRow) -> Result<Option<FileRow>, Error> {
        let repo = self.crawl.repo;
        let known = self.previous()?.get(&row.place);
        let Some(known) = known.filter(|known| known.url == row.url) else {
            return Ok(None);
        };
        match known.sha256 {
            Some(id) if repo.has(id)? && is_sound(repo, known, id)? => Ok(Some(FileRow {
                name: row.name.clone(),
                file: Some(file_name(id)),
                ..known.clone()
            })),
            _ => Ok(None),
        }
    }

    /// Takes over what the previous snapshot has for `holder`, which could not be read.
    pub fn keep(&mut self, holder: NotionId) -> Result<(), Error> {
        let within = format!("{holder}#");
        let mut kept = Vec::new();
        for row in self.previous()?.values() {
            if row.place.starts_with(&within) {
                kept.push(row.clone());
            }
        }
        for row in kept {
            let known = self.known(&row)?;
            self.rows.push(known.unwrap_or_else(|| row.without_bytes()));
        }
        Ok(())
    }

    fn previous(&mut self) -> Result<&HashMap<String, FileRow>, Error> {
        let previous = match self.previous.take() {
            Some(previous) => previous,
            None => {
                let crawl = self.crawl;
                let file = crawl.base.sidecar(crawl.repo, self.owner, "files.json")?;
                let rows: Vec<FileRow> = file
                    .and_then(|rows| serde_json::from_value(rows).ok())
                    .unwrap_or_default();
                rows.into_iter()
                    .map(|row| (row.place.clone(), row))
                    .collect()
            }
        };
        Ok(self.previous.insert(previous))
    }

    /// The rows, and the entries of the files with the bytes.
    pub fn into_rows(mut self) -> Rows {
        self.rows.sort_by(|a, b| a.place.cmp(&b.place));
        self.rows.dedup_by(|a, b| a.place == b.place);
        let bytes = self.rows.iter().filter_map(|row| {
            let stored = Stored {
                id: row.sha256?,
                size: row.size?,
                new: false,
            };
            Some((row.file.clone()?, stored))
        });
        let bytes = bytes.collect();
        (self.rows, bytes)
    }

    /// Puts `files.json` and the bytes into the owner's directory.
    pub fn finish(self, record: &mut Record) -> Result<(), Error> {
        let repo = self.crawl.repo;
        let (rows, bytes) = self.into_rows();
        if rows.is_empty() {
            return Ok(());
        }
        let stored = repo.put_json(&serde_json::to_value(rows)?)?;
        record.body.file(0, "files.json", stored, None);
        for (name, stored) in bytes {
            record.body.file(0, &name, stored, None);
        }
        Ok(())
    }
}

/// What the file with the bytes is called: always by its content, never as anybody says.
fn file_name(id: ObjectId) -> String {
    format!("{id}.bin")
}

/// Why a file's bytes are not there.
enum Lost {
    File(Status, String),
    Fatal(Failed),
}

impl From<Error> for Lost {
    fn from(error: Error) -> Lost {
        Lost::Fatal(Failed::Fatal(error))
    }
}

impl From<notion::Error> for Lost {
    fn from(error: notion::Error) -> Lost {
        match Failed::from(error) {
            Failed::Fatal(error) => Lost::Fatal(Failed::Fatal(error)),
            failed => {
                let reason = failed.told().map_or("", |(_, reason)| reason);
                Lost::File(Status::Failed, reason.to_string())
            }
        }
    }
}

fn fetch(crawl: &Crawl, file: &HostedFile, again: Again) -> Result<(Stored, Option<String>), Lost> {
    let renew = || -> Result<String, Lost> {
        let object = again()?;
        let url = object
            .pointer(&file.pointer)
            .and_then(|file| file.get("url")?.as_str());
        let gone = || Lost::File(Status::Failed, "it is no longer where it was".to_string());
        url.map(str::to_string).ok_or_else(gone)
    };
    let now = crawl.api.now();
    let stale = |expires: Timestamp| expires.duration_since(now) < FRESH;
    let mut url = file.url.clone();
    let mut renewals = 0;
    if file.expires.is_some_and(stale) {
        url = renew()?;
        renewals += 1;
    }
    let promised = Promised::of_file(file);
    let (mut changes, mut wrong) = (0, 0);
    loop {
        let writer = crawl.repo.writer().map_err(Error::from)?;
        let left = crawl.options.max_file_size;
        let mut limited = Limited {
            writer,
            head: Vec::new(),
            left,
            exceeded: false,
            failed: None,
        };
        let downloaded = crawl.api.download(&url, &mut limited);
        let unlike = match &downloaded {
            Ok(download) => promised.broken_by(download.content_type.as_deref(), &limited.head),
            Err(error) if error.kind == notion::Kind::Malformed => Some(reason(error)),
            Err(_) => None,
        };
        if let Some(reason) = unlike {
            wrong += 1;
            if wrong > WRONG {
                crawl.files_failed.fetch_add(1, Ordering::SeqCst);
                return Err(Lost::File(Status::Failed, reason));
            }
            crawl.api.pause(WRONG_WAIT * wrong, &reason);
            url = renew()?;
            continue;
        }
        match downloaded {
            Ok(download) => {
                crawl.files_failed.store(0, Ordering::SeqCst);
                let stored = limited.writer.finish().map_err(Error::from)?;
                crawl.report.add(Counter::Files, 1);
                crawl.report.add(Counter::FileBytes, stored.size);
                return Ok((stored, download.content_type));
            }
            Err(_) if limited.exceeded => {
                let limit = crawl.options.max_file_size.unwrap_or_default();
                let reason = format!("larger than the limit of {limit} bytes");
                return Err(Lost::File(Status::Excluded, reason));
            }
            Err(error) if error.kind == notion::Kind::Local => {
                // The repository's trouble, for instance a full disk, not the network's.
                let Some(source) = limited.failed else {
                    return Err(error.into());
                };
                let (action, place) = ("write in", crawl.repo.place("objects"));
                let error = repo::Error::Io {
                    action,
                    place,
                    source,
                };
                return Err(Error::from(error).into());
            }
            Err(error) if error.kind == notion::Kind::Expired && renewals < RENEWALS => {
                renewals += 1;
                url = renew()?;
            }
            Err(error) if error.kind == notion::Kind::Conflict && changes < CHANGES => changes += 1,
            Err(error) => {
                if matches!(error.kind, notion::Kind::Server | notion::Kind::Transport) {
                    crawl.files_failed.fetch_add(1, Ordering::SeqCst);
                }
                return Err(error.into());
            }
        }
    }
}

/// Whether what the repository holds as a file can be that file.
fn is_sound(repo: &Repository, row: &FileRow, id: ObjectId) -> Result<bool, Error> {
    let pointer = row.place.split_once('#').map_or("", |(_, pointer)| pointer);
    let promised = Promised::of(pointer, &row.url, &row.name);
    let mut head = Head(Vec::new());
    match repo.copy(id, &mut head) {
        Ok(_) | Err(repo::Error::Sink { .. }) => {}
        Err(error) if error.is_damage() => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    let why = promised.broken_by(row.content_type.as_deref(), &head.0);
    if let Some(why) = &why {
        log::warn!("{} is fetched again: {why}", row.place);
    }
    Ok(why.is_none())
}

/// Takes the first bytes and no more.
struct Head(Vec<u8>);

impl Write for Head {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match HEAD - self.0.len() {
            0 => Err(io::Error::other("these are enough")),
            left => {
                let taken = left.min(bytes.len());
                self.0.extend_from_slice(&bytes[..taken]);
                Ok(taken)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps the first bytes, and refuses the byte that goes past the limit.
struct Limited<'r> {
    writer: ObjectWriter<'r>,
    /// The first [`HEAD`] bytes.
    head: Vec<u8>,
    left: Option<u64>,
    exceeded: bool,
    /// Why the writer refused.
    failed: Option<io::Error>,
}

impl Write for Limited<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(left) = self.left
            && (bytes.len() as u64) > left
        {
            self.exceeded = true;
            return Err(io::Error::other("the file is larger than the limit"));
        }
        let written = self.writer.write(bytes).inspect_err(|error| {
            // The error itself goes to the one who downloads, who has no use for it.
            let code = error.raw_os_error().map(io::Error::from_raw_os_error);
            self.failed = Some(code.unwrap_or_else(|| error.kind().into()));
        })?;
        self.left = self.left.map(|left| left - written as u64);
        let wanted = (HEAD - self.head.len()).min(written);
        self.head.extend_from_slice(&bytes[..wanted]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

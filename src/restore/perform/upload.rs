//! Uploading an attachment, part by part (section 7.7 of the API digest).
//!
//! An upload that was begun goes on at the part that is missing, as long as Notion keeps
//! it. One whose creation has lost its answer is simply made again: an upload that nobody
//! attaches expires by itself.

use std::io::Read;

use serde_json::{Value, json};

use super::super::checkpoint::{Checkpoint, Checkpoints};
use super::super::step::{Bytes, Call, Step};
use super::amend::Draft;
use super::failure::is_refusal;
use super::{Done, Failure, Performer, UNKNOWN, is_unknown};
use crate::model::{NotionId, id_of};
use crate::notion::{Error, FilePart, Method, Request};

/// The size of a part, recommended (section 7.7 of the API digest); the least is 5 MB.
const PART: u64 = 10_000_000;
/// The most parts (section 7.7 of the API digest).
const PARTS: u64 = 1000;

impl Performer<'_> {
    /// Uploads a file of the original. The answer is the upload object, to be attached
    /// within the hour. The file is read part by part: at most 20 MB are in memory. What an
    /// earlier try has begun goes on; `so_far` is told what this one begins.
    pub fn upload(
        &self,
        step: &Step,
        bytes: &Bytes,
        so_far: &mut Checkpoints<'_>,
    ) -> Result<Done, Failure> {
        let (part, count) = parts(bytes.size).ok_or_else(|| {
            let why = format!("{} bytes are more than an upload takes", bytes.size);
            Failure::step("file", why)
        })?;
        let mut file = self.files.open(&bytes.path).map_err(|why| {
            Failure::step("file", format!("{} cannot be read: {why}", bytes.path))
        })?;
        let mut body = json!({
            "mode": if count == 1 { "single_part" } else { "multi_part" },
            "filename": bytes.name,
            "content_type": bytes.content_type,
        });
        if count > 1 {
            body["number_of_parts"] = count.into();
        }
        let (id, there) = match self.begun(so_far, count)? {
            Some(begun) => begun,
            None => {
                let id = self.create(step, body)?;
                so_far.add(Checkpoint {
                    ids: vec![Some(id)],
                    ..Checkpoint::default()
                });
                (id, There::Parts(0))
            }
        };
        let mut left = bytes.size;
        let mut last = None;
        for number in 1..=count {
            let content = read_part(&mut file, part.min(left), bytes)?;
            left -= content.len() as u64;
            if there >= There::Parts(number) {
                continue;
            }
            let sent = FilePart {
                number: (count > 1).then_some(number),
                name: bytes.name.clone(),
                content_type: bytes.content_type.clone(),
                bytes: content,
            };
            match self.notion.send_file(id, sent) {
                Ok(answer) => last = Some(answer),
                // The first of two tries went, and its answer was lost.
                Err(error) if count > 1 || !is_refusal(&error) || !self.is_uploaded(id)? => {
                    return Err(failed(error));
                }
                Err(_) => last = None,
            }
        }
        let mut end = [0];
        match file.read(&mut end) {
            Ok(0) => {}
            Ok(_) => return Err(other_size(bytes, "more")),
            Err(error) => return Err(Failure::step("file", format!("{}: {error}", bytes.path))),
        }
        if count > 1 && there != There::All {
            self.finish(id)?;
        }
        // A file in one part is there when the answer to sending it says so.
        let told = last.filter(|answer| count == 1 && answer["status"] == "uploaded");
        let answer = match told {
            Some(answer) => answer,
            None => self.notion.file_upload(id).map_err(Failure::of)?,
        };
        match answer["status"].as_str() {
            Some("uploaded") => Ok(Done {
                answer,
                losses: Vec::new(),
                adopted: false,
                short: false,
            }),
            status => {
                let why = format!(
                    "Notion says that the upload is {}",
                    status.unwrap_or("nothing")
                );
                Err(Failure::step("file", why))
            }
        }
    }

    /// The upload that an earlier try has begun, and how much of it Notion has; `None` if
    /// there is none, or none that Notion still takes parts of or attaches.
    fn begun(
        &self,
        so_far: &Checkpoints<'_>,
        count: u32,
    ) -> Result<Option<(NotionId, There)>, Failure> {
        let Some(id) = so_far.object() else {
            return Ok(None);
        };
        let upload = match self.notion.file_upload(id) {
            Ok(upload) => upload,
            Err(error) if is_refusal(&error) => return Ok(None),
            Err(error) => return Err(Failure::of(error)),
        };
        let there = match upload["status"].as_str() {
            Some("uploaded") => There::All,
            Some("pending") => {
                // Parts are sent one after the other, so these are the first ones.
                let sent = upload["number_of_parts"]["sent"].as_u64().unwrap_or(0);
                There::Parts(u32::try_from(sent).unwrap_or(0).min(count))
            }
            _ => return Ok(None),
        };
        Ok(Some((id, there)))
    }

    fn create(&self, step: &Step, body: Value) -> Result<NotionId, Failure> {
        let call = Call {
            method: Method::Post,
            path: "/v1/file_uploads".into(),
            body: body.clone(),
        };
        for _ in 0..UNKNOWN {
            let mut draft = Draft::new(step.about, body.clone());
            match self.settle(&call, &mut draft, self.notion.now(), false) {
                // A second upload does no harm: the first one expires.
                Err(Failure::Later(error)) if error.is_unknown() => {
                    if let Some(id) = error.committed.and_then(|it| it.resource) {
                        return Ok(id);
                    }
                }
                Err(Failure::Step { why, .. }) => return Err(Failure::step("file", why)),
                Err(failure) => return Err(failure),
                Ok((answer, _)) => return id_of(&answer).ok_or_else(no_id),
            }
        }
        let error = Error::new(
            crate::notion::Kind::Server,
            "POST /v1/file_uploads",
            "no answer to the creation of an upload",
        );
        Err(Failure::Later(Box::new(error)))
    }

    /// Joins the parts.
    fn finish(&self, id: NotionId) -> Result<(), Failure> {
        let request = Request::post(format!("/v1/file_uploads/{id}/complete"), json!({}));
        let mut tries = 0;
        loop {
            let error = match self.notion.write(&request) {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            if !is_unknown(&error) && !is_refusal(&error) {
                return Err(Failure::of(error));
            }
            if self.is_uploaded(id)? {
                return Ok(());
            }
            tries += 1;
            if is_refusal(&error) || tries >= UNKNOWN {
                return Err(failed(error));
            }
        }
    }

    fn is_uploaded(&self, id: NotionId) -> Result<bool, Failure> {
        let upload = self.notion.file_upload(id).map_err(Failure::of)?;
        Ok(upload["status"] == "uploaded")
    }
}

/// How much of an upload Notion has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum There {
    /// So many parts, the first ones.
    Parts(u32),
    /// All parts, joined.
    All,
}

fn no_id() -> Failure {
    Failure::step("file", "the answer names no upload")
}

fn failed(error: Error) -> Failure {
    match is_refusal(&error) {
        true => Failure::step("file", error.to_string()),
        false => Failure::of(error),
    }
}

/// The size of the parts of a file and their number; `None` for one that is too large.
fn parts(size: u64) -> Option<(u64, u32)> {
    let limit = FilePart::LIMIT as u64;
    if size <= limit {
        return Some((limit, 1));
    }
    let part = PART.max(size.div_ceil(PARTS));
    let count = u32::try_from(size.div_ceil(part)).ok()?;
    (part <= limit).then_some((part, count))
}

/// The next `length` bytes of a file.
fn read_part(file: &mut dyn Read, length: u64, bytes: &Bytes) -> Result<Vec<u8>, Failure> {
    let mut content = Vec::new();
    let read = file.take(length).read_to_end(&mut content);
    read.map_err(|error| Failure::step("file", format!("{}: {error}", bytes.path)))?;
    if (content.len() as u64) < length {
        return Err(other_size(bytes, "fewer"));
    }
    Ok(content)
}

fn other_size(bytes: &Bytes, how: &str) -> Failure {
    let why = format!(
        "{} has {how} bytes than the {} that it had",
        bytes.path, bytes.size
    );
    Failure::step("file", why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_keep_the_limits() {
        assert_eq!(parts(0), Some((20_000_000, 1)));
        assert_eq!(parts(20_000_000), Some((20_000_000, 1)));
        assert_eq!(parts(20_000_001), Some((10_000_000, 3)));
        assert_eq!(parts(10_000_000_000), Some((10_000_000, 1000)));
        assert_eq!(parts(10_000_000_001), Some((10_000_001, 1000)));
        assert_eq!(parts(20_000_000_000), Some((20_000_000, 1000)));
        assert_eq!(parts(20_000_000_001), None);
    }
}

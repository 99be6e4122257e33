//! File uploads (section 7.7): create, send, complete, attach within the hour.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::workspace::model::Id;
use super::super::workspace::{MINUTE, Workspace};
use super::http::Incoming;
use super::paging::list;
use super::reading::{id, in_query};
use super::refusal::Refusal;
use super::render::minute_time;
use super::state::Call;

/// How long an upload waits to be attached.
const LIFETIME: i64 = 60 * MINUTE;
/// 20 MB: the most of a single part.
const SINGLE: usize = 20 * 1024 * 1024;
/// 5 MB: the least of every part but the last.
const PART: usize = 5 * 1024 * 1024;

/// The type that says nothing; uploads of it are refused (section 10.1).
const UNTYPED: &str = "application/octet-stream";

/// Extensions that an upload may have.
const ACCEPTED: &str = "aac adts mid midi mp3 mpga m4a m4b mp4 oga ogg wav wma pdf txt json doc \
    dot docx dotx xls xlt xla xlsx xltx ppt pot pps ppa pptx potx gif heic jpeg jpg png svg tif \
    tiff webp ico amv asf wmv avi f4v flv gifv m4v mkv webm mov qt mpeg";

/// Where an upload is attached; its type must fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Image,
    Video,
    Audio,
    Pdf,
    Any,
}

#[derive(Clone, Debug)]
struct Upload {
    created: i64,
    mode: String,
    file_name: String,
    content_type: String,
    parts: BTreeMap<u32, Vec<u8>>,
    expected: u32,
    uploaded: bool,
    /// The stored file, once attached for the first time.
    asset: Option<String>,
}

/// What this bot has uploaded.
#[derive(Clone, Debug, Default)]
pub struct Uploads {
    all: BTreeMap<Id, Upload>,
}

fn status(upload: &Upload, now: i64) -> &'static str {
    match upload {
        Upload { asset: Some(_), .. } => "uploaded",
        Upload { created, .. } if now >= created + LIFETIME => "expired",
        Upload { uploaded: true, .. } => "uploaded",
        _ => "pending",
    }
}

fn show(ws: &Workspace, id: Id, upload: &Upload) -> Value {
    let status = status(upload, ws.now);
    let size: usize = upload.parts.values().map(Vec::len).sum();
    let mut object = json!({
        "object": "file_upload", "id": id, "status": status,
        "created_time": minute_time(upload.created), "last_edited_time": minute_time(upload.created),
        "created_by": {"id": ws.bot, "type": "bot"}, "in_trash": false,
        "expiry_time": upload.asset.is_none().then(|| minute_time(upload.created + LIFETIME)),
        "filename": upload.file_name, "content_type": upload.content_type,
        "content_length": upload.uploaded.then_some(size),
    });
    if status == "pending" {
        object["upload_url"] = json!(format!("https://api.notion.com/v1/file_uploads/{id}/send"));
    }
    if upload.mode == "multi_part" {
        let sent = upload.parts.len();
        object["number_of_parts"] = json!({"total": upload.expected, "sent": sent});
        object["complete_url"] = json!(format!(
            "https://api.notion.com/v1/file_uploads/{id}/complete"
        ));
    }
    object
}

/// `GET /file_uploads` and `GET /file_uploads/{id}`.
pub fn read(call: &Call, segments: &[&str]) -> Result<Value, Refusal> {
    let uploads = super::state::lock(&call.shared.uploads);
    match segments {
        [] => {
            let wanted = call.request.query("status");
            let all: Vec<Value> = uploads
                .all
                .iter()
                .filter(|(_, upload)| wanted.is_none_or(|it| it == status(upload, call.ws.now)))
                .map(|(id, upload)| show(call.ws, *id, upload))
                .collect();
            let asked = in_query(call)?;
            let page = call.cutter().cut("file_uploads", all.len(), &asked)?;
            Ok(list("file_upload", all[page.from..page.to].to_vec(), &page))
        }
        [upload] => {
            let id = id(upload, "file_upload_id")?;
            let upload = uploads.all.get(&id);
            let upload = upload.ok_or_else(|| Refusal::not_found("file upload", id))?;
            Ok(show(call.ws, id, upload))
        }
        _ => Err(Refusal::url()),
    }
}

/// `POST /file_uploads`, `.../{id}/send` and `.../{id}/complete`.
pub fn write(
    uploads: &mut Uploads,
    ws: &mut Workspace,
    request: &Incoming,
    segments: &[&str],
    body: &Map<String, Value>,
) -> Result<Value, Refusal> {
    match (request.method.as_str(), segments) {
        ("POST", []) => uploads.create(ws, body),
        ("POST", [upload, "send"]) => {
            let id = id(upload, "file_upload_id")?;
            let (part, content, content_type) = multipart(request)?;
            uploads.send(ws, id, part, content, content_type)
        }
        ("POST", [upload, "complete"]) => {
            let id = id(upload, "file_upload_id")?;
            uploads.complete(ws, id)
        }
        _ => Err(Refusal::url()),
    }
}

impl Uploads {
    fn create(&mut self, ws: &mut Workspace, body: &Map<String, Value>) -> Result<Value, Refusal> {
        let text = |key: &str| body.get(key).and_then(Value::as_str);
        let mode = text("mode").unwrap_or("single_part");
        if !matches!(mode, "single_part" | "multi_part") {
            return Err(Refusal::body("mode", "is not built in this server"));
        }
        let file_name = text("filename").unwrap_or("upload.txt");
        if file_name.len() > 900 {
            return Err(Refusal::body("filename", "should be ≤ `900` bytes"));
        }
        let extension = file_name
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension);
        let extension = extension.to_ascii_lowercase();
        if !ACCEPTED.split_whitespace().any(|it| it == extension) {
            let message =
                format!("File extension .{extension} is not supported for the Notion API.");
            return Err(Refusal::validation(message));
        }
        let content_type = text("content_type").map_or_else(|| guess(&extension), str::to_string);
        if content_type == UNTYPED {
            let rule = format!("should be a supported type, instead was `\"{UNTYPED}\"`");
            return Err(Refusal::body("content_type", &rule));
        }
        let expected = body
            .get("number_of_parts")
            .and_then(Value::as_u64)
            .unwrap_or(1);
        if mode == "multi_part" && !(2..=1000).contains(&expected) {
            return Err(Refusal::body(
                "number_of_parts",
                "should be between `2` and `1000`",
            ));
        }
        let upload = Upload {
            created: ws.now,
            mode: mode.to_string(),
            file_name: file_name.to_string(),
            content_type,
            parts: BTreeMap::new(),
            expected: expected as u32,
            uploaded: false,
            asset: None,
        };
        let id = ws.chance.id();
        let answer = show(ws, id, &upload);
        self.all.insert(id, upload);
        Ok(answer)
    }

    fn pending(&mut self, ws: &Workspace, id: Id) -> Result<&mut Upload, Refusal> {
        let upload = self.all.get_mut(&id);
        let upload = upload.ok_or_else(|| Refusal::not_found("file upload", id))?;
        match status(upload, ws.now) {
            "pending" => Ok(upload),
            status => Err(Refusal::validation(format!(
                "File upload should have status `pending`, instead was `{status}`."
            ))),
        }
    }

    fn send(
        &mut self,
        ws: &Workspace,
        id: Id,
        part: Option<u32>,
        content: Vec<u8>,
        content_type: Option<String>,
    ) -> Result<Value, Refusal> {
        let upload = self.pending(ws, id)?;
        if content.len() > SINGLE {
            return Err(Refusal::validation("File part is larger than 20 MB."));
        }
        if upload.mode == "single_part" {
            if let Some(content_type) = content_type
                && content_type != upload.content_type
                && !content_type.is_empty()
            {
                return Err(Refusal::validation(
                    "Content type of the file does not match that of the file upload.",
                ));
            }
            upload.parts.insert(1, content);
            upload.uploaded = true;
        } else {
            let Some(part) = part.filter(|part| (1..=upload.expected).contains(part)) else {
                return Err(Refusal::validation(
                    "part_number is missing or out of range.",
                ));
            };
            if content.len() < PART && part != upload.expected {
                return Err(Refusal::validation("File part is smaller than 5 MB."));
            }
            upload.parts.insert(part, content);
        }
        Ok(show(ws, id, &self.all[&id]))
    }

    fn complete(&mut self, ws: &Workspace, id: Id) -> Result<Value, Refusal> {
        let upload = self.pending(ws, id)?;
        if upload.mode != "multi_part" || upload.parts.len() != upload.expected as usize {
            return Err(Refusal::validation(
                "Not all parts of the file have been sent.",
            ));
        }
        upload.uploaded = true;
        Ok(show(ws, id, &self.all[&id]))
    }

    /// The asset key of an upload that may be attached there. The first time within the
    /// hour; from then on as often as wanted.
    pub fn attach(&mut self, ws: &mut Workspace, id: Id, place: Place) -> Result<String, Refusal> {
        let upload = self.all.get_mut(&id);
        let upload = upload.ok_or_else(|| Refusal::not_found("file upload", id))?;
        let status = status(upload, ws.now);
        if status != "uploaded" {
            return Err(Refusal::validation(format!(
                "File upload {id} should have status `uploaded`, instead was `{status}`."
            )));
        }
        let wanted = match place {
            Place::Image => "image/",
            Place::Video => "video/",
            Place::Audio => "audio/",
            Place::Pdf => "application/pdf",
            Place::Any => "",
        };
        if !upload.content_type.starts_with(wanted) {
            return Err(Refusal::validation(format!(
                "Content type {} does not fit this place.",
                upload.content_type
            )));
        }
        if let Some(key) = &upload.asset {
            return Ok(key.clone());
        }
        let content: Vec<u8> = upload.parts.values().flatten().copied().collect();
        let key = ws.asset(&upload.file_name, &upload.content_type, &content);
        upload.asset = Some(key.clone());
        Ok(key)
    }

    /// The name that an upload was given.
    pub fn file_name(&self, id: Id) -> Option<&str> {
        self.all.get(&id).map(|upload| upload.file_name.as_str())
    }
}

/// The type of a file with an accepted extension.
fn guess(extension: &str) -> String {
    let kind = match extension {
        "jpg" => "image/jpeg",
        "svg" => "image/svg+xml",
        "tif" => "image/tiff",
        "ico" => "image/vnd.microsoft.icon",
        "png" | "jpeg" | "gif" | "webp" | "heic" | "tiff" => {
            return format!("image/{extension}");
        }
        "mp3" | "mpga" => "audio/mpeg",
        "aac" | "adts" | "mid" | "midi" | "m4a" | "m4b" | "oga" | "ogg" | "wav" | "wma" => {
            return format!("audio/{extension}");
        }
        "amv" | "asf" | "wmv" | "avi" | "f4v" | "flv" | "gifv" | "m4v" | "mp4" | "mkv" | "webm"
        | "mov" | "qt" | "mpeg" => return format!("video/{extension}"),
        "txt" => "text/plain",
        _ => return format!("application/{extension}"),
    };
    kind.to_string()
}

type Sent = (Option<u32>, Vec<u8>, Option<String>);

/// Part number, content and content type of a multipart body.
fn multipart(request: &Incoming) -> Result<Sent, Refusal> {
    let refuse = || Refusal::validation("Body should be multipart/form-data with a part `file`.");
    let kind = request.header("content-type").unwrap_or("");
    let boundary = kind
        .split_once("boundary=")
        .map(|(_, boundary)| boundary.trim_matches('"'))
        .ok_or_else(refuse)?;
    let fence = format!("--{boundary}");
    let mut found: Option<(Vec<u8>, Option<String>)> = None;
    let mut number = None;
    let mut rest = &request.body[..];
    while let Some(start) = find(rest, fence.as_bytes()) {
        rest = &rest[start + fence.len()..];
        let Some(rest_of_part) = rest.strip_prefix(b"\r\n") else {
            break;
        };
        let end = find(rest_of_part, format!("\r\n{fence}").as_bytes()).ok_or_else(refuse)?;
        let part = &rest_of_part[..end];
        let split = find(part, b"\r\n\r\n").ok_or_else(refuse)?;
        let head = String::from_utf8_lossy(&part[..split]).into_owned();
        let content = &part[split + 4..];
        if head.contains("name=\"file\"") {
            let content_type = head.lines().find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-type:")
                    .map(str::to_string)
            });
            found = Some((
                content.to_vec(),
                content_type.map(|it| it.trim().to_string()),
            ));
        } else if head.contains("name=\"part_number\"") {
            number = String::from_utf8_lossy(content).trim().parse().ok();
        }
        rest = &rest_of_part[end..];
    }
    let (content, content_type) = found.ok_or_else(refuse)?;
    Ok((number, content, content_type))
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    let first = *what.first()?;
    let starts = text.iter().enumerate().filter(|(_, byte)| **byte == first);
    let mut starts = starts.map(|(at, _)| at);
    starts.find(|at| text[*at..].starts_with(what))
}

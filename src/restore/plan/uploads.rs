//! As what a stored file is uploaded: its name, its type, and what to do where the API
//! does not take that type.

use std::io::Read;

use super::{Bytes, PendingId};
use crate::restore::original::File;
use crate::restore::source::Source;

/// The longest file name, in bytes (section 1.5 of the API digest).
const NAME_LIMIT: usize = 900;

/// The extensions that an upload may have, with their types (section 7.7 of the API
/// digest); the first extension of a type is the one that a file without any gets.
const ACCEPTED: &[(&str, &str)] = &[
    ("aac", "audio/aac"),
    ("adts", "audio/aac"),
    ("mid", "audio/midi"),
    ("midi", "audio/midi"),
    ("mp3", "audio/mpeg"),
    ("mpga", "audio/mpeg"),
    ("m4a", "audio/mp4"),
    ("m4b", "audio/mp4"),
    ("oga", "audio/ogg"),
    ("ogg", "audio/ogg"),
    ("wav", "audio/wav"),
    ("wma", "audio/x-ms-wma"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("json", "application/json"),
    ("doc", "application/msword"),
    ("dot", "application/msword"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    (
        "dotx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
    ),
    ("xls", "application/vnd.ms-excel"),
    ("xlt", "application/vnd.ms-excel"),
    ("xla", "application/vnd.ms-excel"),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    (
        "xltx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.template",
    ),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("pot", "application/vnd.ms-powerpoint"),
    ("pps", "application/vnd.ms-powerpoint"),
    ("ppa", "application/vnd.ms-powerpoint"),
    (
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    (
        "potx",
        "application/vnd.openxmlformats-officedocument.presentationml.template",
    ),
    ("gif", "image/gif"),
    ("heic", "image/heic"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("webp", "image/webp"),
    ("ico", "image/vnd.microsoft.icon"),
    ("mp4", "video/mp4"),
    ("amv", "video/x-amv"),
    ("asf", "video/x-ms-asf"),
    ("wmv", "video/x-ms-wmv"),
    ("avi", "video/x-msvideo"),
    ("f4v", "video/x-f4v"),
    ("flv", "video/x-flv"),
    ("gifv", "video/mp4"),
    ("m4v", "video/mp4"),
    ("mkv", "video/webm"),
    ("webm", "video/webm"),
    ("mov", "video/quicktime"),
    ("qt", "video/quicktime"),
    ("mpeg", "video/mpeg"),
];

/// The token, the bytes and, where the file travels as something else, its own name; or
/// why it cannot be uploaded.
pub(super) fn upload(
    source: &dyn Source,
    file: &File,
    most: Option<u64>,
) -> Result<(PendingId, Bytes, Option<String>), String> {
    if let Some(most) = most.filter(|most| file.size > *most) {
        return Err(format!(
            "it has {} bytes, and this workspace takes files of {most} at most",
            file.size
        ));
    }
    let name = match file.name.trim() {
        "" => "file",
        name => name,
    };
    let extension = name.rsplit_once('.').map(|(_, it)| it.to_ascii_lowercase());
    let of_extension = |wanted: &str| ACCEPTED.iter().find(|(it, _)| *it == wanted);
    let stated = file.content_type.as_deref().unwrap_or_default();
    let of_type = |wanted: &str| ACCEPTED.iter().find(|(_, it)| *it == wanted);
    let accepted = extension.as_deref().and_then(of_extension);
    // Plakar's connector names every image `.jpg`.
    let sniffed = match file.content_type {
        None => sniff(source, file),
        Some(_) => None,
    };
    let (name, kind, wrapped) = if let Some(kind) = sniffed
        && accepted.is_none_or(|(_, it)| *it != kind)
        && let Some((extension, kind)) = of_type(kind)
    {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        (format!("{stem}.{extension}"), *kind, None)
    } else if let Some((_, kind)) = accepted {
        (name.to_owned(), *kind, None)
    } else if extension.is_none()
        && let Some((extension, kind)) = of_type(stated)
    {
        (format!("{name}.{extension}"), *kind, None)
    } else {
        (format!("{name}.txt"), "text/plain", Some(name.to_owned()))
    };
    let name = shorten(name);
    let extension = name.rsplit_once('.').map_or("", |(_, it)| it);
    let token = PendingId::named(&format!("upload {} {extension}", file.content));
    let bytes = Bytes {
        path: file.path.clone(),
        size: file.size,
        name,
        content_type: kind.to_owned(),
    };
    Ok((token, bytes, wrapped))
}

/// A name within the limit, its extension kept.
fn shorten(name: String) -> String {
    if name.len() <= NAME_LIMIT {
        return name;
    }
    let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
    let room = NAME_LIMIT.saturating_sub(extension.len() + 1);
    let kept = stem
        .char_indices()
        .take_while(|(at, it)| at + it.len_utf8() <= room);
    let stem: String = kept.map(|(_, it)| it).collect();
    format!("{stem}.{extension}")
}

/// The type of an image, by its first bytes.
fn sniff(source: &dyn Source, file: &File) -> Option<&'static str> {
    let item = source.find(&file.path).ok()??;
    let mut start = Vec::new();
    let opened = source.open(&item.place).ok()?;
    opened.take(16).read_to_end(&mut start).ok()?;
    match start.as_slice() {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("image/webp"),
        [b'I', b'I', 0x2a, 0, ..] | [b'M', b'M', 0, 0x2a, ..] => Some("image/tiff"),
        [_, _, _, _, b'f', b't', b'y', b'p', b'h', b'e', b'i', ..] => Some("image/heic"),
        [b'<', b's', b'v', b'g', ..] | [b'<', b'?', b'x', b'm', b'l', ..] => Some("image/svg+xml"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restore::source::{FolderSource, Place};

    fn named(name: &str, content_type: Option<&str>, content: &[u8]) -> (Bytes, Option<String>) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x"), content).unwrap();
        let file = File {
            path: "/x".to_owned(),
            place: Place::Below(vec!["x".to_owned()]),
            name: name.to_owned(),
            content_type: content_type.map(str::to_owned),
            size: content.len() as u64,
            content: "h".to_owned(),
        };
        let source = FolderSource::new(folder.path());
        let (_, bytes, wrapped) = upload(&source, &file, Some(100)).unwrap();
        (bytes, wrapped)
    }

    #[test]
    fn a_file_keeps_its_name_where_the_api_takes_it() {
        for (name, stated, content, expected, kind, wrapped) in [
            (
                "Plan.PDF",
                Some("application/pdf"),
                "x",
                "Plan.PDF",
                "application/pdf",
                None,
            ),
            (
                "photo",
                Some("image/png"),
                "x",
                "photo.png",
                "image/png",
                None,
            ),
            (
                "a.exe",
                Some("application/x"),
                "x",
                "a.exe.txt",
                "text/plain",
                Some("a.exe"),
            ),
            ("", None, "x", "file.txt", "text/plain", Some("file")),
            ("b.jpg", None, "GIF89a", "b.gif", "image/gif", None),
            ("b.jpg", None, "?", "b.jpg", "image/jpeg", None),
        ] {
            let (bytes, was) = named(name, stated, content.as_bytes());
            assert_eq!(
                (bytes.name.as_str(), bytes.content_type.as_str()),
                (expected, kind)
            );
            assert_eq!(was.as_deref(), wrapped, "{name}");
        }
    }

    #[test]
    fn a_long_name_is_cut_before_its_extension() {
        let (bytes, _) = named(&format!("{}.png", "ü".repeat(600)), None, b"?");
        assert!(bytes.name.len() <= 900);
        assert!(bytes.name.ends_with("üü.png"));
    }

    #[test]
    fn what_the_workspace_does_not_take_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = File {
            path: "/x".to_owned(),
            place: Place::Below(vec!["x".to_owned()]),
            name: "x.png".to_owned(),
            content_type: None,
            size: 101,
            content: "h".to_owned(),
        };
        let why = upload(&FolderSource::new(folder.path()), &file, Some(100)).unwrap_err();
        assert_eq!(
            why,
            "it has 101 bytes, and this workspace takes files of 100 at most"
        );
    }
}

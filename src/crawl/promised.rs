//! What a downloaded file should be, and whether its first bytes can be that.
//!
//! A proxy, a sign-in page or a file host in trouble answers with 200 and a page of HTML
//! in place of the picture. What a file should be is told by the place where it hangs
//! (an image block, an icon) and by the ending of its name; what came, by the
//! `Content-Type` and the first bytes. Only what speaks clearly against a file counts: a
//! page where a picture, a sound, a film, a PDF or an archive should be. Everything else
//! passes, whatever it is, because people may attach anything under any name.

use crate::model::HostedFile;

/// How many of a file's first bytes are looked at. Drawings begin with long comments.
pub const HEAD: usize = 4096;

/// What a file should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Image,
    Sound,
    Film,
    Pdf,
    Archive,
    /// Text, and documents that programs also save as text or as HTML.
    Text,
}

impl Sort {
    fn words(self) -> &'static str {
        match self {
            Sort::Image => "an image",
            Sort::Sound => "a sound file",
            Sort::Film => "a video",
            Sort::Pdf => "a PDF",
            Sort::Archive => "an archive or office document",
            Sort::Text => "a text",
        }
    }

    /// By the ending of a name, in small letters.
    fn of_ending(ending: &str) -> Option<Sort> {
        Some(match ending {
            "apng" | "avif" | "bmp" | "gif" | "heic" | "heif" | "ico" | "jfif" | "jpe" | "jpeg"
            | "jpg" | "png" | "svg" | "tif" | "tiff" | "webp" => Sort::Image,
            "aac" | "aif" | "aiff" | "flac" | "m4a" | "m4b" | "mid" | "midi" | "mp3" | "oga"
            | "ogg" | "opus" | "wav" | "wma" => Sort::Sound,
            "3gp" | "asf" | "avi" | "flv" | "m4v" | "mkv" | "mov" | "mp4" | "mpeg" | "mpg"
            | "ogv" | "qt" | "webm" | "wmv" => Sort::Film,
            "pdf" => Sort::Pdf,
            "7z" | "bz2" | "docm" | "docx" | "epub" | "gz" | "odp" | "ods" | "odt" | "pptm"
            | "pptx" | "rar" | "tgz" | "xlsm" | "xlsx" | "xz" | "zip" | "zst" => Sort::Archive,
            "csv" | "doc" | "ics" | "json" | "log" | "md" | "ppt" | "rtf" | "srt" | "tsv"
            | "txt" | "vcf" | "vtt" | "xls" | "yaml" | "yml" => Sort::Text,
            _ => return None,
        })
    }
}

/// What a file should be, as far as anything says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promised(Option<Sort>);

impl Promised {
    /// What a file should be that hangs at `pointer` in its object (as in
    /// [`HostedFile::pointer`]), is found at `url` and has this name.
    pub fn of(pointer: &str, url: &str, name: &str) -> Promised {
        let mut parts = pointer.rsplit('/');
        let place = match parts.next() {
            // A custom emoji.
            Some("") => Some("icon"),
            Some("file") => parts.next(),
            _ => None,
        };
        let by_place = match place {
            Some("image" | "icon" | "cover") => Some(Sort::Image),
            Some("audio") => Some(Sort::Sound),
            Some("video") => Some(Sort::Film),
            Some("pdf") => Some(Sort::Pdf),
            _ => None,
        };
        let path = url.split(['?', '#']).next().unwrap_or(url);
        let by_name = || {
            let shown = ending(name).and_then(|ending| Sort::of_ending(&ending));
            match ending(path) {
                // People change the name that is shown; where the two differ, nothing is sure.
                Some(ending) => {
                    Sort::of_ending(&ending).filter(|sort| shown.is_none_or(|shown| shown == *sort))
                }
                None => shown,
            }
        };
        Promised(by_place.or_else(by_name))
    }

    /// As [`Promised::of`], of a file that an object holds.
    pub fn of_file(file: &HostedFile) -> Promised {
        Promised::of(&file.pointer, &file.url, &file.name)
    }

    /// Why a file cannot be what came: its `Content-Type`, and the first [`HEAD`] bytes or
    /// all of it. `None` when nothing speaks against it.
    pub fn broken_by(self, content_type: Option<&str>, head: &[u8]) -> Option<String> {
        let sort = self.0?;
        let header = Header::read(content_type);
        let looks = Looks::of(head);
        let wrong = match (sort, looks) {
            // Programs save tables and letters as HTML under such names.
            (Sort::Text, _) => looks == Looks::Html && header == Header::Html,
            (_, Looks::Html | Looks::Json | Looks::Error) => true,
            (Sort::Image, Looks::Drawing) => false,
            // A drawing whose beginning is very long.
            (Sort::Image, Looks::Xml) => header != Header::Drawing,
            (_, Looks::Drawing | Looks::Xml) => true,
            // A page that is packed, although nobody asked for that and nothing says so.
            (Sort::Archive, Looks::Packed) => header == Header::Html,
            (_, Looks::Packed) => header.is_page(),
            (_, Looks::Text) => header.is_page(),
            (_, Looks::Empty) => header.is_page() || header == Header::Missing,
            (_, Looks::Pdf | Looks::Binary) => false,
        };
        wrong.then(|| {
            format!(
                "the file host sent {} in place of {}",
                looks.words(header),
                sort.words()
            )
        })
    }
}

/// The ending of a name or path, in small letters.
fn ending(name: &str) -> Option<String> {
    let (_, ending) = name.rsplit('/').next()?.rsplit_once('.')?;
    Some(ending.to_ascii_lowercase())
}

/// What a `Content-Type` says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Header {
    Missing,
    Html,
    Drawing,
    /// Other text, which is how errors are told.
    Text,
    Other,
}

impl Header {
    fn read(content_type: Option<&str>) -> Header {
        let kind = content_type.and_then(|text| text.split(';').next());
        let kind = kind.unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "" => Header::Missing,
            "text/html" | "application/xhtml+xml" => Header::Html,
            "image/svg+xml" => Header::Drawing,
            "application/json" | "application/xml" => Header::Text,
            kind if kind.starts_with("text/") || kind.ends_with("+json") => Header::Text,
            _ => Header::Other,
        }
    }

    /// Whether it is what errors and sign-in pages come as.
    fn is_page(self) -> bool {
        matches!(self, Header::Html | Header::Text)
    }
}

/// What the first bytes of a file look like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Looks {
    Empty,
    Html,
    /// An error in XML, as file hosts write it.
    Error,
    Json,
    /// SVG.
    Drawing,
    Xml,
    Pdf,
    /// Packed with gzip.
    Packed,
    Text,
    Binary,
}

impl Looks {
    fn of(head: &[u8]) -> Looks {
        if head.is_empty() {
            return Looks::Empty;
        }
        if head.starts_with(&[0x1f, 0x8b]) {
            return Looks::Packed;
        }
        // Readers find the mark anywhere in the first 1,024 bytes.
        let mark = head.get(..1024).unwrap_or(head);
        if mark.windows(5).any(|bytes| bytes == b"%PDF-") {
            return Looks::Pdf;
        }
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let text = String::from_utf8_lossy(text).to_ascii_lowercase();
        let start = skip_comments(&text);
        if start.starts_with('<') {
            return Looks::of_markup(start);
        }
        if !is_text(head) {
            return Looks::Binary;
        }
        let object = start.strip_prefix('{').map(str::trim_start);
        match object.is_some_and(|rest| rest.starts_with('"')) {
            true => Looks::Json,
            false => Looks::Text,
        }
    }

    /// Of text that begins with `<`, in small letters.
    fn of_markup(start: &str) -> Looks {
        const HTML: [&str; 12] = [
            "!doctype html",
            "html",
            "head",
            "body",
            "title",
            "meta",
            "script",
            "style",
            "center",
            "h1",
            "div",
            "p",
        ];
        let tag = |text: &str, name: &str| {
            let rest = text
                .strip_prefix('<')
                .and_then(|text| text.strip_prefix(name));
            rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric()))
        };
        if HTML.iter().any(|name| tag(start, name)) {
            return Looks::Html;
        }
        if start.contains("<svg") {
            return Looks::Drawing;
        }
        let root = match start.strip_prefix("<?xml") {
            Some(rest) => rest
                .split_once('>')
                .map_or("", |(_, rest)| skip_comments(rest)),
            None => start,
        };
        if tag(root, "error") {
            Looks::Error
        } else if HTML.iter().any(|name| tag(root, name)) {
            Looks::Html
        } else if start.starts_with("<?xml") || start.starts_with("<!doctype") {
            Looks::Xml
        } else {
            Looks::Text
        }
    }

    fn words(self, header: Header) -> &'static str {
        match self {
            Looks::Empty => "nothing",
            Looks::Html => "an HTML page",
            Looks::Error => "an error in XML",
            Looks::Json => "JSON",
            Looks::Drawing | Looks::Xml => "XML",
            Looks::Packed if header == Header::Html => "a compressed HTML page",
            Looks::Packed => "compressed text",
            Looks::Text => "text",
            Looks::Pdf | Looks::Binary => "something else",
        }
    }
}

/// The text from its first tag or word on, without comments before it.
fn skip_comments(text: &str) -> &str {
    let mut text = text.trim_start();
    while let Some(rest) = text.strip_prefix("<!--") {
        match rest.split_once("-->") {
            Some((_, after)) => text = after.trim_start(),
            None => return "",
        }
    }
    text
}

/// Whether these bytes, which may be cut within a letter, are text.
fn is_text(bytes: &[u8]) -> bool {
    let whole = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    let control = |byte: &u8| *byte < 0x20 && !b"\t\n\x0c\r\x1b".contains(byte);
    whole && !bytes.iter().any(control)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const MP4: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0";
    const PAGE: &[u8] = b"\n<!DOCTYPE html>\n<html><head><title>Sign in</title>";
    const S3: &[u8] =
        b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>SlowDown</Code></Error>";
    const SVG: &[u8] =
        b"<?xml version=\"1.0\"?><!-- drawn --><svg xmlns=\"http://www.w3.org/2000/svg\"/>";

    fn of(pointer: &str, name: &str) -> Promised {
        let url = format!("https://files.example/a/b/{name}?X-Amz-Signature=1.txt");
        Promised::of(pointer, &url, "")
    }

    /// Places and names at which no page may be.
    const MEDIA: [(&str, &str); 12] = [
        ("/image/file", "untitled"),
        ("/icon/file", "x"),
        ("/callout/icon/file", "x"),
        ("/cover/file", "x"),
        ("", "party"),
        ("/video/file", "x"),
        ("/audio/file", "x"),
        ("/pdf/file", "x"),
        ("/file/file", "photo.JPG"),
        ("/properties/Scans/files/0/file", "scan.pdf"),
        ("/attachments/1/file", "talk.mp3"),
        ("/file/file", "report.docx"),
    ];

    #[test]
    fn a_page_in_place_of_a_file_is_known_whatever_its_header_says() {
        let pages: [&[u8]; 8] = [
            PAGE,
            b"<html>",
            b"\xef\xbb\xbf  <HTML lang=\"en\">",
            b"<!-- cached --><!doctype HTML>",
            b"<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0\"><html/>",
            S3,
            b"<Error><Code>AccessDenied</Code></Error>",
            b"{\"message\": \"Forbidden\"}",
        ];
        for (pointer, name) in MEDIA {
            for page in pages {
                for header in [None, Some("text/html; charset=utf-8"), Some("image/png")] {
                    let why = of(pointer, name).broken_by(header, page);
                    let why = why.unwrap_or_else(|| panic!("{pointer} {name} {header:?}"));
                    assert!(why.contains("in place of"), "{why}");
                }
            }
        }
    }

    #[test]
    fn words_nothing_and_packed_pages_count_by_their_header() {
        for (pointer, name) in MEDIA {
            let promised = of(pointer, name);
            for head in [&b"Service unavailable"[..], b"", b"\x1f\x8b\x08\0"] {
                let broken = |header| promised.broken_by(header, head).is_some();
                assert!(broken(Some("text/html")), "{pointer} {name}");
                assert!(
                    !broken(Some("application/octet-stream")),
                    "{pointer} {name}"
                );
            }
            assert!(promised.broken_by(None, b"").is_some());
        }
    }

    #[test]
    fn what_is_a_file_passes_whatever_its_header_says() {
        let files: [(&str, &str, &[u8]); 12] = [
            ("/image/file", "a.png", PNG),
            ("/image/file", "a.svg", SVG),
            ("/icon/file", "a.svg", b"<svg viewBox=\"0 0 1 1\"/>"),
            ("/image/file", "a.png", b"GIF89a\x01\0\x01\0"),
            ("/video/file", "a.mp4", MP4),
            ("/audio/file", "a.mp3", b"ID3\x03\0\0\0"),
            ("/audio/file", "a.mp3", b"\xff\xfb\x90\x44"),
            (
                "/pdf/file",
                "a.pdf",
                b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>",
            ),
            ("/pdf/file", "a.pdf", b"\r\n<!-- x -->\n%PDF-1.7\n"),
            ("/file/file", "a.zip", b"PK\x03\x04\x14\0"),
            ("/file/file", "a.docx", b"PK\x03\x04\x14\0"),
            ("/file/file", "a.heic", MP4),
        ];
        for (pointer, name, head) in files {
            for header in [None, Some("text/html"), Some("binary/octet-stream")] {
                let why = of(pointer, name).broken_by(header, head);
                assert_eq!(why, None, "{pointer} {name} {header:?}");
            }
        }
    }

    #[test]
    fn people_may_attach_pages_texts_and_what_nobody_knows() {
        for name in [
            "page.html",
            "page.htm",
            "data.xml",
            "README",
            "x.fig",
            "a.b",
            "page.mht",
        ] {
            for head in [PAGE, S3, SVG, b"", b"{\"a\": 1}", PNG] {
                for header in [None, Some("text/html"), Some("application/json")] {
                    assert_eq!(
                        of("/file/file", name).broken_by(header, head),
                        None,
                        "{name}"
                    );
                }
            }
        }
        for name in [
            "notes.txt",
            "table.xls",
            "table.csv",
            "letter.doc",
            "data.json",
            "a.md",
        ] {
            let promised = of("/properties/F/files/0/file", name);
            for head in [PAGE, S3, b"", b"{\"a\": 1}", b"words"] {
                for header in [None, Some("text/plain"), Some("application/vnd.ms-excel")] {
                    assert_eq!(promised.broken_by(header, head), None, "{name}");
                }
            }
            assert!(
                promised.broken_by(Some("text/html"), PAGE).is_some(),
                "{name}"
            );
        }
        // A name that was changed promises nothing.
        let renamed = Promised::of("/file/file", "https://f/a/page.html", "scan.pdf");
        assert_eq!(renamed.broken_by(Some("text/html"), PAGE), None);
        let renamed = Promised::of("/file/file", "https://f/a/sheet.csv", "scan.pdf");
        assert_eq!(renamed.broken_by(Some("text/plain"), b"a,b"), None);
    }
}

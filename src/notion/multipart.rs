//! A file as the body of a request: `multipart/form-data`, the one place where the API
//! takes something else than JSON (section 7.7 of the API digest).
//!
//! The body is never put together in memory: it is read as head, file, tail.

use std::io::Read;

use super::FilePart;

/// A form with the file and, for one of several parts, its number.
pub(super) struct Form<'a> {
    boundary: String,
    head: String,
    bytes: &'a [u8],
    tail: String,
}

impl<'a> Form<'a> {
    pub(super) fn new(file: &'a FilePart) -> Form<'a> {
        loop {
            let boundary = uuid::Uuid::new_v4().simple().to_string();
            if !contains(&file.bytes, boundary.as_bytes()) {
                return Form::with_boundary(file, boundary);
            }
        }
    }

    fn with_boundary(file: &'a FilePart, boundary: String) -> Form<'a> {
        let mut head = String::new();
        if let Some(number) = file.number {
            head.push_str(&format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"part_number\"\r\n\r\n{number}\r\n"
            ));
        }
        head.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
            quoted(&file.name),
            one_line(&file.content_type),
        ));
        Form {
            tail: format!("\r\n--{boundary}--\r\n"),
            boundary,
            head,
            bytes: &file.bytes,
        }
    }

    /// The header that says how to read the body.
    pub(super) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// The body's length in bytes.
    pub(super) fn len(&self) -> usize {
        self.head.len() + self.bytes.len() + self.tail.len()
    }

    /// The body.
    pub(super) fn reader(&self) -> impl Read {
        let (head, tail) = (self.head.as_bytes(), self.tail.as_bytes());
        head.chain(self.bytes).chain(tail)
    }
}

/// A name within quotes. Browsers escape the three characters that would end it
/// in this way (the WHATWG's encoding of forms).
fn quoted(name: &str) -> String {
    let escaped = name.replace('"', "%22");
    escaped.replace('\r', "%0D").replace('\n', "%0A")
}

/// A header's value, whatever the snapshot says: nothing in it begins another header.
fn one_line(text: &str) -> String {
    let plain = text.chars().filter(|char| !char.is_control());
    plain.collect()
}

/// Whether `bytes` has `word` in it.
fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(file: &FilePart) -> String {
        let form = Form::with_boundary(file, "B".into());
        let length = form.len();
        let mut body = String::new();
        form.reader().read_to_string(&mut body).unwrap();
        assert_eq!(body.len(), length);
        body
    }

    #[test]
    fn a_part_is_head_number_bytes_and_tail() {
        let mut file = FilePart {
            number: Some(3),
            name: "Zoë \"x\".txt\r\nEvil: 1".into(),
            content_type: "text/plain\r\nEvil: 1".into(),
            bytes: b"\r\n--A".to_vec(),
        };
        let part = "--B\r\nContent-Disposition: form-data; name=\"file\"; \
            filename=\"Zoë %22x%22.txt%0D%0AEvil: 1\"\r\n\
            Content-Type: text/plainEvil: 1\r\n\r\n\r\n--A\r\n--B--\r\n";
        let number = "--B\r\nContent-Disposition: form-data; name=\"part_number\"\r\n\r\n3\r\n";
        assert_eq!(text(&file), format!("{number}{part}"));
        file.number = None;
        assert_eq!(text(&file), part);
    }

    #[test]
    fn the_boundary_is_not_in_the_file() {
        assert!(contains(b"xxBOUNDARYxx", b"BOUNDARY"));
        assert!(!contains(b"BOUNDAR", b"BOUNDARY"));
        let file = FilePart {
            number: None,
            name: "a".into(),
            content_type: "b".into(),
            bytes: Vec::new(),
        };
        let (one, other) = (Form::new(&file), Form::new(&file));
        assert_ne!(one.content_type(), other.content_type());
        assert_eq!(one.content_type().len(), 30 + 32);
    }
}

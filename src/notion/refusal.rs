//! What a refusal says, beyond its status: the one place that reads Notion's messages for
//! their meaning.

use super::{Error, Kind};

/// What a message without a path may mean, and how many of each: Notion writes a line for
/// each (section 10.1 of the API digest).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blame {
    /// Links in text.
    pub links: usize,
    /// Images that are shown from elsewhere.
    pub images: usize,
    /// Icons that are shown from elsewhere.
    pub icons: usize,
    /// Covers that are shown from elsewhere.
    pub covers: usize,
    /// Addresses of which the message does not say where they are.
    pub addresses: usize,
}

impl Blame {
    /// How many things are meant.
    pub fn count(&self) -> usize {
        self.links + self.images + self.icons + self.covers + self.addresses
    }
}

impl Error {
    /// The addresses that the message complains of, such as `Invalid URL for link.`;
    /// `None` when it complains of none.
    pub fn blame(&self) -> Option<Blame> {
        let message = self.message.to_lowercase();
        let mut blame = Blame::default();
        for sentence in message.split(['\n', '\r', '.', ';']) {
            let words = sentence.split(|it: char| !it.is_ascii_alphanumeric());
            let has = |word: &str| {
                words
                    .clone()
                    .any(|it| it == word || it == format!("{word}s"))
            };
            let address = has("url") || has("uri") || has("link") || has("address");
            let wrong = has("invalid") || has("unsupported") || has("malformed") || has("bad");
            let wrong = wrong || sentence.contains("not valid") || sentence.contains("not a valid");
            if !(address && wrong) {
                continue;
            }
            let kind = match () {
                () if has("link") => &mut blame.links,
                () if has("icon") => &mut blame.icons,
                () if has("cover") => &mut blame.covers,
                () if has("image") => &mut blame.images,
                () => &mut blame.addresses,
            };
            *kind += 1;
        }
        (blame.count() > 0).then_some(blame)
    }

    /// Whether a formula is refused: 400 with "Type error with formula" (section 5 of the
    /// API digest), which names no property.
    pub fn is_about_formula(&self) -> bool {
        self.kind == Kind::Validation && self.message.to_lowercase().contains("formula")
    }

    /// Whether the prefix of a unique id is refused, as one that is in use is (section
    /// 10.1 of the API digest; the words are not recorded).
    pub fn is_about_prefix(&self) -> bool {
        let message = self.message.to_lowercase();
        self.kind == Kind::Validation && message.contains("prefix")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blame(message: &str) -> Option<Blame> {
        Error::new(Kind::Validation, "POST /v1/pages", message).blame()
    }

    #[test]
    fn recorded_messages_are_understood() {
        let none = Blame::default();
        for (message, expected) in [
            (
                "Content creation Failed. Fix the following: \nInvalid URL for link.\nInvalid URL for link.",
                Blame { links: 2, ..none },
            ),
            ("Invalid image url.", Blame { images: 1, ..none }),
            ("Invalid page icon URL.", Blame { icons: 1, ..none }),
            ("Invalid page cover URL.", Blame { covers: 1, ..none }),
            (
                "Invalid URL.",
                Blame {
                    addresses: 1,
                    ..none
                },
            ),
        ] {
            assert_eq!(blame(message), Some(expected), "{message}");
        }
        for message in [
            "body failed validation: body.children.length should be ≤ `100`, instead was `164`.",
            "Could not find page with ID: x. Make sure the links are shared.",
            "Invalid property.",
            "",
        ] {
            assert_eq!(blame(message), None, "{message}");
        }
    }
}

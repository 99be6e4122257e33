//! What the words of Notion's refusals mean.
//!
//! Several refusals differ in nothing but their message. Only this file reads messages
//! for their meaning, so that a changed wording is followed in one place. Each function
//! says where its words come from; what fits none of them has no meaning here.

use super::{Error, Kind};
use crate::model;

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
    /// Whether the API does not support what was asked for, which no repetition changes:
    /// 400 with "Block type ai_block is not supported via the API" or "Unsupported view
    /// type" (sections 2.6 and 10.1 of the API digest). A complaint about the request
    /// itself ("body failed validation: …") is none.
    pub fn is_unsupported(&self) -> bool {
        let message = self.message.to_lowercase();
        self.kind == Kind::Validation
            && !message.contains("failed validation")
            && (message.contains("not supported") || message.contains("unsupported"))
    }

    /// The kind that the id has, where the request took it for one of another kind: 400
    /// with "Provided ID … is a database, not a page" (section 1.7 of the API digest).
    pub fn names_kind(&self) -> Option<model::Kind> {
        if self.kind != Kind::Validation {
            return None;
        }
        let message = self.message.to_lowercase();
        let (start, _) = message.split_once(", not a")?;
        let (_, kind) = start.rsplit_once(" is a ")?;
        match kind.trim() {
            "page" => Some(model::Kind::Page),
            "database" => Some(model::Kind::Database),
            "data source" | "data_source" => Some(model::Kind::DataSource),
            "block" => Some(model::Kind::Block),
            "view" => Some(model::Kind::View),
            _ => None,
        }
    }

    /// Whether the id is that of a database of which no data source is within reach, such
    /// as a linked view: 400 or 404 with "Database with ID … does not contain any data
    /// sources accessible by this API bot" (section 2.5 of the API digest).
    pub fn names_database_without_sources(&self) -> bool {
        matches!(self.kind, Kind::Validation | Kind::NotFound)
            && self.message.contains("does not contain any data source")
    }

    /// Whether the id is none that Notion could have given: 400 with "path.page_id should
    /// be a valid uuid" (recorded).
    pub fn names_no_id(&self) -> bool {
        self.kind == Kind::Validation && self.message.contains("should be a valid uuid")
    }

    /// Whether Notion says that the token lacks a capability: 403 with "Insufficient
    /// permissions for this endpoint" (recorded). Other words are about the one object.
    pub fn names_capability(&self) -> bool {
        let message = self.message.to_lowercase();
        self.kind == Kind::Restricted
            && (message.contains("insufficient permissions") || message.contains("capabilit"))
    }

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

    fn error(kind: Kind, message: &str) -> Error {
        Error::new(kind, "GET /v1/x", message)
    }

    fn refused(message: &str) -> Error {
        error(Kind::Validation, message)
    }

    #[test]
    fn what_the_api_does_not_support_is_told_from_a_wrong_request() {
        for words in [
            "Block type ai_block is not supported via the API.",
            "Unsupported view type: feed",
        ] {
            assert!(refused(words).is_unsupported(), "{words}");
            assert!(!error(Kind::Server, words).is_unsupported(), "{words}");
        }
        for words in [
            "body failed validation: body.is_archived is not supported, instead was `true`.",
            "made to fail with 400",
        ] {
            assert!(!refused(words).is_unsupported(), "{words}");
        }
    }

    #[test]
    fn an_id_of_another_kind_is_named() {
        let id = "c2dd1e0e-6bd8-4ad0-9e47-4b0a7ea4b3f3";
        let kinds = [
            (
                format!(
                    "Provided ID {id} is a database, not a page. Use the retrieve database API instead."
                ),
                Some(model::Kind::Database),
            ),
            (
                format!(
                    "Provided database_id {id} is a page, not a database. Use the retrieve page API instead."
                ),
                Some(model::Kind::Page),
            ),
            (
                format!(
                    "Provided ID {id} is a block, not a page. Use the retrieve block API instead"
                ),
                Some(model::Kind::Block),
            ),
            (format!("Provided ID {id} is a hologram, not a page."), None),
            (
                "body failed validation: body.x should be a page, not a number.".to_owned(),
                None,
            ),
        ];
        for (words, kind) in kinds {
            assert_eq!(refused(&words).names_kind(), kind, "{words}");
            assert_eq!(error(Kind::NotFound, &words).names_kind(), None);
        }
    }

    #[test]
    fn an_id_that_is_none_is_told_from_one_that_is_not_there() {
        let words =
            "path failed validation: path.page_id should be a valid uuid, instead was `\"1\"`.";
        assert!(refused(words).names_no_id() && !refused(words).is_unsupported());
        assert!(!refused("path failed validation").names_no_id());
    }

    #[test]
    fn a_missing_capability_is_named_by_notion_alone() {
        let words = "Insufficient permissions for this endpoint.";
        assert!(error(Kind::Restricted, words).names_capability());
        assert!(!refused(words).names_capability());
        assert!(!error(Kind::Restricted, "made to fail with 403").names_capability());
    }

    #[test]
    fn a_linked_view_is_known_by_its_refusal() {
        let words =
            "Database with ID 1 does not contain any data sources accessible by this API bot.";
        for kind in [Kind::Validation, Kind::NotFound] {
            assert!(error(kind, words).names_database_without_sources());
        }
        assert!(!error(Kind::NotFound, "Could not find database").names_database_without_sources());
    }
}

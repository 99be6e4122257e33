//! Errors as Plakar shows them: one line, a code that it does not reinterpret, no secret.
//!
//! Plakar replaces the message of `Unavailable` and `Canceled` by its own, so none of our
//! errors has these codes (section 10.7 of the connector digest). The layers below keep
//! the token out of their messages.

use tonic::{Code, Status};

use crate::{crawl, dump, notion, repo};

/// The longest message, in characters; a path in it may be long.
const LONGEST: usize = 2000;

/// A status with this message on one line.
pub fn status(code: Code, message: &str) -> Status {
    Status::new(code, one_line(message))
}

/// A text without line breaks and other control characters, and not too long.
pub fn one_line(text: &str) -> String {
    let printable = text
        .chars()
        .map(|it| if it.is_control() { ' ' } else { it });
    printable.take(LONGEST).collect()
}

/// A call to Notion that failed.
pub fn from_notion(error: &notion::Error) -> Status {
    use notion::Kind;

    let message = error.to_string();
    let (code, hint) = match error.kind {
        Kind::Unauthorized => (
            Code::Unauthenticated,
            "; copy the token again from https://www.notion.so/profile/integrations",
        ),
        Kind::Restricted => (
            Code::PermissionDenied,
            "; the connection lacks a capability, see https://www.notion.so/profile/integrations",
        ),
        Kind::NotFound => (
            Code::NotFound,
            "; it does not exist, or is not shared with the connection",
        ),
        Kind::Stopped => (Code::Aborted, ""),
        _ => (Code::Internal, ""),
    };
    status(code, &format!("{message}{hint}"))
}

/// A repository that cannot be used.
pub fn from_repo(error: &repo::Error) -> Status {
    let code = match error {
        repo::Error::Locked { .. } | repo::Error::NotEmpty { .. } => Code::FailedPrecondition,
        _ => Code::Internal,
    };
    status(code, &format!("the cache: {error}"))
}

/// A dump that failed as a whole.
pub fn from_dump(error: &dump::Error) -> Status {
    match error {
        dump::Error::Notion(error) => from_notion(error),
        dump::Error::Repo(error) => from_repo(error),
        dump::Error::Crawl(error) => match error {
            crawl::Error::Notion(error) => from_notion(error),
            crawl::Error::Repo(error) => from_repo(error),
            crawl::Error::RootNotFound(_) => status(Code::NotFound, &error.to_string()),
            crawl::Error::Stopped => status(Code::Aborted, &error.to_string()),
            error => status(Code::Internal, &error.to_string()),
        },
        error => status(Code::FailedPrecondition, &error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_printable_line() {
        assert_eq!(one_line("a\nb\u{7}c\u{85}"), "a b c ");
        assert_eq!(one_line(&"x".repeat(5000)).len(), LONGEST);
    }

    #[test]
    fn no_error_has_a_code_that_plakar_hides() {
        use notion::Kind;
        for kind in [
            Kind::Unauthorized,
            Kind::Restricted,
            Kind::NotFound,
            Kind::Away,
            Kind::Transport,
            Kind::RateLimited,
            Kind::Server,
            Kind::Stopped,
        ] {
            let code = from_notion(&notion::Error::new(kind, "GET /v1/users/me", "no")).code();
            assert!(
                !matches!(code, Code::Unavailable | Code::Cancelled),
                "{kind:?}"
            );
        }
        let refused = notion::Error::new(Kind::Unauthorized, "GET /v1/users/me", "no");
        assert_eq!(from_notion(&refused).code(), Code::Unauthenticated);
    }
}

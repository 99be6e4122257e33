//! The secret that speaks for the user. It prints as `***`, so that no log, error
//! or debug output can carry it by accident.

use std::fmt;

/// An API token; its text is visible to the client's own transport only.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Why a text cannot be a token. The text itself is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Nothing but white space.
    #[error("the token is empty")]
    Empty,
    /// Quotation marks, as a shell or an editor leaves them.
    #[error("there are quotation marks around the token: take them away")]
    Quoted,
    /// Something that cannot stand in an HTTP header: control characters, inner spaces, non-ASCII.
    #[error(
        "the token contains a character that no token has (a space, a line break or non-ASCII)"
    )]
    BadCharacter,
}

impl Token {
    /// Notion's tokens have about 50 characters. What is much shorter is no secret, such
    /// as a placeholder for a proxy that knows the real one, and may be part of any word.
    const SHORTEST_SECRET: usize = 8;

    /// Takes the token from a text. White space around it is dropped, since files
    /// and commands end their output with a line break.
    pub fn new(text: impl Into<String>) -> Result<Token, TokenError> {
        let text = text.into();
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(TokenError::Empty);
        }
        const QUOTES: [char; 9] = [
            '"', '\'', '`', '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}', '\u{ab}', '\u{bb}',
        ];
        if trimmed.starts_with(QUOTES) || trimmed.ends_with(QUOTES) {
            return Err(TokenError::Quoted);
        }
        if !trimmed.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::BadCharacter);
        }
        Ok(Token(trimmed.to_owned()))
    }

    /// A text without the secret: a host may repeat in its answer what it was sent.
    pub(super) fn redact(&self, text: &str) -> String {
        if self.0.len() < Self::SHORTEST_SECRET {
            return text.to_owned();
        }
        text.replace(&self.0, "***")
    }

    /// The secret itself, for the `Authorization` header and nothing else.
    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Token(***)")
    }
}

impl fmt::Display for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_prints_its_text() {
        let token = Token::new("ntn_secret\n").unwrap();
        assert_eq!(token.secret(), "ntn_secret");
        let printed = format!("{token} {token:?} {:?}", Some(&token));
        assert!(!printed.contains("secret"), "{printed}");
    }

    #[test]
    fn an_answer_that_repeats_the_token_is_shown_without_it() {
        let token = Token::new("ntn_secret").unwrap();
        assert_eq!(
            token.redact("Bearer ntn_secret, ntn_secrets"),
            "Bearer ***, ***s"
        );
        assert_eq!(Token::new("t").unwrap().redact("a title"), "a title");
    }

    #[test]
    fn quotation_marks_around_a_token_are_named() {
        for text in [
            "\"ntn_x\"",
            " 'ntn_x'\n",
            "ntn_x\"",
            "`ntn_x`",
            "\u{201c}ntn_x\u{201d}",
            "\u{ab}ntn_x\u{bb}",
        ] {
            let error = Token::new(text).unwrap_err();
            assert_eq!(error, TokenError::Quoted, "{text}");
            assert!(error.to_string().contains("quotation marks"));
        }
    }

    #[test]
    fn what_cannot_stand_in_a_header_is_refused() {
        assert_eq!(Token::new(" \n"), Err(TokenError::Empty));
        for text in ["a b", "a\r\nX-Evil: 1", "a\u{0}b", "ntn_é"] {
            let error = Token::new(text).unwrap_err();
            assert_eq!(error, TokenError::BadCharacter);
            assert!(!error.to_string().contains(text));
        }
    }
}

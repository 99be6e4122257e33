//! Which addresses the API takes in links, images, files and icons.
//!
//! Reads hold addresses that writes refuse (section 10.1 of the API digest): relative
//! ones, parts of a page (`#…`), `ftp:`, and those of applications.

/// The longest address of a request, in UTF-16 units (section 1.5 of the API digest).
pub const LONGEST_ADDRESS: usize = 2000;

/// How much speaks against an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// Nothing: it is a web address like most.
    None,
    /// It is a web address of an unusual form.
    Odd,
    /// Mail and telephone: it is not known whether the API takes them, so they are tried.
    Unconfirmed,
    /// The API refuses it: there is no use in sending it.
    Refused,
}

impl Doubt {
    /// How much speaks against this address.
    pub fn of(address: &str) -> Doubt {
        if address.encode_utf16().count() > LONGEST_ADDRESS {
            return Doubt::Refused;
        }
        let Some(scheme) = scheme(address) else {
            return Doubt::Refused;
        };
        let rest = address.get(scheme.len() + 1..).unwrap_or_default();
        match scheme.as_str() {
            "http" | "https" => web(rest),
            "mailto" | "tel" | "sms" if !rest.is_empty() => Doubt::Unconfirmed,
            _ => Doubt::Refused,
        }
    }
}

/// The scheme of an address in lower case, such as `https`; `None` for a relative one.
pub fn scheme(address: &str) -> Option<String> {
    let (scheme, _) = address.split_once(':')?;
    let mut characters = scheme.chars();
    let starts = characters.next().is_some_and(|it| it.is_ascii_alphabetic());
    let follows = |it: char| it.is_ascii_alphanumeric() || matches!(it, '+' | '-' | '.');
    (starts && characters.all(follows)).then(|| scheme.to_ascii_lowercase())
}

/// What follows `https:` in a web address.
fn web(rest: &str) -> Doubt {
    let Some(rest) = rest.strip_prefix("//") else {
        return Doubt::Odd;
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = rest.get(..end).unwrap_or_default();
    if authority.is_empty() {
        return Doubt::Refused;
    }
    let host = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = host.rsplit_once(':').unwrap_or((host, ""));
    let label = |it: &str| !it.is_empty() && !it.starts_with('-') && !it.ends_with('-');
    let plain_host = host.contains('.')
        && host.split('.').all(label)
        && host
            .chars()
            .all(|it| it.is_alphanumeric() || matches!(it, '.' | '-' | '_'));
    let plain_port = port.is_empty() || port.parse::<u16>().is_ok();
    let plain = |it: char| !it.is_whitespace() && !it.is_control() && !"<>\"`{}|\\^".contains(it);
    match plain_host && plain_port && host.len() == authority.len() && rest.chars().all(plain) {
        true => Doubt::None,
        false => Doubt::Odd,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart_by_what_speaks_against_them() {
        let long = format!("https://e.example/{}", "x".repeat(LONGEST_ADDRESS));
        for (address, doubt) in [
            ("https://e.example", Doubt::None),
            ("HTTP://e.example/a?b=c#d", Doubt::None),
            ("https://bücher.example/ü", Doubt::None),
            ("http://localhost/a", Doubt::Odd),
            ("https://user@e.example/", Doubt::Odd),
            ("https://e.example:8080/", Doubt::Odd),
            ("https://e..example/", Doubt::Odd),
            ("https://e.example/a b", Doubt::Odd),
            ("https://e.example/{x}", Doubt::Odd),
            ("https:e.example", Doubt::Odd),
            ("https://", Doubt::Refused),
            ("https:///path", Doubt::Refused),
            ("mailto:a@b.example", Doubt::Unconfirmed),
            ("TEL:+1234", Doubt::Unconfirmed),
            ("mailto:", Doubt::Refused),
            ("", Doubt::Refused),
            ("#part", Doubt::Refused),
            ("page", Doubt::Refused),
            ("./page:1", Doubt::Refused),
            ("//e.example/a", Doubt::Refused),
            ("www.e.example", Doubt::Refused),
            ("ftp://e.example/a", Doubt::Refused),
            ("slack://channel", Doubt::Refused),
            ("notion://www.notion.so/x", Doubt::Refused),
            ("javascript:alert(1)", Doubt::Refused),
            ("data:image/png;base64,AA", Doubt::Refused),
            (long.as_str(), Doubt::Refused),
        ] {
            assert_eq!(Doubt::of(address), doubt, "{address}");
        }
    }
}

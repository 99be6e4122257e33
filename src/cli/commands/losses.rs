//! What a restore loses, as a person reads it: alike things together, with their number,
//! their names and a few of the places.

use std::collections::BTreeMap;

use crate::cli::ui::words;
use crate::model::NotionId;
use crate::restore::{Degree, Loss};

/// How many kinds of losses people see; a program gets all losses, and so does the report.
const KINDS: usize = 25;
/// How many places are named for each.
const PLACES: usize = 3;
/// How many of the things themselves are named for each.
const NAMES: usize = 100;

/// A line for each kind of loss, the worst first, and one for those that are left out.
pub fn lines<'l>(losses: impl IntoIterator<Item = &'l Loss>) -> Vec<String> {
    let mut kinds: BTreeMap<(Degree, String, String), Vec<&Loss>> = BTreeMap::new();
    for loss in losses {
        let key = (loss.degree, kind(&loss.what).0, without_ids(&loss.why));
        kinds.entry(key).or_default().push(loss);
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by(|(one, ones), (other, others)| {
        let size = others.len().cmp(&ones.len());
        other.0.cmp(&one.0).then(size)
    });
    let more = kinds.len().saturating_sub(KINDS);
    kinds.truncate(KINDS);
    let mut lines: Vec<String> = kinds
        .iter()
        .map(|(key, losses)| line(key, losses))
        .collect();
    if more > 0 {
        lines.push(format!(
            "and {} of losses",
            words::count(more as u64, "more kind")
        ));
    }
    lines
}

fn line((degree, kind, why): &(Degree, String, String), losses: &[&Loss]) -> String {
    let degree = match degree {
        Degree::Detail => "detail",
        Degree::StandIn => "stand-in",
        Degree::Missing => "missing",
    };
    let what = match losses {
        [only] => only.what.clone(),
        several => {
            let count = words::number(several.len() as u64);
            format!("{count} \u{d7} {kind}{}", names(several))
        }
    };
    let mut places: Vec<String> = Vec::new();
    for loss in losses {
        let place = match loss.on.is_empty() {
            true => loss.id.to_string(),
            false => format!("\u{201c}{}\u{201d}", loss.on),
        };
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let places = listed(places, PLACES);
    format!("{degree}: {what}: {why} (in {places})")
}

/// The names of what is lost, in quotes, after a space; nothing where nothing has a name.
fn names(losses: &[&Loss]) -> String {
    let mut names: Vec<String> = Vec::new();
    for loss in losses {
        let own = kind(&loss.what).1;
        let own: Vec<String> = own.iter().map(|name| format!("'{name}'")).collect();
        let own = own.join(" of ");
        if !own.is_empty() && !names.contains(&own) {
            names.push(own);
        }
    }
    match names.is_empty() {
        true => String::new(),
        false => format!(" {}", listed(names, NAMES)),
    }
}

/// The first `most` of a list, and how many more there are.
fn listed(mut items: Vec<String>, most: usize) -> String {
    let more = items.len().saturating_sub(most);
    items.truncate(most);
    let mut list = items.join(", ");
    if more > 0 {
        list.push_str(&format!(" and {} more", words::number(more as u64)));
    }
    list
}

/// What is lost without the names in quotes, and the names: `property 'Owner'` is a
/// `property` with the name `Owner`. An apostrophe within a word is no quote.
fn kind(what: &str) -> (String, Vec<&str>) {
    let mut words = Vec::new();
    let mut names = Vec::new();
    let mut rest = what;
    while let Some((before, name, after)) = first_name(rest) {
        words.push(before.trim());
        names.push(name);
        rest = after;
    }
    words.push(rest.trim());
    words.retain(|word| !word.is_empty());
    (words.join(" "), names)
}

/// What is before the first name in quotes, the name, and what follows.
fn first_name(text: &str) -> Option<(&str, &str, &str)> {
    let (opens, _) = text.match_indices('\'').find(|(at, _)| {
        let before = text.get(..*at).and_then(|it| it.chars().next_back());
        before.is_none_or(char::is_whitespace)
    })?;
    let inside = text.get(opens + 1..)?;
    let (closes, _) = inside.match_indices('\'').find(|(at, _)| {
        let after = inside.get(at + 1..).and_then(|it| it.chars().next());
        !after.is_some_and(char::is_alphanumeric)
    })?;
    Some((
        text.get(..opens)?,
        inside.get(..closes)?,
        inside.get(closes + 1..)?,
    ))
}

/// A reason without ids and without the number of the request.
fn without_ids(why: &str) -> String {
    /// The characters of an id with its dashes.
    const ID: usize = 36;
    let why = why.split(" (HTTP").next().unwrap_or_default();
    let mut text = String::with_capacity(why.len());
    let mut rest = why;
    while let Some(first) = rest.chars().next() {
        match rest.split_at_checked(ID) {
            Some((id, after)) if id.parse::<NotionId>().is_ok() => {
                text.push('\u{2026}');
                rest = after;
            }
            _ => {
                text.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(number: u128, on: &str, what: &str, why: &str, degree: Degree) -> Loss {
        Loss {
            id: NotionId::from_bits(number),
            page: None,
            on: on.into(),
            what: what.into(),
            why: why.into(),
            degree,
        }
    }

    #[test]
    fn alike_losses_are_one_line_and_the_worst_comes_first() {
        let mut losses = vec![loss(9, "Home", "icon", "it is odd", Degree::Detail)];
        for number in 0..5 {
            let why = format!(
                "PATCH /v1/blocks/{}: no (HTTP 400, x)",
                NotionId::from_bits(number)
            );
            let on = format!("Page {number}");
            losses.push(loss(
                number,
                &on,
                &format!("view 'V{number}'"),
                &why,
                Degree::Missing,
            ));
        }
        losses.push(loss(7, "", "view 'one'", "another reason", Degree::Missing));
        assert_eq!(
            lines(&losses),
            [
                "missing: 5 \u{d7} view 'V0', 'V1', 'V2', 'V3', 'V4': \
                 PATCH /v1/blocks/\u{2026}: no (in \u{201c}Page 0\u{201d}, \
                 \u{201c}Page 1\u{201d}, \u{201c}Page 2\u{201d} and 2 more)",
                "missing: view 'one': another reason (in 00000000-0000-0000-0000-000000000007)",
                "detail: icon: it is odd (in \u{201c}Home\u{201d})",
            ]
        );
        assert!(lines(&[]).is_empty());
    }

    #[test]
    fn what_is_grouped_keeps_its_names() {
        let what = [
            "file 'Ada's plan.pdf' of property 'Papers'",
            "file 'b.pdf' of property 'More'",
            "file 'b.pdf' of property 'More'",
        ];
        let losses = what.map(|what| loss(1, "Home", what, "it is damaged", Degree::StandIn));
        assert_eq!(
            lines(&losses),
            [
                "stand-in: 3 \u{d7} file of property 'Ada's plan.pdf' of 'Papers', \
                 'b.pdf' of 'More': it is damaged (in \u{201c}Home\u{201d})"
            ]
        );
        let many = (0..105).map(|it| loss(1, "", &format!("view 'V{it}'"), "no", Degree::Missing));
        let lines = lines(&many.collect::<Vec<_>>());
        assert!(lines[0].contains("'V99' and 5 more: no"), "{}", lines[0]);
        let plain = [0, 1].map(|it| loss(it, "", "icon", "no", Degree::Detail));
        assert!(super::lines(&plain)[0].starts_with("detail: 2 \u{d7} icon: no"));
        assert_eq!(
            kind("it isn't 'here"),
            ("it isn't 'here".to_owned(), vec![])
        );
    }

    #[test]
    fn there_is_an_end_to_it() {
        let many = (0..40).map(|it| loss(it, "", "row", &format!("reason {it}"), Degree::Missing));
        let lines = lines(&many.collect::<Vec<_>>());
        assert_eq!(lines.len(), KINDS + 1);
        assert_eq!(lines[KINDS], "and 15 more kinds of losses");
    }
}

//! What a restore loses, as a person reads it: alike things together, with their number
//! and a few of the places.

use std::collections::BTreeMap;

use crate::cli::ui::words;
use crate::model::NotionId;
use crate::restore::{Degree, Loss};

/// How many kinds of losses people see; a program gets all losses, and so does the report.
const KINDS: usize = 25;
/// How many places are named for each.
const PLACES: usize = 3;

/// A line for each kind of loss, the worst first, and one for those that are left out.
pub fn lines<'l>(losses: impl IntoIterator<Item = &'l Loss>) -> Vec<String> {
    let mut kinds: BTreeMap<(Degree, String, String), Vec<&Loss>> = BTreeMap::new();
    for loss in losses {
        let key = (loss.degree, kind(&loss.what), without_ids(&loss.why));
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
        several => format!("{} \u{d7} {kind}", words::number(several.len() as u64)),
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
    let more = places.len().saturating_sub(PLACES);
    places.truncate(PLACES);
    let mut places = places.join(", ");
    if more > 0 {
        places.push_str(&format!(" and {} more", words::number(more as u64)));
    }
    format!("{degree}: {what}: {why} (in {places})")
}

/// What is lost without the names in quotes: `property 'Owner'` as `property`.
fn kind(what: &str) -> String {
    let words: Vec<&str> = what.split('\'').step_by(2).map(str::trim).collect();
    words.join(" ").trim().to_owned()
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
                "missing: 5 \u{d7} view: PATCH /v1/blocks/\u{2026}: no (in \u{201c}Page 0\u{201d}, \
                 \u{201c}Page 1\u{201d}, \u{201c}Page 2\u{201d} and 2 more)",
                "missing: view 'one': another reason (in 00000000-0000-0000-0000-000000000007)",
                "detail: icon: it is odd (in \u{201c}Home\u{201d})",
            ]
        );
        assert!(lines(&[]).is_empty());
    }

    #[test]
    fn there_is_an_end_to_it() {
        let many = (0..40).map(|it| loss(it, "", "row", &format!("reason {it}"), Degree::Missing));
        let lines = lines(&many.collect::<Vec<_>>());
        assert_eq!(lines.len(), KINDS + 1);
        assert_eq!(lines[KINDS], "and 15 more kinds of losses");
    }
}

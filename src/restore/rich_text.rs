//! Rich text as requests take it.
//!
//! What was read becomes what may be written: the same characters with the same styles,
//! in runs that keep Notion's limits, with the ids in mentions and links replaced by what
//! they become. A mention that cannot be written is written as the text that it showed.

mod links;
mod mentions;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use super::pending::{Known, pending};
use super::{Degree, Notes, Targets, Text};
use crate::model::{NotionId, type_of};
use crate::notion::{Doubt, LONGEST_ADDRESS};

pub use links::link;
pub use mentions::date;

/// The most UTF-16 units of one run's text (section 1.5 of the API digest).
pub const TEXT: usize = 2000;
/// The most UTF-16 units of an equation (section 1.5 of the API digest).
pub const EQUATION: usize = 1000;
/// The most UTF-16 units of a URL.
pub const URL: usize = LONGEST_ADDRESS;
/// The most runs of one array (section 1.5 of the API digest).
pub const RUNS: usize = 100;

/// The most bytes of one array as JSON, so that a block with it fits a request
/// (500 KB, section 1.5 of the API digest).
pub const BYTES: usize = 400_000;

/// The colours of texts and blocks (section 3.9 of the API digest).
const COLORS: [&str; 10] = [
    "default", "gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red",
];

/// One run, before texts are joined and split.
enum Run {
    Text {
        content: String,
        link: Option<Link>,
        styles: Map<String, Value>,
    },
    /// A mention or an equation, as the request has it.
    Whole(Value),
}

/// Where a text leads.
#[derive(Clone, PartialEq, Eq)]
struct Link {
    to: Text,
    /// The address that was read.
    read: String,
}

impl Link {
    /// The address as it is told to people.
    fn address(&self) -> &str {
        self.to.as_str().unwrap_or(&self.read)
    }

    /// Whether the API refuses it. An id to come is as long as any other.
    fn is_refused(&self) -> bool {
        Doubt::of(&self.to.filled(&Known::new())) == Doubt::Refused
    }
}

/// The length that Notion's limits count (section 1.5 of the API digest).
pub fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Whether a request may have this colour.
pub fn is_color(name: &str) -> bool {
    COLORS.contains(&name.strip_suffix("_background").unwrap_or(name))
}

/// The rich text `runs` for a request: each run at most [`TEXT`] units long, equal
/// neighbours joined, and as many of them as it takes; see [`pieces`]. What changes is
/// noted as a loss of `about`, the old id of what has the text.
pub fn write(
    runs: &Value,
    about: NotionId,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Vec<Value> {
    let mut read = Vec::new();
    for run in runs.as_array().into_iter().flatten() {
        read.push(translate(run, about, targets, notes));
    }
    tell_addresses(&mut read, about, notes);
    finish(read)
}

/// A text without styles, in runs of at most [`TEXT`] units.
pub fn plain(text: &str) -> Vec<Value> {
    finish(vec![Run::Text {
        content: text.to_string(),
        link: None,
        styles: Map::new(),
    }])
}

/// The runs in arrays of at most [`RUNS`] and [`BYTES`]; none for no runs.
pub fn pieces(runs: Vec<Value>) -> Vec<Vec<Value>> {
    let mut out: Vec<Vec<Value>> = Vec::new();
    let mut bytes = 0;
    for run in runs {
        let length = run.to_string().len() + 1;
        match out.last_mut() {
            Some(piece) if piece.len() < RUNS && bytes + length <= BYTES => piece.push(run),
            _ => {
                out.push(vec![run]);
                bytes = 0;
            }
        }
        bytes += length;
    }
    out
}

fn translate(run: &Value, about: NotionId, targets: &dyn Targets, notes: &mut Notes) -> Run {
    let mut named = Vec::new();
    pending(run, &mut named);
    if !named.is_empty() {
        // It has been translated before.
        return Run::Whole(run.clone());
    }
    let styles = styles(run.get("annotations"), about, notes);
    let shown = run.get("plain_text").and_then(Value::as_str);
    let href = run.get("href").and_then(Value::as_str);
    match type_of(run) {
        "text" => {
            let text = run.get("text");
            let content = text.and_then(|text| text.get("content")?.as_str());
            let url = text.and_then(|text| text.pointer("/link/url")?.as_str());
            let content = content.or(shown).unwrap_or_default().to_string();
            linked(content, url.or(href), styles, targets, notes)
        }
        "equation" => {
            let expression = run.pointer("/equation/expression").and_then(Value::as_str);
            equation(
                expression.or(shown).unwrap_or_default(),
                styles,
                about,
                notes,
            )
        }
        "mention" => mentions::write(run, styles, about, targets, notes),
        kind => {
            let why = "this version does not know this kind of text";
            notes.lose(
                about,
                format!("text of type '{kind}'"),
                why,
                Degree::StandIn,
            );
            let content = shown.unwrap_or_default().to_string();
            linked(content, href, styles, targets, notes)
        }
    }
}

/// A text with a link.
fn linked(
    content: String,
    url: Option<&str>,
    styles: Map<String, Value>,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Run {
    let link = url.filter(|url| !url.is_empty()).map(|url| Link {
        to: link(url, targets, notes),
        read: url.to_owned(),
    });
    Run::Text {
        content,
        link,
        styles,
    }
}

/// Takes away links that the API refuses. Where a text does not show its address, the
/// address follows it, once for a stretch of several styles.
fn tell_addresses(runs: &mut [Run], about: NotionId, notes: &mut Notes) {
    let link_of = |run: &Run| match run {
        Run::Text { link, .. } => link.clone(),
        Run::Whole(_) => None,
    };
    let mut shown = String::new();
    let mut next = runs.iter().skip(1).map(link_of).collect::<Vec<_>>();
    next.push(None);
    for (run, next) in runs.iter_mut().zip(next) {
        let Run::Text { content, link, .. } = run else {
            continue;
        };
        let Some(url) = link.take_if(|link| link.is_refused()) else {
            continue;
        };
        shown.push_str(content);
        if next.as_ref() == Some(&url) {
            continue;
        }
        notes.lose(
            about,
            format!("link '{}'", url.address()),
            refused(url.address()),
            Degree::StandIn,
        );
        if !shown.contains(url.address()) {
            content.push_str(&format!(" ({})", url.address()));
        }
        shown.clear();
    }
}

/// Why the API refuses an address.
pub fn refused(url: &str) -> String {
    match units(url) > URL {
        true => format!("the API takes URLs of at most {URL} characters"),
        false => "the API takes web addresses only".to_owned(),
    }
}

fn equation(
    expression: &str,
    mut styles: Map<String, Value>,
    about: NotionId,
    notes: &mut Notes,
) -> Run {
    if units(expression) <= EQUATION {
        let equation = json!({"type": "equation", "equation": {"expression": expression}});
        return whole(equation, styles);
    }
    let why = format!("the API takes equations of at most {EQUATION} characters");
    notes.lose(about, "equation", why, Degree::StandIn);
    styles.insert("code".into(), json!(true));
    Run::Text {
        content: expression.to_string(),
        link: None,
        styles,
    }
}

fn whole(mut run: Value, styles: Map<String, Value>) -> Run {
    if !styles.is_empty() {
        run["annotations"] = Value::Object(styles);
    }
    Run::Whole(run)
}

/// Only what differs from unstyled text, so that requests stay small.
fn styles(annotations: Option<&Value>, about: NotionId, notes: &mut Notes) -> Map<String, Value> {
    let mut out = Map::new();
    for key in ["bold", "italic", "strikethrough", "underline", "code"] {
        if annotations.and_then(|all| all.get(key)) == Some(&Value::Bool(true)) {
            out.insert(key.into(), json!(true));
        }
    }
    match annotations.and_then(|all| all.get("color")?.as_str()) {
        None | Some("default") => {}
        Some(color) if is_color(color) => {
            out.insert("color".into(), json!(color));
        }
        Some(color) => {
            let what = format!("text colour '{color}'");
            notes.lose(about, what, "the API does not have it", Degree::Detail);
        }
    }
    out
}

/// Joins texts of one style, and cuts them to length.
fn finish(runs: Vec<Run>) -> Vec<Value> {
    let mut joined: Vec<Run> = Vec::new();
    for run in runs {
        match (joined.last_mut(), run) {
            (_, Run::Text { content, .. }) if content.is_empty() => {}
            (
                Some(Run::Text {
                    content,
                    link,
                    styles,
                }),
                Run::Text {
                    content: more,
                    link: same_link,
                    styles: same_styles,
                },
            ) if *link == same_link && *styles == same_styles => content.push_str(&more),
            (_, run) => joined.push(run),
        }
    }
    let mut out = Vec::new();
    for run in joined {
        match run {
            Run::Whole(run) => out.push(run),
            Run::Text {
                content,
                link,
                styles,
            } => {
                for part in cut(&content, TEXT) {
                    let mut run = json!({"type": "text", "text": {"content": part}});
                    if let Some(link) = &link {
                        run["text"]["link"] = json!({ "url": link.to });
                    }
                    if !styles.is_empty() {
                        run["annotations"] = Value::Object(styles.clone());
                    }
                    out.push(run);
                }
            }
        }
    }
    out
}

/// Parts of at most `most` UTF-16 units; a character is never split.
fn cut(text: &str, most: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut from, mut length) = (0, 0);
    for (at, character) in text.char_indices() {
        if length + character.len_utf16() > most {
            parts.extend(text.get(from..at));
            (from, length) = (at, 0);
        }
        length += character.len_utf16();
    }
    parts.extend(text.get(from..).filter(|rest| !rest.is_empty()));
    parts
}

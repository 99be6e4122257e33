//! Addresses that Notion refuses without saying where they are: links, and what is shown
//! from elsewhere.
//!
//! Those that are most likely meant go first, as many as the message counts. When its count
//! stays the same they were not meant, and come back. The third time all that can be
//! meant go, so that a request is sent at most three times more for them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::loss::{Degree, Loss};
use super::amend::why;
use super::text::{self, RUN, RUNS};
use super::{culprit, lost_file, stand_in};
use crate::model::NotionId;
use crate::notion::{Blame, Doubt, Error, scheme};

/// How often addresses are dropped from one request.
const ROUNDS: u32 = 3;

/// Where an address stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Link,
    Image,
    /// Other files, bookmarks and embeds.
    Block,
    Icon,
    Cover,
    /// An entry of a Files property.
    Entry,
}

/// Addresses that are good or bad together, those that are more likely bad later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sort {
    doubt: Doubt,
    scheme: String,
    place: Place,
}

impl Sort {
    fn of(place: Place, address: &str) -> Sort {
        Sort {
            doubt: Doubt::of(address),
            scheme: scheme(address).unwrap_or_default(),
            place,
        }
    }
}

/// What was tried with the addresses of one request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tried {
    rounds: u32,
    /// Those that were not meant.
    good: Vec<Sort>,
    last: Option<Last>,
}

/// The request before addresses were dropped.
#[derive(Clone, Debug, PartialEq)]
struct Last {
    body: Value,
    losses: usize,
    count: usize,
    dropped: Vec<Sort>,
}

impl Tried {
    /// Drops addresses that the message may mean; false when it means none, or none is
    /// left. What is dropped is added to `losses`.
    pub(super) fn drop(
        &mut self,
        body: &mut Value,
        losses: &mut Vec<Loss>,
        about: NotionId,
        error: &Error,
    ) -> bool {
        let Some(blame) = error.blame() else {
            return false;
        };
        if self.rounds >= ROUNDS {
            return false;
        }
        let count = blame.count();
        if let Some(last) = self.last.take()
            && last.count == count
        {
            *body = last.body;
            losses.truncate(last.losses);
            self.good.extend(last.dropped);
        }
        self.rounds += 1;
        let meant = self.meant(about, body, &blame, count);
        if meant.is_empty() {
            return false;
        }
        self.last = Some(Last {
            body: body.clone(),
            losses: losses.len(),
            count,
            dropped: meant.clone(),
        });
        let mut walk = Walk {
            about,
            drops: &mut |place, address| meant.contains(&Sort::of(place, address)),
            dropped: Vec::new(),
        };
        walk.value(body);
        losses.extend(walk.dropped.into_iter().map(|(what, degree)| Loss {
            id: about,
            page: None,
            on: String::new(),
            what,
            why: why(error),
            degree,
        }));
        true
    }

    /// The addresses to drop now.
    fn meant(&self, about: NotionId, body: &mut Value, blame: &Blame, count: usize) -> Vec<Sort> {
        let mut found: BTreeMap<Sort, usize> = BTreeMap::new();
        let mut walk = Walk {
            about,
            drops: &mut |place, address| {
                *found.entry(Sort::of(place, address)).or_default() += 1;
                false
            },
            dropped: Vec::new(),
        };
        walk.value(body);
        let named = |sort: &Sort| match sort.place {
            Place::Link => blame.links > 0,
            Place::Image => blame.images > 0,
            Place::Icon => blame.icons > 0 || blame.images > 0,
            Place::Cover => blame.covers > 0 || blame.images > 0,
            Place::Block | Place::Entry => false,
        };
        if blame.addresses == 0 && found.keys().any(named) {
            found.retain(|sort, _| named(sort));
        }
        if self.rounds >= ROUNDS {
            return found.into_keys().collect();
        }
        if found.keys().any(|sort| !self.good.contains(sort)) {
            found.retain(|sort, _| !self.good.contains(sort));
        }
        let doubtful = found
            .iter()
            .rev()
            .filter(|(sort, _)| sort.doubt > Doubt::None);
        if let Some((sort, _)) = doubtful.clone().find(|(_, there)| **there == count) {
            return vec![sort.clone()];
        }
        let mut meant = Vec::new();
        let mut sum = 0;
        for (sort, there) in found.iter().rev() {
            if sum >= count {
                break;
            }
            sum += there;
            meant.push(sort.clone());
        }
        meant
    }
}

/// Takes the link out of the run that a message names by its path
/// (`body.children[2].paragraph.rich_text[0].text.link.url`), and out of what is linked
/// with it; says what was lost, or `None` when the path leads to no link.
pub(super) fn unlink(about: NotionId, body: &mut Value, path: &str) -> Option<(String, Degree)> {
    let path = path.trim_start_matches(['`', '"', '\'']);
    let (run, _) = path.strip_prefix("body.")?.split_once(".text.link")?;
    let (list, index) = run.strip_suffix(']')?.rsplit_once('[')?;
    let index: usize = index.parse().ok()?;
    let mut at = body;
    for key in list.split('.') {
        let (name, indices) = key.split_once('[').unwrap_or((key, ""));
        at = at.get_mut(name)?;
        for index in indices.split('[').filter(|it| !it.is_empty()) {
            at = at.get_mut(index.strip_suffix(']')?.parse::<usize>().ok()?)?;
        }
    }
    let runs = at.as_array_mut()?;
    let meant = runs.get(index)?["text"]["link"]["url"].as_str()?.to_owned();
    let mut walk = Walk {
        about,
        drops: &mut |_, address| address == meant,
        dropped: Vec::new(),
    };
    walk.links(runs);
    walk.dropped.pop()
}

/// Takes all links out of a value; says what was lost.
pub(super) fn without_links(value: &mut Value) -> Vec<(String, Degree)> {
    let mut walk = Walk {
        // No link needs it.
        about: NotionId::from_bits(0),
        drops: &mut |place, _| place == Place::Link,
        dropped: Vec::new(),
    };
    walk.value(value);
    walk.dropped
}

/// A way through all addresses of a request.
struct Walk<'w> {
    /// The old id of what the request restores.
    about: NotionId,
    /// Whether something else has to have the place of an address.
    drops: &'w mut dyn FnMut(Place, &str) -> bool,
    /// What was lost.
    dropped: Vec<(String, Degree)>,
}

impl Walk<'_> {
    /// JSON is at most 128 levels deep, so this may recurse.
    fn value(&mut self, value: &mut Value) {
        match value {
            Value::Array(items) => {
                self.links(items);
                for item in items {
                    self.item(item);
                    self.value(item);
                }
            }
            Value::Object(fields) => {
                for (key, place) in [("icon", Place::Icon), ("cover", Place::Cover)] {
                    let address = fields.get(key).map(|file| &file["external"]["url"]);
                    let address = address.and_then(Value::as_str);
                    if let Some(address) = address.filter(|it| (self.drops)(place, it)) {
                        let what = format!("{key} '{address}'");
                        self.dropped.push((what, Degree::Missing));
                        fields.remove(key);
                    }
                }
                for field in fields.values_mut() {
                    self.value(field);
                }
            }
            _ => {}
        }
    }

    /// A block, or an entry of a Files property, that is shown from elsewhere.
    fn item(&mut self, item: &mut Value) {
        if let (Some(address), Some(name)) =
            (item["external"]["url"].as_str(), item["name"].as_str())
        {
            if (self.drops)(Place::Entry, address) {
                let told = match name.contains(address) {
                    true => name.to_owned(),
                    false => format!("{name} ({address})"),
                };
                self.dropped
                    .push((format!("file '{told}'"), Degree::StandIn));
                *item = lost_file::entry(&told, self.about);
            }
            return;
        }
        let kind = stand_in::kind(item).to_owned();
        let place = match kind.as_str() {
            "image" => Place::Image,
            "video" | "audio" | "pdf" | "file" | "bookmark" | "embed" => Place::Block,
            _ => return,
        };
        let payload = stand_in::payload(item);
        let address = payload["external"]["url"].as_str();
        let Some(address) = address.or_else(|| payload["url"].as_str()) else {
            return;
        };
        let address = address.to_owned();
        if (self.drops)(place, &address) {
            let counted = stand_in::is_counted(item);
            if culprit::replace(item).is_some() && !counted {
                let what = format!("{kind} block '{address}'");
                self.dropped.push((what, Degree::StandIn));
            }
        }
    }

    /// The links of a rich text. A stretch of runs with the same link is followed by the
    /// address, unless it shows it.
    fn links(&mut self, runs: &mut Vec<Value>) {
        let mut at = 0;
        while at < runs.len() {
            let Some(address) = address_of(runs.get(at)).map(str::to_owned) else {
                at += 1;
                continue;
            };
            let rest = runs.get(at..).unwrap_or_default();
            let same = |run: &&Value| address_of(Some(run)) == Some(&address);
            let count = rest.iter().take_while(same).count();
            // Each run is one for Notion.
            let meant = (0..count).filter(|_| (self.drops)(Place::Link, &address));
            if meant.count() == 0 {
                at += count;
                continue;
            }
            let stretch = runs.get_mut(at..at + count).unwrap_or_default();
            let mut shown = String::new();
            for run in stretch {
                shown.push_str(&text::word(run));
                if let Some(text) = run["text"].as_object_mut() {
                    text.remove("link");
                }
            }
            at += count;
            self.dropped
                .push((format!("link '{address}'"), Degree::StandIn));
            if !shown.contains(&address) {
                at += tell(runs, at, &format!(" ({address})"));
            }
        }
    }
}

fn address_of(run: Option<&Value>) -> Option<&str> {
    run?["text"]["link"]["url"].as_str()
}

/// Adds words to the run before `at`, in its style; how many runs that takes.
fn tell(runs: &mut Vec<Value>, at: usize, words: &str) -> usize {
    let Some(last) = at.checked_sub(1).and_then(|before| runs.get_mut(before)) else {
        return 0;
    };
    let joined = text::word(last) + words;
    if joined.encode_utf16().count() <= RUN {
        last["text"]["content"] = joined.into();
        return 0;
    }
    let styles = last.get("annotations").cloned();
    let mut more = text::runs(words);
    if runs.len() + more.len() > RUNS {
        return 0;
    }
    for run in &mut more {
        if let Some(styles) = &styles {
            run["annotations"] = styles.clone();
        }
    }
    let count = more.len();
    runs.splice(at..at, more);
    count
}

#[cfg(test)]
mod tests;

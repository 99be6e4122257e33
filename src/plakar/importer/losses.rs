//! What a snapshot does not have, as errors on the paths where it would be.
//!
//! The ledger says what could not be read; the tree says, with `unavailable.json`, where a
//! stand-in is. Plakar keeps one error a path, so what concerns one file is told together.
//! What has no place in the tree is told beside the ledger.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::crawl::ledger::{self, Line, Status};
use crate::model::{Kind, NotionId};
use crate::repo::{Entry, Error, Repository, Snapshot, Tree};

/// The longest file of the ledger that is read, in bytes: room for a million lines.
const LEDGER_LIMIT: u64 = 512 << 20;
/// The longest `unavailable.json`, in bytes.
const STAND_IN_LIMIT: u64 = 1 << 20;
/// The longest message about one path, in bytes.
const LONGEST: usize = 4000;
/// Where the ledger is.
pub const OWN: &str = ".notion-backup";

/// What is missing, by the directory and then the file where it would be.
#[derive(Default)]
pub struct Losses {
    places: BTreeMap<NotionId, BTreeMap<String, String>>,
}

impl Losses {
    /// Reads them from a snapshot's ledger.
    pub fn find(repo: &Repository, snapshot: &Snapshot) -> Result<Losses, Error> {
        let mut losses = Losses::default();
        let counted = |status: Status| snapshot.ledger.get(status.word()).copied();
        let lost = [Status::Truncated, Status::Failed];
        if lost.into_iter().all(|it| counted(it).unwrap_or(0) == 0) {
            return Ok(losses);
        }
        let mut tree = repo.tree(snapshot.tree)?;
        for name in [OWN, "ledger"] {
            tree = match tree.get(name) {
                Some(entry) => repo.tree(entry.id)?,
                None => return Ok(losses),
            };
        }
        for file in &tree.entries {
            let content = repo.read(file.id, LEDGER_LIMIT)?;
            for line in ledger::parse(&content).filter(|line| line.status.is_loss()) {
                losses.add(&line);
            }
        }
        Ok(losses)
    }

    fn add(&mut self, line: &Line) {
        let owner = line.owners.first().copied().unwrap_or(line.id);
        let (directory, file) = match line.kind {
            Kind::Page => (line.id, "page.json".to_owned()),
            Kind::Database => (line.id, "database.json".to_owned()),
            Kind::DataSource => (owner, "data_sources.json".to_owned()),
            Kind::View => (owner, "views.json".to_owned()),
            Kind::Comment => (owner, "comments.json".to_owned()),
            Kind::File => (owner, "files.json".to_owned()),
            Kind::Property => (owner, "properties.json".to_owned()),
            // Its directory is not there, or it would not be lost.
            Kind::Block => (owner, line.id.to_string()),
            Kind::User | Kind::CustomEmoji => (line.id, line.id.to_string()),
        };
        let mut text = match line.place.as_str() {
            "" => String::new(),
            place => format!("{place}: "),
        };
        text.push_str(match line.reason.as_str() {
            "" => line.status.word(),
            reason => reason,
        });
        let told = self
            .places
            .entry(directory)
            .or_default()
            .entry(file)
            .or_default();
        if told.len() + text.len() > LONGEST {
            return;
        }
        if !told.is_empty() {
            told.push_str("; ");
        }
        told.push_str(&text);
    }

    /// What is missing in this directory: name and reason. The second time there is
    /// nothing, so nothing is told twice.
    pub fn take(
        &mut self,
        repo: &Repository,
        directory: &str,
        tree: &Tree,
    ) -> Result<BTreeMap<String, String>, Error> {
        let id: Option<NotionId> = directory.parse().ok();
        let mut found = id
            .and_then(|id| self.places.remove(&id))
            .unwrap_or_default();
        if let Some(entry) = tree.get("unavailable.json")
            && let Some(reason) = stand_in(repo, entry)?
        {
            let file = ["page.json", "database.json"]
                .into_iter()
                .find(|name| tree.get(name).is_some());
            found
                .entry(file.unwrap_or("page.json").to_owned())
                .or_insert(reason);
        }
        Ok(found)
    }

    /// What is left when the whole tree was walked: it has no place in it.
    pub fn rest(self) -> impl Iterator<Item = (String, String)> {
        self.places.into_iter().map(|(id, files)| {
            let told: Vec<String> = files.into_values().collect();
            (id.to_string(), told.join("; "))
        })
    }
}

/// Why there is a stand-in, unless that is as the workspace has it: what lies in the
/// trash, was left out by wish, or stands elsewhere is no error.
fn stand_in(repo: &Repository, entry: &Entry) -> Result<Option<String>, Error> {
    let content = repo.read(entry.id, STAND_IN_LIMIT)?;
    let why: Value = serde_json::from_slice(&content).unwrap_or_default();
    let word = why["status"].as_str().unwrap_or("failed");
    let known = [Status::Failed, Status::NotShared, Status::Unsupported];
    if !known.iter().any(|status| status.word() == word) {
        return Ok(None);
    }
    Ok(Some(match why["reason"].as_str() {
        Some(reason) if !reason.is_empty() => format!("{word}: {reason}"),
        _ => word.to_owned(),
    }))
}

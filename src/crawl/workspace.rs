//! What belongs to the workspace as a whole: itself, its people, its emojis.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use serde_json::{Value, json};

use super::Error;
use super::attachments::{Attachments, Rows};
use super::base::{JSON_LIMIT, unless_damaged};
use super::body::Record;
use super::context::Crawl;
use super::failed::{Failed, collect, reason};
use super::ledger::{Line, Status};
use crate::model::{How, Kind, NotionId, canonical, id_of};
use crate::notion::{self, End};
use crate::repo::{Entry, EntryKind, Stored};
use crate::report::Counter;

/// The listings that belong to the workspace, drained at the beginning.
pub struct Workspace {
    /// The answer to "who am I".
    pub me: Value,
    /// Members and bots by id; `None` when the token may not see them.
    pub users: Option<BTreeMap<NotionId, Value>>,
    /// The workspace's emojis; `None` when they cannot be listed.
    pub emojis: Option<Vec<Value>>,
}

/// Whether the API refuses to list people because the token is a personal one.
fn is_personal(error: &notion::Error) -> bool {
    error.kind == notion::Kind::Validation
        || error
            .to_string()
            .to_ascii_lowercase()
            .contains("personal access token")
}

impl<'c> Crawl<'c> {
    /// Lists the people and the emojis.
    pub fn list_workspace(&self, me: Value) -> Result<Workspace, Error> {
        let users =
            self.listed_or_noted(Kind::User, "users", collect(|each| self.api.users(each)))?;
        let emojis = collect(|each| self.api.custom_emojis(each));
        let emojis = self.listed_or_noted(Kind::CustomEmoji, "emojis", emojis)?;
        let users = users.map(|users| {
            let with_id = users
                .into_iter()
                .filter_map(|user| Some((id_of(&user)?, self.person(user))));
            with_id.collect()
        });
        let emojis = emojis.map(|mut emojis| {
            emojis.sort_by_key(id_of);
            emojis
        });
        Ok(Workspace { me, users, emojis })
    }

    /// A person as stored.
    fn person(&self, user: Value) -> Value {
        if let Some(id) = id_of(&user) {
            self.note_broken_loose(id, Kind::User, &user);
        }
        canonical(user)
    }

    /// A listing that some tokens may not see: then it is noted, once, and does without.
    fn listed_or_noted(
        &self,
        kind: Kind,
        what: &str,
        listed: Result<(Vec<Value>, End), notion::Error>,
    ) -> Result<Option<Vec<Value>>, Error> {
        let mut expected = false;
        let (status, words) = match listed {
            Ok((objects, end)) => {
                self.report
                    .add(Counter::ListedObjects, objects.len() as u64);
                if let End::Incomplete(reason) = end {
                    self.workspace_line(kind, Status::Truncated, &reason);
                }
                return Ok(Some(objects));
            }
            // A personal access token cannot list people at all (section 1.2 of the API digest,
            // which does not say how it is refused). Nobody can change that, so nobody is told
            // of it every night; the ledger has it.
            Err(error) if kind == Kind::User && is_personal(&error) => {
                expected = true;
                (Status::Unsupported, reason(&error))
            }
            Err(error) if error.kind == notion::Kind::Validation => {
                (Status::Unsupported, reason(&error))
            }
            Err(error) if error.kind == notion::Kind::Restricted => {
                (Status::NotShared, reason(&error))
            }
            Err(error) => match Failed::from(error).recoverable() {
                Ok(words) => words,
                Err(Failed::Fatal(error)) => return Err(error),
                Err(_) => return Ok(None),
            },
        };
        if !expected {
            self.report
                .problem(&format!("the {what} cannot be listed: {words}"));
        }
        self.workspace_line(kind, status, &words);
        Ok(None)
    }

    /// A ledger line about something of the whole workspace.
    pub(super) fn workspace_line(&self, kind: Kind, status: Status, reason: &str) {
        self.loose_line(Line::new(self.workspace_id, kind, status, reason).at("listing"));
    }

    /// Notes, once, that the token may not read comments.
    pub fn deny_comments(&self, error: &notion::Error) {
        if !self.comments_denied.swap(true, Ordering::SeqCst) {
            self.no_comments(&reason(error));
        }
    }

    /// Notes that comments are missing, so that the next run finds out whether they can be
    /// read by then.
    pub(super) fn no_comments(&self, reason: &str) {
        self.report
            .problem(&format!("comments cannot be read: {reason}"));
        let line = Line::new(self.workspace_id, Kind::Comment, Status::Failed, reason);
        self.loose_line(line.at(super::context::CAPABILITY));
    }

    /// Writes the files of the reserved directory that are about the workspace.
    pub fn store_workspace(
        &'c self,
        pool: &rayon::ThreadPool,
        workspace: Workspace,
        carried: &[Line],
    ) -> Result<Vec<Entry>, Error> {
        self.note_broken_loose(self.workspace_id, Kind::User, &workspace.me);
        let mut entries = Vec::new();
        let mut add = |name: &str, stored: Stored| {
            entries.push(Entry {
                name: name.to_string(),
                kind: EntryKind::File,
                id: stored.id,
                size: stored.size,
                modified: None,
            });
        };
        add(
            "workspace.json",
            self.repo.put_json(&canonical(workspace.me.clone()))?,
        );
        let kept = match workspace.emojis {
            Some(_) => Vec::new(),
            None => self.keep_emojis(),
        };
        let emojis = workspace.emojis.unwrap_or_default();
        let (rows, bytes) = self.emoji_files(&emojis)?;
        if !emojis.is_empty() {
            let emojis = emojis.into_iter().map(canonical).collect();
            add(
                "custom_emojis.json",
                self.repo.put_json(&Value::Array(emojis))?,
            );
        }
        if !rows.is_empty() {
            add(
                "files.json",
                self.repo.put_json(&serde_json::to_value(rows)?)?,
            );
        }
        let mut seen = std::collections::BTreeSet::new();
        for (name, stored) in bytes {
            if seen.insert(name.clone()) {
                add(&name, stored);
            }
        }
        let users = self.people(pool, workspace.users, carried)?;
        if !users.is_empty() {
            let users = users.into_values().collect();
            add("users.json", self.repo.put_json(&Value::Array(users))?);
        }
        entries.extend(kept);
        Ok(entries)
    }

    /// The emojis as the previous snapshot has them.
    fn keep_emojis(&self) -> Vec<Entry> {
        for line in &self.base.lines {
            if line.kind == Kind::CustomEmoji && line.place.is_empty() {
                self.loose_line(line.clone());
            }
        }
        self.keep_broken(Kind::CustomEmoji, |_| true);
        let files = self.base.reserved.values();
        files
            .filter(|file| {
                ["custom_emojis.json", "files.json"].contains(&file.name.as_str())
                    || file.name.ends_with(".bin")
            })
            .cloned()
            .collect()
    }

    fn emoji_files(&'c self, emojis: &[Value]) -> Result<Rows, Error> {
        let previous = self.reserved_json("files.json")?;
        let previous = previous.and_then(|rows| serde_json::from_value(rows).ok());
        let mut record = Record::new(self.workspace_id, Kind::CustomEmoji, self.api.now());
        let mut files =
            Attachments::new(self, self.workspace_id).with_previous(previous.unwrap_or_default());
        for emoji in emojis {
            let (Some(id), Some(url)) = (id_of(emoji), emoji["url"].as_str()) else {
                continue;
            };
            self.loose_line(Line::new(id, Kind::CustomEmoji, Status::Captured, ""));
            self.note_broken_loose(id, Kind::CustomEmoji, emoji);
            // An emoji's picture has no expiry time; this is the shape that has one.
            let file = json!({"url": url, "expiry_time": null});
            match files.take(&mut record, id, &file, &|| Ok(file.clone())) {
                Ok(()) => {}
                Err(Failed::Fatal(error)) => return Err(error),
                Err(_) => {}
            }
        }
        for mut line in record.lines {
            line.owners.clear();
            self.loose_line(line);
        }
        Ok(files.into_rows())
    }

    /// A JSON file of the base's reserved directory.
    fn reserved_json(&self, name: &str) -> Result<Option<Value>, Error> {
        let Some(entry) = self.base.reserved.get(name) else {
            return Ok(None);
        };
        let content = unless_damaged(self.repo.read(entry.id, JSON_LIMIT))?;
        Ok(content.and_then(|content| serde_json::from_slice(&content).ok()))
    }

    /// The listed people, and those who are only named: guests are not listed, but can
    /// be asked for one by one (section 2.8 of the API digest).
    fn people(
        &'c self,
        pool: &rayon::ThreadPool,
        listed: Option<BTreeMap<NotionId, Value>>,
        carried: &[Line],
    ) -> Result<BTreeMap<NotionId, Value>, Error> {
        let before = self.reserved_json("users.json")?.unwrap_or_default();
        let before: BTreeMap<NotionId, Value> = before
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|user| Some((id_of(user)?, user.clone())))
            .collect();
        let Some(mut people) = listed else {
            self.keep_broken(Kind::User, |id| before.contains_key(&id));
            return Ok(before);
        };
        let mut answered: HashSet<NotionId> = people.keys().copied().collect();
        let known: BTreeMap<NotionId, &Line> = self
            .base
            .lines
            .iter()
            .filter(|line| line.kind == Kind::User && line.place.is_empty())
            .map(|line| (line.id, line))
            .collect();
        // The ledger has them, and the repository has lost what was known of them.
        let lost = |line: &Line| line.status == Status::Captured && !before.contains_key(&line.id);
        let mut lines: Vec<Line> = Vec::new();
        let mut ask: Vec<Line> = Vec::new();
        for (id, named) in &self.found().references {
            let owners: Vec<NotionId> = named
                .iter()
                .filter(|(how, _)| *how == How::Person)
                .map(|(_, by)| *by)
                .collect();
            if owners.is_empty() || people.contains_key(id) {
                continue;
            }
            let mut line = Line::new(*id, Kind::User, Status::Captured, "").found(How::Person);
            line.owners.extend(owners);
            match known.get(id) {
                Some(known) if !self.everything && !known.status.is_loss() && !lost(known) => {
                    (line.status, line.reason) = (known.status, known.reason.clone());
                    lines.push(line);
                }
                _ => ask.push(line),
            }
        }
        let already: HashSet<NotionId> = ask.iter().map(|line| line.id).collect();
        let named = carried
            .iter()
            .filter(|line| line.kind == Kind::User && line.place.is_empty() && lost(line));
        let gone =
            named.filter(|line| !people.contains_key(&line.id) && !already.contains(&line.id));
        ask.extend(gone.cloned());
        let away = AtomicBool::new(false);
        let ask_one = |mut line: Line| {
            if away.load(Ordering::SeqCst) {
                line.status = Status::Failed;
                line.reason = "Notion did not answer for others before".to_string();
                return Ok((line, None));
            }
            let answer = self.api.user(line.id);
            // The rest of the workspace is there: people alone are no reason to lose it.
            if matches!(&answer, Err(error) if error.kind == notion::Kind::Away) {
                away.store(true, Ordering::SeqCst);
            }
            match answer {
                Ok(user) => Ok((line, Some(self.person(user)))),
                Err(error) if error.kind == notion::Kind::Away => {
                    (line.status, line.reason) = (Status::Failed, reason(&error));
                    Ok((line, None))
                }
                Err(error) => match Failed::from(error).recoverable() {
                    Err(Failed::Fatal(error)) => Err(error),
                    words => {
                        if let Ok(words) = words {
                            (line.status, line.reason) = words;
                        }
                        Ok((line, None))
                    }
                },
            }
        };
        let asked: Vec<Result<(Line, Option<Value>), Error>> =
            pool.install(|| ask.into_par_iter().map(ask_one).collect());
        for answer in asked {
            let (line, user) = answer?;
            answered.extend(user.is_some().then_some(line.id));
            people.extend(user.map(|user| (line.id, user)));
            lines.push(line);
        }
        let lasting = carried.iter().chain(&lines);
        for line in lasting.filter(|line| line.kind == Kind::User) {
            if let Some(user) = before.get(&line.id) {
                people.entry(line.id).or_insert_with(|| user.clone());
            }
        }
        self.found().loose.extend(lines);
        self.keep_broken(Kind::User, |id| {
            people.contains_key(&id) && !answered.contains(&id)
        });
        Ok(people)
    }
}

//! The workers: what is done with each page and each database.
//!
//! Work is an id; a node is claimed by the first worker that meets it. Children are
//! queued as they are found, so nesting of any depth takes no stack, and the pool's
//! own queue holds ids only.

use rayon::Scope;

use super::Error;
use super::body::Record;
use super::context::Crawl;
use super::failed::Failed;
use super::journal::Place;
use super::ledger::{Line, Status};
use super::listing::Listed;
use super::node::{Content, Node};
use super::recheck::is_past;
use jiff::{SignedDuration, Timestamp};

use crate::model::{Kind, NotionId, Parent};
use crate::report::Counter;

/// Objects for which Notion may give no answer, one after the other, before the crawl
/// gives up: by then it is not the objects that are broken. Each has been asked for again
/// and again before. An answer about one object, a refusal too, shows that Notion is there.
const OUTAGE: u32 = 25;

/// Something to do.
#[derive(Clone, Debug)]
pub enum Work {
    /// Take in a page.
    Page(NotionId),
    /// Take in a database, which a block shows under this title.
    Database(NotionId, String),
    /// Read a carried-over page or database again.
    Again(NotionId),
    /// Carry a node over without asking, because its listing failed.
    Keep(NotionId),
    /// Find out what became of something that was only named.
    Named(NotionId, crate::model::How),
}

impl Work {
    /// The kind of the object.
    pub fn kind(&self) -> Kind {
        match self {
            Work::Database(..) => Kind::Database,
            _ => Kind::Page,
        }
    }
}

impl<'c> Crawl<'c> {
    /// Does `works` and all that follows from them.
    pub fn run(&'c self, pool: &rayon::ThreadPool, works: Vec<Work>) -> Result<(), Error> {
        pool.scope(|scope| self.spawn(scope, works));
        match self
            .fatal
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .take()
        {
            Some(error) => Err(error),
            None => self.check_stop(),
        }
    }

    fn spawn<'s>(&'s self, scope: &Scope<'s>, works: Vec<Work>)
    where
        'c: 's,
    {
        for work in works {
            scope.spawn(move |scope| {
                if self.is_over() {
                    return;
                }
                match self.work(work) {
                    Ok(works) => self.spawn(scope, works),
                    Err(error) => self.end(error),
                }
            });
        }
    }

    fn is_over(&self) -> bool {
        self.stop.is_raised()
            || self
                .fatal
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner())
                .is_some()
    }

    fn end(&self, error: Error) {
        let mut fatal = self
            .fatal
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        fatal.get_or_insert(error);
    }

    /// Fails when the run was asked to end.
    pub fn check_stop(&self) -> Result<(), Error> {
        if self.stop.is_raised() {
            Err(Error::Stopped)
        } else {
            Ok(())
        }
    }

    fn work(&'c self, work: Work) -> Result<Vec<Work>, Error> {
        match work {
            Work::Page(id) if self.claim(id) => self.page(id, false),
            Work::Database(id, title) if self.claim(id) => self.database(id, &title, false),
            Work::Page(_) | Work::Database(..) => Ok(Vec::new()),
            Work::Again(id) => match self.base.nodes.get(&id).map(|node| node.kind) {
                Some(Kind::Database) => self.database(id, "", true),
                _ => self.page(id, true),
            },
            Work::Keep(id) => {
                if !self.claim(id) {
                    return Ok(Vec::new());
                }
                if self.base.whole(id).is_none() {
                    return self.page(id, false);
                }
                self.carry_over(id, None);
                Ok(self.children_in_base(id))
            }
            Work::Named(id, how) => self.named(id, how),
        }
    }

    fn claim(&self, id: NotionId) -> bool {
        self.found().claimed.insert(id)
    }

    /// Whether an edit at `edited` would have been seen by the reading in the base.
    ///
    /// Notion rounds times to the minute, so a page that was edited less than two minutes
    /// before it was read may have changed after it (section 9.2 of the API digest).
    pub fn settled(&self, id: NotionId, edited: Option<Timestamp>) -> bool {
        let read = self.reads.get(&id).copied().or(self.base.started());
        self.settled_at(read, edited)
    }

    fn settled_at(&self, read: Option<Timestamp>, edited: Option<Timestamp>) -> bool {
        settled_at(read, edited, self.api.now())
    }

    fn must_read(&self, id: NotionId) -> bool {
        self.everything || self.due.contains(&id) || self.base.lossy.contains(&id)
    }

    fn page(&'c self, id: NotionId, again: bool) -> Result<Vec<Work>, Error> {
        let listed = match self.listing.get(id) {
            Some(listed) => listed,
            None => match self.fetch_page(id) {
                Ok(listed) => listed,
                // A page can be turned into a database, which keeps its id.
                Err(Failed::OtherKind(Kind::Database, _)) if !again => {
                    return self.database(id, "", true);
                }
                Err(failed) => return self.lost(id, Kind::Page, failed),
            },
        };
        if listed.trashed {
            return self.lost(id, Kind::Page, Failed::Trashed);
        }
        self.notice_move(id, listed.parent.id());
        let base = self.base.whole(id).filter(|node| node.kind == Kind::Page);
        if !again
            && !self.must_read(id)
            && base.is_some_and(|node| node.edited == listed.edited)
            && self.settled(id, listed.edited)
        {
            self.carry_over(id, Some(listed));
            self.succeeded();
            return Ok(self.children_in_base(id));
        }
        if !again
            && let Some(place) = self.resumed.get(&id).copied()
            && place.edited == listed.edited
            && self.settled_at(Some(place.read), listed.edited)
        {
            let record = self.journal.read(place)?;
            self.succeeded();
            return Ok(self.absorb(record, place, listed.parent, listed.searched));
        }
        let object = self.listing.object(listed)?;
        match self.read_page(id, listed, object) {
            Ok((record, failed)) => self.keep(record, failed, listed.parent, listed.searched),
            Err(Failed::Gone(reason)) => {
                // The listing named it, so it may just have been moved to the trash.
                let failed = match self.fetch_page(id) {
                    Ok(now) if now.trashed => Failed::Trashed,
                    // A page in something that is in the trash says nothing of it.
                    Ok(now) if self.lies_in_trash(now.parent)? => Failed::Trashed,
                    Ok(_) => Failed::Unreadable(reason),
                    Err(failed) => failed,
                };
                self.lost(id, Kind::Page, failed)
            }
            Err(failed) => self.lost(id, Kind::Page, failed),
        }
    }

    fn fetch_page(&self, id: NotionId) -> Result<Listed, Failed> {
        let page = self.api.page(id)?;
        self.listing.add(&page, self.api.now(), false)?;
        let listed = self
            .listing
            .get(id)
            .filter(|listed| listed.kind == Kind::Page);
        listed.ok_or_else(|| Failed::Unreadable("the answer is no page".to_string()))
    }

    fn database(&'c self, id: NotionId, title: &str, again: bool) -> Result<Vec<Work>, Error> {
        let listed = self
            .listing
            .sources(id)
            .first()
            .and_then(|id| self.listing.get(*id));
        if let Some(listed) = listed {
            self.notice_move(id, listed.parent.id());
        }
        let searched = listed.is_some_and(|listed| listed.searched);
        // A database's own answer names a parent, but not of which kind.
        let parent = |reported: Option<NotionId>| match listed {
            Some(listed) => listed.parent,
            None => reported.map_or(Parent::Unknown, Parent::Block),
        };
        let base = self
            .base
            .whole(id)
            .filter(|node| node.kind == Kind::Database);
        if !again
            && !self.must_read(id)
            && base.is_some()
            && let Some(sources) = self.database_unchanged(id)
        {
            self.carry_over(id, None);
            self.succeeded();
            if let Some(listed) = listed
                && let Some(node) = self.found().nodes.get_mut(&id)
            {
                (node.parent, node.searched) = (listed.parent, searched);
            }
            let mut works = self.templates_in_base(&sources);
            works.extend(self.rows(id, &sources)?);
            return Ok(works);
        }
        if !again && let Some(place) = self.resumed.get(&id).copied() {
            let record = self.journal.read(place)?;
            let same = record
                .lines
                .iter()
                .filter(|line| line.kind == Kind::DataSource)
                .all(|line| {
                    self.listing
                        .get(line.id)
                        .is_some_and(|listed| listed.edited == line.edited)
                        && self.settled_at(Some(place.read), line.edited)
                });
            if same {
                let sources = record.sources.clone();
                let parent = parent(record.parent);
                self.succeeded();
                let mut works = self.absorb(record, place, parent, searched);
                works.extend(self.rows(id, &sources)?);
                return Ok(works);
            }
        }
        match self.read_database(id, title) {
            Ok(record) => {
                let sources = record.sources.clone();
                let parent = parent(record.parent);
                let mut works = self.keep(record, None, parent, searched)?;
                works.extend(self.rows(id, &sources)?);
                Ok(works)
            }
            Err(Failed::OtherKind(Kind::Page, _)) if !again => self.page(id, true),
            Err(failed) => self.lost(id, Kind::Database, failed),
        }
    }

    /// What is to be done with something that is listed.
    pub fn work_for(&self, id: NotionId) -> Option<Work> {
        let listed = self.listing.get(id)?;
        match listed.kind {
            Kind::Page => Some(Work::Page(id)),
            Kind::DataSource if !listed.trashed => listed
                .database
                .map(|database| Work::Database(database, String::new())),
            _ => None,
        }
    }

    pub fn children_in_base(&self, id: NotionId) -> Vec<Work> {
        let children = self.base.children.get(&id).into_iter().flatten();
        children
            .filter_map(|child| self.work_in_base(*child))
            .collect()
    }

    /// What is to be done with a node of the base.
    pub fn work_in_base(&self, id: NotionId) -> Option<Work> {
        let node = self.base.nodes.get(&id)?;
        Some(match node.kind {
            Kind::Database => Work::Database(id, String::new()),
            _ => Work::Page(id),
        })
    }

    fn templates_in_base(&self, sources: &[NotionId]) -> Vec<Work> {
        let mut works = Vec::new();
        let mut found = self.found();
        for source in sources {
            for page in self.base.templates.get(source).into_iter().flatten() {
                found.templates.insert(*page, *source);
                works.push(Work::Page(*page));
            }
        }
        works
    }

    /// Takes a node over from the previous snapshot as it is.
    fn carry_over(&self, id: NotionId, listed: Option<Listed>) {
        let Some(base) = self.base.nodes.get(&id) else {
            return;
        };
        let (parent, reported) = match listed {
            Some(listed) => (listed.parent, listed.parent.id()),
            None => (
                base.above.map_or(Parent::Workspace, Parent::Page),
                self.base.parents.get(&id).copied().flatten(),
            ),
        };
        let node = Node {
            kind: base.kind,
            content: Content::Base,
            parent,
            reported,
            searched: listed.is_some_and(|listed| listed.searched),
            read: self.reads.get(&id).copied(),
        };
        let mut found = self.found();
        if let Some(source) = base.template_of {
            found.templates.insert(id, source);
        }
        found.nodes.insert(id, node);
        drop(found);
        self.report.add(Counter::UnchangedPages, 1);
    }

    /// Notes what was read. A page whose blocks could not be read, for the reason given as
    /// `failed`, keeps its earlier content.
    fn keep(
        &'c self,
        record: Record,
        failed: Option<Failed>,
        parent: Parent,
        searched: bool,
    ) -> Result<Vec<Work>, Error> {
        match failed {
            Some(failed) if self.base.whole(record.id).is_some() => {
                return self.lost(record.id, record.kind, failed);
            }
            Some(failed) => self.failed(record.id, record.kind, &failed)?,
            None => self.succeeded(),
        }
        let place = self.journal.append(&record)?;
        Ok(self.absorb(record, place, parent, searched))
    }

    /// Notes that Notion is there.
    fn succeeded(&self) {
        self.found().failures = 0;
    }

    /// Tells of an object that should have been readable, and ends the crawl when Notion
    /// seems to be away.
    fn failed(&self, id: NotionId, kind: Kind, failed: &Failed) -> Result<(), Error> {
        let Some((Status::Failed, reason)) = failed.told() else {
            return Ok(());
        };
        let last = format!("{} {id}: {reason}", kind_word(kind));
        self.report.problem(&last);
        self.report.add(Counter::Failures, 1);
        if !matches!(failed, Failed::Unanswered(_)) {
            return Ok(());
        }
        let mut found = self.found();
        found.failures += 1;
        match found.failures {
            count if count >= OUTAGE => Err(Error::Outage { count, last }),
            _ => Ok(()),
        }
    }

    /// Takes a record in, fresh or from the journal, and queues what it shows.
    fn absorb(&self, record: Record, place: Place, parent: Parent, searched: bool) -> Vec<Work> {
        let id = record.id;
        let mut works = Vec::new();
        let mut found = self.found();
        let mut slots = Vec::with_capacity(record.body.slots.len());
        for slot in &record.body.slots {
            let list = record.body.directories.get(slot.directory as usize);
            slots.push((slot.id, list.map_or(id, |directory| directory.name)));
            works.push(match slot.kind {
                Kind::Database => Work::Database(slot.id, slot.title.clone()),
                _ => Work::Page(slot.id),
            });
        }
        found.slots.insert(id, slots);
        for (source, template) in &record.templates {
            found.templates.insert(*template, *source);
            works.push(Work::Page(*template));
        }
        for reference in &record.references {
            found
                .references
                .entry(reference.0)
                .or_default()
                .insert((reference.1, id));
        }
        found.lines.insert(id, record.lines);
        let node = Node {
            kind: record.kind,
            content: Content::Read(place),
            parent,
            reported: record.parent,
            searched,
            read: Some(record.read),
        };
        found.nodes.insert(id, node);
        works
    }

    /// Notes that there is no content for a node, or that the earlier one has to do.
    pub fn lost(&self, id: NotionId, kind: Kind, failed: Failed) -> Result<Vec<Work>, Error> {
        self.failed(id, kind, &failed)?;
        let (status, reason) = match failed.recoverable() {
            Ok(words) => words,
            Err(Failed::Fatal(error)) => return Err(error),
            Err(_) => return Ok(Vec::new()),
        };
        if !status.keeps_earlier() {
            self.shown_no_more(id);
        } else if let Some(base) = self.base.whole(id) {
            let kept = match base.edited {
                Some(edited) => format!("{reason}; kept as it was at {edited}"),
                None => format!("{reason}; kept as it was"),
            };
            self.carry_over(id, self.listing.get(id));
            self.loose_line(Line::new(id, kind, status, kept));
            let mut works = self.children_in_base(id);
            let sources = self.base.databases.get(&id).into_iter().flatten();
            let sources: Vec<NotionId> = sources.map(|(source, _)| *source).collect();
            works.extend(self.templates_in_base(&sources));
            return Ok(works);
        }
        let listed = self.listing.get(id);
        let node = Node {
            kind,
            content: Content::Missing(status, reason),
            parent: listed.map_or(Parent::Unknown, |listed| listed.parent),
            reported: listed.and_then(|listed| listed.parent.id()),
            searched: listed.is_some_and(|listed| listed.searched),
            read: None,
        };
        self.found().nodes.insert(id, node);
        Ok(Vec::new())
    }

    /// A node whose parent is another one than before has left a page that may not say so.
    fn notice_move(&self, id: NotionId, parent: Option<NotionId>) {
        if let Some(before) = self.base.parents.get(&id)
            && *before != parent
        {
            self.shown_no_more(id);
        }
    }

    /// The page that showed a node has changed without saying so. Nothing that is stored
    /// of a database names its rows, so a database has not.
    fn shown_no_more(&self, id: NotionId) {
        let nodes = &self.base.nodes;
        if let Some(above) = nodes.get(&id).and_then(|node| node.above)
            && nodes.get(&above).is_some_and(|it| it.kind == Kind::Page)
        {
            self.found().stale.insert(above);
        }
    }

    /// Adds a ledger line that belongs to no body read by this run.
    pub fn loose_line(&self, line: Line) {
        self.found().loose.push(line);
    }
}

fn settled_at(read: Option<Timestamp>, edited: Option<Timestamp>, now: Timestamp) -> bool {
    const OVERLAP: SignedDuration = SignedDuration::from_mins(2);
    match (read.filter(|read| is_past(*read, now)), edited) {
        (Some(read), Some(edited)) => read.duration_since(edited) > OVERLAP,
        // A linked view's database has no time of its own.
        (Some(_), None) => true,
        (None, _) => false,
    }
}

fn kind_word(kind: Kind) -> &'static str {
    if kind == Kind::Database {
        "database"
    } else {
        "page"
    }
}

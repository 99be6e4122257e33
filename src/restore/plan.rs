//! The plan: everything that a restore will send, in order.
//!
//! Planning is pure: it reads the original and what was [surveyed](super::survey), and
//! hands out steps. The same input gives the same steps.
//!
//! Skeletons come first, top down, so that ids are there when text names them; rows
//! follow the columns of their data source, and because rows hold pages and pages hold
//! databases, these two alternate until nothing is left. Then come the bodies, the
//! relations that could not be written before, views, comments, and last what locks.

mod bodies;
mod comments;
mod databases;
mod keys;
mod moment;
mod pages;
mod relations;
mod totals;
mod uploads;
mod views;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use serde_json::Value;

use super::left_out::{self, LeftOut};
use super::loss::{Degree, Loss, Notes};
use super::original::Original;
use super::schema::{Change, Schemas};
use super::source::Place;
use super::step::{Action, Bytes, Learn, Part, Step, Template};
use super::survey::Survey;
use super::values::Overflow;
use super::{Error, PendingId, Ref, Text};
use crate::model::{Kind, NotionId};
use crate::notion::Method;

pub use totals::{REQUESTS_PER_MINUTE, Totals};

/// What a plan comes to.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// How much of everything.
    pub totals: Totals,
    /// What is left out on purpose.
    pub left_out: Vec<LeftOut>,
    /// What will not come back as it was.
    pub losses: Vec<Loss>,
}

/// Takes the steps of a plan, in order.
pub type Out<'a> = &'a mut dyn FnMut(Step) -> Result<(), Error>;

/// Plans the restore of the pages and databases that are `chosen` (with all that is below
/// them) from `original` into what was surveyed.
pub fn plan(
    original: &Original<'_>,
    survey: &Survey,
    chosen: &BTreeSet<NotionId>,
    out: Out<'_>,
) -> Result<Planned, Error> {
    let mut planner = Planner {
        original,
        survey,
        chosen,
        whole: left_out::is_all_but(original, survey.root, chosen),
        out,
        planned: Planned::default(),
        made: HashSet::new(),
        held: HashMap::new(),
        rows: HashMap::new(),
        offered: RefCell::default(),
        checked: RefCell::default(),
        uploaded: HashSet::new(),
        queue: VecDeque::new(),
        sources: BTreeMap::new(),
        schemas: Schemas::default(),
        waiting: Vec::new(),
        columns: HashSet::new(),
        pages: Vec::new(),
        databases: Vec::new(),
        bodies: Vec::new(),
        relations: Vec::new(),
        linked: Vec::new(),
        linked_after: HashMap::new(),
        comment_links: BTreeSet::new(),
        rewrites: Vec::new(),
        again: Vec::new(),
        again_databases: Vec::new(),
        holders: Vec::new(),
    };
    planner.run()?;
    Ok(planner.planned)
}

/// A page whose blocks, or some of them, are still to be written.
struct Unwritten {
    page: NotionId,
    /// How many of its first-level blocks are there already.
    taken: usize,
    /// Texts that found no place in its properties.
    overflow: Vec<Overflow>,
}

/// A row with relations that could not be written with it.
struct Unrelated {
    row: NotionId,
    source: NotionId,
    /// By name, the old ids of all that each names.
    relations: Vec<(String, Vec<NotionId>)>,
    /// Values of formulas whose columns are not there yet, by what is to be their key.
    results: Vec<(PendingId, Value)>,
}

/// A plan being made.
struct Planner<'p> {
    original: &'p Original<'p>,
    survey: &'p Survey,
    chosen: &'p BTreeSet<NotionId>,
    /// Whether that is everything but what is left out.
    whole: bool,
    out: Out<'p>,
    planned: Planned,
    /// What earlier steps make.
    made: HashSet<PendingId>,
    /// How many first-level blocks there are in what this restore makes.
    held: HashMap<PendingId, u32>,
    /// How many rows there are in a data source.
    rows: HashMap<PendingId, u32>,
    /// Files that translations were told of.
    offered: RefCell<HashMap<PendingId, Bytes>>,
    /// Files whose content was read, and what is wrong with each; `None` for nothing.
    checked: RefCell<HashMap<Place, Option<String>>>,
    /// Those with a step already.
    uploaded: HashSet<PendingId>,
    /// Pages and databases whose parent is there.
    queue: VecDeque<(NotionId, Under)>,
    /// The data sources, as they were.
    sources: BTreeMap<NotionId, Value>,
    /// How their columns come back.
    schemas: Schemas,
    /// Changes of columns that are still to be sent, in order.
    waiting: Vec<Change>,
    /// Columns that are there, by old data source and name.
    columns: HashSet<(NotionId, String)>,
    /// Pages that are there, rows included, in order.
    pages: Vec<NotionId>,
    /// Databases that are there, in order, linked ones apart.
    databases: Vec<NotionId>,
    /// Pages with blocks that are not written yet.
    bodies: Vec<Unwritten>,
    /// Relations that are not written yet.
    relations: Vec<Unrelated>,
    /// Linked databases, and what they are made under.
    linked: Vec<(NotionId, Under)>,
    /// After which block each of them stands.
    linked_after: HashMap<NotionId, Option<PendingId>>,
    /// Links to comments: the page, the block, the comment.
    comment_links: BTreeSet<(NotionId, NotionId, NotionId)>,
    /// Blocks with text that names what is made later, after the pages that they are in.
    rewrites: Vec<(NotionId, NotionId)>,
    /// Databases whose title or description names what is made later.
    again_databases: Vec<NotionId>,
    /// Paragraphs that hold the first place on a page for a linked database.
    holders: Vec<(NotionId, PendingId)>,
    /// Pages whose title or properties name what is made later, and which of them.
    again: Vec<(NotionId, Under, Vec<String>)>,
}

/// What a page or database is made under.
#[derive(Clone, Copy, Debug)]
enum Under {
    /// The page that everything goes below.
    Root,
    /// A page of this restore.
    Page(NotionId),
    /// A page that this restore makes for itself.
    Made(PendingId),
    /// A data source of this restore.
    Source(NotionId),
}

impl Planner<'_> {
    fn run(&mut self) -> Result<(), Error> {
        let unread = self
            .original
            .losses
            .iter()
            .filter(|loss| self.concerns(loss.id));
        let unread: Vec<Loss> = unread.cloned().collect();
        self.planned.losses.extend(unread);
        self.read_schemas()?;
        let top: Vec<NotionId> = self.top();
        self.queue
            .extend(top.into_iter().map(|id| (id, Under::Root)));
        self.queue_templates()?;
        loop {
            let from = self.databases.len();
            while let Some((id, under)) = self.queue.pop_front() {
                match self.original.entries.get(&id).map(|entry| entry.kind) {
                    Some(Kind::Database) => self.database(id, under)?,
                    _ => self.page(id, under)?,
                }
            }
            self.change_schemas()?;
            let new: Vec<NotionId> = self.databases.get(from..).unwrap_or_default().to_vec();
            if new.is_empty() {
                break;
            }
            for database in new {
                self.rows_of(database)?;
            }
        }
        self.tell_unsent();
        self.write_bodies()?;
        self.relate()?;
        self.make_views()?;
        self.rewrite()?;
        self.comment()?;
        self.set_states()?;
        self.name_losses();
        Ok(())
    }

    /// Tells of the columns that wait for something which is never made.
    fn tell_unsent(&mut self) {
        for change in std::mem::take(&mut self.waiting) {
            for name in change.about {
                let why = "what it needs is not part of this restore";
                self.lose(
                    change.source,
                    format!("property '{name}'"),
                    why,
                    Degree::Missing,
                );
            }
        }
    }

    /// Says in which page or database each loss is.
    fn name_losses(&mut self) {
        let original = self.original;
        for loss in &mut self.planned.losses {
            let page = original.facts.blocks.get(&loss.id);
            let page = *page
                .or_else(|| original.facts.comments.get(&loss.id))
                .or_else(|| original.sources.get(&loss.id))
                .or_else(|| original.views.get(&loss.id))
                .unwrap_or(&loss.id);
            if let Some(entry) = original.entries.get(&page) {
                loss.page = Some(page);
                loss.on.clone_from(&entry.title);
            }
        }
    }

    /// What is chosen and has nothing chosen above it, in order.
    fn top(&self) -> Vec<NotionId> {
        let original = self.original;
        let mut top: Vec<NotionId> = original
            .top
            .iter()
            .copied()
            .filter(|id| self.chosen.contains(id))
            .collect();
        let known: BTreeSet<NotionId> = top.iter().copied().collect();
        let templates: BTreeSet<NotionId> =
            original.templates.values().flatten().copied().collect();
        let mut more: Vec<NotionId> = self.chosen.iter().copied().collect();
        more.retain(|id| {
            let holder = original.entries.get(id).and_then(|entry| entry.holder);
            !known.contains(id)
                && !templates.contains(id)
                && !holder.is_some_and(|holder| self.chosen.contains(&holder))
        });
        // The oldest first, as everything at the top is.
        more.sort_by_key(|id| original.entries.get(id).map(|entry| entry.order.1.as_str()));
        top.extend(more);
        top
    }

    /// Whether an id is of something that is restored.
    fn concerns(&self, id: NotionId) -> bool {
        self.whole || self.chosen.contains(&id)
    }

    /// The lane of what is written into an object of this restore.
    fn lane(&self, under: Under) -> PendingId {
        match under {
            Under::Root => PendingId::named("root"),
            Under::Page(id) | Under::Source(id) => PendingId::of(id),
            Under::Made(token) => token,
        }
    }

    /// The id that a parent has in a request.
    fn parent(&self, under: Under) -> Ref {
        match under {
            Under::Root => self.survey.root.into(),
            under => self.lane(under).into(),
        }
    }

    /// Hands out a step, after those that upload what it needs.
    fn emit(&mut self, step: Step) -> Result<(), Error> {
        for id in step.needs() {
            let bytes = self.offered.borrow_mut().remove(&id);
            if let Some(bytes) = bytes
                && self.uploaded.insert(id)
            {
                self.planned.totals.upload(&bytes);
                (self.out)(Step {
                    part: Part::File,
                    about: step.about,
                    lane: id,
                    before: None,
                    action: Action::Upload(bytes),
                    learns: vec![Learn {
                        at: "/id".to_owned(),
                        id,
                    }],
                    stand_ins: Vec::new(),
                    spare: None,
                })?;
            }
        }
        self.planned.totals.call(&step);
        self.made.extend(step.learns.iter().map(|learn| learn.id));
        (self.out)(step)
    }

    /// A request of this plan; `learns` are pointers and the ids that stand there.
    fn call(
        &mut self,
        part: Part,
        about: NotionId,
        lane: PendingId,
        call: (Method, Text, Value),
        learns: Vec<(String, PendingId)>,
    ) -> Result<(), Error> {
        self.call_after(part, about, lane, None, call, learns)
    }

    /// The same into something that has so many blocks or rows before.
    fn call_after(
        &mut self,
        part: Part,
        about: NotionId,
        lane: PendingId,
        before: Option<u32>,
        (method, path, body): (Method, Text, Value),
        learns: Vec<(String, PendingId)>,
    ) -> Result<(), Error> {
        self.emit(Step {
            part,
            about,
            lane,
            before,
            action: Action::Call(Template { method, path, body }),
            learns: learns
                .into_iter()
                .map(|(at, id)| Learn { at, id })
                .collect(),
            stand_ins: Vec::new(),
            spare: None,
        })
    }

    /// The path of an object, such as `/v1/pages/<id>`.
    fn path(group: &str, id: PendingId) -> Text {
        Text::from("/v1/").then(group).then("/").id(id)
    }

    /// Counts one more first-level block of something; what it had before.
    fn one_more(&mut self, lane: PendingId, count: u32) -> Option<u32> {
        let held = self.held.get_mut(&lane)?;
        let before = *held;
        *held += count;
        Some(before)
    }

    fn lose(
        &mut self,
        id: NotionId,
        what: impl Into<String>,
        why: impl Into<String>,
        degree: Degree,
    ) {
        self.planned.losses.push(Loss {
            id,
            page: None,
            on: String::new(),
            what: what.into(),
            why: why.into(),
            degree,
        });
    }

    fn note(&mut self, notes: Notes) {
        self.planned.losses.extend(notes.losses);
    }
}

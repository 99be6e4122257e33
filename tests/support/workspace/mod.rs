//! A Notion workspace in memory: what is in it, how it is built, how it is edited.
//!
//! [`Workspace::new`] gives an empty one with its bot and one member; the methods in
//! `build` add to it, those in `edit` change it by the rules of section 3.11 of the
//! API digest, and `everything`, `plain` and `deep` fill it ready-made.

pub mod access;
pub mod build;
pub mod deep;
pub mod edit;
pub mod everything;
pub mod ids;
pub mod model;
pub mod plain;
pub mod random;
pub mod text;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ids::Chance;
use model::*;

/// 2026-11-01T10:00:00Z: when a new workspace believes to be.
pub const START: i64 = 1_793_527_200_000;
/// One minute, the grain of Notion's timestamps.
pub const MINUTE: i64 = 60_000;

/// A whole workspace. Times are milliseconds since 1970, UTC.
#[derive(Clone, Debug)]
pub struct Workspace {
    pub id: Id,
    pub name: String,
    /// Its clock; it moves only when told to.
    pub now: i64,
    pub chance: Chance,
    /// The connection's own user.
    pub bot: Id,
    /// The member who does everything that nobody else is named for.
    pub owner: Id,
    pub pages: HashMap<Id, Page>,
    pub blocks: HashMap<Id, Block>,
    pub databases: HashMap<Id, Database>,
    pub data_sources: HashMap<Id, DataSource>,
    pub views: BTreeMap<Id, View>,
    pub comments: Vec<Comment>,
    pub users: Vec<User>,
    pub emojis: Vec<Emoji>,
    pub assets: BTreeMap<String, Asset>,
    /// Objects that no schema describes; their answers are not validated.
    pub odd: BTreeSet<Id>,
    /// Prefixes of unique ids that were ever asked for: no other column may have them.
    pub prefixes: BTreeSet<String>,
    /// Names given by builders to objects that tests ask for.
    pub named: BTreeMap<String, Id>,
}

impl Workspace {
    /// An empty workspace. The same seed gives the same ids.
    pub fn new(seed: u64) -> Workspace {
        Workspace::by(Chance::new(seed))
    }

    /// An empty workspace whose ids this chance makes.
    pub fn by(mut chance: Chance) -> Workspace {
        let (id, bot, owner) = (chance.id(), chance.id(), chance.id());
        let user = |id, name: &str, kind| User {
            id,
            name: name.into(),
            avatar_url: None,
            kind,
            guest: false,
            deleted: false,
        };
        let email = "ada@example.com".to_string();
        Workspace {
            id,
            name: "Acme".into(),
            now: START,
            chance,
            bot,
            owner,
            pages: HashMap::new(),
            blocks: HashMap::new(),
            databases: HashMap::new(),
            data_sources: HashMap::new(),
            views: BTreeMap::new(),
            comments: Vec::new(),
            users: vec![
                user(bot, "Backup", UserKind::Bot),
                user(owner, "Ada", UserKind::Person { email }),
            ],
            emojis: Vec::new(),
            assets: BTreeMap::new(),
            odd: BTreeSet::new(),
            prefixes: BTreeSet::new(),
            named: BTreeMap::new(),
        }
    }

    /// The object that a builder gave this name.
    ///
    /// # Panics
    /// When no builder did.
    pub fn get(&self, name: &str) -> Id {
        *self
            .named
            .get(name)
            .unwrap_or_else(|| panic!("no object of the workspace is named {name:?}"))
    }

    /// Gives `id` a name for [`Workspace::get`], and returns it.
    pub fn name(&mut self, name: &str, id: Id) -> Id {
        self.named.insert(name.to_string(), id);
        id
    }

    pub fn user(&self, id: Id) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub fn emoji(&self, id: Id) -> Option<&Emoji> {
        self.emojis.iter().find(|emoji| emoji.id == id)
    }
}

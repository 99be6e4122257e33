//! A small workspace by chance, of nothing but what the API can create: for tests that
//! dump, restore, dump again and compare. The same seed gives the same workspace.
//!
//! A few pages nest in each other and in blocks; one or two databases have columns,
//! rows, relations and views; bodies hold every creatable type of block to some depth,
//! with text that mentions and links to what else there is; and there are comments,
//! files, icons, covers, locks and archived pages here and there.

mod blocks;
mod data;
mod words;

use serde_json::{Value, json};

use super::Workspace;
use super::ids::Chance;
use super::model::*;

/// A workspace being thrown together.
struct Dice {
    ws: Workspace,
    chance: Chance,
    pages: Vec<Id>,
    /// Databases, and whether they are inline.
    databases: Vec<(Id, bool)>,
    sources: Vec<Id>,
    people: Vec<Id>,
    emoji: Id,
    /// Original synced blocks so far.
    originals: Vec<Id>,
    /// Blocks that have been made, for links to them.
    blocks: Vec<Id>,
}

impl Workspace {
    /// A random workspace of about two hundred objects.
    pub fn random(seed: u64) -> Workspace {
        let mut ws = Workspace::new(seed);
        let bob = ws.person("Bob", "bob@example.com");
        let emoji = ws.add_emoji("party", b"party");
        let mut dice = Dice {
            people: vec![ws.owner, bob],
            chance: Chance::new(seed ^ 0xd1ce),
            ws,
            pages: Vec::new(),
            databases: Vec::new(),
            sources: Vec::new(),
            emoji,
            originals: Vec::new(),
            blocks: Vec::new(),
        };
        dice.tree();
        dice.data();
        for page in dice.pages.clone() {
            dice.body(page);
        }
        dice.rows_and_views();
        for page in dice.pages.clone() {
            dice.scatter(page);
            dice.finish(page);
        }
        dice.ws.advance_minutes(30);
        dice.ws
    }
}

impl Dice {
    fn below(&mut self, bound: u64) -> usize {
        self.chance.below(bound) as usize
    }

    /// True about once in `times`.
    fn once_in(&mut self, times: u64) -> bool {
        self.chance.below(times) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        let at = self.below(from.len() as u64);
        from[at].clone()
    }

    /// Pages in pages, one to four deep.
    fn tree(&mut self) {
        for _ in 0..3 + self.below(5) {
            self.ws.advance_minutes(1);
            let parent = match self.pages.is_empty() || self.once_in(4) {
                true => Parent::Workspace,
                false => Parent::Page(self.pick(&self.pages.clone())),
            };
            let title = self.words(4);
            let page = self.ws.page(parent, &title);
            self.pages.push(page);
        }
    }

    /// Child pages and databases anywhere among the blocks, and some inside of them.
    fn scatter(&mut self, page: Id) {
        let mut listed = self.ws.pages[&page].body.listed.clone();
        let (mut blocks, objects): (Vec<Id>, Vec<Id>) = listed
            .drain(..)
            .partition(|id| self.ws.blocks.contains_key(id));
        for object in objects {
            let holders: Vec<Id> = blocks
                .iter()
                .copied()
                .filter(|id| self.ws.blocks.get(id).is_some_and(|it| it.kind == "toggle"))
                .collect();
            if self.ws.pages.contains_key(&object) && !holders.is_empty() && self.once_in(3) {
                let toggle = self.pick(&holders);
                self.ws.move_page(object, Parent::Block(toggle));
                continue;
            }
            let at = self.below(blocks.len() as u64 + 1);
            blocks.insert(at, object);
        }
        if let Some(page) = self.ws.pages.get_mut(&page) {
            page.body.listed = blocks;
        }
    }

    /// Icon, cover, states and comments of a page or row.
    fn finish(&mut self, id: Id) {
        let icon = self.icon(true);
        let cover = match self.below(5) {
            0 => self.outside("cover.jpg"),
            1 => self.stored("image"),
            _ => Value::Null,
        };
        let (locked, archived) = (self.once_in(6), self.once_in(9));
        if let Some(page) = self.ws.pages.get_mut(&id) {
            page.icon = icon;
            page.cover = cover;
            page.is_locked = locked;
            page.is_archived = archived;
        }
        if self.once_in(3) {
            self.discuss(Parent::Page(id));
        }
        let block = self.ws.pages[&id].body.listed.first().copied();
        if let Some(block) = block.filter(|it| self.ws.blocks.contains_key(it))
            && self.once_in(3)
        {
            self.discuss(Parent::Block(block));
        }
    }

    /// One or two discussions of one to three comments.
    fn discuss(&mut self, on: Parent) {
        for _ in 0..1 + self.below(2) {
            let mut discussion = None;
            for _ in 0..1 + self.below(3) {
                self.ws.advance_minutes(1);
                let mut text = self.line();
                if let (Value::Array(all), Value::Array(more)) = (&mut text, self.text(2)) {
                    all.extend(more);
                }
                let author = self.pick(&self.people.clone());
                let attached = match self.once_in(4) {
                    true => vec![self.stored("image")["file"].clone()],
                    false => vec![],
                };
                let comment = self.ws.comment(on, discussion, text);
                let name = self.ws.user(author).map(|it| it.name.clone());
                if let Some(made) = self.ws.comments.last_mut().filter(|it| it.id == comment) {
                    made.stamps.created_by = author;
                    made.display_name = json!({"type": "user", "resolved_name": name});
                    let files = attached.iter();
                    let files = files.map(|it| json!({"category": "image", "file": it}));
                    made.attachments = files.collect();
                    discussion = Some(made.discussion);
                }
            }
        }
    }

    /// An icon of any kind that can be written; callouts take no files and need one.
    fn icon(&mut self, page: bool) -> Value {
        let emoji = self.emoji;
        match self.below(if page { 7 } else { 4 }) {
            0 => json!({"type": "emoji", "emoji": "🌵"}),
            1 => json!({"type": "icon", "icon": {"name": "bolt", "color": "blue"}}),
            2 => self.outside("icon.png"),
            3 => json!({"type": "custom_emoji", "custom_emoji": {"$emoji": emoji}}),
            4 => self.stored("image"),
            _ => Value::Null,
        }
    }

    fn outside(&mut self, name: &str) -> Value {
        let number = self.below(9);
        let url = format!("https://example.com/{number}/{name}");
        json!({"type": "external", "external": {"url": url}})
    }

    /// A file stored by Notion, of few contents so that some come twice.
    fn stored(&mut self, kind: &str) -> Value {
        let number = self.below(3);
        let (extension, content_type) = match kind {
            "image" => ("png", "image/png"),
            "video" => ("mp4", "video/mp4"),
            "audio" => ("mp3", "audio/mpeg"),
            "pdf" => ("pdf", "application/pdf"),
            _ => ("txt", "text/plain"),
        };
        let content = format!("the {kind} of number {number}");
        let name = format!("{kind}-{number}.{extension}");
        self.ws.file(&name, content_type, content.as_bytes())
    }
}

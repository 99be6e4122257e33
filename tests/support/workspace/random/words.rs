//! Random text: styles, links, mentions, equations.

use serde_json::{Value, json};

use super::super::model::*;
use super::super::text::*;
use super::Dice;

const WORDS: [&str; 14] = [
    "harbour",
    "Übermut",
    "violet",
    "🦀",
    "meadow",
    "e\u{301}clair",
    "copper",
    "<b>",
    "anchor",
    "a\"b",
    "orchid",
    "back\\slash",
    "日本",
    "*stars*",
];

impl Dice {
    /// One to `most` words.
    pub fn words(&mut self, most: u64) -> String {
        let count = 1 + self.below(most);
        let words: Vec<&str> = (0..count).map(|_| self.pick(&WORDS)).collect();
        words.join(" ")
    }

    pub fn color(&mut self) -> &'static str {
        const COLORS: [&str; 12] = [
            "default",
            "default",
            "default",
            "gray",
            "brown",
            "orange",
            "green",
            "blue",
            "pink",
            "red",
            "red_background",
            "yellow_background",
        ];
        self.pick(&COLORS)
    }

    /// Rich text of at most that many runs; sometimes none, sometimes very long.
    pub fn text(&mut self, most: u64) -> Value {
        let count = self.below(most + 1);
        let mut runs: Vec<Value> = (0..count).map(|_| self.run()).collect();
        if self.once_in(25) {
            runs.push(run(&"long ".repeat(500)));
        }
        json!(runs)
    }

    /// Plain text, never empty.
    pub fn line(&mut self) -> Value {
        rich(&self.words(3))
    }

    fn run(&mut self) -> Value {
        let mut item = match self.below(12) {
            0 => equation("x^2"),
            1 => {
                let person = self.pick(&self.people.clone());
                let name = self.ws.user(person).map_or("", |it| it.name.as_str());
                mention_user(person, name)
            }
            2 => {
                let page = self.pick(&self.pages.clone());
                mention_page(page, &self.ws.pages[&page].title)
            }
            3 if !self.databases.is_empty() => {
                let (database, _) = self.pick(&self.databases.clone());
                mention_database(database, &self.ws.databases[&database].title)
            }
            4 => mention_date("2026-03-01", Some("2026-03-05"), None),
            5 => mention_emoji(self.emoji, "party"),
            6 => link(&self.words(2), "https://example.com/?q=a%20b"),
            7 => {
                let url = self.inside();
                link(&self.words(2), &url)
            }
            _ => run(&format!("{} ", self.words(4))),
        };
        for name in ["bold", "italic", "strikethrough", "underline", "code"] {
            let on = self.once_in(6);
            item["annotations"][name] = json!(on);
        }
        item["annotations"]["color"] = json!(self.color());
        item
    }

    /// An address of a page, or of a block in it.
    fn inside(&mut self) -> String {
        let page = self.pick(&self.pages.clone());
        let blocks = self.blocks.clone();
        let block = match blocks.is_empty() || self.once_in(2) {
            true => None,
            false => Some(self.pick(&blocks)),
        };
        let owner = block.and_then(|block| self.ws.page_of(block));
        let url = |id: Id| format!("https://www.notion.so/{:032x}", id.bits());
        match (owner, block) {
            (Some(owner), Some(block)) => format!("{}#{:032x}", url(owner), block.bits()),
            _ => url(page),
        }
    }
}

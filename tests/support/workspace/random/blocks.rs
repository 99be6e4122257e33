//! Random blocks, every type that can be created.

use serde_json::{Value, json};

use super::super::model::*;
use super::super::text::rich;
use super::Dice;

/// Types that hold text and may hold blocks.
const HOLDERS: [&str; 10] = [
    "paragraph",
    "bulleted_list_item",
    "numbered_list_item",
    "to_do",
    "toggle",
    "toggle",
    "quote",
    "callout",
    "heading_2",
    "heading_3",
];

/// How deep blocks lie in each other at most, columns and tabs aside.
const DEPTH: u64 = 5;

impl Dice {
    pub fn body(&mut self, page: Id) {
        for _ in 0..2 + self.below(8) {
            self.block(page, 0);
        }
    }

    fn block(&mut self, under: Id, depth: u64) {
        let id = match self.below(20) {
            0 => self.columns(under, depth),
            1 => self.table(under),
            2 => self.tabs(under, depth),
            3 => self.synced(under, depth),
            4..=5 => self.media(under),
            6 => self.code(under),
            7 => self.link_to(under),
            8..=9 => self.leaf(under),
            _ => self.holder(under, depth),
        };
        self.blocks.push(id);
    }

    /// A text block, with blocks in it as long as it is not too deep.
    fn holder(&mut self, under: Id, depth: u64) -> Id {
        let kind = self.pick(&HOLDERS);
        let text = self.text(4);
        let mut payload = json!({"rich_text": text, "color": self.color()});
        let mut open = true;
        match kind {
            "to_do" => payload["checked"] = json!(self.once_in(2)),
            "callout" => payload["icon"] = self.icon(false),
            "heading_2" | "heading_3" => {
                open = self.once_in(2);
                payload["is_toggleable"] = json!(open);
            }
            _ => {}
        }
        let id = self.ws.block(under, kind, payload);
        if open && depth < DEPTH && self.once_in(2) {
            for _ in 0..1 + self.below(3) {
                self.block(id, depth + 1);
            }
        }
        id
    }

    fn columns(&mut self, under: Id, depth: u64) -> Id {
        let list = self.ws.block(under, "column_list", json!({}));
        for _ in 0..2 + self.below(2) {
            let ratio = self.pick(&[json!({}), json!({"width_ratio": 0.5})]);
            let column = self.ws.block(list, "column", ratio);
            self.leaf(column);
            for _ in 0..self.below(2) {
                self.block(column, depth + 2);
            }
        }
        list
    }

    fn tabs(&mut self, under: Id, depth: u64) -> Id {
        let tabs = self.ws.block(under, "tab", json!({}));
        for _ in 0..1 + self.below(3) {
            let icon = self.pick(&[Value::Null, json!({"type": "emoji", "emoji": "🌵"})]);
            let label = json!({"rich_text": self.line(), "color": "default", "icon": icon});
            let label = self.ws.block(tabs, "paragraph", label);
            for _ in 0..self.below(3) {
                self.block(label, depth + 2);
            }
        }
        tabs
    }

    fn table(&mut self, under: Id) -> Id {
        let width = 1 + self.below(3);
        let (column, row) = (self.once_in(2), self.once_in(2));
        let table = json!({"table_width": width, "has_column_header": column,
                           "has_row_header": row});
        let table = self.ws.block(under, "table", table);
        let rows = match self.once_in(12) {
            true => 101 + self.below(20),
            false => 1 + self.below(4),
        };
        for _ in 0..rows {
            let cells: Vec<Value> = (0..width).map(|_| self.text(2)).collect();
            self.ws.block(table, "table_row", json!({"cells": cells}));
        }
        table
    }

    /// An original, or a reference to one that is there.
    fn synced(&mut self, under: Id, depth: u64) -> Id {
        let originals = self.originals.clone();
        if !originals.is_empty() && self.once_in(2) {
            let from = self.pick(&originals);
            let from = json!({"synced_from": {"type": "block_id", "block_id": from}});
            return self.ws.block(under, "synced_block", from);
        }
        let original = self
            .ws
            .block(under, "synced_block", json!({"synced_from": null}));
        for _ in 0..1 + self.below(2) {
            self.block(original, depth + 1);
        }
        self.originals.push(original);
        original
    }

    fn media(&mut self, under: Id) -> Id {
        let kind = self.pick(&["image", "video", "pdf", "audio", "file"]);
        let mut payload = match self.once_in(3) {
            true => {
                let name = match kind {
                    "image" => "x.png",
                    "video" => "x.mp4",
                    "pdf" => "x.pdf",
                    "audio" => "x.mp3",
                    _ => "x.txt",
                };
                self.outside(name)
            }
            false => self.stored(kind),
        };
        payload["caption"] = self.text(1);
        if kind == "file" {
            payload["name"] = json!(format!("{}.txt", self.words(2).replace('/', "-")));
        }
        self.ws.block(under, kind, payload)
    }

    fn code(&mut self, under: Id) -> Id {
        let language = self.pick(&["rust", "plain text", "c++"]);
        let text = rich(&self.words(9));
        let payload = json!({"rich_text": text, "caption": self.text(1), "language": language});
        self.ws.block(under, "code", payload)
    }

    /// To a page or a database that stands alone.
    fn link_to(&mut self, under: Id) -> Id {
        let whole: Vec<Id> = self
            .databases
            .iter()
            .filter(|it| !it.1)
            .map(|it| it.0)
            .collect();
        let target = match whole.is_empty() || self.once_in(2) {
            true => json!({"type": "page_id", "page_id": self.pick(&self.pages.clone())}),
            false => json!({"type": "database_id", "database_id": self.pick(&whole)}),
        };
        self.ws.block(under, "link_to_page", target)
    }

    fn leaf(&mut self, under: Id) -> Id {
        let url = "https://example.com/a?b=c";
        let (kind, payload) = match self.below(8) {
            0 => ("divider", json!({})),
            1 => ("breadcrumb", json!({})),
            2 => ("table_of_contents", json!({"color": self.color()})),
            3 => ("equation", json!({"expression": "e = mc^2"})),
            4 => ("bookmark", json!({"url": url, "caption": self.text(1)})),
            5 => ("embed", json!({"url": url, "caption": self.text(1)})),
            6 => {
                let text = self.text(3);
                let payload = json!({"rich_text": text, "color": self.color(),
                                     "is_toggleable": false});
                ("heading_1", payload)
            }
            _ => (
                "paragraph",
                json!({"rich_text": self.text(5), "color": self.color()}),
            ),
        };
        self.ws.block(under, kind, payload)
    }
}

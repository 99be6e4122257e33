//! Blocks as clients write them: every refusal of section 4 and of row 9 of section
//! 11 comes before anything is made.
//!
//! One request may nest two levels below its top array. A *budget* of levels comes
//! with every block: 2 at the top, 3 for the columns of a column list, and a block
//! with none left must not have children. So the recursion here is bounded.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::super::super::workspace::model::*;
use super::super::refusal::Refusal;
use super::super::uploads::Place;
use super::rich_text::tidy_url;
use super::{Write, at_most, id_in};

/// A checked block that is not made yet.
#[derive(Debug)]
pub struct Draft {
    pub kind: String,
    pub payload: Value,
    pub children: Vec<Draft>,
}

/// What a block is inside of, when that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    Page,
    ColumnList,
    Column,
    Table { width: Option<usize> },
    Tab,
    Other,
}

/// The most blocks of one request.
const BLOCKS: usize = 1000;

const COLORS: &str = "default gray brown orange yellow green blue purple pink red \
    default_background gray_background brown_background orange_background yellow_background \
    green_background blue_background purple_background pink_background red_background";

const LANGUAGES: &str = "abap|abc|agda|arduino|ascii art|assembly|bash|basic|bnf|c|c#|c++|clojure|\
    coffeescript|coq|css|dart|dhall|diff|docker|ebnf|elixir|elm|erlang|f#|flow|fortran|gherkin|glsl|\
    go|graphql|groovy|haskell|hcl|html|idris|java|javascript|json|julia|kotlin|latex|less|lisp|\
    livescript|llvm ir|lua|makefile|markdown|markup|matlab|mathematica|mermaid|nix|notion formula|\
    objective-c|ocaml|pascal|perl|php|plain text|powershell|prolog|protobuf|purescript|python|r|\
    racket|reason|ruby|rust|sass|scala|scheme|scss|shell|smalltalk|solidity|sql|swift|toml|\
    typescript|vb.net|verilog|vhdl|visual basic|webassembly|xml|yaml|java/c/c++/c#";

/// What a block of this type is for what is inside it.
pub fn inside(kind: &str, payload: &Value) -> Inside {
    match kind {
        "column_list" => Inside::ColumnList,
        "column" => Inside::Column,
        "table" => Inside::Table {
            width: payload["table_width"].as_u64().map(|width| width as usize),
        },
        "tab" => Inside::Tab,
        _ => Inside::Other,
    }
}

/// Whether a block of this type may have children at all.
pub fn holds_children(kind: &str, payload: &Value) -> bool {
    match kind {
        "heading_1" | "heading_2" | "heading_3" | "heading_4" => payload["is_toggleable"] == true,
        "synced_block" => payload["synced_from"].is_null(),
        "paragraph" | "bulleted_list_item" | "numbered_list_item" | "to_do" | "toggle"
        | "quote" | "callout" | "tab" | "column_list" | "column" | "table" | "template" => true,
        _ => false,
    }
}

impl Write<'_> {
    /// Checks a `children` array of a request.
    pub fn drafts(&mut self, value: &Value, inside: Inside) -> Result<Vec<Draft>, Refusal> {
        let mut count = 0;
        self.array(value, inside, 2, "children", &mut count)
    }

    fn array(
        &mut self,
        value: &Value,
        inside: Inside,
        budget: usize,
        path: &str,
        count: &mut usize,
    ) -> Result<Vec<Draft>, Refusal> {
        let Some(items) = value.as_array() else {
            let rule = format!("should be an array, instead was `{value}`");
            return Err(Refusal::body(path, &rule));
        };
        at_most(items.len(), 100, path)?;
        *count += items.len();
        if *count > BLOCKS {
            let rule = format!("should have at most `{BLOCKS}` blocks in all");
            return Err(Refusal::body("children", &rule));
        }
        let mut drafts = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let path = format!("{path}[{at}]");
            drafts.push(self.draft(item, inside, budget, &path, count)?);
        }
        Ok(drafts)
    }

    fn draft(
        &mut self,
        item: &Value,
        inside: Inside,
        budget: usize,
        path: &str,
        count: &mut usize,
    ) -> Result<Draft, Refusal> {
        let kind = kind_of(item, path)?;
        let fits = match inside {
            Inside::Page | Inside::Other => !matches!(kind.as_str(), "column" | "table_row"),
            Inside::ColumnList => kind == "column",
            Inside::Column => !matches!(kind.as_str(), "column" | "table_row"),
            Inside::Table { .. } => kind == "table_row",
            Inside::Tab => kind == "paragraph",
        };
        if !fits {
            let rule = "should be not present: it cannot be placed here";
            return Err(Refusal::body(&format!("{path}.{kind}"), rule));
        }
        let deep = match kind.as_str() {
            "column_list" => budget < 2,
            "table" => budget < 1,
            _ => false,
        };
        if deep {
            let rule = "should be not present: it is nested too deeply";
            return Err(Refusal::body(&format!("{path}.{kind}"), rule));
        }
        let own = format!("{path}.{kind}");
        let empty = Map::new();
        let body = item[&kind].as_object().unwrap_or(&empty);
        let payload = self.payload(&kind, body, inside, &own)?;
        let children = match body.get("children") {
            None => Vec::new(),
            Some(children) => {
                let list = children.as_array().map_or(0, Vec::len);
                let budget = match kind.as_str() {
                    // Rows are part of their table.
                    "table" => budget.max(1),
                    "column_list" => budget + 1,
                    _ => budget,
                };
                if list > 0 && (budget == 0 || !holds_children(&kind, &payload)) {
                    let rule = "should be not present: this block cannot have children here";
                    return Err(Refusal::body(&format!("{own}.children"), rule));
                }
                let of = super::drafts::inside(&kind, &payload);
                self.array(
                    children,
                    of,
                    budget.saturating_sub(1),
                    &format!("{own}.children"),
                    count,
                )?
            }
        };
        let least = match kind.as_str() {
            "column_list" => 2,
            "table" => 1,
            "tab" if budget > 0 => 1,
            _ => 0,
        };
        if children.len() < least {
            let rule = format!("should be ≥ `{least}`, instead was `{}`", children.len());
            return Err(Refusal::body(&format!("{own}.children.length"), &rule));
        }
        Ok(Draft {
            kind,
            payload,
            children,
        })
    }

    /// Checks the object under a block's type, without its children.
    pub fn payload(
        &mut self,
        kind: &str,
        body: &Map<String, Value>,
        inside: Inside,
        path: &str,
    ) -> Result<Value, Refusal> {
        let get = |key: &str| body.get(key).cloned().unwrap_or(Value::Null);
        let need = |key: &str| {
            body.get(key).cloned().ok_or_else(|| {
                let path = format!("{path}.{key}");
                Refusal::body(&path, "should be defined, instead was `undefined`")
            })
        };
        let mut out = json!({});
        match kind {
            "paragraph" | "bulleted_list_item" | "numbered_list_item" | "to_do" | "toggle"
            | "quote" | "callout" | "heading_1" | "heading_2" | "heading_3" | "heading_4" => {
                out["rich_text"] =
                    self.rich_text(&need("rich_text")?, &format!("{path}.rich_text"))?;
                out["color"] = color(&get("color"), path)?;
                if kind.starts_with("heading") {
                    out["is_toggleable"] = json!(get("is_toggleable") == true);
                }
                if kind == "to_do" {
                    out["checked"] = json!(get("checked") == true);
                }
                if kind == "callout" {
                    out["icon"] = match body.get("icon") {
                        None | Some(Value::Null) => json!({"type": "emoji", "emoji": "💡"}),
                        Some(icon) => self.icon(icon, true)?,
                    };
                }
                if kind == "paragraph" {
                    out["icon"] = Value::Null;
                    if let Some(icon) = body.get("icon").filter(|icon| !icon.is_null()) {
                        if inside != Inside::Tab {
                            let rule = "should be not present: only the labels of tabs have icons";
                            return Err(Refusal::body(&format!("{path}.icon"), rule));
                        }
                        out["icon"] = self.icon(icon, false)?;
                    }
                }
            }
            "code" => {
                let language = need("language")?;
                let known = LANGUAGES.split('|').any(|it| language == it);
                if !known {
                    let rule =
                        format!("should be one of the known languages, instead was `{language}`");
                    return Err(Refusal::body(&format!("{path}.language"), &rule));
                }
                out["rich_text"] =
                    self.rich_text(&need("rich_text")?, &format!("{path}.rich_text"))?;
                out["language"] = language;
                out["caption"] = self.caption(&get("caption"), path)?;
            }
            "equation" => {
                let expression = need("expression")?;
                let length = expression
                    .as_str()
                    .map_or(0, |it| it.encode_utf16().count());
                at_most(length, 1000, &format!("{path}.expression"))?;
                out["expression"] = expression;
            }
            "divider" | "breadcrumb" | "tab" | "column_list" => {}
            "table_of_contents" => out["color"] = color(&get("color"), path)?,
            "column" => {
                if let Some(ratio) = body.get("width_ratio") {
                    out["width_ratio"] = ratio.clone();
                }
            }
            "table" => {
                let width = need("table_width")?;
                if !matches!(width.as_u64(), Some(1..=100)) {
                    return Err(Refusal::body(
                        &format!("{path}.table_width"),
                        "should be ≥ `1`",
                    ));
                }
                out["table_width"] = width.clone();
                out["has_column_header"] = json!(get("has_column_header") == true);
                out["has_row_header"] = json!(get("has_row_header") == true);
            }
            "table_row" => {
                let cells = need("cells")?;
                let cells = cells.as_array().cloned().unwrap_or_default();
                if let Inside::Table { width: Some(width) } = inside
                    && cells.len() != width
                {
                    let rule = format!("should be `{width}`, instead was `{}`", cells.len());
                    return Err(Refusal::body(&format!("{path}.cells.length"), &rule));
                }
                let mut checked = Vec::new();
                for (at, cell) in cells.iter().enumerate() {
                    checked.push(self.rich_text(cell, &format!("{path}.cells[{at}]"))?);
                }
                out["cells"] = json!(checked);
            }
            "synced_block" => out["synced_from"] = self.synced(&get("synced_from"), path)?,
            "link_to_page" => out = self.link_to(body, path)?,
            "bookmark" | "embed" => {
                let url = need("url")?;
                let url = url.as_str().unwrap_or("");
                at_most(url.encode_utf16().count(), 2000, &format!("{path}.url"))?;
                out["url"] = json!(tidy_url(url));
                out["caption"] = self.caption(&get("caption"), path)?;
            }
            "image" | "video" | "pdf" | "audio" | "file" => {
                let value = Value::Object(body.clone());
                let place = match kind {
                    "image" => Place::Image,
                    "video" => Place::Video,
                    "pdf" => Place::Pdf,
                    "audio" => Place::Audio,
                    _ => Place::Any,
                };
                out = self.file(&value, place, path)?;
                out["caption"] = self.caption(&get("caption"), path)?;
                if kind == "file" {
                    out["name"] = match (body.get("name"), &value["file_upload"]["id"]) {
                        (Some(name), _) => name.clone(),
                        (None, id) => json!(self.upload_name(id)),
                    };
                }
            }
            _ => {
                let rule = "should be not present: this type cannot be created";
                return Err(Refusal::body(path, rule));
            }
        }
        Ok(out)
    }

    fn upload_name(&self, id: &Value) -> String {
        let uploads = super::super::state::lock(&self.shared.uploads);
        let id = id.as_str().and_then(|id| id.parse().ok());
        id.and_then(|id| uploads.file_name(id))
            .unwrap_or("file")
            .to_string()
    }

    fn caption(&self, value: &Value, path: &str) -> Result<Value, Refusal> {
        if value.is_null() {
            return Ok(json!([]));
        }
        self.rich_text(value, &format!("{path}.caption"))
    }

    /// The original must be there, and be an original.
    fn synced(&self, from: &Value, path: &str) -> Result<Value, Refusal> {
        if from.is_null() {
            return Ok(Value::Null);
        }
        let id = id_in(&from["block_id"], &format!("{path}.synced_from.block_id"))?;
        let original = self.ws.blocks.get(&id).filter(|_| self.ws.can_see(id));
        match original {
            Some(block)
                if block.kind == "synced_block" && block.payload["synced_from"].is_null() =>
            {
                Ok(json!({"type": "block_id", "block_id": id}))
            }
            Some(_) => Err(Refusal::body(
                &format!("{path}.synced_from.block_id"),
                "should be an original synced block",
            )),
            None => Err(Refusal::not_found("block", id)),
        }
    }

    /// The target must be there; inline databases are refused.
    fn link_to(&self, body: &Map<String, Value>, path: &str) -> Result<Value, Refusal> {
        for key in ["page_id", "database_id", "comment_id"] {
            let Some(value) = body.get(key) else { continue };
            let id = id_in(value, &format!("{path}.{key}"))?;
            let there = match key {
                "page_id" => self.ws.pages.contains_key(&id) && self.ws.can_see(id),
                "database_id" => {
                    let database = self.ws.databases.get(&id).filter(|_| self.ws.can_see(id));
                    if database.is_some_and(|it| it.is_inline) {
                        let rule = "should not be an inline database";
                        return Err(Refusal::body(&format!("{path}.{key}"), rule));
                    }
                    database.is_some()
                }
                _ => self.ws.comments.iter().any(|comment| comment.id == id),
            };
            if !there {
                return Err(Refusal::not_found("object", id));
            }
            return Ok(json!({"type": key, key: id}));
        }
        let rule = "should have one of `page_id`, `database_id`, `comment_id` defined";
        Err(Refusal::body(path, rule))
    }

    /// Makes the drafts, in order, under a page or block. Gives the ids of the first level.
    pub fn make(&mut self, under: Parent, at: usize, drafts: Vec<Draft>) -> Vec<Id> {
        let stamps = self.bot_stamps();
        let mut first = Vec::new();
        // Parent, and position where known.
        let mut open: Vec<(Parent, Vec<Draft>)> = vec![(under, drafts)];
        let mut places: HashMap<Id, Vec<Id>> = HashMap::new();
        while let Some((parent, drafts)) = open.pop() {
            let mut made = Vec::new();
            for draft in drafts {
                let id = self.ws.chance.id();
                made.push(id);
                let block = Block {
                    id,
                    stamps,
                    parent,
                    kind: draft.kind.into(),
                    payload: draft.payload,
                    children: Vec::new(),
                    in_trash: false,
                    hides_children: false,
                    extra: Map::new(),
                };
                self.ws.blocks.insert(id, block);
                open.push((Parent::Block(id), draft.children));
            }
            match parent {
                Parent::Block(id) if parent != under => {
                    places.insert(id, made);
                }
                _ => first = made,
            }
        }
        for (id, children) in places {
            if let Some(block) = self.ws.blocks.get_mut(&id) {
                block.children = children;
            }
        }
        let list = match under {
            Parent::Page(id) => self.ws.pages.get_mut(&id).map(|page| &mut page.body.listed),
            Parent::Block(id) => self.ws.blocks.get_mut(&id).map(|it| &mut it.children),
            _ => None,
        };
        if let Some(list) = list {
            let at = at.min(list.len());
            list.splice(at..at, first.iter().copied());
        }
        first
    }
}

/// The one type that a block request names.
fn kind_of(item: &Value, path: &str) -> Result<String, Refusal> {
    let Some(map) = item.as_object() else {
        return Err(Refusal::body(path, "should be an object"));
    };
    let kinds: Vec<&String> = map
        .keys()
        .filter(|key| !matches!(key.as_str(), "type" | "object"))
        .collect();
    match (kinds.as_slice(), map.get("type").and_then(Value::as_str)) {
        ([kind], None) => Ok((*kind).clone()),
        ([kind], Some(named)) if *kind == named => Ok((*kind).clone()),
        _ => {
            let rule = "should have exactly one block type defined, the one that `type` names";
            Err(Refusal::body(path, rule))
        }
    }
}

fn color(value: &Value, path: &str) -> Result<Value, Refusal> {
    match value.as_str() {
        None => Ok(json!("default")),
        Some(color) if COLORS.split_whitespace().any(|it| it == color) => Ok(json!(color)),
        Some(color) => {
            let rule = format!("should be a known color, instead was `\"{color}\"`");
            Err(Refusal::body(&format!("{path}.color"), &rule))
        }
    }
}

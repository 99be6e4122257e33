//! What stands under a block's type, field by field as section 4.1 of the API digest has
//! it. What is no field of a request is not written.

use serde_json::{Map, Value, json};

use super::draft::New;
use super::media::{self, caption};
use super::stand_in;
use crate::model::NotionId;
use crate::restore::body::Node;
use crate::restore::{Degree, Notes, Targets, icons, rich_text};

/// The languages that code blocks may have (section 4.3 of the API digest).
const LANGUAGES: &str = "abap|abc|agda|arduino|ascii art|assembly|bash|basic|bnf|c|c#|c++|clojure|\
    coffeescript|coq|css|dart|dhall|diff|docker|ebnf|elixir|elm|erlang|f#|flow|fortran|gherkin|\
    glsl|go|graphql|groovy|haskell|hcl|html|idris|java|javascript|json|julia|kotlin|latex|less|\
    lisp|livescript|llvm ir|lua|makefile|markdown|markup|matlab|mathematica|mermaid|nix|\
    notion formula|objective-c|ocaml|pascal|perl|php|plain text|powershell|prolog|protobuf|\
    purescript|python|r|racket|reason|ruby|rust|sass|scala|scheme|scss|shell|smalltalk|solidity|\
    sql|swift|toml|typescript|vb.net|verilog|vhdl|visual basic|webassembly|xml|yaml|java/c/c++/c#";

/// The types that become blocks of the same type.
const KNOWN: [&str; 32] = [
    "paragraph",
    "heading_1",
    "heading_2",
    "heading_3",
    "heading_4",
    "bulleted_list_item",
    "numbered_list_item",
    "to_do",
    "toggle",
    "quote",
    "callout",
    "code",
    "equation",
    "divider",
    "breadcrumb",
    "table_of_contents",
    "tab",
    "column_list",
    "column",
    "table",
    "table_row",
    "synced_block",
    "link_to_page",
    "bookmark",
    "embed",
    "image",
    "video",
    "pdf",
    "audio",
    "file",
    "child_page",
    "child_database",
];

/// What a block becomes: one block, or several when it is too long for one. What is
/// below it goes into the last of them.
pub fn write(
    node: &Node,
    id: NotionId,
    in_tab: bool,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Vec<New> {
    let known = KNOWN.into_iter().find(|kind| *kind == node.kind());
    let payload = node.payload();
    match known.unwrap_or(node.kind()) {
        "divider" | "breadcrumb" | "tab" | "column_list" => {
            known.map(|kind| (kind, Map::new())).into_iter().collect()
        }
        "column" => {
            let mut out = Map::new();
            if let Some(ratio) = payload.get("width_ratio").filter(|ratio| ratio.is_number()) {
                out.insert("width_ratio".into(), ratio.clone());
            }
            vec![("column", out)]
        }
        "table_of_contents" => {
            let mut out = Map::new();
            color(payload, &mut out, id, notes);
            vec![("table_of_contents", out)]
        }
        "code" => code(payload, id, targets, notes),
        "equation" => equation(payload, id, notes),
        "link_to_page" => stand_in::link_to_page(payload, id, targets, notes),
        "bookmark" => media::page("bookmark", payload, id, targets, notes),
        "embed" => media::page("embed", payload, id, targets, notes),
        "link_preview" => {
            let why = "the API cannot create it; it is a bookmark now";
            notes.lose(id, "link preview", why, Degree::StandIn);
            media::page("bookmark", payload, id, targets, notes)
        }
        "image" | "video" | "pdf" | "audio" | "file" => match known {
            Some(kind) => media::file(kind, payload, id, targets, notes),
            None => Vec::new(),
        },
        "template" => {
            let why = "the API no longer creates template buttons; it is a toggle now";
            notes.lose(id, "template button", why, Degree::StandIn);
            text("toggle", payload, id, false, targets, notes)
        }
        "meeting_notes" | "transcription" => stand_in::meeting(payload, id, targets, notes),
        "unsupported" => stand_in::unsupported(node, id, notes),
        _ => match known {
            Some(kind) => text(kind, payload, id, in_tab, targets, notes),
            None => stand_in::unsupported(node, id, notes),
        },
    }
}

/// A block that is mainly text.
fn text(
    kind: &'static str,
    payload: &Value,
    id: NotionId,
    in_tab: bool,
    targets: &dyn Targets,
    notes: &mut Notes,
) -> Vec<New> {
    let runs = payload.get("rich_text").unwrap_or(&Value::Null);
    let runs = rich_text::write(runs, id, targets, notes);
    let mut rest = Map::new();
    color(payload, &mut rest, id, notes);
    if kind == "to_do" && payload.get("checked") == Some(&Value::Bool(true)) {
        rest.insert("checked".into(), json!(true));
    }
    if kind == "callout" {
        let read = payload.get("icon").unwrap_or(&Value::Null);
        let icon = icons::callout(read, id, targets, notes);
        rest.extend(icon.map(|icon| ("icon".into(), icon)));
    }
    if kind == "numbered_list_item" {
        let start = payload.get("list_start_index").and_then(Value::as_u64);
        let format = payload.get("list_format").and_then(Value::as_str);
        if start.is_some_and(|start| start != 1) || format.is_some_and(|it| it != "numbers") {
            let why = "the API cannot set where a list starts, or its kind of numbers";
            notes.lose(id, "numbering", why, Degree::Detail);
        }
    }
    if let (true, Some(read)) = (in_tab, payload.get("icon").filter(|icon| !icon.is_null())) {
        rest.extend(icons::icon(read, id, targets, notes).map(|icon| ("icon".into(), icon)));
    }
    let mut out = several(kind, runs, rest, id, notes);
    // Only the last piece has something to unfold.
    if payload.get("is_toggleable") == Some(&Value::Bool(true))
        && kind.starts_with("heading_")
        && let Some((_, last)) = out.last_mut()
    {
        last.insert("is_toggleable".into(), json!(true));
    }
    out
}

/// Blocks of one type, as many as the text needs.
fn several(
    kind: &'static str,
    runs: Vec<Value>,
    rest: Map<String, Value>,
    id: NotionId,
    notes: &mut Notes,
) -> Vec<New> {
    let mut pieces = rich_text::pieces(runs);
    if pieces.is_empty() {
        pieces.push(Vec::new());
    }
    if pieces.len() > 1 {
        let why = "the API takes no text as long as this at once; it is several blocks";
        notes.lose(id, format!("{kind} block"), why, Degree::Detail);
    }
    let of_piece = |piece: Vec<Value>| {
        let mut payload = rest.clone();
        payload.insert("rich_text".into(), json!(piece));
        (kind, payload)
    };
    pieces.into_iter().map(of_piece).collect()
}

fn code(payload: &Value, id: NotionId, targets: &dyn Targets, notes: &mut Notes) -> Vec<New> {
    let runs = payload.get("rich_text").unwrap_or(&Value::Null);
    let runs = rich_text::write(runs, id, targets, notes);
    let read = payload.get("language").and_then(Value::as_str);
    let language = read.filter(|read| LANGUAGES.split('|').any(|known| known == *read));
    if language.is_none() {
        let what = format!("code language '{}'", read.unwrap_or_default());
        notes.lose(id, what, "the API does not have it", Degree::Detail);
    }
    let language = json!(language.unwrap_or("plain text"));
    let rest = Map::from_iter([("language".to_string(), language)]);
    let mut out = several("code", runs, rest, id, notes);
    let after = match out.last_mut() {
        Some((_, last)) => caption(payload, last, id, targets, notes),
        None => Vec::new(),
    };
    out.extend(after);
    out
}

fn equation(payload: &Value, id: NotionId, notes: &mut Notes) -> Vec<New> {
    let expression = payload.get("expression").and_then(Value::as_str);
    let expression = expression.unwrap_or_default();
    if rich_text::units(expression) <= rich_text::EQUATION {
        let payload = Map::from_iter([("expression".to_string(), json!(expression))]);
        return vec![("equation", payload)];
    }
    let why = "the API takes at most 1,000 characters; it is code now";
    notes.lose(id, "equation", why, Degree::StandIn);
    let rest = Map::from_iter([("language".to_string(), json!("latex"))]);
    several("code", rich_text::plain(expression), rest, id, notes)
}

fn color(payload: &Value, out: &mut Map<String, Value>, id: NotionId, notes: &mut Notes) {
    match payload.get("color").and_then(Value::as_str) {
        None | Some("default") => {}
        Some(color) if rich_text::is_color(color) => {
            out.insert("color".into(), json!(color));
        }
        Some(color) => {
            let what = format!("colour '{color}'");
            notes.lose(id, what, "the API does not have it", Degree::Detail);
        }
    }
}

//! The children of generated pages, written as text.
//!
//! A benchmark asks for these by the ten thousand and must measure the client, so
//! they are not built as JSON values first. A test holds both ways against each other.

use std::fmt::Write;

use super::super::workspace::model::Id;
use super::super::workspace::{ids, plain};
use super::reading::{check_query, in_query};
use super::render::minute_time;
use super::state::Call;

const STYLE: &str = r#""annotations":{"bold":false,"italic":false,"strikethrough":false,"underline":false,"code":false,"color":"default"}"#;

/// The whole answer, when the request asks for the children of such a page and all is
/// well with it. Everything else takes the ordinary way.
pub fn children(call: &Call, request_id: &str) -> Option<String> {
    let path = call.request.path.strip_prefix("/v1/blocks/")?;
    let id: Id = path.strip_suffix("/children")?.parse().ok()?;
    let page = call.ws.pages.get(&id).filter(|it| it.body.generated > 0)?;
    let (number, _) = ids::of_generated(id)?;
    if !call.ws.can_see(id) || call.ws.is_trashed(id) || check_query(call).is_err() {
        return None;
    }
    let children = call.ws.visible_children(id)?;
    let asked = in_query(call).ok()?;
    let cutter = call.cutter();
    let scope = format!("children {id}");
    let stretch = cutter.cut(&scope, children.len(), &asked).ok()?;
    let stamps = format!(
        r#""created_time":"{}","last_edited_time":"{}","created_by":{{"object":"user","id":"{}"}},"last_edited_by":{{"object":"user","id":"{}"}},"in_trash":false,"has_children":false,"object":"block","parent":{{"type":"page_id","page_id":"{id}"}}"#,
        minute_time(page.stamps.created),
        minute_time(page.stamps.edited),
        page.stamps.created_by,
        page.stamps.edited_by,
    );
    let mut out = String::with_capacity(800 * (stretch.to - stretch.from) + 200);
    out.push_str(r#"{"object":"list","type":"block","block":{},"results":["#);
    let render = call.render();
    for (at, child) in children[stretch.from..stretch.to].iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        let position = ids::of_generated(*child).filter(|(owner, position)| {
            *owner == number && (1..=page.body.generated).contains(position)
        });
        let Some((_, position)) = position else {
            out.push_str(&render.block(*child)?.to_string());
            continue;
        };
        let (words, seed) = plain::words(page, position - 1);
        let (kind, rest) = plain::shape(position - 1, seed);
        let rest = rest.to_string();
        // The words are plain letters, so nothing needs escaping.
        let _ = write!(
            out,
            r#"{{"id":"{child}",{stamps},"type":"{kind}","{kind}":{},"rich_text":[{{"type":"text","text":{{"content":"{words}","link":null}},{STYLE},"plain_text":"{words}","href":null}}]}}}}"#,
            rest.strip_suffix('}')?,
        );
    }
    let next = match &stretch.next {
        Some(cursor) => format!("\"{cursor}\""),
        None => "null".to_string(),
    };
    let more = stretch.next.is_some();
    let _ = write!(
        out,
        r#"],"has_more":{more},"next_cursor":{next},"request_id":"{request_id}"}}"#
    );
    Some(out)
}

//! Which block a refusal means, and what is sent in its place.
//!
//! Messages name it by a path: ``body.children[3].toggle.children[0].paragraph…`` (section
//! 11 of the API digest). The innermost block on the path is the one; where no stand-in
//! can have its place (a column), the block around it.

use serde_json::{Value, json};

use super::stand_in;

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Changed {
    /// A block of this type became a stand-in.
    Replaced(String),
    /// A stand-in, counted before, became a simpler one.
    Simplified,
    /// A field of a block of this type was dropped or set to its default.
    Eased(String, String),
}

/// Changes the block of `children` that `path` names so that it may pass; `None` when
/// the path names none, or nothing can be done.
pub(super) fn change(children: &mut [Value], path: &str) -> Option<Changed> {
    let mut blocks = Vec::new();
    let mut at = &*children;
    let mut keys = path.strip_prefix("body.").unwrap_or(path).split('.');
    // Indices from the outermost block inwards, and at last the field that is meant.
    let mut field = None;
    while let Some(key) = keys.next() {
        let Some(index) = key.strip_prefix("children[") else {
            break;
        };
        let index: usize = index.strip_suffix(']')?.parse().ok()?;
        let block = at.get(index)?;
        blocks.push(index);
        at = stand_in::children(block);
        field = None;
        if let Some(kind) = keys.next()
            && kind == stand_in::kind(block)
        {
            let mut rest = keys.clone();
            field = rest.next().filter(|key| !key.starts_with("children"));
        }
    }
    let block = find(children, &blocks)?;
    if let Some(field) = field.and_then(|field| field.split('[').next())
        && let Some(changed) = ease(block, field)
    {
        return Some(changed);
    }
    while !blocks.is_empty() {
        if let Some(changed) = replace(find(children, &blocks)?) {
            return Some(changed);
        }
        blocks.pop();
    }
    None
}

/// Replaces one block by its stand-in.
pub(super) fn replace(block: &mut Value) -> Option<Changed> {
    let new = stand_in::stand_in(block)?;
    let counted = stand_in::is_counted(block);
    let kind = stand_in::kind(block).to_owned();
    *block = new;
    Some(match counted {
        true => Changed::Simplified,
        false => Changed::Replaced(kind),
    })
}

/// The block at these indices, from the outermost inwards.
fn find<'a>(children: &'a mut [Value], path: &[usize]) -> Option<&'a mut Value> {
    let (first, rest) = path.split_first()?;
    let mut block = children.get_mut(*first)?;
    for index in rest {
        let kind = stand_in::kind(block).to_owned();
        block = block.get_mut(&kind)?.get_mut("children")?.get_mut(*index)?;
    }
    Some(block)
}

/// Drops a field without which the block says the same.
fn ease(block: &mut Value, field: &str) -> Option<Changed> {
    let kind = stand_in::kind(block).to_owned();
    let payload = block.get_mut(&kind)?.as_object_mut()?;
    match field {
        // The one that is always accepted (section 4.3 of the API digest).
        "language" if payload.get("language") != Some(&json!("plain text")) => {
            payload.insert("language".into(), "plain text".into());
        }
        "icon" | "color" | "width_ratio" => {
            payload.remove(field)?;
        }
        _ => return None,
    }
    Some(Changed::Eased(kind, field.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toggle(inside: Value) -> Value {
        json!({"toggle": {"rich_text": [], "children": inside}})
    }

    #[test]
    fn the_innermost_block_on_the_path_is_replaced() {
        let mut children = vec![
            json!({"divider": {}}),
            toggle(json!([{"divider": {}}, {"equation": {"expression": "e"}}])),
        ];
        let path = "body.children[1].toggle.children[1].equation.expression.length";
        let changed = change(&mut children, path);
        assert_eq!(changed, Some(Changed::Replaced("equation".into())));
        let inner = &stand_in::children(&children[1])[1];
        assert!(stand_in::is_stand_in(inner));
        // Refused again: now it is the block around it.
        let changed = change(&mut children, path);
        assert_eq!(changed, Some(Changed::Replaced("toggle".into())));
        assert_eq!(stand_in::children(&children[1]).len(), 2);
        assert_eq!(children[0], json!({"divider": {}}));
    }

    #[test]
    fn a_column_takes_its_list_along() {
        let column = json!({"column": {"children": [{"divider": {}}]}});
        let mut children = vec![json!({"column_list": {"children": [column, column]}})];
        let path = "body.children[0].column_list.children[1].column.children.length";
        let changed = change(&mut children, path);
        assert_eq!(changed, Some(Changed::Replaced("column_list".into())));
    }

    #[test]
    fn a_field_goes_before_the_block() {
        let mut children = vec![json!({"code": {"rich_text": [], "language": "klingon"}})];
        let path = "body.children[0].code.language";
        let eased = Some(Changed::Eased("code".into(), "language".into()));
        assert_eq!(change(&mut children, path), eased);
        assert_eq!(children[0]["code"]["language"], "plain text");
        let replaced = Some(Changed::Replaced("code".into()));
        assert_eq!(change(&mut children, path), replaced);
    }

    #[test]
    fn other_paths_name_no_block() {
        let mut children = vec![json!({"divider": {}})];
        for path in [
            "body.children.length",
            "body.children[7]",
            "body.icon",
            "body.children[x]",
        ] {
            assert_eq!(change(&mut children, path), None, "{path}");
        }
        assert_eq!(children, [json!({"divider": {}})]);
    }
}

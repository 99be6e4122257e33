//! Formulas as Notion keeps them (section 5): every reference is a mark with the ids of
//! the column, of its data source and of the workspace, however it was written.

use super::super::workspace::model::{Id, Property};
use super::http::decode;

/// How a mark begins; the column's id, the source's and the workspace's follow.
const MARK: &str = "{{notion:block_property:";
const CALL: &str = "prop(\"";

/// A reference in an expression.
struct Reference<'a> {
    /// Where it begins and ends in the expression.
    from: usize,
    to: usize,
    /// The column, where the data source has it.
    column: Option<&'a Property>,
}

/// The expression with its references as marks. Those that name nothing stay.
pub fn marked(expression: &str, schema: &[Property], source: Id, workspace: Id) -> String {
    let mark = |column: &Property| format!("{MARK}{}:{source}:{workspace}}}}}", column.id);
    rewritten(expression, schema, source, mark)
}

/// The expression with its references by name, as people write them.
pub fn by_name(expression: &str, schema: &[Property], source: Id) -> String {
    let call = |column: &Property| format!("{CALL}{}\")", column.name.replace('"', "\\\""));
    rewritten(expression, schema, source, call)
}

fn rewritten(
    expression: &str,
    schema: &[Property],
    source: Id,
    write: impl Fn(&Property) -> String,
) -> String {
    let mut out = String::new();
    let mut at = 0;
    for reference in references(expression, schema, source) {
        out.push_str(&expression[at..reference.from]);
        at = reference.to;
        match reference.column {
            Some(column) => out.push_str(&write(column)),
            None => out.push_str(&expression[reference.from..reference.to]),
        }
    }
    out.push_str(&expression[at..]);
    out
}

/// Whether Notion takes the expression for a column of this data source. It does not
/// where a reference names nothing, or another formula, or a related page's property,
/// nor where some functions meet a rollup (sections 5 and 10.1).
pub fn is_accepted(expression: &str, schema: &[Property], source: Id) -> bool {
    let rejects_rollups = ["dateBetween(", "substring(", "lets("];
    let rejects_rollups = rejects_rollups.iter().any(|it| expression.contains(it));
    let references = references(expression, schema, source);
    references.iter().all(|reference| {
        let of_another_page = expression[..reference.from].trim_end().ends_with('.');
        let kind = reference.column.map(|column| column.kind.as_str());
        let allowed = match kind {
            None | Some("formula") => false,
            Some("rollup") => !rejects_rollups,
            Some(_) => true,
        };
        allowed && !of_another_page
    })
}

fn references<'a>(expression: &str, schema: &'a [Property], source: Id) -> Vec<Reference<'a>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = expression.get(at..) {
        let next = [rest.find(MARK), rest.find(CALL)];
        let Some(from) = next.into_iter().flatten().min() else {
            break;
        };
        let (rest, from) = (&rest[from..], at + from);
        let read = if rest.starts_with(MARK) {
            in_mark(rest, schema, source)
        } else {
            in_call(rest, schema)
        };
        let Some((length, column)) = read else { break };
        at = from + length;
        found.push(Reference {
            from,
            to: at,
            column,
        });
    }
    found
}

/// A mark names a column of its own data source by id.
fn in_mark<'a>(
    text: &str,
    schema: &'a [Property],
    source: Id,
) -> Option<(usize, Option<&'a Property>)> {
    let (inner, _) = text[MARK.len()..].split_once("}}")?;
    let mut parts = inner.split(':');
    let (id, of) = (parts.next()?, parts.next()?);
    let own = of.parse::<Id>().is_ok_and(|of| of == source);
    let named = |column: &&Property| decode(&column.id) == decode(id);
    let column = schema.iter().find(named).filter(|_| own);
    Some((MARK.len() + inner.len() + 2, column))
}

/// A call names a column by its name, in which quotes have a backslash before them.
fn in_call<'a>(text: &str, schema: &'a [Property]) -> Option<(usize, Option<&'a Property>)> {
    let mut name = String::new();
    let mut letters = text[CALL.len()..].char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => name.extend(letters.next().map(|(_, letter)| letter)),
            '"' => {
                let end = CALL.len() + at + 1;
                text[end..].strip_prefix(')')?;
                return Some((end + 1, schema.iter().find(|it| it.name == name)));
            }
            letter => name.push(letter),
        }
    }
    None
}

//! Properties that need nothing but their own data source.

use serde_json::{Value, json};

use super::{About, options};
use crate::model::type_of;
use crate::restore::{Degree, Notes};

/// Number formats (section 5.1 of the API digest).
const FORMATS: &str = "number number_with_commas percent dollar australian_dollar \
    canadian_dollar singapore_dollar euro pound yen ruble rupee won yuan real lira rupiah \
    franc hong_kong_dollar new_zealand_dollar krona norwegian_krone mexican_peso rand \
    new_taiwan_dollar danish_krone zloty baht forint koruna shekel chilean_peso \
    philippine_peso dirham colombian_peso riyal ringgit leu argentine_peso uruguayan_peso \
    peruvian_sol vietnamese_dong pakistani_rupee nigerian_naira bitcoin";

/// The request that makes a property that is no relation, rollup or formula; `None`
/// where the API cannot make one like it.
pub(super) fn config(about: &About, property: &Value, notes: &mut Notes) -> Option<Value> {
    let kind = type_of(property);
    let read = property.get(kind).unwrap_or(&Value::Null);
    let config = match kind {
        "title" | "rich_text" | "url" | "email" | "phone_number" | "checkbox" | "date"
        | "people" | "files" | "place" => json!({}),
        "created_time" | "created_by" | "last_edited_time" | "last_edited_by" => {
            let why = "it tells of the restored row, not of the original";
            about.lose(notes, why, Degree::Detail);
            json!({})
        }
        "number" => match read.get("format").and_then(Value::as_str) {
            Some(format) if FORMATS.split_whitespace().any(|known| known == format) => {
                json!({"format": format})
            }
            Some(format) => {
                let why = format!("the API cannot set its number format '{format}'");
                about.lose(notes, why, Degree::Detail);
                json!({})
            }
            None => json!({}),
        },
        "select" | "multi_select" => json!({"options": options::options(about, read, notes)}),
        "status" => options::status(about, read, notes),
        "unique_id" => {
            let why = "Notion counts anew from 1, so numbers differ where rows are gone";
            about.lose(notes, why, Degree::Detail);
            match read.get("prefix").and_then(Value::as_str) {
                Some(prefix) if !prefix.is_empty() => json!({"prefix": prefix}),
                _ => json!({}),
            }
        }
        "verification" => {
            let why = "the API cannot create it: the wiki comes back as an ordinary database";
            about.lose(notes, why, Degree::Missing);
            return None;
        }
        kind => {
            let why = format!("the API cannot create one of type '{kind}'");
            about.lose(notes, why, Degree::Missing);
            return None;
        }
    };
    Some(described(json!({"type": kind, kind: config}), property))
}

/// Adds the description that the original has.
pub(super) fn described(mut config: Value, property: &Value) -> Value {
    match property.get("description") {
        Some(Value::String(text)) if !text.is_empty() => config["description"] = json!(text),
        _ => {}
    }
    config
}

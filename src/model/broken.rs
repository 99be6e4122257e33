//! Texts of Notion's answers that are no Unicode text.
//!
//! JavaScript's strings may hold half of a surrogate pair, for example where a name was cut
//! in the middle of an emoji, and Notion writes it as `\ud83d` (section 10.1 of the API
//! digest). No UTF-8 text can hold that. The client reads such a text with U+FFFD in the
//! half's place and marks the object that holds it; whoever stores the object takes the
//! mark out and says in the ledger which value it was.

use serde_json::{Value, json};

/// The key of an object's mark. Notion's objects have no such key.
pub(super) const MARK: &str = "notion_backup_broken_text";

/// A text that could not be read as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenText {
    /// JSON pointer, inside the object that was marked, of the text, or of the value whose
    /// key is the text.
    pub place: String,
    /// What stood where U+FFFD is now, such as `\ud83d`, or `byte ff`; several in order.
    pub was: Vec<String>,
}

/// The broken texts of an object, as the client marked them.
pub fn broken_texts(object: &Value) -> Vec<BrokenText> {
    let marks = object.get(MARK).and_then(Value::as_array);
    let read = |mark: &Value| {
        let was = mark.get("was")?.as_array()?.iter();
        Some(BrokenText {
            place: mark.get("place")?.as_str()?.to_owned(),
            was: was.filter_map(|it| Some(it.as_str()?.to_owned())).collect(),
        })
    };
    marks.into_iter().flatten().filter_map(read).collect()
}

/// Marks an object with its broken texts. Anything but a JSON object stays as it is.
pub fn mark_broken(object: &mut Value, texts: Vec<BrokenText>) {
    if let Some(fields) = object.as_object_mut()
        && !texts.is_empty()
    {
        let marks = texts.into_iter();
        let marks = marks.map(|text| json!({"place": text.place, "was": text.was}));
        fields.insert(MARK.to_owned(), marks.collect());
    }
}

//! What is sent where a file cannot be attached: the same request with a stand-in that
//! names the file in each place that would have shown it.

use serde_json::{Map, Value, json};

use super::super::loss::{Degree, Loss};
use super::stand_in;
use super::text::{self, RUNS};
use crate::model::NotionId;

/// The uploads that cannot be attached, and how people are told.
pub struct Lost<'a> {
    /// The old id of what the request restores.
    pub about: NotionId,
    /// The name of the file, for an upload (an id, or what stands for one to come) that
    /// cannot be attached; `None` for any other. The name may be empty.
    pub name: &'a dyn Fn(&str) -> Option<String>,
    /// Why, as the rest of a sentence.
    pub why: &'a str,
}

/// Puts stand-ins in the place of all lost uploads of a request. Says what is lost.
pub fn leave_out(body: &mut Value, lost: &Lost<'_>) -> Vec<Loss> {
    let mut losses = Vec::new();
    let Some(fields) = body.as_object_mut() else {
        return losses;
    };
    for key in ["icon", "cover"] {
        if let Some(name) = fields.get(key).and_then(|file| lost.upload(file)) {
            fields.remove(key);
            losses.push(lost.loss(with_name(key, &name), Degree::Missing));
        }
    }
    let properties = fields.get_mut("properties").and_then(Value::as_object_mut);
    for (property, value) in properties.into_iter().flatten() {
        let files = value.get_mut("files").and_then(Value::as_array_mut);
        for file in files.into_iter().flatten() {
            if let Some(name) = lost.upload(file) {
                let shown = file["name"].as_str().filter(|it| !it.is_empty());
                let shown = shown.unwrap_or(&name).to_owned();
                *file = entry(&shown, lost.about);
                let what = format!("file '{shown}' of property '{property}'");
                losses.push(lost.loss(what, Degree::StandIn));
            }
        }
    }
    attachments(fields, lost, &mut losses);
    if let Some(Value::Array(children)) = fields.get_mut("children") {
        blocks(children, lost, &mut losses);
    }
    losses
}

impl Lost<'_> {
    /// The name of the lost file that an icon, cover, block or entry shows.
    fn upload(&self, file: &Value) -> Option<String> {
        (self.name)(file["file_upload"]["id"].as_str()?)
    }

    fn loss(&self, what: String, degree: Degree) -> Loss {
        Loss {
            id: self.about,
            page: None,
            on: String::new(),
            what,
            why: self.why.to_owned(),
            degree,
        }
    }
}

fn with_name(what: &str, name: &str) -> String {
    match name.is_empty() {
        true => what.to_owned(),
        false => format!("{what} '{name}'"),
    }
}

/// An entry of a Files property that has the name of the file and leads to where the file
/// was: the API takes no entry without an address.
pub(super) fn entry(name: &str, about: NotionId) -> Value {
    let name = match name {
        "" => "File that was not restored".to_owned(),
        name => format!("{name} (not restored)"),
    };
    let url = format!("https://www.notion.so/{:032x}", about.bits());
    json!({"type": "external", "name": name, "external": {"url": url}})
}

/// Takes lost files out of a comment; its text names them.
fn attachments(fields: &mut Map<String, Value>, lost: &Lost<'_>, losses: &mut Vec<Loss>) {
    let Some(Value::Array(items)) = fields.get_mut("attachments") else {
        return;
    };
    let mut names = Vec::new();
    items.retain(|item| {
        let name = item["file_upload_id"].as_str().and_then(lost.name);
        let stays = name.is_none();
        names.extend(name);
        stays
    });
    if items.is_empty() {
        fields.remove("attachments");
    }
    for name in names {
        losses.push(lost.loss(with_name("attachment", &name), Degree::StandIn));
        let name = if name.is_empty() { "a file" } else { &name };
        let told = format!("\n[{name}: {}]", lost.why);
        match fields.get_mut("rich_text") {
            Some(Value::Array(runs)) if runs.len() < RUNS => runs.extend(text::runs(&told)),
            _ => {}
        }
    }
}

/// JSON is at most 128 levels deep, so this may recurse.
fn blocks(children: &mut [Value], lost: &Lost<'_>, losses: &mut Vec<Loss>) {
    for block in children {
        let kind = stand_in::kind(block).to_owned();
        if let Some(name) = lost.upload(stand_in::payload(block)) {
            losses.push(lost.loss(with_name(&format!("{kind} block"), &name), Degree::StandIn));
            *block = stand_in::without_file(block, &name, lost.why);
        }
        let Some(payload) = block.get_mut(&kind).and_then(Value::as_object_mut) else {
            continue;
        };
        if let Some(name) = payload.get("icon").and_then(|icon| lost.upload(icon)) {
            payload.remove("icon");
            let what = with_name(&format!("icon of a {kind} block"), &name);
            losses.push(lost.loss(what, Degree::Detail));
        }
        if let Some(Value::Array(inside)) = payload.get_mut("children") {
            blocks(inside, lost, losses);
        }
    }
}

/// Whether a request attaches any upload.
pub(super) fn has_files(body: &Value) -> bool {
    match body {
        Value::Array(items) => items.iter().any(has_files),
        Value::Object(fields) => {
            fields.contains_key("file_upload")
                || fields.contains_key("file_upload_id")
                || fields.values().any(has_files)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rich(text: &str) -> Value {
        json!([{"type": "text", "text": {"content": text}}])
    }

    fn file(id: &str) -> Value {
        json!({"type": "file_upload", "file_upload": {"id": id}})
    }

    #[test]
    fn each_place_of_a_lost_file_says_its_name_and_all_else_stays() {
        let mut image = file("gone");
        image["caption"] = rich("a cat");
        let (mut entry_gone, mut entry_kept) = (file("gone"), file("kept"));
        entry_gone["name"] = json!("cat.png");
        entry_kept["name"] = json!("dog.png");
        let toggle = json!({"type": "toggle", "toggle": {"rich_text": rich("t"),
            "children": [{"type": "image", "image": image}, {"type": "pdf", "pdf": file("kept")}]}});
        let attached = |id: &str| json!({"type": "file_upload", "file_upload_id": id});
        let mut body = json!({"icon": file("gone"), "cover": file("kept"),
            "properties": {"Files": {"type": "files", "files": [entry_gone, entry_kept]}},
            "rich_text": rich("see"), "attachments": [attached("gone"), attached("kept")],
            "children": [toggle]});
        let about = NotionId::from_bits(9);
        let lost = Lost {
            about,
            name: &|id| (id == "gone").then(|| "cat.png".to_owned()),
            why: "it is odd",
        };
        let losses = leave_out(&mut body, &lost);
        let whats: Vec<&str> = losses.iter().map(|loss| loss.what.as_str()).collect();
        assert_eq!(
            whats,
            [
                "icon 'cat.png'",
                "file 'cat.png' of property 'Files'",
                "attachment 'cat.png'",
                "image block 'cat.png'"
            ]
        );
        assert!(body.get("icon").is_none());
        assert_eq!(body["cover"], file("kept"));
        let files = &body["properties"]["Files"]["files"];
        assert_eq!(files[0]["name"], "cat.png (not restored)");
        assert_eq!(
            files[0]["external"]["url"],
            format!("https://www.notion.so/{:032x}", 9)
        );
        assert_eq!(files[1], entry_kept);
        assert_eq!(body["attachments"], json!([attached("kept")]));
        assert_eq!(text::words(&body["rich_text"]), "see\n[cat.png: it is odd]");
        let inside = stand_in::children(&body["children"][0]);
        assert_eq!(
            text::words(&inside[0]["paragraph"]["rich_text"]),
            "Not restored as image: 'cat.png': it is odd\na cat"
        );
        assert_eq!(inside[1]["pdf"], file("kept"));
        assert!(has_files(&body));
        let all = Lost {
            about,
            name: &|_| Some(String::new()),
            why: "no",
        };
        assert_eq!(leave_out(&mut body, &all).len(), 4);
        assert!(!has_files(&body));
        assert!(leave_out(&mut body, &all).is_empty());
    }
}

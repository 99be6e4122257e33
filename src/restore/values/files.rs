//! Files properties.

use serde_json::{Value, json};

use super::{MOST_ITEMS, Row};
use crate::model::type_of;
use crate::notion::Doubt;
use crate::restore::rich_text::refused;
use crate::restore::{Degree, Upload};

impl Row<'_> {
    /// Hosted files are uploaded again, links stay links; what is lost keeps its name in
    /// the body.
    pub(super) fn files(&mut self, name: &str, value: &Value) {
        let all = value.as_array().map(Vec::as_slice).unwrap_or_default();
        let mut written = Vec::new();
        let mut told = Vec::new();
        let mut lost = Vec::new();
        for file in all {
            let shown = file.get("name").and_then(Value::as_str);
            let kind = type_of(file);
            let url = file.get(kind).and_then(|inner| inner.get("url"));
            let url = url.and_then(Value::as_str).unwrap_or_default();
            let made = match kind {
                _ if written.len() == MOST_ITEMS => {
                    Err(format!("a request takes {MOST_ITEMS} files"))
                }
                "file" => self.upload(name, shown, url),
                "external" if Doubt::of(url) == Doubt::Refused => Err(refused(url)),
                "external" => {
                    let label = shown.filter(|shown| !shown.is_empty()).unwrap_or(url);
                    Ok(json!({"type": kind, "name": label, kind: {"url": url}}))
                }
                _ => Err(format!("the API cannot set one of type '{kind}'")),
            };
            match made {
                Ok(made) => written.push(made),
                Err(why) => {
                    // Addresses of hosted files work for an hour only.
                    let url = if kind == "external" { url } else { "" };
                    let label = [shown.unwrap_or_default(), url].join(" ");
                    let label = label.trim();
                    told.push(format!("{label} ({why})"));
                    let what = match label.is_empty() {
                        true => format!("file of property '{name}'"),
                        false => format!("file '{label}' of property '{name}'"),
                    };
                    lost.push((what, why));
                }
            }
        }
        for (what, why) in lost {
            let notes = &mut self.made.notes;
            notes.lose(self.id, what, why, Degree::Missing);
        }
        self.tell(name, told.join("\n"));
        if !written.is_empty() {
            self.set(name, "files", json!(written));
        }
    }

    fn upload(&mut self, name: &str, shown: Option<&str>, url: &str) -> Result<Value, String> {
        match self.targets.file(self.id, url) {
            Upload::File {
                id,
                name: stored,
                wrapped,
            } => {
                let label = match wrapped {
                    Some(original) => {
                        let why =
                            format!("the API refuses files like '{original}': it is in '{stored}'");
                        self.lose(name, why, Degree::Detail);
                        format!("{original} ({stored})")
                    }
                    None => shown.filter(|it| !it.is_empty()).unwrap_or(&stored).into(),
                };
                Ok(json!({"type": "file_upload", "file_upload": {"id": id}, "name": label}))
            }
            Upload::Lost { why, .. } => Err(why),
        }
    }
}

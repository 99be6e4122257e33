//! Reading the plan of a journal of version 1, so that such a restore can be undone.
//!
//! There, ids to come were written as UUIDs in the place of ids. Those that stand alone
//! are read as pending ids; that is all that finding what was made needs. Such a plan is
//! never carried out.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::step::{Action, Bytes, Learn, Part, Step, Template};
use super::super::{PendingId, Text};
use crate::model::NotionId;

/// The ids that a plan's steps make.
#[derive(Debug, Default)]
pub(super) struct Made(HashSet<PendingId>);

#[derive(Deserialize)]
struct Line {
    step: OldStep,
}

#[derive(Deserialize)]
struct OldStep {
    part: Part,
    about: NotionId,
    action: OldAction,
    learns: Vec<OldLearn>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum OldAction {
    Call(OldCall),
    Upload(Bytes),
}

#[derive(Deserialize)]
struct OldCall {
    method: Value,
    path: Text,
    #[serde(default)]
    body: Value,
}

#[derive(Deserialize)]
struct OldLearn {
    at: String,
    token: NotionId,
}

impl Made {
    /// Takes in a line of the plan; whether it is a step.
    pub(super) fn take(&mut self, line: &[u8]) -> bool {
        let Ok(line) = serde_json::from_slice::<Line>(line) else {
            return false;
        };
        let learned = line.step.learns.iter();
        self.0
            .extend(learned.map(|learn| PendingId::version_1(learn.token)));
        true
    }

    /// A line of the plan as a step.
    pub(super) fn step(&self, line: &[u8]) -> Result<Step, serde_json::Error> {
        let OldStep {
            part,
            about,
            action,
            learns,
        } = serde_json::from_slice::<Line>(line)?.step;
        let action = match action {
            OldAction::Upload(bytes) => Action::Upload(bytes),
            OldAction::Call(call) => {
                let template = json!({"method": call.method, "path": call.path,
                    "body": self.read(call.body)});
                Action::Call(Template::deserialize(template)?)
            }
        };
        let learns = learns.into_iter().map(|learn| Learn {
            at: learn.at,
            id: PendingId::version_1(learn.token),
        });
        Ok(Step {
            part,
            about,
            lane: PendingId::of(about),
            before: None,
            action,
            learns: learns.collect(),
            stand_ins: Vec::new(),
            spare: None,
        })
    }

    /// A body with pending ids where it has UUIDs that stand for some. JSON is at most
    /// 128 levels deep (serde_json's limit), so this may recurse.
    fn read(&self, body: Value) -> Value {
        match body {
            Value::String(text) => {
                let id = text.parse().ok().map(PendingId::version_1);
                match id.filter(|id| self.0.contains(id)) {
                    Some(id) => json!(id),
                    None => Value::String(text),
                }
            }
            Value::Array(items) => items.into_iter().map(|item| self.read(item)).collect(),
            Value::Object(fields) => {
                let fields = fields.into_iter();
                fields.map(|(key, field)| (key, self.read(field))).collect()
            }
            body => body,
        }
    }
}

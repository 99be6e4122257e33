//! For tests: targets that answer as told, and requests against the JSON schema of
//! Notion's own types.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::{PendingId, Target, Targets, Upload};
use crate::model::NotionId;

/// An id for a number.
pub(super) fn id(number: u128) -> NotionId {
    NotionId::from_bits(number)
}

/// Answers that a test fixed. What it does not know is restored before (objects),
/// not there (people, emojis) or uploaded under its URL's last part (files).
#[derive(Default)]
pub(super) struct Fixed {
    pub(super) later: BTreeSet<NotionId>,
    pub(super) same: BTreeSet<NotionId>,
    pub(super) gone: BTreeSet<NotionId>,
    pub(super) users: BTreeMap<NotionId, NotionId>,
    pub(super) emojis: BTreeMap<NotionId, NotionId>,
    pub(super) workspace: Option<NotionId>,
    /// The types of the results of formulas, by name.
    pub(super) results: BTreeMap<&'static str, Vec<&'static str>>,
    /// Columns of people with people who are not there.
    pub(super) absent: BTreeSet<&'static str>,
}

impl Targets for Fixed {
    fn find(&self, old: NotionId) -> Target {
        if self.same.contains(&old) {
            Target::Same(old)
        } else if self.gone.contains(&old) {
            Target::Gone
        } else if self.later.contains(&old) {
            Target::Later(PendingId::of(old))
        } else {
            Target::Made(PendingId::of(old))
        }
    }

    fn user(&self, old: NotionId) -> Option<NotionId> {
        self.users.get(&old).copied()
    }

    fn user_name(&self, old: NotionId) -> String {
        format!("user {}", old.bits())
    }

    fn workspace(&self) -> Option<NotionId> {
        self.workspace
    }

    fn results(&self, _: NotionId, name: &str) -> BTreeSet<String> {
        let results = self.results.get(name).into_iter().flatten();
        results.map(|result| result.to_string()).collect()
    }

    fn absent(&self, _: NotionId, name: &str) -> Option<String> {
        let absent = self.absent.contains(name);
        absent.then(|| "these are not in the workspace: Ada".to_owned())
    }

    fn emoji(&self, old: NotionId, _: &str) -> Option<NotionId> {
        self.emojis.get(&old).copied()
    }

    fn file(&self, _: NotionId, url: &str) -> Upload {
        let name = url.rsplit('/').next().unwrap_or_default().to_string();
        if url.contains("/lost/") {
            let why = "it was not stored".to_string();
            return Upload::Lost { name, why };
        }
        let wrapped = url.contains("/wrapped/").then(|| name.clone());
        let name = match &wrapped {
            Some(name) => format!("{name}.txt"),
            None => name,
        };
        let id = PendingId::named(url);
        Upload::File { id, name, wrapped }
    }

    fn is_needed(&self, _: NotionId) -> bool {
        false
    }
}

/// Fails when a request does not fit its definition in Notion's own types. Where the
/// file with the types is not there it says so, and checks nothing.
pub(super) fn assert_fits(definition: &str, request: &Value) {
    static DEFINITIONS: OnceLock<Option<Value>> = OnceLock::new();
    static COMPILED: Mutex<BTreeMap<String, Arc<Validator>>> = Mutex::new(BTreeMap::new());
    let definitions = DEFINITIONS.get_or_init(|| {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../shared/notion-api/requests.schema.json"
        );
        let bytes = std::fs::read(path).ok()?;
        let schema: Value = serde_json::from_slice(&bytes).ok()?;
        Some(schema["definitions"].clone())
    });
    let Some(definitions) = definitions else {
        return say_absent();
    };
    let validator = {
        let mut compiled = COMPILED.lock().unwrap();
        let one = compiled.entry(definition.to_string()).or_insert_with(|| {
            let schema = json!({"$ref": format!("#/definitions/{definition}"),
                                "definitions": definitions});
            Arc::new(jsonschema::draft7::new(&schema).unwrap())
        });
        one.clone()
    };
    let mut request = super::pending::filled(request, &HashMap::new());
    take_out_groups(&mut request);
    let errors: Vec<String> = validator
        .iter_errors(&request)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .map(|error| error.chars().take(1000).collect())
        .collect();
    assert!(errors.is_empty(), "{definition}: {errors:#?}\n{request:#}");
}

/// `group` of status options is documented and not in the types (section 10 of the
/// API digest).
fn take_out_groups(request: &mut Value) {
    match request {
        Value::Array(items) => items.iter_mut().for_each(take_out_groups),
        Value::Object(fields) => {
            if let Some(Value::Array(options)) = fields
                .get_mut("status")
                .and_then(|it| it.get_mut("options"))
            {
                for option in options.iter_mut().filter_map(Value::as_object_mut) {
                    option.remove("group");
                }
            }
            fields.values_mut().for_each(take_out_groups);
        }
        _ => {}
    }
}

#[allow(clippy::print_stderr)]
fn say_absent() {
    eprintln!("Notion's types are not here: requests are not checked against them");
}

//! What the translations of databases, rows, views and comments make is taken by Notion,
//! and reads as the original does. A test double of the rest of a restore sends it: one
//! request after the other, every id filled in from what answers tell.

use std::collections::{BTreeMap, BTreeSet};

use notion_backup::model::{NotionId, id_of, plain_text};
use notion_backup::restore::comments::threads;
use notion_backup::restore::pending::{Known, filled};
use notion_backup::restore::schema::{Schemas, learn_property, schemas};
use notion_backup::restore::values::values;
use notion_backup::restore::views::views;
use notion_backup::restore::{Degree, Learn, Notes, PendingId, Target, Targets, Text, Upload};
use serde_json::{Value, json};

use super::fake_notion::client::Client;
use super::fake_notion::everything;
use crate::support::FakeNotion;
use crate::support::workspace::model::Parent;

/// Everything named here is restored; other objects are where they were, as the target
/// is the same workspace.
#[derive(Default)]
struct Here {
    restored: BTreeSet<NotionId>,
    users: BTreeSet<NotionId>,
}

impl Targets for Here {
    fn find(&self, old: NotionId) -> Target {
        match self.restored.contains(&old) {
            true => Target::Made(PendingId::of(old)),
            false => Target::Same(old),
        }
    }

    fn user(&self, old: NotionId) -> Option<NotionId> {
        self.users.get(&old).copied()
    }

    fn user_name(&self, _: NotionId) -> String {
        "Somebody".into()
    }

    fn emoji(&self, old: NotionId, _: &str) -> Option<NotionId> {
        Some(old)
    }

    fn file(&self, _: NotionId, _: &str) -> Upload {
        Upload::Lost {
            name: "plan.pdf".into(),
            why: "this test uploads nothing".into(),
        }
    }

    fn is_needed(&self, _: NotionId) -> bool {
        false
    }
}

struct Restorer {
    fake: FakeNotion,
    client: Client,
    known: Known,
    home: String,
    sources: Vec<Value>,
    here: Here,
    schemas: Schemas,
}

impl Restorer {
    /// Makes the databases of the workspace again in the same one.
    fn new() -> Restorer {
        let (fake, client) = everything();
        let names = [
            "projects source",
            "tasks source",
            "newer source",
            "wiki source",
        ];
        let ids: Vec<String> =
            fake.look(|ws| names.iter().map(|name| ws.get(name).to_string()).collect());
        let sources: Vec<Value> = ids
            .iter()
            .map(|id| client.get(&format!("/data_sources/{id}")))
            .collect();
        let here = Here {
            restored: sources.iter().filter_map(id_of).collect(),
            users: client.list("/users").iter().filter_map(id_of).collect(),
        };
        let schemas = schemas(&sources, &here);
        let home = fake.look(|ws| ws.get("home").to_string());
        let mut made = Restorer {
            fake,
            client,
            known: Known::new(),
            home,
            sources,
            here,
            schemas,
        };
        made.databases();
        made
    }

    /// Sends a request with its ids filled in, and keeps what its answer tells.
    fn send(
        &mut self,
        method: &str,
        path: impl Into<Text>,
        body: Value,
        learns: &[Learn],
    ) -> Value {
        let path = path.into().filled(&self.known);
        let body = filled(&body, &self.known);
        let answer = self.client.send(method, &path, Some(&body));
        assert_eq!(answer.status, 200, "{path}: {}\n{body:#}", answer.json());
        let answer = answer.json();
        // Nothing is refused here, so no plain column takes the place of a formula.
        let real = |learn: &&Learn| !learn.at.starts_with("/stand_ins/");
        for learn in learns.iter().filter(real) {
            let told = answer.pointer(&learn.at).and_then(Value::as_str);
            let told = told.unwrap_or_else(|| panic!("nothing at {}: {answer:#}", learn.at));
            self.known.insert(learn.id, told.to_string());
        }
        answer
    }

    fn databases(&mut self) {
        for (source, properties) in self.schemas.initial.clone() {
            let body = json!({"parent": {"type": "page_id", "page_id": self.home},
                              "initial_data_source": {"properties": properties}});
            let learn = |at: &str, id| Learn { at: at.into(), id };
            let database = PendingId::named(&format!("database of {source}"));
            let learns = [
                learn("/id", database),
                learn("/data_sources/0/id", PendingId::of(source)),
            ];
            self.send("POST", "/databases", body, &learns);
        }
        for change in self.schemas.changes.clone() {
            let path = Text::from("/data_sources/").id(PendingId::of(change.source));
            let body = change.body();
            self.send("PATCH", path, body, &change.learns);
        }
        for source in self.sources.clone() {
            let source = &source;
            let id = id_of(source).unwrap();
            let schema = self.schema(id);
            for name in names(&source["properties"]) {
                if self.schemas.creates(id, &name) {
                    let learn = learn_property(id, &name);
                    let told = json!({"properties": schema}).pointer(&learn.at).cloned();
                    let told = told.unwrap().as_str().unwrap().to_string();
                    self.known.insert(learn.id, told);
                }
            }
        }
    }

    fn new_id(&self, old: NotionId) -> String {
        self.known[&PendingId::of(old)].clone()
    }

    /// The columns that a data source has become.
    fn schema(&self, old: NotionId) -> Value {
        let path = format!("/data_sources/{}", self.new_id(old));
        self.client.get(&path)["properties"].clone()
    }

    fn source(&self, name: &str) -> Value {
        let id = self.fake.look(|ws| ws.get(name).to_string());
        let found = self.sources.iter().find(|source| source["id"] == json!(id));
        found.unwrap().clone()
    }

    fn old(&self, name: &str) -> NotionId {
        self.fake
            .look(|ws| ws.get(name).to_string())
            .parse()
            .unwrap()
    }
}

fn names(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

/// A formula with the names of columns in the place of the marks that hold ids.
fn by_name(expression: &Value, columns: &Value) -> Value {
    let Some(mut text) = expression.as_str().map(str::to_string) else {
        return Value::Null;
    };
    while let Some((before, rest)) = text.split_once("{{notion:block_property:") {
        let (mark, after) = rest.split_once("}}").unwrap();
        let id = mark.split(':').next().unwrap();
        let mut columns = columns.as_object().unwrap().iter();
        let (name, _) = columns.find(|(_, column)| column["id"] == id).unwrap();
        text = format!("{before}<{name}>{after}");
    }
    json!(text)
}

/// A column without ids, so that old and new can be compared.
fn essence(columns: &Value, name: &str) -> Value {
    let property = &columns[name];
    let kind = property["type"].as_str().unwrap();
    let config = &property[kind];
    let name_of = |id: &Value| {
        let options = config["options"].as_array().into_iter().flatten();
        let found = options.into_iter().find(|option| option["id"] == *id);
        found.map_or(Value::Null, |option| option["name"].clone())
    };
    let options = |list: &Value| -> Value {
        let list = list.as_array().cloned().unwrap_or_default();
        list.iter()
            .map(|it| json!([it["name"], it["color"], it["description"]]))
            .collect()
    };
    let groups: Value = config["groups"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|group| {
            let ids = group["option_ids"].as_array().unwrap();
            let names: Value = ids.iter().map(name_of).collect();
            json!([group["name"], names])
        })
        .collect();
    json!({
        "type": kind, "description": property["description"], "format": config["format"],
        "prefix": config["prefix"], "expression": by_name(&config["expression"], columns),
        "function": config["function"], "relation": config["relation_property_name"],
        "rolled": config["rollup_property_name"], "kind": config["type"],
        "mirror": config["dual_property"]["synced_property_name"],
        "options": options(&config["options"]), "groups": groups,
    })
}

#[test]
fn columns_come_back_as_they_were() {
    let restorer = Restorer::new();
    for source in &restorer.sources {
        let id = id_of(source).unwrap();
        let schema = restorer.schema(id);
        let created: BTreeSet<String> = names(&source["properties"])
            .into_iter()
            .filter(|name| restorer.schemas.creates(id, name))
            .collect();
        assert_eq!(names(&schema), created);
        for name in created {
            let mut expected = essence(&source["properties"], &name);
            if name == "Tags" {
                expected["options"][0][0] = json!("A\u{201a} B");
            }
            assert_eq!(essence(&schema, &name), expected, "{name}");
        }
    }
    let missing: BTreeSet<&str> = restorer
        .schemas
        .notes
        .losses
        .iter()
        .filter(|loss| loss.degree == Degree::Missing)
        .map(|loss| loss.what.as_str())
        .collect();
    let expected = [
        "property 'Beam'",
        "property 'Go'",
        "property 'Seen'",
        "property 'Verification'",
    ];
    assert_eq!(missing, BTreeSet::from(expected));
    assert_eq!(restorer.fake.violations(), Vec::<String>::new());
}

#[test]
fn rows_come_back_with_their_values() {
    let mut restorer = Restorer::new();
    let source = restorer.source("projects source");
    let id = id_of(&source).unwrap();
    for name in ["full row", "empty row", "crowded row", "exact row"] {
        let page = restorer
            .client
            .get(&format!("/pages/{}", restorer.old(name)));
        let mut complete = json!({});
        for (name, property) in page["properties"].as_object().unwrap() {
            if ["title", "rich_text", "people", "relation"]
                .contains(&property["type"].as_str().unwrap())
            {
                let path = format!(
                    "/pages/{}/properties/{}",
                    page["id"].as_str().unwrap(),
                    property["id"].as_str().unwrap()
                );
                complete[name] = json!({"head": {}, "items": restorer.client.list(&path)});
            }
        }
        let made = values(&page, &complete, &source, &restorer.schemas, &restorer.here);
        // Rows of tasks are not restored here, so the copied relation leads to what it
        // cannot hold; the fake takes any page.
        let body = json!({"parent": {"type": "data_source_id", "data_source_id": PendingId::of(id)},
                          "properties": made.properties});
        let new = restorer.send("POST", "/pages", body, &[]);
        let over: BTreeMap<&str, usize> = made
            .relations
            .iter()
            .map(|(name, pages)| (name.as_str(), pages.len()))
            .collect();
        // More than a hundred, unless the other side writes them.
        let expected = match restorer.schemas.writes(id, "Tasks") {
            true if name == "crowded row" => BTreeMap::from([("Tasks", 121)]),
            _ => BTreeMap::new(),
        };
        assert_eq!(over, expected);
        for (property, old) in page["properties"].as_object().unwrap() {
            let kind = old["type"].as_str().unwrap();
            let new = &new["properties"][property][kind];
            let old = &old[kind];
            match kind {
                "title" | "rich_text" if name != "crowded row" => {
                    assert_eq!(plain_text(new), plain_text(old), "{name}: {property}");
                }
                "select" => {
                    assert_eq!(new["name"], old["name"], "{name}: {property}");
                }
                // An empty one becomes the first option.
                "status" if !old.is_null() => {
                    assert_eq!(new["name"], old["name"], "{name}: {property}");
                }
                "number" | "checkbox" | "url" | "email" | "phone_number" | "date" => {
                    assert_eq!(new, old, "{name}: {property}");
                }
                _ => {}
            }
        }
    }
    assert_eq!(restorer.fake.violations(), Vec::<String>::new());
}

#[test]
fn views_are_taken_with_all_their_parts() {
    let mut restorer = Restorer::new();
    let source = restorer.source("projects source");
    let projects = restorer.old("projects");
    let ids = restorer
        .client
        .list(&format!("/views?database_id={projects}"));
    let mut all: Vec<Value> = Vec::new();
    for id in ids {
        let path = format!("/views/{}", id["id"].as_str().unwrap());
        // The API refuses to show one of them.
        if restorer.client.get_status(&path) == 200 {
            all.push(restorer.client.get(&path));
        }
    }
    let mut notes = Notes::default();
    let find = |id: NotionId| (Some(id) == id_of(&source)).then_some(&source);
    let made = views(
        &json!(all),
        &find,
        &restorer.schemas,
        &restorer.here,
        &mut notes,
    );
    let database = PendingId::named(&format!("database of {}", id_of(&source).unwrap()));
    let mut kinds = BTreeSet::new();
    for view in made {
        let mut body = view.create;
        body["database_id"] = json!(database);
        let learn = Learn {
            at: "/id".into(),
            id: PendingId::of(view.old),
        };
        let new = restorer.send("POST", "/views", body, &[learn]);
        let old = all.iter().find(|old| id_of(old) == Some(view.old)).unwrap();
        let kind = new["type"].as_str().unwrap();
        assert_eq!(new["name"], old["name"]);
        if kind != "dashboard" {
            let same = |part: &Value| names_of_keys(part);
            for part in ["filter", "sorts", "quick_filters"] {
                assert_eq!(same(&new[part]), same(&old[part]), "{kind}: {part}");
            }
        }
        kinds.insert(kind.to_string());
        for widget in view.widgets {
            kinds.insert("widget".into());
            restorer.send("POST", "/views", widget.create, &[]);
        }
    }
    let expected = "table board list calendar timeline gallery form chart map dashboard widget";
    let expected: BTreeSet<String> = expected.split(' ').map(str::to_string).collect();
    assert_eq!(kinds, expected);
    let losses: Vec<&str> = notes.losses.iter().map(|loss| loss.why.as_str()).collect();
    let sizes = "without the sizes of rows and widgets, which the API cannot set";
    let questions = "without its questions, which the API does not show";
    let mut seen = losses.clone();
    seen.sort();
    assert_eq!(seen, [questions, sizes]);
    assert_eq!(restorer.fake.violations(), Vec::<String>::new());
}

/// How many parts of each kind there are, whatever ids they name.
fn names_of_keys(part: &Value) -> usize {
    match part {
        Value::Array(items) => items.iter().map(names_of_keys).sum::<usize>() + 1,
        Value::Object(fields) => fields.values().map(names_of_keys).sum::<usize>() + fields.len(),
        _ => 0,
    }
}

#[test]
fn threads_are_replayed() {
    let mut restorer = Restorer::new();
    let on: BTreeSet<String> = restorer.fake.look(|ws| {
        let places = ws.comments.iter().filter(|it| !it.resolved);
        let on = places.filter_map(|it| match it.on {
            Parent::Page(id) | Parent::Block(id) => Some(id.to_string()),
            _ => None,
        });
        on.collect()
    });
    let mut replayed = 0;
    for place in &on {
        let path = format!("/comments?block_id={place}");
        if restorer.client.get_status(&path) != 200 {
            continue;
        }
        let comments = restorer.client.list(&path);
        let made = threads(&json!(comments), &restorer.here, &mut Notes::default());
        for thread in made {
            let discussion = PendingId::named(&format!("discussion {}", thread.discussion));
            let mut first = thread.first;
            first["parent"] = match thread.on_page {
                true => json!({"page_id": thread.on}),
                false => json!({"block_id": thread.on}),
            };
            let learn = Learn {
                at: "/discussion_id".into(),
                id: discussion,
            };
            let said = restorer.send("POST", "/comments", first, &[learn]);
            assert!(plain_text(&said["rich_text"]).starts_with("[20"), "{said}");
            assert_eq!(said["display_name"]["type"], "custom");
            for mut reply in thread.replies {
                reply["discussion_id"] = json!(discussion);
                restorer.send("POST", "/comments", reply, &[]);
            }
            replayed += 1;
        }
    }
    assert!(replayed > 2, "{replayed}");
    assert_eq!(restorer.fake.violations(), Vec::<String>::new());
}

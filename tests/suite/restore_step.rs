//! One step of a restore, whatever happens to it: each failure of each kind of write
//! leaves exactly one object, and the answer names it (section 9.6 of the API digest).

mod refused;
mod uploads;

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use jiff::Timestamp;
use notion_backup::clock::{Clock, ManualClock};
use notion_backup::model::NotionId;
use notion_backup::notion::{Method, Notion, Settings, Token as Secret};
use notion_backup::report::Silent;
use notion_backup::restore::perform::{Done, Failure, OpenFile, Performer};
use notion_backup::restore::{Action, Call, Part, Step, Token};
use notion_backup::stop::Stop;
use serde_json::{Value, json};

use crate::support::FakeNotion;
use crate::support::Workspace;
use crate::support::fake_notion::{Fault, Refusal, What};
use crate::support::workspace::build::property;
use crate::support::workspace::model::{Id, Parent};

/// A Notion with one of everything that can be written into, and a second of everything
/// that could be mistaken for what is written.
struct Stage {
    fake: FakeNotion,
    clock: Arc<ManualClock>,
    stop: Stop,
    /// What the restore has made before.
    taken: Vec<NotionId>,
    files: BTreeMap<String, Vec<u8>>,
}

struct Stored<'a>(&'a BTreeMap<String, Vec<u8>>);

impl OpenFile for Stored<'_> {
    fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, String> {
        let file = self.0.get(path).ok_or("no such file")?;
        Ok(Box::new(std::io::Cursor::new(file.clone())))
    }
}

fn new_id(id: Id) -> NotionId {
    NotionId::from_bits(id.bits())
}

impl Stage {
    fn new() -> Stage {
        let mut ws = Workspace::new(1);
        let root = ws.page(Parent::Workspace, "Root");
        ws.name("root", root);
        let columns = || vec![property("Name", "title", json!({}))];
        let (database, source) = ws.database(Parent::Page(root), "Tasks", columns());
        ws.name("database", database);
        ws.name("source", source);
        let dashboard = ws.view(
            database,
            Some(source),
            "Board of boards",
            "dashboard",
            json!({"configuration": {"type": "dashboard", "rows": []}}),
        );
        ws.name("dashboard", dashboard);
        let block = ws.paragraph(root, "commented");
        ws.name("block", block);
        let thread = ws.comment(
            Parent::Page(root),
            None,
            crate::support::workspace::text::rich("x"),
        );
        let discussion = ws.comments.iter().find(|it| it.id == thread).unwrap();
        let discussion = discussion.discussion;
        ws.name("discussion", discussion);
        let twins = |ws: &mut Workspace| {
            let page = ws.page(Parent::Page(root), "New");
            let row = ws.row(source, "New");
            let (base, first) = ws.database(Parent::Page(root), "New", columns());
            let more = ws.data_source(database, "New", columns());
            let view = ws.view(database, Some(source), "New", "table", json!({}));
            let words = || crate::support::workspace::text::rich("New");
            let comment = ws.comment(Parent::Page(root), None, words());
            let reply = ws.comment(Parent::Page(root), Some(discussion), words());
            [page, row, base, first, more, view, comment, reply]
        };
        // Once long ago by somebody else, and once now by this restore.
        twins(&mut ws);
        ws.advance_minutes(30);
        let taken = twins(&mut ws).map(new_id).to_vec();
        let now = Timestamp::from_millisecond(ws.now).unwrap();
        Stage {
            fake: FakeNotion::start(ws),
            clock: Arc::new(ManualClock::at(now)),
            stop: Stop::new(),
            taken,
            files: BTreeMap::new(),
        }
    }

    fn get(&self, name: &str) -> Id {
        self.fake.look(|ws| ws.get(name))
    }

    fn with<R>(&self, act: impl FnOnce(&Performer) -> R) -> R {
        let settings = Settings {
            token: Secret::new(self.fake.token().to_string()).unwrap(),
            api_url: self.fake.url(),
            requests_per_minute: None,
        };
        let clock: Arc<dyn Clock> = self.clock.clone();
        let notion =
            Notion::connect(&settings, clock, self.stop.clone(), Arc::new(Silent)).unwrap();
        let files = Stored(&self.files);
        let taken = |id| self.taken.contains(&id);
        let performer = Performer::new(&notion, &files, &*self.clock, &taken);
        let discussion = new_id(self.get("discussion"));
        performer.know_discussion(discussion, new_id(self.get("root")));
        act(&performer)
    }

    fn perform(&self, call: &Call, again: Option<Timestamp>) -> Result<Done, Failure> {
        let step = Step {
            before: self.before(call),
            ..step(Action::Call(call.clone()))
        };
        self.with(|performer| performer.perform(&step, call, again))
    }

    /// How many blocks the plan knows to be there before an append.
    fn before(&self, call: &Call) -> Option<u32> {
        let parent = call.path.strip_suffix("/children")?.rsplit('/').next()?;
        let parent: Id = parent.parse().ok()?;
        let count = self
            .fake
            .look(|ws| ws.raw_children(parent).map(|it| it.1.len()));
        count.map(|count| count as u32)
    }

    /// Everything there is, by kind.
    fn census(&self) -> [usize; 7] {
        self.fake.look(|ws| {
            [
                ws.pages.len(),
                ws.blocks.len(),
                ws.databases.len(),
                ws.data_sources.len(),
                ws.views.len(),
                ws.comments.len(),
                ws.assets.len(),
            ]
        })
    }
}

fn step(action: Action) -> Step {
    Step {
        part: Part::Body,
        about: NotionId::from_bits(99),
        lane: Token::named("lane"),
        before: None,
        action,
        learns: Vec::new(),
    }
}

fn call(method: Method, path: impl Into<String>, body: Value) -> Call {
    Call {
        method,
        path: path.into(),
        body,
    }
}

fn rich(words: &str) -> Value {
    json!([{"type": "text", "text": {"content": words}}])
}

fn paragraph(words: &str) -> Value {
    json!({"type": "paragraph", "paragraph": {"rich_text": rich(words)}})
}

/// Every kind of write that makes something, and where its answer names it.
fn creations(stage: &Stage) -> Vec<(&'static str, Call, Vec<&'static str>)> {
    let [root, database, source, dashboard, block, discussion] = [
        "root",
        "database",
        "source",
        "dashboard",
        "block",
        "discussion",
    ]
    .map(|name| stage.get(name));
    let post = |path: &str, body| call(Method::Post, path, body);
    let titled = json!({"title": {"title": rich("New")}});
    let append = |position: Value| {
        let path = format!("/v1/blocks/{root}/children");
        let children = [paragraph("same"), paragraph("same"), paragraph("same")];
        call(
            Method::Patch,
            path,
            json!({"children": children, "position": position}),
        )
    };
    let made = || vec!["/results/0/id", "/results/1/id", "/results/2/id"];
    let view = |home: Value| {
        let mut body = json!({"data_source_id": source, "name": "New", "type": "table"});
        body.as_object_mut()
            .unwrap()
            .extend(home.as_object().unwrap().clone());
        post("/v1/views", body)
    };
    vec![
        (
            "page",
            post(
                "/v1/pages",
                json!({"parent": {"type": "page_id", "page_id": root}, "properties": titled,
                    "children": [paragraph("a"), paragraph("b")]}),
            ),
            vec!["/id"],
        ),
        (
            "row",
            post(
                "/v1/pages",
                json!({"parent": {"type": "data_source_id", "data_source_id": source},
                    "properties": {"Name": {"title": rich("New")}}}),
            ),
            vec!["/id"],
        ),
        ("append at the end", append(json!({"type": "end"})), made()),
        (
            "append at the start",
            append(json!({"type": "start"})),
            made(),
        ),
        (
            "append in between",
            append(json!({"type": "after_block", "after_block": {"id": block}})),
            made(),
        ),
        (
            "database",
            post(
                "/v1/databases",
                json!({"parent": {"type": "page_id", "page_id": root}, "title": rich("New"),
                    "initial_data_source": {"properties": {"Name": {"title": {}}}}}),
            ),
            vec!["/id", "/data_sources/0/id"],
        ),
        (
            "data source",
            post(
                "/v1/data_sources",
                json!({"parent": {"type": "database_id", "database_id": database}, "title": rich("New"),
                    "properties": {"Name": {"title": {}}, "Due": {"date": {}}}}),
            ),
            vec!["/id", "/properties/Due/id"],
        ),
        ("view", view(json!({"database_id": database})), vec!["/id"]),
        (
            "widget",
            view(json!({"view_id": dashboard, "placement": {"type": "new_row"}})),
            vec!["/id"],
        ),
        (
            "linked view",
            view(
                json!({"create_database": {"parent": {"type": "page_id", "page_id": root},
                "position": {"type": "after_block", "block_id": block}}}),
            ),
            vec!["/id", "/parent/database_id"],
        ),
        (
            "comment",
            post(
                "/v1/comments",
                json!({"parent": {"page_id": root}, "rich_text": rich("New")}),
            ),
            vec!["/id", "/discussion_id"],
        ),
        (
            "comment on a block",
            post(
                "/v1/comments",
                json!({"parent": {"block_id": block}, "rich_text": rich("New")}),
            ),
            vec!["/id", "/discussion_id"],
        ),
        (
            "reply",
            post(
                "/v1/comments",
                json!({"discussion_id": discussion, "rich_text": rich("New")}),
            ),
            vec!["/id"],
        ),
    ]
}

/// Every failure of a write; with whether it was executed all the same.
fn failures() -> Vec<(&'static str, What, bool)> {
    let timeout = Refusal::new(504, "gateway_timeout", "too late");
    vec![
        ("cut after", What::HangUpAfterCommit, true),
        ("503 with ids", What::UnavailableAfterCommit, true),
        ("504 after", What::RefuseAfterCommit(timeout), true),
        ("half an answer", What::CutBody(20), true),
        ("cut before", What::HangUp, false),
        ("500", What::status(500), false),
        ("502 of a proxy", What::HtmlBadGateway, false),
        ("504 before", What::status(504), false),
        ("409", What::status(409), false),
        ("429", What::rate_limited(90), false),
        ("529", What::overloaded(5), false),
        ("no JSON", What::Garbage, false),
    ]
}

fn values(answer: &Value, pointers: &[&str]) -> Vec<Value> {
    let value = |at: &&str| answer.pointer(at).cloned().unwrap_or_default();
    pointers.iter().map(value).collect()
}

#[test]
fn each_failure_of_each_write_leaves_exactly_one_object() {
    let kinds = creations(&Stage::new()).len();
    for kind in 0..kinds {
        let plain = Stage::new();
        let (name, call, pointers) = creations(&plain).swap_remove(kind);
        let expected = plain.perform(&call, None).unwrap();
        assert!(!expected.adopted && expected.losses.is_empty(), "{name}");
        let wanted = values(&expected.answer, &pointers);
        assert!(wanted.iter().all(Value::is_string), "{name}: {wanted:?}");
        for (failure, what, commits) in failures() {
            let stage = Stage::new();
            let fault = Fault::on(call.method.as_str(), &call.path, what);
            stage.fake.faults().push(fault);
            let about = format!("{name}, {failure}");
            let done = stage.perform(&call, None);
            let done = done.unwrap_or_else(|error| panic!("{about}: {error}"));
            assert_eq!(stage.fake.faults().left(), 0, "{about}");
            assert_eq!(stage.census(), plain.census(), "{about}");
            // The same seed gives the same ids.
            assert_eq!(values(&done.answer, &pointers), wanted, "{about}");
            assert_eq!(done.adopted, commits, "{about}");
            assert!(done.losses.is_empty(), "{about}: {:?}", done.losses);
        }
    }
}

#[test]
fn a_killed_run_is_taken_up_where_it_was() {
    let kinds = creations(&Stage::new()).len();
    for kind in 0..kinds {
        let plain = Stage::new();
        let (name, call, pointers) = creations(&plain).swap_remove(kind);
        let expected = plain.perform(&call, None).unwrap();
        for executed in [true, false] {
            let stage = Stage::new();
            let begun = stage.clock.now();
            let before = stage.before(&call);
            if executed {
                stage.perform(&call, None).unwrap();
            }
            stage.clock.advance(std::time::Duration::from_secs(300));
            stage.fake.edit(|ws| ws.advance_minutes(5));
            let step = Step {
                before,
                ..step(Action::Call(call.clone()))
            };
            let done = stage.with(|performer| performer.perform(&step, &call, Some(begun)));
            let done = done.unwrap();
            assert_eq!(done.adopted, executed, "{name}");
            assert_eq!(stage.census(), plain.census(), "{name}");
            assert_eq!(
                values(&done.answer, &pointers),
                values(&expected.answer, &pointers),
                "{name}"
            );
        }
    }
}

#[test]
fn what_is_given_whole_is_simply_sent_again() {
    for (failure, what, _) in failures() {
        let stage = Stage::new();
        let (root, block) = (stage.get("root"), stage.get("block"));
        let changes = [
            call(
                Method::Patch,
                format!("/v1/pages/{root}"),
                json!({"is_locked": true}),
            ),
            call(
                Method::Patch,
                format!("/v1/blocks/{block}"),
                json!({"paragraph": {"rich_text": rich("other")}}),
            ),
            call(Method::Delete, format!("/v1/blocks/{block}"), Value::Null),
        ];
        let before = stage.census();
        for call in changes {
            let fault = Fault::on(call.method.as_str(), &call.path, what.clone());
            stage.fake.faults().push(fault);
            let done = stage.perform(&call, None);
            let done = done.unwrap_or_else(|error| panic!("{failure}: {}: {error}", call.path));
            assert_eq!(stage.fake.faults().left(), 0);
            assert!(done.losses.is_empty(), "{failure}");
        }
        assert_eq!(stage.census(), before, "{failure}");
        stage.fake.look(|ws| {
            assert!(ws.pages[&root].is_locked, "{failure}");
            assert!(ws.is_trashed(block), "{failure}");
            let words = ws.blocks[&block].payload["rich_text"][0]["plain_text"].clone();
            assert_eq!(words, "other", "{failure}");
        });
    }
}

#[test]
fn what_is_in_the_trash_already_is_done() {
    let stage = Stage::new();
    let (root, block) = (stage.get("root"), stage.get("block"));
    let delete = call(Method::Delete, format!("/v1/blocks/{block}"), Value::Null);
    stage.perform(&delete, None).unwrap();
    assert!(stage.perform(&delete, None).unwrap().adopted);
    let nobody = format!("/v1/blocks/{}", NotionId::from_bits(5));
    assert!(
        stage
            .perform(&call(Method::Delete, nobody, Value::Null), None)
            .unwrap()
            .adopted
    );
    let page = call(
        Method::Patch,
        format!("/v1/pages/{root}"),
        json!({"in_trash": true}),
    );
    stage.perform(&page, None).unwrap();
    assert!(stage.perform(&page, None).unwrap().adopted);
}

#[test]
fn half_of_an_append_is_completed() {
    for position in [json!({"type": "start"}), json!({"type": "end"})] {
        let stage = Stage::new();
        let root = stage.get("root");
        let path = format!("/v1/blocks/{root}/children");
        let before = stage.before(&call(Method::Patch, path.clone(), json!({})));
        let first = json!({"children": [paragraph("same")], "position": position});
        stage
            .perform(&call(Method::Patch, path.clone(), first), None)
            .unwrap();
        let children = [paragraph("same"), paragraph("same"), paragraph("end")];
        let whole = call(
            Method::Patch,
            path,
            json!({"children": children, "position": position}),
        );
        let step = Step {
            before,
            ..step(Action::Call(whole.clone()))
        };
        let begun = Some(stage.clock.now());
        let done = stage
            .with(|performer| performer.perform(&step, &whole, begun))
            .unwrap();
        let texts = stage.fake.look(|ws| {
            let (_, listed) = ws.raw_children(root).unwrap();
            let blocks = listed.iter().filter_map(|id| ws.blocks.get(id));
            let words = blocks.map(|it| it.payload["rich_text"][0]["plain_text"].clone());
            words.collect::<Vec<_>>()
        });
        let expected = match position["type"] == "start" {
            true => ["same", "same", "end", "commented"],
            false => ["commented", "same", "same", "end"],
        };
        assert_eq!(texts, expected);
        assert_eq!(done.answer["results"].as_array().unwrap().len(), 3);
        assert!(done.adopted);
    }
}

#[test]
fn reads_that_lag_behind_are_waited_for() {
    let stage = Stage::new();
    let (_, call, _) = creations(&stage).swap_remove(2);
    let before = stage.census();
    let faults = stage.fake.faults();
    faults.push(Fault::on("PATCH", &call.path, What::HangUpAfterCommit));
    // The first look sees the page as it was: it is cut, and the next one is late enough.
    faults.push(Fault::on("GET", &call.path, What::status(503)).times(2));
    stage.perform(&call, None).unwrap();
    assert_eq!(stage.census()[1], before[1] + 3);
}

#[test]
fn what_never_answers_is_for_later_and_what_all_share_is_for_all() {
    let about = |what: What| {
        let stage = Stage::new();
        let (_, call, _) = creations(&stage).swap_remove(0);
        let before = stage.census();
        let fault = Fault::on(call.method.as_str(), &call.path, what);
        stage.fake.faults().push(fault.times(100));
        let failure = stage.perform(&call, None).unwrap_err();
        assert_eq!(stage.census(), before);
        failure
    };
    assert!(matches!(about(What::status(504)), Failure::Later(_)));
    assert!(matches!(about(What::status(401)), Failure::Token(_)));
    assert!(matches!(about(What::blocked()), Failure::Token(_)));
    assert!(matches!(about(What::block_limit()), Failure::BlockLimit(_)));
    let stage = Stage::new();
    stage.fake.set(|it| it.capabilities.insert_content = false);
    let (_, call, _) = creations(&stage).swap_remove(0);
    let failure = stage.perform(&call, None).unwrap_err();
    assert!(failure.concerns_all());
    assert!(failure.to_string().contains("insert content"), "{failure}");
    stage
        .stop
        .raise(notion_backup::stop::StopReason::Interrupted);
    assert_eq!(stage.perform(&call, None).unwrap_err(), Failure::Stopped);
}

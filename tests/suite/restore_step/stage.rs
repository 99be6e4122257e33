//! A Notion to write into, the writes of a restore, and the ways in which they fail.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use jiff::Timestamp;
use notion_backup::clock::{Clock, ManualClock};
use notion_backup::model::NotionId;
use notion_backup::notion::{Method, Notion, Settings, Token as Secret};
use notion_backup::report::Silent;
use notion_backup::restore::perform::{Done, Failure, OpenFile, Performer};
use notion_backup::restore::{Action, Call, Checkpoints, Part, PendingId, Step, Template};
use notion_backup::stop::Stop;
use serde_json::{Value, json};

use crate::site::OnSleep;
use crate::support::FakeNotion;
use crate::support::Workspace;
use crate::support::fake_notion::{Refusal, What};
use crate::support::workspace::build::property;
use crate::support::workspace::model::{Id, Parent};

/// A Notion with one of everything that can be written into, and a second of everything
/// that could be mistaken for what is written.
pub struct Stage {
    pub fake: FakeNotion,
    pub clock: Arc<OnSleep<Box<dyn Fn() + Send + Sync>>>,
    pub stop: Stop,
    /// What the restore has made before.
    pub taken: Vec<NotionId>,
    pub files: BTreeMap<String, Vec<u8>>,
}

pub struct Stored<'a>(&'a BTreeMap<String, Vec<u8>>);

impl OpenFile for Stored<'_> {
    fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, String> {
        let file = self.0.get(path).ok_or("no such file")?;
        Ok(Box::new(std::io::Cursor::new(file.clone())))
    }
}

pub fn new_id(id: Id) -> NotionId {
    NotionId::from_bits(id.bits())
}

impl Stage {
    pub fn new() -> Stage {
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
        // What is appended looks like what was there.
        let same = |ws: &mut Workspace| [(); 2].map(|()| ws.paragraph(root, "same"));
        // Once long ago by somebody else, and once now by this restore.
        twins(&mut ws);
        same(&mut ws);
        ws.advance_minutes(30);
        let taken = twins(&mut ws).map(new_id).to_vec();
        same(&mut ws);
        let now = Timestamp::from_millisecond(ws.now).unwrap();
        Stage {
            fake: FakeNotion::start(ws),
            clock: Arc::new(OnSleep(ManualClock::at(now), Box::new(|| {}))),
            stop: Stop::new(),
            taken,
            files: BTreeMap::new(),
        }
    }

    pub fn get(&self, name: &str) -> Id {
        self.fake.look(|ws| ws.get(name))
    }

    pub fn with<R>(&self, act: impl FnOnce(&Performer) -> R) -> R {
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
        let performer = Performer::new(&notion, &files, &taken);
        let discussion = new_id(self.get("discussion"));
        performer.know_discussion(discussion, new_id(self.get("root")));
        act(&performer)
    }

    pub fn perform(&self, call: &Call, again: Option<Timestamp>) -> Result<Done, Failure> {
        let step = Step {
            before: self.before(call),
            ..step(Action::Call(template(call)))
        };
        self.with(|performer| {
            performer.perform(&step, call, again, &mut Checkpoints::new(&[], &|_| {}))
        })
    }

    /// How many blocks the plan knows to be there before an append.
    pub fn before(&self, call: &Call) -> Option<u32> {
        let parent = call.path.strip_suffix("/children")?.rsplit('/').next()?;
        let parent: Id = parent.parse().ok()?;
        let count = self
            .fake
            .look(|ws| ws.raw_children(parent).map(|it| it.1.len()));
        count.map(|count| count as u32)
    }

    /// Everything there is, by kind.
    pub fn census(&self) -> [usize; 7] {
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

pub fn step(action: Action) -> Step {
    Step {
        part: Part::Body,
        about: NotionId::from_bits(99),
        lane: PendingId::named("lane"),
        before: None,
        action,
        learns: Vec::new(),
        stand_ins: Vec::new(),
        spare: None,
    }
}

/// A request that waits for nothing.
pub fn template(call: &Call) -> Template {
    Template {
        method: call.method,
        path: call.path.as_str().into(),
        body: call.body.clone(),
    }
}

pub fn call(method: Method, path: impl Into<String>, body: Value) -> Call {
    Call {
        method,
        path: path.into(),
        body,
    }
}

pub fn rich(words: &str) -> Value {
    json!([{"type": "text", "text": {"content": words}}])
}

pub fn paragraph(words: &str) -> Value {
    json!({"type": "paragraph", "paragraph": {"rich_text": rich(words)}})
}

/// Every kind of write that makes something, and where its answer names it.
pub fn creations(stage: &Stage) -> Vec<(&'static str, Call, Vec<&'static str>)> {
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
pub fn failures() -> Vec<(&'static str, What, bool)> {
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

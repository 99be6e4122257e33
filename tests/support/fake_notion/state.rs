//! What all connections share, and the way of a request through it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::workspace::Workspace;
use super::super::workspace::model::Id;
use super::answers::{committed, encode, fail, parse_body, wait};
use super::faults::{Faults, Tell, What};
use super::files::Files;
use super::http::Incoming;
use super::limits::Limits;
use super::paging::Cutter;
use super::refusal::Refusal;
use super::render::Render;
use super::schema::{self, Book};
use super::server::Reply;
use super::switches::Switches;
use super::uploads::Uploads;
use super::{fast, reading, writing};

/// The only version of the API that the fake speaks.
pub const VERSION: &str = "2026-03-11";

/// A mutex whose data stay usable after a panic elsewhere.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One request that came in, whatever became of it.
#[derive(Clone, Debug)]
pub struct Logged {
    pub method: String,
    /// With `/v1`, without prefix and query.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub body: Option<Value>,
    /// 0 when the connection was cut without an answer.
    pub status: u16,
    pub authorization_present: bool,
    pub request_id: String,
    /// Whether a fault or the rate limit struck.
    pub faulted: bool,
}

impl Logged {
    /// Method and path with ids replaced: `GET /v1/blocks/{id}/children`.
    pub fn endpoint(&self) -> String {
        let mut out = self.method.clone();
        out.push(' ');
        let mut after = "";
        for segment in self.path.split('/').skip(1) {
            out.push('/');
            if segment.parse::<Id>().is_ok() {
                out.push_str("{id}");
            } else if after == "properties" {
                out.push_str("{property}");
            } else {
                out.push_str(segment);
            }
            after = segment;
        }
        out
    }
}

/// A listing's order, good while the workspace is unchanged.
type Order = (u64, Arc<Vec<Id>>);

/// What all connections share.
pub struct Shared {
    pub token: String,
    pub workspace: RwLock<Workspace>,
    pub switches: RwLock<Arc<Switches>>,
    pub faults: Faults,
    pub limits: Limits,
    pub files: Files,
    pub uploads: Mutex<Uploads>,
    pub log: Mutex<Vec<Logged>>,
    pub violations: Mutex<Vec<String>>,
    pub epoch: AtomicU16,
    /// Grows with every change of the workspace.
    pub generation: AtomicU64,
    /// Parents that blocks are being appended to.
    appending: Mutex<BTreeSet<String>>,
    orders: Mutex<HashMap<String, Order>>,
    serial: AtomicU64,
}

/// The right to append to a parent; given back when dropped.
struct Turn<'a> {
    appending: &'a Mutex<BTreeSet<String>>,
    parent: String,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        lock(self.appending).remove(&self.parent);
    }
}

/// One reading request being answered.
pub struct Call<'a> {
    pub ws: &'a Workspace,
    pub shared: &'a Shared,
    pub switches: &'a Switches,
    pub request: &'a Incoming,
    /// Null without a body.
    pub body: &'a Value,
}

impl Call<'_> {
    pub fn render(&self) -> Render<'_> {
        Render {
            ws: self.ws,
            files: &self.shared.files,
            emails: self.switches.capabilities.emails,
            max_upload: self.switches.max_upload,
            as_of: i64::MAX,
        }
    }

    pub fn cutter(&self) -> Cutter {
        Cutter {
            short_pages: self.switches.short_pages,
            epoch: self.shared.epoch.load(Ordering::SeqCst),
        }
    }
}

impl Shared {
    pub fn new(workspace: Workspace, token: &str) -> Shared {
        Shared {
            token: token.to_string(),
            workspace: RwLock::new(workspace),
            switches: RwLock::new(Arc::new(Switches::default())),
            faults: Faults::default(),
            limits: Limits::new(),
            files: Files::new(),
            uploads: Mutex::new(Uploads::default()),
            log: Mutex::new(Vec::new()),
            violations: Mutex::new(Vec::new()),
            epoch: AtomicU16::new(1),
            generation: AtomicU64::new(0),
            appending: Mutex::new(BTreeSet::new()),
            orders: Mutex::new(HashMap::new()),
            serial: AtomicU64::new(1),
        }
    }

    pub fn switches(&self) -> Arc<Switches> {
        let guard = self.switches.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&guard)
    }

    /// The order of a listing, worked out once for each state of the workspace.
    pub fn order(&self, name: &str, make: impl FnOnce() -> Vec<Id>) -> Arc<Vec<Id>> {
        let generation = self.generation.load(Ordering::SeqCst);
        if let Some((made, order)) = lock(&self.orders).get(name)
            && *made == generation
        {
            return Arc::clone(order);
        }
        let order = Arc::new(make());
        let mut orders = lock(&self.orders);
        orders.retain(|_, (made, _)| *made == generation);
        orders.insert(name.to_string(), (generation, Arc::clone(&order)));
        order
    }

    /// Remembers what did not fit a schema; the first few dozen tell enough.
    pub fn violation(&self, text: String) {
        let mut violations = lock(&self.violations);
        if violations.len() < 40 {
            violations.push(text);
        }
    }

    /// Answers one request to the API.
    pub fn handle(&self, mut request: Incoming) -> Reply {
        let switches = self.switches();
        if let Some(rest) = request.path.strip_prefix(switches.prefix.as_str()) {
            request.path = rest.to_string();
        }
        let serial = self.serial.fetch_add(1, Ordering::SeqCst);
        let request_id = format!("00000000-0000-4000-8000-{serial:012x}");
        let body = parse_body(&request);
        let (mut answer, reply_status, faulted) =
            self.decide(&request, &switches, &body, &request_id);
        if switches.date
            && let Reply::Send(answer) | Reply::CutBody(answer, _) = &mut answer
        {
            answer.headers.push(("date".into(), self.date()));
        }
        lock(&self.log).push(Logged {
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            body: body.ok().filter(|body| !body.is_null()),
            status: reply_status,
            authorization_present: request.header("authorization").is_some(),
            request_id,
            faulted,
        });
        answer
    }

    /// The workspace's time as headers have it.
    fn date(&self) -> String {
        let ws = self.workspace.read();
        let now = ws.unwrap_or_else(PoisonError::into_inner).now;
        let now = Timestamp::from_second(now.div_euclid(1000)).expect("a time of our days");
        now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    fn decide(
        &self,
        request: &Incoming,
        switches: &Switches,
        body: &Result<Value, Refusal>,
        request_id: &str,
    ) -> (Reply, u16, bool) {
        if let Some(seconds) = self.limits.admit() {
            let reason = "public_api_request_rate_limit";
            let answer = wait(seconds, Tell::Both, reason, false, request_id);
            return (Reply::Send(answer), 429, true);
        }
        let fault = self
            .faults
            .take(&request.method, &request.path, &request.body);
        if let Some(what) = &fault
            && !what.commits()
        {
            let reply = fail(what, request_id);
            let status = match &reply {
                Reply::Send(answer) | Reply::CutBody(answer, _) => answer.status,
                Reply::HangUp => 0,
            };
            return (reply, status, true);
        }
        if fault.is_none()
            && let Some(text) = self.shortcut(request, switches, request_id)
        {
            let answer = encode(request, switches, 200, text, request_id);
            return (Reply::Send(answer), 200, false);
        }
        if switches.post_time > 0 && request.method == "POST" {
            let mut ws = self
                .workspace
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            ws.now += switches.post_time;
        }
        let result = match body {
            Ok(body) => self.dispatch(request, switches, body),
            Err(refusal) => Err(refusal.clone()),
        };
        let mut status = match &result {
            Ok(_) => 200,
            Err(refusal) => refusal.status,
        };
        let value = match (&fault, result) {
            (Some(What::UnavailableAfterCommit), Ok(done)) => {
                status = 503;
                committed(request, &done).to_json(request_id)
            }
            (Some(What::RefuseAfterCommit(refusal)), Ok(_)) => {
                status = refusal.status;
                refusal.to_json(request_id)
            }
            (_, Ok(mut value)) => {
                value["request_id"] = json!(request_id);
                value
            }
            (_, Err(refusal)) => refusal.to_json(request_id),
        };
        // Not `to_vec`: this one is compiled, optimised, in serde_json itself.
        let answer = encode(request, switches, status, value.to_string(), request_id);
        match fault {
            Some(What::HangUpAfterCommit) => (Reply::HangUp, 0, true),
            Some(What::CutBody(length)) => (Reply::CutBody(answer, length), status, true),
            Some(What::Slow(time)) => {
                std::thread::sleep(time);
                (Reply::Send(answer), status, true)
            }
            fault => (Reply::Send(answer), status, fault.is_some()),
        }
    }

    fn knows_token(&self, request: &Incoming) -> bool {
        let token = request.header("authorization");
        token.and_then(|it| it.strip_prefix("Bearer ")) == Some(self.token.as_str())
    }

    /// The answer as text, for the one listing that benchmarks ask for by the thousand.
    fn shortcut(&self, request: &Incoming, switches: &Switches, id: &str) -> Option<String> {
        let allowed = switches.capabilities.read_content && !switches.validate_answers;
        let versioned = request.header("notion-version") == Some(VERSION);
        if request.method != "GET" || !allowed || !versioned || !self.knows_token(request) {
            return None;
        }
        let ws = self
            .workspace
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let call = Call {
            ws: &ws,
            shared: self,
            switches,
            request,
            body: &Value::Null,
        };
        fast::children(&call, id)
    }

    fn dispatch(
        &self,
        request: &Incoming,
        switches: &Switches,
        body: &Value,
    ) -> Result<Value, Refusal> {
        let segments: Vec<&str> = request.path.split('/').skip(1).collect();
        let ["v1", segments @ ..] = segments.as_slice() else {
            return Err(Refusal::url());
        };
        if !self.knows_token(request) {
            let message = "API token is invalid.";
            return Err(Refusal::new(401, "unauthorized", message));
        }
        match request.header("notion-version") {
            Some(VERSION) => {}
            version => {
                let message = format!(
                    "Notion-Version header should be \"{VERSION}\", instead was {version:?}."
                );
                return Err(Refusal::new(400, "missing_version", message));
            }
        }
        if switches.validate_requests
            && let Some((name, body)) = schema::of_request(&request.method, segments, body)
            && let Some(complaint) = schema::complaint(Book::Requests, name, &body)
        {
            self.violation(format!("{} {}: {complaint}", request.method, request.path));
            let message = format!("body failed validation: {complaint}");
            return Err(Refusal::validation(message));
        }
        if reading::serves(&request.method, segments) {
            let ws = self
                .workspace
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            let call = Call {
                ws: &ws,
                shared: self,
                switches,
                request,
                body,
            };
            let value = reading::answer(&call, segments)?;
            if switches.validate_answers {
                for complaint in schema::answer_complaints(&value, &ws.odd) {
                    self.violation(format!("answer of {}: {complaint}", request.path));
                }
            }
            return Ok(value);
        }
        let _turn = match (request.method.as_str(), segments) {
            ("PATCH", ["blocks", parent, "children"]) => {
                Some(self.take_turn(parent, switches.append_time)?)
            }
            _ => None,
        };
        let mut ws = self
            .workspace
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let value = writing::answer(self, &mut ws, switches, request, segments, body)?;
        self.generation.fetch_add(1, Ordering::SeqCst);
        if switches.validate_answers {
            for complaint in schema::answer_complaints(&value, &ws.odd) {
                self.violation(format!("answer of {}: {complaint}", request.path));
            }
        }
        Ok(value)
    }

    /// Two appends to one parent at a time collide (section 11, row 12).
    fn take_turn(&self, parent: &str, time: Duration) -> Result<Turn<'_>, Refusal> {
        if !lock(&self.appending).insert(parent.to_string()) {
            let message = "Conflict occurred while saving. Please try again.";
            return Err(Refusal::new(409, "conflict_error", message));
        }
        std::thread::sleep(time);
        Ok(Turn {
            appending: &self.appending,
            parent: parent.to_string(),
        })
    }

    /// How many requests came in, by endpoint.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for logged in lock(&self.log).iter() {
            *counts.entry(logged.endpoint()).or_insert(0) += 1;
        }
        counts
    }
}

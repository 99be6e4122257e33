//! A Notion that runs in the test process: the public API over a [`Workspace`] in
//! memory, on a loopback socket, with its limits, its lags and its failures.
//!
//! It is written from the API digest, sections 1 to 7 and above all 11, not from what
//! a client happens to send: a naive client gets a wrong backup here as it would there.
//!
//! ```ignore
//! let fake = FakeNotion::start(Workspace::everything(1));
//! run_dump(&fake.url(), fake.token());
//! assert!(fake.counts()["POST /v1/search"] > 0);
//! fake.edit(|ws| { ws.advance_minutes(5); let block = ws.get("a paragraph"); ws.set_text(block, "new"); });
//! fake.faults().push(Fault::on("GET", "/v1/blocks/*/children", What::rate_limited(90)).times(2));
//! ```

pub mod answers;
pub mod fast;
pub mod faults;
pub mod files;
pub mod filter;
pub mod formula;
pub mod http;
pub mod kinds;
pub mod least;
pub mod limits;
pub mod paging;
pub mod query;
pub mod reading;
pub mod refusal;
pub mod render;
pub mod schema;
pub mod search;
pub mod server;
pub mod state;
pub mod switches;
pub mod uploads;
pub mod values;
pub mod writing;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

pub use faults::{Fault, Faults, Tell, What};
pub use files::Download;
pub use least::{Comments, Least};
pub use limits::Regime;
pub use refusal::Refusal;
pub use state::Logged;
pub use switches::Switches;
pub use uploads::Uploads;

use super::workspace::Workspace;
use server::{Reply, Server};
use state::{Shared, lock};

/// The token that the fake accepts; every other one is refused with 401.
const TOKEN: &str = "ntn_fake0000000000000000000000000000000000000000";

/// A running Notion. Clones share it; it stops when the last one is dropped.
#[derive(Clone)]
pub struct FakeNotion {
    shared: Arc<Shared>,
    api: Arc<Server>,
    // Held so that the file host stops with the API.
    _store: Arc<Server>,
}

impl FakeNotion {
    /// Starts serving the workspace on two free ports of the loopback interface.
    ///
    /// # Panics
    /// When the machine gives no port.
    pub fn start(workspace: Workspace) -> FakeNotion {
        let shared = Arc::new(Shared::new(workspace, TOKEN));
        let at_api = Arc::clone(&shared);
        let api = Server::start(move |request| at_api.handle(request)).expect("a loopback port");
        let at_store = Arc::clone(&shared);
        let store = Server::start(move |request| {
            let fault = at_store
                .faults
                .take(&request.method, &request.path, &request.body);
            if let Some(what) = &fault
                && !what.commits()
            {
                if let What::Refuse(refusal) = what {
                    at_store.files.record(&request, refusal.status);
                    let page = refusal.message.clone().into_bytes();
                    return Reply::Send(http::Outgoing::new(refusal.status, "text/plain", page));
                }
                if let What::Instead(answer) = what {
                    at_store.files.record(&request, answer.status);
                    return Reply::Send(answer.clone());
                }
                at_store.files.record(&request, 0);
                return Reply::HangUp;
            }
            let (now, not_ready_once) = {
                let ws = at_store
                    .workspace
                    .read()
                    .unwrap_or_else(PoisonError::into_inner);
                (ws.now, at_store.switches().not_ready_once)
            };
            let answer = at_store.files.answer(&request, now, not_ready_once, |key| {
                let ws = at_store
                    .workspace
                    .read()
                    .unwrap_or_else(PoisonError::into_inner);
                ws.assets.get(key).cloned()
            });
            match fault {
                Some(What::CutBody(length)) => Reply::CutBody(answer, length),
                Some(What::Slow(time)) => {
                    std::thread::sleep(time);
                    Reply::Send(answer)
                }
                Some(_) => Reply::HangUp,
                None => Reply::Send(answer),
            }
        })
        .expect("a loopback port");
        shared.files.set_base(format!("http://{}", store.address()));
        FakeNotion {
            shared,
            api: Arc::new(api),
            _store: Arc::new(store),
        }
    }

    /// Where the API is: `http://127.0.0.1:PORT`, with the prefix of the switches,
    /// without `/v1`.
    pub fn url(&self) -> String {
        format!(
            "http://{}{}",
            self.api.address(),
            self.shared.switches().prefix
        )
    }

    pub fn token(&self) -> &str {
        &self.shared.token
    }

    /// Every request so far, in the order of their answers.
    pub fn requests(&self) -> Vec<Logged> {
        lock(&self.shared.log).clone()
    }

    /// Forgets the requests and downloads so far.
    pub fn clear_requests(&self) {
        lock(&self.shared.log).clear();
        self.shared.files.clear();
    }

    /// Requests by endpoint: `GET /v1/blocks/{id}/children`.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.shared.counts()
    }

    /// How many requests came in to endpoints that start with this text.
    pub fn count(&self, endpoint: &str) -> u64 {
        self.counts()
            .into_iter()
            .filter(|(name, _)| name.starts_with(endpoint))
            .map(|(_, count)| count)
            .sum()
    }

    /// Every download from the file host, refused ones included.
    pub fn downloads(&self) -> Vec<Download> {
        self.shared.files.downloads()
    }

    /// Changes the workspace.
    pub fn edit<R>(&self, change: impl FnOnce(&mut Workspace) -> R) -> R {
        let mut ws = self
            .shared
            .workspace
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut ws);
        self.shared.generation.fetch_add(1, Ordering::SeqCst);
        result
    }

    /// Looks at the workspace.
    pub fn look<R>(&self, look: impl FnOnce(&Workspace) -> R) -> R {
        look(
            &self
                .shared
                .workspace
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Changes the fake's manners.
    pub fn set(&self, change: impl FnOnce(&mut Switches)) {
        let mut guard = self
            .shared
            .switches
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let mut switches = Switches::clone(&guard);
        change(&mut switches);
        self.shared.files.set_lifetime(switches.url_lifetime);
        *guard = Arc::new(switches);
        drop(guard);
        self.shared.generation.fetch_add(1, Ordering::SeqCst);
    }

    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// The uploads as they are now.
    pub fn uploads(&self) -> Uploads {
        lock(&self.shared.uploads).clone()
    }

    /// Puts the uploads of another moment in the place of its own.
    pub fn set_uploads(&self, uploads: Uploads) {
        *lock(&self.shared.uploads) = uploads;
    }

    /// Limits requests by the real clock.
    pub fn limit(&self, regime: Regime) {
        self.shared.limits.set(regime);
    }

    /// How many requests the limit has refused.
    pub fn limited(&self) -> u64 {
        self.shared.limits.refused()
    }

    /// Every cursor given out so far is refused from now on.
    pub fn expire_cursors(&self) {
        self.shared.epoch.fetch_add(1, Ordering::SeqCst);
    }

    /// Every signed address given out so far is refused from now on.
    pub fn expire_urls(&self) {
        self.shared.files.expire_all();
    }

    /// Whether writes are checked against the request schema: the switch is on and the
    /// file is there.
    pub fn validates_requests(&self) -> bool {
        self.shared.switches().validate_requests && schema::present(schema::Book::Requests)
    }

    /// Whether answers are checked against the response schema.
    pub fn validates_answers(&self) -> bool {
        self.shared.switches().validate_answers && schema::present(schema::Book::Responses)
    }

    /// What did not fit the schemas so far.
    pub fn violations(&self) -> Vec<String> {
        lock(&self.shared.violations).clone()
    }

    /// The fewest requests that a complete first dump of the workspace needs.
    pub fn least_requests(&self, comments: Comments) -> Least {
        let switches = self.shared.switches();
        self.look(|ws| least::count(ws, &switches, comments))
    }
}

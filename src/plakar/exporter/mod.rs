//! The service that Plakar restores to.
//!
//! Everything is taken into a private folder first, as fast as it comes: restoring needs
//! the whole tree, and a connection that waits may be lost (section 5.7 of the connector
//! digest). Then the restore works from there, for as long as it takes. Results go out at
//! once, except those of pages and databases, which wait for what became of them. What
//! failed as a whole is the call's last word, because Plakar ends well as long as the call
//! does (section 5.6).

mod engine;
mod spool;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tonic::{Code, Request, Response, Status, Streaming};

use super::importer::{Sent, blocking};
use super::proto::plakar::connectors::{Record, Result as Outcome};
use super::proto::plakar::exporter::exporter_server::Exporter as Service;
use super::proto::plakar::exporter::{
    CloseRequest, CloseResponse, ExportRequest, ExportResponse, InitRequest, InitResponse,
    PingRequest, PingResponse, export_request::Packet,
};
use super::scratch::Scratch;
use super::status::{from_notion, one_line, status};
use super::{Defaults, SCHEME, options};
use crate::model::NotionId;
use crate::notion::{self, Notion};
use crate::report::Silent;
use crate::stop::{Stop, StopReason};
pub use engine::Engine;
use spool::Spool;

/// Results that wait to be sent. The work goes on without those who do not read them; a
/// test client may read them last, so there is room for any number.
type Results = mpsc::UnboundedSender<Result<ExportResponse, Status>>;

/// Where to restore.
pub struct Target {
    /// How to reach Notion.
    pub notion: notion::Settings,
    /// The page to restore below.
    pub root: NotionId,
}

/// One page or database that was not restored as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its id in the tree: the name of its directory.
    pub id: NotionId,
    /// Why.
    pub reason: String,
}

/// A restore that did not bring everything back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// All of it in one line, such as "1 of 3 pages failed".
    pub summary: String,
    /// What failed; each is shown on its path.
    pub failed: Vec<Failure>,
}

/// Restores a tree that lies in a folder.
pub trait Restorer: Send + Sync + 'static {
    /// Restores what is in `tree`, a folder in the layout of a snapshot or of a part of
    /// one, to `target`. Ends early when `stop` is raised.
    fn restore(&self, tree: &Path, target: &Target, stop: &Stop) -> Result<(), Failures>;
}

/// The exporter. One process has one, and Plakar calls `Init` on it once.
pub struct Exporter {
    defaults: Arc<Defaults>,
    restorer: Arc<dyn Restorer>,
    target: Mutex<Option<Arc<Target>>>,
    stop: Stop,
}

impl Exporter {
    /// An exporter that nobody has called.
    pub fn new(defaults: Defaults, restorer: Arc<dyn Restorer>) -> Exporter {
        Exporter {
            defaults: Arc::new(defaults),
            restorer,
            target: Mutex::default(),
            stop: Stop::new(),
        }
    }

    /// Ends what is under way: the other side is gone.
    pub fn end(&self) {
        self.stop.raise(StopReason::Interrupted);
    }

    fn target(&self) -> Result<Arc<Target>, Status> {
        let target = self.target.lock().unwrap_or_else(PoisonError::into_inner);
        target
            .clone()
            .ok_or_else(|| status(Code::FailedPrecondition, "Init comes first"))
    }

    /// Sees whether the target can be seen: an error now costs nothing, one after the
    /// snapshot was sent costs the time that took.
    async fn look(&self, target: Arc<Target>) -> Result<(), Status> {
        let (clock, stop) = (self.defaults.clock.clone(), self.stop.clone());
        blocking(move || {
            let page = Notion::connect(&target.notion, clock, stop, Arc::new(Silent))
                .and_then(|notion| notion.page(target.root));
            match page {
                Ok(_) => Ok(()),
                Err(error) => Err(from_notion(&error)),
            }
        })
        .await
    }
}

#[tonic::async_trait]
impl Service for Exporter {
    async fn init(&self, request: Request<InitRequest>) -> Result<Response<InitResponse>, Status> {
        let wish = options::export(&request.get_ref().config, &self.defaults)?;
        let target = Arc::new(Target {
            notion: wish.notion,
            root: wish.root,
        });
        self.look(target.clone()).await?;
        let origin = format!("notion.so/{}", target.root);
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = Some(target);
        Ok(Response::new(InitResponse {
            origin,
            r#type: SCHEME.to_owned(),
            root: "/".to_owned(),
            flags: 0,
        }))
    }

    async fn ping(&self, _: Request<PingRequest>) -> Result<Response<PingResponse>, Status> {
        self.look(self.target()?).await?;
        Ok(Response::new(PingResponse {}))
    }

    type ExportStream = Sent<ExportResponse>;

    async fn export(
        &self,
        request: Request<Streaming<ExportRequest>>,
    ) -> Result<Response<Sent<ExportResponse>>, Status> {
        let target = self.target()?;
        let scratch = self.defaults.folder.join(super::SCRATCH);
        let restorer = self.restorer.clone();
        let (sender, mut queue) = mpsc::unbounded_channel();
        let (forward, receiver) = mpsc::channel(1);
        let stop = Stop::new();
        let sent = Sent {
            receiver,
            stop: stop.clone(),
        };
        tokio::spawn(async move {
            while let Some(result) = queue.recv().await {
                if forward.send(result).await.is_err() {
                    break;
                }
            }
        });
        let messages = request.into_inner();
        tokio::spawn(async move {
            let results = sender.clone();
            let work = move || {
                let scratch = Scratch::new(&scratch).map_err(|error| {
                    status(Code::Internal, &format!("cannot make a folder: {error}"))
                });
                // However it is, Plakar sends to the end before it hears of an error.
                let (folder, scratch) = match scratch {
                    Ok(scratch) => (Ok(scratch.join("tree")), Some(scratch)),
                    Err(status) => (Err(status), None),
                };
                let spool = folder.and_then(|folder| {
                    Spool::new(&folder)
                        .map_err(|error| status(Code::Internal, &format!("cannot spool: {error}")))
                        .map(|spool| (folder, spool))
                });
                let done = export(messages, spool, &*restorer, &target, &results, &stop);
                drop(scratch);
                done
            };
            if let Err(status) = blocking(work).await {
                // The only listener may have left.
                let _ = sender.send(Err(status));
            }
        });
        Ok(Response::new(sent))
    }

    async fn close(&self, _: Request<CloseRequest>) -> Result<Response<CloseResponse>, Status> {
        Ok(Response::new(CloseResponse {}))
    }
}

/// Takes everything in, restores it, and says what became of it.
fn export(
    messages: Streaming<ExportRequest>,
    spool: Result<(std::path::PathBuf, Spool), Status>,
    restorer: &dyn Restorer,
    target: &Target,
    results: &Results,
    stop: &Stop,
) -> Result<(), Status> {
    let (spool, folder) = match spool {
        Ok((folder, spool)) => (Ok(spool), Some(folder)),
        Err(status) => (Err(status), None),
    };
    let held = drain(messages, spool, results)?;
    let Some(folder) = folder else {
        return Ok(());
    };
    let restored = restorer.restore(&folder, target, stop);
    let failures = restored.err();
    let mut reasons: BTreeMap<NotionId, &str> = BTreeMap::new();
    for failure in failures.iter().flat_map(|it| &it.failed) {
        reasons.insert(failure.id, &failure.reason);
    }
    for record in held {
        let directory = record.pathname.rsplit('/').nth(1);
        let id: Option<NotionId> = directory.and_then(|name| name.parse().ok());
        let reason = id.and_then(|id| reasons.get(&id)).copied();
        answer(results, record, reason.unwrap_or_default());
    }
    match failures {
        None => Ok(()),
        Some(failures) => Err(status(Code::Aborted, &failures.summary)),
    }
}

/// Reads to the end, whatever happens; returns the records whose result waits for the
/// restore.
fn drain(
    mut messages: Streaming<ExportRequest>,
    mut spool: Result<Spool, Status>,
    results: &Results,
) -> Result<Vec<Record>, Status> {
    let runtime = Handle::current();
    let mut held = Vec::new();
    // An error here means that the call is over, and nobody waits for a restore.
    while let Some(message) = runtime.block_on(messages.message())? {
        let Ok(open) = &mut spool else { continue };
        let step = match message.packet {
            Some(Packet::Record(record)) => open.record(record),
            Some(Packet::Chunk(chunk)) => open.chunk(&chunk),
            None => Ok(None),
        };
        match step {
            Ok(None) => {}
            Ok(Some((record, reason))) if reason.is_empty() && is_object(&record.pathname) => {
                held.push(record);
            }
            Ok(Some((record, reason))) => answer(results, record, &reason),
            Err(error) => {
                let message = format!("cannot keep what is to be restored: {error}");
                spool = Err(status(Code::Aborted, &message));
            }
        }
    }
    match spool?.finish() {
        None => Ok(held),
        Some(cut) => Err(status(
            Code::Aborted,
            &format!("what came ended within {cut}, so nothing was restored"),
        )),
    }
}

/// Whether a file is what a page or database is restored from.
fn is_object(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("page.json" | "database.json"))
}

/// Answers a record: it is echoed, as it came.
fn answer(results: &Results, record: Record, reason: &str) {
    let result = Outcome {
        header: Some(record),
        error: one_line(reason),
    };
    // Whoever has left needs no answer.
    let _ = results.send(Ok(ExportResponse {
        result: Some(result),
    }));
}

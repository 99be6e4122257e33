//! The service that Plakar backs up from.
//!
//! `Init` asks Notion whose token it is and nothing else. `Import` dumps into the cache,
//! so it knows the whole tree before it names the first file, and what Plakar opens or
//! passes over has no part in it. Three things then happen at once: records are sent,
//! acknowledgements are read as fast as they come, and files are opened. The stream of
//! records ends only when Plakar has stopped acknowledging (section 3.4 of the connector
//! digest).

mod cache;
mod losses;
mod tree;

use std::collections::HashMap;
use std::io::{self, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use serde_json::Value;
use tokio::sync::mpsc;
use tonic::codegen::tokio_stream::Stream;
use tonic::{Code, Request, Response, Status, Streaming};

use super::proto::importer::importer_server::Importer as Service;
use super::proto::importer::{
    CloseRequest, CloseResponse, ImportRequest, ImportResponse, InitRequest, InitResponse,
    OpenRequest, OpenResponse, PingRequest, PingResponse,
};
use super::proto::plakar::connectors::Record;
use super::status::{from_dump, from_notion, from_repo, status};
use super::{Defaults, SCHEME, options};
use crate::notion::Notion;
use crate::repo::{self, ObjectId};
use crate::report::Silent;
use crate::stop::{Stop, StopReason};
use crate::{crawl, dump};
use cache::Base;
use losses::Losses;

/// The flags of the importer (section 3.2 of the connector digest): STREAM, so that
/// Plakar does not walk the workspace a second time for its progress bar, and NOMERGE, so
/// that it does not silently drop one of two sources.
const FLAGS: u32 = 4 | 16;
/// Requests to Notion under way at once.
const JOBS: usize = 8;
/// Days after which an unchanged page is read again, as in `dump`.
const RECHECK_AFTER_DAYS: u32 = 30;
/// Bytes of a file in one message.
const CHUNK: usize = 512 << 10;
/// Messages that wait to be sent, of records and of each open file.
const WAITING: usize = 256;
const WAITING_CHUNKS: usize = 2;

/// The importer. One process has one, and Plakar calls `Init` on it once.
pub struct Importer {
    defaults: Arc<Defaults>,
    session: Mutex<Option<Arc<Session>>>,
}

/// What began with `Init`.
struct Session {
    defaults: Arc<Defaults>,
    wish: options::Import,
    /// What Notion said of the token; the first dump takes it.
    me: Mutex<Option<Value>>,
    /// What the files that were named are read from.
    base: Mutex<Option<Arc<Base>>>,
    /// The files that were named and not acknowledged yet: path to content.
    open: Mutex<HashMap<String, ObjectId>>,
    stop: Stop,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Importer {
    /// An importer that nobody has called.
    pub fn new(defaults: Defaults) -> Importer {
        Importer {
            defaults: Arc::new(defaults),
            session: Mutex::default(),
        }
    }

    /// Lets everything go: the other side is gone, or done.
    pub fn end(&self) {
        if let Some(session) = lock(&self.session).take() {
            session.stop.raise(StopReason::Interrupted);
            lock(&session.open).clear();
            lock(&session.base).take();
        }
    }

    fn session(&self) -> Result<Arc<Session>, Status> {
        let session = lock(&self.session).clone();
        session.ok_or_else(|| status(Code::FailedPrecondition, "Init comes first"))
    }
}

/// Runs what blocks where it may; a panic becomes an error instead of a bare reset.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Status> + Send + 'static,
) -> Result<T, Status> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(_) => Err(status(
            Code::Internal,
            "the connector failed inside; its standard error says where",
        )),
    }
}

#[tonic::async_trait]
impl Service for Importer {
    async fn init(&self, request: Request<InitRequest>) -> Result<Response<InitResponse>, Status> {
        let wish = options::import(&request.get_ref().config, &self.defaults)?;
        let session = Arc::new(Session {
            defaults: self.defaults.clone(),
            wish,
            me: Mutex::default(),
            base: Mutex::default(),
            open: Mutex::default(),
            stop: Stop::new(),
        });
        let asked = session.clone();
        let origin = blocking(move || asked.introduce()).await?;
        *lock(&self.session) = Some(session);
        Ok(Response::new(InitResponse {
            origin,
            r#type: SCHEME.to_owned(),
            root: "/".to_owned(),
            flags: FLAGS,
        }))
    }

    async fn ping(&self, _: Request<PingRequest>) -> Result<Response<PingResponse>, Status> {
        let session = self.session()?;
        blocking(move || session.introduce()).await?;
        Ok(Response::new(PingResponse {}))
    }

    type ImportStream = Sent<ImportResponse>;

    async fn import(
        &self,
        request: Request<Streaming<ImportRequest>>,
    ) -> Result<Response<Sent<ImportResponse>>, Status> {
        let session = self.session()?;
        let (sender, receiver) = mpsc::channel(WAITING);
        // Only this stream: what else is under way goes on when Plakar gives it up.
        let stop = Stop::new();
        let sent = Sent {
            receiver,
            stop: stop.clone(),
        };
        let acknowledged = session.clone();
        let mut results = request.into_inner();
        let drain = tokio::spawn(async move {
            // An error here means that the call is over.
            while let Ok(Some(message)) = results.message().await {
                if let Some(header) = message.result.and_then(|result| result.header) {
                    lock(&acknowledged.open).remove(&header.pathname);
                }
            }
        });
        tokio::spawn(async move {
            let records = sender.clone();
            match blocking(move || session.run(&records, &stop)).await {
                Ok(()) => {
                    // However this task ends, there is nothing left to acknowledge.
                    let _ = drain.await;
                }
                Err(status) => {
                    let _ = sender.send(Err(status)).await;
                }
            }
        });
        Ok(Response::new(sent))
    }

    type OpenStream = Sent<OpenResponse>;

    async fn open(
        &self,
        request: Request<OpenRequest>,
    ) -> Result<Response<Sent<OpenResponse>>, Status> {
        let session = self.session()?;
        let record = request.into_inner().record.unwrap_or_default();
        let content = match lock(&session.open).get(&record.pathname) {
            Some(id) if !record.is_xattr => *id,
            _ => {
                return Err(status(
                    Code::NotFound,
                    &format!("{} was not offered", record.pathname),
                ));
            }
        };
        let base = lock(&session.base).clone();
        let base = base.ok_or_else(|| status(Code::FailedPrecondition, "Import comes first"))?;
        let (sender, receiver) = mpsc::channel(WAITING_CHUNKS);
        tokio::spawn(async move {
            let failed = sender.clone();
            if let Err(status) = blocking(move || send_file(&base, content, sender)).await {
                // The only listener may have left.
                let _ = failed.send(Err(status)).await;
            }
        });
        Ok(Response::new(Sent {
            receiver,
            stop: Stop::new(),
        }))
    }

    async fn close(&self, _: Request<CloseRequest>) -> Result<Response<CloseResponse>, Status> {
        self.end();
        Ok(Response::new(CloseResponse {}))
    }
}

impl Session {
    fn connect(&self, stop: &Stop) -> Result<Notion, Status> {
        Notion::connect(
            &self.wish.notion,
            self.defaults.clock.clone(),
            stop.clone(),
            Arc::new(Silent),
        )
        .map_err(|error| from_notion(&error))
    }

    /// Asks whose token this is; returns the origin, which must be the same for the same
    /// workspace and roots: Plakar finds the snapshot before by it.
    fn introduce(&self) -> Result<String, Status> {
        let notion = self.connect(&self.stop)?;
        let me = dump::whoami(&notion, &Silent).map_err(|error| from_dump(&error))?;
        let mut origin = format!("notion.so/{}", dump::workspace_of(&me).0);
        for (index, root) in self.wish.roots.iter().enumerate() {
            origin.push(if index == 0 { '/' } else { ',' });
            origin.push_str(&root.to_string());
        }
        *lock(&self.me) = Some(me);
        Ok(origin)
    }

    /// Dumps, and sends what came of it.
    fn run(
        &self,
        sender: &mpsc::Sender<Result<ImportResponse, Status>>,
        stop: &Stop,
    ) -> Result<(), Status> {
        let defaults = &self.defaults;
        let base = Base::open(&self.wish.cache, defaults)?;
        let notion = self.connect(stop)?;
        let crawl = crawl::Options {
            roots: self.wish.roots.clone(),
            full: false,
            recheck_after_days: RECHECK_AFTER_DAYS,
            files: self.wish.files,
            max_file_size: None,
            comments: self.wish.comments,
            jobs: JOBS,
        };
        let options = dump::Options {
            crawl,
            max_shrink_percent: None,
            tags: vec![cache::TAG.to_owned()],
            host: repo::host(),
        };
        let job = dump::Job {
            notion: &notion,
            me: lock(&self.me).take(),
            repo: &base.repo,
            options: &options,
            clock: defaults.clock.as_ref(),
            stop,
            report: &Silent,
        };
        let summary = dump::dump(job).map_err(|error| from_dump(&error))?;
        let Some(id) = summary.snapshot else {
            return Err(status(Code::Aborted, "the backup was stopped"));
        };
        let snapshot = base.repo.snapshot(&id).map_err(|error| from_repo(&error))?;
        let mut losses = Losses::find(&base.repo, &snapshot).map_err(|error| from_repo(&error))?;
        let base = Arc::new(base);
        *lock(&self.base) = Some(base.clone());
        let mut send = |record: Record, content: Option<ObjectId>| {
            if let Some(id) = content {
                lock(&self.open).insert(record.pathname.clone(), id);
            }
            let message = ImportResponse {
                record: Some(record),
                finished: false,
            };
            sender.blocking_send(Ok(message)).is_ok()
        };
        let whole = tree::send(&base.repo, snapshot.tree, &mut losses, &mut send)
            .map_err(|error| from_repo(&error))?;
        if whole {
            let end = ImportResponse {
                record: None,
                finished: true,
            };
            // Whoever has left does not need it.
            let _ = sender.blocking_send(Ok(end));
        }
        Ok(())
    }
}

/// Sends a file's content. Only its end settles that it is right; until then an error
/// makes Plakar drop the file.
fn send_file(
    base: &Base,
    content: ObjectId,
    sender: mpsc::Sender<Result<OpenResponse, Status>>,
) -> Result<(), Status> {
    let mut chunks = Chunks {
        chunk: Vec::new(),
        sender,
    };
    match base.repo.copy(content, &mut chunks) {
        Ok(_) => {
            // Nobody listens to a file that was given up.
            let _ = chunks.send();
            Ok(())
        }
        Err(repo::Error::Sink { .. }) => Ok(()),
        Err(error) => Err(from_repo(&error)),
    }
}

/// Gathers bytes into messages that are neither empty nor too large.
struct Chunks {
    chunk: Vec<u8>,
    sender: mpsc::Sender<Result<OpenResponse, Status>>,
}

impl Chunks {
    fn send(&mut self) -> io::Result<()> {
        let chunk = std::mem::take(&mut self.chunk);
        if chunk.is_empty() {
            return Ok(());
        }
        self.sender
            .blocking_send(Ok(OpenResponse { chunk }))
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.chunk.len() >= CHUNK {
            self.send()?;
        }
        let taken = bytes.len().min(CHUNK - self.chunk.len());
        let (now, _) = bytes.split_at(taken);
        self.chunk.extend_from_slice(now);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A stream of answers; when Plakar gives it up, `stop` is raised.
pub struct Sent<T> {
    pub(super) receiver: mpsc::Receiver<Result<T, Status>>,
    pub(super) stop: Stop,
}

impl<T> Stream for Sent<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.receiver.poll_recv(context)
    }
}

impl<T> Drop for Sent<T> {
    fn drop(&mut self) {
        self.stop.raise(StopReason::Interrupted);
    }
}

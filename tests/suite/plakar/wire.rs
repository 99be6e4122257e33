//! A client of the connector that can do what Plakar never does: a process, two pipes,
//! and calls by the names that the protocol gives them.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use notion_backup::plakar::proto::plakar::connectors::{Record, Result as Outcome};
use prost::Message;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::mpsc;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codegen::tokio_stream::Stream;
use tonic::codegen::{Service, http};
use tonic::{Request, Status, Streaming};

use crate::program::Program;
use crate::support::FakeNotion;

/// A running connector.
pub struct Plugin {
    child: Child,
    channel: Channel,
    output: Output,
}

/// The HTTP/2 side of it.
#[derive(Clone)]
struct Channel(SendRequest<Body>);

impl Service<http::Request<Body>> for Channel {
    type Response = http::Response<hyper::body::Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, hyper::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), hyper::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(self.0.send_request(request))
    }
}

/// The pipe to the plugin, until it is hung up.
type Output = Arc<Mutex<Option<Sender>>>;

/// Both pipes.
struct Pipes(Receiver, Output);

impl Pipes {
    fn output<T>(
        &self,
        act: impl FnOnce(Pin<&mut Sender>) -> Poll<std::io::Result<T>>,
    ) -> Poll<std::io::Result<T>> {
        match self.1.lock().unwrap().as_mut() {
            Some(sender) => act(Pin::new(sender)),
            None => Poll::Ready(Err(std::io::ErrorKind::BrokenPipe.into())),
        }
    }
}

impl AsyncRead for Pipes {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Pipes {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.output(|it| it.poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.output(|it| it.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.output(|it| it.poll_shutdown(context))
    }
}

/// Runs a test that speaks with a plugin.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_io()
        .build()
        .unwrap()
        .block_on(test)
}

/// The program as a plugin, not started yet.
pub fn command(program: &Program, side: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_notion-backup"));
    command
        .args(["plakar", side])
        .env_clear()
        .env("HOME", program.home())
        .env("XDG_CACHE_HOME", program.home().join("cache"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A source or destination as Plakar hands it over.
pub fn config(fake: &FakeNotion, pairs: &[(&str, &str)]) -> HashMap<String, String> {
    let url = fake.url();
    [
        ("location", "notion://"),
        ("token", fake.token()),
        ("api_url", &url),
    ]
    .iter()
    .chain(pairs)
    .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
    .collect()
}

impl Plugin {
    /// Starts one side of the connector.
    pub async fn start(program: &Program, side: &str) -> Plugin {
        let mut child = command(program, side).spawn().unwrap();
        let input = OwnedFd::from(child.stdin.take().unwrap());
        let output = OwnedFd::from(child.stdout.take().unwrap());
        let sink = Arc::new(Mutex::new(Some(Sender::from_owned_fd(input).unwrap())));
        let pipes = Pipes(Receiver::from_owned_fd(output).unwrap(), sink.clone());
        let (channel, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(pipes))
            .await
            .unwrap();
        tokio::spawn(connection);
        Plugin {
            child,
            channel: Channel(channel),
            output: sink,
        }
    }

    async fn grpc(&self) -> Grpc<Channel> {
        let origin = http::Uri::from_static("http://127.0.0.1:0");
        let mut grpc = Grpc::with_origin(self.channel.clone(), origin);
        grpc.ready().await.unwrap();
        grpc
    }

    /// A call with one request and one answer.
    pub async fn unary<A, B>(&self, method: &'static str, request: A) -> Result<B, Status>
    where
        A: Message + 'static,
        B: Message + Default + 'static,
    {
        let codec = tonic_prost::ProstCodec::default();
        let path = http::uri::PathAndQuery::from_static(method);
        let mut grpc = self.grpc().await;
        let answer = grpc.unary(Request::new(request), path, codec);
        Ok(answer.await?.into_inner())
    }

    /// A call with one request and many answers.
    pub async fn listen<A, B>(
        &self,
        method: &'static str,
        request: A,
    ) -> Result<Streaming<B>, Status>
    where
        A: Message + 'static,
        B: Message + Default + 'static,
    {
        let codec = tonic_prost::ProstCodec::default();
        let path = http::uri::PathAndQuery::from_static(method);
        let mut grpc = self.grpc().await;
        let answer = grpc.server_streaming(Request::new(request), path, codec);
        Ok(answer.await?.into_inner())
    }

    /// A call with many of both. Dropping the sender is the half-close.
    pub async fn talk<A, B>(
        &self,
        method: &'static str,
    ) -> Result<(mpsc::UnboundedSender<A>, Streaming<B>), Status>
    where
        A: Message + 'static,
        B: Message + Default + 'static,
    {
        let (sender, receiver) = mpsc::unbounded_channel();
        let codec = tonic_prost::ProstCodec::default();
        let path = http::uri::PathAndQuery::from_static(method);
        let mut grpc = self.grpc().await;
        let answer = grpc.streaming(Request::new(Queue(receiver)), path, codec);
        Ok((sender, answer.await?.into_inner()))
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills it, as Plakar does when it is interrupted (1.7 of the connector digest).
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        let (status, _) = self.end();
        assert!(!status.success());
    }

    /// Hangs up, and waits for the process to end; what it wrote to standard error.
    pub fn end(self) -> (ExitStatus, String) {
        // Whatever calls are still open.
        self.output.lock().unwrap().take();
        let output = self.child.wait_with_output().unwrap();
        (output.status, String::from_utf8(output.stderr).unwrap())
    }

    /// Hangs up, and sees that the process ends well and said nothing.
    pub fn end_well(self) {
        let (status, text) = self.end();
        assert!(status.success() && text.is_empty(), "{status}: {text}");
    }
}

/// Messages on their way.
struct Queue<T>(mpsc::UnboundedReceiver<T>);

impl<T> Stream for Queue<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        self.0.poll_recv(context)
    }
}

/// The acknowledgement of a record.
pub fn acknowledged(record: Record) -> Outcome {
    Outcome {
        header: Some(record),
        error: String::new(),
    }
}

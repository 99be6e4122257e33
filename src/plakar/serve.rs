//! One gRPC connection over two pipes.
//!
//! A process is one connection: it is served until the other side hangs up, and whatever
//! is under way then is left behind. The windows are large because small messages that
//! wait to be read count against them (section 10.4 of the connector digest): a side that
//! is slow for a moment must not lose the connection.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustix::fd::OwnedFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::unix::pipe::{Receiver, Sender};
use tonic::body::Body;
use tonic::codegen::{Service, http};

/// How much may be on the way in one call, in bytes.
const STREAM_WINDOW: u32 = 32 << 20;
/// How much may be on the way in all calls together, in bytes.
const CONNECTION_WINDOW: u32 = 64 << 20;
/// Threads that move messages; the work has threads of its own.
const THREADS: usize = 2;

/// Serves until the other side hangs up, which is no error.
pub fn serve<S>(input: OwnedFd, output: OwnedFd, service: S) -> io::Result<()>
where
    S: Service<http::Request<Incoming>, Response = http::Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_io()
        .build()?;
    let served = runtime.block_on(async move {
        let gone = Arc::new(AtomicBool::new(false));
        let pipes = Pipes {
            input: Receiver::from_owned_fd(input)?,
            output: Sender::from_owned_fd(output)?,
            gone: gone.clone(),
        };
        let service = service_fn(move |request| service.clone().call(request));
        let served = http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .serve_connection(TokioIo::new(pipes), service)
            .await;
        match served {
            // Whatever was cut off by it, the other side left.
            Err(error) if !gone.load(Ordering::Relaxed) => Err(io::Error::other(error)),
            _ => Ok(()),
        }
    });
    // Calls to Notion may be under way; nobody waits for their answers any more.
    runtime.shutdown_background();
    served
}

/// The two pipes as one connection.
struct Pipes {
    input: Receiver,
    output: Sender,
    /// Whether the other side has hung up.
    gone: Arc<AtomicBool>,
}

impl AsyncRead for Pipes {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.input).poll_read(context, buffer);
        if matches!(read, Poll::Ready(Ok(()))) && buffer.filled().len() == before {
            self.gone.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl AsyncWrite for Pipes {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.output).poll_write(context, bytes);
        if matches!(&written, Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe)
        {
            self.gone.store(true, Ordering::Relaxed);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.output).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.output).poll_shutdown(context)
    }
}

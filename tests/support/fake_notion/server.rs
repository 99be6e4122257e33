//! The socket: a thread for each connection, until the last handle is dropped.

use std::io::{self, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use super::http::{self, Incoming, Outgoing};

/// What a handler wants to happen on the wire.
pub enum Reply {
    Send(Outgoing),
    /// The whole head, that many bytes of the body, then the connection ends.
    CutBody(Outgoing, usize),
    /// The connection ends without a word.
    HangUp,
}

/// A listening server; dropping it stops it.
pub struct Server {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves `handler` on a free port of the loopback interface.
    pub fn start<H>(handler: H) -> io::Result<Server>
    where
        H: Fn(Incoming) -> Reply + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let stopping = Arc::new(AtomicBool::new(false));
        let handler = Arc::new(handler);
        let stop = Arc::clone(&stopping);
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (handler, stop) = (Arc::clone(&handler), Arc::clone(&stop));
                thread::spawn(move || {
                    // A client that goes away is none of the server's business.
                    let _ = serve(&stream, &*handler, &stop);
                });
            }
        });
        Ok(Server {
            address,
            stopping,
            thread: Some(thread),
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Wakes the thread that waits in `accept`.
        let woken = TcpStream::connect(self.address).is_ok();
        if let (true, Some(thread)) = (woken, self.thread.take()) {
            let _ = thread.join();
        }
    }
}

fn serve(
    stream: &TcpStream,
    handler: &(dyn Fn(Incoming) -> Reply + Send + Sync),
    stopping: &AtomicBool,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(16 * 1024, stream);
    let mut writer = stream;
    while let Some(request) = http::read(&mut reader)? {
        let close = request
            .header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let head_only = request.method == "HEAD";
        match handler(request) {
            Reply::Send(answer) => http::write(&mut writer, &answer, head_only, None)?,
            Reply::CutBody(answer, length) => {
                http::write(&mut writer, &answer, head_only, Some(length))?;
                return Ok(());
            }
            Reply::HangUp => return Ok(()),
        }
        if close || stopping.load(Ordering::SeqCst) {
            return Ok(());
        }
    }
    Ok(())
}

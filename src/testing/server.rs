//! The socket: a thread of its own with a runtime, an accept loop, and a stream that can be cut and reset.
//!
//! Hyper owns the stream while it serves; `Wire` is the second handle on it, through which a fault takes effect where
//! HTTP libraries let nobody in: after so many bytes of an answer, or as a reset instead of an orderly end.

use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::future::select;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::exchange::exchange;
use super::faults::CutEnd;
use super::state::{State, lock};
use super::wire::Wire;

#[derive(Debug)]
pub(super) struct Server {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn start(listener: TcpListener, state: Arc<Mutex<State>>) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let serve = async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            select(Box::pin(accept(listener, state)), stopped).await;
            Ok::<_, io::Error>(())
        };
        // Dropping the runtime at the end of the thread ends all connections.
        let thread = std::thread::Builder::new()
            .name("fake-store".to_owned())
            .spawn(move || drop(runtime.block_on(serve)))?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Joined, so that the port is closed when this returns.
            drop(thread.join());
        }
    }
}

async fn accept(listener: tokio::net::TcpListener, state: Arc<Mutex<State>>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, for example: others may be closed meanwhile.
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        drop(stream.set_nodelay(true));
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let wire = Arc::new(Wire::default());
            let socket = Socket {
                stream,
                wire: Arc::clone(&wire),
            };
            let service = service_fn(move |request| exchange(Arc::clone(&state), Arc::clone(&wire), request));
            // An error is a fault that took effect, or a client that went away.
            drop(http1::Builder::new().serve_connection(TokioIo::new(socket), service).await);
        });
    }
}

struct Socket {
    stream: TcpStream,
    wire: Arc<Wire>,
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wire = Arc::clone(&self.wire);
        let mut cut = lock(&wire.cut);
        let Some(now) = cut.as_ref() else {
            return Pin::new(&mut self.stream).poll_write(cx, bytes);
        };
        let (allowed, _) = now.allow(bytes);
        if allowed == 0 && !bytes.is_empty() {
            if now.end == CutEnd::Stall {
                // Nothing will wake this: the connection ends with the fake, or when the client goes.
                return Poll::Pending;
            }
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let bytes = bytes.get(..allowed).unwrap_or_default();
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        let (_, after) = now.allow(bytes.get(..written).unwrap_or_default());
        *cut = Some(after);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.wire.reset.load(Ordering::SeqCst) {
            // Zero does not block, which is what the deprecation is about; its replacement needs a newer tokio.
            #[allow(deprecated)]
            let set = self.stream.set_linger(Some(Duration::ZERO));
            drop(set);
        }
    }
}

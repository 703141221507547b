//! The socket: a thread of its own with a runtime, an accept loop, and a stream that can be cut and reset.
//!
//! Hyper owns the stream while it serves; `Wire` is the second handle on it, through which a fault takes effect where
//! HTTP libraries let nobody in: after so many bytes of an answer, or as a reset instead of an orderly end.

use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// What a fault does to a connection.
#[derive(Debug, Default)]
pub(super) struct Wire {
    reset: AtomicBool,
    cut: Mutex<Option<Cut>>,
}

#[derive(Debug)]
struct Cut {
    /// How many bytes of the body still go out.
    left: usize,
    /// How much of the end of the head was seen.
    seen: usize,
    end: CutEnd,
}

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

impl Wire {
    /// The connection ends with a reset, whenever it ends.
    pub(super) fn reset(&self) {
        self.reset.store(true, Ordering::SeqCst);
    }

    /// The connection ends, or stalls, when this many bytes of the next answer's body were sent.
    pub(super) fn cut(&self, body_bytes: usize, end: CutEnd) {
        if end == CutEnd::Reset {
            self.reset();
        }
        *lock(&self.cut) = Some(Cut {
            left: body_bytes,
            seen: 0,
            end,
        });
    }
}

impl Cut {
    /// How many of these bytes may go out, and the state after that many.
    fn allow(&self, bytes: &[u8]) -> (usize, Self) {
        let mut after = Self { ..*self };
        for (at, byte) in bytes.iter().enumerate() {
            if after.seen == END_OF_HEAD.len() {
                let sent = after.left.min(bytes.len() - at);
                after.left -= sent;
                return (at + sent, after);
            }
            after.seen = match END_OF_HEAD.get(after.seen) {
                Some(expected) if expected == byte => after.seen + 1,
                _ => usize::from(*byte == b'\r'),
            };
        }
        (bytes.len(), after)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_counts_bytes_of_the_body_in_any_slices() {
        let answer = b"HTTP/1.1 200 OK\r\nA: b\r\r\n\r\n0123456789";
        for slice in 1..answer.len() {
            let mut cut = Cut {
                left: 4,
                seen: 0,
                end: CutEnd::Close,
            };
            let mut sent = Vec::new();
            for bytes in answer.chunks(slice) {
                let (allowed, after) = cut.allow(bytes);
                sent.extend_from_slice(&bytes[..allowed]);
                cut = after;
                if allowed < bytes.len() {
                    break;
                }
            }
            assert!(sent.ends_with(b"\r\n\r\n0123"), "{slice}: {}", sent.escape_ascii());
        }
    }
}

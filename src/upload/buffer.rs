//! Buffers for the blocks of a file: as many as blocks go at once, each used again and again.
//!
//! A buffer comes back when the last slice of it is dropped, which may be after its upload is over: a connection that
//! was given up holds its slice until it is closed. So memory is bounded by the pool, not by who is done.

use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

pub(super) struct Pool {
    free: Mutex<UnboundedReceiver<Vec<u8>>>,
    back: UnboundedSender<Vec<u8>>,
}

/// A buffer that finds its way back.
pub(super) struct Buffer {
    pub(super) bytes: Vec<u8>,
    back: UnboundedSender<Vec<u8>>,
}

impl Pool {
    pub(super) fn new(count: usize) -> Self {
        let (back, free) = unbounded_channel();
        for _ in 0..count {
            let _ = back.send(Vec::new());
        }
        let free = Mutex::new(free);
        Self { free, back }
    }

    /// Waits until one is free, and gives it this length.
    pub(super) async fn take(&self, length: u64) -> Buffer {
        // The pool can send too, so there is always one to come.
        let mut bytes = self.free.lock().await.recv().await.unwrap_or_default();
        bytes.resize(usize::try_from(length).unwrap_or(usize::MAX), 0);
        let back = self.back.clone();
        Buffer { bytes, back }
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // When the upload is over, nobody takes it any more.
        let _ = self.back.send(std::mem::take(&mut self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn a_buffer_is_used_again_only_when_its_last_slice_is_gone() {
        let pool = Pool::new(1);
        let mut buffer = pool.take(3).await;
        buffer.bytes.copy_from_slice(b"abc");
        let address = buffer.as_ref().as_ptr();
        let bytes = Bytes::from_owner(buffer);
        let slice = bytes.slice(1..2);
        drop(bytes);
        assert!(pool.take(3).now_or_never().is_none());
        assert_eq!(slice, "b");
        drop(slice);
        let again = pool.take(2).now_or_never().unwrap();
        assert_eq!(again.bytes.as_ptr(), address);
        assert_eq!(again.as_ref().len(), 2);
    }
}

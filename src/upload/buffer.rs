//! Buffers for the blocks of a file: as many as blocks go at once, each used again and again.
//!
//! A buffer comes back when the last slice of it is dropped, which may be after its upload is over: a connection that
//! was given up holds its slice until it is closed. So memory is bounded by the pool, not by who is done.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

pub(super) struct Pool {
    size: usize,
    free: Mutex<Vec<Vec<u8>>>,
    /// One for each buffer that is not out.
    left: Semaphore,
}

/// A buffer that finds its way back.
pub(super) struct Buffer {
    bytes: Vec<u8>,
    length: usize,
    pool: Arc<Pool>,
}

impl Pool {
    pub(super) fn new(count: usize, size: u64) -> Arc<Self> {
        Arc::new(Self {
            size: usize::try_from(size).unwrap_or(usize::MAX),
            free: Mutex::default(),
            left: Semaphore::new(count.min(Semaphore::MAX_PERMITS)),
        })
    }

    /// Waits until one is free.
    pub(super) async fn take(self: &Arc<Self>) -> Buffer {
        // The semaphore is never closed. `Drop` gives the permit back.
        if let Ok(permit) = self.left.acquire().await {
            permit.forget();
        }
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Buffer {
            bytes: free.unwrap_or_else(|| vec![0; self.size]),
            length: 0,
            pool: Arc::clone(self),
        }
    }
}

impl Buffer {
    /// The first `length` bytes, at most the size of the buffer, to be filled.
    pub(super) fn of_length(&mut self, length: u64) -> &mut [u8] {
        self.length = usize::try_from(length).unwrap_or(usize::MAX).min(self.bytes.len());
        &mut self.bytes[..self.length]
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        self.pool.free.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
        self.pool.left.add_permits(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn a_buffer_is_used_again_only_when_its_last_slice_is_gone() {
        let pool = Pool::new(1, 8);
        let mut buffer = pool.take().await;
        buffer.of_length(3).copy_from_slice(b"abc");
        let address = buffer.as_ref().as_ptr();
        let bytes = Bytes::from_owner(buffer);
        let slice = bytes.slice(1..2);
        drop(bytes);
        assert!(pool.take().now_or_never().is_none());
        assert_eq!(slice, "b");
        drop(slice);
        let again = pool.take().now_or_never().unwrap();
        assert_eq!(again.bytes.as_ptr(), address);
        assert!(again.as_ref().is_empty());
    }
}

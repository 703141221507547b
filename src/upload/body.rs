//! A block as the body of a request: handed over in slices, so that progress moves, and anew for each attempt.
//!
//! An attempt that was given up may go on for a moment on its old connection; only the newest attempt is counted.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_core::Stream;

use crate::http::request::{BodySource, BodyStream};
use crate::upload::pace::Pace;
use crate::upload::progress::Meter;

const SLICE: usize = 512 << 10;

/// Cheap to clone; clones are the same block.
#[derive(Clone)]
pub(super) struct BlockBody {
    bytes: Bytes,
    pace: Arc<Pace>,
    meter: Arc<Meter>,
    attempt: Arc<Mutex<Attempt>>,
}

#[derive(Default)]
struct Attempt {
    /// 0 before the first.
    number: u32,
    begun: Option<Instant>,
    sent: u64,
    is_done: bool,
}

pub(super) struct GivenUp(BlockBody);

impl Drop for GivenUp {
    fn drop(&mut self) {
        let mut attempt = self.0.attempt();
        if !attempt.is_done {
            // What an old connection still takes is not counted any more.
            attempt.number += 1;
            let taken_back = std::mem::take(&mut attempt.sent);
            self.0.meter.take_back(taken_back);
        }
    }
}

impl BlockBody {
    pub(super) fn new(bytes: Bytes, pace: Arc<Pace>, meter: Arc<Meter>) -> Self {
        Self {
            bytes,
            pace,
            meter,
            attempt: Arc::default(),
        }
    }

    /// The blob store has it.
    pub(super) fn done(&self) {
        let mut attempt = self.attempt();
        if let Some(begun) = attempt.begun {
            self.pace.took(begun.elapsed());
        }
        attempt.is_done = true;
        let missing = self.len() - attempt.sent;
        attempt.sent = self.len();
        self.meter.update(|progress| {
            progress.bytes += missing;
            progress.blocks += 1;
        });
    }

    /// Takes back what is counted of it when this is dropped, unless it is done by then.
    pub(super) fn taken_back_unless_done(&self) -> GivenUp {
        GivenUp(self.clone())
    }

    fn attempt(&self) -> std::sync::MutexGuard<'_, Attempt> {
        self.attempt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BodySource for BlockBody {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn open(&self) -> BodyStream {
        let mut attempt = self.attempt();
        attempt.number += 1;
        attempt.begun = Some(Instant::now());
        let taken_back = std::mem::take(&mut attempt.sent);
        if attempt.number > 1 {
            self.meter.update(|progress| {
                progress.bytes -= taken_back;
                progress.retries += 1;
            });
        }
        Box::pin(Slices {
            left: self.bytes.clone(),
            block: self.clone(),
            attempt: attempt.number,
        })
    }

    fn attempt_timeout(&self) -> Option<Duration> {
        Some(self.pace.allowance(self.attempt().number))
    }
}

struct Slices {
    left: Bytes,
    block: BlockBody,
    attempt: u32,
}

impl Stream for Slices {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.left.len().min(SLICE);
        let slice = self.left.split_to(length);
        let mut current = self.block.attempt();
        // After `done` a straggler has nothing more to say.
        if current.number == self.attempt && current.sent < self.block.len() {
            current.sent += length as u64;
            self.block.meter.update(|progress| progress.bytes += length as u64);
        }
        drop(current);
        Poll::Ready(Some(Ok(slice)))
    }
}

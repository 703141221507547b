//! How far an upload is: counted in one place, told to one observer.
//!
//! The bytes of an attempt that failed are taken back, so that the count never exceeds the total. The observer is called
//! under the lock: its calls never overlap and never go out of order.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How far an upload is, or what it came to in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes handed to the network, and bytes that were there already. It goes back when a block has to be sent again.
    pub bytes: u64,
    /// Bytes in all.
    pub bytes_total: u64,
    /// Of `bytes`, those that an earlier upload had sent.
    pub bytes_skipped: u64,
    /// Blocks that the blob store has.
    pub blocks: u64,
    /// Blocks in all.
    pub blocks_total: u64,
    /// Of `blocks`, those that an earlier upload had sent.
    pub blocks_skipped: u64,
    /// How often a block had to be sent again.
    pub retries: u64,
    /// Time since the upload began.
    pub elapsed: Duration,
}

impl Progress {
    /// Bytes per second since the upload began, without what was there already.
    #[must_use]
    pub fn rate(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        let sent = self.bytes.saturating_sub(self.bytes_skipped);
        if seconds > 0.0 { sent as f64 / seconds } else { 0.0 }
    }
}

pub(super) type Observer = Arc<dyn Fn(Progress) + Send + Sync>;

pub(super) struct Meter {
    started: Instant,
    observer: Option<Observer>,
    state: Mutex<Progress>,
}

impl Meter {
    pub(super) fn new(bytes_total: u64, blocks_total: u64, observer: Option<Observer>) -> Self {
        Self {
            started: Instant::now(),
            observer,
            state: Mutex::new(Progress {
                bytes_total,
                blocks_total,
                ..Progress::default()
            }),
        }
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut Progress)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        if let Some(observer) = &self.observer {
            state.elapsed = self.started.elapsed();
            observer(*state);
        }
    }

    /// Takes back bytes of a block that was given up. It is told with the next change: the upload may be ending.
    pub(super) fn take_back(&self, bytes: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.bytes -= bytes;
    }

    pub(super) fn now(&self) -> Progress {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Progress {
            elapsed: self.started.elapsed(),
            ..*state
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_leaves_out_what_was_there() {
        let progress = Progress {
            bytes: 3000,
            bytes_skipped: 1000,
            elapsed: Duration::from_secs(4),
            ..Progress::default()
        };
        assert!((progress.rate() - 500.0).abs() < f64::EPSILON);
        assert!(Progress::default().rate().abs() < f64::EPSILON);
    }
}

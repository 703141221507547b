//! How long an attempt to send a block may take.
//!
//! All blocks in flight may share one slow link, so a fixed time a block would give up on it, and bytes that are handed
//! over say little, because sockets buffer them. Until a block is done the time allows for 100 kB/s in all; later for
//! four times the slowest block so far. Each of the first repeats gets twice the time, for links slower still.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const GRACE: Duration = Duration::from_secs(30);
const SLOWEST_LINK: u64 = 100_000;

/// The pace of one upload.
pub(super) struct Pace {
    fixed: Option<Duration>,
    in_flight: u64,
    slowest: Mutex<Option<Duration>>,
}

impl Pace {
    /// `fixed` is instead of everything else.
    pub(super) fn new(fixed: Option<Duration>, in_flight: u64) -> Self {
        Self {
            fixed,
            in_flight,
            slowest: Mutex::default(),
        }
    }

    /// A block is done.
    pub(super) fn took(&self, duration: Duration) {
        let mut slowest = self.slowest.lock().unwrap_or_else(PoisonError::into_inner);
        *slowest = (*slowest).max(Some(duration));
    }

    /// The time for an attempt after so many that failed.
    pub(super) fn allowance(&self, failed: u32) -> Duration {
        let slowest = *self.slowest.lock().unwrap_or_else(PoisonError::into_inner);
        self.fixed.unwrap_or_else(|| allowance(self.in_flight, slowest, failed))
    }
}

/// So many repeats get twice the time of the one before. A blob store that is busy for minutes causes many more, and no attempt
/// shall hang for hours because of them.
const DOUBLINGS: u32 = 4;

fn allowance(in_flight: u64, slowest: Option<Duration>, failed: u32) -> Duration {
    let sending = match slowest {
        None => Duration::from_millis(in_flight.saturating_mul(1000) / SLOWEST_LINK),
        Some(slowest) => slowest.saturating_mul(4),
    };
    GRACE.saturating_add(sending).saturating_mul(1 << failed.min(DOUBLINGS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_follows_the_link() {
        let seconds = Duration::from_secs;
        let table = [
            // in flight, slowest block, failed attempts, time
            (0, None, 0, seconds(30)),
            (1_000_000, None, 0, seconds(40)),
            (64_000_000, None, 0, seconds(670)),
            (64_000_000, None, 1, seconds(1340)),
            (64_000_000, Some(seconds(5)), 0, seconds(50)),
            (64_000_000, Some(seconds(5)), 2, seconds(200)),
            (64_000_000, Some(seconds(5)), 4, seconds(800)),
            (64_000_000, Some(seconds(5)), 20, seconds(800)),
            (0, Some(Duration::MAX), 99, Duration::MAX),
        ];
        for (in_flight, slowest, failed, time) in table {
            assert_eq!(
                allowance(in_flight, slowest, failed),
                time,
                "{in_flight} {slowest:?} {failed}"
            );
        }
    }

    #[test]
    fn the_slowest_block_counts_and_a_fixed_time_wins() {
        let pace = Pace::new(None, 1_000_000);
        assert_eq!(pace.allowance(0), Duration::from_secs(40));
        pace.took(Duration::from_secs(2));
        pace.took(Duration::from_secs(1));
        assert_eq!(pace.allowance(0), Duration::from_secs(38));
        let fixed = Pace::new(Some(Duration::from_secs(1)), 1_000_000);
        fixed.took(Duration::from_secs(2));
        assert_eq!(fixed.allowance(3), Duration::from_secs(1));
    }
}

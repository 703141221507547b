//! The one clock of a client: back-off, hints, the rate limiter, waits, token life and total deadlines read it.
//!
//! A real clock waits. A jumping clock never does: whoever would sleep moves it ahead instead, so that days of polling
//! run in milliseconds over real sockets. Both go on with real time in between. Time-outs of a single attempt are
//! always real.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// Longer than anything lasts here, and short enough to be added to any `Instant`.
const FAR: Duration = Duration::from_secs(30 * 365 * 86_400);

/// `time` after `from`, at most 30 years: programs say `Duration::MAX` for "never", and an answer may say anything.
pub(crate) fn later(from: Instant, time: Duration) -> Instant {
    from + time.min(FAR)
}

/// Cheap to clone; clones of a jumping clock jump together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock {
    /// How far a jumping clock is ahead of real time, in nanoseconds.
    ahead: Option<Arc<AtomicU64>>,
}

impl Clock {
    pub(crate) fn real() -> Self {
        Self { ahead: None }
    }

    #[cfg_attr(not(any(test, feature = "testing")), allow(dead_code))]
    pub(crate) fn jumping() -> Self {
        Self {
            ahead: Some(Arc::default()),
        }
    }

    /// Moves a jumping clock on; a real one cannot be moved.
    #[cfg(feature = "testing")]
    pub(crate) fn advance(&self, by: Duration) {
        if let Some(ahead) = &self.ahead {
            ahead.fetch_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX), Ordering::SeqCst);
        }
    }

    fn ahead(&self) -> Duration {
        Duration::from_nanos(self.ahead.as_ref().map_or(0, |ahead| ahead.load(Ordering::SeqCst)))
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::now() + self.ahead()
    }

    pub(crate) fn system_now(&self) -> SystemTime {
        SystemTime::now() + self.ahead()
    }

    pub(crate) async fn sleep(&self, duration: Duration) {
        self.sleep_until(later(self.now(), duration)).await;
    }

    pub(crate) async fn sleep_until(&self, until: Instant) {
        match &self.ahead {
            None => tokio::time::sleep_until(until.into()).await,
            Some(ahead) => {
                let needed = until.saturating_duration_since(Instant::now());
                ahead.fetch_max(u64::try_from(needed.as_nanos()).unwrap_or(u64::MAX), Ordering::SeqCst);
                tokio::task::yield_now().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_jumping_clock_jumps_and_its_clones_with_it() {
        let clock = Clock::jumping();
        let before = (clock.now(), clock.system_now(), Instant::now());
        clock.clone().sleep(Duration::from_secs(3600)).await;
        assert!(clock.now() - before.0 >= Duration::from_secs(3600));
        assert!(clock.system_now().duration_since(before.1).unwrap() >= Duration::from_secs(3600));
        assert!(before.2.elapsed() < Duration::from_secs(60));
    }

    #[test]
    fn no_time_is_too_long() {
        let now = Instant::now();
        assert_eq!(later(now, Duration::from_secs(1)), now + Duration::from_secs(1));
        assert_eq!(later(now, Duration::MAX), now + FAR);
    }

    #[tokio::test]
    async fn sleepers_to_the_same_moment_do_not_add_up() {
        let clock = Clock::jumping();
        let start = clock.now();
        let until = start + Duration::from_secs(100);
        for _ in 0..10 {
            clock.sleep_until(until).await;
        }
        assert!(clock.now() - start < Duration::from_secs(160));
    }

    #[tokio::test]
    async fn a_real_clock_waits() {
        let start = Instant::now();
        Clock::real().sleep(Duration::from_millis(20)).await;
        assert!(start.elapsed() >= Duration::from_millis(20));
    }
}

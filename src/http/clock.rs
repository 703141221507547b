//! The one clock of a client: back-off, hints, the rate limiter, waits, token life and total deadlines read it.
//!
//! A real clock waits. A jumping clock never does: whoever would sleep moves it ahead instead, so that days of polling
//! run in milliseconds over real sockets. Both go on with real time in between. Time-outs of a single attempt are
//! always real.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// Cheap to clone; clones of a jumping clock jump together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock {
    /// How far a jumping clock is ahead of real time, in nanoseconds.
    ahead: Option<Arc<AtomicU64>>,
}

/// A century: longer than any attempt or wait.
pub(crate) const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// This long after a moment. Times come from users and from the service, and adding the longest of them would panic; a
/// century stands for what is longer.
pub(crate) fn after(moment: Instant, time: Duration) -> Instant {
    moment + time.min(NEVER)
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
        self.sleep_until(after(self.now(), duration)).await;
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
        assert_eq!(after(now, Duration::from_secs(1)), now + Duration::from_secs(1));
        assert!(after(now, Duration::MAX) > now);
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

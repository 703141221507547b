//! The rate limit: at most so many sends in any window, and a pause for all when the service says 429.
//!
//! `Window` is pure: it is told the time and says when the next send may be.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::transport::clock::after;

/// How many requests the API may get. The service allows about 20 a minute for a tenant; programs that share a tenant
/// share that, and do not know of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// How many sends, repeats counted. Default 20.
    pub requests: u32,
    /// In any period of this length. Default 60 s.
    pub period: Duration,
}

impl RateLimit {
    /// So many requests in any period of this length. With no requests or no length there is no limit.
    #[must_use]
    pub fn new(requests: u32, period: Duration) -> Self {
        Self { requests, period }
    }

    /// No limit; a 429 still pauses all clones of the client.
    #[must_use]
    pub fn off() -> Self {
        Self::new(0, Duration::ZERO)
    }

    fn is_off(&self) -> bool {
        self.requests == 0 || self.period.is_zero()
    }
}

impl Default for RateLimit {
    fn default() -> Self {
        Self::new(20, Duration::from_secs(60))
    }
}

/// The sends of the last period.
#[derive(Debug)]
pub(crate) struct Window {
    limit: RateLimit,
    sent: VecDeque<Instant>,
    paused_until: Option<Instant>,
}

impl Window {
    pub(crate) fn new(limit: RateLimit) -> Self {
        Self {
            limit,
            sent: VecDeque::new(),
            paused_until: None,
        }
    }

    /// Counts a send, or says when to ask again.
    pub(crate) fn admit(&mut self, now: Instant) -> Result<(), Instant> {
        if let Some(until) = self.paused_until.filter(|until| *until > now) {
            return Err(until);
        }
        if self.limit.is_off() {
            return Ok(());
        }
        while self.sent.front().is_some_and(|sent| after(*sent, self.limit.period) <= now) {
            self.sent.pop_front();
        }
        match self.sent.front() {
            Some(oldest) if self.sent.len() >= self.limit.requests as usize => Err(after(*oldest, self.limit.period)),
            _ => {
                self.sent.push_back(now);
                Ok(())
            }
        }
    }

    /// Nobody sends before this moment.
    pub(crate) fn pause_until(&mut self, until: Instant) {
        self.paused_until = Some(self.paused_until.map_or(until, |known| known.max(until)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_docs() {
        assert_eq!(RateLimit::default(), RateLimit::new(20, Duration::from_secs(60)));
    }

    #[test]
    fn no_window_of_a_minute_holds_more_than_twenty() {
        let mut window = Window::new(RateLimit::default());
        let start = Instant::now();
        let mut now = start;
        let mut sends = Vec::new();
        for _ in 0..100 {
            while let Err(until) = window.admit(now) {
                assert!(until > now);
                now = until;
            }
            sends.push(now);
            now += Duration::from_millis(700);
        }
        for (at, first) in sends.iter().enumerate() {
            let within = sends[at..]
                .iter()
                .take_while(|sent| **sent < *first + Duration::from_secs(60))
                .count();
            assert!(within <= 20, "{within}");
        }
        // It does not wait more than it must: 100 sends need four full windows.
        assert!(now - start < Duration::from_secs(5 * 60));
    }

    #[test]
    fn a_pause_holds_for_all_and_the_longer_counts() {
        let mut window = Window::new(RateLimit::off());
        let now = Instant::now();
        window.pause_until(now + Duration::from_secs(14));
        window.pause_until(now + Duration::from_secs(3));
        assert_eq!(window.admit(now), Err(now + Duration::from_secs(14)));
        assert_eq!(window.admit(now + Duration::from_secs(14)), Ok(()));
    }

    #[test]
    fn it_can_be_off() {
        let mut window = Window::new(RateLimit::off());
        let now = Instant::now();
        assert!((0..1000).all(|_| window.admit(now).is_ok()));
    }
}

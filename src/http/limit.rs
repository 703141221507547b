//! The rate limit: at most so many sends in any window, and a pause for all when the service says 429.
//!
//! `Window` is pure: it is told the time and says when the next send may be. Who asks it is up to the `Queue`: one call at a
//! time, in the order in which they came.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, MutexGuard};

use crate::http::clock::after;

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
    /// Returns a limit of so many requests in any period of this length. If either is zero, there is no limit.
    #[must_use]
    pub fn new(requests: u32, period: Duration) -> Self {
        Self { requests, period }
    }

    /// Returns no limit; a 429 still pauses all clones of the client.
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

/// Who waits for the window: first come, first served.
///
/// New calls wait at the door, and only the first of them at the counter, among the calls that are sent again. Otherwise a call
/// that failed would queue behind hundreds that were never sent, and have no time left when it is its turn.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    door: Mutex<()>,
    counter: Mutex<()>,
}

/// Held while the window is asked; it lets the next one in when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    _counter: MutexGuard<'a, ()>,
    _door: Option<MutexGuard<'a, ()>>,
}

impl Queue {
    /// Its turn, if nobody is before it.
    pub(crate) fn try_turn(&self, new: bool) -> Option<Turn<'_>> {
        let door = if new { Some(self.door.try_lock().ok()?) } else { None };
        Some(Turn {
            _counter: self.counter.try_lock().ok()?,
            _door: door,
        })
    }

    /// Waits for its turn; `new` is whether the call has not been sent yet.
    pub(crate) async fn turn(&self, new: bool) -> Turn<'_> {
        let door = if new { Some(self.door.lock().await) } else { None };
        Turn {
            _counter: self.counter.lock().await,
            _door: door,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_repeat_comes_after_one_new_call_and_not_after_all() {
        let (queue, order) = (Queue::default(), std::sync::Mutex::new(Vec::new()));
        let first = queue.turn(true).await;
        let call = |name, new| {
            let (queue, order) = (&queue, &order);
            async move {
                let _turn = queue.turn(new).await;
                order.lock().unwrap().push(name);
            }
        };
        // They are polled, and so they come, in this order.
        let all = futures_util::future::join_all([
            call("new 1", true),
            call("new 2", true),
            call("repeat 1", false),
            call("new 3", true),
            call("repeat 2", false),
        ]);
        let let_in = async {
            tokio::task::yield_now().await;
            drop(first);
        };
        tokio::join!(all, let_in);
        // Nobody new stands at the counter while `first` holds the door.
        let order = order.into_inner().unwrap();
        assert_eq!(order, ["repeat 1", "repeat 2", "new 1", "new 2", "new 3"]);
    }

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

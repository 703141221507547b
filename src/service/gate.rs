//! The rate limit of one API, in front of its calls: first come, first served.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::http::clock::{Clock, NEVER, after};
use crate::http::limit::{Queue, RateLimit, Turn, Window};
use crate::service::call::Call;

/// Shared by all clones of a client.
pub(super) struct Gate {
    window: Mutex<Window>,
    queue: Queue,
}

impl Gate {
    pub(super) fn new(limit: RateLimit) -> Self {
        Self {
            window: Mutex::new(Window::new(limit)),
            queue: Queue::default(),
        }
    }

    /// Lets a call through, or waits with it, for its turn and then for the window. After a wait it is not let through yet: the
    /// caller comes back with its turn, because meanwhile its token has aged.
    pub(super) async fn admit<'g>(&'g self, call: &mut Call<'_>, turn: &mut Option<Turn<'g>>, clock: &Clock) -> Result<bool> {
        let now = clock.now();
        let (new, end) = (call.is_new(), call.patience());
        if turn.is_none() {
            *turn = self.queue.try_turn(new);
        }
        if turn.is_some() {
            let admitted = self.window().admit(now);
            match admitted {
                Ok(()) => {
                    *turn = None;
                    return Ok(true);
                }
                Err(until) if end.is_some_and(|end| until >= end) => return Err(call.out_of_time(Some(until - now))),
                Err(until) => clock.sleep_until(until).await,
            }
        } else {
            let time = end.map_or(NEVER, |end| end.saturating_duration_since(now));
            match tokio::time::timeout(time, self.queue.turn(new)).await {
                Ok(its_turn) => *turn = Some(its_turn),
                Err(_) => return Err(call.out_of_time(None)),
            }
        }
        call.has_waited(clock.now() - now);
        Ok(false)
    }

    /// Holds up all calls for so long.
    pub(super) fn pause(&self, pause: Duration, now: Instant) {
        self.window().pause_until(after(now, pause));
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

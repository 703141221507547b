//! The rate limit of one API, in front of its calls: first come, first served.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::http::clock::{Clock, NEVER, after};
use crate::http::limit::{Queue, RateLimit, Turn, Window};
use crate::service::call::Call;

/// Shared by all clones of a client.
pub(super) struct Gate {
    window: Mutex<Window>,
    queue: Queue,
}

/// Whether a call may be sent now.
pub(super) enum Admission<'g> {
    Granted,
    /// It has waited, and may ask again in its turn.
    Waited(Option<Turn<'g>>),
    /// It has no time to wait; with how long nothing may be sent, if that is known.
    OutOfTime(Option<Duration>),
}

impl Gate {
    pub(super) fn new(limit: RateLimit) -> Self {
        Self {
            window: Mutex::new(Window::new(limit)),
            queue: Queue::default(),
        }
    }

    /// Lets a call through, or waits with it, for its turn and then for the window. After a wait the caller comes back with its
    /// turn: meanwhile its token has aged.
    pub(super) async fn admit<'g>(&'g self, call: &mut Call<'_>, turn: Option<Turn<'g>>, clock: &Clock) -> Admission<'g> {
        let now = clock.now();
        let new = call.is_new();
        let mut turn = turn.or_else(|| self.queue.try_turn(new));
        match (&turn, call.patience()) {
            (Some(_), end) => {
                let admitted = self.window().admit(now);
                match (admitted, end) {
                    (Ok(()), _) => return Admission::Granted,
                    (Err(until), Some(end)) if until >= end => return Admission::OutOfTime(Some(until - now)),
                    (Err(until), _) => clock.sleep_until(until).await,
                }
            }
            (None, end) => {
                let time = end.map_or(NEVER, |end| end.saturating_duration_since(now));
                match tokio::time::timeout(time, self.queue.turn(new)).await {
                    Ok(its_turn) => turn = Some(its_turn),
                    Err(_) => return Admission::OutOfTime(None),
                }
            }
        }
        call.has_waited(clock.now() - now);
        Admission::Waited(turn)
    }

    /// Nobody sends for so long.
    pub(super) fn pause(&self, pause: Duration, now: Instant) {
        self.window().pause_until(after(now, pause));
    }

    fn window(&self) -> std::sync::MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

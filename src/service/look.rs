//! The one loop that looks, waits and looks again: until something is found, a failure will not pass, or the time is up.
//!
//! When the next look is due is a pure function of the time so far, of what the service asks for and of the time left. Every
//! look is told when the time ends, so that it does not outlive it. What a look tells to whom is its own business.

use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result, TransportKind};
use crate::http::clock::{Clock, after};

/// How long to pause between two looks, unless the service asks for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// A tenth of the time so far, between 5 s and 60 s, with jitter.
    Growing,
    /// Always as long, at least a second.
    Every(Duration),
}

/// Why a look did not find what it looks for, and why a row of looks ended without it.
#[derive(Debug)]
pub(crate) enum Miss {
    /// It is not there yet. As the end: the time is up, and the last look saw nothing.
    NotYet,
    /// The look failed, and the next may succeed. As the end: the time is up, or the service asks for a longer pause.
    Passing(Error),
    /// The look failed, and so would the next.
    Final(Error),
}

impl Miss {
    /// Nothing, if that is all that the looks have come to; the error, if the last look failed.
    pub(crate) fn or_none<T>(self) -> Result<Option<T>> {
        match self {
            Self::NotYet => Ok(None),
            Self::Passing(error) | Self::Final(error) => Err(error),
        }
    }
}

impl From<Error> for Miss {
    fn from(error: Error) -> Self {
        if passes(&error) {
            Self::Passing(error)
        } else {
            Self::Final(error)
        }
    }
}

/// Whether a look that failed like this may succeed later. An answer that is not the service's may be that of a gateway.
fn passes(error: &Error) -> bool {
    error.kind() == ErrorKind::Decode || error.is_retryable()
}

/// A row of looks.
#[derive(Debug)]
pub(crate) struct Looks {
    clock: Clock,
    pace: Pace,
    started: Instant,
    deadline: Instant,
    looked: bool,
}

impl Looks {
    /// Looks for so long from now on.
    pub(crate) fn new(clock: &Clock, time: Duration, pace: Pace) -> Self {
        let started = clock.now();
        Self {
            clock: clock.clone(),
            pace,
            started,
            deadline: after(started, time),
            looked: false,
        }
    }

    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Looks until something is found: the first time at once and in any case, then after pauses. Each look is told the
    /// deadline. Called again, it goes on.
    // Not an `AsyncFnMut`: nothing could say that its futures can be sent.
    pub(crate) async fn find<T, F>(&mut self, mut look: impl FnMut(Instant) -> F) -> Result<T, Miss>
    where
        F: Future<Output = Result<T, Miss>> + Send,
    {
        let mut last = None;
        if std::mem::replace(&mut self.looked, true) {
            if !self.pause(Duration::ZERO).await {
                return Err(Miss::NotYet);
            }
            last = Some(Miss::NotYet);
        }
        loop {
            let mut hint = Duration::ZERO;
            let miss = match look(self.deadline).await {
                Ok(found) => return Ok(found),
                Err(miss) => miss,
            };
            match &miss {
                Miss::NotYet => {}
                Miss::Passing(error) => {
                    tracing::warn!(%error, "a look failed; the next may succeed");
                    if is_cut_off(error, self.left()) {
                        // What the look before came to says more than that the time was up.
                        return Err(last.unwrap_or(miss));
                    }
                    hint = error.retry_after().unwrap_or_default();
                }
                Miss::Final(_) => return Err(miss),
            }
            if !self.pause(hint).await {
                return Err(miss);
            }
            last = Some(miss);
        }
    }

    /// Pauses before the next look, for as long as the service asks at least; whether there is time for one.
    async fn pause(&self, hint: Duration) -> bool {
        let (left, waited) = (self.left(), self.clock.now() - self.started);
        match pause(interval(self.pace, waited, fastrand::f64()), hint, left) {
            Some(pause) => {
                self.clock.sleep(pause).await;
                true
            }
            None => {
                // A pause that the service asks for beyond the end is known now.
                if hint < left {
                    self.clock.sleep_until(self.deadline).await;
                }
                false
            }
        }
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(self.clock.now())
    }
}

/// The pause that the pace wants after so much time.
fn interval(pace: Pace, waited: Duration, random: f64) -> Duration {
    let (least, most) = (Duration::from_secs(5), Duration::from_secs(60));
    match pace {
        Pace::Growing => (waited / 10)
            .clamp(least, most)
            .mul_f64(0.9 + 0.2 * random)
            .clamp(least, most),
        Pace::Every(pause) => pause.max(Duration::from_secs(1)),
    }
}

/// The pause as far as the time left allows it: one more look is taken shortly before the end, but never before the service
/// allows it. None if there is no time for another look.
fn pause(wanted: Duration, hint: Duration, left: Duration) -> Option<Duration> {
    if left < Duration::from_secs(1) || hint >= left {
        None
    } else {
        Some(wanted.min(left.mul_f64(0.9)).max(hint))
    }
}

/// Whether it was the end of the looks' own time that made a look fail.
fn is_cut_off(error: &Error, left: Duration) -> bool {
    match error.kind() {
        ErrorKind::Transport(TransportKind::DeadlineExceeded) => {
            left.is_zero() || error.retry_after().is_some_and(|pause| pause >= left)
        }
        ErrorKind::Transport(TransportKind::TimedOut) => left.is_zero(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{CallInfo, ErrorBody};

    const SECOND: Duration = Duration::from_secs(1);

    fn call() -> CallInfo {
        CallInfo::new("GET", "applications/9TEST")
    }

    fn answer(status: u16, retry_after: Option<Duration>) -> Error {
        Error::answered(call(), status, ErrorBody::parse(b"", &[]), None, retry_after)
    }

    fn transport(kind: TransportKind) -> Error {
        Error::transport(kind, call(), None, None)
    }

    #[test]
    fn the_pace() {
        let every = |seconds: f64| Pace::Every(Duration::from_secs_f64(seconds));
        let table = [
            (Pace::Growing, 0, 0.0, 5.0),
            (Pace::Growing, 0, 1.0, 5.5),
            (Pace::Growing, 40, 0.5, 5.0),
            (Pace::Growing, 100, 0.5, 10.0),
            (Pace::Growing, 100, 0.0, 9.0),
            (Pace::Growing, 600, 1.0, 60.0),
            (Pace::Growing, 86_400, 0.0, 54.0),
            (every(30.0), 0, 0.0, 30.0),
            (every(30.0), 86_400, 1.0, 30.0),
            // No hot loop.
            (every(0.0), 86_400, 0.5, 1.0),
            (every(0.001), 0, 0.5, 1.0),
        ];
        for (pace, waited, random, expected) in table {
            let found = interval(pace, Duration::from_secs(waited), random).as_secs_f64();
            assert!((found - expected).abs() < 1e-6, "{pace:?} {waited} {random} {found}");
        }
    }

    #[test]
    fn the_pause_respects_the_service_and_the_time_left() {
        let table = [
            // wanted, hint, left: pause
            (60, 0, 600, Some(60)),
            (60, 0, 30, Some(27)),
            (5, 20, 600, Some(20)),
            (60, 20, 600, Some(60)),
            (60, 29, 30, Some(29)),
            (5, 3600, 7200, Some(3600)),
            (5, 3600, 3600, None),
            (5, 3600, 60, None),
            (60, 0, 0, None),
        ];
        for (wanted, hint, left, expected) in table {
            let found = pause(wanted * SECOND, hint * SECOND, left * SECOND);
            assert_eq!(found, expected.map(|seconds| seconds * SECOND), "{wanted} {hint} {left}");
        }
        assert_eq!(pause(60 * SECOND, Duration::ZERO, SECOND / 2), None);
    }

    #[test]
    fn what_passes() {
        use TransportKind as K;
        let left = |error: Error| error.leaving("a");
        let decode = || Error::decode(call(), 200, "", "JSON");
        let table = [
            (answer(429, None), true),
            (answer(429, Some(3600 * SECOND)), true),
            (answer(408, None), true),
            (answer(500, None), true),
            (answer(503, None), true),
            (answer(400, None), false),
            (answer(403, None), false),
            (answer(404, None), false),
            (answer(409, None), false),
            (transport(K::Connect), true),
            (transport(K::TimedOut), true),
            (transport(K::DeadlineExceeded), true),
            (transport(K::TooLarge), false),
            (decode(), true),
            (left(decode()), true),
            (left(answer(503, None)), true),
            (left(answer(403, None)), false),
            (Error::invalid("it", "why"), false),
        ];
        for (error, expected) in table {
            let text = error.to_string();
            assert_eq!(matches!(Miss::from(error), Miss::Passing(_)), expected, "{text}");
        }
    }

    #[test]
    fn what_the_deadline_cuts_off() {
        use TransportKind as K;
        let table = [
            (transport(K::DeadlineExceeded), 0, true),
            (transport(K::TimedOut), 0, true),
            // The call's own time, or that of an attempt.
            (transport(K::DeadlineExceeded), 9, false),
            (transport(K::TimedOut), 9, false),
            (transport(K::Connect), 0, false),
            (answer(503, None), 0, false),
        ];
        for (error, left, expected) in table {
            assert_eq!(is_cut_off(&error, left * SECOND), expected, "{error} {left}");
        }
        let limited = |pause| Error::transport(K::DeadlineExceeded, call(), None, None).retry_in(pause * SECOND);
        assert!(is_cut_off(&limited(30), 9 * SECOND));
        assert!(!is_cut_off(&limited(3), 9 * SECOND));
    }

    /// The end of a minute of looks that come to this, 20 s apart, and the seconds at which they were taken.
    async fn run(script: impl IntoIterator<Item = Result<&'static str, Miss>>) -> (String, Vec<u64>) {
        let clock = Clock::jumping();
        let mut looks = Looks::new(&clock, 60 * SECOND, Pace::Every(20 * SECOND));
        let started = looks.started();
        let mut script = script.into_iter();
        let mut times = Vec::new();
        let found = looks.find(|deadline| {
            assert_eq!(deadline, started + 60 * SECOND);
            times.push((clock.now() - started).as_secs());
            std::future::ready(script.next().unwrap_or(Err(Miss::NotYet)))
        });
        let found = found.await;
        let end = match found {
            Ok(found) => found.to_owned(),
            Err(Miss::NotYet) => "time up, None".to_owned(),
            Err(Miss::Passing(error)) => format!("time up, {:?}", error.status()),
            Err(Miss::Final(error)) => format!("failed, {:?}", error.status()),
        };
        (end, times)
    }

    #[tokio::test]
    async fn a_minute_of_looks() {
        let passing = |status| Err(Miss::Passing(answer(status, None)));
        let hint = |seconds| Err(Miss::Passing(answer(429, Some(seconds * SECOND))));
        let table = [
            (vec![Ok("it")], "it", vec![0]),
            (vec![Err(Miss::NotYet), passing(503), Ok("it")], "it", vec![0, 20, 40]),
            (vec![Err(Miss::Final(answer(403, None)))], "failed, Some(403)", vec![0]),
            (vec![hint(30), Ok("it")], "it", vec![0, 30]),
            // A hint holds once.
            (vec![hint(30), Err(Miss::NotYet), Ok("it")], "it", vec![0, 30, 50]),
            (vec![hint(3600), Ok("it")], "time up, Some(429)", vec![0]),
        ];
        for (script, end, times) in table {
            assert_eq!(run(script).await, (end.to_owned(), times));
        }
        // The last looks come closer to the end, and the minute ends.
        let (end, times) = run([]).await;
        assert_eq!((end.as_str(), &times[..4]), ("time up, None", &[0, 20, 40, 58][..]));
        assert_eq!(times.last(), Some(&59));
        let (end, _) = run([Err(Miss::NotYet), passing(503), Err(Miss::NotYet)]).await;
        assert_eq!(end, "time up, None");
    }

    #[tokio::test]
    async fn the_end_of_the_time_hides_no_error_and_looks_go_on_where_they_stopped() {
        let clock = Clock::jumping();
        let mut looks = Looks::new(&clock, 60 * SECOND, Pace::Every(20 * SECOND));
        assert!(matches!(looks.find(async |_| Ok(1)).await, Ok(1)));
        let before = clock.now();
        assert!(matches!(looks.find(async |_| Ok(2)).await, Ok(2)));
        assert!(clock.now() - before >= 20 * SECOND, "there is a pause between two finds");
        let mut first = true;
        let end = looks.find(|deadline| {
            let (first, clock) = (std::mem::take(&mut first), clock.clone());
            async move {
                if first {
                    return Err(Miss::Passing(answer(503, None)));
                }
                clock.sleep_until(deadline).await;
                Err::<(), _>(Miss::Passing(transport(TransportKind::TimedOut)))
            }
        });
        let end = end.await;
        assert!(matches!(end, Err(Miss::Passing(error)) if error.status() == Some(503)));
        // A look that was never answered has nothing else to say.
        let mut looks = Looks::new(&clock, Duration::ZERO, Pace::Growing);
        let end = looks
            .find(async |_| Err::<(), _>(transport(TransportKind::TimedOut).into()))
            .await;
        let Err(Miss::Passing(error)) = end else { panic!("{end:?}") };
        assert!(matches!(error.kind(), ErrorKind::Transport(_)));
    }
}

//! May it be sent again, and when: a pure decision, and the numbers behind it.

use std::time::{Duration, SystemTime};

use crate::error::{Error, Outcome};
use crate::http::request::Replay;

/// How calls are repeated, and how long they may take.
///
/// A call that is safe to repeat, or that was never sent or was refused at the gate (429), is repeated until it has failed for
/// [`give_up_after`](Self::give_up_after). A repeat waits a random time between zero and `min(max_delay, base_delay · 2ⁿ)`, where
/// n counts the repeats before it, or as long as the service asks if that is longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    pub(crate) give_up_after: Duration,
    pub(crate) base_delay: Duration,
    pub(crate) max_delay: Duration,
    pub(crate) max_hint: Duration,
    pub(crate) call_timeout: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            give_up_after: Duration::from_secs(180),
            base_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            max_hint: Duration::from_secs(120),
            call_timeout: Duration::from_secs(600),
        }
    }
}

impl RetryPolicy {
    /// Returns a policy that repeats nothing, except once with a fresh token.
    #[must_use]
    pub fn off() -> Self {
        Self::default().give_up_after(Duration::ZERO)
    }

    /// Sets how long a call is repeated, counted from its first failure, so that a slow answer does not use it up. The last
    /// repeat is sent at its end. The default is 3 minutes; zero means that nothing is repeated.
    ///
    /// A block of an upload is sent five times at least, because one attempt may take longer than this.
    #[must_use]
    pub fn give_up_after(mut self, time: Duration) -> Self {
        self.give_up_after = time;
        self
    }

    /// Sets the longest first pause, and the longest of all. The defaults are 0.5 s and 30 s.
    #[must_use]
    pub fn delays(mut self, base: Duration, max: Duration) -> Self {
        (self.base_delay, self.max_delay) = (base, max);
        self
    }

    /// Sets the longest pause that the service may ask for. If it asks for a longer one, or for longer than is left to repeat the
    /// call, the call ends at once with [`retry_after`](crate::Error::retry_after). The default is 2 minutes.
    #[must_use]
    pub fn max_hint(mut self, max: Duration) -> Self {
        self.max_hint = max;
        self
    }

    /// Sets how long a call may take in all, including its pauses and its token, but not the wait for the rate limit before it is
    /// first sent. The default is 10 minutes.
    #[must_use]
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = timeout;
        self
    }

    pub(crate) fn is_off(&self) -> bool {
        self.give_up_after.is_zero()
    }
}

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Send it again after a pause.
    RetryAfter(Duration),
    /// Drop the token, fetch another, send it again at once.
    RenewToken,
    /// It is final.
    GiveUp,
}

/// What the decision looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Situation<'e> {
    /// What the last attempt came to.
    pub(crate) error: &'e Error,
    pub(crate) replay: Replay,
    /// Attempts made, without the one replay for a token.
    pub(crate) attempts: u32,
    /// How often it is sent although its time for repeats is over.
    pub(crate) at_least: u32,
    /// The time since the first failure.
    pub(crate) failing_for: Duration,
    /// Whether a token went along that has not been renewed in this call.
    pub(crate) token_renewable: bool,
    /// What is left of the call's time.
    pub(crate) remaining: Duration,
    /// Between 0 and 1.
    pub(crate) random: f64,
}

/// The decision.
pub(crate) fn decide(policy: &RetryPolicy, situation: Situation<'_>) -> Decision {
    let Situation {
        error,
        replay,
        attempts,
        at_least,
        failing_for,
        token_renewable,
        remaining,
        random,
    } = situation;
    if error.status() == Some(401) && token_renewable {
        return Decision::RenewToken;
    }
    let repeatable = error.is_retryable() && (replay == Replay::Safe || error.outcome() == Outcome::NotApplied);
    let left = if attempts < at_least {
        Duration::MAX
    } else {
        policy.give_up_after.saturating_sub(failing_for)
    };
    if !repeatable || policy.is_off() || left.is_zero() {
        return Decision::GiveUp;
    }
    // The last repeat comes when the time is over, so that all of it is used.
    let own = backoff(policy, attempts).mul_f64(random.clamp(0.0, 1.0)).min(left);
    let pause = match error.retry_after() {
        Some(hint) if hint > policy.max_hint || hint > left => return Decision::GiveUp,
        // A date is in the past where the clocks differ; the repeats would come at once, one after the other.
        Some(hint) => hint.max(own),
        None => own,
    };
    if pause >= remaining {
        Decision::GiveUp
    } else {
        Decision::RetryAfter(pause)
    }
}

/// The longest pause after so many attempts.
fn backoff(policy: &RetryPolicy, attempts: u32) -> Duration {
    let factor = 1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
    policy.base_delay.saturating_mul(factor).min(policy.max_delay)
}

/// How long the service asks to wait: `Retry-After` in seconds or as a date, or the gateway's "Try again in N seconds.",
/// to which a second is added because it is cut off.
pub(crate) fn hint(retry_after: Option<&str>, message: Option<&str>, now: SystemTime) -> Option<Duration> {
    let from_header = retry_after.map(str::trim).and_then(|value| match value.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(value)
            .ok()
            .map(|date| date.duration_since(now).unwrap_or_default()),
    });
    from_header.or_else(|| {
        let text = message?.to_ascii_lowercase();
        let rest = text.split_once("try again in ")?.1;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        rest[digits.len()..]
            .trim_start()
            .starts_with("second")
            .then(|| digits.parse::<u64>().ok())?
            .map(|seconds| Duration::from_secs(seconds.saturating_add(1)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{CallInfo, ErrorBody, TransportKind};
    use std::time::UNIX_EPOCH;

    const SECOND: Duration = Duration::from_secs(1);

    fn lost(kind: TransportKind) -> Error {
        Error::transport(kind, CallInfo::new("GET", "applications"), None, None)
    }

    fn answered(status: u16, hint: Option<Duration>) -> Error {
        let call = CallInfo::new("GET", "applications");
        Error::answered(call, status, ErrorBody::parse(b"", &[]), None, hint)
    }

    fn situation(error: &Error, replay: Replay) -> Situation<'_> {
        Situation {
            error,
            replay,
            attempts: 1,
            at_least: 1,
            failing_for: Duration::ZERO,
            token_renewable: false,
            remaining: 600 * SECOND,
            random: 1.0,
        }
    }

    #[test]
    fn the_numbers_are_those_of_the_docs() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.give_up_after, 180 * SECOND);
        assert_eq!(policy.base_delay, Duration::from_millis(500));
        assert_eq!(policy.max_delay, 30 * SECOND);
        assert_eq!(policy.max_hint, 120 * SECOND);
        assert_eq!(policy.call_timeout, 600 * SECOND);
    }

    #[test]
    fn what_may_be_sent_again() {
        let again = Decision::RetryAfter(Duration::from_millis(500));
        let stop = Decision::GiveUp;
        let table = [
            // failure, safe, once
            (lost(TransportKind::Connect), again, again),
            (lost(TransportKind::TimedOut), again, stop),
            (lost(TransportKind::Interrupted), again, stop),
            (lost(TransportKind::CutAnswer), again, stop),
            (lost(TransportKind::TooLarge), stop, stop),
            (lost(TransportKind::Certificate), stop, stop),
            (lost(TransportKind::Request), stop, stop),
            (answered(408, None), again, stop),
            (answered(429, None), again, again),
            (answered(500, None), again, stop),
            (answered(502, None), again, stop),
            (answered(503, None), again, stop),
            (answered(504, None), again, stop),
            (answered(501, None), stop, stop),
            (answered(505, None), stop, stop),
            (answered(302, None), stop, stop),
            (answered(400, None), stop, stop),
            (answered(401, None), stop, stop),
            (answered(403, None), stop, stop),
            (answered(404, None), stop, stop),
            (answered(409, None), stop, stop),
            // A no with the status of a yes.
            (answered(200, None), stop, stop),
        ];
        for (error, safe, once) in table {
            assert_eq!(
                decide(&RetryPolicy::default(), situation(&error, Replay::Safe)),
                safe,
                "{error}"
            );
            assert_eq!(
                decide(&RetryPolicy::default(), situation(&error, Replay::Once)),
                once,
                "{error}"
            );
        }
    }

    #[test]
    fn a_program_is_told_to_repeat_what_the_crate_repeats() {
        for status in (100..200).chain(300..600) {
            let again = matches!(status, 408 | 429 | 500 | 502 | 503 | 504);
            let error = answered(status, None);
            let decision = decide(&RetryPolicy::default(), situation(&error, Replay::Safe));
            assert_eq!(decision != Decision::GiveUp, again, "{status}");
            assert_eq!(error.is_retryable(), again, "{status}");
        }
    }

    #[test]
    fn a_rejected_token_is_renewed_once_whatever_the_class_or_the_time() {
        for replay in [Replay::Safe, Replay::Once] {
            let error = answered(401, None);
            let rejected = Situation {
                token_renewable: true,
                failing_for: 999 * SECOND,
                ..situation(&error, replay)
            };
            assert_eq!(decide(&RetryPolicy::off(), rejected), Decision::RenewToken);
            assert_eq!(
                decide(
                    &RetryPolicy::off(),
                    Situation {
                        token_renewable: false,
                        ..rejected
                    }
                ),
                Decision::GiveUp
            );
        }
    }

    #[test]
    fn hints_are_kept_and_bounded() {
        let policy = RetryPolicy::default();
        for (hint, remaining, expected) in [
            (7, 600, Decision::RetryAfter(7 * SECOND)),
            (0, 600, Decision::RetryAfter(SECOND / 2)),
            (120, 600, Decision::RetryAfter(120 * SECOND)),
            (121, 600, Decision::GiveUp),
            (7, 7, Decision::GiveUp),
        ] {
            let error = answered(429, Some(Duration::from_secs(hint)));
            let situation = Situation {
                remaining: remaining * SECOND,
                ..situation(&error, Replay::Once)
            };
            assert_eq!(decide(&policy, situation), expected, "{hint} of {remaining}");
        }
    }

    #[test]
    fn pauses_grow_and_have_a_bound() {
        let error = lost(TransportKind::Interrupted);
        let pause = |attempts, random| {
            decide(
                &RetryPolicy::default(),
                Situation {
                    attempts,
                    random,
                    ..situation(&error, Replay::Safe)
                },
            )
        };
        assert_eq!(pause(2, 1.0), Decision::RetryAfter(SECOND));
        assert_eq!(pause(3, 0.5), Decision::RetryAfter(SECOND));
        assert_eq!(pause(7, 1.0), Decision::RetryAfter(30 * SECOND));
        assert_eq!(pause(99, 1.0), Decision::RetryAfter(30 * SECOND));
        assert_eq!(pause(4, 0.0), Decision::RetryAfter(Duration::ZERO));
    }

    #[test]
    fn repeats_end_by_time() {
        let again = |seconds| Decision::RetryAfter(seconds * SECOND);
        let stop = Decision::GiveUp;
        let default = RetryPolicy::default();
        let short = RetryPolicy::default().give_up_after(10 * SECOND);
        let off = RetryPolicy::off();
        let table = [
            // policy, failing for, attempts, at least, hint, decision; a pause of its own would be 30 s
            (&default, 0, 9, 1, None, again(30)),
            (&default, 150, 9, 1, None, again(30)),
            (&default, 170, 9, 1, None, again(10)),
            (&default, 180, 9, 1, None, stop),
            (&default, 999, 9, 1, None, stop),
            // A hint is kept whole, or it is left to the caller.
            (&default, 60, 9, 1, Some(120), again(120)),
            (&default, 61, 9, 1, Some(120), stop),
            (&default, 180, 9, 1, Some(0), stop),
            (&short, 0, 9, 1, None, again(10)),
            (&short, 0, 9, 1, Some(11), stop),
            // Some things are tried a few times however long it takes, unless nothing is repeated at all.
            (&default, 999, 9, 10, None, again(30)),
            (&default, 999, 9, 10, Some(120), again(120)),
            (&default, 999, 9, 10, Some(121), stop),
            (&default, 999, 10, 10, None, stop),
            (&off, 0, 9, 10, None, stop),
            (&off, 0, 9, 1, Some(0), stop),
        ];
        for (policy, seconds, attempts, at_least, hint, expected) in table {
            let error = answered(503, hint.map(Duration::from_secs));
            let found = decide(
                policy,
                Situation {
                    attempts,
                    at_least,
                    failing_for: Duration::from_secs(seconds),
                    ..situation(&error, Replay::Safe)
                },
            );
            assert_eq!(found, expected, "{policy:?} {seconds} s, {attempts} of {at_least}, {hint:?}");
        }
    }

    #[test]
    fn hints_are_read_in_every_form() {
        let now = UNIX_EPOCH + 1_770_708_267 * SECOND;
        let table = [
            (Some("14"), None, Some(14)),
            (Some(" 0 "), None, Some(0)),
            (Some("Tue, 10 Feb 2026 07:24:57 GMT"), None, Some(30)),
            (Some("Tue, 10 Feb 2026 07:00:00 GMT"), None, Some(0)),
            (
                Some("soon"),
                Some("Rate limit is exceeded. Try again in 14 seconds."),
                Some(15),
            ),
            (None, Some("Try again in 1 second"), Some(2)),
            (Some("3"), Some("Try again in 14 seconds."), Some(3)),
            (None, Some("Try again in a while"), None),
            (None, Some("Try again in 14 days"), None),
            (None, None, None),
        ];
        for (header, message, expected) in table {
            assert_eq!(
                hint(header, message, now),
                expected.map(Duration::from_secs),
                "{header:?} {message:?}"
            );
        }
    }
}

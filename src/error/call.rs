//! What is known of a call that failed, whatever the failure.

use std::fmt;
use std::time::Duration;

/// Whether a call that failed has changed something at the service.
///
/// The variants are ordered: of several attempts of a call the greatest outcome counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It has not: the request was never sent, the service refused it, or it only reads.
    NotApplied,
    /// It may have: the answer was lost, or was a 1xx, a 408 or a 5xx, which the service also sends after it has done the work,
    /// or was a page with status 2xx where the service sends JSON.
    MaybeApplied,
    /// It has: the service said so, but the rest of the answer could not be read.
    Applied,
}

impl Outcome {
    /// Returns the outcome of a call that was refused with this status. If the service refuses with a 2xx, it has done nothing.
    pub(crate) fn of_refusal(status: u16) -> Self {
        match status {
            100..=199 | 408 | 500..=599 => Self::MaybeApplied,
            _ => Self::NotApplied,
        }
    }
}

/// Whether the same request may get another answer later: the statuses that calls are repeated for.
pub(crate) fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// The call that failed: what was asked, how often, for how long, and the ids that support asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallInfo {
    /// The HTTP method.
    pub method: String,
    /// The path, relative to the endpoint, without its query.
    pub path: String,
    /// How often the request was sent, or tried to be sent.
    pub attempts: u32,
    /// The time from the beginning of the call to its failure, pauses included.
    pub elapsed: Duration,
    /// `MS-CorrelationId` of the last answer, or else the one that was sent.
    pub correlation_id: Option<String>,
    /// `MS-RequestId` or `x-ms-request-id` of the last answer.
    pub request_id: Option<String>,
}

impl CallInfo {
    pub(crate) fn new(method: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            path: path.into(),
            attempts: 0,
            elapsed: Duration::ZERO,
            correlation_id: None,
            request_id: None,
        }
    }

    /// ` after 9 attempts in 181 s` for what was tried more than once, or nothing.
    pub(crate) fn effort(&self) -> String {
        match (self.attempts, self.elapsed) {
            (0 | 1, _) => String::new(),
            (attempts, time) if time < Duration::from_secs(1) => format!(" after {attempts} attempts within a second"),
            (attempts, time) => format!(" after {attempts} attempts in {:.0} s", time.as_secs_f64()),
        }
    }
}

impl fmt::Display for CallInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_a_refusal_says_what_became_of_the_call() {
        use Outcome::{MaybeApplied, NotApplied};
        let table = [
            (101, MaybeApplied),
            (199, MaybeApplied),
            (200, NotApplied),
            (204, NotApplied),
            (302, NotApplied),
            (400, NotApplied),
            (401, NotApplied),
            (408, MaybeApplied),
            (409, NotApplied),
            (429, NotApplied),
            (500, MaybeApplied),
            (599, MaybeApplied),
        ];
        for (status, outcome) in table {
            assert_eq!(Outcome::of_refusal(status), outcome, "{status}");
        }
    }

    #[test]
    fn the_effort_is_told_in_words() {
        let table = [
            (0, 0, ""),
            (1, 90_000, ""),
            (2, 300, " after 2 attempts within a second"),
            (2, 1000, " after 2 attempts in 1 s"),
            (9, 180_600, " after 9 attempts in 181 s"),
        ];
        for (attempts, milliseconds, expected) in table {
            let call = CallInfo {
                attempts,
                elapsed: Duration::from_millis(milliseconds),
                ..CallInfo::new("GET", "applications")
            };
            assert_eq!(call.effort(), expected);
        }
    }
}

//! What is known of a call that failed, whatever the failure.

use std::fmt::{self, Write as _};
use std::time::Duration;

/// Whether a call that failed has changed something at the service.
///
/// Ordered: over several attempts of one call the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It has not: the request was never sent, the service refused it, or it only reads.
    NotApplied,
    /// It may have: the answer was lost, or it was a 1xx, which is none, or a 408 or a 5xx, which the service also gives after
    /// doing the work, or a page with status 2xx where the service answers with JSON.
    MaybeApplied,
    /// It has: the service said so, but the rest of the answer could not be read.
    Applied,
}

impl Outcome {
    /// The outcome of a call that was answered with a no of this status. A no with a 2xx was heard, and nothing was done.
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
    pub(crate) fn effort(&self) -> Effort<'_> {
        Effort(self)
    }
}

impl fmt::Display for CallInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// How often and for how long something was tried.
pub(crate) struct Effort<'a>(&'a CallInfo);

impl fmt::Display for Effort<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.attempts, self.0.elapsed) {
            (0 | 1, _) => Ok(()),
            (attempts, time) if time < Duration::from_secs(1) => write!(f, " after {attempts} attempts within a second"),
            (attempts, time) => write!(f, " after {attempts} attempts in {:.0} s", time.as_secs_f64()),
        }
    }
}

/// A part of a sentence that is left out when there is nothing to say.
pub(crate) struct Clause<'a> {
    pub(crate) before: &'static str,
    pub(crate) text: Option<&'a str>,
}

impl fmt::Display for Clause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text {
            Some(text) if !text.is_empty() => write!(f, "{}{}", self.before, Inline(text)),
            _ => Ok(()),
        }
    }
}

/// A foreign text within a sentence: on one line and of bounded length, so that an answer can neither forge lines of a log nor
/// flood it.
pub(crate) struct Inline<'a>(pub(crate) &'a str);

impl fmt::Display for Inline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 1000;
        let mut gap = false;
        for (at, c) in self.0.trim().chars().enumerate() {
            if at == MOST {
                return f.write_str(" …");
            }
            let blank = c.is_whitespace() || c.is_control();
            if !blank {
                if gap {
                    f.write_char(' ')?;
                }
                f.write_char(c)?;
            }
            gap = blank;
        }
        Ok(())
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
            assert_eq!(call.effort().to_string(), expected);
        }
    }

    #[test]
    fn foreign_text_stays_on_its_line() {
        let table = [
            ("as it is", "as it is"),
            (" a\r\n::error::b\u{1b}[31m\u{2028}c ", "a ::error::b [31m c"),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(Inline(text).to_string(), expected);
        }
        assert_eq!(Inline(&"a".repeat(5000)).to_string().chars().count(), 1002);
    }
}

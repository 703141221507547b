//! Faults: which requests they hit, and what happens to those.
//!
//! A fault counts every request that fits it, also those another fault answers. Of several that are due the one
//! installed first acts.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::Value;

use super::aadsts;
use super::recorded::{method_fits, path_fits};

/// Something that goes wrong, for the requests that fit.
///
/// It begins with [`on`](Self::on); then come, in any order, when it happens (once, unless told otherwise) and what
/// happens.
///
/// ```
/// use msstore::testing::Fault;
///
/// // The first creation of a submission takes effect, but the gateway answers 504.
/// let lost = Fault::on("POST", "/submissions").apply_then().answer(504, "<html>Gateway Timeout</html>");
/// // Every third block of an upload is reset half-way.
/// let flaky = Fault::on("PUT", "/blob/ingestion/*").query("comp=block&").every(3).reset_mid_request();
/// # let _ = (lost, flaky);
/// ```
#[derive(Clone)]
#[must_use = "a fault does nothing until `FakeStore::fault` installs it"]
pub struct Fault {
    method: String,
    path: String,
    query: String,
    occurrence: Occurrence,
    pub(super) apply: bool,
    pub(super) delay: Option<Duration>,
    pub(super) advance: Option<Duration>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) outcome: Outcome,
}

#[derive(Debug, Clone, Copy)]
enum Occurrence {
    Nth(u32),
    First(u32),
    Every(u32),
    Always,
    During(Duration),
    OneIn(u32, u64),
}

#[derive(Clone)]
pub(super) enum Outcome {
    Serve,
    Answer(u16, Bytes),
    Reset,
    ResetMidRequest,
    Cut(CutEnd),
    Stall,
    Truncate,
    Edit(Arc<dyn Fn(&mut Value) + Send + Sync>),
    Throttle(RetryHint),
    ExpireTokens,
    Stale,
    DropPackages,
    ChangePrice(String),
}

/// What comes after half an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CutEnd {
    /// An orderly end of the connection.
    Close,
    /// It does not: nothing more is sent, and the connection stays open.
    Stall,
    /// A reset. Outside Linux the caller may lose with it what was sent before.
    Reset,
}

/// Where a throttled caller finds how long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryHint {
    /// `Retry-After` with seconds, and the text.
    Seconds,
    /// `Retry-After` with an HTTP date, and the text.
    Date,
    /// The text of the body alone, as the gateway does it.
    Text,
}

impl Fault {
    /// Hits the requests with this method (`"*"`: any) whose path ends with `path`, compared segment by segment and
    /// without regard to case. A segment `*` fits any: `"/submissions"` is the creation of a submission of any kind,
    /// `"/applications/*/submissions/*/commit"` the commit of an app's, `""` everything. A pattern that ends with `**`
    /// is compared with the beginning of the path instead: `"/v1.0/my/**"` is the whole API.
    ///
    /// Unless told otherwise it happens to the first such request and serves it as usual.
    pub fn on(method: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            path: path.into(),
            query: String::new(),
            occurrence: Occurrence::First(1),
            apply: false,
            delay: None,
            advance: None,
            headers: Vec::new(),
            outcome: Outcome::Serve,
        }
    }

    /// Hits only requests whose query, as it came with a `&` added at its end, contains this text.
    pub fn query(mut self, text: impl Into<String>) -> Self {
        self.query = text.into();
        self
    }

    /// Happens to the `n`th request that fits, counted from 1.
    pub fn nth(mut self, n: u32) -> Self {
        self.occurrence = Occurrence::Nth(n);
        self
    }

    /// Happens to the first `n` requests that fit.
    pub fn first(mut self, n: u32) -> Self {
        self.occurrence = Occurrence::First(n);
        self
    }

    /// Happens to every `n`th request that fits.
    pub fn every(mut self, n: u32) -> Self {
        self.occurrence = Occurrence::Every(n.max(1));
        self
    }

    /// Happens to all requests that fit.
    pub fn always(mut self) -> Self {
        self.occurrence = Occurrence::Always;
        self
    }

    /// Happens to the first request that fits and to those that follow within this time of the fake's clock.
    pub fn during(mut self, time: Duration) -> Self {
        self.occurrence = Occurrence::During(time);
        self
    }

    /// Happens to one of `n` requests that fit, at random. The same `seed` draws the same ones.
    pub fn one_in(mut self, n: u32, seed: u64) -> Self {
        self.occurrence = Occurrence::OneIn(n.max(1), seed);
        self
    }

    /// The request takes effect before it goes wrong: with [`answer`](Self::answer), [`reset`](Self::reset) and
    /// [`stall`](Self::stall), which otherwise keep it from taking effect.
    pub fn apply_then(mut self) -> Self {
        self.apply = true;
        self
    }

    /// Answers this instead. The content type is guessed from the body unless [`header`](Self::header) sets one.
    pub fn answer(mut self, status: u16, body: impl Into<Bytes>) -> Self {
        self.outcome = Outcome::Answer(status, body.into());
        self
    }

    /// Answers as Entra ID refuses with this number, with samples of what it quotes.
    /// `Fault::on("POST", "/token").aadsts(700_213)` is for both token endpoints. What GitHub and Azure DevOps refuse is an
    /// [`answer`](Self::answer): `Fault::on("GET", "/idtoken").answer(403, …)`,
    /// `Fault::on("POST", "/oidctoken").answer(500, …)`.
    pub fn aadsts(self, number: u32) -> Self {
        let refusal = aadsts::sample(number);
        self.answer(refusal.status, refusal.body)
    }

    /// Sets a header field of the answer, whichever it is.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Resets the connection: after the head of the request was read, or after the request took effect
    /// ([`apply_then`](Self::apply_then)).
    pub fn reset(mut self) -> Self {
        self.outcome = Outcome::Reset;
        self
    }

    /// Resets the connection when half of the request's body was read.
    pub fn reset_mid_request(mut self) -> Self {
        self.outcome = Outcome::ResetMidRequest;
        self
    }

    /// The request takes effect; half of the answer's body is sent, then the connection ends or stalls. An
    /// answer without a body is not sent at all.
    pub fn cut(mut self, end: CutEnd) -> Self {
        self.outcome = Outcome::Cut(end);
        self
    }

    /// Waits this long, in real time, before anything else happens.
    pub fn delay(mut self, time: Duration) -> Self {
        self.delay = Some(time);
        self
    }

    /// Moves the fake's clock on before anything else happens.
    pub fn advance(mut self, time: Duration) -> Self {
        self.advance = Some(time);
        self
    }

    /// Never answers.
    pub fn stall(mut self) -> Self {
        self.outcome = Outcome::Stall;
        self
    }

    /// The request takes effect; the answer's body is only half of what it should be, with the right length.
    pub fn truncate(mut self) -> Self {
        self.outcome = Outcome::Truncate;
        self
    }

    /// The request takes effect; the answer goes out with another content type.
    pub fn content_type(self, value: impl Into<String>) -> Self {
        self.header("Content-Type", value)
    }

    /// The request takes effect; the JSON of the answer is changed before it goes out.
    pub fn edit_answer(mut self, edit: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        self.outcome = Outcome::Edit(Arc::new(edit));
        self
    }

    /// From the first request that fits on, answers 429 for this time of the fake's clock.
    pub fn throttle(mut self, time: Duration, hint: RetryHint) -> Self {
        self.occurrence = Occurrence::During(time);
        self.outcome = Outcome::Throttle(hint);
        self
    }

    /// Expires all tokens first.
    pub fn expire_tokens(mut self) -> Self {
        self.outcome = Outcome::ExpireTokens;
        self
    }

    /// Reads lag: the answer is what it was before the latest write (a deleted submission is still there, a new one
    /// is not, a status is the one of before). Only requests after a write count, and the fault must be installed
    /// before that write.
    pub fn stale(mut self) -> Self {
        self.outcome = Outcome::Stale;
        self
    }

    /// For commits: all goes well, but the packages stay what they were.
    pub fn drop_packages(mut self) -> Self {
        self.outcome = Outcome::DropPackages;
        self
    }

    /// For updates: the base price is another one afterwards.
    pub fn change_price(mut self, price_id: impl Into<String>) -> Self {
        self.outcome = Outcome::ChangePrice(price_id.into());
        self
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &self.query)
            .field("occurrence", &self.occurrence)
            .finish_non_exhaustive()
    }
}

/// An installed fault.
#[derive(Debug)]
pub(super) struct Armed {
    fault: Fault,
    seen: u32,
    since: Option<Instant>,
    random: fastrand::Rng,
}

/// What a fault needs to know of a request.
pub(super) struct Head<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) now: Instant,
    /// Whether the state before the latest write is known.
    pub(super) has_past: bool,
}

/// A fault that hits a request.
#[derive(Debug, Clone)]
pub(super) struct Hit {
    pub(super) fault: Fault,
    /// What is left of a fault's time.
    pub(super) left: Duration,
}

impl Armed {
    pub(super) fn new(fault: Fault) -> Self {
        let seed = match fault.occurrence {
            Occurrence::OneIn(_, seed) => seed,
            _ => 0,
        };
        Self {
            fault,
            seen: 0,
            since: None,
            random: fastrand::Rng::with_seed(seed),
        }
    }

    pub(super) fn needs_past(&self) -> bool {
        matches!(self.fault.outcome, Outcome::Stale)
    }

    fn hit(&mut self, head: &Head<'_>) -> Option<Hit> {
        let fault = &self.fault;
        let fits = method_fits(&fault.method, head.method)
            && path_fits(&fault.path, head.path)
            && format!("{}&", head.query).contains(&fault.query)
            && (head.has_past || !self.needs_past());
        if !fits {
            return None;
        }
        self.seen += 1;
        let since = *self.since.get_or_insert(head.now);
        let passed = head.now.saturating_duration_since(since);
        let (due, left) = match fault.occurrence {
            Occurrence::Nth(n) => (self.seen == n, Duration::ZERO),
            Occurrence::First(n) => (self.seen <= n, Duration::ZERO),
            Occurrence::Every(n) => (self.seen.is_multiple_of(n), Duration::ZERO),
            Occurrence::Always => (true, Duration::ZERO),
            Occurrence::OneIn(n, _) => (self.random.u32(..n) == 0, Duration::ZERO),
            Occurrence::During(time) => (passed < time, time.saturating_sub(passed)),
        };
        due.then(|| Hit {
            fault: fault.clone(),
            left,
        })
    }
}

/// The fault that acts on a request; all that fit count it.
pub(super) fn first_due(faults: &mut [Armed], head: &Head<'_>) -> Option<Hit> {
    let mut first = None;
    for armed in faults {
        let hit = armed.hit(head);
        if first.is_none() {
            first = hit;
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(fault: Fault, requests: usize) -> Vec<bool> {
        let mut faults = vec![Armed::new(fault)];
        let now = Instant::now();
        (0..requests)
            .map(|at| {
                let head = Head {
                    method: "GET",
                    path: "/a/b",
                    query: "comp=block",
                    now: now + Duration::from_secs(at as u64),
                    has_past: false,
                };
                first_due(&mut faults, &head).is_some()
            })
            .collect()
    }

    #[test]
    fn occurrences() {
        let (t, f) = (true, false);
        let table = [
            (Fault::on("GET", "/b"), [t, f, f, f]),
            (Fault::on("*", "").nth(2), [f, t, f, f]),
            (Fault::on("GET", "/b").first(3), [t, t, t, f]),
            (Fault::on("GET", "/b").every(2), [f, t, f, t]),
            (Fault::on("get", "/*/b").always(), [t, t, t, t]),
            (Fault::on("GET", "/b").during(Duration::from_secs(2)), [t, t, f, f]),
            (Fault::on("GET", "/b").query("comp=block&").always(), [t, t, t, t]),
            (Fault::on("GET", "/b").query("comp=blocklist").always(), [f, f, f, f]),
            (Fault::on("PUT", "/b").always(), [f, f, f, f]),
            (Fault::on("GET", "/b").stale().always(), [f, f, f, f]),
        ];
        let drawn = |n, seed| hits(Fault::on("GET", "/b").one_in(n, seed), 4000);
        assert!(drawn(1, 7).iter().all(|hit| *hit));
        assert_eq!(drawn(5, 7), drawn(5, 7));
        assert_ne!(drawn(5, 7), drawn(5, 8));
        assert!((700..900).contains(&drawn(5, 7).iter().filter(|hit| **hit).count()));
        for (fault, expected) in table {
            let shown = format!("{fault:?}");
            assert_eq!(hits(fault, 4), expected, "{shown}");
        }
    }
}

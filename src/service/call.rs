//! One call under way: attempt after attempt, until it is done or may not be sent again.
//!
//! What may be repeated is decided in `http::retry`. A call's outcome is the greatest of its attempts, so that a create that was
//! lost and then refused still counts as perhaps done. The HTTP status survives whatever happens to the body.

use std::time::{Duration, Instant};

use bytes::Bytes;
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use crate::error::{CallInfo, Error, Outcome, Result, TransportKind};
use crate::http::clock::after;
use crate::http::request::Request;
use crate::http::retry::{Decision, Situation, decide, hint};
use crate::http::{Answer, CORRELATION_ID, Http};
use crate::model::receipt::Receipt;
use crate::service::dialect::Dialect;

/// An answer that is a yes.
#[derive(Debug)]
pub(crate) struct Response<B = Bytes> {
    pub(crate) status: u16,
    /// The length of the resource, whatever part of it came.
    pub(crate) length: Option<u64>,
    pub(crate) body: B,
    pub(crate) call: CallInfo,
}

impl<B> Response<B> {
    pub(crate) fn receipt(&self) -> Receipt {
        let CallInfo {
            correlation_id,
            request_id,
            ..
        } = self.call.clone();
        Receipt::new(self.status, correlation_id, request_id, ())
    }

    /// The error for an answer that can be read, and is not what was expected.
    pub(crate) fn unexpected(&self, path: impl Into<String>, expected: impl Into<String>) -> Error {
        Error::decode(self.call.clone(), self.status, path, expected)
    }
}

/// An answer whose body is JSON.
pub(crate) type Json = Response<Value>;

impl Response {
    /// Reads the body as JSON.
    pub(crate) fn json(self) -> Result<Json> {
        let Self {
            status,
            length,
            body,
            call,
        } = self;
        let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body);
        match serde_json::from_slice(text) {
            Ok(body) => Ok(Response {
                status,
                length,
                body,
                call,
            }),
            // Nothing, which the service says too, or its own JSON, broken off.
            Err(error) if error.is_eof() && matches!(text.trim_ascii_start().first(), None | Some(b'{')) => {
                Err(Error::decode(call, status, "", "JSON"))
            }
            Err(_) => Err(Error::foreign(call, status, "", "JSON")),
        }
    }
}

/// A server that is asked without a token and a rate limit: whoever gives tokens, and the blob store.
#[derive(Clone)]
pub(crate) struct Peer {
    http: Http,
    dialect: &'static Dialect,
}

impl Peer {
    pub(crate) fn new(http: Http, dialect: &'static Dialect) -> Self {
        Self { http, dialect }
    }

    pub(crate) fn http(&self) -> &Http {
        &self.http
    }

    /// Sends a request to its URL, as long as its class and the policy allow, until its deadline or the end of the call's own
    /// time.
    pub(crate) async fn send(&self, request: &Request) -> Result<Response> {
        let url = request.url(None)?;
        let mut call = Call::new(&self.http, self.dialect, request, &url);
        loop {
            if call.is_over() {
                return Err(call.out_of_time(None));
            }
            match call.attempt(None).await? {
                Next::Done(response) => return Ok(response),
                Next::Again(pause) => self.http.clock().sleep(pause).await,
                // There is none.
                Next::RenewToken => {}
            }
        }
    }
}

/// What follows an attempt.
pub(super) enum Next {
    Done(Response),
    /// Send it again after a pause.
    Again(Duration),
    /// The token was not taken: drop it, and send again with another.
    RenewToken,
}

/// A call under way.
pub(super) struct Call<'c> {
    http: &'c Http,
    dialect: &'c Dialect,
    request: &'c Request,
    url: &'c Url,
    started: Instant,
    /// The end of the call's own time.
    own_end: Instant,
    info: CallInfo,
    /// The greatest of its attempts.
    outcome: Outcome,
    /// Replays for a token, which do not count as attempts.
    renewals: u32,
    /// When it failed for the first time.
    failing_since: Option<Instant>,
    /// What came of the attempt before, which says more than that the time was up.
    last: Option<Error>,
    /// For how long the last answer asks all to pause.
    pub(super) throttled: Option<Duration>,
}

impl<'c> Call<'c> {
    pub(super) fn new(http: &'c Http, dialect: &'c Dialect, request: &'c Request, url: &'c Url) -> Self {
        let started = http.clock().now();
        let own_time = request.call_timeout.unwrap_or(http.settings().retry.call_timeout);
        let mut info = CallInfo::new(request.method.as_str(), &request.path);
        let sent = request.headers.iter().find(|(name, _)| *name == CORRELATION_ID);
        info.correlation_id = sent.map(|(_, id)| id.clone());
        Self {
            http,
            dialect,
            request,
            url,
            started,
            own_end: after(started, own_time),
            info,
            outcome: Outcome::NotApplied,
            renewals: 0,
            failing_since: None,
            last: None,
            throttled: None,
        }
    }

    pub(super) fn outcome(&self) -> Outcome {
        self.outcome
    }

    pub(super) fn is_new(&self) -> bool {
        self.info.attempts == 0
    }

    pub(super) fn deadline(&self) -> Instant {
        self.request.deadline.map_or(self.own_end, |end| end.min(self.own_end))
    }

    pub(super) fn remaining(&self) -> Duration {
        self.deadline().saturating_duration_since(self.http.clock().now())
    }

    /// Sending without time to spare could only end in doubt.
    pub(super) fn is_over(&self) -> bool {
        self.remaining().is_zero()
    }

    /// Until when it waits for the rate limit. As long as it has not been sent that is no part of the call's own time, or of
    /// many calls at once the last could never be sent.
    pub(super) fn patience(&self) -> Option<Instant> {
        if self.is_new() {
            self.request.deadline
        } else {
            Some(self.deadline())
        }
    }

    pub(super) fn has_waited(&mut self, time: Duration) {
        if self.is_new() {
            self.own_end = after(self.own_end, time);
        }
    }

    /// Sends it once, and says what follows.
    pub(super) async fn attempt(&mut self, bearer: Option<&SecretString>) -> Result<Next> {
        self.info.attempts += 1;
        let left = self.remaining();
        let answer = self.http.attempt(self.request, self.url, bearer, left, &mut self.info).await;
        let error = match answer.and_then(|answer| self.judge(answer, bearer)) {
            Ok(response) => return Ok(Next::Done(response)),
            Err(error) => error,
        };
        // A read changes nothing.
        if !self.request.method.is_safe() && self.dialect.writes {
            self.outcome = self.outcome.max(error.outcome());
        }
        let now = self.http.clock().now();
        let policy = &self.http.settings().retry;
        let situation = Situation {
            error: &error,
            replay: self.request.replay,
            attempts: self.info.attempts - self.renewals,
            at_least: self.request.at_least,
            failing_for: self.failing_since.map_or(Duration::ZERO, |since| now - since),
            token_renewable: bearer.is_some() && self.renewals == 0,
            remaining: self.remaining(),
            random: fastrand::f64(),
        };
        let decision = decide(policy, situation);
        // For as long as the service says, or as this call pauses. Beyond `max_hint` a call would not wait either, so others may
        // ask for themselves.
        self.throttled = match (error.retry_after(), decision) {
            _ if error.status() != Some(429) => None,
            (Some(hint), _) => Some(hint).filter(|hint| *hint <= policy.max_hint),
            (None, Decision::RetryAfter(pause)) => Some(pause),
            (None, _) => None,
        };
        match decision {
            Decision::RenewToken => {
                self.renewals += 1;
                Ok(Next::RenewToken)
            }
            Decision::RetryAfter(pause) => {
                tracing::debug!(path = self.request.template, kind = ?error.kind(), status = error.status(), ?pause, "sending again");
                self.failing_since.get_or_insert(now);
                self.last = Some(error);
                Ok(Next::Again(pause))
            }
            Decision::GiveUp => Err(self.finish(error)),
        }
    }

    /// A yes is the response, a no the error that says what helps.
    fn judge(&self, answer: Answer, bearer: Option<&SecretString>) -> Result<Response> {
        let Answer {
            status,
            retry_after,
            length,
            body,
        } = answer;
        let call = self.info.clone();
        let known = self.request.known_secrets(bearer);
        let Some(refusal) = (self.dialect.refusal)(status, &body, &known) else {
            return Ok(Response {
                status,
                length,
                body,
                call,
            });
        };
        let message = refusal.message.as_deref().filter(|_| matches!(status, 429 | 503));
        let hint = hint(retry_after.as_deref(), message, self.http.clock().system_now());
        let advice = (self.dialect.advice)(status, &call.method, &call.path, &refusal);
        Err(Error::answered(call, status, refusal, advice, hint))
    }

    /// The error of a call that has no time left. With how long nothing may be sent, if that is why.
    pub(super) fn out_of_time(&mut self, pause: Option<Duration>) -> Error {
        let late = || {
            let error = Error::transport(TransportKind::DeadlineExceeded, self.info.clone(), None, None);
            match pause {
                Some(pause) => error.retry_in(pause),
                None => error,
            }
        };
        let error = self.last.take().unwrap_or_else(late);
        self.finish(error)
    }

    /// Tells an error what became of the whole call.
    fn finish(&self, error: Error) -> Error {
        let elapsed = self.http.clock().now() - self.started;
        error.of_call(self.info.attempts, elapsed).with_outcome(self.outcome)
    }
}

//! Sends requests: one loop for the API, the token endpoint and the blob store.
//!
//! The loop is thin: what may be repeated is decided in `retry`, how fast in `limit`. A call's outcome is the greatest of
//! its attempts, so that a create that was lost and then refused still counts as perhaps done. The HTTP status survives
//! whatever happens to the body.

mod attempt;
pub(crate) mod clock;
pub(crate) mod limit;
pub(crate) mod request;
pub(crate) mod retry;
mod tls;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use secrecy::SecretString;
use url::Url;

use crate::error::{ApiError, AuthError, CallInfo, Error, ErrorBody, Outcome, Result, TransportError, TransportErrorKind};
use crate::transport::attempt::{Answer, Limits};
use crate::transport::clock::{Clock, after};
use crate::transport::limit::{Queue, RateLimit, Window};
use crate::transport::request::{Audience, Body, Request};
use crate::transport::retry::{Decision, Failure, RetryPolicy, Situation, decide, hint};

/// A boxed future that can be sent between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Connections to the blob store are kept for so long without use.
const POOL_IDLE: Duration = Duration::from_secs(30);

/// Longer than any attempt.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Answers are read up to this many bytes, unless told otherwise.
const MAX_ANSWER: usize = 64 << 20;

/// Where bearers come from.
pub(crate) trait Authorize: Send + Sync {
    /// A bearer that is alive, by the deadline.
    fn bearer(&self, deadline: Instant) -> BoxFuture<'_, Result<Bearer, AuthError>>;
    /// The service did not take it.
    fn reject(&self, bearer: &Bearer);
}

/// An access token, and which one it is.
#[derive(Clone)]
pub(crate) struct Bearer {
    pub(crate) secret: SecretString,
    pub(crate) generation: u64,
}

/// A 2xx answer.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    pub(crate) call: CallInfo,
}

/// What a client may set.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) retry: RetryPolicy,
    pub(crate) rate_limit: RateLimit,
    pub(crate) connect_timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) create_timeout: Duration,
    /// In bytes.
    pub(crate) max_answer: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            retry: RetryPolicy::default(),
            rate_limit: RateLimit::default(),
            connect_timeout: Duration::from_secs(10),
            attempt_timeout: Duration::from_secs(100),
            create_timeout: Duration::from_secs(300),
            max_answer: MAX_ANSWER,
        }
    }
}

/// Cheap to clone; clones share connections, the rate limit and the clock.
#[derive(Clone)]
pub(crate) struct Transport {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    /// Loopback is reached without a proxy.
    loopback: reqwest::Client,
    clock: Clock,
    window: Mutex<Window>,
    queue: Queue,
    settings: Settings,
}

/// The state of one call.
struct Run {
    started: Instant,
    /// The end of the call's own time.
    own_end: Instant,
    /// The end that the caller has set.
    set_end: Option<Instant>,
    call: CallInfo,
    /// Replays for a token, which do not count as attempts.
    renewals: u32,
    /// When it failed for the first time.
    failing_since: Option<Instant>,
}

impl Run {
    fn deadline(&self) -> Instant {
        self.set_end.map_or(self.own_end, |end| end.min(self.own_end))
    }

    /// Until when it waits for the rate limit. As long as it has not been sent that is no part of the call's own time, or of
    /// many calls at once the last could never be sent.
    fn patience(&self) -> Option<Instant> {
        if self.call.attempts == 0 {
            self.set_end
        } else {
            Some(self.deadline())
        }
    }

    fn has_waited(&mut self, time: Duration) {
        if self.call.attempts == 0 {
            self.own_end = after(self.own_end, time);
        }
    }
}

/// Why a request cannot be sent.
enum NotReady {
    /// And how long nothing may be sent, if that is why.
    OutOfTime(Option<Duration>),
    NoToken(AuthError),
}

impl Transport {
    /// `proxies` is whether the builder's proxies hold; for an endpoint on loopback they do not.
    pub(crate) fn new(builder: reqwest::ClientBuilder, proxies: bool, settings: Settings, clock: Clock) -> Result<Self> {
        let restrict = |builder: reqwest::ClientBuilder| {
            builder
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false)
                .http1_only()
                .connection_verbose(false)
                .pool_idle_timeout(POOL_IDLE)
                .connect_timeout(settings.connect_timeout)
                // An attempt has its own time, which for an upload may be long; a builder's own cannot be taken back.
                .timeout(NEVER)
                .read_timeout(NEVER)
        };
        let build = |builder: reqwest::ClientBuilder| {
            let failed = |error| {
                TransportError::new(
                    TransportErrorKind::Request,
                    CallInfo::new("the HTTP client", ""),
                    None,
                    Some(error),
                )
            };
            builder.build().map_err(|error| Error::from(failed(error)))
        };
        let http = build(restrict(if proxies { builder } else { builder.no_proxy() }))?;
        let loopback = if proxies {
            build(restrict(reqwest::Client::builder().no_proxy()))?
        } else {
            http.clone()
        };
        let window = Mutex::new(Window::new(settings.rate_limit));
        Ok(Self {
            inner: Arc::new(Inner {
                http,
                loopback,
                clock,
                window,
                queue: Queue::default(),
                settings,
            }),
        })
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Sends a request, as long as its class and the policy allow, until `deadline` or the end of the call's own time.
    pub(crate) async fn send(
        &self,
        request: &Request,
        auth: Option<&dyn Authorize>,
        deadline: Option<Instant>,
    ) -> Result<Response> {
        let started = self.clock().now();
        let own_end = after(started, request.call_timeout.unwrap_or(self.settings().retry.call_timeout));
        let mut call = CallInfo::new(request.method.as_str(), &request.path);
        call.correlation_id = request
            .headers
            .iter()
            .find(|(name, _)| *name == CORRELATION_ID)
            .map(|(_, id)| id.clone());
        let mut run = Run {
            started,
            own_end,
            set_end: deadline,
            call,
            renewals: 0,
            failing_since: None,
        };
        // What the service said last says more than that the time was up.
        let mut last = None;
        loop {
            let bearer = match self.ready(request.audience, auth, &mut run).await {
                Ok(bearer) => bearer,
                Err(NotReady::NoToken(mut error)) => {
                    error.set_outcome(run.call.outcome);
                    return Err(error.into());
                }
                Err(NotReady::OutOfTime(pause)) => {
                    return Err(self.finish(last.unwrap_or_else(|| out_of_time(&run, pause)), &run));
                }
            };
            run.call.attempts += 1;
            let answer = self.attempt(request, bearer.as_ref(), &mut run).await;
            let (failure, error) = match self.judge(request, bearer.as_ref(), answer, &run) {
                Ok(response) => return Ok(response),
                Err(failed) => failed,
            };
            // A request for a token changes nothing that a caller would ask for.
            if request.audience != Audience::Token {
                run.call.came_to(failure.outcome());
            }
            let now = self.clock().now();
            let situation = Situation {
                failure,
                replay: request.replay,
                attempts: run.call.attempts - run.renewals,
                at_least: request.at_least,
                failing_for: run.failing_since.map_or(Duration::ZERO, |since| now - since),
                token_renewable: bearer.is_some() && run.renewals == 0,
                remaining: self.remaining(&run),
                random: fastrand::f64(),
            };
            let decision = decide(&self.settings().retry, situation);
            self.pause_all(request.audience, failure, decision);
            match (decision, bearer, auth) {
                (Decision::RenewToken, Some(bearer), Some(auth)) => {
                    auth.reject(&bearer);
                    run.renewals += 1;
                }
                (Decision::RetryAfter(pause), _, _) => {
                    tracing::debug!(path = request.template, ?failure, ?pause, "sending again");
                    run.failing_since.get_or_insert(now);
                    self.clock().sleep(pause).await;
                    last = Some(error);
                }
                _ => return Err(self.finish(error, &run)),
            }
        }
    }

    /// Waits until the rate limit lets the request through, with a bearer if it needs one. The bearer is asked for after
    /// each wait, because it ages.
    async fn ready(&self, audience: Audience, auth: Option<&dyn Authorize>, run: &mut Run) -> Result<Option<Bearer>, NotReady> {
        let mut turn = None;
        loop {
            let bearer = match auth {
                // A foreign provider may hang; the call's time bounds it.
                Some(auth) => match tokio::time::timeout(self.remaining(run), auth.bearer(run.deadline())).await {
                    Ok(bearer) => Some(bearer.map_err(NotReady::NoToken)?),
                    Err(_) => return Err(NotReady::OutOfTime(None)),
                },
                None => None,
            };
            // Sending without time to spare could only end in doubt.
            let now = self.clock().now();
            if now >= run.deadline() {
                return Err(NotReady::OutOfTime(None));
            }
            if audience != Audience::Api {
                return Ok(bearer);
            }
            let new = run.call.attempts == 0;
            // Without a wait the bearer is as good as it was.
            turn = turn.or_else(|| self.inner.queue.try_turn(new));
            let wait = match turn {
                None => None,
                Some(_) => match self.window().admit(now) {
                    Ok(()) => return Ok(bearer),
                    Err(until) => Some(until),
                },
            };
            match (wait, run.patience()) {
                (Some(until), Some(end)) if until >= end => return Err(NotReady::OutOfTime(Some(until - now))),
                (Some(until), _) => self.clock().sleep_until(until).await,
                (None, end) => {
                    let time = end.map_or(NEVER, |end| end.saturating_duration_since(now));
                    let its_turn = self.inner.queue.turn(new);
                    match tokio::time::timeout(time, its_turn).await {
                        Ok(its_turn) => turn = Some(its_turn),
                        Err(_) => return Err(NotReady::OutOfTime(None)),
                    }
                }
            }
            run.has_waited(self.clock().now() - now);
        }
    }

    /// A 429 holds for all clones, for as long as the service says or as this call pauses. Beyond `max_hint` a call would
    /// not wait either, so others may ask for themselves.
    fn pause_all(&self, audience: Audience, failure: Failure, decision: Decision) {
        let pause = match (audience, failure, decision) {
            (Audience::Api, Failure::Status(429, Some(hint)), _) if hint <= self.settings().retry.max_hint => hint,
            (Audience::Api, Failure::Status(429, None), Decision::RetryAfter(pause)) => pause,
            _ => return,
        };
        self.window().pause_until(after(self.clock().now(), pause));
    }

    async fn attempt(&self, request: &Request, bearer: Option<&Bearer>, run: &mut Run) -> Answer {
        let of_body = match &request.body {
            Body::Stream(source) => source.attempt_timeout(),
            Body::Empty | Body::Bytes(_) => None,
        };
        let usual = of_body.or(request.attempt_timeout).unwrap_or(self.settings().attempt_timeout);
        let loopback = is_loopback(&request.url);
        let http = if loopback { &self.inner.loopback } else { &self.inner.http };
        let timeout = usual.min(self.remaining(run));
        let limits = Limits {
            timeout,
            max_answer: self.settings().max_answer,
        };
        attempt::attempt(http, request, bearer, limits, &mut run.call).await
    }

    /// A 2xx that was read whole is the response; everything else is a failure and the error that it would be.
    fn judge(&self, request: &Request, bearer: Option<&Bearer>, answer: Answer, run: &Run) -> Result<Response, (Failure, Error)> {
        let failed = |failure, kind, status, source| {
            Err((
                failure,
                Error::from(TransportError::new(kind, run.call.clone(), status, source)),
            ))
        };
        match answer {
            Answer::Success { status, body } => Ok(Response {
                status,
                body,
                call: run.call.clone(),
            }),
            Answer::Refused {
                status,
                retry_after,
                body,
            } => {
                let body = ErrorBody::parse(&body, &request.known_secrets(bearer));
                let hint = match status {
                    429 | 503 => hint(retry_after.as_deref(), body.message.as_deref(), self.clock().system_now()),
                    _ => hint(retry_after.as_deref(), None, self.clock().system_now()),
                };
                let error = ApiError::new(run.call.clone(), request.audience, status, body, hint).asked_at(&request.url);
                Err((Failure::Status(status, hint), error.into()))
            }
            Answer::NotConnected(source) => failed(Failure::Connect, TransportErrorKind::Connect, None, Some(source)),
            Answer::NotTrusted(source) => failed(
                Failure::Permanent(Outcome::NotApplied),
                TransportErrorKind::Certificate,
                None,
                Some(source),
            ),
            Answer::Lost(source) => failed(Failure::Lost, TransportErrorKind::Interrupted, None, Some(source)),
            Answer::TimedOut => failed(Failure::Lost, TransportErrorKind::TimedOut, None, None),
            Answer::Cut { status, source } => failed(Failure::CutAnswer, TransportErrorKind::CutAnswer, Some(status), source),
            Answer::TooLarge { status } => failed(
                Failure::Permanent(Outcome::Applied),
                TransportErrorKind::TooLarge,
                Some(status),
                None,
            ),
            Answer::NotMade(source) => failed(
                Failure::Permanent(Outcome::NotApplied),
                TransportErrorKind::Request,
                None,
                Some(source),
            ),
        }
    }

    /// Tells an error what became of the whole call.
    fn finish(&self, mut error: Error, run: &Run) -> Error {
        let call = match &mut error {
            Error::Api(error) => Some(error.call_mut()),
            Error::Transport(error) => Some(error.call_mut()),
            _ => None,
        };
        if let Some(call) = call {
            call.outcome = run.call.outcome;
            call.attempts = run.call.attempts;
            call.elapsed = self.clock().now() - run.started;
        }
        error
    }

    fn remaining(&self, run: &Run) -> Duration {
        run.deadline().saturating_duration_since(self.clock().now())
    }

    fn window(&self) -> std::sync::MutexGuard<'_, Window> {
        self.inner.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn out_of_time(run: &Run, pause: Option<Duration>) -> Error {
    let error = TransportError::new(TransportErrorKind::DeadlineExceeded, run.call.clone(), None, None);
    match pause {
        Some(pause) => error.retry_in(pause).into(),
        None => error.into(),
    }
}

/// The header that names a call at both ends.
pub(crate) const CORRELATION_ID: &str = "MS-CorrelationId";

/// Whether a URL leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::request::Method;

    #[tokio::test]
    async fn who_is_turned_away_by_a_pause_is_told_how_long_it_lasts() {
        let clock = Clock::jumping();
        let transport = Transport::new(reqwest::Client::builder(), false, Settings::default(), clock.clone()).unwrap();
        let (now, seconds) = (clock.now(), Duration::from_secs);
        transport.window().pause_until(now + seconds(100));
        let url = Url::parse("http://127.0.0.1:1/").unwrap();
        let request = Request::new(Method::Get, url, "applications", Audience::Api);
        let error = transport.send(&request, None, Some(now + seconds(60))).await.unwrap_err();
        let pause = error.retry_after().unwrap();
        assert!(pause > seconds(90) && pause <= seconds(100), "{pause:?}");
        let Error::Transport(late) = &error else { panic!("{error:?}") };
        assert_eq!(
            (late.kind(), error.outcome(), late.call().attempts),
            (TransportErrorKind::DeadlineExceeded, Outcome::NotApplied, 0)
        );
        assert!(error.to_string().contains("; try again in "), "{error}");
        assert!(clock.now() - now < seconds(60), "it does not wait for nothing");
    }
}

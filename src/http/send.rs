//! One attempt: the only place that sends. What came of it is an answer, or an error that says how it failed; nothing is decided
//! here.
//!
//! An attempt's time is real time. The body of a refusal gets a short time of its own, so that a stall within it does not
//! cost the status.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use reqwest::header::{CONNECTION, CONTENT_LENGTH, CONTENT_RANGE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use secrecy::{ExposeSecret, SecretString};
use tracing::Instrument;
use url::Url;

use crate::error::{CallInfo, Error, KEPT_BODY, Result, TransportKind, id};
use crate::http::body::KnownLength;
use crate::http::clock::{Clock, NEVER};
use crate::http::request::{Body, Request, has_body};
use crate::http::retry::RetryPolicy;
use crate::http::tls::certificate_refused;
use crate::http::url::is_loopback;

/// Connections that are kept are kept for so long without use.
const POOL_IDLE: Duration = Duration::from_secs(30);

/// Answers are read up to this many bytes, unless told otherwise.
const MAX_ANSWER: usize = 64 << 20;

/// What a client may set.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) retry: RetryPolicy,
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
            connect_timeout: Duration::from_secs(10),
            attempt_timeout: Duration::from_secs(100),
            create_timeout: Duration::from_secs(300),
            max_answer: MAX_ANSWER,
        }
    }
}

/// Cheap to clone; clones share connections and the clock.
#[derive(Clone)]
pub(crate) struct Http {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    /// Loopback is reached without a proxy.
    loopback: reqwest::Client,
    clock: Clock,
    settings: Settings,
}

impl Http {
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
            let call = || CallInfo::new("the HTTP client", "");
            let failed = |error| Error::transport(TransportKind::Request, call(), None, cause(error));
            builder.build().map_err(failed)
        };
        let http = build(restrict(if proxies { builder } else { builder.no_proxy() }))?;
        let loopback = if proxies {
            build(restrict(reqwest::Client::builder().no_proxy()))?
        } else {
            http.clone()
        };
        let inner = Inner {
            http,
            loopback,
            clock,
            settings,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Sends it once, within `left` and its own time. The ids of the answer go into `call`.
    pub(crate) async fn attempt(
        &self,
        request: &Request,
        url: &Url,
        bearer: Option<&SecretString>,
        left: Duration,
        call: &mut CallInfo,
    ) -> Result<Answer> {
        let of_body = match &request.body {
            Body::Stream(source) => source.attempt_timeout(),
            Body::Empty | Body::Bytes(_) => None,
        };
        let usual = of_body.or(request.attempt_timeout).unwrap_or(self.settings().attempt_timeout);
        let attempt = Attempt {
            http: if is_loopback(url) {
                &self.inner.loopback
            } else {
                &self.inner.http
            },
            request,
            url,
            bearer,
            timeout: usual.min(left),
            max_answer: request.max_answer.unwrap_or(self.settings().max_answer),
        };
        attempt.run(call).await
    }
}

/// The longest time for the body of a refusal.
const REFUSAL_TIME: Duration = Duration::from_secs(10);

/// An answer of any status. The body of a 2xx is whole, that of another as much as is kept of it.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    /// The length of the resource, whatever part of it came.
    pub(crate) length: Option<u64>,
    pub(crate) body: Bytes,
}

struct Attempt<'a> {
    http: &'a reqwest::Client,
    request: &'a Request,
    url: &'a Url,
    bearer: Option<&'a SecretString>,
    timeout: Duration,
    /// The most bytes of a 2xx answer.
    max_answer: usize,
}

impl Attempt<'_> {
    async fn run(self, call: &mut CallInfo) -> Result<Answer> {
        let span = tracing::debug_span!(
            "request",
            method = self.request.method.as_str(),
            path = self.request.template,
            attempt = call.attempts,
            status = tracing::field::Empty,
            correlation_id = tracing::field::Empty,
            elapsed_ms = tracing::field::Empty,
        );
        let started = Instant::now();
        let answer = self.send_and_read(call).instrument(span.clone()).await;
        span.record(
            "status",
            answer.as_ref().map_or_else(Error::status, |answer| Some(answer.status)),
        );
        span.record("correlation_id", call.correlation_id.as_deref());
        span.record("elapsed_ms", u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
        answer
    }

    async fn send_and_read(&self, call: &mut CallInfo) -> Result<Answer> {
        let started = Instant::now();
        let response = match tokio::time::timeout(self.timeout, self.build().send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(Error::transport(why_not_sent(&error), call.clone(), None, cause(error))),
            Err(_) => return Err(Error::transport(TransportKind::TimedOut, call.clone(), None, None)),
        };
        let status = response.status().as_u16();
        let known = self.request.known_secrets(self.bearer);
        let id = |name: &str| text(response.headers(), name).and_then(|text| id(text, &known));
        if let Some(id) = self.request.ids.iter().find_map(|name| id(name)) {
            call.correlation_id = Some(id);
        }
        call.request_id = id("MS-RequestId").or_else(|| id("x-ms-request-id"));
        let retry_after = text(response.headers(), RETRY_AFTER.as_str()).map(str::to_owned);
        let length = length(response.headers());
        let is_success = response.status().is_success();
        let left = self.timeout.saturating_sub(started.elapsed());
        let (time, most) = if is_success {
            (left, self.max_answer)
        } else {
            (left.min(REFUSAL_TIME), KEPT_BODY)
        };
        let mut body = BytesMut::new();
        let broken = match tokio::time::timeout(time, read(response, &mut body, most)).await {
            Ok(Ok(true)) => None,
            Ok(Ok(false)) => Some((TransportKind::TooLarge, None)),
            Ok(Err(error)) => Some((TransportKind::CutAnswer, cause(error))),
            Err(_) => Some((TransportKind::CutAnswer, None)),
        };
        match broken {
            Some((kind, source)) if is_success => Err(Error::transport(kind, call.clone(), Some(status), source)),
            // Whatever becomes of the body of a refusal, its status is known.
            _ => Ok(Answer {
                status,
                retry_after,
                length,
                body: body.freeze(),
            }),
        }
    }

    fn build(&self) -> reqwest::RequestBuilder {
        let request = self.request;
        let has_body = has_body(&request.method);
        let mut builder = self.http.request(request.method.clone(), self.url.clone());
        if !request.keep_alive {
            builder = builder.header(CONNECTION, "close");
        }
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        for (name, value) in &request.secret_headers {
            builder = add_secret(builder, name, value.expose_secret());
        }
        if let Some(bearer) = self.bearer {
            builder = builder.bearer_auth(bearer.expose_secret());
        }
        match &request.body {
            // The gateway wants a length, and reqwest sends none for a body that is not there.
            Body::Empty if has_body => builder.header(CONTENT_LENGTH, 0),
            Body::Empty => builder,
            Body::Bytes(bytes) => builder.body(bytes.clone()),
            Body::Stream(source) => builder.body(reqwest::Body::wrap(KnownLength {
                left: source.len(),
                stream: source.open(),
            })),
        }
    }
}

fn why_not_sent(error: &reqwest::Error) -> TransportKind {
    if error.is_builder() {
        TransportKind::Request
    } else if !error.is_connect() {
        TransportKind::Interrupted
    } else if certificate_refused(error) {
        TransportKind::Certificate
    } else {
        TransportKind::Connect
    }
}

/// Reads up to `limit` bytes; whether that was all.
async fn read(mut response: reqwest::Response, body: &mut BytesMut, limit: usize) -> reqwest::Result<bool> {
    while let Some(chunk) = response.chunk().await? {
        let room = limit - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            return Ok(false);
        }
    }
    Ok(true)
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().filter(|text| !text.is_empty())
}

/// The length of the resource: what follows the slash of `bytes 0-7/12345`, or else that of the answer.
fn length(headers: &HeaderMap) -> Option<u64> {
    let text_of = |name: HeaderName| text(headers, name.as_str());
    match text_of(CONTENT_RANGE) {
        Some(range) => range.rsplit_once('/')?.1.parse().ok(),
        None => text_of(CONTENT_LENGTH)?.parse().ok(),
    }
}

/// Adds a field that no log of the connection shows. If its value is not valid in a header, the builder fails.
fn add_secret(builder: reqwest::RequestBuilder, name: &str, text: &str) -> reqwest::RequestBuilder {
    match HeaderValue::try_from(text) {
        Ok(mut value) => {
            value.set_sensitive(true);
            builder.header(name, value)
        }
        Err(_) => builder.header(name, "\n"),
    }
}

/// Returns the cause of reqwest's error, whose own sentence says less than ours, without the URL, whose query may hold a secret.
fn cause(error: reqwest::Error) -> Option<Box<dyn std::error::Error + Send + Sync>> {
    let below = Below(error.without_url());
    std::error::Error::source(&below.0).is_some().then(|| Box::new(below) as _)
}

#[derive(Debug)]
struct Below(reqwest::Error);

impl Below {
    fn below(&self) -> &(dyn std::error::Error + 'static) {
        std::error::Error::source(&self.0).unwrap_or(&self.0)
    }
}

impl std::fmt::Display for Below {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self.below(), f)
    }
}

impl std::error::Error for Below {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.below().source()
    }
}

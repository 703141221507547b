//! One attempt: the only place that sends. What came of it is an `Answer`; nothing is decided here.
//!
//! An attempt's time is real time. The body of a refusal gets a short time of its own, so that a stall within it does not
//! cost the status.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use reqwest::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderValue, RETRY_AFTER};
use secrecy::{ExposeSecret, SecretString};
use tracing::Instrument;
use url::Url;

use crate::error::{CallInfo, KEPT_BODY, id};
use crate::http::request::{Body, BodyStream, Method, Request};
use crate::http::tls::certificate_refused;

/// The longest time for the body of a refusal.
const REFUSAL_TIME: Duration = Duration::from_secs(10);

/// The header that names a call at both ends.
pub(crate) const CORRELATION_ID: &str = "MS-CorrelationId";

/// What came of an attempt.
pub(crate) enum Answer {
    /// An answer of any status. The body of a 2xx is whole, that of another as much as is kept of it.
    Answered {
        status: u16,
        retry_after: Option<String>,
        body: Bytes,
    },
    /// No connection; nothing was sent.
    NotConnected(reqwest::Error),
    /// No connection, because of the server's certificate; nothing was sent.
    NotTrusted(reqwest::Error),
    /// Sent, perhaps in part, and no answer.
    Lost(reqwest::Error),
    TimedOut,
    /// A 2xx broke off.
    Cut {
        status: u16,
        source: Option<reqwest::Error>,
    },
    TooLarge {
        status: u16,
    },
    /// The request could not be made.
    NotMade(reqwest::Error),
}

/// What bounds an attempt.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) timeout: Duration,
    /// The most bytes of a 2xx answer.
    pub(crate) max_answer: usize,
}

pub(super) async fn attempt(
    http: &reqwest::Client,
    request: &Request,
    url: &Url,
    bearer: Option<&SecretString>,
    limits: Limits,
    call: &mut CallInfo,
) -> Answer {
    let span = tracing::debug_span!(
        "request",
        method = request.method.as_str(),
        path = request.template,
        attempt = call.attempts,
        status = tracing::field::Empty,
        correlation_id = tracing::field::Empty,
        elapsed_ms = tracing::field::Empty,
    );
    let started = Instant::now();
    let answer = send_and_read(http, request, url, bearer, limits, call)
        .instrument(span.clone())
        .await;
    if let Some(status) = answer.status() {
        span.record("status", status);
    }
    if let Some(id) = &call.correlation_id {
        span.record("correlation_id", id.as_str());
    }
    span.record("elapsed_ms", u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
    answer
}

impl Answer {
    fn status(&self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } | Self::Cut { status, .. } | Self::TooLarge { status } => Some(*status),
            Self::NotConnected(_) | Self::NotTrusted(_) | Self::Lost(_) | Self::TimedOut | Self::NotMade(_) => None,
        }
    }
}

async fn send_and_read(
    http: &reqwest::Client,
    request: &Request,
    url: &Url,
    bearer: Option<&SecretString>,
    limits: Limits,
    call: &mut CallInfo,
) -> Answer {
    let started = Instant::now();
    let response = match tokio::time::timeout(limits.timeout, build(http, request, url, bearer).send()).await {
        Err(_) => return Answer::TimedOut,
        Ok(Err(error)) if error.is_builder() => return Answer::NotMade(error),
        Ok(Err(error)) if error.is_connect() && certificate_refused(&error) => return Answer::NotTrusted(error),
        Ok(Err(error)) if error.is_connect() => return Answer::NotConnected(error),
        Ok(Err(error)) => return Answer::Lost(error),
        Ok(Ok(response)) => response,
    };
    let status = response.status().as_u16();
    let known = request.known_secrets(bearer);
    let id = |name: &str| text(response.headers(), name).and_then(|text| id(&text, &known));
    if let Some(id) = id(CORRELATION_ID) {
        call.correlation_id = Some(id);
    }
    call.request_id = id("MS-RequestId").or_else(|| id("x-ms-request-id"));
    let left = limits.timeout.saturating_sub(started.elapsed());
    let retry_after = text(response.headers(), RETRY_AFTER.as_str());
    if !(200..300).contains(&status) {
        let mut body = BytesMut::new();
        // Whatever becomes of the body, the status is known.
        let _ = tokio::time::timeout(left.min(REFUSAL_TIME), read(response, &mut body, KEPT_BODY)).await;
        return Answer::Answered {
            status,
            retry_after,
            body: body.freeze(),
        };
    }
    let mut body = BytesMut::new();
    match tokio::time::timeout(left, read(response, &mut body, limits.max_answer)).await {
        Ok(Ok(true)) => Answer::Answered {
            status,
            retry_after,
            body: body.freeze(),
        },
        Ok(Ok(false)) => Answer::TooLarge { status },
        Ok(Err(error)) => Answer::Cut {
            status,
            source: Some(error),
        },
        Err(_) => Answer::Cut { status, source: None },
    }
}

/// Reads up to `limit` bytes; whether that was all.
async fn read(mut response: reqwest::Response, body: &mut BytesMut, limit: usize) -> Result<bool, reqwest::Error> {
    while let Some(chunk) = response.chunk().await? {
        let room = limit - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            return Ok(false);
        }
    }
    Ok(true)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn build(http: &reqwest::Client, request: &Request, url: &Url, bearer: Option<&SecretString>) -> reqwest::RequestBuilder {
    let has_body = !matches!(request.method, Method::GET | Method::DELETE | Method::HEAD);
    let mut builder = http.request(request.method.clone(), url.clone());
    if !request.keep_alive {
        builder = builder.header(CONNECTION, "close");
    }
    for (name, value) in &request.headers {
        builder = builder.header(*name, value);
    }
    for (name, value) in &request.secret_headers {
        builder = add_secret(builder, name, value.expose_secret());
    }
    if let Some(bearer) = bearer {
        let text = format!("Bearer {}", bearer.expose_secret());
        builder = add_secret(builder, AUTHORIZATION.as_str(), &text);
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

/// Adds a field that no log of the connection shows. What is no header text makes the builder fail, which is `NotMade`.
fn add_secret(builder: reqwest::RequestBuilder, name: &str, text: &str) -> reqwest::RequestBuilder {
    match HeaderValue::try_from(text) {
        Ok(mut value) => {
            value.set_sensitive(true);
            builder.header(name, value)
        }
        Err(_) => builder.header(name, "\n"),
    }
}

/// A stream with a length, so that it is not sent in chunks.
struct KnownLength {
    stream: BodyStream,
    left: u64,
}

impl http_body::Body for KnownLength {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        match self.stream.as_mut().poll_next(context) {
            Poll::Ready(Some(Ok(bytes))) => {
                self.left = self.left.saturating_sub(bytes.len() as u64);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// Why it failed: what lies below reqwest's own sentence, which says less than ours, without the URL, whose query may hold a
/// secret.
pub(crate) fn cause(error: reqwest::Error) -> Option<Box<dyn std::error::Error + Send + Sync>> {
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

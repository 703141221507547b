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
use secrecy::ExposeSecret;
use tracing::Instrument;

use crate::error::{CallInfo, KEPT_BODY, id};
use crate::transport::request::{Audience, Body, BodyStream, Method, Request};
use crate::transport::tls::certificate_refused;
use crate::transport::{Bearer, CORRELATION_ID};

/// The longest time for the body of a refusal.
const REFUSAL_TIME: Duration = Duration::from_secs(10);

/// What came of an attempt.
pub(super) enum Answer {
    Success {
        status: u16,
        body: Bytes,
    },
    Refused {
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
pub(super) struct Limits {
    pub(super) timeout: Duration,
    /// The most bytes of a 2xx answer.
    pub(super) max_answer: usize,
}

pub(super) async fn attempt(
    http: &reqwest::Client,
    request: &Request,
    bearer: Option<&Bearer>,
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
    let answer = send_and_read(http, request, bearer, limits, call)
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
            Self::Success { status, .. }
            | Self::Refused { status, .. }
            | Self::Cut { status, .. }
            | Self::TooLarge { status } => Some(*status),
            Self::NotConnected(_) | Self::NotTrusted(_) | Self::Lost(_) | Self::TimedOut | Self::NotMade(_) => None,
        }
    }
}

async fn send_and_read(
    http: &reqwest::Client,
    request: &Request,
    bearer: Option<&Bearer>,
    limits: Limits,
    call: &mut CallInfo,
) -> Answer {
    let started = Instant::now();
    let response = match tokio::time::timeout(limits.timeout, build(http, request, bearer).send()).await {
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
    if !(200..300).contains(&status) {
        let retry_after = text(response.headers(), RETRY_AFTER.as_str());
        let mut body = BytesMut::new();
        // Whatever becomes of the body, the status is known.
        let _ = tokio::time::timeout(left.min(REFUSAL_TIME), read(response, &mut body, KEPT_BODY)).await;
        return Answer::Refused {
            status,
            retry_after,
            body: body.freeze(),
        };
    }
    let mut body = BytesMut::new();
    match tokio::time::timeout(left, read(response, &mut body, limits.max_answer)).await {
        Ok(Ok(true)) => Answer::Success {
            status,
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

fn build(http: &reqwest::Client, request: &Request, bearer: Option<&Bearer>) -> reqwest::RequestBuilder {
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
    };
    let writes = matches!(request.method, Method::Post | Method::Put);
    let mut builder = http.request(method, request.url.clone());
    // A kept connection that the server ends at that moment would leave a write in doubt. Uploads alone gain by keeping them, and
    // may be repeated: twenty requests a minute do not feel a handshake each.
    if request.audience != Audience::Blob {
        builder = builder.header(CONNECTION, "close");
    }
    for (name, value) in &request.headers {
        builder = builder.header(*name, value);
    }
    for (name, value) in &request.secret_headers {
        builder = add_secret(builder, name, value.expose_secret());
    }
    if let Some(bearer) = bearer {
        let text = format!("Bearer {}", bearer.secret.expose_secret());
        builder = add_secret(builder, AUTHORIZATION.as_str(), &text);
    }
    match &request.body {
        // The gateway wants a length, and reqwest sends none for a body that is not there.
        Body::Empty if writes => builder.header(CONTENT_LENGTH, 0),
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

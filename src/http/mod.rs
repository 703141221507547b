//! Sends one attempt of a request, and says what came of it. Knows no API, and is the only place that knows reqwest.
//!
//! What may be repeated is decided in `retry`, how fast in `limit`; both are pure. Whoever sends walks from attempt to attempt.

mod attempt;
pub(crate) mod clock;
pub(crate) mod limit;
pub(crate) mod request;
pub(crate) mod retry;
mod tls;

use std::sync::Arc;
use std::time::Duration;

pub use futures_core::future::BoxFuture;
use secrecy::SecretString;
use url::Url;

use crate::error::{CallInfo, Error, Result, TransportKind};
pub(crate) use crate::http::attempt::{Answer, CORRELATION_ID};
use crate::http::attempt::{Attempt, cause};
use crate::http::clock::{Clock, NEVER};
use crate::http::request::{Body, Request};
use crate::http::retry::RetryPolicy;

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

/// Reads the URL of a server that gets secrets: https, or http on this machine. The error says what is wrong with it.
pub(crate) fn server_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text.trim()).map_err(|_| "it is not a URL")?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err("plain http is allowed on loopback only"),
        _ => Err("it is not https"),
    }
}

/// Returns whether a URL leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

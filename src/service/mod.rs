//! One API of the Store: its endpoint, token, rate limit and dialect.
//!
//! A request is data until it is sent. URLs are built below the endpoint by pushing segments; a link of the service is
//! followed only if it stays there. What else there is to send to, the token endpoint and the blob store, is a `Peer`.

mod call;
pub(crate) mod dialect;
mod gate;
pub(crate) mod look;
pub(crate) mod page;
pub(crate) mod provider;
pub(crate) mod token;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use url::Url;

use crate::error::{Error, Result};
use crate::http::clock::{Clock, after};
use crate::http::limit::RateLimit;
use crate::http::request::{Method, Replay, Request, has_body};
use crate::http::{CORRELATION_ID, Http, Settings, is_loopback};
use crate::model::receipt::Receipt;
use crate::service::call::{Call, Next};
pub(crate) use crate::service::call::{Json, Peer, Response};
use crate::service::dialect::Dialect;
use crate::service::gate::Gate;
use crate::service::provider::{AccessToken, Resource, TokenProvider};
use crate::service::token::TokenCache;

/// An API, as a value.
pub(crate) struct Api {
    /// Ends in a slash.
    pub(crate) endpoint: Url,
    /// What its tokens are for.
    pub(crate) resource: Resource,
    pub(crate) dialect: &'static Dialect,
    pub(crate) rate_limit: RateLimit,
    /// Instead of a fresh one with each call.
    pub(crate) correlation_id: Option<String>,
}

/// An API that can be asked. Cheap to clone; clones share the token and the rate limit.
#[derive(Clone)]
pub(crate) struct Service {
    inner: Arc<Inner>,
    deadline: Option<Instant>,
}

struct Inner {
    http: Http,
    api: Api,
    tokens: TokenCache,
    gate: Gate,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("endpoint", &self.inner.api.endpoint.as_str())
            .field("tokens", &self.inner.tokens)
            .finish_non_exhaustive()
    }
}

impl Service {
    pub(crate) fn new(http: Http, provider: Arc<dyn TokenProvider>, api: Api) -> Self {
        let tokens = TokenCache::new(provider, http.clone(), api.resource);
        let gate = Gate::new(api.rate_limit);
        let inner = Inner { http, api, tokens, gate };
        Self {
            inner: Arc::new(inner),
            deadline: None,
        }
    }

    /// The same, for calls that end at this moment, if there is one and their own time does not end before.
    pub(crate) fn by(&self, deadline: impl Into<Option<Instant>>) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            deadline: deadline.into(),
        }
    }

    pub(crate) fn http(&self) -> &Http {
        &self.inner.http
    }

    pub(crate) fn clock(&self) -> &Clock {
        self.inner.http.clock()
    }

    pub(crate) fn settings(&self) -> &Settings {
        self.inner.http.settings()
    }

    pub(crate) fn endpoint(&self) -> &Url {
        &self.inner.api.endpoint
    }

    /// Whether the endpoint is on this machine, as a fake of the service is.
    pub(crate) fn is_local(&self) -> bool {
        is_loopback(self.endpoint())
    }

    pub(crate) async fn access_token(&self) -> Result<AccessToken> {
        let deadline = after(self.clock().now(), self.settings().retry.call_timeout);
        self.inner.tokens.access_token(deadline).await
    }

    /// Sends a request whose answer is JSON.
    pub(crate) async fn json(&self, request: Request) -> Result<Json> {
        self.send(request).await?.json()
    }

    /// Sends a request whose answer is JSON, or nothing, which is read as `{}`.
    pub(crate) async fn json_or_empty(&self, request: Request) -> Result<Json> {
        let mut response = self.send(request).await?;
        if response.body.trim_ascii().is_empty() {
            response.body = Bytes::from_static(b"{}");
        }
        response.json()
    }

    /// Sends a request whose answer is not read.
    pub(crate) async fn bytes(&self, request: Request) -> Result<Receipt<Bytes>> {
        let response = self.send(request).await?;
        Ok(response.receipt().map(|()| response.body))
    }

    /// A request for a link of the service, or for a path that a program gave; it must lie below the endpoint.
    pub(crate) fn link(&self, method: Method, link: &str, template: &str, replay: Replay) -> Result<Request> {
        let endpoint = self.endpoint();
        let url = resolve(endpoint, link)?;
        let path = url.path().strip_prefix(endpoint.path()).unwrap_or(url.path()).to_owned();
        Ok(Request::to(method, url, path, template, replay))
    }

    /// Sends a request as long as its class and the policy allow, with a token and under the rate limit.
    async fn send(&self, request: Request) -> Result<Response> {
        let Inner { http, api, tokens, gate } = &*self.inner;
        let request = self.complete(request);
        let url = request.url(Some(&api.endpoint))?;
        let clock = http.clock();
        let mut call = Call::new(http, api.dialect, &request, &url);
        let mut turn = None;
        loop {
            // A foreign provider may hang; the call's time bounds it.
            let bearer = tokio::time::timeout(call.remaining(), tokens.bearer(call.deadline())).await;
            let bearer = match bearer {
                Ok(bearer) => bearer.map_err(|error| error.with_outcome(call.outcome()))?,
                Err(_) => return Err(call.out_of_time(None)),
            };
            if call.is_over() {
                return Err(call.out_of_time(None));
            }
            if !gate.admit(&mut call, &mut turn, clock).await? {
                continue;
            }
            let next = call.attempt(Some(&bearer)).await;
            if let Some(pause) = call.throttled {
                gate.pause(pause, clock.now());
            }
            match next.map_err(|error| error.asked_at(&url))? {
                Next::Done(response) => return Ok(response),
                Next::Again(pause) => clock.sleep(pause).await,
                Next::RenewToken => tokens.reject(&bearer),
            }
        }
    }

    /// Adds what goes with each request.
    fn complete(&self, request: Request) -> Request {
        let api = &self.inner.api;
        let correlation_id = api.correlation_id.clone().unwrap_or_else(new_guid);
        let request = request
            .by(self.deadline)
            .header("Accept", "application/json")
            .header(CORRELATION_ID, correlation_id);
        match has_body(&request.method) {
            // Without content too: the service refuses a POST that does not say so.
            true => request.header("Content-Type", "application/json"),
            false => request,
        }
    }
}

/// The URL of a link below `base`: same origin, and still below its path once dots are resolved.
fn resolve(base: &Url, link: &str) -> Result<Url> {
    let refused = |why: &str| Error::invalid("the link", format!("{why}; only paths below the endpoint are followed"));
    // `/\` and control characters are read differently by different programs, so they are not read at all.
    if link.contains('\\') || link.contains(|c: char| c.is_control()) {
        return Err(refused("it has a backslash or a control character"));
    }
    let url = base.join(link.trim()).map_err(|_| refused("it is not a URL"))?;
    if url.fragment().is_some() {
        return Err(refused("it has a fragment, which is never sent"));
    }
    let plain = url.username().is_empty() && url.password().is_none();
    if url.origin() != base.origin() || !plain {
        return Err(refused("it leads to another server"));
    }
    let lower = url.path().to_ascii_lowercase();
    if !url.path().starts_with(base.path()) || lower.contains("%2e%2e") || lower.contains("%2f") || lower.contains("%5c") {
        return Err(refused("it leads out of the endpoint's path"));
    }
    Ok(url)
}

/// A random GUID (version 4). It names a call; it is no secret.
fn new_guid() -> String {
    let bits = (fastrand::u128(..) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

#[cfg(test)]
mod tests;

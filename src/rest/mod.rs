//! One call to the API: token, transport, status check, JSON.
//!
//! A call is data until it is sent. URLs are built below the endpoint by pushing segments; a link of the service is
//! followed only if it stays there.

pub(crate) mod look;
pub(crate) mod page;

use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::Value;
use url::Url;

use crate::auth::{AccessToken, TokenCache, TokenProvider};
use crate::error::{CallInfo, DecodeError, InvalidInput, Result};
use crate::model::receipt::Receipt;
use crate::transport::clock::after;
use crate::transport::request::{Audience, Body, Method, Path, Replay, Request};
use crate::transport::{Authorize, CORRELATION_ID, Response, Transport, is_loopback};

/// What all handles of a client share.
pub(crate) struct Core {
    transport: Transport,
    tokens: TokenCache,
    endpoint: Url,
    correlation_id: Option<String>,
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("endpoint", &self.endpoint.as_str())
            .field("tokens", &self.tokens)
            .finish_non_exhaustive()
    }
}

/// A call, before it is sent.
pub(crate) struct Call {
    method: Method,
    path: Path,
    query: Vec<(&'static str, String)>,
    body: Body,
    replay: Replay,
    timeout: Option<Duration>,
    deadline: Option<Instant>,
}

impl Call {
    fn new(method: Method, path: Path, replay: Replay) -> Self {
        Self {
            method,
            path,
            query: Vec::new(),
            body: Body::Empty,
            replay,
            timeout: None,
            deadline: None,
        }
    }

    pub(crate) fn get(path: Path) -> Self {
        Self::new(Method::Get, path, Replay::Safe)
    }

    /// Replaces the whole, so it may be repeated.
    pub(crate) fn put(path: Path, body: Vec<u8>) -> Self {
        Self {
            body: Body::Bytes(body.into()),
            ..Self::new(Method::Put, path, Replay::Safe)
        }
    }

    pub(crate) fn delete(path: Path) -> Self {
        Self::new(Method::Delete, path, Replay::Safe)
    }

    /// Without a body. Not repeated when its outcome is unknown.
    pub(crate) fn post(path: Path) -> Self {
        Self::new(Method::Post, path, Replay::Once)
    }

    pub(crate) fn with_body(mut self, body: Vec<u8>) -> Self {
        self.body = Body::Bytes(body.into());
        self
    }

    pub(crate) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(crate) fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Ends the call at this moment, if there is one and its own time does not end before.
    pub(crate) fn by(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }
}

/// An answer whose body is JSON.
pub(crate) struct Json {
    pub(crate) receipt: Receipt<()>,
    pub(crate) call: CallInfo,
    pub(crate) value: Value,
}

impl Json {
    /// The error for an answer that is JSON, but not the JSON that was expected.
    pub(crate) fn unexpected(&self, path: impl Into<String>, expected: impl Into<String>) -> DecodeError {
        DecodeError::new(self.call.clone(), self.receipt.http_status, path, expected)
    }
}

impl Core {
    /// `endpoint` ends in a slash.
    pub(crate) fn new(
        transport: Transport,
        provider: Box<dyn TokenProvider>,
        endpoint: Url,
        correlation_id: Option<String>,
    ) -> Self {
        let tokens = TokenCache::new(provider, transport.clone());
        Self {
            transport,
            tokens,
            endpoint,
            correlation_id,
        }
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Whether the endpoint is on this machine, as a fake of the service is.
    pub(crate) fn is_local(&self) -> bool {
        is_loopback(&self.endpoint)
    }

    pub(crate) async fn access_token(&self) -> Result<AccessToken> {
        let deadline = after(self.transport.clock().now(), self.transport.settings().retry.call_timeout);
        Ok(self.tokens.access_token(deadline).await?)
    }

    /// Sends a call whose answer is not read.
    pub(crate) async fn send(&self, call: Call) -> Result<Receipt<Bytes>> {
        Ok(receipt(self.exchange(call).await?))
    }

    /// Sends a call whose answer is JSON.
    pub(crate) async fn json(&self, call: Call) -> Result<Json> {
        json(self.exchange(call).await?)
    }

    /// Sends a call whose answer is JSON, or nothing, which is read as `{}`.
    pub(crate) async fn json_or_empty(&self, call: Call) -> Result<Json> {
        let mut response = self.exchange(call).await?;
        if response.body.trim_ascii().is_empty() {
            response.body = Bytes::from_static(b"{}");
        }
        json(response)
    }

    /// Where a call goes.
    fn url(&self, call: &Call) -> Url {
        let mut url = call.path.url(&self.endpoint);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        url
    }

    async fn exchange(&self, call: Call) -> Result<Response> {
        let url = self.url(&call);
        let mut request = self.request(call.method, url, call.path.text());
        call.path.template().clone_into(&mut request.template);
        request.replay = call.replay;
        request.attempt_timeout = call.timeout;
        request.body = call.body;
        self.dispatch(&request, call.deadline).await
    }

    /// Reads a link of the service, or a path that a program gave; it must lie below the endpoint.
    pub(crate) async fn follow(&self, link: &str, template: &str, deadline: Option<Instant>) -> Result<Json> {
        let url = resolve(&self.endpoint, link)?;
        let path = self.below_endpoint(&url);
        let mut request = self.request(Method::Get, url, path);
        template.clone_into(&mut request.template);
        json(self.dispatch(&request, deadline).await?)
    }

    /// Sends what a program made itself.
    pub(crate) async fn raw(&self, method: Method, link: &str, body: Option<Bytes>, replay: Replay) -> Result<Receipt<Bytes>> {
        let url = resolve(&self.endpoint, link)?;
        let path = self.below_endpoint(&url);
        let mut request = self.request(method, url, path);
        "(raw)".clone_into(&mut request.template);
        request.replay = replay;
        if let Some(body) = body {
            request.body = Body::Bytes(body);
        }
        Ok(receipt(self.dispatch(&request, None).await?))
    }

    fn below_endpoint(&self, url: &Url) -> String {
        url.path().strip_prefix(self.endpoint.path()).unwrap_or(url.path()).to_owned()
    }

    fn request(&self, method: Method, url: Url, path: String) -> Request {
        let correlation_id = self.correlation_id.clone().unwrap_or_else(new_guid);
        let request = Request::new(method, url, path, Audience::Api)
            .header("Accept", "application/json")
            .header(CORRELATION_ID, correlation_id);
        match method {
            // Without a body too: the service refuses a POST that does not say so.
            Method::Post | Method::Put => request.header("Content-Type", "application/json"),
            Method::Get | Method::Delete => request,
        }
    }

    async fn dispatch(&self, request: &Request, deadline: Option<Instant>) -> Result<Response> {
        let auth: &dyn Authorize = &self.tokens;
        self.transport.send(request, Some(auth), deadline).await
    }
}

fn receipt(response: Response) -> Receipt<Bytes> {
    Receipt::new(
        response.status,
        response.call.correlation_id,
        response.call.request_id,
        response.body,
    )
}

fn json(response: Response) -> Result<Json> {
    let text = response.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&response.body);
    match serde_json::from_slice(text) {
        Ok(value) => {
            let receipt = Receipt::new(
                response.status,
                response.call.correlation_id.clone(),
                response.call.request_id.clone(),
                (),
            );
            Ok(Json {
                receipt,
                call: response.call,
                value,
            })
        }
        Err(_) => Err(DecodeError::new(response.call, response.status, "", "JSON").into()),
    }
}

/// The URL of a link below `base`: same origin, and still below its path once dots are resolved.
pub(crate) fn resolve(base: &Url, link: &str) -> Result<Url> {
    let refused = |why: &str| InvalidInput::new("the link", format!("{why}; only paths below the endpoint are followed"));
    // `/\` and control characters are read differently by different programs, so they are not read at all.
    if link.contains('\\') || link.contains(|c: char| c.is_control()) {
        return Err(refused("it has a backslash or a control character").into());
    }
    let url = base.join(link.trim()).map_err(|_| refused("it is not a URL"))?;
    if url.fragment().is_some() {
        return Err(refused("it has a fragment, which is never sent").into());
    }
    let plain = url.username().is_empty() && url.password().is_none();
    if url.origin() != base.origin() || !plain {
        return Err(refused("it leads to another server").into());
    }
    let lower = url.path().to_ascii_lowercase();
    if !url.path().starts_with(base.path()) || lower.contains("%2e%2e") || lower.contains("%2f") || lower.contains("%5c") {
        return Err(refused("it leads out of the endpoint's path").into());
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
mod tests {
    use super::*;

    #[test]
    fn links_stay_below_the_endpoint() {
        let base = Url::parse("https://h/v1.0/my/").unwrap();
        let table = [
            (
                "applications?skip=10&top=10",
                Some("https://h/v1.0/my/applications?skip=10&top=10"),
            ),
            (
                "applications/9N/listflights/?skip=2&top=2",
                Some("https://h/v1.0/my/applications/9N/listflights/?skip=2&top=2"),
            ),
            (
                "https://h/v1.0/my/applications?skip=1",
                Some("https://h/v1.0/my/applications?skip=1"),
            ),
            ("/v1.0/my/applications", Some("https://h/v1.0/my/applications")),
            ("a/../b", Some("https://h/v1.0/my/b")),
            ("/v1.0/other", None),
            ("../other", None),
            ("a/%2e%2e/%2E%2E/%2e%2e/b", None),
            ("a/..%2f..%2fb", None),
            ("//evil/v1.0/my/applications", None),
            ("https://evil/v1.0/my/applications", None),
            ("http://h/v1.0/my/applications", None),
            ("https://h:444/v1.0/my/applications", None),
            ("https://u:p@h/v1.0/my/applications", None),
            ("\\\\evil\\x", None),
            ("/\\evil/x", None),
            ("data:text/plain,x", None),
            ("applications#x?skip=1", None),
            ("appli\ncations", None),
        ];
        for (link, expected) in table {
            assert_eq!(resolve(&base, link).ok().as_ref().map(Url::as_str), expected, "{link}");
        }
    }

    #[test]
    fn a_guid_has_its_form() {
        let guid = new_guid();
        let lengths: Vec<usize> = guid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(&guid[14..15], "4");
        assert!("89ab".contains(&guid[19..20]), "{guid}");
        assert_ne!(guid, new_guid());
    }
}

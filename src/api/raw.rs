//! The escape hatch: an endpoint that the crate does not know, with the same token, limits, retries and errors.

use std::fmt;
use std::future::IntoFuture;

use bytes::Bytes;
use serde_json::Value;

use crate::auth::BoxFuture;
use crate::error::{Error, Result};
use crate::http::request::{Method, Replay, has_body};
use crate::model::receipt::Receipt;
use crate::service::Service;

/// A call that the crate has no method for. Await it to send it. `Debug` shows neither query nor body.
#[must_use = "nothing is sent before it is awaited"]
pub struct RawRequest {
    service: Service,
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Option<Bytes>,
    replay: Replay,
}

impl fmt::Debug for RawRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.split(['?', '#']).next().unwrap_or_default();
        f.debug_struct("RawRequest")
            .field("method", &self.method)
            .field("path", &path)
            .field("replay", &self.replay)
            .finish_non_exhaustive()
    }
}

impl RawRequest {
    pub(crate) fn new(service: Service, method: Method, path: String, replay: Replay) -> Self {
        Self {
            service,
            method,
            path,
            query: Vec::new(),
            body: None,
            replay,
        }
    }

    /// Adds a query parameter.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sets the JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.body(body.to_string())
    }

    /// Sets the body as bytes; it is sent as `application/json`.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }

    async fn send(self) -> Result<Receipt<Bytes>> {
        if !has_body(&self.method) && self.body.is_some() {
            return Err(Error::invalid("the body", format!("a {} has none", self.method)));
        }
        let mut link = self.path;
        if !self.query.is_empty() {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&self.query)
                .finish();
            link = format!("{link}{}{query}", if link.contains('?') { '&' } else { '?' });
        }
        let mut request = self.service.link(self.method, &link, "(raw)", self.replay)?;
        if let Some(body) = self.body {
            request = request.with_body(body);
        }
        self.service.bytes(request).await
    }
}

/// # Errors
///
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the path leads out of the endpoint; else as any call.
///
/// # Cancel safety
///
/// Dropping the future after it was sent may leave a write applied.
impl IntoFuture for RawRequest {
    type Output = Result<Receipt<Bytes>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

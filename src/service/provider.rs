//! Providers of access tokens, and what they may use.

use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::error::Error;
use crate::http::request::{Method, Replay, Request};
use crate::http::{BoxFuture, Http, server_url};
use crate::secret::redact_url;
use crate::service::call::{Peer, Response};
use crate::service::dialect::{ANYBODY, IdentityProvider};

/// The largest answer that is read, in bytes. A token has a few thousand.
const MAX_ANSWER: usize = 1 << 20;

/// What tokens are for: an API, as Entra knows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resource {
    /// For the v2 endpoint; it ends in `/.default`.
    pub(crate) scope: &'static str,
    /// For the v1 endpoint, if that is the one that is documented.
    pub(crate) v1: Option<&'static str>,
}

/// An access token and how long it lives.
///
/// `Debug` does not show the token.
#[derive(Debug, Clone)]
pub struct AccessToken {
    secret: SecretString,
    lifetime: Duration,
}

impl AccessToken {
    /// Creates a token that lives for `lifetime` from the moment it was asked for.
    #[must_use]
    pub fn new(secret: impl Into<SecretString>, lifetime: Duration) -> Self {
        Self {
            secret: secret.into(),
            lifetime,
        }
    }

    /// Returns the token itself. Do not print it.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// Returns how long it lives, from the moment it was asked for.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }
}

/// Why a token is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenReason {
    /// There is none yet.
    First,
    /// The last one has expired or will soon.
    Expiring,
    /// The service did not take the last one, so a cached copy of it will not do.
    Rejected,
}

/// What a [`TokenProvider`] may use.
pub struct TokenContext {
    pub(crate) http: Http,
    pub(crate) resource: Resource,
    pub(crate) reason: TokenReason,
    pub(crate) deadline: Instant,
}

impl fmt::Debug for TokenContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenContext")
            .field("scope", &self.resource.scope)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

impl TokenContext {
    /// Returns what the token is for, as the v2 endpoint of Entra takes it: `https://manage.devcenter.microsoft.com/.default`.
    #[must_use]
    pub fn scope(&self) -> &str {
        self.resource.scope
    }

    /// Returns what the token is for, as the v1 endpoint of Entra takes it: `https://manage.devcenter.microsoft.com`. There is none
    /// for an API whose tokens come from the v2 endpoint alone.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        self.resource.v1
    }

    /// Returns why a token is asked for.
    #[must_use]
    pub fn reason(&self) -> TokenReason {
        self.reason
    }

    /// Returns how much time the call that needs the token still has. A provider that takes longer is dropped.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(self.http.clock().now())
    }

    /// Posts a form through the client's own transport, with its proxy, TLS, time-outs and retries, and returns the body of
    /// a 2xx answer. The values are treated as secrets, but for those that OAuth makes public: `grant_type`, `client_id`,
    /// `client_assertion_type`, `resource` and `scope`, which Entra names when it refuses them.
    ///
    /// # Errors
    ///
    /// When the URL is neither https nor loopback, when no answer came, and for any status but 2xx; Entra's error body
    /// is understood.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the request.
    pub async fn post_form(&self, url: &Url, fields: &[(&str, SecretString)]) -> Result<Bytes, Error> {
        Ok(self.ask(&ANYBODY, form(url, fields)?).await?.body)
    }

    /// Posts nothing, as [`post_form`](Self::post_form) posts a form, with these header fields and `Content-Length: 0`. That is how the
    /// OIDC endpoint of Azure DevOps is asked for an assertion. The values are treated as secrets.
    ///
    /// # Errors
    ///
    /// Those of [`post_form`](Self::post_form), and when a header field cannot be sent.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the request.
    pub async fn post_empty(&self, url: &Url, headers: &[(&str, SecretString)]) -> Result<Bytes, Error> {
        Ok(self.ask(&ANYBODY, with_headers(Method::POST, url, headers)?).await?.body)
    }

    /// Reads a URL, as [`post_form`](Self::post_form) posts a form, with these header fields: the OIDC endpoint of a CI system, or a
    /// vault. The values are treated as secrets.
    ///
    /// # Errors
    ///
    /// Those of [`post_form`](Self::post_form), and when a header field cannot be sent.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the request.
    pub async fn get(&self, url: &Url, headers: &[(&str, SecretString)]) -> Result<Bytes, Error> {
        Ok(self.ask(&ANYBODY, with_headers(Method::GET, url, headers)?).await?.body)
    }

    /// Sends a request for a token or an assertion, by the deadline.
    pub(crate) async fn ask(&self, provider: &'static IdentityProvider, request: Request) -> Result<Response, Error> {
        let peer = Peer::new(self.http.clone(), &provider.dialect);
        let answer = peer.send(&request.by(Some(self.deadline))).await;
        answer.map_err(|error| error.into_auth(provider.name))
    }
}

/// A form, as [`TokenContext::post_form`] posts it.
pub(crate) fn form(url: &Url, fields: &[(&str, SecretString)]) -> Result<Request, Error> {
    let pairs = fields.iter().map(|(name, value)| (name, value.expose_secret()));
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    let mut request = to(Method::POST, url)?
        .header("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
        .with_body(form);
    let secret = fields.iter().filter(|(name, _)| !is_public(name));
    request.secrets = secret.map(|(_, value)| value.clone()).collect();
    Ok(request)
}

/// A request without a body and with secret header fields.
pub(crate) fn with_headers(method: Method, url: &Url, headers: &[(&str, SecretString)]) -> Result<Request, Error> {
    let mut request = to(method, url)?;
    for (name, value) in headers {
        request.secret_headers.push(((*name).to_owned(), value.clone()));
        // An answer may repeat the whole, or what follows `Bearer`.
        let credential = value.expose_secret().rsplit(' ').next().unwrap_or_default();
        request.secrets.extend([value.clone(), SecretString::from(credential)]);
    }
    Ok(request)
}

/// A request of a provider.
fn to(method: Method, url: &Url) -> Result<Request, Error> {
    server_url(url.as_str()).map_err(|problem| Error::invalid(format!("the URL {}", redact_url(url.as_str())), problem))?;
    // With the host, because it is not the endpoint's.
    let path = &url[url::Position::BeforeHost..url::Position::AfterPath];
    let mut request = Request::to(method, url.clone(), path, "token", Replay::Safe).header("Accept", "application/json");
    request.max_answer = Some(MAX_ANSWER);
    Ok(request)
}

/// Whether the value of a field of a token request may be shown.
fn is_public(field: &str) -> bool {
    matches!(
        field,
        "grant_type" | "client_id" | "client_assertion_type" | "resource" | "scope"
    )
}

/// A source of access tokens for what [`TokenContext::scope`] names.
///
/// The client keeps a token and shares it between its clones, so a provider needs no cache of its own. It is asked by one
/// caller at a time.
///
/// ```
/// use std::time::Duration;
/// use msstore::auth::{AccessToken, BoxFuture, TokenContext, TokenProvider};
/// use msstore::Error;
///
/// #[derive(Debug)]
/// struct FromFile;
///
/// impl TokenProvider for FromFile {
///     fn token<'a>(&'a self, _context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
///         Box::pin(async {
///             let text = tokio::fs::read_to_string("/run/secrets/token").await.map_err(Error::auth)?;
///             Ok(AccessToken::new(text.trim(), Duration::from_secs(3600)))
///         })
///     }
/// }
/// ```
pub trait TokenProvider: fmt::Debug + Send + Sync {
    /// Returns a token. An error ends the call that needs it; a wait goes on if the error is marked with
    /// [`Error::retryable`](crate::Error::retryable), and so does any call whose token is still alive.
    fn token<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>>;
}

impl<P: TokenProvider + ?Sized> TokenProvider for Box<P> {
    fn token<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
        (**self).token(context)
    }
}

impl<P: TokenProvider + ?Sized> TokenProvider for std::sync::Arc<P> {
    fn token<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
        (**self).token(context)
    }
}

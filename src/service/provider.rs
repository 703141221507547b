//! Providers of access tokens, and what they may use.

use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::error::Error;
use crate::http::request::{Method, Replay, Request};
use crate::http::{BoxFuture, server_url};
use crate::service::call::Peer;

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
    pub(crate) peer: Peer,
    pub(crate) scope: &'static str,
    pub(crate) reason: TokenReason,
    pub(crate) deadline: Instant,
}

impl fmt::Debug for TokenContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenContext")
            .field("scope", &self.scope)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

impl TokenContext {
    /// Returns what the token is for: `https://manage.devcenter.microsoft.com`, which the v1 endpoint of Entra takes as `resource`, or a
    /// scope of the v2 endpoint, which ends in `/.default`.
    #[must_use]
    pub fn scope(&self) -> &str {
        self.scope
    }

    /// Returns why a token is asked for.
    #[must_use]
    pub fn reason(&self) -> TokenReason {
        self.reason
    }

    /// Returns how much time the call that needs the token still has. A provider that takes longer is dropped.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(self.peer.http().clock().now())
    }

    /// Posts a form through the client's own transport, with its proxy, TLS, time-outs and retries, and returns the body of
    /// a 2xx answer. The values are treated as secrets, but for those that OAuth makes public: `grant_type`, `client_id`,
    /// `resource` and `scope`, which Entra names when it refuses them.
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
        let pairs = fields.iter().map(|(name, value)| (name, value.expose_secret()));
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        let mut request = request(Method::POST, url)?
            .header("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
            .with_body(form);
        let secret = fields.iter().filter(|(name, _)| !is_public(name));
        request.secrets = secret.map(|(_, value)| value.clone()).collect();
        self.send(request).await
    }

    /// Reads a URL as [`post_form`](Self::post_form) posts to one, with these header fields: what a provider asks first for
    /// an assertion, as the endpoint of a CI system for its OIDC tokens. The values are treated as secrets.
    ///
    /// # Errors
    ///
    /// Those of [`post_form`](Self::post_form), and when a header field cannot be sent.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the request.
    pub async fn get(&self, url: &Url, headers: &[(&str, SecretString)]) -> Result<Bytes, Error> {
        let mut request = request(Method::GET, url)?;
        for (name, value) in headers {
            request.secret_headers.push(((*name).to_owned(), value.clone()));
            // An answer may repeat the whole, or what follows `Bearer`.
            let credential = value.expose_secret().rsplit(' ').next().unwrap_or_default();
            request.secrets.extend([value.clone(), SecretString::from(credential)]);
        }
        self.send(request).await
    }

    async fn send(&self, request: Request) -> Result<Bytes, Error> {
        let answer = self.peer.send(&request.by(Some(self.deadline))).await;
        Ok(answer.map_err(Error::into_auth)?.body)
    }
}

/// A request of a provider.
fn request(method: Method, url: &Url) -> Result<Request, Error> {
    server_url(url.as_str()).map_err(|problem| Error::invalid("the authority", problem))?;
    // With the host, because it is not the endpoint's.
    let path = &url[url::Position::BeforeHost..url::Position::AfterPath];
    Ok(Request::to(method, url.clone(), path, "token", Replay::Safe).header("Accept", "application/json"))
}

/// Whether the value of a field of a token request may be shown.
fn is_public(field: &str) -> bool {
    matches!(field, "grant_type" | "client_id" | "resource" | "scope")
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
    /// Returns a token. Mark an error that may be gone next time with [`Error::retryable`](crate::Error::retryable); the others end what needs the token.
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

//! Who gives access tokens, and what a provider may use.

use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::error::{AuthError, InvalidInput};
use crate::transport::request::{Audience, Body, Method, Request};
use crate::transport::{BoxFuture, Transport, is_loopback};

/// An access token and how long it lives.
///
/// `Debug` does not show the token.
#[derive(Debug, Clone)]
pub struct AccessToken {
    secret: SecretString,
    lifetime: Duration,
}

impl AccessToken {
    /// A token that lives for `lifetime` from the moment it was asked for.
    #[must_use]
    pub fn new(secret: impl Into<SecretString>, lifetime: Duration) -> Self {
        Self {
            secret: secret.into(),
            lifetime,
        }
    }

    /// The token itself. Do not print it.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// How long it lives, from the moment it was asked for.
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
    pub(super) transport: Transport,
    pub(super) reason: TokenReason,
    pub(super) deadline: Instant,
}

impl fmt::Debug for TokenContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenContext")
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

impl TokenContext {
    /// Why a token is asked for.
    #[must_use]
    pub fn reason(&self) -> TokenReason {
        self.reason
    }

    /// How long the call that needs the token still has. What takes longer is dropped.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(self.transport.clock().now())
    }

    /// Posts a form through the client's own transport, with its proxy, TLS, time-outs and retries, and gives the body of
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
    pub async fn post_form(&self, url: &Url, fields: &[(&str, SecretString)]) -> Result<Bytes, AuthError> {
        let pairs = fields.iter().map(|(name, value)| (name, value.expose_secret()));
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        let mut request = request(Method::Post, url)?.header("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
        request.body = Body::Bytes(Bytes::from(form));
        let secret = fields.iter().filter(|(name, _)| !is_public(name));
        request.secrets = secret.map(|(_, value)| value.clone()).collect();
        self.send(&request).await
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
    pub async fn get(&self, url: &Url, headers: &[(&str, SecretString)]) -> Result<Bytes, AuthError> {
        let mut request = request(Method::Get, url)?;
        for (name, value) in headers {
            request.secret_headers.push(((*name).to_owned(), value.clone()));
            // An answer may repeat the whole, or what follows `Bearer`.
            let credential = value.expose_secret().rsplit(' ').next().unwrap_or_default();
            request.secrets.extend([value.clone(), SecretString::from(credential)]);
        }
        self.send(&request).await
    }

    async fn send(&self, request: &Request) -> Result<Bytes, AuthError> {
        Ok(self.transport.send(request, None, Some(self.deadline)).await?.body)
    }
}

/// A request of a provider.
fn request(method: Method, url: &Url) -> Result<Request, InvalidInput> {
    if url.scheme() != "https" && !is_loopback(url) {
        return Err(InvalidInput::new(
            "the authority",
            "plain http is allowed on loopback only; use https",
        ));
    }
    // With the host, because it is not the endpoint's.
    let path = &url[url::Position::BeforeHost..url::Position::AfterPath];
    let mut request = Request::new(method, url.clone(), path, Audience::Token).header("Accept", "application/json");
    "token".clone_into(&mut request.template);
    Ok(request)
}

/// Whether the value of a field of a token request may be shown.
fn is_public(field: &str) -> bool {
    matches!(field, "grant_type" | "client_id" | "resource" | "scope")
}

/// Gives access tokens for `https://manage.devcenter.microsoft.com`.
///
/// The client keeps a token and shares it between its clones, so a provider needs no cache of its own. It is asked by one
/// caller at a time.
///
/// ```
/// use std::time::Duration;
/// use msstore::{AccessToken, AuthError, BoxFuture, TokenContext, TokenProvider};
///
/// #[derive(Debug)]
/// struct FromFile;
///
/// impl TokenProvider for FromFile {
///     fn token<'a>(&'a self, _context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, AuthError>> {
///         Box::pin(async {
///             let text = tokio::fs::read_to_string("/run/secrets/token").await.map_err(AuthError::new)?;
///             Ok(AccessToken::new(text.trim(), Duration::from_secs(3600)))
///         })
///     }
/// }
/// ```
pub trait TokenProvider: fmt::Debug + Send + Sync {
    /// A token. Mark an error that may be gone next time with [`AuthError::retryable`]; the others end what needs the token.
    fn token<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, AuthError>>;
}

impl<P: TokenProvider + ?Sized> TokenProvider for Box<P> {
    fn token<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, AuthError>> {
        (**self).token(context)
    }
}

impl<P: TokenProvider + ?Sized> TokenProvider for std::sync::Arc<P> {
    fn token<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, AuthError>> {
        (**self).token(context)
    }
}

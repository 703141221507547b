//! Signing in with an assertion of somebody whom the app trusts, instead of a stored secret.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::auth::entra::{App, Endpoint, NAMES};
use crate::auth::{AccessToken, BoxFuture, TokenContext, TokenProvider};
use crate::error::Error;
use crate::http::request::Request;
use crate::service::dialect::IdentityProvider;

/// What an assertion is to Entra.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How long an exchange is repeated at most. It is shorter than the life of an assertion, which GitHub limits to five minutes.
const EXCHANGE_TIME: Duration = Duration::from_secs(240);

/// A source of assertions: JWTs by which Entra knows the app, as its federated credentials say.
///
/// It is asked for each token, because assertions are short-lived: those of GitHub live five minutes. Do not keep them. The rules for errors are
/// those of [`TokenProvider::token`].
///
/// ```
/// use msstore::auth::{AssertionSource, BoxFuture, ClientAssertion, TokenContext};
/// use msstore::Error;
/// use msstore::secrecy::SecretString;
///
/// /// A program on this host that gives identities to others, as SPIRE does.
/// #[derive(Debug)]
/// struct Sidecar;
///
/// impl AssertionSource for Sidecar {
///     fn assertion<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<SecretString, Error>> {
///         Box::pin(async {
///             let url = "http://127.0.0.1:8170/jwt?aud=api://AzureADTokenExchange".parse().map_err(Error::auth)?;
///             let jwt = context.get(&url, &[]).await?;
///             Ok(String::from_utf8_lossy(&jwt).into_owned().into())
///         })
///     }
/// }
///
/// let provider = ClientAssertion::new("contoso.onmicrosoft.com", "b3a1f9d2-0c58-4a37-8e1c-2f4d6a8c0eaf", Sidecar);
/// # drop(provider);
/// ```
pub trait AssertionSource: fmt::Debug + Send + Sync {
    /// Returns a fresh assertion.
    fn assertion<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<SecretString, Error>>;
}

impl<S: AssertionSource + ?Sized> AssertionSource for Box<S> {
    fn assertion<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<SecretString, Error>> {
        (**self).assertion(context)
    }
}

impl<S: AssertionSource + ?Sized> AssertionSource for Arc<S> {
    fn assertion<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<SecretString, Error>> {
        (**self).assertion(context)
    }
}

/// Gets tokens with assertions instead of a secret: `POST {authority}/{tenant}/oauth2/v2.0/token` with `client_assertion` and a
/// `scope`. The app is the one that is added to the Partner Center account with the Manager role, and has a federated credential that
/// fits issuer, subject and audience of the assertion.
///
/// The exchange is tried for four minutes at most, within the time of the call that needs the token, because an assertion of GitHub lives five.
///
/// See <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow> and
/// <https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations>.
///
/// `Debug` shows the ids and the source.
#[derive(Clone)]
pub struct ClientAssertion {
    app: App,
    source: Arc<dyn AssertionSource>,
}

impl ClientAssertion {
    /// Creates a provider from the tenant id (or domain) and the client id of the app, and a source of its assertions.
    #[must_use]
    pub fn new(tenant_id: impl Into<String>, client_id: impl Into<String>, source: impl AssertionSource + 'static) -> Self {
        Self::of(App::new(tenant_id.into(), client_id.into()), Arc::new(source))
    }

    pub(super) fn of(app: App, source: Arc<dyn AssertionSource>) -> Self {
        Self { app, source }
    }

    /// Sets the authority. The default is `https://login.microsoftonline.com`.
    #[must_use]
    pub fn authority(mut self, url: impl Into<String>) -> Self {
        self.app.set_authority(url.into());
        self
    }

    /// Checks the form of the ids and of the authority, as is done before the source is asked. Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), whose [`target`](Error::target) names the tenant id, the
    /// client id or the authority.
    pub fn check(&self) -> Result<(), Error> {
        self.app.check(NAMES).map(drop)
    }
}

impl fmt::Debug for ClientAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ClientAssertion");
        self.app.show(&mut shown);
        shown.field("source", &self.source).finish()
    }
}

impl TokenProvider for ClientAssertion {
    fn token<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            let url = self.app.check(NAMES)?;
            let assertion = self.source.assertion(context).await?;
            let proof = [
                ("client_assertion_type", SecretString::from(ASSERTION_TYPE)),
                (
                    "client_assertion",
                    jwt(assertion.expose_secret(), "the source of the assertion")?,
                ),
            ];
            let endpoint = Endpoint::V2 { scope: context.scope() };
            self.app.token(context, url, endpoint, &proof, Some(EXCHANGE_TIME)).await
        })
    }
}

/// One assertion that does not change, as CI systems put it into a variable. It serves as long as it lives; a run that needs a token
/// after that fails with `AADSTS700024`. Where there is a choice take a source that gives fresh ones.
///
/// `Debug` does not show it.
#[derive(Debug, Clone)]
pub struct FixedAssertion(SecretString);

impl FixedAssertion {
    /// Creates a source of this JWT.
    #[must_use]
    pub fn new(assertion: impl Into<SecretString>) -> Self {
        Self(assertion.into())
    }
}

impl AssertionSource for FixedAssertion {
    fn assertion<'a>(&'a self, _context: &'a TokenContext) -> BoxFuture<'a, Result<SecretString, Error>> {
        Box::pin(async { jwt(self.0.expose_secret(), "the assertion that was given") })
    }
}

/// Asks an identity provider for an assertion, which stands in this member of its answer.
pub(super) async fn ask(
    context: &TokenContext,
    who: &'static IdentityProvider,
    request: Request,
    member: &str,
) -> Result<SecretString, Error> {
    let answer = context.ask(who, request).await?.json();
    let answer = answer.map_err(|error| error.into_auth(who.name))?;
    match answer.body.get(member).and_then(Value::as_str) {
        Some(text) => jwt(text, &format!("the assertion of {}", who.name)),
        None => Err(answer.unexpected(member, "an assertion").into_auth(who.name)),
    }
}

/// Reads a JWT that came from `who`.
pub(super) fn jwt(text: &str, who: &str) -> Result<SecretString, Error> {
    let text = text.trim();
    if !is_jwt(text) {
        let what = if text.is_empty() { "is empty" } else { NOT_A_JWT };
        return Err(Error::no_token(who, what));
    }
    Ok(SecretString::from(text))
}

/// What is wrong with a text that is no JWT.
pub(super) const NOT_A_JWT: &str = "is not a JWT, which is three parts of base64url joined by dots, without quotes or `Bearer`";

/// Whether a text has the form of a signed JWT.
pub(super) fn is_jwt(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.split('.').count() == 3 && text.split('.').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jwt_has_three_parts() {
        for (text, expected) in [
            ("eyJh.eyJp.c2ln-_9", true),
            ("", false),
            ("eyJh.eyJp", false),
            ("eyJh.eyJp.", false),
            ("eyJh.eyJp.c2ln.x.y", false),
            ("\"eyJh.eyJp.c2ln\"", false),
            ("Bearer eyJh.eyJp.c2ln", false),
            ("eyJh.\neyJp.c2ln", false),
            ("eyJh.eyJp.c2l+", false),
        ] {
            assert_eq!(is_jwt(text), expected, "{text:?}");
        }
        assert_eq!(jwt(" a.b.c\r\n", "it").unwrap().expose_secret(), "a.b.c");
        for (text, words) in [("\n", "the file is empty"), ("'a.b.c'", "the file is not a JWT")] {
            let error = jwt(text, "the file").unwrap_err().to_string();
            assert!(error.starts_with(&format!("no access token: {words}")), "{error}");
        }
    }

    #[test]
    fn debug_shows_the_source_and_no_assertion() {
        let source = FixedAssertion::new("eyJh.hunter2.c2ln");
        let provider = ClientAssertion::new("t", "c", source).authority("https://u:hunter2@h");
        let shown = format!("{provider:?}");
        assert!(
            shown.contains("FixedAssertion") && shown.contains("\"t\"") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}

//! Signing in with a client secret.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::auth::entra::{App, Endpoint, NAMES};
use crate::auth::{AccessToken, BoxFuture, TokenContext, TokenProvider};
use crate::error::Error;

/// Gets tokens with a client secret of a Microsoft Entra app, which must be added to the Partner Center account with the
/// Manager role: `POST {authority}/{tenant}/oauth2/token` with a `resource`, as the Store documents it, or `…/oauth2/v2.0/token` with a
/// `scope` for an API that has no `resource`. A token is valid for about 60 minutes, a secret for 24 months at most.
///
/// See <https://learn.microsoft.com/windows/uwp/monetize/create-and-manage-submissions-using-windows-store-services>.
///
/// `Debug` does not show the secret.
#[derive(Clone)]
pub struct ClientSecret {
    app: App,
    secret: SecretString,
}

impl ClientSecret {
    /// Creates a provider from the tenant id (or domain) and the client id of the app, and the value of its secret.
    #[must_use]
    pub fn new(tenant_id: impl Into<String>, client_id: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        Self::of(App::new(tenant_id.into(), client_id.into()), secret.into())
    }

    pub(super) fn of(app: App, secret: SecretString) -> Self {
        Self { app, secret }
    }

    /// Sets the authority. The default is `https://login.microsoftonline.com`.
    #[must_use]
    pub fn authority(mut self, url: impl Into<String>) -> Self {
        self.app.set_authority(url.into());
        self
    }

    /// Checks the form of the credentials, as is done before each request for a token. Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), whose [`target`](Error::target) names the tenant id, the
    /// client id, the client secret or the authority.
    pub fn check(&self) -> Result<(), Error> {
        self.checked().map(drop)
    }

    /// The URL of the tenant, if all of it can be used.
    fn checked(&self) -> Result<Url, Error> {
        let url = self.app.check(NAMES)?;
        if self.secret.expose_secret().trim().is_empty() {
            return Err(Error::invalid("the client secret", "it is empty"));
        }
        Ok(url)
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ClientSecret");
        self.app.show(&mut shown);
        shown.finish_non_exhaustive()
    }
}

impl TokenProvider for ClientSecret {
    fn token<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            let url = self.checked()?;
            let endpoint = match context.resource() {
                Some(resource) => Endpoint::V1 { resource },
                None => Endpoint::V2 { scope: context.scope() },
            };
            self.app
                .token(context, url, endpoint, &[("client_secret", self.secret.clone())], None)
                .await
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_input_is_named() {
        for (tenant, client, secret, authority, expected) in [
            ("t", "c", "s", "https://h", None),
            ("a/b", "c", "s", "https://h", Some("the tenant id")),
            ("t", "", "s", "https://h", Some("the client id")),
            ("t", "c", " ", "https://h", Some("the client secret")),
            ("t", "c", "s", "http://h", Some("the authority")),
        ] {
            let checked = ClientSecret::new(tenant, client, secret).authority(authority).check();
            assert_eq!(
                checked.as_ref().err().and_then(Error::target),
                expected,
                "{tenant} {client} {secret} {authority}"
            );
        }
    }

    #[test]
    fn debug_hides_the_secret() {
        let secret = ClientSecret::new("t", "c", "hunter2").authority("https://user:hunter2@h/?hunter2");
        assert!(!format!("{secret:?}").contains("hunter2"));
    }
}

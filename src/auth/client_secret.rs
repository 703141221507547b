//! The documented request for a token: client credentials at the v1 endpoint of Microsoft Entra ID.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::auth::{AccessToken, BoxFuture, TokenContext, TokenProvider};
use crate::error::Error;
use crate::http::server_url;
use crate::secret::redact_url;

/// The default authority.
const AUTHORITY: &str = "https://login.microsoftonline.com";

/// The names of the parts of a [`ClientSecret`] in errors.
const NAMES: [&str; 4] = ["the tenant id", "the client id", "the client secret", "the authority"];

/// The paths of the token endpoints below the tenant.
const V1: &[&str] = &["oauth2", "token"];
const V2: &[&str] = &["oauth2", "v2.0", "token"];

/// Gets tokens with a client secret of a Microsoft Entra app, which must be added to the Partner Center account with the
/// Manager role: `POST {authority}/{tenant}/oauth2/token`, or `…/oauth2/v2.0/token` for an API whose scope ends in `/.default`. A
/// token is valid for about 60 minutes.
///
/// See <https://learn.microsoft.com/windows/uwp/monetize/create-and-manage-submissions-using-windows-store-services>.
///
/// `Debug` does not show the secret.
#[derive(Clone)]
pub struct ClientSecret {
    authority: String,
    tenant_id: String,
    client_id: String,
    secret: SecretString,
}

impl ClientSecret {
    /// Creates a provider from the tenant id (or domain) and the client id of the app, and the value of its secret.
    #[must_use]
    pub fn new(tenant_id: impl Into<String>, client_id: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        let (tenant_id, client_id, secret) = (tenant_id.into(), client_id.into(), secret.into());
        Self {
            authority: AUTHORITY.to_owned(),
            tenant_id,
            client_id,
            secret,
        }
    }

    /// Sets the authority. The default is `https://login.microsoftonline.com`.
    #[must_use]
    pub fn authority(mut self, url: impl Into<String>) -> Self {
        self.authority = url.into();
        self
    }

    /// Checks the form of the credentials, as is done before each request for a token. Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), whose [`target`](Error::target) names the tenant id, the
    /// client id, the client secret or the authority.
    pub fn check(&self) -> Result<(), Error> {
        self.check_as(NAMES)
    }

    /// Checks the credentials, with these names for the tenant id, the client id, the client secret and the authority in errors.
    pub(crate) fn check_as(&self, names: [&str; 4]) -> Result<(), Error> {
        self.token_url(V1, names).map(drop)
    }

    fn token_url(&self, endpoint: &[&str], [tenant, client, secret, authority]: [&str; 4]) -> Result<Url, Error> {
        let is_sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        if self.tenant_id.is_empty() || self.tenant_id.starts_with('.') || !self.tenant_id.bytes().all(is_sound) {
            return Err(Error::invalid(tenant, "it must be a GUID or a domain name"));
        }
        if self.client_id.trim().is_empty() {
            return Err(Error::invalid(client, "it is empty"));
        }
        if self.secret.expose_secret().trim().is_empty() {
            return Err(Error::invalid(secret, "it is empty"));
        }
        let unusable = |why: &str| Error::invalid(authority, format!("{why}; an example is {AUTHORITY}"));
        let mut url = server_url(&self.authority).map_err(unusable)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(unusable("it must have no user"));
        }
        url.set_query(None);
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(&self.tenant_id).extend(endpoint);
        }
        Ok(url)
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSecret")
            .field("authority", &redact_url(&self.authority))
            .field("tenant_id", &self.tenant_id)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl TokenProvider for ClientSecret {
    fn token<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            // The v2 endpoint takes a scope, the documented v1 endpoint a resource.
            let scope = context.scope();
            let (endpoint, name) = if scope.ends_with("/.default") {
                (V2, "scope")
            } else {
                (V1, "resource")
            };
            let url = self.token_url(endpoint, NAMES)?;
            let fields = [
                ("grant_type", SecretString::from("client_credentials")),
                ("client_id", SecretString::from(self.client_id.as_str())),
                ("client_secret", self.secret.clone()),
                (name, SecretString::from(scope)),
            ];
            read(&context.post_form(&url, &fields).await?)
        })
    }
}

/// Reads the answer. `expires_in` is a text at the v1 endpoint and a number elsewhere.
fn read(body: &[u8]) -> Result<AccessToken, Error> {
    let answer: Value = serde_json::from_slice(body).map_err(|_| Error::auth("the token endpoint's answer is not JSON"))?;
    let token = answer
        .get("access_token")
        .and_then(Value::as_str)
        .filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| Error::auth("the token endpoint's answer has no access_token"))?;
    let seconds = match answer.get("expires_in") {
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(Value::Number(number)) => number.as_f64(),
        _ => None,
    };
    let lifetime = seconds.and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok());
    let lifetime = lifetime.ok_or_else(|| Error::auth("the token endpoint's answer has no expires_in"))?;
    Ok(AccessToken::new(token, lifetime))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_read_with_a_text_or_a_number() {
        for (body, seconds) in [
            (r#"{"access_token":"t","expires_in":"3599"}"#, Some(3599)),
            (r#"{"access_token":"t","expires_in":3599}"#, Some(3599)),
            (r#"{"access_token":"t","expires_in":"-1"}"#, None),
            (r#"{"access_token":"","expires_in":"1"}"#, None),
            (r#"{"expires_in":"1"}"#, None),
            ("<html>", None),
        ] {
            let token = read(body.as_bytes()).ok();
            assert_eq!(
                token.map(|token| token.lifetime()),
                seconds.map(Duration::from_secs),
                "{body}"
            );
        }
    }

    #[test]
    fn the_url_is_built_and_bad_input_is_named() {
        let url = |tenant: &str, authority: &str| ClientSecret::new(tenant, "c", "s").authority(authority).token_url(V1, NAMES);
        assert_eq!(
            url("t-1", AUTHORITY).unwrap().as_str(),
            "https://login.microsoftonline.com/t-1/oauth2/token"
        );
        assert_eq!(url("t-1", "https://h/x/").unwrap().as_str(), "https://h/x/t-1/oauth2/token");
        for (tenant, client, secret, authority, expected) in [
            ("t", "c", "s", AUTHORITY, None),
            ("t", "c", "s", "http://127.0.0.1:1", None),
            ("", "c", "s", AUTHORITY, Some("the tenant id")),
            ("..", "c", "s", AUTHORITY, Some("the tenant id")),
            ("a/b", "c", "s", AUTHORITY, Some("the tenant id")),
            ("t", "", "s", AUTHORITY, Some("the client id")),
            ("t", "c", " ", AUTHORITY, Some("the client secret")),
            ("t", "c", "s", "login", Some("the authority")),
            ("t", "c", "s", "data:x", Some("the authority")),
            ("t", "c", "s", "ftp://h", Some("the authority")),
            ("t", "c", "s", "http://example.com", Some("the authority")),
            ("t", "c", "s", "https://user:word@h", Some("the authority")),
        ] {
            let checked = ClientSecret::new(tenant, client, secret).authority(authority).check();
            assert_eq!(
                checked.as_ref().err().and_then(Error::target),
                expected,
                "{tenant} {client} {secret} {authority}"
            );
        }
        let names = ["TENANT", "CLIENT", "SECRET", "AUTHORITY"];
        let error = ClientSecret::new("a/b", "c", "s").check_as(names).unwrap_err();
        assert_eq!(error.target(), Some("TENANT"));
    }

    #[test]
    fn debug_hides_the_secret() {
        let secret = ClientSecret::new("t", "c", "hunter2").authority("https://user:hunter2@h/?hunter2");
        assert!(!format!("{secret:?}").contains("hunter2"));
    }
}

//! The documented request for a token: client credentials at the v1 endpoint of Microsoft Entra ID.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::auth::provider::{AccessToken, TokenContext, TokenProvider};
use crate::error::{AuthError, InvalidInput};
use crate::secret::redact_url;
use crate::transport::{BoxFuture, is_loopback};

/// The default authority.
pub(crate) const AUTHORITY: &str = "https://login.microsoftonline.com";

// With a slash at its end the service refuses the token.
const RESOURCE: &str = "https://manage.devcenter.microsoft.com";

/// Gets tokens with a client secret of a Microsoft Entra app, which must be added to the Partner Center account with the
/// Manager role: `POST {authority}/{tenant}/oauth2/token`. A token lives for about 60 minutes.
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
    /// Tenant id (or domain) and client id of the app, and the value of its secret.
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

    /// Another authority than `https://login.microsoftonline.com`.
    #[must_use]
    pub fn authority(mut self, url: impl Into<String>) -> Self {
        self.authority = url.into();
        self
    }

    /// Whether these can be credentials at all: what is found before the first request for a token is sent, found now.
    ///
    /// # Errors
    ///
    /// `InvalidInput` that names the tenant id, the client id, the client secret or the authority.
    pub fn check(&self) -> Result<(), InvalidInput> {
        self.token_url().map(|_| ()).map_err(InvalidInput::from)
    }

    /// The first that cannot be used, and what is wrong with it.
    pub(crate) fn flaw(&self) -> Option<Flaw> {
        self.token_url().err()
    }

    fn token_url(&self) -> Result<Url, Flaw> {
        let tenant_is_sound = !self.tenant_id.is_empty()
            && self
                .tenant_id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
            && !self.tenant_id.starts_with('.');
        let flaw = |part, problem: &str| Flaw {
            part,
            problem: problem.to_owned(),
        };
        if !tenant_is_sound {
            return Err(flaw(Part::TenantId, "it must be a GUID or a domain name"));
        }
        if self.client_id.trim().is_empty() {
            return Err(flaw(Part::ClientId, "it is empty"));
        }
        if self.secret.expose_secret().trim().is_empty() {
            return Err(flaw(Part::Secret, "it is empty"));
        }
        let unusable = |why: &str| flaw(Part::Authority, &format!("{why}; an example is {AUTHORITY}"));
        let mut url = Url::parse(&self.authority).map_err(|_| unusable("it is no URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(unusable("it must have no user"));
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(unusable("plain http is allowed on loopback only")),
            _ => return Err(unusable("it is not https")),
        }
        url.set_query(None);
        url.path_segments_mut()
            .map_err(|()| unusable("it is no base for a path"))?
            .pop_if_empty()
            .extend([&self.tenant_id, "oauth2", "token"]);
        Ok(url)
    }
}

/// What a [`ClientSecret`] is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    TenantId,
    ClientId,
    Secret,
    Authority,
}

/// Why credentials cannot be right.
#[derive(Debug)]
pub(crate) struct Flaw {
    pub(crate) part: Part,
    pub(crate) problem: String,
}

impl From<Flaw> for InvalidInput {
    fn from(flaw: Flaw) -> Self {
        let what = match flaw.part {
            Part::TenantId => "the tenant id",
            Part::ClientId => "the client id",
            Part::Secret => "the client secret",
            Part::Authority => "the authority",
        };
        Self::new(what, flaw.problem)
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
    fn token<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, AuthError>> {
        Box::pin(async move {
            let url = self.token_url().map_err(InvalidInput::from)?;
            let fields = [
                ("grant_type", SecretString::from("client_credentials")),
                ("client_id", SecretString::from(self.client_id.as_str())),
                ("client_secret", self.secret.clone()),
                ("resource", SecretString::from(RESOURCE)),
            ];
            read(&context.post_form(&url, &fields).await?)
        })
    }
}

/// Reads the answer. `expires_in` is a text at the v1 endpoint and a number elsewhere.
fn read(body: &[u8]) -> Result<AccessToken, AuthError> {
    let answer: Value = serde_json::from_slice(body).map_err(|_| AuthError::new("the token endpoint's answer is not JSON"))?;
    let token = answer
        .get("access_token")
        .and_then(Value::as_str)
        .filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| AuthError::new("the token endpoint's answer has no access_token"))?;
    let seconds = match answer.get("expires_in") {
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(Value::Number(number)) => number.as_f64(),
        _ => None,
    };
    let lifetime = seconds.and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok());
    let lifetime = lifetime.ok_or_else(|| AuthError::new("the token endpoint's answer has no expires_in"))?;
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
        let url = |tenant: &str, authority: &str| ClientSecret::new(tenant, "c", "s").authority(authority).token_url();
        assert_eq!(
            url("t-1", AUTHORITY).unwrap().as_str(),
            "https://login.microsoftonline.com/t-1/oauth2/token"
        );
        assert_eq!(url("t-1", "https://h/x/").unwrap().as_str(), "https://h/x/t-1/oauth2/token");
        let flaw = |tenant, client, secret, authority| {
            let provider = ClientSecret::new(tenant, client, secret).authority(authority);
            provider.flaw().map(|flaw| flaw.part)
        };
        for (tenant, client, secret, authority, expected) in [
            ("t", "c", "s", AUTHORITY, None),
            ("t", "c", "s", "http://127.0.0.1:1", None),
            ("", "c", "s", AUTHORITY, Some(Part::TenantId)),
            ("..", "c", "s", AUTHORITY, Some(Part::TenantId)),
            ("a/b", "c", "s", AUTHORITY, Some(Part::TenantId)),
            ("t", "", "s", AUTHORITY, Some(Part::ClientId)),
            ("t", "c", " ", AUTHORITY, Some(Part::Secret)),
            ("t", "c", "s", "login", Some(Part::Authority)),
            ("t", "c", "s", "data:x", Some(Part::Authority)),
            ("t", "c", "s", "ftp://h", Some(Part::Authority)),
            ("t", "c", "s", "http://example.com", Some(Part::Authority)),
            ("t", "c", "s", "https://user:word@h", Some(Part::Authority)),
        ] {
            assert_eq!(
                flaw(tenant, client, secret, authority),
                expected,
                "{tenant} {client} {secret} {authority}"
            );
        }
        let error = ClientSecret::new("a/b", "c", "s").check().unwrap_err();
        assert_eq!(error.what(), "the tenant id");
        assert!(ClientSecret::new("t", "c", "s").check().is_ok());
    }

    #[test]
    fn debug_hides_the_secret() {
        let secret = ClientSecret::new("t", "c", "hunter2").authority("https://user:hunter2@h/?hunter2");
        assert!(!format!("{secret:?}").contains("hunter2"));
    }
}

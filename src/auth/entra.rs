//! An app of Microsoft Entra ID, and the request for its tokens: client credentials, with whatever proves that it is the app.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use crate::auth::{AccessToken, TokenContext};
use crate::error::Error;
use crate::http::server_url;
use crate::secret::redact_url;
use crate::service::Json;
use crate::service::dialect::ENTRA;
use crate::service::provider::form;

/// The default authority.
const AUTHORITY: &str = "https://login.microsoftonline.com";

/// The names of the parts of an app in errors.
pub(super) const NAMES: [&str; 3] = ["the tenant id", "the client id", "the authority"];

/// A token endpoint, and what a token is for in its terms.
pub(super) enum Endpoint<'c> {
    V1 { resource: &'c str },
    V2 { scope: &'c str },
}

/// An app, and where it is registered.
#[derive(Clone)]
pub(super) struct App {
    authority: String,
    tenant_id: String,
    client_id: String,
}

impl App {
    pub(super) fn new(tenant_id: String, client_id: String) -> Self {
        let authority = AUTHORITY.to_owned();
        Self {
            authority,
            tenant_id,
            client_id,
        }
    }

    pub(super) fn set_authority(&mut self, url: String) {
        self.authority = url;
    }

    /// Checks all of it, with these names for the tenant id, the client id and the authority in errors. Returns the URL of the
    /// tenant at the authority.
    pub(super) fn check(&self, [tenant, client, authority]: [&str; 3]) -> Result<Url, Error> {
        check_tenant(&self.tenant_id, tenant)?;
        if self.client_id.trim().is_empty() {
            return Err(Error::invalid(client, "it is empty"));
        }
        let unusable = |why: &str| Error::invalid(authority, format!("{why}; an example is {AUTHORITY}"));
        let mut url = server_url(&self.authority).map_err(unusable)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(unusable("it must have no user"));
        }
        url.set_query(None);
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(&self.tenant_id);
        }
        Ok(url)
    }

    /// Asks for a token with these fields as proof, for so long at most, at the tenant's URL that [`check`](Self::check) gives.
    pub(super) async fn token(
        &self,
        context: &TokenContext,
        mut url: Url,
        endpoint: Endpoint<'_>,
        proof: &[(&str, SecretString)],
        time: Option<Duration>,
    ) -> Result<AccessToken, Error> {
        let (path, name, value): (&[&str], _, _) = match endpoint {
            Endpoint::V1 { resource } => (&["oauth2", "token"], "resource", resource),
            Endpoint::V2 { scope } => (&["oauth2", "v2.0", "token"], "scope", scope),
        };
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        let mut fields = vec![
            ("grant_type", SecretString::from("client_credentials")),
            ("client_id", SecretString::from(self.client_id.as_str())),
        ];
        fields.extend(proof.iter().cloned());
        fields.push((name, SecretString::from(value)));
        let mut request = form(&url, &fields)?;
        request.call_timeout = time;
        let answer = context.ask(&ENTRA, request).await?;
        answer
            .json()
            .and_then(|answer| read(&answer))
            .map_err(|error| error.into_auth(ENTRA.name))
    }

    /// The parts that may be shown.
    pub(super) fn show(&self, shown: &mut std::fmt::DebugStruct<'_, '_>) {
        shown
            .field("authority", &redact_url(&self.authority))
            .field("tenant_id", &self.tenant_id)
            .field("client_id", &self.client_id);
    }
}

/// Checks a tenant id or domain, which is named so in errors.
pub(super) fn check_tenant(tenant_id: &str, name: &str) -> Result<(), Error> {
    let is_sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    if tenant_id.is_empty() || tenant_id.starts_with('.') || !tenant_id.bytes().all(is_sound) {
        return Err(Error::invalid(name, "it must be a GUID or a domain name"));
    }
    Ok(())
}

/// Reads the answer. `expires_in` is a text at the v1 endpoint and a number elsewhere.
fn read(answer: &Json) -> Result<AccessToken, Error> {
    let token = answer.body.get("access_token").and_then(Value::as_str);
    let token = token.filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| answer.unexpected("access_token", "a token"))?;
    let seconds = match answer.body.get("expires_in") {
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(Value::Number(number)) => number.as_f64(),
        _ => None,
    };
    let lifetime = seconds.and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok());
    let lifetime = lifetime.ok_or_else(|| answer.unexpected("expires_in", "a number of seconds"))?;
    Ok(AccessToken::new(token, lifetime))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_input_is_named() {
        let check = |tenant: &str, client: &str, authority: &str| {
            let mut app = App::new(tenant.to_owned(), client.to_owned());
            app.set_authority(authority.to_owned());
            app.check(["TENANT", "CLIENT", "AUTHORITY"])
        };
        for (authority, url) in [
            (AUTHORITY, "https://login.microsoftonline.com/t-1"),
            ("https://h/x/?q", "https://h/x/t-1"),
        ] {
            assert_eq!(check("t-1", "c", authority).unwrap().as_str(), url);
        }
        for (tenant, client, authority, expected) in [
            ("t", "c", AUTHORITY, None),
            ("t", "c", "http://127.0.0.1:1", None),
            ("", "c", AUTHORITY, Some("TENANT")),
            ("..", "c", AUTHORITY, Some("TENANT")),
            ("a/b", "c", AUTHORITY, Some("TENANT")),
            ("t", " ", AUTHORITY, Some("CLIENT")),
            ("t", "c", "login", Some("AUTHORITY")),
            ("t", "c", "data:x", Some("AUTHORITY")),
            ("t", "c", "ftp://h", Some("AUTHORITY")),
            ("t", "c", "http://example.com", Some("AUTHORITY")),
            ("t", "c", "https://user:word@h", Some("AUTHORITY")),
        ] {
            let checked = check(tenant, client, authority);
            assert_eq!(
                checked.as_ref().err().and_then(Error::target),
                expected,
                "{tenant} {client} {authority}"
            );
        }
    }
}

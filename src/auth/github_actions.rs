//! Assertions of GitHub Actions.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::auth::client_assertion::ask;
use crate::auth::variables::{Variables, in_job};
use crate::auth::{AssertionSource, BoxFuture, TokenContext};
use crate::error::Error;
use crate::http::request::Method;
use crate::http::server_url;
use crate::secret::redact_url;
use crate::service::dialect::GITHUB;
use crate::service::provider::with_headers;

/// The audience that Entra takes.
const AUDIENCE: &str = "api://AzureADTokenExchange";

const URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

/// Gets assertions from GitHub Actions: `GET {ACTIONS_ID_TOKEN_REQUEST_URL}&audience=…`. The job needs `permissions: id-token: write`.
/// An assertion lives 5 minutes, and can be had until the job ends.
///
/// Give the job an environment, and the app a federated credential with the issuer `https://token.actions.githubusercontent.com`, the
/// subject `repo:OWNER/NAME:environment:ENVIRONMENT` and the audience `api://AzureADTokenExchange`. Without an environment the subject
/// names the branch or the tag. Repositories that were made, renamed or transferred since 15 July 2026 have subjects with ids,
/// `repo:OWNER@OWNER_ID/NAME@REPOSITORY_ID:…`. If they do not fit, Entra's refusal quotes the one that was presented.
///
/// See <https://docs.github.com/actions/reference/security/oidc> and
/// <https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust>.
///
/// `Debug` shows the address without its query.
#[derive(Clone)]
pub struct GitHubActions {
    url: String,
    token: SecretString,
    audience: String,
}

impl GitHubActions {
    /// Creates a source from the values of `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
    #[must_use]
    pub fn new(request_url: impl Into<String>, request_token: impl Into<SecretString>) -> Self {
        Self {
            url: request_url.into(),
            token: request_token.into(),
            audience: AUDIENCE.to_owned(),
        }
    }

    /// Creates a source from the environment of a job.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if GitHub offers no assertion, or the address cannot be used.
    pub fn from_env() -> Result<Self, Error> {
        in_job(Self::offered(&Variables::of_env()), "GitHub Actions")
    }

    /// What GitHub offers: nothing outside its jobs. The error says what a job lacks.
    pub(super) fn offered(variables: &Variables<'_>) -> Result<Option<Self>, String> {
        let missing = match (variables.url(URL)?, variables.get(TOKEN)) {
            (Some(url), Some(token)) => return Ok(Some(Self::new(url, token))),
            (None, None) if variables.get("GITHUB_ACTIONS").is_none_or(|value| value != "true") => return Ok(None),
            (None, _) => URL,
            (Some(_), None) => TOKEN,
        };
        Err(format!(
            "{missing} is not set, so GitHub offers no assertion: give the job `permissions: id-token: write`, which a pull request from a fork cannot have"
        ))
    }

    /// Sets the audience. The default is `api://AzureADTokenExchange`; other clouds than the public one have others.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }
}

impl fmt::Debug for GitHubActions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitHubActions")
            .field("url", &redact_url(&self.url))
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

impl AssertionSource for GitHubActions {
    fn assertion<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<SecretString, Error>> {
        Box::pin(async {
            let mut url = server_url(&self.url).map_err(|why| Error::invalid("the request URL of GitHub Actions", why))?;
            url.query_pairs_mut().append_pair("audience", &self.audience);
            let bearer = format!("Bearer {}", self.token.expose_secret());
            let mut request = with_headers(Method::GET, &url, &[("Authorization", bearer.into())])?;
            request.ids = &["x-vss-e2eid", "x-github-request-id"];
            ask(context, &GITHUB, request, "value").await
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_request_token() {
        let source = GitHubActions::new("https://h/x?api-version=2.0&y=hunter2", "hunter2");
        let shown = format!("{source:?}");
        assert!(shown.contains("https://h/x") && !shown.contains("hunter2"), "{shown}");
    }
}

//! Assertions of Azure Pipelines.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::auth::client_assertion::ask;
use crate::auth::variables::{Variables, in_job};
use crate::auth::{AssertionSource, BoxFuture, TokenContext};
use crate::error::Error;
use crate::http::request::Method;
use crate::http::server_url;
use crate::secret::redact_url;
use crate::service::dialect::AZURE_DEVOPS;
use crate::service::provider::with_headers;

/// How Azure DevOps names a call.
const IDS: &[&str] = &["x-vss-e2eid", "x-msedge-ref"];

const URI: &str = "SYSTEM_OIDCREQUESTURI";
const TOKEN: &str = "SYSTEM_ACCESSTOKEN";
const CONNECTIONS: [&str; 2] = ["MSSTORE_SERVICE_CONNECTION_ID", "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"];

/// Gets assertions of a service connection from Azure Pipelines:
/// `POST {SYSTEM_OIDCREQUESTURI}?api-version=7.1&serviceConnectionId=…`. An assertion lives about 10 minutes.
///
/// The service connection is one for Azure Resource Manager with Workload Identity Federation (manual); its issuer and subject are those
/// of the app's federated credential. The step must map the job's token: `env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)`.
///
/// See <https://learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create> and
/// <https://learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity>.
///
/// `Debug` shows the address without its query, and the id of the service connection.
#[derive(Clone)]
pub struct AzurePipelines {
    uri: String,
    connection: String,
    token: SecretString,
}

impl AzurePipelines {
    /// Creates a source from the values of `SYSTEM_OIDCREQUESTURI` and `SYSTEM_ACCESSTOKEN`, and the id of the service connection, a
    /// GUID.
    #[must_use]
    pub fn new(
        request_uri: impl Into<String>,
        service_connection_id: impl Into<String>,
        access_token: impl Into<SecretString>,
    ) -> Self {
        Self {
            uri: request_uri.into(),
            connection: service_connection_id.into(),
            token: access_token.into(),
        }
    }

    /// Creates a source from the environment of a job, with the service connection of `MSSTORE_SERVICE_CONNECTION_ID`, or that of
    /// the task `AzureCLI@2` or `AzurePowerShell@5` in which it runs.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) that names what is missing or cannot be used.
    pub fn from_env() -> Result<Self, Error> {
        in_job(Self::offered(&Variables::of_env()), "Azure Pipelines")
    }

    /// What Azure DevOps offers: nothing outside its jobs. The error says what a job lacks.
    pub(super) fn offered(variables: &Variables<'_>) -> Result<Option<Self>, String> {
        let (uri, token) = (variables.url(URI)?, variables.get(TOKEN));
        let connection = CONNECTIONS.iter().find_map(|name| variables.get(name));
        let lacks = match (uri, token, connection) {
            (Some(uri), Some(token), Some(connection)) => return Ok(Some(Self::new(uri, connection, token))),
            (None, ..) if !variables.has("TF_BUILD") => return Ok(None),
            (None, ..) => format!("{URI} is not set, so Azure DevOps offers no assertion: this server is too old for it"),
            (_, None, _) => format!(
                "{TOKEN} is not set, so Azure DevOps offers no assertion: map it into the step, `env: {TOKEN}: $(System.AccessToken)`"
            ),
            (.., None) => format!(
                "{} is not set, so Azure DevOps offers no assertion: set it to the id of the service connection, or run within AzureCLI@2",
                CONNECTIONS[0]
            ),
        };
        Err(lacks)
    }
}

impl fmt::Debug for AzurePipelines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzurePipelines")
            .field("uri", &redact_url(&self.uri))
            .field("service_connection_id", &self.connection)
            .finish_non_exhaustive()
    }
}

impl AssertionSource for AzurePipelines {
    fn assertion<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<SecretString, Error>> {
        Box::pin(async {
            let mut url = server_url(&self.uri).map_err(|why| Error::invalid("the OIDC request URI of Azure Pipelines", why))?;
            url.query_pairs_mut()
                .append_pair("api-version", "7.1")
                .append_pair("serviceConnectionId", &self.connection);
            let bearer = format!("Bearer {}", self.token.expose_secret());
            let mut request = with_headers(Method::POST, &url, &[("Authorization", bearer.into())])?
                .header("Content-Type", "application/json")
                // Without it a token that is not accepted is answered with a page to sign in.
                .header("X-TFS-FedAuthRedirect", "Suppress");
            request.ids = IDS;
            ask(context, &AZURE_DEVOPS, request, "oidcToken").await
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_access_token() {
        let source = AzurePipelines::new("https://h/x?y=hunter2", "a-connection", "hunter2");
        let shown = format!("{source:?}");
        assert!(
            shown.contains("https://h/x") && shown.contains("a-connection") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}

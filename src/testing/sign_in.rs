//! Signing in to the fake without a secret, as a test holds it.

use std::io;
use std::time::Duration;

use super::account::{CLIENT_ID, CLIENT_SECRET, TENANT_ID};
use super::assertions::{AUDIENCE, Source};
use super::fake::FakeStore;
use super::oidc::{DEVOPS_CONNECTION, DEVOPS_PATH, DEVOPS_TOKEN, GITHUB_PATH, GITHUB_QUERY, GITHUB_TOKEN};
use crate::auth::CredentialKind;

impl FakeStore {
    /// Returns a fresh assertion with which a client can sign in: of an issuer that is neither GitHub nor Azure DevOps, as
    /// a cluster is that writes assertions into files.
    #[must_use]
    pub fn assertion(&self) -> String {
        self.state().new_assertion(Source::Cluster, AUDIENCE)
    }

    /// How long assertions live that are issued from now on; 300 seconds by default.
    pub fn set_assertion_life(&self, life: Duration) {
        self.state().assertions.life = life;
    }

    /// Replaces the federated credentials of the app, each an issuer and a subject. By default every assertion of the fake
    /// fits one of them.
    pub fn set_federated_credentials(&self, credentials: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) {
        let credentials = credentials
            .into_iter()
            .map(|(issuer, subject)| (issuer.into(), subject.into()))
            .collect();
        self.state().assertions.trusted = credentials;
    }

    /// Returns the environment variables with which a program signs in to this fake in this way and finds it. Assertions
    /// among them are fresh. The file of [`CredentialKind::TokenFile`] is written anew by each call and removed when the
    /// fake is dropped. For [`CredentialKind::AzureCli`] the program needs an `az` besides.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn variables(&self, kind: CredentialKind) -> io::Result<Vec<(&'static str, String)>> {
        let mut variables = vec![
            ("MSSTORE_TENANT_ID", TENANT_ID.to_owned()),
            ("MSSTORE_CLIENT_ID", CLIENT_ID.to_owned()),
            ("MSSTORE_ENDPOINT", self.endpoint()),
            ("MSSTORE_MSI_ENDPOINT", self.msi_endpoint()),
            ("AZURE_AUTHORITY_HOST", self.authority()),
        ];
        match kind {
            CredentialKind::ClientSecret => variables.push(("MSSTORE_CLIENT_SECRET", CLIENT_SECRET.to_owned())),
            CredentialKind::FixedAssertion => variables.push(("MSSTORE_CLIENT_ASSERTION", self.assertion())),
            CredentialKind::TokenFile => {
                let path = self.write_file("assertion.jwt", self.assertion())?;
                variables.push(("MSSTORE_CLIENT_ASSERTION_FILE", path.to_string_lossy().into_owned()));
            }
            CredentialKind::GitHubActions => variables.extend([
                ("GITHUB_ACTIONS", "true".to_owned()),
                (
                    "ACTIONS_ID_TOKEN_REQUEST_URL",
                    format!("{}{GITHUB_PATH}?{GITHUB_QUERY}", self.authority()),
                ),
                ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", GITHUB_TOKEN.to_owned()),
            ]),
            CredentialKind::AzurePipelines => variables.extend([
                ("TF_BUILD", "True".to_owned()),
                ("SYSTEM_OIDCREQUESTURI", format!("{}{DEVOPS_PATH}", self.authority())),
                ("SYSTEM_ACCESSTOKEN", DEVOPS_TOKEN.to_owned()),
                ("MSSTORE_SERVICE_CONNECTION_ID", DEVOPS_CONNECTION.to_owned()),
            ]),
            CredentialKind::AzureCli => variables.push(("MSSTORE_AUTH", "azure-cli".to_owned())),
        }
        Ok(variables)
    }
}

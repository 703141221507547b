//! The credentials that the environment names.

use std::fmt;

/// The ways of signing in that the environment can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialKind {
    /// A client secret.
    ClientSecret,
    /// An assertion in `MSSTORE_CLIENT_ASSERTION`.
    ClientAssertion,
    /// An assertion in a file.
    TokenFile,
    /// The OIDC endpoint of GitHub Actions.
    GitHubActions,
    /// The OIDC endpoint of Azure Pipelines.
    AzurePipelines,
    /// Whoever is signed in to the Azure CLI.
    AzureCli,
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientSecret => "a client secret",
            Self::ClientAssertion => "an assertion of the environment",
            Self::TokenFile => "an assertion in a file",
            Self::GitHubActions => "an assertion of GitHub Actions",
            Self::AzurePipelines => "an assertion of Azure Pipelines",
            Self::AzureCli => "the Azure CLI",
        })
    }
}

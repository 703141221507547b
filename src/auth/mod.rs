//! Signing in: what gives access tokens.
//!
//! A provider is asked only by the cache of an API, which is single-flight: however many calls need a token, one request for it is
//! under way.

mod azure_cli;
mod azure_pipelines;
mod client_assertion;
mod client_secret;
mod credentials;
mod entra;
mod github_actions;
mod token_file;
mod variables;

pub use self::azure_cli::AzureCli;
pub use self::azure_pipelines::AzurePipelines;
pub use self::client_assertion::{AssertionSource, ClientAssertion, FixedAssertion};
pub use self::client_secret::ClientSecret;
pub use self::credentials::{CredentialKind, Credentials};
pub use self::github_actions::GitHubActions;
pub use self::token_file::TokenFile;
pub use crate::http::BoxFuture;
pub use crate::service::provider::{AccessToken, TokenContext, TokenProvider, TokenReason};

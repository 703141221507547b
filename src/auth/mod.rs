//! Signing in: what gives access tokens.
//!
//! All ways end in a token of one Entra app, which is added to the Partner Center account with the **Manager** role (User management,
//! Microsoft Entra applications). Entra also gives tokens to apps that Partner Center does not know; the Store refuses those with 401.
//!
//! | provider | what proves that it is the app |
//! |---|---|
//! | [`ClientSecret`] | a stored secret, which ends after 24 months at most |
//! | [`ClientAssertion`] | a federated credential: somebody whom the app trusts vouches for the program, anew for each token |
//! | [`AzureCli`] | whoever is signed in to `az`: a certificate, a managed identity, an app at a developer's machine |
//! | your own [`TokenProvider`] | anything, such as a credential of `azure_identity` |
//!
//! Assertions come from an [`AssertionSource`]: [`GitHubActions`], [`AzurePipelines`], a [`TokenFile`] as in Kubernetes, a
//! [`FixedAssertion`], or your own.
//!
//! ```no_run
//! # fn build() -> msstore::Result<()> {
//! use msstore::StoreClient;
//! use msstore::auth::{ClientAssertion, GitHubActions};
//!
//! let app = ClientAssertion::new("contoso.onmicrosoft.com", "b3a1f9d2-0c58-4a37-8e1c-2f4d6a8c0eaf", GitHubActions::from_env()?);
//! let client = StoreClient::builder(app).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! However many calls of an API need a token at once, one of them fetches it, and the others wait. A token is renewed five minutes before its end. All requests end with the call that
//! needs the token; failures that may pass (no connection, 408, 429, 5xx, Entra's `temporarily_unavailable`) are tried again as
//! [`RetryPolicy`](crate::config::RetryPolicy) says. `az` is started once.
//!
//! A refusal is an error of the kind [`Auth`](crate::ErrorKind::Auth). Its sentence names who refused (Entra ID, GitHub, Azure DevOps,
//! the Azure CLI, a token file), has their words, with the subject, issuer and audience that Entra quotes, and says what to do.
//!
//! # The environment
//!
//! [`StoreClient::from_env`](crate::StoreClient::from_env) and [`Credentials::from_env`] follow one rule. They take the first of these that
//! is set, try nothing, and do not go on to the next when it fails. An empty value counts as not set.
//!
//! The prefix `{P}` of a variable is `MSSTORE` if one of its four variables is set (`_TENANT_ID`, `_CLIENT_ID`, `_CLIENT_SECRET`,
//! `_CLIENT_CERTIFICATE_PATH`), else `AZURE` if one of its four is, else `AZURESUBSCRIPTION`, which has ids only. It is taken whole:
//! `MSSTORE_TENANT_ID` alone makes it `MSSTORE`, and `AZURE_CLIENT_SECRET` is not read then.
//!
//! | | variable | way of signing in |
//! |---|---|---|
//! | 1 | `MSSTORE_AUTH=azure-cli` | [`AzureCli`], of the tenant `{P}_TENANT_ID` if that is set (leave it out for a managed identity) |
//! | 2 | `{P}_CLIENT_SECRET` | [`ClientSecret`] |
//! | 3 | `MSSTORE_CLIENT_ASSERTION` or `MSSTORE_CLIENT_ASSERTION_FILE`, not both | [`FixedAssertion`] or [`TokenFile`] |
//! | 4 | `AZURE_FEDERATED_TOKEN_FILE` | [`TokenFile`] |
//! | 5 | `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN`, which a job with `permissions: id-token: write` has | [`GitHubActions`] |
//! | 6 | `SYSTEM_OIDCREQUESTURI`, `SYSTEM_ACCESSTOKEN` (to be mapped into the step), and `MSSTORE_SERVICE_CONNECTION_ID`, or `AZURESUBSCRIPTION_SERVICE_CONNECTION_ID` as `AzureCLI@2` sets it | [`AzurePipelines`] |
//!
//! All but the first need `{P}_TENANT_ID` and `{P}_CLIENT_ID`. A `{P}_CLIENT_CERTIFICATE_PATH` without a secret is an error: certificates
//! are reached through [`AzureCli`]. `AZURE_AUTHORITY_HOST` replaces `https://login.microsoftonline.com`, but not for `az`.
//!
//! What a CI system sets by itself, `ACTIONS_…` and `SYSTEM_…`, is no credential as long as none of the other variables is set.
//!
//! # Credentials of `azure_identity`
//!
//! Any credential of that crate serves, through these lines:
//!
//! ```
//! # mod azure_core {
//! #     pub mod credentials {
//! #         pub struct Secret(String);
//! #         impl Secret { pub fn secret(&self) -> &str { &self.0 } }
//! #         pub struct OffsetDateTime;
//! #         impl From<OffsetDateTime> for std::time::SystemTime { fn from(_: OffsetDateTime) -> Self { Self::now() } }
//! #         pub struct AccessToken { pub token: Secret, pub expires_on: OffsetDateTime }
//! #         pub struct TokenRequestOptions<'a>(&'a ());
//! #         pub trait TokenCredential: Send + Sync + std::fmt::Debug {
//! #             fn get_token<'a>(&'a self, scopes: &'a [&'a str], options: Option<TokenRequestOptions<'a>>)
//! #                 -> std::pin::Pin<Box<dyn std::future::Future<Output = std::io::Result<AccessToken>> + Send + 'a>>;
//! #         }
//! #     }
//! # }
//! use std::sync::Arc;
//! use std::time::SystemTime;
//!
//! use azure_core::credentials::TokenCredential;
//! use msstore::Error;
//! use msstore::auth::{AccessToken, BoxFuture, TokenContext, TokenProvider};
//!
//! #[derive(Debug)]
//! struct OfAzure(Arc<dyn TokenCredential>);
//!
//! impl TokenProvider for OfAzure {
//!     fn token<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
//!         Box::pin(async move {
//!             let token = self.0.get_token(&[context.scope()], None).await.map_err(Error::auth)?;
//!             let end = SystemTime::from(token.expires_on);
//!             let life = end.duration_since(SystemTime::now()).unwrap_or_default();
//!             Ok(AccessToken::new(token.token.secret(), life))
//!         })
//!     }
//! }
//! # fn assert_provider<P: TokenProvider>() {}
//! # assert_provider::<OfAzure>();
//! ```
//!
//! `StoreClient::builder(OfAzure(ManagedIdentityCredential::new(None)?))` is then a client. Such a credential has a cache of its own, and
//! may give the same token again after the Store has refused it. Whether Partner Center takes a managed identity itself as a user is not
//! documented; that an app trusts one is (a federated credential, with the identity's token for `api://AzureADTokenExchange` as assertion).

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

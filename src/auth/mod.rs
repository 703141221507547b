//! Signing in: what gives access tokens.
//!
//! A provider is asked only by the cache of an API, which is single-flight: however many calls need a token, one request for it is
//! under way.

mod client_secret;
mod credentials;
mod entra;

pub use self::client_secret::ClientSecret;
pub use self::credentials::CredentialKind;
pub use crate::http::BoxFuture;
pub use crate::service::provider::{AccessToken, TokenContext, TokenProvider, TokenReason};

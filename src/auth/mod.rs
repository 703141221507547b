//! Access tokens: who gives them, and the cache that keeps one.
//!
//! A provider is asked only by the cache, which is single-flight: however many calls need a token, one request for it is
//! under way.

mod cache;
mod client_secret;
mod provider;

pub(crate) use self::cache::TokenCache;
pub use self::client_secret::ClientSecret;
pub(crate) use self::client_secret::Part;
pub use self::provider::{AccessToken, TokenContext, TokenProvider, TokenReason};
pub use crate::transport::BoxFuture;

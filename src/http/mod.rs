//! Sends one attempt of a request, and says what came of it. Knows no API, and is the only place that knows reqwest.
//!
//! What may be repeated is decided in `retry`, how fast in `limit`; both are pure. Whoever sends walks from attempt to attempt.

mod body;
pub(crate) mod clock;
pub(crate) mod limit;
pub(crate) mod request;
pub(crate) mod retry;
mod send;
mod tls;
mod url;

pub use futures_core::future::BoxFuture;

/// The header field that names a call at both ends.
pub(crate) const CORRELATION_ID: &str = "MS-CorrelationId";

pub(crate) use self::send::{Answer, Http, Settings};
pub(crate) use self::url::{is_loopback, server_url};

//! No whole answer came.

use std::fmt;
use std::time::Duration;

use crate::error::Error;
use crate::error::call::CallInfo;

/// Why no whole answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection: nothing was sent.
    Connect,
    /// No connection, because the server's certificate was not accepted: nothing was sent, and nothing will be until that changes.
    Certificate,
    /// No answer within the attempt's time.
    TimedOut,
    /// The connection broke before the answer.
    Interrupted,
    /// The connection broke within the answer, or it took too long to come.
    CutAnswer,
    /// The answer is larger than the limit.
    TooLarge,
    /// The call's time was up before it could be sent.
    DeadlineExceeded,
    /// The request could not be made.
    Request,
}

/// The request could not be sent, or no whole answer came.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    call: CallInfo,
    status: Option<u16>,
    source: Option<Source>,
    retry_after: Option<Duration>,
}

/// Without its URL, whose query may hold a secret.
#[derive(Debug)]
struct Source(reqwest::Error);

impl TransportError {
    pub(crate) fn new(kind: TransportErrorKind, call: CallInfo, status: Option<u16>, source: Option<reqwest::Error>) -> Self {
        Self {
            kind,
            call,
            status,
            source: source.map(|source| Source(source.without_url())),
            retry_after: None,
        }
    }

    pub(crate) fn retry_in(mut self, pause: Duration) -> Self {
        self.retry_after = Some(pause);
        self
    }

    /// Why no whole answer came.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// The call that failed.
    #[must_use]
    pub fn call(&self) -> &CallInfo {
        &self.call
    }

    pub(crate) fn call_mut(&mut self) -> &mut CallInfo {
        &mut self.call
    }

    /// The HTTP status, where the answer began.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// How long nothing may be sent yet, where that is why the time was not enough: the service asked all for a pause, or the
    /// client's rate limit is used up.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.call)?;
        f.write_str(match self.kind {
            TransportErrorKind::Connect => "could not connect",
            TransportErrorKind::Certificate => "was not sent, because the certificate of the server was not accepted",
            TransportErrorKind::TimedOut => "got no answer in time",
            TransportErrorKind::Interrupted => "lost its connection before the answer",
            TransportErrorKind::CutAnswer => "lost its connection within the answer",
            TransportErrorKind::TooLarge => "got an answer larger than the limit",
            TransportErrorKind::DeadlineExceeded => "ran out of time before it could be sent",
            TransportErrorKind::Request => "could not be made",
        })?;
        write!(f, "{}", self.call.effort())?;
        match self.kind {
            TransportErrorKind::Connect => f.write_str(": check the network, the proxy and the endpoint")?,
            TransportErrorKind::Certificate => f.write_str(
                ": if a proxy looks into TLS, let the system trust its root certificate or add that with http_client_builder(); if \
                 none does, check the endpoint and the clock",
            )?,
            _ => {}
        }
        if let Some(pause) = self.retry_after {
            // Rounded up: a second too early is too early.
            write!(
                f,
                "; try again in {} s",
                pause.as_secs() + u64::from(pause.subsec_nanos() > 0)
            )?;
        }
        if let Some(status) = self.status {
            write!(f, "; its status was {status}")?;
        }
        write!(f, "{}", self.call.correlation())
    }
}

impl std::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // reqwest's own sentence says less than ours; what lies below it says why.
        self.source.as_ref().and_then(|source| std::error::Error::source(&source.0))
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        Self::Transport(Box::new(error))
    }
}

//! No access token could be had.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::api::ApiError;
use crate::error::body::BodyShape;
use crate::error::call::{Clause, Outcome, is_transient};
use crate::error::{Error, input::InvalidInput};

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// No access token could be had, so the call was not sent (again).
///
/// A [`TokenProvider`](crate::TokenProvider) makes one from any error with [`AuthError::new`].
///
/// Clones share what they hold: all calls that waited for the same token get the same error.
#[derive(Debug, Clone)]
pub struct AuthError {
    what: What,
    outcome: Outcome,
    /// What the provider says of a failure of its own.
    retryable: bool,
}

#[derive(Debug, Clone)]
enum What {
    /// The token endpoint refused.
    Refused(Arc<ApiError>),
    /// The crate's own request for the token failed otherwise.
    Failed(Arc<Error>),
    /// A foreign provider failed.
    Provider(Arc<dyn std::error::Error + Send + Sync>),
}

impl AuthError {
    /// Wraps any error, or a text.
    pub fn new(error: impl Into<BoxedError>) -> Self {
        Self::from_what(What::Provider(Arc::from(error.into())))
    }

    fn from_what(what: What) -> Self {
        Self {
            what,
            outcome: Outcome::NotApplied,
            retryable: false,
        }
    }

    /// The same error, as one that may be gone when the provider is asked again: a vault that does not answer, not a wrong
    /// password. [`Error::is_retryable`] is true for it, so a wait of days asks again instead of ending.
    ///
    /// Without it an error made by [`AuthError::new`] is final. Those of [`TokenContext`](crate::TokenContext) need it not.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// The HTTP status of the token endpoint.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match &self.what {
            What::Refused(error) => Some(error.status()),
            What::Failed(error) => error.status(),
            What::Provider(_) => None,
        }
    }

    /// The OAuth error code, for example `invalid_client`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.refused().and_then(ApiError::code)
    }

    /// Entra's words, which begin with an `AADSTS` number.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.refused().and_then(ApiError::message)
    }

    /// Entra's correlation id.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.refused().and_then(|error| error.call().correlation_id.as_deref())
    }

    /// What to check, where the crate knows.
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        let refused = self.refused()?;
        (refused.shape() == BodyShape::Entra)
            .then(|| entra_advice(self.message().unwrap_or_default(), self.code().unwrap_or_default()))
    }

    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome
    }

    pub(crate) fn set_outcome(&mut self, outcome: Outcome) {
        self.outcome = outcome;
    }

    pub(crate) fn is_retryable(&self) -> bool {
        if self.retryable {
            return true;
        }
        match &self.what {
            What::Refused(error) => is_transient(error.status()),
            What::Failed(error) => error.is_retryable(),
            What::Provider(_) => false,
        }
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.refused().and_then(ApiError::retry_after)
    }

    fn refused(&self) -> Option<&ApiError> {
        match &self.what {
            What::Refused(error) => Some(error),
            What::Failed(_) | What::Provider(_) => None,
        }
    }
}

/// The numbers are those of Entra's documentation on AADSTS error codes.
fn entra_advice(message: &str, code: &str) -> &'static str {
    let table = [
        ("AADSTS7000215", "check the client secret: its value is needed, not its id"),
        ("AADSTS7000222", "the client secret has expired: make a new one"),
        (
            "AADSTS700016",
            "check the client id, and that the app is registered in this tenant",
        ),
        ("AADSTS90002", "check the tenant id"),
        ("AADSTS900023", "check the tenant id"),
        (
            "AADSTS500011",
            "the tenant does not know the resource: associate it with the Partner Center account",
        ),
    ];
    let known = table
        .iter()
        .find(|(number, _)| message.contains(number))
        .map(|(_, advice)| *advice);
    known.unwrap_or(match code {
        "invalid_client" => "check the client id and the client secret",
        "unauthorized_client" => "check the client id and the tenant id",
        _ => "check tenant id, client id and client secret",
    })
}

impl From<Error> for AuthError {
    fn from(error: Error) -> Self {
        match error {
            Error::Auth(error) => *error,
            Error::Api(error) => Self::from_what(What::Refused(Arc::from(error))),
            other => Self::from_what(What::Failed(Arc::new(other))),
        }
    }
}

impl From<InvalidInput> for AuthError {
    fn from(error: InvalidInput) -> Self {
        Error::from(error).into()
    }
}

impl From<AuthError> for Error {
    /// Credentials that cannot be used are told as such: nothing was sent, and one sentence says all.
    fn from(error: AuthError) -> Self {
        if let What::Failed(cause) = &error.what
            && let Self::InvalidInput(input) = &**cause
        {
            return Self::InvalidInput(input.clone());
        }
        Self::Auth(Box::new(error))
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Refused(error) if error.shape() == BodyShape::Entra => {
                let code = Clause {
                    before: ", ",
                    text: self.code(),
                };
                let message = Clause {
                    before: ": ",
                    text: self.message().map(|message| message.trim().trim_end_matches('.')),
                };
                let advice = Clause {
                    before: "; ",
                    text: self.advice(),
                };
                let (status, effort) = (error.status(), error.call().effort());
                write!(
                    f,
                    "no access token: entra id answered with status {status}{effort}{code}{message}{advice}{}",
                    error.call().correlation()
                )
            }
            What::Refused(error) => {
                f.write_str("no access token: ")?;
                error.say(f)?;
                let advice = Clause {
                    before: "; ",
                    text: error.advice(),
                };
                write!(f, "{advice}{}", error.call().correlation())
            }
            What::Failed(_) => f.write_str("no access token: the request for it failed"),
            What::Provider(_) => f.write_str("no access token: the token provider failed"),
        }
    }
}

impl std::error::Error for AuthError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.what {
            What::Refused(_) => None,
            What::Failed(error) => Some(error.as_ref()),
            What::Provider(error) => Some(error.as_ref()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Audience;
    use crate::error::body::ErrorBody;
    use crate::error::call::CallInfo;

    #[test]
    fn a_wrong_secret_gets_entras_words_and_what_to_check() {
        let body = br#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.","correlation_id":"e1"}"#;
        let error = ApiError::new(
            CallInfo::new("POST", "t/oauth2/token"),
            Audience::Token,
            401,
            ErrorBody::parse(body, &[]),
            None,
        );
        let text = AuthError::from(Error::from(error)).to_string();
        let expected = "no access token: entra id answered with status 401, invalid_client: AADSTS7000215: Invalid client secret \
            provided; check the client secret: its value is needed, not its id; correlation id e1";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_is_not_entra_gets_no_advice_about_the_api() {
        for (status, advice) in [
            (403, "any proxy"),
            (404, "tenant id"),
            (429, "try again later"),
            (503, "try again later"),
        ] {
            let body = ErrorBody::parse(b"<html></html>", &[]);
            let error = ApiError::new(CallInfo::new("POST", "t/oauth2/token"), Audience::Token, status, body, None);
            let text = AuthError::from(Error::from(error)).to_string();
            let of_the_api = ["Manager", "20 requests", "read before", "parent"];
            assert!(
                text.contains(advice) && !of_the_api.iter().any(|part| text.contains(part)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_provider_says_what_may_be_gone_next_time() {
        let error = || AuthError::new("the vault is shut");
        assert!(!Error::from(error()).is_retryable());
        assert!(Error::from(error().retryable()).is_retryable());
    }

    #[test]
    fn any_error_can_be_wrapped_and_is_the_source() {
        let error = AuthError::new(std::io::Error::other("the vault is shut"));
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the vault is shut");
        assert!(!error.to_string().contains("vault"));
    }
}

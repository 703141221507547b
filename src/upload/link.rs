//! The upload link: checked before it is used, added to for each call, and blamed when it is to blame.
//!
//! Nothing that leaves here shows its query: requests carry the signature as a secret to be scrubbed from answers.

use std::time::SystemTime;

use secrecy::SecretString;
use url::Url;

use crate::error::{Error, ErrorKind, UploadKind};
use crate::http::is_loopback;
use crate::http::request::{Method, Replay, Request};
use crate::secret::UploadUrl;

/// A version that knows CRC-64 and blocks of 4000 MiB, and that the emulator knows.
const VERSION: &str = "2021-12-02";

pub(super) struct Link {
    link: UploadUrl,
    url: Url,
    /// The signature, in all its spellings.
    secrets: Vec<SecretString>,
}

impl Link {
    /// `local_endpoint` says that the service itself is on loopback; only then may the link lead there without TLS.
    pub(super) fn new(link: &UploadUrl, local_endpoint: bool) -> Result<Self, Error> {
        let refused = |problem: &str| Error::invalid("the upload link", problem);
        if !link.is_set() {
            return Err(refused(
                "there is none: a draft that was made in Partner Center has no link; create the submission with the API",
            ));
        }
        let url = link.url().map_err(|error| refused(&format!("it is no URL ({error})")))?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(url) && local_endpoint => {}
            "http" if is_loopback(url) => return Err(refused("it leads to this machine, the service's endpoint does not")),
            _ => return Err(refused("it must be https")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("it must not hold a user name or password"));
        }
        let secrets = link.signatures();
        if secrets.is_empty() {
            return Err(refused(
                "it has no signature (sig): use fileUploadUrl exactly as the service sent it",
            ));
        }
        Ok(Self {
            url: url.clone(),
            link: link.clone(),
            secrets,
        })
    }

    /// Refuses a link whose time is over.
    pub(super) fn check_alive(&self, now: SystemTime) -> Result<(), Error> {
        expired(&self.link, now).map_or(Ok(()), Err)
    }

    /// A call to the blob. `parameters` are added to the query as they are; the signature does not cover them.
    pub(super) fn request(&self, method: Method, parameters: &[(&str, &str)]) -> Request {
        let mut url = self.url.clone();
        let mut query = url.query().unwrap_or_default().to_owned();
        for (name, value) in parameters {
            // Of base64 only these three need it.
            let value = value.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
            query.push_str(&format!("&{name}={value}"));
        }
        url.set_query(Some(&query));
        url.set_fragment(None);
        let path = url.path().to_owned();
        let mut request = Request::to(method, url, path, "{blob}", Replay::Safe).header("x-ms-version", VERSION);
        request.keep_alive = true;
        request.secrets.clone_from(&self.secrets);
        request
    }

    /// The error of an upload, by the error of one of its calls. `what` names the call.
    pub(super) fn failed(&self, error: Error, what: impl Into<String>, now: SystemTime) -> Error {
        let refused = error
            .status()
            .filter(|status| error.kind() == ErrorKind::Api && matches!(status, 401 | 403 | 404));
        let failed = match (refused, self.check_alive(now)) {
            (Some(_), Err(expired)) => expired,
            (Some(_), Ok(())) if says_expired(&error) => Error::upload(UploadKind::LinkExpired, "the blob store says so"),
            (Some(status), Ok(())) => {
                let code = error.code().map(|code| format!(", {code}")).unwrap_or_default();
                Error::upload(UploadKind::LinkRefused, format!("status {status}{code}"))
            }
            (None, _) => Error::upload(UploadKind::Send, what),
        };
        failed.caused_by(error)
    }
}

/// The error of a link whose time is over.
pub(crate) fn expired(link: &UploadUrl, now: SystemTime) -> Option<Error> {
    let end = link.ended(now)?;
    let what = format!("its time ended at {}", crate::date::format(end));
    Some(Error::upload(UploadKind::LinkExpired, what))
}

/// The blob store's clock counts, not ours.
fn says_expired(error: &Error) -> bool {
    let says = |body: &str| body.contains("not valid in the specified time frame");
    error.status() == Some(403) && error.body().is_some_and(says)
}

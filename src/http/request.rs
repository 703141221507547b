//! A request is data: what to send, how often it may be sent, and what may be told about it.
//!
//! Nothing here knows how it is sent. A path is only ever built by pushing segments.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_core::Stream;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::error::{Error, Result};
use crate::http::CORRELATION_ID;

/// An HTTP method.
pub use reqwest::Method;

/// Whether requests with this method have a body, be it empty.
pub(crate) fn has_body(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::DELETE)
}

/// Whether a call may be sent again when its outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Replay {
    /// It may: sending it twice does what sending it once does.
    Safe,
    /// It may not: it is sent again only when the first sending surely had no effect.
    Once,
}

/// A path below the endpoint, with its template for logs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Path {
    segments: Vec<String>,
    template: String,
}

impl Path {
    pub(crate) fn new(first: &'static str) -> Self {
        Self::default().then(first)
    }

    pub(crate) fn then(mut self, literal: &'static str) -> Self {
        self.push(literal.to_owned(), literal);
        self
    }

    /// Adds an id. `name` stands in the template.
    pub(crate) fn id(mut self, name: &'static str, id: &impl AsRef<str>) -> Self {
        self.push(id.as_ref().to_owned(), name);
        self
    }

    fn push(&mut self, segment: String, shown: &str) {
        if !self.template.is_empty() {
            self.template.push('/');
        }
        self.template.push_str(shown);
        self.segments.push(segment);
    }

    /// Its first segments.
    pub(crate) fn first(&self, count: usize) -> Self {
        let template: Vec<&str> = self.template.split('/').take(count).collect();
        Self {
            segments: self.segments.iter().take(count).cloned().collect(),
            template: template.join("/"),
        }
    }

    pub(crate) fn text(&self) -> String {
        self.segments.join("/")
    }

    pub(crate) fn template(&self) -> &str {
        &self.template
    }

    /// The URL below `base`, which ends in a slash.
    pub(crate) fn url(&self, base: &Url) -> Url {
        let mut url = base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(&self.segments);
        }
        url
    }
}

/// A body of known length that can be produced anew for each attempt.
pub(crate) trait BodySource: Send + Sync {
    fn len(&self) -> u64;
    /// Begins it anew: called once an attempt.
    fn open(&self) -> BodyStream;
    /// The time for the next attempt, asked before each, instead of the request's; real time.
    fn attempt_timeout(&self) -> Option<Duration> {
        None
    }
}

/// The pieces of a body, in order.
pub(crate) type BodyStream = std::pin::Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send + Sync>>;

/// What is sent.
pub(crate) enum Body {
    /// No body, and `Content-Length: 0` where the method could have one.
    Empty,
    /// In memory.
    Bytes(Bytes),
    /// Produced while it is sent.
    Stream(Box<dyn BodySource>),
}

/// Where a request goes.
pub(crate) enum Target {
    /// Below the endpoint of a service, with a query.
    Path(Path, Vec<(&'static str, String)>),
    /// Anywhere.
    Url(Url),
}

/// All that is to be sent, and how: the one form of a call from its handle to the socket.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) target: Target,
    /// For errors: the path without its query.
    pub(crate) path: String,
    /// For logs: the path with names instead of ids.
    pub(crate) template: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Marked as sensitive, so that no log of the connection shows them.
    pub(crate) secret_headers: Vec<(String, SecretString)>,
    pub(crate) body: Body,
    pub(crate) replay: Replay,
    /// How often it is sent before its time for repeats can end it, if it may be repeated at all.
    pub(crate) at_least: u32,
    /// Whether its connection is kept for others. A kept one that the server ends at that moment would leave a write in doubt.
    pub(crate) keep_alive: bool,
    /// Instead of the attempt's usual time.
    pub(crate) attempt_timeout: Option<Duration>,
    /// Instead of the usual time of a call in all.
    pub(crate) call_timeout: Option<Duration>,
    /// The end of the call, if its own time does not end before.
    pub(crate) deadline: Option<Instant>,
    /// Bytes, instead of the client's limit of an answer.
    pub(crate) max_answer: Option<usize>,
    /// The header fields in which the server names the call, the first that there is.
    pub(crate) ids: &'static [&'static str],
    /// What must be scrubbed from an error body, besides the bearer.
    pub(crate) secrets: Vec<SecretString>,
}

impl Request {
    fn new(method: Method, target: Target, path: String, template: String, replay: Replay) -> Self {
        Self {
            method,
            target,
            path,
            template,
            headers: Vec::new(),
            secret_headers: Vec::new(),
            body: Body::Empty,
            replay,
            at_least: 1,
            keep_alive: false,
            attempt_timeout: None,
            call_timeout: None,
            deadline: None,
            max_answer: None,
            ids: &[CORRELATION_ID],
            secrets: Vec::new(),
        }
    }

    fn below(method: Method, path: Path, replay: Replay) -> Self {
        let (text, template) = (path.text(), path.template().to_owned());
        Self::new(method, Target::Path(path, Vec::new()), text, template, replay)
    }

    pub(crate) fn get(path: Path) -> Self {
        Self::below(Method::GET, path, Replay::Safe)
    }

    /// Replaces the whole, so it may be repeated.
    pub(crate) fn put(path: Path, body: Vec<u8>) -> Self {
        Self::below(Method::PUT, path, Replay::Safe).with_body(body)
    }

    /// Sets members to values that are given, so it may be repeated.
    pub(crate) fn patch(path: Path, body: Vec<u8>) -> Self {
        Self::below(Method::PATCH, path, Replay::Safe).with_body(body)
    }

    pub(crate) fn delete(path: Path) -> Self {
        Self::below(Method::DELETE, path, Replay::Safe)
    }

    /// Without a body. Not repeated when its outcome is unknown.
    pub(crate) fn post(path: Path) -> Self {
        Self::below(Method::POST, path, Replay::Once)
    }

    /// To any URL; `path` names it in errors, `template` in logs.
    pub(crate) fn to(method: Method, url: Url, path: impl Into<String>, template: &str, replay: Replay) -> Self {
        Self::new(method, Target::Url(url), path.into(), template.to_owned(), replay)
    }

    pub(crate) fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Body::Bytes(body.into());
        self
    }

    pub(crate) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Target::Path(_, query) = &mut self.target {
            query.push((name, value.into()));
        }
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Gives one attempt this time instead of the usual.
    pub(crate) fn timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// Ends the call at this moment, if there is one and its own time does not end before.
    pub(crate) fn by(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }

    /// Where it goes. A path needs the endpoint of a service.
    pub(crate) fn url(&self, endpoint: Option<&Url>) -> Result<Url> {
        match (&self.target, endpoint) {
            (Target::Url(url), _) => Ok(url.clone()),
            (Target::Path(path, query), Some(endpoint)) => {
                let mut url = path.url(endpoint);
                if !query.is_empty() {
                    url.query_pairs_mut().extend_pairs(query);
                }
                Ok(url)
            }
            (Target::Path(..), None) => Err(Error::invalid("the request", "it has a path and no server")),
        }
    }

    /// Returns the secrets that an answer may repeat and that must not be kept.
    pub(crate) fn known_secrets<'a>(&'a self, bearer: Option<&'a SecretString>) -> Vec<&'a str> {
        self.secrets.iter().chain(bearer).map(ExposeSecret::expose_secret).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ApplicationId;

    #[test]
    fn a_path_is_pushed_and_its_template_has_names() {
        let base = Url::parse("http://127.0.0.1:1/v1.0/my/").unwrap();
        let app: ApplicationId = "9N".parse().unwrap();
        let path = Path::new("applications").id("{applicationId}", &app).then("submissions");
        assert_eq!(
            path.url(&base).as_str(),
            "http://127.0.0.1:1/v1.0/my/applications/9N/submissions"
        );
        assert_eq!(path.template(), "applications/{applicationId}/submissions");
        assert_eq!(path.text(), "applications/9N/submissions");
    }
}

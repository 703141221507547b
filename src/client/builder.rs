//! The settings of a client, from the program and from the environment.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::auth::{Credentials, TokenProvider};
use crate::client::StoreClient;
use crate::error::{Error, Result};
use crate::http::clock::Clock;
use crate::http::limit::RateLimit;
use crate::http::retry::RetryPolicy;
use crate::http::{Http, Settings, is_loopback, server_url};
use crate::secret::redact_url;
use crate::service::dialect::{MSI, SUBMISSIONS};
use crate::service::provider::Resource;
use crate::service::{Api, Service};

/// The service.
const ENDPOINT: &str = "https://manage.devcenter.microsoft.com/v1.0/my/";

const RESOURCE: Resource = Resource {
    scope: "https://manage.devcenter.microsoft.com/.default",
    // With a slash at its end the service refuses the token.
    v1: Some("https://manage.devcenter.microsoft.com"),
};

/// The service for MSI and EXE apps.
const MSI_ENDPOINT: &str = "https://api.store.microsoft.com/submission/v1/";

const MSI_RESOURCE: Resource = Resource {
    scope: "https://api.store.microsoft.com/.default",
    v1: None,
};

/// The settings of a client.
#[must_use = "a builder does nothing before build()"]
pub struct StoreClientBuilder {
    provider: Arc<dyn TokenProvider>,
    endpoint: String,
    msi_endpoint: String,
    http: Option<reqwest::ClientBuilder>,
    settings: Settings,
    rate_limit: RateLimit,
    correlation_id: Option<String>,
    clock: Clock,
}

impl StoreClient {
    /// Returns a builder of a client that gets its tokens from this provider, usually [`ClientAssertion`](crate::auth::ClientAssertion) or
    /// [`ClientSecret`](crate::ClientSecret).
    pub fn builder(provider: impl TokenProvider + 'static) -> StoreClientBuilder {
        StoreClientBuilder {
            provider: Arc::new(provider),
            endpoint: ENDPOINT.to_owned(),
            msi_endpoint: MSI_ENDPOINT.to_owned(),
            http: None,
            settings: Settings::default(),
            rate_limit: RateLimit::default(),
            correlation_id: None,
            clock: Clock::real(),
        }
    }

    /// Creates a client with the credentials of the environment: see [`StoreClientBuilder::from_env`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) that names what is missing or cannot be used.
    pub fn from_env() -> Result<Self> {
        StoreClientBuilder::from_env()?.build()
    }
}

impl fmt::Debug for StoreClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreClientBuilder")
            .field("provider", &self.provider)
            .field("endpoint", &redact_url(&self.endpoint))
            .field("msi_endpoint", &redact_url(&self.msi_endpoint))
            .finish_non_exhaustive()
    }
}

impl StoreClientBuilder {
    /// Reads the settings from the environment: credentials by the rule of [`auth`](crate::auth#the-environment), and
    /// `MSSTORE_ENDPOINT` (default `https://manage.devcenter.microsoft.com/v1.0/my/`) and `MSSTORE_MSI_ENDPOINT` (default
    /// `https://api.store.microsoft.com/submission/v1/`). An empty value counts as not set.
    ///
    /// A trace at level `INFO` says which way of signing in was taken.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) that names the variables that are missing or cannot be used.
    pub fn from_env() -> Result<Self> {
        Self::from_variables(|name| Some(std::env::var_os(name)?.to_string_lossy().into_owned()))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let credentials = Credentials::required(&variable)?;
        tracing::info!(%credentials, "signing in");
        let mut builder = StoreClient::builder(credentials);
        let set = |name| {
            variable(name)
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty())
        };
        if let Some(endpoint) = set("MSSTORE_ENDPOINT") {
            builder = builder.endpoint(endpoint);
        }
        if let Some(endpoint) = set("MSSTORE_MSI_ENDPOINT") {
            builder = builder.msi_endpoint(endpoint);
        }
        Ok(builder)
    }

    /// Replaces the provider of tokens.
    pub fn token_provider(mut self, provider: impl TokenProvider + 'static) -> Self {
        self.provider = Arc::new(provider);
        self
    }

    /// Sets the endpoint: https, or http on loopback. A missing slash at its end is added. The default is
    /// `https://manage.devcenter.microsoft.com/v1.0/my/`.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = url.into();
        self
    }

    /// Sets the endpoint of the API for MSI and EXE apps, as [`endpoint`](Self::endpoint) sets the other. The default is
    /// `https://api.store.microsoft.com/submission/v1/`.
    pub fn msi_endpoint(mut self, url: impl Into<String>) -> Self {
        self.msi_endpoint = url.into();
        self
    }

    /// Sets the builder of the HTTP client, for proxies, certificates or a user agent. The crate overrides some of it: no
    /// redirects, no retries by reqwest, HTTP/1.1, and the timeouts that are set here. The builder's own `timeout` and
    /// `read_timeout` have no effect, because they would end uploads and creates that take their time.
    ///
    /// Loopback is never reached through a proxy. With an endpoint on loopback the builder's proxies are dropped. With any other
    /// endpoint, calls to loopback, for example to an authority there, use a separate client without these settings.
    pub fn http_client_builder(mut self, builder: reqwest::ClientBuilder) -> Self {
        self.http = Some(builder);
        self
    }

    /// Sets how calls are repeated.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.settings.retry = policy;
        self
    }

    /// Sets how many requests are sent to the API.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.rate_limit = limit;
        self
    }

    /// Sets how long to wait for a connection. The default is 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = timeout;
        self
    }

    /// Sets how long one attempt of a call may take, including the answer. The default is 100 s.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.settings.attempt_timeout = timeout;
        self
    }

    /// Sets how long one attempt to create a submission may take. The default is 300 s, because copying large listings takes
    /// minutes.
    pub fn create_timeout(mut self, timeout: Duration) -> Self {
        self.settings.create_timeout = timeout;
        self
    }

    /// Sets how many bytes an answer may have. The default is 64 MiB. Of an error answer 64 KiB are kept.
    pub fn max_answer(mut self, bytes: usize) -> Self {
        self.settings.max_answer = bytes;
        self
    }

    /// Sets the `MS-CorrelationId` of all calls. By default each call gets a new one.
    pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
        self.correlation_id = Some(id.into());
        self
    }

    #[cfg(feature = "testing")]
    pub(crate) fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Creates the client. Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the endpoint or the correlation id cannot be used;
    /// `Transport` if the HTTP client cannot be made.
    ///
    /// # Panics
    ///
    /// With the feature `rustls-no-provider` alone, reqwest panics if the program has not installed a crypto provider before.
    pub fn build(self) -> Result<StoreClient> {
        let msi_endpoint = endpoint("the MSI endpoint", &self.msi_endpoint, MSI_ENDPOINT)?;
        let endpoint = endpoint("the endpoint", &self.endpoint, ENDPOINT)?;
        if self
            .correlation_id
            .as_ref()
            .is_some_and(|id| id.is_empty() || id.len() > 128 || !id.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            return Err(Error::invalid(
                "the correlation id",
                "it must be 1 to 128 printable ASCII characters, usually a GUID",
            ));
        }
        let http = self
            .http
            .unwrap_or_else(|| reqwest::Client::builder().user_agent(concat!("msstore-rs/", env!("CARGO_PKG_VERSION"))));
        let http = Http::new(http, !is_loopback(&endpoint), self.settings, self.clock)?;
        let api = Api {
            endpoint,
            resource: RESOURCE,
            dialect: &SUBMISSIONS,
            rate_limit: self.rate_limit,
            correlation_id: self.correlation_id.clone(),
        };
        let msi = Api {
            endpoint: msi_endpoint,
            resource: MSI_RESOURCE,
            dialect: &MSI,
            rate_limit: self.rate_limit,
            correlation_id: self.correlation_id,
        };
        Ok(StoreClient {
            service: Service::new(http.clone(), Arc::clone(&self.provider), api),
            msi: Service::new(http, self.provider, msi),
        })
    }
}

/// Checks the endpoint and adds the slash at its end.
fn endpoint(what: &str, text: &str, example: &str) -> Result<Url> {
    let refused = |why: &str| Error::invalid(what, format!("{why}; an example is {example}"));
    let mut url = server_url(text).map_err(refused)?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(refused("it must have no user, query or fragment"));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_is_https_or_on_loopback() {
        let table = [
            (ENDPOINT, Some(ENDPOINT)),
            ("https://h/v1.0/my", Some("https://h/v1.0/my/")),
            ("http://127.0.0.1:8080/x", Some("http://127.0.0.1:8080/x/")),
            ("http://localhost/", Some("http://localhost/")),
            ("http://[::1]:1/", Some("http://[::1]:1/")),
            ("http://example.com/", None),
            ("http://127.0.0.1.example.com/", None),
            ("ftp://h/", None),
            ("https://u:p@h/", None),
            ("https://h/?x=1", None),
            ("manage.devcenter.microsoft.com", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(
                endpoint("it", text, ENDPOINT).ok().as_ref().map(Url::as_str),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn the_environment_names_credentials_and_endpoint() {
        let from = |variables: &[(&str, &str)]| {
            let find = |name: &str| {
                variables
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, value)| (*value).to_owned())
            };
            StoreClientBuilder::from_variables(find).map(|builder| format!("{builder:?}"))
        };
        let variables = [
            ("AZURE_TENANT_ID", "t2"),
            ("AZURE_CLIENT_ID", "c2"),
            ("AZURE_CLIENT_SECRET", "s2"),
            ("AZURE_AUTHORITY_HOST", "http://127.0.0.1:1"),
            ("MSSTORE_ENDPOINT", "http://127.0.0.1:2/my"),
            ("MSSTORE_MSI_ENDPOINT", "http://127.0.0.1:3/v1"),
        ];
        let shown = from(&variables).unwrap();
        let parts = ["\"t2\"", "127.0.0.1:1", "127.0.0.1:2/my", "127.0.0.1:3/v1"];
        assert!(
            parts.iter().all(|part| shown.contains(part)) && !shown.contains("s2"),
            "{shown}"
        );
        assert!(
            from(&[&variables[..3], &[("MSSTORE_ENDPOINT", " ")]].concat())
                .unwrap()
                .contains(ENDPOINT)
        );
        assert!(
            from(&variables[3..])
                .unwrap_err()
                .to_string()
                .contains("MSSTORE_CLIENT_SECRET are not set")
        );
    }
}

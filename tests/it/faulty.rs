//! What the tests of bad days share: a world with something to lose in it, refused connections, and a line that is
//! printed although the test passes.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use msstore::api::Submissions;
use msstore::model::{ApplicationSubmission, FlightSubmission, InAppProductSubmission};
use msstore::msi::Product;
use msstore::reqwest;
use msstore::testing::FakeStore;
use msstore::{
    ApplicationId, Error, ErrorKind, FlightId, InAppProductId, ProductId, SellerId, StoreClient, StoreClientBuilder, SubmissionId,
};
use serde_json::Value;

/// Prints past the capture of the test harness.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// An error and all below it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}

/// Somebody else's app with a draft that nobody here may touch.
pub(crate) const FOREIGN: &str = "9FOREIGNAPP1";

/// The sample of the fake, somebody else's draft beside it, and handles on it all.
pub(crate) struct World {
    pub(crate) fake: Arc<FakeStore>,
    pub(crate) client: StoreClient,
    pub(crate) gate: Arc<Gate>,
    pub(crate) app: ApplicationId,
    pub(crate) add_on: InAppProductId,
    pub(crate) flight: FlightId,
    pub(crate) msi: Product,
    foreign: Option<Value>,
}

impl World {
    pub(crate) async fn new(settings: impl FnOnce(StoreClientBuilder) -> StoreClientBuilder) -> Self {
        let fake = Arc::new(FakeStore::start_with_sample().await.unwrap());
        fake.seed_application(FOREIGN);
        fake.seed_draft(FOREIGN);
        let gate = Arc::new(Gate::default());
        // A connection a request, so that the gate can refuse a certain one. The name leads to the gate.
        let http = http().dns_resolver(Resolver(gate.clone())).pool_max_idle_per_host(0);
        let builder = fake
            .client_builder()
            .endpoint(fake.endpoint().replace("127.0.0.1", "localhost"))
            .msi_endpoint(fake.msi_endpoint().replace("127.0.0.1", "localhost"))
            .http_client_builder(http);
        let client = settings(builder).build().unwrap();
        let msi = client.msi(FakeStore::SAMPLE_SELLER.parse::<SellerId>().unwrap());
        Self {
            msi: msi.product(FakeStore::SAMPLE_MSI_PRODUCT.parse::<ProductId>().unwrap()),
            client,
            gate,
            app: FakeStore::SAMPLE_APPLICATION.parse().unwrap(),
            add_on: FakeStore::SAMPLE_IN_APP_PRODUCT.parse().unwrap(),
            flight: FakeStore::SAMPLE_FLIGHT.parse().unwrap(),
            foreign: fake.pending_submission(FOREIGN),
            fake,
        }
    }

    /// The id of the first package of the MSI or EXE product.
    pub(crate) fn msi_package(&self) -> String {
        let packages = self.fake.msi_packages(self.msi.id()).unwrap();
        packages["packages"][0]["packageId"].as_str().unwrap().to_owned()
    }

    pub(crate) fn app_submissions(&self) -> Submissions<ApplicationSubmission> {
        self.client.applications().submissions(&self.app)
    }

    pub(crate) fn add_on_submissions(&self) -> Submissions<InAppProductSubmission> {
        self.client.in_app_products().submissions(&self.add_on)
    }

    pub(crate) fn flight_submissions(&self) -> Submissions<FlightSubmission> {
        self.client.flights(&self.app).submissions(&self.flight)
    }

    /// The pending submission of a parent, or else the published one.
    pub(crate) fn submission(&self, parent: &str) -> SubmissionId {
        let submission = self
            .fake
            .pending_submission(parent)
            .or(self.fake.published_submission(parent));
        submission.unwrap()["id"].as_str().unwrap().parse().unwrap()
    }

    /// Whatever happens, this holds. Gives what does not.
    pub(crate) async fn harm(&self) -> Vec<String> {
        let mut harm = Vec::new();
        if self.fake.pending_submission(FOREIGN) != self.foreign {
            harm.push("the foreign draft was touched".to_owned());
        }
        self.fake.clear_faults();
        self.gate.open();
        let products = self.client.in_app_products().list().all().await.unwrap();
        let ids: BTreeSet<_> = products.iter().map(|product| &product.product_id).collect();
        if ids.len() != products.len() {
            harm.push("an add-on was doubled".to_owned());
        }
        let flights = self.client.flights(&self.app).list().all().await.unwrap();
        let names: BTreeSet<_> = flights.iter().map(|flight| &flight.friendly_name).collect();
        if names.len() != flights.len() {
            harm.push("a flight was doubled".to_owned());
        }
        harm
    }
}

/// Without the certificates of the system, which take longer to load than a whole test: all of this is plain HTTP.
pub(crate) fn http() -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder();
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    let builder = builder.tls_certs_only([]);
    builder
}

/// Refuses connections, counted from the last [`Gate::refuse`], or all of them for a time.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    tried: AtomicUsize,
    refused: Mutex<Range<usize>>,
    shut: Mutex<Option<(Arc<FakeStore>, Duration)>>,
}

impl Gate {
    /// Refuses these connections of those to come, the next being number 0.
    pub(crate) fn refuse(&self, connections: Range<usize>) {
        *self.refused.lock().unwrap() = connections;
        self.tried.store(0, Ordering::SeqCst);
    }

    pub(crate) fn open(&self) {
        self.refuse(0..0);
    }

    /// Refuses all connections for this long by the clock of the fake.
    pub(crate) fn shut_for(&self, fake: &Arc<FakeStore>, time: Duration) {
        *self.shut.lock().unwrap() = Some((Arc::clone(fake), fake.elapsed() + time));
    }

    fn is_shut(&self) -> bool {
        let shut = self.shut.lock().unwrap();
        shut.as_ref().is_some_and(|(fake, end)| fake.elapsed() < *end)
    }

    fn address(&self) -> SocketAddr {
        let number = self.tried.fetch_add(1, Ordering::SeqCst);
        if self.is_shut() || self.refused.lock().unwrap().contains(&number) {
            // The fake listens on IPv4 alone.
            (Ipv6Addr::LOCALHOST, 0).into()
        } else {
            (Ipv4Addr::LOCALHOST, 0).into()
        }
    }
}

struct Resolver(Arc<Gate>);

impl reqwest::dns::Resolve for Resolver {
    fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let address = self.0.address();
        Box::pin(async move { Ok(Box::new(std::iter::once(address)) as reqwest::dns::Addrs) })
    }
}

/// What kind of error it is, in one word or two; the status of an answer.
pub(crate) fn kind(error: &Error) -> String {
    match error.kind() {
        ErrorKind::Api => error.status().unwrap_or_default().to_string(),
        ErrorKind::Transport(kind) => format!("{kind:?}"),
        ErrorKind::SubmissionFailed(kind) => format!("{kind:?}"),
        other => {
            let debug = format!("{other:?}");
            debug.split('(').next().unwrap_or_default().to_owned()
        }
    }
}

//! What the fake knows: products and flights, which own submissions, and everything around them.
//!
//! One mutex guards it all; a request is handled under it in one go, so that requests are applied one after the
//! other. `Model` is what reads show; it is cloned before a write when a fault wants reads to lag.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::assertions::{Assertions, Source};
use super::blob::Blobs;
use super::dates::Numbers;
use super::faults::Armed;
use super::manifests::Looks;
use super::msi::model::Products;
use super::recorded::{AppliedWrite, RecordedRequest};
use super::rules::Rule;
use crate::http::clock::Clock;

/// What the service says about sales with every status.
pub(super) const SALES_WARNING: &str = "SalesUnsupportedWarning";

/// The API that accepts a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    Submissions,
    Msi,
    /// None does.
    Nobody,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Application,
    InAppProduct,
    Flight,
}

/// What owns submissions: an app, an add-on or a flight.
#[derive(Debug, Clone)]
pub(super) struct Parent {
    pub(super) kind: Kind,
    pub(super) id: String,
    /// The app it belongs to; an app's own id.
    pub(super) application: String,
    /// Its JSON without the references to submissions.
    pub(super) members: Map<String, Value>,
    pub(super) pending: Option<String>,
    pub(super) published: Option<String>,
    /// The statuses that the next commit goes through.
    pub(super) script: Option<VecDeque<Value>>,
    pub(super) made: u32,
    /// The draft of a flight that was never published is gone; nothing can be submitted to it any more.
    pub(super) orphaned: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Submission {
    pub(super) id: String,
    pub(super) kind: Kind,
    pub(super) parent: String,
    pub(super) document: Value,
    /// The statuses still to come; the last one stays.
    pub(super) script: VecDeque<Value>,
    /// Made in Partner Center: it has no upload link and the API may not touch it.
    pub(super) portal: bool,
    pub(super) drop_packages: bool,
    /// The files of the archive are to be taken when the commit is accepted.
    pub(super) to_ingest: bool,
    /// What the commit found in the packages.
    pub(super) looks: Looks,
    /// The packages that it accepted and forgets, by the names of their files.
    pub(super) lost: BTreeSet<String>,
    pub(super) blob: Option<String>,
}

impl Submission {
    pub(super) fn status(&self) -> &str {
        self.document["status"].as_str().unwrap_or_default()
    }

    /// Whether it may be changed, committed and deleted.
    pub(super) fn is_open(&self) -> bool {
        self.status() == "PendingCommit" || self.status().ends_with("Failed")
    }

    pub(super) fn packages_member(&self) -> &'static str {
        match self.kind {
            Kind::Flight => "flightPackages",
            _ => "applicationPackages",
        }
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    /// In the order in which lists show them.
    pub(super) parents: Vec<Parent>,
    pub(super) submissions: BTreeMap<String, Submission>,
    pub(super) msi: Products,
}

impl Model {
    pub(super) fn parent(&self, id: &str) -> Option<&Parent> {
        self.parents.iter().find(|parent| parent.id.eq_ignore_ascii_case(id))
    }

    pub(super) fn parent_mut(&mut self, id: &str) -> Option<&mut Parent> {
        self.parents.iter_mut().find(|parent| parent.id.eq_ignore_ascii_case(id))
    }

    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Parent> {
        self.parents.iter().filter(move |parent| parent.kind == kind)
    }

    pub(super) fn find(&self, kind: Kind, id: &str) -> Result<&Parent, Answer> {
        let (target, what) = match kind {
            Kind::Application => ("applicationId", "Application"),
            Kind::InAppProduct => ("inAppProductId", "In-app product"),
            Kind::Flight => ("flightId", "Flight"),
        };
        self.of_kind(kind)
            .find(|parent| parent.id.eq_ignore_ascii_case(id))
            .ok_or_else(|| Answer::not_found(target, format!("{what} not found")))
    }

    /// A submission of this parent; another's is a conflict, as documented.
    pub(super) fn submission(&self, parent: &Parent, id: &str) -> Result<&Submission, Answer> {
        let found = self
            .submissions
            .get(id)
            .ok_or_else(|| Answer::not_found("submissionId", "Submission not found"))?;
        if found.parent == parent.id {
            Ok(found)
        } else {
            Err(Answer::invalid_state(
                "submissionId",
                "The submission does not belong to this resource",
            ))
        }
    }
}

/// A request to the API, taken apart.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: String,
    /// The decoded segments after `/v1.0/my/`.
    pub(super) segments: Vec<String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Bytes,
    pub(super) drop_packages: bool,
    pub(super) new_price: Option<String>,
}

impl Call {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) clock: Clock,
    pub(super) started: Instant,
    /// `http://127.0.0.1:PORT`
    pub(super) origin: String,
    pub(super) model: Model,
    /// The model before the latest write, kept only for faults that let reads lag.
    pub(super) past: Option<Model>,
    pub(super) numbers: Numbers,
    /// Each token with what it is for and the end of its life.
    pub(super) tokens: HashMap<String, (Audience, Instant)>,
    pub(super) token_life: Duration,
    pub(super) assertions: Assertions,
    pub(super) link_life: Duration,
    /// A draft whose link has ended gets another one when it is read.
    pub(super) renews_links: bool,
    pub(super) escape_signatures: bool,
    pub(super) blobs: Blobs,
    /// What is below `/files/`, by its name.
    pub(super) files: BTreeMap<String, Bytes>,
    pub(super) faults: Vec<Armed>,
    /// The rules that do not hold.
    pub(super) lifted: BTreeSet<Rule>,
    pub(super) requests: Vec<RecordedRequest>,
    /// How many requests were recorded before the first of `requests`.
    pub(super) forgotten: usize,
    pub(super) applied: Vec<AppliedWrite>,
}

impl State {
    pub(super) fn new(clock: Clock, origin: String) -> Self {
        Self {
            started: clock.now(),
            clock,
            origin,
            model: Model::default(),
            past: None,
            numbers: Numbers::default(),
            tokens: HashMap::new(),
            token_life: Duration::from_secs(3599),
            assertions: Assertions::default(),
            link_life: Duration::from_secs(24 * 3600),
            renews_links: false,
            escape_signatures: false,
            blobs: Blobs::default(),
            files: BTreeMap::new(),
            faults: Vec::new(),
            lifted: BTreeSet::new(),
            requests: Vec::new(),
            forgotten: 0,
            applied: Vec::new(),
        }
    }

    pub(super) fn enforces(&self, rule: Rule) -> bool {
        !self.lifted.contains(&rule)
    }

    /// A request by its number from the start of the fake; none once it is forgotten.
    pub(super) fn request_mut(&mut self, number: usize) -> Option<&mut RecordedRequest> {
        self.requests.get_mut(number.checked_sub(self.forgotten)?)
    }

    /// A fresh assertion of this issuer.
    pub(super) fn new_assertion(&mut self, source: Source, audience: &str) -> String {
        let now = (self.clock.now(), self.clock.system_now());
        self.assertions.issue(source, audience, now, &mut self.numbers)
    }

    /// A fresh upload link and the name of its blob.
    pub(super) fn new_link(&mut self) -> (String, String) {
        let guid = self.numbers.guid();
        (self.link_to(&guid), guid)
    }

    /// A link to the blob of this name, instead of the one it has.
    pub(super) fn link_to(&mut self, guid: &str) -> String {
        self.issue(guid, self.link_life, self.escape_signatures)
    }

    /// A link to a blob whose signature is escaped, for an image of an MSI or EXE product.
    pub(super) fn escaped_link(&mut self, blob: &str, life: Duration) -> String {
        self.issue(blob, life, true)
    }

    fn issue(&mut self, guid: &str, life: Duration, escape: bool) -> String {
        let expires = self.clock.system_now() + life;
        let signature = self.numbers.bytes();
        let query = self.blobs.issue(guid, &signature, expires, escape);
        format!("{}/blob/ingestion/{guid}?{query}", self.origin)
    }

    /// Where a file is.
    pub(super) fn file_url(&self, name: &str) -> String {
        format!("{}/files/{name}", self.origin)
    }
}

pub(super) fn status_details(kind: Kind) -> Value {
    let warnings = match kind {
        Kind::Flight => json!([]),
        _ => json!([{
            "code": SALES_WARNING,
            "details": "Sales can be seen and changed in the dashboard only.",
        }]),
    };
    json!({ "errors": [], "warnings": warnings, "certificationReports": [] })
}

/// A report of errors, codes and details, as `statusDetails` carries them.
pub(super) fn failed(kind: Kind, status: &str, errors: &[(&str, String)]) -> Value {
    let mut report = json!({ "status": status, "statusDetails": status_details(kind) });
    let errors = errors
        .iter()
        .map(|(code, details)| json!({ "code": code, "details": details }));
    report["statusDetails"]["errors"] = errors.collect();
    report
}

pub(super) fn parent_of(state: &State, id: &str) -> Result<Parent, Answer> {
    state
        .model
        .parent(id)
        .cloned()
        .ok_or_else(|| Answer::not_found("", "Resource not found"))
}

pub(super) fn refuse_portal(submission: &Submission) -> Result<(), Answer> {
    if !submission.portal {
        return Ok(());
    }
    Err(Answer::service(
        400,
        "InvalidOperation",
        "applicationSubmission",
        "Ingestion API can only update, delete, and commit submissions that were created through the API",
    ))
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A test that panicked in a closure of its own must not take the fake with it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

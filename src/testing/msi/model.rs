//! What the fake knows of MSI and EXE products.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

/// What `GET …/status` says of an MSI or EXE product, apart from a submission under way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MsiStatus {
    /// Ready to be submitted, as far as the draft is complete.
    Ready,
    /// Not ready: `modulenotready` at `packages`, as while the Store fetches them.
    Fetching,
    /// Not ready, and no reason is given.
    Busy,
    /// Not ready: `packageuploaderror`, which stays until the next commit of packages.
    UploadFailed,
    /// Not ready: `modulenotready` at this module, for example `listings`.
    Incomplete(String),
}

#[derive(Debug, Clone)]
pub(crate) struct Products {
    products: Vec<Product>,
    /// The first read of a status after a commit or a submission shows the one before.
    pub(crate) lags: bool,
    /// A status names the last submission although it has ended.
    pub(crate) names_ended: bool,
}

impl Default for Products {
    fn default() -> Self {
        Self {
            products: Vec::new(),
            lags: false,
            names_ended: true,
        }
    }
}

impl Products {
    pub(crate) fn find(&self, id: &str) -> Option<&Product> {
        self.products.iter().find(|product| product.id.eq_ignore_ascii_case(id))
    }

    pub(crate) fn find_mut(&mut self, id: &str) -> Option<&mut Product> {
        self.products.iter_mut().find(|product| product.id.eq_ignore_ascii_case(id))
    }

    /// Adds a product, instead of the one of its id if there is one.
    pub(crate) fn put(&mut self, product: Product) {
        match self.find_mut(&product.id) {
            Some(known) => *known = product,
            None => self.products.push(product),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Product {
    pub(crate) id: String,
    pub(crate) packages: Vec<Value>,
    /// The packages that the Store was told to fetch last: a submission has these.
    pub(crate) fetched: Vec<Value>,
    pub(crate) availability: Value,
    pub(crate) properties: Value,
    pub(crate) listings: Vec<Listing>,
    /// The places for images that were made and not yet taken.
    pub(crate) slots: Vec<Slot>,
    /// What the latest read of the status found.
    pub(crate) status: MsiStatus,
    /// What the next ones find; the last one stays.
    pub(crate) steps: VecDeque<MsiStatus>,
    /// Whether a test wrote `steps`: a commit leaves them alone.
    pub(crate) is_scripted: bool,
    /// What the next read of the status says instead.
    pub(crate) lag: Option<Value>,
    pub(crate) submissions: Vec<Submission>,
    /// The reports that the next submission goes through.
    pub(crate) script: Option<VecDeque<Value>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Listing {
    /// Its texts, `language` among them.
    pub(crate) members: Map<String, Value>,
    pub(crate) logos: Vec<Image>,
    pub(crate) screenshots: Vec<Image>,
}

impl Listing {
    pub(crate) fn language(&self) -> &str {
        self.members.get("language").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether it has what a listing cannot do without.
    pub(crate) fn is_complete(&self) -> bool {
        let described = self.members.get("description").and_then(Value::as_str);
        described.is_some_and(|text| !text.is_empty()) && !self.logos.is_empty() && !self.screenshots.is_empty()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// A place for an image, at two hosts.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) id: String,
    pub(crate) language: String,
    pub(crate) is_logo: bool,
    /// The two blobs, each with its link.
    pub(crate) blobs: [(String, String); 2],
}

#[derive(Debug, Clone)]
pub(crate) struct Submission {
    pub(crate) id: String,
    /// `publishingStatus` and `hasFailed`, with `errors` if there are some.
    pub(crate) report: Value,
    /// The reports still to come; the last one stays.
    pub(crate) steps: VecDeque<Value>,
    /// What was submitted.
    pub(crate) packages: Vec<Value>,
    pub(crate) metadata: Value,
}

impl Submission {
    /// Whether it is over: a failure may be one that the service tries again.
    pub(crate) fn has_ended(&self) -> bool {
        let status = self.report["publishingStatus"].as_str().unwrap_or_default();
        status == "PUBLISHED" || (status == "FAILED" && self.report["hasFailed"] == true)
    }
}

impl Product {
    pub(crate) fn path(&self) -> String {
        format!("/submission/v1/product/{}", self.id)
    }

    pub(crate) fn listing(&self, language: &str) -> Option<&Listing> {
        self.listings
            .iter()
            .find(|listing| listing.language().eq_ignore_ascii_case(language))
    }

    pub(crate) fn listing_mut(&mut self, language: &str) -> Option<&mut Listing> {
        self.listings
            .iter_mut()
            .find(|listing| listing.language().eq_ignore_ascii_case(language))
    }

    /// The submission that locks the draft.
    pub(crate) fn active(&self) -> Option<&Submission> {
        self.submissions.last().filter(|submission| !submission.has_ended())
    }

    /// Starts a submission of what the draft has.
    pub(crate) fn start_submission(&mut self, id: &str) {
        let steps = self.script.take().unwrap_or_else(|| {
            let usual = ["INPROGRESS", "INPROGRESS", "PUBLISHED"];
            usual.into_iter().map(Value::from).map(report).collect()
        });
        self.submissions.push(Submission {
            id: id.to_owned(),
            report: report("INPROGRESS".into()),
            steps,
            packages: self.fetched.clone(),
            metadata: self.metadata(),
        });
    }

    /// The modules and the languages, as a read of all of them shows them.
    pub(crate) fn metadata(&self) -> Value {
        let languages = self
            .listings
            .iter()
            .map(|listing| json!({ "language": listing.language(), "isComplete": listing.is_complete() }));
        json!({
            "availability": self.availability,
            "properties": self.properties,
            "listings": self.listings.iter().map(|listing| &listing.members).collect::<Vec<_>>(),
            "listingLanguages": languages.collect::<Vec<_>>(),
        })
    }
}

/// A whole report from a status or a report.
pub(crate) fn report(status: Value) -> Value {
    if status.is_object() {
        return status;
    }
    let has_failed = status == "FAILED";
    let mut report = json!({ "publishingStatus": status, "hasFailed": has_failed });
    if has_failed {
        report["errors"] = json!([{ "code": "error", "message": "Submission failed certification", "target": "submission" }]);
    }
    report
}

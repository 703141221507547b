//! MSI and EXE products as a test holds them.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::fake::FakeStore;
use super::model::{MsiStatus, Product, report};
use super::{assets, sample};
use crate::id::{ParseIdError, ProductId, SubmissionId};

/// What a test is told that asks for a product there is not.
const NO_PRODUCT: &str = "the fake has no MSI or EXE product of this id";

impl FakeStore {
    /// The base of the API for MSI and EXE apps, with a slash at its end.
    #[must_use]
    pub fn msi_endpoint(&self) -> String {
        format!("{}/submission/v1/", self.authority())
    }

    /// Adds an MSI or EXE product of [`SAMPLE_SELLER`](Self::SAMPLE_SELLER), ready to be submitted: two packages, an EXE for
    /// x64 and an MSI for Arm64, two listings (`en-us`, `de-de`) with a logo and a screenshot each, and nothing under way.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use msstore::SellerId;
    /// use msstore::testing::FakeStore;
    ///
    /// let fake = FakeStore::start().await?;
    /// let id = fake.seed_msi_product("0c9b6a1e-4d52-4f3e-8a77-91d3c5e2b604");
    /// let seller: SellerId = FakeStore::SAMPLE_SELLER.parse()?;
    /// let product = fake.client()?.msi(seller).product(id);
    /// assert_eq!(product.packages().await?.packages.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If the id is no GUID.
    #[track_caller]
    pub fn seed_msi_product(&self, id: impl fmt::Display) -> ProductId {
        let parsed = id.to_string().parse();
        let id: ProductId = parsed.unwrap_or_else(|error: ParseIdError| panic!("{error}"));
        let mut state = self.state();
        let product = sample::product(id.as_str(), || state.numbers.guid());
        state.model.msi.put(product);
        id
    }

    /// Puts a file on the fake's origin and returns its URL, which may be the `packageUrl` of a package. It is answered to
    /// anybody, with its length and by ranges, and stays what it is unless it is put again.
    ///
    /// A host that does not do so is a [`Fault`](crate::testing::Fault):
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use msstore::testing::{FakeStore, Fault};
    ///
    /// let fake = FakeStore::start_with_sample().await?;
    /// let url = fake.host_file("2.5.0/setup.exe", b"MZ".as_slice());
    /// assert!(url.ends_with("/files/2.5.0/setup.exe"));
    /// let hosted = || Fault::on("*", "/files/**").always();
    /// fake.fault(hosted().answer(302, "").header("Location", "https://cdn.example/setup.exe"));
    /// // Or an answer without a length, and whole whatever range is asked for:
    /// fake.fault(hosted().answer(200, "MZ").header("Transfer-Encoding", "chunked"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn host_file(&self, name: &str, content: impl Into<Bytes>) -> String {
        let mut state = self.state();
        state.files.insert(name.to_owned(), content.into());
        state.file_url(name)
    }

    /// What the following reads of `GET …/status` find, one each; the last one stays until the next commit of packages. While
    /// a submission is under way they say that instead, and nothing is used up.
    ///
    /// # Panics
    ///
    /// If the fake has no such product.
    #[track_caller]
    pub fn script_msi_status(&self, product: impl fmt::Display, statuses: impl IntoIterator<Item = MsiStatus>) {
        let steps = statuses.into_iter().collect();
        self.with_product(product, |product| {
            product.steps = steps;
            product.is_scripted = true;
        });
    }

    /// Lets the last fetch of packages have failed: the status says so until packages are committed again.
    ///
    /// # Panics
    ///
    /// If the fake has no such product.
    #[track_caller]
    pub fn seed_upload_error(&self, product: impl fmt::Display) {
        self.with_product(product, |product| {
            product.status = MsiStatus::UploadFailed;
            product.steps.clear();
        });
    }

    /// Whether the first read of `GET …/status` after a commit of packages or a submission shows what it was before. By default
    /// it does not.
    pub fn lag_msi_status(&self, lags: bool) {
        self.state().model.msi.lags = lags;
    }

    /// Whether `GET …/status` goes on to name the last submission after it has ended. By default it does.
    pub fn name_ended_msi_submission(&self, names: bool) {
        self.state().model.msi.names_ended = names;
    }

    /// The reports that a submission of this product goes through, one with each read of its status; the last one stays. It is
    /// the submission under way, or else the next one. Each is a status (`"FAILED"`, which is not tried again) or a whole report
    /// as JSON (`publishingStatus`, `hasFailed`, `errors`).
    ///
    /// # Panics
    ///
    /// If the fake has no such product.
    #[track_caller]
    pub fn script_msi_submission<T: Into<Value>>(&self, product: impl fmt::Display, reports: impl IntoIterator<Item = T>) {
        let script: VecDeque<Value> = reports.into_iter().map(Into::into).map(report).collect();
        self.with_product(product, |product| match product.submissions.last_mut() {
            Some(active) if !active.has_ended() => active.steps = script,
            _ => product.script = Some(script),
        });
    }

    /// Submits the draft as somebody else does, in Partner Center or in another run, whatever it has. While another submission
    /// is under way it is that one.
    ///
    /// # Panics
    ///
    /// If the fake has no such product.
    #[track_caller]
    pub fn start_foreign_msi_submission(&self, product: impl fmt::Display) -> SubmissionId {
        let new = self.state().numbers.submission();
        let id = self.with_product(product, |product| match product.active() {
            Some(active) => active.id.clone(),
            None => {
                product.start_submission(&new);
                new
            }
        });
        id.parse().unwrap_or_else(|error: ParseIdError| panic!("{error}"))
    }

    /// Changes the packages, the metadata or both behind the API's back, as Partner Center does: `edit` gets `packages`,
    /// `availability`, `properties` and `listings`. Languages stay what they are.
    ///
    /// # Panics
    ///
    /// If the fake has no such product.
    #[track_caller]
    pub fn edit_msi_product(&self, product: impl fmt::Display, edit: impl FnOnce(&mut Value)) {
        let product = product.to_string();
        // Without the lock, for `edit` may look at the fake.
        let mut draft = self.with_product(&product, |product| {
            let mut draft = product.metadata();
            draft["packages"] = product.packages.clone().into();
            draft
        });
        edit(&mut draft);
        self.with_product(&product, |product| {
            product.packages = draft["packages"].as_array().cloned().unwrap_or_default();
            product.availability = draft["availability"].take();
            product.properties = draft["properties"].take();
            for listing in draft["listings"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_object)
            {
                let language = listing.get("language").and_then(Value::as_str).unwrap_or_default();
                if let Some(known) = product.listing_mut(language) {
                    known.members = listing.clone();
                }
            }
        });
    }

    /// The packages of the draft, as `GET …/packages` shows them.
    #[must_use]
    pub fn msi_packages(&self, product: impl fmt::Display) -> Option<Value> {
        self.look(product, |product| json!({ "packages": product.packages }))
    }

    /// The metadata of the draft, as `GET …/metadata` shows it.
    #[must_use]
    pub fn msi_metadata(&self, product: impl fmt::Display) -> Option<Value> {
        self.look(product, Product::metadata)
    }

    /// The images of the draft, as `GET …/listings/assets` shows them.
    #[must_use]
    pub fn msi_assets(&self, product: impl fmt::Display) -> Option<Value> {
        self.look(product, |product| {
            let listings = product.listings.iter().map(assets::of_listing);
            json!({ "listingAssets": listings.collect::<Value>() })
        })
    }

    /// The submissions of a product, the oldest first: `submissionId`, `publishingStatus` and `hasFailed`, and the `packages`
    /// and the `metadata` that were submitted. The packages are those of their last commit.
    #[must_use]
    pub fn msi_submissions(&self, product: impl fmt::Display) -> Vec<Value> {
        let submissions = self.look(product, |product| {
            let submissions = product.submissions.iter().map(|submission| {
                json!({
                    "submissionId": submission.id,
                    "publishingStatus": submission.report["publishingStatus"],
                    "hasFailed": submission.report["hasFailed"],
                    "packages": submission.packages,
                    "metadata": submission.metadata,
                })
            });
            submissions.collect::<Vec<_>>()
        });
        submissions.unwrap_or_default()
    }

    fn look<T>(&self, product: impl fmt::Display, look: impl FnOnce(&Product) -> T) -> Option<T> {
        self.state().model.msi.find(&product.to_string()).map(look)
    }

    #[track_caller]
    fn with_product<T>(&self, product: impl fmt::Display, change: impl FnOnce(&mut Product) -> T) -> T {
        let id = product.to_string();
        let mut state = self.state();
        let product = state.model.msi.find_mut(&id);
        change(product.unwrap_or_else(|| panic!("{NO_PRODUCT}: {id:?}")))
    }
}

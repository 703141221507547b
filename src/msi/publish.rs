//! The whole job for a product: look, change what is to change, have it fetched, submit.

use std::collections::BTreeMap;
use std::fmt;
use std::future::IntoFuture;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::api::wait::Milestone;
use crate::error::{Error, Result, partner_center_url};
use crate::http::BoxFuture;
use crate::id::SubmissionId;
use crate::model::guard::Guard;
use crate::model::msi::{Accepted, Asset, AssetSlot, ListingAssets};
use crate::model::receipt::Receipt;
use crate::msi::assets::check_png;
use crate::msi::change::{MetadataChange, installer_url};
use crate::msi::plan::{NewInstaller, OnUnchanged, Plan, package_of, plan_notes, plan_package};
use crate::msi::preflight::look;
use crate::msi::product::Product;
use crate::msi::snapshot::Snapshot;
use crate::publish::event::{Event, EventKind, Teller};

/// How a run has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Ending {
    /// A submission is under way, perhaps somebody else's, and locks the draft. Nothing was done.
    Busy,
    /// The draft has all of it, and [`OnUnchanged::Accept`] was chosen. Nothing was done.
    Unchanged,
    /// The draft is ready, and a person submits it in Partner Center.
    LeftAsDraft,
    /// It is submitted.
    Submitted,
    /// It is published.
    Published,
}

/// The report of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Report {
    /// How it has ended.
    pub ending: Ending,
    /// The submission: that of the run, or the one that is in the way.
    pub submission: Option<SubmissionId>,
    /// Whether it turned up after the answer to the submit was lost.
    pub adopted: bool,
    /// The plan that the run has obeyed.
    pub plan: Plan,
    /// The draft as it was before the first change, for [`Product::restore`]. It holds links to images, and is not serialised here.
    #[serde(skip)]
    pub before: Option<Snapshot>,
    /// The page of the product in Partner Center.
    pub partner_center_url: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self
            .submission
            .as_ref()
            .map(|id| format!("submission {id}"))
            .unwrap_or_default();
        match self.ending {
            Ending::Busy => write!(
                f,
                "busy: {id} is under way, and the draft is locked until it has ended; nothing was done"
            )?,
            Ending::Unchanged => f.write_str("unchanged: the draft has all of it; nothing was done")?,
            Ending::LeftAsDraft => f.write_str("the draft is ready to be submitted in Partner Center")?,
            Ending::Submitted if self.adopted => write!(f, "{id} turned up after the answer to the submit was lost")?,
            Ending::Submitted => write!(f, "{id} was made")?,
            Ending::Published => write!(f, "{id} is published")?,
        }
        write!(f, "; see {}", self.partner_center_url)
    }
}

/// The whole job for a product: changes packages, release notes and images of the draft, has the Store fetch the packages, submits, and
/// waits. Await it, or take its [`plan`](Self::plan).
///
/// Nothing is written before all was looked at: no submission is under way, each URL answers as the Store needs it, with what the package
/// is, and no guard stops the run. Then only what differs is changed. Before the submit the draft is compared with what it was and what the
/// run has changed, because Partner Center changes the same draft ([`Guard::DraftChanged`]). There is no way back but
/// [`Report::before`] and [`Product::restore`].
#[must_use = "nothing is sent before it is awaited"]
pub struct Publish {
    product: Product,
    installers: Vec<NewInstaller>,
    notes: Option<String>,
    notes_by_language: BTreeMap<String, String>,
    /// By language, in lower case.
    screenshots: BTreeMap<String, Vec<PathBuf>>,
    logos: BTreeMap<String, Vec<PathBuf>>,
    unchanged: OnUnchanged,
    allowed: Vec<Guard>,
    leave_draft: bool,
    until_published: bool,
    timeout: Option<Duration>,
    teller: Teller,
}

impl fmt::Debug for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publish")
            .field("product", &self.product)
            .finish_non_exhaustive()
    }
}

impl Product {
    /// Prepares the whole job.
    pub fn publish(&self) -> Publish {
        Publish {
            product: self.clone(),
            installers: Vec::new(),
            notes: None,
            notes_by_language: BTreeMap::new(),
            screenshots: BTreeMap::new(),
            logos: BTreeMap::new(),
            unchanged: OnUnchanged::default(),
            allowed: Vec::new(),
            leave_draft: false,
            until_published: false,
            timeout: None,
            teller: Teller::new(self.service().clock()),
        }
    }
}

impl Publish {
    /// Adds the new installer of an architecture.
    pub fn package(mut self, installer: NewInstaller) -> Self {
        self.installers.push(installer);
        self
    }

    /// Sets the release notes of every language that has none of its own here.
    pub fn notes(mut self, text: impl Into<String>) -> Self {
        self.notes = Some(text.into());
        self
    }

    /// Sets the release notes of a language.
    pub fn notes_in(mut self, language: impl Into<String>, text: impl Into<String>) -> Self {
        self.notes_by_language.insert(language.into(), text.into());
        self
    }

    /// Replaces the screenshots of a language by these PNG files. The logos stay.
    pub fn screenshots(mut self, language: &str, files: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        let files = files.into_iter().map(Into::into).collect();
        self.screenshots.insert(language.to_ascii_lowercase(), files);
        self
    }

    /// Replaces the logos of a language by these PNG files. The screenshots stay.
    pub fn logos(mut self, language: &str, files: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        let files = files.into_iter().map(Into::into).collect();
        self.logos.insert(language.to_ascii_lowercase(), files);
        self
    }

    /// Sets what to do if the draft has all of it. By default the run stops with [`Guard::Unchanged`].
    pub fn unchanged(mut self, choice: OnUnchanged) -> Self {
        self.unchanged = choice;
        self
    }

    /// Lifts a guard. What it has found becomes advice.
    pub fn allow(mut self, guard: Guard) -> Self {
        self.allowed.push(guard);
        self
    }

    /// Leaves the draft for a person, who submits it in Partner Center.
    pub fn leave_draft(mut self) -> Self {
        self.leave_draft = true;
        self
    }

    /// Waits until it is published, instead of ending once it is submitted.
    pub fn until_published(mut self) -> Self {
        self.until_published = true;
        self
    }

    /// Sets how long to wait at most, for the fetch of the packages and for the publication each. The defaults are 30 minutes and seven
    /// days.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Calls `observer` with each event.
    pub fn on_event(mut self, observer: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.teller.observer = Some(Arc::new(observer));
        self
    }

    /// Returns what a run would do.
    ///
    /// # Errors
    ///
    /// Input that cannot be used, and what stops a read.
    ///
    /// # Cancel safety
    ///
    /// It only reads.
    pub async fn plan(self) -> Result<Plan> {
        Ok(self.walk().await?.0)
    }

    /// Looks at everything, and decides. Besides the plan, the draft as it is.
    async fn walk(&self) -> Result<(Plan, Snapshot)> {
        let product = &self.product;
        for file in self.screenshots.values().chain(self.logos.values()).flatten() {
            check_png(file)?;
        }
        let mut plan = Plan {
            busy: product.ongoing().await?,
            ..Plan::default()
        };
        let (packages, metadata) = (product.packages().await?, product.metadata(&[]).await?);
        for (index, new) in self.installers.iter().enumerate() {
            if self.installers[..index]
                .iter()
                .any(|other| other.architecture == new.architecture)
            {
                return Err(Error::invalid(
                    format!("the package for {}", new.architecture),
                    "it is given twice",
                ));
            }
            let package = package_of(&packages.packages, &new.architecture)?;
            let url = installer_url(&new.url, product.service().is_local())?;
            let found = match look(product.service(), &url, new.file.as_deref()).await {
                Ok(found) => Some(found),
                Err(error) => plan.judge_error(error, &self.allowed).map(|()| None)?,
            };
            let (planned, problems) = plan_package(new, package, found);
            for (guard, problem) in problems {
                plan.judge(guard, problem, &self.allowed);
            }
            plan.packages.push(planned);
        }
        let (notes, findings) = plan_notes(self.notes.as_deref(), &self.notes_by_language, &metadata.listings)?;
        plan.notes = notes;
        plan.findings.extend(findings);
        for (language, files) in self.screenshots.iter().chain(&self.logos) {
            *plan.images.entry(language.clone()).or_default() += files.len();
        }
        plan.finish(&packages.packages, self.unchanged, &self.allowed);
        Ok((plan, Snapshot::new(&packages, &metadata, product.assets(&[]).await?.value)))
    }

    async fn run(mut self) -> Result<Report> {
        self.teller.start();
        let (plan, before) = self.walk().await?;
        let product = &self.product;
        let mut report = Report {
            ending: Ending::Busy,
            submission: plan.busy.clone(),
            adopted: false,
            plan,
            before: None,
            partner_center_url: partner_center_url(&product.place()).unwrap_or_default(),
        };
        if report.plan.busy.is_some() {
            return Ok(report);
        }
        if let Some((guard, problem)) = report.plan.problems.first() {
            return Err(Error::guard(*guard, problem));
        }
        if report.plan.unchanged && self.unchanged == OnUnchanged::Accept {
            report.ending = Ending::Unchanged;
            return Ok(report);
        }
        let expected = self.change(&report.plan, before.clone()).await?;
        report.before = Some(before);
        if self.leave_draft {
            report.ending = Ending::LeftAsDraft;
            return Ok(report);
        }
        if let Some(place) = expected.difference(&product.snapshot().await?) {
            let why = format!(
                "somebody else has changed the draft while this run was under way, at {place}: look at it in Partner Center, and run again"
            );
            return Err(Error::guard(Guard::DraftChanged, why));
        }
        let made = product.ensure_submitted(&report.plan.urls).await?;
        self.teller
            .tell(EventKind::Submitted { adopted: made.adopted }, &made.submission);
        (report.ending, report.adopted) = (Ending::Submitted, made.adopted);
        if self.until_published {
            let timeout = self.timeout.unwrap_or(Milestone::Published.default_timeout());
            let tell = |status: &str| {
                self.teller
                    .tell(EventKind::StatusChanged { status: status.into() }, &made.submission);
            };
            product
                .watch(&made.submission, timeout, |state| tell(state.publishing_status.as_str()))
                .await?;
            report.ending = Ending::Published;
        }
        report.submission = Some(made.submission);
        Ok(report)
    }

    /// Writes what differs, and waits until the draft is ready. Returns what it should be then.
    async fn change(&self, plan: &Plan, mut expected: Snapshot) -> Result<Snapshot> {
        let (product, teller) = (&self.product, &self.teller);
        let changed: Vec<_> = plan.packages.iter().filter(|package| !package.changes.is_empty()).collect();
        for package in &changed {
            let (architecture, url) = (package.architecture.as_str().to_owned(), package.after.clone());
            let receipt = product.patch_package(&package.package_id, &package.change).await?;
            expected.set_package(&package.package_id, package.change.members());
            teller.tell_call(EventKind::PackageChanged { architecture, url }, None, &receipt);
        }
        for notes in &plan.notes {
            let receipt = product
                .patch_metadata(&MetadataChange::whats_new(&notes.language, &notes.after))
                .await?;
            expected.set_notes(&notes.language, &notes.after);
            let language = notes.language.clone();
            teller.tell_call(EventKind::NotesChanged { language }, None, &receipt);
        }
        for language in plan.images.keys() {
            let receipt = self.replace_images(language).await?;
            let language = language.clone();
            teller.tell_call(EventKind::ImagesReplaced { language }, None, &receipt);
            expected.assets = product.assets(&[]).await?.value;
        }
        let timeout = self.timeout.unwrap_or(Duration::from_secs(30 * 60));
        // A fetch that failed before, and a draft whose packages nobody has fetched, show as not ready.
        let status = product.status().await?;
        let ready = if changed.is_empty() && status.is_ready {
            product.wait_until_ready(&plan.urls, timeout).await?
        } else {
            teller.tell_call(EventKind::Fetching, None, &status);
            product.fetch_packages(&plan.urls, timeout).await?
        };
        teller.tell_call(EventKind::Ready, None, &ready);
        Ok(expected)
    }

    /// Uploads the images of a language, and makes them those of the kinds that were given.
    async fn replace_images(&self, language: &str) -> Result<Receipt<Accepted>> {
        let product = &self.product;
        let (screenshots, logos) = (self.screenshots.get(language), self.logos.get(language));
        let (for_screenshots, for_logos) = (screenshots.map_or(0, Vec::len), logos.map_or(0, Vec::len));
        let slots = product.create_assets(language, for_screenshots, for_logos).await?.value;
        // Of the other kind those that are there stay.
        let there = product.assets(&[language]).await?.value.into_iter().next();
        let mut images = there.unwrap_or_else(|| ListingAssets::new(language));
        if let Some(files) = screenshots {
            images.screenshots = self.upload(&slots.screenshots, files).await?;
        }
        if let Some(files) = logos {
            images.store_logos = self.upload(&slots.store_logos, files).await?;
        }
        product.commit_assets(&images).await
    }

    async fn upload(&self, slots: &[AssetSlot], files: &[PathBuf]) -> Result<Vec<Asset>> {
        if slots.len() < files.len() {
            let why = format!("the service made {} places for {} of them", slots.len(), files.len());
            return Err(Error::invalid("the images", why));
        }
        let mut uploaded = Vec::new();
        for (slot, file) in slots.iter().zip(files) {
            let cannot = |error| Error::invalid(format!("the image {}", file.display()), "it cannot be read").caused_by(error);
            let png = tokio::fs::read(file).await.map_err(cannot)?;
            uploaded.push(slot.uploaded(self.product.upload_asset(slot, png).await?));
        }
        Ok(uploaded)
    }
}

impl IntoFuture for Publish {
    type Output = Result<Report>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

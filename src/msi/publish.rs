//! The whole job for a product: look, change what is to change, have it fetched, submit.

use std::collections::BTreeMap;
use std::fmt;
use std::future::IntoFuture;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::api::wait::Milestone;
use crate::error::{Error, ErrorKind, Result};
use crate::http::BoxFuture;
use crate::id::SubmissionId;
use crate::model::guard::Guard;
use crate::model::msi::{Architecture, AssetSlot, PackageType, PublishingStatus};
use crate::msi::change::{AssetChange, MetadataChange, installer_url};
use crate::msi::plan::{Plan, PlannedProblem, package_of, plan_notes, plan_package};
use crate::msi::preflight;
use crate::msi::product::Product;
use crate::msi::snapshot::{Snapshot, check_same};
use crate::secret::UploadUrl;

/// The new installer of an architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInstaller {
    pub(crate) architecture: Architecture,
    pub(crate) url: String,
    pub(crate) file: Option<PathBuf>,
    pub(crate) parameters: Option<String>,
    pub(crate) package_type: Option<PackageType>,
}

impl NewInstaller {
    /// Creates it from the architecture whose package it replaces, and the URL where the Store fetches it.
    #[must_use]
    pub fn new(architecture: Architecture, url: impl Into<String>) -> Self {
        Self {
            architecture,
            url: url.into(),
            file: None,
            parameters: None,
            package_type: None,
        }
    }

    /// Sets the local file whose very bytes the URL must serve.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// Sets the parameters of a silent installation, 40 characters at most. By default they stay as they are.
    #[must_use]
    pub fn parameters(mut self, parameters: impl Into<String>) -> Self {
        self.parameters = Some(parameters.into());
        self
    }

    /// States what it is. By default its first bytes tell.
    #[must_use]
    pub fn package_type(mut self, package_type: PackageType) -> Self {
        self.package_type = Some(package_type);
        self
    }
}

/// What to do if the draft has all that the run would change. The API shows the draft and not what is live, so nothing tells whether an
/// earlier run has submitted it or died before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum OnUnchanged {
    /// Stop with [`Guard::Unchanged`].
    #[default]
    Stop,
    /// Submit it all the same.
    Submit,
    /// End well: it is known to be submitted.
    Accept,
}

/// An event of a run. `Display` is one line for a log; it can be serialised for programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Event {
    /// A package was changed.
    PackageChanged {
        /// Its architecture.
        architecture: Architecture,
        /// Its new URL.
        url: String,
    },
    /// The Store has begun to fetch the packages.
    Fetching,
    /// The draft is ready.
    Ready,
    /// The release notes of a language were changed.
    NotesChanged {
        /// The language.
        language: String,
    },
    /// The images of a language were replaced.
    ImagesReplaced {
        /// The language.
        language: String,
    },
    /// The draft was submitted.
    Submitted {
        /// The submission.
        submission: SubmissionId,
        /// Whether it turned up after the answer to the submit was lost.
        adopted: bool,
    },
    /// The status of the submission has changed.
    StatusChanged {
        /// The new status.
        status: PublishingStatus,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PackageChanged { architecture, url } => write!(f, "the package for {architecture} was changed to {url}"),
            Self::Fetching => f.write_str("the Store fetches the packages"),
            Self::Ready => f.write_str("the draft is ready"),
            Self::NotesChanged { language } => write!(f, "the release notes in {language} were changed"),
            Self::ImagesReplaced { language } => write!(f, "the images for {language} were replaced"),
            Self::Submitted {
                submission,
                adopted: false,
            } => write!(f, "submission {submission} was made"),
            Self::Submitted {
                submission,
                adopted: true,
            } => {
                write!(f, "submission {submission} turned up after the answer to the submit was lost")
            }
            Self::StatusChanged { status } => write!(f, "the status is {status}"),
        }
    }
}

/// How a run has ended well, or why it could not begin.
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

/// What a run has come to.
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
    /// The draft as it was before, for [`Product::restore`]. It holds links to images, and is not serialised here.
    #[serde(skip)]
    pub before: Option<Snapshot>,
    /// The page of the product in Partner Center.
    pub partner_center_url: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.submission.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
        match self.ending {
            Ending::Busy => write!(
                f,
                "busy: submission{id} is under way, and the draft is locked until it has ended; nothing was done"
            )?,
            Ending::Unchanged => f.write_str("unchanged: the draft has all of it; nothing was done")?,
            Ending::LeftAsDraft => f.write_str("the draft is ready to be submitted")?,
            Ending::Submitted => write!(f, "submission{id} was made")?,
            Ending::Published => write!(f, "submission{id} is published")?,
        }
        write!(f, "; see {}", self.partner_center_url)
    }
}

type Observer = Box<dyn Fn(&Event) + Send + Sync>;

/// The whole job for a product: changes the packages of the draft, release notes and images, has the Store fetch the packages, submits, and
/// waits. Await it, or take its [`plan`](Self::plan).
///
/// Nothing is written before all was looked at: no submission is under way, each URL answers as the Store needs it, with what the package
/// is, and nothing else stops the run. Then only what differs is changed. The draft is compared before the submit with what it was and what the run has
/// changed, because it is shared with Partner Center.
#[must_use = "nothing is sent before it is awaited"]
pub struct Publish {
    product: Product,
    installers: Vec<NewInstaller>,
    notes: Option<String>,
    notes_by_language: BTreeMap<String, String>,
    screenshots: BTreeMap<String, Vec<PathBuf>>,
    logos: BTreeMap<String, Vec<PathBuf>>,
    unchanged: OnUnchanged,
    allowed: Vec<Guard>,
    leave_draft: bool,
    until_published: bool,
    timeout: Option<Duration>,
    on_event: Option<Observer>,
}

impl fmt::Debug for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publish")
            .field("product", &self.product)
            .field("installers", &self.installers)
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
            on_event: None,
        }
    }
}

/// What the walk has found.
struct Walked {
    plan: Plan,
    before: Snapshot,
    /// A stale error of the fetch is shown.
    was_failed: bool,
    /// The URLs of all packages, once they are changed.
    urls: Vec<String>,
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
    pub fn screenshots(mut self, language: impl Into<String>, files: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        self.screenshots
            .insert(language.into(), files.into_iter().map(Into::into).collect());
        self
    }

    /// Replaces the logos of a language by these PNG files. The screenshots stay.
    pub fn logos(mut self, language: impl Into<String>, files: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        self.logos
            .insert(language.into(), files.into_iter().map(Into::into).collect());
        self
    }

    /// Sets what to do if the draft has all of it. By default the run stops.
    pub fn unchanged(mut self, choice: OnUnchanged) -> Self {
        self.unchanged = choice;
        self
    }

    /// Lifts a guard.
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
        self.on_event = Some(Box::new(observer));
        self
    }

    /// Returns what a run would do. It only reads.
    ///
    /// # Errors
    ///
    /// Input that cannot be used, and what stops a read.
    ///
    /// # Cancel safety
    ///
    /// It only reads.
    pub async fn plan(self) -> Result<Plan> {
        Ok(self.walk().await?.plan)
    }

    fn tell(&self, event: Event) {
        tracing::info!(%event, "publishing");
        if let Some(observer) = &self.on_event {
            observer(&event);
        }
    }

    /// Looks at everything, and decides.
    async fn walk(&self) -> Result<Walked> {
        self.check_input()?;
        let product = &self.product;
        let status = product.status().await?;
        let was_failed = status
            .problems
            .iter()
            .any(|problem| problem.code.eq_ignore_ascii_case("packageuploaderror"));
        let busy = product.unless_ended(&status).await?;
        let (packages, metadata) = (product.packages().await?, product.metadata(&[]).await?);
        let mut plan = Plan {
            busy,
            packages: Vec::new(),
            notes: Vec::new(),
            images: BTreeMap::new(),
            unchanged: false,
            findings: Vec::new(),
            problems: Vec::new(),
        };
        for new in &self.installers {
            let package = package_of(&packages.packages, &new.architecture)?;
            let url = installer_url(&new.url, product.service().is_local())?;
            let mut problems = Vec::new();
            let found = match preflight::look(product.service(), &url).await {
                Ok(found) => Some(found),
                Err(error) if error.kind() == ErrorKind::Guard(Guard::PackageUrl) => {
                    problems.push((Guard::PackageUrl, error.to_string()));
                    None
                }
                Err(error) => return Err(error),
            };
            if let (Some(found), Some(file)) = (&found, &new.file) {
                match preflight::compare(product.service(), &url, found, file).await {
                    Err(error) if error.kind() == ErrorKind::Guard(Guard::PackageUrl) => {
                        problems.push((Guard::PackageUrl, error.to_string()))
                    }
                    compared => compared?,
                }
            }
            if found.as_ref().is_some_and(|found| !found.ranges) {
                plan.findings.push(format!(
                    "the server of {} sends no parts of it, so its first bytes were not looked at",
                    new.url
                ));
            }
            let (planned, of_package) = plan_package(new, package, found.as_ref());
            problems.extend(of_package);
            plan.packages.push(planned);
            for (guard, problem) in problems {
                match self.allowed.contains(&guard) {
                    true => plan.findings.push(problem),
                    false => plan.problems.push(PlannedProblem {
                        guard: Some(guard),
                        problem,
                    }),
                }
            }
        }
        let (notes, findings) = plan_notes(self.notes.as_deref(), &self.notes_by_language, &metadata.listings)?;
        plan.notes = notes;
        plan.findings.extend(findings);
        for (language, files) in self.screenshots.iter().chain(&self.logos) {
            *plan.images.entry(language.to_ascii_lowercase()).or_default() += files.len();
        }
        plan.unchanged =
            plan.images.is_empty() && plan.notes.is_empty() && plan.packages.iter().all(|package| package.changes.is_empty());
        if plan.unchanged && self.unchanged == OnUnchanged::Stop && plan.busy.is_none() {
            let problem = "the draft has all of it already, and the API does not tell whether it was ever submitted: choose OnUnchanged::Submit, or OnUnchanged::Accept if it was";
            plan.problems.push(PlannedProblem {
                guard: Some(Guard::Unchanged),
                problem: problem.to_owned(),
            });
        }
        let after = |id: &str| {
            plan.packages
                .iter()
                .find(|planned| planned.package_id == id)
                .map(|planned| planned.after.clone())
        };
        let urls = packages
            .packages
            .iter()
            .map(|package| after(&package.package_id).unwrap_or_else(|| package.package_url.clone()));
        let urls = urls.collect();
        let before = Snapshot::new(&packages, &metadata, product.assets(&[]).await?.value);
        Ok(Walked {
            plan,
            before,
            was_failed,
            urls,
        })
    }

    fn check_input(&self) -> Result<()> {
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
        }
        for file in self.screenshots.values().chain(self.logos.values()).flatten() {
            crate::msi::assets::check_png(file)?;
        }
        Ok(())
    }

    async fn run(self) -> Result<Report> {
        let Walked {
            plan,
            before,
            was_failed,
            urls,
        } = self.walk().await?;
        let product = &self.product;
        let partner_center_url = format!("https://partner.microsoft.com/dashboard/products/{}", product.id());
        let mut report = Report {
            ending: Ending::Busy,
            submission: plan.busy.clone(),
            adopted: false,
            plan,
            before: None,
            partner_center_url,
        };
        if report.plan.busy.is_some() {
            return Ok(report);
        }
        if let Some(PlannedProblem {
            guard: Some(guard),
            problem,
        }) = report.plan.problems.first()
        {
            return Err(Error::guard(*guard, problem));
        }
        if report.plan.unchanged && self.unchanged == OnUnchanged::Accept {
            report.ending = Ending::Unchanged;
            return Ok(report);
        }
        let expected = self.change(&report.plan, &before, was_failed, &urls).await?;
        report.before = Some(before);
        if self.leave_draft {
            report.ending = Ending::LeftAsDraft;
            return Ok(report);
        }
        check_same(&expected, &product.snapshot().await?)?;
        let made = product.ensure_submitted(&urls).await?;
        let (submission, adopted) = (made.submission.clone(), made.adopted);
        self.tell(Event::Submitted { submission, adopted });
        (report.ending, report.submission, report.adopted) = (Ending::Submitted, Some(made.submission.clone()), adopted);
        if self.until_published {
            let timeout = self.timeout.unwrap_or(Milestone::Published.default_timeout());
            self.watch_until(&made.submission, timeout).await?;
            report.ending = Ending::Published;
        }
        Ok(report)
    }

    async fn watch_until(&self, submission: &SubmissionId, timeout: Duration) -> Result<()> {
        let mut last = None;
        self.product
            .watched(submission, timeout, None, &mut |state| {
                if last.replace(state.publishing_status.clone()).as_ref() != Some(&state.publishing_status) {
                    self.tell(Event::StatusChanged {
                        status: state.publishing_status.clone(),
                    });
                }
            })
            .await
            .map(drop)
    }

    /// Writes what differs, and waits until the draft is ready. Returns what the draft should be then.
    async fn change(&self, plan: &Plan, before: &Snapshot, was_failed: bool, urls: &[String]) -> Result<Snapshot> {
        let product = &self.product;
        let mut expected = before.clone();
        let changed: Vec<_> = plan.packages.iter().filter(|package| !package.change.is_empty()).collect();
        for package in &changed {
            product.patch_package(&package.package_id, &package.change).await?;
            expected.set_package(&package.package_id, package.change.members());
            self.tell(Event::PackageChanged {
                architecture: package.architecture.clone(),
                url: package.after.clone(),
            });
        }
        let mut ready = urls.iter().fold(product.wait_until_ready(), |ready, url| ready.url(url));
        if let Some(timeout) = self.timeout {
            ready = ready.timeout(timeout);
        }
        if !changed.is_empty() || was_failed {
            product.commit_packages().await?;
            self.tell(Event::Fetching);
            ready = ready.after_commit(was_failed);
        }
        for notes in &plan.notes {
            product
                .patch_metadata(&MetadataChange::whats_new(&notes.language, &notes.after))
                .await?;
            expected.set_notes(&notes.language, &notes.after);
            self.tell(Event::NotesChanged {
                language: notes.language.clone(),
            });
        }
        for language in plan.images.keys() {
            self.replace_images(language, &mut expected).await?;
            self.tell(Event::ImagesReplaced {
                language: language.clone(),
            });
        }
        ready.await?;
        self.tell(Event::Ready);
        Ok(expected)
    }

    /// Uploads the images of a language, and makes them those of the kinds that were given.
    async fn replace_images(&self, language: &str, expected: &mut Snapshot) -> Result<()> {
        let product = &self.product;
        let of = |given: &BTreeMap<String, Vec<PathBuf>>| {
            let found = given.iter().find(|(other, _)| other.eq_ignore_ascii_case(language));
            found.map(|(_, files)| files.clone())
        };
        let (screenshots, logos) = (of(&self.screenshots), of(&self.logos));
        let count = |files: &Option<Vec<PathBuf>>| files.as_ref().map_or(0, Vec::len);
        let slots = product
            .create_assets(language, count(&screenshots), count(&logos))
            .await?
            .value;
        let there = product.assets(&[language]).await?.value.into_iter().next();
        let mut change = AssetChange::keeping(&there.unwrap_or_else(|| crate::model::msi::ListingAssets::new(language)));
        if let Some(files) = &screenshots {
            change = change.screenshots(self.upload(&slots.screenshots, files).await?);
        }
        if let Some(files) = &logos {
            change = change.logos(self.upload(&slots.store_logos, files).await?);
        }
        product.commit_assets(&change).await?;
        expected.assets = product.assets(&[]).await?.value;
        Ok(())
    }

    async fn upload<'s>(&self, slots: &'s [AssetSlot], files: &[PathBuf]) -> Result<Vec<(&'s AssetSlot, &'s UploadUrl)>> {
        if slots.len() < files.len() {
            return Err(Error::invalid(
                "the images",
                format!("the service made {} places for {} of them", slots.len(), files.len()),
            ));
        }
        let mut uploaded = Vec::new();
        for (slot, file) in slots.iter().zip(files) {
            let unreadable = |error| Error::invalid(format!("the file {}", file.display()), "it cannot be read").caused_by(error);
            let png = tokio::fs::read(file).await.map_err(unreadable)?;
            uploaded.push((slot, self.product.upload_asset(slot, png).await?));
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

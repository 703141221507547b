//! The whole job in one call: [`Publish`], which is made by [`Submissions::publish`].
//!
//! A run plans and then executes: one walk reads, tries the edits on a copy and decides; [`Publish::plan`] prints that decision,
//! and the run obeys it.

mod decide;
mod event;
mod execute;
mod files;
mod plan;

use std::fmt;
use std::future::IntoFuture;
#[cfg(feature = "archive")]
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use self::decide::guards::{Finding, PlannedGuard};
pub use self::decide::packages::{ExistingPackages, Package, PackageFate, PlannedPackage};
pub use self::decide::policy::{ExistingRollout, InTheWay, PendingPolicy};
use self::event::Teller;
pub use self::event::{Event, EventKind, PublishReport, Seen};
pub use self::files::ArchiveFile;
pub use self::plan::Plan;
use crate::api::kinds::Submission;
use crate::api::rollout::HasRollout;
use crate::api::submissions::Submissions;
use crate::api::wait::Milestone;
use crate::auth::BoxFuture;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::http::clock::Clock;
use crate::id::SubmissionId;
#[cfg(feature = "archive")]
use crate::model::application_submission::ApplicationSubmission;
use crate::model::guard::Guard;
#[cfg(feature = "archive")]
use crate::model::in_app_product_submission::{Icon, InAppProductSubmission};
#[cfg(feature = "archive")]
use crate::model::listing::{Image, ImageType};
#[cfg(feature = "archive")]
use crate::model::package::{FileStatus, same_name};
use crate::publish::decide::packages::{file_name, replace};
use crate::upload::Upload;

type BoxedError = Box<dyn std::error::Error + Send + Sync>;
type Edit<S> = Box<dyn Fn(&mut Document<S>) -> std::result::Result<(), BoxedError> + Send + Sync>;
type UploadSetting = Box<dyn FnOnce(Upload) -> Upload + Send + Sync>;

/// The whole job: from what is in the Store to what shall be in the Store.
///
/// ```no_run
/// use msstore::publish::Package;
/// use msstore::{ApplicationId, StoreClient};
///
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let app: ApplicationId = "9NBLGGH4R315".parse()?;
///     let report = StoreClient::from_env()?.applications().submissions(app).publish()
///         .edit(|draft| {
///             draft.listing_mut("en-us")?.base_listing.release_notes = "Faster.".into();
///             Ok(())
///         })
///         .package(Package::new("dist/App_1.4.0.0_x64.msix"))
///         .await?;
///     println!("{report}");
///     Ok(())
/// }
/// ```
///
/// # The way
///
/// ```text
///  look ──► edit and guards, on a copy ──► pending? ──Fail──────────────► error
///                     │                       ├─Replace─► delete ─┐
///                     └─► error               ├─nothing───────────┴─► rollout? ─► create ─┐
///                         and nothing is sent └─Reuse─────────────────────────────────────┤
///                                                                                         ▼
///        edit ─► guards ─► update ─► compare ─► archive ─► upload ─► commit ─► wait ─► verify
///                  │                    │                             │         │        │
///                  └── draft is left ───┴──── draft is left ──────────┘         │        └ package not taken
///                                                                               └ failed, or time is up
/// ```
///
/// Nothing is deleted, created or sent before the files were looked at, and the edit and the guards were tried on a copy. What is
/// decided then is what [`plan`](Self::plan) shows.
///
/// A draft that the run has made or changed, and that an error leaves behind, is named by
/// [`Error::left_behind`](crate::Error::left_behind). Run again with [`PendingPolicy::Reuse`] to go on with it: blocks that are uploaded
/// already are not uploaded again, and there is no second submission.
///
/// # What is pending
///
/// | pending | Fail (default) | Replace | Reuse |
/// |---|---|---|---|
/// | a draft with a link, or a failed submission | error | delete and create; for a flight that was never published: error | edit and go on |
/// | made in Partner Center (no link) | error | error | error |
/// | committed and under way | error | error | attach, if the edit changes nothing and it names the files; else error |
///
/// # Guards
///
/// Before the update: all packages that were there are kept or marked for deletion; at most 30; new ones are `PendingUpload` and
/// carry nothing that only the service sets; the price of an app or add-on is neither missing, null nor `Base`; there is a listing;
/// every file that is to be uploaded is given, and every given file is named; the upload link is there and alive; no rollout is
/// in progress. After it: price, trial, prices by market and packages are what was sent. Each can be lifted with
/// [`allow`](Self::allow). At the goal: the packages have ids that were not in the draft before, looked for up to 10 minutes.
#[must_use = "nothing is sent before it is awaited"]
pub struct Publish<S> {
    submissions: Submissions<S>,
    pending: PendingPolicy,
    submission: Option<SubmissionId>,
    edits: Vec<Edit<S>>,
    /// Those that name the images that were given. They are not made on a submission that has its files already.
    images: Vec<Edit<S>>,
    packages: Vec<Package>,
    existing: ExistingPackages,
    rollout_percentage: Option<f64>,
    /// Files besides the packages, by their names in the archive.
    files: Vec<(String, PathBuf)>,
    existing_rollout: Option<ExistingRollout>,
    lifted: Vec<Guard>,
    goal: Milestone,
    timeout: Option<Duration>,
    poll_interval: Option<Duration>,
    leave_draft: bool,
    #[cfg(feature = "archive")]
    archive_folder: Option<PathBuf>,
    teller: Teller,
    upload: Vec<UploadSetting>,
}

impl<S> fmt::Debug for Publish<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publish")
            .field("submissions", &self.submissions)
            .field("pending", &self.pending)
            .finish_non_exhaustive()
    }
}

impl<S: Submission> Submissions<S> {
    /// The whole job in one call: create, edit, upload, commit, wait. See [`Publish`].
    pub fn publish(&self) -> Publish<S> {
        Publish {
            submissions: self.clone(),
            pending: PendingPolicy::default(),
            submission: None,
            edits: Vec::new(),
            images: Vec::new(),
            packages: Vec::new(),
            existing: ExistingPackages::default(),
            rollout_percentage: None,
            files: Vec::new(),
            existing_rollout: None,
            lifted: Vec::new(),
            goal: Milestone::Accepted,
            timeout: None,
            poll_interval: None,
            leave_draft: false,
            #[cfg(feature = "archive")]
            archive_folder: None,
            teller: Teller::new(self.service().clock()),
            upload: Vec::new(),
        }
    }
}

impl<S: Submission> Publish<S> {
    /// What to do about a submission that is pending already. Default [`PendingPolicy::Fail`].
    pub fn pending(mut self, policy: PendingPolicy) -> Self {
        self.pending = policy;
        self
    }

    /// Goes on with this submission of an earlier run, wherever it stands: as [`PendingPolicy::Reuse`], also once it is published
    /// and no longer pending. No other submission is made.
    pub fn submission(mut self, id: impl Into<SubmissionId>) -> Self {
        self.submission = Some(id.into());
        self
    }

    /// Edits the draft. Several edits are made one after the other, and before what the other settings do to it.
    ///
    /// An edit is tried on a copy before anything is deleted, created or sent: of the pending draft if that is reused, else of the
    /// last published submission. It is made again on the draft itself. An edit that changes nothing when it is made again lets a
    /// later run go on with this one.
    pub fn edit<F>(mut self, edit: F) -> Self
    where
        F: Fn(&mut Document<S>) -> std::result::Result<(), Box<dyn std::error::Error + Send + Sync>> + Send + Sync + 'static,
    {
        self.edits.push(Box::new(edit));
        self
    }

    /// Lifts a guard.
    pub fn allow(mut self, guard: Guard) -> Self {
        self.lifted.push(guard);
        self
    }

    /// How far to wait. Default [`Milestone::Accepted`].
    pub fn until(mut self, goal: Milestone) -> Self {
        self.goal = goal;
        self
    }

    /// How long to wait after the commit. Default [`Milestone::default_timeout`] of the goal. The look at the packages that
    /// follows takes up to 10 minutes more.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// A fixed pause between two polls instead of the growing one.
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = Some(interval);
        self
    }

    /// Does all but the commit. Uploaded packages are taken over by a commit alone: if the draft is changed or submitted in Partner
    /// Center instead, they are lost. A submission that is committed already is not waited for.
    pub fn leave_draft(mut self) -> Self {
        self.leave_draft = true;
        self
    }

    /// Is told what happens: of the statuses the changes, not each poll.
    pub fn on_event(mut self, observer: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.teller.observer = Some(Arc::new(observer));
        self
    }

    /// Changes the settings of the upload of the archive, such as the size of its blocks, or follows its progress. Several of these
    /// are applied one after the other.
    ///
    /// ```no_run
    /// # fn run(submissions: msstore::api::Submissions<msstore::model::ApplicationSubmission>) {
    /// let job = submissions.publish().upload(|upload| {
    ///     upload.block_size(16 << 20).on_progress(|now| println!("{} of {} bytes", now.bytes, now.bytes_total))
    /// });
    /// # }
    /// ```
    pub fn upload(mut self, settings: impl FnOnce(Upload) -> Upload + Send + Sync + 'static) -> Self {
        self.upload.push(Box::new(settings));
        self
    }
}

impl<S: Submission> Publish<S> {
    fn clock(&self) -> Clock {
        self.submissions.service().clock().clone()
    }

    /// The names of the packages that are to come.
    fn package_names(&self) -> Result<Vec<String>> {
        self.packages.iter().map(Package::file_name).collect()
    }

    /// Looks at the files and the settings.
    async fn inputs(&self) -> Result<Vec<ArchiveFile>> {
        if let Some(percentage) = self.rollout_percentage
            && !(0.0..=100.0).contains(&percentage)
        {
            return Err(Error::invalid(
                "the rollout percentage",
                format!("{percentage} is not from 0 to 100"),
            ));
        }
        #[cfg(feature = "archive")]
        if let Some(folder) = &self.archive_folder {
            files::check_folder(folder).await?;
        }
        // Whether everything is stated that the choice of packages needs.
        replace(&mut Vec::new(), &[], &self.packages, self.existing, &[])?;
        let packages = self.packages.iter().map(|package| Ok((package.file_name()?, package.path())));
        let others = self
            .files
            .iter()
            .map(|(name, path)| Ok((file_name(Some(name), path)?, path.as_path())));
        files::look_at(packages.chain(others).collect::<Result<_>>()?).await
    }
}

#[cfg(feature = "archive")]
impl<S: Submission> Publish<S> {
    /// Adds a file to the archive under this name, which the submission must name as `PendingUpload`, or as a new trailer or its
    /// image: do that in [`edit`](Self::edit).
    pub fn file(mut self, name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        self.files.push((name.into(), path.into()));
        self
    }

    /// Where the archive is written. Default: beside its first file. It is as large as its files together, and is removed when
    /// the run ends; a program that is killed leaves it there, as `.msstore-….zip`.
    pub fn archive_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.archive_folder = Some(folder.into());
        self
    }

    /// `{language}/{file}`, the name of an image of a listing in the archive.
    fn add_image(&mut self, language: &str, path: &Path) -> String {
        let file = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let name = format!("{language}/{file}");
        self.files.push((name.clone(), path.to_owned()));
        name
    }
}

#[cfg(feature = "archive")]
impl<S: HasRollout> Publish<S> {
    /// Adds a package: an entry in the submission and a file in the archive. A package of the same name that is there already is
    /// replaced; one that an earlier run has added is not added again.
    pub fn package(mut self, package: Package) -> Self {
        self.packages.push(package);
        self
    }

    /// What becomes of the packages that are there. Default [`ExistingPackages::Keep`].
    pub fn existing_packages(mut self, existing: ExistingPackages) -> Self {
        self.existing = existing;
        self
    }
}

impl<S: HasRollout> Publish<S> {
    /// Rolls the packages out gradually, to so many per cent of the customers at first: 0 to 100.
    pub fn rollout_percentage(mut self, percentage: f64) -> Self {
        self.rollout_percentage = Some(percentage);
        self
    }

    /// What to do about a rollout that is in progress. Without it such a rollout is an error.
    pub fn existing_rollout(mut self, choice: ExistingRollout) -> Self {
        self.existing_rollout = Some(choice);
        self
    }
}

#[cfg(feature = "archive")]
impl Publish<ApplicationSubmission> {
    /// Adds an image to the listing of a language. One of the same name that is there already is replaced.
    pub fn image(mut self, language: impl Into<String>, image_type: ImageType, path: impl Into<PathBuf>) -> Self {
        let language = language.into();
        let name = self.add_image(&language, &path.into());
        self.images.push(Box::new(move |draft: &mut Document<ApplicationSubmission>| {
            let images = &mut draft.listing_mut(&language)?.base_listing.images;
            let mut is_there = false;
            for image in images.iter_mut().filter(|image| same_name(&image.file_name, &name)) {
                match image.file_status {
                    FileStatus::PendingUpload => is_there = true,
                    _ => image.file_status = FileStatus::PendingDelete,
                }
            }
            if !is_there {
                images.push(Image::pending_upload(&name, image_type.clone()));
            }
            Ok(())
        }));
        self
    }
}

#[cfg(feature = "archive")]
impl Publish<InAppProductSubmission> {
    /// Sets the icon of the listing of a language: PNG, exactly 300 × 300.
    pub fn icon(mut self, language: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        let language = language.into();
        let name = self.add_image(&language, &path.into());
        self.images
            .push(Box::new(move |draft: &mut Document<InAppProductSubmission>| {
                draft.listing_mut(&language)?.icon = Icon::pending_upload(&name);
                Ok(())
            }));
        self
    }
}

/// The report, once the goal is reached.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if a file or setting cannot be used; [`ErrorKind::Pending`](crate::ErrorKind::Pending) if what is
/// pending stops the run; [`ErrorKind::Edit`](crate::ErrorKind::Edit) with the error of an edit; [`ErrorKind::Guard`](crate::ErrorKind::Guard);
/// [`Error::left_behind`](crate::Error::left_behind) around whatever failed after a draft was made or changed; then those of
/// [`Wait`](crate::api::Wait), also as `PackageNotTaken` if the goal is reached without a package.
///
/// # Cancel safety
///
/// Dropping the future stops the run where it is. It may leave a draft, or a submission that goes on: run again with
/// [`PendingPolicy::Reuse`].
impl<S: Submission> IntoFuture for Publish<S> {
    type Output = Result<PublishReport>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.execute())
    }
}
